//! What a manifest says about records that change their shape, and which of their fields its rules read.
//!
//! Owns `[drift]`, its defaults, and finding the places that rules, keys and expressions name. It must not know what records
//! look like. A place too many only means more care; a text that is no place is none of a field.

use super::Change;
use crate::connector::json::Path;
use crate::connector::manifest::{self, Manifest};
use crate::connector::rule::spec::HistoryRules;
use crate::error::Findings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What happens when the shape of records changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDrift {
    /// Nothing.
    Ignore,
    /// It is told.
    Tell,
    /// Records that show it are rejected and kept. Types only.
    Quarantine,
    /// The pull stops until a person lets it go on. Types and missing fields only.
    Stop,
}

/// What happens when records change their shape.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DriftSection {
    /// A field nobody knew. Default: tell.
    pub on_new: Option<OnDrift>,
    /// A field that nearly every record had, or had a value in, and none has now. Default: tell.
    pub on_missing: Option<OnDrift>,
    /// A field with values of another type. Default: quarantine where a rule reads the field, else tell.
    pub on_type_change: Option<OnDrift>,
    /// A new value in a small vocabulary. Default: tell.
    pub on_new_value: Option<OnDrift>,
    /// Other rules for single fields, by path.
    pub field: BTreeMap<String, FieldDrift>,
}

impl DriftSection {
    /// Keys that ask for more than can be done about a field that is not there or merely new.
    pub fn more_than_can_be(&self) -> Vec<String> {
        let wrong = |new: Option<OnDrift>, missing: Option<OnDrift>, value: Option<OnDrift>| {
            let more = |on: Option<OnDrift>| matches!(on, Some(OnDrift::Quarantine | OnDrift::Stop));
            let keys = [
                ("on_new", more(new)),
                // There is nothing in such a record that could be kept aside and read later.
                ("on_missing", missing == Some(OnDrift::Quarantine)),
                ("on_new_value", more(value)),
            ];
            keys.into_iter().filter(|(_, wrong)| *wrong).map(|(key, _)| key)
        };
        let all = wrong(self.on_new, self.on_missing, self.on_new_value).map(str::to_owned);
        let own = self.field.iter().flat_map(|(path, field)| {
            wrong(field.on_new, field.on_missing, field.on_new_value)
                .map(move |key| format!("field.{path}.{key}"))
        });
        all.chain(own).collect()
    }
}

/// What happens to one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldDrift {
    /// It is there, and nobody knew it.
    pub on_new: Option<OnDrift>,
    /// It is gone, or holds no value any more.
    pub on_missing: Option<OnDrift>,
    /// It holds values of another type.
    pub on_type_change: Option<OnDrift>,
    /// It holds a new value of a small vocabulary.
    pub on_new_value: Option<OnDrift>,
}

/// The policy of one source.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub(super) section: DriftSection,
    /// Places the rules name, and those above them: whoever reads `owner.account` goes through `owner`.
    pub(super) read: BTreeSet<String>,
    /// The same of single rules of `[fields]`.
    pub(super) of_rule: BTreeMap<String, BTreeSet<String>>,
    /// Those and the fields with a policy of their own.
    pub(super) named: Arc<BTreeSet<String>>,
}

impl Policy {
    /// The policy of a manifest text.
    ///
    /// # Errors
    /// As the manifest's own.
    pub fn of_manifest(name: &str, text: &str) -> Result<Self, Findings> {
        Ok(Self::of(&manifest::parse(name, text)?.manifest))
    }

