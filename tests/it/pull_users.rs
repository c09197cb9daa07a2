//! Sources that show each user only what is theirs: asked for one after the other, each with what lets them in. Who is
//! refused is told and does not stop the others, and nothing of theirs is called gone.

use crate::support::http::{Asked, Scripted, json, status};
use crate::support::installation::{Installed, Targets};
use crate::support::source::{entry, opened};
use crate::support::stores::{both, one};
use lienthong::config::Gates;
use lienthong::connector::manifest;
use lienthong::domain::{SourceId, TaskStatus};
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::{App, Policy};
use lienthong::store::Store;
use serde_json::{Value, json as value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const HEAD: &str = r#"
format_version = 1
kind = "http"
name = "desk"
version = "1"
title = { vi = "Bàn việc", en = "Desk" }
[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
[settings.people]
label = { vi = "Bảng tài khoản", en = "Table of accounts" }
secret = true
[transport]
base_url = "{{ settings.base_url }}"
retry = { attempts = 2, first_wait_ms = 1, max_wait_s = 1 }
[stream]
path = "/tasks"
records = "items"
key = "id"
volatile = ["my_role"]
"#;

const TOKENS: &str = "[users]\nlist = \"{{ secrets.people }}\"\nname = \"account\"\n\
    [users.auth]\nkind = \"header\"\nname = \"Authorization\"\nvalue = \"Bearer {{ user.token }}\"\n";

const FIELDS: &str = "[fields]\ntitle = \"name\"\nassignee = \"who\"\n\
    status = { path = \"status\", map = { \"1\" = \"in_progress\", \"4\" = \"done\" } }\n\
    updated_at = { path = \"at\", date = [\"rfc3339\"] }\n";

const CHANGES: &str =
    "[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\ndate = [\"rfc3339\"]\n";

/// What the system holds: whose list shows which tasks, and whom it refuses.
#[derive(Default)]
struct Holds {
    lists: BTreeMap<String, Vec<Value>>,
    refused: BTreeSet<String>,
    down: bool,
}

struct Desk {
    server: Scripted,
    holds: Arc<Mutex<Holds>>,
    store: Store,
    policy: Policy,
    clock: lienthong::clock::Clock,
}

fn source() -> SourceId {
    SourceId::new("desk").expect("id")
}

fn task(number: usize, who: &str) -> Value {
    value!({ "id": number, "name": format!("Nhiệm vụ {number}"), "status": "1", "who": who, "at": "2026-11-20T08:00:00+07:00" })
}

/// `account,token` of these users; the token of `an` is `token-of-an`.
fn table(users: &[&str]) -> String {
    let rows: Vec<String> = users.iter().map(|user| format!("{user},token-of-{user}\n")).collect();
    format!("account,token\n{}", rows.concat())
}

/// Who asks: by token, by the token a login gave, or on whose behalf an administrator asks.
fn asking(asked: &Asked) -> Option<String> {
    let given = asked.headers.get("authorization").map(String::as_str).unwrap_or_default();
    let by_token =
        given.strip_prefix("Bearer token-of-").or_else(|| given.strip_prefix("Bearer session-of-"));
    let behalf = asked.headers.get("x-behalf").filter(|_| given == "Bearer admin-7c1d");
    by_token.map(str::to_owned).or_else(|| behalf.cloned())
}

impl Desk {
    async fn new(store: &Store) -> Self {
        let holds: Arc<Mutex<Holds>> = Arc::default();
        let seen = holds.clone();
        let server = Scripted::start(move |asked| {
            let holds = seen.lock().expect("lock");
            if holds.down {
                return status(503, &[], "");
            }
            if asked.path == "/login" {
                let body: Value = serde_json::from_str(&asked.body).expect("a body");
                let user = body["user"].as_str().unwrap_or_default();
                return match body["password"] == format!("pass-of-{user}").as_str() {
                    true => json(value!({ "token": format!("session-of-{user}") })),
                    false => status(401, &[], "{}"),
                };
            }
            let Some(user) = asking(asked).filter(|user| !holds.refused.contains(user)) else {
                let all = asked.path == "/users" && asked.headers.contains_key("authorization");
                let people = holds.lists.keys().enumerate();
                let people =
                    people.map(|(id, name)| value!({ "id": id, "login": name, "active": name != "dung" }));
                return if all {
                    json(value!({ "users": people.collect::<Vec<_>>() }))
                } else {
                    status(401, &[], "{}")
                };
            };
            let since = asked.query.get("since").cloned().unwrap_or_default();
            let all = holds.lists.get(&user).cloned().unwrap_or_default();
            let items =
                all.into_iter().filter(|task| task["at"].as_str().unwrap_or_default() >= since.as_str());
            let role = |mut task: Value| {
                task["my_role"] = user.as_str().into();
                task
            };
            json(value!({ "items": items.map(role).collect::<Vec<_>>() }))
        })
        .await;
        let installed =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        Self {
            server,
            holds,
            store: store.clone(),
            policy: installed.app.policy.clone(),
            clock: installed.app.clock,
        }
    }

    fn shows(&self, user: &str, tasks: Vec<Value>) {
        self.holds.lock().expect("lock").lists.insert(user.to_owned(), tasks);
    }

    fn refuses(&self, users: &[&str]) {
        self.holds.lock().expect("lock").refused = users.iter().map(|user| (*user).to_owned()).collect();
    }

    /// The installation as it would be started with this table of users.
    fn app(&self, sections: &str, people: &str) -> Arc<App> {
        let text = format!("{HEAD}{sections}");
        let settings = [("base_url".to_owned(), self.server.base.clone())].into();
        let secrets = [("people".to_owned(), people.to_owned().into())].into();
        let connector = opened("desk", &text, &settings, &secrets);
        let sources = [(source(), entry(connector, "QLVB"))].into();
        let mut app =
            App::new(self.store.clone(), self.clock, "a".into(), sources, (None, None), self.policy.clone());
        app.gates.insert(source(), Gates { from_tasks: 20, ..Gates::default() });
        Arc::new(app)
    }

    async fn sync(&self, app: &Arc<App>, full: bool) -> Vec<String> {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        let order = Command::Sync { source: source(), full };
        let outcome = Installation { app: app.clone() }.execute(order, progress).await;
        let told = outcome.findings.iter().map(|finding| format!("{finding}"));
        let told: Vec<String> = told.collect();
        assert!(
            told.iter().all(|told| !told.contains("token-of-") && !told.contains("pass-of-")),
            "{told:?}"
        );
        outcome.findings.into_iter().map(|finding| finding.code).collect()
    }

    async fn live(&self) -> u64 {
        self.store.count_live_tasks(&source()).await.expect("count")
    }

    async fn status_of(&self, key: &str) -> Option<TaskStatus> {
        let known = self.store.known_hashes(&source(), &[key]).await.expect("hashes").pop().flatten();
        let tasks = self.store.load_tasks(&[known?.0]).await.expect("tasks");
        tasks.into_iter().next().map(|task| task.task.draft.status)
    }

    async fn whose(&self, key: &str) -> Option<String> {
        let known = self.store.known_hashes(&source(), &[key]).await.expect("hashes").pop().flatten();
        let tasks = self.store.load_tasks(&[known?.0]).await.expect("tasks");
        tasks.into_iter().next().and_then(|task| task.task.draft.assignee).map(|who| who.value)
    }
}

fn with_tokens() -> String {
    format!("{TOKENS}{FIELDS}")
}

#[tokio::test]
async fn one_task_that_several_users_are_shown_is_one_task_and_a_second_pull_writes_nothing() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.shows("an", vec![task(1, "an"), task(2, "an")]);
        desk.shows("binh", vec![task(2, "an"), task(3, "binh")]);
        let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
        assert_eq!(desk.sync(&app, false).await, [""; 0]);
        assert_eq!(desk.live().await, 3, "{}", store.kind());
        assert_eq!(desk.sync(&app, true).await, [""; 0]);
        assert_eq!(desk.sync(&app, false).await, [""; 0]);
        for run in store.runs(&source(), i64::MAX, 2).await.expect("runs") {
            assert_eq!((run.counters.new, run.counters.changed), (0, 0), "nothing was written");
        }
        assert_eq!((desk.live().await, desk.whose("2").await), (3, Some("an".to_owned())));
    }
}

