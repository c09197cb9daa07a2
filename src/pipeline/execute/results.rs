//! The order `record results`: what the year of each person is made of, results of 3, 6 and 12 months beside each other
//! (plan IV.4.1.a; Decree 335/2025 art. 17.3).
//!
//! Owns the table alone: quarters as they stand approved or were imported, half-years and the year as they are computed from
//! them, the level proposed and the one decided. It computes nothing. What is not there stays blank, never 0.

use super::{Answer, App, known_unit};
use crate::domain::{Level, Period, PersonId, UnitCode};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::score::{FULL_PERIOD, scope_of};
use crate::pipeline::wording::Words;
use crate::store::Revision;
use serde_json::{Value, json};
use std::collections::HashMap;

/// People asked about at a time.
const BATCH: usize = 400;

pub(super) async fn show(app: &App, year: i32, unit: Option<&UnitCode>, limit: u32) -> Answer {
    known_unit(app, unit).await?;
    let directory = app.directory().await?;
    let whole = Period::Year(year);
    let population = app.rule_set(whole)?.population_filter;
    let within = unit.map(|unit| directory.subtree(unit));
    let mut people: Vec<(String, String, UnitCode, PersonId)> = directory
        .people()
        .filter_map(|known| {
            let post = directory.last_post(known.id, whole)?;
            let wanted = within.as_ref().is_none_or(|units| units.contains(&post.unit));
            (wanted && directory.is_scored(known.id, whole, population)).then(|| {
                (known.staff_number.to_string(), known.full_name.clone(), post.unit.clone(), known.id)
            })
        })
        .collect();
    people.sort_unstable_by(|one, other| (&one.2, &one.0).cmp(&(&other.2, &other.0)));
    people.truncate(limit as usize);
    let mut rows = Vec::with_capacity(people.len());
    for some in people.chunks(BATCH) {
        let ids: Vec<PersonId> = some.iter().map(|person| person.3).collect();
        let mut approved: HashMap<Period, HashMap<PersonId, Revision>> = HashMap::new();
        for period in whole.quarters().into_iter().chain([whole]) {
            approved.insert(period, app.store.approved_of(&ids, period).await?);
        }
        for (number, name, unit, id) in some {
            let history: HashMap<Period, Value> = app.store.history(*id).await?.into_iter().collect();
            let quarter = |quarter: u8| {
                let period = Period::Quarter { year, quarter };
                let stands = approved.get(&period).and_then(|all| all.get(id));
                let total = stands.and_then(|stands| stands.content.pointer("/parts/total/printed"));
                let entered = || history.get(&period).and_then(|row| row.get("score"));
                total.or_else(entered).cloned().unwrap_or_default()
            };
            let (first, _) = mean(app, *id, Period::Half { year, half: 1 }).await?;
            let (second, _) = mean(app, *id, Period::Half { year, half: 2 }).await?;
            let (twelve, proposed) = mean(app, *id, whole).await?;
            let decided = approved.get(&whole).and_then(|all| all.get(id));
            let decided = decided.and_then(|decided| decided.content.get("level"));
            rows.push(vec![
                json!(number),
                json!(name),
                json!(unit),
                quarter(1),
                quarter(2),
                first,
                quarter(3),
                quarter(4),
                second,
                twelve,
                json!(proposed.map(Level::as_str)),
                decided.cloned().unwrap_or_default(),
            ]);
        }
    }
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
            Column::words("proposed", "Mức đề xuất", "Proposed", Words::Level),
            Column::words("decided", "Mức đã quyết định", "Decided", Words::Level),
        ],
        rows,
    }))
}

/// Total and level of a half-year or year as it is computed.
async fn mean(app: &App, id: PersonId, period: Period) -> Result<(Value, Option<Level>), super::Refusal> {
    let score = app.store.score(id, period, scope_of(period, FULL_PERIOD)).await?;
    let level = score.as_ref().and_then(|score| score.summary.get("level")?.as_str().and_then(Level::parse));
    Ok((json!(score.and_then(|score| score.total)), level))
}
