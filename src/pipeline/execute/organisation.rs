//! Orders about organisations: what their year counts, the facts people state, and the steps to recognition.
//!
//! Owns how an organisation's tasks are counted from what its people's scores were made of, and who may make which
//! step. It must not know which moves are legal or how points add up. What is refused is told, written to the journal,
//! and changes nothing.

use super::{Answer, App, Refusal, author, known_unit};
use crate::directory::Directory;
use crate::domain::organisation::maxima;
use crate::domain::{Exact, Level, Period, PersonId, UnitCode, UnitKind};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::{
    OrganisationState as State, Recognition, check_move, check_recognition, late_classification,
    recognised_by_province,
};
use crate::pipeline::command::{Column, Document, Field, LifeOrder, Outcome, TaskRef};
use crate::pipeline::score::FULL_PERIOD;
use crate::pipeline::wording::Words;
use crate::scoring::organisation::{
    OrganisationInput, OrganisationScore, OrganisationTask, TaskShares, score_organisation,
};
use crate::store::{Facts, OrganisationFact, OrganisationRevision, Organisations};
use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Facts that can be stated.
const FACTS: [&str; 5] = ["defects_fixed", "wrongdoing", "force_majeure", "hold", "special_date"];

/// Carries out an order about organisations.
pub(super) async fn carry_out(app: &App, order: LifeOrder) -> Answer {
    use LifeOrder as L;
    match order {
        L::OrganisationShow { unit, year } => show(app, &unit, year).await,
        L::OrganisationList { year, unit } => list(app, year, unit.as_ref()).await,
        L::OrganisationState { unit, year, kind, value, document, author } => {
            state(app, &unit, year, (&kind, value, &document), &author).await
        }
        L::OrganisationAbove { task, back, document, author } => {
            above(app, &task, back, &document, &author).await
        }
        L::OrganisationStep {
            unit,
            year,
            step,
            revision,
            level,
            items,
            document,
            reason,
            exception,
            author,
        } => {
            let made = Making { unit, year, revision, level, items, document, reason, exception, author };
            take(app, &step, made).await
        }
        _ => Err(crate::pipeline::broken("order").into()),
    }
}

/// A step as ordered.
struct Making {
    unit: UnitCode,
    year: i32,
    revision: u32,
    level: Option<Level>,
    items: BTreeMap<String, Exact>,
    document: Option<String>,
    reason: Option<String>,
    exception: Option<String>,
    author: String,
}

/// Everything known of an organisation's year.
struct Known {
    revisions: Vec<OrganisationRevision>,
    facts: BTreeMap<String, OrganisationFact>,
    points: BTreeMap<String, Exact>,
    shares: TaskShares,
    open_below: Vec<String>,
    score: OrganisationScore,
}

impl Known {
    fn state(&self) -> Option<State> {
        self.revisions.last().and_then(|revision| State::parse(&revision.state))
    }

    fn fact(&self, kind: &str) -> Option<bool> {
        self.facts.get(kind).and_then(|fact| fact.value)
    }

    fn hold(&self) -> Option<&str> {
        let held = self.facts.get("hold").filter(|fact| fact.value == Some(true));
        held.map(|fact| fact.document.as_str())
    }
}

async fn known(
    app: &App,
    directory: &Directory,
    unit: &UnitCode,
    year: i32,
    given: &BTreeMap<String, Exact>,
) -> Result<Known, Refusal> {
    let rules = app.rule_set(Period::Year(year))?;
    let revisions = app.store.organisation_revisions(unit, year).await?;
    let facts = app.store.organisation_facts(unit, year).await?;
    let mut points: BTreeMap<String, Exact> = BTreeMap::new();
    let held =
        revisions.last().and_then(|revision| revision.content.get("points")).and_then(Value::as_object);
    for (item, value) in held.into_iter().flatten() {
        if let Some(value) = value.as_str().and_then(|text| text.parse().ok()) {
            points.insert(item.clone(), value);
        }
    }
    points.extend(given.iter().map(|(item, value)| (item.clone(), value.clone())));
    let shares = TaskShares::of(tasks(app, directory, unit, year).await?.into_values());
    let recognised = app.store.organisations_of(year).await?;
    let (mut subordinates, mut open_below) = (Vec::new(), Vec::new());
    for below in directory.units().filter(|below| below.parent.as_ref() == Some(unit)) {
        let level =
            recognised.get(&below.code).filter(|revision| revision.state == State::Recognised.as_str());
        let level = level.and_then(|revision| revision.level);
        if level.is_none() {
            open_below.push(below.code.to_string());
        }
        subordinates.push(level);
    }
    let fact = |kind: &str| facts.get(kind).and_then(|fact: &OrganisationFact| fact.value);
    let score = score_organisation(&OrganisationInput {
        points: points.clone(),
        maxima: maxima(&rules.organisation_points).unwrap_or_default(),
        tasks: shares,
        subordinates,
        defects_fixed: fact("defects_fixed"),
        wrongdoing: fact("wrongdoing"),
        force_majeure: fact("force_majeure") == Some(true),
    });
    Ok(Known { revisions, facts, points, shares, open_below, score })
}

