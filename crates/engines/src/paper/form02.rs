//! Mẫu số 02: phiếu đánh giá, xếp loại chất lượng công chức of a year (Decree 335/2025 Annex II; art. 19–21, 23).
//!
//! Owns the form's wording and order. Its rows are months: where quarters are scored, a quarter's score stands in each
//! of its months with a note, which leaves the mean as it is (scoring rules 5.1). A level is crossed only where people
//! decided it; a band is none. It must not know rules.

use super::head::Head;
use super::layout::{Block, Cell, Paper, Run, Signature, Table};
use super::score::Recorded;
use super::words::period_in_words;
use crate::domain::Level;
use chrono::NaiveDate;

/// What stands on the form; what is not known stays blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form02 {
    /// Above and below.
    pub head: Head,
    /// Scores the year is the mean of.
    pub recorded: Vec<Recorded>,
    /// The scores that make up the mean are not known any more.
    pub unkept: bool,
    /// The mean, printed.
    pub mean: Option<String>,
    /// Parts that are missing, in words.
    pub missing: Vec<String>,
    /// The level the person gives themselves.
    pub own_level: Option<Level>,
    /// The level decided.
    pub level: Option<Level>,
    /// Number of the decision.
    pub decision_no: Option<String>,
    /// The meeting's minutes (art. 21, 24).
    pub minutes: Option<String>,
    /// Document with the party committee's opinion, of heads and deputies (art. 21).
    pub party_opinion: Option<String>,
    /// Opinions that were written down (art. 21, 24; plan IV.4.2.c): whose, and what they say.
    pub opinions: Vec<(String, String)>,
    /// What is proposed to be done with the result (art. 23), where somebody did.
    pub handling: Option<String>,
    /// Name of whoever classifies, where it is known.
    pub classifier: Option<String>,
}

/// The levels in the order of the form.
const LEVELS: [Level; 4] = [Level::Excellent, Level::Good, Level::Completed, Level::NotCompleted];

/// What a year's result is for (art. 23). Which of it is proposed for somebody, and whether at all, is decided by people:
/// the decree ties no measure to a level by itself.
const USES: &str = "Kết quả xếp loại năm là căn cứ để đánh giá, xếp loại đảng viên, bố trí, bổ nhiệm, miễn nhiệm và thực hiện các chính sách khác đối với công chức; cấp có thẩm quyền ghi đề xuất cụ thể.";

/// The form as a sheet.
pub fn paper(form: &Form02) -> Paper {
    let mut paper =
        form.head.paper(Some("Mẫu số 02"), "PHIẾU ĐÁNH GIÁ, XẾP LOẠI CHẤT LƯỢNG CÔNG CHỨC", false);
    let blocks = &mut paper.blocks;
    blocks.push(Block::Heading("I. KẾT QUẢ THEO DÕI, ĐÁNH GIÁ TRONG NĂM".to_owned()));
    blocks.push(Block::Table(months(form)));
    if !form.missing.is_empty() {
        let missing = format!("Chưa tính được điểm năm, còn thiếu: {}.", form.missing.join(", "));
        blocks.push(Block::Line(vec![Run::italic(missing)]));
    }
    if form.unkept {
        let words = "Điểm từng kỳ làm nên điểm năm của phiên bản này không còn được lưu.";
        blocks.push(Block::Line(vec![Run::italic(words)]));
    }
    let crossed = |chosen: Option<Level>| {
        Block::Choice(
            LEVELS.iter().map(|level| (level.vietnamese().to_owned(), chosen == Some(*level))).collect(),
        )
    };
    blocks.push(Block::Heading("II. CÁ NHÂN TỰ XẾP LOẠI".to_owned()));
    blocks.push(crossed(form.own_level));
    blocks.push(Block::Heading("III. KẾT QUẢ XẾP LOẠI CỦA CẤP CÓ THẨM QUYỀN".to_owned()));
    blocks.push(crossed(form.level));
    for (words, document) in [
        ("Theo Quyết định số", &form.decision_no),
        ("Biên bản họp:", &form.minutes),
        ("Ý kiến của cấp ủy:", &form.party_opinion),
    ] {
        if let Some(document) = document {
            blocks.push(Block::Line(vec![Run::plain(format!("{words} {document}."))]));
        }
    }
    for (whose, words) in &form.opinions {
        blocks.push(Block::Line(vec![Run::plain(format!("{whose}: {words}"))]));
    }
    blocks.push(Block::Heading("IV. ĐỀ XUẤT SỬ DỤNG KẾT QUẢ XẾP LOẠI".to_owned()));
    blocks.push(Block::Line(vec![Run::italic(USES)]));
    blocks.push(Block::Entry {
        label: "Đề xuất (Điều 23):".to_owned(),
        text: form.handling.clone(),
        dots: 3,
    });
    blocks.push(Block::Signatures(vec![
        Signature {
            title: "CÔNG CHỨC ĐƯỢC XẾP LOẠI".to_owned(),
            hint: "(Ký, ghi rõ họ tên)".to_owned(),
            name: Some(form.head.full_name.clone()),
        },
        Signature {
            title: "CẤP CÓ THẨM QUYỀN XẾP LOẠI".to_owned(),
            hint: "(Ký, ghi rõ họ tên, đóng dấu)".to_owned(),
            name: form.classifier.clone(),
        },
    ]));
    paper
}

fn months(form: &Form02) -> Table {
    let year = form.head.period.year();
    let mut rows: Vec<Vec<Cell>> = (1..=12u32).map(|month| row(form, year, month)).collect();
    rows.push(vec![
        Cell::centre("Điểm trung bình năm").bold(),
        Cell::number(form.mean.clone().unwrap_or_default()).centred().bold(),
        Cell::text(if form.mean.is_some() { "Trung bình cộng (khoản 3 Điều 17)" } else { "" }),
    ]);
    Table {
        caption: "Điểm từng tháng trong năm".to_owned(),
        widths: vec![30, 22, 48],
        head: vec![["Tháng", "Tổng điểm", "Ghi chú"].map(Cell::head).to_vec()],
        rows,
        half_points: 24,
    }
}

fn row(form: &Form02, year: i32, month: u32) -> Vec<Cell> {
    let day = NaiveDate::from_ymd_opt(year, month, 1);
    let covers = |recorded: &&Recorded| day.is_some_and(|day| recorded.period.contains(day));
    let recorded = form.recorded.iter().find(covers);
    let score = recorded.map(|recorded| recorded.score.clone()).unwrap_or_default();
    let note = recorded.map_or_else(String::new, |recorded| {
        let source = match recorded.from.strip_prefix("record r") {
            Some(revision) => format!("hồ sơ phiên bản {revision}"),
            None => "kết quả đã nhập".to_owned(),
        };
        // A month's own score needs no words about a longer period.
        let longer = (recorded.period.last_day() - recorded.period.first_day()).num_days() > 31;
        if longer { format!("Điểm {} ({source})", period_in_words(recorded.period)) } else { source }
    });
    vec![Cell::number(month.to_string()).centred(), Cell::number(score).centred(), Cell::text(note)]
}
