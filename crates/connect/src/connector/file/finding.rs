//! What is told of files and rows of a drop folder.
//!
//! Owns the sentences, their codes and remedies. It must not know how a file is read; the place of a row is added by
//! whoever met it.

use crate::connector::ConnectorError;
use crate::error::{Disposition, Finding, Place, Text, io_cause};
use chrono::{DateTime, Utc};
use std::path::Path;

pub(super) fn unreadable_folder(folder: &Path, error: &std::io::Error) -> ConnectorError {
    let finding = Finding::error(
        "LT-FIL-001",
        Text::new("không đọc được thư mục", "the folder cannot be read").because(&io_cause(error)),
        Text::new("tạo thư mục và cấp quyền đọc cho dịch vụ", "make the folder and let the service read it"),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(folder.display().to_string()))),
        disposition: Disposition::NeedsOperator,
        retry_after: None,
    }
}

pub(super) fn empty_folder(folder: &Path) -> Finding {
    Finding::info(
        "LT-FIL-004",
        Text::new("thư mục chưa có tệp nào", "the folder holds no file yet"),
        Text::new("thả tệp đầu tiên vào thư mục", "drop the first file into it"),
    )
    .at(Place::of(folder.display().to_string()))
}

pub(super) fn no_header(missing: &[&str], file: &str) -> Finding {
    let list = missing.join(", ");
    Finding::error(
        "LT-FIL-002",
        Text::new(
            format!("không tìm thấy dòng tiêu đề có cột: {list}"),
            format!("no header line with the columns: {list}"),
        ),
        Text::new(
            "ghi đúng tên cột trong 20 dòng đầu, hoặc thêm cách viết vào manifest",
            "name the columns within the first 20 lines, or add their spelling to the manifest",
        ),
    )
    .at(Place::of(file))
}

/// A file's encoding can be declared, and so can another spelling of a column. Two columns of one field come from a person's table, but where a unit always has both the manifest has to say which
/// one is meant.
pub(super) fn with_manifest_remedy(mut finding: Finding) -> Finding {
    if finding.code == "LT-TAB-003" {
        finding.remedy.vi.push_str(
            "; nếu phần mềm của đơn vị luôn ghi cùng một bảng mã, khai encoding (\"tcvn3\", \"vni\", \"viscii\", \"windows-1258\") trong mục [folder] của manifest",
        );
        finding.remedy.en.push_str(
            "; where the unit's program always writes the same encoding, declare encoding (\"tcvn3\", \"vni\", \"viscii\", \"windows-1258\") in [folder] of the manifest",
        );
    }
    if finding.code == "LT-TAB-010" || finding.code == "LT-TAB-011" {
        finding.remedy.vi.push_str(
            "; nếu đơn vị luôn viết như vậy, thêm cách viết vào synonyms của [[folder.column]] trong manifest",
        );
        finding.remedy.en.push_str(
            "; where the unit always writes it so, add the spelling to synonyms of its [[folder.column]] in the manifest",
        );
    }
    if finding.code == "LT-TAB-007" {
        finding.remedy.vi.push_str(
            "; nếu sổ của đơn vị luôn có cả hai cột, bỏ tên cột không dùng khỏi synonyms của [[folder.column]] trong manifest (và khai báo thành cột riêng nếu cần)",
        );
        finding.remedy.en.push_str(
            "; where the unit's sheets always have both, take the name that is not meant out of synonyms of [[folder.column]] in the manifest (and declare it as a column of its own if it is needed)",
        );
    }
    finding
}

/// XML of a service heals when it is asked again; of a file only whoever writes it can mend it.
pub(super) fn with_file_remedy(finding: Finding) -> Finding {
    let remedy = match finding.code.as_str() {
        "LT-XML-001" => Text::new(
            "chép lại tệp cho đủ; nếu vẫn vậy, xuất lại tệp từ phần mềm đã ghi nó",
            "copy the whole file again; if it stays so, have the program that wrote it write it anew",
        ),
        "LT-XML-002" => Text::new(
            "thường là trang HTML được lưu nhầm; xuất lại tệp XML, không có DOCTYPE",
            "usually it is an HTML page saved by mistake; write the XML file anew, without a DOCTYPE",
        ),
        "LT-XML-004" => Text::new(
            "ghi tệp bằng UTF-8 và khai đúng encoding trong dòng đầu, hoặc khai encoding trong mục [folder] của manifest",
            "write the file as UTF-8 with a true declaration in its first line, or declare encoding in [folder] of the manifest",
        ),
        _ => return finding,
    };
    Finding { remedy, ..finding }
}

