//! Orders about the products of tasks: decisions with their preview, confirmation, undo.

use super::decisions::rested;
use super::effect::{effect_fields, effect_parts};
use super::ending::Ending;
use super::{Answer, App, Refusal, author, share};
use crate::directory::Directory;
use crate::domain::{CatalogVersion, ProductCode};
use crate::error::{Finding, Place, Text};
use crate::mapping::exchange::MAX_ROWS;
use crate::pipeline::command::{Document, Field, MappingChoice, Outcome, TaskRef};
use crate::pipeline::mappers::Ahead;
use crate::pipeline::review::{
    BY_A_PERSON, Effect, MAX_TASKS, TakingBack, by_a_person, due_of, is_own, taken_back,
};
use crate::pipeline::wording::{Words, both};
use crate::store::{
    ForeignExample, MapItem, MappingOrder, MappingRow, MappingState, OrderKind, OrderState, ProposalNew,
    SeenTask, Settled, SharesNew, StoredOrder,
};
use crate::text::fold;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A person's choice for tasks or a group of them.
pub(super) struct Deciding {
    /// Tasks by name.
    pub tasks: Vec<TaskRef>,
    /// Or a group as `review --groups` names it.
    pub group: Option<String>,
    /// What they are.
    pub choice: MappingChoice,
    /// Who says so.
    pub author: String,
    /// Why.
    pub reason: Option<String>,
    /// Only show what would move.
    pub dry_run: bool,
}

pub(super) async fn decide(app: &App, order: Deciding) -> Answer {
    let who = author(&order.author)?.to_owned();
    let choice = match &order.choice {
        MappingChoice::Product(code) => Some(code.to_string()),
        MappingChoice::Outside => None,
    };
    let reason = order.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if let Some(group) = &order.group {
        if reason.is_none() {
            return Err(no_reason().into());
        }
        if let Some(known) = app.store.order_of_group(group).await? {
            return if known.choice == choice {
                Ok(already(&known))
            } else {
                Err(settled_otherwise(&known).into())
            };
        }
    }
    let numbers = wanted(app, &order).await?;
    let mut items = app.store.map_items(&numbers).await?;
    let directory = app.directory().await?;
    let findings = refuse_own(&directory, &who, &mut items)?;
    let mut rows = given(app, &items, &order.choice, &who, reason).await?;
    rows.retain(|row| !stands(row));
    if rows.is_empty() {
        return Ok(Outcome::done(
            "các nhiệm vụ này đã được quyết định như vậy; không có gì thay đổi",
            "these tasks were decided like that before; nothing changes",
        ));
    }
    let ending = Ending {
        kind: OrderKind::Decide,
        group: order.group,
        choice,
        author: who,
        reason: Some(reason.unwrap_or(BY_A_PERSON.0).to_owned()),
        dry_run: order.dry_run,
    };
    ending.end(app, &directory, &items, rows, findings).await
}

