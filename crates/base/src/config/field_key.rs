//! The key of encryption at rest: found, read, or made once.
//!
//! Owns the rule where the key is (configuration, else `keys/field.key` in the data folder) and when a new
//! one may be made: only for a SQLite installation that has no database yet. A database without its key is
//! refused, never given a new key: what is sealed would be lost for good. Nor is a database made anew where
//! the folder tells that there was one.

use super::secret::SecretRef;
use super::sections::{Config, StoreKind};
use crate::error::{Finding, Place, Text, io_cause};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;
use secrecy::ExposeSecret as _;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The installation's field key, 32 bytes.
///
/// # Errors
/// The findings of [`SecretRef::read`] where the key is; LT-CFG-011 no 32-byte key, or none configured for
/// PostgreSQL; LT-CFG-012 the database exists but its key does not.
pub fn field_key(config: &Config, credentials: Option<&Path>) -> Result<[u8; 32], Finding> {
    let stored = Stored::of(config);
    if let Some(reference) = &config.keys.field_key {
        return parse(reference, credentials)
            .map_err(|finding| stored.remedied(finding).at(field_key_place(config)));
    }
    if config.store.kind == StoreKind::Postgres {
        let what = Text::new("không khai báo keys.field_key", "keys.field_key is not configured");
        return Err(stored.remedied(unusable(what)).at(Place::of("keys.field_key")));
    }
    let path = own_key(&config.daemon.data_dir);
    if path.exists() {
        let own = SecretRef::File(path);
        return parse(&own, credentials)
            .map_err(|finding| stored.remedied(finding).at(field_key_place(config)));
    }
    if let Stored::Here(database) = stored {
        return Err(lost(&path, &database));
    }
    make(&path).map_err(|error| {
        Finding::error(
            "LT-CFG-011",
            Text::new("không tạo được khóa", "the key cannot be made").because(&io_cause(&error)),
            Text::new("kiểm tra quyền ghi vào thư mục dữ liệu", "check that the data folder can be written"),
        )
        .at(Place::of(path.display().to_string()))
    })
}

/// What is wrong where the SQLite database is gone, or empty, although its data folder was worked on: the name in leases
/// is there. None where everything or nothing is there, and for a server.
///
/// LT-DB-030.
pub fn lost_database(config: &Config) -> Option<Finding> {
    let database = config.database_file();
    let replica = config.replica_file();
    // A key alone may be what a first start left that was killed before it made its database; the name in leases is
    // written once there is one.
    if config.store.kind == StoreKind::Postgres || is_held(&database) || !replica.exists() {
        return None;
    }
    let own = config.keys.field_key.is_none().then(|| own_key(&config.daemon.data_dir));
    let left = own.into_iter().filter(|path| path.exists()).chain([replica]);
    let left = left.map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let database = database.display();
    let finding = Finding::error(
        "LT-DB-030",
        Text::new(
            format!(
                "không có cơ sở dữ liệu {database}, hoặc tệp rỗng (0 byte), trong khi thư mục dữ liệu đã được dùng: còn {left}; chưa tạo gì mới"
            ),
            format!(
                "database {database} is not there, or empty (0 bytes), although the data folder was worked on: {left} is there; nothing new was made"
            ),
        ),
        Text::new(
            format!(
                "gắn lại ổ đĩa, hoặc đặt bản sao lưu vào {database} rồi chạy `lienthong db check`; chỉ khi muốn bắt đầu lại từ đầu: chuyển {left} đi nơi khác, hoặc `lienthong db migrate` để tạo cơ sở dữ liệu rỗng với khóa đang có"
            ),
            format!(
                "mount its disk, or put the backup at {database} and run `lienthong db check`; only to begin anew: move {left} away, or `lienthong db migrate` for an empty database with the present key"
            ),
        ),
    );
    Some(finding.at(Place::of(database.to_string())))
}

/// Whether a file holds a database: one of no bytes holds nothing.
fn is_held(database: &Path) -> bool {
    std::fs::metadata(database).is_ok_and(|file| file.len() > 0)
}

/// A key in a file of its own, as the next one of an installation comes.
///
/// # Errors
/// The findings of [`SecretRef::read`]; LT-CFG-011 no 32-byte key.
pub fn key_file(path: &Path) -> Result<[u8; 32], Finding> {
    let found = parse(&SecretRef::File(path.to_owned()), None);
    found.map_err(|finding| finding.at(Place::of(path.display().to_string())))
}

/// Whether something is sealed already, with a key that is the only one to open it.
enum Stored {
    /// No database was made yet.
    Nothing,
    /// The SQLite database of this file.
    Here(PathBuf),
    /// A PostgreSQL server's, which cannot be asked before the key is known.
    Perhaps,
}

impl Stored {
    fn of(config: &Config) -> Self {
        if config.store.kind == StoreKind::Postgres {
            return Self::Perhaps;
        }
        let database = config.database_file();
        if is_held(&database) { Self::Here(database) } else { Self::Nothing }
    }

