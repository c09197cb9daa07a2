//! The steps of an organisation's record: self-assessment, appraisal, recognition, revocation.
//!
//! Owns in which order a step is judged and what is written of it. It must not know which moves are legal
//! (`evaluation::organisation`) or how points add up. What is refused is told, written to the journal, and changes nothing.

use super::entitled::{may, not_entitled, scope};
use super::known::{Known, content, hash, known};
use super::{known_organisation, refused};
use crate::directory::Directory;
use crate::domain::{Exact, Level, Period, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::{
    OrganisationState as State, Recognition, check_move, check_opened, check_recognition, late_classification,
};
use crate::evaluation::remarks::is_ground;
use crate::pipeline::command::{Document, Field, Outcome};
use crate::pipeline::execute::{Answer, App, Refusal, author};
use crate::pipeline::wording::Words;
use crate::scoring::organisation::OrganisationScore;
use crate::store::{Facts, OrganisationRevision, Organisations};
use std::collections::BTreeMap;

/// A step as ordered.
pub(super) struct Making {
    pub(super) unit: UnitCode,
    pub(super) year: i32,
    pub(super) revision: u32,
    pub(super) level: Option<Level>,
    pub(super) items: BTreeMap<String, Exact>,
    pub(super) document: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) exception: Option<String>,
    pub(super) author: String,
}

pub(super) async fn take(app: &App, step: &str, made: Making) -> Answer {
    let who = author(&made.author)?.to_owned();
    known_organisation(app, &made.unit).await?;
    let Some(to) = State::parse(step) else { return Err(not_entitled(State::Recognised, step).into()) };
    let directory = app.directory().await?;
    let (unit, year) = (made.unit.clone(), made.year);
    let known = known(app, &directory, &unit, year, &made.items).await?;
    let judged = judge(app, &directory, to, &made, &known);
    if let Err(Refusal(findings)) = judged {
        return Err(refused_move(app, &who, &unit, year, findings).await?);
    }
    let exception = made.exception;
    let mut warnings: Vec<Finding> = Vec::new();
    if to == State::Recognised {
        let special = known.fact("special_date") == Some(true);
        warnings.extend(late_classification(year, app.clock.today(), special));
        if known.score.level != made.level {
            warnings.push(other_level(&unit, year, &known.score, made.level));
        }
    }
    let content = content(&known, made.level);
    let revision = OrganisationRevision {
        unit: unit.clone(),
        year,
        revision: known.revisions.last().map_or(0, |revision| revision.revision) + 1,
        state: to.as_str().to_owned(),
        level: made.level,
        content_hash: hash(&content),
        content,
        author: who,
        document: made.document,
        reason: made.reason,
        at: app.clock.now(),
    };
    let (percent, exception) = (app.rule_set(Period::Year(year))?.quota_percent, exception.as_deref());
    let recognised = app.store.append_organisation(&revision, |all, facts| match (to, revision.level) {
        (State::Recognised, Some(level)) => {
            judge_recognition(&directory, (all, facts), (&unit, year, level), percent, exception)
        }
        _ => Ok(()),
    });
    if let Err(findings) = recognised.await? {
        return Err(refused_move(app, &revision.author, &unit, year, findings).await?);
    }
    app.ring("score");
    let document = Document::Object {
        title: Text::new("Đã ghi", "Written"),
        fields: vec![
            Field::new("revision", "Phiên bản", "Revision", revision.revision),
            Field::words("state", "Trạng thái", "State", Words::Organisation, to.as_str()),
        ],
    };
    Ok(Outcome::with_findings(document, warnings))
}

/// Tells the journal of a move that was not allowed.
pub(super) async fn refused_move(
    app: &App,
    who: &str,
    unit: &UnitCode,
    year: i32,
    findings: Vec<Finding>,
) -> Result<Refusal, Refusal> {
    let why = findings.first().map(|finding| finding.code.clone()).unwrap_or_default();
    let object = format!("organisation {unit} {year}");
    app.store.note(app.clock.now(), who, "move_refused", object, Some(&why)).await?;
    Ok(Refusal(findings))
}

