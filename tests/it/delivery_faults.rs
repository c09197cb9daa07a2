//! What goes wrong on the way to the national database, and that it ends with one effect, no lock-out, no lost and
//! no older result.

use crate::delivery_national::{LOGIN, Province, SEND, accepting, opened};
use crate::support::http::{Asked, Scripted, json as answer, status};
use crate::support::installation::{Installed, Targets, at};
use crate::support::stores::{both, one};
use async_trait::async_trait;
use axum::body::Body;
use axum::http::Response;
use chrono::{DateTime, TimeDelta, Utc};
use lienthong::delivery::{Answer, Item, ReadBack, Target};
use lienthong::domain::TargetId;
use lienthong::error::{Disposition, Finding, Text};
use lienthong::pipeline::deliver::Deliver;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{OutboxItem, Retried, Settlement, StoreError};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

fn login(asked: &Asked, expired_time: &str) -> Option<Response<Body>> {
    let token = format!("t{}", asked.index);
    (asked.path == LOGIN)
        .then(|| answer(json!({ "access_token": token, "err_code": 0, "expired_time": expired_time })))
}

fn in_gia_lai(seconds: i64) -> String {
    let local = lienthong::domain::local_offset();
    let end = lienthong::clock::Clock::system().now() + TimeDelta::seconds(seconds);
    end.with_timezone(&local).format("%H:%M:%S %d-%m-%Y").to_string()
}

fn taken(asked: &Asked) -> Response<Body> {
    answer(json!({ "message": "ok", "err_code": 0, "transaction_id": format!("tx-{}", asked.index) }))
}

async fn house(base: &str, store: &lienthong::store::Store) -> Installed {
    let house = Installed::new(store, &Targets::national(base), "a", "2026-11-24T01:00:00Z");
    house.with_a_result().await;
    house
}

/// How long a claim lasts in these tests.
const LEASE: Duration = Duration::from_secs(60);

/// The oldest item as a replica claims it.
async fn claimed(house: &Installed, replica: &str, now: DateTime<Utc>) -> OutboxItem {
    let items = house.app.store.claim_outbox(&house.target(), replica, now, LEASE, 10).await;
    items.expect("claimed").remove(0)
}

#[tokio::test]
async fn token_is_used_until_the_told_time_and_renewed_after_it() {
    for (lives, logins) in [(5 * 3600, 1), (2, 2)] {
        let (_folder, store) = one().await;
        let server = Scripted::start(move |asked| {
            login(asked, &in_gia_lai(lives)).unwrap_or_else(|| match asked.index {
                1 => status(503, &[], ""),
                _ => taken(asked),
            })
        })
        .await;
        let house = house(&server.base, &store).await;
        house.deliver().await;
        tokio::time::sleep(Duration::from_millis(2_100)).await;
        house.later("2026-11-24T03:00:00Z").deliver().await;
        assert_eq!((server.count(LOGIN), server.count(SEND)), (logins, 2), "a life of {lives} s");
    }
}

#[tokio::test]
async fn forced_401_is_followed_by_one_login_and_the_same_message() {
    let (_folder, store) = one().await;
    let server = Scripted::start(|asked| {
        login(asked, &in_gia_lai(3600)).unwrap_or_else(|| match asked.index {
            1 => status(401, &[], r#"{"err_code":1,"message":"Token không hợp lệ"}"#),
            _ => taken(asked),
        })
    })
    .await;
    let house = house(&server.base, &store).await;
    house.deliver().await;
    let asked = server.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, [LOGIN, SEND, LOGIN, SEND]);
    assert_eq!(asked[1].body, asked[3].body);
    let pass = |index: usize| asked[index].headers.get("authorization").cloned().unwrap_or_default();
    assert_eq!((pass(1).as_str(), pass(3).as_str()), ("Bearer t0", "Bearer t2"));
    assert_eq!(house.newest("national").await.0, "acknowledged");
}

