//! What `catalog` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{Author, Rows, value::day};
use crate::domain::CatalogVersion;
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
        #[command(flatten)]
        author: Author,
    },
    /// Compare a file with a stored version
    Diff {
        /// Catalog file
        file: PathBuf,
        /// Stored version; default: the newest
        #[arg(long)]
        name: Option<CatalogVersion>,
    },
    /// List its products
    List {
        /// Words of code, name or field; marks and case do not matter
        text: Vec<String>,
        /// Stored version; default: the one in force today
        #[arg(long)]
        name: Option<CatalogVersion>,
        #[command(flatten)]
        rows: Rows,
    },
}
