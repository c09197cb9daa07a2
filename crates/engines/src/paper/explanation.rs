//! The explanation of a score as an annex: every number down to its source record and its article.
//!
//! Owns the order: result with formulas, the general criteria item by item, what people decided, each line with its
//! deductions, what does not count, which lines lost most, what is missing, the switches. It must not compute anything but the words of a deduction; every number is printed as it
//! was derived.

use super::form01::CRITERIA;
use super::head::Head;
use super::layout::{Block, Cell, Paper, Run, Table};
use super::score::{Derivation, Line};
use super::switch::{self, Switch};
use super::words::{day, decimal, formula};
use super::work_sheet::excluded;
use crate::domain::{Crossing, Exact, Level};
use crate::error::Lang;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most lines printed; the rest is counted, and stands in the explanations of the people it belongs to.
const MOST_LINES: usize = 2_000;

/// What a person decided about the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// When.
    pub at: String,
    /// What kind of decision.
    pub kind: String,
    /// What it says.
    pub what: String,
    /// Who, and by which document.
    pub who: String,
}

/// The general criteria as one side entered them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entered {
    /// Points by item (form 01); empty where that side entered none.
    pub items: BTreeMap<String, Exact>,
    /// Who, on which day, by which document.
    pub by: Option<String>,
}

/// What stands in the annex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Above and below.
    pub head: Head,
    /// The score; notes of its lines tell what was decided about them.
    pub derivation: Derivation,
    /// General criteria as the person entered them (art. 18.2).
    pub own: Entered,
    /// General criteria as the scorer entered them (art. 17.2).
    pub scorer: Entered,
    /// Names of products by code.
    pub products: Arc<BTreeMap<String, String>>,
    /// Where the records of the tasks stand, by the source of a line.
    pub places: BTreeMap<String, String>,
    /// What happened to the tasks of one's own lines, oldest first, by the source of a line.
    pub events: BTreeMap<String, Vec<String>>,
    /// What people decided, oldest first.
    pub decided: Vec<Decided>,
}

