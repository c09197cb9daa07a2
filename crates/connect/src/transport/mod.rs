//! The one way out: every HTTP request of the daemon, to sources and to targets.
//!
//! Owns TLS, the egress guard, limits of size and time, ways of being let in, and the repetition of a single
//! request. It must not know which records travel or what an answer means beyond being well-formed. Every
//! failure is a [`TransportError`] that says whether the request may have reached the far side. Addresses in
//! messages carry no query, and no secret is ever printed.

mod auth;
mod breaker;
mod certificate;
mod client;
mod error;
mod guard;
mod hide;
mod kept;
mod login;
mod observe;
mod options;
mod pace;
mod request;
mod retry;
mod session;
mod unpack;

pub use auth::{
    Auth, Carry, Csrf, CsrfPlace, Expected, Login, Moment, Refresh, Session, Sign, Signed, Unsigned,
};
pub use breaker::BreakerState;
pub use client::{Accept, Client, Content, RefusalSign};
pub use error::{Reached, TransportError};
pub use guard::is_forbidden;
pub use observe::{Exchange, Recorder};
pub use options::{Options, Roots, Timeouts, unencrypted};
pub use pace::{DayBook, Limits, MOST_REQUESTS};
pub use request::{Make, Method, Reply, Request};
pub use retry::RetryPolicy;
