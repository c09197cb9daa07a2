//! Mapping measured on the example catalog and the development tasks, and the spellings that must not matter.

use lienthong::domain::CatalogProduct;
use lienthong::error::Findings;
use lienthong::mapping::{
    Example, Mapper, MappingDecision, Options, Outcome, RuleBook, TaskText, cross_validate, evaluate, labels,
};
use proptest::prelude::*;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

const CATALOG: &[u8] = include_bytes!("../../config/catalog-example.csv");
const TASKS: &[u8] = include_bytes!("../data/mapping-dev.csv");

fn catalog() -> Vec<CatalogProduct> {
    lienthong::catalog::read(CATALOG, "catalog-example.csv").expect("the example catalog is valid")
}

fn tasks() -> Vec<Example> {
    labels::read(TASKS, "mapping-dev.csv", &catalog()).expect("the development tasks are valid")
}

/// A small mapper: the debug build trains on everything only where a figure is measured.
static SMALL: LazyLock<Mapper> = LazyLock::new(|| {
    let catalog: Vec<_> = catalog()
        .into_iter()
        .filter(|p| p.code.as_str().starts_with("SP-DC") || p.code.as_str().starts_with("SP-TP"))
        .collect();
    let tasks: Vec<_> = tasks().into_iter().take(120).collect();
    Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default())
});

fn codes(result: Result<impl std::fmt::Debug, Findings>) -> Vec<String> {
    result.expect_err("refused").0.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn catalog_alone_finds_two_thirds_of_the_products() {
    let report = evaluate(&catalog(), &RuleBook::default(), &[], &tasks(), Options::default());
    println!("catalog only: {report:?}");
    assert_eq!((report.n, report.outside), (503, 30));
    assert!(report.top1 >= 0.75, "{report:?}");
    assert!(report.decided.precision.is_none_or(|precision| precision >= 0.9), "{report:?}");
}

#[test]
fn cross_validated_figures_do_not_fall_back() {
    let report = cross_validate(&catalog(), &RuleBook::default(), &tasks(), 3, Options::default());
    println!("cross-validated: {report:?}");
    assert!(report.top1 >= 0.80 && report.top3 >= 0.90, "{report:?}");
    assert!(report.decided.precision.is_some_and(|precision| precision >= 0.9), "{report:?}");
    assert!(report.decided.outside_accepted <= 2, "{report:?}");
}

#[test]
fn the_shipped_rules_fit_the_example_catalog() {
    let rules = RuleBook::parse(include_str!("../../config/mapping-rules.toml"), "mapping-rules.toml")
        .expect("valid");
    assert_eq!(rules.check(&catalog()), []);
}

#[test]
fn a_code_of_the_source_settles_the_task() {
    let task = TaskText { title: "?", product_code: Some("SP-DC-010"), ..TaskText::default() };
    assert!(
        matches!(SMALL.decide(&task).outcome, Outcome::Mapped { product, .. } if product.as_str() == "SP-DC-010")
    );
    let unknown = TaskText { product_code: Some("SP-XX-1"), ..task };
    assert_eq!(SMALL.decide(&unknown).outcome, Outcome::Review);
}

#[test]
fn hostile_titles_wait_for_a_person() {
    let long = "Kế hoạch \u{0} ".repeat(100_000);
    for title in ["", " ", "a", "😀😀", "\u{0}\u{1b}[31m", "\u{301}\u{301}", "(((", "𝕂ế", long.as_str()]
    {
        let task = TaskText { title, ..TaskText::default() };
        let decision = SMALL.decide(&task);
        assert_eq!(decision, SMALL.decide(&task));
        assert!((0.0..=1.0).contains(&decision.confidence));
        if title.len() < 20 {
            assert_eq!(decision.outcome, Outcome::Review, "{title:?}");
        }
    }
}

#[test]
fn an_empty_catalog_sends_everything_to_review() {
    let mapper = Mapper::build(&[], RuleBook::default(), &[], Options::default());
    let decision = mapper.decide(&TaskText { title: "Kế hoạch", ..TaskText::default() });
    assert_eq!((decision.outcome, decision.candidates.len()), (Outcome::Review, 0));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let catalog: Vec<_> = catalog().into_iter().take(30).collect();
    let tasks: Vec<_> = tasks().into_iter().take(80).collect();
    let build = || Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default());
    let (one, two) = (build(), build());
    for example in &tasks {
        let bytes =
            |mapper: &Mapper| serde_json::to_vec(&mapper.decide(&example.task())).expect("serialises");
        assert_eq!(bytes(&one), bytes(&two));
    }
}

#[test]
fn bad_labels_are_told_by_code() {
    let catalog = catalog();
    let read = |text: &str| codes(labels::read(text.as_bytes(), "l.csv", &catalog));
    assert_eq!(read("task_id,title\n1,x\n"), ["LT-TAB-002"]);
    assert_eq!(read("task_id,title,expected_code\n"), ["LT-MAP-009"]);
    assert_eq!(read("task_id,title,expected_code\n1,a,SP-DC-001\n1,b,NO\n"), ["LT-MAP-010", "LT-MAP-011"]);
    assert_eq!(codes(labels::read(b"task_id,\xff\xfe\xfd", "l.csv", &catalog)), ["LT-TAB-003"]);
}

