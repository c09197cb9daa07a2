//! Tests of loading manifests.

use super::*;

const GOOD: &str = r#"
format_version = 1
kind = "http"
name = "example"
version = "1"
title = { vi = "Ví dụ", en = "Example" }

[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
example = "https://eoffice.example.vn/api"

[settings.api_key]
label = { vi = "Khóa", en = "Key" }
secret = true

[transport]
base_url = "{{ settings.base_url }}"

[auth]
kind = "header"
name = "X-Api-Key"
value = "{{ secrets.api_key }}"

[stream]
path = "/tasks"
records = "items"
key = "id"

[paging]
kind = "cursor"
param = "cursor"
next = "next_cursor"

[fields]
title = "title"
status = { path = "status", map = { NEW = "open" } }
"#;

fn findings(text: &str) -> Vec<String> {
    match parse("m.toml", text) {
        Ok(_) => Vec::new(),
        Err(findings) => findings
            .0
            .iter()
            .map(|finding| {
                format!("{} {} {}", finding.code, finding.place.as_ref().expect("place"), finding.remedy.en)
            })
            .collect(),
    }
}

#[test]
fn good_manifest_loads() {
    assert_eq!(findings(GOOD), Vec::<String>::new());
}

#[test]
fn every_unknown_key_is_told_at_once_with_line_column_and_nearest_name() {
    let bad = GOOD
        .replace("records = \"items\"", "recods = \"items\"")
        .replace("next = \"next_cursor\"", "nxt = \"next_cursor\"")
        .replace("title = \"title\"", "title = { pth = \"title\" }\ndeu = \"due\"")
        .replace("name = \"X-Api-Key\"", "nam = \"X-Api-Key\"")
        .replace("secret = true", "secret = true\nvalue = \"abc\"");
    let told = findings(&bad);
    for expected in [
        "LT-MAN-002 m.toml:27 (column 1, stream.recods) did you mean \"records\"?",
        "LT-MAN-002 m.toml:33 (column 1, paging.nxt) did you mean \"next\"?",
        "LT-MAN-002 m.toml:36 (column 11, fields.title.pth) did you mean \"path\"?",
        "LT-MAN-002 m.toml:37 (column 1, fields.deu) did you mean \"due\"?",
        "LT-MAN-002 m.toml:22 (column 1, auth.nam) did you mean \"name\"?",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected} is missing in {told:#?}");
    }
    assert!(told.iter().any(|line| line.contains("settings.api_key.value")), "{told:#?}");
}

#[test]
fn broken_toml_and_wrong_types_name_their_line() {
    let told = findings("format_version = 1\nkind = \n");
    assert!(told.iter().any(|line| line.starts_with("LT-MAN-001 m.toml:2")), "{told:?}");
    let told = findings(&GOOD.replace("param = \"cursor\"", "param = \"cursor\"\nsize = \"hundred\""));
    assert!(told.iter().any(|line| line.starts_with("LT-MAN-003 m.toml:32")), "{told:?}");
    let told = findings(&GOOD.replace("title = \"title\"\n", ""));
    assert!(told.iter().any(|line| line.starts_with("LT-MAN-003")), "{told:?}");
    let told = findings(&GOOD.replace("kind = \"http\"", "kind = \"soap\""));
    assert!(told.iter().any(|line| line.starts_with("LT-MAN-003 m.toml:3")), "{told:?}");
}

#[test]
fn newer_format_is_refused_not_guessed() {
    let told = findings(&GOOD.replace("format_version = 1", "format_version = 2"));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("LT-MAN-004 m.toml:2"), "{told:?}");
}

#[test]
fn settings_and_secrets_are_used_only_where_they_may() {
    for (from, to, expected) in [
        ("path = \"/tasks\"", "path = \"/tasks/{{ settings.unit }}\"", "LT-MAN-008 m.toml:25"),
        ("path = \"/tasks\"", "path = \"/tasks/{{ settings.api_key }}\"", "LT-MAN-008 m.toml:25"),
        ("path = \"/tasks\"", "path = \"/tasks/{{ secrets.api_key }}\"", "LT-MAN-006 m.toml:25"),
        ("secrets.api_key", "secrets.password", "LT-MAN-008 m.toml:22"),
        ("{{ settings.base_url }}", "{{ settings.base_url", "LT-MAN-006 m.toml:17"),
        ("next = \"next_cursor\"\n", "", "LT-MAN-011"),
        ("param = \"cursor\"\n", "", "LT-MAN-011"),
        ("key = \"id\"", "key = \"a..b\"", "LT-MAN-015 m.toml:27"),
        ("[fields]", "[[detail]]\nname = \"a b\"\npath = \"/x\"\n[fields]", "LT-MAN-011"),
        ("[fields]", "[incremental]\nparam = \"since\"\nformat = \"iso\"\n[fields]", "LT-MAN-014 m.toml:36"),
    ] {
        let told = findings(&GOOD.replace(from, to));
        assert!(told.iter().any(|line| line.starts_with(expected)), "{to}: {told:#?}");
    }
}

#[test]
fn fingerprint_follows_the_rules_and_nothing_else() {
    let base = parse("m.toml", GOOD).expect("loads").fingerprint;
    let comment =
        parse("m.toml", &format!("# note\n{}", GOOD.replace("/tasks", "/v2/tasks"))).expect("loads");
    assert_eq!(comment.fingerprint, base);
    let rule = parse("m.toml", &GOOD.replace("NEW = \"open\"", "NEW = \"done\"")).expect("loads");
    assert_ne!(rule.fingerprint, base);
}

#[test]
fn schema_names_every_section_for_editors() {
    let schema = schema();
    let properties = schema.get("properties").and_then(serde_json::Value::as_object).expect("properties");
    for section in
        ["settings", "transport", "auth", "stream", "paging", "incremental", "detail", "success", "fields"]
    {
        assert!(properties.contains_key(section), "{section}");
    }
}

#[test]
fn missing_and_oversized_files_are_findings() {
    let folder = tempfile::tempdir().expect("folder");
    let code = |path: &Path| load(path).expect_err("refused").0[0].code.clone();
    assert_eq!(code(&folder.path().join("none.toml")), "LT-MAN-012");
    let large = folder.path().join("large.toml");
    std::fs::write(&large, vec![b'#'; 1024 * 1024 + 1]).expect("written");
    assert_eq!(code(&large), "LT-MAN-012");
}

#[test]
fn assignee_that_a_detail_alone_shows_is_noted_until_full_pulls_ask_again() {
    let detail = "assignee = \"$task.owner\"\n[[detail]]\nname = \"task\"\npath = \"/tasks/{{ key }}\"\n";
    let notes = |text: &str| {
        let loaded = parse("m.toml", text).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
        notes("m.toml", text, &loaded.manifest)
    };
    let text = format!("{GOOD}{detail}");
    let told = notes(&text);
    assert_eq!(told.iter().map(|note| note.code.as_str()).collect::<Vec<_>>(), ["LT-MAN-101"]);
    assert!(told[0].place.as_ref().is_some_and(|place| place.line.is_some()), "{told:?}");
    let again =
        text.replace("key = \"id\"\n", "key = \"id\"\ndetails_again = { of = \"open\", every = 7 }\n");
    assert_eq!(notes(&again), []);
    let listed = text.replace("\"$task.owner\"", "{ first_of = [\"owner\", \"$task.owner\"] }");
    assert_eq!(notes(&listed), [], "the row may show it");
    let without = GOOD.replace("key = \"id\"\n", "key = \"id\"\ndetails_again = { of = \"all\" }\n");
    assert!(parse("m.toml", &without).is_err(), "there is no detail to ask for");
}
