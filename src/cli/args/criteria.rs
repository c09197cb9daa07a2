//! What `criteria` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Author, Trial,
    value::{Wrong, number, period, person, task, wrong},
};
use crate::domain::{Component, Exact, Period, UnitCode};
use crate::pipeline::command::{PersonRef, TaskRef};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
/// Subcommands of `criteria`.
#[derive(Debug, Subcommand)]
pub enum Criteria {
    /// Enter one decision about a person
    Set(Box<CriteriaSet>),
    /// Write a workbook for a unit's criteria, đ, e and remarks, to be filled in and imported
    Template {
        /// The unit, with those below it
        #[arg(long)]
        unit: UnitCode,
        /// Period: 2026-Q3
        #[arg(long, value_parser = period)]
        period: Period,
        /// For the people's own assessment
        #[arg(long)]
        own: bool,
        /// Workbook to write; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Import general criteria, đ and e from CSV or XLSX; all or nothing
    Import {
        /// Criteria file
        file: PathBuf,
        /// Document the decisions cite; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
}

/// Options of `criteria set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["item", "component", "excuse", "failures", "late", "support", "quantity", "strengths", "weaknesses", "comment", "minutes"]))]
#[command(group = clap::ArgGroup::new("owned").multiple(true).args(["item", "support"]))]
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
    /// The points or percents are the person's own assessment
    #[arg(long, requires = "owned")]
    pub own: bool,
    /// Component of a leader
    #[arg(long, requires = "percent")]
    pub component: Option<LeaderPart>,
    /// Percent of the component, 50 or 100
    #[arg(long, requires = "component", value_parser = number)]
    pub percent: Option<Exact>,
    /// Task the decision concerns, as SOURCE:KEY
    #[arg(long, value_parser = task)]
    pub task: Option<TaskRef>,
    /// An objective cause excuses the task; `none` takes it back
    #[arg(long, requires_all = ["task", "reason"], conflicts_with_all = ["item", "component", "failures", "quantity"])]
    pub excuse: Option<Excused>,
    /// Failed assessments of the task's quality that count
    #[arg(long, requires_all = ["task", "reason"], conflicts_with_all = ["item", "component", "quantity"])]
    pub failures: Option<u32>,
    /// Whether the task's lateness counts
    #[arg(long, value_name = "counts|rejected", requires_all = ["task", "reason"], conflicts_with_all = OTHERS, conflicts_with = "support")]
    pub late: Option<Lateness>,
    /// A support worker's three percents: work quality, compliance, efficiency
    #[arg(long, num_args = 3, value_names = ["QUALITY", "COMPLIANCE", "EFFICIENCY"], value_parser = number, conflicts_with_all = OTHERS)]
    pub support: Vec<Exact>,
    /// Completed and accepted quantity of the task
    #[arg(long, requires = "task", value_parser = number, conflicts_with_all = ["item", "component"])]
    pub quantity: Option<Exact>,
    /// Why, with the evidence
    #[arg(long)]
    pub reason: Option<String>,
    /// Document the decision cites; needed when the author is an office
    #[arg(long)]
    pub document: Option<String>,
    /// Strengths, as on form 01
    #[arg(long, conflicts_with_all = NO_REMARKS)]
    pub strengths: Option<String>,
    /// Weaknesses, as on form 01
    #[arg(long, conflicts_with_all = NO_REMARKS)]
    pub weaknesses: Option<String>,
    /// Comments of the scorer, as on form 01
    #[arg(long, conflicts_with_all = NO_REMARKS)]
    pub comment: Option<String>,
    /// Number and date of the meeting's minutes
    #[arg(long, conflicts_with_all = NO_REMARKS)]
    pub minutes: Option<String>,
    #[command(flatten)]
    pub author: Author,
}

/// What is no text of the form: one order decides one thing.
const NO_REMARKS: [&str; 7] = ["item", "component", "excuse", "failures", "late", "support", "quantity"];

/// What excludes a support worker's percents and the word about lateness, beside each other.
const OTHERS: [&str; 5] = ["item", "component", "excuse", "failures", "quantity"];

/// d, đ and e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum LeaderPart {
    /// d: result of the unit or field, only for who has nobody evaluated in charge
    UnitResult,
    /// đ: ability to organise implementation
    ImplementationAbility,
    /// e: ability to unite
    UnityAbility,
}

impl From<LeaderPart> for Component {
    fn from(part: LeaderPart) -> Self {
        match part {
            LeaderPart::UnitResult => Self::UnitResult,
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
    /// Nothing: what was excused counts again
    None,
}

/// What a superior says of a task's lateness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Lateness {
    /// It counts
    Counts,
    /// It does not
    Rejected,
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
    Ok((item.to_owned(), number(points)?))
}
