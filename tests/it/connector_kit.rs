//! The fourteen rules of `connector test`: ready-made manifests hold them, and each one that is provoked is caught.

use crate::support::project;
use lienthong::connector::kit::{self, Outcome, Verdict};
use std::path::{Path, PathBuf};

fn ready_made(name: &str) -> PathBuf {
    project::root().join("connectors").join(name)
}

async fn verdicts(folder: &Path) -> Vec<Verdict> {
    crate::support::install_tls();
    lienthong::connector::process::keeper_is(project::program());
    kit::judge(folder).await.unwrap_or_else(|findings| panic!("{}: {findings}", folder.display()))
}

fn outcome(verdicts: &[Verdict], rule: &str) -> Outcome {
    verdicts.iter().find(|verdict| verdict.rule == rule).expect("the rule").outcome.clone()
}

/// A copy of a ready-made folder whose manifest and samples are changed.
fn spoilt(name: &str, changes: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("folder");
    for part in ["samples", "expected"] {
        std::fs::create_dir(place.path().join(part)).expect("folder");
        for entry in std::fs::read_dir(ready_made(name).join(part)).expect("files").flatten() {
            std::fs::copy(entry.path(), place.path().join(part).join(entry.file_name())).expect("copied");
        }
    }
    std::fs::copy(ready_made(name).join("manifest.toml"), place.path().join("manifest.toml"))
        .expect("copied");
    for (file, from, to) in changes {
        let file = place.path().join(file);
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(text.contains(from), "{from} is not in {}", file.display());
        std::fs::write(&file, text.replacen(from, to, 1)).expect("written");
    }
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ready_made_manifest_holds_the_fourteen_rules() {
    let (mut told, mut provoked) = (String::new(), std::collections::BTreeSet::new());
    let folders = std::fs::read_dir(ready_made("")).expect("connectors/").flatten().map(|entry| entry.path());
    for folder in folders.filter(|folder| folder.join("manifest.toml").exists()) {
        let verdicts = verdicts(&folder).await;
        assert_eq!(verdicts.len(), 14);
        for verdict in verdicts {
            match verdict.outcome {
                Outcome::Broken(how) => {
                    told += &format!("{}: {}: {}\n", folder.display(), verdict.rule, how.en)
                }
                Outcome::Held(_) => drop(provoked.insert(verdict.rule)),
                Outcome::Unconcerned(_) => {}
            }
        }
    }
    assert!(told.is_empty(), "{told}");
    // Earlier versions exist of no manifest yet; every other rule was tried on one at least.
    assert_eq!(provoked.len(), 13, "{provoked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_rules_are_told_by_name() {
    // A password that is not marked, and one that is never sent: any secret would pass.
    let open = spoilt(
        "ward-desk",
        &[(
            "manifest.toml",
            "[settings.",
            "[settings.other_password]\nlabel = { vi = \"a\", en = \"a\" }\n[settings.",
        )],
    );
    assert!(matches!(outcome(&verdicts(open.path()).await, "secrets_are_marked"), Outcome::Broken(_)));

    let anyone = spoilt(
        "task-tracker",
        &[("manifest.toml", "value = \"{{ secrets.api_key }}\"", "value = \"{{ settings.base_url }}\"")],
    );
    for sample in std::fs::read_dir(anyone.path().join("samples")).expect("samples").flatten() {
        let text = std::fs::read_to_string(sample.path()).expect("text");
        let mut exchange: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        exchange["request"]["headers"] = serde_json::json!({});
        std::fs::write(sample.path(), exchange.to_string()).expect("written");
    }
    let judged = verdicts(anyone.path()).await;
    assert!(matches!(outcome(&judged, "check_fails"), Outcome::Broken(_)), "{judged:?}");

    // Who is not known sees less, and nobody asks who we are: that is no smaller system.
    for name in ["redmine-json", "redmine-xml"] {
        let asked = outcome(&verdicts(&ready_made(name)).await, "check_fails");
        assert!(matches!(&asked, Outcome::Held(how) if how.en == "LT-NET-008"), "{name}: {asked:?}");
        let text = std::fs::read_to_string(ready_made(name).join("manifest.toml")).expect("manifest");
        let (_, auth) = text.split_once("[auth]\n").expect("a section");
        let (auth, _) = auth.split_once("\n# By number").expect("the next section");
        let key = "kind = \"header\"\nname = \"X-Redmine-API-Key\"\nvalue = \"{{ secrets.api_key }}\"\n";
        let trusting = spoilt(name, &[("manifest.toml", auth, key)]);
        let judged = verdicts(trusting.path()).await;
        assert!(matches!(outcome(&judged, "check_fails"), Outcome::Broken(_)), "{name}: {judged:?}");
    }

    // No patience: a source that asks to wait is given up.
    let hasty =
        spoilt("kinto", &[("manifest.toml", "[transport]\n", "[transport]\nretry = { attempts = 1 }\n")]);
    assert!(matches!(outcome(&verdicts(hasty.path()).await, "waits_when_asked"), Outcome::Broken(_)));

    // A manifest that reads nothing.
    let nothing = spoilt("task-tracker", &[("manifest.toml", "key = \"id\"", "key = \"number\"")]);
    assert!(matches!(outcome(&verdicts(nothing.path()).await, "reads"), Outcome::Broken(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_version_that_asked_for_less_is_told() {
    let folder = spoilt("roundup", &[]);
    let earlier = folder.path().join("earlier");
    std::fs::create_dir(&earlier).expect("folder");
    let now = std::fs::read_to_string(folder.path().join("manifest.toml")).expect("manifest");
    std::fs::write(earlier.join("0.9.toml"), &now).expect("written");
    assert!(matches!(outcome(&verdicts(folder.path()).await, "takes_earlier_settings"), Outcome::Held(_)));
    let then = now
        .replace("settings.username", "settings.account")
        .replace("version = \"1.0\"", "version = \"0.9\"");
    std::fs::write(earlier.join("0.9.toml"), then).expect("written");
    let Outcome::Broken(how) = outcome(&verdicts(folder.path()).await, "takes_earlier_settings") else {
        panic!("a setting was renamed");
    };
    assert!(how.en.contains("username") && how.en.contains("0.9"), "{how:?}");
}
