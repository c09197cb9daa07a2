//! A connector from its manifest: which kind it is, and with which settings and secrets.
//!
//! Owns nothing but the choice. Whatever is wrong with the manifest or with what the configuration gives it is
//! told at once.

use super::bound::Bound;
use super::edxml::vxp::{DirectoryFrom, VxpOptions, VxpSource};
use super::file::{FolderOptions, FolderSource};
use super::http::{Crowd, HttpConnector, SourceLimits, SourceOptions};
use super::manifest::edxml::DirectoryKind;
use super::manifest::{self, DatabaseKind, Kind, Loaded};
use super::people::PeopleSource;
use super::process::ProcessSource;
use super::sql::{Database, ServerOptions, ViewOptions, ViewSource};
use super::{Connector, DraftReader};
use crate::domain::SourceId;
use crate::error::{Finding, Findings, Place, Text};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a manifest needs to become a connector.
pub struct OpenSource {
    /// Name of the source.
    pub id: SourceId,
    /// What messages call the manifest.
    pub manifest_name: String,
    /// Its text.
    pub manifest: String,
    /// Settings.
    pub settings: BTreeMap<String, String>,
    /// Secrets.
    pub secrets: BTreeMap<String, SecretString>,
    /// Folder relative paths start at.
    pub folder: PathBuf,
    /// PEM file of the only authority trusted.
    pub ca_file: Option<PathBuf>,
    /// Whether plain http is permitted.
    pub allow_http: bool,
    /// What the installation allows.
    pub limits: SourceLimits,
}

impl OpenSource {
    fn options(&self) -> SourceOptions {
        SourceOptions {
            settings: self.settings.clone(),
            secrets: self.secrets.clone(),
            allow_http: self.allow_http,
            ca_file: self.ca_file.clone(),
            limits: self.limits,
        }
    }
}

/// An opened source.
pub struct Opened {
    /// Its connector.
    pub connector: Arc<dyn Connector>,
    /// Kind of system, as evidence for mapping.
    pub system: String,
}

/// Opens a source.
///
/// # Errors
/// Every finding of the manifest and of what the configuration gives it.
pub fn open(source: OpenSource) -> Result<Opened, Findings> {
    let loaded = Arc::new(manifest::parse(&source.manifest_name, &source.manifest)?);
    let system = loaded.manifest.system.clone().unwrap_or_default();
    let rows = PeopleSource::rules(&source.id, &loaded);
    let binding = Bound::binding(&loaded.manifest, &source.settings, &source.secrets);
    let connector: Arc<dyn Connector> = match loaded.manifest.kind {
        Kind::Http if loaded.manifest.users.is_some() => {
            Arc::new(Crowd::new(source.id.clone(), loaded, source.options())?)
        }
        Kind::Http => Arc::new(HttpConnector::new(source.id.clone(), loaded, source.options())?),
        Kind::Folder => folder(source, &loaded)?,
        Kind::View => view(source, &loaded)?,
        Kind::Process => {
            let options = source.options();
            Arc::new(ProcessSource::new(source.id, loaded, options, &source.folder)?)
        }
        Kind::Vxp => vxp(source, &loaded)?,
    };
    let connector: Arc<dyn Connector> = match (rows, binding) {
        (Some(rows), _) => Arc::new(PeopleSource::over(connector, rows)),
        (None, Some(binding)) => Arc::new(Bound::over(connector, binding)),
        (None, None) => connector,
    };
    Ok(Opened { connector, system })
}

/// Reads records by the manifest's rules.
fn reader(id: &SourceId, loaded: &Arc<Loaded>) -> DraftReader {
    let (whose, loaded) = (format!("source {id}"), loaded.clone());
    Arc::new(move |record| loaded.read(&whose, record))
}

fn setting<'a>(source: &'a OpenSource, name: &str) -> Result<&'a str, Findings> {
    source.settings.get(name).map(String::as_str).ok_or_else(|| missing(source, name))
}

