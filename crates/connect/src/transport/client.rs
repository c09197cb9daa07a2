//! The HTTP client: one per source or target.
//!
//! Owns building it (roots, time-outs, guard), one exchange with its limits, and repeating a request that may be
//! repeated. `send` makes one attempt and gives back any answer, for callers that must know what may have
//! arrived; `fetch` repeats and accepts only good answers, for reading. Dropping a future cancels its request.

use super::auth::{Auth, Pass, State, Unsigned};
use super::breaker::{Breaker, BreakerState};
use super::certificate::{self, Whose};
use super::error::{self, Reached, TransportError};
use super::guard::Guard;
use super::hide::Hidden;
use super::options::{Options, base_url, certificates, unencrypted};
use super::pace::{self, DayBook, Pace};
use super::request::{Body, Reply, Request};
use super::retry::{self, Budget, RetryPolicy};
use super::session::{Cookies, asks_for_password};
use super::unpack::{ACCEPTED, Unpacker};
use crate::clock::Clock;
use crate::error::{Disposition, Finding, Place, Text};
use crate::telemetry::name;
use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::cookie::CookieStore as _;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, DATE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, SET_COOKIE, TRANSFER_ENCODING,
};
use reqwest::{Identity, Url};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, SemaphorePermit};
use tokio::time::Instant;
use uuid::Uuid;

/// Redirects followed in a row, where they are followed at all.
const MAX_REDIRECTS: u32 = 5;

/// Difference of clocks worth telling, seconds: deadlines and cursors are counted in more than that.
const CLOCK_TOLERANCE_S: u64 = 120;

/// Room made for an announced answer before any of it is there.
const MOST_AT_ONCE: usize = 4 * 1024 * 1024;

/// Which answers `fetch` takes.
#[derive(Debug, Clone)]
pub struct Accept {
    /// Status codes.
    pub status: Vec<u16>,
    /// What the body must look like.
    pub body: Content,
    /// Tells a body that says itself what went wrong, as a SOAP fault does: it is taken whatever its status.
    pub fault: Option<fn(&[u8]) -> bool>,
    /// Finds answers that refuse us without a 401.
    pub refusal: Option<RefusalSign>,
}

/// What an answer of any status but 401 says of a refused account or session; nothing where it says nothing. Such an
/// answer counts as a 401: the session is renewed once, then the pause begins.
#[derive(Clone)]
pub struct RefusalSign(pub Arc<FindRefusal>);

/// Looks for a refusal in an answer; what of it is told goes through the second argument first, which hides secrets.
pub type FindRefusal = dyn Fn(&Reply, &dyn Fn(&str) -> String) -> Option<Finding> + Send + Sync;

impl fmt::Debug for RefusalSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefusalSign")
    }
}

/// What a body is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// JSON Lines: an empty body that is whole holds no record.
    JsonLines,
    /// XML.
    Xml,
    /// A table: CSV or a workbook.
    Table,
}

impl Content {
    /// As operators are told.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json | Self::JsonLines => "JSON",
            Self::Xml => "XML",
            Self::Table => "CSV",
        }
    }
}

impl Default for Accept {
    fn default() -> Self {
        Self { status: vec![200], body: Content::Json, fault: None, refusal: None }
    }
}

/// An HTTP client for one origin; cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

