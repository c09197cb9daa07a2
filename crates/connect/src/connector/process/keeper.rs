//! The process that stands between the daemon and a child program and leaves none of it behind.
//!
//! Owns the program's whole family: it adopts what the program's children leave behind (`PR_SET_CHILD_SUBREAPER`), so
//! a grandchild in a session of its own is still found; it counts processes and memory, keeps the total time, and ends
//! everything when the program ends, when its own input ends (the daemon dropped the pull, or died) or when a bound is
//! passed: SIGTERM, then SIGKILL to every group and process until the system says that none is left. It must not know
//! protocols; it reads and writes nothing of the program's. How it ended stands in a file the program cannot reach.

use super::census::{self, Process};
use super::confinement::{Confinement, NOT_BEGUN, VARIABLE};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpgrp, getpid, kill_process, kill_process_group,
    set_child_subreaper, wait,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long everything has after SIGTERM.
pub const GRACE: Duration = Duration::from_secs(4);

/// How long what the program left behind has after SIGTERM, once the program itself has ended.
const GRACE_OF_THE_LEFT: Duration = Duration::from_millis(500);

/// How often processes and memory are counted.
const COUNTED: Duration = Duration::from_millis(400);

/// How often SIGKILL is sent again: what forks while it is killed is caught the next time.
const KILLED_AGAIN: Duration = Duration::from_millis(10);

/// How long SIGKILL is tried; a process that the kernel holds in a call survives it for as long.
const KILLING: Duration = Duration::from_secs(10);

/// Why the keeper ended the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// Nobody wants it any more.
    Dropped,
    /// It ran longer than it may.
    TotalTime,
    /// It had more processes than it may.
    Processes,
    /// They used more memory than they may.
    Memory,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its exit code.
    pub exit: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why the keeper ended it; none where it ended by itself.
    pub stopped: Option<Stopped>,
    /// Processes it left behind that had to be ended.
    pub left_behind: u32,
    /// Processes that could not be ended.
    pub survivors: u32,
}

enum Event {
    /// The daemon is gone or wants no more.
    Dropped,
    /// A process of the family ended.
    Ended(Pid, WaitStatus),
    /// None is left.
    Alone,
}

/// Runs a program under the confinement of the environment variable and gives the exit code. `inner` is the second
/// step, in which the process becomes the program.
pub fn keep(inner: bool, program: &[OsString]) -> u8 {
    let order = std::env::var(VARIABLE).ok().and_then(|text| serde_json::from_str::<Confinement>(&text).ok());
    let Some(order) = order else {
        eprintln!("lienthong confine: not for people");
        return NOT_BEGUN;
    };
    if inner {
        eprintln!("lienthong confine: {}", order.become_program(program));
        return NOT_BEGUN;
    }
    // Without it, what daemonises itself could not be found again: then nothing is begun.
    if let Err(error) = set_child_subreaper(Some(getpid())) {
        eprintln!("lienthong confine: {error}");
        return NOT_BEGUN;
    }
    let spawned = Command::new("/proc/self/exe")
        .arg0("lienthong")
        .args(["confine", "--inner", "--"])
        .args(program)
        .stdin(Stdio::null())
        .spawn();
    let child = match spawned {
        Ok(child) => child,
        Err(error) => {
            eprintln!("lienthong confine: {error}");
            return NOT_BEGUN;
        }
    };
    let Some(first) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return NOT_BEGUN };
    let (sender, events) = channel();
    watch(sender);
    let keeper = Keeper { order, first, began: Instant::now(), ended: Ended::default() };
    keeper.run(&events)
}

/// Waits on threads of their own: one for the end of the input, one for children that end.
fn watch(sender: Sender<Event>) {
    let input = sender.clone();
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut nothing = [0; 64];
        while stdin.read(&mut nothing).is_ok_and(|bytes| bytes > 0) {}
        // Where nobody listens any more the keeper is at its end.
        let _ = input.send(Event::Dropped);
    });
    std::thread::spawn(move || {
        loop {
            let event = match wait(WaitOptions::empty()) {
                Ok(Some((pid, status))) => Event::Ended(pid, status),
                Ok(None) | Err(rustix::io::Errno::INTR) => continue,
                Err(_) => Event::Alone,
            };
            let over = matches!(event, Event::Alone);
            if sender.send(event).is_err() || over {
                return;
            }
        }
    });
}

