//! Orders about shares of one product: by person, by quarter, of supporting people (art. 18.1.c).
//!
//! Owns what is entered, who may enter it, and how it is taken back. It is placed, previewed and confirmed as every order about
//! products (`mapping`). It must not know what a share is worth. Nobody shares a product of their own.

use super::mapping::{Brings, cannot_be_undone, decided_since, no_such_task, own_task, place, shown};
use super::trial::journal_refused;
use super::{Answer, App, Refusal, author, person};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Period, PersonId, TaskKey};
use crate::error::{Finding, Findings, Place, Text};
use crate::pipeline::command::{InputFile, Outcome, ShareEntry, TaskRef};
use crate::pipeline::map::scores_concerned;
use crate::pipeline::review::Effect;
use crate::pipeline::shared::due_of_shares;
use crate::scoring::share::Impossible;
use crate::scoring::{SharePart, check_shares};
use crate::sheet::{Column, Table};
use crate::store::{MapItem, MappingOrder, OrderKind, OrderState, SharesNew, StoredOrder, TaskShare};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tasks of one file.
const MOST_TASKS: usize = 5_000;

/// Who enters shares, by which document and why.
pub(super) struct Entered {
    pub author: String,
    pub document: Option<String>,
    pub reason: String,
    /// Only show what would change.
    pub dry_run: bool,
}

pub(super) async fn enter(app: &App, task: &TaskRef, parts: &[ShareEntry], entered: Entered) -> Answer {
    let new = entry(app, task, parts, &entered, &Place::of(format!("{}:{}", task.source, task.external_id)))
        .await?;
    keep(app, vec![new], &entered).await
}

/// All tasks of a file, or none.
pub(super) async fn enter_file(app: &App, file: &InputFile, entered: Entered) -> Answer {
    let (tasks, mut findings) = read(file)?;
    let mut entries = Vec::with_capacity(tasks.len());
    for (task, (line, parts)) in tasks {
        let place = Place::line(file.name.as_str(), line);
        match entry(app, &task, &parts, &entered, &place).await {
            Ok(new) => entries.push(new),
            Err(Refusal(more)) => findings.extend(
                more.into_iter().map(|one| if one.place.is_none() { one.at(place.clone()) } else { one }),
            ),
        }
    }
    if !findings.is_empty() {
        findings.truncate(500);
        return Err(Refusal(findings));
    }
    keep(app, entries, &entered).await
}

async fn keep(app: &App, mut entries: Vec<SharesNew>, entered: &Entered) -> Answer {
    entries.retain(|entry| !said(&entry.before).eq(&entry.parts));
    if entries.is_empty() {
        return Ok(Outcome::done(
            "sản phẩm đã được chia như vậy; không có gì thay đổi",
            "the products are shared like that already; nothing changes",
        ));
    }
    let who = author(&entered.author)?;
    let order = Ordered {
        kind: OrderKind::Share,
        about: None,
        author: who,
        reason: entered.reason.trim(),
        dry_run: entered.dry_run,
    };
    order.end(app, &entries, Vec::new()).await
}

/// Parts as they are entered.
fn said(parts: &[TaskShare]) -> Vec<(Option<PersonId>, Option<Period>, Option<Decimal>)> {
    parts.iter().map(|part| (part.person, part.period, part.share)).collect()
}

/// How an order about shares ends: its effect shown, or the order placed and told.
struct Ordered<'a> {
    kind: OrderKind,
    about: Option<i64>,
    author: &'a str,
    reason: &'a str,
    dry_run: bool,
}

impl Ordered<'_> {
    async fn end(&self, app: &App, entries: &[SharesNew], mut told: Vec<Finding>) -> Answer {
        let directory = app.directory().await?;
        let effect = app.effect_of_shares(entries).await?;
        told.extend(effect.told());
        if self.dry_run {
            return Ok(Outcome::with_findings(shown(&directory, &effect, None, OrderState::Waiting), told));
        }
        let new = MappingOrder {
            kind: self.kind,
            group: None,
            choice: None,
            author: self.author.to_owned(),
            reason: Some(self.reason.to_owned()),
            at: app.clock.now(),
            about: self.about,
            proposal: None,
            effect: effect.value(&directory),
            rows: Vec::new(),
            due: due_of_shares(entries),
        };
        let (id, state, more) = place(app, &directory, &new, Brings::Shares(entries)).await?;
        told.extend(more);
        Ok(Outcome::with_findings(shown(&directory, &effect, Some(id), state), told))
    }
}

