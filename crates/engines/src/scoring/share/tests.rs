//! Shares by person, by quarter and of supporting people (D-12).

use super::super::line::Line;
use super::*;
use crate::domain::{CanonicalTask, SourceId, TaskStatus};
use proptest::prelude::*;

fn number(text: &str) -> Decimal {
    text.parse().expect("decimal")
}

fn who(number: u128) -> PersonId {
    PersonId(uuid::Uuid::from_u128(number))
}

fn part(person: Option<u128>, period: Option<&str>, share: Option<&str>) -> SharePart {
    SharePart {
        person: person.map(who),
        period: period.map(|period| period.parse().expect("period")),
        share: share.map(number),
    }
}

fn key() -> TaskKey {
    TaskKey { source: SourceId::new("s").expect("source"), external_id: "1".into() }
}

/// Assigned in January, due in August.
fn task(done: Option<&str>) -> CanonicalTask {
    let at = |text: &str| -> chrono::DateTime<chrono::Utc> { text.parse().expect("instant") };
    let due = Due::day("2026-08-20".parse().expect("day"));
    CanonicalTask {
        draft: crate::domain::TaskDraft {
            external_id: "1".into(),
            updated_at: None,
            title: "Đề án".into(),
            status: if done.is_some() { TaskStatus::Done } else { TaskStatus::InProgress },
            raw_status: String::new(),
            assignee: None,
            assignee_name: None,
            unit: None,
            assigned_at: Some(at("2026-01-10T01:00:00Z")),
            due: Some(due),
            submitted_at: None,
            completed_at: done.map(at),
            quantity: None,
            unplanned: false,
            doc_type: None,
            category: None,
            doc_number: None,
            product_code: None,
            events: Vec::new(),
        },
        assignees: Vec::new(),
        due_changes: vec![(Some(due), at("2026-01-10T01:00:00Z"))],
        returned_count: 0,
        reopened_count: 0,
        accepted_submission_at: None,
        shown_last: None,
        first_seen_at: at("2026-01-10T01:00:00Z"),
        last_changed_at: at("2026-01-10T01:00:00Z"),
    }
}

/// Coefficients of the lines and reasons of the exclusions of a person in a quarter, product k = 30.
fn shared(
    parts: &[SharePart],
    person: u128,
    period: &str,
    rules: &RuleSet,
    (task, quantity): (&CanonicalTask, Option<&str>),
) -> (Vec<Line>, Vec<String>) {
    let key = key();
    let facts = TaskFacts {
        key: &key,
        task,
        product: Some(("SP-1", number("30"))),
        pending: None,
        outside: false,
        handed_over: false,
        taken_over: false,
        confirmed_failures: None,
        lateness_confirmed: None,
        late_excused: false,
        quality_excused: false,
        confirmed_quantity: quantity.map(|quantity| (number(quantity), task.last_changed_at)),
        counted_before: Decimal::ZERO,
        counts_as: None,
        also: Vec::new(),
    };
    let shares = Shares::from([(key.clone(), parts.to_vec())]);
    let period: Period = period.parse().expect("period");
    let (lines, excluded) = build_shared_lines(
        &[facts],
        &shares,
        who(person),
        period,
        period.last_day(),
        rules,
        &WorkingCalendar::default(),
    )
    .full();
    (lines, excluded.into_iter().map(|one| one.reason).collect())
}

fn coefficients(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.coefficient.normalize().to_string()).collect()
}

#[test]
fn d12_product_of_thirty_shared_fifty_thirty_twenty() {
    let parts = [
        part(Some(1), None, Some("0.5")),
        part(Some(2), None, Some("0.3")),
        part(Some(3), None, Some("0.2")),
    ];
    let rules = RuleSet::default();
    assert_eq!(check_shares(&parts, &rules), Ok(()));
    let task = task(Some("2026-08-01T01:00:00Z"));
    let of = |person| shared(&parts, person, "2026-Q3", &rules, (&task, None));
    let all: Vec<String> = (1..=3).flat_map(|person| coefficients(&of(person).0)).collect();
    assert_eq!(all, ["15", "9", "6"]);
    assert_eq!(of(4).1, ["shared_by_others"], "who is not named has none of it");
    assert_eq!(of(1).0[0].completed, Decimal::ONE);
}

#[test]
fn more_than_the_whole_a_share_out_of_range_and_a_part_twice_are_refused() {
    let rules = RuleSet { support_share: "0.2".into(), ..RuleSet::default() };
    let why = |parts: &[SharePart]| check_shares(parts, &rules).map_err(|(why, _)| why);
    let of = |person, share| part(Some(person), None, share);
    assert_eq!(why(&[of(1, Some("0.6")), of(2, Some("0.4001"))]), Err(Impossible::Sum));
    assert_eq!(why(&[of(1, Some("0.9")), of(2, None)]), Err(Impossible::Sum), "the supporting one has 0.2");
    assert_eq!(why(&[of(1, Some("1.1"))]), Err(Impossible::Range));
    assert_eq!(why(&[of(1, Some("-0.1"))]), Err(Impossible::Range));
    assert_eq!(why(&[of(1, Some("0.1")), of(1, Some("0.2"))]), Err(Impossible::Twice));
    assert_eq!(why(&[of(1, Some("0.8")), of(2, None)]), Ok(()));
    assert_eq!(why(&[]), Ok(()));
}

