//! The national document axis (VXP) as a source.
//!
//! Owns one connected centre: what waits for it is listed, each package fetched, checked against its digest and read.
//! A package is acknowledged only through [`Connector::acknowledge`], after the pipeline has stored it: what is killed
//! in between comes again and changes nothing. One that cannot be read is kept whole as a rejection and acknowledged as
//! failed, so that its sender learns of it; one whose digest differs, or that may have been damaged on its way, is not
//! acknowledged at all. It must not know the store. A failure of the axis ends the pull; one of a single package does
//! not, unless it is one after the other.

mod answer;
mod finding;
mod pull;
mod sign;
mod unserved;

use super::directory::Directory;
use super::key::Agencies;
use super::record::{Meaning, TaskChoice, meaning};
use super::{Edxml, Kept, Limits, Refusal};
use crate::clock::Clock;
use crate::connector::http::SourceLimits;
use crate::connector::{
    Abilities, Connector, ConnectorError, Delivered, Detailed, DraftReader, Pull, PullRequest, RawRecord,
    Receipt, Rejection, Unpacked,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Finding, Place, Text};
use crate::transport::{Accept, Client, Content, Method, Options, Reply, RetryPolicy, Roots, Timeouts};
use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use sign::Signer;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use unserved::Unserved;

/// How long a directory of the axis is used before it is asked for again.
const DIRECTORY_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Room of an answer beside the package in it.
const ENVELOPE_MIB: u64 = 1;

/// How a package is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// `GET /downloadEdoc`: the bytes themselves.
    Download,
    /// `POST /getEdoc`: base64 within JSON.
    Get,
}

/// Where the directory of agencies comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryFrom {
    /// None: every code is its own spelling.
    Nowhere,
    /// A CSV file.
    File(PathBuf),
    /// `getAgenciesListQD20` with this level, where one is asked for.
    Axis(Option<String>),
    /// `getAgenciesList`.
    AxisOld,
}

/// What a centre is connected with.
pub struct VxpOptions {
    /// Address of the axis.
    pub base_url: String,
    /// Plain http allowed.
    pub allow_http: bool,
    /// PEM file of the only authority trusted.
    pub ca_file: Option<PathBuf>,
    /// Id of the centre.
    pub system_id: String,
    /// Its secret.
    pub secret: SecretString,
    /// Kinds of messages pulled, in this order: `edoc`, `status`.
    pub messages: Vec<String>,
    /// How packages are fetched.
    pub fetch: Fetch,
    /// Longest exchange, seconds.
    pub timeout_s: u32,
    /// Repeating one request.
    pub retry: RetryPolicy,
    /// The directory.
    pub directory: DirectoryFrom,
    /// Limits of a package.
    pub limits: Limits,
    /// Namespaces that are expected.
    pub namespaces: Vec<String>,
    /// Which documents are tasks.
    pub tasks: TaskChoice,
    /// What the installation allows.
    pub source_limits: SourceLimits,
}

/// One connected centre.
pub struct VxpSource {
    shared: Arc<Shared>,
}

struct Shared {
    source: SourceId,
    client: Client,
    signer: Signer,
    clock: Clock,
    messages: Vec<String>,
    fetch: Fetch,
    directory: DirectoryFrom,
    loaded: Mutex<Option<(Instant, Arc<Directory>)>>,
    /// Packages that could not be fetched when they were asked for last: they come behind the others.
    unserved: Mutex<Unserved>,
    limits: Limits,
    namespaces: Vec<String>,
    tasks: TaskChoice,
    fingerprint: [u8; 32],
    reader: DraftReader,
}

impl fmt::Debug for VxpSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VxpSource({})", self.shared.source)
    }
}

