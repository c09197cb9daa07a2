//! Orders about products no catalog has yet (plan IV.2.3): proposed with the tasks they cover, withdrawn, accepted once
//! a catalog version brings them.

use super::mapping::{Brings, ahead, numbers_of, place, refuse_own, shown, undo_order, waiting_numbers};
use super::{Answer, App, Refusal, author};
use crate::domain::rules::PendingCoefficientPolicy;
use crate::domain::{
    CatalogProduct, CatalogScope, CatalogVersion, ComplexityGroup, Period, ProductCode, UnitCode,
};
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{Outcome, ProposedTerms, TaskRef};
use crate::pipeline::review::{by_a_person, due_of};
use crate::store::{
    CatalogHead, MapItem, MappingOrder, MappingRow, MappingState, OrderKind, OrderState, PendingProduct,
    Proposal, ProposalNew, ProposalState, ProposedProduct, Settled,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A new product with the tasks it covers.
pub(super) struct Proposing {
    /// Tasks by name.
    pub tasks: Vec<TaskRef>,
    /// Or a group of waiting ones.
    pub group: Option<String>,
    /// What is proposed.
    pub terms: ProposedTerms,
    /// The unit that proposes it.
    pub unit: Option<UnitCode>,
    /// Who proposes.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Only show what would move.
    pub dry_run: bool,
}

pub(super) async fn propose(app: &App, order: Proposing) -> Answer {
    let who = author(&order.author)?.to_owned();
    let reason = Some(order.reason.trim()).filter(|reason| !reason.is_empty());
    let reason = reason.ok_or_else(super::mapping::no_reason)?;
    let terms = &order.terms;
    let group = ComplexityGroup::new(terms.group).ok_or_else(|| impossible("--level"))?;
    if terms.name.trim().is_empty() || terms.name.chars().count() > 500 {
        return Err(impossible("--name").into());
    }
    if terms
        .coefficient
        .is_some_and(|k| k <= rust_decimal::Decimal::ZERO || k > rust_decimal::Decimal::from(1_000))
    {
        return Err(impossible("--coefficient").into());
    }
    require_terms(app, terms)?;
    if let Some(open) = app.store.open_proposal(&terms.code).await? {
        return Err(taken(&terms.code, &format!("proposal {}", open.id)).into());
    }
    let numbers = match &order.group {
        Some(group) => waiting_numbers(app, group).await?,
        None => numbers_of(app, &order.tasks).await?,
    };
    let mut items = app.store.map_items(&numbers).await?;
    let directory = app.directory().await?;
    let mut findings = refuse_own(&directory, &who, &mut items)?;
    let now = app.clock.now();
    let mut catalogs: BTreeMap<CatalogVersion, Option<(ProductCode, rust_decimal::Decimal)>> =
        BTreeMap::new();
    let mut rows = Vec::with_capacity(items.len());
    for item in &items {
        let Some(version) = app.catalog_of(&directory, item).await? else {
            return Err(super::catalog::no_catalog().into());
        };
        if !catalogs.contains_key(&version) {
            let codes: Vec<&str> = std::iter::once(terms.code.as_str())
                .chain(app.policy.catch_all.as_ref().map(ProductCode::as_str))
                .collect();
            let found = app.store.products_of(&version, &codes).await?;
            if found.iter().any(|product| product.code == terms.code) {
                return Err(taken(&terms.code, &format!("catalog {version}")).into());
            }
            let rest = found.into_iter().find(|product| Some(&product.code) == app.policy.catch_all.as_ref());
            catalogs.insert(version.clone(), rest.map(|product| (product.code, product.coefficient)));
        }
        let pending = PendingProduct {
            code: terms.code.clone(),
            coefficient: terms.coefficient,
            catch_all: catalogs.get(&version).cloned().flatten(),
        };
        let row = MappingRow {
            state: MappingState::Proposed,
            product: None,
            catalog_version: version,
            coefficient: None,
            decided_by: String::new(),
            author: None,
            reason: Value::Null,
            decided_at: now,
        };
        let mut given = by_a_person(item, row, &who, Some(reason), now);
        given.reason["pending"] = json!(pending);
        rows.push(Settled { task: item.task.id, held: item.mapping.clone(), given });
    }
    let effect = app.effect_of(&items, &rows).await?;
    findings.extend(effect.told());
    if order.dry_run {
        return Ok(Outcome::with_findings(shown(&directory, &effect, None, OrderState::Waiting), findings));
    }
    let new = ProposalNew {
        code: terms.code.clone(),
        unit: order.unit,
        product: ProposedProduct {
            name: terms.name.trim().to_owned(),
            group,
            coefficient: terms.coefficient,
            field: terms.field.clone(),
            measure: terms.measure.clone(),
        },
    };
    let order = MappingOrder {
        kind: OrderKind::Propose,
        group: order.group,
        choice: Some(terms.code.to_string()),
        author: who,
        reason: Some(reason.to_owned()),
        at: now,
        about: None,
        proposal: None,
        effect: effect.value(&directory),
        due: due_of(&items, &rows),
        rows,
    };
    let (id, state, more) = place(app, &directory, &order, Brings::Product(&new)).await?;
    findings.extend(more);
    Ok(Outcome::with_findings(shown(&directory, &effect, Some(id), state), findings))
}

/// What the switch asks of a proposal, so that its tasks can count by it.
fn require_terms(app: &App, terms: &ProposedTerms) -> Result<(), Refusal> {
    let rules = app.rule_set(Period::quarter_of(app.clock.today()))?;
    let missing = match rules.pending_coefficient_policy {
        PendingCoefficientPolicy::Provisional if terms.coefficient.is_none() => "--coefficient",
        PendingCoefficientPolicy::CatchAll if app.policy.catch_all.is_none() => "[mapping] catch_all",
        _ => return Ok(()),
    };
    Err(Finding::error(
        "LT-MAP-044",
        Text::new(
            format!("bộ quy tắc {} tính việc chờ bổ sung danh mục theo {missing}, nhưng chưa có", rules.id),
            format!("rule set {} counts what waits for the catalog by {missing}, which is not given", rules.id),
        ),
        Text::new(
            "ghi hệ số tạm bằng --coefficient, hoặc đặt [mapping] catch_all trong cấu hình",
            "give a provisional coefficient with --coefficient, or set [mapping] catch_all in the configuration",
        ),
    )
    .at(Place::of(missing))
    .into())
}

/// Gives the tasks of a proposal the product a catalog has now.
pub(super) async fn accept(
    app: &App,
    id: i64,
    code: &ProductCode,
    version: Option<CatalogVersion>,
    who: &str,
    dry_run: bool,
) -> Answer {
    let who = author(who)?.to_owned();
    let proposal = open(app, id).await?;
    if let Some(order) = app.store.order_of_proposal(id).await?.filter(|one| one.state == OrderState::Waiting)
    {
        return Err(not_confirmed(id, order.id).into());
    }
    let mut brought: Vec<(CatalogHead, CatalogProduct)> = Vec::new();
    for head in app.store.catalogs().await? {
        if version.as_ref().is_none_or(|named| *named == head.version)
            && let Some(product) = app.store.products_of(&head.version, &[code.as_str()]).await?.pop()
        {
            brought.push((head, product));
        }
    }
    if brought.is_empty() {
        return Err(not_in_a_catalog(code, version.as_ref()).into());
    }
    let numbers = app.store.tasks_of_proposal(id).await?;
    let mut items = app.store.map_items(&numbers).await?;
    let directory = app.directory().await?;
    let mut findings = refuse_own(&directory, &who, &mut items)?;
    let now = app.clock.now();
    let (mut rows, mut not_theirs) = (Vec::with_capacity(items.len()), Vec::new());
    for item in &items {
        let scopes = app.scopes_of_item(&directory, item);
        // The version that brought the product: the newest of the nearest scope that has it.
        let newest = |scope: &CatalogScope| {
            let of_scope = brought.iter().filter(|(head, _)| head.scope == *scope);
            of_scope.max_by_key(|(head, _)| (head.valid_from, head.imported_at))
        };
        let Some((head, product)) = scopes.iter().find_map(newest) else {
            not_theirs.push(of_no_catalog(item, code, version.as_ref()));
            continue;
        };
        let version = &head.version;
        let row = MappingRow {
            state: MappingState::Mapped,
            product: Some(product.code.clone()),
            catalog_version: version.clone(),
            coefficient: Some(product.coefficient),
            decided_by: String::new(),
            author: None,
            reason: Value::Null,
            decided_at: now,
        };
        let mut given = by_a_person(item, row, &who, None, now);
        given.reason["reason"] = json!(Text::new(
            format!("đề nghị số {id} được duyệt thành {code} của danh mục {version}"),
            format!("proposal {id} accepted as {code} of catalog {version}"),
        ));
        given.reason["accepted"] = json!(id);
        // What the task is was said by whoever proposed it, of what they saw.
        if let Some(seen) = item.mapping.as_ref().and_then(MappingRow::seen) {
            given.reason["seen"] = json!(seen);
        }
        if let Some(held) = item.mapping.as_ref().filter(|held| held.decided_by == "operator") {
            let why = held.reason.pointer("/reason/vi");
            given.reason["decided"] = json!({ "author": held.author, "reason": why, "at": held.decided_at });
        }
        rows.push(Settled { task: item.task.id, held: item.mapping.clone(), given });
    }
    if rows.is_empty() && !not_theirs.is_empty() {
        return Err(Refusal(not_theirs));
    }
    let given: BTreeSet<&CatalogVersion> = rows.iter().map(|row| &row.given.catalog_version).collect();
    let named = brought.iter().filter(|(head, _)| given.contains(&head.version));
    super::mapping::one_product(code, named.map(|(head, product)| (&head.version, product.name.as_str())))?;
    findings.extend(not_theirs.into_iter().map(Finding::as_warning));
    let effect = app.effect_of_learning(&items, &rows, &[], ahead(app, dry_run)).await?;
    findings.extend(effect.told());
    if dry_run {
        return Ok(Outcome::with_findings(shown(&directory, &effect, None, OrderState::Waiting), findings));
    }
    let order = MappingOrder {
        kind: OrderKind::Accept,
        group: None,
        choice: Some(code.to_string()),
        author: who,
        reason: Some(format!("đề nghị số {id} được duyệt thành {code}")),
        at: now,
        about: None,
        proposal: Some(proposal.id),
        effect: effect.value(&directory),
        due: due_of(&items, &rows),
        rows,
    };
    let (id, state, more) = place(app, &directory, &order, Brings::Nothing).await?;
    findings.extend(more);
    Ok(Outcome::with_findings(shown(&directory, &effect, Some(id), state), findings))
}

/// Takes a proposal back: its tasks are what they were before.
pub(super) async fn withdraw(app: &App, id: i64, who: &str, reason: &str) -> Answer {
    open(app, id).await?;
    let order = app.store.order_of_proposal(id).await?.ok_or_else(|| no_such_proposal(id))?;
    undo_order(app, order, who, reason, false).await
}

async fn open(app: &App, id: i64) -> Result<Proposal, Refusal> {
    let proposal = app.store.proposal(id).await?.filter(|proposal| proposal.state == ProposalState::Open);
    proposal.ok_or_else(|| no_such_proposal(id).into())
}

fn no_such_proposal(id: i64) -> Finding {
    Finding::error(
        "LT-MAP-043",
        Text::new(format!("không có đề nghị số {id} đang mở"), format!("there is no open proposal {id}")),
        Text::new("xem `mapping proposals --all`", "see `mapping proposals --all`"),
    )
}

/// Its tasks do not wait for it before a second person confirmed it.
fn not_confirmed(id: i64, order: i64) -> Finding {
    Finding::error(
        "LT-MAP-043",
        Text::new(
            format!("đề nghị số {id} còn chờ người thứ hai xác nhận (quyết định {order})"),
            format!("proposal {id} still waits for a second person (decision {order})"),
        ),
        Text::new(
            format!("người khác chạy `mapping confirm {order} --author SỐ-HIỆU` trước"),
            format!("somebody else runs `mapping confirm {order} --author STAFF-NUMBER` first"),
        ),
    )
}

fn taken(code: &ProductCode, by: &str) -> Finding {
    Finding::error(
        "LT-MAP-045",
        Text::new(format!("mã {code} đã có ({by})"), format!("the code {code} exists already ({by})")),
        Text::new(
            "chọn mã tạm khác; nếu danh mục đã có sản phẩm thì dùng `mapping decide`",
            "choose another code; where the catalog has the product, use `mapping decide`",
        ),
    )
    .at(Place::of("--code"))
}

fn not_in_a_catalog(code: &ProductCode, version: Option<&CatalogVersion>) -> Finding {
    let of = version.map(|version| format!(" {version}")).unwrap_or_default();
    Finding::error(
        "LT-MAP-046",
        Text::new(
            format!("không danh mục nào{of} có mã {code}"),
            format!("no catalog{of} has the code {code}"),
        ),
        Text::new(
            "nhập phiên bản danh mục đã được quyết định bằng `catalog import` rồi thử lại",
            "import the decided catalog version with `catalog import` and try again",
        ),
    )
    .at(Place::of("--as"))
}

/// A task of the proposal for whose body no version has the code: it goes on waiting.
fn of_no_catalog(item: &MapItem, code: &ProductCode, version: Option<&CatalogVersion>) -> Finding {
    let key = format!("{}:{}", item.task.key.source, item.task.key.external_id);
    let of = version.map(|version| format!(" {version}")).unwrap_or_default();
    Finding::error(
        "LT-MAP-046",
        Text::new(
            format!("danh mục{of} có mã {code} không áp dụng cho đơn vị của nhiệm vụ {key}"),
            format!("the catalog{of} that has the code {code} does not hold for the body of task {key}"),
        ),
        Text::new(
            "nhập danh mục có mã này cho đơn vị đó bằng `catalog import` rồi chấp nhận lại đề nghị",
            "import a catalog with the code for that body with `catalog import`, then accept the proposal again",
        ),
    )
    .at(Place::of(key))
}

fn impossible(option: &str) -> Finding {
    Finding::error(
        "LT-MAP-047",
        Text::new(
            format!("{option} không hợp lệ: nhóm 1 đến 5, hệ số trên 0 đến 1000, tên 1 đến 500 ký tự"),
            format!("{option} cannot be: groups are 1 to 5, coefficients above 0 to 1000, names 1 to 500 characters"),
        ),
        Text::new("sửa giá trị", "correct the value"),
    )
    .at(Place::of(option))
}
