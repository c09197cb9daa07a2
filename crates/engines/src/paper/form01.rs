//! Mẫu số 01: phiếu theo dõi, đánh giá công chức (Decree 335/2025 Annex II; art. 17.2, 18.2).
//!
//! Owns the form's wording and order. The decree's form has one column of points, the person's own; what the superior
//! confirmed stands below the sum item by item, so that the printed total can be followed, and an empty column says why it
//! is empty. It must not know rules.

use super::head::Head;
use super::layout::{Block, Cell, Paper, Run, Signature, Table};
use super::words::decimal;
use crate::domain::Exact;
use std::collections::BTreeMap;

/// A group of general criteria: number, name, maximum, items.
type Group = (&'static str, &'static str, &'static str, &'static [Item]);
/// An item: key, number within its group, name, maximum.
type Item = (&'static str, &'static str, &'static str, &'static str);

/// The ten items in three groups, as the form words them; 30 points together.
pub const CRITERIA: [Group; 3] = [
    (
        "I",
        "Phẩm chất chính trị, phẩm chất đạo đức, văn hóa thực thi công vụ và ý thức kỷ luật, kỷ cương trong thực thi công vụ",
        "10",
        &[
            ("I.1", "1", "Phẩm chất chính trị, phẩm chất đạo đức, văn hóa thực thi công vụ", "5"),
            ("I.2", "2", "Ý thức kỷ luật, kỷ cương trong thực thi công vụ", "5"),
        ],
    ),
    (
        "II",
        "Năng lực chuyên môn, nghiệp vụ theo yêu cầu của vị trí việc làm; khả năng đáp ứng yêu cầu thực thi nhiệm vụ được giao; tinh thần trách nhiệm trong thực thi công vụ; thái độ phục vụ người dân, doanh nghiệp và khả năng phối hợp với đồng nghiệp",
        "10",
        &[
            ("II.1", "1", "Năng lực chuyên môn, nghiệp vụ theo yêu cầu của vị trí việc làm", "2.5"),
            (
                "II.2",
                "2",
                "Khả năng đáp ứng yêu cầu thực thi nhiệm vụ được giao thường xuyên, đột xuất",
                "2.5",
            ),
            ("II.3", "3", "Tinh thần trách nhiệm trong thực thi công vụ", "2.5"),
            (
                "II.4",
                "4",
                "Thái độ phục vụ người dân, doanh nghiệp và khả năng phối hợp với đồng nghiệp",
                "2.5",
            ),
        ],
    ),
    (
        "III",
        "Năng lực đổi mới, sáng tạo, dám nghĩ, dám làm, dám chịu trách nhiệm vì lợi ích chung trong thực thi công vụ",
        "10",
        &[
            (
                "III.1",
                "1",
                "Có sản phẩm, giải pháp đột phá, sáng tạo đem lại giá trị, hiệu quả thiết thực, tác động tích cực đến kết quả thực hiện nhiệm vụ của cơ quan, tổ chức, đơn vị",
                "2.5",
            ),
            (
                "III.2",
                "2",
                "Sẵn sàng tham gia thực hiện nhiệm vụ chính trị đặc biệt quan trọng, nhiệm vụ có tính chất đột xuất, phức tạp hoặc trong điều kiện khó khăn",
                "2.5",
            ),
            (
                "III.3",
                "3",
                "Có tinh thần chịu trách nhiệm trước kết quả công việc; chủ động nhận trách nhiệm khi có sai sót và có biện pháp khắc phục rõ ràng, cụ thể",
                "2.5",
            ),
            (
                "III.4",
                "4",
                "Chủ động đưa ra quyết định trong phạm vi thẩm quyền, không né tránh; có tinh thần tiên phong trong thực hiện những nhiệm vụ mới",
                "2.5",
            ),
        ],
    ),
];

/// The words of an item, by its key: `I.1`; nothing for one that is none.
pub fn words_of(item: &str) -> &'static str {
    let mut items = CRITERIA.iter().flat_map(|group| group.3);
    items.find(|(key, ..)| *key == item).map_or("", |(_, _, words, _)| words)
}

