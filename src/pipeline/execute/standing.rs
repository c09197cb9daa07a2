//! Who still has to act in a period: counts by unit, from the store as it is now.
//!
//! Owns the table of `period status` with what it tells of single records, and the facts of a unit's close. It must not know which points a person may
//! accept. Whoever has no score has no form, and is counted as such, never as zero points.

use super::{Answer, App, Refusal};
use crate::directory::Directory;
use crate::domain::{Period, PersonId, RecordState, RuleSet, UnitCode, local_date};
use crate::error::{Finding, Place, Text};
use crate::evaluation::opinion::OpinionKind;
use crate::evaluation::organisation::late_classification;
use crate::evaluation::{Content, Yearly};
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::opinion::party_opinion_missing;
use crate::pipeline::score::Gathered;
use crate::store::RecordLine;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One unit's people in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Evaluated people whose post at the end of the period is in the unit.
    pub people: Vec<PersonId>,
    /// Without a record.
    pub none: u64,
    /// By state of the newest revision.
    pub states: BTreeMap<&'static str, u64>,
    /// Held.
    pub held: u64,
    /// Without a word of their own.
    pub no_own_word: u64,
    /// Whose general criteria are missing.
    pub no_criteria: u64,
    /// Leaders without đ or e, or without the d that is entered for them.
    pub no_components: u64,
    /// Open petitions.
    pub petitions: u64,
    /// Open petitions past their day.
    pub overdue: u64,
    /// With a result that was approved and not told to them (art. 17.3).
    pub untold: u64,
    /// Heads and deputies whose year waits for its decision without the party committee's opinion (art. 21); years only.
    pub no_party_opinion: u64,
    /// Whose figures moved on after the approval or close (LT-REC-006).
    pub changed: u64,
}

impl Counted {
    /// How many stand in one of these states.
    pub fn in_states(&self, states: &[RecordState]) -> u64 {
        states.iter().filter_map(|state| self.states.get(state.as_str())).sum()
    }
}

/// The unit a person is counted in: of the post at the end of the period.
fn unit_of(directory: &Directory, person: PersonId, period: Period) -> Option<UnitCode> {
    directory.last_post(person, period).map(|post| post.unit.clone())
}

/// Everybody who is evaluated in a period, by unit.
pub(super) async fn by_unit(app: &App, period: Period) -> Result<BTreeMap<UnitCode, Counted>, Refusal> {
    let directory = app.directory().await?;
    // A period that no rule set governs was never scored: its checklist is told all the same.
    let rules = &app.rule_set(period).map_or_else(|_| RuleSet::default(), Clone::clone);
    let facts = Gathered::default().facts(app).await?;
    let mut units: BTreeMap<UnitCode, Counted> = BTreeMap::new();
    let mut lines = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = app.store.record_lines(Some(period), None, &after, 500).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.staff_number);
        lines.extend(page.into_iter().map(|line| (line.person, line)));
    }
    let held: BTreeSet<PersonId> =
        app.store.open_holds(period).await?.into_iter().map(|hold| hold.person).collect();
    let own = app.store.self_assessed(period).await?;
    let told = app.store.told(period).await?;
    let heard = app.store.with_opinion(period, OpinionKind::PartyCommittee.as_str()).await?;
    let mut petitions: BTreeMap<PersonId, (u64, u64)> = BTreeMap::new();
    for petition in app.store.petitions(true, 100_000).await? {
        if petition.period == period {
            let (open, overdue) = petitions.entry(petition.person).or_default();
            *open += 1;
            *overdue += u64::from(app.clock.today() > petition.due_on);
        }
    }
    let changed = app.store.differences(Some(period), 100_000).await?;
    let changed: BTreeSet<PersonId> = changed.into_iter().map(|(person, ..)| person).collect();
    for known in directory.people() {
        // On leave all the period, or too little of it worked: nobody has to act (art. 11).
        let evaluated = || period.is_mean() || App::is_evaluated(&directory, &facts, known.id, period, rules);
        if !directory.is_scored(known.id, period, rules.population_filter) || !evaluated() {
            continue;
        }
        let Some(unit) = unit_of(&directory, known.id, period) else { continue };
        let counted = units.entry(unit).or_default();
        counted.people.push(known.id);
        counted.held += u64::from(held.contains(&known.id));
        let (open, overdue) = petitions.get(&known.id).copied().unwrap_or_default();
        counted.petitions += open;
        counted.overdue += overdue;
        counted.changed += u64::from(changed.contains(&known.id));
        let line = lines.get(&known.id);
        let said = line.is_some_and(|line| line.content.pointer("/remarks/own").is_some());
        counted.no_own_word += u64::from(!said && !own.contains(&known.id));
        let Some(line) = line else {
            counted.none += 1;
            continue;
        };
        *counted.states.entry(line.state.as_str()).or_default() += 1;
        let stands = matches!(line.state, RecordState::Approved | RecordState::Delivered);
        counted.untold += u64::from(stands && !told.contains(&(known.id, line.revision)));
        let wanted = period.is_year() && !stands && directory.is_leader(known.id, period);
        let heard = heard.contains(&known.id) || line.content.pointer("/remarks/party_opinion").is_some();
        counted.no_party_opinion += u64::from(wanted && !heard);
        let missing = line.content.get("missing").and_then(Value::as_array);
        let lacks = |names: &[&str]| {
            let mut missing = missing.into_iter().flatten().filter_map(Value::as_str);
            missing.any(|part| names.contains(&part))
        };
        counted.no_criteria += u64::from(lacks(&["general_criteria"]));
        // A computed d waits for others, not for its own scorer.
        let lacks_d = lacks(&["unit_result"]) && App::enters_d(&directory, &facts, known.id, period, rules);
        counted.no_components += u64::from(lacks_d || lacks(&["implementation_ability", "unity_ability"]));
    }
    Ok(units)
}

