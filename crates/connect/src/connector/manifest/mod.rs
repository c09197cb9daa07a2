//! The manifest: a TOML file that connects one kind of source system without Rust.
//!
//! Owns the file's shape, its JSON Schema, loading with every problem at once (file, line, column, nearest
//! known key) and the fingerprint of everything that decides how a record is read. It must not know how
//! sources are reached. A manifest that loads is a manifest whose rules, templates and expressions compile.

pub mod auth;
pub mod edxml;
pub mod folder;
pub mod http;
mod position;
mod problem;
pub mod process;
pub mod soap;
pub mod users;
mod view;

pub use folder::{FolderFormat, FolderSection, LastLine, SheetsSection, SheetsWord};
pub use problem::Problem;
pub use view::{DatabaseKind, ViewSection};

use super::drift::DriftSection;
use super::http::plan::Plan;
use super::rule::spec::{EventRule, FieldRules, HistoryRules, Rule};
use super::rule::{Reader, RowReader};
use super::{RawRecord, Rejection};
use crate::domain::{DirectoryContent, TaskDraft, local_offset};
use crate::error::{Finding, Findings, Place, Text, io_cause};
use chrono::FixedOffset;
use edxml::{EdxmlSection, VxpSection};
pub(in crate::connector) use http::AuthSection;
use http::{
    DetailSection, ExportSection, IncrementalSection, LimitsSection, MemberOrder, PagingSection,
    ParentSection, PartitionSection, StreamSection, SuccessSection, TransportSection, WindowSection,
};
use position::Document;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The manifest language this program reads.
pub const FORMAT_VERSION: u32 = 1;

/// Largest manifest file.
const MAX_BYTES: u64 = 1024 * 1024;

/// Kinds of source systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// JSON over HTTP.
    Http,
    /// A folder into which spreadsheets are dropped.
    Folder,
    /// A view in a database.
    View,
    /// A child program that speaks Singer or the Airbyte protocol.
    Process,
    /// The national document axis.
    Vxp,
}

/// What records are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Tasks.
    #[default]
    Tasks,
    /// Posts of people.
    People,
    /// Units.
    Units,
    /// Leave of people.
    Leave,
}

impl Content {
    /// Which list of a personnel system it is.
    fn list(self) -> Option<DirectoryContent> {
        match self {
            Self::Tasks => None,
            Self::People => Some(DirectoryContent::People),
            Self::Units => Some(DirectoryContent::Units),
            Self::Leave => Some(DirectoryContent::Leave),
        }
    }
}

/// Compiled rules of its records.
#[derive(Debug)]
enum Reading {
    Tasks(Box<Reader>),
    Rows(RowReader),
}

