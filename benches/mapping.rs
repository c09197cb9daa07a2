//! Training time and titles per second of the mapping, on the example catalog and on one of 3,000 products.

use lienthong::domain::{CatalogProduct, ProductCode};
use lienthong::mapping::{Example, Mapper, Options, RuleBook, labels};

fn main() {
    divan::main();
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

#[divan::bench(args = [166, 3_000], sample_count = 3)]
fn train(bencher: divan::Bencher<'_, '_>, products: usize) {
    let (catalog, tasks) = inputs(products);
    bencher.bench_local(|| Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default()));
}

#[divan::bench(args = [166, 3_000], sample_count = 5)]
fn decide_500_titles(bencher: divan::Bencher<'_, '_>, products: usize) {
    let (catalog, tasks) = inputs(products);
    let mapper = Mapper::build(&catalog, RuleBook::default(), &tasks, Options::default());
    bencher.counter(divan::counter::ItemsCount::new(tasks.len())).bench_local(|| {
        tasks.iter().map(|example| mapper.decide(&example.task()).candidates.len()).sum::<usize>()
    });
}
