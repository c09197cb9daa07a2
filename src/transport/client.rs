//! The HTTP client: one per source or target.
//!
//! Owns building it (roots, time-outs, guard), one exchange with its limits, logging in, and repeating a
//! request that may be repeated. `send` makes one attempt and gives back any answer, for callers that must
//! know what may have arrived; `fetch` repeats and accepts only good answers, for reading. Dropping a future
//! cancels its request.

use super::auth::{Auth, Login, Pass, State, Token, as_text};
use super::error::{self, Reached, TransportError};
use super::guard::Guard;
use super::request::{Body, Reply, Request};
use super::retry::{self, Budget, RetryPolicy};
use crate::clock::Clock;
use crate::config::plain_http;
use crate::error::{Disposition, Finding, Place, Text, cause, io_cause};
use crate::telemetry::name;
use backon::{ExponentialBuilder, Retryable};
use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, TRANSFER_ENCODING,
};
use reqwest::{Certificate, Url};
use secrecy::ExposeSecret;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Redirects followed in a row, where they are followed at all.
const MAX_REDIRECTS: u32 = 5;

/// Difference of clocks worth telling, seconds: deadlines and cursors are counted in more than that.
const CLOCK_TOLERANCE_S: u64 = 120;

/// Room made for an announced answer before any of it is there.
const MOST_AT_ONCE: usize = 4 * 1024 * 1024;

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
    /// First pause after refused credentials; grows threefold to a day.
    pub auth_pause: Duration,
    /// Repeating one request.
    pub retry: RetryPolicy,
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
            auth: Auth::None,
            auth_pause: Duration::from_secs(300),
            retry: RetryPolicy::default(),
        }
    }
}

/// Which answers `fetch` takes.
#[derive(Debug, Clone)]
pub struct Accept {
    /// Status codes.
    pub status: Vec<u16>,
    /// What the body must look like.
    pub body: Content,
    /// Tells a body that says itself what went wrong, as a SOAP fault does: it is taken whatever its status.
    pub fault: Option<fn(&[u8]) -> bool>,
}

/// What a body is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// JSON, or JSON Lines.
    Json,
    /// XML.
    Xml,
    /// A table: CSV or a workbook.
    Table,
}

impl Content {
    /// As operators are told.
    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Table => "CSV",
        }
    }
}

impl Default for Accept {
    fn default() -> Self {
        Self { status: vec![200], body: Content::Json, fault: None }
    }
}

/// An HTTP client for one origin; cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    name: String,
    base: Url,
    guard: Guard,
    http: reqwest::Client,
    headers: HeaderMap,
    fixed: Option<Pass>,
    auth: Auth,
    auth_pause: Duration,
    state: Mutex<State>,
    follow_redirects: bool,
    max_answer: u64,
    longest_exchange: Duration,
    retry: RetryPolicy,
    budget: Budget,
    clock: Clock,
    clock_ahead: AtomicI64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({}, {})", self.0.name, self.0.base.origin().ascii_serialization())
    }
}