/// What stands on the form; what is not known stays blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form01 {
    /// Above and below.
    pub head: Head,
    /// Points the person gave themselves, per item.
    pub own: BTreeMap<String, Exact>,
    /// Points the superior confirmed, per item.
    pub superior: BTreeMap<String, Exact>,
    /// General criteria as they count, printed.
    pub general: Option<String>,
    /// R in percent, printed.
    pub ratio: Option<String>,
    /// R·70, printed.
    pub task_part: Option<String>,
    /// Total, printed.
    pub total: Option<String>,
    /// Parts that are missing, in words.
    pub missing: Vec<String>,
    /// Spans worked, where they are not the whole period.
    pub worked: Vec<String>,
    /// Strengths.
    pub strengths: Option<String>,
    /// Weaknesses.
    pub weaknesses: Option<String>,
    /// Comments of the scorer.
    pub comments: Option<String>,
    /// Name of the scorer, where it is known.
    pub scorer: Option<String>,
}

/// The form as a sheet.
pub fn paper(form: &Form01) -> Paper {
    let mut paper = form.head.paper(Some("Mẫu số 01"), "PHIẾU THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC", false);
    let blocks = &mut paper.blocks;
    blocks.push(Block::Heading("I. KẾT QUẢ THEO DÕI, ĐÁNH GIÁ THEO TIÊU CHÍ CHUNG".to_owned()));
    blocks.push(Block::Table(criteria(&form.own)));
    if form.own.is_empty() && !form.superior.is_empty() {
        let why = "Cột (4) để trống: cá nhân chưa tự chấm (khoản 2 Điều 18); điểm ở mục II.1 do cấp có thẩm quyền chấm.";
        blocks.push(Block::Line(vec![Run::italic(why)]));
    }
    blocks.push(Block::Heading("II. TỔNG HỢP KẾT QUẢ THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC".to_owned()));
    blocks.push(points("1. Điểm tiêu chí chung:", form.general.as_deref(), "30", &confirmed(form)));
    blocks.extend(scored(&form.superior).map(|told| Block::Line(vec![Run::italic(told)])));
    let ratio = form.ratio.as_deref().map(|ratio| format!(" (tỷ lệ {} %)", decimal(ratio)));
    blocks.push(points(
        "2. Điểm tiêu chí kết quả thực hiện nhiệm vụ:",
        form.task_part.as_deref(),
        "70",
        &ratio.unwrap_or_default(),
    ));
    blocks.push(points("3. Tổng điểm theo dõi, đánh giá công chức:", form.total.as_deref(), "100", ""));
    if !form.missing.is_empty() {
        let missing = format!("Chưa có: {}.", form.missing.join(", "));
        blocks.push(Block::Line(vec![Run::italic(missing)]));
    }
    if !form.worked.is_empty() {
        let worked = format!("Kỳ không trọn, thời gian công tác trong kỳ: {}.", form.worked.join("; "));
        blocks.push(Block::Line(vec![Run::italic(worked)]));
    }
    for (label, text) in [
        ("4. Ưu điểm:", &form.strengths),
        ("5. Hạn chế, khuyết điểm:", &form.weaknesses),
        ("6. Ý kiến nhận xét của cấp có thẩm quyền theo dõi, đánh giá:", &form.comments),
    ] {
        blocks.push(Block::Entry { label: label.to_owned(), text: text.clone(), dots: 3 });
    }
    blocks.push(Block::Signatures(vec![
        Signature {
            title: "CÔNG CHỨC TỰ ĐÁNH GIÁ".to_owned(),
            hint: "(Ký, ghi rõ họ tên)".to_owned(),
            name: Some(form.head.full_name.clone()),
        },
        Signature {
            title: "CẤP CÓ THẨM QUYỀN THEO DÕI, ĐÁNH GIÁ".to_owned(),
            hint: "(Ký, ghi rõ họ tên, đóng dấu nếu có)".to_owned(),
            name: form.scorer.clone(),
        },
    ]));
    paper
}

fn points(label: &str, value: Option<&str>, most: &str, note: &str) -> Block {
    let text = value.map(|value| format!("{}/{most} điểm{note}", decimal(value)));
    Block::Entry { label: label.to_owned(), text, dots: 1 }
}

