//! What the mapper decides about the development file, against what it decided when a person last looked: speed-ups and tidying
//! must change nothing, and what is meant to change something shows what.
//!
//! Owns `tests/golden/mapping/decisions.txt`: a mapper learns every second task and decides the others as they are given, each in a
//! line, and under every kind of noise, a digest for each kind. Confidence has three decimals there, as the logarithms of two systems
//! differ in their last bits. Nor is anybody told that it is not sure enough of what it is sure enough of. It says nothing of how good decisions are; `docs/MAPPING.md` tells how that is measured.

use lienthong_engines::mapping::noise::Noise;
use lienthong_engines::mapping::{Mapper, Options, Outcome, RuleBook, labels};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::Path;

/// Seed of the noise.
const SEED: u64 = 4;

/// The first candidate, how sure it is, and whether nobody is asked.
fn told(mapper: &Mapper, task: &labels::Labelled, title: &str) -> (String, bool) {
    let mut asked = task.example.task();
    asked.title = title;
    let decision = mapper.decide(&asked);
    let alone = matches!(decision.outcome, Outcome::Mapped { .. });
    let unsure = decision.reason.en.starts_with("not sure enough");
    assert!(!unsure || decision.confidence < mapper.threshold(), "{title}: {}", decision.reason.en);
    let best = decision.candidates.first().map_or("-", |best| best.product.as_str());
    (format!("{} {best} {:.3}{}", task.id, decision.confidence, if alone { " alone" } else { "" }), alone)
}

#[test]
fn decisions_about_the_development_file_are_those_last_looked_at() {
    let catalog = include_bytes!("../../../config/catalog-example.csv");
    let catalog = lienthong_engines::catalog::read(catalog, "catalog").expect("a catalog");
    let tasks = include_bytes!("../../../tests/data/mapping-dev.csv");
    let tasks = labels::read_all(tasks, "tasks", &catalog).expect("tasks");
    let learned: Vec<_> = tasks.iter().step_by(2).map(|task| task.example.clone()).collect();
    let mapper = Mapper::build(&catalog, RuleBook::default(), &learned, Options::default());

    let mut present = format!("threshold {:.3}\n", mapper.threshold());
    for task in tasks.iter().skip(1).step_by(2) {
        writeln!(present, "{}", told(&mapper, task, &task.example.title).0).expect("written");
    }
    for noise in Noise::ALL {
        let (mut digest, mut alone) = (Sha256::new(), 0);
        for task in tasks.iter().skip(1).step_by(2) {
            let (line, decided) = told(&mapper, task, &noise.apply(&task.example.title, SEED));
            digest.update(line);
            digest.update("\n");
            alone += u32::from(decided);
        }
        let digest: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        writeln!(present, "{}: {digest}, {alone} alone", noise.name()).expect("written");
    }

    let golden = include_str!("../../../tests/golden/mapping/decisions.txt");
    let differ: Vec<String> = present
        .lines()
        .zip(golden.lines())
        .filter(|(now, then)| now != then)
        .map(|(now, then)| format!("{now}    was {then}"))
        .collect();
    if present != golden {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("decisions.txt");
        std::fs::write(&file, &present).expect("written");
        panic!(
            "{} of {} lines differ:\n{}\nWhere that is meant, say in the commit what changed them, make the tables of docs/MAPPING.md \
             again and copy {} over tests/golden/mapping/decisions.txt",
            differ.len(),
            golden.lines().count(),
            differ.join("\n"),
            file.display()
        );
    }
}