#[tokio::test]
async fn refused_user_is_told_by_name_the_others_are_read_and_nothing_of_theirs_is_gone() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.shows("an", vec![task(1, "an"), task(2, "an")]);
        desk.shows("binh", (3..40).map(|number| task(number, "binh")).collect());
        let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
        assert_eq!(desk.sync(&app, true).await, [""; 0]);
        assert_eq!(desk.live().await, 39);
        desk.refuses(&["binh"]);
        desk.shows("an", vec![task(1, "an"), task(50, "an")]);
        // Far less than half is shown, and no gate closes: it is known why.
        let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
        assert_eq!(desk.sync(&app, true).await, ["LT-SRC-093"], "{}", store.kind());
        assert_eq!(desk.status_of("2").await, Some(TaskStatus::Gone), "an was read whole");
        assert_eq!((desk.status_of("3").await, desk.live().await), (Some(TaskStatus::InProgress), 39));
        let told = store.source_state(&source()).await.expect("state");
        assert!(told.last_error.is_none(), "{:?}", told.last_error);
        desk.refuses(&[]);
        desk.shows("binh", (4..40).map(|number| task(number, "binh")).collect());
        let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
        assert_eq!(desk.sync(&app, true).await, [""; 0]);
        assert_eq!((desk.status_of("3").await, desk.live().await), (Some(TaskStatus::Gone), 38));
    }
}

