//! Deliveries with their deadline clocks and receipts: the list, and one of them.

use super::table::{Cell, Filter, ROWS, Section, Sheet, one_page};
use super::{Page, Visit, Web, format, words};
use crate::delivery::Target as _;
use crate::directory::Directory;
use crate::domain::PersonId;
use crate::store::{Delivery, StoreError};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// States a list can be narrowed to.
const STATES: [&str; 9] =
    ["pending", "leased", "sent", "unknown", "acknowledged", "verified", "parked", "rejected", "superseded"];

fn told(error: StoreError) -> crate::error::Finding {
    error.finding()
}

/// Targets by id, the national database first.
pub(super) fn targets(web: &Web) -> Vec<(String, bool)> {
    let national = web.app.national.iter().map(|target| (target.id().to_string(), true));
    national.chain(web.app.evaluation.iter().map(|target| (target.id().to_string(), false))).collect()
}

/// The clock of a delivery: until when, and how long that is.
pub(super) fn clock(item: &Delivery, now: DateTime<Utc>, visit: &Visit) -> Cell {
    let Some(at) = item.deadline_at else { return Cell::text("–") };
    let text = format::deadline(at, visit.lang);
    match item.received_at {
        Some(received) if received <= at => {
            Cell::tag((text, "ok")).note(visit.say("đã đến đúng hạn", "arrived in time"))
        }
        Some(_) => Cell::tag((text, "bad")).note(visit.say("đến trễ hạn", "arrived too late")),
        None if item.settled_at.is_some() => Cell::text(text),
        None => {
            let light = match at - now {
                left if left < chrono::TimeDelta::zero() => "bad",
                left if left < super::live::SOON => "warn",
                _ => "",
            };
            Cell::tag((text, light)).note(format::left(at, now, visit.lang))
        }
    }
}

pub(super) fn who(directory: &Directory, person: PersonId) -> String {
    directory
        .person(person)
        .map_or_else(|| person.to_string(), |known| format!("{} {}", known.staff_number, known.full_name))
}

/// Whether a list shows the ids that orders take.
#[derive(Clone, Copy)]
pub(super) enum Ids {
    Shown,
    Hidden,
}

/// Rows of deliveries, in the order they come.
pub(super) fn fill(
    section: &mut Section,
    ids: Ids,
    web: &Web,
    visit: &Visit,
    directory: &Directory,
    items: Vec<Delivery>,
) {
    let now = web.app.clock.now();
    for item in items {
        let reason = if item.settled_at.is_some() { None } else { item.finding.as_ref() };
        let why = reason.map(|finding| format!("{} {}", finding.code, finding.what.get(visit.lang)));
        let deadline = clock(&item, now, visit);
        section.push(
            item.id.to_string(),
            vec![
                Cell::link(who(directory, item.person), format!("/deliveries/{}", item.id)).note(match ids {
                    Ids::Shown => item.id.to_string(),
                    Ids::Hidden => String::new(),
                }),
                Cell::text(format::period(item.period, visit.lang)).note(format!(
                    "{} {}",
                    visit.say("phiên bản", "revision"),
                    item.revision
                )),
                Cell::tag(words::delivery(&item.state, visit.lang)).note(why.unwrap_or_default()),
                deadline,
                Cell::mono(item.transaction_id.unwrap_or_else(|| "–".to_owned()))
                    .note(item.received_at.map(format::instant).unwrap_or_default()),
                Cell::num(item.attempts.to_string()),
            ],
        );
    }
}

/// An empty table of deliveries.
pub(super) fn table(
    visit: &Visit,
    id: &'static str,
    ids: Ids,
    title: &str,
    empty: (&'static str, &'static str),
) -> Section {
    Section::table(
        visit,
        id,
        title,
        &[
            match ids {
                Ids::Shown => ("Người, số mục gửi", "Person, delivery id"),
                Ids::Hidden => ("Người", "Person"),
            },
            ("Kỳ", "Period"),
            ("Trạng thái", "State"),
            ("Hạn phải đến", "Deadline"),
            ("Biên nhận", "Receipt"),
            ("#Số lần gửi", "#Attempts"),
        ],
        empty,
    )
}

