//! Orders about dated facts of people's service: leave, discipline, disqualifiers, groups of similar tasks.
//!
//! Owns who may enter one (whoever scores: leave and groups; whoever classifies: discipline and conclusions; an office
//! with a document; never the person), the same for taking one back, with a document of its own, and which scores it can
//! move. A file is taken as a whole or not at all; who tried what they may not stands in the journal.

use super::life::subject_of;
use super::trial::{Tally, journal_refused, people_in_it, scores_again, tried};
use super::{Answer, App, Refusal, author, person};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{FactKind, Period, PersonId, ServiceFact, StaffNumber, StoredFact};
use crate::error::{Finding, Place, Text};
use crate::evaluation::life;
use crate::evaluation::service::{ReadFacts, impossible_fact, read_facts};
use crate::pipeline::command::{Column, Document, InputFile, Outcome, PersonRef};
use crate::pipeline::decide::own_record;
use crate::pipeline::wording::Words;
use crate::store::{FactsNew, HoldWord};
use chrono::Datelike as _;
use serde_json::json;
use std::collections::BTreeSet;

pub(super) async fn enter(app: &App, whose: &PersonRef, fact: ServiceFact, who: &str) -> Answer {
    let who = author(who)?;
    let id = person(app, whose).await?;
    if let Some(finding) = impossible_fact(&fact) {
        return Err(finding.into());
    }
    keep(app, (&[(id, fact)], Vec::new()), who, false).await
}

pub(super) async fn import(app: &App, file: &InputFile, who: &str, dry_run: bool) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let known = |number: &StaffNumber| directory.by_staff_number(number).is_some();
    let ReadFacts { facts, findings } = read_facts(&file.name, &file.bytes, &known);
    let facts: Vec<(PersonId, ServiceFact)> = facts
        .into_iter()
        .filter_map(|(number, fact)| Some((directory.by_staff_number(&number)?, fact)))
        .collect();
    keep(app, (&facts, findings), who, dry_run).await
}

/// Enters facts, or with `dry_run` tells what that would do; `findings` is what is wrong with them already, told with the rest.
async fn keep(
    app: &App,
    (facts, mut findings): (&[(PersonId, ServiceFact)], Vec<Finding>),
    who: &str,
    dry_run: bool,
) -> Answer {
    let directory = app.directory().await?;
    let mut refused: Vec<(PersonId, String)> = Vec::new();
    for (id, fact) in facts {
        if let Err(finding) = may(app, &directory, (*id, fact), who, Some(&fact.document)) {
            refused.push((*id, finding.code.clone()));
            findings.push(*finding);
        }
    }
    tell_refused(app, dry_run, who, &refused).await?;
    let held = app.store.service_facts(None, false).await?;
    let mut leaves: Vec<(PersonId, ServiceFact)> =
        held.into_iter().map(|held| (held.person, held.fact)).collect();
    let mut fresh: Vec<(PersonId, ServiceFact)> = Vec::new();
    for (id, fact) in facts {
        let new = (*id, fact.clone());
        // Known, or in the file twice.
        if leaves.contains(&new) || impossible_fact(fact).is_some() {
            continue;
        }
        findings.extend(overlapping(&directory, &leaves, *id, fact));
        leaves.push(new.clone());
        fresh.push(new);
    }
    if !findings.is_empty() {
        findings.truncate(500);
        return Err(Refusal(findings));
    }
    let named: Vec<(PersonId, &ServiceFact)> = fresh.iter().map(|(id, fact)| (*id, fact)).collect();
    let due = concerned(app, &directory, &named).await?;
    let closed = closed_told(app, &directory, &named).await?;
    if dry_run {
        let people: BTreeSet<PersonId> = named.iter().map(|(id, _)| *id).collect();
        let tally = Tally { new: fresh.len(), changed: 0, unchanged: facts.len() - fresh.len() };
        let more = vec![people_in_it(people.len()), scores_again(due.len())];
        return Ok(Outcome::with_findings(tried(tally, more, None), closed.into_iter().collect()));
    }
    let new = FactsNew { facts: &fresh, author: who, at: app.clock.now(), due: &due };
    let kept = app.store.enter_facts(new).await?;
    app.ring("score");
    let done = Outcome::done(
        format!("đã ghi {kept} dữ kiện; điểm được tính lại"),
        format!("{kept} facts entered; scores are computed again"),
    );
    Ok(Outcome { findings: closed.into_iter().collect(), ..done })
}

