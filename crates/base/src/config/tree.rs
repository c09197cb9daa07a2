//! A TOML file as a tree in which every key and value knows its file, line and column.
//!
//! Owns parsing with all syntax errors at once, limits on size, and the joining of layers: tables merge key
//! by key, anything else is replaced whole. It must not know which keys exist. A file that is no TOML gives
//! findings with their lines and no tree.

use crate::error::{Finding, Place, Text, written_cause};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Largest configuration file, bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// Where a key or value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// File or variable.
    pub name: Arc<str>,
    /// Folder against which relative paths of this layer are resolved.
    pub folder: Arc<Path>,
    /// Line and column, 1-based; none outside files.
    pub position: Option<(u32, u32)>,
}

impl Origin {
    /// The place for a message, narrowed to a key.
    pub fn place(&self, key: &str) -> Place {
        match self.position {
            Some((line, column)) => Place::line(&*self.name, line).at(format!("column {column}, {key}")),
            None => Place::of(&*self.name).at(key),
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it was written; for tables, where they begin.
    pub origin: Origin,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// Keys with their own origins.
    Table(BTreeMap<String, (Origin, Node)>),
    /// A list.
    Array(Vec<Node>),
    /// Text; dates and times arrive as text too.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// true or false.
    Boolean(bool),
}

impl Node {
    /// Parses a layer. `name` is what messages call it, `folder` what its relative paths start from.
    pub fn parse(name: &str, folder: &Path, text: &str) -> Result<Self, Vec<Finding>> {
        let lines = Lines { name: name.into(), folder: folder.into(), text };
        if text.len() > MAX_BYTES {
            let why = Text::new("tệp lớn hơn 4 MiB", "the file is larger than 4 MiB");
            return Err(vec![syntax(&lines.origin(0), &why)]);
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let start = table.span().start;
            return lines.table(table.into_inner(), start).map_err(|finding| vec![finding]);
        }
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let found =
            |error: &toml::de::Error| syntax(&lines.origin(start(error)), &written_cause(error.message()));
        let Some((opening, unclosed)) = unclosed(text, &errors) else {
            // A broken line often breaks the following ones too; the first ones tell enough.
            return Err(errors.iter().take(20).map(found).collect());
        };
        // Everything behind a bracket that nobody closes was read as part of it: one fault, told once.
        let before = errors.iter().filter(|error| start(error) < opening).take(20).map(found);
        // A quote that never closes took the closing bracket along.
        let quote = errors.iter().filter(|error| start(error) >= opening).find(|error| is_quote(error));
        let told = quote.map_or_else(|| syntax(&lines.origin(opening), &written_cause(unclosed)), found);
        Err(before.chain([told]).collect())
    }

    /// An empty table.
    pub fn empty(name: &str, folder: &Path) -> Self {
        let origin = Origin { name: name.into(), folder: folder.into(), position: None };
        Self { origin, value: Value::Table(BTreeMap::new()) }
    }

    /// Lays another layer over this one.
    pub fn overlay(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Table(below), Value::Table(above)) => {
                for (key, (origin, node)) in above {
                    match below.get_mut(&key) {
                        Some(known) => {
                            known.0 = origin;
                            known.1.overlay(node);
                        }
                        None => {
                            below.insert(key, (origin, node));
                        }
                    }
                }
                self.origin = over.origin;
            }
            (value, replacement) => {
                *value = replacement;
                self.origin = over.origin;
            }
        }
    }

    /// Sets one value below this table, making tables on the way; false when something else is in the way.
    pub fn set(&mut self, path: &[&str], origin: &Origin, value: Value) -> bool {
        let (Value::Table(table), Some((first, rest))) = (&mut self.value, path.split_first()) else {
            return false;
        };
        let fresh = || Node { origin: origin.clone(), value: Value::Table(BTreeMap::new()) };
        let entry = table.entry((*first).to_owned()).or_insert_with(|| (origin.clone(), fresh()));
        if rest.is_empty() {
            *entry = (origin.clone(), Node { origin: origin.clone(), value });
            return true;
        }
        entry.1.set(rest, origin, value)
    }

