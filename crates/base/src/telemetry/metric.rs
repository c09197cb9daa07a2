//! Every metric this process counts itself: name, kind, labels, meaning.
//!
//! Owns the list; `docs/LOGGING.md` shows the same and a test compares them. Gauges that tell the state of
//! the store are written by the page from the store, not here.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Names of the metrics.
pub mod name {
    /// Records read from a source, by what became of them.
    pub const SOURCE_RECORDS: &str = "lienthong_source_records_total";
    /// Runs of a source, by how they ended.
    pub const SOURCE_RUNS: &str = "lienthong_source_runs_total";
    /// Time of one run of a source.
    pub const SOURCE_RUN_SECONDS: &str = "lienthong_source_run_duration_seconds";
    /// Calls of sources, by what became of them.
    pub const SOURCE_HOOKS: &str = "lienthong_source_hooks_total";
    /// Requests sent to a far side, by class of answer.
    pub const REQUESTS: &str = "lienthong_requests_total";
    /// Time of one exchange with a far side.
    pub const REQUEST_SECONDS: &str = "lienthong_request_duration_seconds";
    /// Attempts to deliver, by what became of them.
    pub const DELIVERY_ATTEMPTS: &str = "lienthong_delivery_attempts_total";
    /// Time of one attempt to deliver.
    pub const DELIVERY_SECONDS: &str = "lienthong_delivery_duration_seconds";
    /// Settlements refused because another worker had taken the item over.
    pub const LEASE_FENCED: &str = "lienthong_lease_fenced_total";
    /// Runs of a background step, by how they ended.
    pub const STEP_RUNS: &str = "lienthong_step_runs_total";
    /// Time of one run of a background step.
    pub const STEP_SECONDS: &str = "lienthong_step_duration_seconds";
    /// Times a mapper was trained whole or learned new decisions at once.
    pub const MAPPER_TRAININGS: &str = "lienthong_mapper_trainings_total";
    /// Orders from the command line, by exit code.
    pub const COMMANDS: &str = "lienthong_commands_total";
    /// When this process started.
    pub const START: &str = "lienthong_process_start_timestamp_seconds";
}

/// Kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Distribution of durations.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name.
    pub name: &'static str,
    /// Kind.
    pub kind: MetricKind,
    /// Labels, separated by blanks.
    pub labels: &'static str,
    /// Meaning.
    pub help: &'static str,
}

/// Every metric.
pub const METRICS: [Metric; 14] = [
    counter(
        name::SOURCE_RECORDS,
        "source result",
        "Records read from a source: new, changed, unchanged, rejected.",
    ),
    counter(name::SOURCE_RUNS, "source outcome", "Runs of a source: done, failed."),
    histogram(name::SOURCE_RUN_SECONDS, "source", "Time of one run of a source."),
    counter(
        name::SOURCE_HOOKS,
        "source result",
        "Calls of sources: taken, repeated, unsigned, late, too_large, busy, unknown.",
    ),
    counter(name::REQUESTS, "peer class", "Requests sent: 2xx, 3xx, 4xx, 5xx, not_sent, unclear."),
    histogram(name::REQUEST_SECONDS, "peer", "Time of one exchange with a far side."),
    counter(
        name::DELIVERY_ATTEMPTS,
        "target class",
        "Attempts to deliver: acknowledged, stale, refused, not_sent, unknown.",
    ),
    histogram(name::DELIVERY_SECONDS, "target", "Time of one attempt to deliver."),
    counter(
        name::LEASE_FENCED,
        "target",
        "Settlements refused because another worker had taken the item over.",
    ),
    counter(name::STEP_RUNS, "step outcome", "Runs of a background step: done, failed, panicked, dropped."),
    histogram(name::STEP_SECONDS, "step", "Time of one run of a background step."),
    counter(
        name::MAPPER_TRAININGS,
        "kind",
        "Times a mapper learned from people's decisions: whole (trained anew) or at_once (the new ones alone).",
    ),
    counter(name::COMMANDS, "command exit", "Orders carried out, by name and exit code."),
    Metric { name: name::START, kind: MetricKind::Gauge, labels: "", help: "When this process started." },
];

const fn counter(name: &'static str, labels: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels, help }
}

const fn histogram(name: &'static str, labels: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Histogram, labels, help }
}

/// Tells the recorder what every metric means.
pub(super) fn describe_all() {
    for metric in METRICS {
        match metric.kind {
            MetricKind::Counter => describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => describe_gauge!(metric.name, Unit::Seconds, metric.help),
            MetricKind::Histogram => describe_histogram!(metric.name, Unit::Seconds, metric.help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        for metric in METRICS {
            let fits = match metric.kind {
                MetricKind::Counter => metric.name.ends_with("_total"),
                MetricKind::Histogram => metric.name.ends_with("_duration_seconds"),
                MetricKind::Gauge => !metric.name.ends_with("_total"),
            };
            let plain = metric.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(fits && plain && metric.name.starts_with("lienthong_"), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            for label in metric.labels.split_whitespace() {
                assert!(!matches!(label, "person" | "task" | "record" | "url"), "{}", metric.name);
            }
        }
    }

    #[test]
    fn no_metric_stands_twice() {
        let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
    }
}
