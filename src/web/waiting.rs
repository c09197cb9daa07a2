//! Everything that waits for a person.

use super::live::Counts;
use super::table::{Cell, FEW, Section, Sheet, shown_of, some_rows};
use super::{Page, Visit, Web, deliveries, format, source, words};
use crate::directory::Known;
use crate::domain::{AccountKind, OddDone, local_date};
use crate::error::{Finding, Text};
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::wording::{Words, shell_quoted, word};
use crate::store::{StoreError, UnknownAccount, Waiting};
use crate::text::fold::fold;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

fn told(error: StoreError) -> Finding {
    error.finding()
}

/// Renders the page of what waits for a person.
pub(super) async fn page(web: &Web, visit: &Visit) -> Page {
    let counts = web.live.counts(web).await?;
    let mut sections = vec![summary(visit, &counts)];
    sections.extend(sources(visit, &counts));
    sections.extend(super::yearly::section(web, visit).await?);
    sections.extend(petitions(web, visit).await?);
    sections.extend(changed(visit, &counts));
    sections.extend(stuck(web, visit, &counts).await?);
    sections.push(unknown(web, visit).await?);
    sections.push(source::rejected(web, visit, None).await?);
    sections.extend(odd_done(web, visit).await?);
    sections.push(decisions(web, visit).await?);
    sections.push(review(web, visit).await?);
    sections.push(super::twins::waiting(web, visit).await?);
    let sheet = Sheet {
        heading: visit.say("Cần người xử lý", "Needs a person").to_owned(),
        intro: visit
            .say(
                "Những việc hệ thống không tự quyết định. Mỗi phần ghi lệnh dùng để xử lý.",
                "What the system does not decide by itself. Each part names the command that settles it.",
            )
            .to_owned(),
        sections,
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

/// How many of each kind, leading to each part.
fn summary(visit: &Visit, counts: &Counts) -> Section {
    let Waiting { deliveries, unknown_accounts, rejected, decisions, review } = counts.overview.waiting();
    let mut facts = Section::facts("summary", "");
    for (label, count, href) in [
        (
            visit.say("Mục gửi bị giữ hoặc bị từ chối", "Deliveries parked or rejected"),
            deliveries,
            "/deliveries",
        ),
        (visit.say("Tài khoản chưa biết của ai", "Unknown accounts"), unknown_accounts, "#unknown"),
        (visit.say("Bản ghi bị loại", "Rejected records"), rejected, "#rejected"),
        (
            visit.say("Quyết định chưa áp dụng được", "Decisions that could not be taken up"),
            decisions,
            "#decisions",
        ),
        (visit.say("Nhiệm vụ chờ gán sản phẩm", "Tasks waiting for their product"), review, "#review"),
    ] {
        facts.fact(label, Cell::link(format::count(count), href));
    }
    facts
}

/// Sources that are stopped, of whose tasks or files many vanished, or whose records changed; none while there are none.
fn sources(visit: &Visit, counts: &Counts) -> Option<Section> {
    let mut section = Section::table(
        visit,
        "sources",
        visit.say("Nguồn cần người xem", "Sources that need a person"),
        &[("Nguồn", "Source"), ("Lý do", "Why"), ("Cần làm gì", "What to do")],
        ("–", "–"),
    );
    let mut any = false;
    for (id, source) in &counts.sources {
        let gate = counts.stopped.get(id).map(|gate| &gate.finding);
        for (place, finding) in gate.into_iter().chain(&source.judged.finding).enumerate() {
            let cells = vec![
                Cell::link(id.as_str(), format!("/sources/{id}")),
                Cell::text(format!("{} {}", finding.code, finding.what.get(visit.lang))),
                Cell::text(finding.remedy.get(visit.lang)),
            ];
            section.push(format!("{id}-{place}"), cells);
            any = true;
        }
        if source.changed_fields > 0 {
            let what = visit.say("Trường của bản ghi đã thay đổi", "Fields of its records changed");
            let cells = vec![
                Cell::link(id.as_str(), format!("/sources/{id}#drift")),
                Cell::text(format!("{what}: {}", format::count(source.changed_fields))),
                Cell::mono(format!("lienthong source accept-drift {id}")),
            ];
            section.push(format!("{id}-drift"), cells);
            any = true;
        }
    }
    any.then_some(section)
}

/// Petitions whose answer is due soon or late; none while there are none. What they say is for the orders alone.
async fn petitions(web: &Web, visit: &Visit) -> Result<Option<Section>, Finding> {
    let pressing = web.app.pressing_petitions().await?;
    let mut section = Section::table(
        visit,
        "petitions-due",
        visit.say("Kiến nghị sắp hoặc đã hết hạn trả lời", "Petitions due soon or late"),
        &[("#Số", "#Id"), ("Kỳ", "Period"), ("Hạn trả lời", "To be answered by"), ("Nội dung", "What")],
        ("–", "–"),
    )
    .command("lienthong petition list");
    for (petition, told) in &pressing {
        section.push(
            petition.id.to_string(),
            vec![
                Cell::num(petition.id.to_string()),
                Cell::text(format::period(petition.period, visit.lang)),
                Cell::text(format::day(petition.due_on)),
                Cell::text(format!("{} {}", told.code, told.what.get(visit.lang))),
            ],
        );
    }
    Ok((!pressing.is_empty()).then_some(section))
}

/// Results that stand and have other figures by now, by period (LT-REC-006); none while there are none.
fn changed(visit: &Visit, counts: &Counts) -> Option<Section> {
    let mut section = Section::table(
        visit,
        "changed",
        visit.say(
            "Kết quả đã duyệt hoặc đã chốt nay có số liệu khác",
            "Approved or closed results with other figures by now",
        ),
        &[("Kỳ", "Period"), ("#Số kết quả", "#Results")],
        ("–", "–"),
    )
    .note(visit.say(
        "Kết quả đã duyệt giữ nguyên cho đến khi người có thẩm quyền đính chính kèm lý do (record correct).",
        "What was approved stands until a competent person corrects it with a reason (record correct).",
    ))
    .command("lienthong record list --changed");
    for (period, count) in &counts.changed {
        section.push(
            period.to_string(),
            vec![
                Cell::link(format::period(*period, visit.lang), format!("/records?period={period}")),
                Cell::num(format::count(*count)),
            ],
        );
    }
    (!counts.changed.is_empty()).then_some(section)
}

/// Tasks whose day of completion cannot be true; none while there are none.
async fn odd_done(web: &Web, visit: &Visit) -> Result<Option<Section>, Finding> {
    let mut section = Section::table(
        visit,
        "odd-dates",
        visit.say("Ngày hoàn thành không thể đúng", "Days of completion that cannot be true"),
        &[
            ("NGUỒN:MÃ", "SOURCE:KEY"),
            ("Nhiệm vụ", "Task"),
            ("Ngày giao", "Assigned"),
            ("Ngày hoàn thành", "Completed"),
            ("Lý do", "Why"),
        ],
        ("–", "–"),
    )
    .note(visit.say(
        "Vẫn được tính như nguồn ghi; sửa ở nguồn hoặc trong tệp thì dòng này tự mất.",
        "Counted as the source says; once it is corrected there or in the file, the line goes by itself.",
    ));
    let shown = shown_of(visit, "odd-dates");
    let (from, after) = odd_place(visit.asked("odd-dates"));
    let mut odd = Vec::new();
    for (place, why) in OddDone::ALL.into_iter().enumerate().skip(from) {
        let after = if place == from { after } else { 0 };
        let left = shown + 1 - odd.len();
        let tasks = web.app.store.odd_done_tasks(why, after, left).await.map_err(told)?;
        odd.extend(tasks.into_iter().map(|task| (place, why, task)));
        if odd.len() > shown {
            break;
        }
    }
    if odd.is_empty() {
        return Ok(None);
    }
    let (odd, last) = some_rows(odd, shown, |(place, _, task)| format!("{place}-{}", task.id));
    section.some_pages(visit, "odd-dates", last);
    let day = |at: Option<DateTime<Utc>>| at.map_or_else(|| "–".to_owned(), |at| format::day(local_date(at)));
    for (_, why, stored) in odd {
        let (code, what) = crate::ingest::odd_done(why);
        let draft = &stored.task.draft;
        section.push(
            stored.id.to_string(),
            vec![
                Cell::text(format!("{}:{}", stored.key.source, stored.key.external_id)),
                Cell::link(word(Words::Title, &draft.title, visit.lang), format!("/tasks/{}", stored.id)),
                Cell::text(day(draft.assigned_at)),
                Cell::text(day(draft.completed_at)),
                Cell::text(format!("{code} {}", what.get(visit.lang))),
            ],
        );
    }
    Ok(Some(section))
}

/// Where a page of them goes on: the place of a reason among all, and the number of the last task shown.
fn odd_place(asked: &str) -> (usize, i64) {
    let place = asked.split_once('-').and_then(|(why, id)| Some((why.parse().ok()?, id.parse().ok()?)));
    place.unwrap_or((0, 0))
}

/// Deliveries that wait for a person, of every target.
async fn stuck(web: &Web, visit: &Visit, counts: &Counts) -> Result<Vec<Section>, Finding> {
    let directory = web.app.directory().await?;
    let mut sections = Vec::new();
    for (target, national) in deliveries::targets(web) {
        if counts.overview.targets.get(&target).is_none_or(|totals| totals.needs_person() == 0) {
            continue;
        }
        for state in ["parked", "rejected"] {
            let items =
                web.app.store.deliveries(&target, Some(state), Uuid::max(), FEW + 1).await.map_err(told)?;
            if items.is_empty() {
                continue;
            }
            let more = items.len() > FEW;
            let title = format!(
                "{} · {}",
                words::target(&target, national, visit.lang),
                words::delivery(state, visit.lang).0
            );
            let id = if state == "parked" { "parked" } else { "refused" };
            let mut section = deliveries::table(visit, id, deliveries::Ids::Shown, &title, ("–", "–"))
                .command(visit.say(
                    "lienthong outbox retry SỐ --author TÊN",
                    "lienthong outbox retry ID --author NAME",
                ));
            if more {
                section = section.note(visit.say(
                    "Chỉ hiện 25 mục mới nhất; xem đủ ở trang Gửi và biên nhận.",
                    "Only the newest 25; the page of deliveries has all of them.",
                ));
            }
            deliveries::fill(
                &mut section,
                deliveries::Ids::Shown,
                web,
                visit,
                &directory,
                items.into_iter().take(FEW).collect(),
            );
            sections.push(section);
        }
    }
    Ok(sections)
}

async fn review(web: &Web, visit: &Visit) -> Result<Section, Finding> {
    let after = visit.asked("review").parse().unwrap_or(0);
    let shown = shown_of(visit, "review");
    let items = web.app.store.review_queue(after, shown + 1).await.map_err(told)?;
    let (items, last) = some_rows(items, shown, |item| item.task.to_string());
    let mut section = Section::table(
        visit,
        "review",
        visit.say("Nhiệm vụ chờ gán sản phẩm", "Tasks waiting for their product"),
        &[
            ("NGUỒN:MÃ", "SOURCE:KEY"),
            ("Nhiệm vụ", "Task"),
            ("Sản phẩm gần nhất", "Nearest products"),
            ("#Độ tin cậy", "#Confidence"),
            ("Nguồn", "Source"),
        ],
        ("Không có nhiệm vụ nào chờ.", "No task waits."),
    )
    .command(visit.say(
        "lienthong mapping decide NGUỒN:MÃ --product MÃ_SẢN_PHẨM --author TÊN",
        "lienthong mapping decide SOURCE:KEY --product CODE --author NAME",
    ));
    section.some_pages(visit, "review", last);
    let names = ProductNames::of(&web.app, &items).await.map_err(told)?;
    for item in items {
        let near = names.nearest(&item);
        section.push(
            item.task.to_string(),
            vec![
                Cell::text(format!("{}:{}", item.key.source, item.key.external_id)),
                Cell::link(word(Words::Title, &item.title, visit.lang), format!("/tasks/{}", item.task)),
                Cell::text(near.join("; ")).note(why(visit, &item.reason)),
                confidence(visit, &item.reason),
                Cell::link(item.key.source.to_string(), format!("/sources/{}", item.key.source)),
            ],
        );
    }
    Ok(section)
}

/// Why a person is asked, as the mapping kept it.
fn why(visit: &Visit, reason: &serde_json::Value) -> String {
    let told = serde_json::from_value::<Text>(reason.get("reason").cloned().unwrap_or_default());
    told.map(|told| told.get(visit.lang).to_owned()).unwrap_or_default()
}

/// How sure the words of a title are, with the threshold from which on they would decide alone.
fn confidence(visit: &Visit, reason: &serde_json::Value) -> Cell {
    let number = |key: &str| {
        let value = reason.get(key)?.as_f64()?;
        Some(format::decimal(&format!("{value:.4}"), visit.lang))
    };
    let Some(confidence) = number("confidence") else { return Cell::num("–") };
    let threshold = number("threshold");
    let from =
        threshold.map(|from| format!("{} {from}", visit.say("tự quyết định từ", "decides alone from")));
    Cell::num(confidence).note(from.unwrap_or_default())
}

/// What the evaluation software sent that could not be taken up.
async fn decisions(web: &Web, visit: &Visit) -> Result<Section, Finding> {
    let mut section = Section::table(
        visit,
        "decisions",
        visit.say("Quyết định chưa áp dụng được", "Decisions that could not be taken up"),
        &[
            ("ĐÍCH:SỐ", "TARGET:ID"),
            ("Mã quyết định", "Decision"),
            ("Lý do và cách xử lý", "Reason and remedy"),
            ("Từ lúc", "Since"),
        ],
        ("Mọi quyết định đều đã áp dụng.", "Every decision was taken up."),
    )
    .command(visit.say("lienthong rejected replay ĐÍCH:SỐ", "lienthong rejected replay TARGET:ID"));
    let shown = shown_of(visit, "decisions");
    let kept = web.app.store.kept_decisions(shown + 1).await.map_err(told)?;
    if kept.len() > shown {
        section = section.whole(visit);
    }
    for (index, row) in kept.into_iter().take(shown).enumerate() {
        section.push(
            format!("decision-{index}"),
            vec![
                Cell::text(row.id.map_or_else(|| row.origin.clone(), |id| format!("{}:{id}", row.origin))),
                Cell::mono(row.event_id),
                Cell::text(format!("{} {}", row.finding.code, row.finding.what.get(visit.lang)))
                    .note(row.finding.remedy.get(visit.lang)),
                Cell::text(format::instant(row.at)),
            ],
        );
    }
    Ok(section)
}

/// The order that says whose an account is, with what is known of it; the name of the one person who is called alike is a
/// proposal to whoever gives the order.
fn link_order(visit: &Visit, account: &UnknownAccount, alike: &[&Known]) -> String {
    let number = match alike {
        [one] => shell_quoted(one.staff_number.as_str()),
        _ => visit.say("SỐ_HIỆU", "STAFF_NUMBER").to_owned(),
    };
    // Behind `--` an account that begins with a hyphen is no option.
    let (source, author) = (&account.source, visit.say("TÊN", "NAME"));
    format!("lienthong people link --author {author} -- {source} {} {number}", shell_quoted(&account.account))
}

async fn unknown(web: &Web, visit: &Visit) -> Result<Section, Finding> {
    let after = visit.asked("unknown").split_once('-');
    let after = after.and_then(|(tasks, id)| Some((tasks.parse().ok()?, id.parse().ok()?)));
    let shown = shown_of(visit, "unknown");
    let accounts = web.app.store.unknown_accounts(after, shown + 1).await.map_err(told)?;
    let directory = web.app.directory().await?;
    let (accounts, last) = some_rows(accounts, shown, |account| {
        let (tasks, id) = account.place();
        format!("{tasks}-{id}")
    });
    let mut section = Section::table(
        visit,
        "unknown",
        visit.say("Tài khoản chưa biết của ai", "Accounts that belong to nobody known"),
        &[
            ("Nguồn", "Source"),
            ("Tài khoản", "Account"),
            ("Tên hiển thị, người cùng tên", "Display name, people of that name"),
            ("#Nhiệm vụ", "#Tasks"),
            ("Thấy lần đầu", "First seen"),
        ],
        ("Mọi tài khoản đều đã biết.", "Every account is known."),
    )
    .command(visit.say(
        "lienthong people link NGUỒN TÀI_KHOẢN SỐ_HIỆU --author TÊN",
        "lienthong people link SOURCE ACCOUNT STAFF_NUMBER --author NAME",
    ));
    section.some_pages(visit, "unknown", last);
    let mut named: BTreeMap<String, Vec<&Known>> = BTreeMap::new();
    for known in directory.people() {
        named.entry(fold(&known.full_name)).or_default().push(known);
    }
    for account in accounts {
        let alike = account.name_hint.as_deref().and_then(|name| named.get(&fold(name)));
        let alike = alike.map_or(&[][..], Vec::as_slice);
        let account_cell = match account.kind {
            // The store has an index of the number alone: nobody can type it.
            AccountKind::CitizenId => Cell::text(visit.say("số định danh (đã che)", "citizen id (masked)")),
            _ => Cell::mono(account.account.clone()).note(link_order(visit, &account, alike)),
        };
        let people = alike.iter().map(|known| format!("{} {}?", known.staff_number, known.full_name));
        let people: Vec<String> = people.take(3).collect();
        section.push(
            account.id.to_string(),
            vec![
                Cell::link(account.source.to_string(), format!("/sources/{}", account.source)),
                account_cell,
                Cell::text(account.name_hint.unwrap_or_else(|| "–".to_owned())).note(people.join("; ")),
                Cell::num(format::count(account.tasks)).to(format!("/tasks?account={}", account.id)),
                Cell::text(format::instant(account.first_seen_at)),
            ],
        );
    }
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PersonId, SourceId, StaffNumber};
    use crate::error::Lang;

    #[test]
    fn the_order_for_an_account_has_its_values_and_the_number_of_the_only_person_called_alike() {
        let visit = Visit { lang: Lang::En, chosen: false, path: "/waiting".into(), query: BTreeMap::new() };
        let account = |name: &str| UnknownAccount {
            id: 1,
            source: SourceId::new("so").expect("source"),
            kind: AccountKind::Account,
            account: name.to_owned(),
            name_hint: None,
            first_seen_at: "2026-10-05T01:00:00Z".parse().expect("instant"),
            tasks: 3,
        };
        let known = Known {
            id: PersonId(Uuid::nil()),
            staff_number: StaffNumber::parse("GL-00012").expect("number"),
            citizen_index: None,
            full_name: "Hồ Văn Viên".into(),
        };
        assert_eq!(
            link_order(&visit, &account("-vien.hv"), &[&known]),
            "lienthong people link --author NAME -- so '-vien.hv' 'GL-00012'"
        );
        assert_eq!(
            link_order(&visit, &account("cô.Viên"), &[&known, &known]),
            "lienthong people link --author NAME -- so 'cô.Viên' STAFF_NUMBER"
        );
    }
}
