//! Calls by which a source says that something changed: they make it due, and nothing of them is believed.
//!
//! Owns whether a call is signed as the configuration says (HMAC-SHA-256 over the raw body, compared in constant time),
//! whether it is fresh, and writing it down, many calls at once where many come. It must not know how calls arrive. A
//! call that cannot be written down is refused, so that its sender gives it again.

use super::app::App;
use crate::config::{SignatureEncoding, Webhook};
use crate::domain::SourceId;
use crate::error::{Finding, Text};
use crate::store::StoreError;
use crate::telemetry::name as metric;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Shortest secret, characters.
const SHORTEST_SECRET: usize = 16;
/// Signatures looked at in one header: senders that change their secret sign with both.
const SIGNATURES: usize = 8;
/// Calls remembered of one source, to know one that is given again.
const REMEMBERED: usize = 4_096;
/// Refusals are logged at most this often for one source; what came in between is counted.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// What a source's calls must look like.
pub struct Hook {
    key: Hmac<Sha256>,
    header: String,
    prefix: String,
    encoding: SignatureEncoding,
    signed: Vec<Part>,
    time: Option<(String, TimeDelta)>,
    /// Largest body, bytes.
    pub body_bytes: usize,
    /// Shortest time between two pulls that calls cause.
    pub at_most_every: TimeDelta,
    seen: Mutex<VecDeque<(DateTime<Utc>, Vec<u8>)>>,
    /// Calls that are not written down yet.
    unwritten: AtomicU64,
    writing: tokio::sync::Mutex<()>,
}

/// A part of what is signed.
enum Part {
    Text(String),
    Header(String),
    Body,
}

/// Why a call changes nothing.
#[derive(Debug)]
pub enum Refused {
    /// There is no such source, or it takes no calls.
    Unknown,
    /// Its body is too large.
    TooLarge,
    /// It is not signed as it must be.
    Unsigned,
    /// It is signed, and its time is too far from ours.
    Late,
    /// It could not be written down, or too many come at once.
    Busy(Option<StoreError>),
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The source is due.
    New,
    /// The same call was taken before.
    Repeated,
}

