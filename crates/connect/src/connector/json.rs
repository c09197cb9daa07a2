//! Reading a source's JSON without losing anything: exact numbers, duplicate keys found, bounded depth.
//!
//! Owns the tree rules read from ([`Json`]), paths into it ([`Path`]) and the shallow view of an answer
//! ([`Envelope`]) that cuts records out as text without building a tree. It must not know what a field
//! means. Numbers stay the text the source wrote, so no value passes through a float. Every failure is a
//! [`JsonError`]; nothing panics and nothing recurses deeper than [`MAX_DEPTH`].

use super::scan::{Scan, complaint};
use crate::error::{Text, written_cause};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;

/// Deepest nesting a record may have.
pub const MAX_DEPTH: u32 = 64;

/// Most values a record may hold: far more than any task has, and a bound for the memory of its tree, which is a
/// multiple of its text where values are short.
pub const MAX_VALUES: u32 = 100_000;

/// Most records one answer may hold: a page of a hundred times the usual size, and a bound for what is kept beside
/// each record while the answer is read.
pub const MAX_RECORDS: usize = 100_000;

/// A JSON value that borrows from the answer it was read from.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as the source wrote it.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object, members in the order of the source.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Why a text could not be read as JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or cut off.
    #[error("{0}")]
    Syntax(#[from] serde_json::Error),
    /// An object names one key twice: which of the two values holds cannot be told.
    #[error("the key \"{0}\" stands twice in one object")]
    DuplicateKey(String),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More than [`MAX_VALUES`] values.
    #[error("more than {MAX_VALUES} values in one record")]
    TooMany,
    /// More than [`MAX_RECORDS`] records in one answer.
    #[error("more than {MAX_RECORDS} records in one answer")]
    TooManyRecords,
}

impl JsonError {
    /// The reason in both languages.
    pub fn told(&self) -> Text {
        let vi = match self {
            Self::Syntax(error) => return written_cause(error),
            Self::DuplicateKey(key) => format!("khóa \"{key}\" đứng hai lần trong một đối tượng"),
            Self::TooDeep => format!("lồng nhau sâu hơn {MAX_DEPTH} tầng"),
            Self::TooMany => format!("một bản ghi có hơn {MAX_VALUES} giá trị"),
            Self::TooManyRecords => format!("một câu trả lời có hơn {MAX_RECORDS} bản ghi"),
        };
        Text::new(vi, self.to_string())
    }
}

/// A key of an object with its value.
pub type Member<'a, T> = (Cow<'a, str>, T);

/// Members most records have: room for them is made at once.
const USUAL: usize = 16;

/// Walks over an object, taking each value with `read`, which is told its key.
fn object<'a, T>(
    scan: &mut Scan<'a>,
    text: &'a str,
    members: &mut Vec<Member<'a, T>>,
    mut read: impl FnMut(&str, &mut Scan<'a>) -> Result<T, JsonError>,
) -> Result<(), JsonError> {
    let broken = |_| JsonError::Syntax(complaint(text));
    scan.must(b'{').map_err(broken)?;
    if scan.take(b'}') {
        return Ok(());
    }
    loop {
        if members.len() >= MAX_VALUES as usize {
            return Err(JsonError::TooMany);
        }
        let key = scan.string()?;
        scan.must(b':').map_err(broken)?;
        let value = read(&key, scan)?;
        members.push((key, value));
        if !scan.take(b',') {
            break;
        }
    }
    scan.must(b'}').map_err(broken)?;
    no_key_twice(members)
}

/// Walks over a list; `read` takes each item.
fn list<'a>(
    scan: &mut Scan<'a>,
    text: &'a str,
    mut read: impl FnMut(&mut Scan<'a>) -> Result<(), JsonError>,
) -> Result<(), JsonError> {
    let broken = |_| JsonError::Syntax(complaint(text));
    scan.must(b'[').map_err(broken)?;
    if scan.take(b']') {
        return Ok(());
    }
    loop {
        read(scan)?;
        if !scan.take(b',') {
            break;
        }
    }
    scan.must(b']').map_err(broken)
}

