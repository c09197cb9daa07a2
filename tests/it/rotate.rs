//! The field key gives way to another one: both open the store meanwhile, a kill in between loses nothing, the old one
//! opens nothing in the end.

use crate::support::installation::{Installed, Targets, at};
use crate::support::site::{Site, program};
use crate::support::stores::{KEY, both, officer};
use lienthong::domain::{CitizenId, DirectoryImport, SourceId};
use lienthong::failpoint::OF_ORDERS;
use lienthong::pipeline::command::Command;
use lienthong::store::{Begun, PageCommit, RejectionWrite, RunKind, Store, StoreConfig, StoreError};
use serde_json::json;
use std::path::PathBuf;

const NEW: [u8; 32] = [8; 32];
const CITIZEN: &str = "099200001234";
const NOW: &str = "2026-11-24T08:00:00Z";
const WHO: (&str, &str) = ("Quản trị", "đổi khóa định kỳ");

/// Somebody with a citizen id, answers with details, a rejected record, a delivery.
async fn filled(store: &Store) {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
    let mut person = officer("GL-00007", "Nguyễn Thị Bảy");
    person.citizen_id = CitizenId::parse(CITIZEN);
    let import = DirectoryImport { units: Vec::new(), people: vec![person] };
    store.import_directory(&import, "test", None, at(NOW)).await.expect("imported");
    house.with_a_result().await;
    let source = SourceId::new("snv").expect("id");
    let run = store.begin_run(&source, RunKind::Full, at(NOW)).await.expect("run");
    let page = |number: usize| PageCommit {
        source: source.clone(),
        run,
        fetched_at: at(NOW),
        request: format!("GET /tasks?page={number}"),
        body: Some(format!("[{{\"id\":{number}}}]").into_bytes().into()),
        details: Some(format!("{{\"{number}\":1}}").into_bytes().into()),
        tasks: Vec::new(),
        rejections: vec![RejectionWrite {
            external_id: Some(number.to_string()),
            index: 0,
            body: format!("{{\"id\":{number}}}").into_bytes().into(),
            finding: lienthong::error::Finding::error(
                "LT-SRC-001",
                lienthong::error::Text::new("sai", "wrong"),
                lienthong::error::Text::new("sửa", "mend"),
            ),
        }],
        evidence: Vec::new(),
        cursor: None,
    };
    store.commit_pages((1..=40).map(page).collect()).await.expect("committed");
}

/// What is sealed is read as it was written, and a citizen is found by number.
async fn is_readable(store: &Store) {
    let rows = store.rejected(None, 0, 100).await.expect("read");
    assert_eq!(rows.len(), 40);
    for row in rows {
        let body = store.rejected_body(row.id).await.expect("opened").expect("a record");
        let number = row.external_id.expect("a key");
        assert_eq!(body, format!("{{\"id\":{number}}}").into_bytes());
    }
    let page = store.raw_page(1).await.expect("read").expect("an answer");
    assert_eq!(
        (page.body.as_slice(), page.details.as_deref()),
        (&b"[{\"id\":1}]"[..], Some(&b"{\"1\":1}"[..]))
    );
    let people = store.load_directory().await.expect("read").people;
    let index = store.vault().blind_index(&CitizenId::parse(CITIZEN).expect("id"));
    assert!(people.iter().any(|person| person.citizen_index.as_deref() == Some(index.as_str())));
}

async fn opened(config: &StoreConfig, key: [u8; 32]) -> Store {
    Store::open(config, &key).await.expect("opens")
}

