//! What stands in words on a record (form 01, II.4–6; form 02, II–III): who put their word to it, and what they wrote.
//!
//! Owns the texts of a revision, their limits, and what of them stays when the figures move on: a person's own word
//! stays, a review was of figures that no longer stand and has to be given again, texts are kept. It must not know who
//! may write them. A text that is empty or too long is refused by [`Remarks::wrong`]; nothing is cut.

use crate::domain::{Decision, DecisionKind, Level};
use crate::error::{Finding, Text};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Longest text, in characters.
pub const MAX_TEXT: usize = 4_000;

/// Who put their name to something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Name or staff number, as given.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The words of one revision; what nobody wrote is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Remarks {
    /// The person's own word (art. 18.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Signed>,
    /// The level the person proposes for the year (form 02, II).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_level: Option<Level>,
    /// The scorer's review (art. 17.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Signed>,
    /// The level the review proposes for the year (plan IV.4.2.c).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_level: Option<Level>,
    /// Strengths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strengths: Option<String>,
    /// Weaknesses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weaknesses: Option<String>,
    /// Comments of the scorer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Number and date of the meeting's minutes (art. 21, 24).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<String>,
    /// Document with the party committee's opinion, of heads and deputies (art. 21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_opinion: Option<String>,
    /// What is proposed to be done with the year's result (art. 23; form 02, IV).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handling: Option<String>,
}

impl Remarks {
    /// Whether nobody wrote anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The texts people entered apart from a step, the newest of each; decisions oldest first.
    pub fn entered<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Self {
        let mut entered = Self::default();
        for decision in decisions {
            if let DecisionKind::Remarks { strengths, weaknesses, comment, minutes } = &decision.kind {
                entered.overlay(strengths.clone(), weaknesses.clone(), comment.clone(), minutes.clone());
            }
        }
        entered
    }

    /// The words that stand: those of a revision, with what was entered apart from a step before or since. Which decisions
    /// belong to them is the caller's to say.
    pub fn standing<'a>(
        &self,
        revised_at: DateTime<Utc>,
        decisions: impl Iterator<Item = &'a Decision> + Clone,
    ) -> Self {
        let entered =
            |from: DateTime<Utc>| Self::entered(decisions.clone().filter(move |decision| from < decision.at));
        let mut standing =
            Self { strengths: None, weaknesses: None, comment: None, minutes: None, ..self.clone() };
        for newer in [entered(DateTime::<Utc>::MIN_UTC), self.clone(), entered(revised_at)] {
            standing.overlay(newer.strengths, newer.weaknesses, newer.comment, newer.minutes);
        }
        standing
    }

    /// Takes each text that is given; what is not given stays.
    pub fn overlay(
        &mut self,
        strengths: Option<String>,
        weaknesses: Option<String>,
        comment: Option<String>,
        minutes: Option<String>,
    ) {
        for (held, new) in [
            (&mut self.strengths, strengths),
            (&mut self.weaknesses, weaknesses),
            (&mut self.comment, comment),
            (&mut self.minutes, minutes),
        ] {
            if let Some(text) = new.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) {
                *held = Some(text);
            }
        }
    }

    /// What stays of these words when the figures move on; `newer` is what the new content brings.
    pub fn carried(&self, newer: &Self) -> Self {
        let own = self.own.clone().or_else(|| newer.own.clone());
        Self { own, review: None, proposed_level: None, handling: None, ..self.clone() }
    }

    /// Texts that cannot be, by the name of their place on the form.
    pub fn wrong(&self) -> Option<Finding> {
        let texts = [
            ("ưu điểm", "strengths", &self.strengths),
            ("hạn chế", "weaknesses", &self.weaknesses),
            ("nhận xét", "comment", &self.comment),
            ("biên bản", "minutes", &self.minutes),
            ("ý kiến cấp ủy", "party opinion", &self.party_opinion),
            ("đề xuất sử dụng kết quả", "handling", &self.handling),
        ];
        texts.into_iter().find_map(|(vi, en, text)| text.as_deref().and_then(|text| wrong_text(vi, en, text)))
    }
}

/// Why a text of a form cannot be: empty, above [`MAX_TEXT`] characters, or with characters no form can print.
pub fn wrong_text(vi: &str, en: &str, text: &str) -> Option<Finding> {
    let length = text.trim().chars().count();
    let printable = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r'));
    if (1..=MAX_TEXT).contains(&length) && printable {
        return None;
    }
    Some(Finding::error(
        "LT-REC-042",
        Text::new(
            format!("{vi}: cần từ 1 đến 4.000 ký tự in được, hiện có {length}"),
            format!("{en}: 1 to 4,000 printable characters are needed, there are {length}"),
        ),
        Text::new(
            "viết lại nội dung rồi gửi lại; chưa có gì được ghi",
            "write the text again and give the order again; nothing was written",
        ),
    ))
}

/// Whether a reason or the name of a document is one: 2 to 2,000 characters.
pub fn is_ground(text: &str) -> bool {
    (2..=2_000).contains(&text.trim().chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_does_not_outlive_its_figures_but_texts_and_the_persons_word_do() {
        let signed = |by: &str| Some(Signed { by: by.into(), at: DateTime::UNIX_EPOCH });
        let held = Remarks {
            own: signed("GL-1"),
            review: signed("GL-2"),
            proposed_level: Some(Level::Good),
            strengths: Some("chủ động".into()),
            ..Remarks::default()
        };
        let carried = held.carried(&Remarks::default());
        assert_eq!((carried.review, carried.proposed_level), (None, None));
        assert_eq!((carried.own, carried.strengths.as_deref()), (signed("GL-1"), Some("chủ động")));
    }

    #[test]
    fn ground_has_two_to_two_thousand_characters_that_are_not_blanks() {
        assert!(is_ground("12") && is_ground(&"ô".repeat(2_000)));
        assert!(!is_ground(" 1  ") && !is_ground(&"ô".repeat(2_001)));
    }

    #[test]
    fn text_that_no_form_can_hold_is_refused_and_none_is_cut() {
        assert_eq!(wrong_text("x", "x", "  ").map(|told| told.code), Some("LT-REC-042".to_owned()));
        assert!(wrong_text("x", "x", &"ô".repeat(4_000)).is_none());
        assert!(wrong_text("x", "x", &"ô".repeat(4_001)).is_some());
        assert!(wrong_text("x", "x", "a\u{0}b").is_some() && wrong_text("x", "x", "a\nb").is_none());
    }
}
