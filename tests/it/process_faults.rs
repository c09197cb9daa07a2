//! Child programs that misbehave: shell and Python scripts as taps, each doing one thing no tap should do.
//!
//! Rows J1–J9 of the fault list. Every script is a real process under the real keeper.

use crate::support::memory::resident_kib;
use crate::support::project;
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{
    Connector, ConnectorError, Cursor, OpenSource, Page, PullEnd, PullMode, PullRequest, Step, open, process,
};
use lienthong::domain::SourceId;
use lienthong::error::Disposition;
use secrecy::SecretString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SCHEMA: &str = r#"{"type":"SCHEMA","stream":"tasks","schema":{},"key_properties":["id"]}"#;
const SECRET: &str = "mat-khau-rieng-cua-tap";

fn record(id: u32) -> String {
    format!(
        r#"{{"type":"RECORD","stream":"tasks","record":{{"id":"NV-{id}","title":"Việc {id}","status":"open"}}}}"#
    )
}

fn state(at: u32) -> String {
    format!(
        r#"{{"type":"STATE","value":{{"bookmarks":{{"tasks":{{"replication_key_value":"2026-11-{at:02}"}}}}}}}}"#
    )
}

/// A shell script as a tap without discovery; `more` goes into `[process]`.
fn tap(folder: &Path, script: &str, more: &str) -> Arc<dyn Connector> {
    process::keeper_is(project::program());
    let program = folder.join("tap.sh");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let idle = if more.contains("idle_s") { "" } else { "idle_s = 60\n" };
    let manifest = format!(
        "format_version = 1\nkind = \"process\"\nname = \"hostile\"\nversion = \"1\"\ntitle = {{ vi = \"a\", en = \"a\" }}\n\
         [settings.program]\nlabel = {{ vi = \"a\", en = \"a\" }}\n\
         [settings.password]\nlabel = {{ vi = \"a\", en = \"a\" }}\nsecret = true\n\
         [process]\nprotocol = \"singer\"\nrun = [\"{{{{ settings.program }}}}\"]\nstream = \"tasks\"\ndiscover = false\n\
         complete = true\n{idle}{more}\n\
         [process.config]\npassword = \"{{{{ secrets.password }}}}\"\n\
         [fields]\ntitle = \"title\"\nstatus = \"status\"\n"
    );
    let opened = open(OpenSource {
        id: SourceId::new("tap").expect("id"),
        manifest_name: "tap.toml".to_owned(),
        manifest,
        settings: [("program".to_owned(), program.display().to_string())].into(),
        secrets: [("password".to_owned(), SecretString::from(SECRET))].into(),
        folder: "/".into(),
        ca_file: None,
        allow_http: false,
        limits: SourceLimits::default(),
    });
    opened.unwrap_or_else(|findings| panic!("{findings}")).connector
}

fn said(lines: &[&str]) -> String {
    format!("cat <<'LINES'\n{}\nLINES", lines.join("\n"))
}

/// What a pull gave: pages, and its end.
struct Pulled {
    pages: Vec<Page>,
    end: Result<PullEnd, ConnectorError>,
}

impl Pulled {
    fn keys(&self) -> Vec<&str> {
        self.pages.iter().flat_map(|page| &page.records).map(|record| record.external_id.as_str()).collect()
    }

    fn cursor(&self) -> Option<&str> {
        let cursors = self.pages.iter().filter_map(|page| page.cursor.as_ref());
        cursors.map(|cursor| cursor.0.as_str()).next_back()
    }

    fn code(&self) -> String {
        self.end.as_ref().err().map(|error| error.finding.code.clone()).unwrap_or_default()
    }

    fn rejected(&self) -> Vec<&str> {
        self.pages.iter().flat_map(|page| &page.rejected).map(|one| one.finding.code.as_str()).collect()
    }

    fn good(&self) -> &PullEnd {
        self.end.as_ref().unwrap_or_else(|error| panic!("{error}"))
    }

    fn told(&self) -> Vec<&str> {
        self.good().findings.iter().map(|finding| finding.code.as_str()).collect()
    }
}

