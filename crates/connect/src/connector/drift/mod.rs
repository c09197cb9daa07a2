//! Drift: how the records of a source change their shape, compared with what is known of it.
//!
//! Owns the observation of raw records (fields by path, their types, whether they hold anything, small vocabularies), bounded
//! in depth, fields, names and values, and the comparison with the known shape by the manifest's policy (`policy`). It must not know the store or what a rule
//! makes of a field. A record that is no JSON object is not observed; values that look like personal data are not kept.
//! A member whose name may be a number, an address or a person's full name, as where a list is keyed by them, counts as
//! `*`, unless the manifest itself names it. A name of one short word is a field's name for all we know, and is kept.

mod policy;

pub use policy::{DriftSection, FieldDrift, OnDrift, Policy};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Deepest member looked at.
const DEPTH: usize = 3;
/// Most fields of one source.
const FIELDS: usize = 300;
/// Longest name of a member, in characters.
const NAME: usize = 64;
/// Digits from which on a name may be a number of something.
const DIGITS: usize = 4;
/// What stands for names that may say who or which one.
const ANY: &str = "*";
/// Most values of a field that counts as an enumeration.
const VALUES: usize = 12;
/// Records a shape has to be made of before something in it is new, missing or changed.
const LEARNED: u64 = 20;
/// Records before a small vocabulary counts as an enumeration.
const ENUMERATED: u64 = 50;

/// A change of shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A field nobody knew.
    New,
    /// A field that is gone.
    Missing,
    /// A field that is there and holds no value any more.
    Empty,
    /// Values of another type.
    Type,
    /// A new value of a small vocabulary.
    Value,
}

/// What is known of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Types seen and accepted: `text`, `number`, `truth`, `list`, `object`.
    pub types: BTreeSet<String>,
    /// Types seen and not accepted yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub other_types: BTreeSet<String>,
    /// Its values, where they are few and say nothing about a person.
    pub values: Option<BTreeSet<String>>,
    /// Those of them nobody has accepted yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub new_values: BTreeSet<String>,
    /// Observed records that had it, whatever it held.
    pub present: u64,
    /// Observed records since it was first seen.
    pub samples: u64,
    /// Observed records in which it held a value: neither null nor an empty text, list or object.
    #[serde(default)]
    pub filled: u64,
    /// Observed records since such values are counted.
    #[serde(default)]
    pub filled_of: u64,
    /// When it was first seen.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// `new`, `missing` or `empty` until a person accepts it.
    pub open: Option<Change>,
}

/// What is known of a source's records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Records observed so far.
    pub samples: u64,
    /// Fields by path: members joined by dots, `[]` for the entries of a list.
    pub fields: BTreeMap<String, Field>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    types: BTreeSet<&'static str>,
    present: u64,
    filled: u64,
    values: BTreeSet<String>,
    many: bool,
}

/// What one run saw.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Paths that are called by their names, whatever these are.
    named: Arc<BTreeSet<String>>,
    samples: u64,
    fields: BTreeMap<String, Seen>,
}

impl Observed {
    /// Nothing yet, of records with a policy.
    pub fn under(policy: &Policy) -> Self {
        Self { named: policy.named.clone(), ..Self::default() }
    }

    /// Looks at a record.
    pub fn look(&mut self, body: &[u8]) {
        let Ok(record @ Value::Object(_)) = serde_json::from_slice(body) else { return };
        self.samples += 1;
        let mut had = BTreeMap::new();
        walk(&record, "", 0, &self.named, &mut |path, value| {
            if self.fields.len() >= FIELDS && !self.fields.contains_key(path) {
                return;
            }
            let seen = self.fields.entry(path.to_owned()).or_default();
            let filled = had.entry(path.to_owned()).or_insert_with(|| {
                seen.present += 1;
                false
            });
            if !*filled && holds_something(value) {
                *filled = true;
                seen.filled += 1;
            }
            seen.types.extend(type_of(value));
            match value_of(value).filter(|_| holds_something(value)) {
                Some(value) if !seen.many => {
                    seen.values.insert(value);
                    seen.many = seen.values.len() > VALUES;
                }
                // What holds nothing is no value of an enumeration.
                None if holds_something(value) => seen.many = true,
                _ => {}
            }
        });
    }