/// The tasks of an organisation's year, each once: the lines its people's scores were made of, for the days on which
/// they were its people. Handed over within the organisation, the one who finished it speaks for it.
async fn tasks(
    app: &App,
    directory: &Directory,
    unit: &UnitCode,
    year: i32,
) -> Result<BTreeMap<String, OrganisationTask>, Refusal> {
    let units: BTreeSet<&UnitCode> = directory.subtree(unit);
    let period = Period::Year(year);
    let above = app.store.tasks_above().await?;
    // What somebody of the organisation marked speaks for those below it alone.
    let inside_of = |who: PersonId| is_member(directory, who, unit, app.clock.today());
    let mut tasks: BTreeMap<String, OrganisationTask> = BTreeMap::new();
    // By months a quarter is a mean and has no lines: those are its months'.
    let monthly = |quarter: Period| app.rule_set(quarter).is_ok_and(|rules| rules.is_monthly());
    let of_quarter = |quarter: Period| if monthly(quarter) { quarter.months() } else { vec![quarter] };
    let made_of_tasks: Vec<Period> = period.quarters().into_iter().flat_map(of_quarter).collect();
    let people: Vec<PersonId> = directory.people().map(|known| known.id).collect();
    for person in people {
        let posts: Vec<_> =
            directory.posts(person, period).into_iter().filter(|post| units.contains(&post.unit)).collect();
        if posts.is_empty() {
            continue;
        }
        for part in &made_of_tasks {
            let Some(bytes) = app.store.derivation(person, *part, FULL_PERIOD).await? else { continue };
            let derivation: Value =
                serde_json::from_slice(&bytes).map_err(|_| crate::pipeline::broken("derivation"))?;
            for line in derivation.get("lines").and_then(Value::as_array).into_iter().flatten() {
                let text = |key: &str| line.get(key).and_then(Value::as_str);
                // A leader's pool repeats the lines of those in charge.
                let (Some(key), None) = (text("source"), text("of")) else { continue };
                let day = text("counted_on").and_then(|day| day.parse::<chrono::NaiveDate>().ok());
                let inside = day.is_some_and(|day| {
                    posts.iter().any(|post| post.from <= day && post.to.is_none_or(|to| day <= to))
                });
                if !inside {
                    continue;
                }
                let number = |key: &str| text(key).and_then(|text| text.parse::<Exact>().ok());
                let count = |key: &str| line.get(key).and_then(Value::as_u64).unwrap_or(0);
                let done = match (number("completed"), number("assigned")) {
                    (Some(completed), Some(assigned)) => completed >= assigned && completed > Exact::zero(),
                    _ => false,
                };
                let one = OrganisationTask {
                    done,
                    late: count("late_count") > 0,
                    failed: count("quality_failures") > 0,
                    above: above.get(key).is_some_and(|who| !directory.named(who).is_some_and(inside_of)),
                };
                let held = tasks.entry(key.to_owned()).or_insert(one);
                if one.done && !held.done {
                    *held = one;
                }
            }
        }
    }
    Ok(tasks)
}

/// The nearest agency at or above a unit: a department, a commune, or the province.
fn agency(directory: &Directory, unit: &UnitCode) -> UnitCode {
    let mut code = unit;
    for _ in 0..20 {
        match directory.unit(code) {
            Some(known) if known.kind == UnitKind::Division => match &known.parent {
                Some(parent) => code = parent,
                None => break,
            },
            _ => break,
        }
    }
    code.clone()
}

