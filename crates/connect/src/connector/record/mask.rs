//! What of a recorded exchange is replaced, and by what.
//!
//! Owns the replacements: who somebody is (by the manifest's rules of persons, everywhere the value stands again),
//! numbers of citizens, phone numbers, addresses of mail and names in whatever letters wherever they stand (`text::mask`),
//! secrets and tokens, encoded ones too (`secret`), settings, and every text no rule reads. The same value is replaced by
//! the same one, in the order in which they come, by numbers and names that are never issued. It must not know what
//! becomes of the samples. In doubt a value is replaced, but for words of the manifest itself.

use super::Given;
use super::secret::{Secret, forms};
use crate::connector::manifest::{Content, Loaded, Setting};
use crate::text::fold;
use crate::text::mask::{Care, names};
use crate::transport::Exchange;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;

static MAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{L}\d._%+-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+").ok());
static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\+?\d(?:[ .-]?\d){8,13}").ok());

/// Shortest token or value of a setting that is looked for in other texts.
const SHORTEST: usize = 3;

/// Replacements of one recording.
pub(super) struct Mask {
    /// Places of records: what stands there is told by its path within the record.
    roots: Vec<Vec<String>>,
    /// Paths a rule of a person reads, and those anything reads.
    personal: BTreeSet<Vec<String>>,
    read: BTreeSet<Vec<String>>,
    /// What was replaced before, by value; the longest is replaced first within a text.
    people: BTreeMap<String, String>,
    /// Names of several words among them, folded.
    named: HashMap<String, String>,
    texts: HashMap<String, String>,
    /// Words of the manifest, folded.
    words: HashSet<String>,
    /// Secrets and tokens, then settings, with what stands for them; in every form they may be written in.
    secrets: Vec<(String, String)>,
    literals: Vec<(String, String)>,
    plain: Vec<Secret>,
    /// Where the source is, with its path and without.
    base: String,
    origin: String,
    path: String,
    counts: HashMap<&'static str, usize>,
}

impl Mask {
    pub(super) fn new(loaded: &Loaded, given: &Given<'_>, exchanges: &[Exchange], answers: &[Value]) -> Self {
        let manifest = &loaded.manifest;
        let example = |setting: &Setting| setting.example.clone().unwrap_or_else(|| "example".to_owned());
        let of = |name: &String, value: &str| {
            let setting = manifest.settings.get(name)?;
            (!value.is_empty() && name != "base_url").then(|| (value.to_owned(), example(setting)))
        };
        let mut secrets: Vec<_> =
            given.secrets.iter().filter_map(|(name, secret)| of(name, secret.expose_secret())).collect();
        let (people, cells) = users(loaded, given);
        secrets.extend(cells);
        let tokens = tokens(exchanges, answers);
        secrets.extend(
            tokens.into_iter().enumerate().map(|(index, token)| (token, format!("token-{}", index + 1))),
        );
        let mut literals: Vec<_> =
            given.settings.iter().filter_map(|(name, value)| of(name, value)).collect();
        let plain = secrets.iter().filter_map(|(value, stands)| Secret::new(value, stands)).collect();
        for pairs in [&mut secrets, &mut literals] {
            *pairs = pairs.iter().flat_map(|(value, stands)| forms(value, stands)).collect();
            pairs.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        }
        let written = serde_json::to_value(manifest).unwrap_or_default();
        let mut read = BTreeSet::new();
        places(&written, &mut read);
        let mut personal = BTreeSet::new();
        for pointer in [
            "/fields/assignee",
            "/fields/assignee_name",
            "/events/actor",
            "/events/from",
            "/events/to",
            "/row/staff_number",
            "/row/citizen_id",
            "/row/full_name",
            "/row/accounts",
        ] {
            places(written.pointer(pointer).unwrap_or(&Value::Null), &mut personal);
        }
        for event in written.get("event").and_then(Value::as_array).into_iter().flatten() {
            places(event.get("actor").unwrap_or(&Value::Null), &mut personal);
        }
        if let Some(name) = written.pointer("/users/name").and_then(Value::as_str) {
            personal.insert(steps(name));
        }
        if manifest.content == Content::People {
            places(written.pointer("/stream/key").unwrap_or(&Value::Null), &mut personal);
        }
        let at = |pointer: &str| written.pointer(pointer).and_then(Value::as_str).map(steps);
        let mut roots: Vec<Vec<String>> = vec![Vec::new()];
        roots.extend(at("/stream/records"));
        roots.extend(at("/users/records"));
        for list in ["parent", "detail"] {
            let sections = written.get(list).and_then(Value::as_array).into_iter().flatten();
            for key in ["records", "select"] {
                roots.extend(sections.clone().filter_map(|one| one.get(key)?.as_str().map(steps)));
            }
        }
        // Entries of a history stand below a record, or below the answer of a detail.
        if let Some(history) = at("/events/list") {
            let nested: Vec<Vec<String>> =
                roots.iter().map(|root| root.iter().chain(&history).cloned().collect()).collect();
            roots.extend(nested);
        }
        let base = given.settings.get("base_url").and_then(|base| reqwest::Url::parse(base).ok());
        let origin = base.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let path = base.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        let mut words = HashSet::new();
        words_of(&written, &mut words);
        let mut mask = Self {
            roots,
            personal,
            read,
            people: BTreeMap::new(),
            named: HashMap::new(),
            texts: HashMap::new(),
            words,
            secrets,
            literals,
            plain,
            base: format!("{origin}{path}"),
            origin,
            path,
            counts: HashMap::new(),
        };
        for (account, stands) in people {
            let account: String = account.nfc().collect();
            match stands {
                Some(stands) => drop(mask.people.insert(account.clone(), stands)),
                None => mask.meet(&account),
            }
            // It stands in addresses as well, where signs are written otherwise.
            if let Some(stands) = mask.people.get(&account).cloned() {
                for (form, stands) in forms(&account, &stands) {
                    mask.people.entry(form).or_insert(stands);
                }
            }
        }
        // Who stands anywhere is known before the first text is written: titles name people of later records.
        for answer in answers {
            mask.learn(answer, &mut Vec::new());
        }
        mask
    }