    /// Fields of another type than the known ones so far, with that type.
    pub fn other_types(&self, shape: &Shape) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        for (path, seen) in &self.fields {
            let Some(field) = shape.fields.get(path).filter(|field| field.settled()) else { continue };
            let other = seen.types.iter().filter(|name| !field.types.contains(**name));
            found.extend(other.map(|name| (path.clone(), *name)));
        }
        found
    }

    /// Fields that nearly every record had, or had a value in, and none of those seen so far has.
    ///
    /// Where there are more fields than are looked at, one that is not among them may be there.
    pub fn absent<'a>(&'a self, shape: &'a Shape) -> impl Iterator<Item = (&'a str, Change)> {
        let full = self.fields.len() >= FIELDS;
        let lost = move |(path, field): (&'a String, &'a Field)| {
            let seen = self.fields.get(path);
            Some((path.as_str(), field.lost(seen).filter(|_| seen.is_some() || !full)?))
        };
        shape.fields.iter().filter_map(lost)
    }

    /// Whether enough records were seen to call a field absent.
    pub fn is_enough(&self) -> bool {
        self.samples >= LEARNED
    }
}

impl Policy {
    /// Whether a record has one of these fields with the type beside it.
    pub fn shows<'a>(
        &self,
        body: &[u8],
        others: &'a [(String, &'static str)],
    ) -> Option<&'a (String, &'static str)> {
        let record: Value = serde_json::from_slice(body).ok()?;
        let mut found = None;
        walk(&record, "", 0, &self.named, &mut |path, value| {
            let of = |(other, name): &&(String, &'static str)| other == path && type_of(value) == Some(*name);
            found = found.or_else(|| others.iter().find(of));
        });
        found
    }
}

impl Field {
    fn new(seen: Seen, now: DateTime<Utc>, open: Option<Change>) -> Self {
        Self {
            types: seen.types.into_iter().map(str::to_owned).collect(),
            other_types: BTreeSet::new(),
            values: (!seen.many).then_some(seen.values),
            new_values: BTreeSet::new(),
            present: seen.present,
            samples: 0,
            filled: seen.filled,
            filled_of: 0,
            first_seen_at: now,
            last_seen_at: now,
            open,
        }
    }

    /// Whether enough of it was seen to call another type a change.
    fn settled(&self) -> bool {
        self.samples >= LEARNED && !self.types.is_empty()
    }

    /// Whether nearly every record had it.
    fn usual(&self) -> bool {
        self.samples >= LEARNED && self.present * 100 >= self.samples * 95
    }

    /// Whether nearly every record had a value in it.
    fn usually_filled(&self) -> bool {
        self.filled_of >= LEARNED && self.filled * 100 >= self.filled_of * 95
    }

    /// What became of it, where records that show so much of it are not what it was.
    fn lost(&self, seen: Option<&Seen>) -> Option<Change> {
        match seen {
            None => (self.usual() || self.usually_filled()).then_some(Change::Missing),
            Some(seen) => (seen.filled == 0 && self.usually_filled()).then_some(Change::Empty),
        }
    }

    /// One word: what waits for a person, else `known`.
    pub fn state(&self) -> &'static str {
        match self.open {
            Some(Change::Missing) => "missing",
            Some(Change::Empty) => "empty",
            _ if !self.other_types.is_empty() => "type_changed",
            Some(_) => "new",
            None if !self.new_values.is_empty() => "new_value",
            None => "known",
        }
    }

    /// Whether something about it waits for a person.
    pub fn is_open(&self) -> bool {
        self.open.is_some() || !self.other_types.is_empty() || !self.new_values.is_empty()
    }
}

