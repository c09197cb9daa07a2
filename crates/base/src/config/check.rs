//! Comparing a TOML tree with the JSON Schema of what it should be: every finding, each with its place.
//!
//! Owns the messages for unknown keys, wrong types, missing keys and values out of range, and the nearest
//! known name. The schema comes from the Rust types, so a key is never listed twice. It must not know what a
//! value means. A secret that was written literally is never repeated in a message.

use super::cron_time::CronTime;
use super::tree::{Node, Value};
use crate::error::{Finding, Place, Text, written_cause};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A key and what is wrong with it.
pub type Flaw = (String, Finding);

/// Every difference between a tree and the schema, by key. Keys of layered tables may be missing: another
/// layer has them.
pub fn check(tree: &Node, schema: &Json) -> Vec<Flaw> {
    let mut checker = Checker { root: schema, findings: Vec::new() };
    checker.node(tree, schema, "");
    checker.findings
}

struct Checker<'a> {
    root: &'a Json,
    findings: Vec<Flaw>,
}

impl<'a> Checker<'a> {
    /// The schema a reference leads to.
    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let target = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    fn node(&mut self, node: &Node, schema: &'a Json, path: &str) {
        let schema = self.resolve(schema);
        if schema.get("x-secret").is_some() {
            return self.secret(node, path);
        }
        let variants = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array);
        if let Some(variants) = variants {
            let is_null = |variant: &&Json| variant.get("type").and_then(Json::as_str) == Some("null");
            let real: Vec<&Json> = variants.iter().filter(|variant| !is_null(variant)).collect();
            let words: Option<Vec<&str>> =
                real.iter().map(|variant| variant.get("const").and_then(Json::as_str)).collect();
            match (words, real.as_slice()) {
                (_, [only]) => self.node(node, only, path),
                (Some(words), _) => self.word(node, &words, path),
                // A choice between shapes is left to deserialisation.
                (None, _) => {}
            }
            return;
        }
        if let Some(words) = schema.get("enum").and_then(Json::as_array) {
            let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
            return self.word(node, &words, path);
        }
        match (&node.value, kind(schema)) {
            (Value::Table(table), Some("object")) => self.table(node, table, schema, path),
            (Value::Array(list), Some("array")) => self.list(node, list, schema, path),
            (Value::String(text), Some("string")) => self.text(node, text, schema, path),
            (Value::Integer(number), Some("integer")) => self.range(node, to_float(*number), schema, path),
            (Value::Integer(number), Some("number")) => self.range(node, to_float(*number), schema, path),
            (Value::Float(number), Some("number")) => self.range(node, *number, schema, path),
            (Value::Boolean(_), Some("boolean")) | (_, None) => {}
            (_, Some(wanted)) => {
                let (vi, en) = type_words(wanted);
                self.wrong(node, path, &format!("phải là {vi}"), &format!("must be {en}"));
            }
        }
    }

    fn table(
        &mut self,
        node: &Node,
        table: &BTreeMap<String, (super::tree::Origin, Node)>,
        schema: &'a Json,
        path: &str,
    ) {
        let known = schema.get("properties").and_then(Json::as_object);
        for (key, (origin, value)) in table {
            let below = join(path, key);
            if let Some(schema) = known.and_then(|known| known.get(key)) {
                self.node(value, schema, &below);
                continue;
            }
            match schema.get("additionalProperties") {
                Some(Json::Bool(false)) => {
                    let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
                    let finding = unknown_key(origin.place(&below), key, names);
                    self.findings.push((below, finding));
                }
                Some(schema) => self.node(value, schema, &below),
                None => {}
            }
        }
        if schema.get("x-layered").is_some() {
            return;
        }
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
        for key in required.filter_map(Json::as_str).filter(|key| !table.contains_key(*key)) {
            let below = join(path, key);
            let finding = Finding::error(
                "LT-CFG-005",
                Text::new(format!("thiếu khóa \"{key}\""), format!("key \"{key}\" is missing")),
                Text::new(format!("thêm dòng {key} = …"), format!("add a line {key} = …")),
            )
            .at(node.origin.place(&below));
            self.findings.push((below, finding));
        }
    }

    fn list(&mut self, node: &Node, list: &[Node], schema: &'a Json, path: &str) {
        let bound =
            |name: &str| schema.get(name).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
        let least = bound("minItems").unwrap_or(0);
        let most = bound("maxItems").unwrap_or(usize::MAX);
        if !(least..=most).contains(&list.len()) {
            let (vi, en) = match most {
                usize::MAX => (format!("cần ít nhất {least} mục"), format!("needs at least {least} entries")),
                _ => (format!("cần {least} đến {most} mục"), format!("needs {least} to {most} entries")),
            };
            self.wrong(node, path, &vi, &en);
        }
        if let Some(items) = schema.get("items") {
            for (index, item) in list.iter().enumerate() {
                self.node(item, items, &format!("{path}[{index}]"));
            }
        }
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Json, path: &str) {
        let length = text.chars().count() as u64;
        let least = schema.get("minLength").and_then(Json::as_u64).unwrap_or(0);
        let most = schema.get("maxLength").and_then(Json::as_u64).unwrap_or(4_096);
        if !(least..=most).contains(&length) {
            return self.wrong(
                node,
                path,
                &format!("phải có {least} đến {most} ký tự"),
                &format!("must have {least} to {most} characters"),
            );
        }
        if let Some(pattern) = schema.get("pattern").and_then(Json::as_str)
            && regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            let shown = shown(text);
            // A pattern is for programs; where there is an example, people are shown that.
            let (vi, en) = match schema.pointer("/examples/0").and_then(Json::as_str) {
                Some(example) => (format!("viết như {example}"), format!("write it as {example}")),
                None => (format!("mẫu {pattern}"), format!("pattern {pattern}")),
            };
            return self.wrong(
                node,
                path,
                &format!("\"{shown}\" không hợp lệ ({vi})"),
                &format!("\"{shown}\" is not valid ({en})"),
            );
        }
        if let Some((vi, en)) =
            schema.get("format").and_then(Json::as_str).and_then(|name| bad_format(name, text))
        {
            self.wrong(node, path, &vi, &en);
        }
    }

    fn range(&mut self, node: &Node, number: f64, schema: &Json, path: &str) {
        let least = schema.get("minimum").and_then(Json::as_f64).unwrap_or(f64::MIN);
        let most = schema.get("maximum").and_then(Json::as_f64).unwrap_or(f64::MAX);
        if !(least..=most).contains(&number) {
            let (vi, en) =
                (format!("phải từ {least} đến {most}"), format!("must lie between {least} and {most}"));
            self.wrong(node, path, &vi, &en);
        }
    }

    fn word(&mut self, node: &Node, words: &[&str], path: &str) {
        let list = words.join(", ");
        match &node.value {
            Value::String(text) if words.contains(&text.as_str()) => {}
            Value::String(text) => {
                let shown = shown(text);
                let near = nearest(text, words.iter().copied());
                let (vi, en) = near.map_or((String::new(), String::new()), |near| {
                    (format!("; có phải \"{near}\"?"), format!("; did you mean \"{near}\"?"))
                });
                self.wrong(
                    node,
                    path,
                    &format!("\"{shown}\" không nằm trong: {list}{vi}"),
                    &format!("\"{shown}\" is none of: {list}{en}"),
                );
            }
            _ => self.wrong(
                node,
                path,
                &format!("phải là một trong: {list}"),
                &format!("must be one of: {list}"),
            ),
        }
    }

    fn secret(&mut self, node: &Node, path: &str) {
        let single = match &node.value {
            Value::Table(table) if table.len() == 1 => table.iter().next(),
            Value::Table(_) => None,
            _ => {
                let finding = Finding::error(
                    "LT-CFG-006",
                    Text::new(
                        "bí mật không được viết thẳng trong cấu hình",
                        "a secret must not stand in the configuration itself",
                    ),
                    Text::new(
                        "ghi vào tệp riêng (chmod 600) rồi viết { file = \"đường/dẫn\" }, hoặc dùng { credential = \"tên\" } của systemd; đổi mật khẩu đã lộ",
                        "put it into a file of its own (chmod 600) and write { file = \"path\" }, or use systemd's { credential = \"name\" }; change the password that stood here",
                    ),
                );
                self.findings.push((path.to_owned(), finding.at(node.origin.place(path))));
                return;
            }
        };
        match single {
            Some((key, (_, Node { value: Value::String(_), .. })))
                if matches!(key.as_str(), "file" | "credential") => {}
            _ => self.wrong(
                node,
                path,
                "phải là { file = \"…\" } hoặc { credential = \"…\" }",
                "must be { file = \"…\" } or { credential = \"…\" }",
            ),
        }
    }

    fn wrong(&mut self, node: &Node, path: &str, vi: &str, en: &str) {
        let finding = Finding::error(
            "LT-CFG-004",
            Text::new(format!("giá trị của {path} {vi}"), format!("the value of {path} {en}")),
            correct(self.root),
        );
        self.findings.push((path.to_owned(), finding.at(node.origin.place(path))));
    }
}

