//! Pulling one source: pages in, stored tasks and events out.
//!
//! Owns the order of work of one run: fetch the next page while the present one is handled, ask the store
//! which records changed, call details and read only those, derive events, and commit pages together with
//! the cursor they allow. A bad record is stored with its reason and the others go on; a failure of the
//! source ends the run with what was committed so far. A full pull that saw every task calls the missing
//! ones gone; a short or empty answer never does.

use super::app::App;
use crate::connector::{
    Connector, ConnectorError, Detailed, Page, Presence, Pull, PullEnd, PullMode, PullRequest, RawRecord,
    Rejection, Step as PullStep, details_of, referring,
};
use crate::domain::{AccountKind, AccountRef, CitizenId, SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Place, Text};
use crate::ingest;
use crate::store::{
    PackedPage, PageCommit, RejectionWrite, RunCounters, RunKind, RunOutcome, Store, StoreError, StoredTask,
    TaskWrite, Vault,
};
use crate::telemetry::name;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// Pages fetched ahead of the one being handled. Two keep network and store busy; more only cost memory.
const PAGES_AHEAD: usize = 2;

/// Pages worth a transaction: one fsync for several pages, without making a kill lose much.
const PAGES_PER_COMMIT: usize = 8;

/// Pages that may wait while another transaction is under way: where the store is the slower part, its transactions
/// grow and its fsyncs become fewer.
const MOST_WAITING: usize = 16;

/// Pages packed at the same time, beside the one being read.
const PAGES_PACKED: usize = 2;

/// A source that says nothing for so long is waited for: what is there is stored meanwhile.
const QUIET: Duration = Duration::from_millis(50);

/// A full pull must see at least this share of the tasks known before it may call others gone.
const MIN_SEEN_PERCENT: u64 = 50;

/// What a run did, for people.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct PullSummary {
    /// Counters of the run.
    pub counters: RunCounters,
    /// Tasks called gone.
    pub gone: u64,
    /// Whether the source was read to its end: everything of the span asked for passed by.
    pub complete: bool,
    /// Things worth telling.
    pub findings: Vec<Finding>,
}

/// Progress of a running pull, for a progress bar: what was read, and how many records there are altogether where
/// the source says so.
pub type Progress<'a> = &'a (dyn Fn(&RunCounters, Option<u64>) + Send + Sync);

/// Pulls a source once. The caller holds the source's lease.
pub async fn pull_source(
    app: &App,
    connector: &Arc<dyn Connector>,
    mode: PullMode,
    progress: Progress<'_>,
) -> Result<PullSummary, Finding> {
    let source = connector.source().clone();
    let _turn = app.turn(&source).await;
    let state = app.store.source_state(&source).await.map_err(|error| error.finding())?;
    let now = app.clock.now();
    let kind = match mode {
        PullMode::Incremental => RunKind::Incremental,
        PullMode::Full => RunKind::Full,
        PullMode::Backfill { .. } => RunKind::Backfill,
    };
    let cursor = state.cursor.clone().map(crate::connector::Cursor);
    let request = PullRequest { mode: mode.clone(), cursor, now };
    let run = app.store.begin_run(&source, kind, now).await.map_err(|error| error.finding())?;
    let mut puller = Puller {
        app,
        connector,
        source: source.clone(),
        run,
        moves_cursor: !matches!(mode, PullMode::Backfill { .. }),
        counters: RunCounters::default(),
        seen: SeenTasks::default(),
        gone: 0,
        waiting: Unsettled::default(),
        committing: Committing::default(),
        kept: None,
        packing: Arc::new(Semaphore::new(PAGES_PACKED)),
        findings: Vec::new(),
    };
    let timer = Instant::now();
    let outcome = puller.run(request, progress).await;
    count(&source, &puller.counters, outcome.is_ok(), timer.elapsed());
    let ended = app.clock.now();
    let mut summary = PullSummary {
        counters: puller.counters,
        gone: puller.gone,
        findings: puller.findings,
        ..PullSummary::default()
    };
    let result = match outcome {
        Ok(end) => {
            summary.complete = !end.short;
            if matches!(mode, PullMode::Full) && end.complete {
                crate::failpoint!("pull::before_gone");
                summary.gone += call_gone(app, &source, run, &puller.seen, &mut summary.findings).await?;
            }
            summary.findings.extend(end.findings);
            Ok(())
        }
        Err(error) => Err(error),
    };
    let outcome = match &result {
        Ok(()) => RunOutcome::Succeeded,
        Err(error) => RunOutcome::Failed {
            finding: error.finding.clone(),
            disposition: error.disposition,
            retry_after: error.retry_after,
        },
    };
    crate::failpoint!("pull::before_finish");
    app.store
        .finish_run(run, &source, &summary.counters, &outcome, &summary.findings, ended)
        .await
        .map_err(|error| error.finding())?;
    match result {
        Ok(()) => Ok(summary),
        Err(error) => Err(*error.finding),
    }
}

