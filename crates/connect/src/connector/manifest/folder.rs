//! The sections of a folder of files.
//!
//! Owns the shape of `[folder]` and which of its keys fit together. It must not know how a file is read.

use super::{Manifest, Problem};
use crate::connector::json::Path;
use crate::connector::xml::Place;
use crate::text::Encoding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A folder of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderSection {
    /// File endings read, without the dot.
    pub endings: Vec<String>,
    /// What the files hold. Default: `table`.
    #[serde(default)]
    pub format: FolderFormat,
    /// Path of the list of records, for `json` (default: the file is the list); place of the record elements, for `xml`.
    #[serde(default)]
    pub records: Option<String>,
    /// Places below an `xml` record that are a list however often they stand there: `Steps.Step`.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Prefixes of `records` with the URIs they stand for, for `xml`.
    #[serde(default)]
    pub namespaces: BTreeMap<String, String>,
    /// Name of the key column; several where only together they tell a row from others. Of JSON and XML the path of the
    /// key; a package has one of its own.
    #[serde(default)]
    pub key: KeyColumns,
    /// Encoding of text without a byte-order mark where it cannot be told. Default: by evidence.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// Which sheets of a workbook. Default: `first`.
    #[serde(default)]
    pub sheets: SheetsSection,
    /// Columns in which an empty cell means the one above.
    #[serde(default)]
    pub fill_down: Vec<String>,
    /// Rows that name what the rows below them belong to.
    #[serde(default)]
    pub group: Option<GroupSection>,
    /// First words of rows that are totals.
    #[serde(default)]
    pub totals: Vec<String>,
    /// Whether the unit's program ends the last line of a CSV file. Default: ended.
    #[serde(default)]
    pub last_line: LastLine,
    /// Seconds a file that may still be written (a last line that is not ended, a workbook or document that breaks off)
    /// has to lie untouched before it is read or refused. Default: 600.
    #[serde(default = "default_settle")]
    pub settle_s: u32,
    /// Columns, for `table`.
    #[serde(default)]
    pub column: Vec<ColumnSection>,
}

fn default_settle() -> u32 {
    600
}

/// What the files of a folder hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FolderFormat {
    /// Sheets: CSV, XLSX, XLS, ODS.
    #[default]
    Table,
    /// A JSON document.
    Json,
    /// A JSON object in each line.
    JsonLines,
    /// An XML document.
    Xml,
    /// An edXML package, read as `[edxml]` says.
    Edxml,
}

/// The column of the key, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyColumns {
    /// One column, or a path.
    One(String),
    /// Several columns, compared without case and accents.
    Several(Vec<String>),
}

impl Default for KeyColumns {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl KeyColumns {
    /// Their names.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// Sheets of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SheetsSection {
    /// `first` or `all`.
    Word(SheetsWord),
    /// Titles.
    Named(Vec<String>),
}

impl Default for SheetsSection {
    fn default() -> Self {
        Self::Word(SheetsWord::First)
    }
}

/// Sheets of a workbook by one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SheetsWord {
    /// The first one.
    First,
    /// All that have a header; others are told and passed over.
    All,
}

/// Rows that head a group of rows: they have no key and one text beside their number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSection {
    /// Name in the record of the rows below, where they have no value of their own.
    pub column: String,
}

/// How a CSV file ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LastLine {
    /// With a line end: one that is not there means that the file may be cut off.
    #[default]
    Ended,
    /// Without one: nothing tells a whole file from one that is cut off.
    Unended,
}

/// A column of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnSection {
    /// Name in the record, to which paths lead.
    pub name: String,
    /// Spellings of its header.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Whether a sheet without it is refused.
    #[serde(default)]
    pub required: bool,
}

impl ColumnSection {
    /// What messages call it: the first spelling of its header.
    pub fn header(&self) -> &str {
        self.synonyms.first().unwrap_or(&self.name)
    }
}

/// Of a folder of sheets: the header of the column that each field of a task is read from, as its first spelling says.
pub(super) fn headers(manifest: &Manifest) -> BTreeMap<String, String> {
    let Some(folder) = manifest.folder.as_ref().filter(|folder| folder.format == FolderFormat::Table) else {
        return BTreeMap::new();
    };
    // Asked by name, so that no field is forgotten here.
    let rules = serde_json::to_value(&manifest.fields).unwrap_or_default();
    let fields = rules.as_object().into_iter().flatten();
    let named = fields.filter_map(|(field, rule)| {
        let path = rule.get("path")?.as_str()?;
        let column = folder.column.iter().find(|column| column.name == path)?;
        Some((field.clone(), column.header().to_owned()))
    });
    named.collect()
}