    pub(super) fn replaced(&self) -> usize {
        self.people.len() + self.texts.len()
    }

    /// A header that lets in, as it is with the examples of the manifest; none of others.
    pub(super) fn credential(&self, value: &str) -> Option<String> {
        let basic = value.strip_prefix("Basic ").and_then(|coded| STANDARD.decode(coded).ok());
        if let Some(plain) = basic.and_then(|plain| String::from_utf8(plain).ok()) {
            // Whole values, however short: what is left of one that is a setting would not let in again.
            let part = |part: &str| match self.people.get(part) {
                Some(known) => known.clone(),
                None => self.given(part).into_iter().map(|one| one.0).collect(),
            };
            let parts: Vec<String> = plain.splitn(2, ':').map(part).collect();
            return Some(format!("Basic {}", STANDARD.encode(parts.join(":"))));
        }
        // On whose behalf is asked.
        let user = self.people.get(value).filter(|_| value.chars().count() >= SHORTEST);
        if let Some(user) = user {
            return Some(user.clone());
        }
        let replaced = replaced(value, &self.secrets);
        (replaced != value).then_some(replaced)
    }

    /// A header of an answer.
    pub(super) fn header(&mut self, value: &str) -> String {
        let local = self.local(value, "{base}");
        let plain = replaced(&local, &self.secrets);
        self.people_in(&plain)
    }

    /// The path of a request, below that of the source.
    pub(super) fn path(&mut self, path: &str) -> String {
        let below = path.strip_prefix(self.path.as_str()).filter(|rest| rest.starts_with('/'));
        let below = below.unwrap_or(path).to_owned();
        self.line(&below)
    }

    /// A value sent to the source: one it gave before, such as a mark to go on from, becomes what stands there.
    pub(super) fn value_sent(&mut self, text: &str) -> String {
        let below = self.below(text);
        self.line(&below)
    }

    /// A path or parameter of a request: what was put into it becomes the examples, which stay as they are.
    fn line(&mut self, text: &str) -> String {
        let parts = self.given(text);
        parts.into_iter().map(|(part, example)| if example { part } else { self.people_in(&part) }).collect()
    }