    fn of(manifest: &Manifest) -> Self {
        let mut read = BTreeSet::new();
        // Whatever text stands in a rule and is the place of a field is read by it; one too many only means more care.
        places(&manifest.fields, &mut read);
        places(&manifest.event, &mut read);
        places(&manifest.row, &mut read);
        read.extend(manifest.events.iter().flat_map(of_history));
        if let Some(stream) = &manifest.stream {
            places(&stream.key, &mut read);
            places(&stream.deleted, &mut read);
        }
        places(&manifest.folder.as_ref().map(|folder| &folder.key), &mut read);
        places(&manifest.view.as_ref().map(|view| [&view.key, &view.changed]), &mut read);
        places(&manifest.process.as_ref().map(|process| &process.key), &mut read);
        let fields = serde_json::to_value(&manifest.fields).unwrap_or_default();
        let rules = fields.as_object().into_iter().flatten();
        let of_rule = rules.map(|(name, rule)| {
            let mut read = BTreeSet::new();
            words(rule, &mut read);
            // What it takes from an entry of the history is read by the rules of that list.
            if let Some(history) = manifest.events.as_ref().filter(|_| rule.get("last_event").is_some()) {
                read.extend(of_history(history));
            }
            (name.clone(), read)
        });
        let section = manifest.drift.clone();
        let named = read.iter().chain(section.field.keys()).cloned().collect();
        Self { section, of_rule: of_rule.collect(), read, named: Arc::new(named) }
    }

    /// What a change of a field leads to.
    pub fn on(&self, path: &str, change: Change) -> OnDrift {
        let own = self.section.field.get(path).copied().unwrap_or_default();
        let (own, all) = match change {
            Change::New => (own.on_new, self.section.on_new),
            Change::Missing | Change::Empty => (own.on_missing, self.section.on_missing),
            Change::Type => (own.on_type_change, self.section.on_type_change),
            Change::Value => (own.on_new_value, self.section.on_new_value),
        };
        let read = || if self.reads(path) { OnDrift::Quarantine } else { OnDrift::Tell };
        let usual = || if change == Change::Type { read() } else { OnDrift::Tell };
        own.or(all).unwrap_or_else(usual)
    }

    /// Whether a rule reads a field, something below it, or the list whose entries it is.
    fn reads(&self, path: &str) -> bool {
        self.read.contains(path) || path.strip_suffix("[]").is_some_and(|list| self.read.contains(list))
    }

