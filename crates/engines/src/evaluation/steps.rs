//! The steps of a record around its approval: self-assessment, review, revocation, and notice of the result.
//!
//! Owns what each of them needs and the content of the revision that follows. It must not know where revisions are
//! kept. A step that is not allowed is refused with a coded finding and changes nothing.

use super::content::{Content, Ruling};
use super::difference::{Difference, difference};
use super::life::{
    Held, Subject, check_author, check_complete, check_hold, check_move, check_newest, given, refuse,
};
use super::moves::Mover;
use super::remarks::{Remarks, Signed, is_ground, wrong_text};
use crate::domain::{Level, Period, RecordState, local_date};
use crate::error::Finding;
use chrono::{DateTime, NaiveDate, Utc};

/// A step as it is ordered.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// The revision that was looked at.
    pub revision: u32,
    /// Who makes it.
    pub author: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// The level proposed; years only.
    pub level: Option<Level>,
    /// The texts it brings.
    pub texts: Remarks,
}

/// What a step gives: the content of the next revision and what changed.
pub type Stepped = (Box<Content>, Vec<Difference>);

/// The person's own word to their record (art. 18.2; of a year with the level they propose, form 02 II). The author was
/// judged to be that person.
///
/// # Errors
/// LT-REC-001 incomplete, LT-REC-002 another revision than the newest, LT-REC-003 illegal move, LT-REC-042 a text that
/// cannot be, LT-REC-047 a level where there is none.
pub fn self_assess(held: Held<'_>, subject: Subject<'_>, step: Step<'_>) -> Result<Stepped, Box<Finding>> {
    check_step(held, subject, &step, RecordState::SelfAssessed, Mover::Own)?;
    let mut remarks = overlaid(&held.content.remarks, step.texts);
    remarks.own = Some(Signed { by: step.author.trim().to_owned(), at: step.at });
    remarks.own_level = step.level.or(remarks.own_level);
    // What was reviewed was without these words.
    (remarks.review, remarks.proposed_level, remarks.handling) = (None, None, None);
    Ok(stepped(held, remarks))
}

/// The scorer's review (art. 17.2; of a year after the meeting, with the level proposed, plan IV.4.2.b–c).
///
/// # Errors
/// As [`self_assess`]; LT-REC-004 own record, LT-REC-005 no author, LT-REC-040 held, LT-REC-041 the self-assessment is
/// missing, LT-REC-042 no comment.
pub fn review(held: Held<'_>, subject: Subject<'_>, step: Step<'_>) -> Result<Stepped, Box<Finding>> {
    check_author(subject, held.content.period, step.author)?;
    check_step(held, subject, &step, RecordState::Reviewed, Mover::Scorer)?;
    check_hold(held, subject)?;
    let handling = step.texts.handling.clone();
    let mut remarks = overlaid(&held.content.remarks, step.texts);
    if let Some(wrong) = wrong_text(
        "nhận xét của người đánh giá",
        "comments of the scorer",
        remarks.comment.as_deref().unwrap_or(""),
    ) {
        return Err(Box::new(wrong));
    }
    remarks.review = Some(Signed { by: step.author.trim().to_owned(), at: step.at });
    remarks.proposed_level = step.level;
    remarks.handling = handling;
    Ok(stepped(held, remarks))
}

/// A revocation as it is ordered.
#[derive(Debug, Clone, Copy)]
pub struct Revocation<'a> {
    /// The revision that was looked at.
    pub revision: u32,
    /// Who revokes.
    pub author: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// What was found wrong.
    pub reason: &'a str,
    /// Number and date of the decision that annuls the result.
    pub document: &'a str,
}

