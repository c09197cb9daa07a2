//! Sections of a manifest that only HTTP/JSON sources have.
//!
//! Owns their TOML shape and defaults; what they do is `connector::http`'s business. Texts marked as
//! templates may hold `{{ … }}`.

pub use super::auth::{AuthSection, LimitsSection};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[transport]`: how to reach the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransportSection {
    /// Address all paths are relative to; a template over `settings`. Requests never leave its scheme, host
    /// and port.
    pub base_url: String,
    /// Allows `http://` (also possible per source in the configuration). Default: false.
    #[serde(default)]
    pub allow_http: bool,
    /// Follows redirects that stay on the same scheme, host and port. Default: false.
    #[serde(default)]
    pub follow_redirects: bool,
    /// Seconds until a connection stands. Default: 10.
    #[serde(default = "default_connect")]
    pub connect_timeout_s: u32,
    /// Seconds between two pieces of an answer. Default: 30.
    #[serde(default = "default_read")]
    pub read_timeout_s: u32,
    /// Seconds for one whole answer. Default: 120.
    #[serde(default = "default_total")]
    pub total_timeout_s: u32,
    /// Largest answer in MiB after decompression. Default: 64.
    #[serde(default = "default_mib")]
    pub max_answer_mib: u32,
    /// Further headers; templates over `settings`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Repeating one request.
    #[serde(default)]
    pub retry: RetrySection,
    /// Header that carries a new number with every request, such as `X-Road-Id`; the number is logged.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Our certificate, for systems that ask for one: PEM text, a template over `settings` and `secrets`.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Its key: PEM text without password, a template over `settings` and `secrets`.
    #[serde(default)]
    pub key: Option<String>,
}

fn default_connect() -> u32 {
    10
}
fn default_read() -> u32 {
    30
}
fn default_total() -> u32 {
    120
}
fn default_mib() -> u32 {
    64
}

/// `[transport.retry]`: repeating one request after 408, 425, 429, 5xx or a broken connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySection {
    /// Attempts in all, 1–10. Default: 4.
    pub attempts: u32,
    /// Milliseconds before the second attempt at most; doubles each time. Default: 500.
    pub first_wait_ms: u32,
    /// Longest wait in seconds within one run, also for Retry-After; a source that asks for more is left for
    /// a later run. Default: 60.
    pub max_wait_s: u32,
}

impl Default for RetrySection {
    fn default() -> Self {
        Self { attempts: 4, first_wait_ms: 500, max_wait_s: 60 }
    }
}

/// Request method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    #[default]
    Get,
    /// POST; only for queries that change nothing.
    Post,
    /// PROPFIND of WebDAV, with an XML body.
    Propfind,
    /// REPORT of WebDAV and CalDAV, with an XML body.
    Report,
}

impl Method {
    fn is_get(&self) -> bool {
        *self == Self::Get
    }
}

/// Format of a list's answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// One JSON document.
    #[default]
    Json,
    /// One JSON object per line.
    JsonLines,
    /// CSV, or a workbook: the first line that names the key column is the header.
    Csv,
    /// XML.
    Xml,
}

