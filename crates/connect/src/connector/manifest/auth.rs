//! `[auth]` and `[limits]`: how an HTTP source lets us in, and how fast it may be asked.
//!
//! Owns their TOML shape and defaults; what they do is the business of `connector::http` and of `transport`. Texts
//! marked as templates may hold `{{ … }}` over `settings` and `secrets`.

use super::http::{CheckSection, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[auth]`: how to be let in. Templates may use `settings` and `secrets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthSection {
    /// Nothing is asked.
    #[default]
    None,
    /// HTTP basic authentication.
    Basic {
        /// User name; a template.
        username: String,
        /// Password; a template.
        password: String,
        /// Further headers of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// A fixed header.
    Header {
        /// Name of the header, for example `X-Api-Key`.
        name: String,
        /// Its value; a template.
        value: String,
        /// Further headers of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// A key in the query of every request; it is shown nowhere.
    Query {
        /// Name of the parameter.
        name: String,
        /// Its value; a template.
        value: String,
        /// Further headers of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// A login call that answers with a token.
    Login {
        /// GET or POST. Default: POST.
        #[serde(default = "post")]
        method: Method,
        /// Path of the call; a template.
        path: String,
        /// Query parameters of the call; templates.
        #[serde(default)]
        query: BTreeMap<String, String>,
        /// JSON body of the call; every text in it is a template. Default: none.
        #[serde(default)]
        body: serde_json::Value,
        /// Sends the body as a form instead of JSON. Default: false.
        #[serde(default)]
        form: bool,
        /// Place of the token in the answer; this or `value`.
        #[serde(default)]
        token: Option<String>,
        /// What the header carries, where it is made of several places of the answer; a template that may also use
        /// `answer`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// Header that carries the token. Default: `Authorization`.
        #[serde(default = "default_header")]
        header: String,
        /// What stands before the token, as it is: no template. Default: `Bearer `.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
        /// Seconds a token lives, where the answer does not say. Default: 600.
        #[serde(default = "default_lifetime")]
        lifetime_s: u32,
        /// Place of the lifetime in seconds in the answer.
        #[serde(default)]
        expires_in: Option<String>,
        /// Values that mean the login worked, by place; for systems that answer 200 to a wrong password.
        #[serde(default)]
        success: Vec<CheckSection>,
        /// Place of the error text in the answer.
        #[serde(default)]
        error_text: Option<String>,
        /// Headers of the login and of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// OAuth2: a token from the token address, by client credentials or by a refresh token.
    Oauth2 {
        /// Path of the token address; a template.
        path: String,
        /// Which grant. Default: client_credentials.
        #[serde(default)]
        grant: Grant,
        /// Client id (consumer key); a template. Default: none.
        #[serde(default)]
        client_id: Option<String>,
        /// Client secret (consumer secret); a template.
        #[serde(default)]
        client_secret: Option<String>,
        /// Where client id and secret are sent. Default: header (basic authentication).
        #[serde(default)]
        client_in: ClientIn,
        /// Scopes, separated by blanks; a template.
        #[serde(default)]
        scope: Option<String>,
        /// Further fields of the form, such as `audience`; templates.
        #[serde(default)]
        form: BTreeMap<String, String>,
        /// The refresh token, for that grant; a template.
        #[serde(default)]
        refresh_token: Option<String>,
        /// Absolute path of a file that keeps the newest refresh token where the server replaces it; a template.
        #[serde(default)]
        keep: Option<String>,
        /// Place of the token in the answer. Default: `access_token`.
        #[serde(default = "default_token")]
        token: String,
        /// Header that carries the token. Default: `Authorization`.
        #[serde(default = "default_header")]
        header: String,
        /// What stands before the token. Default: `Bearer `, and the answer's `token_type` must be that.
        #[serde(default)]
        prefix: Option<String>,
        /// Seconds a token lives, where `expires_in` of the answer does not say. Default: 600.
        #[serde(default = "default_lifetime")]
        lifetime_s: u32,
        /// Headers of the token call and of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The login form of a web page; the server remembers us by cookies.
    Session {
        /// Page with the form, asked before it is sent; a template.
        #[serde(default)]
        page: Option<String>,
        /// Where the form is sent; a template.
        path: String,
        /// Fields of the form; templates.
        form: BTreeMap<String, String>,
        /// Sends the fields as JSON. Default: false.
        #[serde(default)]
        json: bool,
        /// The token against forged requests.
        #[serde(default)]
        csrf: Option<CsrfSection>,
        /// Cookie that a good login sets.
        #[serde(default)]
        cookie: Option<String>,
        /// Seconds after which we log in again in any case. Default: 14400.
        #[serde(default = "default_session")]
        lifetime_s: u32,
        /// Headers of the login and of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Every request is signed with HMAC-SHA-256.
    Hmac {
        /// Key of the signature; a template.
        secret: String,
        /// The text that is signed; a template that may also use `method`, `path`, `query`, `params`, `headers`,
        /// `body`, `body_sha256`, `timestamp`, `now_s`, `now_ms` and `nonce`.
        sign: String,
        /// How the signature is written. Default: hex.
        #[serde(default)]
        encoding: SignatureEncoding,
        /// How `timestamp` is written. Default: `%Y-%m-%dT%H:%M:%S%:z`.
        #[serde(default = "default_timestamp")]
        timestamp: String,
        /// Further parameters of every request; templates as of `sign`, without `params` and `headers`.
        #[serde(default)]
        params: BTreeMap<String, String>,
        /// All parameters of a request travel as headers with this before their names, and not in the query.
        #[serde(default)]
        params_prefix: Option<String>,
        /// Headers of every request; templates as of `sign` that may also use `signed` and `signature`.
        headers: BTreeMap<String, String>,
    },
    /// Several login calls one after the other; each carries the tokens of those before it.
    Steps {
        /// The calls, of kind login or oauth2.
        step: Vec<AuthSection>,
        /// Headers of all of them and of every request; templates.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
}

/// An OAuth2 grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// The client's own credentials.
    #[default]
    ClientCredentials,
    /// A refresh token that a person's login once gave.
    RefreshToken,
}

/// Where an OAuth2 client is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientIn {
    /// In the header, as basic authentication.
    #[default]
    Header,
    /// In the form, as `client_id` and `client_secret`.
    Body,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal, lower case.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// The token against forged requests of a login form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsrfSection {
    /// Where the page holds it.
    pub from: CsrfFrom,
    /// Name of the input field, meta element, cookie or header.
    pub name: String,
    /// Field of the form that carries it. Default: none.
    #[serde(default)]
    pub field: Option<String>,
    /// Header that carries it, with the form and with every request after it. Default: none.
    #[serde(default)]
    pub header: Option<String>,
}

/// Where a page holds its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CsrfFrom {
    /// `<input name=… value=…>`
    Field,
    /// `<meta name=… content=…>`
    Meta,
    /// A cookie.
    Cookie,
    /// A header of the answer.
    Header,
}

/// `[limits]`: how fast the source may be asked. Without a number there is no limit of ours; what the source's
/// answers tell (`X-RateLimit-…`, `RateLimit`, `Retry-After`) is kept in any case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSection {
    /// Requests within any second, 1–100000.
    pub per_second: Option<u32>,
    /// Requests within any minute, 1–100000.
    pub per_minute: Option<u32>,
    /// Requests within any 24 hours, 1–100000.
    pub per_day: Option<u32>,
    /// Requests at the same time, 1–64.
    pub concurrency: Option<u32>,
}

fn post() -> Method {
    Method::Post
}
fn default_token() -> String {
    "access_token".to_owned()
}
fn default_header() -> String {
    "Authorization".to_owned()
}
fn default_lifetime() -> u32 {
    600
}
fn default_session() -> u32 {
    14_400
}
fn default_timestamp() -> String {
    "%Y-%m-%dT%H:%M:%S%:z".to_owned()
}
