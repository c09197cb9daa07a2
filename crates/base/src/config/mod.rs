//! Configuration: compiled-in defaults, the file, environment overrides, flags; secrets by reference.
//!
//! Owns how a configuration is found, put together and checked; every finding comes at once with file, line
//! and column. It must not know what a value is used for. A configuration with an error is never half used:
//! the caller gets findings instead of it.

mod check;
mod cron_time;
mod environment;
mod examine;
mod field_key;
mod file;
mod holidays;
pub mod manifest;
mod places;
pub mod rule_set;
mod secret;
mod sections;
mod tree;
mod validate;

pub use check::nearest;
pub use cron_time::{CronTime, InvalidCron};
pub use environment::{PREFIX as ENVIRONMENT_PREFIX, Variable, present as present_variables};
use examine::examine_text;
pub use examine::{Doubt, Examined, examine};
pub use field_key::{field_key, field_key_place, key_file, lost_database};
pub use file::{no_such_file, read_text, read_toml};
pub use holidays::Holidays;
pub use manifest::ManifestText;
pub use places::Places;
pub use secret::SecretRef;
pub use sections::*;
pub use validate::{no_such_unit, plain_http};

use crate::error::{Finding, Findings, Lang, Place, Text};
use serde_json::Value as Json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tree::{Node, Origin, Value};

/// The defaults of every key, each with its explanation. Compiled in; also the reference of all keys.
pub const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// Codes and field names of the national database every national target starts from.
pub const NATIONAL_CODES: &str = include_str!("../../../../config/national-codes.toml");

/// A commented start, printed by `config example`.
pub const EXAMPLE: &str = include_str!("../../../../config/example.toml");

/// Where a configuration is looked for when none is named, in this order.
pub const USUAL_PLACES: [&str; 2] = ["lienthong.toml", "/etc/lienthong/lienthong.toml"];

/// What the command line overrides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
}

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration; every path in it is absolute.
    pub config: Config,
    /// What is worth knowing about it.
    pub warnings: Vec<Finding>,
    /// Folder of the file it came from.
    pub folder: PathBuf,
    /// Where each key was written.
    pub places: Places,
}

/// The file to use: the named one, else the first usual place that has one.
///
/// # Errors
/// LT-CFG-003 there is none.
pub fn locate(named: Option<&Path>) -> Result<PathBuf, Finding> {
    let usual = || USUAL_PLACES.iter().map(PathBuf::from).find(|path| path.is_file());
    named.map(Path::to_path_buf).or_else(usual).ok_or_else(|| {
        let places = USUAL_PLACES.join(", ");
        Finding::error(
            "LT-CFG-003",
            Text::new(
                format!("không có tệp cấu hình ({places})"),
                format!("there is no configuration file ({places})"),
            ),
            Text::new(
                "chạy: lienthong config example > lienthong.toml, sửa rồi chạy lại; hoặc chỉ đến tệp bằng --config",
                "run: lienthong config example > lienthong.toml, edit it and try again; or name a file with --config",
            ),
        )
        .at(Place::of("--config"))
    })
}

