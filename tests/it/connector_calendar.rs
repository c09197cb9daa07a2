//! Tasks that recur in a calendar: none of them is merged with another, and none is invented.

use crate::support::http::{Scripted, status};
use crate::support::installation::{Installed, Targets};
use crate::support::source::{entry, opened};
use crate::support::stores::both;
use lienthong::connector::{Connector, PullMode, PullRequest, Step};
use lienthong::domain::SourceId;
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use std::sync::{Arc, Mutex};

const RADICALE: &str = include_str!("../../connectors/radicale/manifest.toml");

fn todo(summary: &str, more: &str) -> String {
    format!("BEGIN:VTODO\nUID:u\nSUMMARY:{summary}\n{more}\nEND:VTODO\n")
}

fn response(href: &str, todos: &[String]) -> String {
    format!(
        "<response><href>{href}</href><propstat><prop><getetag>\"e\"</getetag><C:calendar-data>BEGIN:VCALENDAR\n{}END:VCALENDAR\n\
         </C:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>",
        todos.concat()
    )
}

/// A calendar with what a test puts there.
async fn calendar(responses: Arc<Mutex<String>>) -> Scripted {
    Scripted::start(move |_| {
        let body = format!(
            "<?xml version='1.0' encoding='utf-8'?><multistatus xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">\
             <sync-token>http://radicale.org/ns/sync/1</sync-token>{}</multistatus>",
            responses.lock().expect("lock")
        );
        status(207, &[("content-type", "text/xml; charset=utf-8")], &body)
    })
    .await
}

fn connect(base: &str) -> Arc<dyn Connector> {
    let settings = [("base_url", base), ("owner", "phong"), ("calendar", "viec"), ("username", "doc")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let secrets = [("password".to_owned(), "mat-khau".to_owned().into())].into();
    opened("lich", RADICALE, &settings, &secrets)
}

fn series() -> String {
    response(
        "/phong/viec/tuan.ics",
        &[
            todo("Báo cáo tuần", "RRULE:FREQ=WEEKLY\nDUE;VALUE=DATE:20261106"),
            todo(
                "Báo cáo tuần 45",
                "RECURRENCE-ID;VALUE=DATE:20261106\nDUE;VALUE=DATE:20261106\nSTATUS:COMPLETED\nCOMPLETED:20261105T020000Z",
            ),
            todo(
                "Báo cáo tuần 46",
                "RECURRENCE-ID;VALUE=DATE:20261113\nDUE;VALUE=DATE:20261114\nSTATUS:IN-PROCESS",
            ),
        ],
    )
}

#[tokio::test]
async fn occurrences_that_a_calendar_tells_apart_are_tasks_and_the_series_is_kept_aside_with_its_reason() {
    let single = response("/phong/viec/mot.ics", &[todo("Tờ trình", "DUE;VALUE=DATE:20261120")]);
    let server = calendar(Arc::new(Mutex::new(format!("{single}{}", series())))).await;
    let connector = connect(&server.base);
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let request = PullRequest { mode: PullMode::Full, cursor: None, now };
    let mut pull = connector.pull(request).await.expect("begun");
    let Ok(Step::Page(page)) = pull.next_page().await else { panic!("a page") };
    let Ok(Step::End(end)) = pull.next_page().await else { panic!("one page") };
    assert!(end.complete, "the series is listed: nothing is gone for it, and others may be");
    let keys: Vec<&str> = page.records.iter().map(|record| record.external_id.as_str()).collect();
    assert_eq!(
        keys,
        [
            "/phong/viec/mot.ics",
            "/phong/viec/tuan.ics",
            "/phong/viec/tuan.ics#2026-11-06",
            "/phong/viec/tuan.ics#2026-11-13"
        ]
    );
    let read: Vec<Result<_, String>> = page
        .records
        .iter()
        .map(|record| match connector.read(record) {
            Ok(draft) => {
                Ok((draft.title, draft.status.as_str().to_owned(), draft.due.map(|due| due.day.to_string())))
            }
            Err(rejection) => Err(rejection.finding.code.clone()),
        })
        .collect();
    let task =
        |title: &str, state: &str, due: &str| Ok((title.to_owned(), state.to_owned(), Some(due.to_owned())));
    assert_eq!(
        read,
        [
            task("Tờ trình", "open", "2026-11-20"),
            Err("LT-SRC-096".to_owned()),
            task("Báo cáo tuần 45", "done", "2026-11-06"),
            task("Báo cáo tuần 46", "in_progress", "2026-11-14")
        ]
    );
    // What is kept of the answer says the same.
    let again = connector.list_again(page.body.clone(), None).expect("says everything").expect("listed");
    assert_eq!(again, page.records);
}

#[tokio::test]
async fn another_occurrence_is_another_task_and_leaves_those_before_it_as_they_were() {
    let both = both().await;
    for store in &both.stores {
        let shown = Arc::new(Mutex::new(series()));
        let server = calendar(shown.clone()).await;
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let id = SourceId::new("lich").expect("id");
        let sources = [(id.clone(), entry(connect(&server.base), "NHIEMVU"))].into();
        let app = &house.app;
        let app = App::new(store.clone(), app.clock, "a".into(), sources, (None, None), app.policy.clone());
        let installation = Installation { app: Arc::new(app) };
        let sync = async || {
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let outcome =
                installation.execute(Command::Sync { source: id.clone(), full: true }, progress).await;
            assert_eq!(outcome.exit, 0, "{:?}", outcome.findings);
            let tasks = store.scan_tasks(None, 0, 10).await.expect("tasks");
            let mut tasks: Vec<(String, String)> = tasks
                .into_iter()
                .map(|task| (task.task.draft.external_id, task.task.draft.status.as_str().to_owned()))
                .collect();
            tasks.sort();
            (tasks, store.rejected(None, 0, 10).await.expect("rejected").len())
        };
        let before = sync().await;
        assert_eq!((before.0.len(), before.1), (2, 1), "{}: {before:?}", store.kind());
        let next = todo("Báo cáo tuần 47", "RECURRENCE-ID;VALUE=DATE:20261120\nSTATUS:NEEDS-ACTION");
        let with_another = series().replacen("END:VCALENDAR", &format!("{next}END:VCALENDAR"), 1);
        *shown.lock().expect("lock") = with_another;
        let after = sync().await;
        assert_eq!(&after.0[..2], &before.0[..], "{}", store.kind());
        assert_eq!(after.0[2], ("/phong/viec/tuan.ics#2026-11-20".to_owned(), "open".to_owned()));
        assert_eq!((after.0.len(), after.1), (3, 1), "the series stays one record kept aside");
    }
}
