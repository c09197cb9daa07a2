//! Orders about the catalog and the products of tasks.

use super::{Answer, App, Refusal, author, known_unit};
use crate::catalog;
use crate::domain::{CatalogProduct, CatalogScope, CatalogVersion, local_date};
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{Column, Document, Field, InputFile, MappingChoice, Outcome, TaskRef};
use crate::pipeline::map::scores_concerned;
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::wording::Words;
use crate::store::{CatalogHead, CatalogNew, MappingRow, MappingState};
use crate::text::fold;
use chrono::NaiveDate;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A catalog file on its way in.
pub(super) struct Importing {
    pub file: InputFile,
    pub version: CatalogVersion,
    pub valid_from: NaiveDate,
    pub scope: CatalogScope,
    pub author: String,
    pub reason: Option<String>,
}

pub(super) async fn import(app: &App, importing: Importing) -> Answer {
    let Importing { file, version, valid_from, scope, .. } = &importing;
    let (valid_from, who) = (*valid_from, author(&importing.author)?);
    let products = catalog::read(&file.bytes, &file.name)?;
    let heads = check_version(app, version, scope).await?;
    let mut findings = Vec::new();
    // Of the same scope: what holds for other bodies is not replaced.
    let own: Vec<&CatalogHead> = heads.iter().filter(|head| head.scope == *scope).collect();
    let valid = own.iter().filter(|head| head.valid_from <= valid_from).max_by_key(|head| head.valid_from);
    if let Some(replaced) = valid {
        let old = app.store.catalog_products(&replaced.version).await?;
        let missing = catalog::diff(&old, &products).removed.len();
        let next = own.iter().map(|head| head.valid_from).find(|day| *day > valid_from);
        if missing > 0 {
            let told = products_missing(&replaced.version, missing, valid_from, next);
            findings.push(told.at(Place::of(file.name.as_str())));
        }
    }
    let new = CatalogNew {
        version,
        valid_from,
        scope,
        products: &products,
        sha256: &Sha256::digest(&file.bytes),
        author: who,
        reason: importing.reason.as_deref(),
        provenance: &[],
    };
    app.store.add_catalog(new, app.clock.now()).await?;
    app.ring("map");
    let document = Document::Object {
        title: Text::new("Đã nhập danh mục", "Catalog imported"),
        fields: vec![
            Field::new("version", "Phiên bản", "Version", version.as_str()),
            Field::new("valid_from", "Hiệu lực từ", "Valid from", valid_from.to_string()),
            Field::new("scope", "Phạm vi", "Scope", scope.to_string()),
            Field::new("products", "Sản phẩm", "Products", products.len()),
        ],
    };
    Ok(Outcome::with_findings(document, findings))
}

/// The versions held, where a new one of this name and scope may join them.
///
/// # Errors
/// LT-CAT-024 the name is taken; LT-PPL-023 the unit of the scope is not known.
pub(super) async fn check_version(
    app: &App,
    version: &CatalogVersion,
    scope: &CatalogScope,
) -> Result<Vec<CatalogHead>, Refusal> {
    if let CatalogScope::Unit(unit) = scope {
        known_unit(app, Some(unit)).await?;
    }
    let heads = app.store.catalogs().await?;
    if heads.iter().any(|head| head.version == *version) {
        return Err(version_exists(version).into());
    }
    Ok(heads)
}

