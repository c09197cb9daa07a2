//! Petitions against a result: when they can be, and by when they are answered.
//!
//! Owns the clock of art. 22: seven working days, the day of receipt not counted. It must not know where petitions are
//! kept. What cannot be is refused with a coded finding.

use super::remarks::wrong_text;
use crate::domain::WorkingCalendar;
use crate::error::{Finding, Place, Text};
use chrono::NaiveDate;

/// Working days for an answer (art. 22).
pub const ANSWER_WORKING_DAYS: u32 = 7;

/// Working days before the last one from which on an open petition is told.
pub const SOON_WORKING_DAYS: u32 = 2;

/// How a petition was answered.
pub const OUTCOMES: [&str; 3] = ["upheld", "partly", "rejected"];

/// The last day for the answer to a petition received on a day.
pub fn due_on(received_on: NaiveDate, calendar: &WorkingCalendar) -> NaiveDate {
    calendar.add_working_days(received_on, ANSWER_WORKING_DAYS)
}

/// Whether a petition can have been received that day and says something.
///
/// # Errors
/// LT-REC-042 no text, LT-REC-057 received after today.
pub fn check(content: &str, received_on: NaiveDate, today: NaiveDate) -> Result<(), Box<Finding>> {
    if let Some(wrong) = wrong_text("nội dung kiến nghị", "content of the petition", content) {
        return Err(Box::new(wrong));
    }
    if received_on <= today {
        return Ok(());
    }
    Err(Box::new(Finding::error(
        "LT-REC-057",
        Text::new(
            format!("ngày {received_on} sau hôm nay ({today})"),
            format!("{received_on} lies after today ({today})"),
        ),
        Text::new("kiểm tra ngày nhận, ngày trả lời", "check the day of receipt or of the answer"),
    )))
}

/// Whether an answer is one of the ways to answer.
///
/// # Errors
/// LT-REC-072 it is not.
pub fn check_outcome(outcome: &str) -> Result<(), Box<Finding>> {
    if OUTCOMES.contains(&outcome) {
        return Ok(());
    }
    let list = OUTCOMES.join(", ");
    Err(Box::new(Finding::error(
        "LT-REC-072",
        Text::new("không có kết quả trả lời kiến nghị như vậy", "a petition is not answered in that way"),
        Text::new(format!("dùng một trong: {list}"), format!("use one of: {list}")),
    )))
}

/// What is told of a petition whose answer is late; none while there is time.
pub fn overdue(id: i64, due_on: NaiveDate, today: NaiveDate) -> Option<Finding> {
    (today > due_on).then(|| {
        Finding::warning(
            "LT-REC-055",
            Text::new(
                format!(
                    "kiến nghị {id} quá hạn trả lời từ {} (07 ngày làm việc, Điều 22)",
                    due_on.format("%d/%m/%Y")
                ),
                format!("petition {id} should have been answered by {due_on} (7 working days, art. 22)"),
            ),
            Text::new("trả lời bằng `petition answer`", "answer it with `petition answer`"),
        )
        .at(Place::of(format!("petition {id}")))
    })
}

/// What is told of an open petition whose last day is near; none before, and none once it is late.
pub fn due_soon(id: i64, due_on: NaiveDate, today: NaiveDate, calendar: &WorkingCalendar) -> Option<Finding> {
    let near = today <= due_on && due_on <= calendar.add_working_days(today, SOON_WORKING_DAYS);
    near.then(|| {
        let day = due_on.format("%d/%m/%Y");
        Finding::warning(
            "LT-REC-054",
            Text::new(
                format!("kiến nghị {id} phải được trả lời chậm nhất ngày {day} (07 ngày làm việc, Điều 22)"),
                format!("petition {id} is to be answered by {due_on} (7 working days, art. 22)"),
            ),
            Text::new("trả lời bằng `petition answer`", "answer it with `petition answer`"),
        )
        .at(Place::of(format!("petition {id}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    #[test]
    fn seven_working_days_do_not_count_the_day_of_receipt_weekends_or_holidays() {
        let calendar = WorkingCalendar::new([day("2026-09-02")], []);
        // Friday 28/08: Mon 31, Tue 1, (Wed 2 holiday), Thu 3, Fri 4, Mon 7, Tue 8, Wed 9.
        assert_eq!(due_on(day("2026-08-28"), &calendar), day("2026-09-09"));
        assert_eq!(overdue(1, day("2026-09-09"), day("2026-09-09")), None);
        assert_eq!(
            overdue(1, day("2026-09-09"), day("2026-09-10")).map(|told| told.code).as_deref(),
            Some("LT-REC-055")
        );
    }

    #[test]
    fn an_open_petition_is_told_two_working_days_before_its_last_one_and_not_twice() {
        let calendar = WorkingCalendar::new([], []);
        // Tuesday 06/10: the working days before it are Monday 05 and Friday 02.
        let due = day("2026-10-06");
        let told = |today: &str| due_soon(7, due, day(today), &calendar).map(|told| told.code);
        let code = Some("LT-REC-054".to_owned());
        assert_eq!((told("2026-10-01"), told("2026-10-02"), told("2026-10-06")), (None, code.clone(), code));
        assert_eq!(told("2026-10-07"), None, "late is told as late");
    }
}
