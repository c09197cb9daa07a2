//! Programs nobody here wrote, from the Python package registry: each installed once into a folder of its own.
//!
//! Versions are pinned in `tests/data/NAME-requirements.txt`. The environments live in `.real/`, which the project
//! ignores; one whose list changed is made anew. Several tests may ask for one at the same time.

use super::project;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::process::Command;

/// The folder of an environment, installed when it is not there yet.
pub fn environment(name: &str) -> PathBuf {
    let root = project::root();
    let list = root.join(format!("tests/data/{name}-requirements.txt"));
    let wanted = std::fs::read(&list).expect("the list of its packages");
    let digest: String = Sha256::digest(&wanted).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let all = root.join(".real");
    let folder = all.join(format!("{name}-{digest}"));
    std::fs::create_dir_all(&all).expect(".real");
    // Tests are processes: whoever comes second waits here until the first is done.
    let lock = std::fs::File::create(all.join(format!("{name}.lock"))).expect("lock");
    lock.lock().expect("locked");
    let complete = folder.join("complete");
    if !complete.exists() {
        let run = |command: &mut Command| {
            let output = command.output().expect("starts");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name} cannot be installed (python3-venv is needed): {told}");
        };
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        run(Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&list));
        std::fs::write(&complete, "").expect("marker");
    }
    folder
}

/// A port of this machine that nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("port")
        .port()
}