/// What an order brings besides the mappings of its tasks.
#[derive(Clone, Copy)]
pub(super) enum Brings<'a> {
    /// Nothing.
    Nothing,
    /// A product no catalog has.
    Product(&'a ProposalNew),
    /// Tasks other installations decided.
    Examples(&'a [ForeignExample]),
    /// Shares of products.
    Shares(&'a [SharesNew]),
}

/// How far ahead of an order is looked: whole where somebody looks at it before it counts.
pub(super) fn ahead(app: &App, dry_run: bool) -> Ahead {
    if dry_run || app.policy.four_eyes { Ahead::Whole } else { Ahead::Next }
}

/// Lets an order count, or keeps it for the second person where the configuration asks for one.
pub(super) async fn place(
    app: &App,
    directory: &Directory,
    order: &MappingOrder,
    brings: Brings<'_>,
) -> Result<(i64, OrderState, Vec<Finding>), Refusal> {
    if !app.policy.four_eyes {
        let id = match brings {
            Brings::Product(new) => app.store.propose_product(new, order, true).await?.1,
            Brings::Examples(examples) => app.store.bring_examples(order, examples, true).await?,
            Brings::Shares(entries) => app.store.place_shares(order, entries, true).await?,
            Brings::Nothing => app.store.settle_mappings(order).await?,
        };
        app.ring("map");
        app.ring("score");
        return Ok((id, OrderState::Counted, Vec::new()));
    }
    if directory.named(&order.author).is_none() {
        return Err(not_a_person(&order.author).into());
    }
    let id = match brings {
        Brings::Product(new) => app.store.propose_product(new, order, false).await?.1,
        Brings::Examples(examples) => app.store.bring_examples(order, examples, false).await?,
        Brings::Shares(entries) => app.store.place_shares(order, entries, false).await?,
        Brings::Nothing => app.store.keep_order(order).await?,
    };
    let told = Finding::info(
        "LT-MAP-036",
        Text::new(
            format!("quyết định {id} chờ người thứ hai xác nhận; điểm chưa thay đổi"),
            format!("decision {id} waits for a second person; no score changes before"),
        ),
        Text::new(
            format!("người khác chạy `mapping confirm {id} --author SỐ-HIỆU`"),
            format!("somebody else runs `mapping confirm {id} --author STAFF-NUMBER`"),
        ),
    );
    Ok((id, OrderState::Waiting, vec![told]))
}

/// Confirms an order as the second person.
pub(super) async fn confirm(app: &App, id: i64, who: &str) -> Answer {
    let who = author(who)?;
    let order = known(app, id).await?;
    let directory = app.directory().await?;
    let Some(second) = directory.named(who) else { return Err(not_a_person(who).into()) };
    if order.state != OrderState::Waiting {
        return Err(not_waiting(&order).into());
    }
    if directory.named(&order.author) == Some(second) {
        return Err(same_person(id).into());
    }
    let (rows, shares) = (app.store.settled_by(id).await?, app.store.shares_of_order(id).await?);
    let items = app.store.map_items(&tasks_of(&rows, &shares)).await?;
    if let Some(own) = items.iter().find(|item| is_own(&directory, who, item)) {
        return Err(own_task(own, who).into());
    }
    if let Some(other) = corrected_since(&order, &items, &rows) {
        return Err(other.into());
    }
    let resting = resting_on(app, order.about.filter(|_| order.kind == OrderKind::Undo)).await?;
    let (effect, due) = match order.kind {
        _ if !shares.is_empty() => {
            share::confirmed(app, &directory, (&order, &shares), (&items, who)).await?
        }
        OrderKind::Undo => (effect_of_undo(app, &items, &rows, &resting).await?, due_of(&items, &rows)),
        _ => {
            let brought = app.store.examples_of(&[id], MAX_ROWS).await?;
            let examples: Vec<ForeignExample> = brought.into_iter().map(|one| one.example).collect();
            (app.effect_of_learning(&items, &rows, &examples, Ahead::Next).await?, due_of(&items, &rows))
        }
    };
    let now = app.clock.now();
    app.store.confirm_order(&order, &rows, &due, (who, now), &effect.value(&directory)).await?;
    app.ring("map");
    app.ring("score");
    let mut told = effect.told();
    told.extend(
        order.about.filter(|_| !resting.is_empty()).map(|about| rested(resting.len(), about, Some(id))),
    );
    Ok(Outcome::with_findings(shown(&directory, &effect, Some(id), OrderState::Counted), told))
}

/// The first task of an order that is not what its author saw any more; what is taken back is what was decided then.
fn corrected_since(order: &StoredOrder, items: &[MapItem], rows: &[Settled]) -> Option<Finding> {
    if order.kind == OrderKind::Undo {
        return None;
    }
    let seen: BTreeMap<i64, SeenTask> =
        rows.iter().filter_map(|row| Some((row.task, row.given.seen()?))).collect();
    let other =
        |item: &&MapItem| seen.get(&item.task.id).is_some_and(|seen| *seen != SeenTask::of(&item.task));
    items.iter().find(other).map(|item| corrected(order.id, item))
}

/// Takes an order back: one that counts by an order of its own, one that waits by withdrawing it.
pub(super) async fn undo(app: &App, id: i64, who: &str, reason: &str, dry_run: bool) -> Answer {
    let order = known(app, id).await?;
    undo_order(app, order, who, reason, dry_run).await
}

/// Takes an order back.
pub(super) async fn undo_order(
    app: &App,
    order: StoredOrder,
    who: &str,
    reason: &str,
    dry_run: bool,
) -> Answer {
    let who = author(who)?;
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty()).ok_or_else(no_reason)?;
    let id = order.id;
    let now = app.clock.now();
    let directory = app.directory().await?;
    let (rows, shares) = (app.store.settled_by(id).await?, app.store.shares_of_order(id).await?);
    let items = app.store.map_items(&tasks_of(&rows, &shares)).await?;
    let own = items.iter().find(|item| is_own(&directory, who, item)).map(|item| own_task(item, who));
    match order.state {
        OrderState::Waiting => {
            if app.policy.four_eyes && directory.named(who).is_none() {
                return Err(not_a_person(who).into());
            }
            if let Some(own) = own {
                return Err(own.into());
            }
            if dry_run {
                return Ok(Outcome::done(
                    format!("quyết định {id} chưa có hiệu lực: rút thì không điểm nào thay đổi; chưa ghi gì"),
                    format!(
                        "decision {id} does not count yet: withdrawn, it moves no score; nothing is written"
                    ),
                ));
            }
            app.store.withdraw_order(&order, who, now, reason).await?;
            return Ok(Outcome::done(
                format!("đã rút quyết định {id}; nó chưa từng có hiệu lực"),
                format!("decision {id} is withdrawn; it never counted"),
            ));
        }
        OrderState::Counted => {}
        OrderState::Undone | OrderState::Withdrawn => return Err(cannot_be_undone(&order).into()),
    }
    if let Some(own) = own {
        return Err(own.into());
    }
    if !shares.is_empty() {
        return share::take_back(app, &order, shares, (who, reason, dry_run)).await;
    }
    // What an order says besides its tasks, of a proposal or of examples, is taken back though they were decided since.
    let tasks_alone = order.proposal.is_none() && !rows.is_empty();
    let other_at = app.store.last_undoing(id).await?;
    let by = TakingBack { order: id, author: who, reason, at: now, other_at };
    let (rows, left) = taken_back(by, rows, &items);
    if rows.is_empty() && tasks_alone {
        return Err(cannot_be_undone(&order).into());
    }
    let mut findings = Vec::new();
    if left > 0 {
        findings.push(decided_since(id, left));
    }
    let resting = app.store.resting_on(&order, MAX_TASKS).await?;
    let effect = effect_of_undo(app, &items, &rows, &resting).await?;
    let resting = resting.len();
    findings.extend(effect.told());
    if dry_run {
        findings.extend((resting > 0).then(|| rested(resting, id, None)));
        let document = shown(&directory, &effect, None, OrderState::Waiting);
        return Ok(Outcome::with_findings(document, findings));
    }
    let new = MappingOrder {
        kind: OrderKind::Undo,
        group: None,
        choice: order.choice.clone(),
        author: who.to_owned(),
        reason: Some(reason.to_owned()),
        at: now,
        about: Some(id),
        proposal: order.proposal,
        effect: effect.value(&directory),
        due: due_of(&items, &rows),
        rows,
    };
    let (new, state, more) = place(app, &directory, &new, Brings::Nothing).await?;
    findings.extend(more);
    findings.extend((resting > 0).then(|| rested(resting, id, Some(new))));
    Ok(Outcome::with_findings(shown(&directory, &effect, Some(new), state), findings))
}

/// The tasks an order is about, by its mappings and by its shares.
fn tasks_of(rows: &[Settled], shares: &[SharesNew]) -> Vec<i64> {
    rows.iter().map(|row| row.task).chain(shares.iter().map(|entry| entry.task)).collect()
}

/// The tasks whose mappings may rest on an order an undo takes back.
async fn resting_on(app: &App, about: Option<i64>) -> Result<Vec<i64>, Refusal> {
    let Some(about) = about else { return Ok(Vec::new()) };
    Ok(app.store.resting_on(&known(app, about).await?, MAX_TASKS).await?)
}

/// What an undo moves: by its own tasks, and by those that text mapped because of the order.
async fn effect_of_undo(
    app: &App,
    items: &[MapItem],
    rows: &[Settled],
    resting: &[i64],
) -> Result<Effect, Refusal> {
    let (mut items, mut rows) = (items.to_vec(), rows.to_vec());
    let settled: BTreeSet<i64> = rows.iter().map(|row| row.task).collect();
    for item in app.store.map_items(resting).await? {
        if let Some(held) = item.mapping.clone().filter(|_| !settled.contains(&item.task.id)) {
            let given =
                MappingRow { state: MappingState::Review, product: None, coefficient: None, ..held.clone() };
            rows.push(Settled { task: item.task.id, held: Some(held), given });
            items.push(item);
        }
    }
    Ok(app.effect_of(&items, &rows).await?)
}

/// The numbers of the tasks an order is about.
async fn wanted(app: &App, order: &Deciding) -> Result<Vec<i64>, Refusal> {
    match &order.group {
        Some(group) => waiting_numbers(app, group).await,
        None => numbers_of(app, &order.tasks).await,
    }
}

/// The numbers of the tasks of a group.
pub(super) async fn waiting_numbers(app: &App, id: &str) -> Result<Vec<i64>, Refusal> {
    let group = app.waiting_group(id).await?.ok_or_else(|| no_such_group(id))?;
    if group.tasks.len() > MAX_TASKS {
        return Err(too_many(group.tasks.len()).into());
    }
    Ok(group.tasks)
}

/// The numbers of tasks people name.
pub(super) async fn numbers_of(app: &App, tasks: &[TaskRef]) -> Result<Vec<i64>, Refusal> {
    let mut by_source: BTreeMap<&str, Vec<&TaskRef>> = BTreeMap::new();
    for task in tasks {
        by_source.entry(task.source.as_str()).or_default().push(task);
    }
    let (mut numbers, mut findings) = (BTreeSet::new(), Vec::new());
    for tasks in by_source.into_values() {
        let Some(source) = tasks.first().map(|task| task.source.clone()) else { continue };
        let keys: Vec<&str> = tasks.iter().map(|task| task.external_id.as_str()).collect();
        let known = app.store.known_hashes(&source, &keys).await?;
        for (task, known) in tasks.iter().zip(known) {
            match known {
                Some((number, _)) => {
                    numbers.insert(number);
                }
                None => findings.push(no_such_task(task)),
            }
        }
    }
    if findings.is_empty() { Ok(numbers.into_iter().collect()) } else { Err(Refusal(findings)) }
}

/// Takes out the tasks the author has a stake in; refuses when nothing else is left.
pub(super) fn refuse_own(
    directory: &Directory,
    who: &str,
    items: &mut Vec<MapItem>,
) -> Result<Vec<Finding>, Refusal> {
    let own: Vec<Finding> =
        items.iter().filter(|item| is_own(directory, who, item)).map(|item| own_task(item, who)).collect();
    items.retain(|item| !is_own(directory, who, item));
    match own.into_iter().next() {
        Some(first) if items.is_empty() => Err(first.into()),
        first => Ok(first.map(Finding::as_warning).into_iter().collect()),
    }
}

/// Whether a person gave a task the same before: then there is nothing to write.
pub(super) fn stands(row: &Settled) -> bool {
    row.held.as_ref().is_some_and(|held| {
        let of =
            |row: &MappingRow| (row.state, row.product.clone(), row.catalog_version.clone(), row.coefficient);
        held.decided_by == "operator" && of(held) == of(&row.given)
    })
}

/// What each task is given, by the catalog in force when it was assigned.
async fn given(
    app: &App,
    items: &[MapItem],
    choice: &MappingChoice,
    who: &str,
    reason: Option<&str>,
) -> Result<Vec<Settled>, Refusal> {
    let (now, directory) = (app.clock.now(), app.directory().await?);
    let mut products: BTreeMap<CatalogVersion, Option<crate::domain::CatalogProduct>> = BTreeMap::new();
    let (mut rows, mut findings) = (Vec::with_capacity(items.len()), Vec::new());
    for item in items {
        let Some(version) = app.catalog_of(&directory, item).await? else {
            return Err(super::catalog::no_catalog().into());
        };
        let (state, product, coefficient) = match choice {
            MappingChoice::Outside => (MappingState::Outside, None, None),
            MappingChoice::Product(code) => {
                if !products.contains_key(&version) {
                    let found = app.store.products_of(&version, &[code.as_str()]).await?.pop();
                    if found.is_none() {
                        findings.push(no_such_product(&version, code.as_str()));
                    }
                    products.insert(version.clone(), found);
                }
                match products.get(&version).cloned().flatten() {
                    Some(product) => (MappingState::Mapped, Some(product.code), Some(product.coefficient)),
                    None => continue,
                }
            }
        };
        let row = MappingRow {
            state,
            product,
            catalog_version: version,
            coefficient,
            decided_by: String::new(),
            author: None,
            reason: Value::Null,
            decided_at: now,
        };
        let given = by_a_person(item, row, who, reason, now);
        rows.push(Settled { task: item.task.id, held: item.mapping.clone(), given });
    }
    if !findings.is_empty() {
        return Err(Refusal(findings));
    }
    if let MappingChoice::Product(code) = choice {
        let named = products.iter().filter_map(|(version, one)| Some((version, one.as_ref()?.name.as_str())));
        one_product(code, named)?;
    }
    Ok(rows)
}

/// Refuses a code that names one product in one catalog and another in another one.
pub(super) fn one_product<'a>(
    code: &ProductCode,
    mut named: impl Iterator<Item = (&'a CatalogVersion, &'a str)>,
) -> Result<(), Finding> {
    let Some(first) = named.next() else { return Ok(()) };
    match named.find(|(_, name)| fold(name) != fold(first.1)) {
        Some(other) => Err(two_products(code, first, other)),
        None => Ok(()),
    }
}

