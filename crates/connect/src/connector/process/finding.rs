//! What is told about child programs, in both languages.
//!
//! Owns the sentences and codes `LT-PRC-…` alone; places are added by the callers. Texts of a program come in masked.

use super::keeper::Stopped;
use crate::error::{Finding, Text};
use std::time::Duration;

fn error(code: &str, vi: String, en: String, remedy_vi: &str, remedy_en: &str) -> Finding {
    Finding::error(code, Text::new(vi, en), Text::new(remedy_vi, remedy_en))
}

fn warning(code: &str, vi: String, en: String, remedy_vi: &str, remedy_en: &str) -> Finding {
    Finding::warning(code, Text::new(vi, en), Text::new(remedy_vi, remedy_en))
}

/// The program is not there.
pub(super) fn no_program(program: &str) -> Finding {
    error(
        "LT-PRC-001",
        format!("không có chương trình \"{program}\", hoặc không được phép chạy"),
        format!("the program \"{program}\" is not there or may not be run"),
        "cài chương trình (ví dụ trong một môi trường Python riêng) và ghi đúng đường dẫn trong settings của nguồn",
        "install the program (for example in a Python environment of its own) and correct its path in the source's settings",
    )
}

/// The child could not be begun.
pub(super) fn not_begun(why: &Text) -> Finding {
    Finding::error(
        "LT-PRC-002",
        Text::new("không khởi động được chương trình con", "the child program cannot be begun").because(why),
        Text::new(
            "kiểm tra thư mục tạm, quyền chạy và giới hạn của dịch vụ",
            "check the temporary folder, the right to run it and the limits of the service",
        ),
    )
}

/// Quiet for too long.
pub(super) fn idle(limit: Duration) -> Finding {
    error(
        "LT-PRC-003",
        format!("chương trình không viết gì trong {} giây và đã bị dừng", limit.as_secs()),
        format!("the program wrote nothing for {} seconds and was ended", limit.as_secs()),
        "kiểm tra hệ thống nguồn có trả lời không; chương trình chậm cần process.idle_s lớn hơn",
        "check whether the source system answers; a slow program needs a larger process.idle_s",
    )
}

/// A bound was passed.
pub(super) fn stopped(why: Stopped) -> Finding {
    match why {
        Stopped::TotalTime | Stopped::Dropped => error(
            "LT-PRC-004",
            "chương trình chạy quá thời gian cho phép và đã bị dừng".to_owned(),
            "the program ran longer than it may and was ended".to_owned(),
            "lượt sau đi tiếp từ trạng thái đã lưu; nếu lặp lại, tăng process.total_s",
            "the next pull goes on from the stored state; if it happens again, raise process.total_s",
        ),
        Stopped::Processes => error(
            "LT-PRC-005",
            "chương trình tạo quá nhiều tiến trình và đã bị dừng".to_owned(),
            "the program began too many processes and was ended".to_owned(),
            "kiểm tra chương trình; nếu nó thật sự cần, tăng process.limits.processes",
            "examine the program; if it really needs them, raise process.limits.processes",
        ),
        Stopped::Memory => error(
            "LT-PRC-005",
            "chương trình dùng quá nhiều bộ nhớ và đã bị dừng".to_owned(),
            "the program used too much memory and was ended".to_owned(),
            "kiểm tra chương trình; nếu nó thật sự cần, tăng process.limits.memory_mib",
            "examine the program; if it really needs it, raise process.limits.memory_mib",
        ),
    }
}

/// It ended with an error.
pub(super) fn failed(exit: Option<i32>, signal: Option<i32>, words: &str) -> Finding {
    let (vi, en) = match (exit, signal) {
        (_, Some(signal)) => (format!("tín hiệu {signal}"), format!("signal {signal}")),
        (Some(code), None) => (format!("mã thoát {code}"), format!("exit code {code}")),
        (None, None) => ("không rõ cách kết thúc".to_owned(), "how is not known".to_owned()),
    };
    let words = if words.is_empty() { String::new() } else { format!(": {words}") };
    error(
        "LT-PRC-006",
        format!("chương trình kết thúc với lỗi ({vi}){words}"),
        format!("the program ended with an error ({en}){words}"),
        "đọc những dòng cuối của nó; thường là cấu hình, tài khoản hoặc hệ thống nguồn. Trạng thái chỉ đi tới bản ghi đã lưu",
        "read its last lines; mostly configuration, account or the source system. The state moved no further than the stored records",
    )
}

/// A line beyond the cap.
pub(super) fn line_too_long(bytes: u64) -> Finding {
    error(
        "LT-PRC-007",
        format!("một dòng dài {bytes} byte, quá giới hạn 8 MiB, đã bị bỏ qua"),
        format!("a line of {bytes} bytes, over the limit of 8 MiB, was skipped"),
        "tìm bản ghi này ở nguồn (phần đầu được giữ lại) hoặc bỏ bớt trường trong cấu hình của chương trình",
        "look for the record in the source (its beginning is kept) or leave fields out in the program's configuration",
    )
}

