//! What `people` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{Author, Rows, Trial, value::person};
use crate::domain::{SourceId, UnitCode};
use crate::pipeline::command::PersonRef;
use clap::Subcommand;
use std::path::PathBuf;
/// Subcommands of `people`.
#[derive(Debug, Subcommand)]
pub enum People {
    /// Import people from CSV or XLSX; all or nothing
    Import {
        /// People file
        file: PathBuf,
        /// Units file
        #[arg(long, value_name = "FILE")]
        units: Option<PathBuf>,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// Write everything kept about one person, as a text they can read
    Data {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: PersonRef,
        /// Text to write; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Why
        #[arg(long)]
        reason: String,
        /// Document it cites; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// List people with the post they hold
    List {
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show one person's posts, charges and accounts
    Show {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: PersonRef,
    },
    /// List units with their heads
    Units,
    /// Find people by staff number or name
    Find {
        /// Words in any order, accents optional; the beginning of each is enough
        #[arg(required = true)]
        text: Vec<String>,
        #[command(flatten)]
        rows: Rows,
    },
    /// List accounts no person is known for
    Unknown {
        #[command(flatten)]
        rows: Rows,
    },
    /// Say whose an account is
    Link {
        /// Name of the source
        source: SourceId,
        /// Account as the source writes it
        account: String,
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: PersonRef,
        /// Take it from the person it belongs to now
        #[arg(long = "move")]
        moves: bool,
        #[command(flatten)]
        author: Author,
    },
}