impl Hook {
    /// A hook as configured.
    ///
    /// # Errors
    /// LT-HOOK-006 the secret is too short, LT-HOOK-007 what is signed is not said rightly; each with its key.
    pub fn new(webhook: &Webhook, secret: &SecretString) -> Result<Self, (&'static str, Finding)> {
        let secret = secret.expose_secret();
        if secret.chars().count() < SHORTEST_SECRET {
            return Err(("secret", short_secret()));
        }
        let signed = parts(&webhook.signed).ok_or_else(|| ("signed", badly_signed()))?;
        let time = webhook.timestamp_header.as_ref();
        let covers = |name: &String| {
            signed
                .iter()
                .any(|part| matches!(part, Part::Header(header) if header.eq_ignore_ascii_case(name)))
        };
        if time.is_some_and(|name| !covers(name)) {
            return Err(("timestamp_header", badly_signed()));
        }
        let key = Hmac::new_from_slice(secret.as_bytes()).map_err(|_| ("secret", short_secret()))?;
        Ok(Self {
            key,
            header: webhook.header.clone(),
            prefix: webhook.prefix.clone(),
            encoding: webhook.encoding,
            signed,
            time: time.map(|name| (name.clone(), TimeDelta::seconds(webhook.tolerance_s.into()))),
            body_bytes: usize::from(webhook.body_kib) << 10,
            at_most_every: TimeDelta::seconds(webhook.at_most_every_s.into()),
            seen: Mutex::default(),
            unwritten: AtomicU64::new(0),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// Whether a call is signed and fresh; gives the signature that fits.
    fn verify(&self, call: &Call<'_>, now: DateTime<Utc>) -> Result<Vec<u8>, Refused> {
        let mut mac = self.key.clone();
        for part in &self.signed {
            match part {
                Part::Text(text) => mac.update(text.as_bytes()),
                Part::Header(name) => mac.update((call.header)(name).ok_or(Refused::Unsigned)?.as_bytes()),
                Part::Body => mac.update(call.body),
            }
        }
        let given = (call.header)(&self.header).ok_or(Refused::Unsigned)?;
        let signature = std::iter::once(given.trim())
            .chain(given.split_ascii_whitespace().take(SIGNATURES))
            .filter_map(|one| decoded(one.strip_prefix(&self.prefix)?, self.encoding))
            .find(|signature| mac.clone().verify_slice(signature).is_ok())
            .ok_or(Refused::Unsigned)?;
        if let Some((name, tolerance)) = &self.time {
            let at = (call.header)(name).and_then(moment).ok_or(Refused::Late)?;
            if (now - at).abs() > *tolerance {
                return Err(Refused::Late);
            }
        }
        Ok(signature)
    }

    /// Whether this very call was taken before. Only calls that carry their time are told apart.
    fn is_repeated(&self, signature: &[u8], now: DateTime<Utc>) -> bool {
        let Some((_, tolerance)) = &self.time else { return false };
        let mut seen = self.seen();
        // Its time may lie that far in the future, and then it is fresh for twice as long.
        while seen.front().is_some_and(|(at, _)| now - *at > *tolerance * 2) {
            seen.pop_front();
        }
        seen.iter().any(|(_, known)| known == signature)
    }

    fn remember(&self, signature: Vec<u8>, now: DateTime<Utc>) {
        if self.time.is_some() {
            let mut seen = self.seen();
            if seen.len() >= REMEMBERED {
                seen.pop_front();
            }
            seen.push_back((now, signature));
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, VecDeque<(DateTime<Utc>, Vec<u8>)>> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A call as it arrived.
pub struct Call<'a> {
    /// The value of a header, whatever its case.
    pub header: &'a (dyn Fn(&str) -> Option<&'a str> + Sync),
    /// The raw body.
    pub body: &'a [u8],
}

/// Takes a call of a source: checked, then written down.
///
/// # Errors
/// Why it changes nothing.
pub async fn take(app: &App, source: &SourceId, call: Call<'_>) -> Result<Taken, Refused> {
    let hook = app.hooks.get(source).ok_or(Refused::Unknown)?;
    let now = app.clock.now();
    let signature = hook.verify(&call, now)?;
    if hook.is_repeated(&signature, now) {
        return Ok(Taken::Repeated);
    }
    hook.unwritten.fetch_add(1, Ordering::SeqCst);
    let _turn = hook.writing.lock().await;
    // Whoever is first writes for all that wait.
    let mut taken = Unwritten { hook, count: hook.unwritten.swap(0, Ordering::SeqCst) };
    if taken.count > 0 {
        app.store.mark_hooks(source, taken.count, now).await.map_err(|error| Refused::Busy(Some(error)))?;
        taken.count = 0;
    }
    hook.remember(signature, now);
    Ok(Taken::New)
}

/// Calls somebody writes down; given back where that fails or is broken off, so that the next one does.
struct Unwritten<'a> {
    hook: &'a Hook,
    count: u64,
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        self.hook.unwritten.fetch_add(self.count, Ordering::SeqCst);
    }
}

/// Splits what is signed into its parts; none where it does not hold the body exactly once.
fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let (name, after) = after.split_once('}')?;
        let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if name.is_empty() || !named {
            return None;
        }
        parts.push(if name == "body" { Part::Body } else { Part::Header(name.to_owned()) });
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    (parts.iter().filter(|part| matches!(part, Part::Body)).count() == 1).then_some(parts)
}

fn decoded(text: &str, encoding: SignatureEncoding) -> Option<Vec<u8>> {
    match encoding {
        SignatureEncoding::Base64 => {
            STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('='))).ok()
        }
        SignatureEncoding::Hex => {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let pairs = text.as_bytes().chunks(2);
            pairs.map(|pair| Some((digit(*pair.first()?)? << 4) | digit(*pair.get(1)?)?)).collect()
        }
    }
}