/// A manifest as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest language; 1.
    pub format_version: u32,
    /// Kind of source.
    pub kind: Kind,
    /// Name, as sources refer to it.
    pub name: String,
    /// Version of this manifest, for people.
    pub version: String,
    /// What it connects.
    pub title: Label,
    /// Vendor, system and versions it was tried with.
    #[serde(default)]
    pub certified: Vec<String>,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<String>,
    /// Where the system's own documentation is.
    #[serde(default)]
    pub docs: Option<String>,
    /// Licence of the manifest.
    #[serde(default)]
    pub license: Option<String>,
    /// Offset of times without one. Default: `+07:00`.
    #[serde(default)]
    pub zone: Option<String>,
    /// What a source has to give.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Kind of system, as evidence for mapping: `QLVB`, `NHIEMVU`, `EXCEL` …
    #[serde(default)]
    pub system: Option<String>,
    /// The folder, for kind `folder`.
    #[serde(default)]
    pub folder: Option<FolderSection>,
    /// The view, for kind `view`.
    #[serde(default)]
    pub view: Option<ViewSection>,
    /// The program, for kind `process`.
    #[serde(default)]
    pub process: Option<process::ProcessSection>,
    /// How edXML packages are read and which of them are tasks.
    #[serde(default)]
    pub edxml: EdxmlSection,
    /// The document axis, for kind `vxp`.
    #[serde(default)]
    pub vxp: Option<VxpSection>,
    /// How to reach the system.
    #[serde(default)]
    pub transport: Option<TransportSection>,
    /// How to be let in.
    #[serde(default)]
    pub auth: AuthSection,
    /// How fast the system may be asked.
    #[serde(default)]
    pub limits: LimitsSection,
    /// The list of tasks.
    #[serde(default)]
    pub stream: Option<StreamSection>,
    /// The SOAP call that asks for the list.
    #[serde(default)]
    pub soap: Option<soap::SoapSection>,
    /// How the list goes on.
    #[serde(default)]
    pub paging: PagingSection,
    /// Asking for changes only.
    #[serde(default)]
    pub incremental: Option<IncrementalSection>,
    /// A source that shows only a span of time at once.
    #[serde(default)]
    pub window: Option<WindowSection>,
    /// Values the list is asked for one after the other.
    #[serde(default)]
    pub partition: Option<PartitionSection>,
    /// Users who are each shown only what is theirs.
    #[serde(default)]
    pub users: Option<users::UsersSection>,
    /// Lists whose records have the tasks below them.
    #[serde(default)]
    pub parent: Vec<ParentSection>,
    /// A list the source writes into a file first.
    #[serde(default)]
    pub export: Option<ExportSection>,
    /// Further calls per record.
    #[serde(default)]
    pub detail: Vec<DetailSection>,
    /// What a good answer looks like.
    #[serde(default)]
    pub success: SuccessSection,
    /// What its records are.
    #[serde(default)]
    pub content: Content,
    /// Rules of the task's fields. Needed where records are tasks.
    #[serde(default)]
    pub fields: Option<FieldRules>,
    /// Rules of the columns of a row, where records are people or units.
    #[serde(default)]
    pub row: BTreeMap<String, Rule>,
    /// Rules of the task's history.
    #[serde(default)]
    pub events: Option<HistoryRules>,
    /// Events that follow from dates in the record.
    #[serde(default)]
    pub event: Vec<EventRule>,
    /// What happens when records change their shape.
    #[serde(default)]
    pub drift: DriftSection,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// One thing a source has to give in the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What it is.
    pub label: Label,
    /// An example; the conformance test uses it.
    #[serde(default)]
    pub example: Option<String>,
    /// Value when the source gives none. Without it the setting is required.
    #[serde(default)]
    pub default: Option<String>,
    /// A secret: given by reference only, used in `[auth]` only, never shown.
    #[serde(default)]
    pub secret: bool,
}

/// A manifest that was checked and compiled.
#[derive(Debug)]
pub struct Loaded {
    /// As written.
    pub manifest: Manifest,
    /// Compiled rules.
    reading: Reading,
    /// Compiled requests, for HTTP sources.
    pub http: Option<Plan>,
    /// Compiled section, for child programs.
    pub process: Option<process::ProcessPlan>,
    /// Digest of everything that decides how a record is read: a record whose hash was made with another
    /// fingerprint counts as changed.
    pub fingerprint: [u8; 32],
}

impl Loaded {
    /// Reads a record into a draft. `whose` names the source in the rejection of a record that stands in no file.
    ///
    /// # Errors
    /// Why it cannot be read; LT-SRC-070 where the records of this manifest are no tasks.
    pub fn read(&self, whose: &str, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        match &self.reading {
            Reading::Tasks(reader) => reader.read(whose, record),
            Reading::Rows(_) => Err(Box::new(Rejection {
                external_id: Some(record.external_id.clone()),
                index: record.index,
                body: record.body.clone(),
                finding: Problem::no_tasks().at(Place::of(whose)),
            })),
        }
    }

    /// Rules of rows, where records are people or units.
    pub fn rows(&self) -> Option<&RowReader> {
        match &self.reading {
            Reading::Tasks(_) => None,
            Reading::Rows(rows) => Some(rows),
        }
    }

    /// Why a record cannot be read, whatever it is.
    pub fn fault(&self, whose: &str, record: &RawRecord) -> Option<Box<Rejection>> {
        match &self.reading {
            Reading::Tasks(reader) => reader.read(whose, record).err(),
            Reading::Rows(rows) => rows.read(whose, record).err(),
        }
    }
}

/// JSON Schema of the manifest, for editors.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Manifest).to_value()
}

