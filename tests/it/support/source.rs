//! HTTP sources for tests: a small manifest over a scripted server, pulled to its end.

use super::http::Scripted;
use chrono::{DateTime, Utc};
use lienthong::connector::http::{HttpConnector, SourceLimits, SourceOptions};
use lienthong::connector::{
    Connector, ConnectorError, Cursor, OpenSource, Page, PullEnd, PullMode, PullRequest, Step, manifest, open,
};
use lienthong::domain::{SourceId, UnitCode};
use lienthong::pipeline::app::Source;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The head of every manifest: settings `base_url` and `user`, secret `password`.
pub const HEAD: &str = r#"
format_version = 1
kind = "http"
name = "test"
version = "1"
title = { vi = "Thử", en = "Test" }
[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
[settings.user]
label = { vi = "Tài khoản", en = "User" }
default = "reader"
[settings.password]
label = { vi = "Mật khẩu", en = "Password" }
secret = true
[transport]
base_url = "{{ settings.base_url }}"
max_answer_mib = 1
connect_timeout_s = 5
read_timeout_s = 5
total_timeout_s = 20
retry = { attempts = 3, first_wait_ms = 1, max_wait_s = 2 }
"#;

const FIELDS: &str = r#"
[fields]
title = "name"
status = { path = "status", default = "in_progress", map = { "1" = "in_progress", "4" = "done" } }
"#;

/// The stream most tests use.
pub const STREAM: &str =
    "[stream]\npath = \"/tasks\"\nrecords = \"items\"\nkey = \"id\"\ntotal = \"total\"\n";

/// The password of the tests' sources: must show nowhere.
pub const PASSWORD: &str = "hidden-7f3a";

/// Connects a manifest made of the usual head, these sections and the usual fields.
pub fn connect(base: &str, sections: &str) -> HttpConnector {
    connect_within(base, sections, SourceLimits::default())
}

/// The same within limits of the installation.
pub fn connect_within(base: &str, sections: &str, limits: SourceLimits) -> HttpConnector {
    connect_with((base, PASSWORD), sections, limits)
}

/// The same with another password.
pub fn connect_with((base, password): (&str, &str), sections: &str, limits: SourceLimits) -> HttpConnector {
    let text = format!("{HEAD}{sections}{FIELDS}");
    let loaded = manifest::parse("test.toml", &text).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
    let options = SourceOptions {
        settings: [("base_url".to_owned(), base.to_owned())].into(),
        secrets: [("password".to_owned(), password.to_owned().into())].into(),
        allow_http: true,
        ca_file: None,
        limits,
    };
    let source = SourceId::new("test").expect("id");
    HttpConnector::new(source, Arc::new(loaded), options).unwrap_or_else(|findings| panic!("{findings}"))
}

/// A source of any kind by a manifest, as the configuration would open it.
pub fn opened(
    id: &str,
    manifest: &str,
    settings: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, SecretString>,
) -> Arc<dyn Connector> {
    let opened = open(OpenSource {
        id: SourceId::new(id).expect("id"),
        manifest_name: "test.toml".into(),
        manifest: manifest.to_owned(),
        settings: settings.clone(),
        secrets: secrets.clone(),
        folder: PathBuf::from("/"),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    });
    opened.unwrap_or_else(|findings| panic!("{findings}\n{manifest}")).connector
}

/// A connector as a source of an installation.
pub fn entry(connector: Arc<dyn Connector>, system: &str) -> Source {
    Source {
        connector,
        unit: UnitCode::new("SNV").expect("code"),
        system: system.to_owned(),
        schedule: "0 * * * *".parse().expect("a schedule"),
        full_schedule: None,
    }
}

/// The present moment of the tests.
pub fn now() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().expect("instant")
}

/// Everything one pull gave.
#[derive(Debug, Default)]
pub struct Pulled {
    /// Pages in order.
    pub pages: Vec<Page>,
    /// How it ended.
    pub end: PullEnd,
}

impl Pulled {
    /// Keys in order.
    pub fn keys(&self) -> Vec<String> {
        self.pages.iter().flat_map(|page| &page.records).map(|record| record.external_id.clone()).collect()
    }

    /// Keys, each once, sorted as numbers.
    pub fn distinct(&self) -> Vec<usize> {
        let mut keys: Vec<usize> = self.keys().iter().filter_map(|key| key.parse().ok()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Codes of the findings at the end.
    pub fn codes(&self) -> Vec<&str> {
        self.end.findings.iter().map(|finding| finding.code.as_str()).collect()
    }
}

/// Pulls to the end.
pub async fn pull(
    connector: &HttpConnector,
    mode: PullMode,
    cursor: Option<&str>,
) -> Result<Pulled, ConnectorError> {
    let cursor = cursor.map(|text| Cursor(text.to_owned()));
    let mut pull = connector.pull(PullRequest { mode, cursor, now: now() }).await?;
    let mut pulled = Pulled::default();
    loop {
        match pull.next_page().await? {
            Step::Page(page) => pulled.pages.push(page),
            Step::End(end) => {
                pulled.end = end;
                return Ok(pulled);
            }
        }
    }
}

/// A full pull of a server with these sections.
pub async fn full(server: &Scripted, sections: &str) -> Result<Pulled, ConnectorError> {
    pull(&connect(&server.base, sections), PullMode::Full, None).await
}

/// A record with this number.
pub fn record(number: usize) -> serde_json::Value {
    serde_json::json!({ "id": number, "name": format!("Nhiệm vụ {number}"), "status": 1 })
}
