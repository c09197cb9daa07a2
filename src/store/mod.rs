//! The only room with SQL: everything the daemon knows, on SQLite or PostgreSQL.
//!
//! Owns the schema, transactions, leases, encryption at rest, the audit chain and backups. It must not know
//! any engine: it stores and gives back values of `domain`. Everything that belongs together is written in
//! one transaction; a call that fails has changed nothing.

/// The end of every statement that has a score computed again.
macro_rules! due_again {
    () => {
        "ON CONFLICT (person_id, period) DO UPDATE SET stamp = score_due.stamp + 1"
    };
}

/// Has scores that are held computed again: those of the rows of `score` for which the condition holds.
macro_rules! scored_due {
    ($condition:literal) => {
        concat!(
            "INSERT INTO score_due (person_id, period, stamp) SELECT DISTINCT person_id, period, 1 FROM score WHERE ",
            $condition,
            " ",
            due_again!()
        )
    };
}
mod affected;
mod audit;
mod bulk;
mod catalog;
mod commit;
mod db;
mod decision;
mod directory;
mod duplicate;
mod error;
mod evidence;
mod example;
mod facts;
mod file;
mod folder;
mod gate;
mod ground;
mod history;
mod hold;
mod key;
mod lease;
mod listing;
mod mapping;
mod opinion;
mod organisation;
mod outbox;
mod outbox_view;
mod overview;
mod packed;
mod person_data;
mod person_tasks;
mod petition;
mod proposal;
mod record;
mod request_count;
mod resting;
mod retention;
mod review;
mod rotate;
mod score;
mod search;
mod service;
mod shape;
mod share;
mod short_form;
mod source;
mod survey;
mod task;
mod taught;
mod vault;
mod viewer;

pub use audit::{AuditEntry, AuditFault};
pub use catalog::{CatalogHead, CatalogNew, Provenance};
pub use commit::{PackedPage, PageCommit, RejectionWrite, TaskWrite};
pub use decision::{Around, DecisionPage, KeptDecision, KeptNew, StoredDecision};
pub use directory::{DirectoryCounts, DirectoryRows, Linked, PersonRow, UnknownAccount};
pub use duplicate::{Pair, PairSaid, PairState, PairWord};
pub use error::StoreError;
pub use evidence::EvidenceRow;
pub use example::{BroughtExample, ForeignExample};
pub use file::of_file;
pub use folder::FolderFiles;
pub use gate::{Acceptance, Accepted, Gate, HeldTask, Proof, Size, Stop, Tally};
pub use ground::{Days, Stood};
pub use history::{HistoryState, Importer};
pub use hold::{Hold, HoldWord, Notice};
pub use listing::{Delivery, RawHead, RecordPlace, TaskLine, TaskList};
pub use mapping::{
    MapItem, MappedTask, MappingChange, MappingRow, MappingState, MappingWrite, ReviewItem, SeenTask,
};
pub use opinion::Opinion;
pub use organisation::{Facts, OrganisationFact, OrganisationNotice, OrganisationRevision, Organisations};
pub use outbox::{OutboxItem, OutboxKind, OutboxNew, ReceiptNew, Settlement};
pub use outbox_view::{Allowance, OutboxFilter, OutboxLine, Retried, RetriedAll};
pub use overview::{IMPORTED, Overview, Risk, SourceTotals, TargetTotals, Waiting};
pub use packed::Packed;
pub use person_tasks::{PersonTask, TaskProduct, TasksOf, TasksToKeep};
pub use petition::{Petition, PetitionAnswer};
pub use proposal::{PendingProduct, Proposal, ProposalNew, ProposalState, ProposedProduct};
pub use record::{NewRevision, PeriodClose, RecordLine, Revision};
pub use retention::{Expired, Kept};
pub use review::{MappingOrder, OrderKind, OrderState, Settled, StoredOrder, WaitingTask};
pub use rotate::{Begun, Rotation};
pub use score::{ScoreHead, ScoreLine, ScoreWrite, StoredScore};
pub use service::{FactFollowed, FactsFollowed, FactsNew};
pub use shape::ShapeAccepted;
pub use share::{SharesNew, TaskShare};
pub use source::{Hooks, NOTHING_READ, Run, RunCounters, RunKind, RunOutcome, SourceState};
pub use survey::{ProductTask, SurveyedTask};
pub use task::{KeptPage, RejectedRow, Seen, StoredTask};
pub use taught::{DecisionMarks, Taught};
pub use vault::Vault;