    /// A text in parts, each with whether it is an example that stands for a secret or a setting.
    fn given(&self, text: &str) -> Vec<(String, bool)> {
        let pairs = || self.secrets.iter().chain(&self.literals);
        if let Some((_, stands)) = pairs().find(|(value, _)| value == text) {
            return vec![(stands.clone(), true)];
        }
        // Several values coded as one, as `user:password`.
        let coded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(coded) =
            coded.filter(|coded| self.secrets.iter().any(|(secret, _)| coded.contains(secret)))
        {
            let plain = replaced(&replaced(&coded, &self.secrets), &self.literals);
            return vec![(STANDARD.encode(plain), true)];
        }
        let mut parts = vec![(text.to_owned(), false)];
        for (value, stands) in pairs().filter(|(value, _)| value.len() >= SHORTEST) {
            let mut cut = Vec::with_capacity(parts.len());
            for (part, example) in parts {
                if example {
                    cut.push((part, true));
                    continue;
                }
                for (index, rest) in part.split(value.as_str()).enumerate() {
                    if index > 0 {
                        cut.push((stands.clone(), true));
                    }
                    if !rest.is_empty() {
                        cut.push((rest.to_owned(), false));
                    }
                }
            }
            parts = cut;
        }
        parts
    }

    /// A text without where the source is.
    fn local(&self, text: &str, stands: &str) -> String {
        if self.origin.is_empty() {
            return text.to_owned();
        }
        text.replace(&self.base, stands).replace(&self.origin, stands)
    }

    /// The same, and without the path every request is below.
    fn below(&self, text: &str) -> String {
        let local = self.local(&text.nfc().collect::<String>(), "");
        let below = local.strip_prefix(self.path.as_str()).filter(|rest| rest.starts_with('/'));
        below.map_or_else(|| local.clone(), str::to_owned)
    }

    /// Whether a sample still holds a secret, however it is written.
    pub(super) fn tells(&self, sample: &Value) -> bool {
        self.plain.iter().any(|secret| secret.is_in(sample))
    }