#[tokio::test]
async fn account_that_is_not_let_in_is_not_tried_into_a_lock_out() {
    // Bad credentials are a success on the wire; a token nobody accepts is a 401 for ever.
    let wrong = || answer(json!({ "message": "Sai tên đăng nhập hoặc mật khẩu", "err_code": 1 }));
    let password = Scripted::start(move |_| wrong()).await;
    let token =
        Scripted::start(|asked| login(asked, &in_gia_lai(3600)).unwrap_or_else(|| status(401, &[], "{}")))
            .await;
    for (server, logins, code) in [(&password, 1, "LT-NET-008"), (&token, 2, "LT-DLV-002")] {
        let (_folder, store) = one().await;
        let house = Installed::new(&store, &Targets::national(&server.base), "a", "2026-12-03T01:00:00Z");
        let people: Vec<(String, String)> =
            (1..=9).map(|n| (format!("GL-0000{n}"), format!("Người Thứ {n}"))).collect();
        house.import(&people.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()).await;
        house.no_history().await;
        for (number, _) in &people {
            house.provisional(number, "2026", 1, "86").await;
            house.approve(number, "2026", 1).await;
        }
        house.deliver().await;
        for minutes in [15, 30, 45] {
            let now = at("2026-12-03T01:00:00Z") + TimeDelta::minutes(minutes);
            house.later(&now.to_rfc3339()).deliver().await;
        }
        assert!(server.count(LOGIN) <= logins, "{} logins for nine results in an hour", server.count(LOGIN));
        assert_eq!(house.states("national").await, ["pending"; 9], "none is lost, none is given up");
        let codes: Vec<String> = house
            .items("national")
            .await
            .into_iter()
            .filter_map(|line| line.finding.map(|finding| finding.code))
            .collect();
        assert!(codes.iter().all(|told| told == code || told == "LT-NET-009"), "{codes:?}");
    }
}

