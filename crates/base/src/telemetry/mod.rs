//! Logs and metrics of this process.
//!
//! Owns the set-up of tracing (once per process, to standard error; its filter can be changed while the process
//! runs) and of the metrics recorder with the names, kinds and meanings of everything that is counted. It must
//! not know who counts. Labels are names of sources, targets and steps; never people, records or addresses.
//! Whatever the filter asks for, libraries that carry requests or SQL stay at level info: their finer lines
//! may hold headers, bodies and rows.

mod metric;

pub use metric::{METRICS, Metric, MetricKind, name};

use crate::error::{Finding, Place, Text, written_cause};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal as _;
use std::sync::OnceLock;
use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

/// Libraries whose finer lines may hold what must never be logged.
const CARRIERS: [&str; 9] =
    ["hyper", "h2", "reqwest", "rustls", "sqlx", "axum", "tower", "quick_xml", "calamine"];

/// The filter of the process, once logging has started.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Pretty,
    /// For programs.
    Json,
}

/// Starts logging. A second call in the same process changes nothing.
///
/// # Errors
/// LT-CFG-004 the filter cannot be read.
pub fn start_logging(form: LogForm, filter: &str) -> Result<(), Finding> {
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let pretty = match form {
        LogForm::Pretty => true,
        LogForm::Json => false,
        LogForm::Auto => std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if pretty {
        lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    };
    let harmless = filter_fn(|line| {
        let room = line.target().split("::").next().unwrap_or_default();
        *line.level() <= Level::INFO || !CARRIERS.iter().any(|carrier| room.starts_with(carrier))
    });
    // Refused when a subscriber is already set, as in tests that start several parts in one process.
    if tracing_subscriber::registry().with(filter).with(lines.with_filter(harmless)).try_init().is_ok() {
        let _first = FILTER.set(handle);
    }
    Ok(())
}

/// Changes what is logged while the process runs.
///
/// # Errors
/// LT-CFG-004 the filter cannot be read.
pub fn change_filter(filter: &str) -> Result<(), Finding> {
    let filter = parse(filter)?;
    // A process that logs nowhere has no filter to change.
    if let Some(Err(error)) = FILTER.get().map(|handle| handle.reload(filter)) {
        tracing::warn!(%error, "log filter not changed");
    }
    Ok(())
}

fn parse(filter: &str) -> Result<EnvFilter, Finding> {
    EnvFilter::try_new(filter).map_err(|error| {
        Finding::error(
            "LT-CFG-004",
            Text::new("không phải bộ lọc nhật ký", "no log filter").because(&written_cause(&error)),
            Text::new("ví dụ: info,lienthong=debug", "for example: info,lienthong=debug"),
        )
        .at(Place::of("log.filter"))
    })
}

/// Histogram buckets of durations, seconds.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// Starts the metrics recorder and describes every metric. The handle renders the text of `/metrics`; its
/// `run_upkeep` must be called every few seconds, otherwise histograms grow. None when this process already
/// has a recorder.
pub fn start_metrics() -> Option<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().set_buckets(&SECONDS).ok()?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    metric::describe_all();
    #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
    let now = crate::clock::Clock::system().now().timestamp() as f64;
    metrics::gauge!(name::START).set(now);
    Some(handle)
}
