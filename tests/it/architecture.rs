//! The rules of the house, checked on the source text: which room may import which, and what stands nowhere.
//!
//! Every rule is a function over one file, so that each has a test that plants a violation and sees it
//! caught. Comments and texts are told apart from code first: a word in a comment is no import.

use crate::support::project;
use std::path::Path;

/// One file of the program, taken apart.
struct Source {
    /// The crate's folder of sources, from the root.
    folder: String,
    /// Path below it.
    path: String,
    /// Everything, as written.
    text: String,
    /// Code outside tests: comments removed, texts emptied, lines kept.
    code: String,
    /// Texts outside tests, with their lines.
    texts: Vec<(usize, String)>,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let (mut code, mut texts) = strip(text);
        while let Some((start, end)) = tested_item(&code) {
            let lines = |part: &str| part.matches('\n').count();
            let (first, last) = (lines(&code[..start]) + 1, lines(&code[..end]) + 1);
            texts.retain(|(at, _)| *at < first || *at > last);
            let blank = "\n".repeat(last - first);
            code.replace_range(start..end, &blank);
        }
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            code.clear();
            texts.clear();
        }
        Self { folder: "src".to_owned(), path: path.to_owned(), text: text.to_owned(), code, texts }
    }

    /// The room the file belongs to; none for `lib.rs` and `main.rs`, which may import everything.
    fn room(&self) -> Option<&str> {
        let first = self.path.split('/').next().unwrap_or_default();
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (!matches!(room, "lib" | "main")).then_some(room)
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn found(&self, line: usize, what: &str) -> String {
        format!("{}/{}:{line}: {what}", self.folder, self.path)
    }
}

/// Where an item that exists in tests only begins and ends.
fn tested_item(code: &str) -> Option<(usize, usize)> {
    let start = code.find("#[cfg(test)]")?;
    let mut depth = 0;
    for (at, c) in code[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some((start, start + at + 1)),
            '}' => depth -= 1,
            ';' if depth == 0 => return Some((start, start + at + 1)),
            _ => {}
        }
    }
    Some((start, code.len()))
}

/// Code without comments and with empty texts; the texts with their lines.
fn strip(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes: Vec<char> = text.chars().collect();
    let (mut code, mut texts, mut line, mut at) = (String::new(), Vec::new(), 1, 0);
    let peek = |index: usize| bytes.get(index).copied().unwrap_or('\0');
    while at < bytes.len() {
        match (peek(at), peek(at + 1)) {
            ('/', '/') => {
                while at < bytes.len() && peek(at) != '\n' {
                    at += 1;
                }
            }
            ('/', '*') => {
                while at < bytes.len() && !(peek(at) == '*' && peek(at + 1) == '/') {
                    if peek(at) == '\n' {
                        line += 1;
                        code.push('\n');
                    }
                    at += 1;
                }
                at += 2;
            }
            ('r', '"' | '#')
                if !code.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    && raw_start(&bytes, at).is_some() =>
            {
                let (start, hashes) = raw_start(&bytes, at).unwrap_or((at + 1, 0));
                let (begin, mut content) = (line, String::new());
                at = start;
                while at < bytes.len()
                    && !(peek(at) == '"' && (1..=hashes).all(|step| peek(at + step) == '#'))
                {
                    if peek(at) == '\n' {
                        line += 1;
                        code.push('\n');
                    }
                    content.push(peek(at));
                    at += 1;
                }
                at += 1 + hashes;
                code.push_str("\"\"");
                texts.push((begin, content));
            }
            ('"', _) => {
                let (begin, mut content) = (line, String::new());
                at += 1;
                while at < bytes.len() && peek(at) != '"' {
                    if peek(at) == '\\' {
                        content.push(peek(at));
                        at += 1;
                    }
                    if peek(at) == '\n' {
                        line += 1;
                        code.push('\n');
                    }
                    content.push(peek(at));
                    at += 1;
                }
                at += 1;
                code.push_str("\"\"");
                texts.push((begin, content));
            }
            // A character, not a lifetime.
            ('\'', '\\') => {
                at += 3;
                while at < bytes.len() && peek(at) != '\'' {
                    at += 1;
                }
                at += 1;
                code.push_str("' '");
            }
            ('\'', _) if peek(at + 2) == '\'' => {
                at += 3;
                code.push_str("' '");
            }
            (c, _) => {
                if c == '\n' {
                    line += 1;
                }
                code.push(c);
                at += 1;
            }
        }
    }
    (code, texts)
}

