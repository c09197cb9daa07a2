//! How a source is let in, compiled.
//!
//! Owns the templates and places of `[auth]`, of our certificate and of `[limits]`. It must not know values of
//! settings and secrets; those come when a source is connected. Whatever is wrong is a `Problem` with its key.

use super::super::super::expression::Template;
use super::super::super::manifest::Problem;
use super::super::super::manifest::auth::{
    AuthSection, ClientIn, CsrfSection, Grant, LimitsSection, SignatureEncoding,
};
use super::super::super::manifest::http::{Method, TransportSection};
use super::super::super::rule::date::NO_PATTERN;
use super::compile::{Compiler, JsonTemplate};
use crate::transport::MOST_REQUESTS;
use chrono::FixedOffset;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names of templates that are rendered once.
const NAMES: [&str; 2] = ["settings", "secrets"];

/// Names of what a login's answer becomes.
const ANSWERED: [&str; 3] = ["settings", "secrets", "answer"];

/// Names of a request's parameters, which come before it is signed.
const REQUEST: [&str; 10] =
    ["settings", "secrets", "method", "path", "query", "body", "body_sha256", "timestamp", "now_s", "now_ms"];

/// Everything that lets a request in.
#[derive(Debug, Default)]
pub(in super::super) struct AuthPlan {
    pub(in super::super) basic: Option<(Template, Template)>,
    pub(in super::super) headers: Vec<(String, Template)>,
    pub(in super::super) query: Vec<(String, Template)>,
    pub(in super::super) logins: Vec<LoginPlan>,
    pub(in super::super) session: Option<SessionPlan>,
    pub(in super::super) sign: Option<Arc<SignPlan>>,
}

/// A login call; places are RFC 6901 pointers.
#[derive(Debug)]
pub(in super::super) struct LoginPlan {
    pub(in super::super) method: Method,
    pub(in super::super) path: Template,
    pub(in super::super) query: Vec<(String, Template)>,
    /// Basic authentication of this call alone.
    pub(in super::super) basic: Option<(Template, Template)>,
    pub(in super::super) body: JsonTemplate,
    pub(in super::super) form: bool,
    pub(in super::super) token: String,
    /// The whole header made of the answer, instead of prefix and token.
    pub(in super::super) value: Option<Arc<Template>>,
    pub(in super::super) header: String,
    pub(in super::super) prefix: String,
    pub(in super::super) token_type: Option<String>,
    pub(in super::super) lifetime_s: u32,
    pub(in super::super) expires_in: Option<String>,
    pub(in super::super) success: Vec<(String, Vec<String>)>,
    pub(in super::super) error_text: Option<String>,
    /// The refresh token, and the file that keeps a newer one.
    pub(in super::super) refresh: Option<(Template, Option<Template>)>,
}

/// A login form.
#[derive(Debug)]
pub(in super::super) struct SessionPlan {
    pub(in super::super) page: Option<Template>,
    pub(in super::super) path: Template,
    pub(in super::super) fields: Vec<(String, Template)>,
    pub(in super::super) json: bool,
    pub(in super::super) csrf: Option<CsrfSection>,
    pub(in super::super) cookie: Option<String>,
    pub(in super::super) lifetime_s: u32,
}

/// A signature.
#[derive(Debug)]
pub(in super::super) struct SignPlan {
    pub(in super::super) secret: Template,
    pub(in super::super) sign: Template,
    pub(in super::super) encoding: SignatureEncoding,
    pub(in super::super) timestamp: String,
    pub(in super::super) zone: FixedOffset,
    pub(in super::super) params: Vec<(String, Template)>,
    pub(in super::super) params_prefix: Option<String>,
    pub(in super::super) headers: Vec<(String, Template)>,
}

