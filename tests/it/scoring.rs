//! The law's examples as data (`tests/golden/scoring`), and random cases against an independent calculator.

use crate::support::project;
use lienthong::cli::score_case;
use lienthong::domain::Exact;
use lienthong::scoring::Derivation;
use serde_json::{Value, json};
use std::io::{BufRead as _, Write as _};
use std::process::{Command, Stdio};

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

/// A small generator with a printed seed; no float, no clock.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.roll(of.len() as u64)).expect("index")]
    }

    fn decimal(&mut self, most: u64) -> String {
        match self.roll(4) {
            0 => self.roll(most).to_string(),
            1 => format!("{}.{}", self.roll(most), self.roll(10)),
            2 => format!("{}.{:06}", self.roll(most), self.roll(1_000_000)),
            _ => format!("{}.{:03}", self.roll(most), self.roll(1000)),
        }
    }

    /// Above 0: everyday, tiny, huge, with many decimals.
    fn coefficient(&mut self) -> String {
        match self.roll(8) {
            0 => format!("0.000{}", 1 + self.roll(9)),
            1 => format!("{}{:09}.5", 1 + self.roll(900_000), self.roll(1_000_000_000)),
            2 => format!("{}.{:012}", self.roll(90), 1 + self.roll(999_999_999_999)),
            _ => format!("{}.{}", self.roll(90), 1 + self.roll(9)),
        }
    }

    fn half_points(&mut self, most: u64) -> String {
        let halves = self.roll(most + 1);
        format!("{}.{}", halves / 2, if halves.is_multiple_of(2) { 0 } else { 5 })
    }

    /// Form 01 with all its items, or with one left out.
    fn form(&mut self) -> Value {
        let mut form = serde_json::Map::new();
        for (item, numerator, denominator) in lienthong::domain::evaluation::GENERAL_ITEMS {
            form.insert(item.to_owned(), json!(self.half_points(u64::from(numerator * 2 / denominator))));
        }
        if self.roll(5) == 0 {
            form.remove("III.2");
        }
        Value::Object(form)
    }
}

fn random_rules(dice: &mut Dice) -> Value {
    let all =
        ["below_100_not_completed", "unit_below_70_head_not_completed", "unit_below_70_deputy_not_excellent"];
    let mut overlays: Vec<&str> = all.into_iter().filter(|_| dice.roll(3) == 0).collect();
    let extra: Vec<&str> = ["a", "b", "c"].into_iter().filter(|_| dice.roll(4) > 0).collect();
    let method = dice.pick(&["direct", "direct", "mean_of_months"]);
    if method == "mean_of_months" {
        // What speaks of a quarter's tasks is refused by months.
        overlays.clear();
    }
    json!({
        "late_unit": dice.pick(&["occurrence", "calendar_day", "working_day"]),
        "deduction_scope": dice.pick(&["line", "unit"]),
        "leader_scope":
            dice.pick(&["pooled_subordinates", "own_and_leadership_products", "position_multiplier"]),
        "position_multipliers": { "head": "1.4", "staff": "0.75", "Trưởng phòng": "1.25" },
        "gen_step": dice.pick(&["0.25", "0.5"]),
        "cap_level": dice.pick(&["each_ratio", "criterion", "part_70"]),
        "extra_in_denominator": dice.roll(2) == 0,
        "extra_components": extra,
        "zero_den_policy": dice.pick(&["not_computable", "zero", "full"]),
        "d_unscored": dice.pick(&["exclude_and_list", "block"]),
        "leader_levels": dice.pick(&["50_100", "any_50_to_100"]),
        "due_precision": dice.pick(&["day", "minute"]),
        "support_model": dice.pick(&["as_staff", "three_percents"]),
        "min_worked_share": dice.pick(&["0", "0.5", "1/3", "1"]),
        "local_overlays": overlays,
        "quarter_method": method,
        "year_mean_of": dice.pick(&["recorded", "exact"]),
        "gen_assumption": dice.pick(&["none", "full"]),
        "gen_score_source": dice.pick(&["self", "superior", "superior_else_self"]),
        "rounding": {
            "digits": dice.roll(7),
            "mode": dice.pick(&["half_up", "half_even"]),
            "classify_on": dice.pick(&["exact", "printed"]),
        },
    })
}

