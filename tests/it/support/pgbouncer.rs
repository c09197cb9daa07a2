//! A real PgBouncer in transaction mode before a private PostgreSQL cluster.
//!
//! A missing binary fails the test with the way to install it; nothing is skipped.

use super::postgres::{Cluster, account, chown_all};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running pooler; stopped when dropped.
pub struct PgBouncer {
    pooler: Child,
    _folder: tempfile::TempDir,
    port: u16,
}

impl PgBouncer {
    /// Starts one that gives each transaction another of two connections to the cluster.
    pub fn start(cluster: &Cluster) -> Self {
        let program = "/usr/sbin/pgbouncer";
        assert!(
            Path::new(program).exists(),
            "{program} is missing: apt-get install pgbouncer (./test does it)"
        );
        let folder = tempfile::Builder::new().prefix("lt-pb").tempdir_in("/tmp").expect("folder");
        let port = super::postgres::free_port();
        let settings = format!(
            "[databases]\npostgres = host={} dbname=postgres user=lienthong\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 2\nserver_round_robin = 1\n",
            cluster.folder().display()
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("settings");
        chown_all(folder.path(), "postgres");
        let mut command = Command::new(program);
        if let Some((uid, gid)) = account("postgres") {
            command.uid(uid).gid(gid);
        }
        let pooler = command
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer");
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "pgbouncer does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { pooler, _folder: folder, port }
    }

    /// Connection URL of the cluster's database through it.
    pub fn url(&self) -> String {
        format!("postgres://lienthong@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // A child that cannot be killed is gone already.
        let _ = self.pooler.kill();
        let _ = self.pooler.wait();
    }
}
