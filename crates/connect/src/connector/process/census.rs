//! Which processes there are, read from `/proc`.
//!
//! Owns the reading of `/proc/*/stat` and the way from a process to all that descend from it. It must not know why
//! anyone asks. A process that ends while it is looked at is left out.

use rustix::process::Pid;
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;

/// One process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    pub(super) id: Pid,
    parent: i32,
    /// Its group; none where the number is none.
    pub(super) group: Option<Pid>,
    threads: u64,
    /// Memory it uses, in pages.
    pub(super) pages: u64,
}

fn processes() -> Vec<(Process, u32)> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbered = |entry: std::fs::DirEntry| {
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let owner = entry.metadata().ok()?.uid();
        Some((of_stat(id, &stat)?, owner))
    };
    folder.flatten().filter_map(numbered).collect()
}

/// Reads a line of `stat`: the name in brackets may hold anything, so what counts begins behind the last one.
fn of_stat(id: i32, stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i64>().ok();
    Some(Process {
        id: Pid::from_raw(id)?,
        parent: i32::try_from(number(1)?).ok()?,
        group: i32::try_from(number(2)?).ok().and_then(Pid::from_raw),
        threads: u64::try_from(number(17)?).unwrap_or(1),
        pages: u64::try_from(number(21)?).unwrap_or(0),
    })
}

/// All that descend from a process, which adopts what its descendants leave behind.
pub(super) fn descendants(of: Pid) -> Vec<Process> {
    let all = processes();
    let mut known: HashSet<i32> = HashSet::from([of.as_raw_nonzero().get()]);
    let mut found = Vec::new();
    loop {
        let before = found.len();
        for (process, _) in &all {
            let id = process.id.as_raw_nonzero().get();
            if known.contains(&process.parent) && known.insert(id) {
                found.push(*process);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Threads of this process's user: what the system counts against its limit of processes.
pub(super) fn threads_of_user() -> u64 {
    let user = rustix::process::getuid().as_raw();
    processes().iter().filter(|(_, owner)| *owner == user).map(|(process, _)| process.threads).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_brackets_and_blanks_shifts_no_field() {
        let stat = "42 (a) b (c) S 7 41 41 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 3 0 12345 1000000 256 184467";
        let process = of_stat(42, stat).expect("read");
        assert_eq!((process.parent, process.threads, process.pages), (7, 3, 256));
        assert_eq!(process.group.map(|group| group.as_raw_nonzero().get()), Some(41));
        assert!(of_stat(42, "42 (cut").is_none());
    }

    #[test]
    fn child_of_this_process_is_found_until_it_ended() {
        let here = rustix::process::getpid();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("starts");
        let is_there = |id: u32| {
            descendants(here).iter().any(|process| process.id.as_raw_nonzero().get().unsigned_abs() == id)
        };
        assert!(is_there(child.id()));
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(!is_there(child.id()));
        assert!(threads_of_user() > 0);
    }
}
