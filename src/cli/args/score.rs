//! What `score` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Format, Rows,
    value::{period, person},
};
use crate::domain::{Period, UnitCode};
use crate::pipeline::command::{PersonRef, ScoreView};
use clap::Subcommand;
use std::path::PathBuf;
/// Subcommands of `score`.
#[derive(Debug, Subcommand)]
pub enum Score {
    /// List scores of a period
    Show {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: Option<PersonRef>,
        /// Period; default: the present quarter
        #[arg(long, value_parser = period)]
        period: Option<Period>,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        /// Tasks due up to today, or every task of the period; default: the one that is shown
        #[arg(long)]
        view: Option<ScoreView>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show everything one score was made of
    Explain {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: PersonRef,
        /// Period: 2026-Q3, 2026
        #[arg(value_parser = period)]
        period: Period,
        /// Tasks due up to today, or every task of the period; default: the one that is shown
        #[arg(long)]
        view: Option<ScoreView>,
        /// What this revision of the record stands in, for example the approved one, in place of the present score
        #[arg(long, conflicts_with = "view")]
        revision: Option<u32>,
    },
    /// List candidate failures of a period, returns and lateness, with what was decided about them
    Candidates {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: Option<PersonRef>,
        /// Period: 2026-Q3
        #[arg(long, value_parser = period)]
        period: Period,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show how many may be excellent, by agency and group of similar tasks
    Quota {
        /// Year; a shorter period where the rule set says so
        #[arg(long = "year", value_name = "PERIOD", value_parser = period)]
        period: Period,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
    },
    /// Compare a quarter with itself under another rule set or catalog; nothing is stored
    WhatIf {
        /// Quarter: 2026-Q3
        #[arg(long, value_parser = period)]
        period: Period,
        /// Another rule set, TOML
        #[arg(long, value_name = "FILE", required_unless_present = "catalog")]
        rule_set: Option<PathBuf>,
        /// Another catalog: a file, CSV or XLSX, or the name of a stored version
        #[arg(long, value_name = "FILE|NAME")]
        catalog: Option<PathBuf>,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        /// Tasks due up to today, or every task of the period; default: the one that is shown
        #[arg(long)]
        view: Option<ScoreView>,
        /// Form of the result; csv has those who move
        #[arg(long, value_name = "FORM")]
        format: Option<Format>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Derive tasks and scores again from what is stored, check kept answers, and compare byte for byte
    Verify,
    /// Calculate a case from a JSON file, without database or configuration
    Case {
        /// The case; - reads standard input
        file: PathBuf,
    },
}
