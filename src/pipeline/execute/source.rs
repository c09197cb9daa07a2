//! Orders about sources: pulling now, pulling a span again, and reading again what could not be read.

use super::{Answer, App, Refusal};
use crate::connector::json::members;
use crate::connector::{
    Connector, ConnectorError, Delivered, Detailed, Presence, PullMode, RawRecord, Unpacked, details_of,
};
use crate::domain::{SourceId, local_offset};
use crate::error::{Finding, Place, Text};
use crate::ingest;
use crate::pipeline::command::{Document, Field, Outcome, Progress};
use crate::pipeline::completeness::Completeness;
use crate::pipeline::pull::{PullSummary, place_of, pull_source, without_citizen_ids};
use crate::pipeline::source::no_such_source;
use crate::pipeline::wording::Words;
use crate::store::{PageCommit, RunCounters, RunKind, RunOutcome, TaskWrite};
use bytes::Bytes;
use chrono::{DateTime, Days, NaiveDate, TimeZone as _, Utc};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

fn connector(app: &App, source: &SourceId) -> Result<Arc<dyn Connector>, Refusal> {
    let found = app.sources.get(source).map(|source| source.connector.clone());
    found.ok_or_else(|| {
        let known: Vec<String> = app.sources.keys().map(ToString::to_string).collect();
        no_such_source(source.as_str(), &known).into()
    })
}

/// How long a source is held without being renewed.
const LEASE: Duration = Duration::from_secs(120);

