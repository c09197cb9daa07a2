//! Where the keys of a loaded configuration were written, for findings that only show up when a value is used.
//!
//! Owns the translation of a key into file, line and column; a key nobody wrote belongs into the operator's own
//! file, never into the compiled-in defaults. It must not know what a key means.

use super::tree::Node;
use crate::error::{Finding, Place};
use std::sync::Arc;

/// What the layer of compiled-in defaults is called.
pub(super) const DEFAULTS_NAME: &str = "config/default.toml";

/// The places of every key; cheap to clone.
#[derive(Debug, Clone)]
pub struct Places {
    tree: Arc<Node>,
    own_file: Arc<str>,
}

impl Places {
    pub(super) fn new(tree: Node, own_file: &str) -> Self {
        Self { tree: Arc::new(tree), own_file: own_file.into() }
    }

    /// The operator's own file.
    pub fn own_file(&self) -> &str {
        &self.own_file
    }

    /// Where a key like `source[2].schedule` was written; its nearest ancestor's place when it was not.
    pub fn of(&self, key: &str) -> Place {
        place(&self.tree, &self.own_file, key)
    }

    /// A finding at the key that leads to it. A finding that already names a line of another file keeps it;
    /// what else it names (a request, a record) becomes the detail.
    pub fn locate(&self, finding: Finding, key: &str) -> Finding {
        let place = self.of(key);
        match &finding.place {
            Some(known) if known.line.is_some() => finding,
            Some(known) => {
                let detail = known.to_string();
                finding.at(Place { detail: Some(detail), ..place })
            }
            None => finding.at(place),
        }
    }
}

/// Where a key was written, or the section of the operator's file it would be written in.
pub(super) fn place(tree: &Node, own_file: &str, key: &str) -> Place {
    let origin = &tree.nearest(key).origin;
    if &*origin.name != DEFAULTS_NAME {
        return origin.place(key);
    }
    let written = match key.split_once('.') {
        Some((section, rest)) => format!("[{section}] {rest}"),
        None => format!("[{key}]"),
    };
    Place::of(own_file).at(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_key_that_only_the_defaults_have_is_placed_in_the_operators_file_by_its_section() {
        let layer = |name: &str, text: &str| Node::parse(name, Path::new("/etc"), text).expect("valid");
        let mut tree = layer(DEFAULTS_NAME, "[catalog]\nversion = \"\"\n[daemon]\nlang = \"vi\"\n[log]\n");
        tree.overlay(layer("/etc/own.toml", "[daemon]\nlang = \"en\"\n"));
        let places = Places::new(tree, "/etc/own.toml");
        let told = |key: &str| places.of(key).to_string();
        assert_eq!(told("daemon.lang"), "/etc/own.toml:2 (column 8, daemon.lang)");
        assert_eq!(told("catalog"), "/etc/own.toml ([catalog])");
        assert_eq!(told("catalog.version"), "/etc/own.toml ([catalog] version)");
        assert_eq!(told("log.filter"), "/etc/own.toml ([log] filter)");
    }
}
