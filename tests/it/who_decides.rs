//! Who may do what, on both databases: authors in whatever way they write themselves, documents of offices, closes,
//! corrections that are written whole or not at all, and what the journal keeps of it.

use crate::score_step::{at_work, governed_by, settled, task};
use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::stores::{both, one};
use lienthong::domain::{DecisionKind, FactKind, Level, Period, RecordState, RuleSet, ServiceFact};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, Document, InputFile, LifeOrder, Outcome, TaskRef};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;
use serde_json::json;

const AN: &str = "GL-00001";
const OTHER: &str = "GL-00002";
const OFFICE: &str = "Văn phòng Sở";

async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An"), (OTHER, "Trần Thị Bình")]).await;
    house.no_history().await;
    house
}

fn life(order: LifeOrder) -> Command {
    Command::Life { order }
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The code an order is refused with.
async fn refused(house: &Installed, order: Command) -> String {
    let shown = format!("{order:?}");
    let outcome = house.order(order).await;
    assert_ne!(outcome.exit, 0, "{shown}");
    outcome.findings[0].code.clone()
}

/// What the journal says of an action, newest first: who and why.
async fn journal(store: &Store, action: &str) -> Vec<(String, String)> {
    let entries = store.audit_entries(i64::MAX, 500).await.expect("journal");
    let of = entries.into_iter().filter(|entry| entry.action == action);
    of.map(|entry| (entry.actor, entry.reason.unwrap_or_default())).collect()
}

fn approve(which: &str, revision: u32, level: Option<Level>, author: &str) -> Command {
    Command::RecordApprove {
        person: whom(AN),
        period: period(which),
        revision,
        level,
        decision_no: Some("12/QĐ".into()),
        opinion: None,
        author: author.into(),
    }
}

fn correct(which: &str, revision: u32, level: Option<Level>) -> Command {
    Command::RecordCorrect {
        person: whom(AN),
        period: period(which),
        revision,
        level,
        decision_no: Some("14/QĐ".into()),
        opinion: None,
        author: CHIEF.into(),
        reason: "sai số liệu".into(),
    }
}

/// Every general criterion with two points.
fn criteria(which: &str) -> Command {
    let items = lienthong::domain::evaluation::GENERAL_ITEMS
        .map(|(item, ..)| (item.to_owned(), lienthong::domain::Exact::integer(2)));
    Command::CriteriaSet {
        person: whom(AN),
        period: period(which),
        decision: DecisionKind::GeneralCriteria { items: items.into() },
        document: None,
        author: CHIEF.into(),
    }
}

async fn newest(house: &Installed, which: &str) -> (u32, RecordState) {
    let person = house.person(AN).await;
    let newest = house.app.store.latest_revision(person, period(which)).await.expect("read").expect("record");
    (newest.revision, newest.state)
}

#[tokio::test]
async fn person_is_known_in_their_own_approval_in_whatever_way_they_write_themselves() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        for author in [
            "gl-00001",
            "GL-00001: Nguyễn Văn An",
            "Ông Nguyễn Văn An",
            "NGUYEN VAN AN, chuyen vien",
            "Chuyên viên (GL 00001)",
            "GL-99999 Nguyễn Văn An",
        ] {
            let code = refused(&house, approve("2026-Q3", 1, None, author)).await;
            assert!(["LT-REC-004", "LT-AUT-001"].contains(&code.as_str()), "{author}: {code}");
        }
        // Somebody else's number in other letters is that person, not an office.
        assert_eq!(refused(&house, approve("2026-Q3", 1, None, "gl_00002")).await, "LT-AUT-001");
        assert_eq!(newest(&house, "2026-Q3").await, (1, RecordState::Provisional), "{}", store.kind());
        house.ordered(approve("2026-Q3", 1, None, "gl-00990: lê văn trưởng")).await;
        // An office types for those who decide, by its document.
        house.provisional(AN, "2026-Q2", 1, "88.50").await;
        house.ordered(approve("2026-Q2", 1, None, OFFICE)).await;
    }
}

#[tokio::test]
async fn classification_is_of_the_revision_that_was_read() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026", 1, "80").await;
        house.provisional(AN, "2026", 2, "48").await;
        assert_eq!(refused(&house, approve("2026", 1, Some(Level::Good), CHIEF)).await, "LT-REC-002");
        assert_eq!(newest(&house, "2026").await, (2, RecordState::Corrected), "{}", store.kind());
        house.ordered(approve("2026", 2, Some(Level::NotCompleted), CHIEF)).await;
    }
}