/// What an order did, or would do.
pub(super) fn shown(directory: &Directory, effect: &Effect, id: Option<i64>, state: OrderState) -> Document {
    let stands = if id.is_none() { "preview" } else { state.as_str() };
    let mut fields = vec![
        Field::new("decision", "Số quyết định", "Decision", json!(id)),
        Field::words("state", "Trạng thái", "State", Words::MappingOrder, stands),
        Field::new("tasks", "Nhiệm vụ", "Tasks", effect.tasks),
    ];
    fields.extend(effect_fields(effect));
    let title = match id {
        None => Text::new("Xem trước, chưa ghi gì", "Preview, nothing is written"),
        Some(_) if state == OrderState::Waiting => Text::new("Chờ xác nhận", "Waits for confirmation"),
        Some(_) => Text::new(
            "Đã quyết định; điểm liên quan được tính lại",
            "Decided; the scores concerned are computed again",
        ),
    };
    let parts = std::iter::once(("decision".to_owned(), Document::Object { title, fields }));
    Document::Parts { parts: parts.chain(effect_parts(directory, effect)).collect() }
}

pub(super) async fn known(app: &App, id: i64) -> Result<StoredOrder, Refusal> {
    app.store.mapping_order(id).await?.ok_or_else(|| no_such_decision(id).into())
}

