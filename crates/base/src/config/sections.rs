//! What can be configured: one struct per section of the file.
//!
//! Owns names, types and ranges of every key; the defaults stand in `config/default.toml`, which is compiled
//! in. The JSON Schema that editors use and the loader's own checks both come from these types. It must not
//! know what a value is used for. Secrets are references, never values.

use super::cron_time::CronTime;
use super::secret::SecretRef;
use crate::domain::{CatalogVersion, Level, ProductCode, SourceId, TargetId, Unit, UnitCode, UnitKind};
use crate::error::Lang;
use chrono::{DateTime, NaiveDate, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "lienthong.toml", extend("x-layered" = true))]
pub struct Config {
    /// This process.
    pub daemon: Daemon,
    /// Where data is kept.
    pub store: StoreSection,
    /// Keys of encryption at rest.
    pub keys: Keys,
    /// Units of the province.
    #[serde(default)]
    pub unit: Vec<UnitEntry>,
    /// People and units read at the first start.
    pub people: People,
    /// The catalog read at the first start.
    pub catalog: Catalog,
    /// Connected source systems.
    #[serde(default)]
    pub source: Vec<SourceEntry>,
    /// Arithmetic of scores.
    pub scoring: Scoring,
    /// Finding the catalog product of a task.
    pub mapping: Mapping,
    /// Receivers of results.
    #[serde(default)]
    pub target: Vec<TargetEntry>,
    /// How results are delivered.
    pub delivery: Delivery,
    /// How long what is kept.
    pub retention: Retention,
    /// Holidays and swapped working days.
    pub calendar: Calendar,
    /// Demonstrations.
    pub simulation: Simulation,
    /// The status page.
    pub page: Page,
    /// Logs.
    pub log: Log,
    /// Limits that protect this process.
    pub limits: Limits,
}

/// Schema of the short texts people use as identifiers.
enum Id {}

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^[\p{L}\p{N}._-]+$" })
    }
}

/// Schema of a cron expression.
enum Cron {}

impl JsonSchema for Cron {
    fn schema_name() -> Cow<'static, str> {
        "Cron".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "cron" })
    }
}

/// This process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Daemon {
    /// Name of this installation, on the page and in messages to receivers.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Folder of the database, keys, lock and socket; made when missing.
    #[schemars(with = "String")]
    pub data_dir: PathBuf,
    /// Address of page, probes and metrics; port 0 takes any free one.
    #[schemars(with = "String", extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// A second address, which takes calls of sources ([source.webhook]) and nothing else; `listen` takes them too.
    #[schemars(with = "Option<String>", extend("format" = "socket-address"))]
    pub hooks_listen: Option<SocketAddr>,
    /// Language of the page for visitors who chose none.
    pub lang: Lang,
    /// Longest time a stop may take, seconds.
    #[schemars(range(min = 1, max = 300))]
    pub shutdown_s: u16,
    /// How often the configuration file and the manifests are looked at, seconds; 0 = never: they are read again by
    /// order alone.
    #[schemars(range(min = 0, max = 3_600))]
    pub watch_files_s: u16,
}

/// Kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// A file, for one replica.
    Sqlite,
    /// A server, for several.
    Postgres,
}

/// Where data is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct StoreSection {
    /// Kind of database.
    pub kind: StoreKind,
    /// SQLite file; none = lienthong.db in the data folder.
    #[schemars(with = "Option<String>")]
    pub path: Option<PathBuf>,
    /// PostgreSQL connection URL with its password.
    pub url: Option<SecretRef>,
    /// Most connections of this replica to PostgreSQL.
    #[schemars(range(min = 2, max = 100))]
    pub max_connections: u32,
}

/// Keys of encryption at rest.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Keys {
    /// 32 bytes in base64 or hex; none = keys/field.key in the data folder, made at the first start (SQLite only).
    pub field_key: Option<SecretRef>,
}

/// One unit.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitEntry {
    /// Code in this installation.
    #[schemars(with = "Id")]
    pub code: UnitCode,
    /// Name as printed on forms.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Kind of body.
    pub kind: UnitKind,
    /// Code of the unit above; none for the root.
    #[schemars(with = "Option<Id>")]
    pub parent: Option<UnitCode>,
    /// Agency code for exchange, for example H21.15.
    #[schemars(length(min = 1, max = 40))]
    pub org_code: Option<String>,
}

