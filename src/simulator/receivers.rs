//! The two receivers and the people behind the evaluation software.
//!
//! Owns what was received, how often it changed anything (an *effect*), and what people decided upon it. It is
//! the oracle: whether something was lost, stored twice or stored wrongly is counted here, from what people
//! approved and from what the national database holds. Everything received is written to a journal, so a
//! restarted province remembers.

use super::world::{State, World};
use crate::domain::{Exact, Level, Period};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the national database keeps.
#[derive(Debug, Default)]
pub struct National {
    /// Stored list per staff number.
    pub lists: BTreeMap<String, Vec<Value>>,
    /// Changes of what is stored.
    pub effects: u64,
    /// Messages accepted.
    pub requests: u64,
    /// Changes after which a person's list was shorter than before: history lost, if only for a while.
    pub shrunk: u64,
    /// Whether rows are added to a list instead of replacing it.
    pub appends: bool,
    /// Every accepted message.
    pub log: Vec<Accepted>,
    /// How often each identical list became an effect, per person.
    seen: HashMap<(String, String), u64>,
}

/// A message the national database accepted.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Accepted {
    /// Receipt it gave.
    pub transaction_id: String,
    /// Whose list.
    pub staff_number: String,
    /// SHA-256 of the rows sent, hexadecimal.
    pub digest: String,
    /// Rows sent.
    pub rows: usize,
    /// Whether it changed what is stored.
    pub effect: bool,
}

impl National {
    /// Takes a person's rows under a receipt; counts an effect when that changes anything.
    pub fn store(&mut self, staff_number: &str, rows: Vec<Value>, receipt: &str) {
        self.requests += 1;
        let held = self.lists.get(staff_number);
        let sent = rows.len();
        let digest = digest(&rows);
        let list = match held {
            Some(held) if self.appends => {
                let new = rows.into_iter().filter(|row| !held.contains(row));
                held.iter().cloned().chain(new).collect()
            }
            _ => rows,
        };
        let effect = if list.is_empty() { held.is_some() } else { held != Some(&list) };
        self.log.push(Accepted {
            transaction_id: receipt.to_owned(),
            staff_number: staff_number.to_owned(),
            digest,
            rows: sent,
            effect,
        });
        if !effect {
            return;
        }
        self.effects += 1;
        self.shrunk += u64::from(held.is_some_and(|held| held.len() > list.len()));
        let text = Value::Array(list.clone()).to_string();
        *self.seen.entry((staff_number.to_owned(), text)).or_default() += 1;
        if list.is_empty() {
            self.lists.remove(staff_number);
        } else {
            self.lists.insert(staff_number.to_owned(), list);
        }
    }

    /// Effects that repeated an earlier list, and rows that stand twice in a stored list.
    pub fn duplicates(&self) -> u64 {
        let repeated: u64 = self.seen.values().map(|count| count - 1).sum();
        let key = |row: &Value| (row["Nam"].to_string(), row["KyDanhGia"].to_string());
        let twice: u64 = self
            .lists
            .values()
            .map(|rows| {
                let distinct: std::collections::BTreeSet<_> = rows.iter().map(key).collect();
                (rows.len() - distinct.len()) as u64
            })
            .sum();
        repeated + twice
    }
}

