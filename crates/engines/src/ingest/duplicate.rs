//! Whether two tasks are one: pulled from two systems, or one document entered twice in one.
//!
//! Owns by what tasks are compared and what speaks for a pair. It proposes and decides nothing: a person says which pairs
//! are one task. It must not know the store. Total and deterministic on any input.

use crate::domain::{PersonId, TaskDraft, TaskKey, local_date};
use crate::text::{Abbreviations, fold, tokens_with};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Titles of fewer words than these are alike by chance.
const FEWEST_WORDS: usize = 3;
/// Share of the words of two titles that both have: alike titles, and titles of one document told in other words.
const ALIKE: f64 = 0.7;
const RELATED: f64 = 0.3;
/// Share of the words of the shorter of two titles that the longer one has as well: it says the same with a few words more.
const CONTAINED: f64 = 0.9;
/// Numbers of documents begin anew every year: assigned further apart, one number is two documents.
const DAYS_APART: i64 = 120;

/// What speaks for two tasks being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One document number with its notation.
    DocNumber,
    /// Titles of the same words.
    Title,
    /// Due on one day.
    Due,
    /// Assigned on one day.
    Assigned,
    /// Both in one system: one document entered, or answered, twice.
    OneSource,
}

/// A task as it is compared.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Its key.
    pub key: TaskKey,
    words: BTreeSet<String>,
    number: Option<String>,
    due: Option<NaiveDate>,
    assigned: Option<NaiveDate>,
}

impl Compared {
    /// What of a task is compared, by an operator's own short forms as well.
    pub fn of(key: &TaskKey, draft: &TaskDraft, forms: &Abbreviations) -> Self {
        Self {
            key: key.clone(),
            words: tokens_with(&draft.title, forms).into_iter().map(|token| token.folded).collect(),
            number: draft.doc_number.as_deref().and_then(number),
            due: draft.due.map(|due| due.day),
            assigned: draft.assigned_at.map(local_date),
        }
    }

    /// The mark of the document it is about in its system, whoever it is given to; none where its number is not known.
    pub fn document(&self) -> Option<i64> {
        self.number.as_ref().map(|number| mark(&format!("document|{}|{number}", self.key.source)))
    }

    /// The marks under which a person's tasks that may be one with it are found: each pair of one person that [`reasons`] can
    /// speak for has one in common.
    pub fn traits(&self, people: &[PersonId]) -> Vec<i64> {
        let mut traits = Vec::new();
        for person in people {
            let mark = |kind: &str, value: &str| mark(&format!("{kind}|{}|{value}", person.0));
            if let Some(number) = &self.number {
                traits.push(mark("number", number));
            }
            match (self.due, self.assigned) {
                (Some(day), _) => traits.push(mark("due", &day.to_string())),
                (None, Some(day)) => traits.push(mark("assigned", &day.to_string())),
                (None, None) => {}
            }
        }
        traits.sort_unstable();
        traits.dedup();
        traits
    }
}

/// Eight bytes of a digest.
fn mark(of: &str) -> i64 {
    Sha256::digest(of).iter().take(8).fold(0i64, |all, byte| (all << 8) | i64::from(*byte))
}

/// A document number without blanks, accents and leading zeros, where it has a notation.
fn number(text: &str) -> Option<String> {
    let folded: String = fold(text).chars().filter(|c| !c.is_whitespace()).collect();
    let folded = folded.trim_start_matches("so").trim_start_matches([':', '.']).trim_start_matches('0');
    let (digits, notation) = folded.split_once('/')?;
    let fits = digits.bytes().all(|byte| byte.is_ascii_digit()) && notation.chars().any(char::is_alphabetic);
    (fits && !digits.is_empty()).then(|| folded.to_owned())
}

/// Who does two tasks that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Somebody does both.
    OnePersons,
    /// Nobody does both; people of one unit do them.
    OneUnits,
}

