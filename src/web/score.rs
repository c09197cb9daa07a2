//! One person's period: the score explained line by line, and the record's revisions.

use super::overview::waiting_for_people;
use super::page::{render, say, value};
use super::tables::{level_tag, missing_words, state_words};
use super::{Visit, Web, format};
use crate::domain::{Level, Period, PersonId};
use crate::error::{Finding, Lang, Text};
use crate::pipeline::score::{FULL_PERIOD, TO_DATE, YEAR};
use minijinja::context;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct PersonView {
    name: String,
    staff_number: String,
    post: String,
    unit: String,
}

#[derive(Serialize)]
struct PartView {
    label: &'static str,
    article: &'static str,
    value: String,
    note: &'static str,
}

#[derive(Serialize)]
struct LineView {
    title: String,
    note: String,
    product: String,
    k: String,
    g: String,
    kg: String,
    c: String,
    kc: String,
    due: String,
    done: String,
    late: String,
    failures: String,
    source: String,
    extra: bool,
}

#[derive(Serialize)]
struct ExcludedView {
    title: String,
    reason: String,
    source: String,
}

#[derive(Serialize)]
struct RevisionView {
    at: String,
    number: u32,
    state: &'static str,
    summary: String,
    author: String,
    reason: String,
}

#[derive(Serialize)]
struct SwitchView {
    name: String,
    value: String,
}

/// Renders the page; none for a person or period without a score.
pub(super) async fn page(
    web: &Web,
    visit: &Visit,
    person: PersonId,
    period: Period,
) -> Result<Option<String>, Finding> {
    let lang = visit.lang;
    let directory = web.app.directory().await?;
    let Some(known) = directory.person(person) else { return Ok(None) };
    let over = web.app.clock.today() > period.last_day();
    let view = if period.is_year() {
        YEAR
    } else if over {
        FULL_PERIOD
    } else {
        TO_DATE
    };
    let Some(score) = web.app.store.score(person, period, view).await.map_err(|error| error.finding())?
    else {
        return Ok(None);
    };
    let derivation = web.app.store.derivation(person, period, view).await.map_err(|error| error.finding())?;
    let derivation: Value = derivation
        .as_deref()
        .map(serde_json::from_slice)
        .transpose()
        .map_err(|_| unreadable())?
        .unwrap_or_default();
    let post = directory.last_post(person, period);
    let latest = web.app.store.revisions(person, period).await.map_err(|error| error.finding())?;
    let state = latest.last().map(|revision| state_words(revision.state, lang)).unwrap_or_default();
    let level = score.summary.get("level").and_then(Value::as_str).and_then(Level::parse);
    let missing: Vec<&str> =
        strings(&score.summary, "missing").map(|word| missing_words(word, lang)).collect();
    let overview = web.app.store.overview().await.map_err(|error| error.finding())?;
    let own = context! {
        person => value(&PersonView {
            name: known.full_name.clone(),
            staff_number: known.staff_number.to_string(),
            post: post.map(|post| post.post.clone()).unwrap_or_default(),
            unit: post.and_then(|post| directory.unit(&post.unit)).map(|unit| unit.name.clone()).unwrap_or_default(),
        }),
        period => period.to_string(),
        state => format!("{state} · {}", level_tag(level, lang).0),
        light => level_tag(level, lang).1,
        missing => missing.join(", "),
        parts => value(&parts(&score.summary, lang)),
        formulas => value(&strings(&derivation, "formulas").map(str::to_owned).collect::<Vec<_>>()),
        lines => value(&lines(&derivation)),
        excluded => value(&excluded(&derivation, lang)),
        revisions => value(&latest.iter().rev().take(30).map(|revision| RevisionView {
            at: format::instant(revision.at),
            number: revision.revision,
            state: state_words(revision.state, lang),
            summary: summary_text(&revision.summary, lang),
            author: revision.author.clone(),
            reason: revision.reason.clone().unwrap_or_default(),
        }).collect::<Vec<_>>()),
        rule_set => text(&derivation, "/rule_set/id"),
        switches => value(&switches(&derivation)),
    };
    Ok(Some(render(web, visit, "score.html", own, waiting_for_people(&overview))))
}

fn unreadable() -> Finding {
    Finding::error(
        "LT-WEB-002",
        Text::new(
            "không đọc được diễn giải đã lưu của điểm này",
            "the stored derivation of this score cannot be read",
        ),
        Text::new(
            "tính lại bằng `score show` hoặc báo nhóm phát triển",
            "compute it again or tell the developers",
        ),
    )
}

