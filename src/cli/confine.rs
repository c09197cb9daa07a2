//! The hidden subcommand that stands between the daemon and a child program of a source.
//!
//! Owns its arguments and nothing else; what it does is `connector::process::keeper`. It runs before any run time,
//! language or configuration. People have no use for it, so it has no help.

use crate::connector::process::keeper;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs it where the arguments ask for it: `confine [--inner] -- PROGRAM ARGUMENTS…`.
pub fn asked(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, first, rest @ ..] = arguments else { return None };
    if first != "confine" {
        return None;
    }
    let (inner, rest) = match rest {
        [flag, rest @ ..] if flag == "--inner" => (true, rest),
        rest => (false, rest),
    };
    let program = match rest {
        [dashes, program @ ..] if dashes == "--" => program,
        program => program,
    };
    Some(ExitCode::from(keeper::keep(inner, program)))
}
