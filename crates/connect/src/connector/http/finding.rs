//! What can be wrong with a source's answers, in both languages.
//!
//! Owns the sentences and codes of listing, paging and detail calls. Values of records are never shown here.

use super::super::json::{JsonError, MAX_RECORDS};
use super::super::salted::hex;
use crate::error::{Finding, Text, written_cause};
use sha2::{Digest as _, Sha256};

/// The far side failed again and again and is left alone for a while.
pub(super) fn paused(why: &Finding) -> Finding {
    Finding::warning(
        "LT-SRC-087",
        Text::new(
            "hệ thống nguồn lỗi liên tiếp nên đang được để yên",
            "the far side failed again and again and is left alone",
        )
        .because(&why.what),
        Text::new(
            "không cần làm gì nếu bên kia đang bảo trì: nguồn được hỏi lại vào \"Lần tới\"; kéo dài thì báo đơn vị quản lý hệ thống nguồn",
            "nothing where it is being maintained: it is asked again at \"Next\"; if it lasts, tell the owner of the source system",
        ),
    )
}

pub(super) fn not_http(name: &str) -> Finding {
    Finding::error(
        "LT-MAN-011",
        Text::new(
            format!("manifest \"{name}\" không phải loại http"),
            format!("the manifest \"{name}\" is not of kind http"),
        ),
        Text::new("chọn manifest khác cho nguồn này", "choose another manifest for this source"),
    )
}

pub(super) fn cannot_ask(why: &str) -> Finding {
    Finding::error(
        "LT-MAN-010",
        Text::new("không viết được yêu cầu", "the request cannot be written").because(&written_cause(why)),
        Text::new(
            "kiểm tra settings của nguồn và các mẫu {{ … }} trong manifest",
            "check the source's settings and the {{ … }} templates of the manifest",
        ),
    )
}

pub(super) fn not_text() -> Finding {
    Finding::error(
        "LT-SRC-019",
        Text::new(
            "câu trả lời không phải UTF-8 và bảng mã không rõ ràng",
            "the answer is not UTF-8 and its encoding is unclear",
        ),
        Text::new(
            "đề nghị nguồn trả UTF-8; không có bản ghi nào được đoán",
            "ask the source for UTF-8; nothing was guessed",
        ),
    )
}

pub(super) fn not_json(why: &JsonError) -> Finding {
    Finding::error(
        "LT-SRC-002",
        Text::new(
            "câu trả lời không phải JSON trọn vẹn, cả trang bị bỏ",
            "the answer is no complete JSON, the whole page is thrown away",
        )
        .because(&why.told()),
        Text::new(
            "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, báo đơn vị quản lý hệ thống nguồn",
            "a running daemon tries again by itself; if it lasts, tell the source's owner",
        ),
    )
}

pub(super) fn cut_off() -> Finding {
    Finding::error(
        "LT-SRC-050",
        Text::new(
            "dòng cuối của câu trả lời không kết thúc và không có gì chứng tỏ câu trả lời đã trọn vẹn, cả trang bị bỏ",
            "the last line of the answer is not ended and nothing proves the answer whole, the page is thrown away",
        ),
        Text::new(
            "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, đề nghị nguồn gửi Content-Length hoặc kết thúc dòng cuối",
            "a running daemon tries again by itself; if it lasts, ask the source for Content-Length or an ended last line",
        ),
    )
}

pub(super) fn no_key_column(key: &str) -> Finding {
    Finding::error(
        "LT-SRC-051",
        Text::new(
            format!("20 dòng đầu của bảng không có dòng tiêu đề với cột \"{key}\""),
            format!("the first 20 lines of the table hold no header with the column \"{key}\""),
        ),
        Text::new(
            "sửa stream.key cho đúng tên cột; nếu câu trả lời là trang thông báo, kiểm tra tài khoản và địa chỉ",
            "correct stream.key to the column's name; if the answer is a notice, check account and address",
        ),
    )
}

