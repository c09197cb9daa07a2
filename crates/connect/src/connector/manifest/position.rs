//! Where things stand in a manifest file, and keys it does not know.
//!
//! Owns line and column of a dotted key and the comparison of a TOML document with the JSON Schema of the
//! manifest, which finds every unknown key at once with the nearest known one. It must not know what a key
//! means.

use crate::error::{Finding, Place, Text};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A parsed manifest text with its positions.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    /// Parses the text; every syntax error at once.
    pub(super) fn parse(file: &'a str, text: &'a str) -> Result<Self, Vec<Finding>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(Self { file, text, root });
        }
        Err(errors.iter().map(|error| syntax(file, text, error)).collect())
    }

    /// The place of a dotted key, or of the nearest section that exists around it.
    pub(super) fn place(&self, key: &str) -> Place {
        let mut offset = 0;
        let mut rest = key;
        let mut table = Some(self.root.get_ref());
        let mut value: Option<&DeValue<'_>> = None;
        while !rest.is_empty() {
            let found = match (table, value) {
                (Some(table), _) => longest_key(table, rest),
                (None, Some(DeValue::Array(items))) => {
                    let (head, tail) = rest.split_once('.').unwrap_or((rest, ""));
                    let item = head.parse::<usize>().ok().and_then(|index| items.get(index));
                    item.map(|item| (item.span().start, item.get_ref(), tail))
                }
                _ => None,
            };
            let Some((start, next, tail)) = found else { break };
            (offset, rest) = (start, tail);
            (table, value) = (next.as_table(), Some(next));
        }
        place_at(self.file, self.text, offset, Some(key))
    }

    /// Findings for keys the schema does not know.
    pub(super) fn unknown_keys(&self, schema: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.compare(self.root.get_ref(), schema, schema, "", &mut findings);
        findings
    }

    fn compare(
        &self,
        table: &DeTable<'_>,
        schema: &Value,
        root: &Value,
        prefix: &str,
        findings: &mut Vec<Finding>,
    ) {
        let Some(schema) = for_table(schema, table, root) else { return };
        let known = schema.get("properties").and_then(Value::as_object);
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            let full = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let inner = known
                .and_then(|known| known.get(name))
                .or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object()));
            match inner {
                Some(inner) => self.compare_value(value.get_ref(), inner, root, &full, findings),
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    let names =
                        known.map(|known| known.keys().map(String::as_str).collect()).unwrap_or_default();
                    findings.push(unknown(name, &full, names).at(place_at(
                        self.file,
                        self.text,
                        key.span().start,
                        Some(&full),
                    )));
                }
                None => {}
            }
        }
    }

    fn compare_value(
        &self,
        value: &DeValue<'_>,
        schema: &Value,
        root: &Value,
        key: &str,
        findings: &mut Vec<Finding>,
    ) {
        match value {
            DeValue::Table(table) => self.compare(table, schema, root, key, findings),
            DeValue::Array(items) => {
                let Some(schema) = resolve(schema, root).get("items") else { return };
                for (index, item) in items.iter().enumerate() {
                    self.compare_value(item.get_ref(), schema, root, &format!("{key}.{index}"), findings);
                }
            }
            _ => {}
        }
    }
}

/// The longest key of the table that the dotted rest begins with: keys of maps may hold dots themselves.
fn longest_key<'t, 'k>(table: &'t DeTable<'_>, rest: &'k str) -> Option<(usize, &'t DeValue<'t>, &'k str)> {
    table
        .iter()
        .filter_map(|(key, value)| {
            let name = key.get_ref().as_ref();
            let tail = rest.strip_prefix(name)?;
            let tail = if tail.is_empty() { tail } else { tail.strip_prefix('.')? };
            Some((key.span().start, value.get_ref(), tail))
        })
        .min_by_key(|(_, _, tail)| tail.len())
}

fn resolve<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}

/// The branch of a schema that describes a table: the only one with properties, or the one of the table's `kind`.
fn for_table<'s>(schema: &'s Value, table: &DeTable<'_>, root: &'s Value) -> Option<&'s Value> {
    let schema = resolve(schema, root);
    let branches = ["anyOf", "oneOf"].iter().find_map(|name| schema.get(*name)?.as_array());
    let Some(branches) = branches else { return Some(schema) };
    let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str());
    let mut with_properties = branches
        .iter()
        .filter_map(|branch| for_table(branch, table, root))
        .filter(|branch| branch.get("properties").is_some());
    let tagged = |branch: &&Value| branch.pointer("/properties/kind/const").and_then(Value::as_str) == kind;
    match with_properties.clone().count() {
        1 => with_properties.next(),
        _ => with_properties.find(tagged),
    }
}

fn unknown(name: &str, full: &str, known: Vec<&str>) -> Finding {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, candidate)| candidate);
    let remedy = match nearest {
        Some(nearest) => Text::new(format!("có phải \"{nearest}\"?"), format!("did you mean \"{nearest}\"?")),
        None => Text::new(
            format!("xóa khóa này, hoặc dùng một trong: {}", known.join(", ")),
            format!("remove the key, or use one of: {}", known.join(", ")),
        ),
    };
    Finding::error(
        "LT-MAN-002",
        Text::new(format!("khóa lạ \"{full}\""), format!("unknown key \"{full}\"")),
        remedy,
    )
}

/// A finding for an error of the TOML reader: syntax, wrong type or missing key.
pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Finding {
    Finding::error(
        "LT-MAN-001",
        Text::new("không đọc được manifest", "the manifest cannot be read")
            .because(&crate::error::written_cause(error.message())),
        Text::new(
            "sửa dòng được nêu; mẫu ở docs/CONNECTORS.md",
            "correct the line; docs/CONNECTORS.md has an example",
        ),
    )
    .at(place_at(file, text, error.span().map_or(0, |span| span.start), None))
}

/// The same for a value of a wrong type or a missing key.
pub(super) fn shape(file: &str, text: &str, error: &toml::de::Error) -> Finding {
    Finding { code: "LT-MAN-003".to_owned(), ..syntax(file, text, error) }
}

fn place_at(file: &str, text: &str, offset: usize, key: Option<&str>) -> Place {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let detail = match key {
        Some(key) => format!("column {column}, {key}"),
        None => format!("column {column}"),
    };
    Place::line(file, u32::try_from(line).unwrap_or(u32::MAX)).at(detail)
}