use crate::error::{Finding, Findings, Text};
use db::{Db, Fold, vals};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::borrow::Cow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

/// Number, name, SQLite text, PostgreSQL text of every migration, oldest first. Never edited once landed.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "first",
        include_str!("../../migrations/sqlite/0001_first.sql"),
        include_str!("../../migrations/postgres/0001_first.sql"),
    ),
    (
        2,
        "target_state",
        include_str!("../../migrations/sqlite/0002_target_state.sql"),
        include_str!("../../migrations/postgres/0002_target_state.sql"),
    ),
    (
        3,
        "source_gate",
        include_str!("../../migrations/sqlite/0003_source_gate.sql"),
        include_str!("../../migrations/postgres/0003_source_gate.sql"),
    ),
    (
        4,
        "evidence",
        include_str!("../../migrations/sqlite/0004_evidence.sql"),
        include_str!("../../migrations/postgres/0004_evidence.sql"),
    ),
    (
        5,
        "source_shape",
        include_str!("../../migrations/sqlite/0005_source_shape.sql"),
        include_str!("../../migrations/postgres/0005_source_shape.sql"),
    ),
    (
        6,
        "gate_baseline",
        include_str!("../../migrations/sqlite/0006_gate_baseline.sql"),
        include_str!("../../migrations/postgres/0006_gate_baseline.sql"),
    ),
    (
        7,
        "source_rules",
        include_str!("../../migrations/sqlite/0007_source_rules.sql"),
        include_str!("../../migrations/postgres/0007_source_rules.sql"),
    ),
    (
        8,
        "mapping_decision",
        include_str!("../../migrations/sqlite/0008_mapping_decision.sql"),
        include_str!("../../migrations/postgres/0008_mapping_decision.sql"),
    ),
    (
        9,
        "catalog_scope",
        include_str!("../../migrations/sqlite/0009_catalog_scope.sql"),
        include_str!("../../migrations/postgres/0009_catalog_scope.sql"),
    ),
    (
        10,
        "service_fact",
        include_str!("../../migrations/sqlite/0010_service_fact.sql"),
        include_str!("../../migrations/postgres/0010_service_fact.sql"),
    ),
    (
        11,
        "record_life",
        include_str!("../../migrations/sqlite/0011_record_life.sql"),
        include_str!("../../migrations/postgres/0011_record_life.sql"),
    ),
    (
        14,
        "organisation",
        include_str!("../../migrations/sqlite/0014_organisation.sql"),
        include_str!("../../migrations/postgres/0014_organisation.sql"),
    ),
    (
        15,
        "duplicate",
        include_str!("../../migrations/sqlite/0015_duplicate.sql"),
        include_str!("../../migrations/postgres/0015_duplicate.sql"),
    ),
    (
        16,
        "search",
        include_str!("../../migrations/sqlite/0016_search.sql"),
        include_str!("../../migrations/postgres/0016_search.sql"),
    ),
    (
        17,
        "source_hook",
        include_str!("../../migrations/sqlite/0017_source_hook.sql"),
        include_str!("../../migrations/postgres/0017_source_hook.sql"),
    ),
    (
        19,
        "field_key",
        include_str!("../../migrations/sqlite/0019_field_key.sql"),
        include_str!("../../migrations/postgres/0019_field_key.sql"),
    ),
    (
        20,
        "retention",
        include_str!("../../migrations/sqlite/0020_retention.sql"),
        include_str!("../../migrations/postgres/0020_retention.sql"),
    ),
    (
        22,
        "who_decides",
        include_str!("../../migrations/sqlite/0022_who_decides.sql"),
        include_str!("../../migrations/postgres/0022_who_decides.sql"),
    ),
    (
        24,
        "stake_index",
        include_str!("../../migrations/sqlite/0024_stake_index.sql"),
        include_str!("../../migrations/postgres/0024_stake_index.sql"),
    ),
    (
        25,
        "source_acceptance",
        include_str!("../../migrations/sqlite/0025_source_acceptance.sql"),
        include_str!("../../migrations/postgres/0025_source_acceptance.sql"),
    ),
    (
        27,
        "example_order",
        include_str!("../../migrations/sqlite/0027_example_order.sql"),
        include_str!("../../migrations/postgres/0027_example_order.sql"),
    ),
    (
        29,
        "history_signed",
        include_str!("../../migrations/sqlite/0029_history_signed.sql"),
        include_str!("../../migrations/postgres/0029_history_signed.sql"),
    ),
    (
        30,
        "person_tasks",
        include_str!("../../migrations/sqlite/0030_person_tasks.sql"),
        include_str!("../../migrations/postgres/0030_person_tasks.sql"),
    ),
    (
        32,
        "acceptance_size",
        include_str!("../../migrations/sqlite/0032_acceptance_size.sql"),
        include_str!("../../migrations/postgres/0032_acceptance_size.sql"),
    ),
    (
        33,
        "organisation_notice",
        include_str!("../../migrations/sqlite/0033_organisation_notice.sql"),
        include_str!("../../migrations/postgres/0033_organisation_notice.sql"),
    ),
    (
        34,
        "person_charge",
        include_str!("../../migrations/sqlite/0034_person_charge.sql"),
        include_str!("../../migrations/postgres/0034_person_charge.sql"),
    ),
    (
        36,
        "passed_over",
        include_str!("../../migrations/sqlite/0036_passed_over.sql"),
        include_str!("../../migrations/postgres/0036_passed_over.sql"),
    ),
    (
        38,
        "example_product_name",
        include_str!("../../migrations/sqlite/0038_example_product_name.sql"),
        include_str!("../../migrations/postgres/0038_example_product_name.sql"),
    ),
    (
        40,
        "waiting_for",
        include_str!("../../migrations/sqlite/0040_waiting_for.sql"),
        include_str!("../../migrations/postgres/0040_waiting_for.sql"),
    ),
    (
        41,
        "score_grounds",
        include_str!("../../migrations/sqlite/0041_score_grounds.sql"),
        include_str!("../../migrations/postgres/0041_score_grounds.sql"),
    ),
    (
        42,
        "shown_and_leave",
        include_str!("../../migrations/sqlite/0042_shown_and_leave.sql"),
        include_str!("../../migrations/postgres/0042_shown_and_leave.sql"),
    ),
    (
        43,
        "source_request",
        include_str!("../../migrations/sqlite/0043_source_request.sql"),
        include_str!("../../migrations/postgres/0043_source_request.sql"),
    ),
    (
        44,
        "odd_done",
        include_str!("../../migrations/sqlite/0044_odd_done.sql"),
        include_str!("../../migrations/postgres/0044_odd_done.sql"),
    ),
    (
        45,
        "opinion",
        include_str!("../../migrations/sqlite/0045_opinion.sql"),
        include_str!("../../migrations/postgres/0045_opinion.sql"),
    ),
    (
        46,
        "files_and_places",
        include_str!("../../migrations/sqlite/0046_files_and_places.sql"),
        include_str!("../../migrations/postgres/0046_files_and_places.sql"),
    ),
    (
        47,
        "decided_shares",
        include_str!("../../migrations/sqlite/0047_decided_shares.sql"),
        include_str!("../../migrations/postgres/0047_decided_shares.sql"),
    ),
    (
        48,
        "decision_waits_for_opinion",
        include_str!("../../migrations/sqlite/0048_decision_waits_for_opinion.sql"),
        include_str!("../../migrations/postgres/0048_decision_waits_for_opinion.sql"),
    ),
    (
        49,
        "revision_ground",
        include_str!("../../migrations/sqlite/0049_revision_ground.sql"),
        include_str!("../../migrations/postgres/0049_revision_ground.sql"),
    ),
    (
        50,
        "decision_kept_at",
        include_str!("../../migrations/sqlite/0050_decision_kept_at.sql"),
        include_str!("../../migrations/postgres/0050_decision_kept_at.sql"),
    ),
    (
        51,
        "loss_accepted",
        include_str!("../../migrations/sqlite/0051_loss_accepted.sql"),
        include_str!("../../migrations/postgres/0051_loss_accepted.sql"),
    ),
];

