//! What a folder source needs to know, from its manifest.
//!
//! Owns the compiled form of `[folder]`. It must not know how a file is read. A section that was checked gives options;
//! a path that does not compile was told by the check and stands for the whole document here.

use super::package::Packages;
use crate::connector::json::Path;
use crate::connector::manifest::edxml::EdxmlSection;
use crate::connector::manifest::{FolderFormat, FolderSection, LastLine, SheetsSection, SheetsWord};
use crate::connector::xml;
use crate::sheet::{Reading, Sheets};
use crate::text::Encoding;
use std::path::PathBuf;

/// A column a sheet may have.
#[derive(Debug, Clone)]
pub struct SheetColumn {
    /// Canonical name, the member of the record.
    pub name: String,
    /// Other spellings of its header.
    pub synonyms: Vec<String>,
    /// Whether a sheet without it is refused.
    pub required: bool,
}

/// What the folder holds.
#[derive(Debug, Clone)]
pub struct FolderOptions {
    /// The folder.
    pub folder: PathBuf,
    /// File endings read, lower case, without the dot.
    pub endings: Vec<String>,
    /// Encoding of text whose encoding cannot be told.
    pub encoding: Option<Encoding>,
    /// Seconds a file that may still be written has to lie untouched; none where the unit's program never ends the
    /// last line.
    pub settle_s: Option<u32>,
    /// What the files hold.
    pub format: Format,
    /// Whether each file holds the whole list, so that the newest one counts alone.
    pub newest_only: bool,
}

/// What the files of a folder hold.
#[derive(Debug, Clone)]
pub enum Format {
    /// Sheets.
    Table(TableOptions),
    /// A JSON document.
    Json {
        /// Where its list is.
        records: Path,
        /// Where the key of a record is.
        key: Path,
    },
    /// A JSON object in each line.
    JsonLines {
        /// Where its key is.
        key: Path,
    },
    /// An XML document.
    Xml {
        /// Its records.
        shape: xml::Shape,
        /// Their place as it is written.
        records: String,
        /// Where the key of a record is, once it is JSON.
        key: Path,
    },
    /// An edXML package.
    Edxml(Packages),
}

/// What the sheets hold.
#[derive(Debug, Clone, Default)]
pub struct TableOptions {
    /// Columns.
    pub columns: Vec<SheetColumn>,
    /// Canonical names of the key's columns.
    pub key: Vec<String>,
    /// First words of rows that are totals, lower case.
    pub totals: Vec<String>,
    /// Columns in which an empty cell means the one above.
    pub fill_down: Vec<String>,
    /// Member of a record that the row heading its group gives.
    pub group: Option<String>,
    /// How a file is read.
    pub reading: Reading,
}

impl TableOptions {
    /// What messages call a column: the first spelling of its header.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> &'a str {
        let column = self.columns.iter().find(|column| column.name == name);
        column.and_then(|column| column.synonyms.first()).map_or(name, String::as_str)
    }
}

impl FolderOptions {
    /// What messages call the key.
    pub(super) fn key(&self) -> String {
        match &self.format {
            Format::Table(table) => {
                table.key.iter().map(|name| table.header(name)).collect::<Vec<_>>().join(" + ")
            }
            Format::Json { key, .. } | Format::JsonLines { key } | Format::Xml { key, .. } => key.pointer(),
            Format::Edxml(_) => "edXML".to_owned(),
        }
    }

    /// What a manifest says of a folder.
    pub fn of(section: &FolderSection, edxml: &EdxmlSection, fingerprint: [u8; 32], folder: PathBuf) -> Self {
        let path = |text: &str| Path::parse(text).or_else(|_| Path::parse(""));
        let key = section.key.names();
        let only = || key.first().map_or("", String::as_str);
        let whole = section.records.as_deref().unwrap_or_default();
        let place = || xml::Place::parse(whole, &section.namespaces).ok();
        let lists = || section.lists.iter().filter_map(|text| xml::Place::list(text).ok()).collect();
        let json = section.format == FolderFormat::Json;
        let format = match (section.format, path(if json { whole } else { "" }), path(only())) {
            (FolderFormat::Edxml, ..) => Format::Edxml(Packages::of(edxml, fingerprint)),
            (FolderFormat::Xml, _, Ok(key)) => Format::Xml {
                shape: xml::Shape { record: place(), values: Vec::new(), lists: lists() },
                records: whole.to_owned(),
                key,
            },
            (FolderFormat::Json, Ok(records), Ok(key)) => Format::Json { records, key },
            (FolderFormat::JsonLines, _, Ok(key)) => Format::JsonLines { key },
            _ => Format::Table(table(section)),
        };
        Self {
            folder,
            endings: section.endings.iter().map(|ending| ending.to_lowercase()).collect(),
            encoding: section.encoding,
            settle_s: (section.last_line == LastLine::Ended).then_some(section.settle_s),
            format,
            newest_only: false,
        }
    }
}

fn table(section: &FolderSection) -> TableOptions {
    let columns = section.column.iter().map(|column| SheetColumn {
        name: column.name.clone(),
        synonyms: column.synonyms.clone(),
        required: column.required,
    });
    let sheets = match &section.sheets {
        SheetsSection::Word(SheetsWord::First) => Sheets::First,
        SheetsSection::Word(SheetsWord::All) => Sheets::All,
        SheetsSection::Named(titles) => Sheets::Named(titles.clone()),
    };
    TableOptions {
        columns: columns.collect(),
        key: section.key.names().to_vec(),
        totals: section.totals.iter().map(|word| word.to_lowercase()).collect(),
        fill_down: section.fill_down.clone(),
        group: section.group.as_ref().map(|group| group.column.clone()),
        reading: Reading { encoding: section.encoding, sheets, merged: true },
    }
}