impl Shape {
    /// Takes a run's records in; gives what changed, each once. Of the fields that are `accepted` whatever was seen
    /// counts as known.
    pub fn take_in(
        &mut self,
        seen: Observed,
        accepted: &[String],
        now: DateTime<Utc>,
    ) -> Vec<(String, Change, String)> {
        let mut changes = Vec::new();
        // Names that were kept before they counted as any.
        self.fields.retain(|path, _| is_called_so(path, &seen.named));
        let learned = self.samples >= LEARNED;
        let samples = seen.samples;
        if seen.is_enough() {
            let absent: Vec<(String, Change)> =
                seen.absent(self).map(|(path, change)| (path.to_owned(), change)).collect();
            for (path, change) in absent {
                if accepted.contains(&path) {
                    self.know(&path, change);
                    continue;
                }
                let Some(field) = self.fields.get_mut(&path) else { continue };
                if field.open != Some(change) {
                    field.open = Some(change);
                    changes.push((path, change, String::new()));
                }
            }
        }
        for (path, seen) in seen.fields {
            let full = self.fields.len() >= FIELDS;
            let accepts = accepted.contains(&path);
            match self.fields.get_mut(&path) {
                None if full => {}
                None => {
                    let open = (learned && !accepts).then_some(Change::New);
                    changes.extend(open.map(|change| (path.clone(), change, list(&seen.types))));
                    self.fields.insert(path, Field::new(seen, now, open));
                }
                Some(field) => field.take_in(&path, seen, accepts, now, &mut changes),
            }
        }
        for field in self.fields.values_mut().filter(|field| field.open != Some(Change::Missing)) {
            field.samples += samples;
            // What it was filled with before stays the measure until a person accepts that it is empty.
            if field.open != Some(Change::Empty) {
                field.filled_of += samples;
            }
        }
        self.samples += samples;
        changes
    }

    /// Calls one change of a field known, which then waits for nobody.
    pub fn know(&mut self, path: &str, change: Change) {
        if change == Change::Missing {
            self.fields.remove(path);
        }
        let Some(field) = self.fields.get_mut(path) else { return };
        match change {
            Change::New | Change::Missing => field.open = None,
            Change::Empty => field.may_be_empty(),
            Change::Type => field.types.extend(std::mem::take(&mut field.other_types)),
            Change::Value => field.new_values.clear(),
        }
    }

    /// Calls everything known that waits for a person; fields that are gone are forgotten. How many there were.
    pub fn accept(&mut self) -> usize {
        let open = self.fields.values().filter(|field| field.is_open()).count();
        self.fields.retain(|_, field| field.open != Some(Change::Missing));
        for field in self.fields.values_mut() {
            if field.open == Some(Change::Empty) {
                field.may_be_empty();
            }
            field.open = None;
            let other = std::mem::take(&mut field.other_types);
            field.types.extend(other);
            field.new_values.clear();
        }
        open
    }

    /// How many fields wait for a person.
    pub fn open(&self) -> u64 {
        self.fields.values().filter(|field| field.is_open()).count() as u64
    }
}

impl Field {
    /// That it holds nothing is known from now on.
    fn may_be_empty(&mut self) {
        self.open = None;
        (self.filled, self.filled_of) = (0, 0);
    }

    fn take_in(
        &mut self,
        path: &str,
        seen: Seen,
        accepts: bool,
        now: DateTime<Utc>,
        changes: &mut Vec<(String, Change, String)>,
    ) {
        self.last_seen_at = now;
        self.present += seen.present;
        self.filled += seen.filled;
        if self.open == Some(Change::Missing) || (self.open == Some(Change::Empty) && seen.filled > 0) {
            self.open = None;
        }
        let names: BTreeSet<String> = seen.types.iter().map(|name| (*name).to_owned()).collect();
        let other: BTreeSet<String> = names.difference(&self.types).cloned().collect();
        if accepts || !self.settled() {
            self.types.extend(other);
        } else if other.iter().any(|name| !self.other_types.contains(name)) {
            changes.push((
                path.to_owned(),
                Change::Type,
                format!("{} → {}", list(&self.types), list(&other)),
            ));
            self.other_types.extend(other);
        }
        let Some(values) = &mut self.values else { return };
        let new: BTreeSet<String> = seen.values.difference(values).cloned().collect();
        values.extend(new.iter().cloned());
        if seen.many || values.len() > VALUES {
            self.values = None;
            self.new_values.clear();
        } else if !new.is_empty() && !accepts && self.samples >= ENUMERATED {
            changes.push((path.to_owned(), Change::Value, list(&new)));
            self.new_values.extend(new);
        }
    }
}

fn list<T: AsRef<str>>(names: &BTreeSet<T>) -> String {
    names.iter().map(|name| name.as_ref()).collect::<Vec<&str>>().join(", ")
}

