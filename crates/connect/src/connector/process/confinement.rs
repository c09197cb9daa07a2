//! What a child process is allowed, and the last steps before its program begins.
//!
//! Owns the limits, what of the file system may be read, and the handing over from the keeper to the program: a new
//! session, lower priority, resource limits, Landlock where the kernel has it, then `exec`. It must not know protocols
//! or secrets. Lower priority and Landlock are taken as far as the system grants them, and what was granted is written
//! down; a limit that cannot be set ends the child before its program runs.

use super::census;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, LandlockStatus, NetPort, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, nice, setrlimit, setsid};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Variable in which the confinement travels to the keeper; the program does not see it.
pub const VARIABLE: &str = "LIENTHONG_CONFINE";

/// Exit code of a child whose program could not be begun.
pub const NOT_BEGUN: u8 = 126;

/// Address space a process may have, as a multiple of the memory it may use: interpreters reserve more than they use.
const ADDRESS_SPACE: u64 = 6;

/// Port at which names are asked for.
const NAMES: u16 = 53;

/// What every program may read: itself, libraries, certificates, names of hosts, the zone. Nothing of anyone's data.
const READABLE: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    // Of processes its own alone: the kernel shows the environment of others to whoever may open it.
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/passwd",
    "/etc/group",
    "/etc/mime.types",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/magic",
    "/run/systemd/resolve",
    "/run/resolvconf",
];

/// What a child process is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Folder of this child alone. Its subfolder `work` is the program's, the rest the keeper's.
    pub folder: PathBuf,
    /// Folders and files it may read besides.
    pub read: Vec<PathBuf>,
    /// Ports it may connect and, where the kernel can hold that back, send datagrams to; none = all.
    pub ports: Option<Vec<u16>>,
    /// Memory of all its processes together, in MiB.
    pub memory_mib: u32,
    /// Processes at the same time, the first included.
    pub processes: u32,
    /// Processor time of one process, in seconds.
    pub cpu_s: u32,
    /// Largest file it may write, in MiB.
    pub file_mib: u32,
    /// Files and connections one process may have open.
    pub open_files: u32,
    /// How long it may run, in milliseconds.
    pub total_ms: u64,
}

/// What the kernel granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Version of Landlock in force; 0 = none.
    pub landlock: i32,
}

impl Confinement {
    /// The program's own folder.
    pub fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// Where the child writes down what the kernel granted.
    pub fn granted(&self) -> PathBuf {
        self.folder.join("granted")
    }

    /// Where the keeper writes down how it ended.
    pub fn ended(&self) -> PathBuf {
        self.folder.join("ended")
    }

    /// Confines this process and becomes the program. Comes back only where that fails; the answer says why.
    pub fn become_program(&self, program: &[OsString]) -> String {
        let Some((name, arguments)) = program.split_first() else { return "no program".to_owned() };
        if let Err(why) = self.confine() {
            return why;
        }
        let error = Command::new(name).args(arguments).env_remove(VARIABLE).current_dir(self.work()).exec();
        format!("{}: {error}", Path::new(name).display())
    }

    fn confine(&self) -> Result<(), String> {
        // A leader of a session already, or a system that grants no lower priority: neither is a reason not to run.
        let _session = setsid();
        let _priority = nice(10);
        let others = census::threads_of_user();
        let limits = [
            (Resource::Nproc, u64::from(self.processes) + others),
            (Resource::Cpu, u64::from(self.cpu_s)),
            (Resource::Fsize, u64::from(self.file_mib) * 1024 * 1024),
            (Resource::Nofile, u64::from(self.open_files)),
            (Resource::Core, 0),
        ];
        for (resource, most) in limits {
            limit(resource, most)?;
        }
        rustix::thread::set_no_new_privs(true).map_err(|error| format!("no new privileges: {error}"))?;
        // Opened before, because the folder is closed to the program.
        let mut told = File::create(self.granted()).map_err(|error| format!("folder: {error}"))?;
        let granted = Granted { landlock: self.landlock().map_err(|error| format!("Landlock: {error}"))? };
        let text = serde_json::to_vec(&granted).unwrap_or_default();
        told.write_all(&text).map_err(|error| format!("folder: {error}"))?;
        // Last: what comes before it is ours and needs room of its own.
        limit(Resource::As, u64::from(self.memory_mib) * ADDRESS_SPACE * 1024 * 1024)
    }

    /// Asks the kernel for as much of Landlock as it has.
    fn landlock(&self) -> Result<i32, RulesetError> {
        const WANTED: ABI = ABI::V10;
        let mut ruleset = Ruleset::default()
            .handle_access(AccessFs::from_all(WANTED))?
            .scope(Scope::Signal)?
            .scope(Scope::AbstractUnixSocket)?;
        if self.ports.is_some() {
            ruleset = ruleset.handle_access(AccessNet::from_all(WANTED))?;
        }
        let read = AccessFs::from_read(WANTED) | AccessFs::ResolveUnix;
        let readable = READABLE.iter().map(Path::new).chain(self.read.iter().map(PathBuf::as_path));
        let reached = AccessNet::ConnectTcp | AccessNet::ConnectSendUdp;
        let ports = self.ports.iter().flatten().map(|port| NetPort::new(*port, reached));
        // Names are asked for by datagrams, and a socket that sends one is bound to a port of the kernel's choice.
        let names = [NetPort::new(NAMES, AccessNet::ConnectSendUdp), NetPort::new(0, AccessNet::BindUdp)];
        let ports = ports.chain(names.into_iter().filter(|_| self.ports.is_some())).map(Ok);
        let status = ruleset
            .create()?
            .add_rules(path_beneath_rules(readable, read))?
            .add_rules(path_beneath_rules(["/dev/null", "/dev/full"], read | AccessFs::WriteFile))?
            .add_rules(path_beneath_rules([self.work()], AccessFs::from_all(WANTED)))?
            .add_rules(ports.collect::<Vec<Result<NetPort, RulesetError>>>())?
            .restrict_self()?;
        Ok(match status.landlock {
            LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
            LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
        })
    }
}

fn limit(resource: Resource, most: u64) -> Result<(), String> {
    let limit = Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(resource, limit).map_err(|error| format!("limit {resource:?}: {error}"))
}
