//! A sheet before it has a format: blocks one below the other, tables of cells.
//!
//! Owns the shapes both formats print, so that a form is written once. It must not know forms or formats.

use chrono::{DateTime, Utc};

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Title for programs that list documents, and the name of the sheet.
    pub title: String,
    /// A4 across.
    pub landscape: bool,
    /// Line at the foot of every page; the page number follows it.
    pub footer: String,
    /// When it is printed; the only instant in the file.
    pub printed_at: DateTime<Utc>,
    /// What stands on it, from top to bottom.
    pub blocks: Vec<Block>,
}

/// What stands on a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Agency at the left, name and motto of the state at the right, place and date below (Decree 30/2020 annex I).
    Letterhead {
        /// The body above the agency.
        superior: Option<String>,
        /// The agency.
        agency: String,
        /// Number of the form, at the very top.
        form: Option<String>,
        /// Year of the date line.
        year: i32,
    },
    /// The title, what it is about, and a mark in a frame.
    Title {
        /// Title.
        text: String,
        /// Line below it.
        sub: String,
        /// What a reader must not overlook.
        mark: Option<String>,
    },
    /// A heading; readers for the blind jump from one to the next.
    Heading(String),
    /// A paragraph.
    Line(Vec<Run>),
    /// A label with a text, or with dotted lines for the pen where nothing is known.
    Entry {
        /// What is asked.
        label: String,
        /// The answer; none or blank = unknown.
        text: Option<String>,
        /// Dotted lines in its place.
        dots: usize,
    },
    /// A table.
    Table(Table),
    /// One of some boxes is crossed.
    Choice(Vec<(String, bool)>),
    /// Who signs, side by side.
    Signatures(Vec<Signature>),
}

/// A stretch of one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its text.
    pub text: String,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
}

impl Run {
    /// Upright text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), bold: false, italic: false }
    }

    /// Bold text.
    pub fn bold(text: impl Into<String>) -> Self {
        Self { bold: true, ..Self::plain(text) }
    }

    /// Italic text.
    pub fn italic(text: impl Into<String>) -> Self {
        Self { italic: true, ..Self::plain(text) }
    }
}

/// A place for a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// In which capacity, in capitals.
    pub title: String,
    /// How to sign.
    pub hint: String,
    /// The name below; none = written by hand.
    pub name: Option<String>,
}

/// A table with lines around its cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// What it is, for readers who cannot see it.
    pub caption: String,
    /// Widths of its columns in relation to each other.
    pub widths: Vec<u32>,
    /// Rows that are repeated on every page.
    pub head: Vec<Vec<Cell>>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
    /// Size of its letters in half points.
    pub half_points: u32,
}

/// Where a cell's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Marks and headings.
    Centre,
    /// Numbers.
    Right,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Its text; of a number its decimal digits with a point.
    pub text: String,
    /// A smaller line below: the source of what stands above.
    pub note: String,
    /// Whether the text is a number a workbook may reckon with.
    pub number: bool,
    /// Where it stands.
    pub align: Align,
    /// Bold.
    pub bold: bool,
    /// Columns it covers beyond its own.
    pub more_columns: usize,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Words in the middle.
    pub fn centre(text: impl Into<String>) -> Self {
        Self { align: Align::Centre, ..Self::text(text) }
    }

    /// A number; what is none (a fraction, nothing) is printed as it is.
    pub fn number(text: impl Into<String>) -> Self {
        let text = text.into();
        let number = text.parse::<rust_decimal::Decimal>().is_ok();
        Self { number, align: Align::Right, ..Self::text(text) }
    }

    /// A heading of a column.
    pub fn head(text: impl Into<String>) -> Self {
        Self::centre(text).bold()
    }

    /// The same in bold.
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// The same in the middle of its cell.
    pub fn centred(mut self) -> Self {
        self.align = Align::Centre;
        self
    }

    /// The same with a smaller line below.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The same across so many columns.
    pub fn across(mut self, columns: usize) -> Self {
        self.more_columns = columns.saturating_sub(1);
        self
    }
}
