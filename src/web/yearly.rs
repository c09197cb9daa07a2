//! What the classification of a year still waits for, while it is due: told before it is late, not only to whoever decides.
//!
//! Owns the days on which it is shown and nothing of the rules: when a year is classified late is `evaluation`'s.

use super::table::{Cell, Section};
use super::{Visit, Web, format};
use crate::domain::{Period, UnitKind};
use crate::error::{Finding, Lang};
use crate::evaluation::organisation::late_classification;
use chrono::{Datelike as _, NaiveDate};

/// The year that is being classified on a day: December's own, in January and February the one before.
fn classified_on(day: NaiveDate) -> Option<i32> {
    match day.month() {
        12 => Some(day.year()),
        1 | 2 => Some(day.year() - 1),
        _ => None,
    }
}

/// The section; none outside these months, or when nothing is left.
pub(super) async fn section(web: &Web, visit: &Visit) -> Result<Option<Section>, Finding> {
    let app = &web.app;
    let today = app.clock.today();
    let Some(year) = classified_on(today) else { return Ok(None) };
    let told = |error: crate::store::StoreError| error.finding();
    let undecided = app.store.undecided(Period::Year(year)).await.map_err(told)?;
    let known = app.store.organisations_of(year).await.map_err(told)?;
    let directory = app.directory().await?;
    let open = directory
        .units()
        .filter(|unit| unit.kind != UnitKind::Province)
        .filter(|unit| known.get(&unit.code).is_none_or(|newest| newest.state != "recognised"));
    let open = open.count() as u64;
    if undecided == 0 && open == 0 {
        return Ok(None);
    }
    let title = format!("{} {year}", visit.say("Xếp loại năm", "Classification of"));
    let mut section = Section::facts("year", title);
    section.fact(
        visit.say("Hồ sơ năm chưa xếp loại", "Years not classified"),
        Cell::link(format::count(undecided), format!("/scores?period={year}")),
    );
    section.fact(
        visit.say("Tổ chức chưa được công nhận", "Organisations not recognised"),
        Cell::text(format::count(open)).note(match open {
            0 => "",
            _ => visit.say(
                "mức của người đứng đầu chưa đối chiếu được với tổ chức (LT-ORG-011)",
                "the level of a head cannot be compared with the organisation's (LT-ORG-011)",
            ),
        }),
    );
    let said = |finding: &Finding| match visit.lang {
        Lang::Vi => format!("{}: {}. {}", finding.code, finding.what.vi, finding.remedy.vi),
        Lang::En => format!("{}: {}. {}", finding.code, finding.what.en, finding.remedy.en),
    };
    let note = match late_classification(year, today, false) {
        Some(late) => said(&late),
        None => visit
            .say(
                "Phải xong trước ngày 15 tháng 12 (Điều 19.2; mục IV.4.1.b của Kế hoạch).",
                "To be done before 15 December (art. 19.2; plan IV.4.1.b).",
            )
            .to_owned(),
    };
    let period = Period::Year(year);
    Ok(Some(section.note(note).command(format!("lienthong period status {period}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn year_is_told_while_it_is_classified_and_not_in_summer() {
        let on = |text: &str| classified_on(text.parse().expect("day"));
        assert_eq!(
            (on("2026-12-01"), on("2027-01-20"), on("2027-02-28")),
            (Some(2026), Some(2026), Some(2026))
        );
        assert_eq!((on("2026-11-30"), on("2027-03-01")), (None, None));
    }
}