/// Annuls a result that was found wrong or dishonest (art. 21.3; plan II.2.g). Its figures stay readable; no level
/// stands until a correction is approved.
///
/// # Errors
/// LT-REC-002, LT-REC-003, LT-REC-004, LT-REC-005; LT-REC-043 no reason or no document.
pub fn revoke(held: Held<'_>, subject: Subject<'_>, order: Revocation<'_>) -> Result<Stepped, Box<Finding>> {
    let period = held.content.period;
    check_author(subject, period, order.author)?;
    check_newest(held, subject, Some(order.revision))?;
    check_move(held, subject, RecordState::Revoked, Mover::Decider)?;
    if !is_ground(order.reason) || !is_ground(order.document) {
        return Err(refuse(
            "LT-REC-043",
            subject,
            period,
            (
                "hủy kết quả cần lý do và văn bản, mỗi mục từ 2 đến 2.000 ký tự",
                "revoking a result needs a reason and a document, of 2 to 2,000 characters each",
            ),
            (
                "ghi lý do bằng --reason và số, ngày quyết định hủy bằng --document",
                "give the reason with --reason and the annulling decision with --document",
            ),
        ));
    }
    let ruling = Ruling {
        by: order.author.trim().to_owned(),
        decision_no: given(Some(order.document)),
        opinion: None,
        at: order.at,
    };
    let content = Content { ruling: Some(ruling), level: None, ..held.content.clone() };
    Ok((Box::new(content.clone()), difference(Some(held.content), &content)))
}

/// Whether the person can have been told of a result on a day (art. 17.3; plan III.4.b): approved, not before that and
/// not in the future.
///
/// # Errors
/// LT-REC-002 another revision than the newest, LT-REC-046 it is not approved, or not on that day.
pub fn check_notice(
    held: Held<'_>,
    subject: Subject<'_>,
    revision: u32,
    on: NaiveDate,
    today: NaiveDate,
) -> Result<(), Box<Finding>> {
    check_newest(held, subject, Some(revision))?;
    let approved = super::life::is_deliverable(held.state);
    let from = held.content.ruling.as_ref().map(|ruling| local_date(ruling.at));
    if approved && from.is_some_and(|from| from <= on) && on <= today {
        return Ok(());
    }
    let (state, from) = (held.state.as_str(), from.map_or("–".to_owned(), |from| from.to_string()));
    Err(refuse(
        "LT-REC-046",
        subject,
        held.content.period,
        (
            &format!(
                "không thể thông báo kết quả ngày {on}: trạng thái {state}, quyết định ngày {from}, hôm nay {today}"
            ),
            &format!(
                "the result cannot have been told on {on}: state {state}, decided on {from}, today is {today}"
            ),
        ),
        (
            "chỉ thông báo kết quả đã phê duyệt, từ ngày phê duyệt đến hôm nay; kiểm tra --on",
            "only an approved result is told, from the day of its approval to today; check --on",
        ),
    ))
}

fn check_step(
    held: Held<'_>,
    subject: Subject<'_>,
    step: &Step<'_>,
    to: RecordState,
    by: Mover,
) -> Result<(), Box<Finding>> {
    let period = held.content.period;
    check_newest(held, subject, Some(step.revision))?;
    check_move(held, subject, to, by)?;
    check_complete(held, subject)?;
    if (step.level.is_some() || step.texts.handling.is_some()) && !period.is_year() {
        return Err(no_level(subject, period));
    }
    step.texts.wrong().map_or(Ok(()), |wrong| Err(Box::new(wrong)))
}

fn no_level(subject: Subject<'_>, period: Period) -> Box<Finding> {
    refuse(
        "LT-REC-047",
        subject,
        period,
        (
            "chỉ kết quả năm có mức xếp loại và việc sử dụng để đề xuất (Điều 19.1, 23)",
            "only a year has a level and a use that can be proposed (art. 19.1, 23)",
        ),
        ("bỏ --level, --handling", "leave --level and --handling out"),
    )
}

fn overlaid(held: &Remarks, texts: Remarks) -> Remarks {
    let mut remarks = held.clone();
    remarks.overlay(texts.strengths, texts.weaknesses, texts.comment, texts.minutes);
    remarks.party_opinion = texts.party_opinion.or(remarks.party_opinion);
    remarks
}

