//! The simulated province as a process of its own, and somebody who asks it things.
//!
//! Owns its start and end. It is never killed while a test runs: it is the oracle. Time goes on in it only when a
//! test says so.

use super::install_tls;
use super::project;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The province's today.
pub const TODAY: &str = "2026-12-07";

/// A province; it ends when dropped.
pub struct Province {
    child: Child,
    base: String,
    folder: TempDir,
    http: reqwest::Client,
}

impl Province {
    /// Starts a province of 128 people.
    pub fn start(seed: u64, tasks: u32) -> Self {
        install_tls();
        let folder = TempDir::new().expect("a folder");
        let mut child = Command::new(project::program())
            .env_clear()
            .args(["simulate", "--today", TODAY, "--people", "128"])
            .args(["--seed", &seed.to_string(), "--tasks", &tasks.to_string()])
            .arg("--data-dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut lines = BufReader::new(child.stderr.take().expect("standard error")).lines();
        let base = lines
            .by_ref()
            .map(|line| line.expect("a line"))
            .find(|line| line.starts_with("http://"))
            .expect("the simulator tells its address");
        // A full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
        Self { child, base, folder, http }
    }

    /// A file of the personnel office, or a folder of a source.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its address with a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Asks it something.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(self.url(path)).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Lets life go on.
    pub async fn tick(&self, steps: u64) {
        self.post("/sim/tick", &json!({ "steps": steps })).await;
    }

    /// Lets the people of the evaluation software decide; from the first time on they decide when told to only.
    pub async fn meeting(&self) {
        self.post("/sim/meeting", &json!({})).await;
    }

    /// Makes things go wrong.
    pub async fn faults(&self, script: Value) {
        self.post("/sim/faults", &script).await;
    }

    async fn post(&self, path: &str, body: &Value) {
        let answer = self.http.post(self.url(path)).json(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
}

impl Drop for Province {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
