//! An installation without sources, step by step: records are put into its store, people order and targets
//! answer over real HTTP.

use super::stores::{department, officer};
use chrono::{DateTime, Utc};
use lienthong::clock::Clock;
use lienthong::config::{self, Loaded, Overrides};
use lienthong::delivery::{ResultRow, Target};
use lienthong::domain::{
    DirectoryImport, ImportedPerson, Period, PersonId, RecordState, Role, StaffNumber, TargetId, UnitCode,
};
use lienthong::evaluation::Content;
use lienthong::pipeline::command::{Command, Executor as _, InputFile, Outcome, PersonRef};
use lienthong::pipeline::deliver::Deliver;
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::step::{Step as _, StepReport};
use lienthong::pipeline::{App, Policy, assemble};
use lienthong::store::{
    Importer, NewRevision, OutboxFilter, OutboxLine, Packed, Revision, ScoreWrite, Store,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

/// Agency code of the simulated national database.
pub const ORG: &str = "000.00.15.H21";

/// Somebody who may decide about everybody in these tests.
pub const CHIEF: &str = "GL-00990 Lê Văn Trưởng";

/// An installation whose clock stands where a test puts it.
pub struct Installed {
    /// Its parts.
    pub app: Arc<App>,
    _folder: Arc<tempfile::TempDir>,
}

/// Where its targets are.
#[derive(Default, Clone)]
pub struct Targets {
    /// Base address of the national database.
    pub national: Option<String>,
    /// Base address of the evaluation software.
    pub evaluation: Option<String>,
    /// Account and passwords.
    pub user: String,
    pub national_password: String,
    pub evaluation_password: String,
    /// Longest exchange.
    pub exchange_s: u32,
    /// A real database whose lists nobody confirmed.
    pub unconfirmed: bool,
}

impl Targets {
    /// The national database alone, at a scripted server.
    pub fn national(base: &str) -> Self {
        Self {
            national: Some(base.to_owned()),
            user: "gialai".into(),
            national_password: "mat-khau".into(),
            evaluation_password: "mat-khau".into(),
            exchange_s: 20,
            ..Self::default()
        }
    }

    /// The evaluation software alone, at a scripted server.
    pub fn evaluation(base: &str) -> Self {
        Self { national: None, evaluation: Some(base.to_owned()), ..Self::national("") }
    }

    fn loaded(&self, folder: &std::path::Path) -> Loaded {
        let mut text = format!(
            "[daemon]\ndata_dir = \"data\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
             [limits]\nexchange_s = {}\n",
            self.exchange_s
        );
        for (kind, base, password) in [
            ("national", &self.national, &self.national_password),
            ("evaluation", &self.evaluation, &self.evaluation_password),
        ] {
            let Some(base) = base else { continue };
            let file = folder.join(kind);
            std::fs::write(&file, password).expect("secret");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("mode");
            text.push_str(&format!(
                "[[target]]\nid = \"{kind}\"\nkind = \"{kind}\"\nbase_url = \"{base}\"\nusername = \"{}\"\n\
                 password = {{ file = \"{kind}\" }}\nsimulated = {}\nallow_http = true\n",
                self.user, !self.unconfirmed
            ));
            if kind == "national" {
                text.push_str(&format!("org_code = \"{ORG}\"\nsender_code = \"{ORG}\"\n"));
            }
        }
        config::load_text(&folder.join("lienthong.toml"), &text, [], &Overrides::default())
            .unwrap_or_else(|findings| panic!("{findings}\n{text}"))
    }
}

/// An instant.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

/// A period.
pub fn period(text: &str) -> Period {
    text.parse().expect("period")
}

impl Installed {
    /// An installation over a store, its clock at an instant.
    pub fn new(store: &Store, targets: &Targets, owner: &str, now: &str) -> Self {
        super::install_tls();
        let folder = tempfile::tempdir().expect("folder");
        let loaded = targets.loaded(folder.path());
        let (made, wrong) = assemble::targets(&loaded);
        assert!(wrong.is_empty(), "{wrong:?}");
        let policy = assemble::policy(&loaded.config).unwrap_or_else(|findings| panic!("{findings}"));
        let clock = Clock::starting_at(at(now));
        let receivers = (made.evaluation, made.national);
        let mut app = App::new(store.clone(), clock, owner.to_owned(), BTreeMap::new(), receivers, policy);
        app.withheld = made.withheld;
        Self { app: Arc::new(app), _folder: Arc::new(folder) }
    }

    /// The same installation at another time: nothing is forgotten but what a cache holds.
    pub fn later(&self, now: &str) -> Self {
        let app = App::new(
            self.app.store.clone(),
            Clock::starting_at(at(now)),
            self.app.owner.clone(),
            BTreeMap::new(),
            (self.app.evaluation.clone(), self.app.national.clone()),
            self.app.policy.clone(),
        );
        Self { app: Arc::new(app), _folder: self._folder.clone() }
    }

    /// The same installation at another time under other rules, started again.
    pub async fn configured_anew(&self, now: &str, policy: Policy) -> Self {
        let targets = (self.app.evaluation.clone(), self.app.national.clone());
        let clock = Clock::starting_at(at(now));
        let app =
            App::new(self.app.store.clone(), clock, self.app.owner.clone(), BTreeMap::new(), targets, policy);
        let app = app.with_former_rules().await.expect("recalled");
        Self { app: Arc::new(app), _folder: self._folder.clone() }
    }

    /// The same, with orders that wait so long for figures that are being computed.
    pub fn patient(mut self, seconds: u64) -> Self {
        let app = Arc::get_mut(&mut self.app).expect("nothing runs");
        app.patience = std::time::Duration::from_secs(seconds);
        self
    }

    /// The people named, staff of one department, and its chief.
    pub async fn import(&self, people: &[(&str, &str)]) {
        let people =
            people.iter().map(|(number, name)| officer(number, name)).chain([self.head(CHIEF)]).collect();
        let import = DirectoryImport { units: vec![department()], people };
        self.app.store.import_directory(&import, "test", None, self.app.clock.now()).await.expect("imported");
    }

    /// A deputy of the department.
    pub async fn import_deputy(&self, number: &str, name: &str) {
        let mut deputy = self.head(&format!("{number} {name}"));
        for (_, post, role, ..) in &mut deputy.memberships {
            (*post, *role) = ("Phó Giám đốc".into(), Role::Deputy);
        }
        let import = DirectoryImport { units: Vec::new(), people: vec![deputy] };
        self.app.store.import_directory(&import, "test", None, self.app.clock.now()).await.expect("imported");
    }

    /// A contract worker of the department.
    pub async fn import_contract(&self, number: &str, name: &str) {
        let mut worker = officer(number, name);
        for (_, post, role, ..) in &mut worker.memberships {
            (*post, *role) = ("Lái xe".into(), Role::Contract);
        }
        let import = DirectoryImport { units: Vec::new(), people: vec![worker] };
        self.app.store.import_directory(&import, "test", None, self.app.clock.now()).await.expect("imported");
    }

    /// A head of the department: `GL-00990 Lê Văn Trưởng`.
    fn head(&self, who: &str) -> ImportedPerson {
        let (number, name) = who.split_once(' ').expect("number and name");
        let mut head = officer(number, name);
        for (_, post, role, ..) in &mut head.memberships {
            (*post, *role) = ("Giám đốc".into(), Role::Head);
        }
        head
    }

    /// More heads of the department, as a simulated province names them.
    pub async fn import_heads(&self, heads: &[&str]) {
        let people = heads.iter().map(|who| self.head(who)).collect();
        let import = DirectoryImport { units: Vec::new(), people };
        self.app.store.import_directory(&import, "test", None, self.app.clock.now()).await.expect("imported");
    }

    /// A person by staff number.
    pub async fn person(&self, number: &str) -> PersonId {
        let number = StaffNumber::parse(number).expect("number");
        self.app.store.person_by_staff_number(&number).await.expect("read").expect("known")
    }

    /// Carries out an order.
    pub async fn order(&self, command: Command) -> Outcome {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        Installation { app: self.app.clone() }.execute(command, progress).await
    }

    /// Carries out an order that must succeed.
    pub async fn ordered(&self, command: Command) -> Outcome {
        let shown = format!("{command:?}");
        let outcome = self.order(command).await;
        assert_eq!(outcome.exit, 0, "{shown}: {:?}", outcome.findings);
        outcome
    }

    /// A record that waits for its approval, as the scoring would have made it.
    pub async fn provisional(&self, number: &str, which: &str, revision: u32, total: &str) {
        let content = content(which, Some(total), &[]);
        let new = NewRevision {
            revision: Revision {
                person: self.person(number).await,
                period: period(which),
                revision,
                state: if revision == 1 { RecordState::Provisional } else { RecordState::Corrected },
                unit: UnitCode::new("SNV").expect("code"),
                content_hash: content.hash(),
                content: serde_json::to_value(&content).expect("content"),
                summary: json!([]),
                author: "lienthong".into(),
                reason: (revision > 1).then(|| "sai số liệu".to_owned()),
                at: self.app.clock.now(),
            },
            outbox: Vec::new(),
            settles: Vec::new(),
            due: Vec::new(),
        };
        self.app.store.append_revision(&new).await.expect("revision");
    }

    /// A score that a record is to follow.
    pub async fn score(&self, number: &str, which: &str, total: Option<&str>, missing: &[&str]) {
        self.score_of(number, which, (total, missing), &serde_json::json!({})).await;
    }

    /// The same with what it was derived from.
    pub async fn score_of(
        &self,
        number: &str,
        which: &str,
        (total, missing): (Option<&str>, &[&str]),
        derivation: &serde_json::Value,
    ) {
        let content = content(which, total, missing);
        let score = ScoreWrite {
            person: self.person(number).await,
            period: period(which),
            scope: if period(which).is_year() { "year" } else { "full_period" },
            unit: UnitCode::new("SNV").expect("code"),
            role: "staff",
            rule_set_hash: "rules".into(),
            working_days: None,
            inputs_hash: format!("{which} {total:?} {missing:?}"),
            as_of: self.app.clock.today(),
            task_part: Some("63.00".into()),
            total: total.map(str::to_owned),
            total_exact: total.map(str::to_owned),
            summary: serde_json::to_value(&content).expect("content"),
            derivation: Some(Packed::of(derivation.to_string().as_bytes()).expect("packed")),
            computed_at: self.app.clock.now(),
            record_due: true,
        };
        let read = self.app.store.scores_due(1_000).await.expect("due");
        assert_eq!(self.app.store.save_scores(vec![score], &read, &[]).await.expect("saved"), 1);
    }

    /// Lets every score that is due be computed with the outcome it has.
    pub async fn computed(&self) {
        let read = self.app.store.scores_due(1_000).await.expect("due");
        self.app.store.save_scores(Vec::new(), &read, &[]).await.expect("saved");
    }

    /// A person's approval of the newest revision of a quarter, or the classification of a year.
    pub async fn approve(&self, number: &str, which: &str, revision: u32) {
        let is_year = period(which).is_year();
        self.ordered(Command::RecordApprove {
            person: whom(number),
            period: period(which),
            revision,
            level: is_year.then_some(lienthong::domain::Level::Good),
            decision_no: Some("12/QĐ-SNV".into()),
            opinion: None,
            author: CHIEF.into(),
        })
        .await;
    }

    /// The close of a period.
    pub async fn close(&self, which: &str) {
        self.ordered(Command::PeriodClose {
            period: period(which),
            author: CHIEF.into(),
            reason: Some("đủ hồ sơ".into()),
            document: None,
            dry_run: false,
        })
        .await;
    }

    /// Earlier results from a file of CSV lines under the usual head.
    pub async fn history(&self, lines: &str) {
        let bytes = format!("staff_number,period,score,level,decision_no,decided_on\n{lines}\n").into_bytes();
        let file = InputFile { name: "history.csv".into(), bytes };
        self.ordered(Command::HistoryImport { file, document: None, author: CHIEF.into(), dry_run: false })
            .await;
    }

    /// A result of a period that stands, in whatever way it came here.
    pub async fn recorded(&self, number: &str, which: &str, score: &str) {
        let row = ResultRow {
            period: period(which),
            level: None,
            score: Some(score.into()),
            decision_no: None,
            decided_on: None,
        };
        let row = [(self.person(number).await, period(which), serde_json::to_value(row).expect("row"))];
        let by = Importer { author: CHIEF, document: None, at: self.app.clock.now() };
        self.app.store.import_history(&row, by).await.expect("kept");
    }

    /// The word that nobody has earlier results.
    pub async fn no_history(&self) {
        let reason = "mới tuyển".to_owned();
        let (author, document) = ("Phòng Tổ chức cán bộ".to_owned(), Some("1/TB".to_owned()));
        self.ordered(Command::HistoryEmpty { people: Vec::new(), author, reason, document, dry_run: false })
            .await;
    }

    /// A person whose third quarter is approved and closed and waits to be sent.
    pub async fn with_a_result(&self) {
        self.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        self.no_history().await;
        self.provisional("GL-00001", "2026-Q3", 1, "88.50").await;
        self.approve("GL-00001", "2026-Q3", 1).await;
        self.close("2026-Q3").await;
    }

    /// One run of the delivering step of the national database.
    pub async fn deliver(&self) -> StepReport {
        let target = self.app.national.clone().expect("a national database");
        Deliver::new(self.app.clone(), target, 2).run().await.expect("a run")
    }

    /// One run of the delivering step of the evaluation software.
    pub async fn deliver_scores(&self) -> StepReport {
        let target: Arc<dyn Target> = self.app.evaluation.clone().expect("an evaluation software");
        Deliver::new(self.app.clone(), target, 2).run().await.expect("a run")
    }

    /// Items of a target, oldest first.
    pub async fn items(&self, target: &str) -> Vec<OutboxLine> {
        let filter = OutboxFilter { target: Some(target.into()), ..OutboxFilter::default() };
        let mut lines = self.app.store.outbox_lines(&filter, 1_000).await.expect("items");
        lines.sort_by_key(|line| line.id);
        lines
    }

    /// States of a target's items, oldest first.
    pub async fn states(&self, target: &str) -> Vec<String> {
        self.items(target).await.into_iter().map(|line| line.state).collect()
    }

    /// State and code of the newest item of a target.
    pub async fn newest(&self, target: &str) -> (String, String, OutboxLine) {
        let line = self.items(target).await.pop().expect("an item");
        let code = line.finding.as_ref().map(|finding| finding.code.clone()).unwrap_or_default();
        (line.state.clone(), code, line)
    }

    /// The name of the national target.
    pub fn target(&self) -> TargetId {
        TargetId::new("national").expect("name")
    }
}

/// A person as people name them.
pub fn whom(number: &str) -> PersonRef {
    number.parse().expect("a person")
}

/// What a record says.
pub fn content(which: &str, total: Option<&str>, missing: &[&str]) -> Content {
    let figure = |text: &str| json!({ "exact": text, "printed": text });
    let mut parts = json!({ "a": figure("90"), "task_part": figure("63") });
    if let Some(total) = total {
        parts["total"] = figure(total);
    }
    let level = total.map(|total| {
        lienthong::domain::Level::of_score(&total.parse().expect("a number")).as_str().to_owned()
    });
    let value: Value = json!({
        "period": which, "role": "staff", "unit": "SNV", "post": "Chuyên viên", "parts": parts, "level": level,
        "missing": missing, "lines": { "counted": 3, "extra": 0, "excluded": 0 }, "rule_set": "decree-335",
        "rule_set_hash": "rules", "inputs_hash": "inputs", "ruling": null
    });
    serde_json::from_value(value).expect("content")
}
