//! The lines of one score: one's own task by task, those of people in charge by person, and what does not count.
//!
//! Owns what of a derivation's lines is shown and where a list goes on. It must not know how a line came about; a derivation
//! that cannot be read is told in the place of the page.

use super::page::say;
use super::score::{list, strings, text, told, unreadable};
use super::table::{Cell, Section, shown_of};
use super::{Visit, Web, format};
use crate::directory::Directory;
use crate::domain::{Exact, Period, SourceId, StaffNumber};
use crate::error::Finding;
use crate::paper::score::{Line, Sums};
use crate::pipeline::grounds::Grounds;
use crate::pipeline::wording::{self, Words, word};
use serde_json::Value;
use std::collections::BTreeMap;

/// Numbers of the tasks behind `source/key`, for links.
async fn numbers(web: &Web, sources: &[String]) -> Result<BTreeMap<String, i64>, Finding> {
    let mut keys: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (source, key) in sources.iter().filter_map(|source| source.split_once('/')) {
        keys.entry(source).or_default().push(key);
    }
    let mut numbers = BTreeMap::new();
    for (source, mut keys) in keys {
        let Ok(id) = SourceId::new(source) else { continue };
        keys.sort_unstable();
        keys.dedup();
        let found = web.app.store.known_hashes(&id, &keys).await.map_err(told)?;
        for (key, found) in keys.iter().zip(found) {
            if let Some((number, _)) = found {
                numbers.insert(format!("{source}/{key}"), number);
            }
        }
    }
    Ok(numbers)
}

fn to_task(text: String, source: &str, numbers: &BTreeMap<String, i64>) -> Cell {
    match numbers.get(source) {
        Some(number) => Cell::link(text, format!("/tasks/{number}")),
        None => Cell::text(text),
    }
}

/// Position of the first line shown, from the address.
fn from(visit: &Visit, name: &str) -> usize {
    visit.asked(name).parse().unwrap_or(0)
}

/// The lines of one's own; those of people in charge stand by person.
pub(super) fn own_lines(derivation: &Value) -> Vec<&Value> {
    list(derivation, "lines").iter().filter(|line| line.get("of").is_none_or(Value::is_null)).collect()
}

/// Position of the first line shown, and the lines shown.
pub(super) fn lines_shown<'a, 'b>(visit: &Visit, all: &'b [&'a Value]) -> (usize, &'b [&'a Value]) {
    let first = from(visit, "line").min(all.len());
    (first, all.get(first..all.len().min(first + shown_of(visit, "lines"))).unwrap_or_default())
}

