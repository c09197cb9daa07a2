//! The order `record show`: one record with its revisions and everything people wrote about it.
//!
//! Owns the tables alone: what stands is gathered by `pipeline::written`. It changes nothing.

use super::{Answer, App, person};
use crate::domain::{Exact, Period};
use crate::error::Text;
use crate::pipeline::command::{Column, Document, Outcome, PersonRef};
use crate::pipeline::opinion::party_opinion_missing;
use crate::pipeline::wording::Words;
use crate::pipeline::written::{Points, Word};
use crate::store::{Hold, Notice, Opinion, Petition, PetitionAnswer, Revision};
use serde_json::json;

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
        ("opinions".into(), opinions(&written.opinions)),
        ("holds".into(), holds(&written.holds)),
        ("notices".into(), notices(&written.notices)),
        ("petitions".into(), petitions(&written.petitions)),
    ];
    let mut findings: Vec<_> = app.store.difference(id, period).await?.into_iter().collect();
    let reviewed = written.words.iter().any(|word| word.what == "party_opinion");
    if latest.is_some() && !reviewed && app.lacks_party_opinion(id, period).await? {
        findings.push(party_opinion_missing(1, period));
    }
    Ok(Outcome::with_findings(Document::Parts { parts }, findings))
}

fn record(title: Text, revisions: &[Revision], latest: Option<&Revision>) -> Document {
    // Delivery changes the state of the newest revision, which stays as it was written.
    let state = |of: &Revision| {
        let newest = latest.filter(|latest| latest.revision == of.revision);
        newest.map_or(of.state, |latest| latest.state)
    };
    let said = |of: &Revision, pointer: &str| of.content.pointer(pointer).cloned().unwrap_or_default();
    Document::listed(
        title,
        revisions,
        vec![
            (Column::right("revision", "Phiên bản", "Revision"), &|of| json!(of.revision)),
            (Column::words("state", "Trạng thái", "State", Words::RecordState), &|of| json!(state(of))),
            (Column::right("total", "Tổng", "Total"), &|of| said(of, "/parts/total/printed")),
            (Column::words("level", "Mức", "Level", Words::Level), &|of| said(of, "/level")),
            (Column::left("author", "Người lập", "Author"), &|of| json!(of.author)),
            (Column::left("at", "Lúc", "At"), &|of| json!(of.at)),
            (Column::left("reason", "Lý do", "Reason"), &|of| json!(of.reason)),
            (Column::left("decision_no", "Quyết định số", "Decision"), &|of| {
                said(of, "/ruling/decision_no")
            }),
        ],
    )
}

fn words(words: &[Word]) -> Document {
    Document::listed(
        Text::new("Nhận xét, tự đánh giá, biên bản", "What people wrote"),
        words,
        vec![
            (Column::words("what", "Mục", "What", Words::Written), &|word| json!(word.what)),
            (Column::left("text", "Nội dung", "Text"), &|word| json!(word.text)),
            (Column::words("level", "Mức đề xuất", "Level proposed", Words::Level), &|word| {
                json!(word.level.map(|level| level.as_str()))
            }),
            (Column::left("author", "Người ghi", "Author"), &|word| json!(word.by)),
            (Column::left("at", "Lúc", "At"), &|word| json!(word.at)),
        ],
    )
}

fn criteria(points: &[Points]) -> Document {
    let text = |points: &Option<Exact>| json!(points.as_ref().map(Exact::to_text));
    Document::listed(
        Text::new("Tiêu chí chung", "General criteria"),
        points,
        vec![
            (Column::left("item", "Mục", "Item"), &|of| json!(of.item)),
            (Column::left("name", "Tiêu chí", "Criterion"), &|of| json!(of.name)),
            (Column::right("most", "Tối đa", "Most"), &|of| json!(of.most)),
            (Column::right("own", "Tự chấm", "Own"), &|of| text(&of.own)),
            (Column::right("scorer", "Người đánh giá chấm", "Scorer"), &|of| text(&of.scorer)),
        ],
    )
}

