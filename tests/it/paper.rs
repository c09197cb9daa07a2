//! Papers: what stands on them, the same bytes for the same values, and LibreOffice as the judge of both formats.

use crate::support::office::{paragraphs, part, pdfs, pictures, words};
use crate::support::project;
use calamine::{Data, Reader as _};
use lienthong::cli::score_case;
use lienthong::domain::{Exact, Level};
use lienthong::paper::explanation::{Decided, Entered, Explanation};
use lienthong::paper::form01::Form01;
use lienthong::paper::form02::Form02;
use lienthong::paper::layout::Paper;
use lienthong::paper::score::{Derivation, Lost, Recorded, Ruled};
use lienthong::paper::work_sheet::WorkSheet;
use lienthong::paper::{self, Format, Head, Standing, Trace};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

fn head(period: &str, standing: Standing) -> Head {
    Head {
        superior: Some("Ủy ban nhân dân tỉnh Gia Lai".into()),
        agency: "Sở Nội vụ".into(),
        full_name: "Nguyễn Văn An".into(),
        staff_number: "GL-00012".into(),
        post: "Chuyên viên chính".into(),
        unit: "Phòng Tổ chức, biên chế".into(),
        period: period.parse().expect("period"),
        standing,
        trace: Trace {
            revision: Some(3),
            hash: "1a2b3c4d5e6f".repeat(5) + "abcd",
            rule_set: "decree-335-2025".into(),
            as_of: "2025-12-31".parse().ok(),
            printed_at: "2026-01-05T07:03:00Z".parse().expect("instant"),
        },
    }
}

/// A golden example of the law as the program derives it and keeps it.
fn golden(id: &str) -> Derivation {
    let path = project::root().join(format!("tests/golden/scoring/{id}.json"));
    let golden: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
    let derived = score_case::run(id, golden["case"].to_string().as_bytes());
    let kept = serde_json::to_vec(&derived.unwrap_or_else(|findings| panic!("{findings}"))).expect("JSON");
    let mut derivation: Derivation = serde_json::from_slice(&kept).expect("what is kept is read");
    let titles = ["Công văn tham gia ý kiến", "Công văn trả lời công dân", "Báo cáo chuyên môn"];
    for (line, title) in derivation.lines.iter_mut().zip(titles) {
        line.source = format!("snv-eoffice/{}", 1040 + title.len());
        line.title = format!("{title} về việc rà soát, sắp xếp tổ chức bộ máy năm 2025");
    }
    derivation
}

fn form01(standing: Standing) -> Form01 {
    let points = |text: &str| text.parse::<Exact>().expect("points");
    let own: BTreeMap<String, Exact> = paper::form01::CRITERIA
        .iter()
        .flat_map(|(.., items)| items.iter())
        .map(|(key, _, _, most)| ((*key).to_owned(), points(most)))
        .collect();
    let mut superior = own.clone();
    superior.insert("III.1".into(), points("1.5"));
    Form01 {
        head: head("2025-Q4", standing),
        own,
        superior,
        general: Some("29.0".into()),
        ratio: Some("66.72".into()),
        task_part: Some("46.7".into()),
        total: Some("75.7".into()),
        missing: Vec::new(),
        worked: Vec::new(),
        strengths: Some("Hoàn thành khối lượng công việc lớn trong thời gian sắp xếp bộ máy.".into()),
        weaknesses: None,
        comments: None,
        scorer: Some("Trần Thị Bình".into()),
    }
}

fn form02() -> Form02 {
    let recorded = |period: &str, score: &str, from: &str| Recorded {
        period: period.parse().expect("period"),
        score: score.into(),
        from: from.into(),
    };
    Form02 {
        head: head("2026", Standing::Provisional),
        recorded: vec![
            recorded("2026-Q1", "81.25", "history"),
            recorded("2026-Q2", "90.00", "record r2"),
            recorded("2026-Q3", "76.70", "record r3"),
        ],
        unkept: false,
        mean: Some("82.65".into()),
        missing: Vec::new(),
        own_level: None,
        level: Some(Level::Good),
        decision_no: Some("412/QĐ-SNV".into()),
        minutes: Some("15/BB-SNV ngày 02/12/2026".into()),
        opinions: vec![("Ý kiến của Sở Tài chính".into(), "số 5/STC ngày 01/12/2026: nhất trí".into())],
        party_opinion: None,
        handling: Some("Cho nâng bậc lương trước thời hạn".into()),
        classifier: None,
    }
}