#[tokio::test]
async fn both_keys_open_a_store_between_two_keys_and_the_old_one_opens_nothing_once_it_is_retired() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        filled(store).await;
        assert_eq!(store.begin_rotation(&KEY, WHO, at(NOW)).await.expect("asked"), Begun::Same);
        assert_eq!(store.begin_rotation(&NEW, WHO, at(NOW)).await.expect("begun"), Begun::Now);
        assert_eq!(store.begin_rotation(&[9; 32], WHO, at(NOW)).await.expect("asked"), Begun::Other);
        assert!(!store.rotate_some().await.expect("some").is_done());
        // Broken off here: whoever comes with either key reads everything, and goes on.
        let (old, new) = (opened(&config, KEY).await, opened(&config, NEW).await);
        for store in [&old, &new] {
            is_readable(store).await;
        }
        assert!(matches!(Store::open(&config, &[9; 32]).await, Err(StoreError::OtherKey)));
        assert!(!new.only_by_old_key().await.expect("looked").is_empty());
        assert_eq!(new.begin_rotation(&NEW, WHO, at(NOW)).await.expect("asked"), Begun::Before);
        let mut turns = 0;
        while !new.rotate_some().await.expect("some").is_done() {
            turns += 1;
        }
        assert!(turns > 6, "in several transactions: {turns}");
        let rotation = new.rotation().await.expect("read").expect("a rotation");
        assert_eq!(rotation.unreadable, 0);
        assert!(rotation.sealed > 120, "{rotation:?}");
        assert!(new.only_by_old_key().await.expect("looked").is_empty());
        is_readable(&old).await;
        assert!(!old.is_opened_with_sealing_key() && new.is_opened_with_sealing_key());
        new.retire_key(WHO, at(NOW)).await.expect("retired");
        assert!(matches!(Store::open(&config, &KEY).await, Err(StoreError::OtherKey)));
        let again = opened(&config, NEW).await;
        again.migrate().await.expect("nothing to do");
        is_readable(&again).await;
        // And the next one.
        assert_eq!(again.begin_rotation(&KEY, WHO, at(NOW)).await.expect("begun"), Begun::Now);
        while !again.rotate_some().await.expect("some").is_done() {}
        let back = again.rotation().await.expect("read").expect("a rotation");
        assert_eq!(
            (back.sealed, back.unreadable),
            (rotation.sealed, 0),
            "ids, payloads, answers: all of it again"
        );
        is_readable(&opened(&config, KEY).await).await;
        let journal = store.audit_entries(i64::MAX, 100).await.expect("journal");
        let rotated = journal.iter().filter(|entry| entry.action.starts_with("field_key")).count();
        assert_eq!((rotated, again.verify_audit().await.expect("walked")), (3, None));
    }
}

/// A site with people of the file, and a new key.
fn site() -> (Site, PathBuf) {
    let site = Site::new(
        "[people]\nfile = \"people.csv\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n",
    );
    let rows: String =
        (1..=700).map(|n| format!("GL-{n:05},0992{n:08},Người {n},SNV,staff,2026-01-01\n")).collect();
    site.write("people.csv", format!("staff_number,citizen_id,full_name,unit,role,from\n{rows}"));
    site.write("new.key", "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=\n");
    site.json(&["status"]);
    let own = site.file("data/keys/field.key");
    (site, own)
}

#[test]
fn rotation_killed_at_every_point_goes_on_and_ends_and_the_old_key_is_refused_afterwards() {
    let (site, own) = site();
    let rotate = ["db", "rotate-key", "--new", "new.key", "--reason", "định kỳ", "--author", "Quản trị"];
    let retire = ["db", "rotate-key", "--retire", "--reason", "định kỳ", "--author", "Quản trị"];
    assert!(site.refused(&retire, 1).contains("LT-DB-018"));
    for point in OF_ORDERS {
        let killed = program(site.path()).args(rotate).env("FAILPOINTS", format!("{point}=return")).output();
        let killed = killed.expect("runs");
        assert_eq!(killed.status.code(), None, "killed at {point}: {killed:?}");
        assert!(!site.json(&["db", "check"]).is_null(), "the old key still opens it");
    }
    let ended = site.json(&rotate);
    assert_eq!(ended["unreadable"], json!(0), "{ended}");
    assert!(ended["sealed"].as_u64() >= Some(700), "{ended}");
    assert!(site.refused(&retire, 1).contains("LT-DB-019"), "the configuration still names the old key");
    let old = std::fs::read(&own).expect("the old key");
    std::fs::copy(site.file("new.key"), &own).expect("put in its place");
    site.json(&retire);
    site.json(&["db", "check"]);
    std::fs::write(&own, old).expect("the old one again");
    assert!(site.refused(&["db", "check"], 5).contains("LT-CFG-014"));
}

#[tokio::test]
async fn key_that_is_no_key_begins_nothing() {
    let both = both().await;
    for store in &both.stores {
        let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("short.key");
        std::fs::write(&file, "abc\n").expect("written");
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("mode");
        let order = |new| Command::DbRotateKey { new, author: "Quản trị".into(), reason: "thử".into() };
        let refused = house.order(order(Some(file))).await;
        assert_eq!(refused.findings[0].code, "LT-CFG-011");
        assert_eq!(house.order(order(None)).await.findings[0].code, "LT-DB-018");
        assert_eq!(store.rotation().await.expect("read"), None);
    }
}
