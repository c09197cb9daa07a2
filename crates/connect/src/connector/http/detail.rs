//! Detail calls: what the list does not tell about a record.
//!
//! Owns asking for every declared detail of new and changed records, a few at a time, and putting the
//! answers into the record as `$name`. A record whose detail is refused is rejected alone; one that is not there
//! any more was deleted meanwhile and is left out; where that holds for a whole page, the path is wrong and the
//! run ends, as it does for a source that fails as a whole.

use super::super::expression::value_of;
use super::super::json::{Envelope, Json, members};
use super::super::xml::soap::{Answers, fault_in};
use super::super::{ConnectorError, Detailed, RawRecord, Rejection};
use super::format::{Format, xml_part};
use super::page::{holds, said};
use super::plan::Detail;
use super::{Shared, finding, refusal, soap};
use crate::error::{Disposition, Finding, Text, written_cause};
use crate::transport::{Accept, Method, Reply, Request};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use minijinja::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// So many records of one page without any detail are no coincidence of deletions.
const NO_COINCIDENCE: usize = 3;

/// Adds details to records, in their order.
pub(super) async fn complete(
    shared: &Shared,
    records: Vec<RawRecord>,
) -> Result<Vec<Detailed>, ConnectorError> {
    if shared.plan().details.is_empty() {
        return Ok(records.into_iter().map(Detailed::Complete).collect());
    }
    let detailed: Vec<Detailed> =
        futures_util::stream::iter(records.into_iter().map(|record| one(shared, record)))
            .buffered(shared.details_at_once)
            .try_collect()
            .await?;
    let all_gone = detailed.iter().all(|outcome| matches!(outcome, Detailed::Vanished(_)));
    match detailed.first() {
        Some(Detailed::Vanished(finding)) if all_gone && detailed.len() >= NO_COINCIDENCE => {
            Err(ConnectorError {
                finding: finding.clone(),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            })
        }
        _ => Ok(detailed),
    }
}

/// Those of the records that kept details complete, as they were completed; none where the details do not read.
pub(super) fn completed(records: Vec<RawRecord>, details: &Bytes) -> Option<Vec<RawRecord>> {
    let text = std::str::from_utf8(details).ok()?;
    let known: HashMap<Cow<'_, str>, &str> = members(text).ok()?.into_iter().collect();
    let complete = |record: RawRecord| {
        let body = details.slice_ref(known.get(record.external_id.as_str())?.as_bytes());
        Some(RawRecord { body, ..record })
    };
    Some(records.into_iter().filter_map(complete).collect())
}

async fn one(shared: &Shared, record: RawRecord) -> Result<Detailed, ConnectorError> {
    let place = |what: &str| shared.place(&format!("record {}, {what}", super::excerpt(&record.external_id)));
    let reject = |finding: Finding, what: &str| {
        let place = place(what);
        Ok(Detailed::Rejected(Rejection {
            external_id: Some(record.external_id.clone()),
            index: record.index,
            body: record.body.clone(),
            finding: finding.at(place),
        }))
    };
    let mut text = String::from_utf8_lossy(&record.body).trim_end().to_owned();
    if text.pop() != Some('}') {
        return reject(
            finding::unreadable(
                "LT-SRC-002",
                &Text::new("không phải một đối tượng JSON", "it is no JSON object"),
            ),
            "detail",
        );
    }
    let mut first = text.trim_end().ends_with('{');
    let unread = |why: Text| finding::unreadable("LT-SRC-002", &why);
    let mut context = match context(shared, &record.external_id, &record.body) {
        Ok(context) => context,
        Err(why) => return reject(unread(why), "detail"),
    };
    for detail in &shared.plan().details {
        if detail.needs_details {
            // What those before it answered is part of the record by now.
            context = match self::context(shared, &record.external_id, format!("{text}}}").as_bytes()) {
                Ok(context) => context,
                Err(why) => return reject(unread(why), &format!("detail {}", detail.name)),
            };
        }
        let wanted = match &detail.when {
            None => true,
            Some(when) => match when.evaluate(&context) {
                Ok(value) => value.is_some_and(|value| value.is_true()),
                Err(why) => {
                    return reject(
                        finding::unreadable("LT-SRC-009", &written_cause(&why)),
                        &format!("detail {}.when", detail.name),
                    );
                }
            },
        };
        if !wanted {
            continue;
        }
        let reply = match ask(shared, detail, &context).await? {
            Ok(reply) => reply,
            Err(status @ (404 | 410)) => {
                let finding = finding::vanished(&detail.name, status);
                return Ok(Detailed::Vanished(Box::new(
                    finding.at(place(&format!("detail {}", detail.name))),
                )));
            }
            Err(status) => {
                return reject(
                    finding::detail_refused(&detail.name, status),
                    &format!("detail {}", detail.name),
                );
            }
        };
        let part = match selected(shared, detail, &reply)? {
            Ok(part) => part,
            Err(fault) => return reject(fault, &format!("detail {}", detail.name)),
        };
        if !first {
            text.push(',');
        }
        first = false;
        text.push_str("\"$");
        text.push_str(&detail.name);
        text.push_str("\":");
        text.push_str(&part);
    }
    text.push('}');
    Ok(Detailed::Complete(RawRecord { body: Bytes::from(text), ..record }))
}

