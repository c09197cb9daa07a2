//! Every subcommand and option, in English; `help_vi` has the same in Vietnamese.
//!
//! Owns the shape of the command line and nothing else: what an option means becomes a
//! `pipeline::command::Command` in `order`. A wrong command line ends with exit code 2.

use super::{connector, mapping_evaluate};
use crate::domain::{
    CatalogVersion, Component, Exact, Level, Period, ProductCode, RecordState, SourceId, TargetId, UnitCode,
};
use crate::error::{Lang, Text};
use crate::pipeline::command::{PersonRef, ReportBy, ReportKey, ScoreView, TaskRef};
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

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

/// Options of every subcommand.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Configuration file; default: lienthong.toml here, else /etc/lienthong/lienthong.toml
    #[arg(long, global = true, value_name = "FILE", env = "LIENTHONG_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,
    /// Data folder, instead of the configured one
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Language of messages; default: by LANG
    #[arg(long, global = true, value_name = "vi|en", value_parser = language)]
    pub lang: Option<Lang>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Print help
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    pub help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, global = true, action = clap::ArgAction::Version)]
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
    /// General criteria, đ, e, excuses and other decisions of people
    #[command(subcommand)]
    Criteria(Criteria),
    /// Scores
    #[command(subcommand)]
    Score(Score),
    /// Evaluation records
    #[command(subcommand)]
    Record(Record),
    /// Periods
    #[command(subcommand)]
    Period(PeriodAction),
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
    /// Simulated people
    #[arg(long, default_value_t = 320, value_parser = clap::value_parser!(u32).range(20..=20_000))]
    pub people: u32,
    /// Simulated tasks
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
    /// Most rows
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
        /// Only report what would change
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        author: Author,
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

/// Subcommands of `mapping`.
#[derive(Debug, Subcommand)]
pub enum Mapping {
    /// List tasks whose product a person has to choose
    Review {
        /// Go on after this number, as the column Number shows it
        #[arg(long, default_value_t = 0)]
        after: i64,
        #[command(flatten)]
        rows: Rows,
    },
    /// Choose the product of a task
    Decide {
        /// Task as SOURCE:KEY
        #[arg(value_parser = task)]
        task: TaskRef,
        /// Code of the product
        #[arg(long, required_unless_present = "outside", conflicts_with = "outside")]
        product: Option<ProductCode>,
        /// The task is outside the catalog
        #[arg(long)]
        outside: bool,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Measure the mapping on labelled tasks
    Evaluate(mapping_evaluate::Args),
}

/// Subcommands of `criteria`.
#[derive(Debug, Subcommand)]
pub enum Criteria {
    /// Enter one decision about a person
    Set(Box<CriteriaSet>),
    /// Import general criteria, đ and e from CSV or XLSX; all or nothing
    Import {
        /// Criteria file
        file: PathBuf,
        /// Document the decisions cite; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        author: Author,
    },
}

/// Options of `criteria set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["item", "component", "excuse", "failures", "quantity"]))]
pub struct CriteriaSet {
    /// Staff number, or the id the page shows
    #[arg(value_parser = person)]
    pub person: PersonRef,
    /// Period: 2026-Q3
    #[arg(value_parser = period)]
    pub period: Period,
    /// Points of a general criterion, for example I.1=5; repeat it
    #[arg(long, value_name = "ITEM=POINTS", value_parser = item)]
    pub item: Vec<(String, Exact)>,
    /// The points are the person's own assessment
    #[arg(long, requires = "item")]
    pub own: bool,
    /// Component of a leader
    #[arg(long, requires = "percent")]
    pub component: Option<LeaderPart>,
    /// Percent of the component, 50 or 100
    #[arg(long, requires = "component")]
    pub percent: Option<Exact>,
    /// Task the decision concerns, as SOURCE:KEY
    #[arg(long, value_parser = task)]
    pub task: Option<TaskRef>,
    /// An objective cause excuses the task
    #[arg(long, requires_all = ["task", "reason"])]
    pub excuse: Option<Excused>,
    /// Failed assessments of the task's quality that count
    #[arg(long, requires_all = ["task", "reason"])]
    pub failures: Option<u32>,
    /// Completed and accepted quantity of the task
    #[arg(long, requires = "task")]
    pub quantity: Option<Exact>,
    /// Why, with the evidence
    #[arg(long)]
    pub reason: Option<String>,
    /// Document the decision cites; needed when the author is an office
    #[arg(long)]
    pub document: Option<String>,
    #[command(flatten)]
    pub author: Author,
}

/// đ and e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum LeaderPart {
    /// đ: ability to organise implementation
    ImplementationAbility,
    /// e: ability to unite
    UnityAbility,
}