fn work_sheet(id: &str) -> WorkSheet {
    let products = [("công văn", "Công văn tham gia ý kiến"), ("báo cáo", "Báo cáo chuyên đề")];
    WorkSheet {
        head: head("2025-Q4", Standing::Provisional),
        derivation: golden(id),
        products: Arc::new(products.map(|(code, name)| (code.to_owned(), name.to_owned())).into()),
        names: BTreeMap::new(),
        scorer: None,
    }
}

fn explanation(id: &str) -> Explanation {
    let decided = Decided {
        at: "09:12 28/12/2025".into(),
        kind: "Xác nhận lỗi chất lượng".into(),
        what: "nguồn snv-eoffice; bản ghi 1042; 1 lần; sai số liệu".into(),
        who: "GL-00003 Trần Thị Bình".into(),
    };
    let mut derivation = golden(id);
    for (line, note) in
        derivation.lines.iter_mut().zip(["quá hạn 4 ngày", "", "cấp trên xác nhận khối lượng 0,8"])
    {
        line.notes.extend((!note.is_empty()).then(|| note.to_owned()));
    }
    derivation.most = [("công văn", "9.72"), ("công văn trả lời", "8.44"), ("báo cáo", "5.14")]
        .map(|(title, printed)| Lost {
            source: "snv-eoffice/1042".into(),
            title: title.into(),
            month: None,
            printed: printed.into(),
        })
        .into();
    let form = form01(Standing::Provisional);
    let events = derivation.lines.iter().take(1).map(|line| {
        (line.source.clone(), vec!["Giao 08:00 (thấy 09:00, câu trả lời 1)".into(), "Nộp 10:00".into()])
    });
    let events = events.collect();
    Explanation {
        head: head("2025-Q4", Standing::Provisional),
        derivation,
        own: Entered { items: form.own, by: Some("GL-00012 Nguyễn Văn An, 20/12/2025".into()) },
        scorer: Entered { items: form.superior, by: Some("GL-00003 Trần Thị Bình, 27/12/2025".into()) },
        products: work_sheet(id).products,
        places: [("snv-eoffice/1042".to_owned(), "so-viec.xlsx, dòng 12".to_owned())].into(),
        events,
        decided: vec![decided],
    }
}

/// Every paper with the name of its file.
fn papers() -> Vec<(&'static str, Paper)> {
    vec![
        ("form01", paper::form01::paper(&form01(Standing::Provisional))),
        ("form02", paper::form02::paper(&form02())),
        ("worksheet", paper::work_sheet::paper(&work_sheet("H-1"))),
        ("explain", paper::explanation::paper(&explanation("H-1"))),
    ]
}

fn docx(paper: &Paper) -> Vec<u8> {
    paper::render(paper, Format::Docx).expect("a text")
}

/// Rows of a workbook's only sheet.
fn rows(paper: &Paper) -> Vec<Vec<Data>> {
    let bytes = paper::render(paper, Format::Xlsx).expect("a workbook");
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("opens");
    let sheet = book.worksheet_range_at(0).expect("a sheet").expect("readable");
    sheet.rows().map(<[Data]>::to_vec).collect()
}

fn row_with<'a>(rows: &'a [Vec<Data>], text: &str) -> &'a [Data] {
    let has = |row: &&Vec<Data>| row.iter().any(|cell| cell.to_string().contains(text));
    rows.iter().find(has).unwrap_or_else(|| panic!("no row with {text:?} in {rows:#?}"))
}

/// Whether a cell reads so, as a word or as a number.
fn says(cell: &Data, text: &str) -> bool {
    let told = cell.to_string();
    told == text
}

/// The cells of a row that say something: merged ones count once.
fn filled(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).filter(|text| !text.is_empty()).collect()
}

