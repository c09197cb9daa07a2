//! The work sheet of one person's quarter (Handbook VI, tables 1–3): every assigned product with what became of it.
//!
//! Owns the sheet's columns (1)–(14) and their sums, which are the numerators and the denominator of a, b, c. A
//! leader's own work stands line by line; what the leader answers for in others is summed per person, because each of
//! them has a sheet of their own. It must not know how a line came about.

use super::head::Head;
use super::layout::{Block, Cell, Paper, Run, Signature, Table};
use super::score::{Derivation, Line, Number, Sums};
use super::words::{day, formula};
use crate::domain::{Exact, RoundingMode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most lines of one section; what is left out is counted and named.
const MOST_LINES: usize = 5_000;

/// What stands on the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkSheet {
    /// Above and below.
    pub head: Head,
    /// The score it belongs to.
    pub derivation: Derivation,
    /// Names of the catalog's products by code.
    pub products: Arc<BTreeMap<String, String>>,
    /// Names of subordinates by staff number.
    pub names: BTreeMap<String, String>,
    /// Name of whoever confirms the sheet, where it is known.
    pub scorer: Option<String>,
}

/// Columns of the sheet as the Handbook numbers them.
const COLUMNS: [(&str, &str, u32); 14] = [
    ("TT", "(1)", 22),
    ("Nhiệm vụ được giao", "(2)", 112),
    ("Thời hạn", "(3)", 60),
    ("Sản phẩm/công việc", "(4)", 78),
    ("Hệ số quy đổi", "(5)", 38),
    ("Số lượng giao", "(6)", 36),
    ("Số lượng giao quy đổi", "(7) = (5)×(6)", 44),
    ("Số lượng hoàn thành", "(8)", 40),
    ("Số lượng hoàn thành quy đổi", "(9) = (5)×(8)", 44),
    ("Ngày hoàn thành", "(10)", 60),
    ("Số lần, ngày chậm", "(11)", 38),
    ("Kết quả tiến độ quy đổi", "(12)", 44),
    ("Số lần chưa đạt chất lượng", "(13)", 38),
    ("Kết quả chất lượng quy đổi", "(14)", 44),
];

/// The sheet.
pub fn paper(sheet: &WorkSheet) -> Paper {
    let derivation = &sheet.derivation;
    let mut paper = sheet.head.paper(None, "PHIẾU THEO DÕI NHIỆM VỤ, SẢN PHẨM/CÔNG VIỆC", true);
    let blocks = &mut paper.blocks;
    let own =
        |extra: bool| derivation.lines.iter().filter(move |line| line.of.is_none() && line.extra == extra);
    let mut rows = Vec::new();
    section(&mut rows, "A. Nhiệm vụ được giao trong kỳ", own(false).collect(), sheet);
    section(
        &mut rows,
        "B. Nhiệm vụ đột xuất, phát sinh, nhận thay (điểm d khoản 1 Điều 18)",
        own(true).collect(),
        sheet,
    );
    others(&mut rows, sheet);
    rows.push(sum_row("Tổng cộng", &Sums::of(&derivation.lines)));
    blocks.push(Block::Heading("Nhiệm vụ, sản phẩm/công việc trong kỳ".to_owned()));
    blocks.push(Block::Table(Table {
        caption: "Nhiệm vụ và sản phẩm trong kỳ".to_owned(),
        widths: COLUMNS.map(|(.., width)| width).to_vec(),
        head: vec![
            COLUMNS.map(|(name, ..)| Cell::head(name)).to_vec(),
            COLUMNS.map(|(_, number, _)| Cell::centre(number)).to_vec(),
        ],
        rows,
        half_points: 19,
    }));
    blocks.push(Block::Line(vec![Run::italic(
        "(12) = (9) × (1 − 25 % × (11)); (14) = (9) × (1 − 25 % × (13)); không nhỏ hơn 0 (điểm b, c khoản 2 Điều 14). \
         (11), (13) đã trừ các lần có nguyên nhân khách quan được xác nhận.",
    )]));
    blocks.push(Block::Heading("Kết quả thực hiện nhiệm vụ".to_owned()));
    blocks.push(Block::Table(results(derivation)));
    for line in &derivation.formulas {
        let (numbers, article) = formula(line);
        blocks.push(Block::Line(vec![Run::plain(numbers), Run::italic(format!("  ({article})"))]));
    }
    if !derivation.missing.is_empty() {
        let missing = format!("Chưa có: {}.", derivation.missing.join(", "));
        blocks.push(Block::Line(vec![Run::italic(missing)]));
    }
    excluded(blocks, derivation);
    blocks.push(Block::Signatures(vec![
        Signature {
            title: "CÔNG CHỨC".to_owned(),
            hint: "(Ký, ghi rõ họ tên)".to_owned(),
            name: Some(sheet.head.full_name.clone()),
        },
        Signature {
            title: "NGƯỜI GIAO VIỆC XÁC NHẬN".to_owned(),
            hint: "(Ký, ghi rõ họ tên)".to_owned(),
            name: sheet.scorer.clone(),
        },
    ]));
    paper
}

fn section(rows: &mut Vec<Vec<Cell>>, title: &str, lines: Vec<&Line>, sheet: &WorkSheet) {
    if lines.is_empty() {
        return;
    }
    rows.push(vec![Cell::text(title).bold().across(COLUMNS.len())]);
    for (index, line) in lines.iter().take(MOST_LINES).enumerate() {
        rows.push(line_row(index + 1, line, sheet));
    }
    if lines.len() > MOST_LINES {
        let rest = format!("… và {} dòng nữa, đã tính trong các dòng cộng", lines.len() - MOST_LINES);
        rows.push(vec![Cell::text(rest).across(COLUMNS.len())]);
    }
    rows.push(sum_row("Cộng", &Sums::of(lines)));
}