pub(super) fn column_twice(name: &str) -> Finding {
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    Finding::error(
        "LT-SRC-052",
        Text::new(
            format!("bảng có hai cột cùng tên \"{name}\": không rõ cột nào cần đọc"),
            format!("the table has two columns \"{name}\": which is meant cannot be told"),
        ),
        Text::new(
            "đề nghị nguồn đặt tên khác nhau, hoặc xuất mẫu khác",
            "ask the source for different names, or for another export",
        ),
    )
}

pub(super) fn wider_row() -> Finding {
    Finding::error(
        "LT-SRC-053",
        Text::new(
            "dòng có nhiều ô hơn tiêu đề: giá trị có thể đã lệch cột",
            "the row has more cells than the header: values may stand in wrong columns",
        ),
        Text::new(
            "thường do dấu phân cách trong ô không có dấu nháy; sửa ở nguồn, các dòng khác vẫn được xử lý",
            "usually a delimiter inside a cell without quotes; correct it in the source, the other rows go on",
        ),
    )
}

pub(super) fn failed_cell(column: &str) -> Finding {
    let column: String = column.chars().filter(|c| !c.is_control()).take(60).collect();
    Finding::error(
        "LT-SRC-054",
        Text::new(
            format!("ô của cột \"{column}\" là lỗi công thức"),
            format!("a cell of the column \"{column}\" holds a formula error"),
        ),
        Text::new(
            "sửa công thức ở nguồn; các dòng khác vẫn được xử lý",
            "correct the formula in the source; the other rows go on",
        ),
    )
}

/// No list stands where the manifest says; `other` = something else does.
pub(super) fn no_records(other: bool) -> Finding {
    let (vi, en) = match other {
        true => ("ở đó không phải một danh sách", "not a list"),
        false => ("ở đó không có gì", "missing"),
    };
    Finding::error(
        "LT-SRC-001",
        Text::new(
            format!("không có danh sách bản ghi ở chỗ đã khai ({vi})"),
            format!("there is no list of records at the declared place ({en})"),
        ),
        Text::new(
            "sửa stream.records trong manifest; có thể nguồn đã đổi phiên bản",
            "correct stream.records in the manifest; the source may have changed its version",
        ),
    )
}

pub(super) fn not_successful(said: &str) -> Finding {
    let quoted = if said.is_empty() { String::new() } else { format!(": {said}") };
    Finding::error(
        "LT-SRC-020",
        Text::new(
            format!("nguồn trả mã thành công nhưng nội dung báo lỗi{quoted}"),
            format!("the source answers with a good status but its content tells of an error{quoted}"),
        ),
        Text::new(
            "xem thông báo của nguồn; điều kiện nằm ở success.check trong manifest",
            "see the source's message; the condition is success.check of the manifest",
        ),
    )
}

pub(super) fn refused(status: u16, said: &str) -> Finding {
    let quoted = if said.is_empty() { String::new() } else { format!(": {said}") };
    Finding::error(
        "LT-SRC-055",
        Text::new(
            format!("nguồn từ chối tài khoản trong nội dung trả lời (HTTP {status}){quoted}"),
            format!("the source refuses the account inside its answer (HTTP {status}){quoted}"),
        ),
        Text::new(
            "sửa tài khoản hoặc mật khẩu của nguồn rồi nạp lại (SIGHUP); việc thử tạm dừng để tài khoản không bị khóa; dấu hiệu nằm ở success.refused trong manifest",
            "correct the source's account or password and reload (SIGHUP); trying is paused so that the account is not locked; the sign is success.refused of the manifest",
        ),
    )
}

pub(super) fn no_key() -> Finding {
    Finding::error(
        "LT-SRC-003",
        Text::new(
            "bản ghi không có khóa (1–200 ký tự, không có ký tự điều khiển)",
            "the record has no key (1–200 characters, no control characters)",
        ),
        Text::new(
            "kiểm tra stream.key trong manifest và dữ liệu ở nguồn",
            "check stream.key of the manifest and the data at the source",
        ),
    )
}