#[test]
fn form_01_has_the_ten_items_the_sums_and_a_mark_until_it_is_approved() {
    let text = paragraphs(&docx(&paper::form01::paper(&form01(Standing::Provisional))));
    let has = |words: &str| text.iter().any(|paragraph| paragraph == words);
    for words in [
        "Mẫu số 01",
        "ỦY BAN NHÂN DÂN TỈNH GIA LAI",
        "SỞ NỘI VỤ",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "PHIẾU THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC",
        "(Kỳ theo dõi, đánh giá: Quý IV năm 2025)",
        "TẠM TÍNH – chưa được cấp có thẩm quyền phê duyệt",
        "Họ và tên: Nguyễn Văn An",
        "Đơn vị công tác: Phòng Tổ chức, biên chế, Sở Nội vụ",
        "2,5",
        "1. Điểm tiêu chí chung: 29,0/30 điểm (cá nhân tự chấm 30, cấp có thẩm quyền xác nhận 29)",
        "2. Điểm tiêu chí kết quả thực hiện nhiệm vụ: 46,7/70 điểm (tỷ lệ 66,72 %)",
        "3. Tổng điểm theo dõi, đánh giá công chức: 75,7/100 điểm",
        "4. Ưu điểm: Hoàn thành khối lượng công việc lớn trong thời gian sắp xếp bộ máy.",
        "5. Hạn chế, khuyết điểm: ",
        "Trần Thị Bình",
    ] {
        assert!(has(words), "{words} in {text:#?}");
    }
    let footer = "GL-00012 · 2025-Q4 · phiên bản 3 · mã 1a2b3c4d5e6f · in lúc 14:03 05/01/2026";
    assert!(text.iter().any(|paragraph| paragraph.starts_with(footer)), "{text:#?}");
    let approved = paragraphs(&docx(&paper::form01::paper(&form01(Standing::Approved))));
    assert!(!approved.iter().any(|paragraph| paragraph.contains("TẠM TÍNH")));
    let rows = rows(&paper::form01::paper(&form01(Standing::Replaced(4))));
    row_with(&rows, "BẢN CŨ – đã được thay bằng phiên bản 4");
    let item = filled(row_with(&rows, "Ý thức kỷ luật, kỷ cương trong thực thi công vụ"));
    assert_eq!(item[2..], ["5", "5"]);
    let told = "Cấp có thẩm quyền chấm (khoản 2 Điều 17): I.1: 5; I.2: 5; II.1: 2,5; II.2: 2,5; II.3: 2,5; II.4: 2,5; III.1: 1,5; ";
    assert!(text.iter().any(|paragraph| paragraph.starts_with(told)), "{text:#?}");
    assert!(!text.iter().any(|paragraph| paragraph.starts_with("Cột (4) để trống")), "{text:#?}");
    let total = row_with(&rows, "Tổng cộng");
    assert_eq!(filled(total), ["Tổng cộng", "30", "30"]);
    assert_eq!(total.iter().filter(|cell| **cell == Data::Float(30.0)).count(), 2, "numbers to reckon with");
}

#[test]
fn a_column_of_form_01_that_the_person_left_empty_says_why_and_the_scorer_s_points_stand_below() {
    let form = Form01 { own: BTreeMap::new(), ..form01(Standing::Approved) };
    let text = paragraphs(&docx(&paper::form01::paper(&form)));
    let begins = |words: &str| text.iter().any(|paragraph| paragraph.starts_with(words));
    assert!(begins("Cột (4) để trống: cá nhân chưa tự chấm (khoản 2 Điều 18)"), "{text:#?}");
    assert!(begins("Cấp có thẩm quyền chấm (khoản 2 Điều 17): I.1: 5; "), "{text:#?}");
}

#[test]
fn what_nobody_knows_is_blank_on_form_01_and_never_0() {
    let mut form = form01(Standing::Provisional);
    (form.own, form.superior) = (BTreeMap::new(), BTreeMap::new());
    (form.general, form.ratio, form.task_part, form.total) = (None, None, None, None);
    form.missing = vec!["điểm tiêu chí chung".into()];
    let text = paragraphs(&docx(&paper::form01::paper(&form)));
    assert!(text.iter().any(|paragraph| paragraph == "Chưa có: điểm tiêu chí chung."));
    assert!(text.iter().any(|paragraph| paragraph == "3. Tổng điểm theo dõi, đánh giá công chức: "));
    assert!(!text.iter().any(|paragraph| paragraph == "0"), "{text:#?}");
    assert!(!text.iter().any(|paragraph| paragraph.starts_with("Cột (4)")), "a form to be filled in by hand");
    let rows = rows(&paper::form01::paper(&form));
    assert_eq!(filled(row_with(&rows, "Tổng cộng")), ["Tổng cộng", "30"]);
}

