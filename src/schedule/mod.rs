//! When things run: the driver of background steps, cron times of sources, leases between replicas.
//!
//! Owns "now it is due". It must not know what a step does. A step that fails is shown with its reason
//! and runs again at its next time; a missed time is made up for once, not as often as it was missed.

pub mod driver;

pub use crate::config::{CronTime, InvalidCron};
pub use driver::{Board, Driver, StepStatus};
