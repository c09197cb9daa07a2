//! What came after an approval, by our own clock: none of its grounds, and named as what moved the figures since.

use super::*;

#[tokio::test]
async fn decision_that_came_after_an_approval_is_none_of_its_grounds_whenever_it_was_made() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let approved = approved(&house).await;
        let person = house.person(BINH).await;
        let words = |key: &str, at| Decision {
            kind: DecisionKind::Remarks {
                strengths: Some(format!("words {key}")),
                weaknesses: None,
                comment: None,
                minutes: None,
            },
            ..points(&format!("words {key}"), person, at, "1")
        };
        // The software's clock is five minutes ahead of ours; what was too late lay there since yesterday.
        for (key, each, at, kept_at) in [
            ("in time", "1.5", TimeDelta::minutes(5), -TimeDelta::minutes(1)),
            ("too late", "0.5", -TimeDelta::days(1), TimeDelta::minutes(1)),
        ] {
            let at = approved.at + at;
            let decisions = [points(key, person, at, each), words(key, at)];
            store.append_decisions("software", &decisions, approved.at + kept_at).await.expect("kept");
        }
        let told =
            async |revision| explained(&house, revision).await.0["explanation"]["decisions"].to_string();
        let official = told(Some(approved.revision)).await;
        assert!(
            official.contains("in time") && !official.contains("too late"),
            "{}: {official}",
            store.kind()
        );
        assert!(told(None).await.contains("too late"), "{}", store.kind());
        let form = printed(&house, Form::Form01, approved.revision).await;
        assert!(form.contains("words in time") && !form.contains("too late"), "{}: {form}", store.kind());
        let annex = printed(&house, Form::Explanation, approved.revision).await;
        assert!(annex.contains("in time") && !annex.contains("too late"), "{}: {annex}", store.kind());
    }
}

#[tokio::test]
async fn decision_made_before_the_figures_and_read_after_them_is_named_as_what_moved_them() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let approved = approved(&house).await;
        let (person, quarter) = (house.person(BINH).await, period("2026-Q4"));
        let score = store.score(person, quarter, FULL_PERIOD).await.expect("read").expect("a score");
        let late = points("late", person, score.computed_at, "1");
        store.append_decisions("software", &[late], approved.at + TimeDelta::minutes(1)).await.expect("kept");
        scored(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let told = store.difference(person, quarter).await.expect("read").expect("it moved");
        assert_eq!(told.code, "LT-REC-006", "{}", store.kind());
        for said in ["; because: General criteria: GL-00990 ", ", read 2027-01-05"] {
            assert!(told.what.en.contains(said), "{}: {said} in {}", store.kind(), told.what.en);
        }
    }
}

#[tokio::test]
async fn what_was_seen_of_a_task_after_an_approval_is_told_neither_by_its_explanation_nor_by_its_annex() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let approved = approved(&house).await;
        let said = json!({
            "external_id": "3", "title": "Báo cáo 3", "assignee": { "kind": "staff_number", "value": BINH },
            "due": { "day": "2026-11-20", "time": null }, "completed_at": null, "status": "returned",
            "doc_type": "Công văn", "category": "VB đến", "doc_number": null
        });
        shown(&house, said).await;
        let events = async |revision| {
            let events = explained(&house, revision).await.0["explanation"]["events"]["snv/3"].clone();
            let events = events.as_array().expect("events").clone();
            events.iter().map(|one| one["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>()
        };
        let late = "returned".to_owned();
        assert!(events(None).await.contains(&late), "{}", store.kind());
        let official = events(Some(approved.revision)).await;
        assert!(!official.is_empty() && !official.contains(&late), "{}: {official:?}", store.kind());
        let annex = printed(&house, Form::Explanation, approved.revision).await;
        assert!(annex.contains("(thấy ") && !annex.contains("Trả lại"), "{}: {annex}", store.kind());
    }
}
