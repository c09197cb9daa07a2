//! Reading a source's JSON without losing anything: exact numbers, duplicate keys found, bounded depth.
//!
//! Owns the tree rules read from ([`Json`]), paths into it ([`Path`]) and the shallow view of an answer
//! ([`Envelope`]) that cuts records out as text without building a tree. It must not know what a field
//! means. Numbers stay the text the source wrote, so no value passes through a float. Every failure is a
//! [`JsonError`]; nothing panics and nothing recurses deeper than [`MAX_DEPTH`].

use super::scan::{Scan, complaint};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;

/// Deepest nesting a record may have.
pub const MAX_DEPTH: u32 = 64;

/// Most values a record may hold: far more than any task has, and a bound for the memory of its tree, which is a
/// multiple of its text where values are short.
pub const MAX_VALUES: u32 = 100_000;

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
}

/// A key of an object with its value.
type Member<'a, T> = (Cow<'a, str>, T);

/// Walks over an object, taking each value with `read`; `room` for so many members is made at once.
fn object<'a, T>(
    scan: &mut Scan<'a>,
    text: &'a str,
    room: usize,
    read: impl Fn(&mut Scan<'a>) -> Result<T, JsonError>,
) -> Result<Vec<Member<'a, T>>, JsonError> {
    let broken = |_| JsonError::Syntax(complaint(text));
    scan.must(b'{').map_err(broken)?;
    let mut members = Vec::with_capacity(room);
    if scan.take(b'}') {
        return Ok(members);
    }
    loop {
        let key = scan.string()?;
        scan.must(b':').map_err(broken)?;
        members.push((key, read(scan)?));
        if !scan.take(b',') {
            break;
        }
    }
    scan.must(b'}').map_err(broken)?;
    no_key_twice(&members)?;
    Ok(members)
}

/// Walks over a list, taking each item with `read`.
fn list<'a, T>(
    scan: &mut Scan<'a>,
    text: &'a str,
    read: impl Fn(&mut Scan<'a>) -> Result<T, JsonError>,
) -> Result<Vec<T>, JsonError> {
    let broken = |_| JsonError::Syntax(complaint(text));
    scan.must(b'[').map_err(broken)?;
    let mut items = Vec::new();
    if scan.take(b']') {
        return Ok(items);
    }
    loop {
        items.push(read(scan)?);
        if !scan.take(b',') {
            break;
        }
    }
    scan.must(b']').map_err(broken)?;
    Ok(items)
}

fn nothing_after(scan: &mut Scan<'_>, text: &str) -> Result<(), JsonError> {
    if scan.is_over() { Ok(()) } else { Err(JsonError::Syntax(complaint(text))) }
}

/// The value that comes next, uncut.
fn uncut<'a>(scan: &mut Scan<'a>, text: &'a str) -> Result<&'a str, JsonError> {
    scan.value().map_err(|_| JsonError::Syntax(complaint(text)))
}

/// Members of one object, their values uncut.
fn members(text: &str) -> Result<Vec<Member<'_, &str>>, JsonError> {
    let mut scan = Scan::new(text);
    let members = object(&mut scan, text, 16, |scan| uncut(scan, text))?;
    nothing_after(&mut scan, text)?;
    Ok(members)
}