/// What of the section decides how a record is read, for the fingerprint.
pub(super) fn decisive(manifest: &Manifest) -> Option<impl Serialize + '_> {
    manifest.folder.as_ref().map(|folder| {
        let reading = (&folder.format, &folder.records, &folder.encoding, &folder.sheets);
        let elements = (&folder.lists, &folder.namespaces);
        (&folder.key, &folder.totals, &folder.column, reading, &folder.fill_down, &folder.group, elements)
    })
}

/// Says which keys do not fit together.
pub(super) fn check(folder: &FolderSection, problems: &mut Vec<Problem>) {
    let table = folder.format == FolderFormat::Table;
    let names = folder.key.names();
    if folder.format == FolderFormat::Edxml {
        if !names.is_empty() || folder.records.is_some() || of_tables(folder) {
            problems.push(Problem::folder(
                "folder.format",
                "gói edXML có khóa riêng: bỏ key, records và mọi khóa của bảng; xem [edxml]",
                "a package has a key of its own: leave out key, records and all keys of tables; see [edxml]",
            ));
        }
        return;
    }
    if names.is_empty() || (!table && names.len() > 1) {
        problems.push(Problem::folder(
            "folder.key",
            "khóa là một cột, một đường dẫn, hoặc (với bảng) danh sách cột",
            "the key is one column, one path, or of a table a list of columns",
        ));
    }
    let xml = folder.format == FolderFormat::Xml;
    let of_xml = !folder.lists.is_empty() || !folder.namespaces.is_empty();
    if of_xml && !xml {
        problems.push(Problem::folder(
            "folder.format",
            "lists và namespaces chỉ dùng với format = \"xml\"",
            "lists and namespaces go with format = \"xml\"",
        ));
    }
    if table {
        let known = |name: &String| folder.column.iter().any(|column| column.name == *name);
        let unknown = |key: &str, name: &String| Problem::no_column(&format!("folder.{key}"), name);
        problems.extend(names.iter().filter(|name| !known(name)).map(|name| unknown("key", name)));
        let fill = folder.fill_down.iter();
        problems.extend(fill.clone().filter(|name| !known(name)).map(|name| unknown("fill_down", name)));
        if fill.clone().any(|name| names.contains(name))
            || folder.group.as_ref().is_some_and(|group| names.contains(&group.column))
        {
            problems.push(Problem::folder(
                "folder.key",
                "cột khóa không được điền từ dòng trên: hai dòng sẽ thành một nhiệm vụ",
                "a key column cannot be filled from above: two rows would become one task",
            ));
        }
        if folder.records.is_some() {
            problems.push(Problem::folder(
                "folder.records",
                "records chỉ dùng với format = \"json\" hoặc \"xml\"",
                "records goes with format = \"json\" or \"xml\"",
            ));
        }
        return;
    }
    if xml {
        check_places(folder, problems);
    }
    for path in names.iter().chain(folder.records.as_ref().filter(|_| !xml)) {
        if let Err(why) = Path::parse(path) {
            problems.push(Problem::path("folder", path, why));
        }
    }
    if of_tables(folder) || (folder.format == FolderFormat::JsonLines && folder.records.is_some()) {
        problems.push(Problem::folder(
            "folder.format",
            "column, totals, fill_down, group và sheets chỉ dùng với bảng; records không dùng với json_lines",
            "column, totals, fill_down, group and sheets go with tables alone, records not with json_lines",
        ));
    }
}

/// Whether a folder says anything that only tables have.
fn of_tables(folder: &FolderSection) -> bool {
    !folder.column.is_empty()
        || !folder.totals.is_empty()
        || !folder.fill_down.is_empty()
        || folder.group.is_some()
        || folder.sheets != SheetsSection::default()
}

/// Says which places of an XML document cannot be read.
fn check_places(folder: &FolderSection, problems: &mut Vec<Problem>) {
    let records = folder.records.as_deref().unwrap_or_default();
    match Place::parse(records, &folder.namespaces) {
        Ok(place) if place.is_attribute() => {
            problems.push(Problem::element("folder.records", records, "an attribute is no record"));
        }
        Ok(_) => {}
        Err(why) => problems.push(Problem::element("folder.records", records, &why)),
    }
    for text in &folder.lists {
        if let Err(why) = Place::list(text) {
            problems.push(Problem::element("folder.lists", text, &why));
        }
    }
}