#[tokio::test]
async fn task_is_gone_only_when_nobody_is_shown_it_and_those_of_whoever_left_the_list_stay() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        desk.shows("an", vec![task(1, "an"), task(2, "an")]);
        desk.shows("binh", vec![task(2, "an"), task(3, "binh")]);
        let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
        desk.sync(&app, true).await;
        desk.shows("an", vec![task(1, "an")]);
        assert_eq!(desk.sync(&app, true).await, [""; 0]);
        assert_eq!(
            desk.status_of("2").await,
            Some(TaskStatus::InProgress),
            "{}: binh is shown it",
            store.kind()
        );
        desk.shows("binh", vec![task(3, "binh")]);
        desk.sync(&app, true).await;
        assert_eq!(desk.status_of("2").await, Some(TaskStatus::Gone));
        // Binh left: the line is taken out, and what was theirs stays.
        let app = desk.app(&with_tokens(), &table(&["an"]));
        assert_eq!(desk.sync(&app, true).await, [""; 0]);
        assert_eq!((desk.status_of("3").await, desk.live().await), (Some(TaskStatus::InProgress), 2));
    }
}

#[tokio::test]
async fn each_user_goes_on_from_their_own_point_and_a_new_one_is_read_whole() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        let sections = format!("{TOKENS}{CHANGES}{FIELDS}");
        desk.shows("an", vec![task(1, "an")]);
        desk.shows("binh", vec![task(2, "binh")]);
        desk.shows("chi", vec![task(3, "chi")]);
        let app = desk.app(&sections, &table(&["an", "binh"]));
        assert_eq!(desk.sync(&app, false).await, [""; 0]);
        let cursor = store.source_state(&source()).await.expect("state").cursor.expect("a cursor");
        assert!(!cursor.contains("binh"), "{cursor}");
        desk.refuses(&["binh"]);
        let app = desk.app(&sections, &table(&["an", "binh", "chi"]));
        assert_eq!(desk.sync(&app, false).await, ["LT-SRC-093"], "{}", store.kind());
        assert_eq!(desk.live().await, 3, "chi was read whole, although it is a pull of changes");
        // What binh did meanwhile is not lost: their point stayed.
        let mut done = task(2, "binh");
        (done["status"], done["at"]) = ("4".into(), "2026-11-21T08:00:00+07:00".into());
        let mut later = task(1, "an");
        later["at"] = "2026-11-23T08:00:00+07:00".into();
        desk.shows("binh", vec![done]);
        desk.shows("an", vec![later]);
        desk.sync(&app, false).await;
        desk.refuses(&[]);
        let app = desk.app(&sections, &table(&["an", "binh", "chi"]));
        assert_eq!(desk.sync(&app, false).await, [""; 0]);
        assert_eq!(desk.status_of("2").await, Some(TaskStatus::Done));
        let since: Vec<bool> =
            desk.server.asked().iter().rev().take(3).map(|asked| asked.query.contains_key("since")).collect();
        assert_eq!(since, [true; 3], "another line in the table has nobody read anew");
    }
}