    /// The node at a path like `source[2].schedule`, or its nearest ancestor that exists.
    pub fn nearest(&self, path: &str) -> &Self {
        let mut node = self;
        for step in steps(path) {
            let next = match &node.value {
                Value::Table(table) => table.get(step).map(|(_, node)| node),
                Value::Array(list) => step.parse::<usize>().ok().and_then(|index| list.get(index)),
                _ => None,
            };
            let Some(next) = next else { return node };
            node = next;
        }
        node
    }

    /// Takes out what stands at a path like `source[2].settings.url`; nothing happens where nothing stands.
    pub fn remove(&mut self, path: &str) {
        let steps: Vec<&str> = steps(path).collect();
        let Some((last, way)) = steps.split_last() else { return };
        let mut node = self;
        for step in way {
            let next = match &mut node.value {
                Value::Table(table) => table.get_mut(*step).map(|(_, node)| node),
                Value::Array(list) => step.parse::<usize>().ok().and_then(|index| list.get_mut(index)),
                _ => None,
            };
            let Some(next) = next else { return };
            node = next;
        }
        match &mut node.value {
            Value::Table(table) => {
                table.remove(*last);
            }
            Value::Array(list) => {
                if let Some(index) = last.parse().ok().filter(|index| *index < list.len()) {
                    list.remove(index);
                }
            }
            _ => {}
        }
    }

    /// The elements of a list at a top-level key; empty when there is none.
    pub fn list_mut(&mut self, key: &str) -> &mut [Self] {
        match &mut self.value {
            Value::Table(table) => match table.get_mut(key) {
                Some((_, Self { value: Value::Array(list), .. })) => list,
                _ => &mut [],
            },
            _ => &mut [],
        }
    }

    /// The value without origins.
    pub fn plain(&self) -> toml::Value {
        match &self.value {
            Value::Table(table) => {
                toml::Value::Table(table.iter().map(|(key, (_, node))| (key.clone(), node.plain())).collect())
            }
            Value::Array(list) => toml::Value::Array(list.iter().map(Self::plain).collect()),
            Value::String(text) => toml::Value::String(text.clone()),
            Value::Integer(number) => toml::Value::Integer(*number),
            Value::Float(number) => toml::Value::Float(*number),
            Value::Boolean(value) => toml::Value::Boolean(*value),
        }
    }
}

/// The keys and numbers of a path like `source[2].schedule`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty())
}

/// Translates byte offsets of one file into lines and columns.
struct Lines<'a> {
    name: Arc<str>,
    folder: Arc<Path>,
    text: &'a str,
}

impl Lines<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Origin {
            name: self.name.clone(),
            folder: self.folder.clone(),
            position: Some((small(line), small(column))),
        }
    }

    fn table(&self, table: DeTable<'_>, start: usize) -> Result<Node, Finding> {
        let mut out = BTreeMap::new();
        for (key, value) in table {
            let origin = self.origin(key.span().start);
            out.insert(key.into_inner().into_owned(), (origin, self.value(value)?));
        }
        Ok(Node { origin: self.origin(start), value: Value::Table(out) })
    }

    fn value(&self, value: Spanned<DeValue<'_>>) -> Result<Node, Finding> {
        let start = value.span().start;
        let value = match value.into_inner() {
            DeValue::Table(table) => return self.table(table, start),
            DeValue::Array(list) => {
                Value::Array(list.into_iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::Datetime(at) => Value::String(at.to_string()),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map(Value::Integer).map_err(|_| {
                    syntax(&self.origin(start), &Text::new("số quá lớn", "the number is too large"))
                })?
            }
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map(Value::Float)
                .map_err(|_| syntax(&self.origin(start), &Text::new("không phải số", "not a number")))?,
        };
        Ok(Node { origin: self.origin(start), value })
    }
}

/// Whether an error is a quote that never closes.
fn is_quote(error: &toml::de::Error) -> bool {
    error.message().starts_with("invalid ") && error.message().contains("string")
}

/// Where a bracket stands that nobody closes, and what is said of it; none where all are closed.
fn unclosed<'a>(text: &str, errors: &'a [toml::de::Error]) -> Option<(usize, &'a str)> {
    let message =
        errors.iter().map(|error| error.message()).find(|message| message.starts_with("unclosed "))?;
    let (opens, closes) = if message.contains("array") { ('[', ']') } else { ('{', '}') };
    let within = errors.iter().filter(|error| {
        ["array", "inline table", "key-value pairs"].iter().any(|of| error.message().contains(of))
    });
    let first = within.filter_map(|error| Some(error.span()?.start)).min()?;
    let mut closed = 0_u32;
    for (at, sign) in text.get(..first)?.char_indices().rev() {
        match sign {
            _ if sign == closes => closed += 1,
            _ if sign == opens && closed == 0 => return Some((at, message)),
            _ if sign == opens => closed -= 1,
            _ => {}
        }
    }
    None
}

