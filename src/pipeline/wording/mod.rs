//! What the stable words of the program are called, in Vietnamese and English.
//!
//! Owns the names of states, steps, actions, parts and reasons (`names`), and the sentences of a line's notes: one source for the
//! page and the command line. Programs get the stable words as they are. A word it does not know is shown as it is, so
//! that nothing disappears. Legal terms follow Decree 335/2025/NĐ-CP.

mod event;
mod figure;
mod names;
mod ruled;

use crate::domain::Crossing;
use crate::error::{Lang, Text, place_in};
use crate::scoring::HANDED_OVER;
use crate::text::legible;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub use event::Event;
pub use figure::{days, deadline, decimal, decimal_only, formula, local_time};
pub use ruled::{because, recorded_in, rule};

/// What kind of word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    /// A background step; `pull:SOURCE` and `deliver:TARGET` keep their names.
    Step,
    /// What an entry of the journal tells.
    Action,
    /// State of a task.
    TaskStatus,
    /// Event of a task.
    Event,
    /// How a product was decided.
    DecidedBy,
    /// Kind of a run.
    RunKind,
    /// A decision of a person.
    Decision,
    /// A missing part of a score.
    Missing,
    /// Why a task does not count.
    Excluded,
    /// What speaks for two tasks being one.
    Likeness,
    /// What is known of two tasks that may be one.
    Pair,
    /// State of a mapping.
    Mapping,
    /// State of a proposed product.
    Proposal,
    /// Kind or state of an order about products.
    MappingOrder,
    /// Where a document goes.
    Direction,
    /// Which part of a score a figure is.
    ScorePart,
    /// State of a delivery.
    Delivery,
    /// What a delivery carries.
    Message,
    /// Whose an opinion is.
    Opinion,
    /// State of a record.
    RecordState,
    /// Level of a classification.
    Level,
    /// Role of a post.
    Role,
    /// How a source names people.
    Account,
    /// How a source is.
    SourceState,
    /// Whether everything a source has is held.
    Completeness,
    /// What is known of a field of a source's records.
    FieldState,
    /// How a target is.
    TargetState,
    /// What became of a rejected record.
    Rejected,
    /// Kind of a far side.
    Kind,
    /// How a trial ended.
    Result,
    /// State of an organisation's year.
    Organisation,
    /// Condition of an organisation's level.
    Condition,
    /// Whether a condition is met.
    Met,
    /// Item of an organisation's points.
    OrganisationItem,
    /// Why the rules give an organisation no level.
    Gap,
    /// Why a signed table differs.
    Difference,
    /// How a petition was answered.
    Petition,
    /// What somebody wrote, by its place on the forms.
    Written,
    /// Point of a close's checklist.
    Check,
    /// How such a point stands.
    CheckState,
    /// Difference between two catalogs.
    Change,
    /// Whether a result follows what is entered.
    Standing,
    /// View of a score.
    View,
    /// Kind of evidence.
    Evidence,
    /// What evidence contradicts.
    Contradiction,
    /// Kind of a fact of service.
    Fact,
    /// A candidate failure and what was decided about it.
    Candidate,
    /// What is kept for a time.
    Retention,
    /// Why something old stays.
    RetentionReason,
    /// For which bodies a catalog or a product of it holds; `unit:CODE` is one unit.
    Scope,
    /// A local rule on levels.
    Rule,
    /// A figure as it is printed.
    Number,
    /// A place; it has fixed words among names.
    Place,
    /// A deadline, as an instant.
    Deadline,
    /// Title of a task as its source wrote it; people read it with old fonts and wrong encodings repaired.
    Title,
}

