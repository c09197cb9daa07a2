//! A stored derivation as lines for people.
//!
//! Owns the words around the numbers, in both languages: results, what would change them most, switches, formulas, and
//! each line down to its articles and source events. It must not compute anything: every number is printed as it was
//! derived. A derivation of an older version that lacks a key prints without it.

use super::derived::list;
use crate::domain::{Exact, Period};
use crate::error::{Lang, Text};
use crate::paper::form01::CRITERIA;
use crate::paper::switch;
use crate::pipeline::grounds::{Ground, Grounds, formulas};
use crate::pipeline::wording::{self, Event, Words, word};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A derivation in both languages: results and formulas first, then each task with its numbers and what people decided
/// about it.
pub fn explained(value: &Value, grounds: &Grounds) -> Text {
    Text::new(lines(value, grounds, Lang::Vi), lines(value, grounds, Lang::En))
}

fn lines(value: &Value, grounds: &Grounds, lang: Lang) -> String {
    let say = |vi: &'static str, en: &'static str| match lang {
        Lang::Vi => vi,
        Lang::En => en,
    };
    let mut out = String::new();
    // Writing into a text cannot fail.
    let mut put = |line: String| {
        let _infallible = writeln!(out, "{line}");
    };
    let explanation = value.get("explanation").cloned().unwrap_or_default();
    if let Some(revision) = explanation.get("revision").and_then(Value::as_u64) {
        put(format!("{} {revision}", say("Điểm của phiên bản", "What was scored in revision")));
    }
    if let Some(stands) = explanation.get("stands").filter(|stands| stands.is_object()) {
        let revision = stands.get("revision").and_then(Value::as_u64).unwrap_or_default();
        let total = wording::decimal(&text(stands, "total", "–"), lang);
        let level = stands.get("level").and_then(Value::as_str);
        let level = level.map(|level| format!("{}, ", word(Words::Level, level, lang))).unwrap_or_default();
        put(match lang {
            Lang::Vi => format!(
                "Kết quả đã phê duyệt là {total} ({level}phiên bản {revision}; giải trình: thêm --revision {revision}). Dưới đây là điểm tính lại hiện nay, chưa thay kết quả đó."
            ),
            Lang::En => format!(
                "The approved result is {total} ({level}revision {revision}; explained by --revision {revision}). Below stands what is computed now, which does not replace it."
            ),
        });
    }
    // It has neither tasks nor general criteria of its own, also while nothing is recorded.
    let period = value.get("period").and_then(Value::as_str).and_then(|period| period.parse::<Period>().ok());
    let is_mean_of_results = period.is_some_and(Period::is_mean);
    for (key, vi, en) in [
        ("task_part", "Kết quả thực hiện nhiệm vụ (R·70)", "Results of tasks (R·70)"),
        ("general", "Tiêu chí chung", "General criteria"),
        ("total", "Tổng điểm (S)", "Total (S)"),
    ] {
        if key != "total" && is_mean_of_results {
            continue;
        }
        let printed = value.get(key).and_then(|number| number.get("printed")).and_then(Value::as_str);
        let assumed = key == "general" && value.get("general_assumed") == Some(&Value::Bool(true));
        let sign = if assumed {
            say(" (giả định, chưa có ai chấm)", " (assumed, entered by nobody)")
        } else {
            ""
        };
        let printed = printed.map(|printed| wording::decimal(printed, lang));
        let printed = printed.unwrap_or_else(|| say("còn thiếu", "missing").to_owned());
        put(format!("{}: {printed}{sign}", say(vi, en)));
    }
    wording::crossed(value, lang).into_iter().for_each(|told| put(format!("  {told}")));
    let missing: Vec<_> = strings(value, "missing").map(|part| word(Words::Missing, part, lang)).collect();
    if !missing.is_empty() {
        put(format!("{}: {}", say("Còn thiếu", "Missing"), missing.join(", ")));
    }
    let worked: Vec<String> = list(value, "worked")
        .filter_map(|span| Some(format!("{} – {}", span.get(0)?.as_str()?, span.get(1)?.as_str()?)))
        .collect();
    if !worked.is_empty() {
        put(format!(
            "{}: {}",
            say("Kỳ không trọn, thời gian công tác", "Part of the period only, days worked"),
            wording::days(&worked.join(", "), lang)
        ));
    }
    for ruled in list(value, "ruled") {
        let level = |key| {
            let level = ruled.get(key).and_then(Value::as_str);
            level.map_or_else(|| "–".into(), |level| word(Words::Level, level, lang))
        };
        put(format!(
            "{}: {} → {} ({})",
            wording::rule(&text(ruled, "rule", ""), lang),
            level("from"),
            level("to"),
            wording::because(&text(ruled, "because", ""), lang)
        ));
    }
    let rules = value.get("rule_set").map(|rules| text(rules, "id", "")).unwrap_or_default();
    if !rules.is_empty() {
        put(format!("{}: {rules}", say("Bộ quy tắc", "Rule set")));
    }
    let switches = explanation.get("switches").and_then(Value::as_object).into_iter().flatten();
    for one in switch::switches(switches, lang) {
        put(format!("  {} [{}]: {}", one.label, one.key, one.value));
    }
    for (index, line) in list(&explanation, "most").enumerate() {
        if index == 0 {
            let head = say(
                "Thay đổi điểm nhiều nhất nếu làm trọn, đúng hạn, không lỗi",
                "What would change it most, done whole, on time and without failure",
            );
            put(format!("{head}:"));
        }
        let (points, source) = (wording::decimal(&text(line, "printed", ""), lang), text(line, "source", ""));
        let month = line.get("month").and_then(Value::as_str).map(|month| format!(" · {month}"));
        let what = match source.split_once('/') {
            Some(_) => format!("{} · {}", named(&source), titled(line)),
            // No task: one of a support worker's three percents.
            None => word(Words::ScorePart, &source, lang).into_owned(),
        };
        put(format!("  +{points} · {what}{}", month.unwrap_or_default()));
    }
    put(String::new());
    formulas(value, grounds, lang).into_iter().for_each(&mut put);
    criteria(grounds, lang).into_iter().for_each(&mut put);
    for part in list(value, "quarters") {
        let unit = text(part, "unit", "");
        put(format!(
            "  {} {} · {} {unit}",
            text(part, "period", ""),
            wording::decimal(&text(part, "score", ""), lang),
            wording::recorded_in(&text(part, "from", ""), lang)
        ));
    }
    for month in list(value, "months") {
        let total = month.get("total").and_then(|figure| figure.get(1)).and_then(Value::as_str);
        let total = total.map(|total| wording::decimal(total, lang));
        let total = total.unwrap_or_else(|| say("còn thiếu", "missing").to_owned());
        put(format!("  {} {total}", text(month, "period", "")));
    }
    let none = say("chưa", "not yet");
    let number = |of: &Value, key: &str| wording::decimal(&text(of, key, ""), lang);
    for line in list(value, "lines") {
        put(format!("\n{} · {}", named(&text(line, "source", "")), titled(line)));
        let product = text(line, "product", "");
        if !product.is_empty() {
            let name = explanation.pointer("/products").and_then(|names| names.get(&product)?.as_str());
            put(format!("  {product} {}", name.unwrap_or_default()).trim_end().to_owned());
        }
        put(format!(
            "  k {} · G {} · C {} · k·G {} · k·C {} · l {} · q {} · {} {} · {} {}",
            number(line, "coefficient"),
            number(line, "assigned"),
            number(line, "completed"),
            number(line, "assigned_converted"),
            number(line, "completed_converted"),
            text(line, "late_count", ""),
            text(line, "quality_failures", ""),
            say("hạn", "due"),
            wording::days(&text(line, "due", say("không có", "none")), lang),
            say("hoàn thành", "done"),
            wording::days(&text(line, "completed_on", none), lang),
        ));
        put(format!(
            "  a +{} (Đ14.2.a) · b +{} (Đ14.2.b) · c +{} (Đ14.2.c)",
            number(line, "completed_converted"),
            number(line, "quality"),
            number(line, "progress"),
        ));
        strings(line, "notes").for_each(|note| put(format!("  {}", wording::note(note, lang))));
        let source = text(line, "source", "");
        let place = explanation.get("records").and_then(|records| records.get(&source)?.get(say("vi", "en")));
        if let Some(place) = place.and_then(Value::as_str) {
            put(format!("  {}: {place}", say("bản ghi nguồn", "source record")));
        }
        let of = line.get("of").and_then(Value::as_str);
        grounds.of_line(of, &source).for_each(|ground| put(format!("  {}", ground.told(lang))));
        for event in explanation.get("events").map(|events| list(events, &source)).into_iter().flatten() {
            let seen = moment(&text(event, "observed_at", ""), lang);
            let told = Event {
                kind: &text(event, "kind", ""),
                at: &moment(&text(event, "at", "–"), lang),
                seen: &seen,
                answer: &text(event, "answer", "–"),
                of_record: event.get("of_record").is_some(),
            };
            put(format!("    {}", told.told(lang)));
        }
    }
    for line in list(value, "excluded") {
        put(format!(
            "\n{} ({}): {} · {}",
            say("không tính", "not counted"),
            word(Words::Excluded, &text(line, "reason", ""), lang),
            named(&text(line, "source", "")),
            titled(line)
        ));
        if let Some(other) = line.get("counts_as").and_then(Value::as_str) {
            put(format!("  {} {other}", say("được tính là", "counts as")));
        }
    }
    out
}

