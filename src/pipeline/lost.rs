//! Which lines of a kept derivation lost most, for whoever explains a score.
//!
//! Owns the reading of a derivation's sums and lines for `scoring::most`. It computes no score; a derivation that lacks a
//! part names none.

use crate::domain::{Exact, RuleSet};
use crate::scoring::most::{Sums, Weighed, lost_most};
use serde_json::{Value, json};

/// Lines told to have lost most.
const MOST_LOST: usize = 10;

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn exact(value: Option<&Value>) -> Option<Exact> {
    value?.as_str()?.parse().ok()
}

/// The lines that lost most, with the points each would bring if it were done whole, on time and without failure.
pub(super) fn lost_most_of(value: &Value) -> Vec<Value> {
    let found = || -> Option<Vec<Value>> {
        let rules: RuleSet = serde_json::from_value(value.get("rule_set")?.clone()).ok()?;
        let numerators = value.get("numerators")?;
        let [a, b, c] = ["a", "b", "c"].map(|part| exact(numerators.get(part)));
        let hundred = Exact::integer(100);
        let mut others = Vec::new();
        for part in ["d", "dd", "e"] {
            let Some(number) = value.get("components")?.get(part) else { continue };
            others.push(exact(number.get("exact"))?.checked_div(&hundred)?);
        }
        let leads = matches!(value.get("role")?.as_str()?, "head" | "deputy");
        if leads && others.len() < 3 {
            return None;
        }
        let sums = Sums { denominator: exact(value.get("denominator"))?, numerators: [a?, b?, c?], others };
        let lines: Vec<Weighed> = list(value, "lines").filter_map(|line| weighed(line, &rules)).collect();
        let title = |source: &str| {
            let line = list(value, "lines").find(|line| line.get("source").is_some_and(|one| one == source));
            line.and_then(|line| line.get("title")).cloned().unwrap_or_default()
        };
        let lost = lost_most(&sums, &lines, &rules, MOST_LOST).into_iter().map(|(source, points)| {
            let printed = points.round(rules.rounding.digits, rules.rounding.mode);
            json!({ "source": source, "title": title(&source), "exact": points, "printed": printed })
        });
        Some(lost.collect())
    };
    found().unwrap_or_default()
}

fn weighed(line: &Value, rules: &RuleSet) -> Option<Weighed> {
    let factor = |key: &str| exact(line.get(key));
    let weight = match factor("multiplier") {
        Some(multiplier) => &factor("coefficient")? * &multiplier,
        None => factor("coefficient")?,
    };
    let extra = line.get("extra")?.as_bool()?;
    let added = |part: &str, key: &str| {
        let adds = !extra || rules.extra_components.iter().any(|name| name == part);
        if adds { exact(line.get(key)) } else { None }
    };
    Some(Weighed {
        source: line.get("source")?.as_str()?.to_owned(),
        whole: &weight * &factor("assigned")?,
        adds: [added("a", "completed_converted"), added("b", "quality"), added("c", "progress")],
    })
}
