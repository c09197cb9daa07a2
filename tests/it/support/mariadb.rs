//! A private MariaDB server in a temporary folder, one per test: never a shared server, never as root.
//!
//! Missing binaries fail the test with the way to install them; nothing is skipped.

use super::postgres::chown_all;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; stopped and removed when dropped.
pub struct MariaDb {
    server: Child,
    folder: tempfile::TempDir,
    port: u16,
}

fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null());
    if let Some((uid, gid)) = super::postgres::account("mysql") {
        command.uid(uid).gid(gid);
    }
    command
}

impl MariaDb {
    /// Makes and starts a server with the database `unit`, which trusts the machine not to fail.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with options of the server.
    pub fn start_with(options: &[String]) -> Self {
        let server = "/usr/sbin/mariadbd";
        assert!(
            Path::new(server).exists(),
            "{server} is missing: apt-get install mariadb-server (./test does it)"
        );
        let folder = tempfile::Builder::new().prefix("lt-my").tempdir_in("/tmp").expect("folder");
        chown_all(folder.path(), "mysql");
        let data = folder.path().join("data");
        let made = command("mariadb-install-db", folder.path())
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", data.display()))
            // Two of them at once would delete each other's files.
            .arg(format!("--tmpdir={}", folder.path().display()))
            .output()
            .expect("mariadb-install-db");
        assert!(made.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&made.stderr));
        let port = super::postgres::free_port();
        let server = command(server, folder.path())
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-log-bin"])
            .args(["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"])
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--tmpdir={}", folder.path().display()))
            .arg(format!("--socket={}", folder.path().join("s").display()))
            .arg(format!("--pid-file={}", folder.path().join("pid").display()))
            .args(options)
            .stdout(Stdio::null())
            .stderr(Stdio::from(fs::File::create(folder.path().join("log")).expect("log")))
            .spawn()
            .expect("mariadbd");
        let server = Self { server, folder, port };
        let began = Instant::now();
        while !server.run("CREATE DATABASE IF NOT EXISTS unit") {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{}",
                fs::read_to_string(server.folder.path().join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Lets the server do nothing any more, without a word to anyone.
    pub fn freeze(&self) {
        let frozen = Command::new("kill").args(["-STOP", &self.server.id().to_string()]).status();
        assert!(frozen.expect("kill").success());
    }

    fn run(&self, sql: &str) -> bool {
        let client = command("mariadb", self.folder.path())
            .args(["--no-defaults", "--user=root", "--execute", sql])
            .arg(format!("--socket={}", self.socket().display()))
            .output();
        client.is_ok_and(|output| output.status.success())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Connection URL of the database, through the server's socket, for an account with its password
    /// (`name:password`).
    pub fn url(&self, account: &str) -> String {
        format!("mysql://{account}@localhost/unit?socket={}", self.socket().display())
    }

    /// The same by TCP.
    pub fn tcp_url(&self, account: &str) -> String {
        format!("mysql://{account}@localhost:{}/unit", self.port)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
