//! What `fact` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Author, Rows, Trial,
    value::{Wrong, day, person, wrong},
};
use crate::domain::FactKind;
use crate::pipeline::command::PersonRef;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use std::path::PathBuf;
/// Subcommands of `fact`.
#[derive(Debug, Subcommand)]
pub enum Fact {
    /// Enter one: leave, discipline, a conclusion, a group of similar tasks
    Add(Box<FactAdd>),
    /// Import facts from CSV or XLSX; all or nothing
    Import {
        /// File of facts
        file: PathBuf,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// List those that stand
    List {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: Option<PersonRef>,
        /// Also those that were taken back
        #[arg(long)]
        revoked: bool,
        #[command(flatten)]
        rows: Rows,
    },
    /// Take one back; it stays in the list of those taken back
    Revoke {
        /// Number of the fact
        id: i64,
        /// Why
        #[arg(long)]
        reason: String,
        /// Document it cites; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        author: Author,
    },
}

/// Options of `fact add`.
#[derive(Debug, Args)]
pub struct FactAdd {
    /// Staff number, or the id the page shows
    #[arg(value_parser = person)]
    pub person: PersonRef,
    /// unpaid_leave, sick_leave, maternity_leave, discipline, discipline_unrelated, degradation, corruption_below, task_group
    #[arg(value_parser = kind)]
    pub kind: FactKind,
    /// First day; of discipline and conclusions the day they take effect
    #[arg(long, value_parser = day)]
    pub from: NaiveDate,
    /// Last day of leave or of a group
    #[arg(long, value_parser = day)]
    pub to: Option<NaiveDate>,
    /// Day of the act, where it is another one
    #[arg(long, value_parser = day)]
    pub act_on: Option<NaiveDate>,
    /// Name of the act, the same for everything about it: it counts once
    #[arg(long)]
    pub act: Option<String>,
    /// Degree of discipline, conclusion, or name of the group
    #[arg(long)]
    pub text: Option<String>,
    /// Document it cites
    #[arg(long)]
    pub document: String,
    #[command(flatten)]
    pub author: Author,
}

fn kind(text: &str) -> Result<FactKind, Wrong> {
    let names: Vec<&str> = FactKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let names = names.join(", ");
    FactKind::parse(text).ok_or_else(|| wrong(format!("chỉ nhận: {names}"), format!("one of: {names}")))
}
