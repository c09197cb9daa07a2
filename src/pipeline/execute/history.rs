//! Orders about results from before this installation: imported, or signed off as none.
//!
//! Owns who may bring them in or sign them off (whoever scores or classifies the person, an office by a document, nobody
//! their own) and for which periods: never one whose result is made here. A file is taken as a whole or not at all.

use super::trial::{Tally, journal_refused, people_in_it, tried};
use super::{Answer, App, Refusal, author, person};
use crate::delivery::ResultRow;
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Exact, Period, PersonId, RecordState, RuleSet, StaffNumber, local_date};
use crate::error::{Finding, Place, Text};
use crate::evaluation::read_history;
use crate::pipeline::command::{InputFile, Outcome, PersonRef};
use crate::pipeline::results::{Occasion, result_item};
use crate::store::{HistoryState, Importer, OutboxFilter};
use std::collections::BTreeSet;

pub(super) async fn import(
    app: &App,
    file: &InputFile,
    (who, document): (&str, Option<&str>),
    dry_run: bool,
) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let known = |number: &StaffNumber| directory.by_staff_number(number).is_some();
    let rows = read_history(&file.name, &file.bytes, app.clock.today(), &known)?;
    let mut kept = Vec::with_capacity(rows.len());
    let mut findings = Vec::new();
    let mut tally = Tally::default();
    for row in &rows {
        let Some(id) = directory.by_staff_number(&row.staff_number) else { continue };
        // Before the first rule set scores were printed as the built-in one prints them; a fraction is no score.
        let rounding = app.rule_set(row.period).map_or(RuleSet::default().rounding, |rules| rules.rounding);
        let printed = |score: &Exact| score.round(rounding.digits, rounding.mode);
        let value = ResultRow {
            period: row.period,
            level: row.level,
            score: row.score.as_ref().map(printed),
            decision_no: row.decision_no.clone(),
            decided_on: row.decided_on,
        };
        let value = serde_json::to_value(value).map_err(|_| crate::pipeline::broken("history"))?;
        // What is known already is brought in by nobody.
        match app.store.history(id).await?.iter().find(|(period, _)| *period == row.period) {
            Some((_, held)) if *held == value => {
                tally.unchanged += 1;
                continue;
            }
            Some(_) => tally.changed += 1,
            None => tally.new += 1,
        }
        if let Err(finding) = check(app, &directory, id, row.period, (who, document)).await? {
            findings.push(*finding);
        }
        kept.push((id, row.period, value));
    }
    if !findings.is_empty() {
        return Err(refused(app, dry_run, who, "earlier results of one file", findings).await?);
    }
    if dry_run {
        let people: BTreeSet<PersonId> = kept.iter().map(|(id, ..)| *id).collect();
        return Ok(Outcome::ok(tried(tally, vec![people_in_it(people.len())], None)));
    }
    let count =
        app.store.import_history(&kept, Importer { author: who, document, at: app.clock.now() }).await?;
    let people: BTreeSet<PersonId> =
        rows.iter().filter_map(|row| directory.by_staff_number(&row.staff_number)).collect();
    let sent = renew_lists(app, &people).await?;
    Ok(Outcome::done(
        format!("đã nhập {count} kết quả; {sent} danh sách chờ gửi"),
        format!("{count} results imported; {sent} lists wait to be sent"),
    ))
}

/// Tells the journal of what was refused; 500 findings at most are told to whoever ordered it.
async fn refused(
    app: &App,
    dry_run: bool,
    who: &str,
    what: &str,
    mut findings: Vec<Finding>,
) -> Result<Refusal, Refusal> {
    let object = format!("{} {what}", findings.len());
    let why = findings.first().map(|first| first.code.clone());
    journal_refused(app, dry_run, who, object, why.as_deref()).await?;
    findings.truncate(500);
    Ok(Refusal(findings))
}

/// Why somebody's earlier result of a period may not be brought in by an author.
async fn check(
    app: &App,
    directory: &Directory,
    id: PersonId,
    period: Period,
    (who, document): (&str, Option<&str>),
) -> Result<Result<(), Box<Finding>>, Refusal> {
    if is_made_here(app, directory, id, period).await? {
        let number = directory.person(id).map(|known| known.staff_number.to_string()).unwrap_or_default();
        return Ok(Err(Box::new(made_here(&number, period))));
    }
    Ok(answers_for(app, directory, id, (who, document)))
}

/// Whether an author answers for what a person had before: whoever scores or classifies them now, because the authority
/// of those years may be gone, or an office by a document; never the person.
fn answers_for(
    app: &App,
    directory: &Directory,
    id: PersonId,
    (who, document): (&str, Option<&str>),
) -> Result<(), Box<Finding>> {
    let now = app.clock.now();
    let may = |duty| {
        let period = Period::quarter_of(app.clock.today());
        directory.check_author(Judged { subject: id, period, duty, author: who, at: now, document })
    };
    may(Duty::Score).or_else(|_| may(Duty::Classify))
}

