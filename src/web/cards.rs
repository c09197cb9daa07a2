//! The five answers of the first screen.
//!
//! Each says its answer first, then the figures behind it, and leads to the list of them. Red needs a person now,
//! yellow wants attention, green is well.

use super::live::Counts;
use super::overview::{Entry, SourceRow, withheld};
use super::page::say;
use super::{Visit, Web, deliveries, format};
use crate::domain::RecordState;
use crate::error::{Finding, Lang};
use crate::pipeline::wording::{Words, word};
use crate::schedule::StepStatus;
use crate::store::{IMPORTED, Waiting};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// One answer.
#[derive(Serialize)]
pub(super) struct Card {
    id: &'static str,
    question: &'static str,
    answer: String,
    detail: String,
    light: &'static str,
    light_word: &'static str,
    href: String,
    more: &'static str,
}

fn light_word(light: &str, lang: Lang) -> &'static str {
    match light {
        "ok" => say(lang, "Tốt", "Good"),
        "warn" => say(lang, "Cần chú ý", "Attention"),
        "bad" => say(lang, "Có vấn đề", "Problem"),
        _ => "",
    }
}

fn card(
    id: &'static str,
    question: &'static str,
    (answer, light): (String, &'static str),
    detail: String,
    (href, more): (impl Into<String>, &'static str),
    visit: &Visit,
) -> Card {
    Card {
        id,
        question,
        answer,
        detail,
        light,
        light_word: light_word(light, visit.lang),
        href: href.into(),
        more,
    }
}

/// Approved records that are not delivered: those whose quarter is not closed yet, and those whose delivery has begun.
fn approved(counts: &Counts) -> (u64, u64) {
    let (mut before_close, mut on_the_way) = (0, 0);
    for (period, states) in &counts.periods {
        // A year's result leaves with its approval, a quarter's with the close.
        let waits = !period.is_year() && !counts.closed.contains(period);
        let sum = if waits { &mut before_close } else { &mut on_the_way };
        *sum += states.get(RecordState::Approved.as_str()).copied().unwrap_or(0);
    }
    (before_close, on_the_way)
}

/// People whose result of a period that has ended is not approved: it will be sent, and nobody can say when.
fn unapproved(counts: &Counts, today: NaiveDate) -> u64 {
    let ended = counts.periods.iter().filter(|(period, states)| {
        // What was imported stands for its period, and a mean is made of what was approved.
        let imported = states.get(IMPORTED).is_some_and(|count| *count > 0);
        period.quarter_number().is_some() && period.last_day() < today && !imported
    });
    let open = || RecordState::ALL.into_iter().filter(|state| state.is_open());
    ended.flat_map(|(_, states)| open().filter_map(|state| states.get(state.as_str()))).sum()
}

/// Whether results arrive in time. Only the national database has a legal deadline.
pub(super) fn deadlines(web: &Web, counts: &Counts, now: DateTime<Utc>, visit: &Visit) -> Card {
    let lang = visit.lang;
    let national = deliveries::targets(web).into_iter().find(|(_, national)| *national);
    let id = national.map(|(id, _)| id).unwrap_or_default();
    let risk = counts.risk.get(&id).cloned().unwrap_or_default();
    let totals = counts.overview.targets.get(&id).cloned().unwrap_or_default();
    let (before_close, on_the_way) = approved(counts);
    let unapproved = unapproved(counts, web.app.clock.today());
    let stuck = totals.needs_person();
    let n = format::count;
    let left = totals.earliest_deadline.map(|at| format::left(at, now, lang)).unwrap_or_default();
    let withheld = withheld(web, visit, &id);
    let answer = if id.is_empty() {
        (visit.say("Chưa khai báo CSDL quốc gia", "No national database configured").to_owned(), "warn")
    } else if !withheld.is_empty() {
        (visit.say("Chưa: nơi nhận đang bị tạm giữ", "Not yet: the target is withheld").to_owned(), "bad")
    } else if risk.overdue > 0 {
        (
            format!(
                "{} {} {}",
                visit.say("Không:", "No:"),
                n(risk.overdue),
                visit.say("kết quả đã quá hạn", "overdue")
            ),
            "bad",
        )
    } else if stuck > 0 {
        let what = visit.say("kết quả chờ người xử lý", "wait for a person");
        (format!("{} {} {what}, {left}", visit.say("Chưa chắc:", "Not by itself:"), n(stuck)), "bad")
    } else if risk.soon > 0 {
        (
            format!(
                "{} {} {}, {left}",
                visit.say("Sát hạn:", "Close:"),
                n(risk.soon),
                visit.say("kết quả", "results")
            ),
            "warn",
        )
    } else if risk.open > 0 {
        (format!("{} {left}", visit.say("Có, hạn gần nhất", "Yes, earliest deadline:")), "ok")
    } else if unapproved > 0 {
        let what = visit.say(
            "kết quả của kỳ đã kết thúc chưa phê duyệt",
            "results of periods that have ended are not approved",
        );
        (format!("{} {} {what}", visit.say("Chưa gửi hết:", "Not all of them:"), n(unapproved)), "warn")
    } else {
        (visit.say("Có, không còn gì chờ gửi", "Yes, nothing is left to send").to_owned(), "ok")
    };
    let mut detail = withheld.clone();
    if !detail.is_empty() {
        detail.push_str(". ");
    }
    detail.push_str(&format!(
        "{} {}, {} {}",
        n(totals.receipts),
        visit.say("biên nhận của CSDL quốc gia", "receipts of the national database"),
        n(risk.open),
        visit.say("kết quả chưa có biên nhận", "results without one")
    ));
    for (count, what) in
        [
            (
                on_the_way,
                match id.is_empty() {
                    false => visit
                        .say("hồ sơ đã phê duyệt chưa có biên nhận", "approved records without a receipt"),
                    true => visit
                        .say("hồ sơ đã phê duyệt chưa có nơi gửi đến", "approved records with nowhere to go"),
                },
            ),
            (
                before_close,
                visit.say("đã phê duyệt, gửi khi chốt kỳ", "approved, sent once the period is closed"),
            ),
        ]
    {
        if count > 0 {
            detail.push_str(&format!("; {} {what}", n(count)));
        }
    }
    let href = format!("/deliveries?target={id}");
    card(
        "deadlines",
        visit.say(
            "Mọi kết quả có kịp vào CSDL quốc gia?",
            "Will every record reach the national database in time?",
        ),
        answer,
        detail,
        (href, visit.say("Các hạn gửi", "Deadlines")),
        visit,
    )
}

/// Whether every source is fresh.
pub(super) fn sources(sources: &[SourceRow], visit: &Visit) -> Card {
    let stale = sources.iter().filter(|source| source.light != "ok").count();
    let light = match (stale, sources.iter().any(|source| source.light == "bad")) {
        (0, _) if !sources.is_empty() => "ok",
        (_, true) => "bad",
        _ => "warn",
    };
    let answer = match stale {
        _ if sources.is_empty() => visit.say("Chưa khai báo nguồn nào", "No source configured").to_owned(),
        0 => visit.say("Có, tất cả đúng lịch", "Yes, all on time").to_owned(),
        _ => format!("{stale} {}", visit.say("nguồn chậm hoặc lỗi", "late or failing")),
    };
    let names: Vec<&str> = sources
        .iter()
        .filter(|source| source.light != "ok")
        .take(3)
        .map(|source| source.id.as_str())
        .collect();
    let detail = if names.is_empty() {
        format!("{} {}", sources.len(), visit.say("nguồn được khai báo", "sources configured"))
    } else {
        names.join(", ")
    };
    card(
        "sources",
        visit.say("Dữ liệu từng nguồn có mới không?", "Is each source fresh?"),
        (answer, light),
        detail,
        ("/units", visit.say("Theo đơn vị", "By unit")),
        visit,
    )
}

/// What waits for a person.
pub(super) fn people(counts: &Counts, visit: &Visit) -> Card {
    let (waiting, petitions) = (counts.overview.waiting(), counts.petitions);
    let changed: u64 = counts.changed.values().sum();
    let all = counts.waiting();
    let Waiting { deliveries, unknown_accounts, rejected, decisions, review } = waiting;
    let parts: Vec<String> = [
        (deliveries, visit.say("mục gửi bị giữ", "deliveries stuck")),
        (decisions, visit.say("quyết định chưa áp dụng được", "decisions not taken up")),
        (review, visit.say("nhiệm vụ chờ gán sản phẩm", "tasks without product")),
        (unknown_accounts, visit.say("tài khoản lạ", "unknown accounts")),
        (rejected, visit.say("bản ghi bị loại", "rejected records")),
        (petitions, visit.say("kiến nghị sắp hoặc đã hết hạn trả lời", "petitions due soon or late")),
        (
            changed,
            visit.say(
                "kết quả đã duyệt hoặc đã chốt nay có số liệu khác",
                "approved or closed results with other figures by now",
            ),
        ),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what}", format::count(count)))
    .collect();
    let light = if deliveries > 0 {
        "bad"
    } else if all > 0 {
        "warn"
    } else {
        "ok"
    };
    let answer = match all {
        0 => visit.say("Không có việc nào", "Nothing").to_owned(),
        some => format!("{} {}", format::count(some), visit.say("việc", "things")),
    };
    card(
        "waiting",
        visit.say("Việc gì cần người xử lý?", "What needs a person?"),
        (answer, light),
        parts.join(", "),
        ("/waiting", visit.say("Xử lý", "Settle them")),
        visit,
    )
}

/// What changed last.
pub(super) fn changes(timeline: &[Entry], visit: &Visit) -> Card {
    let newest = timeline.first();
    card(
        "changes",
        visit.say("Điều gì vừa thay đổi?", "What changed?"),
        (
            newest.map_or_else(
                || visit.say("Chưa có gì", "Nothing yet").to_owned(),
                |entry| entry.what.clone(),
            ),
            "ok",
        ),
        newest.map(|entry| entry.at.clone()).unwrap_or_default(),
        ("/changes", visit.say("Nhật ký", "The log")),
        visit,
    )
}

/// Whether every step runs.
pub(super) fn health(steps: &[StepStatus], unused: &[Finding], visit: &Visit) -> Card {
    let failing: Vec<&StepStatus> = steps.iter().filter(|step| step.last_error.is_some()).collect();
    let unused = unused.first().filter(|_| failing.is_empty());
    let answer = match failing.len() {
        0 if unused.is_some() => (
            visit
                .say("Có, nhưng cấu hình mới chưa dùng được", "Yes, but not on the new configuration")
                .to_owned(),
            "warn",
        ),
        0 => (visit.say("Có, mọi bước đang chạy tốt", "Yes, every step runs well").to_owned(), "ok"),
        some => (format!("{some} {}", visit.say("bước đang lỗi", "steps failing")), "bad"),
    };
    let of_step = failing.first().and_then(|step| Some((step, step.last_error.as_ref()?))).map_or_else(
        || format!("{} {}", steps.len(), visit.say("bước chạy nền", "background steps")),
        |(step, error)| {
            format!("{}: {}", word(Words::Step, &step.name, visit.lang), error.what.get(visit.lang))
        },
    );
    let detail = unused.map_or(of_step, |finding| finding.what.get(visit.lang).to_owned());
    card(
        "health",
        visit.say("Hệ thống có khỏe không?", "Is the system healthy?"),
        answer,
        detail,
        ("#steps", visit.say("Các bước", "The steps")),
        visit,
    )
}
