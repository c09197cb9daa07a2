//! Being let in: nothing, basic, a fixed header, or a token from a login call.
//!
//! Owns tokens and their renewal: one login at a time, again at 80 % of a token's life, once after a 401. A
//! refused password is not tried again before a pause that grows, so that no account is ever locked by us.
//! Secrets live in `SecretString` and in headers marked sensitive; nothing here can be printed.

use crate::domain::local_offset;
use crate::error::Finding;
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// A sentence in Vietnamese and English.
type Sentences = (&'static str, &'static str);

const NO_HEADER: Sentences = ("tên header không hợp lệ", "the name of the header is not valid");

/// How to be let in.
pub enum Auth {
    /// Nothing is asked.
    None,
    /// HTTP basic authentication.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// A fixed header.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretString,
    },
    /// A token from a login call.
    Login(Box<Login>),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Basic { .. } => "basic",
            Self::Header { .. } => "header",
            Self::Login(_) => "login",
        })
    }
}

/// A login call. Places in its answer are RFC 6901 pointers.
pub struct Login {
    /// Path of the call.
    pub path: String,
    /// Body of the call, as JSON text: it holds the password.
    pub body: SecretString,
    /// Sends the top-level members of the body as a form.
    pub form: bool,
    /// Place of the token.
    pub token: String,
    /// Header that carries the token.
    pub header: String,
    /// What stands before the token.
    pub prefix: String,
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
    /// What it may be, as text.
    pub one_of: Vec<String>,
}

impl Expected {
    pub(super) fn holds(&self, answer: &serde_json::Value) -> bool {
        answer.pointer(&self.pointer).and_then(as_text).is_some_and(|text| self.one_of.contains(&text))
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

/// A header ready to be sent.
#[derive(Clone)]
pub(super) struct Pass {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    /// Which login it came from; 0 for fixed headers.
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
}

/// A pause after a refusal.
pub(super) struct Pause {
    pub(super) until: Instant,
    pub(super) length: Duration,
    pub(super) finding: Box<Finding>,
}

impl State {
    pub(super) fn new() -> Self {
        Self { token: None, generation: 0, pause: None }
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
    /// The fixed header of basic and header authentication; an error when it cannot be a header.
    pub(super) fn fixed(&self) -> Result<Option<Pass>, Sentences> {
        match self {
            Self::None | Self::Login(_) => Ok(None),
            Self::Basic { username, password } => {
                use base64::Engine as _;
                if username.contains(':') {
                    return Err((
                        "tên tài khoản của xác thực basic không được có dấu hai chấm",
                        "a user name of basic authentication holds no colon",
                    ));
                }
                let plain = format!("{username}:{}", password.expose_secret());
                let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(plain));
                pass(AUTHORIZATION, &text, 0).map(Some)
            }
            Self::Header { name, value } => {
                let name = name.parse().map_err(|_| NO_HEADER)?;
                pass(name, value.expose_secret(), 0).map(Some)
            }
        }
    }
}

impl Login {
    /// The header for a token.
    pub(super) fn pass(&self, token: &str, generation: u64) -> Result<Pass, Sentences> {
        let name = self.header.parse().map_err(|_| NO_HEADER)?;
        pass(name, &format!("{}{token}", self.prefix), generation)
    }
}

fn pass(name: HeaderName, text: &str, generation: u64) -> Result<Pass, Sentences> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        (
            "khóa hoặc token có ký tự mà header không mang được",
            "a key or token holds characters no header can carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(Pass { name, value, generation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Text;

    #[test]
    fn secrets_show_in_no_debug_output() {
        let auth = Auth::Basic { username: "u".into(), password: SecretString::from("hidden") };
        let pass = auth.fixed().expect("header").expect("present");
        assert!(!format!("{auth:?}{:?}", pass.value).contains("hidden"));
        assert_eq!(pass.value.to_str().ok(), Some("Basic dTpoaWRkZW4="));
        assert!(pass.value.is_sensitive());
    }

    #[test]
    fn keys_that_no_header_can_carry_are_refused() {
        for auth in [
            Auth::Header { name: "X-Key".into(), value: SecretString::from("a\r\nEvil: 1") },
            Auth::Header { name: "X Key".into(), value: SecretString::from("a") },
            Auth::Basic { username: "a:b".into(), password: SecretString::from("c") },
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
