//! When an undelivered item is tried again.
//!
//! Owns the delay between attempts: full jitter under a growing cap, no limit of attempts, a lower cap once half
//! of the time to the deadline is gone, and an upper bound for the wait a receiver may ask for, which never uses up
//! more than half of the time that is left. The result is stored with the item, so a restart resumes
//! the same schedule. It must not know what failed, only what the failure asks for.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Bounds of the schedule, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Cap of the first delay.
    pub base_s: u32,
    /// Cap of any delay.
    pub cap_s: u32,
    /// Cap once half of the time to the deadline is gone, and after it.
    pub late_cap_s: u32,
    /// Longest wait a receiver may ask for.
    pub retry_after_cap_s: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { base_s: 5, cap_s: 3600, late_cap_s: 600, retry_after_cap_s: 3600 }
    }
}

/// What the schedule depends on.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Stable key of the item, spreads items apart.
    pub key: &'a str,
    /// Attempts made so far, 1 after the first.
    pub made: u32,
    /// When the item was enqueued.
    pub enqueued_at: DateTime<Utc>,
    /// When it must have arrived.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Now.
    pub now: DateTime<Utc>,
    /// How long the receiver asked us to wait.
    pub retry_after: Option<Duration>,
}

impl RetryPolicy {
    /// The next try. The jitter is a hash of key and attempt: spread over the items, the same after a
    /// restart, and testable.
    pub fn next_try(&self, attempt: Attempt<'_>) -> DateTime<Utc> {
        let doubled = u64::from(self.base_s) << attempt.made.saturating_sub(1).min(20);
        let cap = doubled.min(u64::from(self.cap(&attempt)));
        let delay_ms = spread(attempt.key, attempt.made) % (cap.max(1) * 1000);
        let asked = attempt.retry_after.unwrap_or_default().as_secs().min(self.longest_asked(&attempt));
        // At least a fifth of a second, so that a receiver that refuses at once is never hammered.
        let wait_ms = delay_ms.max(200) + asked * 1000;
        attempt.now + TimeDelta::milliseconds(i64::try_from(wait_ms).unwrap_or(i64::MAX / 4))
    }

    /// A receiver's wish is obeyed, but not beyond the middle of the time that is left: the law's deadline does not
    /// wait for it. Close to the deadline and after it a minute is always granted.
    fn longest_asked(&self, attempt: &Attempt<'_>) -> u64 {
        let cap = u64::from(self.retry_after_cap_s);
        let Some(deadline) = attempt.deadline_at.filter(|deadline| *deadline > attempt.now) else {
            return cap;
        };
        let half = u64::try_from((deadline - attempt.now).num_seconds() / 2).unwrap_or(0);
        cap.min(half.max(60))
    }

    fn cap(&self, attempt: &Attempt<'_>) -> u32 {
        let Some(deadline) = attempt.deadline_at else { return self.cap_s };
        let whole = deadline - attempt.enqueued_at;
        let gone = attempt.now - attempt.enqueued_at;
        if gone * 2 >= whole { self.late_cap_s.min(self.cap_s) } else { self.cap_s }
    }
}

fn spread(key: &str, made: u32) -> u64 {
    let digest = Sha256::digest(format!("{key}#{made}"));
    digest.iter().take(8).fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("instant")
    }

    fn attempt(key: &str, made: u32, now: &str) -> Attempt<'static> {
        Attempt {
            key: Box::leak(key.to_owned().into_boxed_str()),
            made,
            enqueued_at: at("2026-12-01T00:00:00Z"),
            deadline_at: Some(at("2026-12-06T00:00:00Z")),
            now: at(now),
            retry_after: None,
        }
    }

    #[test]
    fn delays_stay_under_the_cap_whatever_the_number_of_attempts() {
        let policy = RetryPolicy::default();
        for made in 1..200 {
            let try_at = policy.next_try(attempt("a", made, "2026-12-01T01:00:00Z"));
            let wait = try_at - at("2026-12-01T01:00:00Z");
            assert!(
                wait >= TimeDelta::milliseconds(200) && wait <= TimeDelta::seconds(3600),
                "{made}: {wait}"
            );
        }
    }

    #[test]
    fn cap_falls_to_ten_minutes_once_half_of_the_time_is_gone() {
        let policy = RetryPolicy::default();
        for now in ["2026-12-03T12:00:00Z", "2026-12-09T00:00:00Z"] {
            for key in ["a", "b", "c", "d", "e", "f"] {
                let wait = policy.next_try(attempt(key, 30, now)) - at(now);
                assert!(wait <= TimeDelta::seconds(600), "{key} {now} {wait}");
            }
        }
    }

    #[test]
    fn absurd_retry_after_is_clamped_and_a_sane_one_is_kept() {
        let policy = RetryPolicy::default();
        let now = at("2026-12-01T01:00:00Z");
        let with = |seconds| Attempt {
            retry_after: Some(Duration::from_secs(seconds)),
            ..attempt("a", 1, "2026-12-01T01:00:00Z")
        };
        assert!(policy.next_try(with(1_000_000_000)) - now <= TimeDelta::seconds(3600 + 5));
        assert!(policy.next_try(with(30)) - now >= TimeDelta::seconds(30));
    }

    #[test]
    fn wait_a_receiver_asks_for_leaves_time_before_the_deadline() {
        let policy = RetryPolicy::default();
        let asked = |now: &str| {
            let hour = Some(Duration::from_secs(3600));
            policy.next_try(Attempt { retry_after: hour, ..attempt("a", 1, now) }) - at(now)
        };
        assert!(asked("2026-12-05T22:00:00Z") >= TimeDelta::minutes(60), "two hours are left: obeyed");
        assert!(asked("2026-12-05T23:40:00Z") <= TimeDelta::seconds(605), "twenty minutes are left: ten");
        assert!(asked("2026-12-05T23:59:30Z") <= TimeDelta::seconds(65), "half a minute is left: a minute");
        assert!(asked("2026-12-07T00:00:00Z") >= TimeDelta::minutes(60), "it is late: obeyed again");
    }

    #[test]
    fn items_spread_apart_but_each_keeps_its_own_schedule() {
        let policy = RetryPolicy::default();
        let now = "2026-12-01T01:00:00Z";
        let tries: std::collections::BTreeSet<_> =
            (0..50).map(|i| policy.next_try(attempt(&format!("item-{i}"), 8, now))).collect();
        assert!(tries.len() > 45);
        assert_eq!(policy.next_try(attempt("x", 3, now)), policy.next_try(attempt("x", 3, now)));
    }
}
