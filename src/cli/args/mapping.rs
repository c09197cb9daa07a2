//! What `mapping` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Author, Rows, SheetFormat, Trial,
    value::{period_share, person, person_share, task},
};
use crate::cli::mapping_evaluate;
use crate::domain::{CatalogVersion, Period, ProductCode, UnitCode};
use crate::pipeline::command::{ImportAs, PersonRef, TaskRef};
use clap::{Subcommand, ValueEnum};
use rust_decimal::Decimal;
use std::path::PathBuf;
/// Subcommands of `mapping`.
#[derive(Debug, Subcommand)]
pub enum Mapping {
    /// List tasks whose product a person has to choose
    Review {
        /// Alike tasks together, so that one decision settles all of them
        #[arg(long, conflicts_with = "after")]
        groups: bool,
        /// Go on after this number, as the column Number shows it
        #[arg(long, default_value_t = 0)]
        after: i64,
        #[command(flatten)]
        rows: Rows,
    },
    /// List automatic mappings of open quarters the present mapper would not make any more; changes nothing
    Doubtful {
        #[command(flatten)]
        rows: Rows,
    },
    /// Choose the product of tasks, or of a group of them
    Decide {
        /// Tasks as SOURCE:KEY
        #[arg(value_parser = task, value_name = "TASK", required_unless_present = "group", conflicts_with = "group")]
        tasks: Vec<TaskRef>,
        /// A group as `mapping review --groups` names it; needs a reason
        #[arg(long, requires = "reason")]
        group: Option<String>,
        /// Code of the product
        #[arg(long, required_unless_present = "outside", conflicts_with = "outside")]
        product: Option<ProductCode>,
        /// The tasks are outside the catalog
        #[arg(long)]
        outside: bool,
        #[command(flatten)]
        trial: Trial,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// List the decisions made, newest first, or show one with its tasks and what it moved
    Decisions {
        /// Number of the decision
        id: Option<i64>,
        /// Those that wait for a second person only
        #[arg(long, conflicts_with = "id")]
        waiting: bool,
        #[command(flatten)]
        rows: Rows,
    },
    /// Propose a product no catalog has, with the tasks it covers (plan IV.2.3)
    ProposeProduct {
        /// Tasks as SOURCE:KEY
        #[arg(value_parser = task, value_name = "TASK", required_unless_present = "tasks_of", conflicts_with = "tasks_of")]
        tasks: Vec<TaskRef>,
        /// The tasks of a group as `mapping review --groups` names it
        #[arg(long, value_name = "GROUP")]
        tasks_of: Option<String>,
        /// Code until a catalog gives it one
        #[arg(long)]
        code: ProductCode,
        /// Name of the product
        #[arg(long)]
        name: String,
        /// Complexity group, 1 to 5
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
        group: u8,
        /// Provisional coefficient, for rule sets that count by it
        #[arg(long, value_name = "K")]
        coefficient: Option<rust_decimal::Decimal>,
        /// Field of the product
        #[arg(long)]
        field: Option<String>,
        /// Unit of measure of the output
        #[arg(long)]
        measure: Option<String>,
        /// The unit that proposes it
        #[arg(long)]
        unit: Option<UnitCode>,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// List proposed products, as the report to Sở Nội vụ asks (plan IV.2.3)
    Proposals {
        /// Those that were withdrawn or accepted as well
        #[arg(long)]
        all: bool,
        /// Form of the result; csv and xlsx are in Vietnamese; xlsx needs --out
        #[arg(long, value_name = "FORM", requires_if("xlsx", "out"))]
        format: Option<SheetFormat>,
        /// File to write, .xlsx or .csv; must not exist
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Give the tasks of a proposal the product a catalog version brought
    AcceptProduct {
        /// Number of the proposal
        id: i64,
        /// Its code in the catalog
        #[arg(long = "as", value_name = "CODE")]
        code: ProductCode,
        /// The catalog version; default: for each task the newest one of its body that has the code
        #[arg(long, value_name = "NAME")]
        catalog: Option<CatalogVersion>,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// Take a proposal back; its tasks are what they were before
    WithdrawProduct {
        /// Number of the proposal
        id: i64,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
    /// Exact rules
    #[command(subcommand)]
    Rules(MappingRules),
    /// Write decisions of people as a file for other installations, without names and numbers of citizens
    Export {
        /// Go on after this number, as the column number shows it
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// Most rows
        #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
        limit: u32,
        /// Form of the file
        #[arg(long, value_name = "FORM", default_value = "csv")]
        format: ExportForm,
    },
    /// Take over decisions from such a file; all or nothing
    Import {
        /// The file, CSV, XLSX or JSON lines
        file: PathBuf,
        /// Examples to learn from, or decisions about the same tasks
        #[arg(long = "as", value_name = "WHAT")]
        as_what: ImportAs,
        /// Where examples come from; default: the file's name
        #[arg(long)]
        origin: Option<String>,
        /// With decisions: replace those made here otherwise; without it they are kept
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// Confirm a decision as the second person
    Confirm {
        /// Number of the decision
        id: i64,
        #[command(flatten)]
        author: Author,
    },
    /// Take a decision back; the history keeps both
    Undo {
        /// Number of the decision
        id: i64,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
    /// Share one product among people or quarters
    Share(Box<Share>),
    /// Measure the mapping on labelled tasks
    Evaluate(mapping_evaluate::Args),
    /// Write what the mapping learned as a model file
    Model(mapping_evaluate::ModelArgs),
}

/// Subcommands of `mapping rules`.
#[derive(Debug, Subcommand)]
pub enum MappingRules {
    /// Try a file of rules on every task there is, before it is used
    Test {
        /// Rules file, TOML
        file: PathBuf,
        #[command(flatten)]
        rows: Rows,
    },
}

/// Form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What `mapping share` takes.
#[derive(Debug, clap::Args)]
pub struct Share {
    /// Task as SOURCE:KEY
    #[arg(value_parser = task, required_unless_present = "file", conflicts_with = "file")]
    pub task: Option<TaskRef>,
    /// A person's share in percent, GL-00012=50; repeat for each
    #[arg(long, value_name = "PERSON=PERCENT", value_parser = person_share)]
    pub person: Vec<(PersonRef, Decimal)>,
    /// A quarter's or month's share in percent, 2026-Q1=30; repeat for each
    #[arg(long, value_name = "PERIOD=PERCENT", value_parser = period_share, conflicts_with = "person")]
    pub period: Vec<(Period, Decimal)>,
    /// A supporting person, who has the rule set's share; repeat for each
    #[arg(long, value_parser = person)]
    pub support: Vec<PersonRef>,
    /// The task is whole again: no shares
    #[arg(long, conflicts_with_all = ["person", "period", "support"])]
    pub whole: bool,
    /// Shares of many tasks, CSV or XLSX: task, person, period, share
    #[arg(long, conflicts_with_all = ["person", "period", "support", "whole"])]
    pub file: Option<std::path::PathBuf>,
    /// Document it rests on; needed where the author is an office, no staff number
    #[arg(long)]
    pub document: Option<String>,
    /// Why
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub trial: Trial,
    #[command(flatten)]
    pub author: Author,
}