pub(super) fn failed_formula(column: &str) -> Finding {
    Finding::error(
        "LT-TAB-006",
        Text::new(
            format!("ô của cột {column} là lỗi công thức"),
            format!("a cell of column {column} holds a formula error"),
        ),
        Text::new(
            "sửa công thức hoặc dán giá trị vào ô này rồi thả lại tệp",
            "correct the formula or paste the value into this cell, and put the file again",
        ),
    )
}

pub(super) fn perhaps_cut_off() -> Finding {
    Finding::error(
        "LT-FIL-005",
        Text::new(
            "dòng cuối của tệp không có dấu xuống dòng: tệp có thể bị cắt giữa chừng nên dòng này không được đọc",
            "no line end follows the last line of the file: it may be cut off there, so this line is not read",
        ),
        Text::new(
            "thả lại tệp đầy đủ; nếu phần mềm của đơn vị luôn bỏ dấu xuống dòng cuối, đặt last_line = \"unended\" trong manifest",
            "drop the whole file again; if the unit's program always leaves the last line end out, set last_line = \"unended\" in the manifest",
        ),
    )
}

pub(super) fn from_the_future(file: &str, modified: DateTime<Utc>) -> Finding {
    let at = minute(modified);
    Finding::error(
        "LT-FIL-006",
        Text::new(
            format!(
                "tệp chưa được đọc: dòng cuối không có dấu xuống dòng, và thời điểm ghi tệp ({at}) nằm trong tương lai nên không biết còn ai đang ghi hay không"
            ),
            format!(
                "the file is not read: no line end follows its last line, and the time it was written ({at}) lies in the future, so whether someone still writes it cannot be told"
            ),
        ),
        Text::new(
            "chỉnh đúng giờ máy đã ghi tệp rồi thả lại tệp đầy đủ, có dấu xuống dòng ở cuối",
            "set the clock of the machine that wrote it, and drop the whole file again with a line end after its last line",
        ),
    )
    .at(Place::of(file))
}

pub(super) fn too_large(name: &str) -> Finding {
    Finding::error(
        "LT-TAB-001",
        Text::new("tệp quá lớn", "the file is too large"),
        Text::new("chia nhỏ tệp (tối đa 32 MiB)", "split it (at most 32 MiB)"),
    )
    .at(Place::of(name))
}

pub(super) fn without_key(key: &str) -> Finding {
    Finding::error(
        "LT-FIL-003",
        Text::new(format!("dòng không có khóa (cột {key})"), format!("the row has no key (column {key})")),
        Text::new("điền ô này trong tệp rồi thả lại tệp", "fill in this cell and put the file again"),
    )
}

pub(super) fn title_or_row() -> Finding {
    Finding::error(
        "LT-FIL-033",
        Text::new(
            "dòng chỉ có một chữ, ở cột khóa hoặc ở cột bắt buộc sau số thứ tự: không rõ là tên nhóm hay là một dòng chưa điền đủ, nên các dòng dưới không nhận nhóm nào",
            "the row has one text alone, in the column of the key or behind a number in a required one: whether it is the title of a group or a row that is not filled in cannot be told, so the rows below belong to no group",
        ),
        Text::new(
            "tên nhóm: đánh số La Mã (I, II …) hoặc gộp ô sang các cột bên cạnh; dòng công việc: điền các ô còn lại, rồi thả lại tệp",
            "of a group: number it I, II … or merge its cell over the columns beside it; of a task: fill in its other cells; then put the file again",
        ),
    )
}

/// The reading of the folder broke down: nothing of the file at hand was ticked off.
pub(super) fn broken_down(folder: &Path) -> ConnectorError {
    let finding = Finding::error(
        "LT-FIL-007",
        Text::new(
            "việc đọc thư mục dừng đột ngột; tệp đang đọc dở sẽ được đọc lại",
            "the reading of the folder broke down; the file at hand will be read again",
        ),
        Text::new(
            "xem nhật ký của dịch vụ; nếu lặp lại, chuyển tệp mới nhất ra khỏi thư mục và gửi tệp đó cho người phát triển",
            "see the service's log; if it happens again, move the newest file out of the folder and send it to the developers",
        ),
    );
    ConnectorError {
        finding: Box::new(finding.at(Place::of(folder.display().to_string()))),
        disposition: Disposition::RetryLater,
        retry_after: None,
    }
}

/// Names of a list for a sentence, the first few.
fn few(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 5 { format!("{shown} …") } else { shown }
}

