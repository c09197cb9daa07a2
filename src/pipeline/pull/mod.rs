//! Pulling one source: pages in, stored tasks and events out.
//!
//! Owns the order of work of one run: fetch the next page while the present one is handled (`page`), commit pages
//! together with the cursor they allow (`commit`), stop where what the source shows cannot be true (`gate`) or most of what changed loses who did it, until when or how much (`losing`), call gone what
//! tombstones say (`burial`), and after a full pull call the missing ones gone and prove what is held (`gone`). Lists of people and units go their own way (`people`). A failure of the source ends the run with
//! what was committed so far. It must not know how a source is asked.

mod burial;
mod closing;
mod commit;
mod drift;
mod fresh;
mod gate;
mod glance;
mod gone;
mod leave;
mod losing;
mod page;
mod people;
mod posts;
mod stand;
mod views;

pub(super) use gate::{LOSS, accept_order};
pub(super) use page::{NO_CITIZEN_ID, place_of, without_citizen_ids};

use super::app::App;
use crate::connector::{
    Connector, ConnectorError, DetailsAgain, MARK_REFUSED, Page, Pull, PullEnd, PullMode, PullRequest,
    Step as PullStep,
};
use crate::domain::SourceId;
use crate::error::{Disposition, Finding, Findings, Place, Text};
use crate::store::{NOTHING_READ, PageCommit, Proof, RunCounters, RunKind, RunOutcome, StoreError};
use crate::telemetry::name;
use burial::Burials;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use closing::Closing;
use commit::{Committing, PAGES_PACKED, Unsettled};
use drift::Drifting;
use fresh::Fresh;
use gate::Watch;
use gone::{SeenTasks, Tombstones};
use losing::Losing;
use std::collections::HashSet;
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

/// Tasks worth a transaction, and tasks that may wait: where pages are large, fewer of them do, so that what waits
/// takes the same memory.
const TASKS_PER_COMMIT: usize = 8_000;
const MOST_TASKS_WAITING: usize = 16_000;

/// A source that says nothing for so long is waited for: what is there is stored meanwhile.
const QUIET: Duration = Duration::from_millis(50);

/// A change that a pull of changes before the last one should have brought: clocks and late commits are allowed this
/// much.
const MISSED_MARGIN: TimeDelta = TimeDelta::hours(1);

/// Rejected records of a pull of changes below which it says nothing that none of them was read: one odd record may
/// well be all that changed.
const FEW_RECORDS: u64 = 10;

/// What a run did, for people.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct PullSummary {
    /// Counters of the run.
    pub counters: RunCounters,
    /// Tasks called gone.
    pub gone: u64,
    /// Tasks a full pull brought that earlier pulls of changes should have brought.
    pub missed: u64,
    /// Whether the source was read to its end: everything of the span asked for passed by; of a pull that leaves a proof
    /// what the proof says.
    pub complete: bool,
    /// What the run read, in the words of `Words::RunKind`: the whole list, changes, new files, a span.
    pub read: &'static str,
    /// Whether a proof was left that everything is held.
    #[serde(skip)]
    pub proven: bool,
    /// Things worth telling.
    pub findings: Vec<Finding>,
}

/// Progress of a running pull, for a progress bar: what was read, and how many records there are altogether where
/// the source says so.
pub type Progress<'a> = &'a (dyn Fn(&RunCounters, Option<u64>) + Send + Sync);

/// Pulls a source. The caller holds the source's lease. Where the source does not know any more from where changes are
/// to be told, everything is read in the place of the changes.
///
/// # Errors
/// Why the source could not be read; of a list of people or units everything for which it was refused.
pub async fn pull_source(
    app: &App,
    connector: &Arc<dyn Connector>,
    mode: PullMode,
    progress: Progress<'_>,
) -> Result<PullSummary, Findings> {
    let changes = mode == PullMode::Incremental;
    // What a pull holds is large, and orders and steps hold it in turn: on the heap it costs their threads no stack.
    match Box::pin(pull_once(app, connector, mode, progress)).await {
        Err(told) if changes && told.0.iter().any(|finding| finding.code == MARK_REFUSED) => {
            let mut summary = Box::pin(pull_once(app, connector, PullMode::Full, progress)).await?;
            summary.findings.extend(told.0);
            Ok(summary)
        }
        outcome => outcome,
    }
}

