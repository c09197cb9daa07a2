//! The report on the quota of Excellent: per group of similar tasks within an agency, both readings (art. 20.5).
//!
//! Owns which people make a group: those of one agency with one `task_group` fact, else one role, and the warning where
//! more are classified Excellent than it allows. It decides nothing and changes nothing; whoever classifies picks, and
//! ties are theirs to settle.

use super::{Answer, App, Refusal};
use crate::domain::rules::{QuotaBase, RuleSet};
use crate::domain::{Exact, FactKind, Level, Period, PersonId, StaffNumber, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::evaluation::is_evaluated;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::score::{FULL_PERIOD, scope_of};
use crate::pipeline::wording::{Words, both};
use crate::scoring::quota::{Candidate, looks_at, most_excellent, quota};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

pub(super) async fn show(app: &App, unit: Option<&UnitCode>, period: Period) -> Answer {
    let rules = app.rule_set(period)?;
    if !looks_at(period, rules) {
        return Err(only_years(period).into());
    }
    let groups = groups(app, unit, period).await?;
    let rows = groups.into_iter().map(|((agency, group), Group { everybody, people })| {
        let found = quota(everybody, &people, rules);
        let (all, good_or_better) = (everybody, found.good_or_better);
        let other =
            |base, percent| most_excellent(all, good_or_better, percent, base, rules.quota_small_group);
        vec![
            json!(agency),
            json!(group),
            json!(everybody),
            json!(found.good_or_better),
            json!(found.proposed),
            json!(found.allowed),
            json!(other(QuotaBase::Good, 20)),
            json!(other(QuotaBase::GoodOrBetter, 20)),
            json!(other(QuotaBase::Good, 25)),
            json!(other(QuotaBase::GoodOrBetter, 25)),
            json!(found.within.join(", ")),
            json!(found.tied.join(", ")),
            json!(found.beyond.join(", ")),
        ]
    });
    Ok(Outcome::ok(Document::Table {
        title: title(period, rules),
        columns: vec![
            Column::left("agency", "Cơ quan", "Agency"),
            Column::words("group", "Nhóm nhiệm vụ tương đồng", "Group of similar tasks", Words::Role),
            Column::right("people", "Số người", "People"),
            Column::right("good_or_better", "Từ tốt trở lên", "Good or better"),
            Column::right("proposed", "Đề nghị xuất sắc", "Proposed excellent"),
            Column::right("allowed", "Được tối đa", "Allowed"),
            Column::right("good_20", "20 % của tốt", "20 % of Good"),
            Column::right("better_20", "20 % của từ tốt", "20 % of Good or better"),
            Column::right("good_25", "25 % của tốt", "25 % of Good"),
            Column::right("better_25", "25 % của từ tốt", "25 % of Good or better"),
            Column::left("within", "Trong tỷ lệ", "Within"),
            Column::left("tied", "Bằng điểm, cần chọn", "Tied, to be chosen"),
            Column::left("beyond", "Vượt tỷ lệ", "Beyond"),
        ],
        rows: rows.collect(),
    }))
}

fn title(period: Period, rules: &RuleSet) -> Text {
    let percent = rules.quota_percent;
    let (vi, en) = match rules.quota_base {
        QuotaBase::Good => ("số hoàn thành tốt", "those Good"),
        QuotaBase::GoodOrBetter => ("số từ hoàn thành tốt trở lên", "those Good or better"),
    };
    Text::new(
        format!("Tỷ lệ xuất sắc {period}: tối đa {percent} % {vi} (Đ20.5)"),
        format!("Quota of Excellent for {period}: at most {percent} % of {en} (art. 20.5)"),
    )
}

/// People of one agency with similar tasks.
#[derive(Default)]
struct Group {
    /// Everyone evaluated, also those whose score still lacks a part.
    everybody: u64,
    /// Those with a total and a level.
    people: Vec<Candidate>,
}

/// Whoever is evaluated, by agency and group; without groups nobody of which has a level yet.
async fn groups(
    app: &App,
    unit: Option<&UnitCode>,
    period: Period,
) -> Result<BTreeMap<(String, String), Group>, Refusal> {
    let directory = app.directory().await?;
    let scope = scope_of(period, FULL_PERIOD);
    let heads = app.store.score_heads(period, scope).await?;
    let mut named: HashMap<PersonId, String> = HashMap::new();
    for stored in app.store.service_facts(None, false).await? {
        let (from, to) = stored.fact.span();
        let last = period.last_day();
        if stored.fact.kind == FactKind::TaskGroup && from <= last && last <= to {
            named.insert(stored.person, stored.fact.text.unwrap_or_default());
        }
    }
    let within: Option<Vec<String>> =
        unit.map(|unit| directory.subtree(unit).iter().map(ToString::to_string).collect());
    let units: Vec<&str> = within.iter().flatten().map(String::as_str).collect();
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let lines = app.store.score_lines(period, scope, &units, &after, 500).await?;
        let Some(last) = lines.last() else {
            groups.retain(|_, group| !group.people.is_empty());
            return Ok(groups);
        };
        after.clone_from(&last.staff_number);
        for line in lines {
            let missing = line.summary.get("missing").and_then(Value::as_array).into_iter().flatten();
            if !is_evaluated(missing.filter_map(Value::as_str)) {
                continue;
            }
            let level = line.summary.get("level").and_then(|level| level.as_str()).and_then(Level::parse);
            let score = heads.get(&line.person).and_then(|head| head.total.as_ref());
            let score = score.and_then(|text| text.parse::<Exact>().ok());
            let agency = line.unit.parse::<UnitCode>().ok();
            let agency = agency.as_ref().and_then(|unit| directory.agency_of(unit)).map(ToString::to_string);
            let group = named.get(&line.person).cloned().unwrap_or(line.role);
            let group = groups.entry((agency.unwrap_or(line.unit), group)).or_default();
            group.everybody += 1;
            if let (Some(level), Some(score)) = (level, score) {
                group.people.push(Candidate { person: line.staff_number, score, level });
            }
        }
    }
}