#[tokio::test]
async fn fact_is_taken_back_by_a_document_of_that_very_act_and_refusals_stand_in_the_journal() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let fact = ServiceFact {
            kind: FactKind::Discipline,
            from: "2026-05-01".parse().expect("day"),
            to: None,
            act_on: None,
            act: Some("vụ 1".into()),
            text: Some("khiển trách".into()),
            document: "12/QĐ-KL".into(),
        };
        let add =
            |author: &str| Command::FactAdd { person: whom(AN), fact: fact.clone(), author: author.into() };
        assert_eq!(refused(&house, add("nguyen van an")).await, "LT-REC-004");
        house.ordered(add(CHIEF)).await;
        let id = store.service_facts(None, false).await.expect("read")[0].id;
        let revoke = |author: &str, document: Option<&str>| Command::FactRevoke {
            id,
            reason: "nhập nhầm".into(),
            document: document.map(str::to_owned),
            author: author.into(),
        };
        assert_eq!(refused(&house, revoke(OFFICE, None)).await, "LT-AUT-002");
        assert_eq!(refused(&house, revoke(AN, Some("1/QĐ"))).await, "LT-REC-004");
        assert_eq!(store.service_facts(None, false).await.expect("read").len(), 1, "it stands");
        let told: Vec<_> = journal(store, "decision_refused").await.into_iter().map(|(_, why)| why).collect();
        assert_eq!(told, ["LT-REC-004", "LT-AUT-002", "LT-REC-004"], "{}", store.kind());
        house.ordered(revoke(OFFICE, Some("3/QĐ-XL"))).await;
        let held =
            store.service_facts(None, true).await.expect("read").remove(0).revoked.expect("taken back");
        assert_eq!((held.by.as_str(), held.document.as_deref()), (OFFICE, Some("3/QĐ-XL")));
    }
}

#[tokio::test]
async fn that_there_are_no_earlier_results_is_signed_by_whoever_may_import_them() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An"), (OTHER, "Trần Thị Bình")]).await;
        let empty = |people: &[&str], author: &str, document: Option<&str>| Command::HistoryEmpty {
            people: people.iter().map(|number| whom(number)).collect(),
            author: author.into(),
            reason: "mới tuyển".into(),
            document: document.map(str::to_owned),
            dry_run: false,
        };
        assert_eq!(refused(&house, empty(&[AN], AN, None)).await, "LT-AUT-001", "their own");
        assert_eq!(refused(&house, empty(&[AN], "Nguyễn Văn An", Some("1/TB"))).await, "LT-AUT-001");
        assert_eq!(refused(&house, empty(&[AN], OTHER, None)).await, "LT-AUT-001");
        assert_eq!(refused(&house, empty(&[], OFFICE, None)).await, "LT-AUT-002");
        // All or nothing: the chief does not answer for himself.
        assert_eq!(refused(&house, empty(&[], CHIEF, None)).await, "LT-AUT-001");
        assert_eq!(store.people_without_history().await.expect("read").len(), 3, "{}", store.kind());
        let told = journal(store, "decision_refused").await;
        assert_eq!(told.first(), Some(&(CHIEF.to_owned(), "LT-AUT-001".to_owned())));
        house.ordered(empty(&[AN], CHIEF, None)).await;
        // Of whom it is known already, nobody is asked again.
        house.ordered(empty(&[AN], OTHER, None)).await;
        house.ordered(empty(&[], OFFICE, Some("1/TB"))).await;
        assert!(store.people_without_history().await.expect("read").is_empty());
    }
}

