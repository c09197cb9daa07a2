//! A demonstration: the daemon against the simulated province.
//!
//! Owns the composition: a province in a folder, the configuration that connects it (written beside it for
//! reading), the daemon on embedded SQLite, and the personnel office (`officer`). With `--once` it runs to a
//! settled end, asks the receivers what they hold and says whether it all adds up.

use super::changed;
use super::office::{self, DOCUMENT, OFFICER, Office, Pace};
use crate::config::{self, Loaded, Overrides};
use crate::daemon::{Daemon, MetricsText};
use crate::domain::{Period, local_offset};
use crate::error::{Finding, Findings, Place, Text, io_cause};
use crate::pipeline::assemble::open_store;
use crate::pipeline::command::{Command, Executor as _, InputFile};
use crate::pipeline::execute::Installation;
use crate::simulator::{BODIES, Running, SECRETS, SimulatorConfig, start};
use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;

/// The demonstration's today: results of the third quarter are due, the year is about to be classified.
const TODAY: &str = "2026-12-07";
/// Ticks of life before a `--once` run settles.
const ONCE_TICKS: u64 = 120;
/// Longest a `--once` run may take before it gives up and says what was still open.
const ONCE_LIMIT: Duration = Duration::from_secs(240);

/// What kind of demonstration.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Folder of everything.
    pub folder: PathBuf,
    /// Run to a settled end.
    pub once: bool,
    /// Seed of the province.
    pub seed: u64,
    /// People.
    pub people: usize,
    /// Tasks at the beginning.
    pub tasks: usize,
    /// Port of the page; 0 = any.
    pub port: u16,
}

/// A running demonstration.
pub struct Demo {
    /// The daemon.
    pub daemon: Daemon,
    /// Its configuration.
    pub loaded: Loaded,
    province: Arc<Running>,
    office: Office,
    written: Written,
}

/// The configuration a demonstration wrote.
struct Written {
    path: PathBuf,
    text: String,
    /// Where its clock starts, as it stands there.
    begin: String,
}

impl Written {
    /// Puts the moment that was reached in the place of the one the clock started at: orders that are given after the
    /// end go on from there.
    fn reached(&self, moment: DateTime<Utc>) -> std::io::Result<()> {
        let text = self.text.replacen(&clock_start(&self.begin), &clock_start(&as_begin(moment)), 1);
        std::fs::write(&self.path, text)
    }
}

/// A moment as configurations say where a clock starts.
fn as_begin(moment: DateTime<Utc>) -> String {
    moment.with_timezone(&local_offset()).to_rfc3339_opts(SecondsFormat::Millis, false)
}

fn clock_start(begin: &str) -> String {
    format!("clock_start = {begin}\n")
}

impl Demo {
    /// Starts province and daemon.
    ///
    /// # Errors
    /// LT-RUN-030 the folder or a port cannot be used; every finding of the daemon's start.
    pub async fn start(options: &DemoOptions, metrics: MetricsText) -> Result<Self, Findings> {
        let today: NaiveDate = TODAY.parse().unwrap_or_default();
        let folder = std::path::absolute(&options.folder).unwrap_or_else(|_| options.folder.clone());
        let province_folder = folder.join("province");
        let trouble = |error: std::io::Error| Findings::from(unusable(&folder, &error));
        std::fs::create_dir_all(&province_folder).map_err(trouble)?;
        let config = SimulatorConfig {
            seed: options.seed,
            today,
            people: options.people,
            tasks: options.tasks,
            folder: province_folder.clone(),
            port: 0,
            last_tick: options.once.then_some(ONCE_TICKS),
            auto_tick_ms: Some(if options.once { 40 } else { 1_000 }),
        };
        let province = Arc::new(start(config).await.map_err(trouble)?);
        let catalog = folder.join("catalog.csv");
        std::fs::write(&catalog, include_bytes!("../../config/catalog-example.csv")).map_err(trouble)?;
        let path = folder.join("lienthong.toml");
        let port = province.address.port();
        let text = |begin: &str| configuration(&folder, &province_folder, (port, options.port), begin);
        let mut begin = format!("{TODAY}T09:00:00+07:00");
        if let Some(stood) = last_moment(&path, &text(&begin)).await? {
            begin = as_begin(stood);
        }
        let text = text(&begin);
        std::fs::write(&path, &text).map_err(trouble)?;
        let loaded = config::load_text(&path, &text, std::iter::empty(), &Overrides::default())?;
        let daemon = Daemon::start(&loaded, metrics).await.map_err(by_port)?;
        import_history(&daemon, &province_folder).await?;
        office::recognise(&daemon.app, today.year()).await?;
        let pace = if options.once { Pace::Hurried } else { Pace::Steady };
        let closing = Period::quarter_of(today).previous();
        let office = Office::open(&daemon.app, province.clone(), closing, pace);
        Ok(Self { daemon, loaded, province, office, written: Written { path, text, begin } })
    }

