//! What the stable words of the program are called on the page, in Vietnamese and English.
//!
//! Owns names of states, steps, actions and articles. A word it does not know is shown as it is, so that
//! nothing disappears. Legal terms follow Decree 335/2025/NĐ-CP.

use super::page::say;
use crate::domain::{Level, RecordState};
use crate::error::Lang;

/// A name and its light: `ok`, `warn`, `bad` or none.
pub type Lit = (String, &'static str);

fn known<'a>(table: &[(&str, &'static str, &'static str)], word: &'a str, lang: Lang) -> &'a str {
    table.iter().find(|(key, ..)| *key == word).map_or(word, |(_, vi, en)| say(lang, vi, en))
}

/// What a level is called, with its light.
pub fn level(level: Option<Level>, lang: Lang) -> Lit {
    let Some(level) = level else { return ("–".to_owned(), "") };
    let text = match (lang, level) {
        (Lang::Vi, level) => level.vietnamese().trim_end_matches(" nhiệm vụ"),
        (Lang::En, Level::Excellent) => "Excellent",
        (Lang::En, Level::Good) => "Good",
        (Lang::En, Level::Completed) => "Completed",
        (Lang::En, Level::NotCompleted) => "Not completed",
    };
    (text.to_owned(), if level == Level::NotCompleted { "bad" } else { "ok" })
}

/// What a record's state is called.
pub fn record_state(state: RecordState, lang: Lang) -> &'static str {
    match state {
        RecordState::Computed => say(lang, "Còn thiếu thành phần", "Parts missing"),
        RecordState::Provisional => say(lang, "Tạm tính, chờ phê duyệt", "Provisional"),
        RecordState::Approved => say(lang, "Đã phê duyệt", "Approved"),
        RecordState::Delivered => say(lang, "Đã vào CSDL quốc gia", "In the national database"),
        RecordState::Corrected => say(lang, "Đính chính, chờ phê duyệt", "Corrected, to be approved"),
    }
}

/// The light of a record's state.
pub fn record_light(state: RecordState) -> &'static str {
    match state {
        RecordState::Approved | RecordState::Delivered => "ok",
        RecordState::Corrected => "warn",
        RecordState::Computed | RecordState::Provisional => "",
    }
}

/// What a delivery's state is called, with its light.
pub fn delivery(state: &str, lang: Lang) -> Lit {
    let (vi, en, light) = match state {
        "pending" => ("Chờ gửi", "Pending", ""),
        "leased" => ("Đang gửi", "Being sent", ""),
        "sent" => ("Đã gửi, chờ trả lời", "Sent, no answer yet", "warn"),
        "acknowledged" => ("Đã có biên nhận", "Receipt received", "ok"),
        "verified" => ("Đã đọc lại, khớp", "Read back, matches", "ok"),
        "rejected" => ("Bị từ chối", "Rejected", "bad"),
        "unknown" => ("Chưa rõ, sẽ đọc lại", "Unclear, will be read back", "warn"),
        "superseded" => ("Đã thay bằng bản mới", "Replaced by a newer one", ""),
        "parked" => ("Chờ người xử lý", "Waits for a person", "bad"),
        other => (other, other, ""),
    };
    (say(lang, vi, en).to_owned(), light)
}

/// What a target is called by its kind.
pub fn target(id: &str, national: bool, lang: Lang) -> String {
    match national {
        true => format!("{} ({id})", say(lang, "CSDL quốc gia", "National database")),
        false => format!("{} ({id})", say(lang, "Phần mềm đánh giá", "Evaluation software")),
    }
}

/// What a background step is called.
pub fn step(name: &str, lang: Lang) -> String {
    let table = [
        ("identify", "Xác định người thực hiện", "Identify people"),
        ("map", "Gán sản phẩm", "Map to products"),
        ("score", "Tính điểm", "Compute scores"),
        ("record", "Lập hồ sơ đánh giá", "Make records"),
        ("decide", "Áp dụng quyết định", "Apply decisions"),
    ];
    match name.split_once(':') {
        Some(("pull", source)) => format!("{} {source}", say(lang, "Lấy dữ liệu", "Pull")),
        Some(("deliver", target)) => format!("{} {target}", say(lang, "Gửi đến", "Deliver to")),
        _ => known(&table, name, lang).to_owned(),
    }
}

/// What an audit entry's action is called.
pub fn action(action: &str, lang: Lang) -> &str {
    let table = [
        ("people_imported", "Nhập danh sách cán bộ, công chức", "People imported"),
        ("catalog_imported", "Nhập danh mục sản phẩm", "Catalog imported"),
        ("account_linked", "Gán tài khoản cho người", "Account linked"),
        ("mapping_decided", "Quyết định sản phẩm của nhiệm vụ", "Product decided"),
        ("record_revised", "Hồ sơ có phiên bản mới", "Record revised"),
        ("record_approved", "Phê duyệt hồ sơ", "Record approved"),
        ("record_corrected", "Đính chính hồ sơ", "Record corrected"),
        ("decision_refused", "Quyết định không được chấp nhận", "Decision refused"),
        ("period_closed", "Chốt kỳ", "Period closed"),
        ("history_imported", "Nhập kết quả các kỳ trước", "Earlier results imported"),
        ("history_signed_empty", "Xác nhận không có kết quả trước", "Signed off: no earlier results"),
        ("result_delivered", "CSDL quốc gia đã nhận", "National database acknowledged"),
        ("outbox_retried", "Gửi lại theo yêu cầu", "Delivery retried"),
        ("outbox_parked", "Tạm gác mục gửi", "Delivery parked"),
        ("outbox_allowed", "Cho gửi danh sách ngắn hơn", "Shorter list let through"),
    ];
    known(&table, action, lang)
}