fn digest(rows: &[Value]) -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    rows.iter().for_each(|row| hash.update(row.to_string()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A score as received.
#[derive(Debug, Clone)]
pub struct StoredScore {
    /// Message.
    pub body: Value,
    /// Receipt.
    pub receipt: String,
}

/// What people approved: printed score and level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Score.
    pub score: String,
    /// Level.
    pub level: Option<String>,
    /// Revision.
    pub revision: u64,
}

/// The evaluation software.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// By external key.
    pub scores: BTreeMap<String, StoredScore>,
    /// Newest revision per person and period.
    newest: HashMap<(String, String), u64>,
    /// Decisions in order.
    pub events: Vec<Value>,
    given: std::collections::HashSet<(String, String, &'static str)>,
    /// Approved results per person and period.
    pub approved: BTreeMap<(String, Period), Approved>,
    /// Changes of what is stored.
    pub effects: u64,
    /// Messages accepted.
    pub requests: u64,
    /// Decisions whoever reads them last said to have.
    pub read: usize,
    /// Keys that came with another content.
    pub conflicts: u64,
    /// Revisions that came after a newer one of the same person and period.
    pub stale: u64,
    /// Periods in which nothing is taken any more.
    pub locked: BTreeSet<String>,
    /// What the next meeting decides on: the newest score's key per person and period. None = no meeting was ever
    /// held, people decide on each score as it comes.
    agenda: Option<BTreeMap<(String, Period), String>>,
}

/// Answer to a score.
pub enum Taken {
    /// Stored now, or before with the same content.
    Stored { status: &'static str, receipt: String },
    /// The same key with another content.
    Conflict,
    /// The period is closed here.
    Locked,
    /// Nobody by that number.
    UnknownPerson,
}

impl Evaluation {
    /// Takes a score, and lets people decide upon it.
    pub fn take(&mut self, world: &World, body: &Value) -> Taken {
        self.requests += 1;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
        let (key, staff, period) = (text("/external_key"), text("/person/staff_number"), text("/period"));
        if world.person_of(&staff).is_none() {
            return Taken::UnknownPerson;
        }
        if let Some(held) = self.scores.get(&key) {
            if held.body["content_hash"] == body["content_hash"] {
                return Taken::Stored { status: "unchanged", receipt: held.receipt.clone() };
            }
            self.conflicts += 1;
            return Taken::Conflict;
        }
        if self.locked.contains(&period) {
            return Taken::Locked;
        }
        let revision = body["revision"].as_u64().unwrap_or(0);
        let receipt = format!("rc-{:06}", self.scores.len() + 1);
        let newest = self.newest.entry((staff.clone(), period.clone())).or_default();
        let stale = revision < *newest;
        *newest = revision.max(*newest);
        self.effects += 1;
        self.scores.insert(key.clone(), StoredScore { body: body.clone(), receipt: receipt.clone() });
        if stale {
            self.stale += 1;
            return Taken::Stored { status: "stale", receipt };
        }
        if let Ok(period) = period.parse::<Period>() {
            match &mut self.agenda {
                Some(agenda) => drop(agenda.insert((staff, period), key)),
                None => self.decide(world, &staff, period, body),
            }
        }
        Taken::Stored { status: "stored", receipt }
    }

    /// People meet and decide on what came since they last met. From the first meeting on they decide in meetings
    /// only, so that what they decide does not depend on when a score came.
    pub fn meet(&mut self, world: &World) {
        for ((staff, period), key) in self.agenda.replace(BTreeMap::new()).unwrap_or_default() {
            if let Some(body) = self.scores.get(&key).map(|score| score.body.clone()) {
                self.decide(world, &staff, period, &body);
            }
        }
    }

    fn decide(&mut self, world: &World, staff: &str, period: Period, body: &Value) {
        let revision = body["revision"].as_u64().unwrap_or(0);
        let missing: Vec<&str> =
            body["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let total = body["total"].as_str();
        let number = digits(staff);
        if period == world.closing {
            self.inputs(world, staff, period, &missing, number);
            self.about_tasks(world, staff, period, number);
            self.meddle(world, staff, period, number);
            if let (Some(total), true) = (total, missing.is_empty()) {
                let level = body["level"].as_str().map(str::to_owned);
                self.approved.insert(
                    (staff.to_owned(), period),
                    Approved { score: total.to_owned(), level, revision },
                );
                let decision = format!("{}/QĐ-{}", 100 + number % 50, period.quarter_number().unwrap_or(0));
                self.event(world, staff, period, "approval", json!({ "external_key": body["external_key"], "revision": revision, "content_hash": body["content_hash"], "decision_no": decision }));
            }
        } else if period == world.closing.next() {
            if number.is_multiple_of(3) {
                self.inputs(world, staff, period, &missing, number);
            }
        } else if period == Period::Year(world.closing.year())
            && let (Some(total), true) = (total, missing.is_empty())
        {
            // The level that came with the figure: it rests on the score before rounding.
            let sent = body["level"].as_str().and_then(Level::parse);
            let of_figure = || total.parse::<Exact>().map(|score| Level::of_score(&score));
            let band = sent.unwrap_or_else(|| of_figure().unwrap_or(Level::NotCompleted));
            // Few may be Excellent (art. 20.5): people choose.
            let level =
                if band == Level::Excellent && !number.is_multiple_of(6) { Level::Good } else { band };
            self.approved.insert(
                (staff.to_owned(), period),
                Approved { score: total.to_owned(), level: Some(level.as_str().to_owned()), revision },
            );
            let decision = format!("{}/QĐ-XL", 500 + number % 40);
            let mut ruling =
                json!({ "year": period.year(), "level": level.as_str(), "decision_no": decision });
            if world.person_of(staff).is_some_and(|person| person.role == "deputy") {
                ruling["opinion"] = Value::from(format!("{}/UBND-NV", 300 + number % 40));
            }
            self.event(world, staff, period, "classification", ruling);
        }
    }

    fn inputs(&mut self, world: &World, staff: &str, period: Period, missing: &[&str], number: u64) {
        if missing.contains(&"general_criteria") && self.first(staff, period, "general") {
            let mut items = serde_json::Map::new();
            for (index, (item, most, per)) in crate::domain::evaluation::GENERAL_ITEMS.iter().enumerate() {
                let halves = u64::from(*most) * 2 / u64::from(*per);
                let lost = (number + index as u64 * 7) % 11 / 9;
                let points = halves - lost.min(halves);
                items.insert(
                    (*item).to_owned(),
                    Value::from(format!("{}.{}", points / 2, if points % 2 == 1 { "5" } else { "0" })),
                );
            }
            self.event(world, staff, period, "self_assessment", json!({ "items": items }));
            self.event(world, staff, period, "general_criteria", json!({ "items": items }));
        }
        for component in ["implementation_ability", "unity_ability"] {
            let word = if component == "unity_ability" { "unity" } else { "implementation" };
            if missing.contains(&component) && self.first(staff, period, word) {
                let percent = if number % 9 == 4 && word == "implementation" { "50" } else { "100" };
                self.event(
                    world,
                    staff,
                    period,
                    "leader_component",
                    json!({ "component": component, "percent": percent }),
                );
            }
        }
    }

    /// Somebody who has no authority confirms failures: a decision that must be refused.
    fn meddle(&mut self, world: &World, staff: &str, period: Period, number: u64) {
        if number % 13 != 6 || !self.first(staff, period, "meddling") {
            return;
        }
        let body = world.person_of(staff).map(|person| person.body);
        let stranger =
            world.people.iter().find(|other| Some(other.body) != body && other.role == "head").cloned();
        let Some(stranger) = stranger else { return };
        let items: serde_json::Map<String, Value> = crate::domain::evaluation::GENERAL_ITEMS
            .iter()
            .map(|(item, ..)| ((*item).to_owned(), Value::from("0")))
            .collect();
        self.event(
            world,
            staff,
            period,
            "general_criteria",
            json!({ "items": items, "author": format!("{} {}", stranger.staff_number, stranger.name) }),
        );
    }

    /// A superior excuses one late task of some people and confirms one failure of others.
    fn about_tasks(&mut self, world: &World, staff: &str, period: Period, number: u64) {
        if !self.first(staff, period, "tasks") {
            return;
        }
        let own = |task: &&super::world::SimTask| {
            world.people[task.person].staff_number == staff
                && !task.ghost
                && task.due.is_some_and(|due| period.contains(due))
        };
        let external = |task: &super::world::SimTask| {
            (super::world::BODIES[task.body].source, super::dialects::external_id(task))
        };
        if number.is_multiple_of(7)
            && let Some(task) = world
                .tasks
                .iter()
                .filter(own)
                .find(|task| task.done.zip(task.due).is_some_and(|(at, due)| at.date() > due))
        {
            let (source, id) = external(task);
            self.event(world, staff, period, "excuse", json!({ "source": source, "external_id": id, "covers": "late", "reason": "Chờ ý kiến của cơ quan phối hợp" }));
        }
        if number.is_multiple_of(5)
            && let Some(task) = world.tasks.iter().filter(own).find(|task| task.returned > 0)
        {
            let (source, id) = external(task);
            self.event(world, staff, period, "quality_failures", json!({ "source": source, "external_id": id, "count": 1, "reason": "Sai nội dung lớn, phải làm lại" }));
        }
        if number % 11 == 3
            && let Some(task) = world.tasks.iter().filter(own).find(|task| task.state == State::Doing)
        {
            let (source, id) = external(task);
            let half = json!({ "source": source, "external_id": id, "quantity": "0.5" });
            self.event(world, staff, period, "completed_quantity", half);
        }
    }

    fn first(&mut self, staff: &str, period: Period, what: &'static str) -> bool {
        self.given.insert((staff.to_owned(), period.to_string(), what))
    }

    fn event(&mut self, world: &World, staff: &str, period: Period, kind: &str, extra: Value) {
        let at = world.today.and_hms_opt(1, 0, 0).unwrap_or_default()
            + chrono::TimeDelta::seconds(self.events.len() as i64);
        let author = match kind {
            "self_assessment" => world
                .person_of(staff)
                .map(|own| format!("{} {}", own.staff_number, own.name))
                .unwrap_or_default(),
            "classification" => world.classifier(staff),
            _ => world.superior(staff),
        };
        // The chair of the province is no one in the people file: the office cites its document.
        let office = !author.starts_with("GL-");
        let mut event = json!({
            "id": format!("ev-{:06}", self.events.len() + 1),
            "at": at.and_utc(),
            "author": author,
            "staff_number": staff,
            "period": period.to_string(),
            "type": kind,
        });
        if let (Some(event), Some(extra)) = (event.as_object_mut(), extra.as_object()) {
            event.extend(extra.clone());
            if office && !event.contains_key("decision_no") {
                event
                    .insert("decision_no".to_owned(), Value::from(format!("{}/TB-UBND", 10 + digits(staff))));
            }
        }
        self.events.push(event);
    }
}

fn digits(staff: &str) -> u64 {
    staff.trim_start_matches("GL-").parse().unwrap_or(0)
}

/// Whether what the national database holds is what was approved and imported.
#[derive(Debug, Default, serde::Serialize)]
pub struct Verdict {
    /// Approved or imported results that are not stored.
    pub lost: u64,
    /// Effects or rows that came twice.
    pub duplicates: u64,
    /// Stored rows that say something else, or that nobody approved.
    pub mismatches: u64,
    /// Results approved.
    pub approved: u64,
    /// A few examples of what is wrong.
    pub examples: Vec<String>,
}

/// Compares approvals and history with the national database.
pub fn judge(world: &World, evaluation: &Evaluation, national: &National) -> Verdict {
    let mut verdict = Verdict {
        duplicates: national.duplicates(),
        approved: evaluation.approved.len() as u64,
        ..Verdict::default()
    };
    let mut expected: BTreeMap<String, BTreeMap<Period, (String, Option<String>)>> = BTreeMap::new();
    for (staff, period, score) in world.history() {
        expected.entry(staff).or_default().insert(period, (score, None));
    }
    for ((staff, period), approved) in &evaluation.approved {
        expected
            .entry(staff.clone())
            .or_default()
            .insert(*period, (approved.score.clone(), approved.level.clone()));
    }
    // People with no approved result of this year are not sent: their history alone is no delivery.
    expected.retain(|staff, _| evaluation.approved.keys().any(|(person, _)| person == staff));
    let tell = |examples: &mut Vec<String>, what: String| {
        if examples.len() < 10 {
            examples.push(what);
        }
    };
    for (staff, rows) in &expected {
        let stored: BTreeMap<Period, &Value> = national
            .lists
            .get(staff)
            .into_iter()
            .flatten()
            .filter_map(|row| Some((period_of(row)?, row)))
            .collect();
        for (period, (score, level)) in rows {
            match stored.get(period) {
                None => {
                    verdict.lost += 1;
                    tell(&mut verdict.examples, format!("{staff} {period} is not stored"));
                }
                Some(row) => {
                    let same_score = row["DiemSo"].as_str() == Some(score.as_str());
                    let same_level = level
                        .as_deref()
                        .is_none_or(|level| code(level) == row["KetQuaDanhGia"].as_str().unwrap_or(""));
                    if !same_score || !same_level {
                        verdict.mismatches += 1;
                        tell(
                            &mut verdict.examples,
                            format!("{staff} {period}: approved {score} {level:?}, stored {row}"),
                        );
                    }
                }
            }
        }
        for period in stored.keys().filter(|period| !rows.contains_key(period)) {
            verdict.mismatches += 1;
            tell(&mut verdict.examples, format!("{staff} {period} is stored but nobody approved it"));
        }
    }
    verdict
}

fn code(level: &str) -> &'static str {
    match level {
        "excellent" => "01",
        "good" => "02",
        "completed" => "03",
        "not_completed" => "04",
        _ => "?",
    }
}

fn period_of(row: &Value) -> Option<Period> {
    let year: i32 = row["Nam"].as_str()?.parse().ok()?;
    match row["KyDanhGia"].as_str()? {
        "NAM" => Some(Period::Year(year)),
        word => Period::quarter(year, word.strip_prefix("QUY_")?.parse().ok()?).ok(),
    }
}