#[tokio::test]
async fn every_answer_leads_to_its_state() {
    type Reply = fn() -> Response<Body>;
    let cases: [(&str, Reply, &str, &str); 10] = [
        (
            "refused",
            || answer(json!({"message": "Không tồn tại hồ sơ", "err_code": 1, "transaction_id": "x"})),
            "rejected",
            "LT-DLV-001",
        ),
        ("refused as text", || answer(json!({"message": "Lỗi", "err_code": "1"})), "rejected", "LT-DLV-001"),
        (
            "fields",
            || {
                status(
                    400,
                    &[],
                    r#"{"status":400,"message":"validation error","fieldErrors":[{"field":"org_Code","message":"không được để trống"}]}"#,
                )
            },
            "rejected",
            "LT-DLV-001",
        ),
        ("no receipt", || answer(json!({"message": "ok", "err_code": 0})), "unknown", "LT-DLV-004"),
        (
            "maintenance",
            || status(200, &[("content-type", "text/html")], "<html>bảo trì</html>"),
            "unknown",
            "LT-DLV-003",
        ),
        ("empty", || status(200, &[], ""), "unknown", "LT-DLV-003"),
        ("other shape", || answer(json!({"status": "OK"})), "unknown", "LT-DLV-003"),
        ("error", || status(500, &[], "{}"), "unknown", "LT-DLV-003"),
        ("wrong path", || status(404, &[], r#"{"err_code":1}"#), "pending", "LT-DLV-002"),
        ("slow down", || status(429, &[("retry-after", "1800")], ""), "pending", "LT-DLV-005"),
    ];
    for (what, reply, state, code) in cases {
        let (_folder, store) = one().await;
        let server = Scripted::start(move |asked| {
            login(asked, &in_gia_lai(3600)).unwrap_or_else(|| match asked.index {
                1 => reply(),
                _ => taken(asked),
            })
        })
        .await;
        let house = house(&server.base, &store).await;
        house.deliver().await;
        let (got_state, got_code, line) = house.newest("national").await;
        assert_eq!((got_state.as_str(), got_code.as_str()), (state, code), "{what}: {:?}", line.finding);
        assert_eq!(line.transaction_id, None, "{what}: no receipt");
        if what == "fields" {
            let why = line.finding.expect("why").what.vi;
            assert!(why.contains("org_Code") && why.contains("không được để trống"), "{why}");
        }
        house.deliver().await;
        assert_eq!(server.count(SEND), 1, "{what}: not at once again");
        house.later("2026-11-24T05:00:00Z").deliver().await;
        let again = usize::from(state != "rejected") + 1;
        assert_eq!(server.count(SEND), again, "{what}");
        let end = if state == "rejected" { "rejected" } else { "acknowledged" };
        assert_eq!(house.newest("national").await.0, end, "{what}");
    }
}

#[tokio::test]
async fn wait_a_receiver_asks_for_is_kept_in_every_form_and_absurd_ones_are_cut() {
    let date = "Tue, 24 Nov 2026 01:30:00 GMT";
    let cases = [
        ("1800", None, 1_800, 1_830),
        ("Tue, 24 Nov 2026 02:00:00 GMT", Some(date), 1_800, 1_830),
        ("1000000000", None, 3_600, 3_630),
        ("Tue, 24 Nov 2099 02:00:00 GMT", Some(date), 3_600, 3_630),
        ("-5", None, 0, 30),
        ("soon", None, 0, 30),
        ("Tue, 24 Nov 2020 02:00:00 GMT", Some(date), 0, 30),
    ];
    for (asked_for, server_time, least, most) in cases {
        let (_folder, store) = one().await;
        let server = Scripted::start(move |asked| {
            login(asked, &in_gia_lai(3600)).unwrap_or_else(|| {
                let mut headers = vec![("retry-after", asked_for)];
                headers.extend(server_time.map(|date| ("date", date)));
                status(503, &headers, "")
            })
        })
        .await;
        let house = house(&server.base, &store).await;
        let before = house.app.clock.now();
        house.deliver().await;
        let line = house.newest("national").await.2;
        let wait = (line.next_try_at - before).num_seconds();
        // The upper bound leaves room for a slow machine; the jitter of a first attempt is below five seconds.
        assert!((least..=most + 60).contains(&wait), "{asked_for}: {wait} s");
    }
}

#[tokio::test]
async fn lost_answer_is_settled_by_the_same_list_without_a_second_effect() {
    let both = both().await;
    for store in &both.stores {
        for (number, fault) in [
            ("GL-00001", json!({ "kind": "reset_after_commit" })),
            ("GL-00002", json!({ "kind": "truncate" })),
            ("GL-00003", json!({ "kind": "slow", "ms": 1_500 })),
            ("GL-00004", json!({ "kind": "reset_before" })),
        ] {
            let province = Province::open().await;
            let targets = Targets { exchange_s: 1, ..province.targets() };
            let house = Installed::new(store, &targets, "a", "2026-12-03T01:00:00Z");
            house.import(&[(number, "Nguyễn Văn An")]).await;
            house.no_history().await;
            house.provisional(number, "2026", 1, "86").await;
            house.approve(number, "2026", 1).await;
            let mut script = fault.clone();
            (script["path_prefix"], script["every"], script["times"]) =
                (json!("/national/apisyncmsg"), json!(1), json!(1));
            province.post("/sim/faults", &json!([script])).await;
            house.deliver().await;
            let (state, _, line) = house.newest("national").await;
            assert_eq!(state, "unknown", "{} {fault}: {:?}", store.kind(), line.finding);
            assert_eq!(line.transaction_id, None);
            let later = house.later("2026-12-03T03:00:00Z");
            later.deliver().await;
            assert_eq!(later.newest("national").await.0, "acknowledged", "{} {fault}", store.kind());
            let faults = province.get("/sim/faults").await;
            assert_eq!(faults.to_string().matches("\"fired\":1").count(), 1, "{faults}");
            assert_eq!(province.counts().await.1, 1, "{} {fault}: one effect", store.kind());
            assert_eq!(province.held(number).await.as_array().map(Vec::len), Some(1));
        }
    }
}

#[tokio::test]
async fn one_item_per_person_is_in_flight_and_an_overtaken_one_never_leaves_again() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = house(&server.base, store).await;
        let now = house.app.clock.now();
        let older = claimed(&house, "a", now).await;
        store.mark_sent(older.id, older.fence, now, LEASE).await.expect("sent");
        house.provisional("GL-00001", "2026", 1, "86").await;
        house.approve("GL-00001", "2026", 1).await;
        assert_eq!(house.states("national").await, ["sent", "pending"]);
        house.deliver().await;
        assert_eq!(server.asked().len(), 0, "{}: the newer one waits for the one in flight", store.kind());
        // The one in flight is refused; the newer one has taken its place already.
        let finding = Finding::error("LT-TST-001", Text::new("a", "a"), Text::new("b", "b"));
        store
            .settle(older.id, older.fence, Settlement::Rejected { finding, answered: true }, now)
            .await
            .expect("settled");
        assert_eq!(house.states("national").await, ["superseded", "pending"]);
        assert_eq!(store.retry_item(older.id, "x", now).await.expect("asked"), Retried::NotWaiting);
        house.deliver().await;
        house.deliver().await;
        assert_eq!(server.count(SEND), 1);
        assert_eq!(house.states("national").await, ["superseded", "acknowledged"]);
    }
}

