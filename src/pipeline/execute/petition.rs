//! Orders about petitions: opened, answered, listed.
//!
//! Owns who may write one down and who may answer it, and what each does to the record. It must not know how deadlines
//! are counted or where petitions are kept. Nothing is half-done: petition and hold are one transaction.

use super::life::{allowed, oversees, subject_of};
use super::{Answer, App, author, person};
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Period, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::evaluation::{life, petition};
use crate::pipeline::command::{Column, Document, Outcome, PersonRef};
use crate::pipeline::decide::own_record;
use crate::pipeline::wording::Words;
use crate::store::{Petition, PetitionAnswer};
use chrono::NaiveDate;
use serde_json::json;

/// A petition as ordered.
pub(super) struct Opening {
    pub person: PersonRef,
    pub period: Period,
    pub received_on: Option<NaiveDate>,
    pub content: String,
    pub document: Option<String>,
    pub hold: bool,
    pub author: String,
}

/// Writes down a petition. Anybody may bring one in, the person above all; it decides nothing by itself. A hold is the
/// superior's word (plan IV.4.2.d): asked for by anybody else, the petition is kept without one, so that no deadline of its
/// answer is lost and nobody stops their own result.
pub(super) async fn open(app: &App, order: Opening) -> Answer {
    let who = author(&order.author)?;
    let id = person(app, &order.person).await?;
    let today = app.clock.today();
    let received_on = order.received_on.unwrap_or(today);
    petition::check(&order.content, received_on, today)?;
    let Some(latest) = app.store.latest_revision(id, order.period).await? else {
        return Err(super::no_score::no_score_in(app, &order.person, order.period).await.into());
    };
    let due_on = petition::due_on(received_on, &app.policy.calendar);
    let (mut hold, mut refused) = (order.hold, None);
    if hold {
        let directory = app.directory().await?;
        let by = (who, order.document.as_deref());
        if let Err(why) = oversees(app, &directory, (id, order.period), by) {
            let object = format!("record {id} {}", order.period);
            app.store.note(app.clock.now(), who, "move_refused", object, Some(&why.code)).await?;
            (hold, refused) = (false, Some(no_hold(&order.person, order.period)));
        }
    }
    let new = Petition {
        id: 0,
        person: id,
        period: order.period,
        revision: latest.revision,
        received_on,
        due_on,
        content: order.content.trim().to_owned(),
        document: order.document,
        opened_by: who.to_owned(),
        opened_at: app.clock.now(),
        answer: None,
    };
    let number = app.store.open_petition(&new, hold).await?;
    let findings = petition::overdue(number, due_on, today).into_iter().chain(refused).collect();
    let text = Text::new(
        format!("kiến nghị số {number}; trả lời chậm nhất ngày {}", due_on.format("%d/%m/%Y")),
        format!("petition {number}; to be answered by {due_on}"),
    );
    Ok(Outcome::with_findings(Document::Message { text }, findings))
}

/// An answer as ordered.
pub(super) struct Answering {
    pub id: i64,
    pub outcome: String,
    pub answer: String,
    pub on: Option<NaiveDate>,
    pub document: Option<String>,
    pub author: String,
}

/// Answers a petition: who decides the result, or an office by a document, and never the person themselves.
pub(super) async fn answer(app: &App, order: Answering) -> Answer {
    let who = author(&order.author)?;
    let today = app.clock.today();
    let on = order.on.unwrap_or(today);
    petition::check_outcome(&order.outcome)?;
    petition::check(&order.answer, on, today)?;
    let open = app.store.petition(order.id).await?.filter(|petition| petition.answer.is_none());
    let Some(open) = open else { return Err(not_open(order.id).into()) };
    let directory = app.directory().await?;
    let (id, period) = (open.person, open.period);
    let duty = if period.is_year() { Duty::Classify } else { Duty::Score };
    let document = order.document.as_deref();
    let judged = match subject_of(&directory, id) {
        Some(subject) if life::is_own(subject, who) => Err(Box::new(own_record(period))),
        _ => directory.check_author(Judged {
            subject: id,
            period,
            duty,
            author: who,
            at: app.clock.now(),
            document,
        }),
    };
    allowed(app, judged, id, period, who).await?;
    let upheld = order.outcome != "rejected";
    let answer = PetitionAnswer {
        on,
        outcome: order.outcome,
        answer: order.answer.trim().to_owned(),
        document: order.document,
        by: who.to_owned(),
        at: app.clock.now(),
    };
    if !app.store.answer_petition(order.id, &answer).await? {
        return Err(not_open(order.id).into());
    }
    app.ring("decide");
    let late = petition::overdue(order.id, open.due_on, on);
    let text = if upheld {
        Text::new(
            "đã trả lời; sửa số liệu rồi dùng `record correct` với lý do là kiến nghị này",
            "answered; correct the data, then use `record correct` with this petition as its reason",
        )
    } else {
        Text::new("đã trả lời; kết quả giữ nguyên", "answered; the result stands")
    };
    Ok(Outcome::with_findings(Document::Message { text }, late.into_iter().collect()))
}

