//! Several units' proposals joined: what of each stays, and which codes they get.

use crate::workshop::{USUAL, edited, form, scale};
use lienthong::catalog::workshop::{merge, read_form, settle, write_draft};
use lienthong::domain::ProductCode;
use std::collections::BTreeSet;

#[test]
fn joined_products_keep_every_units_synonyms_and_take_no_code_of_the_present_catalog() {
    let scale = scale();
    let read = |name: &str, bytes: &[u8]| {
        read_form(name, bytes, &scale).unwrap_or_else(|findings| panic!("{name}: {findings}"))
    };
    // Column M holds the synonyms; both units write the same code for a plan of their own and another report.
    let with = |unit: &str, synonyms: &str, points: &str, ratio: &str| {
        let edits = [
            ("Phụ lục III", "M7", synonyms),
            ("Phụ lục III", "G6", points),
            ("Phụ lục III", "H6", ratio),
            ("Phụ lục III", "J6", "BC-1"),
        ];
        read(unit, &edited(&form(unit, &USUAL), &edits))
    };
    let present: BTreeSet<_> =
        ["BC-1", "BC-1.2"].into_iter().map(|code| ProductCode::new(code).expect("code")).collect();
    let units = [
        with("SNV", "KH thi đua|Kế hoạch phong trào", "60", "12"),
        with("STC", "kế hoạch PHONG TRÀO|KH khen thưởng", "80", "16"),
    ];
    let joined = merge(&units, &scale, &present).unwrap_or_else(|findings| panic!("{findings}"));
    let codes: BTreeSet<&str> =
        joined.iter().map(|one| one.code.as_str()).filter(|code| code.starts_with("BC-1")).collect();
    assert_eq!(codes, BTreeSet::from(["BC-1", "BC-1.3"]), "BC-1.2 is another product at present");
    let draft = write_draft(&joined, &scale).unwrap_or_else(|finding| panic!("{finding}"));
    let word = |code: &str| if code == "BC-1.3" { "bỏ" } else { "giữ" };
    let kept: Vec<(String, &str)> =
        (6..).zip(&joined).map(|(row, one)| (format!("P{row}"), word(&one.code))).collect();
    let edits: Vec<(&str, &str, &str)> =
        kept.iter().map(|(cell, word)| ("Dự thảo", cell.as_str(), *word)).collect();
    let settled =
        settle("d.xlsx", &edited(&draft, &edits), &scale).unwrap_or_else(|findings| panic!("{findings}"));
    let named = |name: &str| settled.products.iter().find(|product| product.name.starts_with(name));
    let plan = named("Kế hoạch phát triển du lịch").expect("a plan");
    assert_eq!(plan.synonyms, ["KH thi đua", "Kế hoạch phong trào", "KH khen thưởng"]);
}