/// Calls `visit` with every member down to [`DEPTH`].
fn walk(
    value: &Value,
    path: &str,
    depth: usize,
    named: &BTreeSet<String>,
    visit: &mut dyn FnMut(&str, &Value),
) {
    match value {
        Value::Object(object) if depth < DEPTH => {
            // Who is shown a record is nobody's vocabulary.
            for (name, member) in object.iter().filter(|(name, _)| depth > 0 || *name != "$user") {
                let below =
                    |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                let as_written = Some(below(name)).filter(|path| is_plain(name) || named.contains(path));
                let path = as_written.unwrap_or_else(|| below(ANY));
                visit(&path, member);
                walk(member, &path, depth + 1, named, visit);
            }
        }
        Value::Array(entries) if depth < DEPTH => {
            let path = format!("{path}[]");
            // A few entries show what the others are like.
            for entry in entries.iter().take(5) {
                visit(&path, entry);
                walk(entry, &path, depth + 1, named, visit);
            }
        }
        _ => {}
    }
}

/// Whether each name of a path is written as it is: it is plain, or the manifest names it.
fn is_called_so(path: &str, named: &BTreeSet<String>) -> bool {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| path.get(..end)).all(|at| {
        let name = at.rsplit('.').next().unwrap_or(at).trim_end_matches("[]");
        is_plain(name) || named.contains(at.trim_end_matches("[]"))
    })
}

/// Whether a name says nothing but what stands there: short, in one word, of few digits.
fn is_plain(name: &str) -> bool {
    let digits = name.chars().take(NAME + 1).filter(|c| c.is_numeric()).count();
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    name.chars().nth(NAME).is_none() && digits < DIGITS && !name.contains(odd)
}

fn holds_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn type_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("truth"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("text"),
        Value::Array(_) => Some("list"),
        Value::Object(_) => Some("object"),
    }
}