/// `[stream]`: the list of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamSection {
    /// Path of the list; a template over `settings`.
    pub path: String,
    /// Default: GET.
    #[serde(default)]
    pub method: Method,
    /// Further query parameters; templates over `settings`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body of a POST; every text in it is a template over `settings`. Parameters of paging and
    /// incremental pulls are added to it.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// XML body of a POST, PROPFIND or REPORT; a template whose values are escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml: Option<String>,
    /// Format of the answers. Default: json.
    #[serde(default)]
    pub format: BodyFormat,
    /// Place of the list of records in a JSON answer, empty where the answer itself is the list; place of the record
    /// element in an XML answer, `Envelope/Body/GetTasksResponse/Task`. Other formats have none.
    #[serde(default)]
    pub records: Option<String>,
    /// Prefixes for places in XML answers whose namespace matters, with their URIs.
    #[serde(default)]
    pub namespaces: BTreeMap<String, String>,
    /// Children of an XML record that are a list even where only one stands there: `Steps.Step`.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Names of the values of a row, where rows are lists without names: `[[1, "a"], [2, "b"]]`. Default: rows are objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Place of the key in a record.
    pub key: String,
    /// Place of the source's own total in the answer.
    #[serde(default)]
    pub total: Option<String>,
    /// Header with the source's own total.
    #[serde(default)]
    pub total_header: Option<String>,
    /// How a tombstone shows: a record whose value at `path` is one of `one_of` says that its task was deleted.
    #[serde(default)]
    pub deleted: Option<CheckSection>,
    /// How an answer says that it was cut: a record whose value at `path` is one of `one_of` is no task, and the list
    /// goes on from the answer's mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<CheckSection>,
    /// Place in an XML record of a text that is iCalendar; its components stand there as members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icalendar: Option<String>,
    /// Members of a record that change without meaning anything (counters, the total in every row): they do
    /// not make a record count as changed.
    #[serde(default)]
    pub volatile: Vec<String>,
    /// Whether the order of an object's members may differ from answer to answer without meaning anything. Default: kept.
    #[serde(default)]
    pub member_order: MemberOrder,
    /// Whether a full pull shows every task the unit has; only then may missing ones be called gone.
    /// Default: true.
    #[serde(default = "default_true")]
    pub full_is_complete: bool,
    /// Asks for the list only where it changed since the last pull (`If-None-Match`, `If-Modified-Since`). For lists
    /// of one answer. Default: false.
    #[serde(default)]
    pub conditional: bool,
    /// `stable`: paging sees each record once. `shifting`: it repeats and loses rows, so the list is read
    /// until passes agree. Default: stable.
    #[serde(default)]
    pub snapshot: Snapshot,
    /// Most passes over a shifting list. Default: 6.
    #[serde(default = "default_passes")]
    pub max_passes: u32,
    /// Detail calls at the same time, 1–16. Default: 4.
    #[serde(default = "default_details")]
    pub detail_concurrency: u32,
    /// Whose details a full pull asks for again although the listed record did not change. Default: nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details_again: Option<DetailsAgainSection>,
    /// Whether keys are unique in the whole source, or only within a parent and partition; then these stand before
    /// them. Default: source.
    #[serde(default)]
    pub key_scope: KeyScope,
    /// Parents and partitions whose lists are read at the same time, in turns, 1–8. Default: 1.
    #[serde(default = "default_parents_at_once")]
    pub parent_concurrency: u32,
    /// Largest record in KiB; a larger one is rejected alone. Default: 8192.
    #[serde(default = "default_record")]
    pub max_record_kib: u32,
}

fn default_true() -> bool {
    true
}
fn default_passes() -> u32 {
    6
}
fn default_details() -> u32 {
    4
}
fn default_parents_at_once() -> u32 {
    1
}
fn default_record() -> u32 {
    8192
}

/// Whose details a full pull asks for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailsAgainSection {
    /// Tasks that are not done yet, or all.
    pub of: DetailsOf,
    /// Each task in every n-th full pull, 1–1000; each pull asks for about as many. Default: 1.
    #[serde(default = "default_every_pull")]
    pub every: u32,
}

fn default_every_pull() -> u32 {
    1
}

/// Which tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DetailsOf {
    /// Those that are not done yet.
    Open,
    /// All of them.
    All,
}

/// Within what a record's key is unique.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// In the whole source.
    #[default]
    Source,
    /// Within its parent and partition: `17` below parent `A` is `A/17`.
    Parent,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// In the query.
    Query,
    /// In the JSON body of a POST, at a place such as `filter.page`.
    Body,
}

/// What the order of members says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberOrder {
    /// A record whose members come in another order counts as changed.
    #[default]
    Kept,
    /// Members come in any order, as from systems that build them anew at every start.
    Varies,
}

/// Whether paging through a list is reliable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Snapshot {
    /// Each record is seen once.
    #[default]
    Stable,
    /// Rows move between pages while they are read.
    Shifting,
}

/// `[paging]`: how the list goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PagingSection {
    /// Which way.
    pub kind: PagingKind,
    /// Parameter of the page number, offset, cursor, last key or first id. Left out where a template of the request
    /// names the value itself (`{{ page }}`, `{{ offset }}`, `{{ cursor }}`, `{{ last_key }}`).
    #[serde(default)]
    pub param: Option<String>,
    /// Where parameters of paging stand; in the body they may be places such as `filter.page`. Default: in the body of
    /// a POST that has one, else in the query.
    #[serde(default, rename = "in")]
    pub place: Option<Placement>,
    /// Parameter of the last change, for `keyset`.
    #[serde(default)]
    pub changed_param: Option<String>,
    /// Parameter of the last id of a range, for `id_range`.
    #[serde(default)]
    pub until_param: Option<String>,
    /// Place of the highest id there is, for `id_range`.
    #[serde(default)]
    pub highest: Option<String>,
    /// Parameter of the page size.
    #[serde(default)]
    pub size_param: Option<String>,
    /// Records asked for per page. Default: 100.
    #[serde(default = "default_size")]
    pub size: u32,
    /// Number of the first page, or the first id of `id_range`. Default: 1.
    #[serde(default = "default_first")]
    pub first: u32,
    /// Place of the next cursor or URL in the answer.
    #[serde(default)]
    pub next: Option<String>,
    /// Header with the next URL.
    #[serde(default)]
    pub header: Option<String>,
    /// When the list ends, for `page` and `offset`. Default: empty_page.
    #[serde(default)]
    pub stop: Stop,
    /// Most pages of one pass; more is an error. Default: 100,000.
    #[serde(default = "default_pages")]
    pub max_pages: u32,
}

