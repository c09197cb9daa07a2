//! Why the figures of a record that does not move by itself are others by now.
//!
//! Owns the comparison of the derivation the record stands in with the one held now, line by line, and what stands
//! behind each difference: another rule set, other working days, a product that was decided, an event of the source, a
//! person's decision. It computes no score and moves no record. Where nothing was kept to compare with it names no cause.

use super::app::App;
use super::derived;
use super::record::content_of;
use super::score::scope_of;
use super::wording::{Words, both, decimal, decimal_only, local_time};
use crate::domain::{DecisionKind, Exact, Period, PersonId, SourceId, StaffNumber, WorkingCalendar};
use crate::error::{Finding, Lang, Text};
use crate::evaluation::{Content, Part};
use crate::store::{Stood, StoreError, StoredDecision};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Lines told one by one; the others are counted.
const TOLD: usize = 3;

/// What stands behind a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Behind {
    /// Another rule set.
    RuleSet,
    /// Other working days.
    WorkingDays,
    /// A product that was decided, by whomever.
    Product,
    /// A catalog that was imported.
    Catalog,
    /// Something the source told.
    Event,
    /// A decision of a person about the period.
    Decision,
    /// A result this one is a mean of.
    Part,
    /// A difference behind which none of these is found.
    Unknown,
}

impl Behind {
    /// What it is called.
    pub fn text(self) -> Text {
        match self {
            Self::RuleSet => Text::new("bộ quy tắc khác", "another rule set"),
            Self::WorkingDays => Text::new("lịch làm việc thay đổi", "other working days"),
            Self::Product => {
                Text::new("sản phẩm của nhiệm vụ được quyết định sau", "products of tasks decided later")
            }
            Self::Catalog => Text::new("danh mục được nhập sau", "a catalog imported later"),
            Self::Event => Text::new("hệ thống nguồn báo muộn", "what sources told later"),
            Self::Decision => Text::new("quyết định của người có thẩm quyền", "decisions of people"),
            Self::Part => Text::new("kết quả kỳ thành phần thay đổi", "another result of a part"),
            Self::Unknown => Text::new("chưa rõ nguyên nhân", "no cause found"),
        }
    }
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// What stands behind it.
    pub behind: Behind,
    /// What was and what is.
    pub text: Text,
}

/// A derivation as far as it is compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Derived {
    total: Option<Total>,
    lines: Vec<Line>,
    excluded: Vec<Excluded>,
    quarters: Vec<Recorded>,
    months: Vec<Month>,
    rule_set: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Total {
    exact: Exact,
}

#[derive(Debug, Deserialize)]
struct Recorded {
    period: String,
    score: String,
}

/// A month of a quarter that is the mean of them; its total exact and printed.
#[derive(Debug, Deserialize)]
struct Month {
    period: String,
    total: Option<(String, String)>,
}

impl From<&Month> for Recorded {
    fn from(month: &Month) -> Self {
        let score = month.total.as_ref().map_or_else(|| "–".to_owned(), |(_, printed)| printed.clone());
        Self { period: month.period.clone(), score }
    }
}

#[derive(Debug, Deserialize)]
struct Excluded {
    source: String,
    title: String,
    reason: String,
}

/// A line; numbers are compared as they were written.
#[derive(Debug, Deserialize)]
struct Line {
    source: String,
    title: String,
    product: String,
    coefficient: Value,
    assigned: Value,
    completed: Value,
    quality_failures: Value,
    late_count: Value,
    due: Value,
    completed_on: Value,
    #[serde(default)]
    extra: bool,
    #[serde(default)]
    of: Option<String>,
}

impl Line {
    /// What it says that may move a figure, each with what it is called.
    fn says(&self) -> [(&'static str, &'static str, String); 8] {
        let told = |value: &Value| match value {
            Value::Null => "–".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        [
            ("sản phẩm", "product", self.product.clone()),
            ("k", "k", told(&self.coefficient)),
            ("G", "G", told(&self.assigned)),
            ("C", "C", told(&self.completed)),
            ("q", "q", told(&self.quality_failures)),
            ("l", "l", told(&self.late_count)),
            ("hạn", "due", told(&self.due)),
            ("hoàn thành", "done", told(&self.completed_on)),
        ]
    }
}

/// A task that counts otherwise than before, or not any more.
#[derive(Debug)]
struct Otherwise<'a> {
    source: &'a str,
    title: &'a str,
    of: Option<&'a str>,
    what: Text,
    /// Whether its coefficient is another one.
    recoefficient: bool,
}