fn count(source: &SourceId, counters: &RunCounters, done: bool, took: Duration) {
    let source = source.to_string();
    let records = [
        ("new", counters.new),
        ("changed", counters.changed),
        ("unchanged", counters.unchanged),
        ("rejected", counters.rejected),
    ];
    for (result, count) in records {
        metrics::counter!(name::SOURCE_RECORDS, "source" => source.clone(), "result" => result)
            .increment(count);
    }
    let outcome = if done { "done" } else { "failed" };
    metrics::counter!(name::SOURCE_RUNS, "source" => source.clone(), "outcome" => outcome).increment(1);
    metrics::histogram!(name::SOURCE_RUN_SECONDS, "source" => source).record(took.as_secs_f64());
}

struct Puller<'a> {
    app: &'a App,
    connector: &'a Arc<dyn Connector>,
    source: SourceId,
    run: i64,
    moves_cursor: bool,
    counters: RunCounters,
    seen: SeenTasks,
    /// Tasks whose tombstones were shown.
    gone: u64,
    waiting: Unsettled,
    committing: Committing,
    /// The answer kept last. Held, so that no other one can lie at its address.
    kept: Option<Bytes>,
    /// Turns at packing: a page is several times its size until it is packed.
    packing: Arc<Semaphore>,
    findings: Vec<Finding>,
}

/// Pages that are not stored yet, and the keys of the tasks on them: until they are, the store cannot tell
/// whether such a record changed once more.
#[derive(Default)]
struct Unsettled {
    /// Pages being packed beside the reading of the next ones.
    pages: Vec<AbortOnDropHandle<Result<PackedPage, StoreError>>>,
    keys: HashSet<u64>,
}

/// The transaction under way, with the keys of its tasks. Dropping it rolls it back.
#[derive(Default)]
struct Committing {
    commit: Option<AbortOnDropHandle<Result<Vec<i64>, ConnectorError>>>,
    keys: HashSet<u64>,
}