    /// Stops daemon and province, and keeps the moment they reached.
    pub async fn stop(self, limit: Duration) -> bool {
        drop(self.office);
        let clock = self.daemon.app.clock;
        let stopped = self.daemon.stop(limit).await;
        if let Err(error) = self.written.reached(clock.now()) {
            tracing::warn!(%error, "the moment the demonstration reached is not kept");
        }
        stopped
    }

    /// Waits until nothing is left to do, and gives the account of it: the document of `demo --once --json`, whether it
    /// all adds up, and what of it takes words.
    pub async fn settle(&self) -> Result<(Value, bool, Vec<Finding>), Findings> {
        let begun = Instant::now();
        let (mut quiet, mut open) = (0, String::new());
        while begun.elapsed() < ONCE_LIMIT {
            tokio::time::sleep(Duration::from_millis(300)).await;
            open = self.still_open().await?;
            quiet = if open.is_empty() { quiet + 1 } else { 0 };
            if quiet >= 4 {
                break;
            }
        }
        let changed = changed::changed(&self.daemon.app).await?;
        let mut account = self.account(&open).await?;
        account["changed"] = json!(changed);
        let adds_up = account["settled"] == true
            && account["lost"] == 0
            && account["duplicates"] == 0
            && account["mismatches"] == 0
            && account["approved_quarter"].as_u64() > Some(0)
            && account["approved_year"].as_u64() > Some(0);
        Ok((account, adds_up, changed::in_words(&changed)))
    }

    /// What is still open; empty when everything is settled.
    async fn still_open(&self) -> Result<String, Findings> {
        let app = &self.daemon.app;
        if !self.province.is_over() {
            return Ok("life goes on".to_owned());
        }
        if !self.office.has_reviewed() {
            return Ok("the office reviews tasks".to_owned());
        }
        let overview = app.store.overview().await.map_err(|error| error.finding())?;
        for source in app.sources.keys() {
            let state = app.store.source_state(source).await.map_err(|error| error.finding())?;
            let seen_the_end = state.last_success_at.is_some_and(|at| at >= self.over_since());
            if !seen_the_end {
                return Ok(format!("source {source} has not been read since life ended"));
            }
        }
        if let Some((step, count)) = overview.due.iter().find(|(_, count)| **count > 0) {
            return Ok(format!("{count} due in step {step}"));
        }
        if let Some((target, totals)) = overview.targets.iter().find(|(_, totals)| totals.waiting() > 0) {
            return Ok(format!("{} waiting for {target}", totals.waiting()));
        }
        let oracle = self.oracle().await?;
        let approved = |key: &str| oracle["evaluation"][key].as_u64().unwrap_or(0);
        let (quarter, year) = (approved("approved_quarter"), approved("approved_year"));
        let records = overview.records.get("delivered").copied().unwrap_or(0);
        if quarter == 0 || year == 0 || records < quarter + year {
            return Ok(format!("{quarter} quarters and {year} years approved, {records} delivered"));
        }
        Ok(String::new())
    }

    fn over_since(&self) -> chrono::DateTime<chrono::Utc> {
        // Sources are pulled every few seconds; one pull that began after this moment saw the end of life.
        self.daemon.app.clock.now() - chrono::TimeDelta::seconds(8)
    }

