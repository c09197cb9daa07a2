//! Secrets as they stand in requests: as they are, and as logins write them.
//!
//! Owns the forms in which a value may be written (JSON, percent signs, Base64) and the last look into a sample, which
//! undoes them one over the other. It must not know what a secret opens. In doubt there is one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;

/// Codings over one another that are undone.
const DEEPEST: u8 = 3;

/// Shortest secret looked for in what was decoded: shorter ones stand in many texts by chance.
const SHORTEST_DECODED: usize = 4;

/// Shortest run of letters that may be coded.
const SHORTEST_CODED: usize = 6;

/// A secret that must not be found.
pub(super) struct Secret(String);

/// A value in every form with what stands for it in the same form, the plain one first.
pub(super) fn forms(value: &str, stands: &str) -> Vec<(String, String)> {
    let codings: [fn(&str) -> String; 9] = [
        str::to_owned,
        |text| serde_json::to_string(text).unwrap_or_default().trim_matches('"').to_owned(),
        ascii_json,
        |text| percent(text, "%20"),
        |text| percent(text, "+"),
        |text| STANDARD.encode(text),
        |text| STANDARD_NO_PAD.encode(text),
        |text| URL_SAFE.encode(text),
        |text| URL_SAFE_NO_PAD.encode(text),
    ];
    let mut forms: Vec<(String, String)> = Vec::new();
    for coding in codings {
        let form = coding(value);
        if !form.is_empty() && !forms.iter().any(|(known, _)| *known == form) {
            forms.push((form, coding(stands)));
        }
    }
    forms
}

fn ascii_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let mut out = String::new();
    for c in quoted.trim_matches('"').chars() {
        let mut units = [0; 2];
        if c.is_ascii() {
            out.push(c);
        } else {
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn percent(text: &str, blank: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push_str(blank),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

impl Secret {
    /// A secret; none where the example of the manifest is the same.
    pub(super) fn new(value: &str, stands: &str) -> Option<Self> {
        (value != stands && !stands.contains(value)).then(|| Self(value.to_owned()))
    }

    /// Whether a text of a sample holds it, decoded or not.
    pub(super) fn is_in(&self, sample: &Value) -> bool {
        match sample {
            Value::String(text) => self.in_text(text, DEEPEST),
            Value::Array(items) => items.iter().any(|item| self.is_in(item)),
            Value::Object(members) => {
                members.iter().any(|(name, value)| self.in_text(name, DEEPEST) || self.is_in(value))
            }
            _ => false,
        }
    }

    fn in_text(&self, text: &str, depth: u8) -> bool {
        let long = self.0.len() >= SHORTEST_DECODED;
        if *text == self.0 || (long && text.contains(&self.0)) {
            return true;
        }
        depth > 0 && long && decoded(text).iter().any(|plain| self.in_text(plain, depth - 1))
    }
}

/// What a text may say in another coding.
fn decoded(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let unquoted = serde_json::from_str::<Value>(text).ok();
    let unquoted = unquoted.or_else(|| serde_json::from_str(&format!("\"{text}\"")).ok());
    if let Some(value) = unquoted {
        strings(&value, &mut found);
    }
    if text.contains('%') || text.contains('+') {
        found.push(unpercent(text));
    }
    let coded = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    for run in text.split(|c| !coded(c)).filter(|run| run.len() >= SHORTEST_CODED) {
        let plain = run.replace('-', "+").replace('_', "/");
        found.extend(STANDARD_NO_PAD.decode(plain).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
    }
    found.retain(|one| one != text);
    found
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Value::Object(members) => members.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}

fn unpercent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        match (byte, code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(*other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
