//! A system nobody here wrote, kept in step: first load, hundreds of changes, some while a pull runs.
//!
//! Owns what is asked of every such system and how it is compared: what the daemon's database holds against what the
//! system itself holds, asked for in the system's own way and not through our connector. The program is started anew
//! for each order, as an operator would.

use super::project;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// A piece of work as both sides know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Title.
    pub title: String,
    /// One of our words: `open`, `in_progress`, `done`, `cancelled` …
    pub status: String,
    /// User name of whom it is assigned to.
    pub assignee: Option<String>,
    /// Due day.
    pub due: Option<NaiveDate>,
}

/// What people do with their work.
#[derive(Debug, Clone)]
pub enum Change {
    /// It is done.
    Complete,
    /// It was not done after all.
    Reopen,
    /// Somebody else does it.
    Reassign(String),
    /// It has another due day.
    Due(NaiveDate),
    /// It is deleted.
    Delete,
    /// It is called off.
    Cancel,
    /// It has another title.
    Rename(String),
}

/// A system under test.
pub trait ThirdParty {
    /// Name of its manifest.
    const MANIFEST: &'static str;
    /// Accounts that work is given to.
    const PEOPLE: &'static [&'static str];

    /// The `settings` of its source, as TOML.
    fn settings(&self) -> String;
    /// The secret's name in the manifest, and its value.
    fn secret(&self) -> (&'static str, &'static str);
    /// Creates work; gives its keys.
    async fn create(&self, works: &[Work]) -> Vec<String>;
    /// Changes one piece of work.
    async fn change(&self, key: &str, change: &Change);
    /// What it holds now, by key.
    async fn holds(&self) -> BTreeMap<String, Work>;
}

/// An installation with one source.
pub struct Beside<'a> {
    folder: &'a Path,
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below as u64).expect("small")
    }
}

fn day(number: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 1).expect("a day") + Days::new(number as u64)
}

fn work<T: ThirdParty>(number: usize) -> Work {
    Work {
        title: format!("Báo cáo số {number} về “cải cách” <hành chính> & chuyển đổi số"),
        status: "open".to_owned(),
        assignee: (!number.is_multiple_of(11)).then(|| T::PEOPLE[number % T::PEOPLE.len()].to_owned()),
        due: (!number.is_multiple_of(7)).then(|| day(number % 90)),
    }
}

fn change<T: ThirdParty>(dice: &mut Dice, number: usize) -> Change {
    match dice.throw(16) {
        0..=4 => Change::Complete,
        5..=6 => Change::Reopen,
        7..=8 => Change::Reassign(T::PEOPLE[dice.throw(T::PEOPLE.len())].to_owned()),
        9..=10 => Change::Due(day(dice.throw(120))),
        11 => Change::Delete,
        12 => Change::Cancel,
        _ => Change::Rename(format!("Tên mới lần {number}: kế hoạch “số {number}” & tờ trình")),
    }
}

impl<'a> Beside<'a> {
    /// An installation in `folder` that pulls this system.
    pub fn new<T: ThirdParty>(folder: &'a Path, system: &T) -> Self {
        let (name, secret) = system.secret();
        let text = format!(
            "[daemon]\ndata_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n\
             [[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
             [[source]]\nid = \"theirs\"\nunit = \"SNV\"\nmanifest = \"{}\"\nschedule = \"0 0 3 1 1 *\"\n\
             allow_http = true\nsettings = {}\nsecrets = {{ {name} = {{ file = \"their.secret\" }} }}\n",
            T::MANIFEST,
            system.settings(),
        );
        std::fs::write(folder.join("lienthong.toml"), text).expect("configuration");
        let beside = Self { folder };
        beside.password(secret);
        beside.good(&["db", "migrate"]);
        beside
    }

    /// Sets the password the daemon uses.
    pub fn password(&self, secret: &str) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.folder.join("their.secret");
        std::fs::write(&file, secret).expect("secret");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("mode");
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(project::program());
        command.current_dir(self.folder).env_clear().env("LANG", "C.UTF-8").env("USER", "tester");
        command.args(arguments).arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Exit code and what was printed.
    pub fn order(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.program(arguments).output().expect("starts");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = String::from_utf8_lossy(&output.stderr);
        let document = serde_json::from_str(&printed).unwrap_or_else(|_| json!(format!("{printed}{told}")));
        (output.status.code().expect("an exit code"), document)
    }

    /// The same, of an order that has to succeed.
    pub fn good(&self, arguments: &[&str]) -> Value {
        let (code, document) = self.order(arguments);
        assert_eq!(code, 0, "{arguments:?}: {document}");
        document
    }