#[tokio::test]
async fn earlier_results_come_from_who_decides_or_an_office_and_never_for_a_period_that_is_made_here() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let import = |rows: &str, author: &str, document: Option<&str>| Command::HistoryImport {
            file: InputFile {
                name: "history.csv".into(),
                bytes: format!("staff_number,period,score,level,decision_no,decided_on\n{rows}\n")
                    .into_bytes(),
            },
            document: document.map(str::to_owned),
            author: author.into(),
            dry_run: false,
        };
        let old = "GL-00001,2024,,good,9/QĐ,2024-12-10";
        assert_eq!(refused(&house, import(old, AN, Some("9/QĐ"))).await, "LT-AUT-001", "their own");
        assert_eq!(refused(&house, import(old, OTHER, None)).await, "LT-AUT-001");
        assert_eq!(refused(&house, import(old, OFFICE, None)).await, "LT-AUT-002");
        // The quarter that runs, the year it is in, and one that has a record.
        house.provisional(AN, "2026-Q3", 1, "48").await;
        for made_here in ["2026-Q4,95,,,", "2026,,excellent,9/QĐ,2026-12-01", "2026-Q3,95,,,"] {
            let rows = format!("{old}\nGL-00001,{made_here}");
            assert_eq!(
                refused(&house, import(&rows, OFFICE, Some("9/QĐ"))).await,
                "LT-HIS-005",
                "{made_here}"
            );
        }
        let person = house.person(AN).await;
        assert!(store.history(person).await.expect("read").is_empty(), "{}", store.kind());
        house.ordered(import(old, OFFICE, Some("9/QĐ"))).await;
        house.ordered(import(&old.replace("good", "excellent"), CHIEF, None)).await;
        assert_eq!(store.history(person).await.expect("read")[0].1["level"], "excellent");
        assert_eq!(store.replaced_history(person).await.expect("read")[0].1["level"], "good");
        let told = journal(store, "history_imported").await;
        assert_eq!(told, [(CHIEF.to_owned(), String::new()), (OFFICE.to_owned(), "9/QĐ".to_owned())]);
        // A quarter from before this installation: its old tasks have a score, but nobody evaluated anybody by them.
        house.score(AN, "2026-Q2", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(import("GL-00001,2026-Q2,91.5,,5/QĐ,2026-07-10", OFFICE, Some("5/QĐ"))).await;
    }
}

#[tokio::test]
async fn correction_with_a_level_is_written_whole_or_not_at_all_and_waits_for_figures_that_are_due() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.patient(0);
        house.provisional(AN, "2026", 1, "80").await;
        house.ordered(approve("2026", 1, Some(Level::Good), CHIEF)).await;
        house.score(AN, "2026", Some("69"), &[]).await;
        let hold = |order: fn(_, _, _, _, _) -> LifeOrder| {
            life(order(whom(AN), period("2026"), "đơn".to_owned(), None, CHIEF.to_owned()))
        };
        house
            .ordered(hold(|person, period, reason, document, author| LifeOrder::Hold {
                person,
                period,
                reason,
                document,
                author,
            }))
            .await;
        assert_eq!(refused(&house, correct("2026", 2, Some(Level::Completed))).await, "LT-REC-040");
        assert_eq!(newest(&house, "2026").await, (2, RecordState::Approved), "nothing half-made");
        house
            .ordered(hold(|person, period, reason, document, author| LifeOrder::Release {
                person,
                period,
                reason,
                document,
                author,
            }))
            .await;
        // A quarter of that year waits to be computed.
        house.ordered(criteria("2026-Q4")).await;
        assert_eq!(refused(&house, correct("2026", 2, Some(Level::Completed))).await, "LT-REC-085");
        house.computed().await;
        house.ordered(correct("2026", 2, Some(Level::Completed))).await;
        assert_eq!(newest(&house, "2026").await, (4, RecordState::Approved), "{}", store.kind());
        let person = house.person(AN).await;
        let states: Vec<_> = store.revisions(person, period("2026")).await.expect("read");
        assert_eq!(states[2].state, RecordState::Corrected);
    }
}

