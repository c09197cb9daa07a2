//! What changed between two revisions of a record, in words.
//!
//! Owns the comparison field by field and its sentences in both languages: they stand in the record for ever
//! and are shown to the person concerned. It must not know why something changed.

use super::content::{Content, Part};
use crate::domain::{Exact, Level, RoundingMode};
use crate::error::Text;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Decimals of a fraction in a sentence.
const DIGITS: u32 = 6;

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Stable name: a part (`total`), `role`, `unit`, `post`, `level`, `proposed`, `missing`, `lines`, `worked`,
    /// `rule_set`, `ruling`.
    pub field: String,
    /// Value before; none when there was none.
    pub before: Option<String>,
    /// Value after; none when there is none.
    pub after: Option<String>,
    /// One sentence in both languages.
    pub text: Text,
}

/// Everything that changed from `before` to `after`, parts first in the order of the form; empty when both say
/// the same. Without `before` it is a single line that the record began.
pub fn difference(before: Option<&Content>, after: &Content) -> Vec<Difference> {
    let Some(before) = before else {
        let total = after.total().map(|figure| figure.printed.clone());
        let shown = total.as_deref().unwrap_or("—");
        let text = Text::new(
            format!("bản đầu tiên, tổng điểm {}", shown.replace('.', ",")),
            format!("first revision, total {shown}"),
        );
        return vec![Difference { field: "record".into(), before: None, after: total, text }];
    };
    let mut found = Vec::new();
    for part in Part::ALL {
        let printed = |content: &Content| content.parts.get(&part).map(|figure| figure.printed.clone());
        let exact = |content: &Content| content.parts.get(&part).map(|figure| figure.exact.to_text());
        let (mut old, mut new) = (printed(before), printed(after));
        if old == new {
            // Rounded to the same figure: only the exact values tell them apart.
            (old, new) = (exact(before), exact(after));
        }
        let (vi, en) = part.label();
        let words = Words { vi: |text: &str| readable(text).replace('.', ","), en: readable };
        note_in(&mut found, part.as_str(), (vi, en), (old, new), &words);
    }
    let role = |content: &Content| Some(content.role.as_str().to_owned());
    note(&mut found, "role", ("vai trò", "role"), role(before), role(after));
    let units = (before.unit.to_string(), after.unit.to_string());
    note(&mut found, "unit", ("đơn vị", "unit"), Some(units.0), Some(units.1));
    note(&mut found, "post", ("chức vụ", "post"), Some(before.post.clone()), Some(after.post.clone()));
    let level = |level: Option<Level>| level.map(|level| level.as_str().to_owned());
    let called = |text: &str| {
        Level::parse(text).map_or_else(|| text.to_owned(), |level| level.vietnamese().to_owned())
    };
    let words = Words { vi: called, en: str::to_owned };
    note_in(&mut found, "level", ("mức", "level"), (level(before.level), level(after.level)), &words);
    if before.is_ruled_year() && after.is_ruled_year() {
        let label = ("mức đề xuất", "proposed level");
        note_in(&mut found, "proposed", label, (level(before.proposed), level(after.proposed)), &words);
    }
    let missing = |content: &Content| (!content.missing.is_empty()).then(|| content.missing.join(", "));
    note(&mut found, "missing", ("phần còn thiếu", "missing parts"), missing(before), missing(after));
    let lines = |content: &Content| {
        let lines = content.lines;
        Some(format!("{}+{}/{}", lines.counted, lines.extra, lines.excluded))
    };
    note(
        &mut found,
        "lines",
        ("số dòng nhiệm vụ (tính+vượt/loại)", "task lines (counted+extra/excluded)"),
        lines(before),
        lines(after),
    );
    let worked = |content: &Content| {
        let spans = content.worked.iter().map(|(from, to)| format!("{from} – {to}"));
        (!content.worked.is_empty()).then(|| spans.collect::<Vec<_>>().join(", "))
    };
    let days = |content: &Content| {
        let day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
        let spans = content.worked.iter().map(|(from, to)| format!("{} – {}", day(*from), day(*to)));
        spans.collect::<Vec<_>>().join(", ")
    };
    let (was, is) = (worked(before), worked(after));
    let vi = |text: &str| if was.as_deref() == Some(text) { days(before) } else { days(after) };
    let label = ("chỉ công tác một phần kỳ", "only part of the period worked");
    note_in(&mut found, "worked", label, (was.clone(), is), &Words { vi, en: str::to_owned });
    let rules = |content: &Content| {
        let short: String = content.rule_set_hash.chars().take(12).collect();
        Some(format!("{} ({short})", content.rule_set))
    };
    note(&mut found, "rule_set", ("bộ quy tắc", "rule set"), rules(before), rules(after));
    let ruling = |content: &Content| {
        content.ruling.as_ref().map(|ruling| match &ruling.decision_no {
            Some(number) => format!("{} ({number})", ruling.by),
            None => ruling.by.clone(),
        })
    };
    note(&mut found, "ruling", ("người quyết định", "decided by"), ruling(before), ruling(after));
    found
}

