//! `score case FILE`: a calculator for one person's period, without a store (docs/SCORING.md).
//!
//! Owns the documented JSON: lines, rule set and criteria in, the full derivation out. Numbers are taken
//! exactly from their text, whether written as JSON numbers or strings; nothing passes through a float. A case
//! with any mistake is refused with every finding, each naming its place.

use crate::config::rule_set::not_implemented;
use crate::domain::{Component, Exact, Period, Role, RuleSet, WorkingCalendar};
use crate::error::{Finding, Findings, Place, Text};
use crate::scoring::line::lateness;
use crate::scoring::{Criteria, Derivation, Line, PersonInput, Subordinate, check_entries, score_person};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Largest case read.
const MAX_BYTES: usize = 32 << 20;
/// Most lines of a case.
const MAX_LINES: usize = 200_000;

/// A number exactly as written.
#[derive(Debug, Clone)]
struct Written(String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            return serde_json::from_str(text).map(Self).map_err(serde::de::Error::custom);
        }
        if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(serde::de::Error::custom("a number is needed"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    rule_set: Option<RuleSet>,
    #[serde(default)]
    period: Option<String>,
    role: Role,
    #[serde(default)]
    criteria: CaseCriteria,
    #[serde(default)]
    components: BTreeMap<Component, Written>,
    #[serde(default)]
    subordinates: Vec<CaseSubordinate>,
    lines: Vec<Box<RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CaseCriteria {
    #[serde(default)]
    total: Option<Written>,
    #[serde(default, rename = "self")]
    own: Option<BTreeMap<String, Written>>,
    #[serde(default)]
    superior: Option<BTreeMap<String, Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSubordinate {
    #[serde(default)]
    person: String,
    total: Option<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseLine {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    product: String,
    coefficient: Written,
    assigned: Written,
    completed: Written,
    #[serde(default)]
    failures: Option<Written>,
    #[serde(default)]
    late: Option<Written>,
    #[serde(default)]
    due: Option<NaiveDate>,
    #[serde(default)]
    completed_on: Option<NaiveDate>,
    #[serde(default)]
    late_excused: bool,
    #[serde(default)]
    quality_excused: bool,
    #[serde(default)]
    extra: bool,
}

/// Computes a case.
///
/// # Errors
/// Every finding at once: LT-SCO-001 unreadable JSON or an unknown key, LT-SCO-002 a value that cannot be,
/// LT-RUL-001 a switch value this version does not implement.
pub fn run(name: &str, bytes: &[u8]) -> Result<Derivation, Findings> {
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(name, "", "the file exceeds 32 MiB").into());
    }
    let case: Case = serde_json::from_slice(bytes)
        .map_err(|error| Findings::from(unreadable(name, "", &error.to_string())))?;
    let rules = case.rule_set.unwrap_or_default();
    let mut reader = Reader { name, findings: refused_switches(name, &rules) };
    if case.lines.len() > MAX_LINES {
        return Err(unreadable(name, "lines", "more than 200,000 lines").into());
    }
    let lines: Vec<Line> =
        case.lines.iter().enumerate().filter_map(|(index, raw)| reader.line(index, raw, &rules)).collect();
    let period = match case.period.as_deref().map(str::parse::<Period>) {
        Some(Err(error)) => {
            reader.wrong("period", error.to_string());
            None
        }
        Some(Ok(period)) => Some(period),
        None => Period::quarter(2026, 1).ok(),
    };
    let mut unit_result = None;
    let mut components = BTreeMap::new();
    for (component, written) in &case.components {
        let place = format!("components.{component:?}");
        let Some(percent) = reader.exact(&place, written) else { continue };
        if *component == Component::UnitResult {
            unit_result = Some(percent);
        } else {
            components.insert(*component, percent);
        }
    }
    let criteria = reader.criteria(&case.criteria);
    let subordinates: Vec<Subordinate> = case
        .subordinates
        .iter()
        .enumerate()
        .map(|(index, subordinate)| Subordinate {
            person: if subordinate.person.is_empty() {
                format!("#{}", index + 1)
            } else {
                subordinate.person.clone()
            },
            total: subordinate
                .total
                .as_ref()
                .and_then(|total| reader.exact(&format!("subordinates[{index}].total"), total)),
        })
        .collect();
    let mut entries = components.clone();
    entries.extend(unit_result.clone().map(|percent| (Component::UnitResult, percent)));
    let checked = if case.criteria.total.is_some() { Criteria::default() } else { criteria.clone() };
    for wrong in check_entries(&checked, &entries, &rules) {
        reader.wrong("", wrong);
    }
    let Some(period) = period else { return Err(Findings(reader.findings)) };
    if !reader.findings.is_empty() {
        return Err(Findings(reader.findings));
    }
    let input = PersonInput {
        period,
        role: case.role,
        lines,
        excluded: Vec::new(),
        criteria,
        components,
        subordinates,
        unit_result,
        worked: Vec::new(),
    };
    Ok(score_person(&input, &rules))
}

struct Reader<'a> {
    name: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn wrong(&mut self, place: &str, why: String) {
        if self.findings.len() < 200 {
            let finding = Finding::error(
                "LT-SCO-002",
                Text::new(format!("giá trị không thể có: {why}"), format!("a value that cannot be: {why}")),
                Text::new("sửa trường này theo docs/SCORING.md", "correct the field as docs/SCORING.md says"),
            );
            self.findings.push(finding.at(Place::of(self.name).at(place)));
        }
    }

    fn exact(&mut self, place: &str, written: &Written) -> Option<Exact> {
        match written.0.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(place, format!("{error}"));
                None
            }
        }
    }

    fn decimal(&mut self, place: &str, written: &Written, least: Decimal, open: bool) -> Option<Decimal> {
        let plain = written.0.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        let value = Decimal::from_str_exact(&written.0).ok().filter(|_| plain);
        match value {
            Some(value) if value > least || (!open && value == least) => Some(value),
            Some(value) => {
                let bound = if open { "above" } else { "at least" };
                self.wrong(place, format!("{value} must be {bound} {least}"));
                None
            }
            None => {
                self.wrong(
                    place,
                    format!(
                        "\"{}\" is not a decimal of at most 28 digits",
                        written.0.chars().take(40).collect::<String>()
                    ),
                );
                None
            }
        }
    }

    fn count(&mut self, place: &str, written: Option<&Written>) -> Option<u32> {
        let Some(written) = written else { return Some(0) };
        match written.0.parse() {
            Ok(count) => Some(count),
            Err(_) => {
                self.wrong(
                    place,
                    format!(
                        "\"{}\" is not a whole number of 0 or more",
                        written.0.chars().take(40).collect::<String>()
                    ),
                );
                None
            }
        }
    }

    fn line(&mut self, index: usize, raw: &RawValue, rules: &RuleSet) -> Option<Line> {
        let place = format!("lines[{index}]");
        let line: CaseLine = match serde_json::from_str(raw.get()) {
            Ok(line) => line,
            Err(error) => {
                self.findings.push(unreadable(self.name, &place, &error.to_string()));
                return None;
            }
        };
        let at = |field: &str| format!("{place}.{field}");
        let coefficient = self.decimal(&at("coefficient"), &line.coefficient, Decimal::ZERO, true);
        let assigned = self.decimal(&at("assigned"), &line.assigned, Decimal::ZERO, false);
        let completed = self.decimal(&at("completed"), &line.completed, Decimal::ZERO, false);
        let failures = self.count(&at("failures"), line.failures.as_ref());
        let given = self.count(&at("late"), line.late.as_ref());
        let dated = line.due.zip(line.completed_on);
        if line.late.is_some() && dated.is_some() {
            self.wrong(
                &at("late"),
                "give either \"late\" or \"due\" with \"completed_on\", not both".to_owned(),
            );
        }
        let late = match dated {
            Some((due, done)) => lateness(due, done, rules.late_unit, &WorkingCalendar::default()),
            None => given.unwrap_or(0),
        };
        Some(Line {
            source: line.id.unwrap_or_else(|| place.clone()),
            title: line.title,
            product: line.product,
            coefficient: coefficient?,
            assigned: assigned?,
            completed: completed?,
            quality_failures: if line.quality_excused { 0 } else { failures? },
            late_count: if line.late_excused { 0 } else { late },
            extra: line.extra,
            due: line.due,
            counted_on: line.due.or(line.completed_on).unwrap_or_default(),
            completed_on: line.completed_on,
            notes: Vec::new(),
            of: None,
        })
    }

    fn criteria(&mut self, criteria: &CaseCriteria) -> Criteria {
        if let Some(total) = &criteria.total {
            let points = self.exact("criteria.total", total);
            if let Some(points) = points {
                if points.is_negative() || points > Exact::integer(30) {
                    self.wrong("criteria.total", format!("{points} is not between 0 and 30"));
                }
                let items = BTreeMap::from([("total".to_owned(), points)]);
                return Criteria { own: Some(items.clone()), superior: Some(items) };
            }
        }
        let mut read = |whose: &str, items: &Option<BTreeMap<String, Written>>| {
            items.as_ref().map(|items| {
                items
                    .iter()
                    .filter_map(|(item, written)| {
                        Some((item.clone(), self.exact(&format!("criteria.{whose}.{item}"), written)?))
                    })
                    .collect()
            })
        };
        Criteria { own: read("self", &criteria.own), superior: read("superior", &criteria.superior) }
    }
}

