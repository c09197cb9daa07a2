//! The breaker of one source: a server that only fails is left alone for a while.
//!
//! Owns the count of failures in a row and the three states. Open, nothing is sent; after its pause one request goes
//! through as a probe, and its answer closes the breaker or opens it for twice as long. It must not know requests.
//! Failures are broken connections, time-outs and 5xx; any other answer means that the server works;
//! what never reached it means nothing.

use crate::error::Finding;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES: u32 = 10;

/// The first pause; doubles each time.
const FIRST: Duration = Duration::from_secs(5);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// Where a breaker stands.
#[derive(Debug, Clone, PartialEq)]
pub enum BreakerState {
    /// Requests go through.
    Closed,
    /// Nothing is sent for a while.
    Open {
        /// For how long yet.
        left: Duration,
        /// The last failure.
        why: Box<Finding>,
    },
    /// The pause is over; the next request or the one on its way decides.
    HalfOpen,
}

#[derive(Debug, Default)]
struct Held {
    failures: u32,
    pause: Option<Duration>,
    until: Option<Instant>,
    probe: Option<Instant>,
    why: Option<Box<Finding>>,
}

/// A breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    held: Mutex<Held>,
    longest_probe: Duration,
}

impl Breaker {
    /// A closed breaker; a probe that gave no word after `longest_probe` was given up by its caller.
    pub(super) fn new(longest_probe: Duration) -> Self {
        Self { held: Mutex::default(), longest_probe }
    }

    pub(super) fn state(&self) -> BreakerState {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match (held.until, &held.why) {
            (Some(until), Some(why)) if now < until => {
                BreakerState::Open { left: until - now, why: why.clone() }
            }
            (Some(_), _) => BreakerState::HalfOpen,
            (None, _) => BreakerState::Closed,
        }
    }

    /// Whether a request may leave; else for how long nothing will, and why.
    pub(super) fn admit(&self, now: Instant) -> Result<(), (Duration, Option<Box<Finding>>)> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = held.until else { return Ok(()) };
        if now < until {
            return Err((until - now, held.why.clone()));
        }
        if held.probe.is_some_and(|since| now < since + self.longest_probe) {
            return Err((FIRST, held.why.clone()));
        }
        held.probe = Some(now);
        Ok(())
    }

    /// The server answered.
    pub(super) fn answered(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::default();
    }

    /// The request ended before it reached the server: that says nothing, and the next one may probe.
    pub(super) fn never_asked(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).probe = None;
    }

    /// The server failed.
    pub(super) fn failed(&self, now: Instant, why: &Finding) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.failures = held.failures.saturating_add(1);
        held.why = Some(Box::new(why.clone()));
        let probed = held.probe.take().is_some();
        let first_time = held.until.is_none() && held.failures >= FAILURES;
        if probed || first_time {
            let pause = held.pause.map_or(FIRST, |pause| (pause * 2).min(LONGEST));
            (held.pause, held.until) = (Some(pause), Some(now + pause));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Text;

    fn down() -> Finding {
        Finding::error("LT-NET-012", Text::new("a", "a"), Text::new("b", "b"))
    }

    /// E2: opens after ten failures in a row, lets one probe through, and doubles its pause up to five minutes.
    #[test]
    fn breaker_opens_probes_and_closes() {
        let breaker = Breaker::new(Duration::from_secs(60));
        let mut now = Instant::now();
        for _ in 0..FAILURES - 1 {
            breaker.failed(now, &down());
        }
        breaker.answered();
        for _ in 0..FAILURES {
            assert!(breaker.admit(now).is_ok());
            assert_eq!(breaker.state(), BreakerState::Closed);
            breaker.failed(now, &down());
        }
        assert!(matches!(breaker.state(), BreakerState::Open { why, .. } if why.code == "LT-NET-012"));
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            let (left, why) = breaker.admit(now).expect_err("open");
            assert_eq!((left.as_secs(), why.map(|why| why.code)), (seconds, Some("LT-NET-012".to_owned())));
            now += left;
            assert!(breaker.admit(now).is_ok(), "one probe");
            assert!(breaker.admit(now).is_err(), "and no second one");
            breaker.failed(now, &down());
        }
        now += LONGEST;
        assert!(breaker.admit(now).is_ok());
        // A probe whose caller went away does not keep the breaker open for ever.
        now += Duration::from_secs(60);
        assert!(breaker.admit(now).is_ok());
        breaker.answered();
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!((0..5).all(|_| breaker.admit(now).is_ok()));
    }

    /// A request that never left is no word of the server: neither that it works nor that it fails.
    #[test]
    fn probe_that_never_left_closes_nothing_and_leaves_the_next_one_its_turn() {
        let breaker = Breaker::new(Duration::from_secs(60));
        let now = Instant::now();
        for _ in 0..FAILURES {
            breaker.failed(now, &down());
        }
        let then = now + FIRST;
        assert!(breaker.admit(then).is_ok());
        breaker.never_asked();
        assert_ne!(breaker.state(), BreakerState::Closed);
        assert!(breaker.admit(then).is_ok(), "the next one probes");
        assert!(breaker.admit(then).is_err(), "and it alone");
        breaker.failed(then, &down());
        assert_eq!(breaker.admit(then).expect_err("open").0, FIRST * 2);
    }

    #[test]
    fn late_failures_of_an_open_breaker_do_not_lengthen_its_pause() {
        let breaker = Breaker::new(Duration::from_secs(60));
        let now = Instant::now();
        for _ in 0..FAILURES * 3 {
            breaker.failed(now, &down());
        }
        assert_eq!(breaker.admit(now).expect_err("open").0, FIRST);
    }
}
