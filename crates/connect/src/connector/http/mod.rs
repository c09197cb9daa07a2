//! Sources that answer over HTTP in JSON, XML or tables, connected by their manifest.
//!
//! Owns one connected source: its client, its rendered requests, `check`, and handing out pulls. It must not
//! know the store or people. A failure of the source is a [`ConnectorError`] with the transport's finding;
//! a record that cannot be listed, completed or read is a rejection and never stops its neighbours.

mod ask;
mod auth;
mod branch;
mod conditional;
mod crowd;
mod detail;
mod export;
mod finding;
mod format;
mod page;
pub mod plan;
mod pull;
mod refusal;
mod soap;
pub(super) mod users;
mod walk;
mod window;

pub use crowd::Crowd;

use super::manifest::http::DetailsOf;
use super::manifest::{Loaded, Setting};
use super::rule::value::excerpt;
use super::salted::Keeper;
use super::sample::Sample;
use super::xml::soap::{Answers, UsernameToken, may_be_fault};
use super::{
    Abilities, Connector, ConnectorError, Detailed, DetailsAgain, Glance, Presence, Pull, PullRequest,
    RawRecord, Rejection,
};
use crate::clock::Clock;
use crate::config::nearest;
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Findings, Place, Text};
use crate::transport::{
    Accept, BreakerState, Client, DayBook, Method, Options, RetryPolicy, Roots, Timeouts, TransportError,
    unencrypted,
};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use minijinja::Value;
use plan::Plan;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What the configuration gives for one source.
#[derive(Debug, Clone, Default)]
pub struct SourceOptions {
    /// Values of the manifest's settings.
    pub settings: BTreeMap<String, String>,
    /// Values of the manifest's secret settings.
    pub secrets: BTreeMap<String, SecretString>,
    /// Allows plain `http://` for this source, whatever the manifest says.
    pub allow_http: bool,
    /// PEM file of the authority that signed the source's certificate; the machine's own where none is given.
    pub ca_file: Option<PathBuf>,
    /// What the installation allows; the manifest may ask for less.
    pub limits: SourceLimits,
}

/// Limits of an installation for all its sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// Largest answer after decompression, in MiB.
    pub answer_mib: u32,
    /// Longest exchange.
    pub exchange: Duration,
    /// Detail calls at the same time.
    pub parallel_details: usize,
}

impl Default for SourceLimits {
    /// No limit beyond the manifest's own.
    fn default() -> Self {
        Self { answer_mib: u32::MAX, exchange: Duration::MAX, parallel_details: usize::MAX }
    }
}

/// One connected HTTP source.
#[derive(Debug)]
pub struct HttpConnector {
    shared: Arc<Shared>,
}

/// What pulls and detail calls of one source have in common.
struct Shared {
    source: SourceId,
    whose: String,
    loaded: Arc<Loaded>,
    client: Client,
    settings: Value,
    accept: Accept,
    /// What lets SOAP calls in.
    token: Option<UsernameToken>,
    /// Who is asked for, where each user is shown only what is theirs.
    user: Option<users::User>,
    /// Whom a state of a list was shown to.
    keeper: Keeper,
    details_at_once: usize,
}

impl HttpConnector {
    /// Connects a source: checks its settings and builds its client. Nothing is sent yet.
    pub fn new(source: SourceId, loaded: Arc<Loaded>, options: SourceOptions) -> Result<Self, Findings> {
        let whose = format!("source {source}");
        let mut findings = check_settings(&loaded.manifest.settings, &options, &whose);
        let Some(plan) = &loaded.http else {
            return Err(Findings::from(finding::not_http(&loaded.manifest.name).at(Place::of(whose))));
        };
        let settings = Value::from(values(&loaded.manifest.settings, &options.settings));
        // What a missing setting breaks beside is no mistake of its own; an address without encryption is.
        findings.extend(address_finding(plan, &settings, &options, &whose));
        if !findings.is_empty() {
            return Err(Findings(findings));
        }
        let client = client(plan, &settings, &options, &whose).map_err(|error| Findings(vec![*error]))?;
        let accept = Accept {
            status: plan.status.clone(),
            body: plan.format.content(),
            fault: plan.soap.as_ref().map(|_| may_be_fault as fn(&[u8]) -> bool),
            refusal: refusal::of(&loaded, Answers::List),
        };
        let token = match &plan.soap {
            // Each user has their own.
            Some(_) if plan.users.is_some() => None,
            Some(soap) => soap::token(soap, &context(&settings, &options))
                .map_err(|why| Findings::from(finding::cannot_ask(&why).at(Place::of(whose.clone()))))?,
            None => None,
        };
        let settings = minijinja::context!(settings => settings);
        let details_at_once =
            (plan.stream.detail_concurrency as usize).min(options.limits.parallel_details).max(1);
        let keeper = Keeper::of(options.secrets.iter());
        let shared = Shared {
            source,
            whose,
            loaded,
            client,
            settings,
            accept,
            token,
            user: None,
            keeper,
            details_at_once,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Where the breaker of this source stands.
    pub fn breaker(&self) -> BreakerState {
        self.shared.client.breaker()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.whose, self.loaded.manifest.name)
    }
}

impl Shared {
    /// The plan; a connector without one is never built.
    fn plan(&self) -> &Plan {
        match &self.loaded.http {
            Some(plan) => plan,
            None => unreachable!("HttpConnector::new refuses manifests without HTTP sections"),
        }
    }