pub(super) async fn lines(
    web: &Web,
    visit: &Visit,
    derivation: &Value,
    grounds: &Grounds,
    products: &BTreeMap<String, String>,
) -> Result<Section, Finding> {
    let lang = visit.lang;
    let all = own_lines(derivation);
    let (first, shown) = lines_shown(visit, &all);
    let sources: Vec<String> = shown.iter().map(|line| text(line, "/source")).collect();
    let numbers = numbers(web, &sources).await?;
    let mut section = Section::table(
        visit,
        "lines",
        format!("{} ({})", say(lang, "Từng nhiệm vụ được tính", "Task by task"), format::count(all.len() as u64)),
        &[
            ("Nhiệm vụ", "Task"),
            ("Sản phẩm", "Product"),
            ("#k", "#k"),
            ("#Giao G", "#Assigned G"),
            ("#k·G", "#k·G"),
            ("#Xong C", "#Done C"),
            ("#k·C", "#k·C"),
            ("Hạn", "Due"),
            ("Hoàn thành", "Completed"),
            ("#Số lần chậm", "#Late"),
            ("#Số lỗi", "#Failures"),
        ],
        ("Kỳ này chưa có nhiệm vụ nào được tính.", "No task counts in this period."),
    )
    .note(say(
        lang,
        "k: hệ số quy đổi của sản phẩm (Điều 13). G: số lượng giao; C: số lượng hoàn thành được nghiệm thu. Nhiệm vụ ngoài kế hoạch không vào mẫu số nên k·G bằng 0.",
        "k: the product's coefficient (Art. 13). G: assigned; C: completed and accepted. Unplanned tasks stay outside the denominator, so their k·G is 0.",
    ));
    section.some_pages(
        visit,
        "line",
        (first + shown.len() < all.len()).then(|| (first + shown.len()).to_string()),
    );
    for (index, line) in shown.iter().enumerate() {
        let get = |key: &str| text(line, &format!("/{key}"));
        let number = |key: &str| Cell::num(format::decimal(&get(key), lang));
        let mut notes: Vec<String> = strings(line, "notes").map(|note| wording::note(note, lang)).collect();
        if line.get("extra").and_then(Value::as_bool) == Some(true) {
            notes.insert(0, say(lang, "ngoài kế hoạch hoặc nhận lại", "unplanned or taken over").to_owned());
        }
        let source = get("source");
        notes.extend(grounds.of_line(None, &source).map(|ground| ground.told(lang)));
        let product = get("product");
        let name = products.get(&product).cloned().unwrap_or_default();
        section.push(
            format!("{}-{source}", first + index),
            vec![
                to_task(word(Words::Title, &get("title"), lang).into_owned(), &source, &numbers)
                    .note(notes.join("; ")),
                Cell::mono(product).note(name),
                number("coefficient"),
                number("assigned"),
                number("assigned_converted"),
                number("completed"),
                number("completed_converted"),
                Cell::text(format::day_text(&get("due"))),
                Cell::text(format::day_text(&get("completed_on"))),
                number("late_count"),
                number("quality_failures"),
            ],
        );
    }
    Ok(section)
}

/// What people in charge bring into a leader's figures (art. 15.1), one line for each of them, as the work sheet has it; none
/// where nobody does. Their tasks stand on their own pages.
pub(super) fn led(
    visit: &Visit,
    directory: &Directory,
    period: Period,
    derivation: &Value,
) -> Result<Option<Section>, Finding> {
    let mut people: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in list(derivation, "lines").iter().filter(|line| line.get("of").is_some_and(Value::is_string)) {
        let line: Line = serde_json::from_value(line.clone()).map_err(|_| unreadable())?;
        people.entry(line.of.clone().unwrap_or_default()).or_default().push(line);
    }
    if people.is_empty() {
        return Ok(None);
    }
    let first = from(visit, "led").min(people.len());
    let shown = people.iter().skip(first).take(shown_of(visit, "led"));
    let mut section = Section::table(
        visit,
        "led",
        format!(
            "{} ({})",
            visit.say("Nhiệm vụ của người thuộc quyền, theo người", "Tasks of people in charge, by person"),
            format::count(people.len() as u64)
        ),
        &[
            ("Người", "Person"),
            ("#Nhiệm vụ", "#Tasks"),
            ("#k·G", "#k·G"),
            ("#k·C", "#k·C"),
            ("#Chất lượng", "#Quality"),
            ("#Tiến độ", "#Progress"),
            ("#Số lần chậm", "#Late"),
            ("#Số lỗi", "#Failures"),
        ],
        ("–", "–"),
    )
    .note(visit.say(
        "Được cộng vào a, b, c của người đứng đầu, phụ trách (Đ15.1); từng nhiệm vụ xem ở trang của người đó.",
        "Summed into a, b, c of whoever is in charge (Art. 15.1); task by task on the page of each person.",
    ));
    for (of, lines) in shown {
        let sums = Sums::of(lines);
        let known = StaffNumber::parse(of).and_then(|number| directory.by_staff_number(&number));
        let name = known.and_then(|id| directory.person(id)).map(|known| format!("{of} {}", known.full_name));
        let name = Cell::text(name.unwrap_or_else(|| of.clone()));
        let number = |sum: &Exact| Cell::num(format::decimal(&sum.to_text(), visit.lang));
        let count = |of: fn(&Line) -> u64| Cell::num(format::count(lines.iter().map(of).sum()));
        section.push(
            of.clone(),
            vec![
                match known {
                    Some(id) => name.to(format!("/scores/{id}/{period}")),
                    None => name,
                },
                Cell::num(format::count(sums.lines as u64)),
                number(&sums.assigned),
                number(&sums.completed),
                number(&sums.quality),
                number(&sums.progress),
                count(|line| line.late_count.into()),
                count(|line| line.quality_failures.into()),
            ],
        );
    }
    let next = first + shown_of(visit, "led");
    section.some_pages(visit, "led", (next < people.len()).then(|| next.to_string()));
    Ok(Some(section))
}