/// The annex.
pub fn paper(explanation: &Explanation) -> Paper {
    let derivation = &explanation.derivation;
    let mut paper = explanation.head.paper(Some("Phụ lục"), "GIẢI TRÌNH ĐIỂM ĐÁNH GIÁ", true);
    let blocks = &mut paper.blocks;
    // Numbered as far as there is something to show: what nobody decided leaves no gap.
    let mut numbers = ["I", "II", "III", "IV"].into_iter();
    let mut numbered = |title: &str| {
        Block::Heading(numbers.next().map_or_else(|| title.to_owned(), |number| format!("{number}. {title}")))
    };
    let result = match &derivation.total {
        Some(total) => {
            let level = derivation.level.map(|level| format!(", mức tương ứng: {}", level.vietnamese()));
            format!("{}/100 điểm{}", decimal(&total.printed), level.unwrap_or_default())
        }
        None => "chưa tính được khi còn thiếu thành phần".to_owned(),
    };
    blocks.push(Block::Line(vec![Run::plain("Tổng điểm: "), Run::bold(result)]));
    blocks.extend(crossed(derivation).map(|told| Block::Line(vec![Run::plain(told)])));
    if let Some(as_of) = explanation.head.trace.as_of {
        let rules = &explanation.head.trace.rule_set;
        blocks.push(Block::Line(vec![Run::plain(format!(
            "Tính đến ngày {}, bộ quy tắc {rules}.",
            day(as_of)
        ))]));
    }
    if !derivation.worked.is_empty() {
        let spans: Vec<String> =
            derivation.worked.iter().map(|(from, to)| format!("{} – {}", day(*from), day(*to))).collect();
        blocks.push(Block::Line(vec![Run::plain(format!(
            "Kỳ không trọn, thời gian công tác: {}.",
            spans.join("; ")
        ))]));
    }
    if !derivation.missing.is_empty() {
        blocks.push(Block::Line(vec![Run::bold("Còn thiếu: "), Run::plain(derivation.missing.join(", "))]));
    }
    if !derivation.unscored.is_empty() {
        let unscored = derivation.unscored.join(", ");
        blocks.push(Block::Line(vec![Run::plain(format!("Cấp dưới chưa có điểm: {unscored}."))]));
    }
    blocks.push(numbered("Cách tính"));
    blocks.push(Block::Table(formulas(&derivation.formulas)));
    if !explanation.own.items.is_empty() || !explanation.scorer.items.is_empty() {
        blocks.push(Block::Heading("Tiêu chí chung, từng mục".to_owned()));
        blocks.push(Block::Table(criteria(&explanation.own.items, &explanation.scorer.items)));
        for (who, entered) in [("Tự chấm", &explanation.own), ("Cấp có thẩm quyền chấm", &explanation.scorer)]
        {
            let by = entered.by.as_ref().map(|by| Block::Line(vec![Run::plain(format!("{who}: {by}."))]));
            blocks.extend(by);
        }
    }
    if !derivation.quarters.is_empty() {
        blocks.push(Block::Heading("Các kỳ đã ghi nhận".to_owned()));
        blocks.push(Block::Table(recorded(derivation)));
    }
    if !derivation.ruled.is_empty() {
        blocks.push(Block::Heading("Quy tắc đã làm thay đổi mức".to_owned()));
        blocks.push(Block::Table(ruled(derivation)));
    }
    if !explanation.decided.is_empty() {
        blocks.push(numbered("Quyết định của người có thẩm quyền"));
        blocks.push(Block::Table(decisions(&explanation.decided)));
    }
    if !derivation.lines.is_empty() {
        blocks.push(numbered("Từng nhiệm vụ được tính"));
        blocks.push(Block::Table(lines(explanation)));
    }
    excluded(blocks, derivation);
    if !derivation.most.is_empty() {
        blocks.push(Block::Heading("Điều gì làm điểm thay đổi nhiều nhất".to_owned()));
        blocks.push(Block::Table(most(derivation)));
    }
    if !derivation.rule_set.is_empty() {
        blocks.push(numbered("Bộ quy tắc đã áp dụng"));
        blocks.push(Block::Table(switches(derivation)));
    }
    paper
}

/// What the level rests on where rounding carries the total over a threshold.
fn crossed(derivation: &Derivation) -> Option<String> {
    let total = derivation.total.as_ref()?;
    let Crossing { threshold, exact } = Crossing::of(&total.exact, &total.printed)?;
    let rounding = derivation.rule_set.get("rounding");
    let read_from = rounding.and_then(|rounding| rounding.get("classify_on")?.as_str());
    let rests = match read_from {
        Some("printed") => "theo bộ quy tắc mức xếp theo số in",
        _ => "mức xếp theo điểm chưa làm tròn, không theo số in",
    };
    Some(format!(
        "Điểm chưa làm tròn là {}, dưới {threshold}; {rests} {}.",
        decimal(&exact),
        decimal(&total.printed)
    ))
}

fn table(caption: &str, heads: &[&str], widths: &[u32], rows: Vec<Vec<Cell>>) -> Table {
    Table {
        caption: caption.to_owned(),
        widths: widths.to_vec(),
        head: vec![heads.iter().map(|head| Cell::head(*head)).collect()],
        rows,
        half_points: 20,
    }
}

fn formulas(formulas: &[String]) -> Table {
    let row = |line: &String| {
        let (numbers, article) = formula(line);
        vec![Cell::text(numbers), Cell::text(article)]
    };
    table(
        "Cách tính",
        &["Công thức và số liệu", "Căn cứ (NĐ 335/2025)"],
        &[72, 28],
        formulas.iter().map(row).collect(),
    )
}

