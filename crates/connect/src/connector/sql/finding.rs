//! What is told about a view: the sentences of LT-SQL-….
//!
//! Owns codes and remedies; what happened is decided by the walk and by the database's own codes.

use super::session::{Class, Failure};
use super::{MAX_CELL, MAX_ROW};
use crate::connector::ConnectorError;
use crate::connector::rule::MAX_KEY;
use crate::domain::{CitizenId, SourceId};
use crate::error::{Disposition, Finding, Place, Text};

/// A database that did not answer.
pub(super) fn failed(source: &SourceId, failure: &Failure) -> ConnectorError {
    let (code, vi, en, remedy_vi, remedy_en, disposition) = match failure.class {
        Class::Drift => (
            "LT-SQL-003",
            "khung nhìn đã thay đổi",
            "the view has changed",
            "sửa manifest cho khớp cột hiện có, hoặc khôi phục khung nhìn",
            "fit the manifest to the present columns, or restore the view",
            Disposition::NeedsOperator,
        ),
        Class::Refused => (
            "LT-SQL-005",
            "cơ sở dữ liệu nguồn từ chối",
            "the source database refuses",
            "kiểm tra tài khoản và mật khẩu (trong secrets.url, ký tự đặc biệt viết theo mã phần trăm: @ là %40, / là %2F, % là %25); tài khoản chỉ cần quyền đọc và câu truy vấn chỉ được đọc",
            "check account and password (in secrets.url special characters are percent-encoded: @ is %40, / is %2F, % is %25); the account needs to read only, and the query may only read",
            Disposition::NeedsOperator,
        ),
        Class::Stopped => (
            "LT-SQL-010",
            "cơ sở dữ liệu nguồn đã dừng câu truy vấn: quá lâu, chờ khóa quá lâu, hoặc bị ngắt",
            "the source database stopped the query: it took too long, waited for a lock too long, or was ended",
            "lần sau đọc tiếp từ trang đã xong; nếu lặp lại, thêm chỉ mục cho cột thay đổi hoặc tăng timeout_s của [view]",
            "the next pull goes on after the last page; if it comes again, index the change column or raise timeout_s of [view]",
            Disposition::RetryLater,
        ),
        Class::Other => (
            "LT-SQL-002",
            "không đọc được cơ sở dữ liệu nguồn",
            "the source database cannot be read",
            "kiểm tra đường dẫn hoặc địa chỉ, tài khoản chỉ đọc và quyền; trong secrets.url, ký tự đặc biệt của mật khẩu viết theo mã phần trăm (@ là %40, / là %2F, # là %23, ? là %3F), nếu không phần sau bị hiểu là tên máy",
            "check path or address, read-only account and permissions; in secrets.url special characters of the password are percent-encoded (@ is %40, / is %2F, # is %23, ? is %3F), else what follows is taken for the host",
            Disposition::RetryLater,
        ),
    };
    // A database quotes the row it complains of.
    let cause: String =
        failure.cause.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect();
    let cause: String = CitizenId::mask_in(&cause).chars().take(200).collect();
    let finding = Finding::error(
        code,
        Text::new(vi, en).because(&crate::error::sql_cause(&cause)),
        Text::new(remedy_vi, remedy_en),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(format!("source {source}")))),
        disposition,
        retry_after: None,
    }
}

/// A server at an address no database has.
pub(super) fn refused_address(source: &SourceId, address: &str) -> ConnectorError {
    let finding = Finding::error(
        "LT-SQL-014",
        Text::new(
            format!("địa chỉ máy chủ cơ sở dữ liệu không được phép: {address}"),
            format!("the database server has an address that is not allowed: {address}"),
        ),
        Text::new(
            "sửa tên máy trong secrets.url; nếu tên đúng, nhờ quản trị mạng kiểm tra máy chủ tên miền",
            "correct the host in secrets.url; where it is right, have the network's administrator look at the name server",
        ),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(format!("source {source}")))),
        disposition: Disposition::NeedsOperator,
        retry_after: None,
    }
}

/// Columns the manifest names and the view has not.
pub(super) fn lost_columns(source: &SourceId, names: &[&str]) -> ConnectorError {
    let names = names.join(", ");
    let finding = Finding::error(
        "LT-SQL-003",
        Text::new(
            format!("khung nhìn đã thay đổi: không còn cột {names}"),
            format!("the view has changed: it has no column {names}"),
        ),
        Text::new(
            "sửa manifest cho khớp cột hiện có, hoặc khôi phục khung nhìn",
            "fit the manifest to the present columns, or restore the view",
        ),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(format!("source {source}")))),
        disposition: Disposition::NeedsOperator,
        retry_after: None,
    }
}

/// Columns nobody reads, or that came since the pull before.
pub(super) fn new_columns(names: &[&str]) -> Finding {
    let names = listed(names);
    Finding::info(
        "LT-SQL-012",
        Text::new(
            format!("khung nhìn có cột mà manifest không đọc: {names}"),
            format!("the view has columns the manifest does not read: {names}"),
        ),
        Text::new(
            "không cần làm gì; nếu cần dữ liệu này, thêm cột vào columns của [view]",
            "nothing has to be done; where they are needed, add them to columns of [view]",
        ),
    )
}

/// A column whose type is another than in the pull before.
pub(super) fn other_type(name: &str, before: &str, now: &str) -> Finding {
    let name = listed(&[name]);
    Finding::warning(
        "LT-SQL-013",
        Text::new(
            format!("cột {name} đổi kiểu từ {before} thành {now}"),
            format!("column {name} changed its type from {before} to {now}"),
        ),
        Text::new(
            "xem các nhiệm vụ vừa đọc còn đúng không; nếu không, sửa quy tắc của cột này trong manifest",
            "see whether the tasks just read are still right; if not, correct the rules of this column in the manifest",
        ),
    )
}

