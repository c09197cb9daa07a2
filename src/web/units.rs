//! Units of the first level: their sources, people, scores and records.

use super::live::Counts;
use super::overview::{Seen, stands};
use super::table::{Cell, Section, Sheet};
use super::{Page, Visit, Web, format};
use crate::directory::Directory;
use crate::domain::{Period, UnitCode, UnitKind};
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

/// Totals of every first-level unit.
pub(super) fn totals(directory: &Directory, counts: &Counts) -> BTreeMap<UnitCode, UnitTotals> {
    let mut totals: BTreeMap<UnitCode, UnitTotals> = BTreeMap::new();
    for (unit, (all, complete)) in &counts.scores {
        if let Some(code) = first_level(directory, unit) {
            let total = totals.entry(code).or_default();
            total.scores += all;
            total.complete += complete;
        }
    }
    for (unit, states) in &counts.records {
        if let Some(code) = first_level(directory, unit) {
            let total = totals.entry(code).or_default();
            total.records += states.values().sum::<u64>();
            total.approved +=
                ["approved", "delivered"].iter().filter_map(|state| states.get(*state)).sum::<u64>();
        }
    }
    totals
}

/// Renders the page.
pub(super) async fn page(web: &Web, visit: &Visit) -> Page {
    let lang = visit.lang;
    let now = web.app.clock.now();
    let counts = web.live.counts(web).await?;
    let directory = web.app.directory().await?;
    let quarter = Period::quarter_of(web.app.clock.today());
    let totals = totals(&directory, &counts);
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
                Cell::text(unit.name.clone()),
                source,
                worst.map_or_else(|| Cell::text("–"), |(light, word)| Cell::tag((word.to_owned(), light))),
                Cell::num(format::count(tasks)),
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
