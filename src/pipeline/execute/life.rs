//! Orders about the life of a record: its steps before and after the approval, holds, notices.
//!
//! Owns the way from such an order to a revision with its deliveries, and who may give it. It must not know which moves
//! are legal; that is `evaluation`'s. A move that is not allowed is told, written to the journal, and changes nothing.

use super::evaluation::newest;
use super::no_score::no_score;
use super::{
    Answer, App, Refusal, author, decision_list, handed_out, known_unit, opinion, period, person, petition,
    shown, signed_table, standing, unit_approval,
};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{DecisionKind, Level, Period, PersonId, RecordState};
use crate::error::{Finding, Place, Text};
use crate::evaluation::remarks::wrong_text;
use crate::evaluation::steps::{self, Revocation, Step, Stepped};
use crate::evaluation::{Content, Held, Remarks, Subject, life};
use crate::pipeline::command::{LifeOrder, Outcome, PersonRef};
use crate::pipeline::decide::own_record;
use crate::pipeline::record::Circumstances;
use crate::pipeline::results::{Occasion, result_item};
use crate::store::{HoldWord, NewRevision, Notice, Revision};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Carries out one order.
pub(super) async fn carry_out(app: &Arc<App>, order: LifeOrder) -> Answer {
    use LifeOrder as L;
    match order {
        L::Show { person, period } => shown::show(app, &person, period).await,
        L::SelfAssess { person, period, revision, level, strengths, weaknesses, author } => {
            let texts = Remarks { strengths, weaknesses, ..Remarks::default() };
            let ordered = Ordered { person, period, revision, level, texts, author };
            step(app, ordered, RecordState::SelfAssessed).await
        }
        L::Review {
            person,
            period,
            revision,
            level,
            comment,
            strengths,
            weaknesses,
            minutes,
            party_opinion,
            handling,
            author,
        } => {
            let texts = Remarks {
                comment,
                strengths,
                weaknesses,
                minutes,
                party_opinion,
                handling,
                ..Remarks::default()
            };
            let ordered = Ordered { person, period, revision, level, texts, author };
            step(app, ordered, RecordState::Reviewed).await
        }
        L::Revoke { person, period, revision, reason, document, author } => {
            revoke(app, &person, period, revision, (&author, &reason, &document)).await
        }
        L::Hold { person, period, reason, document, author } => {
            hold(app, &person, period, (&author, &reason, document.as_deref()), true).await
        }
        L::Release { person, period, reason, document, author } => {
            hold(app, &person, period, (&author, &reason, document.as_deref()), false).await
        }
        L::Notify { person, period, revision, on, how, document, author } => {
            let on = on.unwrap_or_else(|| app.clock.today());
            notify(app, (&person, period, revision), (on, &how), (&author, document)).await
        }
        L::CloseUnit { period, unit, author, reason, document, dry_run } => {
            known_unit(app, Some(&unit)).await?;
            let unit = Some(unit);
            period::close(app, period::Closing { period, unit, author, reason, document, dry_run }).await
        }
        L::Results { year, unit, limit } => super::results::show(app, year, unit.as_ref(), limit).await,
        L::PeriodStatus { period, unit } => {
            known_unit(app, unit.as_ref()).await?;
            let period = period.unwrap_or_else(|| Period::quarter_of(app.clock.today()));
            standing::status(app, period, unit.as_ref()).await
        }
        L::PetitionOpen { person, period, received_on, content, document, hold, author } => {
            let opening = petition::Opening { person, period, received_on, content, document, hold, author };
            petition::open(app, opening).await
        }
        L::PetitionAnswer { id, outcome, answer, on, document, author } => {
            petition::answer(app, petition::Answering { id, outcome, answer, on, document, author }).await
        }
        L::CriteriaTemplate { unit, period, own, to } => {
            handed_out::criteria(app, &unit, period, own, &to).await
        }
        L::PersonData { person, to, reason, document, author } => {
            let asked = handed_out::Asked { author: &author, reason: &reason, document: document.as_deref() };
            handed_out::person_data(app, &person, asked, &to).await
        }
        L::Opinion { person, period, kind, body, on, document, words, author } => {
            let saying = opinion::Saying { person, period, kind, body, on, document, words, author };
            opinion::keep(app, saying).await
        }
        L::ApproveUnit { unit, period, decision_no, opinion, author, dry_run } => {
            let order = unit_approval::UnitApproval { unit, period, decision_no, opinion, author, dry_run };
            unit_approval::approve(app, order).await
        }
        L::DecisionList { period, unit, to } => decision_list::write(app, period, unit.as_ref(), &to).await,
        L::SignedTable { file, period, unit, decision_no, opinion, approve, author } => {
            let table =
                signed_table::SignedTable { file, period, unit, decision_no, opinion, approve, author };
            signed_table::import(app, table).await
        }
        organisation @ (L::OrganisationShow { .. }
        | L::OrganisationList { .. }
        | L::OrganisationState { .. }
        | L::OrganisationNotify { .. }
        | L::OrganisationAbove { .. }
        | L::OrganisationStep { .. }) => super::organisation::carry_out(app, organisation).await,
        L::PetitionList { open, unit, limit } => {
            known_unit(app, unit.as_ref()).await?;
            petition::list(app, open, unit.as_ref(), limit).await
        }
    }
}

