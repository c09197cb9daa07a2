//! Liên Thông: the integration daemon between a province's e-office systems, the evaluation of its civil
//! servants and the national database.
//!
//! The rooms stand in the order in which data walks through them; `docs/ARCHITECTURE.md` has the picture
//! and the arrows.

#![forbid(unsafe_code)]

pub mod clock;
pub mod connector;
pub mod domain;
pub mod error;
