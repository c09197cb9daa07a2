//! The daemon's real path: manifest, connector, pipeline and store, nothing left out.

use super::policy::policy;
use lienthong::clock::Clock;
use lienthong::connector::{self, OpenSource, PullMode};
use lienthong::domain::SourceId;
use lienthong::pipeline::app::App;
use lienthong::pipeline::pull::pull_source;
use lienthong::store::{Store, StoreConfig};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// Seconds for new records and for the same ones again.
pub async fn run(store: &str, province: &str, records: usize) -> (f64, f64) {
    let config = if store.starts_with("postgres://") {
        StoreConfig::Postgres { url: SecretString::from(store), max_connections: 8 }
    } else {
        StoreConfig::Sqlite(PathBuf::from(store))
    };
    let store = Store::open(&config, &[7; 32]).await.expect("store");
    store.migrate().await.expect("schema");
    let source = connector::open(OpenSource {
        id: SourceId::new("bench").expect("name"),
        manifest_name: "task-tracker".to_owned(),
        manifest: include_str!("../../connectors/task-tracker/manifest.toml").to_owned(),
        settings: BTreeMap::from([("base_url".to_owned(), format!("{province}/bench/{records}/v1"))]),
        secrets: BTreeMap::from([("api_key".to_owned(), SecretString::from("bench"))]),
        folder: PathBuf::from("."),
        ca_file: None,
        allow_http: true,
        limits: connector::http::SourceLimits::default(),
    })
    .expect("manifest");
    let app = App::new(store, Clock::system(), "bench".to_owned(), BTreeMap::new(), (None, None), policy());
    let mut seconds = [0.0; 2];
    for (round, seconds) in seconds.iter_mut().enumerate() {
        let began = Instant::now();
        let summary =
            pull_source(&app, &source.connector, PullMode::Incremental, &|_, _| {}).await.expect("pull");
        *seconds = began.elapsed().as_secs_f64();
        let counted = &summary.counters;
        let (new, unchanged) = if round == 0 { (records, 0) } else { (0, records) };
        assert_eq!((counted.new, counted.unchanged), (new as u64, unchanged as u64), "every record once");
    }
    app.store.close().await;
    (seconds[0], seconds[1])
}