#[test]
fn labels_are_read_as_strictly_as_every_table_and_each_row_is_told_by_its_place() {
    let catalog = catalog();
    let head = "task_id;title;expected_code;also_ok";
    let read = |text: &str| labels::read(text.as_bytes(), "l.csv", &catalog);
    let told = |text: &str| {
        let findings = read(&format!("{head}\n{text}")).expect_err("refused").0;
        let told = findings.into_iter().map(|one| (one.code, one.place.expect("place").to_string()));
        told.collect::<Vec<_>>()
    };
    let one = |code: &str, place: &str| vec![(code.to_owned(), place.to_owned())];
    // The semicolons of a Vietnamese Excel; an empty code is outside the catalog, a cut row is not.
    assert_eq!(read(&format!("{head}\n1;Báo cáo;;\n2;Tờ trình;SP-DC-001;\n")).expect("labels").len(), 2);
    assert_eq!(told("1;Báo cáo;SP-DC-001\n2;Tờ trình\n"), one("LT-MAP-014", "l.csv:3 (column 3)"));
    assert_eq!(told("1;;SP-DC-001;\n"), one("LT-MAP-014", "l.csv:2 (column 2)"));
    // A quote that opens and never closes swallowed the rows after it.
    assert_eq!(told("1;\"Báo cáo;SP-DC-001;\n2;Tờ trình;SP-DC-001;\n"), one("LT-TAB-004", "l.csv:2"));
    assert_eq!(told("1;x;SP-DC-001;\n1;y;SP-DC-001;NO\n").len(), 2, "every error of a row at once");
    let twice = "task_id,title,expected_code,Tên nhiệm vụ\n1,x,,y\n";
    assert_eq!(codes(read(twice)), ["LT-TAB-007"]);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0u32..).zip([["task_id", "title", "expected_code"], ["1", "Báo cáo", ""]]) {
        for (column, cell) in (0u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write(row, column, cell).expect("cell");
        }
    }
    let bytes = book.save_to_buffer().expect("xlsx");
    let outside = labels::read(&bytes, "l.xlsx", &catalog).expect("a workbook");
    assert_eq!((outside.len(), &outside[0].product), (1, &None));
}

#[test]
fn evaluation_says_what_is_wrong_with_its_files() {
    use lienthong::cli::mapping_evaluate::{Args, run};
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c.csv");
    std::fs::write(&path, "code,name,complexity_group,coefficient\nA,x,1,1\nA,y,1,0\nA,z,1,1\n")
        .expect("written");
    let args = Args {
        catalog: path.clone(),
        labels: path.clone(),
        train: None,
        rules: None,
        target_precision: 0.97,
        cross_validate: None,
    };
    assert_eq!(codes(run(&args)), ["LT-CAT-009", "LT-CAT-006"]);
    assert_eq!(codes(run(&Args { target_precision: f64::NAN, ..args.clone() })), ["LT-MAP-013"]);
    assert_eq!(codes(run(&Args { catalog: folder.path().join("none"), ..args })), ["LT-MAP-012"]);
}

#[test]
fn a_workbook_reads_like_the_csv() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0u16..).zip(["Mã", "Tên", "Nhóm", "Hệ số", "Từ khóa"]) {
        sheet.write(0, column, name).expect("cell");
    }
    sheet.write(2, 0, "A-1").expect("cell");
    sheet.write(2, 1, "Báo cáo").expect("cell");
    sheet.write(2, 2, 2).expect("cell");
    sheet.write(2, 3, 1.2).expect("cell");
    sheet.write(2, 4, "BC| báo cáo nhanh").expect("cell");
    let xlsx = book.save_to_buffer().expect("saved");
    let csv = "code,name,complexity_group,coefficient,synonyms\nA-1,Báo cáo,2,1.2,BC|báo cáo nhanh\n";
    let read = |bytes: &[u8]| lienthong::catalog::read(bytes, "c").expect("valid");
    assert_eq!(read(&xlsx), read(csv.as_bytes()));
    let mut changed = read(csv.as_bytes());
    changed[0].coefficient = rust_decimal::Decimal::TWO;
    let diff = lienthong::catalog::diff(&read(csv.as_bytes()), &changed);
    assert!(diff.changed[0].coefficient && !diff.changed[0].group && diff.added.is_empty());
    assert!(lienthong::catalog::diff(&changed, &changed).is_empty());
}

/// The decision without the title's own spelling: the words that made it are shown as the title writes them.
fn unspelled(mut decision: MappingDecision) -> MappingDecision {
    for word in decision.candidates.iter_mut().flat_map(|candidate| &mut candidate.words) {
        *word = lienthong::text::lower_key(word);
    }
    decision.reason = lienthong::error::Text::new("", "");
    decision
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn spelling_never_changes_a_decision(index in 0usize..503, upper in any::<bool>(), blanks in 1usize..4) {
        let all = tasks();
        let example = &all[index];
        // Text in a broken encoding is not a spelling of its repaired self: its case carries the letters.
        prop_assume!(lienthong::text::repair(&example.title).1.is_none());
        let plain = SMALL.decide(&example.task());
        let mut title: String = example.title.nfc().collect();
        if upper { title = title.to_uppercase(); }
        title = title.replace(' ', &"\u{a0}".repeat(blanks)).replace("òa", "oà").replace("ủy", "uỷ");
        let title: String = title.nfd().collect();
        let other = SMALL.decide(&TaskText { title: &title, ..example.task() });
        prop_assert_eq!(unspelled(plain), unspelled(other));
    }

    #[test]
    fn any_title_gets_a_decision(title in "\\PC{0,200}") {
        let decision = SMALL.decide(&TaskText { title: &title, ..TaskText::default() });
        prop_assert!(decision.confidence.is_finite());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = lienthong::catalog::read(&bytes, "c");
        let _ = lienthong::text::decode(&bytes);
    }
}
