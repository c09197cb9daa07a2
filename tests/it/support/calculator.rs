//! The independent calculator (`tests/calculator/calculate.py`) in one process, and sets of random cases compared with it.
//!
//! Owns how many cases a set draws, the drawing of switches, and the proof that a set can fail: of every value of every
//! switch some case was drawn in which this program, told another value, no longer gives the calculator's answer.

use super::dice::Dice;
use super::project;
use lienthong::domain::{Exact, RuleSet};
use lienthong::scoring::{Derivation, Number};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::process::{Child, Command, Stdio};

/// How many cases each set draws: `LIENTHONG_RANDOM_CASES`, else 10,000; never fewer than five thousand, with which every
/// value of every switch still shows.
pub fn cases() -> usize {
    let asked = std::env::var("LIENTHONG_RANDOM_CASES").ok();
    let asked = asked.map(|text| text.parse::<usize>().expect("LIENTHONG_RANDOM_CASES is a number"));
    asked.unwrap_or(10_000).max(5_000)
}

fn started() -> Child {
    Command::new("python3")
        .arg(project::root().join("tests/calculator/calculate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the independent calculator: install python3")
}

/// Its answers to some cases, in order.
pub fn answers(cases: &[Value]) -> Vec<Value> {
    let mut child = started();
    let mut stdin = child.stdin.take().expect("stdin");
    let text: Vec<String> = cases.iter().map(Value::to_string).collect();
    let writer = std::thread::spawn(move || {
        for line in text {
            writeln!(stdin, "{line}").expect("written");
        }
    });
    let answers = std::io::BufReader::new(child.stdout.take().expect("stdout")).lines();
    let answers: Vec<Value> =
        answers.map(|line| serde_json::from_str(&line.expect("a line")).expect("an answer")).collect();
    writer.join().expect("writer");
    assert!(child.wait().expect("ended").success());
    assert_eq!(answers.len(), cases.len());
    answers
}

/// A set of random cases.
pub struct Set {
    /// Of the dice, printed.
    pub seed: u64,
    /// The values that are drawn of each switch, nested ones as `rounding.digits`.
    pub switches: fn() -> Value,
    /// A case under a rule set that was drawn.
    pub random: fn(&mut Dice, Value) -> Value,
    /// What this program makes of a case, in the calculator's words; none where it refuses the rule set.
    pub ours: fn(&Value) -> Option<Value>,
}

/// Lets the calculator and this program answer every case of a set; `seen` looks at each with its answer. Ends the test
/// at the first difference, and where the set could not have found one.
pub fn compare(set: &Set, mut seen: impl FnMut(&Value, &Value)) {
    let (count, switches) = (cases(), (set.switches)());
    println!("seed {}, {count} cases", set.seed);
    let mut child = started();
    let mut stdin = child.stdin.take().expect("stdin");
    let answers = std::io::BufReader::new(child.stdout.take().expect("stdout")).lines();
    // Never more than a handful of cases at a time.
    let (sender, drawn_cases) = std::sync::mpsc::sync_channel::<Value>(64);
    let (seed, random, values) = (set.seed, set.random, switches.clone());
    let writer = std::thread::spawn(move || {
        let mut dice = Dice(seed);
        for _ in 0..count {
            let rules = drawn(&values, &mut dice);
            let case = random(&mut dice, rules);
            writeln!(stdin, "{case}").expect("written");
            sender.send(case).expect("compared");
        }
    });
    let mut mutants = Mutants::of(&switches);
    let mut compared = 0;
    for (case, answer) in drawn_cases.iter().zip(answers) {
        let answer = lowest_terms(serde_json::from_str(&answer.expect("a line")).expect("an answer"));
        let ours = (set.ours)(&case).unwrap_or_else(|| panic!("the rule set is refused: {case}"));
        assert_eq!(ours, answer, "ours and the calculator's: {case}");
        mutants.try_on(&case, &answer, set.ours);
        seen(&case, &answer);
        compared += 1;
    }
    writer.join().expect("writer");
    assert!(child.wait().expect("ended").success());
    assert_eq!(compared, count);
    println!("{} of {} rule sets with one other value gave another answer", mutants.noticed, mutants.tried);
    assert!(mutants.left.is_empty(), "no case was drawn that tells these from others: {:?}", mutants.left);
}

/// The values of switches that no case told from others yet.
struct Mutants {
    values: BTreeMap<String, Vec<Value>>,
    left: Vec<(String, Value)>,
    dice: Dice,
    tried: usize,
    noticed: usize,
}

impl Mutants {
    fn of(switches: &Value) -> Self {
        let mut values = BTreeMap::new();
        let mut left = Vec::new();
        for (switch, drawn) in switches.as_object().expect("an object") {
            let mut distinct: Vec<Value> = Vec::new();
            for value in drawn.as_array().expect("values") {
                if !distinct.contains(value) {
                    distinct.push(value.clone());
                }
            }
            left.extend(distinct.iter().map(|value| (switch.clone(), value.clone())));
            values.insert(switch.clone(), distinct);
        }
        Self { values, left, dice: Dice(1), tried: 0, noticed: 0 }
    }

    /// Answers a case with another value of each switch whose value here no case told from others yet.
    fn try_on(&mut self, case: &Value, answer: &Value, ours: fn(&Value) -> Option<Value>) {
        let held = |switch: &str| at(&case["rule_set"], switch);
        let here: Vec<(String, Value)> =
            self.left.iter().filter(|(switch, value)| held(switch) == value).cloned().collect();
        for (switch, value) in here {
            let others: Vec<&Value> = self.values[&switch].iter().filter(|other| **other != value).collect();
            let mut mutated = case.clone();
            put(&mut mutated["rule_set"], &switch, self.dice.pick(&others).clone());
            let Some(told) = ours(&mutated) else { continue };
            self.tried += 1;
            if told != *answer {
                self.noticed += 1;
                self.left.retain(|one| *one != (switch.clone(), value.clone()));
            }
        }
    }
}

fn at<'a>(rules: &'a Value, switch: &str) -> &'a Value {
    match switch.split_once('.') {
        Some((table, key)) => &rules[table][key],
        None => &rules[switch],
    }
}

