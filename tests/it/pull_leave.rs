//! Leave from a personnel system, over real HTTP, into the place where people enter it: corrected and withdrawn by the
//! record that says so, never because a list shows less.

use crate::support::http::{Scripted, json, status};
use crate::support::installation::{Installed, Targets};
use crate::support::project;
use crate::support::source::{entry, opened};
use crate::support::stores::{both, department, officer, one};
use lienthong::config::Gates;
use lienthong::connector::PullMode;
use lienthong::domain::{DirectoryImport, FactKind, ServiceFact, SourceId, StoredFact};
use lienthong::error::Findings;
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Executor as _, PersonRef};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::pull::{PullSummary, pull_source};
use lienthong::store::Store;
use serde_json::{Value, json as value};
use std::sync::{Arc, Mutex};

/// What the personnel system shows, and an installation that pulls it.
struct Office {
    records: Arc<Mutex<Vec<Value>>>,
    server: Scripted,
    store: Store,
    installed: Installed,
}

fn source() -> SourceId {
    SourceId::new("nghi").expect("id")
}

fn leave(id: usize, number: &str, kind: &str, (from, to): (&str, &str)) -> Value {
    value!({ "id": id, "can_bo": { "so_hieu": number }, "loai_nghi": kind, "tu_ngay": from, "den_ngay": to,
        "so_quyet_dinh": format!("{id}/QĐ-SNV"), "ly_do": null, "trang_thai": "Đã duyệt" })
}

fn cancelled(mut record: Value) -> Value {
    record["trang_thai"] = "Đã hủy".into();
    record
}

impl Office {
    async fn new(store: &Store) -> Self {
        let records: Arc<Mutex<Vec<Value>>> = Arc::default();
        let shown = records.clone();
        let server = Scripted::start(move |asked| {
            if asked.headers.get("x-api-key").map(String::as_str) != Some("khoa") {
                return status(401, &[], "");
            }
            let shown = shown.lock().expect("lock");
            let page: Vec<&Value> =
                shown.iter().skip((asked.number("trang").max(1) - 1) * 500).take(500).collect();
            json(value!({ "data": page, "tong_so": shown.len() }))
        })
        .await;
        let installed =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let people = (1..=40).map(|number| officer(&format!("GL-{number:03}"), &format!("Người {number}")));
        let import = DirectoryImport { units: vec![department()], people: people.collect() };
        store.import_directory(&import, "Lê Thị Hoa", None, installed.app.clock.now()).await.expect("people");
        Self { records, server, store: store.clone(), installed }
    }

    fn shows(&self, records: Vec<Value>) {
        *self.records.lock().expect("lock") = records;
    }

    fn app(&self) -> App {
        let file = project::root().join("connectors/personnel-leave/manifest.toml");
        let manifest = std::fs::read_to_string(file).expect("manifest");
        let settings = [("base_url".to_owned(), self.server.base.clone())].into();
        let secrets = [("api_key".to_owned(), "khoa".to_owned().into())].into();
        let entry = entry(opened("nghi", &manifest, &settings, &secrets), "NHANSU");
        let (clock, policy) = (self.installed.app.clock, self.installed.app.policy.clone());
        let mut app =
            App::new(self.store.clone(), clock, "a".into(), [(source(), entry)].into(), (None, None), policy);
        app.gates.insert(source(), Gates { from_tasks: 10, ..Gates::default() });
        app
    }

    async fn pull(&self) -> Result<PullSummary, Findings> {
        let app = self.app();
        let connector = app.sources.get(&source()).expect("the source").connector.clone();
        pull_source(&app, &connector, PullMode::Incremental, &|_, _| {}).await
    }

    /// Codes of what a good pull told.
    async fn told(&self) -> Vec<String> {
        let summary = self.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        summary.findings.into_iter().map(|finding| finding.code).collect()
    }

    async fn order(&self, command: Command) -> Vec<String> {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        let outcome = Installation { app: Arc::new(self.app()) }.execute(command, progress).await;
        outcome.findings.into_iter().map(|finding| finding.code).collect()
    }

    async fn facts(&self) -> Vec<StoredFact> {
        self.store.service_facts(None, false).await.expect("facts")
    }

