//! Several units' proposals joined: what of each stays, and which codes they get; and the titles of a whole province in groups.

use crate::workshop::{USUAL, day, edited, form, scale};
use lienthong::catalog::workshop::{Seen, Survey, merge, propose, read_form, settle, write_draft};
use lienthong::domain::{ProductCode, UnitCode};
use lienthong::simulator::World;
use std::collections::BTreeSet;
use std::sync::Arc;

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

/// Titles of a simulated province: the groups agree with the products the tasks truly are.
#[test]
fn groups_of_a_provinces_titles_agree_with_the_products_they_truly_are() {
    let world = World::generate(11, day("2026-11-20"), 200, 6_000);
    let catalog = lienthong::catalog::read(include_bytes!("../../config/catalog-example.csv"), "c.csv")
        .expect("catalog");
    let scale = Arc::new(scale());
    let mut survey = Survey::new(scale.clone());
    for task in &world.tasks {
        let product = task.product.map(|code| code.parse().expect("code"));
        survey.add(&Seen {
            title: &task.title,
            doc_type: task.doc_type,
            category: task.category,
            day: task.assigned.date(),
            people: &[],
            product: product.as_ref(),
        });
    }
    let unit = UnitCode::new("T").expect("code");
    let proposal = propose(survey, &scale, &catalog, (&unit, "Tỉnh", 2026), 2);
    let count = |of: &dyn Fn(&lienthong::catalog::workshop::Candidate) -> bool| -> u64 {
        proposal.rows.iter().filter(|row| of(row)).map(|row| row.count).sum()
    };
    let grouped = count(&|_| true);
    let agree = count(&|row| row.notes.iter().any(|note| note.contains("việc đã gán")));
    let unclear = count(&|row| row.output.is_empty());
    println!(
        "{} tasks: {} groups hold {grouped}, of these {agree} in groups of mostly one product, {unclear} without an output, {} rare",
        proposal.tasks,
        proposal.rows.len(),
        proposal.rare
    );
    assert!(grouped * 10 >= proposal.tasks * 8, "four of five tasks stand in a group");
    assert!(agree * 10 >= grouped * 7, "seven of ten stand in a group of mostly one product");
}
