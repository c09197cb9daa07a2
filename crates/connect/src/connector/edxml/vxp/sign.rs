//! Signed requests of the axis.
//!
//! Owns how the parameters of a call become headers and how their text is signed: the JSON object that is sent is the
//! one that is signed, byte for byte. It must not know what a call is for. The secret is used here and shown nowhere.

use super::super::attachment::hex;
use crate::domain::local_offset;
use crate::transport::{Method, Request};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Beginning of every header of the axis.
const PREFIX: &str = "XroadVnpt-";

/// Who asks.
pub(super) struct Signer {
    /// Id of the centre.
    pub system_id: String,
    /// Its secret.
    pub secret: SecretString,
}

impl Signer {
    /// A signed call. Values must be printable ASCII.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        params: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Request {
        let stamp = timestamp(now);
        let own = [("timestamp", stamp.as_str()), ("systemid", self.system_id.as_str())];
        let all = || params.iter().chain(&own);
        let mut object = String::from("{");
        for (index, (name, value)) in all().enumerate() {
            if index > 0 {
                object.push(',');
            }
            object.push_str(&serde_json::Value::from(format!("{PREFIX}{name}")).to_string());
            object.push(':');
            object.push_str(&serde_json::Value::from(*value).to_string());
        }
        object.push('}');
        let names: Vec<&str> = all().map(|(name, _)| *name).collect();
        let mut request = Request::new(method, path)
            .header("content-type", "application/json")
            .header(format!("{PREFIX}version"), "3.0.201608");
        for (name, value) in all() {
            request = request.header(format!("{PREFIX}{name}"), *value);
        }
        request
            .header(format!("{PREFIX}sign-header-key"), names.join(";"))
            .header(format!("{PREFIX}hash-header"), signature(&self.secret, &object))
            .header(format!("{PREFIX}sign-header"), object)
    }
}

/// Lower-case hexadecimal HMAC-SHA256.
fn signature(secret: &SecretString, text: &str) -> String {
    // A key of any length will do, so that there is no failure to tell.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Local time as the axis writes it: day first, milliseconds in four digits.
fn timestamp(now: DateTime<Utc>) -> String {
    let local = now.with_timezone(&local_offset());
    format!("{}+{:04}", local.format("%d%m%YT%H%M%S"), local.timestamp_subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_local_and_signature_is_that_of_the_known_vector() {
        let now: DateTime<Utc> = "2026-07-01T18:05:09.042Z".parse().expect("instant");
        assert_eq!(timestamp(now), "02072026T010509+0042");
        // RFC 4231, case 2.
        let signed = signature(&"Jefe".to_owned().into(), "what do ya want for nothing?");
        assert_eq!(signed, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
