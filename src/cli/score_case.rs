//! `score case FILE`: a calculator for one person's period, without a store (docs/SCORING.md).
//!
//! Owns the documented JSON: lines, rule set and criteria in, the full derivation out. Numbers are taken
//! exactly from their text, whether written as JSON numbers or strings; nothing passes through a float. A case
//! with any mistake is refused with every finding, each naming file, line, key and the line's own id.

use crate::config::rule_set::not_implemented;
use crate::domain::{Component, Due, Exact, Period, Role, RuleSet, WorkingCalendar};
use crate::error::{Finding, Findings, Place, Text, written_cause};
use crate::scoring::line::lateness;
use crate::scoring::mean::{MonthScore, mean_of_months};
use crate::scoring::{
    Criteria, Derivation, Line, Number, PersonInput, Subordinate, Support, check_entries, score_person,
};
use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Largest case read.
const MAX_BYTES: usize = 32 << 20;
/// Most lines of a case.
const MAX_LINES: usize = 200_000;
/// Most characters of a text of the case that a message quotes.
const MOST_QUOTED: usize = 300;

/// A number exactly as written, and the piece of the file it was read from.
#[derive(Debug, Clone)]
struct Written<'a> {
    number: String,
    piece: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Written<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let piece = <&RawValue>::deserialize(deserializer)?.get();
        let number = match piece.bytes().next() {
            Some(b'"') => serde_json::from_str(piece).map_err(serde::de::Error::custom)?,
            Some(b'-' | b'0'..=b'9') => piece.to_owned(),
            _ => return Err(serde::de::Error::custom("a number is needed")),
        };
        Ok(Self { number, piece })
    }
}

/// The sections of a case, each read by itself: a mistake in one hides none in another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections<'a> {
    #[serde(default, borrow)]
    rule_set: Option<&'a RawValue>,
    #[serde(default, borrow)]
    period: Option<&'a RawValue>,
    #[serde(default, borrow)]
    role: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "there")]
    criteria: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "there")]
    components: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "there")]
    subordinates: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "there")]
    support: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "there")]
    worked: Option<&'a RawValue>,
    #[serde(default, borrow)]
    lines: Option<&'a RawValue>,
}

