//! Repeating one request: when, how long to wait, and when to stop.
//!
//! Owns full jitter, the reading of Retry-After and a budget that keeps repetitions from adding more than a
//! tenth to the load of a struggling server. Longer patience (minutes, hours) is the schedule's and the
//! outbox's business, because it has to survive a restart.

use crate::clock::Clock;
use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The longest wait a far side can ask for; more is read as this.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(6 * 3600);

/// How one request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all; at least 1.
    pub attempts: u32,
    /// The first wait is drawn from 0 to this; doubles each time.
    pub first_wait: Duration,
    /// Longest wait, also for Retry-After; when more is asked for, the request is not repeated now.
    pub max_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_wait: Duration::from_millis(500), max_wait: Duration::from_secs(60) }
    }
}

/// A delay drawn evenly from 0 to `limit` (full jitter).
pub(super) fn jittered(limit: Duration) -> Duration {
    // The standard library seeds each hasher at random; no generator has to be carried around for this.
    let random = RandomState::new().build_hasher().finish();
    let nanos = (limit.as_nanos().saturating_mul(u128::from(random))) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Reads Retry-After as seconds or as an HTTP date, which is compared with the server's own clock where it
/// tells it. Past dates, negative numbers and anything else give none; absurd ones are cut to six hours.
pub(super) fn retry_after(headers: &HeaderMap, clock: Clock) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = http_date(text)?;
        let now = server_time(headers).unwrap_or_else(|| clock.now());
        (until - now).to_std().ok()?
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The far side's own clock, where it tells it.
pub(super) fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?))
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    // The name of the weekday says nothing the date does not, and some servers get it wrong.
    let text = text.split_once(", ").map_or(text, |(_, date)| date);
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc())
}

/// Tokens for repetitions: one each, a tenth back per good answer.
#[derive(Debug)]
pub(super) struct Budget(AtomicI64);

const REPETITION: i64 = 10;
const FULL: i64 = 10 * REPETITION;

impl Budget {
    pub(super) fn new() -> Self {
        Self(AtomicI64::new(FULL))
    }

    /// Pays for a repetition; false when the budget is used up.
    pub(super) fn spend(&self) -> bool {
        let pay = |left: i64| (left >= REPETITION).then_some(left - REPETITION);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }

    /// A good answer came.
    pub(super) fn refill(&self) {
        // A race that loses one refill is harmless.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left < FULL).then_some(left + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn wait(retry_after_text: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT"));
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after_text).expect("header"));
        retry_after(&headers, Clock::system()).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_absurd_values_are_cut() {
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("Wed, 21 Oct 2026 07:29:30 GMT"), Some(90));
        assert_eq!(wait("1000000000"), Some(6 * 3600));
        assert_eq!(wait("99999999999999999999999"), Some(6 * 3600));
        assert_eq!(wait("Sun, 06 Nov 2094 08:49:37 GMT"), Some(6 * 3600));
        for nothing in ["-5", "soon", "", "Wed, 21 Oct 2026 07:00:00 GMT", "1.5"] {
            assert_eq!(wait(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn jitter_stays_within_its_limit_and_varies() {
        let limit = Duration::from_secs(10);
        let drawn: Vec<Duration> = (0..64).map(|_| jittered(limit)).collect();
        assert!(drawn.iter().all(|wait| *wait < limit));
        assert!(drawn.iter().any(|wait| *wait != drawn[0]));
        assert_eq!(jittered(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn budget_allows_ten_repetitions_and_then_one_per_ten_good_answers() {
        let budget = Budget::new();
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        (0..9).for_each(|_| budget.refill());
        assert!(!budget.spend());
        budget.refill();
        assert!(budget.spend() && !budget.spend());
    }
}
