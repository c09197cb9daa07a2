//! A model source: rows are created, edited, committed late, tied and deleted, also while they are read, and after any
//! schedule of incremental and full pulls what was given out must be what the source holds (rows E10 and E11).

use crate::support::http::{Asked, Scripted, json};
use crate::support::source::{STREAM, connect, full, record};
use chrono::{DateTime, Utc};
use lienthong::connector::http::HttpConnector;
use lienthong::connector::{Connector, Cursor, PullMode, PullRequest, Step};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What happens next at the source.
#[derive(Debug, Clone)]
enum Act {
    Create,
    Edit(usize),
    /// Several rows in the same second.
    Tie(usize, usize),
    /// A row whose time of change is now, but which shows only after the next pull.
    Late(usize),
    Delete(usize),
    Pull(bool, Vec<Act>),
}

#[derive(Debug, Clone)]
struct Row {
    version: u64,
    changed: i64,
    held: Option<(u64, i64)>,
}

#[derive(Debug, Default)]
struct Source {
    rows: BTreeMap<u64, Row>,
    clock: i64,
    created: u64,
    version: u64,
    /// What happens between the requests of the running pull.
    during: Vec<Act>,
}

impl Source {
    fn start() -> Self {
        Self {
            clock: "2026-11-24T00:00:00Z".parse::<DateTime<Utc>>().expect("instant").timestamp(),
            ..Self::default()
        }
    }

    fn edit(&mut self, which: usize, late: bool) {
        let Some(id) = self.rows.keys().copied().nth(which % self.rows.len().max(1)) else { return };
        self.version += 1;
        let (version, clock) = (self.version, self.clock);
        let Some(row) = self.rows.get_mut(&id) else { return };
        if late {
            // Until it is committed the source shows the version before.
            row.held = Some((version, clock));
        } else {
            (row.version, row.changed, row.held) = (version, clock, None);
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Create => {
                (self.created, self.version) = (self.created + 1, self.version + 1);
                let row = Row { version: self.version, changed: self.clock, held: None };
                self.rows.insert(self.created, row);
            }
            Act::Edit(which) => self.edit(*which, false),
            Act::Tie(which, count) => (0..*count).for_each(|index| self.edit(which + index, false)),
            Act::Late(which) => self.edit(*which, true),
            Act::Delete(which) => {
                let id = self.rows.keys().copied().nth(which % self.rows.len().max(1));
                id.map(|id| self.rows.remove(&id));
            }
            Act::Pull(..) => {}
        }
    }

    /// Late commits older than so many seconds become visible.
    fn commit(&mut self, older_s: i64) {
        for row in self.rows.values_mut() {
            if let Some((version, changed)) = row.held
                && self.clock - changed >= older_s
            {
                (row.version, row.changed, row.held) = (version, changed, None);
            }
        }
    }

    fn holds(&self) -> BTreeMap<u64, u64> {
        self.rows.iter().map(|(id, row)| (*id, row.version)).collect()
    }

    fn answer(&mut self, asked: &Asked) -> Value {
        if asked.index > 0
            && let Some(act) = self.during.pop()
        {
            self.act(&act);
        }
        let text = |name: &str| asked.query.get(name).map(|text| text.parse::<i64>().expect("a number"));
        let (since, until) = (text("since").unwrap_or(0), text("until").unwrap_or(i64::MAX));
        let mut rows: Vec<(i64, u64, u64)> = self
            .rows
            .iter()
            .filter(|(_, row)| row.changed >= since && row.changed <= until)
            .map(|(id, row)| (row.changed, *id, row.version))
            .collect();
        let by_keys = asked.query.contains_key("ordered");
        if by_keys {
            rows.sort_unstable();
        } else {
            rows.sort_unstable_by_key(|row| row.1);
        }
        let total = rows.len();
        let size = asked.number("size").max(1);
        let last = text("last").map(|id| (text("last_at").unwrap_or(0), id as u64, u64::MAX));
        let rows = match last {
            Some(last) => rows.into_iter().filter(|row| *row > last).take(size).collect::<Vec<_>>(),
            None => {
                let skip = asked.number("offset") + asked.number("page").saturating_sub(1) * size;
                rows.into_iter().skip(skip).take(size).collect()
            }
        };
        // A cursor that says where it stands, as an opaque text.
        let next = asked.query.contains_key("opaque").then(|| {
            let behind = text("cursor").unwrap_or(0) as u64;
            let left: Vec<u64> = self.rows.keys().copied().filter(|id| *id > behind).collect();
            (left, behind)
        });
        if let Some((left, _)) = next {
            let page: Vec<u64> = left.iter().copied().take(size).collect();
            let items: Vec<Value> = page
                .iter()
                .filter_map(|id| Some((id, self.rows.get(id)?)))
                .filter(|(_, row)| row.changed >= since)
                .map(|(id, row)| json!({ "id": id, "name": "n", "at": row.changed, "version": row.version }))
                .collect();
            let more = left.len() > size;
            let next = page.last().filter(|_| more).map(ToString::to_string);
            return json!({ "items": items, "next": next });
        }
        let items: Vec<Value> = rows
            .iter()
            .map(|(changed, id, version)| json!({ "id": id, "name": "n", "at": changed, "version": version }))
            .collect();
        json!({ "items": items, "total": total })
    }
}