/// The ten items with the points of both sides; a sum stands only where all items do.
fn criteria(own: &BTreeMap<String, Exact>, scorer: &BTreeMap<String, Exact>) -> Table {
    let items = || CRITERIA.iter().flat_map(|(.., items)| items.iter());
    let points =
        |side: &BTreeMap<String, Exact>, key: &str| side.get(key).map_or_else(String::new, Exact::to_text);
    let mut rows: Vec<Vec<Cell>> = items()
        .map(|(key, _, words, most)| {
            vec![
                Cell::centre(*key),
                Cell::text(*words),
                Cell::number(*most).centred(),
                Cell::number(points(own, key)).centred(),
                Cell::number(points(scorer, key)).centred(),
            ]
        })
        .collect();
    let sum = |side: &BTreeMap<String, Exact>| {
        let all: Option<Vec<&Exact>> = items().map(|(key, ..)| side.get(*key)).collect();
        all.map_or_else(String::new, |all| all.into_iter().sum::<Exact>().to_text())
    };
    rows.push(vec![
        Cell::centre("Tổng cộng").bold().across(2),
        Cell::number("30").centred().bold(),
        Cell::number(sum(own)).centred().bold(),
        Cell::number(sum(scorer)).centred().bold(),
    ]);
    let heads = ["Mục", "Tiêu chí (mẫu số 01)", "Tối đa", "Tự chấm", "Cấp có thẩm quyền chấm"];
    table("Tiêu chí chung, từng mục", &heads, &[7, 57, 10, 12, 14], rows)
}

fn recorded(derivation: &Derivation) -> Table {
    let row = |recorded: &super::score::Recorded| {
        let from = match recorded.from.strip_prefix("record r") {
            Some(revision) => format!("hồ sơ, phiên bản {revision}"),
            None => "kết quả các kỳ trước đã nhập".to_owned(),
        };
        let period = super::words::period_in_words(recorded.period);
        vec![Cell::text(period), Cell::number(&recorded.score), Cell::text(from)]
    };
    let rows = derivation.quarters.iter().map(row).collect();
    table("Các kỳ đã ghi nhận", &["Kỳ", "Điểm", "Nơi ghi nhận"], &[30, 20, 50], rows)
}

/// What moved the level from the band of the score, in the order it was applied.
fn ruled(derivation: &Derivation) -> Table {
    let level = |level: Option<Level>| level.map_or("–", Level::vietnamese);
    let row = |ruled: &super::score::Ruled| {
        [ruled.rule.as_str(), level(ruled.from), level(ruled.to), ruled.because.as_str()]
            .map(Cell::text)
            .to_vec()
    };
    let rows = derivation.ruled.iter().map(row).collect();
    let heads = ["Quy tắc", "Mức trước", "Mức sau", "Vì sao"];
    table("Quy tắc đã làm thay đổi mức", &heads, &[30, 18, 18, 34], rows)
}

fn decisions(decided: &[Decided]) -> Table {
    let row = |decided: &Decided| {
        [&decided.at, &decided.kind, &decided.what, &decided.who]
            .map(|text| Cell::text(text.as_str()))
            .to_vec()
    };
    let heads = ["Lúc", "Quyết định", "Nội dung", "Người quyết định"];
    table("Quyết định", &heads, &[15, 22, 38, 25], decided.iter().map(row).collect())
}

fn lines(explanation: &Explanation) -> Table {
    let Explanation { products, places, events, .. } = explanation;
    let all = &explanation.derivation.lines;
    // One's own first: what is left out is in the annexes of others.
    let mut sorted: Vec<&Line> = all.iter().collect();
    sorted.sort_by_key(|line| line.of.is_some());
    let shown = sorted.iter().take(MOST_LINES).enumerate();
    let mut rows: Vec<Vec<Cell>> = shown
        .map(|(index, line)| {
            let own = if line.of.is_none() { events.get(&line.source) } else { None };
            let beside = (products.get(&line.product), places.get(&line.source), own);
            line_row(index + 1, line, beside)
        })
        .collect();
    if all.len() > MOST_LINES {
        let rest = format!(
            "… và {} dòng nữa của công chức thuộc quyền; xem giải trình của từng người",
            all.len() - MOST_LINES
        );
        rows.push(vec![Cell::text(rest).across(5)]);
    }
    let heads = ["TT", "Nhiệm vụ [bản ghi nguồn]", "Sản phẩm, hạn, hoàn thành", "Tính", "Ghi chú, căn cứ"];
    table("Từng nhiệm vụ", &heads, &[4, 30, 18, 28, 20], rows)
}

