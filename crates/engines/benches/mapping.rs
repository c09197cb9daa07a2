//! Titles mapped per second, the time from a decision to the new ranking, training and memory: on the example catalog and on
//! one of 3,000 products, with 503 and 10,000 decisions; and a year of 1,000,000 tasks surveyed for a catalog proposal.
//!
//! Owns its inputs, made from the example catalog and the development file. Each part is a process of its own, so that its memory is its
//! own (`-- titles decision proposal` names some of them). Times are processor time of the one thread, medians. The bars are 5,000
//! titles a second with 3,000 products and one second from a decision to the new ranking with 10,000 decisions; missing one ends the
//! program with exit code 1.

use chrono::{Days, NaiveDate};
use lienthong_base::domain::{CatalogProduct, PersonId, ProductCode, UnitCode};
use lienthong_engines::catalog::workshop::{self, Scale, Seen, Survey};
use lienthong_engines::mapping::noise::Noise;
use lienthong_engines::mapping::{Example, Mapper, Options, RuleBook, labels};
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use uuid::Uuid;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Titles per second one core must reach with [`PRODUCTS`] products.
const BAR: f64 = 5_000.0;
/// Seconds a decision may take until the new ranking is there.
const DECISION_BAR: f64 = 1.0;
const PRODUCTS: usize = 3_000;
const DECISIONS: usize = 10_000;
/// Tasks of the proposal.
const TASKS: usize = 1_000_000;
/// Tasks the program holds of them at once.
const PAGE: usize = 2_000;
const ROUNDS: usize = 15;

/// A part by its name; it says whether its bar was reached.
type Part = (&'static str, fn() -> bool);

const PARTS: [Part; 4] =
    [("titles", titles), ("decision", decision), ("large", large), ("proposal", proposal)];

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if let [one] = asked.as_slice() {
        let part = PARTS.iter().find(|(name, _)| name == one);
        let Some((_, measure)) = part else {
            eprintln!("no part {one}; there are {:?}", PARTS.map(|(name, _)| name));
            return ExitCode::FAILURE;
        };
        return if measure() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let program = std::env::current_exe().expect("own name");
    let wanted = PARTS.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|one| one == name));
    let reached =
        wanted.map(|(name, _)| Command::new(&program).arg(name).status().expect("started").success());
    // Every part is measured, whatever the one before it came to.
    if reached.fold(true, |all, one| all & one) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Training and titles per second with the example catalog and 503 decisions.
fn titles() -> bool {
    let (catalog, tasks) = inputs();
    rate(&catalog, &tasks);
    true
}

/// The same with 3,000 products.
fn large() -> bool {
    let (catalog, tasks) = inputs();
    rate(&many_products(&catalog), &tasks) >= BAR
}

fn rate(catalog: &[CatalogProduct], tasks: &[Example]) -> f64 {
    let before = memory("VmRSS:");
    let began = processor_time();
    let mapper = Mapper::build(catalog, RuleBook::default(), tasks, Options::default());
    let trained = processor_time() - began;
    let grown = memory("VmRSS:").saturating_sub(before) / 1024;
    let rounds = (0..ROUNDS).map(|_| {
        let began = processor_time();
        for task in tasks {
            black_box(mapper.decide(&task.task()));
        }
        tasks.len() as f64 / (processor_time() - began)
    });
    let (least, median, most) = spread(rounds.collect());
    println!(
        "{} products, {} decisions: {median:.0} titles/s ({least:.0} to {most:.0}), trained in {trained:.2} s, {grown} MiB",
        catalog.len(),
        tasks.len()
    );
    median
}

/// From a decision to the new ranking with 10,000 decisions.
fn decision() -> bool {
    let (catalog, tasks) = inputs();
    let decisions = many_decisions(&tasks);
    let (before, began) = (memory("VmRSS:"), processor_time());
    let mut mapper = Mapper::build(&catalog, RuleBook::default(), &decisions, Options::default());
    let trained = processor_time() - began;
    let grown = memory("VmRSS:").saturating_sub(before) / 1024;
    let one = |task: &Example| {
        let began = processor_time();
        mapper.learn(task);
        black_box(mapper.decide(&task.task()));
        processor_time() - began
    };
    let (least, median, most) = spread(tasks.iter().take(100).map(one).collect());
    println!(
        "{} products, {DECISIONS} decisions: {:.1} ms from a decision to the new ranking ({:.1} to {:.1}), trained in {trained:.1} s, \
         {grown} MiB, {} MiB at most",
        catalog.len(),
        median * 1e3,
        least * 1e3,
        most * 1e3,
        memory("VmHWM:") / 1024
    );
    most < DECISION_BAR
}

