//! The conformance test of a manifest: recorded answers in, expected drafts out, nothing from outside.
//!
//! Owns running a folder of `connectors/`: it serves `samples/*.json` on this machine (for drop folders: the files
//! of `samples/`, dropped in the order of their names; for SQLite views: a database made by `samples/*.sql`),
//! connects the manifest to them, pulls everything twice, calls details, reads drafts and compares them with
//! `expected/`. It must not know any vendor. What differs comes back as findings with file, record and field.

mod differs;

use super::http::SourceLimits;
use super::manifest::{self, DatabaseKind, Kind, Loaded, Setting};
use super::preview::{self, Outcome as Becomes};
use super::{
    Connector, Detailed, OpenSource, Presence, PullMode, PullRequest, RawRecord, Step, details_of, open, sql,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Finding, Findings, Severity};
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use differs::{broken, differs, no_sample, nothing_expected};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio_util::task::AbortOnDropHandle;

/// Largest body a recorded request may have.
const MAX_REQUEST: usize = 1024 * 1024;

/// What running a folder gave.
#[derive(Debug)]
pub struct Report {
    /// Name of the manifest.
    pub name: String,
    /// Drafts in the order of the list.
    pub drafts: Vec<TaskDraft>,
    /// Rows in the order of the list, of people and units: the cells that are filled, by their columns.
    pub rows: Vec<Value>,
    /// Keys of tombstones.
    pub deleted: Vec<String>,
    /// Records that their kept answers were asked for again.
    pub listed_again: u64,
    /// Key (where there is one) and code of each rejected record.
    pub rejected: Vec<(Option<String>, String)>,
    /// Everything that is not as it should be; empty means the manifest conforms.
    pub problems: Vec<Finding>,
}

/// One recorded exchange.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    request: SampleRequest,
    reply: SampleReply,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleRequest {
    #[serde(default = "get")]
    method: String,
    path: String,
    /// Parameters that must be present with these values.
    #[serde(default)]
    query: BTreeMap<String, String>,
    /// Headers that must be present with these values.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The JSON body the request must have.
    #[serde(default)]
    body: Option<Value>,
    /// Texts the body of the request must hold, where it is no JSON.
    #[serde(default)]
    contains: Vec<String>,
}

