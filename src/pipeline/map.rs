//! Which product each identified task is, and whose scores that moves.
//!
//! Owns the freezing: a task that has its product keeps catalog version and coefficient, whatever is edited
//! later, until a person decides otherwise. Where the source corrects what a task says and it would be another product by that, a
//! product no person gave waits for a person, with what it was. What text matching does not dare to decide waits for a person, and is
//! ranked again once people have decided other tasks. What may be one task with another is proposed on the way.

use super::alike::MOST_FIRST;
use super::app::App;
use super::mappers::Mappers;
use super::scope::nearest;
use super::step::{Step, StepReport};
use crate::directory::Directory;
use crate::domain::{
    CanonicalTask, CatalogScope, CatalogVersion, Period, PersonId, ProductCode, SourceId, UnitKind,
    local_date,
};
use crate::error::{Finding, Text};
use crate::mapping::{MappingDecision, Outcome, TaskText};
use crate::store::{CatalogHead, MapItem, MappingChange, MappingRow, MappingState, MappingWrite, StoredTask};
use crate::telemetry::name;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Tasks per commit.
const BATCH: usize = 500;
/// Tasks decided in one go on a thread that serves others as well: some ten milliseconds.
const TURN: usize = 50;
/// Differences of confidence and score below this are not worth writing down anew.
const LEAST: f64 = 0.01;

/// The mapping step.
pub struct Map {
    app: Arc<App>,
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    lap: Lap,
    catalogs: Vec<CatalogVersion>,
}

/// A walk over all waiting tasks that begins where the last one stopped, so that none is left out however often it
/// begins anew.
#[derive(Debug, Default)]
struct Lap {
    /// The last task looked at.
    at: i64,
    /// Where it ends, while there is one; and whether it passed the last waiting task.
    ends: Option<(i64, bool)>,
}

impl Lap {
    fn begin(&mut self) {
        self.ends = Some((self.at, self.at == 0));
    }

    /// The numbers to go on with: after one, up to another.
    fn span(&self) -> Option<(i64, i64)> {
        let (end, passed) = self.ends?;
        Some((self.at, if passed && end > 0 { end } else { i64::MAX }))
    }

    /// Goes on behind the last task of a page; `full` = there may be more.
    fn went(&mut self, last: Option<i64>, full: bool) {
        match (self.ends, last) {
            (Some(_), Some(last)) if full => self.at = last,
            (Some((end, false)), _) => {
                self.at = 0;
                self.ends = Some((end, true));
            }
            (Some((end, true)), _) => {
                self.at = end;
                self.ends = None;
            }
            (None, _) => {}
        }
    }
}

impl Map {
    /// The step of an installation.
    pub fn new(app: Arc<App>) -> Self {
        // Served from the start, before anything is learned.
        for kind in ["whole", "at_once"] {
            metrics::counter!(name::MAPPER_TRAININGS, "kind" => kind).increment(0);
        }
        Self { app, work: Mutex::default() }
    }

    /// How often a mapper was trained whole so far; learning a decision alone is none.
    pub async fn trainings(&self) -> u64 {
        self.app.mappers.lock().await.trainings()
    }
}

