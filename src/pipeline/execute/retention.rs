//! The order `retention plan`: what would go by the configuration as it stands, and what stays, with the reason.
//!
//! Owns the table alone and changes nothing.

use super::{Answer, App};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::retention::days;
use crate::pipeline::wording::Words;
use crate::store::{Expired, Kept};
use serde_json::json;

/// What is never let go.
const ALWAYS: [&str; 4] = ["events", "records", "journal", "people"];

/// Why some of a kind that is old enough stays.
fn needed(kind: Kept) -> &'static str {
    match kind {
        Kept::Answers => "read_last",
        Kept::Rejected => "waits",
        Kept::Payloads => "acknowledged_last",
        Kept::LeftPeople | Kept::ReplacedHistory => "still_open",
    }
}

pub(super) async fn plan(app: &App) -> Answer {
    let mut rows = Vec::new();
    for kind in Kept::ALL {
        let days = days(&app.policy.retention, kind);
        let before = app.kept_until(kind).await?;
        let Expired { old, goes } = match before {
            Some(before) => app.store.expired(kind, before).await?,
            None => Expired::default(),
        };
        let why = match (days, before) {
            (0, _) => Some("not_configured"),
            (_, None) => Some("no_closed_year"),
            _ => (old > goes).then(|| needed(kind)),
        };
        let days = (days > 0).then_some(days);
        rows.push(vec![
            json!(kind.as_str()),
            json!(days),
            json!(before),
            json!(old),
            json!(goes),
            json!(old.saturating_sub(goes)),
            json!(why),
        ]);
    }
    for kind in ALWAYS {
        let none = json!(null);
        rows.push(vec![json!(kind), none.clone(), none.clone(), none.clone(), json!(0), none, json!(kind)]);
    }
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Dữ liệu sẽ được xóa theo cấu hình", "What would go by the configuration"),
        columns: vec![
            Column::words("kind", "Dữ liệu", "What", Words::Retention),
            Column::right("days", "Giữ số ngày", "Days kept"),
            Column::left("before", "Trước lúc", "From before"),
            Column::right("old", "Đã quá hạn", "Old enough"),
            Column::right("goes", "Sẽ xóa", "Goes"),
            Column::right("stays", "Giữ lại", "Stays"),
            Column::words("why", "Vì sao giữ", "Why it stays", Words::RetentionReason),
        ],
        rows,
    }))
}