fn get() -> String {
    "GET".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleReply {
    #[serde(default = "ok")]
    status: u16,
    /// Headers; `{base}` stands for the address of the server.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// JSON body.
    #[serde(default)]
    body: Option<Value>,
    /// Body as text, for answers that are no JSON.
    #[serde(default)]
    text: Option<String>,
}

fn ok() -> u16 {
    200
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedRejection {
    external_id: Option<String>,
    code: String,
}

/// A manifest with its recorded answers at hand: nothing leaves this machine.
pub(super) struct Bench {
    folder: PathBuf,
    pub(super) loaded: Arc<Loaded>,
    pub(super) server: Server,
    scratch: Scratch,
}

impl Bench {
    /// Serves, drops or builds what `samples/` holds.
    pub(super) async fn new(folder: &Path) -> Result<Self, Findings> {
        let loaded = Arc::new(manifest::load(&folder.join("manifest.toml"))?);
        let trouble = |why: std::io::Error| Findings::from(broken(folder, &why.to_string()));
        let samples = match loaded.manifest.kind {
            Kind::Http | Kind::Vxp => samples(&folder.join("samples"))?,
            Kind::Folder | Kind::View | Kind::Process => Vec::new(),
        };
        let server = Server::start(samples).await.map_err(trouble)?;
        let scratch = Scratch::new(&loaded.manifest.name).map_err(trouble)?;
        match (loaded.manifest.kind, &loaded.manifest.view) {
            (Kind::Folder, _) => scratch.drop_files(&folder.join("samples")).map_err(trouble)?,
            (Kind::Process, _) => {
                let secrets: Vec<String> = secrets(&loaded).collect();
                scratch.player(&folder.join("samples"), &secrets).map_err(trouble)?;
            }
            (Kind::View, Some(view)) if view.database == DatabaseKind::Sqlite => {
                let scripts = scripts(&folder.join("samples")).map_err(trouble)?;
                sql::make_sqlite(&scratch.place, &scripts)
                    .await
                    .map_err(|finding| Findings::from(*finding))?;
            }
            _ => {}
        }
        Ok(Self { folder: folder.to_path_buf(), loaded, server, scratch })
    }

    /// The connector, its secrets being the examples of the manifest, or `wrong`.
    pub(super) fn connect(&self, wrong: Option<&str>) -> Result<Arc<dyn Connector>, Findings> {
        connect(&self.folder, &self.loaded, &self.server.base, &self.scratch, wrong)
    }

    /// The secrets it is given.
    pub(super) fn secrets(&self) -> Vec<String> {
        secrets(&self.loaded).collect()
    }
}

fn secrets(loaded: &Loaded) -> impl Iterator<Item = String> {
    loaded.manifest.settings.values().filter(|setting| setting.secret).map(example)
}

/// The example of a setting.
fn example(setting: &Setting) -> String {
    setting.example.clone().unwrap_or_else(|| "example".to_owned())
}

/// Runs one folder and compares it with what it expects. An error means it could not be run at all.
pub async fn run(folder: &Path) -> Result<Report, Findings> {
    let (mut report, is_list) = read(folder).await?;
    compare(folder, is_list, &mut report)?;
    Ok(report)
}

/// Runs one folder and writes into `expected/` what it gives now.
///
/// # Errors
/// It could not be run at all, or not be written; or what reading it told: half a reading is nothing to expect, so what
/// `expected/` holds stays.
pub async fn expect(folder: &Path) -> Result<Report, Findings> {
    let (report, is_list) = read(folder).await?;
    if !report.problems.is_empty() {
        return Err(Findings(report.problems));
    }
    let place = folder.join("expected");
    let broken = |why: std::io::Error| Findings::from(broken(&place, &why.to_string()));
    std::fs::create_dir_all(&place).map_err(broken)?;
    let write = |name: &str, value: Value| {
        let text = serde_json::to_string_pretty(&value).unwrap_or_default() + "\n";
        std::fs::write(place.join(name), text).map_err(broken)
    };
    // What an earlier run expected and nothing gives any more goes.
    let write_some = |name: &str, values: Vec<Value>| match place.join(name) {
        file if values.is_empty() && file.exists() => std::fs::remove_file(file).map_err(broken),
        _ if values.is_empty() => Ok(()),
        _ => write(name, Value::from(values)),
    };
    match is_list {
        true => write("rows.json", Value::from(report.rows.clone()))?,
        false => write("drafts.json", serde_json::to_value(&report.drafts).unwrap_or_default())?,
    }
    write_some("deleted.json", report.deleted.iter().map(|key| Value::from(key.as_str())).collect())?;
    let rejected = report.rejected.iter();
    let rejected = rejected.map(|(key, code)| serde_json::json!({ "external_id": key, "code": code }));
    write_some("rejected.json", rejected.collect())?;
    Ok(report)
}

/// Reads everything a folder's samples show, twice; whether they are people or units.
async fn read(folder: &Path) -> Result<(Report, bool), Findings> {
    let bench = Bench::new(folder).await?;
    let (loaded, connector) = (&bench.loaded, bench.connect(None)?);
    let mut report = Report {
        name: loaded.manifest.name.clone(),
        drafts: Vec::new(),
        rows: Vec::new(),
        deleted: Vec::new(),
        listed_again: 0,
        rejected: Vec::new(),
        problems: Vec::new(),
    };
    let first = read_all(connector.as_ref(), &mut report).await;
    let kept = (
        (std::mem::take(&mut report.drafts), std::mem::take(&mut report.rows)),
        std::mem::take(&mut report.rejected),
        std::mem::take(&mut report.deleted),
    );
    let second = read_all(connector.as_ref(), &mut report).await;
    if first != second {
        report.problems.push(differs(
            folder,
            "samples",
            "hai lần đọc cho kết quả khác nhau",
            "two full reads differ",
        ));
    }
    ((report.drafts, report.rows), report.rejected, report.deleted) = kept;
    let unanswered = bench.server.unanswered();
    if !unanswered.is_empty() {
        // The server of samples had nothing to say: what the connector makes of that is no word about the real one.
        report.problems.retain(|finding| !finding.code.starts_with("LT-NET-"));
    }
    let mut told = HashSet::new();
    let unanswered = unanswered.iter().filter(|request| told.insert(request.as_str()));
    report.problems.extend(unanswered.map(|request| no_sample(folder, request)));
    Ok((report, connector.rows().is_some()))
}

fn connect(
    folder: &Path,
    loaded: &Arc<Loaded>,
    base: &str,
    scratch: &Scratch,
    wrong: Option<&str>,
) -> Result<Arc<dyn Connector>, Findings> {
    let (place, given) = (
        scratch.place.display().to_string(),
        match loaded.manifest.kind {
            Kind::Http | Kind::Vxp => "base_url",
            Kind::Folder => "folder",
            Kind::View => "database",
            Kind::Process => "program",
        },
    );
    if !loaded.manifest.settings.contains_key(given) {
        return Err(broken(folder, &format!("the manifest has no setting \"{given}\"")).into());
    }
    let (mut settings, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for (name, setting) in &loaded.manifest.settings {
        let example = match wrong {
            Some(wrong) if setting.secret => wrong.to_owned(),
            _ => example(setting),
        };
        match (setting.secret, name.as_str()) {
            (true, _) => drop(secrets.insert(name.clone(), SecretString::from(example))),
            (false, "base_url") => drop(settings.insert(name.clone(), base.to_owned())),
            (false, "folder" | "database" | "program") => drop(settings.insert(name.clone(), place.clone())),
            (false, _) => drop(settings.insert(name.clone(), example)),
        }
    }
    let file = folder.join("manifest.toml");
    let manifest =
        std::fs::read_to_string(&file).map_err(|why| Findings::from(broken(&file, &why.to_string())))?;
    let id =
        SourceId::new("conformance").map_err(|error| Findings::from(broken(folder, &error.to_string())))?;
    let opened = open(OpenSource {
        id,
        manifest_name: file.display().to_string(),
        manifest,
        settings,
        secrets,
        folder: folder.to_path_buf(),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    })?;
    Ok(opened.connector)
}

/// A folder of its own for files and databases; removed when dropped.
struct Scratch {
    root: PathBuf,
    /// The drop folder, or the database file.
    place: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> std::io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir()
            .join(format!("lienthong-conformance-{}-{number}-{name}", std::process::id()));
        std::fs::create_dir_all(&root)?;
        let place = root.join("place");
        Ok(Self { root, place })
    }

    /// Writes a program that plays recorded lines, each file for the command it is named after; it refuses a
    /// configuration without the secrets.
    fn player(&self, samples: &Path, secrets: &[String]) -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let mut script =
            "#!/bin/sh\nfor a in \"$@\"; do case $a in */config.json) config=$a;; esac; done\n".to_owned();
        for secret in secrets {
            let secret = quoted(secret);
            script += &format!(
                "[ -z \"$config\" ] || grep -qF {secret} \"$config\" || {{ echo refused >&2; exit 1; }}\n"
            );
        }
        script += "case \" $* \" in\n";
        for (sign, file) in [
            ("' spec '*", "spec.json"),
            ("' check '*", "check.json"),
            ("*' --discover '*|' discover '*", "discover.json"),
            ("*", "read.jsonl"),
        ] {
            if samples.join(file).exists() {
                let recorded = std::fs::read_to_string(samples.join(file))?;
                script += &format!("{sign}) printf '%s' {};;\n", quoted(&recorded));
            }
        }
        std::fs::write(&self.place, script + "esac\n")?;
        std::fs::set_permissions(&self.place, std::fs::Permissions::from_mode(0o700))
    }

    /// Copies files in the order of their names, a minute apart: a checkout keeps no times.
    fn drop_files(&self, samples: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.place)?;
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(samples)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        for (minute, file) in (0u64..).zip(files) {
            let Some(name) = file.file_name() else { continue };
            let copy = self.place.join(name);
            std::fs::copy(&file, &copy)?;
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + minute * 60);
            std::fs::File::options().append(true).open(&copy)?.set_modified(time)?;
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn scripts(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files.iter().map(std::fs::read_to_string).collect()
}

/// One full pull; gives key and hash of every record.
async fn read_all(connector: &dyn Connector, report: &mut Report) -> Vec<(String, [u8; 16])> {
    // Later than every sample: none of them is half written or of the future.
    let now = DateTime::<Utc>::from_timestamp_nanos(7_258_118_400_000_000_000);
    let request = PullRequest { mode: PullMode::Full, cursor: None, now };
    let mut seen = Vec::new();
    let mut pull = match connector.pull(request).await {
        Ok(pull) => pull,
        Err(error) => {
            report.problems.push(*error.finding);
            return seen;
        }
    };
    loop {
        match pull.next_page().await {
            Ok(Step::Page(page)) => {
                seen.extend(page.records.iter().map(|record| (record.external_id.clone(), record.hash)));
                if !connector.abilities().details {
                    list_again(connector, page.body.clone(), None, &page.records, report);
                }
                report.rejected.extend(
                    page.rejected
                        .into_iter()
                        .map(|rejection| (rejection.external_id, rejection.finding.code)),
                );
                if let Err(finding) = read_page(connector, page.body, page.records, report).await {
                    report.problems.push(*finding);
                    return seen;
                }
            }
            Ok(Step::End(end)) => {
                // What is only worth knowing is no problem, and what this machine's kernel lacks not the manifest's fault.
                let told =
                    |finding: &Finding| finding.severity != Severity::Info && finding.code != "LT-PRC-017";
                report.problems.extend(end.findings.into_iter().filter(told));
                return seen;
            }
            Err(error) => {
                report.problems.push(*error.finding);
                return seen;
            }
        }
    }
}

/// What is kept of an answer must list its records as they were read.
fn list_again(
    connector: &dyn Connector,
    body: Bytes,
    details: Option<Bytes>,
    records: &[RawRecord],
    report: &mut Report,
) {
    let Some(again) = connector.list_again(body, details) else { return };
    // What is kept does not say the name of the file it came in.
    let same = |record: &RawRecord, again: &RawRecord| {
        RawRecord { file: record.file.clone(), ..again.clone() } == *record
    };
    let listed =
        |record: &RawRecord| again.as_ref().is_ok_and(|again| again.iter().any(|again| same(record, again)));
    report.problems.extend(records.iter().filter(|record| !listed(record)).map(|record| {
        let key = &record.external_id;
        let vi = format!("câu trả lời đã lưu không còn cho bản ghi {key} như lúc nhận");
        let en = format!("the kept answer does not list the record {key} as it came");
        differs(Path::new(&report.name), "", &vi, &en)
    }));
    report.listed_again += records.len() as u64;
}

async fn read_page(
    connector: &dyn Connector,
    body: Bytes,
    records: Vec<RawRecord>,
    report: &mut Report,
) -> Result<(), Box<Finding>> {
    let (shown, deleted): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record.presence == Presence::Shown);
    report.deleted.extend(deleted.into_iter().map(|record| record.external_id));
    let detailed = connector.detail(shown).await.map_err(|error| error.finding)?;
    if connector.abilities().details {
        let complete = |outcome: &Detailed| match outcome {
            Detailed::Complete(record) => Some(record.clone()),
            Detailed::Rejected(_) | Detailed::Vanished(_) => None,
        };
        let completed: Vec<RawRecord> = detailed.iter().filter_map(complete).collect();
        list_again(connector, body, Some(details_of(completed.iter())), &completed, report);
    }
    for detailed in detailed {
        let outcome = match detailed {
            Detailed::Complete(record) => preview::outcome(connector, &record),
            Detailed::Rejected(rejection) => Err(Box::new(rejection)),
            Detailed::Vanished(finding) => return Err(finding),
        };
        match outcome {
            Ok(Becomes::Draft(draft)) => report.drafts.push(*draft),
            Ok(Becomes::Row(cells)) => {
                let cells = cells.into_iter().map(|(name, cell)| (name.to_owned(), Value::from(cell)));
                report.rows.push(Value::Object(cells.collect()));
            }
            Ok(Becomes::Deleted | Becomes::Rejected(_)) => {}
            Err(rejection) => report.rejected.push((rejection.external_id, rejection.finding.code)),
        }
    }
    Ok(())
}

fn compare(folder: &Path, is_list: bool, report: &mut Report) -> Result<(), Findings> {
    let rejected_file = folder.join("expected/rejected.json");
    let rejected: Vec<ExpectedRejection> =
        if rejected_file.exists() { read_json(&rejected_file)? } else { Vec::new() };
    let got: Vec<ExpectedRejection> = report
        .rejected
        .iter()
        .map(|(external_id, code)| ExpectedRejection { external_id: external_id.clone(), code: code.clone() })
        .collect();
    if got != rejected {
        let named = |list: &[ExpectedRejection]| -> Vec<String> {
            let name = |one: &ExpectedRejection| match &one.external_id {
                Some(key) => format!("{key} ({})", one.code),
                None => format!("– ({})", one.code),
            };
            list.iter().map(name).collect()
        };
        let (vi, en) = unequal(("bản ghi bị loại", "rejected records"), &named(&got), &named(&rejected));
        report.problems.push(differs(folder, "expected/rejected.json", &vi, &en));
    }
    let deleted_file = folder.join("expected/deleted.json");
    let deleted: Vec<String> = if deleted_file.exists() { read_json(&deleted_file)? } else { Vec::new() };
    if report.deleted != deleted {
        let (vi, en) = unequal(("bản ghi đã xóa", "deleted records"), &report.deleted, &deleted);
        report.problems.push(differs(folder, "expected/deleted.json", &vi, &en));
    }
    if is_list {
        let rows = std::mem::take(&mut report.rows);
        compare_all(folder, "expected/rows.json", "row", &rows, report)?;
        report.rows = rows;
        return Ok(());
    }
    let drafts: Vec<Value> =
        report.drafts.iter().map(|draft| serde_json::to_value(draft).unwrap_or_default()).collect();
    compare_all(folder, "expected/drafts.json", "draft", &drafts, report)
}

/// Compares what was read with what a file expects, one by one; of each the first member that differs is told.
fn compare_all(
    folder: &Path,
    file: &str,
    noun: &str,
    read: &[Value],
    report: &mut Report,
) -> Result<(), Findings> {
    if !folder.join(file).exists() {
        report.problems.push(nothing_expected(folder, file));
        return Ok(());
    }
    let expected: Vec<Value> = read_json(&folder.join(file))?;
    if read.len() != expected.len() {
        let vi = format!("có {} bản ghi, cần {}", read.len(), expected.len());
        let en = format!("there are {} {noun}s, expected {}", read.len(), expected.len());
        report.problems.push(differs(folder, file, &vi, &en));
    }
    for (number, (got, expected)) in read.iter().zip(&expected).enumerate() {
        let key = got.get("external_id").and_then(Value::as_str);
        let key = key.map_or_else(|| format!("{noun} {}", number + 1), str::to_owned);
        let fields = expected.as_object().into_iter().flatten().map(|(name, _)| name);
        let fields = fields.chain(got.as_object().into_iter().flatten().map(|(name, _)| name));
        for field in fields {
            let (is, should) =
                (got.get(field).unwrap_or(&Value::Null), expected.get(field).unwrap_or(&Value::Null));
            if is != should {
                let what = format!("{key}.{field}: {is} != {should}");
                report.problems.push(differs(folder, file, &what, &what));
                break;
            }
        }
    }
    Ok(())
}

fn samples(folder: &Path) -> Result<Vec<Sample>, Findings> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| Findings::from(broken(folder, &error.to_string())))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().map(|file| read_json(file)).collect()
}

