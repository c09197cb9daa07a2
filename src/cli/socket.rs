//! The local socket `lienthong.sock` in the data folder: orders to the running daemon, one per connection.
//!
//! Owns the wire form (JSON lines: one request, any number of progress lines, one outcome), limits on size,
//! time and number, and the check that the caller is the same user or root. It must not know what an order
//! does. A caller who leaves cancels an order that shows progress; any other order ends on its own.

use crate::error::{Finding, Place, Text, cause, io_cause};
use crate::pipeline::command::{
    Command, EXIT_FAILED, EXIT_USAGE, Executor, MAX_FILE_BYTES, Outcome, Progress,
};
use serde::{Deserialize, Serialize};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Number of the wire form; both sides must have the same.
const VERSION: u32 = 1;
/// Longest request: two files in base64 and some words.
const MAX_REQUEST: u64 = (2 * MAX_FILE_BYTES as u64).div_ceil(3) * 4 + (1 << 20);
/// Longest line of an answer.
const MAX_ANSWER: u64 = 1 << 30;
/// Orders carried out at the same time.
const AT_ONCE: usize = 8;
/// Time to send a request.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Longest path the kernel takes for a socket, without the final zero.
const MAX_PATH: usize = 107;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    version: u32,
    order: Command,
}

/// The version alone, readable whatever else a newer or older request holds.
#[derive(Deserialize)]
struct Greeting {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Progress(Progress),
    Outcome(Box<Outcome>),
}

/// The socket's path, short enough for the kernel: a long folder is entered through its open handle.
struct Reach {
    path: PathBuf,
    // Keeps the handle open while the path is in use.
    _folder: Option<std::fs::File>,
}

fn reach(folder: &Path) -> std::io::Result<Reach> {
    let path = folder.join("lienthong.sock");
    if path.as_os_str().len() <= MAX_PATH {
        return Ok(Reach { path, _folder: None });
    }
    let handle = std::fs::File::open(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/lienthong.sock", handle.as_raw_fd()));
    Ok(Reach { path, _folder: Some(handle) })
}

/// The daemon's end.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

impl Server {
    /// Opens the socket (mode 0600) in a folder this process holds the lock of; a socket left behind by a
    /// killed daemon is replaced.
    ///
    /// # Errors
    /// LT-RUN-002 it cannot be opened.
    pub fn bind(folder: &Path) -> Result<Self, Finding> {
        let open = || {
            let reach = reach(folder)?;
            match std::fs::remove_file(&reach.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(&reach.path)?;
            std::fs::set_permissions(&reach.path, std::fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let path = folder.join("lienthong.sock");
        let listener = open().map_err(|error: std::io::Error| trouble(&path, &io_cause(&error)))?;
        Ok(Self { listener, path })
    }

    /// Serves orders until told to stop; then takes no new ones and waits for the running ones. The caller
    /// limits that wait.
    pub async fn serve(self, executor: Arc<dyn Executor>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (executor, places) = (executor.clone(), places.clone());
                    tasks.spawn(async move {
                        if let Err(error) = serve_one(stream, executor, places).await {
                            tracing::debug!(%error, "order not answered");
                        }
                    });
                }
                // Out of file handles, for example: the next try may succeed, a busy loop would not help.
                Err(error) => {
                    tracing::warn!(%error, "socket does not accept");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        tasks.close();
        tasks.wait().await;
        // A client that finds no socket works in process.
        let _gone = std::fs::remove_file(&self.path);
    }
}

async fn serve_one(
    stream: UnixStream,
    executor: Arc<dyn Executor>,
    places: Arc<Semaphore>,
) -> std::io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    let caller = stream.peer_cred()?.uid();
    let (reader, mut writer) = stream.into_split();
    if caller != own && caller != 0 {
        return answer(&mut writer, &Answer::Outcome(Box::new(refusal(stranger())))).await;
    }
    let mut reader = BufReader::new(reader).take(MAX_REQUEST);
    let mut line = Vec::new();
    let read = tokio::time::timeout(REQUEST_TIME, reader.read_until(b'\n', &mut line)).await;
    let whole = matches!(read, Ok(Ok(_))) && line.last() == Some(&b'\n');
    let order = match (whole, serde_json::from_slice::<Greeting>(&line)) {
        (false, _) if line.is_empty() => return Ok(()),
        (false, _) => Err(malformed()),
        (true, Ok(greeting)) if greeting.version != VERSION => Err(other_version()),
        (true, _) => serde_json::from_slice::<Request>(&line).map_err(|_| malformed()),
    };
    let order = match order {
        Ok(request) => request.order,
        Err(finding) => return answer(&mut writer, &Answer::Outcome(Box::new(refusal(finding)))).await,
    };
    let Ok(_place) = places.acquire().await else { return Ok(()) };
    let (name, cancellable) = (order.name(), order.shows_progress());
    tracing::debug!(order = name, "order received");
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let work = executor.execute(order, sender);
    tokio::pin!(work);
    let mut more = Vec::new();
    let mut listening = true;
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            Some(progress) = receiver.recv() => {
                // A caller who left is noticed by the read below; the order itself does not depend on this.
                listening = listening && answer(&mut writer, &Answer::Progress(progress)).await.is_ok();
            }
            read = reader.read_buf(&mut more), if cancellable && listening => {
                if matches!(read, Ok(0) | Err(_)) {
                    tracing::info!(order = name, "caller left, order cancelled");
                    return Ok(());
                }
            }
        }
    };
    while let Ok(progress) = receiver.try_recv() {
        listening = listening && answer(&mut writer, &Answer::Progress(progress)).await.is_ok();
    }
    answer(&mut writer, &Answer::Outcome(Box::new(outcome))).await
}

async fn answer(writer: &mut (impl tokio::io::AsyncWrite + Unpin), answer: &Answer) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    writer.flush().await
}