/// Who still has to act in a period, unit by unit, with a last line for all of them.
pub(super) async fn status(app: &App, period: Period, unit: Option<&UnitCode>) -> Answer {
    let directory = app.directory().await?;
    let within: Option<BTreeSet<UnitCode>> =
        unit.map(|unit| directory.subtree(unit).into_iter().map(|unit| unit.to_owned()).collect());
    let closed_units = app.store.closed_units(period).await?;
    let closed = app.store.period_close(period).await?.is_some();
    let mut rows = Vec::new();
    let mut unheard = 0;
    let mut sums = [0_u64; 18];
    for (code, counted) in by_unit(app, period).await? {
        if within.as_ref().is_some_and(|units| !units.contains(&code)) {
            continue;
        }
        let one = |state: RecordState| counted.in_states(&[state]);
        let figures = [
            counted.people.len() as u64,
            counted.none,
            one(RecordState::Computed),
            counted.no_criteria,
            counted.no_components,
            counted.no_own_word,
            one(RecordState::Provisional),
            one(RecordState::SelfAssessed),
            one(RecordState::Reviewed),
            one(RecordState::Corrected),
            one(RecordState::Revoked),
            one(RecordState::Approved),
            one(RecordState::Delivered),
            counted.untold,
            counted.held,
            counted.petitions,
            counted.overdue,
            counted.changed,
        ];
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum += figure;
        }
        unheard += counted.no_party_opinion;
        let name = directory.unit(&code).map(|unit| unit.name.clone()).unwrap_or_default();
        let is_closed = closed || closed_units.contains(&code);
        let mut row = vec![json!(code), json!(name), json!(is_closed)];
        row.extend(figures.map(|figure| json!(figure)));
        rows.push(row);
    }
    let mut total = vec![json!("*"), json!(null), json!(closed)];
    total.extend(sums.map(|figure| json!(figure)));
    rows.push(total);
    let columns = [
        ("people", "Người", "People"),
        ("no_record", "Chưa có phiếu", "No record"),
        ("incomplete", "Thiếu phần", "Incomplete"),
        ("no_criteria", "Thiếu tiêu chí", "No criteria"),
        ("no_components", "Thiếu đ, e", "No đ, e"),
        ("not_self_assessed", "Chưa tự đánh giá", "Not self-assessed"),
        ("provisional", "Tạm tính", "Provisional"),
        ("self_assessed", "Đã tự đánh giá", "Self-assessed"),
        ("reviewed", "Đã nhận xét", "Reviewed"),
        ("corrected", "Đính chính", "Corrected"),
        ("revoked", "Đã hủy", "Revoked"),
        ("approved", "Đã duyệt", "Approved"),
        ("delivered", "Đã gửi", "Delivered"),
        ("untold", "Chưa thông báo", "Not told"),
        ("held", "Tạm dừng", "Held"),
        ("petitions", "Kiến nghị", "Petitions"),
        ("overdue", "Quá hạn trả lời", "Overdue"),
        ("changed", "Số liệu đã đổi", "Figures changed"),
    ];
    let mut shown = vec![
        Column::left("unit", "Đơn vị", "Unit"),
        Column::left("name", "Tên", "Name"),
        Column::left("closed", "Đã chốt", "Closed"),
    ];
    shown.extend(columns.map(|(key, vi, en)| Column::right(key, vi, en)));
    let table = Document::Table {
        title: Text::new(
            format!("Việc còn phải làm, kỳ {period}"),
            format!("Who still has to act in {period}"),
        ),
        columns: shown,
        rows,
    };
    let mut findings = told(app, &directory, period, unit.zip(within.as_ref())).await?;
    findings.extend((unheard > 0).then(|| party_opinion_missing(unheard, period)));
    Ok(Outcome::with_findings(table, findings))
}