/// A section whose key stands there: `null` is something written, and its reader says that it is no such section.
fn there<'de: 'a, 'a, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What people entered beside the lines.
#[derive(Default)]
struct Entries<'a> {
    criteria: CaseCriteria<'a>,
    components: BTreeMap<Component, Written<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CaseCriteria<'a> {
    #[serde(default, borrow)]
    total: Option<Written<'a>>,
    #[serde(default, rename = "self", borrow)]
    own: Option<BTreeMap<String, Written<'a>>>,
    #[serde(default, borrow)]
    superior: Option<BTreeMap<String, Written<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CaseSupport<'a> {
    #[serde(default, rename = "self", borrow)]
    own: Option<[Written<'a>; 3]>,
    #[serde(default, borrow)]
    superior: Option<[Written<'a>; 3]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSubordinate<'a> {
    #[serde(default)]
    person: String,
    #[serde(default, borrow)]
    total: Option<Written<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseLine<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    product: String,
    #[serde(borrow)]
    coefficient: Written<'a>,
    #[serde(default, borrow)]
    multiplier: Option<Written<'a>>,
    #[serde(default)]
    post: Option<String>,
    #[serde(default)]
    of: Option<String>,
    #[serde(default, borrow)]
    share: Option<Written<'a>>,
    #[serde(borrow)]
    assigned: Written<'a>,
    #[serde(borrow)]
    completed: Written<'a>,
    #[serde(default, borrow)]
    failures: Option<Written<'a>>,
    #[serde(default, borrow)]
    late: Option<Written<'a>>,
    #[serde(default)]
    due: Option<NaiveDate>,
    #[serde(default, deserialize_with = "time")]
    due_time: Option<NaiveTime>,
    #[serde(default)]
    completed_on: Option<NaiveDate>,
    #[serde(default, deserialize_with = "time")]
    completed_time: Option<NaiveTime>,
    #[serde(default)]
    late_excused: bool,
    #[serde(default)]
    quality_excused: bool,
    #[serde(default)]
    extra: bool,
    #[serde(default)]
    handed_over: bool,
}

/// A time of day, written `17:00`.
fn time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveTime::parse_from_str(&text, "%H:%M")
        .map(Some)
        .map_err(|_| serde::de::Error::custom("a time is written 17:00"))
}

/// Computes a case.
///
/// # Errors
/// Every finding at once: LT-SCO-001 unreadable JSON or an unknown key, LT-SCO-002 a value that cannot be,
/// LT-RUL-001 a switch value this version does not implement.
pub fn run(name: &str, bytes: &[u8]) -> Result<Derivation, Findings> {
    let whole = |line, why: &Text| Findings::from(unreadable(Place { line, ..Place::of(name) }, why));
    if bytes.len() > MAX_BYTES {
        return Err(whole(None, &Text::new("tệp lớn hơn 32 MiB", "the file exceeds 32 MiB")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        whole(line_number(before), &Text::new("tệp không phải UTF-8", "it is not UTF-8"))
    })?;
    let case: Sections<'_> = serde_json::from_str(text)
        .map_err(|error| whole(u32::try_from(error.line()).ok(), &without_position(&error)))?;
    let breaks = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut reader = Reader { name, text, breaks, findings: Vec::new() };
    let rules = reader.rules(case.rule_set);
    let role: Option<Role> = reader.needed("role", case.role);
    let period = reader.period(case.period);
    let written: Vec<&RawValue> = reader.needed("lines", case.lines).unwrap_or_default();
    if written.len() > MAX_LINES {
        return Err(whole(None, &Text::new("có hơn 200.000 dòng", "more than 200,000 lines")));
    }
    let for_lines = (role.unwrap_or(Role::Staff), &rules.clone().unwrap_or_default());
    let lines: Vec<Line> =
        written.iter().enumerate().filter_map(|(index, raw)| reader.line(index, raw, for_lines)).collect();
    let entered = Entries {
        criteria: reader.section("criteria", case.criteria).unwrap_or_default(),
        components: reader.section("components", case.components).unwrap_or_default(),
    };
    let led: Vec<CaseSubordinate<'_>> = reader.section("subordinates", case.subordinates).unwrap_or_default();
    let percents: CaseSupport<'_> = reader.section("support", case.support).unwrap_or_default();
    let support = reader.support(&percents);
    let worked: Vec<(NaiveDate, NaiveDate)> = reader.section("worked", case.worked).unwrap_or_default();
    let mut unit_result = None;
    let mut components = BTreeMap::new();
    for (component, written) in &entered.components {
        let key = || format!("components.{}", component.as_str());
        let Some(percent) = reader.exact(key, written) else { continue };
        if *component == Component::UnitResult {
            unit_result = Some(percent);
        } else {
            components.insert(*component, percent);
        }
    }
    let criteria = reader.criteria(&entered.criteria);
    let subordinates: Vec<Subordinate> = led
        .iter()
        .enumerate()
        .map(|(index, subordinate)| Subordinate {
            person: if subordinate.person.is_empty() {
                format!("#{}", index + 1)
            } else {
                subordinate.person.clone()
            },
            total: subordinate.total.as_ref().and_then(|total| {
                let key = || named(&subordinate.person, format!("subordinates[{index}].total"));
                reader.exact(key, total)
            }),
        })
        .collect();
    if let (false, Some(written)) = (led.is_empty(), entered.components.get(&Component::UnitResult)) {
        let place = reader.place(written.piece, "components.unit_result".to_owned());
        reader.wrong(
            place,
            "có \"subordinates\" thì d được tính, không nhập",
            "with \"subordinates\" d is computed and not entered",
        );
    }
    let mut entries = components.clone();
    entries.extend(unit_result.clone().map(|percent| (Component::UnitResult, percent)));
    let checked = if entered.criteria.total.is_some() { Criteria::default() } else { criteria.clone() };
    // By which steps and levels is the rule set's to say.
    for wrong in rules.iter().flat_map(|rules| check_entries(&checked, &entries, rules)) {
        let written = entered.written(&wrong.entry);
        let place = reader.place(written.map_or("", |written| written.piece), wrong.entry);
        reader.wrong(place, &wrong.vi, &wrong.en);
    }
    let (Some(rules), Some(role), Some(period)) = (rules, role, period) else {
        return Err(reader.in_order());
    };
    if !reader.findings.is_empty() {
        return Err(reader.in_order());
    }
    let input = PersonInput {
        period,
        role,
        lines,
        excluded: Vec::new(),
        criteria,
        components,
        subordinates,
        unit_result,
        worked,
        support,
    };
    if rules.is_monthly() && period.quarter_number().is_some() {
        return by_months(input, &rules, reader);
    }
    Ok(score_person(&input, &rules))
}

/// A quarter of the monthly regime: each line in the month of its `due`, else of its `completed_on`; everything else
/// is the same in each month.
fn by_months(input: PersonInput, rules: &RuleSet, mut reader: Reader<'_>) -> Result<Derivation, Findings> {
    let months = input.period.months();
    for line in input.lines.iter().filter(|line| !input.period.contains(line.counted_on)) {
        let place = reader.place("", line.source.clone());
        reader.wrong(
            place,
            "theo tháng thì mỗi dòng cần \"due\" hoặc \"completed_on\" trong quý",
            "by months each line needs a \"due\" or \"completed_on\" in the quarter",
        );
    }
    if !reader.findings.is_empty() {
        return Err(reader.in_order());
    }
    let scores: Vec<MonthScore> = months
        .into_iter()
        .map(|month| {
            let lines = input.lines.iter().filter(|line| month.contains(line.counted_on)).cloned().collect();
            let of_month = PersonInput { period: month, lines, worked: Vec::new(), ..input.clone() };
            let derivation = score_person(&of_month, rules);
            let figure = |number: &Number| (number.exact.clone(), number.printed.clone());
            MonthScore {
                period: month,
                components: derivation
                    .components
                    .iter()
                    .map(|(name, number)| (*name, figure(number)))
                    .collect(),
                criterion: derivation.criterion.as_ref().map(figure),
                task_part: derivation.task_part.as_ref().map(figure),
                general: derivation.general.as_ref().map(figure),
                total: derivation.total.as_ref().map(figure),
                assumed: derivation.general_assumed,
            }
        })
        .collect();
    Ok(mean_of_months(input.period, input.role, &scores, rules))
}

impl Entries<'_> {
    /// What was written for an entry, named as `check_entries` names it.
    fn written(&self, entry: &str) -> Option<&Written<'_>> {
        let (section, rest) = entry.split_once('.')?;
        if section == "components" {
            return self
                .components
                .iter()
                .find(|(known, _)| known.as_str() == rest)
                .map(|(_, written)| written);
        }
        let (whose, item) = rest.split_once('.')?;
        let items = if whose == "self" { &self.criteria.own } else { &self.criteria.superior };
        items.as_ref()?.get(item)
    }
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    /// Where the lines of the text end.
    breaks: Vec<usize>,
    findings: Vec<Finding>,
}

