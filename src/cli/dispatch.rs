//! From the arguments of the process to its exit code.
//!
//! Owns the order of things: language, parsing, process-wide set-up, then either a calculation that needs
//! nothing, or an order that goes to the running daemon over its socket and, where none runs, is carried
//! out in process under the data folder's lock.

use super::args::{
    Action, Cli, ConfigAction, ExportForm, Format, Global, Mapping, Report, RunArgs, Score, SheetFormat,
};
use super::lock::{self, DataFolder, Holder, PATIENCE};
use super::out_file::Out;
use super::print::{Printer, Shape};
use super::{
    config_command, confine, connector, demo, lang, mapping_evaluate, order, out_file, run, score_case,
    socket, usage,
};
use crate::config::{self, Examined, Loaded, Overrides};
use crate::domain::CatalogProduct;
use crate::error::{Findings, Lang, Text};
use crate::pipeline::assemble;
use crate::pipeline::command::{
    Command, Document, EXIT_BUSY, EXIT_CONFIG, EXIT_FAILED, EXIT_OK, EXIT_USAGE, Outcome, Progress,
};
use crate::pipeline::execute::check_without_store;
use crate::pipeline::explain::explained;
use crate::pipeline::grounds::Grounds;
use clap::FromArgMatches as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// The whole program.
pub fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _armed = crate::failpoint::arm();
    // Refused when a provider is already installed, which is as good.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if let Some(code) = confine::asked(&arguments) {
        return code;
    }
    let language = lang::choose(&arguments, |name| std::env::var(name).ok());
    let matches = match lang::command(language).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => return usage::end(&error, &arguments, language),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error, &arguments, language),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let shape = if cli.global.json { Shape::Json } else { Shape::Text };
            let finding = run::no_runtime(&error);
            return ExitCode::from(
                Printer::new(shape, language).finish(&Outcome::failed(EXIT_FAILED, finding)),
            );
        }
    };
    let code = runtime.block_on(act(cli, language));
    // Computations on threads of their own write nothing: what still runs is not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ExitCode::from(code)
}

async fn act(cli: Cli, language: Lang) -> u8 {
    let Cli { global, action } = cli;
    let mut printer = Printer::new(if global.json { Shape::Json } else { Shape::Text }, language);
    match action {
        Action::Run(RunArgs { listen }) => match load(&global, listen) {
            Ok(loaded) => run::run_daemon(loaded, &|| load(&global, listen), &printer).await,
            Err(findings) => printer.finish(&refused(findings)),
        },
        Action::Demo(demo) => demo::run(&demo, &global, &printer).await,
        Action::Simulate(simulate) => demo::simulate(&simulate, &global, &printer).await,
        Action::Config(ConfigAction::Reload) => match examine(&global, None) {
            Ok((_, examined)) => match examined.of_known_store() {
                // A file with errors is told by the daemon that does not use it.
                Some(loaded) => carry_out(Command::ConfigReload {}, loaded, &printer, None).await,
                None => printer.finish(&refused(Findings(assemble::all_findings(&examined)))),
            },
            Err(findings) => printer.finish(&refused(findings)),
        },
        Action::Config(action) => {
            let outcome = match action {
                ConfigAction::Check => match examine(&global, None) {
                    Ok((_, examined)) => config_command::check(&examined),
                    Err(findings) => refused(findings),
                },
                // Carried out above.
                ConfigAction::Reload => Outcome::failed(EXIT_USAGE, run::not_available()),
                ConfigAction::Schema => config_command::schema(),
                ConfigAction::Default => config_command::text(config::DEFAULTS),
                ConfigAction::Example => config_command::text(config::EXAMPLE),
            };
            printer.finish(&outcome)
        }
        Action::Check => match examine(&global, None) {
            Ok((path, examined)) => check(&path, &examined, &printer).await,
            Err(findings) => printer.finish(&refused(findings)),
        },
        Action::Connector(action) => printer.finish(&connector::run(action, || load(&global, None)).await),
        Action::Mapping(Mapping::Evaluate(args)) => {
            let stored = stored_catalog(args.asks_the_store(), &global, &printer).await;
            printer.finish(&stored.map_or_else(|outcome| *outcome, |catalog| evaluate(&args, &catalog)))
        }
        Action::Mapping(Mapping::Model(args)) => {
            let stored = stored_catalog(args.asks_the_store(), &global, &printer).await;
            printer.finish(&stored.map_or_else(|outcome| *outcome, |catalog| model(&args, &catalog)))
        }
        Action::Score(Score::Case { file }) => printer.finish(&case(&file)),
        action => {
            if let Action::Mapping(Mapping::Export { format, .. }) = &action {
                printer.shape = match format {
                    ExportForm::Csv => Shape::Csv,
                    ExportForm::Jsonl => Shape::Lines,
                };
            }
            let format = match &action {
                Action::Report(Report::Tasks { format, .. })
                | Action::Score(Score::WhatIf { format, .. }) => format.as_ref(),
                _ => None,
            };
            if let Some(format) = format {
                printer.shape = match format {
                    Format::Table => Shape::Text,
                    Format::Csv => Shape::Csv,
                    Format::Json => Shape::Json,
                };
            }
            let sheet = match &action {
                Action::Report(Report::Statistics { format, out: None, .. }) => Some((format, Shape::Csv)),
                // It leaves the house: people of another office read it.
                Action::Mapping(Mapping::Proposals { format, out: None, .. }) => Some((format, Shape::Sheet)),
                _ => None,
            };
            match sheet {
                Some((Some(SheetFormat::Csv), csv)) => printer.shape = csv,
                Some((Some(SheetFormat::Json), _)) => printer.shape = Shape::Json,
                Some((Some(SheetFormat::Table), _)) => printer.shape = Shape::Text,
                _ => {}
            }
            let ordered = out_file::wanted(&action).and_then(|out| Ok((order::command(action)?, out)));
            match ordered {
                Ok((command, out)) => send(command, &global, &printer, out.as_ref()).await,
                Err(finding) => printer.finish(&Outcome::failed(EXIT_USAGE, *finding)),
            }
        }
    }
}

