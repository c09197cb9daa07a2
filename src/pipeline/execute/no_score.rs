//! Why somebody has no score of a period (LT-SCO-010).
//!
//! Owns the reasons and their order: what keeps a score from ever being, before what it only waits for. It must not know how scores are
//! computed. Where the reason cannot be read the score is missing all the same, and that alone is told.

use super::{App, person};
use crate::directory::Directory;
use crate::domain::{Period, PersonId};
use crate::error::{Finding, Text};
use crate::pipeline::command::PersonRef;
use crate::pipeline::score::Facts;
use crate::pipeline::wording::{Words, both};

/// What is told of somebody without a score, with the reason.
pub(super) async fn no_score_in(app: &App, whose: &PersonRef, period: Period) -> Finding {
    let told = no_score(whose, period);
    let Ok(Some((why, remedy))) = reason(app, whose, period).await else { return told };
    let what = Text::new(format!("{}: {}", told.what.vi, why.vi), format!("{}: {}", told.what.en, why.en));
    Finding { what, remedy: remedy.unwrap_or(told.remedy), ..told }
}

pub(super) fn no_score(whose: &PersonRef, period: Period) -> Finding {
    Finding::error(
        "LT-SCO-010",
        Text::new(
            format!("{whose} chưa có điểm kỳ {period}"),
            format!("{whose} has no score for {period} yet"),
        ),
        Text::new("xem `score show` và `status`", "look at `score show` and `status`"),
    )
}

/// Why somebody stands outside those evaluated in a period: no post in it, or one that is not evaluated.
pub(super) fn outside(directory: &Directory, id: PersonId, period: Period) -> Text {
    match directory.last_post(id, period) {
        None => Text::new("không giữ chức vụ nào trong kỳ", "no post in that period"),
        Some(post) => {
            let role = both(Words::Role, post.role.as_str());
            Text::new(
                format!(
                    "chức vụ \"{}\" ({}, đơn vị {}) không thuộc diện đánh giá (population_filter)",
                    post.post, role.vi, post.unit
                ),
                format!(
                    "the post \"{}\" ({}, unit {}) is not among those evaluated (population_filter)",
                    post.post, role.en, post.unit
                ),
            )
        }
    }
}

type Reason = Option<(Text, Option<Text>)>;

/// An earlier result that was imported: nothing was scored here.
async fn imported(app: &App, whose: &PersonRef, period: Period) -> Result<Reason, super::Refusal> {
    let id = person(app, whose).await?;
    let Some((_, row)) = app.store.history(id).await?.into_iter().find(|(of, _)| *of == period) else {
        return Ok(None);
    };
    let score = row.get("score").and_then(|score| score.as_str()).unwrap_or("–");
    let by = row.get("decision_no").and_then(|number| number.as_str()).map(|number| format!(" ({number})"));
    let by = by.unwrap_or_default();
    let why = Text::new(
        format!(
            "kết quả kỳ này được nhập từ trước: {}{by}; không tính ở đây nên không có diễn giải",
            score.replace('.', ",")
        ),
        format!(
            "the result of the period was imported: {score}{by}; it was not computed here and has no derivation"
        ),
    );
    let remedy = Text::new(
        format!("xem `record show {whose} {period}` hoặc `people data`"),
        format!("look at `record show {whose} {period}` or `people data`"),
    );
    Ok(Some((why, Some(remedy))))
}

/// The reason, and what can be done about it where that is something of its own.
async fn reason(app: &App, whose: &PersonRef, period: Period) -> Result<Reason, super::Refusal> {
    if let Some(imported) = imported(app, whose, period).await? {
        return Ok(Some(imported));
    }
    let today = app.clock.today();
    let opens = app.opens(period);
    if period.is_mean() && today < opens {
        let remedy = if period.is_year() {
            Text::new(
                format!("năm {period} được tính từ ngày {} ([scoring] year_opens)", opens.format("%d/%m/%Y")),
                format!("the year {period} is computed from {opens} on ([scoring] year_opens)"),
            )
        } else {
            Text::new(
                format!("kỳ {period} được tính từ ngày {}, khi đã kết thúc", opens.format("%d/%m/%Y")),
                format!("{period} is computed from {opens} on, once it is over"),
            )
        };
        return Ok(Some((Text::new("kỳ chưa mở", "the period is not open"), Some(remedy))));
    }
    if today < period.first_day() {
        return Ok(Some((Text::new("kỳ chưa bắt đầu", "the period has not begun"), None)));
    }
    let Ok(rules) = app.rule_set(period) else {
        let why = Text::new("không có bộ quy tắc cho kỳ này", "no rule set governs the period");
        return Ok(Some((why, None)));
    };
    let id = person(app, whose).await?;
    let directory = app.directory().await?;
    if !directory.is_scored(id, period, rules.population_filter) {
        return Ok(Some((outside(&directory, id, period), None)));
    }
    let facts = app.store.service_facts(Some(id), false).await?.into_iter().map(|stored| stored.fact);
    let facts = Facts::from([(id, facts.collect())]);
    if !period.is_mean() && !App::is_evaluated(&directory, &facts, id, period, rules) {
        let why = Text::new(
            "nghỉ cả kỳ hoặc làm việc quá ít trong kỳ (min_worked_share)",
            "away all the period, or too little of it worked (min_worked_share)",
        );
        return Ok(Some((why, None)));
    }
    if app.store.periods_due(id).await?.into_iter().any(|due| period.depends_on(due)) {
        let why = Text::new("điểm đang chờ tính", "it waits to be computed");
        return Ok(Some((why, None)));
    }
    let why = Text::new(
        "bước tính điểm hoặc lập hồ sơ chưa chạy cho người này",
        "scoring, or the making of records, has not run for this person",
    );
    Ok(Some((why, None)))
}