/// A record over the limit; only its beginning is kept, so that its digest says which one it was.
pub(super) fn too_large(record: &str, limit: usize) -> Finding {
    let (bytes, digest) = (record.len(), hex(&Sha256::digest(record.as_bytes())));
    Finding::error(
        "LT-SRC-004",
        Text::new(
            format!("bản ghi {bytes} byte (SHA-256 {digest}…), lớn hơn giới hạn {limit} byte"),
            format!("the record has {bytes} bytes (SHA-256 {digest}…), more than the limit of {limit}"),
        ),
        Text::new(
            "kiểm tra bản ghi ở nguồn, hoặc tăng stream.max_record_kib",
            "look at the record in the source, or raise stream.max_record_kib",
        ),
    )
}

pub(super) fn series() -> Finding {
    Finding::error(
        "LT-SRC-096",
        Text::new(
            "công việc lặp lại: bản ghi đại diện cho nhiều lần mà không nói lần nào đã xong, nên không đọc thành một nhiệm vụ",
            "a recurring task: the record stands for many and does not say which of them are done, so it is not read as one",
        ),
        Text::new(
            "tạo mỗi lần thành một công việc riêng, hoặc dùng phần mềm lịch ghi riêng từng lần hoàn thành (RECURRENCE-ID); lần nào được ghi riêng thì đã được đọc",
            "make each occurrence a task of its own, or use a program that keeps what is said of each (RECURRENCE-ID); those that are told apart are read",
        ),
    )
}

pub(super) fn too_many_records() -> Finding {
    Finding::error(
        "LT-SRC-024",
        Text::new(
            format!("một câu trả lời có hơn {MAX_RECORDS} bản ghi"),
            format!("one answer holds more than {MAX_RECORDS} records"),
        ),
        Text::new(
            "khai báo phân trang trong manifest (paging), hoặc giảm paging.size",
            "declare paging in the manifest, or lower paging.size",
        ),
    )
}

pub(super) fn unreadable(code: &str, why: &Text) -> Finding {
    Finding::error(
        code,
        Text::new("bản ghi không đọc được", "the record cannot be read").because(why),
        Text::new(
            "báo đơn vị quản lý hệ thống nguồn; các bản ghi khác vẫn được xử lý",
            "tell the owner of the source system; the other records go on",
        ),
    )
}

pub(super) fn endless(vi: &str, en: &str) -> Finding {
    Finding::error(
        "LT-SRC-011",
        Text::new(format!("phân trang không dừng: {vi}"), format!("paging does not end: {en}")),
        Text::new(
            "kiểm tra [paging] trong manifest (tên tham số, next); các trang trước đó đã được lưu",
            "check [paging] of the manifest (names of parameters, next); the pages before were stored",
        ),
    )
}

pub(super) fn too_many_pages(limit: u32) -> Finding {
    Finding::error(
        "LT-SRC-012",
        Text::new(format!("nguồn có hơn {limit} trang"), format!("the source has more than {limit} pages")),
        Text::new(
            "tăng paging.max_pages nếu nguồn đúng là lớn như vậy",
            "raise paging.max_pages if the source really is that large",
        ),
    )
}

pub(super) fn short(seen: u64, total: u64) -> Finding {
    Finding::warning(
        "LT-SRC-013",
        Text::new(
            format!("nguồn báo có {total} bản ghi nhưng chỉ thấy {seen}; không coi bản ghi nào là đã mất"),
            format!("the source tells of {total} records but showed {seen}; none is called gone"),
        ),
        Text::new(
            "kiểm tra quyền của tài khoản và bộ lọc mặc định; nếu danh sách xê dịch khi đọc, đặt snapshot = \"shifting\"",
            "check the account's rights and default filters; if the list moves while it is read, set snapshot = \"shifting\"",
        ),
    )
}