/// What was given out, as the store would keep it.
#[derive(Default)]
struct Target {
    known: BTreeMap<u64, u64>,
    /// Every row that was ever given out.
    given: BTreeSet<u64>,
    cursor: Option<Cursor>,
}

impl Target {
    /// A pull that is broken off, because the list moved too much, keeps what it gave out.
    async fn pull(&mut self, connector: &HttpConnector, full: bool, now: DateTime<Utc>) -> bool {
        let mode = if full { PullMode::Full } else { PullMode::Incremental };
        let request = PullRequest { mode, cursor: self.cursor.clone(), now };
        let mut pull = connector.pull(request).await.expect("begins");
        let mut seen = BTreeSet::new();
        loop {
            let Ok(step) = pull.next_page().await else { return false };
            match step {
                Step::Page(page) => {
                    for record in page.records {
                        let body: Value = serde_json::from_slice(&record.body).expect("JSON");
                        let id = body["id"].as_u64().expect("id");
                        seen.insert(id);
                        self.given.insert(id);
                        let version = body["version"].as_u64().expect("version");
                        let known = self.known.entry(id).or_default();
                        *known = version.max(*known);
                    }
                    self.cursor = page.cursor.or(self.cursor.take());
                }
                Step::End(end) => {
                    self.cursor = end.cursor.or(self.cursor.take());
                    if full && end.complete {
                        self.known.retain(|id, _| seen.contains(id));
                    }
                    return true;
                }
            }
        }
    }
}

fn acts(while_read: bool) -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Create),
        4 => (0usize..40).prop_map(Act::Edit),
        2 => (0usize..40, 2usize..8).prop_map(|(which, count)| Act::Tie(which, count)),
        if while_read { 0 } else { 2 } => (0usize..40).prop_map(Act::Late),
        2 => (0usize..40).prop_map(Act::Delete),
    ]
}

fn schedule() -> impl Strategy<Value = Vec<Act>> {
    let pulls = (any::<bool>(), prop::collection::vec(acts(true), 0..4))
        .prop_map(|(full, acts)| Act::Pull(full, acts));
    prop::collection::vec(prop_oneof![4 => acts(false), 2 => pulls], 10..40)
}

const SINCE: &str = "[incremental]\nparam = \"since\"\nuntil_param = \"until\"\nformat = \"epoch_s\"\nfield = \"at\"\ndate = [\"epoch_s\"]\n";

/// Invariant 1 (no loss) with 3 (the cursor never passes rows that did not come), 4 (ties) and 5 (late commits).
async fn nothing_is_lost(kind: &str, paging: &str, query: &str, more: &str, schedule: &[Act]) {
    let source = Arc::new(Mutex::new(Source::start()));
    (0..12).for_each(|_| source.lock().expect("lock").act(&Act::Create));
    let served = source.clone();
    let server = Scripted::start(move |asked| json(served.lock().expect("lock").answer(asked))).await;
    let untold = query == "opaque" || kind == "untold";
    let total = if untold { "" } else { "total = \"total\"\n" };
    let sections = format!(
        "[stream]\npath = \"/tasks\"\nquery = {{ {query} = \"1\" }}\nrecords = \"items\"\nkey = \"id\"\n{total}{more}{paging}{SINCE}{}",
        if kind == "window" { "[window]\nstart = \"2026-11-23\"\nstep_hours = 1\n" } else { "" },
    );
    let connector = connect(&server.base, &sections);
    let mut target = Target::default();
    let present = |source: &Source| DateTime::from_timestamp(source.clock, 0).expect("instant");
    for act in schedule {
        let now = {
            let mut source = source.lock().expect("lock");
            source.clock += 40;
            // No transaction lasts as long as the lookback.
            source.commit(300);
            if let Act::Pull(_, during) = act {
                source.during = during.clone();
            } else {
                source.act(act);
            }
            present(&source)
        };
        if let Act::Pull(full, _) = act {
            target.pull(&connector, *full, now).await;
            let mut source = source.lock().expect("lock");
            source.during.clear();
            source.commit(0);
            // Nothing that is there is ever called gone.
            for id in source.rows.keys().filter(|id| target.given.contains(id)) {
                assert!(target.known.contains_key(id), "{kind}: row {id}");
            }
        }
    }
    if kind == "untold" {
        // Nothing says whether rows slipped over a border: nothing is called gone, and a full pull brings them.
        return;
    }
    // The next quiet incremental pull brings every version there is.
    let now = {
        let mut source = source.lock().expect("lock");
        source.commit(0);
        source.clock += 40;
        present(&source)
    };
    assert!(target.pull(&connector, false, now).await, "{kind}: a quiet pull");
    let holds = source.lock().expect("lock").holds();
    for (id, version) in &holds {
        assert_eq!(target.known.get(id), Some(version), "{kind}: row {id}");
    }
    // And a full one takes away what is gone, nothing else.
    assert!(target.pull(&connector, true, now).await, "{kind}: a quiet pull");
    assert_eq!(target.known, holds, "{kind}");
}