fn already(order: &StoredOrder) -> Outcome {
    Outcome::done(
        format!("nhóm này đã được quyết định như vậy (quyết định {}); không có gì thay đổi", order.id),
        format!("this group was decided like that before (decision {}); nothing changes", order.id),
    )
}

fn no_such_group(id: &str) -> Finding {
    Finding::error(
        "LT-MAP-030",
        Text::new(
            format!("không có nhóm \"{id}\", hoặc nhóm đã khác so với khi hiển thị"),
            format!("there is no group \"{id}\", or it is not what it was when it was shown"),
        ),
        Text::new("xem lại bằng `mapping review --groups`", "look again with `mapping review --groups`"),
    )
    .at(Place::of("--group"))
}

fn settled_otherwise(order: &StoredOrder) -> Finding {
    Finding::error(
        "LT-MAP-031",
        Text::new(
            format!("nhóm này đã được quyết định khác (quyết định {}, {})", order.id, order.author),
            format!("this group was decided otherwise (decision {} by {})", order.id, order.author),
        ),
        Text::new(
            format!("xem `mapping decisions {}`; muốn đổi thì `mapping undo {}` trước", order.id, order.id),
            format!("see `mapping decisions {}`; to change it, `mapping undo {}` first", order.id, order.id),
        ),
    )
}