impl Default for PagingSection {
    fn default() -> Self {
        Self {
            kind: PagingKind::None,
            param: None,
            place: None,
            changed_param: None,
            until_param: None,
            highest: None,
            size_param: None,
            size: default_size(),
            first: default_first(),
            next: None,
            header: None,
            stop: Stop::default(),
            max_pages: default_pages(),
        }
    }
}

fn default_size() -> u32 {
    100
}
fn default_first() -> u32 {
    1
}
fn default_pages() -> u32 {
    100_000
}

/// Ways of paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagingKind {
    /// One answer holds everything.
    None,
    /// `param` = page number, `size_param` = page size.
    Page,
    /// `param` = records to skip, `size_param` = page size.
    Offset,
    /// `param` = the opaque cursor found at `next`; it ends when there is none.
    Cursor,
    /// The `Link` header with rel="next".
    Link,
    /// The header named by `header` holds the next URL.
    NextHeader,
    /// The place `next` of the answer holds the next URL.
    NextUrl,
    /// `param` = the last key seen, `changed_param` = its time of change: the list is in this order and goes on behind
    /// them.
    Keyset,
    /// `param` = first id, `until_param` = last id, `size` ids at a time, up to the id found at `highest`.
    IdRange,
}

/// When a numbered list ends. The source's total ends it in any case, once exactly so many records were seen; a list
/// with more of them is read to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// At the first page without records: right also where the system cuts the page size without saying so.
    #[default]
    EmptyPage,
    /// At the first page with fewer records than asked for: saves one request.
    ShortPage,
}

/// `[incremental]`: asking for changes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncrementalSection {
    /// Parameter "changed since", included. Left out where a template of the request names `since`.
    #[serde(default)]
    pub param: Option<String>,
    /// Where both parameters stand; in the body they may be places such as `filter.from`. Default: in the body of a
    /// POST that has one, else in the query.
    #[serde(default, rename = "in")]
    pub place: Option<Placement>,
    /// Parameter "changed until", where there is one; used for backfills and windows.
    #[serde(default)]
    pub until_param: Option<String>,
    /// How the moment is written: `epoch_ms`, `epoch_s`, `rfc3339` or a pattern such as `%d/%m/%Y %H:%M:%S`. Required
    /// but with `mark`.
    #[serde(default)]
    pub format: String,
    /// Place in the answer of an opaque mark (a sync token, a sequence) that goes into the next request in place of a
    /// moment, as `param` or as `mark` of a template. A mark the source refuses means that everything is read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Offset in which a pattern is written. Default: that of the manifest.
    #[serde(default)]
    pub zone: Option<String>,
    /// Seconds asked for again before the last known change: late commits, equal times, wrong clocks.
    /// Default: 600.
    #[serde(default = "default_overlap")]
    pub overlap_s: u32,
    /// Place of the time of change in a record. Without it the start of the pull is the next cursor.
    #[serde(default)]
    pub field: Option<String>,
    /// Header of the list's first answer with the moment up to which it is current (`ETag`, `Date`): the next
    /// cursor, in the source's own clock. Goes before `field`. Quotes and `W/` are left out.
    #[serde(default)]
    pub header: Option<String>,
    /// Spellings of `field` and `header`. Default: auto.
    #[serde(default)]
    pub date: Vec<String>,
    /// The list comes in order of `field`, oldest first: then each page is a point to go on from.
    #[serde(default)]
    pub sorted: bool,
}

fn default_overlap() -> u32 {
    600
}

/// `[window]`: a source that shows only a span of time at once. Each pull goes from window to window, oldest first, and
/// each window is a point to go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowSection {
    /// First day that is asked for, `2024-01-31`; a template over `settings`. No task may be older.
    pub start: String,
    /// Days in one window, 1–366.
    #[serde(default)]
    pub step_days: Option<u32>,
    /// Hours in one window, 1–8784, where `incremental.format` writes a time of day.
    #[serde(default)]
    pub step_hours: Option<u32>,
}

/// `[partition]`: the list is asked for once per value, for example per code of a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionSection {
    /// The values; templates over `settings`. One that gives several, parted by commas, stands for all of them.
    pub values: Vec<String>,
}