fn random_line(dice: &mut Dice) -> Value {
    let mut line = json!({
        "coefficient": dice.coefficient(),
        "assigned": if dice.roll(8) == 0 { "0".to_owned() } else { dice.decimal(6) },
        "completed": dice.decimal(6),
        "failures": dice.roll(7),
        "extra": dice.roll(4) == 0,
        "late_excused": dice.roll(6) == 0,
        "quality_excused": dice.roll(6) == 0,
    });
    if dice.roll(3) > 0 {
        // As assigned: most products are done as ordered.
        line["completed"] = line["assigned"].clone();
    }
    if dice.roll(8) == 0 {
        (line["handed_over"], line["completed"]) = (json!(true), json!("0"));
    }
    if dice.roll(6) == 0 {
        line["multiplier"] = json!(dice.pick(&["1.8", "1.4", "0.25", "1.0001"]));
    }
    if dice.roll(4) == 0 {
        line["of"] = json!("GL-2");
    }
    if dice.roll(4) == 0 {
        line["post"] = json!(dice.pick(&["Trưởng phòng", "head", "Chuyên viên"]));
    }
    match dice.roll(3) {
        0 => line["late"] = json!(dice.roll(7)),
        1 => {
            line["due"] = json!(format!("2026-0{}-{:02}", 1 + dice.roll(9), 1 + dice.roll(28)));
            line["completed_on"] = json!(format!("2026-0{}-{:02}", 1 + dice.roll(9), 1 + dice.roll(28)));
        }
        _ => {
            // Around the due day, over weekends and over the end of a month.
            let due: chrono::NaiveDate = "2026-05-25".parse().expect("day");
            let due = due + chrono::Days::new(dice.roll(14));
            let done = due + chrono::Days::new(dice.roll(7)) - chrono::Days::new(1);
            line["due"] = json!(due.to_string());
            line["completed_on"] = json!(done.to_string());
            // Before, at and behind the minute.
            for key in ["due_time", "completed_time"] {
                if dice.roll(4) > 0 {
                    line[key] = json!(dice.pick(&["16:59", "17:00", "17:01"]));
                }
            }
        }
    }
    line
}

fn random_case(dice: &mut Dice) -> Value {
    let rules = random_rules(dice);
    let between = rules["leader_levels"] == "any_50_to_100";
    let mut lines: Vec<Value> = (0..dice.roll(9)).map(|_| random_line(dice)).collect();
    if rules["quarter_method"] == "mean_of_months" {
        for line in &mut lines {
            line["due"] = json!(format!("2026-0{}-{:02}", 4 + dice.roll(3), 1 + dice.roll(30)));
        }
    }
    let role = dice.pick(&["staff", "contract", "deputy", "head"]);
    let mut case = json!({ "period": "2026-Q2", "rule_set": rules, "role": role, "lines": lines });
    if dice.roll(3) == 0 {
        let first = format!("2026-04-{:02}", 1 + dice.roll(30));
        case["worked"] =
            json!([[first, format!("2026-05-{:02}", 1 + dice.roll(31))], ["2026-06-10", "2026-06-30"]]);
    }
    for column in ["self", "superior"] {
        if dice.roll(3) > 0 {
            let percents = [(); 3].map(|()| format!("{}.{}", dice.roll(100), dice.roll(10)));
            case["support"][column] = json!(percents);
        }
    }
    match dice.roll(6) {
        0 => {}
        1 | 2 => {
            case["criteria"] =
                json!({ "total": format!("{}.{}", dice.roll(30), dice.pick(&["0", "25", "5"])) })
        }
        3 => case["criteria"] = json!({ "self": dice.form() }),
        4 => case["criteria"] = json!({ "superior": dice.form() }),
        _ => case["criteria"] = json!({ "self": dice.form(), "superior": dice.form() }),
    }
    let mut components = serde_json::Map::new();
    for (name, often) in [("implementation_ability", 8), ("unity_ability", 8), ("unit_result", 2)] {
        if dice.roll(often) > 0 {
            let percent = dice.pick(&["50", "100", "50", "100", "77.5", "99.99"]);
            let allowed = if between || matches!(percent, "50" | "100") { percent } else { "100" };
            components.insert(name.to_owned(), json!(allowed));
        }
    }
    // d is entered only where there is nobody to compute it from (art. 15.4).
    let below = if components.contains_key("unit_result") { 0 } else { dice.roll(5) };
    case["components"] = Value::Object(components);
    let people: Vec<Value> = (0..below)
        .map(|_| {
            let total = if dice.roll(8) == 0 {
                Value::Null
            } else {
                json!(dice.pick(&["49.99", "50", "50.01", "71.5", "100"]))
            };
            json!({ "person": "p", "total": total })
        })
        .collect();
    case["subordinates"] = Value::Array(people);
    case
}

/// Enters what may be off the form's step, above its maximum or outside the law's percents.
fn spoil(dice: &mut Dice, case: &mut Value) {
    let points = dice.pick(&["0.25", "1.75", "5.5", "0.3", "2.5"]);
    match dice.roll(3) {
        0 => case["criteria"] = json!({ "superior": { "II.1": points } }),
        1 => case["criteria"] = json!({ "self": { "I.2": points }, "superior": dice.form() }),
        _ => case["components"]["unity_ability"] = json!(dice.pick(&["49.99", "50", "75", "100.01"])),
    }
}