#[async_trait]
impl Step for Map {
    fn name(&self) -> &'static str {
        "map"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn pokes(&self) -> &[&'static str] {
        &["score"]
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.app;
        let work = &mut *self.work.lock().await;
        let mappers = &mut *app.mappers.lock().await;
        let heads = app.store.catalogs().await.map_err(|error| error.finding())?;
        mappers.follow(app).await?;
        if mappers.take_changed() || !work.catalogs.iter().eq(heads.iter().map(|head| &head.version)) {
            work.lap.begin();
            work.catalogs = heads.iter().map(|head| head.version.clone()).collect();
        }
        let directory = app.directory().await?;
        // An order taken back from here on is not known to what is decided below: the store then does not write it.
        let (undone, mut left) = (mappers.undone(), 0);
        // What is new goes first, however much waits to be ranked again.
        let items = app.store.tasks_to_map(BATCH).await.map_err(|error| error.finding())?;
        if !items.is_empty() {
            let (writes, due) = self.look_at(mappers, &heads, &directory, &items).await?;
            // Before the tasks count as looked at: killed in between, they are read again.
            app.read_titles(&items).await?;
            crate::failpoint!("map::before_save");
            left = app.store.save_mappings(&writes, &due, undone).await.map_err(|error| error.finding())?;
            crate::failpoint!("map::after_save");
        }
        let mut done = items.len();
        // Whoever decided sees at once what that does to the tasks most like it; the walk over all that wait goes on beside it.
        let decided = mappers.take_decided();
        if !decided.is_empty() {
            let alike = app.most_alike(decided, MOST_FIRST).await?;
            let alike = app.store.map_items(&alike).await.map_err(|error| error.finding())?;
            let ranked = self.rank_again(mappers, &heads, &directory, &alike, undone).await?;
            (done, left) = (done + ranked.done, left + ranked.left);
        }
        if items.len() < BATCH
            && let Some((after, upto)) = work.lap.span()
        {
            let waiting =
                app.store.waiting_items(after, upto, BATCH).await.map_err(|error| error.finding())?;
            let ranked = self.rank_again(mappers, &heads, &directory, &waiting, undone).await?;
            (done, left) = (done + ranked.done, left + ranked.left);
            work.lap.went(waiting.last().map(|item| item.task.id), waiting.len() == BATCH);
        }
        let mut more = items.len() == BATCH || work.lap.ends.is_some() || left > 0;
        if !more {
            more = app.read_earlier_titles(BATCH).await?;
        }
        let mut findings: Vec<Finding> = left_out(mappers.left_out()).into_iter().collect();
        findings.extend(mappers.failed().then(|| super::broken("training")));
        Ok(StepReport { done: done as u64, more, findings, ..StepReport::default() })
    }
}

/// What came of ranking waiting tasks again.
struct Ranked {
    /// How many are to have another decision.
    done: usize,
    /// Those of them the store did not write, because an order was taken back meanwhile.
    left: usize,
}

impl Map {
    /// Ranks waiting tasks again, as long as no order was taken back since so many were.
    async fn rank_again(
        &self,
        mappers: &mut Mappers,
        heads: &[CatalogHead],
        directory: &Directory,
        waiting: &[MapItem],
        undone: Option<u64>,
    ) -> Result<Ranked, Finding> {
        let (mut writes, due) = self.look_at(mappers, heads, directory, waiting).await?;
        // One that keeps its mapping was settled between the two reads: whoever settled it marked its scores.
        writes.retain(|write| !matches!(write.change, MappingChange::Keep));
        let left = match writes.is_empty() {
            true => 0,
            false => {
                let saved = self.app.store.save_ranked_again(&writes, &due, undone).await;
                saved.map_err(|error| error.finding())?
            }
        };
        Ok(Ranked { done: writes.len(), left })
    }

    /// What becomes of some tasks, and whose scores that can move.
    async fn look_at(
        &self,
        mappers: &mut Mappers,
        heads: &[CatalogHead],
        directory: &Directory,
        items: &[MapItem],
    ) -> Result<(Vec<MappingWrite>, Vec<(PersonId, Period)>), Finding> {
        let app = &self.app;
        let versions: Vec<Option<CatalogVersion>> =
            items.iter().map(|item| app.version_of(heads, directory, item)).collect();
        let needed: BTreeSet<&CatalogVersion> = versions.iter().flatten().collect();
        mappers.load(app, &needed).await?;
        let mut writes = Vec::with_capacity(items.len());
        let mut due = Vec::new();
        for (number, (item, version)) in items.iter().zip(versions).enumerate() {
            if number % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let mut row = version.as_ref().and_then(|version| {
                app.row_of(directory, item, version, |task| mappers.decide(version, task))
            });
            let waits = |row: &&mut MappingRow| row.state == MappingState::Review && row.decided_by == "text";
            let threshold = version.as_ref().and_then(|version| mappers.threshold(version));
            if let (Some(row), Some(threshold)) = (row.as_mut().filter(waits), threshold) {
                row.reason["threshold"] = json!(threshold);
            }
            let looked_at = row.is_some();
            let change = match row {
                Some(row) => changed(item, row),
                None => marked(item).map_or(MappingChange::Keep, MappingChange::Refresh),
            };
            // Where neither the task nor its product changed since it was last looked at, no score can move; one put
            // back by an undo had another one.
            let moves = match &change {
                _ if !looked_at => true,
                MappingChange::Decide(_) => true,
                MappingChange::Refresh(_) => item.mapping.as_ref().is_some_and(|held| {
                    held.decided_at <= item.task.changed_at || held.reason.get(UNDONE).is_some()
                }),
                MappingChange::Keep => false,
            };
            if moves {
                due.extend(scores_concerned(item));
            }
            writes.push(MappingWrite { task: item.task.id, changed_at: item.task.changed_at, change });
        }
        Ok((writes, due))
    }
}

