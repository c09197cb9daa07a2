//! Pairs of tasks that may be one, on the page of a task and among what waits for a person.

use super::table::{Cell, Section, shown_of, some_rows};
use super::{Visit, Web, words};
use crate::error::Finding;
use crate::pipeline::execute::duplicate;
use crate::pipeline::wording::{Words, word};
use crate::store::PairState;
use serde_json::Value;
use std::collections::BTreeMap;

fn reasons(visit: &Visit, reasons: &Value) -> String {
    let told = reasons.as_array().into_iter().flatten().filter_map(Value::as_str);
    told.map(|reason| word(Words::Likeness, reason, visit.lang).into_owned()).collect::<Vec<_>>().join(", ")
}

/// The pairs a task is in, and what was said of them.
pub(super) async fn of_task(web: &Web, visit: &Visit, task: i64) -> Result<Section, Finding> {
    let mut section = Section::table(
        visit,
        "twins",
        visit.say("Nhiệm vụ có thể trùng", "Tasks it may be one with"),
        &[("Nhiệm vụ", "Task"), ("Kết luận", "Known as"), ("Vì sao", "Why")],
        ("Không có nhiệm vụ nào.", "There are none."),
    );
    let counts_as = web.app.store.counts_as(task).await.map_err(|error| error.finding())?;
    for (other, name, state, told) in duplicate::of_task(&web.app, task).await? {
        let note = match state {
            PairState::Confirmed if counts_as == Some(other) => {
                visit.say("được tính ở nhiệm vụ đó", "counts there").to_owned()
            }
            PairState::Confirmed => visit.say("được tính ở đây", "counts here").to_owned(),
            PairState::Proposed | PairState::Rejected => String::new(),
        };
        section.push(
            other.to_string(),
            vec![
                Cell::link(name, format!("/tasks/{other}")),
                Cell::tag(words::pair(state, visit.lang)).note(note),
                Cell::text(reasons(visit, &told)),
            ],
        );
    }
    Ok(section)
}

/// Pairs that wait for a person, newest first.
pub(super) async fn waiting(web: &Web, visit: &Visit) -> Result<Section, Finding> {
    let before = visit.asked("pairs").parse().unwrap_or(i64::MAX);
    let shown = shown_of(visit, "pairs");
    let pairs = web.app.store.pairs(PairState::Proposed, before, shown + 1).await;
    let pairs = pairs.map_err(|error| error.finding())?;
    let (pairs, last) = some_rows(pairs, shown, |pair| pair.tasks.1.to_string());
    let tasks: Vec<i64> = pairs.iter().flat_map(|pair| [pair.tasks.0, pair.tasks.1]).collect();
    let known = web.app.store.load_tasks(&tasks).await.map_err(|error| error.finding())?;
    let known: BTreeMap<i64, _> = known.into_iter().map(|task| (task.id, task)).collect();
    let mut section = Section::table(
        visit,
        "pairs",
        visit.say("Nhiệm vụ có thể trùng nhau", "Tasks that may be one"),
        &[("Nhiệm vụ", "Task"), ("Nhiệm vụ kia", "The other one"), ("Vì sao", "Why")],
        ("Không có cặp nào chờ.", "No pair waits."),
    )
    .command(visit.say(
        "lienthong task same-as NGUỒN:MÃ NGUỒN:MÃ --reason LÝ_DO --author TÊN",
        "lienthong task same-as SOURCE:KEY SOURCE:KEY --reason REASON --author NAME",
    ));
    section.some_pages(visit, "pairs", last);
    for pair in pairs {
        let cell = |id: i64| {
            known.get(&id).map_or_else(Cell::default, |task| {
                let title = word(Words::Title, &task.task.draft.title, visit.lang);
                Cell::link(title, format!("/tasks/{id}"))
                    .note(format!("{}:{}", task.key.source, task.key.external_id))
            })
        };
        section.push(
            format!("{}-{}", pair.tasks.0, pair.tasks.1),
            vec![cell(pair.tasks.0), cell(pair.tasks.1), Cell::text(reasons(visit, &pair.reasons))],
        );
    }
    Ok(section)
}