/// How a value of a file is put right: where its keys are explained depends on what the file is.
pub(super) fn correct(schema: &Json) -> Text {
    match schema.get("title").and_then(Json::as_str) {
        Some("lienthong.toml") => Text::new(
            "sửa giá trị; `lienthong config default` giải thích từng khóa",
            "correct the value; `lienthong config default` explains every key",
        ),
        Some("RuleSet") => Text::new(
            "sửa giá trị; docs/SCORING.md giải thích bộ quy tắc",
            "correct the value; docs/SCORING.md explains rule sets",
        ),
        _ => Text::new("sửa giá trị theo thông báo này", "correct the value as this message says"),
    }
}

/// The finding for a key nobody knows.
pub fn unknown_key<'n>(place: Place, key: &str, names: impl Iterator<Item = &'n str> + Clone) -> Finding {
    let near = nearest(key, names.clone());
    let list = names.collect::<Vec<_>>().join(", ");
    let key = shown(key);
    let remedy = match near {
        Some(near) => Text::new(
            format!("có phải \"{near}\"? các khóa: {list}"),
            format!("did you mean \"{near}\"? keys: {list}"),
        ),
        None => Text::new(format!("xóa khóa này; các khóa: {list}"), format!("remove it; keys: {list}")),
    };
    Finding::error(
        "LT-CFG-001",
        Text::new(format!("không có khóa \"{key}\""), format!("there is no key \"{key}\"")),
        remedy,
    )
    .at(place)
}