fn syntax(origin: &Origin, why: &Text) -> Finding {
    let (line, column) = origin.position.unwrap_or((1, 1));
    Finding::error(
        "LT-CFG-002",
        Text::new("không đúng cú pháp TOML", "not valid TOML").because(why),
        Text::new(
            "sửa dòng này; chuỗi nằm trong dấu ngoặc kép, mỗi khóa một dòng",
            "correct this line; texts stand in double quotes, one key per line",
        ),
    )
    .at(Place::line(&*origin.name, line).at(format!("column {column}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Node {
        Node::parse("a.toml", Path::new("/etc"), text).expect("valid")
    }

    #[test]
    fn every_syntax_error_is_reported_with_line_and_column() {
        let findings =
            Node::parse("a.toml", Path::new("/"), "a = \nb = 1\nc = \"x\n").expect_err("two errors");
        let places: Vec<_> = findings.iter().filter_map(|finding| finding.place.as_ref()?.line).collect();
        assert!(places.contains(&1) && places.contains(&3), "{findings:?}");
    }

    #[test]
    fn bracket_nobody_closes_is_one_error_at_the_bracket_whatever_was_read_behind_it() {
        let places = |text: &str| -> Vec<(u32, Option<String>)> {
            let findings = Node::parse("a.toml", Path::new("/"), text).expect_err(text);
            let places = findings.into_iter().map(|finding| finding.place.expect("a place"));
            places.map(|place| (place.line.unwrap_or_default(), place.detail)).collect()
        };
        let at = |line, column: u32| (line, Some(format!("column {column}")));
        assert_eq!(places("a = 1\nx = [1,\nb = 2\n[daemon]\ny = 1\n"), [at(2, 5)]);
        assert_eq!(places("x = [[1, 2]\n[daemon]\ny = 1\n"), [at(1, 5)]);
        assert_eq!(places("a = {x = 1\nb = 2\n"), [at(1, 5)]);
        assert_eq!(places("a = \nx = [1\nb = 2\n").len(), 2, "the line before is a fault of its own");
        assert_eq!(places("x = [\"a\", \"b\n[daemon]\n"), [at(1, 13)], "the quote took the bracket along");
    }

    #[test]
    fn layers_merge_tables_and_replace_lists_and_keep_the_origin_of_each_value() {
        let mut below = parse("[a]\nx = 1\ny = [1, 2]\n");
        below.overlay(Node::parse("b.toml", Path::new("/b"), "\n[a]\ny = [3]\n").expect("valid"));
        assert_eq!(below.plain().to_string(), "{ a = { x = 1, y = [3] } }");
        assert_eq!(&*below.nearest("a.x").origin.name, "a.toml");
        assert_eq!(below.nearest("a.y").origin.position, Some((3, 5)));
        assert_eq!(&*below.nearest("a.y[0]").origin.folder, Path::new("/b"));
    }

    #[test]
    fn a_missing_path_leads_to_its_nearest_ancestor() {
        let tree = parse("[[source]]\nid = \"a\"\n");
        assert_eq!(tree.nearest("source[0].schedule").origin.position, Some((1, 1)));
        assert_eq!(tree.nearest("source[7].id").plain().as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn what_is_taken_out_leaves_its_neighbours_and_what_is_not_there_is_no_matter() {
        let text = "[a]\nx = 1\ny = 2\n[[s]]\nid = \"1\"\n[[s]]\nid = \"2\"\n[s.more]\nk = 1\n";
        let mut tree = parse(text);
        for path in ["a.x", "s[1].more.k", "s[0]", "s[7].id", "b.c", "a.y.z", ""] {
            tree.remove(path);
        }
        assert_eq!(tree.plain().to_string(), "{ a = { y = 2 }, s = [{ id = \"2\", more = {} }] }");
    }

    #[test]
    fn dates_may_stand_without_quotes() {
        assert_eq!(parse("d = 2026-01-31").plain()["d"].as_str(), Some("2026-01-31"));
    }
}