/// The configuration to use. Where it has an error, what it names is looked at as well: everything is told at
/// once.
fn load(global: &Global, listen: Option<std::net::SocketAddr>) -> Result<Loaded, Findings> {
    let (_, examined) = examine(global, listen)?;
    examined.faultless().map_err(|examined| Findings(assemble::all_findings(&examined)))
}

/// The configuration as far as it can be read, and its file.
fn examine(global: &Global, listen: Option<std::net::SocketAddr>) -> Result<(PathBuf, Examined), Findings> {
    let path = config::locate(global.config.as_deref())?;
    let path = std::path::absolute(&path).unwrap_or(path);
    let overrides = Overrides { data_dir: global.data_dir.clone(), listen };
    let examined = config::examine(&path, config::present_variables(), &overrides);
    Ok((path, examined))
}

/// The file itself is tried, by whoever carries the order out, not what a running daemon once read from it.
async fn check(path: &Path, examined: &Examined, printer: &Printer) -> u8 {
    match examined.of_known_store() {
        Some(loaded) => carry_out(Command::Check { config: path.to_owned() }, loaded, printer, None).await,
        // Another store than the one that is meant must not be opened.
        None => printer.finish(&check_without_store(path, Vec::new()).await),
    }
}

fn refused(findings: Findings) -> Outcome {
    Outcome { exit: EXIT_CONFIG, findings: findings.0, document: Document::Nothing }
}

/// Carries an order out: over the socket of a running daemon, else in process.
async fn send(command: Command, global: &Global, printer: &Printer, out: Option<&Out>) -> u8 {
    let loaded = match load(global, None) {
        Ok(loaded) => loaded,
        Err(findings) => return printer.finish(&refused(findings)),
    };
    carry_out(command, &loaded, printer, out).await
}

async fn carry_out(command: Command, loaded: &Loaded, printer: &Printer, out: Option<&Out>) -> u8 {
    let outcome = carried_out(command, loaded, printer).await;
    printer.finish(&out_file::keep(outcome, out).await)
}

