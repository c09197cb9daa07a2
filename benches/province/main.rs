//! A province's quarter: every task from its events, every score for the first time and from stored tasks, the same again,
//! one changed task.
//!
//! Owns the order of measurements, the table and the bars. The store is made once in a process of its own; each
//! measurement is a fresh process over a copy of it, so that its peak memory is its own. What is measured is the
//! daemon's own code: the scoring step until nothing is due, `score verify`. Bars that are missed end the program with
//! exit code 1.

mod build;
#[path = "../policy.rs"]
mod policy;

use build::{Size, quarter};
use clap::{Parser, ValueEnum};
use lienthong::domain::PersonId;
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command as Order, Document, Executor as _, LifeOrder};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::score::{FULL_PERIOD, Score, TO_DATE};
use lienthong::pipeline::step::Step as _;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

#[derive(Parser)]
struct Args {
    /// People of the province, at least 80.
    #[arg(long, default_value_t = 12_000)]
    people: usize,
    /// Tasks of each in the quarter.
    #[arg(long, default_value_t = 75)]
    tasks: usize,
    /// One measurement alone.
    #[arg(long)]
    only: Option<Work>,
    /// A folder to keep the store in, and to take it from when it is there.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// One measurement in this process: the program itself calls this.
    #[arg(long, hide = true)]
    worker: Option<Work>,
    #[arg(long, hide = true)]
    store: Option<PathBuf>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Work {
    /// Making the store: no measurement.
    Build,
    /// Every task from its kept events, compared with the one held.
    Derive,
    /// Every score for the first time: what scores read of tasks is joined and kept in short.
    First,
    /// Every score from stored tasks, as if none were held.
    Full,
    /// Every score again, nothing changed.
    Again,
    /// One task changes; until the scores above it are stored.
    Change,
}

/// What one process measured.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    seconds: f64,
    /// How many: tasks or scores.
    count: u64,
    /// Most memory the process ever held, in MiB.
    peak: f64,
    /// Processor seconds of the process.
    cpu: f64,
    /// Anything else to say.
    told: String,
}

fn main() {
    let args = Args::parse();
    if let (Some(work), Some(store)) = (args.worker, &args.store) {
        let measured = measure(work, store, Size { people: args.people, tasks: args.tasks });
        println!("{}", serde_json::to_string(&measured).expect("numbers"));
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    let kept = args.keep.as_deref().unwrap_or(folder.path());
    std::fs::create_dir_all(kept).expect("folder");
    let built = kept.join(format!("province-{}-{}.db", args.people, args.tasks));
    if !built.exists() {
        let made = child(&args, Work::Build, &built);
        let size = std::fs::metadata(&built).expect("store").len() >> 20;
        println!("store made in {:.0} s: {size} MiB, {}", made.seconds, made.told);
    }
    let store = folder.path().join("store.db");
    std::fs::copy(&built, &store).expect("copied");
    let total = (args.people * args.tasks) as f64;
    let (mut missed, mut derived) = (false, 0.0);
    // Each goes on where the one before it ended.
    for (work, bar, memory) in [
        (Work::Derive, 90.0, None),
        (Work::First, 90.0, Some(256.0)),
        (Work::Full, 5.0, Some(256.0)),
        (Work::Again, 5.0, Some(256.0)),
        (Work::Change, 1.0, None),
    ] {
        let wanted = args.only.is_none_or(|only| only == work);
        let needed =
            work == Work::First && matches!(args.only, Some(Work::Full | Work::Again | Work::Change));
        if !wanted && !needed {
            continue;
        }
        let found = child(&args, work, &store);
        // Lines are what scores read of tasks: from their events, and joined.
        let seconds = if work == Work::First { found.seconds + derived } else { found.seconds };
        derived = if work == Work::Derive { found.seconds } else { derived };
        let late = seconds > bar || memory.is_some_and(|most| found.peak > most);
        missed |= late;
        println!(
            "{work:?}: {:.2} s (bar {bar}), {} counted, {:.0} tasks/s, {:.1} s of processors, peak {:.0} MiB{}{}{}",
            found.seconds,
            found.count,
            total / found.seconds,
            found.cpu,
            found.peak,
            if found.told.is_empty() { "" } else { "; " },
            found.told,
            if late { "  MISSED" } else { "" },
        );
    }
    std::process::exit(i32::from(missed));
}

fn child(args: &Args, work: Work, store: &Path) -> Measured {
    let word = work.to_possible_value().expect("a word");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--worker", word.get_name(), "--people", &args.people.to_string()])
        .args(["--tasks", &args.tasks.to_string(), "--store"])
        .arg(store)
        .stderr(Stdio::inherit())
        .output()
        .expect("a child");
    assert!(output.status.success(), "{work:?} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).expect("numbers")
}

fn measure(work: Work, store: &Path, size: Size) -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    let (seconds, count, told) = runtime.block_on(async {
        let began = Instant::now();
        match work {
            Work::Build => {
                build::fill(store, size).await;
                let file = rusqlite::Connection::open(store).expect("store");
                let count = "SELECT count(*) FROM task_event";
                let events: i64 = file.query_row(count, [], |row| row.get(0)).expect("counted");
                (began.elapsed().as_secs_f64(), (size.people * size.tasks) as u64, format!("{events} events"))
            }
            Work::Derive => derive(store).await,
            Work::First | Work::Again => score(store).await,
            Work::Full => {
                let file = rusqlite::Connection::open(store).expect("store");
                file.execute("DELETE FROM score", []).expect("thrown away");
                drop(file);
                score(store).await
            }
            Work::Change => change(store, size).await,
        }
    });
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let peak: f64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("kB");
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("stat").split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().map(|at| fields[*at].parse::<f64>().expect("ticks")).sum();
    Measured { seconds, count, peak: peak / 1024.0, cpu: ticks / 100.0, told }
}

/// `score verify` while no score is held: tasks from events alone.
async fn derive(store: &Path) -> (f64, u64, String) {
    let app = build::open(store).await;
    let began = Instant::now();
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let outcome = Installation { app: app.clone() }.execute(Order::ScoreVerify {}, progress).await;
    let seconds = began.elapsed().as_secs_f64();
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings.first());
    let Document::Object { fields, .. } = outcome.document else { panic!("{:?}", outcome.document) };
    let same = fields.iter().find(|field| field.key == "tasks").and_then(|field| field.value.as_u64());
    app.store.close().await;
    (seconds, same.expect("a count"), String::new())
}