impl Client {
    /// Builds a client; connects to nothing. The process must have installed a TLS provider.
    pub fn new(options: Options) -> Result<Self, Box<Finding>> {
        let place = Place::of(options.name.clone());
        let refuse = |vi: &str, en: &str| Box::new(error::options(vi, en).at(place.clone()));
        let base = base_url(&options.base_url).map_err(|(vi, en)| refuse(vi, en))?;
        if let Some(finding) = unencrypted(&options.base_url, options.allow_http) {
            return Err(Box::new(finding.at(place)));
        }
        let guard =
            Guard::new(&base).map_err(|why| error::refused_address(&why.0).at(place.clone()).finding)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &options.headers {
            let header = name.parse::<HeaderName>().ok().zip(HeaderValue::from_str(value).ok());
            let (name, value) = header.ok_or_else(|| {
                refuse(
                    &format!("header \"{name}\" không hợp lệ"),
                    &format!("the header \"{name}\" is not valid"),
                )
            })?;
            headers.insert(name, value);
        }
        let fixed = options.auth.fixed().map_err(|why| refuse(why.0, why.1))?;
        let certificates = certificates(&options.roots, base.scheme()).map_err(|why| {
            let told =
                Text::new("không đọc được chứng thư CA", "the CA certificates cannot be read").because(&why);
            refuse(&told.vi, &told.en)
        })?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("lienthong/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment would see every request and bypass the guard.
            .no_proxy()
            .referer(false)
            .dns_resolver(guard.resolver())
            .tls_certs_only(certificates)
            .connect_timeout(options.timeouts.connect)
            .read_timeout(options.timeouts.read)
            .timeout(options.timeouts.total)
            .build()
            .map_err(|error| error::failed(error, place.clone()).finding)?;
        Ok(Self(Arc::new(Inner {
            name: options.name,
            base,
            guard,
            http,
            headers,
            fixed,
            auth: options.auth,
            auth_pause: options.auth_pause,
            state: Mutex::new(State::new()),
            follow_redirects: options.follow_redirects,
            max_answer: options.max_answer,
            longest_exchange: options.timeouts.total,
            retry: options.retry,
            budget: Budget::new(),
            clock: Clock::system(),
            clock_ahead: AtomicI64::new(0),
        })))
    }

    /// One attempt; any answer comes back, also 4xx and 5xx. A 401 renews the token and asks once more,
    /// because a request that was not let in had no effect.
    pub async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let inner = &self.0;
        let pass = inner.pass(None).await?;
        let reply = inner.exchange(&request, pass.as_ref()).await?;
        if reply.status != 401 {
            inner.state.lock().await.let_in();
            return Ok(reply);
        }
        let reply = match (&inner.auth, pass) {
            (Auth::Login(_), Some(old)) => {
                let renewed = inner.pass(Some(old.generation)).await?;
                inner.exchange(&request, renewed.as_ref()).await?
            }
            _ => reply,
        };
        if reply.status == 401 {
            let refused = error::status(401, None, "").at(inner.place(&reply.label));
            inner.state.lock().await.pause(inner.auth_pause, &refused.finding);
        }
        Ok(reply)
    }

    /// The longest time `send` can take: two logins and two exchanges.
    pub fn longest_send(&self) -> Duration {
        self.0.longest_exchange * 4
    }

    /// Reads: repeats what may be repeated and takes only good answers. For requests without effects.
    pub async fn fetch(&self, request: &Request, accept: &Accept) -> Result<Reply, TransportError> {
        let inner = &self.0;
        let policy = inner.retry;
        let attempts = usize::try_from(policy.attempts.max(1)).unwrap_or(1);
        let waits = ExponentialBuilder::default()
            .with_min_delay(policy.first_wait)
            .with_max_delay(policy.max_wait)
            .with_max_times(attempts - 1);
        let outcome = (|| async { self.accepted(request, accept).await })
            .retry(waits)
            .when(|error: &TransportError| error.disposition == Disposition::RetryNow)
            .adjust(|error, next| {
                let next = next?;
                let next = match error.retry_after {
                    Some(asked) => (asked <= policy.max_wait).then_some(asked)?,
                    None => retry::jittered(next),
                };
                inner.budget.spend().then_some(next)
            })
            .notify(|error, wait| {
                tracing::debug!(code = error.finding.code, wait_ms = wait.as_millis(), "request repeated");
            })
            .await;
        match outcome {
            Ok(reply) => {
                inner.budget.refill();
                Ok(reply)
            }
            // What did not heal within this run may heal later.
            Err(mut error) => {
                if error.disposition == Disposition::RetryNow {
                    error.disposition = Disposition::RetryLater;
                }
                Err(error)
            }
        }
    }

