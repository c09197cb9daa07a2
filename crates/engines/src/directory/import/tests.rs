//! People and units files: what is taken, and every way a row can be wrong.

use super::*;
use crate::domain::{Charge, SourceId, StaffNumber, Unit, UnitCode, UnitKind};
use crate::error::Severity;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Department D with divisions A and B.
fn units() -> Vec<Unit> {
    let code = |text: &str| UnitCode::new(text).expect("code");
    [("D", None), ("A", Some("D")), ("B", Some("D"))]
        .map(|(own, parent): (&str, Option<&str>)| Unit {
            code: code(own),
            name: own.into(),
            kind: if parent.is_some() { UnitKind::Division } else { UnitKind::Department },
            parent: parent.map(code),
            org_code: None,
        })
        .to_vec()
}

const HEADER: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n";

fn told(rows: &str) -> Vec<(String, String)> {
    let findings =
        read_people("people.csv", format!("{HEADER}{rows}").as_bytes(), units().as_slice(), &BTreeSet::new())
            .expect_err("refused")
            .0;
    let place =
        |finding: &crate::error::Finding| finding.place.as_ref().map(ToString::to_string).unwrap_or_default();
    findings.iter().map(|finding| (finding.code.clone(), place(finding))).collect()
}

fn codes(rows: &str) -> Vec<String> {
    told(rows).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn two_posts_one_after_the_other_are_one_person() {
    let file = "Số hiệu;Số định danh (CCCD);Họ và tên;Đơn vị;Chức vụ;Vai trò;Từ ngày;Đến ngày;Phụ trách;Tài khoản\n\
                GL-1;099200000001;Nguyễn Văn A;A;Chuyên viên;Công chức;01/01/2026;30/06/2026;;s=a\n\
                GL - 1;;Nguyễn  Văn A;B;Trưởng phòng;Người đứng đầu;2026-07-01;;B;s=a|t=9\n";
    let import =
        read_people("people.csv", file.as_bytes(), units().as_slice(), &BTreeSet::new()).expect("import");
    assert_eq!(import.people.len(), 1);
    let person = &import.people[0];
    assert_eq!((person.memberships.len(), person.leads.len(), person.accounts.len()), (2, 1, 2));
    assert!(person.citizen_id.is_some());
    assert_eq!(person.full_name, "Nguyễn Văn A");
}

#[test]
fn overlapping_posts_are_refused_with_both_lines() {
    let found = told("GL-1,,A,A,,staff,2026-01-01,,,\nGL-1,,A,B,,staff,2026-06-01,,,\n");
    assert_eq!(found, [("LT-PPL-002".to_owned(), "people.csv:3 (column 7)".to_owned())]);
    // The last day of one post and the first of the next may not be the same.
    assert_eq!(
        codes("GL-1,,A,A,,staff,2026-01-01,2026-06-01,,\nGL-1,,A,B,,staff,2026-06-01,,,\n"),
        ["LT-PPL-002"]
    );
}

#[test]
fn every_wrong_cell_is_told_at_once_and_no_digit_of_an_id_is_shown() {
    let rows = "GL-1,99200000001,A,X,,boss,2026-13-01,,,\n\
                ,,B,A,,staff,2026-01-01,,,\n\
                GL-2,,C,A,,staff,2026-05-01,2026-01-01,,s\n\
                GL-3,0992000000012,,A,,staff,01/05/26,,Z,s=\n";
    assert_eq!(codes(rows), ["LT-PPL-001"; 12]);
    let text =
        read_people("people.csv", format!("{HEADER}{rows}").as_bytes(), units().as_slice(), &BTreeSet::new())
            .expect_err("refused")
            .to_string();
    assert!(!text.contains("9920000"), "{text}");
    assert!(text.contains("leading zero"), "{text}");
}

#[test]
fn account_or_citizen_id_of_two_people_is_refused() {
    let rows =
        "GL-1,099200000001,A,A,,staff,2026-01-01,,,s=x\nGL-2,099200000001,B,A,,staff,2026-01-01,,,s=x\n";
    assert_eq!(codes(rows), ["LT-PPL-001", "LT-PPL-001"]);
}

#[test]
fn one_number_with_two_names_or_ids_is_refused() {
    let rows = "GL-1,099200000001,An,A,,staff,2026-01-01,2026-01-31,,\nGL-1,099200000002,Ân,B,,staff,2026-02-01,,,\n";
    assert_eq!(codes(rows), ["LT-PPL-003", "LT-PPL-003"]);
}

#[test]
fn two_heads_at_once_are_refused_and_one_after_the_other_are_not() {
    let rows = "GL-1,,A,A,,head,2026-01-01,,,\nGL-2,,B,A,,head,2026-03-01,,,\n";
    assert_eq!(told(rows), [("LT-PPL-006".to_owned(), "people.csv:3 (column 6)".to_owned())]);
    let rows = format!("{HEADER}GL-1,,A,A,,head,2026-01-01,2026-02-28,,\nGL-2,,B,A,,head,2026-03-01,,,\n");
    assert!(read_people("people.csv", rows.as_bytes(), units().as_slice(), &BTreeSet::new()).is_ok());
}

#[test]
fn charge_over_a_unit_above_the_own_one_is_refused() {
    assert_eq!(codes("GL-1,,A,A,,head,2026-01-01,,D,\n"), ["LT-PPL-007"]);
    assert_eq!(codes("GL-1,,A,D,,deputy,2026-01-01,,D,\n"), ["LT-PPL-007"]);
    // A deputy of the department leads divisions; a head of a division may look after a neighbour.
    let rows = format!("{HEADER}GL-1,,A,D,,deputy,2026-01-01,,A|B,\nGL-2,,B,A,,head,2026-01-01,,B,\n");
    assert!(read_people("people.csv", rows.as_bytes(), units().as_slice(), &BTreeSet::new()).is_ok());
}

#[test]
fn unit_below_itself_and_twice_the_same_code_are_refused() {
    let read = |rows: &str| read_units("units.csv", format!("code,name,kind,parent\n{rows}").as_bytes(), &[]);
    assert_eq!(read("A,a,Sở,\nB,b,Phòng,A\n").expect("units").len(), 2);
    let cycle = read("A,a,department,B\nB,b,division,A\nC,c,division,A\n").expect_err("cycle");
    assert_eq!(cycle.0.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["LT-PPL-005"; 2]);
    assert_eq!(read("A,a,department,\nA,b,division,\n").expect_err("twice").0[0].code, "LT-PPL-004");
    assert_eq!(read("A b,a,department,\nB,,division,\nC,c,office,\n").expect_err("cells").0.len(), 3);
}

#[test]
fn parent_nobody_knows_and_a_ring_through_known_units_are_refused_at_their_lines() {
    let known = read_units("known.csv", b"code,name,kind,parent\nC,c,department,\nD,d,division,C\n", &[])
        .expect("known");
    let read =
        |rows: &str| read_units("units.csv", format!("code,name,kind,parent\n{rows}").as_bytes(), &known);
    assert_eq!(read("E,e,division,D\n").expect("a known parent").len(), 1);
    let told = |rows: &str| -> Vec<String> {
        read(rows).expect_err("refused").0.iter().map(ToString::to_string).collect()
    };
    let unknown = told("E,e,division,D\nB,b,department,NOPE\n");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].starts_with("LT-PPL-004 units.csv:3") && unknown[0].contains("NOPE"), "{unknown:?}");
    let ring = told("C,c,department,D\n");
    assert!(ring.len() == 1 && ring[0].starts_with("LT-PPL-005 units.csv:2"), "{ring:?}");
}

