//! What the conformance test finds wrong, in words.
//!
//! Owns the findings (LT-MAN-013) and the way out of each. It must not know how a folder is run.

use crate::error::{Finding, Place, Text};
use std::path::Path;

/// A folder or file that cannot be run or read.
pub(super) fn broken(place: &Path, why: &str) -> Finding {
    differs(place, "", &format!("không chạy được: {why}"), &format!("cannot be run: {why}"))
}

/// Something that is not as the folder says it must be.
pub(super) fn differs(folder: &Path, file: &str, vi: &str, en: &str) -> Finding {
    let place = if file.is_empty() { folder.to_path_buf() } else { folder.join(file) };
    Finding::error(
        "LT-MAN-013",
        Text::new(
            format!("manifest không đạt kiểm thử: {vi}"),
            format!("the manifest does not conform: {en}"),
        ),
        Text::new(
            "sửa manifest, hoặc mẫu và kết quả mong đợi nếu nguồn đã đổi",
            "correct the manifest, or samples and expectations if the source has changed",
        ),
    )
    .at(Place::of(place.display().to_string()))
}

/// A request of the manifest that none of the samples answers.
pub(super) fn no_sample(folder: &Path, request: &str) -> Finding {
    let (vi, en) = (format!("không có mẫu nào trả lời {request}"), format!("no sample answers {request}"));
    Finding {
        remedy: Text::new(
            "thêm lần hỏi đáp này vào samples/ (ghi lại bằng connector record nếu là JSON qua HTTP), hoặc sửa đường dẫn, tham số trong manifest",
            "add this exchange to samples/ (record it again where it is JSON over HTTP), or correct path and parameters in the manifest",
        ),
        ..differs(folder, "samples", &vi, &en)
    }
}

/// Nobody said what the samples give.
pub(super) fn nothing_expected(folder: &Path, file: &str) -> Finding {
    let shown = folder.display();
    let (vi, en) = ("chưa có tệp kết quả của các mẫu", "no file says what the samples must give");
    Finding {
        remedy: Text::new(
            format!("ghi kết quả hiện nay bằng lienthong connector test {shown} --write, rồi đọc lại"),
            format!("write what they give now with lienthong connector test {shown} --write, and read it"),
        ),
        ..differs(folder, file, vi, en)
    }
}
