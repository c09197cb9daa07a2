//! Scores of a period, by staff number.

use super::table::{Cell, Filter, ROWS, Section, Sheet, one_page};
use super::{Page, Visit, Web, format, words};
use crate::directory::Directory;
use crate::domain::{Level, Period, PersonId, UnitCode};
use crate::error::Lang;
use crate::pipeline::wording::{Words, word};
use crate::store::StoreError;
use serde_json::Value;

/// Periods to choose from: this quarter, those before it in two years, and the years.
pub(super) fn periods(web: &Web, lang: Lang) -> Vec<(String, String)> {
    let current = Period::quarter_of(web.app.clock.today());
    let mut periods: Vec<Period> =
        std::iter::successors(Some(current), |period| Some(period.previous())).take(8).collect();
    periods.push(Period::Year(current.year()));
    periods.push(Period::Year(current.year() - 1));
    periods.into_iter().map(|period| (period.to_string(), format::period(period, lang))).collect()
}

/// Every unit to choose from, after "all".
pub(super) fn units(directory: &Directory, visit: &Visit) -> Vec<(String, String)> {
    let mut units = vec![(String::new(), visit.say("Tất cả đơn vị", "All units").to_owned())];
    units.extend(directory.units().map(|unit| (unit.code.to_string(), unit.name.clone())));
    units
}

/// A unit and everything below it.
pub(super) fn below(directory: &Directory, code: &str) -> Vec<String> {
    let Ok(code) = code.parse::<UnitCode>() else { return Vec::new() };
    let mut found = vec![code];
    let mut next = 0;
    while next < found.len() && found.len() < 500 {
        let children = directory.units().filter(|unit| unit.parent.as_ref() == found.get(next));
        let children: Vec<UnitCode> =
            children.map(|unit| unit.code.clone()).filter(|code| !found.contains(code)).collect();
        found.extend(children);
        next += 1;
    }
    found.iter().map(ToString::to_string).collect()
}

/// The approved total; it stands out where another one is computed by now.
fn approved_cell(visit: &Visit, computed: Option<&str>, approved: Option<(String, u32)>) -> Cell {
    let Some((total, revision)) = approved else { return Cell::num("–") };
    let differs = computed != Some(total.as_str());
    let shown = format::decimal(&total, visit.lang);
    let cell = if differs { Cell::tag((shown, "warn")) } else { Cell::num(shown) };
    let differs =
        if differs { visit.say(", khác điểm tính lại", ", computed otherwise by now") } else { "" };
    cell.note(format!("{} {revision}{differs}", visit.say("phiên bản", "revision")))
}

/// Renders the page.
pub(super) async fn page(web: &Web, visit: &Visit) -> Page {
    let lang = visit.lang;
    let asked = visit.asked("period").parse::<Period>().ok();
    let period = asked.unwrap_or_else(|| Period::quarter_of(web.app.clock.today()));
    let view = web.app.shown_view(period);
    let told = |error: StoreError| error.finding();
    let closed = web.app.store.period_close(period).await.map_err(told)?;
    let directory = web.app.directory().await?;
    let unit = visit.asked("unit");
    let codes = if unit.is_empty() { Vec::new() } else { below(&directory, unit) };
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let lines = web
        .app
        .store
        .score_lines(period, view, &codes, visit.asked("after"), ROWS + 1)
        .await
        .map_err(|error| error.finding())?;
    let (lines, last) = one_page(lines, |line| line.staff_number.clone());
    let people: Vec<PersonId> = lines.iter().map(|line| line.person).collect();
    let approved = web.app.store.approved_of(&people, period).await.map_err(told)?;
    let mut section = Section::table(
        visit,
        "scores",
        "",
        &[
            ("Số hiệu", "Staff number"),
            ("Họ và tên", "Name"),
            ("Đơn vị", "Unit"),
            ("#Kết quả nhiệm vụ (0–70)", "#Task result (0–70)"),
            ("#Tổng điểm (0–100)", "#Total (0–100)"),
            ("#Điểm đã duyệt", "#Approved total"),
            ("Mức tương ứng", "Band"),
            ("Còn thiếu", "Missing"),
        ],
        ("Chưa có điểm nào trong kỳ này.", "No scores in this period yet."),
    );
    section.pages(visit, "after", last);
    let number = |text: Option<String>| {
        Cell::num(text.map_or_else(|| "–".to_owned(), |text| format::decimal(&text, lang)))
    };
    for line in lines {
        let level_of = |of: &Value| of.get("level").and_then(Value::as_str).and_then(Level::parse);
        // Beside what was approved stands its level; of a score that stands for itself, its own.
        let level = level_of(approved.get(&line.person).map_or(&line.summary, |revision| &revision.content));
        let missing = line.summary.get("missing").and_then(|list| list.as_array());
        let missing: Vec<_> = missing
            .into_iter()
            .flatten()
            .filter_map(|part| part.as_str())
            .map(|part| word(Words::Missing, part, lang))
            .collect();
        let approved = approved.get(&line.person).and_then(|revision| {
            let total = revision.content.pointer("/parts/total/printed")?.as_str()?.to_owned();
            Some((total, revision.revision))
        });
        let name =
            line.unit.parse().ok().and_then(|code| directory.unit(&code)).map(|unit| unit.name.clone());
        section.push(
            line.person.to_string(),
            vec![
                Cell::mono(line.staff_number),
                Cell::link(line.full_name, format!("/scores/{}/{period}", line.person)),
                Cell::text(name.unwrap_or(line.unit)),
                number(line.task_part),
                number(line.total.clone()),
                approved_cell(visit, line.total.as_deref(), approved),
                Cell::tag(words::level(level, lang)),
                Cell::text(missing.join(", ")),
            ],
        );
    }
    let intro = match (&closed, period.is_year()) {
        (_, true) => visit
            .say(
                "Điểm năm là trung bình cộng các quý đã ghi nhận (khoản 3 Điều 17); xếp loại do người có thẩm quyền quyết định.",
                "The year is the mean of the recorded quarters (Art. 17(3)); people decide the classification.",
            )
            .to_owned(),
        (Some(close), _) => format!(
            "{} {}, {}.",
            visit.say("Kỳ đã chốt lúc", "Closed at"),
            format::instant(close.at),
            close.author
        ),
        (None, _) => visit
            .say(
                "Điểm tạm tính, chưa phải kết quả xếp loại. Chọn tên để xem điểm được tính từ đâu.",
                "Provisional, not a classification. Choose a name to see where the score comes from.",
            )
            .to_owned(),
    };
    let sheet = Sheet {
        heading: format!("{} · {}", visit.say("Điểm", "Scores"), format::period(period, lang)),
        intro,
        filters: vec![
            Filter::new(
                "period",
                visit.say("Kỳ đánh giá", "Period"),
                periods(web, lang),
                &period.to_string(),
            ),
            Filter::new("unit", visit.say("Đơn vị", "Unit"), units(&directory, visit), unit),
        ],
        sections: vec![section],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}
