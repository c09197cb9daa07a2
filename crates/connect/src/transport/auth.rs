//! Being let in: what stands in every request, and the logins before the first one.
//!
//! Owns what a client knows about being let in: fixed headers, tokens with their ends, and the pause after a
//! refusal, which grows so that no account is ever locked by us. It must not know how logins are asked
//! (`login`, `session`). Secrets live in `SecretString` and in headers marked sensitive; nothing here can be
//! printed.

use super::request::Method;
use crate::domain::local_offset;
use crate::error::{Finding, Text};
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A sentence in Vietnamese and English.
type Sentences = (&'static str, &'static str);

const NO_HEADER: Sentences = ("tên header không hợp lệ", "the name of the header is not valid");

/// How to be let in: what stands in every request, and what is asked before the first one.
#[derive(Default)]
pub struct Auth {
    /// HTTP basic authentication: user name and password.
    pub basic: Option<(String, SecretString)>,
    /// Headers of every request, logins included.
    pub headers: Vec<(String, SecretString)>,
    /// Query parameters of every request, logins included; shown nowhere.
    pub query: Vec<(String, SecretString)>,
    /// Calls that answer with a token, in order; each carries the tokens of those before it.
    pub logins: Vec<Login>,
    /// A login through the form people use.
    pub session: Option<Session>,
    /// Signs every request.
    pub signer: Option<Arc<dyn Sign>>,
}

impl Auth {
    /// Nothing is asked.
    pub fn none() -> Self {
        Self::default()
    }

    /// One login call.
    pub fn login(login: Login) -> Self {
        Self { logins: vec![login], ..Self::default() }
    }

    /// Whether there is something to be asked before the first request.
    pub(super) fn logs_in(&self) -> bool {
        !self.logins.is_empty() || self.session.is_some()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.basic.is_some(), "basic"),
            (!self.headers.is_empty(), "header"),
            (!self.query.is_empty(), "query"),
            (!self.logins.is_empty(), "login"),
            (self.session.is_some(), "session"),
            (self.signer.is_some(), "signed"),
        ];
        let named: Vec<&str> = parts.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        f.write_str(if named.is_empty() { "none" } else { "" })?;
        f.write_str(&named.join("+"))
    }
}

/// Makes what a header carries of a login's answer.
pub trait Carry: Send + Sync {
    /// The header's value; the error is a sentence that holds nothing of the answer.
    fn carried(&self, answer: &serde_json::Value) -> Result<SecretString, Text>;
}

/// A login call. Places in its answer are RFC 6901 pointers.
pub struct Login {
    /// How it is asked.
    pub method: Method,
    /// Path of the call.
    pub path: String,
    /// Its query parameters.
    pub query: Vec<(String, SecretString)>,
    /// Its own headers.
    pub headers: Vec<(String, SecretString)>,
    /// Body of the call, as JSON text: it holds the password. Null where there is none.
    pub body: SecretString,
    /// Sends the top-level members of the body as a form.
    pub form: bool,
    /// Place of the token.
    pub token: String,
    /// Makes the whole header of the answer, instead of prefix and token.
    pub carry: Option<Arc<dyn Carry>>,
    /// Header that carries the token.
    pub header: String,
    /// What stands before the token.
    pub prefix: String,
    /// Place of the token's type, where it must be `bearer`.
    pub token_type: Option<String>,
    /// Life of a token where the answer does not say.
    pub lifetime: Duration,
    /// Place of the lifetime in seconds.
    pub expires_in: Option<String>,
    /// Place of the moment the token ends.
    pub expires_at: Option<Moment>,
    /// Values a good answer holds.
    pub success: Vec<Expected>,
    /// Place of the error text.
    pub error_text: Option<String>,
    /// The refresh token that is sent as the field `refresh_token`, and where a newer one is kept.
    pub refresh: Option<Refresh>,
}

/// A refresh token that the far side may replace at every use.
pub struct Refresh {
    /// The token the configuration gives.
    pub first: SecretString,
    /// File of the newest one; it stays readable with `first` alone. Without it a newer token is lost when the
    /// process ends.
    pub file: Option<PathBuf>,
}

/// A login through a form: the far side remembers us by cookies.
pub struct Session {
    /// Page with the form, asked first.
    pub page: Option<String>,
    /// Where the form is sent.
    pub path: String,
    /// Its fields, as a JSON object of texts.
    pub fields: SecretString,
    /// Sends the fields as JSON instead of a form.
    pub json: bool,
    /// The token against forged requests.
    pub csrf: Option<Csrf>,
    /// Cookie a good login sets.
    pub cookie: Option<String>,
    /// When to log in again at the latest.
    pub lifetime: Duration,
}

