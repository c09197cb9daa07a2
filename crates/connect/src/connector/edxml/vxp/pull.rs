//! A pull of the axis: lists what waits, and gives one page for each package.
//!
//! Owns the order (documents before states, each list once; what could not be fetched before comes last, in the order of
//! [`Unserved`](super::unserved::Unserved), so that it holds up nobody), the check of the digest and what becomes of a package that cannot be read. It must not know how a call is signed. Memory is bounded by one package; contents of attachments
//! leave it before the page does.

use super::answer::{self, Waiting};
use super::{Fetch, Shared, finding};
use crate::connector::edxml::record::{Meaning, meaning};
use crate::connector::edxml::{Edxml, Kept, Refusal, hex, package::Package};
use crate::connector::{ConnectorError, Delivered, Page, Pull, PullEnd, Receipt, Rejection, Step};
use crate::error::Finding;
use crate::transport::Method;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

/// Packages in a row that may fail before the axis is taken for broken.
const MOST_FAILED: u32 = 3;

/// The same of packages that could not be fetched in an earlier pull either.
const MOST_FAILED_AGAIN: u32 = 10;

/// The transport's word for an answer over its limit.
const TOO_LARGE: &str = "LT-NET-007";

/// Findings of single packages that are shown of one pull.
const MOST_FINDINGS: usize = 20;

/// Kinds of deviations that are named.
const MOST_EXAMPLES: usize = 8;

pub(super) struct VxpPull {
    shared: Arc<Shared>,
    edxml: Arc<Edxml>,
    /// Kinds of messages not listed yet.
    messages: VecDeque<String>,
    waiting: VecDeque<Waiting>,
    /// Packages that could not be fetched in an earlier pull.
    again: VecDeque<Waiting>,
    /// Tries that had failed before this pull.
    tries_before: u64,
    /// Whether a package of this pull was fetched.
    served: bool,
    /// How many packages were listed so far.
    listed: u64,
    failed_in_a_row: u32,
    short: bool,
    findings: Vec<Finding>,
    odd: u64,
    examples: Vec<String>,
}

/// What became of a package.
enum Fetched {
    Page(Page),
    /// It stays on the axis.
    Left(Finding),
}

impl VxpPull {
    pub(super) fn new(shared: Arc<Shared>, edxml: Arc<Edxml>) -> Self {
        let messages = shared.messages.iter().cloned().collect();
        let tries_before = shared.unserved.lock().unwrap_or_else(PoisonError::into_inner).tries();
        Self {
            tries_before,
            shared,
            edxml,
            messages,
            waiting: VecDeque::new(),
            again: VecDeque::new(),
            served: false,
            listed: 0,
            failed_in_a_row: 0,
            short: false,
            findings: Vec::new(),
            odd: 0,
            examples: Vec::new(),
        }
    }

