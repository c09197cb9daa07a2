//! The whole way on a system nobody here wrote: from Kinto's records to the receipts of the national database.
//!
//! Kinto and the simulated receivers run as processes of their own, the daemon is the program itself. Run by
//! `./test --real` alone, because Kinto comes from its package registry.

use crate::support::kinto::{Kinto, READER};
use crate::support::project;
use serde_json::{Value, json};
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TASKS: usize = 1_000;

/// A child process, killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(project::program());
    command.current_dir(folder).env_clear().env("LANG", "C.UTF-8").env("USER", "tester");
    command
}

/// Exit code and what was printed, as JSON.
fn order(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = program(folder).args(arguments).arg("--json").output().expect("starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr);
    let document = serde_json::from_str(&printed).unwrap_or_else(|_| json!(format!("{printed}{told}")));
    (output.status.code().expect("an exit code"), document)
}

fn good(folder: &Path, arguments: &[&str]) -> Value {
    let (code, document) = order(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {document}");
    document
}

/// The simulated receivers, with the province's people in `folder/province`.
fn receivers(folder: &Path) -> (Process, String) {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|free| free.local_addr())
        .expect("port")
        .port();
    let child = program(folder)
        .args(["simulate", "--today", "2026-12-07", "--people", "128", "--tasks", "1200"])
        .args(["--data-dir", "province", "--listen", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    (Process(child), format!("http://127.0.0.1:{port}"))
}

async fn ask(base: &str, path: &str) -> Option<Value> {
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("client");
    client.get(format!("{base}{path}")).send().await.ok()?.json().await.ok()
}

async fn until<F: AsyncFnMut() -> Result<(), String>>(what: &str, mut condition: F) {
    let began = Instant::now();
    loop {
        match condition().await {
            Ok(()) => return,
            Err(open) => assert!(began.elapsed() < Duration::from_secs(300), "{what}: {open}"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn secret(folder: &Path, password: &str) {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join("kinto.secret");
    std::fs::write(&file, password).expect("secret");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("mode");
}

fn configure(folder: &Path, kinto: &str, receivers: &str) {
    secret(folder, READER.1);
    std::fs::write(folder.join("catalog.csv"), include_bytes!("../../config/catalog-example.csv"))
        .expect("catalog");
    let target = |id: &str, path: &str| {
        format!(
            "[[target]]\nid = \"{id}\"\nkind = \"{id}\"\nbase_url = \"{receivers}{path}\"\nusername = \"lienthong\"\n\
             password = {{ file = \"province/{id}.secret\" }}\nsimulated = true\nallow_http = true\n"
        )
    };
    let text = format!(
        "[daemon]\ndata_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
         [people]\nfile = \"province/people.csv\"\nunits_file = \"province/units.csv\"\n\
         [catalog]\nfile = \"catalog.csv\"\nversion = \"2026-1\"\nvalid_from = 2026-01-01\n\
         [simulation]\nclock_start = 2026-12-07T09:00:00+07:00\n\
         [[source]]\nid = \"kinto\"\nunit = \"SNV\"\nmanifest = \"kinto\"\nschedule = \"*/2 * * * * *\"\nallow_http = true\n\
         settings = {{ base_url = \"{kinto}\", username = \"{}\", bucket = \"gialai\", collection = \"nhiem-vu\" }}\n\
         secrets = {{ password = {{ file = \"kinto.secret\" }} }}\n{}{}\
         org_code = \"000.00.15.H21\"\nsender_code = \"000.00.15.H21\"\n",
        READER.0,
        target("evaluation", "/evaluation/api/v1"),
        target("national", "/national"),
    );
    std::fs::write(folder.join("lienthong.toml"), text).expect("configuration");
}

/// Tasks for everyone who is scored, with titles of clerks: most done in the quarter to be closed.
async fn tasks(folder: &Path, receivers: &str) -> Vec<(String, Value)> {
    let truth = ask(receivers, "/sim/truth").await.expect("truth");
    let titles: Vec<(&str, &str)> = truth
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|task| Some((task["title"].as_str()?, task["product"].as_str()?)))
        .collect();
    let mut people = csv::Reader::from_path(folder.join("province/people.csv")).expect("people");
    let people: Vec<csv::StringRecord> = people.records().map(|row| row.expect("a row")).collect();
    let workers: Vec<&csv::StringRecord> =
        people.iter().filter(|row| !matches!(&row[5], "administrator" | "contract")).collect();
    (0..TASKS)
        .map(|number| {
            let worker = workers[number % workers.len()];
            let (title, product) = titles[number % titles.len()];
            let (month, day) = (7 + number % 3, 5 + number % 20);
            let status = match number % 20 {
                0 => "doing",
                1 => "returned",
                2 => "cancelled",
                _ => "done",
            };
            let done = if number % 7 == 0 { day + 4 } else { day - 1 };
            let mut task = json!({
                "title": title, "status": status, "officer": &worker[0], "unit": &worker[3],
                "assigned_on": format!("2026-{month:02}-01"), "due_on": format!("2026-{month:02}-{day:02}"),
                "product_code": product,
            });
            if status == "done" {
                task["submitted_at"] = json!(format!("2026-{month:02}-{done:02}T09:00:00+07:00"));
                task["done_at"] = json!(format!("2026-{month:02}-{done:02}T15:00:00+07:00"));
            }
            (format!("nv-{number:04}"), task)
        })
        .collect()
}

/// What the daemon holds and does not call gone: state and title by the source's id.
async fn held(folder: &Path) -> BTreeMap<String, (String, String)> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database(folder)).read_only(true);
    let Ok(pool) = sqlx::SqlitePool::connect_with(options).await else { return BTreeMap::new() };
    let rows = sqlx::query(
        "SELECT external_id, status, title FROM task WHERE source_id = 'kinto' AND status <> 'gone'",
    )
    .fetch_all(&pool)
    .await
    .unwrap_or_default();
    let row = |row: &sqlx::sqlite::SqliteRow| {
        let text = |index: usize| row.get::<String, _>(index);
        (text(0), (text(1), text(2)))
    };
    rows.iter().map(row).collect()
}

fn database(folder: &Path) -> std::path::PathBuf {
    let files =
        std::fs::read_dir(folder.join("data")).into_iter().flatten().flatten().map(|entry| entry.path());
    files
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "db"))
        .unwrap_or_else(|| folder.join("data/none"))
}

fn in_our_words(kinto: BTreeMap<String, (String, String)>) -> BTreeMap<String, (String, String)> {
    let word = |status: &str| match status {
        "new" => "open".to_owned(),
        "doing" => "in_progress".to_owned(),
        other => other.to_owned(),
    };
    kinto.into_iter().map(|(id, (status, title))| (id, (word(&status), title))).collect()
}

async fn until_equal(what: &str, folder: &Path, kinto: &Kinto) {
    until(what, async || {
        let (ours, theirs) = (held(folder).await, in_our_words(kinto.holds().await));
        let differ = theirs.iter().filter(|(id, task)| ours.get(*id) != Some(task)).count();
        let too_many = ours.keys().filter(|id| !theirs.contains_key(*id)).count();
        if differ + too_many == 0 { Ok(()) } else { Err(format!("{differ} differ, {too_many} too many")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_kinto_goes_the_whole_way_from_its_records_to_the_receipts() {
    let place = tempfile::tempdir().expect("folder");
    let folder = place.path();
    let kinto = Arc::new(Kinto::start(folder, READER).await);
    let (_receivers, receivers) = receivers(folder);
    until("the receivers start", async || {
        ask(&receivers, "/sim/state").await.map(drop).ok_or_else(String::new)
    })
    .await;
    kinto.put(&tasks(folder, &receivers).await).await;

    // People work while the first pull reads: records seen and not yet seen are edited and deleted.
    let at_work = kinto.clone();
    let (door, _door) = kinto
        .door(move |page| {
            let kinto = at_work.clone();
            async move {
                if page < 8 {
                    let (seen, unseen) = (page * 100 + 3, page * 100 + 150);
                    for number in [seen, unseen] {
                        let title = json!({ "title": format!("Sửa trong lúc đọc, lần {page}") });
                        kinto.edit(&format!("nv-{number:04}"), title).await;
                    }
                    kinto.delete(&format!("nv-{:04}", page * 100 + 7)).await;
                    kinto.delete(&format!("nv-{:04}", page * 100 + 160)).await;
                    let late = json!({ "title": "Việc giao trong lúc đọc", "status": "new" });
                    kinto.put(&[(format!("moi-{page}"), late)]).await;
                }
            }
        })
        .await;
    configure(folder, &door, &receivers);

    // A wrong password is told before anything is stored.
    secret(folder, "wrong");
    let (code, told) = order(folder, &["check"]);
    assert!(code != 0 && told.to_string().contains("LT-NET-009"), "{code} {told}");
    secret(folder, READER.1);

    good(folder, &["db", "migrate"]);
    good(folder, &["history", "import", "province/history.csv", "--document", "01/TB", "--author", "tester"]);
    let new = ["history", "import", "--empty", "--reason", "mới tuyển dụng", "--document", "01/TB"];
    good(folder, &[&new[..], &["--author", "tester"]].concat());
    let daemon = Process(
        program(folder).arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts"),
    );
    until_equal("the first pull and what happened meanwhile", folder, &kinto).await;
    assert_eq!(held(folder).await.len(), TASKS - 16 + 8, "every page was disturbed once");

    // Later changes: edits, a reopened task, deletions, new tasks.
    for number in [11, 211, 411] {
        let done = json!({ "status": "done", "submitted_at": "2026-09-20T09:00:00+07:00", "done_at": "2026-09-21T09:00:00+07:00" });
        kinto.edit(&format!("nv-{number:04}"), done).await;
    }
    kinto.edit("nv-0313", json!({ "title": "Đổi tên sau đó" })).await;
    kinto.edit("nv-0314", json!({ "status": "doing", "done_at": null })).await;
    for number in [512, 513, 914] {
        kinto.delete(&format!("nv-{number:04}")).await;
    }
    kinto
        .put(&[(
            "moi-9".to_owned(),
            json!({ "title": "Việc mới", "status": "doing", "due_on": "2026-12-20" }),
        )])
        .await;
    until_equal("later changes", folder, &kinto).await;

    // People decide; then the quarter is closed and everything goes out.
    let mut quiet = (Value::Null, 0);
    until("the receivers come to rest", async || {
        let oracle = ask(&receivers, "/sim/oracle").await.ok_or("no oracle")?;
        let now = json!([oracle["evaluation"], oracle["national"]]);
        quiet = if now == quiet.0 { (now, quiet.1 + 1) } else { (now, 0) };
        let approved = oracle["evaluation"]["approved_quarter"].as_u64() > Some(50);
        if approved && quiet.1 >= 12 { Ok(()) } else { Err(oracle.to_string()) }
    })
    .await;
    let (code, closed) = order(
        folder,
        &[
            "period",
            "close",
            "2026-Q3",
            "--document",
            "02/TB",
            "--author",
            "tester",
            "--reason",
            "đã phê duyệt",
        ],
    );
    assert_eq!(code, 0, "{closed}");
    quiet.1 = 0;
    until("everything is delivered", async || {
        let oracle = ask(&receivers, "/sim/oracle").await.ok_or("no oracle")?;
        let now = json!([oracle["evaluation"], oracle["national"]]);
        quiet = if now == quiet.0 { (now, quiet.1 + 1) } else { (now, 0) };
        let stored = oracle["national"]["people"].as_u64() > Some(50) && oracle["verdict"]["lost"] == 0;
        if stored && quiet.1 >= 12 { Ok(()) } else { Err(oracle.to_string()) }
    })
    .await;
    let status = good(folder, &["status"]);
    drop(daemon);

    // What we hold is what Kinto holds; our receipts are the receivers' effects.
    assert_eq!(held(folder).await, in_our_words(kinto.holds().await));
    let oracle = ask(&receivers, "/sim/oracle").await.expect("oracle");
    for key in ["lost", "duplicates", "mismatches"] {
        assert_eq!(oracle["verdict"][key], 0, "{oracle}");
    }
    let receipts = receipts(folder).await;
    for target in ["national", "evaluation"] {
        assert_eq!(
            receipts.get(target).copied(),
            oracle[target]["effects"].as_i64(),
            "{target}: {oracle} {status}"
        );
    }

    // The same again is nothing; a changed password is an error and no empty system.
    let again = good(folder, &["sync", "kinto", "--full"]);
    let counted = |key: &str| again.pointer(&format!("/{key}")).and_then(Value::as_u64);
    assert_eq!((counted("new"), counted("changed"), counted("gone")), (Some(0), Some(0), Some(0)), "{again}");
    kinto.change_password(READER, "another").await;
    let before = held(folder).await;
    let (code, told) = order(folder, &["sync", "kinto", "--full"]);
    assert!(code != 0 && told.to_string().contains("LT-NET-009"), "{code} {told}");
    assert_eq!(held(folder).await, before);
}

/// Receipts per target.
async fn receipts(folder: &Path) -> BTreeMap<String, i64> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database(folder)).read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("database");
    let rows = sqlx::query("SELECT target, count(*) FROM receipt GROUP BY target")
        .fetch_all(&pool)
        .await
        .expect("receipts");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}