fn open_place(item: &Delivery) -> String {
    format!(
        "{}~{}",
        item.deadline_at.map(|at| at.timestamp_millis().to_string()).unwrap_or_default(),
        item.id
    )
}

fn read_place(text: &str) -> Option<(Option<DateTime<Utc>>, Uuid)> {
    let (at, id) = text.split_once('~')?;
    let at = at.parse().ok().and_then(DateTime::from_timestamp_millis);
    Some((at, id.parse().ok()?))
}

/// The list: what is open by its deadline, then what is settled.
pub(super) async fn list(web: &Web, visit: &Visit) -> Page {
    let lang = visit.lang;
    let targets = targets(web);
    let asked = visit.asked("target");
    let Some((target, national)) = targets.iter().find(|(id, _)| id == asked).or(targets.first()).cloned()
    else {
        let sheet = Sheet {
            heading: visit.say("Gửi và biên nhận", "Deliveries and receipts").to_owned(),
            intro: visit
                .say(
                    "Chưa khai báo nơi nhận nào. Thêm [[target]] vào tệp cấu hình.",
                    "No target is configured. Add a [[target]].",
                )
                .to_owned(),
            ..Sheet::default()
        };
        return sheet.show(web, visit).await.map(Some);
    };
    let directory = web.app.directory().await?;
    let state = STATES.into_iter().find(|state| *state == visit.asked("state"));
    let mut sections = Vec::new();
    if state.is_none() {
        let after = read_place(visit.asked("open"));
        let items = web.app.store.open_deliveries(&target, after, ROWS + 1).await.map_err(told)?;
        let (items, last) = one_page(items, open_place);
        let mut open = table(
            visit,
            "open",
            Ids::Shown,
            visit.say("Chưa có biên nhận, hạn gần nhất trước", "Without a receipt, earliest deadline first"),
            (
                "Không còn mục nào: mọi mục đã gửi đều có biên nhận.",
                "None left: everything that was sent has its receipt.",
            ),
        );
        open.pages(visit, "open", last);
        fill(&mut open, Ids::Shown, web, visit, &directory, items);
        sections.push(open.command(
            visit.say("lienthong outbox retry SỐ --author TÊN", "lienthong outbox retry ID --author NAME"),
        ));
    }
    let before = visit.asked("before").parse().unwrap_or(Uuid::max());
    let items = web.app.store.deliveries(&target, state, before, ROWS + 1).await.map_err(told)?;
    let (items, last) = one_page(items, |item| item.id.to_string());
    let title = match state {
        Some(state) => words::delivery(state, lang).0,
        None => visit.say("Tất cả, mới nhất trước", "All, newest first").to_owned(),
    };
    let mut all = table(visit, "all", Ids::Shown, &title, ("Chưa có mục nào.", "Nothing yet."));
    all.pages(visit, "before", last);
    fill(&mut all, Ids::Shown, web, visit, &directory, items);
    sections.push(all);
    let mut states = vec![(String::new(), visit.say("Mọi trạng thái", "Any state").to_owned())];
    states.extend(STATES.map(|state| (state.to_owned(), words::delivery(state, lang).0)));
    let names =
        targets.iter().map(|(id, national)| (id.clone(), words::target(id, *national, lang))).collect();
    let intro = if national {
        visit.say(
            "Hạn tính từ ngày phê duyệt (kết quả quý: từ ngày chốt kỳ).",
            "Deadlines run from the approval (quarters: from the close of the period).",
        )
    } else {
        visit.say(
            "Điểm tạm tính chuyển sang phần mềm đánh giá; không có hạn theo luật.",
            "Provisional scores on their way to the evaluation software; the law sets no deadline.",
        )
    };
    let sheet = Sheet {
        heading: visit.say("Gửi và biên nhận", "Deliveries and receipts").to_owned(),
        intro: intro.to_owned(),
        filters: vec![
            Filter::new("target", visit.say("Nơi nhận", "Target"), names, &target),
            Filter::new("state", visit.say("Trạng thái", "State"), states, state.unwrap_or("")),
        ],
        sections,
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

/// One delivery; none when there is no such id.
pub(super) async fn page(web: &Web, visit: &Visit, id: Uuid) -> Page {
    let (lang, now) = (visit.lang, web.app.clock.now());
    let Some(item) = web.app.store.delivery(id).await.map_err(told)? else { return Ok(None) };
    let directory = web.app.directory().await?;
    let national = targets(web).iter().any(|(target, national)| *target == item.target && *national);
    let mut facts = Section::facts("delivery", visit.say("Mục gửi", "Delivery"));
    let mut fact = |vi, en, cell: Cell| facts.fact(visit.say(vi, en), cell);
    let why = item.finding.as_ref().filter(|_| item.settled_at.is_none());
    fact(
        "Trạng thái",
        "State",
        Cell::tag(words::delivery(&item.state, lang)).note(
            why.map(|finding| format!("{} {}", finding.code, finding.what.get(lang))).unwrap_or_default(),
        ),
    );
    if let Some(finding) = why {
        fact("Cần làm gì", "What to do", Cell::text(finding.remedy.get(lang)));
        fact("Thử lại lúc", "Next try", Cell::text(format::instant(item.next_try_at)));
    }
    fact("Hạn phải đến", "Deadline", clock(&item, now, visit));
    fact(
        "Số biên nhận",
        "Receipt number",
        Cell::mono(item.transaction_id.clone().unwrap_or_else(|| "–".to_owned())),
    );
    fact("Nhận biên nhận lúc", "Receipt received", Cell::text(format::instant_or_dash(item.received_at)));
    fact("Nơi nhận", "Target", Cell::text(words::target(&item.target, national, lang)));
    fact(
        "Hồ sơ",
        "Record",
        Cell::link(
            format!("{} · {}", who(&directory, item.person), format::period(item.period, lang)),
            format!("/scores/{}/{}", item.person, item.period),
        )
        .note(format!("{} {}", visit.say("phiên bản", "revision"), item.revision)),
    );
    fact("Đưa vào hàng đợi lúc", "Enqueued", Cell::text(format::instant(item.created_at)));
    fact("Số lần gửi", "Attempts", Cell::text(item.attempts.to_string()));
    fact("Số dòng kết quả trong thông điệp", "Rows in the message", Cell::text(item.list_len.to_string()));
    fact("SHA-256", "SHA-256", Cell::mono(item.payload_hash.clone()));
    fact("Mã mục gửi", "Id", Cell::mono(item.id.to_string()));
    let mut rules = Section::table(
        visit,
        "deadlines",
        visit.say("Các thời hạn áp dụng", "Deadline rules"),
        &[("Quy định", "Rule"), ("Hạn", "Deadline"), ("Tính chất", "Weight"), ("Kết quả", "Outcome")],
        ("Không có thời hạn theo luật.", "The law sets no deadline."),
    );
    let limits: Vec<crate::delivery::deadline::Deadline> =
        serde_json::from_value(item.deadlines.clone()).unwrap_or_default();
    for limit in limits {
        let binding = limit.weight == crate::domain::rules::DeadlineWeight::Deadline;
        let outcome = match item.received_at {
            Some(received) if received <= limit.at => {
                Cell::tag((visit.say("kịp", "in time").to_owned(), "ok"))
            }
            Some(_) => Cell::tag((visit.say("trễ", "late").to_owned(), if binding { "bad" } else { "warn" })),
            None => Cell::text(format::left(limit.at, now, lang)),
        };
        rules.push(
            limit.name.clone(),
            vec![
                Cell::text(limit.name),
                Cell::text(format::deadline(limit.at, lang)),
                Cell::text(if binding {
                    visit.say("bắt buộc", "legal deadline")
                } else {
                    visit.say("cảnh báo", "warning")
                }),
                outcome,
            ],
        );
    }
    let sheet = Sheet {
        heading: visit.say("Mục gửi và biên nhận", "Delivery and receipt").to_owned(),
        parent: Some((
            visit.say("Gửi và biên nhận", "Deliveries"),
            format!("/deliveries?target={}", item.target),
        )),
        sections: vec![facts, rules],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}