#[tokio::test]
async fn unclear_list_that_a_newer_one_replaces_is_not_sent_again() {
    let (_folder, store) = one().await;
    let server = Scripted::start(|asked| {
        login(asked, &in_gia_lai(3600)).unwrap_or_else(|| match asked.index {
            1 => status(502, &[], ""),
            _ => taken(asked),
        })
    })
    .await;
    let house = house(&server.base, &store).await;
    house.deliver().await;
    house.provisional("GL-00001", "2026", 1, "86").await;
    house.approve("GL-00001", "2026", 1).await;
    assert_eq!(house.states("national").await, ["unknown", "pending"]);
    let later = house.later("2026-11-24T05:00:00Z");
    for _ in 0..3 {
        later.deliver().await;
    }
    let sent: Vec<usize> = server
        .asked()
        .iter()
        .filter(|asked| asked.path == SEND)
        .map(|asked| {
            let list = &opened(asked)["Data"]["Body"]["HOSO_CBCCVC"]["DS_KETQUA_DANHGIA_PHANLOAI"];
            list.as_array().map_or(0, Vec::len)
        })
        .collect();
    assert_eq!(sent, [1, 2], "first the old list, then only the new one");
}

/// A target whose requests wait at a gate: a process that was stopped in the middle.
struct Gated {
    inner: Arc<dyn Target>,
    arrived: Notify,
    gate: Semaphore,
}

#[async_trait]
impl Target for Gated {
    fn id(&self) -> &TargetId {
        self.inner.id()
    }
    fn resend_is_harmless(&self) -> bool {
        true
    }
    fn longest_attempt(&self) -> Duration {
        Duration::from_secs(20)
    }
    async fn check(&self) -> Vec<Finding> {
        self.inner.check().await
    }
    async fn send(&self, item: &Item) -> Answer {
        self.arrived.notify_one();
        self.gate.acquire().await.expect("open").forget();
        self.inner.send(item).await
    }
    async fn read_back(&self, item: &Item) -> ReadBack {
        self.inner.read_back(item).await
    }
}

#[tokio::test]
async fn replica_that_slept_past_its_claim_is_refused_and_what_it_overwrote_is_put_right() {
    let both = both().await;
    for store in &both.stores {
        let province = Province::open().await;
        let sleeper = Installed::new(store, &province.targets(), "sleeper", "2026-11-24T01:00:00Z");
        sleeper.with_a_result().await;
        let national: Arc<dyn Target> = sleeper.app.national.clone().expect("target");
        let gated = Arc::new(Gated { inner: national, arrived: Notify::new(), gate: Semaphore::new(0) });
        let step = Deliver::new(sleeper.app.clone(), gated.clone(), 1);
        let asleep = tokio::spawn(async move { step.run().await });
        gated.arrived.notified().await;
        // Its claim runs out; another replica sends the list and then a longer one.
        let other = Installed::new(store, &province.targets(), "other", "2026-11-24T01:10:00Z");
        other.deliver().await;
        other.provisional("GL-00001", "2026", 1, "86").await;
        other.approve("GL-00001", "2026", 1).await;
        other.deliver().await;
        assert_eq!(province.held("GL-00001").await.as_array().map(Vec::len), Some(2));
        // It wakes in the very moment before its request: the receiver cannot know better.
        gated.gate.add_permits(1);
        let report = asleep.await.expect("joined").expect("a run");
        assert_eq!((report.done, report.failed), (0, 0), "{}: its outcome counts nowhere", store.kind());
        other.deliver().await;
        assert_eq!(
            province.held("GL-00001").await.as_array().map(Vec::len),
            Some(2),
            "{}: the newest list stands at the receiver",
            store.kind()
        );
        assert_eq!(
            other.states("national").await,
            ["acknowledged", "acknowledged", "acknowledged"],
            "{}",
            store.kind()
        );
    }
}