fn no_key_twice<T>(members: &[Member<'_, T>]) -> Result<(), JsonError> {
    // A handful of keys is compared faster than hashed.
    const FEW: usize = 24;
    if members.len() <= FEW {
        for (index, (key, _)) in members.iter().enumerate() {
            if members.iter().skip(index + 1).any(|(other, _)| other == key) {
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
            Json::Object(object(scan, text, 0, |scan| build(scan, text, left, values))?)
        }
        Some(b'[') => {
            let left = inner()?;
            Json::List(list(scan, text, |scan| build(scan, text, left, values))?)
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl<'a> Envelope<'a> {
    /// Checks the whole text as JSON and cuts its top level.
    pub fn read(text: &'a str) -> Result<Self, JsonError> {
        // Cutting an object checks all of it: one walk over the text, not two.
        let mut scan = Scan::new(text);
        let top = if scan.peek() == Some(b'{') {
            members(text)?
        } else {
            uncut(&mut scan, text)?;
            nothing_after(&mut scan, text)?;
            Vec::new()
        };
        Ok(Self { text: text.trim_matches(BLANKS), top })
    }

    /// The text a path leads to; none when something on the way is missing.
    pub fn find(&self, path: &Path) -> Result<Option<&'a str>, JsonError> {
        let Some((first, rest)) = path.steps.split_first() else { return Ok(Some(self.text)) };
        let mut found = if self.top.is_empty() {
            inside(self.text, first)?
        } else {
            self.top.iter().find(|(key, _)| key.as_ref() == &**first).map(|(_, value)| *value)
        };
        for step in rest {
            let Some(value) = found else { return Ok(None) };
            found = inside(value, step)?;
        }
        Ok(found)
    }

    /// The single value a path leads to, as text; none when it is missing, null, a list or an object.
    pub fn scalar(&self, path: &Path) -> Result<Option<String>, JsonError> {
        self.find(path)?.map_or(Ok(None), scalar)
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// A single value as text; none for null, lists and objects.
fn scalar(value: &str) -> Result<Option<String>, JsonError> {
    if value.starts_with(['{', '[']) {
        return Ok(None);
    }
    Ok(Json::parse(value)?.scalar().map(str::to_owned))
}

fn inside<'a>(value: &'a str, step: &str) -> Result<Option<&'a str>, JsonError> {
    match value.as_bytes().first() {
        Some(b'{') => Ok(members(value)?.into_iter().find(|(key, _)| key == step).map(|(_, value)| value)),
        Some(b'[') => {
            let items = items(value)?.unwrap_or_default();
            Ok(step.parse::<usize>().ok().and_then(|index| items.get(index).copied()))
        }
        _ => Ok(None),
    }
}

/// The items of a list as text; none when the text is no list.
pub fn items(text: &str) -> Result<Option<Vec<&str>>, JsonError> {
    if !text.starts_with('[') {
        return Ok(None);
    }
    let mut scan = Scan::new(text);
    let items = list(&mut scan, text, |scan| uncut(scan, text))?;
    nothing_after(&mut scan, text)?;
    Ok(Some(items))
}

/// Single values of a record, found without building the record's tree; a key that stands twice on its top
/// level is an error.
pub fn scalars_of<const N: usize>(
    record: &str,
    paths: [Option<&Path>; N],
) -> Result<[Option<String>; N], JsonError> {
    let top = if record.starts_with('{') { members(record)? } else { Vec::new() };
    let mut found = [const { None }; N];
    for (slot, path) in found.iter_mut().zip(paths) {
        let Some((first, rest)) = path.and_then(|path| path.steps.split_first()) else { continue };
        let mut value = top.iter().find(|(key, _)| key.as_ref() == &**first).map(|(_, value)| *value);
        for step in rest {
            value = value.map_or(Ok(None), |value| inside(value, step))?;
        }
        *slot = value.map_or(Ok(None), scalar)?;
    }
    Ok(found)
}

/// The record as `key:value` text without the named members of its top level, for hashing.
pub fn without_members(record: &str, left_out: &[String]) -> Result<String, JsonError> {
    let mut kept = String::with_capacity(record.len());
    for (key, value) in members(record)? {
        if !left_out.iter().any(|name| *name == key) {
            kept.push_str(&key);
            kept.push(':');
            kept.push_str(value);
            kept.push('\n');
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn envelope_finds_the_list_without_reading_records() {
        let text = r#" {"data":{"rows":[{"id":1} , {"id":"2"}]},"total":"17"} "#;
        let envelope = Envelope::read(text).expect("envelope");
        let rows = envelope.find(&path("data.rows")).expect("readable").expect("present");
        let rows = items(rows).expect("readable").expect("a list");
        let keys: Vec<_> =
            rows.iter().map(|row| scalars_of(row, [Some(&path("id")), None]).expect("readable")).collect();
        assert_eq!(keys, [[Some("1".to_owned()), None], [Some("2".to_owned()), None]]);
        assert_eq!(envelope.scalar(&path("total")).expect("readable").as_deref(), Some("17"));
        assert_eq!(envelope.scalar(&path("data")).expect("readable"), None);
        let bare = Envelope::read("[1,2]").expect("list");
        assert_eq!(bare.find(&path("")).expect("readable"), Some("[1,2]"));
    }

    #[test]
    fn members_left_out_do_not_show_in_the_hashed_text() {
        let one = r#"{"id":1,"total_count":5,"n":"a"}"#;
        let two = r#"{"id":1,"total_count":6,"n":"a"}"#;
        let out = ["total_count".to_owned()];
        assert_eq!(without_members(one, &out).expect("ok"), without_members(two, &out).expect("ok"));
        assert_ne!(without_members(one, &[]).expect("ok"), without_members(two, &[]).expect("ok"));
    }
}
