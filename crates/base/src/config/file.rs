//! Reading one TOML file into a typed value: all findings at once, each with file, line and column.
//!
//! Owns the three steps every such file goes through: syntax, comparison with the type's schema, and
//! deserialisation. It must not know what the file is for.

use super::check::{check, correct};
use super::tree::Node;
use crate::error::{Finding, Findings, Place, Text, io_cause, written_cause};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::io::Read as _;
use std::path::Path;

/// Reads a text that was loaded from a file called `name`.
///
/// # Errors
/// LT-CFG-001 unknown key, -002 syntax, -004 wrong value, -005 missing key.
pub fn read_toml<T: DeserializeOwned + JsonSchema>(name: &str, text: &str) -> Result<T, Findings> {
    let tree = Node::parse(name, Path::new("."), text).map_err(Findings)?;
    typed(name, &tree, &schema_of::<T>())
}

/// The schema of a type as JSON.
pub(super) fn schema_of<T: JsonSchema>() -> serde_json::Value {
    schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// A checked tree as its type.
pub(super) fn typed<T: DeserializeOwned>(
    name: &str,
    tree: &Node,
    schema: &serde_json::Value,
) -> Result<T, Findings> {
    let flaws = check(tree, schema);
    if !flaws.is_empty() {
        return Err(Findings(flaws.into_iter().map(|(_, finding)| finding).collect()));
    }
    tree.plain().try_into().map_err(|error: toml::de::Error| {
        let why = written_cause(error.message().lines().next().unwrap_or_default());
        Finding::error(
            "LT-CFG-004",
            Text::new("giá trị không dùng được", "a value cannot be used").because(&why),
            correct(schema),
        )
        .at(Place::of(name))
        .into()
    })
}

/// A file that is named somewhere is not there.
pub fn no_such_file(path: &Path) -> Finding {
    let path = path.display();
    Finding::error(
        "LT-CFG-003",
        Text::new(format!("không có tệp {path}"), format!("there is no file {path}")),
        Text::new(
            "sửa đường dẫn; đường dẫn tương đối tính từ thư mục của tệp cấu hình",
            "correct the path; relative paths start at the configuration's folder",
        ),
    )
}

/// Reads a text file of at most `limit` bytes.
///
/// # Errors
/// LT-CFG-003 it cannot be opened, is too large or is not UTF-8.
pub fn read_text(path: &Path, limit: usize) -> Result<String, Finding> {
    let refuse = |why: &Text| {
        Finding::error(
            "LT-CFG-003",
            Text::new("không đọc được tệp", "the file cannot be read").because(why),
            Text::new(
                "kiểm tra đường dẫn, quyền đọc và bảng mã UTF-8",
                "check the path, the right to read it and its UTF-8 encoding",
            ),
        )
        .at(Place::of(path.display().to_string()))
    };
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => no_such_file(path).at(Place::of(path.display().to_string())),
        _ => refuse(&io_cause(&error)),
    })?;
    let mut text = String::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match file.take(most).read_to_string(&mut text) {
        Ok(_) if text.len() > limit => Err(Finding {
            remedy: Text::new(
                format!("tệp chỉ được có tối đa {} KiB: bỏ bớt, hoặc nêu đúng tệp", limit >> 10),
                format!("it may have {} KiB at most: shorten it, or name the right file", limit >> 10),
            ),
            ..refuse(&Text::new("tệp quá lớn", "it is too large"))
        }),
        Ok(_) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => Err(refuse(&io_cause(&error))),
    }
}