fn strings<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "–".to_owned(),
        Some(other) => other.to_string(),
    }
}

fn parts(summary: &Value, lang: Lang) -> Vec<PartView> {
    [
        ("a", "a · số lượng (%)", "a · quantity (%)", "Đ14.2.a"),
        ("b", "b · chất lượng (%)", "b · quality (%)", "Đ14.2.b"),
        ("c", "c · tiến độ (%)", "c · progress (%)", "Đ14.2.c"),
        ("d", "d · kết quả đơn vị (%)", "d · unit result (%)", "Đ15.3.a"),
        ("dd", "đ · tổ chức triển khai (%)", "đ · implementation (%)", "Đ15.3.b"),
        ("e", "e · tập hợp, đoàn kết (%)", "e · unity (%)", "Đ15.3.c"),
        ("task_part", "Kết quả nhiệm vụ (0–70)", "Task result (0–70)", "Đ16, Đ12.3"),
        ("general", "Tiêu chí chung (0–30)", "General criteria (0–30)", "Đ12.2"),
        ("total", "Tổng điểm (0–100)", "Total (0–100)", "Đ17"),
    ]
    .into_iter()
    .filter_map(|(key, vi, en, article)| {
        let printed = summary.pointer(&format!("/parts/{key}/printed")).and_then(Value::as_str);
        let always = matches!(key, "task_part" | "general" | "total");
        let value = match printed {
            Some(printed) => printed.to_owned(),
            None if always => "–".to_owned(),
            None => return None,
        };
        let note = if printed.is_none() { say(lang, "còn thiếu", "missing") } else { "" };
        Some(PartView { label: say(lang, vi, en), article, value, note })
    })
    .collect()
}

fn lines(derivation: &Value) -> Vec<LineView> {
    let lines = derivation.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    lines
        .iter()
        .take(500)
        .map(|line| {
            let get = |key: &str| text(line, &format!("/{key}"));
            let of = line.get("of").and_then(Value::as_str).map(|of| format!("{of} · ")).unwrap_or_default();
            LineView {
                title: get("title"),
                note: strings(line, "notes").collect::<Vec<_>>().join("; "),
                product: get("product"),
                k: get("coefficient"),
                g: get("assigned"),
                kg: get("assigned_converted"),
                c: get("completed"),
                kc: get("completed_converted"),
                due: get("due"),
                done: get("completed_on"),
                late: get("late_count"),
                failures: get("quality_failures"),
                source: format!("{of}{}", get("source")),
                extra: line.get("extra").and_then(Value::as_bool).unwrap_or(false),
            }
        })
        .collect()
}

fn excluded(derivation: &Value, lang: Lang) -> Vec<ExcludedView> {
    let words = |reason: &str| -> String {
        let (vi, en) = match reason {
            "unmapped" => ("chưa gán sản phẩm", "waits for its product"),
            "outside_catalog" => ("ngoài danh mục", "outside the catalog"),
            "cancelled" => ("đã hủy hoặc thu hồi", "cancelled or recalled"),
            "gone" => ("nguồn không còn hiển thị", "no longer shown by its source"),
            "not_due_yet" => ("chưa tới hạn", "not due yet"),
            other => return other.to_owned(),
        };
        say(lang, vi, en).to_owned()
    };
    let list = derivation.get("excluded").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .take(200)
        .map(|line| ExcludedView {
            title: text(line, "/title"),
            reason: words(&text(line, "/reason")),
            source: text(line, "/source"),
        })
        .collect()
}

fn summary_text(summary: &Value, lang: Lang) -> String {
    let key = if lang == Lang::Vi { "vi" } else { "en" };
    let changes = summary.as_array().map(Vec::as_slice).unwrap_or_default();
    let told: Vec<&str> = changes
        .iter()
        .filter_map(|change| change.pointer(&format!("/text/{key}")))
        .filter_map(Value::as_str)
        .take(4)
        .collect();
    told.join("; ")
}

fn switches(derivation: &Value) -> Vec<SwitchView> {
    let rules = derivation.get("rule_set").and_then(Value::as_object);
    rules
        .into_iter()
        .flatten()
        .map(|(name, value)| SwitchView {
            name: name.clone(),
            value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        })
        .collect()
}