/// What a waiting order about shares moves once a second person confirms it, and which scores that marks.
///
/// # Errors
/// LT-MAP-032 the second person has a share in one of the tasks; whoever ordered it may not share one of them any more;
/// LT-CAT-049 the parts are more than the whole under the rules of today.
pub(super) async fn confirmed(
    app: &App,
    directory: &Directory,
    (order, entries): (&StoredOrder, &[SharesNew]),
    (items, second): (&[MapItem], &str),
) -> Result<(Effect, Vec<(PersonId, Period)>), Refusal> {
    let mut counted = entries.to_vec();
    for entry in &mut counted {
        let Some(item) = items.iter().find(|item| item.task.id == entry.task) else { continue };
        let people = people_of(item, &entry.parts, &entry.before);
        if directory.named(second).is_some_and(|person| people.contains(&person)) {
            return Err(own_task(item, second).into());
        }
        let terms = (order.author.as_str(), entry.document.as_deref(), true);
        check_authority(app, &people, item, terms).await?;
        // Rules may be other ones by now, and whose task it is others.
        let part = |&(person, period, share): &_| SharePart { person, period, share };
        let parts: Vec<SharePart> = entry.parts.iter().map(part).collect();
        let place = Place::of(format!("{}:{}", item.task.key.source, item.task.key.external_id));
        check_possible(app, item, &parts, &place)?;
        entry.due.extend(scores_concerned(item));
    }
    let effect = app.effect_of_shares(&counted).await?;
    Ok((effect, due_of_shares(&counted)))
}

/// Takes an order about shares back: what was entered before it stands again, of the tasks nobody shared otherwise since.
pub(super) async fn take_back(
    app: &App,
    order: &StoredOrder,
    entries: Vec<SharesNew>,
    (who, reason, dry_run): (&str, &str, bool),
) -> Answer {
    let mut back = Vec::with_capacity(entries.len());
    let mut left = 0;
    for entry in entries {
        let before = app.store.shares_of_task(entry.task).await?;
        let Some(item) = app.store.map_item(entry.task).await?.filter(|_| said(&before) == entry.parts)
        else {
            left += 1;
            continue;
        };
        let people = people_of(&item, &entry.parts, &entry.before);
        check_authority(app, &people, &item, (who, None, dry_run)).await?;
        let mut due = entry.due;
        due.extend(scores_concerned(&item));
        let (parts, written) = (said(&entry.before), written_of(&*app.directory().await?, &entry.before));
        back.push(SharesNew { before, parts, written, due, document: None, ..entry });
    }
    if back.is_empty() {
        return Err(cannot_be_undone(order).into());
    }
    let told = (left > 0).then(|| decided_since(order.id, left)).into_iter().collect();
    let undo = Ordered { kind: OrderKind::Undo, about: Some(order.id), author: who, reason, dry_run };
    undo.end(app, &back, told).await
}

/// Parts as the history keeps them.
fn written_of(directory: &Directory, parts: &[TaskShare]) -> Value {
    let number = |person: PersonId| directory.person(person).map(|known| known.staff_number.to_string());
    let written = parts.iter().map(|part| {
        json!({
            "person": part.person.and_then(number), "period": part.period,
            "percent": part.share.map(|share| (share * Decimal::ONE_HUNDRED).normalize().to_string())
        })
    });
    Value::Array(written.collect())
}

/// Everyone whose part of a task some entry changes.
fn people_of(
    item: &MapItem,
    parts: &[(Option<PersonId>, Option<Period>, Option<Decimal>)],
    before: &[TaskShare],
) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = item.people.clone();
    people.extend(parts.iter().filter_map(|(person, _, _)| *person));
    people.extend(before.iter().filter_map(|part| part.person));
    people.sort();
    people.dedup();
    people
}

