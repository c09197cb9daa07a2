//! The configuration as an operator meets it: files on disk, variables, secrets, and every finding at once.

use crate::support::project;
use lienthong::config::{self, DEFAULTS, EXAMPLE, Overrides, StoreKind};
use lienthong::error::{Finding, Severity};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const WITH_SOURCE: &str = r#"
[[unit]]
code = "GL"
name = "UBND tỉnh Gia Lai"
kind = "province"

[[source]]
id = "snv"
unit = "GL"
manifest = "own.toml"
schedule = "*/5 * * * *"
"#;

struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("own.toml"), "").expect("manifest");
        std::fs::write(folder.path().join("lienthong.toml"), text).expect("configuration");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn load_with(
        &self,
        variables: &[(&str, &str)],
        overrides: &Overrides,
    ) -> Result<config::Loaded, Vec<Finding>> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        config::load(&self.path().join("lienthong.toml"), variables, overrides).map_err(|findings| findings.0)
    }

    fn load(&self) -> Result<config::Loaded, Vec<Finding>> {
        self.load_with(&[], &Overrides::default())
    }
}

/// Code, line and detail of every finding.
fn told(findings: &[Finding]) -> Vec<(String, Option<u32>, String)> {
    let place = |finding: &Finding| finding.place.clone().unwrap_or_default();
    findings
        .iter()
        .map(|finding| (finding.code.clone(), place(finding).line, place(finding).detail.unwrap_or_default()))
        .collect()
}

#[test]
fn an_empty_file_gives_the_documented_defaults() {
    let site = Site::new("");
    let loaded = site.load().expect("loads");
    assert_eq!(loaded.config.daemon.listen.to_string(), "127.0.0.1:8335");
    assert_eq!(loaded.config.store.kind, StoreKind::Sqlite);
    assert_eq!(loaded.config.daemon.data_dir, site.path().join("data"));
    assert_eq!(loaded.config.database_file(), site.path().join("data/lienthong.db"));
    assert!(loaded.warnings.is_empty());
}

#[test]
fn every_mistake_of_a_file_is_told_at_once_with_line_column_and_nearest_name() {
    let text = "[daemon]\nlissten = \"127.0.0.1:1\"\nshutdown_s = 0\n\n[log]\nformat = \"jsn\"\n\n[[source]]\nid = \"a b\"\nshcedule = \"x\"\nschedule = \"0 7 1 * 1\"\nmanifest = 5\n[unknown]\n";
    let findings = Site::new(text).load().expect_err("findings");
    let mut told = told(&findings);
    told.sort();
    let expected = [
        ("LT-CFG-001", 2, "column 1, daemon.lissten"),
        ("LT-CFG-001", 10, "column 1, source[0].shcedule"),
        ("LT-CFG-001", 13, "column 2, unknown"),
        ("LT-CFG-004", 3, "column 14, daemon.shutdown_s"),
        ("LT-CFG-004", 6, "column 10, log.format"),
        ("LT-CFG-004", 9, "column 6, source[0].id"),
        ("LT-CFG-004", 11, "column 12, source[0].schedule"),
        ("LT-CFG-004", 12, "column 12, source[0].manifest"),
        ("LT-CFG-005", 8, "column 1, source[0].unit"),
    ];
    let expected: Vec<_> =
        expected.map(|(code, line, at)| (code.to_owned(), Some(line), at.to_owned())).to_vec();
    assert_eq!(told, expected);
    let mistyped = findings.iter().find(|f| f.to_string().contains("lissten")).expect("the mistyped key");
    assert!(mistyped.remedy.en.contains("did you mean \"listen\""), "{mistyped}");
    assert!(mistyped.remedy.vi.contains("có phải \"listen\""), "{mistyped:?}");
    assert!(mistyped.place.as_ref().expect("place").what.ends_with("lienthong.toml"));
}

