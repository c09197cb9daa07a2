//! Which moves a record's life allows, and how the others are refused.

use super::super::content::tests::sample;
use super::super::content::{Figure, Part};
use super::super::moves::{MOVES, Move};
use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

fn number() -> StaffNumber {
    StaffNumber::parse("GL-00012").expect("number")
}

fn held(state: RecordState, content: &Content) -> Held<'_> {
    Held { revision: 3, state, content, content_hash: "h3", situation: Situation::default() }
}

fn approval(author: &str) -> Approval<'_> {
    Approval {
        revision: Some(3),
        content_hash: None,
        author,
        at: at("2026-10-02T03:00:00Z"),
        decision_no: Some("12/QĐ"),
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Box<Finding>>) -> String {
    result.expect_err("must be refused").code
}

const STATES: [RecordState; 8] = RecordState::ALL;

#[test]
fn first_score_begins_a_record_in_the_state_of_its_completeness() {
    let state = |content: &Content| match next_revision(None, content, false) {
        Change::Revision { state, .. } => state,
        other => panic!("{other:?}"),
    };
    assert_eq!(state(&sample("2026-Q3", None)), RecordState::Computed);
    assert_eq!(state(&sample("2026-Q3", Some("80"))), RecordState::Provisional);
}

#[test]
fn same_figures_make_no_revision_in_any_state() {
    let content = sample("2026-Q3", Some("80"));
    for state in STATES {
        assert_eq!(next_revision(Some(held(state, &content)), &content, false), Change::Nothing, "{state:?}");
    }
}

#[test]
fn changed_figures_move_an_open_record_and_wait_at_an_approved_or_closed_one() {
    let mut content = sample("2026-Q3", Some("80"));
    let computed = sample("2026-Q3", Some("81"));
    for state in STATES {
        // Nobody's record is self-assessed without the person's word.
        let own = super::super::remarks::Signed { by: "GL-00012".into(), at: at("2026-10-02T03:00:00Z") };
        content.remarks.own = (state == RecordState::SelfAssessed).then_some(own);
        let open = state.is_open();
        let change = next_revision(Some(held(state, &content)), &computed, false);
        assert_eq!(matches!(change, Change::Revision { .. }), open, "{state:?}");
        let closed = next_revision(Some(held(state, &content)), &computed, true);
        let Change::NeedsCorrection { finding, summary } = closed else {
            panic!("{state:?} moved when closed")
        };
        assert_eq!(finding.code, "LT-REC-006");
        assert!(summary.iter().any(|change| change.field == "total"));
    }
    assert!(matches!(next_revision(None, &computed, true), Change::NeedsCorrection { .. }));
}