fn opinions(opinions: &[Opinion]) -> Document {
    Document::listed(
        Text::new("Ý kiến trước khi quyết định", "Opinions before the decision"),
        opinions,
        vec![
            (Column::words("kind", "Của ai", "Whose", Words::Opinion), &|of| json!(of.kind)),
            (Column::left("body", "Cơ quan", "Body"), &|of| json!(of.body)),
            (Column::left("said_on", "Ngày", "On"), &|of| json!(of.said_on)),
            (Column::left("document", "Văn bản", "Document"), &|of| json!(of.document)),
            (Column::left("text", "Nội dung", "Text"), &|of| json!(of.words)),
            (Column::left("author", "Người ghi", "Written by"), &|of| json!(of.author)),
            (Column::left("at", "Lúc", "At"), &|of| json!(of.at)),
        ],
    )
}

fn holds(holds: &[Hold]) -> Document {
    let released = |hold: &Hold| hold.released.clone();
    Document::listed(
        Text::new("Tạm dừng để xác minh", "Holds"),
        holds,
        vec![
            (Column::left("at", "Từ", "Since"), &|hold| json!(hold.at)),
            (Column::left("author", "Người yêu cầu", "Ordered by"), &|hold| json!(hold.author)),
            (Column::left("reason", "Lý do", "Reason"), &|hold| json!(hold.reason)),
            (Column::left("document", "Văn bản", "Document"), &|hold| json!(hold.document)),
            (Column::left("released", "Kết thúc", "Released"), &|hold| {
                json!(released(hold).map(|(at, ..)| at))
            }),
            (Column::left("released_by", "Người kết thúc", "Released by"), &|hold| {
                json!(released(hold).map(|(_, by, _)| by))
            }),
            (Column::left("result", "Kết luận", "Result"), &|hold| {
                json!(released(hold).map(|(.., result)| result))
            }),
        ],
    )
}

fn notices(notices: &[Notice]) -> Document {
    Document::listed(
        Text::new("Thông báo kết quả", "Notices"),
        notices,
        vec![
            (Column::right("revision", "Phiên bản", "Revision"), &|notice| json!(notice.revision)),
            (Column::left("told_on", "Ngày", "On"), &|notice| json!(notice.told_on)),
            (Column::left("how", "Hình thức", "How"), &|notice| json!(notice.how)),
            (Column::left("document", "Văn bản", "Document"), &|notice| json!(notice.document)),
            (Column::left("author", "Người ghi", "Written by"), &|notice| json!(notice.author)),
        ],
    )
}

fn petitions(petitions: &[Petition]) -> Document {
    fn answer(of: &Petition) -> Option<&PetitionAnswer> {
        of.answer.as_ref()
    }
    Document::listed(
        Text::new("Kiến nghị", "Petitions"),
        petitions,
        vec![
            (Column::right("id", "Số", "Id"), &|of| json!(of.id)),
            (Column::left("received_on", "Nhận ngày", "Received"), &|of| json!(of.received_on)),
            (Column::left("due_on", "Hạn trả lời", "Due"), &|of| json!(of.due_on)),
            (Column::left("content", "Nội dung", "Content"), &|of| json!(of.content)),
            (Column::left("document", "Văn bản", "Document"), &|of| json!(of.document)),
            (Column::words("outcome", "Kết quả", "Outcome", Words::Petition), &|of| {
                json!(answer(of).map_or("open", |answer| answer.outcome.as_str()))
            }),
            (Column::left("answered_on", "Trả lời ngày", "Answered on"), &|of| {
                json!(answer(of).map(|answer| answer.on))
            }),
            (Column::left("answer", "Nội dung trả lời", "Answer"), &|of| {
                json!(answer(of).map(|answer| &answer.answer))
            }),
            (Column::left("answered_by", "Người trả lời", "Answered by"), &|of| {
                json!(answer(of).map(|answer| &answer.by))
            }),
            (Column::left("answer_document", "Văn bản trả lời", "Answer's document"), &|of| {
                json!(answer(of).and_then(|answer| answer.document.as_ref()))
            }),
        ],
    )
}