#[test]
fn a_wrong_value_is_explained_where_its_file_is() {
    let findings = Site::new("[daemon]\nshutdown_s = 0\n").load().expect_err("findings");
    let remedy = &findings.iter().find(|finding| finding.code == "LT-CFG-004").expect("told").remedy;
    assert!(remedy.en.contains("config default") && !remedy.en.contains("SCORING"), "{remedy:?}");
    let text = lienthong::config::rule_set::BUILT_IN.replace("carry_over = \"none\"", "carry_over = 7");
    let findings = lienthong::config::rule_set::read_rule_set("rules.toml", &text).expect_err("findings");
    let remedy = &findings.0.iter().find(|finding| finding.code == "LT-CFG-004").expect("told").remedy;
    assert!(remedy.en.contains("SCORING") && !remedy.en.contains("config default"), "{remedy:?}");
}

#[test]
fn a_misspelt_key_is_told_once_and_not_as_missing_as_well() {
    let entry = "[[source]]\nid = \"a\"\nschedul = \"0 7 * * *\"\nmanifest = \"rest-demo\"\nunit = \"SNV\"\n";
    let findings = Site::new(entry).load().expect_err("findings");
    let of_schedule: Vec<_> = told(&findings).into_iter().filter(|(.., at)| at.contains("schedul")).collect();
    assert_eq!(of_schedule, [("LT-CFG-001".into(), Some(3), "column 1, source[0].schedul".into())]);
    // What is missing and was not misspelt is told beside it.
    let findings = Site::new(&entry.replace("schedul = ", "when = ")).load().expect_err("findings");
    let codes: Vec<_> = told(&findings).into_iter().filter(|(.., at)| !at.contains("unit")).collect();
    assert!(codes.iter().any(|(code, _, at)| code == "LT-CFG-005" && at.ends_with("source[0].schedule")));
}

#[test]
fn a_literal_secret_is_refused_without_repeating_it() {
    let text = format!("{WITH_SOURCE}secrets = {{ password = \"hunter2\" }}\n");
    let findings = Site::new(&text).load().expect_err("refused");
    assert_eq!(
        told(&findings),
        [("LT-CFG-006".into(), Some(12), "column 24, source[0].secrets.password".into())]
    );
    assert!(!format!("{findings:?}").contains("hunter2"));
}

#[test]
fn a_value_of_a_pattern_is_told_by_an_example_and_not_by_the_pattern() {
    let findings = Site::new("[scoring]\nyear_opens = \"1/12\"\n").load().expect_err("refused");
    let told: Vec<_> = findings.iter().filter(|finding| finding.code == "LT-CFG-004").collect();
    assert_eq!(told.len(), 1, "{findings:?}");
    assert!(told[0].what.vi.contains("viết như 12-01") && told[0].what.en.contains("write it as 12-01"));
    assert!(!told[0].what.vi.contains('^'), "{:?}", told[0]);
}