pub(super) fn beyond(seen: u64, total: u64) -> Finding {
    Finding::warning(
        "LT-SRC-013",
        Text::new(
            format!("nguồn báo có {total} bản ghi nhưng đưa ra {seen}; không coi bản ghi nào là đã mất"),
            format!("the source tells of {total} records but showed {seen}; none is called gone"),
        ),
        Text::new(
            "báo đơn vị quản lý hệ thống nguồn rằng tổng số sai, hoặc bỏ stream.total trong manifest nếu nó đếm thứ khác",
            "tell the owner of the source system that its total is wrong, or leave stream.total out of the manifest where it counts something else",
        ),
    )
}

/// Code of [`nothing_shown`].
pub(super) const NOTHING_SHOWN: &str = "LT-SRC-014";

pub(super) fn nothing_shown() -> Finding {
    Finding::warning(
        NOTHING_SHOWN,
        Text::new("nguồn không đưa ra bản ghi nào", "the source shows no record at all"),
        Text::new(
            "kiểm tra quyền của tài khoản và bộ lọc; hệ thống không coi các nhiệm vụ đã biết là đã mất",
            "check the account's rights and filters; known tasks are not called gone",
        ),
    )
}

pub(super) fn unsettled(passes: u32) -> Finding {
    Finding::warning(
        "LT-SRC-015",
        Text::new(
            format!("danh sách vẫn xê dịch sau {passes} lượt đọc; không coi bản ghi nào là đã mất"),
            format!("the list still moves after {passes} passes; none is called gone"),
        ),
        Text::new(
            "đọc toàn bộ vào giờ ít người dùng, hoặc tăng stream.max_passes",
            "run the full pull at a quiet hour, or raise stream.max_passes",
        ),
    )
}

pub(super) fn repeated(rows: u64) -> Finding {
    Finding::warning(
        "LT-SRC-016",
        Text::new(
            format!("{rows} bản ghi xuất hiện hai lần khi phân trang; có thể bản ghi khác bị sót"),
            format!("{rows} records stood on two pages; others may have been missed"),
        ),
        Text::new(
            "đặt stream.snapshot = \"shifting\" trong manifest",
            "set stream.snapshot = \"shifting\" in the manifest",
        ),
    )
}

pub(super) fn borders_unproven() -> Finding {
    Finding::warning(
        "LT-SRC-016",
        Text::new(
            "không chứng minh được danh sách nhiều trang đã đọc hết: bản ghi bị xóa hoặc sửa trong lúc đọc làm bản ghi khác trượt qua ranh giới trang; không coi bản ghi nào là đã mất",
            "nothing proves that a list of several pages was seen whole: where rows are deleted or edited while it is read, others slip over a page's border; none is called gone",
        ),
        Text::new(
            "khai báo stream.total nếu nguồn có báo; nếu danh sách hay thay đổi trong lúc đọc, đặt stream.snapshot = \"shifting\" trong manifest",
            "name stream.total where the source tells one; where the list often changes while it is read, set stream.snapshot = \"shifting\" in the manifest",
        ),
    )
}

pub(super) fn detail_refused(name: &str, status: u16) -> Finding {
    Finding::error(
        "LT-SRC-017",
        Text::new(
            format!("không lấy được chi tiết \"{name}\" của bản ghi (HTTP {status})"),
            format!("the detail \"{name}\" of the record was not given (HTTP {status})"),
        ),
        Text::new(
            "kiểm tra quyền của tài khoản và [[detail]] trong manifest; bản ghi được đọc lại khi nguồn đưa ra lần sau",
            "check the account's rights and [[detail]] of the manifest; the record is read when the source shows it again",
        ),
    )
}

