//! What a new catalog file would change, and whose lines and scores that concerns.

use super::catalog::no_such_version;
use super::{Answer, App, Refusal};
use crate::catalog::{self, Diff};
use crate::domain::{
    CatalogProduct, CatalogScope, CatalogVersion, Exact, Period, PersonId, ProductCode, local_date,
};
use crate::error::{Finding, Text};
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome};
use crate::pipeline::scope::nearest;
use crate::pipeline::wording::Words;
use crate::store::{CatalogHead, ProductTask};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Tasks of one page.
const PAGE: usize = 2_000;
/// Products asked for at once.
const AT_ONCE: usize = 200;

pub(super) async fn compare(
    app: &App,
    file: &InputFile,
    version: Option<CatalogVersion>,
    affected: bool,
) -> Answer {
    let heads = app.store.catalogs().await?;
    let named = version.clone();
    let of_the_province = || {
        let province = heads.iter().filter(|head| head.scope == CatalogScope::Province);
        let (today, in_force): (_, Vec<&CatalogHead>) = (app.clock.today(), province.collect());
        nearest(&in_force, today, &[CatalogScope::Province], |head| (head.valid_from, &head.scope))
            .map(|head| head.version.clone())
    };
    let version = version.or_else(of_the_province);
    let Some(version) = version.filter(|version| heads.iter().any(|head| head.version == *version)) else {
        return Err(match named {
            Some(named) => no_such_version(&named, &heads),
            None => nothing_stored(),
        }
        .into());
    };
    let new = catalog::read(&file.bytes, &file.name)?;
    let old = app.store.catalog_products(&version).await?;
    let diff = catalog::diff(&old, &new);
    let table = changes(&version, &diff);
    if !affected {
        return Ok(Outcome::ok(table));
    }
    let concerned = concerned(app, &version, &diff).await?;
    let parts = vec![
        ("changes".to_owned(), table),
        ("affected".to_owned(), told(&concerned)),
        ("together".to_owned(), together(&concerned)),
    ];
    Ok(Outcome::ok(Document::Parts { parts }))
}

fn changes(version: &CatalogVersion, diff: &Diff) -> Document {
    let side = |product: Option<&CatalogProduct>| match product {
        Some(product) => [json!(product.group.number()), json!(product.coefficient.to_string())],
        None => [json!(null), json!(null)],
    };
    let row = |change: &str,
               of: &CatalogProduct,
               old: Option<&CatalogProduct>,
               new: Option<&CatalogProduct>,
               what: &str| {
        let ([old_group, old_k], [new_group, new_k]) = (side(old), side(new));
        vec![json!(change), json!(of.code), json!(of.name), old_group, new_group, old_k, new_k, json!(what)]
    };
    let added = diff.added.iter().map(|new| row("added", new, None, Some(new), ""));
    let removed = diff.removed.iter().map(|old| row("removed", old, Some(old), None, ""));
    let changed = diff.changed.iter().map(|change| {
        row("changed", &change.new, Some(&change.old), Some(&change.new), &change.what().join(", "))
    });
    Document::Table {
        title: Text::new(format!("So với phiên bản {version}"), format!("Compared with version {version}")),
        columns: vec![
            Column::words("change", "Thay đổi", "Change", Words::Change),
            Column::left("code", "Mã", "Code"),
            Column::left("name", "Tên", "Name"),
            Column::right("old_group", "Nhóm cũ", "Old group"),
            Column::right("new_group", "Nhóm mới", "New group"),
            Column::right("old_coefficient", "Hệ số cũ", "Old coefficient"),
            Column::right("new_coefficient", "Hệ số mới", "New coefficient"),
            Column::left("what", "Phần khác", "What differs"),
        ],
        rows: added.chain(removed).chain(changed).collect(),
    }
}

/// What one product's change concerns.
#[derive(Default)]
struct Concerned {
    lines: u64,
    people: BTreeSet<PersonId>,
    periods: BTreeSet<Period>,
    before: Sum,
    after: Sum,
}

/// An exact sum of converted quantities.
struct Sum(Exact);

impl Default for Sum {
    fn default() -> Self {
        Self(Exact::zero())
    }
}

impl Sum {
    fn add(&mut self, coefficient: Decimal, quantity: Decimal) {
        self.0 = &self.0 + &(&Exact::from_decimal(coefficient) * &Exact::from_decimal(quantity));
    }
}