/// Start of a raw text's content and its number of hashes.
fn raw_start(bytes: &[char], at: usize) -> Option<(usize, usize)> {
    let hashes = bytes.iter().skip(at + 1).take_while(|c| **c == '#').count();
    (bytes.get(at + 1 + hashes) == Some(&'"')).then_some((at + 2 + hashes, hashes))
}

/// Which rooms a room may import; `docs/ARCHITECTURE.md` explains the picture.
fn allowed(room: &str) -> Option<Vec<&'static str>> {
    const GROUND: [&str; 1] = ["failpoint"];
    const BASE: [&str; 7] = ["domain", "text", "clock", "error", "config", "telemetry", "sheet"];
    const ENGINES: [&str; 8] =
        ["connector", "ingest", "directory", "catalog", "mapping", "scoring", "evaluation", "delivery"];
    let own: Vec<&'static str> = match room {
        "domain" | "failpoint" => vec![],
        "text" | "clock" | "error" => vec!["domain"],
        "config" | "telemetry" | "sheet" => vec!["domain", "text", "clock", "error"],
        "transport" => BASE.to_vec(),
        "connector" | "delivery" => [&BASE[..], &["transport"]].concat(),
        "paper" => vec!["domain", "text", "error", "clock"],
        // The law's arithmetic stands alone.
        "scoring" => vec!["domain"],
        engine if ENGINES.contains(&engine) => BASE.to_vec(),
        "store" => vec!["domain", "config", "telemetry", "clock", "error"],
        "pipeline" => [&BASE[..], &ENGINES, &["paper", "transport", "store"]].concat(),
        "schedule" => [&BASE[..], &["pipeline", "store"]].concat(),
        "web" => [&BASE[..], &ENGINES, &["paper", "pipeline", "schedule", "store"]].concat(),
        "cli" => [
            &BASE[..],
            &ENGINES,
            &["paper", "transport", "pipeline", "schedule", "store", "web", "daemon", "simulator"],
        ]
        .concat(),
        "daemon" => {
            [&BASE[..], &ENGINES, &["paper", "transport", "pipeline", "schedule", "store", "web"]].concat()
        }
        "simulator" => vec!["domain"],
        _ => return None,
    };
    Some([&own[..], &GROUND].concat())
}

fn wrong_arrows(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(allowed) = allowed(room) else {
        return vec![source.found(1, &format!("room {room} is not in the picture"))];
    };
    let mut found = Vec::new();
    for (line, code) in source.lines() {
        // A crate below is named in `lib.rs` alone: elsewhere its rooms are rooms, and this rule sees them.
        if code.contains("lienthong_") {
            found.push(source.found(line, "a crate below is named by its rooms"));
        }
        for rest in code.split("crate::").skip(1) {
            let group = rest.strip_prefix('{').map(|rest| rest.split('}').next().unwrap_or_default());
            let names = group.map_or_else(|| vec![rest], |group| group.split(',').collect());
            for name in names {
                let name: String =
                    name.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if !name.is_empty() && name != room && !allowed.contains(&name.as_str()) {
                    found.push(source.found(line, &format!("{room} must not import {name}")));
                }
            }
        }
    }
    found
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines > 800 { vec![source.found(lines, "more than 800 lines")] } else { Vec::new() }
}

fn without_a_first_paragraph(source: &Source) -> Vec<String> {
    let lines = source.text.lines().take_while(|line| line.starts_with("//!")).count();
    if lines == 0 { vec![source.found(1, "does not open with a //! paragraph")] } else { Vec::new() }
}