/// What speaks for two tasks being one; none when too little does, or something speaks against it. A document may be given
/// to several people in parts: what they do is compared within one system alone, and needs the same day besides.
pub fn reasons(a: &Compared, b: &Compared, whose: Whose) -> Option<BTreeSet<Reason>> {
    if a.key == b.key {
        return None;
    }
    let one_source = a.key.source == b.key.source;
    let same_number = match (&a.number, &b.number) {
        (Some(a), Some(b)) if a != b => return None,
        (Some(_), Some(_)) => true,
        _ => false,
    };
    let near_in_time = match (a.assigned, b.assigned) {
        (Some(a), Some(b)) => (a - b).num_days().abs() <= DAYS_APART,
        _ => true,
    };
    let same = |x: Option<NaiveDate>, y: Option<NaiveDate>| x.is_some() && x == y;
    let (due, assigned) = (same(a.due, b.due), same(a.assigned, b.assigned));
    let shared = a.words.intersection(&b.words).count();
    let likeness = shared as f64 / a.words.union(&b.words).count().max(1) as f64;
    let long_enough = a.words.len().min(b.words.len()) >= FEWEST_WORDS;
    let alike = long_enough && likeness >= ALIKE;
    // "(lần 2, gửi lại)": the same with a few words more.
    let contained =
        long_enough && shared as f64 / a.words.len().min(b.words.len()).max(1) as f64 >= CONTAINED;
    let one = match (one_source, same_number && near_in_time) {
        (_, number) if whose == Whose::OneUnits => one_source && number && due && (alike || contained),
        // One document may be handed to one person in one system once.
        (true, number) => number && (alike || due && contained),
        (false, true) => alike || due || likeness >= RELATED,
        (false, false) => alike && (due || a.due.is_none() && b.due.is_none() && assigned),
    };
    let told = [
        (same_number, Reason::DocNumber),
        (alike, Reason::Title),
        (due, Reason::Due),
        (assigned, Reason::Assigned),
        (one_source, Reason::OneSource),
    ];
    one.then(|| told.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn task(source: &str, id: &str, title: &str, number: Option<&str>, due: Option<&str>) -> Compared {
        let draft: TaskDraft = serde_json::from_value(json!({
            "external_id": id, "title": title, "status": "open", "raw_status": "1", "unplanned": false,
            "assigned_at": "2026-11-01T01:00:00Z", "due": due.map(|day| json!({ "day": day, "time": null })),
            "doc_number": number, "events": []
        }))
        .expect("a draft");
        let key = TaskKey { source: source.parse().expect("source"), external_id: id.to_owned() };
        Compared::of(&key, &draft, &Abbreviations::default())
    }

    fn reasons(a: &Compared, b: &Compared) -> Option<BTreeSet<Reason>> {
        super::reasons(a, b, Whose::OnePersons)
    }

    const TITLE: &str = "Báo cáo kết quả giải ngân vốn đầu tư công quý III";

    #[test]
    fn one_task_of_two_systems_is_met_by_its_words_and_its_day() {
        let office = task("qlvb", "1", TITLE, Some("Số 123/UBND-KT"), Some("2026-11-20"));
        for (title, number) in [
            (TITLE, None),
            ("BC KQ giai ngan von dau tu cong quy III", None),
            ("BÁO CÁO KẾT QUẢ GIẢI NGÂN VỐN ĐẦU TƯ CÔNG QUÝ 3", Some("0123/ubnd-kt")),
        ] {
            let other = task("nhiemvu", "9", title, number, Some("2026-11-20"));
            let found = reasons(&office, &other).unwrap_or_else(|| panic!("{title}"));
            assert!(found.contains(&Reason::Title) && found.contains(&Reason::Due), "{found:?}");
            assert_eq!(found.contains(&Reason::DocNumber), number.is_some());
            assert_eq!(reasons(&other, &office), Some(found), "either way round");
        }
    }

    #[test]
    fn other_numbers_other_days_and_other_words_speak_against_it() {
        let office = task("qlvb", "1", TITLE, Some("123/UBND-KT"), Some("2026-11-20"));
        for other in [
            task("nhiemvu", "9", TITLE, Some("124/UBND-KT"), Some("2026-11-20")),
            task("nhiemvu", "9", TITLE, None, Some("2026-12-20")),
            task("nhiemvu", "9", "Góp ý dự thảo kế hoạch tuyển dụng", None, Some("2026-11-20")),
            task("qlvb", "2", TITLE, None, Some("2026-11-20")),
            task("qlvb", "1", TITLE, Some("123/UBND-KT"), Some("2026-11-20")),
        ] {
            assert_eq!(reasons(&office, &other), None, "{other:?}");
        }
        let short = |source, id| task(source, id, "Họp", None, Some("2026-11-20"));
        assert_eq!(reasons(&short("qlvb", "1"), &short("nhiemvu", "9")), None);
    }

    #[test]
    fn one_document_answered_twice_in_one_system_is_met_by_its_number() {
        let first = task("qlvb", "1", TITLE, Some("123/UBND-KT"), Some("2026-11-20"));
        let second = task("qlvb", "2", TITLE, Some("123/UBND-KT"), Some("2026-12-01"));
        let found = reasons(&first, &second).expect("a pair");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [Reason::DocNumber, Reason::Title, Reason::Assigned, Reason::OneSource]
        );
    }

    #[test]
    fn one_document_answered_twice_is_met_though_the_second_title_says_more() {
        let first = task("qlvb", "1", TITLE, Some("123/UBND-KT"), Some("2026-11-20"));
        let again = format!("{TITLE} (lần hai, gửi lại theo yêu cầu của Văn phòng)");
        let second = task("qlvb", "2", &again, Some("123/UBND-KT"), Some("2026-11-20"));
        let found = reasons(&first, &second).expect("a pair");
        let expected = [Reason::DocNumber, Reason::Due, Reason::Assigned, Reason::OneSource];
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        // Another day, or other words under the same number: two works that one document gives.
        let later = task("qlvb", "2", &again, Some("123/UBND-KT"), Some("2026-12-01"));
        assert_eq!(reasons(&first, &later), None);
        let part = "Góp ý dự thảo kế hoạch đầu tư công năm sau";
        let part = task("qlvb", "2", part, Some("123/UBND-KT"), Some("2026-11-20"));
        assert_eq!(reasons(&first, &part), None);
        let short = |id| task("qlvb", id, "Báo cáo", Some("123/UBND-KT"), Some("2026-11-20"));
        assert_eq!(reasons(&short("1"), &short("2")), None);
    }

    #[test]
    fn one_document_given_to_two_people_of_a_unit_is_asked_about_where_day_and_words_are_one() {
        let asked = |a: &Compared, b: &Compared| super::reasons(a, b, Whose::OneUnits);
        let first = task("qlvb", "1", TITLE, Some("99/STP-VB"), Some("2026-11-20"));
        let of = |source, title, number, due| task(source, "2", title, number, due);
        let twin = of("qlvb", TITLE, Some("99/stp-vb"), Some("2026-11-20"));
        assert!(asked(&first, &twin).is_some_and(|told| told.contains(&Reason::OneSource)));
        assert_eq!(first.document(), twin.document());
        let more = format!("{TITLE} lần hai");
        assert!(asked(&first, &of("qlvb", &more, Some("99/STP-VB"), Some("2026-11-20"))).is_some());
        for other in [
            of("qlvb", TITLE, Some("99/STP-VB"), Some("2026-11-27")),
            of("qlvb", TITLE, Some("99/STP-VB"), None),
            of("qlvb", "Tổng hợp số liệu nợ đọng xây dựng cơ bản", Some("99/STP-VB"), Some("2026-11-20")),
            of("qlvb", TITLE, None, Some("2026-11-20")),
            of("qlvb", TITLE, Some("98/STP-VB"), Some("2026-11-20")),
            of("nhiemvu", TITLE, Some("99/STP-VB"), Some("2026-11-20")),
        ] {
            assert_eq!(asked(&first, &other), None, "{other:?}");
        }
        assert_ne!(first.document(), of("nhiemvu", TITLE, Some("99/STP-VB"), None).document());
        assert_eq!(of("qlvb", TITLE, None, None).document(), None);
    }

    #[test]
    fn whatever_is_a_pair_has_a_trait_in_common() {
        let person = [PersonId(uuid::Uuid::from_u128(7)), PersonId(uuid::Uuid::from_u128(9))];
        let all = [
            task("qlvb", "1", TITLE, Some("123/UBND-KT"), Some("2026-11-20")),
            task("qlvb", "2", TITLE, Some("123/UBND-KT"), Some("2026-12-01")),
            task("nhiemvu", "3", TITLE, None, Some("2026-11-20")),
            task("nhiemvu", "4", TITLE, Some("123/UBND-KT"), None),
            task("excel", "5", TITLE, None, None),
            task("nhiemvu", "6", TITLE, None, None),
        ];
        let mut pairs = 0;
        for a in &all {
            for b in &all {
                if reasons(a, b).is_some() {
                    pairs += 1;
                    let of = a.traits(&person);
                    assert!(b.traits(&person).iter().any(|one| of.contains(one)), "{a:?} {b:?}");
                }
            }
        }
        assert!(pairs >= 8, "{pairs}");
        assert!(all[0].traits(&[]).is_empty());
    }
}