/// A text that may belong to an enumeration; none for what is long or looks like a name, a number of a person or an
/// address, and for everything that is no text.
fn value_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim(),
        _ => return None,
    };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let name = text.split_whitespace().count() > 1
        && text.split_whitespace().all(|word| word.chars().next().is_some_and(char::is_uppercase));
    let plain = text.chars().count() <= 40 && digits < 4 && !text.contains('@') && !name;
    plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> DateTime<Utc> {
        "2026-11-24T08:00:00Z".parse().expect("instant")
    }

    fn seen(records: impl IntoIterator<Item = Value>) -> Observed {
        let mut observed = Observed::default();
        records.into_iter().for_each(|record| observed.look(record.to_string().as_bytes()));
        observed
    }

    fn record(number: u64) -> Value {
        json!({ "id": number, "state": if number.is_multiple_of(2) { "Mới" } else { "Xong" }, "owner": { "name": "Trần Thị Bình",
            "mail": "binh@example.vn" }, "points": 2, "labels": ["gấp"], "note": null })
    }

    fn known() -> Shape {
        let mut shape = Shape::default();
        assert!(shape.take_in(seen((0..60).map(record)), &[], now()).is_empty());
        shape
    }

    /// A name of many digits counts as any, unless the manifest names it: then what lies beside the named member is known
    /// like everything else, and told once.
    #[test]
    fn field_beside_one_the_manifest_names_is_kept_and_told_once() {
        let named: BTreeSet<String> = ["chi_tieu_2026", "chi_tieu_2026.diem"].map(str::to_owned).into();
        let policy = Policy { named: Arc::new(named), ..Policy::default() };
        let looked = |note: bool| {
            let mut observed = Observed::under(&policy);
            for number in 0..60 {
                let mut record = json!({ "id": number, "chi_tieu_2026": { "diem": 2 }, "So 0912345678": 1 });
                if note {
                    record["chi_tieu_2026"]["ghi_chu"] = json!("gấp");
                }
                observed.look(record.to_string().as_bytes());
            }
            observed
        };
        let mut shape = Shape::default();
        assert!(shape.take_in(looked(false), &[], now()).is_empty());
        let told = shape.take_in(looked(true), &[], now());
        assert_eq!(told, [("chi_tieu_2026.ghi_chu".to_owned(), Change::New, "text".to_owned())]);
        assert!(shape.take_in(looked(true), &[], now()).is_empty(), "told once");
        assert!(shape.fields.contains_key("*") && !shape.fields.keys().any(|path| path.contains("0912")));
    }

    #[test]
    fn nothing_is_called_missing_where_not_all_fields_can_be_looked_at() {
        let mut shape = known();
        let many = |number: u64| {
            let new = (0..FIELDS).map(|field| (format!("a{}", letters(field)), json!(1)));
            let mut record: serde_json::Map<String, Value> = new.collect();
            record.insert("points".to_owned(), json!(number));
            Value::Object(record)
        };
        let told = shape.take_in(seen((0..30).map(many)), &[], now());
        assert!(told.iter().all(|(_, change, _)| *change != Change::Missing), "{told:?}");
    }

    /// A number in letters: digits would be a number of something.
    fn letters(number: usize) -> String {
        number.to_string().bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect()
    }

    #[test]
    fn first_records_are_learned_silently_and_equal_ones_say_nothing() {
        let mut shape = known();
        assert!(shape.take_in(seen((60..90).map(record)), &[], now()).is_empty());
        let paths: Vec<&str> = shape.fields.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            ["id", "labels", "labels[]", "note", "owner", "owner.mail", "owner.name", "points", "state"]
        );
        assert_eq!(shape.fields["state"].values.as_ref().map(BTreeSet::len), Some(2));
        assert_eq!(shape.fields["owner.name"].values, None, "names of people are not kept");
        assert_eq!(shape.fields["owner.mail"].values, None);
        assert!(!serde_json::to_string(&shape).expect("json").contains("Bình"));
    }

    #[test]
    fn new_missing_changed_and_grown_fields_are_told_once_and_accepted_together() {
        let mut shape = known();
        let other = |number| {
            let mut record = record(number);
            let object = record.as_object_mut().expect("object");
            object.remove("labels");
            object.insert("urgency".into(), json!("cao"));
            object.insert("points".into(), json!("hai"));
            object.insert("state".into(), json!("Tạm dừng"));
            record
        };
        let changes = shape.take_in(seen((0..20).map(other)), &[], now());
        let told: Vec<(&str, Change)> =
            changes.iter().map(|(path, change, _)| (path.as_str(), *change)).collect();
        assert_eq!(
            told,
            [
                ("labels", Change::Missing),
                ("labels[]", Change::Missing),
                ("points", Change::Type),
                ("state", Change::Value),
                ("urgency", Change::New)
            ]
        );
        assert!(shape.take_in(seen((0..20).map(other)), &[], now()).is_empty(), "told once");
        assert_eq!(shape.accept(), 5);
        assert_eq!(shape.accept(), 0);
        assert!(shape.fields["points"].types.contains("text") && !shape.fields.contains_key("labels"));
    }

    #[test]
    fn field_that_holds_nothing_in_any_record_is_told_once_and_known_again_when_accepted_or_filled() {
        let mut shape = known();
        let emptied = |number| {
            let mut record = record(number);
            record["points"] = Value::Null;
            record["state"] = json!(" ");
            record["owner"] = json!({});
            record
        };
        let told = |changes: Vec<(String, Change, String)>| {
            changes.into_iter().map(|(path, change, _)| (path, change)).collect::<Vec<_>>()
        };
        let of = |path: &str, change| (path.to_owned(), change);
        assert_eq!(told(shape.take_in(seen((0..19).map(emptied)), &[], now())), [], "too few to say so");
        let expected = [
            of("owner", Change::Empty),
            of("owner.mail", Change::Missing),
            of("owner.name", Change::Missing),
            of("points", Change::Empty),
            of("state", Change::Empty),
        ];
        let mut before = known();
        assert_eq!(told(before.take_in(seen((0..20).map(emptied)), &[], now())), expected);
        assert_eq!((before.open(), before.fields["points"].state()), (5, "empty"));
        assert!(before.take_in(seen((0..40).map(emptied)), &[], now()).is_empty(), "told once");
        let mut back = before.clone();
        assert!(back.take_in(seen((0..20).map(record)), &[], now()).is_empty());
        assert_eq!(back.open(), 0, "it holds values again");
        assert_eq!(before.accept(), 5);
        assert!(before.take_in(seen((0..40).map(emptied)), &[], now()).is_empty(), "known now");
        assert!(before.fields.contains_key("points") && before.fields["note"].state() == "known");
    }

    /// A shape kept by an earlier version counts values from here on and calls nothing empty before it has.
    #[test]
    fn shape_without_counts_of_values_learns_them_first() {
        let mut kept = serde_json::to_value(known()).expect("json");
        for field in kept["fields"].as_object_mut().expect("fields").values_mut() {
            field.as_object_mut().expect("a field").retain(|name, _| !name.starts_with("filled"));
        }
        let mut shape: Shape = serde_json::from_value(kept).expect("a shape");
        let emptied = |number| {
            let mut record = record(number);
            record["points"] = Value::Null;
            record
        };
        assert!(shape.take_in(seen((0..20).map(emptied)), &[], now()).is_empty());
        shape.fields.get_mut("points").expect("a field").may_be_empty();
        assert!(shape.take_in(seen((0..30).map(record)), &[], now()).is_empty());
        assert_eq!(shape.take_in(seen((0..20).map(emptied)), &[], now()).len(), 1);
    }

    #[test]
    fn a_record_is_found_by_the_type_of_its_field() {
        let shape = known();
        let mut odd = record(1);
        odd["points"] = json!("hai");
        let others = seen([odd.clone()]).other_types(&shape);
        assert_eq!(others, [("points".to_owned(), "text")]);
        let policy = Policy::default();
        assert!(policy.shows(odd.to_string().as_bytes(), &others).is_some());
        assert!(policy.shows(record(1).to_string().as_bytes(), &others).is_none());
        assert!(policy.shows(b"{", &others).is_none());
    }

    /// Lists keyed by who or which one: neither names nor numbers are kept, and they are one field, not three hundred.
    #[test]
    fn names_that_may_say_who_count_as_any_unless_the_manifest_names_them() {
        let keyed = |number: u64| {
            let long = "x".repeat(1 << 20);
            json!({ "theo_nguoi": { format!("NV{number:06}"): 1, "Trần Thị Bình": "x", "binh@example.vn": true, "099200001234": 2 },
                "Hạn xử lý": "2026-11-24", long: number, "quy_1": 1 })
        };
        let read: BTreeSet<String> = ["Hạn xử lý".to_owned()].into();
        let policy = Policy { read: read.clone(), named: Arc::new(read), ..Policy::default() };
        let mut observed = Observed::under(&policy);
        (0..100).for_each(|number| observed.look(keyed(number).to_string().as_bytes()));
        let mut shape = Shape::default();
        // What an earlier version kept is forgotten, and told to nobody.
        shape.take_in(seen((0..60).map(record)), &[], now());
        let left = shape.fields.remove("points").expect("a field");
        shape.fields.insert("theo_nguoi.Trần Thị Bình".to_owned(), left);
        let told = shape.take_in(observed, &[], now());
        let kept = serde_json::to_string(&shape).expect("json");
        for hidden in ["NV0", "Bình", "binh@", "0992", "xxx"] {
            assert!(!kept.contains(hidden) && !format!("{told:?}").contains(hidden), "{hidden}");
        }
        let paths: Vec<&str> = shape.fields.keys().map(String::as_str).collect();
        assert!(
            paths.contains(&"*") && paths.contains(&"Hạn xử lý") && paths.contains(&"quy_1"),
            "{paths:?}"
        );
        assert!(paths.contains(&"theo_nguoi.*"), "{paths:?}");
        let odd = json!({ "theo_nguoi": { "NV000001": [] } }).to_string();
        assert!(policy.shows(odd.as_bytes(), &[("theo_nguoi.*".to_owned(), "list")]).is_some());
    }

    #[test]
    fn fields_and_values_are_bounded() {
        let wide: serde_json::Map<String, Value> = (0..900).map(|n| (format!("f{n}"), json!(n))).collect();
        let observed = seen([Value::Object(wide)]);
        assert_eq!(observed.fields.len(), FIELDS);
        let mut shape = Shape::default();
        shape.take_in(seen((0..100).map(|n| json!({ "kind": format!("loại {n}") }))), &[], now());
        assert_eq!(shape.fields["kind"].values, None);
    }
}