impl Puller<'_> {
    async fn run(&mut self, request: PullRequest, progress: Progress<'_>) -> Result<PullEnd, ConnectorError> {
        let pull = self.connector.pull(request).await?;
        let (mut steps, _fetching) = fetch_ahead(pull);
        let mut total = None;
        loop {
            let step = tokio::select! {
                biased;
                step = steps.recv() => step,
                () = tokio::time::sleep(QUIET), if !self.waiting.pages.is_empty() => {
                    self.settle().await?;
                    self.begin_commit();
                    continue;
                }
            };
            match step {
                Some(Ok(PullStep::Page(page))) => {
                    total = page.total.or(total);
                    self.handle(page).await?;
                    let waiting = self.waiting.pages.len();
                    let free = self.committing.commit.as_ref().is_none_or(AbortOnDropHandle::is_finished);
                    if waiting >= MOST_WAITING || (waiting >= PAGES_PER_COMMIT && free) {
                        self.settle().await?;
                        self.begin_commit();
                    }
                    progress(&self.counters, total);
                    super::step::alive();
                }
                Some(Ok(PullStep::End(end))) => {
                    if let (true, Some(cursor)) = (self.moves_cursor, &end.cursor) {
                        self.wait(PageCommit::cursor_only(&self.source, self.run, cursor.0.clone())).await;
                    }
                    self.commit_all().await?;
                    progress(&self.counters, total);
                    return Ok(end);
                }
                Some(Err(error)) => {
                    self.commit_all().await?;
                    return Err(error);
                }
                None => return Err(lost(&self.source)),
            }
        }
    }

    /// Has a page packed and lets it wait for the next transaction.
    async fn wait(&mut self, page: PageCommit) {
        self.waiting.keys.extend(page.tasks.iter().map(|task| key_hash(&task.external_id)));
        let store = self.app.store.clone();
        // Never closed; and a page packed without a turn of its own would only cost memory.
        let turn = self.packing.clone().acquire_owned().await.ok();
        let packing = tokio::task::spawn_blocking(move || {
            let packed = packed(&store, page);
            drop(turn);
            packed
        });
        self.waiting.pages.push(AbortOnDropHandle::new(packing));
    }

    /// Waits for the transaction under way, if there is one.
    async fn settle(&mut self) -> Result<(), ConnectorError> {
        let Some(commit) = &mut self.committing.commit else { return Ok(()) };
        let outcome = commit.await;
        self.committing = Committing::default();
        let committed = outcome.map_err(|_| lost(&self.source))??;
        committed.iter().for_each(|id| self.seen.insert(*id));
        crate::failpoint!("pull::after_commit");
        self.app.ring("identify");
        Ok(())
    }

    /// Stores what waits in a task of its own, so that the next pages are read meanwhile; nothing must be under
    /// way. One transaction after the other: a cursor never overtakes its pages.
    fn begin_commit(&mut self) {
        let Unsettled { pages, keys } = std::mem::take(&mut self.waiting);
        if pages.is_empty() {
            return;
        }
        crate::failpoint!("pull::before_commit");
        let (store, source) = (self.app.store.clone(), self.source.clone());
        let commit = tokio::spawn(async move {
            let mut packed = Vec::with_capacity(pages.len());
            for page in pages {
                packed.push(page.await.map_err(|_| lost(&source))?.map_err(of_store)?);
            }
            store.commit_packed(packed).await.map_err(of_store)
        });
        self.committing = Committing { commit: Some(AbortOnDropHandle::new(commit)), keys };
    }

    async fn commit_all(&mut self) -> Result<(), ConnectorError> {
        self.settle().await?;
        self.begin_commit();
        self.settle().await
    }

    /// Turns one page into what is to be stored of it.
    async fn handle(&mut self, page: Page) -> Result<(), ConnectorError> {
        let unsettled = |record: &RawRecord| {
            let key = key_hash(&record.external_id);
            self.waiting.keys.contains(&key) || self.committing.keys.contains(&key)
        };
        if page.records.iter().any(unsettled) {
            self.commit_all().await?;
        }
        let observed_at = self.app.clock.now();
        self.counters.pages += 1;
        self.counters.records += (page.records.len() + page.rejected.len()) as u64;
        let keys: Vec<&str> = page.records.iter().map(|record| record.external_id.as_str()).collect();
        let known = self.app.store.known_hashes(&self.source, &keys).await.map_err(of_store)?;
        let mut changed = Vec::new();
        let mut known_ids: HashMap<String, i64> = HashMap::new();
        let mut tombstones = Vec::new();
        for (record, known) in page.records.into_iter().zip(known) {
            match known {
                // A tombstone is no sign of life; one of a task we never had says nothing.
                known if record.presence != Presence::Shown => match known {
                    Some((id, hash)) if hash != record.hash => tombstones.push((id, record)),
                    _ => self.counters.unchanged += 1,
                },
                Some((id, hash)) if hash == record.hash => {
                    self.seen.insert(id);
                    self.counters.unchanged += 1;
                }
                Some((id, _)) => {
                    self.seen.insert(id);
                    known_ids.insert(record.external_id.clone(), id);
                    changed.push(record);
                }
                None => changed.push(record),
            }
        }
        let mut rejections: Vec<RejectionWrite> = page.rejected.into_iter().map(rejection_write).collect();
        let (mut tasks, details) =
            self.read_changed(changed, &known_ids, observed_at, &mut rejections).await?;
        tasks.extend(self.bury(tombstones, observed_at).await?);
        self.counters.rejected += rejections.len() as u64;
        let nothing_new = tasks.is_empty() && rejections.is_empty();
        let cursor = page.cursor.filter(|_| self.moves_cursor).map(|cursor| cursor.0);
        if nothing_new && cursor.is_none() {
            return Ok(());
        }
        let body = (!nothing_new).then(|| self.kept_once(page.body));
        self.wait(PageCommit {
            source: self.source.clone(),
            run: self.run,
            fetched_at: observed_at,
            request: page.request,
            body,
            details,
            tasks,
            rejections,
            cursor,
        })
        .await;
        Ok(())
    }

    /// An answer that is cut into several pages is kept with the first of them that is stored.
    fn kept_once(&mut self, body: Bytes) -> Bytes {
        let same = |kept: &Bytes| kept.as_ptr() == body.as_ptr() && kept.len() == body.len();
        if self.kept.as_ref().is_some_and(same) {
            return referring();
        }
        self.kept = Some(body.clone());
        body
    }

    /// Calls tasks gone whose tombstones the source shows.
    async fn bury(
        &mut self,
        tombstones: Vec<(i64, RawRecord)>,
        observed_at: DateTime<Utc>,
    ) -> Result<Vec<TaskWrite>, ConnectorError> {
        if tombstones.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<i64> = tombstones.iter().map(|(id, _)| *id).collect();
        let stored = self.app.store.load_tasks(&ids).await.map_err(of_store)?;
        let held: HashMap<i64, StoredTask> = stored.into_iter().map(|task| (task.id, task)).collect();
        let writes: Vec<TaskWrite> = tombstones
            .into_iter()
            .filter_map(|(id, record)| {
                let Presence::Deleted { at } = record.presence else { return None };
                let applied = ingest::gone(&held.get(&id)?.task, at, observed_at);
                Some(TaskWrite {
                    known_id: Some(id),
                    external_id: record.external_id,
                    hash: record.hash,
                    task: applied.task,
                    events: applied.events,
                })
            })
            .collect();
        self.gone += writes.iter().filter(|write| !write.events.is_empty()).count() as u64;
        Ok(writes)
    }

    async fn read_changed(
        &mut self,
        changed: Vec<RawRecord>,
        known_ids: &HashMap<String, i64>,
        observed_at: DateTime<Utc>,
        rejections: &mut Vec<RejectionWrite>,
    ) -> Result<(Vec<TaskWrite>, Option<Bytes>), ConnectorError> {
        if changed.is_empty() {
            return Ok((Vec::new(), None));
        }
        let ids: Vec<i64> = known_ids.values().copied().collect();
        let mut held: HashMap<i64, StoredTask> = if ids.is_empty() {
            HashMap::new()
        } else {
            let stored = self.app.store.load_tasks(&ids).await.map_err(of_store)?;
            stored.into_iter().map(|task| (task.id, task)).collect()
        };
        let detailed = self.connector.detail(changed).await?;
        let completed = detailed.iter().filter_map(|record| match record {
            Detailed::Complete(record) => Some(record),
            Detailed::Vanished(_) | Detailed::Rejected(_) => None,
        });
        let details = self.connector.abilities().details.then(|| details_of(completed));
        let mut writes = Vec::with_capacity(detailed.len());
        for record in detailed {
            let record = match record {
                Detailed::Complete(record) => record,
                Detailed::Vanished(finding) => {
                    if !self.findings.iter().any(|known| known.code == finding.code) {
                        self.findings.push(*finding);
                    }
                    continue;
                }
                Detailed::Rejected(rejection) => {
                    rejections.push(rejection_write(rejection));
                    continue;
                }
            };
            match self.connector.read(&record) {
                Ok(draft) => {
                    let previous = known_ids.get(&record.external_id).and_then(|id| held.remove(id));
                    writes.push(self.task_write(record, draft, previous, observed_at));
                }
                Err(rejection) => rejections.push(rejection_write(*rejection)),
            }
        }
        Ok((writes, details.filter(|details| !details.is_empty())))
    }

    fn task_write(
        &mut self,
        record: RawRecord,
        draft: TaskDraft,
        previous: Option<StoredTask>,
        observed_at: DateTime<Utc>,
    ) -> TaskWrite {
        let draft = without_citizen_ids(self.app.store.vault(), draft);
        let known_id = previous.as_ref().map(|stored| stored.id);
        let applied = ingest::apply(previous.as_ref().map(|stored| &stored.task), draft, observed_at);
        match known_id {
            Some(_) => self.counters.changed += 1,
            None => self.counters.new += 1,
        }
        for finding in applied.findings {
            // One example of each kind is enough for the run's report.
            if self.findings.len() < 50 && !self.findings.iter().any(|known| known.code == finding.code) {
                self.findings
                    .push(finding.at(Place::of(format!("source {}", self.source)).at(&record.external_id)));
            }
        }
        TaskWrite {
            known_id,
            external_id: record.external_id,
            hash: record.hash,
            task: applied.task,
            events: applied.events,
        }
    }
}

