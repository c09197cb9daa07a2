//! Opinions about a result before it is decided: who gives one, and what each has to say (art. 21, 24; plan IV.4.2.c).
//!
//! Owns the kinds and what makes an opinion whole. It must not know where one is kept or whether a decision asks for it. An opinion
//! that cannot be is refused with a coded finding, and nothing of it is kept.

use super::remarks::{is_ground, wrong_text};
use crate::domain::Period;
use crate::error::{Finding, Place, Text};
use chrono::NaiveDate;

/// Whose opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpinionKind {
    /// The chair of the province's People's Committee, before a deputy of a department or commune is classified (plan IV.4.2.c).
    Chair,
    /// The party committee of the agency, of heads and deputies (art. 21; kept by art. 24).
    PartyCommittee,
    /// A body the person's work concerns, where there is one (plan IV.4.2.c).
    RelatedBody,
}

impl OpinionKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Chair, Self::PartyCommittee, Self::RelatedBody];

    /// Its word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chair => "chair",
            Self::PartyCommittee => "party_committee",
            Self::RelatedBody => "related_body",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An opinion as it is ordered.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Whose.
    pub kind: OpinionKind,
    /// About the result of which period.
    pub period: Period,
    /// Name of the body.
    pub body: Option<&'a str>,
    /// The day it was given.
    pub on: NaiveDate,
    /// The document it stands in.
    pub document: Option<&'a str>,
    /// What it says.
    pub words: &'a str,
}

/// Whether an opinion is whole.
///
/// # Errors
/// LT-REC-042 no words, or ones no form can hold; LT-REC-093 a related body without its name, the chair's without its document, a
/// day in the future, or the chair's or the party committee's outside a year: they come before a classification, and a year alone is
/// classified (art. 19.1, 21; plan IV.4.2.c).
pub fn check(given: Given<'_>, today: NaiveDate) -> Result<(), Box<Finding>> {
    if let Some(wrong) = wrong_text("ý kiến", "opinion", given.words) {
        return Err(Box::new(wrong));
    }
    let is_named = |text: Option<&str>| text.is_some_and(is_ground);
    let of_years = given.kind != OpinionKind::RelatedBody;
    let what = if of_years && !given.period.is_year() {
        Text::new(
            "ý kiến của Chủ tịch UBND tỉnh và của cấp ủy là về xếp loại năm; kỳ khác không xếp loại",
            "the provincial chair's and the party committee's opinions are about a year's classification; no other period has one",
        )
    } else if given.on > today {
        Text::new("ngày cho ý kiến ở tương lai", "the day of the opinion lies in the future")
    } else if given.kind == OpinionKind::RelatedBody && !is_named(given.body) {
        Text::new(
            "ý kiến của cơ quan liên quan cần tên cơ quan (--body)",
            "the opinion of a related body needs its name (--body)",
        )
    } else if given.kind == OpinionKind::Chair && !is_named(given.document) {
        Text::new(
            "ý kiến của Chủ tịch UBND tỉnh cần số văn bản (--document)",
            "the provincial chair's opinion needs its document (--document)",
        )
    } else {
        return Ok(());
    };
    let remedy = Text::new(
        "ghi lại lệnh với đủ nội dung; chưa có gì được ghi",
        "give the order again with all of it; nothing was written",
    );
    Err(Box::new(Finding::error("LT-REC-093", what, remedy).at(Place::of("record opinion"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opinion_lacks_a_bodys_name_a_chairs_document_or_a_day_that_has_come() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).expect("day");
        let period = Period::Year(2026);
        let given =
            |kind| Given { kind, period, body: None, on: day(1), document: None, words: "nhất trí" };
        let told = |given| check(given, day(2)).err().map(|finding| finding.code);
        assert_eq!(told(given(OpinionKind::PartyCommittee)), None);
        for kind in [OpinionKind::Chair, OpinionKind::RelatedBody] {
            assert_eq!(told(given(kind)).as_deref(), Some("LT-REC-093"));
        }
        let chair = Given { document: Some("5/UBND-NC"), ..given(OpinionKind::Chair) };
        let body = Given { body: Some("Sở Tài chính"), ..given(OpinionKind::RelatedBody) };
        assert_eq!((told(chair), told(body)), (None, None));
        let future = Given { on: day(3), ..given(OpinionKind::PartyCommittee) };
        assert_eq!(told(future).as_deref(), Some("LT-REC-093"));
        let quarter = |kind| Given {
            period: "2026-Q4".parse().expect("period"),
            body: Some("Sở Tài chính"),
            document: Some("5/STC"),
            ..given(kind)
        };
        for kind in [OpinionKind::Chair, OpinionKind::PartyCommittee] {
            assert_eq!(told(quarter(kind)).as_deref(), Some("LT-REC-093"), "a year alone is classified");
        }
        assert_eq!(told(quarter(OpinionKind::RelatedBody)), None);
        let silent = Given { words: " ", ..given(OpinionKind::PartyCommittee) };
        assert_eq!(told(silent).as_deref(), Some("LT-REC-042"));
        assert!(OpinionKind::ALL.into_iter().all(|kind| OpinionKind::parse(kind.as_str()) == Some(kind)));
    }
}
