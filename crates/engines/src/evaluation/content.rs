//! What one revision of an evaluation record says.
//!
//! Owns the shape of a revision's content, its canonical bytes and its hash. Figures are kept exactly and as
//! printed; a part that is missing is absent and named, never 0. It must not know how a figure was computed or
//! who may change it. Nothing here can fail: a content in hand is one that can be written.

use super::remarks::Remarks;
use crate::domain::{Exact, Level, Period, Role, UnitCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A part of a score (Decree 335/2025 art. 12, 14–16), in the order of form 01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// a: quantity (art. 14.2.a).
    A,
    /// b: quality (art. 14.2.b).
    B,
    /// c: progress (art. 14.2.c).
    C,
    /// d: result of the unit led (art. 15.3.a).
    D,
    /// đ: ability to organise implementation (art. 15.3.b).
    Dd,
    /// e: ability to unite (art. 15.3.c).
    E,
    /// R: mean of the components, 0 to 1 (art. 16).
    R,
    /// R · 70: the part of the tasks, 0 to 70.
    TaskPart,
    /// General criteria, 0 to 30 (art. 12.2, form 01).
    General,
    /// Sum, 0 to 100.
    Total,
}

impl Part {
    /// Every part in order.
    pub const ALL: [Self; 10] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::Dd,
        Self::E,
        Self::R,
        Self::TaskPart,
        Self::General,
        Self::Total,
    ];

    /// Stable name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::Dd => "dd",
            Self::E => "e",
            Self::R => "r",
            Self::TaskPart => "task_part",
            Self::General => "general",
            Self::Total => "total",
        }
    }

    /// What a person reads, in Vietnamese and English.
    pub fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::A => ("a (số lượng)", "a (quantity)"),
            Self::B => ("b (chất lượng)", "b (quality)"),
            Self::C => ("c (tiến độ)", "c (progress)"),
            Self::D => ("d (kết quả của đơn vị)", "d (result of the unit)"),
            Self::Dd => ("đ (tổ chức triển khai)", "đ (implementation)"),
            Self::E => ("e (tập hợp, đoàn kết)", "e (unity)"),
            Self::R => ("tỷ lệ hoàn thành R", "ratio R"),
            Self::TaskPart => ("điểm thực hiện nhiệm vụ", "points for tasks"),
            Self::General => ("điểm tiêu chí chung", "points for general criteria"),
            Self::Total => ("tổng điểm", "total"),
        }
    }
}

/// A number of a record: exact, and as it is printed and counts officially.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The exact value.
    pub exact: Exact,
    /// The value as printed, rounded once by the rule set.
    pub printed: String,
}

/// How many task lines went where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineCounts {
    /// Counted in the ratios.
    pub counted: u32,
    /// Counted above the plan (art. 18.1.d).
    pub extra: u32,
    /// Listed outside the ratios with a reason.
    pub excluded: u32,
}

/// Who decided a record, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// Name of the deciding person, as the origin gives it.
    pub by: String,
    /// Number of the decision, where there is one.
    pub decision_no: Option<String>,
    /// Document with the prior opinion of the provincial chair, where the plan asks for one (IV.4.2.c).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<String>,
    /// When it was decided.
    pub at: DateTime<Utc>,
}

/// The content of one revision. Serialised field by field in this order, it is the same bytes everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The period evaluated.
    pub period: Period,
    /// Role that decides the formula.
    pub role: Role,
    /// Unit at the end of the period.
    pub unit: UnitCode,
    /// Title of the post as printed.
    pub post: String,
    /// The parts that exist; an absent part is missing or does not belong to the role.
    pub parts: BTreeMap<Part, Figure>,
    /// For a period below a year the band of the total (art. 3.5); for a year the level decided (art. 20), or
    /// the band while nobody decided. None while the total is missing.
    pub level: Option<Level>,
    /// Of a year that was classified, the level the score and the rules proposed when it was (art. 11, 20); what is
    /// proposed later is compared with it. None before, and in rulings of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Level>,
    /// Names of the parts that are still missing, in order; empty = complete.
    pub missing: Vec<String>,
    /// Numbers of task lines.
    pub lines: LineCounts,
    /// Days worked, as spans, where they are not the whole period: the result is one of part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worked: Vec<(NaiveDate, NaiveDate)>,
    /// Rule set applied.
    pub rule_set: String,
    /// SHA-256 of the rule set, hexadecimal.
    pub rule_set_hash: String,
    /// SHA-256 of everything the score was computed from, hexadecimal.
    pub inputs_hash: String,
    /// Who approved, classified or revoked; none before.
    pub ruling: Option<Ruling>,
    /// What people wrote on it on its way.
    #[serde(default, skip_serializing_if = "Remarks::is_empty")]
    pub remarks: Remarks,
}

