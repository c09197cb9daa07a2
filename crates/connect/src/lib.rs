//! How the daemon speaks with other systems: the one outgoing client, the connectors that pull and the targets that deliver.
//!
//! It must not know the store or what a score is. Rooms and arrows: `docs/ARCHITECTURE.md`.

#![forbid(unsafe_code)]

pub mod connector;
pub mod delivery;
pub mod transport;

// The ground is named as if it were a room of this crate.
use lienthong_base::{clock, config, domain, error, sheet, telemetry, text};
