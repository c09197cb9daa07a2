//! Papers: the forms of Decree 335/2025 (Annex II), the Handbook's work sheet, the explanation of a score, and lists,
//! as DOCX and XLSX.
//!
//! Owns what stands where on a sheet, its administrative layout (Decree 30/2020) and the bytes of both formats. Values
//! in, bytes out: the same values give the same bytes, the instant of printing is one of them. It must not know where
//! values come from, who may see them, or files. What is not known prints as a blank line to be filled in by hand; a
//! text of any kind is taken (see `plain`). A paper fails only when a format cannot hold it, as one [`Failed`].

mod docx;
pub mod explanation;
pub mod form01;
pub mod form02;
mod head;
pub mod layout;
pub mod list;
mod plain;
pub mod score;
pub mod switch;
mod words;
pub mod work_sheet;
mod xlsx;

use layout::Paper;
use serde::{Deserialize, Serialize};

pub use head::{Head, Standing, Trace};
pub use plain::file_part;
pub use words::{decimal, period_in_words};

/// Which paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Mẫu số 01: one person's period (art. 17.2, 18.2).
    #[serde(rename = "01")]
    #[value(name = "01")]
    Form01,
    /// Mẫu số 02: one person's year (art. 20, 21).
    #[serde(rename = "02")]
    #[value(name = "02")]
    Form02,
    /// The work sheet of one person's quarter (Handbook VI).
    #[serde(rename = "worksheet")]
    #[value(name = "worksheet")]
    WorkSheet,
    /// The score of a period, line by line down to source record and article.
    #[serde(rename = "explain")]
    #[value(name = "explain")]
    Explanation,
}

impl Form {
    /// Every paper about a person.
    pub const ALL: [Self; 4] = [Self::Form01, Self::Form02, Self::WorkSheet, Self::Explanation];

    /// Its word in commands and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form01 => "01",
            Self::Form02 => "02",
            Self::WorkSheet => "worksheet",
            Self::Explanation => "explain",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == text)
    }

    /// How a file of it is called, without period and person.
    pub fn file_stem(self) -> &'static str {
        match self {
            Self::Form01 => "Mau-01",
            Self::Form02 => "Mau-02",
            Self::WorkSheet => "Phieu-cong-viec",
            Self::Explanation => "Giai-trinh-diem",
        }
    }

    /// The year's form belongs to years, the others to periods below one; an explanation to either.
    pub fn fits(self, year: bool) -> bool {
        match self {
            Self::Form02 => year,
            Self::Form01 | Self::WorkSheet => !year,
            Self::Explanation => true,
        }
    }
}

/// In which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Word, LibreOffice Writer.
    Docx,
    /// Excel, LibreOffice Calc.
    Xlsx,
}

impl Format {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Docx, Self::Xlsx];

    /// Ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
        }
    }

    /// Reads an ending.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.ending() == text)
    }

    /// Content type for HTTP.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Why a paper could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The package of parts could not be written.
    #[error("the package could not be written: {0}")]
    Package(#[from] zip::result::ZipError),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// Writing stopped.
    #[error("writing stopped: {0}")]
    Io(#[from] std::io::Error),
}

/// The bytes of a paper.
///
/// # Errors
/// The format cannot hold it, or memory ran out while packing.
pub fn render(paper: &Paper, format: Format) -> Result<Vec<u8>, Failed> {
    match format {
        Format::Docx => docx::write(paper),
        Format::Xlsx => xlsx::write(paper),
    }
}
