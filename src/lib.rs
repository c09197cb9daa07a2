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

pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod daemon;
pub mod delivery;
pub mod directory;
pub mod domain;
pub mod error;
pub mod evaluation;
pub mod failpoint;
pub mod ingest;
pub mod mapping;
pub mod paper;
pub mod pipeline;
pub mod schedule;
pub mod scoring;
pub mod sheet;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod transport;
pub mod web;
