//! What a visitor asked for: language, place, query.
//!
//! Owns the reading of a request for a page. The language is the one in the query, else the one chosen before
//! (a cookie), else the installation's. What is too long is dropped: no page needs it.

use super::Web;
use crate::error::Lang;
use axum::extract::{FromRequestParts, Query};
use axum::http::header;
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Longest value of a query that is looked at.
const LONGEST: usize = 250;

/// What a visitor asked for.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Language.
    pub lang: Lang,
    /// Whether the language was chosen with this request and is to be remembered.
    pub chosen: bool,
    /// Path of the page.
    pub path: String,
    /// Query, without the language.
    pub query: BTreeMap<String, String>,
}

impl Visit {
    /// A parameter; empty when it was not given.
    pub fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A sentence in the visitor's language.
    pub fn say<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    /// Address of this page with one parameter more or other.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut query: Vec<(&str, &str)> = self
            .query
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .filter(|(key, _)| *key != name)
            .collect();
        if !value.is_empty() {
            query.push((name, value));
        }
        let query: Vec<String> =
            query.into_iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

fn word(text: &str) -> Option<Lang> {
    match text {
        "vi" => Some(Lang::Vi),
        "en" => Some(Lang::En),
        _ => None,
    }
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        // A query nobody can read is as good as none.
        let mut query = Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri)
            .map(|Query(query)| query)
            .unwrap_or_default();
        let asked = query.remove("lang").as_deref().and_then(word);
        query.retain(|key, value| key.len() <= 30 && value.len() <= LONGEST);
        let cookies = parts.headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
        let kept = cookies
            .and_then(|text| text.split(';').find_map(|part| part.trim().strip_prefix("lang=")))
            .and_then(word);
        Ok(Self {
            lang: asked.or(kept).unwrap_or(web.lang),
            chosen: asked.is_some(),
            path: parts.uri.path().to_owned(),
            query,
        })
    }
}

/// Percent-encodes a value of a query or a segment of a path.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_links_are_encoded() {
        assert_eq!(encode("Sở & <b>"), "S%E1%BB%9F%20%26%20%3Cb%3E");
    }

    #[test]
    fn a_link_changes_one_parameter_and_keeps_the_others() {
        let query =
            BTreeMap::from([("period".to_owned(), "2026-Q4".to_owned()), ("after".into(), "x".into())]);
        let visit = Visit { lang: Lang::Vi, chosen: false, path: "/scores".into(), query };
        assert_eq!(visit.with("after", "a/b"), "/scores?period=2026-Q4&after=a%2Fb");
        assert_eq!(visit.with("after", ""), "/scores?period=2026-Q4");
    }
}
