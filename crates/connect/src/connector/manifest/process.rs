//! The section `[process]`: a child program that speaks Singer or the Airbyte protocol.
//!
//! Owns its TOML shape, its defaults and what must hold among its keys. It must not know how programs are run. Whatever
//! is wrong is a `Problem` with its key.

use super::{Manifest, Problem};
use crate::connector::expression::Template;
use crate::connector::http::plan::{self, JsonTemplate};
use crate::connector::json::Path;
use crate::connector::manifest::http::CheckSection;
use crate::error::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// A Singer tap.
    Singer,
    /// A source of the Airbyte protocol.
    Airbyte,
}

/// How a stream is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replication {
    /// Changes since the stored state.
    Incremental,
    /// Everything each time.
    #[default]
    FullTable,
}

/// `[process]`: a child program as a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessSection {
    /// What it speaks.
    pub protocol: Protocol,
    /// Program and its first arguments; templates over `settings`. The program is an absolute path.
    pub run: Vec<String>,
    /// Further arguments, behind those of the protocol; templates over `settings`.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Name of the stream.
    pub stream: String,
    /// How it is read. Default: full_table.
    #[serde(default)]
    pub replication: Replication,
    /// Member of a record that grows with every change, where the program wants to be told.
    #[serde(default)]
    pub replication_key: Option<String>,
    /// Places of the key's parts in a record. Default: what the stream itself declares.
    #[serde(default)]
    pub key: Vec<String>,
    /// Members that change without the task changing; they do not count as a change.
    #[serde(default = "default_volatile")]
    pub volatile: Vec<String>,
    /// A record of this shape says that its task was deleted. `_sdc_deleted_at` and `_ab_cdc_deleted_at` always do.
    #[serde(default)]
    pub deleted: Option<CheckSection>,
    /// Whether a full pull shows every task: then missing ones are gone. Default: false.
    #[serde(default)]
    pub complete: bool,
    /// Whether a Singer tap has `--discover`. Default: true.
    #[serde(default = "default_true")]
    pub discover: bool,
    /// How a Singer tap wants the chosen catalog: `--catalog`, or `--properties` of older ones. Default: `--catalog`.
    #[serde(default = "default_catalog_option")]
    pub catalog_option: String,
    /// Configuration file of the program, as JSON; its texts are templates over `settings` and `secrets`.
    #[serde(default)]
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Names of environment variables handed through; all others are kept from the program.
    #[serde(default)]
    pub env: Vec<String>,
    /// Folders and files it may read besides its own installation; templates over `settings`.
    #[serde(default)]
    pub read: Vec<String>,
    /// TCP ports it may connect to. Default: all.
    #[serde(default)]
    pub ports: Option<Vec<u16>>,
    /// Seconds without a line after which it is ended, 1–86,400. Default: 300.
    #[serde(default = "default_idle")]
    pub idle_s: u32,
    /// Seconds it may run, 1–604,800. Default: 21,600.
    #[serde(default = "default_total")]
    pub total_s: u32,
    /// Records per page, 1–10,000. Default: 1,000.
    #[serde(default = "default_page")]
    pub page_size: u32,
    /// Bounds of the system.
    #[serde(default)]
    pub limits: LimitsSection,
}

fn default_volatile() -> Vec<String> {
    ["_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", "_sdc_sequence", "_sdc_table_version"]
        .map(str::to_owned)
        .to_vec()
}
fn default_true() -> bool {
    true
}
fn default_catalog_option() -> String {
    "--catalog".to_owned()
}
fn default_idle() -> u32 {
    300
}
fn default_total() -> u32 {
    21_600
}
fn default_page() -> u32 {
    1_000
}

/// `[process.limits]`: bounds of the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSection {
    /// Memory of all its processes together in MiB, 16–65,536. Default: 512.
    pub memory_mib: u32,
    /// Processes at the same time, 1–4,096. Default: 32.
    pub processes: u32,
    /// Processor seconds of one process, from 1. Default: 7,200.
    pub cpu_s: u32,
    /// Largest file it may write in MiB, from 1. Default: 256.
    pub file_mib: u32,
    /// Open files and connections of one process, 16–65,536. Default: 512.
    pub open_files: u32,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self { memory_mib: 512, processes: 32, cpu_s: 7_200, file_mib: 256, open_files: 512 }
    }
}

