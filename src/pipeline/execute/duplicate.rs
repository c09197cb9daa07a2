//! Orders about pairs of tasks that may be one: what waits, one task, two tasks, and the undo.

use super::mapping::no_such_task;
use super::{Answer, App, Refusal, author};
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{Column, Document, Outcome, TaskOrder, TaskRef};
use crate::pipeline::map::scores_concerned;
use crate::pipeline::review::is_own;
use crate::pipeline::wording::Words;
use crate::store::{MapItem, PairSaid, PairState, PairWord};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn carry_out(app: &App, order: TaskOrder) -> Answer {
    match order {
        TaskOrder::Duplicates { before, limit } => list(app, before, limit).await,
        TaskOrder::Find { text, before, limit } => super::find::tasks(app, &text, before, limit).await,
        TaskOrder::Show { task, raw } => super::task_show::show(app, &task, raw).await,
        TaskOrder::SameAs { task, other, author, reason } => {
            say(app, (&task, &other), PairWord::Same, &author, &reason).await
        }
        TaskOrder::Different { task, other, author, reason } => {
            say(app, (&task, &other), PairWord::Different, &author, &reason).await
        }
        TaskOrder::Apart { task, other, author, reason } => {
            say(app, (&task, &other), PairWord::Undo, &author, &reason).await
        }
    }
}

/// Pairs that wait for a person, newest first.
async fn list(app: &App, before: Option<i64>, limit: u32) -> Answer {
    let pairs = app.store.pairs(PairState::Proposed, before.unwrap_or(i64::MAX), limit as usize).await?;
    let tasks: BTreeSet<i64> = pairs.iter().flat_map(|pair| [pair.tasks.0, pair.tasks.1]).collect();
    let tasks: Vec<i64> = tasks.into_iter().collect();
    let items = app.store.map_items(&tasks).await?;
    let items: BTreeMap<i64, MapItem> = items.into_iter().map(|item| (item.task.id, item)).collect();
    let directory = app.directory().await?;
    let mut rows = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (Some(first), Some(second)) = (items.get(&pair.tasks.0), items.get(&pair.tasks.1)) else {
            continue;
        };
        // Of one document given to two people, both.
        let mut people: Vec<_> =
            first.people.iter().filter(|person| second.people.contains(person)).copied().collect();
        if people.is_empty() {
            people.extend(first.people.iter().chain(&second.people));
        }
        let people: Vec<String> = people
            .into_iter()
            .filter_map(|person| directory.person(person))
            .map(|person| format!("{} {}", person.staff_number, person.full_name))
            .collect();
        rows.push(vec![
            json!(name(first)),
            json!(first.task.task.draft.title),
            json!(name(second)),
            json!(second.task.task.draft.title),
            pair.reasons,
            json!(people),
            json!(pair.tasks.1),
        ]);
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Nhiệm vụ có thể trùng nhau", "Tasks that may be one"),
        columns: vec![
            Column::left("first", "NGUỒN:MÃ", "SOURCE:KEY"),
            Column::words("first_title", "Nội dung", "Title", Words::Title),
            Column::left("second", "NGUỒN:MÃ", "SOURCE:KEY"),
            Column::words("second_title", "Nội dung", "Title", Words::Title),
            Column::words("reasons", "Vì sao", "Why", Words::Likeness),
            Column::left("people", "Người thực hiện", "Who does it"),
            Column::right("number", "Số", "Number"),
        ],
        rows,
    }))
}

fn name(item: &MapItem) -> String {
    format!("{}:{}", item.task.key.source, item.task.key.external_id)
}