/// H-1: the Handbook's numbers stand in the columns the Handbook gives them.
#[test]
fn h1_work_sheet_has_the_handbooks_columns_and_sums() {
    let rows = rows(&paper::work_sheet::paper(&work_sheet("H-1")));
    let numbers = row_with(&rows, "(7) = (5)×(6)");
    assert_eq!(numbers[0].to_string(), "(1)");
    assert_eq!(numbers[13].to_string(), "(14)");
    let reply = row_with(&rows, "Công văn trả lời công dân");
    let number = |at: usize| reply[at].to_string();
    // k 2.7, G 3, 8.1; C 3, 8.1; 2 days late leave 4.05; one failure leaves 6.075.
    assert_eq!([4, 5, 6, 7, 8, 10, 11, 12, 13].map(number).join(" "), "2.7 3 8.1 3 8.1 2 4.05 1 6.075");
    assert!(reply[1].to_string().contains("[snv-eoffice/"), "each line names its record: {reply:?}");
    assert_eq!(reply[2].to_string(), "10/11/2025");
    let sums = row_with(&rows, "Tổng cộng");
    assert_eq!([6, 8, 11, 13].map(|at| sums[at].to_string()).join(" "), "16.8 15.06 7.01 11.555");
    assert!(row_with(&rows, "a. Số lượng").contains(&Data::Float(89.64)));
    assert!(row_with(&rows, "R × 70").contains(&Data::Float(46.7)));
}

#[test]
fn a_leaders_sheet_sums_what_others_did_and_lists_the_own_work() {
    let mut sheet = work_sheet("D-7");
    for line in sheet.derivation.lines.iter_mut().skip(1) {
        line.of = Some("GL-00044".into());
    }
    sheet.names.insert("GL-00044".into(), "Phạm Thị Dung".into());
    let rows = rows(&paper::work_sheet::paper(&sheet));
    let person = row_with(&rows, "Phạm Thị Dung: 2 dòng");
    assert_eq!([6, 8, 11, 13].map(|at| person[at].to_string()).join(" "), "11.8 11.06 7.01 7.555");
    let all = row_with(&rows, "Tổng cộng");
    assert_eq!(all[6].to_string(), "16.8", "the sum is the denominator of a, b, c");
    row_with(&rows, "đ. Khả năng tổ chức triển khai");
}

/// Form 02 has rows of months: a quarter's score stands in each of its months and the mean stays what it is.
#[test]
fn form_02_repeats_a_quarters_score_in_its_months_and_crosses_the_level_decided() {
    let form = form02();
    let rows = rows(&paper::form02::paper(&form));
    let score = |month: &str| {
        let row = rows.iter().find(|row| says(&row[0], month)).expect("the month");
        let told = filled(row);
        (told.get(1).cloned().unwrap_or_default(), told.get(2).cloned().unwrap_or_default())
    };
    for month in ["1", "2", "3"] {
        assert_eq!(score(month), ("81.25".into(), "Điểm Quý I năm 2026 (kết quả đã nhập)".into()));
    }
    assert_eq!(score("9").1, "Điểm Quý III năm 2026 (hồ sơ phiên bản 3)");
    assert_eq!(score("10"), (String::new(), String::new()));
    assert_eq!(filled(row_with(&rows, "Điểm trung bình năm"))[1], "82.65");
    let text = paragraphs(&docx(&paper::form02::paper(&form)));
    assert_eq!(text.iter().filter(|paragraph| *paragraph == "X").count(), 1, "one box is crossed");
    assert!(text.iter().any(|paragraph| paragraph == "Theo Quyết định số 412/QĐ-SNV."));
    assert!(text.iter().any(|paragraph| paragraph.starts_with("Kết quả xếp loại năm là căn cứ")));
    let proposed = "Đề xuất (Điều 23): Cho nâng bậc lương trước thời hạn";
    assert!(text.iter().any(|paragraph| paragraph.contains(proposed)), "{text:?}");
    let opinion = "Ý kiến của Sở Tài chính: số 5/STC ngày 01/12/2026: nhất trí";
    assert!(text.iter().any(|paragraph| paragraph == opinion), "{text:?}");
    let undecided = Form02 { level: None, ..form };
    let text = paragraphs(&docx(&paper::form02::paper(&undecided)));
    assert!(!text.iter().any(|paragraph| paragraph == "X"), "a band crosses no box");
}

