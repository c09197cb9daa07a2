//! Named points at which the kill test ends the process, exactly as SIGKILL would, and named faults, which other tests
//! let happen while the process lives on.
//!
//! Owns the lists and how a process dies at a point. Without the feature `failpoints` points and faults are
//! nothing at all. A point that fires first writes its name to the file named by
//! `LIENTHONG_FAILPOINT_LOG`, so that the test can count how often each one really fired.

/// Every point: those of the start, then in the order in which data walks through them.
pub const POINTS: [&str; 33] = [
    "start::before_migration",
    "start::after_migration",
    "start::after_imports",
    "start::after_take_over",
    "start::before_ready",
    "pull::before_begin",
    "pull::before_commit",
    "pull::inside_commit",
    "pull::after_commit",
    "pull::before_gone",
    "pull::after_gone",
    "pull::before_finish",
    "identify::before_save",
    "identify::after_save",
    "map::before_save",
    "map::after_save",
    "score::before_save",
    "score::after_save",
    "record::before_commit",
    "record::after_commit",
    "record::before_followed",
    "decide::before_keep",
    "decide::after_keep",
    "decide::before_commit",
    "decide::after_commit",
    "close::before_commit",
    "close::after_commit",
    "deliver::after_claim",
    "deliver::before_send",
    "deliver::after_send",
    "deliver::inside_receipt",
    "deliver::after_receipt",
    "deliver::after_read_back",
];

/// Points that an order alone reaches: those of the rotation of the field key.
pub const OF_ORDERS: [&str; 2] = ["rotate::inside_commit", "rotate::after_commit"];

/// Every fault: work that fails or panics here when a test asks for it (`return`, `panic`), as a bug or a broken
/// disk would make it.
pub const FAULTS: [&str; 2] = ["pull::inside_packing", "map::inside_training"];

/// Ends the process here when the kill test asked for it. With an error, whose name stands in [`FAULTS`]: panics here,
/// or leaves the function with it, when a test asked for that.
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        fail::fail_point!($name, |_| $crate::failpoint::die($name))
    };
    ($name:literal, $error:expr) => {
        fail::fail_point!($name, |_| Err($error))
    };
}

/// Reads which points are armed from the environment (`FAILPOINTS`); call once at start.
/// The returned value keeps them armed.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn arm() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}

/// Writes the point's name and kills this process without running any destructor.
#[cfg(feature = "failpoints")]
pub fn die(name: &str) -> ! {
    use std::io::Write as _;
    if let Some(path) = std::env::var_os("LIENTHONG_FAILPOINT_LOG")
        && let Ok(mut log) = std::fs::OpenOptions::new().create(true).append(true).open(path)
    {
        // A log that cannot be written shows up as a point that never fired, which fails the test.
        let _ = writeln!(log, "{name}");
    }
    let own = rustix::process::getpid();
    let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
    // SIGKILL cannot be survived; should the signal be late, die anyway.
    std::process::abort()
}