#[tokio::test]
async fn what_changed_after_a_close_stays_told_until_it_is_corrected() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(approve("2026-Q3", 1, None, CHIEF)).await;
        house.close("2026-Q3").await;
        house.score(AN, "2026-Q3", Some("69.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // The step's next report is about others.
        assert!(Record(house.app.clone()).run().await.expect("a run").findings.is_empty());
        let show = || life(LifeOrder::Show { person: whom(AN), period: period("2026-Q3") });
        let status = || life(LifeOrder::PeriodStatus { period: Some(period("2026-Q3")), unit: None });
        for order in [show(), status()] {
            let shown = format!("{order:?}");
            let told = house.order(order).await;
            assert!(codes(&told).contains(&"LT-REC-006"), "{} {shown}: {:?}", store.kind(), told.findings);
        }
        // A period and the whole count them; the causes stand in a list of their own.
        let told = house.order(status()).await;
        let counted = told.findings.iter().find(|finding| finding.code == "LT-REC-006").expect("told");
        assert!(counted.what.en.starts_with("1 approved or closed result"), "{counted}");
        assert!(counted.remedy.en.contains("`record list --changed --period 2026-Q3`"), "{counted}");
        let whole = house.order(Command::Status {}).await;
        assert!(!codes(&whole).contains(&"LT-REC-006"), "{:?}", whole.findings);
        assert_eq!(whole.document.to_json(Lang::En)["changed_results"], 1);
        let Document::Parts { parts } = &whole.document else { panic!("{:?}", whole.document) };
        let Some((_, Document::Json { text, .. })) = parts.last() else { panic!("a last line: {parts:?}") };
        assert!(text.vi.contains("LT-REC-006") && text.vi.contains("`record list --changed`"), "{}", text.vi);
        let list =
            |changed| Command::RecordList { state: None, period: None, unit: None, changed, limit: 50 };
        let rows = house.ordered(list(true)).await.document.to_json(Lang::En);
        assert_eq!(rows.as_array().expect("rows").len(), 1, "{rows}");
        assert!(rows[0]["changed"].to_string().contains("69"), "{rows}");
        assert_eq!(rows[0]["person"], AN);
        house.ordered(correct("2026-Q3", 2, None)).await;
        for order in [show(), status()] {
            let told = house.order(order).await;
            assert!(!codes(&told).contains(&"LT-REC-006"), "{:?}", told.findings);
        }
        let whole = house.order(Command::Status {}).await.document.to_json(Lang::En);
        assert_eq!(whole["changed_results"], 0);
        let rows = house.ordered(list(true)).await.document.to_json(Lang::En);
        assert_eq!(rows, json!([]));
        let all = house.ordered(list(false)).await.document.to_json(Lang::En);
        assert_eq!(all.as_array().expect("rows").len(), 1, "{all}");
    }
}

#[tokio::test]
async fn period_is_closed_by_the_head_or_an_office_with_a_document_and_the_journal_says_why() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        let close = |author: &str, document: Option<&str>| Command::PeriodClose {
            period: period("2026-Q3"),
            author: author.into(),
            reason: Some("hết hạn".into()),
            document: document.map(str::to_owned),
            dry_run: false,
        };
        assert_eq!(refused(&house, close(AN, Some("1/TB"))).await, "LT-AUT-007");
        assert_eq!(refused(&house, close(OFFICE, None)).await, "LT-AUT-002");
        assert!(store.closed_periods().await.expect("read").is_empty(), "{}", store.kind());
        assert_eq!(journal(store, "move_refused").await.len(), 2);
        house.ordered(close(OFFICE, Some("1/TB"))).await;
        let told = journal(store, "period_closed").await;
        assert_eq!(told, [(OFFICE.to_owned(), "hết hạn (1/TB)".to_owned())]);
    }
}

#[tokio::test]
async fn hold_lasts_until_the_last_petition_that_asked_for_it_is_answered() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        let open = |content: &str, author: &str| {
            life(LifeOrder::PetitionOpen {
                person: whom(AN),
                period: period("2026-Q3"),
                received_on: None,
                content: content.into(),
                document: None,
                hold: true,
                author: author.into(),
            })
        };
        let answer = |id: i64| {
            life(LifeOrder::PetitionAnswer {
                id,
                outcome: "rejected".into(),
                answer: "đã xem lại".into(),
                on: None,
                document: None,
                author: CHIEF.into(),
            })
        };
        house.ordered(open("xem lại số ngày chậm", CHIEF)).await;
        house.ordered(open("xem lại điểm tiêu chí", CHIEF)).await;
        house.ordered(answer(1)).await;
        let person = house.person(AN).await;
        let held = store.open_hold(person, period("2026-Q3")).await.expect("read");
        assert!(held.is_some(), "{}: the second petition still waits", store.kind());
        assert_eq!(refused(&house, approve("2026-Q3", 1, None, CHIEF)).await, "LT-REC-040");
        house.ordered(answer(2)).await;
        assert!(store.open_hold(person, period("2026-Q3")).await.expect("read").is_none());
    }
}

#[tokio::test]
async fn petition_of_somebody_who_may_not_hold_the_record_is_kept_and_holds_nothing() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        for (number, author) in [(1, AN), (2, OTHER), (3, OFFICE)] {
            let told = house
                .ordered(life(LifeOrder::PetitionOpen {
                    person: whom(AN),
                    period: period("2026-Q3"),
                    received_on: None,
                    content: "xem lại số ngày chậm".into(),
                    document: None,
                    hold: true,
                    author: author.into(),
                }))
                .await;
            assert_eq!(codes(&told), ["LT-REC-048"], "{} {author}", store.kind());
            assert_eq!(store.petitions(true, 10).await.expect("read").len(), number, "its deadline runs");
            let person = house.person(AN).await;
            assert!(store.open_hold(person, period("2026-Q3")).await.expect("read").is_none(), "{author}");
        }
        let tried: Vec<String> =
            journal(store, "move_refused").await.into_iter().map(|(_, why)| why).collect();
        assert_eq!(tried, ["LT-AUT-002", "LT-AUT-001", "LT-REC-004"], "{}", store.kind());
        house.ordered(approve("2026-Q3", 1, None, CHIEF)).await;
    }
}

