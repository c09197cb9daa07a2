//! What a far side says, fit to be shown: without our secrets, short, on one line.
//!
//! Owns the secrets of one client, those it was given and those a login gave it, and taking them out of a text before it
//! is cut: half a secret would not be found. It must not know where a text is shown.

use super::auth::{Auth, as_text};
use crate::domain::CitizenId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// Shortest secret that is looked for, bytes: a shorter one stands in every text.
const SHORTEST: usize = 4;

/// Secrets of logins that are remembered, the newest ones.
const LIVE: usize = 32;

/// What stands in the place of a secret.
const MASK: &str = "•••";

/// Members of a login's body whose values are secrets, whatever else stands beside them.
const SECRET_NAMES: [&str; 9] = ["pass", "pwd", "secret", "token", "key", "khau", "otp", "pin", "code"];

/// Secrets of one client.
pub(super) struct Hidden {
    given: Vec<SecretString>,
    live: Mutex<VecDeque<SecretString>>,
}

impl Hidden {
    /// Those of what lets us in, and `more`.
    pub(super) fn of(auth: &Auth, more: &[SecretString]) -> Self {
        let mut given = Vec::new();
        let mut take = |text: &str| given.push(SecretString::from(text.to_owned()));
        more.iter().for_each(|secret| take(secret.expose_secret()));
        if let Some((user, password)) = &auth.basic {
            take(password.expose_secret());
            take(&STANDARD.encode(format!("{user}:{}", password.expose_secret())));
        }
        let of_logins = auth.logins.iter();
        let pairs = of_logins.flat_map(|login| login.query.iter().chain(&login.headers));
        for (_, secret) in auth.headers.iter().chain(&auth.query).chain(pairs) {
            let secret = secret.expose_secret();
            take(secret);
            // A scheme may stand before it.
            let Some((_, bare)) = secret.rsplit_once(' ') else { continue };
            take(bare);
            let pair = STANDARD.decode(bare).ok().and_then(|pair| String::from_utf8(pair).ok());
            if let Some((_, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
                take(password);
            }
        }
        for login in &auth.logins {
            named_secrets(login.body.expose_secret(), &mut take);
            if let Some(refresh) = &login.refresh {
                take(refresh.first.expose_secret());
            }
        }
        if let Some(session) = &auth.session {
            named_secrets(session.fields.expose_secret(), &mut take);
        }
        given.retain(|secret| secret.expose_secret().len() >= SHORTEST);
        Self { given, live: Mutex::default() }
    }

    /// Remembers a token, a cookie or a key that a login gave.
    pub(super) fn learn(&self, secret: &str) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let known = live.iter().any(|known| known.expose_secret() == secret);
        if secret.len() < SHORTEST || known {
            return;
        }
        if live.len() == LIVE {
            live.pop_front();
        }
        live.push_back(secret.to_owned().into());
    }

    /// A text without them, written plainly, inside JSON, with percent signs or as a form has it; the longest go first.
    pub(super) fn hide(&self, text: &str) -> String {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets: Vec<&str> =
            self.given.iter().chain(live.iter()).map(ExposeSecret::expose_secret).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let hidden = |text: String, secret: &str| {
            written(secret).into_iter().fold(text, |text, form| text.replace(&form, MASK))
        };
        secrets.into_iter().fold(text.to_owned(), hidden)
    }

    /// The beginning of a text of the far side.
    pub(super) fn words(&self, text: &str) -> String {
        shorten(&self.hide(text))
    }

    /// The first words of an error body, for the operator.
    pub(super) fn first_words(&self, body: &[u8]) -> String {
        const LOOKED_AT: usize = 2_000;
        let head = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        match (parsed.as_ref().and_then(message), parsed.is_some()) {
            (Some(told), _) => self.words(told),
            // JSON without a message may be data about people.
            (None, true) => String::new(),
            (None, false) => self.words(&head),
        }
    }
}

/// The message of an answer in JSON, where it stands at a usual place.
pub(super) fn message(answer: &Value) -> Option<&str> {
    ["/message", "/error/message", "/error_description", "/error", "/detail"]
        .iter()
        .find_map(|pointer| answer.pointer(pointer)?.as_str())
        .filter(|told| !told.trim().is_empty())
}