async fn pull_once(
    app: &App,
    connector: &Arc<dyn Connector>,
    mode: PullMode,
    progress: Progress<'_>,
) -> Result<PullSummary, Findings> {
    if let Some(rows) = connector.rows() {
        return people::pull_list(app, connector, rows, &mode, progress).await;
    }
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
    let watch = Watch::begin(app, &source, connector.abilities(), kind, &state).await?;
    let run = app.store.begin_run(&source, kind, now).await.map_err(|error| error.finding())?;
    let full = matches!(mode, PullMode::Full);
    let rules = connector.rules().map(hex);
    let first = state.cursor.is_none() && state.last_success_at.is_none();
    let changes = kind == RunKind::Incremental && connector.abilities().incremental && !first;
    // A source that cannot tell changes shows everything in each pull: that proves as much as a full pull does.
    let abilities = connector.abilities();
    let whole = abilities.full_is_complete && kind == RunKind::Incremental && !abilities.incremental;
    // A pull of changes meets what the last one left; any other one also what only a pull of everything read.
    let held_by = if changes { &state.rules_pulled } else { &state.rules_read };
    let compares = rules.is_none() || rules == *held_by;
    let gates = app.gates.get(&source).copied().unwrap_or_default();
    let mut puller = Puller {
        app,
        connector,
        source: source.clone(),
        run,
        moves_cursor: !matches!(mode, PullMode::Backfill { .. }),
        full,
        changes,
        proves: full || whole,
        missed_before: state
            .last_success_at
            .filter(|_| full && compares && connector.abilities().incremental)
            .map(|at| at - MISSED_MARGIN),
        missed: 0,
        again: connector.details_again().filter(|_| full).map(|again| (again, state.full_pulls)),
        asked_again: HashSet::new(),
        compares,
        most_quantity: gates.most_quantity,
        drifting: Drifting::begin(app, &source, watch.accepted_fields()).await?,
        losing: Losing::begin(
            (&source, gates.from_changed),
            app.drift.get(&source),
            &watch.accepted_losses(),
            &state.losing,
        ),
        watch,
        closing: Closing::default(),
        counters: RunCounters::default(),
        seen: SeenTasks::default(),
        fresh: Fresh::begin(app, &source).await?,
        present: connector.abilities().full_is_complete,
        // What only pulls of changes followed was read by whatever rules there were.
        rereads: rules.is_some() && rules != state.rules_read,
        rewound: 0,
        gone: 0,
        burials: Burials::default(),
        tombstones: Tombstones::default(),
        held: Vec::new(),
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
    puller.findings.extend(puller.drifting.end(app).await?);
    if puller.rewound > 0 {
        puller.findings.push(rewound(&source, puller.rewound));
    }
    puller.findings.extend(puller.closing.told(&gates).map(|finding| finding.at(place(&source))));
    let mut summary = PullSummary {
        counters: puller.counters,
        gone: puller.gone,
        missed: puller.missed,
        findings: puller.findings,
        ..PullSummary::default()
    };
    let result = match outcome {
        Ok(end) => {
            summary.complete = !end.short;
            summary.read = match (kind, changes) {
                _ if end.unchanged => "unchanged",
                (RunKind::Full, _) => "full",
                (RunKind::Backfill, _) => "backfill",
                (RunKind::Incremental, true) if end.files.is_some() => "new_files",
                (RunKind::Incremental, true) => "incremental",
                (RunKind::Incremental, false) => "whole",
            };
            let look = end.files.map(|files| (files.there, files.read));
            // A source that was a folder and is none any more has no files to be judged by.
            let is_none = state.files.is_some() && !end.unchanged;
            if kind != RunKind::Backfill && (look.is_some() || is_none) {
                let kept = app.store.keep_files(&source, look, gates.least_percent, ended).await;
                kept.map_err(|error| error.finding())?;
            }
            // Where somebody was left out, what was seen says nothing about what the source shows.
            let partly = end.views.as_ref().is_some_and(|views| views.left_out > 0);
            let seen = (!end.unchanged && !partly).then_some(puller.seen.count);
            puller.watch.passed(app, run, (seen, puller.losing.loses()), full && end.complete).await?;
            if full || (whole && !end.unchanged) {
                crate::failpoint!("pull::before_gone");
                let seen = (&puller.seen, &puller.tombstones, &puller.watch);
                prove(app, &source, run, seen, (&end, kind), &mut summary).await?;
                if abilities.full_is_complete {
                    summary.complete &= summary.proven;
                }
                if abilities.full_is_complete && !end.short && !end.unchanged {
                    // What could not be read and is listed no more was corrected or deleted.
                    app.store.settle_unlisted(&source, now).await.map_err(|error| error.finding())?;
                }
            }
            let losing = puller.losing.carried();
            if kind != RunKind::Backfill && losing != state.losing {
                app.store.keep_losing(&source, &losing).await.map_err(|error| error.finding())?;
            }
            if !end.whole_files.is_empty() {
                // A later version of a file takes the place of the one before.
                let settled = app.store.settle_replaced(&source, &end.whole_files, now).await;
                settled.map_err(|error| error.finding())?;
            }
            if let Some(views) = end.views.as_ref().filter(|_| !full) {
                views::keep(app, &source, views).await?;
            }
            if let Some(rules) = rules.filter(|_| kind != RunKind::Backfill) {
                app.store.keep_rules(&source, &rules, !changes).await.map_err(|error| error.finding())?;
            }
            let few = if changes || kind == RunKind::Backfill { FEW_RECORDS } else { 1 };
            let RunCounters { records, rejected, .. } = summary.counters;
            if rejected >= records.max(few) {
                summary.findings.push(nothing_read(&source, rejected));
            }
            summary.findings.extend(end.findings);
            Ok(())
        }
        Err(error) => {
            puller.watch.close(app, run, ended).await?;
            Err(error)
        }
    };
    summary.findings = std::mem::take(&mut summary.findings).into_iter().map(Finding::masked).collect();
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
        Err(error) => Err((*error.finding).masked().into()),
    }
}

