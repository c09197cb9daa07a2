//! Units of the first level: their sources, people, scores and records.

use super::live::Counts;
use super::overview::{Seen, stands};
use super::table::{Cell, Section, Sheet};
use super::{Page, Visit, Web, format};
use crate::directory::Directory;
use crate::domain::{Period, Unit, UnitCode, UnitKind};
use crate::error::Lang;
use std::collections::BTreeMap;

/// What stands behind one unit and everything below it.
#[derive(Default)]
pub(super) struct UnitTotals {
    /// Scores of the running quarter.
    pub scores: u64,
    /// Of these, complete.
    pub complete: u64,
    /// Records of the quarter before.
    pub records: u64,
    /// Of these, approved.
    pub approved: u64,
}

/// The first-level unit a unit belongs to: a department, a commune, or the province itself.
pub(super) fn first_level(directory: &Directory, code: &str) -> Option<UnitCode> {
    let mut unit = directory.unit(&code.parse().ok()?)?;
    // A loop in the tree ends here rather than never.
    for _ in 0..16 {
        match &unit.parent {
            Some(parent) if unit.kind == UnitKind::Division => unit = directory.unit(parent)?,
            _ => break,
        }
    }
    Some(unit.code.clone())
}

/// Totals of the units that `of` says a unit counts in.
fn totals(counts: &Counts, of: impl Fn(&str) -> Option<UnitCode>) -> BTreeMap<UnitCode, UnitTotals> {
    let mut totals: BTreeMap<UnitCode, UnitTotals> = BTreeMap::new();
    for (unit, (all, complete)) in &counts.scores {
        if let Some(code) = of(unit) {
            let total = totals.entry(code).or_default();
            total.scores += all;
            total.complete += complete;
        }
    }
    for (unit, states) in &counts.records {
        if let Some(code) = of(unit) {
            let total = totals.entry(code).or_default();
            total.records += states.values().sum::<u64>();
            total.approved +=
                ["approved", "delivered"].iter().filter_map(|state| states.get(*state)).sum::<u64>();
        }
    }
    totals
}

/// The division right below a unit that another one is or belongs to; the unit itself for its own people.
fn part_of(directory: &Directory, whole: &UnitCode, code: &str) -> Option<UnitCode> {
    let mut unit = directory.unit(&code.parse().ok()?)?;
    // A loop in the tree ends here rather than never.
    for _ in 0..16 {
        match &unit.parent {
            _ if unit.code == *whole => return Some(whole.clone()),
            Some(parent) if parent == whole => return Some(unit.code.clone()),
            Some(parent) => unit = directory.unit(parent)?,
            None => return None,
        }
    }
    None
}

/// The divisions right below a unit.
fn divisions<'a>(directory: &'a Directory, whole: &'a UnitCode) -> impl Iterator<Item = &'a Unit> {
    let below = move |unit: &&Unit| unit.kind == UnitKind::Division && unit.parent.as_ref() == Some(whole);
    directory.units().filter(below)
}

