//! The personnel office of a demonstration: people who have organisations recognised, settle the review queue and close the quarter.
//!
//! Owns their habits and their pace. They work as people do, through the same orders as everybody, and they know
//! which product a task truly is because they know the work: the simulated province tells them. What they could
//! not settle stays in the queue and is shown. A refused order is tried again with the next round.

use crate::domain::{Level, Period, RecordState, SourceId, Unit, UnitKind};
use crate::error::Finding;
use crate::pipeline::App;
use crate::pipeline::command::{Command, Executor as _, LifeOrder, MappingChoice, TaskRef};
use crate::pipeline::execute::Installation;
use crate::simulator::Running;
use crate::store::{MappingState, RecordLine};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;

/// Who answers for what the office does.
pub const OFFICER: &str = "Phòng Tổ chức (mô phỏng)";

/// The document that office cites.
pub const DOCUMENT: &str = "01/TB-MP";

/// How fast the office works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A few tasks every few seconds, for watching.
    Steady,
    /// Many tasks several times a second, until nearly all are settled, for runs that end by themselves.
    Hurried,
}

impl Pace {
    /// Tasks of one round and the pause after it.
    fn round(self) -> (usize, Duration) {
        match self {
            Self::Steady => (6, Duration::from_secs(3)),
            Self::Hurried => (40, Duration::from_millis(200)),
        }
    }
}

/// Decisions after which a hurried office leaves the rest to the ranking that learned from them.
const ENOUGH: usize = 600;

/// The office at work; dropping it sends everybody home.
pub struct Office {
    reviewed: Arc<AtomicBool>,
    work: [JoinHandle<()>; 2],
}

impl Office {
    /// Lets the office work.
    pub fn open(app: &Arc<App>, province: Arc<Running>, quarter: Period, pace: Pace) -> Self {
        let reviewed = Arc::new(AtomicBool::new(false));
        let (reviewer, told) = (reviewed.clone(), reviewed.clone());
        let reviewing = {
            let app = app.clone();
            async move {
                review(app, province, pace).await;
                reviewer.store(true, Relaxed);
            }
        };
        let app = app.clone();
        let closing = async move {
            // Who is in a hurry settles first: a product decided after the close would be a correction.
            while pace == Pace::Hurried && !told.load(Relaxed) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            close_when_ready(app, quarter).await;
        };
        Self { reviewed, work: [tokio::spawn(reviewing), tokio::spawn(closing)] }
    }

    /// Whether a hurried office has settled what it is going to settle.
    pub fn has_reviewed(&self) -> bool {
        self.reviewed.load(Relaxed)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.work.iter().for_each(JoinHandle::abort);
    }
}

/// Recognises every organisation's year that nobody assessed yet, lower ones first, before anybody is classified: a head
/// stands at most where the organisation does (art. 20.6). The office brings in what head, personnel body and authority
/// decided, by its document.
pub async fn recognise(app: &Arc<App>, year: i32) -> Result<(), Finding> {
    let told = |error: crate::store::StoreError| error.finding();
    let installation = Installation { app: app.clone() };
    let directory = app.directory().await?;
    let known = app.store.organisations_of(year).await.map_err(told)?;
    let mut units: Vec<&Unit> = directory.units().filter(|unit| unit.kind != UnitKind::Province).collect();
    units.sort_by_key(|unit| (std::cmp::Reverse(directory.above(&unit.code).len()), unit.code.clone()));
    for unit in units.into_iter().filter(|unit| !known.contains_key(&unit.code)) {
        for (revision, step) in (0..).zip(["self_assessed", "appraised", "recognised"]) {
            let order = LifeOrder::OrganisationStep {
                unit: unit.code.clone(),
                year,
                step: step.to_owned(),
                revision,
                level: Some(Level::Good),
                items: BTreeMap::new(),
                document: Some(DOCUMENT.to_owned()),
                reason: None,
                exception: None,
                author: OFFICER.to_owned(),
            };
            let outcome = installation.execute(Command::Life { order }, unbounded_channel().0).await;
            if outcome.exit != 0 {
                for finding in outcome.findings {
                    tracing::warn!(code = finding.code, unit = %unit.code, "{}", finding.what.en);
                }
                break;
            }
        }
    }
    Ok(())
}