/// Calls gone what a complete full pull did not see, keeps the proof of what is held, and tells what it shows. Another
/// pull that saw everything calls nothing gone: it proves what is held, or that more is held than it saw.
async fn prove(
    app: &App,
    source: &SourceId,
    run: i64,
    (seen, tombstones, watch): (&SeenTasks, &Tombstones, &Watch),
    (end, kind): (&PullEnd, RunKind),
    summary: &mut PullSummary,
) -> Result<(), Finding> {
    let full = kind == RunKind::Full;
    let settled = gone::settle(app, source, run, seen, (end, full)).await?;
    summary.gone += settled.gone;
    summary.findings.extend(watch.loss(settled.gone));
    let held = settled.held.count;
    // A source that lists tombstones usually counts them as well.
    let with_tombstones = held + tombstones.count();
    let source_total = end.source_total.map(|total| if total == with_tombstones { held } else { total });
    let proof = Proof {
        run,
        at: app.clock.now(),
        seen: seen.count,
        held,
        source_total,
        rejected: summary.counters.rejected,
        missed: summary.missed,
        gone: summary.gone,
        proven: end.complete
            && source_total.is_none_or(|total| total == held)
            && (full || seen.count == held),
        digest: settled.held.digest(),
        periods: settled.held.periods(),
    };
    app.store.keep_proof(source, &proof).await.map_err(|error| error.finding())?;
    summary.proven = proof.proven;
    if let Some(total) = source_total.filter(|total| *total != held) {
        summary.findings.push(unequal(source, total, &proof));
    }
    if summary.missed > 0 {
        summary.findings.push(missed(source, summary.missed));
    }
    Ok(())
}