pub(super) struct Inner {
    pub(super) name: String,
    /// For whom it asks, where several have clients of their own.
    who: Option<String>,
    pub(super) base: Url,
    guard: Guard,
    http: reqwest::Client,
    headers: HeaderMap,
    request_id: Option<HeaderName>,
    pub(super) fixed: Pass,
    pub(super) auth: Auth,
    pub(super) auth_pause: Duration,
    pub(super) state: Mutex<State>,
    pub(super) cookies: Cookies,
    pub(super) hidden: Hidden,
    /// Why a new refresh token could not be kept.
    pub(super) unkept: std::sync::Mutex<Option<Text>>,
    follow_redirects: bool,
    max_answer: u64,
    longest_exchange: Duration,
    retry: RetryPolicy,
    budget: Arc<Budget>,
    protection: Option<Arc<(Pace, Breaker)>>,
    pub(super) clock: Clock,
    clock_ahead: Arc<AtomicI64>,
    our_end: Option<DateTime<Utc>>,
    their_end: Arc<AtomicI64>,
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
        if !headers.contains_key(ACCEPT_ENCODING) {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
        }
        let request_id = match &options.request_id {
            None => None,
            Some(name) => Some(name.parse::<HeaderName>().map_err(|_| {
                refuse(
                    &format!("header \"{name}\" không hợp lệ"),
                    &format!("the header \"{name}\" is not valid"),
                )
            })?),
        };
        let fixed = options.auth.fixed().map_err(|why| refuse(why.0, why.1))?;
        let identity = match &options.identity {
            None => None,
            Some(pem) => Some(Identity::from_pem(pem.expose_secret().as_bytes()).map_err(|_| {
                // The library's own words might quote the key.
                refuse(
                    "chứng thư hoặc khóa của máy này không đọc được (cần PEM: chứng thư và khóa không đặt mật khẩu)",
                    "this machine's certificate or key cannot be read (PEM is needed: certificate and a key without password)",
                )
            })?),
        };
        let our_end =
            options.identity.as_ref().and_then(|pem| certificate::end_of_pem(pem.expose_secret().as_bytes()));
        let certificates = certificates(&options.roots, base.scheme()).map_err(|why| {
            let told =
                Text::new("không đọc được chứng thư CA", "the CA certificates cannot be read").because(&why);
            refuse(&told.vi, &told.en)
        })?;
        let cookies = Cookies::default();
        let hidden = Hidden::of(&options.auth, &options.hidden);
        let builder = reqwest::Client::builder();
        let builder = identity.into_iter().fold(builder, reqwest::ClientBuilder::identity);
        let http = builder
            .user_agent(concat!("lienthong/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment would see every request and bypass the guard.
            .no_proxy()
            .referer(false)
            .dns_resolver(guard.resolver())
            .tls_certs_only(certificates)
            .tls_info(base.scheme() == "https")
            .connect_timeout(options.timeouts.connect)
            .read_timeout(options.timeouts.read)
            .timeout(options.timeouts.total)
            .build()
            .map_err(|error| error::failed(error, place.clone()).finding)?;
        Ok(Self(Arc::new(Inner {
            name: options.name,
            who: None,
            base,
            guard,
            http,
            headers,
            request_id,
            fixed,
            auth: options.auth,
            auth_pause: options.auth_pause,
            state: Mutex::new(State::new()),
            cookies,
            hidden,
            unkept: std::sync::Mutex::new(None),
            follow_redirects: options.follow_redirects,
            max_answer: options.max_answer,
            longest_exchange: options.timeouts.total,
            retry: options.retry,
            budget: Arc::new(Budget::new()),
            protection: options
                .limits
                .map(|limits| Arc::new((Pace::new(limits), Breaker::new(options.timeouts.total * 4)))),
            clock: Clock::system(),
            clock_ahead: Arc::default(),
            our_end,
            their_end: Arc::default(),
        })))
    }

    /// A client of the same far side for somebody else: connections, limits and breaker are shared, what lets in, its
    /// pause and the secrets are their own.
    ///
    /// # Errors
    /// LT-NET-016 what lets in cannot be sent.
    pub fn beside(&self, who: &str, auth: Auth, hidden: &[SecretString]) -> Result<Self, Box<Finding>> {
        let inner = &self.0;
        let place = Place::of(inner.name.clone()).at(who);
        let fixed = auth.fixed().map_err(|why| Box::new(error::options(why.0, why.1).at(place)))?;
        Ok(Self(Arc::new(Inner {
            name: inner.name.clone(),
            who: Some(who.to_owned()),
            base: inner.base.clone(),
            guard: inner.guard.clone(),
            http: inner.http.clone(),
            headers: inner.headers.clone(),
            request_id: inner.request_id.clone(),
            fixed,
            hidden: Hidden::of(&auth, hidden),
            auth,
            auth_pause: inner.auth_pause,
            state: Mutex::new(State::new()),
            cookies: Cookies::default(),
            unkept: std::sync::Mutex::new(None),
            follow_redirects: inner.follow_redirects,
            max_answer: inner.max_answer,
            longest_exchange: inner.longest_exchange,
            retry: inner.retry,
            budget: inner.budget.clone(),
            protection: inner.protection.clone(),
            clock: inner.clock,
            clock_ahead: inner.clock_ahead.clone(),
            our_end: inner.our_end,
            their_end: inner.their_end.clone(),
        })))
    }

    /// One attempt; any answer comes back, also 4xx and 5xx. A 401, or a session that ended, is followed by one
    /// new login and asked once more, because a request that was not let in had no effect.
    pub async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        self.ask(&request, None).await
    }

