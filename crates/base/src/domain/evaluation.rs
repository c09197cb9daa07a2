//! Levels, components and the life of an evaluation record (Decree 335/2025 art. 15–21).
//!
//! Owns the words for what people decide and the states a record passes. Who may do what is
//! `evaluation`'s business; how a component is computed is `scoring`'s.

use super::exact::{Exact, RoundingMode};
use super::id::PersonId;
use super::period::Period;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Yearly classification (art. 20). For a quarter it is only the band the score lies in (art. 3.5, 19.1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Không hoàn thành nhiệm vụ: below 50.
    NotCompleted,
    /// Hoàn thành nhiệm vụ: 50 to below 70.
    Completed,
    /// Hoàn thành tốt nhiệm vụ: 70 to below 90.
    Good,
    /// Hoàn thành xuất sắc nhiệm vụ: 90 and above.
    Excellent,
}

impl Level {
    /// The band an exact score lies in (art. 20.1–4): 90, 70 and 50 belong to the higher band.
    pub fn of_score(score: &Exact) -> Self {
        if *score >= Exact::integer(90) {
            Self::Excellent
        } else if *score >= Exact::integer(70) {
            Self::Good
        } else if *score >= Exact::integer(50) {
            Self::Completed
        } else {
            Self::NotCompleted
        }
    }

    /// Stable lower-case name, as stored and sent to the evaluation software.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotCompleted => "not_completed",
            Self::Completed => "completed",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::NotCompleted, Self::Completed, Self::Good, Self::Excellent]
            .into_iter()
            .find(|level| level.as_str() == text)
    }

    /// The level in Vietnamese, as printed on forms.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::NotCompleted => "Không hoàn thành nhiệm vụ",
            Self::Completed => "Hoàn thành nhiệm vụ",
            Self::Good => "Hoàn thành tốt nhiệm vụ",
            Self::Excellent => "Hoàn thành xuất sắc nhiệm vụ",
        }
    }
}

/// A score whose printed figure reaches a threshold of art. 20.1–4 that the exact one stays below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The threshold: 50, 70 or 90.
    pub threshold: i64,
    /// The exact score with as many decimals as it takes to see it below the threshold.
    pub exact: String,
}

impl Crossing {
    /// Whether rounding carries a score over a threshold; none when both figures lie in one band.
    pub fn of(exact: &Exact, printed: &str) -> Option<Self> {
        let shown = printed.parse::<Exact>().ok()?;
        let above =
            |threshold: &i64| *exact < Exact::integer(*threshold) && shown >= Exact::integer(*threshold);
        let threshold = [90, 70, 50].into_iter().find(above)?;
        let mut written = (2..=12).map(|digits| exact.round(digits, RoundingMode::HalfUp));
        let below =
            |text: &String| text.parse::<Exact>().is_ok_and(|value| value < Exact::integer(threshold));
        let exact = written.find(below).unwrap_or_else(|| exact.to_text());
        Some(Self { threshold, exact })
    }
}

/// A leader's component that people decide or that follows from subordinates (art. 15.3).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// d: result of the agency or unit (kết quả hoạt động), computed bottom-up; entered where nobody evaluated is in charge.
    UnitResult,
    /// đ: ability to organise implementation (khả năng tổ chức triển khai).
    ImplementationAbility,
    /// e: ability to unite (năng lực tập hợp, đoàn kết).
    UnityAbility,
}

impl Component {
    /// Stable lower-case name, as stored and entered.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnitResult => "unit_result",
            Self::ImplementationAbility => "implementation_ability",
            Self::UnityAbility => "unity_ability",
        }
    }
}

/// What a derivation's formula says of a d that was entered (art. 15.4).
pub const D_ENTERED: &str = "entered, nobody in charge is evaluated";

/// Ten items of the general criteria with their maxima (form 01, Annex II; 30 points together).
pub const GENERAL_ITEMS: [(&str, u8, u8); 10] = [
    // (item, maximum as numerator, denominator): 5 or 2.5 points.
    ("I.1", 5, 1),
    ("I.2", 5, 1),
    ("II.1", 5, 2),
    ("II.2", 5, 2),
    ("II.3", 5, 2),
    ("II.4", 5, 2),
    ("III.1", 5, 2),
    ("III.2", 5, 2),
    ("III.3", 5, 2),
    ("III.4", 5, 2),
];

