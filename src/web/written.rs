//! What people wrote about one record, as sections of its page: words of the forms, points of the general criteria, holds,
//! notices, petitions, opinions. A section nobody wrote anything for is left out. Of holds, petitions and opinions the page, which asks for no
//! login, shows state and days alone; what was written in them is for `record show` and `data person`.

use super::table::{Cell, Section};
use super::{Visit, Web, format, words};
use crate::domain::{Exact, Period, PersonId};
use crate::error::Finding;
use crate::pipeline::wording::{Words, word};
use crate::pipeline::written::{Points, Word};
use crate::store::{Hold, Notice, Opinion, Petition};

/// The sections there is something for.
pub(super) async fn sections(
    web: &Web,
    visit: &Visit,
    person: PersonId,
    period: Period,
) -> Result<Vec<Section>, Finding> {
    let revisions = web.app.store.revisions(person, period).await.map_err(|error| error.finding())?;
    let written = web.app.written(person, period, &revisions).await?;
    let mut sections = Vec::new();
    if !written.words.is_empty() {
        sections.push(said(visit, &written.words));
    }
    if !written.points.is_empty() {
        sections.push(criteria(visit, &written.points));
    }
    if !written.opinions.is_empty() {
        sections.push(opinions(visit, &written.opinions));
    }
    if !written.holds.is_empty() {
        sections.push(holds(visit, &written.holds));
    }
    if !written.notices.is_empty() {
        sections.push(notices(visit, &written.notices));
    }
    if !written.petitions.is_empty() {
        sections.push(petitions(visit, &written.petitions));
    }
    Ok(sections)
}

fn said(visit: &Visit, all: &[Word]) -> Section {
    let mut section = Section::table(
        visit,
        "words",
        visit.say("Tự đánh giá, nhận xét, biên bản", "Self-assessment, comments, minutes"),
        &[("Mục", "What"), ("Nội dung", "Text"), ("Ai", "Who")],
        ("–", "–"),
    );
    for one in all {
        let level = one.level.map(|level| {
            format!("{} {}", visit.say("đề xuất:", "proposed:"), words::level(Some(level), visit.lang).0)
        });
        let text = one.text.clone().or(level).unwrap_or_else(|| visit.say("đã ký", "signed").to_owned());
        let who = Cell::text(one.by.clone().unwrap_or_default());
        section.push(
            one.what,
            vec![
                Cell::text(word(Words::Written, one.what, visit.lang)),
                Cell::text(text),
                who.note(one.at.map(format::instant).unwrap_or_default()),
            ],
        );
    }
    section
}

fn criteria(visit: &Visit, all: &[Points]) -> Section {
    let number = |points: &Option<Exact>| {
        let text = points.as_ref().map(|points| format::decimal(&points.to_text(), visit.lang));
        Cell::num(text.unwrap_or_else(|| "–".to_owned()))
    };
    let mut section = Section::table(
        visit,
        "criteria",
        visit.say("Tiêu chí chung, từng mục", "General criteria, item by item"),
        &[
            ("Mục", "Item"),
            ("Tiêu chí (mẫu số 01)", "Criterion (form 01)"),
            ("#Tối đa", "#Most"),
            ("#Tự chấm", "#Own"),
            ("#Người đánh giá", "#Scorer"),
        ],
        ("–", "–"),
    );
    for of in all {
        section.push(
            of.item,
            vec![
                Cell::mono(of.item),
                Cell::text(of.name),
                Cell::num(format::decimal(of.most, visit.lang)),
                number(&of.own),
                number(&of.scorer),
            ],
        );
    }
    section
}

/// A document below what rests on it.
fn by(visit: &Visit, document: Option<&String>) -> String {
    document.map_or_else(String::new, |document| format!("{} {document}", visit.say("văn bản", "document")))
}

fn opinions(visit: &Visit, all: &[Opinion]) -> Section {
    let mut section = Section::table(
        visit,
        "opinions",
        visit.say("Ý kiến trước khi quyết định", "Opinions before the decision"),
        &[("Của ai", "Whose"), ("Ngày", "On"), ("Văn bản", "Document"), ("Ai ghi", "Written down by")],
        ("–", "–"),
    )
    .note(visit.say("Nội dung: xem bằng `record show`.", "What they say: look at `record show`."));
    for opinion in all {
        let whose = Cell::text(word(Words::Opinion, &opinion.kind, visit.lang));
        section.push(
            format!("{}-{}", opinion.kind, opinion.at),
            vec![
                whose.note(opinion.body.clone().unwrap_or_default()),
                Cell::text(format::day(opinion.said_on)),
                Cell::text(opinion.document.clone().unwrap_or_else(|| "–".to_owned())),
                Cell::text(opinion.author.clone()).note(format::instant(opinion.at)),
            ],
        );
    }
    section
}

fn holds(visit: &Visit, all: &[Hold]) -> Section {
    let mut section =
        Section::table(
            visit,
            "holds",
            visit.say("Tạm dừng để xác minh", "Holds"),
            &[("Từ", "Since"), ("Kết thúc", "Released")],
            ("–", "–"),
        )
        .note(visit.say(
            "Lý do và kết luận: xem bằng `record show`.",
            "Reasons and conclusions: look at `record show`.",
        ));
    for hold in all {
        let released = match &hold.released {
            Some((at, ..)) => Cell::text(format::instant(*at)),
            None => Cell::tag((visit.say("đang tạm dừng", "still held").to_owned(), "warn")),
        };
        section.push(hold.id.to_string(), vec![Cell::text(format::instant(hold.at)), released]);
    }
    section
}

fn notices(visit: &Visit, all: &[Notice]) -> Section {
    let mut section = Section::table(
        visit,
        "notices",
        visit.say("Thông báo kết quả", "Notices of the result"),
        &[("Ngày", "On"), ("#Phiên bản", "#Revision"), ("Hình thức", "How"), ("Ai ghi", "Written down by")],
        ("–", "–"),
    );
    for notice in all {
        section.push(
            format!("{}-{}", notice.revision, notice.at),
            vec![
                Cell::text(format::day(notice.told_on)),
                Cell::num(notice.revision.to_string()),
                Cell::text(notice.how.clone()).note(by(visit, notice.document.as_ref())),
                Cell::text(notice.author.clone()).note(format::instant(notice.at)),
            ],
        );
    }
    section
}

fn petitions(visit: &Visit, all: &[Petition]) -> Section {
    let mut section = Section::table(
        visit,
        "petitions",
        visit.say("Kiến nghị", "Petitions"),
        &[
            ("#Số", "#Id"),
            ("Nhận ngày", "Received"),
            ("Hạn trả lời", "Due"),
            ("Kết quả", "Outcome"),
            ("Trả lời ngày", "Answered on"),
        ],
        ("–", "–"),
    )
    .note(visit.say(
        "Nội dung và câu trả lời: xem bằng `record show`.",
        "Contents and answers: look at `record show`.",
    ));
    for petition in all {
        let answer = petition.answer.as_ref();
        let outcome = answer.map_or("open", |answer| answer.outcome.as_str());
        let outcome = word(Words::Petition, outcome, visit.lang).into_owned();
        let answered = answer.map_or_else(|| "–".to_owned(), |answer| format::day(answer.on));
        section.push(
            petition.id.to_string(),
            vec![
                Cell::num(petition.id.to_string()),
                Cell::text(format::day(petition.received_on)),
                Cell::text(format::day(petition.due_on)),
                if answer.is_some() { Cell::text(outcome) } else { Cell::tag((outcome, "warn")) },
                Cell::text(answered),
            ],
        );
    }
    section
}