impl App {
    /// The catalog version the product of a task is sought in; none where what it is stays.
    pub(super) fn version_of(
        &self,
        heads: &[CatalogHead],
        directory: &Directory,
        item: &MapItem,
    ) -> Option<CatalogVersion> {
        match standing(item) {
            Standing::Stays | Standing::Unmarked => return None,
            // Frozen at assignment.
            Standing::Was(was) => return Some(was.catalog_version),
            Standing::Open => {}
        }
        let scopes = self.scopes_of_item(directory, item);
        let day = item.task.task.assigned_day();
        let head = nearest(heads, day, &scopes, |head| (head.valid_from, &head.scope));
        head.map(|head| head.version.clone())
    }

    /// What becomes of a task by a mapper of its version; none where there is no mapper.
    pub(super) fn row_of(
        &self,
        directory: &Directory,
        item: &MapItem,
        version: &CatalogVersion,
        decide: impl FnOnce(&TaskText<'_>) -> Option<MappingDecision>,
    ) -> Option<MappingRow> {
        let (unit, unit_kind) = self.body_of_item(directory, item);
        let scopes = self.scopes_of_item(directory, item);
        let decision = decide(&evidence(self, &item.task, (&unit, unit_kind), &scopes))?;
        let mut row = mapping_row(decision, version.clone(), self.clock.now());
        if row.decided_by == "rule" {
            row.reason["rules"] = json!({ "version": self.policy.rule_book.version() });
        }
        if let Standing::Was(was) = standing(item) {
            row = after_correction(row, was);
        }
        if row.state == MappingState::Mapped {
            row.reason[EVIDENCE] = json!(mark_of(&item.task));
        }
        Some(row)
    }

    /// The scopes whose catalogs hold for a task, the nearest first.
    pub(super) fn scopes_of_item(&self, directory: &Directory, item: &MapItem) -> Vec<CatalogScope> {
        let day = item.task.task.assigned_day();
        self.scopes_of_task(directory, (&item.task.key.source, &item.people), day)
    }

    /// Name and kind of the body a task belongs to.
    pub(super) fn body_of_item(&self, directory: &Directory, item: &MapItem) -> (String, Option<UnitKind>) {
        let of = (&item.task.key.source, item.people.as_slice());
        self.body_of_task(directory, of, item.task.task.assigned_day())
    }

    /// The catalog version a task's product is of: the one of its body in force when it was assigned.
    pub(super) async fn catalog_of(
        &self,
        directory: &Directory,
        item: &MapItem,
    ) -> Result<Option<CatalogVersion>, Finding> {
        let scopes = self.scopes_of_item(directory, item);
        self.catalog_for(item.task.task.assigned_day(), &scopes).await
    }
}

/// What is known of a task when its product is sought.
pub(super) fn evidence<'a>(
    app: &'a App,
    task: &'a StoredTask,
    (unit, unit_kind): (&'a str, Option<UnitKind>),
    scopes: &'a [CatalogScope],
) -> TaskText<'a> {
    let draft = &task.task.draft;
    TaskText {
        title: &draft.title,
        doc_type: draft.doc_type.as_deref().unwrap_or(""),
        category: draft.category.as_deref().unwrap_or(""),
        source_system: app.sources.get(&task.key.source).map_or("", |source| &source.system),
        unit,
        unit_kind,
        product_code: draft.product_code.as_deref(),
        assigned_on: Some(task.task.assigned_day()),
        scopes,
    }
}

fn mapping_row(
    decision: MappingDecision,
    catalog_version: CatalogVersion,
    decided_at: DateTime<Utc>,
) -> MappingRow {
    let reason = serde_json::to_value(&decision).unwrap_or_default();
    let (state, product, coefficient) = match decision.outcome {
        Outcome::Mapped { product, coefficient } => (MappingState::Mapped, Some(product), Some(coefficient)),
        Outcome::Review => (MappingState::Review, None, None),
        Outcome::Outside => (MappingState::Outside, None, None),
    };
    let decided_by = reason.get("decided_by").and_then(|word| word.as_str()).unwrap_or("text").to_owned();
    MappingRow { state, product, catalog_version, coefficient, decided_by, author: None, reason, decided_at }
}