/// Loads a manifest file.
pub fn load(path: &Path) -> Result<Loaded, Findings> {
    let shown = path.display().to_string();
    let unreadable = |why: &Text| {
        Findings::from(
            Finding::error(
                "LT-MAN-012",
                Text::new("không mở được tệp manifest", "the manifest file cannot be opened").because(why),
                Text::new(
                    "kiểm tra đường dẫn và quyền đọc tệp",
                    "check the path and that the file may be read",
                ),
            )
            .at(Place::of(shown.clone())),
        )
    };
    let size = std::fs::metadata(path).map_err(|error| unreadable(&io_cause(&error)))?.len();
    if size > MAX_BYTES {
        return Err(unreadable(&Text::new(
            format!("tệp có {size} byte, quá giới hạn {MAX_BYTES}"),
            format!("the file has {size} bytes, over the limit of {MAX_BYTES}"),
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&io_cause(&error)))?;
    parse(&shown, &text)
}

/// Reads a manifest text; `file` is its name in messages. Every problem comes back at once.
pub fn parse(file: &str, text: &str) -> Result<Loaded, Findings> {
    let document = Document::parse(file, text).map_err(Findings)?;
    let mut findings = document.unknown_keys(&schema());
    let manifest: Manifest = match toml::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            // An unknown key was told already, with its nearest known one.
            if findings.is_empty() || !error.message().contains("unknown field") {
                findings.push(position::shape(file, text, &error));
            }
            return Err(Findings(findings));
        }
    };
    let mut problems = Vec::new();
    let compiled = compile(&manifest, &mut problems);
    findings.extend(problems.into_iter().map(|problem| {
        Finding::error(problem.code, problem.what, problem.remedy).at(document.place(&problem.key))
    }));
    match compiled {
        Some((reading, http, process)) if findings.is_empty() => {
            Ok(Loaded { fingerprint: fingerprint(&manifest), manifest, reading, http, process })
        }
        _ => Err(Findings(findings)),
    }
}

/// What is no mistake and still worth knowing of a manifest that loads; `file` is its name in messages.
pub fn notes(file: &str, text: &str, manifest: &Manifest) -> Vec<Finding> {
    let Ok(document) = Document::parse(file, text) else { return Vec::new() };
    let again = manifest.stream.as_ref().is_some_and(|stream| stream.details_again.is_some());
    let Some(fields) = manifest.fields.as_ref().filter(|_| !again) else { return Vec::new() };
    let of_detail = |place: &String| {
        let name = place.trim_start_matches('/').strip_prefix('$');
        name.is_some_and(|name| {
            manifest.detail.iter().any(|detail| name.split(['.', '/']).next() == Some(&detail.name))
        })
    };
    let alone = |rule: &&Rule| {
        let places: Vec<&String> = rule.0.path.iter().chain(&rule.0.first_of).collect();
        !places.is_empty() && places.into_iter().all(of_detail)
    };
    let rules = [("fields.status", Some(&fields.status)), ("fields.assignee", fields.assignee.as_ref())];
    let told = rules.into_iter().filter(|(_, rule)| rule.as_ref().is_some_and(alone));
    told.map(|(key, _)| Problem::detail_alone(key))
        .map(|problem| {
            Finding::warning(problem.code, problem.what, problem.remedy).at(document.place(&problem.key))
        })
        .collect()
}

fn compile(
    manifest: &Manifest,
    problems: &mut Vec<Problem>,
) -> Option<(Reading, Option<Plan>, Option<process::ProcessPlan>)> {
    if manifest.format_version != FORMAT_VERSION {
        problems.push(Problem::version(manifest.format_version, FORMAT_VERSION));
        return None;
    }
    let zone = match &manifest.zone {
        None => local_offset(),
        Some(text) => match super::rule::date::offset(text) {
            Some(zone) => zone,
            None => {
                problems.push(Problem::zone("zone", text));
                local_offset()
            }
        },
    };
    let types_only = manifest.drift.more_than_can_be();
    problems.extend(types_only.into_iter().map(|key| Problem::types_only(&format!("drift.{key}"))));
    let reading = reading(manifest, zone, problems);
    if let Some(section) = &manifest.folder {
        folder::check(section, problems);
    }
    let http = match manifest.kind {
        Kind::Http => Some(Plan::compile(manifest, zone, problems)?),
        Kind::Folder if manifest.folder.is_none() => {
            problems.push(Problem::missing_section("folder"));
            None
        }
        Kind::View => {
            match &manifest.view {
                Some(view) => view.check(problems),
                None => problems.push(Problem::missing_section("view")),
            }
            None
        }
        Kind::Vxp if manifest.vxp.is_none() => {
            problems.push(Problem::missing_section("vxp"));
            None
        }
        Kind::Folder | Kind::Vxp | Kind::Process => None,
    };
    let process = match manifest.kind {
        Kind::Process => Some(process::ProcessPlan::compile(manifest, problems)?),
        _ => None,
    };
    manifest.edxml.check(problems);
    if let Some(vxp) = &manifest.vxp {
        vxp.check(problems);
    }
    Some((reading?, http, process))
}

