//! Files that are no table though their name or the program that made them says so.
//!
//! Owns what each looks like and what to do with it. Pages of a web export and documents are never
//! read as text: their first lines would be told as a missing header. It must not know what a table holds.

use super::refusal;
use crate::error::Finding;

/// Bytes looked at.
const LOOKED_AT: usize = 2_048;
/// Bytes at the end of an archive among which its parts are listed.
const PARTS: usize = 64 << 10;
/// How a container of old Excel begins; an XLSX with a password is one, too.
pub(super) const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What the file is instead of a table; none when it may be one.
pub(super) fn finding(name: &str, bytes: &[u8]) -> Option<Finding> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    // The zeros of UTF-16 say nothing.
    let text: String =
        String::from_utf8_lossy(head).to_lowercase().replace(['\0', '\u{feff}', '\u{fffd}'], "");
    let text = text.trim_start();
    let page = ["<html", "<!doctype html", "<table", "<head", "<meta", "<style", "<body", "<div"];
    let save = (
        "mở bằng Excel hoặc LibreOffice, chọn Lưu thành (Save As) loại \"Excel Workbook (.xlsx)\" không mật khẩu, rồi dùng tệp mới",
        "open it in Excel or LibreOffice, save it as \"Excel Workbook (.xlsx)\" without a password and use the new file",
    );
    let (vi, en) = if text.starts_with('<') && text.contains("urn:schemas-microsoft-com:office:spreadsheet") {
        ("bảng tính XML 2003", "an XML spreadsheet of 2003")
    } else if text.starts_with('<') && page.iter().any(|sign| text.contains(sign)) {
        (
            "trang web (HTML), như nhiều hệ thống xuất ra dưới tên .xls hoặc .xlsx",
            "a web page (HTML), as many systems export it under the name .xls or .xlsx",
        )
    } else if is_open_document(head) && !is_open_spreadsheet(head) {
        ("tài liệu OpenDocument (.odt, .odp …)", "an OpenDocument text or presentation")
    } else if head.starts_with(b"%PDF-") {
        ("tài liệu PDF", "a PDF document")
    } else if is_word(bytes) {
        ("văn bản Word (DOCX)", "a Word document (DOCX)")
    } else {
        return None;
    };
    let (vi, en) = (
        format!("tệp không phải XLSX, XLS, ODS hay CSV mà có vẻ là {vi}"),
        format!("the file is no XLSX, XLS, ODS or CSV, it looks like {en}"),
    );
    let save = if is_word(bytes) {
        (
            "lập bảng trong Excel hoặc LibreOffice (có thể chép bảng từ Word sang), lưu thành .xlsx rồi dùng tệp đó",
            "make the table in Excel or LibreOffice (it can be copied over), save it as .xlsx and use that file",
        )
    } else {
        save
    };
    Some(refusal("LT-TAB-005", name, &vi, &en, save.0, save.1))
}

/// The first part of an OpenDocument file is its kind, stored as it is.
fn is_open_document(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
        && head.get(30..).is_some_and(|rest| rest.starts_with(b"mimetypeapplication/vnd.oasis.opendocument"))
}

/// Whether it is a Word document: the list of an archive's parts stands at its end.
fn is_word(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"PK\x03\x04") {
        return false;
    }
    let end = bytes.get(bytes.len().saturating_sub(PARTS)..).unwrap_or(bytes);
    let holds = |part: &[u8]| end.windows(part.len()).any(|window| window == part);
    holds(b"word/document.xml") && !holds(b"xl/workbook.xml")
}

/// Whether it is an OpenDocument spreadsheet.
pub(super) fn is_open_spreadsheet(bytes: &[u8]) -> bool {
    let kind = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
    is_open_document(bytes) && bytes.get(30..).is_some_and(|rest| rest.starts_with(kind))
}

/// Whether a file that was read as text has the name of a workbook.
pub(super) fn is_misnamed(name: &str) -> bool {
    let name = name.to_lowercase();
    [".xlsx", ".xlsm", ".xls", ".ods"].iter().any(|end| name.ends_with(end))
}

/// What is told of bytes that are no text in any encoding, where they are nothing a program would call text: under the
/// name of a workbook, or with zeros here and there. Every second byte of UTF-16 may be one.
pub(super) fn binary(name: &str, bytes: &[u8]) -> Option<Finding> {
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    let holds_zeros = zeros > 0 && zeros < bytes.len() / 4;
    (is_misnamed(name) || holds_zeros).then(|| {
        refusal(
            "LT-TAB-005",
            name,
            "tệp không phải XLSX, XLS, ODS và cũng không phải văn bản: tệp hỏng, chép dở dang hoặc thuộc loại khác",
            "the file is no XLSX, XLS or ODS, and no text either: it is broken, was copied in part, or is of another kind",
            "chép lại tệp; nếu Excel hoặc LibreOffice cũng không mở được, xin lại tệp ở nơi đã lập",
            "copy it again; where Excel or LibreOffice cannot open it either, ask for it again where it was made",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_called_so_and_text_in_doubt_is_not() {
        let code = |name: &str, bytes: &[u8]| binary(name, bytes).map(|finding| finding.code);
        let noise = [0x8f, 0x01, 0xd3, 0x00, 0x9c, 0xee, 0x13, 0xf7, 0x81];
        assert_eq!(code("hong.xlsx", &noise).as_deref(), Some("LT-TAB-005"));
        assert_eq!(code("HONG.ODS", b"\xab\xb5").as_deref(), Some("LT-TAB-005"));
        assert_eq!(code("hong.csv", &noise).as_deref(), Some("LT-TAB-005"));
        assert_eq!(code("a.csv", b"C\xabng vi\xd6c"), None);
        assert_eq!(code("a.csv", b"C\0o\0n\0g\0"), None, "UTF-16 without its mark");
    }

    #[test]
    fn each_disguise_is_told_by_its_content_and_a_table_is_none() {
        let told = |bytes: &[u8]| finding("a.xlsx", bytes).map(|finding| finding.what.en);
        let looks = |bytes: &[u8], words: &str| {
            let told = told(bytes).unwrap_or_default();
            assert!(told.contains(words), "{words}: {told}");
        };
        looks(b"\xef\xbb\xbf  <html xmlns:o=\"urn\"><table><tr><td>Ma</td></tr></table>", "web page");
        looks("\u{feff}<!DOCTYPE HTML><body>".as_bytes(), "web page");
        let wide: Vec<u8> = "\u{feff}<table>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        looks(&wide, "web page");
        looks(
            b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
            "XML",
        );
        looks(b"%PDF-1.7\n", "PDF");
        let mut open = b"PK\x03\x04".to_vec();
        open.extend([0; 26]);
        open.extend(b"mimetypeapplication/vnd.oasis.opendocument.text");
        looks(&open, "OpenDocument");
        let mut word = b"PK\x03\x04".to_vec();
        word.extend(b"[Content_Types].xml ... word/document.xml word/styles.xml");
        looks(&word, "Word");
        word.extend(b"xl/workbook.xml");
        assert_eq!(told(&word), None, "a workbook, whatever else is in it");
        for table in [b"code,name\n1,2\n".as_slice(), b"<5,a\n", b"PK\x03\x04[Content_Types].xml", b""] {
            assert_eq!(told(table), None);
        }
    }
}
