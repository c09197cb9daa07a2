//! A SOAP service made by spyne, kept in step by a manifest alone. Run by `./test --real` alone, because spyne comes
//! from its package registry.

use crate::support::soap::Register;
use crate::support::third_party::Beside;

/// Row E13: neither a fault nor a wrong password is an empty system.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_soap_service_is_kept_in_step_and_its_faults_are_errors() {
    let place = tempfile::tempdir().expect("folder");
    let system = Register::start(place.path()).await;
    let beside = Beside::new(place.path(), &system);
    beside.keeps_in_step(&system, 350).await;

    let before = beside.held().await;
    system.faults(true).await;
    for arguments in [&["sync", "theirs"][..], &["sync", "theirs", "--full"]] {
        let (exit, told) = beside.order(arguments);
        assert!(exit != 0 && told.to_string().contains("LT-XML-010"), "{exit} {told}");
        assert!(told.to_string().contains("being rebuilt"), "{told}");
    }
    assert_eq!(beside.held().await, before);
    system.faults(false).await;
    beside.good(&["sync", "theirs", "--full"]);

    beside.refuses_a_wrong_password("LT-XML-011").await;
}