/// A line that is no message.
pub(super) fn no_message(why: &Text) -> Finding {
    Finding::error(
        "LT-PRC-008",
        Text::new("một dòng không phải thông điệp của giao thức", "a line is no message of the protocol")
            .because(why),
        Text::new(
            "chương trình chỉ được viết thông điệp ra đầu ra chuẩn, nhật ký phải ra đầu ra lỗi; các dòng khác vẫn được đọc",
            "a program may write messages only to its standard output, logs to its error output; the other lines were read",
        ),
    )
}

/// Hardly anything is a message.
pub(super) fn not_the_protocol(lines: u32) -> Finding {
    error(
        "LT-PRC-009",
        format!("hơn {lines} dòng không phải thông điệp: chương trình không nói giao thức này"),
        format!("more than {lines} lines are no messages: the program does not speak this protocol"),
        "kiểm tra process.protocol và đường dẫn chương trình",
        "check process.protocol and the path of the program",
    )
}

/// A record before its schema.
pub(super) fn record_before_schema(stream: &str) -> Finding {
    error(
        "LT-PRC-010",
        format!("bản ghi của luồng \"{stream}\" đến trước SCHEMA của nó"),
        format!("a record of the stream \"{stream}\" came before its SCHEMA"),
        "chương trình sai giao thức; dùng phiên bản khác",
        "the program breaks the protocol; use another version",
    )
}

/// A record of a stream nobody announced.
pub(super) fn unknown_stream(stream: &str) -> Finding {
    error(
        "LT-PRC-011",
        format!("bản ghi của luồng chưa được khai báo \"{stream}\""),
        format!("a record of the stream \"{stream}\", which was never announced"),
        "chương trình sai giao thức; dùng phiên bản khác",
        "the program breaks the protocol; use another version",
    )
}

/// A state that goes back.
pub(super) fn state_backwards(from: &str, to: &str) -> Finding {
    error(
        "LT-PRC-012",
        format!("trạng thái đi lùi, từ {from} về {to}"),
        format!("the state went back, from {from} to {to}"),
        "chương trình sai giao thức; trạng thái đã lưu được giữ nguyên. Dùng phiên bản khác, hoặc replication = \"full_table\"",
        "the program breaks the protocol; the stored state stays. Use another version, or replication = \"full_table\"",
    )
}

/// No catalog.
pub(super) fn no_catalog(why: &Text) -> Finding {
    Finding::error(
        "LT-PRC-013",
        Text::new("không đọc được danh mục luồng của chương trình", "the program's catalog cannot be read")
            .because(why),
        Text::new(
            "chạy thử chương trình với lệnh tìm danh mục; nếu nó không có lệnh đó, đặt process.discover = false",
            "try the program's discovery by hand; where it has none, set process.discover = false",
        ),
    )
}

/// The catalog lacks the stream, or it cannot be pulled as asked.
pub(super) fn no_stream(stream: &str, vi: &str, en: &str) -> Finding {
    error(
        "LT-PRC-014",
        format!("luồng \"{stream}\": {vi}"),
        format!("the stream \"{stream}\": {en}"),
        "sửa process.stream hoặc process.replication trong manifest",
        "correct process.stream or process.replication in the manifest",
    )
}

/// It ended well and said nothing.
pub(super) fn said_nothing(stream: &str) -> Finding {
    error(
        "LT-PRC-015",
        format!("chương trình kết thúc mà không nói gì về luồng \"{stream}\""),
        format!("the program ended without a word about the stream \"{stream}\""),
        "kiểm tra tên luồng và cấu hình; như vậy không được hiểu là hệ thống trống",
        "check the stream's name and the configuration; this is not taken for an empty system",
    )
}

/// Nothing came, and a place it was to read is not there.
pub(super) fn nowhere_to_read(place: &str) -> Finding {
    error(
        "LT-PRC-027",
        format!("chương trình không cho bản ghi nào, và không có \"{place}\" mà nó phải đọc"),
        format!("the program gave no record, and \"{place}\", which it was to read, is not there"),
        "kiểm tra đường dẫn, ổ đĩa mạng và quyền của dịch vụ; như vậy không được hiểu là hệ thống trống",
        "check the path, network drives and the service's rights; this is not taken for an empty system",
    )
}

/// No state came.
pub(super) fn no_state() -> Finding {
    warning(
        "LT-PRC-016",
        "chương trình không viết trạng thái: lượt sau lại đọc từ trạng thái cũ".to_owned(),
        "the program wrote no state: the next pull begins at the old one again".to_owned(),
        "kiểm tra process.replication_key; nếu luồng không đọc tiếp được, dùng replication = \"full_table\"",
        "check process.replication_key; where the stream knows no changes, use replication = \"full_table\"",
    )
}

/// No Landlock.
pub(super) fn unfenced() -> Finding {
    warning(
        "LT-PRC-017",
        "nhân hệ điều hành không có Landlock: chương trình con đọc được mọi tệp mà dịch vụ đọc được"
            .to_owned(),
        "the kernel has no Landlock: the child program can read every file the service can read".to_owned(),
        "dùng nhân từ 5.13 có bật Landlock, hoặc chỉ chạy chương trình tin cậy",
        "use a kernel from 5.13 on with Landlock enabled, or run trusted programs only",
    )
}

