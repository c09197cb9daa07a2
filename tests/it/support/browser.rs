//! Debian's Chromium driven through chromedriver, and the demonstration as a process of its own.
//!
//! Both end with the value that holds them, whatever happens to the test: each leads its own process group.

use super::project;
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest a process may take to say where it listens.
const START: Duration = Duration::from_secs(60);

/// A process with everything it started.
struct Group(Child);

impl Group {
    fn start(command: &mut Command, missing: &str) -> Self {
        let child = command.process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{missing}: {error}")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// A browser with a fresh profile and its log of everything it did.
pub struct Browser {
    /// The session.
    pub client: Client,
    base: String,
    _driver: Group,
    _profile: TempDir,
}

impl Browser {
    /// Starts chromedriver and Chromium.
    pub async fn start() -> Self {
        super::install_tls();
        let profile = TempDir::new().expect("a folder for the profile");
        let log = profile.path().join("driver.log");
        let driver = Group::start(
            Command::new("chromedriver")
                .arg("--port=0")
                .stdout(File::create(&log).expect("a file"))
                .stderr(Stdio::null()),
            "chromedriver is missing; ./test installs it (Debian: chromium-driver)",
        );
        let port = wait_for(&log, |line| {
            line.strip_suffix('.')?.split_once("successfully on port ")?.1.parse::<u16>().ok()
        });
        let base = format!("http://127.0.0.1:{port}");
        let data = format!("--user-data-dir={}", profile.path().join("profile").display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &data,
        ];
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        capabilities
            .insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL", "performance": "ALL" }));
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&base)
            .await
            .expect("Chromium starts; ./test installs it (Debian: chromium)");
        Self { client, base, _driver: driver, _profile: profile }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.expect("driver").expect("a session");
        let answer = reqwest::Client::new()
            .post(format!("{}/session/{session}/{path}", self.base))
            .json(body)
            .send()
            .await
            .expect("chromedriver answers");
        answer.json::<Value>().await.expect("JSON")["value"].take()
    }

    /// One command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) {
        let answer = self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await;
        assert!(answer.get("error").is_none(), "{command}: {answer}");
    }

    /// Errors and warnings of the console since they were last asked for.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({ "type": "browser" })).await;
        entries.as_array().expect("a list").iter().map(ToString::to_string).collect()
    }

    /// Every address requested since it was last asked.
    pub async fn requested(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({ "type": "performance" })).await;
        entries
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
            .filter(|entry| entry["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|entry| Some(entry["message"]["params"]["request"]["url"].as_str()?.to_owned()))
            .collect()
    }
}

/// The demonstration on a small simulated province, as a user starts it.
pub struct Demonstration {
    /// Address of the page, without a slash at the end.
    pub page: String,
    folder: TempDir,
    _process: Group,
}

impl Demonstration {
    /// Starts it and waits until it says where its page is.
    pub fn start(people: u32, tasks: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        let log = folder.path().join("said");
        let written = File::create(&log).expect("a file");
        let process = Group::start(
            Command::new(project::program())
                .args(["demo", "--port", "0", "--lang", "vi", "--data-dir"])
                .arg(folder.path().join("demo"))
                .args(["--people", &people.to_string(), "--tasks", &tasks.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(written),
            "the program starts",
        );
        let page = wait_for(&log, |line| {
            line.starts_with("http://127.0.0.1:").then(|| line.trim_end_matches('/').to_owned())
        });
        Self { page, folder, _process: process }
    }

    /// The figures of the store, by the same program's command.
    pub fn status(&self) -> Value {
        let output = Command::new(project::program())
            .arg("--config")
            .arg(self.folder.path().join("demo/lienthong.toml"))
            .args(["status", "--json"])
            .output()
            .expect("runs");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// What a process says in its log, as soon as the whole line stands there.
fn wait_for<T>(log: &Path, find: impl Fn(&str) -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(log).expect("readable");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        if let Some(found) = whole.lines().find_map(&find) {
            return found;
        }
        assert!(begun.elapsed() < START, "it does not say where it listens:\n{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
