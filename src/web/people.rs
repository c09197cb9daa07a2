//! Finding a person by staff number or name, without accents.

use super::table::{Cell, ROWS, SearchBox, Section, Sheet};
use super::{Page, Visit, Web, format};
use crate::domain::Period;
use crate::pipeline::search::Sought;
use serde::Deserialize;

/// What is searched for.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    /// Staff number, or words of a name in any order.
    #[serde(default)]
    pub name: String,
}

/// Renders the form and, for a search, who was found.
pub(super) async fn page(web: &Web, visit: &Visit, name: &str) -> Page {
    let sought = Sought::name(name);
    let directory = web.app.directory().await?;
    let quarter = Period::quarter_of(web.app.clock.today());
    let mut section = Section::table(
        visit,
        "people",
        "",
        &[
            ("Số hiệu", "Staff number"),
            ("Họ và tên", "Name"),
            ("Chức vụ", "Post"),
            ("Đơn vị", "Unit"),
            ("Quý này", "This quarter"),
            ("Quý trước", "Last quarter"),
            ("Năm", "Year"),
        ],
        ("Không tìm thấy ai.", "Nobody was found."),
    );
    let mut found: Vec<_> = directory
        .people()
        .filter(|person| {
            let text = format!("{} {}", person.staff_number, person.full_name);
            !sought.is_empty() && sought.fits(&text, &web.app.policy.abbreviations)
        })
        .take(ROWS + 1)
        .collect();
    if found.len() > ROWS {
        found.truncate(ROWS);
        section = section.note(
            visit.say("Chỉ hiện 100 người đầu; hãy gõ thêm.", "Only the first 100 are shown; type more."),
        );
    }
    found.sort_by(|a, b| a.staff_number.as_str().cmp(b.staff_number.as_str()));
    for person in found {
        let year = Period::Year(quarter.year());
        let post = directory.last_post(person.id, year);
        let unit = post.and_then(|post| directory.unit(&post.unit)).map(|unit| unit.name.clone());
        let to = |period: Period| {
            Cell::link(format::period(period, visit.lang), format!("/scores/{}/{period}", person.id))
        };
        section.push(
            person.id.to_string(),
            vec![
                Cell::mono(person.staff_number.to_string()),
                Cell::text(person.full_name.clone()),
                Cell::text(post.map(|post| post.post.clone()).unwrap_or_default()),
                Cell::text(unit.unwrap_or_default()),
                to(quarter),
                to(quarter.previous()),
                to(year),
            ],
        );
    }
    let heading = visit.say("Tìm người", "Find a person").to_owned();
    let intro = visit
        .say(
            "Gõ số hiệu hoặc họ tên, có dấu hay không dấu đều được.",
            "Type a staff number or a name, with or without accents.",
        )
        .to_owned();
    let sections = if sought.is_empty() { Vec::new() } else { vec![section] };
    let label = visit.say("Số hiệu hoặc họ tên", "Staff number or name");
    let search = SearchBox { action: "/people".to_owned(), label, value: name.to_owned() };
    let sheet = Sheet { heading, intro, sections, search: Some(search), ..Sheet::default() };
    sheet.show(web, visit).await.map(Some)
}