fn nothing_after(scan: &mut Scan<'_>, text: &str) -> Result<(), JsonError> {
    if scan.is_over() { Ok(()) } else { Err(JsonError::Syntax(complaint(text))) }
}

/// The value that comes next, uncut.
fn uncut<'a>(scan: &mut Scan<'a>, text: &'a str) -> Result<&'a str, JsonError> {
    scan.value().map_err(|_| JsonError::Syntax(complaint(text)))
}

/// Members of one object, their values uncut.
pub fn members(text: &str) -> Result<Vec<Member<'_, &str>>, JsonError> {
    let (mut scan, mut members) = (Scan::new(text), Vec::new());
    object(&mut scan, text, &mut members, |_, scan| uncut(scan, text))?;
    nothing_after(&mut scan, text)?;
    Ok(members)
}

fn no_key_twice<T>(members: &[Member<'_, T>]) -> Result<(), JsonError> {
    // A handful of keys is compared faster than hashed.
    const FEW: usize = 24;
    if members.len() <= FEW {
        for (index, (key, _)) in members.iter().enumerate() {
            // Most keys differ in length or at their end, which costs no call.
            let (length, end) = (key.len(), key.as_bytes().last());
            let same = |other: &Cow<'_, str>| {
                other.len() == length && other.as_bytes().last() == end && other == key
            };
            if members.iter().skip(index + 1).any(|(other, _)| same(other)) {
                return Err(JsonError::DuplicateKey(shown(key)));
            }
        }
    } else {
        let mut seen = HashSet::with_capacity(members.len());
        if let Some((key, _)) = members.iter().find(|(key, _)| !seen.insert(key)) {
            return Err(JsonError::DuplicateKey(shown(key)));
        }
    }
    Ok(())
}

fn shown(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(60).collect()
}

impl<'a> Json<'a> {
    /// Reads one value; anything after it is an error.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        let mut scan = Scan::new(text);
        let value = build(&mut scan, text, MAX_DEPTH, &Cell::new(MAX_VALUES))?;
        nothing_after(&mut scan, text)?;
        Ok(value)
    }

    /// The value a path leads to; none when something on the way is missing.
    pub fn at(&self, path: &Path) -> Option<&Json<'a>> {
        path.steps.iter().try_fold(self, |value, step| match value {
            Json::Object(members) => {
                members.iter().find(|(key, _)| key.as_ref() == &**step).map(|(_, value)| value)
            }
            Json::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// A single value as text: a number as the source wrote it, `true`, `false`; none for null, lists and objects.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            Json::Number(number) => Some(number),
            Json::Bool(true) => Some("true"),
            Json::Bool(false) => Some("false"),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }

    /// What the value is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "true/false",
            Json::Number(_) => "number",
            Json::Text(_) => "text",
            Json::List(_) => "list",
            Json::Object(_) => "object",
        }
    }
}

fn build<'a>(
    scan: &mut Scan<'a>,
    text: &'a str,
    left: u32,
    values: &Cell<u32>,
) -> Result<Json<'a>, JsonError> {
    values.set(values.get().checked_sub(1).ok_or(JsonError::TooMany)?);
    let inner = || left.checked_sub(1).ok_or(JsonError::TooDeep);
    Ok(match scan.peek() {
        Some(b'{') => {
            let left = inner()?;
            let mut members = Vec::with_capacity(if left + 1 == MAX_DEPTH { USUAL } else { 0 });
            object(scan, text, &mut members, |_, scan| build(scan, text, left, values))?;
            Json::Object(members)
        }
        Some(b'[') => {
            let left = inner()?;
            let mut items = Vec::new();
            list(scan, text, |scan| {
                items.push(build(scan, text, left, values)?);
                Ok(())
            })?;
            Json::List(items)
        }
        Some(b'"') => Json::Text(scan.string()?),
        _ => match scan.single().map_err(|_| JsonError::Syntax(complaint(text)))? {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            number => Json::Number(number),
        },
    })
}

/// A place inside a document: `owner.account`, `labels.0`, or an RFC 6901 pointer such as `/a.b/c` where a
/// key itself holds a dot. Empty means the whole document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    steps: Box<[Box<str>]>,
}