fn unequal(source: &SourceId, total: u64, proof: &Proof) -> Finding {
    let Proof { held, rejected, .. } = proof;
    Finding::warning(
        "LT-PUL-021",
        Text::new(
            format!("nguồn {source} nói có {total} nhiệm vụ, đang giữ {held}, {rejected} bản ghi bị loại"),
            format!(
                "source {source} says it has {total} tasks, {held} are held, {rejected} records were rejected"
            ),
        ),
        Text::new(
            "xem bản ghi bị loại (rejected list) và các bản ghi trùng khóa ở nguồn; nhiệm vụ đã xóa ở nguồn được nhận ra khi đọc toàn bộ (sync --full)",
            "look at rejected records (rejected list) and at records with the same key at the source; what was deleted there is found by a full pull (sync --full)",
        ),
    )
    .at(place(source))
}

/// All records of a source are rejected: it is answered, and nothing of it is known.
fn nothing_read(source: &SourceId, count: u64) -> Finding {
    Finding::error(
        NOTHING_READ,
        Text::new(
            format!("không bản ghi nào của nguồn {source} đọc được: cả {count} bản ghi đều bị loại"),
            format!("no record of source {source} could be read: all {count} are rejected"),
        ),
        Text::new(
            format!("xem lý do: lienthong rejected list --source {source}; thường là một quy tắc của manifest (kiểu ngày, bảng trạng thái) không khớp với nguồn: sửa rồi chạy lienthong sync {source} --full"),
            format!("see why: lienthong rejected list --source {source}; mostly one rule of the manifest (a pattern of dates, the table of states) does not fit the source: mend it, then lienthong sync {source} --full"),
        ),
    )
    .at(place(source))
}

fn missed(source: &SourceId, count: u64) -> Finding {
    Finding::warning(
        "LT-PUL-020",
        Text::new(
            format!("lần đọc toàn bộ nguồn {source} tìm thấy {count} nhiệm vụ mà các lần lấy thay đổi đã bỏ sót"),
            format!("the full pull of source {source} found {count} tasks that pulls of changes had missed"),
        ),
        Text::new(
            "tăng [incremental] overlap_s, hoặc đặt full_schedule dày hơn; nguồn có thể ghi giờ thay đổi muộn",
            "raise [incremental] overlap_s, or let full_schedule come more often; the source may commit late",
        ),
    )
    .at(place(source))
}

fn rewound(source: &SourceId, count: u64) -> Finding {
    Finding::warning(
        "LT-ING-012",
        Text::new(
            format!("{count} nhiệm vụ của nguồn {source} nay có thời điểm thay đổi sớm hơn trước; đã nhận bản hiện tại"),
            format!("{count} tasks of source {source} have an earlier time of change than before; taken over as they are now"),
        ),
        Text::new(
            "không cần làm gì nếu vừa sửa múi giờ hay kiểu ngày trong manifest; nếu không, hỏi nguồn có vừa khôi phục từ bản sao lưu",
            "nothing to do if a zone or a pattern of dates was just corrected in the manifest; else ask whether the source was restored from a backup",
        ),
    )
    .at(place(source))
}

