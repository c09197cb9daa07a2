//! References to secrets, and reading what they refer to.
//!
//! Owns the two ways a secret may arrive: a file only its owner can read, or a systemd credential. The value
//! never prints and never comes from the environment or the configuration itself. A secret that is missing,
//! readable by others or empty is a finding that names the file, never a default.

use crate::error::{Finding, Text, io_cause};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::borrow::Cow;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Largest secret, bytes: a table of users is one, and a systemd credential holds no more.
const MAX_BYTES: u64 = 1024 * 1024;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum SecretRef {
    /// A file that only its owner can read.
    File(PathBuf),
    /// A credential of the systemd unit (`LoadCredential=`).
    Credential(String),
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where a secret is; never the secret itself.",
            "x-secret": true,
            "oneOf": [
                { "type": "object", "properties": { "file": { "type": "string" } }, "required": ["file"], "additionalProperties": false },
                { "type": "object", "properties": { "credential": { "type": "string" } }, "required": ["credential"], "additionalProperties": false },
            ],
        })
    }
}

impl SecretRef {
    /// Reads the secret, without the line end at its end. `credentials` is systemd's folder
    /// (`$CREDENTIALS_DIRECTORY`).
    ///
    /// # Errors
    /// LT-CFG-007 unreadable, -008 readable by others, -009 empty, too large or no text, -010 no such credential.
    pub fn read(&self, credentials: Option<&Path>) -> Result<SecretString, Finding> {
        match self {
            Self::File(path) => read_file(path, true),
            Self::Credential(name) => {
                let plain = !name.is_empty() && !name.contains('/') && name != "..";
                let path = credentials.filter(|_| plain).map(|folder| folder.join(name));
                match path.filter(|path| path.is_file()) {
                    // systemd guards its own folder.
                    Some(path) => read_file(&path, false),
                    None => Err(no_credential(name)),
                }
            }
        }
    }
}

impl SecretRef {
    /// The same of a secret that is one line: a password, a key, an address. A second line would become part of it.
    ///
    /// # Errors
    /// As [`SecretRef::read`]; LT-CFG-009 more than one line.
    pub fn read_line(&self, credentials: Option<&Path>) -> Result<SecretString, Finding> {
        let secret = self.read(credentials)?;
        if !secret.expose_secret().contains(['\r', '\n']) {
            return Ok(secret);
        }
        let shown = match self {
            Self::File(path) => path.display().to_string(),
            Self::Credential(name) => format!("credential {name}"),
        };
        Err(Finding::error(
            "LT-CFG-009",
            Text::new(
                format!("tệp bí mật {shown} có nhiều hơn một dòng"),
                format!("secret file {shown} has more than one line"),
            ),
            Text::new(
                "để bí mật đứng một mình trên một dòng, xóa các dòng khác",
                "let the secret stand alone on one line, and take the other lines away",
            ),
        ))
    }
}

fn read_file(path: &Path, guarded: bool) -> Result<SecretString, Finding> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        Finding::error(
            "LT-CFG-007",
            Text::new(
                format!("không đọc được tệp bí mật {shown}"),
                format!("secret file {shown} cannot be read"),
            )
            .because(&io_cause(&error)),
            Text::new(
                "tạo tệp với quyền 600 cho tài khoản chạy dịch vụ",
                "make the file, mode 600, owned by the account the daemon runs as",
            ),
        )
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if guarded && is_open_to_others(&meta) {
        return Err(Finding::error(
            "LT-CFG-008",
            Text::new(
                format!("tệp bí mật {shown} cho người khác đọc được"),
                format!("secret file {shown} can be read by others"),
            ),
            Text::new(format!("chạy: chmod 600 {shown}"), format!("run: chmod 600 {shown}")),
        ));
    }
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    let secret = text.trim_end_matches(['\r', '\n']);
    if read.is_err() || text.len() as u64 > MAX_BYTES || secret.is_empty() {
        return Err(Finding::error(
            "LT-CFG-009",
            Text::new(
                format!("tệp bí mật {shown} rỗng, quá lớn hoặc không phải văn bản"),
                format!("secret file {shown} is empty, too large or no text"),
            ),
            Text::new("tệp chỉ chứa bí mật, tối đa 1 MiB", "the file holds the secret alone, at most 1 MiB"),
        ));
    }
    Ok(SecretString::from(secret.to_owned()))
}

#[cfg(unix)]
fn is_open_to_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o077 != 0
}

fn no_credential(name: &str) -> Finding {
    let name: String = name.chars().take(80).collect();
    Finding::error(
        "LT-CFG-010",
        Text::new(
            format!("không có thông tin xác thực systemd \"{name}\""),
            format!("there is no systemd credential \"{name}\""),
        ),
        Text::new(
            format!("thêm LoadCredential={name}:/đường/dẫn vào dịch vụ, hoặc dùng {{ file = … }}"),
            format!("add LoadCredential={name}:/path to the unit, or use {{ file = … }}"),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn file(mode: u32, text: &str) -> (tempfile::TempDir, SecretRef) {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret");
        std::fs::write(&path, text).expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
        (folder, SecretRef::File(path))
    }

    #[test]
    fn a_guarded_file_is_read_without_its_line_end() {
        let (_keep, secret) = file(0o600, "mật khẩu\n");
        assert_eq!(secret.read(None).expect("readable").expose_secret(), "mật khẩu");
    }

    #[test]
    fn a_file_others_can_read_is_refused_and_its_content_not_told() {
        for mode in [0o640, 0o604, 0o660] {
            let (_keep, secret) = file(mode, "hunter2");
            let finding = secret.read(None).expect_err("refused");
            assert_eq!(finding.code, "LT-CFG-008");
            assert!(!finding.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_password_is_one_line_and_a_table_may_be_more() {
        let (_keep, secret) = file(0o600, "một\n");
        assert_eq!(secret.read_line(None).expect("one line").expose_secret(), "một");
        let (_keep, secret) = file(0o600, "hai\nba\n");
        assert_eq!(secret.read(None).expect("a table").expose_secret(), "hai\nba");
        let finding = secret.read_line(None).expect_err("two lines");
        assert_eq!(finding.code, "LT-CFG-009");
        assert!(!finding.to_string().contains("hai"), "{finding}");
    }

    #[test]
    fn an_empty_or_missing_file_is_a_finding() {
        let (_keep, secret) = file(0o600, "\n");
        assert_eq!(secret.read(None).expect_err("empty").code, "LT-CFG-009");
        let missing = SecretRef::File("/nonexistent/secret".into());
        assert_eq!(missing.read(None).expect_err("missing").code, "LT-CFG-007");
    }

    #[test]
    fn a_credential_comes_from_systemds_folder_and_from_nowhere_else() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("nat"), "s3").expect("write");
        let secret = |name: &str| SecretRef::Credential(name.into());
        assert_eq!(secret("nat").read(Some(folder.path())).expect("found").expose_secret(), "s3");
        assert_eq!(secret("nat").read(None).expect_err("no folder").code, "LT-CFG-010");
        assert_eq!(secret("../nat").read(Some(folder.path())).expect_err("outside").code, "LT-CFG-010");
    }
}