impl App {
    /// Open petitions that are late or have to be answered within two working days, 20 at most, the earliest deadline first,
    /// each with what is told of it.
    pub(crate) async fn pressing_petitions(&self) -> Result<Vec<(Petition, Finding)>, Finding> {
        let open = self.store.petitions(true, 20).await.map_err(|error| error.finding())?;
        let told = |petition: Petition| pressing(self, &petition).map(|told| (petition, told));
        Ok(open.into_iter().filter_map(told).collect())
    }
}

/// What is told of an open petition today.
fn pressing(app: &App, open: &Petition) -> Option<Finding> {
    let today = app.clock.today();
    let late = petition::overdue(open.id, open.due_on, today);
    late.or_else(|| petition::due_soon(open.id, open.due_on, today, &app.policy.calendar))
}

/// Lists petitions, the earliest deadline first.
pub(super) async fn list(app: &App, open: bool, unit: Option<&UnitCode>, limit: u32) -> Answer {
    let directory = app.directory().await?;
    let within = unit.map(|unit| directory.subtree(unit));
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    for petition in app.store.petitions(open, 100_000).await? {
        let post = directory.last_post(petition.person, petition.period);
        let inside = within.as_ref().is_none_or(|units| post.is_some_and(|post| units.contains(&post.unit)));
        if !inside || rows.len() >= limit as usize {
            continue;
        }
        let known = directory.person(petition.person);
        let answer = petition.answer.as_ref();
        if answer.is_none() {
            findings.extend(pressing(app, &petition));
        }
        rows.push(vec![
            json!(petition.id),
            json!(known.map(|known| &known.staff_number)),
            json!(known.map(|known| &known.full_name)),
            json!(petition.period),
            json!(petition.received_on),
            json!(petition.due_on),
            json!(petition.content),
            json!(answer.map_or("open", |answer| answer.outcome.as_str())),
            json!(answer.map(|answer| answer.on)),
            json!(answer.map(|answer| &answer.by)),
        ]);
    }
    findings.truncate(100);
    let table = Document::Table {
        title: Text::new("Kiến nghị", "Petitions"),
        columns: vec![
            Column::right("id", "Số", "Id"),
            Column::left("person", "Số hiệu", "Person"),
            Column::left("name", "Họ và tên", "Name"),
            Column::left("period", "Kỳ", "Period"),
            Column::left("received_on", "Nhận ngày", "Received"),
            Column::left("due_on", "Hạn trả lời", "Due"),
            Column::left("content", "Nội dung", "Content"),
            Column::words("outcome", "Kết quả", "Outcome", Words::Petition),
            Column::left("answered_on", "Trả lời ngày", "Answered"),
            Column::left("answered_by", "Người trả lời", "Answered by"),
        ],
        rows,
    };
    Ok(Outcome::with_findings(table, findings))
}

fn no_hold(whose: &PersonRef, period: Period) -> Finding {
    Finding::warning(
        "LT-REC-048",
        Text::new(
            format!(
                "kiến nghị đã ghi nhưng hồ sơ kỳ {period} của {whose} KHÔNG tạm dừng: người ghi không có thẩm quyền"
            ),
            format!(
                "the petition is kept, but the record of {whose} for {period} is NOT held: its author may not hold it"
            ),
        ),
        Text::new(
            "người chấm, người xếp loại hoặc cơ quan có văn bản dùng `record hold`",
            "who scores or classifies the person, or an office with a document, uses `record hold`",
        ),
    )
}

fn not_open(id: i64) -> Finding {
    Finding::error(
        "LT-REC-056",
        Text::new(
            format!("không có kiến nghị số {id} đang chờ trả lời"),
            format!("there is no open petition {id}"),
        ),
        Text::new("xem `petition list`", "look at `petition list`"),
    )
    .at(Place::of(format!("petition {id}")))
}
