//! Who is known: people with their posts and charges, and units.
//!
//! Owns the lists that personnel officers compare with their own. It must not change anything, and it never shows a
//! citizen id number: what is kept of one is a keyed index. A unit nobody knows is refused.

use super::{Answer, App, person};
use crate::directory::Directory;
use crate::domain::{Charge, Membership, Period, PersonId, Role, UnitCode};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Field, Outcome, PersonRef};
use crate::pipeline::wording::Words;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// People by staff number with the post they hold today, the last one where they hold none; of a unit and those below it
/// only where one is named.
pub(super) async fn people(app: &App, unit: Option<&UnitCode>, limit: u32) -> Answer {
    let directory = app.directory().await?;
    let within = unit.map(|unit| directory.subtree(unit));
    let held = |id: PersonId| latest(app, &directory, id);
    let mut known: Vec<_> = directory
        .people()
        .map(|person| (person, held(person.id)))
        .filter(|(_, post)| {
            within.as_ref().is_none_or(|units| post.as_ref().is_some_and(|post| units.contains(&post.unit)))
        })
        .collect();
    known.sort_by_key(|(person, _)| person.staff_number.to_string());
    let rows = known.into_iter().take(limit as usize).map(|(person, post)| {
        let mut row = vec![json!(person.staff_number), json!(person.full_name)];
        row.extend(post.map_or_else(|| vec![Value::Null; 6], |post| post_row(&directory, &post)));
        row
    });
    let mut columns =
        vec![Column::left("person", "Số hiệu", "Person"), Column::left("name", "Họ và tên", "Name")];
    columns.extend(post_columns());
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Cán bộ, công chức", "People"),
        columns,
        rows: rows.collect(),
    }))
}

/// Everything the directory says of one person: posts, charges, accounts.
pub(super) async fn one(app: &App, whose: &PersonRef) -> Answer {
    let id = person(app, whose).await?;
    let stored = app.store.load_directory().await?;
    let directory = app.directory().await?;
    let known = directory.person(id);
    let posts = stored.memberships.iter().filter(|post| post.person == id);
    let posts: Vec<Vec<Value>> = posts.map(|post| post_row(&directory, post)).collect();
    let charges = stored.leaderships.iter().filter(|charge| charge.leader == id).map(|charge| {
        let over = match &charge.over {
            Charge::Unit(code) => {
                let unit = directory.unit(code).map(|unit| unit.name.clone());
                [json!(code), json!(unit), Value::Null, Value::Null]
            }
            Charge::Person(person) => {
                let led = directory.person(*person);
                let (number, name) = (led.map(|led| &led.staff_number), led.map(|led| &led.full_name));
                [Value::Null, Value::Null, json!(number), json!(name)]
            }
        };
        over.into_iter().chain([json!(charge.from), json!(charge.to)]).collect::<Vec<Value>>()
    });
    let accounts = stored.accounts.iter().filter(|(_, _, owner)| *owner == id);
    let accounts = accounts.map(|(source, account, _)| vec![json!(source), json!(account)]);
    let table = |title, columns, rows| Document::Table { title, columns, rows };
    let mut charge_columns = vec![
        Column::left("unit", "Đơn vị", "Unit"),
        Column::left("unit_name", "Tên đơn vị", "Unit name"),
        Column::left("person", "Người", "Person"),
        Column::left("name", "Họ và tên", "Name"),
    ];
    charge_columns.extend(span_columns());
    let parts = vec![
        (
            "person".to_owned(),
            Document::Object {
                title: Text::new("Cán bộ, công chức", "Person"),
                fields: vec![
                    Field::new(
                        "person",
                        "Số hiệu",
                        "Person",
                        known.map(|known| known.staff_number.to_string()),
                    ),
                    Field::new("name", "Họ và tên", "Name", known.map(|known| known.full_name.clone())),
                    Field::new(
                        "citizen_id",
                        "Có số định danh",
                        "Citizen id known",
                        known.is_some_and(|known| known.citizen_index.is_some()),
                    ),
                ],
            },
        ),
        ("posts".to_owned(), table(Text::new("Quá trình công tác", "Posts"), post_columns(), posts)),
        (
            "charges".to_owned(),
            table(
                Text::new("Đơn vị, người phụ trách", "Units and people in charge"),
                charge_columns,
                charges.collect(),
            ),
        ),
        (
            "accounts".to_owned(),
            table(
                Text::new("Tài khoản ở các hệ thống", "Accounts"),
                vec![
                    Column::left("source", "Nguồn", "Source"),
                    Column::left("account", "Tài khoản", "Account"),
                ],
                accounts.collect(),
            ),
        ),
    ];
    Ok(Outcome::ok(Document::Parts { parts }))
}

/// Every unit with its head today and how many people hold a post in it today.
pub(super) async fn units(app: &App) -> Answer {
    let directory = app.directory().await?;
    let today = app.clock.today();
    let period = Period::quarter_of(today);
    let mut posts: Vec<Membership> = Vec::new();
    for person in directory.people() {
        posts.extend(
            directory.posts(person.id, period).into_iter().filter(|post| lasts(post, today)).cloned(),
        );
    }
    let rows = directory.units().map(|unit| {
        let here: BTreeSet<PersonId> =
            posts.iter().filter(|post| post.unit == unit.code).map(|post| post.person).collect();
        let heads: Vec<String> = posts
            .iter()
            .filter(|post| post.unit == unit.code && post.role == Role::Head)
            .filter_map(|post| directory.person(post.person))
            .map(|known| format!("{} {}", known.staff_number, known.full_name))
            .collect();
        vec![
            json!(unit.code),
            json!(unit.name),
            json!(unit.parent),
            json!(heads.join(", ")),
            json!(here.len()),
        ]
    });
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Đơn vị", "Units"),
        columns: vec![
            Column::left("unit", "Đơn vị", "Unit"),
            Column::left("name", "Tên", "Name"),
            Column::left("parent", "Cấp trên", "Above"),
            Column::left("head", "Người đứng đầu", "Head"),
            Column::right("people", "Số người", "People"),
        ],
        rows: rows.collect(),
    }))
}

fn lasts(post: &Membership, day: chrono::NaiveDate) -> bool {
    post.from <= day && post.to.is_none_or(|to| day <= to)
}

/// The post held today, else the last one of the year.
fn latest(app: &App, directory: &Directory, person: PersonId) -> Option<Membership> {
    let today = app.clock.today();
    let year = Period::quarter_of(today).year();
    let posts = directory.posts(person, Period::Year(year));
    let now = posts.iter().find(|post| lasts(post, today)).copied();
    now.or_else(|| posts.last().copied()).cloned()
}

fn post_row(directory: &Directory, post: &Membership) -> Vec<Value> {
    let unit = directory.unit(&post.unit).map(|unit| unit.name.clone());
    vec![
        json!(post.unit),
        json!(unit),
        json!(post.post),
        json!(post.role.as_str()),
        json!(post.from),
        json!(post.to),
    ]
}

fn post_columns() -> Vec<Column> {
    let mut columns = vec![
        Column::left("unit", "Đơn vị", "Unit"),
        Column::left("unit_name", "Tên đơn vị", "Unit name"),
        Column::left("post", "Chức vụ", "Post"),
        Column::words("role", "Vai trò", "Role", Words::Role),
    ];
    columns.extend(span_columns());
    columns
}

fn span_columns() -> [Column; 2] {
    [Column::left("from", "Từ ngày", "From"), Column::left("to", "Đến ngày", "To")]
}
