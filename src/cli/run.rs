//! `run`: the daemon from its start to its stop, and the installation orders work on in process.
//!
//! Owns the order of starting (lock, store, socket, ready), of reading the configuration again (SIGHUP, order, watched files) and of
//! stopping (no new orders, running ones within the configured time), signals, and messages to systemd. It must
//! not know what a step does. A new configuration with an error changes nothing: the daemon goes on with the old.

use super::lock::{self, DataFolder};
use super::print::Printer;
use super::socket::Server;
use super::watch::{Change, Watch};
use crate::config::rule_set::gaps;
use crate::config::{Doubt, Loaded, Log, LogFormat};
use crate::daemon::{Daemon, MetricsText};
use crate::error::{Finding, Findings, Severity, Text, cause, io_cause};
use crate::pipeline::command::{
    Command, Document, EXIT_CONFIG, EXIT_FAILED, EXIT_OK, EXIT_STORE, Executor, Outcome, exit_of,
};
use crate::pipeline::execute::Installation;
use crate::pipeline::{App, assemble};
use crate::schedule::Board;
use crate::store::Store;
use crate::telemetry::{self, LogForm};
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Exit code when a second signal ends the process at once.
const EXIT_INTERRUPTED: i32 = 130;

/// Loads the configuration again, as it was loaded for the start.
pub type LoadAgain<'a> = &'a (dyn Fn() -> Result<Loaded, Findings> + Sync);

/// Runs the daemon until it is told to stop; returns the exit code.
pub async fn run_daemon(mut loaded: Loaded, again: LoadAgain<'_>, printer: &Printer) -> u8 {
    if let Err(finding) = start_logging(&loaded.config.log) {
        return printer.finish(&Outcome::failed(EXIT_FAILED, finding));
    }
    let folder = match DataFolder::take_after_orders(&loaded.config.daemon.data_dir).await {
        Ok(folder) => folder,
        Err(finding) => return printer.finish(&Outcome::failed(lock::exit_of(&finding), *finding)),
    };
    let signals = stop_signal().and_then(|stop| Ok((stop, signal(SignalKind::hangup())?)));
    let (stop, mut hangup) = match signals {
        Ok(signals) => signals,
        Err(error) => return printer.finish(&Outcome::failed(EXIT_FAILED, no_runtime(&error))),
    };
    let metrics = metrics_text();
    printer.findings(&loaded.warnings);
    loop {
        let daemon = match Daemon::start(&loaded, metrics.clone()).await {
            Ok(daemon) => daemon,
            Err(Findings(mut findings)) => {
                // What stopped the start first hides nothing else.
                Findings::add_new(&mut findings, assemble::findings(&loaded, &Doubt::default()));
                return printer.finish(&refused(Findings(findings)));
            }
        };
        for finding in gaps(&daemon.app.policy.rule_sets) {
            let finding = loaded.places.locate(finding, "scoring.rule_sets");
            tracing::warn!(code = finding.code, "{finding}");
        }
        if let Ok(Some(finding)) | Err(finding) = daemon.app.ahead_of_clock().await {
            tracing::warn!(code = finding.code, "{finding}");
        }
        let pause = stop.child_token();
        let orders = match serve_orders(&folder, daemon.app.clone(), pause.clone()) {
            Ok(orders) => orders,
            Err(finding) => return printer.finish(&Outcome::failed(EXIT_FAILED, finding)),
        };
        printer.note(&format!("http://{}/", daemon.address));
        if let Some(address) = daemon.hooks_address {
            printer.note(&format!("hooks: http://{address}/hooks/"));
        }
        tell_systemd(&[NotifyState::Ready]);
        tracing::info!(folder = %folder.path().display(), page = %daemon.address, "running");
        let watchdog = AbortOnDropHandle::new(tokio::spawn(feed_watchdog(daemon.board.clone())));
        let next = tokio::select! {
            () = stop.cancelled() => None,
            next = new_configuration(&mut hangup, &loaded, &daemon.app, again) => Some(next),
        };
        match &next {
            None => tell_systemd(&[NotifyState::Stopping]),
            Some(_) => tell_reloading(),
        }
        tracing::info!(again = next.is_some(), "stopping");
        pause.cancel();
        let limit = Duration::from_secs(loaded.config.daemon.shutdown_s.into());
        if !wind_down(daemon, orders, limit).await {
            // What was not committed is due again at the next start.
            tracing::warn!("stopped before everything had ended");
        }
        drop(watchdog);
        match next {
            None => return EXIT_OK,
            Some(next) => loaded = *next,
        }
    }
}