async fn pull_from(connector: &dyn Connector, mode: PullMode, cursor: Option<Cursor>) -> Pulled {
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let mut pages = Vec::new();
    let mut pull = match connector.pull(PullRequest { mode, cursor, now }).await {
        Ok(pull) => pull,
        Err(error) => return Pulled { pages, end: Err(error) },
    };
    loop {
        match pull.next_page().await {
            Ok(Step::Page(page)) => pages.push(page),
            Ok(Step::End(end)) => return Pulled { pages, end: Ok(end) },
            Err(error) => return Pulled { pages, end: Err(error) },
        }
    }
}

async fn pull(script: &str, more: &str) -> Pulled {
    let folder = tempfile::tempdir().expect("folder");
    let connector = tap(folder.path(), script, more);
    pull_from(connector.as_ref(), PullMode::Full, None).await
}

/// Processes whose arguments hold this word.
fn with_argument(word: &str) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
    processes
        .filter(|path| {
            let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
            let alive = std::fs::read_to_string(path.join("stat")).is_ok_and(|stat| !stat.contains(") Z "));
            alive && String::from_utf8_lossy(&line).contains(word)
        })
        .collect()
}

async fn until_none(word: &str, limit: Duration) {
    let began = Instant::now();
    while !with_argument(word).is_empty() {
        assert!(began.elapsed() < limit, "still there: {:?}", with_argument(word));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn good_tap_is_read_with_its_state_and_its_page_lists_its_records_again() {
    let (one, two) = (record(1), record(2));
    let folder = tempfile::tempdir().expect("folder");
    let script = said(&[SCHEMA, &one, &state(1), &two, &state(2)]);
    let connector = tap(folder.path(), &script, "replication = \"incremental\"");
    let pulled = pull_from(connector.as_ref(), PullMode::Full, None).await;
    assert_eq!(pulled.keys(), ["NV-1", "NV-2"]);
    assert!(pulled.good().complete && !pulled.good().short, "{:?}", pulled.end);
    assert!(pulled.cursor().is_some_and(|cursor| cursor.contains("2026-11-02")), "{:?}", pulled.cursor());
    let page = &pulled.pages[0];
    let again = connector.list_again(page.body.clone(), None).expect("says everything").expect("read");
    assert_eq!(again, page.records);
    assert_eq!(connector.read(&page.records[0]).expect("a draft").title, "Việc 1");
}

#[tokio::test]
async fn state_is_handed_back_and_nothing_else_of_ours_is_seen() {
    // Prints what it was given: arguments, environment, rights of its files.
    let script = format!(
        "{}\nfor a in \"$@\"; do case $a in */state.json) S=$(cat $a);; esac; done\n\
         printf '{{\"type\":\"RECORD\",\"stream\":\"tasks\",\"record\":{{\"id\":\"a\",\"title\":\"%s|%s|%s\",\"status\":\"open\",\"state\":%s}}}}\\n' \
         \"$*\" \"$(env | sort | tr '\\n' ' ')\" \"$(stat -c '%a' . config.json | tr '\\n' ' ')\" \"$S\"",
        said(&[SCHEMA])
    );
    let folder = tempfile::tempdir().expect("folder");
    let connector = tap(folder.path(), &script, "replication = \"incremental\"");
    let cursor = Some(Cursor("{\"bookmarks\":{\"tasks\":{\"x\":7}}}".to_owned()));
    let pulled = pull_from(connector.as_ref(), PullMode::Incremental, cursor).await;
    let body = String::from_utf8_lossy(&pulled.pages[0].records[0].body).into_owned();
    assert!(body.contains("\"state\":{\"bookmarks\":{\"tasks\":{\"x\":7}}}"), "{body}");
    assert!(body.contains("|700 600 "), "{body}");
    assert!(!body.contains(SECRET) && !body.contains("LIENTHONG"), "{body}");
    let names: Vec<&str> = ["HOME=", "LANG=", "PATH=", "TMPDIR="].into();
    assert!(names.iter().all(|name| body.contains(name)) && !body.contains("CARGO"), "{body}");
    assert_eq!(pulled.told(), ["LT-PRC-016"], "no state came");
}

/// J1
#[tokio::test]
async fn tap_that_hangs_is_ended_with_its_family_and_keeps_what_it_gave() {
    let script = format!("{}\nsleep 7001 & sleep 7002", said(&[SCHEMA, &record(1), &state(1), &record(2)]));
    let pulled = pull(&script, "idle_s = 5").await;
    assert_eq!((pulled.code().as_str(), pulled.keys()), ("LT-PRC-003", vec!["NV-1", "NV-2"]));
    assert!(pulled.cursor().is_some_and(|cursor| cursor.contains("11-01")));
    assert!(with_argument("sleep\x007001").is_empty() && with_argument("sleep\x007002").is_empty());
}

/// J1
#[tokio::test]
async fn tap_that_drips_and_ignores_sigterm_ends_at_its_total_time() {
    let script = format!("trap '' TERM\n{}\nwhile :; do printf x; sleep 0.2; done", said(&[SCHEMA]));
    let pulled = pull(&script, "total_s = 1").await;
    assert_eq!(pulled.code(), "LT-PRC-004");
    let error = pulled.end.expect_err("an error");
    assert_eq!(error.disposition, Disposition::RetryLater);
}

/// Processes whose parent is this one, dead ones that nobody has buried included.
fn children_of_this_process() -> usize {
    let own = std::process::id().to_string();
    let stats = std::fs::read_dir("/proc").expect("processes").flatten();
    let parents = stats.filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1).map(str::to_owned)
    });
    parents.filter(|parent| *parent == own).count()
}

