//! The first screen: five questions answered in ten seconds, and what stands behind the answers.

use super::page::{render, say, value};
use super::{Visit, Web, format};
use crate::domain::Period;
use crate::error::{Finding, Lang};
use crate::schedule::StepStatus;
use crate::store::{Overview, SourceState, TargetTotals};
use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Card {
    question: &'static str,
    answer: String,
    detail: String,
    light: &'static str,
    href: &'static str,
}

#[derive(Serialize)]
struct Stage {
    label: &'static str,
    value: String,
    note: String,
}

#[derive(Serialize)]
struct SourceRow {
    id: String,
    unit: String,
    state: String,
    light: &'static str,
    reason: String,
    last_success: String,
    next: String,
    tasks: String,
    events: String,
    rejected: String,
}

#[derive(Serialize)]
struct TargetRow {
    id: String,
    receipts: String,
    waiting: String,
    parked: String,
    deadline: Option<String>,
    left: String,
    light: &'static str,
    /// Why nothing may be sent to it yet; empty when it is in use.
    withheld: String,
}

#[derive(Serialize)]
struct StepRow {
    label: String,
    state: &'static str,
    light: &'static str,
    reason: String,
    last: String,
    done: String,
    runs: String,
}

#[derive(Serialize)]
struct Entry {
    at: String,
    what: String,
    object: String,
    who: String,
    reason: String,
}

/// Renders the first screen.
pub(super) async fn page(web: &Web, visit: &Visit) -> Result<String, Finding> {
    let lang = visit.lang;
    let now = web.app.clock.now();
    let overview = web.app.store.overview().await.map_err(|error| error.finding())?;
    let directory = web.app.directory().await?;
    let mut sources = Vec::new();
    let mut stale = 0;
    for (id, source) in &web.app.sources {
        let state = web.app.store.source_state(id).await.map_err(|error| error.finding())?;
        let totals = overview.sources.get(id.as_str()).cloned().unwrap_or_default();
        let (light, word) = freshness(&state, now, lang);
        stale += u64::from(light != "ok");
        sources.push(SourceRow {
            id: id.to_string(),
            unit: directory
                .unit(&source.unit)
                .map_or_else(|| source.unit.to_string(), |unit| unit.name.clone()),
            state: word.to_owned(),
            light,
            reason: state
                .last_error
                .as_ref()
                .map(|error| format!("{} {}", error.code, error.what.get(lang)))
                .unwrap_or_default(),
            last_success: state
                .last_success_at
                .map_or_else(|| "–".to_owned(), |at| format::ago(at, now, lang)),
            next: state.next_due_at.map_or_else(|| "–".to_owned(), |at| format::instant(at.max(now))),
            tasks: format::count(totals.tasks),
            events: format::count(totals.events),
            rejected: format::count(totals.rejected),
        });
    }
    let steps = web.board.all();
    let timeline = timeline(web, lang).await?;
    let waiting = waiting_for_people(&overview);
    let answers = [
        deadlines_card(&overview, now, lang),
        sources_card(sources.len() as u64, stale, lang),
        people_card(&overview, lang),
        changes_card(&timeline, lang),
        health_card(&steps, lang),
    ];
    let own = context! {
        answers => value(&answers),
        flow => value(&flow(&overview, lang)),
        period => Period::quarter_of(web.app.clock.today()).to_string(),
        sources => value(&sources),
        targets => value(&target_rows(web, &overview, now, lang)),
        timeline => value(&timeline),
        steps => value(&steps.iter().map(|step| step_row(step, now, lang)).collect::<Vec<_>>()),
    };
    Ok(render(web, visit, "overview.html", own, waiting))
}

/// How many things wait for a person.
pub(super) fn waiting_for_people(overview: &Overview) -> u64 {
    let review = overview.mapping.get("review").copied().unwrap_or(0);
    let parked: u64 = overview.targets.values().map(TargetTotals::needs_person).sum();
    let rejected: u64 = overview.sources.values().map(|source| source.rejected).sum();
    review + parked + rejected + overview.unknown_accounts
}

fn freshness(state: &SourceState, now: DateTime<Utc>, lang: Lang) -> (&'static str, &'static str) {
    match (state.last_success_at, &state.last_error) {
        (_, Some(_)) if state.consecutive_failures >= 3 => ("bad", say(lang, "Cần xử lý", "Action required")),
        (_, Some(_)) => ("warn", say(lang, "Lỗi, tự thử lại", "Failed, retrying")),
        (None, None) => ("warn", say(lang, "Chưa lấy lần nào", "Not pulled yet")),
        (Some(_), None) => {
            let late = state.next_due_at.is_some_and(|due| due + TimeDelta::minutes(10) < now);
            if late {
                ("warn", say(lang, "Chậm lịch", "Late"))
            } else {
                ("ok", say(lang, "Kịp thời", "On time"))
            }
        }
    }
}

