//! Requests and replies as the rest of the house sees them.
//!
//! Owns two plain values. Neither prints its query, body or headers: queries and bodies may carry keys and
//! personal data.

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PROPFIND of WebDAV
    Propfind,
    /// REPORT of WebDAV
    Report,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Propfind => "PROPFIND",
            Self::Report => "REPORT",
        }
    }
}

#[derive(Clone)]
pub(super) enum Body {
    Json(Bytes),
    Form(Vec<(String, String)>),
    Made { kind: String, make: Make },
}

/// Makes the body of one attempt: what must not be sent twice, as a nonce, is made anew.
pub type Make = Arc<dyn Fn() -> Bytes + Send + Sync>;

/// One request, relative to the client's base address.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    /// A redirect is an answer: of a login form, for one.
    pub(super) keeps_redirect: bool,
}

impl Request {
    /// A request; `target` is a path below the base address, or an absolute address of the same origin.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            keeps_redirect: false,
        }
    }

    /// A GET request.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new(Method::Get, target)
    }

    /// A POST request.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new(Method::Post, target)
    }

    /// A PUT request.
    pub fn put(target: impl Into<String>) -> Self {
        Self::new(Method::Put, target)
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, value: &serde_json::Value) -> Self {
        self.body = Some(Body::Json(Bytes::from(value.to_string())));
        self
    }

    /// Sets a form body.
    pub fn form(mut self, fields: Vec<(String, String)>) -> Self {
        self.body = Some(Body::Form(fields));
        self
    }

    /// Sets a body of another kind, made for each attempt.
    pub fn made(mut self, kind: impl Into<String>, make: Make) -> Self {
        self.body = Some(Body::Made { kind: kind.into(), make });
        self
    }
}

impl Request {
    /// The same request, to which a redirect is an answer.
    pub(super) fn keeping_redirect(mut self) -> Self {
        self.keeps_redirect = true;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split(['?', '#']).next().unwrap_or("");
        write!(f, "{} {path}", self.method.as_str())
    }
}

/// A complete answer, whatever its status.
#[derive(Clone)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body after decompression, complete.
    pub body: Bytes,
    /// How long the far side asked us to wait, at most six hours.
    pub retry_after: Option<Duration>,
    /// Whether the exchange proved that nothing of the body is missing at its end.
    pub whole: bool,
    /// What was asked: method and path, no query.
    pub label: String,
    pub(super) url: Url,
    /// Whether this is the far side's login page instead of an answer.
    pub(super) signed_out: bool,
    /// Whether a login was accepted right before this was asked once more.
    pub(super) logged_in: bool,
}

impl Reply {
    /// An answer that was kept, without what came around its body.
    pub(super) fn kept(body: Bytes, label: String, url: Url) -> Self {
        Self {
            status: 200,
            headers: HeaderMap::new(),
            body,
            retry_after: None,
            whole: true,
            label,
            url,
            signed_out: false,
            logged_in: false,
        }
    }

    /// A header as text; none when it is missing or not readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        let name: HeaderName = name.parse().ok()?;
        self.headers.get(name)?.to_str().ok()
    }

    /// Every value of a header that may come several times.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        let Ok(name) = name.parse::<HeaderName>() else { return Vec::new() };
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} ({} bytes)", self.label, self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_query_nor_body() {
        let request = Request::get("/tasks?key=hidden-1")
            .query("token", "hidden-2")
            .header("X-Key", "hidden-3")
            .json(&serde_json::json!({"password": "hidden-4"}));
        let shown = format!("{request:?}");
        assert_eq!(shown, "GET /tasks");
    }
}
