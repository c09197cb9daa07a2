//! Drift of one run: what its records look like beside what is known of them.
//!
//! Owns the sample that is looked at (the first new or changed records of each page, bounded per run), the quarantine
//! of records whose field changed its type, stopping for a field that is missing where the manifest says so, and keeping
//! the shape. It must not know what a policy is made of. A record
//! of the sample that is no JSON is left to its reader.

use super::gate::{FIELD_CHANGED, accept_order};
use super::page::rejected_at;
use super::place;
use crate::connector::drift::{Change, Observed, OnDrift, Policy, Shape};
use crate::connector::{Detailed, RawRecord, Rejection};
use crate::domain::SourceId;
use crate::error::{Finding, Text};
use crate::pipeline::app::App;
use crate::store::StoreError;
use std::collections::BTreeMap;

/// Records of a page looked at.
const PER_PAGE: usize = 8;
/// So many first records of a run are looked at even where they stand on one page: enough to miss a field.
const FIRST: usize = 20;
/// After so many records of a run one per page is enough.
const MANY: usize = 2_000;
/// Fields named in one message.
const NAMED: usize = 6;

/// What a run sees of drift.
pub(super) struct Drifting {
    source: SourceId,
    policy: Policy,
    shape: Shape,
    observed: Observed,
    looked_at: usize,
    /// Fields whose new type or absence a person accepted for this run.
    accepted: Vec<String>,
    quarantined: Vec<(String, &'static str)>,
}

impl Drifting {
    pub(super) async fn begin(app: &App, source: &SourceId, accepted: Vec<String>) -> Result<Self, Finding> {
        let shape = app.store.shape(source).await.map_err(|error| error.finding())?;
        let policy = app.drift.get(source).cloned().unwrap_or_default();
        Ok(Self {
            source: source.clone(),
            shape: shape.unwrap_or_default(),
            observed: Observed::under(&policy),
            policy,
            looked_at: 0,
            accepted,
            quarantined: Vec::new(),
        })
    }

    /// Looks at the first records of a page; what stops the run, where the policy of a field says so.
    pub(super) fn look(&mut self, records: &[Detailed]) -> Option<Finding> {
        let most = match self.looked_at {
            few @ 0..FIRST => (FIRST - few).max(PER_PAGE),
            FIRST..MANY => PER_PAGE,
            MANY.. => 1,
        };
        let complete = records.iter().filter_map(|record| match record {
            Detailed::Complete(record) => Some(record),
            Detailed::Vanished(_) | Detailed::Rejected(_) => None,
        });
        for record in complete.take(most) {
            self.observed.look(&record.body);
            self.looked_at += 1;
        }
        let mut others = self.observed.other_types(&self.shape);
        others.retain(|(path, _)| !self.accepted.contains(path));
        let stops = others.iter().find(|(path, _)| self.policy.on(path, Change::Type) == OnDrift::Stop);
        let stopped = stops.map(|(path, name)| self.stopped(path, name));
        let stopped = stopped.or_else(|| self.observed.is_enough().then(|| self.missed()).flatten());
        self.quarantined = others;
        self.quarantined.retain(|(path, _)| self.policy.on(path, Change::Type) == OnDrift::Quarantine);
        stopped
    }

    /// What stops the run where a field is missing, or empty, in all records looked at so far.
    fn missed(&self) -> Option<Finding> {
        self.policy.stops_for_absence().then_some(())?;
        let stops = |(path, change): &(&str, Change)| {
            self.policy.on(path, *change) == OnDrift::Stop && self.accepted.iter().all(|known| known != path)
        };
        let (path, _) = self.observed.absent(&self.shape).find(stops)?;
        let source = &self.source;
        Some(self.stop(
            path,
            Text::new(
                format!("trường {path} của nguồn {source} không còn giá trị trong bản ghi nào; đã dừng theo manifest"),
                format!("the field {path} of source {source} has a value in none of its records; stopped, as the manifest says"),
            ),
        ))
    }

    /// Whether the run may still be stopped for a field that is missing in the few records seen so far: what came waits.
    pub(super) fn in_doubt(&self) -> bool {
        self.looked_at > 0 && !self.observed.is_enough() && self.missed().is_some()
    }

