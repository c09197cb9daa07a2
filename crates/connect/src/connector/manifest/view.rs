//! The section `[view]`: a view in a database.
//!
//! Owns its shape, its defaults and what may be in it: one SELECT, plain names of columns, sizes in their bounds. It must
//! not know how a database is read. Everything wrong is told with its key when the manifest is loaded.

use super::Problem;
use crate::connector::sql::CursorType;
use crate::error::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Rows a page may have.
const PAGE_SIZES: RangeInclusive<u32> = 1..=5_000;

/// Seconds a statement may be given.
const TIMEOUTS: RangeInclusive<u32> = 1..=3_600;

/// A view in a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewSection {
    /// Which database.
    pub database: DatabaseKind,
    /// One SELECT.
    pub select: String,
    /// Columns of it that make the record.
    pub columns: Vec<String>,
    /// Column of the key.
    pub key: String,
    /// Column that grows with every change.
    pub changed: String,
    /// How that column compares.
    pub cursor_type: CursorType,
    /// Rows per page, 1–5,000.
    pub page_size: u32,
    /// What is asked for again before the last known change, for rows that were committed late: seconds where the
    /// column holds times, units where it holds whole numbers. Default: 600.
    #[serde(default = "default_overlap")]
    pub overlap: u32,
    /// Seconds a statement may take, and wait for a lock, 1–3,600. Default: 120.
    #[serde(default = "default_timeout")]
    pub timeout_s: u32,
}

fn default_overlap() -> u32 {
    600
}

fn default_timeout() -> u32 {
    120
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    /// A SQLite file, setting `database`.
    Sqlite,
    /// A PostgreSQL server, secret `url`.
    Postgres,
    /// A MySQL or MariaDB server, secret `url`.
    Mysql,
}

impl ViewSection {
    /// Tells what may not be in it.
    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        let select = self.select.trim().to_lowercase();
        let begins = ["select", "with"]
            .iter()
            .any(|word| select.strip_prefix(word).is_some_and(|rest| rest.starts_with(char::is_whitespace)));
        if !begins || select.contains(';') {
            problems.push(refused("view.select"));
        }
        let plain =
            |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        for (key, fits) in [
            ("view.columns", self.columns.iter().all(plain)),
            ("view.key", plain(&self.key)),
            ("view.changed", plain(&self.changed)),
        ] {
            if !fits {
                problems.push(refused(key));
            }
        }
        for (key, value, range) in
            [("view.page_size", self.page_size, PAGE_SIZES), ("view.timeout_s", self.timeout_s, TIMEOUTS)]
        {
            if !range.contains(&value) {
                problems.push(out_of_bounds(key, value, &range));
            }
        }
    }
}

fn refused(key: &str) -> Problem {
    Problem {
        key: key.to_owned(),
        code: "LT-SQL-001",
        what: Text::new(
            "chỉ nhận một câu SELECT (hoặc WITH) không có dấu ';', tên cột chỉ gồm chữ, số và '_'",
            "only one SELECT (or WITH) without ';' is accepted, and column names of letters, digits and '_'",
        ),
        remedy: Text::new(
            "sửa mục [view] của manifest; điều phức tạp hơn đặt vào một khung nhìn của nguồn",
            "correct [view] of the manifest; put anything more complex into a view of the source",
        ),
    }
}

fn out_of_bounds(key: &str, value: u32, range: &RangeInclusive<u32>) -> Problem {
    let (least, most) = (range.start(), range.end());
    Problem {
        key: key.to_owned(),
        code: "LT-MAN-080",
        what: Text::new(
            format!("{value} nằm ngoài giới hạn {least}–{most}"),
            format!("{value} is outside {least}–{most}"),
        ),
        remedy: Text::new("chọn một số trong giới hạn", "choose a number within the limits"),
    }
}