#[tokio::test]
async fn too_many_excellent_people_of_a_group_are_told_at_once_in_the_status_and_at_the_close() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026", Some("95"), &[]).await;
        house.score(OTHER, "2026", Some("80"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let told = house.ordered(approve("2026", 1, Some(Level::Excellent), CHIEF)).await;
        assert_eq!(codes(&told), ["LT-REC-086"], "{}: two people, none may be Excellent", store.kind());
        let status = life(LifeOrder::PeriodStatus { period: Some(period("2026")), unit: None });
        assert_eq!(codes(&house.ordered(status).await), ["LT-REC-086"]);
        let house = house.later("2027-01-04T01:00:00Z");
        house.computed().await;
        let close = |reason: Option<&str>| Command::PeriodClose {
            period: period("2026"),
            author: CHIEF.into(),
            reason: reason.map(str::to_owned),
            document: None,
            dry_run: false,
        };
        let told = house.order(close(None)).await;
        assert!(
            told.exit != 0 && codes(&told).contains(&"LT-REC-086"),
            "{}: {:?}",
            store.kind(),
            codes(&told)
        );
        house.ordered(close(Some("Chủ tịch UBND tỉnh đồng ý"))).await;
        let kept = store.period_close(period("2026")).await.expect("read").expect("closed").checklist;
        let quota =
            kept["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "quota_kept");
        assert_eq!(quota.map(|check| &check["state"]), Some(&serde_json::json!("open")), "{kept}");
    }
}

#[tokio::test]
async fn decision_after_the_day_of_the_law_is_told_in_the_status_of_the_year() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.later("2026-12-20T01:00:00Z");
        house.provisional(AN, "2026", 1, "80").await;
        house.ordered(approve("2026", 1, Some(Level::Good), CHIEF)).await;
        let status = life(LifeOrder::PeriodStatus { period: Some(period("2026")), unit: None });
        assert_eq!(codes(&house.ordered(status).await), ["LT-REC-052"], "{}", store.kind());
    }
}

#[tokio::test]
async fn approval_by_table_moves_the_half_year_and_the_year() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        house.computed().await;
        let table = Command::Life {
            order: LifeOrder::SignedTable {
                file: InputFile {
                    name: "bang.csv".into(),
                    bytes: "Số hiệu,Họ và tên,Tổng điểm\nGL-00001,Nguyễn Văn An,88.5\n".into(),
                },
                period: period("2026-Q3"),
                unit: None,
                decision_no: "77/QĐ".into(),
                opinion: None,
                approve: true,
                author: CHIEF.into(),
            },
        };
        house.ordered(table).await;
        assert_eq!(newest(&house, "2026-Q3").await, (2, RecordState::Approved));
        let due: Vec<Period> = store.periods_due(house.person(AN).await).await.expect("due");
        assert!(due.contains(&period("2026-H2")) && due.contains(&period("2026")), "{due:?}");
    }
}

#[tokio::test]
async fn persons_data_and_notices_are_for_those_who_have_to_do_with_the_person() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        house.ordered(approve("2026-Q3", 1, None, CHIEF)).await;
        let folder = tempfile::tempdir().expect("folder");
        let to = folder.path().join("du-lieu.txt");
        let data = |author: &str, reason: &str, document: Option<&str>| {
            life(LifeOrder::PersonData {
                person: whom(AN),
                to: to.clone(),
                reason: reason.into(),
                document: document.map(str::to_owned),
                author: author.into(),
            })
        };
        assert_eq!(refused(&house, data(OTHER, "xem", None)).await, "LT-AUT-001");
        assert_eq!(refused(&house, data(OFFICE, "thanh tra", None)).await, "LT-AUT-002");
        assert_ne!(house.order(data(AN, " ", None)).await.exit, 0, "no reason");
        assert!(!to.exists() && journal(store, "person_data_given").await.is_empty(), "{}", store.kind());
        house.ordered(data("GL-00001 Nguyễn Văn An", "tự xem", None)).await;
        std::fs::remove_file(&to).expect("written");
        house.ordered(data(OFFICE, "thanh tra", Some("4/TTr"))).await;
        assert_eq!(journal(store, "person_data_given").await[0].1, "thanh tra (4/TTr)");
        let notify = |author: &str, document: Option<&str>| {
            life(LifeOrder::Notify {
                person: whom(AN),
                period: period("2026-Q3"),
                revision: 2,
                on: None,
                how: "tại cuộc họp".into(),
                document: document.map(str::to_owned),
                author: author.into(),
            })
        };
        assert_eq!(refused(&house, notify(OTHER, None)).await, "LT-AUT-001");
        assert_eq!(refused(&house, notify(OFFICE, None)).await, "LT-AUT-002");
        house.ordered(notify(OFFICE, Some("5/TB"))).await;
    }
}