    fn place(&self, detail: &str) -> Place {
        let place = Place::of(self.whose.clone());
        match &self.user {
            Some(user) if user.shown != detail => place.at(format!("{}, {detail}", user.shown)),
            _ => place.at(detail),
        }
    }

    /// What asks for one user of this source.
    ///
    /// # Errors
    /// LT-MAN-010 a value that lets them in is missing, LT-NET-016 it cannot be sent.
    fn beside(&self, options: &SourceOptions, user: &users::User) -> Result<Self, ConnectorError> {
        let plan = self.plan();
        let broken = |why: String| self.cannot_ask(&why);
        let Some(users) = &plan.users else { return Err(self.cannot_ask("there are no users")) };
        let settings = self.settings.get_attr("settings").unwrap_or_default();
        let secrets = context(&settings, options).get_attr("secrets").unwrap_or_default();
        let lets_in = minijinja::context!(settings => settings.clone(), secrets => secrets, user => user.values.clone());
        let auth = auth::auth(&users.auth, &lets_in).map_err(broken)?;
        let hidden: Vec<SecretString> = options.secrets.values().chain(&user.hidden).cloned().collect();
        let client = self.client.beside(&user.shown, auth, &hidden).map_err(|finding| ConnectorError {
            finding,
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        })?;
        let token = match &plan.soap {
            Some(soap) => soap::token(soap, &lets_in).map_err(broken)?,
            None => None,
        };
        Ok(Self {
            source: self.source.clone(),
            whose: self.whose.clone(),
            loaded: self.loaded.clone(),
            client,
            settings: minijinja::context!(settings => settings, user => user.open.clone()),
            accept: self.accept.clone(),
            token,
            user: Some(user.clone()),
            // No state of a list is kept by user.
            keeper: Keeper::of(std::iter::empty()),
            details_at_once: self.details_at_once,
        })
    }

    fn cannot_ask(&self, why: &str) -> ConnectorError {
        ConnectorError {
            finding: Box::new(finding::cannot_ask(why).at(Place::of(self.whose.clone()))),
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        }
    }
}

impl From<TransportError> for ConnectorError {
    fn from(error: TransportError) -> Self {
        Self { finding: error.finding, disposition: error.disposition, retry_after: error.retry_after }
    }
}

/// A manifest's method as the transport knows it.
fn method(asked: super::manifest::http::Method) -> Method {
    match asked {
        super::manifest::http::Method::Get => Method::Get,
        super::manifest::http::Method::Post => Method::Post,
        super::manifest::http::Method::Propfind => Method::Propfind,
        super::manifest::http::Method::Report => Method::Report,
    }
}

pub(super) fn check_settings(
    declared: &BTreeMap<String, Setting>,
    options: &SourceOptions,
    whose: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut tell = |key: String, what: Text, remedy: Text| {
        findings.push(Finding::error("LT-MAN-009", what, remedy).at(Place::of(whose).at(key)));
    };
    for (name, setting) in declared {
        let given = if setting.secret {
            options.secrets.contains_key(name)
        } else {
            options.settings.contains_key(name)
        };
        if !given && setting.default.is_none() {
            let (vi, en) = (&setting.label.vi, &setting.label.en);
            let table = if setting.secret { "secrets" } else { "settings" };
            tell(
                format!("{table}.{name}"),
                Text::new(format!("thiếu \"{name}\" ({vi})"), format!("\"{name}\" ({en}) is missing")),
                Text::new(
                    format!("thêm {table}.{name} vào nguồn này trong cấu hình"),
                    format!("add {table}.{name} to this source in the configuration"),
                ),
            );
        }
        if setting.secret && options.settings.contains_key(name) {
            tell(
                format!("settings.{name}"),
                Text::new(
                    format!("\"{name}\" là giá trị bí mật, không được viết trong settings"),
                    format!("\"{name}\" is a secret and must not stand in settings"),
                ),
                Text::new(
                    format!("dùng secrets.{name} = {{ file = \"…\" }} hoặc {{ credential = \"…\" }}"),
                    format!("use secrets.{name} = {{ file = \"…\" }} or {{ credential = \"…\" }}"),
                ),
            );
        }
    }
    let given = options.settings.keys().map(|name| ("settings", name));
    let given = given.chain(options.secrets.keys().map(|name| ("secrets", name)));
    for (table, name) in given.filter(|(_, name)| !declared.contains_key(*name)) {
        // What may stand in this table: a secret is none of the settings.
        let of_table = declared.iter().filter(|(_, setting)| setting.secret == (table == "secrets"));
        let known: Vec<&str> = of_table.map(|(name, _)| name.as_str()).collect();
        let list = known.join(", ");
        let remedy = match (nearest(name, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => Text::new(
                format!("có phải \"{near}\"? các mục: {list}"),
                format!("did you mean \"{near}\"? one of: {list}"),
            ),
            (None, false) => Text::new(format!("dùng một trong: {list}"), format!("use one of: {list}")),
            (None, true) => Text::new(
                format!("bỏ {table}.{name}: manifest không có mục nào loại này"),
                format!("leave {table}.{name} out: the manifest has none of this kind"),
            ),
        };
        tell(
            format!("{table}.{name}"),
            Text::new(
                format!("manifest không có mục \"{name}\""),
                format!("the manifest has no setting \"{name}\""),
            ),
            remedy,
        );
    }
    findings
}

/// Every declared setting that is no secret: given, default, or empty.
pub(in crate::connector) fn values(
    declared: &BTreeMap<String, Setting>,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    declared
        .iter()
        .filter(|(_, setting)| !setting.secret)
        .map(|(name, setting)| {
            (name.clone(), given.get(name).or(setting.default.as_ref()).cloned().unwrap_or_default())
        })
        .collect()
}

/// What templates that let us in may name.
fn context(settings: &Value, options: &SourceOptions) -> Value {
    let secrets = options.secrets.iter();
    let secrets: BTreeMap<String, String> =
        secrets.map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned())).collect();
    minijinja::context!(settings => settings, secrets => Value::from(secrets))
}

