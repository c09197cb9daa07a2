//! Logging in as people do: a form, cookies, and the token against forged requests.
//!
//! Owns the jar of cookies, finding that token on a page, and telling a login that worked from one that did not.
//! It must not know when a login is due. Pages are read as text and never run; what is not found is an error that
//! names the manifest's key.

use super::auth::{Csrf, CsrfPlace, Pass, Session, as_text, carried};
use super::client::Inner;
use super::error::{self, TransportError};
use super::request::{Reply, Request};
use reqwest::Url;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock};

/// So much of a page is looked at.
const LOOKED_AT: usize = 512 * 1024;

/// Cookies of one login; a new login begins with an empty jar.
#[derive(Debug, Default, Clone)]
pub(super) struct Cookies(Arc<RwLock<Jar>>);

impl Cookies {
    fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Jar::default();
    }

    fn pairs(&self, url: &Url) -> Vec<(String, String)> {
        let all = self.cookies(url);
        let all = all.as_ref().and_then(|all| all.to_str().ok()).unwrap_or_default();
        let pairs = all.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn value(&self, url: &Url, name: &str) -> Option<String> {
        self.pairs(url).into_iter().find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Those worth hiding: a short one stands in every text.
    fn values(&self, url: &Url) -> Vec<String> {
        let pairs = self.pairs(url).into_iter();
        pairs.map(|(_, value)| value).filter(|value| value.len() >= 8).collect()
    }
}

impl CookieStore for Cookies {
    fn set_cookies(&self, given: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).set_cookies(given, url);
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).cookies(url)
    }
}

impl Inner {
    /// Fills in the form. The cookies it was given stay in the jar.
    pub(super) async fn sign_in(&self, session: &Session, pass: &mut Pass) -> Result<(), TransportError> {
        self.cookies.clear();
        let mut fields: Value = serde_json::from_str(session.fields.expose_secret()).unwrap_or_default();
        let page = match &session.page {
            Some(page) => {
                let request = Request::get(page).header("accept", "text/html, */*");
                Some(self.exchange(&request, pass).await?)
            }
            None => None,
        };
        if let Some(page) = page.as_ref().filter(|page| page.status != 200) {
            return Err(error::status(page.status, page.retry_after, "").at(self.place(&page.label)));
        }
        let mut token = None;
        if let Some(csrf) = &session.csrf {
            let found = page.as_ref().and_then(|page| self.csrf(csrf, page));
            let Some(found) = found else {
                let label = page.map(|page| page.label).unwrap_or_default();
                return Err(error::no_csrf(&csrf.name).at(self.place(&label)));
            };
            if let (Some(field), Some(fields)) = (&csrf.field, fields.as_object_mut()) {
                fields.insert(field.clone(), found.as_str().into());
            }
            self.hidden.learn(&found);
            token = Some(found);
        }
        let mut request = Request::post(&session.path).keeping_redirect();
        if let (Some(header), Some(token)) =
            (session.csrf.as_ref().and_then(|csrf| csrf.header.as_ref()), &token)
        {
            request = request.header(header, token);
        }
        let request = match (&fields, session.json) {
            (Value::Object(fields), false) => request.form(
                fields.iter().filter_map(|(name, value)| Some((name.clone(), as_text(value)?))).collect(),
            ),
            _ => request.json(&fields),
        };
        let reply = self.exchange(&request, pass).await?;
        self.cookies.values(&self.base).iter().for_each(|value| self.hidden.learn(value));
        self.signed_in(session, &reply)?;
        if let Some(csrf) = &session.csrf
            && let Some(header) = &csrf.header
        {
            // A login usually changes the token; in a cookie the new one is at hand.
            let renewed = match csrf.from {
                CsrfPlace::Cookie => self.cookies.value(&self.base, &csrf.name).or(token),
                CsrfPlace::Header => reply.header(&csrf.name).map(str::to_owned).or(token),
                CsrfPlace::Field | CsrfPlace::Meta => token,
            };
            let renewed = renewed.unwrap_or_default();
            self.hidden.learn(&renewed);
            let carried = carried(header, &renewed);
            let (name, value) = carried.map_err(|why| self.unfit(why))?;
            pass.headers.insert(name, value);
        }
        Ok(())
    }

