//! Criteria of many people from a file: entered whole or not at all, or only tried.
//!
//! Owns what of a file is new, changes what stands, or is known already, and whose it is. It must not know how cells are
//! read (`evaluation::criteria`) or who may score whom. Whoever corrects the file learns of everything at once.

use super::evaluation::{ORIGIN, kept, unentitled};
use super::trial::{Tally, people_in_it, tried};
use super::{Answer, App, Refusal, author, entry};
use crate::directory::Directory;
use crate::domain::rules::LeaderLevels;
use crate::domain::{Decision, DecisionKind, Exact, Period, PersonId, StaffNumber};
use crate::error::{Findings, Text};
use crate::evaluation::{CriteriaRules, ReadCriteria, Standing, read_criteria};
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome};
use crate::pipeline::score::Gathered;
use crate::pipeline::wording::Words;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Decisions of a trial that are listed.
const SHOWN: usize = 500;

/// Enters a file of criteria; with `dry_run` only says what that would change, and whose.
pub(super) async fn import(
    app: &App,
    file: &InputFile,
    (who, document): (&str, Option<&str>),
    dry_run: bool,
) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let decisions = judged(app, &directory, file, (who, document), dry_run).await?;
    let now = app.clock.now();
    let mut tally = Tally::default();
    let mut new = Vec::with_capacity(decisions.len());
    for decision in decisions {
        let held = app.store.decisions_of(decision.person, decision.period).await?;
        let mut newest = held.into_iter().rev().map(|stored| stored.decision);
        let newest = newest.find(|held| is_about_the_same(&held.kind, &decision.kind));
        let said = |of: &Decision| (of.kind.clone(), of.author.clone(), of.document.clone());
        match newest {
            // The same file again changes nothing and tells nothing new.
            Some(held) if said(&held) == said(&decision) => {
                tally.unchanged += 1;
                continue;
            }
            Some(_) => tally.changed += 1,
            None => tally.new += 1,
        }
        new.push((decision, newest));
    }
    let about: BTreeSet<(PersonId, Period)> = new.iter().map(|(new, _)| (new.person, new.period)).collect();
    if dry_run {
        return Ok(Outcome::ok(shown(app, &directory, tally, &new, &about).await?));
    }
    let new: Vec<Decision> = new.into_iter().map(|(decision, _)| decision).collect();
    let entered = app.store.import_decisions(ORIGIN, &new, who, document, now).await?;
    app.ring("decide");
    app.ring("score");
    let standing = standing(app, &about).await?.len();
    let (mut vi, mut en) = (format!("đã ghi {entered} quyết định"), format!("{entered} decisions entered"));
    if standing > 0 {
        vi.push_str(&format!(
            "; {standing} kết quả đã phê duyệt hoặc đã khóa giữ nguyên, chỉ đổi bằng `record correct`"
        ));
        en.push_str(&format!(
            "; {standing} approved or closed results stand and change by `record correct` alone"
        ));
    }
    Ok(Outcome::done(vi, en))
}

