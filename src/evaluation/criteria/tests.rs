//! Criteria files: both layouts, and every way a cell can be wrong.

use super::*;
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    "2026-10-01T02:00:00Z".parse().expect("instant")
}

fn half() -> CriteriaRules {
    CriteriaRules { step: "0.5".parse().expect("step"), between: false }
}

fn standing(number: &StaffNumber, _: Period) -> Option<Standing> {
    let id = match number.as_str() {
        "GL-1" => 1,
        "GL-2" => 2,
        _ => return None,
    };
    let person = PersonId(Uuid::from_u128(id));
    Some(Standing { person, full_name: format!("Người {id}"), is_leader: id == 1 })
}

fn whole(read: ReadCriteria) -> Result<Vec<Decision>, Findings> {
    if read.findings.is_empty() { Ok(read.decisions) } else { Err(Findings(read.findings)) }
}

fn read(file: &str) -> Result<Vec<Decision>, Findings> {
    whole(read_criteria("criteria.csv", file.as_bytes(), &half(), at(), &standing))
}

fn codes(file: &str) -> Vec<String> {
    read(file).expect_err("must be refused").0.into_iter().map(|finding| finding.code).collect()
}

const WIDE_HEADER: &str =
    "staff_number,period,author,I.1,I.2,II.1,II.2,II.3,II.4,III.1,III.2,III.3,III.4,d,đ,e\n";

#[test]
fn wide_row_gives_ten_items_and_two_components() {
    let file = format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5,4.5,2.5,2,2,2,0,2.5,\"1,5\",2,,100,50\n");
    let made = read(&file).expect("decisions");
    assert_eq!(made.len(), 3);
    let DecisionKind::GeneralCriteria { items } = &made[0].kind else { panic!("{:?}", made[0].kind) };
    assert_eq!((items.len(), items["III.3"].clone()), (10, Exact::ratio(3, 2).expect("points")));
    let percents: Vec<_> = made[1..]
        .iter()
        .map(|made| match &made.kind {
            DecisionKind::LeaderComponent { component, percent } => (*component, percent.to_text()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(percents.contains(&(Component::ImplementationAbility, "100".into())));
    assert!(percents.contains(&(Component::UnityAbility, "50".into())));
    let keys: std::collections::BTreeSet<_> = made.iter().map(|made| &made.key).collect();
    assert_eq!(keys.len(), 3);
}

#[test]
fn long_rows_of_one_person_make_one_form() {
    let rows: String =
        GENERAL_ITEMS.iter().map(|(item, _, _)| format!("GL-2;2026-Q3;{item};2;Bà B;tự chấm\n")).collect();
    let file = format!("Số hiệu;Kỳ;Tiêu chí;Điểm;Người chấm;Loại điểm\n{rows}");
    let made = read(&file).expect("decisions");
    assert_eq!(made.len(), 1);
    assert!(matches!(&made[0].kind, DecisionKind::SelfAssessment { items } if items.len() == 10));
}

#[test]
fn points_above_the_maximum_or_off_the_step_are_refused_with_their_cell() {
    let file = format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5.5,4.5,2.25,2,2,2,0,2.5,1.5,2,,75,\n");
    let found = read(&file).expect_err("refused").0;
    assert_eq!(found.iter().filter(|finding| finding.code == "LT-CRI-002").count(), 3);
    assert_eq!(found[0].place.as_ref().expect("place").to_string(), "criteria.csv:2 (column 4)");
    let quarter = CriteriaRules { step: "0.25".parse().expect("step"), between: true };
    let file = format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5,4.5,2.25,2,2,2,0,2.5,1.5,2,,75,\n");
    assert!(read_criteria("c.csv", file.as_bytes(), &quarter, at(), &standing).findings.is_empty());
}

#[test]
fn missing_items_d_and_components_of_staff_are_refused() {
    assert_eq!(codes(&format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5,4.5,,,,,,,,,,,\n")), ["LT-CRI-004"]);
    assert_eq!(codes(&format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,,,,,,,,,,,100,,\n")), ["LT-CRI-003"]);
    assert_eq!(codes(&format!("{WIDE_HEADER}GL-2,2026-Q3,GL-9,,,,,,,,,,,,100,\n")), ["LT-CRI-003"]);
    assert_eq!(codes("staff_number,period,item,points,author\nGL-1,2026-Q3,IV.1,1,GL-9\n"), ["LT-CRI-003"]);
}

#[test]
fn unknown_people_own_scores_and_repeated_items_are_refused_at_once() {
    let file = "staff_number,period,item,points,author\n\
                GL-7,2026-Q3,I.1,1,GL-9\n\
                GL-1,2026-Q9,I.1,1,GL-9\n\
                GL-1,2026-Q3,I.1,1,GL-1\n\
                GL-2,2026-Q3,e,100,GL-9\n\
                GL-1,2026-Q3,đ,100,GL-9\n\
                GL-1,2026-Q3,đ,50,GL-9\n\
                GL-1,2026-Q3,I.1,x,GL-9\n";
    assert_eq!(
        codes(file),
        ["LT-CRI-001", "LT-CRI-001", "LT-CRI-006", "LT-CRI-003", "LT-CRI-005", "LT-CRI-001"]
    );
    assert_eq!(codes("staff_number,period,item,points,author\n"), ["LT-CRI-007"]);
}

#[test]
fn entered_items_are_checked_like_those_of_a_file() {
    let step: Exact = "0.5".parse().expect("step");
    let mut items: BTreeMap<String, Exact> =
        GENERAL_ITEMS.iter().map(|(item, _, _)| ((*item).to_owned(), Exact::integer(2))).collect();
    assert_eq!(check_items(&items, &step), Ok(()));
    items.insert("I.1".into(), Exact::integer(6));
    items.insert("X".into(), Exact::one());
    items.remove("II.1");
    let found: Vec<String> =
        check_items(&items, &step).expect_err("refused").0.into_iter().map(|f| f.code).collect();
    assert_eq!(found, ["LT-CRI-002", "LT-CRI-003", "LT-CRI-004"]);
}

#[test]
fn quantity_below_zero_cannot_be_confirmed() {
    let quantity = |text: &str| DecisionKind::CompletedQuantity {
        source: "snv".into(),
        external_id: "1".into(),
        quantity: text.parse().expect("exact"),
    };
    assert_eq!(
        impossible_value(&quantity("-0.1")).map(|finding| finding.code).as_deref(),
        Some("LT-CRI-010")
    );
    assert!(impossible_value(&quantity("0")).is_none() && impossible_value(&quantity("0.8")).is_none());
}