    async fn list(&mut self, message: &str) -> Result<(), ConnectorError> {
        let params = [("servicetype", "eDoc"), ("messagetype", message)];
        let reply = self.shared.call(Method::Post, "/getReceivedEdocList", &params).await?;
        let call = format!("/getReceivedEdocList {message}");
        let waiting = answer::data(&call, &reply.body, |text| self.shared.hide(text))
            .and_then(|data| answer::waiting(&call, data));
        let waiting = waiting.map_err(|finding| self.shared.untrusted(*finding))?;
        self.listed += waiting.len() as u64;
        let mut unserved = self.shared.unserved.lock().unwrap_or_else(PoisonError::into_inner);
        let (again, first): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|waiting| unserved.has(&waiting.doc_id));
        self.waiting.extend(first);
        self.again.extend(again);
        if self.messages.is_empty() {
            unserved.order(self.again.make_contiguous(), self.tries_before);
        }
        Ok(())
    }

    /// The next package, and whether it could not be fetched in an earlier pull; lists what waits where that is due.
    async fn next_waiting(&mut self) -> Result<Option<(Waiting, bool)>, ConnectorError> {
        loop {
            if let Some(next) = self.waiting.pop_front() {
                return Ok(Some((next, false)));
            }
            let Some(message) = self.messages.pop_front() else {
                return Ok(self.again.pop_front().map(|next| (next, true)));
            };
            self.list(&message).await?;
        }
    }

    /// Notes that the axis could not serve a package; whether it has to be taken for broken. That a package failed once
    /// more says nothing about the axis while it serves others.
    fn failed(&mut self, id: &str, again: bool, error: &ConnectorError) -> bool {
        self.shared.unserved.lock().unwrap_or_else(PoisonError::into_inner).failed(id);
        // A package that is too large says nothing about the axis.
        self.failed_in_a_row += u32::from(error.finding.code != TOO_LARGE);
        if !again {
            return self.failed_in_a_row >= MOST_FAILED;
        }
        let over = self.again.is_empty() || self.failed_in_a_row >= MOST_FAILED_AGAIN;
        if over {
            self.again.clear();
        }
        over && !self.served && self.failed_in_a_row >= MOST_FAILED
    }

    /// The bytes of a package, and its digest where the axis tells it.
    async fn bytes(&self, waiting: &Waiting) -> Result<(Bytes, Option<String>), ConnectorError> {
        let id = waiting.doc_id.as_str();
        let untrusted = |finding: Box<Finding>| self.shared.untrusted(*finding);
        let hide = |text: &str| self.shared.hide(text);
        let reply = match self.shared.fetch {
            Fetch::Download => self.shared.download(id).await?,
            Fetch::Get => {
                self.shared.call(Method::Post, "/getEdoc", &[("docId", id), ("filePath", "/")]).await?
            }
        };
        let header = reply.header("hash-file").or_else(|| reply.header("XroadVnpt-hash-file"));
        let sha256 = header.map(|hash| hash.trim().to_lowercase()).or_else(|| waiting.sha256.clone());
        if self.shared.fetch == Fetch::Get {
            let data = answer::data("/getEdoc", &reply.body, hide).map_err(untrusted)?;
            return Ok((answer::package("/getEdoc", data).map_err(untrusted)?, sha256));
        }
        // A refusal comes as JSON in place of the bytes.
        if reply.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            answer::data("/downloadEdoc", &reply.body, hide).map_err(untrusted)?;
        }
        Ok((reply.body, sha256))
    }

    async fn fetch(&mut self, waiting: &Waiting) -> Result<Fetched, ConnectorError> {
        let (bytes, sha256) = self.bytes(waiting).await?;
        let (edxml, given) = (self.edxml.clone(), bytes.clone());
        let read = tokio::task::spawn_blocking(move || (edxml.read_and_cut(&given), digest(&given)));
        let Ok((read, found)) = read.await else {
            return Ok(Fetched::Left(finding::no_answer("package", "its reading broke down")));
        };
        let proven = sha256.as_ref().map(|sha256| *sha256 == found);
        if proven == Some(false) {
            return Ok(Fetched::Left(finding::wrong_hash()));
        }
        Ok(Fetched::Page(match read {
            Ok((package, kept)) => self.readable(waiting, &package, kept),
            Err(refusal) => self.unreadable(waiting, bytes, &refusal, proven == Some(true)),
        }))
    }

    fn readable(&mut self, waiting: &Waiting, package: &Package, Kept(kept): Kept) -> Page {
        if !package.warnings.is_empty() {
            self.odd += 1;
            for warning in &package.warnings {
                let kind = warning.split(':').next().unwrap_or(warning);
                if self.examples.len() < MOST_EXAMPLES && !self.examples.iter().any(|known| known == kind) {
                    self.examples.push(kind.to_owned());
                }
            }
        }
        let Meaning { records, evidence } = meaning(package, &self.shared.tasks, &self.shared.fingerprint);
        let receipts = vec![Receipt { id: waiting.doc_id.clone(), readable: true }];
        Page { records, delivered: Delivered { evidence, receipts }, ..self.page(waiting, kept) }
    }

    fn unreadable(&mut self, waiting: &Waiting, bytes: Bytes, refusal: &Refusal, proven: bool) -> Page {
        let place = self.shared.place().at(format!("package {}", waiting.doc_id));
        let whole = proven || looks_whole(&bytes);
        let mut receipts = Vec::new();
        if whole {
            receipts.push(Receipt { id: waiting.doc_id.clone(), readable: false });
        } else {
            self.short = true;
            self.tell(finding::unproven().at(place.clone()));
        }
        let rejected = vec![Rejection {
            external_id: None,
            index: 0,
            body: bytes.clone(),
            finding: refusal.finding().at(place),
        }];
        // The rejection holds the bytes; the page need not hold them twice.
        let delivered = Delivered { evidence: Vec::new(), receipts };
        Page { rejected, delivered, ..self.page(waiting, Bytes::new()) }
    }

    fn page(&self, waiting: &Waiting, body: Bytes) -> Page {
        Page {
            request: format!("package {}", waiting.doc_id),
            body,
            records: Vec::new(),
            rejected: Vec::new(),
            cursor: None,
            total: self.messages.is_empty().then_some(self.listed),
            delivered: Delivered::default(),
        }
    }

    fn tell(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }

    fn end(&mut self) -> PullEnd {
        let mut findings = std::mem::take(&mut self.findings);
        if self.odd > 0 {
            findings.push(finding::tolerated(self.odd, &self.examples).at(self.shared.place()));
        }
        findings.extend(self.shared.client.findings());
        PullEnd { short: self.short, findings, ..PullEnd::default() }
    }
}

#[async_trait]
impl Pull for VxpPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        loop {
            let Some((next, again)) = self.next_waiting().await? else { return Ok(Step::End(self.end())) };
            let left = match self.fetch(&next).await {
                Ok(Fetched::Page(page)) => {
                    (self.failed_in_a_row, self.served) = (0, true);
                    self.shared.unserved.lock().unwrap_or_else(PoisonError::into_inner).served(&next.doc_id);
                    return Ok(Step::Page(page));
                }
                Ok(Fetched::Left(finding)) => finding,
                Err(error) if self.failed(&next.doc_id, again, &error) => return Err(error),
                Err(error) => finding::not_fetched(&error.finding),
            };
            self.short = true;
            let place = self.shared.place().at(format!("package {}", next.doc_id));
            self.tell(left.at(place));
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex(&sha2::Sha256::digest(bytes))
}

/// Whether bytes begin and end like a package: then what is wrong with it was wrong when it was sent.
fn looks_whole(bytes: &[u8]) -> bool {
    const HEAD: usize = 4096;
    let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes));
    let tail =
        String::from_utf8_lossy(bytes.get(bytes.len().saturating_sub(64)..).unwrap_or_default()).into_owned();
    let ended = tail.trim_end();
    head.contains("edXML") && (ended.ends_with("</edXML>") || ended.ends_with(":edXML>"))
}