/// The rules of what the records are; rules of anything else have no place beside them.
fn reading(manifest: &Manifest, zone: FixedOffset, problems: &mut Vec<Problem>) -> Option<Reading> {
    let Some(content) = manifest.content.list() else {
        if !manifest.row.is_empty() {
            problems.push(Problem::rule(
                "row",
                "[row] chỉ dùng khi content là people, units hoặc leave",
                "[row] goes with content = \"people\", \"units\" or \"leave\"",
            ));
        }
        let Some(fields) = &manifest.fields else {
            problems.push(Problem::missing_section("fields"));
            return None;
        };
        let reader = Reader::compile(fields, manifest.events.as_ref(), &manifest.event, zone, problems);
        return Some(Reading::Tasks(Box::new(reader?.of_sheet(folder::headers(manifest)))));
    };
    let of_tasks = manifest.fields.is_some() || manifest.events.is_some() || !manifest.event.is_empty();
    if of_tasks || manifest.kind == Kind::Vxp {
        problems.push(Problem::rule(
            "content",
            "danh sách người, đơn vị, nghỉ không có [fields], [events], [[event]] và không đến từ trục văn bản",
            "lists of people, units and leave have no [fields], [events] and [[event]] and do not come from the document axis",
        ));
    }
    RowReader::compile(content, &manifest.row, zone, problems).map(Reading::Rows)
}

/// Digest of key, rules, details and zone; not of addresses, paging or comments.
fn fingerprint(manifest: &Manifest) -> [u8; 32] {
    let parts = (
        manifest.format_version,
        &manifest.zone,
        manifest
            .stream
            .as_ref()
            .map(|stream| (&stream.key, &stream.volatile, &stream.deleted, &stream.format, &stream.lists)),
        manifest.stream.as_ref().map(|stream| &stream.key_scope),
        manifest.parent.iter().map(|parent| (&parent.key, &parent.keep)).collect::<Vec<_>>(),
        manifest.partition.is_some(),
        folder::decisive(manifest),
        manifest.view.as_ref().map(|view| (&view.columns, &view.key)),
        manifest
            .process
            .as_ref()
            .map(|process| (&process.stream, &process.key, &process.volatile, &process.deleted)),
        manifest.vxp.as_ref().map(|vxp| (vxp.directory, &manifest.edxml)),
        &manifest.detail,
        &manifest.fields,
        &manifest.events,
        &manifest.event,
    );
    // These parts are plain data; should they ever not serialize, the empty text still gives a digest and
    // records are only read once more.
    let mut digest = Sha256::new_with_prefix(serde_json::to_vec(&parts).unwrap_or_default());
    if manifest.content != Content::Tasks {
        digest.update(serde_json::to_vec(&(manifest.content, &manifest.row)).unwrap_or_default());
    }
    if manifest.folder.as_ref().is_some_and(|folder| folder.format == FolderFormat::Edxml) {
        digest.update(serde_json::to_vec(&manifest.edxml).unwrap_or_default());
    }
    if manifest.stream.as_ref().is_some_and(|stream| stream.member_order == MemberOrder::Varies) {
        digest.update(b"members in any order");
    }
    if let Some(stream) = manifest.stream.as_ref().filter(|stream| !stream.columns.is_empty()) {
        digest.update(serde_json::to_vec(&stream.columns).unwrap_or_default());
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests;
