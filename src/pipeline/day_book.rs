//! The requests of a day, counted in the store.
//!
//! Owns that a source with a limit of a day is asked only as often as the store says, whatever processes come and go. It
//! must not know what is asked. While the store cannot be reached nothing may leave: nobody would know how much did.

use crate::clock::Clock;
use crate::domain::SourceId;
use crate::store::Store;
use crate::transport::DayBook;
use async_trait::async_trait;
use std::time::Duration;

/// How long a request waits for a store that cannot be asked.
const STORE_IS_AWAY: Duration = Duration::from_secs(60);

/// The count of one source.
pub(super) struct StoredDay {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) source: SourceId,
}

#[async_trait]
impl DayBook for StoredDay {
    async fn enter(&self, most: u32) -> Result<(), Duration> {
        match self.store.count_request(&self.source, most, self.clock.now()).await {
            Ok(None) => Ok(()),
            Ok(Some(wait)) => Err(wait),
            Err(error) => {
                let finding = error.finding();
                tracing::warn!(
                    code = finding.code,
                    source = self.source.as_str(),
                    "requests of a day are not counted"
                );
                Err(STORE_IS_AWAY)
            }
        }
    }
}
