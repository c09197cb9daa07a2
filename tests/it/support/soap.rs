//! A SOAP service whose interface spyne makes, from the package registry: names, prefixes and faults are spyne's.
//!
//! Tasks are written and read by the service's own door and not by SOAP.

use super::environment::{environment, free_port};
use super::project;
use super::third_party::{Change, ThirdParty, Work};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const READER: (&str, &str) = ("lienthong", "reader-<pw>&");

const MANIFEST: &str = r#"
format_version = 1
kind = "http"
name = "register"
version = "1.0"
zone = "+00:00"
title = { vi = "Sổ nhiệm vụ", en = "Task register" }
[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
[settings.username]
label = { vi = "Tài khoản", en = "User name" }
[settings.password]
label = { vi = "Mật khẩu", en = "Password" }
secret = true
[transport]
base_url = "{{ settings.base_url }}"
[soap]
action = "list_tasks"
namespaces = { r = "urn:register" }
body = """
<r:list_tasks><r:page>{{ page }}</r:page><r:size>{{ size }}</r:size>
{% if since %}<r:since>{{ since }}</r:since>{% endif %}</r:list_tasks>"""
[soap.security]
username = "{{ settings.username }}"
password = "{{ secrets.password }}"
[stream]
path = "/soap"
format = "xml"
records = "Envelope/Body/list_tasksResponse/tasks/Task"
key = "key"
total = "Envelope/Body/list_tasksResponse/total"
[paging]
kind = "page"
size = 50
[incremental]
param = "since"
format = "%Y-%m-%dT%H:%M:%S"
field = "changed"
date = ["%Y-%m-%dT%H:%M:%S"]
[fields]
title = "name"
status = { path = "state", map = { new = "open", doing = "in_progress", done = "done", dropped = "cancelled" } }
assignee = "owner"
due = { path = "due", date = ["%Y-%m-%d"] }
completed_at = { expression = "record.changed if record.state == 'done' else none", date = ["%Y-%m-%dT%H:%M:%S"] }
updated_at = { path = "changed", date = ["%Y-%m-%dT%H:%M:%S"] }
"#;

/// A running service; stopped when dropped.
pub struct Register {
    server: Child,
    base: String,
    http: reqwest::Client,
}

impl Register {
    /// Starts a service, and puts its manifest beside the installation in `folder`.
    pub async fn start(folder: &Path) -> Self {
        super::install_tls();
        let own = folder.join("connectors/register");
        std::fs::create_dir_all(&own).expect("folder");
        std::fs::write(own.join("manifest.toml"), MANIFEST).expect("manifest");
        let (python, port) = (environment("spyne").join("bin/python3"), free_port());
        let log = std::fs::File::create(folder.join("register.log")).expect("log");
        let server = Command::new(python)
            .arg(project::root().join("tests/data/soap-service.py"))
            .args([&port.to_string(), READER.0, READER.1])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("python");
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("client");
        let service = Self { server, base: format!("http://127.0.0.1:{port}"), http };
        let began = Instant::now();
        while service.http.get(format!("{}/keep", service.base)).send().await.is_err() {
            let log = std::fs::read_to_string(folder.join("register.log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(60), "the service does not start: {log}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        service
    }

    /// Lets every call be answered by a fault, or no more.
    pub async fn faults(&self, on: bool) {
        self.keep(&json!([{ "fault": on }])).await;
    }

    async fn keep(&self, orders: &Value) -> Value {
        let request = self.http.post(format!("{}/keep", self.base)).json(orders);
        let answer = request.send().await.expect("answer");
        assert!(answer.status().is_success(), "{orders}");
        answer.json().await.expect("JSON")
    }
}

impl ThirdParty for Register {
    const MANIFEST: &'static str = "register";
    const PEOPLE: &'static [&'static str] = &["nvan", "tbinh", "lchau"];

    fn settings(&self) -> String {
        format!("{{ base_url = \"{}\", username = \"{}\" }}", self.base, READER.0)
    }

    fn secret(&self) -> (&'static str, &'static str) {
        ("password", READER.1)
    }

    async fn create(&self, works: &[Work]) -> Vec<String> {
        let order = |work: &Work| json!({ "name": work.title, "owner": work.assignee, "due": work.due });
        let keys = self.keep(&works.iter().map(order).collect()).await;
        serde_json::from_value(keys).expect("keys")
    }

    async fn change(&self, key: &str, change: &Change) {
        let order = match change {
            Change::Complete => json!({ "key": key, "state": "done" }),
            Change::Reopen => json!({ "key": key, "state": "doing" }),
            Change::Reassign(name) => json!({ "key": key, "owner": name }),
            Change::Due(day) => json!({ "key": key, "due": day }),
            Change::Cancel => json!({ "key": key, "state": "dropped" }),
            Change::Rename(title) => json!({ "key": key, "name": title }),
            Change::Delete => json!({ "key": key, "delete": true }),
        };
        self.keep(&json!([order])).await;
    }

    async fn holds(&self) -> BTreeMap<String, Work> {
        let answer = self.http.get(format!("{}/keep", self.base)).send().await.expect("answer");
        let all: BTreeMap<String, Value> = answer.json().await.expect("JSON");
        let work = |task: &Value| {
            let text = |name: &str| task[name].as_str().map(str::to_owned);
            let status = match task["state"].as_str() {
                Some("new") => "open",
                Some("doing") => "in_progress",
                Some("done") => "done",
                Some("dropped") => "cancelled",
                other => panic!("nobody sets {other:?}"),
            };
            Work {
                title: text("name").expect("a title"),
                status: status.to_owned(),
                assignee: text("owner"),
                due: text("due").map(|day| day.parse().expect("a day")),
            }
        };
        all.iter().map(|(key, task)| (key.clone(), work(task))).collect()
    }
}

impl Drop for Register {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