/// The decisions of a file, once every cell, every scorer and whoever brings it in are judged.
async fn judged(
    app: &App,
    directory: &Directory,
    file: &InputFile,
    (who, document): (&str, Option<&str>),
    dry_run: bool,
) -> Result<Vec<Decision>, Refusal> {
    let facts = Gathered::default().facts(app).await?;
    // Each row is of its own period, and so are the rules it is held to.
    let rules = |period: Period| {
        entry::check_period(app, period, false)?;
        let rules = app.rule_set(period).map_err(Box::new)?;
        let step: Exact = rules.gen_step.parse().unwrap_or_else(|_| Exact::one());
        Ok(CriteriaRules { step, between: rules.leader_levels == LeaderLevels::AnyBetween })
    };
    let standing = |number: &StaffNumber, period: Period| {
        let id = directory.by_staff_number(number)?;
        let known = directory.person(id)?;
        Some(Standing {
            person: id,
            full_name: known.full_name.clone(),
            is_leader: directory.is_leader(id, period),
            enters_d: app
                .rule_set(period)
                .is_ok_and(|rules| App::enters_d(directory, &facts, id, period, rules)),
        })
    };
    let ReadCriteria { mut decisions, mut findings } =
        read_criteria(&file.name, &file.bytes, &rules, app.clock.now(), &standing);
    for decision in &mut decisions {
        decision.document = document.map(str::to_owned);
    }
    let about: BTreeSet<(PersonId, Period)> =
        decisions.iter().map(|decision| (decision.person, decision.period)).collect();
    for (id, period) in about {
        findings.extend(entry::check_evaluated(app, id, period).await.err());
    }
    // Wrong cells, and scorers who are not entitled.
    findings.extend(unentitled(app, &decisions, dry_run).await?);
    let brought = decisions.iter().filter_map(|decision| directory.check_importer(who, decision).err());
    Findings::add_new(&mut findings, brought.map(|told| *told));
    if findings.is_empty() {
        return Ok(decisions);
    }
    findings.truncate(500);
    Err(Refusal(findings))
}

/// Of some people's periods those whose approved or closed result stands whatever is entered.
async fn standing(
    app: &App,
    about: &BTreeSet<(PersonId, Period)>,
) -> Result<BTreeSet<(PersonId, Period)>, Refusal> {
    let mut standing = BTreeSet::new();
    for (id, period) in about {
        if kept(app, *id, *period).await? {
            standing.insert((*id, *period));
        }
    }
    Ok(standing)
}

/// What a file would change: how much, and whose.
async fn shown(
    app: &App,
    directory: &Directory,
    tally: Tally,
    new: &[(Decision, Option<Decision>)],
    about: &BTreeSet<(PersonId, Period)>,
) -> Result<Document, Refusal> {
    let stands = standing(app, about).await?;
    let people: BTreeSet<PersonId> = about.iter().map(|(person, _)| *person).collect();
    let more = vec![
        people_in_it(people.len()),
        Field::new(
            "standing",
            "Kết quả đã duyệt hoặc đã khóa, giữ nguyên",
            "Approved or closed results that stand",
            stands.len(),
        ),
    ];
    let known = |decision: &Decision| directory.person(decision.person);
    let kind = |decision: &Decision| match serde_json::to_value(&decision.kind) {
        Ok(value) => value.get("type").cloned().unwrap_or_default(),
        Err(_) => Value::Null,
    };
    let table = Document::listed(
        Text::new(
            format!("Thay đổi của từng người, {SHOWN} dòng đầu"),
            format!("Whose changes, the first {SHOWN}"),
        ),
        new.iter().take(SHOWN),
        vec![
            (Column::left("person", "Số hiệu", "Person"), &|(new, _)| {
                json!(known(new).map(|known| known.staff_number.to_string()))
            }),
            (Column::left("name", "Họ và tên", "Name"), &|(new, _)| {
                json!(known(new).map(|known| known.full_name.clone()))
            }),
            (Column::left("period", "Kỳ", "Period"), &|(new, _)| json!(new.period)),
            (Column::words("what", "Nội dung", "What", Words::Decision), &|(new, _)| kind(new)),
            (Column::words("change", "Thay đổi", "Change", Words::Change), &|(_, held)| {
                json!(if held.is_some() { "changed" } else { "added" })
            }),
            (Column::words("stands", "Kết quả", "Result", Words::Standing), &|(new, _)| {
                let stands = stands.contains(&(new.person, new.period));
                json!(if stands { "stands" } else { "follows" })
            }),
        ],
    );
    Ok(tried(tally, more, Some(("changes", table))))
}

/// Whether one decision takes another one's place.
fn is_about_the_same(one: &DecisionKind, other: &DecisionKind) -> bool {
    match (one, other) {
        (
            DecisionKind::LeaderComponent { component, .. },
            DecisionKind::LeaderComponent { component: its, .. },
        ) => component == its,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}