fn refused_switches(name: &str, rules: &RuleSet) -> Vec<Finding> {
    let place = |switch: &str| format!("rule_set.{switch}");
    rules
        .refusals()
        .into_iter()
        .map(|(switch, values)| not_implemented(name, &place(switch), values))
        .collect()
}

fn unreadable(name: &str, place: &str, why: &str) -> Finding {
    let why: String = why.chars().take(300).collect();
    let mut at = Place::of(name);
    if !place.is_empty() {
        at = at.at(place);
    }
    Finding::error(
        "LT-SCO-001",
        Text::new(format!("không đọc được: {why}"), format!("unreadable: {why}")),
        Text::new("sửa tệp theo docs/SCORING.md", "correct the file as docs/SCORING.md says"),
    )
    .at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(case: &str) -> Vec<String> {
        let findings = run("case.json", case.as_bytes()).expect_err("refused");
        findings
            .0
            .into_iter()
            .map(|finding| {
                format!("{} {}", finding.code, finding.place.map(|p| p.to_string()).unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn numbers_are_exact_whether_written_bare_or_quoted() {
        for written in ["0.1", "\"0.1\""] {
            let case = format!(
                r#"{{"role":"staff","lines":[{{"coefficient":{written},"assigned":3,"completed":1}}]}}"#
            );
            let derivation = run("case.json", case.as_bytes()).expect("derivation");
            assert_eq!(derivation.denominator.to_string(), "0.3");
            assert_eq!(derivation.components["a"].exact.to_string(), "100/3");
        }
    }

    #[test]
    fn each_impossible_value_is_told_with_its_place_and_all_at_once() {
        let case = r#"{"role":"staff","lines":[
            {"coefficient":"1","assigned":"-1","completed":"0"},
            {"coefficient":"0","assigned":"1","completed":"1e3"},
            {"coefficient":"1","assigned":"1","completed":"1","late":-2}]}"#;
        assert_eq!(
            codes(case),
            [
                "LT-SCO-002 case.json (lines[0].assigned)",
                "LT-SCO-002 case.json (lines[1].coefficient)",
                "LT-SCO-002 case.json (lines[1].completed)",
                "LT-SCO-002 case.json (lines[2].late)",
            ]
        );
    }

    #[test]
    fn unknown_keys_twice_given_keys_and_unknown_switches_are_refused() {
        assert_eq!(
            codes(r#"{"role":"staff","lines":[{"coefficent":"1"}]}"#),
            ["LT-SCO-001 case.json (lines[0])"]
        );
        assert_eq!(codes(r#"{"role":"staff","role":"head","lines":[]}"#), ["LT-SCO-001 case.json"]);
        assert_eq!(
            codes(r#"{"role":"staff","rule_set":{"late_units":"occurrence"},"lines":[]}"#),
            ["LT-SCO-001 case.json"]
        );
        assert_eq!(
            codes(r#"{"role":"staff","rule_set":{"carry_over":"completed_as_extra"},"lines":[]}"#),
            ["LT-RUL-001 case.json (rule_set.carry_over)"]
        );
        assert_eq!(codes("[1,2"), ["LT-SCO-001 case.json"]);
        assert_eq!(
            codes(r#"{"role":"head","components":{"unity_ability":"80"},"lines":[]}"#),
            ["LT-SCO-002 case.json ()"]
        );
    }
}
