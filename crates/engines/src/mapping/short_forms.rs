//! An operator's own short forms, read from a file they keep: words of their province that no built-in table can know.
//!
//! Owns the messages about such a file. It must not know where the file lies or how a title is cut. A file with any error
//! changes nothing: all errors come at once, each with its line.

use crate::error::{Finding, Findings, Place, Text};
use crate::text::Abbreviations;
use crate::text::abbreviation::{MOST_CHARS, MOST_ENTRIES, MOST_LONG_WORDS, MOST_WORDS, Why};

/// Largest file, bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Reads a table of short forms: UTF-8, a line `short form = words` each, empty lines and lines beginning with `#` left out.
///
/// # Errors
/// LT-MAP-015 for every line that is wrong, or for a file that is no UTF-8 text of at most [`MAX_BYTES`] bytes.
pub fn read(bytes: &[u8], file: &str) -> Result<Abbreviations, Findings> {
    let refuse = |line: Option<u32>, vi: String, en: String| {
        let remedy = Text::new(
            "sửa dòng đó theo dạng \"viết tắt = cụm từ đầy đủ\", mỗi dòng một mục, rồi nạp lại",
            "correct the line to the form \"short form = words\", one entry a line, and load the file again",
        );
        let place = line.map_or_else(|| Place::of(file), |line| Place::line(file, line));
        Finding::error("LT-MAP-015", Text::new(vi, en), remedy).at(place)
    };
    let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= MAX_BYTES).ok_or_else(|| {
        let vi = "không phải văn bản UTF-8 dưới 1 MiB".to_owned();
        Findings(vec![refuse(None, vi, "this is no UTF-8 text below 1 MiB".to_owned())])
    })?;
    Abbreviations::with(text.trim_start_matches('\u{feff}')).map_err(|faults| {
        let told = faults.into_iter().map(|fault| {
            let (vi, en) = said(fault.why);
            refuse(Some(fault.line), vi, en)
        });
        Findings(told.collect())
    })
}

fn said(why: Why) -> (String, String) {
    match why {
        Why::NoEqualsSign => ("dòng không có dấu =".to_owned(), "the line has no =".to_owned()),
        Why::NoShortForm => {
            ("trước dấu = không có chữ viết tắt".to_owned(), "nothing stands before the =".to_owned())
        }
        Why::NoWords => ("sau dấu = không có từ nào".to_owned(), "nothing stands after the =".to_owned()),
        Why::TooManyWords => (
            format!("quá {MOST_WORDS} từ trước hoặc quá {MOST_LONG_WORDS} từ sau dấu ="),
            format!("more than {MOST_WORDS} words before or {MOST_LONG_WORDS} after the ="),
        ),
        Why::TooLong => (
            format!("dòng dài quá {MOST_CHARS} ký tự"),
            format!("the line is longer than {MOST_CHARS} characters"),
        ),
        Why::Twice => (
            "chữ viết tắt này đã có ở dòng trên".to_owned(),
            "this short form stands in an earlier line".to_owned(),
        ),
        Why::TooManyEntries => {
            (format!("quá {MOST_ENTRIES} mục"), format!("there are more than {MOST_ENTRIES} entries"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_line_is_told_by_its_place_and_nothing_is_taken() {
        let read = |bytes: &[u8]| {
            let findings = read(bytes, "own.txt").expect_err("refused").0;
            let told = findings.into_iter().map(|one| (one.code, one.place.map(|place| place.to_string())));
            told.collect::<Vec<_>>()
        };
        let at = |place: &str| ("LT-MAP-015".to_owned(), Some(place.to_owned()));
        assert_eq!(
            read("# a\nx\nqlđt = quản lý đô thị\n= y\n".as_bytes()),
            [at("own.txt:2"), at("own.txt:4")]
        );
        assert_eq!(read(b"\xff\xfe"), [at("own.txt")]);
        assert_eq!(read(&vec![b' '; MAX_BYTES + 1]), [at("own.txt")]);
    }
}
