//! What people order about tasks themselves: which there are, which may be one, what a person says of two.
//!
//! Owns the shape of these orders and their names for logs. It must not know how one is carried out
//! (`execute/duplicate.rs`, `execute/find.rs`, `execute/task_show.rs`).

use super::named::TaskRef;
use serde::{Deserialize, Serialize};

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum TaskOrder {
    /// Pairs that may be one task.
    Duplicates {
        /// Below this number of a pair's newer task; the newest when none.
        before: Option<i64>,
        /// Most rows.
        limit: u32,
    },
    /// Tasks whose titles have all words of a text.
    Find {
        /// Words, in any order, accents optional.
        text: String,
        /// Below this number; the newest when none.
        before: Option<i64>,
        /// Most rows.
        limit: u32,
    },
    /// One task down to the record it was read from.
    Show {
        /// Which.
        task: TaskRef,
        /// With the record as it was kept, and its place.
        raw: bool,
    },
    /// Two tasks are one: the second counts as the first.
    SameAs {
        /// The task that counts.
        task: TaskRef,
        /// The other one.
        other: TaskRef,
        /// Who says so.
        author: String,
        /// Why.
        reason: String,
    },
    /// Two tasks are two, however alike they are.
    Different {
        /// One.
        task: TaskRef,
        /// The other.
        other: TaskRef,
        /// Who says so.
        author: String,
        /// Why.
        reason: String,
    },
    /// What was said of two tasks does not hold.
    Apart {
        /// One.
        task: TaskRef,
        /// The other.
        other: TaskRef,
        /// Who says so.
        author: String,
        /// Why.
        reason: String,
    },
}

impl TaskOrder {
    /// Stable name for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Duplicates { .. } => "task duplicates",
            Self::Find { .. } => "task find",
            Self::Show { .. } => "task show",
            Self::SameAs { .. } => "task same-as",
            Self::Different { .. } => "task different",
            Self::Apart { .. } => "task apart",
        }
    }
}
