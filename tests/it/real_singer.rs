//! Two published Singer taps, pulled for real: an API and files.
//!
//! Run by `./test --real` alone, because the taps come from the package registry.

use crate::support::child_source::{ALL, TaskApi, pull, source};
use crate::support::environment::environment;
use lienthong::connector::{Cursor, PullMode};

#[tokio::test(flavor = "multi_thread")]
async fn real_tap_rest_api_is_pulled_goes_on_from_its_state_and_is_never_an_empty_system() {
    let api = TaskApi::start("khoa-dung").await;
    api.put(1..=250);
    let program = environment("singer-rest").join("bin/tap-rest-api-msdk");
    let program = program.to_str().expect("a path");
    let settings = [("program", program), ("api_url", &api.base)];
    let connector = source("singer-rest", &settings, &[("token", "khoa-dung")]);
    assert!(connector.check().await.is_empty());
    let first = pull(connector.as_ref(), ALL, None).await.expect("pulled");
    assert_eq!(first.keys, (1..=250).map(|id| format!("NV-{id}")).collect::<Vec<_>>());
    assert!(first.drafts.iter().all(|draft| draft.title.starts_with("Việc ")));
    let cursor = first.cursor.expect("a state");
    api.put(300..=301);
    let more = pull(connector.as_ref(), PullMode::Incremental, Some(Cursor(cursor))).await.expect("pulled");
    assert_eq!(more.keys, ["NV-250", "NV-300", "NV-301"], "the last one again, then what is new");
    assert!(api.asked().last().is_some_and(|asked| asked.contains("since=")), "{:?}", api.asked());
    let wrong = source("singer-rest", &settings, &[("token", "sai-khoa")]);
    let error = pull(wrong.as_ref(), PullMode::Incremental, None).await.expect_err("refused");
    assert!(error.finding.code == "LT-PRC-006" && !error.to_string().contains("sai-khoa"), "{error}");
    assert_eq!(wrong.check().await.first().map(|finding| finding.code.as_str()), Some("LT-PRC-006"));
}

#[tokio::test(flavor = "multi_thread")]
async fn real_tap_jsonl_reads_files_it_was_given_and_no_others() {
    let folder = tempfile::tempdir().expect("folder");
    let line = |id: u32| {
        format!(
            "{{\"id\":\"NV-{id}\",\"title\":\"Việc {id}\",\"status\":\"doing\",\"updated_at\":\"2026-11-01T00:00:00Z\"}}\n"
        )
    };
    let write = |name: &str, lines: std::ops::RangeInclusive<u32>, day: u64| {
        let path = folder.path().join(name);
        std::fs::write(&path, lines.map(line).collect::<String>()).expect("written");
        let time =
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_790_000_000 + day * 86_400);
        std::fs::File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(time))
            .expect("time");
    };
    write("a.jsonl", 1..=100, 0);
    let program = environment("singer-file").join("bin/tap-jsonl");
    let (program, place) = (program.to_str().expect("a path"), folder.path().to_str().expect("a path"));
    let connector = source("singer-file", &[("program", program), ("folder", place)], &[]);
    let first = pull(connector.as_ref(), ALL, None).await.expect("pulled");
    assert_eq!(first.keys.len(), 100);
    let again = pull(connector.as_ref(), ALL, None).await.expect("pulled");
    assert_eq!(again.hashes, first.hashes, "the same content is no change");
    write("b.jsonl", 101..=120, 1);
    let cursor = first.cursor.map(Cursor);
    let more = pull(connector.as_ref(), PullMode::Incremental, cursor).await.expect("pulled");
    assert!((101..=120).all(|id| more.keys.contains(&format!("NV-{id}"))), "{:?}", more.keys);
    let nowhere = source("singer-file", &[("program", program), ("folder", "/nowhere")], &[]);
    let error = pull(nowhere.as_ref(), ALL, None).await.expect_err("no such folder");
    assert_eq!(error.finding.code, "LT-PRC-027", "{error}");
}
