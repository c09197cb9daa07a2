//! The law's examples as data (`tests/golden/scoring`), and what the page on scores says of switches and of the sets of
//! random cases that draw them.

use crate::support::project;
use lienthong::cli::score_case;
use lienthong::domain::Exact;
use lienthong::scoring::Derivation;
use serde_json::{Value, json};

fn printed(derivation: &Derivation, key: &str) -> Option<String> {
    let number = match key {
        "criterion" => derivation.criterion.as_ref(),
        "task_part" => derivation.task_part.as_ref(),
        "general" => derivation.general.as_ref(),
        "total" => derivation.total.as_ref(),
        component => derivation.components.get(component),
    };
    number.map(|number| number.printed.clone())
}

fn check(id: &str, golden: &Value) {
    let case = golden["case"].to_string();
    let derivation =
        score_case::run(id, case.as_bytes()).unwrap_or_else(|findings| panic!("{id}: {findings}"));
    let as_json = serde_json::to_value(&derivation).expect("json");
    for (key, expected) in golden["expect"].as_object().expect("expectations") {
        match key.as_str() {
            "denominator" => {
                assert_eq!(derivation.denominator.to_string(), expected.as_str().expect("text"), "{id} {key}")
            }
            "exact_total" => {
                let total = derivation.total.as_ref().map(|number| number.exact.clone());
                let expected: Exact = expected.as_str().expect("text").parse().expect("exact");
                assert_eq!(total, Some(expected), "{id} {key}");
            }
            "numerators" => {
                for (name, value) in expected.as_object().expect("object") {
                    assert_eq!(as_json["numerators"][name], *value, "{id} numerator {name}");
                }
            }
            "components" => {
                for (name, value) in expected.as_object().expect("object") {
                    assert_eq!(
                        printed(&derivation, name).as_deref(),
                        value.as_str(),
                        "{id} component {name}"
                    );
                }
            }
            "lines" => {
                for (index, fields) in expected.as_object().expect("object") {
                    let line = &as_json["lines"][index.parse::<usize>().expect("index")];
                    for (field, value) in fields.as_object().expect("object") {
                        assert_eq!(line[field], *value, "{id} line {index} {field}");
                    }
                }
            }
            "missing" | "level" => assert_eq!(as_json[key], *expected, "{id} {key}"),
            number => assert_eq!(printed(&derivation, number).as_deref(), expected.as_str(), "{id} {number}"),
        }
    }
    for (key, wrong) in golden["must_not"].as_object().into_iter().flatten() {
        assert_ne!(
            printed(&derivation, key).as_deref(),
            wrong.as_str(),
            "{id} must not give {key} = {wrong}"
        );
    }
}

/// A switch with its value, nested ones as `rounding.digits`.
fn flattened(rules: &Value) -> std::collections::BTreeMap<String, Value> {
    let mut flat = std::collections::BTreeMap::new();
    for (name, value) in rules.as_object().expect("an object") {
        match value.as_object() {
            Some(nested) if matches!(name.as_str(), "rounding" | "population_filter") => {
                flat.extend(nested.iter().map(|(key, value)| (format!("{name}.{key}"), value.clone())));
            }
            _ => {
                flat.insert(name.clone(), value.clone());
            }
        }
    }
    flat
}

fn default_rules() -> Value {
    serde_json::to_value(lienthong::domain::RuleSet::default()).expect("json")
}

#[test]
fn every_golden_example_names_every_switch_of_its_rule_set() {
    let switches: Vec<String> =
        flattened(&default_rules()).into_keys().filter(|key| key != "valid_to").collect();
    let folder = project::root().join("tests/golden/scoring");
    for entry in std::fs::read_dir(folder).expect("folder") {
        let golden: Value =
            serde_json::from_slice(&std::fs::read(entry.expect("entry").path()).expect("file"))
                .expect("json");
        let named = flattened(&golden["case"]["rule_set"]);
        let lacks: Vec<&String> = switches.iter().filter(|key| !named.contains_key(*key)).collect();
        assert!(lacks.is_empty(), "{} leaves to the defaults: {lacks:?}", golden["id"]);
    }
}

/// Values between backticks of a table cell.
fn values(cell: &str) -> Vec<Value> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted
        .map(|text| serde_json::from_str(text).unwrap_or_else(|_| panic!("{text} is no JSON value")))
        .collect()
}

/// Codes told about a rule set that differs from the defaults in one switch.
fn told_about(switch: &str, value: &Value) -> Vec<String> {
    let mut rules = default_rules();
    match switch.split_once('.') {
        Some((table, key)) => rules[table][key] = value.clone(),
        None => rules[switch] = value.clone(),
    }
    let case = json!({ "role": "staff", "lines": [], "rule_set": rules }).to_string();
    let findings = score_case::run("case", case.as_bytes()).err();
    findings.into_iter().flat_map(|findings| findings.0).map(|finding| finding.code).collect()
}

