//! Whether a view still has the shape it had.
//!
//! Owns the comparison of the columns a view has now with those a manifest names and with those of the pull before.
//! It must not know a database or what is kept. A column the manifest names and the view has not is an error before
//! anything is read; what came or changed is told and read on.

use super::finding;
use crate::error::Finding;

/// A column of a view, as the database describes it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSeen {
    /// Its name.
    pub name: String,
    /// Its type, in the database's own words.
    pub kind: String,
}

fn has(columns: &[ColumnSeen], name: &str) -> bool {
    columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
}

/// Names that are asked for and not there, each once.
pub(super) fn missing<'a>(now: &[ColumnSeen], asked: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut missing: Vec<&str> = asked.filter(|name| !has(now, name)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Columns nobody asks for.
pub(super) fn unread<'a>(now: &'a [ColumnSeen], asked: &[&str]) -> Vec<&'a str> {
    let asks = |column: &&ColumnSeen| !asked.iter().any(|name| column.name.eq_ignore_ascii_case(name));
    now.iter().filter(asks).map(|column| column.name.as_str()).collect()
}

/// What is different from the pull before.
pub(super) fn changes(before: &[ColumnSeen], now: &[ColumnSeen]) -> Vec<Finding> {
    let new: Vec<&str> =
        now.iter().filter(|column| !has(before, &column.name)).map(|column| column.name.as_str()).collect();
    let mut told: Vec<Finding> = Vec::new();
    if !new.is_empty() {
        told.push(finding::new_columns(&new));
    }
    for column in now {
        let was = before.iter().find(|was| was.name.eq_ignore_ascii_case(&column.name));
        if let Some(was) = was.filter(|was| was.kind != column.kind) {
            told.push(finding::other_type(&column.name, &was.kind, &column.kind));
        }
    }
    told
}
