//! How fast a source may be asked: the manifest's limits, and what its answers tell of its own.
//!
//! Owns when the next request may leave. It must not know what is asked. Limits hold for one client, and one replica
//! alone pulls a source at a time; the count of a day is kept in a [`DayBook`] where there is one, else it begins anew
//! with the process. A wait longer than a request is patient for is given back, so that a later run goes on.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The longest wait a far side can ask for; more is read as this.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// Most requests of one limit that are remembered, and so the largest limit there is.
pub const MOST_REQUESTS: u32 = 100_000;

/// Limits of requests; none means no limit. Numbers are 1 to [`MOST_REQUESTS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests within any second.
    pub per_second: Option<u32>,
    /// Requests within any minute.
    pub per_minute: Option<u32>,
    /// Requests within any 24 hours.
    pub per_day: Option<u32>,
    /// Requests at the same time.
    pub concurrency: Option<u32>,
}

/// Length of a day.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where the requests of a day are counted beyond the life of a process.
#[async_trait]
pub trait DayBook: Send + Sync {
    /// Counts a request that is about to leave, where fewer than `most` left within the last 24 hours.
    ///
    /// # Errors
    /// How long until one may leave; nothing is counted then.
    async fn enter(&self, most: u32) -> Result<(), Duration>;
}

impl fmt::Debug for dyn DayBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DayBook")
    }
}

#[derive(Debug)]
struct Window {
    most: usize,
    length: Duration,
    /// When the last `most` requests left or will leave, oldest first.
    left: VecDeque<Instant>,
}

#[derive(Debug, Default)]
struct Turns {
    windows: Vec<Window>,
    not_before: Option<Instant>,
}

/// Gives each request its turn.
#[derive(Debug)]
pub(super) struct Pace {
    turns: Mutex<Turns>,
    at_once: Option<Semaphore>,
    per_day: Option<u32>,
    book: OnceLock<Arc<dyn DayBook>>,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        let window = |most: Option<u32>, seconds: u64| {
            let most = usize::try_from(most?.clamp(1, MOST_REQUESTS)).ok()?;
            Some(Window { most, length: Duration::from_secs(seconds), left: VecDeque::new() })
        };
        let windows = [(limits.per_second, 1), (limits.per_minute, 60), (limits.per_day, DAY.as_secs())];
        let windows = windows.into_iter().filter_map(|(most, seconds)| window(most, seconds)).collect();
        let at_once = limits.concurrency.and_then(|most| usize::try_from(most).ok()).map(Semaphore::new);
        let per_day = limits.per_day.map(|most| most.clamp(1, MOST_REQUESTS));
        let turns = Mutex::new(Turns { windows, not_before: None });
        Self { turns, at_once, per_day, book: OnceLock::new() }
    }

    /// From now on a day is counted there; the first book is the one that counts.
    pub(super) fn counts_in(&self, book: Arc<dyn DayBook>) {
        if self.per_day.is_some() && self.book.set(book).is_ok() {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.windows.retain(|window| window.length != DAY);
        }
    }

    /// Waits for the next turn; the permit is held while the request runs.
    ///
    /// # Errors
    /// How long it would take, where that is longer than `patience`; nothing is used up then.
    pub(super) async fn turn(&self, patience: Duration) -> Result<Option<SemaphorePermit<'_>>, Duration> {
        let permit = match &self.at_once {
            // It is never closed, so that a permit always comes.
            Some(at_once) => at_once.acquire().await.ok(),
            None => None,
        };
        let at = self.reserve(Instant::now(), patience)?;
        tokio::time::sleep_until(at).await;
        if let Some((most, book)) = self.per_day.zip(self.book.get()) {
            while let Err(wait) = book.enter(most).await {
                if wait > patience {
                    return Err(wait);
                }
                tokio::time::sleep(wait).await;
            }
        }
        Ok(permit)
    }

    fn reserve(&self, now: Instant, patience: Duration) -> Result<Instant, Duration> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let free = |window: &Window| {
            let full = window.left.len() >= window.most;
            window.left.front().filter(|_| full).map(|oldest| *oldest + window.length)
        };
        let at = turns.windows.iter().filter_map(free).chain(turns.not_before).max().unwrap_or(now).max(now);
        let wait = at - now;
        if wait > patience {
            return Err(wait);
        }
        for window in &mut turns.windows {
            if window.left.len() >= window.most {
                window.left.pop_front();
            }
            window.left.push_back(at);
        }
        Ok(at)
    }

    /// Nothing leaves before this long from now.
    pub(super) fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST);
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.not_before = turns.not_before.max(Some(until));
    }
}

