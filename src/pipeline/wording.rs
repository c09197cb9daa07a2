//! What the words of a stored derivation are called, in Vietnamese and English.
//!
//! Owns the names of missing parts, of reasons for which a task does not count, and the sentences of a line's notes:
//! one source for the page and the command line. A word it does not know is shown as it is, so that nothing
//! disappears. Legal terms follow Decree 335/2025/NĐ-CP.

use crate::error::Lang;

fn known<'a>(table: &[(&str, &'static str, &'static str)], word: &'a str, lang: Lang) -> &'a str {
    table.iter().find(|(key, ..)| *key == word).map_or(word, |(_, vi, en)| match lang {
        Lang::Vi => vi,
        Lang::En => en,
    })
}

/// What a missing part is called.
pub fn missing(part: &str, lang: Lang) -> &str {
    let table = [
        ("general_criteria", "điểm tiêu chí chung", "general criteria"),
        ("unit_result", "d (kết quả đơn vị)", "d (unit result)"),
        ("implementation_ability", "đ (tổ chức triển khai)", "đ (implementation)"),
        ("unity_ability", "e (tập hợp, đoàn kết)", "e (unity)"),
        ("assigned_tasks", "nhiệm vụ được giao", "assigned tasks"),
        ("recorded_quarters", "điểm quý đã ghi nhận", "recorded quarters"),
    ];
    known(&table, part, lang)
}

/// Why a task does not count.
pub fn excluded(reason: &str, lang: Lang) -> &str {
    let table = [
        ("unmapped", "chưa gán sản phẩm", "waits for its product"),
        ("outside_catalog", "ngoài danh mục sản phẩm", "outside the catalog"),
        ("cancelled", "đã hủy hoặc thu hồi", "cancelled or recalled"),
        ("gone", "nguồn không còn hiển thị", "no longer shown by its source"),
        ("not_due_yet", "chưa đến hạn", "not due yet"),
    ];
    known(&table, reason, lang)
}

/// A line's note in a reader's language; scoring writes them in English with their article.
pub fn note(note: &str, lang: Lang) -> String {
    let number = || {
        note.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect::<String>()
    };
    if lang == Lang::En {
        return note.to_owned();
    }
    let n = number();
    if note.starts_with("overdue by ") {
        format!("quá hạn {n} ngày, chưa hoàn thành")
    } else if let Some(rest) = note.strip_prefix("completed on ") {
        let days = rest.split_once(", after ").map(|(day, end)| (day, end.split(':').next().unwrap_or("")));
        let (day, end) = days.unwrap_or((rest, ""));
        format!("hoàn thành ngày {day}, sau ngày {end}: tính 0 trong kỳ này")
    } else if let Some(rest) = note.strip_prefix("moved to ") {
        let day = rest.split(' ').next().unwrap_or("");
        format!("gia hạn đến {day} sau khi đã quá hạn: chỉ là lý do khách quan nếu được xác nhận")
    } else if note.starts_with("above the assigned quantity") {
        "vượt khối lượng được giao: tính bằng khối lượng được giao".to_owned()
    } else if note.starts_with("handed over") {
        "đã chuyển người khác: vẫn tính là được giao, người khác hoàn thành (Đ18.1.d)".to_owned()
    } else if let Some(rest) = note.strip_prefix("completed quantity ") {
        let quantity = rest.split(' ').next().unwrap_or("");
        format!("cấp trên xác nhận khối lượng hoàn thành {}", quantity.replace('.', ","))
    } else if note.starts_with("lateness of ") {
        format!("bỏ qua {n} lần chậm: có nguyên nhân khách quan được xác nhận (Đ14.2.c)")
    } else if note.starts_with("returned ") {
        format!("bị trả lại {n} lần, chưa được xác nhận là lỗi nội dung")
    } else if note.contains(" failures excused") {
        format!("bỏ qua {n} lỗi: có nguyên nhân khách quan được xác nhận (Đ14.2.b)")
    } else {
        note.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_lines_are_told_in_vietnamese_with_their_numbers() {
        assert_eq!(note("overdue by 12 days", Lang::Vi), "quá hạn 12 ngày, chưa hoàn thành");
        assert_eq!(
            note("completed on 2026-10-02, after 2026-09-30: 0 in this period", Lang::Vi),
            "hoàn thành ngày 2026-10-02, sau ngày 2026-09-30: tính 0 trong kỳ này"
        );
        let moved = note(
            "moved to 2026-09-20 after the due day had passed: at most an excuse, once confirmed",
            Lang::Vi,
        );
        assert!(moved.starts_with("gia hạn đến 2026-09-20"), "{moved}");
        assert_eq!(
            note("returned 2 times, not confirmed as a content error", Lang::Vi),
            "bị trả lại 2 lần, chưa được xác nhận là lỗi nội dung"
        );
        assert_eq!(
            note("completed quantity 0.5 confirmed by a superior", Lang::Vi),
            "cấp trên xác nhận khối lượng hoàn thành 0,5"
        );
        assert_eq!(note("something new", Lang::Vi), "something new");
    }

    #[test]
    fn a_word_nobody_named_is_shown_as_it_is() {
        assert_eq!(missing("something_new", Lang::Vi), "something_new");
        assert_eq!(excluded("unmapped", Lang::Vi), "chưa gán sản phẩm");
    }
}