    /// Logs in now, where logging in is how to be let in. Nothing is asked otherwise.
    pub async fn log_in(&self) -> Result<(), TransportError> {
        let current = self.0.state.lock().await.generation;
        match self.0.auth {
            Auth::Login(_) => self.0.pass(Some(current)).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    /// A warning when the clock of the far side, as its last answer told, is far from ours.
    pub fn clock_finding(&self) -> Option<Finding> {
        let ahead = self.0.clock_ahead.load(Ordering::Relaxed);
        (ahead.unsigned_abs() > CLOCK_TOLERANCE_S)
            .then(|| error::clock_differs(ahead).at(Place::of(self.0.name.clone())))
    }

    /// Seconds by which the far side's clock is ahead of ours, as its last answer told; negative when it is behind.
    pub fn clock_ahead_s(&self) -> i64 {
        self.0.clock_ahead.load(Ordering::Relaxed)
    }

    /// An answer of this far side that was kept, as if it came again.
    pub fn kept(&self, body: Bytes) -> Reply {
        Reply::kept(body, "a kept answer".to_owned(), self.0.base.clone())
    }

    /// The address of a next page, as the far side gave it: absolute, or relative to the page it came with.
    pub fn next_address(&self, reply: &Reply, given: &str) -> Result<String, TransportError> {
        let place = || self.0.place(&reply.label);
        let url = reply.url.join(given).map_err(|_| error::refused_address("not an address").at(place()))?;
        self.0.guard.check(&url).map_err(|why| error::refused_address(&why.0).at(place()))?;
        Ok(url.into())
    }

    async fn accepted(&self, request: &Request, accept: &Accept) -> Result<Reply, TransportError> {
        let reply = self.send(request.clone()).await?;
        let place = || self.0.place(&reply.label);
        let tells_itself = accept.fault.is_some_and(|is_fault| is_fault(&reply.body));
        if !accept.status.contains(&reply.status) && !tells_itself {
            let said =
                if looks_like_html(&reply, accept.body) { String::new() } else { first_words(&reply.body) };
            return Err(error::status(reply.status, reply.retry_after, &said).at(place()));
        }
        if reply.status != 204 {
            if looks_like_html(&reply, accept.body) {
                let is_login = looks_like_login(&reply.body);
                return Err(error::not_data(reply.status, accept.body.name(), is_login).at(place()));
            }
            if reply.body.iter().all(u8::is_ascii_whitespace) {
                return Err(error::empty(reply.status).at(place()));
            }
        }
        Ok(reply)
    }
}

impl Inner {
    fn place(&self, label: &str) -> Place {
        Place::of(self.name.clone()).at(label)
    }

    /// The header that lets a request in. `stale` names the login whose token was just refused.
    async fn pass(&self, stale: Option<u64>) -> Result<Option<Pass>, TransportError> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(pause) = state.pause.as_ref().filter(|pause| now < pause.until) {
            let mut finding = (*pause.finding).clone();
            let minutes = (pause.until - now).as_secs().div_ceil(60);
            finding.what.vi.push_str(&format!(" (tạm dừng thử thêm {minutes} phút)"));
            finding.what.en.push_str(&format!(" (not tried for another {minutes} min)"));
            return Err(TransportError::new(finding, Disposition::NeedsOperator, Reached::No));
        }
        let Auth::Login(login) = &self.auth else { return Ok(self.fixed.clone()) };
        let usable =
            state.token.as_ref().filter(|token| stale != Some(token.pass.generation) && now < token.dies_at);
        if let Some(token) = usable.filter(|token| now < token.renew_at) {
            return Ok(Some(token.pass.clone()));
        }
        let old = usable.map(|token| token.pass.clone());
        // The lock is held while logging in: whoever else needs a token waits for this one.
        match self.login(login, state.generation + 1).await {
            Ok(token) => {
                let pass = token.pass.clone();
                state.generation = pass.generation;
                state.token = Some(token);
                Ok(Some(pass))
            }
            Err(error) => {
                if matches!(error.finding.code.as_str(), "LT-NET-008" | "LT-NET-017") {
                    state.pause(self.auth_pause, &error.finding);
                    state.token = None;
                    return Err(error);
                }
                // The old token still lives: a login server that is down must not stop a run.
                old.map_or(Err(error), |old| Ok(Some(old)))
            }
        }
    }

    async fn login(&self, login: &Login, generation: u64) -> Result<Token, TransportError> {
        let body: serde_json::Value = serde_json::from_str(login.body.expose_secret()).unwrap_or_default();
        let request = Request::post(&login.path);
        let request = match (&body, login.form) {
            (serde_json::Value::Object(fields), true) => request.form(
                fields.iter().filter_map(|(name, value)| Some((name.clone(), as_text(value)?))).collect(),
            ),
            _ => request.json(&body),
        };
        let asked = Instant::now();
        let reply = self
            .exchange(&request, None)
            .await
            .map_err(|error| TransportError { reached: Reached::No, ..error })?;
        let place = self.place(&reply.label);
        let answer: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
        let at = |pointer: &String| answer.as_ref().and_then(|answer| answer.pointer(pointer));
        let said = login
            .error_text
            .as_ref()
            .and_then(|pointer| at(pointer)?.as_str())
            .map(shorten)
            .unwrap_or_default();
        match reply.status {
            200 | 201 => {}
            400 | 401 | 403 | 422 => return Err(error::login_refused(reply.status, &said).at(place)),
            status => {
                let error = error::status(status, reply.retry_after, "").at(place);
                return Err(TransportError { reached: Reached::No, ..error });
            }
        }
        if looks_like_html(&reply, Content::Json) {
            // A page for people, as during maintenance, says nothing about the password.
            let error = error::not_data(reply.status, Content::Json.name(), false).at(place);
            return Err(TransportError { reached: Reached::No, ..error });
        }
        let good =
            answer.as_ref().is_some_and(|answer| login.success.iter().all(|expected| expected.holds(answer)));
        if !login.success.is_empty() && !good {
            return Err(error::login_refused(reply.status, &said).at(place));
        }
        let token = at(&login.token).and_then(as_text).filter(|token| !token.is_empty());
        let pass = token.and_then(|token| login.pass(&token, generation).ok());
        let Some(pass) = pass else { return Err(error::no_token(reply.status).at(place)) };
        let told = login.expires_in.as_ref().and_then(|pointer| as_text(at(pointer)?)?.parse::<u64>().ok());
        let now = || retry::server_time(&reply.headers).unwrap_or_else(|| self.clock.now());
        let until = login.expires_at.as_ref().and_then(|end| end.left(answer.as_ref()?, now()));
        let life = told
            .map(Duration::from_secs)
            .or(until)
            .unwrap_or(login.lifetime)
            .clamp(Duration::from_secs(1), Duration::from_secs(30 * 86_400));
        Ok(Token { pass, renew_at: asked + life * 4 / 5, dies_at: asked + life })
    }

    /// One request and its whole answer, counted.
    async fn exchange(&self, request: &Request, pass: Option<&Pass>) -> Result<Reply, TransportError> {
        let timer = Instant::now();
        let outcome = self.attempt(request, pass).await;
        let class = match &outcome {
            Ok(reply) => match reply.status {
                ..300 => "2xx",
                300..400 => "3xx",
                400..500 => "4xx",
                _ => "5xx",
            },
            Err(error) if error.reached == Reached::No => "not_sent",
            Err(_) => "unclear",
        };
        let peer = self.name.clone();
        metrics::counter!(name::REQUESTS, "peer" => peer.clone(), "class" => class).increment(1);
        metrics::histogram!(name::REQUEST_SECONDS, "peer" => peer).record(timer.elapsed().as_secs_f64());
        outcome
    }

    /// One request and its whole answer, redirects within the origin included where they are allowed.
    async fn attempt(&self, request: &Request, pass: Option<&Pass>) -> Result<Reply, TransportError> {
        let mut url = self.address(request)?;
        for _ in 0..=MAX_REDIRECTS {
            let label = format!("{} {}", request.method.as_str(), url.path());
            let place = || self.place(&label);
            self.guard.check(&url).map_err(|why| error::refused_address(&why.0).at(place()))?;
            let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes()).unwrap_or_default();
            let mut outgoing = self.http.request(method, url.clone()).headers(self.headers.clone());
            for (name, value) in &request.headers {
                outgoing = outgoing.header(name, value);
            }
            if let Some(pass) = pass {
                outgoing = outgoing.header(&pass.name, pass.value.clone());
            }
            outgoing = match &request.body {
                Some(Body::Json(bytes)) => {
                    outgoing.header(CONTENT_TYPE, "application/json").body(bytes.clone())
                }
                Some(Body::Form(fields)) => outgoing.form(fields),
                Some(Body::Made { kind, make }) => outgoing.header(CONTENT_TYPE, kind).body(make()),
                None => outgoing,
            };
            let response = outgoing.send().await.map_err(|error| error::failed(error, place()))?;
            let status = response.status();
            if status.is_redirection() && status.as_u16() != 304 {
                let next = response
                    .headers()
                    .get(LOCATION)
                    .and_then(|location| url.join(location.to_str().ok()?).ok())
                    .filter(|next| {
                        self.follow_redirects && request.body.is_none() && self.guard.check(next).is_ok()
                    });
                match next {
                    Some(next) => {
                        url = next;
                        continue;
                    }
                    None => return Err(error::redirect(status.as_u16()).at(place())),
                }
            }
            let headers = response.headers().clone();
            // Otherwise the connection's end is the answer's end, and may as well be a break.
            let whole = response.version() >= reqwest::Version::HTTP_2
                || headers.contains_key(CONTENT_LENGTH)
                || headers.contains_key(TRANSFER_ENCODING);
            self.note_clock(&headers);
            let body = self.body(response).await.map_err(|error| error.at(place()))?;
            return Ok(Reply {
                status: status.as_u16(),
                retry_after: retry::retry_after(&headers, self.clock),
                headers,
                body,
                whole,
                label,
                url,
            });
        }
        Err(error::redirect(302).at(self.place(&format!("{request:?}"))))
    }

