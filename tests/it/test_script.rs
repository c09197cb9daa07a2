//! The script `test` on a machine whose rustup has no default toolchain, with stand-ins for what it calls.

use crate::support::project;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// As rustup's cargo without a default: nothing works unless the toolchain is named. Nextest is there once installed.
const CARGO: &str = "#!/bin/sh\nprintf '%s %s\\n' \"$PWD\" \"$*\" >>\"$LOG\"\ncase \"$*\" in\n\
    *' nextest --version') [ -e \"$LOG.installed\" ] ;;\n\
    '+'*' install cargo-nextest '*) : >\"$LOG.installed\" ;;\n\
    '+'*) ;;\n\
    *) echo 'no default is configured' >&2; exit 1 ;;\nesac\n";

fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("mode");
}

#[test]
fn without_a_default_toolchain_nextest_is_installed_and_run_with_the_pinned_one() {
    let root = project::root();
    let pinned = std::fs::read_to_string(root.join("rust-toolchain.toml")).expect("the pin");
    let pinned = pinned.lines().find_map(|line| line.strip_prefix("channel = ")).expect("a channel");
    let channel = format!("+{}", pinned.trim_matches('"'));
    let folder = tempfile::tempdir().expect("folder");
    program(folder.path(), "cargo", CARGO);
    program(folder.path(), "rustup", "#!/bin/sh\nexit 0\n");
    // Whatever this machine lacks is not installed by a test.
    for name in ["apt-get", "sudo", "tee", "rm", "chmod"] {
        program(folder.path(), name, "#!/bin/sh\nexit 0\n");
    }
    let log = folder.path().join("log");
    let path = std::env::var("PATH").expect("a search path");
    let output = Command::new(root.join("test"))
        .arg("scoring")
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("LOG", &log)
        .output()
        .expect("starts");
    let calls = std::fs::read_to_string(log).expect("the calls");
    assert!(output.status.success(), "{calls}{}", String::from_utf8_lossy(&output.stderr));
    assert!(calls.contains(&format!("/ {channel} install cargo-nextest --locked")), "{calls}");
    let last = calls.lines().last().expect("a call");
    let run = format!("{} {channel} nextest run --workspace --locked --features failpoints", root.display());
    assert!(last.starts_with(&run) && last.ends_with(" scoring"), "{calls}");
}
