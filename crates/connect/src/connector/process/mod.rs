//! Child programs as sources: Singer taps and sources of the Airbyte protocol, supervised and confined.
//!
//! Owns what a manifest's `[process]` becomes: discovery, the choice of one stream, the pull (`pull`), the two protocols
//! (`singer`, `airbyte`), the supervision of a child (`child`, `lines`), the process that stands in between (`keeper`)
//! and what a child is allowed (`confinement`). It must not know what a field means. A program that fails is an error
//! and never an empty system.

mod airbyte;
mod census;
mod child;
pub mod confinement;
mod finding;
pub mod keeper;
mod lines;
mod message;
mod page;
mod pull;
mod singer;

pub use child::keeper_is;

use super::http::{SourceOptions, check_settings, values};
use super::manifest::Loaded;
use super::manifest::process::{ProcessPlan, ProcessSection, Protocol, Replication};
use super::{
    Abilities, Connector, ConnectorError, Detailed, Pull, PullMode, PullRequest, RawRecord, Rejection, sample,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Findings, Place};
use airbyte::Airbyte;
use async_trait::async_trait;
use bytes::Bytes;
use child::{Launch, Running, Said};
use confinement::Confinement;
use lines::Line;
use message::Dialect;
use minijinja::Value;
use page::Cut;
use pull::{ProcessPull, Seen};
use secrecy::{ExposeSecret as _, SecretString};
use singer::Singer;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Most bytes a program may write when it is asked for its catalog, its spec or whether it can connect.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// What all pulls of a source share.
struct Shared {
    launch: Arc<Launch>,
    whose: String,
    /// What pages call their request.
    label: String,
    stream: String,
    page_size: u32,
    complete: bool,
    /// Whether it was told that the kernel has no Landlock.
    told_unfenced: AtomicBool,
}

impl Shared {
    fn place(&self) -> Place {
        Place::of(&*self.whose).at(&*self.label)
    }

    fn fail(&self, finding: Finding, disposition: Disposition) -> ConnectorError {
        let finding = if finding.place.is_some() { finding } else { finding.at(self.place()) };
        ConnectorError { finding: Box::new(finding), disposition, retry_after: None }
    }
}

/// A child program as a source.
pub struct ProcessSource {
    shared: Arc<Shared>,
    section: ProcessSection,
    cut: Cut,
    /// Configuration of the program, as JSON.
    config: SecretString,
    arguments: Vec<String>,
    loaded: Arc<Loaded>,
}

/// A stream that was chosen: what the program is handed, and how its lines are read.
struct Chosen {
    catalog: Option<Vec<u8>>,
    dialect: Box<dyn Dialect>,
    key: Vec<super::json::Path>,
}