#[test]
fn approval_of_the_newest_complete_revision_by_another_person_is_taken() {
    let content = sample("2026-Q3", Some("80"));
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let taken =
        approve(held(RecordState::Provisional, &content), subject, approval("GL-00001 Trần Thị Bình"));
    let Ok(Approved::Revision { content: approved, summary, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!(approved.ruling.as_ref().expect("ruling").decision_no.as_deref(), Some("12/QĐ"));
    assert_eq!(summary.len(), 1);
    // The same decision read again from its origin gives nothing.
    let again = approve(
        Held { revision: 4, content_hash: "h4", ..held(RecordState::Delivered, &approved) },
        subject,
        approval("GL-00001 Trần Thị Bình"),
    );
    assert_eq!(again, Ok(Approved::Already));
    // The same words about a record that was corrected since are a decision of their own.
    let corrected = Held { revision: 3, ..held(RecordState::Corrected, &approved) };
    let decided = approve(corrected, subject, approval("GL-00001 Trần Thị Bình"));
    assert!(matches!(decided, Ok(Approved::Revision { .. })), "{decided:?}");
}

#[test]
fn approval_is_refused_by_what_stands_against_it() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let complete = sample("2026-Q3", Some("80"));
    let incomplete = sample("2026-Q3", None);
    let year = sample("2026", Some("80"));
    let provisional = |content| held(RecordState::Provisional, content);
    let ok = approval("GL-1");
    assert_eq!(code(approve(held(RecordState::Computed, &incomplete), subject, ok)), "LT-REC-001");
    assert_eq!(
        code(approve(provisional(&complete), subject, Approval { revision: Some(2), ..ok })),
        "LT-REC-002"
    );
    assert_eq!(code(approve(held(RecordState::Approved, &complete), subject, ok)), "LT-REC-003");
    assert_eq!(code(approve(provisional(&complete), subject, approval(" "))), "LT-REC-005");
    assert_eq!(code(approve(provisional(&year), subject, ok)), "LT-REC-007");
    let long = "Ô".repeat(201);
    assert_eq!(code(approve(provisional(&complete), subject, approval(&long))), "LT-REC-005");
    assert!(approve(provisional(&complete), subject, approval(&long[2..])).is_ok(), "200 characters");
    // A total without one of its parts is no complete result.
    let mut lacking = complete.clone();
    lacking.missing = vec!["unit_result".into()];
    assert_eq!(code(approve(provisional(&lacking), subject, ok)), "LT-REC-001");
    for own in ["GL-00012", " GL - 00012 ", "GL-00012 Nguyễn Văn An", "nguyễn văn an", "NGUYỄN VĂN  AN"]
    {
        assert_eq!(code(approve(provisional(&complete), subject, approval(own))), "LT-REC-004", "{own}");
    }
    // Another person of the same name says so by the staff number.
    assert!(approve(provisional(&complete), subject, approval("GL-00013 Nguyễn Văn An")).is_ok());
}

#[test]
fn approval_of_what_a_revision_does_not_say_is_refused_and_one_of_a_later_revision_waits() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let (complete, incomplete) = (sample("2026-Q3", Some("80")), sample("2026-Q3", None));
    let seen =
        |revision, content_hash| Approval { revision: Some(revision), content_hash, ..approval("GL-1") };
    let provisional = held(RecordState::Provisional, &complete);
    assert!(approve(provisional, subject, seen(3, Some("h3"))).is_ok());
    assert_eq!(code(approve(provisional, subject, seen(3, Some("h4")))), "LT-REC-010");
    // What is different is told before what it lacks.
    let computed = held(RecordState::Computed, &incomplete);
    assert_eq!(code(approve(computed, subject, seen(3, Some("h4")))), "LT-REC-010");
    assert_eq!(code(approve(provisional, subject, seen(2, Some("h2")))), "LT-REC-002");
    assert_eq!(code(approve(provisional, subject, seen(4, Some("h4")))), AWAITS_REVISION);
    // Nothing would tell later whether that revision is the one the person saw.
    assert_eq!(code(approve(provisional, subject, seen(4, None))), "LT-REC-002");
}