/// Oldest SQLite whose WAL handling we trust.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Author of what the daemon writes by itself.
pub const DAEMON: &str = "lienthong";

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum StoreConfig {
    /// A file, created when missing.
    Sqlite(PathBuf),
    /// A server.
    Postgres {
        /// Connection URL with password.
        url: SecretString,
        /// Most connections of this replica, 2–100.
        max_connections: u32,
    },
}

/// The store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    db: Arc<Db>,
    vault: Vault,
    path: Option<Arc<PathBuf>>,
}

impl Store {
    /// Connects. The schema is not touched; see [`Store::migrate`]. Another key than the one the store was
    /// written with is refused.
    pub async fn open(config: &StoreConfig, key: &[u8; 32]) -> Result<Self, StoreError> {
        let vault = Vault::new(key);
        let store = match config {
            StoreConfig::Sqlite(path) => {
                let db = open_sqlite(path).await?;
                Self { db: Arc::new(db), vault, path: Some(Arc::new(path.clone())) }
            }
            StoreConfig::Postgres { url, max_connections } => {
                let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("lienthong");
                let pool = PgPoolOptions::new()
                    .max_connections((*max_connections).clamp(2, 100))
                    .acquire_timeout(Duration::from_secs(15))
                    .connect_with(options)
                    .await?;
                Self { db: Arc::new(Db::Postgres(pool)), vault, path: None }
            }
        };
        store.with_its_keys(key).await
    }

