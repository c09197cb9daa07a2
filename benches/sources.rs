//! Records per second from a workbook in a folder and from a Singer tap to stored tasks.
//!
//! Owns the made-up inputs and the table. What is measured is the daemon's real path: manifest, connector, pipeline and a
//! fresh SQLite store, in a process of its own, so that its peak memory is its own. The tap is a script that gives
//! prepared lines as fast as they can be read. Bars that are missed end the program with exit code 1.

mod policy;

use clap::{Parser, ValueEnum};
use lienthong::clock::Clock;
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{OpenSource, PullMode, open, process};
use lienthong::domain::SourceId;
use lienthong::pipeline::app::App;
use lienthong::pipeline::pull::pull_source;
use lienthong::store::{Store, StoreConfig};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(Parser)]
struct Args {
    /// Records of one measurement.
    #[arg(long, default_value_t = 100_000)]
    records: u32,
    /// Times each measurement is made.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// One measurement in this process: the program itself calls this.
    #[arg(long, hide = true)]
    worker: Option<Kind>,
}

/// Where records come from.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A workbook of ten columns.
    Xlsx,
    /// A Singer tap.
    Singer,
}

impl Kind {
    fn manifest(self) -> &'static str {
        match self {
            Self::Xlsx => "task-sheet",
            Self::Singer => "singer-file",
        }
    }

    /// Records a second, at least.
    fn bar(self) -> f64 {
        match self {
            Self::Xlsx => 30_000.0,
            Self::Singer => 60_000.0,
        }
    }
}

fn main() {
    let args = Args::parse();
    if let Some(kind) = args.worker {
        let (seconds, peak) = work(kind, args.records);
        println!("{seconds} {peak}");
        return;
    }
    let mut missed = false;
    for kind in [Kind::Xlsx, Kind::Singer] {
        let mut rounds: Vec<(f64, f64)> = (0..args.rounds).map(|_| child(kind, args.records)).collect();
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let rate = |seconds: f64| f64::from(args.records) / seconds;
        let (best, median, worst) = (rounds[0], rounds[rounds.len() / 2], rounds[rounds.len() - 1]);
        let late = rate(median.0) < kind.bar();
        missed |= late;
        println!(
            "{kind:?}: {:.0} records/s ({:.0} – {:.0}), bar {}{}; peak {:.0} MiB",
            rate(median.0),
            rate(worst.0),
            rate(best.0),
            kind.bar(),
            if late { "  MISSED" } else { "" },
            rounds.iter().map(|round| round.1).fold(0.0, f64::max),
        );
    }
    std::process::exit(i32::from(missed));
}

fn child(kind: Kind, records: u32) -> (f64, f64) {
    let word = kind.to_possible_value().expect("a word");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--worker", word.get_name(), "--records", &records.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("a child");
    assert!(output.status.success(), "{kind:?} ended with {}", output.status);
    let text = String::from_utf8(output.stdout).expect("text");
    let mut numbers = text.split_whitespace().map(|number| number.parse().expect("a number"));
    (numbers.next().expect("seconds"), numbers.next().expect("memory"))
}

/// Seconds from the first byte to the last stored task, and the most memory the process ever held in MiB.
fn work(kind: Kind, records: u32) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("folder");
    let settings = match kind {
        Kind::Xlsx => workbook(folder.path(), records),
        Kind::Singer => tap(folder.path(), records),
    };
    let clear = std::fs::write("/proc/self/clear_refs", "5");
    clear.expect("the peak of making the input is forgotten");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    let pulling = runtime.spawn(pulled(kind, folder.path().to_owned(), settings, records));
    let seconds = runtime.block_on(pulling).expect("pulled");
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let peak: f64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("kB");
    (seconds, peak / 1024.0)
}

async fn pulled(
    kind: Kind,
    folder: std::path::PathBuf,
    settings: BTreeMap<String, String>,
    records: u32,
) -> f64 {
    process::keeper_is(Path::new(env!("CARGO_BIN_EXE_lienthong")));
    let store = Store::open(&StoreConfig::Sqlite(folder.join("store.db")), &[7; 32]).await.expect("store");
    store.migrate().await.expect("schema");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors").join(kind.manifest());
    let source = open(OpenSource {
        id: SourceId::new("bench").expect("name"),
        manifest_name: kind.manifest().to_owned(),
        manifest: std::fs::read_to_string(file.join("manifest.toml")).expect("manifest"),
        settings,
        secrets: BTreeMap::new(),
        folder: "/".into(),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    })
    .expect("manifest");
    let clock = Clock::system();
    let app = App::new(store, clock, "bench".to_owned(), BTreeMap::new(), (None, None), policy::policy());
    let began = Instant::now();
    let summary = pull_source(&app, &source.connector, PullMode::Full, &|_, _| {}).await.expect("pull");
    let seconds = began.elapsed().as_secs_f64();
    let counted = (summary.counters.new, summary.counters.rejected);
    assert_eq!(counted, (u64::from(records), 0), "{:?}", summary.findings.first());
    app.store.close().await;
    seconds
}