/// The known name that is nearest to a mistyped one, when it is near at all.
pub fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let typed: String = typed.to_lowercase().chars().take(80).collect();
    names
        .map(|name| (strsim::damerau_levenshtein(&typed, name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(2))
        .min()
        .map(|(_, name)| name)
}

/// What is wrong with a text of a named format; none when it is right.
fn bad_format(format: &str, text: &str) -> Option<(String, String)> {
    let shown = shown(text);
    let say = |vi: &str, en: &str| Some((format!("\"{shown}\" {vi}"), format!("\"{shown}\" {en}")));
    match format {
        "cron" => text
            .parse::<CronTime>()
            .err()
            .map(|error| Text::new("không phải lịch chạy", "is no schedule").because(&error.told()))
            .map(|told| (told.vi, told.en)),
        "date" if text.parse::<chrono::NaiveDate>().is_err() => {
            say("không phải ngày (viết 2026-01-31)", "is no day (write 2026-01-31)")
        }
        "date-time" if chrono::DateTime::parse_from_rfc3339(text).is_err() => say(
            "không phải thời điểm (viết 2026-01-31T08:00:00+07:00)",
            "is no instant (write 2026-01-31T08:00:00+07:00)",
        ),
        "socket-address" if text.parse::<std::net::SocketAddr>().is_err() => {
            say("không phải địa chỉ:cổng (viết 127.0.0.1:8335)", "is no address:port (write 127.0.0.1:8335)")
        }
        "http-url" if !is_http_url(text) => say(
            "không phải địa chỉ web (viết https://máy-chủ/đường-dẫn, không kèm tài khoản)",
            "is no web address (write https://host/path, without an account)",
        ),
        "log-filter" => tracing_subscriber::filter::EnvFilter::try_new(text).err().map(|error| {
            let told =
                Text::new("không phải bộ lọc nhật ký", "is no log filter").because(&written_cause(&error));
            (told.vi, told.en)
        }),
        _ => None,
    }
}

/// http or https, a host, no account, no query, no blank.
fn is_http_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default()).unwrap_or_default();
    !host.is_empty()
        && !host.contains('@')
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#'))
}

/// The schema's type; `["string", "null"]` counts as string.
fn kind(schema: &Json) -> Option<&str> {
    match schema.get("type") {
        Some(Json::String(name)) => Some(name),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn type_words(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "object" => ("một bảng", "a table"),
        "array" => ("một danh sách", "a list"),
        "string" => ("chuỗi trong dấu ngoặc kép", "a text in double quotes"),
        "integer" => ("số nguyên", "a whole number"),
        "number" => ("số", "a number"),
        _ => ("true hoặc false", "true or false"),
    }
}

// Ranges of configuration values lie far below 2^53.
fn to_float(number: i64) -> f64 {
    i32::try_from(number).map_or(if number < 0 { f64::MIN } else { f64::MAX }, f64::from)
}

fn shown(text: &str) -> String {
    text.chars().take(80).filter(|c| !c.is_control()).collect()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_finds_its_name_and_a_strange_one_finds_none() {
        let names = ["schedule", "settings", "secrets"];
        assert_eq!(nearest("shcedule", names.into_iter()), Some("schedule"));
        assert_eq!(nearest("Settings", names.into_iter()), Some("settings"));
        assert_eq!(nearest("password", names.into_iter()), None);
    }

    #[test]
    fn a_web_address_has_a_host_and_no_account() {
        assert!(is_http_url("https://csdl.example.vn/api"));
        for bad in ["https://", "ftp://a", "https://u:p@a", "https://a/?x=1", "a.vn", "https://a b"] {
            assert!(!is_http_url(bad), "{bad}");
        }
    }
}
