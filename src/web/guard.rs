//! Who may be answered, and what every answer carries.
//!
//! Owns the check of the `Host` header against DNS rebinding and the security headers. A page of another site
//! can make a browser call this address under that site's name; it is answered only under a name of ours: an
//! IP address, `localhost`, or a host the configuration names.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Code of the refusal.
const FOREIGN_HOST: &str = "LT-WEB-003";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Names under which this page may be asked for, beside IP addresses and `localhost`.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Arc<[String]>);

impl Hosts {
    /// The names a configuration lists.
    pub fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let host = host.trim().to_ascii_lowercase();
        if let Some(rest) = host.strip_prefix('[') {
            return rest.split_once(']').is_some_and(|(name, port)| {
                name.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.starts_with(':'))
            });
        }
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        name == "localhost" || name.parse::<Ipv4Addr>().is_ok() || self.0.iter().any(|known| known == name)
    }
}

/// Refuses foreign hosts and puts the headers on every answer.
pub async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let mut answer = if hosts.allow(request.headers()) {
        next.run(request).await
    } else {
        let told = "Không phục vụ dưới tên máy chủ này; thêm tên vào [page] hosts.\n\
                    This address is not served under that host name; add it to [page] hosts.\n";
        (StatusCode::MISDIRECTED_REQUEST, format!("{FOREIGN_HOST}\n{told}")).into_response()
    };
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_answered() {
        let hosts = Hosts::new(&["LienThong.example.gov.vn".to_owned()]);
        let allowed = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("header"));
            hosts.allow(&headers)
        };
        for host in [
            "127.0.0.1:8335",
            "localhost",
            "LOCALHOST:1",
            "[::1]:8335",
            "10.1.2.3",
            "lienthong.example.gov.vn:443",
        ] {
            assert!(allowed(host), "{host}");
        }
        for host in
            ["attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example:8335", "[::1", ""]
        {
            assert!(!allowed(host), "{host}");
        }
        assert!(!hosts.allow(&HeaderMap::new()), "a request without a host");
    }
}