#[test]
fn an_explanation_goes_down_to_record_and_article() {
    let text = paragraphs(&docx(&paper::explanation::paper(&explanation("H-1"))));
    let has =
        |words: &str| assert!(text.iter().any(|paragraph| paragraph.contains(words)), "{words} in {text:#?}");
    has("a = 15,06 / 16,8 = 89,64 %");
    has("điểm a khoản 2 Điều 14");
    has(
        "giao 2,7 × 3 = 8,1; hoàn thành 2,7 × 3 = 8,1; tiến độ 4,05 (chậm 2, trừ 25 % mỗi lần); chất lượng 6,075 (chưa đạt 1, trừ 25 % mỗi lần)",
    );
    has("snv-eoffice/");
    has("tiến độ: điểm c khoản 2 Điều 14");
    has("GL-00003 Trần Thị Bình");
    has("late_unit");
    has("Chậm tiến độ tính theo (Đ14.2.c)");
    assert!(!text.iter().any(|paragraph| paragraph == "calendar_day"), "a value is told in words: {text:#?}");
    has("Điều gì làm điểm thay đổi nhiều nhất");
    has("+9,72");
    has("III. Từng nhiệm vụ được tính");
    has("công văn Công văn tham gia ý kiến; hạn ");
    has("Giao 08:00 (thấy 09:00, câu trả lời 1); Nộp 10:00");
    has("Tiêu chí chung, từng mục");
    has("Cấp có thẩm quyền chấm: GL-00003 Trần Thị Bình, 27/12/2025.");
    let rows = rows(&paper::explanation::paper(&explanation("H-1")));
    let item = filled(row_with(&rows, "Có sản phẩm, giải pháp đột phá"));
    assert_eq!((&*item[0], &item[2..]), ("III.1", &["2.5", "2.5", "1.5"].map(str::to_owned)[..]));
    assert_eq!(filled(row_with(&rows, "Tổng cộng")), ["Tổng cộng", "30", "30", "29"]);
    let undecided = Explanation { decided: Vec::new(), ..explanation("H-1") };
    let text = paragraphs(&docx(&paper::explanation::paper(&undecided)));
    assert!(text.iter().any(|paragraph| paragraph == "II. Từng nhiệm vụ được tính"), "no number is left out");
}

#[test]
fn what_moved_a_level_stands_in_the_annex_with_both_levels_and_why_and_nowhere_else() {
    let head = "Quy tắc đã làm thay đổi mức";
    let mut moved = explanation("H-1");
    let text = paragraphs(&docx(&paper::explanation::paper(&moved)));
    assert!(!text.iter().any(|paragraph| paragraph.contains(head)), "nothing moved it: {text:#?}");
    moved.derivation.ruled = vec![Ruled {
        rule: "khoản 6 Điều 20".into(),
        from: Some(Level::Excellent),
        to: Some(Level::Good),
        because: "tổ chức được xếp loại: Hoàn thành tốt nhiệm vụ".into(),
    }];
    let rows = rows(&paper::explanation::paper(&moved));
    assert_eq!(
        filled(row_with(&rows, "khoản 6 Điều 20")),
        [
            "khoản 6 Điều 20",
            Level::Excellent.vietnamese(),
            Level::Good.vietnamese(),
            "tổ chức được xếp loại: Hoàn thành tốt nhiệm vụ"
        ]
    );
}

#[test]
fn the_same_values_give_the_same_bytes_and_another_instant_changes_only_what_tells_it() {
    for ((name, paper), (_, again)) in papers().into_iter().zip(papers()) {
        for format in Format::ALL {
            let bytes = paper::render(&paper, format).expect("bytes");
            assert_eq!(bytes, paper::render(&again, format).expect("bytes"), "{name}");
        }
        let later = Paper { printed_at: paper.printed_at + chrono::TimeDelta::hours(1), ..paper.clone() };
        let body = |paper: &Paper| part(&docx(paper), "word/document.xml");
        assert_eq!(body(&paper), body(&later), "{name}: the body has no instant");
    }
}

#[test]
fn texts_are_read_by_programs_for_the_blind() {
    for (name, paper) in papers() {
        let body = part(&docx(&paper), "word/document.xml");
        assert!(
            body.contains("<w:pStyle w:val=\"Title\"/>") && body.contains("<w:pStyle w:val=\"Heading1\"/>"),
            "{name}"
        );
        assert!(body.contains("<w:tblHeader/>") && body.contains("<w:tblCaption "), "{name}");
        assert!(part(&docx(&paper), "word/styles.xml").contains("w:val=\"vi-VN\""));
        let page =
            if paper.landscape { "w:w=\"16838\" w:h=\"11906\"" } else { "w:w=\"11906\" w:h=\"16838\"" };
        assert!(body.contains(page), "{name}: A4");
        assert!(
            body.contains("w:top=\"1134\" w:right=\"851\" w:bottom=\"1134\" w:left=\"1701\""),
            "{name}: margins"
        );
    }
}

