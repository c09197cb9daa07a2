//! Refused decisions an older version left behind.

use crate::delivery_evaluation::{approval, approving, decide, kept};
use crate::support::installation::{Installed, Targets};
use crate::support::stores::{both, run_sql};
use serde_json::json;

#[tokio::test]
async fn refused_decision_that_was_left_over_is_settled_past_one_that_cannot_be_read() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        let (events, server) = approving().await;
        let house = Installed::new(store, &Targets::evaluation(&server.base), "a", "2026-12-07T03:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026-Q4", 1, "80").await;
        house.provisional("GL-00001", "2026-Q4", 2, "81").await;
        for id in ["a1", "b1"] {
            let mut given = approval(id, 1, None);
            given["at"] = json!("2026-12-06T01:00:00Z");
            events.lock().expect("lock").push(given);
        }
        decide(&house).await;
        assert_eq!(kept(store).await.len(), 2, "{}", store.kind());
        let refused = store.refused_decisions().await.expect("read");
        let why = store.refused_decision(refused[0].0).await.expect("read").expect("refused").1;
        house.approve("GL-00001", "2026-Q4", 2).await;
        assert_eq!(
            store.refused_decisions().await.expect("read"),
            [],
            "{}: an approval settles them",
            store.kind()
        );
        // An older version left some behind.
        let before: Vec<_> = refused.iter().map(|(id, _)| (*id, Some(why.clone()))).collect();
        store.settle_decisions(&before).await.expect("as it was");
        run_sql(&config, "UPDATE decision SET refused = '7' WHERE key = 'a1'").await;
        let later = house.later("2026-12-08T03:00:00Z");
        let report = decide(&later).await;
        assert_eq!(report.failed, 1, "{}: {:?}", store.kind(), report.findings);
        let left = store.refused_decisions().await.expect("read");
        assert_eq!(left.len(), 1, "{}: b1 is settled", store.kind());
        assert_eq!(decide(&later).await.failed, 0, "{}", store.kind());
    }
}
