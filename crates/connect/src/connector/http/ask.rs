//! One request of a list, written for where the walk stands.
//!
//! Owns the names the templates of a request may use (`page`, `cursor`, `since`, `parent` …), and putting parameters
//! into the query or into a place of the body. It must not know what the answer means. A value that is missing stops
//! the request.

use super::branch::Branch;
use super::plan::{ListPlan, Param, RequestPlan, Way};
use super::walk::Next;
use super::{ConnectorError, Shared, soap};
use crate::transport::{Method, Request};
use bytes::Bytes;
use minijinja::{Value, context};
use std::sync::Arc;

/// Where a walk stands.
pub(super) struct Spot<'a> {
    pub(super) next: &'a Next,
    pub(super) size: u64,
    /// Bounds of the span of time, as the source wants them written.
    pub(super) since: Option<&'a str>,
    pub(super) until: Option<&'a str>,
    /// The opaque mark to go on from.
    pub(super) mark: Option<&'a str>,
    pub(super) branch: Option<&'a Branch>,
    /// The id of the export whose file is read.
    pub(super) export: Option<&'a str>,
}

/// What a request says before its parameters are added.
pub(super) struct Draft {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<serde_json::Value>,
    xml: Option<String>,
}

impl Draft {
    /// The request as it is sent; `address` stands for path and query where the source gave one.
    pub(super) fn request(self, address: Option<&str>, accept: &str) -> Request {
        let mut request = match address {
            Some(address) => Request::new(self.method, address),
            None => {
                let request = Request::new(self.method, self.path);
                self.query.into_iter().fold(request, |request, (name, value)| request.query(name, value))
            }
        };
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some(xml) = self.xml {
            let bytes = Bytes::from(xml);
            request = request.made("application/xml; charset=utf-8", Arc::new(move || bytes.clone()));
        }
        request.header("accept", accept)
    }

    fn put(&mut self, param: &Param, value: String) {
        let Some(inside) = &param.inside else {
            // One that stands there already is replaced: an API reads the first or the last of two.
            self.query.retain(|(name, _)| *name != param.name);
            return self.query.push((param.name.clone(), value));
        };
        let mut place = self.body.get_or_insert_with(|| serde_json::json!({}));
        for step in inside {
            if !place.is_object() {
                *place = serde_json::json!({});
            }
            let Some(object) = place.as_object_mut() else { return };
            place = object.entry(step.clone()).or_insert(serde_json::Value::Null);
        }
        // Numbers go as numbers: a typed API refuses "2". A code such as 007 is no number.
        *place = match value.parse::<u64>() {
            Ok(number) if number.to_string() == value => number.into(),
            _ => value.into(),
        };
    }
}

/// What the templates of a request may name; what does not hold here is none.
pub(super) fn names(shared: &Shared, list: Option<&ListPlan>, spot: &Spot<'_>) -> Value {
    let first = list.map_or(1, |list| u64::from(list.paging.first));
    let number = match spot.next {
        Next::Number(number) => *number,
        _ => first,
    };
    let offset = match spot.next {
        Next::Skip(skip) => *skip,
        _ => 0,
    };
    let cursor = match spot.next {
        Next::Token(token) => Some(token),
        _ => None,
    };
    let (last_key, last_changed) = match spot.next {
        Next::Behind { key, changed } => (Some(key), changed.as_ref()),
        _ => (None, None),
    };
    let branch = spot.branch;
    context! {
        settings => shared.settings.get_attr("settings").unwrap_or_default(),
        page => number,
        first_id => number,
        last_id => number.saturating_add(spot.size).saturating_sub(1),
        offset => offset,
        cursor => cursor,
        last_key => last_key,
        last_changed => last_changed,
        size => spot.size,
        since => spot.since,
        until => spot.until,
        mark => spot.mark,
        export => spot.export,
        user => shared.settings.get_attr("user").unwrap_or_default(),
        partition => branch.and_then(Branch::partition),
        parent => branch.map(Branch::parent),
        parent_key => branch.and_then(Branch::parent_key),
    }
}

/// A request with its templates filled in.
pub(super) fn draft(shared: &Shared, plan: &RequestPlan, names: &Value) -> Result<Draft, ConnectorError> {
    let broken = |why: String| shared.cannot_ask(&why);
    let mut query = Vec::with_capacity(plan.query.len() + 4);
    for (name, template) in &plan.query {
        query.push((name.clone(), template.render(names).map_err(broken)?));
    }
    Ok(Draft {
        method: super::method(plan.method),
        path: plan.path.render_path(names).map_err(broken)?,
        query,
        body: match &plan.body {
            Some(body) => Some(body.render(names).map_err(broken)?),
            None => None,
        },
        xml: match &plan.xml {
            Some(xml) => Some(xml.render(names).map_err(broken)?),
            None => None,
        },
    })
}

/// The request of a list for where the walk stands.
pub(super) fn request(shared: &Shared, list: &ListPlan, spot: &Spot<'_>) -> Result<Request, ConnectorError> {
    let names = names(shared, Some(list), spot);
    let mut draft = draft(shared, &list.request, &names)?;
    let accept = if list.of_tasks { shared.plan().format.accept() } else { "application/json" };
    if let Some(call) = shared.plan().soap.as_ref().filter(|_| list.of_tasks) {
        draft.method = Method::Post;
        return soap::request(shared, (call, &call.list), draft.request(None, accept), &names);
    }
    if let Next::Address(address) = spot.next {
        // It carries every parameter already.
        return Ok(draft.request(Some(address), accept));
    }
    let mut put = |param: &Option<Param>, value: Option<String>| {
        if let (Some(param), Some(value)) = (param, value) {
            draft.put(param, value);
        }
    };
    let named = |name: &str| {
        names
            .get_attr(name)
            .ok()
            .filter(|value| !value.is_none() && !value.is_undefined())
            .map(|v| v.to_string())
    };
    if let Some(incremental) = shared.plan().incremental.as_ref().filter(|_| list.of_tasks) {
        put(&incremental.since, spot.mark.or(spot.since).map(str::to_owned));
        put(&incremental.until, spot.until.map(str::to_owned));
    }
    match &list.way {
        Way::Page { param } => put(param, named("page")),
        Way::Offset { param } => put(param, named("offset")),
        Way::Cursor { param, .. } => put(param, named("cursor")),
        Way::Keyset { param, changed } => {
            put(param, named("last_key"));
            put(changed, named("last_changed"));
        }
        Way::Range { param, until, .. } => {
            put(param, named("first_id"));
            put(until, named("last_id"));
        }
        Way::Single | Way::Link | Way::Header { .. } | Way::Address { .. } => {}
    }
    put(&list.size_param, list.size_param.as_ref().map(|_| spot.size.to_string()));
    Ok(draft.request(None, accept))
}