/// Key of a decision's reason: a mark of what the task said when it was given its product.
const EVIDENCE: &str = "evidence";
/// Key of a decision's reason: who put it back, and why.
pub(super) const UNDONE: &str = "undone";
/// Key of a decision's reason: the product the task had before the source corrected what it says.
const WAS: &str = "was";

/// The product a task had before the source corrected what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Was {
    product: ProductCode,
    catalog_version: CatalogVersion,
    coefficient: Option<Decimal>,
    decided_by: String,
}

/// Whether what a task is may be decided.
enum Standing {
    /// A product once found stays (frozen at assignment), and so does every decision of a person.
    Stays,
    /// It stays, and what the task said then was not marked yet.
    Unmarked,
    /// It had a product no person gave, and says other things since.
    Was(Was),
    /// It is looked at as if for the first time.
    Open,
}

fn standing(item: &MapItem) -> Standing {
    let Some(row) = &item.mapping else { return Standing::Open };
    if row.decided_by == "operator" {
        return Standing::Stays;
    }
    match (row.state, &row.product) {
        (MappingState::Mapped, Some(product)) => match row.reason.get(EVIDENCE).and_then(Value::as_str) {
            None => Standing::Unmarked,
            Some(mark) if mark == mark_of(&item.task) => Standing::Stays,
            Some(_) => Standing::Was(Was {
                product: product.clone(),
                catalog_version: row.catalog_version.clone(),
                coefficient: row.coefficient,
                decided_by: row.decided_by.clone(),
            }),
        },
        (MappingState::Review, _) => {
            let was = row.reason.get(WAS).and_then(|was| Was::deserialize(was).ok());
            was.map_or(Standing::Open, Standing::Was)
        }
        _ => Standing::Open,
    }
}

/// A mark of what a task says of itself, by which a correction is seen.
fn mark_of(task: &StoredTask) -> String {
    let draft = &task.task.draft;
    let mut digest = Sha256::new();
    let parts =
        [Some(&draft.title), draft.doc_type.as_ref(), draft.category.as_ref(), draft.product_code.as_ref()];
    for part in parts.map(|part| part.map_or("", String::as_str)) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The mapping of a task that stays, with the mark it lacks.
fn marked(item: &MapItem) -> Option<MappingRow> {
    let Standing::Unmarked = standing(item) else { return None };
    let mut row = item.mapping.clone()?;
    row.reason.as_object_mut()?.insert(EVIDENCE.to_owned(), json!(mark_of(&item.task)));
    Some(row)
}

/// What becomes of a task that had a product and was corrected: where that gives the same product, it is what it was; else a
/// person decides, and sees both.
fn after_correction(mut row: MappingRow, was: Was) -> MappingRow {
    if row.product.as_ref() == Some(&was.product) {
        row.coefficient = was.coefficient;
        return row;
    }
    let candidates = row.reason.get("candidates").and_then(Value::as_array).cloned().unwrap_or_default();
    let of = |code: &ProductCode| {
        let known =
            candidates.iter().find(|one| one.get("product").and_then(Value::as_str) == Some(code.as_str()));
        known.cloned().unwrap_or_else(|| json!({ "product": code, "score": 0.0, "words": [] }))
    };
    // The old product is offered first, then what the task says now.
    let first: Vec<Value> = std::iter::once(&was.product).chain(&row.product).map(of).collect();
    let named = |one: &Value| first.iter().any(|offered| offered.get("product") == one.get("product"));
    let others: Vec<Value> = candidates.iter().filter(|one| !named(one)).cloned().collect();
    let now = match (&row.product, row.state) {
        (Some(code), _) => Text::new(format!("nay là {code}"), format!("now it is {code}")),
        (None, MappingState::Outside) => Text::new("nay ngoài danh mục", "now it is outside the catalog"),
        _ => Text::new("nay chưa đủ chắc chắn", "now nothing is sure enough"),
    };
    row.reason["candidates"] = first.into_iter().chain(others).collect();
    row.reason["reason"] = json!(Text::new(
        format!("nguồn đã sửa nội dung nhiệm vụ: trước là {}, {}; cần người quyết định", was.product, now.vi),
        format!("the source corrected the task: it was {}, {}; a person has to decide", was.product, now.en),
    ));
    row.reason["outcome"] = json!(Outcome::Review);
    row.reason[WAS] = json!(was);
    row.state = MappingState::Review;
    (row.product, row.coefficient) = (None, None);
    row
}

/// A decision of its own, the one held with fresher evidence, or nothing worth writing for a task that did not change.
fn changed(item: &MapItem, row: MappingRow) -> MappingChange {
    let Some(held) = &item.mapping else { return MappingChange::Decide(row) };
    let same = (held.state, &held.product, &held.catalog_version, &held.decided_by)
        == (row.state, &row.product, &row.catalog_version, &row.decided_by);
    if !same {
        MappingChange::Decide(row)
    } else if held.decided_at > item.task.changed_at && reads_alike(&held.reason, &row.reason) {
        MappingChange::Keep
    } else {
        MappingChange::Refresh(row)
    }
}

/// Whether two grounds say the same to a reader: numbers may differ by a hair.
fn reads_alike(held: &Value, new: &Value) -> bool {
    match (held, new) {
        (Value::Number(held), Value::Number(new)) => {
            let (held, new) = (held.as_f64().unwrap_or(f64::NAN), new.as_f64().unwrap_or(f64::NAN));
            (held - new).abs() < LEAST
        }
        (Value::Array(held), Value::Array(new)) => {
            held.len() == new.len() && held.iter().zip(new).all(|(held, new)| reads_alike(held, new))
        }
        (Value::Object(held), Value::Object(new)) => {
            held.len() == new.len()
                && held.iter().all(|(key, held)| new.get(key).is_some_and(|new| reads_alike(held, new)))
        }
        _ => held == new,
    }
}

/// The days a task may count in: it was due, given or finished on them.
pub(super) fn days_concerned(task: &CanonicalTask) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> =
        task.due_changes.iter().filter_map(|(due, _)| due.map(|due| due.day)).collect();
    days.push(task.assigned_day());
    // Finished in another quarter than it was due in, it may count there (switch `carry_over`).
    let finished = task.accepted_submission_at.into_iter().chain(task.draft.completed_at);
    days.extend(finished.map(local_date));
    days
}

