//! The document axis end to end: a real HTTP server that checks signatures, the real connector, manifest, pipeline and
//! both databases.

use crate::support::installation::{Installed, Targets};
use crate::support::site::{Site, program};
use crate::support::stores::{both, one};
use crate::support::vxp::{Centre, Fault, SECRET, SYSTEM};
use lienthong::connector::edxml::package::{
    Business, DocumentType, Hop, Organization, Package, PackageKind, Replaced, Report, ResponseFor,
};
use lienthong::connector::edxml::write::{Enclosure, write};
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{Connector, OpenSource, PullMode, open};
use lienthong::domain::{CanonicalTask, EventKind, EvidenceKind, SourceId, TaskStatus};
use lienthong::pipeline::pull::{PullSummary, pull_source};
use lienthong::store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

const MANIFEST: &str = include_str!("../../connectors/vxp-axis/manifest.toml");
const KEY: &str = "000.00.00.G22/2026/7816/VPCP-TTĐT";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A steering document with a deadline, sent at this minute of the day.
fn document(number: &str, minute: u32) -> Package {
    Package {
        from: Organization {
            organ_id: some("000.00.00.G22"),
            name: some("Văn phòng Chính phủ"),
            ..Organization::default()
        },
        to: vec![Organization {
            organ_id: some("000.00.15.H21"),
            name: some("Sở Nội vụ"),
            ..Organization::default()
        }],
        document_id: Some(format!("000.00.00.G22,2026/07/01,{number}/VPCP-TTĐT")),
        code_number: some(number),
        code_notation: some("VPCP-TTĐT"),
        promulgated: some("2026/07/01"),
        document_type: Some(DocumentType { group: some("1"), detail: some("0"), name: some("Công văn") }),
        subject: Some(format!("Báo cáo tình hình thực hiện nhiệm vụ {number}")),
        due: some("2026/07/30"),
        steering: some("2"),
        trace: vec![Hop {
            organ_id: some("000.00.00.G22"),
            at: Some(format!("2026/07/01 08:{minute:02}:00")),
        }],
        business: Some(Business { kind: some("0"), paper: some("0"), ..Business::default() }),
        ..Package::default()
    }
}

fn of_kind(mut package: Package, kind: &str) -> Package {
    if let Some(business) = &mut package.business {
        business.kind = some(kind);
    }
    package
}

/// A state of document 7816, reported at this minute.
fn state(code: &str, minute: u32) -> Package {
    Package {
        kind: PackageKind::Status,
        from: Organization { organ_id: some("000.00.15.H21"), ..Organization::default() },
        response_for: vec![ResponseFor {
            organ_id: some("000.00.00.G22"),
            code: some("7816/VPCP-TTĐT"),
            promulgated: some("2026/07/01"),
            ..ResponseFor::default()
        }],
        report: Some(Report {
            code: some(code),
            at: Some(format!("2026/07/02 09:{minute:02}:00")),
            ..Report::default()
        }),
        ..Package::default()
    }
}

fn written(package: &Package) -> String {
    write(package, &[]).expect("written")
}

fn source() -> SourceId {
    SourceId::new("axis").expect("id")
}

/// The manifest of the repository, connected to a centre; sections may be changed.
fn connect(centre: &Centre, change: impl Fn(String) -> String) -> Arc<dyn Connector> {
    connect_as(centre, SECRET, change)
}