pub(super) fn empty_files(names: &[String]) -> Finding {
    let (count, list) = (names.len(), few(names));
    Finding::warning(
        "LT-FIL-020",
        Text::new(
            format!("{count} tệp rỗng (0 byte): {list}"),
            format!("{count} empty files (0 bytes): {list}"),
        ),
        Text::new(
            "việc chép tệp có thể đã dừng giữa chừng (đầy đĩa, mất kết nối): chép lại hoặc xóa tệp rỗng",
            "copying may have stopped half-way (disk full, connection lost): copy them again or delete them",
        ),
    )
}

/// Files someone may still be writing, each with why it looks so.
pub(super) fn waiting(files: &[(String, Text)], settle_s: u32) -> Finding {
    let list = |text: fn(&Text) -> &str| {
        let named: Vec<String> = files.iter().map(|(name, why)| format!("{name} ({})", text(why))).collect();
        few(&named)
    };
    let count = files.len();
    let settles = settle_s.div_ceil(60);
    Finding::warning(
        crate::connector::FILES_WAIT,
        Text::new(
            format!("{count} tệp đang chờ, chưa được đọc: {}", list(|why| &why.vi)),
            format!("{count} files wait and are not read yet: {}", list(|why| &why.en)),
        ),
        Text::new(
            format!(
                "tệp đang được chép thì không cần làm gì; tệp đã chép xong thì chép lại cho đủ, dòng cuối có dấu xuống dòng, hoặc chờ {settles} phút kể từ lần ghi cuối"
            ),
            format!(
                "nothing while it is being copied; if that is done, copy the whole file again with a line end after its last line, or wait until {settles} min after it was last written"
            ),
        ),
    )
}

pub(super) fn no_end() -> Text {
    Text::new("dòng cuối chưa có dấu xuống dòng", "its last line has no end yet")
}

pub(super) fn breaks_off() -> Text {
    Text::new("nội dung bị cắt giữa chừng", "its content breaks off")
}

pub(super) fn repeated_key(key: &str, count: u64) -> Finding {
    let key = crate::domain::CitizenId::mask_in(key);
    Finding::warning(
        "LT-FIL-031",
        Text::new(
            format!(
                "tệp có {count} dòng lặp lại khóa của dòng trước nhưng nội dung khác, dòng đầu tiên như vậy có khóa \"{key}\"; dòng đứng sau được tính"
            ),
            format!(
                "{count} rows of the file have the key of an earlier row and say something else, the first of them \"{key}\"; the later row counts"
            ),
        ),
        Text::new(
            "để mỗi khóa một dòng, hoặc sửa khóa của các dòng là công việc khác nhau, rồi thả lại tệp",
            "leave one row for each key, or correct the keys where they are different tasks, and drop the file again",
        ),
    )
}

pub(super) fn too_many_keys(file: &str) -> Finding {
    Finding::error(
        "LT-FIL-032",
        Text::new(
            format!("thư mục có quá nhiều dòng: từ tệp {file} trở về trước không được đọc lại"),
            format!("the folder holds too many rows: the file {file} and those before it are not read again"),
        ),
        Text::new(
            "chuyển tệp cũ đã đọc sang thư mục khác",
            "move old files that were read to another folder",
        ),
    )
    .at(Place::of(file))
}

fn minute(at: DateTime<Utc>) -> String {
    at.with_timezone(&crate::domain::local_offset()).format("%d/%m/%Y %H:%M").to_string()
}

pub(super) fn empty_newest(file: &str) -> Finding {
    Finding::error(
        "LT-PPL-041",
        Text::new(
            "tệp mới nhất rỗng (0 byte): danh sách chưa đầy đủ, tệp cũ hơn không được dùng thay",
            "the newest file is empty (0 bytes): that is no whole list, and an older file does not take its place",
        ),
        Text::new("chép lại tệp danh sách, hoặc xóa tệp rỗng", "copy the list again, or delete the empty file"),
    )
    .at(Place::of(file))
}

pub(super) fn older_list(file: &str, written: DateTime<Utc>, taken: DateTime<Utc>) -> Finding {
    let (written, taken) = (minute(written), minute(taken));
    Finding::error(
        "LT-PPL-040",
        Text::new(
            format!("tệp được ghi lúc {written}, trước danh sách đã nhập gần nhất ({taken}): không dùng, tránh quay về dữ liệu cũ"),
            format!("the file was written at {written}, before the list imported last ({taken}): it is not used, people do not go back to what they were"),
        ),
        Text::new(
            "đặt lại tệp mới nhất; nếu tệp này mới là danh sách đúng, lưu lại để tệp có thời điểm ghi mới",
            "put the newest file back; if this one is right after all, save it again so that its time is new",
        ),
    )
    .at(Place::of(file))
}

