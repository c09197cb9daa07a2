//! `connector new`: a manifest to begin with, from one answer of the system or its OpenAPI file.
//!
//! Owns reading that file, writing the proposal where nothing stands yet, and telling what a person has to look at. It
//! must not know how a list is recognised. Nothing is overwritten; what is wrong with the file is a finding.

use crate::config::read_text;
use crate::connector::manifest::{self, Manifest};
use crate::connector::propose::{Proposal, from_openapi, from_sample, propose};
use crate::error::{Finding, Findings, Lang, Place, Text, io_cause};
use crate::pipeline::command::{Column, Document, Field, Outcome};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Largest file read, in bytes.
const MAX_BYTES: usize = 32 << 20;

/// What a manifest is proposed from.
#[derive(Debug, clap::Args)]
pub struct New {
    /// Name of the manifest: letters, digits and hyphens
    pub name: String,
    /// One JSON answer of the list of tasks
    #[arg(long, value_name = "FILE", required_unless_present = "openapi", conflicts_with = "openapi")]
    pub sample: Option<PathBuf>,
    /// The system's OpenAPI file (JSON)
    #[arg(long, value_name = "FILE")]
    pub openapi: Option<PathBuf>,
    /// Path of the list, as it is asked for
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// Folder the manifest goes into; connectors/NAME where none is given
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// Writes a proposal.
pub(super) fn new(order: &New) -> Result<Outcome, Findings> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if order.name.is_empty() || order.name.len() > 60 || !order.name.chars().all(fits) {
        return Err(unfit_name(&order.name).into());
    }
    let (file, described) = match (&order.sample, &order.openapi) {
        (Some(file), _) => (file, false),
        (None, Some(file)) => (file, true),
        // The command line asks for one of the two.
        (None, None) => return Err(unfit_name(&order.name).into()),
    };
    let shown = file.display().to_string();
    let described_by = read_text(file, MAX_BYTES)?;
    let shape = if described {
        from_openapi(&shown, &described_by, order.path.as_deref())
    } else {
        from_sample(&shown, &described_by)
    };
    let mut shape = shape.map_err(|finding| Findings::from(*finding))?;
    shape.path = order.path.clone().or(shape.path);
    let Proposal { manifest: text, open } = propose(&order.name, &shape);
    // A proposal that does not load is a fault of ours, and told as one before anything is written.
    let loaded = manifest::parse(&order.name, &text)?;
    let folder = order.out.clone().unwrap_or_else(|| Path::new("connectors").join(&order.name));
    let written = write(&folder, &text)?;
    let stream = loaded.manifest.stream.as_ref();
    let summary = Document::Object {
        title: Text::new("", ""),
        fields: vec![
            Field::new("written", "Đã ghi", "Written", written.display().to_string()),
            Field::new("records", "Danh sách ở", "List at", stream.and_then(|stream| stream.records.clone())),
            Field::new("key", "Khóa", "Key", stream.map_or("", |stream| &stream.key)),
            Field::new("members", "Số trường thấy được", "Members seen", shape.members.len()),
        ],
    };
    let rows = open.iter().map(|open| vec![json!(open.vi), json!(open.en)]).collect();
    let looked_at = Document::Table {
        title: Text::new("Cần người kiểm tra (dòng \"# ?\")", "To be looked at (lines with \"# ?\")"),
        columns: vec![
            Column::left("vi", "Việc", "In Vietnamese"),
            Column::left("en", "Tiếng Anh", "In English"),
        ],
        rows,
    };
    let order = |lang| {
        format!("lienthong connector preview {}{} --raw", written.display(), asked(&loaded.manifest, lang))
    };
    let next = Text::new(format!("Tiếp theo: {}", order(Lang::Vi)), format!("Next: {}", order(Lang::En)));
    let parts = vec![
        ("manifest".to_owned(), summary),
        ("open".to_owned(), looked_at),
        ("next".to_owned(), Document::Message { text: next }),
    ];
    Ok(Outcome::ok(Document::Parts { parts }))
}

/// What the manifest has to be given, as the command line takes it.
fn asked(manifest: &Manifest, lang: Lang) -> String {
    let file = if lang == Lang::Vi { "TỆP" } else { "FILE" };
    let lacking = manifest.settings.iter().filter(|(_, setting)| setting.default.is_none());
    lacking
        .map(|(name, setting)| match name.as_str() {
            name if setting.secret => format!(" --secret {name}={file}"),
            "base_url" => " --set base_url=https://…".to_owned(),
            name => format!(" --set {name}=…"),
        })
        .collect()
}

fn write(folder: &Path, text: &str) -> Result<PathBuf, Findings> {
    let file = folder.join("manifest.toml");
    let refuse = |error: &std::io::Error| {
        let what =
            Text::new("không ghi được manifest", "the manifest cannot be written").because(&io_cause(error));
        let remedy = Text::new(
            "chọn tên hoặc thư mục khác (--out); tệp đã có không bao giờ bị ghi đè",
            "choose another name or folder (--out); a file that is there is never overwritten",
        );
        Findings::from(Finding::error("LT-MAN-023", what, remedy).at(Place::of(file.display().to_string())))
    };
    std::fs::create_dir_all(folder).map_err(|error| refuse(&error))?;
    let mut opened = std::fs::File::create_new(&file).map_err(|error| refuse(&error))?;
    opened.write_all(text.as_bytes()).map_err(|error| refuse(&error))?;
    Ok(file)
}

fn unfit_name(name: &str) -> Finding {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    Finding::error(
        "LT-MAN-023",
        Text::new(
            format!("\"{shown}\" không dùng làm tên manifest được"),
            format!("\"{shown}\" cannot be the name of a manifest"),
        ),
        Text::new(
            "dùng chữ thường không dấu, chữ số và dấu gạch nối, tối đa 60 ký tự: phan-mem-giao-viec",
            "use small letters, digits and hyphens, 60 characters at most: my-task-software",
        ),
    )
}