#[test]
fn a_missing_or_open_secret_file_is_told_with_its_key() {
    let text = format!(
        "{WITH_SOURCE}secrets = {{ password = {{ file = \"s/p\" }}, token = {{ file = \"s/t\" }}, key = {{ credential = \"k\" }} }}\n"
    );
    let site = Site::new(&text);
    std::fs::create_dir(site.path().join("s")).expect("folder");
    std::fs::write(site.path().join("s/t"), "x").expect("token");
    std::fs::set_permissions(site.path().join("s/t"), PermissionsExt::from_mode(0o644)).expect("mode");
    let loaded = site.load().expect("references are valid");
    let mut codes: Vec<_> = loaded.secret_findings(None).into_iter().map(|f| (f.code, f.place)).collect();
    codes.sort_by(|a, b| a.0.cmp(&b.0));
    let named: Vec<_> = codes
        .iter()
        .map(|(code, place)| {
            let place = place.clone().expect("place");
            assert!(place.what.ends_with("lienthong.toml"), "{place}");
            (code.as_str(), place.line, place.detail.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        named,
        [
            ("LT-CFG-007", Some(12), "column 24, source[0].secrets.password".to_owned()),
            ("LT-CFG-008", Some(12), "column 50, source[0].secrets.token".to_owned()),
            ("LT-CFG-010", Some(12), "column 74, source[0].secrets.key".to_owned()),
        ]
    );
}

#[test]
fn layers_override_in_order_default_file_environment_flag() {
    let site = Site::new("[daemon]\nlisten = \"127.0.0.1:1\"\nshutdown_s = 7\n");
    let variables = [("LIENTHONG__DAEMON__LISTEN", "127.0.0.1:2"), ("LIENTHONG__PAGE__ALLOW_REMOTE", "true")];
    let loaded = site.load_with(&variables, &Overrides::default()).expect("loads");
    assert_eq!((loaded.config.daemon.listen.port(), loaded.config.daemon.shutdown_s), (2, 7));
    assert!(loaded.config.page.allow_remote);
    let flags =
        Overrides { listen: Some("127.0.0.1:3".parse().expect("address")), data_dir: Some("/x".into()) };
    let loaded = site.load_with(&variables, &flags).expect("loads");
    assert_eq!(loaded.config.daemon.listen.port(), 3);
    assert_eq!(loaded.config.daemon.data_dir, Path::new("/x"));
}

#[test]
fn a_mistyped_or_unreadable_variable_is_a_finding_not_a_default() {
    let site = Site::new("");
    let variables = [("LIENTHONG__DAEMON__LISTN", "127.0.0.1:2"), ("LIENTHONG__DAEMON__SHUTDOWN_S", "soon")];
    let findings = site.load_with(&variables, &Overrides::default()).expect_err("findings");
    assert_eq!(findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["LT-CFG-013", "LT-CFG-004"]);
    assert!(findings[0].remedy.en.contains("LIENTHONG__DAEMON__LISTEN"), "{}", findings[0]);
    let findings = site
        .load_with(&[("LIENTHONG__STORE__URL", "postgres://u:p@h/d")], &Overrides::default())
        .expect_err("secrets never come from the environment");
    assert_eq!(findings[0].code, "LT-CFG-013");
    assert!(!format!("{findings:?}").contains("u:p"));
}

#[test]
fn relative_paths_start_at_the_configurations_folder() {
    let text = format!(
        "[people]\nfile = \"in/people.csv\"\n{WITH_SOURCE}secrets = {{ p = {{ file = \"in/p\" }} }}\n"
    );
    let site = Site::new(&text);
    let findings = site.load().expect_err("the file is missing");
    assert_eq!(told(&findings), [("LT-CFG-003".into(), Some(2), "column 8, people.file".into())]);
    std::fs::create_dir(site.path().join("in")).expect("folder");
    std::fs::write(site.path().join("in/people.csv"), "").expect("people");
    let config = site.load().expect("loads").config;
    assert_eq!(config.people.file, Some(site.path().join("in/people.csv")));
    assert_eq!(config.source[0].secrets["p"], config::SecretRef::File(site.path().join("in/p")));
    assert_eq!(config.source[0].manifest, site.path().join("own.toml").display().to_string());
}

#[test]
fn names_that_do_not_agree_are_told_with_their_places() {
    let text = format!(
        "{WITH_SOURCE}[[source]]\nid = \"snv\"\nunit = \"XX\"\nmanifest = \"nowhere\"\nschedule = \"0 7 * * 1-5\"\n[[unit]]\ncode = \"A\"\nname = \"A\"\nkind = \"division\"\nparent = \"B\"\n[[unit]]\ncode = \"B\"\nname = \"B\"\nkind = \"division\"\nparent = \"A\"\n"
    );
    let findings = Site::new(&text).load().expect_err("findings");
    let mut codes: Vec<_> = told(&findings).into_iter().map(|(code, line, _)| (code, line)).collect();
    codes.sort();
    let expected =
        [("LT-CFG-020", 13), ("LT-CFG-021", 14), ("LT-CFG-028", 15), ("LT-CFG-029", 21), ("LT-CFG-029", 26)];
    assert_eq!(codes, expected.map(|(code, line)| (code.to_owned(), Some(line))));
}

const NATIONAL: &str = r#"
[[target]]
id = "national"
kind = "national"
base_url = "https://csdl.example.gov.vn"
username = "gialai"
password = { file = "p" }
org_code = "H21"
sender_code = "H21.09"
"#;

#[test]
fn a_national_target_starts_from_the_known_codes_and_is_not_used_until_both_lists_are_confirmed() {
    let loaded = Site::new(NATIONAL).load().expect("loads with a warning");
    assert_eq!(
        loaded.warnings.iter().map(|f| (f.code.as_str(), f.severity)).collect::<Vec<_>>(),
        [("LT-CFG-026", Severity::Warning)]
    );
    let target = &loaded.config.target[0];
    assert_eq!(target.code_list.as_ref().expect("defaults").good, "02");
    assert!(!target.is_released());
    let half = format!("{NATIONAL}code_list = {{ confirmed = true, good = \"05\" }}\n");
    let loaded = Site::new(&half).load().expect("loads");
    assert_eq!(loaded.config.target[0].code_list.as_ref().expect("list").good, "05");
    assert_eq!(loaded.config.target[0].code_list.as_ref().expect("list").excellent, "01");
    assert!(!loaded.config.target[0].is_released(), "the field map is still unconfirmed");
    let whole = format!("{half}field_map = {{ confirmed = true }}\n");
    assert!(Site::new(&whole).load().expect("loads").config.target[0].is_released());
}

#[test]
fn plain_http_second_targets_and_a_simulated_clock_with_a_real_target_are_refused() {
    let second = NATIONAL.replace("id = \"national\"", "id = \"other\"").replace("https://", "http://");
    let text = format!("[simulation]\nclock_start = 2026-11-24T08:00:00+07:00\n{NATIONAL}{second}");
    let findings = Site::new(&text).load().expect_err("findings");
    let mut codes: Vec<_> = findings.iter().map(|f| f.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, ["LT-CFG-023", "LT-CFG-025", "LT-CFG-026", "LT-CFG-027"]);
    let simulated =
        NATIONAL.replace("https://", "http://").to_owned() + "simulated = true\nallow_http = true\n";
    let text = format!("[simulation]\nclock_start = 2026-11-24T08:00:00+07:00\n{simulated}");
    let loaded = Site::new(&text).load().expect("everything is simulated");
    assert!(loaded.config.simulation.clock_start.is_some() && loaded.config.target[0].is_released());
}

#[test]
fn a_page_without_login_is_not_opened_to_the_network_by_accident() {
    let findings = Site::new("[daemon]\nlisten = \"0.0.0.0:8335\"\n").load().expect_err("refused");
    assert_eq!(told(&findings), [("LT-CFG-024".into(), Some(2), "column 10, daemon.listen".into())]);
    Site::new("[daemon]\nlisten = \"0.0.0.0:8335\"\n[page]\nallow_remote = true\n")
        .load()
        .expect("said twice");
}

#[test]
fn postgres_needs_its_url_and_a_configured_key() {
    let codes =
        |text: &str| Site::new(text).load().map_err(|f| f.iter().map(|f| f.code.clone()).collect::<Vec<_>>());
    assert_eq!(codes("[store]\nkind = \"postgres\"\n").expect_err("no url"), ["LT-CFG-022"]);
    let url = "[store]\nkind = \"postgres\"\nurl = { file = \"u\" }\n";
    assert_eq!(codes(url).expect_err("no key"), ["LT-CFG-022"]);
    codes(&format!("{url}[keys]\nfield_key = {{ file = \"k\" }}\n")).expect("complete");
}

#[test]
fn the_field_key_is_made_once_and_never_replaced_while_a_database_exists() {
    let site = Site::new("");
    let config = site.load().expect("loads").config;
    assert_eq!(config::lost_database(&config), None, "nothing was there yet");
    let first = config::field_key(&config, None).expect("made");
    assert_eq!(config::field_key(&config, None).expect("read"), first);
    assert_eq!(config::lost_database(&config), None, "a first start may have been killed here");
    std::fs::write(config.replica_file(), "named").expect("worked on");
    assert_eq!(config::lost_database(&config).expect("it was worked on").code, "LT-DB-030");
    std::fs::write(config.database_file(), "").expect("an empty file");
    assert_eq!(config::lost_database(&config).expect("empty is none").code, "LT-DB-030");
    std::fs::write(config.database_file(), "data").expect("a database");
    assert_eq!(config::lost_database(&config), None);
    std::fs::remove_file(config.daemon.data_dir.join("keys/field.key")).expect("lost");
    assert_eq!(config::field_key(&config, None).expect_err("refused").code, "LT-CFG-012");
    assert!(!config.daemon.data_dir.join("keys/field.key").exists(), "no new key was made");
}

#[test]
fn the_reference_explains_every_key_and_the_example_loads() {
    let schema = config::schema();
    let mut keys = Vec::new();
    collect_keys(&schema, &schema, &mut keys, 0);
    assert!(keys.len() > 60, "{}", keys.len());
    for key in keys {
        let named = DEFAULTS.lines().chain(config::NATIONAL_CODES.lines()).any(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            line.starts_with(&format!("{key} = "))
                || line == format!("[{key}]")
                || line == format!("[[{key}]]")
                || line.starts_with(&format!("[source.{key}]"))
        });
        assert!(
            named || DEFAULTS.contains(&format!("{{ {key} = ")) || DEFAULTS.contains(&format!(", {key} = ")),
            "{key} is missing in config/default.toml"
        );
    }
    let site = Site::new(EXAMPLE);
    site.load().expect("the example loads as it is");
    let complete: String = EXAMPLE
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| rest.starts_with(['[']) || rest.contains(" = "))
                .unwrap_or(line)
                .to_owned()
                + "\n"
        })
        .collect();
    let findings = Site::new(&complete).load().expect_err("files are missing");
    let codes: Vec<_> = findings
        .iter()
        .map(|f| f.code.as_str())
        .filter(|code| !matches!(*code, "LT-CFG-003" | "LT-CFG-028" | "LT-CFG-026"))
        .collect();
    assert!(codes.is_empty(), "{findings:?}");
}