/// A key, with the name its owner has in the case where it has one.
fn named(owner: &str, key: String) -> String {
    if owner.is_empty() { key } else { format!("{owner}: {key}") }
}

fn line_number(before: &[u8]) -> Option<u32> {
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).ok()
}

/// What serde says, without its own line and column: for a part of the file they would be wrong.
fn without_position(error: &serde_json::Error) -> Text {
    let said = error.to_string();
    let end = said.rfind(" at line ").unwrap_or(said.len());
    written_cause(said.get(..end).unwrap_or(&said))
}

impl Reader<'_> {
    /// The place of a piece of the file; without a line for what is no piece of it.
    fn place(&self, piece: &str, key: String) -> Place {
        let offset = (piece.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let line = offset
            .filter(|offset| !piece.is_empty() && *offset <= self.text.len())
            .and_then(|offset| u32::try_from(self.breaks.partition_point(|at| *at < offset) + 1).ok());
        Place { line, ..Place::of(self.name) }.at(key)
    }

    /// The place of a key that stands once in the file.
    fn key(&self, path: &str) -> Place {
        let last = path.rsplit('.').next().unwrap_or(path);
        let found = self.text.find(&format!("\"{last}\"")).and_then(|at| self.text.get(at..));
        self.place(found.unwrap_or(""), path.to_owned())
    }

    fn wrong(&mut self, place: Place, vi: &str, en: &str) {
        if self.findings.len() < 200 {
            let finding = Finding::error(
                "LT-SCO-002",
                Text::new(format!("giá trị không thể có: {vi}"), format!("a value that cannot be: {en}")),
                Text::new("sửa trường này theo docs/SCORING.md", "correct the field as docs/SCORING.md says"),
            );
            self.findings.push(finding.at(place));
        }
    }

    /// A section that has to be there.
    fn needed<'a, T: Deserialize<'a>>(&mut self, key: &str, raw: Option<&'a RawValue>) -> Option<T> {
        if raw.is_none() {
            let why = Text::new(format!("thiếu trường \"{key}\""), format!("the field \"{key}\" is missing"));
            self.findings.push(unreadable(Place::of(self.name).at(key), &why));
        }
        self.section(key, raw)
    }

    /// A section, where it is there and can be read.
    fn section<'a, T: Deserialize<'a>>(&mut self, key: &str, raw: Option<&'a RawValue>) -> Option<T> {
        let raw = raw?;
        serde_json::from_str(raw.get()).map_err(|error| self.broken(raw, key.to_owned(), &error)).ok()
    }

    /// A piece that cannot be read, at the line within it where reading ended.
    fn broken(&mut self, raw: &RawValue, key: String, error: &serde_json::Error) {
        let mut place = self.place(raw.get(), key);
        let below = u32::try_from(error.line().saturating_sub(1)).unwrap_or(0);
        place.line = place.line.map(|line| line.saturating_add(below));
        self.findings.push(unreadable(place, &without_position(error)));
    }

    /// The rule set; none when it cannot be read.
    fn rules(&mut self, raw: Option<&RawValue>) -> Option<RuleSet> {
        let Some(raw) = raw else { return Some(RuleSet::default()) };
        if raw.get().starts_with('"') {
            let place = self.place(raw.get(), "rule_set".to_owned());
            let name: String = raw.get().chars().take(MOST_QUOTED).collect();
            let why = Text::new(
                format!(
                    "rule_set nhận các lựa chọn khác mặc định, ví dụ {{\"late_unit\": \"occurrence\"}}, không nhận tên bộ quy tắc {name}"
                ),
                format!(
                    "rule_set takes the switches that differ from the defaults, such as {{\"late_unit\": \"occurrence\"}}, and no name of a set: {name}"
                ),
            );
            self.findings.push(unreadable(place, &why));
            return None;
        }
        let rules = self.section("rule_set", Some(raw))?;
        self.refused_switches(&rules);
        Some(rules)
    }

    fn period(&mut self, raw: Option<&RawValue>) -> Option<Period> {
        let Some(raw) = raw else { return Period::quarter(2026, 1).ok() };
        let period = serde_json::from_str::<String>(raw.get()).ok().and_then(|text| text.parse().ok());
        if period.is_none() {
            let place = self.place(raw.get(), "period".to_owned());
            self.wrong(place, "kỳ phải viết như 2026-Q3", "a period is written like 2026-Q3");
        }
        period
    }

    /// Everything found, as it stands in the file.
    fn in_order(mut self) -> Findings {
        self.findings.sort_by_key(|finding| finding.place.as_ref().and_then(|place| place.line));
        Findings(self.findings)
    }

    fn exact(&mut self, key: impl FnOnce() -> String, written: &Written<'_>) -> Option<Exact> {
        let value = written.number.parse().ok();
        if value.is_none() {
            let (place, shown) = (self.place(written.piece, key()), shown(written));
            self.wrong(place, &format!("\"{shown}\" không phải số"), &format!("\"{shown}\" is not a number"));
        }
        value
    }

    fn decimal(
        &mut self,
        key: impl FnOnce() -> String,
        written: &Written<'_>,
        least: Decimal,
        open: bool,
    ) -> Option<Decimal> {
        let plain = written.number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        let value = Decimal::from_str_exact(&written.number).ok().filter(|_| plain);
        if value.is_some_and(|value| value > least || (!open && value == least)) {
            return value;
        }
        let place = self.place(written.piece, key());
        match value {
            Some(value) if open => self.wrong(
                place,
                &format!("{value} phải lớn hơn {least}"),
                &format!("{value} must be above {least}"),
            ),
            Some(value) => self.wrong(
                place,
                &format!("{value} phải từ {least} trở lên"),
                &format!("{value} must be at least {least}"),
            ),
            None => {
                let shown = shown(written);
                self.wrong(
                    place,
                    &format!("\"{shown}\" không phải số thập phân tối đa 28 chữ số"),
                    &format!("\"{shown}\" is not a decimal of at most 28 digits"),
                );
            }
        }
        None
    }

    fn count(&mut self, key: impl FnOnce() -> String, written: &Written<'_>) -> Option<u32> {
        let count = written.number.parse().ok();
        if count.is_none() {
            let (place, shown) = (self.place(written.piece, key()), shown(written));
            self.wrong(
                place,
                &format!("\"{shown}\" không phải số nguyên từ 0 trở lên"),
                &format!("\"{shown}\" is not a whole number of 0 or more"),
            );
        }
        count
    }

    fn line(&mut self, index: usize, raw: &RawValue, (role, rules): (Role, &RuleSet)) -> Option<Line> {
        let key = format!("lines[{index}]");
        let line: CaseLine<'_> = match serde_json::from_str(raw.get()) {
            Ok(line) => line,
            Err(error) => {
                let id = serde_json::from_str::<Value>(raw.get()).ok();
                let id = id.as_ref().and_then(|line| line.get("id")?.as_str()).unwrap_or_default();
                self.broken(raw, named(id, key), &error);
                return None;
            }
        };
        let id = line.id.as_deref().unwrap_or_default();
        let at = |field: &str| named(id, format!("{key}.{field}"));
        let mut number = |field: &str, written: &Written<'_>, open: bool| {
            self.decimal(|| at(field), written, Decimal::ZERO, open)
        };
        let coefficient = number("coefficient", &line.coefficient, true);
        let multiplier = match &line.multiplier {
            Some(written) => Some(number("multiplier", written, true)?),
            None => {
                // Whoever is in charge of somebody has a role of their own; what is not said of it is the staff's.
                let role = if line.of.is_some() { Role::Staff } else { role };
                rules.multiplier(line.post.as_deref().unwrap_or_default(), role)
            }
        };
        let share = line.share.as_ref().map(|share| (share, number("share", share, true)));
        let assigned = number("assigned", &line.assigned, false);
        let completed = number("completed", &line.completed, false);
        let mut counted = |field: &str, written: Option<&Written<'_>>| {
            let Some(written) = written else { return Some(0) };
            self.count(|| at(field), written)
        };
        let failures = counted("failures", line.failures.as_ref());
        let given = counted("late", line.late.as_ref());
        let dated = line.due.zip(line.completed_on);
        if let (Some(late), Some(_)) = (&line.late, dated) {
            let place = self.place(late.piece, at("late"));
            self.wrong(
                place,
                "chỉ nêu \"late\", hoặc \"due\" cùng \"completed_on\", không nêu cả hai",
                "give either \"late\" or \"due\" with \"completed_on\", not both",
            );
        }
        if let Some((written, Some(share))) = &share
            && *share > Decimal::ONE
        {
            let place = self.place(written.piece, at("share"));
            self.wrong(place, "phần được chia lớn hơn 1", "the share is more than 1");
        }
        if line.handed_over && completed.is_some_and(|completed| !completed.is_zero()) {
            let place = self.place(line.completed.piece, at("completed"));
            self.wrong(
                place,
                "việc đã chuyển người khác thì người này không hoàn thành gì",
                "of what is handed over nothing is completed by whoever gave it away",
            );
        }
        let late = match dated {
            Some((day, done)) => {
                let due = Due { day, time: line.due_time };
                lateness(due, (done, line.completed_time), rules, &WorkingCalendar::default())
            }
            None => given.unwrap_or(0),
        };
        Some(Line {
            source: line.id.unwrap_or(key),
            title: line.title,
            product: line.product,
            coefficient: match share {
                Some((_, share)) => coefficient?.checked_mul(share?)?,
                None => coefficient?,
            },
            multiplier,
            assigned: assigned?,
            completed: completed?,
            quality_failures: if line.quality_excused { 0 } else { failures? },
            late_count: if line.late_excused { 0 } else { late },
            late_excused: line.late_excused,
            handed_over: line.handed_over,
            extra: line.extra,
            due: line.due,
            counted_on: line.due.or(line.completed_on).unwrap_or_default(),
            completed_on: line.completed_on,
            finished_later_on: None,
            notes: Vec::new(),
            of: line.of,
        })
    }

    fn support(&mut self, support: &CaseSupport<'_>) -> Support {
        let mut read = |whose: &str, percents: &Option<[Written<'_>; 3]>| {
            let written = percents.as_ref()?;
            let [a, b, c] = written.each_ref().map(|written| {
                let key = || format!("support.{whose}");
                let percent = self.exact(key, written)?;
                if percent.is_negative() || percent > Exact::integer(100) {
                    let place = self.place(written.piece, key());
                    self.wrong(
                        place,
                        &format!("{percent} không nằm trong khoảng 0 đến 100"),
                        &format!("{percent} is not between 0 and 100"),
                    );
                }
                Some(percent)
            });
            Some([a?, b?, c?])
        };
        Support { own: read("self", &support.own), superior: read("superior", &support.superior) }
    }

    fn criteria(&mut self, criteria: &CaseCriteria<'_>) -> Criteria {
        if let Some(total) = &criteria.total {
            let key = || "criteria.total".to_owned();
            let points = self.exact(key, total);
            if let Some(points) = points {
                if points.is_negative() || points > Exact::integer(30) {
                    let place = self.place(total.piece, key());
                    self.wrong(
                        place,
                        &format!("{points} không nằm trong khoảng 0 đến 30"),
                        &format!("{points} is not between 0 and 30"),
                    );
                }
                let items = BTreeMap::from([("total".to_owned(), points)]);
                return Criteria { own: Some(items.clone()), superior: Some(items) };
            }
        }
        let mut read = |whose: &str, items: &Option<BTreeMap<String, Written<'_>>>| {
            items.as_ref().map(|items| {
                items
                    .iter()
                    .filter_map(|(item, written)| {
                        let key = || format!("criteria.{whose}.{item}");
                        Some((item.clone(), self.exact(key, written)?))
                    })
                    .collect()
            })
        };
        Criteria { own: read("self", &criteria.own), superior: read("superior", &criteria.superior) }
    }

    fn refused_switches(&mut self, rules: &RuleSet) {
        for (switch, values) in rules.refusals() {
            let key = format!("rule_set.{switch}");
            let place = self.key(&key);
            self.findings.push(not_implemented(rules, switch, values).at(place));
        }
    }
}

