//! The kill test: the daemon as a process, killed at every named point and at random moments.
//!
//! Four sites live through the same script beside each other, each with a simulated province of its own from the
//! same seed: one is never killed, one is killed at every point of `failpoint::POINTS` several times, one at
//! random moments, one on PostgreSQL. Whatever happens, each ends with what the undisturbed one has: the same
//! scores, records and reports, the same lists at the receivers, nothing lost, nothing there twice. What people
//! decide must not depend on when a score came: they meet when every site has nothing left to do.

use crate::support::postgres::Cluster;
use crate::support::process::{Daemon, Kind, Site};
use crate::support::province::Province;
use lienthong::failpoint::POINTS;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

const SEED: u64 = 335;
const TASKS: u32 = 1_000;
/// Stages of life; between two of them every source is read to its end, so that every site sees the same states.
const STAGES: usize = 6;
/// Ticks of life per stage: some hundred changes, and a few deletions.
const TICKS: u64 = 135;
/// Fewest kills of all sites together.
const KILLS: usize = 100;
const CLOSING: [&str; 2] = ["2026-Q2", "2026-Q3"];
const OFFICER: &str = "Phòng Tổ chức";

/// How often each point is passed before it kills, in each of three rounds. Nothing for the close, which is
/// ordered.
const PASSED: [(&str, [u32; 3]); 31] = [
    ("start::before_migration", [0, 0, 0]),
    ("start::after_migration", [0, 0, 0]),
    ("start::after_imports", [0, 0, 0]),
    ("start::after_take_over", [0, 0, 0]),
    ("start::before_ready", [0, 0, 0]),
    ("pull::before_begin", [0, 3, 7]),
    ("pull::before_commit", [0, 2, 5]),
    ("pull::inside_commit", [0, 2, 6]),
    ("pull::after_commit", [0, 1, 4]),
    ("pull::before_gone", [0, 1, 2]),
    ("pull::after_gone", [0, 0, 0]),
    ("pull::before_finish", [0, 2, 5]),
    ("identify::before_save", [0, 1, 0]),
    ("identify::after_save", [0, 1, 0]),
    ("map::before_save", [0, 1, 0]),
    ("map::after_save", [0, 1, 0]),
    ("score::before_save", [0, 1, 2]),
    ("score::after_save", [0, 2, 1]),
    ("record::before_commit", [0, 2, 5]),
    ("record::after_commit", [0, 1, 4]),
    ("record::before_followed", [0, 1, 0]),
    ("decide::before_keep", [0, 1, 1]),
    ("decide::after_keep", [0, 1, 1]),
    ("decide::before_commit", [0, 1, 2]),
    ("decide::after_commit", [0, 1, 2]),
    ("deliver::after_claim", [0, 2, 4]),
    ("deliver::before_send", [0, 1, 3]),
    ("deliver::after_send", [0, 2, 4]),
    ("deliver::inside_receipt", [0, 1, 3]),
    ("deliver::after_receipt", [0, 2, 4]),
    ("deliver::after_read_back", [0, 0, 0]),
];

/// A point and how often it is passed before it kills.
#[derive(Debug, Clone, Copy)]
struct Shot {
    point: &'static str,
    passed: u32,
}

impl Shot {
    fn armed(&self) -> String {
        match self.passed {
            0 => format!("{}=1*return", self.point),
            passed => format!("{}={passed}*off->1*return", self.point),
        }
    }
}

/// When a site's daemons die.
enum Death {
    /// Never: the undisturbed site.
    Never,
    /// At points: the shots of each stage.
    AtPoints(VecDeque<Vec<Shot>>),
    /// So many times per stage at moments of this chance.
    AtMoments(fastrand::Rng, usize),
}

/// Shots of some rounds, spread over the stages in the order of the data's way.
fn shots(rounds: &[usize]) -> VecDeque<Vec<Shot>> {
    let all: Vec<Shot> = rounds
        .iter()
        .flat_map(|round| PASSED.iter().map(|(point, passed)| Shot { point, passed: passed[*round] }))
        .collect();
    // Most are approved early, and few tasks are deleted: such a shot waits from the beginning on.
    let rare = ["pull::after_gone", "decide::before_commit", "decide::after_commit"];
    let (rare, all): (Vec<Shot>, Vec<Shot>) = all.into_iter().partition(|shot| rare.contains(&shot.point));
    let mut stages: VecDeque<Vec<Shot>> =
        all.chunks(all.len().div_ceil(STAGES)).map(<[Shot]>::to_vec).collect();
    stages.resize(STAGES, Vec::new());
    stages[0].extend(rare);
    stages
}