impl App {
    /// Why the figures of somebody's record are others now than it says.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn causes(&self, person: PersonId, period: Period) -> Result<Vec<Moved>, Finding> {
        let latest = self.store.latest_revision(person, period).await.map_err(|error| error.finding())?;
        let Some(latest) = latest else { return Ok(Vec::new()) };
        let scope = scope_of(period, self.shown_view(period));
        self.why_moved((person, period, scope), &content_of(&latest)?).await
    }

    /// Why a record's figures are others now than it says; nothing where what it stands in was not kept.
    pub(super) async fn why_moved(
        &self,
        (person, period, scope): (PersonId, Period, &str),
        content: &Content,
    ) -> Result<Vec<Moved>, Finding> {
        let told = |error: StoreError| error.finding();
        let stood = match self.store.stood(person, period).await {
            Ok(stood) => stood,
            // What cannot be unpacked any more is named by `score verify`; the difference is told all the same.
            Err(error) if error.is_of_content() => None,
            Err(error) => return Err(told(error)),
        };
        let Some(stood) = stood else { return Ok(Vec::new()) };
        let now = self.store.derivation(person, period, scope).await.map_err(told)?;
        let held = self.store.score(person, period, scope).await.map_err(told)?;
        let Some((now, held)) = now.zip(held) else { return Ok(Vec::new()) };
        let read = |text: &[u8]| -> Derived {
            derived::read(text).and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
        };
        let (before, after) = (read(&stood.derivation), read(&now));
        let says = content.parts.get(&Part::Total).map(|figure| &figure.exact);
        // What was kept is none of the figures the record says: nothing of it is told as if it were.
        if before.total.as_ref().map(|total| &total.exact) != says {
            return Ok(Vec::new());
        }
        let mut causes = Vec::new();
        causes.extend(other_rules(&before.rule_set, &after.rule_set));
        causes.extend(self.other_days(period, &stood, held.working_days.as_deref()).await?);
        causes.extend(other_parts(&before.quarters, &after.quarters));
        let months = |of: &Derived| of.months.iter().map(Recorded::from).collect::<Vec<_>>();
        causes.extend(other_parts(&months(&before), &months(&after)));
        let otherwise = compared(&before, &after);
        for one in otherwise.iter().take(TOLD) {
            causes.push(self.behind(person, period, one, stood.computed_at).await?);
        }
        if otherwise.len() > TOLD {
            let more = otherwise.len() - TOLD;
            // What is not looked at one by one is of the sort of those that were.
            let behind = causes.last().map_or(Behind::Unknown, |last| last.behind);
            let text = Text::new(format!("và {more} dòng khác"), format!("and {more} other lines"));
            causes.push(Moved { behind, text });
        }
        if causes.is_empty() {
            causes.extend(self.decided(person, period, stood.computed_at).await?);
        }
        Ok(causes)
    }

    /// The working days a record was counted by and those its score is counted by now, where they differ.
    async fn other_days(
        &self,
        period: Period,
        stood: &Stood,
        now: Option<&str>,
    ) -> Result<Option<Moved>, Finding> {
        let (Some(before), Some(now)) = (stood.working_days.as_deref(), now) else { return Ok(None) };
        if before == now {
            return Ok(None);
        }
        let kept = async |hash: &str| self.store.kept_working_days(hash).await;
        let told = |error: StoreError| error.finding();
        let (before, now) = (kept(before).await.map_err(told)?, kept(now).await.map_err(told)?);
        let of = |days: Option<_>| WorkingCalendar::of_exceptions(&days.unwrap_or_default());
        let changed = of(before).changed_in(&of(now), period.last_day());
        Ok((!changed.is_empty()).then(|| Moved { behind: Behind::WorkingDays, text: days(&changed) }))
    }

    /// What came after the record's figures were computed and stands behind a line.
    async fn behind(
        &self,
        person: PersonId,
        period: Period,
        line: &Otherwise<'_>,
        since: DateTime<Utc>,
    ) -> Result<Moved, Finding> {
        let told = |error: StoreError| error.finding();
        let named = line.source.replacen('/', ":", 1);
        let whose = line.of.map(|of| format!(" ({of})")).unwrap_or_default();
        let title = both(Words::Title, line.title);
        let what = Text::new(
            format!("{named}{whose} «{}» {}", title.vi, line.what.vi),
            format!("{named}{whose} \"{}\" {}", title.en, line.what.en),
        );
        let mut newest: Option<Found> = None;
        let key = line.source.split_once('/');
        let source = key.and_then(|(source, key)| Some((source.parse::<SourceId>().ok()?, key)));
        if let Some((source, key)) = source {
            let known = self.store.known_hashes(&source, &[key]).await.map_err(told)?;
            if let Some((task, _)) = known.into_iter().next().flatten() {
                let mapping = self.store.map_item(task).await.map_err(told)?.and_then(|item| item.mapping);
                if let Some(mapping) = mapping {
                    let how = both(Words::DecidedBy, &mapping.decided_by);
                    let by = mapping.author.map(|author| format!(", {author}")).unwrap_or_default();
                    let text = Text::new(
                        format!("quyết định sản phẩm: {}{by}", how.vi),
                        format!("product decided: {}{by}", how.en),
                    );
                    later(&mut newest, since, (mapping.decided_at, Behind::Product, text));
                }
                for (seen, event, _) in self.store.events_of(task).await.map_err(told)? {
                    let name = serde_json::to_value(event.kind).unwrap_or_default();
                    let name = both(Words::Event, name.as_str().unwrap_or_default());
                    let text =
                        Text::new(format!("nguồn báo: {}", name.vi), format!("the source told: {}", name.en));
                    later(&mut newest, since, (seen, Behind::Event, text));
                }
            }
        }
        let directory = self.directory().await?;
        let whose = line.of.and_then(StaffNumber::parse);
        let whose = whose.and_then(|number| directory.by_staff_number(&number)).unwrap_or(person);
        if let Some((at, text)) = self.newest_decision((whose, period), since, Some(line.source)).await? {
            later(&mut newest, since, (at, Behind::Decision, text));
        }
        if line.recoefficient && newest.is_none() {
            for head in self.store.catalogs().await.map_err(told)? {
                let text =
                    Text::new(format!("danh mục {}", head.version), format!("the catalog {}", head.version));
                later(&mut newest, since, (head.imported_at, Behind::Catalog, text));
            }
        }
        Ok(match newest {
            Some((at, behind, text)) => Moved { behind, text: with(&what, &text, at) },
            None => Moved { behind: Behind::Unknown, text: what },
        })
    }

    /// What people decided about the period after the record's figures were computed, where no line says why.
    async fn decided(
        &self,
        person: PersonId,
        period: Period,
        since: DateTime<Utc>,
    ) -> Result<Option<Moved>, Finding> {
        let newest = self.newest_decision((person, period), since, None).await?;
        Ok(newest.map(|(at, text)| Moved { behind: Behind::Decision, text: at_moment(&text, at) }))
    }

    /// The newest decision that moves figures: about a task, or about none.
    async fn newest_decision(
        &self,
        (person, period): (PersonId, Period),
        since: DateTime<Utc>,
        task: Option<&str>,
    ) -> Result<Option<(DateTime<Utc>, Text)>, Finding> {
        let decisions = self.store.decisions_of(person, period).await.map_err(|error| error.finding())?;
        // What was decided before and read after them was in none of the figures.
        let moves =
            |stored: &StoredDecision| stored.known_at() > since && is_about(&stored.decision.kind, task);
        let newest = decisions.into_iter().filter(moves).max_by_key(StoredDecision::known_at);
        Ok(newest.map(|stored| {
            let (known_at, decision) = (stored.known_at(), stored.decision);
            let kind = serde_json::to_value(&decision.kind).unwrap_or_default();
            let kind = both(Words::Decision, kind.get("type").and_then(Value::as_str).unwrap_or_default());
            let text = Text::new(
                format!("{}: {}", kind.vi, decision.author),
                format!("{}: {}", kind.en, decision.author),
            );
            if decision.at > since {
                return (known_at, text);
            }
            let decided = at_moment(&text, decision.at);
            (known_at, Text::new(format!("{}, nhận lúc", decided.vi), format!("{}, read", decided.en)))
        }))
    }
}