/// What a task's state is called.
pub fn task_status(status: &str, lang: Lang) -> &str {
    let table = [
        ("open", "Mới giao", "Open"),
        ("in_progress", "Đang thực hiện", "In progress"),
        ("submitted", "Đã trình", "Submitted"),
        ("done", "Hoàn thành", "Done"),
        ("returned", "Bị trả lại", "Returned"),
        ("refused", "Không được duyệt", "Refused"),
        ("paused", "Tạm dừng", "Paused"),
        ("cancelled", "Đã hủy", "Cancelled"),
        ("recalled", "Đã thu hồi", "Recalled"),
        ("gone", "Nguồn không còn hiển thị", "Gone from its source"),
    ];
    known(&table, status, lang)
}

/// What an event of a task is called.
pub fn event(kind: &str, lang: Lang) -> &str {
    let table = [
        ("assigned", "Giao việc", "Assigned"),
        ("due_changed", "Đổi hạn", "Due date changed"),
        ("progressed", "Cập nhật tiến độ", "Progressed"),
        ("submitted", "Trình kết quả", "Submitted"),
        ("returned", "Trả lại", "Returned"),
        ("approved", "Duyệt, hoàn thành", "Approved"),
        ("refused", "Không duyệt", "Refused"),
        ("reopened", "Mở lại", "Reopened"),
        ("handed_over", "Chuyển người thực hiện", "Handed over"),
        ("recalled", "Thu hồi", "Recalled"),
        ("cancelled", "Hủy", "Cancelled"),
        ("gone", "Nguồn không còn hiển thị", "Gone from its source"),
        ("edited", "Sửa nội dung", "Edited"),
        ("outdated", "Phiên bản cũ đến sau, không áp dụng", "Older version, kept but not applied"),
    ];
    known(&table, kind, lang)
}

/// What a state of mapping is called, with its light.
pub fn mapping(state: Option<&str>, lang: Lang) -> Lit {
    let (vi, en, light) = match state {
        Some("mapped") => ("Đã gán", "Mapped", "ok"),
        Some("review") => ("Chờ xem xét", "Waits for review", "warn"),
        Some("outside") => ("Ngoài danh mục", "Outside the catalog", ""),
        Some(other) => (other, other, ""),
        None => ("Chưa xét", "Not looked at yet", ""),
    };
    (say(lang, vi, en).to_owned(), light)
}

/// How a product was decided.
pub fn decided_by(how: &str, lang: Lang) -> &str {
    let table = [
        ("operator", "người quyết định", "a person"),
        ("rule", "quy tắc", "a rule"),
        ("text", "nội dung", "its words"),
        ("source", "nguồn cung cấp mã", "its source"),
    ];
    known(&table, how, lang)
}

/// What kind of run it was.
pub fn run_kind(kind: &str, lang: Lang) -> &str {
    let table = [
        ("incremental", "Phần thay đổi", "Changes"),
        ("full", "Toàn bộ", "Everything"),
        ("backfill", "Bổ sung khoảng thời gian", "Backfill"),
    ];
    known(&table, kind, lang)
}

/// What a decision of a person is called.
pub fn decision(kind: &str, lang: Lang) -> &str {
    let table = [
        ("self_assessment", "Tự chấm tiêu chí chung", "Self-assessment"),
        ("general_criteria", "Chấm tiêu chí chung", "General criteria"),
        ("leader_component", "Thành phần của người đứng đầu", "Leader's component"),
        ("quality_failures", "Xác nhận lỗi chất lượng", "Quality failures confirmed"),
        ("excuse", "Nguyên nhân khách quan", "Objective cause"),
        ("completed_quantity", "Xác nhận khối lượng hoàn thành", "Completed quantity"),
        ("approval", "Phê duyệt điểm", "Approval"),
        ("classification", "Xếp loại năm", "Classification"),
    ];
    known(&table, kind, lang)
}

/// An article written `Đ14.2.a` in full: `điểm a khoản 2 Điều 14`.
pub fn article(short: &str, lang: Lang) -> String {
    let mut parts = short.trim_start_matches('Đ').split('.');
    let (article, clause, point) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    match lang {
        Lang::Vi => {
            let point = point.map(|point| format!("điểm {point} ")).unwrap_or_default();
            let clause = clause.map(|clause| format!("khoản {clause} ")).unwrap_or_default();
            format!("{point}{clause}Điều {article}")
        }
        Lang::En => {
            let part = |part: Option<&str>| part.map(|part| format!("({part})")).unwrap_or_default();
            format!("Art. {article}{}{}", part(clause), part(point))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_cited_in_full() {
        assert_eq!(article("Đ14.2.a", Lang::Vi), "điểm a khoản 2 Điều 14");
        assert_eq!(article("Đ12.3", Lang::En), "Art. 12(3)");
        assert_eq!(article("Đ17", Lang::Vi), "Điều 17");
    }

    #[test]
    fn a_word_nobody_named_is_shown_as_it_is() {
        assert_eq!(action("something_new", Lang::Vi), "something_new");
        assert_eq!(step("pull:snv", Lang::Vi), "Lấy dữ liệu snv");
    }
}
