//! Dated facts of a person's service that move a result: leave, discipline, disqualifiers, groups of similar tasks.
//!
//! Owns their words and which of them are leave (Decree 335/2025 art. 11, 20.4, 20.5). Days are days of
//! Asia/Ho_Chi_Minh, both ends included. It must not know how a fact changes a score, or who may enter one.

use super::id::PersonId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Unpaid leave: the result is that of the time worked, when at least 6 months were (art. 11.2).
    UnpaidLeave,
    /// Sick leave: the result is that of the time worked (art. 11.2).
    SickLeave,
    /// Maternity leave: the result is that of the time worked (art. 11.2).
    MaternityLeave,
    /// Party or administrative discipline linked to official duties, or for degradation (art. 11.3, 20.4.c).
    Discipline,
    /// Discipline for anything else: no effect is written.
    DisciplineUnrelated,
    /// Conclusion of political, moral or lifestyle degradation, forbidden acts, breach of exemplary duty (art. 20.4.b).
    Degradation,
    /// A body under a leader's direct charge was involved in corruption or waste and dealt with by law (art. 20.4.d).
    CorruptionBelow,
    /// The group of similar tasks the person belongs to (art. 20.5); the text names it.
    TaskGroup,
}

impl FactKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::UnpaidLeave,
        Self::SickLeave,
        Self::MaternityLeave,
        Self::Discipline,
        Self::DisciplineUnrelated,
        Self::Degradation,
        Self::CorruptionBelow,
        Self::TaskGroup,
    ];

    /// Stable lower-case name, as stored and written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnpaidLeave => "unpaid_leave",
            Self::SickLeave => "sick_leave",
            Self::MaternityLeave => "maternity_leave",
            Self::Discipline => "discipline",
            Self::DisciplineUnrelated => "discipline_unrelated",
            Self::Degradation => "degradation",
            Self::CorruptionBelow => "corruption_below",
            Self::TaskGroup => "task_group",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether the days of the fact were not worked.
    pub fn is_leave(self) -> bool {
        matches!(self, Self::UnpaidLeave | Self::SickLeave | Self::MaternityLeave)
    }

    /// Whether it can make a year "not completed"; the article of art. 20.4 it stands in.
    pub fn article(self) -> Option<&'static str> {
        match self {
            Self::Degradation => Some("Đ20.4.b"),
            Self::Discipline => Some("Đ20.4.c"),
            Self::CorruptionBelow => Some("Đ20.4.d"),
            _ => None,
        }
    }
}

/// A fact as it was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceFact {
    /// Kind.
    pub kind: FactKind,
    /// First day; of discipline and conclusions the day they take effect.
    pub from: NaiveDate,
    /// Last day of leave or of a group; open when none. Never set for discipline and conclusions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// Day of the act a discipline or conclusion is about, where it is another one (art. 11.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_on: Option<NaiveDate>,
    /// Name of the act, the same for everything that is about it: it counts once (art. 11.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// What it is: the degree of discipline, the group's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The document it cites.
    pub document: String,
}

impl ServiceFact {
    /// First and last day, an open end as the last day there is.
    pub fn span(&self) -> (NaiveDate, NaiveDate) {
        (self.from, self.to.unwrap_or(if self.kind.article().is_some() { self.from } else { NaiveDate::MAX }))
    }
}

/// A fact with its number and author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFact {
    /// Number.
    pub id: i64,
    /// Whose.
    pub person: PersonId,
    /// The fact.
    pub fact: ServiceFact,
    /// Who entered it.
    pub author: String,
    /// When it was entered.
    pub at: DateTime<Utc>,
    /// The record of a source that says so; none where a person entered it.
    pub record: Option<FactRecord>,
    /// Who took it back, and why.
    pub revoked: Option<FactRevoked>,
}

/// The record of a source a fact came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRecord {
    /// The source.
    pub source: String,
    /// Its key there.
    pub key: String,
}

/// Who took a fact back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRevoked {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The document it cites.
    pub document: Option<String>,
}
