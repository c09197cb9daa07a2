//! `connector list|show|schema|lint|new|check|preview|test`: working on a manifest before a source is switched on.
//!
//! Owns what each prints. They need neither database nor daemon and keep nothing: a manifest is tried with the
//! settings given here, or a source with those of the configuration. Numbers of citizens in what a source shows are
//! masked. What is wrong comes back as findings, all of them.

use super::args::{Wrong, wrong};
use super::config_command::text;
use super::connector_new::{self, New};
use super::connector_record;
use super::connector_test;
use crate::clock::Clock;
use crate::config::{Loaded, SecretRef, SourceEntry, manifest};
use crate::connector::http::SourceLimits;
use crate::connector::manifest::{self as language, Manifest};
use crate::connector::preview::{Outcome as Becomes, Preview, Seen, preview};
use crate::connector::{Connector, OpenSource, open};
use crate::domain::{CitizenId, SourceId, TaskDraft, local_offset};
use crate::error::{Finding, Findings, Lang, Place, Severity, Text};
use crate::pipeline::assemble;
use crate::pipeline::command::{Column, Document, EXIT_CONFIG, EXIT_FAILED, EXIT_OK, Field, Outcome};
use crate::pipeline::source::no_such_source;
use crate::pipeline::wording::Words;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Subcommands of `connector`. They keep nothing.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the manifests at hand: those that are compiled in, and your own in connectors/
    List,
    /// Print a manifest, to begin with a copy of it
    Show {
        /// A name of `connector list`, or a file
        manifest: String,
    },
    /// Print the JSON Schema of manifests, for editors
    Schema,
    /// Read a manifest and tell everything that is wrong with it
    Lint {
        /// A name of `connector list`, or a file
        manifest: String,
    },
    /// Connect to the system, authenticate, read one page
    Check(Tried),
    /// Show the first tasks that would come out, with the records they are read from
    Preview {
        #[command(flatten)]
        tried: Tried,
        /// How many records
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        rows: u16,
        /// Print each record beside the task that is read from it
        #[arg(long)]
        raw: bool,
    },
    /// Write a manifest to begin with, from one answer of the system or its OpenAPI file
    New(New),
    /// Record samples of a system that runs, without persons and secrets, and what they give
    Record {
        /// Folder to write: manifest.toml, samples/ and expected/
        folder: PathBuf,
        #[command(flatten)]
        tried: Tried,
    },
    /// Run a manifest against its recorded answers
    Test {
        /// A folder with manifest.toml, samples/ and expected/, or its name in connectors/
        folder: PathBuf,
        /// First write into expected/ what the samples give now; read it before you keep it
        #[arg(long)]
        write: bool,
    },
}

/// What is tried: a manifest with the settings given here, or a source as it is configured.
#[derive(Debug, clap::Args)]
pub struct Tried {
    /// A name of `connector list`, or a file
    #[arg(required_unless_present = "source", conflicts_with = "source")]
    pub manifest: Option<String>,
    /// A source of the configuration instead, with its settings and secrets
    #[arg(long)]
    pub source: Option<SourceId>,
    /// A setting of the manifest; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair, conflicts_with = "source")]
    pub settings: Vec<(String, String)>,
    /// A secret of the manifest, by a file that only its owner can read; may be given several times
    #[arg(long = "secret", value_name = "NAME=FILE", value_parser = pair, conflicts_with = "source")]
    pub secrets: Vec<(String, String)>,
    /// Allow plain http, inside a trusted network only
    #[arg(long, conflicts_with = "source")]
    pub allow_http: bool,
    /// PEM file of the authority that signed the system's certificate
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    pub ca_file: Option<PathBuf>,
}

/// Source a manifest is tried as.
const TRIED_AS: &str = "preview";