impl From<UnitEntry> for Unit {
    fn from(entry: UnitEntry) -> Self {
        Self {
            code: entry.code,
            name: entry.name,
            kind: entry.kind,
            parent: entry.parent,
            org_code: entry.org_code,
        }
    }
}

/// People and units read at the first start.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct People {
    /// People file (CSV or XLSX), imported while nobody is known; later files come by `people import`.
    #[schemars(with = "Option<String>")]
    pub file: Option<PathBuf>,
    /// Units file (CSV or XLSX), beside or instead of [[unit]].
    #[schemars(with = "Option<String>")]
    pub units_file: Option<PathBuf>,
}

/// The catalog read at the first start.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Catalog {
    /// Catalog file (CSV or XLSX), imported while no catalog is known; later versions come by `catalog import`.
    #[schemars(with = "Option<String>")]
    pub file: Option<PathBuf>,
    /// Name of that version.
    #[schemars(with = "Option<Id>")]
    pub version: Option<CatalogVersion>,
    /// First day on which assigned tasks use it.
    pub valid_from: Option<NaiveDate>,
}

/// One connected source system.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Name of the source.
    #[schemars(with = "Id")]
    pub id: SourceId,
    /// Unit whose system it is.
    #[schemars(with = "Id")]
    pub unit: UnitCode,
    /// Manifest: a path, or the name of a folder in connectors/.
    #[schemars(length(min = 1, max = 500))]
    pub manifest: String,
    /// Kind of system, as evidence for mapping; none = what the manifest says.
    #[schemars(length(min = 1, max = 40))]
    pub system: Option<String>,
    /// When changes are pulled: crontab's five fields, or six with seconds in front, in Asia/Ho_Chi_Minh.
    #[schemars(with = "Cron")]
    pub schedule: CronTime,
    /// When everything is read again; none = never.
    #[schemars(with = "Option<Cron>")]
    pub full_schedule: Option<CronTime>,
    /// Whether it is pulled at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Settings the manifest asks for.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Secrets the manifest asks for.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretRef>,
    /// PEM file of the only authority trusted; none = the system's.
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// Whether plain http is permitted.
    #[serde(default)]
    pub allow_http: bool,
    /// When what the source shows cannot be true: the pull stops, and a person looks at it.
    #[serde(default)]
    pub gates: Gates,
    /// How it may say by itself that something changed; none = it is asked by schedule alone.
    pub webhook: Option<Webhook>,
}

/// How the bytes of a signature are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureEncoding {
    /// Two digits each.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// How a source says by itself that something changed: a call to `/hooks/<id>`, signed with HMAC-SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// What both sides sign with.
    pub secret: SecretRef,
    /// Header of the signature.
    #[schemars(length(min = 1, max = 100))]
    pub header: String,
    /// What stands before the signature in its header.
    #[serde(default)]
    pub prefix: String,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: SignatureEncoding,
    /// What is signed: `{body}`, and headers by their names in braces.
    #[serde(default = "body_alone")]
    #[schemars(length(min = 6, max = 500))]
    pub signed: String,
    /// Header with the time of the call; it must be signed.
    #[schemars(length(min = 1, max = 100))]
    pub timestamp_header: Option<String>,
    /// How far that time may be from ours, seconds.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 10, max = 3_600))]
    pub tolerance_s: u16,
    /// Largest body, KiB.
    #[serde(default = "some_body")]
    #[schemars(range(min = 1, max = 1_024))]
    pub body_kib: u16,
    /// Shortest time between two pulls such calls cause, seconds.
    #[serde(default = "half_a_minute")]
    #[schemars(range(min = 1, max = 3_600))]
    pub at_most_every_s: u16,
}

fn body_alone() -> String {
    "{body}".to_owned()
}

fn five_minutes() -> u16 {
    300
}

fn some_body() -> u16 {
    256
}

fn half_a_minute() -> u16 {
    30
}