/// What a person has to look at in a period, 100 findings at most: how many figures moved on after an approval or close; of
/// a year those who are classified late, heads whose organisation is not recognised, and more Excellent ones than the quota.
async fn told(
    app: &App,
    directory: &Directory,
    period: Period,
    within: Option<(&UnitCode, &BTreeSet<UnitCode>)>,
) -> Result<Vec<Finding>, Refusal> {
    let inside = |person: PersonId| {
        let unit = unit_of(directory, person, period);
        within.is_none_or(|(_, units)| unit.is_some_and(|unit| units.contains(&unit)))
    };
    let changed = app.store.differences(Some(period), 100_000).await?;
    let changed = changed.iter().filter(|(person, ..)| inside(*person)).count() as u64;
    let mut findings: Vec<Finding> = moved_on(changed, Some(period)).into_iter().collect();
    if period.is_year() {
        let asked = within.map(|(unit, _)| unit);
        if !divides(directory, asked) {
            findings.extend(super::quota::decided(app, asked, period, &BTreeMap::new()).await?);
        }
        findings.extend(classified(app, directory, period, &inside, 100).await?);
    }
    findings.truncate(100);
    Ok(findings)
}

/// How many approved or closed results have other figures by now, of one period or of all; none where there is none. What
/// moved each of them is long, and told by the list.
pub(super) fn moved_on(count: u64, period: Option<Period>) -> Option<Finding> {
    let of_period = period.map(|period| format!(" --period {period}")).unwrap_or_default();
    (count > 0).then(|| {
        Finding::warning(
            "LT-REC-006",
            Text::new(
                format!("{count} kết quả đã duyệt hoặc đã chốt có số liệu khác"),
                match count {
                    1 => "1 approved or closed result has other figures by now".to_owned(),
                    _ => format!("{count} approved or closed results have other figures by now"),
                },
            ),
            Text::new(
                format!("xem từng kết quả và nguyên nhân: `record list --changed{of_period}`"),
                format!("each of them and its causes: `record list --changed{of_period}`"),
            ),
        )
    })
}

/// What stands open in a year's classifications, of everybody or of the people of one unit. The quota is one of an agency:
/// a division's part of it says nothing.
pub(super) async fn yearly(
    app: &App,
    directory: &Directory,
    period: Period,
    unit: Option<(&UnitCode, &[PersonId])>,
) -> Result<Yearly, Refusal> {
    if !period.is_year() {
        return Ok(Yearly::default());
    }
    let inside = |person: PersonId| unit.is_none_or(|(_, people)| people.contains(&person));
    let told = classified(app, directory, period, &inside, usize::MAX).await?;
    let count = |code: &str| told.iter().filter(|finding| finding.code == code).count() as u64;
    let agency = unit.map(|(unit, _)| unit);
    let above = if divides(directory, agency) {
        0
    } else {
        super::quota::decided(app, agency, period, &BTreeMap::new()).await?.len() as u64
    };
    Ok(Yearly { late: count("LT-REC-052"), unrecognised: count("LT-ORG-011"), above_quota: above })
}

/// Whether a unit is part of an agency: the quota is one of the whole agency, and a part of it says nothing.
fn divides(directory: &Directory, unit: Option<&UnitCode>) -> bool {
    unit.is_some_and(|unit| directory.agency_of(unit) != Some(unit))
}

/// Of those classified: decisions after the day of the law, and heads whose organisation is not recognised; no more
/// once so many are found.
async fn classified(
    app: &App,
    directory: &Directory,
    period: Period,
    inside: &(dyn Fn(PersonId) -> bool + Sync),
    most: usize,
) -> Result<Vec<Finding>, Refusal> {
    let (mut findings, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.store.record_lines(Some(period), None, &after, 500).await?;
        let Some(last) = page.last() else { return Ok(findings) };
        after = last.place();
        let approved =
            |line: &&RecordLine| matches!(line.state, RecordState::Approved | RecordState::Delivered);
        for line in page.iter().filter(approved).filter(|line| inside(line.person)) {
            let content: Content = serde_json::from_value(line.content.clone())
                .map_err(|_| crate::pipeline::broken("record"))?;
            let (Some(level), Some(ruling)) = (content.level, content.ruling) else { continue };
            let special = app.has_special_date(directory, line.person, period).await?;
            let late = late_classification(period.year(), local_date(ruling.at), special);
            let place = || Place::of(format!("record {} {period}", line.staff_number));
            findings.extend(late.map(|finding| finding.at(place())));
            if let Ok(Some(unknown)) = app.check_cap(directory, line.person, period, level).await? {
                findings.push(unknown);
            }
        }
        if findings.len() >= most {
            return Ok(findings);
        }
    }
}