/// What two lists of names do not share, in both languages.
fn unequal((vi, en): (&str, &str), got: &[String], expected: &[String]) -> (String, String) {
    const NAMED: usize = 5;
    let without = |all: &[String], others: &[String]| {
        let left: Vec<String> = all
            .iter()
            .filter(|one| !others.contains(one))
            .map(|one| crate::domain::CitizenId::mask_in(one))
            .collect();
        let more = if left.len() > NAMED { ", …" } else { "" };
        let shown = left.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        (!left.is_empty()).then(|| shown + more)
    };
    let parts = |unexpected: &str, missing: &str, order: &str| {
        let unexpected = without(got, expected).map(|list| format!("{unexpected}: {list}"));
        let missing = without(expected, got).map(|list| format!("{missing}: {list}"));
        let parts: Vec<String> = unexpected.into_iter().chain(missing).collect();
        if parts.is_empty() { order.to_owned() } else { parts.join("; ") }
    };
    (
        format!("{vi} khác mong đợi: {}", parts("thừa", "thiếu", "thứ tự hoặc số lần khác")),
        format!("{en} are not those expected: {}", parts("unexpected", "missing", "another order or number")),
    )
}

fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, Findings> {
    let bytes = std::fs::read(file).map_err(|error| Findings::from(broken(file, &error.to_string())))?;
    serde_json::from_slice(&bytes).map_err(|error| Findings::from(broken(file, &error.to_string())))
}