/// The general criteria item by item, the person's own points and the scorer's, and who entered them; nothing where nobody
/// did.
fn criteria(grounds: &Grounds, lang: Lang) -> Vec<String> {
    let (own, scorer) = (grounds.points(true), grounds.points(false));
    if own.is_none() && scorer.is_none() {
        return Vec::new();
    }
    let (head, own_word, scorer_word) = match lang {
        Lang::Vi => ("Tiêu chí chung, từng mục", "tự chấm", "cấp có thẩm quyền chấm"),
        Lang::En => ("General criteria, item by item", "own", "scorer"),
    };
    let mut told = vec![format!("{head}:")];
    for (key, _, words, most) in CRITERIA.iter().flat_map(|(.., items)| items.iter()) {
        let points = |items: Option<&BTreeMap<String, Exact>>| {
            let points = items.and_then(|items| items.get(*key));
            points.map_or_else(|| "–".to_owned(), |points| wording::decimal(&points.to_text(), lang))
        };
        let (own, scorer, most) = (points(own), points(scorer), wording::decimal(most, lang));
        told.push(format!("  {key} · {own_word} {own} · {scorer_word} {scorer} / {most} · {words}"));
    }
    let by =
        |ground: Option<&Ground>, word| ground.map(|ground| format!("  {word}: {}", ground.signed(lang)));
    told.extend(by(grounds.own.as_ref(), own_word));
    told.extend(by(grounds.superior.as_ref(), scorer_word));
    told
}

