//! Orders that find: tasks by words of their titles, people by number or name.

use super::{Answer, App};
use crate::domain::Period;
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome};
use crate::pipeline::nearest::ProductNames;
use crate::pipeline::search::Sought;
use crate::pipeline::wording::Words;
use crate::store::TaskLine;
use serde_json::json;

/// Tasks with all words, newest first.
pub(super) async fn tasks(app: &App, text: &str, before: Option<i64>, limit: u32) -> Answer {
    let sought = Sought::of(text, &app.policy.abbreviations);
    let found = app.store.find_tasks(&sought.words, before.unwrap_or(i64::MAX), limit as usize).await?;
    let products =
        found.iter().filter_map(|line| Some((line.catalog_version.as_ref()?, line.product.as_deref()?)));
    let products: Vec<_> = products.collect();
    let names = ProductNames::named(app, &products).await?;
    let name = |line: &TaskLine| {
        let name = names.name(line.catalog_version.as_ref()?, line.product.as_deref()?);
        (!name.is_empty()).then(|| name.to_owned())
    };
    let rows = found
        .into_iter()
        .map(|line| {
            vec![
                json!(format!("{}:{}", line.source, line.external_id)),
                json!(line.title),
                json!(line.status),
                json!(line.due),
                json!(line.product),
                json!(name(&line)),
                json!(line.mapping),
                json!(line.id),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Nhiệm vụ tìm thấy", "Tasks found"),
        columns: vec![
            Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"),
            Column::words("title", "Nội dung", "Title", Words::Title),
            Column::words("status", "Trạng thái", "State", Words::TaskStatus),
            Column::left("due", "Hạn", "Due"),
            Column::left("product", "Sản phẩm", "Product"),
            Column::left("product_name", "Tên sản phẩm", "Product name"),
            Column::words("mapping", "Xét sản phẩm", "Mapping", Words::Mapping),
            Column::right("number", "Số", "Number"),
        ],
        rows,
    }))
}

/// People with all words in number or name, by staff number.
pub(super) async fn people(app: &App, text: &str, limit: u32) -> Answer {
    let sought = Sought::name(text);
    let directory = app.directory().await?;
    let year = Period::Year(Period::quarter_of(app.clock.today()).year());
    let mut found: Vec<_> = directory
        .people()
        .filter(|_| !sought.is_empty())
        .filter(|person| {
            sought.fits(&format!("{} {}", person.staff_number, person.full_name), &app.policy.abbreviations)
        })
        .collect();
    found.sort_by(|a, b| a.staff_number.as_str().cmp(b.staff_number.as_str()));
    let rows = found
        .into_iter()
        .take(limit as usize)
        .map(|person| {
            let post = directory.last_post(person.id, year);
            let unit = post.and_then(|post| directory.unit(&post.unit)).map(|unit| unit.name.clone());
            vec![
                json!(person.staff_number.as_str()),
                json!(person.full_name),
                json!(post.map(|post| post.post.clone())),
                json!(unit),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Người tìm thấy", "People found"),
        columns: vec![
            Column::left("staff_number", "Số hiệu", "Staff number"),
            Column::left("full_name", "Họ và tên", "Name"),
            Column::left("post", "Chức vụ", "Post"),
            Column::left("unit", "Đơn vị", "Unit"),
        ],
        rows,
    }))
}
