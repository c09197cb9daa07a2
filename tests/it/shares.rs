//! Shares of products over real stores: the preview and what then comes, the second person, the way back.

use crate::review::{AN, BINH, REPORT, choose, codes, house, scored, stored, task, told, undo};
use crate::support::installation::{CHIEF, Installed, whom};
use crate::support::stores::both;
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, ShareEntry};
use lienthong::store::Store;
use serde_json::{Value, json};

const NOW: &str = "2027-01-05T01:00:00Z";
/// Somebody without a stake or a share.
const BA: &str = "GL-00003";
const OFFICE: &str = "UBND tỉnh";

/// Two people with tasks done and open, all of them mapped; gives the number of the open one of the first.
async fn at_work(store: &Store) -> (Installed, i64) {
    let house = house(store).await;
    house.import(&[(AN, "Nguyễn Văn An"), (BINH, "Trần Thị Bình"), (BA, "Lê Văn Ba")]).await;
    task(&house, "1", AN, REPORT, Some("2026-11-19T01:00:00Z")).await;
    let open = task(&house, "2", AN, "Xây dựng đề án vị trí việc làm của sở", None).await;
    task(&house, "3", BINH, "Góp ý dự thảo kế hoạch phòng chống dịch bệnh", Some("2026-11-19T01:00:00Z"))
        .await;
    house.ordered(choose(&["1", "3"], "SP-1", OFFICE)).await;
    house.ordered(choose(&["2"], "SP-2", OFFICE)).await;
    scored(&house).await;
    (house, open)
}

fn share(parts: &[(&str, u32)], author: &str, dry_run: bool) -> Command {
    let part = |(who, percent): &(&str, u32)| ShareEntry {
        person: Some(whom(who)),
        period: None,
        percent: Some((*percent).into()),
    };
    Command::MappingShare {
        task: "snv:2".parse().expect("task"),
        parts: parts.iter().map(part).collect(),
        document: (author == OFFICE).then(|| "12/QĐ-UBND".into()),
        author: author.into(),
        reason: "đóng góp thực tế".into(),
        dry_run,
    }
}

fn number(told: &Value) -> i64 {
    told["decision"]["decision"].as_i64().expect("number")
}

async fn figures(house: &Installed) -> [(Option<String>, Option<String>); 3] {
    [stored(house, AN).await, stored(house, BINH).await, stored(house, "GL-00990").await]
}

#[tokio::test]
async fn preview_of_shares_shows_whose_scores_move_and_they_move_like_that() {
    let both = both().await;
    for store in &both.stores {
        let (house, open) = at_work(store).await;
        let untouched = figures(&house).await;
        // Whoever comes to share in a task of somebody else, and then does no more, is among them.
        for parts in [&[(AN, 50), (BINH, 30)][..], &[(AN, 60)], &[]] {
            let before = figures(&house).await;
            let preview = told(&house.ordered(share(parts, CHIEF, true)).await);
            assert_eq!(preview["decision"]["state"], "preview", "{preview}");
            scored(&house).await;
            assert_eq!(figures(&house).await, before, "{}: a preview", store.kind());
            let entered = told(&house.ordered(share(parts, CHIEF, false)).await);
            assert_eq!(entered["moved"], preview["moved"], "{}", store.kind());
            scored(&house).await;
            let moved = entered["moved"].as_array().expect("rows");
            let after = figures(&house).await;
            for (who, (before, after)) in [AN, BINH, "GL-00990"].into_iter().zip(before.iter().zip(&after)) {
                let row = moved.iter().find(|row| row["person"] == who);
                let shown = row.map(|row| (row["before"].as_str(), row["after"].as_str()));
                let came = (before != after).then_some((before.0.as_deref(), after.0.as_deref()));
                assert_eq!(shown, came, "{who} {parts:?} {}", store.kind());
            }
            assert!(moved.iter().any(|row| row["person"] == AN || row["person"] == BINH), "{parts:?}");
        }
        assert_eq!(figures(&house).await, untouched, "whole again");
        assert!(store.shares_of_task(open).await.expect("shares").is_empty());
        let again = told(&house.ordered(share(&[], CHIEF, false)).await);
        assert!(again["message"].as_str().is_some_and(|text| text.contains("nothing changes")), "{again}");
        assert_eq!(store.verify_audit().await.expect("walked"), None);
    }
}

