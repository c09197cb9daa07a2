//! What would change a kept score most, for whoever explains it.
//!
//! Owns the reading of a derivation's sums and lines for `scoring::most`: of a quarter of the monthly regime those of its
//! months, each with the part a month has in the mean; of a support worker the three percents, which stand in no line. It
//! computes no score; a derivation that lacks a part names none. An error of the store is the caller's.

use super::app::App;
use super::derived::{list, read};
use crate::domain::rules::SupportModel;
use crate::domain::{Exact, Period, PersonId, RuleSet};
use crate::error::Finding;
use crate::scoring::HANDED_OVER;
use crate::scoring::most::{Sums, Weighed, lost_most};
use serde_json::{Value, json};

/// Lines told to have lost most.
const MOST_LOST: usize = 10;

/// The three percents of the Handbook (III.5), in the place of a, b and c, and what they are called on papers.
const PERCENTS: [(&str, &str); 3] = [
    ("support_quality", "Chất lượng công việc (Sổ tay III.5)"),
    ("support_compliance", "Chấp hành quy định (Sổ tay III.5)"),
    ("support_efficiency", "Hiệu quả công việc (Sổ tay III.5)"),
];

fn exact(value: Option<&Value>) -> Option<Exact> {
    value?.as_str()?.parse().ok()
}

/// What lost points: where it comes from, what it is called, how many.
struct Lost {
    source: String,
    title: Value,
    points: Exact,
    /// The month it lies in, of a quarter of the monthly regime.
    month: Option<Period>,
}

impl App {
    /// The lines or percents that lost most, with the points each would bring if it were done whole, on time and without
    /// failure, or were whole.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn lost_most(
        &self,
        (person, scope): (PersonId, &str),
        derived: &Value,
    ) -> Result<Vec<Value>, Finding> {
        let Some(rules) = rules_of(derived) else { return Ok(Vec::new()) };
        let of_month = |month: &Value| {
            let total = month.get("total").and_then(|total| total.get(0)).cloned();
            Some((month.get("period")?.as_str()?.parse::<Period>().ok()?, total))
        };
        let months: Vec<(Period, Option<Value>)> = list(derived, "months").filter_map(of_month).collect();
        let mut lost = lost_of(derived, &rules);
        let count = Exact::integer(i64::try_from(months.len()).unwrap_or(1));
        for (month, total) in months {
            let Some(month_s) = self.month_as_it_stood((person, month, scope), total.as_ref()).await? else {
                continue;
            };
            let Some(rules) = rules_of(&month_s) else { continue };
            lost.extend(lost_of(&month_s, &rules).into_iter().filter_map(|one| {
                let points = one.points.checked_div(&count)?;
                Some(Lost { points, month: Some(month), ..one })
            }));
        }
        lost.sort_by(|one, other| (&other.points, &one.source).cmp(&(&one.points, &other.source)));
        lost.truncate(MOST_LOST);
        Ok(lost.iter().map(|one| told(one, &rules)).collect())
    }

    /// The derivation of a month that comes to the total its quarter took: the present one, else what was kept under a revision
    /// of the month. None where nothing says that total any more.
    async fn month_as_it_stood(
        &self,
        (person, month, scope): (PersonId, Period, &str),
        total: Option<&Value>,
    ) -> Result<Option<Value>, Finding> {
        let says =
            |derived: &Value| derived.pointer("/total/exact").filter(|exact| !exact.is_null()) == total;
        let kept = self.store.derivation(person, month, scope).await.map_err(|error| error.finding())?;
        if let Some(present) = kept.and_then(|kept| read(&kept)).filter(says) {
            return Ok(Some(present));
        }
        for revision in self.store.stood_under(person, month).await.map_err(|error| error.finding())? {
            if let Some(derived) = self.kept_under(person, month, revision).await?.filter(says) {
                return Ok(Some(derived));
            }
        }
        Ok(None)
    }
}

fn told(lost: &Lost, rules: &RuleSet) -> Value {
    let printed = lost.points.round(rules.rounding.digits, rules.rounding.mode);
    let mut told =
        json!({ "source": lost.source, "title": lost.title, "exact": lost.points, "printed": printed });
    if let (Some(month), Some(object)) = (lost.month, told.as_object_mut()) {
        object.insert("month".to_owned(), json!(month));
    }
    told
}

fn rules_of(derived: &Value) -> Option<RuleSet> {
    serde_json::from_value(derived.get("rule_set")?.clone()).ok()
}