#[test]
fn table_of_switches_says_what_the_program_does() {
    let page = project::root().join("docs/SCORING.md");
    let page = std::fs::read_to_string(page).expect("docs/SCORING.md");
    let table = page.split("## Switches").nth(1).expect("a section of switches");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let defaults = flattened(&default_rules());
    let named: std::collections::BTreeSet<String> =
        rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let known: std::collections::BTreeSet<String> = defaults
        .keys()
        .filter(|key| !matches!(key.as_str(), "id" | "valid_from" | "valid_to"))
        .cloned()
        .collect();
    assert_eq!(named, known, "switches of the table and of the program");
    assert_eq!(named.len(), rows.len(), "each switch once");
    for row in rows {
        let [switch, implemented, refused, default, source] = row[..] else {
            panic!("five columns: {row:?}")
        };
        let switch = switch.trim_matches('`');
        assert!(!source.is_empty(), "{switch} has no source");
        let implemented = values(implemented);
        assert!(!implemented.is_empty(), "{switch} implements nothing");
        for value in &implemented {
            assert_eq!(told_about(switch, value), Vec::<String>::new(), "{switch} = {value} is implemented");
        }
        for value in values(refused) {
            let codes = told_about(switch, &value);
            assert!(
                codes.iter().all(|code| matches!(code.as_str(), "LT-RUL-001" | "LT-SCO-001"))
                    && !codes.is_empty(),
                "{switch} = {value} must be refused by its code: {codes:?}"
            );
        }
        match values(default).as_slice() {
            [value] => assert_eq!(value, &defaults[switch], "default of {switch}"),
            _ => assert_eq!((switch, default), ("sync_deadline", "the three limits below")),
        }
    }
}

/// The sets of random cases that meet the calculator, with the values each draws of its switches.
fn sets() -> Vec<(&'static str, Value)> {
    vec![
        ("scoring_cases", crate::scoring_cases::switches()),
        ("scoring_tasks", crate::scoring_tasks::switches()),
        ("scoring_years", crate::scoring_years::switches()),
        ("scoring_quota", crate::scoring_quota::switches()),
        ("scoring_organisation", crate::scoring_organisation::switches()),
        ("scoring_population", crate::scoring_population::switches()),
        ("scoring_deadlines", crate::scoring_deadlines::switches()),
        ("scoring_department", crate::scoring_department::switches()),
    ]
}

#[test]
fn every_value_of_every_switch_is_drawn_by_a_set_of_random_cases() {
    let page = std::fs::read_to_string(project::root().join("docs/SCORING.md")).expect("docs/SCORING.md");
    let table = page.split("## Switches").nth(1).expect("a section of switches");
    let rows =
        table.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let switch = cells[0].trim_matches('`');
        if switch == "points_and_k" {
            assert_eq!(values(cells[1]).len(), 1, "one value is no choice");
            continue;
        }
        let sets = sets();
        let drawn: Vec<&Value> =
            sets.iter().filter_map(|(_, switches)| switches[switch].as_array()).flatten().collect();
        let lacks: Vec<Value> =
            values(cells[1]).into_iter().filter(|value| !drawn.contains(&value)).collect();
        assert!(lacks.is_empty(), "no set draws {switch} = {lacks:?}");
    }
}

#[test]
fn page_names_the_switches_of_every_set_of_random_cases() {
    let page = std::fs::read_to_string(project::root().join("docs/SCORING.md")).expect("docs/SCORING.md");
    let section = page.split("## The calculator").nth(1).expect("a section of the calculator");
    for (set, switches) in sets() {
        let row = section.lines().find(|line| line.starts_with(&format!("| `{set}`"))).expect(set);
        let cell = row.trim_matches('|').rsplit(" | ").next().expect("a cell");
        let named: std::collections::BTreeSet<&str> = cell.split('`').skip(1).step_by(2).collect();
        let drawn: std::collections::BTreeSet<&str> =
            switches.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(named, drawn, "{set}");
    }
}

#[test]
fn every_golden_example_gives_its_documented_values() {
    let folder = project::root().join("tests/golden/scoring");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).expect("file")).expect("json");
        let id = golden["id"].as_str().expect("id");
        assert_eq!(
            path.file_stem().and_then(|stem| stem.to_str()),
            Some(id),
            "file is named after its example"
        );
        check(id, &golden);
        seen += 1;
    }
    assert!(seen >= 54, "only {seen} golden files were found");
}

/// Files of a folder of examples, each with its id as its name.
fn golden(folder: &str) -> Vec<(String, Value)> {
    let folder = project::root().join("tests/golden").join(folder);
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("entry").path();
        let value: Value = serde_json::from_slice(&std::fs::read(&path).expect("file")).expect("json");
        let id = value["id"].as_str().expect("id").to_owned();
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(id.as_str()));
        (id, value)
    };
    std::fs::read_dir(folder).expect("folder").map(read).collect()
}