/// What a line is about, as people read it.
fn titled(line: &Value) -> String {
    // In either language: it is nobody's word but the source's.
    word(Words::Title, &text(line, "title", ""), Lang::Vi).into_owned()
}

/// A task as commands take it.
fn named(source: &str) -> String {
    source.replacen('/', ":", 1)
}

fn moment(text: &str, lang: Lang) -> String {
    wording::local_time(text, lang).unwrap_or_else(|| text.to_owned())
}

fn strings<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    list(value, key).filter_map(Value::as_str)
}

fn text(line: &Value, key: &str, none: &str) -> String {
    match line.get(key) {
        None | Some(Value::Null) => none.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_total_that_rounding_carries_over_a_threshold_is_told_with_what_the_level_rests_on() {
        let mut value = json!({ "total": { "exact": "20999/300", "printed": "70.00" }, "level": "completed",
            "rule_set": { "id": "decree", "rounding": { "digits": 2, "mode": "half_up", "classify_on": "exact" } } });
        let told = explained(&value, &Grounds::default());
        assert!(
            told.vi.contains("là 69,997, dưới 70: mức xếp theo điểm này, không theo số in 70,00"),
            "{}",
            told.vi
        );
        assert!(told.en.contains("is 69.997, below 70: the level rests on it"), "{}", told.en);
        value["rule_set"]["rounding"]["classify_on"] = json!("printed");
        assert!(explained(&value, &Grounds::default()).en.contains("the level rests on the printed 70.00"));
        value["total"]["exact"] = json!("70");
        assert!(!explained(&value, &Grounds::default()).vi.contains("chưa làm tròn"));
    }

    #[test]
    fn a_derivation_reads_in_either_language_and_nothing_missing_is_printed_as_null() {
        let value = json!({
            "task_part": { "exact": "70", "printed": "70.00" }, "general": null, "total": null,
            "missing": ["general_criteria"], "worked": [["2026-10-15", "2026-12-31"]],
            "formulas": ["a = 1 / 1 = 100.00 %"],
            "lines": [{ "source": "snv/1", "title": "Công văn", "coefficient": "1", "assigned": "1", "completed": "0",
                "assigned_converted": "1", "completed_converted": "0", "late_count": 0, "quality_failures": 0,
                "due": "2026-12-12", "completed_on": null, "notes": ["overdue by 12 days"] }],
            "ruled": [{ "rule": "Đ20.4.c", "from": "good", "to": "not_completed", "because": "discipline: 12/QĐ" }],
            "rule_set": { "id": "decree" },
            "explanation": { "switches": { "late_unit": "occurrence" },
                "most": [{ "source": "snv/1", "title": "Công văn", "exact": "70", "printed": "70.00" }],
                "events": { "snv/1": [{ "kind": "returned", "at": null, "observed_at": "2026-12-01T00:00:00Z", "answer": 7 }] } },
            "excluded": [{ "reason": "unmapped", "source": "snv/2", "title": "KÕ ho¹ch phßng ch¸y ch÷a ch¸y rõng" }],
        });
        let told = explained(&value, &Grounds::default());
        assert!(
            told.vi.contains("Tổng điểm (S): còn thiếu")
                && told.vi.contains("Còn thiếu: điểm tiêu chí chung"),
            "{}",
            told.vi
        );
        assert!(told.vi.contains("hạn 12/12/2026 · hoàn thành chưa"), "{}", told.vi);
        assert!(
            told.en.contains("Results of tasks (R·70): 70.00") && told.en.contains("done not yet"),
            "{}",
            told.en
        );
        assert!(
            told.vi.contains("quá hạn 12 ngày") && told.vi.contains("không tính (chưa gán sản phẩm)"),
            "{}",
            told.vi
        );
        assert!(told.en.contains("overdue by 12 days"), "{}", told.en);
        assert!(told.vi.contains("snv:2 · Kế hoạch phòng cháy chữa cháy rừng"), "an old font: {}", told.vi);
        assert!(
            told.vi.contains(
                "điểm c khoản 4 Điều 20: Hoàn thành tốt nhiệm vụ → Không hoàn thành nhiệm vụ (Kỷ luật (Đ20.4.c): 12/QĐ)"
            ),
            "{}",
            told.vi
        );
        assert!(
            told.vi.contains("  +70,00 · snv:1 · Công văn")
                && told.en.contains("  Lateness is counted in [late_unit]: occurrences"),
            "{}",
            told.vi
        );
        assert!(told.vi.contains("Trả lại – (thấy 07:00:00 01/12/2026, câu trả lời 7)"), "{}", told.vi);
        assert!(
            told.vi.contains("Kỳ không trọn, thời gian công tác: 15/10/2026 – 31/12/2026"),
            "{}",
            told.vi
        );
        assert!(told.en.contains("Part of the period only, days worked: 2026-10-15"), "{}", told.en);
        assert!(!told.vi.contains("null") && !told.vi.contains("missing"), "{}", told.vi);
    }

    #[test]
    fn what_a_local_rule_did_to_a_year_reads_in_either_language_and_reaches_the_annex() {
        use crate::domain::rules::Overlay;
        use crate::domain::{Period, Role, RuleSet};
        use crate::scoring::year::{MeanInput, RecordedPart, score_mean};
        let part = |quarter: u8, score: &str| RecordedPart {
            period: Period::Quarter { year: 2026, quarter },
            score: score.into(),
            exact: None,
            level: None,
            unit: None,
            from: "record r2".into(),
        };
        let input = MeanInput {
            period: Period::Year(2026),
            role: Role::Staff,
            parts: vec![part(1, "99"), part(2, "40"), part(3, "99"), part(4, "99")],
            absent: Vec::new(),
            worked: Vec::new(),
            exempting_leave: false,
            facts: Vec::new(),
            organisation: None,
        };
        let local_overlays = vec![Overlay::YearFromQuarterLevels];
        let year = score_mean(&input, &RuleSet { local_overlays, ..RuleSet::default() });
        let value = serde_json::to_value(&year).expect("a derivation");
        let told = explained(&value, &Grounds::default());
        let (vi, en) = (
            "3 quý hoàn thành xuất sắc, 0 quý hoàn thành, 1 quý không hoàn thành",
            "3 quarters excellent, 0 completed, 1 not completed",
        );
        assert!(told.vi.contains(vi) && told.vi.contains("mức của năm theo mức của các quý"), "{}", told.vi);
        assert!(told.en.contains(en) && !told.en.contains("year_from_quarter_levels"), "{}", told.en);
        assert!(told.vi.contains("hồ sơ, phiên bản 2") && !told.vi.contains("record r2"), "{}", told.vi);
        let annex: crate::paper::score::Derivation = serde_json::from_value(value).expect("read");
        assert_eq!((annex.ruled.len(), annex.ruled[0].to), (1, year.level));
    }
}
