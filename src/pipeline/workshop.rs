//! A unit's year walked over for the catalog workshop.
//!
//! Owns which tasks are a unit's: those of people who had a post in it or below on the task's day, and those nobody is
//! known for of the unit's own sources. One page of tasks is held at a time; the arithmetic runs off the threads that
//! serve requests. It changes nothing.

use super::app::App;
use crate::catalog::workshop::{Proposal, Scale, Seen, Survey, propose};
use crate::directory::Directory;
use crate::domain::{CatalogProduct, Period, UnitCode, local_date};
use crate::error::{Finding, Text};
use crate::store::SurveyedTask;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tasks of one page.
const PAGE: usize = 2_000;

impl App {
    /// What the tasks of a unit and those below it came to in a year; groups of fewer than `least` tasks are no
    /// candidates.
    ///
    /// # Errors
    /// LT-CAT-047 the year has no task of the unit.
    pub(super) async fn workshop_proposal(
        &self,
        unit: &UnitCode,
        year: i32,
        least: u64,
        scale: Arc<Scale>,
        catalog: Vec<CatalogProduct>,
    ) -> Result<Proposal, Finding> {
        let directory = self.directory().await?;
        let within: BTreeSet<UnitCode> = directory.subtree(unit).into_iter().cloned().collect();
        let span = (Period::Year(year).first_day(), Period::Year(year).last_day());
        let mut survey = Survey::new(scale.clone());
        let mut after = 0;
        loop {
            let tasks = self.store.survey_tasks(span, after, PAGE).await.map_err(|error| error.finding())?;
            let Some(last) = tasks.last() else { break };
            after = last.task.id;
            let mut own = Vec::with_capacity(tasks.len());
            for task in tasks {
                let day = day_of(&task);
                if span.0 <= day && day <= span.1 && self.is_within(&directory, &within, &task, day) {
                    own.push((task, day));
                }
            }
            survey = off_thread(move || {
                for (task, day) in &own {
                    let draft = &task.task.task.draft;
                    survey.add(&Seen {
                        title: &draft.title,
                        doc_type: draft.doc_type.as_deref().unwrap_or(""),
                        category: draft.category.as_deref().unwrap_or(""),
                        day: *day,
                        people: &task.people,
                        product: task.product.as_ref(),
                    });
                }
                survey
            })
            .await?;
        }
        let name = directory.unit(unit).map(|known| known.name.clone()).unwrap_or_default();
        if survey.tasks == 0 {
            return Err(no_tasks(unit, year));
        }
        let unit = unit.clone();
        off_thread(move || propose(survey, &scale, &catalog, (&unit, &name, year), least)).await
    }

    fn is_within(
        &self,
        directory: &Directory,
        within: &BTreeSet<UnitCode>,
        task: &SurveyedTask,
        day: NaiveDate,
    ) -> bool {
        if task.people.is_empty() {
            let source = self.sources.get(&task.task.key.source);
            return source.is_some_and(|source| within.contains(&source.unit));
        }
        task.people
            .iter()
            .any(|person| directory.unit_on(*person, day).is_some_and(|unit| within.contains(unit)))
    }
}

/// The day a task counts on: when it is due, else when it was assigned.
fn day_of(task: &SurveyedTask) -> NaiveDate {
    let held = &task.task.task;
    let assigned = || local_date(held.draft.assigned_at.unwrap_or(held.first_seen_at));
    held.draft.due.map_or_else(assigned, |due| due.day)
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Finding> {
    tokio::task::spawn_blocking(work).await.map_err(|_| super::broken("catalog proposal"))
}

fn no_tasks(unit: &UnitCode, year: i32) -> Finding {
    Finding::error(
        "LT-CAT-047",
        Text::new(
            format!("đơn vị {unit} và cấp dưới không có công việc nào trong năm {year}"),
            format!("unit {unit} and those below it have no task in {year}"),
        ),
        Text::new(
            "kiểm tra --unit và --year; công việc thuộc đơn vị theo chức vụ của người thực hiện (`people import`)",
            "check --unit and --year; tasks belong to a unit by the posts of their people (`people import`)",
        ),
    )
}