/// Life of an evaluation record's newest revision.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Computed, a part is still missing (general criteria, d, đ, e).
    Computed,
    /// Complete and provisional, shown to the person and sent to the evaluation software.
    Provisional,
    /// The person put their own word to it (art. 18.2; plan IV.4.2.a).
    SelfAssessed,
    /// The scorer commented on it and, of a year, proposed a level after the meeting (art. 17.2, 21; plan IV.4.2.b–c).
    Reviewed,
    /// Approved by the person the law names (art. 10, 17.2).
    Approved,
    /// Approved and acknowledged by the national database.
    Delivered,
    /// Replaces an approved or closed result with a reason (art. 21.3); waits for its own approval.
    Corrected,
    /// Annulled, because the result was found wrong or dishonest (art. 21.3; plan II.2.g): nothing stands until a
    /// correction is approved.
    Revoked,
}

impl RecordState {
    /// Every state, in the order a record passes them.
    pub const ALL: [Self; 8] = [
        Self::Computed,
        Self::Provisional,
        Self::SelfAssessed,
        Self::Reviewed,
        Self::Approved,
        Self::Delivered,
        Self::Corrected,
        Self::Revoked,
    ];

    /// Stable lower-case name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Computed => "computed",
            Self::Provisional => "provisional",
            Self::SelfAssessed => "self_assessed",
            Self::Reviewed => "reviewed",
            Self::Approved => "approved",
            Self::Delivered => "delivered",
            Self::Corrected => "corrected",
            Self::Revoked => "revoked",
        }
    }

    /// What it is called in Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Computed => "Còn thiếu thành phần",
            Self::Provisional => "Tạm tính, chờ phê duyệt",
            Self::SelfAssessed => "Đã tự đánh giá",
            Self::Reviewed => "Đã có nhận xét, chờ phê duyệt",
            Self::Approved => "Đã phê duyệt",
            Self::Delivered => "Đã vào CSDL quốc gia",
            Self::Corrected => "Đính chính, chờ phê duyệt",
            Self::Revoked => "Đã hủy kết quả",
        }
    }

    /// Whether the record still follows its figures by itself: nobody decided yet.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Computed | Self::Provisional | Self::SelfAssessed | Self::Reviewed)
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a person decided, in the evaluation software or by command. Kept for ever, newest wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Key of the decision at its origin; the same key is the same decision.
    pub key: String,
    /// Whose evaluation it concerns.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// Name of the deciding person as the origin gives it; never empty.
    pub author: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The document it cites: decision, notice, minutes.
    pub document: Option<String>,
    /// What was decided.
    pub kind: DecisionKind,
}

/// Kinds of human decisions that a score or record follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DecisionKind {
    /// General criteria, self-scored (art. 18.2); item → points.
    SelfAssessment {
        /// Points per item of [`GENERAL_ITEMS`].
        items: BTreeMap<String, Exact>,
    },
    /// General criteria as the scorer confirms them (art. 17.2); item → points.
    GeneralCriteria {
        /// Points per item of [`GENERAL_ITEMS`].
        items: BTreeMap<String, Exact>,
    },
    /// A leader's đ or e (art. 15.3.b–c), or d where it is not computed (art. 15.4); 50 or 100 percent.
    LeaderComponent {
        /// Which component.
        component: Component,
        /// Percent.
        percent: Exact,
    },
    /// What stands in words on form 01 (Annex II, II.4–6) and where the meeting is written down (art. 21, 24).
    Remarks {
        /// Strengths (ưu điểm).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strengths: Option<String>,
        /// Weaknesses (hạn chế, khuyết điểm).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weaknesses: Option<String>,
        /// Comments of the scorer (nhận xét của người đánh giá).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// Number and date of the meeting's minutes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<String>,
    },
    /// A superior confirms that returns of a task were major content errors (art. 14.2.b).
    QualityFailures {
        /// The task.
        source: String,
        /// The task's key at its source.
        external_id: String,
        /// How many failed assessments count.
        count: u32,
        /// Why.
        reason: String,
    },
    /// A superior confirms that a task's lateness counts, or rejects it with the reason (art. 14.2.c).
    Lateness {
        /// The task's source.
        source: String,
        /// The task's key at its source.
        external_id: String,
        /// Whether it counts.
        counts: bool,
        /// Why, with the evidence.
        reason: String,
    },
    /// A support worker's three percents, 0 to 100 each (Handbook III.5).
    SupportPercents {
        /// Whether they are the person's own.
        own: bool,
        /// Work quality, compliance with rules, efficiency.
        percents: [Exact; 3],
    },
    /// An objective cause confirmed by the competent authority (art. 14.2.b–c).
    Excuse {
        /// The task's source.
        source: String,
        /// The task's key at its source.
        external_id: String,
        /// `late`, `quality`, or `none`: what was excused before counts again.
        covers: String,
        /// Why, with the evidence.
        reason: String,
    },
    /// A superior confirms a share of a product as completed, 0 to its quantity.
    CompletedQuantity {
        /// The task's source.
        source: String,
        /// The task's key at its source.
        external_id: String,
        /// Completed and accepted quantity.
        quantity: Exact,
    },
    /// The scorer approves one revision of a period's record (art. 17.2).
    Approval {
        /// Revision of the record that was approved.
        revision: u32,
        /// Hash of the content the person saw, where the origin tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_hash: Option<String>,
        /// Decision number, where there is one.
        decision_no: Option<String>,
    },
    /// The competent authority classifies the year (art. 20, 21).
    Classification {
        /// Revision of the record that was classified, where the origin tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<u32>,
        /// The level decided; the score is an input, not the result.
        level: Level,
        /// Decision number.
        decision_no: Option<String>,
        /// Document with the prior opinion of the provincial chair, where the plan asks for one (IV.4.2.c).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opinion: Option<String>,
    },
}

