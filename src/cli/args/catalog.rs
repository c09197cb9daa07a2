//! What `catalog` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Author, Rows, Trial,
    value::{day, scope},
};
use crate::domain::{CatalogScope, CatalogVersion, UnitCode};
use chrono::NaiveDate;
use clap::Subcommand;
use std::path::PathBuf;
/// Subcommands of `catalog`.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Import a version from CSV or XLSX; all or nothing
    Import {
        /// Catalog file
        file: PathBuf,
        /// Name of the version, for example 2026-1
        #[arg(long)]
        name: CatalogVersion,
        /// First day on which assigned tasks use it
        #[arg(long, value_parser = day)]
        valid_from: NaiveDate,
        /// For which bodies it holds: province, department, commune or unit:CODE
        #[arg(long, value_parser = scope, default_value = "province")]
        scope: CatalogScope,
        /// Why: the decision that approves it
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// Group a unit's year into candidate products, as the working form people edit
    Propose {
        /// The unit, with those below it
        #[arg(long)]
        unit: UnitCode,
        /// The year
        #[arg(long, value_parser = clap::value_parser!(i32).range(2000..3000))]
        year: i32,
        /// Form to write; must not exist
        #[arg(long)]
        out: PathBuf,
        /// Fewest tasks of a candidate
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
        at_least: u64,
        /// Another scale of groups and points
        #[arg(long)]
        groups: Option<PathBuf>,
    },
    /// Check a working form that came back: every error by cell
    Check {
        /// The form
        file: PathBuf,
        /// Another scale of groups and points
        #[arg(long)]
        groups: Option<PathBuf>,
    },
    /// Join units' forms into one draft, or make a version of a decided draft
    #[command(group = clap::ArgGroup::new("what").required(true).args(["files", "settled"]))]
    Merge {
        /// The units' forms
        #[arg(requires = "out")]
        files: Vec<PathBuf>,
        /// Draft to write, or the catalog as CSV; must not exist
        #[arg(long)]
        out: Option<PathBuf>,
        /// The decided draft
        #[arg(long = "final", requires_all = ["name", "valid_from", "reason"])]
        settled: Option<PathBuf>,
        /// Name of the version
        #[arg(long)]
        name: Option<CatalogVersion>,
        /// First day on which assigned tasks use it
        #[arg(long, value_parser = day)]
        valid_from: Option<NaiveDate>,
        /// For which bodies it holds: province, department, commune or unit:CODE
        #[arg(long, value_parser = scope, default_value = "province")]
        scope: CatalogScope,
        /// Why: the decision that approves it
        #[arg(long)]
        reason: Option<String>,
        /// Another scale of groups and points
        #[arg(long)]
        groups: Option<PathBuf>,
        /// With the decided draft: only show what the version would bring and the quarters whose scores would move
        #[arg(long, requires = "settled")]
        dry_run: bool,
        #[command(flatten)]
        author: Author,
    },
    /// Compare a file with a stored version
    Diff {
        /// Catalog file
        file: PathBuf,
        /// Stored version; default: the province's in force today
        #[arg(long)]
        name: Option<CatalogVersion>,
        /// Count the lines, people and periods concerned, and their converted quantity before and after
        #[arg(long)]
        affected: bool,
    },
    /// List its products, or which units proposed them
    List {
        /// Words of code, name or field; marks and case do not matter
        text: Vec<String>,
        /// Stored version; default: the one in force today
        #[arg(long)]
        name: Option<CatalogVersion>,
        /// Which units proposed each product, and what they said of it
        #[arg(long)]
        provenance: bool,
        #[command(flatten)]
        rows: Rows,
    },
}