impl VxpSource {
    /// Connects a centre; nothing is sent yet.
    ///
    /// # Errors
    /// What is wrong with address or certificates.
    pub fn new(
        source: SourceId,
        options: VxpOptions,
        fingerprint: [u8; 32],
        reader: DraftReader,
    ) -> Result<Self, Box<Finding>> {
        // Base64 of what is base64 itself: an answer of JSON is a third larger than its package.
        let answer = options.limits.package / 3 * 4 + ENVELOPE_MIB * 1024 * 1024;
        let allowed = u64::from(options.source_limits.answer_mib) * 1024 * 1024;
        let exchange = Duration::from_secs(options.timeout_s.into()).min(options.source_limits.exchange);
        let mut client = Options::new(format!("source {source}"), options.base_url);
        client.allow_http = options.allow_http;
        client.roots = options.ca_file.map_or(Roots::Native, Roots::File);
        client.timeouts = Timeouts { total: exchange, ..Timeouts::default() };
        client.retry = options.retry;
        client.max_answer = answer.min(allowed);
        client.hidden = vec![options.secret.clone()];
        client.headers = vec![("user-agent".to_owned(), "JAVASDKAgent/1.0.0 XRoad/VPCP".to_owned())];
        let shared = Shared {
            client: Client::new(client)?,
            signer: Signer { system_id: options.system_id, secret: options.secret },
            clock: Clock::system(),
            messages: options.messages,
            fetch: options.fetch,
            directory: options.directory,
            loaded: Mutex::default(),
            unserved: Mutex::default(),
            limits: options.limits,
            namespaces: options.namespaces,
            tasks: options.tasks,
            fingerprint,
            reader,
            source,
        };
        Ok(Self { shared: Arc::new(shared) })
    }
}

impl Shared {
    fn place(&self) -> Place {
        Place::of(format!("source {}", self.source))
    }

    /// A call with its parameters; the answer is complete, 200 and no page for people.
    async fn call(
        &self,
        method: Method,
        path: &str,
        params: &[(&str, &str)],
    ) -> Result<Reply, ConnectorError> {
        let request = self.signer.request(method, path, params, self.clock.now());
        Ok(self.client.fetch(&request, &Accept::default()).await?)
    }

    /// The bytes of a package, or the JSON that refuses it.
    async fn download(&self, id: &str) -> Result<Reply, ConnectorError> {
        let params = [("docId", id)];
        let request = self.signer.request(Method::Get, "/downloadEdoc", &params, self.clock.now());
        Ok(self.client.fetch(&request, &Accept { body: Content::Xml, ..Accept::default() }).await?)
    }

    /// Words of the axis without our secret.
    fn hide(&self, text: &str) -> String {
        self.client.hide(text)
    }

    fn untrusted(&self, finding: Finding) -> ConnectorError {
        ConnectorError {
            finding: Box::new(finding.at(self.place())),
            disposition: crate::error::Disposition::RetryLater,
            retry_after: None,
        }
    }

    /// What the directory says now; asked for again once a day. One that was read serves on while the axis does not
    /// give a newer one.
    async fn agencies(&self) -> Result<Arc<Directory>, ConnectorError> {
        if let Some((at, directory)) = self.known()
            && at.elapsed() < DIRECTORY_LIFE
        {
            return Ok(directory);
        }
        let read = self.read_directory().await;
        match (read, self.known()) {
            (Ok(directory), _) => {
                let directory = Arc::new(directory);
                *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Instant::now(), directory.clone()));
                Ok(directory)
            }
            (Err(_), Some((_, older))) => Ok(older),
            (Err(error), None) => Err(error),
        }
    }

    fn known(&self) -> Option<(Instant, Arc<Directory>)> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read_directory(&self) -> Result<Directory, ConnectorError> {
        let beside = |work: tokio::task::JoinHandle<Result<Directory, Finding>>| async {
            let read =
                work.await.unwrap_or_else(|error| Err(finding::no_answer("directory", &error.to_string())));
            read.map_err(|finding| self.untrusted(finding))
        };
        let (path, params) = match &self.directory {
            DirectoryFrom::Nowhere => return Ok(Directory::default()),
            DirectoryFrom::File(file) => {
                let file = file.clone();
                return beside(tokio::task::spawn_blocking(move || Directory::of_file(&file))).await;
            }
            DirectoryFrom::Axis(level) => {
                ("/getAgenciesListQD20", level.iter().map(|level| ("level", level.as_str())).collect())
            }
            DirectoryFrom::AxisOld => ("/getAgenciesList", Vec::new()),
        };
        let reply = self.call(Method::Post, path, &params).await?;
        let client = self.client.clone();
        let read = tokio::task::spawn_blocking(move || {
            let data =
                answer::data(path, &reply.body, |text| client.hide(text)).map_err(|finding| *finding)?;
            Directory::of_answer(data.unwrap_or("[]"))
        });
        beside(read).await
    }

    fn edxml(&self, agencies: Arc<Directory>) -> Edxml {
        let agencies: Arc<dyn Agencies> = agencies;
        Edxml { limits: self.limits, namespaces: self.namespaces.clone(), agencies }
    }
}