#[tokio::test]
async fn everybody_refused_and_a_source_that_is_down_are_errors_and_never_an_empty_system() {
    let (_folder, store) = one().await;
    let desk = Desk::new(&store).await;
    desk.shows("an", vec![task(1, "an")]);
    desk.shows("binh", vec![task(2, "binh")]);
    let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
    desk.sync(&app, true).await;
    desk.refuses(&["an", "binh"]);
    assert_eq!(desk.sync(&app, true).await, ["LT-SRC-094"]);
    desk.holds.lock().expect("lock").down = true;
    let app = desk.app(&with_tokens(), &table(&["an", "binh"]));
    assert_eq!(desk.sync(&app, true).await, ["LT-NET-012"], "that concerns the source, and nobody's account");
    assert_eq!(desk.live().await, 2);
}

#[tokio::test]
async fn refused_user_is_left_alone_for_a_while_and_the_others_keep_their_sessions() {
    let (_folder, store) = one().await;
    let desk = Desk::new(&store).await;
    desk.shows("an", vec![task(1, "an")]);
    desk.shows("binh", vec![task(2, "binh")]);
    let sections = format!(
        "[users]\nlist = \"{{{{ secrets.people }}}}\"\nname = \"account\"\n[users.auth]\nkind = \"login\"\npath = \"/login\"\n\
         body = {{ user = \"{{{{ user.account }}}}\", password = \"{{{{ user.password }}}}\" }}\ntoken = \"token\"\n{FIELDS}"
    );
    let people = "account;password\nan;pass-of-an\nbinh;\"wrong; by one\"\n";
    let app = desk.app(&sections, people);
    for _ in 0..3 {
        assert_eq!(desk.sync(&app, false).await, ["LT-SRC-093"]);
    }
    assert_eq!(desk.live().await, 1);
    assert_eq!(
        desk.server.count("/login"),
        2,
        "one each: no account is locked by us, no session thrown away"
    );
}

