//! Systems nobody here wrote, kept in step by their ready-made manifests. Run by `./test --real` alone, because they
//! come from their package registries.

use crate::support::kinto::{Kinto, READER};
use crate::support::radicale::Radicale;
use crate::support::roundup::Roundup;
use crate::support::third_party::Beside;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_roundup_is_kept_in_step_through_three_hundred_changes() {
    let place = tempfile::tempdir().expect("folder");
    let system = Roundup::start(place.path()).await;
    let beside = Beside::new(place.path(), &system);
    beside.keeps_in_step(&system, 350).await;
    beside.refuses_a_wrong_password("LT-NET-009").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_kinto_is_kept_in_step_through_three_hundred_changes() {
    let place = tempfile::tempdir().expect("folder");
    let system = Kinto::start(place.path(), READER).await;
    let beside = Beside::new(place.path(), &system);
    beside.keeps_in_step(&system, 900).await;
    beside.refuses_a_wrong_password("LT-NET-009").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_radicale_is_kept_in_step_through_three_hundred_changes() {
    let place = tempfile::tempdir().expect("folder");
    let system = Radicale::start(place.path()).await;
    let beside = Beside::new(place.path(), &system);
    beside.keeps_in_step(&system, 300).await;
    beside.refuses_a_wrong_password("LT-NET-009").await;
}