fn deadlines_card(overview: &Overview, now: DateTime<Utc>, lang: Lang) -> Card {
    let earliest = overview.targets.values().filter_map(|target| target.earliest_deadline).min();
    let waiting: u64 = overview.targets.values().map(|target| target.waiting() + target.needs_person()).sum();
    let (light, answer) = match earliest {
        None => ("ok", say(lang, "Có, không còn gì phải gửi", "Yes, nothing left to send").to_owned()),
        Some(at) if at < now => {
            ("bad", say(lang, "Không: có kết quả đã quá hạn", "No: a result is overdue").to_owned())
        }
        Some(at) if at - now < TimeDelta::hours(48) => {
            ("warn", format!("{} {}", say(lang, "Sát hạn:", "Close:"), format::left(at, now, lang)))
        }
        Some(at) => ("ok", format!("{} {}", say(lang, "Có,", "Yes,"), format::left(at, now, lang))),
    };
    Card {
        question: say(
            lang,
            "Mọi kết quả có kịp vào CSDL quốc gia?",
            "Will every record reach the national database in time?",
        ),
        answer,
        detail: format!(
            "{} {}",
            format::count(waiting),
            say(lang, "mục chưa có biên nhận", "items without a receipt")
        ),
        light,
        href: "/deliveries",
    }
}

fn sources_card(all: u64, stale: u64, lang: Lang) -> Card {
    Card {
        question: say(lang, "Các nguồn có mới không?", "Is each source fresh?"),
        answer: if stale == 0 {
            say(lang, "Có", "Yes").to_owned()
        } else {
            format!("{stale} {}", say(lang, "nguồn chậm hoặc lỗi", "late or failing"))
        },
        detail: format!("{all} {}", say(lang, "nguồn được khai báo", "sources configured")),
        light: if all == 0 || stale > 0 { "warn" } else { "ok" },
        href: "",
    }
}

fn people_card(overview: &Overview, lang: Lang) -> Card {
    let waiting = waiting_for_people(overview);
    let review = overview.mapping.get("review").copied().unwrap_or(0);
    Card {
        question: say(lang, "Việc gì cần người xử lý?", "What needs a person?"),
        answer: if waiting == 0 {
            say(lang, "Không có", "Nothing").to_owned()
        } else {
            format::count(waiting)
        },
        detail: match lang {
            Lang::Vi => {
                format!("{review} nhiệm vụ chờ gán sản phẩm, {} tài khoản lạ", overview.unknown_accounts)
            }
            Lang::En => format!(
                "{review} tasks wait for their product, {} unknown accounts",
                overview.unknown_accounts
            ),
        },
        light: if waiting == 0 { "ok" } else { "warn" },
        href: "/waiting",
    }
}

fn changes_card(timeline: &[Entry], lang: Lang) -> Card {
    let newest = timeline.first();
    Card {
        question: say(lang, "Điều gì vừa thay đổi?", "What changed?"),
        answer: newest
            .map_or_else(|| say(lang, "Chưa có gì", "Nothing yet").to_owned(), |entry| entry.what.clone()),
        detail: newest.map(|entry| entry.at.clone()).unwrap_or_default(),
        light: "ok",
        href: "",
    }
}

fn health_card(steps: &[StepStatus], lang: Lang) -> Card {
    let failing: Vec<&StepStatus> = steps.iter().filter(|step| step.last_error.is_some()).collect();
    Card {
        question: say(lang, "Hệ thống có khỏe không?", "Is the system healthy?"),
        answer: if failing.is_empty() {
            say(lang, "Có", "Yes").to_owned()
        } else {
            format!("{} {}", failing.len(), say(lang, "bước đang lỗi", "steps failing"))
        },
        detail: failing.first().and_then(|step| step.last_error.as_ref()).map_or_else(
            || format!("{} {}", steps.len(), say(lang, "bước chạy nền", "background steps")),
            |error| error.what.get(lang).to_owned(),
        ),
        light: if failing.is_empty() { "ok" } else { "bad" },
        href: "",
    }
}

fn flow(overview: &Overview, lang: Lang) -> Vec<Stage> {
    let of = |map: &std::collections::BTreeMap<String, u64>, key: &str| map.get(key).copied().unwrap_or(0);
    let stage = |label, value: u64, note: String| Stage { label, value: format::count(value), note };
    let due = |step: &str| {
        let left = of(&overview.due, step);
        if left == 0 {
            String::new()
        } else {
            format!("+{} {}", format::count(left), say(lang, "đang chờ", "to do"))
        }
    };
    let receipts: u64 = overview.targets.values().map(|target| target.receipts).sum();
    vec![
        stage(say(lang, "Công chức", "People"), overview.people, String::new()),
        stage(say(lang, "Nhiệm vụ đã lấy", "Tasks pulled"), overview.tasks, String::new()),
        stage(say(lang, "Đã xác định người", "Identified"), overview.identified, due("identify")),
        stage(say(lang, "Đã gán sản phẩm", "Mapped"), of(&overview.mapping, "mapped"), due("map")),
        stage(say(lang, "Chờ xem xét", "Waiting for review"), of(&overview.mapping, "review"), String::new()),
        stage(say(lang, "Điểm tạm tính", "Provisional scores"), overview.scores, due("score")),
        stage(
            say(lang, "Hồ sơ đánh giá", "Evaluation records"),
            overview.records.values().sum(),
            due("record"),
        ),
        stage(
            say(lang, "Đã phê duyệt", "Approved"),
            of(&overview.records, "approved") + of(&overview.records, "delivered"),
            String::new(),
        ),
        stage(say(lang, "Biên nhận", "Receipts"), receipts, String::new()),
    ]
}

