//! The tests' own PostgreSQL clusters end with whatever started them.
//!
//! Owns that nothing of a cluster stays on the machine: what a thousand tests leave behind stops the next thousand. Must not
//! know what is stored in one. On failure some part of a server outlived it.

use crate::support::postgres::Cluster;
use std::fs;
use std::path::PathBuf;

/// Number of the segment of shared memory a running server holds, as the seventh line of its file says.
fn segment(cluster: &Cluster) -> String {
    let said = fs::read_to_string(cluster.folder().join("data/postmaster.pid")).expect("postmaster.pid");
    let line = said.lines().nth(6).expect("seventh line");
    line.split_whitespace().nth(1).expect("key and number").to_owned()
}

fn held(segment: &str) -> bool {
    let all = fs::read_to_string("/proc/sysvipc/shm").expect("segments of this machine");
    all.lines().any(|line| line.split_whitespace().nth(1) == Some(segment))
}

#[test]
fn cluster_that_is_dropped_leaves_neither_folder_nor_shared_memory() {
    let cluster = Cluster::start();
    let (segment, folder) = (segment(&cluster), PathBuf::from(cluster.folder()));
    assert!(held(&segment), "the server holds {segment}");
    drop(cluster);
    assert!(!held(&segment), "{segment} stayed on the machine");
    assert!(!folder.exists());
}