/// Who recognises a unit: of departments and communes the province's chair, else the head of its agency (plan III.1).
fn authority(directory: &Directory, unit: &UnitCode) -> Option<UnitCode> {
    let known = directory.unit(unit)?;
    if recognised_by_province(known.kind) {
        return known.parent.clone();
    }
    known.parent.as_ref().map(|parent| agency(directory, parent))
}

/// Units the same authority recognises.
fn scope<'a>(directory: &'a Directory, unit: &UnitCode) -> Vec<&'a UnitCode> {
    let by = authority(directory, unit);
    let province = directory.unit(unit).is_some_and(|known| recognised_by_province(known.kind));
    let same = |other: &&crate::domain::Unit| {
        recognised_by_province(other.kind) == province && authority(directory, &other.code) == by
    };
    directory.units().filter(same).map(|other| &other.code).collect()
}

/// Whether somebody's post of a day is in a unit or below it.
fn is_member(directory: &Directory, who: PersonId, unit: &UnitCode, on: NaiveDate) -> bool {
    directory.unit_on(who, on).is_some_and(|own| directory.subtree(unit).contains(own))
}

/// Whether somebody may state something about an organisation: the head of the authority that recognises it, or an
/// office by its document; nobody of the organisation itself (plan III.1, III.4).
fn may_state(app: &App, directory: &Directory, unit: &UnitCode, who: &str) -> Result<(), Box<Finding>> {
    let today = app.clock.today();
    let Some(named) = directory.named(who) else { return Ok(()) };
    if is_member(directory, named, unit, today) {
        return Err(Box::new(own_organisation(who)));
    }
    let authority = authority(directory, unit);
    if authority.is_some_and(|above| directory.heads_on(&above, today).contains(&named)) {
        return Ok(());
    }
    Err(Box::new(may_not(("xác nhận về", "state facts about"), who)))
}

/// Whether a step's author may make it.
fn may(app: &App, directory: &Directory, step: State, made: &Making) -> Result<(), Box<Finding>> {
    let today = app.clock.today();
    let heads = directory.heads_on(&made.unit, today);
    let named = directory.named(&made.author);
    let cites = made.document.as_deref().is_some_and(|document| !document.trim().is_empty());
    let place = || Place::of(format!("organisation {} {}", made.unit, made.year));
    let own = named.is_some_and(|named| is_member(directory, named, &made.unit, today));
    let authority = authority(directory, &made.unit);
    let entitled: Vec<PersonId> = match step {
        State::SelfAssessed => heads,
        State::Appraised => Vec::new(),
        State::Recognised | State::Revoked => {
            authority.as_ref().map(|unit| directory.heads_on(unit, today)).unwrap_or_default()
        }
    };
    if step != State::SelfAssessed && own {
        return Err(Box::new(own_organisation(&made.author).at(place())));
    }
    match named {
        Some(named) if entitled.contains(&named) => Ok(()),
        // The personnel body is of the authority; whoever acts for it cites its document.
        Some(named) if step == State::Appraised && cites => match &authority {
            Some(above) if is_member(directory, named, above, today) => Ok(()),
            _ => Err(Box::new(not_entitled(step, &made.author).at(place()))),
        },
        None if cites => Ok(()),
        _ => Err(Box::new(not_entitled(step, &made.author).at(place()))),
    }
}