/// Tells the journal what somebody tried, once for each code.
async fn tell_refused(
    app: &App,
    dry_run: bool,
    who: &str,
    refused: &[(PersonId, String)],
) -> Result<(), Refusal> {
    let codes: BTreeSet<&String> = refused.iter().map(|(_, code)| code).collect();
    for code in codes {
        let people: Vec<&PersonId> =
            refused.iter().filter(|(_, other)| other == code).map(|(id, _)| id).collect();
        let object = match people.as_slice() {
            [one] => format!("person {one}"),
            several => format!("{} facts of one file", several.len()),
        };
        journal_refused(app, dry_run, who, object, Some(code)).await?;
    }
    Ok(())
}

/// Whether somebody may enter or take back a fact, by the document of that very act.
fn may(
    app: &App,
    directory: &Directory,
    (id, fact): (PersonId, &ServiceFact),
    who: &str,
    document: Option<&str>,
) -> Result<(), Box<Finding>> {
    let year = Period::Year(fact.from.year());
    if subject_of(directory, id).is_some_and(|subject| life::is_own(subject, who)) {
        return Err(Box::new(own_record(year)));
    }
    let duty =
        if fact.kind.is_leave() || fact.kind == FactKind::TaskGroup { Duty::Score } else { Duty::Classify };
    let at = app.clock.now();
    directory.check_author(Judged { subject: id, period: year, duty, author: who, at, document })
}

/// Leave of one person on the same days, or two groups at once.
pub(in crate::pipeline) fn overlapping(
    directory: &Directory,
    held: &[(PersonId, ServiceFact)],
    id: PersonId,
    fact: &ServiceFact,
) -> Option<Finding> {
    let alike = |other: &ServiceFact| {
        (fact.kind.is_leave() && other.kind.is_leave())
            || (fact.kind == FactKind::TaskGroup && other.kind == FactKind::TaskGroup)
    };
    let (from, to) = fact.span();
    let other = held.iter().find(|(person, other)| {
        let (other_from, other_to) = other.span();
        *person == id && alike(other) && other_from <= to && from <= other_to
    })?;
    let number = directory.person(id).map(|known| known.staff_number.to_string()).unwrap_or_default();
    let (kind, since) = (other.1.kind.as_str(), other.1.from);
    Some(
        Finding::error(
            "LT-SCO-024",
            Text::new(
                format!("{number}: trùng ngày với dữ kiện {kind} từ {since} đã ghi"),
                format!("{number}: shares days with the fact {kind} from {since} that stands"),
            ),
            Text::new(
                "thu hồi dữ kiện cũ bằng `fact revoke`, hoặc sửa ngày",
                "take the old one back with `fact revoke`, or correct the days",
            ),
        )
        .at(Place::of(format!("person {number}"))),
    )
}

/// What facts say of closed periods they lie in, of the person's own and of their unit's; nothing where they lie in none.
pub(in crate::pipeline) async fn closed_told(
    app: &App,
    directory: &Directory,
    facts: &[(PersonId, &ServiceFact)],
) -> Result<Option<Finding>, Finding> {
    let mut stakes = Vec::new();
    for (number, &(id, fact)) in (0_i64..).zip(facts) {
        let (from, to) = fact.span();
        let periods = app.store.periods_of(id).await.map_err(|error| error.finding())?;
        let periods: BTreeSet<Period> = periods.into_iter().map(|(period, _)| period).collect();
        let touched =
            periods.into_iter().filter(|period| period.first_day() <= to && from <= period.last_day());
        stakes.extend(touched.map(|period| (number, id, period)));
    }
    let touched = app.frozen(directory, stakes).await?;
    if touched.is_empty() {
        return Ok(None);
    }
    let facts: BTreeSet<i64> = touched.values().flatten().copied().collect();
    let (facts, listed) = (facts.len(), touched.keys().map(Period::to_string).collect::<Vec<_>>().join(", "));
    Ok(Some(Finding::warning(
        "LT-SCO-029",
        Text::new(
            format!("{facts} dữ kiện thuộc kỳ đã khóa: {listed}; kết quả đã khóa không tự thay đổi"),
            format!(
                "{facts} facts lie in closed periods: {listed}; closed results do not move by themselves"
            ),
        ),
        Text::new(
            "điểm được tính lại để đối chiếu; nếu đúng thì người có thẩm quyền dùng `record correct` kèm lý do",
            "scores are computed again to compare; if it is right the competent person uses `record correct` with a reason",
        ),
    )))
}

