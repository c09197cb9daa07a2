//! How one source is let in: the manifest's `[auth]` with this source's settings and secrets.
//!
//! Owns rendering the templates once, and the signing of each request by its templates. It must not know how
//! requests travel. A template that gives no value is told when the source is connected, a signature that cannot be
//! written when its request is sent; neither tells a secret.

use super::plan::{AuthPlan, LoginPlan, Plan, SignPlan};
use crate::connector::expression::{Template, value_of};
use crate::connector::json::Json;
use crate::connector::manifest::auth::{CsrfFrom, SignatureEncoding};
use crate::connector::manifest::http::Method as Asked;
use crate::error::{Text, written_cause};
use crate::transport::{
    Auth, Carry, Csrf, CsrfPlace, Expected, Limits, Login, Method, Refresh, Session, Sign, Signed, Unsigned,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use minijinja::Value;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// `[limits]` as the transport takes them.
pub(super) fn limits(plan: &Plan) -> Limits {
    let section = &plan.limits;
    Limits {
        per_second: section.per_second,
        per_minute: section.per_minute,
        per_day: section.per_day,
        concurrency: section.concurrency,
    }
}

/// Our certificate and its key as one PEM text.
pub(super) fn identity(plan: &Plan, context: &Value) -> Result<Option<SecretString>, String> {
    let Some((certificate, key)) = &plan.identity else { return Ok(None) };
    Ok(Some(format!("{}\n{}", certificate.render(context)?, key.render(context)?).into()))
}

/// How the source lets us in.
pub(super) fn auth(plan: &AuthPlan, context: &Value) -> Result<Auth, String> {
    let basic = match &plan.basic {
        Some((username, password)) => Some((username.render(context)?, secret(password, context)?)),
        None => None,
    };
    let session = match &plan.session {
        Some(session) => {
            let fields: serde_json::Map<String, serde_json::Value> = session
                .fields
                .iter()
                .map(|(name, template)| Ok((name.clone(), template.render(context)?.into())))
                .collect::<Result<_, String>>()?;
            let page = session.page.as_ref().map(|page| page.render_path(context)).transpose()?;
            Some(Session {
                page,
                path: session.path.render_path(context)?,
                fields: serde_json::Value::Object(fields).to_string().into(),
                json: session.json,
                csrf: session.csrf.as_ref().map(|csrf| Csrf {
                    from: match csrf.from {
                        CsrfFrom::Field => CsrfPlace::Field,
                        CsrfFrom::Meta => CsrfPlace::Meta,
                        CsrfFrom::Cookie => CsrfPlace::Cookie,
                        CsrfFrom::Header => CsrfPlace::Header,
                    },
                    name: csrf.name.clone(),
                    field: csrf.field.clone(),
                    header: csrf.header.clone(),
                }),
                cookie: session.cookie.clone(),
                lifetime: Duration::from_secs(session.lifetime_s.into()),
            })
        }
        None => None,
    };
    let signer =
        plan.sign.clone().map(|plan| Arc::new(Signer { plan, context: context.clone() }) as Arc<dyn Sign>);
    Ok(Auth {
        basic,
        headers: all(&plan.headers, context)?,
        query: all(&plan.query, context)?,
        logins: plan.logins.iter().map(|plan| login(plan, context)).collect::<Result<_, _>>()?,
        session,
        signer,
    })
}

fn secret(template: &Template, context: &Value) -> Result<SecretString, String> {
    template.render(context).map(SecretString::from)
}

fn all(templates: &[(String, Template)], context: &Value) -> Result<Vec<(String, SecretString)>, String> {
    templates.iter().map(|(name, template)| Ok((name.clone(), secret(template, context)?))).collect()
}

fn login(plan: &LoginPlan, context: &Value) -> Result<Login, String> {
    let mut headers = Vec::new();
    if let Some((username, password)) = &plan.basic {
        let pair = format!("{}:{}", username.render(context)?, password.render(context)?);
        headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair)).into()));
    }
    let refresh = match &plan.refresh {
        Some((first, file)) => {
            let file = file.as_ref().map(|file| file.render(context)).transpose()?.map(PathBuf::from);
            if file.as_ref().is_some_and(|file| !file.is_absolute()) {
                return Err("auth.keep is no absolute path".to_owned());
            }
            Some(Refresh { first: secret(first, context)?, file })
        }
        None => None,
    };
    Ok(Login {
        method: match plan.method {
            Asked::Get => Method::Get,
            Asked::Post => Method::Post,
            Asked::Propfind => Method::Propfind,
            Asked::Report => Method::Report,
        },
        path: plan.path.render_path(context)?,
        query: all(&plan.query, context)?,
        headers,
        body: plan.body.render(context)?.to_string().into(),
        form: plan.form,
        token: plan.token.clone(),
        carry: plan
            .value
            .clone()
            .map(|value| Arc::new(Carried { value, context: context.clone() }) as Arc<dyn Carry>),
        header: plan.header.clone(),
        prefix: plan.prefix.clone(),
        token_type: plan.token_type.clone(),
        lifetime: Duration::from_secs(plan.lifetime_s.into()),
        expires_in: plan.expires_in.clone(),
        expires_at: None,
        success: plan
            .success
            .iter()
            .map(|(pointer, one_of)| Expected { pointer: pointer.clone(), one_of: one_of.clone() })
            .collect(),
        error_text: plan.error_text.clone(),
        refresh,
    })
}

