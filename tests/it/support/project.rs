//! Where the project stands and where its program is, whatever folder the tests run in.
//!
//! Owns the two paths and nothing that is done with them.

use std::path::Path;

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project")
}

/// The program, built by the command that built the tests (`tests/Cargo.toml` says how).
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_lienthong-tested"))
}