/// Lines of the products that are gone or have another coefficient: as they are frozen now, and as the new file would
/// count them. A product that is gone counts nothing.
async fn concerned(
    app: &App,
    version: &CatalogVersion,
    diff: &Diff,
) -> Result<BTreeMap<ProductCode, Concerned>, Refusal> {
    let mut after: BTreeMap<ProductCode, Option<Decimal>> =
        diff.removed.iter().map(|product| (product.code.clone(), None)).collect();
    let moved = diff.changed.iter().filter(|change| change.coefficient);
    after.extend(moved.map(|change| (change.new.code.clone(), Some(change.new.coefficient))));
    let codes: Vec<&str> = after.keys().map(ProductCode::as_str).collect();
    let mut concerned: BTreeMap<ProductCode, Concerned> = BTreeMap::new();
    for codes in codes.chunks(AT_ONCE) {
        let mut last = 0;
        loop {
            let tasks = app.store.tasks_of_products(version, codes, last, PAGE).await?;
            let Some(task) = tasks.last() else { break };
            last = task.task.id;
            for task in &tasks {
                let own = concerned.entry(task.product.clone()).or_default();
                let new = after.get(&task.product).copied().flatten();
                note(own, task, new);
            }
        }
    }
    Ok(concerned)
}

fn note(own: &mut Concerned, task: &ProductTask, new: Option<Decimal>) {
    let held = &task.task.task;
    let assigned = local_date(held.draft.assigned_at.unwrap_or(held.first_seen_at));
    own.periods.insert(Period::quarter_of(held.draft.due.map_or(assigned, |due| due.day)));
    let quantity = held.draft.quantity.unwrap_or(Decimal::ONE);
    for person in &task.people {
        own.lines += 1;
        own.people.insert(*person);
        own.before.add(task.coefficient, quantity);
        if let Some(new) = new {
            own.after.add(new, quantity);
        }
    }
}

fn shown(sum: &Sum) -> Value {
    json!(sum.0.to_text())
}

fn told(concerned: &BTreeMap<ProductCode, Concerned>) -> Document {
    let rows = concerned.iter().map(|(code, own)| {
        let periods: Vec<String> = own.periods.iter().map(ToString::to_string).collect();
        vec![
            json!(code),
            json!(own.lines),
            json!(own.people.len()),
            json!(periods.join(", ")),
            shown(&own.before),
            shown(&own.after),
        ]
    });
    Document::Table {
        title: Text::new("Dòng và điểm liên quan", "Lines and scores concerned"),
        columns: vec![
            Column::left("code", "Mã", "Code"),
            Column::right("lines", "Dòng", "Lines"),
            Column::right("people", "Người", "People"),
            Column::left("periods", "Kỳ", "Periods"),
            Column::right("before", "Khối lượng quy đổi hiện nay", "Converted quantity now"),
            Column::right("after", "Theo tệp mới", "By the new file"),
        ],
        rows: rows.collect(),
    }
}

fn together(concerned: &BTreeMap<ProductCode, Concerned>) -> Document {
    let people: BTreeSet<&PersonId> = concerned.values().flat_map(|own| &own.people).collect();
    let periods: BTreeSet<&Period> = concerned.values().flat_map(|own| &own.periods).collect();
    let (mut before, mut after) = (Exact::zero(), Exact::zero());
    for own in concerned.values() {
        before = &before + &own.before.0;
        after = &after + &own.after.0;
    }
    Document::Object {
        title: Text::new("Tổng cộng", "Together"),
        fields: vec![
            Field::new("lines", "Dòng", "Lines", concerned.values().map(|own| own.lines).sum::<u64>()),
            Field::new("people", "Người", "People", people.len()),
            Field::new("periods", "Kỳ", "Periods", periods.len()),
            Field::new("before", "Khối lượng quy đổi hiện nay", "Converted quantity now", before.to_text()),
            Field::new("after", "Theo tệp mới", "By the new file", after.to_text()),
        ],
    }
}

fn nothing_stored() -> Finding {
    Finding::error(
        "LT-CAT-020",
        Text::new(
            "chưa có phiên bản danh mục nào của tỉnh để so sánh",
            "there is no stored catalog version of the province to compare with",
        ),
        Text::new(
            "nhập một phiên bản bằng `catalog import`, hoặc ghi --name PHIÊN-BẢN",
            "import one with `catalog import`, or name another with --name",
        ),
    )
}
