//! What all parts of an HTTP manifest are compiled with: templates, documents of templates, places, conditions.
//!
//! Owns the list of problems and the check that settings and secrets a template names are declared as what they are
//! used as. It must not know which section it compiles. Whatever is wrong is a `Problem` with its key.

use super::super::super::expression::{Expression, Template};
use super::super::super::json::Path;
use super::super::super::manifest::http::CheckSection;
use super::super::super::manifest::{Manifest, Problem, Setting};
use super::format::Places;
use std::collections::BTreeMap;

/// A JSON document whose texts are templates.
#[derive(Debug)]
pub(in crate::connector) enum JsonTemplate {
    Text(Template),
    Fixed(serde_json::Value),
    List(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// The document for a context.
    pub(in crate::connector) fn render(
        &self,
        context: &minijinja::Value,
    ) -> Result<serde_json::Value, String> {
        Ok(match self {
            Self::Text(template) => template.render_json(context)?,
            Self::Fixed(value) => value.clone(),
            Self::List(items) => {
                items.iter().map(|item| item.render(context)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Self::Object(members) => {
                let mut object = serde_json::Map::new();
                for (name, member) in members {
                    object.insert(name.clone(), member.render(context)?);
                }
                object.into()
            }
        })
    }
}

impl JsonTemplate {
    /// Whether a value may be put at a place: every step there leads through an object or to nothing yet.
    pub(super) fn has_room(&self, inside: &[String]) -> bool {
        let (Some((first, rest)), Self::Object(members)) = (inside.split_first(), self) else {
            return inside.is_empty();
        };
        let member = members.iter().find(|(name, _)| name == first);
        rest.is_empty() || member.is_none_or(|(_, member)| member.has_room(rest))
    }

    /// Names its templates use, with their members.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Text(template) => template.names(),
            Self::Fixed(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::names).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, member)| member.names()).collect(),
        }
    }
}

/// Sections whose requests are made once for the source, not for each user.
const OF_NOBODY: [&str; 6] = ["transport", "auth", "users.list", "users.path", "users.query", "users.body"];

/// Compiles the sections of one manifest.
pub(super) struct Compiler<'a> {
    pub(super) settings: &'a BTreeMap<String, Setting>,
    pub(super) problems: &'a mut Vec<Problem>,
    /// How places in answers are written.
    pub(super) places: Places<'a>,
    /// Whether there are users, so that what is asked for them may name `user`.
    pub(super) user: bool,
}