/// Values of a login's body that its names, or the name of what they stand in, call secret.
fn named_secrets(body: &str, take: &mut impl FnMut(&str)) {
    fn walk(value: &Value, secret: bool, take: &mut impl FnMut(&str)) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let name = name.to_lowercase();
                    walk(member, secret || SECRET_NAMES.iter().any(|sign| name.contains(sign)), take);
                }
            }
            Value::Array(entries) => entries.iter().for_each(|entry| walk(entry, secret, take)),
            single if secret => as_text(single).iter().for_each(|text| take(text)),
            _ => {}
        }
    }
    walk(&serde_json::from_str(body).unwrap_or_default(), false, take);
}

/// The ways a secret may be written in a text, each once.
fn written(secret: &str) -> Vec<String> {
    let json = Value::from(secret).to_string();
    let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json);
    let (mut upper, mut lower) = (String::new(), String::new());
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'*') {
            upper.push(char::from(byte));
            lower.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(upper, "%{byte:02X}");
            let _ = write!(lower, "%{byte:02x}");
        }
    }
    // A form writes a plus for a blank.
    let of_forms = [upper.replace("%20", "+"), lower.replace("%20", "+")];
    let mut forms = vec![secret.to_owned()];
    for form in [json.to_owned(), upper, lower].into_iter().chain(of_forms) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// The beginning of a text of the far side, on one line, without what may let somebody in or is somebody's number.
fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    let masked: Vec<&str> = line.split(' ').map(|word| if may_let_in(word) { MASK } else { word }).collect();
    CitizenId::mask_in(masked.join(" ").trim())
}

/// Whether a word may be a key, a token or a password with its name: long, of letters and digits, or after such a name.
fn may_let_in(word: &str) -> bool {
    let named =
        ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key", "access_key", "mat_khau"];
    let lower = word.to_lowercase();
    let after = lower.split_once(['=', ':']).filter(|(_, value)| value.len() > 1).map(|(name, _)| name);
    let name = after.map(|name| name.trim_matches(|c: char| !c.is_alphanumeric() && c != '_'));
    let runs = word.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=' | '.')));
    let key = |run: &str| {
        run.len() >= 24
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    name.is_some_and(|name| named.iter().any(|end| name.ends_with(end))) || runs.into_iter().any(key)
}

#[cfg(test)]
mod tests {
    use super::super::auth::Session;
    use super::*;
    use std::time::Duration;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[test]
    fn words_of_the_far_side_bring_no_key_and_no_number_of_a_citizen() {
        let told = "sai mat_khau=Abc@123 của 099200001234, token: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, thử lại";
        let shown = shorten(told);
        for hidden in ["Abc@123", "099200001234", "eyJ"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("thử lại"), "{shown}");
        let plain = "Không tìm thấy /api/v1/nhiem-vu?trang=2 (mã lỗi 404): liên hệ quản trị";
        assert_eq!(shorten(plain), plain);
    }

    #[test]
    fn secrets_of_every_way_of_being_let_in_are_hidden_before_the_text_is_cut() {
        let session = Session {
            page: None,
            path: "/login".to_owned(),
            fields: secret(r#"{"user":"an.nv","pass":"bi mat \"1\"","token":{"first":["chia khoa 2"]}}"#),
            json: false,
            csrf: None,
            cookie: None,
            lifetime: Duration::from_secs(1),
        };
        let auth = Auth {
            basic: Some(("an.nv".to_owned(), secret("mat-khau"))),
            headers: vec![("authorization".to_owned(), secret("ApiKey khoa-cua-toi"))],
            session: Some(session),
            ..Auth::default()
        };
        let hidden = Hidden::of(&auth, &[secret("bao mat 7")]);
        hidden.learn("phieu-song");
        hidden.learn("abc");
        let told = "an.nv: mat-khau, khoa-cua-toi, bi mat \"1\", bi mat \\\"1\\\", bi%20mat%20%221%22, bao mat 7, phieu-song, \
                    YW4ubnY6bWF0LWtoYXU=, abc";
        assert_eq!(hidden.words(told), "an.nv: •••, •••, •••, •••, •••, •••, •••, •••, abc");
        let form = "pass=bi+mat+%221%22&first=chia+khoa+2, chia khoa 2, bao+mat+7";
        assert_eq!(hidden.hide(form), "pass=•••&first=•••, •••, •••");
        // Cut first, half of it would be left.
        let long = format!("{}mat-khau", "x ".repeat(78));
        assert!(!hidden.words(&long).contains("mat"), "{}", hidden.words(&long));
        for number in 0..LIVE {
            hidden.learn(&format!("token-{number}"));
        }
        assert!(hidden.hide("phieu-song token-0").contains("phieu-song •••"), "old ones are forgotten");
    }
}