/// Whether a decision moves figures and is about a task, or about none.
fn is_about(kind: &DecisionKind, task: Option<&str>) -> bool {
    use DecisionKind as K;
    match kind {
        K::QualityFailures { source, external_id, .. }
        | K::Lateness { source, external_id, .. }
        | K::Excuse { source, external_id, .. }
        | K::CompletedQuantity { source, external_id, .. } => {
            task.is_some_and(|task| task == format!("{source}/{external_id}"))
        }
        K::SelfAssessment { .. }
        | K::GeneralCriteria { .. }
        | K::LeaderComponent { .. }
        | K::SupportPercents { .. } => task.is_none(),
        K::Remarks { .. } | K::Approval { .. } | K::Classification { .. } => false,
    }
}

/// What may stand behind a line, and when it came.
type Found = (DateTime<Utc>, Behind, Text);

/// Keeps what came last, after a moment.
fn later(newest: &mut Option<Found>, since: DateTime<Utc>, found: Found) {
    if found.0 > since && newest.as_ref().is_none_or(|(known, ..)| found.0 > *known) {
        *newest = Some(found);
    }
}

/// Causes in one sentence; none where there are none.
pub(super) fn sentence(causes: &[Moved]) -> Option<Text> {
    let said = |lang: Lang| {
        let texts: Vec<&str> = causes.iter().map(|cause| cause.text.get(lang)).collect();
        texts.join("; ")
    };
    (!causes.is_empty()).then(|| {
        Text::new(format!("nguyên nhân: {}", said(Lang::Vi)), format!("because: {}", said(Lang::En)))
    })
}

