//! Field rules as a manifest writes them.
//!
//! Owns the TOML shape of `[fields]`, `[events]` and `[[event]]`, and nothing of what they do: `compile`
//! turns them into something that runs. A rule is a table, or just a path where nothing else is needed.

use crate::domain::{AccountKind, EventKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// How one value is found and cleaned. Exactly one of `path`, `first_of`, `const`, `expression` and
/// `last_event` says where it comes from; the rest runs in the order in which it stands here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleTable {
    /// Place in the record: `owner.account`, `labels.0`, `$history.0.note`, or a pointer `/a.b/c`.
    pub path: Option<String>,
    /// Several places; the first that holds a value counts.
    pub first_of: Vec<String>,
    /// Always this text.
    #[serde(rename = "const")]
    pub constant: Option<String>,
    /// An expression over `record` (escape hatch; the other ways are faster and checked better).
    pub expression: Option<String>,
    /// Time of the last event of this kind in the record's history, unless the task was opened again after it.
    pub last_event: Option<EventKind>,
    /// Gives `true` or `false`: whether the list (or text) at the place holds this text.
    pub contains: Option<String>,
    /// Members of an object at the place that are a moment, in this order: year, month, day and, where there are more,
    /// hour, minute, second. Then there is no `date`.
    // What is left out changes no manifest's fingerprint: its records are not read once more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Blanks at both ends are removed. Default: true, for titles false.
    pub trim: Option<bool>,
    /// Texts that mean "no value", for example `-` or `0001-01-01T00:00:00`. The empty text always does.
    pub empty: Vec<String>,
    /// A beginning that is removed where it stands.
    pub strip_prefix: Option<String>,
    /// An end that is removed where it stands.
    pub strip_suffix: Option<String>,
    /// One part of a text that holds several.
    pub split: Option<Split>,
    /// Table from the source's values to ours.
    pub map: BTreeMap<String, String>,
    /// Compares values of `map` without regard to case, accents and blanks.
    pub fold: bool,
    /// What a value outside `map` becomes. Without it the record is rejected, so that nothing is guessed.
    pub otherwise: Option<String>,
    /// The value when there is none.
    pub default: Option<String>,
    /// Spellings of a date, tried in order: `auto`, `rfc3339`, `epoch_ms`, `epoch_s`, `excel` (day number), `words`
    /// ("trong tháng 3", "quý III/2026") or a pattern such as `%d/%m/%Y %H:%M:%S`. Default: `auto`.
    pub date: Vec<String>,
    /// Offset of times without one, `+07:00`. Default: that of the manifest.
    pub zone: Option<String>,
    /// Decimal sign of a number. Default: `point`.
    pub decimal: Option<DecimalSign>,
    /// What kind of name a person's name is. Default: `account`.
    pub kind: Option<AccountKind>,
    /// Rejects the record when there is no value. Titles and states are always required.
    pub required: bool,
}

/// Cutting a text and taking one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// What stands between the parts.
    pub by: String,
    /// Which part, 0-based.
    #[serde(default)]
    pub index: usize,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecimalSign {
    /// `1234.5`
    Point,
    /// `1.234,5`
    Comma,
    /// `0.8` or `0,8`, as people type it; no thousands separators: `1.000`, which some mean as a thousand, is not read.
    Either,
}

/// A rule: a table, or only its path.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Rule(pub RuleTable);

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = Rule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path or a table of a field rule")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<Rule, E> {
                Ok(Rule(RuleTable { path: Some(path.to_owned()), ..RuleTable::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
                RuleTable::deserialize(MapAccessDeserializer::new(map)).map(Rule)
            }
        }
        deserializer.deserialize_any(PathOrTable)
    }
}

impl JsonSchema for Rule {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<RuleTable>();
        json_schema!({ "anyOf": [{ "type": "string", "description": "A path" }, table] })
    }
}

/// Rules of a task's fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldRules {
    /// Title. Always required.
    pub title: Rule,
    /// State; `map` leads to open, in_progress, submitted, done, returned, refused, paused, cancelled, recalled
    /// or gone. Always required.
    pub status: Rule,
    /// The state as the source writes it. Default: what `status` found before its `map`.
    pub raw_status: Option<Rule>,
    /// Present assignee; `kind` says what kind of name it is.
    pub assignee: Option<Rule>,
    /// The assignee's name as shown.
    pub assignee_name: Option<Rule>,
    /// Unit as the source names it.
    pub unit: Option<Rule>,
    /// When it was assigned.
    pub assigned_at: Option<Rule>,
    /// When it is due: a day, with an hour where the source has one.
    pub due: Option<Rule>,
    /// When it was handed in.
    pub submitted_at: Option<Rule>,
    /// When it was completed.
    pub completed_at: Option<Rule>,
    /// When the source last changed it.
    pub updated_at: Option<Rule>,
    /// Quantity assigned.
    pub quantity: Option<Rule>,
    /// Whether it is unplanned: true, false, 1 or 0.
    pub unplanned: Option<Rule>,
    /// Document type.
    pub doc_type: Option<Rule>,
    /// The source's own category.
    pub category: Option<Rule>,
    /// Number and notation of the document behind it.
    pub doc_number: Option<Rule>,
    /// Product code.
    pub product_code: Option<Rule>,
}

/// History as a list inside the record; the paths are those of one entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryRules {
    /// Place of the list, for example `$history`.
    pub list: String,
    /// Kind of event; `map` leads to assigned, due_changed, progressed, submitted, returned, approved, refused,
    /// reopened, handed_over, recalled, cancelled, edited, or `ignore`.
    pub kind: Rule,
    /// When it happened.
    pub at: Rule,
    /// Who did it.
    pub actor: Option<Rule>,
    /// Whose task it was before a hand-over; without it the actor is taken for that person.
    pub from: Option<Rule>,
    /// New assignee of a hand-over.
    pub to: Option<Rule>,
    /// Reason or note.
    pub note: Option<Rule>,
}

/// One event that follows from a date in the record itself; there is none while the date is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// Kind of event.
    pub kind: EventKind,
    /// When it happened.
    pub at: Rule,
    /// Who did it.
    pub actor: Option<Rule>,
    /// Reason or note.
    pub note: Option<Rule>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        rule: Rule,
    }

    #[test]
    fn bare_text_is_a_path_and_unknown_key_is_refused() {
        let short: Holder = toml::from_str("rule = \"a.b\"").expect("short form");
        let long: Holder = toml::from_str("rule = { path = \"a.b\" }").expect("long form");
        assert_eq!(short.rule, long.rule);
        assert!(toml::from_str::<Holder>("rule = { pth = \"a.b\" }").is_err());
        assert!(toml::from_str::<Holder>("rule = 5").is_err());
    }
}
