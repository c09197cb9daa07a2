//! Lists on a sheet: the index of a bundle, and statistics.
//!
//! Owns how a plain table becomes a sheet across. It must not know what its columns mean.

use super::layout::{Block, Cell, Paper, Run, Table};
use chrono::{DateTime, Utc};

/// A column of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// Its width in relation to the others.
    pub width: u32,
    /// Whether its values are numbers.
    pub number: bool,
}

impl Column {
    /// A column of words.
    pub fn words(title: &str, width: u32) -> Self {
        Self { title: title.to_owned(), width, number: false }
    }

    /// A column of numbers.
    pub fn numbers(title: &str, width: u32) -> Self {
        Self { number: true, ..Self::words(title, width) }
    }
}

/// What a list says above its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The body above the agency.
    pub superior: Option<String>,
    /// Whose list it is.
    pub agency: String,
    /// Title.
    pub title: String,
    /// Line below the title.
    pub sub: String,
    /// What a reader must not overlook.
    pub mark: Option<String>,
    /// Paragraphs above the rows.
    pub lines: Vec<String>,
    /// Year of the date line.
    pub year: i32,
    /// When it is made.
    pub printed_at: DateTime<Utc>,
}

/// A list as a sheet; a row with fewer values than columns ends early.
pub fn paper(heading: Heading, columns: &[Column], rows: Vec<Vec<String>>) -> Paper {
    let printed = super::words::moment(heading.printed_at);
    let mut blocks = vec![
        Block::Letterhead {
            superior: heading.superior,
            agency: heading.agency,
            form: None,
            year: heading.year,
        },
        Block::Title { text: heading.title.clone(), sub: heading.sub.clone(), mark: heading.mark },
    ];
    blocks.extend(heading.lines.into_iter().map(|line| Block::Line(vec![Run::plain(line)])));
    let cell = |(text, column): (String, &Column)| {
        if column.number { Cell::number(text) } else { Cell::text(text) }
    };
    blocks.push(Block::Table(Table {
        caption: heading.title.clone(),
        widths: columns.iter().map(|column| column.width).collect(),
        head: vec![columns.iter().map(|column| Cell::head(&column.title)).collect()],
        rows: rows.into_iter().map(|row| row.into_iter().zip(columns).map(cell).collect()).collect(),
        half_points: 22,
    }));
    Paper {
        title: heading.title,
        landscape: true,
        footer: format!("{} · in lúc {printed}", heading.sub),
        printed_at: heading.printed_at,
        blocks,
    }
}
