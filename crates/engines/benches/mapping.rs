//! Training time, titles per second, memory and the time from a decision to the new ranking: on the example catalog and on
//! one of 3,000 products, with 503 and 10,000 decisions; and a year of 1,000,000 tasks surveyed for a catalog proposal.

use chrono::{Days, NaiveDate};
use lienthong::catalog::workshop::{self, Scale, Seen, Survey};
use lienthong::domain::{CatalogProduct, PersonId, ProductCode, UnitCode};
use lienthong::mapping::noise::Noise;
use lienthong::mapping::{Example, Mapper, Options, RuleBook, labels};
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

fn main() {
    let (catalog, tasks) = inputs(166);
    propose(&catalog, &tasks);
    let before = resident();
    let mapper = Mapper::build(&catalog, RuleBook::default(), &many(&tasks), Options::default());
    println!(
        "memory of a mapper with 166 products and 10,000 decisions: {} MiB",
        resident().saturating_sub(before) / 1024
    );
    drop(mapper);
    let (catalog, tasks) = inputs(3_000);
    let before = resident();
    let mapper = Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default());
    println!(
        "memory of a mapper with 3,000 products and 503 decisions: {} MiB",
        resident().saturating_sub(before) / 1024
    );
    drop(mapper);
    divan::main();
}

/// What `catalog propose` does with a year of 1,000,000 tasks of 3,000 people, the rows of its store apart: titles with slips in
/// 10,000 places, so that far more differ than are held, and a tenth of words nobody else uses.
fn propose(catalog: &[CatalogProduct], tasks: &[Example]) {
    const TASKS: usize = 1_000_000;
    let scale = Arc::new(Scale::built_in().expect("scale"));
    let people: Vec<PersonId> = (0..3_000u128).map(|number| PersonId(Uuid::from_u128(number))).collect();
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("day");
    let (before, began) = (resident(), Instant::now());
    let (mut survey, mut most) = (Survey::new(scale.clone()), 0);
    for (number, task) in tasks.iter().cycle().take(TASKS).enumerate() {
        let seed = number as u64;
        let title = match number % 10 {
            0 => format!("{} {:x}q", task.title, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            _ => format!("{} thôn {}", Noise::Typos.apply(&task.title, seed), number % 10_000),
        };
        survey.add(&Seen {
            title: &title,
            doc_type: &task.doc_type,
            category: &task.category,
            day: day + Days::new(seed % 365),
            people: people.get(number % people.len()..=number % people.len()).unwrap_or_default(),
            product: task.product.as_ref().filter(|_| number % 3 == 0),
        });
        if number % 1_000 == 0 {
            most = most.max(resident());
        }
    }
    let unit = UnitCode::new("SNV").expect("code");
    let proposal = workshop::propose(survey, &scale, catalog, (&unit, "Sở Nội vụ", 2026), 3);
    println!(
        "catalog proposal of 1,000,000 tasks: {:.0} s, {} MiB at most, {} candidates, {} tasks seen too rarely",
        began.elapsed().as_secs_f64(),
        most.max(resident()).saturating_sub(before) / 1024,
        proposal.rows.len(),
        proposal.rare
    );
}

/// Memory in use by this process, KiB; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

fn inputs(products: usize) -> (Vec<CatalogProduct>, Vec<Example>) {
    let base =
        lienthong::catalog::read(include_bytes!("../config/catalog-example.csv"), "catalog").expect("valid");
    let tasks = labels::read(include_bytes!("../tests/data/mapping-dev.csv"), "tasks", &base).expect("valid");
    let mut catalog = base.clone();
    for (number, product) in
        base.iter().cycle().enumerate().skip(base.len()).take(products.saturating_sub(base.len()))
    {
        let mut copy = product.clone();
        copy.code = ProductCode::new(format!("X-{number}")).expect("valid");
        copy.name = format!("{} loại {number}", product.name);
        catalog.push(copy);
    }
    (catalog, tasks)
}

/// 10,000 decisions: the tasks with slips and another place.
fn many(tasks: &[Example]) -> Vec<Example> {
    let places = ["đông", "tây", "nam", "bắc", "trung tâm"];
    let of = |(number, task): (usize, &Example)| {
        let place = places.get(number % places.len()).copied().unwrap_or_default();
        let title = format!("{} khu vực {place}", Noise::Typos.apply(&task.title, number as u64));
        Example { title, ..task.clone() }
    };
    tasks.iter().cycle().take(10_000).enumerate().map(of).collect()
}

#[divan::bench(args = [166, 3_000], sample_count = 3)]
fn train(bencher: divan::Bencher<'_, '_>, products: usize) {
    let (catalog, tasks) = inputs(products);
    bencher.bench_local(|| Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default()));
}

#[divan::bench(sample_count = 1)]
fn train_10000_decisions(bencher: divan::Bencher<'_, '_>) {
    let (catalog, tasks) = inputs(166);
    let tasks = many(&tasks);
    bencher.bench_local(|| Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default()));
}

#[divan::bench(sample_count = 20)]
fn decision_to_ranking_with_10000_decisions(bencher: divan::Bencher<'_, '_>) {
    let (catalog, tasks) = inputs(166);
    let mut mapper = Mapper::build(&catalog, RuleBook::default(), &many(&tasks), Options::default());
    let mut next = tasks.iter().cycle();
    bencher.bench_local(|| {
        let Some(task) = next.next() else { return 0 };
        mapper.learn(task);
        mapper.decide(&task.task()).candidates.len()
    });
}

#[divan::bench(args = [166, 3_000], sample_count = 5)]
fn decide_503_titles(bencher: divan::Bencher<'_, '_>, products: usize) {
    let (catalog, tasks) = inputs(products);
    let mapper = Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default());
    bencher.counter(divan::counter::ItemsCount::new(tasks.len())).bench_local(|| {
        tasks.iter().map(|example| mapper.decide(&example.task()).candidates.len()).sum::<usize>()
    });
}
