//! What `report` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::value::{day, period, person};
use crate::domain::{Period, SourceId, UnitCode};
use crate::paper::Form;
use crate::pipeline::command::{PersonRef, ReportBy, ReportKey};
use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// Subcommands of `report`.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Tasks done, late, open and overdue
    Tasks {
        /// One row per person or unit
        #[arg(long, default_value = "person")]
        by: ReportBy,
        /// Of this source only
        #[arg(long)]
        source: Option<SourceId>,
        /// Day that decides what is overdue; default: today
        #[arg(long, value_name = "DAY", value_parser = day)]
        as_of: Option<NaiveDate>,
        /// Name people by staff number or by the source's account; SOURCE:ACCOUNT where several are read
        #[arg(long, default_value = "staff")]
        key: ReportKey,
        /// Form of the output
        #[arg(long)]
        format: Option<Format>,
    },
    /// Write one paper about one person: form 01 or 02, the work sheet, or the explanation of the score
    Form {
        /// Staff number, or the id the page shows
        #[arg(value_parser = person)]
        person: PersonRef,
        /// Period: 2026-Q3 or 2026
        #[arg(value_parser = period)]
        period: Period,
        /// Which paper
        #[arg(long)]
        form: Form,
        /// Format; default: by the ending of the file, else docx
        #[arg(long)]
        format: Option<PaperFormat>,
        /// Of this revision; default: the approved one, else the newest
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        revision: Option<u32>,
        /// File to write; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write the papers of a unit and everything below it into one archive
    Bundle {
        /// The unit's code
        #[arg(long)]
        unit: UnitCode,
        /// Period: 2026-Q3 or 2026
        #[arg(long, value_parser = period)]
        period: Period,
        /// Only these papers; may be repeated; default: all of the period
        #[arg(long)]
        form: Vec<Form>,
        /// Format of every paper; default: docx, work sheets as xlsx
        #[arg(long)]
        format: Option<OfficeFormat>,
        /// Archive to write, a ZIP file; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Assigned tasks per department or commune and head, for the provincial office
    Statistics {
        /// The quarter: 2026-Q3
        #[arg(long, value_parser = period)]
        period: Period,
        /// Day that decides what is overdue; default: today
        #[arg(long, value_name = "DAY", value_parser = day)]
        as_of: Option<NaiveDate>,
        /// Form of the output; xlsx needs --out
        #[arg(long, requires_if("xlsx", "out"))]
        format: Option<SheetFormat>,
        /// File to write, .xlsx or .csv; must not exist
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum Format {
    /// For people
    Table,
    /// For spreadsheets
    Csv,
    /// For programs
    Json,
}

/// Form of a table that may be a workbook as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum SheetFormat {
    /// For people
    Table,
    /// For spreadsheets
    Csv,
    /// For programs
    Json,
    /// A workbook, written to --out
    Xlsx,
}

/// Format of papers an office program edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum OfficeFormat {
    /// Word, LibreOffice Writer
    Docx,
    /// Excel, LibreOffice Calc
    Xlsx,
}

/// Format of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum PaperFormat {
    /// Word, LibreOffice Writer
    Docx,
    /// Excel, LibreOffice Calc
    Xlsx,
    /// To print; needs LibreOffice on this machine
    Pdf,
}

impl From<OfficeFormat> for crate::paper::Format {
    fn from(format: OfficeFormat) -> Self {
        match format {
            OfficeFormat::Docx => Self::Docx,
            OfficeFormat::Xlsx => Self::Xlsx,
        }
    }
}

impl SheetFormat {
    /// The form asked for, else the one a file's ending names, else a workbook; none where neither form nor file is named.
    pub fn of(asked: Option<Self>, file: Option<&PathBuf>) -> Option<Self> {
        let ending = |file: &PathBuf| file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        asked.or_else(|| {
            file.map(|file| if ending(file).as_deref() == Some("csv") { Self::Csv } else { Self::Xlsx })
        })
    }

    /// The endings of the file that is written; none where the form is for the terminal alone.
    pub fn endings(asked: Option<Self>) -> &'static [&'static str] {
        match asked {
            None => &["xlsx", "csv"],
            Some(Self::Xlsx) => &["xlsx"],
            Some(Self::Csv) => &["csv"],
            Some(Self::Table | Self::Json) => &[],
        }
    }
}

impl PaperFormat {
    /// The format asked for, else the one a file's ending names, else a text.
    pub fn of(asked: Option<Self>, file: &std::path::Path) -> Self {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        asked.unwrap_or(match ending.as_str() {
            "xlsx" => Self::Xlsx,
            "pdf" => Self::Pdf,
            _ => Self::Docx,
        })
    }

    /// The ending of its files.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pdf => &["pdf"],
        }
    }

    /// The format the paper is made in: a PDF is made of a text.
    pub fn office(self) -> crate::paper::Format {
        match self {
            Self::Docx | Self::Pdf => crate::paper::Format::Docx,
            Self::Xlsx => crate::paper::Format::Xlsx,
        }
    }
}

impl Report {
    /// The file that is named, with the endings it may have; none where nothing is named. What has no ending is left alone.
    pub fn endings(&self) -> Option<(&PathBuf, &'static [&'static str])> {
        match self {
            Self::Form { format: None, out, .. } => Some((out, &["docx", "xlsx", "pdf"])),
            Self::Form { format: Some(format), out, .. } => Some((out, format.endings())),
            Self::Bundle { out, .. } => Some((out, &["zip"])),
            Self::Statistics { format, out: Some(out), .. } => Some((out, SheetFormat::endings(*format))),
            Self::Statistics { out: None, .. } | Self::Tasks { .. } => None,
        }
    }
}
