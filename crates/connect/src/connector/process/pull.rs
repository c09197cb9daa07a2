//! One pull over a child program: lines in, pages out.
//!
//! Owns the order of things: a page ends when it is full, when the program is quiet for a moment, and at the end; the
//! last state whose records are all on this page or before it is its cursor, so the state never runs ahead of what is
//! stored. It must not know a protocol's words. A program that breaks its protocol, crashes, hangs or was ended for a
//! bound is an error; complete lines it wrote before a crash are read, lines after a breach of the protocol are not.
//! Dropping the pull ends the program.

use super::child::{Outcome, Running, Said};
use super::keeper::Stopped;
use super::lines::Line;
use super::message::{Dialect, Message, Wrong, goes_back};
use super::page::{Cut, Growing};
use super::{Shared, finding};
use crate::connector::json::Path;
use crate::connector::{ConnectorError, Cursor, Pull, PullEnd, Step};
use crate::error::{Disposition, Finding, Text};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a page waits for more records.
const QUIET: Duration = Duration::from_secs(2);

/// Most lines set aside in one pull: beyond them it is another program.
const MOST_SET_ASIDE: u32 = 1_000;

/// Largest state, in bytes.
const MAX_STATE: usize = 1 << 20;

/// Most findings the program itself gives.
const MOST_TOLD: usize = 20;

/// A running pull.
pub(super) struct ProcessPull {
    pub(super) shared: Arc<Shared>,
    pub(super) running: Option<Running>,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) cut: Cut,
    /// Whether the manifest, not the stream, says what the key is.
    pub(super) fixed_key: bool,
    pub(super) full: bool,
    pub(super) incremental: bool,
    /// Value of the state the pull began at.
    pub(super) began_at: Option<String>,
    pub(super) seen: Seen,
}

/// What the lines so far said.
#[derive(Default)]
pub(super) struct Seen {
    page: Growing,
    /// The last state, and whether a page carried it.
    state: Option<String>,
    waiting: bool,
    mark: Option<String>,
    announced: bool,
    /// Whether a record came.
    any: bool,
    incomplete: bool,
    set_aside: u32,
    too_long: u32,
    rejected: bool,
    failure: Option<(String, Disposition)>,
    findings: Vec<Finding>,
    /// What follows the last page.
    end: Option<Result<PullEnd, ConnectorError>>,
}

#[async_trait]
impl Pull for ProcessPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        loop {
            if let Some(end) = self.seen.end.take() {
                return end.map(Step::End);
            }
            let Some(running) = &mut self.running else { return Ok(Step::End(PullEnd::default())) };
            let patience = (!self.seen.page.is_empty()).then_some(QUIET);
            match running.next(patience).await {
                Said::Line(line) => {
                    if let Err(breach) = self.line(line) {
                        if let Some(running) = self.running.take() {
                            drop(running.stop().await);
                        }
                        return Err(self.shared.fail(breach, Disposition::NeedsOperator));
                    }
                    if self.seen.page.is_full(self.shared.page_size) {
                        return Ok(Step::Page(self.page()));
                    }
                }
                Said::Nothing => return Ok(Step::Page(self.page())),
                Said::Idle => {
                    if let Some(running) = self.running.take() {
                        drop(running.stop().await);
                    }
                    let idle = finding::idle(self.shared.launch.idle);
                    self.seen.end = Some(Err(self.shared.fail(idle, Disposition::RetryLater)));
                }
                Said::Over => {
                    let Some(running) = self.running.take() else { continue };
                    let outcome = running.end().await;
                    self.seen.end = Some(self.verdict(&outcome));
                }
            }
            if self.seen.end.is_some() && (!self.seen.page.is_empty() || self.seen.waiting) {
                return Ok(Step::Page(self.page()));
            }
        }
    }
}

impl ProcessPull {
    fn page(&mut self) -> crate::connector::Page {
        self.seen.waiting = false;
        let cursor = self.seen.state.clone().map(Cursor);
        let page = self.seen.page.finish(&self.shared.label, cursor);
        self.seen.rejected |= !page.rejected.is_empty();
        page
    }

    /// Takes one line; an error is a breach of the protocol.
    fn line(&mut self, line: Line) -> Result<(), Finding> {
        let bytes: Bytes = match line {
            Line::Whole(bytes) | Line::Unended(bytes) => bytes,
            Line::TooLong { head, bytes } => {
                self.seen.too_long += 1;
                return self.set_aside(&head, finding::line_too_long(bytes));
            }
        };
        let trimmed = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii();
        if trimmed.is_empty() {
            return Ok(());
        }
        let Ok(text) = simdutf8::basic::from_utf8(trimmed) else {
            let why = Text::new("không phải UTF-8", "it is not UTF-8");
            return self.set_aside(trimmed, finding::no_message(&why));
        };
        match self.dialect.read(text) {
            Ok(message) => self.message(text, message),
            Err(Wrong::Protocol(finding)) => Err(*finding),
            Err(Wrong::NoMessage(why)) => self.set_aside(trimmed, finding::no_message(&why)),
        }
    }