/// Days on which offices are open or closed otherwise than before.
pub(super) fn days(changed: &BTreeMap<chrono::NaiveDate, bool>) -> Text {
    let said = |form: &str, open: &str, closed: &str| {
        let days = changed
            .iter()
            .map(|(day, is_open)| format!("{} {}", day.format(form), if *is_open { open } else { closed }));
        days.collect::<Vec<_>>().join(", ")
    };
    Text::new(
        format!("lịch làm việc: {}", said("%d/%m/%Y", "nay là ngày làm việc", "nay là ngày nghỉ")),
        format!("working days: {}", said("%Y-%m-%d", "is a working day now", "is a day off now")),
    )
}

fn at_moment(what: &Text, at: DateTime<Utc>) -> Text {
    let written = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let moment = |lang| local_time(&written, lang).unwrap_or_else(|| written.clone());
    Text::new(format!("{} {}", what.vi, moment(Lang::Vi)), format!("{} {}", what.en, moment(Lang::En)))
}

fn with(what: &Text, why: &Text, at: DateTime<Utc>) -> Text {
    let why = at_moment(why, at);
    Text::new(format!("{} [{}]", what.vi, why.vi), format!("{} [{}]", what.en, why.en))
}

/// Switches that are otherwise.
fn other_rules(before: &Map<String, Value>, after: &Map<String, Value>) -> Option<Moved> {
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    let changed: Vec<String> = keys
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| {
            let value = |of: &Map<String, Value>| of.get(key).map_or("–".to_owned(), ToString::to_string);
            format!("{key}: {} → {}", value(before), value(after))
        })
        .collect();
    let text = changed.join(", ");
    (!changed.is_empty()).then(|| Moved {
        behind: Behind::RuleSet,
        text: Text::new(format!("bộ quy tắc: {text}"), format!("rule set: {text}")),
    })
}