/// What lost points of a month or quarter that is made of lines or percents.
fn lost_of(derived: &Value, rules: &RuleSet) -> Vec<Lost> {
    let role = derived.get("role").and_then(Value::as_str).unwrap_or_default();
    let percents = role == "contract" && rules.support_model == SupportModel::ThreePercents;
    if percents { of_percents(derived, rules) } else { of_lines(derived, role, rules) }.unwrap_or_default()
}

fn of_lines(derived: &Value, role: &str, rules: &RuleSet) -> Option<Vec<Lost>> {
    let numerators = derived.get("numerators")?;
    let [a, b, c] = ["a", "b", "c"].map(|part| exact(numerators.get(part)));
    let hundred = Exact::integer(100);
    let mut others = Vec::new();
    for part in ["d", "dd", "e"] {
        let Some(number) = derived.get("components")?.get(part) else { continue };
        others.push(exact(number.get("exact"))?.checked_div(&hundred)?);
    }
    if matches!(role, "head" | "deputy") && others.len() < 3 {
        return None;
    }
    let sums = Sums { denominator: exact(derived.get("denominator"))?, numerators: [a?, b?, c?], others };
    // What was handed to somebody else is not theirs to do.
    let handed_over = |line: &&Value| {
        list(line, "notes").filter_map(Value::as_str).any(|note| note.starts_with(HANDED_OVER))
    };
    let own = list(derived, "lines").filter(|line| !handed_over(line));
    let lines: Vec<Weighed> = own.filter_map(|line| weighed(line, rules)).collect();
    let title = |source: &str| {
        let line = list(derived, "lines").find(|line| line.get("source").is_some_and(|one| one == source));
        line.and_then(|line| line.get("title")).cloned().unwrap_or_default()
    };
    let lost = lost_most(&sums, &lines, rules, MOST_LOST).into_iter();
    Some(lost.map(|(source, points)| Lost { title: title(&source), source, points, month: None }).collect())
}

/// The three percents as lines of one unit each, which add to one component alone.
fn of_percents(derived: &Value, rules: &RuleSet) -> Option<Vec<Lost>> {
    let components = derived.get("components")?;
    let hundred = Exact::integer(100);
    let share = |part: &str| exact(components.get(part)?.get("exact"))?.checked_div(&hundred);
    let numerators = [share("a")?, share("b")?, share("c")?];
    let line = |place: usize, source: &str| {
        let mut adds = [None, None, None];
        if let (Some(slot), Some(held)) = (adds.get_mut(place), numerators.get(place)) {
            *slot = Some(held.clone());
        }
        Weighed { source: source.to_owned(), whole: Exact::one(), adds }
    };
    let lines: Vec<Weighed> =
        PERCENTS.iter().enumerate().map(|(place, (source, _))| line(place, source)).collect();
    let sums = Sums { denominator: Exact::one(), numerators, others: Vec::new() };
    let lost = lost_most(&sums, &lines, rules, MOST_LOST).into_iter();
    let title = |source: &str| {
        let known = PERCENTS.iter().find(|(known, _)| *known == source);
        known.map_or(Value::Null, |(_, title)| json!(title))
    };
    Some(lost.map(|(source, points)| Lost { title: title(&source), source, points, month: None }).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(a: &str, b: &str, c: &str) -> Value {
        let number = |exact: &str| json!({ "exact": exact, "printed": exact });
        json!({ "role": "contract", "components": { "a": number(a), "b": number(b), "c": number(c) } })
    }

    #[test]
    fn percent_of_a_support_worker_that_is_not_whole_brings_its_third_of_seventy() {
        let rules = RuleSet { support_model: SupportModel::ThreePercents, ..RuleSet::default() };
        let points = |value: &Value| -> Vec<(String, String)> {
            let lost = lost_of(value, &rules).into_iter();
            lost.map(|one| (one.source, one.points.to_text())).collect()
        };
        let told = |source: &str, points: &str| (source.to_owned(), points.to_owned());
        // 20 % and 10 % of 70 / 3.
        assert_eq!(
            points(&derived("100", "80", "90")),
            [told("support_compliance", "14/3"), told("support_efficiency", "7/3")]
        );
        assert_eq!(points(&derived("100", "100", "100")), []);
        let mut lacking = derived("100", "80", "90");
        lacking["components"].as_object_mut().expect("parts").remove("c");
        assert_eq!(points(&lacking), [], "what is missing is not nothing");
        // As staff they have lines like everybody, and no percents.
        assert!(lost_of(&derived("100", "80", "90"), &RuleSet::default()).is_empty());
    }
}