/// The section, checked and compiled.
#[derive(Debug)]
pub struct ProcessPlan {
    pub(in crate::connector) run: Vec<Template>,
    pub(in crate::connector) arguments: Vec<Template>,
    pub(in crate::connector) read: Vec<Template>,
    pub(in crate::connector) config: JsonTemplate,
    pub(in crate::connector) key: Vec<Path>,
    pub(in crate::connector) deleted: Option<(Path, Vec<String>)>,
}

impl ProcessPlan {
    /// Compiles `[process]` of a manifest.
    pub fn compile(manifest: &Manifest, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(section) = &manifest.process else {
            problems.push(Problem::missing_section("process"));
            return None;
        };
        check(section, problems);
        let mut texts = |key: &str, sources: &[String]| -> Vec<Template> {
            let place = |index: usize| format!("process.{key}.{index}");
            let compiled = sources
                .iter()
                .enumerate()
                .filter_map(|(index, source)| plan::text_template(manifest, problems, &place(index), source));
            compiled.collect()
        };
        let (run, arguments) = (texts("run", &section.run), texts("arguments", &section.arguments));
        let read = texts("read", &section.read);
        let config = serde_json::Value::Object(section.config.clone());
        let config = plan::json_template(manifest, problems, "process.config", &config)?;
        let mut path = |key: String, text: &String| match Path::parse(text) {
            Ok(path) => Some(path),
            Err(why) => {
                problems.push(Problem::path(&key, text, why));
                None
            }
        };
        let key = section.key.iter().enumerate();
        let key = key.filter_map(|(index, text)| path(format!("process.key.{index}"), text)).collect();
        let deleted = match &section.deleted {
            Some(check) => {
                Some((path("process.deleted.path".to_owned(), &check.path)?, check.one_of.clone()))
            }
            None => None,
        };
        Some(Self { run, arguments, read, config, key, deleted })
    }
}

fn check(section: &ProcessSection, problems: &mut Vec<Problem>) {
    let limits = &section.limits;
    let ranges = [
        ("idle_s", section.idle_s, 1, 86_400),
        ("total_s", section.total_s, 1, 604_800),
        ("page_size", section.page_size, 1, 10_000),
        ("limits.memory_mib", limits.memory_mib, 16, 65_536),
        ("limits.processes", limits.processes, 1, 4_096),
        ("limits.cpu_s", limits.cpu_s, 1, u32::MAX),
        ("limits.file_mib", limits.file_mib, 1, u32::MAX),
        ("limits.open_files", limits.open_files, 16, 65_536),
    ];
    for (name, value, least, most) in ranges {
        if !(least..=most).contains(&value) {
            problems.push(Problem {
                key: format!("process.{name}"),
                code: "LT-MAN-070",
                what: Text::new(
                    format!("{name} = {value} ngoài khoảng {least}–{most}"),
                    format!("{name} = {value} is outside {least}–{most}"),
                ),
                remedy: Text::new("viết một số trong khoảng đó", "write a number within it"),
            });
        }
    }
    let mut wrong = |key: &str, vi: &str, en: &str| {
        problems.push(Problem {
            key: format!("process.{key}"),
            code: "LT-MAN-071",
            what: Text::new(vi, en),
            remedy: Text::new("xem docs/connectors/PROCESS.md", "see docs/connectors/PROCESS.md"),
        });
    };
    if section.run.is_empty() {
        wrong("run", "run phải nêu chương trình", "run has to name the program");
    }
    if section.stream.trim().is_empty() {
        wrong("stream", "stream phải nêu tên luồng", "stream has to name the stream");
    }
    if !["--catalog", "--properties"].contains(&section.catalog_option.as_str()) {
        wrong(
            "catalog_option",
            "catalog_option là \"--catalog\" hoặc \"--properties\"",
            "catalog_option is \"--catalog\" or \"--properties\"",
        );
    }
    if !section.discover && section.protocol == Protocol::Airbyte {
        wrong("discover", "giao thức Airbyte luôn có discover", "the Airbyte protocol always has discover");
    }
    let plain = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !section.env.iter().all(plain)
        || section.env.iter().any(|name| name.starts_with("LIENTHONG_") || name.starts_with("LD_"))
    {
        wrong(
            "env",
            "env chỉ nêu tên biến, không có LIENTHONG_… và LD_…",
            "env names variables only, none of LIENTHONG_… and LD_…",
        );
    }
}
