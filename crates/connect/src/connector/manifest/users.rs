//! `[users]`: a source that shows each account only what belongs to it, and is asked for one account after the other.
//!
//! Owns the TOML shape and its defaults; what it does is the business of `connector::http`. Texts marked as templates
//! may hold `{{ … }}`.

use super::auth::AuthSection;
use super::http::{Method, PagingSection};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[users]`: the lists of the source are asked for once for each user, with what lets that user in. Users come from a
/// table that is a secret (`list`), or from a list of the source itself (`path`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersSection {
    /// The table of users, a line for each below a header; a template over `settings` and `secrets`. This or `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// Column of the table, or place in a record, that names a user: their account. It is no secret.
    pub name: String,
    /// Columns or members that requests and records get beside the name, as `user` and `$user`. Default: none.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Path of the source's list of users, which is asked for with `[auth]`; a template over `settings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Default: GET.
    #[serde(default)]
    pub method: Method,
    /// Query parameters; templates.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body of a POST; every text in it is a template.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// Place of the list of users in the answer; empty where the answer itself is the list.
    #[serde(default)]
    pub records: String,
    /// Place of the source's own total in the answer.
    #[serde(default)]
    pub total: Option<String>,
    /// How this list goes on; as `[paging]`.
    #[serde(default)]
    pub paging: PagingSection,
    /// An expression over `record`; only users for whom it is true are asked for their records.
    #[serde(default)]
    pub when: Option<String>,
    /// Most users, 1–2000; more is an error. Default: 500.
    #[serde(default = "default_max")]
    pub max: u32,
    /// How each user is let in: as `[auth]`, with `user` in its templates.
    pub auth: AuthSection,
}

fn default_max() -> u32 {
    500
}
