//! The order `record show`: one record with its revisions and everything people wrote about it.
//!
//! Owns the tables alone: what stands is gathered by `pipeline::written`. It changes nothing.

use super::{Answer, App, person};
use crate::domain::{Exact, Period};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome, PersonRef};
use crate::pipeline::wording::Words;
use crate::pipeline::written::{Points, Word};
use crate::store::{Hold, Notice, Petition, Revision};
use serde_json::{Value, json};

pub(super) async fn show(app: &App, whose: &PersonRef, period: Period) -> Answer {
    let id = person(app, whose).await?;
    let revisions = app.store.revisions(id, period).await?;
    let latest = app.store.latest_revision(id, period).await?;
    let written = app.written(id, period, &revisions).await?;
    let title = Text::new(format!("Hồ sơ {whose} kỳ {period}"), format!("Record of {whose} for {period}"));
    let parts = vec![
        ("record".into(), record(title, &revisions, latest.as_ref())),
        ("words".into(), words(&written.words)),
        ("criteria".into(), criteria(&written.points)),
        ("holds".into(), holds(&written.holds)),
        ("notices".into(), notices(&written.notices)),
        ("petitions".into(), petitions(&written.petitions)),
    ];
    let findings = app.store.difference(id, period).await?.into_iter().collect();
    Ok(Outcome::with_findings(Document::Parts { parts }, findings))
}

fn record(title: Text, revisions: &[Revision], latest: Option<&Revision>) -> Document {
    let row = |revision: &Revision| {
        // Delivery changes the state of the newest revision, which stays as it was written.
        let newest = latest.filter(|latest| latest.revision == revision.revision);
        vec![
            json!(revision.revision),
            json!(newest.map_or(revision.state, |latest| latest.state)),
            revision.content.pointer("/parts/total/printed").cloned().unwrap_or_default(),
            revision.content.pointer("/level").cloned().unwrap_or_default(),
            json!(revision.author),
            json!(revision.at),
            json!(revision.reason),
            revision.content.pointer("/ruling/decision_no").cloned().unwrap_or_default(),
        ]
    };
    Document::Table {
        title,
        columns: vec![
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::RecordState),
            Column::right("total", "Tổng", "Total"),
            Column::words("level", "Mức", "Level", Words::Level),
            Column::left("author", "Người lập", "Author"),
            Column::left("at", "Lúc", "At"),
            Column::left("reason", "Lý do", "Reason"),
            Column::left("decision_no", "Quyết định số", "Decision"),
        ],
        rows: revisions.iter().map(row).collect(),
    }
}

fn words(words: &[Word]) -> Document {
    let row = |word: &Word| {
        let level = word.level.map(|level| level.as_str());
        vec![json!(word.what), json!(word.text), json!(level), json!(word.by), json!(word.at)]
    };
    Document::Table {
        title: Text::new("Nhận xét, tự đánh giá, biên bản", "What people wrote"),
        columns: vec![
            Column::words("what", "Mục", "What", Words::Written),
            Column::left("text", "Nội dung", "Text"),
            Column::words("level", "Mức đề xuất", "Level proposed", Words::Level),
            Column::left("author", "Người ghi", "Author"),
            Column::left("at", "Lúc", "At"),
        ],
        rows: words.iter().map(row).collect(),
    }
}

fn criteria(points: &[Points]) -> Document {
    let text = |points: &Option<Exact>| json!(points.as_ref().map(Exact::to_text));
    let row =
        |of: &Points| vec![json!(of.item), json!(of.name), json!(of.most), text(&of.own), text(&of.scorer)];
    Document::Table {
        title: Text::new("Tiêu chí chung", "General criteria"),
        columns: vec![
            Column::left("item", "Mục", "Item"),
            Column::left("name", "Tiêu chí", "Criterion"),
            Column::right("most", "Tối đa", "Most"),
            Column::right("own", "Tự chấm", "Own"),
            Column::right("scorer", "Người đánh giá chấm", "Scorer"),
        ],
        rows: points.iter().map(row).collect(),
    }
}

fn holds(holds: &[Hold]) -> Document {
    let row = |hold: &Hold| {
        let (at, by, result) = match &hold.released {
            Some((at, by, result)) => (json!(at), json!(by), json!(result)),
            None => (Value::Null, Value::Null, Value::Null),
        };
        vec![json!(hold.at), json!(hold.author), json!(hold.reason), json!(hold.document), at, by, result]
    };
    Document::Table {
        title: Text::new("Tạm dừng để xác minh", "Holds"),
        columns: vec![
            Column::left("at", "Từ", "Since"),
            Column::left("author", "Người yêu cầu", "Ordered by"),
            Column::left("reason", "Lý do", "Reason"),
            Column::left("document", "Văn bản", "Document"),
            Column::left("released", "Kết thúc", "Released"),
            Column::left("released_by", "Người kết thúc", "Released by"),
            Column::left("result", "Kết luận", "Result"),
        ],
        rows: holds.iter().map(row).collect(),
    }
}

fn notices(notices: &[Notice]) -> Document {
    let row = |notice: &Notice| {
        vec![
            json!(notice.revision),
            json!(notice.told_on),
            json!(notice.how),
            json!(notice.document),
            json!(notice.author),
        ]
    };
    Document::Table {
        title: Text::new("Thông báo kết quả", "Notices"),
        columns: vec![
            Column::right("revision", "Phiên bản", "Revision"),
            Column::left("told_on", "Ngày", "On"),
            Column::left("how", "Hình thức", "How"),
            Column::left("document", "Văn bản", "Document"),
            Column::left("author", "Người ghi", "Written by"),
        ],
        rows: notices.iter().map(row).collect(),
    }
}

fn petitions(petitions: &[Petition]) -> Document {
    let row = |petition: &Petition| {
        let answer = petition.answer.as_ref();
        vec![
            json!(petition.id),
            json!(petition.received_on),
            json!(petition.due_on),
            json!(petition.content),
            json!(petition.document),
            json!(answer.map_or("open", |answer| answer.outcome.as_str())),
            json!(answer.map(|answer| answer.on)),
            json!(answer.map(|answer| &answer.answer)),
            json!(answer.map(|answer| &answer.by)),
            json!(answer.and_then(|answer| answer.document.as_ref())),
        ]
    };
    Document::Table {
        title: Text::new("Kiến nghị", "Petitions"),
        columns: vec![
            Column::right("id", "Số", "Id"),
            Column::left("received_on", "Nhận ngày", "Received"),
            Column::left("due_on", "Hạn trả lời", "Due"),
            Column::left("content", "Nội dung", "Content"),
            Column::left("document", "Văn bản", "Document"),
            Column::words("outcome", "Kết quả", "Outcome", Words::Petition),
            Column::left("answered_on", "Trả lời ngày", "Answered on"),
            Column::left("answer", "Nội dung trả lời", "Answer"),
            Column::left("answered_by", "Người trả lời", "Answered by"),
            Column::left("answer_document", "Văn bản trả lời", "Answer's document"),
        ],
        rows: petitions.iter().map(row).collect(),
    }
}
