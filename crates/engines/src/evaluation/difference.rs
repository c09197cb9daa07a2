//! What changed between two revisions of a record, in words.
//!
//! Owns the comparison field by field and its sentences in both languages: they stand in the record for ever
//! and are shown to the person concerned. It must not know why something changed.

use super::content::{Content, Part};
use crate::domain::Level;
use crate::error::Text;
use serde::{Deserialize, Serialize};

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
        let text =
            Text::new(format!("bản đầu tiên, tổng điểm {shown}"), format!("first revision, total {shown}"));
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
        note(&mut found, part.as_str(), (vi, en), old, new);
    }
    let role = |content: &Content| Some(content.role.as_str().to_owned());
    note(&mut found, "role", ("vai trò", "role"), role(before), role(after));
    let units = (before.unit.to_string(), after.unit.to_string());
    note(&mut found, "unit", ("đơn vị", "unit"), Some(units.0), Some(units.1));
    note(&mut found, "post", ("chức vụ", "post"), Some(before.post.clone()), Some(after.post.clone()));
    let level = |level: Option<Level>| level.map(|level| level.as_str().to_owned());
    note(&mut found, "level", ("mức", "level"), level(before.level), level(after.level));
    if before.is_ruled_year() && after.is_ruled_year() {
        let label = ("mức đề xuất", "proposed level");
        note(&mut found, "proposed", label, level(before.proposed), level(after.proposed));
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
    note(
        &mut found,
        "worked",
        ("chỉ công tác một phần kỳ", "only part of the period worked"),
        worked(before),
        worked(after),
    );
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
    if before == after {
        return;
    }
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
    let (old, new) = (shown(&before), shown(&after));
    let text = Text::new(format!("{}: {old} → {new}", label.0), format!("{}: {old} → {new}", label.1));
    found.push(Difference { field: field.to_owned(), before, after, text });
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
        assert_eq!(told.text.vi, "tổng điểm: — → 89.5");
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
