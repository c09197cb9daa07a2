//! The orders about products given so far: as they are listed, and one with its tasks, or their shares, and what it moved.
//!
//! Owns both documents and how is told what is taken back with an order. It changes nothing.

use super::mapping::known;
use super::{Answer, App};
use crate::domain::Period;
use crate::error::{Finding, Text};
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::review::MAX_TASKS;
use crate::pipeline::wording::Words;
use crate::store::{MappingRow, OrderState, StoredOrder};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The orders given so far, newest first.
pub(super) async fn list(app: &App, waiting: bool, limit: u32) -> Answer {
    let state = waiting.then_some(OrderState::Waiting);
    let orders = app.store.mapping_orders(state, i64::MAX, limit as usize).await?;
    let names = app.product_names(Period::quarter_of(app.clock.today())).await?;
    let moved = |order: &StoredOrder, key: &str| order.effect.get(key).cloned().unwrap_or_default();
    Ok(Outcome::ok(Document::listed(
        Text::new("Quyết định về sản phẩm của nhiệm vụ", "Decisions about the products of tasks"),
        &orders,
        vec![
            (Column::right("decision", "Số", "Number"), &|order| json!(order.id)),
            (Column::words("kind", "Loại", "Kind", Words::MappingOrder), &|order| json!(order.kind)),
            (Column::words("state", "Trạng thái", "State", Words::MappingOrder), &|order| {
                json!(order.state)
            }),
            (Column::left("product", "Sản phẩm", "Product"), &|order| json!(order.choice)),
            (Column::left("product_name", "Tên sản phẩm", "Product name"), &|order| {
                json!(order.choice.as_ref().and_then(|choice| names.get(choice.as_str())))
            }),
            (Column::right("tasks", "Nhiệm vụ", "Tasks"), &|order| json!(order.tasks)),
            (Column::right("moved", "Điểm thay đổi", "Scores moved"), &|order| moved(order, "moved")),
            (Column::right("bands", "Đổi mức", "Bands changed"), &|order| moved(order, "bands_changed")),
            (Column::left("author", "Người quyết định", "Author"), &|order| json!(order.author)),
            (Column::left("at", "Lúc", "At"), &|order| json!(order.at)),
            (Column::left("reason", "Lý do", "Reason"), &|order| json!(order.reason)),
            (Column::left("confirmed_by", "Người xác nhận", "Confirmed by"), &|order| {
                json!(order.confirmed_by)
            }),
            (Column::right("about", "Thu hồi số", "Takes back"), &|order| json!(order.about)),
        ],
    )))
}

/// One order with its tasks and what it moved, or with the examples it brings in.
pub(super) async fn one(app: &App, id: i64) -> Answer {
    let order = known(app, id).await?;
    let (rows, shares) = (app.store.settled_by(id).await?, app.store.shares_of_order(id).await?);
    let items = app.store.map_items(&rows.iter().map(|row| row.task).collect::<Vec<_>>()).await?;
    let titles: BTreeMap<i64, (String, String)> = items
        .into_iter()
        .map(|item| {
            let key = format!("{}:{}", item.task.key.source, item.task.key.external_id);
            (item.task.id, (key, item.task.task.draft.title))
        })
        .collect();
    let mut tasks: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| {
            let (key, title) = titles.get(&row.task).cloned().unwrap_or_default();
            let word = |row: &MappingRow| match &row.product {
                Some(code) => json!(code),
                None => json!(row.state),
            };
            vec![json!(key), json!(title), row.held.as_ref().map_or(Value::Null, word), word(&row.given)]
        })
        .collect();
    tasks.extend(super::share::listed(app, &*app.directory().await?, &shares).await?);
    let people = order.effect.get("people").and_then(Value::as_array).cloned().unwrap_or_default();
    let moved = people
        .iter()
        .map(|one| {
            let side =
                |side: &str, key: &str| one.pointer(&format!("/{side}/{key}")).cloned().unwrap_or_default();
            let total = |name: &str| match side(name, "total") {
                Value::Null => side(name, "task_part"),
                total => total,
            };
            vec![
                one.get("person").cloned().unwrap_or_default(),
                one.get("period").cloned().unwrap_or_default(),
                total("before"),
                total("after"),
                side("before", "level"),
                side("after", "level"),
            ]
        })
        .collect();
    let mut fields = vec![
        Field::new("decision", "Số", "Number", order.id),
        Field::words("kind", "Loại", "Kind", Words::MappingOrder, order.kind.as_str()),
        Field::words("state", "Trạng thái", "State", Words::MappingOrder, order.state.as_str()),
        Field::new("product", "Sản phẩm", "Product", json!(order.choice)),
        Field::new("author", "Người quyết định", "Author", order.author.as_str()),
        Field::new("at", "Lúc", "At", json!(order.at)),
        Field::new("reason", "Lý do", "Reason", json!(order.reason)),
        Field::new("confirmed_by", "Người xác nhận", "Confirmed by", json!(order.confirmed_by)),
        Field::new("confirmed_at", "Xác nhận lúc", "Confirmed at", json!(order.confirmed_at)),
        Field::new("about", "Thu hồi số", "Takes back", json!(order.about)),
        Field::new(
            "by_text",
            "Việc đang chờ được gán theo nội dung",
            "Waiting tasks mapped by their text",
            order.effect.get("by_text").cloned().unwrap_or_default(),
        ),
    ];
    let title = Text::new("Quyết định", "Decision");
    if let Some((told, examples)) = super::exchange::brought(app, &order).await? {
        // It is about no task here; what it moves it moves by tasks that text maps once it is learned.
        fields.extend(told);
        let decision = Document::Object { title, fields };
        let parts = vec![
            ("decision".to_owned(), decision),
            ("examples".to_owned(), examples),
            ("moved".to_owned(), moved_of(moved)),
        ];
        return Ok(Outcome::ok(Document::Parts { parts }));
    }
    let parts = decision_parts(Document::Object { title, fields }, tasks, moved);
    Ok(Outcome::ok(Document::Parts { parts }))
}