struct Keeper {
    order: Confinement,
    /// The program itself.
    first: Pid,
    began: Instant,
    ended: Ended,
}

impl Keeper {
    fn run(mut self, events: &Receiver<Event>) -> u8 {
        let grace = match self.watch_over(events) {
            Some(Stopped::Processes | Stopped::Memory) => Duration::ZERO,
            Some(Stopped::Dropped | Stopped::TotalTime) => GRACE,
            None => GRACE_OF_THE_LEFT,
        };
        self.end_all(events, grace);
        if self.ended.stopped == Some(Stopped::Dropped) {
            // Nobody else is there to do it.
            let _ = std::fs::remove_dir_all(&self.order.folder);
        } else {
            let text = serde_json::to_vec(&self.ended).unwrap_or_default();
            if let Err(error) = std::fs::write(self.order.ended(), text) {
                eprintln!("lienthong confine: {error}");
            }
        }
        self.ended.exit.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
    }

    /// Until the program ends or has to.
    fn watch_over(&mut self, events: &Receiver<Event>) -> Option<Stopped> {
        let total = Duration::from_millis(self.order.total_ms);
        let mut counted = Instant::now();
        self.ended.stopped = loop {
            match events.recv_timeout(COUNTED) {
                Ok(Event::Ended(pid, status)) => {
                    if self.note(pid, status) {
                        break None;
                    }
                }
                Ok(Event::Alone) | Err(RecvTimeoutError::Disconnected) => break None,
                Ok(Event::Dropped) => break Some(Stopped::Dropped),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.began.elapsed() >= total {
                break Some(Stopped::TotalTime);
            }
            if counted.elapsed() >= COUNTED {
                counted = Instant::now();
                if let Some(bound) = self.passed_bound() {
                    break Some(bound);
                }
            }
        };
        self.ended.stopped
    }

    fn passed_bound(&self) -> Option<Stopped> {
        let family = family();
        let pages: u64 = family.iter().map(|process| process.pages).sum();
        let bytes = pages.saturating_mul(rustix::param::page_size() as u64);
        if family.len() > self.order.processes as usize {
            Some(Stopped::Processes)
        } else if bytes > u64::from(self.order.memory_mib) * 1024 * 1024 {
            Some(Stopped::Memory)
        } else {
            None
        }
    }

    /// Remembers how the program ended; answers whether it did.
    fn note(&mut self, pid: Pid, status: WaitStatus) -> bool {
        if pid != self.first {
            return false;
        }
        self.ended.exit = status.exit_status();
        self.ended.signal = status.terminating_signal();
        true
    }

    /// Ends what is left of the family.
    fn end_all(&mut self, events: &Receiver<Event>, grace: Duration) {
        let by_itself = self.ended.stopped.is_none();
        let left = family();
        if by_itself {
            self.ended.left_behind = u32::try_from(left.len()).unwrap_or(u32::MAX);
        }
        let began = Instant::now();
        if !left.is_empty() && !grace.is_zero() {
            signal(&left, Signal::TERM);
        }
        loop {
            let killing = began.elapsed() >= grace;
            if killing {
                let left = family();
                if began.elapsed() >= grace + KILLING {
                    self.ended.survivors = u32::try_from(left.len()).unwrap_or(u32::MAX);
                    return;
                }
                signal(&left, Signal::KILL);
            }
            let patience = if killing { KILLED_AGAIN } else { grace.saturating_sub(began.elapsed()) };
            match events.recv_timeout(patience) {
                Ok(Event::Ended(pid, status)) => drop(self.note(pid, status)),
                Ok(Event::Alone) | Err(RecvTimeoutError::Disconnected) => return,
                // The daemon may lose patience while the program is being ended.
                Ok(Event::Dropped) if self.ended.stopped.is_none() => {
                    self.ended.stopped = Some(Stopped::Dropped);
                }
                Ok(Event::Dropped) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

fn family() -> Vec<Process> {
    census::descendants(getpid())
}

/// Sends a signal to every group, which no fork can outrun, and to every process.
fn signal(family: &[Process], signal: Signal) {
    let own = getpgrp();
    let groups: HashSet<Pid> =
        family.iter().filter_map(|process| process.group).filter(|group| *group != own).collect();
    for group in groups {
        // A group that is gone meanwhile is as good.
        let _ = kill_process_group(group, signal);
    }
    for process in family {
        let _ = kill_process(process.id, signal);
    }
}