/// What a word is called.
pub fn word(words: Words, token: &str, lang: Lang) -> Cow<'_, str> {
    let found = words.names().iter().find(|(known, ..)| *known == token);
    match (found, token.split_once(':')) {
        (Some((_, vi, en)), _) => Cow::Borrowed(say(lang, vi, en)),
        (None, Some(("pull", source))) if words == Words::Step => {
            Cow::Owned(format!("{} {source}", say(lang, "Lấy dữ liệu", "Pull")))
        }
        (None, Some(("deliver", target))) if words == Words::Step => {
            Cow::Owned(format!("{} {target}", say(lang, "Gửi đến", "Deliver to")))
        }
        (None, Some(("unit", code))) if words == Words::Scope => {
            Cow::Owned(format!("{} {code}", say(lang, "đơn vị", "unit")))
        }
        (None, _) if words == Words::Scope && token.contains(' ') => Cow::Owned(
            token.split_whitespace().map(|one| word(words, one, lang)).collect::<Vec<_>>().join(", "),
        ),
        (None, _) if words == Words::Number => Cow::Owned(decimal_only(token, lang)),
        (None, _) if words == Words::Place => Cow::Owned(place_in(token, lang)),
        (None, _) if words == Words::Deadline => match token.parse() {
            Ok(at) => Cow::Owned(deadline(at, lang)),
            Err(_) => Cow::Borrowed(token),
        },
        (None, _) if words == Words::Title => {
            let text = legible(token);
            Cow::Owned(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
        }
        (None, _) => Cow::Borrowed(token),
    }
}

/// A text of at most so many characters, with a sign where it goes on.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(most.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// Every word of a vocabulary with what it is called.
pub fn known(words: Words, lang: Lang) -> Vec<(String, String)> {
    words.names().iter().map(|(token, vi, en)| ((*token).to_owned(), say(lang, vi, en).to_owned())).collect()
}

/// What a word is called, in both languages.
pub fn both(words: Words, token: &str) -> Text {
    Text::new(word(words, token, Lang::Vi), word(words, token, Lang::En))
}

