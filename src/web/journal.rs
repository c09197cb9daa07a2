//! The journal: everything that changed, narrowed to a kind of entry, a unit, a person or an author.
//!
//! Owns how an entry is told and what it is about. What was found by a name stands on one page: addresses carry no names.
//! A narrowed journal looks back over so many entries at a time, and says where it goes on. It changes nothing.

use super::scores::{below, units};
use super::table::{Cell, Filter, ROWS, SearchBox, Section, Sheet, one_page};
use super::{Page, Visit, Web, deliveries, format};
use crate::directory::Directory;
use crate::domain::{Period, PersonId};
use crate::error::{Finding, Lang};
use crate::pipeline::search::Sought;
use crate::pipeline::wording::{Words, known, word};
use crate::store::AuditEntry;
use std::collections::BTreeSet;

/// Entries looked at for one page of a narrowed journal, and how many at once.
const LOOKED_AT: usize = 10_000;
const AT_ONCE: usize = 1_000;

/// Entries between two moments at which others are served.
const PAUSE: usize = 100;

/// Whose record and which period an entry tells of.
pub(super) fn record_of(entry: &AuditEntry) -> Option<(PersonId, Period)> {
    let mut words = entry.object.strip_prefix("record ")?.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// What an entry is about, as a reader names it, and where it leads.
pub(super) fn about(visit: &Visit, directory: &Directory, entry: &AuditEntry) -> (String, String) {
    if let Some((person, period)) = record_of(entry) {
        let name = deliveries::who(directory, person);
        return (
            format!("{name} · {}", format::period(period, visit.lang)),
            format!("/scores/{person}/{period}"),
        );
    }
    let named = |kind: &str| entry.object.strip_prefix(kind).map(str::to_owned);
    if let Some(task) = named("task ") {
        return (format!("{} {task}", visit.say("nhiệm vụ số", "task")), format!("/tasks/{task}"));
    }
    if let Some(item) = named("outbox ") {
        return (format!("{} {item}", visit.say("mục gửi", "delivery")), format!("/deliveries/{item}"));
    }
    (object(visit, directory, &entry.object), String::new())
}

/// What the store writes of anything else, in the reader's words; what nobody named is shown as it is.
fn object(visit: &Visit, directory: &Directory, object: &str) -> String {
    if let Some((source, person)) =
        object.strip_prefix("source ").and_then(|rest| rest.split_once(", person "))
    {
        let name = person.parse().map_or_else(|_| person.to_owned(), |id| deliveries::who(directory, id));
        return format!("{} {source}, {name}", visit.say("nguồn", "source"));
    }
    if let Some(period) = object.strip_prefix("period ").and_then(|period| period.parse().ok()) {
        return format::period(period, visit.lang);
    }
    if let Some(version) = object.strip_prefix("catalog ") {
        return format!("{} {version}", visit.say("danh mục", "catalog"));
    }
    let called = [
        ("mapping decision ", "quyết định về sản phẩm số", "decision about products"),
        ("proposal ", "đề nghị sản phẩm số", "proposed product"),
        ("petition ", "kiến nghị", "petition"),
        ("organisation ", "tổ chức", "organisation"),
        ("source ", "nguồn", "source"),
        ("unit ", "đơn vị", "unit"),
    ];
    let named = called.into_iter().find_map(|(kind, vi, en)| {
        let one = object.strip_prefix(kind)?;
        Some(format!("{} {one}", visit.say(vi, en)))
    });
    if let Some(named) = named {
        return named;
    }
    let Some((count, what)) = object.split_once(' ').filter(|(count, _)| count.parse::<u64>().is_ok()) else {
        return object.to_owned();
    };
    let what = match what {
        "people" => visit.say("người", "people"),
        "results" => visit.say("kết quả", "results"),
        "decisions of one file" => visit.say("quyết định trong một tệp", "decisions of one file"),
        other => other,
    };
    format!("{count} {what}")
}

/// Who made an entry.
pub(super) fn actor(visit: &Visit, entry: &AuditEntry) -> String {
    match entry.actor.as_str() {
        "configuration" => visit.say("tệp cấu hình", "configuration").to_owned(),
        actor => actor.to_owned(),
    }
}

/// Why. A refusal's reason is kept in English behind its code; the code leads to the page in both languages.
pub(super) fn reason(visit: &Visit, entry: &AuditEntry) -> String {
    let reason = entry.reason.clone().unwrap_or_default();
    match (entry.action.as_str(), visit.lang, reason.split_once(' ')) {
        ("decision_refused" | "decision_replaced", Lang::Vi, Some((code, _))) => code.to_owned(),
        _ => reason,
    }
}

/// Whom an entry is about.
fn person_of(entry: &AuditEntry) -> Option<PersonId> {
    entry.object.split([' ', ',']).find_map(|word| word.parse().ok())
}

/// What a reader looks for.
struct Asked<'a> {
    directory: &'a Directory,
    /// Kind of entry; empty: any.
    action: &'a str,
    /// The unit asked for with everything below it; empty: any.
    units: BTreeSet<String>,
    sought: Sought,
}

