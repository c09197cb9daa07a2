//! Reading a configuration as far as it goes, so that one mistake does not hide the next.
//!
//! Owns what is left out when a key or value cannot be used, and what may still be looked into without telling
//! consequences of a mistake as mistakes of their own. What is left is for looking only: a configuration with an
//! error is never run.

use super::check::{Flaw, check, nearest};
use super::tree::{Node, Value};
use super::{
    Config, DEFAULTS, Loaded, Overrides, Places, StoreKind, environment, file, flags, national_defaults,
    places, tree, validate,
};
use crate::domain::SourceId;
use crate::error::{Finding, Findings, Severity};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::Path;

/// A configuration as far as it can be read, with everything that is wrong with it.
#[derive(Debug)]
pub struct Examined {
    /// Everything that is wrong or worth knowing.
    pub findings: Vec<Finding>,
    /// What can be looked into further: without the keys, values and entries that have findings.
    pub usable: Option<Loaded>,
    /// What of it is not as it was meant.
    pub doubt: Doubt,
}

/// What of a configuration is not as its writer meant it, because it cannot be read or its name is misspelt. Whatever
/// follows from such a key is no mistake of its own.
#[derive(Debug, Default)]
pub struct Doubt {
    /// Keys, as they are numbered in what is left.
    keys: BTreeSet<String>,
    /// Names of sources that were left out.
    sources: BTreeSet<SourceId>,
    /// Whether a section or variable is there that nobody knows and that may have meant anything.
    anything: bool,
}

impl Doubt {
    /// Whether a key, something below it or something above it is doubtful.
    pub fn about(&self, key: &str) -> bool {
        let below = |whole: &str, part: &str| {
            whole.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.keys.iter().any(|doubtful| below(doubtful, key) || below(key, doubtful))
    }

    /// The sources that stand in the file and were left out.
    pub fn left_out(&self) -> impl Iterator<Item = &SourceId> {
        self.sources.iter()
    }
}

impl Examined {
    fn unreadable(findings: Vec<Finding>) -> Self {
        Self { findings, usable: None, doubt: Doubt::default() }
    }

    /// The configuration, when nothing is wrong with it.
    ///
    /// # Errors
    /// Itself.
    pub fn faultless(self) -> Result<Loaded, Box<Self>> {
        let wrong = self.has_errors();
        match self.usable {
            Some(loaded) if !wrong => Ok(Loaded { warnings: self.findings, ..loaded }),
            usable => Err(Box::new(Self { usable, ..self })),
        }
    }

