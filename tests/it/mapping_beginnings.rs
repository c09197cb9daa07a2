//! What a title begins with: a comment on a plan, or its appraisal, is not its drafting, however few decisions there are.

use lienthong::domain::{CatalogProduct, ProductCode};
use lienthong::mapping::{Example, Mapper, Options, Outcome, RuleBook};

fn catalog() -> Vec<CatalogProduct> {
    let bytes = include_bytes!("../../config/catalog-example.csv");
    lienthong::catalog::read(bytes, "catalog-example.csv").expect("the example catalog is valid")
}

#[test]
fn comment_on_a_plan_or_its_appraisal_is_not_decided_as_its_drafting_after_few_decisions() {
    let drafting = ProductCode::new("SP-DC-007").expect("code");
    let drafts = [
        "Dự thảo Kế hoạch phòng chống lụt bão năm 2026",
        "Dự thảo Kế hoạch an toàn thực phẩm năm 2026",
        "Dự thảo Kế hoạch cải cách hành chính năm 2026",
        "Dự thảo Kế hoạch đào tạo bồi dưỡng năm 2026",
        "Dự thảo Kế hoạch xây dựng nông thôn mới năm 2026",
        "Xây dựng KH phòng chống lụt bão năm 2026",
    ];
    let example = |title: &&str| Example {
        title: (*title).to_owned(),
        product: Some(drafting.clone()),
        ..Example::default()
    };
    for known in 1..=drafts.len() {
        let examples: Vec<Example> = drafts.iter().take(known).map(example).collect();
        let mut mapper = Mapper::build(&catalog(), RuleBook::default(), &examples, Options::default());
        let decided = |mapper: &Mapper, title: &str| {
            let task = Example { title: title.to_owned(), ..Example::default() };
            mapper.decide(&task.task()).outcome
        };
        for title in [
            "Góp ý dự thảo Kế hoạch cải cách hành chính năm 2026",
            "Góp ý KH đào tạo bồi dưỡng năm 2026",
            "Cho ý kiến dự thảo Kế hoạch tuyển dụng",
            "góp ý dự thảo KH thanh tra đợt 2",
            "Thẩm định dự thảo kế hoạch thanh tra năm 2026",
        ] {
            let outcome = decided(&mapper, title);
            let drafted = matches!(&outcome, Outcome::Mapped { product, .. } if *product == drafting);
            assert!(!drafted, "{title} after {known} decisions");
        }
        if known == drafts.len() {
            let another = "Dự thảo Kế hoạch phòng cháy chữa cháy năm 2026";
            assert!(matches!(decided(&mapper, another), Outcome::Mapped { .. }), "another draft follows");
            // Where people say that the product is that work as well, it follows too.
            let said =
                Example { title: "Góp ý dự thảo Kế hoạch thanh tra".into(), ..example(&drafts[0]) };
            assert!(mapper.learn(&said));
            let task =
                Example { title: "Góp ý dự thảo Kế hoạch thanh tra năm 2026".into(), ..said };
            let decision = mapper.decide(&task.task());
            assert!(!decision.reason.en.contains("begins with another kind of work"), "{decision:?}");
        }
    }
}