fn hex(fingerprint: [u8; 32]) -> String {
    fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn place(source: &SourceId) -> Place {
    Place::of(format!("source {source}"))
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
    full: bool,
    /// Whether only what changed since the cursor is asked for.
    changes: bool,
    /// Whether the run sees everything the source shows, and leaves a proof.
    proves: bool,
    /// A task changed before this moment should have been seen by an earlier pull.
    missed_before: Option<DateTime<Utc>>,
    missed: u64,
    /// Whose details this run asks for again, with its number among full pulls.
    again: Option<(DetailsAgain, u64)>,
    /// Tasks of the page at hand whose details are asked for again.
    asked_again: HashSet<i64>,
    /// Whether the versions held were read by the rules of this run.
    compares: bool,
    /// Largest quantity one task can have; 0 = any.
    most_quantity: u32,
    watch: Watch,
    drifting: Drifting,
    losing: Losing,
    closing: Closing,
    counters: RunCounters,
    seen: SeenTasks,
    fresh: Fresh,
    /// Whether what the source lists is its present state, not files and words of any age.
    present: bool,
    /// Whether some versions held may have been read by other rules.
    rereads: bool,
    /// Versions taken over although their time of change lies earlier.
    rewound: u64,
    /// Tasks whose tombstones were shown.
    gone: u64,
    /// Tombstones that wait for the end of the run.
    burials: Burials,
    /// Those a full pull showed, whether or not they are news.
    tombstones: Tombstones,
    /// Pages that wait, as they came, until a task somebody knows is seen.
    held: Vec<Page>,
    waiting: Unsettled,
    committing: Committing,
    /// The answer kept last. Held, so that no other one can lie at its address.
    kept: Option<Bytes>,
    /// Turns at packing: a page is several times its size until it is packed.
    packing: Arc<Semaphore>,
    findings: Vec<Finding>,
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
                () = tokio::time::sleep(QUIET), if !self.waiting.pages.is_empty() && !self.in_doubt() => {
                    self.settle().await?;
                    self.begin_commit();
                    continue;
                }
            };
            match step {
                Some(Ok(PullStep::Page(page))) => {
                    total = page.total.or(total);
                    let pages = if self.watch.holds() { self.hold(page).await? } else { vec![page] };
                    for page in pages {
                        self.take(page).await?;
                    }
                    progress(&self.counters, total);
                    super::step::alive();
                }
                Some(Ok(PullStep::End(mut end))) => {
                    self.look(&mut end).await?;
                    self.watch.decide()?;
                    for page in std::mem::take(&mut self.held) {
                        self.take(page).await?;
                    }
                    self.watch.growth(self.app, self.counters.new).await?;
                    self.judge_burials().await?;
                    let partly = end.views.as_ref().is_some_and(|views| views.left_out > 0);
                    if self.watch.judges_the_end() && !end.unchanged && !partly {
                        self.commit_all().await?;
                        let told = self.watch.end(self.seen.count)?;
                        self.findings.extend(told);
                    }
                    self.bury().await?;
                    if let (true, Some(cursor)) = (self.moves_cursor, &end.cursor) {
                        self.wait(PageCommit::cursor_only(&self.source, self.run, cursor.0.clone())).await;
                    }
                    self.commit_all().await?;
                    progress(&self.counters, total);
                    return Ok(end);
                }
                Some(Err(error)) => {
                    // What came until then is stored with its cursors, as long as no gate would stop it.
                    if self.in_doubt() {
                        self.waiting = Unsettled::default();
                    }
                    match self.judge_burials().await {
                        Ok(()) => self.bury().await?,
                        Err(_) => self.watch.never_mind(),
                    }
                    self.commit_all().await?;
                    return Err(error);
                }
                None => return Err(lost(&self.source)),
            }
        }
    }

    /// Handles a page, and stores what waits once it is worth it.
    async fn take(&mut self, page: Page) -> Result<(), ConnectorError> {
        self.handle(page).await?;
        self.watch.growth(self.app, self.counters.new).await?;
        let waiting = self.waiting.pages.len();
        let free = self.committing.commit.as_ref().is_none_or(AbortOnDropHandle::is_finished);
        let tasks = self.waiting.keys.len();
        let most = waiting >= MOST_WAITING || tasks >= MOST_TASKS_WAITING;
        let worth = waiting >= PAGES_PER_COMMIT || tasks >= TASKS_PER_COMMIT;
        if most || (free && worth && !self.in_doubt()) {
            self.settle().await?;
            self.begin_commit();
        }
        Ok(())
    }

    /// Whether what waits may yet have to be left unstored.
    fn in_doubt(&self) -> bool {
        self.losing.in_doubt() || self.drifting.in_doubt()
    }
}

/// A failure of our own store ends the run; what was committed stays.
fn of_store(error: StoreError) -> ConnectorError {
    ConnectorError { finding: Box::new(error.finding()), disposition: error.disposition(), retry_after: None }
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
        finding: Box::new(finding.at(place(source))),
        disposition: Disposition::RetryLater,
        retry_after: None,
    }
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