proptest! {
    #[test]
    fn no_file_makes_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), rows in ".{0,200}") {
        let _ = read_people("x", &bytes, units().as_slice(), &BTreeSet::new());
        let _ = read_people("x", format!("{HEADER}{rows}").as_bytes(), units().as_slice(), &BTreeSet::new());
        let _ = read_units("x", format!("code,name,kind,parent\n{rows}").as_bytes(), &[]);
    }
}

#[test]
fn accounts_of_a_source_nobody_configured_are_kept_and_told_once_with_the_known_sources() {
    let rows = "GL-1,,A,A,,staff,2026-01-01,,,s=a|snv=b\nGL-2,,B,A,,staff,2026-01-01,,,snv=c\n";
    let import =
        read_people("people.csv", format!("{HEADER}{rows}").as_bytes(), units().as_slice(), &BTreeSet::new())
            .expect("people");
    assert_eq!(import.people.iter().map(|person| person.accounts.len()).sum::<usize>(), 3);
    let known = ["s", "t"].map(|id| SourceId::new(id).expect("name")).into();
    let found = accounts_elsewhere("people.csv", &import, &known);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].code.as_str(), found[0].severity), ("LT-PPL-010", Severity::Warning));
    assert_eq!(found[0].place.as_ref().expect("place").to_string(), "people.csv (GL-1)");
    let told = &found[0].what.en;
    assert!(
        told.starts_with("2 accounts") && told.contains("\"snv\"") && told.contains("sources: s, t"),
        "{told}"
    );
}

#[test]
fn charge_names_units_and_people_of_the_file_or_known_before_and_nobody_else() {
    let rows = "GL-1,,A,D,,deputy,2026-01-01,,A|GL-2|GL-9|GL-7,\nGL-2,,B,B,,staff,2026-01-01,,,\n";
    let known = BTreeSet::from([StaffNumber::parse("GL - 9").expect("number")]);
    let read = |rows: &str, known: &BTreeSet<StaffNumber>| {
        read_people("people.csv", format!("{HEADER}{rows}").as_bytes(), units().as_slice(), known)
    };
    let found = read(rows, &known).expect_err("refused").0;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].to_string().starts_with("LT-PPL-001 people.csv:2 (column 9)"), "{}", found[0]);
    assert!(found[0].what.en.contains("GL-7"));
    let import = read(&rows.replace("|GL-7", ""), &known).expect("people");
    let over: Vec<_> = import.people[0].leads.iter().map(|(over, ..)| over.clone()).collect();
    let person = |number: &str| Charge::Person(StaffNumber::parse(number).expect("number"));
    let unit = Charge::Unit(UnitCode::new("A").expect("code"));
    assert_eq!(over, [unit, person("GL-2"), person("GL-9")]);
}