impl From<LeaderPart> for Component {
    fn from(part: LeaderPart) -> Self {
        match part {
            LeaderPart::ImplementationAbility => Self::ImplementationAbility,
            LeaderPart::UnityAbility => Self::UnityAbility,
        }
    }
}

/// What is excused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Excused {
    /// Lateness
    Late,
    /// Quality
    Quality,
}

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
        /// Tasks due up to today, or every task of the period
        #[arg(long, default_value = "full_period")]
        view: ScoreView,
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
        /// Tasks due up to today, or every task of the period
        #[arg(long, default_value = "full_period")]
        view: ScoreView,
    },
    /// Derive tasks and scores again from what is stored, check kept answers, and compare byte for byte
    Verify,
    /// Calculate a case from a JSON file, without database or configuration
    Case {
        /// The case; - reads standard input
        file: PathBuf,
    },
}

/// Subcommands of `record`.
#[derive(Debug, Subcommand)]
pub enum Record {
    /// List them
    List {
        /// In this state only
        #[arg(long, value_parser = record_state)]
        state: Option<RecordState>,
        /// Of this period only
        #[arg(long, value_parser = period)]
        period: Option<Period>,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Approve a quarter's record, or classify a year
    Approve(Ruling),
    /// Correct an approved or closed record
    Correct {
        #[command(flatten)]
        ruling: Ruling,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which record is decided about, and how.
#[derive(Debug, Args)]
pub struct Ruling {
    /// Staff number, or the id the page shows
    #[arg(value_parser = person)]
    pub person: PersonRef,
    /// Period: 2026-Q3, 2026
    #[arg(value_parser = period)]
    pub period: Period,
    /// Revision that was read; refused when a newer one exists
    #[arg(long)]
    pub revision: u32,
    /// Level decided; years only
    #[arg(long, value_name = "excellent|good|completed|not_completed", value_parser = level)]
    pub level: Option<Level>,
    /// Number of the decision
    #[arg(long)]
    pub decision_no: Option<String>,
    /// Document with the provincial chair's opinion; needed to classify deputies of departments and communes
    #[arg(long)]
    pub opinion: Option<String>,
    #[command(flatten)]
    pub author: Author,
}

/// Subcommands of `period`.
#[derive(Debug, Subcommand)]
pub enum PeriodAction {
    /// Freeze a period after its checklist
    Close {
        /// Period: 2026-Q3, 2026
        #[arg(value_parser = period)]
        period: Period,
        /// Only show the checklist
        #[arg(long)]
        dry_run: bool,
        /// Close although points are open, for this reason
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        author: Author,
    },
}

/// Subcommands of `history`.
#[derive(Debug, Subcommand)]
pub enum History {
    /// Import them from CSV or XLSX, or sign off that there are none
    Import {
        /// History file
        #[arg(required_unless_present = "empty", conflicts_with = "empty")]
        file: Option<PathBuf>,
        /// Sign off that people have no earlier classification
        #[arg(long, requires = "reason")]
        empty: bool,
        /// Of these people only; default: everyone whose history is unknown
        #[arg(long, requires = "empty")]
        person: Vec<PersonRef>,
        /// On what ground it is signed off
        #[arg(long, requires = "empty")]
        reason: Option<String>,
        #[command(flatten)]
        author: Author,
    },
}

/// Subcommands of `outbox`.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// List them, earliest deadline first
    List {
        /// To this target only
        #[arg(long)]
        target: Option<TargetId>,
        /// In this state only
        #[arg(long, value_parser = OUTBOX_STATES)]
        state: Option<String>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Make one due now, or all that wait for a person
    Retry {
        /// Number of the item
        #[arg(value_parser = item_number, required_unless_present = "all", conflicts_with = "all")]
        id: Option<uuid::Uuid>,
        /// Every item that is parked or was refused; what a person parked stays parked
        #[arg(long)]
        all: bool,
        /// To this target only
        #[arg(long, requires = "all", conflicts_with = "id")]
        target: Option<TargetId>,
        /// In this state only; pending and unknown ones are taken when named
        #[arg(long, requires = "all", conflicts_with = "id", value_parser = RETRIED_STATES)]
        state: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Take one out of the queue
    Park {
        /// Number of the item
        #[arg(value_parser = item_number)]
        id: uuid::Uuid,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
    /// Let one go out although it lacks what was acknowledged, as after an annulment
    Allow {
        /// Number of the item
        #[arg(value_parser = item_number)]
        id: uuid::Uuid,
        /// Why
        #[arg(long)]
        reason: String,
        /// Document that annuls what the list lacks
        #[arg(long)]
        document: String,
        #[command(flatten)]
        author: Author,
    },
}

/// States of a delivery.
const OUTBOX_STATES: [&str; 9] =
    ["pending", "leased", "sent", "acknowledged", "verified", "rejected", "unknown", "superseded", "parked"];

/// States from which a delivery can be tried again.
const RETRIED_STATES: [&str; 4] = ["parked", "rejected", "pending", "unknown"];

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
}

/// Subcommands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Check the file, the files it names and its secrets
    Check,
    /// Print the JSON Schema of the file, for editors
    Schema,
    /// Print every key with its default
    Default,
    /// Print a commented start
    Example,
}

/// What is wrong with a value, in both languages; clap prints the English sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong(pub Text);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl std::error::Error for Wrong {}

pub(super) fn wrong(vi: impl Into<String>, en: impl Into<String>) -> Wrong {
    Wrong(Text::new(vi, en))
}

fn day(text: &str) -> Result<NaiveDate, Wrong> {
    let forms = ["%Y-%m-%d", "%d/%m/%Y"];
    let full_year = text.split(['-', '/']).any(|part| part.len() == 4);
    let parsed = forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    parsed.filter(|_| full_year).ok_or_else(|| {
        wrong("viết ngày như 2026-11-24 hoặc 24/11/2026", "write a day as 2026-11-24 or 24/11/2026")
    })
}

fn period(text: &str) -> Result<Period, Wrong> {
    text.parse().map_err(|_| wrong("viết kỳ như 2026-Q3 hoặc 2026", "write a period as 2026-Q3 or 2026"))
}

fn person(text: &str) -> Result<PersonRef, Wrong> {
    text.parse().map_err(|_| {
        wrong(
            "viết số hiệu cán bộ (1 đến 32 ký tự) hoặc mã trên trang theo dõi",
            "write a staff number (1 to 32 characters) or the id the page shows",
        )
    })
}

fn task(text: &str) -> Result<TaskRef, Wrong> {
    text.parse().map_err(|_| {
        wrong("viết NGUỒN:MÃ, ví dụ snv-eoffice:1042", "write SOURCE:KEY, for example snv-eoffice:1042")
    })
}

fn rejected(text: &str) -> Result<(SourceId, Option<i64>), Wrong> {
    let (source, id) = text.split_once(':').map_or((text, None), |(source, id)| (source, Some(id)));
    let id = id.map(|id| id.parse().ok().filter(|id| *id > 0).ok_or(())).transpose();
    match (source.parse(), id) {
        (Ok(source), Ok(id)) => Ok((source, id)),
        _ => Err(wrong(
            "viết tên nguồn, hoặc NGUỒN:SỐ như `rejected list` hiển thị",
            "write a source's name, or SOURCE:ID as `rejected list` shows it",
        )),
    }
}

fn item_number(text: &str) -> Result<uuid::Uuid, Wrong> {
    text.parse().map_err(|_| {
        wrong("viết số của mục như `outbox list` hiển thị", "write the item's id as `outbox list` shows it")
    })
}

fn language(text: &str) -> Result<Lang, Wrong> {
    match text {
        "vi" => Ok(Lang::Vi),
        "en" => Ok(Lang::En),
        _ => Err(wrong("viết vi hoặc en", "write vi or en")),
    }
}

fn level(text: &str) -> Result<Level, Wrong> {
    Level::parse(text).ok_or_else(|| {
        wrong(
            "viết excellent, good, completed hoặc not_completed",
            "write excellent, good, completed or not_completed",
        )
    })
}

fn record_state(text: &str) -> Result<RecordState, Wrong> {
    RecordState::parse(text).ok_or_else(|| {
        wrong(
            "viết computed, provisional, approved, delivered hoặc corrected",
            "write computed, provisional, approved, delivered or corrected",
        )
    })
}

fn item(text: &str) -> Result<(String, Exact), Wrong> {
    let (item, points) = text
        .split_once('=')
        .ok_or_else(|| wrong("viết TIÊU-CHÍ=ĐIỂM, ví dụ I.1=5", "write ITEM=POINTS, for example I.1=5"))?;
    let known = crate::domain::evaluation::GENERAL_ITEMS.iter().any(|(name, ..)| *name == item);
    if !known {
        return Err(wrong(
            format!("không có tiêu chí {item}; các tiêu chí là I.1, I.2, II.1 đến II.4 và III.1 đến III.4"),
            format!("there is no item {item}; items are I.1, I.2, II.1 to II.4 and III.1 to III.4"),
        ));
    }
    let points = points
        .parse::<Exact>()
        .map_err(|error| wrong(format!("\"{points}\" không phải số điểm"), error.to_string()))?;
    Ok((item.to_owned(), points))
}
