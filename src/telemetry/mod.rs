//! Logs and metrics of this process.
//!
//! Owns the set-up of tracing (once per process, to standard error) and of the metrics recorder with the
//! names, kinds and meanings of everything that is counted. It must not know who counts. Labels are names of
//! sources, targets and steps; never people, records or addresses.

mod metric;

pub use metric::{METRICS, Metric, MetricKind, name};

use crate::error::{Finding, Place, Text};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal as _;
use tracing_subscriber::filter::EnvFilter;

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
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Finding::error(
            "LT-CFG-004",
            Text::new(format!("không phải bộ lọc nhật ký: {error}"), format!("no log filter: {error}")),
            Text::new("ví dụ: info,lienthong=debug", "for example: info,lienthong=debug"),
        )
        .at(Place::of("log.filter"))
    })?;
    let pretty = match form {
        LogForm::Pretty => true,
        LogForm::Json => false,
        LogForm::Auto => std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Refused when a subscriber is already set, as in tests that start several parts in one process.
    let _already_set = if pretty {
        builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    };
    Ok(())
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
    Some(handle)
}
