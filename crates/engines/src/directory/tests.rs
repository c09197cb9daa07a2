//! Who is whom, who leads whom, and whose a handed-over task is.

use super::*;
use crate::domain::{Role, UnitKind};
use uuid::Uuid;

fn id(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

fn code(text: &str) -> UnitCode {
    UnitCode::new(text).expect("code")
}

fn quarter() -> Period {
    Period::quarter(2026, 3).expect("quarter")
}

/// Department D with divisions A and B. 1 head of D, 2 deputy leading A, 3 head of A, 4 staff of A,
/// 5 head of B, 6 staff of B until 15 August, then of A, 7 administrator.
fn sample() -> Directory {
    let unit = |text: &str, parent: Option<&str>| Unit {
        code: code(text),
        name: text.into(),
        kind: if parent.is_some() { UnitKind::Division } else { UnitKind::Department },
        parent: parent.map(code),
        org_code: None,
    };
    let person = |number: u128| Known {
        id: id(number),
        staff_number: StaffNumber::parse(&format!("GL-{number}")).expect("number"),
        citizen_index: (number == 4).then(|| "bi1_four".to_owned()),
        full_name: "Nguyễn Văn A".into(),
    };
    let day = |text: &str| text.parse::<NaiveDate>().expect("day");
    let post = |number: u128, unit: &str, role: Role, from: &str, to: Option<&str>| Membership {
        person: id(number),
        unit: code(unit),
        post: String::new(),
        role,
        from: day(from),
        to: to.map(day),
    };
    Directory::new(
        (1..=7).map(person).collect(),
        vec![unit("D", None), unit("A", Some("D")), unit("B", Some("D"))],
        vec![
            post(1, "D", Role::Head, "2026-01-01", None),
            post(2, "D", Role::Deputy, "2026-01-01", None),
            post(3, "A", Role::Head, "2026-01-01", None),
            post(4, "A", Role::Staff, "2026-01-01", None),
            post(5, "B", Role::Head, "2026-01-01", None),
            post(6, "B", Role::Staff, "2026-01-01", Some("2026-08-14")),
            post(6, "A", Role::Staff, "2026-08-15", None),
            post(7, "D", Role::Administrator, "2026-01-01", None),
        ],
        vec![Leadership { leader: id(2), over: code("A").into(), from: day("2026-01-01"), to: None }],
        vec![
            (SourceId::new("s").expect("source"), "u4".into(), id(4)),
            (SourceId::new("s").expect("source"), "u6".into(), id(6)),
        ],
    )
}

#[test]
fn head_answers_for_the_subtree_and_d_looks_one_level_down() {
    let directory = sample();
    assert_eq!(directory.in_charge(id(1), quarter(), Population::default()), [2, 3, 4, 5, 6].map(id));
    assert_eq!(directory.direct_subordinates(id(1), quarter(), Population::default()), [2, 3, 5].map(id));
    assert_eq!(directory.direct_subordinates(id(3), quarter(), Population::default()), [4, 6].map(id));
    assert_eq!(directory.in_charge(id(5), quarter(), Population::default()), []);
}

#[test]
fn deputy_answers_for_the_units_in_charge_only() {
    let directory = sample();
    assert_eq!(directory.in_charge(id(2), quarter(), Population::default()), [3, 4, 6].map(id));
    assert_eq!(directory.leaders_of(id(4), quarter()), [1, 2, 3].map(id));
}

/// The days on which a leader answered for a person in the third quarter, split by effective date.
fn answered(directory: &Directory, leader: u128, person: u128) -> Vec<(String, String)> {
    let charge = directory.charge(id(leader), quarter(), true, Population::default());
    let of = charge.into_iter().find(|(who, _)| *who == id(person));
    let spans = of.map(|(_, spans)| spans).unwrap_or_default();
    spans.into_iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
}

#[test]
fn leader_answers_from_the_day_of_the_appointment_and_until_the_day_of_leaving() {
    let mut directory = sample();
    let day = |text: &str| text.parse::<NaiveDate>().expect("day");
    // 3 heads A until 14 September and B from then on; 5, head of B until then, has no post any more.
    for (person, to) in [(3, "2026-09-14"), (5, "2026-09-14")] {
        directory.memberships.get_mut(&id(person)).expect("posts")[0].to = Some(day(to));
    }
    let new = Membership {
        person: id(3),
        unit: code("B"),
        post: String::new(),
        role: Role::Head,
        from: day("2026-09-15"),
        to: None,
    };
    directory.members.get_mut(&code("B")).expect("unit").insert(id(3));
    directory.memberships.get_mut(&id(3)).expect("posts").push(new);
    // 6 was in B until 14 August, then in A.
    let span = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
    assert_eq!(
        answered(&directory, 3, 4),
        span("2026-07-01", "2026-09-14"),
        "the head who left has them until then"
    );
    assert_eq!(
        answered(&directory, 3, 6),
        span("2026-08-15", "2026-09-14"),
        "not July in B, before the appointment"
    );
    assert_eq!(answered(&directory, 5, 6), span("2026-07-01", "2026-08-14"));
    assert_eq!(answered(&directory, 1, 4), span("2026-07-01", "2026-09-30"));
    assert!(directory.leaders_of(id(4), quarter()).contains(&id(3)), "whose score depends on theirs");
    // d looks at those led at the end.
    assert!(!directory.direct_subordinates(id(3), quarter(), Population::default()).contains(&id(4)));
}

#[test]
fn deputy_answers_for_a_field_on_the_days_of_its_charge() {
    let mut directory = sample();
    let day = |text: &str| text.parse::<NaiveDate>().expect("day");
    let charges = directory.leaderships.get_mut(&id(2)).expect("charges");
    charges[0].to = Some(day("2026-07-31"));
    charges.push(Leadership { leader: id(2), over: code("B").into(), from: day("2026-08-01"), to: None });
    let span = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
    assert_eq!(answered(&directory, 2, 4), span("2026-07-01", "2026-07-31"));
    assert_eq!(answered(&directory, 2, 5), span("2026-08-01", "2026-09-30"));
    // In B until 14 August, in A after the charge of A had ended.
    assert_eq!(answered(&directory, 2, 6), span("2026-08-01", "2026-08-14"));
    assert_eq!(directory.direct_subordinates(id(2), quarter(), Population::default()), [5].map(id));
    assert!(directory.leaders_of(id(4), quarter()).contains(&id(2)));
}

#[test]
fn charge_of_a_former_post_is_over_when_d_is_looked_at() {
    let mut directory = sample();
    let day = |text: &str| text.parse::<NaiveDate>().expect("day");
    // 2, deputy with A in charge until 31 August, is the head of B from then on.
    directory.memberships.get_mut(&id(2)).expect("posts")[0].to = Some(day("2026-08-31"));
    directory.leaderships.get_mut(&id(2)).expect("charges")[0].to = Some(day("2026-08-31"));
    let head = Membership {
        person: id(2),
        unit: code("B"),
        post: String::new(),
        role: Role::Head,
        from: day("2026-09-01"),
        to: None,
    };
    directory.members.get_mut(&code("B")).expect("unit").insert(id(2));
    directory.memberships.get_mut(&id(2)).expect("posts").push(head);
    assert_eq!(directory.direct_subordinates(id(2), quarter(), Population::default()), [5].map(id));
    assert_eq!(directory.in_charge(id(2), quarter(), Population::default()), [5].map(id));
    // Their tasks of those days stay with whoever was in charge then.
    assert_eq!(answered(&directory, 2, 4), [("2026-07-01".to_owned(), "2026-08-31".to_owned())]);
}

#[test]
fn unit_changes_hands_where_somebody_begins_or_ceases_to_answer_for_it_or_for_one_above() {
    // Everybody has been there since January: nothing changes hands but in the quarter before.
    let directory = sample();
    assert!(!directory.changes_hands(id(4), quarter()));
    let (people, units) = (directory.people.into_values().collect(), directory.units.into_values().collect());
    let mut posts: Vec<Membership> = directory.memberships.into_values().flatten().collect();
    let charges: Vec<Leadership> = directory.leaderships.into_values().flatten().collect();
    let day = |text: &str| text.parse::<NaiveDate>().expect("day");
    // The head of the department leaves on 14 September.
    for post in posts.iter_mut().filter(|post| post.person == id(1)) {
        post.to = Some(day("2026-09-14"));
    }
    let directory = Directory::new(people, units, posts, charges, Vec::new());
    assert!(directory.changes_hands(id(4), quarter()) && directory.changes_hands(id(6), quarter()));
    assert!(!directory.changes_hands(id(4), quarter().next()));
}

#[test]
fn transfer_counts_where_the_person_stands_at_the_end() {
    let directory = sample();
    assert_eq!(directory.last_post(id(6), quarter()).expect("post").unit, code("A"));
    assert_eq!(
        directory.last_post(id(6), Period::quarter(2026, 2).expect("q")).expect("post").unit,
        code("B")
    );
    assert_eq!(directory.posts(id(6), quarter()).len(), 2);
}

#[test]
fn administrator_is_outside_the_population_and_ranks_rise_with_the_tree() {
    let directory = sample();
    assert!(!directory.is_scored(id(7), quarter(), Population::default()));
    let everyone = Population { administrators: true, contract_workers: true, ..Population::default() };
    assert!(directory.is_scored(id(7), quarter(), everyone));
    assert_eq!(directory.direct_subordinates(id(1), quarter(), everyone), [2, 3, 5, 7].map(id));
    let no_communes = Population { commune_leaders: false, ..Population::default() };
    assert!(directory.is_scored(id(1), quarter(), no_communes), "a department's head is no commune chair");
    let mut commune = sample();
    commune.units.get_mut(&code("D")).expect("unit").kind = UnitKind::Commune;
    assert!(commune.is_scored(id(1), quarter(), Population::default()));
    assert!(!commune.is_scored(id(1), quarter(), no_communes));
    assert!(!commune.is_scored(id(2), quarter(), no_communes));
    assert!(commune.is_scored(id(3), quarter(), no_communes), "a head of division stays in");
    assert_eq!(commune.in_charge(id(1), quarter(), no_communes), [3, 4, 5, 6].map(id));
    let mut province = sample();
    province.units.get_mut(&code("D")).expect("unit").kind = UnitKind::Province;
    assert!(!province.is_scored(id(1), quarter(), Population::default()), "the chair decides alone");
    assert!(
        !province.is_scored(id(2), quarter(), Population::default()),
        "nor is a deputy of the chair evaluated"
    );
    assert!(!province.in_charge(id(1), quarter(), Population::default()).contains(&id(2)));
    let chairs = Population { province_leaders: true, ..Population::default() };
    assert!(province.is_scored(id(1), quarter(), chairs) && province.is_scored(id(2), quarter(), chairs));
    assert!(province.in_charge(id(1), quarter(), chairs).contains(&id(2)), "and answers to the chair");
    let rank = |number| directory.rank(id(number), quarter());
    assert!(rank(4) < rank(3) && rank(3) < rank(2) && rank(2) < rank(1));
}

#[test]
fn nobody_is_identified_by_name_and_unknown_accounts_are_listed() {
    let directory = sample();
    let source = SourceId::new("s").expect("source");
    let name = |kind, value: &str| AccountRef { kind, value: value.to_owned() };
    assert_eq!(directory.identify(&source, &name(AccountKind::CitizenId, "bi1_four")), Some(id(4)));
    assert_eq!(directory.identify(&source, &name(AccountKind::StaffNumber, " GL - 6")), Some(id(6)));
    assert_eq!(directory.identify(&source, &name(AccountKind::Account, "Nguyễn Văn A")), None);
    assert_eq!(
        directory.identify(&SourceId::new("other").expect("source"), &name(AccountKind::Account, "u4")),
        None
    );
}

#[test]
fn link_of_an_account_counts_before_staff_number_and_citizen_index() {
    let mut directory = sample();
    let source = SourceId::new("s").expect("source");
    let name = |kind, value: &str| AccountRef { kind, value: value.to_owned() };
    for (account, person) in [("XX-99", 2), ("GL-6", 3), ("bi1_four", 5)] {
        directory.by_account.insert(("s".into(), account.into()), id(person));
    }
    let of = |kind, value: &str| directory.identify(&source, &name(kind, value));
    assert_eq!(of(AccountKind::StaffNumber, "XX-99"), Some(id(2)), "nobody has that number");
    assert_eq!(of(AccountKind::StaffNumber, "XX - 99"), Some(id(2)), "written with blanks");
    assert_eq!(of(AccountKind::StaffNumber, "GL-6"), Some(id(3)), "a person said so");
    assert_eq!(of(AccountKind::CitizenId, "bi1_four"), Some(id(5)));
    let other = SourceId::new("other").expect("source");
    assert_eq!(directory.identify(&other, &name(AccountKind::StaffNumber, "GL-6")), Some(id(6)));
    assert_eq!(directory.identify(&other, &name(AccountKind::StaffNumber, "XX-99")), None);
}

#[test]
fn task_back_with_its_first_holder_is_one_stake() {
    let directory = sample();
    let source = SourceId::new("s").expect("source");
    let account = |value: &str| AccountRef { kind: AccountKind::Account, value: value.to_owned() };
    let draft = serde_json::json!({
        "external_id": "1", "updated_at": null, "title": "", "status": "open", "raw_status": "", "assignee": null,
        "assignee_name": null, "unit": null, "assigned_at": null, "due": null, "submitted_at": null, "completed_at": null,
        "quantity": null, "unplanned": false, "doc_type": null, "category": null, "doc_number": null, "product_code": null,
        "events": []
    });
    let now: DateTime<Utc> = "2026-08-01T00:00:00Z".parse().expect("instant");
    let mut task = CanonicalTask {
        draft: serde_json::from_value(draft).expect("draft"),
        assignees: vec![(account("u4"), None), (account("u6"), Some(now)), (account("ghost"), Some(now))],
        due_changes: Vec::new(),
        returned_count: 0,
        reopened_count: 0,
        accepted_submission_at: None,
        shown_last: None,
        first_seen_at: now,
        last_changed_at: now,
    };
    let (stakes, unknown) = directory.stakes(&source, &task);
    let flags: Vec<_> = stakes.iter().map(|(s, _)| (s.person, s.handed_over, s.taken_over)).collect();
    assert_eq!(flags, [(id(4), true, false), (id(6), true, true)]);
    assert_eq!(unknown, [account("ghost")]);
    task.assignees = vec![(account("u4"), None), (account("u6"), Some(now)), (account("u4"), Some(now))];
    let (stakes, _) = directory.stakes(&source, &task);
    let flags: Vec<_> = stakes.iter().map(|(s, _)| (s.person, s.handed_over, s.taken_over)).collect();
    assert_eq!(flags, [(id(4), false, false), (id(6), true, true)]);
}

#[test]
fn leaders_in_charge_of_each_other_are_told_as_a_ring() {
    let directory = sample();
    assert_eq!(directory.ring(quarter()), None);
    let mut crossed = sample();
    for (leader, unit) in [(3, "B"), (5, "A")] {
        let from = NaiveDate::from_ymd_opt(2026, 1, 1).expect("day");
        let lead = Leadership { leader: id(leader), over: code(unit).into(), from, to: None };
        crossed.leaderships.entry(id(leader)).or_default().push(lead);
    }
    let ring = crossed.ring(quarter()).expect("a ring");
    assert_eq!(crossed.told_ring(&ring, quarter()).code, "LT-PPL-008");
}

#[test]
fn head_who_looks_after_another_unit_ranks_no_lower_than_its_head() {
    let mut directory = sample();
    let from = NaiveDate::from_ymd_opt(2026, 1, 1).expect("day");
    directory.leaderships.entry(id(5)).or_default().push(Leadership {
        leader: id(5),
        over: code("A").into(),
        from,
        to: None,
    });
    assert!(directory.direct_subordinates(id(5), quarter(), Population::default()).contains(&id(3)));
    assert!(directory.rank(id(5), quarter()) >= directory.rank(id(3), quarter()));
}

#[test]
fn authority_follows_the_plan_and_an_office_cites_a_document() {
    use super::entitled::{Duty, Judged};
    let directory = sample();
    let on: NaiveDate = "2026-10-02".parse().expect("day");
    let who = |subject, duty| directory.entitled(id(subject), quarter(), on, duty);
    // Staff and deputies by the head of their unit, heads by the head above; the year by the agency's head.
    assert_eq!(who(4, Duty::Score), [id(3)]);
    assert_eq!(who(4, Duty::Classify), [id(1)]);
    assert_eq!(who(3, Duty::Score), [id(1)]);
    assert_eq!(who(2, Duty::Score), [id(1)]);
    assert_eq!(who(1, Duty::Score), []);
    assert_eq!(who(4, Duty::Own), [id(4)]);
    // Moved on 15 August: before it the old head, after it the new one.
    let early = "2026-08-01".parse().expect("day");
    assert_eq!(directory.entitled(id(6), quarter(), early, Duty::Score), [id(5)]);
    assert_eq!(who(6, Duty::Score), [id(3)]);
    let judge = |subject, duty, author: &str, document| {
        let at = "2026-10-02T03:00:00Z".parse().expect("instant");
        let judged = Judged { subject: id(subject), period: quarter(), duty, author, at, document };
        directory.check_author(judged).map_err(|finding| finding.code)
    };
    assert_eq!(judge(4, Duty::Score, "GL-3 Trần Thị Bình", None), Ok(()));
    for author in ["GL-1", "GL - 5", "GL-2 Phó", "GL-4"] {
        assert_eq!(judge(4, Duty::Score, author, Some("1/QĐ")), Err("LT-AUT-001".to_owned()), "{author}");
    }
    assert_eq!(judge(4, Duty::Classify, "GL-3", None), Err("LT-AUT-001".to_owned()));
    assert_eq!(judge(4, Duty::Classify, "GL-1", None), Ok(()));
    assert_eq!(judge(4, Duty::Own, "GL-3", None), Err("LT-AUT-001".to_owned()));
    assert_eq!(judge(1, Duty::Score, "Chủ tịch UBND tỉnh", Some(" ")), Err("LT-AUT-002".to_owned()));
    assert_eq!(judge(1, Duty::Score, "Chủ tịch UBND tỉnh", Some("5/TB-UBND")), Ok(()));
    let cited = |subject, period, opinion| directory.check_opinion(id(subject), period, opinion).is_ok();
    let year = Period::Year(2026);
    assert!(cited(2, year, Some("7/UBND-NV")) && !cited(2, year, None) && !cited(2, year, Some(" ")));
    // A quarter is not classified, and nobody but such deputies needs an opinion.
    assert!(cited(2, quarter(), None) && cited(4, year, None) && cited(1, year, None));
    let refused = directory.check_opinion(id(2), year, None).expect_err("refused");
    assert_eq!(refused.code, "LT-AUT-003");
}

#[test]
fn whoever_is_named_is_led_beside_the_units_ranks_lower_and_is_nobodys_at_another_agency() {
    let mut directory = sample();
    let day = |text: &str| text.parse::<NaiveDate>().expect("day");
    let over = |person: u128, from: &str| Leadership {
        leader: id(2),
        over: Charge::Person(id(person)),
        from: day(from),
        to: None,
    };
    // The deputy leads A and, from September, the head of B and the head of the department by name.
    let charges = directory.leaderships.get_mut(&id(2)).expect("charges");
    charges.extend([over(5, "2026-09-01"), over(1, "2026-01-01")]);
    directory.note_handovers();
    let led = |directory: &Directory| directory.in_charge(id(2), quarter(), Population::default());
    assert_eq!(led(&directory), [3, 4, 5, 6].map(id), "not the head above");
    assert_eq!(directory.direct_subordinates(id(2), quarter(), Population::default()), [3, 4, 5, 6].map(id));
    assert_eq!(answered(&directory, 2, 5), [("2026-09-01".to_owned(), "2026-09-30".to_owned())]);
    // Nobody below whoever is named is led with them: 6 sat in B until the middle of August.
    assert_eq!(answered(&directory, 2, 6), [("2026-08-15".to_owned(), "2026-09-30".to_owned())]);
    assert!(directory.leaders_of(id(5), quarter()).contains(&id(2)), "the deputy's score depends on it");
    assert!(directory.changes_hands(id(5), quarter()), "within the quarter");
    assert!(directory.rank(id(2), quarter()) > directory.rank(id(5), quarter()));
    // Gone to another agency: the charge stands in the file and takes nobody.
    let elsewhere =
        Unit { code: code("X"), name: "X".into(), kind: UnitKind::Commune, parent: None, org_code: None };
    directory.units.insert(code("X"), elsewhere);
    directory.memberships.get_mut(&id(5)).expect("posts")[0].unit = code("X");
    assert_eq!(led(&directory), [3, 4, 6].map(id));
    assert_eq!(answered(&directory, 2, 5), []);
}
