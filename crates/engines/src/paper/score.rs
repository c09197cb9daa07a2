//! A kept derivation as papers need it.
//!
//! Owns which of its keys are printed. It must not compute a score: sums of columns are the only arithmetic. A
//! derivation of another version that lacks a key prints without it.

use crate::domain::{Exact, Level, Period};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A number, exact and printed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Number {
    /// Exactly.
    pub exact: Exact,
    /// Rounded once by the rule set.
    pub printed: String,
}

/// One line that counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Source and key of the record it comes from.
    pub source: String,
    /// Title of the task.
    pub title: String,
    /// Product code.
    pub product: String,
    /// k.
    pub coefficient: Exact,
    /// G.
    pub assigned: Exact,
    /// C.
    pub completed: Exact,
    /// q.
    pub quality_failures: u32,
    /// l.
    pub late_count: u32,
    /// Outside the assigned total (art. 18.1.d).
    pub extra: bool,
    /// Day it was due.
    pub due: Option<NaiveDate>,
    /// Day it was completed.
    pub completed_on: Option<NaiveDate>,
    /// Things to know about it, in the reader's words.
    pub notes: Vec<String>,
    /// Staff number of whoever's line it is; none for one's own.
    pub of: Option<String>,
    /// k·G.
    pub assigned_converted: Exact,
    /// k·C.
    pub completed_converted: Exact,
    /// What it adds to b.
    pub quality: Exact,
    /// What it adds to c.
    pub progress: Exact,
}

impl Default for Line {
    fn default() -> Self {
        let zero = Exact::zero;
        Self {
            source: String::new(),
            title: String::new(),
            product: String::new(),
            coefficient: zero(),
            assigned: zero(),
            completed: zero(),
            quality_failures: 0,
            late_count: 0,
            extra: false,
            due: None,
            completed_on: None,
            notes: Vec::new(),
            of: None,
            assigned_converted: zero(),
            completed_converted: zero(),
            quality: zero(),
            progress: zero(),
        }
    }
}

/// A task that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Excluded {
    /// Source and key of the record it comes from.
    pub source: String,
    /// Title of the task.
    pub title: String,
    /// Why, in the reader's words.
    pub reason: String,
    /// The task it counts as, where it is one with another.
    pub counts_as: Option<String>,
}

/// A recorded period a year is the mean of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recorded {
    /// Which.
    pub period: Period,
    /// Its printed score.
    pub score: String,
    /// Where it is recorded.
    #[serde(default)]
    pub from: String,
}

/// A line that lost points.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Lost {
    /// Source and key of the record it comes from.
    pub source: String,
    /// Title of the task.
    pub title: String,
    /// The month it lies in, where a quarter is the mean of its months.
    #[serde(default)]
    pub month: Option<String>,
    /// Points it would bring, done whole, on time and without failure.
    pub printed: String,
}

/// What moved a level, or told something about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ruled {
    /// The rule, in the reader's words.
    pub rule: String,
    /// Level before.
    pub from: Option<Level>,
    /// Level after.
    pub to: Option<Level>,
    /// Why, in the reader's words.
    pub because: String,
}

/// A score with the steps that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Derivation {
    /// a, b, c, d, dd, e in percent.
    pub components: BTreeMap<String, Number>,
    /// R in percent.
    pub criterion: Option<Number>,
    /// R·70.
    pub task_part: Option<Number>,
    /// General criteria.
    pub general: Option<Number>,
    /// S.
    pub total: Option<Number>,
    /// Band or level.
    pub level: Option<Level>,
    /// What moved the level, in order.
    pub ruled: Vec<Ruled>,
    /// Parts that are missing, in the reader's words.
    pub missing: Vec<String>,
    /// Days worked, where they are not the whole period.
    pub worked: Vec<(NaiveDate, NaiveDate)>,
    /// Formulas with the numbers put in; each ends with its article in parentheses.
    pub formulas: Vec<String>,
    /// Lines that count.
    pub lines: Vec<Line>,
    /// Tasks that do not.
    pub excluded: Vec<Excluded>,
    /// Subordinates without a score.
    pub unscored: Vec<String>,
    /// The lines that lost most, the most first; no key of what is kept.
    pub most: Vec<Lost>,
    /// What a year is the mean of.
    pub quarters: Vec<Recorded>,
    /// The switches applied.
    pub rule_set: BTreeMap<String, serde_json::Value>,
}

/// Sums of a sheet's converted columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// How many lines.
    pub lines: usize,
    /// Σ k·G.
    pub assigned: Exact,
    /// Σ k·C.
    pub completed: Exact,
    /// Σ for b.
    pub quality: Exact,
    /// Σ for c.
    pub progress: Exact,
}

impl Sums {
    /// The sums over some lines.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut sums = Self {
            lines: 0,
            assigned: Exact::zero(),
            completed: Exact::zero(),
            quality: Exact::zero(),
            progress: Exact::zero(),
        };
        for line in lines {
            sums.lines += 1;
            sums.assigned = &sums.assigned + &line.assigned_converted;
            sums.completed = &sums.completed + &line.completed_converted;
            sums.quality = &sums.quality + &line.quality;
            sums.progress = &sums.progress + &line.progress;
        }
        sums
    }
}