/// Carries one of the commands out. `configuration` is asked for only where a source of it is named.
pub async fn run(action: Action, configuration: impl Fn() -> Result<Loaded, Findings>) -> Outcome {
    let outcome = match action {
        Action::List => Ok(list()),
        Action::Schema => Ok(schema()),
        Action::Show { manifest } => Ok(show(&manifest)),
        Action::Lint { manifest } => lint(&manifest),
        Action::Check(tried) => match connect(&tried, &configuration) {
            Ok(connector) => Ok(checked(connector.check().await)),
            Err(findings) => Err(findings),
        },
        Action::Preview { tried, rows, raw } => match connect(&tried, &configuration) {
            Ok(connector) => match preview(&*connector, rows.into(), Clock::system().now()).await {
                Ok(preview) => Ok(previewed(preview, raw)),
                Err(error) => return Outcome::failed(EXIT_FAILED, error.finding.masked()),
            },
            Err(findings) => Err(findings),
        },
        Action::New(order) => connector_new::new(&order),
        Action::Record { folder, tried } => connector_record::record(&folder, &tried, configuration).await,
        Action::Test { folder, write } => connector_test::test(&folder, write).await,
    };
    outcome.unwrap_or_else(|Findings(findings)| Outcome {
        exit: EXIT_CONFIG,
        findings,
        document: Document::Nothing,
    })
}

/// The connector of a named manifest with the settings given here, or of a source of the configuration.
pub(super) fn connect(
    tried: &Tried,
    configuration: &impl Fn() -> Result<Loaded, Findings>,
) -> Result<Arc<dyn Connector>, Findings> {
    match (&tried.source, &tried.manifest) {
        (Some(id), _) => of_the_configuration(id, &configuration()?),
        (None, Some(named)) => of_a_manifest(named, tried),
        // The command line asks for one of the two.
        (None, None) => Err(no_such_source("-", &[]).into()),
    }
}

/// A source of the configuration, and where it stands in it.
pub(super) fn entry<'a>(id: &SourceId, loaded: &'a Loaded) -> Result<(usize, &'a SourceEntry), Findings> {
    let entries = &loaded.config.source;
    let found = entries.iter().enumerate().find(|(_, entry)| entry.id == *id);
    found.ok_or_else(|| {
        let known: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
        no_such_source(id.as_str(), &known).into()
    })
}

fn of_the_configuration(id: &SourceId, loaded: &Loaded) -> Result<Arc<dyn Connector>, Findings> {
    let (index, entry) = entry(id, loaded)?;
    assemble::source(loaded, entry, index).map(|source| source.connector)
}

fn of_a_manifest(named: &str, tried: &Tried) -> Result<Arc<dyn Connector>, Findings> {
    let here = std::env::current_dir().unwrap_or_default();
    let manifest = manifest::find(named, &here)?;
    let id = SourceId::new(TRIED_AS).map_err(|_| Findings::from(no_such_source(TRIED_AS, &[])))?;
    let secrets = secrets(tried)?;
    let place = manifest.name.clone();
    let opened = open(OpenSource {
        id,
        manifest_name: manifest.name,
        manifest: manifest.text,
        settings: tried.settings.iter().cloned().collect(),
        secrets,
        folder: here,
        ca_file: tried.ca_file.clone(),
        allow_http: tried.allow_http,
        limits: SourceLimits::default(),
    });
    opened.map(|opened| opened.connector).map_err(|Findings(findings)| {
        let mut told = Vec::new();
        Findings::add_new(&mut told, findings.into_iter().map(|finding| as_typed(finding, &place)));
        Findings(told)
    })
}

/// What is wrong with what the manifest was given, for somebody who gave it on the command line: there is no
/// configuration to correct.
fn as_typed(finding: Finding, manifest: &str) -> Finding {
    let detail = finding.place.as_ref().and_then(|place| place.detail.clone());
    let is_tried = finding.place.as_ref().is_some_and(|place| place.what == format!("source {TRIED_AS}"));
    let typed = detail.as_deref().and_then(|detail| detail.split_once('.'));
    let is_missing = finding.what.en.ends_with("is missing");
    let remedy = match (finding.code.as_str(), typed) {
        ("LT-MAN-009", Some(("secrets", name))) if is_missing => Some(Text::new(
            format!("thêm --secret {name}=TỆP, tệp chỉ chủ sở hữu đọc được"),
            format!("add --secret {name}=FILE, a file that only its owner can read"),
        )),
        ("LT-MAN-009", Some(("settings", name))) if is_missing => {
            Some(Text::new(format!("thêm --set {name}=GIÁ-TRỊ"), format!("add --set {name}=VALUE")))
        }
        ("LT-MAN-009", Some(("settings", name))) if finding.what.en.contains("is a secret") => {
            Some(Text::new(format!("dùng --secret {name}=TỆP"), format!("use --secret {name}=FILE")))
        }
        ("LT-SRC-040", _) => Some(Text::new(
            "thêm nó bằng --set TÊN=GIÁ-TRỊ, hoặc --secret TÊN=TỆP nếu là giá trị bí mật",
            "add it by --set NAME=VALUE, or by --secret NAME=FILE where it is a secret",
        )),
        ("LT-CFG-025", _) => Some(Text::new(
            "dùng https://; chỉ trong mạng nội bộ tin cậy mới thêm --allow-http",
            "use https://; only inside a trusted network add --allow-http",
        )),
        _ => None,
    };
    let place = match is_tried {
        true => Some(Place { what: manifest.to_owned(), ..finding.place.clone().unwrap_or_default() }),
        false => finding.place.clone(),
    };
    Finding { place, remedy: remedy.unwrap_or_else(|| finding.remedy.clone()), ..finding }
}

