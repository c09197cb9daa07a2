//! What `report` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::value::day;
use crate::domain::SourceId;
use crate::pipeline::command::{ReportBy, ReportKey};
use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};
/// Subcommands of `report`.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Tasks done, late, open and overdue
    Tasks {
        /// One row per person or unit
        #[arg(long, default_value = "person")]
        by: ReportBy,
        /// Of this source only
        #[arg(long)]
        source: Option<SourceId>,
        /// Day that decides what is overdue; default: today
        #[arg(long, value_name = "DAY", value_parser = day)]
        as_of: Option<NaiveDate>,
        /// Name people by staff number or by the source's account; SOURCE:ACCOUNT where several are read
        #[arg(long, default_value = "staff")]
        key: ReportKey,
        /// Form of the output
        #[arg(long)]
        format: Option<Format>,
    },
}

/// Form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum Format {
    /// For people
    Table,
    /// For spreadsheets
    Csv,
    /// For programs
    Json,
}
