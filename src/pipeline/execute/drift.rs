//! Orders about the shape of a source's records: what is known of it, and calling what changed known.

use super::{Answer, App, author};
use crate::connector::drift::{Field, Shape};
use crate::domain::SourceId;
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::wording::Words;
use crate::store::ShapeAccepted;
use serde_json::json;
use std::collections::BTreeSet;

pub(super) async fn show(app: &App, source: &SourceId) -> Answer {
    let shape: Shape = app.store.shape(source).await?.unwrap_or_default();
    // What waits for a person stands first.
    let mut fields: Vec<(&String, &Field)> = shape.fields.iter().collect();
    fields.sort_by_key(|(_, field)| !field.is_open());
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let rows = fields.into_iter().map(|(path, field)| {
        vec![
            json!(path),
            json!(field.state()),
            json!(list(&field.types)),
            json!(list(&field.other_types)),
            json!(field.values.as_ref().map(&list)),
            json!(list(&field.new_values)),
            json!(field.first_seen_at),
            json!(field.last_seen_at),
        ]
    });
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Các trường của bản ghi", "Fields of the records"),
        columns: vec![
            Column::left("path", "Trường", "Field"),
            Column::words("state", "Tình trạng", "State", Words::FieldState),
            Column::left("types", "Kiểu", "Types"),
            Column::left("other_types", "Kiểu mới", "New types"),
            Column::left("values", "Giá trị", "Values"),
            Column::left("new_values", "Giá trị mới", "New values"),
            Column::left("first_seen_at", "Thấy lần đầu", "First seen"),
            Column::left("last_seen_at", "Thấy gần nhất", "Last seen"),
        ],
        rows: rows.collect(),
    }))
}

pub(super) async fn accept(app: &App, source: &SourceId, by: &str) -> Answer {
    let by = author(by)?;
    let mut shape: Shape = app.store.shape(source).await?.unwrap_or_default();
    let changes = shape.accept();
    if changes > 0 {
        let accepted = Some(ShapeAccepted { author: by, changes });
        app.store.keep_shape(source, &shape, accepted, app.clock.now()).await?;
    }
    Ok(Outcome::done(
        format!(
            "{changes} trường của nguồn {source} được coi là đã biết; đọc lại bản ghi bị loại: rejected replay {source}"
        ),
        format!(
            "{changes} fields of source {source} count as known; read rejected records again: rejected replay {source}"
        ),
    ))
}