/// A step as ordered.
struct Ordered {
    person: PersonRef,
    period: Period,
    revision: u32,
    level: Option<Level>,
    texts: Remarks,
    author: String,
}

/// A record with everything a move needs to know.
pub(super) struct Opened {
    /// Whose.
    pub id: PersonId,
    /// Everyone.
    pub directory: Arc<Directory>,
    /// The newest revision.
    pub latest: Revision,
    /// What it says, with what was entered since.
    content: Content,
    /// What stands around it.
    pub around: Circumstances,
}

impl Opened {
    /// The record of a period of somebody.
    pub async fn of(app: &App, whose: &PersonRef, period: Period) -> Result<Self, Refusal> {
        let id = person(app, whose).await?;
        let (latest, content) = newest(app, id, whose, period).await?;
        let directory = app.directory().await?;
        if directory.person(id).is_none() {
            return Err(no_score(whose, period).into());
        }
        let around = app.circumstances(id, period).await?;
        Ok(Self { id, directory, latest, content, around })
    }

    /// The same, once its figures have settled, as far as they do in a moment.
    pub async fn settled(app: &Arc<App>, whose: &PersonRef, period: Period) -> Result<Self, Refusal> {
        let opened = Self::of(app, whose, period).await?;
        if app.is_to_follow(&opened.latest, &opened.around).await?
            && app.settle(period, &BTreeSet::from([opened.id])).await?
        {
            return Self::of(app, whose, period).await;
        }
        Ok(opened)
    }

    /// Refuses a decision about figures that are still to come (LT-REC-085).
    pub async fn check_settled(
        &self,
        app: &App,
        whose: &PersonRef,
    ) -> Result<Result<(), Box<Finding>>, Finding> {
        let waits = app.is_to_follow(&self.latest, &self.around).await?;
        Ok(if waits { Err(Box::new(still_due(whose, self.latest.period))) } else { Ok(()) })
    }

    /// For the life of the record.
    pub fn held(&self) -> Held<'_> {
        Held {
            revision: self.latest.revision,
            state: self.latest.state,
            content: &self.content,
            content_hash: &self.latest.content_hash,
            situation: self.around.situation(),
        }
    }

    fn judged<'a>(&self, app: &App, duty: Duty, author: &'a str, document: Option<&'a str>) -> Judged<'a> {
        Judged { subject: self.id, period: self.latest.period, duty, author, at: app.clock.now(), document }
    }
}

/// Who a record is about.
pub(super) fn subject_of(directory: &Directory, id: PersonId) -> Option<Subject<'_>> {
    let known = directory.person(id)?;
    Some(Subject { staff_number: &known.staff_number, full_name: &known.full_name })
}

/// A move that is not allowed stands in the journal with its code, whoever tried it.
pub(super) async fn allowed<T>(
    app: &App,
    moved: Result<T, Box<Finding>>,
    id: PersonId,
    period: Period,
    who: &str,
) -> Result<T, Refusal> {
    match moved {
        Ok(moved) => Ok(moved),
        Err(finding) => {
            let object = format!("record {id} {period}");
            app.store.note(app.clock.now(), who, "move_refused", object, Some(&finding.code)).await?;
            Err(finding.into())
        }
    }
}

/// Figures a decision would take are still to come, although it waited for them.
pub(super) fn still_due(whose: &PersonRef, period: Period) -> Finding {
    Finding::error(
        "LT-REC-085",
        Text::new(
            format!("điểm kỳ {period} của {whose} đang chờ tính lại; quyết định lúc này sẽ lấy số liệu cũ"),
            format!(
                "the score of {whose} for {period} waits to be computed; a decision now would take old figures"
            ),
        ),
        Text::new(
            "xem `status`: còn điểm chờ tính hoặc có bước lỗi; khi hết, xem bản mới nhất rồi chạy lại lệnh này",
            "look at `status`: scores are due or a step fails; once none is, look at the newest revision and order it again",
        ),
    )
}

