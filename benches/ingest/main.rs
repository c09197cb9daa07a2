//! Records per second from HTTP pages to stored tasks, against the fastest simple program for the same pages.
//!
//! Owns the order of measurements and the table. The simulated province serves prebuilt pages in a process of its
//! own; every measurement is a fresh process over a fresh store, so that its peak memory is its own. `ours` is the
//! daemon's real path (`pipeline::pull_source`, the connector of the manifest `task-tracker`, the real store);
//! `ceiling` decodes the same pages and upserts one row per record. Both take turns, so that a noisy machine
//! disturbs both. Bars that are missed end the program with exit code 1.

mod ceiling;
mod ours;
#[path = "../policy.rs"]
mod policy;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/support/postgres.rs"]
mod postgres;

use clap::{Parser, ValueEnum};
use postgres::Cluster;
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Most memory the daemon's process may need, in MiB.
const MEMORY_BAR: f64 = 128.0;

#[derive(Parser)]
struct Args {
    /// Records of one measurement.
    #[arg(long, default_value_t = 100_000)]
    records: usize,
    /// Times each measurement is made.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Sizes of the memory measurement; 0 leaves it out.
    #[arg(long, value_delimiter = ',', default_value = "200000,1000000")]
    memory: Vec<usize>,
    /// One kind of store alone.
    #[arg(long)]
    only: Option<Kind>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// One measurement in this process: the program itself calls this.
    #[arg(long, hide = true)]
    worker: Option<Program>,
    #[arg(long, hide = true, default_value = "")]
    store: String,
    #[arg(long, hide = true, default_value = "")]
    province: String,
}

/// Kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Which program is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Program {
    Ceiling,
    Ours,
}

/// What one process measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Measured {
    /// Seconds for records that were new.
    new: f64,
    /// Seconds for the same records once more, with nothing changed.
    unchanged: f64,
    /// Most memory the process ever held, in MiB.
    peak: f64,
    /// Processor seconds of the process.
    cpu: f64,
}

fn main() {
    let args = Args::parse();
    if let Some(program) = args.worker {
        let measured = work(program, &args);
        println!("{}", serde_json::to_string(&measured).expect("numbers"));
        return;
    }
    std::process::exit(i32::from(!measure(&args)));
}

fn work(program: Program, args: &Args) -> Measured {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    let (new, unchanged) = runtime.block_on(async {
        match program {
            Program::Ours => ours::run(&args.store, &args.province, args.records).await,
            Program::Ceiling => ceiling::run(&args.store, &args.province, args.records).await,
        }
    });
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let peak: f64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("kB");
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("stat").split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().map(|at| fields[*at].parse::<f64>().expect("ticks")).sum();
    Measured { new, unchanged, peak: peak / 1024.0, cpu: ticks / 100.0 }
}

/// The simulated province in a process of its own; stopped when dropped.
struct Province {
    child: Child,
    address: String,
}

impl Province {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lienthong"))
            .args(["simulate", "--today", "2026-11-25", "--people", "120", "--tasks", "0", "--data-dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lienthong simulate");
        let mut line = String::new();
        let told = child.stderr.take().expect("piped");
        BufReader::new(told).read_line(&mut line).expect("address");
        let address = line.trim().to_owned();
        assert!(address.starts_with("http://"), "lienthong simulate says: {address}");
        Self { child, address }
    }
}

impl Drop for Province {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stores for measurements, each empty.
struct Stores {
    folder: tempfile::TempDir,
    cluster: Option<Cluster>,
    made: usize,
}

impl Stores {
    /// A fresh store, and how to throw it away.
    fn fresh(&mut self, kind: Kind) -> String {
        self.made += 1;
        match kind {
            Kind::Sqlite => {
                format!("{}", self.folder.path().join(format!("store{}.db", self.made)).display())
            }
            Kind::Postgres => {
                let cluster = self
                    .cluster
                    .get_or_insert_with(|| Cluster::start_with(&["fsync=on", "synchronous_commit=on"]));
                let name = format!("store{}", self.made);
                order(cluster, &format!("CREATE DATABASE {name}"));
                cluster.url().replacen("/postgres?", &format!("/{name}?"), 1)
            }
        }
    }

    fn drop(&self, kind: Kind, store: &str) {
        match (kind, &self.cluster) {
            (Kind::Sqlite, _) => {
                for ending in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{store}{ending}"));
                }
            }
            (Kind::Postgres, Some(cluster)) => {
                order(cluster, &format!("DROP DATABASE store{}", self.made));
            }
            (Kind::Postgres, None) => {}
        }
    }
}