/// Loads a configuration file with everything laid over it. `variables` is the environment.
///
/// # Errors
/// Every finding of severity error, warnings among them; LT-CFG-001 to -006, -013, -020 to -031.
pub fn load(
    path: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Result<Loaded, Findings> {
    examine(path, variables, overrides).faultless().map_err(|examined| Findings(examined.findings))
}

/// Loads a configuration whose text is already at hand; `path` names it and gives its folder.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    path: &Path,
    text: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Result<Loaded, Findings> {
    examine_text(path, text, variables, overrides).faultless().map_err(|examined| Findings(examined.findings))
}

fn flags(overrides: &Overrides, here: &Path) -> Node {
    let mut layer = Node::empty("command line", here);
    let mut set = |key: &str, flag: &str, value: String| {
        let origin = Origin { name: flag.into(), folder: here.into(), position: None };
        layer.set(&["daemon", key], &origin, Value::String(value));
    };
    if let Some(path) = &overrides.data_dir {
        set("data_dir", "--data-dir", path.display().to_string());
    }
    if let Some(listen) = overrides.listen {
        set("listen", "--listen", listen.to_string());
    }
    layer
}

/// Lays every national target over the known codes, so that a file names only what differs.
fn national_defaults(tree: &mut Node, folder: &Path) -> Result<(), Findings> {
    let codes = Node::parse("config/national-codes.toml", folder, NATIONAL_CODES).map_err(Findings)?;
    for target in tree.list_mut("target") {
        let Value::Table(table) = &target.value else { continue };
        let national = matches!(table.get("kind"), Some((_, Node { value: Value::String(kind), .. })) if kind == "national");
        if national {
            let own = std::mem::replace(target, codes.clone());
            target.overlay(own);
        }
    }
    Ok(())
}

/// JSON Schema (2020-12) of the configuration file, for editors. Nothing is required: defaults fill in.
pub fn schema() -> Json {
    let mut schema = file::schema_of::<Config>();
    strip_markers(&mut schema);
    schema
}

/// Removes our own marks, and `required` where defaults fill in.
fn strip_markers(schema: &mut Json) {
    match schema {
        Json::Object(object) => {
            if object.remove("x-layered").is_some() {
                object.remove("required");
            }
            object.remove("x-secret");
            object.values_mut().for_each(strip_markers);
        }
        Json::Array(list) => list.iter_mut().for_each(strip_markers),
        _ => {}
    }
}

/// Every environment variable that is understood.
pub fn environment_variables() -> Vec<Variable> {
    environment::variables(&file::schema_of::<Config>())
}

impl Loaded {
    /// Tries to read every secret and tells what does not work. The values are dropped at once.
    pub fn secret_findings(&self, credentials: Option<&Path>) -> Vec<Finding> {
        let config = &self.config;
        // A secret of a source may be a table of its users; every other one is one line.
        let (mut references, mut of_sources) = (Vec::new(), Vec::new());
        references.extend(config.store.url.iter().map(|secret| ("store.url".to_owned(), secret)));
        references.extend(config.keys.field_key.iter().map(|secret| ("keys.field_key".to_owned(), secret)));
        for (index, source) in config.source.iter().enumerate() {
            let named = source.secrets.iter();
            of_sources
                .extend(named.map(|(name, secret)| (format!("source[{index}].secrets.{name}"), secret)));
            let hook = source.webhook.iter();
            references.extend(hook.map(|hook| (format!("source[{index}].webhook.secret"), &hook.secret)));
        }
        let targets = config.target.iter().enumerate();
        references
            .extend(targets.map(|(index, target)| (format!("target[{index}].password"), &target.password)));
        let tried = of_sources.into_iter().map(|(key, secret)| (key, secret.read(credentials)));
        let lines = references.into_iter().map(|(key, secret)| (key, secret.read_line(credentials)));
        tried
            .chain(lines)
            .filter_map(|(key, result)| result.err().map(|finding| self.places.locate(finding, &key)))
            .collect()
    }
}

impl Config {
    /// Calls `visit` with the key and path of every path, to resolve or check them.
    fn for_each_path(&mut self, visit: &mut dyn FnMut(&str, &mut PathBuf)) {
        visit("daemon.data_dir", &mut self.daemon.data_dir);
        if let Some(path) = &mut self.store.path {
            visit("store.path", path);
        }
        let mut secret = |key: &str, reference: &mut SecretRef| {
            if let SecretRef::File(path) = reference {
                visit(key, path);
            }
        };
        if let Some(reference) = &mut self.store.url {
            secret("store.url", reference);
        }
        if let Some(reference) = &mut self.keys.field_key {
            secret("keys.field_key", reference);
        }
        for (index, source) in self.source.iter_mut().enumerate() {
            for (name, reference) in &mut source.secrets {
                secret(&format!("source[{index}].secrets.{name}"), reference);
            }
            if let Some(hook) = &mut source.webhook {
                secret(&format!("source[{index}].webhook.secret"), &mut hook.secret);
            }
        }
        for (index, target) in self.target.iter_mut().enumerate() {
            secret(&format!("target[{index}].password"), &mut target.password);
        }
        self.for_each_input_file(visit);
    }

    /// Calls `visit` with the key and path of every file that must exist.
    fn for_each_input_file(&mut self, visit: &mut dyn FnMut(&str, &mut PathBuf)) {
        let mut optional = |key: &str, path: &mut Option<PathBuf>| {
            if let Some(path) = path {
                visit(key, path);
            }
        };
        optional("people.file", &mut self.people.file);
        optional("people.units_file", &mut self.people.units_file);
        optional("catalog.file", &mut self.catalog.file);
        optional("mapping.rules", &mut self.mapping.rules);
        optional("mapping.abbreviations", &mut self.mapping.abbreviations);
        optional("calendar.file", &mut self.calendar.file);
        for (index, source) in self.source.iter_mut().enumerate() {
            optional(&format!("source[{index}].ca_file"), &mut source.ca_file);
        }
        for (index, target) in self.target.iter_mut().enumerate() {
            optional(&format!("target[{index}].ca_file"), &mut target.ca_file);
        }
        for (index, path) in self.scoring.rule_sets.iter_mut().enumerate() {
            visit(&format!("scoring.rule_sets[{index}]"), path);
        }
    }

    fn resolve_paths(&mut self, tree: &Node) {
        self.for_each_path(&mut |key, path| {
            let folder = &tree.nearest(key).origin.folder;
            *path = folder.join(&*path);
        });
        for (index, source) in self.source.iter_mut().enumerate() {
            let folder = &tree.nearest(&format!("source[{index}].manifest")).origin.folder;
            if source.manifest.ends_with(".toml") {
                source.manifest = folder.join(&source.manifest).display().to_string();
            }
        }
    }

    /// The SQLite file.
    pub fn database_file(&self) -> PathBuf {
        self.store.path.clone().unwrap_or_else(|| self.daemon.data_dir.join("lienthong.db"))
    }

    /// The file with the random name of the data folder: written once its database is there.
    pub fn replica_file(&self) -> PathBuf {
        self.daemon.data_dir.join("replica")
    }

    /// The holiday table in force.
    ///
    /// # Errors
    /// The findings of the file.
    pub fn holidays(&self) -> Result<Holidays, Findings> {
        match &self.calendar.file {
            None => Holidays::read("config/holidays.toml", holidays::BUILT_IN),
            Some(path) => Holidays::read(&path.display().to_string(), &read_text(path, tree::MAX_BYTES)?),
        }
    }

    /// The folder of systemd's credentials, from the environment.
    pub fn credentials_folder() -> Option<PathBuf> {
        std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
    }

    /// Language of messages to nobody in particular.
    pub fn lang(&self) -> Lang {
        self.daemon.lang
    }
}
