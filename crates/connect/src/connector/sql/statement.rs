//! The statements of a walk, and what a dialect of SQL has to say differently.
//!
//! Owns the order by which a view is walked (change value, then key, both in an order no collation decides), the
//! conditions of a page and the parameters in the order they stand in. It must not know a driver. Whatever a manifest
//! puts in here was checked when it was loaded; values only ever travel as parameters.

use super::{CursorType, MAX_CELL, MAX_MARK, ViewOptions};
use crate::connector::rule::MAX_KEY;
use chrono::{DateTime, Utc};

/// Rows without a place told at most.
const MOST_UNPLACED: u32 = 500;

/// How a database writes what the walk needs.
pub(super) trait Dialect: Send + Sync {
    /// A column of the view as the database's own text.
    fn text(&self, column: &str) -> String {
        format!("CAST(t.{column} AS TEXT)")
    }

    /// The first characters of a text.
    fn beginning(&self, text: &str, characters: usize) -> String {
        format!("substr({text}, 1, {characters})")
    }

    /// Whether a text has more characters.
    fn longer(&self, text: &str, characters: usize) -> String {
        format!("length({text}) > {characters}")
    }

    /// A text as it compares and sorts by its characters' codes, whatever the collation of its column.
    fn exact(&self, text: &str) -> String {
        text.to_owned()
    }

    /// The change column as it compares and sorts.
    fn mark(&self, column: &str, kind: CursorType) -> String {
        match kind {
            CursorType::Text => self.exact(&self.text(column)),
            CursorType::Integer | CursorType::Timestamp => format!("t.{column}"),
        }
    }

    /// The parameter of this number (from 1), a text.
    fn parameter(&self, number: usize) -> String {
        format!("${number}")
    }

    /// A parameter as it compares with the change column.
    fn mark_parameter(&self, number: usize, kind: CursorType) -> String;

    /// The first rows of a statement.
    fn limited(&self, columns: &str, from: &str, order: Option<&str>, rows: u32) -> String {
        let order = order.map(|order| format!(" ORDER BY {order}")).unwrap_or_default();
        format!("SELECT {columns} {from}{order} LIMIT {rows}")
    }

    /// The number of rows as a text.
    fn count(&self) -> &'static str {
        "CAST(count(*) AS TEXT)"
    }

    /// An instant as the change column is compared with it.
    fn instant(&self, at: DateTime<Utc>, kind: CursorType) -> String {
        let _ = kind;
        at.with_timezone(&crate::domain::local_offset()).format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// One statement with what it is asked with.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its text.
    pub(super) sql: String,
    /// Its parameters, in order.
    pub(super) values: Vec<String>,
    /// Columns of its answer, each a text.
    pub(super) width: usize,
}

/// Where a walk stands.
pub(super) struct Place<'a> {
    /// Change value and key after which it goes on.
    pub(super) after: Option<(&'a str, &'a str)>,
    /// Whether rows of that very change value are asked for, whatever their key.
    pub(super) inclusive: bool,
    /// Upper bound of the change value, left out.
    pub(super) until: Option<&'a str>,
}

/// Writes the statements of one view.
pub(super) struct Writer<'a> {
    pub(super) dialect: &'a dyn Dialect,
    pub(super) options: &'a ViewOptions,
}

impl Writer<'_> {
    /// The next page: change value, key, then the record's columns.
    pub(super) fn page(&self, place: &Place<'_>, rows: u32) -> Statement {
        let (from, values) = self.walked(place);
        let options = self.options;
        let order =
            format!("{}, {}", self.dialect.mark(&options.changed, options.cursor_type), self.exact_key());
        let sql = self.dialect.limited(&self.columns(), &from, Some(&order), rows);
        Statement { sql, values, width: options.columns.len() + 2 }
    }

    /// How many rows the walk has from here.
    pub(super) fn count(&self, place: &Place<'_>) -> Statement {
        let (from, values) = self.walked(place);
        Statement { sql: format!("SELECT {} {from}", self.dialect.count()), values, width: 1 }
    }

    /// Rows nobody can walk to: a key or change value is missing or no such thing.
    pub(super) fn unplaced(&self) -> Statement {
        let ViewOptions { select, key, changed, .. } = self.options;
        let from =
            format!("FROM ({select}) t WHERE t.{changed} IS NULL OR t.{key} IS NULL OR {}", self.too_long());
        let sql = self.dialect.limited(&self.columns(), &from, None, MOST_UNPLACED);
        Statement { sql, values: Vec::new(), width: self.options.columns.len() + 2 }
    }

    fn walked(&self, place: &Place<'_>) -> (String, Vec<String>) {
        let ViewOptions { select, key, changed, cursor_type: kind, .. } = self.options;
        let mut values: Vec<String> = Vec::new();
        let mut from = format!(
            "FROM ({select}) t WHERE t.{changed} IS NOT NULL AND t.{key} IS NOT NULL AND NOT ({})",
            self.too_long()
        );
        let mark = self.dialect.mark(changed, *kind);
        // A parameter each time it is used: not every database can name one twice.
        let mut bound = |value: &str| {
            values.push(value.to_owned());
            self.dialect.mark_parameter(values.len(), *kind)
        };
        match place.after {
            None => {}
            Some((after, _)) if place.inclusive => {
                from.push_str(&format!(" AND {mark} >= {}", bound(after)));
            }
            Some((after, after_key)) => {
                // What follows says it as well; but only of a bound of its own an index of the change column is a use.
                let (least, later, same) = (bound(after), bound(after), bound(after));
                values.push(after_key.to_owned());
                let key = self.dialect.exact(&self.dialect.parameter(values.len()));
                from.push_str(&format!(
                    " AND {mark} >= {least} AND ({mark} > {later} OR ({mark} = {same} AND {} > {key}))",
                    self.exact_key()
                ));
            }
        }
        if let Some(until) = place.until {
            values.push(until.to_owned());
            let until = self.dialect.mark_parameter(values.len(), *kind);
            from.push_str(&format!(" AND {mark} < {until}"));
        }
        (from, values)
    }

    /// A key that is too long is walked by its beginning, and rejected.
    fn key(&self) -> String {
        self.dialect.beginning(&self.dialect.text(&self.options.key), MAX_KEY + 1)
    }

    fn exact_key(&self) -> String {
        self.dialect.exact(&self.key())
    }

    fn columns(&self) -> String {
        let (dialect, options) = (self.dialect, self.options);
        let mark = dialect.beginning(&dialect.text(&options.changed), MAX_MARK);
        // One character more than a cell may have tells that there is more.
        let cells = options.columns.iter().map(|name| dialect.beginning(&dialect.text(name), MAX_CELL + 1));
        let columns: Vec<String> = [mark, self.key()].into_iter().chain(cells).collect();
        columns.join(", ")
    }

    /// Only a text can be too long to be walked by.
    fn too_long(&self) -> String {
        match self.options.cursor_type {
            CursorType::Text => self.dialect.longer(&self.dialect.text(&self.options.changed), MAX_MARK),
            CursorType::Integer | CursorType::Timestamp => "1 = 0".to_owned(),
        }
    }
}