async fn step(app: &Arc<App>, order: Ordered, to: RecordState) -> Answer {
    let who = author(&order.author)?.to_owned();
    let own = to == RecordState::SelfAssessed;
    // A review falls with the figures it was of, a person's own word stays: it waits for none.
    let opened = if own {
        Opened::of(app, &order.person, order.period).await?
    } else {
        Opened::settled(app, &order.person, order.period).await?
    };
    let (id, period) = (opened.id, order.period);
    if !own {
        allowed(app, opened.check_settled(app, &order.person).await?, id, period, &who).await?;
    }
    // Deciding about oneself is refused as such, below.
    let document = if own { None } else { order.texts.minutes.as_deref() };
    let duty = if own { Duty::Own } else { Duty::Score };
    if own || opened.directory.named(&who) != Some(id) {
        let judged = opened.directory.check_author(opened.judged(app, duty, &who, document));
        allowed(app, judged, id, period, &who).await?;
    }
    let Some(subject) = subject_of(&opened.directory, id) else {
        return Err(no_score(&order.person, period).into());
    };
    let Ordered { revision, level, texts, ref person, .. } = order;
    let made = Step { revision, author: &who, at: app.clock.now(), level, texts };
    let stepped = match to {
        RecordState::SelfAssessed => steps::self_assess(opened.held(), subject, made),
        _ => steps::review(opened.held(), subject, made),
    };
    let (content, summary) = allowed(app, stepped, id, period, &who).await?;
    let number = opened.latest.revision + 1;
    let revision = app.revision(id, number, to, &content, &summary, &who, None, app.clock.now())?;
    let outbox = app.score_message(&opened.directory, &revision, &content)?.into_iter().collect();
    let new = NewRevision { revision, outbox, settles: Vec::new(), due: Vec::new() };
    app.store.append_revision(&new).await?;
    app.ring_deliveries();
    let (vi, en) =
        if own { ("đã tự đánh giá", "self-assessed") } else { ("đã nhận xét", "reviewed") };
    let mut outcome = Outcome::done(
        format!("{vi}; phiên bản mới r{number}"),
        format!("{en}; the new revision is r{number}"),
    );
    if own && !period.is_mean() && !has_own_points(app, id, period).await? {
        outcome.findings.push(without_own_points(person, period));
    }
    Ok(outcome)
}

/// Whether somebody entered points of their own for the general criteria of a period.
async fn has_own_points(app: &App, id: PersonId, period: Period) -> Result<bool, Refusal> {
    let decisions = app.store.decisions_of(id, period).await?;
    Ok(decisions.iter().any(|stored| matches!(stored.decision.kind, DecisionKind::SelfAssessment { .. })))
}

fn without_own_points(whose: &PersonRef, period: Period) -> Finding {
    Finding::warning(
        "LT-REC-096",
        Text::new(
            format!("{whose} tự đánh giá kỳ {period} nhưng chưa tự chấm điểm tiêu chí chung (Điều 18.2); mẫu số 01 để trống cột này"),
            format!("{whose} assessed themselves for {period} without points for the general criteria (art. 18.2); form 01 leaves that column empty"),
        ),
        Text::new(
            format!("tự chấm bằng `criteria set {whose} {period} --own …` hoặc điền mẫu `criteria template --own`"),
            format!("enter them with `criteria set {whose} {period} --own …`, or fill in the sheet of `criteria template --own`"),
        ),
    )
    .at(Place::of(format!("record {whose} {period}")))
}

async fn revoke(
    app: &App,
    whose: &PersonRef,
    period: Period,
    revision: u32,
    (who, reason, document): (&str, &str, &str),
) -> Answer {
    let who = author(who)?;
    let opened = Opened::of(app, whose, period).await?;
    let id = opened.id;
    let duty = if period.is_year() { Duty::Classify } else { Duty::Score };
    if opened.directory.named(who) != Some(id) {
        let judged = opened.directory.check_author(opened.judged(app, duty, who, Some(document)));
        allowed(app, judged, id, period, who).await?;
    }
    let Some(subject) = subject_of(&opened.directory, id) else {
        return Err(no_score(whose, period).into());
    };
    let now = app.clock.now();
    let order = Revocation { revision, author: who, at: now, reason, document };
    let revoked: Result<Stepped, _> = steps::revoke(opened.held(), subject, order);
    let (content, summary) = allowed(app, revoked, id, period, who).await?;
    let number = opened.latest.revision + 1;
    let reason = reason.trim();
    let revision =
        app.revision(id, number, RecordState::Revoked, &content, &summary, who, Some(reason), now)?;
    let mut outbox: Vec<_> = app.score_message(&opened.directory, &revision, &content)?.into_iter().collect();
    // Only a list that was sent, or waits, has to lose the result again.
    let was_told = app.store.approved_of(&[id], period).await?.contains_key(&id);
    if was_told {
        let occasion = Occasion::Revoked(&revision, document.trim());
        outbox.extend(result_item(app, &opened.directory, id, occasion).await?);
    }
    let sent = outbox.len();
    let due = period.means().into_iter().map(|mean| (id, mean)).collect();
    app.store.append_revision(&NewRevision { revision, outbox, settles: Vec::new(), due }).await?;
    app.ring("score");
    app.ring_deliveries();
    Ok(Outcome::done(
        format!("đã hủy kết quả (r{number}); {sent} mục chờ gửi; lập lại bằng `record correct`"),
        format!(
            "the result is revoked (r{number}); {sent} items wait to be sent; make it anew with `record correct`"
        ),
    ))
}