/// Replaces citizen id numbers by their keyed index: before anything of a draft is stored.
pub(super) fn without_citizen_ids(vault: &Vault, mut draft: TaskDraft) -> TaskDraft {
    let hide = |account: &mut AccountRef| {
        if account.kind == AccountKind::CitizenId {
            account.value = match CitizenId::parse(&account.value) {
                Some(id) => vault.blind_index(&id),
                // Not a number that can belong to anyone: kept as unknown, without its digits.
                None => "invalid".to_owned(),
            };
        }
    };
    draft.assignee.iter_mut().for_each(hide);
    for event in &mut draft.events {
        event.actor.iter_mut().for_each(hide);
        event.from.iter_mut().for_each(hide);
        event.to.iter_mut().for_each(hide);
    }
    draft
}

/// A failure of our own store ends the run; what was committed stays.
fn of_store(error: StoreError) -> ConnectorError {
    ConnectorError { finding: Box::new(error.finding()), disposition: error.disposition(), retry_after: None }
}

/// A page as it is kept; on a thread that may block.
fn packed(store: &Store, page: PageCommit) -> Result<PackedPage, StoreError> {
    crate::failpoint!("pull::inside_packing", StoreError::Unexpected("a fault that was ordered".to_owned()));
    store.pack_page(page)
}