    /// Keeps how far the far side's clock is from ours.
    fn note_clock(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) {
            let ahead = (date.to_utc() - self.clock.now()).num_seconds();
            self.clock_ahead.store(ahead, Ordering::Relaxed);
        }
    }

    fn address(&self, request: &Request) -> Result<Url, TransportError> {
        let target = request.target.as_str();
        let text = if target.contains("://") {
            target.to_owned()
        } else {
            format!("{}/{}", self.base.as_str().trim_end_matches('/'), target.trim_start_matches('/'))
        };
        let mut url = Url::parse(&text)
            .map_err(|_| error::refused_address("not an address").at(self.place(&format!("{request:?}"))))?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }

    /// Reads the body piece by piece, so that a small compressed answer cannot fill the memory.
    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let place = Place::of(self.name.clone());
        if response.content_length().is_some_and(|length| length > self.max_answer) {
            return Err(error::too_large(self.max_answer));
        }
        // Room at once for what is announced, within reason: an announcement costs nothing.
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(MOST_AT_ONCE));
        while let Some(piece) = response.chunk().await.map_err(|error| error::failed(error, place.clone()))? {
            if (body.len() + piece.len()) as u64 > self.max_answer {
                return Err(error::too_large(self.max_answer));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }
}

/// What is wrong with an address that would be asked without encryption; nothing where that is allowed.
pub fn unencrypted(base_url: &str, allow_http: bool) -> Option<Finding> {
    // As it is parsed, not as it is spelt: `http:/host` is such an address as well.
    let plain = Url::parse(base_url.trim()).is_ok_and(|url| url.scheme() == "http");
    (plain && !allow_http).then(plain_http)
}