impl ProcessSource {
    /// Connects a source: checks its settings and writes its configuration. Nothing is begun yet.
    ///
    /// # Errors
    /// Settings that are missing or too many; templates that cannot be rendered.
    pub fn new(
        source: SourceId,
        loaded: Arc<Loaded>,
        options: SourceOptions,
        folder: &Path,
    ) -> Result<Self, Findings> {
        let whose = format!("source {source}");
        let findings = check_settings(&loaded.manifest.settings, &options, &whose);
        if !findings.is_empty() {
            return Err(Findings(findings));
        }
        let (Some(section), Some(plan)) = (loaded.manifest.process.clone(), &loaded.process) else {
            return Err(finding::no_configuration("no [process]").at(Place::of(whose)).into());
        };
        let settings = Value::from(values(&loaded.manifest.settings, &options.settings));
        let secrets: BTreeMap<String, String> = options
            .secrets
            .iter()
            .map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned()))
            .collect();
        let context = minijinja::context!(settings => settings, secrets => Value::from(secrets));
        let rendered = Rendered::new(plan, &context)
            .map_err(|why| Findings::from(finding::no_configuration(&why).at(Place::of(&*whose))))?;
        let mut program = rendered.run;
        if let Some(name) = program.first_mut() {
            *name = folder.join(&*name).display().to_string();
        }
        let mut read: Vec<PathBuf> = rendered.read.iter().map(|path| folder.join(path)).collect();
        read.extend(installation(program.first().map_or(Path::new(""), Path::new)));
        let limits = &section.limits;
        let launch = Launch {
            source: source.clone(),
            confinement: Confinement {
                folder: PathBuf::new(),
                read,
                ports: section.ports.clone(),
                memory_mib: limits.memory_mib,
                processes: limits.processes,
                cpu_s: limits.cpu_s,
                file_mib: limits.file_mib,
                open_files: limits.open_files,
                total_ms: u64::from(section.total_s) * 1_000,
            },
            env: section.env.clone(),
            idle: Duration::from_secs(section.idle_s.into()),
            secrets: options.secrets.into_values().collect(),
            program,
        };
        let name = launch.program.first().and_then(|name| Path::new(name).file_name());
        let name = name.unwrap_or_default().to_string_lossy();
        let cut = Cut {
            key: plan.key.clone(),
            volatile: section.volatile.clone(),
            deleted: plan.deleted.clone(),
            fingerprint: loaded.fingerprint,
            whose: whose.clone(),
        };
        let shared = Shared {
            label: format!("{name} {}", section.stream),
            launch: Arc::new(launch),
            stream: section.stream.clone(),
            page_size: section.page_size,
            complete: section.complete,
            told_unfenced: AtomicBool::new(false),
            whose,
        };
        Ok(Self {
            shared: Arc::new(shared),
            cut,
            config: SecretString::from(rendered.config.to_string()),
            arguments: rendered.arguments,
            section,
            loaded,
        })
    }

    fn incremental(&self) -> bool {
        self.section.replication == Replication::Incremental
    }

    /// Begins a child with the configuration file; `command` stands before it, `more` behind it.
    fn start(
        &self,
        command: Option<&str>,
        more: &[&str],
        mut files: Vec<(&'static str, Vec<u8>)>,
    ) -> Result<Running, ConnectorError> {
        let program = self.shared.launch.program.first().map(String::as_str).unwrap_or_default();
        let may_run = std::fs::metadata(program)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
        if !may_run {
            return Err(self.shared.fail(finding::no_program(program), Disposition::NeedsOperator));
        }
        let mut arguments: Vec<String> = command.into_iter().map(str::to_owned).collect();
        if command != Some("spec") {
            files.push(("config.json", self.config.expose_secret().as_bytes().to_vec()));
            arguments.extend(["--config".to_owned(), "{work}/config.json".to_owned()]);
        }
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        if command != Some("spec") {
            arguments.extend(self.arguments.iter().cloned());
        }
        Running::start(&self.shared.launch, &arguments, &files)
            .map_err(|finding| self.shared.fail(finding, Disposition::RetryLater))
    }

    /// Everything a child writes, for commands that answer and end.
    async fn answer(&self, mut running: Running) -> Result<String, ConnectorError> {
        let mut text = String::new();
        loop {
            match running.next(None).await {
                Said::Line(Line::Whole(line) | Line::Unended(line))
                    if text.len() + line.len() < MAX_ANSWER =>
                {
                    text.push_str(&String::from_utf8_lossy(&line));
                    text.push('\n');
                }
                Said::Line(_) => {
                    drop(running.stop().await);
                    let why = crate::error::Text::new("câu trả lời quá dài", "the answer is too long");
                    return Err(self.shared.fail(finding::no_catalog(&why), Disposition::NeedsOperator));
                }
                Said::Over => break,
                Said::Idle | Said::Nothing => {
                    drop(running.stop().await);
                    let idle = finding::idle(self.shared.launch.idle);
                    return Err(self.shared.fail(idle, Disposition::RetryLater));
                }
            }
        }
        let outcome = running.end().await;
        let ended = outcome.ended.unwrap_or_default();
        if let Some(stopped) = ended.stopped {
            return Err(self.shared.fail(finding::stopped(stopped), Disposition::RetryLater));
        }
        if ended.exit == Some(0) {
            return Ok(text);
        }
        // A source may say what is wrong and end with an error code.
        if let Some(words) = airbyte::error_in(&text) {
            let words = self.shared.launch.shown(&words);
            return Err(self.shared.fail(finding::said_error(&words), Disposition::NeedsOperator));
        }
        let failed = finding::failed(ended.exit, ended.signal, &outcome.last_words);
        Err(self.shared.fail(failed, Disposition::RetryLater))
    }

    /// Asks the program for its catalog, where it has one, and chooses the stream.
    async fn choose(&self) -> Result<Chosen, ConnectorError> {
        let (stream, key) = (&self.section.stream, self.section.replication_key.as_deref());
        let refused = |finding: Finding| self.shared.fail(finding, Disposition::NeedsOperator);
        match self.section.protocol {
            Protocol::Singer => {
                let (catalog, names) = if self.section.discover {
                    let output = self.answer(self.start(None, &["--discover"], Vec::new())?).await?;
                    let (catalog, names) =
                        singer::choose(&output, stream, self.incremental(), key).map_err(refused)?;
                    (Some(catalog), names)
                } else {
                    (None, vec![stream.clone()])
                };
                Ok(Chosen { catalog, dialect: Box::new(Singer::new(names, key, false)), key: Vec::new() })
            }
            Protocol::Airbyte => {
                let output = self.answer(self.start(Some("discover"), &[], Vec::new())?).await?;
                let chosen = airbyte::choose(&output, stream, self.incremental(), key).map_err(refused)?;
                let pointers = chosen.key.iter();
                Ok(Chosen {
                    dialect: Box::new(Airbyte::new(stream, chosen.replication_key.as_deref())),
                    key: pointers.filter_map(|pointer| super::json::Path::parse(pointer).ok()).collect(),
                    catalog: Some(chosen.catalog),
                })
            }
        }
    }

    async fn begin(&self, request: PullRequest) -> Result<ProcessPull, ConnectorError> {
        let chosen = self.choose().await?;
        let state = match request.mode {
            PullMode::Incremental if self.incremental() => request.cursor.map(|cursor| cursor.0),
            _ => None,
        };
        let mut files = Vec::new();
        let mut more = Vec::new();
        if let Some(catalog) = chosen.catalog {
            files.push(("catalog.json", catalog));
            let option = match self.section.protocol {
                Protocol::Singer => self.section.catalog_option.as_str(),
                Protocol::Airbyte => "--catalog",
            };
            more.extend([option, "{work}/catalog.json"]);
        }
        if let Some(state) = &state {
            files.push((
                "state.json",
                match self.section.protocol {
                    Protocol::Singer => state.clone().into_bytes(),
                    Protocol::Airbyte => airbyte::state_file(state),
                },
            ));
            more.extend(["--state", "{work}/state.json"]);
        }
        let command = (self.section.protocol == Protocol::Airbyte).then_some("read");
        let running = self.start(command, &more, files)?;
        let fixed_key = self.cut.has_key();
        let key = if fixed_key { self.cut.key.clone() } else { chosen.key };
        Ok(ProcessPull {
            shared: self.shared.clone(),
            began_at: state.as_deref().and_then(|state| chosen.dialect.mark(state)),
            running: Some(running),
            dialect: chosen.dialect,
            cut: Cut { key, ..self.cut.clone() },
            fixed_key,
            full: request.mode == PullMode::Full,
            incremental: self.incremental(),
            seen: Seen::default(),
        })
    }

    /// What only sources of the Airbyte protocol can be asked.
    async fn ask_source(&self) -> Result<(), ConnectorError> {
        let refused = |finding: Finding| self.shared.fail(finding, Disposition::NeedsOperator);
        let spec = self.answer(self.start(Some("spec"), &[], Vec::new())?).await?;
        let config = serde_json::from_str(self.config.expose_secret()).unwrap_or_default();
        if let Some(name) = airbyte::lacking(&spec, &config).map_err(refused)?.first()
            // What is handed over as a file of its own is no member of the configuration.
            && !name.starts_with("__")
        {
            return Err(refused(finding::lacks_setting(name)));
        }
        let status = self.answer(self.start(Some("check"), &[], Vec::new())?).await?;
        airbyte::reachable(&status).map_err(|mut finding| {
            finding.what.vi = self.shared.launch.shown(&finding.what.vi);
            finding.what.en = self.shared.launch.shown(&finding.what.en);
            refused(finding)
        })
    }
}