impl Asked<'_> {
    /// Whether every entry of the kind fits.
    fn is_plain(&self) -> bool {
        self.units.is_empty() && self.sought.is_empty()
    }

    fn fits(&self, web: &Web, entry: &AuditEntry) -> bool {
        let person = person_of(entry).and_then(|id| self.directory.person(id));
        let of_unit = || {
            let named = entry.object.strip_prefix("unit ").is_some_and(|unit| self.units.contains(unit));
            let year = Period::Year(Period::quarter_of(web.app.clock.today()).year());
            // Whoever left before this year is found under the unit of their last post.
            let post = person.and_then(|known| {
                self.directory.last_post(known.id, year).or_else(|| self.directory.newest_post(known.id))
            });
            named || post.is_some_and(|post| self.units.contains(post.unit.as_str()))
        };
        let called = || {
            let fits = |text: &str| self.sought.fits(text, &web.app.policy.abbreviations);
            let about = person.map(|known| format!("{} {}", known.staff_number, known.full_name));
            fits(&entry.actor) || about.is_some_and(|about| fits(&about))
        };
        (self.units.is_empty() || of_unit()) && (self.sought.is_empty() || called())
    }

    async fn read(&self, web: &Web, before: i64, limit: usize) -> Result<Vec<AuditEntry>, Finding> {
        let entries = web.app.store.audit_entries_of(self.action, before, limit).await;
        entries.map_err(|error| error.finding())
    }

    /// The entries of one page, newest first, and where the next one goes on.
    async fn entries(&self, web: &Web, before: i64) -> Result<(Vec<AuditEntry>, Option<String>), Finding> {
        if self.is_plain() {
            return Ok(one_page(self.read(web, before, ROWS + 1).await?, |entry| entry.seq.to_string()));
        }
        let (mut found, mut place) = (Vec::new(), before);
        for _ in 0..LOOKED_AT / AT_ONCE {
            let entries = self.read(web, place, AT_ONCE).await?;
            let Some(last) = entries.last() else { return Ok((found, None)) };
            place = last.seq;
            for (index, entry) in entries.into_iter().enumerate() {
                if index % PAUSE == 0 {
                    tokio::task::yield_now().await;
                }
                found.extend(self.fits(web, &entry).then_some(entry));
            }
            if found.len() > ROWS {
                return Ok(one_page(found, |entry| entry.seq.to_string()));
            }
        }
        Ok((found, Some(place.to_string())))
    }
}

/// Renders the page, narrowed by its address and by the words somebody typed.
pub(super) async fn page(web: &Web, visit: &Visit, name: &str) -> Page {
    let lang = visit.lang;
    let directory = web.app.directory().await?;
    let unit = visit.asked("unit");
    let asked = Asked {
        directory: &directory,
        action: visit.asked("action"),
        units: if unit.is_empty() { BTreeSet::new() } else { below(&directory, unit).into_iter().collect() },
        sought: Sought::name(name),
    };
    let before = visit.asked("before").parse().unwrap_or(i64::MAX);
    let (entries, last) = asked.entries(web, before).await?;
    let mut section = Section::table(
        visit,
        "changes",
        "",
        &[
            ("#Số", "#No."),
            ("Lúc", "At"),
            ("Việc", "What"),
            ("Đối tượng", "About"),
            ("Ai", "Who"),
            ("Lý do", "Why"),
        ],
        ("Không có mục nào khớp với lựa chọn.", "No entry matches."),
    );
    if asked.sought.is_empty() {
        section.pages(visit, "before", last);
    } else if last.is_some() {
        section = section.note(visit.say(
            "Chỉ hiện các mục mới nhất trong 10 000 mục gần đây; hãy gõ thêm hoặc chọn loại việc.",
            "Only the newest of the last 10,000 entries; type more, or choose a kind.",
        ));
    }
    for entry in entries {
        let (about, href) = about(visit, &directory, &entry);
        section.push(
            entry.seq.to_string(),
            vec![
                Cell::num(format::count(u64::try_from(entry.seq).unwrap_or(0))),
                Cell::text(format::instant(entry.at)),
                Cell::text(word(Words::Action, &entry.action, lang)),
                Cell::text(about).to(href),
                Cell::text(actor(visit, &entry)),
                Cell::text(reason(visit, &entry)),
            ],
        );
    }
    let mut actions: Vec<(String, String)> = known(Words::Action, lang);
    actions.sort_by(|one, other| one.1.cmp(&other.1));
    actions.insert(0, (String::new(), visit.say("Tất cả", "All").to_owned()));
    let sheet = Sheet {
        heading: visit.say("Điều gì đã thay đổi", "What changed").to_owned(),
        intro: visit
            .say(
                "Nhật ký nối chuỗi băm: mỗi dòng ràng buộc với dòng trước, không thể sửa mà không lộ.",
                "A hash chain: each entry binds the one before, so that none can be changed unseen.",
            )
            .to_owned(),
        filters: vec![
            Filter::new("action", visit.say("Việc", "What"), actions, asked.action),
            Filter::new("unit", visit.say("Đơn vị", "Unit"), units(&directory, visit), unit),
        ],
        sections: vec![section],
        search: Some(SearchBox {
            action: "/changes".to_owned(),
            label: visit.say("Người được nói đến hoặc tác giả", "Person it is about, or author"),
            value: name.to_owned(),
        }),
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}