/// An order, its tasks and what it moved.
fn decision_parts(
    decision: Document,
    tasks: Vec<Vec<Value>>,
    moved: Vec<Vec<Value>>,
) -> Vec<(String, Document)> {
    vec![
        ("decision".to_owned(), decision),
        (
            "tasks".to_owned(),
            Document::Table {
                title: Text::new("Nhiệm vụ", "Tasks"),
                columns: vec![
                    Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"),
                    Column::words("title", "Nội dung", "Title", Words::Title),
                    Column::words("before", "Trước", "Before", Words::Mapping),
                    Column::words("after", "Sau", "After", Words::Mapping),
                ],
                rows: tasks,
            },
        ),
        ("moved".to_owned(), moved_of(moved)),
    ]
}

/// What an order moved, as it is kept with it.
fn moved_of(rows: Vec<Vec<Value>>) -> Document {
    Document::Table {
        title: Text::new("Điểm thay đổi", "Scores moved"),
        columns: vec![
            Column::left("person", "Cán bộ", "Person"),
            Column::left("period", "Kỳ", "Period"),
            Column::right("before", "Trước", "Before"),
            Column::right("after", "Sau", "After"),
            Column::words("level_before", "Mức trước", "Level before", Words::Level),
            Column::words("level_after", "Mức sau", "Level after", Words::Level),
        ],
        rows,
    }
}

/// Tasks that text gave the products of an order that is taken back, while it counted; `undo` = the order that did.
pub(super) fn rested(tasks: usize, order: i64, undo: Option<i64>) -> Finding {
    let more = if tasks >= MAX_TASKS { "+" } else { "" };
    Finding::warning(
        "LT-MAP-061",
        Text::new(
            format!(
                "{tasks}{more} nhiệm vụ được gán tự động vào cùng sản phẩm trong lúc quyết định {order} có hiệu lực cũng được thu hồi: chúng chờ gán lại"
            ),
            format!(
                "{tasks}{more} tasks that text mapped to the same products while decision {order} counted are taken back with it: they are ranked again"
            ),
        ),
        match undo {
            Some(undo) => Text::new(
                format!(
                    "xem bằng `mapping decisions {undo}`; nhiệm vụ nào vẫn đủ chắc chắn được gán lại tự động, còn lại nằm trong `mapping review`"
                ),
                format!(
                    "see them in `mapping decisions {undo}`; what is still sure enough is mapped again by itself, the others stand in `mapping review`"
                ),
            ),
            None => Text::new(
                "điểm nêu trên là khi chúng còn chờ; sau khi thu hồi, nhiệm vụ nào vẫn đủ chắc chắn được gán lại tự động, quyết định thu hồi liệt kê tất cả",
                "the scores above are those while they wait; once it is taken back, what is still sure enough is mapped again by itself, and the order that takes it back lists them all",
            ),
        },
    )
}