    /// Whether tasks may lose what this rule of `[fields]` gives them: a field it reads, or one below a place where its
    /// reading ends, has a policy of its own that does not stop for its absence.
    pub fn lets_lose(&self, rule: &str) -> bool {
        let Some(read) = self.of_rule.get(rule) else { return false };
        let below = |place: &str, field: &str| {
            field.strip_prefix(place).is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        let ends = |place: &str| !read.iter().any(|other| below(place, other));
        let reads =
            |field: &str| read.contains(field) || read.iter().any(|place| below(place, field) && ends(place));
        let lets = |(field, own): (&String, &FieldDrift)| {
            own.on_missing.is_some_and(|on| on != OnDrift::Stop) && reads(field)
        };
        self.section.field.iter().any(lets)
    }

    /// Whether the absence of some field stops a pull.
    pub fn stops_for_absence(&self) -> bool {
        let own = self.section.field.values().map(|field| field.on_missing);
        own.chain([self.section.on_missing]).any(|on| on == Some(OnDrift::Stop))
    }
}

/// The places that the rules of a record's history read, in the record and in an entry.
fn of_history(history: &HistoryRules) -> BTreeSet<String> {
    let mut entry = BTreeSet::new();
    places(history, &mut entry);
    let within: Vec<String> = entry.iter().map(|place| format!("{}[].{place}", history.list)).collect();
    entry.extend(within);
    entry
}

/// Adds the places that a part of a manifest names.
fn places(part: &impl Serialize, into: &mut BTreeSet<String>) {
    words(&serde_json::to_value(part).unwrap_or_default(), into);
}

fn words(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            into.insert(text.clone());
            if let Ok(path) = Path::parse(text) {
                place(path.steps(), into);
            }
            of_expression(text, into);
        }
        Value::Array(list) => list.iter().for_each(|value| words(value, into)),
        Value::Object(object) => object.values().for_each(|value| words(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds a place as observed fields are called, and everything above it.
fn place<'a>(steps: impl Iterator<Item = &'a str>, into: &mut BTreeSet<String>) {
    let mut at = String::new();
    for step in steps {
        let entry = !at.is_empty() && !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        match (entry, at.is_empty()) {
            (true, _) => at.push_str("[]"),
            (false, true) => at.push_str(step),
            (false, false) => at.extend([".", step]),
        }
        into.insert(at.clone());
    }
}

/// Adds the places an expression goes to: `record.owner.account`, `record['Hạn xử lý']`, `record.labels[0]`.
fn of_expression(text: &str, into: &mut BTreeSet<String>) {
    const RECORD: &str = "record";
    for (begin, _) in text.match_indices(RECORD) {
        let mut rest = text.get(begin + RECORD.len()..).unwrap_or_default();
        let mut steps = Vec::new();
        loop {
            let step = match (rest.strip_prefix('.'), rest.strip_prefix('[')) {
                (Some(name), _) => {
                    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
                    name.split_at_checked(end)
                }
                (None, Some(index)) => {
                    index.split_once(']').map(|(step, rest)| (step.trim().trim_matches(['\'', '"']), rest))
                }
                (None, None) => None,
            };
            match step {
                Some((step, left)) if !step.is_empty() => {
                    steps.push(step);
                    rest = left;
                }
                _ => break,
            }
        }
        place(steps.into_iter(), into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn policy_of_a_field_lets_go_what_a_rule_takes_from_it_or_from_below_where_its_reading_ends() {
        let lets = |rule: Value, field: &str, on_missing: OnDrift| {
            let mut read = BTreeSet::new();
            words(&rule, &mut read);
            let field =
                (field.to_owned(), FieldDrift { on_missing: Some(on_missing), ..FieldDrift::default() });
            let section = DriftSection { field: [field].into(), ..DriftSection::default() };
            Policy { of_rule: [("due".to_owned(), read)].into(), section, ..Policy::default() }
                .lets_lose("due")
        };
        let (path, last) =
            (json!({ "path": "han.ngay" }), json!({ "expression": "(record.sua_doi | last).han_moi" }));
        assert!(lets(path.clone(), "han.ngay", OnDrift::Tell) && lets(path.clone(), "han", OnDrift::Ignore));
        assert!(!lets(path.clone(), "han.ngay", OnDrift::Stop));
        assert!(!lets(path, "han.nguoi_dat", OnDrift::Tell), "that one is another field");
        assert!(lets(last.clone(), "sua_doi[].han_moi", OnDrift::Tell));
        assert!(!lets(last, "sua_doi_2", OnDrift::Tell));
    }

    #[test]
    fn rules_read_what_lies_above_their_places_and_what_expressions_pointers_keys_and_rows_name() {
        let read_by = |part: Value| {
            let mut read = BTreeSet::new();
            words(&part, &mut read);
            Policy { read, ..Policy::default() }
        };
        let policy = read_by(json!({
            "assignee": { "path": "nguoiXuLy.taiKhoan" },
            "due": { "path": "/han.xu_ly/ngay" },
            "title": { "expression": "record.ten ~ record['Ghi chú'].noi_dung ~ record.nhan[0]" },
            "unit": { "first_of": ["$details.don_vi.ma", "phong.0.ma"] },
        }));
        let quarantined = |path: &str| policy.on(path, Change::Type) == OnDrift::Quarantine;
        for path in [
            "nguoiXuLy",
            "nguoiXuLy.taiKhoan",
            "han.xu_ly",
            "han.xu_ly.ngay",
            "ten",
            "Ghi chú",
            "Ghi chú.noi_dung",
            "nhan",
            "nhan[]",
            "$details",
            "$details.don_vi",
            "phong",
            "phong[]",
            "phong[].ma",
        ] {
            assert!(quarantined(path), "{path}");
        }
        for path in ["nguoiXuLy.hoTen", "han", "noi_dung", "nguoi", "phong[].ten"] {
            assert!(!quarantined(path), "{path}");
        }
    }
}
