//! Finding the catalog product a task counts as: rules first, then a text ranking that knows when it does not know.
//!
//! Owns rules, features, the learned ranking, its calibration, the decision with its reason, and the measurement
//! of all that against labelled tasks. It must not know the store or how a coefficient is used. A task it is not
//! sure of goes to review with candidates, never to a guess. Same inputs, same decisions, byte for byte.

pub mod calibration;
mod codes;
mod copies;
pub mod evaluate;
pub mod exchange;
mod features;
pub mod group;
mod hashed;
pub mod labels;
pub mod mapper;
pub mod model;
pub mod noise;
mod phrase;
mod ranking;
pub mod report;
mod rows;
mod rule_day;
pub mod rule_trial;
pub mod rules;
pub mod short_forms;
mod slips;
mod twins;
mod vocabulary;

pub use evaluate::{Figures, Folds, Report, cross_validate, evaluate};
pub use labels::Labelled;
pub use mapper::Mapper;
pub use rules::RuleBook;
pub use twins::of_one_name;

use crate::domain::{CatalogScope, ProductCode, UnitKind};
use crate::error::Text;
use crate::text::Abbreviations;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What is known of a task when its product is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskText<'a> {
    /// Title as it came; only the first 2,000 characters are read.
    pub title: &'a str,
    /// Document type of the source; empty when unknown.
    pub doc_type: &'a str,
    /// The source's own category; empty when unknown.
    pub category: &'a str,
    /// Kind of source system; empty when unknown.
    pub source_system: &'a str,
    /// Name of the unit; empty when unknown.
    pub unit: &'a str,
    /// Kind of the unit; none = read from its name.
    pub unit_kind: Option<UnitKind>,
    /// Product code the source itself carries.
    pub product_code: Option<&'a str>,
    /// The day it was assigned, by which dated rules hold; none = every rule holds.
    pub assigned_on: Option<NaiveDate>,
    /// The scopes its unit stands in, the nearest first, by which scoped rules hold; none = read from the unit.
    pub scopes: &'a [CatalogScope],
}

/// A task whose product a person decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Title as it came.
    pub title: String,
    /// Document type of the source.
    pub doc_type: String,
    /// The source's own category.
    pub category: String,
    /// Kind of source system.
    pub source_system: String,
    /// Name of the unit.
    pub unit: String,
    /// Kind of the unit; none = read from its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_kind: Option<UnitKind>,
    /// The decided product; none = outside the catalog.
    pub product: Option<ProductCode>,
    /// A second product that would also have been right.
    pub also_ok: Vec<ProductCode>,
}

impl Example {
    /// The task without the decision.
    pub fn task(&self) -> TaskText<'_> {
        TaskText {
            title: &self.title,
            doc_type: &self.doc_type,
            category: &self.category,
            source_system: &self.source_system,
            unit: &self.unit,
            unit_kind: self.unit_kind,
            ..TaskText::default()
        }
    }
}

/// Choices of whoever builds a mapper.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Share of automatic text decisions that shall be right, 0.5 to 0.999.
    pub target_precision: f64,
    /// Short forms titles are read with: the built-in ones, and an operator's own ([`short_forms`]).
    pub abbreviations: Abbreviations,
}

impl Default for Options {
    fn default() -> Self {
        Self { target_precision: 0.97, abbreviations: Abbreviations::default() }
    }
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The source carried a code of the catalog.
    Source,
    /// A rule matched.
    Rule,
    /// The text ranking.
    Text,
}

/// What a task counts as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// One product, with the coefficient of the catalog in hand.
    Mapped {
        /// Its code.
        product: ProductCode,
        /// Its coefficient.
        coefficient: Decimal,
    },
    /// A person has to decide.
    Review,
    /// No product, by a rule.
    Outside,
}

/// One product the text speaks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// Its code.
    pub product: ProductCode,
    /// Score of the ranking; comparable within one decision only.
    pub score: f64,
    /// The words that made the score, strongest first, at most five.
    pub words: Vec<String>,
}

/// A decision with its grounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MappingDecision {
    /// What the task counts as.
    pub outcome: Outcome,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// Share of decisions like this one that are right, 0 to 1; 1 for rules and sources.
    pub confidence: f64,
    /// The five best candidates of the text ranking, best first; empty for rules and sources.
    pub candidates: Vec<Candidate>,
    /// Score of "outside the catalog", comparable with the candidates' scores.
    pub outside_score: f64,
    /// The reason in both languages.
    pub reason: Text,
}