fn stepped(held: Held<'_>, remarks: Remarks) -> Stepped {
    let content = Content { remarks, ..held.content.clone() };
    (Box::new(content.clone()), difference(Some(held.content), &content))
}

#[cfg(test)]
mod tests {
    use super::super::content::tests::sample;
    use super::super::life::Situation;
    use super::*;
    use crate::domain::StaffNumber;

    fn number() -> StaffNumber {
        StaffNumber::parse("GL-00012").expect("number")
    }

    fn step(comment: Option<&str>) -> Step<'static> {
        let texts = Remarks { comment: comment.map(str::to_owned), ..Remarks::default() };
        Step { revision: 3, author: "GL-00001", at: DateTime::UNIX_EPOCH, level: None, texts }
    }

    fn code<T: std::fmt::Debug>(result: Result<T, Box<Finding>>) -> String {
        result.expect_err("must be refused").code
    }

    #[test]
    fn every_step_of_every_state_is_taken_or_refused_as_the_table_says() {
        let number = number();
        let subject = Subject { staff_number: &number, full_name: "Nguyễn Văn An" };
        let content = sample("2026-Q3", Some("80"));
        for state in RecordState::ALL.into_iter().filter(|state| *state != RecordState::Computed) {
            for optional in [true, false] {
                let situation = Situation { optional, ..Situation::default() };
                let held = Held { revision: 3, state, content: &content, content_hash: "h", situation };
                let allowed = |to, by| super::super::moves::is_allowed(Some(state), to, by, false, optional);
                let own = self_assess(held, subject, step(None));
                assert_eq!(own.is_ok(), allowed(RecordState::SelfAssessed, Mover::Own), "{state:?}");
                let reviewed = review(held, subject, step(Some("tốt")));
                assert_eq!(reviewed.is_ok(), allowed(RecordState::Reviewed, Mover::Scorer), "{state:?}");
                let order = Revocation {
                    revision: 3,
                    author: "GL-00001",
                    at: DateTime::UNIX_EPOCH,
                    reason: "sai số liệu",
                    document: "5/QĐ",
                };
                let revoked = revoke(held, subject, order);
                assert_eq!(revoked.is_ok(), allowed(RecordState::Revoked, Mover::Decider), "{state:?}");
            }
        }
    }

    #[test]
    fn held_record_is_neither_reviewed_nor_without_comment_nor_by_oneself() {
        let number = number();
        let subject = Subject { staff_number: &number, full_name: "Nguyễn Văn An" };
        let content = sample("2026-Q3", Some("80"));
        let situation = Situation { hold: Some("đơn số 3"), ..Situation::default() };
        let free = Held {
            revision: 3,
            state: RecordState::SelfAssessed,
            content: &content,
            content_hash: "h",
            situation: Situation::default(),
        };
        assert_eq!(code(review(Held { situation, ..free }, subject, step(Some("tốt")))), "LT-REC-040");
        assert_eq!(code(review(free, subject, step(None))), "LT-REC-042");
        assert_eq!(
            code(review(free, subject, Step { author: "GL-00012", ..step(Some("tốt")) })),
            "LT-REC-004"
        );
        let level = Step { level: Some(Level::Good), ..step(Some("tốt")) };
        assert_eq!(code(review(free, subject, level)), "LT-REC-047");
        let mut handling = step(Some("tốt"));
        handling.texts.handling = Some("cho nâng bậc lương".into());
        assert_eq!(
            code(review(free, subject, handling)),
            "LT-REC-047",
            "a quarter's result has no use of its own"
        );
        let (reviewed, _) = review(free, subject, step(Some("  tốt "))).expect("taken");
        assert_eq!(reviewed.remarks.comment.as_deref(), Some("tốt"));
        // Of another revision than the newest.
        assert_eq!(code(review(free, subject, Step { revision: 2, ..step(Some("tốt")) })), "LT-REC-002");
    }
}