/// Whether nothing is left to do.
fn is_idle(status: &Value) -> bool {
    let none = |value: &Value| value.as_u64() == Some(0);
    status["numbers"]["due"].as_object().is_some_and(|due| due.values().all(none))
        && status["targets"].as_array().is_some_and(|targets| targets.iter().all(|row| none(&row["waiting"])))
}

/// Whether everything people decided was fetched.
fn all_read(oracle: &Value) -> bool {
    oracle["evaluation"]["read"] == oracle["evaluation"]["events"]
}

/// One site living through the script.
struct Life {
    name: &'static str,
    province: Province,
    site: Site,
    death: Death,
    kills: usize,
    /// Shots whose point was not reached yet.
    left: Vec<Shot>,
    daemon: Option<Daemon>,
}

impl Life {
    fn new(name: &'static str, death: Death, kind: &Kind) -> Self {
        let province = Province::start(SEED, TASKS);
        let site = Site::new(&province, kind);
        Self { name, province, site, death, kills: 0, left: Vec::new(), daemon: None }
    }

    /// The whole script; what the site and its receivers hold at the end.
    async fn lead(&mut self) -> Value {
        // On an empty folder.
        let starting = self.once_at(&["start::"]);
        self.die(starting).await;
        let history = self.province.file("history.csv").display().to_string();
        self.site.ordered(&["history", "import", &history, "--document", "01/TB", "--author", OFFICER]).await;
        let new = ["history", "import", "--empty", "--reason", "Tuyển dụng trong năm", "--document", "01/TB"];
        self.site.ordered(&[&new[..], &["--author", OFFICER]].concat()).await;
        self.province.meeting().await;
        self.live_through(Vec::new()).await;
        self.tell("has read everything once");
        for stage in 0..STAGES {
            self.province.tick(TICKS).await;
            self.judge_leaders(stage).await;
            let shots = match &mut self.death {
                Death::AtPoints(stages) => stages.pop_front().unwrap_or_default(),
                Death::Never | Death::AtMoments(..) => Vec::new(),
            };
            self.live_through(shots).await;
            self.province.meeting().await;
            self.live_through(Vec::new()).await;
            self.tell(&format!("lived through stage {stage}"));
        }
        for period in CLOSING {
            self.close(period).await;
        }
        let closing = self.once_at(&["deliver::", "decide::"]);
        self.live_through(closing).await;
        for _ in 0..2 {
            self.province.meeting().await;
            self.live_through(Vec::new()).await;
        }
        self.run();
        self.settle().await;
        for row in Site::pulled(&self.site.status().await.expect("a status")) {
            self.site.ordered(&["sync", &row.source, "--full"]).await;
        }
        self.settle().await;
        self.tell("is settled");
        self.verdict().await;
        self.holdings().await
    }

    /// Works off what happened, dying on the way, until nothing is left to do. What is to be done next is the same
    /// on every site then. The undisturbed daemon lives on; the others are killed wherever they are.
    async fn live_through(&mut self, shots: Vec<Shot>) {
        self.die(shots).await;
        self.run();
        self.site.read_everything().await;
        self.settle().await;
        self.rest();
    }

    /// Says where it is, for whoever reads the output of a failure.
    fn tell(&self, what: &str) {
        let at = self.site.now().format("%H:%M:%S");
        eprintln!("{at} {} {what}, {} kills, left {:?}", self.name, self.kills, self.left);
    }

    /// One shot at each point of these kinds, where death comes at points.
    fn once_at(&self, kinds: &[&str]) -> Vec<Shot> {
        let points = PASSED.iter().map(|(point, _)| *point);
        let points = points.filter(|point| kinds.iter().any(|kind| point.starts_with(kind)));
        match self.death {
            Death::AtPoints(_) => points.map(|point| Shot { point, passed: 0 }).collect(),
            Death::Never | Death::AtMoments(..) => Vec::new(),
        }
    }

    /// People decide on the command line, too: their word is newer than that of the evaluation software.
    async fn judge_leaders(&self, stage: usize) {
        for unit in 0..3 {
            let person = format!("GL-{:05}", unit * 16 + 4 + stage % 4);
            let percent = if (stage / 4 + unit).is_multiple_of(2) { "50" } else { "100" };
            let order = ["criteria", "set", &person, "2026-Q3", "--component", "unity_ability"];
            let order =
                [&order[..], &["--percent", percent, "--author", OFFICER, "--document", "12/BB"]].concat();
            self.site.ordered(&order).await;
        }
    }

