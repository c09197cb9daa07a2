//! Tables, lists of facts and filters as templates draw them.
//!
//! Owns the shapes that several pages share. A page fills them with text that is already in the visitor's
//! language; the template escapes all of it.

use super::page::{render, value};
use super::{Visit, Web, page};
use crate::error::Finding;
use minijinja::context;
use serde::Serialize;

/// Rows per page of a list.
pub const ROWS: usize = 100;

/// Rows of one section on a page of several, until all of them are asked for.
pub const FEW: usize = 25;

/// How many rows a section of a page of several shows: a few, or as many as a page of its own once it was asked for
/// (`?all=ID`).
pub fn shown_of(visit: &Visit, id: &str) -> usize {
    if visit.asked("all") == id { ROWS } else { FEW }
}

/// One cell.
#[derive(Serialize, Default)]
pub struct Cell {
    text: String,
    href: String,
    note: String,
    num: bool,
    mono: bool,
    tag: bool,
    light: &'static str,
    /// Files to download: what each is called, and its address.
    links: Vec<(String, String)>,
}

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number, aligned to the right.
    pub fn num(text: impl Into<String>) -> Self {
        Self { text: text.into(), num: true, ..Self::default() }
    }

    /// An identifier.
    pub fn mono(text: impl Into<String>) -> Self {
        Self { text: text.into(), mono: true, ..Self::default() }
    }

    /// Text that leads somewhere.
    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into(), ..Self::default() }
    }

    /// A state with its light.
    pub fn tag((text, light): (String, &'static str)) -> Self {
        Self { text, tag: true, light, ..Self::default() }
    }

    /// Files to download: what each is called, and its address.
    pub fn links(links: Vec<(String, String)>) -> Self {
        Self { links, ..Self::default() }
    }

    /// The same with a second line.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The same, leading somewhere.
    pub fn to(mut self, href: impl Into<String>) -> Self {
        self.href = href.into();
        self
    }
}

/// One row; rows with a key keep their place in the reader's eye when the list changes.
#[derive(Serialize)]
pub struct Row {
    key: String,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Head {
    title: &'static str,
    num: bool,
}

/// A named value.
#[derive(Serialize)]
pub struct Fact {
    label: &'static str,
    cell: Cell,
}

/// Part of a page: facts, or a table.
#[derive(Serialize, Default)]
pub struct Section {
    id: &'static str,
    title: String,
    note: String,
    command: String,
    facts: Vec<Fact>,
    columns: Vec<Head>,
    rows: Vec<Row>,
    empty: &'static str,
    first: String,
    next: String,
    all: String,
}

impl Section {
    /// A table; a column title that begins with `#` is a column of numbers. `empty` is what stands there when
    /// there are no rows.
    pub fn table(
        visit: &Visit,
        id: &'static str,
        title: impl Into<String>,
        columns: &[(&'static str, &'static str)],
        empty: (&'static str, &'static str),
    ) -> Self {
        let head = |(vi, en): &(&'static str, &'static str)| {
            let title = page::say(visit.lang, vi, en);
            Head { title: title.trim_start_matches('#'), num: title.starts_with('#') }
        };
        Self {
            id,
            title: title.into(),
            columns: columns.iter().map(head).collect(),
            empty: page::say(visit.lang, empty.0, empty.1),
            ..Self::default()
        }
    }

    /// A list of facts.
    pub fn facts(id: &'static str, title: impl Into<String>) -> Self {
        Self { id, title: title.into(), ..Self::default() }
    }

    /// Adds a fact.
    pub fn fact(&mut self, label: &'static str, cell: Cell) {
        self.facts.push(Fact { label, cell });
    }

    /// Adds a row.
    pub fn push(&mut self, key: impl Into<String>, cells: Vec<Cell>) {
        self.rows.push(Row { key: key.into(), cells });
    }

    /// Says something above the table.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Shows the command that acts on what stands here.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// The same for a section of several: with a link to its whole list while it shows a few rows.
    pub fn some_pages(&mut self, visit: &Visit, parameter: &str, last: Option<String>) {
        if last.is_some() && shown_of(visit, self.id) < ROWS {
            let mut whole = visit.clone();
            whole.query.remove(parameter);
            self.all = whole.with("all", self.id);
        }
        self.pages(visit, parameter, last);
    }