fn shown(written: &Written<'_>) -> String {
    written.number.chars().take(40).collect()
}

fn unreadable(place: Place, why: &Text) -> Finding {
    Finding::error(
        "LT-SCO-001",
        Text::new("không đọc được", "unreadable").because(why),
        Text::new("sửa tệp theo docs/SCORING.md", "correct the file as docs/SCORING.md says"),
    )
    .at(place)
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
            {"id":"T1","coefficient":"1",
             "assigned":"-1","completed":"0"},
            {"coefficient":"0","assigned":"1","completed":"1e3"},
            {"coefficient":"1","assigned":"1","completed":"1","late":-2}]}"#;
        assert_eq!(
            codes(case),
            [
                "LT-SCO-002 case.json:3 (T1: lines[0].assigned)",
                "LT-SCO-002 case.json:4 (lines[1].coefficient)",
                "LT-SCO-002 case.json:4 (lines[1].completed)",
                "LT-SCO-002 case.json:5 (lines[2].late)",
            ]
        );
    }

    #[test]
    fn a_mistake_in_one_section_hides_none_in_another_and_each_has_its_line() {
        let case = "{\"rule_set\":\"GL-99\",\n\"role\":\"boss\",\n\"period\":7,\n\"components\":{\"x\":50},\n\"lines\":[\n\
                    {\"id\":\"T1\",\"coefficient\":0,\"assigned\":1,\"completed\":1}]}";
        assert_eq!(
            codes(case),
            [
                "LT-SCO-001 case.json:1 (rule_set)",
                "LT-SCO-001 case.json:2 (role)",
                "LT-SCO-002 case.json:3 (period)",
                "LT-SCO-001 case.json:4 (components)",
                "LT-SCO-002 case.json:6 (T1: lines[0].coefficient)",
            ]
        );
        assert_eq!(codes("{}"), ["LT-SCO-001 case.json (role)", "LT-SCO-001 case.json (lines)"]);
    }

    #[test]
    fn a_section_that_is_null_is_no_section_that_is_missing() {
        for section in ["criteria", "components", "subordinates", "support", "worked"] {
            let case = format!("{{\"role\":\"staff\",\"lines\":[],\n\"{section}\":null}}");
            assert_eq!(codes(&case), [format!("LT-SCO-001 case.json:2 ({section})")]);
        }
        let case = r#"{"role":"staff","lines":[],"rule_set":null,"period":null}"#;
        assert!(run("case.json", case.as_bytes()).is_ok(), "no rule set and no period: those of the program");
    }

    #[test]
    fn of_a_rule_set_given_as_a_long_text_only_the_beginning_is_told() {
        let case = format!("{{\"role\":\"staff\",\"lines\":[],\"rule_set\":\"{}\"}}", "ộ".repeat(1_000_000));
        let told = run("case.json", case.as_bytes()).expect_err("refused").to_string();
        assert!(told.contains("ộộộ") && told.chars().count() < 2_000, "{} characters", told.chars().count());
    }

    #[test]
    fn a_long_case_is_read_at_once_and_its_last_line_is_told_by_its_own_number() {
        // Counted anew from the beginning for each number, these lines would take the better part of an hour.
        let good = "{\"coefficient\":\"1\",\"assigned\":\"1\",\"completed\":\"1\"},\n".repeat(60_000);
        let case = format!(
            "{{\"role\":\"staff\",\"lines\":[\n{good}{{\"coefficient\":\"1\",\"assigned\":\"1\",\n\"completed\":\"-1\"}}]}}"
        );
        assert_eq!(codes(&case), ["LT-SCO-002 case.json:60003 (lines[60000].completed)"]);
    }

    #[test]
    fn unknown_keys_twice_given_keys_and_unknown_switches_are_refused() {
        assert_eq!(
            codes("{\"role\":\"staff\",\"lines\":[\n{\"id\":\"T9\",\n\"coefficent\":\"1\"}]}"),
            ["LT-SCO-001 case.json:3 (T9: lines[0])"]
        );
        assert_eq!(codes(r#"{"role":"staff","role":"head","lines":[]}"#), ["LT-SCO-001 case.json:1"]);
        assert_eq!(
            codes(r#"{"role":"staff","rule_set":{"late_units":"occurrence"},"lines":[]}"#),
            ["LT-SCO-001 case.json:1 (rule_set)"]
        );
        assert_eq!(
            codes(r#"{"role":"staff","rule_set":{"quota_percent":30},"lines":[]}"#),
            ["LT-RUL-001 case.json:1 (rule_set.quota_percent)"]
        );
        assert_eq!(codes("[1,2"), ["LT-SCO-001 case.json:1"]);
        assert_eq!(
            codes(r#"{"role":"head","components":{"unity_ability":"80"},"lines":[]}"#),
            ["LT-SCO-002 case.json:1 (components.unity_ability)"]
        );
        assert_eq!(
            codes(
                "{\"role\":\"staff\",\"criteria\":{\"superior\":{\"I.1\":5,\n\"II.1\":\"9\"}},\"lines\":[]}"
            ),
            ["LT-SCO-002 case.json:2 (criteria.superior.II.1)"]
        );
    }
}
