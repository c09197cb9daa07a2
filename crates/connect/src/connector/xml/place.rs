//! Where something stands in an XML text: element names from the root down.
//!
//! Owns the spelling `Envelope/Body/Tasks/Task` and `tasks/@total`, and whether an element fits a step. It must not
//! know what is looked for. A spelling that cannot be read is a sentence.

use quick_xml::name::{QName, ResolveResult};
use std::collections::BTreeMap;

/// Most steps of a place.
const MAX_STEPS: usize = 32;

/// A place: element names without prefix, `*` for any, `p:Name` where the namespace of `p` matters; the last step may
/// be an attribute `@name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(super) steps: Box<[Step]>,
    pub(super) attribute: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// None fits every name.
    name: Option<Box<str>>,
    /// None fits every namespace.
    namespace: Option<Box<str>>,
}

impl Place {
    /// Reads a place; prefixes stand for the URIs given. The error says what is wrong with it.
    pub fn parse(text: &str, prefixes: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut names: Vec<&str> = text.strip_prefix('/').unwrap_or(text).split('/').collect();
        let attribute = match names.last().and_then(|last| last.strip_prefix('@')) {
            Some(name) => {
                names.pop();
                Some(plain(name)?.into())
            }
            None => None,
        };
        if names.is_empty() || names.len() > MAX_STEPS {
            return Err(format!("it needs 1 to {MAX_STEPS} element names with / between them"));
        }
        let step = |name: &&str| {
            let (namespace, name) = match name.split_once(':') {
                None => (None, *name),
                Some((prefix, name)) => {
                    let uri = prefixes
                        .get(prefix)
                        .ok_or_else(|| format!("the prefix \"{prefix}\" is not declared in namespaces"))?;
                    (Some(uri.as_str().into()), name)
                }
            };
            let name = if name == "*" { None } else { Some(plain(name)?.into()) };
            Ok(Step { name, namespace })
        };
        let steps = names.iter().map(step).collect::<Result<Vec<_>, String>>()?;
        Ok(Self { steps: steps.into(), attribute })
    }

    /// Names from a record down to a child, written with dots: `Steps.Step`.
    pub fn list(text: &str) -> Result<Vec<String>, String> {
        let names: Vec<&str> = text.split('.').collect();
        if names.len() > MAX_STEPS {
            return Err(format!("more than {MAX_STEPS} names"));
        }
        names.into_iter().map(|name| plain(name).map(str::to_owned)).collect()
    }

    /// Whether it is an attribute, which no record can be.
    pub fn is_attribute(&self) -> bool {
        self.attribute.is_some()
    }
}

impl Step {
    pub(super) fn fits(&self, name: QName<'_>, namespace: &ResolveResult<'_>) -> bool {
        let named = self.name.as_ref().is_none_or(|wanted| **wanted == *name.local_name().into_inner());
        let spaced = |wanted: &str| match namespace {
            ResolveResult::Bound(uri) => uri.into_inner() == wanted,
            ResolveResult::Unbound => wanted.is_empty(),
            ResolveResult::Unknown(_) => false,
        };
        named && self.namespace.as_ref().is_none_or(|wanted| spaced(wanted))
    }
}

/// A name as elements have it, without prefix.
fn plain(name: &str) -> Result<&str, String> {
    let sign = |c: char| c.is_whitespace() || c.is_control() || "/:@<>&\"'=[]{}".contains(c);
    if name.is_empty() || name.chars().any(sign) {
        return Err(format!("\"{name}\" is no name of an element or attribute"));
    }
    Ok(name)
}
