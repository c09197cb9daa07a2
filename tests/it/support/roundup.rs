//! Roundup, an issue tracker nobody here wrote, from its package registry: its classic template with the two dates
//! that `connectors/roundup` asks for.
//!
//! Reads and writes by the tracker's own REST interface. As root it refuses to run; then it runs as `nobody`, from
//! a folder that account may enter.

use super::environment::{environment, free_port};
use super::third_party::{Change, ThirdParty, Work};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KEEPER: (&str, &str) = ("admin", "keeper-pw");
const READER: (&str, &str) = ("lienthong", "reader-pw");

/// Creates issues by the tracker's own library: its REST interface takes a fifth of a second for each.
const SEED: &str = "
import json, sys, os, pwd
import roundup.instance
from roundup.date import Date
db = roundup.instance.open(sys.argv[1]).open('admin')
keys = []
for work in json.load(sys.stdin):
    fields = {'title': work['title'], 'status': db.status.lookup('unread')}
    if work['assignee']: fields['assignedto'] = db.user.lookup(work['assignee'])
    if work['due']: fields['duedate'] = Date(work['due'])
    keys.append(db.issue.create(**fields))
db.commit()
db.close()
if os.geteuid() == 0:
    for place, folders, files in os.walk(sys.argv[1]):
        for name in [place] + [os.path.join(place, file) for file in files]:
            os.chown(name, pwd.getpwnam('nobody').pw_uid, -1)
print(json.dumps(keys))
";

/// A running tracker; stopped when dropped.
pub struct Roundup {
    server: Child,
    /// Folder of the tracker, and the interpreter its library is installed for.
    home: String,
    python: PathBuf,
    base: String,
    http: reqwest::Client,
}

fn run(command: &mut Command, what: &str) {
    let output = command.output().expect("starts");
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {told}");
}

/// Changes a file's text; every pair has to be found.
fn edit(file: &Path, changes: &[(&str, &str)]) {
    let mut text = std::fs::read_to_string(file).expect("readable");
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {}", file.display());
        text = text.replacen(from, to, 1);
    }
    std::fs::write(file, text).expect("written");
}

impl Roundup {
    /// Starts a tracker with a reader.
    pub async fn start(folder: &Path) -> Self {
        super::install_tls();
        let (programs, port) = (environment("roundup").join("bin"), free_port());
        let home = folder.join("tracker");
        let admin = || {
            let mut command = Command::new(programs.join("roundup-admin"));
            command.arg("-i").arg(&home).stdin(Stdio::null());
            command
        };
        run(admin().args(["install", "classic", "sqlite"]), "install");
        let web = format!("\nweb = http://127.0.0.1:{port}/tracker/\n");
        edit(
            &home.join("config.ini"),
            &[("\n#web = NO DEFAULT\n", &web), ("\n#domain = NO DEFAULT\n", "\ndomain = example.vn\n")],
        );
        edit(
            &home.join("schema.py"),
            &[("status=Link(\"status\"))", "status=Link(\"status\"), duedate=Date(), donedate=Date())")],
        );
        run(admin().args(["initialise", KEEPER.1]), "initialise");
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            run(Command::new("chown").args(["-R", "nobody"]).arg(&home), "chown");
            run(Command::new("chmod").arg("755").arg(folder), "chmod");
        }
        let log = std::fs::File::create(folder.join("roundup.log")).expect("log");
        let mut command = Command::new(programs.join("roundup-server"));
        if is_root {
            command.args(["-u", "nobody"]);
        }
        let server = command
            .args(["-n", "127.0.0.1", "-p", &port.to_string()])
            .arg(format!("tracker={}", home.display()))
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("roundup");
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("client");
        let (home, python) = (home.display().to_string(), programs.join("python3"));
        let tracker = Self { server, home, python, base: format!("http://127.0.0.1:{port}/tracker"), http };
        let began = Instant::now();
        while tracker.http.get(format!("{}/rest", tracker.base)).send().await.is_err() {
            let log = std::fs::read_to_string(folder.join("roundup.log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(60), "Roundup does not start: {log}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for name in ["cancelled", "returned"] {
            tracker.keep("POST", "status", None, &json!({ "name": name, "order": 9 })).await;
        }
        for name in Self::PEOPLE.iter().chain([&READER.0]) {
            let user = json!({
                "username": name, "password": READER.1, "address": format!("{name}@example.vn"), "roles": "User",
                // Two of one name: nobody is known by it.
                "realname": "Nguyễn Văn An",
            });
            tracker.keep("POST", "user", None, &user).await;
        }
        tracker
    }

    /// Asks as its keeper; a write needs the mark of what it changes.
    async fn keep(&self, method: &str, path: &str, mark: Option<&str>, body: &Value) -> Value {
        let request =
            self.http.request(method.parse().expect("a method"), format!("{}/rest/data/{path}", self.base));
        let origin = self.base.trim_end_matches("/tracker");
        let request = request.basic_auth(KEEPER.0, Some(KEEPER.1));
        let mut request = request.header("origin", origin).header("x-requested-with", "rest");
        request = request.header("referer", format!("{}/", self.base));
        if let Some(mark) = mark {
            request = request.header("if-match", mark);
        }
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.expect("answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {text}"))
    }

    async fn write(&self, key: &str, method: &str, body: Value) {
        let known = self.keep("GET", &format!("issue/{key}"), None, &Value::Null).await;
        let mark = known.pointer("/data/@etag").and_then(Value::as_str).expect("a mark").to_owned();
        self.keep(method, &format!("issue/{key}"), Some(&mark), &body).await;
    }
}

impl ThirdParty for Roundup {
    const MANIFEST: &'static str = "roundup";
    const PEOPLE: &'static [&'static str] = &["nvan", "tbinh", "lchau"];