impl Path {
    /// Reads a path; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > 500 {
            return Err("longer than 500 characters");
        }
        if text.is_empty() {
            return Ok(Self { steps: Box::default() });
        }
        let steps: Vec<Box<str>> = match text.strip_prefix('/') {
            Some(pointer) => {
                pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~").into()).collect()
            }
            None => text.split('.').map(Into::into).collect(),
        };
        if !text.starts_with('/') && steps.iter().any(|step| step.trim().is_empty()) {
            return Err("a step between two dots is empty");
        }
        if steps.len() > MAX_DEPTH as usize {
            return Err("more than 64 steps");
        }
        Ok(Self { steps: steps.into() })
    }

    /// Its steps from the outside in; none means the whole document.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(AsRef::as_ref)
    }

    /// The path as an RFC 6901 pointer.
    pub fn pointer(&self) -> String {
        self.steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect()
    }
}

/// An answer whose top level is known and whose values are still text.
pub struct Envelope<'a> {
    text: &'a str,
    /// Its members, where it is an object.
    top: Vec<Member<'a, &'a str>>,
}

/// One item of an answer's list, with the members of its top level.
pub struct Record<'r, 'a> {
    /// The record as written.
    pub text: &'a str,
    /// Empty where it is no object; an error where its keys cannot be read or one stands twice.
    pub top: Result<&'r [Member<'a, &'a str>], JsonError>,
}

/// Takes one record after the other.
type Take<'t, 'a> = &'t mut dyn FnMut(Record<'_, 'a>);

impl<'a> Envelope<'a> {
    /// Checks the whole text as JSON and cuts its top level.
    pub fn read(text: &'a str) -> Result<Self, JsonError> {
        let mut scan = Scan::new(text);
        let mut top = Vec::new();
        if scan.peek() == Some(b'{') {
            object(&mut scan, text, &mut top, |_, scan| uncut(scan, text))?;
        } else {
            uncut(&mut scan, text)?;
        }
        nothing_after(&mut scan, text)?;
        Ok(Self { text: text.trim_matches(BLANKS), top })
    }

    /// The same, and gives the records of the list that `path` leads to; the second answer is whether there is
    /// such a list. All of it is one walk, because cutting an object checks it: records were given before an error
    /// behind them is found.
    pub fn with_records(text: &'a str, path: &Path, take: Take<'_, 'a>) -> Result<(Self, bool), JsonError> {
        let mut walk = Descent { text, members: Vec::with_capacity(USUAL), take, count: 0, found: false };
        let mut scan = Scan::new(text);
        let mut top = Vec::new();
        if scan.peek() == Some(b'{') {
            walk.object(&mut scan, &path.steps, &mut top)?;
        } else {
            walk.down(&mut scan, &path.steps)?;
        }
        nothing_after(&mut scan, text)?;
        let (mut found, take) = (walk.found, walk.take);
        let envelope = Self { text: text.trim_matches(BLANKS), top };
        if !found
            && let Some(place) = envelope.find(path)?
            && place.starts_with('[')
        {
            // Behind a place in a list.
            let mut walk = Descent { text: place, members: Vec::new(), take, count: 0, found };
            walk.down(&mut Scan::new(place), &[])?;
            found = walk.found;
        }
        Ok((envelope, found))
    }

    /// The text a path leads to; none when something on the way is missing.
    pub fn find(&self, path: &Path) -> Result<Option<&'a str>, JsonError> {
        let Some((first, rest)) = path.steps.split_first() else { return Ok(Some(self.text)) };
        let found = if self.top.is_empty() {
            inside(self.text, first)?
        } else {
            self.top.iter().find(|(key, _)| key.as_ref() == &**first).map(|(_, value)| *value)
        };
        further(found, rest)
    }

    /// The single value a path leads to, as text; none when it is missing, null, a list or an object.
    pub fn scalar(&self, path: &Path) -> Result<Option<Cow<'a, str>>, JsonError> {
        self.find(path)?.map_or(Ok(None), scalar)
    }
}

