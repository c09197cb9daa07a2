//! Whether a pull of changes that showed nothing is to be believed.
//!
//! Owns the look at a source that says "nothing changed": an account that lost its rights hears the same. Seen from the
//! list of everything, it sees nothing or far less than is held; then the pull is no success, and its cursor stays. It
//! must not know how a list is asked for. A look costs a request: one an hour, and until the next one the cursor stays
//! where it was, so that what changed meanwhile is asked for again.

use super::{Puller, of_store, place};
use crate::connector::{ConnectorError, Glance, PullEnd};
use crate::error::{Disposition, Finding, Text};
use chrono::TimeDelta;

/// How long a look is good for.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);

/// Fewer known tasks than these are not looked for: a ward's few ones may all be archived on one day, and a pull of changes
/// calls nothing gone.
const FEW: u64 = 10;

impl Puller<'_> {
    /// Looks whether a source that showed no change shows anything at all.
    ///
    /// # Errors
    /// LT-PUL-025 it does not, or far less than is held; or why it cannot be looked at.
    pub(super) async fn look(&self, end: &mut PullEnd) -> Result<(), ConnectorError> {
        if !self.changes || end.unchanged || self.counters.records > 0 || !self.present {
            return Ok(());
        }
        let held = self.app.store.count_live_tasks(&self.source).await.map_err(of_store)?;
        // Where a person let a run through that called nothing gone, what it showed is the measure.
        let measure = self.app.store.gate_measure(&self.source).await.map_err(of_store)?;
        let known = measure.unwrap_or(held);
        if known < FEW {
            return Ok(());
        }
        let now = self.app.clock.now();
        let mut looks = self.app.looked.lock().await;
        if looks.get(&self.source).is_some_and(|at| *at <= now && now - *at < GOOD_FOR) {
            end.cursor = None;
            return Ok(());
        }
        let Some(Glance { shown, total }) = self.connector.glance(now).await? else { return Ok(()) };
        let percent = u64::from(self.app.gates.get(&self.source).copied().unwrap_or_default().least_percent);
        let visible = if shown == 0 { Some(0) } else { total };
        if let Some(visible) = visible.filter(|visible| *visible == 0 || visible * 100 < known * percent) {
            return Err(ConnectorError {
                finding: Box::new(blind(known, visible).at(place(&self.source))),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            });
        }
        looks.insert(self.source.clone(), now);
        Ok(())
    }
}

fn blind(known: u64, visible: u64) -> Finding {
    Finding::error(
        "LT-PUL-025",
        Text::new(
            format!(
                "không có thay đổi nào, nhưng tài khoản chỉ còn thấy {visible} trong {known} nhiệm vụ đã biết: \"không đổi\" không đáng tin"
            ),
            format!(
                "nothing changed, but the account sees only {visible} of the {known} tasks known: \"unchanged\" cannot be believed"
            ),
        ),
        Text::new(
            "kiểm tra quyền và bộ lọc của tài khoản ở hệ thống nguồn; có quyền trở lại thì lần sau đọc tiếp từ mốc cũ; nếu số ít này là thật, chạy lienthong sync NGUỒN --full rồi xác nhận",
            "check rights and filters of the account in the source system; once it has them again, the next pull goes on from the old point; if so few is true, run lienthong sync SOURCE --full and accept it",
        ),
    )
}