    /// The rejection of a record whose field has another type now.
    pub(super) fn refuses(&self, record: &RawRecord) -> Option<Rejection> {
        if self.quarantined.is_empty() {
            return None;
        }
        let (path, name) = self.policy.shows(&record.body, &self.quarantined)?;
        let finding = Finding::error(
            "LT-PUL-018",
            Text::new(
                format!("trường {path} nay có kiểu {name}, khác trước"),
                format!("the field {path} holds the type {name} now, which it did not before"),
            ),
            self.remedy(),
        );
        Some(Rejection {
            external_id: Some(record.external_id.clone()),
            index: record.index,
            body: record.body.clone(),
            finding: finding.at(rejected_at(&self.source, record, path)),
        })
    }

    /// Keeps what was seen and tells what changed, one finding per kind of change.
    pub(super) async fn end(mut self, app: &App) -> Result<Vec<Finding>, Finding> {
        if self.looked_at == 0 {
            return Ok(Vec::new());
        }
        let now = app.clock.now();
        let told = |error: StoreError| error.finding();
        // A person may have accepted something meanwhile.
        let mut shape: Shape = app.store.shape(&self.source).await.map_err(told)?.unwrap_or_default();
        let mut by_kind: BTreeMap<Change, Vec<String>> = BTreeMap::new();
        for (path, change, what) in shape.take_in(std::mem::take(&mut self.observed), &self.accepted, now) {
            if self.policy.on(&path, change) == OnDrift::Ignore {
                shape.know(&path, change);
                continue;
            }
            let named = if what.is_empty() { path } else { format!("{path} ({what})") };
            by_kind.entry(change).or_default().push(named);
        }
        app.store.keep_shape(&self.source, &shape, None, now).await.map_err(told)?;
        Ok(by_kind.into_iter().map(|(change, fields)| self.told(change, &fields)).collect())
    }

    fn told(&self, change: Change, fields: &[String]) -> Finding {
        let more = if fields.len() > NAMED { ", …" } else { "" };
        let named = fields.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ") + more;
        let finding = |code, vi: &str, en: &str| {
            Finding::warning(
                code,
                Text::new(format!("{vi}: {named}"), format!("{en}: {named}")),
                self.remedy(),
            )
        };
        let finding = match change {
            Change::New => finding(
                "LT-PUL-016",
                "bản ghi của nguồn có trường mới",
                "records of the source have new fields",
            ),
            Change::Missing => finding(
                "LT-PUL-017",
                "bản ghi của nguồn không còn các trường",
                "records of the source no longer have",
            ),
            Change::Empty => finding(
                "LT-PUL-017",
                "bản ghi của nguồn không còn giá trị ở các trường",
                "records of the source no longer have a value in",
            ),
            Change::Type => finding("LT-PUL-018", "trường đổi kiểu dữ liệu", "fields changed their type"),
            Change::Value => {
                finding("LT-PUL-019", "danh mục có giá trị mới", "small vocabularies have new values")
            }
        };
        finding.at(place(&self.source))
    }

    fn stopped(&self, path: &str, name: &str) -> Finding {
        let source = &self.source;
        self.stop(
            path,
            Text::new(
                format!("trường {path} của nguồn {source} nay có kiểu {name}; đã dừng theo manifest"),
                format!(
                    "the field {path} of source {source} holds the type {name} now; stopped, as the manifest says"
                ),
            ),
        )
    }

    fn stop(&self, path: &str, what: Text) -> Finding {
        let accept = accept_order(&self.source, FIELD_CHANGED);
        let remedy = Text::new(
            format!("sửa quy tắc của trường; nếu đúng là như vậy: {accept}"),
            format!("correct the field's rule; if it is true: {accept}"),
        );
        Finding::error(FIELD_CHANGED, what, remedy).at(place(&self.source).at(path))
    }

    fn remedy(&self) -> Text {
        let source = &self.source;
        Text::new(
            format!(
                "xem `source drift {source}`; sửa manifest nếu cần, rồi `source accept-drift {source}` và `rejected replay {source}`"
            ),
            format!(
                "look at `source drift {source}`; correct the manifest if needed, then `source accept-drift {source}` and `rejected replay {source}`"
            ),
        )
    }
}
