//! How a source is let in, compiled.
//!
//! Owns the templates and places of `[auth]`. It must not know values of settings and secrets; those come when a
//! source is connected. Whatever is wrong is a `Problem` with its key.

use super::super::super::expression::Template;
use super::super::super::manifest::http::AuthSection;
use super::compile::{Compiler, JsonTemplate};

#[derive(Debug)]
pub(in super::super) enum AuthPlan {
    None,
    Basic { username: Template, password: Template },
    Header { name: String, value: Template },
    Login(Box<LoginPlan>),
}

/// A login call; places are RFC 6901 pointers.
#[derive(Debug)]
pub(in super::super) struct LoginPlan {
    pub(in super::super) path: Template,
    pub(in super::super) body: JsonTemplate,
    pub(in super::super) form: bool,
    pub(in super::super) token: String,
    pub(in super::super) header: String,
    pub(in super::super) prefix: String,
    pub(in super::super) lifetime_s: u32,
    pub(in super::super) expires_in: Option<String>,
    pub(in super::super) success: Vec<(String, Vec<String>)>,
    pub(in super::super) error_text: Option<String>,
}

impl Compiler<'_> {
    pub(super) fn auth(&mut self, section: &AuthSection) -> Option<AuthPlan> {
        const NAMES: [&str; 2] = ["settings", "secrets"];
        Some(match section {
            AuthSection::None => AuthPlan::None,
            AuthSection::Basic { username, password } => AuthPlan::Basic {
                username: self.template("auth.username", username, &NAMES)?,
                password: self.template("auth.password", password, &NAMES)?,
            },
            AuthSection::Header { name, value } => {
                AuthPlan::Header { name: name.clone(), value: self.template("auth.value", value, &NAMES)? }
            }
            AuthSection::Login {
                path,
                body,
                form,
                token,
                header,
                prefix,
                lifetime_s,
                expires_in,
                success,
                error_text,
            } => AuthPlan::Login(Box::new(LoginPlan {
                path: self.template("auth.path", path, &NAMES[..1])?,
                body: self.json("auth.body", body, &NAMES)?,
                form: *form,
                token: self.path("auth.token", token)?.pointer(),
                header: header.clone(),
                prefix: prefix.clone(),
                lifetime_s: *lifetime_s,
                expires_in: self.pointer("auth.expires_in", expires_in.as_ref()),
                success: self
                    .checks("auth.success", success)
                    .into_iter()
                    .map(|(path, one_of)| (path.pointer(), one_of))
                    .collect(),
                error_text: self.pointer("auth.error_text", error_text.as_ref()),
            })),
        })
    }
}
