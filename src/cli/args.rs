//! Every subcommand and option, in English; `help_vi` has the same in Vietnamese.
//!
//! Owns the shape of the command line and nothing else: what an option means becomes a
//! `pipeline::command::Command` in `order`. A wrong command line ends with exit code 2.

mod catalog;
mod criteria;
mod delivery;
mod fact;
mod mapping;
mod organisation;
mod people;
mod record;
mod report;
mod score;
mod task;
mod value;

pub use catalog::Catalog;
pub use criteria::{Criteria, CriteriaSet, Excused, Lateness, LeaderPart};
pub use delivery::Outbox;
pub use fact::{Fact, FactAdd};
pub use mapping::{ExportForm, Mapping, MappingRules, Share};
pub use organisation::{Annulling, FactKind, Organisation, Proposing, Recognising, Step, Which};
pub use people::People;
pub use record::{
    Approving, History, Holding, PeriodAction, PetitionAction, Read, Record, Ruling, Told, Whose,
};
pub use report::{Format, PaperFormat, Report, SheetFormat};
pub use score::Score;
pub use task::Task;
pub use value::Wrong;
pub(super) use value::wrong;

use super::connector;
use crate::domain::SourceId;
use crate::error::Lang;
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use value::{day, language, rejected, rejected_one};

/// From the e-office systems of a province to receipts of the national database.
#[derive(Debug, Parser)]
#[command(
    name = "lienthong",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub action: Action,
}

/// Heading of the options every command has.
const COMMON: &str = "Common options";

/// Options of every subcommand.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Configuration file; default: lienthong.toml here, else /etc/lienthong/lienthong.toml
    #[arg(long, global = true, help_heading = COMMON, value_name = "FILE", env = "LIENTHONG_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,
    /// Data folder, instead of the configured one
    #[arg(long, global = true, help_heading = COMMON, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Language of messages; default: by LANG
    #[arg(long, global = true, help_heading = COMMON, value_name = "vi|en", value_parser = language)]
    pub lang: Option<Lang>,
    /// Print JSON for programs
    #[arg(long, global = true, help_heading = COMMON)]
    pub json: bool,
    /// Print help
    #[arg(short, long, global = true, help_heading = COMMON, action = clap::ArgAction::Help)]
    pub help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, global = true, help_heading = COMMON, action = clap::ArgAction::Version)]
    pub version: Option<bool>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Run the daemon
    Run(RunArgs),
    /// Show everything on a simulated province, without any configuration
    Demo(DemoArgs),
    /// Try the whole configuration: connect to every source and target, change nothing
    Check,
    /// Show sources, steps, deadlines and what needs a person
    Status,
    /// Pull a source now
    Sync {
        /// Name of the source
        source: SourceId,
        /// Read everything again instead of what changed
        #[arg(long)]
        full: bool,
    },
    /// Pull a span of time of a source again
    Backfill {
        /// Name of the source
        source: SourceId,
        /// First day, yyyy-mm-dd or dd/mm/yyyy
        #[arg(long, value_parser = day)]
        from: NaiveDate,
        /// Last day, included
        #[arg(long, value_parser = day)]
        to: NaiveDate,
    },
    /// One source: what stops it, whether it is complete
    #[command(subcommand)]
    Source(super::source_action::SourceAction),
    /// Records that could not be read
    #[command(subcommand)]
    Rejected(Rejected),
    /// What others say of tasks: answers, states on the document axis, recalls
    #[command(subcommand)]
    Evidence(Evidence),
    /// People, units and accounts
    #[command(subcommand)]
    People(People),
    /// The catalog of products
    #[command(subcommand)]
    Catalog(Catalog),
    /// Which task is which product
    #[command(subcommand)]
    Mapping(Mapping),
    /// Tasks themselves: which of them are one
    #[command(subcommand)]
    Task(Task),
    /// General criteria, đ, e, excuses and other decisions of people
    #[command(subcommand)]
    Criteria(Criteria),
    /// Leave, discipline and other dated facts of service
    #[command(subcommand)]
    Fact(Fact),
    /// Scores
    #[command(subcommand)]
    Score(Score),
    /// Evaluation records
    #[command(subcommand)]
    Record(Record),
    /// Periods
    #[command(subcommand)]
    Period(PeriodAction),
    /// Petitions against results
    #[command(subcommand)]
    Petition(PetitionAction),
    /// Organisations: their year, its conditions and its recognition
    #[command(subcommand)]
    Organisation(Organisation),
    /// Earlier classifications
    #[command(subcommand)]
    History(History),
    /// Deliveries
    #[command(subcommand)]
    Outbox(Outbox),
    /// Reports
    #[command(subcommand)]
    Report(Report),
    /// Manifests of source systems: try one before a source is switched on
    #[command(subcommand)]
    Connector(connector::Action),
    /// How long what is kept
    #[command(subcommand)]
    Retention(Retention),
    /// The database
    #[command(subcommand)]
    Db(Db),
    /// The configuration
    #[command(subcommand)]
    Config(ConfigAction),
    /// Run the simulated province alone, to connect something else to it
    Simulate(SimulateArgs),
}