    /// Kinds and days of what stands, in the order of the days.
    async fn stands(&self) -> Vec<(FactKind, String, String)> {
        let facts = self.facts().await.into_iter().map(|stored| stored.fact);
        let mut stands: Vec<_> = facts
            .map(|fact| {
                (fact.kind, fact.from.to_string(), fact.to.map(|to| to.to_string()).unwrap_or_default())
            })
            .collect();
        stands.sort_by_key(|(_, from, _)| from.clone());
        stands
    }
}

fn of(kind: FactKind, from: &str, to: &str) -> (FactKind, String, String) {
    (kind, from.to_owned(), to.to_owned())
}

#[tokio::test]
async fn leave_of_a_list_is_entered_once_corrected_and_withdrawn_by_the_record_that_says_so() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        let maternity = leave(1, "GL-001", "Nghỉ thai sản", ("01/03/2026", "31/08/2026"));
        let sick = leave(2, "GL-002", "NGHỈ ỐM", ("10/05/2026", "20/06/2026"));
        let annual = leave(3, "GL-003", "Nghỉ phép năm", ("02/04/2026", "06/04/2026"));
        office.shows(vec![maternity.clone(), sick.clone(), annual.clone()]);
        assert_eq!(office.told().await, [""; 0]);
        let first = of(FactKind::MaternityLeave, "2026-03-01", "2026-08-31");
        let second = of(FactKind::SickLeave, "2026-05-10", "2026-06-20");
        assert_eq!(office.stands().await, [first.clone(), second], "{}", store.kind());
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").pop().expect("an entry");
        assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("source nghi", "fact_entered"));
        let before = store.audit_entries(i64::MAX, 500).await.expect("journal").len();
        let again = office.pull().await.expect("pulled");
        assert_eq!((again.counters.new, again.counters.changed, again.counters.unchanged), (0, 0, 2));
        assert_eq!(
            store.audit_entries(i64::MAX, 500).await.expect("journal").len(),
            before,
            "nothing was written"
        );

        let mut longer = sick.clone();
        longer["den_ngay"] = "15/07/2026".into();
        office.shows(vec![maternity.clone(), longer.clone(), annual.clone()]);
        assert_eq!(office.told().await, [""; 0]);
        assert_eq!(office.stands().await[1], of(FactKind::SickLeave, "2026-05-10", "2026-07-15"));
        let history = store.service_facts(None, true).await.expect("facts");
        let old = history.iter().find(|stored| stored.revoked.is_some()).expect("the version before");
        let word = old.revoked.as_ref().expect("taken back");
        assert_eq!((word.by.as_str(), word.reason.as_str()), ("source nghi", "nguồn sửa bản ghi 2"));

        office.shows(vec![maternity, cancelled(longer), annual]);
        assert_eq!(office.told().await, [""; 0]);
        assert_eq!(office.stands().await, [first]);
    }
}

#[tokio::test]
async fn list_that_shows_less_withdraws_nothing_and_one_that_shows_far_less_is_stopped() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        let all: Vec<Value> = (1..=20)
            .map(|number| leave(number, &format!("GL-{number:03}"), "Nghỉ ốm", ("10/05/2026", "20/06/2026")))
            .collect();
        office.shows(all.clone());
        assert_eq!(office.told().await, [""; 0]);
        office.shows(all[..18].to_vec());
        assert_eq!(office.told().await, ["LT-PPL-043"], "{}", store.kind());
        assert_eq!(office.facts().await.len(), 20);
        for records in [all[..5].to_vec(), Vec::new()] {
            office.shows(records);
            let findings = office.pull().await.expect_err("stopped");
            assert!(["LT-PPL-030", "LT-PPL-032"].contains(&findings.0[0].code.as_str()), "{findings}");
            assert_eq!(office.facts().await.len(), 20);
        }
        // A wrong word for a state would withdraw them all.
        office.shows(all.iter().cloned().map(cancelled).collect());
        assert_eq!(office.pull().await.expect_err("stopped").0[0].code, "LT-PPL-042");
        assert_eq!(office.facts().await.len(), 20);
        let (author, reason) = ("Lê Thị Hoa".to_owned(), "đợt nghỉ được hủy theo văn bản 12".to_owned());
        let accept = Command::SourceAccept { source: source(), code: "LT-PPL-042".into(), author, reason };
        assert_eq!(office.order(accept).await, [""; 0]);
        assert_eq!(office.told().await, [""; 0]);
        assert_eq!(office.facts().await.len(), 0);
    }
}

