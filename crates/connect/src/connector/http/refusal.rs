//! Answers that refuse an account or session without a 401.
//!
//! Owns finding them: the fault of a SOAP service, and the values of `[success] refused`. It must not know pauses, which
//! are the transport's. What cannot be read is no refusal and stays an answer to be judged by whoever reads it.

use super::super::json::Envelope;
use super::super::manifest::Loaded;
use super::super::xml::soap::{Answers, SoapFault, fault_places, may_be_fault};
use super::super::xml::{self, Shape, split};
use super::finding;
use super::format::Format;
use super::page::said;
use super::plan::Plan;
use crate::error::Finding;
use crate::transport::{RefusalSign, Reply};
use std::sync::Arc;

/// What to look for in the answers of a source to this; none where nothing is to be found.
pub(super) fn of(loaded: &Arc<Loaded>, answers: Answers) -> Option<RefusalSign> {
    let plan = loaded.http.as_ref()?;
    if plan.soap.is_none() && plan.refused.is_empty() {
        return None;
    }
    let loaded = loaded.clone();
    Some(RefusalSign(Arc::new(move |reply, hide| {
        let plan = loaded.http.as_ref()?;
        fault(plan, answers, reply, hide).or_else(|| value(plan, reply, hide))
    })))
}

fn fault(plan: &Plan, answers: Answers, reply: &Reply, hide: &dyn Fn(&str) -> String) -> Option<Finding> {
    let words = &plan.soap.as_ref()?.section.auth_faults;
    if !may_be_fault(&reply.body) {
        return None;
    }
    let text = xml::decode(&reply.body).ok()?;
    let shape = Shape { record: None, values: fault_places(), lists: Vec::new() };
    let mut walked = split(&text, &shape, xml::Limits::default(), &mut |_| {}).ok()?;
    let fault = SoapFault::take(&mut walked)?.without(hide);
    fault.is_refusal(words, answers).then(|| fault.finding(words, answers).0)
}

fn value(plan: &Plan, reply: &Reply, hide: &dyn Fn(&str) -> String) -> Option<Finding> {
    if plan.refused.is_empty() {
        return None;
    }
    let values;
    let text = match &plan.format {
        Format::Xml(xml) => {
            values = xml.around(&reply.body)?;
            values.as_str()
        }
        _ => std::str::from_utf8(&reply.body).ok()?.trim_start_matches('\u{feff}'),
    };
    let envelope = Envelope::read(text).ok()?;
    let shown = |(path, one_of): &(_, Vec<String>)| {
        envelope.scalar(path).ok().flatten().is_some_and(|value| one_of.iter().any(|one| *one == value))
    };
    if !plan.refused.iter().any(shown) {
        return None;
    }
    Some(finding::refused(reply.status, &said(plan, &envelope, hide).unwrap_or_default()))
}
