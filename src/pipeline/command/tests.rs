//! Orders over the wire, and how people and tasks are named.

use super::*;

#[test]
fn an_order_with_a_file_survives_the_wire_and_debug_hides_the_contents() {
    let command = Command::CriteriaImport {
        file: InputFile { name: "tiêu chí.csv".into(), bytes: b"staff_number,\xff\x00".to_vec() },
        document: None,
        author: "Trần Thị B".into(),
        dry_run: false,
    };
    let wire = serde_json::to_string(&command).expect("serialises");
    assert!(wire.contains(r#""command":"criteria_import""#), "{wire}");
    assert_eq!(serde_json::from_str::<Command>(&wire).expect("reads back"), command);
    assert!(!format!("{command:?}").contains("staff_number"));
}

#[test]
fn an_order_with_an_unknown_field_is_refused() {
    let read = |text| serde_json::from_str::<Command>(text);
    assert!(read(r#"{"command":"sync","source":"a","full":false}"#).is_ok());
    assert!(read(r#"{"command":"sync","source":"a","full":false,"x":1}"#).is_err());
    assert!(read(r#"{"command":"status","x":1}"#).is_err());
}

#[test]
fn a_person_is_named_by_uuid_or_staff_number_and_a_task_by_source_and_key() {
    let id = "0190c3d0-0000-7000-8000-000000000001";
    assert!(matches!(id.parse(), Ok(PersonRef::Id(_))));
    assert!(matches!("GL - 00012".parse(), Ok(PersonRef::Staff(number)) if number.as_str() == "GL-00012"));
    assert!("".parse::<PersonRef>().is_err());
    let task: TaskRef = "snv-eoffice:10:42".parse().expect("a task");
    assert_eq!((task.source.as_str(), task.external_id.as_str()), ("snv-eoffice", "10:42"));
    assert!("snv-eoffice".parse::<TaskRef>().is_err());
}
