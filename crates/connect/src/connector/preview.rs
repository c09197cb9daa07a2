//! What a source would give: its first records, each beside the draft that is read from it.
//!
//! Owns pulling just enough of a source and reading it by the manifest's rules. It must not keep anything: no
//! cursor, no page. What cannot be read stands in the list with its reason; a source that cannot be pulled is a
//! finding.

use super::{
    Connector, ConnectorError, Detailed, Presence, PullMode, PullRequest, RawRecord, Rejection, Step,
};
use crate::domain::TaskDraft;
use crate::error::Finding;
use bytes::Bytes;
use chrono::{DateTime, Utc};

/// The beginning of a full pull.
#[derive(Debug)]
pub struct Preview {
    /// Records in the order of the source.
    pub seen: Vec<Seen>,
    /// Records of the whole pull, where the source says how many.
    pub total: Option<u64>,
    /// Whether the source has no more records than these.
    pub whole: bool,
    /// What the pull had to tell.
    pub findings: Vec<Finding>,
}

/// One record and what would become of it.
#[derive(Debug)]
pub struct Seen {
    /// The source's key, where it has one.
    pub key: Option<String>,
    /// The record as the source gave it, answers of detail calls included.
    pub raw: Bytes,
    /// What would become of it.
    pub outcome: Outcome,
}

/// What would become of a record.
#[derive(Debug)]
pub enum Outcome {
    /// A task.
    Draft(Box<TaskDraft>),
    /// A row of a people or units file: each column that is filled, with its cell.
    Row(Vec<(&'static str, String)>),
    /// The task would be called gone: the source says that it was deleted.
    Deleted,
    /// It would be kept aside with this reason.
    Rejected(Box<Finding>),
}

/// Reads at most `most` records of a source from its beginning.
///
/// # Errors
/// The source cannot be pulled.
pub async fn preview(
    connector: &dyn Connector,
    most: usize,
    now: DateTime<Utc>,
) -> Result<Preview, ConnectorError> {
    let mut pull = connector.pull(PullRequest { mode: PullMode::Full, cursor: None, now }).await?;
    let mut preview = Preview { seen: Vec::new(), total: None, whole: false, findings: Vec::new() };
    while preview.seen.len() < most {
        match pull.next_page().await? {
            Step::End(end) => {
                preview.whole = true;
                preview.total = preview.total.or(end.source_total);
                preview.findings.extend(end.findings);
                break;
            }
            Step::Page(page) => {
                preview.total = preview.total.or(page.total);
                let left = most - preview.seen.len();
                let (shown, deleted): (Vec<_>, Vec<_>) = page
                    .records
                    .into_iter()
                    .take(left)
                    .partition(|record| record.presence == Presence::Shown);
                preview.seen.extend(deleted.into_iter().map(|record| Seen {
                    key: Some(record.external_id),
                    raw: record.body,
                    outcome: Outcome::Deleted,
                }));
                preview.seen.extend(page.rejected.into_iter().map(rejected));
                preview.seen.extend(read(connector, shown).await?);
            }
        }
    }
    preview.seen.truncate(most);
    Ok(preview)
}

async fn read(connector: &dyn Connector, records: Vec<RawRecord>) -> Result<Vec<Seen>, ConnectorError> {
    let keys: Vec<(String, Bytes)> =
        records.iter().map(|record| (record.external_id.clone(), record.body.clone())).collect();
    let detailed = connector.detail(records).await?;
    let read = |(detailed, (key, listed)): (Detailed, (String, Bytes))| match detailed {
        Detailed::Complete(record) => match outcome(connector, &record) {
            Ok(outcome) => Seen { key: Some(key), raw: record.body, outcome },
            Err(rejection) => rejected(*rejection),
        },
        Detailed::Vanished(finding) => {
            Seen { key: Some(key), raw: listed, outcome: Outcome::Rejected(finding) }
        }
        Detailed::Rejected(rejection) => rejected(rejection),
    };
    Ok(detailed.into_iter().zip(keys).map(read).collect())
}

/// What a record becomes by the rules of its source.
pub(super) fn outcome(connector: &dyn Connector, record: &RawRecord) -> Result<Outcome, Box<Rejection>> {
    let Some(rows) = connector.rows() else {
        return connector.read(record).map(|draft| Outcome::Draft(Box::new(draft)));
    };
    let cells = rows.read(record)?;
    let filled = rows.content().columns().iter().copied().zip(cells).filter(|(_, cell)| !cell.is_empty());
    Ok(Outcome::Row(filled.collect()))
}

fn rejected(rejection: Rejection) -> Seen {
    Seen {
        key: rejection.external_id,
        raw: rejection.body,
        outcome: Outcome::Rejected(Box::new(rejection.finding)),
    }
}