/// The walk down to a list and over its records.
struct Descent<'t, 'a> {
    text: &'a str,
    /// Members of the record at hand.
    members: Vec<Member<'a, &'a str>>,
    take: Take<'t, 'a>,
    count: usize,
    found: bool,
}

impl<'a> Descent<'_, 'a> {
    /// Walks over one value, down to where the steps lead.
    fn down(&mut self, scan: &mut Scan<'a>, steps: &[Box<str>]) -> Result<(), JsonError> {
        let text = self.text;
        match scan.peek() {
            Some(b'[') if steps.is_empty() => {
                list(scan, text, |scan| self.record(scan))?;
                self.found = true;
                Ok(())
            }
            Some(b'{') if !steps.is_empty() => self.object(scan, steps, &mut Vec::new()),
            _ => uncut(scan, text).map(|_| ()),
        }
    }

    /// Walks over an object; gives its members.
    fn object(
        &mut self,
        scan: &mut Scan<'a>,
        steps: &[Box<str>],
        members: &mut Vec<Member<'a, &'a str>>,
    ) -> Result<(), JsonError> {
        let (text, first) = (self.text, steps.split_first());
        object(scan, text, members, |key, scan| match first {
            Some((first, rest)) if **first == *key => {
                scan.peek();
                let from = scan.place();
                self.down(scan, rest)?;
                Ok(scan.since(from))
            }
            _ => uncut(scan, text),
        })
    }

    fn record(&mut self, scan: &mut Scan<'a>) -> Result<(), JsonError> {
        let text = self.text;
        self.count += 1;
        if self.count > MAX_RECORDS {
            return Err(JsonError::TooManyRecords);
        }
        self.members.clear();
        let is_object = scan.peek() == Some(b'{');
        let from = scan.place();
        let cut = if is_object {
            object(scan, text, &mut self.members, |_, scan| uncut(scan, text))
        } else {
            uncut(scan, text).map(|_| ())
        };
        let top = match cut {
            Ok(()) => Ok(self.members.as_slice()),
            // The record's own fault where the grammar holds; else the answer's.
            Err(error) => {
                scan.back_to(from);
                uncut(scan, text)?;
                Err(error)
            }
        };
        (self.take)(Record { text: scan.since(from), top });
        Ok(())
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// A single value as text; none for null, lists and objects.
fn scalar(value: &str) -> Result<Option<Cow<'_, str>>, JsonError> {
    if value.starts_with(['{', '[']) {
        return Ok(None);
    }
    Ok(match Json::parse(value)? {
        Json::Text(text) => Some(text),
        single => single.scalar().map(|_| Cow::Borrowed(value.trim_matches(BLANKS))),
    })
}

/// What further steps lead to.
fn further<'a>(value: Option<&'a str>, steps: &[Box<str>]) -> Result<Option<&'a str>, JsonError> {
    steps.iter().try_fold(value, |value, step| value.map_or(Ok(None), |value| inside(value, step)))
}

fn inside<'a>(value: &'a str, step: &str) -> Result<Option<&'a str>, JsonError> {
    match value.as_bytes().first() {
        Some(b'{') => Ok(members(value)?.into_iter().find(|(key, _)| key == step).map(|(_, value)| value)),
        Some(b'[') => {
            let wanted = step.parse::<usize>().ok();
            let (mut index, mut found) = (0, None);
            list(&mut Scan::new(value), value, |scan| {
                let item = uncut(scan, value)?;
                found = found.or_else(|| (Some(index) == wanted).then_some(item));
                index += 1;
                Ok(())
            })?;
            Ok(found)
        }
        _ => Ok(None),
    }
}

/// Single values of a record's members, found without building its tree.
pub fn scalars<'a, const N: usize>(
    members: &[Member<'a, &'a str>],
    paths: [Option<&Path>; N],
) -> Result<[Option<Cow<'a, str>>; N], JsonError> {
    let mut found = [const { None }; N];
    for (slot, path) in found.iter_mut().zip(paths) {
        let Some((first, rest)) = path.and_then(|path| path.steps.split_first()) else { continue };
        let value = members.iter().find(|(key, _)| key.as_ref() == &**first);
        let value = further(value.map(|(_, value)| *value), rest)?;
        *slot = value.map_or(Ok(None), scalar)?;
    }
    Ok(found)
}

