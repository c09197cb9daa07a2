//! Cron expressions as people know them from crontab, in Asia/Ho_Chi_Minh.
//!
//! Owns the translation to the `cron` crate, whose fields differ: it wants seconds first and counts
//! weekdays from Sunday = 1. Five fields are crontab's, six have seconds in front. An expression that
//! restricts both day of month and day of week is refused: crontab joins the two with OR, the crate with
//! AND, and a schedule that means something else than its author thinks is worse than none.

use crate::domain::local_offset;
use crate::error::Text;
use chrono::{DateTime, Utc};
use std::fmt;
use std::str::FromStr;

/// A schedule. Displays as it was written.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct CronTime {
    text: String,
    schedule: cron::Schedule,
}

/// Why an expression is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCron {
    /// Neither five nor six fields.
    #[error("\"{0}\" has not five fields (minute hour day month weekday) or six (second first)")]
    Fields(String),
    /// Day of month and weekday both restricted.
    #[error("\"{0}\" restricts day of month and day of week at once; give one of them as *")]
    BothDays(String),
    /// A field that cannot be read.
    #[error("\"{0}\" cannot be read as a schedule: {1}")]
    Unreadable(String, String),
}

impl InvalidCron {
    /// The reason in both languages.
    pub fn told(&self) -> Text {
        match self {
            Self::Fields(text) => Text::new(
                format!("\"{text}\" không có năm trường (phút giờ ngày tháng thứ) hoặc sáu (giây đứng đầu)"),
                self.to_string(),
            ),
            Self::BothDays(text) => Text::new(
                format!("\"{text}\" hạn chế cả ngày trong tháng lẫn thứ trong tuần; ghi * cho một trong hai"),
                self.to_string(),
            ),
            Self::Unreadable(text, why) => Text::new(
                format!(
                    "\"{text}\" có trường ngoài khoảng hoặc viết không đúng: phút 0-59, giờ 0-23, ngày 1-31, tháng 1-12, thứ 0-7 (chi tiết kỹ thuật: {why})"
                ),
                format!(
                    "\"{text}\" cannot be read, a field is out of its range or not written rightly: minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7 (technical detail: {why})"
                ),
            ),
        }
    }
}

impl FromStr for CronTime {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(80).collect::<String>();
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (seconds, rest) = match fields.as_slice() {
            [_, _, _, _, _] => ("0", fields.as_slice()),
            [seconds, rest @ ..] if rest.len() == 5 => (*seconds, rest),
            _ => return Err(InvalidCron::Fields(shown())),
        };
        let [minute, hour, day, month, weekday] = rest else { return Err(InvalidCron::Fields(shown())) };
        let free = |field: &str| matches!(field, "*" | "?");
        if !free(day) && !free(weekday) {
            return Err(InvalidCron::BothDays(shown()));
        }
        let weekday =
            crontab_weekdays(weekday).ok_or_else(|| InvalidCron::Unreadable(shown(), "weekday".into()))?;
        let expression = format!("{seconds} {minute} {hour} {day} {month} {weekday}");
        let schedule = cron::Schedule::from_str(&expression)
            // The library tells the expression it was given: nobody typed that one.
            .map_err(|error| one_line(&error.to_string()).replace(&expression, &fields.join(" ")))
            .map_err(|why| InvalidCron::Unreadable(shown(), why))?;
        Ok(Self { text: fields.join(" "), schedule })
    }
}

impl fmt::Display for CronTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for CronTime {
    type Error = InvalidCron;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What the crate says, on one line.
fn one_line(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Crontab's 0–7 (Sunday is 0 and 7) as the crate's names.
fn crontab_weekdays(field: &str) -> Option<String> {
    const NAMES: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    if matches!(field, "*" | "?") {
        return Some("*".to_owned());
    }
    let name = |part: &str| match part.parse::<usize>() {
        Ok(number) => NAMES.get(number).map(|name| (*name).to_owned()),
        Err(_) => Some(part.to_uppercase()),
    };
    let parts: Option<Vec<String>> = field
        .split(',')
        .map(|part| {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (part, None),
            };
            let range = match range.split_once('-') {
                Some((from, to)) => format!("{}-{}", name(from)?, name(to)?),
                None if range == "*" => "*".to_owned(),
                None => name(range)?,
            };
            Some(step.map_or(range.clone(), |step| format!("{range}/{step}")))
        })
        .collect();
    parts.map(|parts| parts.join(","))
}

impl CronTime {
    /// The first time after an instant; none when the schedule has no further time.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = after.with_timezone(&local_offset());
        self.schedule.after(&local).next().map(|at| at.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, after: &str) -> String {
        let cron: CronTime = expression.parse().expect(expression);
        let after: DateTime<Utc> = after.parse().expect("instant");
        let at = cron.next_after(after).expect("a next time");
        at.with_timezone(&local_offset()).format("%Y-%m-%d %H:%M:%S %a").to_string()
    }

    #[test]
    fn five_fields_mean_what_crontab_means_in_local_time() {
        // 2026-11-22 is a Sunday.
        assert_eq!(next("30 6 * * *", "2026-11-22T23:00:00Z"), "2026-11-23 06:30:00 Mon");
        assert_eq!(next("0 7 * * 1-5", "2026-11-21T00:00:01Z"), "2026-11-23 07:00:00 Mon");
        assert_eq!(next("0 7 * * 0", "2026-11-17T00:00:00Z"), "2026-11-22 07:00:00 Sun");
        assert_eq!(next("0 7 * * 7", "2026-11-17T00:00:00Z"), "2026-11-22 07:00:00 Sun");
        assert_eq!(next("*/15 * * * *", "2026-11-22T00:01:00Z"), "2026-11-22 07:15:00 Sun");
        assert_eq!(next("10 0 0 1 * *", "2026-11-22T00:00:00Z"), "2026-12-01 00:00:10 Tue");
    }

    #[test]
    fn ambiguous_or_broken_expressions_are_refused_with_the_reason() {
        let why = |text: &str| text.parse::<CronTime>().expect_err(text).to_string();
        assert!(why("0 7 1 * 1").contains("at once"));
        assert!(why("0 7 *").contains("five fields"));
        assert!(why("61 7 * * *").contains("cannot be read"));
        assert!(why("0 7 * * 9").contains("cannot be read"));
        assert!(why("").contains("five fields"));
        let typed = why("*/70 * * * *");
        assert!(typed.contains("*/70 * * * *") && !typed.contains("0 */70"), "as it was typed: {typed}");
    }
}