fn sql_outside_the_store(source: &Source) -> Vec<String> {
    if source.path.starts_with("store/")
        || source.path.starts_with("simulator/")
        || source.path.starts_with("connector/sql")
    {
        return Vec::new();
    }
    const WORDS: [&str; 9] = [
        "SELECT ",
        "INSERT INTO ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "DROP TABLE ",
        "ALTER TABLE ",
        "PRAGMA ",
        "BEGIN IMMEDIATE",
        "UPDATE ",
    ];
    let is_sql = |text: &str| {
        let text = text.trim_start_matches(['\\', 'n', ' ', '\n']);
        WORDS.iter().any(|word| text.starts_with(word))
            && (!text.starts_with("UPDATE ") || text.contains(" SET "))
    };
    source
        .texts
        .iter()
        .filter(|(_, text)| is_sql(text))
        .map(|(line, _)| source.found(*line, "SQL outside the store"))
        .collect()
}

fn reading_the_clock(source: &Source) -> Vec<String> {
    // The simulated province gives out tokens that live in real time.
    if source.path == "clock.rs" || source.path.starts_with("simulator/") {
        return Vec::new();
    }
    words(source, &["Utc::now", "Local::now", "SystemTime::now"], "only clock.rs reads the clock")
}

fn impure_arithmetic(source: &Source) -> Vec<String> {
    match source.room() {
        Some("scoring" | "domain") => words(
            source,
            &["serde_json", "tokio", "f32", "f64", "async fn", "std::fs", "std::net", "reqwest", "sqlx"],
            "scoring and domain are pure and exact",
        ),
        _ => Vec::new(),
    }
}

fn empty_names(source: &Source) -> Vec<String> {
    let banned = ["utils", "util", "helpers", "helper", "common", "manager", "misc"];
    let parts = source.path.split(['/', '.', '_']);
    let mut found: Vec<String> = parts
        .filter(|part| banned.contains(part))
        .map(|part| source.found(1, &format!("{part} names nothing")))
        .collect();
    for (line, code) in source.lines() {
        let name = code
            .trim_start()
            .trim_start_matches("pub ")
            .strip_prefix("mod ")
            .map(|rest| rest.trim_end_matches([';', ' ', '{']));
        if let Some(name) = name.filter(|name| banned.contains(name)) {
            found.push(source.found(line, &format!("{name} names nothing")));
        }
    }
    found
}

fn panics(source: &Source) -> Vec<String> {
    words(
        source,
        &[".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "dbg!("],
        "panics outside tests",
    )
}

fn unfinished(source: &Source) -> Vec<String> {
    let marks = ["TODO", "FIXME", "XXX", "HACK"].map(|mark| (mark, format!("{mark}:")));
    let lines = source.text.lines().enumerate();
    lines
        .filter(|(_, line)| {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            marks.iter().any(|(mark, colon)| {
                comment.contains(colon)
                    || comment.trim() == *mark
                    || comment.contains(&format!("{mark} ")) && *mark != "XXX"
            })
        })
        .map(|(index, _)| source.found(index + 1, "unfinished work"))
        .collect()
}

fn silenced_or_unsafe(source: &Source) -> Vec<String> {
    words(
        source,
        &["allow(dead_code", "allow(unused", "unsafe {", "unsafe fn", "unsafe impl"],
        "silenced or unsafe",
    )
}

fn words(source: &Source, words: &[&str], why: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (line, code) in source.lines() {
        for word in words {
            let hit = code.match_indices(word).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                let after = code[at + word.len()..].chars().next();
                let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                let open = word.starts_with(|c: char| c.is_alphanumeric());
                let shut = word.ends_with(|c: char| c.is_alphanumeric());
                let inside = (open && part(before)) || (shut && part(after));
                !inside
            });
            if hit {
                found.push(source.found(line, &format!("{word}: {why}")));
            }
        }
    }
    found
}

type Rule = fn(&Source) -> Vec<String>;
const RULES: [Rule; 10] = [
    wrong_arrows,
    too_long,
    without_a_first_paragraph,
    sql_outside_the_store,
    reading_the_clock,
    impure_arithmetic,
    empty_names,
    panics,
    unfinished,
    silenced_or_unsafe,
];

