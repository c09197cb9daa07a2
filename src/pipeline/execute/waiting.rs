//! What waits for its product, task by task and alike tasks together.
//!
//! Owns both lists and nothing that changes anything. It must not know how a task is decided.

use super::{Answer, App};
use crate::domain::CatalogVersion;
use crate::error::{Finding, Text};
use crate::mapping::group::TaskGroup;
use crate::pipeline::broken;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::review::MAX_QUEUE;
use crate::pipeline::wording::Words;
use serde_json::json;

/// Products shown of a group, those of most of its tasks.
const PRODUCTS: usize = 3;

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
                item.reason.get("threshold").cloned().unwrap_or_default(),
                // In both languages, as the reason was kept.
                item.reason.get("reason").cloned().unwrap_or_default(),
                json!(item.task),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Nhiệm vụ chờ gán sản phẩm", "Tasks waiting for their product"),
        columns: vec![
            Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"),
            Column::words("title", "Nội dung", "Title", Words::Title),
            Column::left("candidates", "Sản phẩm gần nhất", "Nearest products"),
            Column::right("confidence", "Độ tin cậy", "Confidence"),
            Column::right("threshold", "Ngưỡng tự quyết định", "Decides alone from"),
            Column::left("reason", "Vì sao chờ", "Why it waits"),
            Column::right("number", "Số", "Number"),
        ],
        rows,
    }))
}

/// What waits, alike tasks together, largest group first.
pub(super) async fn groups(app: &App, limit: u32) -> Answer {
    let (groups, more) = app.waiting_groups(None).await?;
    let told: Vec<Finding> = groups.cut.then(groups_cut).into_iter().chain(more.then(queue_cut)).collect();
    let mut shown: Vec<(CatalogVersion, TaskGroup)> = Vec::new();
    for group in groups.groups.into_iter().take(limit as usize) {
        let version = CatalogVersion::new(&group.catalog).map_err(|_| broken("groups"))?;
        shown.push((version, group));
    }
    let near = shown.iter().flat_map(|(version, group)| {
        group.best.iter().take(PRODUCTS).map(move |(code, _)| (version, code.as_str()))
    });
    let names = ProductNames::named(app, &near.collect::<Vec<_>>()).await?;
    let rows = shown
        .into_iter()
        .map(|(version, group)| {
            let best = group.best.iter().take(PRODUCTS);
            let best = best.map(|(code, count)| format!("{} ({count})", names.called(&version, code)));
            vec![
                json!(group.id),
                json!(group.tasks.len()),
                json!(group.titles),
                json!(best.collect::<Vec<_>>()),
                json!(group.doc_type),
                json!(group.direction),
            ]
        })
        .collect();
    let document = Document::Table {
        title: Text::new("Nhóm nhiệm vụ tương tự chờ gán sản phẩm", "Alike tasks waiting for their product"),
        columns: vec![
            Column::left("group", "Nhóm", "Group"),
            Column::right("tasks", "Nhiệm vụ", "Tasks"),
            Column::words("titles", "Nội dung", "Titles", Words::Title),
            Column::left("candidates", "Sản phẩm gần nhất (số việc)", "Nearest products (tasks)"),
            Column::left("doc_type", "Loại văn bản", "Document type"),
            Column::words("direction", "Chiều", "Direction", Words::Direction),
        ],
        rows,
    };
    Ok(Outcome::with_findings(document, told))
}

/// More tasks wait than are grouped.
fn queue_cut() -> Finding {
    Finding::warning(
        "LT-MAP-062",
        Text::new(
            format!("hàng chờ dài hơn {MAX_QUEUE} nhiệm vụ: chỉ {MAX_QUEUE} nhiệm vụ đầu được gom nhóm"),
            format!("more than {MAX_QUEUE} tasks wait: the first {MAX_QUEUE} of them are grouped"),
        ),
        Text::new(
            "quyết định các nhóm này hoặc viết quy tắc cho việc thường gặp; phần còn lại được gom sau đó",
            "settle these groups, or write rules for frequent work; the others are grouped then",
        ),
    )
}

/// More titles share their words than are compared.
fn groups_cut() -> Finding {
    Finding::info(
        "LT-MAP-055",
        Text::new(
            "quá nhiều tiêu đề dùng chung ít từ: một phần chỉ được gom khi trùng từ hoàn toàn",
            "too many titles share few words: some are grouped with tasks of the very same words alone",
        ),
        Text::new(
            "quyết định các nhóm lớn trước rồi xem lại danh sách nhóm",
            "settle the large groups first, then look at the groups again",
        ),
    )
}