fn client(
    plan: &Plan,
    settings: &Value,
    options: &SourceOptions,
    whose: &str,
) -> Result<Client, Box<Finding>> {
    let context = context(settings, options);
    let broken = |why: String| Box::new(finding::cannot_ask(&why).at(Place::of(whose)));
    let mut made = Options::new(whose, plan.base_url.render(&context).map_err(broken)?);
    for (name, template) in &plan.headers {
        made.headers.push((name.clone(), template.render(&context).map_err(broken)?));
    }
    let section = &plan.transport;
    made.allow_http = allows_http(plan, options);
    made.follow_redirects = section.follow_redirects;
    made.roots = options.ca_file.clone().map_or(Roots::Native, Roots::File);
    made.timeouts = Timeouts {
        connect: Duration::from_secs(section.connect_timeout_s.into()),
        read: Duration::from_secs(section.read_timeout_s.into()),
        total: Duration::from_secs(section.total_timeout_s.into()).min(options.limits.exchange),
    };
    made.max_answer = u64::from(section.max_answer_mib.min(options.limits.answer_mib)) * 1024 * 1024;
    made.retry = RetryPolicy {
        attempts: section.retry.attempts,
        first_wait: Duration::from_millis(section.retry.first_wait_ms.into()),
        max_wait: Duration::from_secs(section.retry.max_wait_s.into()),
    };
    made.limits = Some(auth::limits(plan));
    made.identity = auth::identity(plan, &context).map_err(broken)?;
    made.request_id = section.request_id.clone();
    made.auth = auth::auth(&plan.auth, &context).map_err(broken)?;
    made.hidden = options.secrets.values().cloned().collect();
    Client::new(made)
}

fn allows_http(plan: &Plan, options: &SourceOptions) -> bool {
    plan.transport.allow_http || options.allow_http
}

/// An address that would be asked without encryption, at the setting it stands in.
fn address_finding(plan: &Plan, settings: &Value, options: &SourceOptions, whose: &str) -> Option<Finding> {
    let base = plan.base_url.render(&minijinja::context!(settings => settings)).ok()?;
    // Of several that fit, the one that says most of it: another may hold the scheme alone.
    let fitting = options.settings.iter().filter(|(_, given)| !given.is_empty() && base.starts_with(*given));
    let setting = fitting.max_by_key(|(_, given)| given.len());
    let place = Place::of(whose);
    let place = setting.map(|(name, _)| place.clone().at(format!("settings.{name}"))).unwrap_or(place);
    Some(unencrypted(&base, allows_http(plan, options))?.at(place))
}