/// Gives the server one order.
fn order(cluster: &Cluster, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let mut connection = sqlx::PgConnection::connect(&cluster.url()).await.expect("server");
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("order");
    });
}

fn measure(args: &Args) -> bool {
    let kinds: Vec<Kind> = args.only.map_or_else(|| vec![Kind::Sqlite, Kind::Postgres], |only| vec![only]);
    let folder = tempfile::tempdir().expect("folder");
    let province = Province::start(&folder.path().join("province"));
    let mut stores = Stores { folder, cluster: None, made: 0 };
    let mut run = |kind: Kind, program: Program, records: usize| {
        let store = stores.fresh(kind);
        let output = Command::new(std::env::current_exe().expect("this program"))
            .arg("--worker")
            .arg(program.to_possible_value().expect("named").get_name())
            .args(["--store", &store, "--province", &province.address])
            .args(["--records", &records.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .expect("worker");
        assert!(output.status.success(), "the worker failed");
        stores.drop(kind, &store);
        serde_json::from_slice::<Measured>(&output.stdout).expect("numbers")
    };
    let mut all: BTreeMap<(Kind, Program), Vec<Measured>> = BTreeMap::new();
    for round in 0..=args.rounds {
        for kind in &kinds {
            for program in [Program::Ceiling, Program::Ours] {
                // The first round warms the disk and is not counted.
                let records = if round == 0 { args.records / 10 } else { args.records };
                let measured = run(*kind, program, records);
                if round > 0 {
                    all.entry((*kind, program)).or_default().push(measured);
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    }
    let mut good = table(&kinds, &all, args.records);
    for records in args.memory.iter().filter(|records| **records > 0) {
        for kind in &kinds {
            let measured = run(*kind, Program::Ours, *records);
            println!(
                "{:<9} {records:>9} records: peak memory {:>6.1} MiB, new {:>7.0}/s, unchanged {:>7.0}/s",
                format!("{kind:?}"),
                measured.peak,
                *records as f64 / measured.new,
                *records as f64 / measured.unchanged,
            );
            good &= measured.peak < MEMORY_BAR;
        }
    }
    good
}

/// Prints medians against the bars; whether all were reached.
fn table(kinds: &[Kind], all: &BTreeMap<(Kind, Program), Vec<Measured>>, records: usize) -> bool {
    let mut good = true;
    println!("{records} records in pages of 500, medians of each side's rounds (smallest – largest)");
    println!("store     what        ours/s (range)             ceiling/s (range)          share   bar");
    for kind in kinds {
        let (Some(ours), Some(ceiling)) =
            (all.get(&(*kind, Program::Ours)), all.get(&(*kind, Program::Ceiling)))
        else {
            continue;
        };
        let (share_bar, unchanged_bar) = match kind {
            Kind::Sqlite => (0.55, 150_000.0),
            Kind::Postgres => (0.45, 60_000.0),
        };
        let rates =
            |of: &[Measured], what: fn(&Measured) -> f64| spread(of, |one| records as f64 / what(one));
        let (new, most) = (rates(ours, |one| one.new), rates(ceiling, |one| one.new));
        let share = new.1 / most.1;
        good &= share >= share_bar;
        println!(
            "{:<9} new         {}   {}   {:>4.0} %   {:.0} %",
            format!("{kind:?}"),
            shown(new),
            shown(most),
            share * 100.0,
            share_bar * 100.0
        );
        let (same, most) = (rates(ours, |one| one.unchanged), rates(ceiling, |one| one.unchanged));
        good &= same.1 >= unchanged_bar;
        println!(
            "{:<9} unchanged   {}   {}   {:>4.0} %   {:.0}/s",
            format!("{kind:?}"),
            shown(same),
            shown(most),
            same.1 / most.1 * 100.0,
            unchanged_bar
        );
        let (peak, cpu) = (spread(ours, |one| one.peak), spread(ours, |one| one.cpu));
        good &= peak.2 < MEMORY_BAR;
        println!(
            "{:<9} peak memory {:.1} MiB (largest {:.1}), processor {:.2} s for both runs",
            format!("{kind:?}"),
            peak.1,
            peak.2,
            cpu.1
        );
    }
    good
}

fn shown((least, median, most): (f64, f64, f64)) -> String {
    format!("{median:>7.0} ({least:>7.0} – {most:>7.0})")
}

/// Smallest, median, largest.
fn spread(of: &[Measured], what: impl Fn(&Measured) -> f64) -> (f64, f64, f64) {
    let mut values: Vec<f64> = of.iter().map(what).collect();
    values.sort_by(f64::total_cmp);
    (values[0], values[values.len() / 2], values[values.len() - 1])
}
