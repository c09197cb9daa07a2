//! What a client is made of, and whether it can be.
//!
//! Owns the options of a source's or target's client, their defaults, and the checks of its address and of the
//! certificates it trusts. It must not know requests. Whatever cannot be used is refused before anything is sent.

use super::auth::Auth;
use super::pace::Limits;
use super::retry::RetryPolicy;
use crate::config::plain_http;
use crate::error::{Finding, Text, cause, io_cause};
use reqwest::{Certificate, Url};
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// Whom a server's certificate must lead to.
#[derive(Debug, Clone)]
pub enum Roots {
    /// The machine's certificates; none at all where the base address is plain http.
    Native,
    /// The certificates of a PEM file, and no others.
    File(PathBuf),
}

/// Limits of time.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until a connection stands.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// For one whole answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            total: Duration::from_secs(120),
        }
    }
}

/// Everything a client is made of.
#[derive(Debug)]
pub struct Options {
    /// Whose client it is, for messages: `source snv`, `target csdl`.
    pub name: String,
    /// Address all paths are relative to.
    pub base_url: String,
    /// Allows `http://`.
    pub allow_http: bool,
    /// Follows redirects that stay on the origin.
    pub follow_redirects: bool,
    /// Whom to trust.
    pub roots: Roots,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// Largest answer in bytes after decompression.
    pub max_answer: u64,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
    /// How to be let in.
    pub auth: Auth,
    /// Further secrets that no text of the far side may bring back to us.
    pub hidden: Vec<SecretString>,
    /// First pause after refused credentials; grows threefold to a day.
    pub auth_pause: Duration,
    /// Repeating one request.
    pub retry: RetryPolicy,
    /// Limits of requests, and the breaker; none for targets, whose outbox has its own patience.
    pub limits: Option<Limits>,
    /// Our certificate and its key as one PEM text, for far sides that ask for one.
    pub identity: Option<SecretString>,
    /// Header that carries a new number with every request; the number is logged, for matching with the far
    /// side's own log.
    pub request_id: Option<String>,
}

impl Options {
    /// Usual limits, no authentication, `https` only.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base_url: base_url.into(),
            allow_http: false,
            follow_redirects: false,
            roots: Roots::Native,
            timeouts: Timeouts::default(),
            max_answer: 64 * 1024 * 1024,
            headers: Vec::new(),
            auth: Auth::none(),
            hidden: Vec::new(),
            auth_pause: Duration::from_secs(300),
            retry: RetryPolicy::default(),
            limits: None,
            identity: None,
            request_id: None,
        }
    }
}
/// What is wrong with an address that would be asked without encryption; nothing where that is allowed.
pub fn unencrypted(base_url: &str, allow_http: bool) -> Option<Finding> {
    // As it is parsed, not as it is spelt: `http:/host` is such an address as well.
    let plain = Url::parse(base_url.trim()).is_ok_and(|url| url.scheme() == "http");
    (plain && !allow_http).then(plain_http)
}

pub(super) fn base_url(written: &str) -> Result<Url, (&'static str, &'static str)> {
    let url =
        Url::parse(written.trim()).map_err(|_| ("base_url không phải địa chỉ", "base_url is no address"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(("base_url phải bắt đầu bằng https://", "base_url must begin with https://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(("base_url không có tên máy chủ", "base_url has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "không viết tài khoản, mật khẩu trong base_url",
            "user name and password do not belong into base_url",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(("base_url không được có ? hoặc #", "base_url must not hold ? or #"));
    }
    Ok(url)
}

pub(super) fn certificates(roots: &Roots, scheme: &str) -> Result<Vec<Certificate>, Text> {
    match roots {
        Roots::File(path) => {
            let shown = path.display().to_string();
            let of_file = |why: &Text| Text::new(shown.clone(), shown.clone()).because(why);
            let pem = std::fs::read(path).map_err(|error| of_file(&io_cause(&error)))?;
            let found = Certificate::from_pem_bundle(&pem).map_err(|error| of_file(&cause(&error)))?;
            if found.is_empty() {
                Err(of_file(&Text::new("tệp không có chứng thư nào", "it holds no certificate")))
            } else {
                Ok(found)
            }
        }
        Roots::Native if scheme == "http" => Ok(Vec::new()),
        Roots::Native => {
            let found: Vec<Certificate> = rustls_native_certs::load_native_certs()
                .certs
                .iter()
                .filter_map(|der| Certificate::from_der(der).ok())
                .collect();
            if found.is_empty() {
                Err(Text::new(
                    "máy này không có; cài ca-certificates hoặc đặt ca_file",
                    "this machine has none; install ca-certificates or set ca_file",
                ))
            } else {
                Ok(found)
            }
        }
    }
}
