//! What a check says of the records it looked at.
//!
//! Owns the one verdict for every kind of source: a record that cannot be read is rejected alone, so it is a warning; where
//! none can be read, or where one wrong row refuses a whole list of people or units, it is an error. It must not know
//! where the records come from.

use super::manifest::Loaded;
use super::{ConnectorError, Presence, Pull, RawRecord, Step};
use crate::error::Finding;

/// Faults of one kind that are told.
const MOST_TOLD: usize = 5;

/// Records that are read.
const MOST_READ: usize = 1_000;

/// Pages looked at until a record can be read.
const MOST_PAGES: usize = 5;

/// Records that were looked at.
#[derive(Default)]
pub(super) struct Sample {
    /// How many could be read.
    good: usize,
    faults: Vec<Finding>,
}

impl Sample {
    /// Reads a record by the rules.
    pub(super) fn look(&mut self, loaded: &Loaded, whose: &str, record: &RawRecord) {
        match loaded.fault(whose, record) {
            None => self.good += 1,
            Some(rejection) => self.refuse(rejection.finding),
        }
    }

    /// Notes a record that is none.
    pub(super) fn refuse(&mut self, fault: Finding) {
        let alike = self.faults.iter().filter(|known| known.code == fault.code).count();
        if alike < MOST_TOLD {
            self.faults.push(fault);
        }
    }

    /// What is told.
    pub(super) fn verdict(self, loaded: &Loaded) -> impl Iterator<Item = Finding> + use<> {
        let alone = self.good > 0 && loaded.rows().is_none();
        self.faults.into_iter().map(move |fault| if alone { fault.as_warning() } else { fault })
    }
}

/// What is told of the first pages of a pull: of one, and of more while none of its records can be read.
///
/// # Errors
/// The source cannot be pulled.
pub(super) async fn told(
    pull: &mut dyn Pull,
    loaded: &Loaded,
    whose: &str,
) -> Result<Vec<Finding>, ConnectorError> {
    let mut sample = Sample::default();
    for _ in 0..MOST_PAGES {
        let Step::Page(page) = pull.next_page().await? else { break };
        page.rejected.into_iter().for_each(|rejection| sample.refuse(rejection.finding));
        let shown = page.records.iter().filter(|record| record.presence == Presence::Shown);
        shown.take(MOST_READ).for_each(|record| sample.look(loaded, whose, record));
        if sample.good > 0 {
            break;
        }
    }
    Ok(sample.verdict(loaded).collect())
}
