//! The only place that reads a clock.
//!
//! Owns "now". Everything else receives instants as values or holds a [`Clock`]. A shifted clock serves
//! demonstrations and tests: it runs at normal speed from a chosen start. Intervals and time-outs use
//! tokio's monotonic time, never this clock.

use chrono::{DateTime, NaiveDate, SubsecRound as _, TimeDelta, Utc};

/// A source of the present moment; cheap to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    shift: TimeDelta,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { shift: TimeDelta::zero() }
    }

    /// A clock that shows `start` now and runs on from there.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self { shift: start - Utc::now() }
    }

    /// The present instant, in whole milliseconds: as fine as both databases keep it, so that what is derived again
    /// from what they keep is the same.
    pub fn now(&self) -> DateTime<Utc> {
        (Utc::now() + self.shift).trunc_subsecs(3)
    }

    /// Today's date in Asia/Ho_Chi_Minh.
    pub fn today(&self) -> NaiveDate {
        crate::domain::local_date(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_no_finer_than_what_the_databases_keep() {
        let clock = Clock::starting_at("2026-12-07T02:00:00.123456789Z".parse().expect("an instant"));
        for clock in [clock, Clock::system()] {
            assert_eq!(clock.now().timestamp_subsec_nanos() % 1_000_000, 0);
        }
    }
}
