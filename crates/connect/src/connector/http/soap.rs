//! The requests of SOAP sources.
//!
//! Owns rendering header and body and putting them, with a new nonce for each attempt, into an envelope. It must not
//! know where a pull stands. A request that would be no well-formed XML is never sent.

use super::super::xml::soap::{Message, UsernameToken};
use super::super::xml::{Limits, Shape, split};
use super::plan::{Call, SoapPlan};
use super::{ConnectorError, Shared};
use crate::clock::Clock;
use crate::transport::{Make, Request};
use bytes::Bytes;
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;
use minijinja::Value;
use secrecy::SecretString;
use std::sync::Arc;

/// The token of a source, with its secrets.
pub(super) fn token(plan: &SoapPlan, context: &Value) -> Result<Option<UsernameToken>, String> {
    let (Some(section), Some((username, password))) = (&plan.section.security, &plan.security) else {
        return Ok(None);
    };
    Ok(Some(UsernameToken {
        username: username.render(context)?,
        password: SecretString::from(password.render(context)?),
        digest: section.digest,
        timestamp_s: section.timestamp_s,
    }))
}

/// A call as a request; `names` is what its templates may use.
pub(super) fn request(
    shared: &Shared,
    (plan, call): (&SoapPlan, &Call),
    request: Request,
    names: &Value,
) -> Result<Request, ConnectorError> {
    let broken = |why: String| shared.cannot_ask(&why);
    let header = match &call.header {
        Some(header) => header.render(names).map_err(broken)?,
        None => String::new(),
    };
    let body = call.body.render(names).map_err(broken)?;
    let (section, token) = (plan.section.clone(), shared.token.clone());
    let envelope = move || {
        let mut nonce = [0; 16];
        OsRng.fill_bytes(&mut nonce);
        let message = Message {
            version: section.version,
            namespaces: &section.namespaces,
            header: &header,
            body: &body,
        };
        message.envelope(token.as_ref(), Clock::system().now(), nonce)
    };
    let shape = Shape { record: None, values: Vec::new(), lists: Vec::new() };
    split(&envelope(), &shape, Limits::default(), &mut |_| {})
        .map_err(|error| broken(format!("the SOAP call is no well-formed XML: {error}")))?;
    let (version, action) = (plan.section.version, &call.action);
    let make: Make = Arc::new(move || Bytes::from(envelope()));
    let request = request.made(version.content_type(action), make);
    Ok(match version.action_header(action) {
        Some(action) => request.header("soapaction", action),
        None => request,
    })
}