/// Whether the result of a person's period is made here, or still can be: people began to evaluate them in it, or they
/// are evaluated in it and it did not end before this installation began. What old tasks alone say of a period before
/// that is no result.
async fn is_made_here(
    app: &App,
    directory: &Directory,
    id: PersonId,
    period: Period,
) -> Result<bool, Refusal> {
    let latest = app.store.latest_revision(id, period).await?;
    if latest.is_some_and(|latest| latest.state != RecordState::Computed) {
        return Ok(true);
    }
    let Ok(rules) = app.rule_set(period) else { return Ok(false) };
    if !directory.is_scored(id, period, rules.population_filter) {
        return Ok(false);
    }
    let began = app.store.first_audit().await?.map_or_else(|| app.clock.today(), local_date);
    Ok(period.last_day() >= began)
}

fn made_here(number: &str, period: Period) -> Finding {
    Finding::error(
        "LT-HIS-005",
        Text::new(
            format!("kết quả kỳ {period} của {number} do hệ thống này lập, không nhập từ ngoài"),
            format!("the result of {number} for {period} is made here; it is not imported"),
        ),
        Text::new(
            "xóa dòng này; kết quả sai thì dùng `record correct` kèm lý do",
            "remove the row; where the result is wrong use `record correct` with a reason",
        ),
    )
    .at(Place::of(format!("record {number} {period}")))
}

/// Makes lists anew that earlier results concern: of everyone whose results were just imported, and of everyone
/// whose list waits because the earlier results were unknown or incomplete.
async fn renew_lists(app: &App, imported: &BTreeSet<PersonId>) -> Result<usize, Refusal> {
    use crate::delivery::Target as _;
    app.ring("score");
    let Some(target) = app.national.clone() else { return Ok(0) };
    let directory = app.directory().await?;
    let now = app.clock.now();
    let filter =
        OutboxFilter { target: Some(target.id().to_string()), state: Some("parked".into()), kind: None };
    let mut waiting = app.store.outbox_lines(&filter, 100_000).await?;
    // What a person parked stays parked.
    waiting.retain(|line| {
        line.finding.as_ref().is_some_and(|why| matches!(why.code.as_str(), "LT-DLV-020" | "LT-DLV-021"))
    });
    let mut people: BTreeSet<PersonId> = waiting.iter().map(|line| line.person).collect();
    if !imported.is_empty() {
        let listed = app.store.people_with_lists(target.id()).await?;
        people.extend(listed.into_iter().filter(|person| imported.contains(person)));
    }
    let mut items = Vec::new();
    for id in people {
        if app.store.history_state(id).await? != HistoryState::Missing {
            items.extend(result_item(app, &directory, id, Occasion::Renewal).await?);
        }
    }
    app.store.enqueue(&items).await?;
    for line in waiting {
        if app.store.history_state(line.person).await? != HistoryState::Missing {
            app.store.retry_item(line.id, "history import", now).await?;
        }
    }
    app.ring_deliveries();
    Ok(items.len())
}

pub(super) async fn empty(
    app: &App,
    people: &[PersonRef],
    (who, document, reason): (&str, Option<&str>, &str),
    dry_run: bool,
) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let mut named = BTreeSet::new();
    for one in people {
        named.insert(person(app, one).await?);
    }
    let mut unknown = app.store.people_without_history().await?;
    unknown.retain(|id| people.is_empty() || named.contains(id));
    let judged = unknown.iter().map(|id| answers_for(app, &directory, *id, (who, document)));
    let findings: Vec<Finding> = judged.filter_map(Result::err).map(|finding| *finding).collect();
    if !findings.is_empty() {
        return Err(refused(app, dry_run, who, "signed-off histories", findings).await?);
    }
    if dry_run {
        let asked = if people.is_empty() { unknown.len() } else { named.len() };
        let tally = Tally { new: unknown.len(), changed: 0, unchanged: asked - unknown.len() };
        return Ok(Outcome::ok(tried(tally, Vec::new(), None)));
    }
    let by = Importer { author: who, document, at: app.clock.now() };
    let signed = app.store.sign_history_empty(&unknown, reason, by).await?;
    let sent = renew_lists(app, &BTreeSet::new()).await?;
    Ok(Outcome::done(
        format!(
            "đã xác nhận {signed} người không có kết quả trước (ai đã có kết quả hoặc đã được xác nhận thì giữ nguyên); {sent} danh sách chờ gửi"
        ),
        format!(
            "{signed} people signed off as without earlier results (who has results or was signed off before stays so); {sent} lists wait to be sent"
        ),
    ))
}