fn put(rules: &mut Value, switch: &str, value: Value) {
    match switch.split_once('.') {
        Some((table, key)) => rules[table][key] = value,
        None => rules[switch] = value,
    }
}

/// The defaults with a value of each of these switches.
pub fn drawn(switches: &Value, dice: &mut Dice) -> Value {
    let mut rules = serde_json::to_value(RuleSet::default()).expect("json");
    for (switch, values) in switches.as_object().expect("an object") {
        let values = values.as_array().expect("values");
        put(&mut rules, switch, values[dice.place(values.len())].clone());
    }
    rules
}

/// The rule set of a case; none where this program refuses it.
pub fn rules_of(case: &Value) -> Option<RuleSet> {
    let rules: RuleSet = serde_json::from_value(case["rule_set"].clone()).expect("a rule set");
    rules.refusals().is_empty().then_some(rules)
}

/// Every subset of a list, each in the list's order.
pub fn subsets(of: &[&str]) -> Vec<Value> {
    let of_bits = |bits: usize| {
        let held = of.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        json!(held.map(|(_, one)| *one).collect::<Vec<&str>>())
    };
    (0..1 << of.len()).map(of_bits).collect()
}

/// Fractions as this program writes them.
fn lowest_terms(answer: Value) -> Value {
    match answer {
        Value::String(text) => match text.parse::<Exact>() {
            Ok(exact) if text.contains('/') => json!(exact.to_text()),
            _ => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(lowest_terms).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, lowest_terms(value))).collect(),
        other => other,
    }
}

/// A derivation in the calculator's words.
pub fn answer_of(found: &Derivation, leads: bool, mut excluded: Vec<String>) -> Value {
    excluded.sort();
    let printed = |number: Option<&Number>| number.map(|number| number.printed.clone());
    let exact = |number: Option<&Number>| number.map(|number| number.exact.to_text());
    let parts = ["a", "b", "c", "d", "dd", "e"].into_iter().take(if leads { 6 } else { 3 });
    let parts: Vec<Option<&Number>> = parts.map(|name| found.components.get(name)).collect();
    let sums = [&found.task_part, &found.general, &found.total].map(|number| printed(number.as_ref()));
    let share = |percent: &Exact| percent.checked_div(&Exact::integer(100)).map(|share| share.to_text());
    json!({
        "parts": parts.iter().map(|part| part.and_then(|part| share(&part.exact))).collect::<Vec<_>>(),
        "printed_parts": parts.iter().map(|part| printed(*part)).collect::<Vec<_>>(),
        "criterion": printed(found.criterion.as_ref()),
        "task_part": exact(found.task_part.as_ref()),
        "total": exact(found.total.as_ref()),
        "printed": sums,
        "level": found.level.map(|level| level.as_str()),
        "missing": found.missing,
        "excluded": excluded,
    })
}
