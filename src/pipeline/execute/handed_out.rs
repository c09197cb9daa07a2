//! Files an order hands out: the criteria workbook of a unit, and everything kept about one person.
//!
//! Owns what goes into them and who may have a person's; they are written by whoever carries the order out. It must not know how a
//! workbook is laid out, or how a file becomes whole (`whole_file`). A file that cannot be written is a finding.

use super::life::allowed;
use super::{Answer, App, Refusal, author, entry, known_unit, person};
use crate::directory::entitled::{Duty, Judged};
use crate::domain::rules::LeaderLevels;
use crate::domain::{Charge, CitizenId, DecisionKind, Exact, Period, PersonId, UnitCode, local_offset};
use crate::error::{Finding, Place, Text, io_cause};
use crate::evaluation::remarks::wrong_text;
use crate::evaluation::{CriteriaRules, template};
use crate::paper::explanation::Decided;
use crate::paper::form01::words_of;
use crate::pipeline::command::{Outcome, PersonRef};
use crate::pipeline::opinion::on_paper;
use crate::pipeline::paper::decided;
use crate::pipeline::score::Gathered;
use crate::pipeline::whole_file;
use crate::pipeline::wording::{Words, decimal_only, word};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// The workbook in which a unit's criteria, đ and e, and remarks are filled in.
pub(super) async fn criteria(app: &App, unit: &UnitCode, period: Period, own: bool, to: &Path) -> Answer {
    known_unit(app, Some(unit)).await?;
    let directory = app.directory().await?;
    entry::check_period(app, period, false)?;
    let rules = app.rule_set(period)?;
    let step: Exact = rules.gen_step.parse().unwrap_or_else(|_| Exact::one());
    let limits = CriteriaRules { step, between: rules.leader_levels == LeaderLevels::AnyBetween };
    let within: BTreeSet<&UnitCode> = directory.subtree(unit);
    let facts = Gathered::default().facts(app).await?;
    let named = |id: PersonId| {
        let known = directory.person(id)?;
        Some(format!("{} {}", known.staff_number, known.full_name))
    };
    let mut people = Vec::new();
    for known in directory.people() {
        let Some(post) = directory.last_post(known.id, period) else { continue };
        if !within.contains(&post.unit) || !directory.is_scored(known.id, period, rules.population_filter) {
            continue;
        }
        let scorer = if own {
            Some(known.id)
        } else {
            directory.entitled(known.id, period, app.clock.today(), Duty::Score).first().copied()
        };
        let asked = template::Asked {
            staff_number: known.staff_number.to_string(),
            full_name: known.full_name.clone(),
            scorer: scorer.and_then(named).unwrap_or_default(),
            is_leader: directory.is_leader(known.id, period),
            enters_d: App::enters_d(&directory, &facts, known.id, period, rules),
        };
        people.push((post.unit.clone(), asked));
    }
    people.sort_by(|one, other| (&one.0, &one.1.staff_number).cmp(&(&other.0, &other.1.staff_number)));
    let people: Vec<template::Asked> = people.into_iter().map(|(_, asked)| asked).collect();
    let name = directory.unit(unit).map_or(unit.as_str(), |known| known.name.as_str());
    let about = template::About { unit: name, period, words: words_of };
    let bytes = template::workbook(&people, about, &limits, own)
        .map_err(|_| crate::pipeline::broken("criteria workbook"))?;
    put(to, &bytes)?;
    let (shown, count) = (to.display(), people.len());
    Ok(Outcome::done(
        format!("đã ghi {shown}: {count} người; điền rồi nhập bằng `criteria import`"),
        format!("{shown} is written: {count} people; fill it in and bring it back with `criteria import`"),
    ))
}

/// Who asks for what is kept about a person, and why.
pub(super) struct Asked<'a> {
    pub author: &'a str,
    pub reason: &'a str,
    pub document: Option<&'a str>,
}