pub(super) async fn compare(app: &App, file: &InputFile, version: Option<CatalogVersion>) -> Answer {
    let heads = app.store.catalogs().await?;
    let version = version.or_else(|| heads.last().map(|head| head.version.clone()));
    let Some(version) = version.filter(|version| heads.iter().any(|head| head.version == *version)) else {
        return Err(Finding::error(
            "LT-CAT-020",
            Text::new(
                "chưa có phiên bản danh mục nào để so sánh",
                "there is no stored catalog version to compare with",
            ),
            Text::new("nhập một phiên bản bằng `catalog import`", "import one with `catalog import`"),
        )
        .into());
    };
    let new = catalog::read(&file.bytes, &file.name)?;
    let old = app.store.catalog_products(&version).await?;
    let diff = catalog::diff(&old, &new);
    let mut rows = Vec::new();
    for product in &diff.added {
        rows.push(vec![
            json!("added"),
            json!(product.code),
            json!(product.name),
            json!(null),
            json!(product.coefficient.to_string()),
        ]);
    }
    for product in &diff.removed {
        rows.push(vec![
            json!("removed"),
            json!(product.code),
            json!(product.name),
            json!(product.coefficient.to_string()),
            json!(null),
        ]);
    }
    for change in &diff.changed {
        rows.push(vec![
            json!("changed"),
            json!(change.new.code),
            json!(change.new.name),
            json!(change.old.coefficient.to_string()),
            json!(change.new.coefficient.to_string()),
        ]);
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("So với phiên bản {version}"), format!("Compared with version {version}")),
        columns: vec![
            Column::words("change", "Thay đổi", "Change", Words::Change),
            Column::left("code", "Mã", "Code"),
            Column::left("name", "Tên", "Name"),
            Column::right("old_coefficient", "Hệ số cũ", "Old coefficient"),
            Column::right("new_coefficient", "Hệ số mới", "New coefficient"),
        ],
        rows,
    }))
}

/// The products of a version whose code, name or field has every word of a text.
pub(super) async fn list(app: &App, version: Option<CatalogVersion>, text: &str, limit: u32) -> Answer {
    let heads = app.store.catalogs().await?;
    let version = match version {
        Some(version) => Some(version),
        None => app.catalog_for(app.clock.today(), &[CatalogScope::Province]).await?,
    };
    let Some(head) = version.as_ref().and_then(|name| heads.iter().find(|head| head.version == *name)) else {
        return Err(match version {
            Some(version) => no_such_version(&version, &heads),
            None => no_catalog(),
        }
        .into());
    };
    let wanted = fold(text);
    let found = |product: &CatalogProduct| {
        let held = fold(&format!("{} {} {}", product.code, product.name, product.field));
        wanted.split(' ').all(|word| held.contains(word))
    };
    let products = app.store.catalog_products(&head.version).await?;
    let rows = products
        .into_iter()
        .filter(found)
        .take(limit as usize)
        .map(|product| {
            vec![
                json!(product.code),
                json!(product.name),
                json!(product.group.number()),
                json!(product.coefficient.to_string()),
                json!(head.valid_from),
                json!(product.field),
                json!(product.measure),
                json!(product.applies_to),
            ]
        })
        .collect();
    let version = &head.version;
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("Danh mục {version}"), format!("Catalog {version}")),
        columns: vec![
            Column::left("code", "Mã", "Code"),
            Column::left("name", "Tên", "Name"),
            Column::right("group", "Nhóm", "Group"),
            Column::right("coefficient", "Hệ số", "Coefficient"),
            Column::left("valid_from", "Hiệu lực từ", "Valid from"),
            Column::left("field", "Lĩnh vực", "Field"),
            Column::left("measure", "Đơn vị tính", "Measure"),
            Column::left("applies_to", "Áp dụng cho", "Applies to"),
        ],
        rows,
    }))
}

pub(super) async fn review(app: &App, after: i64, limit: u32) -> Answer {
    let items = app.store.review_queue(after, limit as usize).await?;
    let names = ProductNames::of(app, &items).await?;
    let rows = items
        .into_iter()
        .map(|item| {
            vec![
                json!(format!("{}:{}", item.key.source, item.key.external_id)),
                json!(item.title),
                json!(names.nearest(&item)),
                item.reason.get("confidence").cloned().unwrap_or_default(),
                json!(item.task),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Nhiệm vụ chờ gán sản phẩm", "Tasks waiting for their product"),
        columns: vec![
            Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"),
            Column::left("title", "Nội dung", "Title"),
            Column::left("candidates", "Sản phẩm gần nhất", "Nearest products"),
            Column::right("confidence", "Độ tin cậy", "Confidence"),
            Column::right("number", "Số", "Number"),
        ],
        rows,
    }))
}

