//! A derivation as it is kept: its lines without names of fields, behind marks that say whose they are.
//!
//! Owns both ways of that text: how one line is written, and how a kept text is read back as the derivation it says, each
//! line an object as the command line and the documents show it. So one person's lines are written and packed once, for
//! themselves and for everyone above them. It must not know where lines come from or who asks. A text that is no derivation
//! reads as none.

use super::broken;
use crate::domain::{Exact, RuleSet};
use crate::error::Finding;
use crate::scoring::{Converted, Line, convert};
use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// How a field of a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As it is kept.
    Always,
    /// Only where there is one.
    Given,
    /// A day, kept as its number from the first of the common era.
    Day,
    /// The same, only where there is one.
    GivenDay,
    /// `true` or `false`, kept as 1 or 0.
    Flag,
    /// Only where it is true.
    True,
}

/// The fields of a kept line, in order: what decides the numbers it adds stands last, with these.
const FIELDS: [(&str, Shown); 21] = [
    ("source", Shown::Always),
    ("title", Shown::Always),
    ("product", Shown::Always),
    ("late_excused", Shown::True),
    ("handed_over", Shown::True),
    ("due", Shown::Day),
    ("counted_on", Shown::Day),
    ("completed_on", Shown::Day),
    ("finished_later_on", Shown::GivenDay),
    ("notes", Shown::Always),
    ("coefficient", Shown::Always),
    ("multiplier", Shown::Given),
    ("assigned", Shown::Always),
    ("completed", Shown::Always),
    ("quality_failures", Shown::Always),
    ("late_count", Shown::Always),
    ("extra", Shown::Flag),
    ("assigned_converted", Shown::Always),
    ("completed_converted", Shown::Always),
    ("quality", Shown::Always),
    ("progress", Shown::Always),
];

/// A line up to what decides the numbers it adds, without whose it is.
#[derive(Serialize)]
struct Kept<'a>(&'a str, &'a str, &'a str, u8, u8, Option<i32>, i32, Option<i32>, Option<i32>, &'a [String]);

/// What decides the numbers a line adds, and these.
#[derive(Serialize)]
struct Numbers(Decimal, Option<Decimal>, Decimal, Decimal, u32, u32, u8, Exact, Exact, Exact, Exact);

/// What of a line decides the numbers it adds.
#[derive(PartialEq, Eq, Hash)]
struct Weighed([u8; 16], Option<[u8; 16]>, [u8; 16], [u8; 16], u32, u32, bool);

/// Writes lines by one rule set, of one person after the other.
pub(super) struct LineWriter<'a> {
    rules: &'a RuleSet,
    /// How lines like those before end: most lines weigh the same.
    numbers: HashMap<Weighed, Vec<u8>>,
}

impl<'a> LineWriter<'a> {
    pub(super) fn of(rules: &'a RuleSet) -> Self {
        Self { rules, numbers: HashMap::new() }
    }

    /// The rule set.
    pub(super) fn rules(&self) -> &'a RuleSet {
        self.rules
    }

    /// Writes a line with the numbers it adds, behind a comma.
    pub(super) fn put(&mut self, text: &mut Vec<u8>, line: &Line) -> Result<(), Finding> {
        // Whose it is stands in the mark before it.
        let Line {
            source,
            title,
            product,
            coefficient,
            multiplier,
            assigned,
            completed,
            quality_failures,
            late_count,
            late_excused,
            handed_over,
            extra,
            due,
            counted_on,
            completed_on,
            finished_later_on,
            notes,
            of: _,
        } = line;
        let day = |day: NaiveDate| day.num_days_from_ce();
        let kept = Kept(
            source,
            title,
            product,
            (*late_excused).into(),
            (*handed_over).into(),
            due.map(day),
            day(*counted_on),
            completed_on.map(day),
            finished_later_on.map(day),
            notes,
        );
        text.push(b',');
        serde_json::to_writer(&mut *text, &kept).map_err(|_| broken("line"))?;
        // The numbers go on where these fields end.
        text.pop();
        let weighed = Weighed(
            coefficient.serialize(),
            multiplier.map(|multiplier| multiplier.serialize()),
            assigned.serialize(),
            completed.serialize(),
            *quality_failures,
            *late_count,
            *extra,
        );
        if let Some(numbers) = self.numbers.get(&weighed) {
            text.extend_from_slice(numbers);
            return Ok(());
        }
        let Converted { assigned_converted, completed_converted, quality, progress } =
            convert(line, self.rules);
        let numbers = Numbers(
            *coefficient,
            *multiplier,
            *assigned,
            *completed,
            *quality_failures,
            *late_count,
            (*extra).into(),
            assigned_converted,
            completed_converted,
            quality,
            progress,
        );
        let mut numbers = serde_json::to_vec(&numbers).map_err(|_| broken("line"))?;
        if let Some(bracket) = numbers.first_mut() {
            *bracket = b',';
        }
        text.extend_from_slice(&numbers);
        self.numbers.insert(weighed, numbers);
        Ok(())
    }
}

/// What stands before somebody's lines; `name` is their staff number as JSON, `null` for one's own.
pub(super) fn mark(name: &[u8]) -> Vec<u8> {
    [b"{\"of\":".as_slice(), name, b"}"].concat()
}

