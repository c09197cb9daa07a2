//! The engines that compute: values in, values out. What they say is a function of what they are given, so that each can be
//! tested, and asked again, without a database.
//!
//! They must not know the store, the network or each other. Rooms and arrows: `docs/ARCHITECTURE.md`.

#![forbid(unsafe_code)]

pub mod catalog;
pub mod directory;
pub mod evaluation;
pub mod ingest;
pub mod mapping;
pub mod paper;
pub mod scoring;

// The ground is named as if it were a room of this crate.
use lienthong_base::{config, domain, error, sheet, text};