#[tokio::test]
async fn list_of_users_may_be_the_sources_own_and_who_is_shown_a_task_be_its_assignee() {
    let both = both().await;
    for store in &both.stores {
        let desk = Desk::new(store).await;
        for (user, number) in [("an", 1), ("binh", 2), ("dung", 9)] {
            desk.shows(user, vec![task(number, "")]);
        }
        let sections = "[auth]\nkind = \"header\"\nname = \"Authorization\"\nvalue = \"Bearer {{ secrets.people }}\"\n\
            [users]\npath = \"/users\"\nrecords = \"users\"\nname = \"login\"\nwhen = \"record.active\"\n\
            [users.auth]\nkind = \"header\"\nname = \"Authorization\"\nvalue = \"Bearer {{ secrets.people }}\"\n\
            headers = { X-Behalf = \"{{ user.login }}\" }\n";
        let fields = FIELDS.replace("\"who\"", "\"$user.login\"");
        let app = desk.app(&format!("{sections}{fields}"), "admin-7c1d");
        assert_eq!(desk.sync(&app, true).await, [""; 0]);
        assert_eq!(desk.live().await, 2, "dung is not wanted");
        assert_eq!(
            (desk.whose("1").await.as_deref(), desk.whose("2").await.as_deref()),
            (Some("an"), Some("binh"))
        );
        // Handed over: nothing of the record says so but the list it stands in.
        desk.shows("an", Vec::new());
        desk.shows("binh", vec![task(1, ""), task(2, "")]);
        assert_eq!(desk.sync(&app, true).await, [""; 0], "{}", store.kind());
        assert_eq!((desk.whose("1").await.as_deref(), desk.live().await), (Some("binh"), 2));
        desk.shows("an", vec![task(2, "")]);
        assert_eq!(desk.sync(&app, true).await, ["LT-SRC-097"]);
    }
}

#[tokio::test]
async fn table_of_users_that_cannot_be_used_asks_for_nobody_and_tells_no_cell() {
    let (_folder, store) = one().await;
    let desk = Desk::new(&store).await;
    desk.shows("an", vec![task(1, "an")]);
    for people in [
        "account,token\n",
        "account,token\nan,token-of-an\nan,token-of-x\n",
        "account,token\n,token-of-an\n",
        "account,token\nan,token-of-an,more\n",
        "token-of-an",
    ] {
        let app = desk.app(&with_tokens(), people);
        assert_eq!(desk.sync(&app, true).await, ["LT-SRC-092"], "{people}");
    }
    let many: Vec<String> = (0..3).map(|number| format!("u{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let few = with_tokens().replace("name = \"account\"\n", "name = \"account\"\nmax = 2\n");
    assert_eq!(desk.sync(&desk.app(&few, &table(&many)), true).await, ["LT-SRC-092"]);
    assert_eq!(desk.server.asked().len(), 0);
}

#[tokio::test]
async fn check_asks_everybody_and_names_whom_the_source_refuses_without_their_number() {
    let (_folder, store) = one().await;
    let desk = Desk::new(&store).await;
    for user in ["an", "079080001234"] {
        desk.shows(user, vec![task(1, "an")]);
    }
    desk.refuses(&["079080001234"]);
    let app = desk.app(&with_tokens(), &table(&["an", "079080001234"]));
    let connector = &app.sources.get(&source()).expect("the source").connector;
    let told = connector.check().await;
    assert_eq!(told.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["LT-SRC-093"]);
    let text = told[0].to_string();
    assert!(text.contains('2') && !text.contains("079080001234"), "{text}");
}

#[test]
fn what_says_something_of_one_users_list_alone_is_refused_when_the_manifest_is_loaded() {
    for (sections, key) in [
        (format!("deleted = {{ path = \"gone\", one_of = [\"1\"] }}\n{TOKENS}{FIELDS}"), "deleted"),
        (format!("conditional = true\n{TOKENS}{FIELDS}"), "conditional"),
        (format!("[auth]\nkind = \"basic\"\nusername = \"a\"\npassword = \"b\"\n{TOKENS}{FIELDS}"), "auth"),
        (format!("{}{FIELDS}", TOKENS.replace("list = \"{{ secrets.people }}\"\n", "")), "list"),
        (
            format!("{}{FIELDS}", TOKENS.replace("name = \"account\"\n", "name = \"account\"\nmax = 5000\n")),
            "max",
        ),
    ] {
        let findings = manifest::parse("desk.toml", &format!("{HEAD}{sections}")).expect_err(key);
        assert!(findings.to_string().contains(key), "{key}: {findings}");
    }
}