pub(super) fn vanished(name: &str, status: u16) -> Finding {
    Finding::warning(
        "LT-SRC-022",
        Text::new(
            format!("bản ghi có trong danh sách nhưng chi tiết \"{name}\" không còn (HTTP {status})"),
            format!("a listed record has no detail \"{name}\" any more (HTTP {status})"),
        ),
        Text::new(
            "thường là bản ghi vừa bị xóa ở nguồn: không cần làm gì; nếu lặp lại, kiểm tra [[detail]].path trong manifest",
            "usually it was just deleted at the source: nothing to do; if it repeats, check [[detail]].path of the manifest",
        ),
    )
}

pub(super) fn no_mark(header: &str) -> Finding {
    Finding::warning(
        "LT-SRC-023",
        Text::new(
            format!("câu trả lời không có header {header} với một thời điểm đọc được; mốc đọc cũ được giữ"),
            format!(
                "the answer has no header {header} with a readable moment; the old point to go on from is kept"
            ),
        ),
        Text::new(
            "sửa incremental.header hoặc incremental.date trong manifest",
            "correct incremental.header or incremental.date of the manifest",
        ),
    )
}

pub(super) fn no_opaque_mark() -> Finding {
    Finding::warning(
        "LT-SRC-088",
        Text::new(
            "câu trả lời không có mốc (incremental.mark); mốc đọc cũ được giữ",
            "the answer has no mark (incremental.mark); the old point to go on from is kept",
        ),
        Text::new("sửa incremental.mark trong manifest", "correct incremental.mark of the manifest"),
    )
}

pub(super) fn mark_refused(status: u16) -> Finding {
    Finding::warning(
        crate::connector::MARK_REFUSED,
        Text::new(
            format!("nguồn không còn nhận mốc đọc đã lưu (HTTP {status}); đọc lại toàn bộ"),
            format!(
                "the source does not know the stored mark any more (HTTP {status}); everything is read again"
            ),
        ),
        Text::new(
            "không cần xử lý; nếu lặp lại, kiểm tra quyền của tài khoản với danh sách này",
            "nothing to do; if it happens again and again, look whether the account may read this list",
        ),
    )
}

pub(super) fn no_icalendar(why: &Text) -> Finding {
    Finding::error(
        "LT-SRC-090",
        Text::new("nội dung lịch không đọc được", "the calendar text cannot be read").because(why),
        Text::new(
            "sửa mục này ở hệ thống nguồn, hoặc sửa stream.icalendar trong manifest",
            "correct this entry at the source, or stream.icalendar of the manifest",
        ),
    )
}

pub(super) fn strange_cursor() -> Finding {
    Finding::warning(
        "LT-SRC-018",
        Text::new(
            "mốc đọc đã lưu không dùng được (hỏng hoặc ở tương lai)",
            "the stored point to go on from cannot be used (broken or in the future)",
        ),
        Text::new(
            "hệ thống tự đọc lại rộng hơn; kiểm tra đồng hồ của máy chủ nguồn",
            "more is read again by itself; check the clock of the source",
        ),
    )
}

pub(super) fn not_sorted() -> Finding {
    Finding::warning(
        "LT-SRC-021",
        Text::new(
            "danh sách không theo thứ tự thời gian như manifest khai (incremental.sorted)",
            "the list is not in the order of time the manifest declares (incremental.sorted)",
        ),
        Text::new(
            "bỏ sorted trong manifest; lượt đọc này chỉ lưu mốc ở cuối",
            "leave out sorted in the manifest; this pull keeps its point only at the end",
        ),
    )
}

pub(super) fn not_ascending() -> Finding {
    Finding::error(
        "LT-SRC-060",
        Text::new(
            "danh sách không tăng dần theo thời điểm sửa và khóa; đọc tiếp sau bản ghi cuối sẽ bỏ sót, nên cả trang bị bỏ",
            "the list does not ascend by time of change and key; going on behind its last record would lose others, so the page is thrown away",
        ),
        Text::new(
            "thêm tham số sắp xếp vào stream.query, hoặc dùng cách phân trang khác trong [paging]",
            "add the parameter that sorts to stream.query, or use another way of paging",
        ),
    )
}