/// Processes stayed.
pub(super) fn left_behind(ended: u32, survivors: u32) -> Finding {
    let (vi, en) = if survivors > 0 {
        (
            format!("{survivors} tiến trình của chương trình không dừng được"),
            format!("{survivors} processes of the program could not be ended"),
        )
    } else {
        (
            format!("chương trình để lại {ended} tiến trình, đã bị dừng"),
            format!("the program left {ended} processes behind, which were ended"),
        )
    };
    warning(
        "LT-PRC-018",
        vi,
        en,
        "kiểm tra chương trình: nó không được tạo tiến trình nền",
        "examine the program: it must not begin background processes",
    )
}

/// A record without key.
pub(super) fn without_key() -> Finding {
    error(
        "LT-PRC-019",
        "bản ghi không có khóa (hoặc khóa dài quá 200 ký tự)".to_owned(),
        "the record has no key (or one of more than 200 characters)".to_owned(),
        "chọn process.key trong manifest, hoặc sửa bản ghi ở nguồn",
        "choose process.key in the manifest, or correct the record in the source",
    )
}

/// A record that cannot be read.
pub(super) fn unreadable(why: &Text) -> Finding {
    Finding::error(
        "LT-PRC-020",
        Text::new("không đọc được bản ghi", "the record cannot be read").because(why),
        Text::new("kiểm tra bản ghi này ở nguồn", "look at the record in the source"),
    )
}

/// What the program itself says is wrong.
pub(super) fn said_error(words: &str) -> Finding {
    error(
        "LT-PRC-021",
        format!("chương trình báo lỗi: {words}"),
        format!("the program reports an error: {words}"),
        "kiểm tra settings và secrets của nguồn, tài khoản và hệ thống nguồn",
        "check the source's settings and secrets, the account and the source system",
    )
}

/// The stream was not read to its end.
pub(super) fn incomplete() -> Finding {
    error(
        "LT-PRC-022",
        "chương trình kết thúc mà chưa đọc hết luồng".to_owned(),
        "the program ended before it had read the stream to its end".to_owned(),
        "đọc nhật ký của nó; lượt sau đi tiếp từ trạng thái đã lưu",
        "read its log; the next pull goes on from the stored state",
    )
}

/// It wants its configuration changed.
pub(super) fn wants_change() -> Finding {
    warning(
        "LT-PRC-023",
        "chương trình muốn sửa cấu hình của nó (ví dụ khóa truy cập mới); điều đó không được lưu".to_owned(),
        "the program wants its configuration changed (for example a renewed token); that is not kept"
            .to_owned(),
        "dùng tài khoản có khóa không thay đổi",
        "use an account whose token does not change",
    )
}

/// A state that cannot be kept.
pub(super) fn huge_state(bytes: usize) -> Finding {
    error(
        "LT-PRC-024",
        format!("trạng thái dài {bytes} byte, quá giới hạn 1 MiB"),
        format!("the state has {bytes} bytes, over the limit of 1 MiB"),
        "chương trình giữ quá nhiều trong trạng thái; dùng replication = \"full_table\"",
        "the program keeps too much in its state; use replication = \"full_table\"",
    )
}

/// The configuration cannot be made.
pub(super) fn no_configuration(why: &str) -> Finding {
    Finding::error(
        "LT-PRC-025",
        Text::new(
            "không viết được cấu hình cho chương trình",
            "the program's configuration cannot be written",
        )
        .because(&crate::error::written_cause(why)),
        Text::new(
            "kiểm tra settings và secrets của nguồn so với [process.config] của manifest",
            "check the source's settings and secrets against [process.config] of the manifest",
        ),
    )
}

/// A key of the configuration the program says it needs.
pub(super) fn lacks_setting(name: &str) -> Finding {
    error(
        "LT-PRC-025",
        format!("chương trình cần \"{name}\" trong cấu hình của nó"),
        format!("the program needs \"{name}\" in its configuration"),
        "thêm vào [process.config] của manifest",
        "add it to [process.config] of the manifest",
    )
}

/// Nobody says what the key is.
pub(super) fn keyless() -> Finding {
    error(
        "LT-PRC-026",
        "không ai cho biết khóa của bản ghi: luồng không khai báo, manifest cũng không".to_owned(),
        "nobody says what the key of a record is: neither the stream nor the manifest".to_owned(),
        "đặt process.key trong manifest",
        "set process.key in the manifest",
    )
}

/// A message of the protocol that is not carried.
pub(super) fn not_carried(kind: &str) -> Finding {
    error(
        "LT-PRC-028",
        format!("thông điệp {kind} không được hỗ trợ"),
        format!("the message {kind} is not supported"),
        "tắt chức năng này trong cấu hình của chương trình",
        "switch the feature off in the program's configuration",
    )
}