/// Does something of a source while no other process does, and gives it back.
async fn alone<T>(
    app: &App,
    source: &SourceId,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let lease = format!("step:pull:{source}");
    // The daemon's own pulling step renews its lease while it runs; waiting beats two of them at once.
    let mut waited = 0;
    while app.store.acquire_lease(&lease, &app.owner, LEASE).await?.is_none() {
        waited += 1;
        if waited > 60 {
            return Err(busy(source).into());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let Some(outcome) = app.renewing(&lease, LEASE, work).await else {
        return Err(busy(source).into());
    };
    // The next process need not wait for the lease to run out; a daemon's step takes it again by itself.
    app.store.release_lease(&lease, &app.owner).await?;
    outcome
}

async fn pull(app: &App, source: &SourceId, mode: PullMode, progress: UnboundedSender<Progress>) -> Answer {
    let connector = connector(app, source)?;
    let note = Text::new("bản ghi đã đọc", "records read");
    let report = move |counters: &RunCounters, total: Option<u64>| {
        let done = counters.records;
        // A source that shows more than it said has said nothing about the end.
        let total = total.filter(|total| *total >= done);
        // Nobody may be listening any more; the pull goes on.
        let _ = progress.send(Progress { done, total, note: note.clone() });
    };
    let pulled = alone(app, source, async { Ok(pull_source(app, &connector, mode, &report).await) });
    let summary = pulled.await??;
    app.ring("identify");
    let state = app.store.source_state(source).await?;
    Ok(shown(summary, app.completeness(source, &state).await?))
}

fn shown(summary: PullSummary, judged: Completeness) -> Outcome {
    let counters = summary.counters;
    let document = Document::Object {
        title: Text::new("Đã lấy dữ liệu", "Pulled"),
        fields: vec![
            Field::new("pages", "Trang", "Pages", counters.pages),
            Field::new("records", "Bản ghi", "Records", counters.records),
            Field::new("new", "Mới", "New", counters.new),
            Field::new("changed", "Thay đổi", "Changed", counters.changed),
            Field::new("unchanged", "Không đổi", "Unchanged", counters.unchanged),
            Field::new("rejected", "Bị loại", "Rejected", counters.rejected),
            Field::new("gone", "Không còn hiển thị", "Gone", summary.gone),
            Field::words("read", "Lần này đọc", "This run read", Words::RunKind, summary.read),
            Field::new("complete", "Lần này đọc đến hết", "To its end", summary.complete),
            Field::words(
                "completeness",
                "Dữ liệu của nguồn",
                "Data of the source",
                Words::Completeness,
                judged.verdict.as_str(),
            ),
            Field::new("because", "Căn cứ", "Because", json!(judged.because)),
            Field::new("proven_at", "Chứng minh lúc", "Proven at", json!(judged.proven_at)),
        ],
    };
    let mut findings = summary.findings;
    // What this run told itself still stands.
    let standing = judged.finding.filter(|told| findings.iter().all(|finding| finding.code != told.code));
    findings.extend(standing);
    Outcome::with_findings(document, findings)
}

pub(super) async fn sync(
    app: &App,
    source: &SourceId,
    full: bool,
    progress: UnboundedSender<Progress>,
) -> Answer {
    pull(app, source, if full { PullMode::Full } else { PullMode::Incremental }, progress).await
}

pub(super) async fn backfill(
    app: &App,
    source: &SourceId,
    from: NaiveDate,
    to: NaiveDate,
    progress: UnboundedSender<Progress>,
) -> Answer {
    if to < from {
        return Err(Finding::error(
            "LT-PUL-004",
            Text::new("--to trước --from", "--to lies before --from"),
            Text::new("đổi hai ngày", "swap the two days"),
        )
        .into());
    }
    let midnight = |day: NaiveDate| -> DateTime<Utc> {
        let naive = day.and_hms_opt(0, 0, 0).unwrap_or_default();
        local_offset().from_local_datetime(&naive).single().map_or(DateTime::UNIX_EPOCH, |at| at.to_utc())
    };
    let end = to.checked_add_days(Days::new(1)).unwrap_or(to);
    pull(app, source, PullMode::Backfill { from: midnight(from), to: midnight(end) }, progress).await
}

fn busy(source: &SourceId) -> Finding {
    Finding::error(
        "LT-PUL-005",
        Text::new(
            format!("nguồn {source} đang được lấy bởi tiến trình khác"),
            format!("source {source} is being pulled by another process"),
        ),
        Text::new(
            "đợi lần lấy hiện tại kết thúc rồi thử lại",
            "wait for the present pull to end and try again",
        ),
    )
}

/// Whether a name is the evaluation software's, whose entries are kept beside the records of sources.
pub(super) fn is_origin(app: &App, source: &SourceId) -> bool {
    use crate::delivery::Target as _;
    app.evaluation.as_ref().is_some_and(|target| target.id().as_str() == source.as_str())
}

fn replayed(read: u64, left: u64, findings: Vec<Finding>) -> Outcome {
    let document = Document::Object {
        title: Text::new("Đọc lại", "Replayed"),
        fields: vec![
            Field::new("records", "Bản ghi", "Records", read + left),
            Field::new("read", "Đọc được", "Read now", read),
            Field::new("rejected", "Vẫn bị loại", "Still rejected", left),
        ],
    };
    Outcome::with_findings(document, findings)
}

/// Reads rejected records again with the present manifest; those that read now become tasks. Kept entries of the
/// evaluation software become decisions. With a number, only that one.
pub(super) async fn replay(
    app: &App,
    source: &SourceId,
    only: Option<i64>,
    progress: UnboundedSender<Progress>,
) -> Answer {
    if is_origin(app, source) {
        if let Some(id) = only {
            let kept = app.store.kept_bodies(source.as_str(), None, id - 1, 1).await?;
            if kept.first().is_none_or(|(first, _)| *first != id) {
                return Err(not_kept(source, id).into());
            }
        }
        let (read, left) = app.read_kept(None, only).await?;
        app.ring("decide");
        return Ok(replayed(
            read,
            left,
            if left > 0 { vec![still_rejected(source, left)] } else { Vec::new() },
        ));
    }
    alone(app, source, replay_records(app, source, only, &progress)).await
}

/// Reads rejected records again; the caller holds the source's lease.
async fn replay_records(
    app: &App,
    source: &SourceId,
    only: Option<i64>,
    progress: &UnboundedSender<Progress>,
) -> Answer {
    let connector = connector(app, source)?;
    // As a pull does: what is held of a task must not change between reading and writing it.
    let _turn = app.turn(source).await;
    let rows = match only {
        None => app.store.rejected(Some(source), 0, 100_000).await?,
        Some(id) => {
            let mut rows = app.store.rejected(Some(source), id - 1, 1).await?;
            rows.retain(|row| row.id == id);
            if rows.is_empty() {
                return Err(not_kept(source, id).into());
            }
            rows
        }
    };
    let total = rows.len() as u64;
    let now = app.clock.now();
    let run = app.store.begin_run(source, RunKind::Backfill, now).await?;
    let (mut counters, mut settled) = (RunCounters::default(), Vec::new());
    let mut broken = None;
    for row in rows {
        let Some(body) = app.store.rejected_body(row.id).await? else { continue };
        let body = Bytes::from(body);
        let unpacked = match &row.external_id {
            Some(external_id) => {
                let line =
                    row.finding.place.as_ref().and_then(|place| Some((place.what.as_str(), place.line?)));
                // A hash no listing has: the record counts as changed when the source shows it next.
                let record = RawRecord {
                    external_id: external_id.clone(),
                    hash: [0; 16],
                    body: body.clone(),
                    index: line.map_or(row.index, |(_, line)| line),
                    file: line.map(|(file, _)| file.into()),
                    presence: Presence::Shown,
                };
                Some(Unpacked { records: vec![record], delivered: Delivered::default(), kept: body })
            }
            None => connector.unpack(body).await.and_then(Result::ok),
        };
        let read = match unpacked {
            None => None,
            Some(Unpacked { records, delivered, kept }) => match completed(&connector, records).await {
                Ok(None) => None,
                Ok(Some((records, details))) => {
                    let tasks = written(app, source, &connector, records, now).await?;
                    tasks.map(|tasks| (tasks, delivered, kept, details))
                }
                Err(error) => {
                    broken = Some(*error.finding);
                    break;
                }
            },
        };
        counters.records += 1;
        match read {
            None => counters.rejected += 1,
            Some((tasks, delivered, kept, details)) => {
                counters.new += tasks.iter().filter(|task| task.known_id.is_none()).count() as u64;
                counters.changed += tasks.iter().filter(|task| task.known_id.is_some()).count() as u64;
                let page = PageCommit {
                    source: source.clone(),
                    run,
                    fetched_at: now,
                    request: format!("replay of rejected record {}", row.id),
                    body: Some(kept),
                    details,
                    tasks,
                    rejections: Vec::new(),
                    evidence: delivered.evidence,
                    cursor: None,
                };
                app.store.commit_pages(vec![page]).await?;
                settled.push(row.id);
            }
        }
        let _ = progress.send(Progress {
            done: counters.records,
            total: Some(total),
            note: Text::new("bản ghi", "records"),
        });
    }
    app.store.settle_rejected(&settled, "replayed").await?;
    app.store.finish_run(run, source, &counters, &RunOutcome::Succeeded, &[], app.clock.now()).await?;
    app.ring("identify");
    // What could not be asked for because the source failed stays with the others.
    let left = if broken.is_some() { total - settled.len() as u64 } else { counters.rejected };
    let told = (left > 0).then(|| still_rejected(source, left));
    Ok(replayed(settled.len() as u64, left, told.into_iter().chain(broken).collect()))
}

/// Records with their details, and what is kept of these; none where one of them has none to be had. Those that were
/// rejected before their details came are asked for now.
async fn completed(
    connector: &Arc<dyn Connector>,
    records: Vec<RawRecord>,
) -> Result<Option<(Vec<RawRecord>, Option<Bytes>)>, ConnectorError> {
    let lacks = |record: &RawRecord| record.presence == Presence::Shown && lacks_details(&record.body);
    if !connector.abilities().details || !records.iter().any(lacks) {
        return Ok(Some((records, None)));
    }
    let mut complete = Vec::with_capacity(records.len());
    for record in records {
        if !lacks(&record) {
            complete.push(record);
            continue;
        }
        match connector.detail(vec![record]).await?.pop() {
            Some(Detailed::Complete(record)) => complete.push(record),
            Some(Detailed::Vanished(_) | Detailed::Rejected(_)) | None => return Ok(None),
        }
    }
    let details = details_of(complete.iter());
    Ok(Some((complete, Some(details))))
}

/// Whether a record is as its list gave it: details stand in it by names that begin with `$`.
fn lacks_details(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let members = members(text).unwrap_or_default();
    !members.iter().any(|(name, _)| name.starts_with('$'))
}

/// What records that were rejected become now; none where one of them still cannot be read. One that only takes back a
/// task nobody has becomes nothing.
async fn written(
    app: &App,
    source: &SourceId,
    connector: &Arc<dyn Connector>,
    records: Vec<RawRecord>,
    now: DateTime<Utc>,
) -> Result<Option<Vec<TaskWrite>>, Refusal> {
    let most = app.gates.get(source).copied().unwrap_or_default().most_quantity;
    let mut tasks: Vec<TaskWrite> = Vec::with_capacity(records.len());
    for record in records {
        // A key that stands twice is one task: the second record follows what the first one left.
        let earlier = tasks.iter().rev().find(|task| task.external_id == record.external_id);
        let (id, held) = match earlier {
            Some(earlier) => (earlier.known_id, Some(earlier.task.clone())),
            None => {
                let known = app.store.known_hashes(source, &[&record.external_id]).await?;
                let id = known.first().copied().flatten().map(|(id, _)| id);
                let ids: Vec<i64> = id.into_iter().collect();
                let held = app.store.load_tasks(&ids).await?.into_iter().next();
                (id, held.map(|held| held.task))
            }
        };
        let applied = match (record.presence, &held) {
            (Presence::Shown, held) => {
                let Ok(draft) = connector.read(&record) else { return Ok(None) };
                if ingest::beyond(&draft, most).is_some() {
                    return Ok(None);
                }
                let draft = without_citizen_ids(app.store.vault(), draft);
                ingest::apply(held.as_ref(), draft, now)
            }
            (Presence::Deleted { at }, Some(held)) => ingest::gone(held, at, now),
            (Presence::Recalled { at }, Some(held)) => ingest::recalled(held, at, now),
            (_, None) => continue,
        };
        tasks.push(TaskWrite {
            known_id: id,
            place: Some(place_of(&record)),
            external_id: record.external_id,
            hash: record.hash,
            task: applied.task,
            events: applied.events,
        });
    }
    Ok(Some(tasks))
}

fn not_kept(source: &SourceId, id: i64) -> Finding {
    Finding::error(
        "LT-PUL-007",
        Text::new(
            format!("không có bản ghi bị loại {source}:{id}, hoặc nó đã đọc được"),
            format!("there is no rejected record {source}:{id}, or it was read meanwhile"),
        ),
        Text::new("lấy số từ `rejected list`", "take the number from `rejected list`"),
    )
    .at(Place::of(format!("source {source}")))
}

fn still_rejected(source: &SourceId, count: u64) -> Finding {
    Finding::warning(
        "LT-PUL-006",
        Text::new(
            format!("{count} bản ghi vẫn không đọc được"),
            format!("{count} records still cannot be read"),
        ),
        Text::new(
            "sửa manifest hoặc dữ liệu ở nguồn, rồi chạy lại; bản ghi mà nguồn không còn đưa ra như vậy được bỏ khỏi danh sách ở lần đọc toàn bộ (sync --full)",
            "correct the manifest or the data at the source, then run it again; what the source shows like that no more leaves the list with a full pull (sync --full)",
        ),
    )
    .at(Place::of(format!("source {source}")))
}