/// When what a source shows cannot be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Least share of the tasks known, or usually seen, that a pull of everything must see, percent; 0 = any.
    #[schemars(range(min = 0, max = 100))]
    pub least_percent: u8,
    /// Most times as many tasks as known ones after one pull; 0 = any.
    #[schemars(range(min = 0, max = 10_000))]
    pub most_times: u16,
    /// Known tasks from which on `least_percent`, `most_times`, tombstones and "none of these records is known" are judged.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub from_tasks: u32,
    /// Missing or deleted tasks from which on `least_percent` is judged of fewer known ones than `from_tasks` too.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub from_missing: u32,
    /// Share of the known tasks above which it is told that a full pull called so many gone, percent, from `from_missing`
    /// tasks on; 100 = never.
    #[schemars(range(min = 0, max = 100))]
    pub told_percent: u8,
    /// Changed tasks with an assignee, a due day, a completion or a quantity from which on a run stops where more than
    /// half of them lose it; 0 = never.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub from_changed: u32,
    /// Tasks one account completes within `bulk_minutes` before it is told; 0 = never.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub bulk_close: u32,
    /// See `bulk_close`, minutes.
    #[schemars(range(min = 1, max = 1_440))]
    pub bulk_minutes: u16,
    /// Largest quantity one task can have: a record above it is rejected; 0 = any.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub most_quantity: u32,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            least_percent: 50,
            most_times: 10,
            from_tasks: 50,
            from_missing: 4,
            told_percent: 10,
            from_changed: 10,
            bulk_close: 30,
            bulk_minutes: 10,
            most_quantity: 1_000,
        }
    }
}

fn yes() -> bool {
    true
}

/// Arithmetic of scores.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Scoring {
    /// Rule set files, each with its dates; empty = the built-in set of Decree 335/2025.
    #[schemars(with = "Vec<String>")]
    pub rule_sets: Vec<PathBuf>,
    /// Month and day (MM-DD) from which the year is computed.
    #[schemars(regex(pattern = r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), extend("examples" = ["12-01"]))]
    pub year_opens: String,
    /// Day of a quarter's or month's last month from which its results may be approved.
    #[schemars(range(min = 1, max = 28))]
    pub assessment_opens: u8,
}

impl Scoring {
    /// Month and day of `year_opens`.
    pub fn year_opens(&self) -> (u32, u32) {
        let parsed =
            self.year_opens.split_once('-').and_then(|(m, d)| Some((m.parse().ok()?, d.parse().ok()?)));
        parsed.unwrap_or((12, 1))
    }
}

/// Finding the catalog product of a task.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Mapping {
    /// File of exact rules; none = no exact rules.
    #[schemars(with = "Option<String>")]
    pub rules: Option<PathBuf>,
    /// File of this province's own short forms, beside the built-in ones; none = the built-in ones alone.
    #[schemars(with = "Option<String>")]
    pub abbreviations: Option<PathBuf>,
    /// Share of automatic text decisions that shall be right.
    #[schemars(range(min = 0.5, max = 0.999))]
    pub target_precision: f64,
    /// Whether a person's decision counts only once a second person confirmed it.
    pub four_eyes: bool,
    /// Code of the catalog's product for everything it does not name, for `pending_coefficient_policy = "catch_all"`.
    #[schemars(with = "Option<Id>")]
    pub catch_all: Option<ProductCode>,
}

/// Kind of receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// The national database of cadres, civil servants and public employees.
    National,
    /// The province's evaluation software.
    Evaluation,
}

/// One receiver.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetEntry {
    /// Name of the target.
    #[schemars(with = "Id")]
    pub id: TargetId,
    /// Kind of receiver.
    pub kind: TargetKind,
    /// Where it lives, without a trailing slash.
    #[schemars(extend("format" = "http-url"))]
    pub base_url: String,
    /// Account of this installation.
    #[schemars(length(min = 1, max = 200))]
    pub username: String,
    /// Password of that account.
    pub password: SecretRef,
    /// Whether it is the simulated one. Any other national database needs confirmed lists.
    #[serde(default)]
    pub simulated: bool,
    /// Agency code the account may write for (`org_Code`); national only.
    pub org_code: Option<String>,
    /// Code of the sending system (`Sender_Code`); national only.
    pub sender_code: Option<String>,
    /// Path of the message service under the base URL; national only.
    pub path: Option<String>,
    /// Codes of levels; national only. Defaults: config/national-codes.toml.
    pub code_list: Option<CodeList>,
    /// Names of fields; national only. Defaults: config/national-codes.toml.
    pub field_map: Option<FieldNames>,
    /// PEM file of the only authority trusted; none = the system's.
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// Whether plain http is permitted.
    #[serde(default)]
    pub allow_http: bool,
}