/// The products of the stored catalog in force today, where they are wanted.
async fn stored_catalog(
    wanted: bool,
    global: &Global,
    printer: &Printer,
) -> Result<Vec<CatalogProduct>, Box<Outcome>> {
    if !wanted {
        return Ok(Vec::new());
    }
    let loaded = load(global, None).map_err(|findings| Box::new(refused(findings)))?;
    let outcome = carried_out(Command::CatalogProducts {}, &loaded, printer).await;
    match &outcome.document {
        Document::Json { value, .. } if outcome.exit == EXIT_OK => {
            serde_json::from_value(value.clone())
                // Only a daemon of another version tells them in another form.
                .map_err(|_| Box::new(Outcome::failed(EXIT_FAILED, socket::other_version())))
        }
        _ => Err(Box::new(outcome)),
    }
}

async fn carried_out(command: Command, loaded: &Loaded, printer: &Printer) -> Outcome {
    let bar = printer.progress(command.shows_progress());
    let told = |progress: Progress| bar.show(&progress);
    let folder = &loaded.config.daemon.data_dir;
    let began = std::time::Instant::now();
    let outcome = loop {
        match socket::order(folder, &command, &told).await {
            Ok(Some(outcome)) => break outcome,
            Ok(None) => {}
            Err(finding) => break Outcome::failed(EXIT_BUSY, *finding),
        }
        match DataFolder::take(folder, Holder::Order) {
            Ok(held) => break in_process(command, loaded, held, &told).await,
            // The holder may be a daemon that is just starting or an order that is just ending.
            Err(finding) if began.elapsed() < PATIENCE && finding.code == "LT-RUN-001" => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(finding) => {
                let exit = lock::exit_of(&finding);
                break unopened(&command, Outcome::failed(exit, *finding)).await;
            }
        }
    };
    bar.clear();
    outcome
}

/// The outcome of an order whose installation cannot be opened: what a check tries besides is tried all the same.
async fn unopened(command: &Command, outcome: Outcome) -> Outcome {
    match command {
        Command::Check { config } => check_without_store(config, outcome.findings).await,
        _ => outcome,
    }
}

async fn in_process(
    command: Command,
    loaded: &Loaded,
    held: DataFolder,
    told: &(dyn Fn(Progress) + Sync),
) -> Outcome {
    let executor = match run::executor(loaded, &command).await {
        Ok(executor) => executor,
        Err(outcome) => return unopened(&command, outcome).await,
    };
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let work = executor.execute(command, sender);
    tokio::pin!(work);
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            Some(progress) = receiver.recv() => told(progress),
        }
    };
    drop(held);
    outcome
}

fn evaluate(args: &mapping_evaluate::Args, stored: &[CatalogProduct]) -> Outcome {
    match mapping_evaluate::run(args, stored) {
        Ok(report) => {
            let text = Text::new(
                mapping_evaluate::render(&report, Lang::Vi),
                mapping_evaluate::render(&report, Lang::En),
            );
            json_document(&report, text)
        }
        Err(findings) => failed(findings),
    }
}

fn model(args: &mapping_evaluate::ModelArgs, stored: &[CatalogProduct]) -> Outcome {
    match mapping_evaluate::make_model(args, stored) {
        Ok(bytes) => json_document(
            &serde_json::json!({ "file": args.out, "bytes": bytes }),
            mapping_evaluate::model_made(&args.out, bytes),
        ),
        Err(findings) => failed(findings),
    }
}

fn case(file: &Path) -> Outcome {
    let input = match order::read_or_stdin(file) {
        Ok(input) => input,
        Err(finding) => return Outcome::failed(EXIT_USAGE, *finding),
    };
    match score_case::run(&input.name, &input.bytes) {
        Ok(derivation) => match serde_json::to_value(&derivation) {
            Ok(value) => {
                let text = explained(&value, &Grounds::default());
                Outcome::ok(Document::Json { value, text })
            }
            Err(error) => Outcome::failed(EXIT_FAILED, run::not_printable(&error)),
        },
        Err(findings) => failed(findings),
    }
}

fn json_document(value: &impl serde::Serialize, text: Text) -> Outcome {
    match serde_json::to_value(value) {
        Ok(value) => {
            Outcome { exit: EXIT_OK, findings: Vec::new(), document: Document::Json { value, text } }
        }
        Err(error) => Outcome::failed(EXIT_FAILED, run::not_printable(&error)),
    }
}

fn failed(findings: Findings) -> Outcome {
    Outcome { exit: EXIT_FAILED, findings: findings.0, document: Document::Nothing }
}
