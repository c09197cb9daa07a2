//! Names of people and days of a task that somebody looks at: a link counts for every kind of name, and what cannot be true
//! stays told.

use crate::store::{now, source, with_person};
use crate::support::installation::{Installed, Targets};
use crate::support::stores::{both, officer};
use crate::support::task::shown;
use lienthong::domain::{CitizenId, DirectoryImport, ImportedPerson, OddDone};
use lienthong::pipeline::command::{Command, InputFile, PersonRef};
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Linked;
use serde_json::json;

/// Found by a province whose sources write staff numbers: over half of its unknown accounts were of this kind.
#[tokio::test]
async fn linked_staff_number_of_nobody_gives_its_tasks_and_others_keep_the_moment_they_were_first_seen() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let person = with_person(store).await;
        let told = |id: &str, kind: &str, number: &str| json!({ "external_id": id, "assignee": { "kind": kind, "value": number }, "quantity": "1" });
        let first = shown(&house, told("a", "staff_number", "XX-99")).await;
        shown(&house, told("b", "staff_number", "XX-98")).await;
        let seen = store.unknown_accounts(None, 10).await.expect("unknown");
        assert_eq!(seen.len(), 2, "{}", store.kind());
        let linked = store.link_account(&source(), "XX-99", person, false, "test", now()).await;
        assert_eq!(linked.expect("linked"), Linked::Done { from: None, known: true }, "{}", store.kind());
        let later = house.later("2026-11-25T08:00:00Z");
        Identify(later.app.clone()).run().await.expect("identified");
        // What comes later of the other one is no first sight.
        shown(&later, told("c", "staff_number", "XX-98")).await;
        let left = store.unknown_accounts(None, 10).await.expect("unknown");
        let left: Vec<_> =
            left.iter().map(|one| (one.account.as_str(), one.tasks, one.first_seen_at)).collect();
        let since = seen.iter().find(|one| one.account == "XX-98").expect("listed").first_seen_at;
        assert_eq!(left, [("XX-98", 2, since)], "{}", store.kind());
        let items = store.tasks_to_map(10).await.expect("to map");
        let theirs = items.iter().find(|item| item.task.id == first).expect("due");
        assert_eq!(theirs.people, [person], "{}", store.kind());
    }
}

#[tokio::test]
async fn account_of_a_people_file_that_is_somebodys_staff_number_takes_over_the_tasks_that_name_it() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let first = with_person(store).await;
        let import = |person| DirectoryImport { units: Vec::new(), people: vec![person] };
        let second = import(officer("GL-00002", "Trần Thị B"));
        store.import_directory(&second, "test", None, now()).await.expect("imported");
        let named = |id: &str, number: &str| json!({ "external_id": id, "assignee": { "kind": "staff_number", "value": number } });
        let held = shown(&house, named("a", "GL-00002")).await;
        let waits = shown(&house, named("b", "XX - 97")).await;
        Identify(house.app.clone()).run().await.expect("identified");
        let linked = ImportedPerson {
            accounts: vec![(source(), "GL-00002".into()), (source(), "XX-97".into())],
            ..officer("GL-00001", "Nguyễn Văn A")
        };
        store.import_directory(&import(linked), "test", None, now()).await.expect("imported");
        Identify(house.later("2026-11-25T08:00:00Z").app.clone()).run().await.expect("identified");
        let items = store.tasks_to_map(10).await.expect("to map");
        for task in [held, waits] {
            let theirs = items.iter().find(|item| item.task.id == task).expect("due");
            assert_eq!(theirs.people, [first], "{} {task}", store.kind());
        }
    }
}