fn lost(source: &SourceId) -> ConnectorError {
    let finding = Finding::error(
        "LT-PUL-003",
        Text::new(
            "việc lấy dữ liệu dừng đột ngột do lỗi chương trình",
            "the pull ended abruptly by a program error",
        ),
        Text::new(
            "gửi nhật ký cho nhóm phát triển; lần lấy sau bắt đầu lại từ con trỏ cũ",
            "send the log to the developers; the next pull goes on from the old cursor",
        ),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(format!("source {source}")))),
        disposition: Disposition::RetryLater,
        retry_after: None,
    }
}

fn rejection_write(rejection: Rejection) -> RejectionWrite {
    RejectionWrite {
        external_id: rejection.external_id,
        index: rejection.index,
        body: rejection.body,
        finding: rejection.finding,
    }
}

fn key_hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

type Steps = mpsc::Receiver<Result<PullStep, ConnectorError>>;

/// Fetches in a task of its own so that network and store work at the same time. Dropping the handle
/// cancels the pull.
fn fetch_ahead(mut pull: Box<dyn Pull>) -> (Steps, AbortOnDropHandle<()>) {
    let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
    let task = tokio::spawn(async move {
        loop {
            let step = pull.next_page().await;
            let over = !matches!(step, Ok(PullStep::Page(_)));
            if sender.send(step).await.is_err() || over {
                break;
            }
        }
    });
    (receiver, AbortOnDropHandle::new(task))
}