    async fn oracle(&self) -> Result<Value, Findings> {
        let name = "the simulated province";
        let mut options = crate::transport::Options::new(name, format!("http://{}", self.province.address));
        options.allow_http = true;
        let client = crate::transport::Client::new(options).map_err(|finding| Findings(vec![*finding]))?;
        let reply = client
            .send(crate::transport::Request::get("/sim/oracle"))
            .await
            .map_err(|error| Findings(vec![*error.finding]))?;
        Ok(serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    async fn account(&self, open: &str) -> Result<Value, Findings> {
        let app = &self.daemon.app;
        let overview = app.store.overview().await.map_err(|error| error.finding())?;
        let oracle = self.oracle().await?;
        let mut sources = Vec::new();
        for source in app.sources.keys() {
            let totals = overview.sources.get(source.as_str()).cloned().unwrap_or_default();
            let state = app.store.source_state(source).await.map_err(|error| error.finding())?;
            sources.push(json!({
                "id": source, "records": state.records_total, "events": totals.events, "tasks": totals.tasks, "rejected": totals.rejected,
            }));
        }
        let deliveries: u64 = overview.targets.values().flat_map(|target| target.states.values()).sum();
        let receipts: u64 = overview.targets.values().map(|target| target.receipts).sum();
        let judged = office::judge(app, &self.province).await?;
        let effects = oracle["national"]["effects"].as_u64().unwrap_or(0)
            + oracle["evaluation"]["effects"].as_u64().unwrap_or(0);
        Ok(json!({
            "settled": open.is_empty(),
            "open": open,
            "sources": sources,
            "people": overview.people,
            "tasks": overview.tasks,
            "identified": overview.identified,
            "mapped": overview.mapping.get("mapped").copied().unwrap_or(0),
            "review": overview.mapping.get("review").copied().unwrap_or(0),
            "mapping": judged,
            "scores": overview.scores,
            "records": overview.records.values().sum::<u64>(),
            "deliveries": deliveries,
            "receipts": receipts,
            "receiver_effects": effects,
            "lost": oracle["verdict"]["lost"],
            "duplicates": oracle["verdict"]["duplicates"],
            "mismatches": oracle["verdict"]["mismatches"],
            "approved_quarter": oracle["evaluation"]["approved_quarter"],
            "approved_year": oracle["evaluation"]["approved_year"],
            "examples": oracle["verdict"]["examples"],
        }))
    }
}

/// Where the time of a folder that was used before stood: the latest change or pull it keeps.
async fn last_moment(path: &Path, text: &str) -> Result<Option<DateTime<Utc>>, Findings> {
    let loaded = config::load_text(path, text, std::iter::empty(), &Overrides::default())?;
    if !loaded.config.database_file().exists() {
        return Ok(None);
    }
    let store = open_store(&loaded.config).await?;
    store.migrate().await.map_err(|error| error.finding())?;
    let latest = store.latest_audit().await.map_err(|error| error.finding())?;
    let mut moments: Vec<DateTime<Utc>> = latest.into_iter().collect();
    for source in BODIES.iter().filter_map(|body| body.source.parse().ok()) {
        let state = store.source_state(&source).await.map_err(|error| error.finding())?;
        moments.extend(state.last_attempt_at);
    }
    store.close().await;
    Ok(moments.into_iter().max())
}

async fn import_history(daemon: &Daemon, folder: &Path) -> Result<(), Findings> {
    let path = folder.join("history.csv");
    let bytes = std::fs::read(&path).map_err(|error| Findings::from(unusable(&path, &error)))?;
    let installation = Installation { app: daemon.app.clone() };
    let (progress, _) = unbounded_channel();
    let file = InputFile { name: "history.csv".into(), bytes };
    let outcome = installation
        .execute(
            Command::HistoryImport {
                file,
                document: Some(DOCUMENT.into()),
                author: OFFICER.into(),
                dry_run: false,
            },
            progress.clone(),
        )
        .await;
    if outcome.exit != 0 {
        return Err(Findings(outcome.findings));
    }
    let reason = "Tuyển dụng trong năm (mô phỏng)".to_owned();
    let outcome = installation
        .execute(
            Command::HistoryEmpty {
                people: Vec::new(),
                author: OFFICER.into(),
                reason,
                document: Some(DOCUMENT.into()),
                dry_run: false,
            },
            progress,
        )
        .await;
    if outcome.exit == 0 { Ok(()) } else { Err(Findings(outcome.findings)) }
}

/// Whoever runs a demonstration chose no address and writes no configuration: another port is an option.
fn by_port(mut findings: Findings) -> Findings {
    for finding in findings.0.iter_mut().filter(|finding| finding.code == "LT-RUN-003") {
        finding.place = Some(Place::of("--port"));
        finding.remedy = Text::new(
            "chọn cổng khác: `demo --port 8336`, hoặc `--port 0` để lấy cổng trống bất kỳ; có thể một bản trình diễn hoặc dịch vụ khác đang chạy (xem bằng: ss -ltnp)",
            "choose another port: `demo --port 8336`, or `--port 0` for any free one; another demonstration or daemon may be running (who that is: ss -ltnp)",
        );
    }
    findings
}

/// A folder the simulation cannot use.
pub fn unusable(path: &Path, error: &std::io::Error) -> Finding {
    Finding::error(
        "LT-RUN-030",
        Text::new("không dùng được thư mục của bản trình diễn", "the demonstration's folder cannot be used")
            .because(&io_cause(error)),
        Text::new("chọn thư mục khác bằng --data-dir", "choose another folder with --data-dir"),
    )
    .at(Place::of(path.display().to_string()))
}

/// How every configuration of the demonstration begins.
const MADE_BY_US: &str = "# Cấu hình của bản trình diễn, tạo lại mỗi lần chạy.";

/// Refuses a folder with a configuration or data of something else: nothing of it is written over.
///
/// # Errors
/// LT-RUN-030.
pub fn must_be_ours(folder: &Path) -> Result<(), Box<Finding>> {
    let made = std::fs::read_to_string(folder.join("lienthong.toml"));
    let held = folder.join("data/lienthong.db").exists();
    if made.as_ref().map_or(!held, |text| text.starts_with(MADE_BY_US)) {
        return Ok(());
    }
    let finding = Finding::error(
        "LT-RUN-030",
        Text::new(
            "thư mục này chứa cấu hình hoặc dữ liệu không phải của bản trình diễn; chưa có gì bị thay đổi",
            "this folder holds a configuration or data that are not the demonstration's; nothing was changed",
        ),
        Text::new("chọn thư mục khác bằng --data-dir", "choose another folder with --data-dir"),
    );
    Err(Box::new(finding.at(Place::of(folder.display().to_string()))))
}

/// The configuration of the demonstration, written like one of a real installation.
fn configuration(folder: &Path, province: &Path, (port, page): (u16, u16), begin: &str) -> String {
    let secret = |name: &str| {
        format!("{{ file = {:?} }}", province.join(format!("{name}.secret")).display().to_string())
    };
    let user = SECRETS.iter().find(|(name, _)| *name == "user").map_or("", |(_, user)| user);
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let file = |name: &str| province.join(name).display().to_string();
    let mut text = format!(
        "{MADE_BY_US} Made anew at every start of the demonstration.\n\n\
         [daemon]\nname = \"Tỉnh mô phỏng\"\ndata_dir = {:?}\nlisten = \"127.0.0.1:{page}\"\n\n\
         [people]\nfile = {:?}\nunits_file = {:?}\n\n\
         [catalog]\nfile = {:?}\nversion = \"demo-2026\"\nvalid_from = 2026-01-01\n\n\
         [simulation]\n{}",
        folder.join("data").display().to_string(),
        file("people.csv"),
        file("units.csv"),
        folder.join("catalog.csv").display().to_string(),
        clock_start(begin),
    );
    for body in &BODIES {
        use crate::simulator::Dialect;
        let (manifest, settings, secrets) = match body.dialect {
            Dialect::EOffice => (
                "eoffice-open",
                format!("base_url = {:?}, username = {user:?}", at(&format!("/eoffice/{}/api", body.source))),
                format!("password = {}", secret("eoffice")),
            ),
            Dialect::Tracker => (
                "task-tracker",
                format!("base_url = {:?}", at(&format!("/tracker/{}/v1", body.source))),
                format!("api_key = {}", secret("tracker")),
            ),
            Dialect::Ward => (
                "ward-desk",
                format!("base_url = {:?}, username = {user:?}", at(&format!("/ward/{}/api", body.source))),
                format!("password = {}", secret("ward")),
            ),
            Dialect::Sheets => ("task-sheet", format!("folder = {:?}", file("drop")), String::new()),
            Dialect::View => ("sql-view", format!("database = {:?}", file("dakdoa.db")), String::new()),
        };
        let _ = write!(
            text,
            "\n[[source]]\nid = \"{}\"\nunit = \"{}\"\nmanifest = \"{manifest}\"\nschedule = \"*/3 * * * * *\"\nallow_http = true\n\
             settings = {{ {settings} }}\nsecrets = {{ {secrets} }}\n",
            body.source, body.code,
        );
    }
    let _ = write!(
        text,
        "\n[[target]]\nid = \"evaluation\"\nkind = \"evaluation\"\nbase_url = {:?}\nusername = {user:?}\npassword = {}\nsimulated = true\nallow_http = true\n\
         \n[[target]]\nid = \"national\"\nkind = \"national\"\nbase_url = {:?}\nusername = {user:?}\npassword = {}\nsimulated = true\nallow_http = true\n\
         org_code = \"000.00.15.H21\"\nsender_code = \"000.00.15.H21\"\n",
        at("/evaluation/api/v1"),
        secret("evaluation"),
        at("/national"),
        secret("national"),
    );
    text
}