/// J2
#[tokio::test]
async fn children_that_keep_the_pipe_open_and_daemons_are_ended_with_the_tap() {
    let script = format!(
        "sleep 7003 &\nsetsid sleep 7004 &\n(setsid sh -c 'trap \"\" TERM; (sleep 7005; sleep 7005)' &)\nsleep 0.3\n{}",
        said(&[SCHEMA, &record(1)])
    );
    // What the first pull opens once and for all is no leak.
    pull(&said(&[SCHEMA, &record(1)]), "").await;
    let files = || std::fs::read_dir("/proc/self/fd").expect("files").count();
    let before = files();
    let pulled = pull(&script, "").await;
    assert_eq!((pulled.keys(), pulled.told()), (vec!["NV-1"], vec!["LT-PRC-018"]));
    assert_eq!(files(), before, "no pipe is left open");
    assert_eq!(children_of_this_process(), 0, "none is left unburied");
    for word in ["sleep\x007003", "sleep\x007004", "sleep\x007005"] {
        assert!(with_argument(word).is_empty(), "{word}");
    }
}

/// J2, E17: dropping a pull leaves nothing within five seconds.
#[tokio::test]
async fn dropped_pull_leaves_no_process_and_no_folder() {
    let script = format!(
        "{}\npwd >&2\nsetsid sleep 7006 &\ntrap '' TERM\nwhile :; do sleep 7006; done",
        said(&[SCHEMA, &record(1)])
    );
    let folder = tempfile::tempdir().expect("folder");
    let connector = tap(folder.path(), &script, "page_size = 1");
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let request = PullRequest { mode: PullMode::Full, cursor: None, now };
    let mut pull = connector.pull(request).await.expect("begun");
    assert!(matches!(pull.next_page().await, Ok(Step::Page(_))));
    let began = Instant::now();
    while with_argument("sleep\x007006").len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let shell = with_argument(&folder.path().join("tap.sh").display().to_string());
    let work = shell.iter().find_map(|path| {
        let work = std::fs::read_link(path.join("cwd")).ok()?;
        work.display().to_string().contains("/lienthong-").then_some(work)
    });
    let work = work.expect("its folder");
    drop(pull);
    until_none("sleep\x007006", Duration::from_secs(60)).await;
    until_none(&folder.path().join("tap.sh").display().to_string(), Duration::from_secs(60)).await;
    let began = Instant::now();
    while work.exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "{work:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// J3
#[tokio::test]
async fn crash_keeps_what_was_whole_and_the_state_behind_it() {
    let lines = [SCHEMA, &record(1), &state(1), &record(2)];
    for (end, sign) in [("exit 1", "exit code 1"), ("kill -9 $$", "signal 9"), ("kill -SEGV $$", "signal 11")]
    {
        let pulled =
            pull(&format!("{}\necho 'lỗi {SECRET} 000012345678' >&2\n{end}", said(&lines)), "").await;
        assert_eq!((pulled.code().as_str(), pulled.keys()), ("LT-PRC-006", vec!["NV-1", "NV-2"]), "{end}");
        assert!(pulled.cursor().is_some_and(|cursor| cursor.contains("11-01")), "{end}");
        let error = pulled.end.expect_err("an error").to_string();
        assert!(error.contains(sign), "{error}");
        assert!(
            error.contains("lỗi •••") && !error.contains(SECRET) && !error.contains("000012345678"),
            "{error}"
        );
    }
}

/// J3
#[tokio::test]
async fn end_without_state_moves_nothing_and_silence_is_no_empty_system() {
    let pulled = pull(&said(&[SCHEMA, &record(1)]), "replication = \"incremental\"").await;
    assert_eq!((pulled.cursor(), pulled.told()), (None, vec!["LT-PRC-016"]));
    for nothing in
        ["exit 0", "echo", "echo '{\"type\":\"SCHEMA\",\"stream\":\"other\",\"key_properties\":[]}'"]
    {
        assert_eq!(pull(nothing, "").await.code(), "LT-PRC-015", "{nothing}");
    }
    let empty = pull(&said(&[SCHEMA]), "").await;
    assert!(empty.good().complete && empty.keys().is_empty());
    // A tap that finds nothing because its share is not mounted is content, and we are not.
    let script = said(&[SCHEMA, &state(1)]);
    let unmounted = pull(&script, "read = [\"/nowhere\"]").await;
    assert_eq!((unmounted.code().as_str(), unmounted.cursor()), ("LT-PRC-027", None));
    let script = said(&[SCHEMA, &record(1), &state(1)]);
    assert_eq!(pull(&script, "read = [\"/nowhere\"]").await.keys(), ["NV-1"]);
    let broken = pull("exit 3", "").await;
    assert_eq!(broken.code(), "LT-PRC-006");
}

/// J4
#[tokio::test]
async fn garbage_is_set_aside_and_the_lines_around_it_are_read() {
    let script = format!(
        "printf '\\357\\273\\277%s\\r\\n' '{SCHEMA}'\n{}\nprintf 'INFO not json\\n\\377\\376\\000\\n{{\"type\":\"RECORD\",\"stream\":\"tasks\",\"record\":{{\"id\":\"\\341\\272\\n'\n\
         echo err >&2\nprintf '%s\\r' '{}' '{}'\nprintf '\\n'\n{}\nprintf '%s' '{}'",
        said(&[&record(1)]),
        record(8),
        record(9),
        said(&[&record(2)]),
        record(3)
    );
    let pulled = pull(&script, "").await;
    assert_eq!(pulled.keys(), ["NV-1", "NV-2", "NV-3"]);
    assert_eq!(pulled.rejected(), ["LT-PRC-008"; 4]);
    assert!(!pulled.good().complete, "nobody knows what the lines were");
    for page in &pulled.pages {
        assert!(page.rejected.iter().all(|one| std::str::from_utf8(&one.body).is_ok()));
    }
    let other = pull("while :; do echo no tap; done", "").await;
    assert_eq!(other.code(), "LT-PRC-009");
}

/// J5
#[tokio::test]
async fn line_of_very_many_bytes_is_skipped_in_little_memory() {
    let script = format!(
        "{}\nprintf '{{\"type\":\"RECORD\",\"x\":\"'\nhead -c 2G /dev/zero | tr '\\0' x\nprintf '\"}}\\n'\n{}",
        said(&[SCHEMA, &record(1)]),
        said(&[&record(2)])
    );
    let before = resident_kib();
    let pulled = pull(&script, "").await;
    let grown = resident_kib().saturating_sub(before);
    assert_eq!((pulled.keys(), pulled.rejected()), (vec!["NV-1", "NV-2"], vec!["LT-PRC-007"]));
    assert!(pulled.good().short && !pulled.good().complete);
    assert!(grown < 64 * 1024, "{grown} KiB more");
}

/// J6
#[tokio::test]
async fn flood_on_the_error_output_blocks_nothing() {
    let script = format!("{}\nyes 'nhật ký dài' | head -c 1G >&2\n{}", said(&[SCHEMA]), said(&[&record(1)]));
    let pulled = pull(&script, "").await;
    assert_eq!(pulled.keys(), ["NV-1"]);
    assert!(pulled.good().complete);
}

/// J7
#[tokio::test]
async fn breach_of_the_protocol_throws_the_page_away() {
    let (one, backwards) =
        (record(1), [SCHEMA, &record(1), &state(2), &record(2), &state(1)].map(str::to_owned));
    let cases: [(Vec<&str>, &str); 3] = [
        (vec![&one, SCHEMA], "LT-PRC-010"),
        (vec![SCHEMA, &one, r#"{"type":"RECORD","stream":"ai-do","record":{"id":1}}"#], "LT-PRC-011"),
        (backwards.iter().map(String::as_str).collect(), "LT-PRC-012"),
    ];
    for (lines, code) in cases {
        let pulled = pull(&said(&lines), "").await;
        assert_eq!((pulled.code().as_str(), pulled.pages.len()), (code, 0));
        assert_eq!(pulled.end.err().map(|error| error.disposition), Some(Disposition::NeedsOperator));
    }
    // One that goes back behind the stored state is the same.
    let folder = tempfile::tempdir().expect("folder");
    let connector = tap(folder.path(), &said(&[SCHEMA, &state(3)]), "replication = \"incremental\"");
    let cursor = Some(Cursor(r#"{"bookmarks":{"tasks":{"replication_key_value":"2026-11-09"}}}"#.to_owned()));
    assert_eq!(pull_from(connector.as_ref(), PullMode::Incremental, cursor).await.code(), "LT-PRC-012");
}

/// Whether this kernel has Landlock.
fn fenced(pulled: &Pulled) -> bool {
    !pulled.told().contains(&"LT-PRC-017")
}

/// J8
#[tokio::test]
async fn hostile_tap_reaches_no_other_file_no_other_process_and_no_port_it_was_not_given() {
    let outside = tempfile::tempdir().expect("folder");
    let secret = outside.path().join("other.secret");
    std::fs::write(&secret, "bi-mat-nguon-khac").expect("secret");
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("listens");
    let port = listener.local_addr().expect("address").port();
    let script = format!(
        "python3 - <<'PY' > out.txt 2>&1\nimport ctypes, os, socket\n\
         print('abi', ctypes.CDLL(None).syscall(444, None, 0, 1))\n\
         def attempt(name, f):\n    try:\n        f(); print(name, 'done')\n    except Exception as e:\n        print(name, type(e).__name__)\n\
         attempt('read', lambda: open('{secret}').read())\n\
         attempt('write', lambda: open('{folder}/planted', 'w').write('x'))\n\
         attempt('environ', lambda: open('/proc/{pid}/environ').read())\n\
         attempt('kill', lambda: os.kill({pid}, 0))\n\
         attempt('keeper', lambda: os.kill(os.getppid(), 0) if False else os.kill(int(open('/proc/%d/stat' % os.getppid()).read().rsplit(')',1)[1].split()[1]), 0))\n\
         attempt('connect', lambda: socket.create_connection(('127.0.0.1', {port}), 2))\n\
         attempt('datagram', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port})))\n\
         attempt('question', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53)))\n\
         attempt('own', lambda: open('own', 'w').write('x'))\nPY\n\
         {schema}\nprintf '{{\"type\":\"RECORD\",\"stream\":\"tasks\",\"record\":{{\"id\":\"a\",\"title\":\"%s\",\"status\":\"open\"}}}}\\n' \"$(tr '\\n' ';' < out.txt)\"",
        secret = secret.display(),
        folder = outside.path().display(),
        pid = std::process::id(),
        schema = said(&[SCHEMA]),
    );
    let pulled = pull(&script, "ports = [443]").await;
    let body = String::from_utf8_lossy(&pulled.pages[0].records[0].body).into_owned();
    assert!(body.contains("own done"), "{body}");
    if fenced(&pulled) {
        for name in ["read", "write", "environ"] {
            assert!(!body.contains(&format!("{name} done")), "{name}: {body}");
        }
        assert!(!outside.path().join("planted").exists());
        // Ports from kernel 6.7 on, signals from 6.12 on.
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("release");
        let mut numbers = release.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        assert_eq!(body.contains("connect done"), version < (6, 7), "{body}");
        assert_eq!(body.contains("kill done"), version < (6, 12), "{body}");
        assert_eq!(body.contains("keeper done"), version < (6, 12), "{body}");
        // Datagrams are held back by Landlock 10; names are asked for by them, and still can be.
        let version = body.split("abi ").nth(1).and_then(|rest| rest.split(';').next()?.parse::<i32>().ok());
        assert_eq!(body.contains("datagram done"), version.expect("a version") < 10, "{body}");
        assert!(body.contains("question done"), "{body}");
    }
}

/// J9
#[tokio::test]
async fn fork_bomb_is_ended_whole_and_the_daemon_goes_on() {
    let script = format!(
        "{}\ni=0\nwhile [ $i -lt 300 ]; do sleep 7010 & setsid sleep 7010 & i=$((i+1)); done\nwait",
        said(&[SCHEMA])
    );
    let pulled = pull(&script, "[process.limits]\nprocesses = 24").await;
    // Where the user's own limit holds the forks back first, the shell ends with an error.
    assert!(["LT-PRC-005", "LT-PRC-006"].contains(&pulled.code().as_str()), "{}", pulled.code());
    until_none("sleep\x007010", Duration::from_secs(60)).await;
    assert_eq!(pull(&said(&[SCHEMA, &record(1)]), "").await.keys(), ["NV-1"]);
}

/// J9
#[tokio::test]
async fn memory_of_all_processes_together_is_bounded() {
    let eat = "python3 -c 'import time; x = bytearray(40 << 20); time.sleep(60)'";
    let script = format!("{}\n{eat} & {eat} & {eat} & wait", said(&[SCHEMA]));
    let pulled = pull(&script, "[process.limits]\nmemory_mib = 96").await;
    assert_eq!(pulled.code(), "LT-PRC-005");
    // One alone meets the limit of its address space.
    let alone = "python3 -c 'x = bytearray(4 << 30)'";
    let pulled = pull(&format!("{}\n{alone}", said(&[SCHEMA])), "[process.limits]\nmemory_mib = 96").await;
    let error = pulled.end.expect_err("an error");
    assert!(error.finding.code == "LT-PRC-006" && error.to_string().contains("MemoryError"), "{error}");
}

/// J9
#[tokio::test]
async fn endless_computing_and_endless_writing_are_ended_by_the_system() {
    let script = format!("{}\nwhile :; do :; done", said(&[SCHEMA]));
    let pulled = pull(&script, "idle_s = 300\n[process.limits]\ncpu_s = 1").await;
    assert_eq!(pulled.code(), "LT-PRC-006");
    let script = format!("{}\nexec head -c 50M /dev/zero > big", said(&[SCHEMA]));
    let pulled = pull(&script, "[process.limits]\nfile_mib = 1").await;
    assert_eq!(pulled.code(), "LT-PRC-006");
}

#[tokio::test]
async fn program_that_is_not_there_is_told_by_name() {
    let folder = tempfile::tempdir().expect("folder");
    let connector = tap(folder.path(), "true", "");
    std::fs::remove_file(folder.path().join("tap.sh")).expect("removed");
    let pulled = pull_from(connector.as_ref(), PullMode::Full, None).await;
    assert_eq!(pulled.code(), "LT-PRC-001");
    assert_eq!(connector.check().await.first().map(|finding| finding.code.as_str()), Some("LT-PRC-001"));
}

#[tokio::test]
async fn tombstones_versions_and_volatile_members_are_understood() {
    let line = |id: u32, more: &str, version: u32| {
        format!(
            r#"{{"type":"RECORD","stream":"tasks","record":{{"id":{id},"title":"a","status":"open"{more}}},"version":{version}}}"#
        )
    };
    let lines = [
        SCHEMA.to_owned(),
        line(1, r#","_sdc_extracted_at":"2026-11-01T00:00:00Z""#, 5),
        line(1, r#","_sdc_extracted_at":"2026-11-02T00:00:00Z""#, 5),
        line(2, r#","_sdc_deleted_at":"2026-11-02T00:00:00Z""#, 5),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let pulled = pull(&said(&lines), "").await;
    let records = &pulled.pages[0].records;
    assert_eq!(records[0].hash, records[1].hash, "the moment of extraction is no change");
    assert!(matches!(records[2].presence, lienthong::connector::Presence::Deleted { at: Some(_) }));
    assert!(!pulled.good().complete, "the version of the records was not activated");
    let activated = r#"{"type":"ACTIVATE_VERSION","stream":"tasks","version":5}"#;
    let lines: Vec<&str> = lines.iter().copied().chain([activated]).collect();
    assert!(pull(&said(&lines), "").await.good().complete);
}