    fn settings(&self) -> String {
        format!("{{ base_url = \"{}\", username = \"{}\" }}", self.base, READER.0)
    }

    fn secret(&self) -> (&'static str, &'static str) {
        ("password", READER.1)
    }

    async fn create(&self, works: &[Work]) -> Vec<String> {
        let works: Vec<Value> = works
            .iter()
            .map(|work| json!({ "title": work.title, "assignee": work.assignee, "due": work.due }))
            .collect();
        let (program, arguments) = (self.python.clone(), [SEED.to_owned(), self.home.clone()]);
        let works = Value::from(works).to_string();
        let made = tokio::task::spawn_blocking(move || {
            let mut command = Command::new(program);
            command.arg("-c").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().expect("python");
            child.stdin.take().expect("stdin").write_all(works.as_bytes()).expect("written");
            child.wait_with_output().expect("ends")
        });
        let made = made.await.expect("ended");
        assert!(made.status.success(), "the seed failed");
        serde_json::from_slice(&made.stdout).expect("keys")
    }

    async fn change(&self, key: &str, change: &Change) {
        let body = match change {
            Change::Complete => json!({ "status": "resolved", "donedate": "2026-11-25.03:00:00" }),
            // The date of completion stays, as people forget it.
            Change::Reopen => json!({ "status": "in-progress" }),
            Change::Reassign(name) => json!({ "assignedto": name }),
            Change::Due(day) => json!({ "duedate": day.to_string() }),
            Change::Cancel => json!({ "status": "cancelled" }),
            Change::Rename(title) => json!({ "title": title }),
            Change::Delete => return self.write(key, "DELETE", Value::Null).await,
        };
        self.write(key, "PATCH", body).await;
    }

    async fn holds(&self) -> BTreeMap<String, Work> {
        let path = "issue?@page_size=100000&@verbose=2&@fields=title,status,assignedto,duedate";
        let page = self.keep("GET", path, None, &Value::Null).await;
        let work = |issue: &Value| {
            let text = |place: &str| issue.pointer(place).and_then(Value::as_str).map(str::to_owned);
            let status = match text("/status/name").expect("a status").as_str() {
                "unread" => "open",
                "in-progress" => "in_progress",
                "resolved" => "done",
                "cancelled" => "cancelled",
                other => panic!("nobody sets {other}"),
            };
            let due = text("/duedate").map(|due| due[..10].parse().expect("a day"));
            let work = Work {
                title: text("/title").expect("a title"),
                status: status.to_owned(),
                assignee: text("/assignedto/username"),
                due,
            };
            (text("/id").expect("a key"), work)
        };
        page.pointer("/data/collection").and_then(Value::as_array).expect("a list").iter().map(work).collect()
    }
}

impl Drop for Roundup {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