    /// The same, where answers of other statuses may refuse us too: then their finding is the error.
    async fn ask(&self, request: &Request, refusal: Option<&RefusalSign>) -> Result<Reply, TransportError> {
        let inner = &self.0;
        let _turn = inner.turn(request).await?;
        let outcome = inner.let_in(request, refusal).await;
        inner.note(&outcome);
        outcome
    }

    /// A text of the far side without our secrets, should it repeat them; before it is cut.
    pub fn hide(&self, text: &str) -> String {
        self.0.hidden.hide(text)
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
        match self.0.auth.logs_in() {
            true => self.0.pass(Some(current)).await.map(|_| ()),
            false => Ok(()),
        }
    }

    /// Has the requests of a day counted where they outlive the process; nothing for clients without such a limit.
    pub fn counts_in(&self, book: Arc<dyn DayBook>) {
        if let Some((pace, _)) = self.0.protection.as_deref() {
            pace.counts_in(book);
        }
    }

    /// Where the breaker stands; always closed for clients without limits.
    pub fn breaker(&self) -> BreakerState {
        self.0.protection.as_deref().map_or(BreakerState::Closed, |(_, breaker)| breaker.state())
    }

    /// What is worth telling beside the answers: a clock far from ours, certificates that end soon, a new refresh
    /// token that could not be kept.
    pub fn findings(&self) -> Vec<Finding> {
        let inner = &self.0;
        let now = inner.clock.now();
        let theirs = DateTime::from_timestamp(inner.their_end.load(Ordering::Relaxed), 0);
        let theirs = theirs.filter(|end| end.timestamp() != 0);
        let ends = [(Whose::Ours, inner.our_end), (Whose::Theirs, theirs)];
        let place = || Place::of(inner.name.clone());
        let unkept = inner.unkept.lock().ok().and_then(|unkept| unkept.clone());
        self.clock_finding()
            .into_iter()
            .chain(
                ends.into_iter().filter_map(|(whose, end)| certificate::finding(whose, end?, now, place())),
            )
            .chain(unkept.map(|why| error::unkept(&why).at(place())))
            .collect()
    }

    /// A warning when the clock of the far side, as its last answer told, is far from ours.
    fn clock_finding(&self) -> Option<Finding> {
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
        // A far side that repeats our key in its addresses must not bring it to where addresses are shown.
        Ok(self.0.without_keys(url).into())
    }

    async fn accepted(&self, request: &Request, accept: &Accept) -> Result<Reply, TransportError> {
        let reply = self.ask(request, accept.refusal.as_ref()).await?;
        let place = || self.0.place(&reply.label);
        let tells_itself = accept.fault.is_some_and(|is_fault| is_fault(&reply.body));
        if !accept.status.contains(&reply.status) && !tells_itself {
            let is_page = looks_like_html(&reply, accept.body);
            let said = if is_page { String::new() } else { self.0.hidden.first_words(&reply.body) };
            let error = match (reply.status, reply.logged_in) {
                (401, true) => error::refused_after_login(&said),
                (status, _) => error::status(status, reply.retry_after, &said),
            };
            return Err(error.at(place()));
        }
        if !matches!(reply.status, 204 | 304) {
            if looks_like_html(&reply, accept.body) {
                let is_login = looks_like_login(&reply.body);
                return Err(error::not_data(reply.status, accept.body.name(), is_login).at(place()));
            }
            let may_be_empty = accept.body == Content::JsonLines && reply.whole;
            if !may_be_empty && reply.body.iter().all(u8::is_ascii_whitespace) {
                return Err(error::empty(reply.status).at(place()));
            }
        }
        Ok(reply)
    }
}