pub(super) fn too_many_files(folder: &Path, most: usize) -> Finding {
    Finding::error(
        "LT-FIL-021",
        Text::new(
            format!("thư mục có hơn {most} tệp; chỉ {most} tệp được xem, phần còn lại chưa đọc"),
            format!("the folder holds more than {most} files; {most} are looked at, the rest is not read"),
        ),
        Text::new(
            "chuyển tệp cũ đã đọc sang thư mục khác",
            "move old files that were read to another folder",
        ),
    )
    .at(Place::of(folder.display().to_string()))
}

pub(super) fn locked(file: &str) -> Finding {
    Finding::warning(
        "LT-FIL-022",
        Text::new(
            "một chương trình đang khóa tệp nên tệp chưa được đọc",
            "a program holds a lock on the file, so it is not read",
        ),
        Text::new(
            "đóng tệp ở chương trình đang mở; lần đọc sau sẽ thử lại",
            "close it in the program that has it open; the next pull tries again",
        ),
    )
    .at(Place::of(file))
}

pub(super) fn no_text(file: &str) -> Finding {
    Finding::error(
        "LT-FIL-023",
        Text::new(
            "tệp không phải văn bản, hoặc có bảng mã không rõ ràng",
            "the file is no text, or in an encoding that cannot be told",
        ),
        Text::new(
            "ghi tệp bằng UTF-8, hoặc khai encoding trong mục [folder] của manifest",
            "write the file as UTF-8, or declare encoding in [folder] of the manifest",
        ),
    )
    .at(Place::of(file))
}

pub(super) fn no_json(file: &str, why: &Text) -> Finding {
    Finding::error(
        "LT-FIL-024",
        Text::new("tệp không phải JSON đọc được", "the file is no readable JSON").because(why),
        Text::new(
            "ghi lại tệp đầy đủ; nếu mỗi dòng là một đối tượng, dùng format = \"json_lines\"",
            "write the whole file again; where each line is an object, use format = \"json_lines\"",
        ),
    )
    .at(Place::of(file))
}

pub(super) fn no_records(file: &str, pointer: &str) -> Finding {
    let place = if pointer.is_empty() { "/" } else { pointer };
    Finding::error(
        "LT-FIL-025",
        Text::new(
            format!("không có danh sách bản ghi tại {place}"),
            format!("there is no list of records at {place}"),
        ),
        Text::new(
            "sửa records trong mục [folder] của manifest",
            "correct records in [folder] of the manifest",
        ),
    )
    .at(Place::of(file))
}

pub(super) fn unreadable_file(file: &str, error: &std::io::Error) -> Finding {
    Finding::error(
        "LT-FIL-026",
        Text::new("không đọc được tệp", "the file cannot be read").because(&io_cause(error)),
        Text::new("cấp quyền đọc tệp cho dịch vụ", "let the service read the file"),
    )
    .at(Place::of(file))
}

pub(super) fn large_record(bytes: usize) -> Finding {
    Finding::error(
        "LT-FIL-027",
        Text::new(
            format!("bản ghi quá lớn ({bytes} byte)"),
            format!("the record is too large ({bytes} bytes)"),
        ),
        Text::new(
            "bỏ nội dung tệp đính kèm khỏi bản ghi (tối đa 8 MiB)",
            "leave attached files out of the record (at most 8 MiB)",
        ),
    )
}

pub(super) fn broken_record(why: &Text) -> Finding {
    Finding::error(
        "LT-FIL-028",
        Text::new("bản ghi không phải JSON đọc được", "the record is no readable JSON").because(why),
        Text::new(
            "sửa bản ghi rồi thả lại tệp; các bản ghi khác vẫn được đọc",
            "correct the record and drop the file again; the others go on",
        ),
    )
}

pub(super) fn without_table(file: &str, sheet: &str) -> Finding {
    Finding::info(
        "LT-FIL-029",
        Text::new(
            format!("trang tính \"{sheet}\" không có dòng tiêu đề nên không được đọc"),
            format!("the sheet \"{sheet}\" has no header and is not read"),
        ),
        Text::new(
            "không cần làm gì nếu trang đó là ghi chú; nếu là bảng, ghi tên cột trong 20 dòng đầu",
            "nothing where it holds notes; where it is a table, name its columns within the first 20 lines",
        ),
    )
    .at(Place::of(file))
}
