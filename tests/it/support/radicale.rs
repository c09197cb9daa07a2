//! Radicale, a CalDAV server nobody here wrote, from its package registry: one calendar of tasks, a keeper who writes and
//! a reader who reads.
//!
//! Writes and reads whole calendar files by the server's own PUT, GET and DELETE, not by sync-collection.

use super::environment::{environment, free_port};
use super::third_party::{Change, ThirdParty, Work};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const KEEPER: (&str, &str) = ("keeper", "keeper-pw");
const READER: (&str, &str) = ("lienthong", "reader-pw");
const COLLECTION: &str = "/keeper/cong-viec/";

/// A running server; stopped when dropped.
pub struct Radicale {
    server: Child,
    base: String,
    http: reqwest::Client,
    made: Mutex<usize>,
}

impl Radicale {
    /// Starts a server with an empty calendar.
    pub async fn start(folder: &Path) -> Self {
        super::install_tls();
        let (programs, port) = (environment("radicale").join("bin"), free_port());
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("written");
        write("users", &format!("{}:{}\n{}:{}\n", KEEPER.0, KEEPER.1, READER.0, READER.1));
        write(
            "rights",
            "[keeper]\nuser: keeper\ncollection: .*\npermissions: RrWw\n\
             [reader]\nuser: lienthong\ncollection: keeper/cong-viec(/.*)?\npermissions: r\n",
        );
        let place = folder.display();
        write(
            "radicale.ini",
            &format!(
                "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {place}/users\n\
                 htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {place}/collections\n\
                 [rights]\ntype = from_file\nfile = {place}/rights\n[logging]\nlevel = warning\n"
            ),
        );
        let log = std::fs::File::create(folder.join("radicale.log")).expect("log");
        let server = Command::new(programs.join("radicale"))
            .arg("--config")
            .arg(folder.join("radicale.ini"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("radicale");
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("client");
        let radicale =
            Self { server, base: format!("http://127.0.0.1:{port}"), http, made: Mutex::default() };
        let began = Instant::now();
        while radicale.http.get(&radicale.base).send().await.is_err() {
            let log = std::fs::read_to_string(folder.join("radicale.log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(60), "Radicale does not start: {log}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        radicale.keep("MKCALENDAR", COLLECTION, None).await;
        radicale
    }

    /// Asks as its keeper.
    async fn keep(&self, method: &str, path: &str, body: Option<String>) -> String {
        let request = self
            .http
            .request(method.parse().expect("a method"), format!("{}{path}", self.base))
            .basic_auth(KEEPER.0, Some(KEEPER.1));
        let request = match body {
            Some(body) => request.header("content-type", "text/calendar; charset=utf-8").body(body),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        text
    }

    /// Lines of one task, as the server keeps them.
    async fn lines(&self, key: &str) -> Vec<String> {
        unfolded(&self.keep("GET", key, None).await)
    }
}

/// Lines that were folded, whole again.
fn unfolded(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n").replace("\n ", "").lines().map(str::to_owned).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;")
}

fn calendar(key: &str, work: &Work) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//test//VI".to_owned(),
        "BEGIN:VTODO".to_owned(),
        format!("UID:{}", key.trim_start_matches(COLLECTION).trim_end_matches(".ics")),
        "DTSTAMP:20261101T000000Z".to_owned(),
        format!("SUMMARY:{}", escaped(&work.title)),
        "STATUS:NEEDS-ACTION".to_owned(),
    ];
    lines.extend(work.due.map(|due| format!("DUE;VALUE=DATE:{}", due.format("%Y%m%d"))));
    lines.extend(work.assignee.as_ref().map(|name| format!("ATTENDEE:mailto:{name}@example.vn")));
    lines.extend(["END:VTODO".to_owned(), "END:VCALENDAR".to_owned()]);
    lines.join("\r\n") + "\r\n"
}

/// Sets a property, or takes it away.
fn set(lines: &mut Vec<String>, name: &str, line: Option<String>) {
    let is = |line: &String| line.split([':', ';']).next() == Some(name);
    lines.retain(|line| !is(line));
    if let Some(line) = line {
        let end = lines.iter().position(|line| line == "END:VTODO").expect("a task");
        lines.insert(end, line);
    }
}

impl ThirdParty for Radicale {
    const MANIFEST: &'static str = "radicale";
    const PEOPLE: &'static [&'static str] = &["nvan", "tbinh", "lchau"];

    fn settings(&self) -> String {
        format!(
            "{{ base_url = \"{}\", owner = \"keeper\", calendar = \"cong-viec\", username = \"{}\" }}",
            self.base, READER.0
        )
    }

    fn secret(&self) -> (&'static str, &'static str) {
        ("password", READER.1)
    }

    async fn create(&self, works: &[Work]) -> Vec<String> {
        let mut keys = Vec::new();
        for work in works {
            let number = {
                let mut made = self.made.lock().expect("lock");
                *made += 1;
                *made
            };
            let key = format!("{COLLECTION}viec-{number}.ics");
            self.keep("PUT", &key, Some(calendar(&key, work))).await;
            keys.push(key);
        }
        keys
    }

    async fn change(&self, key: &str, change: &Change) {
        let mut lines = self.lines(key).await;
        match change {
            Change::Delete => {
                self.keep("DELETE", key, None).await;
                return;
            }
            Change::Complete => {
                set(&mut lines, "STATUS", Some("STATUS:COMPLETED".to_owned()));
                set(&mut lines, "COMPLETED", Some("COMPLETED:20261125T030000Z".to_owned()));
            }
            // The date of completion stays, as people forget it.
            Change::Reopen => set(&mut lines, "STATUS", Some("STATUS:IN-PROCESS".to_owned())),
            Change::Cancel => set(&mut lines, "STATUS", Some("STATUS:CANCELLED".to_owned())),
            Change::Reassign(name) => {
                set(&mut lines, "ATTENDEE", Some(format!("ATTENDEE:mailto:{name}@example.vn")));
            }
            Change::Due(day) => {
                set(&mut lines, "DUE", Some(format!("DUE;VALUE=DATE:{}", day.format("%Y%m%d"))));
            }
            Change::Rename(title) => set(&mut lines, "SUMMARY", Some(format!("SUMMARY:{}", escaped(title)))),
        }
        self.keep("PUT", key, Some(lines.join("\r\n") + "\r\n")).await;
    }

    async fn holds(&self) -> BTreeMap<String, Work> {
        // The calendar as one file; a task's file is named by its UID.
        let lines = unfolded(&self.keep("GET", COLLECTION, None).await);
        let mut held = BTreeMap::new();
        let (mut key, mut work) = (String::new(), None);
        for line in &lines {
            let (name, value) = line.split_once(':').expect("a property");
            match (name.split(';').next().expect("a name"), &mut work) {
                ("BEGIN", _) if value == "VTODO" => {
                    work =
                        Some(Work { title: String::new(), status: String::new(), assignee: None, due: None });
                }
                ("END", Some(_)) if value == "VTODO" => {
                    held.insert(std::mem::take(&mut key), work.take().expect("a task"));
                }
                ("UID", Some(_)) => key = format!("{COLLECTION}{value}.ics"),
                ("SUMMARY", Some(work)) => {
                    work.title = value.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
                }
                ("STATUS", Some(work)) => {
                    work.status = match value {
                        "NEEDS-ACTION" => "open",
                        "IN-PROCESS" => "in_progress",
                        "COMPLETED" => "done",
                        "CANCELLED" => "cancelled",
                        other => panic!("nobody sets {other}"),
                    }
                    .to_owned();
                }
                ("DUE", Some(work)) => {
                    let day = chrono::NaiveDate::parse_from_str(value, "%Y%m%d").expect("a day");
                    work.due = Some(day);
                }
                ("ATTENDEE", Some(work)) => {
                    let name = value.trim_start_matches("mailto:").split('@').next().expect("a name");
                    work.assignee = Some(name.to_owned());
                }
                _ => {}
            }
        }
        held
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
