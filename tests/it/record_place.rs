//! The way down from a task to its record: file and line or answer and number, and a completion no event told.

use crate::connector_file::{HEADER, connect, put, under};
use crate::support::installation::{Installed, Targets};
use crate::support::stores::both;
use crate::support::task::shown;
use lienthong::domain::SourceId;
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, Executor as _, TaskOrder, TaskRef};
use lienthong::pipeline::execute::Installation;
use serde_json::{Value, json};

async fn show(installation: &Installation, source: &str, key: &str) -> (Value, String) {
    let task = TaskRef { source: SourceId::new(source).expect("id"), external_id: key.to_owned() };
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let outcome =
        installation.execute(Command::Task { order: TaskOrder::Show { task, raw: false } }, progress).await;
    assert_eq!(outcome.exit, 0, "{:?}", outcome.findings);
    (outcome.document.to_json(Lang::Vi), format!("{:?}", outcome.document))
}

#[tokio::test(flavor = "multi_thread")]
async fn task_of_a_folder_names_its_line_and_its_completion_though_it_was_done_when_first_seen() {
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let installation = Installation { app: under(&house, connect(folder.path())) };
        let rows = "NV-1;Việc một;GL-1;01/09/2026;;;Đang xử lý\nNV-2;Việc hai;GL-1;01/09/2026;;20/09/2026;Hoàn thành\n";
        put(folder.path(), "so.csv", 0, format!("{HEADER}\n{rows}").as_bytes());
        let sync = || Command::Sync { source: SourceId::new("sheets").expect("id"), full: false };
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        assert_eq!(installation.execute(sync(), progress).await.exit, 0);
        let (open, text) = show(&installation, "sheets", "NV-1").await;
        assert_eq!(open["answer"]["place"]["vi"], "so.csv, dòng 2", "{}: {open}", store.kind());
        assert!(text.contains("so.csv, line 2"), "{text}");
        assert_eq!(open["events"].as_array().map(Vec::len), Some(1), "{open}");
        let (done, text) = show(&installation, "sheets", "NV-2").await;
        assert_eq!(done["answer"]["place"]["vi"], "so.csv, dòng 3");
        let kinds: Vec<_> =
            done["events"].as_array().expect("events").iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds, ["assigned", "approved"], "{}: {done}", store.kind());
        assert_eq!(
            (&done["events"][1]["at"], &done["events"][1]["of_record"]),
            (&json!("2026-09-19T17:00:00Z"), &json!(true))
        );
        assert_eq!(done["events"][1]["answer"], done["answer"]["number"]);
        assert!(text.contains("theo bản ghi"), "{text}");
        // Done later: the event of that day tells it, and nothing is added. The line is that of the answer that told it.
        let rows = "NV-0;Việc mới;GL-1;01/09/2026;;;Đang xử lý\nNV-1;Việc một;GL-1;01/09/2026;;21/09/2026;Hoàn thành\n";
        put(folder.path(), "so-2.csv", 1, format!("{HEADER}\n{rows}").as_bytes());
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        assert_eq!(installation.execute(sync(), progress).await.exit, 0);
        let (later, _) = show(&installation, "sheets", "NV-1").await;
        assert_eq!(later["answer"]["place"]["vi"], "so-2.csv, dòng 3", "{later}");
        let told = later["events"].as_array().expect("events");
        assert_eq!(told.iter().filter(|one| one["kind"] == "approved").count(), 1, "{later}");
        assert!(told.iter().all(|one| one.get("of_record").is_none()), "{later}");
    }
}

#[tokio::test]
async fn task_read_before_places_were_kept_names_its_answer_alone() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        shown(&house, json!({ "external_id": "a" })).await;
        let installation = Installation { app: house.app.clone() };
        let (task, _) = show(&installation, "snv", "a").await;
        let number = &task["answer"]["number"];
        assert_eq!(
            task["answer"]["place"]["vi"],
            format!("câu trả lời {number} (GET /tasks)"),
            "{}",
            store.kind()
        );
    }
}