/// Everyone is due; the scoring step until nothing is.
async fn score(store: &Path) -> (f64, u64, String) {
    let app = build::open(store).await;
    // What a day marks by itself (half-years that opened since the last one) is none of the quarter's work.
    app.store.begin_day(app.clock.today(), &[], &[]).await.expect("begun");
    app.store.judge_anew(&[], &[quarter()]).await.expect("marked");
    let began = Instant::now();
    let (done, runs) = until_settled(&app).await;
    let seconds = began.elapsed().as_secs_f64();
    app.store.close().await;
    (seconds, done, format!("{runs} runs"))
}

async fn until_settled(app: &Arc<App>) -> (u64, u64) {
    let (mut done, mut runs) = (0, 0);
    loop {
        let report = Score(app.clone()).run().await.expect("scored");
        (done, runs) = (done + report.done, runs + 1);
        if !report.more {
            return (done, runs);
        }
    }
}

/// The source shows one task changed: pulled, identified, mapped, scored; then the organisation is asked for.
async fn change(store: &Path, size: Size) -> (f64, u64, String) {
    let app = build::open(store).await;
    let map = Map::new(app.clone());
    // As in a daemon that has been running: people, units and the ranking are at hand.
    while map.run().await.expect("mapped").more {}
    until_settled(&app).await;
    let task = (0..size.people * size.tasks)
        .find(|task| {
            build::person_of(*task, size) == 17 && !task.is_multiple_of(23) && !task.is_multiple_of(9)
        })
        .expect("a task of somebody on the staff");
    let known = app.store.known_hashes(&build::source(), &[&build::key(task)]).await.expect("known");
    let id = known[0].expect("the task is known").0;
    let held = app.store.load_tasks(&[id]).await.expect("task").remove(0);
    let mut draft = held.task.draft.clone();
    draft.quantity = Some("7".parse().expect("decimal"));
    draft.updated_at = Some(app.clock.now());
    let (source, kind) = (build::source(), lienthong::store::RunKind::Incremental);
    let run = app.store.begin_run(&source, kind, app.clock.now()).await.expect("run");
    let people = [17, 5, 2, 1, 0].map(build::number);
    let mut before = Vec::new();
    for number in &people {
        let person = app.store.person_by_staff_number(number).await.expect("read").expect("known");
        before.push((person, hashes(&app, person).await));
    }
    let began = Instant::now();
    build::store_one(&app.store, run, &held, draft, app.clock.now()).await;
    while Identify(app.clone()).run().await.expect("identified").more {}
    while map.run().await.expect("mapped").more {}
    let (done, _) = until_settled(&app).await;
    let seconds = began.elapsed().as_secs_f64();
    let mut moved = 0;
    for (person, before) in before {
        moved += u64::from(hashes(&app, person).await != before);
    }
    assert!(moved >= 3, "person, division's head and the body's head have new scores: {moved}");
    let asked = Instant::now();
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let show = Order::Life { order: LifeOrder::OrganisationShow { unit: build::body_code(0), year: 2026 } };
    let outcome = Installation { app: app.clone() }.execute(show, progress).await;
    assert_eq!(outcome.exit, 0, "{:?}", outcome.findings);
    let organisation = asked.elapsed().as_secs_f64();
    app.store.close().await;
    (
        seconds,
        done,
        format!("{moved} of a person and four leaders moved; organisation shown in {organisation:.2} s"),
    )
}

async fn hashes(app: &App, person: PersonId) -> Vec<String> {
    let mut hashes = Vec::new();
    for view in [TO_DATE, FULL_PERIOD] {
        let score = app.store.score(person, quarter(), view).await.expect("read").expect("a score");
        hashes.push(score.inputs_hash);
    }
    hashes
}