/// Makes a header of a login's answer by the template of a manifest.
struct Carried {
    value: Arc<Template>,
    /// Settings and secrets.
    context: Value,
}

impl Carry for Carried {
    fn carried(&self, answer: &serde_json::Value) -> Result<SecretString, Text> {
        let of = |name: &str| self.context.get_attr(name).unwrap_or_default();
        let text = answer.to_string();
        let answer = value_of(&Json::parse(&text).map_err(|error| error.told())?);
        let context =
            minijinja::context!(settings => of("settings"), secrets => of("secrets"), answer => answer);
        self.value.render(&context).map(SecretString::from).map_err(|why| written_cause(&why))
    }
}

/// Signs requests by the templates of a manifest.
struct Signer {
    plan: Arc<SignPlan>,
    /// Settings and secrets.
    context: Value,
}

impl Sign for Signer {
    fn sign(&self, request: &Unsigned<'_>) -> Result<Signed, Text> {
        self.signed(request).map_err(|why| written_cause(&why))
    }
}

impl Signer {
    fn signed(&self, request: &Unsigned<'_>) -> Result<Signed, String> {
        let plan = &self.plan;
        let local = request.now.with_timezone(&plan.zone);
        let mut context: BTreeMap<String, Value> = [
            ("settings", self.context.get_attr("settings").unwrap_or_default()),
            ("secrets", self.context.get_attr("secrets").unwrap_or_default()),
            ("method", request.method.into()),
            ("path", request.path.into()),
            ("query", request.query.into()),
            ("body", String::from_utf8_lossy(request.body).into_owned().into()),
            ("body_sha256", hex(&Sha256::digest(request.body)).into()),
            ("timestamp", local.format(&plan.timestamp).to_string().into()),
            ("now_s", request.now.timestamp().into()),
            ("now_ms", request.now.timestamp_millis().into()),
            ("nonce", Uuid::now_v7().simple().to_string().into()),
        ]
        .into_iter()
        .map(|(name, value): (&str, Value)| (name.to_owned(), value))
        .collect();
        let mut params: BTreeMap<String, String> = request.parameters.iter().cloned().collect();
        let now = Value::from(context.clone());
        for (name, template) in &plan.params {
            params.insert(name.clone(), template.render(&now)?);
        }
        let prefix = plan.params_prefix.as_deref();
        let carried: BTreeMap<String, String> = match prefix {
            Some(prefix) => {
                params.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone())).collect()
            }
            None => BTreeMap::new(),
        };
        context.insert("params".to_owned(), Value::from(params.clone()));
        context.insert("headers".to_owned(), Value::from(carried.clone()));
        let text = plan.sign.render(&Value::from(context.clone()))?;
        let secret = plan.secret.render(&self.context)?;
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes())
            .map_err(|_| "the key of the signature cannot be used".to_owned())?;
        mac.update(text.as_bytes());
        let digest = mac.finalize().into_bytes();
        let signature = match plan.encoding {
            SignatureEncoding::Hex => hex(&digest),
            SignatureEncoding::Base64 => STANDARD.encode(digest),
        };
        context.insert("signed".to_owned(), text.into());
        context.insert("signature".to_owned(), signature.into());
        let last = Value::from(context.clone());
        let mut headers: Vec<(String, String)> = carried.into_iter().collect();
        for (name, template) in &plan.headers {
            headers.push((name.clone(), template.render(&last)?));
        }
        Ok(Signed { headers, without_query: prefix.is_some() })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