/// A token against forged requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csrf {
    /// Where it is found.
    pub from: CsrfPlace,
    /// Its name there.
    pub name: String,
    /// Field of the form that carries it.
    pub field: Option<String>,
    /// Header that carries it, in the login and in every request after it.
    pub header: Option<String>,
}

/// Where a token against forged requests stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsrfPlace {
    /// An input field of the form.
    Field,
    /// A meta element of the page.
    Meta,
    /// A cookie.
    Cookie,
    /// A header of the answer.
    Header,
}

/// A request as its signature sees it.
#[derive(Debug)]
pub struct Unsigned<'a> {
    /// Method.
    pub method: &'a str,
    /// Path, percent-encoded.
    pub path: &'a str,
    /// Query, percent-encoded, without the question mark.
    pub query: &'a str,
    /// Query parameters in order.
    pub parameters: Vec<(String, String)>,
    /// Body as it is sent.
    pub body: &'a [u8],
    /// The present moment.
    pub now: DateTime<Utc>,
}

/// What a signature adds.
#[derive(Debug, Default)]
pub struct Signed {
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Whether the parameters travel in these headers alone and the query is left out.
    pub without_query: bool,
}

/// Signs requests.
pub trait Sign: Send + Sync {
    /// The headers that sign a request.
    ///
    /// # Errors
    /// A sentence without secrets.
    fn sign(&self, request: &Unsigned<'_>) -> Result<Signed, Text>;
}

/// A moment told in an answer as local time of Asia/Ho_Chi_Minh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Its place, an RFC 6901 pointer.
    pub pointer: String,
    /// How it is written, as chrono's format: `%H:%M:%S %d-%m-%Y`.
    pub format: String,
}

impl Moment {
    /// How long from now; none when it is missing, unreadable or past. A far side whose clock is wrong must not
    /// make us log in at every request: then the usual lifetime counts, and a 401 tells the truth.
    pub(super) fn left(&self, answer: &serde_json::Value, now: DateTime<Utc>) -> Option<Duration> {
        let told = as_text(answer.pointer(&self.pointer)?)?;
        let local = NaiveDateTime::parse_from_str(told.trim(), &self.format).ok()?;
        let until = local_offset().from_local_datetime(&local).single()?.to_utc();
        (until - now).to_std().ok().filter(|left| !left.is_zero())
    }
}

/// A value that must stand in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its place, an RFC 6901 pointer.
    pub pointer: String,
    /// What it may be, as text; without any, nothing but null may stand there.
    pub one_of: Vec<String>,
}

impl Expected {
    pub(super) fn holds(&self, answer: &serde_json::Value) -> bool {
        let found = answer.pointer(&self.pointer);
        if self.one_of.is_empty() {
            return found.is_none_or(serde_json::Value::is_null);
        }
        found.and_then(as_text).is_some_and(|text| self.one_of.contains(&text))
    }
}

/// A single value as text.
pub(super) fn as_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// What lets a request in, ready to be sent.
#[derive(Clone, Default)]
pub(super) struct Pass {
    pub(super) headers: HeaderMap,
    /// Which login it came from; 0 for what is fixed.
    pub(super) generation: u64,
}

pub(super) struct Token {
    pub(super) pass: Pass,
    pub(super) renew_at: Instant,
    pub(super) dies_at: Instant,
}

/// What is known about being let in.
pub(super) struct State {
    pub(super) token: Option<Token>,
    pub(super) generation: u64,
    pub(super) pause: Option<Pause>,
    /// The newest refresh token, where the far side replaced it.
    pub(super) refresh: Option<SecretString>,
}

/// A pause after a refusal.
pub(super) struct Pause {
    pub(super) until: Instant,
    pub(super) length: Duration,
    pub(super) finding: Box<Finding>,
}

impl State {
    pub(super) fn new() -> Self {
        Self { token: None, generation: 0, pause: None, refresh: None }
    }

    /// Forgets refusals: a request was let in. A pause that still runs stays.
    pub(super) fn let_in(&mut self) {
        if self.pause.as_ref().is_some_and(|pause| pause.until <= Instant::now()) {
            self.pause = None;
        }
    }

    /// Starts a pause, three times as long as the one before, at most a day.
    pub(super) fn pause(&mut self, first: Duration, finding: &Finding) {
        const LONGEST: Duration = Duration::from_secs(24 * 3600);
        let length = self.pause.as_ref().map_or(first, |pause| (pause.length * 3).min(LONGEST));
        self.pause =
            Some(Pause { until: Instant::now() + length, length, finding: Box::new(finding.clone()) });
    }
}