impl Inner {
    pub(super) fn place(&self, label: &str) -> Place {
        let place = Place::of(self.name.clone());
        match &self.who {
            Some(who) => place.at(format!("{who}, {label}")),
            None => place.at(label),
        }
    }

    /// Waits for the turn of a request, where there are limits.
    async fn turn(&self, request: &Request) -> Result<Option<SemaphorePermit<'_>>, TransportError> {
        let Some((pace, breaker)) = self.protection.as_deref() else { return Ok(None) };
        let place = || self.place(&format!("{request:?}"));
        let permit = pace.turn(self.retry.max_wait).await;
        let permit = permit.map_err(|wait| error::limited(wait).at(place()))?;
        breaker.admit(Instant::now()).map_err(|(left, why)| error::broken(left, why).at(place()))?;
        Ok(permit)
    }

    /// What an answer tells about the far side: how it is, and how fast it wants to be asked.
    fn note(&self, outcome: &Result<Reply, TransportError>) {
        let Some((pace, breaker)) = self.protection.as_deref() else { return };
        match outcome {
            Ok(reply) if reply.status >= 500 => {
                breaker.failed(Instant::now(), &error::status(reply.status, None, "").finding);
            }
            Err(error) if error.disposition == Disposition::RetryNow => {
                breaker.failed(Instant::now(), &error.finding);
            }
            // A refused login, an address that is not allowed, a request that cannot be written.
            Err(error) if error.reached == Reached::No && error.status.is_none() => breaker.never_asked(),
            _ => breaker.answered(),
        }
        let Ok(reply) = outcome else { return };
        let asked = reply.retry_after.filter(|_| matches!(reply.status, 429 | 503));
        let now = retry::server_time(&reply.headers).unwrap_or_else(|| self.clock.now());
        if let Some(wait) = asked.or_else(|| pace::told(&reply.headers, now)) {
            pace.hold(wait);
        }
    }

    /// One attempt with what lets it in, and a second one after a new login where it was not let in.
    async fn let_in(
        &self,
        request: &Request,
        refusal: Option<&RefusalSign>,
    ) -> Result<Reply, TransportError> {
        let pass = self.pass(None).await?;
        let mut reply = self.exchange(request, &pass).await?;
        let refused = |reply: &Reply| match (reply.status, refusal) {
            (401, _) if reply.logged_in => Some(error::refused_after_login("")),
            (401, _) => Some(error::status(401, None, "")),
            (status, _) if reply.signed_out => Some(error::signed_out(status)),
            (status, Some(RefusalSign(find))) => find(reply, &|text| self.hidden.hide(text)).map(|finding| {
                let error = TransportError::new(finding, Disposition::NeedsOperator, Reached::No);
                TransportError { status: Some(status), ..error }
            }),
            _ => None,
        };
        if refused(&reply).is_none() {
            self.state.lock().await.let_in();
            return Ok(reply);
        }
        if self.auth.logs_in() {
            let renewed = self.pass(Some(pass.generation)).await?;
            reply = self.exchange(request, &renewed).await?;
            reply.logged_in = true;
        }
        let Some(error) = refused(&reply) else { return Ok(reply) };
        let error = error.at(self.place(&reply.label));
        self.state.lock().await.pause(self.auth_pause, &error.finding);
        if reply.status == 401 { Ok(reply) } else { Err(error) }
    }

    /// One request and its whole answer, counted.
    pub(super) async fn exchange(&self, request: &Request, pass: &Pass) -> Result<Reply, TransportError> {
        let timer = Instant::now();
        let outcome = self.attempt(request, pass).await;
        if let Ok(reply) = &outcome {
            super::observe::note(request, pass, reply);
        }
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
    async fn attempt(&self, request: &Request, pass: &Pass) -> Result<Reply, TransportError> {
        let mut url = self.address(request)?;
        for _ in 0..=MAX_REDIRECTS {
            let label = format!("{} {}", request.method.as_str(), url.path());
            let (mut built, number) =
                self.written(request, &url, pass).map_err(|error| error.at(self.place(&label)))?;
            // By hand: those who share connections do not share cookies.
            let cookies = self.auth.session.as_ref().and_then(|_| self.cookies.cookies(&url));
            cookies.into_iter().for_each(|cookies| drop(built.headers_mut().insert(COOKIE, cookies)));
            let place = || match &number {
                Some(number) => self.place(&format!("{label} ({number})")),
                None => self.place(&label),
            };
            let response = self.http.execute(built).await.map_err(|error| error::failed(error, place()))?;
            let status = response.status();
            let headers = response.headers().clone();
            self.note_far_side(&response);
            if self.auth.session.is_some() {
                self.cookies.set_cookies(&mut headers.get_all(SET_COOKIE).iter(), &url);
            }
            if status.is_redirection() && status.as_u16() != 304 {
                let next = headers.get(LOCATION).and_then(|location| url.join(location.to_str().ok()?).ok());
                let signed_out = next.as_ref().is_some_and(|next| self.is_sign_in(next));
                if signed_out || request.keeps_redirect {
                    let none = Bytes::new();
                    return Ok(Reply {
                        signed_out,
                        status: status.as_u16(),
                        ..Reply::kept(none, label, url)
                    });
                }
                let next = next.filter(|next| {
                    self.follow_redirects && request.body.is_none() && self.guard.check(next).is_ok()
                });
                match next {
                    Some(next) => {
                        url = self.without_keys(next);
                        continue;
                    }
                    None => return Err(error::redirect(status.as_u16()).at(place())),
                }
            }
            // Otherwise the connection's end is the answer's end, and may as well be a break.
            let whole = response.version() >= reqwest::Version::HTTP_2
                || headers.contains_key(CONTENT_LENGTH)
                || headers.contains_key(TRANSFER_ENCODING)
                // A packed answer tells its own end.
                || headers.contains_key(CONTENT_ENCODING);
            let body = self.body(response).await.map_err(|error| error.at(place()))?;
            return Ok(Reply {
                status: status.as_u16(),
                retry_after: retry::retry_after(&headers, self.clock),
                signed_out: self.auth.session.is_some() && asks_for_password(&body),
                logged_in: false,
                headers,
                body,
                whole,
                label,
                url,
            });
        }
        Err(error::redirect(302).at(self.place(&format!("{request:?}"))))
    }

    /// The request as it leaves, signed where that is asked for, and its number where it carries one.
    fn written(
        &self,
        request: &Request,
        url: &Url,
        pass: &Pass,
    ) -> Result<(reqwest::Request, Option<String>), TransportError> {
        self.guard.check(url).map_err(|why| error::refused_address(&why.0))?;
        let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes()).unwrap_or_default();
        let mut sent = url.clone();
        for (name, value) in &self.auth.query {
            sent.query_pairs_mut().append_pair(name, value.expose_secret());
        }
        let mut outgoing = self.http.request(method, sent).headers(self.headers.clone());
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        outgoing = match &request.body {
            Some(Body::Json(bytes)) => outgoing.header(CONTENT_TYPE, "application/json").body(bytes.clone()),
            Some(Body::Form(fields)) => outgoing.form(fields),
            Some(Body::Made { kind, make }) => outgoing.header(CONTENT_TYPE, kind).body(make()),
            None => outgoing,
        };
        let failed = |error| error::failed(error, self.place(&format!("{request:?}")));
        let mut built = outgoing.headers(pass.headers.clone()).build().map_err(failed)?;
        if let Some(signer) = &self.auth.signer {
            let unsigned = Unsigned {
                method: request.method.as_str(),
                path: url.path(),
                query: url.query().unwrap_or(""),
                parameters: url.query_pairs().into_owned().collect(),
                body: built.body().and_then(reqwest::Body::as_bytes).unwrap_or_default(),
                now: self.clock.now(),
            };
            let signed = signer.sign(&unsigned).map_err(|why| error::unsigned(&why))?;
            for (name, value) in &signed.headers {
                let (name, value) = super::auth::carried(name, value).map_err(|why| self.unfit(why))?;
                built.headers_mut().insert(name, value);
            }
            if signed.without_query {
                built.url_mut().set_query(None);
            }
        }
        let mut number = None;
        if let Some(name) = &self.request_id {
            let id = Uuid::now_v7().to_string();
            tracing::info!(peer = self.name, request = %format!("{request:?}"), header = %name, id, "request sent");
            if let Ok(value) = HeaderValue::from_str(&id) {
                built.headers_mut().insert(name, value);
            }
            number = Some(format!("{name} {id}"));
        }
        Ok((built, number))
    }

    /// An address without the keys that every request carries.
    fn without_keys(&self, mut url: Url) -> Url {
        let is_key = |name: &str| self.auth.query.iter().any(|(key, _)| key == name);
        if !url.query_pairs().any(|(name, _)| is_key(&name)) {
            return url;
        }
        let rest: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(name, _)| !is_key(name)).collect();
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(&rest);
        }
        url
    }

    /// Keeps what every answer tells beside its content: the clock and the certificate.
    fn note_far_side(&self, response: &reqwest::Response) {
        self.note_clock(response.headers());
        let shown = response.extensions().get::<reqwest::tls::TlsInfo>();
        if let Some(end) = shown.and_then(|shown| certificate::end_of(shown.peer_certificate()?)) {
            self.their_end.store(end.timestamp(), Ordering::Relaxed);
        }
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
        let mut url = self.absolute(&request.target).ok_or_else(|| {
            error::refused_address("not an address").at(self.place(&format!("{request:?}")))
        })?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(self.without_keys(url))
    }

    /// A path below the base address, or an absolute address, as an address.
    pub(super) fn absolute(&self, target: &str) -> Option<Url> {
        let text = if target.contains("://") {
            target.to_owned()
        } else {
            format!("{}/{}", self.base.as_str().trim_end_matches('/'), target.trim_start_matches('/'))
        };
        Url::parse(&text).ok()
    }

    /// Reads the body piece by piece and unpacks it on the way, so that a small packed answer cannot fill the memory.
    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let place = Place::of(self.name.clone());
        if response.content_length().is_some_and(|length| length > self.max_answer) {
            return Err(error::too_large(self.max_answer));
        }
        let codings = response.headers().get_all(CONTENT_ENCODING).iter();
        let codings: Vec<&str> = codings.map(|coding| coding.to_str().unwrap_or("?")).collect();
        // Room at once for what is announced, within reason: an announcement costs nothing.
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let room = announced.unwrap_or(0).min(MOST_AT_ONCE);
        let refused = |refusal| error::refused_body(refusal, self.max_answer);
        let mut unpacker = Unpacker::new(&codings.join(","), self.max_answer, room).map_err(refused)?;
        while let Some(piece) = response.chunk().await.map_err(|error| error::failed(error, place.clone()))? {
            unpacker.take(&piece).map_err(refused)?;
        }
        Ok(unpacker.end().map_err(refused)?.into())
    }
}

pub(super) fn looks_like_html(reply: &Reply, wanted: Content) -> bool {
    let says_html =
        reply.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let body = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&reply.body).trim_ascii_start();
    let begins = |sign: &[u8]| body.get(..sign.len()).is_some_and(|head| head.eq_ignore_ascii_case(sign));
    let first = body.first();
    match wanted {
        Content::Xml => begins(b"<!doctype html") || begins(b"<html") || (says_html && first != Some(&b'<')),
        Content::Json | Content::JsonLines | Content::Table => {
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