/// A line with the name of its product, the place of its record and its events, as far as they are known.
fn line_row(
    number: usize,
    line: &Line,
    (product, place, events): (Option<&String>, Option<&String>, Option<&Vec<String>>),
) -> Vec<Cell> {
    let whose = line.of.as_ref().map(|of| format!(" ({of})")).unwrap_or_default();
    let dates = format!(
        "{}{}; hạn {}; xong {}",
        line.product,
        product.map(|name| format!(" {name}")).unwrap_or_default(),
        line.due.map_or_else(|| "không có".to_owned(), day),
        line.completed_on.map_or_else(|| "chưa".to_owned(), day)
    );
    vec![
        Cell::number(number.to_string()).centred(),
        Cell::text(format!("{}{whose}", line.title)).note(match place {
            Some(place) => format!("{}: {place}", line.source),
            None => line.source.clone(),
        }),
        Cell::text(dates).note(events.map(|events| events.join("; ")).unwrap_or_default()),
        Cell::text(reckoning(line)),
        Cell::text(grounds(line)),
    ]
}

fn shown(value: &Exact) -> String {
    decimal(&value.to_text())
}

/// How a line adds to numerators and denominator, with its own numbers.
fn reckoning(line: &Line) -> String {
    let k = shown(&line.coefficient);
    let mut text = if line.extra {
        "ngoài tổng số giao".to_owned()
    } else {
        format!("giao {k} × {} = {}", shown(&line.assigned), shown(&line.assigned_converted))
    };
    text.push_str(&format!(
        "; hoàn thành {k} × {} = {}",
        shown(&line.completed),
        shown(&line.completed_converted)
    ));
    for (name, counts, kept, word) in [
        ("tiến độ", line.late_count, &line.progress, "chậm"),
        ("chất lượng", line.quality_failures, &line.quality, "chưa đạt"),
    ] {
        text.push_str(&format!("; {name} {}", shown(kept)));
        if counts > 0 {
            text.push_str(&format!(" ({word} {counts}, trừ 25 % mỗi lần)"));
        }
    }
    text
}

/// Notes of a line and the articles its deductions rest on.
fn grounds(line: &Line) -> String {
    let mut told: Vec<String> = line.notes.clone();
    if line.extra {
        told.push("điểm d khoản 1 Điều 18".to_owned());
    }
    if line.quality_failures > 0 {
        told.push("chất lượng: điểm b khoản 2 Điều 14".to_owned());
    }
    if line.late_count > 0 {
        told.push("tiến độ: điểm c khoản 2 Điều 14".to_owned());
    }
    told.join("; ")
}

/// The lines that lost most. Each stands for itself: what two of them bring together is not their sum where a cap holds.
fn most(derivation: &Derivation) -> Table {
    let row = |(index, lost): (usize, &super::score::Lost)| {
        let title = match &lost.month {
            Some(month) => format!("{} ({month})", lost.title),
            None => lost.title.clone(),
        };
        // A percent of a support worker comes from no task.
        let source = if lost.source.contains('/') { lost.source.as_str() } else { "" };
        vec![
            Cell::number((index + 1).to_string()).centred(),
            Cell::text(&title).note(source),
            Cell::number(format!("+{}", decimal(&lost.printed))).centred(),
        ]
    };
    let heads = ["TT", "Nhiệm vụ [bản ghi nguồn]", "Điểm thêm, nếu hoàn thành đủ, đúng hạn, không lỗi"];
    table(
        "Điều gì làm điểm thay đổi nhiều nhất",
        &heads,
        &[6, 64, 30],
        derivation.most.iter().enumerate().map(row).collect(),
    )
}

fn switches(derivation: &Derivation) -> Table {
    let row = |one: Switch| vec![Cell::text(one.label), Cell::text(one.value), Cell::text(one.key)];
    let rows = switch::switches(&derivation.rule_set, Lang::Vi).into_iter().map(row).collect();
    table("Bộ quy tắc", &["Quy tắc", "Giá trị", "Mã"], &[42, 36, 22], rows)
}