/// An account that could change what it has to read only.
pub(super) fn may_write(rights: &[String]) -> Finding {
    let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
    let rights = listed(&rights);
    Finding::warning(
        "LT-SQL-011",
        Text::new(
            format!("tài khoản có thể ghi vào nguồn: {rights}"),
            format!("the account could write to the source: {rights}"),
        ),
        Text::new(
            "cấp một tài khoản chỉ có quyền SELECT trên khung nhìn (docs/CONNECTORS.md)",
            "give it an account that has SELECT on the view only (docs/CONNECTORS.md)",
        ),
    )
}

/// A file this program could write to. It opens it so that it cannot: a file's owner may well be this program's account.
pub(super) fn writable_file(files: &[String]) -> Finding {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let files = listed(&files);
    Finding::info(
        "LT-SQL-011",
        Text::new(
            format!("tài khoản của dịch vụ có quyền ghi vào tệp nguồn: {files} (tệp được mở chỉ để đọc)"),
            format!(
                "the service's account may write to the source's file: {files} (it is opened for reading only)"
            ),
        ),
        Text::new(
            "bỏ quyền ghi tệp này của tài khoản chạy dịch vụ, chỉ để quyền đọc",
            "take the right to write this file from the account the service runs as, and leave it the right to read",
        ),
    )
}

/// A few names, as a database gave them.
fn listed(names: &[&str]) -> String {
    let shown = names
        .iter()
        .take(5)
        .map(|name| -> String { name.chars().filter(|c| !c.is_control()).take(100).collect() });
    let shown: Vec<String> = shown.collect();
    let more = names.len().saturating_sub(shown.len());
    match more {
        0 => shown.join(", "),
        more => format!("{} (+{more})", shown.join(", ")),
    }
}

/// A cell that no field of a task needs.
pub(super) fn huge_cell(column: &str) -> Finding {
    Finding::error(
        "LT-SQL-006",
        Text::new(
            format!("ô của cột {column} dài hơn {MAX_CELL} ký tự"),
            format!("a cell of column {column} is longer than {MAX_CELL} characters"),
        ),
        Text::new(
            "kiểm tra dòng này ở nguồn, hoặc cắt cột trong khung nhìn",
            "look at the row in the source, or cut the column in the view",
        ),
    )
}

/// A row that no task needs.
pub(super) fn huge_row(bytes: usize) -> Finding {
    Finding::error(
        "LT-SQL-006",
        Text::new(
            format!("dòng dài {bytes} byte, quá giới hạn {} KiB", MAX_ROW >> 10),
            format!("the row has {bytes} bytes, over the limit of {} KiB", MAX_ROW >> 10),
        ),
        Text::new(
            "kiểm tra dòng này ở nguồn, hoặc bớt cột trong manifest",
            "look at the row in the source, or leave columns out of the manifest",
        ),
    )
}

/// Rows with a change value in the future, with the first of them.
pub(super) fn from_the_future(count: u64, key: &str, changed: &str) -> Finding {
    Finding::warning(
        "LT-SQL-007",
        Text::new(
            format!("{count} dòng có thời điểm thay đổi ở tương lai, ví dụ {changed} của khóa {key}"),
            format!("{count} rows have a change value in the future, for example {changed} of the key {key}"),
        ),
        Text::new(
            "kiểm tra đồng hồ và múi giờ của cơ sở dữ liệu nguồn, sửa các dòng đó; đến lúc đó chúng được đọc lại ở mỗi lượt",
            "check clock and zone of the source database and correct the rows; until then each pull reads them again",
        ),
    )
}

/// A key that names no task.
pub(super) fn unfit_key() -> Finding {
    Finding::error(
        "LT-SQL-006",
        Text::new(
            format!("khóa rỗng, dài hơn {MAX_KEY} ký tự hoặc có ký tự điều khiển"),
            format!("the key is empty, longer than {MAX_KEY} characters or holds control characters"),
        ),
        Text::new("chọn cột khóa khác trong manifest", "choose another key column in the manifest"),
    )
}

/// A row the walk cannot come to.
pub(super) fn unplaced() -> Finding {
    Finding::error(
        "LT-SQL-004",
        Text::new(
            "dòng không có khóa hoặc thời điểm thay đổi (hoặc thời điểm dài quá 200 ký tự)",
            "the row has no key or no change value (or one of more than 200 characters)",
        ),
        Text::new("sửa khung nhìn để hai cột này luôn có giá trị", "make the view give both columns a value"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_of_a_person_in_a_databases_message_is_not_told() {
        let cause = "tachyon \"099123456789\"".to_owned();
        let source = SourceId::new("view").expect("id");
        let error = failed(&source, &Failure { class: Class::Other, cause });
        for text in [&error.finding.what.vi, &error.finding.what.en] {
            assert!(!text.contains("099123456789") && text.contains("0991••••••89"), "{text}");
        }
    }

    #[test]
    fn server_that_is_not_found_or_refuses_says_how_a_password_is_written_in_its_address() {
        let source = SourceId::new("view").expect("id");
        for (class, cause) in [(Class::Other, "failed to lookup address"), (Class::Refused, "Access denied")]
        {
            let error = failed(&source, &Failure { class, cause: cause.to_owned() });
            for text in [&error.finding.remedy.vi, &error.finding.remedy.en] {
                assert!(text.contains("secrets.url") && text.contains("%40"), "{text}");
            }
        }
    }
}