/// Seconds or milliseconds since 1970, or RFC 3339.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(number) if number.unsigned_abs() > 100_000_000_000 => DateTime::from_timestamp_millis(number),
        Ok(number) => DateTime::from_timestamp(number, 0),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
    }
}

/// Counts calls, and logs refused ones now and then; nothing of a call stands in the log.
#[derive(Default)]
pub struct HookLog(Mutex<BTreeMap<Option<SourceId>, (Instant, u64)>>);

impl HookLog {
    /// Counts a call and what became of it; `source` is one that takes calls.
    pub fn told(&self, source: Option<&SourceId>, outcome: &Result<Taken, Refused>) {
        let result = match outcome {
            Ok(Taken::New) => "taken",
            Ok(Taken::Repeated) => "repeated",
            Err(Refused::Unknown) => "unknown",
            Err(Refused::TooLarge) => "too_large",
            Err(Refused::Unsigned) => "unsigned",
            Err(Refused::Late) => "late",
            Err(Refused::Busy(_)) => "busy",
        };
        let name = source.map(ToString::to_string).unwrap_or_default();
        metrics::counter!(metric::SOURCE_HOOKS, "source" => name.clone(), "result" => result).increment(1);
        let Err(refused) = outcome else { return };
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = last.get_mut(&source.cloned());
        if let Some((_, unlogged)) = known.filter(|(at, _)| at.elapsed() < LOG_EVERY) {
            *unlogged += 1;
            return;
        }
        let before = last.insert(source.cloned(), (Instant::now(), 0)).map_or(0, |(_, unlogged)| unlogged);
        let code = refused.code();
        match refused {
            Refused::Busy(Some(error)) => {
                tracing::warn!(source = name, code, before, error = %error, "a call was refused: {result}");
            }
            _ => tracing::warn!(source = name, code, before, "a call was refused: {result}"),
        }
    }
}

impl Refused {
    /// Stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "LT-HOOK-001",
            Self::Unsigned => "LT-HOOK-002",
            Self::Late => "LT-HOOK-003",
            Self::TooLarge => "LT-HOOK-004",
            Self::Busy(_) => "LT-HOOK-005",
        }
    }
}

fn short_secret() -> Finding {
    Finding::error(
        "LT-HOOK-006",
        Text::new(
            format!("bí mật của webhook ngắn hơn {SHORTEST_SECRET} ký tự"),
            format!("the secret of the webhook has fewer than {SHORTEST_SECRET} characters"),
        ),
        Text::new(
            "tạo bí mật mới (openssl rand -hex 32) và đặt cho cả hai bên",
            "make a new one (openssl rand -hex 32) and give it to both sides",
        ),
    )
}