/// A sheet of ten columns, as offices keep it.
fn workbook(folder: &Path, records: u32) -> BTreeMap<String, String> {
    let drop = folder.join("drop");
    std::fs::create_dir(&drop).expect("folder");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let heads = [
        "Mã nhiệm vụ",
        "Nội dung",
        "Mã cán bộ",
        "Đơn vị",
        "Ngày giao",
        "Hạn hoàn thành",
        "Ngày hoàn thành",
        "Trạng thái",
        "Loại văn bản",
        "Số lượng",
    ];
    for (column, head) in (0u16..).zip(heads) {
        sheet.write(0, column, head).expect("a cell");
    }
    for row in 1..=records {
        let code = format!("NV-{row}");
        let title = format!("Báo cáo kết quả thực hiện nhiệm vụ số {row} quý IV năm 2026");
        let officer = format!("GL-{:05}", row % 400);
        let cells = [
            code.as_str(),
            &title,
            &officer,
            "SNV",
            "01/10/2026",
            "15/11/2026",
            "12/11/2026",
            "Mới giao",
            "Báo cáo",
        ];
        for (column, cell) in (0u16..).zip(cells) {
            sheet.write(row, column, cell).expect("a cell");
        }
        sheet.write(row, 9, row % 3 + 1).expect("a cell");
    }
    book.save(drop.join("so.xlsx")).expect("a workbook");
    old(&drop.join("so.xlsx"));
    BTreeMap::from([("folder".to_owned(), drop.display().to_string())])
}

/// A file that was finished long ago.
fn old(file: &Path) {
    let an_hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = std::fs::File::options().write(true).open(file).expect("a file");
    file.set_modified(an_hour_ago).expect("a time");
}

/// A tap with its lines.
fn tap(folder: &Path, records: u32) -> BTreeMap<String, String> {
    let lines = folder.join("lines");
    std::fs::create_dir(&lines).expect("folder");
    let mut file = std::io::BufWriter::new(std::fs::File::create(lines.join("a.jsonl")).expect("a file"));
    let schema = "{\"type\":\"SCHEMA\",\"stream\":\"tasks\",\"schema\":{\"type\":\"object\"},\"key_properties\":[\"id\"]}";
    writeln!(file, "{schema}").expect("written");
    for id in 0..records {
        writeln!(
            file,
            "{{\"type\":\"RECORD\",\"stream\":\"tasks\",\"record\":{{\"id\":\"NV-{id}\",\"title\":\"Báo cáo kết quả nhiệm vụ số {id}\",\
             \"status\":\"doing\",\"officer\":\"GL-{:05}\",\"unit\":\"SNV\",\"assigned_on\":\"2026-10-01\",\
             \"due_on\":\"2026-11-25\",\"updated_at\":\"2026-10-02T01:00:00Z\"}},\"time_extracted\":\"2026-11-26T01:00:00Z\"}}",
            id % 400
        )
        .expect("written");
    }
    let state = "{\"type\":\"STATE\",\"value\":{\"bookmarks\":{\"tasks\":{\"_sdc_last_modified\":\"2026-11-26T01:00:00Z\"}}}}";
    writeln!(file, "{state}").expect("written");
    file.into_inner().expect("written");
    let program = lines.join("tap");
    let discovered = "{\"streams\":[{\"tap_stream_id\":\"tasks\",\"stream\":\"tasks\",\"key_properties\":[\"id\"],\
        \"schema\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"}}},\
        \"metadata\":[{\"breadcrumb\":[],\"metadata\":{\"inclusion\":\"available\"}}]}]}";
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--discover*) echo '{discovered}';; *) exec cat '{}';; esac\n",
        lines.join("a.jsonl").display()
    );
    std::fs::write(&program, script).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let set = |name: &str, path: &Path| (name.to_owned(), path.display().to_string());
    BTreeMap::from([set("program", &program), set("folder", &lines)])
}