/// What a person says of two tasks; the first of them counts where they are one.
async fn say(app: &App, tasks: (&TaskRef, &TaskRef), word: PairWord, who: &str, reason: &str) -> Answer {
    let who = author(who)?;
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(super::mapping::no_reason)?;
    let mut first = item(app, tasks.0).await?;
    let mut second = item(app, tasks.1).await?;
    if first.task.id == second.task.id {
        let told = "hai tên chỉ cùng một nhiệm vụ";
        return Err(refused("LT-DUP-001", &first, told, "both names are of one task").into());
    }
    let directory = app.directory().await?;
    if let Some(own) = [&first, &second].into_iter().find(|item| is_own(&directory, who, item)) {
        return Err(refused(
            "LT-DUP-002",
            own,
            &format!("{who} là người thực hiện; không ai quyết định về việc của mình"),
            &format!("{who} has a stake in it; nobody decides about their own work"),
        )
        .into());
    }
    let as_other = app.store.counts_as(second.task.id).await?;
    match word {
        PairWord::Asked | PairWord::Same => {
            if as_other == Some(first.task.id) {
                return Ok(already());
            }
            if as_other.is_some()
                || app.store.counts_as(first.task.id).await?.is_some()
                || !app.store.duplicates_of(second.task.id).await?.is_empty()
            {
                return Err(refused(
                    "LT-DUP-003",
                    &second,
                    "một trong hai nhiệm vụ đã trùng với nhiệm vụ khác; gộp với nhiệm vụ được tính của cặp đó, hoặc thu hồi trước",
                    "one of the two is one with another task already; name the task that counts there, or undo that first",
                )
                .into());
            }
            if let Some(person) = second.people.iter().find(|person| !first.people.contains(person)) {
                let who = directory
                    .person(*person)
                    .map_or_else(String::new, |person| person.staff_number.to_string());
                return Err(refused(
                    "LT-DUP-004",
                    &second,
                    &format!("{who} chỉ có ở nhiệm vụ này: việc của họ sẽ không được tính; đổi thứ tự hai nhiệm vụ hoặc để riêng"),
                    &format!("{who} has a stake in this one alone and would lose it; name the tasks the other way round, or leave them two"),
                )
                .into());
            }
        }
        PairWord::Different => {
            let as_first = app.store.counts_as(first.task.id).await?;
            if as_other == Some(first.task.id) || as_first == Some(second.task.id) {
                return Err(refused(
                    "LT-DUP-003",
                    &second,
                    "hai nhiệm vụ đang là một; thu hồi bằng `task apart` trước",
                    "the two are one task now; undo that by `task apart` first",
                )
                .into());
            }
        }
        PairWord::Undo => {
            if app.store.counts_as(first.task.id).await? == Some(second.task.id) {
                std::mem::swap(&mut first, &mut second);
            }
            let known = app.store.pairs_of(second.task.id).await?;
            let pair = (first.task.id.min(second.task.id), first.task.id.max(second.task.id));
            if !known.iter().any(|known| known.tasks == pair && known.state != PairState::Proposed) {
                return Err(refused(
                    "LT-DUP-005",
                    &second,
                    "chưa ai nói gì về hai nhiệm vụ này",
                    "nobody said anything of these two tasks",
                )
                .into());
            }
        }
    }
    let mut due: Vec<_> = [&first, &second].into_iter().flat_map(scores_concerned).collect();
    due.sort();
    due.dedup();
    let word = if word == PairWord::Same && app.policy.four_eyes {
        // What takes a task out of a score needs the word of two people, as every order about tasks does.
        let Some(person) = directory.named(who) else { return Err(super::mapping::not_a_person(who).into()) };
        match app.store.asked_to_be_one(first.task.id, second.task.id).await? {
            Some(asked) if directory.named(&asked) != Some(person) => PairWord::Same,
            Some(_) => {
                return Ok(Outcome::with_findings(waiting(&first, &second), vec![asks(&first, &second)]));
            }
            None => PairWord::Asked,
        }
    } else {
        word
    };
    let said = PairSaid {
        primary: first.task.id,
        other: second.task.id,
        word,
        author: who.to_owned(),
        reason: reason.to_owned(),
        at: app.clock.now(),
        due: if matches!(word, PairWord::Different | PairWord::Asked) { Vec::new() } else { due },
    };
    app.store.say_of_pair(&said).await?;
    app.ring("score");
    if word == PairWord::Asked {
        return Ok(Outcome::with_findings(waiting(&first, &second), vec![asks(&first, &second)]));
    }
    let (first, second) = (name(&first), name(&second));
    Ok(match word {
        PairWord::Asked | PairWord::Same => Outcome::done(
            format!("{second} được tính là {first}: một nhiệm vụ, hai nguồn; điểm liên quan được tính lại"),
            format!(
                "{second} counts as {first}: one task of two sources; the scores concerned are computed again"
            ),
        ),
        PairWord::Different => Outcome::done(
            format!("{first} và {second} là hai nhiệm vụ; không đề xuất cặp này nữa"),
            format!("{first} and {second} are two tasks; the pair is not proposed again"),
        ),
        PairWord::Undo => Outcome::done(
            format!("{first} và {second} lại là hai nhiệm vụ chờ xem xét; điểm liên quan được tính lại"),
            format!(
                "{first} and {second} are two tasks again and wait to be looked at; the scores concerned are computed again"
            ),
        ),
    })
}