/// What an order says of each task, for whoever looks at it: the task, the parts before and after.
pub(super) async fn listed(
    app: &App,
    directory: &Directory,
    entries: &[SharesNew],
) -> Result<Vec<Vec<Value>>, Refusal> {
    let items = app.store.map_items(&entries.iter().map(|entry| entry.task).collect::<Vec<_>>()).await?;
    let parts = |written: &Value| -> Value {
        let parts = written.as_array().map(Vec::as_slice).unwrap_or_default();
        if parts.is_empty() {
            return json!("whole");
        }
        let text = |part: &Value, key: &str| part.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let part = |part: &Value| {
            let percent = Some(text(part, "percent")).filter(|percent| !percent.is_empty());
            let share = percent.map_or_else(|| "support_share".to_owned(), |percent| format!("{percent} %"));
            let words = [text(part, "person"), text(part, "period"), share];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        };
        json!(parts.iter().map(part).collect::<Vec<_>>())
    };
    let row = |entry: &SharesNew| {
        let item = items.iter().find(|item| item.task.id == entry.task);
        let key = item.map(|item| format!("{}:{}", item.task.key.source, item.task.key.external_id));
        let title = item.map(|item| item.task.task.draft.title.clone());
        let before = parts(&written_of(directory, &entry.before));
        vec![json!(key), json!(title), before, parts(&entry.written)]
    };
    Ok(entries.iter().map(row).collect())
}

/// What one task's shares become, once everything about them is checked.
async fn entry(
    app: &App,
    task: &TaskRef,
    entries: &[ShareEntry],
    entered: &Entered,
    place: &Place,
) -> Result<SharesNew, Refusal> {
    author(&entered.author)?;
    let known = app.store.known_hashes(&task.source, &[&task.external_id]).await?;
    let Some((id, _)) = known.first().copied().flatten() else { return Err(no_such_task(task).into()) };
    let Some(item) = app.store.map_item(id).await? else { return Err(no_such_task(task).into()) };
    let mut read = Vec::with_capacity(entries.len());
    for part in entries {
        let whose = match &part.person {
            Some(named) => Some(person(app, named).await?),
            None => None,
        };
        let share = part.percent.map(|percent| percent / Decimal::ONE_HUNDRED);
        read.push(SharePart { person: whose, period: part.period, share });
    }
    check_possible(app, &item, &read, place)?;
    let before = app.store.shares_of_task(id).await?;
    let parts: Vec<_> = read.iter().map(|part| (part.person, part.period, part.share)).collect();
    let people = people_of(&item, &parts, &before);
    let terms = (entered.author.as_str(), entered.document.as_deref(), entered.dry_run);
    check_authority(app, &people, &item, terms).await?;
    let mut periods: Vec<Period> =
        scores_concerned(&MapItem { people: people.iter().take(1).copied().collect(), ..item.clone() })
            .into_iter()
            .map(|(_, period)| period)
            .collect();
    periods.extend(read.iter().filter_map(|part| part.period).map(Period::quarter_around));
    periods.extend(before.iter().filter_map(|part| part.period).map(Period::quarter_around));
    periods.sort();
    periods.dedup();
    let due = people.iter().flat_map(|person| periods.iter().map(|period| (*person, *period))).collect();
    let written = entries.iter().map(|part| {
        json!({
            "person": part.person.as_ref().map(ToString::to_string), "period": part.period,
            "percent": part.percent.map(|percent| percent.to_string())
        })
    });
    let document = entered.document.clone();
    Ok(SharesNew { task: id, document, before, written: written.collect(), parts, due })
}

/// Parts are shares of one product under the rules of its quarter.
fn check_possible(app: &App, item: &MapItem, parts: &[SharePart], place: &Place) -> Result<(), Refusal> {
    let rules = app.rule_set(period_of(item))?;
    check_shares(parts, rules).map_err(|(why, sum)| impossible(why, sum).at(place.clone()).into())
}

/// The quarter a task belongs to.
fn period_of(item: &MapItem) -> Period {
    let held = &item.task.task;
    let assigned = crate::domain::local_date(held.draft.assigned_at.unwrap_or(held.first_seen_at));
    Period::quarter_of(held.draft.due.map_or(assigned, |due| due.day))
}

