//! What people order to read or to sign: counts of tasks, papers, statistics.
//!
//! Owns the shape of these orders and their names for logs. It must not know how one is carried out
//! (`execute/report.rs`, `execute/paper.rs`, `execute/statistics.rs`).

use super::named::{PersonRef, ReportBy, ReportKey};
use crate::domain::{Period, SourceId, UnitCode};
use crate::paper::{Form, Format};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReportOrder {
    /// How many tasks of whom are done, late, open and overdue.
    Tasks {
        /// What a row is.
        by: ReportBy,
        /// Of this source only.
        source: Option<SourceId>,
        /// Day that decides what is overdue; today when none.
        as_of: Option<NaiveDate>,
        /// How people are named.
        key: ReportKey,
    },
    /// One paper about one person.
    Form {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// Which paper.
        form: Form,
        /// In which format.
        format: Format,
        /// Of this revision; the approved one, else the newest, when none.
        revision: Option<u32>,
    },
    /// A unit's papers of a period in one archive.
    Bundle {
        /// The unit, with everything below it.
        unit: UnitCode,
        /// Which period.
        period: Period,
        /// Which papers; the usual ones of the period when empty.
        forms: Vec<Form>,
        /// In which format; each paper's usual one when none.
        format: Option<Format>,
        /// Absolute path of the archive; must not exist.
        to: PathBuf,
    },
    /// How many tasks were assigned and done, per department or commune and head.
    Statistics {
        /// The quarter.
        period: Period,
        /// Day that decides what is overdue; today when none.
        as_of: Option<NaiveDate>,
        /// As a workbook instead of a table.
        workbook: bool,
    },
}

impl ReportOrder {
    /// Stable name for logs; says nothing about people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tasks { .. } => "report tasks",
            Self::Form { .. } => "report form",
            Self::Bundle { .. } => "report bundle",
            Self::Statistics { .. } => "report statistics",
        }
    }
}