    /// Brings the schema up to this program's newest number; returns that number. Several replicas may call
    /// it at once. A newer schema is refused.
    pub async fn migrate(&self) -> Result<i64, StoreError> {
        let known = newest_migration();
        let found = self.schema_number().await?;
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        match &*self.db {
            Db::Sqlite { writer, .. } => migrator(|m| m.2).run(writer).await,
            Db::Postgres(pool) => migrator(|m| m.3).run(pool).await,
        }
        .map_err(StoreError::of_migration)?;
        self.keep_key_check().await?;
        Ok(known)
    }

    /// The schema's number; 0 for an empty database.
    pub async fn schema_number(&self) -> Result<i64, StoreError> {
        let table = match &*self.db {
            Db::Sqlite { .. } => "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'",
            Db::Postgres(_) => {
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'"
            }
        };
        if self.db.count(table, vals![]).await? == 0 {
            return Ok(0);
        }
        let newest = self
            .db
            .row("SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM _sqlx_migrations", vals![])
            .await?;
        newest.map_or(Ok(0), |row| row.int(0))
    }

    /// Refuses a schema that is newer or older than this program's.
    pub async fn require_schema(&self) -> Result<(), StoreError> {
        let (found, known) = (self.schema_number().await?, newest_migration());
        match found.cmp(&known) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(StoreError::NewerSchema { found, known }),
            std::cmp::Ordering::Less => Err(StoreError::OlderSchema { found, known }),
        }
    }

    /// The vault of this installation.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The file it lives in; none on a server.
    pub fn file(&self) -> Option<&Path> {
        self.path.as_deref().map(PathBuf::as_path)
    }

    /// A finding about the disk or the file of the database, with the file where it names no place.
    pub fn placed(&self, finding: Finding) -> Finding {
        match self.file() {
            Some(file) => of_file(file, finding),
            None => finding,
        }
    }

    /// The same of all that keeps an installation from going on.
    pub fn placed_all(&self, findings: Findings) -> Findings {
        Findings(findings.0.into_iter().map(|finding| self.placed(finding)).collect())
    }

    /// `sqlite` or `postgresql`.
    pub fn kind(&self) -> &'static str {
        match &*self.db {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgresql",
        }
    }

    /// Whether the store answers at all.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.row("SELECT 1", vals![]).await.map(|_| ())
    }

    /// Looks for damage in the file, for whether it can be written, and for breaks in the audit chain; every finding.
    pub async fn integrity(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        if let Db::Sqlite { .. } = &*self.db {
            for row in self.db.rows("PRAGMA integrity_check(20)", vals![]).await? {
                let line = row.text(0)?;
                if line != "ok" {
                    findings.push(self.placed(StoreError::Damaged(line).finding()));
                }
            }
            // A file that can only be read is whole, and yet nothing goes on with it.
            if let Err(error) = self.db.begin().await {
                findings.push(self.placed(error.finding()));
            }
        }
        if let Some(fault) = self.verify_audit().await? {
            findings.push(Finding::error(
                "LT-DB-012",
                Text::new(
                    format!("chuỗi nhật ký kiểm toán bị đứt ở số {}: {}", fault.seq, fault.why),
                    format!("the audit chain breaks at entry {}: {}", fault.seq, fault.why),
                ),
                Text::new(
                    "giữ nguyên dữ liệu, đối chiếu với bản sao lưu và báo bộ phận an toàn thông tin",
                    "keep the data as it is, compare it with a backup and tell the security officer",
                ),
            ));
        }
        Ok(findings)
    }

    /// Writes a consistent copy of a SQLite database to a new file. On PostgreSQL it says how to use pg_dump. Of a copy
    /// that fails nothing is left.
    pub async fn backup(&self, to: &Path) -> Result<Finding, StoreError> {
        match (&*self.db, &self.path) {
            (Db::Sqlite { writer, .. }, Some(_)) => {
                // Names and scores stand in it, wherever it lies. Made here, so that what is taken away below is ours.
                let mut empty = std::fs::OpenOptions::new();
                empty.write(true).create_new(true).mode(0o600).open(to).map_err(sqlx::Error::Io)?;
                let copied = sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned());
                if let Err(error) = copied.execute(writer).await {
                    if let Err(kept) = std::fs::remove_file(to) {
                        tracing::warn!(%kept, "what a failed backup left behind was not removed");
                    }
                    return Err(error.into());
                }
                Ok(Finding::info(
                    "LT-DB-013",
                    Text::new(
                        format!("đã sao lưu vào {}", to.display()),
                        format!("backup written to {}", to.display()),
                    ),
                    Text::new(
                        "giữ khóa [keys] ở nơi khác với bản sao lưu",
                        "keep the key of [keys] in another place than the backup",
                    ),
                ))
            }
            _ => Ok(Finding::info(
                "LT-DB-014",
                Text::new("PostgreSQL được sao lưu bằng pg_dump", "PostgreSQL is backed up with pg_dump"),
                Text::new(
                    "pg_dump --format=custom --file=lienthong.dump TÊN_CSDL; khôi phục bằng pg_restore",
                    "pg_dump --format=custom --file=lienthong.dump DATABASE; restore with pg_restore",
                ),
            )),
        }
    }

    /// Closes every connection; SQLite folds its log into the file.
    pub async fn close(&self) {
        match &*self.db {
            Db::Sqlite { writer, reader, fold } => {
                fold.close().await;
                reader.close().await;
                writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

fn newest_migration() -> i64 {
    // By number: parts of the program add theirs in any order.
    MIGRATIONS.iter().map(|migration| migration.0).max().unwrap_or(0)
}

fn migrator(text: fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|migration| {
            let sql = sqlx::SqlStr::from_static(text(migration));
            Migration::new(migration.0, Cow::Borrowed(migration.1), MigrationType::Simple, sql, false)
        })
        .collect();
    Migrator::with_migrations(migrations)
}

async fn open_sqlite(path: &Path) -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        // A task takes about half a kilobyte, and most writing adds at the end: large pages are fewer pieces to
        // write twice, to the log and to the file.
        .page_size(16384)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-16384")
        // 64 MB of log, half of it where a file was made with smaller pages: what is written again and again while tasks
        // come in is copied into the file less often.
        .pragma("wal_autocheckpoint", "4000")
        .row_buffer_size(512)
        .statement_cache_capacity(200);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await?;
    let fold = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
    let reader = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options.pragma("cache_size", "-4096").pragma("query_only", "ON"))
        .await?;
    let db = Db::Sqlite { writer, reader, fold: Fold::new(fold) };
    let version = db.row("SELECT sqlite_version()", vals![]).await?.map(|row| row.text(0)).transpose()?;
    let version = version.unwrap_or_default();
    if parse_version(&version) < Some(OLDEST_SQLITE) {
        return Err(StoreError::OldSqlite(version));
    }
    for row in db.rows("PRAGMA quick_check(1)", vals![]).await? {
        let line = row.text(0)?;
        if line != "ok" {
            return Err(StoreError::Damaged(line));
        }
    }
    Ok(db)
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

/// Reads a 32-byte key from 64 hexadecimal digits or base64.
pub fn parse_key(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    let text = text.trim();
    let bytes = if text.len() == 64 {
        (0..32)
            .map(|i| text.get(i * 2..i * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect()
    } else {
        base64::engine::general_purpose::STANDARD.decode(text).ok()
    };
    bytes.and_then(|bytes: Vec<u8>| bytes.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_read_from_hex_or_base64_and_nothing_else() {
        assert_eq!(parse_key(&"07".repeat(32)), Some([7; 32]));
        assert_eq!(parse_key("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"), Some([7; 32]));
        for bad in ["", "07", &"zz".repeat(32), "BwcH"] {
            assert_eq!(parse_key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn versions_compare_by_number_not_by_text() {
        assert!(parse_version("3.51.3") >= Some(OLDEST_SQLITE));
        assert!(parse_version("3.9.0") < Some(OLDEST_SQLITE));
        assert!(parse_version("garbage") < Some(OLDEST_SQLITE));
    }
}