/// Members as `key:value` text without the named ones, for hashing.
pub fn without(members: &[Member<'_, &str>], left_out: &[String]) -> String {
    let mut kept = String::new();
    for (key, value) in members {
        if !left_out.iter().any(|name| name == key) {
            kept.push_str(key);
            kept.push(':');
            kept.push_str(value);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("path")
    }

    #[test]
    fn record_of_very_many_values_is_refused_before_its_tree_is_built() {
        let of = |count: usize| format!("[{}1]", "{},".repeat(count - 2));
        assert!(Json::parse(&of(MAX_VALUES as usize)).is_ok());
        assert!(matches!(Json::parse(&of(MAX_VALUES as usize + 1)), Err(JsonError::TooMany)));
    }

    #[test]
    fn numbers_keep_the_text_of_the_source() {
        let text = r#"{"a":12.10,"b":9007199254740993,"c":-0,"d":1E+2}"#;
        let json = Json::parse(text).expect("json");
        for (key, number) in [("a", "12.10"), ("b", "9007199254740993"), ("c", "-0"), ("d", "1E+2")] {
            assert_eq!(json.at(&path(key)).and_then(Json::scalar), Some(number));
        }
    }

    #[test]
    fn key_that_stands_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":2}"#, r#"{"x":[{"a":1,"b":0,"\u0061":2}]}"#] {
            assert!(matches!(Json::parse(text), Err(JsonError::DuplicateKey(key)) if key == "a"), "{text}");
        }
        let many: Vec<String> = (0..40).map(|n| format!("\"k{}\":1", n % 39)).collect();
        assert!(matches!(Json::parse(&format!("{{{}}}", many.join(","))), Err(JsonError::DuplicateKey(_))));
    }

    #[test]
    fn what_json_forbids_is_refused() {
        for text in [
            "",
            "NaN",
            "1e",
            "01",
            "{\"a\":Infinity}",
            "{\"a\":1,}",
            "[1",
            "\"\\ud800\"",
            "nul",
            "1 2",
            "{1:2}",
        ] {
            assert!(Json::parse(text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn hundred_thousand_brackets_are_an_error_and_no_crash() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(Json::parse(&deep), Err(JsonError::TooDeep | JsonError::Syntax(_))));
        assert!(Json::parse(&format!("{}1{}", "[".repeat(64), "]".repeat(64))).is_ok());
        assert!(matches!(
            Json::parse(&format!("{}1{}", "[".repeat(65), "]".repeat(65))),
            Err(JsonError::TooDeep)
        ));
    }

    #[test]
    fn paths_go_through_objects_and_lists_and_pointers_reach_keys_with_dots() {
        let json =
            Json::parse(r#"{"owner":{"account":"an.nv"},"labels":["x","y"],"a.b":{"c/d":5}}"#).expect("json");
        for (at, value) in
            [("owner.account", "an.nv"), ("labels.1", "y"), ("/a.b/c~1d", "5"), ("/labels/0", "x")]
        {
            assert_eq!(json.at(&path(at)).and_then(Json::scalar), Some(value), "{at}");
        }
        for missing in ["owner.name", "labels.2", "labels.x", "owner.account.x"] {
            assert_eq!(json.at(&path(missing)), None, "{missing}");
        }
        assert!(Path::parse("a..b").is_err());
    }

    /// Text of a record, and what is wrong with it.
    type Cut = (String, Option<String>);

    /// The records found; none without a list.
    fn records(text: &str, at: &str) -> Result<Option<Vec<Cut>>, JsonError> {
        let mut cut = Vec::new();
        let mut take = |record: Record<'_, '_>| {
            cut.push((record.text.to_owned(), record.top.err().map(|error| error.to_string())));
        };
        let found = Envelope::with_records(text, &path(at), &mut take)?.1;
        Ok(found.then_some(cut))
    }

    #[test]
    fn envelope_finds_the_list_without_reading_records() {
        let text = r#" {"data":{"rows":[{"id":1} , {"id":"2"}]},"total":"17"} "#;
        let mut keys = Vec::new();
        let mut take = |record: Record<'_, '_>| {
            let members = record.top.expect("readable");
            let [id, none] = scalars(members, [Some(&path("id")), None]).expect("readable");
            assert_eq!(none, None);
            keys.push(id.map(Cow::into_owned));
        };
        let (envelope, found) =
            Envelope::with_records(text, &path("data.rows"), &mut take).expect("envelope");
        assert!(found);
        assert_eq!(keys, [Some("1".to_owned()), Some("2".to_owned())]);
        assert_eq!(envelope.scalar(&path("total")).expect("readable").as_deref(), Some("17"));
        assert_eq!(envelope.scalar(&path("data")).expect("readable"), None);
        assert_eq!(envelope.find(&path("data.rows.1.id")).expect("readable"), Some("\"2\""));
        let bare = Envelope::read("[1,2]").expect("list");
        assert_eq!(bare.find(&path("")).expect("readable"), Some("[1,2]"));
    }

    #[test]
    fn list_is_found_wherever_a_path_leads_and_nowhere_else() {
        for (text, at, count) in [
            ("[{},{}]", "", Some(2)),
            (r#"[{"rows":[1]},{"rows":[1,[],{}]}]"#, "1.rows", Some(3)),
            (r#"{"rows":[]}"#, "rows", Some(0)),
            (r#"{"rows":{"0":1}}"#, "rows", None),
            (r#"{"other":[1]}"#, "rows", None),
            (r#"{"rows":null}"#, "rows", None),
        ] {
            let found = records(text, at).expect("readable");
            assert_eq!(found.map(|records| records.len()), count, "{text}");
        }
        for broken in
            [r#"{"rows":[{"a":1}"#, r#"{"rows":[{"a":}]}"#, r#"{"rows":[],"rows":[]}"#, r#"{"rows":[]}x"#]
        {
            assert!(records(broken, "rows").is_err(), "{broken}");
        }
    }

    #[test]
    fn record_of_very_many_members_is_its_own_fault_and_an_answer_of_very_many_records_is_the_answers() {
        let many: Vec<String> = (0..=MAX_VALUES).map(|key| format!("\"{key}\":0")).collect();
        let found =
            records(&format!("[{{{}}},{{\"a\":1}}]", many.join(",")), "").expect("readable").expect("a list");
        assert!(found[0].1.as_ref().is_some_and(|why| why.contains("values")), "{:?}", found[0].1);
        assert!(found[1].1.is_none());
        let of = |count: usize| format!("{{\"rows\":[{}1]}}", "1,".repeat(count - 1));
        assert!(records(&of(MAX_RECORDS), "rows").is_ok());
        assert!(matches!(records(&of(MAX_RECORDS + 1), "rows"), Err(JsonError::TooManyRecords)));
    }

    #[test]
    fn object_in_the_place_of_the_list_is_not_looked_into() {
        assert!(matches!(records(r#"{"rows":{"a":1,"a":2}}"#, "rows"), Ok(None)));
    }

    #[test]
    fn record_with_a_bad_key_is_cut_out_whole_and_its_neighbours_too() {
        let text = r#"[{"a":1,"a":2},{"\ud800":1},{"a":3}]"#;
        let found = records(text, "").expect("readable").expect("a list");
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, [r#"{"a":1,"a":2}"#, r#"{"\ud800":1}"#, r#"{"a":3}"#]);
        assert!(found[0].1.as_ref().is_some_and(|why| why.contains("\"a\"")), "{found:?}");
        assert!(found[1].1.is_some() && found[2].1.is_none(), "{found:?}");
    }

    #[test]
    fn members_left_out_do_not_show_in_the_hashed_text() {
        let one = members(r#"{"id":1,"total_count":5,"n":"a"}"#).expect("object");
        let two = members(r#"{"id":1,"total_count":6,"n":"a"}"#).expect("object");
        let out = ["total_count".to_owned()];
        assert_eq!(without(&one, &out), without(&two, &out));
        assert_ne!(without(&one, &[]), without(&two, &[]));
    }

    /// JSON as sources write it and as they should not: keys twice, numbers of any size, half of an emoji, blanks.
    fn written() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(|c| serde_json::to_string(&c).expect("text").trim_matches('"').to_owned()),
            prop::sample::select(vec![
                "\\n",
                "\\u0041",
                "\\ud83d\\ude00",
                "\\ud800",
                "\\/",
                "ế",
                "\u{7f}",
                "\\u12"
            ])
            .prop_map(str::to_owned),
        ];
        let text = prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()));
        let number = "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?";
        let word = prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned);
        let leaf = prop_oneof![word, number, text];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let key = prop::sample::select(vec!["\"a\"", "\"b\"", "\"\\u0061\"", "\" c\"", "\"\""]);
            let member = (key, inner.clone()).prop_map(|(key, value)| format!("{key}\n:{value}"));
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(" ,\t"))),
                prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    /// Whether both readers saw the same values.
    fn same(ours: &Json<'_>, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Null, Value::Null) => true,
            (Json::Bool(ours), Value::Bool(theirs)) => ours == theirs,
            (Json::Number(text), Value::Number(_)) => {
                serde_json::from_str::<Value>(text).ok().as_ref() == Some(theirs)
            }
            (Json::Text(ours), Value::String(theirs)) => ours == theirs,
            (Json::List(ours), Value::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Json::Object(ours), Value::Object(theirs)) => {
                let alike = |(key, value): &Member<'_, Json<'_>>| {
                    theirs.get(&**key).is_some_and(|theirs| same(value, theirs))
                };
                ours.len() == theirs.len() && ours.iter().all(alike)
            }
            _ => false,
        }
    }

    proptest! {
        /// F12: what one reader takes for whole and the other does not would be a way past the checks. Three things are
        /// meant to differ: a key that stands twice and what is nested too deep are refused here, and a number that no
        /// float holds is refused there.
        #[test]
        fn reader_agrees_with_serde_json_but_for_named_exceptions(
            text in written(),
            at in any::<prop::sample::Index>(),
            change in prop_oneof![
                3 => Just(None),
                1 => prop::sample::select("{}[]\",:0.-eE+\\ \n\u{0}tn\u{feff}".chars().collect::<Vec<_>>()).prop_map(Some),
            ],
            puts_in in any::<bool>(),
        ) {
            let mut text: Vec<char> = text.chars().collect();
            if let Some(other) = change {
                let at = at.index(text.len());
                if puts_in { text.insert(at, other) } else { text[at] = other }
            }
            let text: String = text.into_iter().collect();
            let theirs = serde_json::from_str::<Value>(&text);
            match (Json::parse(&text), &theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert!(same(&ours, theirs), "{}", text),
                (Err(JsonError::Syntax(_)), Err(_)) | (Err(JsonError::DuplicateKey(_)), Ok(_)) => {}
                (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{}", text),
                // Which of two faults is met first.
                (Err(JsonError::DuplicateKey(_)), Err(_)) => {}
                (Err(error), _) => prop_assert!(false, "{}: {}", error, text),
            }
            // Records are cut out of an answer by another walk over the same grammar.
            let answer = format!("{{\"x\":[0],\"items\":[{text} , {text}]}}");
            let mut cut = Vec::new();
            let path = Path::parse("items").expect("path");
            let whole = Envelope::with_records(&answer, &path, &mut |record| cut.push(record.text.to_owned()));
            match (whole, serde_json::from_str::<Value>(&answer)) {
                (Ok((_, found)), Ok(theirs)) => {
                    let items = theirs["items"].as_array().expect("a list");
                    let ours: Vec<Value> =
                        cut.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
                    prop_assert!(found && ours == *items, "{}", answer);
                }
                (Ok(_), Err(error)) => {
                    let named = ["number out of range", "lone leading surrogate", "unexpected end of hex escape"];
                    prop_assert!(named.iter().any(|name| error.to_string().contains(name)), "{}: {}", error, answer);
                }
                (Err(JsonError::DuplicateKey(_)), _) | (Err(_), Err(_)) => {}
                (Err(error), Ok(_)) => prop_assert!(false, "{}: {}", error, answer),
            }
        }
    }
}
