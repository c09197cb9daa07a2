//! Orders about the catalog and the products of tasks.

use super::{Answer, App, author};
use crate::catalog;
use crate::domain::{CatalogVersion, local_date};
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{Column, Document, Field, InputFile, MappingChoice, Outcome, TaskRef};
use crate::pipeline::map::scores_concerned;
use crate::pipeline::wording::Words;
use crate::store::{MappingRow, MappingState};
use chrono::NaiveDate;
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub(super) async fn import(
    app: &App,
    file: &InputFile,
    version: &CatalogVersion,
    valid_from: NaiveDate,
    who: &str,
) -> Answer {
    let who = author(who)?;
    let products = catalog::read(&file.bytes, &file.name)?;
    let heads = app.store.catalogs().await?;
    if heads.iter().any(|head| head.version == *version) {
        return Err(version_exists(version).into());
    }
    let mut findings = Vec::new();
    if let Some(replaced) = app.catalog_in_force(valid_from).await? {
        let old = app.store.catalog_products(&replaced).await?;
        let missing = catalog::diff(&old, &products).removed.len();
        let next = heads.iter().map(|head| head.valid_from).find(|day| *day > valid_from);
        if missing > 0 {
            let told = products_missing(&replaced, missing, valid_from, next);
            findings.push(told.at(Place::of(file.name.as_str())));
        }
    }
    app.store
        .import_catalog(version, valid_from, &products, &Sha256::digest(&file.bytes), who, app.clock.now())
        .await?;
    app.ring("map");
    let document = Document::Object {
        title: Text::new("Đã nhập danh mục", "Catalog imported"),
        fields: vec![
            Field::new("version", "Phiên bản", "Version", version.as_str()),
            Field::new("valid_from", "Hiệu lực từ", "Valid from", valid_from.to_string()),
            Field::new("products", "Sản phẩm", "Products", products.len()),
        ],
    };
    Ok(Outcome::with_findings(document, findings))
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

pub(super) async fn review(app: &App, after: i64, limit: u32) -> Answer {
    let items = app.store.review_queue(after, limit as usize).await?;
    let rows = items
        .into_iter()
        .map(|item| {
            let candidates =
                item.reason.get("candidates").and_then(|list| list.as_array()).cloned().unwrap_or_default();
            let near: Vec<&str> = candidates
                .iter()
                .filter_map(|candidate| candidate.get("product")?.as_str())
                .take(3)
                .collect();
            vec![
                json!(item.task),
                json!(format!("{}:{}", item.key.source, item.key.external_id)),
                json!(item.title),
                json!(near.join(" ")),
                item.reason.get("confidence").cloned().unwrap_or_default(),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Nhiệm vụ chờ gán sản phẩm", "Tasks waiting for their product"),
        columns: vec![
            Column::right("number", "Số", "No."),
            Column::left("task", "Nhiệm vụ", "Task"),
            Column::left("title", "Nội dung", "Title"),
            Column::left("candidates", "Sản phẩm gần nhất", "Nearest products"),
            Column::right("confidence", "Độ tin cậy", "Confidence"),
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
    let Some(version) = app.catalog_in_force(local_date(assigned)).await? else {
        return Err(Finding::error(
            "LT-CAT-021",
            Text::new("chưa nhập danh mục sản phẩm", "no catalog is imported yet"),
            Text::new("nhập bằng `catalog import`", "import one with `catalog import`"),
        )
        .into());
    };
    let (state, product, coefficient) = match choice {
        MappingChoice::Outside => (MappingState::Outside, None, None),
        MappingChoice::Product(code) => {
            let products = app.store.catalog_products(&version).await?;
            let Some(product) = products.into_iter().find(|product| product.code == code) else {
                return Err(Finding::error(
                    "LT-CAT-022",
                    Text::new(
                        format!("danh mục {version} không có mã {code}"),
                        format!("catalog {version} has no product {code}"),
                    ),
                    Text::new(
                        "kiểm tra mã trong danh mục có hiệu lực ngày giao việc",
                        "check the code in the catalog in force on the day of assignment",
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
