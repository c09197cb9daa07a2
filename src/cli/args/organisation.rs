//! What `organisation` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `life_order`. A wrong value ends with exit code 2.

use super::{
    Author,
    record::{Told, level},
    value::{Wrong, number, task, wrong},
};
use crate::domain::organisation::{GENERAL, RESULTS};
use crate::domain::{Exact, Level, UnitCode};
use crate::pipeline::command::TaskRef;
use clap::{Args, Subcommand, ValueEnum};

/// Subcommands of `organisation`.
#[derive(Debug, Subcommand)]
pub enum Organisation {
    /// Show an organisation's year: points, tasks, conditions, record
    Show(Which),
    /// List every organisation's year
    List {
        /// Year
        #[arg(value_parser = clap::value_parser!(i32).range(2000..3000))]
        year: i32,
        /// Of this unit and those below it only
        #[arg(long)]
        unit: Option<UnitCode>,
    },
    /// Assess the organisation one heads and propose a level
    Assess(Proposing),
    /// Appraise an organisation as the personnel body and propose a level
    Appraise(Proposing),
    /// Recognise an organisation's level
    Recognise(Recognising),
    /// Annul a recognition that was found wrong
    Revoke(Annulling),
    /// State a fact about an organisation's year
    State {
        #[command(flatten)]
        which: Which,
        /// What
        #[arg(long)]
        kind: FactKind,
        /// Whether it is so; unknown takes it back
        #[arg(long)]
        value: Truth,
        /// The document it stands in
        #[arg(long)]
        document: String,
        #[command(flatten)]
        author: Author,
    },
    /// Write down that a recognition was told to the organisation, or to another agency
    Notify {
        #[command(flatten)]
        which: Which,
        /// Revision that was told
        #[arg(long)]
        revision: u32,
        /// Who was told; default: the organisation itself
        #[arg(long)]
        to: Option<String>,
        #[command(flatten)]
        told: Told,
    },
    /// Mark a task as done above requirement, or take that back
    Above {
        /// Task, as SOURCE:KEY
        #[arg(value_parser = task)]
        task: TaskRef,
        /// Take the mark back
        #[arg(long)]
        back: bool,
        /// The document that says so
        #[arg(long)]
        document: String,
        #[command(flatten)]
        author: Author,
    },
}

/// Which organisation's year.
#[derive(Debug, Args)]
pub struct Which {
    /// The organisation's code
    pub organisation: UnitCode,
    /// Year
    #[arg(value_parser = clap::value_parser!(i32).range(2000..3000))]
    pub year: i32,
}

/// What every step of its record says.
#[derive(Debug, Args)]
pub struct Step {
    #[command(flatten)]
    pub which: Which,
    /// Revision that was read; 0 for the first
    #[arg(long, default_value_t = 0)]
    pub revision: u32,
    /// Document it cites; needed when the author is an office
    #[arg(long)]
    pub document: Option<String>,
    #[command(flatten)]
    pub author: Author,
}

/// A level and points that are proposed.
#[derive(Debug, Args)]
pub struct Proposing {
    #[command(flatten)]
    pub step: Step,
    /// Level proposed
    #[arg(long, value_name = "excellent|good|completed|not_completed", value_parser = level)]
    pub level: Option<Level>,
    /// Points of an item, for example general.1=9 or a=8.5; repeat it
    #[arg(long, value_name = "ITEM=POINTS", value_parser = item)]
    pub item: Vec<(String, Exact)>,
}

/// A level that is recognised.
#[derive(Debug, Args)]
pub struct Recognising {
    #[command(flatten)]
    pub step: Step,
    /// Level recognised
    #[arg(long, value_name = "excellent|good|completed|not_completed", value_parser = level)]
    pub level: Option<Level>,
    /// Document that allows 25 hundredths to be excellent
    #[arg(long)]
    pub exception: Option<String>,
}

/// A recognition that is annulled.
#[derive(Debug, Args)]
pub struct Annulling {
    #[command(flatten)]
    pub step: Step,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
}

/// A fact that can be stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum FactKind {
    /// Defects pointed out before are all fixed
    DefectsFixed,
    /// Wrongdoing in personnel work, disunity, factions or office-seeking was concluded
    Wrongdoing,
    /// Force majeure is weighed
    ForceMajeure,
    /// A complaint is being verified: nothing is recognised meanwhile
    Hold,
    /// The year may be classified until 15 January
    SpecialDate,
}

/// Whether something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Truth {
    /// It is
    Yes,
    /// It is not
    No,
    /// Nobody knows
    Unknown,
}

impl Truth {
    /// As it is kept.
    pub fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

fn item(text: &str) -> Result<(String, Exact), Wrong> {
    let written = || {
        wrong(
            "viết MỤC=ĐIỂM, ví dụ general.1=9 hoặc a=8.5",
            "write ITEM=POINTS, for example general.1=9 or a=8.5",
        )
    };
    let (item, points) = text.split_once('=').ok_or_else(written)?;
    let item = if item == "đ" { "dd" } else { item };
    if !GENERAL.iter().chain(&RESULTS).any(|known| *known == item) {
        return Err(wrong(
            format!("không có mục {item}; các mục: general.1 đến general.3, a, b, c, d, đ, e, g, h"),
            format!("there is no item {item}; items are general.1 to general.3, a, b, c, d, dd, e, g, h"),
        ));
    }
    Ok((item.to_owned(), number(points)?))
}