/// How long the far side's own count says to wait: its remaining requests are used up. Numbers of seconds and
/// moments (Unix time) are both in use for the reset; anything else tells nothing.
pub(super) fn told(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let (remaining, reset) = ["x-ratelimit", "x-rate-limit", "ratelimit"]
        .iter()
        .find_map(|name| Some((text(&format!("{name}-remaining"))?, text(&format!("{name}-reset"))?)))
        .or_else(|| {
            // One header: `limit=100, remaining=0, reset=30` or `"default";r=0;t=30`.
            let all = text("ratelimit")?;
            let of = |names: [&str; 2]| {
                all.split([',', ';']).find_map(|part| {
                    let (name, value) = part.trim().split_once('=')?;
                    names.contains(&name.trim()).then_some(value.trim())
                })
            };
            Some((of(["remaining", "r"])?, of(["reset", "t"])?))
        })?;
    if remaining.parse::<u64>().ok()? > 0 {
        return None;
    }
    let reset: i64 = reset.parse().ok()?;
    let seconds = match reset {
        ..=0 => return None,
        1_000_000_000_000.. => reset / 1000 - now.timestamp(),
        1_000_000_000.. => reset - now.timestamp(),
        _ => reset,
    };
    u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    const PATIENT: Duration = Duration::from_secs(3600);

    #[test]
    fn no_window_ever_holds_more_than_its_limit() {
        let limits = Limits { per_second: Some(3), per_minute: Some(10), ..Limits::default() };
        let pace = Pace::new(limits);
        let start = Instant::now();
        let left: Vec<Duration> =
            (0..25).map(|_| pace.reserve(start, PATIENT).expect("a turn") - start).collect();
        for (index, at) in left.iter().enumerate() {
            let within = |length: u64| {
                left[index..].iter().filter(|later| **later - *at < Duration::from_secs(length)).count()
            };
            assert!(within(1) <= 3 && within(60) <= 10, "{left:?}");
        }
        assert_eq!(left[2], Duration::ZERO);
        assert_eq!(left[3], Duration::from_secs(1));
        assert_eq!(left[10], Duration::from_secs(60));
    }

    #[test]
    fn wait_that_is_too_long_is_told_and_uses_nothing_up() {
        let pace = Pace::new(Limits { per_day: Some(1), ..Limits::default() });
        let start = Instant::now();
        pace.reserve(start, Duration::ZERO).expect("the first");
        for _ in 0..3 {
            assert_eq!(pace.reserve(start, PATIENT), Err(Duration::from_secs(24 * 3600)));
        }
        assert!(pace.reserve(start + Duration::from_secs(24 * 3600), Duration::ZERO).is_ok());
        let pace = Pace::new(Limits::default());
        pace.hold(Duration::from_secs(1_000_000_000));
        let wait = pace.reserve(Instant::now(), PATIENT).expect_err("held");
        assert!(wait <= LONGEST && wait > PATIENT, "{wait:?}");
    }

    #[test]
    fn far_sides_own_count_is_read_in_its_usual_spellings() {
        let now: DateTime<Utc> = "2026-11-24T08:00:00Z".parse().expect("instant");
        let wait = |given: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(
                    name.parse::<HeaderName>().expect("name"),
                    HeaderValue::from_str(value).expect("value"),
                );
            }
            told(&headers, now).map(|wait| wait.as_secs())
        };
        let moment = (now.timestamp() + 90).to_string();
        let millis = format!("{moment}000");
        assert_eq!(wait(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")]), Some(30));
        assert_eq!(wait(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &moment)]), Some(90));
        assert_eq!(wait(&[("ratelimit-remaining", "0"), ("ratelimit-reset", &millis)]), Some(90));
        assert_eq!(wait(&[("ratelimit", "limit=100, remaining=0, reset=12")]), Some(12));
        assert_eq!(wait(&[("ratelimit", "\"default\";r=0;t=12")]), Some(12));
        assert_eq!(
            wait(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "999999999")]),
            Some(6 * 3600)
        );
        for nothing in [
            &[("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "30")][..],
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "-5")],
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1000000001")],
            &[("x-ratelimit-remaining", "none"), ("x-ratelimit-reset", "30")],
            &[("x-ratelimit-remaining", "0")],
            &[("ratelimit", "0;0;=")],
        ] {
            assert_eq!(wait(nothing), None, "{nothing:?}");
        }
    }
}
