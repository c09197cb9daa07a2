//! Statistics of assigned tasks for the provincial office (plan V.3): per department or commune and its head.
//!
//! Owns which task belongs to which agency and period, and the window in which the plan wants the figures: day 5 to 10
//! of a quarter's last month. Counting is `ingest::report`'s. It must not know scores. Outside the window the figures
//! come with a warning, never without them.

use super::{Answer, App, Refusal};
use crate::domain::{CanonicalTask, Period, SourceId, UnitCode, UnitKind};
use crate::error::{Finding, Text};
use crate::ingest::report::{NOBODY, ReportRow, TaskReport};
use crate::paper::list::{Column as PaperColumn, Heading};
use crate::paper::{self, Format};
use crate::pipeline::command::{Column, Document, InputFile, Outcome};
use crate::pipeline::paper::{agency_of, heads};
use crate::scoring::line::{due_in_force, reference_day};
use crate::text::fold;
use chrono::{Datelike as _, NaiveDate};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Days of the last month of a quarter on which the office compiles (plan V.3).
const WINDOW: (u32, u32) = (5, 10);
/// Tasks read at a time.
const BATCH: usize = 2_000;

/// Words by which a source marks key tasks in its own category or type, folded.
const KEY_WORDS: [&str; 2] = ["trong tam", "trong diem"];

/// What an agency's row is made of.
#[derive(Default)]
struct Counts {
    all: BTreeMap<String, ReportRow>,
    key: BTreeMap<String, ReportRow>,
    unidentified: BTreeMap<String, u64>,
}

pub(super) async fn statistics(
    app: &App,
    period: Period,
    as_of: Option<NaiveDate>,
    workbook: bool,
) -> Answer {
    if period.quarter_number().is_none() {
        return Err(no_quarter(period).into());
    }
    let as_of = as_of.unwrap_or_else(|| app.clock.today());
    let (first, last) = window(period);
    let warning = (as_of < first || last < as_of).then(|| outside(as_of, first, last));
    let counts = count(app, period, as_of).await?;
    let rows = rows(app, period, &counts).await?;
    let made = if workbook { Some(file(app, period, as_of, (first, last), &rows)?) } else { None };
    let table = Document::Table {
        title: Text::new(
            format!("Nhiệm vụ được giao, {period}, đến ngày {as_of} (thời gian tổng hợp {first} – {last})"),
            format!("Assigned tasks, {period}, as of {as_of} (to be compiled {first} – {last})"),
        ),
        columns: columns(),
        rows,
    };
    let document = match made {
        Some(file) => Document::File { file, told: Box::new(table) },
        None => table,
    };
    Ok(Outcome::with_findings(document, warning.into_iter().collect()))
}

/// The days on which the office compiles a quarter.
fn window(period: Period) -> (NaiveDate, NaiveDate) {
    let end = period.last_day();
    let day = |day| end.with_day(day).unwrap_or(end);
    (day(WINDOW.0), day(WINDOW.1))
}

async fn count(app: &App, period: Period, as_of: NaiveDate) -> Result<Counts, Refusal> {
    let directory = app.directory().await?;
    let rules = app.rule_set(period)?;
    let (mut all, mut key) = (TaskReport::as_it_stood(as_of), TaskReport::as_it_stood(as_of));
    let mut unidentified: BTreeMap<String, u64> = BTreeMap::new();
    for unit in directory.units().filter(|unit| matches!(unit.kind, UnitKind::Department | UnitKind::Commune))
    {
        all.mention(unit.code.as_str());
    }
    let agency = |unit: &UnitCode| agency_of(&directory, unit).0.map(|unit| unit.code.to_string());
    let of_source = |source: &SourceId| app.sources.get(source).and_then(|source| agency(&source.unit));
    let mut after = 0;
    loop {
        let tasks = app.store.scan_tasks(None, after, BATCH).await?;
        let Some(last) = tasks.last() else { break };
        after = last.id;
        for stored in tasks {
            let task = &stored.task;
            if !period.contains(reference_day(task, due_in_force(task, rules), rules)) {
                continue;
            }
            let account = task.draft.assignee.as_ref();
            let person = account.and_then(|account| directory.identify(&stored.key.source, account));
            let own = person
                .and_then(|person| directory.last_post(person, period))
                .and_then(|post| agency(&post.unit));
            // What nobody is known for still is its source's work.
            let unit = own.or_else(|| of_source(&stored.key.source)).unwrap_or_else(|| NOBODY.to_owned());
            if person.is_none() {
                *unidentified.entry(unit.clone()).or_default() += 1;
            }
            if is_key(task) {
                key.count(&unit, task);
            }
            all.count(&unit, task);
        }
    }
    let by_unit = |report: TaskReport| {
        report.rows().into_iter().map(|row| (row.person.clone(), row)).collect::<BTreeMap<_, _>>()
    };
    Ok(Counts { all: by_unit(all), key: by_unit(key), unidentified })
}

/// Whether the source itself calls the task a key task.
fn is_key(task: &CanonicalTask) -> bool {
    let told = [&task.draft.category, &task.draft.doc_type];
    told.into_iter().flatten().any(|words| {
        let folded = fold(words);
        KEY_WORDS.iter().any(|word| folded.contains(word))
    })
}

