//! Orders about shares of one product: by person, by quarter, of supporting people (art. 18.1.c).

use super::mapping::no_such_task;
use super::trial::{Tally, journal_refused, people_in_it, scores_again, tried};
use super::{Answer, App, Refusal, author, person};
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Period, PersonId, TaskKey};
use crate::error::{Finding, Findings, Place, Text};
use crate::pipeline::command::{Document, InputFile, Outcome, ShareEntry, TaskRef};
use crate::pipeline::frozen::told;
use crate::pipeline::map::scores_concerned;
use crate::scoring::share::Impossible;
use crate::scoring::{SharePart, check_shares};
use crate::sheet::{Column, Table};
use crate::store::{MapItem, SharesNew};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

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

async fn keep(app: &App, entries: Vec<SharesNew>, entered: &Entered) -> Answer {
    let by = (entered.author.trim(), entered.document.as_deref(), entered.reason.trim());
    let stakes =
        entries.iter().flat_map(|new| new.due.iter().map(|(person, period)| (new.task, *person, *period)));
    let stakes = stakes.collect();
    let touched = app.frozen(&*app.directory().await?, stakes).await?;
    if entered.dry_run {
        return Ok(Outcome::with_findings(shown(&entries), told(&touched).into_iter().collect()));
    }
    app.store.enter_shares(&entries, by, app.clock.now()).await?;
    app.ring("score");
    let count = entries.len();
    let text = Text::new(
        format!("đã ghi phần chia của {count} nhiệm vụ; điểm liên quan được tính lại"),
        format!("shares of {count} tasks entered; the scores concerned are computed again"),
    );
    Ok(Outcome::with_findings(Document::Message { text }, told(&touched).into_iter().collect()))
}

/// What entries would change: of tasks that were not shared, of those shared otherwise, of those that stand so.
fn shown(entries: &[SharesNew]) -> Document {
    let mut tally = Tally::default();
    let (mut people, mut scores) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries {
        let before = entry.before.iter().map(|part| (part.person, part.period, part.share));
        if before.eq(entry.parts.iter().copied()) {
            tally.unchanged += 1;
        } else if entry.before.is_empty() {
            tally.new += 1;
        } else {
            tally.changed += 1;
        }
        people.extend(entry.due.iter().map(|(person, _)| *person));
        scores.extend(entry.due.iter().copied());
    }
    tried(tally, vec![people_in_it(people.len()), scores_again(scores.len())], None)
}

/// What one task's shares become, once everything about them is checked.
async fn entry(
    app: &App,
    task: &TaskRef,
    parts: &[ShareEntry],
    entered: &Entered,
    place: &Place,
) -> Result<SharesNew, Refusal> {
    author(&entered.author)?;
    let known = app.store.known_hashes(&task.source, &[&task.external_id]).await?;
    let Some((id, _)) = known.first().copied().flatten() else { return Err(no_such_task(task).into()) };
    let Some(item) = app.store.map_item(id).await? else { return Err(no_such_task(task).into()) };
    let mut read = Vec::with_capacity(parts.len());
    for part in parts {
        let whose = match &part.person {
            Some(named) => Some(person(app, named).await?),
            None => None,
        };
        let share = part.percent.map(|percent| percent / Decimal::ONE_HUNDRED);
        read.push(SharePart { person: whose, period: part.period, share });
    }
    let rules = app.rule_set(period_of(&item))?;
    if let Err((why, sum)) = check_shares(&read, rules) {
        return Err(impossible(why, sum).at(place.clone()).into());
    }
    let before = app.store.shares_of_task(id).await?;
    let mut people: Vec<PersonId> = item.people.clone();
    people.extend(read.iter().filter_map(|part| part.person));
    people.extend(before.iter().filter_map(|part| part.person));
    people.sort();
    people.dedup();
    check_authority(app, &people, &item, entered).await?;
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
    let written = parts.iter().map(|part| {
        json!({
            "person": part.person.as_ref().map(ToString::to_string), "period": part.period,
            "percent": part.percent.map(|percent| percent.to_string())
        })
    });
    Ok(SharesNew {
        task: id,
        before,
        written: written.collect(),
        parts: read.into_iter().map(|part| (part.person, part.period, part.share)).collect(),
        due,
    })
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
    entered: &Entered,
) -> Result<(), Refusal> {
    let (who, document) = (author(&entered.author)?, entered.document.as_deref());
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
    journal_refused(app, entered.dry_run, who, object, Some(&why)).await?;
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