/// Connects, authenticates and reads one page and a few records: what is to be told of them.
async fn looked(shared: &Arc<Shared>) -> Result<Vec<Finding>, ConnectorError> {
    let first = pull::HttpPull::first_page(shared.clone(), Clock::system().now()).await?;
    let (mut findings, mut sample) = (Vec::new(), Sample::default());
    let nothing = first.records.is_empty() && first.rejected.is_empty();
    first.rejected.into_iter().for_each(|rejection| sample.refuse(rejection.finding));
    // One window of many, one parent or one user of many may well be empty.
    let plan = shared.plan();
    let is_part = plan.window.is_some() || plan.is_branched() || shared.user.is_some();
    if nothing && !is_part {
        findings.push(finding::nothing_shown().at(shared.place("check")));
    }
    // Details of a few records are enough to see whether the calls work and the rules fit.
    const LOOKED_AT: usize = 5;
    let shown = first.records.into_iter().filter(|record| record.presence == Presence::Shown);
    let some: Vec<RawRecord> = shown.take(LOOKED_AT).collect();
    match detail::complete(shared, some).await {
        Err(error) => findings.push(*error.finding),
        Ok(detailed) => {
            for outcome in detailed {
                match outcome {
                    Detailed::Complete(record) => {
                        sample.look(&shared.loaded, &shared.whose, &record);
                    }
                    Detailed::Vanished(finding) => findings.push(*finding),
                    Detailed::Rejected(rejection) => sample.refuse(rejection.finding),
                }
            }
        }
    }
    findings.extend(sample.verdict(&shared.loaded));
    Ok(findings)
}

#[async_trait]
impl Connector for HttpConnector {
    fn source(&self) -> &SourceId {
        &self.shared.source
    }

    fn abilities(&self) -> Abilities {
        let plan = self.shared.plan();
        Abilities {
            incremental: plan.incremental.is_some(),
            full_is_complete: plan.stream.full_is_complete,
            // What a record gets from its parent stands beside its page, as details do.
            details: !plan.details.is_empty() || plan.is_branched(),
            pages_forget: plan.stream.conditional,
        }
    }

    fn rules(&self) -> Option<[u8; 32]> {
        Some(self.shared.loaded.fingerprint)
    }

    fn details_again(&self) -> Option<DetailsAgain> {
        let section = self.shared.plan().stream.details_again.as_ref()?;
        Some(DetailsAgain { open_only: section.of == DetailsOf::Open, every: section.every })
    }

    async fn check(&self) -> Vec<Finding> {
        // A certificate that ended is often why.
        let told = looked(&self.shared).await.unwrap_or_else(|error| vec![*error.finding]);
        told.into_iter().chain(self.shared.client.findings()).collect()
    }

    fn paused(&self) -> Option<Finding> {
        match self.breaker() {
            BreakerState::Open { why, .. } => {
                Some(finding::paused(&why).at(Place::of(self.shared.whose.clone())))
            }
            BreakerState::Closed | BreakerState::HalfOpen => None,
        }
    }

    fn counts_in(&self, book: Arc<dyn DayBook>) {
        self.shared.client.counts_in(book);
    }

    async fn glance(&self, now: DateTime<Utc>) -> Result<Option<Glance>, ConnectorError> {
        let plan = self.shared.plan();
        if plan.window.is_some()
            || plan.export.is_some()
            || plan.is_branched()
            || !plan.stream.full_is_complete
        {
            return Ok(None);
        }
        let first = pull::HttpPull::first_page(self.shared.clone(), now).await?;
        Ok(Some(Glance { shown: (first.records.len() + first.rejected.len()) as u64, total: first.total }))
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        Ok(Box::new(pull::HttpPull::new(self.shared.clone(), request)?))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        detail::complete(&self.shared, records).await
    }

    fn list_again(
        &self,
        body: Bytes,
        details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        let plan = self.shared.plan();
        let kept = self.shared.client.kept(body);
        let listed = page::list(&self.shared, &plan.tasks, &kept, page::Standing::default());
        let records = listed.map(|listed| listed.records).map_err(|error| error.finding);
        if plan.details.is_empty() && !plan.is_branched() {
            return Some(records);
        }
        // A record says everything only with its details.
        let details = details?;
        match records {
            Ok(records) if plan.is_branched() => {
                branch::again(&self.shared.loaded.fingerprint, records, &details).map(Ok)
            }
            Ok(records) => detail::completed(records, &details).map(Ok),
            Err(finding) => Some(Err(finding)),
        }
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        if format::is_series(&self.shared.plan().format, &record.body) {
            let key = record.external_id.clone();
            return Err(Box::new(Rejection {
                finding: finding::series().at(Place::of(self.shared.whose.clone()).at(&key)),
                external_id: Some(key),
                index: record.index,
                body: record.body.clone(),
            }));
        }
        self.shared.loaded.read(&self.shared.whose, record)
    }
}
