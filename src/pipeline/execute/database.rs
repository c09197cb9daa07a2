//! Orders about the store itself.

use super::{Answer, App};
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{Document, Outcome};
use std::path::Path;

pub(super) async fn migrate(app: &App) -> Answer {
    let number = app.store.migrate().await?;
    Ok(Outcome::done(
        format!("lược đồ dữ liệu ở phiên bản {number}"),
        format!("the schema is at number {number}"),
    ))
}

pub(super) async fn check(app: &App) -> Answer {
    app.store.require_schema().await?;
    let findings = app.store.integrity().await?;
    let document = if findings.is_empty() {
        Document::Message {
            text: Text::new(
                "dữ liệu và chuỗi nhật ký kiểm toán nguyên vẹn",
                "the data and the audit chain are intact",
            ),
        }
    } else {
        Document::Nothing
    };
    Ok(Outcome::with_findings(document, findings))
}

pub(super) async fn backup(app: &App, to: &Path) -> Answer {
    if to.exists() {
        let finding = Finding::error(
            "LT-DB-015",
            Text::new(
                "tệp sao lưu đã tồn tại; không ghi đè",
                "the backup file exists already; it is not overwritten",
            ),
            Text::new("chọn tên khác", "choose another name"),
        );
        return Err(finding.at(Place::of(to.display().to_string())).into());
    }
    let told = app.store.backup(to).await?;
    Ok(Outcome::with_findings(Document::Nothing, vec![told]))
}