impl DecisionKind {
    /// Whether it says what is thought of a record as it stands, approval or classification: nothing a score or a record's words are
    /// made of.
    pub fn judges_record(&self) -> bool {
        matches!(self, Self::Approval { .. } | Self::Classification { .. })
    }

    /// Whether two tellings of one decision say the same; one that leaves out the hash an approval may carry, or
    /// the revision of a classification, does not contradict one that has it.
    pub fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Approval { revision, content_hash, decision_no },
                Self::Approval { revision: its, content_hash: hash, decision_no: number },
            ) => {
                let hashes = content_hash.as_ref().zip(hash.as_ref());
                (revision, decision_no) == (its, number) && hashes.is_none_or(|(one, two)| one == two)
            }
            (
                Self::Classification { revision, level, decision_no, opinion },
                Self::Classification { revision: its, level: band, decision_no: number, opinion: document },
            ) => {
                let revisions = revision.zip(*its);
                (level, decision_no, opinion) == (band, number, document)
                    && revisions.is_none_or(|(one, two)| one == two)
            }
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d17_thresholds_belong_to_the_higher_band() {
        let cases = [
            ("90", Level::Excellent),
            ("89.999", Level::Good),
            ("70", Level::Good),
            ("69.999", Level::Completed),
            ("50", Level::Completed),
            ("49.999", Level::NotCompleted),
        ];
        for (score, level) in cases {
            assert_eq!(Level::of_score(&score.parse().expect("score")), level, "{score}");
        }
    }

    #[test]
    fn a_printed_figure_that_reaches_a_threshold_its_score_stays_below_is_seen_with_enough_decimals() {
        let crossed = |exact: &str, printed: &str| Crossing::of(&exact.parse().expect("exact"), printed);
        let at = |threshold, exact: &str| Some(Crossing { threshold, exact: exact.to_owned() });
        // (78.55 + 82.66 + 48.78) / 3
        assert_eq!(crossed("20999/300", "70.00"), at(70, "69.997"));
        assert_eq!(crossed("89.9999996", "90.00"), at(90, "89.9999996"));
        assert_eq!(crossed("49.6", "50"), at(50, "49.60"));
        for (exact, printed) in [("70", "70.00"), ("69.994", "69.99"), ("70.004", "70.00"), ("69.9", "?")] {
            assert_eq!(crossed(exact, printed), None, "{exact}");
        }
    }

    #[test]
    fn general_items_sum_to_thirty_points() {
        let total: Exact = GENERAL_ITEMS
            .iter()
            .filter_map(|(_, n, d)| Exact::ratio((*n).into(), (*d).into()))
            .fold(Exact::zero(), |sum, points| &sum + &points);
        assert_eq!(total, Exact::integer(30));
    }
}