impl Compiler<'_> {
    /// Our certificate and its key: both or none.
    pub(super) fn identity(&mut self, transport: &TransportSection) -> Option<(Template, Template)> {
        match (&transport.certificate, &transport.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((
                self.template("transport.certificate", certificate, &NAMES)?,
                self.template("transport.key", key, &NAMES)?,
            )),
            _ => {
                self.problems.push(Problem::incoherent(
                    "transport.certificate",
                    "chứng thư và khóa phải khai cùng nhau: transport.certificate và transport.key",
                    "a certificate needs its key: transport.certificate and transport.key",
                ));
                None
            }
        }
    }

    /// Numbers of `[limits]`.
    pub(super) fn limits(&mut self, limits: &LimitsSection) {
        let given = [
            ("limits.per_second", limits.per_second, MOST_REQUESTS),
            ("limits.per_minute", limits.per_minute, MOST_REQUESTS),
            ("limits.per_day", limits.per_day, MOST_REQUESTS),
            ("limits.concurrency", limits.concurrency, 64),
        ];
        for (key, number, most) in given {
            if number.is_some_and(|number| !(1..=most).contains(&number)) {
                self.problems.push(Problem::limit(key, most));
            }
        }
    }

    pub(super) fn auth(&mut self, section: &AuthSection, zone: FixedOffset) -> Option<AuthPlan> {
        self.auth_at("auth", section, zone)
    }

    pub(super) fn auth_at(
        &mut self,
        key: &str,
        section: &AuthSection,
        zone: FixedOffset,
    ) -> Option<AuthPlan> {
        let at = |name: &str| format!("{key}.{name}");
        let none = AuthPlan::default;
        Some(match section {
            AuthSection::None => none(),
            AuthSection::Basic { username, password, headers } => AuthPlan {
                basic: Some((
                    self.template(&at("username"), username, &NAMES)?,
                    self.template(&at("password"), password, &NAMES)?,
                )),
                headers: self.templates(&at("headers"), headers, &NAMES),
                ..none()
            },
            AuthSection::Header { name, value, headers } => {
                let own = (name.clone(), self.template(&at("value"), value, &NAMES)?);
                let more = self.templates(&at("headers"), headers, &NAMES);
                AuthPlan { headers: more.into_iter().chain([own]).collect(), ..none() }
            }
            AuthSection::Query { name, value, headers } => AuthPlan {
                query: vec![(name.clone(), self.template(&at("value"), value, &NAMES)?)],
                headers: self.templates(&at("headers"), headers, &NAMES),
                ..none()
            },
            AuthSection::Login { headers, .. } | AuthSection::Oauth2 { headers, .. } => {
                let headers = self.templates(&at("headers"), headers, &NAMES);
                AuthPlan { logins: vec![self.login(key, section)?], headers, ..none() }
            }
            AuthSection::Session { page, path, form, json, csrf, cookie, lifetime_s, headers } => {
                if csrf.as_ref().is_some_and(|csrf| csrf.field.is_none() && csrf.header.is_none()) {
                    self.problems.push(Problem::incoherent(
                        &at("csrf"),
                        "csrf cần field hoặc header: mã được gửi lại ở đâu",
                        "csrf needs field or header: where the token is sent back",
                    ));
                }
                if csrf.is_some() && page.is_none() {
                    self.problems.push(Problem::incoherent(
                        &at("page"),
                        "csrf cần auth.page: trang có biểu mẫu",
                        "csrf needs auth.page: the page with the form",
                    ));
                }
                let page = match page {
                    Some(page) => Some(self.template(&at("page"), page, &NAMES[..1])?),
                    None => None,
                };
                let session = SessionPlan {
                    page,
                    path: self.template(&at("path"), path, &NAMES[..1])?,
                    fields: self.templates(&at("form"), form, &NAMES),
                    json: *json,
                    csrf: csrf.clone(),
                    cookie: cookie.clone(),
                    lifetime_s: *lifetime_s,
                };
                let headers = self.templates(&at("headers"), headers, &NAMES);
                AuthPlan { session: Some(session), headers, ..none() }
            }
            AuthSection::Hmac { .. } => {
                AuthPlan { sign: Some(Arc::new(self.sign(section, zone)?)), ..none() }
            }
            AuthSection::Steps { step, headers } => {
                let mut plan = none();
                plan.headers = self.templates(&at("headers"), headers, &NAMES);
                for (index, step) in step.iter().enumerate() {
                    let key = at(&format!("step.{index}"));
                    if !matches!(step, AuthSection::Login { .. } | AuthSection::Oauth2 { .. }) {
                        self.problems.push(Problem::incoherent(
                            &key,
                            "mỗi bước phải thuộc kind = \"login\" hoặc \"oauth2\"",
                            "each step must be of kind \"login\" or \"oauth2\"",
                        ));
                        continue;
                    }
                    let made = self.auth_at(&key, step, zone)?;
                    plan.headers.extend(made.headers);
                    plan.logins.extend(made.logins);
                }
                if plan.logins.iter().filter(|login| login.refresh.is_some()).count() > 1 {
                    self.problems.push(Problem::incoherent(
                        &at("step"),
                        "chỉ một bước được dùng refresh_token",
                        "one step alone may use a refresh token",
                    ));
                }
                plan
            }
        })
    }

    fn login(&mut self, key: &str, section: &AuthSection) -> Option<LoginPlan> {
        let at = |name: &str| format!("{key}.{name}");
        match section {
            AuthSection::Login {
                method,
                path,
                query,
                body,
                form,
                token,
                value,
                header,
                prefix,
                lifetime_s,
                expires_in,
                success,
                error_text,
                headers: _,
            } => {
                let value = match value {
                    Some(value) => Some(Arc::new(self.template(&at("value"), value, &ANSWERED)?)),
                    None => None,
                };
                if token.is_some() == value.is_some() || (value.is_some() && prefix.is_some()) {
                    self.problems.push(Problem::incoherent(
                        &at("token"),
                        "cần đúng một trong hai: token (có thể có prefix trước), hoặc value là cả giá trị của header",
                        "exactly one of both is needed: token (with a prefix before it), or value, which is the whole header",
                    ));
                }
                self.no_template(&at("prefix"), prefix.as_deref());
                let token = match token {
                    Some(token) => self.path(&at("token"), token)?.pointer(),
                    None => String::new(),
                };
                if *method == Method::Get && !body.is_null() {
                    self.problems.push(Problem::incoherent(
                        &at("body"),
                        "lệnh GET không có body; dùng auth.query",
                        "a GET carries no body; use auth.query",
                    ));
                }
                Some(LoginPlan {
                    method: *method,
                    path: self.template(&at("path"), path, &NAMES[..1])?,
                    query: self.templates(&at("query"), query, &NAMES),
                    basic: None,
                    body: self.json(&at("body"), body, &NAMES)?,
                    form: *form,
                    token,
                    value,
                    header: header.clone(),
                    prefix: prefix.clone().unwrap_or_else(|| "Bearer ".to_owned()),
                    token_type: None,
                    lifetime_s: *lifetime_s,
                    expires_in: self.pointer(&at("expires_in"), expires_in.as_ref()),
                    success: self
                        .checks(&at("success"), success)
                        .into_iter()
                        .map(|(path, one_of)| (path.pointer(), one_of))
                        .collect(),
                    error_text: self.pointer(&at("error_text"), error_text.as_ref()),
                    refresh: None,
                })
            }
            AuthSection::Oauth2 { .. } => self.oauth2(key, section),
            _ => None,
        }
    }

    /// A text that travels as it stands: braces in it are somebody's mistake.
    fn no_template(&mut self, key: &str, text: Option<&str>) {
        if text.is_some_and(|text| text.contains("{{")) {
            self.problems.push(Problem::incoherent(
                key,
                "đây không phải mẫu: {{ … }} sẽ được gửi nguyên văn; kind = \"login\" có value cho cả giá trị của header",
                "this is no template: {{ … }} would be sent as it stands; kind = \"login\" has value for the whole header",
            ));
        }
    }

    fn oauth2(&mut self, key: &str, section: &AuthSection) -> Option<LoginPlan> {
        let AuthSection::Oauth2 {
            path,
            grant,
            client_id,
            client_secret,
            client_in,
            scope,
            form,
            refresh_token,
            keep,
            token,
            header,
            prefix,
            lifetime_s,
            headers: _,
        } = section
        else {
            return None;
        };
        let at = |name: &str| format!("{key}.{name}");
        self.no_template(&at("prefix"), prefix.as_deref());
        let mut fields: BTreeMap<String, String> = form.clone();
        let grant_name = match grant {
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken => "refresh_token",
        };
        fields.insert("grant_type".to_owned(), grant_name.to_owned());
        fields.extend(scope.clone().map(|scope| ("scope".to_owned(), scope)));
        let mut basic = None;
        match (client_in, client_id, client_secret) {
            (ClientIn::Header, Some(id), Some(secret)) => {
                basic = Some((
                    self.template(&at("client_id"), id, &NAMES)?,
                    self.template(&at("client_secret"), secret, &NAMES)?,
                ));
            }
            (ClientIn::Header, None, None) => {}
            (ClientIn::Header, ..) => self.problems.push(Problem::incoherent(
                &at("client_id"),
                "client_in = \"header\" cần cả client_id và client_secret",
                "client_in = \"header\" needs client_id and client_secret",
            )),
            (ClientIn::Body, id, secret) => {
                fields.extend(id.clone().map(|id| ("client_id".to_owned(), id)));
                fields.extend(secret.clone().map(|secret| ("client_secret".to_owned(), secret)));
            }
        }
        if (*grant == Grant::RefreshToken) != refresh_token.is_some()
            || (keep.is_some() && refresh_token.is_none())
        {
            self.problems.push(Problem::incoherent(
                &at("refresh_token"),
                "grant = \"refresh_token\" cần refresh_token, và chỉ cách này dùng refresh_token và keep",
                "grant = \"refresh_token\" needs refresh_token, and it alone uses refresh_token and keep",
            ));
        }
        let refresh = match refresh_token {
            Some(token) => {
                let keep = match keep {
                    Some(keep) => Some(self.template(&at("keep"), keep, &NAMES[..1])?),
                    None => None,
                };
                Some((self.template(&at("refresh_token"), token, &NAMES)?, keep))
            }
            None => None,
        };
        Some(LoginPlan {
            method: Method::Post,
            path: self.template(&at("path"), path, &NAMES[..1])?,
            query: Vec::new(),
            basic,
            body: JsonTemplate::Object(
                self.templates(&at("form"), &fields, &NAMES)
                    .into_iter()
                    .map(|(name, template)| (name, JsonTemplate::Text(template)))
                    .collect(),
            ),
            form: true,
            token: self.path(&at("token"), token)?.pointer(),
            value: None,
            header: header.clone(),
            prefix: prefix.clone().unwrap_or_else(|| "Bearer ".to_owned()),
            token_type: prefix.is_none().then(|| "/token_type".to_owned()),
            lifetime_s: *lifetime_s,
            expires_in: Some("/expires_in".to_owned()),
            success: Vec::new(),
            error_text: Some("/error_description".to_owned()),
            refresh,
        })
    }

    fn sign(&mut self, section: &AuthSection, zone: FixedOffset) -> Option<SignPlan> {
        let AuthSection::Hmac { secret, sign, encoding, timestamp, params, params_prefix, headers } = section
        else {
            return None;
        };
        let valid =
            chrono::format::StrftimeItems::new(timestamp).all(|item| item != chrono::format::Item::Error);
        if !valid {
            self.problems.push(Problem::date("auth.timestamp", timestamp, NO_PATTERN));
        }
        let parameters = [&REQUEST[..], &["nonce"]].concat();
        let text = [&parameters[..], &["params", "headers"]].concat();
        let last = [&text[..], &["signed", "signature"]].concat();
        Some(SignPlan {
            secret: self.template("auth.secret", secret, &NAMES)?,
            sign: self.template("auth.sign", sign, &text)?,
            encoding: *encoding,
            timestamp: timestamp.clone(),
            zone,
            params: self.templates("auth.params", params, &parameters),
            params_prefix: params_prefix.clone(),
            headers: self.templates("auth.headers", headers, &last),
        })
    }
}