/// Whose scores of which quarters a task can move: those of every due date it ever had, of its
/// assignment and of its completion.
pub(super) fn scores_concerned(item: &MapItem) -> Vec<(PersonId, Period)> {
    let mut periods: Vec<Period> =
        days_concerned(&item.task.task).into_iter().map(Period::quarter_of).collect();
    periods.sort();
    periods.dedup();
    item.people.iter().flat_map(|person| periods.iter().map(|period| (*person, *period))).collect()
}

/// Tells that the ranking is trained on the latest decisions alone.
fn left_out(decisions: usize) -> Option<Finding> {
    let what = Text::new(
        format!(
            "xếp hạng học các quyết định mới nhất; {decisions} quyết định và ví dụ cũ hơn không được học"
        ),
        format!(
            "the ranking learns the latest decisions; {decisions} older decisions and examples are left out"
        ),
    );
    let remedy = Text::new(
        "không cần làm gì: nhiệm vụ giống hệt việc đã quyết định vẫn được nhận ra; nên viết quy tắc cho những nhóm lớn",
        "nothing: tasks exactly like decided ones are still known; rules for large groups help",
    );
    (decisions > 0).then(|| Finding::info("LT-MAP-053", what, remedy))
}

/// A source's id as text, for messages.
pub(super) fn source_name(source: &SourceId) -> String {
    format!("source {source}")
}

#[cfg(test)]
mod tests {
    use super::Lap;

    /// What a walk over waiting tasks looks at, page by page, beginning anew before the pages named.
    fn walked(waiting: &[i64], page: usize, anew: &[usize]) -> Vec<i64> {
        let (mut lap, mut seen) = (Lap::default(), Vec::new());
        lap.begin();
        for number in 0.. {
            if anew.contains(&number) {
                lap.begin();
            }
            let Some((after, upto)) = lap.span() else { break };
            let some = waiting.iter().copied().filter(|task| *task > after && *task <= upto);
            let some: Vec<i64> = some.take(page).collect();
            lap.went(some.last().copied(), some.len() == page);
            seen.extend(some);
        }
        seen
    }

    #[test]
    fn walk_over_waiting_tasks_sees_each_once_and_begun_anew_all_again_from_where_it_is() {
        let waiting: Vec<i64> = (1..=7).collect();
        assert_eq!(walked(&waiting, 3, &[]), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(walked(&waiting, 3, &[1]), [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]);
        assert_eq!(walked(&waiting, 3, &[1, 2]), [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6]);
        assert_eq!(walked(&waiting, 7, &[]), waiting);
        assert!(walked(&[], 3, &[0, 1]).is_empty());
    }
}