pub(super) fn own_task(item: &MapItem, who: &str) -> Finding {
    let key = format!("{}:{}", item.task.key.source, item.task.key.external_id);
    Finding::error(
        "LT-MAP-032",
        Text::new(
            format!("{who} là người thực hiện {key}; không ai quyết định sản phẩm của việc mình làm"),
            format!("{who} has a stake in {key}; nobody decides the product of their own work"),
        ),
        Text::new("để người khác quyết định", "have somebody else decide"),
    )
    .at(Place::of(key))
}

fn no_such_decision(id: i64) -> Finding {
    Finding::error(
        "LT-MAP-033",
        Text::new(format!("không có quyết định số {id}"), format!("there is no decision {id}")),
        Text::new("xem số ở `mapping decisions`", "look for the number in `mapping decisions`"),
    )
}

pub(super) fn cannot_be_undone(order: &StoredOrder) -> Finding {
    Finding::error(
        "LT-MAP-034",
        Text::new(
            format!(
                "quyết định {} không thể thu hồi: đã thu hồi, đã rút, hoặc mọi nhiệm vụ đã có quyết định mới hơn",
                order.id
            ),
            format!(
                "decision {} cannot be taken back: it was before, was withdrawn, or all its tasks have newer decisions",
                order.id
            ),
        ),
        Text::new("xem `mapping decisions`", "see `mapping decisions`"),
    )
}