/// What stands among the missing parts of somebody who is not evaluated in a period: too little of it worked, or none.
pub const WORKED_SHARE: &str = "worked_share";
/// The same of somebody who is not, or no longer, among those evaluated.
pub const OUTSIDE_POPULATION: &str = "population";

/// Whether a person with these missing parts is evaluated in the period at all.
pub fn is_evaluated<'a>(mut missing: impl Iterator<Item = &'a str>) -> bool {
    missing.all(|part| part != WORKED_SHARE && part != OUTSIDE_POPULATION)
}

impl Content {
    /// Whether the person is evaluated in the period at all.
    pub fn is_evaluated(&self) -> bool {
        is_evaluated(self.missing.iter().map(String::as_str))
    }

    /// The content without any result, for somebody who is not evaluated after all.
    pub fn voided(self, reason: &str) -> Self {
        Self {
            parts: BTreeMap::new(),
            level: None,
            missing: vec![reason.to_owned()],
            lines: LineCounts::default(),
            worked: Vec::new(),
            ..self
        }
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.parts.contains_key(&Part::Total)
    }

    /// Whether the points of the general criteria are assumed (switch `gen_assumption`): counted, and entered by nobody. Such
    /// a content is never complete.
    pub fn general_is_assumed(&self) -> bool {
        self.parts.contains_key(&Part::General) && self.missing.iter().any(|part| part == "general_criteria")
    }

    /// Whether it is a year somebody decided.
    pub fn is_ruled_year(&self) -> bool {
        self.period.is_year() && self.ruling.is_some()
    }

    /// The level that is proposed: the band of the score as the articles and local rules leave it (art. 11, 20). Of a
    /// year that is decided, the one proposed then, where it was kept.
    pub fn proposal(&self) -> Option<Level> {
        if self.is_ruled_year() { self.proposed } else { self.level }
    }

    /// The level a decision about the year takes as it stands: what the review after the meeting proposes (plan IV.4.2.c), never
    /// above what score and rules do.
    pub fn suggested(&self) -> Option<Level> {
        let proposed = self.proposal()?;
        Some(self.remarks.proposed_level.map_or(proposed, |level| level.min(proposed)))
    }

    /// The total, where it exists.
    pub fn total(&self) -> Option<&Figure> {
        self.parts.get(&Part::Total)
    }