impl TargetEntry {
    /// Whether anything may be sent: simulated, evaluation software, or both lists confirmed.
    pub fn is_released(&self) -> bool {
        let confirmed = self.code_list.as_ref().is_some_and(|list| list.confirmed)
            && self.field_map.as_ref().is_some_and(|map| map.confirmed);
        self.simulated || self.kind == TargetKind::Evaluation || confirmed
    }
}

/// Codes of levels in the national database's list `KetQuaDanhGia`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct CodeList {
    /// Whether someone compared this list with the receiver's own.
    pub confirmed: bool,
    /// Hoàn thành xuất sắc nhiệm vụ.
    pub excellent: String,
    /// Hoàn thành tốt nhiệm vụ.
    pub good: String,
    /// Hoàn thành nhiệm vụ.
    pub completed: String,
    /// Không hoàn thành nhiệm vụ.
    pub not_completed: String,
    /// A row without a level, such as a quarter.
    pub no_level: String,
}

impl CodeList {
    /// Level → code.
    pub fn codes(&self) -> BTreeMap<Level, String> {
        BTreeMap::from([
            (Level::Excellent, self.excellent.clone()),
            (Level::Good, self.good.clone()),
            (Level::Completed, self.completed.clone()),
            (Level::NotCompleted, self.not_completed.clone()),
        ])
    }
}

/// Names of the fields of one result row, and the words of a period. An empty name leaves the field out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct FieldNames {
    /// Whether someone compared these names with the receiver's own.
    pub confirmed: bool,
    /// Level code.
    pub level: String,
    /// Year.
    pub year: String,
    /// Period word.
    pub period: String,
    /// Printed score.
    pub score: String,
    /// Day of the decision.
    pub decided_on: String,
    /// Decision number.
    pub decision_no: String,
    /// Words of the four quarters.
    pub quarters: [String; 4],
    /// Words of the two halves.
    pub halves: [String; 2],
    /// Word of the year.
    pub whole_year: String,
}

/// How results are delivered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Delivery {
    /// Requests to one target at the same time.
    #[schemars(range(min = 1, max = 64))]
    pub parallel: u16,
}

/// How long what is kept; nothing of a year that is not closed ever goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Retention {
    /// Days answers of sources are kept after they came; 0 = for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub answers_days: u32,
    /// Days rejected records are kept after they were seen last, once they are settled; 0 = for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub rejected_days: u32,
    /// Days payloads of deliveries are kept after they were settled; 0 = for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub deliveries_days: u32,
    /// Days citizen ids are kept after a person's last post; 0 = for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub left_people_days: u32,
    /// Days earlier results are kept after another import replaced them; 0 = for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub replaced_history_days: u32,
}

/// Holidays and swapped working days.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Calendar {
    /// Holiday table; none = the built-in one.
    #[schemars(with = "Option<String>")]
    pub file: Option<PathBuf>,
}

/// Demonstrations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Simulation {
    /// Time the clock shows at the start; refused unless every target is simulated.
    pub clock_start: Option<DateTime<Utc>>,
}

/// The status page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Page {
    /// Whether `listen` may be an address other computers reach. The page has no login.
    pub allow_remote: bool,
    /// Host names under which the page may be asked for, beside IP addresses and `localhost`; the name a reverse
    /// proxy passes on belongs here. Anything else is refused: a foreign name is DNS rebinding.
    pub hosts: Vec<String>,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Pretty,
    /// For programs.
    Json,
}

/// Logs, written to standard error.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Log {
    /// Form of lines.
    pub format: LogFormat,
    /// What is logged: a level, or `target=level` pairs separated by commas.
    #[schemars(extend("format" = "log-filter"))]
    pub filter: String,
}

/// Limits that protect this process.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-layered" = true))]
pub struct Limits {
    /// Largest answer of a source or target after decompression, MiB.
    #[schemars(range(min = 1, max = 1024))]
    pub answer_mib: u16,
    /// Longest exchange with a source or target, seconds.
    #[schemars(range(min = 1, max = 600))]
    pub exchange_s: u16,
    /// Detail calls to one source at the same time.
    #[schemars(range(min = 1, max = 64))]
    pub parallel_details: u16,
}