fn badly_signed() -> Finding {
    Finding::error(
        "LT-HOOK-007",
        Text::new(
            "signed phải có {body} đúng một lần và có tiêu đề thời gian nếu đã khai báo",
            "signed must hold {body} exactly once, and the header of the time where one is named",
        ),
        Text::new(
            "viết ví dụ signed = \"{X-Time}.{body}\" như tài liệu của hệ thống nguồn nói",
            "write for example signed = \"{X-Time}.{body}\", as the source's documents say",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(signed: &str, time: Option<&str>, encoding: SignatureEncoding) -> Hook {
        let webhook = Webhook {
            secret: crate::config::SecretRef::File("secret".into()),
            header: "X-Signature".into(),
            prefix: "v1,".into(),
            encoding,
            signed: signed.into(),
            timestamp_header: time.map(str::to_owned),
            tolerance_s: 300,
            body_kib: 1,
            at_most_every_s: 30,
        };
        let made = Hook::new(&webhook, &SecretString::from("mot-bi-mat-du-dai"));
        made.unwrap_or_else(|(key, finding)| panic!("{key}: {finding}"))
    }

    fn signature(text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"mot-bi-mat-du-dai").expect("a key");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn signature_over_headers_and_body_is_known_in_both_encodings_and_beside_others() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("instant");
        let right = signature("m1.1800000100.{\"a\":1}");
        for (encoding, written) in
            [(SignatureEncoding::Hex, hex(&right)), (SignatureEncoding::Base64, STANDARD.encode(&right))]
        {
            let hook = hook("{X-Id}.{X-Time}.{body}", Some("x-time"), encoding);
            let given = format!("v1,AAAA v0,{written} v1,{written}");
            let headers = |time: &'static str| {
                let given = given.clone();
                move |name: &str| -> Option<String> {
                    Some(match name.to_ascii_lowercase().as_str() {
                        "x-id" => "m1".to_owned(),
                        "x-time" => time.to_owned(),
                        "x-signature" => given.clone(),
                        _ => return None,
                    })
                }
            };
            let verdict = |time, body: &[u8], now| {
                let (headers, known) = (headers(time), ["X-Id", "x-time", "X-Time", "X-Signature"]);
                let held: Vec<(&str, Option<String>)> = known.map(|name| (name, headers(name))).into();
                let header = |name: &str| {
                    held.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_deref())
                };
                hook.verify(&Call { header: &header, body }, now)
            };
            assert_eq!(verdict("1800000100", b"{\"a\":1}", now).expect("signed"), right);
            assert!(matches!(verdict("1800000100", b"{\"a\":2}", now), Err(Refused::Unsigned)));
            assert!(matches!(verdict("1800000101", b"{\"a\":1}", now), Err(Refused::Unsigned)));
            let later = now + TimeDelta::seconds(401);
            assert!(matches!(verdict("1800000100", b"{\"a\":1}", later), Err(Refused::Late)));
            hook.remember(right.clone(), now);
            assert!(hook.is_repeated(&right, now + TimeDelta::seconds(600)));
            assert!(!hook.is_repeated(&right, now + TimeDelta::seconds(601)), "it is too old by itself");
        }
    }

    #[test]
    fn what_is_signed_holds_the_body_once_and_the_time_where_it_counts() {
        for wrong in ["", "{time}", "{body}{body}", "{body", "body}", "{}{body}", "{a b}{body}"] {
            assert!(parts(wrong).is_none(), "{wrong}");
        }
        assert_eq!(parts("v0:{X-Time}:{body}").expect("parts").len(), 4);
        let webhook = |timestamp_header: Option<&str>, secret: &str| {
            let webhook = Webhook {
                secret: crate::config::SecretRef::File("secret".into()),
                header: "X-Signature".into(),
                prefix: String::new(),
                encoding: SignatureEncoding::Hex,
                signed: "{body}".into(),
                timestamp_header: timestamp_header.map(str::to_owned),
                tolerance_s: 300,
                body_kib: 1,
                at_most_every_s: 30,
            };
            Hook::new(&webhook, &SecretString::from(secret)).err().map(|(key, finding)| (key, finding.code))
        };
        assert_eq!(webhook(None, "mot-bi-mat-du-dai"), None);
        assert_eq!(
            webhook(Some("X-Time"), "mot-bi-mat-du-dai"),
            Some(("timestamp_header", "LT-HOOK-007".into()))
        );
        assert_eq!(webhook(None, "ngan"), Some(("secret", "LT-HOOK-006".into())));
    }

    #[test]
    fn digits_that_are_none_and_odd_ones_are_no_signature() {
        assert_eq!(decoded("0aF1", SignatureEncoding::Hex), Some(vec![0x0a, 0xf1]));
        for wrong in ["0aF", "zz", "é1"] {
            assert_eq!(decoded(wrong, SignatureEncoding::Hex), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_read_in_three_spellings() {
        let at = DateTime::from_timestamp(1_800_000_000, 0);
        for text in ["1800000000", "1800000000000", "2027-01-15T15:00:00+07:00"] {
            assert_eq!(moment(text), at, "{text}");
        }
        assert_eq!(moment("hôm nay"), None);
    }
}