#[tokio::test]
async fn woken_replica_whose_item_was_taken_over_sends_nothing() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = house(&server.base, store).await;
        let now = house.app.clock.now();
        let first = claimed(&house, "a", now).await;
        let later = now + TimeDelta::seconds(61);
        let second = claimed(&house, "b", later).await;
        assert!(second.fence > first.fence && !second.unclear, "it had not been sent");
        let stale = store.mark_sent(first.id, first.fence, later, LEASE).await;
        assert!(matches!(stale, Err(StoreError::Conflict(_))), "{}: fenced before it sends", store.kind());
        let finding = Finding::error("LT-TST-001", Text::new("a", "a"), Text::new("b", "b"));
        let stale = store
            .settle(first.id, first.fence, Settlement::Rejected { finding, answered: true }, later)
            .await;
        assert!(matches!(stale, Err(StoreError::Conflict(_))));
    }
}

#[tokio::test]
async fn earliest_deadline_goes_first_and_one_bad_item_stops_nobody() {
    let (_folder, store) = one().await;
    let server = Scripted::start(|asked| {
        login(asked, &in_gia_lai(3600)).unwrap_or_else(|| {
            let whose = opened(asked)["Data"]["Body"]["HOSO_CBCCVC"]["SoHieuCBCCVC_BNDP"].clone();
            if whose == "GL-00002" { status(500, &[], "") } else { taken(asked) }
        })
    })
    .await;
    let house = Installed::new(&store, &Targets::national(&server.base), "a", "2026-12-03T01:00:00Z");
    let people = [("GL-00001", "Một"), ("GL-00002", "Hai"), ("GL-00003", "Ba")];
    house.import(&people).await;
    house.no_history().await;
    // Approved in the order 3, 2, 1 on three days; nothing could be sent meanwhile.
    for (day, number) in [(3, "GL-00003"), (4, "GL-00002"), (5, "GL-00001")] {
        let house = house.later(&format!("2026-12-0{day}T01:00:00Z"));
        house.provisional(number, "2026", 1, "86").await;
        house.approve(number, "2026", 1).await;
    }
    let late = house.later("2026-12-06T01:00:00Z");
    let target = late.app.national.clone().expect("target");
    Deliver::new(late.app.clone(), target, 1).run().await.expect("a run");
    let order: Vec<String> = server
        .asked()
        .iter()
        .filter(|asked| asked.path == SEND)
        .map(|asked| opened(asked)["Data"]["Body"]["HOSO_CBCCVC"]["SoHieuCBCCVC_BNDP"].to_string())
        .collect();
    assert_eq!(order, ["\"GL-00003\"", "\"GL-00002\"", "\"GL-00001\""]);
    let mut states = late.states("national").await;
    states.sort();
    assert_eq!(states, ["acknowledged", "acknowledged", "unknown"]);
}

#[tokio::test]
async fn asking_back_is_spaced_like_sending() {
    struct Deaf(TargetId, AtomicUsize);
    #[async_trait]
    impl Target for Deaf {
        fn id(&self) -> &TargetId {
            &self.0
        }
        fn resend_is_harmless(&self) -> bool {
            false
        }
        fn longest_attempt(&self) -> Duration {
            Duration::from_secs(1)
        }
        async fn check(&self) -> Vec<Finding> {
            Vec::new()
        }
        async fn send(&self, _: &Item) -> Answer {
            let finding = Finding::warning("LT-TST-002", Text::new("a", "a"), Text::new("b", "b"));
            if self.1.load(Ordering::SeqCst) > 0 {
                return Answer::NotSent { finding, disposition: Disposition::RetryLater, retry_after: None };
            }
            Answer::Unknown { finding, retry_after: None }
        }
        async fn read_back(&self, _: &Item) -> ReadBack {
            self.1.fetch_add(1, Ordering::SeqCst);
            ReadBack::Failed(Finding::warning("LT-TST-003", Text::new("a", "a"), Text::new("b", "b")))
        }
    }
    let (_folder, store) = one().await;
    let house = house("http://127.0.0.1:9", &store).await;
    let deaf = Arc::new(Deaf(house.target(), AtomicUsize::new(0)));
    let mut now = house.app.clock.now();
    for attempts in 1..=12 {
        let house = house.later(&now.to_rfc3339());
        Deliver::new(house.app.clone(), deaf.clone(), 1).run().await.expect("a run");
        let line = house.newest("national").await.2;
        assert_eq!((line.state.as_str(), line.attempts), ("unknown", attempts), "never sent a second time");
        now = line.next_try_at;
    }
    assert_eq!(deaf.1.load(Ordering::SeqCst), 11);
}