#[tokio::test]
async fn linked_citizen_number_counts_by_its_index_and_is_neither_stored_nor_shown() {
    let both = both().await;
    let number = "099200000777";
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let person = with_person(store).await;
        let index = store.vault().blind_index(&CitizenId::parse(number).expect("number"));
        let named = json!({ "external_id": "a", "assignee": { "kind": "citizen_id", "value": index } });
        let task = shown(&house, named).await;
        let link = async |account: &str| {
            let order = Command::PeopleLink {
                source: source(),
                account: account.to_owned(),
                person: PersonRef::Id(person),
                moves: false,
                author: "test".to_owned(),
            };
            house.order(order).await
        };
        let told = link(number).await;
        assert!(told.findings.is_empty(), "known: {:?}", told.findings);
        let shown = format!("{:?} {:?}", told.document, told.findings);
        assert!(!shown.contains(number) && shown.contains("đã che"), "{}: {shown}", store.kind());
        let kept = store.load_directory().await.expect("rows").accounts;
        assert!(kept.iter().any(|(_, account, _)| *account == index), "{}: {kept:?}", store.kind());
        assert!(kept.iter().all(|(_, account, _)| !account.contains(number)), "{}", store.kind());
        Identify(house.later("2026-11-25T08:00:00Z").app.clone()).run().await.expect("identified");
        let items = store.tasks_to_map(10).await.expect("to map");
        let theirs = items.iter().find(|item| item.task.id == task).expect("due");
        assert_eq!(theirs.people, [person], "{}", store.kind());
        let refused = link("invalid").await.findings;
        assert_eq!(refused.iter().map(|told| told.code.as_str()).collect::<Vec<_>>(), ["LT-PPL-045"]);
    }
}

#[tokio::test]
async fn day_of_completion_that_cannot_be_true_is_told_until_its_record_changes() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let done = |id: &str, assigned: &str, completed: &str| {
            json!({ "external_id": id, "assignee": { "kind": "account", "value": "1001" },
                "assigned_at": assigned, "completed_at": completed })
        };
        shown(&house, done("t1", "2026-07-01T01:00:00Z", "2026-06-01T01:00:00Z")).await;
        shown(&house, done("t2", "2026-07-01T01:00:00Z", "2027-09-30T01:00:00Z")).await;
        shown(&house, done("t3", "2026-07-01T01:00:00Z", "2026-07-01T00:30:00Z")).await;
        let told = async |house: &Installed| {
            let findings = house.order(Command::Status {}).await.findings.into_iter();
            let odd = findings.filter(|finding| finding.code.starts_with("LT-ING-"));
            odd.map(|finding| (finding.code, finding.what.en)).collect::<Vec<_>>()
        };
        let both_told = [
            ("LT-ING-021".to_owned(), "1 task completed before it was assigned: snv:t1".to_owned()),
            ("LT-ING-001".to_owned(), "1 task completed in the future: snv:t2".to_owned()),
        ];
        assert_eq!(told(&house).await, both_told, "{}", store.kind());
        assert_eq!(
            told(&house.later("2026-12-20T08:00:00Z")).await,
            both_told,
            "as long as nobody corrects it"
        );
        shown(&house, done("t1", "2026-07-01T01:00:00Z", "2026-07-02T01:00:00Z")).await;
        assert_eq!(told(&house).await, both_told[1..], "{}", store.kind());
        let left = store.odd_done_tasks(OddDone::InFuture, 0, 10).await.expect("read");
        assert_eq!(left.iter().map(|task| task.key.external_id.as_str()).collect::<Vec<_>>(), ["t2"]);
    }
}

#[tokio::test]
async fn citizen_number_named_as_an_account_of_a_people_file_is_kept_as_its_index_alone() {
    let both = both().await;
    let number = "099200000777";
    let file = |owner: &str| {
        InputFile {
        name: "people.csv".to_owned(),
        bytes: format!(
            "staff_number,full_name,unit,role,from,accounts\nGL-00001,Nguyễn Văn A,SNV,staff,2024-01-01,{}\nGL-00002,Trần Thị B,SNV,staff,2024-01-01,{}\n",
            if owner == "GL-00001" { "snv=099200 000777" } else { "" },
            if owner == "GL-00002" { "snv=099200000777" } else { "" },
        )
        .into_bytes(),
    }
    };
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        with_person(store).await;
        let index = store.vault().blind_index(&CitizenId::parse(number).expect("number"));
        for owner in ["GL-00001", "GL-00002"] {
            let order = Command::PeopleImport {
                people: file(owner),
                units: None,
                author: "test".to_owned(),
                dry_run: false,
            };
            let told = house.order(order).await;
            let shown = format!("{:?} {:?}", told.document, told.findings);
            assert_eq!(told.exit, 0, "{}: {shown}", store.kind());
            assert!(!shown.contains(number) && !shown.contains(&index), "{}: {shown}", store.kind());
            let moves = told.findings.iter().any(|finding| finding.code == "LT-PPL-011");
            assert_eq!(moves, owner == "GL-00002", "{}: {shown}", store.kind());
            let kept = store.load_directory().await.expect("rows").accounts;
            let kept: Vec<&str> = kept.iter().map(|(_, account, _)| account.as_str()).collect();
            assert_eq!(
                kept.iter().filter(|account| **account == index).count(),
                1,
                "{}: {kept:?}",
                store.kind()
            );
            assert!(kept.iter().all(|account| !account.contains("099200")), "{}: {kept:?}", store.kind());
        }
        let refused = InputFile {
            name: "people.csv".to_owned(),
            bytes: "staff_number,full_name,unit,role,from,accounts\nGL-00001,Nguyễn Văn A,SNV,staff,2024-01-01,snv=invalid\n".into(),
        };
        let order =
            Command::PeopleImport { people: refused, units: None, author: "test".to_owned(), dry_run: true };
        let told = house.order(order).await.findings;
        assert_eq!(told.iter().map(|told| told.code.as_str()).collect::<Vec<_>>(), ["LT-PPL-045"]);
    }
}