/// Settles waiting tasks round after round, going through the queue and beginning again at its end.
async fn review(app: Arc<App>, province: Arc<Running>, pace: Pace) {
    let installation = Installation { app: app.clone() };
    let (size, pause) = pace.round();
    let (mut after, mut settled) = (0, 0);
    loop {
        tokio::time::sleep(pause).await;
        let Ok(waiting) = app.store.review_queue(after, size).await else { continue };
        after = waiting.last().map_or(0, |item| item.task);
        let over = settled >= ENOUGH || (waiting.is_empty() && province.is_over() && all_mapped(&app).await);
        if pace == Pace::Hurried && over {
            return;
        }
        let keys = waiting.iter().map(|item| (item.key.source.to_string(), item.key.external_id.clone()));
        let mut chosen: BTreeMap<Option<&str>, Vec<TaskRef>> = BTreeMap::new();
        for ((source, external_id), product) in province.true_products(&keys.collect()) {
            let Ok(source) = source.parse::<SourceId>() else { continue };
            chosen.entry(product).or_default().push(TaskRef { source, external_id });
        }
        for (product, tasks) in chosen {
            let choice = match product.map(str::parse) {
                Some(Ok(code)) => MappingChoice::Product(code),
                Some(Err(_)) => continue,
                None => MappingChoice::Outside,
            };
            let count = tasks.len();
            let order = Command::MappingDecide {
                tasks,
                group: None,
                choice,
                author: OFFICER.into(),
                reason: None,
                dry_run: false,
            };
            let outcome = installation.execute(order, unbounded_channel().0).await;
            settled += if outcome.exit == 0 { count } else { 0 };
        }
    }
}

/// Whether every source was read and no task waits to be looked at, so that an empty queue means that nothing
/// waits for people either.
async fn all_mapped(app: &App) -> bool {
    app.store.overview().await.is_ok_and(|overview| {
        let due = |step: &str| overview.due.get(step).copied().unwrap_or(0);
        overview.sources.len() == app.sources.len() && due("identify") + due("map") == 0
    })
}

/// What the mapping did, compared with what is true.
#[derive(Debug, Default, Serialize)]
pub struct Judged {
    /// Decided by people.
    by_people: u64,
    /// Decided by rule, source code or text.
    automatic: u64,
    /// Of those, onto another product than the true one, or outside though there is one.
    automatic_wrong: u64,
}

/// Compares every mapping with the truth.
pub async fn judge(app: &App, province: &Running) -> Result<Judged, Finding> {
    let (mut judged, mut after) = (Judged::default(), 0);
    loop {
        let page = app.store.mappings_after(after, 5_000).await.map_err(|error| error.finding())?;
        let Some(last) = page.last() else { return Ok(judged) };
        after = last.task;
        let key = |source: &SourceId, id: &str| (source.to_string(), id.to_owned());
        let wanted: HashSet<_> = page.iter().map(|row| key(&row.key.source, &row.key.external_id)).collect();
        let truth: HashMap<_, _> = province.true_products(&wanted).into_iter().collect();
        for row in page.iter().filter(|row| row.state != MappingState::Review) {
            if row.decided_by == "operator" {
                judged.by_people += 1;
                continue;
            }
            judged.automatic += 1;
            let told = truth.get(&key(&row.key.source, &row.key.external_id)).copied().flatten();
            judged.automatic_wrong += u64::from(told != row.product.as_deref());
        }
    }
}

/// Whether a record waits for its approval, or for what people enter.
fn is_to_come(line: &RecordLine) -> bool {
    let missing = line.content.get("missing").and_then(|missing| missing.as_array());
    let by_people = missing.into_iter().flatten().filter_map(|part| part.as_str()).any(|part| {
        matches!(part, "general_criteria" | "implementation_ability" | "unity_ability" | "support_percents")
    });
    line.state != RecordState::Approved && (line.state != RecordState::Computed || by_people)
}

/// Closes the quarter once every result that can be approved is: the year of whoever lacks one stays open (art. 17.3).
async fn close_when_ready(app: Arc<App>, period: Period) {
    let installation = Installation { app: app.clone() };
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (Ok(closed), Ok(overview)) = (app.store.period_close(period).await, app.store.overview().await)
        else {
            continue;
        };
        if closed.is_some() {
            return;
        }
        let pulled = app.sources.len() == overview.sources.len();
        let busy = overview.due.values().any(|count| *count > 0)
            || overview.targets.values().any(|target| target.waiting() > 0);
        let mut after = String::new();
        let (mut records, mut approved, mut to_come) = (0, 0, 0);
        while let Ok(lines) = app.store.record_lines(Some(period), None, &after, 500).await {
            let Some(last) = lines.last() else { break };
            after.clone_from(&last.staff_number);
            records += lines.len();
            approved += lines.iter().filter(|line| line.state == RecordState::Approved).count();
            to_come += lines.iter().filter(|line| is_to_come(line)).count();
        }
        // A few people have nothing assigned or lack a subordinate's score: a named reason accepts those gaps. Nobody
        // waits for them once every product of the quarter is decided and everything people enter is there.
        let nearly_all = approved * 10 >= records * 9;
        let all_there_will_be = approved > 0
            && to_come == 0
            && app.store.reviews_due(period).await.is_ok_and(|waiting| waiting == 0);
        if pulled && !busy && records > 0 && (nearly_all || all_there_will_be) {
            let reason = Some("Đủ kết quả đã phê duyệt; phần còn lại xử lý bằng đính chính".to_owned());
            let document = Some(DOCUMENT.to_owned());
            let order =
                Command::PeriodClose { period, author: OFFICER.into(), reason, document, dry_run: false };
            let outcome = installation.execute(order, unbounded_channel().0).await;
            for finding in outcome.findings {
                tracing::info!(code = finding.code, "{}", finding.what.en);
            }
        }
    }
}