/// Everything kept about one person, as a text they can read: for the person, for who scores or classifies them, or an
/// office by a document. That it is handed out stands in the journal before the file does.
pub(super) async fn person_data(app: &App, whose: &PersonRef, asked: Asked<'_>, to: &Path) -> Answer {
    let Asked { author: who, reason, document } = asked;
    let who = author(who)?;
    let id = person(app, whose).await?;
    if let Some(wrong) = wrong_text("lý do", "reason", reason) {
        return Err(wrong.into());
    }
    let directory = app.directory().await?;
    let (now, period) = (app.clock.now(), Period::quarter_of(app.clock.today()));
    let may =
        |duty| directory.check_author(Judged { subject: id, period, duty, author: who, at: now, document });
    let judged = may(Duty::Own).or_else(|_| may(Duty::Score)).or_else(|_| may(Duty::Classify));
    allowed(app, judged, id, period, who).await?;
    let text = told(app, id).await?;
    let why = match document {
        Some(document) => format!("{} ({document})", reason.trim()),
        None => reason.trim().to_owned(),
    };
    app.store.note(now, who, "person_data_given", format!("person {id}"), Some(&why)).await?;
    put(to, text.as_bytes())?;
    let shown = to.display();
    Ok(Outcome::done(format!("đã ghi {shown}"), format!("{shown} is written")))
}

async fn told(app: &App, id: PersonId) -> Result<String, Refusal> {
    let directory = app.directory().await?;
    let lang = crate::error::Lang::Vi;
    let mut text = String::new();
    let Some(known) = directory.person(id) else { return Ok(text) };
    let head = |title: &str| format!("\n== {title} ==\n");
    text.push_str("DỮ LIỆU ĐANG LƯU VỀ MỘT NGƯỜI\n");
    line(&mut text, &format!("Lập lúc {}", moment(app.clock.now())));
    line(&mut text, &format!("Số hiệu: {}", known.staff_number));
    line(&mut text, &format!("Họ và tên: {}", known.full_name));
    // A file travels: what identifies a citizen everywhere stays where it is sealed.
    let citizen = if known.citizen_index.is_some() {
        "có lưu, đã mã hóa, không in ra tệp"
    } else {
        "không lưu"
    };
    line(&mut text, &format!("Số định danh cá nhân: {citizen}"));
    text.push_str(&head("Quá trình giữ chức vụ"));
    let rows = app.store.load_directory().await?;
    for post in rows.memberships.iter().filter(|post| post.person == id) {
        let to = post.to.map_or("nay".to_owned(), day);
        let role = word(Words::Role, post.role.as_str(), lang);
        line(&mut text, &format!("{} – {to}: {} ({role}), đơn vị {}", day(post.from), post.post, post.unit));
    }
    text.push_str(&head("Phụ trách"));
    let number = |id: PersonId| directory.person(id).map(|known| known.staff_number.to_string());
    for lead in &rows.leaderships {
        let to = lead.to.map_or("nay".to_owned(), day);
        let told = match &lead.over {
            Charge::Unit(unit) if lead.leader == id => Some(format!("phụ trách đơn vị {unit}")),
            Charge::Person(led) if lead.leader == id => number(*led).map(|led| format!("phụ trách {led}")),
            Charge::Person(led) if *led == id => number(lead.leader).map(|by| format!("do {by} phụ trách")),
            _ => None,
        };
        told.into_iter().for_each(|told| line(&mut text, &format!("{} – {to}: {told}", day(lead.from))));
    }
    text.push_str(&head("Tài khoản trên các hệ thống nguồn"));
    for (source, account, _) in rows.accounts.iter().filter(|(_, _, person)| *person == id) {
        line(&mut text, &format!("{source}: {account}"));
    }
    text.push_str(&head("Nhiệm vụ"));
    let tasks = app.store.tasks_of_people(&[id]).await?.remove(&id).unwrap_or_default();
    for held in tasks {
        let task = &held.task.task;
        let due = task.draft.due.map_or("–".to_owned(), |due| day(due.day));
        let status = word(Words::TaskStatus, task.draft.status.as_str(), lang);
        let product = held.mapping.as_ref().and_then(|mapping| mapping.product.as_ref());
        let product = product.map_or_else(|| "chưa gán sản phẩm".to_owned(), ToString::to_string);
        line(
            &mut text,
            &format!(
                "{}/{} | hạn {due} | {status} | {product} | {}",
                held.task.key.source, held.task.key.external_id, task.draft.title
            ),
        );
    }
    let mut periods: BTreeSet<Period> = BTreeSet::new();
    text.push_str(&head("Hồ sơ đánh giá, mọi phiên bản"));
    for period in app.store.touched_periods(id).await? {
        periods.insert(period);
        for revision in app.store.revisions(id, period).await? {
            let total = revision.content.pointer("/parts/total/printed").and_then(|total| total.as_str());
            let state = word(Words::RecordState, revision.state.as_str(), lang);
            let total = decimal_only(total.unwrap_or("–"), lang);
            let why = revision.reason.unwrap_or_default();
            line(
                &mut text,
                &format!("{period} r{} | {state} | {total} | {} | {why}", revision.revision, revision.author),
            );
            let words = revision.content.get("remarks").map(ToString::to_string);
            words.into_iter().for_each(|words| line(&mut text, &format!("    {words}")));
        }
    }
    text.push_str(&head("Quyết định, tự đánh giá, nhận xét về kết quả"));
    for period in &periods {
        for stored in app.store.decisions_of(id, *period).await? {
            let Decided { kind, what, who, .. } = decided(&directory, &stored);
            let decision = stored.decision;
            line(&mut text, &format!("{period} | {} | {who} | {kind} | {what}", moment(decision.at)));
            if let DecisionKind::SelfAssessment { items } | DecisionKind::GeneralCriteria { items } =
                &decision.kind
            {
                let points = items
                    .iter()
                    .map(|(item, points)| format!("{item}: {}", decimal_only(&points.to_text(), lang)));
                line(&mut text, &format!("    {}", points.collect::<Vec<_>>().join("; ")));
            }
        }
    }
    text.push_str(&head("Ý kiến trước khi quyết định"));
    for period in &periods {
        for opinion in app.store.opinions(id, *period).await? {
            let (whose, words) = on_paper(&opinion);
            line(&mut text, &format!("{period} | {whose} | {words} | {}", opinion.author));
        }
    }
    text.push_str(&head("Tạm dừng, thông báo, kiến nghị"));
    for period in &periods {
        for hold in app.store.holds(id, *period).await? {
            line(
                &mut text,
                &format!("{period} | tạm dừng {} | {} | {}", moment(hold.at), hold.author, hold.reason),
            );
        }
        for notice in app.store.notices(id, *period).await? {
            line(
                &mut text,
                &format!(
                    "{period} | thông báo {} | r{} | {}",
                    day(notice.told_on),
                    notice.revision,
                    notice.how
                ),
            );
        }
    }
    for petition in app.store.petitions_of(id, None).await? {
        let answer = petition.answer.map_or("chưa trả lời".to_owned(), |answer| answer.answer);
        line(
            &mut text,
            &format!(
                "{} | kiến nghị {} | {} | {answer}",
                petition.period,
                day(petition.received_on),
                petition.content
            ),
        );
    }
    text.push_str(&head("Kết quả các kỳ trước"));
    for (period, row) in app.store.history(id).await? {
        line(&mut text, &format!("{period} | {row}"));
    }
    for (period, row) in app.store.replaced_history(id).await? {
        line(&mut text, &format!("{period} | đã thay | {row}"));
    }
    text.push_str(&head("Đã gửi, đang gửi"));
    for (item, at) in app.store.outbox_of(id).await? {
        line(&mut text, &format!("{item} | {}", moment(at)));
    }
    // Whatever a text of a source or of a form holds: no citizen's number leaves in a file.
    Ok(CitizenId::mask_in(&text))
}

