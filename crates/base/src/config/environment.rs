//! Environment variables that override single keys: `LIENTHONG__SECTION__KEY`.
//!
//! Owns which keys may be overridden (every single value of a fixed section; lists, units, sources, targets
//! and secrets may not) and the reading of their text. A variable with our prefix that names no key is a
//! finding: a typing error must not silently leave the default in force.

use super::check::nearest;
use super::tree::{Node, Origin, Value};
use crate::error::{Finding, Place, Text};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// The variables of this process. Those that are no Unicode cannot be ours.
pub fn present() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// What every such variable begins with.
pub const PREFIX: &str = "LIENTHONG__";

/// One variable that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Section of the key it overrides.
    pub section: String,
    /// The key.
    pub key: String,
    kind: &'static str,
}

/// Every variable that is understood, in order of name.
pub fn variables(schema: &Json) -> Vec<Variable> {
    let resolve = |value: &Json| -> Json {
        let pointer = value.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#'));
        pointer.and_then(|pointer| schema.pointer(pointer)).cloned().unwrap_or_else(|| value.clone())
    };
    let mut found = BTreeMap::new();
    for (section, value) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let properties = resolve(value).get("properties").cloned();
        for (key, value) in properties.iter().filter_map(Json::as_object).flatten() {
            if let Some(kind) = scalar(&value_without_null(value, &resolve)) {
                let name = format!("{PREFIX}{}__{}", section.to_uppercase(), key.to_uppercase());
                found.insert(
                    name.clone(),
                    Variable { name, section: section.clone(), key: key.clone(), kind },
                );
            }
        }
    }
    found.into_values().collect()
}

/// The schema behind a reference or an `Option`.
fn value_without_null(value: &Json, resolve: &dyn Fn(&Json) -> Json) -> Json {
    let real = value.get("anyOf").and_then(Json::as_array).and_then(|variants| {
        variants.iter().find(|variant| variant.get("type").and_then(Json::as_str) != Some("null"))
    });
    resolve(real.unwrap_or(value))
}

fn scalar(schema: &Json) -> Option<&'static str> {
    if schema.get("x-secret").is_some() {
        return None;
    }
    let named = match schema.get("type") {
        Some(Json::String(name)) => Some(name.as_str()),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).find(|name| *name != "null"),
        _ => None,
    };
    match named {
        Some("integer") => Some("integer"),
        Some("number") => Some("number"),
        Some("boolean") => Some("boolean"),
        Some("string") => Some("string"),
        None if schema.get("oneOf").is_some() || schema.get("enum").is_some() => Some("string"),
        _ => None,
    }
}

/// The layer made of the variables that begin with our prefix. Relative paths in them start from `folder`.
pub fn layer(
    schema: &Json,
    variables_set: impl IntoIterator<Item = (String, String)>,
    folder: &Path,
) -> (Node, Vec<Finding>) {
    let known = variables(schema);
    let mut layer = Node::empty("environment", folder);
    let mut findings = Vec::new();
    for (name, text) in variables_set.into_iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        let Some(variable) = known.iter().find(|variable| variable.name == name) else {
            findings.push(unknown(&name, &known));
            continue;
        };
        let origin = Origin { name: name.as_str().into(), folder: folder.into(), position: None };
        let value = match variable.kind {
            "integer" | "number" => match (text.trim().parse(), text.trim().parse()) {
                (Ok(whole), _) => Value::Integer(whole),
                (_, Ok(number)) => Value::Float(number),
                _ => Value::String(text),
            },
            "boolean" => text.trim().parse().map_or(Value::String(text), Value::Boolean),
            _ => Value::String(text),
        };
        layer.set(&[&variable.section, &variable.key], &origin, value);
    }
    (layer, findings)
}

fn unknown(name: &str, known: &[Variable]) -> Finding {
    let shown: String = name.chars().take(120).collect();
    // The nearest name is looked for in lower case; all variables share it.
    let lower: Vec<String> = known.iter().map(|variable| variable.name.to_lowercase()).collect();
    let near = nearest(&shown.to_lowercase(), lower.iter().map(String::as_str)).map(str::to_uppercase);
    let (vi, en) = near.map_or_else(
        || {
            (
                "xem danh sách biến trong docs/OPERATIONS.md".to_owned(),
                "see the list of variables in docs/OPERATIONS.md".to_owned(),
            )
        },
        |near| (format!("có phải {near}?"), format!("did you mean {near}?")),
    );
    Finding::error(
        "LT-CFG-013",
        Text::new(
            format!("biến môi trường {shown} không ứng với khóa nào"),
            format!("environment variable {shown} names no key"),
        ),
        Text::new(vi, en),
    )
    .at(Place::of(shown))
}
