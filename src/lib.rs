//! Liên Thông: the integration daemon between a province's e-office systems, the evaluation of its civil
//! servants and the national database.
//!
//! The rooms stand in the order in which data walks through them; `docs/ARCHITECTURE.md` has the picture
//! and the arrows.

#![forbid(unsafe_code)]

/// Pages, drafts and rows are made on one thread and dropped on another: the system's allocator then makes threads
/// wait for each other some seventy times a page.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub mod cli;
pub mod daemon;
pub mod failpoint;
pub mod pipeline;
pub mod schedule;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod store;
pub mod web;

// Rooms of the crates below are named as if they stood here.
pub use lienthong_base::{clock, config, domain, error, sheet, telemetry, text};
pub use lienthong_connect::{connector, delivery, transport};
pub use lienthong_engines::{catalog, directory, evaluation, ingest, mapping, paper, scoring};