    /// Whether the configuration must not be run.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// What can be looked into, when data folder, store and key are those that were written. A configuration with
    /// errors makes neither folder nor database nor key.
    pub fn of_known_store(&self) -> Option<&Loaded> {
        let doubtful =
            self.doubt.anything || ["daemon", "store", "keys"].iter().any(|key| self.doubt.about(key));
        let there = |loaded: &&Loaded| {
            let config = &loaded.config;
            let held = config.store.kind == StoreKind::Postgres || config.database_file().is_file();
            !self.has_errors() || (held && config.daemon.data_dir.is_dir())
        };
        self.usable.as_ref().filter(|_| !doubtful).filter(there)
    }
}

/// Reads a configuration file with everything laid over it, as far as it goes. `variables` is the environment.
pub fn examine(
    path: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Examined {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match file::read_text(&path, tree::MAX_BYTES) {
        Ok(text) => examine_text(&path, &text, variables, overrides),
        Err(finding) => Examined::unreadable(vec![finding]),
    }
}

/// As [`examine`], of a text that is already at hand; `path` names it and gives its folder.
pub(super) fn examine_text(
    path: &Path,
    text: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Examined {
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    let schema = file::schema_of::<Config>();
    let own_file = path.display().to_string();
    let mut own = match Node::parse(&own_file, &folder, text) {
        Ok(own) => own,
        Err(findings) => return Examined::unreadable(findings),
    };
    let (mut environment, mut findings) = environment::layer(&schema, variables, &here);
    let mut doubt = Doubt { anything: !findings.is_empty(), ..Doubt::default() };
    let mut readable = true;
    for layer in [&mut own, &mut environment] {
        let flaws = check(layer, &schema);
        readable &= leave_out(layer, &flaws, &schema, &mut doubt);
        // A key that is missing because its name is misspelt is one mistake.
        let unknown = flaws.iter().filter(|(_, finding)| finding.code == "LT-CFG-001");
        let meant: BTreeSet<String> = unknown.filter_map(|(key, _)| near(key, &schema)).collect();
        let told =
            flaws.into_iter().filter(|(key, finding)| finding.code != "LT-CFG-005" || !meant.contains(key));
        findings.extend(told.map(|(_, finding)| finding));
    }
    if !readable {
        return Examined::unreadable(findings);
    }
    match joined([own, environment, flags(overrides, &here)], &own_file, &folder, &schema) {
        Err(more) => {
            findings.extend(more.0);
            Examined::unreadable(findings)
        }
        Ok((config, tree)) => {
            findings.extend(validate::validate(&config, &tree, &own_file, &doubt));
            let places = Places::new(tree, &own_file);
            Examined {
                findings,
                usable: Some(Loaded { config, warnings: Vec::new(), folder, places }),
                doubt,
            }
        }
    }
}

/// The defaults with all layers over them, as a configuration with absolute paths.
fn joined(
    layers: [Node; 3],
    own_file: &str,
    folder: &Path,
    schema: &Json,
) -> Result<(Config, Node), Findings> {
    let mut tree = Node::parse(places::DEFAULTS_NAME, folder, DEFAULTS).map_err(Findings)?;
    layers.into_iter().for_each(|layer| tree.overlay(layer));
    national_defaults(&mut tree, folder)?;
    let mut config: Config = file::typed(own_file, &tree, schema)?;
    config.resolve_paths(&tree);
    Ok((config, tree))
}

/// Takes out of a layer what cannot be used: an unknown key alone, any other value with the entry it stands in.
/// Whether what is left says enough: without one of its units, everything that names the unit would be wrong.
fn leave_out(layer: &mut Node, flaws: &[Flaw], schema: &Json, doubt: &mut Doubt) -> bool {
    if flaws.is_empty() {
        return true;
    }
    let mut entries = BTreeSet::new();
    let mut meant = Vec::new();
    for (key, finding) in flaws {
        let unknown = finding.code == "LT-CFG-001";
        match entry(key) {
            Some(entry) if !unknown => {
                entries.insert(entry);
                continue;
            }
            Some(_) => layer.remove(key),
            None => layer.remove(key.split('[').next().unwrap_or(key)),
        }
        if unknown {
            meant.push(key)
        } else {
            doubt.keys.insert(key.clone());
        }
    }
    if entries.iter().any(|(list, _)| *list == "unit") {
        return false;
    }
    // A misspelt key leaves the one that was meant at its default.
    for key in meant {
        let near = near(key, schema);
        doubt.anything |= near.is_none() && !key.contains('.');
        doubt.keys.extend(near.map(|near| renumbered(&near, &entries)));
    }
    // From the last to the first: the others keep their numbers.
    for (list, index) in entries.iter().rev() {
        let entry = format!("{list}[{index}]");
        if let ("source", Value::String(id)) = (*list, &layer.nearest(&format!("{entry}.id")).value) {
            doubt.sources.extend(SourceId::new(id.clone()));
        }
        layer.remove(&entry);
    }
    check(layer, schema).is_empty()
}

/// The known key an unknown one may have meant, beside it in the schema.
fn near(key: &str, schema: &Json) -> Option<String> {
    let (above, own) = key.rsplit_once('.').map_or((None, key), |(above, own)| (Some(above), own));
    let mut place = schema;
    let steps = above.into_iter().flat_map(|above| above.split('.'));
    for step in steps {
        let (name, in_list) = step.split_once('[').map_or((step, false), |(name, _)| (name, true));
        place = resolved(place.get("properties")?.get(name)?, schema);
        if in_list {
            place = resolved(place.get("items")?, schema);
        }
    }
    let names = place.get("properties")?.as_object()?.keys().map(String::as_str);
    let near = nearest(own, names)?;
    Some(above.map_or_else(|| near.to_owned(), |above| format!("{above}.{near}")))
}

/// What a schema's reference or optional value leads to.
fn resolved<'a>(place: &'a Json, schema: &'a Json) -> &'a Json {
    let real =
        place.get("anyOf").and_then(Json::as_array).and_then(|variants| variants.first()).unwrap_or(place);
    let pointer = real.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#'));
    pointer.and_then(|pointer| schema.pointer(pointer)).unwrap_or(real)
}

/// A key as it is numbered once these entries are gone.
fn renumbered(key: &str, gone: &BTreeSet<(&str, usize)>) -> String {
    let Some((list, index)) = entry(key) else { return key.to_owned() };
    let before = gone.iter().filter(|(of, at)| *of == list && *at < index).count();
    let rest = key.split_once(']').map_or("", |(_, rest)| rest);
    format!("{list}[{}]{rest}", index - before)
}

/// List and number of the entry a key stands in.
fn entry(key: &str) -> Option<(&str, usize)> {
    let (list, rest) = key.split_once('[')?;
    let number = rest.split_once(']')?.0.parse().ok()?;
    (!list.contains('.')).then_some((list, number))
}