/// Whether a recognition can be, beside everything that is recognised and stated at that moment.
fn judge_recognition(
    directory: &Directory,
    (all, facts): (&Organisations, &Facts),
    (unit, year, level): (&UnitCode, i32, Level),
    percent: u32,
    exception: Option<&str>,
) -> Result<(), Vec<Finding>> {
    let level_of = |code: &UnitCode| {
        all.get(code).filter(|revision| revision.state == State::Recognised.as_str())?.level
    };
    let (mut good, mut excellent) = (0, 0);
    for other in scope(directory, unit).into_iter().filter(|other| *other != unit) {
        good += u64::from(level_of(other) == Some(Level::Good));
        excellent += u64::from(level_of(other) == Some(Level::Excellent));
    }
    let below = directory.units().filter(|below| below.parent.as_ref() == Some(unit));
    let open_below: Vec<String> =
        below.filter(|below| level_of(&below.code).is_none()).map(|below| below.code.to_string()).collect();
    let hold = facts.get("hold").filter(|fact| fact.value == Some(true)).map(|fact| fact.document.as_str());
    let open_below = open_below.as_slice();
    check_recognition(Recognition {
        unit,
        year,
        level,
        open_below,
        hold,
        good,
        excellent,
        percent,
        exception,
    })
}

/// Whether somebody looked at the newest revision (LT-ORG-002).
pub(super) fn check_revision(unit: &UnitCode, year: i32, seen: u32, newest: u32) -> Result<(), Box<Finding>> {
    if seen == newest {
        return Ok(());
    }
    Err(Box::new(refused(
        "LT-ORG-002",
        unit,
        year,
        (
            format!("quyết định dựa trên bản {seen} nhưng bản mới nhất là {newest}"),
            format!("the step looked at revision {seen}, the newest is {newest}"),
        ),
        ("xem `organisation show` rồi làm lại", "look at `organisation show` and do it again"),
    )))
}

fn judge(app: &App, directory: &Directory, to: State, made: &Making, known: &Known) -> Result<(), Refusal> {
    let (unit, year) = (&made.unit, made.year);
    may(app, directory, to, made)?;
    let newest = known.revisions.last().map_or(0, |revision| revision.revision);
    check_opened(unit, year, app.opens(Period::Year(year)), app.clock.today())?;
    check_revision(unit, year, made.revision, newest)?;
    check_move(unit, year, known.state(), to)?;
    if !made.items.is_empty() && app.rule_set(Period::Year(year))?.organisation_points.is_empty() {
        return Err(refused(
            "LT-ORG-001",
            unit,
            year,
            (
                "bộ quy tắc chưa có bảng điểm organisation_points: chưa nhập được điểm từng mục".to_owned(),
                "the rule set has no table organisation_points: points of items cannot be entered".to_owned(),
            ),
            (
                "bỏ --item và đề xuất mức bằng --level, hoặc khai báo bảng điểm của tỉnh (khoản 2 Điều 7)",
                "leave --item out and propose a level with --level, or enter the province's table of points (art. 7.2)",
            ),
        )
        .into());
    }
    if !known.score.wrong.is_empty() && !made.items.is_empty() {
        let list = known.score.wrong.join(", ");
        return Err(refused(
            "LT-ORG-001",
            unit,
            year,
            (
                format!("điểm không hợp lệ ở: {list} (so với organisation_points của bộ quy tắc)"),
                format!("points that cannot be: {list} (see organisation_points of the rule set)"),
            ),
            (
                "sửa điểm, hoặc khai báo bảng điểm của tỉnh",
                "correct them, or enter the province's table of points",
            ),
        )
        .into());
    }
    if made.level.is_none() && to != State::Revoked {
        return Err(refused(
            "LT-ORG-007",
            unit,
            year,
            ("thiếu mức xếp loại đề xuất hoặc công nhận".to_owned(), "the level is missing".to_owned()),
            ("ghi --level", "give --level"),
        )
        .into());
    }
    let given = |text: Option<&str>| text.is_some_and(is_ground);
    if to == State::Revoked && !(given(made.reason.as_deref()) && given(made.document.as_deref())) {
        return Err(refused(
            "LT-ORG-008",
            unit,
            year,
            (
                "hủy công nhận cần lý do và văn bản".to_owned(),
                "annulling a recognition needs a reason and a document".to_owned(),
            ),
            ("ghi --reason và --document", "give --reason and --document"),
        )
        .into());
    }
    Ok(())
}

fn other_level(unit: &UnitCode, year: i32, score: &OrganisationScore, decided: Option<Level>) -> Finding {
    let of_rules = score.level.map_or("–", Level::vietnamese);
    let decided = decided.map_or("–", Level::vietnamese);
    Finding::warning(
        "LT-ORG-012",
        Text::new(
            format!("mức công nhận \"{decided}\" khác mức theo điểm và điều kiện \"{of_rules}\""),
            format!("the level recognised (\"{decided}\") is not the one of points and conditions (\"{of_rules}\")"),
        ),
        Text::new(
            "xem `organisation show`: điều kiện nào chưa đạt hoặc chưa rõ; quyết định là của cấp có thẩm quyền",
            "see `organisation show` for conditions that are not met or not known; the authority decides",
        ),
    )
    .at(Place::of(format!("organisation {unit} {year}")))
}
