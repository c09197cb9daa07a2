//! The two kinds of store, empty and migrated, and the smallest directory to put into one.

use super::postgres::Cluster;
use lienthong::domain::{ImportedPerson, Role, StaffNumber, Unit, UnitCode, UnitKind};
use lienthong::store::{Store, StoreConfig};
use secrecy::{ExposeSecret as _, SecretString};

/// The field key of the tests' stores.
pub const KEY: [u8; 32] = [7; 32];

/// SQLite and PostgreSQL, side by side.
pub struct Both {
    /// Folder of the SQLite file.
    pub folder: tempfile::TempDir,
    cluster: Cluster,
    /// The stores.
    pub stores: [Store; 2],
}

/// Opens and migrates both.
pub async fn both() -> Both {
    let folder = tempfile::tempdir().expect("folder");
    let cluster = Cluster::start();
    let mut stores = Vec::new();
    for config in configs(&folder, &cluster) {
        let store = Store::open(&config, &KEY).await.expect("store");
        assert_eq!(store.schema_number().await.expect("number"), 0);
        store.migrate().await.expect("migrated");
        store.migrate().await.expect("migrating twice is nothing");
        stores.push(store);
    }
    let stores = stores.try_into().expect("two stores");
    Both { folder, cluster, stores }
}

fn configs(folder: &tempfile::TempDir, cluster: &Cluster) -> [StoreConfig; 2] {
    let sqlite = StoreConfig::Sqlite(folder.path().join("lienthong.db"));
    let postgres = StoreConfig::Postgres { url: SecretString::from(cluster.url()), max_connections: 5 };
    [sqlite, postgres]
}

impl Both {
    /// Where the stores are, in their order.
    pub fn configs(&self) -> [StoreConfig; 2] {
        configs(&self.folder, &self.cluster)
    }
}

/// Runs a statement past the store, as somebody with access to the database would.
pub async fn run_sql(config: &StoreConfig, sql: &'static str) {
    match config {
        StoreConfig::Sqlite(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let mut raw =
                <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.expect("opened");
            sqlx::query(sql).execute(&mut raw).await.expect("done");
            sqlx::Connection::close(raw).await.expect("closed");
        }
        StoreConfig::Postgres { url, .. } => {
            let mut raw =
                <sqlx::PgConnection as sqlx::Connection>::connect(url.expose_secret()).await.expect("opened");
            sqlx::query(sql).execute(&mut raw).await.expect("done");
            sqlx::Connection::close(raw).await.expect("closed");
        }
    }
}

/// A stranger in the way of whoever decides about the order of deliveries.
pub enum Hold {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Hold {
    /// Steps into the way.
    pub async fn order(config: &StoreConfig) -> Self {
        match config {
            StoreConfig::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut raw = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options)
                    .await
                    .expect("opened");
                sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.expect("held");
                Self::Sqlite(raw)
            }
            StoreConfig::Postgres { url, .. } => {
                let mut raw = <sqlx::PgConnection as sqlx::Connection>::connect(url.expose_secret())
                    .await
                    .expect("opened");
                sqlx::query("SELECT pg_advisory_lock(7416)").execute(&mut raw).await.expect("held");
                Self::Postgres(raw)
            }
        }
    }

    /// Steps aside.
    pub async fn release(self) {
        match self {
            Self::Sqlite(raw) => sqlx::Connection::close(raw).await,
            Self::Postgres(raw) => sqlx::Connection::close(raw).await,
        }
        .expect("closed");
    }
}

/// A SQLite store alone, for behaviour the kind of store has no part in.
pub async fn one() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("folder");
    let store =
        Store::open(&StoreConfig::Sqlite(folder.path().join("lienthong.db")), &KEY).await.expect("store");
    store.migrate().await.expect("migrated");
    (folder, store)
}

/// A department that stands alone.
pub fn department() -> Unit {
    Unit {
        code: UnitCode::new("SNV").expect("code"),
        name: "Sở Nội vụ".into(),
        kind: UnitKind::Department,
        parent: None,
        org_code: None,
    }
}

/// Somebody on the staff of [`department`] since the beginning of 2026.
pub fn officer(number: &str, name: &str) -> ImportedPerson {
    let post =
        (department().code, "Chuyên viên".into(), Role::Staff, "2026-01-01".parse().expect("day"), None);
    ImportedPerson {
        staff_number: StaffNumber::parse(number).expect("number"),
        citizen_id: None,
        full_name: name.to_owned(),
        memberships: vec![post],
        leads: Vec::new(),
        accounts: Vec::new(),
    }
}