/// Whoever shares a product is entitled to score everyone whose part it changes, and shares none of their own.
async fn check_authority(
    app: &App,
    people: &[PersonId],
    item: &MapItem,
    (who, document, tried): (&str, Option<&str>, bool),
) -> Result<(), Refusal> {
    let who = author(who)?;
    let directory = app.directory().await?;
    let mut findings = Vec::new();
    for subject in people {
        let judged = Judged {
            subject: *subject,
            period: period_of(item),
            duty: Duty::Score,
            author: who,
            at: app.clock.now(),
            document,
        };
        if let Err(finding) = directory.check_author(judged)
            && !findings.contains(&*finding)
        {
            findings.push(*finding);
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    let key: &TaskKey = &item.task.key;
    let object = format!("shares of task {}:{}", key.source, key.external_id);
    let why = findings.first().map(|finding| finding.code.clone()).unwrap_or_default();
    journal_refused(app, tried, who, object, Some(&why)).await?;
    Err(Refusal(findings))
}

fn impossible(why: Impossible, sum: Decimal) -> Finding {
    let percent = (sum * Decimal::ONE_HUNDRED).normalize();
    let (code, vi, en) = match why {
        Impossible::Sum => (
            "LT-CAT-049",
            format!("các phần cộng lại là {percent} %, vượt quá toàn bộ sản phẩm"),
            format!("the shares come to {percent} %, more than the whole product"),
        ),
        Impossible::Range => (
            "LT-CAT-050",
            "một phần nằm ngoài 0–100 %".to_owned(),
            "a share is not within 0 to 100 %".to_owned(),
        ),
        Impossible::Twice => (
            "LT-CAT-050",
            "một người và một kỳ có hai phần".to_owned(),
            "one person and period have two shares".to_owned(),
        ),
    };
    Finding::error(
        code,
        Text::new(vi, en),
        Text::new(
            "tổng các phần không vượt hệ số của toàn bộ sản phẩm (Điều 18.1.c); sửa rồi nhập lại",
            "together the shares are at most the coefficient of the whole (art. 18.1.c); correct them and enter them again",
        ),
    )
}

const COLUMNS: &[Column] = &[
    Column { name: "task", synonyms: &["Nhiệm vụ", "Công việc"], required: true },
    Column { name: "person", synonyms: &["Số hiệu", "Người"], required: false },
    Column { name: "period", synonyms: &["Kỳ", "Quý", "Tháng"], required: false },
    Column { name: "share", synonyms: &["Phần", "Tỷ lệ", "Phần trăm"], required: false },
];

type Tasks = Vec<(TaskRef, (u32, Vec<ShareEntry>))>;

/// The tasks of a file with their parts, in the order of the file, and what is wrong with its cells.
fn read(file: &InputFile) -> Result<(Tasks, Vec<Finding>), Findings> {
    let table = Table::read(&file.name, &file.bytes, COLUMNS)?;
    let (mut findings, mut order) = (Vec::new(), Vec::new());
    let mut tasks: BTreeMap<String, (TaskRef, u32, Vec<ShareEntry>)> = BTreeMap::new();
    for row in table.rows() {
        let mut wrong = |column: &str, vi: &str, en: &str| {
            let remedy =
                Text::new("sửa ô rồi nhập lại cả tệp", "correct the cell and import the whole file again");
            findings.push(Finding::error("LT-CAT-050", Text::new(vi, en), remedy).at(row.place(column)));
        };
        let task: Option<TaskRef> = row.get("task").parse().ok();
        if task.is_none() {
            wrong("task", "viết NGUỒN:MÃ", "write SOURCE:KEY");
        }
        let person = Some(row.get("person")).filter(|text| !text.is_empty()).map(str::parse);
        if person.as_ref().is_some_and(Result::is_err) {
            wrong("person", "không phải số hiệu", "is no staff number");
        }
        let period = Some(row.get("period")).filter(|text| !text.is_empty()).map(ShareEntry::read_period);
        if period == Some(None) {
            wrong(
                "period",
                "viết quý như 2026-Q1 hoặc tháng như 2026-01",
                "write a quarter as 2026-Q1 or a month as 2026-01",
            );
        }
        let percent = Some(row.get("share")).filter(|text| !text.is_empty()).map(ShareEntry::read_percent);
        if percent == Some(None) {
            wrong(
                "share",
                "viết phần trăm từ 0 đến 100, tối đa 4 chữ số thập phân",
                "write percents from 0 to 100 with at most 4 decimals",
            );
        }
        let (Some(task), None | Some(Ok(_))) = (task, &person) else { continue };
        let part = ShareEntry {
            person: person.and_then(Result::ok),
            period: period.flatten(),
            percent: percent.flatten(),
        };
        let key = format!("{}:{}", task.source, task.external_id);
        let known = tasks.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            (task, row.line(), Vec::new())
        });
        known.2.push(part);
    }
    if order.len() > MOST_TASKS {
        let what = Text::new("tệp có hơn 5.000 nhiệm vụ", "the file has more than 5,000 tasks");
        let remedy = Text::new("chia nhỏ tệp", "split the file");
        findings.push(Finding::error("LT-CAT-050", what, remedy).at(Place::of(file.name.as_str())));
    }
    let read = order
        .into_iter()
        .filter_map(|key| tasks.remove(&key))
        .map(|(task, line, parts)| (task, (line, parts)));
    Ok((read.collect(), findings))
}