pub(super) fn decided_since(id: i64, tasks: usize) -> Finding {
    Finding::warning(
        "LT-MAP-035",
        Text::new(
            format!("{tasks} nhiệm vụ của quyết định {id} đã có quyết định mới hơn và được giữ nguyên"),
            format!("{tasks} tasks of decision {id} have newer decisions and stay as they are"),
        ),
        Text::new(
            "không cần làm gì; nếu cần, thu hồi cả quyết định mới hơn",
            "nothing; where needed, take the newer decision back as well",
        ),
    )
}

fn not_waiting(order: &StoredOrder) -> Finding {
    let state = both(Words::MappingOrder, order.state.as_str());
    Finding::error(
        "LT-MAP-037",
        Text::new(
            format!("quyết định {} không chờ xác nhận ({})", order.id, state.vi.to_lowercase()),
            format!("decision {} does not wait for confirmation ({})", order.id, state.en.to_lowercase()),
        ),
        Text::new("xem `mapping decisions --waiting`", "see `mapping decisions --waiting`"),
    )
}

fn corrected(id: i64, item: &MapItem) -> Finding {
    let key = format!("{}:{}", item.task.key.source, item.task.key.external_id);
    Finding::error(
        "LT-MAP-060",
        Text::new(
            format!("{key} đã được nguồn sửa tên, loại hoặc nhóm sau khi quyết định {id} được lập"),
            format!("the source corrected title, type or category of {key} since decision {id} was made"),
        ),
        Text::new(
            format!("rút bằng `mapping undo {id}` rồi quyết định lại theo nội dung mới"),
            format!("withdraw it with `mapping undo {id}` and decide anew by what the task says now"),
        ),
    )
    .at(Place::of(key))
}