/// Results of parts that are otherwise, of a half-year or year.
fn other_parts(before: &[Recorded], after: &[Recorded]) -> Vec<Moved> {
    let by = |parts: &[Recorded]| -> BTreeMap<String, String> {
        parts.iter().map(|part| (part.period.clone(), part.score.clone())).collect()
    };
    let (before, after) = (by(before), by(after));
    let periods: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = periods.into_iter().filter(|period| before.get(*period) != after.get(*period));
    changed
        .map(|period| {
            let said = |of: &BTreeMap<String, String>, lang| {
                of.get(period).map_or("–".to_owned(), |score| decimal(score, lang))
            };
            let text = |lang| format!("{period}: {} → {}", said(&before, lang), said(&after, lang));
            Moved { behind: Behind::Part, text: Text::new(text(Lang::Vi), text(Lang::En)) }
        })
        .collect()
}

/// Tasks that count otherwise, a person's own first.
fn compared<'a>(before: &'a Derived, after: &'a Derived) -> Vec<Otherwise<'a>> {
    type Of<'a> = (Option<&'a str>, &'a str);
    fn lines(of: &Derived) -> BTreeMap<Of<'_>, &Line> {
        of.lines.iter().map(|line| ((line.of.as_deref(), line.source.as_str()), line)).collect()
    }
    fn excluded(of: &Derived) -> BTreeMap<&str, &Excluded> {
        of.excluded.iter().map(|task| (task.source.as_str(), task)).collect()
    }
    let (was, is) = (lines(before), lines(after));
    let (was_out, is_out) = (excluded(before), excluded(after));
    let mut found = Vec::new();
    for (key @ (of, source), line) in &is {
        let what = match (was.get(key), was_out.get(source).filter(|_| of.is_none())) {
            (Some(known), _) => match changes(known, line) {
                Some(what) => what,
                None => continue,
            },
            (None, Some(out)) => {
                let reason = both(Words::Excluded, &out.reason);
                Text::new(
                    format!("không tính ({}) → được tính", reason.vi),
                    format!("not counted ({}) → counted", reason.en),
                )
            }
            (None, None) => Text::new("nay được tính", "counts now"),
        };
        let recoefficient = was.get(key).is_some_and(|known| known.coefficient != line.coefficient);
        found.push(Otherwise { source, title: &line.title, of: *of, what, recoefficient });
    }
    for (key @ (of, source), line) in was.iter().filter(|(key, _)| !is.contains_key(*key)) {
        let reason = is_out.get(source).filter(|_| key.0.is_none());
        let what = match reason.map(|out| both(Words::Excluded, &out.reason)) {
            Some(reason) => Text::new(
                format!("được tính → không tính ({})", reason.vi),
                format!("counted → not counted ({})", reason.en),
            ),
            None => Text::new("không còn được tính", "counts no more"),
        };
        found.push(Otherwise { source, title: &line.title, of: *of, what, recoefficient: false });
    }
    // What does not count either way moves no figure, and yet it moves how many do not.
    for (source, task) in &is_out {
        let known = was_out.get(source).map(|task| task.reason.as_str());
        if known == Some(&task.reason) || was.contains_key(&(None, source)) {
            continue;
        }
        let reason = both(Words::Excluded, &task.reason);
        let what = Text::new(format!("không tính ({})", reason.vi), format!("not counted ({})", reason.en));
        found.push(Otherwise { source, title: &task.title, of: None, what, recoefficient: false });
    }
    found
}