    /// What the daemon's database holds and does not call gone.
    pub async fn held(&self) -> BTreeMap<String, Work> {
        let data = std::fs::read_dir(self.folder.join("data")).expect("data").flatten();
        let file =
            data.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "db"));
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(file.expect("a database")).read_only(true);
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("opens");
        let rows =
            sqlx::query("SELECT external_id, status, title, due_day, facts FROM task WHERE status <> 'gone'")
                .fetch_all(&pool)
                .await
                .expect("tasks");
        let work = |row: &sqlx::sqlite::SqliteRow| {
            let facts: Value = serde_json::from_str(row.get::<&str, _>(4)).expect("facts");
            let due: Option<String> = row.get(3);
            let assignee = facts.get("a");
            let work = Work {
                title: row.get(2),
                status: row.get(1),
                // What stands before the colon is the kind of name.
                assignee: assignee
                    .and_then(Value::as_str)
                    .and_then(|name| Some(name.split_once(':')?.1.to_owned())),
                due: due.map(|day| day.parse().expect("a day")),
            };
            (row.get(0), work)
        };
        rows.iter().map(work).collect()
    }

    async fn equal<T: ThirdParty>(&self, what: &str, system: &T) {
        let (ours, theirs) = (self.held().await, system.holds().await);
        let differ: Vec<_> = theirs
            .iter()
            .filter(|(key, work)| ours.get(*key) != Some(work))
            .map(|(key, work)| (key, work, ours.get(key)))
            .collect();
        let gone: Vec<_> = ours.keys().filter(|key| !theirs.contains_key(*key)).collect();
        assert!(differ.is_empty() && gone.is_empty(), "{what}: {differ:#?}, no longer there: {gone:?}");
    }

    /// First load, edits while it runs, 300 later changes, and the proof that nothing is left to do.
    pub async fn keeps_in_step<T: ThirdParty>(&self, system: &T, works: usize) {
        let first: Vec<Work> = (0..works).map(work::<T>).collect();
        let mut keys = system.create(&first).await;
        let mut dice = Dice(20_261_126);
        let (mut number, mut deleted) = (works, Vec::new());
        let some = async |count: usize,
                          keys: &mut Vec<String>,
                          deleted: &mut Vec<String>,
                          dice: &mut Dice,
                          number: &mut usize| {
            for _ in 0..count {
                *number += 1;
                if dice.throw(10) == 0 {
                    keys.extend(system.create(&[work::<T>(*number)]).await);
                    continue;
                }
                let at = dice.throw(keys.len());
                let change = change::<T>(dice, *number);
                system.change(&keys[at], &change).await;
                if matches!(change, Change::Delete) {
                    deleted.push(keys.swap_remove(at));
                }
            }
        };

        // People work while the first pull reads.
        let mut pull = self.program(&["sync", "theirs", "--full"]).spawn().expect("starts");
        some(40, &mut keys, &mut deleted, &mut dice, &mut number).await;
        let ended = tokio::task::spawn_blocking(move || {
            let status = pull.wait().expect("ends");
            (status, pull.wait_with_output().expect("output"))
        });
        let (status, output) = ended.await.expect("waited");
        assert!(status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        self.good(&["sync", "theirs"]);
        self.good(&["sync", "theirs", "--full"]);
        self.equal("the first load", system).await;

        for _ in 0..6 {
            some(50, &mut keys, &mut deleted, &mut dice, &mut number).await;
            self.good(&["sync", "theirs"]);
            let (ours, theirs) = (self.held().await, system.holds().await);
            let late: Vec<_> = theirs.iter().filter(|(key, work)| ours.get(*key) != Some(work)).collect();
            assert!(late.is_empty(), "an incremental pull missed {late:#?}");
        }
        self.good(&["sync", "theirs", "--full"]);
        self.equal("after 300 changes", system).await;
        assert!(deleted.len() >= 5, "the changes deleted only {}", deleted.len());

        // The same again is nothing.
        for arguments in [&["sync", "theirs"][..], &["sync", "theirs", "--full"]] {
            let again = self.good(arguments);
            let counted = |key: &str| again.get(key).and_then(Value::as_u64);
            assert_eq!(
                (counted("new"), counted("changed"), counted("gone")),
                (Some(0), Some(0), Some(0)),
                "{arguments:?}: {again}"
            );
        }
    }

    /// A wrong password is an error with this code, and no empty system.
    pub async fn refuses_a_wrong_password(&self, code: &str) {
        let before = self.held().await;
        self.password("mat-khau-sai");
        for arguments in [&["check"][..], &["sync", "theirs", "--full"]] {
            let (exit, told) = self.order(arguments);
            assert!(exit != 0 && told.to_string().contains(code), "{arguments:?}: {exit} {told}");
        }
        assert_eq!(self.held().await, before);
    }
}