    fn run(&mut self) {
        if self.daemon.is_none() {
            self.daemon = Some(self.site.start(""));
        }
    }

    fn rest(&mut self) {
        if !matches!(self.death, Death::Never)
            && let Some(daemon) = self.daemon.take()
        {
            daemon.kill();
            self.kills += 1;
        }
    }

    async fn die(&mut self, shots: Vec<Shot>) {
        if let Death::AtMoments(chance, times) = &mut self.death {
            for _ in 0..*times {
                let daemon = self.site.start("");
                tokio::time::sleep(Duration::from_millis(chance.u64(20..2_500))).await;
                daemon.kill();
                self.kills += 1;
            }
        }
        self.left.extend(shots);
        if let Death::AtPoints(_) = self.death {
            while !self.left.is_empty() {
                let Some(point) = self.outlive().await else { break };
                let hit = self.left.iter().position(|shot| shot.point == point);
                self.left.remove(hit.unwrap_or_else(|| panic!("{point} was not armed")));
            }
        }
        // What was not passed so often until everything was done is asked for less often in the next stage.
        self.left.iter_mut().for_each(|shot| shot.passed /= 2);
    }

    /// Runs the daemon with every point armed that is left: the first one reached kills it. Killed by hand when it
    /// has nothing left to do; the point it died at otherwise.
    async fn outlive(&mut self) -> Option<String> {
        // A point armed twice in a row is shot at twice, one after the other.
        let once: BTreeMap<_, _> = self.left.iter().rev().map(|shot| (shot.point, shot.armed())).collect();
        let armed: Vec<String> = once.into_values().collect();
        let before = self.site.fired().len();
        let mut daemon = self.site.start(&armed.join(";"));
        self.kills += 1;
        let mut reading = self.site.reading();
        let (mut quiet, mut whole) = (0, false);
        while quiet < 2 {
            for _ in 0..10 {
                if let Some(status) = daemon.ended() {
                    let (fired, log) = (self.site.fired(), self.site.log());
                    assert_eq!(status.signal(), Some(9), "{} {armed:?}: {status}\n{log}", self.name);
                    assert_eq!(fired.len(), before + 1, "{}: {fired:?}", self.name);
                    return fired.last().cloned();
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            let Some(status) = self.site.status().await else { continue };
            let oracle = self.province.get("/sim/oracle").await;
            let over = reading.is_over(&status) && is_idle(&status) && all_read(&oracle);
            quiet = if over { quiet + 1 } else { 0 };
            // What was deleted is found out by whole pulls alone.
            if quiet == 1 && !std::mem::replace(&mut whole, true) {
                for row in Site::pulled(&status) {
                    // The daemon may die of it.
                    self.site.order(&["sync", &row.source, "--full"]).await;
                }
                quiet = 0;
            }
        }
        daemon.kill();
        None
    }

    /// Waits until nothing is left to do and every decision was read.
    async fn settle(&self) {
        let mut quiet = 0;
        let mut held = Value::Null;
        self.site
            .until("the site settles", async || {
                let idle = self.site.status().await.is_some_and(|status| is_idle(&status));
                let oracle = self.province.get("/sim/oracle").await;
                let same = oracle == held;
                quiet = if idle && all_read(&oracle) && same { quiet + 1 } else { 0 };
                held = oracle;
                quiet >= 4
            })
            .await;
    }

    /// Closes a period; a site killed at points dies before and after the close is written down, and no daemon runs
    /// there afterwards.
    async fn close(&mut self, period: &str) {
        let reason =
            ["--reason", "Phần còn lại xử lý bằng đính chính", "--document", "02/TB", "--author", OFFICER];
        let order = [&["period", "close", period][..], &reason].concat();
        if let Death::AtPoints(_) = self.death {
            for point in ["close::before_commit", "close::after_commit"] {
                self.rest();
                let shot = Shot { point, passed: 0 };
                let before = self.site.runs();
                let mut daemon = self.site.start(&shot.armed());
                // The order is given to the armed daemon, not carried out before it has the folder.
                self.site.until("the daemon runs", async || self.site.runs() > before).await;
                self.site
                    .until("the close kills the daemon", async || {
                        self.site.order(&order).await;
                        // Beside a daemon that died a moment ago the next order would close the period itself.
                        for _ in 0..80 {
                            if daemon.ended().is_some() {
                                return true;
                            }
                            tokio::time::sleep(Duration::from_millis(25)).await;
                        }
                        false
                    })
                    .await;
                self.kills += 1;
            }
        }
        self.site
            .until("the period is closed", async || {
                let (exit, printed, told) = self.site.order(&order).await;
                exit == 0 || format!("{printed}{told}").contains("LT-REC-031")
            })
            .await;
    }

    /// The oracle's word, and the store's own.
    async fn verdict(&self) {
        let oracle = self.province.get("/sim/oracle").await;
        let verdict = &oracle["verdict"];
        let counts = ["lost", "duplicates", "mismatches"].map(|count| verdict[count].as_u64());
        assert_eq!(counts, [Some(0); 3], "{}: {verdict}", self.name);
        assert_eq!(oracle["national"]["shrunk"], 0, "{}: a list got shorter", self.name);
        let evaluation = &oracle["evaluation"];
        assert_eq!((&evaluation["conflicts"], &evaluation["stale"]), (&json!(0), &json!(0)), "{}", self.name);
        for approved in ["approved_quarter", "approved_year"] {
            assert!(evaluation[approved].as_u64() > Some(50), "{}: {evaluation}", self.name);
        }
        let (exit, printed, told) = self.site.order(&["db", "check"]).await;
        assert_eq!(exit, 0, "{}: {printed} {told}", self.name);
        let (exit, printed, told) = self.site.order(&["score", "verify"]).await;
        assert_eq!(exit, 0, "{}: {printed} {told}", self.name);
    }

    /// What the site and its receivers hold, without times and numbers that may differ.
    async fn holdings(&self) -> Value {
        let mut held = Map::new();
        let many = ["--limit", "100000"];
        for period in ["2026-Q2", "2026-Q3", "2026-Q4", "2026"] {
            for view in ["full_period", "to_date"] {
                let order = [&["score", "show", "--period", period, "--view", view][..], &many].concat();
                let mut scores = self.site.ordered(&order).await;
                for row in scores.as_array_mut().expect("rows").iter_mut().filter_map(Value::as_object_mut) {
                    row.remove("approved_revision");
                }
                held.insert(format!("scores {period} {view}"), scores);
            }
            let order = [&["record", "list", "--period", period][..], &many].concat();
            let mut records = self.site.ordered(&order).await;
            for row in records.as_array_mut().expect("rows").iter_mut().filter_map(Value::as_object_mut) {
                row.retain(|key, _| !matches!(key.as_str(), "revision" | "at"));
            }
            held.insert(format!("records {period}"), records);
        }
        for by in ["person", "unit"] {
            let report = self.site.ordered(&["report", "tasks", "--by", by, "--format", "json"]).await;
            held.insert(format!("report by {by}"), report);
        }
        for head in ["GL-00001", "GL-00049", "GL-00065"] {
            let order = ["score", "explain", head, "2026-Q4"];
            let mut explained = self.site.ordered(&order).await;
            // Tasks stand in the order in which they came.
            explained["lines"].as_array_mut().expect("lines").sort_by_cached_key(ToString::to_string);
            // When this daemon saw something, and in which answer, is no part of the result.
            for events in explained["explanation"]["events"].as_object_mut().expect("events").values_mut() {
                let events = events.as_array_mut().expect("a list");
                events.retain(|event| !event["at"].is_null());
                for event in events {
                    event["observed_at"].take();
                    event["answer"].take();
                }
            }
            for place in explained["explanation"]["records"].as_object_mut().expect("places").values_mut() {
                place.take();
            }
            held.insert(format!("explained {head}"), explained);
        }
        held.insert("receivers".into(), self.province.get("/sim/holdings").await);
        Value::Object(held)
    }

    /// A second start on a settled folder reads everything again and sends nothing.
    async fn start_again_sends_nothing(&mut self) {
        let sent = async |province: &Province| {
            let oracle = province.get("/sim/oracle").await;
            let count = |receiver: &str, what: &str| oracle[receiver][what].as_u64().expect("a count");
            let counts = ["national", "evaluation"]
                .map(|receiver| [count(receiver, "requests"), count(receiver, "effects")]);
            counts.concat()
        };
        let before = sent(&self.province).await;
        let stopped = self.daemon.take().expect("a running daemon").terminate().await;
        assert_eq!(stopped.code(), Some(0), "{}", self.site.log());
        self.run();
        for _ in 0..2 {
            self.site.read_everything().await;
        }
        self.settle().await;
        assert_eq!(before, sent(&self.province).await, "{}: a second delivery after a restart", self.name);
        let stopped = self.daemon.take().expect("a running daemon").terminate().await;
        assert_eq!(stopped.code(), Some(0), "{}", self.site.log());
    }
}

/// The first lines in which two values differ.
fn difference(one: &Value, other: &Value) -> String {
    let text = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    let (one, other) = (text(one), text(other));
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let at =
        one.iter().zip(&other).position(|(one, other)| one != other).unwrap_or(one.len().min(other.len()));
    let shown =
        |lines: &[&str]| lines[at.saturating_sub(12).min(lines.len())..(at + 12).min(lines.len())].join("\n");
    format!("line {at}:\n{}\n--- instead of ---\n{}", shown(&one), shown(&other))
}

fn assert_same(name: &str, held: &Value, expected: &Value) {
    for (part, expected) in expected.as_object().expect("parts") {
        assert!(
            &held[part] == expected,
            "{name}: {part} is not what it is without kills, {}",
            difference(&held[part], expected)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn daemons_killed_anywhere_end_with_what_an_undisturbed_one_has() {
    let planned: Vec<&str> = PASSED
        .iter()
        .map(|(point, _)| *point)
        .chain(["close::before_commit", "close::after_commit"])
        .collect();
    for point in POINTS {
        assert!(planned.contains(&point), "{point} is in no plan");
    }
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    let seed = std::env::var("LIENTHONG_KILL_SEED").map_or(seed, |text| text.parse().expect("a number"));
    eprintln!("moments of death follow from LIENTHONG_KILL_SEED={seed}");
    let cluster = Cluster::start();
    let mut undisturbed = Life::new("undisturbed", Death::Never, &Kind::default());
    let mut points = Life::new("killed at points", Death::AtPoints(shots(&[0, 1])), &Kind::default());
    let chance = fastrand::Rng::with_seed(seed);
    let mut moments = Life::new("killed at moments", Death::AtMoments(chance, 2), &Kind::default());
    let kind = Kind { postgres: Some(cluster.url()), ..Kind::default() };
    let mut server = Life::new("killed on PostgreSQL", Death::AtPoints(shots(&[2])), &kind);
    let (expected, first, second, third) =
        tokio::join!(undisturbed.lead(), points.lead(), moments.lead(), server.lead());
    for (life, held) in [(&points, first), (&moments, second), (&server, third)] {
        let mut fired = BTreeMap::<String, usize>::new();
        life.site.fired().into_iter().for_each(|point| *fired.entry(point).or_default() += 1);
        eprintln!("{}: {} kills, at points: {fired:?}", life.name, life.kills);
        assert_same(life.name, &held, &expected);
        if let Death::AtPoints(_) = life.death {
            let least = if life.name == points.name { 2 } else { 1 };
            for point in POINTS {
                let times = fired.get(point).copied().unwrap_or(0);
                assert!(times >= least, "{}: {point} fired {times} times, wanted {least}", life.name);
            }
        }
    }
    let kills = points.kills + moments.kills + server.kills;
    assert!(kills >= KILLS, "only {kills} kills");
    undisturbed.start_again_sends_nothing().await;
}

#[tokio::test]
async fn terminate_ends_the_daemon_while_a_source_keeps_it_waiting() {
    let province = Province::start(SEED, 200);
    let kind = Kind { more: "[limits]\nexchange_s = 600\n", ..Kind::default() };
    let site = Site::new(&province, &kind);
    province.faults(json!([{ "path_prefix": "/tracker", "kind": "slow", "ms": 900_000, "every": 1 }])).await;
    let daemon = site.start("");
    site.until("the slow source is asked", async || province.get("/sim/faults").await[0]["fired"] != 0).await;
    let began = std::time::Instant::now();
    let status = daemon.terminate().await;
    assert_eq!(status.code(), Some(0), "{}", site.log());
    // Not a matter of speed: without being cut off the pull would last fifteen minutes.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}\n{}", began.elapsed(), site.log());
    province.faults(json!([])).await;
    let daemon = site.start("");
    site.read_everything().await;
    assert_eq!(daemon.terminate().await.code(), Some(0));
}