pub(super) fn too_many_parents(name: &str, limit: u32) -> Finding {
    Finding::error(
        "LT-SRC-061",
        Text::new(
            format!("có hơn {limit} cấp trên \"{name}\", hoặc chúng lớn hơn 32 MiB"),
            format!("there are more than {limit} parents \"{name}\", or they weigh more than 32 MiB"),
        ),
        Text::new(
            "lọc bằng parent.when, chỉ giữ thành phần cần thiết (parent.keep), hoặc tăng parent.max",
            "filter with parent.when, keep only the members needed (parent.keep), or raise parent.max",
        ),
    )
}

pub(super) fn parent_unreadable(name: &str, why: &Text) -> Finding {
    Finding::error(
        "LT-SRC-062",
        Text::new(
            format!("cấp trên \"{name}\" không đọc được"),
            format!("a parent \"{name}\" cannot be read"),
        )
        .because(why),
        Text::new(
            "kiểm tra [[parent]] trong manifest (key, when); không thể hỏi các nhiệm vụ bên dưới",
            "check [[parent]] of the manifest (key, when); its tasks cannot be asked for",
        ),
    )
}

pub(super) fn parent_skipped(status: u16) -> Finding {
    Finding::warning(
        "LT-SRC-063",
        Text::new(
            format!(
                "nguồn từ chối danh sách dưới một cấp trên (HTTP {status}); các cấp trên khác vẫn được đọc, mốc đọc giữ nguyên"
            ),
            format!(
                "the list below one parent was refused (HTTP {status}); the others are read, the point to go on from stays"
            ),
        ),
        Text::new(
            "kiểm tra quyền của tài khoản ở cấp trên này, hoặc loại nó bằng parent.when",
            "check the account's rights there, or leave it out with parent.when",
        ),
    )
}

pub(super) fn key_below_two_parents() -> Finding {
    Finding::warning(
        "LT-SRC-064",
        Text::new(
            "cùng một khóa đứng dưới hai cấp trên; lần đọc sau ghi đè lần đọc trước",
            "the same key stands below two parents; the later one overwrites the other",
        ),
        Text::new(
            "đặt stream.key_scope = \"parent\" nếu đó là hai nhiệm vụ khác nhau",
            "set stream.key_scope = \"parent\" if these are two tasks",
        ),
    )
}

pub(super) fn export_failed(state: &str, said: &str) -> Finding {
    let why = if said.is_empty() { String::new() } else { format!(": {said}") };
    Finding::error(
        "LT-SRC-065",
        Text::new(
            format!("nguồn không lập được tệp kết xuất, trạng thái \"{state}\"{why}"),
            format!("the source could not make the export, its state is \"{state}\"{why}"),
        ),
        Text::new(
            "lần chạy sau tự lập tệp mới; nếu lặp lại, xem nhật ký của hệ thống nguồn",
            "the next run starts a new one by itself; if it repeats, see the log of the source",
        ),
    )
}

pub(super) fn export_never_ended(seconds: u32, state: &str) -> Finding {
    Finding::error(
        "LT-SRC-066",
        Text::new(
            format!("tệp kết xuất không xong trong {seconds} giây, trạng thái cuối \"{state}\""),
            format!("the export was not done within {seconds} seconds, its last state was \"{state}\""),
        ),
        Text::new(
            "tăng export.poll.timeout_s, hoặc thêm trạng thái này vào export.poll.done hay failed",
            "raise export.poll.timeout_s, or add this state to export.poll.done or failed",
        ),
    )
}

pub(super) fn export_without(name: &str) -> Finding {
    Finding::error(
        "LT-SRC-067",
        Text::new(
            format!("câu trả lời về tệp kết xuất không có \"{name}\" ở chỗ đã khai"),
            format!("the answer about the export has no \"{name}\" at the declared place"),
        ),
        Text::new(
            "sửa export.id hoặc export.poll.address trong manifest",
            "correct export.id or export.poll.address of the manifest",
        ),
    )
}