fn base_url(written: &str) -> Result<Url, (&'static str, &'static str)> {
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

fn certificates(roots: &Roots, scheme: &str) -> Result<Vec<Certificate>, Text> {
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

fn looks_like_html(reply: &Reply, wanted: Content) -> bool {
    let says_html =
        reply.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let body = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&reply.body).trim_ascii_start();
    let begins = |sign: &[u8]| body.get(..sign.len()).is_some_and(|head| head.eq_ignore_ascii_case(sign));
    let first = body.first();
    match wanted {
        Content::Xml => begins(b"<!doctype html") || begins(b"<html") || (says_html && first != Some(&b'<')),
        Content::Json | Content::Table => {
            first == Some(&b'<') || (says_html && !matches!(first, Some(b'{' | b'[')))
        }
    }
}

fn looks_like_login(body: &[u8]) -> bool {
    const LOOKED_AT: usize = 64 * 1024;
    let text = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body)).to_lowercase();
    ["type=\"password\"", "type='password'", "type=password", "đăng nhập", "dang nhap"]
        .iter()
        .any(|sign| text.contains(sign))
}

/// The first words of an error body, for the operator.
fn first_words(body: &[u8]) -> String {
    const LOOKED_AT: usize = 2_000;
    let head = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let told = parsed.as_ref().and_then(|value| {
        ["/message", "/error/message", "/error_description", "/error", "/detail"]
            .iter()
            .find_map(|pointer| value.pointer(pointer)?.as_str())
    });
    match (told, parsed.is_some()) {
        (Some(told), _) => shorten(told),
        // JSON without a message may be data about people.
        (None, true) => String::new(),
        (None, false) => shorten(&head),
    }
}

fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    line.trim().to_owned()
}
