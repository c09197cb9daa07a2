//! What a decision about a person's period may be about: a period that has begun and takes such decisions, and a task the
//! person has, or has a share of, with no more of it than there is; and a d that is not computed.
//!
//! Owns these questions for `criteria set`, `criteria import`, `criteria template` and, the first and the last of them, for what the
//! evaluation software sends. It must not know who may decide,
//! or which points a form takes. What does not fit is a finding, and nothing is entered.

use super::mapping::no_such_task;
use super::{App, Refusal, no_score};
use crate::domain::{Component, DecisionKind, Exact, Period, PersonId};
use crate::error::{Finding, Place, Text};
use crate::evaluation::criteria::{computed_not_entered, leaders_only};
use crate::pipeline::command::TaskRef;
use crate::pipeline::score::Gathered;

/// Whether anything is entered for a period: not before it begins, and for a half-year or year, which are means, words
/// alone (`remarks`).
///
/// # Errors
/// LT-CRI-011.
pub(in crate::pipeline) fn check_period(
    app: &App,
    period: Period,
    remarks: bool,
) -> Result<(), Box<Finding>> {
    let (what, remedy) = if app.clock.today() < period.first_day() {
        (
            Text::new(format!("kỳ {period} chưa bắt đầu"), format!("{period} has not begun")),
            Text::new(
                "ghi đúng kỳ, ví dụ 2026-Q3; chưa có gì được ghi",
                "give the period, as 2026-Q3; nothing was entered",
            ),
        )
    } else if period.is_mean() && !remarks {
        (
            Text::new(
                format!("kỳ {period} là trung bình các quý: không nhập tiêu chí, đ, e, công việc cho kỳ này"),
                format!(
                    "{period} is the mean of its quarters: criteria, đ, e and tasks are not entered for it"
                ),
            ),
            Text::new(
                "nhập cho từng quý (hoặc tháng); cả năm chỉ nhập nhận xét. Chưa có gì được ghi",
                "enter them for its quarters (or months); a year takes remarks alone. Nothing was entered",
            ),
        )
    } else {
        return Ok(());
    };
    Err(Box::new(Finding::error("LT-CRI-011", what, remedy).at(Place::of(period.to_string()))))
}

/// Whether somebody is evaluated in a period at all: what is entered of anybody else would never count.
///
/// # Errors
/// LT-REC-094.
pub(super) async fn check_evaluated(app: &App, id: PersonId, period: Period) -> Result<(), Finding> {
    let Ok(rules) = app.rule_set(period) else { return Ok(()) };
    let directory = app.directory().await?;
    if directory.is_scored(id, period, rules.population_filter) {
        return Ok(());
    }
    let number = directory.person(id).map(|known| known.staff_number.to_string()).unwrap_or_default();
    let why = no_score::outside(&directory, id, period);
    Err(Finding::error(
        "LT-REC-094",
        Text::new(
            format!("{number} không được đánh giá kỳ {period}: {}", why.vi),
            format!("{number} is not evaluated in {period}: {}", why.en),
        ),
        Text::new(
            "kiểm tra chức vụ trong danh sách công chức và population_filter của bộ quy tắc; chưa có gì được ghi",
            "look at the posts of the people list and population_filter of the rule set; nothing was entered",
        ),
    )
    .at(Place::of(format!("person {number}"))))
}

/// Whether a decision about a task is about one the person has or has a share of, and about no more of it than there is.
///
/// # Errors
/// LT-CAT-023 nobody knows the task, LT-CRI-012 it is not the person's, or not that much of it was assigned.
pub(super) async fn check_task(app: &App, id: PersonId, kind: &DecisionKind) -> Result<(), Refusal> {
    let (source, key, quantity) = match kind {
        DecisionKind::QualityFailures { source, external_id, .. }
        | DecisionKind::Lateness { source, external_id, .. }
        | DecisionKind::Excuse { source, external_id, .. } => (source, external_id, None),
        DecisionKind::CompletedQuantity { source, external_id, quantity } => {
            (source, external_id, Some(quantity))
        }
        _ => return Ok(()),
    };
    let shown = format!("{source}:{key}");
    let mut held = app.store.tasks_of_people(&[id]).await?.remove(&id).unwrap_or_default();
    held.extend(app.store.tasks_shared_with(&[id]).await?.remove(&id).unwrap_or_default());
    let about = held
        .iter()
        .find(|held| held.task.key.source.as_str() == source.as_str() && held.task.key.external_id == *key);
    let Some(about) = about else {
        if app.store.people_of_task(source, key).await?.is_none()
            && let Ok(task) = shown.parse::<TaskRef>()
        {
            return Err(no_such_task(&task).into());
        }
        return Err(not_theirs(
            &shown,
            Text::new("không phải công việc của người này", "is not a task of this person"),
        )
        .into());
    };
    let assigned = about.task.task.draft.quantity.map_or_else(Exact::one, Exact::from_decimal);
    if quantity.is_some_and(|quantity| *quantity > assigned) {
        let assigned = assigned.to_text();
        return Err(not_theirs(
            &shown,
            Text::new(
                format!("chỉ được giao khối lượng {assigned}"),
                format!("has a quantity of {assigned}"),
            ),
        )
        .into());
    }
    Ok(())
}

/// Whether d, đ or e may be entered: of somebody who leads (art. 15.3), and d of whoever has nobody evaluated in charge
/// (art. 15.4). Anything else passes.
///
/// # Errors
/// LT-CRI-003; that no rule set governs the period.
pub(in crate::pipeline) async fn check_component(
    app: &App,
    id: PersonId,
    period: Period,
    kind: &DecisionKind,
) -> Result<(), Finding> {
    let DecisionKind::LeaderComponent { component, .. } = kind else { return Ok(()) };
    let directory = app.directory().await?;
    if *component != Component::UnitResult {
        let leads = directory.is_leader(id, period);
        return if leads { Ok(()) } else { Err(leaders_only().at(Place::of(period.to_string()))) };
    }
    let facts = Gathered::default().facts(app).await?;
    if App::enters_d(&directory, &facts, id, period, app.rule_set(period)?) {
        return Ok(());
    }
    let leads = directory.is_leader(id, period);
    let told = if leads { computed_not_entered() } else { leaders_only() };
    Err(told.at(Place::of(period.to_string())))
}

fn not_theirs(task: &str, why: Text) -> Finding {
    Finding::error(
        "LT-CRI-012",
        Text::new(format!("công việc {task} {}", why.vi), format!("the task {task} {}", why.en)),
        Text::new(
            "xem công việc và khối lượng bằng `score explain`; chưa có gì được ghi",
            "see tasks and quantities in `score explain`; nothing was entered",
        ),
    )
    .at(Place::of(format!("task {task}")))
}
