//! Points to go on from that count only for what they were kept of.
//!
//! Owns what a cursor is bound to: the settings, the secrets (they say who asks) and those parts of the manifest that say
//! what is asked. Another address, account, unit or query under the same name is asked for everything once, because what
//! it showed before the cursor nobody has read. It must not know a kind of source, nor what a cursor holds. Replicas of
//! one configuration know each other's cursors. One of the time before there was a binding counts, and gets one.

use super::http::values;
use super::manifest::process::Replication;
use super::manifest::{Kind, Manifest};
use super::over::{Layer, Over};
use super::salted::{Keeper, Salted, hex};
use super::{Connector, ConnectorError, Cursor, MARK_REFUSED, Pull, PullMode, PullRequest, Step};
use crate::domain::SourceId;
use crate::error::{Disposition, Finding, Place, Text};
use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys of each section that say what is asked: not how fast, nor how it is read.
const ASKING: [(&str, &[&str]); 12] = [
    ("transport", &["base_url", "headers"]),
    ("auth", &["username", "client_id", "body"]),
    ("stream", &["path", "method", "query", "body", "xml"]),
    ("soap", &["action", "header", "body"]),
    ("incremental", &["param", "until_param", "format", "zone", "header", "field", "mark"]),
    ("window", &["start"]),
    ("partition", &["values"]),
    ("users", &["name", "path", "method", "query", "body", "when"]),
    ("parent", &["path", "method", "query", "body", "when"]),
    ("export", &["path", "method", "query", "body"]),
    ("view", &["database", "select", "key", "changed", "cursor_type"]),
    ("process", &["protocol", "run", "arguments", "config", "stream", "replication_key"]),
];

/// What cursors of a source are bound to.
pub(super) struct Binding {
    of: String,
    keeper: Keeper,
}

/// A bound cursor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// Digest of what is asked.
    of: String,
    /// Of who asks.
    by: Salted,
    /// The cursor itself.
    cursor: String,
}

impl Binding {
    fn wrap(&self, Cursor(cursor): Cursor) -> Cursor {
        let stored = Stored { of: self.of.clone(), by: self.keeper.under(None), cursor };
        match serde_json::to_string(&stored) {
            Ok(text) => Cursor(text),
            // Texts always are JSON.
            Err(_) => Cursor(stored.cursor),
        }
    }

    /// The cursor itself; none where it was kept of something else.
    fn unwrap(&self, cursor: Cursor) -> Option<Cursor> {
        let Ok(stored) = serde_json::from_str::<Stored>(&cursor.0) else { return Some(cursor) };
        let same = stored.of == self.of && self.keeper.made(&stored.by);
        same.then_some(Cursor(stored.cursor))
    }
}

/// What of a manifest says what is asked; keys that are not there say nothing.
fn asking(manifest: &Manifest) -> Value {
    let whole = serde_json::to_value(manifest).unwrap_or_default();
    let some = |section: &Value, keys: &[&str]| -> Value {
        let given = keys.iter().filter_map(|key| Some((*key, section.get(*key)?)));
        given
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    };
    let sections = ASKING.iter().filter_map(|(name, keys)| {
        let asked: Value = match whole.get(name)? {
            Value::Array(list) => list.iter().map(|section| some(section, keys)).collect(),
            Value::Null => return None,
            section => some(section, keys),
        };
        Some(((*name).to_owned(), asked))
    });
    sections.collect()
}

/// The secrets that say who asks. A table of users says it for each of them alone: its points to go on from are kept by
/// user, so that another line in it has nobody else read anew.
fn who_asks<'a>(
    manifest: &Manifest,
    secrets: &'a BTreeMap<String, SecretString>,
) -> Vec<(&'a String, &'a SecretString)> {
    let table = manifest.users.as_ref().and_then(|users| users.list.as_deref()).unwrap_or_default();
    let of_table = |name: &str| table.contains(&format!("secrets.{name}"));
    secrets.iter().filter(|(name, _)| !of_table(name)).collect()
}

/// The layer over a source whose cursors are bound.
pub(super) struct Bound {
    binding: Arc<Binding>,
}

impl Bound {
    /// What the cursors of a source are bound to; none where they hold nothing that another source could be asked by.
    pub(super) fn binding(
        manifest: &Manifest,
        settings: &BTreeMap<String, String>,
        secrets: &BTreeMap<String, SecretString>,
    ) -> Option<Binding> {
        let goes_on = match manifest.kind {
            Kind::Http => manifest.incremental.is_some(),
            Kind::View => true,
            Kind::Process => manifest.process.as_ref()?.replication == Replication::Incremental,
            // A folder knows its files by what they hold, the axis by what it still keeps for us.
            Kind::Folder | Kind::Vxp => false,
        };
        if !goes_on {
            return None;
        }
        let asked = serde_json::to_vec(&(asking(manifest), values(&manifest.settings, settings))).ok()?;
        Some(Binding {
            of: hex(&Sha256::digest(asked)),
            keeper: Keeper::of(who_asks(manifest, secrets).into_iter()),
        })
    }