/// Folders of sources, from the root: the program's own and those of the crates it stands on.
pub fn folders() -> Vec<String> {
    let crates = project::root().join("crates");
    let mut folders: Vec<String> = std::fs::read_dir(crates)
        .expect("crates")
        .map(|entry| format!("crates/{}/src", entry.expect("entry").file_name().display()))
        .collect();
    folders.push("src".to_owned());
    folders.sort();
    folders
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, root: &str, below: &str, found: &mut Vec<Source>) {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).expect("src").map(|entry| entry.expect("entry").path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            let below = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            if path.is_dir() {
                walk(&path, root, &below, found);
            } else if name.ends_with(".rs") {
                let source = Source::new(&below, &std::fs::read_to_string(&path).expect("readable"));
                found.push(Source { folder: root.to_owned(), ..source });
            }
        }
    }
    let mut found = Vec::new();
    for folder in folders() {
        walk(&project::root().join(&folder), &folder, "", &mut found);
    }
    found
}

#[test]
fn the_house_keeps_its_rules() {
    let sources = sources();
    for folder in folders() {
        let files = sources.iter().filter(|source| source.folder == folder).count();
        assert!(files > 20, "{files} sources were found in {folder}");
    }
    let found: Vec<String> =
        sources.iter().flat_map(|source| RULES.iter().flat_map(move |rule| rule(source))).collect();
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_file_of_tests_is_longer_than_one_of_the_program_may_be() {
    let folder = project::root().join("tests/it");
    let files = std::fs::read_dir(folder).expect("tests").map(|entry| entry.expect("entry").path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
    assert!(files.len() > 50, "{} files were found", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).expect("readable");
        let told = too_long(&Source::new(&path.display().to_string(), &text));
        assert!(told.is_empty(), "{told:?}");
    }
}

#[test]
fn files_stay_short_in_the_middle() {
    let mut lines: Vec<usize> = sources().iter().map(|source| source.text.lines().count()).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!((60..=240).contains(&median), "median {median}");
}

#[test]
fn every_dependency_is_explained() {
    let root = project::root();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("readable");
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let page = read("docs/DEPENDENCIES.md");
    // Every version stands in the workspace's table; the crates only name them.
    let table = manifest["workspace"]["dependencies"].as_table().expect("a table");
    let unexplained: Vec<&String> = table
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name)
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert!(unexplained.is_empty(), "add a line to docs/DEPENDENCIES.md: {unexplained:?}");
}

#[test]
fn every_metric_stands_in_the_page_with_its_labels_and_meaning() {
    let root = project::root();
    let page = std::fs::read_to_string(root.join("docs/LOGGING.md")).expect("readable");
    for metric in lienthong::telemetry::METRICS {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", metric.name)));
        let row = row.unwrap_or_else(|| panic!("{} is missing in docs/LOGGING.md", metric.name));
        let whole = row.contains(metric.help)
            && row.contains(&format!("| {} |", metric.labels).replace("|  |", "| |"));
        assert!(whole, "{row}");
    }
}

fn caught(rule: Rule, path: &str, text: &str) -> usize {
    rule(&Source::new(path, text)).len()
}

#[test]
fn a_wrong_arrow_is_caught_however_it_is_written() {
    assert_eq!(caught(wrong_arrows, "scoring/a.rs", "use crate::error::Finding;"), 1);
    assert_eq!(caught(wrong_arrows, "connector/a.rs", "fn f() { crate::store::open() }"), 1);
    assert_eq!(caught(wrong_arrows, "mapping/a.rs", "use crate::{domain::X, ingest::Y};"), 1);
    assert_eq!(caught(wrong_arrows, "attic/a.rs", ""), 1);
    assert_eq!(caught(wrong_arrows, "scoring/a.rs", "use lienthong_base::error::Finding;"), 1);
    assert_eq!(caught(wrong_arrows, "lib.rs", "pub use lienthong_base::error;"), 0);
    assert_eq!(
        caught(wrong_arrows, "mapping/a.rs", "use crate::text;\n// crate::store\nlet a = \"crate::store\";"),
        0
    );
    assert_eq!(caught(wrong_arrows, "mapping/a.rs", "#[cfg(test)]\nmod tests { use crate::store; }"), 0);
    assert_eq!(caught(wrong_arrows, "lib.rs", "use crate::store;"), 0);
}

#[test]
fn long_files_and_files_without_a_first_paragraph_are_caught() {
    assert_eq!(caught(too_long, "a.rs", &"x\n".repeat(801)), 1);
    assert_eq!(caught(too_long, "a.rs", &"x\n".repeat(800)), 0);
    assert_eq!(caught(without_a_first_paragraph, "a.rs", "use a;\n//! late"), 1);
    assert_eq!(caught(without_a_first_paragraph, "a.rs", "//! What it owns."), 0);
}