fn say(lang: Lang, vi: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
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

/// What is said where rounding carries a derivation's total over a threshold of a level; none where it does not.
pub fn crossed(derivation: &serde_json::Value, lang: Lang) -> Option<String> {
    let figure = |key: &str| derivation.pointer(&format!("/total/{key}"))?.as_str();
    let printed = figure("printed")?;
    let Crossing { threshold, exact } = Crossing::of(&figure("exact")?.parse().ok()?, printed)?;
    let read_from = derivation.pointer("/rule_set/rounding/classify_on").and_then(serde_json::Value::as_str);
    let (exact, shown) = (decimal(&exact, lang), decimal(printed, lang));
    Some(match (read_from == Some("printed"), lang) {
        (false, Lang::Vi) => format!(
            "điểm chưa làm tròn là {exact}, dưới {threshold}: mức xếp theo điểm này, không theo số in {shown}"
        ),
        (false, Lang::En) => format!(
            "the score before rounding is {exact}, below {threshold}: the level rests on it and not on the printed {shown}"
        ),
        (true, Lang::Vi) => format!(
            "điểm chưa làm tròn là {exact}, dưới {threshold}; theo bộ quy tắc mức xếp theo số in {shown}"
        ),
        (true, Lang::En) => format!(
            "the score before rounding is {exact}, below {threshold}; by the rule set the level rests on the printed {shown}"
        ),
    })
}

/// A name as a shell takes it, whatever stands in it.
pub fn shell_quoted(name: &str) -> String {
    format!("'{}'", name.replace('\'', "'\\''"))
}

/// A note as scoring writes it, its article in full and one of a thing as one.
fn in_english(note: &str) -> String {
    let one = [
        ("returned 1 times", "returned once"),
        ("overdue by 1 days", "overdue by 1 day"),
        ("1 failures excused", "1 failure excused"),
    ];
    let one = one.iter().find_map(|(kept, told)| Some(format!("{told}{}", note.strip_prefix(kept)?)));
    let note = one.unwrap_or_else(|| note.to_owned());
    match note.rsplit_once(" (Đ").and_then(|(words, short)| Some((words, short.strip_suffix(')')?))) {
        Some((words, short)) => format!("{words} ({})", article(short, Lang::En)),
        None => note,
    }
}

/// A line's note in a reader's language; scoring writes them in English with their article.
pub fn note(note: &str, lang: Lang) -> String {
    let number = || {
        note.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect::<String>()
    };
    if lang == Lang::En {
        return in_english(note);
    }
    let n = number();
    let told = if let Some(others) = note.strip_prefix("one task with ") {
        format!("cùng một nhiệm vụ với {others}: tính một lần")
    } else if note.starts_with("overdue by ") {
        format!("quá hạn {n} ngày, chưa hoàn thành")
    } else if let Some(rest) = note.strip_prefix("completed on ") {
        let days = rest.split_once(", after ").map(|(day, end)| (day, end.split(':').next().unwrap_or("")));
        let (day, end) = days.unwrap_or((rest, ""));
        format!("hoàn thành ngày {day}, sau ngày {end}: tính 0 trong kỳ này")
    } else if let Some((code, rest)) = note.split_once(" is in no catalog yet: counted ") {
        match rest.strip_prefix("as ") {
            Some(other) => format!("{code} chưa có trong danh mục: tính theo {other} (Kế hoạch IV.2.3)"),
            None => format!("{code} chưa có trong danh mục: tính theo hệ số tạm (Kế hoạch IV.2.3)"),
        }
    } else if let Some(rest) = note.strip_prefix("moved to ") {
        let day = rest.split(' ').next().unwrap_or("");
        format!("gia hạn đến {day} sau khi đã quá hạn: chỉ là lý do khách quan nếu được xác nhận")
    } else if note.starts_with("above the assigned quantity") {
        "vượt khối lượng được giao: tính bằng khối lượng được giao".to_owned()
    } else if note.starts_with(HANDED_OVER) {
        "đã chuyển người khác: vẫn tính là được giao, người khác hoàn thành (Đ18.1.d)".to_owned()
    } else if let Some(rest) = note.strip_prefix("completed quantity ") {
        let quantity = rest.split(' ').next().unwrap_or("");
        format!("cấp trên xác nhận khối lượng hoàn thành {}", quantity.replace('.', ","))
    } else if note.starts_with("lateness of ") && note.ends_with("rejected by a superior") {
        format!("bỏ qua {n} lần chậm: cấp trên không xác nhận là chậm")
    } else if note.starts_with("lateness of ") && note.ends_with("not confirmed") {
        format!("chậm {n} lần, chưa được xác nhận nên chưa trừ")
    } else if let Some(day) = note.strip_prefix("carried over: it belonged to ") {
        format!("chuyển từ kỳ trước (thuộc ngày {day}): tính thêm trong kỳ này")
    } else if let Some(day) = note
        .strip_prefix("no catalog version in force on ")
        .and_then(|rest| rest.strip_suffix(": k of the assignment"))
    {
        format!("chưa có danh mục nào hiệu lực ngày {day}: giữ hệ số lúc giao")
    } else if let Some(share) = note.strip_suffix(" counted in an earlier period") {
        format!("đã tính {} ở kỳ trước", share.replace('.', ","))
    } else if note.starts_with("lateness of ") {
        format!("bỏ qua {n} lần chậm: có nguyên nhân khách quan được xác nhận (Đ14.2.c)")
    } else if note.starts_with("returned ") {
        format!("bị trả lại {n} lần, chưa được xác nhận là lỗi nội dung")
    } else if note.contains(" failures excused") {
        format!("bỏ qua {n} lỗi: có nguyên nhân khách quan được xác nhận (Đ14.2.b)")
    } else {
        note.to_owned()
    };
    days(&told, lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_in_old_fonts_read_as_they_are_meant_and_others_as_they_are_written() {
        for (stored, read) in [
            ("KÕ ho¹ch phßng ch¸y ch÷a ch¸y rõng", "Kế hoạch phòng cháy chữa cháy rừng"),
            ("Tê tr×nh xin chñ tr\u{ad}¬ng mua xe", "Tờ trình xin chủ trương mua xe"),
            ("V/v báo cáo kết quả Quý III/2026 (lần 2)", "V/v báo cáo kết quả Quý III/2026 (lần 2)"),
            ("Report: déjà vu, 12/QĐ-UBND", "Report: déjà vu, 12/QĐ-UBND"),
            ("", ""),
        ] {
            assert_eq!(word(Words::Title, stored, Lang::Vi), read);
            assert_eq!(word(Words::Title, stored, Lang::En), read);
        }
    }

    #[test]
    fn notes_of_lines_are_told_in_vietnamese_with_their_numbers() {
        assert_eq!(note("overdue by 12 days", Lang::Vi), "quá hạn 12 ngày, chưa hoàn thành");
        assert_eq!(
            note("completed on 2026-10-02, after 2026-09-30: 0 in this period", Lang::Vi),
            "hoàn thành ngày 02/10/2026, sau ngày 30/09/2026: tính 0 trong kỳ này"
        );
        let moved = note(
            "moved to 2026-09-20 after the due day had passed: at most an excuse, once confirmed",
            Lang::Vi,
        );
        assert!(moved.starts_with("gia hạn đến 20/09/2026"), "{moved}");
        assert_eq!(
            note("returned 2 times, not confirmed as a content error", Lang::Vi),
            "bị trả lại 2 lần, chưa được xác nhận là lỗi nội dung"
        );
        assert_eq!(
            note("completed quantity 0.5 confirmed by a superior", Lang::Vi),
            "cấp trên xác nhận khối lượng hoàn thành 0,5"
        );
        assert_eq!(
            note("no catalog version in force on 2026-10-01: k of the assignment", Lang::Vi),
            "chưa có danh mục nào hiệu lực ngày 01/10/2026: giữ hệ số lúc giao"
        );
        assert_eq!(note("something new", Lang::Vi), "something new");
    }

    #[test]
    fn notes_of_lines_are_told_in_english_with_their_article_and_one_of_a_thing_as_one() {
        let excused = note("lateness of 3 excused: objective cause confirmed (Đ14.2.c)", Lang::En);
        assert_eq!(excused, "lateness of 3 excused: objective cause confirmed (Art. 14(2)(c))");
        let returned =
            |times: u32| note(&format!("returned {times} times, not confirmed as a content error"), Lang::En);
        assert_eq!(returned(1), "returned once, not confirmed as a content error");
        assert_eq!(returned(2), "returned 2 times, not confirmed as a content error");
        assert_eq!(note("overdue by 1 days", Lang::En), "overdue by 1 day");
        assert_eq!(note("overdue by 11 days", Lang::En), "overdue by 11 days");
        assert_eq!(note("something (new)", Lang::En), "something (new)");
    }

    #[test]
    fn figures_and_deadlines_among_tokens_read_as_the_language_writes_them() {
        assert_eq!(word(Words::Deadline, "2026-12-12T18:00:00.000Z", Lang::En), "01:00 13/12/2026");
        assert_eq!(word(Words::Deadline, "-", Lang::En), "-");
        assert_eq!(word(Words::Number, "88.50", Lang::Vi), "88,50");
        assert_eq!(word(Words::Scope, "unit:SNV", Lang::Vi), "đơn vị SNV");
        assert_eq!(word(Words::Scope, "province", Lang::Vi), "tỉnh");
        assert_eq!(word(Words::Scope, "province department", Lang::Vi), "tỉnh, sở/ngành");
    }

    #[test]
    fn articles_are_cited_in_full() {
        assert_eq!(article("Đ14.2.a", Lang::Vi), "điểm a khoản 2 Điều 14");
        assert_eq!(article("Đ12.3", Lang::En), "Art. 12(3)");
        assert_eq!(article("Đ17", Lang::Vi), "Điều 17");
    }

    #[test]
    fn every_level_state_and_role_of_the_domain_has_its_name() {
        use crate::domain::{Level, RecordState};
        for level in [Level::NotCompleted, Level::Completed, Level::Good, Level::Excellent] {
            assert_eq!(word(Words::Level, level.as_str(), Lang::Vi), level.vietnamese());
        }
        for state in RecordState::ALL.map(RecordState::as_str) {
            let state = RecordState::parse(state).expect("a state");
            assert_eq!(word(Words::RecordState, state.as_str(), Lang::Vi), state.vietnamese());
        }
        for state in crate::evaluation::organisation::OrganisationState::ALL {
            assert_eq!(word(Words::Organisation, state.as_str(), Lang::Vi), state.vietnamese());
        }
    }

    #[test]
    fn a_word_nobody_named_is_shown_as_it_is() {
        assert_eq!(word(Words::Missing, "something_new", Lang::Vi), "something_new");
        assert_eq!(word(Words::Action, "something_new", Lang::Vi), "something_new");
        assert_eq!(word(Words::Excluded, "unmapped", Lang::Vi), "chưa gán sản phẩm");
        assert_eq!(word(Words::Step, "pull:snv", Lang::Vi), "Lấy dữ liệu snv");
        assert_eq!(word(Words::Step, "map", Lang::En), "Map to products");
    }
}