async fn take(app: &App, step: &str, made: Making) -> Answer {
    let who = author(&made.author)?.to_owned();
    known_unit(app, Some(&made.unit)).await?;
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
async fn refused_move(
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

fn judge(app: &App, directory: &Directory, to: State, made: &Making, known: &Known) -> Result<(), Refusal> {
    let (unit, year) = (&made.unit, made.year);
    may(app, directory, to, made)?;
    let newest = known.revisions.last().map_or(0, |revision| revision.revision);
    if made.revision != newest {
        return Err(refused(
            "LT-ORG-002",
            unit,
            year,
            (
                format!("quyết định dựa trên bản {} nhưng bản mới nhất là {newest}", made.revision),
                format!("the step looked at revision {}, the newest is {newest}", made.revision),
            ),
            ("xem `organisation show` rồi làm lại", "look at `organisation show` and do it again"),
        )
        .into());
    }
    check_move(unit, year, known.state(), to)?;
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
    let given =
        |text: Option<&str>| text.is_some_and(|text| (2..=2_000).contains(&text.trim().chars().count()));
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

/// What a revision says: points, counts and conditions as they were when it was made.
fn content(known: &Known, level: Option<Level>) -> Value {
    let score = &known.score;
    let text = |value: &Option<Exact>| value.as_ref().map(Exact::to_text);
    json!({
        "points": known.points.iter().map(|(item, value)| (item.clone(), json!(value.to_text()))).collect::<serde_json::Map<_, _>>(),
        "general": text(&score.general), "result": text(&score.result), "total": text(&score.total),
        "tasks": known.shares, "conditions": score.conditions, "level_of_rules": score.level, "gap": score.gap,
        "level": level,
        "facts": known.facts.iter().map(|(kind, fact)| (kind.clone(), json!([fact.value, fact.document]))).collect::<serde_json::Map<_, _>>(),
    })
}

fn hash(content: &Value) -> String {
    Sha256::digest(content.to_string().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn state(
    app: &App,
    unit: &UnitCode,
    year: i32,
    (kind, value, document): (&str, Option<bool>, &str),
    who: &str,
) -> Answer {
    let who = author(who)?;
    known_unit(app, Some(unit)).await?;
    let directory = app.directory().await?;
    let judged = may_state(app, &directory, unit, who);
    let refusal = if !FACTS.contains(&kind) {
        let list = FACTS.join(", ");
        Some(Finding::error(
            "LT-ORG-013",
            Text::new(format!("không có loại xác nhận \"{kind}\""), format!("there is no fact \"{kind}\"")),
            Text::new(format!("dùng một trong: {list}"), format!("use one of: {list}")),
        ))
    } else if let Err(finding) = judged {
        Some(*finding)
    } else if !(2..=2_000).contains(&document.trim().chars().count()) {
        Some(no_document())
    } else {
        None
    };
    if let Some(finding) = refusal {
        let object = format!("organisation {unit} {year}");
        app.store.note(app.clock.now(), who, "move_refused", object, Some(&finding.code)).await?;
        return Err(finding.at(Place::of(format!("organisation {unit} {year}"))).into());
    }
    let fact = OrganisationFact {
        kind: kind.to_owned(),
        value,
        document: document.trim().to_owned(),
        author: who.to_owned(),
        at: app.clock.now(),
    };
    app.store.state_organisation_fact(unit, year, &fact).await?;
    Ok(Outcome::done("đã ghi", "written"))
}

async fn above(app: &App, task: &TaskRef, back: bool, document: &str, who: &str) -> Answer {
    let who = author(who)?;
    let (source, key) = (task.source.as_str(), task.external_id.as_str());
    let (document, now) = (document.trim(), app.clock.now());
    let Some(people) = app.store.people_of_task(source, key).await? else {
        return Err(not_to_mark(source, key, back).into());
    };
    let directory = app.directory().await?;
    let units: BTreeSet<&UnitCode> =
        people.iter().filter_map(|person| directory.unit_on(*person, app.clock.today())).collect();
    let judged = if !(2..=2_000).contains(&document.chars().count()) {
        Err(Box::new(no_document()))
    } else if units.is_empty() && directory.named(who).is_some() {
        Err(Box::new(may_not(("xác nhận về", "state facts about"), who)))
    } else {
        units.iter().try_for_each(|unit| may_state(app, &directory, unit, who))
    };
    if let Err(finding) = judged {
        let object = format!("task {source}/{key}");
        app.store.note(now, who, "move_refused", object, Some(&finding.code)).await?;
        return Err(finding.into());
    }
    if back {
        if app.store.unmark_above(source, key, document, who, now).await? {
            return Ok(Outcome::done("đã thu hồi ghi nhận vượt mức", "the mark is taken back"));
        }
    } else if app.store.mark_above(source, key, document, who, now).await? {
        return Ok(Outcome::done(
            "đã ghi: nhiệm vụ hoàn thành vượt mức yêu cầu",
            "marked as above requirement",
        ));
    }
    Err(not_to_mark(source, key, back).into())
}

fn not_to_mark(source: &str, key: &str, back: bool) -> Finding {
    let (vi, en) = if back {
        ("chưa được ghi là vượt mức", "it is not marked")
    } else {
        ("đã được ghi là vượt mức", "it is marked already")
    };
    Finding::error(
        "LT-ORG-009",
        Text::new(
            format!("không có nhiệm vụ {source}:{key}, hoặc {vi}"),
            format!("there is no task {source}:{key}, or {en}"),
        ),
        Text::new("kiểm tra NGUỒN:MÃ bằng `score explain`", "check SOURCE:KEY with `score explain`"),
    )
}

async fn show(app: &App, unit: &UnitCode, year: i32) -> Answer {
    known_unit(app, Some(unit)).await?;
    let directory = app.directory().await?;
    let known = known(app, &directory, unit, year, &BTreeMap::new()).await?;
    let (score, shares) = (&known.score, known.shares);
    let text = |value: &Option<Exact>| json!(value.as_ref().map(Exact::to_text));
    let percent = |count: u64| {
        let share = shares.share(count)?;
        Some((&share * &Exact::integer(100)).round(2, crate::domain::exact::RoundingMode::HalfUp))
    };
    let points = Document::Object {
        title: Text::new(format!("Tổ chức {unit}, năm {year}"), format!("Organisation {unit}, {year}")),
        fields: vec![
            Field::words(
                "general",
                "Tiêu chí chung (0–30)",
                "General criteria (0–30)",
                Words::Number,
                text(&score.general),
            ),
            Field::words(
                "result",
                "Kết quả nhiệm vụ (0–70)",
                "Results (0–70)",
                Words::Number,
                text(&score.result),
            ),
            Field::words("total", "Tổng điểm", "Total", Words::Number, text(&score.total)),
            Field::new("missing", "Mục chưa có điểm", "Items without points", score.missing.join(", ")),
            Field::words(
                "level_of_rules",
                "Mức theo điểm và điều kiện",
                "Level by points and conditions",
                Words::Level,
                json!(score.level),
            ),
            Field::words(
                "gap",
                "Vì sao chưa xác định được",
                "Why there is none",
                Words::Gap,
                json!(score.gap),
            ),
            Field::new(
                "open_below",
                "Cấp dưới chưa công nhận",
                "Lower ones not recognised",
                known.open_below.join(", "),
            ),
            Field::new("held", "Đang xác minh", "Held", json!(known.hold())),
        ],
    };
    let counted = [
        ("assigned", "Được giao", "Assigned", shares.assigned),
        ("done", "Hoàn thành", "Done", shares.done),
        ("in_order", "Đúng hạn, bảo đảm chất lượng", "On time, with quality", shares.in_order),
        ("not_on_time", "Chưa bảo đảm tiến độ", "Not on time", shares.not_on_time),
        ("above", "Vượt mức yêu cầu", "Above requirement", shares.above),
    ];
    let tasks = Document::Table {
        title: Text::new("Nhiệm vụ trong năm", "Tasks of the year"),
        columns: vec![
            Column::left("what", "Nội dung", "What"),
            Column::right("count", "Số lượng", "Count"),
            Column::right("percent", "%", "%"),
        ],
        rows: counted
            .iter()
            .map(|(key, vi, en, count)| {
                vec![json!({"key": key, "vi": vi, "en": en}), json!(count), json!(percent(*count))]
            })
            .collect(),
    };
    let conditions = Document::Table {
        title: Text::new("Điều kiện (Điều 8)", "Conditions (art. 8)"),
        columns: vec![
            Column::words("condition", "Điều kiện", "Condition", Words::Condition),
            Column::words("state", "Đạt", "Met", Words::Met),
        ],
        rows: score.conditions.iter().map(|(condition, met)| vec![json!(condition), json!(met)]).collect(),
    };
    let revisions = Document::Table {
        title: Text::new("Hồ sơ", "Record"),
        columns: vec![
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::Organisation),
            Column::words("level", "Mức", "Level", Words::Level),
            Column::left("author", "Người lập", "Author"),
            Column::left("document", "Văn bản", "Document"),
            Column::left("at", "Lúc", "At"),
        ],
        rows: known
            .revisions
            .iter()
            .map(|revision| {
                vec![
                    json!(revision.revision),
                    json!(revision.state),
                    json!(revision.level),
                    json!(revision.author),
                    json!(revision.document),
                    json!(revision.at),
                ]
            })
            .collect(),
    };
    let parts = vec![
        ("organisation".into(), points),
        ("tasks".into(), tasks),
        ("conditions".into(), conditions),
        ("record".into(), revisions),
    ];
    Ok(Outcome::ok(Document::Parts { parts }))
}

async fn list(app: &App, year: i32, unit: Option<&UnitCode>) -> Answer {
    known_unit(app, unit).await?;
    let directory = app.directory().await?;
    let within = unit.map(|unit| directory.subtree(unit));
    let all = app.store.organisations_of(year).await?;
    let mut rows = Vec::new();
    for known in directory.units().filter(|known| known.kind != UnitKind::Province) {
        if within.as_ref().is_some_and(|units| !units.contains(&known.code)) {
            continue;
        }
        let revision = all.get(&known.code);
        rows.push(vec![
            json!(known.code),
            json!(known.name),
            json!(authority(&directory, &known.code)),
            json!(revision.map(|revision| revision.revision)),
            json!(revision.map_or("none", |revision| revision.state.as_str())),
            json!(revision.and_then(|revision| revision.level)),
        ]);
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("Tổ chức, năm {year}"), format!("Organisations, {year}")),
        columns: vec![
            Column::left("unit", "Đơn vị", "Unit"),
            Column::left("name", "Tên", "Name"),
            Column::left("recognised_by", "Nơi công nhận", "Recognised by"),
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::Organisation),
            Column::words("level", "Mức", "Level", Words::Level),
        ],
        rows,
    }))
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

fn own_organisation(who: &str) -> Finding {
    Finding::error(
        "LT-AUT-004",
        Text::new(
            format!("{who} thuộc chính tổ chức này; chỉ người đứng đầu được tự đánh giá"),
            format!("{who} belongs to this organisation, which only its head assesses"),
        ),
        Text::new(
            "thẩm định, công nhận và xác nhận do cấp có thẩm quyền thực hiện (mục III.1, III.4)",
            "appraisal, recognition and facts are the authority's (plan III.1, III.4)",
        ),
    )
}

fn not_entitled(step: State, who: &str) -> Finding {
    Finding::error(
        "LT-AUT-005",
        Text::new(
            format!(
                "{who} không có thẩm quyền làm bước {} của tổ chức này (mục III.1, III.4)",
                step.as_str()
            ),
            format!("{who} may not make the step {} of this organisation (plan III.1, III.4)", step.as_str()),
        ),
        Text::new(
            "tự đánh giá: người đứng đầu; công nhận: Chủ tịch UBND tỉnh hoặc người đứng đầu cơ quan; cơ quan nhập thay phải nêu văn bản",
            "self-assessment: its head; recognition: the province's chair or the agency's head; an office cites a document",
        ),
    )
}

fn may_not((vi, en): (&str, &str), who: &str) -> Finding {
    Finding::error(
        "LT-AUT-005",
        Text::new(
            format!("{who} không có thẩm quyền {vi} tổ chức này (mục III.1, III.4)"),
            format!("{who} may not {en} this organisation (plan III.1, III.4)"),
        ),
        Text::new(
            "người có thẩm quyền công nhận thực hiện; cơ quan nhập thay ghi tên cơ quan và văn bản",
            "the recognising authority does; an office gives its name and its document",
        ),
    )
}

fn no_document() -> Finding {
    Finding::error(
        "LT-AUT-006",
        Text::new(
            "thiếu văn bản làm căn cứ (2 đến 2.000 ký tự)",
            "the document is missing (2 to 2,000 characters)",
        ),
        Text::new("ghi số, ngày văn bản bằng --document", "give number and date with --document"),
    )
}

fn refused(code: &str, unit: &UnitCode, year: i32, what: (String, String), remedy: (&str, &str)) -> Finding {
    Finding::error(code, Text::new(what.0, what.1), Text::new(remedy.0, remedy.1))
        .at(Place::of(format!("organisation {unit} {year}")))
}