    /// The body of a request: ours, with what was put into it.
    pub(super) fn sent(&mut self, body: Value) -> Value {
        match body {
            Value::String(text) => Value::String(self.value_sent(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.sent(item)).collect(),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(name, value)| (name, self.sent(value))).collect())
            }
            other => other,
        }
    }

    /// An answer.
    pub(super) fn answer(&mut self, answer: Value) -> Value {
        self.value(answer, &mut Vec::new())
    }

    fn value(&mut self, value: Value, path: &mut Vec<String>) -> Value {
        match value {
            Value::Object(members) => {
                let mut out = serde_json::Map::new();
                for (name, value) in members {
                    path.push(name.clone());
                    let value = self.value(value, path);
                    path.pop();
                    out.insert(self.people_in(&name), value);
                }
                Value::Object(out)
            }
            Value::Array(items) => items.into_iter().map(|item| self.value(item, path)).collect(),
            Value::String(text) => Value::String(self.text(&text, path)),
            Value::Number(number) if self.is(&self.personal, path) => {
                let text = number.to_string();
                let known = self.people.get(&text).cloned().unwrap_or(text);
                known.parse::<u64>().map_or(Value::String(known), Value::from)
            }
            Value::Number(number) if !self.is(&self.read, path) && number.to_string().len() > 8 => {
                Value::from(0)
            }
            other => other,
        }
    }

    fn text(&mut self, text: &str, path: &[String]) -> String {
        let plain = replaced(&self.below(text), &self.secrets);
        if let Some(known) = self.people.get(&plain) {
            return known.clone();
        }
        // A text nobody reads says nothing a sample needs, unless it is a date or a number.
        if !self.is(&self.read, path) && plain.chars().any(char::is_alphabetic) && !is_moment(&plain) {
            if let Some((_, stands)) = self.secrets.iter().find(|(_, stands)| *stands == plain) {
                return stands.clone();
            }
            let next = self.texts.len() + 1;
            return self.texts.entry(plain).or_insert_with(|| format!("văn bản {next}")).clone();
        }
        if self.words.contains(&fold(&plain)) {
            return plain;
        }
        self.people_in(&plain)
    }

    fn is(&self, places: &BTreeSet<Vec<String>>, path: &[String]) -> bool {
        self.roots
            .iter()
            .any(|root| path.strip_prefix(root.as_slice()).is_some_and(|rest| places.contains(rest)))
    }

    /// Learns who stands at the places of persons.
    fn learn(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    path.push(name.clone());
                    self.learn(value, path);
                    path.pop();
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item, path)),
            Value::String(text) if self.is(&self.personal, path) && !text.trim().is_empty() => {
                self.meet(text)
            }
            Value::Number(number) if self.is(&self.personal, path) => self.meet(&number.to_string()),
            _ => {}
        }
    }

    /// Gives a person's value what stands for it.
    fn meet(&mut self, value: &str) {
        let value = value.nfc().collect::<String>();
        if self.people.contains_key(&value) {
            return;
        }
        let name = value.contains(' ').then(|| fold(&value));
        // The same name in other letters.
        if let Some(stands) = name.as_ref().and_then(|name| self.named.get(name)).cloned() {
            self.people.insert(value, stands);
            return;
        }
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let stands = match () {
            () if value.contains('@') => format!("nguoi{}@example.vn", self.next("mail")),
            () if digits && value.len() == 12 => format!("099000{:06}", self.next("citizen")),
            () if digits => format!("{}", 900_000 + self.next("number")),
            () if value.contains(' ') => format!("Người Thứ {}", self.next("name")),
            () => format!("tai-khoan-{}", self.next("account")),
        };
        if let Some(name) = name {
            self.named.insert(name, stands.clone());
        }
        self.people.insert(value, stands);
    }

    fn next(&mut self, kind: &'static str) -> usize {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// A text without the people that were met and without whatever looks like one.
    fn people_in(&mut self, text: &str) -> String {
        let text = &text.nfc().collect::<String>();
        let mut known: Vec<(String, String)> = self
            .people
            .iter()
            .filter(|(value, _)| value.chars().count() >= SHORTEST && text.contains(value.as_str()))
            .map(|(value, stands)| (value.clone(), stands.clone()))
            .collect();
        known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let mut text = replaced_words(text, &known);
        let found = MAIL.iter().flat_map(|pattern| pattern.find_iter(&text));
        let found: Vec<String> = found.map(|one| one.as_str().to_owned()).collect();
        for one in found.into_iter().filter(|one| !one.ends_with("@example.vn")) {
            self.meet(&one);
            text = text.replace(&one, &self.people.get(&one).cloned().unwrap_or_default());
        }
        let full = self.named.keys().cloned().collect();
        for name in names(&text, &full, Care::Stranger).into_iter().rev() {
            let Some(one) = text.get(name.clone()).map(str::to_owned) else { continue };
            self.meet(&one);
            text.replace_range(name, &self.people.get(&one).cloned().unwrap_or_default());
        }
        let Some(digits) = &*DIGITS else { return text };
        let found: Vec<String> = digits.find_iter(&text).map(|one| one.as_str().to_owned()).collect();
        for one in found.into_iter().filter(|one| is_number_of_a_person(one)) {
            let plain: String = one.chars().filter(char::is_ascii_digit).collect();
            if !self.people.contains_key(&plain) {
                let stands = match plain.len() {
                    12 => format!("099000{:06}", self.next("citizen")),
                    _ => format!("0000{:06}", self.next("phone")),
                };
                self.people.insert(plain.clone(), stands);
            }
            text = text.replace(&one, &self.people.get(&plain).cloned().unwrap_or_default());
        }
        text
    }
}

/// An account of a table of users, with the one of the same line of the manifest's example; none beyond its last line.
type Account = (String, Option<String>);

/// The cells of tables that name users (`users.list`), line by line: accounts, which stand for somebody wherever they
/// are, and what lets them in, with what stands for it. What requests get beside the name (`keep`) is no secret.
fn users(loaded: &Loaded, given: &Given<'_>) -> (Vec<Account>, Vec<(String, String)>) {
    let (mut accounts, mut secrets) = (Vec::new(), Vec::new());
    let Some(section) = &loaded.manifest.users else { return (accounts, secrets) };
    let named = section.list.as_deref().unwrap_or_default();
    let cells = |table: &str| -> Vec<BTreeMap<String, String>> {
        let rows = crate::connector::http::users::rows(table).unwrap_or_default();
        rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect()
    };
    let tables = given.secrets.iter().filter(|(name, _)| named.contains(&format!("secrets.{name}")));
    for (name, table) in tables {
        let setting = loaded.manifest.settings.get(name);
        let examples = cells(setting.and_then(|setting| setting.example.as_deref()).unwrap_or_default());
        for (index, row) in cells(table.expose_secret()).into_iter().enumerate() {
            let example = |column: &str| examples.get(index).and_then(|row| row.get(column)).cloned();
            for (column, cell) in row.into_iter().filter(|(_, cell)| !cell.is_empty()) {
                if column == section.name {
                    accounts.push((cell, example(&column)));
                } else if !section.keep.contains(&column) {
                    let stands = example(&column).unwrap_or_else(|| format!("{column}-{}", index + 1));
                    secrets.push((cell, stands));
                }
            }
        }
    }
    (accounts, secrets)
}