/// Groups in which more people are classified Excellent than the quota allows, all of them or those of the units of one;
/// `ahead`: as if these people were classified so already, and of their groups alone. Whoever is not classified yet counts as proposed.
pub(super) async fn decided(
    app: &App,
    unit: Option<&UnitCode>,
    period: Period,
    ahead: &BTreeMap<PersonId, Level>,
) -> Result<Vec<Finding>, Refusal> {
    let Ok(rules) = app.rule_set(period) else { return Ok(Vec::new()) };
    let directory = app.directory().await?;
    let mut findings = Vec::new();
    for ((agency, group), Group { everybody, mut people }) in groups(app, unit, period).await? {
        let known = |person: &Candidate| {
            StaffNumber::parse(&person.person).and_then(|number| directory.by_staff_number(&number))
        };
        let ids: Vec<PersonId> = people.iter().filter_map(known).collect();
        let approved = app.store.approved_of(&ids, period).await?;
        let (mut excellent, mut concerned) = (0_u64, ahead.is_empty());
        for person in &mut people {
            let Some(id) = known(person) else { continue };
            let held = approved.get(&id).and_then(|revision| revision.content.get("level")?.as_str());
            let before = ahead.get(&id).copied();
            concerned |= before.is_some();
            let Some(level) = before.or_else(|| held.and_then(Level::parse)) else { continue };
            person.level = level;
            excellent += u64::from(level == Level::Excellent);
        }
        let found = quota(everybody, &people, rules);
        if concerned && excellent > found.allowed {
            findings.push(beyond(
                (&agency, &group),
                (excellent, found.good_or_better, found.allowed),
                period,
            ));
        }
    }
    Ok(findings)
}

fn beyond((agency, group): (&str, &str), (excellent, of, most): (u64, u64, u64), period: Period) -> Finding {
    // Without a named group people are grouped by the role of their post.
    let group = both(Words::Role, group);
    Finding::warning(
        "LT-REC-086",
        Text::new(
            format!(
                "{agency}, nhóm {}: {excellent} người được xếp loại xuất sắc trên {of} người từ hoàn thành tốt trở lên; tối đa {most} (Điều 20.5)",
                group.vi
            ),
            format!(
                "{agency}, group {}: {excellent} people classified Excellent of {of} Good or better; at most {most} (art. 20.5)",
                group.en
            ),
        ),
        Text::new(
            "xem `score quota`; tỷ lệ khác do cấp có thẩm quyền quyết định thì ghi quota_percent của bộ quy tắc, nếu không thì xếp loại lại",
            "see `score quota`; where the authority decided on another share set quota_percent of the rule set, else classify anew",
        ),
    )
    .at(Place::of(format!("quota {agency} {period}")))
}

fn only_years(period: Period) -> Finding {
    Finding::error(
        "LT-SCO-026",
        Text::new(
            format!("tỷ lệ xuất sắc chỉ áp dụng cho năm (Điều 20.5), không cho kỳ {period}"),
            format!("the quota of Excellent is for years (art. 20.5), not for {period}"),
        ),
        Text::new(
            "hỏi cho năm, hoặc đặt quota_on_quarters = true trong bộ quy tắc",
            "ask for a year, or set quota_on_quarters = true in the rule set",
        ),
    )
}