#[test]
fn random_cases_equal_the_independent_calculator() {
    let count: usize =
        std::env::var("LIENTHONG_RANDOM_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let seed = 335_2025;
    println!("seed {seed}, {count} cases");
    let script = project::root().join("tests/calculator/calculate.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the independent calculator: install python3");
    let mut stdin = child.stdin.take().expect("stdin");
    let answers = std::io::BufReader::new(child.stdout.take().expect("stdout")).lines();
    // One process, and never more than a handful of cases at a time.
    let (sender, cases) = std::sync::mpsc::sync_channel::<Value>(64);
    let writer = std::thread::spawn(move || {
        let mut dice = Dice(seed);
        for _ in 0..count {
            let mut case = random_case(&mut dice);
            if dice.roll(12) == 0 {
                spoil(&mut dice, &mut case);
            }
            writeln!(stdin, "{case}").expect("written");
            sender.send(case).expect("compared");
        }
    });
    let exact = |value: &Value| value.as_str().map(|text| text.parse::<Exact>().expect("exact"));
    let (mut complete, mut levels) = (0, std::collections::BTreeSet::new());
    let (mut compared, mut refused) = (0, 0);
    for (case, answer) in cases.iter().zip(answers) {
        let answer: Value = serde_json::from_str(&answer.expect("a line")).expect("answer");
        let ours = score_case::run("case", case.to_string().as_bytes());
        compared += 1;
        if answer["impossible"] == true {
            let findings = ours.expect_err("it cannot be entered");
            assert!(findings.0.iter().all(|finding| finding.code == "LT-SCO-002"), "{case}: {findings}");
            refused += 1;
            continue;
        }
        let ours = ours.unwrap_or_else(|findings| panic!("{case}: {findings}"));
        // Each line says what it adds, and what it adds is what the ratios are made of.
        let sum =
            |of: fn(&lienthong::scoring::LineResult) -> &Exact| ours.lines.iter().map(of).sum::<Exact>();
        assert_eq!(sum(|line| &line.assigned_converted), ours.denominator, "{case}");
        if !ours.numerators.is_empty() {
            assert_eq!(sum(|line| &line.completed_converted), ours.numerators["a"], "{case}");
            assert_eq!(sum(|line| &line.quality), ours.numerators["b"], "{case}");
            assert_eq!(sum(|line| &line.progress), ours.numerators["c"], "{case}");
        }
        let hundred = Exact::integer(100);
        for (name, part) in
            ["a", "b", "c", "d", "dd", "e"].into_iter().zip(answer["parts"].as_array().expect("parts"))
        {
            let percent = exact(part).map(|part| &part * &hundred);
            assert_eq!(
                ours.components.get(name).map(|number| number.exact.clone()),
                percent,
                "{name} {case}"
            );
        }
        let shown = |number: Option<&lienthong::scoring::Number>| number.map(|number| number.printed.clone());
        let told = |value: &Value| value.as_str().map(str::to_owned);
        for (name, part) in ["a", "b", "c", "d", "dd", "e"]
            .into_iter()
            .zip(answer["printed_parts"].as_array().expect("parts"))
        {
            assert_eq!(shown(ours.components.get(name)), told(part), "printed {name} {case}");
        }
        assert_eq!(shown(ours.criterion.as_ref()), told(&answer["criterion"]), "{case}");
        for (number, printed) in [&ours.task_part, &ours.general, &ours.total]
            .into_iter()
            .zip(answer["printed"].as_array().expect("printed"))
        {
            assert_eq!(shown(number.as_ref()), told(printed), "{case}");
        }
        assert_eq!(json!(ours.missing), answer["missing"], "{case}");
        let (task, total) = (ours.task_part.map(|n| n.exact), ours.total.map(|n| n.exact));
        assert_eq!(task, exact(&answer["task_part"]), "{case}");
        assert_eq!(total, exact(&answer["total"]), "{case}");
        assert_eq!(ours.level.map(|level| level.as_str()), answer["level"].as_str(), "{case}");
        complete += usize::from(total.is_some());
        levels.extend(ours.level);
    }
    writer.join().expect("writer");
    assert!(child.wait().expect("ended").success());
    assert_eq!(compared, count);
    assert!(refused * 100 > count && refused * 10 < count, "{refused} were refused");
    assert!(
        complete * 4 > count && levels.len() == 4,
        "the cases hardly reach a total: {complete}, {levels:?}"
    );
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

#[test]
fn order_of_lines_changes_no_figure() {
    let mut dice = Dice(7);
    for _ in 0..200 {
        let case = random_case(&mut dice);
        let mut turned = case.clone();
        turned["lines"].as_array_mut().expect("lines").reverse();
        let run = |case: &Value| score_case::run("case", case.to_string().as_bytes()).expect("derivation");
        let (one, other) = (run(&case), run(&turned));
        assert_eq!(
            (one.components, one.task_part, one.total),
            (other.components, other.task_part, other.total)
        );
    }
}
