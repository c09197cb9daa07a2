//! Orders about deliveries.

use super::{Answer, App, author};
use crate::domain::TargetId;
use crate::error::{Finding, Text};
use crate::evaluation::remarks::is_ground;
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::deliver::LACKS_ACKNOWLEDGED;
use crate::pipeline::wording::Words;
use crate::store::{Allowance, OutboxFilter, Retried};
use serde_json::json;
use uuid::Uuid;

/// Code of an item that a person took out of the queue.
const PARKED_ON_ORDER: &str = "LT-DLV-023";

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
                json!(line.allowed_by),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Gửi đi", "Deliveries"),
        columns: vec![
            Column::left("id", "Số", "Id"),
            Column::left("target", "Đích", "Target"),
            Column::words("kind", "Loại", "Kind", Words::Message),
            Column::left("person", "Người", "Person"),
            Column::left("period", "Kỳ", "Period"),
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::Delivery),
            Column::right("attempts", "Lần gửi", "Attempts"),
            Column::words("deadline_at", "Hạn", "Deadline", Words::Deadline),
            Column::left("next_try_at", "Lần tới", "Next try"),
            Column::left("transaction_id", "Biên nhận", "Receipt"),
            Column::left("received_at", "Nhận lúc", "Received"),
            Column::left("code", "Mã", "Code"),
            Column::left("reason", "Lý do", "Reason"),
            Column::left("remedy", "Cách xử lý", "Remedy"),
            Column::left("allowed_by", "Ai cho gửi", "Allowed by"),
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
        Retried::Kept | Retried::NotWaiting => Err(not_waiting(id).into()),
    }
}

pub(super) async fn retry_all(
    app: &App,
    target: Option<TargetId>,
    state: Option<String>,
    who: &str,
) -> Answer {
    let who = author(who)?;
    let states: &[&str] = match &state {
        Some(state) => &[state.as_str()],
        None => &["parked", "rejected"],
    };
    let target = target.as_ref().map(TargetId::as_str);
    let retried = app.store.retry_items(target, states, PARKED_ON_ORDER, who, app.clock.now()).await?;
    if retried.due > 0 {
        app.ring_deliveries();
    }
    Ok(Outcome::ok(Document::Object {
        title: Text::new("Gửi lại", "Tried again"),
        fields: vec![
            Field::new("due", "Được gửi lại ngay", "Tried again at once", retried.due),
            Field::new(
                "overtaken",
                "Đã có mục mới hơn thay, không gửi nữa",
                "A newer item took their place, not sent any more",
                retried.overtaken,
            ),
            Field::new(
                "kept",
                "Do người tạm gác, giữ nguyên (outbox retry SỐ)",
                "Parked by a person, left as they are (outbox retry ID)",
                retried.kept,
            ),
        ],
    }))
}

pub(super) async fn park(app: &App, id: Uuid, who: &str, reason: &str) -> Answer {
    let who = author(who)?;
    let finding = Finding::warning(
        PARKED_ON_ORDER,
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

/// Lets through what was held back because it lacks an acknowledged result; the word of a named person, with its
/// ground, for this very list.
pub(super) async fn allow(app: &App, id: Uuid, allowance: Allowance<'_>) -> Answer {
    let allowance = Allowance {
        author: author(allowance.author)?,
        reason: allowance.reason.trim(),
        document: allowance.document.trim(),
    };
    if !is_ground(allowance.reason) || !is_ground(allowance.document) {
        return Err(Finding::error(
            "LT-DLV-027",
            Text::new(
                "cho gửi cần lý do và văn bản, mỗi mục từ 2 đến 2.000 ký tự",
                "letting it go out needs a reason and a document, of 2 to 2,000 characters each",
            ),
            Text::new(
                "ghi lý do bằng --reason và số văn bản hủy kết quả bằng --document",
                "give the reason with --reason and the number of the annulling document with --document",
            ),
        )
        .into());
    }
    if app.store.allow_item(id, LACKS_ACKNOWLEDGED, allowance, app.clock.now()).await? {
        app.ring_deliveries();
        return Ok(Outcome::done(
            "danh sách này được gửi nguyên như vậy; danh sách lập mới về sau lại cần cho phép riêng",
            "this list is sent as it is; one made anew needs an allowance of its own",
        ));
    }
    Err(Finding::error(
        "LT-DLV-026",
        Text::new(
            format!("mục {id} không bị giữ lại vì thiếu kết quả đã được xác nhận (LT-DLV-021)"),
            format!("item {id} is not held back for lacking an acknowledged result (LT-DLV-021)"),
        ),
        Text::new(
            "xem `outbox list --state parked`; chỉ mục mới nhất của một người đang chờ với mã này mới cho gửi được",
            "look at `outbox list --state parked`; only a person's newest item that waits with this code can be let through",
        ),
    )
    .into())
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