#[tokio::test]
async fn shares_count_once_a_second_person_without_a_part_in_them_confirmed() {
    let both = both().await;
    for store in &both.stores {
        let (house, open) = at_work(store).await;
        let policy = Policy { four_eyes: true, ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        let untouched = figures(&house).await;
        let parts = [(AN, 50), (BINH, 30)];
        assert_eq!(codes(&house.order(share(&parts, OFFICE, false)).await), ["LT-MAP-039"]);
        let asked = house.ordered(share(&parts, CHIEF, false)).await;
        assert_eq!(codes(&asked), ["LT-MAP-036"]);
        let id = number(&told(&asked));
        scored(&house).await;
        assert_eq!(figures(&house).await, untouched, "{}", store.kind());
        assert!(store.shares_of_task(open).await.expect("shares").is_empty());
        let listed = Command::MappingDecisions { id: None, waiting: true, limit: 9 };
        let waiting = told(&house.ordered(listed).await);
        assert_eq!(
            (&waiting[0]["kind"], &waiting[0]["decision"]),
            (&json!("share"), &json!(id)),
            "{waiting}"
        );
        let shown = Command::MappingDecisions { id: Some(id), waiting: false, limit: 9 };
        let kept = told(&house.ordered(shown.clone()).await);
        let says = (&kept["tasks"][0]["before"], &kept["tasks"][0]["after"]);
        assert_eq!(says, (&json!("whole"), &json!([format!("{AN} 50 %"), format!("{BINH} 30 %")])), "{kept}");
        let confirm = |id: i64, author: &str| Command::MappingConfirm { id, author: author.into() };
        assert_eq!(codes(&house.order(confirm(id, "GL-00990 Trưởng")).await), ["LT-MAP-038"]);
        assert_eq!(codes(&house.order(confirm(id, AN)).await), ["LT-MAP-032"], "it is his own task");
        assert_eq!(codes(&house.order(confirm(id, BINH)).await), ["LT-MAP-032"], "she gets a part of it");
        let confirmed = told(&house.ordered(confirm(id, BA)).await);
        assert_eq!(confirmed["moved"], told(&asked)["moved"], "{}", store.kind());
        scored(&house).await;
        assert_ne!(figures(&house).await, untouched, "{}", store.kind());
        assert_eq!(store.shares_of_task(open).await.expect("shares").len(), 2);
        // Taken back by two as well; what never counted by one.
        let back = number(&told(&house.ordered(undo(id, CHIEF)).await));
        assert_eq!(store.shares_of_task(open).await.expect("shares").len(), 2);
        house.ordered(confirm(back, BA)).await;
        scored(&house).await;
        assert_eq!(figures(&house).await, untouched, "{}", store.kind());
        assert!(store.shares_of_task(open).await.expect("shares").is_empty());
        assert_eq!(told(&house.ordered(shown).await)["decision"]["state"], "undone");
        assert_eq!(codes(&house.order(undo(id, CHIEF)).await), ["LT-MAP-034"]);
        let never = number(&told(&house.ordered(share(&parts, CHIEF, false)).await));
        house.ordered(undo(never, CHIEF)).await;
        assert_eq!(codes(&house.order(confirm(never, BA)).await), ["LT-MAP-037"]);
        // Two orders seen with the same parts before them: the second is about something that is no more.
        let [first, second] = [
            number(&told(&house.ordered(share(&parts, CHIEF, false)).await)),
            number(&told(&house.ordered(share(&[(AN, 10)], CHIEF, false)).await)),
        ];
        house.ordered(confirm(first, BA)).await;
        assert_eq!(codes(&house.order(confirm(second, BA)).await), ["LT-DB-009"]);
        assert_eq!(store.shares_of_task(open).await.expect("shares").len(), 2);
        assert_eq!(store.verify_audit().await.expect("walked"), None);
    }
}

#[tokio::test]
async fn shares_taken_back_stand_as_they_stood_before_and_newer_ones_are_left() {
    let both = both().await;
    for store in &both.stores {
        let (house, open) = at_work(store).await;
        let first = number(&told(&house.ordered(share(&[(AN, 50), (BINH, 30)], CHIEF, false)).await));
        let stood = store.shares_of_task(open).await.expect("shares");
        let second = number(&told(&house.ordered(share(&[(AN, 80)], CHIEF, false)).await));
        assert_eq!(codes(&house.order(undo(first, CHIEF)).await), ["LT-MAP-034"], "shared otherwise since");
        let refused = house.order(undo(second, BA)).await;
        assert_eq!(codes(&refused)[0], "LT-AUT-001", "{}: he may not share it", store.kind());
        house.ordered(undo(second, CHIEF)).await;
        assert_eq!(store.shares_of_task(open).await.expect("shares"), stood, "{}", store.kind());
        house.ordered(undo(first, CHIEF)).await;
        assert!(store.shares_of_task(open).await.expect("shares").is_empty(), "{}", store.kind());
        scored(&house).await;
        assert_eq!(house.ordered(Command::ScoreVerify {}).await.exit, 0, "{}", store.kind());
    }
}