/// A few schedules each time; PROPTEST_CASES asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn every_version_arrives_in_every_way_of_paging(schedule in schedule()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        let numbered = |kind: &str, param: &str| format!("[paging]\nkind = \"{kind}\"\nparam = \"{param}\"\nsize_param = \"size\"\nsize = 5\n");
        let keys = "[paging]\nkind = \"keyset\"\nparam = \"last\"\nchanged_param = \"last_at\"\nsize_param = \"size\"\nsize = 5\n";
        let cursor = format!("{}next = \"next\"\n", numbered("cursor", "cursor"));
        let shifting = "snapshot = \"shifting\"\nmax_passes = 20\n";
        runtime.block_on(async {
            nothing_is_lost("page", &numbered("page", "page"), "plain", shifting, &schedule).await;
            nothing_is_lost("offset", &numbered("offset", "offset"), "plain", shifting, &schedule).await;
            nothing_is_lost("stable pages", &numbered("page", "page"), "plain", "", &schedule).await;
            nothing_is_lost("stable offsets", &numbered("offset", "offset"), "plain", "", &schedule).await;
            nothing_is_lost("untold", &numbered("offset", "offset"), "plain", "", &schedule).await;
            nothing_is_lost("cursor", &cursor, "opaque", "", &schedule).await;
            nothing_is_lost("keyset", keys, "ordered", "", &schedule).await;
            nothing_is_lost("window", keys, "ordered", "", &schedule).await;
        });
    }
}

/// A list of these rows by pages of forty: before the second page row 10 is deleted, before the third 101 is created.
async fn edited_while_paged(created: bool, told: bool) -> Scripted {
    Scripted::start(move |asked| {
        let last = if created && asked.index > 1 { 101 } else { 100 };
        let rows: Vec<usize> = (1..=last).filter(|row| asked.index == 0 || *row != 10).collect();
        let skip = asked.number("offset");
        let items: Vec<Value> = rows.iter().skip(skip).take(40).map(|row| record(*row)).collect();
        json(json!({ "items": items, "total": told.then_some(rows.len()) }))
    })
    .await
}

const FORTY: &str = "[paging]\nkind = \"offset\"\nparam = \"offset\"\nsize = 40\n";

/// Row E10: a deleted row moves the others up, and the one at the border is on no page.
#[tokio::test]
async fn row_that_slipped_over_a_border_is_not_called_gone_and_is_asked_for_again() {
    // A row created meanwhile brings the total back to what it was.
    for (created, told, short) in [(false, true, true), (true, true, true), (false, false, false)] {
        let server = edited_while_paged(created, told).await;
        let sections = format!("{STREAM}{FORTY}[incremental]\nparam = \"since\"\nformat = \"epoch_s\"\n");
        let pulled = full(&server, &sections).await.expect("pull");
        assert!(!pulled.distinct().contains(&41), "{created} {told}");
        assert_eq!((pulled.end.complete, pulled.end.short), (false, short), "{created} {told}");
        assert_eq!(pulled.codes(), ["LT-SRC-016"], "{created} {told}");
        assert_eq!(pulled.end.cursor.is_some(), !short, "{created} {told}");
        // Declared as one that moves, it is read again until a pass holds still.
        let server = edited_while_paged(created, told).await;
        let pulled = full(&server, &format!("{STREAM}snapshot = \"shifting\"\n{FORTY}")).await.expect("pull");
        let seen = pulled.distinct();
        assert!(pulled.end.complete && seen.contains(&41), "{created} {told}: {:?}", pulled.end);
        assert_eq!(seen.contains(&101), created);
    }
}

/// Row E10: a parent that slipped over a border would take all its tasks along.
#[tokio::test]
async fn list_of_parents_that_moves_is_read_until_passes_agree() {
    for told in [true, false] {
        let server = Scripted::start(move |asked| {
            if asked.path != "/projects" {
                return json(json!({ "items": [record(1)], "total": 1 }));
            }
            let rows: Vec<usize> = (1..=5).filter(|row| asked.index == 0 || *row != 2).collect();
            let page = rows.iter().skip(asked.number("offset")).take(2);
            let items: Vec<Value> = page.map(|row| json!({ "id": row })).collect();
            json(json!({ "items": items, "total": told.then_some(rows.len()) }))
        })
        .await;
        let sections = format!(
            "{STREAM}key_scope = \"parent\"\n[[parent]]\nname = \"project\"\npath = \"/projects\"\nrecords = \"items\"\nkey = \"id\"\ntotal = \"total\"\n\
             paging = {{ kind = \"offset\", param = \"offset\" }}\n"
        )
        .replace("/tasks", "/projects/{{ parent.id }}/tasks");
        let pulled = full(&server, &sections).await.expect("pull");
        let keys: BTreeSet<String> = pulled.keys().into_iter().collect();
        assert!(keys.contains("3/1") && keys.len() >= 4, "{told}: {keys:?}");
        assert!(pulled.end.complete, "{told}: {:?}", pulled.end);
    }
}