    fn signed_in(&self, session: &Session, reply: &Reply) -> Result<(), TransportError> {
        let place = self.place(&reply.label);
        match reply.status {
            200..400 => {}
            // 419 is how one framework says that the form's token is too old.
            400 | 401 | 403 | 419 | 422 => return Err(error::login_refused(reply.status, "").at(place)),
            status => return Err(error::status(status, reply.retry_after, "").at(place)),
        }
        let set = session.cookie.as_ref().is_none_or(|name| self.cookies.value(&self.base, name).is_some());
        if reply.signed_out || !set {
            return Err(error::login_refused(reply.status, "").at(place));
        }
        Ok(())
    }

    fn csrf(&self, csrf: &Csrf, page: &Reply) -> Option<String> {
        match csrf.from {
            CsrfPlace::Cookie => self.cookies.value(&page.url, &csrf.name),
            CsrfPlace::Header => page.header(&csrf.name).map(str::to_owned),
            CsrfPlace::Field => in_page(&page.body, "input", &csrf.name, "value"),
            CsrfPlace::Meta => in_page(&page.body, "meta", &csrf.name, "content"),
        }
        .filter(|token| !token.is_empty())
    }

    /// Whether a redirect or a page means that nobody is logged in here.
    pub(super) fn is_sign_in(&self, target: &Url) -> bool {
        let Some(session) = &self.auth.session else { return false };
        let paths = session.page.iter().chain([&session.path]);
        let mut pages = paths.filter_map(|path| self.absolute(path));
        pages.any(|page| page.path().trim_end_matches('/') == target.path().trim_end_matches('/'))
    }
}

/// Whether a page asks for a password.
pub(super) fn asks_for_password(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    let text = text.trim_start();
    text.starts_with('<')
        && tags(text, "input")
            .any(|tag| attribute(tag, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("password")))
}

/// The value of the element with this name.
fn in_page(body: &[u8], element: &str, name: &str, value: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    let tag = tags(&text, element).find(|tag| attribute(tag, "name").as_deref() == Some(name))?;
    attribute(tag, value)
}

/// What stands between `<element` and `>` of every such element.
fn tags<'t>(text: &'t str, element: &'t str) -> impl Iterator<Item = &'t str> {
    text.split('<').skip(1).filter_map(move |rest| {
        let head = rest.get(..element.len())?;
        let inside = rest.get(element.len()..)?;
        (head.eq_ignore_ascii_case(element) && inside.starts_with(|c: char| c.is_whitespace() || c == '/'))
            .then_some(inside)
    })
}

/// An attribute of a tag, its few entities resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        let (found, after) = rest.split_at(end);
        if found.is_empty() {
            return None;
        }
        let after = after.trim_start();
        let Some(after) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let after = after.trim_start();
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after.get(1..)?.split_once(quote)?,
            _ => after.split_at(after.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(after.len())),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(resolved(value));
        }
        rest = after;
    }
}

fn resolved(value: &str) -> String {
    const KNOWN: [(&str, &str); 9] = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#43;", "+"),
        ("&#x2B;", "+"),
        ("&#x3D;", "="),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    KNOWN.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_found_however_the_page_is_written() {
        for page in [
            r#"<form><input type="hidden" name="_csrf" value="a+b=="></form>"#,
            r#"<form><INPUT value='a&#43;b&#x3D;=' disabled name='_csrf' /></form>"#,
            "<input\n name=_csrf\n value=a+b== >",
            r#"<input name="other" value="x"><input data-x="name" name="_csrf" value="a+b==" type=hidden>"#,
        ] {
            assert_eq!(
                in_page(page.as_bytes(), "input", "_csrf", "value").as_deref(),
                Some("a+b=="),
                "{page}"
            );
        }
        let meta = r#"<meta charset="utf-8"><meta name="csrf-token" content="t1">"#;
        assert_eq!(in_page(meta.as_bytes(), "meta", "csrf-token", "content").as_deref(), Some("t1"));
        for page in [
            "",
            "<",
            "<input",
            "<input name=",
            "<input name='_csrf",
            "<inputx name=_csrf value=1>",
            "<input =",
        ] {
            assert_eq!(in_page(page.as_bytes(), "input", "_csrf", "value"), None, "{page}");
        }
    }

    #[test]
    fn page_with_a_password_field_asks_for_a_password() {
        assert!(asks_for_password(b" <html><form><input name=p type='Password'></form>"));
        assert!(!asks_for_password("<html>Đăng nhập lần cuối: hôm qua <input type=text>".as_bytes()));
        assert!(!asks_for_password(br#"{"html":"<input type=password>"}"#));
    }
}