fn collect_keys(root: &serde_json::Value, schema: &serde_json::Value, keys: &mut Vec<String>, depth: usize) {
    let pointer = schema.get("$ref").and_then(|path| path.as_str()).and_then(|path| path.strip_prefix('#'));
    let schema = pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema);
    if depth > 6 || schema.get("title").and_then(|title| title.as_str()) == Some("Secret") {
        return;
    }
    for (key, value) in schema.get("properties").and_then(|p| p.as_object()).into_iter().flatten() {
        if key != "file" || depth < 2 {
            keys.push(key.clone());
        }
        collect_keys(root, value, keys, depth + 1);
    }
    for below in ["items", "anyOf"] {
        match schema.get(below) {
            Some(serde_json::Value::Array(list)) => {
                list.iter().for_each(|value| collect_keys(root, value, keys, depth + 1))
            }
            Some(value) => collect_keys(root, value, keys, depth + 1),
            None => {}
        }
    }
}

#[test]
fn the_published_schema_requires_nothing_that_has_a_default_and_forbids_unknown_keys() {
    let schema = config::schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema.get("required").is_none());
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["$defs"]["Daemon"].get("required").is_none());
    let source =
        schema["$defs"]["SourceEntry"]["required"].as_array().expect("entries of lists have no defaults");
    assert!(source.iter().any(|key| key == "schedule"));
    assert!(!schema.to_string().contains("x-layered"));
}

#[test]
fn documented_variables_are_exactly_those_that_are_understood() {
    let page = std::fs::read_to_string(project::root().join("docs/OPERATIONS.md")).expect("page");
    let mut documented: Vec<&str> = page
        .split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .filter(|word| word.starts_with("LIENTHONG__") && word.len() > 20)
        .collect();
    documented.sort_unstable();
    documented.dedup();
    let mut known: Vec<String> =
        config::environment_variables().into_iter().map(|variable| variable.name).collect();
    known.sort();
    assert_eq!(documented, known);
}