/// The ids of tasks seen in one pull: one bit per task, so that five million cost well under a megabyte.
#[derive(Debug, Default)]
struct SeenTasks {
    bits: Vec<u64>,
    count: u64,
}

impl SeenTasks {
    fn insert(&mut self, id: i64) {
        let Ok(id) = usize::try_from(id) else { return };
        let (word, bit) = (id / 64, 1u64 << (id % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            self.count += u64::from(*bits & bit == 0);
            *bits |= bit;
        }
    }

    fn contains(&self, id: i64) -> bool {
        usize::try_from(id)
            .ok()
            .and_then(|id| self.bits.get(id / 64).map(|bits| bits & (1 << (id % 64)) != 0))
            .unwrap_or(false)
    }
}

/// Calls tasks gone that a complete full pull did not see. Keeps its hands off when suspiciously few were seen.
async fn call_gone(
    app: &App,
    source: &SourceId,
    run: i64,
    seen: &SeenTasks,
    findings: &mut Vec<Finding>,
) -> Result<u64, Finding> {
    let live = app.store.count_live_tasks(source).await.map_err(|error| error.finding())?;
    if live > 0 && seen.count * 100 < live * MIN_SEEN_PERCENT {
        findings.push(too_few(source, seen.count, live));
        return Ok(0);
    }
    let (mut after, mut gone) = (0, 0);
    loop {
        let page = app.store.live_task_ids(source, after, 5_000).await.map_err(|error| error.finding())?;
        let Some(last) = page.last() else { return Ok(gone) };
        after = *last;
        let missing: Vec<i64> = page.into_iter().filter(|id| !seen.contains(*id)).collect();
        for chunk in missing.chunks(200) {
            let observed_at = app.clock.now();
            let tasks = app.store.load_tasks(chunk).await.map_err(|error| error.finding())?;
            let writes: Vec<TaskWrite> = tasks
                .into_iter()
                .map(|stored| {
                    let applied = ingest::gone(&stored.task, None, observed_at);
                    TaskWrite {
                        known_id: Some(stored.id),
                        external_id: stored.key.external_id,
                        // A hash no record has: should the task be shown again, it counts as changed.
                        hash: [0; 16],
                        task: applied.task,
                        events: applied.events,
                    }
                })
                .collect();
            gone += writes.len() as u64;
            let commit = PageCommit {
                source: source.clone(),
                run,
                fetched_at: observed_at,
                request: "full pull: no longer shown".to_owned(),
                body: None,
                details: None,
                tasks: writes,
                rejections: Vec::new(),
                cursor: None,
            };
            app.store.commit_pages(vec![commit]).await.map_err(|error| error.finding())?;
            crate::failpoint!("pull::after_gone");
        }
    }
}

fn too_few(source: &SourceId, seen: u64, live: u64) -> Finding {
    Finding::error(
        "LT-PUL-001",
        Text::new(
            format!("nguồn {source} chỉ cho thấy {seen} trên {live} nhiệm vụ đã biết; không nhiệm vụ nào bị coi là đã mất"),
            format!("source {source} shows only {seen} of {live} known tasks; none is called gone"),
        ),
        Text::new(
            "kiểm tra tài khoản, bộ lọc mặc định và giới hạn số dòng của nguồn",
            "check the account, the default filter and the row limit of the source",
        ),
    )
    .at(Place::of(format!("source {source}")))
}

#[cfg(test)]
mod tests {
    use super::SeenTasks;

    #[test]
    fn seen_tasks_are_counted_once_and_foreign_ids_are_absent() {
        let mut seen = SeenTasks::default();
        [1, 64, 65, 1, 5_000_000].into_iter().for_each(|id| seen.insert(id));
        assert_eq!(seen.count, 4);
        assert!(seen.contains(64) && seen.contains(5_000_000));
        assert!(!seen.contains(0) && !seen.contains(66) && !seen.contains(-1) && !seen.contains(9_000_000));
        assert!(seen.bits.len() * 8 < 700_000);
    }
}