/// Configured targets and those something was once enqueued for.
fn target_rows(web: &Web, overview: &Overview, now: DateTime<Utc>, lang: Lang) -> Vec<TargetRow> {
    let none = TargetTotals::default();
    let configured = web.app.targets();
    let mut ids: BTreeSet<&str> = overview.targets.keys().map(String::as_str).collect();
    ids.extend(configured.iter().map(|target| target.as_str()));
    let row = |id: &str| {
        let totals = overview.targets.get(id).unwrap_or(&none);
        let withheld = configured.iter().find(|target| target.as_str() == id);
        let withheld = withheld.and_then(|target| web.app.withheld.get(target));
        TargetRow {
            withheld: withheld.map(|why| format!("{} {}", why.code, why.what.get(lang))).unwrap_or_default(),
            ..target_row(id, totals, now, lang)
        }
    };
    ids.into_iter().map(row).collect()
}

fn target_row(id: &str, totals: &TargetTotals, now: DateTime<Utc>, lang: Lang) -> TargetRow {
    let light = match totals.earliest_deadline {
        Some(at) if at < now => "bad",
        Some(at) if at - now < TimeDelta::hours(48) => "warn",
        _ => "ok",
    };
    TargetRow {
        id: id.to_owned(),
        receipts: format::count(totals.receipts),
        waiting: format::count(totals.waiting()),
        parked: format::count(totals.needs_person()),
        deadline: totals.earliest_deadline.map(format::instant),
        left: totals.earliest_deadline.map(|at| format::left(at, now, lang)).unwrap_or_default(),
        light,
        withheld: String::new(),
    }
}

fn step_row(step: &StepStatus, now: DateTime<Utc>, lang: Lang) -> StepRow {
    let (state, light) = match (&step.last_error, step.running_since, step.elsewhere) {
        (Some(_), ..) => (say(lang, "Lỗi", "Failing"), "bad"),
        (None, Some(_), _) => (say(lang, "Đang chạy", "Running"), "ok"),
        (None, None, true) => (say(lang, "Chạy ở máy khác", "On another replica"), ""),
        (None, None, false) => (say(lang, "Chờ", "Waiting"), ""),
    };
    StepRow {
        label: step.name.clone(),
        state,
        light,
        reason: step
            .last_error
            .as_ref()
            .map(|error| format!("{} {}", error.code, error.what.get(lang)))
            .unwrap_or_default(),
        last: step.last_end.map_or_else(|| "–".to_owned(), |at| format::ago(at, now, lang)),
        done: format::count(step.done),
        runs: format::count(step.runs),
    }
}

/// What an audit entry's action is called on the page.
fn action_words(action: &str, lang: Lang) -> String {
    let (vi, en) = match action {
        "people_imported" => ("Nhập danh sách công chức", "People imported"),
        "catalog_imported" => ("Nhập danh mục sản phẩm", "Catalog imported"),
        "account_linked" => ("Gán tài khoản cho người", "Account linked"),
        "mapping_decided" => ("Gán sản phẩm cho nhiệm vụ", "Product decided"),
        "record_revised" => ("Hồ sơ có phiên bản mới", "Record revised"),
        "record_approved" => ("Phê duyệt hồ sơ", "Record approved"),
        "record_corrected" => ("Đính chính hồ sơ", "Record corrected"),
        "period_closed" => ("Chốt kỳ", "Period closed"),
        "history_imported" => ("Nhập kết quả các kỳ trước", "Earlier results imported"),
        "history_signed_empty" => ("Xác nhận không có kết quả trước", "Signed off: no earlier results"),
        "result_delivered" => ("CSDL quốc gia đã nhận", "Delivered to the national database"),
        "outbox_retried" => ("Gửi lại theo yêu cầu", "Delivery retried"),
        "outbox_parked" => ("Tạm gác mục gửi", "Delivery parked"),
        other => return other.to_owned(),
    };
    say(lang, vi, en).to_owned()
}

async fn timeline(web: &Web, lang: Lang) -> Result<Vec<Entry>, Finding> {
    let entries = web.app.store.audit_entries(12).await.map_err(|error| error.finding())?;
    Ok(entries
        .into_iter()
        .map(|entry| Entry {
            at: format::instant(entry.at),
            what: action_words(&entry.action, lang),
            object: entry.object,
            who: entry.actor,
            reason: entry.reason.unwrap_or_default(),
        })
        .collect())
}