/// Ends orders and daemon within a limit: orders get half of it, because they work on the daemon's store.
async fn wind_down(daemon: Daemon, mut orders: JoinHandle<()>, limit: Duration) -> bool {
    let began = Instant::now();
    daemon.begin_nothing_new();
    let answered = tokio::time::timeout(limit / 2, &mut orders).await.is_ok();
    if !answered {
        orders.abort();
    }
    daemon.stop(limit.saturating_sub(began.elapsed())).await && answered
}

/// Waits until someone asks for the configuration to be read again (SIGHUP, `config reload`, a watched file that
/// changed) and it can be used; until then the daemon goes on with what it has, and log, status and page say why.
async fn new_configuration(
    hangup: &mut Signal,
    present: &Loaded,
    app: &App,
    again: LoadAgain<'_>,
) -> Box<Loaded> {
    let (mut orders, mut watch) = (app.reload.listen(), Watch::of(present));
    loop {
        let asked = tokio::select! {
            signal = hangup.recv() => match signal {
                Some(()) => None,
                None => std::future::pending().await,
            },
            Some(asked) = orders.recv() => Some(asked),
            change = watch.changed() => match change {
                Change::Other => None,
                Change::Back => {
                    app.reload.refuse(None);
                    tracing::info!("the files say again what runs");
                    continue;
                }
            },
        };
        let tried = usable(present, &app.store, again);
        let answer = tried.as_ref().map(|_| ()).map_err(Clone::clone);
        match tried {
            Ok(loaded) => {
                for finding in &loaded.warnings {
                    tracing::warn!(code = finding.code, "{finding}");
                }
                tracing::info!("configuration read again");
                // Whoever asked may have gone.
                let _gone = asked.map(|asked| asked.send(answer));
                return loaded;
            }
            Err(findings) => {
                for finding in &findings.0 {
                    tracing::error!(code = finding.code, "{finding}");
                }
                tracing::error!("configuration not used; the daemon goes on with the old one");
                app.reload.refuse(Some((app.clock.now(), findings)));
                let _gone = asked.map(|asked| asked.send(answer));
            }
        }
    }
}

/// The configuration as it stands now, when it and everything it names can be used in place of the present one.
fn usable(present: &Loaded, store: &Store, again: LoadAgain<'_>) -> Result<Box<Loaded>, Findings> {
    let loaded = again()?;
    let mut wrong = assemble::findings(&loaded, &Doubt::default());
    if loaded.config.daemon.data_dir != present.config.daemon.data_dir {
        wrong.push(loaded.places.locate(other_folder(), "daemon.data_dir"));
    } else if loaded.config.store == present.config.store {
        // Another key would be found at the next opening only, and end the daemon.
        wrong.extend(assemble::require_key(&loaded.config, store).err());
    }
    wrong.retain(|finding| finding.severity == Severity::Error);
    if !wrong.is_empty() {
        return Err(Findings(wrong));
    }
    telemetry::change_filter(&loaded.config.log.filter)?;
    Ok(Box::new(loaded))
}

/// Tells systemd's watchdog that the daemon lives, as long as every step makes progress. Without a watchdog
/// nothing is done.
async fn feed_watchdog(board: Board) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    loop {
        match board.stuck() {
            None => tell_systemd(&[NotifyState::Watchdog]),
            Some(step) => tracing::error!(step, "the step is stuck; the watchdog is not told otherwise"),
        }
        tokio::time::sleep(patience / 3).await;
    }
}

/// Tells systemd that the configuration is being read again.
fn tell_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell_systemd(&[NotifyState::Reloading, now]),
        Err(_) => tell_systemd(&[NotifyState::Reloading]),
    }
}

/// Serves orders over the data folder's socket until told to stop.
///
/// # Errors
/// The socket cannot be made.
pub fn serve_orders(
    folder: &DataFolder,
    app: Arc<App>,
    stop: CancellationToken,
) -> Result<tokio::task::JoinHandle<()>, Finding> {
    let server = Server::bind(folder.path())?;
    Ok(tokio::spawn(server.serve(Arc::new(Installation { app }), stop)))
}

