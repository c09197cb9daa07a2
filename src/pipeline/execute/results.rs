//! The order `record results`: what the year of each person is made of, results of 3, 6 and 12 months beside each other
//! (plan IV.4.1.a; Decree 335/2025 art. 17.3).
//!
//! Owns the table alone; where each figure comes from is `pipeline::year_results`'. What is not there stays blank, never 0.

use super::{Answer, App, known_unit};
use crate::domain::{Level, Period, UnitCode};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::wording::Words;
use crate::pipeline::year_results::Figure;
use serde_json::json;

pub(super) async fn show(app: &App, year: i32, unit: Option<&UnitCode>, limit: u32) -> Answer {
    known_unit(app, unit).await?;
    let mut people = app.people_of_year(year, unit).await?;
    people.truncate(limit as usize);
    let results = app.year_results(year, &people).await?;
    let rows = people.iter().zip(results).map(|(person, found)| {
        let [q1, q2, q3, q4] = found.quarters;
        let [first, second] = found.halves;
        let of = [(Period::Half { year, half: 1 }, &first), (Period::Half { year, half: 2 }, &second)];
        let of = of.into_iter().chain([(Period::Year(year), &found.year)]);
        let computed = |(period, figure): (Period, &Option<Figure>)| {
            figure.as_ref().filter(|figure| figure.computed).map(|_| period.to_string())
        };
        let computed = of.filter_map(computed).collect::<Vec<_>>().join(", ");
        let score = |figure: &Option<Figure>| json!(figure.as_ref().map(|figure| &figure.score));
        vec![
            json!(person.number),
            json!(person.name),
            json!(person.unit),
            json!(q1),
            json!(q2),
            score(&first),
            json!(q3),
            json!(q4),
            score(&second),
            score(&found.year),
            json!(Some(computed).filter(|computed| !computed.is_empty())),
            json!(found.proposed.map(Level::as_str)),
            json!(found.decided.map(Level::as_str)),
        ]
    });
    Ok(Outcome::ok(Document::Table {
        title: Text::new(
            format!("Kết quả 3, 6 và 12 tháng của năm {year}"),
            format!("Results of 3, 6 and 12 months of {year}"),
        ),
        columns: vec![
            Column::left("person", "Số hiệu", "Person"),
            Column::left("name", "Họ và tên", "Name"),
            Column::left("unit", "Đơn vị", "Unit"),
            Column::right("q1", "Quý I", "Q1"),
            Column::right("q2", "Quý II", "Q2"),
            Column::right("first_half", "6 tháng đầu", "First half"),
            Column::right("q3", "Quý III", "Q3"),
            Column::right("q4", "Quý IV", "Q4"),
            Column::right("second_half", "6 tháng cuối", "Second half"),
            Column::right("year", "12 tháng", "12 months"),
            Column::left("computed", "Chưa ghi nhận, còn là số tính", "Not recorded, computed so far"),
            Column::words("proposed", "Mức đề xuất", "Proposed", Words::Level),
            Column::words("decided", "Mức đã quyết định", "Decided", Words::Level),
        ],
        rows: rows.collect(),
    }))
}