#[tokio::test]
async fn decision_is_about_a_period_that_has_begun_and_a_task_the_person_has() {
    let (_folder, store) = one().await;
    let house = at_work(&store, "2026-12-20T01:00:00Z").await;
    house.import(&[(AN, "Nguyễn Văn An"), (OTHER, "Trần Thị Bình")]).await;
    let house = governed_by(&house, "2026-12-20T01:00:00Z", RuleSet::default()).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    settled(&house).await;
    for which in ["2099-Q1", "2027-Q1", "2026", "2026-H1"] {
        assert_eq!(refused(&house, criteria(which)).await, "LT-CRI-011", "{which}");
    }
    let folder = tempfile::tempdir().expect("folder");
    let template = life(LifeOrder::CriteriaTemplate {
        unit: "SNV".parse().expect("unit"),
        period: period("2027-Q1"),
        own: false,
        to: folder.path().join("tieu-chi.xlsx"),
    });
    assert_eq!(refused(&house, template).await, "LT-CRI-011");
    let done = |who: &str, key: &str, quantity: &str| Command::CriteriaSet {
        person: whom(who),
        period: period("2026-Q4"),
        decision: DecisionKind::CompletedQuantity {
            source: "snv".into(),
            external_id: key.into(),
            quantity: quantity.parse().expect("quantity"),
        },
        document: None,
        author: CHIEF.into(),
    };
    assert_eq!(refused(&house, done(AN, "77", "1")).await, "LT-CAT-023");
    assert_eq!(refused(&house, done(OTHER, "1", "1")).await, "LT-CRI-012", "somebody else's");
    assert_eq!(refused(&house, done(AN, "1", "5")).await, "LT-CRI-012", "one was assigned");
    house.ordered(done(AN, "1", "0.5")).await;
}

#[tokio::test]
async fn task_is_marked_above_requirement_from_outside_its_organisation_and_the_mark_can_go() {
    let (_folder, store) = one().await;
    let house = at_work(&store, "2026-12-20T01:00:00Z").await;
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    let house = governed_by(&house, "2026-12-20T01:00:00Z", RuleSet::default()).await;
    task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
    settled(&house).await;
    let above = |author: &str, back: bool| {
        let task: TaskRef = "snv:1".parse().expect("task");
        life(LifeOrder::OrganisationAbove { task, back, document: "5/KL".into(), author: author.into() })
    };
    let marked = async || store.tasks_above().await.expect("read").len();
    assert_eq!(refused(&house, above(AN, false)).await, "LT-AUT-004", "their own");
    assert_eq!(refused(&house, above(CHIEF, false)).await, "LT-AUT-004", "the head's organisation counts it");
    assert_eq!(refused(&house, above(OFFICE, true)).await, "LT-ORG-009");
    assert_eq!(marked().await, 0);
    house.ordered(above(OFFICE, false)).await;
    assert_eq!((marked().await, refused(&house, above(OFFICE, false)).await.as_str()), (1, "LT-ORG-009"));
    house.ordered(above(OFFICE, true)).await;
    assert_eq!(marked().await, 0);
    assert_eq!(journal(&store, "task_above_taken_back").await, [(OFFICE.to_owned(), "5/KL".to_owned())]);
    let shown = life(LifeOrder::OrganisationShow { unit: "SNV".parse().expect("unit"), year: 2026 });
    let shown = house.ordered(shown).await.document.to_json(Lang::En);
    assert_eq!(shown["tasks"][4]["count"], 0, "{shown} at {}", at("2026-12-20T01:00:00Z"));
}
