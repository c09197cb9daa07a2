//! Orders about deliveries.

use super::{Answer, App, author};
use crate::domain::TargetId;
use crate::error::{Finding, Text};
use crate::pipeline::command::{Column, Document, Outcome};
use crate::store::{OutboxFilter, Retried};
use serde_json::json;
use uuid::Uuid;

pub(super) async fn list(app: &App, target: Option<TargetId>, state: Option<String>, limit: u32) -> Answer {
    let filter = OutboxFilter { target: target.map(String::from), state, kind: None };
    let lines = app.store.outbox_lines(&filter, limit as usize).await?;
    let rows = lines
        .into_iter()
        .map(|line| {
            vec![
                json!(line.id),
                json!(line.target),
                json!(line.kind),
                json!(line.staff_number),
                json!(line.period),
                json!(line.revision),
                json!(line.state),
                json!(line.attempts),
                json!(line.deadline_at),
                json!(line.next_try_at),
                json!(line.transaction_id),
                json!(line.received_at),
                json!(line.finding.as_ref().map(|finding| &finding.code)),
                json!(line.finding.as_ref().map(|finding| &finding.what)),
                json!(line.finding.as_ref().map(|finding| &finding.remedy)),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Gửi đi", "Deliveries"),
        columns: vec![
            Column::left("id", "Số", "Id"),
            Column::left("target", "Đích", "Target"),
            Column::left("kind", "Loại", "Kind"),
            Column::left("person", "Người", "Person"),
            Column::left("period", "Kỳ", "Period"),
            Column::right("revision", "Phiên bản", "Revision"),
            Column::left("state", "Trạng thái", "State"),
            Column::right("attempts", "Lần gửi", "Attempts"),
            Column::left("deadline_at", "Hạn", "Deadline"),
            Column::left("next_try_at", "Lần tới", "Next try"),
            Column::left("transaction_id", "Biên nhận", "Receipt"),
            Column::left("received_at", "Nhận lúc", "Received"),
            Column::left("code", "Mã", "Code"),
            Column::left("reason", "Lý do", "Reason"),
            Column::left("remedy", "Cách xử lý", "Remedy"),
        ],
        rows,
    }))
}

pub(super) async fn retry(app: &App, id: Uuid, who: &str) -> Answer {
    let who = author(who)?;
    match app.store.retry_item(id, who, app.clock.now()).await? {
        Retried::Due => {
            app.ring_deliveries();
            Ok(Outcome::done("mục sẽ được gửi lại ngay", "the item is tried again at once"))
        }
        Retried::Overtaken => Ok(Outcome::done(
            "mục đã được thay bằng một mục mới hơn và không được gửi nữa",
            "a newer item took its place; this one is not sent any more",
        )),
        Retried::NotWaiting => Err(not_waiting(id).into()),
    }
}

pub(super) async fn park(app: &App, id: Uuid, who: &str, reason: &str) -> Answer {
    let who = author(who)?;
    let finding = Finding::warning(
        "LT-DLV-023",
        Text::new(format!("tạm gác theo yêu cầu: {reason}"), format!("parked on order: {reason}")),
        Text::new("gửi lại bằng `outbox retry`", "send it with `outbox retry`"),
    );
    if app.store.park_item(id, who, &finding, app.clock.now()).await? {
        return Ok(Outcome::done(
            "đã tạm gác; đồng hồ thời hạn vẫn chạy",
            "parked; the deadline clock runs on",
        ));
    }
    Err(not_waiting(id).into())
}

fn not_waiting(id: Uuid) -> Finding {
    Finding::error(
        "LT-DLV-024",
        Text::new(
            format!("mục {id} không tồn tại, đang gửi hoặc đã xong"),
            format!("item {id} does not exist, is being sent or is settled"),
        ),
        Text::new("xem `outbox list`", "look at `outbox list`"),
    )
}