fn note(
    found: &mut Vec<Difference>,
    field: &str,
    label: (&str, &str),
    before: Option<String>,
    after: Option<String>,
) {
    note_in(found, field, label, (before, after), &Words { vi: str::to_owned, en: str::to_owned });
}

/// How a value reads in each language.
struct Words<V, E> {
    vi: V,
    en: E,
}

fn note_in<V: Fn(&str) -> String, E: Fn(&str) -> String>(
    found: &mut Vec<Difference>,
    field: &str,
    label: (&str, &str),
    (before, after): (Option<String>, Option<String>),
    words: &Words<V, E>,
) {
    if before == after {
        return;
    }
    let nothing = || "—".to_owned();
    let vi = |value: &Option<String>| value.as_deref().map_or_else(nothing, &words.vi);
    let en = |value: &Option<String>| value.as_deref().map_or_else(nothing, &words.en);
    let text = Text::new(
        format!("{}: {} → {}", label.0, vi(&before), vi(&after)),
        format!("{}: {} → {}", label.1, en(&before), en(&after)),
    );
    found.push(Difference { field: field.to_owned(), before, after, text });
}

/// A figure as a decimal: a fraction that never ends is cut where two of them still differ.
fn readable(text: &str) -> String {
    match text.parse::<Exact>() {
        Ok(exact) if text.contains('/') => exact.round(DIGITS, RoundingMode::HalfUp),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::tests::sample;
    use super::*;

    #[test]
    fn a_total_that_appears_is_told_with_what_is_no_longer_missing() {
        let before = sample("2026-Q3", None);
        let after = sample("2026-Q3", Some("89.5"));
        let fields: Vec<String> = difference(Some(&before), &after).into_iter().map(|d| d.field).collect();
        assert_eq!(fields, ["total", "level", "missing"]);
        let told = &difference(Some(&before), &after)[0];
        assert_eq!((told.before.as_deref(), told.after.as_deref()), (None, Some("89.5")));
        assert_eq!(
            (told.text.vi.as_str(), told.text.en.as_str()),
            ("tổng điểm: — → 89,5", "total: — → 89.5")
        );
        let level = &difference(Some(&before), &after)[1];
        assert_eq!(level.after.as_deref(), Some("good"), "programs get the stable word");
        assert_eq!(level.text.vi, "mức: — → Hoàn thành tốt nhiệm vụ");
        assert!(difference(None, &after)[0].text.vi.ends_with("89,5"));
    }

    #[test]
    fn fractions_and_days_read_as_people_write_them() {
        let mut before = sample("2026-Q3", Some("89.5"));
        let mut after = before.clone();
        before.parts.get_mut(&Part::Total).expect("total").exact = "281575/2844".parse().expect("exact");
        after.parts.get_mut(&Part::Total).expect("total").exact = "281576/2844".parse().expect("exact");
        after.worked = vec![("2026-07-01".parse().expect("day"), "2026-08-31".parse().expect("day"))];
        let told = difference(Some(&before), &after);
        assert!(told[0].before.as_deref().is_some_and(|exact| exact.contains('/')), "{told:?}");
        assert!(told[0].text.vi.ends_with(": 99,006681 → 99,007032"), "{}", told[0].text.vi);
        assert!(told[0].text.en.ends_with(": 99.006681 → 99.007032"), "{}", told[0].text.en);
        assert!(told[1].text.vi.ends_with("— → 01/07/2026 – 31/08/2026"), "{}", told[1].text.vi);
        assert!(told[1].text.en.ends_with("— → 2026-07-01 – 2026-08-31"), "{}", told[1].text.en);
    }

    #[test]
    fn figures_that_print_alike_are_told_apart_exactly() {
        let before = sample("2026-Q3", Some("89.5"));
        let mut after = before.clone();
        after.parts.get_mut(&Part::Total).expect("total").exact = "89.501".parse().expect("exact");
        let told = difference(Some(&before), &after);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].after.as_deref(), Some("89.501"));
    }

    #[test]
    fn equal_contents_differ_in_nothing_and_a_first_one_begins() {
        let content = sample("2026-Q3", Some("89.5"));
        assert!(difference(Some(&content), &content).is_empty());
        assert_eq!(difference(None, &content)[0].field, "record");
    }
}