/// What of a line is otherwise.
fn changes(before: &Line, after: &Line) -> Option<Text> {
    let (mut vi, mut en) = (Vec::new(), Vec::new());
    for ((name, english, old), (_, _, new)) in before.says().into_iter().zip(after.says()) {
        if old != new {
            vi.push(format!("{name} {} → {}", decimal_only(&old, Lang::Vi), decimal_only(&new, Lang::Vi)));
            en.push(format!("{english} {old} → {new}"));
        }
    }
    if before.extra != after.extra {
        let said = |extra: bool| {
            if extra { ("ngoài kế hoạch", "extra") } else { ("được giao", "assigned") }
        };
        let (old, new) = (said(before.extra), said(after.extra));
        vi.push(format!("{} → {}", old.0, new.0));
        en.push(format!("{} → {}", old.1, new.1));
    }
    (!vi.is_empty()).then(|| Text::new(vi.join(", "), en.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(source: &str, k: &str, late: u32, of: Option<&str>) -> Value {
        json!({
            "source": source, "title": "Báo cáo", "product": "SP-1", "coefficient": k, "assigned": "1", "completed": "1",
            "quality_failures": 0, "late_count": late, "due": "2026-11-20", "completed_on": "2026-11-24", "of": of,
            "assigned_converted": k,
        })
    }

    fn derived(lines: &[Value], excluded: &[(&str, &str)]) -> Derived {
        let excluded = excluded
            .iter()
            .map(|(source, reason)| json!({ "source": source, "title": "Việc khác", "reason": reason }));
        let excluded: Vec<Value> = excluded.collect();
        serde_json::from_value(json!({ "total": null, "lines": lines, "excluded": excluded })).expect("read")
    }

    #[test]
    fn what_counts_otherwise_is_told_line_by_line_and_what_stayed_is_not() {
        let before = derived(
            &[line("snv/1", "1", 4, None), line("snv/2", "1", 0, None), line("snv/4", "1", 0, Some("GL-2"))],
            &[("snv/3", "unmapped"), ("snv/9", "cancelled")],
        );
        let after = derived(
            &[
                line("snv/1", "1.5", 2, None),
                line("snv/3", "1", 0, None),
                line("snv/4", "1", 0, Some("GL-2")),
                line("snv/5", "1", 0, Some("GL-2")),
            ],
            &[("snv/2", "duplicate"), ("snv/9", "cancelled")],
        );
        let found = compared(&before, &after);
        let told: Vec<(&str, Option<&str>, &str)> =
            found.iter().map(|one| (one.source, one.of, one.what.en.as_str())).collect();
        assert_eq!(
            told,
            [
                ("snv/1", None, "k 1 → 1.5, l 4 → 2"),
                ("snv/3", None, "not counted (waits for its product) → counted"),
                ("snv/5", Some("GL-2"), "counts now"),
                ("snv/2", None, "counted → not counted (one with a task of another source)"),
            ]
        );
        assert_eq!(found[0].what.vi, "k 1 → 1,5, l 4 → 2");
        assert!(compared(&after, &after).is_empty());
    }

    #[test]
    fn switches_days_and_parts_that_changed_are_named() {
        let rules = |late: &str| json!({ "id": "a", "late_unit": late }).as_object().expect("map").clone();
        let told = other_rules(&rules("calendar_day"), &rules("occurrence")).expect("another one");
        assert_eq!(told.text.en, "rule set: late_unit: \"calendar_day\" → \"occurrence\"");
        assert_eq!(other_rules(&rules("occurrence"), &rules("occurrence")), None);
        let part = |period: &str, score: &str| Recorded { period: period.into(), score: score.into() };
        let told =
            other_parts(&[part("2026-Q1", "80.00")], &[part("2026-Q1", "80.50"), part("2026-Q2", "70.00")]);
        let told: Vec<&str> = told.iter().map(|one| one.text.vi.as_str()).collect();
        assert_eq!(told, ["2026-Q1: 80,00 → 80,50", "2026-Q2: – → 70,00"]);
        let day = |text: &str| text.parse::<chrono::NaiveDate>().expect("day");
        let changed = BTreeMap::from([(day("2026-11-23"), false), (day("2026-11-28"), true)]);
        assert_eq!(
            days(&changed).en,
            "working days: 2026-11-23 is a day off now, 2026-11-28 is a working day now"
        );
    }

    #[test]
    fn decision_stands_behind_its_own_task_or_behind_the_whole_and_an_approval_behind_nothing() {
        let kind = |value: Value| serde_json::from_value::<DecisionKind>(value).expect("a decision");
        let excuse = kind(
            json!({ "type": "excuse", "source": "snv", "external_id": "1", "covers": "late", "reason": "x" }),
        );
        assert!(
            is_about(&excuse, Some("snv/1")) && !is_about(&excuse, Some("snv/2")) && !is_about(&excuse, None)
        );
        let ability =
            kind(json!({ "type": "leader_component", "component": "unity_ability", "percent": "50" }));
        assert!(is_about(&ability, None) && !is_about(&ability, Some("snv/1")));
        let approval =
            kind(json!({ "type": "approval", "revision": 1, "content_hash": null, "decision_no": null }));
        assert!(!is_about(&approval, None) && !is_about(&approval, Some("snv/1")));
    }
}
