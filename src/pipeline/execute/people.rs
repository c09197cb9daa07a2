//! Orders about people.

use super::{Answer, App, author, person};
use crate::directory::import::{read_people, read_units};
use crate::domain::{SourceId, Unit};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome, PersonRef};
use serde_json::json;

pub(super) async fn import(
    app: &App,
    file: InputFile,
    units: Option<InputFile>,
    who: &str,
    dry_run: bool,
) -> Answer {
    let who = author(who)?;
    let units = units.map(|units| read_units(&units.name, &units.bytes)).transpose()?.unwrap_or_default();
    let known = app.store.load_directory().await?;
    let given = |unit: &Unit| units.iter().any(|other| other.code == unit.code);
    let all: Vec<Unit> =
        known.units.iter().filter(|unit| !given(unit)).cloned().chain(units.iter().cloned()).collect();
    let mut import = read_people(&file.name, &file.bytes, &all)?;
    import.units = units;
    if dry_run {
        let before = |staff: &str| known.people.iter().any(|person| person.staff_number.as_str() == staff);
        let again = import.people.iter().filter(|person| before(person.staff_number.as_str())).count();
        return Ok(Outcome::ok(Document::Object {
            title: Text::new("Tệp hợp lệ; chưa ghi gì", "The file is valid; nothing was written"),
            fields: vec![
                Field::new("new_people", "Người mới", "New people", import.people.len() - again),
                Field::new("known_people", "Người đã biết", "Known people", again),
                Field::new("units", "Đơn vị", "Units", import.units.len()),
            ],
        }));
    }
    let counts = app.store.import_directory(&import, who, None, app.clock.now()).await?;
    app.ring("identify");
    Ok(Outcome::ok(Document::Object {
        title: Text::new("Đã nhập", "Imported"),
        fields: vec![
            Field::new("new_people", "Người mới", "New people", counts.new_people),
            Field::new("known_people", "Người đã biết", "Known people", counts.known_people),
            Field::new("units", "Đơn vị", "Units", counts.units),
            Field::new("tasks_due", "Nhiệm vụ xác định lại", "Tasks looked at again", counts.tasks_due),
        ],
    }))
}

pub(super) async fn unknown(app: &App, limit: u32) -> Answer {
    let accounts = app.store.unknown_accounts(None, limit as usize).await?;
    let rows = accounts
        .into_iter()
        .map(|account| {
            vec![
                json!(account.source),
                json!(account.kind),
                json!(account.account),
                json!(account.name_hint),
                json!(account.tasks),
                json!(account.first_seen_at),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Tài khoản chưa biết của ai", "Accounts that belong to nobody known"),
        columns: vec![
            Column::left("source", "Nguồn", "Source"),
            Column::left("kind", "Loại", "Kind"),
            Column::left("account", "Tài khoản", "Account"),
            Column::left("name_hint", "Tên hiển thị", "Display name"),
            Column::right("tasks", "Nhiệm vụ", "Tasks"),
            Column::left("first_seen_at", "Từ lúc", "Since"),
        ],
        rows,
    }))
}

pub(super) async fn link(
    app: &App,
    source: &SourceId,
    account: &str,
    whose: &PersonRef,
    who: &str,
) -> Answer {
    let who = author(who)?;
    let id = person(app, whose).await?;
    app.store.link_account(source, account, id, who, app.clock.now()).await?;
    app.ring("identify");
    Ok(Outcome::done(
        format!("tài khoản {account} của {source} là của {whose}"),
        format!("account {account} of {source} belongs to {whose}"),
    ))
}