    /// The finding about a key that is not there or is none, with what helps here. Rights and names of a key
    /// that may be in order are told as they are.
    fn remedied(&self, finding: Finding) -> Finding {
        if !matches!(finding.code.as_str(), "LT-CFG-007" | "LT-CFG-009" | "LT-CFG-011") {
            return finding;
        }
        let remedy = match self {
            Self::Here(database) => {
                let database = database.display();
                Text::new(
                    format!(
                        "đặt lại tệp khóa thuộc về cơ sở dữ liệu {database} từ bản sao lưu; không tạo khóa mới: khóa mới không đọc được những gì đã lưu"
                    ),
                    format!(
                        "bring back the key that belongs to database {database} from its backup; make no new one: a new key cannot read what is stored"
                    ),
                )
            }
            Self::Perhaps => Text::new(
                format!(
                    "nếu cơ sở dữ liệu đã có dữ liệu, đặt lại đúng khóa của nó từ bản sao lưu (khóa mới không đọc được những gì đã lưu); chỉ khi cài mới, {}",
                    MAKE.0
                ),
                format!(
                    "if the database holds data, bring back its own key from the backup (a new key cannot read what is stored); for a new installation only, {}",
                    MAKE.1
                ),
            ),
            Self::Nothing => return finding,
        };
        Finding { remedy, ..finding }
    }
}

/// Where the key of this configuration is.
pub fn field_key_place(config: &Config) -> Place {
    match &config.keys.field_key {
        Some(SecretRef::File(path)) => Place::of(path.display().to_string()).at("keys.field_key"),
        Some(SecretRef::Credential(name)) => Place::of(format!("credential {name}")).at("keys.field_key"),
        None => Place::of(own_key(&config.daemon.data_dir).display().to_string()),
    }
}

fn own_key(data_dir: &Path) -> PathBuf {
    data_dir.join("keys").join("field.key")
}

fn parse(reference: &SecretRef, credentials: Option<&Path>) -> Result<[u8; 32], Finding> {
    let text = reference.read_line(credentials)?;
    decode(text.expose_secret()).ok_or_else(|| {
        unusable(Text::new(
            "khóa không phải 32 byte ở dạng base64 hoặc hex",
            "the key is not 32 bytes in base64 or hex",
        ))
    })
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let digits = |index: usize| text.get(index * 2..index * 2 + 2);
        let bytes: Option<Vec<u8>> =
            (0..32).map(|index| u8::from_str_radix(digits(index)?, 16).ok()).collect();
        return bytes?.try_into().ok();
    }
    let plain = STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')));
    plain.ok()?.try_into().ok()
}

/// Makes a key that is complete on disk or not there: written beside, synced, then linked to its name.
fn make(path: &Path) -> std::io::Result<[u8; 32]> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut key = [0_u8; 32];
    OsRng.fill_bytes(&mut key);
    let draft = folder.join(format!(".field.key.{}", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()?;
    // A hard link refuses to replace a key another process made meanwhile; a rename would not.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    linked?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(key)
}

/// How a new key is made.
const MAKE: (&str, &str) = (
    "tạo khóa: openssl rand -base64 32 > field.key; chmod 600 field.key; rồi keys.field_key = { file = \"field.key\" }",
    "make one: openssl rand -base64 32 > field.key; chmod 600 field.key; then keys.field_key = { file = \"field.key\" }",
);

fn unusable(what: Text) -> Finding {
    Finding::error("LT-CFG-011", what, Text::new(MAKE.0, MAKE.1))
}

fn lost(path: &Path, database: &Path) -> Finding {
    let database = database.display();
    Finding::error(
        "LT-CFG-012",
        Text::new(
            format!("cơ sở dữ liệu {database} đã có nhưng khóa của nó thì không"),
            format!("database {database} exists but its key does not"),
        ),
        Text::new(
            "khôi phục tệp khóa từ bản sao lưu; không có khóa thì dữ liệu đã niêm phong không đọc được",
            "restore the key file from the backup; without it sealed data cannot be read",
        ),
    )
    .at(Place::of(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_guarded_and_found_again() {
        let folder = tempfile::tempdir().expect("folder");
        let path = own_key(folder.path());
        let made = make(&path).expect("made");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(parse(&SecretRef::File(path.clone()), None).expect("reads back"), made);
        assert!(make(&path).is_err(), "an existing key is never replaced");
        assert_eq!(parse(&SecretRef::File(path.clone()), None).expect("still there"), made);
        let files = std::fs::read_dir(path.parent().expect("folder")).expect("list").count();
        assert_eq!(files, 1, "no draft is left behind");
    }

    #[test]
    fn base64_and_hex_are_the_same_key_and_other_lengths_are_refused() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let bytes = decode(hex).expect("hex");
        assert_eq!(decode(&STANDARD.encode(bytes)), Some(bytes));
        assert_eq!(decode(&URL_SAFE_NO_PAD.encode(bytes)), Some(bytes));
        for bad in ["", "abc", &hex[..62], "đ".repeat(32).as_str()] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