#[async_trait]
impl Connector for VxpSource {
    fn source(&self) -> &SourceId {
        &self.shared.source
    }

    fn abilities(&self) -> Abilities {
        Abilities { incremental: true, full_is_complete: false, details: false, pages_forget: false }
    }

    async fn check(&self) -> Vec<Finding> {
        let shared = &self.shared;
        let mut findings = Vec::new();
        for message in &shared.messages {
            let call = if message == "status" { "/countReceiveStatus" } else { "/countReceiveEdoc" };
            let told = match shared.call(Method::Get, call, &[]).await {
                Ok(reply) => answer::count(call, &reply.body, |text| shared.hide(text)),
                Err(error) => Err(error.finding),
            };
            match told {
                Ok(count) => {
                    let waiting = count.map_or("?".to_owned(), |count| count.to_string());
                    findings.push(Finding::info(
                        "LT-EDX-013",
                        Text::new(
                            format!("trục có {waiting} gói {message} đang chờ"),
                            format!("{waiting} packages of kind {message} wait on the axis"),
                        ),
                        Text::new("không cần làm gì", "nothing to do"),
                    ));
                }
                Err(finding) => return vec![finding.at(shared.place())],
            }
        }
        if let Err(error) = shared.agencies().await {
            findings.push(*error.finding);
        }
        findings.extend(shared.client.findings());
        findings
    }

    async fn pull(&self, _request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        let agencies = self.shared.agencies().await?;
        let edxml = Arc::new(self.shared.edxml(agencies));
        Ok(Box::new(pull::VxpPull::new(self.shared.clone(), edxml)))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Ok(records.into_iter().map(Detailed::Complete).collect())
    }

    fn list_again(
        &self,
        body: Bytes,
        _details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        if body.is_empty() {
            // An unreadable package is kept in its rejection alone.
            return None;
        }
        let shared = &self.shared;
        // Without the directory a document would get another key than it had.
        let agencies = match (&shared.directory, shared.known()) {
            (DirectoryFrom::Nowhere, None) => Arc::default(),
            (_, known) => known?.1,
        };
        let read = shared.edxml(agencies).read_kept(&body);
        let read = read.map_err(|refusal: Refusal| Box::new(refusal.finding().at(shared.place())));
        Some(read.map(|package| meaning(&package, &shared.tasks, &shared.fingerprint).records))
    }

    /// Read again from the bytes it came as; its receipt was given when it was rejected.
    async fn unpack(&self, body: Bytes) -> Option<Result<Unpacked, Box<Finding>>> {
        let shared = &self.shared;
        let agencies = match shared.agencies().await {
            Ok(agencies) => agencies,
            Err(error) => return Some(Err(error.finding)),
        };
        let edxml = shared.edxml(agencies);
        let read = tokio::task::spawn_blocking(move || edxml.read_and_cut(&body)).await;
        let read = read.unwrap_or_else(|error| Err(Refusal::Syntax(error.to_string())));
        let read = read.map_err(|refusal| Box::new(refusal.finding().at(shared.place())));
        Some(read.map(|(package, Kept(kept))| {
            let Meaning { records, evidence } = meaning(&package, &shared.tasks, &shared.fingerprint);
            Unpacked { records, delivered: Delivered { evidence, receipts: Vec::new() }, kept }
        }))
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        (self.shared.reader)(record)
    }

    async fn acknowledge(&self, receipts: Vec<Receipt>) -> Vec<Finding> {
        let shared = &self.shared;
        for receipt in receipts {
            let status = if receipt.readable { "done" } else { "fail" };
            let params = [("docid", receipt.id.as_str()), ("status", status)];
            let told = match shared.call(Method::Post, "/updateStatus", &params).await {
                Ok(reply) => answer::data("/updateStatus", &reply.body, |text| shared.hide(text)).map(|_| ()),
                Err(error) => Err(error.finding),
            };
            if let Err(why) = told {
                // The next ones would fail like this one, and all of them come again.
                return vec![finding::not_acknowledged(&why.what.en).at(shared.place())];
            }
        }
        Vec::new()
    }
}