fn connect_as(centre: &Centre, secret: &str, change: impl Fn(String) -> String) -> Arc<dyn Connector> {
    let manifest =
        MANIFEST.replace("[vxp]", "[vxp]\nretry = { attempts = 2, first_wait_ms = 1, max_wait_s = 1 }");
    let opened = open(OpenSource {
        id: source(),
        manifest_name: "vxp-axis".into(),
        manifest: change(manifest),
        settings: [("base_url", centre.server.base.as_str()), ("system_id", SYSTEM)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        secrets: [("secret".to_owned(), secret.to_owned().into())].into(),
        folder: std::env::temp_dir(),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    });
    opened.unwrap_or_else(|findings| panic!("{findings}")).connector
}

fn same(manifest: String) -> String {
    manifest
}

async fn pull(
    store: &Store,
    connector: &Arc<dyn Connector>,
) -> Result<PullSummary, lienthong::error::Finding> {
    let installed = Installed::new(
        store,
        &Targets { exchange_s: 20, ..Targets::default() },
        "one",
        "2026-07-03T02:00:00Z",
    );
    let pulled = pull_source(&installed.app, connector, PullMode::Incremental, &|_, _| {}).await;
    pulled.map_err(|mut told| told.0.swap_remove(0))
}

async fn pulled(store: &Store, connector: &Arc<dyn Connector>) -> PullSummary {
    pull(store, connector).await.unwrap_or_else(|finding| panic!("{finding}"))
}

async fn held(store: &Store, key: &str) -> Option<(i64, CanonicalTask)> {
    let known = store.known_hashes(&source(), &[key]).await.expect("read");
    let (id, _) = known.first().copied().flatten()?;
    let mut tasks = store.load_tasks(&[id]).await.expect("read");
    Some((id, tasks.remove(0).task))
}

async fn status_of(store: &Store, key: &str) -> Option<TaskStatus> {
    held(store, key).await.map(|(_, task)| task.draft.status)
}

fn done(ids: &[&str]) -> Vec<(String, String)> {
    ids.iter().map(|id| ((*id).to_owned(), "done".to_owned())).collect()
}

fn codes(summary: &PullSummary) -> Vec<&str> {
    summary.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// G1: what was delivered twice is one task, one event and one word, on both databases.
#[tokio::test(flavor = "multi_thread")]
async fn document_becomes_a_task_and_coming_again_changes_nothing() {
    let both = both().await;
    for store in &both.stores {
        let centre = Centre::start(60).await;
        let connector = connect(&centre, same);
        centre.put("d1", "edoc", written(&document("7816", 0)));
        centre.put("s1", "status", written(&state("06", 0)));
        let summary = pulled(store, &connector).await;
        assert_eq!((summary.counters.new, summary.counters.rejected), (1, 0), "{:?}", summary.findings);
        assert_eq!(centre.acknowledged(), done(&["d1", "s1"]));
        let (id, task) = held(store, KEY).await.expect("a task");
        assert_eq!(task.draft.title, "Báo cáo tình hình thực hiện nhiệm vụ 7816");
        assert_eq!(task.draft.doc_number.as_deref(), Some("7816/VPCP-TTĐT"));
        assert_eq!(task.draft.unit.as_deref(), Some("Văn phòng Chính phủ"));
        assert_eq!(task.draft.due.map(|due| due.day.to_string()).as_deref(), Some("2026-07-30"));
        assert_eq!(
            task.draft.assigned_at.map(|at| at.to_rfc3339()).as_deref(),
            Some("2026-07-01T01:00:00+00:00")
        );
        assert_eq!(
            (task.draft.status, &task.draft.assignee),
            (TaskStatus::Open, &None),
            "06 is a word, not the truth"
        );
        let words = store.evidence_of(id, 10).await.expect("read");
        let told: Vec<_> =
            words.iter().map(|word| (word.kind, word.code.as_deref(), word.who.as_deref())).collect();
        assert_eq!(
            told,
            [
                (EvidenceKind::Document, Some("0"), Some("000.00.00.G22")),
                (EvidenceKind::Status, Some("06"), Some("000.00.15.H21"))
            ]
        );
        let events = store.events_of(id).await.expect("read").len();
        centre.redeliver();
        let summary = pulled(store, &connector).await;
        assert_eq!((summary.counters.new, summary.counters.changed, summary.counters.unchanged), (0, 0, 1));
        assert_eq!(store.events_of(id).await.expect("read").len(), events);
        assert_eq!(store.evidence_of(id, 10).await.expect("read"), words);
        assert_eq!(centre.acknowledged().len(), 4, "what came again is acknowledged again");
        assert_eq!(centre.refused(), Vec::<String>::new());
    }
}

/// A2: killed between our commit and the acknowledgement, the package comes again, changes nothing and is acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn kill_between_commit_and_acknowledgement_loses_and_doubles_nothing() {
    let centre = Centre::start(60).await;
    centre.put("d1", "edoc", written(&document("7816", 0)));
    let site = Site::new(&format!(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"axis\"\nunit = \"SNV\"\nmanifest = \"vxp-axis\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\", system_id = \"{SYSTEM}\" }}\nsecrets = {{ secret = {{ file = \"secret\" }} }}\n",
        centre.server.base
    ));
    site.write("secret", SECRET);
    let mut order = program(site.path());
    let killed =
        order.args(["sync", "axis"]).env("FAILPOINTS", "pull::after_commit=return").output().expect("runs");
    assert!(!killed.status.success());
    assert_eq!((centre.acknowledged(), centre.waiting()), (Vec::new(), vec!["d1".to_owned()]));
    let report = site.json(&["sync", "axis"]).to_string();
    assert_eq!(centre.acknowledged(), done(&["d1"]), "{report}");
    assert!(!report.contains(SECRET), "{report}");
    // The axis says that it is finished; here it is open: that is shown, and changes nothing.
    centre.put("s1", "status", written(&state("06", 0)));
    site.json(&["sync", "axis"]);
    let found = site.json(&["evidence", "check"]);
    assert_eq!(found[0]["contradiction"], "open_but_finished", "{found}");
    assert_eq!(
        (&found[0]["task"], &found[0]["axis_state"]),
        (&json!(format!("axis:{KEY}")), &json!("06")),
        "{found}"
    );
    let (_, listed, _) = site.run(&["check"]);
    assert!(!listed.contains(SECRET), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_recalls_and_replacements_are_told_apart_in_any_order() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    let connector = connect(&centre, same);
    let updated = Package { due: some("2026/08/15"), ..of_kind(document("7816", 10), "2") };
    centre.put("u", "edoc", written(&updated));
    centre.put("d", "edoc", written(&document("7816", 0)));
    pulled(store, &connector).await;
    let (id, task) = held(store, KEY).await.expect("a task");
    assert_eq!(
        task.draft.due.map(|due| due.day.to_string()).as_deref(),
        Some("2026-08-15"),
        "the newer version stays"
    );
    let outdated =
        |events: &[(chrono::DateTime<chrono::Utc>, lienthong::domain::SourceEvent, Option<i64>)]| {
            events.iter().filter(|(_, event, _)| event.kind == EventKind::Outdated).count()
        };
    assert_eq!(outdated(&store.events_of(id).await.expect("read")), 1);
    // The older one comes again and again: it was told once.
    for _ in 0..2 {
        centre.redeliver();
        pulled(store, &connector).await;
    }
    assert_eq!(outdated(&store.events_of(id).await.expect("read")), 1);
    // A recall that says nothing but which document it takes back.
    let recall = Package { subject: None, due: None, steering: None, ..of_kind(document("7816", 20), "1") };
    centre.put("r", "edoc", written(&recall));
    pulled(store, &connector).await;
    let (_, task) = held(store, KEY).await.expect("a task");
    assert_eq!((task.draft.status, task.draft.due.is_some()), (TaskStatus::Recalled, true));
    assert!(task.draft.title.ends_with("7816"), "what the recall does not say stays");
    // A recall before its document.
    centre.put("r2", "edoc", written(&of_kind(document("100", 20), "1")));
    centre.put("d2", "edoc", written(&document("100", 0)));
    pulled(store, &connector).await;
    assert_eq!(status_of(store, "000.00.00.G22/2026/100/VPCP-TTĐT").await, Some(TaskStatus::Recalled));
    // A document that replaces another one.
    centre.put("d3", "edoc", written(&document("200", 0)));
    let mut replacing = of_kind(document("201", 30), "3");
    if let Some(business) = &mut replacing.business {
        let document_id = some("000.00.00.G22,2026/07/01,200/VPCP-TTĐT");
        business.replaced = vec![Replaced { document_id, ..Replaced::default() }];
    }
    centre.put("d4", "edoc", written(&replacing));
    pulled(store, &connector).await;
    assert_eq!(status_of(store, "000.00.00.G22/2026/200/VPCP-TTĐT").await, Some(TaskStatus::Recalled));
    assert_eq!(status_of(store, "000.00.00.G22/2026/201/VPCP-TTĐT").await, Some(TaskStatus::Open));
    assert_eq!(centre.waiting(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_steering_documents_with_a_deadline_are_tasks_and_states_may_come_first() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    let connector = connect(&centre, same);
    centre.put("s", "status", written(&state("3", 5)));
    pulled(store, &connector).await;
    centre.put("a", "edoc", written(&Package { steering: some("1"), ..document("1", 0) }));
    centre.put("b", "edoc", written(&Package { due: None, ..document("2", 0) }));
    centre.put("c", "edoc", written(&document("7816", 0)));
    let answer = Package {
        from: Organization { organ_id: some("000.00.15.H21"), ..Organization::default() },
        steering: some("3"),
        due: None,
        task_codes: vec!["NV-7".to_owned()],
        response_for: vec![ResponseFor {
            document_id: some("000.00.00.G22,2026/07/01,7816/VPCP-TTĐT"),
            ..ResponseFor::default()
        }],
        ..document("55", 0)
    };
    centre.put("e", "edoc", written(&answer));
    let summary = pulled(store, &connector).await;
    assert_eq!(summary.counters.new, 1, "{:?}", summary.findings);
    let (id, _) = held(store, KEY).await.expect("a task");
    let words = store.evidence_of(id, 10).await.expect("read");
    let told: Vec<_> = words.iter().map(|word| (word.kind, word.code.as_deref())).collect();
    assert_eq!(
        told,
        [
            (EvidenceKind::Status, Some("03")),
            (EvidenceKind::Document, Some("0")),
            (EvidenceKind::Answer, Some("55/VPCP-TTĐT"))
        ]
    );
    let none = connect(&centre, |manifest| manifest.replace("[edxml]", "[edxml]\ntask_steering = []"));
    centre.put("n", "edoc", written(&document("9000", 0)));
    assert_eq!(pulled(store, &none).await.counters.new, 0, "the axis as evidence only");
    let most = connect(&centre, |manifest| {
        manifest.replace("[edxml]", "[edxml]\ntask_steering = [\"1\", \"2\"]\ntask_without_due = true")
    });
    centre.put("m", "edoc", written(&Package { steering: some("1"), due: None, ..document("9001", 0) }));
    assert_eq!(pulled(store, &most).await.counters.new, 1);
}

/// F3–F5 and 1.11: whatever one package or one answer does wrong, its neighbours are stored, nothing is acknowledged
/// that is not stored, and what was not acknowledged comes again.
#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_axis_lose_nothing_and_stop_no_neighbour() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    let connector = connect(&centre, same);
    let faults: [(&str, &[Fault]); 6] = [
        ("f1", &[Fault::Fail]),
        ("f2", &[Fault::Code("-1")]),
        ("f3", &[Fault::Status(500), Fault::Status(503)]),
        ("f4", &[Fault::Drop, Fault::Drop]),
        ("f5", &[Fault::WrongHash]),
        ("f6", &[Fault::Status(404)]),
    ];
    for (number, (id, faults)) in faults.iter().enumerate() {
        centre.put(id, "edoc", written(&document(&number.to_string(), 0)));
        centre.fail("/downloadEdoc", id, faults);
        // A good one between them: the axis is not broken as a whole.
        centre.put(&format!("g{number}"), "edoc", written(&document(&format!("10{number}"), 0)));
    }
    let summary = pulled(store, &connector).await;
    assert_eq!((summary.counters.new, summary.complete), (6, false), "{:?}", summary.findings);
    assert_eq!(centre.acknowledged(), done(&["g0", "g1", "g2", "g3", "g4", "g5"]));
    let told = codes(&summary);
    assert_eq!(told.iter().filter(|code| **code == "LT-EDX-010").count(), 5, "{told:?}");
    assert!(told.contains(&"LT-EDX-005"), "{told:?}");
    let summary = pulled(store, &connector).await;
    assert_eq!((summary.counters.new, summary.complete), (6, true), "all of them came again");
    assert_eq!(centre.waiting(), Vec::<String>::new());
    // The axis itself: an error, never an empty list.
    for fault in [Fault::Fail, Fault::Code("9"), Fault::Html] {
        centre.fail("/getReceivedEdocList", "", std::slice::from_ref(&fault));
        let told = pull(store, &connector).await.expect_err("told").code;
        assert!(matches!(told.as_str(), "LT-EDX-006" | "LT-NET-014"), "{fault:?}: {told}");
    }
    // One after the other: the axis is down, and what was stored stays.
    for id in ["h1", "h2", "h3", "h4"] {
        centre.put(id, "edoc", written(&document(id, 0)));
        centre.fail("/downloadEdoc", id, &[Fault::Fail]);
    }
    assert_eq!(pull(store, &connector).await.expect_err("told").code, "LT-EDX-006");
    // An acknowledgement that does not arrive is told, and given with the next pull.
    centre.fail("/updateStatus", "h1", &[Fault::Fail]);
    let summary = pulled(store, &connector).await;
    assert!(codes(&summary).contains(&"LT-EDX-008"), "{:?}", summary.findings);
    let before = store
        .events_of(held(store, "000.00.00.G22/2026/H1/VPCP-TTĐT").await.expect("task").0)
        .await
        .expect("read");
    pulled(store, &connector).await;
    assert_eq!(centre.waiting(), Vec::<String>::new());
    let after = store
        .events_of(held(store, "000.00.00.G22/2026/H1/VPCP-TTĐT").await.expect("task").0)
        .await
        .expect("read");
    assert_eq!(before.len(), after.len());
}

/// Packages the axis cannot serve stand at the head of its list for ever: the others are fetched all the same.
#[tokio::test(flavor = "multi_thread")]
async fn packages_the_axis_cannot_serve_hold_up_nobody_behind_them() {
    let both = both().await;
    for store in &both.stores {
        let centre = Centre::start(60).await;
        let connector = connect(&centre, same);
        let bad = ["b1", "b2", "b3", "b4"];
        for id in bad {
            centre.put(id, "edoc", written(&document(id, 0)));
            centre.fail("/downloadEdoc", id, &vec![Fault::Fail; 20]);
        }
        for id in ["g1", "g2"] {
            centre.put(id, "edoc", written(&document(id, 0)));
        }
        // Nobody can tell them from an axis that is down, the first time.
        assert_eq!(pull(store, &connector).await.expect_err("told").code, "LT-EDX-006");
        let summary = pulled(store, &connector).await;
        assert_eq!((summary.counters.new, summary.complete), (2, false), "{:?}", summary.findings);
        assert_eq!(
            (centre.acknowledged(), centre.waiting().len()),
            (done(&["g1", "g2"]), 4),
            "{}",
            store.kind()
        );
        assert_eq!(codes(&summary).iter().filter(|code| **code == "LT-EDX-010").count(), 4);
        // A new one is fetched before them, and nothing but them is an axis that serves nobody.
        centre.put("g3", "edoc", written(&document("g3", 0)));
        assert_eq!(pulled(store, &connector).await.counters.new, 1);
        assert_eq!(pull(store, &connector).await.expect_err("told").code, "LT-EDX-006");
    }
}

/// Ten packages that never come, and one that failed once behind them: it is tried as soon as it has waited longest.
#[tokio::test(flavor = "multi_thread")]
async fn package_that_failed_once_is_not_kept_back_by_ten_that_always_fail() {
    let (_folder, store) = one().await;
    let centre = Centre::start(60).await;
    let connector = connect(&centre, same);
    let ids: Vec<String> = (0..10).map(|number| format!("b{number}")).collect();
    for id in &ids {
        centre.put(id, "edoc", written(&document(id, 0)));
        centre.fail("/downloadEdoc", id, &vec![Fault::Fail; 100]);
    }
    centre.put("once", "edoc", written(&document("once", 0)));
    centre.fail("/downloadEdoc", "once", &[Fault::Fail]);
    // Whatever is pulled, the axis serves a new one each time: it is not down.
    let mut pulls = 0;
    while centre.waiting().contains(&"once".to_owned()) && pulls < 12 {
        pulls += 1;
        let new = format!("g{pulls}");
        centre.put(&new, "edoc", written(&document(&new, 0)));
        // An axis that fails three times in a row may be down, the first times.
        let _told = pull(&store, &connector).await;
    }
    assert!(centre.acknowledged().contains(&("once".to_owned(), "done".to_owned())), "{pulls} pulls");
    assert_eq!(centre.waiting(), ids, "the others still wait");
}

/// An answer with status 200 may say anything: our secret and a citizen's number are not passed on.
#[tokio::test(flavor = "multi_thread")]
async fn words_of_the_axis_are_told_without_secrets_and_numbers_of_citizens() {
    let (_folder, store) = one().await;
    let centre = Centre::start(60).await;
    let connector = connect(&centre, same);
    centre.fail(
        "/getReceivedEdocList",
        "",
        &[Fault::Says("sai khoa khoa-bi-mat-7f3a cua 099200001234 o day")],
    );
    let told = pull(&store, &connector).await.expect_err("refused");
    let words = format!("{told:?}");
    assert_eq!(told.code, "LT-EDX-006");
    assert!(words.contains("sai khoa •••") && words.contains("o day"), "{words}");
    assert!(!words.contains(SECRET) && !words.contains("099200001234"), "{words}");
}

/// What cannot be read is kept whole; its sender learns of it only where it is certain that it came as it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn unreadable_package_is_kept_whole_and_acknowledged_as_failed_only_where_it_is_whole() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    let connector = connect(&centre, same);
    let nameless = "<edXML><edXMLEnvelope/></edXML>";
    centre.put("bad", "edoc", nameless);
    centre.put("dtd", "edoc", "<!DOCTYPE a [<!ENTITY b \"c\">]><edXML/>");
    centre.put("good", "edoc", written(&document("7816", 0)));
    let summary = pulled(store, &connector).await;
    assert_eq!((summary.counters.new, summary.counters.rejected), (1, 2), "{:?}", summary.findings);
    let told: Vec<_> = [("bad", "fail"), ("dtd", "fail"), ("good", "done")]
        .map(|(id, status)| (id.to_owned(), status.to_owned()))
        .to_vec();
    assert_eq!(centre.acknowledged(), told);
    let rejected = store.rejected(Some(&source()), 0, 10).await.expect("read");
    let found: Vec<_> = rejected.iter().map(|row| row.finding.code.as_str()).collect();
    assert_eq!(found, ["LT-EDX-004", "LT-EDX-002"]);
    let kept = store.rejected_body(rejected[0].id).await.expect("read").expect("kept");
    assert_eq!(String::from_utf8_lossy(&kept), nameless);
    // Without a digest nobody knows whether it was cut on its way.
    centre.tells_hash(false);
    let whole = written(&document("300", 0));
    centre.put("cut", "edoc", whole);
    centre.fail("/downloadEdoc", "cut", &[Fault::Half, Fault::Html]);
    for code in ["LT-EDX-011", "LT-EDX-010"] {
        let summary = pulled(store, &connector).await;
        assert!(codes(&summary).contains(&code) && !summary.complete, "{code}: {:?}", summary.findings);
        assert_eq!(centre.waiting(), ["cut"]);
    }
    assert_eq!(pulled(store, &connector).await.counters.new, 1);
    assert_eq!(centre.waiting(), Vec::<String>::new());
}

/// What a limit refused is read by `rejected replay` once the limit was raised: task, evidence, and no content kept.
#[tokio::test(flavor = "multi_thread")]
async fn rejected_package_is_read_by_replay_once_the_limit_is_raised() {
    let both = both().await;
    for store in &both.stores {
        let centre = Centre::start(60).await;
        let small = |manifest: String| manifest.replace("[edxml]", "[edxml]\nmax_attachments = 1");
        let enclosure = |number: u32| Enclosure {
            content_id: format!("tep-{number}"),
            name: format!("tep-{number}.txt"),
            description: String::new(),
            bytes: b"noi dung rieng cua tep".to_vec(),
        };
        let package = write(&document("7816", 0), &[enclosure(1), enclosure(2)]).expect("written");
        centre.put("two", "edoc", package);
        let summary = pulled(store, &connect(&centre, small)).await;
        assert_eq!((summary.counters.new, summary.counters.rejected), (0, 1), "{:?}", summary.findings);
        let replay = async |connector| {
            let entry = lienthong::pipeline::app::Source {
                connector,
                unit: lienthong::domain::UnitCode::new("SNV").expect("code"),
                system: "TRUCVANBAN".into(),
                schedule: "0 * * * *".parse().expect("a schedule"),
                full_schedule: None,
            };
            let installed =
                Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-07-03T02:00:00Z");
            let (clock, policy) = (installed.app.clock, installed.app.policy.clone());
            let sources = [(source(), entry)].into();
            let app = lienthong::pipeline::App::new(
                store.clone(),
                clock,
                "a".into(),
                sources,
                (None, None),
                policy,
            );
            let installation = lienthong::pipeline::execute::Installation { app: Arc::new(app) };
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let order = lienthong::pipeline::command::Command::RejectedReplay { source: source(), id: None };
            use lienthong::pipeline::command::Executor as _;
            installation.execute(order, progress).await
        };
        let still = replay(connect(&centre, small)).await;
        assert_eq!(still.findings[0].code, "LT-PUL-006", "the limit is what it was");
        let read = replay(connect(&centre, same)).await;
        assert!(read.findings.is_empty(), "{:?}", read.findings);
        assert_eq!(status_of(store, KEY).await, Some(TaskStatus::Open), "{}", store.kind());
        assert!(store.rejected(None, 0, 10).await.expect("rejected").is_empty());
        let (id, _) = held(store, KEY).await.expect("held");
        assert_eq!(store.evidence_of(id, 10).await.expect("evidence").len(), 1);
    }
}

const IN_A_FOLDER: &str = include_str!("../../connectors/edxml-folder/manifest.toml");

/// The same packages from a folder: tasks and evidence as from the axis, a recall that comes later, a broken one told.
#[tokio::test(flavor = "multi_thread")]
async fn packages_in_a_folder_mean_what_they_mean_on_the_axis() {
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, minute: u64, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            let at = std::time::SystemTime::UNIX_EPOCH
                + std::time::Duration::from_secs(1_780_000_000 + minute * 60);
            std::fs::File::options().append(true).open(&path).expect("open").set_modified(at).expect("time");
        };
        let opened = open(OpenSource {
            id: source(),
            manifest_name: "edxml-folder".into(),
            manifest: IN_A_FOLDER.into(),
            settings: [("folder".to_owned(), folder.path().display().to_string())].into(),
            secrets: BTreeMap::new(),
            folder: std::env::temp_dir(),
            ca_file: None,
            allow_http: false,
            limits: SourceLimits::default(),
        });
        let connector = opened.unwrap_or_else(|findings| panic!("{findings}")).connector;
        let enclosure = Enclosure {
            content_id: "tep-1".into(),
            name: "tep-1.txt".into(),
            description: String::new(),
            bytes: b"noi dung rieng cua tep".to_vec(),
        };
        put("a.edxml", 0, &write(&document("7816", 0), &[enclosure]).expect("written"));
        put("b.edxml", 1, &written(&state("03", 5)));
        put("c.edxml", 2, "<edXML><edXMLEnvelope/></edXML>");
        let summary = pulled(store, &connector).await;
        assert_eq!(
            (summary.counters.new, codes(&summary)),
            (1, vec!["LT-EDX-004"]),
            "{:?}",
            summary.findings
        );
        let (id, _) = held(store, KEY).await.expect("held");
        let words: Vec<EvidenceKind> =
            store.evidence_of(id, 10).await.expect("evidence").iter().map(|word| word.kind).collect();
        assert_eq!(words, [EvidenceKind::Document, EvidenceKind::Status]);
        // What is kept lists the record again, and holds no content.
        let mut pull = connector
            .pull(lienthong::connector::PullRequest {
                mode: PullMode::Full,
                cursor: None,
                now: chrono::Utc::now(),
            })
            .await
            .expect("a pull");
        let mut listed = 0;
        while let lienthong::connector::Step::Page(page) = pull.next_page().await.expect("a page") {
            assert!(
                !String::from_utf8_lossy(&page.body).contains("bm9pIGR1bmc"),
                "an attachment's content is kept"
            );
            let again =
                connector.list_again(page.body.clone(), None).expect("says everything").expect("reads");
            assert_eq!(again.len(), page.records.len());
            listed += again.len();
        }
        assert_eq!(listed, 1);
        put("d.edxml", 3, &written(&of_kind(document("7816", 30), "1")));
        pulled(store, &connector).await;
        assert_eq!(status_of(store, KEY).await, Some(TaskStatus::Recalled), "{}", store.kind());
        assert_eq!(pulled(store, &connector).await.counters.new, 0);
    }
}