pub(super) async fn decide(
    app: &App,
    task: &TaskRef,
    choice: MappingChoice,
    who: String,
    reason: Option<&str>,
) -> Answer {
    author(&who)?;
    let known = app.store.known_hashes(&task.source, &[&task.external_id]).await?;
    let Some((id, _)) = known.first().copied().flatten() else { return Err(no_such_task(task).into()) };
    let Some(item) = app.store.map_item(id).await? else { return Err(no_such_task(task).into()) };
    let assigned = item.task.task.draft.assigned_at.unwrap_or(item.task.task.first_seen_at);
    let day = local_date(assigned);
    let scopes = app.scopes_of_task(&*app.directory().await?, (&task.source, &item.people), day);
    let Some(version) = app.catalog_for(day, &scopes).await? else {
        return Err(no_catalog().into());
    };
    let (state, product, coefficient) = match choice {
        MappingChoice::Outside => (MappingState::Outside, None, None),
        MappingChoice::Product(code) => {
            let Some(product) = app.store.products_of(&version, &[code.as_str()]).await?.pop() else {
                return Err(Finding::error(
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
                .into());
            };
            (MappingState::Mapped, Some(product.code), Some(product.coefficient))
        }
    };
    let row = MappingRow {
        state,
        product,
        catalog_version: version,
        coefficient,
        decided_by: "operator".to_owned(),
        author: Some(who),
        reason: json!({ "reason": { "vi": reason.unwrap_or("cán bộ quyết định"), "en": reason.unwrap_or("decided by a person") } }),
        decided_at: app.clock.now(),
    };
    app.store.decide_mapping(id, &row, &scores_concerned(&item), reason).await?;
    app.ring("map");
    app.ring("score");
    Ok(Outcome::done(
        "đã ghi quyết định; điểm liên quan được tính lại",
        "decided; the scores concerned are computed again",
    ))
}

/// A new version stands for the whole catalog: what it lacks is in no catalog for the tasks that use it.
fn products_missing(
    replaced: &CatalogVersion,
    missing: usize,
    from: NaiveDate,
    next: Option<NaiveDate>,
) -> Finding {
    let (until_vi, until_en) = next.map_or_else(Default::default, |next| {
        (format!(" đến trước ngày {next}"), format!(" and before {next}"))
    });
    Finding::warning(
        "LT-CAT-025",
        Text::new(
            format!(
                "phiên bản mới thay {replaced} cho công việc giao từ ngày {from}{until_vi} nhưng thiếu {missing} sản phẩm của {replaced}"
            ),
            format!(
                "the new version replaces {replaced} for tasks assigned from {from} on{until_en}, but lacks {missing} products of {replaced}"
            ),
        ),
        Text::new(
            format!(
                "đúng ý thì không cần làm gì; nếu không, nhập danh mục đầy đủ với --name khác và cùng --valid-from (xem `catalog diff TỆP --name {replaced}`)"
            ),
            format!(
                "nothing if that is meant; else import the complete catalog under another --name with the same --valid-from (see `catalog diff FILE --name {replaced}`)"
            ),
        ),
    )
}

fn no_catalog() -> Finding {
    Finding::error(
        "LT-CAT-021",
        Text::new("chưa nhập danh mục sản phẩm", "no catalog is imported yet"),
        Text::new("nhập bằng `catalog import`", "import one with `catalog import`"),
    )
}

fn no_such_version(version: &CatalogVersion, heads: &[CatalogHead]) -> Finding {
    let known = heads.iter().map(|head| head.version.as_str()).collect::<Vec<_>>().join(", ");
    Finding::error(
        "LT-CAT-020",
        Text::new(
            format!("không có phiên bản danh mục {version}; các phiên bản: {known}"),
            format!("there is no catalog version {version}; versions: {known}"),
        ),
        Text::new("chọn một phiên bản đã lưu bằng --name", "name a stored version with --name"),
    )
    .at(Place::of("--name"))
}

fn version_exists(version: &CatalogVersion) -> Finding {
    Finding::error(
        "LT-CAT-024",
        Text::new(
            format!("danh mục đã có phiên bản {version}; một phiên bản không bao giờ bị sửa"),
            format!("catalog version {version} exists already; a version is never changed"),
        ),
        Text::new(
            "xem khác biệt bằng `catalog diff`, rồi nhập với --name khác",
            "see what differs with `catalog diff`, then import it under another --name",
        ),
    )
    .at(Place::of("--name"))
}

fn no_such_task(task: &TaskRef) -> Finding {
    Finding::error(
        "LT-CAT-023",
        Text::new(
            format!("không có nhiệm vụ {}:{}", task.source, task.external_id),
            format!("there is no task {}:{}", task.source, task.external_id),
        ),
        Text::new("lấy mã từ `mapping review`", "take it from `mapping review`"),
    )
}