/// The secrets given on the command line, each from its file.
pub(super) fn secrets(tried: &Tried) -> Result<BTreeMap<String, SecretString>, Findings> {
    let here = std::env::current_dir().unwrap_or_default();
    let (mut secrets, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (name, file) in &tried.secrets {
        match SecretRef::File(here.join(file)).read(None) {
            Ok(secret) => drop(secrets.insert(name.clone(), secret)),
            Err(finding) => unreadable.push(finding.at(Place::of(format!("--secret {name}")))),
        }
    }
    if unreadable.is_empty() { Ok(secrets) } else { Err(Findings(unreadable)) }
}

fn list() -> Outcome {
    let here = std::env::current_dir().unwrap_or_default();
    let own = manifest::own(&here);
    let built_in = manifest::BUILT_IN.iter().map(|(name, _)| (*name).to_owned());
    let of_others: Vec<String> = built_in.filter(|name| !own.contains(name)).collect();
    let row = |name: &String| {
        let is_own = own.contains(name);
        let found = manifest::find(name, &here);
        let loaded =
            match found.map_err(Findings::from).and_then(|found| language::parse(&found.name, &found.text)) {
                Ok(loaded) => loaded,
                // It is there, and `lint` says what is wrong with it.
                Err(_) => {
                    let mut cells = vec![
                        json!(name),
                        json!("không đọc được: connector lint"),
                        json!("unreadable: connector lint"),
                    ];
                    cells.extend([Value::Null, Value::Null, json!([]), json!([])]);
                    cells.push(json!(is_own));
                    return cells;
                }
            };
        let Manifest { kind, version, title, settings, .. } = &loaded.manifest;
        let asked = |secret: bool| -> Vec<&str> {
            settings.iter().filter(|(_, s)| s.secret == secret).map(|(name, _)| name.as_str()).collect()
        };
        vec![
            json!(name),
            json!(title.vi),
            json!(title.en),
            json!(kind),
            json!(version),
            json!(asked(false)),
            json!(asked(true)),
            json!(is_own),
        ]
    };
    Outcome::ok(Document::Table {
        title: Text::new("Manifest có sẵn", "Manifests at hand"),
        columns: vec![
            Column::left("manifest", "Manifest", "Manifest"),
            Column::left("title_vi", "Hệ thống", "System (Vietnamese)"),
            Column::left("title_en", "Hệ thống (tiếng Anh)", "System"),
            Column::left("kind", "Loại", "Kind"),
            Column::left("version", "Phiên bản", "Version"),
            Column::left("settings", "settings", "settings"),
            Column::left("secrets", "secrets", "secrets"),
            Column::left("own", "Của đơn vị", "Own"),
        ],
        rows: own.iter().chain(&of_others).map(row).collect(),
    })
}

fn schema() -> Outcome {
    let value = language::schema();
    let written = serde_json::to_string_pretty(&value).unwrap_or_default();
    Outcome::ok(Document::Json { value, text: Text::new(written.clone(), written) })
}

fn lint(named: &str) -> Result<Outcome, Findings> {
    let here = std::env::current_dir().unwrap_or_default();
    let found = manifest::find(named, &here)?;
    let loaded = language::parse(&found.name, &found.text)?;
    let manifest = &loaded.manifest;
    let notes = language::notes(&found.name, &found.text, manifest);
    let asked: Vec<String> = manifest
        .settings
        .iter()
        .filter(|(_, setting)| setting.default.is_none())
        .map(|(name, setting)| format!("{}.{name}", if setting.secret { "secrets" } else { "settings" }))
        .collect();
    let fields = vec![
        Field::new("ok", "Dùng được", "Usable", true),
        Field::new("manifest", "Manifest", "Manifest", found.name),
        Field::new("name", "Tên", "Name", manifest.name.clone()),
        Field::new("kind", "Loại", "Kind", json!(manifest.kind)),
        Field::new("content", "Nội dung", "Content", json!(manifest.content)),
        Field::new("required", "Phải khai báo", "Has to be given", asked),
    ];
    let document = Document::Object { title: Text::new("Manifest", "Manifest"), fields };
    Ok(Outcome::with_findings(document, notes))
}

fn checked(findings: Vec<Finding>) -> Outcome {
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let findings = findings.into_iter().map(Finding::masked).collect();
    let fields = vec![Field::new("ok", "Dùng được", "Usable", !failed)];
    Outcome::with_findings(Document::Object { title: Text::new("", ""), fields }, findings)
}

fn previewed(preview: Preview, raw: bool) -> Outcome {
    let rejected = |seen: &Seen| match &seen.outcome {
        Becomes::Rejected(finding) => Some((**finding).clone().masked()),
        Becomes::Draft(_) | Becomes::Row(_) | Becomes::Deleted => None,
    };
    let mut findings: Vec<Finding> = preview.findings.iter().cloned().map(Finding::masked).collect();
    findings.extend(preview.seen.iter().filter_map(rejected));
    let count = preview.seen.len();
    let of = match (preview.whole, preview.total) {
        (true, _) => Text::new(format!("Tất cả {count} bản ghi"), format!("All {count} records")),
        (false, Some(total)) => Text::new(
            format!("{count} bản ghi đầu tiên trong {total}"),
            format!("The first {count} of {total} records"),
        ),
        (false, None) => Text::new(format!("{count} bản ghi đầu tiên"), format!("The first {count} records")),
    };
    let list = preview.seen.iter().any(|seen| matches!(seen.outcome, Becomes::Row(_)));
    let columns = if list { list_columns(&preview) } else { columns() };
    let rows = preview.seen.iter().map(|seen| cells(seen, &columns)).collect();
    let table = Document::Table { title: of, columns, rows };
    let beside: Vec<Value> = preview.seen.iter().map(beside).collect();
    let text = |lang: Lang| {
        let mut shown = super::print::text(&table, lang, None);
        if raw {
            for (seen, pair) in preview.seen.iter().zip(&beside) {
                let pretty = serde_json::to_string_pretty(pair).unwrap_or_default();
                shown += &format!("\n{}\n{pretty}\n", key(seen).as_deref().unwrap_or("-"));
            }
        }
        shown
    };
    let text = Text::new(text(Lang::Vi), text(Lang::En));
    let value = json!({ "total": preview.total, "whole": preview.whole, "records": beside });
    // One record nobody can read stops nothing; where none can be read, or every file is refused, something is wrong.
    let refused = |seen: &Seen| matches!(seen.outcome, Becomes::Rejected(_));
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let none = preview.seen.iter().all(refused) && (failed || !preview.seen.is_empty());
    let exit = if none { EXIT_FAILED } else { EXIT_OK };
    Outcome { findings, exit, document: Document::Json { value, text } }
}

fn columns() -> Vec<Column> {
    vec![
        Column::left("key", "Khóa", "Key"),
        Column::left("title", "Nội dung", "Title"),
        Column::words("status", "Trạng thái", "Status", Words::TaskStatus),
        Column::left("raw_status", "Ghi ở nguồn", "As the source has it"),
        Column::left("assignee", "Người thực hiện", "Assignee"),
        Column::left("assignee_name", "Họ tên", "Name"),
        Column::left("assigned", "Ngày giao", "Assigned"),
        Column::left("due", "Hạn", "Due"),
        Column::left("completed", "Hoàn thành", "Completed"),
        Column::words("quantity", "Số lượng", "Quantity", Words::Number),
        Column::left("updated", "Thay đổi lúc", "Changed at"),
        Column::right("events", "Sự kiện", "Events"),
    ]
}

/// Columns of people or units: those that any row fills.
fn list_columns(preview: &Preview) -> Vec<Column> {
    let mut columns = vec![Column::left("key", "Khóa", "Key")];
    for seen in &preview.seen {
        let Becomes::Row(cells) = &seen.outcome else { continue };
        for (name, _) in cells {
            if !columns.iter().any(|column| column.key == *name) {
                columns.push(Column::left(name, name, name));
            }
        }
    }
    columns.push(Column::left("refused", "Bị loại", "Refused"));
    columns
}

fn cells(seen: &Seen, columns: &[Column]) -> Vec<Value> {
    let draft = match &seen.outcome {
        Becomes::Draft(draft) => draft,
        Becomes::Row(row) => {
            let mut shown = vec![json!(key(seen))];
            shown.extend(columns.iter().skip(1).map(|column| {
                let cell = row.iter().find(|(name, _)| *name == column.key);
                json!(cell.map(|(_, cell)| CitizenId::mask_in(cell)))
            }));
            return shown;
        }
        Becomes::Rejected(_) | Becomes::Deleted => {
            let word = match &seen.outcome {
                Becomes::Rejected(finding) => finding.code.as_str(),
                _ => "gone",
            };
            let mut shown = vec![Value::Null; columns.len()];
            let at = columns.iter().position(|column| ["status", "refused"].contains(&column.key.as_str()));
            for (index, value) in [(Some(0), json!(key(seen))), (at, json!(word))] {
                if let Some(cell) = index.and_then(|index| shown.get_mut(index)) {
                    *cell = value;
                }
            }
            return shown;
        }
    };
    let day = |at: Option<DateTime<Utc>>| {
        json!(at.map(|at| at.with_timezone(&local_offset()).format("%d/%m/%Y").to_string()))
    };
    vec![
        json!(key(seen)),
        json!(CitizenId::mask_in(&draft.title)),
        json!(draft.status),
        json!(CitizenId::mask_in(&draft.raw_status)),
        json!(draft.assignee.as_ref().map(|account| CitizenId::mask_in(&account.value))),
        json!(draft.assignee_name.as_deref().map(CitizenId::mask_in)),
        day(draft.assigned_at),
        json!(draft.due.as_ref().map(|due| due.day)),
        day(draft.completed_at),
        json!(draft.quantity.map(|quantity| quantity.to_string())),
        json!(draft.updated_at),
        json!(draft.events.len()),
    ]
}

/// The key of a record, without numbers of citizens.
fn key(seen: &Seen) -> Option<String> {
    seen.key.as_deref().map(CitizenId::mask_in)
}

/// The draft as JSON, without numbers of citizens.
fn shown(draft: &TaskDraft) -> Value {
    let written = serde_json::to_string(draft).unwrap_or_default();
    serde_json::from_str(&CitizenId::mask_in(&written)).unwrap_or_default()
}

/// A record with what becomes of it, side by side.
fn beside(seen: &Seen) -> Value {
    let raw = CitizenId::mask_in(&String::from_utf8_lossy(&seen.raw));
    let raw = serde_json::from_str(&raw).unwrap_or(Value::String(raw));
    let (draft, rejected) = match &seen.outcome {
        Becomes::Draft(draft) => (shown(draft), Value::Null),
        Becomes::Row(cells) => {
            let cells =
                cells.iter().map(|(name, cell)| ((*name).to_owned(), json!(CitizenId::mask_in(cell))));
            (Value::Object(cells.collect()), Value::Null)
        }
        Becomes::Deleted => (json!({ "status": "gone" }), Value::Null),
        Becomes::Rejected(finding) => (Value::Null, json!((**finding).clone().masked())),
    };
    json!({ "key": key(seen), "task": draft, "rejected": rejected, "raw": raw })
}

fn pair(text: &str) -> Result<(String, String), Wrong> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| wrong("viết TÊN=GIÁ-TRỊ", "write NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The text of a built-in manifest or of a file, as it is, for whoever begins with a copy.
fn show(named: &str) -> Outcome {
    match manifest::find(named, Path::new(".")) {
        Ok(found) => text(&found.text),
        Err(finding) => Outcome::failed(EXIT_CONFIG, finding),
    }
}
