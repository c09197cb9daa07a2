//! A private PostgreSQL cluster in a temporary folder, one per test: never a shared server, never as root.
//!
//! Missing binaries fail the test with the way to install them; nothing is skipped. A cluster ends with its test, also
//! with one that is killed, and leaves nothing behind on the machine.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running cluster; stopped and removed when dropped.
pub struct Cluster {
    server: Child,
    folder: tempfile::TempDir,
}

fn binary(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| {
        panic!("PostgreSQL's {name} is missing: apt-get install postgresql (./test does it)")
    })
}

/// The account a server runs as: the one of its package when the tests run as root, else the tests' own.
pub fn account(name: &str) -> Option<(u32, u32)> {
    if !fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0) {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))
        .unwrap_or_else(|| panic!("the account {name} of the package"));
    let mut fields = line.split(':').skip(2).map(|field| field.parse().expect("number"));
    Some((fields.next().expect("uid"), fields.next().expect("gid")))
}

/// Gives a folder and the files in it to that account.
pub fn chown_all(folder: &Path, name: &str) {
    let Some((uid, gid)) = account(name) else { return };
    chown(folder, Some(uid), Some(gid)).expect("owner");
    for entry in fs::read_dir(folder).expect("listed") {
        chown(entry.expect("entry").path(), Some(uid), Some(gid)).expect("owner");
    }
}

/// A port nobody listens on just now.
pub fn free_port() -> u16 {
    let held = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    held.local_addr().expect("address").port()
}

fn command(name: &str, folder: &Path) -> Command {
    run_as_owner(Command::new(binary(name)), folder)
}

/// With the account that owns the cluster.
fn run_as_owner(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null());
    if let Some((uid, gid)) = account("postgres") {
        command.uid(uid).gid(gid);
    }
    command
}

/// A folder with everything in it, its owners kept.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).output().expect("cp");
    assert!(copied.status.success(), "cp: {}", String::from_utf8_lossy(&copied.stderr));
}

/// A cluster nobody has started, made once for all tests that follow: making one takes far longer than copying it.
fn empty_cluster() -> PathBuf {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let owner = account("postgres").map_or(0, |(uid, _)| uid);
    let major = binary("initdb").display().to_string().replace('/', "-");
    let (made, lock) = (kept.join(format!("cluster{major}-{owner}")), kept.join("cluster.lock"));
    let turn = fs::File::create(lock).expect("lock");
    turn.lock().expect("one test at a time makes it");
    if !made.is_dir() {
        // Where the server's account may write.
        let folder = tempfile::Builder::new().prefix("lt-pg").tempdir_in("/tmp").expect("folder");
        chown_all(folder.path(), "postgres");
        let data = folder.path().join("data");
        let output = command("initdb", folder.path())
            .args(["--no-sync", "--auth=trust", "--username=lienthong", "--encoding=UTF8"])
            .args(["--wal-segsize=1", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb");
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        // Whole or not at all, however a test ends.
        let begun = tempfile::Builder::new().prefix("cluster-begun").tempdir_in(kept).expect("folder");
        copy(&data, &begun.path().join("data"));
        fs::rename(begun.path().join("data"), &made).expect("renamed");
    }
    made
}

impl Cluster {
    /// Makes and starts a cluster that listens on a socket in its own folder only and trusts the machine not to fail.
    pub fn start() -> Self {
        Self::start_with(&["fsync=off"])
    }

    /// The same with settings of the server.
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("lt-pg").tempdir_in("/tmp").expect("folder");
        chown_all(folder.path(), "postgres");
        let data = folder.path().join("data");
        copy(&empty_cluster(), &data);
        // A test that is killed cannot stop its server: the kernel tells the server that its parent is gone.
        let server = run_as_owner(Command::new("setpriv"), folder.path())
            .args(["--pdeathsig", "QUIT"])
            .arg(binary("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "max_connections=40"])
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .stdout(Stdio::null())
            .stderr(Stdio::from(fs::File::create(folder.path().join("log")).expect("log")))
            .spawn()
            .expect("postgres");
        let cluster = Self { server, folder };
        let began = Instant::now();
        while !cluster.answers() {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{}",
                fs::read_to_string(cluster.folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        cluster
    }

    fn lets_in_without_password(&self, role: &str) -> bool {
        let asked = command("psql", self.folder.path())
            .args([
                "--no-password",
                "--no-psqlrc",
                "--dbname=postgres",
                "--command=SELECT 1",
                "--username",
                role,
            ])
            .arg("--host")
            .arg(self.folder.path())
            .output();
        asked.is_ok_and(|output| output.status.success())
    }

    fn answers(&self) -> bool {
        let ready =
            command("pg_isready", self.folder.path()).arg("-q").arg("-h").arg(self.folder.path()).status();
        ready.is_ok_and(|status| status.success())
    }

    /// Lets a role in by its password alone (SCRAM); asked for after the role was made.
    pub fn ask_password_of(&self, role: &str) {
        let file = self.folder.path().join("data/pg_hba.conf");
        let rules = fs::read_to_string(&file).expect("pg_hba.conf");
        fs::write(&file, format!("local all {role} scram-sha-256\n{rules}")).expect("pg_hba.conf");
        let reloaded = command("pg_ctl", self.folder.path())
            .args(["reload", "--silent", "--pgdata"])
            .arg(self.folder.path().join("data"))
            .status();
        assert!(reloaded.is_ok_and(|status| status.success()), "pg_ctl reload");
        // The server reads the file a moment later.
        let began = Instant::now();
        while self.lets_in_without_password(role) {
            assert!(began.elapsed() < Duration::from_secs(30), "{role} is still let in without a password");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Folder of its socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Connection URL of the cluster's database.
    pub fn url(&self) -> String {
        format!("postgres://lienthong@localhost/postgres?host={}", self.folder.path().display())
    }
}

impl Drop for Cluster {
    /// Without waiting for anybody connected, but by its own hand: killed with -9 it would leave a segment of shared
    /// memory on the machine, of which there are some four thousand.
    fn drop(&mut self) {
        let server = rustix::process::Pid::from_child(&self.server);
        let told = rustix::process::kill_process(server, rustix::process::Signal::QUIT);
        let began = Instant::now();
        while told.is_ok() && began.elapsed() < Duration::from_secs(20) {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // A child that cannot be killed is gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let left = Command::new("pkill").args(["-9", "-f"]).arg(self.folder.path().join("data")).status();
        drop(left);
    }
}
