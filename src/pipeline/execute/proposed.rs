//! The proposed products as they are listed, and as they go to Sở Nội vụ (plan IV.2.3): a table, or a workbook.
//!
//! Owns the columns of both. It must not know how a proposal comes about or ends.

use super::{Answer, App};
use crate::domain::UnitCode;
use crate::error::{Finding, Lang, Text};
use crate::paper::list::{Column as PaperColumn, Heading};
use crate::paper::{self, Format};
use crate::pipeline::command::{Align, Column, Document, InputFile, Outcome};
use crate::pipeline::wording::{Words, local_time, word};
use crate::store::Proposal;
use chrono::Datelike as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Titles shown of a proposal's tasks.
const SHOWN: usize = 3;
/// The columns' widths on paper, in relation to each other.
const WIDTHS: [u32; 16] = [5, 11, 14, 9, 24, 6, 8, 11, 9, 7, 30, 18, 13, 12, 9, 9];

/// Proposals with what Sở Nội vụ has to know of them (plan IV.2.3), newest first.
pub(super) async fn list(app: &App, all: bool, limit: u32, workbook: bool) -> Answer {
    let directory = app.directory().await?;
    let (mut rows, mut units) = (Vec::new(), BTreeSet::new());
    for proposal in app.store.proposals(all, i64::MAX, limit as usize).await? {
        let mut tasks = app.store.tasks_of_proposal(proposal.id).await?;
        tasks.truncate(SHOWN);
        let items = app.store.map_items(&tasks).await?;
        let titles: Vec<&str> = items.iter().map(|item| item.task.task.draft.title.as_str()).collect();
        let unit = proposal
            .unit
            .as_ref()
            .map(|unit| directory.unit(unit).map_or_else(|| unit.to_string(), |known| known.name.clone()));
        rows.push(line_of(&proposal, unit.as_deref(), &titles));
        units.insert(unit);
    }
    let made = if workbook { Some(file(app, &rows, &units)?) } else { None };
    let table = Document::Table {
        title: Text::new(
            "Sản phẩm, công việc mới đề nghị bổ sung danh mục (Kế hoạch IV.2.3)",
            "New products proposed for the catalog (plan IV.2.3)",
        ),
        columns: columns(),
        rows,
    };
    Ok(Outcome::ok(match made {
        Some(file) => Document::File { file, told: Box::new(table) },
        None => table,
    }))
}

fn columns() -> Vec<Column> {
    vec![
        Column::right("proposal", "Số", "Number"),
        Column::words("state", "Trạng thái", "State", Words::Proposal),
        Column::left("unit", "Đơn vị đề nghị", "Unit"),
        Column::left("code", "Mã tạm", "Code"),
        Column::left("name", "Tên sản phẩm, công việc", "Name"),
        Column::right("group", "Nhóm", "Group"),
        Column::right("coefficient", "Hệ số tạm", "Provisional coefficient"),
        Column::left("field", "Lĩnh vực", "Field"),
        Column::left("measure", "Đơn vị tính", "Measure"),
        Column::right("tasks", "Số nhiệm vụ", "Tasks"),
        Column::left("titles", "Nhiệm vụ tiêu biểu", "Typical tasks"),
        Column::left("reason", "Lý do", "Reason"),
        Column::left("author", "Người đề nghị", "Author"),
        Column::left("at", "Lúc", "At"),
        Column::left("accepted_as", "Mã được duyệt", "Accepted as"),
        Column::left("catalog", "Danh mục", "Catalog"),
    ]
}

fn line_of(proposal: &Proposal, unit: Option<&str>, titles: &[&str]) -> Vec<Value> {
    let product = &proposal.product;
    vec![
        json!(proposal.id),
        json!(proposal.state),
        json!(unit.or(proposal.unit.as_ref().map(UnitCode::as_str))),
        json!(proposal.code),
        json!(product.name),
        json!(product.group.number()),
        json!(product.coefficient.map(|k| k.to_string())),
        json!(product.field),
        json!(product.measure),
        json!(proposal.tasks),
        json!(titles),
        json!(proposal.reason),
        json!(proposal.author),
        json!(proposal.at),
        json!(proposal.accepted.as_ref().map(|(code, _)| code)),
        json!(proposal.accepted.as_ref().map(|(_, version)| version)),
    ]
}

/// The same on a sheet: the heads of departments and communes report it to the chair of the province through Sở Nội vụ.
fn file(app: &App, rows: &[Vec<Value>], units: &BTreeSet<Option<String>>) -> Result<InputFile, Finding> {
    let today = app.clock.today();
    let heading = Heading {
        superior: None,
        // A sheet of one unit's proposals is that unit's.
        agency: match units.iter().collect::<Vec<_>>().as_slice() {
            [Some(unit)] => unit.clone(),
            _ => "UBND tỉnh".to_owned(),
        },
        title: "SẢN PHẨM, CÔNG VIỆC MỚI ĐỀ NGHỊ BỔ SUNG DANH MỤC".to_owned(),
        sub: format!("Theo mục IV.2.3 Kế hoạch, đến ngày {}", today.format("%d/%m/%Y")),
        mark: None,
        lines: Vec::new(),
        year: today.year(),
        printed_at: app.clock.now(),
    };
    let titles = columns();
    let on_paper: Vec<PaperColumn> = titles
        .iter()
        .zip(WIDTHS)
        .map(|(column, width)| match column.align {
            Align::Right => PaperColumn::numbers(&column.title.vi, width),
            Align::Left => PaperColumn::words(&column.title.vi, width),
        })
        .collect();
    let cell = |(value, column): (&Value, &Column)| shown(value, column.words);
    let lines = rows.iter().map(|row| row.iter().zip(&titles).map(cell).collect()).collect();
    let list = paper::list::paper(heading, &on_paper, lines);
    let bytes =
        paper::render(&list, Format::Xlsx).map_err(|failed| crate::pipeline::paper::not_rendered(&failed))?;
    Ok(InputFile { name: format!("De-nghi-bo-sung-danh-muc_{today}.xlsx"), bytes })
}

fn shown(value: &Value, words: Option<Words>) -> String {
    match (value, words) {
        (Value::String(token), Some(words)) => word(words, token, Lang::Vi).into_owned(),
        (Value::String(text), None) => local_time(text, Lang::Vi).unwrap_or_else(|| text.clone()),
        (Value::Array(list), _) => {
            list.iter().map(|value| shown(value, words)).collect::<Vec<_>>().join("; ")
        }
        (Value::Null, _) => String::new(),
        (other, _) => other.to_string(),
    }
}