/// The metrics this process counts, as text; kept tidy in the background.
pub fn metrics_text() -> MetricsText {
    let Some(handle) = telemetry::start_metrics() else { return Arc::new(String::new) };
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    Arc::new(move || handle.render())
}

fn refused(findings: Findings) -> Outcome {
    let exit = match exit_of(&findings.0) {
        EXIT_STORE => EXIT_STORE,
        _ => EXIT_CONFIG,
    };
    Outcome { exit, findings: findings.0, document: Document::Nothing }
}

fn other_folder() -> Finding {
    Finding::error(
        "LT-RUN-016",
        Text::new(
            "thư mục dữ liệu không đổi được khi dịch vụ đang chạy",
            "the data folder cannot change while the daemon runs",
        ),
        Text::new("khởi động lại: systemctl restart lienthong", "restart it: systemctl restart lienthong"),
    )
}

/// Starts logging as configured.
///
/// # Errors
/// LT-CFG-004 the filter cannot be read.
pub fn start_logging(log: &Log) -> Result<(), Finding> {
    let form = match log.format {
        LogFormat::Auto => LogForm::Auto,
        LogFormat::Pretty => LogForm::Pretty,
        LogFormat::Json => LogForm::Json,
    };
    telemetry::start_logging(form, &log.filter)
}

/// A token that is cancelled by SIGTERM or SIGINT; a second signal ends the process at once.
pub fn stop_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        told.cancel();
        either(&mut terminate, &mut interrupt).await;
        std::process::exit(EXIT_INTERRUPTED);
    });
    Ok(stop)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// Tells systemd how this process is; nothing happens without systemd.
pub fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd not told");
    }
}

/// The installation, ready to carry out an order without a daemon.
///
/// # Errors
/// The outcome to print when the store or another part cannot be opened.
pub async fn executor(loaded: &Loaded, command: &Command) -> Result<Arc<dyn Executor>, Outcome> {
    let open = async {
        let store = match command {
            // The one order that may begin an installation anew.
            Command::DbMigrate {} => assemble::make_store(&loaded.config).await?,
            _ => assemble::open_store(&loaded.config).await?,
        };
        match command {
            // These hold nothing, and the schema may be an older one. A broken password or manifest must not
            // keep anyone from looking after the store, and a check tells it better.
            Command::DbMigrate {}
            | Command::DbCheck {}
            | Command::DbBackup { .. }
            | Command::Check { .. } => {
                assemble::without_far_sides(loaded, store, format!("order-{}", std::process::id()))
            }
            _ => {
                let placed = store.clone();
                let begun = async {
                    store.migrate().await.map_err(|error| error.finding())?;
                    assemble::first_imports(loaded, &store).await?;
                    let owner = assemble::take_over(loaded, &store).await?;
                    assemble::assemble(loaded, store, owner).await
                };
                begun.await.map_err(|findings| placed.placed_all(findings))
            }
        }
    };
    let app = open.await.map_err(refused)?;
    Ok(Arc::new(Installation { app: Arc::new(app) }))
}

/// The order is not part of this program.
pub fn not_available() -> Finding {
    Finding::error(
        "LT-RUN-005",
        Text::new("bản cài đặt này không có lệnh đó", "this build does not have that command"),
        Text::new(
            "dùng bản dựng đầy đủ (cargo build --release)",
            "use a complete build (cargo build --release)",
        ),
    )
}

/// The process cannot get what it needs from the system.
pub fn no_runtime(error: &std::io::Error) -> Finding {
    Finding::error(
        "LT-RUN-013",
        Text::new("hệ điều hành từ chối tài nguyên", "the operating system refuses resources")
            .because(&io_cause(error)),
        Text::new(
            "kiểm tra giới hạn tiến trình và tệp mở (ulimit -a)",
            "check the limits on processes and open files (ulimit -a)",
        ),
    )
}

/// A result that cannot be written as JSON: the program is wrong, not the data.
pub fn not_printable(error: &serde_json::Error) -> Finding {
    Finding::error(
        "LT-RUN-012",
        Text::new("lỗi chương trình khi ghi kết quả", "program error while writing a result")
            .because(&cause(error)),
        Text::new("gửi nhật ký cho nhóm phát triển", "send the log to the developers"),
    )
}
