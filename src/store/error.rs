//! What can go wrong in the store, and what the caller should do about it.
//!
//! Owns the translation of driver errors into codes: full disk, busy, connection lost, corrupted file,
//! newer schema, lost race. A failed transaction has left nothing behind.

use crate::error::{Disposition, Finding, Text};
use sqlx::migrate::MigrateError;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The driver failed.
    #[error("database: {0}")]
    Driver(#[from] sqlx::Error),
    /// A JSON column could not be written or read.
    #[error("stored JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The database holds something this program did not write.
    #[error("unexpected content: {0}")]
    Unexpected(String),
    /// A check of the file found damage in it.
    #[error("damaged file: {0}")]
    Damaged(String),
    /// The schema is newer than this program.
    #[error("schema {found} is newer than this program knows ({known})")]
    NewerSchema {
        /// Number found.
        found: i64,
        /// Newest number known.
        known: i64,
    },
    /// The schema is older than this program, or was never made.
    #[error("schema {found} is older than this program's ({known})")]
    OlderSchema {
        /// Number found; 0 = none was made yet.
        found: i64,
        /// Newest number known.
        known: i64,
    },
    /// The SQLite library is too old.
    #[error("SQLite {0} is too old")]
    OldSqlite(String),
    /// Somebody else changed the record first, or the lease was lost.
    #[error("lost the race: {0}")]
    Conflict(String),
    /// A sealed value did not open with the keys at hand.
    #[error("sealed value: {0}")]
    Sealed(String),
    /// The key is not the one the store was written with.
    #[error("another key")]
    OtherKey,
}

