//! What people order about the life of records, periods and organisations.
//!
//! Owns the shape of these orders and their names for logs. It must not know how one is carried out
//! (`execute/life.rs`). An order that does not read is refused by whoever reads it.

use super::command::PersonRef;
use crate::domain::{Level, Period};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One order; `author` is who answers for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum LifeOrder {
    /// One record: its revisions, holds and notices.
    Show {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
    },
    /// The person's own word to their record.
    SelfAssess {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read.
        revision: u32,
        /// The level they propose; years only.
        level: Option<Level>,
        /// Strengths.
        strengths: Option<String>,
        /// Weaknesses.
        weaknesses: Option<String>,
        /// The person.
        author: String,
    },
    /// The scorer's review.
    Review {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read.
        revision: u32,
        /// The level proposed; years only.
        level: Option<Level>,
        /// Comments of the scorer; those entered before when none.
        comment: Option<String>,
        /// Strengths.
        strengths: Option<String>,
        /// Weaknesses.
        weaknesses: Option<String>,
        /// Number and date of the meeting's minutes.
        minutes: Option<String>,
        /// Document with the party committee's opinion.
        party_opinion: Option<String>,
        /// Who reviews.
        author: String,
    },
    /// Annuls a result that was found wrong or dishonest.
    Revoke {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read.
        revision: u32,
        /// What was found.
        reason: String,
        /// The decision that annuls it.
        document: String,
        /// Who revokes.
        author: String,
    },
    /// Holds a record while a complaint is verified.
    Hold {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// Why.
        reason: String,
        /// The complaint's document.
        document: Option<String>,
        /// Who orders it.
        author: String,
    },
    /// Ends a hold.
    Release {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// With what result.
        reason: String,
        /// The document that settles it.
        document: Option<String>,
        /// Who orders it.
        author: String,
    },
    /// Writes down that a result was told to the person.
    Notify {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was told.
        revision: u32,
        /// On which day; today when none.
        on: Option<NaiveDate>,
        /// How.
        how: String,
        /// Who writes it down.
        author: String,
    },
}

impl LifeOrder {
    /// Stable name for logs; says nothing about people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Show { .. } => "record show",
            Self::SelfAssess { .. } => "record self-assess",
            Self::Review { .. } => "record review",
            Self::Revoke { .. } => "record revoke",
            Self::Hold { .. } => "record hold",
            Self::Release { .. } => "record release",
            Self::Notify { .. } => "record notify",
        }
    }
}