fn line_row(number: usize, line: &Line, sheet: &WorkSheet) -> Vec<Cell> {
    let product = match sheet.products.get(&line.product) {
        Some(name) => Cell::text(name).note(&line.product),
        None => Cell::text(&line.product),
    };
    let date = |at: Option<chrono::NaiveDate>| Cell::centre(at.map(day).unwrap_or_default());
    vec![
        Cell::number(number.to_string()).centred(),
        Cell::text(&line.title).note(&line.source),
        date(line.due),
        product,
        amount(&line.coefficient),
        amount(&line.assigned),
        amount(&line.assigned_converted),
        amount(&line.completed),
        amount(&line.completed_converted),
        date(line.completed_on),
        Cell::number(line.late_count.to_string()).centred(),
        amount(&line.progress),
        Cell::number(line.quality_failures.to_string()).centred(),
        amount(&line.quality),
    ]
}

/// What a leader answers for in others: a row per person.
fn others(rows: &mut Vec<Vec<Cell>>, sheet: &WorkSheet) {
    let mut people: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in &sheet.derivation.lines {
        if let Some(of) = &line.of {
            people.entry(of).or_default().push(line);
        }
    }
    if people.is_empty() {
        return;
    }
    let title = "C. Sản phẩm/công việc của công chức thuộc quyền quản lý, phụ trách (khoản 1 Điều 15)";
    rows.push(vec![Cell::text(title).bold().across(COLUMNS.len())]);
    for (index, (staff_number, lines)) in people.iter().enumerate() {
        let sums = Sums::of(lines.iter().copied());
        let name = sheet.names.get(*staff_number).map_or(*staff_number, String::as_str);
        let mut row = vec![
            Cell::number((index + 1).to_string()).centred(),
            Cell::text(format!("{name}: {} dòng, xem phiếu của người này", sums.lines))
                .note(*staff_number)
                .across(5),
        ];
        row.extend(converted(&sums));
        rows.push(row);
    }
    rows.push(sum_row("Cộng", &Sums::of(people.values().flatten().copied())));
}

fn sum_row(label: &str, sums: &Sums) -> Vec<Cell> {
    let mut row = vec![Cell::centre(label).bold().across(6)];
    row.extend(converted(sums).into_iter().map(Cell::bold));
    row
}

/// Columns (7) to (14) of a sum.
fn converted(sums: &Sums) -> Vec<Cell> {
    let blank = Cell::default;
    vec![
        amount(&sums.assigned),
        blank(),
        amount(&sums.completed),
        blank(),
        blank(),
        amount(&sums.progress),
        blank(),
        amount(&sums.quality),
    ]
}

/// An exact amount: its decimals where it has an end, else four of them.
fn amount(value: &Exact) -> Cell {
    let text = value.to_text();
    Cell::number(if text.contains('/') { value.round(4, RoundingMode::HalfUp) } else { text })
}

fn results(derivation: &Derivation) -> Table {
    let percent = |key: &str| derivation.components.get(key).map(|number| number.printed.clone());
    let printed = |number: &Option<Number>| number.as_ref().map(|number| number.printed.clone());
    let rows = [
        ("a. Số lượng: tổng (9) / tổng (7)", "%", percent("a")),
        ("b. Chất lượng: tổng (14) / tổng (7)", "%", percent("b")),
        ("c. Tiến độ: tổng (12) / tổng (7)", "%", percent("c")),
        ("d. Kết quả hoạt động của cơ quan, đơn vị", "%", percent("d")),
        ("đ. Khả năng tổ chức triển khai", "%", percent("dd")),
        ("e. Năng lực tập hợp, đoàn kết", "%", percent("e")),
        ("Tỷ lệ hoàn thành R", "%", printed(&derivation.criterion)),
        ("Điểm kết quả thực hiện nhiệm vụ, R × 70", "điểm", printed(&derivation.task_part)),
    ];
    let row = |(name, unit, value): (&str, &str, Option<String>)| {
        let shown = value?;
        Some(vec![Cell::text(name), Cell::number(shown), Cell::centre(unit)])
    };
    Table {
        caption: "Kết quả".to_owned(),
        widths: vec![60, 20, 20],
        head: vec![["Tiêu chí", "Kết quả", "Đơn vị tính"].map(Cell::head).to_vec()],
        rows: rows.into_iter().filter_map(row).collect(),
        half_points: 22,
    }
}

/// Tasks that do not count, each with its reason: nothing disappears.
pub(super) fn excluded(blocks: &mut Vec<Block>, derivation: &Derivation) {
    let all = &derivation.excluded;
    if all.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Nhiệm vụ không tính vào kết quả kỳ này".to_owned()));
    let mut rows: Vec<Vec<Cell>> = all
        .iter()
        .take(MOST_LINES)
        .enumerate()
        .map(|(index, task)| {
            vec![
                Cell::number((index + 1).to_string()).centred(),
                Cell::text(&task.title).note(&task.source),
                match &task.counts_as {
                    Some(other) => Cell::text(&task.reason).note(other),
                    None => Cell::text(&task.reason),
                },
            ]
        })
        .collect();
    if all.len() > MOST_LINES {
        rows.push(vec![Cell::text(format!("… và {} nhiệm vụ nữa", all.len() - MOST_LINES)).across(3)]);
    }
    blocks.push(Block::Table(Table {
        caption: "Nhiệm vụ không tính".to_owned(),
        widths: vec![8, 64, 28],
        head: vec![["TT", "Nhiệm vụ", "Lý do"].map(Cell::head).to_vec()],
        rows,
        half_points: 20,
    }));
}
