//! One watcher for all visitors: what changed, and the numbers of the first screen.
//!
//! Owns the bell that open pages listen to and the one copy of the counts that all pages show. The store is
//! asked once however many pages are open, and counting a large store again waits until it has paid for itself.
//! A store that does not answer is asked again; the pages keep what they show and say how old it is.

use super::Web;
use crate::domain::{Period, SourceId};
use crate::error::Finding;
use crate::pipeline::completeness::Completeness;
use crate::store::{Gate, Overview, Risk, Run, SourceState, Store};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Semaphore, watch};

/// How often the store is asked whether anything changed, while a page is open.
const LOOK: Duration = Duration::from_millis(1_000);
/// Longest silence of the bell: times on the page grow older by themselves.
const SILENCE: Duration = Duration::from_secs(20);
/// Counting may take this share of the time.
const SHARE: u32 = 10;
/// Pages that may listen at the same time.
const LISTENERS: usize = 256;
/// Deliveries due within this time are close to their deadline.
pub const SOON: TimeDelta = TimeDelta::hours(48);

/// The numbers of the first screen.
pub struct Counts {
    /// When they were counted.
    pub at: DateTime<Utc>,
    /// Totals.
    pub overview: Overview,
    /// State and last runs of every source.
    pub sources: BTreeMap<SourceId, SourceCounts>,
    /// Sources a gate stopped.
    pub stopped: BTreeMap<SourceId, Gate>,
    /// Open deliveries by target against their deadlines.
    pub risk: BTreeMap<String, Risk>,
    /// Scores of the running quarter by unit: all, and complete ones.
    pub scores: BTreeMap<String, (u64, u64)>,
    /// Records of the quarter before it by unit and state.
    pub records: BTreeMap<String, BTreeMap<String, u64>>,
    /// Records by period and state.
    pub periods: BTreeMap<Period, BTreeMap<String, u64>>,
    /// Periods that are closed.
    pub closed: Vec<Period>,
    /// Petitions that are late or have to be answered soon.
    pub petitions: u64,
    /// Approved or closed results that have other figures by now, by period.
    pub changed: BTreeMap<Period, u64>,
}

impl Counts {
    /// How many things wait for a person: the number beside the menu and on the first screen.
    pub fn waiting(&self) -> u64 {
        let of_source = |source: &SourceCounts| {
            u64::from(source.judged.finding.is_some()) + u64::from(source.changed_fields > 0)
        };
        let sources = self.stopped.len() as u64 + self.sources.values().map(of_source).sum::<u64>();
        self.overview.waiting().all() + self.petitions + self.changed.values().sum::<u64>() + sources
    }
}

/// How one source is.
pub struct SourceCounts {
    /// Its state.
    pub state: SourceState,
    /// Its last runs, newest first.
    pub runs: Vec<Run>,
    /// Whether everything it has is held.
    pub judged: Completeness,
    /// Fields of its records that changed and wait for a person.
    pub changed_fields: u64,
}

struct Held {
    counts: Arc<Counts>,
    stamp: String,
    taken: Instant,
    cost: Duration,
}

/// The watcher; clones share it.
#[derive(Clone)]
pub struct Live {
    held: Arc<Mutex<Option<Held>>>,
    bell: watch::Sender<u64>,
    seats: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self { held: Arc::default(), bell: watch::Sender::new(0), seats: Arc::new(Semaphore::new(LISTENERS)) }
    }
}

impl Live {
    /// The counts, counted again when something changed and the last count has paid for itself.
    pub async fn counts(&self, web: &Web) -> Result<Arc<Counts>, Finding> {
        // Visitors who come while it is counted wait for that count instead of starting their own.
        let mut held = self.held.lock().await;
        let stamp = web.app.store.change_stamp().await.map_err(|error| error.finding())?;
        if let Some(known) = &*held {
            let fresh = known.stamp == stamp && known.taken.elapsed() < SILENCE;
            if fresh || known.taken.elapsed() < known.cost * SHARE {
                return Ok(known.counts.clone());
            }
        }
        let begun = Instant::now();
        let counts = Arc::new(count(web).await?);
        *held = Some(Held { counts: counts.clone(), stamp, taken: Instant::now(), cost: begun.elapsed() });
        Ok(counts)
    }

    /// Looks for changes as long as the daemon runs; asks nothing while nobody listens.
    pub async fn watch(self, store: Store) {
        let (mut known, mut rung) = (String::new(), Instant::now());
        loop {
            tokio::time::sleep(LOOK).await;
            if self.bell.receiver_count() == 0 {
                continue;
            }
            let Ok(stamp) = store.change_stamp().await else { continue };
            if stamp != known || rung.elapsed() >= SILENCE {
                (known, rung) = (stamp, Instant::now());
                self.bell.send_modify(|number| *number += 1);
            }
        }
    }
}

async fn count(web: &Web) -> Result<Counts, Finding> {
    let store = &web.app.store;
    let told = |error: crate::store::StoreError| error.finding();
    let (now, today) = (web.app.clock.now(), web.app.clock.today());
    let quarter = Period::quarter_of(today);
    let (mut sources, mut stopped) = (BTreeMap::new(), BTreeMap::new());
    for id in web.app.sources.keys() {
        stopped.extend(store.gate(id).await.map_err(told)?.map(|gate| (id.clone(), gate)));
        let state = store.source_state(id).await.map_err(told)?;
        let runs = store.runs(id, i64::MAX, Run::LOOKED_BACK).await.map_err(told)?;
        let judged = web.app.completeness(id, &state).await.map_err(told)?;
        let changed_fields = web.app.changed_fields(id).await.map_err(told)?;
        sources.insert(id.clone(), SourceCounts { state, runs, judged, changed_fields });
    }
    let mut scores = BTreeMap::new();
    for (unit, all, complete) in
        store.scores_by_unit(quarter, crate::pipeline::score::TO_DATE).await.map_err(told)?
    {
        scores.insert(unit, (all, complete));
    }
    let mut records: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (unit, state, count) in store.records_by_unit(quarter.previous()).await.map_err(told)? {
        records.entry(unit).or_default().insert(state, count);
    }
    let mut periods: BTreeMap<Period, BTreeMap<String, u64>> = BTreeMap::new();
    for (period, state, count) in store.records_by_period().await.map_err(told)? {
        *periods.entry(period).or_default().entry(state).or_default() += count;
    }
    Ok(Counts {
        at: now,
        overview: store.overview().await.map_err(told)?,
        sources,
        stopped,
        risk: store.deadline_risk(now, now + SOON).await.map_err(told)?,
        scores,
        records,
        periods,
        closed: store.closed_periods().await.map_err(told)?,
        petitions: web.app.pressing_petitions().await?.len() as u64,
        changed: store.count_differences().await.map_err(told)?,
    })
}

/// The stream an open page listens to: one event whenever it would look different.
pub async fn stream(State(web): State<Web>) -> Response {
    let Ok(seat) = web.live.seats.clone().try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let listener = web.live.bell.subscribe();
    let events = futures_util::stream::unfold(
        (web.health, listener, seat),
        |(health, mut listener, seat)| async move {
            loop {
                match tokio::time::timeout(LOOK, listener.changed()).await {
                    Ok(changed) => changed.ok()?,
                    // The visitor's browser asks again and finds the next daemon.
                    Err(_) if health.is_stopping() => return None,
                    Err(_) => continue,
                }
                let event = Event::default().event("changed").data("1");
                return Some((Ok::<_, Infallible>(event), (health, listener, seat)));
            }
        },
    );
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