/// What whoever asks first that two tasks be one is told.
fn waiting(first: &MapItem, second: &MapItem) -> Document {
    let (first, second) = (name(first), name(second));
    Document::Message {
        text: Text::new(
            format!("đã ghi: {second} là {first}; chưa tính như vậy"),
            format!("kept: {second} is {first}; it does not count like that yet"),
        ),
    }
}

fn asks(first: &MapItem, second: &MapItem) -> Finding {
    let (first, second) = (name(first), name(second));
    Finding::info(
        "LT-DUP-006",
        Text::new(
            "việc gộp chờ người thứ hai; điểm chưa thay đổi",
            "that the two are one waits for a second person; no score changes before",
        ),
        Text::new(
            format!(
                "người khác chạy `task same-as {first} {second} --author SỐ-HIỆU --reason …`; không đúng thì `task different`"
            ),
            format!(
                "somebody else runs `task same-as {first} {second} --author STAFF-NUMBER --reason …`; where it is wrong, `task different`"
            ),
        ),
    )
}

pub(super) async fn item(app: &App, task: &TaskRef) -> Result<MapItem, Refusal> {
    let known = app.store.known_hashes(&task.source, &[&task.external_id]).await?;
    let Some((id, _)) = known.first().copied().flatten() else { return Err(no_such_task(task).into()) };
    app.store.map_item(id).await?.ok_or_else(|| no_such_task(task).into())
}

fn already() -> Outcome {
    Outcome::done(
        "hai nhiệm vụ này đã là một; không có gì thay đổi",
        "these two are one already; nothing changes",
    )
}

fn refused(code: &'static str, item: &MapItem, vi: &str, en: &str) -> Finding {
    let remedy = Text::new(
        "xem các cặp ở `task duplicates`; không có gì bị thay đổi",
        "look at the pairs in `task duplicates`; nothing was changed",
    );
    Finding::error(code, Text::new(vi, en), remedy).at(Place::of(name(item)))
}

/// The pairs a task is in, as the page shows them: the other task, what is known, what speaks for it.
pub(crate) async fn of_task(app: &App, task: i64) -> Result<Vec<(i64, String, PairState, Value)>, Finding> {
    let pairs = app.store.pairs_of(task).await.map_err(|error| error.finding())?;
    let others: Vec<i64> =
        pairs.iter().map(|pair| if pair.tasks.0 == task { pair.tasks.1 } else { pair.tasks.0 }).collect();
    let known = app.store.load_tasks(&others).await.map_err(|error| error.finding())?;
    let names: BTreeMap<i64, String> = known
        .into_iter()
        .map(|one| (one.id, format!("{}:{}", one.key.source, one.key.external_id)))
        .collect();
    Ok(pairs
        .into_iter()
        .zip(others)
        .map(|(pair, other)| {
            (other, names.get(&other).cloned().unwrap_or_default(), pair.state, pair.reasons)
        })
        .collect())
}
