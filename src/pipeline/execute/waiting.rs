//! What waits for its product, task by task and alike tasks together; and what has one the present mapper would not give it.
//!
//! Owns these lists and nothing that changes anything. It must not know how a task is decided.

use super::{Answer, App};
use crate::domain::{CatalogVersion, ProductCode};
use crate::error::{Finding, Text};
use crate::mapping::group::TaskGroup;
use crate::pipeline::broken;
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::doubtful::Doubtful;
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::review::MAX_QUEUE;
use crate::pipeline::wording::Words;
use crate::store::MappingState;
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

/// What text mapped and would now be decided otherwise.
pub(super) async fn doubtful(app: &App, limit: u32) -> Answer {
    let doubted = app.doubtful(limit as usize).await?;
    let products = doubted.tasks.iter().flat_map(|one| {
        let both = one.held.1.iter().chain(&one.would_be.1);
        both.map(|code| (&one.version, code.as_str()))
    });
    let names = ProductNames::named(app, &products.collect::<Vec<_>>()).await?;
    // Code and name, or what it is without a product.
    let word = |one: &Doubtful, (state, product): &(MappingState, Option<ProductCode>)| match product {
        Some(code) => json!(names.called(&one.version, code.as_str())),
        None => json!(state),
    };
    let tasks = Document::listed(
        Text::new("Nhiệm vụ nay sẽ được quyết định khác", "Tasks that would now be decided otherwise"),
        &doubted.tasks,
        vec![
            (Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"), &|one| json!(one.key)),
            (Column::words("title", "Nội dung", "Title", Words::Title), &|one| json!(one.title)),
            (Column::words("present", "Hiện tại", "At present", Words::Mapping), &|one| {
                word(one, &one.held)
            }),
            (Column::words("would_be", "Nay sẽ là", "Would be", Words::Mapping), &|one| {
                word(one, &one.would_be)
            }),
            (Column::right("confidence", "Độ tin cậy", "Confidence"), &|one| one.confidence.clone()),
            (Column::left("reason", "Vì sao", "Why"), &|one| one.reason.clone()),
            (Column::right("number", "Số", "Number"), &|one| json!(one.task)),
        ],
    );
    let otherwise = doubted.otherwise();
    let fields = vec![
        Field::new("looked_at", "Nhiệm vụ gán theo nội dung đã xem", "Tasks text decided", doubted.looked_at),
        Field::new("stand", "Nay vẫn như vậy", "Would be decided the same", doubted.stand),
        Field::new("would_wait", "Nay sẽ chờ người quyết định", "Would wait for a person", doubted.wait),
        Field::new("other_product", "Nay sẽ là sản phẩm khác", "Would be another product", doubted.other),
        Field::new("outside", "Nay sẽ ngoài danh mục", "Would be outside the catalog", doubted.outside),
        Field::new(
            "not_listed",
            "Không liệt kê dưới đây",
            "Not listed below",
            otherwise.saturating_sub(doubted.tasks.len() as u64),
        ),
    ];
    let summary = Document::Object {
        title: Text::new(
            "Gán tự động, hỏi lại hệ thống hiện nay; không thay đổi gì",
            "Automatic mappings, the present mapper asked again; nothing is changed",
        ),
        fields,
    };
    let parts = vec![("summary".to_owned(), summary), ("tasks".to_owned(), tasks)];
    let told = (otherwise > 0).then(|| doubts(otherwise)).into_iter().collect();
    Ok(Outcome::with_findings(Document::Parts { parts }, told))
}

/// What text mapped is not what it would map now.
fn doubts(tasks: u64) -> Finding {
    Finding::info(
        "LT-MAP-071",
        Text::new(
            format!(
                "{tasks} nhiệm vụ gán tự động nay sẽ được quyết định khác; sản phẩm của chúng vẫn giữ nguyên"
            ),
            format!("{tasks} automatic mappings would now be decided otherwise; they stay as they are"),
        ),
        Text::new(
            "xem từng nhiệm vụ; đúng thì xác nhận, sai thì đổi bằng `mapping decide NGUỒN:MÃ --product MÃ`: quyết định của người không được hỏi lại",
            "look at each; confirm it or change it with `mapping decide SOURCE:KEY --product CODE`: what a person decided is not asked again",
        ),
    )
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
