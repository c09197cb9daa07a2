//! The order `record opinion`: an opinion about a result is written down.
//!
//! Owns who may: whoever scores or classifies the person, the province's chair in the chair's name, or an office with a document;
//! never the person. It must not know what an opinion is asked for. One that is not whole is refused, and who tried what they may
//! not stands in the journal.

use super::life::{allowed, oversees};
use super::{Answer, App, Refusal, author, person};
use crate::domain::Period;
use crate::error::{Finding, Place, Text};
use crate::evaluation::opinion::{Given, OpinionKind, check};
use crate::pipeline::command::{Outcome, PersonRef};
use crate::store::Opinion;
use chrono::NaiveDate;

/// An opinion as ordered.
pub(super) struct Saying {
    pub person: PersonRef,
    pub period: Period,
    pub kind: String,
    pub body: Option<String>,
    pub on: Option<NaiveDate>,
    pub document: Option<String>,
    pub words: String,
    pub author: String,
}

/// Writes it down.
pub(super) async fn keep(app: &App, order: Saying) -> Answer {
    let who = author(&order.author)?;
    let id = person(app, &order.person).await?;
    let Some(kind) = OpinionKind::parse(&order.kind) else { return Err(unknown(&order.kind)) };
    let (today, period) = (app.clock.today(), order.period);
    let on = order.on.unwrap_or(today);
    let document = order.document.as_deref();
    let body = order.body.as_deref();
    check(Given { kind, period, body, on, document, words: &order.words }, today)?;
    let directory = app.directory().await?;
    let may = oversees(app, &directory, (id, period), (who, document));
    // The chair's own word; nobody's about themselves.
    let chair = directory.named(who).filter(|author| *author != id && kind == OpinionKind::Chair);
    let may = if chair.is_some_and(|author| directory.leads_all(author, today)) { Ok(()) } else { may };
    allowed(app, may, id, period, who).await?;
    let trimmed =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let opinion = Opinion {
        person: id,
        period,
        kind: kind.as_str().to_owned(),
        body: trimmed(order.body),
        said_on: on,
        document: trimmed(order.document),
        words: order.words.trim().to_owned(),
        author: who.to_owned(),
        at: app.clock.now(),
    };
    app.store.add_opinion(&opinion).await?;
    // A decision of the evaluation software may wait for it.
    app.ring("decide");
    Ok(Outcome::done(
        format!("đã ghi ý kiến ngày {}", on.format("%d/%m/%Y")),
        format!("opinion of {on} written down"),
    ))
}

fn unknown(kind: &str) -> Refusal {
    Finding::error(
        "LT-REC-093",
        Text::new(
            format!("không có loại ý kiến \"{kind}\""),
            format!("there is no opinion of kind \"{kind}\""),
        ),
        Text::new(
            "ghi chair, party_committee hoặc related_body",
            "give chair, party_committee or related_body",
        ),
    )
    .at(Place::of("--of"))
    .into()
}