#[tokio::test]
async fn record_that_cannot_be_is_told_by_its_key_and_the_others_are_written() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        let good = leave(1, "GL-001", "Nghỉ ốm", ("10/05/2026", "20/06/2026"));
        office.shows(vec![
            good.clone(),
            leave(2, "GL-999", "Nghỉ ốm", ("10/05/2026", "20/06/2026")),
            leave(3, "GL-001", "Nghỉ thai sản", ("20/06/2026", "20/12/2026")),
            leave(4, "GL-004", "Nghỉ ốm", ("10/05/2026", "01/05/2026")),
        ]);
        let summary = office.pull().await.expect("pulled");
        let mut codes: Vec<&str> = summary.findings.iter().map(|finding| finding.code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["LT-SCO-020", "LT-SCO-022", "LT-SCO-024"], "{}", store.kind());
        let text = Findings(summary.findings.clone()).to_string();
        assert!(["record 2", "record 3", "record 4"].iter().all(|key| text.contains(key)), "{text}");
        assert_eq!((office.facts().await.len(), summary.counters.rejected), (1, 3));
        // The first ends earlier and makes room for the third, whichever is listed first.
        let mut shorter = good;
        shorter["den_ngay"] = "15/06/2026".into();
        office.shows(vec![leave(3, "GL-001", "Nghỉ thai sản", ("20/06/2026", "20/12/2026")), shorter]);
        assert_eq!(office.told().await, [""; 0]);
        assert_eq!(office.facts().await.len(), 2);
    }
}

#[tokio::test]
async fn what_a_person_entered_counts_once_and_what_a_person_took_back_is_not_entered_again() {
    let (_folder, store) = one().await;
    let office = Office::new(&store).await;
    let fact = ServiceFact {
        kind: FactKind::SickLeave,
        from: "2026-05-10".parse().expect("day"),
        to: Some("2026-06-20".parse().expect("day")),
        act_on: None,
        act: None,
        text: None,
        document: "7/QĐ".into(),
    };
    let person = "GL-001".parse::<PersonRef>().expect("a person");
    let by_hand = Command::FactAdd { person, fact, author: "Văn phòng Sở".into() };
    assert_eq!(office.order(by_hand).await, [""; 0]);
    let listed = leave(1, "GL-001", "Nghỉ ốm", ("10/05/2026", "20/06/2026"));
    let other = leave(2, "GL-002", "Nghỉ ốm", ("10/05/2026", "20/06/2026"));
    office.shows(vec![listed, other.clone()]);
    assert_eq!(office.told().await, [""; 0]);
    let facts = office.facts().await;
    assert_eq!(facts.len(), 2, "one by hand, one by the list");
    let from_list = facts.iter().find(|stored| stored.record.is_some()).expect("of the list");
    let (id, author) = (from_list.id, "Văn phòng Sở".to_owned());
    let revoke =
        Command::FactRevoke {
            id, reason: "ghi nhầm người".into(), document: Some("9/CV".into()), author
        };
    assert_eq!(office.order(revoke).await, [""; 0]);
    assert_eq!(office.told().await, ["LT-PPL-044"]);
    assert_eq!(office.facts().await.len(), 1);
    // What the source corrects is a new word.
    let mut longer = other;
    longer["den_ngay"] = "25/06/2026".into();
    office.shows(vec![longer]);
    office.pull().await.expect("pulled");
    assert_eq!(office.facts().await.len(), 2);
}

#[tokio::test]
async fn half_a_list_and_a_refused_key_write_nothing() {
    let (_folder, store) = one().await;
    let office = Office::new(&store).await;
    office.shows(
        (1..=3)
            .map(|number| leave(number, &format!("GL-{number:03}"), "Nghỉ ốm", ("10/05/2026", "20/06/2026")))
            .collect(),
    );
    let manifest_total = office.records.lock().expect("lock").len();
    assert_eq!(manifest_total, 3);
    let mut broken = office.records.lock().expect("lock").clone();
    broken[1]["id"] = Value::Null;
    office.shows(broken);
    let findings = office.pull().await.expect_err("not whole");
    assert_eq!(findings.0[0].code, "LT-PPL-033");
    assert_eq!(office.facts().await.len(), 0);
}