/// LibreOffice opens each form in both formats and makes pages of it; the pictures stay in `target/papers` to be
/// looked at.
#[test]
fn libreoffice_makes_pages_of_every_paper_and_their_words_are_the_ones_written() {
    let folder = tempfile::tempdir().expect("folder");
    let mut files: Vec<PathBuf> = Vec::new();
    for (name, paper) in papers() {
        for format in Format::ALL {
            let file = folder.path().join(format!("{name}-{}.{}", format.ending(), format.ending()));
            std::fs::write(&file, paper::render(&paper, format).expect("bytes")).expect("written");
            files.push(file);
        }
    }
    let made = pdfs(folder.path(), &files);
    assert_eq!(made.len(), files.len(), "{made:?}");
    let shown = project::root().join("target/papers");
    for (stem, pdf) in &made {
        let words = words(pdf);
        for needed in ["Nguyễn Văn An", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "1a2b3c4d5e6f", "Trang 1/"]
        {
            assert!(words.contains(needed), "{stem}: {needed} in {words}");
        }
        let pages = pictures(pdf, &shown, 60);
        assert!(pages.iter().all(|page| std::fs::metadata(page).expect("picture").len() > 5_000), "{stem}");
        // The explanation lists the criteria as well; the forms stay as short as they were.
        let most = if stem.starts_with("explain") { 5 } else { 4 };
        assert!((1..=most).contains(&pages.len()), "{stem} has {} pages", pages.len());
    }
}

/// Whatever a title or a name holds, both files stay ones LibreOffice opens, with the words around it.
#[test]
fn any_text_in_names_and_titles_gives_files_libreoffice_opens() {
    let folder = tempfile::tempdir().expect("folder");
    let mut runner = TestRunner::deterministic();
    let any = proptest::string::string_regex("(?s).{0,400}").expect("texts");
    let mut texts: Vec<String> =
        (0..10).map(|_| any.new_tree(&mut runner).expect("a text").current()).collect();
    texts.extend([
        "🏛️👩🏽‍💼🇻🇳 <w:p>&amp;</w:p> ]]> <!-- \" ' &#0; &lt;".to_owned(),
        "ế".repeat(10_000),
        "Công văn ".repeat(1_200),
        "مرحبا \u{202e}שלום\u{2066} abc \u{200f}".to_owned(),
        (0u8..32).map(char::from).chain(['\u{7f}', '\u{85}', '\u{fffe}', '\u{ffff}', '\u{1ffff}']).collect(),
        "=HYPERLINK(\"http://example.com\")".to_owned(),
        "_x0041_ 'quoted".to_owned(),
        String::new(),
    ]);
    let mut files = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let mut sheet = work_sheet("H-1");
        sheet.head.full_name.clone_from(text);
        sheet.head.unit.clone_from(text);
        sheet.derivation.lines[0].title.clone_from(text);
        sheet.derivation.lines[1].product.clone_from(text);
        let mut form = form01(Standing::Provisional);
        form.head.agency.clone_from(text);
        form.comments = Some(text.clone());
        let (one, other) = (paper::work_sheet::paper(&sheet), paper::form01::paper(&form));
        for (name, paper, format) in [
            ("a", &one, Format::Docx),
            ("b", &one, Format::Xlsx),
            ("c", &other, Format::Docx),
            ("d", &other, Format::Xlsx),
        ] {
            let bytes = paper::render(paper, format).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let file = folder.path().join(format!("{name}{at}-{}.{}", format.ending(), format.ending()));
            std::fs::write(&file, bytes).expect("written");
            files.push(file);
        }
    }
    let made = pdfs(folder.path(), &files);
    let refused: Vec<_> = files
        .iter()
        .filter(|file| !made.contains_key(&*file.file_stem().expect("name").to_string_lossy()))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    for (stem, pdf) in &made {
        let words = words(pdf);
        let needed = if stem.starts_with(['a', 'b']) { "16,8" } else { "29,0/30" };
        assert!(words.contains(needed), "{stem}: {needed} in {words}");
    }
    // A formula stays a text.
    let formula = texts.iter().position(|text| text.starts_with('=')).expect("it is there");
    let mut sheet = work_sheet("H-1");
    sheet.derivation.lines[0].title.clone_from(&texts[formula]);
    let bytes = paper::render(&paper::work_sheet::paper(&sheet), Format::Xlsx).expect("bytes");
    assert!(!part(&bytes, "xl/worksheets/sheet1.xml").contains("<f>"));
}