#[test]
fn every_golden_year_gives_its_documented_mean_and_level() {
    use lienthong::domain::{Level, Period, Role, RuleSet, ServiceFact};
    use lienthong::scoring::service::{Span, counted_years, has_exempting_leave, worked_in};
    use lienthong::scoring::year::{MeanInput, RecordedPart, score_mean};
    let examples = golden("mean");
    assert!(examples.len() >= 6, "only {} were found", examples.len());
    for (id, example) in examples {
        let of = |key: &str| example[key].clone();
        let period: Period = serde_json::from_value(of("period")).expect("period");
        let role: Role = serde_json::from_value(of("role")).expect("role");
        let facts: Vec<ServiceFact> = serde_json::from_value(of("facts")).expect("facts");
        let posts: Vec<Span> = serde_json::from_value(of("posts")).expect("posts");
        let parts: Vec<(Period, String)> = serde_json::from_value(of("parts")).expect("parts");
        let organisation: Option<Level> = serde_json::from_value(of("organisation")).expect("level");
        let leaves: Vec<Span> =
            facts.iter().filter(|fact| fact.kind.is_leave()).map(ServiceFact::span).collect();
        let part = |(period, score): (Period, String)| RecordedPart {
            period,
            score,
            exact: None,
            level: None,
            unit: None,
            from: "example".into(),
        };
        let counted = counted_years(&facts, &|_| Some("SNV".into()), &|_| Some(role.is_leader())).into_iter();
        let worked = worked_in(&posts, &leaves, period).expect("worked");
        let exempting_leave =
            has_exempting_leave(&facts, &worked, period, RuleSet::default().leave_exemption);
        let input = MeanInput {
            period,
            role,
            parts: parts.into_iter().map(part).collect(),
            absent: Vec::new(),
            worked,
            exempting_leave,
            facts: counted.filter(|(_, year)| *year == Some(period.year())).map(|(fact, _)| fact).collect(),
            organisation,
        };
        let found = score_mean(&input, &RuleSet::default());
        let rules: Vec<&str> = found.ruled.iter().map(|ruled| ruled.rule.as_str()).collect();
        let expect = &example["expect"];
        assert_eq!(
            found.total.map(|total| total.exact.to_string()).as_deref(),
            expect["exact"].as_str(),
            "{id}"
        );
        assert_eq!(found.level.map(Level::as_str), expect["level"].as_str(), "{id}");
        assert_eq!(json!(rules), expect["ruled"], "{id}");
    }
}

#[test]
fn every_golden_quota_gives_its_documented_numbers() {
    use lienthong::domain::rules::{QuotaBase, QuotaSmallGroup};
    use lienthong::scoring::quota::most_excellent;
    let examples = golden("quota");
    assert_eq!(examples.len(), 1);
    for (id, example) in examples {
        for row in example["expect"].as_array().expect("rows") {
            let base: QuotaBase = serde_json::from_value(row["base"].clone()).expect("base");
            let percent = u32::try_from(row["percent"].as_u64().expect("percent")).expect("percent");
            let people = example["people"].as_array().expect("people").iter();
            let most: Vec<u64> = people
                .map(|n| n.as_u64().expect("a number"))
                .map(|n| most_excellent(n, n, percent, base, QuotaSmallGroup::None))
                .collect();
            assert_eq!(json!(most), row["most"], "{id} {row}");
        }
    }
}

#[test]
fn points_outside_the_form_and_percents_outside_the_law_are_refused() {
    let told = |criteria: Value, components: Value, levels: &str| -> Vec<String> {
        let rules = json!({ "leader_levels": levels });
        let case = json!({ "role": "head", "lines": [], "criteria": criteria, "components": components, "rule_set": rules });
        let findings = score_case::run("case", case.to_string().as_bytes()).err();
        findings.into_iter().flat_map(|findings| findings.0).map(|finding| finding.code).collect()
    };
    let superior = |points: &str| json!({ "superior": { "II.1": points } });
    for (points, wrong) in [("-0.5", 1), ("0", 0), ("2.5", 0), ("3", 1), ("2.25", 1)] {
        assert_eq!(told(superior(points), json!({}), "50_100").len(), wrong, "{points} points");
    }
    for (percent, strict, between) in
        [("49.99", 1, 1), ("50", 0, 0), ("75", 1, 0), ("100", 0, 0), ("100.01", 1, 1)]
    {
        let unity = json!({ "unity_ability": percent });
        assert_eq!(told(json!({}), unity.clone(), "50_100").len(), strict, "{percent} %");
        assert_eq!(told(json!({}), unity, "any_50_to_100").len(), between, "{percent} %");
    }
}