/// Renders the page: every unit, or one with its divisions.
pub(super) async fn page(web: &Web, visit: &Visit) -> Page {
    if let Ok(unit) = visit.asked("unit").parse::<UnitCode>() {
        return one(web, visit, &unit).await;
    }
    let lang = visit.lang;
    let now = web.app.clock.now();
    let counts = web.live.counts(web).await?;
    let directory = web.app.directory().await?;
    let quarter = Period::quarter_of(web.app.clock.today());
    let totals = totals(&counts, |unit| first_level(&directory, unit));
    let mut section = Section::table(
        visit,
        "units",
        "",
        &[
            ("Đơn vị", "Unit"),
            ("Nguồn dữ liệu", "Sources"),
            ("Độ mới", "Freshness"),
            ("#Nhiệm vụ", "#Tasks"),
            ("#Điểm quý này", "#Scores this quarter"),
            ("#Đủ thành phần", "#Complete"),
            ("#Hồ sơ quý trước", "#Records last quarter"),
            ("#Đã phê duyệt", "#Approved"),
        ],
        (
            "Chưa có đơn vị nào. Nhập bằng lệnh people import hoặc khai báo [people] units_file.",
            "No units yet. Import them with people import or declare [people] units_file.",
        ),
    )
    .note(format!(
        "{} {}, {} {}.",
        visit.say("Quý này là", "This quarter is"),
        format::period(quarter, lang),
        visit.say("quý trước là", "last quarter is"),
        format::period(quarter.previous(), lang)
    ));
    for unit in directory.units().filter(|unit| unit.kind != UnitKind::Division) {
        let sources: Vec<_> = web.app.sources.iter().filter(|(_, source)| source.unit == unit.code).collect();
        let tasks: u64 = sources
            .iter()
            .filter_map(|(id, _)| counts.overview.sources.get(id.as_str()))
            .map(|totals| totals.tasks)
            .sum();
        let worst = sources
            .iter()
            .filter_map(|(id, _)| Some((counts.sources.get(id)?, counts.stopped.get(id))))
            .map(|(source, gate)| stands(Seen::of(source), gate, None, now, lang))
            .map(|judged| (judged.light, judged.word))
            .max_by_key(|(light, _)| ["ok", "warn", "bad"].iter().position(|known| known == light));
        let none = UnitTotals::default();
        let total = totals.get(&unit.code).unwrap_or(&none);
        let href = |path: &str, period: Period| format!("{path}?period={period}&unit={}", unit.code);
        let names: Vec<String> = sources.iter().map(|(id, _)| id.to_string()).collect();
        let source = match sources.first() {
            Some((id, _)) => Cell::link(names.join(", "), format!("/sources/{id}")),
            None => Cell::text("–"),
        };
        section.push(
            unit.code.to_string(),
            vec![
                match divisions(&directory, &unit.code).count() {
                    0 => Cell::text(unit.name.clone()),
                    count => {
                        Cell::link(unit.name.clone(), format!("/units?unit={}", unit.code)).note(format!(
                            "{count} {}",
                            match (lang, count) {
                                (Lang::Vi, _) => "phòng, ban",
                                (Lang::En, 1) => "division",
                                (Lang::En, _) => "divisions",
                            }
                        ))
                    }
                },
                source,
                worst.map_or_else(|| Cell::text("–"), |(light, word)| Cell::tag((word.to_owned(), light))),
                match sources.as_slice() {
                    // Tasks are listed by source.
                    [(id, _)] => Cell::num(format::count(tasks)).to(format!("/tasks?source={id}")),
                    _ => Cell::num(format::count(tasks)),
                },
                Cell::num(format::count(total.scores)).to(href("/scores", quarter)),
                Cell::num(format::count(total.complete)),
                Cell::num(format::count(total.records)).to(href("/scores", quarter.previous())),
                Cell::num(format::count(total.approved)),
            ],
        );
    }
    let sheet = Sheet {
        heading: visit.say("Đơn vị", "Units").to_owned(),
        sections: vec![section],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

/// One unit: its divisions, each with everything below it, and its own people first.
async fn one(web: &Web, visit: &Visit, code: &UnitCode) -> Page {
    let lang = visit.lang;
    let directory = web.app.directory().await?;
    let Some(whole) = directory.unit(code) else { return Ok(None) };
    let counts = web.live.counts(web).await?;
    let quarter = Period::quarter_of(web.app.clock.today());
    let totals = totals(&counts, |unit| part_of(&directory, code, unit));
    let mut section = Section::table(
        visit,
        "divisions",
        "",
        &[
            ("Phòng, ban", "Division"),
            ("#Người", "#People"),
            ("#Điểm quý này", "#Scores this quarter"),
            ("#Đủ thành phần", "#Complete"),
            ("#Hồ sơ quý trước", "#Records last quarter"),
            ("#Đã phê duyệt", "#Approved"),
        ],
        ("–", "–"),
    );
    let mut people: BTreeMap<UnitCode, u64> = BTreeMap::new();
    for known in directory.people() {
        let post = directory.last_post(known.id, quarter);
        if let Some(part) = post.and_then(|post| part_of(&directory, code, post.unit.as_str())) {
            *people.entry(part).or_default() += 1;
        }
    }
    for unit in std::iter::once(whole).chain(divisions(&directory, code)) {
        let none = UnitTotals::default();
        let total = totals.get(&unit.code).unwrap_or(&none);
        let href = |period: Period| format!("/scores?period={period}&unit={}", unit.code);
        let own = unit.code == *code;
        let name = Cell::text(unit.name.clone());
        let name = if own {
            name.note(visit.say("không thuộc phòng, ban nào", "in no division"))
        } else {
            name
        };
        // The list of scores takes a unit with everything below it.
        let linked = |cell: Cell, period| if own { cell } else { cell.to(href(period)) };
        section.push(
            unit.code.to_string(),
            vec![
                name,
                Cell::num(format::count(people.get(&unit.code).copied().unwrap_or(0))),
                linked(Cell::num(format::count(total.scores)), quarter),
                Cell::num(format::count(total.complete)),
                linked(Cell::num(format::count(total.records)), quarter.previous()),
                Cell::num(format::count(total.approved)),
            ],
        );
    }
    let sheet = Sheet {
        heading: whole.name.clone(),
        intro: format!(
            "{} {}, {} {}.",
            visit.say("Quý này là", "This quarter is"),
            format::period(quarter, lang),
            visit.say("quý trước là", "last quarter is"),
            format::period(quarter.previous(), lang)
        ),
        parent: Some((visit.say("Đơn vị", "Units"), "/units".to_owned())),
        sections: vec![section],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}