/// Whose scores of which periods facts can move: the person's from the fact's first day on, and of those the leaders'.
pub(in crate::pipeline) async fn concerned(
    app: &App,
    directory: &Directory,
    facts: &[(PersonId, &ServiceFact)],
) -> Result<Vec<(PersonId, Period)>, Finding> {
    let mut due = BTreeSet::new();
    for &(id, fact) in facts {
        let first = fact.act_on.unwrap_or(fact.from).min(fact.from);
        let known = app.store.periods_of(id).await.map_err(|error| error.finding())?;
        let mut periods: BTreeSet<Period> =
            known.into_iter().map(|(period, _)| period.quarter_around()).collect();
        periods.retain(|period| period.last_day() >= first);
        periods.insert(Period::Year(first.year()));
        periods.insert(Period::Year(fact.from.year()));
        for period in periods {
            due.insert((id, period));
            if !period.is_mean() {
                due.extend(directory.leaders_of(id, period).into_iter().map(|leader| (leader, period)));
            }
        }
    }
    Ok(due.into_iter().collect())
}

pub(super) async fn list(app: &App, whose: Option<&PersonRef>, revoked: bool, limit: u32) -> Answer {
    let only = match whose {
        Some(named) => Some(person(app, named).await?),
        None => None,
    };
    let directory = app.directory().await?;
    let facts = app.store.service_facts(only, revoked).await?;
    let rows = facts.into_iter().take(limit as usize).map(|stored| {
        let StoredFact { id, person, fact, author, at, record: _, revoked } = stored;
        let known = directory.person(person);
        vec![
            json!(id),
            json!(known.map(|known| known.staff_number.to_string())),
            json!(known.map(|known| known.full_name.clone())),
            json!(fact.kind.as_str()),
            json!(fact.from),
            json!(fact.to),
            json!(fact.act_on),
            json!(fact.act),
            json!(fact.text),
            json!(fact.document),
            json!(author),
            json!(at),
            json!(revoked.map(|word| {
                let document = word.document.map(|document| format!(" ({document})")).unwrap_or_default();
                format!("{}: {}{document}", word.by, word.reason)
            })),
        ]
    });
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Dữ kiện công tác", "Facts of service"),
        columns: vec![
            Column::right("id", "Số", "Number"),
            Column::left("person", "Số hiệu", "Person"),
            Column::left("name", "Họ và tên", "Name"),
            Column::words("kind", "Loại", "Kind", Words::Fact),
            Column::left("from", "Từ ngày", "From"),
            Column::left("to", "Đến ngày", "To"),
            Column::left("act_on", "Ngày vi phạm", "Day of the act"),
            Column::left("act", "Mã vụ việc", "Act"),
            Column::left("text", "Nội dung", "Text"),
            Column::left("document", "Văn bản", "Document"),
            Column::left("author", "Người ghi", "Entered by"),
            Column::left("at", "Lúc", "At"),
            Column::left("revoked", "Thu hồi", "Taken back"),
        ],
        rows: rows.collect(),
    }))
}

pub(super) async fn revoke(
    app: &App,
    id: i64,
    (who, reason, document): (&str, &str, Option<&str>),
) -> Answer {
    let who = author(who)?;
    let facts = app.store.service_facts(None, false).await?;
    let Some(stored) = facts.into_iter().find(|fact| fact.id == id) else {
        return Err(no_such_fact(id).into());
    };
    let directory = app.directory().await?;
    if let Err(finding) = may(app, &directory, (stored.person, &stored.fact), who, document) {
        tell_refused(app, false, who, &[(stored.person, finding.code.clone())]).await?;
        return Err(finding.into());
    }
    let due = concerned(app, &directory, &[(stored.person, &stored.fact)]).await?;
    let word = HoldWord { author: who, reason, document, at: app.clock.now() };
    if !app.store.revoke_fact(&stored, word, &due).await? {
        return Err(no_such_fact(id).into());
    }
    app.ring("score");
    Ok(Outcome::done("đã thu hồi; điểm được tính lại", "taken back; scores are computed again"))
}

fn no_such_fact(id: i64) -> Finding {
    Finding::error(
        "LT-SCO-025",
        Text::new(
            format!("không có dữ kiện số {id} đang hiệu lực"),
            format!("there is no fact number {id} that stands"),
        ),
        Text::new("xem số ở `fact list`", "look for the number in `fact list`"),
    )
}
