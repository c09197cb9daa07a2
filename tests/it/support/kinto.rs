//! Kinto, a record store nobody here wrote, from its package registry: installed once, started per test.
//!
//! A proxy stands before it, so that a test can act between two pages of one pull.

use super::environment::{environment, free_port};
use super::third_party::{Change, ThirdParty, Work};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// Account and password of whoever may read the tasks.
pub const READER: (&str, &str) = ("lienthong", "reader-pw");
/// Account and password of whoever keeps the tasks.
const KEEPER: (&str, &str) = ("van-thu", "keeper-pw");
const COLLECTION: &str = "/buckets/gialai/collections/nhiem-vu";

/// A running server; stopped when dropped.
pub struct Kinto {
    server: Child,
    base: String,
    http: reqwest::Client,
}

impl Kinto {
    /// Starts a server with its data in memory, a keeper, and a reader with this password.
    pub async fn start(folder: &Path, reader: (&str, &str)) -> Self {
        super::install_tls();
        let (program, port) = (environment("kinto").join("bin/kinto"), free_port());
        let settings = format!(
            "[app:main]\nuse = egg:kinto\nkinto.storage_backend = kinto.core.storage.memory\n\
             kinto.cache_backend = kinto.core.cache.memory\nkinto.permission_backend = kinto.core.permission.memory\n\
             kinto.includes = kinto.plugins.accounts\nmultiauth.policies = account\n\
             multiauth.policy.account.use = kinto.plugins.accounts.authentication.AccountsAuthenticationPolicy\n\
             kinto.account_create_principals = system.Everyone\nkinto.bucket_create_principals = system.Authenticated\n\
             kinto.paginate_by = 100\nkinto.userid_hmac_secret = 0123456789abcdef\n\
             [server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nport = {port}\n\
             [loggers]\nkeys = root\n[handlers]\nkeys = console\n[formatters]\nkeys = plain\n\
             [logger_root]\nlevel = WARN\nhandlers = console\n\
             [handler_console]\nclass = StreamHandler\nargs = (sys.stderr,)\nformatter = plain\n\
             [formatter_plain]\nformat = %(message)s\n"
        );
        let file = folder.join("kinto.ini");
        std::fs::write(&file, settings).expect("settings");
        let log = std::fs::File::create(folder.join("kinto.log")).expect("log");
        let server = Command::new(program)
            .args(["start", "--port", &port.to_string(), "--ini"])
            .arg(&file)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("kinto");
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("client");
        let kinto = Self { server, base: format!("http://127.0.0.1:{port}/v1"), http };
        let began = Instant::now();
        while kinto.http.get(format!("{}/", kinto.base)).send().await.is_err() {
            let log = std::fs::read_to_string(folder.join("kinto.log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(60), "Kinto does not start: {log}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for (name, password) in [KEEPER, reader] {
            let request = kinto.http.put(format!("{}/accounts/{name}", kinto.base));
            let body = json!({ "data": { "password": password } });
            assert!(request.json(&body).send().await.expect("answer").status().is_success(), "{name}");
        }
        let may_read = json!({ "permissions": { "read": [format!("account:{}", reader.0)] } });
        kinto.keep("PUT", "/buckets/gialai", &may_read).await;
        kinto.keep("PUT", COLLECTION, &json!({})).await;
        kinto
    }

    async fn keep(&self, method: &str, path: &str, body: &Value) -> Value {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}{path}", self.base));
        let answer = request.basic_auth(KEEPER.0, Some(KEEPER.1)).json(body).send().await.expect("answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    /// Stores tasks, 25 in one batch, as Kinto allows.
    pub async fn put(&self, tasks: &[(String, Value)]) {
        for batch in tasks.chunks(25) {
            let requests: Vec<Value> = batch
                .iter()
                .map(|(id, task)| json!({ "path": format!("{COLLECTION}/records/{id}"), "body": { "data": task } }))
                .collect();
            let body = json!({ "defaults": { "method": "PUT" }, "requests": requests });
            let answers = self.keep("POST", "/batch", &body).await;
            let good = |answer: &Value| matches!(answer["status"].as_u64(), Some(200 | 201));
            assert!(answers["responses"].as_array().expect("answers").iter().all(good), "{answers}");
        }
    }

    /// Changes members of one task.
    pub async fn edit(&self, id: &str, members: Value) {
        self.keep("PATCH", &format!("{COLLECTION}/records/{id}"), &json!({ "data": members })).await;
    }

    /// Deletes one task.
    pub async fn delete(&self, id: &str) {
        self.keep("DELETE", &format!("{COLLECTION}/records/{id}"), &json!({})).await;
    }

    /// Gives the reader another password, as the reader itself.
    pub async fn change_password(&self, reader: (&str, &str), new: &str) {
        let request = self.http.put(format!("{}/accounts/{}", self.base, reader.0));
        let body = json!({ "data": { "password": new } });
        let answer = request.basic_auth(reader.0, Some(reader.1)).json(&body).send().await.expect("answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// What it holds, asked for without any paging of ours: status and title by id.
    pub async fn holds(&self) -> BTreeMap<String, (String, String)> {
        let text = |record: &Value, name: &str| record[name].as_str().expect("text").to_owned();
        let records = self.records().await;
        records
            .iter()
            .map(|(id, record)| (id.clone(), (text(record, "status"), text(record, "title"))))
            .collect()
    }

    async fn records(&self) -> BTreeMap<String, Value> {
        let (mut held, mut address) =
            (BTreeMap::new(), format!("{}{COLLECTION}/records?_sort=id", self.base));
        loop {
            let request = self.http.get(&address).basic_auth(KEEPER.0, Some(KEEPER.1));
            let answer = request.send().await.expect("answer");
            let next = answer.headers().get("next-page").map(|next| next.to_str().expect("text").to_owned());
            let page: Value = answer.json().await.expect("JSON");
            for record in page["data"].as_array().expect("records") {
                held.insert(record["id"].as_str().expect("an id").to_owned(), record.clone());
            }
            match next {
                Some(next) => address = next,
                None => return held,
            }
        }
    }

    /// A door before the server: `between` runs before each list page that is not a first one, with the count of
    /// such pages so far. Gives the door's address.
    pub async fn door<F, R>(self: &Arc<Self>, between: F) -> (String, AbortOnDropHandle<()>)
    where
        F: Fn(usize) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
        let address = format!("http://{}/v1", listener.local_addr().expect("address"));
        let (kinto, pages, between) = (self.clone(), Arc::new(AtomicUsize::new(0)), Arc::new(between));
        let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (kinto, pages, between) = (kinto.clone(), pages.clone(), between.clone());
            async move {
                if request.uri().query().is_some_and(|query| query.contains("_token=")) {
                    between(pages.fetch_add(1, Ordering::SeqCst)).await;
                }
                kinto.forward(request).await
            }
        });
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        (address, AbortOnDropHandle::new(task))
    }

    async fn forward(&self, request: axum::extract::Request) -> axum::response::Response {
        let (parts, _) = request.into_parts();
        let origin = self.base.trim_end_matches("/v1");
        // The Host of the caller goes on, so that the addresses of next pages lead through this door again.
        let asked = self.http.request(parts.method, format!("{origin}{}", parts.uri)).headers(parts.headers);
        let answer = asked.send().await.expect("Kinto answers");
        let mut response = axum::response::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            if name != "transfer-encoding" && name != "content-length" {
                response = response.header(name, value);
            }
        }
        let body = answer.bytes().await.expect("a whole answer");
        response.body(axum::body::Body::from(body)).expect("an answer")
    }
}

impl ThirdParty for Kinto {
    const MANIFEST: &'static str = "kinto";
    const PEOPLE: &'static [&'static str] = &["GL-00012", "GL-00013", "GL-00014"];

    fn settings(&self) -> String {
        let Self { base, .. } = self;
        format!(
            "{{ base_url = \"{base}\", username = \"{}\", bucket = \"gialai\", collection = \"nhiem-vu\" }}",
            READER.0
        )
    }

    fn secret(&self) -> (&'static str, &'static str) {
        ("password", READER.1)
    }

    async fn create(&self, works: &[Work]) -> Vec<String> {
        let named = |work: &Work| {
            let id = uuid::Uuid::now_v7().to_string();
            let task =
                json!({ "title": work.title, "status": "new", "officer": work.assignee, "due_on": work.due });
            (id, task)
        };
        let tasks: Vec<(String, Value)> = works.iter().map(named).collect();
        self.put(&tasks).await;
        tasks.into_iter().map(|(id, _)| id).collect()
    }

    async fn change(&self, key: &str, change: &Change) {
        let members = match change {
            Change::Complete => json!({ "status": "done", "done_at": "2026-11-25T10:00:00+07:00" }),
            Change::Reopen => json!({ "status": "doing" }),
            Change::Reassign(name) => json!({ "officer": name }),
            Change::Due(day) => json!({ "due_on": day }),
            Change::Cancel => json!({ "status": "cancelled" }),
            Change::Rename(title) => json!({ "title": title }),
            Change::Delete => return self.delete(key).await,
        };
        self.edit(key, members).await;
    }

    async fn holds(&self) -> BTreeMap<String, Work> {
        let work = |record: &Value| Work {
            title: record["title"].as_str().expect("a title").to_owned(),
            status: match record["status"].as_str().expect("a status") {
                "new" => "open",
                "doing" => "in_progress",
                other => other,
            }
            .to_owned(),
            assignee: record["officer"].as_str().map(str::to_owned),
            due: record["due_on"].as_str().map(|day| day.parse().expect("a day")),
        };
        self.records().await.iter().map(|(id, record)| (id.clone(), work(record))).collect()
    }
}

impl Drop for Kinto {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
