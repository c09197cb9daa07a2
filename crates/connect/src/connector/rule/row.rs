//! Rows of people and units: one record in, the cells of one line of a people or units file out.
//!
//! Owns the compiled `[row]` rules of a manifest. It must not know what a cell means beyond whether it is a day: the
//! import of such files checks everything else, across rows too. A record that cannot be read is a [`Rejection`] that
//! names the column; nothing is guessed.

use super::spec::Rule;
use super::{Compiler, FieldFault, TimeRule, ValueRule, instant, optional, parsed, refused};
use crate::connector::manifest::Problem;
use crate::connector::rule::value::Scope;
use crate::connector::{RawRecord, Rejection};
use crate::domain::{AccountKind, DirectoryContent, local_date};
use chrono::FixedOffset;
use std::collections::BTreeMap;

/// Compiled rules of the rows of one manifest.
#[derive(Debug)]
pub struct RowReader {
    content: DirectoryContent,
    /// By column, in the order of the file.
    cells: Vec<(&'static str, Cell)>,
}

#[derive(Debug)]
enum Cell {
    Text(Option<ValueRule>),
    Day(TimeRule),
}

impl RowReader {
    /// Compiles the rules of a manifest. Problems name the key; without a reader there is at least one.
    pub(in crate::connector) fn compile(
        content: DirectoryContent,
        rules: &BTreeMap<String, Rule>,
        zone: FixedOffset,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let columns = content.columns();
        for name in rules.keys().filter(|name| !columns.contains(&name.as_str())) {
            problems.push(Problem::word(&format!("row.{name}"), name, &columns.join(", ")));
        }
        for name in content.required().iter().filter(|name| !rules.contains_key(**name)) {
            problems.push(Problem::rule(
                "row",
                &format!("thiếu cột {name}, cột mà dòng nào cũng cần"),
                &format!("the column {name}, which every row needs, is missing"),
            ));
        }
        let mut compiler = Compiler { zone, problems };
        let mut cells = Vec::with_capacity(columns.len());
        for name in columns {
            let (key, mut rule) = (format!("row.{name}"), rules.get(*name).cloned());
            // Its values stand in no message.
            if let Some(rule) = rule.as_mut().filter(|_| *name == "citizen_id") {
                rule.0.kind = Some(AccountKind::CitizenId);
            }
            let cell = match &rule {
                Some(_) if content.days().contains(name) => compiler.time(&key, rule.as_ref()).map(Cell::Day),
                _ => Some(Cell::Text(compiler.optional(&key, rule.as_ref()))),
            };
            cells.extend(cell.map(|cell| (*name, cell)));
        }
        (problems.len() == before).then_some(Self { content, cells })
    }

    /// What its rows are.
    pub fn content(&self) -> DirectoryContent {
        self.content
    }

    /// Whether there is a rule for a column.
    pub fn tells(&self, column: &str) -> bool {
        self.cells.iter().any(|(name, cell)| *name == column && !matches!(cell, Cell::Text(None)))
    }

    /// The cells of a record, in the order of [`DirectoryContent::columns`]. `whose` names the source of a record that
    /// stands in no file.
    ///
    /// # Errors
    /// Why it cannot be read, by its column.
    pub fn read(&self, whose: &str, record: &RawRecord) -> Result<Vec<String>, Box<Rejection>> {
        self.row(record).map_err(|FieldFault { field, fault }| refused(whose, record, field, fault))
    }

    fn row(&self, record: &RawRecord) -> Result<Vec<String>, FieldFault> {
        let json = parsed(record).map_err(|fault| FieldFault { field: "(record)", fault })?;
        let scope = Scope::new(&json, &[]);
        let mut cells = Vec::with_capacity(self.cells.len());
        for (field, cell) in &self.cells {
            cells.push(match cell {
                Cell::Text(rule) => optional(rule, &scope, field)?.unwrap_or_default(),
                Cell::Day(rule) => {
                    let at = instant(rule, &scope).map_err(|fault| FieldFault { field, fault })?;
                    at.map(|at| local_date(at).to_string()).unwrap_or_default()
                }
            });
        }
        Ok(cells)
    }
}