#[test]
fn classification_decides_the_level_and_tells_when_it_is_below_the_proposed_one() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let year = sample("2026", Some("92"));
    let decision = Classification {
        revision: Some(3),
        level: Level::Good,
        author: "Giám đốc Sở",
        at: at("2026-12-10T02:00:00Z"),
        decision_no: Some("99/QĐ-SNV"),
        opinion: Some(" 7/UBND-NV "),
    };
    let taken = classify(held(RecordState::Provisional, &year), subject, decision);
    let Ok(Approved::Revision { content, warnings, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!(content.level, Some(Level::Good));
    assert_eq!(warnings[0].code, "LT-REC-008");
    let opinion = content.ruling.as_ref().and_then(|ruling| ruling.opinion.clone());
    assert_eq!(opinion.as_deref(), Some("7/UBND-NV"), "the document stands in the record");
    // Computing the year again does not undo the decision.
    let classified = Held { revision: 4, ..held(RecordState::Approved, &content) };
    assert_eq!(next_revision(Some(classified), &year, false), Change::Nothing);
    assert_eq!(classify(classified, subject, decision), Ok(Approved::Already));
    let quarter = sample("2026-Q3", Some("92"));
    assert_eq!(code(classify(held(RecordState::Provisional, &quarter), subject, decision)), "LT-REC-007");
}

#[test]
fn classification_is_compared_with_the_proposed_level_and_never_with_the_band_alone() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let decided = |year: &Content, level| {
        let decision = Classification {
            revision: None,
            level,
            author: "Giám đốc Sở",
            at: at("2026-12-10T02:00:00Z"),
            decision_no: None,
            opinion: None,
        };
        classify(held(RecordState::Provisional, year), subject, decision)
    };
    // 88 points and a reprimand (art. 20.4.c): nothing but "not completed", and that without a warning.
    let disciplined = Content { level: Some(Level::NotCompleted), ..sample("2026", Some("88")) };
    for level in [Level::Excellent, Level::Good, Level::Completed] {
        assert_eq!(code(decided(&disciplined, level)), "LT-REC-080", "{level:?}");
    }
    let taken = decided(&disciplined, Level::NotCompleted);
    let Ok(Approved::Revision { content, warnings, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!((content.level, warnings), (Some(Level::NotCompleted), Vec::new()));
    // The band binds upwards (art. 20.1–3), and where none is proposed there is nothing to decide (art. 11.1).
    assert_eq!(code(decided(&sample("2026", Some("88")), Level::Excellent)), "LT-REC-080");
    // Printed 70.00, and below it all the same.
    let mut rounded = Content { level: Some(Level::Completed), ..sample("2026", Some("70.00")) };
    let exact = "20999/300".parse().expect("score");
    rounded.parts.insert(Part::Total, Figure { exact, printed: "70.00".into() });
    let told = decided(&rounded, Level::Good).expect_err("refused");
    assert!(told.code == "LT-REC-080" && told.remedy.vi.contains("69,997, dưới 70"), "{told:?}");
    let short = Content { level: None, ..sample("2026", Some("88")) };
    assert_eq!(code(decided(&short, Level::Good)), "LT-REC-081");
}

#[test]
fn classified_year_whose_proposed_level_changes_is_told_though_no_figure_moved() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let year = sample("2026", Some("92"));
    // Good by the quota, Excellent proposed.
    let decision = Classification {
        revision: None,
        level: Level::Good,
        author: "Giám đốc Sở",
        at: at("2026-12-10T02:00:00Z"),
        decision_no: None,
        opinion: None,
    };
    let taken = classify(held(RecordState::Provisional, &year), subject, decision);
    let Ok(Approved::Revision { content, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!(content.proposed, Some(Level::Excellent));
    let classified = Some(Held { revision: 4, ..held(RecordState::Approved, &content) });
    assert_eq!(next_revision(classified, &year, false), Change::Nothing);
    for level in [Some(Level::NotCompleted), None] {
        let now = Content { level, ..year.clone() };
        let Change::NeedsCorrection { summary, finding } = next_revision(classified, &now, false) else {
            panic!("a discipline told later goes unseen")
        };
        assert_eq!((finding.code.as_str(), summary[0].field.as_str()), ("LT-REC-006", "proposed"));
        assert_eq!(summary[0].before.as_deref(), Some("excellent"));
    }
    // What an earlier version decided does not say what was proposed: nothing is told of it.
    let earlier = Content { proposed: None, ..*content };
    let now = Content { level: Some(Level::NotCompleted), ..year };
    let classified = Some(Held { revision: 4, ..held(RecordState::Approved, &earlier) });
    assert_eq!(next_revision(classified, &now, false), Change::Nothing);
}

#[test]
fn correction_needs_an_approved_or_closed_record_a_reason_and_another_author() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let old = sample("2026-Q3", Some("80"));
    let new = sample("2026-Q3", Some("75"));
    let correction =
        Correction { revision: None, author: "GL-1", reason: "bổ sung nhiệm vụ bị sót" };
    for state in STATES {
        let open = state.is_open();
        let result = correct(Some(held(state, &old)), subject, &new, false, correction);
        assert_eq!(result.is_err(), open, "{state:?}");
        assert!(correct(Some(held(state, &old)), subject, &new, true, correction).is_ok(), "{state:?}");
    }
    assert!(correct(None, subject, &new, true, correction).is_ok());
    let approved = Some(held(RecordState::Approved, &old));
    let refused = |correction| code(correct(approved, subject, &new, false, correction));
    assert_eq!(refused(Correction { reason: "  ", ..correction }), "LT-REC-009");
    let long = "Ô".repeat(2_001);
    assert_eq!(refused(Correction { reason: &long, ..correction }), "LT-REC-009");
    assert_eq!(refused(Correction { author: "GL-00012", ..correction }), "LT-REC-004");
    assert_eq!(refused(Correction { author: "", ..correction }), "LT-REC-005");
    assert_eq!(refused(Correction { revision: Some(2), ..correction }), "LT-REC-002");
}

#[test]
fn only_a_named_person_approves_or_corrects_and_only_the_daemon_delivers() {
    for Move { from, to, by, .. } in MOVES {
        let personal = matches!(to, RecordState::Approved | RecordState::Corrected | RecordState::Revoked);
        assert_eq!(by == Mover::Decider, personal, "{from:?} -> {to:?}");
    }
    for from in STATES {
        assert_eq!(
            is_legal(Some(from), RecordState::Delivered, Mover::Daemon),
            from == RecordState::Approved
        );
        assert!(!is_legal(Some(from), RecordState::Delivered, Mover::Decider));
        assert!(!is_legal(Some(from), RecordState::Approved, Mover::Daemon));
    }
}

#[test]
fn held_record_is_not_decided_about_and_required_steps_are_not_left_out() {
    let (number, name) = (number(), "Nguyễn Văn An");
    let subject = Subject { staff_number: &number, full_name: name };
    let complete = sample("2026-Q3", Some("80"));
    let ok = approval("GL-1");
    let with = |state, situation| Held { situation, ..held(state, &complete) };
    let hold = Situation { hold: Some("đơn số 3"), ..Situation::default() };
    let refused = approve(with(RecordState::Provisional, hold), subject, ok).expect_err("held");
    assert_eq!(refused.code, "LT-REC-040");
    assert!(refused.what.vi.contains("đơn số 3"), "{refused:?}");
    let required = Situation { optional: false, ..Situation::default() };
    for state in [RecordState::Provisional, RecordState::SelfAssessed] {
        assert_eq!(code(approve(with(state, required), subject, ok)), "LT-REC-041");
        assert!(approve(with(state, Situation::default()), subject, ok).is_ok(), "optional: {state:?}");
    }
    assert!(approve(with(RecordState::Reviewed, required), subject, ok).is_ok());
}

#[test]
fn figures_that_move_take_the_review_back_and_leave_the_persons_word() {
    let signed =
        |by: &str| Some(super::super::remarks::Signed { by: by.into(), at: at("2026-10-02T03:00:00Z") });
    let mut content = sample("2026-Q3", Some("80"));
    content.remarks.review = signed("GL-1");
    content.remarks.comment = Some("hoàn thành tốt".into());
    let computed = sample("2026-Q3", Some("81"));
    let moved = |content: &Content, computed: &Content| match next_revision(
        Some(held(RecordState::Reviewed, content)),
        computed,
        false,
    ) {
        Change::Revision { state, content, .. } => (state, content),
        other => panic!("{other:?}"),
    };
    let (state, next) = moved(&content, &computed);
    assert_eq!((state, next.remarks.review.is_none()), (RecordState::Provisional, true));
    assert_eq!(next.remarks.comment.as_deref(), Some("hoàn thành tốt"));
    content.remarks.own = signed("GL-00012");
    assert_eq!(moved(&content, &computed).0, RecordState::SelfAssessed);
    assert_eq!(moved(&content, &sample("2026-Q3", None)).0, RecordState::Computed);
    // Words alone make no revision: the daemon only follows figures.
    let silent =
        next_revision(Some(held(RecordState::Reviewed, &content)), &sample("2026-Q3", Some("80")), false);
    assert_eq!(silent, Change::Nothing);
}