pub(super) fn no_highest() -> Finding {
    Finding::error(
        "LT-SRC-068",
        Text::new(
            "câu trả lời không cho biết mã lớn nhất, nên không biết danh sách hết ở đâu",
            "the answer does not tell the highest id, so nobody knows where the list ends",
        ),
        Text::new("sửa paging.highest trong manifest", "correct paging.highest of the manifest"),
    )
}

pub(super) fn users_unfit(why: &Text) -> Finding {
    Finding::error(
        "LT-SRC-092",
        Text::new("không dùng được danh sách người dùng", "the list of users cannot be used").because(why),
        Text::new(
            "sửa tệp bí mật (dòng đầu là tên cột, mỗi người một dòng) hoặc [users] trong manifest; chưa hỏi ai",
            "correct the secret file (a header, then a line for each user) or [users] of the manifest; nobody was asked for",
        ),
    )
}

pub(super) fn user_left_out(user: &str, why: &Finding) -> Finding {
    let user = user.strip_prefix("user ").unwrap_or(user);
    Finding::warning(
        "LT-SRC-093",
        Text::new(
            format!("tài khoản {user} bị từ chối và được bỏ qua lần này ({})", why.code),
            format!("user {user} was refused and is left out this time ({})", why.code),
        )
        .because(&why.what),
        Text::new(
            "sửa token hoặc mật khẩu của người này trong tệp bí mật rồi nạp lại; bỏ dòng nếu người này đã nghỉ: nhiệm vụ đã thấy vẫn giữ",
            "correct this user's token or password in the secret file and reload; take the line out if they left: their tasks stay",
        ),
    )
}

pub(super) fn more_left_out(more: usize) -> Finding {
    Finding::warning(
        "LT-SRC-093",
        Text::new(
            format!("và {more} tài khoản khác bị từ chối"),
            format!("and {more} more users were refused"),
        ),
        Text::new(
            "kiểm tra tệp bí mật của [users]; có thể mọi token đã hết hạn cùng lúc",
            "check the secret file of [users]; tokens may all have ended at once",
        ),
    )
}

pub(super) fn nobody_let_in(first: &Finding, count: usize) -> Finding {
    Finding::error(
        "LT-SRC-094",
        Text::new(
            format!("không tài khoản nào trong {count} tài khoản được chấp nhận ({})", first.code),
            format!("none of {count} users was let in ({})", first.code),
        )
        .because(&first.what),
        Text::new(
            "kiểm tra tệp bí mật và [users.auth] trong manifest; không coi nhiệm vụ nào là đã mất",
            "check the secret file and [users.auth] of the manifest; nothing is called gone",
        ),
    )
}

pub(super) fn no_such_user() -> Finding {
    Finding::error(
        "LT-SRC-095",
        Text::new(
            "bản ghi được thấy bằng một tài khoản không còn trong danh sách, nên không hỏi tiếp được chi tiết",
            "the record was shown to a user who is not in the list any more, so its details cannot be asked for",
        ),
        Text::new(
            "thêm lại tài khoản này, hoặc chờ một người khác cùng thấy nhiệm vụ",
            "add the user again, or wait until somebody else is shown the task",
        ),
    )
}

pub(super) fn shown_to_two() -> Finding {
    Finding::warning(
        "LT-SRC-097",
        Text::new(
            "có nhiệm vụ nằm trong danh sách của nhiều người, mà manifest lấy người thực hiện là người được thấy ($user); người đứng trước trong danh sách được tính",
            "tasks stand in the lists of several users while the manifest takes whoever is shown them ($user); the one who stands first in the list counts",
        ),
        Text::new(
            "đọc người thực hiện từ chính bản ghi nếu nguồn có nêu",
            "read the assignee from the record itself, where the source names them",
        ),
    )
}
