//! An unchanged Airbyte YAML manifest, run by the published airbyte-cdk as one of our connectors.
//!
//! Run by `./test --real` alone, because the CDK comes from the package registry.

use crate::support::child_source::{ALL, TaskApi, pull, source};
use crate::support::environment::environment;
use crate::support::project;
use lienthong::connector::{Cursor, PullMode};
use lienthong::error::Disposition;

#[tokio::test(flavor = "multi_thread")]
async fn real_airbyte_manifest_is_pulled_unchanged_and_goes_on_from_its_state() {
    let api = TaskApi::start("khoa-dung").await;
    api.put(1..=120);
    let program = environment("airbyte").join("bin/source-declarative-manifest");
    let yaml = project::root().join("tests/data/airbyte-tasks.yaml");
    let settings = [
        ("program", program.to_str().expect("a path")),
        ("manifest", yaml.to_str().expect("a path")),
        ("base_url", &api.base),
    ];
    let connector = source("airbyte-declarative", &settings, &[("token", "khoa-dung")]);
    assert!(connector.check().await.is_empty());
    let first = pull(connector.as_ref(), ALL, None).await.expect("pulled");
    assert_eq!(first.keys.len(), 120);
    assert!(first.drafts.iter().all(|draft| draft.title.starts_with("Việc ")));
    let cursor = first.cursor.expect("a state");
    api.put(300..=301);
    let more = pull(connector.as_ref(), PullMode::Incremental, Some(Cursor(cursor))).await.expect("pulled");
    assert_eq!(more.keys, ["NV-120", "NV-300", "NV-301"]);
    let wrong = source("airbyte-declarative", &settings, &[("token", "sai-khoa")]);
    let told = wrong.check().await;
    assert!(
        told.len() == 1 && told[0].code == "LT-PRC-021" && !told[0].to_string().contains("sai-khoa"),
        "{told:?}"
    );
    let error = pull(wrong.as_ref(), PullMode::Incremental, None).await.expect_err("refused");
    assert_eq!(error.finding.code, "LT-PRC-021", "{error}");
    assert_ne!(error.disposition, Disposition::GiveUp);
    let settings = [settings[0], ("manifest", "/nowhere.yaml"), settings[2]];
    let lost = source("airbyte-declarative", &settings, &[("token", "khoa-dung")]);
    let error = pull(lost.as_ref(), ALL, None).await.expect_err("no manifest");
    assert_eq!(error.finding.code, "LT-PRC-021", "{error}");
}