impl StoreError {
    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected(what.into())
    }

    /// Why the schema was not brought up: what the disk or the file says is told as everywhere else.
    pub(super) fn of_migration(error: MigrateError) -> Self {
        let told = format!("migration: {error}");
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                let of_the_driver = Self::Driver(error);
                match of_the_driver.cause() {
                    Cause::Unexpected => Self::Unexpected(told),
                    _ => of_the_driver,
                }
            }
            _ => Self::Unexpected(told),
        }
    }

    /// Whether what is stored in one place cannot be understood, while the database itself answers.
    pub fn is_of_content(&self) -> bool {
        matches!(
            self,
            Self::Json(_)
                | Self::Unexpected(_)
                | Self::Sealed(_)
                | Self::Driver(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
        )
    }

    /// Whether a disk was full.
    pub fn is_of_full_disk(&self) -> bool {
        matches!(self.cause(), Cause::Full)
    }

    fn cause(&self) -> Cause {
        let Self::Driver(error) = self else {
            return match self {
                Self::Damaged(_) => Cause::Corrupt,
                Self::NewerSchema { .. } => Cause::NewerSchema,
                Self::OlderSchema { .. } => Cause::OlderSchema,
                Self::OldSqlite(_) => Cause::OldSqlite,
                Self::Conflict(_) => Cause::Conflict,
                Self::Sealed(_) => Cause::Sealed,
                Self::OtherKey => Cause::OtherKey,
                _ => Cause::Unexpected,
            };
        };
        match error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let message = database.message();
                match code.as_ref() {
                    // SQLITE_FULL and PostgreSQL's disk_full.
                    "13" | "53100" => Cause::Full,
                    "25006" => Cause::ReadOnly,
                    "40001" | "40P01" | "55P03" => Cause::Busy,
                    "53300" | "57P01" | "57P02" | "57P03" => Cause::Unreachable,
                    _ => match code.parse::<u32>().map(|code| code & 0xff) {
                        // Primary result codes of SQLite: BUSY, LOCKED, READONLY, IOERR, CORRUPT, NOTADB.
                        Ok(5 | 6) => Cause::Busy,
                        Ok(8) => Cause::ReadOnly,
                        Ok(10) if message.contains("full") => Cause::Full,
                        Ok(10) => Cause::Io,
                        Ok(11 | 26) => Cause::Corrupt,
                        _ => Cause::Unexpected,
                    },
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_) => Cause::Unreachable,
            _ => Cause::Unexpected,
        }
    }

    /// What the caller should do.
    pub fn disposition(&self) -> Disposition {
        match self.cause() {
            Cause::Busy | Cause::Conflict => Disposition::RetryNow,
            Cause::Unreachable | Cause::Full | Cause::ReadOnly | Cause::Io => Disposition::RetryLater,
            Cause::Corrupt
            | Cause::NewerSchema
            | Cause::OlderSchema
            | Cause::OldSqlite
            | Cause::Sealed
            | Cause::OtherKey
            | Cause::Unexpected => Disposition::NeedsOperator,
        }
    }

    /// What an operator is told.
    pub fn finding(&self) -> Finding {
        let (code, vi, en, remedy_vi, remedy_en) = match self.cause() {
            Cause::Full => (
                "LT-DB-001",
                "ổ đĩa của cơ sở dữ liệu đã đầy; thao tác được hủy trọn vẹn",
                "the disk of the database is full; the operation was rolled back as a whole",
                "giải phóng dung lượng; dịch vụ đang chạy thì tự tiếp tục, lệnh thì chạy lại",
                "free some space; a running daemon goes on by itself, an order is given again",
            ),
            Cause::ReadOnly => (
                "LT-DB-002",
                "cơ sở dữ liệu chỉ cho đọc",
                "the database is read-only",
                "kiểm tra quyền của thư mục dữ liệu hoặc trạng thái máy chủ PostgreSQL",
                "check the data folder's permissions or the PostgreSQL server's state",
            ),
            Cause::Busy => (
                "LT-DB-003",
                "cơ sở dữ liệu đang bận; thao tác sẽ được làm lại",
                "the database is busy; the operation is repeated",
                "nếu kéo dài, tìm tiến trình khác đang mở tệp dữ liệu",
                "if it lasts, look for another process that holds the database open",
            ),
            Cause::Unreachable => (
                "LT-DB-004",
                "không kết nối được cơ sở dữ liệu",
                "the database cannot be reached",
                "kiểm tra máy chủ, địa chỉ và mật khẩu; dịch vụ đang chạy thì tự thử lại",
                "check server, address and password; a running daemon tries again by itself",
            ),
            Cause::Io => (
                "LT-DB-005",
                "ổ đĩa báo lỗi đọc hoặc ghi",
                "the disk reports a read or write error",
                "kiểm tra ổ đĩa; chạy `db check` trước khi tiếp tục",
                "check the disk; run `db check` before going on",
            ),
            Cause::Corrupt => (
                "LT-DB-006",
                "tệp cơ sở dữ liệu bị hỏng",
                "the database file is damaged",
                "dừng hệ thống; chuyển tệp hỏng đi cùng tệp -wal và -shm bên cạnh nó (cả ba là một cơ sở dữ liệu, để sót lại thì bản khôi phục cũng hỏng), rồi đặt bản sao lưu gần nhất vào chỗ đó (docs/OPERATIONS.md)",
                "stop the daemon; move the damaged file away together with the -wal and -shm files beside it (the three are one database, and left behind they damage the restored one too), then put the latest backup in its place (docs/OPERATIONS.md)",
            ),
            Cause::NewerSchema => (
                "LT-DB-007",
                "lược đồ dữ liệu mới hơn chương trình này",
                "the schema is newer than this program",
                "cài lại phiên bản mới hơn; không chạy bản cũ trên dữ liệu này",
                "install the newer version again; do not run the older one on this data",
            ),
            Cause::OlderSchema => (
                "LT-DB-016",
                "cơ sở dữ liệu chưa có lược đồ hoặc lược đồ cũ hơn chương trình này",
                "the database has no schema yet, or one older than this program",
                "chạy `lienthong db migrate`, hoặc khởi động hệ thống: lược đồ được tạo lúc khởi động",
                "run `lienthong db migrate`, or start the daemon: it makes the schema at its start",
            ),
            Cause::OldSqlite => (
                "LT-DB-008",
                "thư viện SQLite quá cũ (cần từ 3.51.3)",
                "the SQLite library is too old (3.51.3 or later is needed)",
                "dùng bản chương trình có SQLite đi kèm",
                "use the build with the bundled SQLite",
            ),
            Cause::Conflict => (
                "LT-DB-009",
                "dữ liệu vừa được nơi khác thay đổi trước",
                "somebody else changed the data first",
                "xem lại trạng thái mới rồi làm lại",
                "look at the new state and try again",
            ),
            Cause::Sealed => (
                "LT-DB-010",
                "không mở được dữ liệu đã mã hóa",
                "an encrypted value cannot be opened",
                "kiểm tra khóa trong [keys]; không thay khóa khi chưa chuyển đổi dữ liệu",
                "check the key in [keys]; never replace it without re-encrypting",
            ),
            Cause::OtherKey => (
                "LT-CFG-014",
                "khóa mã hóa không phải khóa mà cơ sở dữ liệu này đã dùng; không có gì bị thay đổi",
                "the field key is not the one this database was written with; nothing was changed",
                "đặt lại tệp khóa cũ từ bản sao lưu (keys.field_key, hoặc keys/field.key trong thư mục dữ liệu) rồi chạy lại",
                "put the old key file back from the backup (keys.field_key, else keys/field.key in the data folder) and start again",
            ),
            Cause::Unexpected => (
                "LT-DB-011",
                "cơ sở dữ liệu trả lời ngoài dự kiến",
                "the database answered unexpectedly",
                "chạy `db check`; gửi nhật ký cho nhóm phát triển",
                "run `db check`; send the log to the developers",
            ),
        };
        let detail = self.detail();
        Finding::error(
            code,
            Text::new(
                format!("{vi} (chi tiết kỹ thuật: {detail})"),
                format!("{en} (technical detail: {detail})"),
            ),
            Text::new(remedy_vi, remedy_en),
        )
    }

    fn detail(&self) -> String {
        self.to_string().chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

enum Cause {
    Full,
    ReadOnly,
    Busy,
    Unreachable,
    Io,
    Corrupt,
    NewerSchema,
    OlderSchema,
    OldSqlite,
    Conflict,
    Sealed,
    OtherKey,
    Unexpected,
}
