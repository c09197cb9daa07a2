//! The one way out: every HTTP request of the daemon, to sources and to targets.
//!
//! Owns TLS, the egress guard, limits of size and time, ways of being let in, and the repetition of a single
//! request. It must not know which records travel or what an answer means beyond being well-formed. Every
//! failure is a [`TransportError`] that says whether the request may have reached the far side. Addresses in
//! messages carry no query, and no secret is ever printed.

mod auth;
mod client;
mod error;
mod guard;
mod request;
mod retry;

pub use auth::{Auth, Expected, Login, Moment};
pub use client::{Accept, Client, Content, Options, Roots, Timeouts, unencrypted};
pub use error::{Reached, TransportError};
pub use request::{Make, Method, Reply, Request};
pub use retry::RetryPolicy;
