//! A step that fails is told by the status, not by the page alone, until it succeeds.

use crate::review::{house, told};
use crate::support::stores::both;
use async_trait::async_trait;
use lienthong::error::{Finding, Severity, Text};
use lienthong::pipeline::command::Command;
use lienthong::pipeline::step::{Step, StepReport};
use lienthong::schedule::Driver;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A step that fails as one does on a full disk, until it is mended.
struct Broken(AtomicBool);

#[async_trait]
impl Step for Broken {
    fn name(&self) -> &'static str {
        "score"
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(10)
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let text = || Text::new("đầy", "full");
        match self.0.load(Ordering::SeqCst) {
            true => Err(Finding::error("LT-DB-001", text(), text())),
            false => Ok(StepReport::default()),
        }
    }
}

#[tokio::test]
async fn step_that_fails_stands_in_the_status_until_it_succeeds() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let app = &house.app;
        let bells = app.bells.clone();
        let driver = Driver::new(store.clone(), app.clock, "a".into(), bells, app.failing.clone());
        let step = Arc::new(Broken(AtomicBool::new(true)));
        let status = async || {
            let outcome = house.order(Command::Status {}).await;
            let of_step = outcome.findings.iter().find(|finding| finding.code == "LT-DB-001").cloned();
            let shown = told(&outcome);
            let rows = shown["steps"].as_array().cloned().unwrap_or_default();
            let code = rows.iter().find(|row| row["step"] == "score").map(|row| row["code"].clone());
            (outcome.exit, of_step, code.unwrap_or_default())
        };
        let waited = async |fails: bool| {
            for _ in 0..1_000 {
                if app.failing.all().contains_key("score") == fails {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("the step never ran");
        };
        assert_eq!(status().await, (0, None, serde_json::Value::Null));
        driver.start(step.clone());
        waited(true).await;
        let (exit, finding, code) = status().await;
        let finding = finding.expect("told");
        assert_eq!((exit, finding.severity, code), (0, Severity::Warning, "LT-DB-001".into()));
        let place = finding.place.map(|place| place.what).unwrap_or_default();
        match store.file() {
            Some(file) => assert_eq!(place, file.display().to_string(), "whose disk it is"),
            None => assert_eq!(place, "step score"),
        }
        step.0.store(false, Ordering::SeqCst);
        waited(false).await;
        assert_eq!(status().await.2, serde_json::Value::Null);
        assert!(driver.stop(Duration::from_secs(5)).await);
    }
}