/// Whether an author scores or classifies the person, or is an office with a document; never the person.
pub(super) fn oversees(
    app: &App,
    directory: &Directory,
    (id, period): (PersonId, Period),
    (who, document): (&str, Option<&str>),
) -> Result<(), Box<Finding>> {
    if subject_of(directory, id).is_some_and(|subject| life::is_own(subject, who)) {
        return Err(Box::new(own_record(period)));
    }
    let at = app.clock.now();
    let may = |duty| directory.check_author(Judged { subject: id, period, duty, author: who, at, document });
    may(Duty::Score).or_else(|_| may(Duty::Classify))
}

/// Holds or releases a record. Who scores or who classifies the person may, or an office by a document.
async fn hold(
    app: &App,
    whose: &PersonRef,
    period: Period,
    (who, reason, document): (&str, &str, Option<&str>),
    holds: bool,
) -> Answer {
    let who = author(who)?;
    let id = person(app, whose).await?;
    let directory = app.directory().await?;
    if let Some(wrong) = wrong_text("lý do", "reason", reason) {
        return Err(wrong.into());
    }
    allowed(app, oversees(app, &directory, (id, period), (who, document)), id, period, who).await?;
    let word = HoldWord { author: who, reason: reason.trim(), document, at: app.clock.now() };
    if holds {
        if app.store.hold(id, period, word).await? {
            return Ok(Outcome::done(
                "đã tạm dừng: không ai phê duyệt, xếp loại được cho đến khi `record release`",
                "held: nobody can approve or classify until `record release`",
            ));
        }
        return Err(hold_state("LT-REC-044", whose, period, ("đang tạm dừng rồi", "is held already")).into());
    }
    if app.store.release(id, period, word).await? {
        app.ring("decide");
        return Ok(Outcome::done("đã kết thúc tạm dừng", "released"));
    }
    Err(hold_state("LT-REC-045", whose, period, ("không bị tạm dừng", "is not held")).into())
}

fn hold_state(code: &str, whose: &PersonRef, period: Period, what: (&str, &str)) -> Finding {
    Finding::error(
        code,
        Text::new(
            format!("hồ sơ kỳ {period} của {whose} {}", what.0),
            format!("the record of {whose} for {period} {}", what.1),
        ),
        Text::new("xem `record show`", "look at `record show`"),
    )
}

/// Writes down that a result was told. Who scores or who classifies the person may, or an office by a document.
async fn notify(
    app: &App,
    (whose, period, revision): (&PersonRef, Period, u32),
    (on, how): (chrono::NaiveDate, &str),
    (who, document): (&str, Option<String>),
) -> Answer {
    let who = author(who)?;
    let opened = Opened::of(app, whose, period).await?;
    let Some(subject) = subject_of(&opened.directory, opened.id) else {
        return Err(no_score(whose, period).into());
    };
    if let Some(wrong) = wrong_text("cách thông báo", "how it was told", how) {
        return Err(wrong.into());
    }
    let judged = oversees(app, &opened.directory, (opened.id, period), (who, document.as_deref()))
        .and_then(|()| steps::check_notice(opened.held(), subject, revision, on, app.clock.today()));
    allowed(app, judged, opened.id, period, who).await?;
    let notice = Notice {
        person: opened.id,
        period,
        revision,
        told_on: on,
        how: how.trim().to_owned(),
        document,
        author: who.to_owned(),
        at: app.clock.now(),
    };
    app.store.add_notice(&notice).await?;
    Ok(Outcome::done(format!("đã ghi thông báo ngày {on}"), format!("notice of {on} written down")))
}