/// Options of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Address of page, probes and metrics, instead of the configured one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End by itself once everything is settled and closed
    #[arg(long)]
    pub once: bool,
    /// Number the simulated life follows from
    #[arg(long, default_value_t = 335)]
    pub seed: u64,
    /// Simulated people, 20 to 20000; the smallest province has 128
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(20..=20_000))]
    pub people: u32,
    /// Simulated tasks, 100 to 5000000
    #[arg(long, default_value_t = 10_400, value_parser = clap::value_parser!(u32).range(100..=5_000_000))]
    pub tasks: u32,
    /// Port of the page; 0 takes any free one. Default: 8335, with --once any free one
    #[arg(long)]
    pub port: Option<u16>,
}

/// Options of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Address to serve on
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Number the simulated life follows from
    #[arg(long, default_value_t = 335)]
    pub seed: u64,
    /// Simulated day of today
    #[arg(long, value_parser = day)]
    pub today: NaiveDate,
    /// Simulated people
    #[arg(long, default_value_t = 320)]
    pub people: u32,
    /// Simulated tasks
    #[arg(long, default_value_t = 10_400)]
    pub tasks: u32,
    /// Let life go on by itself, one step per so many milliseconds
    #[arg(long)]
    pub auto_tick: Option<u64>,
}

/// Subcommands of `evidence`.
#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// List tasks that evidence contradicts
    Check {
        #[command(flatten)]
        rows: Rows,
    },
}

/// Subcommands of `rejected`.
#[derive(Debug, Subcommand)]
pub enum Rejected {
    /// List them with their reasons
    List {
        /// Of this source only
        #[arg(long)]
        source: Option<SourceId>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show one as it came, with its reason; numbers of citizens are masked
    Show {
        /// The record as SOURCE:ID
        #[arg(value_name = "SOURCE:ID", value_parser = rejected_one)]
        record: (SourceId, i64),
    },
    /// Read them again with the present manifest
    Replay {
        /// Name of the source, or one record of it as SOURCE:ID
        #[arg(value_name = "SOURCE[:ID]", value_parser = rejected)]
        source: (SourceId, Option<i64>),
    },
}

/// How many rows.
#[derive(Debug, Args)]
pub struct Rows {
    /// Most rows, 1 to 100000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// Who answers for a change.
#[derive(Debug, Args)]
pub struct Author {
    /// Who answers for it; default: the login name
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
}

/// Whether an order is only tried.
#[derive(Debug, Args)]
pub struct Trial {
    /// Only show what would change; nothing is stored
    #[arg(long)]
    pub dry_run: bool,
}

/// Subcommands of `retention`.
#[derive(Debug, Subcommand)]
pub enum Retention {
    /// Show what would go by the configured times, and what stays
    Plan,
}

/// Subcommands of `db`.
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Bring the schema up to date
    Migrate,
    /// Check the integrity
    Check,
    /// Copy the database
    Backup {
        /// File of the copy; must not exist
        to: PathBuf,
    },
    /// Replace the key of encryption at rest; goes on where it was broken off
    RotateKey {
        /// File of the new key
        #[arg(long, value_name = "FILE", required_unless_present = "retire", conflicts_with = "retire")]
        new: Option<PathBuf>,
        /// Let the old key go, once the configuration names the new one
        #[arg(long)]
        retire: bool,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
}

/// Subcommands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Check the file, the files it names and its secrets
    Check,
    /// Have the running daemon read the file and the manifests again
    Reload,
    /// Print the JSON Schema of the file, for editors
    Schema,
    /// Print every key with its default
    Default,
    /// Print a commented start
    Example,
}