/// `[[parent]]`: a list whose records give `parent` to the requests below it. Several stand one below the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParentSection {
    /// What messages call it.
    pub name: String,
    /// Path of its list; a template over `settings`, `partition` and the `parent` above it.
    pub path: String,
    /// Default: GET.
    #[serde(default)]
    pub method: Method,
    /// Query parameters; templates.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body of a POST; every text in it is a template.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// Place of the list of parents in the answer; empty where the answer itself is the list.
    pub records: String,
    /// Place of the key in a parent.
    pub key: String,
    /// Place of the source's own total in the answer.
    #[serde(default)]
    pub total: Option<String>,
    /// How this list goes on; as `[paging]`.
    #[serde(default)]
    pub paging: PagingSection,
    /// An expression over `record`; only parents for which it is true are asked for their records.
    #[serde(default)]
    pub when: Option<String>,
    /// Members of the parent that its records get as `$parent`. Default: all.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Most parents; more is an error. Default: 10,000.
    #[serde(default = "default_parents")]
    pub max: u32,
    /// What a parent whose records are refused means. Default: fail.
    #[serde(default)]
    pub on_error: OnError,
}

fn default_parents() -> u32 {
    10_000
}

/// What a parent whose records are refused means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The pull fails.
    #[default]
    Fail,
    /// It is told, the other parents are read, nothing is called gone and the point to go on from stays.
    Skip,
}

/// `[export]`: the source writes its list into a file first. The list of `[stream]` is asked for when that is done;
/// its templates may name `export`, the export's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportSection {
    /// Path of the call that starts it; a template like those of `[stream]`.
    pub path: String,
    /// Default: POST.
    #[serde(default = "default_start")]
    pub method: Method,
    /// Query parameters; templates.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body; every text in it is a template.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// Place of the export's id in the answer.
    pub id: String,
    /// Asking whether it is done.
    pub poll: PollSection,
}

fn default_start() -> Method {
    Method::Post
}

/// `[export.poll]`: asking whether an export is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollSection {
    /// Path; a template that may name `export`.
    pub path: String,
    /// Query parameters; templates.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Place of the state in the answer.
    pub state: String,
    /// States that mean it is done.
    pub done: Vec<String>,
    /// States that mean it failed.
    #[serde(default)]
    pub failed: Vec<String>,
    /// Place of the reason of a failure.
    #[serde(default)]
    pub error_text: Option<String>,
    /// Place of the address of the file; without it the file is at `stream.path`.
    #[serde(default)]
    pub address: Option<String>,
    /// Seconds between two questions, 1–3600; a longer Retry-After is kept. Default: 10.
    #[serde(default = "default_every")]
    pub every_s: u32,
    /// Seconds until an export that is not done is an error, 1–86400. Default: 1800.
    #[serde(default = "default_wait")]
    pub timeout_s: u32,
}

fn default_every() -> u32 {
    10
}
fn default_wait() -> u32 {
    1_800
}

/// `[[detail]]`: a further call per new or changed record; its answer stands in the record as `$name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailSection {
    /// Name, letters, digits and `_`.
    pub name: String,
    /// Path; a template over `settings`, `key` and `record`.
    pub path: String,
    /// Default: GET.
    // What is left out changes no manifest's fingerprint: its records are not read once more.
    #[serde(default, skip_serializing_if = "Method::is_get")]
    pub method: Method,
    /// Query parameters; templates over `settings`, `key` and `record`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body of a POST; every text in it is a template over `settings`, `key` and `record`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
    /// A SOAP call in place of the list's; needs `[soap]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soap: Option<DetailCallSection>,
    /// Place in the answer that is taken; of an XML answer the elements at this place. Default: the whole JSON answer.
    #[serde(default)]
    pub select: String,
    /// An expression over `record`; the call is made only when it is true.
    #[serde(default)]
    pub when: Option<String>,
}

/// `[detail.soap]`: the call that asks for a record's detail; version, namespaces and security are those of `[soap]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetailCallSection {
    /// The action of the call. Default: empty.
    #[serde(default)]
    pub action: String,
    /// Further blocks of the header, as XML; a template like `body`.
    #[serde(default)]
    pub header: Option<String>,
    /// Content of the body, as XML; a template over `settings`, `key` and `record` whose values are escaped.
    pub body: String,
}

/// `[success]`: what a good answer looks like, beyond the status code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessSection {
    /// Status codes. Default: 200.
    #[serde(default = "default_status")]
    pub status: Vec<u16>,
    /// Values that must stand in the answer.
    #[serde(default)]
    pub check: Vec<CheckSection>,
    /// Values that say, whatever the status, that the account or its session was refused: as a 401 they renew the
    /// session once and then start the pause that keeps accounts from being locked.
    #[serde(default)]
    pub refused: Vec<CheckSection>,
    /// Place of the error text in an answer that is not good.
    #[serde(default)]
    pub error_text: Option<String>,
}

impl Default for SuccessSection {
    fn default() -> Self {
        Self { status: default_status(), check: Vec::new(), refused: Vec::new(), error_text: None }
    }
}

fn default_status() -> Vec<u16> {
    vec![200]
}

/// One value that must stand in an answer, or must not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSection {
    /// Its place.
    pub path: String,
    /// What it may be, as text: `true`, `0`, `ok`.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// Nothing but null may stand there, as `error` in good answers of JSON-RPC. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
}