/// What would change a score most (the lines that lost most), each for itself; none where nothing was lost.
pub(super) async fn most(web: &Web, visit: &Visit, lost: &[Value]) -> Result<Option<Section>, Finding> {
    if lost.is_empty() {
        return Ok(None);
    }
    let sources: Vec<String> = lost.iter().map(|line| text(line, "/source")).collect();
    let numbers = numbers(web, &sources).await?;
    let mut section = Section::table(
        visit,
        "most",
        visit.say("Thay đổi điểm nhiều nhất", "What would change it most"),
        &[("Nhiệm vụ", "Task"), ("#Điểm thêm", "#Points more")],
        ("–", "–"),
    )
    .note(visit.say(
        "Điểm tăng thêm nếu riêng việc đó làm trọn, đúng hạn, không lỗi; cộng các dòng lại không ra tổng nơi có mức trần.",
        "Points more if that one alone were done whole, on time and without failure; lines do not add up where a cap holds.",
    ));
    for (index, line) in lost.iter().enumerate() {
        let source = text(line, "/source");
        let what = if source.contains('/') {
            to_task(word(Words::Title, &text(line, "/title"), visit.lang).into_owned(), &source, &numbers)
        } else {
            // No task: one of a support worker's three percents.
            Cell::text(word(Words::ScorePart, &source, visit.lang))
        };
        let points = Cell::num(format!("+{}", format::decimal(&text(line, "/printed"), visit.lang)));
        let month = line.get("month").and_then(Value::as_str).and_then(|month| month.parse::<Period>().ok());
        let month = month.map(|month| format::period(month, visit.lang)).unwrap_or_default();
        section.push(format!("{index}-{source}"), vec![what.note(month), points]);
    }
    Ok(Some(section))
}

pub(super) async fn excluded(
    web: &Web,
    visit: &Visit,
    derivation: &Value,
) -> Result<Option<Section>, Finding> {
    let all = list(derivation, "excluded");
    if all.is_empty() {
        return Ok(None);
    }
    let first = from(visit, "excluded").min(all.len());
    let shown = all.get(first..all.len().min(first + shown_of(visit, "excluded"))).unwrap_or_default();
    let sources: Vec<String> = shown.iter().map(|line| text(line, "/source")).collect();
    let numbers = numbers(web, &sources).await?;
    let mut section = Section::table(
        visit,
        "excluded",
        format!(
            "{} ({})",
            visit.say("Không tính, kèm lý do", "Not counted, with reason"),
            format::count(all.len() as u64)
        ),
        &[("Nhiệm vụ", "Task"), ("Lý do", "Reason"), ("Nguồn", "Source")],
        ("–", "–"),
    );
    section.some_pages(
        visit,
        "excluded",
        (first + shown.len() < all.len()).then(|| (first + shown.len()).to_string()),
    );
    for (index, line) in shown.iter().enumerate() {
        let source = text(line, "/source");
        section.push(
            format!("{}-{source}", first + index),
            vec![
                to_task(
                    word(Words::Title, &text(line, "/title"), visit.lang).into_owned(),
                    &source,
                    &numbers,
                ),
                Cell::text(word(Words::Excluded, &text(line, "/reason"), visit.lang)).note(
                    match line.get("counts_as").and_then(Value::as_str) {
                        None => String::new(),
                        Some(other) => format!("{} {other}", visit.say("được tính là", "counts as")),
                    },
                ),
                Cell::mono(source),
            ],
        );
    }
    Ok(Some(section))
}