/// Twelve digits (a citizen), or nine to eleven that begin as telephones and older identity cards do.
fn is_number_of_a_person(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if is_moment(text) || digits.starts_with("099000") || digits.starts_with("0000") {
        return false;
    }
    match digits.len() {
        12 => true,
        9 => text == digits,
        10 | 11 => digits.starts_with('0') || text.starts_with('+'),
        _ => false,
    }
}

/// Whether a text is a date, with a time or without: its digits are no number of anybody.
fn is_moment(text: &str) -> bool {
    crate::text::date::instant(text).is_ok() || chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

fn replaced(text: &str, pairs: &[(String, String)]) -> String {
    let whole = pairs.iter().find(|(value, _)| value == text);
    let long = pairs.iter().filter(|(value, _)| value.len() >= SHORTEST);
    whole.map_or_else(
        || long.fold(text.to_owned(), |text, (value, stands)| text.replace(value, stands)),
        |(_, stands)| stands.clone(),
    )
}

/// Every word a manifest writes, names and values, folded.
fn words_of(written: &Value, out: &mut HashSet<String>) {
    match written {
        Value::String(text) => drop(out.insert(fold(text))),
        Value::Array(items) => items.iter().for_each(|item| words_of(item, out)),
        Value::Object(members) => {
            for (name, value) in members {
                out.insert(fold(name));
                words_of(value, out);
            }
        }
        _ => {}
    }
}

/// Replaces values that stand as words of their own, the longest first.
fn replaced_words(text: &str, pairs: &[(String, String)]) -> String {
    let mut out = text.to_owned();
    for (value, stands) in pairs {
        let mut from = 0;
        while let Some(at) = out.get(from..).and_then(|rest| rest.find(value.as_str())).map(|at| at + from) {
            let end = at + value.len();
            let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let inside = word(out.get(..at).and_then(|before| before.chars().next_back()))
                || word(out.get(end..).and_then(|after| after.chars().next()));
            if inside {
                from = end;
                continue;
            }
            out.replace_range(at..end, stands);
            from = at + stands.len();
        }
    }
    out
}

/// Texts of answers that let later requests in.
fn tokens(exchanges: &[Exchange], answers: &[Value]) -> Vec<String> {
    fn texts(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if text.len() >= 8 => drop(out.insert(text.clone())),
            Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
            Value::Object(members) => members.values().for_each(|value| texts(value, out)),
            _ => {}
        }
    }
    let mut given = BTreeSet::new();
    answers.iter().for_each(|answer| texts(answer, &mut given));
    let sent = |token: &&String| {
        exchanges.iter().any(|one| one.headers.iter().any(|(_, value)| value.contains(token.as_str())))
    };
    given.iter().filter(sent).cloned().collect()
}

/// The steps of a place, without numbers of items and the name of a detail.
fn steps(place: &str) -> Vec<String> {
    let parts: Vec<&str> = match place.strip_prefix('/') {
        Some(pointer) => pointer.split('/').collect(),
        None => place.split('.').collect(),
    };
    let counted = |step: &&str| !step.is_empty() && !step.bytes().all(|byte| byte.is_ascii_digit());
    parts.into_iter().filter(counted).filter(|step| !step.starts_with('$')).map(str::to_owned).collect()
}

/// Every place that stands in a part of a manifest, those of expressions included.
fn places(value: &Value, out: &mut BTreeSet<Vec<String>>) {
    static RECORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"record((?:\.\w+)+)").ok());
    match value {
        Value::String(text) => {
            out.insert(steps(text));
            for found in RECORD.iter().flat_map(|pattern| pattern.captures_iter(text)) {
                out.extend(found.get(1).map(|path| steps(path.as_str())));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, out)),
        Value::Object(members) => members.values().for_each(|value| places(value, out)),
        _ => {}
    }
}
