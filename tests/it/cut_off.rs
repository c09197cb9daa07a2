//! What a killed process and a clock that was set back leave behind is told: no pull runs for ever, and what was written
//! in the future does not stand there unnoticed.

use crate::support::installation::{Installed, Targets, at};
use crate::support::stores::both;
use lienthong::domain::SourceId;
use lienthong::error::{Finding, Text};
use lienthong::pipeline::command::Command;
use lienthong::store::RunKind;
use std::time::Duration;

const NOW: &str = "2026-11-24T08:00:00Z";
const LATER: &str = "2026-11-24T09:00:00Z";

#[tokio::test]
async fn pull_of_a_killed_process_is_closed_at_the_next_start_and_one_under_way_is_left_alone() {
    let both = both().await;
    for store in &both.stores {
        let told =
            Finding::warning("LT-RUN-040", Text::new("bị ngắt", "cut off"), Text::new("không", "nothing"));
        let [dead, alive] = ["snv", "chuse"].map(|id| SourceId::new(id).expect("id"));
        for source in [&dead, &alive] {
            store.begin_run(source, RunKind::Full, at(NOW)).await.expect("begun");
        }
        let minute = Duration::from_secs(60);
        store.acquire_lease("step:pull:chuse", "b/1-x", minute).await.expect("lease").expect("free");
        let closed = async || store.close_cut_off_runs(&told, at(LATER)).await.expect("closed");
        assert_eq!(closed().await, 1, "{}", store.kind());
        let run = store.runs(&dead, i64::MAX, 1).await.expect("runs").remove(0);
        assert_eq!(
            (run.outcome.as_deref(), run.ended_at),
            (Some("failed"), Some(at(LATER))),
            "{}",
            store.kind()
        );
        assert_eq!(run.findings[0].code, "LT-RUN-040");
        let run = store.runs(&alive, i64::MAX, 1).await.expect("runs").remove(0);
        assert_eq!((run.outcome, run.ended_at), (None, None), "{}: somebody pulls it", store.kind());
        assert_eq!(closed().await, 0);
        store.release_lease("step:pull:chuse", "b/1-x").await.expect("released");
        assert_eq!(closed().await, 1, "{}: and now nobody", store.kind());
    }
}

#[tokio::test]
async fn entries_of_the_future_are_told_by_the_status_also_after_others_were_written() {
    let both = both().await;
    for store in &both.stores {
        let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
        let note = async |moment: &str| {
            store.note(at(moment), "Quản trị", "noted", "thử".to_owned(), None).await.expect("noted");
        };
        let told = async || {
            let outcome = house.ordered(Command::Status {}).await;
            outcome.findings.into_iter().find(|finding| finding.code == "LT-RUN-041")
        };
        note(NOW).await;
        assert_eq!(told().await, None, "{}", store.kind());
        note("2029-11-24T08:00:00Z").await;
        note(NOW).await;
        let finding = told().await.expect("told");
        assert!(
            finding.what.vi.contains("24/11/2029 15:00") && finding.what.vi.contains("ngày"),
            "{finding}"
        );
        assert!(finding.what.en.contains("days after the present moment"), "{finding}");
    }
}