impl Compiler<'_> {
    pub(super) fn template(&mut self, key: &str, source: &str, names: &[&str]) -> Option<Template> {
        let with_user;
        let names = if self.user && !OF_NOBODY.iter().any(|section| key.starts_with(section)) {
            with_user = [names, &["user"]].concat();
            &with_user
        } else {
            names
        };
        match Template::compile(source, names) {
            Ok(template) => {
                self.names(key, &template.names());
                Some(template)
            }
            Err(why) => {
                self.problems.push(Problem::expression(key, &why));
                None
            }
        }
    }

    /// Every setting and secret a template names has to be declared, and declared as what it is used as.
    pub(super) fn names(&mut self, key: &str, names: &[String]) {
        for (name, as_secret) in names.iter().filter_map(|name| {
            let plain = name.strip_prefix("settings.").map(|name| (name, false));
            plain.or_else(|| name.strip_prefix("secrets.").map(|name| (name, true)))
        }) {
            match self.settings.get(name) {
                None => self.problems.push(Problem::setting(
                    key,
                    &format!("\"{name}\" không có trong [settings]"),
                    &format!("\"{name}\" is not in [settings]"),
                )),
                Some(setting) if setting.secret != as_secret => self.problems.push(Problem::setting(
                    key,
                    &format!("\"{name}\" được dùng sai chỗ: giá trị bí mật viết secrets.{name}, còn lại settings.{name}"),
                    &format!("\"{name}\" is used as what it is not: secrets are secrets.{name}, others settings.{name}"),
                )),
                Some(_) => {}
            }
        }
    }

    pub(super) fn templates(
        &mut self,
        key: &str,
        sources: &BTreeMap<String, String>,
        names: &[&str],
    ) -> Vec<(String, Template)> {
        sources
            .iter()
            .filter_map(|(name, source)| {
                Some((name.clone(), self.template(&format!("{key}.{name}"), source, names)?))
            })
            .collect()
    }

    pub(super) fn json(
        &mut self,
        key: &str,
        value: &serde_json::Value,
        names: &[&str],
    ) -> Option<JsonTemplate> {
        Some(match value {
            serde_json::Value::String(text) => JsonTemplate::Text(self.template(key, text, names)?),
            serde_json::Value::Array(items) => {
                JsonTemplate::List(items.iter().filter_map(|item| self.json(key, item, names)).collect())
            }
            serde_json::Value::Object(members) => JsonTemplate::Object(
                members
                    .iter()
                    .filter_map(|(name, member)| {
                        Some((name.clone(), self.json(&format!("{key}.{name}"), member, names)?))
                    })
                    .collect(),
            ),
            fixed => JsonTemplate::Fixed(fixed.clone()),
        })
    }

    pub(super) fn path(&mut self, key: &str, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(why) => {
                self.problems.push(Problem::path(key, text, why));
                None
            }
        }
    }

    pub(super) fn optional_path(&mut self, key: &str, text: Option<&String>) -> Option<Option<Path>> {
        text.map_or(Some(None), |text| self.path(key, text).map(Some))
    }

    pub(super) fn expression(&mut self, key: &str, source: &str, names: &[&str]) -> Option<Expression> {
        match Expression::compile(source, names) {
            Ok(expression) => Some(expression),
            Err(why) => {
                self.problems.push(Problem::expression(key, &why));
                None
            }
        }
    }

    pub(super) fn incoherent(&mut self, key: &str, vi: &str, en: &str) {
        self.problems.push(Problem::incoherent(key, vi, en));
    }

    pub(super) fn pointer(&mut self, key: &str, text: Option<&String>) -> Option<String> {
        self.path(key, text?).map(|path| path.pointer())
    }

    /// Checks of a JSON answer.
    pub(super) fn checks(&mut self, key: &str, checks: &[CheckSection]) -> Vec<(Path, Vec<String>)> {
        self.checks_by(key, checks, Self::path)
    }

    /// Checks of a list's answer.
    pub(super) fn answer_checks(&mut self, key: &str, checks: &[CheckSection]) -> Vec<(Path, Vec<String>)> {
        self.checks_by(key, checks, Self::place)
    }

    /// A check names values, or says that there is none; a list without values means the latter from here on.
    pub(super) fn one_check(&mut self, key: &str, check: &CheckSection) {
        if check.one_of.is_empty() != check.absent {
            self.problems.push(Problem::incoherent(
                key,
                "cần đúng một trong hai: one_of có giá trị, hoặc absent = true",
                "exactly one of both is needed: values in one_of, or absent = true",
            ));
        }
    }

    /// Checks that need values.
    pub(super) fn value_checks(&mut self, key: &str, checks: &[CheckSection]) -> Vec<(Path, Vec<String>)> {
        for (index, _) in checks.iter().enumerate().filter(|(_, check)| check.absent) {
            self.problems.push(Problem::incoherent(
                &format!("{key}.{index}.absent"),
                "ở đây chỉ dùng one_of",
                "one_of alone holds here",
            ));
        }
        self.checks_by(key, checks, Self::place)
    }

    fn checks_by(
        &mut self,
        key: &str,
        checks: &[CheckSection],
        place: fn(&mut Self, &str, &str) -> Option<Path>,
    ) -> Vec<(Path, Vec<String>)> {
        checks
            .iter()
            .enumerate()
            .filter_map(|(index, check)| {
                self.one_check(&format!("{key}.{index}.one_of"), check);
                let path = place(self, &format!("{key}.{index}.path"), &check.path)?;
                Some((path, check.one_of.clone()))
            })
            .collect()
    }
}

/// A JSON document whose texts are templates over `settings` and `secrets`, for sections outside HTTP.
pub(in crate::connector) fn json_template(
    manifest: &Manifest,
    problems: &mut Vec<Problem>,
    key: &str,
    value: &serde_json::Value,
) -> Option<JsonTemplate> {
    compiler(manifest, problems).json(key, value, &["settings", "secrets"])
}

/// A text that is a template over `settings`, for sections outside HTTP.
pub(in crate::connector) fn text_template(
    manifest: &Manifest,
    problems: &mut Vec<Problem>,
    key: &str,
    source: &str,
) -> Option<Template> {
    compiler(manifest, problems).template(key, source, &["settings"])
}

fn compiler<'a>(manifest: &'a Manifest, problems: &'a mut Vec<Problem>) -> Compiler<'a> {
    Compiler { settings: &manifest.settings, problems, places: Places::of(manifest), user: false }
}