    /// With a link to the whole list while a few rows of it are shown.
    pub fn whole(mut self, visit: &Visit) -> Self {
        if shown_of(visit, self.id) < ROWS {
            self.all = visit.with("all", self.id);
        }
        self
    }

    /// Links to the following rows and back to the first ones. The list is complete when `last` is none.
    pub fn pages(&mut self, visit: &Visit, parameter: &str, last: Option<String>) {
        if let Some(last) = last {
            self.next = visit.with(parameter, &last);
        }
        if !visit.asked(parameter).is_empty() {
            self.first = visit.with(parameter, "");
        }
    }
}

/// Takes the rows of one page from a list that was asked for one more, and says where it goes on.
pub fn one_page<T>(rows: Vec<T>, place: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    some_rows(rows, ROWS, place)
}

/// The same of a section that shows so many rows.
pub fn some_rows<T>(
    mut rows: Vec<T>,
    shown: usize,
    place: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let more = rows.len() > shown;
    rows.truncate(shown);
    let last = if more { rows.last().map(place) } else { None };
    (rows, last)
}

/// A choice above a list.
#[derive(Serialize)]
pub struct Filter {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

impl Filter {
    /// A choice among values and their names.
    pub fn new(name: &'static str, label: &'static str, values: Vec<(String, String)>, chosen: &str) -> Self {
        let choice = |(value, label): (String, String)| Choice { chosen: value == chosen, value, label };
        Self { name, label, options: values.into_iter().map(choice).collect() }
    }
}

/// A search box.
#[derive(Serialize)]
pub struct SearchBox {
    /// Address it is sent to.
    pub action: String,
    /// What to type.
    pub label: &'static str,
    /// What was searched for.
    pub value: String,
}

/// A page of sections.
#[derive(Default)]
pub struct Sheet {
    /// Heading.
    pub heading: String,
    /// Sentence below it.
    pub intro: String,
    /// Page it belongs to: name and address.
    pub parent: Option<(&'static str, String)>,
    /// Choices.
    pub filters: Vec<Filter>,
    /// Parts.
    pub sections: Vec<Section>,
    /// The search box of a page that has one.
    pub search: Option<SearchBox>,
}

impl Sheet {
    /// Renders it.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn show(self, web: &Web, visit: &Visit) -> Result<String, Finding> {
        let own = context! {
            heading => self.heading,
            intro => self.intro,
            parent => self.parent.map(|(name, href)| value(&[name.to_owned(), href])),
            filters => value(&self.filters),
            sections => value(&self.sections),
            search => self.search.map(|search| value(&search)),
        };
        let counts = web.live.counts(web).await?;
        Ok(render(web, visit, "sheet.html", own, counts.waiting()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Lang;
    use std::collections::BTreeMap;

    fn visit(query: &[(&str, &str)]) -> Visit {
        let query: BTreeMap<String, String> =
            query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Visit { lang: Lang::En, chosen: false, path: "/waiting".into(), query }
    }

    #[test]
    fn a_section_of_several_shows_a_few_rows_until_its_whole_list_is_asked_for() {
        let section = |visit: &Visit| {
            let mut section = Section::table(visit, "unknown", "", &[("Nguồn", "Source")], ("–", "–"));
            section.some_pages(visit, "unknown", Some("3-9".to_owned()));
            (section.all, section.next)
        };
        let later = visit(&[("unknown", "5-7")]);
        let (all, next) = section(&later);
        assert_eq!((all.as_str(), next.as_str()), ("/waiting?all=unknown", "/waiting?unknown=3-9"));
        assert_eq!(shown_of(&later, "unknown"), FEW);
        let whole = visit(&[("all", "unknown")]);
        assert_eq!((shown_of(&whole, "unknown"), shown_of(&whole, "review")), (ROWS, FEW));
        let (all, next) = section(&whole);
        assert_eq!((all.as_str(), next.as_str()), ("", "/waiting?all=unknown&unknown=3-9"));
        let (rows, last) = some_rows(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!((rows, last.as_deref()), (vec![1, 2], Some("2")));
    }
}