#[test]
fn sql_outside_the_store_is_caught_and_words_of_people_are_not() {
    assert_eq!(caught(sql_outside_the_store, "web/a.rs", "let q = \"SELECT 1\";"), 1);
    assert_eq!(caught(sql_outside_the_store, "web/a.rs", "let q = r#\"\n  UPDATE a SET b = 1\"#;"), 1);
    assert_eq!(caught(sql_outside_the_store, "web/a.rs", "let q = \"Select a product\"; // SELECT 1"), 0);
    assert_eq!(caught(sql_outside_the_store, "store/a.rs", "let q = \"SELECT 1\";"), 0);
    assert_eq!(caught(sql_outside_the_store, "connector/sql/a.rs", "let q = \"SELECT 1\";"), 0);
}

#[test]
fn a_second_reader_of_the_clock_is_caught() {
    assert_eq!(caught(reading_the_clock, "web/a.rs", "let now = chrono::Utc::now();"), 1);
    assert_eq!(caught(reading_the_clock, "web/a.rs", "let t = std::time::SystemTime::now();"), 1);
    assert_eq!(caught(reading_the_clock, "clock.rs", "Utc::now()"), 0);
    assert_eq!(caught(reading_the_clock, "web/a.rs", "let t = Instant::now();"), 0);
}

#[test]
fn floats_and_documents_in_scoring_are_caught() {
    for text in ["let a: f64 = 1.0;", "use serde_json::Value;", "pub async fn f() {}", "let a = 1_f64;"] {
        let expected = usize::from(!text.contains("1_f64"));
        assert_eq!(caught(impure_arithmetic, "scoring/a.rs", text), expected, "{text}");
    }
    assert_eq!(caught(impure_arithmetic, "mapping/a.rs", "let a: f64 = 1.0;"), 0);
}

#[test]
fn names_that_say_nothing_are_caught() {
    assert_eq!(caught(empty_names, "store/utils.rs", ""), 1);
    assert_eq!(caught(empty_names, "store/mod.rs", "pub mod helpers;"), 1);
    assert_eq!(caught(empty_names, "store/task_manager.rs", ""), 1);
    assert_eq!(caught(empty_names, "store/commons.rs", "mod common_sense;"), 0);
}

#[test]
fn panics_outside_tests_are_caught() {
    assert_eq!(caught(panics, "a.rs", "a.unwrap();\nb.expect(\"b\");\ntodo!()"), 3);
    assert_eq!(caught(panics, "a.rs", "a.unwrap_or(1); // .unwrap()"), 0);
    assert_eq!(caught(panics, "a.rs", "fn f() {}\n#[cfg(test)]\nmod tests { fn g() { a.unwrap() } }"), 0);
    assert_eq!(
        caught(panics, "a.rs", "#[cfg(test)]\npub(crate) mod sample { fn g() { a.unwrap() } }\nb.unwrap()"),
        1
    );
    assert_eq!(caught(panics, "store/tests.rs", "a.unwrap()"), 0);
}

#[test]
fn unfinished_silenced_and_unsafe_code_is_caught() {
    assert_eq!(caught(unfinished, "a.rs", "// TODO: later\nlet a = 1; // FIXME soon"), 2);
    assert_eq!(caught(unfinished, "a.rs", "let a = \"TODO\";"), 0);
    assert_eq!(caught(silenced_or_unsafe, "a.rs", "#[allow(dead_code)]\nunsafe { x }"), 2);
    assert_eq!(caught(silenced_or_unsafe, "lib.rs", "#![forbid(unsafe_code)]"), 0);
}

#[test]
fn comments_texts_and_characters_are_told_apart_from_code() {
    let (code, texts) = strip("a /* b\n \"c\" */ 'd' \"e // \\\" f\" // g\nr#\"h \"i\" \"# '\\'' 'life j");
    assert_eq!(code, "a \n ' ' \"\" \n\"\" ' ' 'life j");
    assert_eq!(texts, [(2, "e // \\\" f".to_owned()), (3, "h \"i\" ".to_owned())]);
}
