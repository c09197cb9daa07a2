//! The ground of the house: rooms that know nothing but values and how they are written. Everything above may stand on it.
//!
//! It must not know tasks' sources, the store or the network. Rooms and arrows: `docs/ARCHITECTURE.md`.

#![forbid(unsafe_code)]

pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod sheet;
pub mod telemetry;
pub mod text;