/// Reads a kept derivation, each line as an object that says whose it is; none where it is no derivation.
pub fn read(text: &[u8]) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    let Some(lines) = value.get_mut("lines").and_then(Value::as_array_mut) else { return Some(value) };
    let (mut of, mut whole) = (Value::Null, Vec::with_capacity(lines.len()));
    for line in std::mem::take(lines) {
        match line {
            Value::Array(fields) => whole.push(Value::Object(unfolded(fields, &of)?)),
            Value::Object(mut mark) if mark.len() == 1 => of = mark.remove("of")?,
            other => whole.push(other),
        }
    }
    *lines = whole;
    Some(value)
}

/// What a kept derivation says, in whatever order its lines and the tasks that do not count are told.
pub fn meaning(text: &[u8]) -> Option<Value> {
    let mut value = read(text)?;
    for list in ["lines", "excluded"] {
        let told =
            |one: &Value| (one.get("of").map(Value::to_string), one.get("source").map(Value::to_string));
        if let Some(list) = value.get_mut(list).and_then(Value::as_array_mut) {
            list.sort_by_cached_key(told);
        }
    }
    Some(value)
}

fn unfolded(fields: Vec<Value>, of: &Value) -> Option<Map<String, Value>> {
    if fields.len() != FIELDS.len() {
        return None;
    }
    let mut line = Map::new();
    for ((name, shown), value) in FIELDS.into_iter().zip(fields) {
        let value = match shown {
            Shown::Always => value,
            Shown::Given | Shown::GivenDay if value.is_null() => continue,
            Shown::Given => value,
            Shown::Day | Shown::GivenDay if value.is_null() => value,
            Shown::Day | Shown::GivenDay => {
                let number = i32::try_from(value.as_i64()?).ok()?;
                serde_json::to_value(NaiveDate::from_num_days_from_ce_opt(number)?).ok()?
            }
            Shown::Flag => Value::Bool(value == 1),
            Shown::True if value == 1 => Value::Bool(true),
            Shown::True => continue,
        };
        line.insert(name.to_owned(), value);
    }
    line.insert("of".to_owned(), of.clone());
    Some(line)
}

/// The entries of a list in a derivation or a part of one; none where there is no such list.
pub fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::LineResult;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    fn plain() -> Line {
        Line {
            source: "snv/1".to_owned(),
            title: "Báo cáo \"quý\"".to_owned(),
            product: "SP-1".to_owned(),
            coefficient: Decimal::new(120, 2),
            multiplier: None,
            assigned: Decimal::ONE,
            completed: Decimal::ONE,
            quality_failures: 0,
            late_count: 0,
            late_excused: false,
            handed_over: false,
            extra: false,
            due: None,
            counted_on: day("2026-11-25"),
            completed_on: None,
            finished_later_on: None,
            notes: Vec::new(),
            of: None,
        }
    }

    /// Lines in which each field is told once at least, and left out once.
    fn lines() -> Vec<Line> {
        let told = Line {
            multiplier: Some(Decimal::new(15, 1)),
            completed: Decimal::new(5, 1),
            quality_failures: 2,
            late_count: 3,
            late_excused: true,
            handed_over: true,
            due: Some(day("2026-11-20")),
            completed_on: Some(day("2026-11-21")),
            finished_later_on: Some(day("2027-01-02")),
            notes: vec!["ghi chú".to_owned()],
            ..plain()
        };
        let extra = Line { extra: true, ..plain() };
        let theirs = Line { of: Some("GL-2".to_owned()), ..told.clone() };
        vec![plain(), told.clone(), plain(), extra, theirs, told]
    }

    #[test]
    fn line_that_is_kept_reads_back_as_the_derivation_shows_it() {
        let rules = RuleSet::default();
        let mut writer = LineWriter::of(&rules);
        let mut text = Vec::new();
        for line in &lines() {
            let name = serde_json::to_vec(&line.of).expect("json");
            text.extend([b",".as_slice(), &mark(&name)].concat());
            writer.put(&mut text, line).expect("written");
        }
        let kept = [b"{\"lines\":[".as_slice(), text.get(1..).unwrap_or_default(), b"]}"].concat();
        let result = |line: &Line| {
            let Converted { assigned_converted, completed_converted, quality, progress } =
                convert(line, &rules);
            LineResult { line: line.clone(), assigned_converted, completed_converted, quality, progress }
        };
        let shown: Vec<LineResult> = lines().iter().map(result).collect();
        let shown = serde_json::to_value(shown).expect("json");
        let read = read(&kept).expect("a derivation");
        assert_eq!(read.get("lines"), Some(&shown));
    }

    #[test]
    fn order_of_lines_says_nothing_and_whatever_else_differs_does() {
        let kept = |lines: &[Line]| {
            let rules = RuleSet::default();
            let mut writer = LineWriter::of(&rules);
            let mut text = Vec::new();
            lines.iter().for_each(|line| writer.put(&mut text, line).expect("written"));
            [b"{\"lines\":[".as_slice(), text.get(1..).unwrap_or_default(), b"]}"].concat()
        };
        let other = Line { source: "snv/2".to_owned(), ..plain() };
        let (one, turned) = (kept(&[plain(), other.clone()]), kept(&[other, plain()]));
        assert_ne!(read(&one), read(&turned));
        assert_eq!(meaning(&one), meaning(&turned));
        assert_ne!(meaning(&one), meaning(&kept(&[plain(), plain()])));
    }

    #[test]
    fn what_is_no_derivation_reads_as_none() {
        for text in ["", "[", "{\"lines\":[[1,2]]}", "{\"lines\":[{\"from\":1}]}"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert!(read(b"{\"quarters\":[]}").is_some());
    }
}