/// What the superior confirmed, where it is not what the person gave themselves.
fn confirmed(form: &Form01) -> String {
    let sum = |items: &BTreeMap<String, Exact>| items.values().sum::<Exact>();
    if form.superior.is_empty() || form.own.is_empty() || sum(&form.superior) == sum(&form.own) {
        return String::new();
    }
    let (own, superior) = (sum(&form.own).to_text(), sum(&form.superior).to_text());
    format!(" (cá nhân tự chấm {}, cấp có thẩm quyền xác nhận {})", decimal(&own), decimal(&superior))
}

/// The scorer's points item by item; the form has no column for them.
fn scored(superior: &BTreeMap<String, Exact>) -> Option<String> {
    let items = CRITERIA.iter().flat_map(|(.., items)| items.iter());
    let points: Vec<String> = items
        .filter_map(|(key, ..)| Some(format!("{key}: {}", decimal(&superior.get(*key)?.to_text()))))
        .collect();
    (!points.is_empty()).then(|| format!("Cấp có thẩm quyền chấm (khoản 2 Điều 17): {}.", points.join("; ")))
}

fn criteria(own: &BTreeMap<String, Exact>) -> Table {
    let head = vec![
        ["TT", "Tiêu chí chấm điểm", "Điểm tối đa", "Điểm do cá nhân tự chấm"].map(Cell::head).to_vec(),
        ["(1)", "(2)", "(3)", "(4)"].map(Cell::centre).to_vec(),
    ];
    let given = |keys: &[Item]| {
        // A sum of some items would read like the sum of all.
        let values: Option<Vec<&Exact>> = keys.iter().map(|(key, ..)| own.get(*key)).collect();
        values.map_or_else(String::new, |values| values.into_iter().sum::<Exact>().to_text())
    };
    let mut rows = Vec::new();
    for (number, name, most, items) in CRITERIA {
        rows.push(vec![
            Cell::centre(number).bold(),
            Cell::text(name).bold(),
            Cell::number(most).centred().bold(),
            Cell::number(given(items)).centred().bold(),
        ]);
        rows.extend(items.iter().map(|item| {
            let (_, number, name, most) = *item;
            vec![
                Cell::centre(number),
                Cell::text(name),
                Cell::number(most).centred(),
                Cell::number(given(std::slice::from_ref(item))).centred(),
            ]
        }));
    }
    let all: Vec<Item> = CRITERIA.iter().flat_map(|(.., items)| items.iter().copied()).collect();
    rows.push(vec![
        Cell::centre("Tổng cộng").bold().across(2),
        Cell::number("30").centred().bold(),
        Cell::number(given(&all)).centred().bold(),
    ]);
    Table {
        caption: "Điểm tiêu chí chung do cá nhân tự chấm".to_owned(),
        widths: vec![7, 65, 12, 16],
        head,
        rows,
        half_points: 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::GENERAL_ITEMS;

    #[test]
    fn the_form_words_every_item_of_the_law_with_its_maximum() {
        let items = CRITERIA.iter().flat_map(|(.., items)| items.iter());
        let worded: Vec<(&str, Exact)> =
            items.map(|(key, _, _, most)| (*key, most.parse().expect("points"))).collect();
        let law = GENERAL_ITEMS
            .map(|(key, n, d)| (key, Exact::ratio(n.into(), d.into()).expect("a maximum")))
            .to_vec();
        assert_eq!(worded, law);
        for (number, _, most, items) in CRITERIA {
            let sum: Exact = items
                .iter()
                .map(|(.., most)| most.parse::<Exact>().expect("points"))
                .collect::<Vec<_>>()
                .iter()
                .sum();
            assert_eq!(sum.to_text(), most, "{number}");
        }
    }

    #[test]
    fn a_sum_of_some_items_is_not_printed_as_the_sum_of_all() {
        let own =
            BTreeMap::from([("I.1".to_owned(), Exact::integer(5)), ("I.2".to_owned(), Exact::integer(4))]);
        let rows = criteria(&own).rows;
        let last = |row: &Vec<Cell>| row.last().map(|cell| cell.text.clone()).unwrap_or_default();
        assert_eq!(last(&rows[0]), "9", "a whole group has its sum");
        assert_eq!(last(&rows[3]), "", "the second group has none");
        assert_eq!(last(&rows[rows.len() - 1]), "");
    }
}
