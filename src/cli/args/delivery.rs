//! What `outbox` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{
    Author, Rows,
    value::{Wrong, wrong},
};
use crate::domain::TargetId;
use clap::Subcommand;
/// Subcommands of `outbox`.
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// List them, earliest deadline first
    List {
        /// To this target only
        #[arg(long)]
        target: Option<TargetId>,
        /// In this state only
        #[arg(long, value_parser = OUTBOX_STATES)]
        state: Option<String>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Make one due now, or all that wait for a person
    Retry {
        /// Number of the item
        #[arg(value_parser = item_number, required_unless_present = "all", conflicts_with = "all")]
        id: Option<uuid::Uuid>,
        /// Every item that is parked or was refused; what a person parked stays parked
        #[arg(long)]
        all: bool,
        /// To this target only
        #[arg(long, requires = "all", conflicts_with = "id")]
        target: Option<TargetId>,
        /// In this state only; pending and unknown ones are taken when named
        #[arg(long, requires = "all", conflicts_with = "id", value_parser = RETRIED_STATES)]
        state: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Take one out of the queue
    Park {
        /// Number of the item
        #[arg(value_parser = item_number)]
        id: uuid::Uuid,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
    /// Let one go out although it lacks what was acknowledged, as after an annulment
    Allow {
        /// Number of the item
        #[arg(value_parser = item_number)]
        id: uuid::Uuid,
        /// Why
        #[arg(long)]
        reason: String,
        /// Document that annuls what the list lacks
        #[arg(long)]
        document: String,
        #[command(flatten)]
        author: Author,
    },
}

/// States of a delivery.
const OUTBOX_STATES: [&str; 9] =
    ["pending", "leased", "sent", "acknowledged", "verified", "rejected", "unknown", "superseded", "parked"];

/// States from which a delivery can be tried again.
const RETRIED_STATES: [&str; 4] = ["parked", "rejected", "pending", "unknown"];

fn item_number(text: &str) -> Result<uuid::Uuid, Wrong> {
    text.parse().map_err(|_| {
        wrong("viết số của mục như `outbox list` hiển thị", "write the item's id as `outbox list` shows it")
    })
}