    fn set_aside(&mut self, head: &[u8], finding: Finding) -> Result<(), Finding> {
        self.seen.set_aside += 1;
        if self.seen.set_aside > MOST_SET_ASIDE {
            return Err(finding::not_the_protocol(MOST_SET_ASIDE));
        }
        let shown = self.shared.launch.shown(&String::from_utf8_lossy(head));
        self.seen.page.set_aside(&self.cut, shown.as_bytes(), finding);
        Ok(())
    }

    fn message(&mut self, line: &str, message: Message<'_>) -> Result<(), Finding> {
        match message {
            Message::Record(record) => {
                if !self.cut.has_key() {
                    return Err(finding::keyless());
                }
                self.seen.announced = true;
                self.seen.any = true;
                self.seen.page.record(&self.cut, line, record);
            }
            Message::Announced(key) => {
                self.seen.announced = true;
                if !self.fixed_key && !key.is_empty() {
                    self.cut.key = key.iter().filter_map(|pointer| Path::parse(pointer).ok()).collect();
                }
            }
            // What a source says it reached after it failed is no word to build on.
            Message::State(_) if self.seen.failure.is_some() => {}
            Message::State(state) => self.state(state)?,
            Message::Failed(words, disposition) => {
                // The first one is the cause of the others.
                self.seen.failure.get_or_insert((words, disposition));
            }
            Message::Status(complete) => {
                self.seen.announced = true;
                self.seen.incomplete = !complete;
            }
            Message::Said(words) => {
                let said = self.shared.launch.shown(&words);
                let said: String = said.chars().take(500).collect();
                tracing::debug!(source.id = %self.shared.launch.source, %said, "a child says");
            }
            Message::Tell(finding) if self.seen.findings.len() < MOST_TOLD => {
                if !self.seen.findings.contains(&finding) {
                    self.seen.findings.push(finding);
                }
            }
            Message::Tell(_) | Message::Nothing => {}
        }
        Ok(())
    }

    fn state(&mut self, state: &str) -> Result<(), Finding> {
        if state.len() > MAX_STATE {
            return Err(finding::huge_state(state.len()));
        }
        let mark = self.dialect.mark(state);
        if let Some((from, to)) = self.seen.mark.as_ref().or(self.began_at.as_ref()).zip(mark.as_ref())
            && goes_back(from, to)
        {
            return Err(finding::state_backwards(
                &self.shared.launch.shown(from),
                &self.shared.launch.shown(to),
            ));
        }
        self.seen.mark = mark.or(self.seen.mark.take());
        self.seen.state = Some(state.to_owned());
        self.seen.waiting = true;
        Ok(())
    }

    /// What a pull whose program is over amounts to.
    fn verdict(&mut self, outcome: &Outcome) -> Result<PullEnd, ConnectorError> {
        let shared = self.shared.clone();
        let ended = outcome.ended.unwrap_or_default();
        if let Some(stopped) = ended.stopped {
            let disposition = match stopped {
                Stopped::TotalTime | Stopped::Dropped => Disposition::RetryLater,
                Stopped::Processes | Stopped::Memory => Disposition::NeedsOperator,
            };
            return Err(shared.fail(finding::stopped(stopped), disposition));
        }
        if let Some((words, disposition)) = self.seen.failure.take() {
            let words: String = shared.launch.shown(&words).chars().take(500).collect();
            return Err(shared.fail(finding::said_error(&words), disposition));
        }
        if ended.exit != Some(0) {
            let words = &outcome.last_words;
            return Err(
                shared.fail(finding::failed(ended.exit, ended.signal, words), Disposition::RetryLater)
            );
        }
        if !self.seen.announced && self.seen.state.is_none() {
            return Err(shared.fail(finding::said_nothing(&shared.stream), Disposition::NeedsOperator));
        }
        if self.seen.incomplete {
            return Err(shared.fail(finding::incomplete(), Disposition::RetryLater));
        }
        // Some programs find nothing where there is nothing, and are content.
        let lost = shared.launch.confinement.read.iter().find(|place| !place.exists());
        if let Some(lost) = lost.filter(|_| !self.seen.any) {
            // Nor is what it says it reached to be gone on from.
            self.seen.waiting = false;
            let lost = finding::nowhere_to_read(&lost.display().to_string());
            return Err(shared.fail(lost, Disposition::RetryLater));
        }
        let mut findings = std::mem::take(&mut self.seen.findings);
        if self.incremental && self.seen.state.is_none() {
            findings.push(finding::no_state());
        }
        if outcome.landlock == 0 && !shared.told_unfenced.swap(true, Ordering::Relaxed) {
            findings.push(finding::unfenced());
        }
        if ended.left_behind + ended.survivors > 0 {
            findings.push(finding::left_behind(ended.left_behind, ended.survivors));
        }
        let findings = findings.into_iter().map(|finding| finding.at(shared.place())).collect();
        let faultless = self.seen.set_aside == 0 && !self.seen.rejected;
        Ok(PullEnd {
            complete: self.full && shared.complete && faultless && self.dialect.proves_whole(),
            short: self.seen.too_long > 0,
            findings,
            ..PullEnd::default()
        })
    }
}