fn missing(source: &OpenSource, name: &str) -> Findings {
    Finding::error(
        "LT-SRC-040",
        Text::new(format!("thiếu thiết lập \"{name}\""), format!("the setting \"{name}\" is missing")),
        Text::new(
            format!("thêm {name} vào settings (hoặc secrets) của nguồn"),
            format!("add {name} to the source's settings (or secrets)"),
        ),
    )
    .at(Place::of(format!("source {}", source.id)))
    .into()
}

fn folder(source: OpenSource, loaded: &Arc<Loaded>) -> Result<Arc<dyn Connector>, Findings> {
    let path = source.folder.join(setting(&source, "folder")?);
    let Some(section) = &loaded.manifest.folder else { return Err(missing(&source, "folder")) };
    let options = FolderOptions::of(section, &loaded.manifest.edxml, loaded.fingerprint, path);
    // A list of people or units is imported whole: what an older file says is past.
    let options = FolderOptions { newest_only: loaded.rows().is_some(), ..options };
    Ok(Arc::new(FolderSource::new(source.id, options, loaded.clone())))
}

fn view(source: OpenSource, loaded: &Arc<Loaded>) -> Result<Arc<dyn Connector>, Findings> {
    let Some(section) = &loaded.manifest.view else { return Err(missing(&source, "view")) };
    let server = || match source.secrets.get("url") {
        Some(url) => Ok(ServerOptions {
            url: url.clone(),
            ca_file: source.ca_file.clone(),
            timeout_s: section.timeout_s,
        }),
        None => Err(missing(&source, "url")),
    };
    let database = match section.database {
        DatabaseKind::Sqlite => Database::Sqlite {
            path: source.folder.join(setting(&source, "database")?),
            timeout_s: section.timeout_s,
        },
        DatabaseKind::Postgres => Database::Postgres(server()?),
        DatabaseKind::Mysql => Database::MySql(server()?),
    };
    let options = ViewOptions {
        database,
        select: section.select.clone(),
        columns: section.columns.clone(),
        key: section.key.clone(),
        changed: section.changed.clone(),
        cursor_type: section.cursor_type,
        page_size: section.page_size,
        overlap: section.overlap,
    };
    Ok(Arc::new(ViewSource::new(source.id, options, loaded.clone())))
}

fn vxp(source: OpenSource, loaded: &Arc<Loaded>) -> Result<Arc<dyn Connector>, Findings> {
    let Some(section) = &loaded.manifest.vxp else { return Err(missing(&source, "vxp")) };
    let edxml = &loaded.manifest.edxml;
    let system_id = setting(&source, "system_id")?.to_owned();
    let Some(secret) = source.secrets.get("secret").cloned() else { return Err(missing(&source, "secret")) };
    let options = VxpOptions {
        base_url: setting(&source, "base_url")?.to_owned(),
        allow_http: source.allow_http,
        ca_file: source.ca_file.clone(),
        system_id,
        secret,
        messages: section.messages.iter().map(|message| message.as_str().to_owned()).collect(),
        fetch: section.fetch.into(),
        timeout_s: section.timeout_s,
        retry: section.retry(),
        directory: match section.directory {
            DirectoryKind::None => DirectoryFrom::Nowhere,
            DirectoryKind::File => DirectoryFrom::File(source.folder.join(setting(&source, "agencies")?)),
            DirectoryKind::Qd20 => DirectoryFrom::Axis(section.directory_level.clone()),
            DirectoryKind::Old => DirectoryFrom::AxisOld,
        },
        limits: edxml.limits(),
        namespaces: edxml.namespaces.clone(),
        tasks: edxml.tasks(),
        source_limits: source.limits,
    };
    let reader = reader(&source.id, loaded);
    let source = VxpSource::new(source.id, options, loaded.fingerprint, reader);
    Ok(Arc::new(source.map_err(|finding| Findings::from(*finding))?))
}
