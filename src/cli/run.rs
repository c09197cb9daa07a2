//! `run`: the daemon from its start to its stop, and the installation orders work on in process.
//!
//! Owns the order of starting (lock, store, socket, ready) and of stopping (no new orders, running ones
//! within the configured time), signals, and messages to systemd. It must not know what a step does.

use super::lock::{DataFolder, Holder};
use super::print::Printer;
use super::socket::Server;
use crate::config::{Loaded, Log, LogFormat};
use crate::daemon::{Daemon, MetricsText};
use crate::error::{Finding, Findings, Text};
use crate::pipeline::command::{
    Command, Document, EXIT_BUSY, EXIT_CONFIG, EXIT_FAILED, EXIT_OK, EXIT_STORE, Executor, Outcome,
};
use crate::pipeline::execute::Installation;
use crate::pipeline::{App, assemble};
use crate::telemetry::{self, LogForm};
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code when a second signal ends the process at once.
const EXIT_INTERRUPTED: i32 = 130;

/// Runs the daemon until it is told to stop; returns the exit code.
pub async fn run_daemon(loaded: Loaded, printer: &Printer) -> u8 {
    if let Err(finding) = start_logging(&loaded.config.log) {
        return printer.finish(&Outcome::failed(EXIT_FAILED, finding));
    }
    let folder = match DataFolder::take(&loaded.config.daemon.data_dir, Holder::Daemon) {
        Ok(folder) => folder,
        Err(finding) => return printer.finish(&Outcome::failed(EXIT_BUSY, *finding)),
    };
    let stop = match stop_signal() {
        Ok(stop) => stop,
        Err(error) => return printer.finish(&Outcome::failed(EXIT_FAILED, no_runtime(&error))),
    };
    let daemon = match Daemon::start(&loaded, metrics_text()).await {
        Ok(daemon) => daemon,
        Err(findings) => return printer.finish(&refused(findings)),
    };
    let orders = match serve_orders(&folder, daemon.app.clone(), stop.clone()) {
        Ok(orders) => orders,
        Err(finding) => return printer.finish(&Outcome::failed(EXIT_FAILED, finding)),
    };
    printer.findings(&loaded.warnings);
    printer.note(&format!("http://{}/", daemon.address));
    tell_systemd(&[NotifyState::Ready]);
    tracing::info!(folder = %folder.path().display(), page = %daemon.address, "running");
    stop.cancelled().await;
    tell_systemd(&[NotifyState::Stopping]);
    tracing::info!("stopping");
    let limit = Duration::from_secs(loaded.config.daemon.shutdown_s.into());
    let whole =
        daemon.stop(limit).await && tokio::time::timeout(Duration::from_secs(1), orders).await.is_ok();
    if !whole {
        // What was not committed is due again at the next start.
        tracing::warn!("stopped before everything had ended");
    }
    EXIT_OK
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
    let store = findings.0.iter().any(|finding| finding.code.starts_with("LT-DB-"));
    let exit = if store { EXIT_STORE } else { EXIT_CONFIG };
    Outcome { exit, findings: findings.0, document: Document::Nothing }
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
        let store = assemble::open_store(&loaded.config).await?;
        if !matches!(command, Command::DbMigrate {} | Command::DbCheck {} | Command::DbBackup { .. }) {
            store.migrate().await.map_err(|error| error.finding())?;
            assemble::first_imports(loaded, &store).await?;
        }
        let owner = format!("order-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
        assemble::assemble(loaded, store, owner)
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
        Text::new(
            format!("hệ điều hành từ chối tài nguyên: {error}"),
            format!("the operating system refuses resources: {error}"),
        ),
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
        Text::new(
            format!("lỗi chương trình khi ghi kết quả: {error}"),
            format!("program error while writing a result: {error}"),
        ),
        Text::new("gửi nhật ký cho nhóm phát triển", "send the log to the developers"),
    )
}