fn context(shared: &Shared, key: &str, record: &[u8]) -> Result<Value, Text> {
    let settings = shared.settings.get_attr("settings").unwrap_or_default();
    let user = shared.settings.get_attr("user").unwrap_or_default();
    if !shared.plan().details.iter().any(|detail| detail.needs_record) {
        return Ok(minijinja::context!(settings => settings, user => user, key => key));
    }
    let text = std::str::from_utf8(record).map_err(|error| written_cause(&error))?;
    let json = Json::parse(text).map_err(|error| error.told())?;
    Ok(minijinja::context!(settings => settings, user => user, key => key, record => value_of(&json)))
}

/// The answer, or the status with which it was refused for this record alone.
async fn ask(
    shared: &Shared,
    detail: &Detail,
    context: &Value,
) -> Result<Result<Reply, u16>, ConnectorError> {
    let broken = |why: String| shared.cannot_ask(&why);
    let path = detail.path.render_path(context).map_err(broken)?;
    // Details are JSON, whatever format the list has, unless it is XML.
    let format = match &shared.plan().format {
        Format::Xml(_) => &shared.plan().format,
        _ => &Format::Json,
    };
    let refusal = refusal::of(&shared.loaded, Answers::Record);
    let accept = Accept { body: format.content(), refusal, ..shared.accept.clone() };
    let method = if detail.call.is_some() { Method::Post } else { super::method(detail.method) };
    let mut request = Request::new(method, path).header("accept", format.accept());
    for (name, template) in &detail.query {
        request = request.query(name, template.render(context).map_err(broken)?);
    }
    if let Some(body) = &detail.body {
        request = request.json(&body.render(context).map_err(broken)?);
    }
    if let (Some(plan), Some(call)) = (&shared.plan().soap, &detail.call) {
        request = soap::request(shared, (plan, call), request, context)?;
    }
    match shared.client.fetch(&request, &accept).await {
        Ok(reply) => Ok(Ok(reply)),
        Err(error) => match error.status {
            Some(status @ (400 | 403 | 404 | 405 | 409 | 410 | 422)) => Ok(Err(status)),
            _ => Err(error.into()),
        },
    }
}

/// The part of an answer that is wanted, or the fault with which it was refused for this record alone.
fn selected(
    shared: &Shared,
    detail: &Detail,
    reply: &Reply,
) -> Result<Result<String, Finding>, ConnectorError> {
    let plan = shared.plan();
    let ends = |finding: Finding, disposition| ConnectorError {
        finding: Box::new(finding.at(shared.place(&reply.label))),
        disposition,
        retry_after: reply.retry_after,
    };
    let fail = |finding: Finding| ends(finding, Disposition::RetryLater);
    if let Some(call) = &plan.soap {
        if let Some(fault) = fault_in(&reply.body).map(|fault| fault.without(|text| shared.client.hide(text)))
        {
            let words = &call.section.auth_faults;
            let refused = fault.is_refusal(words, Answers::Record);
            let denied = fault.denies_a_record();
            return match fault.finding(words, Answers::Record) {
                // As a status 400 or 403 would: what was asked for is wrong or not to be seen, not the service.
                (finding, disposition)
                    if !refused && (denied || disposition == Disposition::NeedsOperator) =>
                {
                    Ok(Err(finding))
                }
                (finding, disposition) => Err(ends(finding, disposition)),
            };
        }
        if !plan.status.contains(&reply.status) {
            return Err(fail(finding::not_successful(&format!("HTTP {}", reply.status))));
        }
    }
    let (part, values);
    let text = match (&plan.format, &detail.element) {
        (Format::Xml(xml), Some(place)) => {
            (part, values) = xml_part(&reply.body, place, xml).map_err(fail)?;
            values.as_str()
        }
        _ => {
            part = String::new();
            std::str::from_utf8(&reply.body).map_err(|_| fail(finding::not_text()))?
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    let broken = |error: super::super::json::JsonError| fail(finding::not_json(&error));
    let envelope = Envelope::read(text).map_err(broken)?;
    for (path, one_of) in &plan.checks {
        if !holds(&envelope, path, one_of).map_err(broken)? {
            let said = said(plan, &envelope, |text| shared.client.hide(text)).map_err(broken)?;
            return Err(fail(finding::not_successful(&said)));
        }
    }
    if detail.element.is_some() {
        return Ok(Ok(part));
    }
    let part = envelope.find(&detail.select).map_err(broken)?;
    Ok(Ok(part.map_or_else(|| "null".to_owned(), str::to_owned)))
}