#[test]
fn each_quarter_has_its_own_share_only_where_the_rule_set_allocates_by_quarter() {
    let parts = [
        part(None, Some("2026-Q1"), Some("0.3")),
        part(None, Some("2026-Q2"), Some("0.3")),
        part(None, Some("2026-Q3"), Some("0.4")),
    ];
    let allocated = RuleSet { period_membership: PeriodMembership::ShareAllocated, ..RuleSet::default() };
    let open = task(None);
    for (period, k) in [("2026-Q1", "9"), ("2026-Q2", "9"), ("2026-Q3", "12")] {
        let (lines, _) = shared(&parts, 1, period, &allocated, (&open, None));
        assert_eq!(coefficients(&lines), [k], "{period}");
        assert!(lines[0].completed.is_zero(), "nothing is done and nobody confirmed a part");
        let (confirmed, _) = shared(&parts, 1, period, &allocated, (&open, Some("1")));
        assert_eq!(
            (confirmed[0].completed, confirmed[0].late_count > 0),
            (Decimal::ONE, period == "2026-Q3"),
            "{period}"
        );
    }
    let months = [part(None, Some("2026-M01"), Some("0.1")), part(None, Some("2026-M03"), Some("0.2"))];
    assert_eq!(
        coefficients(&shared(&months, 1, "2026-Q1", &allocated, (&open, None)).0),
        ["9"],
        "months in their quarter"
    );
    assert_eq!(coefficients(&shared(&months, 1, "2026-M03", &allocated, (&open, None)).0), ["6"]);
    assert!(shared(&parts, 1, "2026-Q4", &allocated, (&open, None)).0.is_empty());
    // Done in March: every part is done, and none is late.
    let early = task(Some("2026-03-01T01:00:00Z"));
    for period in ["2026-Q1", "2026-Q2", "2026-Q3"] {
        let (lines, _) = shared(&parts, 1, period, &allocated, (&early, None));
        assert_eq!((lines[0].completed, lines[0].late_count), (Decimal::ONE, 0), "{period}");
    }
    // Otherwise it belongs to the quarter it is due in.
    let usual = RuleSet::default();
    assert!(shared(&parts, 1, "2026-Q1", &usual, (&open, None)).0.is_empty());
    assert_eq!(coefficients(&shared(&parts, 1, "2026-Q3", &usual, (&open, None)).0), ["30"]);
}

#[test]
fn people_and_quarters_together_are_a_share_of_both() {
    let parts = [
        part(Some(1), Some("2026-Q2"), Some("0.2")),
        part(Some(2), Some("2026-Q2"), Some("0.1")),
        part(Some(1), Some("2026-Q3"), Some("0.7")),
    ];
    let allocated = RuleSet { period_membership: PeriodMembership::ShareAllocated, ..RuleSet::default() };
    let open = task(None);
    let of = |person, period| coefficients(&shared(&parts, person, period, &allocated, (&open, None)).0);
    assert_eq!(
        (of(1, "2026-Q2"), of(2, "2026-Q2"), of(1, "2026-Q3")),
        (vec!["6".into()], vec!["3".into()], vec!["21".into()])
    );
    assert_eq!(shared(&parts, 2, "2026-Q3", &allocated, (&open, None)).1, ["shared_by_others"]);
}

#[test]
fn supporting_people_have_the_share_of_the_rule_set_and_the_lead_the_rest() {
    let parts = [part(Some(2), None, None), part(Some(3), None, None)];
    let open = task(None);
    for (share, lead, support) in
        [("0", "30", None), ("0.1", "24", Some("3")), ("0.5", "", Some("15")), ("1", "", Some("15"))]
    {
        let rules = RuleSet { support_share: share.into(), ..RuleSet::default() };
        assert!(rules.refusals().is_empty(), "{share}");
        let of = |person| coefficients(&shared(&parts, person, "2026-Q3", &rules, (&open, None)).0);
        let expected: Vec<String> = (!lead.is_empty()).then(|| lead.to_owned()).into_iter().collect();
        assert_eq!(of(1), expected, "lead under {share}");
        let expected: Vec<String> = support.map(str::to_owned).into_iter().collect();
        assert_eq!(of(2), expected, "support under {share}");
    }
    let none = shared(&parts, 2, "2026-Q3", &RuleSet::default(), (&open, None)).1;
    assert_eq!(none, ["support_without_share"]);
    for wrong in ["1.1", "-0.1", "x", "0.123456", ""] {
        let rules = RuleSet { support_share: wrong.into(), ..RuleSet::default() };
        assert_eq!(rules.refusals(), [("support_share", "0 to 1, at most 4 decimals")], "{wrong}");
    }
}