    /// A source over one that asks.
    pub(super) fn over(inner: Arc<dyn Connector>, binding: Binding) -> Over<Self> {
        Over::new(inner, Self { binding: Arc::new(binding) })
    }
}

fn asked_otherwise(source: &SourceId) -> ConnectorError {
    let finding = Finding::warning(
        MARK_REFUSED,
        Text::new(
            "nguồn được hỏi khác với lúc lưu mốc đọc (địa chỉ, tài khoản, thiết lập hoặc câu hỏi đã đổi); đọc lại toàn bộ",
            "the source is asked otherwise than when the point to go on from was kept (address, account, settings or query changed); everything is read again",
        ),
        Text::new(
            "không cần xử lý nếu vừa đổi cấu hình; nếu lặp lại, kiểm tra mọi bản chạy dùng cùng một cấu hình",
            "nothing to do where the configuration was just changed; if it happens again and again, look whether all replicas have the same one",
        ),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(format!("source {}", source)))),
        disposition: Disposition::RetryLater,
        retry_after: None,
    }
}

#[async_trait]
impl Layer for Bound {
    async fn pull(
        &self,
        inner: &dyn Connector,
        mut request: PullRequest,
    ) -> Result<Box<dyn Pull>, ConnectorError> {
        if let Some(cursor) = request.cursor.take() {
            request.cursor = self.binding.unwrap(cursor);
            if request.cursor.is_none() && request.mode == PullMode::Incremental {
                return Err(asked_otherwise(inner.source()));
            }
        }
        Ok(Box::new(BoundPull { inner: inner.pull(request).await?, binding: self.binding.clone() }))
    }
}

struct BoundPull {
    inner: Box<dyn Pull>,
    binding: Arc<Binding>,
}

#[async_trait]
impl Pull for BoundPull {
    async fn next_page(&mut self) -> Result<Step, ConnectorError> {
        let mut step = self.inner.next_page().await?;
        let cursor = match &mut step {
            Step::Page(page) => &mut page.cursor,
            Step::End(end) => &mut end.cursor,
        };
        *cursor = cursor.take().map(|cursor| self.binding.wrap(cursor));
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::parse;
    use super::*;

    const MANIFEST: &str = include_str!("../../../../connectors/sql-view/manifest.toml");

    fn binding(manifest: &str, database: &str, secret: &str) -> Binding {
        let loaded = parse("m.toml", manifest).unwrap_or_else(|findings| panic!("{findings}"));
        let settings = [("database".to_owned(), database.to_owned())].into();
        let secrets = [("url".to_owned(), secret.to_owned().into())].into();
        Bound::binding(&loaded.manifest, &settings, &secrets).expect("bound")
    }

    #[test]
    fn cursor_counts_for_the_same_question_alone_whoever_of_its_replicas_made_it() {
        let cursor = || Cursor("[\"2026\",\"a\"]".to_owned());
        let kept = binding(MANIFEST, "a.db", "s").wrap(cursor());
        assert!(!kept.0.contains("\"s\""), "{}", kept.0);
        let still = |manifest: &str, database: &str, secret: &str| {
            binding(manifest, database, secret).unwrap(kept.clone())
        };
        assert_eq!(still(MANIFEST, "a.db", "s"), Some(cursor()));
        assert_eq!(still(MANIFEST, "b.db", "s"), None, "another setting");
        assert_eq!(still(MANIFEST, "a.db", "t"), None, "another account");
        let select = MANIFEST.replacen("SELECT ", "SELECT DISTINCT ", 1);
        assert_ne!(select, MANIFEST);
        assert_eq!(still(&select, "a.db", "s"), None, "another query");
        // How it is read, and how much at once, is no other question.
        let title = MANIFEST.replacen("page_size = ", "page_size = 1", 1);
        assert_ne!(title, MANIFEST);
        assert_eq!(still(&title, "a.db", "s"), Some(cursor()));
        // Of the time before there was a binding.
        assert_eq!(binding(MANIFEST, "a.db", "s").unwrap(cursor()), Some(cursor()));
    }

    #[test]
    fn every_part_that_says_what_is_asked_is_among_those_the_manifest_has() {
        let schema = serde_json::to_value(schemars::schema_for!(Manifest)).expect("schema");
        for (section, keys) in ASKING {
            let text = schema.to_string();
            assert!(schema["properties"].get(section).is_some(), "{section}");
            assert!(keys.iter().all(|key| text.contains(&format!("\"{key}\""))), "{section}: {keys:?}");
        }
    }
}