    /// Canonical bytes: compact JSON in the order of the fields, parts in the order of the form, exact numbers
    /// as text.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        // Plain structs, texts and maps with unit-variant keys: there is no value that JSON cannot hold.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical bytes, hexadecimal.
    pub fn hash(&self) -> String {
        Sha256::digest(self.canonical_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a newly computed content has the figures of this one and gives its level. Of a decided year the level proposed
    /// when it was decided is compared; where none was kept, the figures alone.
    pub fn has_the_result_of(&self, computed: &Self) -> bool {
        let level = match self.proposed {
            None if self.is_ruled_year() => computed.level,
            _ => self.proposal(),
        };
        self.parts == computed.parts && level == computed.level
    }

    /// Whether a newly computed content says the same as this one. Who decided and what was written is left aside, and
    /// so is the hash of the inputs: an edit that moves no figure makes no revision. A year's decided level stays; what is
    /// compared is the level proposed when it was decided. How many lines are listed outside the ratios says nothing of the result.
    pub fn says_the_same(&self, computed: &Self) -> bool {
        self.has_the_result_of(computed)
            && (self.period, self.role, &self.unit, &self.post, &self.missing)
                == (computed.period, computed.role, &computed.unit, &computed.post, &computed.missing)
            && (self.lines.counted, self.lines.extra) == (computed.lines.counted, computed.lines.extra)
            && self.worked == computed.worked
            && (&self.rule_set, &self.rule_set_hash) == (&computed.rule_set, &computed.rule_set_hash)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A staff member's record of one quarter; `total` is printed and exact, none = general criteria missing.
    pub(in crate::evaluation) fn sample(period: &str, total: Option<&str>) -> Content {
        let figure = |text: &str| Figure { exact: text.parse().expect("figure"), printed: text.to_owned() };
        let mut parts = BTreeMap::from([(Part::A, figure("0.9")), (Part::TaskPart, figure("63"))]);
        if let Some(total) = total {
            parts.insert(Part::Total, figure(total));
        }
        Content {
            period: period.parse().expect("period"),
            role: Role::Staff,
            unit: UnitCode::new("SNV").expect("unit"),
            post: "Chuyên viên".into(),
            level: total.map(|total| Level::of_score(&total.parse().expect("total"))),
            proposed: None,
            parts,
            missing: if total.is_some() { Vec::new() } else { vec!["general".into()] },
            lines: LineCounts { counted: 12, extra: 1, excluded: 2 },
            worked: Vec::new(),
            rule_set: "decree-335-2025".into(),
            rule_set_hash: "ab".repeat(32),
            inputs_hash: "cd".repeat(32),
            ruling: None,
            remarks: Remarks::default(),
        }
    }

    #[test]
    fn canonical_bytes_read_back_to_the_same_content_and_hash() {
        let content = sample("2026-Q3", Some("89.5"));
        let bytes = content.canonical_bytes();
        let again: Content = serde_json::from_slice(&bytes).expect("content");
        assert_eq!((&again, again.hash()), (&content, content.hash()));
        assert!(String::from_utf8(bytes).expect("text").contains(r#""a":{"exact":"0.9","printed":"0.9"}"#));
    }

    #[test]
    fn any_change_of_a_figure_changes_the_hash() {
        let content = sample("2026-Q3", Some("89.5"));
        let mut other = content.clone();
        other.lines.counted += 1;
        assert_ne!(content.hash(), other.hash());
        assert!(!content.says_the_same(&other));
    }

    #[test]
    fn level_suggested_is_that_of_the_review_and_never_above_the_proposed_one() {
        let mut content = sample("2026", Some("89.5"));
        assert_eq!(content.suggested(), Some(Level::Good));
        for (reviewed, suggested) in [(Level::Completed, Level::Completed), (Level::Excellent, Level::Good)] {
            content.remarks.proposed_level = Some(reviewed);
            assert_eq!(content.suggested(), Some(suggested));
        }
        content.level = None;
        assert_eq!(content.suggested(), None, "whoever is not classified has none, whatever a review says");
    }

    #[test]
    fn result_of_a_decided_year_is_compared_by_what_was_proposed_then_and_by_figures_where_none_was_kept() {
        let computed = sample("2026", Some("91"));
        let at = DateTime::UNIX_EPOCH;
        let ruling = Ruling { by: "GL-3".into(), decision_no: None, opinion: None, at };
        let decided = Content { level: Some(Level::Good), ruling: Some(ruling), ..computed.clone() };
        let told = Content { proposed: Some(Level::Excellent), ..decided.clone() };
        for ruled in [&decided, &told] {
            assert!(ruled.has_the_result_of(&computed), "nobody proposes another level: {ruled:?}");
            assert!(!ruled.has_the_result_of(&sample("2026", Some("92"))));
        }
        let lowered = Content { level: Some(Level::Completed), ..computed.clone() };
        assert!(decided.has_the_result_of(&lowered) && !told.has_the_result_of(&lowered));
        let quarter = sample("2026-Q3", Some("91"));
        assert!(!quarter.has_the_result_of(&Content { level: Some(Level::Good), ..quarter.clone() }));
    }

    #[test]
    fn inputs_that_move_no_figure_say_the_same() {
        let content = sample("2026-Q3", Some("89.5"));
        let mut other = content.clone();
        other.inputs_hash = "00".repeat(32);
        // A task that waits, or is not due yet, is none of the result.
        other.lines.excluded += 1;
        assert!(content.says_the_same(&other));
        // That only part of the period was worked is told, though no figure moves.
        let (from, to) = (NaiveDate::from_ymd_opt(2026, 7, 15), NaiveDate::from_ymd_opt(2026, 9, 30));
        other.worked = from.zip(to).into_iter().collect();
        assert!(!content.says_the_same(&other) && content.hash() != other.hash());
    }
}