/// How the server of recorded answers behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Mood {
    /// It answers.
    #[default]
    Good,
    /// It asks whoever comes for the first time with a request to wait a second.
    Busy,
    /// It takes requests and never answers.
    Silent,
}

struct Recorded {
    samples: Vec<Sample>,
    base: String,
    unanswered: Mutex<Vec<String>>,
    mood: Mutex<Mood>,
    /// Requests that were asked to wait.
    waited: Mutex<HashSet<String>>,
    /// Requests taken and not yet answered.
    taken: AtomicU64,
}

/// A server of recorded answers on this machine; it ends when dropped.
pub(super) struct Server {
    pub(super) base: String,
    recorded: Arc<Recorded>,
    _task: AbortOnDropHandle<()>,
}

impl Server {
    async fn start(samples: Vec<Sample>) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let recorded = Arc::new(Recorded {
            samples,
            base: base.clone(),
            unanswered: Mutex::default(),
            mood: Mutex::default(),
            waited: Mutex::default(),
            taken: AtomicU64::new(0),
        });
        let router = axum::Router::new().fallback(answer).with_state(recorded.clone());
        let task = tokio::spawn(async move {
            // It serves until the task is aborted; an accept error ends it and shows as a failed request.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { base, recorded, _task: AbortOnDropHandle::new(task) })
    }

    fn unanswered(&self) -> Vec<String> {
        self.recorded.unanswered.lock().map(|list| list.clone()).unwrap_or_default()
    }

    /// Changes how it behaves.
    pub(super) fn is(&self, mood: Mood) {
        if let Ok(mut held) = self.recorded.mood.lock() {
            *held = mood;
        }
    }

    /// How many requests it asked to wait.
    pub(super) fn waited(&self) -> usize {
        self.recorded.waited.lock().map_or(0, |waited| waited.len())
    }

    /// Headers that the recorded answers ask for: they let somebody in.
    pub(super) fn credentials(&self) -> impl Iterator<Item = &str> {
        let lets_in = |name: &str| {
            let name = name.to_lowercase();
            ["authorization", "cookie", "key", "token", "secret"].iter().any(|word| name.contains(word))
        };
        let headers = self.recorded.samples.iter().flat_map(|sample| &sample.request.headers);
        headers.filter(move |(name, _)| lets_in(name)).map(|(_, value)| value.as_str())
    }

    /// Requests that somebody still waits for.
    pub(super) fn taken(&self) -> u64 {
        self.recorded.taken.load(Ordering::SeqCst)
    }
}

/// A request somebody waits for; counted until it is answered or dropped.
struct Taken<'a>(&'a AtomicU64);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(State(recorded): State<Arc<Recorded>>, request: Request) -> Response {
    recorded.taken.fetch_add(1, Ordering::SeqCst);
    let _taken = Taken(&recorded.taken);
    let mood = recorded.mood.lock().map(|mood| *mood).unwrap_or_default();
    let asked = format!("{} {}", request.method(), request.uri());
    let is_new = || recorded.waited.lock().is_ok_and(|mut waited| waited.insert(asked.clone()));
    match mood {
        Mood::Silent => std::future::pending().await,
        Mood::Busy if is_new() => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "").into_response();
        }
        Mood::Good | Mood::Busy => {}
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_REQUEST).await.unwrap_or_default();
    let query: BTreeMap<String, String> = reqwest::Url::parse(&format!("{}{}", recorded.base, parts.uri))
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default();
    let asks = |sample: &&Sample| {
        sample.request.method == parts.method.as_str()
            && sample.request.path == parts.uri.path()
            && sample.request.query.iter().all(|(name, value)| query.get(name) == Some(value))
    };
    let fits = |sample: &&Sample| {
        asks(sample)
            && has_headers(&parts.headers, &sample.request.headers)
            && has_body(&body, sample.request.body.as_ref())
            && holds(&body, &sample.request.contains)
    };
    // The sample that asks for most parameters is the most particular one; of equals the one that asks who it is.
    let particular = |sample: &&Sample| {
        let SampleRequest { query, contains, headers, .. } = &sample.request;
        (query.len() + contains.len(), headers.len())
    };
    let Some(sample) = recorded.samples.iter().filter(fits).max_by_key(particular) else {
        if let Ok(mut list) = recorded.unanswered.lock() {
            list.push(format!("{} {}", parts.method, parts.uri));
        }
        // Right but for its headers or body: who asks is not who was recorded.
        let stranger = recorded.samples.iter().any(|sample| asks(&sample));
        return if stranger { StatusCode::UNAUTHORIZED } else { StatusCode::NOT_FOUND }.into_response();
    };
    reply(&sample.reply, &recorded.base)
}

fn has_headers(headers: &HeaderMap, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(name, value)| headers.get(name).and_then(|given| given.to_str().ok()) == Some(value))
}

fn has_body(body: &Bytes, wanted: Option<&Value>) -> bool {
    wanted.is_none_or(|wanted| serde_json::from_slice::<Value>(body).is_ok_and(|given| given == *wanted))
}

fn holds(body: &Bytes, wanted: &[String]) -> bool {
    let body = String::from_utf8_lossy(body);
    wanted.iter().all(|wanted| body.contains(wanted.as_str()))
}

fn reply(sample: &SampleReply, base: &str) -> Response {
    let body = match (&sample.body, &sample.text) {
        (Some(body), _) => body.to_string(),
        (None, Some(text)) => text.clone(),
        (None, None) => String::new(),
    };
    let status = StatusCode::from_u16(sample.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [("content-type", "application/json")], body).into_response();
    for (name, value) in &sample.headers {
        let value = value.replace("{base}", base);
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
