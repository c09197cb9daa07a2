//! The section of a manifest for SOAP services.
//!
//! Owns its TOML shape and defaults; what it does is the business of `connector::http` and `connector::xml`.

use super::super::xml::soap::Version;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[soap]`: lists are asked for by a SOAP call. Answers are XML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoapSection {
    /// `1.1` or `1.2`. Default: 1.1.
    #[serde(default)]
    pub version: Version,
    /// The action of the call. Default: empty.
    #[serde(default)]
    pub action: String,
    /// Prefixes for header and body with their URIs; `soap` is always declared.
    #[serde(default)]
    pub namespaces: BTreeMap<String, String>,
    /// Further blocks of the header, as XML; a template like `body`.
    #[serde(default)]
    pub header: Option<String>,
    /// Content of the body, as XML; a template over `settings`, `page`, `offset`, `cursor`, `size`, `since` and `until`
    /// whose values are escaped. Elements go out in the order they stand in here.
    pub body: String,
    /// User name and password of WS-Security.
    #[serde(default)]
    pub security: Option<SecuritySection>,
    /// Words in the code or text of a fault that mean that we were not let in.
    #[serde(default)]
    pub auth_faults: Vec<String>,
}

/// `[soap.security]`: a UsernameToken of WS-Security.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecuritySection {
    /// User name; a template over `settings` and `secrets`.
    pub username: String,
    /// Password; a template over `settings` and `secrets`.
    pub password: String,
    /// Sends a digest of the password with a nonce and the moment, instead of the password. Default: false.
    #[serde(default)]
    pub digest: bool,
    /// Seconds after which a timestamp expires that is sent with it. Default: none is sent.
    #[serde(default)]
    pub timestamp_s: Option<u32>,
}