/// An instant as clocks in Việt Nam show it.
fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&local_offset()).format("%H:%M:%S %d/%m/%Y").to_string()
}

fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

fn line(text: &mut String, told: &str) {
    // Writing to a text cannot fail.
    let _written = writeln!(text, "{}", told.replace(['\r', '\n'], " "));
}

/// Writes a file that is handed out, nothing over nothing.
pub(super) fn put(to: &Path, bytes: &[u8]) -> Result<(), Finding> {
    let told = |code: &str, what: Text, remedy: Text| {
        Finding::error(code, what, remedy).at(Place::of(to.display().to_string()))
    };
    if to.exists() {
        return Err(told(
            "LT-REC-070",
            Text::new("tệp đã tồn tại; không ghi đè", "the file exists already; it is not overwritten"),
            Text::new("chọn tên khác", "choose another name"),
        ));
    }
    whole_file::put(to, bytes).map_err(|error| {
        told(
            "LT-REC-071",
            Text::new("không ghi được tệp", "the file cannot be written").because(&io_cause(&error)),
            Text::new(
                "kiểm tra thư mục và quyền ghi; khi dịch vụ đang chạy, chính dịch vụ ghi tệp",
                "check the folder and the right to write; beside a running daemon the daemon writes the file",
            ),
        )
    })
}