impl Auth {
    /// What is fixed: basic authentication and headers; an error when it cannot be sent.
    pub(super) fn fixed(&self) -> Result<Pass, Sentences> {
        let mut headers = headers(&self.headers)?;
        if let Some((username, password)) = &self.basic {
            headers.insert(AUTHORIZATION, secret_value(basic(username, password)?.expose_secret())?);
        }
        Ok(Pass { headers, generation: 0 })
    }
}

/// The value of basic authentication.
pub(super) fn basic(username: &str, password: &SecretString) -> Result<SecretString, Sentences> {
    use base64::Engine as _;
    if username.contains(':') {
        return Err((
            "tên tài khoản của xác thực basic không được có dấu hai chấm",
            "a user name of basic authentication holds no colon",
        ));
    }
    let plain = format!("{username}:{}", password.expose_secret());
    Ok(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain)).into())
}

/// Headers that are never printed.
pub(super) fn headers(given: &[(String, SecretString)]) -> Result<HeaderMap, Sentences> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name: HeaderName = name.parse().map_err(|_| NO_HEADER)?;
        headers.insert(name, secret_value(value.expose_secret())?);
    }
    Ok(headers)
}

/// One header of a token.
pub(super) fn carried(name: &str, text: &str) -> Result<(HeaderName, HeaderValue), Sentences> {
    Ok((name.parse().map_err(|_| NO_HEADER)?, secret_value(text)?))
}

fn secret_value(text: &str) -> Result<HeaderValue, Sentences> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        (
            "khóa hoặc token có ký tự mà header không mang được",
            "a key or token holds characters no header can carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic_of(username: &str, password: SecretString) -> Auth {
        Auth { basic: Some((username.to_owned(), password)), ..Auth::none() }
    }

    fn header_of(name: &str, value: &str) -> Auth {
        Auth { headers: vec![(name.to_owned(), SecretString::from(value))], ..Auth::none() }
    }

    #[test]
    fn secrets_show_in_no_debug_output() {
        let auth = Auth {
            query: vec![("key".into(), "hidden".into())],
            ..basic_of("u", SecretString::from("hidden"))
        };
        let pass = auth.fixed().expect("header");
        let value = &pass.headers[AUTHORIZATION];
        assert_eq!(format!("{auth:?}"), "basic+query");
        assert!(!format!("{:?}", pass.headers).contains("dTpoaWRkZW4"));
        assert_eq!(value.to_str().ok(), Some("Basic dTpoaWRkZW4="));
        assert!(value.is_sensitive());
    }

    #[test]
    fn keys_that_no_header_can_carry_are_refused() {
        for auth in [
            header_of("X-Key", "a\r\nEvil: 1"),
            header_of("X Key", "a"),
            basic_of("a:b", SecretString::from("c")),
        ] {
            assert!(auth.fixed().is_err());
        }
    }

    #[test]
    fn end_of_a_token_is_read_as_local_time_and_nonsense_is_no_lifetime() {
        let moment = Moment { pointer: "/expired_time".into(), format: "%H:%M:%S %d-%m-%Y".into() };
        let now: DateTime<Utc> = "2026-12-31T15:00:00Z".parse().expect("instant");
        let left = |told: serde_json::Value| {
            moment.left(&serde_json::json!({ "expired_time": told }), now).map(|left| left.as_secs())
        };
        // 22:00 in Gia Lai; the token ends in the new year there.
        assert_eq!(left("03:00:00 01-01-2027".into()), Some(5 * 3600));
        assert_eq!(left("22:00:01 31-12-2026".into()), Some(1));
        for nonsense in
            ["22:00:00 31-12-2026", "2027-01-01 03:00:00", "25:00:00 01-01-2027", "03:00:00 30-02-2027", ""]
        {
            assert_eq!(left(nonsense.into()), None, "{nonsense}");
        }
        assert_eq!(left(5.into()), None);
        assert_eq!(left(serde_json::Value::Null), None);
    }

    #[test]
    fn pauses_grow_to_a_day() {
        let finding = Finding::error("LT-NET-008", Text::new("a", "a"), Text::new("b", "b"));
        let mut state = State::new();
        let lengths: Vec<u64> = (0..8)
            .map(|_| {
                state.pause(Duration::from_secs(300), &finding);
                state.pause.as_ref().map_or(0, |pause| pause.length.as_secs())
            })
            .collect();
        assert_eq!(lengths, [300, 900, 2_700, 8_100, 24_300, 72_900, 86_400, 86_400]);
    }
}