/// The templates' texts.
struct Rendered {
    run: Vec<String>,
    arguments: Vec<String>,
    read: Vec<String>,
    config: serde_json::Value,
}

impl Rendered {
    fn new(plan: &ProcessPlan, context: &Value) -> Result<Self, String> {
        let texts = |templates: &[super::expression::Template]| {
            templates.iter().map(|template| template.render(context)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            run: texts(&plan.run)?,
            arguments: texts(&plan.arguments)?,
            read: texts(&plan.read)?,
            config: plan.config.render(context)?,
        })
    }
}

/// What a program has to read of itself: its file, and where it lies in a Python environment, that and the Python it
/// was made from.
fn installation(program: &Path) -> Vec<PathBuf> {
    let mut found = vec![program.to_owned()];
    if let Ok(real) = std::fs::canonicalize(program) {
        found.push(real);
    }
    let Some(environment) = program.parent().and_then(Path::parent) else { return found };
    let Ok(told) = std::fs::read_to_string(environment.join("pyvenv.cfg")) else { return found };
    found.push(environment.to_owned());
    let home = told.lines().find_map(|line| line.split_once('=').filter(|(name, _)| name.trim() == "home"));
    let base = home.and_then(|(_, folder)| Path::new(folder.trim()).parent());
    found.extend(base.filter(|base| base.components().count() > 1).map(Path::to_owned));
    found
}

#[async_trait]
impl Connector for ProcessSource {
    fn source(&self) -> &SourceId {
        &self.shared.launch.source
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            incremental: self.incremental(),
            full_is_complete: self.section.complete,
            details: false,
            pages_forget: false,
        }
    }

    async fn check(&self) -> Vec<Finding> {
        if self.section.protocol == Protocol::Airbyte
            && let Err(error) = self.ask_source().await
        {
            return vec![*error.finding];
        }
        let request = PullRequest { mode: PullMode::Full, cursor: None, now: chrono::DateTime::UNIX_EPOCH };
        match self.begin(request).await {
            Err(error) => vec![*error.finding],
            Ok(mut pull) => {
                let told = sample::told(&mut pull, &self.loaded, &self.shared.whose).await;
                if let Some(running) = pull.running.take() {
                    drop(running.stop().await);
                }
                told.unwrap_or_else(|error| vec![*error.finding])
            }
        }
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        Ok(Box::new(self.begin(request).await?))
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Ok(records.into_iter().map(Detailed::Complete).collect())
    }

    fn list_again(
        &self,
        body: Bytes,
        _details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        let mut dialect: Box<dyn Dialect> = match self.section.protocol {
            Protocol::Singer => Box::new(Singer::new(vec![self.section.stream.clone()], None, true)),
            Protocol::Airbyte => Box::new(Airbyte::new(&self.section.stream, None)),
        };
        page::list_again(&body, &self.cut, dialect.as_mut()).map(Ok)
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        self.loaded.read(&self.shared.whose, record)
    }
}