/// What `catalog propose` does with a year of 1,000,000 tasks of 3,000 people, the rows of its store apart: titles with slips in
/// 10,000 places, so that far more differ than are held, and a tenth of words nobody else uses.
fn proposal() -> bool {
    let (catalog, tasks) = inputs();
    let scale = Arc::new(Scale::built_in().expect("scale"));
    let people: Vec<PersonId> = (0..3_000u128).map(|number| PersonId(Uuid::from_u128(number))).collect();
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("day");
    let title = |number: usize| {
        let (task, seed) = (&tasks[number % tasks.len()], number as u64);
        match number % 10 {
            0 => format!("{} {:x}q", task.title, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            _ => format!("{} thôn {}", Noise::Typos.apply(&task.title, seed), number % 10_000),
        }
    };
    let (before, mut survey, mut seen) = (memory("VmRSS:"), Survey::new(scale.clone()), 0.0);
    for first in (0..TASKS).step_by(PAGE) {
        let page: Vec<String> = (first..first + PAGE).map(title).collect();
        let began = processor_time();
        for (number, title) in (first..).zip(&page) {
            let task = &tasks[number % tasks.len()];
            survey.add(&Seen {
                title,
                doc_type: &task.doc_type,
                category: &task.category,
                day: day + Days::new(number as u64 % 365),
                people: std::slice::from_ref(&people[number % people.len()]),
                product: task.product.as_ref().filter(|_| number % 3 == 0),
            });
        }
        seen += processor_time() - began;
    }
    let unit = UnitCode::new("SNV").expect("code");
    let began = processor_time();
    let proposal = workshop::propose(survey, &scale, &catalog, (&unit, "Sở Nội vụ", 2026), 3);
    println!(
        "catalog proposal of {TASKS} tasks: {seen:.0} s seen, {:.0} s proposed, {} MiB at most, {} candidates, {} tasks seen too rarely",
        processor_time() - began,
        memory("VmHWM:").saturating_sub(before) / 1024,
        proposal.rows.len(),
        proposal.rare
    );
    true
}

/// Least, median and most.
fn spread(mut figures: Vec<f64>) -> (f64, f64, f64) {
    figures.sort_by(f64::total_cmp);
    (figures[0], figures[figures.len() / 2], figures[figures.len() - 1])
}

/// Processor time of this thread, seconds: other work on the machine does not count.
fn processor_time() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let nanoseconds: f64 = told.split(' ').next().and_then(|first| first.parse().ok()).expect("a number");
    nanoseconds / 1e9
}

/// Memory of this process, KiB: in use (`VmRSS:`) or at most so far (`VmHWM:`); 0 where the system does not tell.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

fn inputs() -> (Vec<CatalogProduct>, Vec<Example>) {
    let catalog = include_bytes!("../../../config/catalog-example.csv");
    let catalog = lienthong_engines::catalog::read(catalog, "catalog").expect("valid");
    let tasks = include_bytes!("../../../tests/data/mapping-dev.csv");
    let tasks = labels::read(tasks, "tasks", &catalog).expect("valid");
    (catalog, tasks)
}

/// 3,000 products: the catalog and copies of it under other names.
fn many_products(base: &[CatalogProduct]) -> Vec<CatalogProduct> {
    let copy = |(number, product): (usize, &CatalogProduct)| CatalogProduct {
        code: ProductCode::new(format!("X-{number}")).expect("valid"),
        name: format!("{} loại {number}", product.name),
        ..product.clone()
    };
    let copies = base.iter().cycle().enumerate().take(PRODUCTS).skip(base.len()).map(copy);
    base.iter().cloned().chain(copies).collect()
}

/// 10,000 decisions: the tasks with slips and another place.
fn many_decisions(tasks: &[Example]) -> Vec<Example> {
    let places = ["đông", "tây", "nam", "bắc", "trung tâm"];
    let of = |(number, task): (usize, &Example)| {
        let place = places[number % places.len()];
        let title = format!("{} khu vực {place}", Noise::Typos.apply(&task.title, number as u64));
        Example { title, ..task.clone() }
    };
    tasks.iter().cycle().take(DECISIONS).enumerate().map(of).collect()
}
