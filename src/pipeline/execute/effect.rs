//! What an order about products moves, as it is shown: how much, which waiting tasks follow it by their text, whose scores.
//!
//! Owns these fields and tables for every such order, tried or given, and nothing that changes anything. It must not know
//! how they are computed.

use crate::directory::Directory;
use crate::domain::Level;
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Field};
use crate::pipeline::foreseen::ByText;
use crate::pipeline::review::Effect;
use crate::pipeline::what_if::{Compared, Side};
use crate::pipeline::wording::Words;
use serde_json::json;

/// Scores shown of an order's effect.
const SHOWN: usize = 500;

/// How much an order moves.
pub(super) fn effect_fields(effect: &Effect) -> [Field; 6] {
    let totals = &effect.totals;
    [
        Field::new(
            "by_text",
            "Việc đang chờ sẽ được gán theo nội dung",
            "Waiting tasks mapped by their text",
            effect.by_text.tasks,
        ),
        Field::new("moved", "Điểm thay đổi", "Scores moved", totals.moved),
        Field::new("up", "Tăng", "Up", totals.up),
        Field::new("down", "Giảm", "Down", totals.down),
        Field::new("bands_changed", "Đổi mức", "Bands changed", totals.bands_changed()),
        Field::new(
            "not_computed",
            "Chưa tính trước (lãnh đạo phụ trách đông người)",
            "Not computed ahead (leaders of many people)",
            effect.beyond,
        ),
    ]
}

/// The waiting tasks that follow an order by their text, where there are any, and whose scores it moves, as parts of a document.
pub(super) fn effect_parts(directory: &Directory, effect: &Effect) -> Vec<(String, Document)> {
    let by_text = &effect.by_text;
    let following = (by_text.tasks > 0).then(|| ("following".to_owned(), following(by_text)));
    let moved = ("moved".to_owned(), moved_table(directory, effect.moved.iter().take(SHOWN)));
    following.into_iter().chain([moved]).collect()
}

/// The first waiting tasks text maps once an order is learned; the heading says how many others there are.
fn following(by_text: &ByText) -> Document {
    let mut title =
        Text::new("Việc đang chờ sẽ được gán theo nội dung", "Waiting tasks mapped by their text");
    match by_text.not_named() {
        0 => {}
        more => {
            title.vi = format!("{}: {} việc đầu, còn {more} việc nữa", title.vi, by_text.named.len());
            title.en = format!("{}: the first {}, and {more} more", title.en, by_text.named.len());
        }
    }
    Document::listed(
        title,
        &by_text.named,
        vec![
            (Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"), &|one| json!(one.key)),
            (Column::words("title", "Nội dung", "Title", Words::Title), &|one| json!(one.title)),
            (Column::words("now", "Hiện tại", "Now", Words::Mapping), &|one| json!(one.now)),
            (Column::left("thought", "Gần nhất hiện tại", "Nearest now"), &|one| json!(one.thought)),
            (Column::left("product", "Sẽ là sản phẩm", "Becomes"), &|one| json!(one.product)),
            (Column::left("product_name", "Tên sản phẩm", "Product name"), &|one| {
                json!(one.product_name)
            }),
            (Column::right("number", "Số", "Number"), &|one| json!(one.task)),
        ],
    )
}

/// Whose scores move, by how much, and whether the band is another one.
pub(super) fn moved_table<'a>(directory: &Directory, moved: impl Iterator<Item = &'a Compared>) -> Document {
    let rows = moved
        .map(|one| {
            let known = directory.person(one.person);
            // Both figures and their difference are of one part: totals, or R·70 where a side has that alone.
            let sides = || one.before.iter().chain(&one.after);
            let whole = !sides().any(|side| side.total.is_none() && side.task_part.is_some());
            let printed = |side: &Option<Side>| {
                let side = side.as_ref()?;
                let figure = if whole { &side.total } else { &side.task_part };
                figure.as_ref().map(|(_, printed)| printed.clone())
            };
            let level = |side: &Option<Side>| side.as_ref().and_then(|side| side.level).map(Level::as_str);
            let difference =
                one.difference().map(|exact| exact.round(2, crate::domain::exact::RoundingMode::HalfUp));
            vec![
                json!(known.map(|known| known.staff_number.to_string())),
                json!(known.map(|known| known.full_name.clone())),
                json!(one.unit),
                json!(one.period),
                json!(if whole { "total" } else { "task_part" }),
                json!(printed(&one.before)),
                json!(printed(&one.after)),
                json!(difference),
                json!(level(&one.before)),
                json!(level(&one.after)),
            ]
        })
        .collect();
    Document::Table {
        title: Text::new("Điểm thay đổi", "Scores that move"),
        columns: vec![
            Column::left("person", "Số hiệu", "Person"),
            Column::left("name", "Họ tên", "Name"),
            Column::left("unit", "Đơn vị", "Unit"),
            Column::left("period", "Kỳ", "Period"),
            Column::words("part", "Phần", "Part", Words::ScorePart),
            Column::right("before", "Trước", "Before"),
            Column::right("after", "Sau", "After"),
            Column::right("difference", "Chênh lệch", "Difference"),
            Column::words("level_before", "Mức trước", "Level before", Words::Level),
            Column::words("level_after", "Mức sau", "Level after", Words::Level),
        ],
        rows,
    }
}
