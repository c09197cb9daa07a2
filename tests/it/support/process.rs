//! An installation on a simulated province: configuration, daemon processes, orders on the command line.
//!
//! Owns the clock of the site: it begins at nine in the morning of the province's today and runs on at the pace
//! of the machine, whatever processes come and go. Every daemon writes its log into the site's folder, which is
//! shown when something goes wrong.

use super::project;
use super::province::{Province, TODAY};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(240);

/// The sources a site is connected to: id, unit, manifest.
const SOURCES: [(&str, &str, &str); 6] = [
    ("snv", "SNV", "eoffice-open"),
    ("stc", "STC", "eoffice-open"),
    ("syt", "SYT", "task-tracker"),
    ("quynhon", "QUYNHON", "ward-desk"),
    ("chuse", "CHUSE", "task-sheet"),
    ("dakdoa", "DAKDOA", "sql-view"),
];

/// What differs between sites.
#[derive(Default)]
pub struct Kind {
    /// URL of a PostgreSQL database; none = SQLite.
    pub postgres: Option<String>,
    /// More lines of the configuration.
    pub more: &'static str,
}

/// An installation.
pub struct Site {
    folder: TempDir,
    began: Instant,
    start: DateTime<Utc>,
}

/// One line of `status`, about a source.
pub struct Pulled {
    /// Source.
    pub source: String,
    /// When its last pull began.
    pub begun: Option<DateTime<Utc>>,
    /// When its last good pull ended.
    pub ended: Option<DateTime<Utc>>,
}

/// Which sources were read to their end by a pull that began after a moment.
pub struct Reading {
    since: DateTime<Utc>,
    begun: BTreeMap<String, DateTime<Utc>>,
    left: Vec<&'static str>,
}

impl Reading {
    /// Looks at a status; whether all of them were.
    pub fn is_over(&mut self, status: &Value) -> bool {
        for row in Site::pulled(status) {
            if let Some(at) = row.begun.filter(|at| *at > self.since) {
                self.begun.entry(row.source.clone()).or_insert(at);
            }
            let whole =
                self.begun.get(&row.source).zip(row.ended).is_some_and(|(begun, ended)| ended >= *begun);
            self.left.retain(|source| !(whole && *source == row.source));
        }
        self.left.is_empty()
    }
}

impl Site {
    /// A site on a province, with nothing done yet.
    pub fn new(province: &Province, kind: &Kind) -> Self {
        let folder = TempDir::new().expect("a folder");
        let text = configuration(province, kind);
        std::fs::write(folder.path().join("lienthong.toml"), text).expect("configuration");
        if let Some(url) = &kind.postgres {
            std::fs::write(folder.path().join("url"), url).expect("secret");
            std::fs::write(folder.path().join("key"), "07".repeat(32)).expect("secret");
            for secret in ["url", "key"] {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = std::fs::Permissions::from_mode(0o600);
                std::fs::set_permissions(folder.path().join(secret), mode).expect("mode");
            }
        }
        let start = format!("{TODAY}T02:00:00Z").parse().expect("an instant");
        Self { folder, began: Instant::now(), start }
    }

