//! The results of a year: people by quarters, half-years and the year, with the level proposed and decided and the state of
//! the year's record. Each figure leads to what it was made of; form 02 is at hand.

use super::scores::units;
use super::table::{Cell, Filter, ROWS, SearchBox, Section, Sheet, shown_of, some_rows};
use super::{Page, Visit, Web, format, papers, words};
use crate::domain::{Level, Period, RecordState, UnitCode};
use crate::paper::Form;
use crate::pipeline::search::Sought;
use crate::pipeline::year_results::{Figure, YearPerson, YearResults};
use chrono::Datelike as _;

/// Years to choose from.
const YEARS: i32 = 5;

/// What the filter of states calls the year of somebody without a record.
const NO_RECORD: &str = "none";

/// What the filter of levels calls a year without one.
const NO_LEVEL: &str = "none";

/// Where somebody stands in the list.
fn place(person: &YearPerson) -> String {
    format!("{}/{}", person.unit, person.number)
}

/// Renders the page; `name` narrows it to people found by it.
pub(super) async fn page(web: &Web, visit: &Visit, name: &str) -> Page {
    let app = &web.app;
    let this_year = app.clock.today().year();
    let years: Vec<i32> = (0..YEARS).map(|back| this_year - back).collect();
    let year = visit.asked("year").parse().ok().filter(|year| years.contains(year)).unwrap_or(this_year);
    let directory = app.directory().await?;
    let unit = visit.asked("unit").parse::<UnitCode>().ok().filter(|unit| directory.unit(unit).is_some());
    let states = app.store.record_states(Period::Year(year)).await.map_err(|error| error.finding())?;
    let (asked, sought) = (visit.asked("state"), Sought::name(name));
    let fits = |person: &YearPerson| {
        let state = states.get(&person.id).map_or(NO_RECORD, |state| state.as_str());
        let found = || {
            let text = format!("{} {}", person.number, person.name);
            sought.fits(&text, &app.policy.abbreviations)
        };
        (asked.is_empty() || asked == state) && (sought.is_empty() || found())
    };
    let mut people = app.people_of_year(year, unit.as_ref()).await?;
    let asked_level = visit.asked("level");
    if !asked_level.is_empty() {
        let levels = app.levels_of_year(year, &people).await?;
        let mut levels = levels.iter().map(|level| level.map_or(NO_LEVEL, Level::as_str));
        people.retain(|_| levels.next() == Some(asked_level));
    }
    let after = visit
        .asked("after")
        .split_once('/')
        .and_then(|(unit, number)| Some((unit.parse::<UnitCode>().ok()?, number.to_owned())));
    people.retain(|person| {
        let before =
            after.as_ref().is_some_and(|(unit, number)| (&person.unit, &person.number) <= (unit, number));
        !before && fits(person)
    });
    // What was found by a name has no further page.
    let shown = if sought.is_empty() { shown_of(visit, "results") } else { ROWS };
    people.truncate(shown + 1);
    let (people, last) = some_rows(people, shown, place);
    let results = app.year_results(year, &people).await?;
    let mut section = table(visit);
    // What was found by a name stands on one page: addresses carry no names.
    section.some_pages(visit, "after", last.filter(|_| sought.is_empty()));
    for (person, found) in people.iter().zip(&results) {
        let unit =
            directory.unit(&person.unit).map_or_else(|| person.unit.to_string(), |unit| unit.name.clone());
        section.push(place(person), row(visit, year, (person, unit), found, states.get(&person.id).copied()));
    }
    let all = |label: &str| vec![(String::new(), label.to_owned())];
    let mut of_state = all(visit.say("Mọi trạng thái", "Any state"));
    of_state.push((NO_RECORD.to_owned(), visit.say("Chưa có hồ sơ năm", "No record of the year").to_owned()));
    of_state.extend(
        RecordState::ALL.map(|state| (state.as_str().to_owned(), words::record(state, visit.lang).0)),
    );
    let mut of_level = all(visit.say("Mọi mức", "Any level"));
    let levels = [Level::Excellent, Level::Good, Level::Completed, Level::NotCompleted];
    of_level.extend(levels.map(|level| (level.as_str().to_owned(), words::level(Some(level), visit.lang).0)));
    of_level.push((NO_LEVEL.to_owned(), visit.say("Chưa có mức", "No level yet").to_owned()));
    let of_year = years
        .iter()
        .map(|year| (year.to_string(), format::period(Period::Year(*year), visit.lang)))
        .collect();
    let sheet = Sheet {
        heading: format!(
            "{} · {}",
            visit.say("Kết quả năm", "Results of the year"),
            format::period(Period::Year(year), visit.lang)
        ),
        intro: visit
            .say(
                "Kết quả 3, 6 và 12 tháng (mục IV.4.1.a của Kế hoạch). Điểm đã phê duyệt hoặc đã nhập; 6 tháng và năm chưa ghi nhận thì là trung bình cộng các quý, ghi rõ là số tính (khoản 3 Điều 17). Chọn điểm để xem hồ sơ và văn bản của kỳ đó.",
                "Results of 3, 6 and 12 months (plan IV.4.1.a). As approved or imported; a half-year or year nobody recorded is the mean of its quarters and marked as computed (Art. 17(3)). Choose a figure for the record and papers of its period.",
            )
            .to_owned(),
        filters: vec![
            Filter::new("year", visit.say("Năm", "Year"), of_year, &year.to_string()),
            Filter::new("unit", visit.say("Đơn vị", "Unit"), units(&directory, visit), visit.asked("unit")),
            Filter::new("state", visit.say("Hồ sơ năm", "Record of the year"), of_state, asked),
            Filter::new(
                "level",
                visit.say("Mức đã quyết định, chưa có thì mức đề xuất", "Level decided, else proposed"),
                of_level,
                asked_level,
            ),
        ],
        sections: vec![section],
        search: Some(SearchBox {
            action: visit.with("after", ""),
            label: visit.say("Số hiệu hoặc họ tên", "Staff number or name"),
            value: name.to_owned(),
        }),
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

fn table(visit: &Visit) -> Section {
    Section::table(
        visit,
        "results",
        "",
        &[
            ("Số hiệu", "Staff number"),
            ("Họ và tên", "Name"),
            ("Đơn vị", "Unit"),
            ("#Quý I", "#Q1"),
            ("#Quý II", "#Q2"),
            ("#6 tháng đầu", "#First half"),
            ("#Quý III", "#Q3"),
            ("#Quý IV", "#Q4"),
            ("#6 tháng cuối", "#Second half"),
            ("#Cả năm", "#Year"),
            ("Mức đề xuất", "Proposed"),
            ("Mức đã quyết định", "Decided"),
            ("Hồ sơ năm", "Record of the year"),
            ("Mẫu số 02", "Form 02"),
        ],
        ("Không có ai khớp với lựa chọn.", "Nobody matches."),
    )
}

fn row(
    visit: &Visit,
    year: i32,
    (person, unit): (&YearPerson, String),
    found: &YearResults,
    state: Option<RecordState>,
) -> Vec<Cell> {
    let lang = visit.lang;
    let whole = Period::Year(year);
    let figure = |period: Period, total: &Option<String>| {
        let text = total.as_ref().map_or_else(|| "–".to_owned(), |total| format::decimal(total, lang));
        Cell::num(text).to(format!("/scores/{}/{period}", person.id))
    };
    let quarter = |number: u8| {
        let total = found.quarters.get(usize::from(number) - 1).cloned().flatten();
        figure(Period::Quarter { year, quarter: number }, &total)
    };
    let mean = |period: Period, found: &Option<Figure>| {
        let cell = figure(period, &found.as_ref().map(|found| found.score.clone()));
        let computed = found.as_ref().is_some_and(|found| found.computed);
        cell.note(if computed { visit.say("số tính", "computed") } else { "" })
    };
    let [first, second] = &found.halves;
    let printable = state.is_some() || found.year.is_some() || found.proposed.is_some();
    vec![
        Cell::mono(person.number.clone()),
        Cell::link(person.name.clone(), format!("/scores/{}/{whole}", person.id)),
        Cell::text(unit),
        quarter(1),
        quarter(2),
        mean(Period::Half { year, half: 1 }, first),
        quarter(3),
        quarter(4),
        mean(Period::Half { year, half: 2 }, second),
        mean(whole, &found.year),
        Cell::tag(words::level(found.proposed, lang)),
        Cell::tag(words::level(found.decided, lang)),
        match state {
            Some(state) => Cell::tag(words::record(state, lang)),
            None => Cell::text("–"),
        },
        Cell::links(if printable { papers::links(person.id, whole, Form::Form02) } else { Vec::new() }),
    ]
}
