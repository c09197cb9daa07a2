//! Reading a configuration as far as it goes, so that one mistake does not hide the next.
//!
//! Owns what is left out when a key or value cannot be used, and what may still be looked into without telling
//! consequences of a mistake as mistakes of their own. What is left is for looking only: a configuration with an
//! error is never run.

use super::check::{Flaw, check};
use super::tree::Node;
use super::{
    Config, DEFAULTS, Loaded, Overrides, Places, environment, file, flags, national_defaults, places, tree,
    validate,
};
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
    /// Sections whose values stand in for others that cannot be read.
    doubtful: BTreeSet<String>,
}

impl Examined {
    fn unreadable(findings: Vec<Finding>) -> Self {
        Self { findings, usable: None, doubtful: BTreeSet::new() }
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
    /// errors makes no data folder.
    pub fn of_known_store(&self) -> Option<&Loaded> {
        let doubtful = ["daemon", "store", "keys"].iter().any(|section| self.doubtful.contains(*section));
        let there = |loaded: &&Loaded| !self.has_errors() || loaded.config.daemon.data_dir.is_dir();
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
    let mut doubtful = BTreeSet::new();
    let mut readable = true;
    for layer in [&mut own, &mut environment] {
        let flaws = check(layer, &schema);
        readable &= leave_out(layer, &flaws, &schema, &mut doubtful);
        findings.extend(flaws.into_iter().map(|(_, finding)| finding));
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
            let of_known = |(key, _): &Flaw| !doubtful.contains(section(key));
            let more = validate::validate(&config, &tree, &own_file).into_iter().filter(of_known);
            findings.extend(more.map(|(_, finding)| finding));
            let places = Places::new(tree, &own_file);
            Examined {
                findings,
                usable: Some(Loaded { config, warnings: Vec::new(), folder, places }),
                doubtful,
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
fn leave_out(layer: &mut Node, flaws: &[Flaw], schema: &Json, doubtful: &mut BTreeSet<String>) -> bool {
    let mut entries = BTreeSet::new();
    for (key, finding) in flaws {
        match entry(key) {
            Some(entry) if finding.code != "LT-CFG-001" => {
                entries.insert(entry);
            }
            Some(_) => layer.remove(key),
            None => {
                doubtful.insert(section(key).to_owned());
                layer.remove(key.split('[').next().unwrap_or(key));
            }
        }
    }
    if entries.iter().any(|(list, _)| *list == "unit") {
        return false;
    }
    // From the last to the first: the others keep their numbers.
    entries.iter().rev().for_each(|(list, index)| layer.remove(&format!("{list}[{index}]")));
    check(layer, schema).is_empty()
}

/// List and number of the entry a key stands in.
fn entry(key: &str) -> Option<(&str, usize)> {
    let (list, rest) = key.split_once('[')?;
    let number = rest.split_once(']')?.0.parse().ok()?;
    (!list.contains('.')).then_some((list, number))
}

/// The section or list of a key.
fn section(key: &str) -> &str {
    key.split(['.', '[']).next().unwrap_or(key)
}
