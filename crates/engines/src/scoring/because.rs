//! Why a rule moved or told something about a level, with its figures.
//!
//! Owns the reasons and the one text each is kept as in a derivation: a kept reason reads back as what it was, and
//! derivations stay byte for byte what they were. It must not know in which words people read them. A text that is no
//! reason of this version (an older or newer program's) reads back as none and is shown as it is.

use crate::domain::{Exact, FactKind, Level, Period};
use serde::{Serialize, Serializer};
use std::fmt;

/// Why, with numbers, days and the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// Own assigned tasks that are neither completed nor excused nor handed over.
    OpenTasks {
        /// How many.
        open: usize,
        /// Source and key of the first one.
        first: String,
    },
    /// Of what was assigned to the unit less than 70 % was completed.
    BelowShare {
        /// Converted quantity completed.
        completed: Exact,
        /// Converted quantity assigned.
        assigned: Exact,
    },
    /// Quarters of the year that were not completed.
    FailedQuarters(usize),
    /// Two quarters in a row that were not completed.
    FailedInARow(Period, Period),
    /// How many quarters of the year have which level.
    QuarterLevels {
        /// Excellent.
        excellent: usize,
        /// Completed.
        completed: usize,
        /// Not completed.
        failed: usize,
    },
    /// A fact of service (art. 11.3, 20.4): its kind, and its text, day and document.
    Fact(FactKind, String),
    /// The level of the organisation a head leads (art. 20.6).
    Organisation(Level),
    /// Months worked, fewer than are needed (art. 11.1).
    Months {
        /// Worked.
        worked: Exact,
        /// Needed.
        least: i64,
    },
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenTasks { open, first } => {
                write!(f, "{open} assigned tasks not completed, {first} first")
            }
            Self::BelowShare { completed, assigned } => {
                write!(f, "{completed} of {assigned} completed, below 70 %")
            }
            Self::FailedQuarters(failed) => write!(f, "{failed} quarters not completed"),
            Self::FailedInARow(one, next) => {
                write!(f, "{one} and {next} not completed in a row: consider replacement")
            }
            Self::QuarterLevels { excellent, completed, failed } => {
                write!(f, "{excellent} quarters excellent, {completed} completed, {failed} not completed")
            }
            Self::Fact(kind, what) => write!(f, "{}: {what}", kind.as_str()),
            Self::Organisation(level) => write!(f, "organisation {}", level.as_str()),
            Self::Months { worked, least } => write!(f, "{worked} months worked, fewer than {least}"),
        }
    }
}

impl Serialize for Because {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Because {
    /// A reason as it is kept; none when it is no reason of this version.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((kind, what)) = text.split_once(": ")
            && let Some(kind) = FactKind::parse(kind)
        {
            return Some(Self::Fact(kind, what.to_owned()));
        }
        if let Some(level) = text.strip_prefix("organisation ") {
            return Level::parse(level).map(Self::Organisation);
        }
        if let Some((worked, least)) = text.split_once(" months worked, fewer than ") {
            return Some(Self::Months { worked: worked.parse().ok()?, least: least.parse().ok()? });
        }
        if let Some(pair) = text.strip_suffix(" not completed in a row: consider replacement") {
            let (one, next) = pair.split_once(" and ")?;
            return Some(Self::FailedInARow(one.parse().ok()?, next.parse().ok()?));
        }
        if let Some(shares) = text.strip_suffix(" completed, below 70 %") {
            let (completed, assigned) = shares.split_once(" of ")?;
            return Some(Self::BelowShare {
                completed: completed.parse().ok()?,
                assigned: assigned.parse().ok()?,
            });
        }
        if let Some((open, first)) = text.split_once(" assigned tasks not completed, ") {
            let first = first.strip_suffix(" first")?.to_owned();
            return Some(Self::OpenTasks { open: open.parse().ok()?, first });
        }
        if let Some((excellent, rest)) = text.split_once(" quarters excellent, ") {
            let (completed, failed) = rest.split_once(" completed, ")?;
            return Some(Self::QuarterLevels {
                excellent: excellent.parse().ok()?,
                completed: completed.parse().ok()?,
                failed: failed.strip_suffix(" not completed")?.parse().ok()?,
            });
        }
        let failed = text.strip_suffix(" quarters not completed")?;
        Some(Self::FailedQuarters(failed.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_from_the_text_it_is_kept_as() {
        let quarter = |number| Period::quarter(2026, number).expect("quarter");
        for reason in [
            Because::OpenTasks { open: 3, first: "snv/VB 1, 2".into() },
            Because::BelowShare {
                completed: Exact::integer(13),
                assigned: Exact::ratio(61, 3).expect("a ratio"),
            },
            Because::FailedQuarters(2),
            Because::FailedInARow(quarter(2), quarter(3)),
            Because::QuarterLevels { excellent: 3, completed: 0, failed: 1 },
            Because::Fact(FactKind::Discipline, "khiển trách: nhẹ, 2026-05-04, 12/QĐ-KL".into()),
            Because::Organisation(Level::Completed),
            Because::Months { worked: Exact::ratio(16, 3).expect("a ratio"), least: 6 },
        ] {
            assert_eq!(Because::parse(&reason.to_string()), Some(reason));
        }
        assert_eq!(Because::parse("12/QĐ"), None);
    }
}
