//! Whether the clock can be right: what is stored must not lie in the future.
//!
//! Owns the comparison of the journal's latest entries with the present moment, and what is told of it. It must not
//! change anything: which of the two is wrong, the clock or the data, a person has to find out.

use super::app::App;
use crate::domain::local_offset;
use crate::error::{Finding, Text};
use chrono::TimeDelta;

/// How far clocks of replicas and of a restored copy may differ without a word.
const TOLERATED: TimeDelta = TimeDelta::hours(1);

impl App {
    /// LT-RUN-041 where entries of the journal were written later than now.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn ahead_of_clock(&self) -> Result<Option<Finding>, Finding> {
        let latest = self.store.latest_of_recent_audit().await.map_err(|error| error.finding())?;
        let now = self.clock.now();
        let Some(latest) = latest.filter(|latest| *latest > now + TOLERATED) else { return Ok(None) };
        let ahead = latest - now;
        let (vi, en) = match ahead.num_days() {
            0 => (format!("{} giờ", ahead.num_hours()), format!("{} hours", ahead.num_hours())),
            days => (format!("{days} ngày"), format!("{days} days")),
        };
        let shown = |at: chrono::DateTime<chrono::Utc>| {
            at.with_timezone(&local_offset()).format("%d/%m/%Y %H:%M").to_string()
        };
        let (latest, now) = (shown(latest), shown(now));
        Ok(Some(Finding::warning(
            "LT-RUN-041",
            Text::new(
                format!("nhật ký có dòng ghi lúc {latest}, {vi} sau giờ hiện nay ({now})"),
                format!("the journal has an entry of {latest}, {en} after the present moment ({now})"),
            ),
            Text::new(
                "kiểm tra đồng hồ máy (timedatectl), bản sao lưu đã khôi phục, và simulation.clock_start đã dùng khi chạy thử; giờ sai thì hạn, kỳ và thứ tự nhật ký sai theo",
                "check the machine's clock (timedatectl), a backup that was restored, and simulation.clock_start of a trial; by a wrong clock deadlines, periods and the order of the journal are wrong",
            ),
        )))
    }
}
