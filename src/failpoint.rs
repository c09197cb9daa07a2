//! Named points at which the kill test ends the process, exactly as SIGKILL would.
//!
//! Owns the list of points and how a process dies at one. Without the feature `failpoints` a point is
//! nothing at all. A point that fires first writes its name to the file named by
//! `LIENTHONG_FAILPOINT_LOG`, so that the test can count how often each one really fired.

/// Every point, in the order in which data walks through them.
pub const POINTS: [&str; 9] = [
    "pull::before_commit",
    "pull::after_commit",
    "identify::before_save",
    "map::before_save",
    "score::before_save",
    "record::before_commit",
    "record::after_commit",
    "deliver::before_send",
    "deliver::after_send",
];

/// Ends the process here when the kill test asked for it.
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        fail::fail_point!($name, |_| $crate::failpoint::die($name))
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