/// Sends an order to the daemon of a data folder; none when no daemon runs there.
///
/// # Errors
/// LT-RUN-002 the daemon does not answer or breaks off.
pub async fn order(
    folder: &Path,
    command: &Command,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<Option<Outcome>, Box<Finding>> {
    let path = folder.join("lienthong.sock");
    let broken = |why: &Text| Box::new(trouble(&path, why));
    let Ok(reach) = reach(folder) else { return Ok(None) };
    let stream = match UnixStream::connect(&reach.path).await {
        Ok(stream) => stream,
        Err(error) => {
            use std::io::ErrorKind::{ConnectionRefused, NotFound};
            return match error.kind() {
                // No socket, or one left behind by a killed daemon.
                NotFound | ConnectionRefused => Ok(None),
                _ => Err(broken(&io_cause(&error))),
            };
        }
    };
    let (reader, mut writer) = stream.into_split();
    let request = Request { version: VERSION, order: command.clone() };
    let mut line = serde_json::to_vec(&request).map_err(|error| broken(&cause(&error)))?;
    line.push(b'\n');
    // A daemon that refuses early closes its reading end; its answer still waits to be read.
    let _refused_early = writer.write_all(&line).await;
    let mut reader = BufReader::new(reader).take(MAX_ANSWER);
    loop {
        line.clear();
        reader.set_limit(MAX_ANSWER);
        let read = reader.read_until(b'\n', &mut line).await;
        let read = read.map_err(|error| Box::new(broken_off(&path, Some(&io_cause(&error)))))?;
        if read == 0 {
            return Err(Box::new(broken_off(&path, None)));
        }
        match serde_json::from_slice::<Answer>(&line).map_err(|error| broken(&cause(&error)))? {
            Answer::Progress(progress) => told(progress),
            Answer::Outcome(outcome) => return Ok(Some(*outcome)),
        }
    }
}

fn refusal(finding: Finding) -> Outcome {
    Outcome::failed(if finding.code == "LT-RUN-017" { EXIT_USAGE } else { EXIT_FAILED }, finding)
}

fn trouble(path: &Path, why: &Text) -> Finding {
    Finding::error(
        "LT-RUN-002",
        Text::new(
            "không nói chuyện được với dịch vụ qua socket",
            "the daemon cannot be reached over its socket",
        )
        .because(why),
        Text::new(
            "xem nhật ký dịch vụ (journalctl -u lienthong); chạy lệnh với cùng tài khoản như dịch vụ",
            "look at the daemon's log (journalctl -u lienthong); order as the same user as the daemon",
        ),
    )
    .at(Place::of(path.display().to_string()))
}

/// The daemon went while an order was under way: nobody here knows how far it came.
fn broken_off(path: &Path, why: Option<&Text>) -> Finding {
    let what = Text::new(
        "dịch vụ ngắt giữa chừng; lệnh có thể đã được thực hiện một phần hoặc toàn bộ",
        "the daemon broke off; the order may have been carried out, in part or as a whole",
    );
    let remedy = Text::new(
        "xem điều gì đã được ghi rồi mới chạy lại (`status`, `source show NGUỒN`, nhật ký thay đổi trên trang); nguyên nhân ở nhật ký dịch vụ (journalctl -u lienthong)",
        "look at what was written before ordering again (`status`, `source show SOURCE`, the changes on the page); why it went stands in the daemon's log (journalctl -u lienthong)",
    );
    let what = match why {
        Some(why) => what.because(why),
        None => what,
    };
    Finding { what, remedy, ..trouble(path, &Text::new("", "")) }
}

fn malformed() -> Finding {
    Finding::error(
        "LT-RUN-017",
        Text::new("lệnh gửi đến quá lớn hoặc không đọc được", "the order is too large or cannot be read"),
        Text::new(
            "mỗi tệp tối đa 32 MiB; dùng cùng một bản lienthong cho lệnh và dịch vụ",
            "files have at most 32 MiB each; use the same lienthong for the order and the daemon",
        ),
    )
}

/// What a daemon says is not what this program understands.
pub fn other_version() -> Finding {
    Finding::error(
        "LT-RUN-007",
        Text::new(
            "lệnh và dịch vụ không cùng phiên bản",
            "the order and the running daemon are of different versions",
        ),
        Text::new("khởi động lại dịch vụ sau khi nâng cấp", "restart the daemon after an upgrade"),
    )
}

fn stranger() -> Finding {
    Finding::error(
        "LT-RUN-006",
        Text::new("dịch vụ chạy bằng tài khoản khác", "the daemon runs as another user"),
        Text::new(
            "chạy lệnh bằng tài khoản của dịch vụ: sudo -u lienthong lienthong …",
            "order as the daemon's user: sudo -u lienthong lienthong …",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::command::{Document, EXIT_OK, InputFile};
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::mpsc::UnboundedSender;

    /// Echoes what it was told, with two steps of progress; a backfill never ends.
    struct Echo(Arc<AtomicBool>);

    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[async_trait]
    impl Executor for Echo {
        async fn execute(&self, command: Command, progress: UnboundedSender<Progress>) -> Outcome {
            let _flag = Flag(self.0.clone());
            for done in [1, 2] {
                let note = Text::new("đọc", "reading");
                progress.send(Progress { done, total: Some(2), note }).expect("someone listens");
            }
            if command.shows_progress() {
                std::future::pending::<()>().await;
            }
            Outcome::ok(Document::Message { text: Text::new("xong", command.name()) })
        }
    }

    fn serve(folder: &Path) -> (CancellationToken, tokio::task::JoinHandle<()>, Arc<AtomicBool>) {
        let (stop, dropped) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let server = Server::bind(folder).expect("binds");
        let task = tokio::spawn(server.serve(Arc::new(Echo(dropped.clone())), stop.clone()));
        (stop, task, dropped)
    }

    #[tokio::test]
    async fn an_order_with_a_large_file_reaches_the_daemon_and_progress_comes_back() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(order(folder.path(), &Command::Status {}, &|_| {}).await.expect("no daemon").is_none());
        let (stop, task, _) = serve(folder.path());
        let mode =
            std::fs::metadata(folder.path().join("lienthong.sock")).expect("socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let file = InputFile { name: "a.csv".into(), bytes: vec![b'x'; 3 << 20] };
        let steps = std::sync::Mutex::new(Vec::new());
        let command = Command::CriteriaImport { file, document: None, author: "A".into(), dry_run: false };
        let outcome = order(folder.path(), &command, &|p| steps.lock().expect("lock").push(p.done)).await;
        let outcome = outcome.expect("answered").expect("a daemon");
        assert_eq!(outcome.exit, EXIT_OK);
        assert_eq!(outcome.document, Document::Message { text: Text::new("xong", "criteria import") });
        assert_eq!(*steps.lock().expect("lock"), [1, 2]);
        stop.cancel();
        task.await.expect("stops");
        assert!(!folder.path().join("lienthong.sock").exists());
    }

    #[tokio::test]
    async fn garbage_and_another_version_are_answered_with_findings() {
        let folder = tempfile::tempdir().expect("folder");
        let (_stop, _task, _) = serve(folder.path());
        for (line, code) in [
            ("{\"version\":1,\"order\":{}}\n", "LT-RUN-017"),
            ("{\"version\":99}\n", "LT-RUN-007"),
            ("x\n", "LT-RUN-017"),
        ] {
            let mut stream =
                UnixStream::connect(folder.path().join("lienthong.sock")).await.expect("connects");
            stream.write_all(line.as_bytes()).await.expect("sends");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("answers");
            assert!(answer.contains(code), "{line} {answer}");
        }
    }

    #[tokio::test]
    async fn a_caller_who_leaves_cancels_a_backfill() {
        let folder = tempfile::tempdir().expect("folder");
        let (_stop, _task, dropped) = serve(folder.path());
        let day = |text: &str| text.parse().expect("day");
        let command = Command::Backfill {
            source: "a".parse().expect("id"),
            from: day("2026-01-01"),
            to: day("2026-01-02"),
        };
        let seen = std::sync::Arc::new(tokio::sync::Notify::new());
        let (bell, path) = (seen.clone(), folder.path().to_path_buf());
        let caller = tokio::spawn(async move {
            let told = move |_| bell.notify_one();
            // Never answered: the test leaves first.
            let _never = order(&path, &command, &told).await;
        });
        seen.notified().await;
        caller.abort();
        for _ in 0..500 {
            if dropped.load(Ordering::SeqCst) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the order was not cancelled");
    }

    #[tokio::test]
    async fn a_very_long_folder_and_a_socket_left_behind_do_no_harm() {
        let folder = tempfile::tempdir().expect("folder");
        let long = folder.path().join("x".repeat(120));
        std::fs::create_dir(&long).expect("made");
        let left = serve(&long);
        left.1.abort();
        let _ended = left.1.await;
        assert!(order(&long, &Command::Status {}, &|_| {}).await.expect("nobody listens").is_none());
        let (_stop, _task, _) = serve(&long);
        assert!(order(&long, &Command::Status {}, &|_| {}).await.expect("answered").is_some());
    }
}