#[test]
fn what_names_no_quarter_and_the_rest_of_the_lead_count_once_in_the_quarter_the_task_belongs_to() {
    let allocated = RuleSet {
        period_membership: PeriodMembership::ShareAllocated,
        support_share: "0.1".into(),
        ..RuleSet::default()
    };
    let open = task(None);
    let of = |parts: &[SharePart], person, period| {
        coefficients(&shared(parts, person, period, &allocated, (&open, None)).0)
    };
    // Due in August: the half that names no quarter lies in the third one alone.
    let mixed = [
        part(Some(2), None, Some("0.5")),
        part(Some(3), Some("2026-Q1"), Some("0.2")),
        part(Some(3), Some("2026-Q2"), Some("0.2")),
    ];
    assert_eq!(check_shares(&mixed, &allocated), Ok(()));
    let quarters = ["2026-Q1", "2026-Q2", "2026-Q3"];
    let of_two: Vec<Vec<String>> = quarters.iter().map(|quarter| of(&mixed, 2, quarter)).collect();
    assert_eq!(of_two, [vec![], vec![], vec!["15".to_owned()]]);
    // The lead's rest after 60 % and 10 % of support is 30 %, once: not 70 and 60 % by the parts of each quarter.
    let supported = [
        part(Some(3), Some("2026-Q1"), Some("0.2")),
        part(Some(3), Some("2026-Q2"), Some("0.4")),
        part(Some(2), Some("2026-Q2"), None),
    ];
    let of_lead: Vec<Vec<String>> = quarters.iter().map(|quarter| of(&supported, 1, quarter)).collect();
    assert_eq!(of_lead, [vec![], vec![], vec!["9".to_owned()]]);
    assert_eq!(of(&supported, 2, "2026-Q2"), ["3"]);
}

proptest! {
    #[test]
    fn parts_with_and_without_quarters_never_exceed_the_whole(
        given in prop::collection::vec((0u128..5, 0usize..5, prop::option::of(0u32..=60)), 1..7),
        support in 0u32..=100,
        done in prop::bool::ANY,
    ) {
        let rules = RuleSet {
            period_membership: PeriodMembership::ShareAllocated,
            support_share: Decimal::new(support.into(), 2).to_string(),
            ..RuleSet::default()
        };
        let periods = [None, Some("2026-Q1"), Some("2026-Q2"), Some("2026-Q3"), Some("2026-M08")];
        let parts: Vec<SharePart> = given.iter().map(|(person, period, share)| SharePart {
            // Nobody named: a part of everyone's, which has a share.
            person: (*person > 0 || share.is_none()).then(|| who(person + 2)),
            period: periods[*period].map(|period| period.parse().expect("period")),
            share: share.map(|share| Decimal::new(share.into(), 2)),
        }).collect();
        let explicit: Decimal = parts.iter().filter_map(|part| part.share).sum();
        prop_assume!(explicit <= Decimal::ONE);
        let task = task(done.then_some("2026-03-01T01:00:00Z"));
        // Person 1 has the task and is not named; everybody else stands in it by a part.
        let stands = |person: &u128| *person == 1 || parts.iter().any(|part| part.person == Some(who(*person)));
        let quarters = ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"];
        let whole: Decimal = (1..=7)
            .filter(stands)
            .flat_map(|person| quarters.map(|quarter| (person, quarter)))
            .flat_map(|(person, quarter)| shared(&parts, person, quarter, &rules, (&task, None)).0)
            .map(|line| line.coefficient)
            .sum();
        prop_assert!(whole <= number("30"), "{whole} of 30: {parts:?}");
    }

    #[test]
    fn shares_of_everybody_never_exceed_the_whole(given in prop::collection::vec(prop::option::of(0u32..=100), 1..6), support in 0u32..=100) {
        let rules = RuleSet { support_share: Decimal::new(support.into(), 2).to_string(), ..RuleSet::default() };
        let parts: Vec<SharePart> = (2u128..).zip(&given).map(|(person, share)| SharePart {
            person: Some(who(person)),
            period: None,
            share: share.map(|share| Decimal::new(share.into(), 2)),
        }).collect();
        let explicit: Decimal = parts.iter().filter_map(|part| part.share).sum();
        prop_assume!(explicit <= Decimal::ONE);
        let open = task(None);
        let sum: Decimal = (1..=parts.len() as u128 + 1)
            .flat_map(|person| shared(&parts, person, "2026-Q3", &rules, (&open, None)).0)
            .map(|line| line.coefficient)
            .sum();
        prop_assert!(sum <= number("30"), "{sum}");
    }
}