fn same_person(id: i64) -> Finding {
    Finding::error(
        "LT-MAP-038",
        Text::new(
            format!("quyết định {id} phải do người khác xác nhận, không phải chính người đã quyết định"),
            format!("decision {id} is confirmed by another person than the one who made it"),
        ),
        Text::new("để người thứ hai xác nhận", "have a second person confirm it"),
    )
    .at(Place::of("--author"))
}

pub(super) fn not_a_person(who: &str) -> Finding {
    Finding::error(
        "LT-MAP-039",
        Text::new(
            format!("\"{who}\" không phải số hiệu cán bộ nào; chế độ hai người cần biết rõ từng người"),
            format!("\"{who}\" is nobody's staff number; where two people decide, each must be known"),
        ),
        Text::new("ghi --author \"SỐ-HIỆU Họ tên\"", "give --author \"STAFF-NUMBER name\""),
    )
    .at(Place::of("--author"))
}

pub(super) fn no_reason() -> Finding {
    Finding::error(
        "LT-MAP-040",
        Text::new("thiếu lý do", "the reason is missing"),
        Text::new("ghi --reason \"…\"", "give --reason \"…\""),
    )
    .at(Place::of("--reason"))
}

fn too_many(tasks: usize) -> Finding {
    Finding::error(
        "LT-MAP-041",
        Text::new(
            format!("một quyết định chỉ cho tối đa {MAX_TASKS} nhiệm vụ; nhóm có {tasks}"),
            format!("one decision settles at most {MAX_TASKS} tasks; the group has {tasks}"),
        ),
        Text::new(
            "viết một quy tắc cho nhóm này (`mapping rules test`)",
            "write a rule for it (`mapping rules test`)",
        ),
    )
}

pub(super) fn no_such_product(version: &CatalogVersion, code: &str) -> Finding {
    Finding::error(
        "LT-CAT-022",
        Text::new(
            format!("danh mục {version} không có mã {code}"),
            format!("catalog {version} has no product {code}"),
        ),
        Text::new(
            format!(
                "tìm mã bằng `catalog list TỪ --name {version}` (danh mục có hiệu lực ngày giao việc); không có sản phẩm nào phù hợp thì ghi --outside"
            ),
            format!(
                "look for the code with `catalog list WORDS --name {version}` (the catalog in force on the day of assignment); where no product fits, say --outside"
            ),
        ),
    )
}

fn two_products(code: &ProductCode, one: (&CatalogVersion, &str), other: (&CatalogVersion, &str)) -> Finding {
    Finding::error(
        "LT-MAP-058",
        Text::new(
            format!(
                "mã {code} là \"{}\" ở danh mục {} nhưng là \"{}\" ở danh mục {}",
                one.1, one.0, other.1, other.0
            ),
            format!(
                "{code} is \"{}\" in catalog {} and \"{}\" in catalog {}",
                one.1, one.0, other.1, other.0
            ),
        ),
        Text::new(
            "quyết định riêng cho các nhiệm vụ của từng danh mục",
            "decide the tasks of each catalog by an order of their own",
        ),
    )
}

pub(super) fn no_such_task(task: &TaskRef) -> Finding {
    Finding::error(
        "LT-CAT-023",
        Text::new(
            format!("không có nhiệm vụ {}:{}", task.source, task.external_id),
            format!("there is no task {}:{}", task.source, task.external_id),
        ),
        Text::new(
            "lấy NGUỒN:MÃ từ `task find TỪ` hoặc `mapping review`",
            "take SOURCE:KEY from `task find WORDS` or `mapping review`",
        ),
    )
}
