//! The shape of a list, read from the system's OpenAPI description (3.x, JSON).
//!
//! Owns choosing the operation that lists tasks, resolving references within the file, and what parameters and security
//! schemes say. Nothing outside the file is fetched; references are followed so many times and no further.

use super::{Access, Member, Shape, joined, unfit};
use crate::error::{Finding, Text, written_cause};
use serde_json::Value;

/// References followed from one place.
const MAX_HOPS: usize = 20;
/// How deep members are looked for.
const DEPTH: usize = 3;

/// Words in the path of a list of tasks, the likeliest first.
const LISTS: [&str; 9] =
    ["task", "cong-viec", "congviec", "nhiem-vu", "nhiemvu", "issue", "ho-so", "work", "assignment"];

/// The shape of the list that `wanted` names, or of the one whose path speaks of tasks.
///
/// # Errors
/// LT-MAN-022 the text is no OpenAPI in JSON, or describes no list of objects that is answered to a GET.
pub fn from_openapi(file: &str, text: &str, wanted: Option<&str>) -> Result<Shape, Box<Finding>> {
    let refuse = |what| Box::new(unfit(file, what));
    let document: Value = serde_json::from_str(text).map_err(|why| {
        let what = Text::new(
            "tệp không phải JSON (tệp YAML phải đổi sang JSON)",
            "it is no JSON (convert YAML to JSON)",
        );
        refuse(what.because(&written_cause(&why)))
    })?;
    let Some(paths) = document.get("paths").and_then(Value::as_object) else {
        return Err(refuse(Text::new("tệp không có mục paths", "it has no paths")));
    };
    let described = Described { document: &document };
    let mut lists: Vec<(usize, Shape)> = Vec::new();
    for (path, operations) in paths {
        let Some(operation) = operations.get("get") else { continue };
        if wanted.is_some_and(|wanted| wanted != path) || path.contains('{') {
            continue;
        }
        if let Some(shape) = described.list(path, operations, operation) {
            let lower = path.to_lowercase();
            let rank = LISTS.iter().position(|word| lower.contains(word)).unwrap_or(LISTS.len());
            lists.push((rank, shape));
        }
    }
    let best = lists.into_iter().min_by_key(|(rank, shape)| (*rank, std::cmp::Reverse(shape.members.len())));
    best.map(|(_, shape)| shape).ok_or_else(|| {
        refuse(Text::new(
            "không có GET nào trả về danh sách đối tượng",
            "no GET answers with a list of objects",
        ))
    })
}

struct Described<'a> {
    document: &'a Value,
}

impl<'a> Described<'a> {
    /// What a reference leads to.
    fn resolve(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..MAX_HOPS {
            let target = value.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
            match target.and_then(|pointer| self.document.pointer(pointer)) {
                Some(next) => value = next,
                None => break,
            }
        }
        value
    }

    fn list(&self, path: &str, operations: &'a Value, operation: &'a Value) -> Option<Shape> {
        let answer = self.resolve(operation.pointer("/responses/200")?);
        let content = answer.get("content")?.as_object()?;
        let json = content.iter().find(|(kind, _)| kind.contains("json"))?.1;
        let schema = self.resolve(json.get("schema")?);
        let mut shape = Shape { path: Some(path.to_owned()), ..Shape::default() };
        let (records, item) = self.records(schema, String::new(), 0)?;
        shape.records = records;
        self.members(item, String::new(), 0, &mut shape.members);
        self.beside(schema, String::new(), 0, &mut shape.beside);
        let parameters = [operations.get("parameters"), operation.get("parameters")];
        shape.parameters = parameters
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query"))
            .filter_map(|parameter| Some(parameter.get("name")?.as_str()?.to_owned()))
            .collect();
        shape.access = self.access(operation);
        Some(shape)
    }

    fn properties(&self, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
        let parts =
            ["allOf", "oneOf", "anyOf"].iter().filter_map(|name| schema.get(*name)?.as_array()).flatten();
        let own = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let of_parts =
            parts.map(|part| self.resolve(part)).filter_map(|part| part.get("properties")?.as_object());
        own.chain(of_parts.flatten()).map(|(name, schema)| (name, self.resolve(schema))).collect()
    }

    /// Place and item of the nearest list of objects.
    fn records(&self, schema: &'a Value, path: String, depth: usize) -> Option<(String, &'a Value)> {
        if let Some(item) = schema.get("items").map(|item| self.resolve(item)) {
            return (!self.properties(item).is_empty()).then_some((path, item));
        }
        if depth >= DEPTH {
            return None;
        }
        self.properties(schema)
            .into_iter()
            .find_map(|(name, inner)| self.records(inner, joined(&path, name)?, depth + 1))
    }

    fn members(&self, schema: &'a Value, path: String, depth: usize, found: &mut Vec<Member>) {
        for (name, inner) in self.properties(schema) {
            let Some(path) = joined(&path, name) else { continue };
            if !self.properties(inner).is_empty() {
                if depth < DEPTH {
                    self.members(inner, path, depth + 1, found);
                }
                continue;
            }
            if inner.get("items").is_some() {
                continue;
            }
            let words = inner.get("enum").and_then(Value::as_array).into_iter().flatten();
            let mut values: Vec<String> = words.filter_map(|word| Some(word.as_str()?.to_owned())).collect();
            if values.is_empty() {
                let example = match inner.get("format").and_then(Value::as_str) {
                    Some("date") => Some("2026-01-31"),
                    Some("date-time") => Some("2026-01-31T08:00:00+07:00"),
                    _ => inner.get("example").and_then(Value::as_str),
                };
                values.extend(example.map(str::to_owned));
            }
            found.push(Member { path, values, filled: (1, 1), ..Member::default() });
        }
    }

    fn beside(&self, schema: &'a Value, path: String, depth: usize, found: &mut Vec<(String, String)>) {
        for (name, inner) in self.properties(schema) {
            let Some(path) = joined(&path, name) else { continue };
            if !self.properties(inner).is_empty() && depth < DEPTH {
                self.beside(inner, path, depth + 1, found);
            } else if inner.get("items").is_none() {
                // Only what kind of value stands there is known.
                let number = matches!(inner.get("type").and_then(Value::as_str), Some("integer" | "number"));
                let address =
                    matches!(inner.get("format").and_then(Value::as_str), Some("uri" | "uri-reference"));
                found.push((
                    path,
                    if number {
                        "0"
                    } else if address {
                        "/"
                    } else {
                        ""
                    }
                    .to_owned(),
                ));
            }
        }
    }

    fn access(&self, operation: &Value) -> Access {
        let asked = operation.get("security").or_else(|| self.document.get("security"));
        let name = asked
            .and_then(Value::as_array)
            .and_then(|list| list.first()?.as_object()?.keys().next().cloned());
        let Some(name) = name else { return Access::Unknown };
        let scheme = self.document.pointer(&format!("/components/securitySchemes/{name}"));
        let Some(scheme) = scheme.map(|scheme| self.resolve(scheme)) else { return Access::Unknown };
        let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
        match (text("type").as_str(), text("scheme").as_str(), text("in").as_str()) {
            ("http", "basic", _) => Access::Basic,
            ("http", "bearer", _) => Access::Bearer,
            ("apikey", _, "header") => {
                let header = scheme.get("name").and_then(Value::as_str);
                header.map_or(Access::Unknown, |header| Access::Header(header.to_owned()))
            }
            _ => Access::Unknown,
        }
    }
}
