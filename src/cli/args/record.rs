//! What `record`, `period` and `history` take.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Author, Rows, Trial,
    value::{Wrong, day, period, person, wrong},
};
use crate::domain::{Level, Period, RecordState, UnitCode};
use crate::evaluation::opinion::OpinionKind;
use crate::pipeline::command::PersonRef;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

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
        /// Only those whose figures moved on after the approval or close, with the causes
        #[arg(long)]
        changed: bool,
        #[command(flatten)]
        rows: Rows,
    },
    /// List results of 3, 6 and 12 months beside each other
    Results {
        /// Which year
        #[arg(long, value_parser = clap::value_parser!(i32).range(2000..=2199))]
        year: i32,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show one record: its revisions, holds and notices
    Show(Whose),
    /// Put one's own word to one's record
    SelfAssess {
        #[command(flatten)]
        read: Read,
        /// Level one proposes for oneself; years only
        #[arg(long, value_name = "excellent|good|completed|not_completed", value_parser = level)]
        level: Option<Level>,
        /// Strengths, as on form 01
        #[arg(long)]
        strengths: Option<String>,
        /// Weaknesses, as on form 01
        #[arg(long)]
        weaknesses: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Comment on a record as the one who scores
    Review {
        #[command(flatten)]
        read: Read,
        /// Level proposed; years only
        #[arg(long, value_name = "excellent|good|completed|not_completed", value_parser = level)]
        level: Option<Level>,
        /// Comments of the scorer; default: those entered with `criteria`
        #[arg(long)]
        comment: Option<String>,
        /// Strengths, as on form 01
        #[arg(long)]
        strengths: Option<String>,
        /// Weaknesses, as on form 01
        #[arg(long)]
        weaknesses: Option<String>,
        /// Number and date of the meeting's minutes
        #[arg(long)]
        minutes: Option<String>,
        /// Document with the party committee's opinion, of heads and deputies
        #[arg(long)]
        party_opinion: Option<String>,
        /// What is proposed to be done with the result (art. 23), as on form 02; years only
        #[arg(long)]
        handling: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Annul a result that was found wrong or dishonest
    Revoke {
        #[command(flatten)]
        read: Read,
        /// What was found
        #[arg(long)]
        reason: String,
        /// The decision that annuls it
        #[arg(long)]
        document: String,
        #[command(flatten)]
        author: Author,
    },
    /// Hold a record while a complaint is verified; nobody can approve it then
    Hold(Holding),
    /// End a hold
    Release(Holding),
    /// Write down that a result was told to the person
    Notify {
        #[command(flatten)]
        read: Read,
        #[command(flatten)]
        told: Told,
    },
    /// Write down an opinion about a result: of the provincial chair, the party committee or a body concerned
    Opinion {
        #[command(flatten)]
        whose: Whose,
        /// Whose opinion
        #[arg(long, value_name = "WHO")]
        of: OpinionOf,
        /// Name of the body
        #[arg(long)]
        body: Option<String>,
        /// Day it was given, default: today
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        /// Document it stands in; needed of the chair, and when the author is an office
        #[arg(long)]
        document: Option<String>,
        /// What it says
        #[arg(long)]
        text: String,
        #[command(flatten)]
        author: Author,
    },
    /// Write the list to be signed with a decision: who is ready, and on a second sheet who is not and why
    Table {
        /// Period: 2026-Q3, 2026
        #[arg(value_parser = period)]
        period: Period,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        /// Workbook to write; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Compare a signed decision table with the records; with --approve approve what matches
    Import {
        /// The table, CSV or a workbook
        file: PathBuf,
        /// Period: 2026-Q3, 2026
        #[arg(long, value_parser = period)]
        period: Period,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        /// Number of the decision
        #[arg(long)]
        decision_no: String,
        /// Document with the provincial chair's opinion; needed to classify deputies of departments and communes
        #[arg(long)]
        opinion: Option<String>,
        /// Approve the rows that match, all at once
        #[arg(long)]
        approve: bool,
        #[command(flatten)]
        author: Author,
    },
    /// Approve a quarter's record, or classify a year; with --unit of everybody who is ready
    Approve(Approving),
    /// Correct an approved or closed record
    Correct {
        #[command(flatten)]
        ruling: Ruling,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which record.
#[derive(Debug, Args)]
pub struct Whose {
    /// Staff number, or the id the page shows
    #[arg(value_parser = person)]
    pub person: PersonRef,
    /// Period: 2026-Q3, 2026
    #[arg(value_parser = period)]
    pub period: Period,
}

/// Which revision of which record was read.
#[derive(Debug, Args)]
pub struct Read {
    #[command(flatten)]
    pub whose: Whose,
    /// Revision that was read; refused when a newer one exists
    #[arg(long)]
    pub revision: u32,
}

/// On which day and how a result was told, and who says so.
#[derive(Debug, Args)]
pub struct Told {
    /// Day it was told, default: today
    #[arg(long, value_parser = day)]
    pub on: Option<NaiveDate>,
    /// How: in the meeting, by document, by mail
    #[arg(long)]
    pub how: String,
    /// Document it cites; needed when the author is an office
    #[arg(long)]
    pub document: Option<String>,
    #[command(flatten)]
    pub author: Author,
}

/// A hold or its end.
#[derive(Debug, Args)]
pub struct Holding {
    #[command(flatten)]
    pub whose: Whose,
    /// Why, or with what result
    #[arg(long)]
    pub reason: String,
    /// Document of the complaint, or the one that settles it
    #[arg(long)]
    pub document: Option<String>,
    #[command(flatten)]
    pub author: Author,
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

/// Whose an opinion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum OpinionOf {
    /// The chair of the province's People's Committee
    Chair,
    /// The party committee of the agency
    PartyCommittee,
    /// A body the work concerns; give its name
    RelatedBody,
}

impl OpinionOf {
    /// The kind it stands for.
    pub fn kind(self) -> OpinionKind {
        match self {
            Self::Chair => OpinionKind::Chair,
            Self::PartyCommittee => OpinionKind::PartyCommittee,
            Self::RelatedBody => OpinionKind::RelatedBody,
        }
    }
}

/// Whose records are approved, and how.
#[derive(Debug, Args)]
pub struct Approving {
    /// Staff number, or the id the page shows
    #[arg(value_parser = person, required_unless_present = "unit", conflicts_with = "unit")]
    pub person: Option<PersonRef>,
    /// Period: 2026-Q3, 2026
    #[arg(value_parser = period, required_unless_present = "unit", conflicts_with = "unit")]
    pub period: Option<Period>,
    /// Everybody of this unit and those below it who is ready, the year with the level proposed
    #[arg(long, requires = "of_period")]
    pub unit: Option<UnitCode>,
    /// Period of the unit: 2026-Q3, 2026
    #[arg(long = "period", value_name = "PERIOD", value_parser = period, requires = "unit")]
    pub of_period: Option<Period>,
    /// Revision that was read; refused when a newer one exists
    #[arg(long, required_unless_present = "unit", conflicts_with = "unit")]
    pub revision: Option<u32>,
    /// Level decided; years only
    #[arg(long, value_name = "excellent|good|completed|not_completed", value_parser = level, conflicts_with = "unit")]
    pub level: Option<Level>,
    /// Number of the decision
    #[arg(long)]
    pub decision_no: Option<String>,
    /// Document with the provincial chair's opinion; needed to classify deputies of departments and communes
    #[arg(long)]
    pub opinion: Option<String>,
    /// Only show who would be approved
    #[arg(long, requires = "unit")]
    pub dry_run: bool,
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
        /// Only show the checklist: what stands open and whose figures moved; nothing is frozen
        #[arg(long)]
        dry_run: bool,
        /// Close although points are open, for this reason
        #[arg(long)]
        reason: Option<String>,
        /// Document it cites; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        /// Freeze only this unit's part; units below come first
        #[arg(long)]
        unit: Option<UnitCode>,
        #[command(flatten)]
        author: Author,
    },
    /// Show who still has to act, unit by unit
    Status {
        /// Period; default: the present quarter
        #[arg(value_parser = period)]
        period: Option<Period>,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
    },
}

/// Subcommands of `petition`.
#[derive(Debug, Subcommand)]
pub enum PetitionAction {
    /// Write down a petition against a result
    Open {
        #[command(flatten)]
        whose: Whose,
        /// What is asked for
        #[arg(long)]
        content: String,
        /// Day of receipt, default: today
        #[arg(long, value_parser = day)]
        received_on: Option<NaiveDate>,
        /// Number of its document
        #[arg(long)]
        document: Option<String>,
        /// Hold the record until it is answered
        #[arg(long)]
        hold: bool,
        #[command(flatten)]
        author: Author,
    },
    /// Answer one
    Answer {
        /// Its number
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        id: i64,
        /// How
        #[arg(long)]
        outcome: PetitionOutcome,
        /// The answer
        #[arg(long)]
        answer: String,
        /// Day of the answer, default: today
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        /// Number of the answer's document; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// List them, the earliest deadline first
    List {
        /// Also those that are answered
        #[arg(long)]
        all: bool,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
        #[command(flatten)]
        rows: Rows,
    },
}

/// How a petition is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum PetitionOutcome {
    /// As asked for
    Upheld,
    /// In part
    Partly,
    /// The result stands
    Rejected,
}

impl PetitionOutcome {
    /// Its word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::Partly => "partly",
            Self::Rejected => "rejected",
        }
    }
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
        /// Document it rests on; needed when the author is an office
        #[arg(long)]
        document: Option<String>,
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        author: Author,
    },
}

pub(super) fn level(text: &str) -> Result<Level, Wrong> {
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
            "viết computed, provisional, self_assessed, reviewed, approved, delivered, corrected hoặc revoked",
            "write computed, provisional, self_assessed, reviewed, approved, delivered, corrected or revoked",
        )
    })
}