fn people(accounts: [&str; 2]) -> Command {
    let rows = ["GL-00001,Nguyễn Văn A", "GL-00002,Trần Thị B"];
    let rows: Vec<String> = rows
        .into_iter()
        .zip(accounts)
        .map(|(who, accounts)| format!("{who},SNV,staff,2024-01-01,{accounts}\n"))
        .collect();
    let bytes = format!("staff_number,full_name,unit,role,from,accounts\n{}", rows.concat()).into_bytes();
    let file = InputFile { name: "people.csv".to_owned(), bytes };
    Command::PeopleImport { people: file, units: None, author: "test".to_owned(), dry_run: false }
}

#[tokio::test]
async fn plain_number_linked_before_its_source_named_citizens_goes_with_the_next_people_file() {
    let both = both().await;
    let number = "099200000777";
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let person = with_person(store).await;
        let index = store.vault().blind_index(&CitizenId::parse(number).expect("number"));
        store.link_account(&source(), number, person, false, "test", now()).await.expect("linked");
        let named = json!({ "external_id": "a", "assignee": { "kind": "citizen_id", "value": index } });
        let task = shown(&house, named).await;
        house.ordered(people(["snv=099200000777", ""])).await;
        let kept = store.load_directory().await.expect("rows").accounts;
        let kept: Vec<&str> = kept.iter().map(|(_, account, _)| account.as_str()).collect();
        assert!(kept.contains(&index.as_str()) && !kept.contains(&number), "{}: {kept:?}", store.kind());
        Identify(house.later("2026-11-25T08:00:00Z").app.clone()).run().await.expect("identified");
        let items = store.tasks_to_map(10).await.expect("to map");
        let theirs = items.iter().find(|item| item.task.id == task).expect("due");
        assert_eq!(theirs.people, [person], "{}", store.kind());
    }
}

#[tokio::test]
async fn twelve_figures_a_source_writes_as_a_login_stay_one_whatever_file_comes() {
    let both = both().await;
    let number = "099200000777";
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        with_person(store).await;
        let named = json!({ "external_id": "a", "assignee": { "kind": "account", "value": number } });
        shown(&house, named).await;
        for _ in 0..2 {
            house.ordered(people(["snv=099200000777", ""])).await;
            let kept = store.load_directory().await.expect("rows").accounts;
            let mut kept: Vec<&str> = kept.iter().map(|(_, account, _)| account.as_str()).collect();
            kept.sort_unstable();
            assert_eq!(kept, [number, "1001"], "{}", store.kind());
        }
    }
}

#[tokio::test]
async fn number_two_people_of_one_file_claim_is_refused_however_each_types_it() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        with_person(store).await;
        let told = house.order(people(["snv=099200 000777", "snv=099200000777"])).await;
        let codes: Vec<&str> = told.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["LT-PPL-001"], "{}: {:?}", store.kind(), told.findings);
        assert!(!format!("{:?}", told.findings).contains("000777"), "{:?}", told.findings);
        assert_eq!(store.load_directory().await.expect("rows").accounts.len(), 1, "nothing was written");
        // Of one person it is one account.
        house.ordered(people(["snv=099200 000777|snv=099200000777", ""])).await;
        assert_eq!(store.load_directory().await.expect("rows").accounts.len(), 2, "{}", store.kind());
    }
}
