//! Sources that are programs of other hands, and the system they read: an API of tasks behind a token.

use super::http::{Scripted, json, status};
use super::project;
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{
    Connector, ConnectorError, Cursor, OpenSource, PullMode, PullRequest, Step, open, process,
};
use lienthong::domain::{SourceId, TaskDraft};
use secrecy::SecretString;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

/// Everything.
pub const ALL: PullMode = PullMode::Full;

/// Gives tasks in the order of their change, those since `since`; 401 to any other token.
pub struct TaskApi {
    /// Its address.
    pub base: String,
    tasks: Arc<Mutex<Vec<u32>>>,
    server: Scripted,
}

impl TaskApi {
    /// An API without tasks.
    pub async fn start(token: &'static str) -> Self {
        let tasks: Arc<Mutex<Vec<u32>>> = Arc::default();
        let held = tasks.clone();
        let server = Scripted::start(move |asked| {
            if asked.headers.get("authorization").map(String::as_str) != Some(&format!("Bearer {token}")) {
                return status(401, &[("content-type", "application/json")], "{}");
            }
            let since = asked.query.get("since").cloned().unwrap_or_default();
            let all = held.lock().expect("lock");
            let changed = all.iter().map(|id| (id, Self::changed(*id))).filter(|(_, at)| *at >= since);
            let task = |(id, at): (&u32, String)| {
                serde_json::json!({
                    "id": format!("NV-{id}"), "title": format!("Việc {id}"), "status": "doing",
                    "officer": "GL-00012", "unit": "SNV", "updated_at": at,
                })
            };
            json(serde_json::json!({ "data": changed.map(task).collect::<Vec<_>>() }))
        })
        .await;
        Self { base: server.base.clone(), tasks, server }
    }

    /// A later task changed later.
    fn changed(id: u32) -> String {
        format!("2026-10-{:02}T{:02}:{:02}:00Z", 1 + id / 600, id / 60 % 10, id % 60)
    }

    /// Makes tasks.
    pub fn put(&self, ids: RangeInclusive<u32>) {
        self.tasks.lock().expect("lock").extend(ids);
    }

    /// Path and query of every request so far.
    pub fn asked(&self) -> Vec<String> {
        let shown = |asked: super::http::Asked| {
            let query: Vec<String> =
                asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{}?{}", asked.path, query.join("&"))
        };
        self.server.asked().into_iter().map(shown).collect()
    }
}

/// A source of a ready-made manifest.
pub fn source(manifest: &str, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Arc<dyn Connector> {
    process::keeper_is(project::program());
    let file = project::root().join(format!("connectors/{manifest}/manifest.toml"));
    let opened = open(OpenSource {
        id: SourceId::new("child").expect("id"),
        manifest_name: file.display().to_string(),
        manifest: std::fs::read_to_string(&file).expect("manifest"),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        secrets: secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect(),
        folder: "/".into(),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    });
    opened.unwrap_or_else(|findings| panic!("{findings}")).connector
}

/// What a pull gave.
#[derive(Debug)]
pub struct Pulled {
    /// Keys in order.
    pub keys: Vec<String>,
    /// Hashes in order.
    pub hashes: Vec<[u8; 16]>,
    /// Drafts in order.
    pub drafts: Vec<TaskDraft>,
    /// The last cursor.
    pub cursor: Option<String>,
}

/// Pulls; nothing may be rejected.
pub async fn pull(
    connector: &dyn Connector,
    mode: PullMode,
    cursor: Option<Cursor>,
) -> Result<Pulled, ConnectorError> {
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let mut pull = connector.pull(PullRequest { mode, cursor, now }).await?;
    let mut pulled = Pulled { keys: Vec::new(), hashes: Vec::new(), drafts: Vec::new(), cursor: None };
    loop {
        match pull.next_page().await? {
            Step::Page(page) => {
                assert!(page.rejected.is_empty(), "{:?}", page.rejected);
                pulled.cursor = page.cursor.map(|cursor| cursor.0).or(pulled.cursor);
                for record in page.records {
                    let draft = connector.read(&record).unwrap_or_else(|why| panic!("{}", why.finding));
                    pulled.drafts.push(draft);
                    pulled.hashes.push(record.hash);
                    pulled.keys.push(record.external_id);
                }
            }
            Step::End(end) => {
                assert!(!end.short);
                return Ok(pulled);
            }
        }
    }
}