/// A package of 50 MB on a slow line, by both ways of asking: read, and nothing of its content kept.
#[tokio::test(flavor = "multi_thread")]
async fn large_package_is_read_and_its_content_is_not_kept() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    let bytes: Vec<u8> = (0..37_000_000_u32).map(|index| u8::try_from(index % 251).unwrap_or(0)).collect();
    let file =
        Enclosure { content_id: "1".into(), name: "ban-do.pdf".into(), description: String::new(), bytes };
    let text = write(&document("7816", 0), &[file]).expect("written");
    assert!(text.len() > 49_000_000);
    centre.put("big", "edoc", text);
    let download = connect(&centre, same);
    assert_eq!(pulled(store, &download).await.counters.new, 1);
    let (_, task) = held(store, KEY).await.expect("a task");
    assert_eq!(task.draft.status, TaskStatus::Open);
    centre.redeliver();
    let get = connect(&centre, |manifest| manifest.replace("[vxp]", "[vxp]\nfetch = \"get\""));
    let summary = pulled(store, &get).await;
    assert_eq!((summary.counters.unchanged, summary.complete), (1, true), "{:?}", summary.findings);
    let small = connect(&centre, |manifest| manifest.replace("[edxml]", "[edxml]\nmax_package_mib = 1"));
    centre.redeliver();
    let summary = pulled(store, &small).await;
    assert!(codes(&summary).contains(&"LT-EDX-010") && !summary.complete, "{:?}", summary.findings);
    assert_eq!(centre.waiting(), ["big"], "what is not stored is not acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_and_wrong_clock_are_told_and_never_an_empty_axis() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    centre.put("d", "edoc", written(&document("7816", 0)));
    let wrong = connect_as(&centre, "sai", same);
    let told = pull(store, &wrong).await.expect_err("told");
    assert_eq!(told.code, "LT-EDX-006");
    assert!(told.what.en.contains("wrong signature"), "{told}");
    assert!(wrong.check().await.iter().any(|finding| finding.code == "LT-EDX-006"));
    let right = connect(&centre, same);
    assert!(right.check().await.iter().all(|finding| finding.code == "LT-EDX-013"));
    let late = Centre::start(-1).await;
    assert!(pull(store, &connect(&late, same)).await.expect_err("told").what.en.contains("skew"));
    let shown = format!("{:?}", connect(&centre, same).source());
    assert!(!shown.contains(SECRET));
}