    /// The site's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.start + self.began.elapsed()
    }

    /// The file in which points that fired are written down.
    fn fired_file(&self) -> PathBuf {
        self.folder.path().join("fired")
    }

    /// Names of the points that fired so far, in order.
    pub fn fired(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.fired_file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The end of the daemons' log, for messages.
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// How often a daemon came to run: it has the folder and takes orders.
    pub fn runs(&self) -> usize {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.matches("\"message\":\"running\"").count()
    }

    fn program(&self) -> Command {
        let mut command = Command::new(project::program());
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("LANG", "C.UTF-8")
            .env("LIENTHONG__SIMULATION__CLOCK_START", self.now().to_rfc3339())
            .env("LIENTHONG_FAILPOINT_LOG", self.fired_file())
            .stdin(Stdio::null());
        command
    }

    /// Starts the daemon with points armed as the `fail` crate writes it; nothing armed = "".
    pub fn start(&self, points: &str) -> Daemon {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("a log");
        let child = self
            .program()
            .env("FAILPOINTS", points)
            .arg("run")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the daemon starts");
        Daemon(child)
    }

    /// Gives an order; exit code, what it printed, and its messages.
    pub async fn order(&self, arguments: &[&str]) -> (i32, Value, String) {
        let mut command = tokio::process::Command::from(self.program());
        let output = command.args(arguments).arg("--json").output().await.expect("an order starts");
        let printed = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), printed, told)
    }

    /// Gives an order that has to be carried out; gives what it printed.
    pub async fn ordered(&self, arguments: &[&str]) -> Value {
        let (exit, printed, told) = self.order(arguments).await;
        assert_eq!(exit, 0, "{arguments:?}: {printed} {told}\n{}", self.log());
        printed
    }

    /// What `status` says; none while nothing answers.
    pub async fn status(&self) -> Option<Value> {
        let (exit, printed, _) = self.order(&["status"]).await;
        (exit == 0).then_some(printed)
    }

    /// Where each source stands, out of a status.
    pub fn pulled(status: &Value) -> Vec<Pulled> {
        let at = |row: &Value, key: &str| row[key].as_str().and_then(|text| text.parse().ok());
        let rows = status["sources"].as_array().into_iter().flatten();
        rows.map(|row| Pulled {
            source: row["source"].as_str().unwrap_or_default().to_owned(),
            begun: at(row, "last_attempt_at"),
            ended: at(row, "last_success_at"),
        })
        .collect()
    }

    /// Watches from now on whether every source is read to its end.
    pub fn reading(&self) -> Reading {
        let left = SOURCES.iter().map(|(source, ..)| *source).collect();
        Reading { since: self.now(), begun: BTreeMap::new(), left }
    }

    /// Waits until every source was read to its end by a pull that began after this moment.
    pub async fn read_everything(&self) {
        let mut reading = self.reading();
        self.until("every source is read", async || {
            self.status().await.is_some_and(|status| reading.is_over(&status))
        })
        .await;
    }

    /// Waits until a condition holds, however long that takes within reason.
    pub async fn until(&self, what: &str, mut condition: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !condition().await {
            assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
}

/// A daemon; it is killed when dropped.
pub struct Daemon(Child);

impl Daemon {
    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child")
    }

    /// Kills it as SIGKILL does.
    pub fn kill(mut self) {
        self.0.kill().expect("a living child");
        self.0.wait().expect("a status");
    }

    /// Asks it to stop; how it ended.
    pub async fn terminate(mut self) -> ExitStatus {
        let pid = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the daemon does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn configuration(province: &Province, kind: &Kind) -> String {
    let file = |name: &str| format!("{:?}", province.file(name).display().to_string());
    let secret = |name: &str| format!("{{ file = {} }}", file(&format!("{name}.secret")));
    let url = |path: &str| format!("{:?}", province.url(path));
    let catalog = project::root().join("config/catalog-example.csv");
    let mut text = format!(
        "[daemon]\ndata_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
         [people]\nfile = {}\nunits_file = {}\n\
         [catalog]\nfile = {catalog:?}\nversion = \"test-2026\"\nvalid_from = 2026-01-01\n\
         [simulation]\nclock_start = {TODAY}T09:00:00+07:00\n{}\n",
        file("people.csv"),
        file("units.csv"),
        kind.more,
    );
    if kind.postgres.is_some() {
        text.push_str("[store]\nkind = \"postgres\"\nurl = { file = \"url\" }\n[keys]\nfield_key = { file = \"key\" }\n");
    }
    for (id, unit, manifest) in SOURCES {
        let (settings, secrets) = match manifest {
            "eoffice-open" => (
                format!("base_url = {}, username = \"lienthong\"", url(&format!("/eoffice/{id}/api"))),
                format!("password = {}", secret("eoffice")),
            ),
            "task-tracker" => (
                format!("base_url = {}", url(&format!("/tracker/{id}/v1"))),
                format!("api_key = {}", secret("tracker")),
            ),
            "ward-desk" => (
                format!("base_url = {}, username = \"lienthong\"", url(&format!("/ward/{id}/api"))),
                format!("password = {}", secret("ward")),
            ),
            "task-sheet" => (format!("folder = {}", file("drop")), String::new()),
            _ => (format!("database = {}", file("dakdoa.db")), String::new()),
        };
        let _infallible = write!(
            text,
            "\n[[source]]\nid = \"{id}\"\nunit = \"{unit}\"\nmanifest = \"{manifest}\"\nallow_http = true\n\
             schedule = \"* * * * * *\"\nfull_schedule = \"*/5 * * * * *\"\n\
             settings = {{ {settings} }}\nsecrets = {{ {secrets} }}\n",
        );
    }
    for (id, path, more) in [
        ("evaluation", "/evaluation/api/v1", ""),
        ("national", "/national", "org_code = \"000.00.15.H21\"\nsender_code = \"000.00.15.H21\"\n"),
    ] {
        let _infallible = write!(
            text,
            "\n[[target]]\nid = \"{id}\"\nkind = \"{id}\"\nbase_url = {}\nusername = \"lienthong\"\n\
             password = {}\nsimulated = true\nallow_http = true\n{more}",
            url(path),
            secret(id),
        );
    }
    text
}
