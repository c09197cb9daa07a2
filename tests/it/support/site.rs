//! An installation in a folder of its own, worked on by the real program in child processes.

use super::project;
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program with nothing of this test's environment but the search path.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(project::program());
    command.current_dir(folder).env_clear().env("LANG", "C.UTF-8").env("USER", "tester");
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// Runs it to its end.
pub fn output(folder: &Path, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().expect("starts")
}

/// Exit code, standard output, standard error.
pub fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let errors = text(&output.stderr);
    (output.status.code().unwrap_or_else(|| panic!("no exit code: {errors}")), text(&output.stdout), errors)
}

/// Waits for something that other processes do.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder with `lienthong.toml`, `data/` and whatever a test puts there.
pub struct Site(tempfile::TempDir);

impl Site {
    /// A site that listens on any free port, with more configuration after the usual head.
    pub fn new(more: &str) -> Self {
        let site = Self(tempfile::tempdir().expect("folder"));
        site.configure(more);
        site
    }

    /// Writes the configuration anew.
    pub fn configure(&self, more: &str) {
        let head = "[daemon]\ndata_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n";
        self.write("lienthong.toml", format!("{head}{more}"));
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, its folders included; only its owner may read it.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&path, contents).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("mode");
    }

    /// Runs the program here.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(&output(self.path(), arguments))
    }

    /// Runs an order that must succeed and gives its JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let (exit, printed, errors) = self.run(&arguments);
        assert_eq!(exit, 0, "{arguments:?}: {errors}{printed}");
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {printed}"))
    }

    /// Runs an order that must fail with this exit code; standard error and output together.
    pub fn refused(&self, arguments: &[&str], exit: i32) -> String {
        let (code, printed, errors) = self.run(arguments);
        assert_eq!(code, exit, "{arguments:?}: {errors}{printed}");
        errors + &printed
    }

    /// Runs the program here on a pseudo-terminal (of Python, which the independent calculator needs as well); exit code
    /// and everything that was written to it.
    pub fn on_a_terminal(&self, arguments: &[&str]) -> (i32, String) {
        const SPAWN: &str =
            "import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let mut command = Command::new("python3");
        command.current_dir(self.path()).env_clear().env("LANG", "C.UTF-8").env("USER", "tester");
        command.env("TERM", "xterm").envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(std::env::var_os("HOME").map(|home| ("HOME", home)));
        command.args(["-c", SPAWN]).arg(project::program()).args(arguments).stdin(Stdio::null());
        let (exit, shown, errors) = told(&command.output().expect("python3 is needed for a pseudo-terminal"));
        (exit, shown + &errors)
    }

    /// Starts the daemon and waits until it takes orders.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(self.path(), &["run"], &[])
    }
}

/// A daemon that is killed when dropped. What it logs goes to `daemon.log`.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it with these arguments and variables, and waits until its page listens.
    pub fn start(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = folder.join("daemon.log");
        let errors = File::options().create(true).append(true).open(&log).expect("a log");
        let before = lines(&log).len();
        let mut command = program(folder);
        command.args(arguments).envs(variables.iter().copied()).stdout(Stdio::null()).stderr(errors);
        let mut daemon = Self { child: command.spawn().expect("starts"), log };
        until("the daemon listens", || {
            if let Some(status) = daemon.child.try_wait().expect("a child") {
                panic!("the daemon ended with {status}: {}", daemon.told());
            }
            lines(&daemon.log).iter().skip(before).any(|line| line.starts_with("http://"))
        });
        daemon
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it wrote to standard error.
    pub fn told(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// Address of its page, the newest one.
    pub fn page(&self) -> String {
        let told = lines(&self.log);
        let address = told.iter().rev().find_map(|line| line.strip_prefix("http://"));
        address.expect("an address").trim_end_matches('/').to_owned()
    }

    /// Status and body of a path of its page.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.page()).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("limit");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("asks");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// Waits for its end; the exit code, none when a signal ended it.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.wait().expect("ends").code()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