/// 0.5, 2.1: both codes of one agency are one document; a directory of more than 100,000 agencies is read.
#[tokio::test(flavor = "multi_thread")]
async fn directory_makes_one_document_of_both_codes_of_its_issuer() {
    let both = both().await;
    let store = &both.stores[0];
    let centre = Centre::start(60).await;
    let with_directory = |manifest: String| manifest.replace("[vxp]", "[vxp]\ndirectory = \"qd20\"");
    let connector = connect(&centre, with_directory);
    centre.directory("{\"code\":\"G22\"");
    centre.put("d", "edoc", written(&document("7816", 0)));
    assert_eq!(pull(store, &connector).await.expect_err("no directory").code, "LT-EDX-007");
    assert_eq!(centre.waiting(), ["d"], "nothing is read under another key");
    let mut rows: Vec<String> = (0..100_001)
        .map(|number| format!("{{\"code\":\"H21.{number}\",\"code102\":\"{number}.X.H21\"}}"))
        .collect();
    rows.push("{\"code\":\"G22\",\"code102\":\"000.00.00.G22\",\"name\":\"Văn phòng Chính phủ\"}".to_owned());
    centre.directory(&rows.join(","));
    let mut other = document("7816", 1);
    other.from.organ_id = some("G22");
    centre.put("e", "edoc", written(&other));
    let summary = pulled(store, &connector).await;
    assert_eq!((summary.counters.new, summary.counters.changed), (1, 1), "{:?}", summary.findings);
    assert!(held(store, "G22/2026/7816/VPCP-TTĐT").await.is_some());
}

#[test]
fn manifest_of_the_axis_tells_what_is_out_of_bounds_or_missing() {
    let told = |manifest: String| {
        let settings = BTreeMap::from([("base_url".to_owned(), "https://truc.example.vn".to_owned())]);
        let opened = open(OpenSource {
            id: source(),
            manifest_name: "axis.toml".into(),
            manifest,
            settings,
            secrets: BTreeMap::new(),
            folder: std::env::temp_dir(),
            ca_file: None,
            allow_http: false,
            limits: SourceLimits::default(),
        });
        opened.err().map(|findings| findings.to_string()).unwrap_or_default()
    };
    let wrong = MANIFEST
        .replace("[vxp]", "[vxp]\ntimeout_s = 1\nmessages = []")
        .replace("[edxml]", "[edxml]\nmax_package_mib = 0\ntask_steering = [\"9\"]");
    let found = told(wrong);
    for part in ["LT-MAN-100", "axis.toml:", "LT-MAN-007", "vxp.messages"] {
        assert!(found.contains(part), "{part} of {found}");
    }
    assert!(told(MANIFEST.to_owned()).contains("system_id"));
}