fn columns() -> Vec<Column> {
    vec![
        Column::left("unit", "Mã", "Unit"),
        Column::left("name", "Sở, ngành, xã, phường", "Department or commune"),
        Column::left("head", "Số hiệu người đứng đầu", "Head"),
        Column::left("head_name", "Người đứng đầu", "Name of the head"),
        Column::right("assigned", "Được giao", "Assigned"),
        Column::right("on_time", "Hoàn thành đúng hạn", "Done on time"),
        Column::right("late", "Hoàn thành trễ hạn", "Done late"),
        Column::right("open", "Đang thực hiện", "Open"),
        Column::right("overdue", "Trong đó quá hạn", "Overdue"),
        Column::right("key", "Nhiệm vụ trọng tâm", "Key tasks"),
        Column::right("key_done", "Trọng tâm đã xong", "Key tasks done"),
        Column::right("key_overdue", "Trọng tâm quá hạn", "Key tasks overdue"),
        Column::right("cancelled", "Hủy, thu hồi", "Cancelled"),
        Column::right("unidentified", "Chưa rõ người", "Nobody known"),
    ]
}

async fn rows(app: &App, period: Period, counts: &Counts) -> Result<Vec<Vec<Value>>, Refusal> {
    let directory = app.directory().await?;
    let heads = heads(&directory, period);
    let row = |(code, all): (&String, &ReportRow)| {
        let unit: Option<UnitCode> = code.parse().ok();
        let unit = unit.filter(|unit| directory.unit(unit).is_some());
        let people = unit.as_ref().and_then(|unit| heads.get(unit)).map(Vec::as_slice).unwrap_or_default();
        let known: Vec<_> = people.iter().filter_map(|id| directory.person(*id)).collect();
        let numbers: Vec<String> = known.iter().map(|known| known.staff_number.to_string()).collect();
        let names: Vec<&str> = known.iter().map(|known| known.full_name.as_str()).collect();
        let key = counts.key.get(code).cloned().unwrap_or_default();
        vec![
            json!(code),
            json!(unit.as_ref().and_then(|unit| directory.unit(unit)).map(|unit| unit.name.clone())),
            json!(numbers.join(", ")),
            json!(names.join(", ")),
            json!(all.assigned),
            json!(all.on_time),
            json!(all.late),
            json!(all.open),
            json!(all.overdue),
            json!(key.assigned),
            json!(key.done),
            json!(key.overdue),
            json!(all.cancelled),
            json!(counts.unidentified.get(code).copied().unwrap_or(0)),
        ]
    };
    Ok(counts.all.iter().map(row).collect())
}

fn file(
    app: &App,
    period: Period,
    as_of: NaiveDate,
    (first, last): (NaiveDate, NaiveDate),
    rows: &[Vec<Value>],
) -> Result<InputFile, Finding> {
    let day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let heading = Heading {
        superior: None,
        agency: "Văn phòng UBND tỉnh".to_owned(),
        title: "TỔNG HỢP NHIỆM VỤ ĐƯỢC GIAO".to_owned(),
        sub: format!("{}, tính đến ngày {}", paper::period_in_words(period), day(as_of)),
        mark: (as_of < first || last < as_of)
            .then(|| format!("Ngoài thời gian tổng hợp {} – {} (mục V.3 Kế hoạch)", day(first), day(last))),
        lines: Vec::new(),
        year: period.year(),
        printed_at: app.clock.now(),
    };
    let titles = columns();
    let widths = [10, 30, 12, 22, 9, 11, 11, 11, 9, 11, 10, 10, 9, 9];
    let columns: Vec<PaperColumn> = titles
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(at, (column, width))| match at {
            0..4 => PaperColumn::words(&column.title.vi, width),
            _ => PaperColumn::numbers(&column.title.vi, width),
        })
        .collect();
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut lines: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let sum = |at: usize| rows.iter().filter_map(|row| row.get(at)?.as_u64()).sum::<u64>().to_string();
    let label = ["", "Tổng cộng", "", ""].map(str::to_owned).to_vec();
    lines.push([label, (4..titles.len()).map(sum).collect()].concat());
    let list = paper::list::paper(heading, &columns, lines);
    let bytes =
        paper::render(&list, Format::Xlsx).map_err(|failed| crate::pipeline::paper::not_rendered(&failed))?;
    Ok(InputFile { name: format!("Nhiem-vu-duoc-giao_{period}.xlsx"), bytes })
}

fn no_quarter(period: Period) -> Finding {
    Finding::error(
        "LT-PAP-021",
        Text::new(
            format!("thống kê nhiệm vụ được giao lập theo quý, {period} không phải quý"),
            format!("statistics of assigned tasks are made for a quarter, {period} is none"),
        ),
        Text::new("ghi một quý, ví dụ --period 2026-Q3", "give a quarter, for example --period 2026-Q3"),
    )
}

fn outside(as_of: NaiveDate, first: NaiveDate, last: NaiveDate) -> Finding {
    Finding::warning(
        "LT-PAP-020",
        Text::new(
            format!(
                "ngày {} nằm ngoài thời gian tổng hợp {} – {} (mục V.3 Kế hoạch)",
                as_of.format("%d/%m/%Y"),
                first.format("%d/%m/%Y"),
                last.format("%d/%m/%Y")
            ),
            format!("{as_of} lies outside {first} – {last}, when the figures are to be compiled (plan V.3)"),
        ),
        Text::new(
            "số liệu vẫn đúng đến ngày này; lập lại trong thời gian tổng hợp trước khi gửi Sở Nội vụ",
            "the figures are right as of that day; make them again within the window before they are sent",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_day_5_to_10_of_the_quarter_s_last_month() {
        let days = |text: &str| {
            let (first, last) = window(text.parse().expect("period"));
            (first.to_string(), last.to_string())
        };
        assert_eq!(days("2026-Q3"), ("2026-09-05".into(), "2026-09-10".into()));
        assert_eq!(days("2026-Q4"), ("2026-12-05".into(), "2026-12-10".into()));
    }
}
