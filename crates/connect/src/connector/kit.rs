//! The acceptance kit: fourteen rules that every connector holds, whatever it connects, tried on its recorded answers.
//!
//! Owns the rules and how each is provoked: wrong secrets, a busy server, a silent one, a pull that dies between two
//! pages, cursors that are gone on from, reads in a row. It must not know any vendor, and nothing leaves this machine.
//! A rule that does not concern a kind of source says so and is not counted as held. What cannot be run at all comes
//! back as findings.

use super::conformance::{Bench, Mood};
use super::json::members;
use super::manifest::{self, Kind};
use super::preview::{Outcome as Becomes, preview};
use super::{Connector, ConnectorError, Cursor, PullMode, PullRequest, Step};
use crate::domain::CitizenId;
use crate::error::{Finding, Findings, Severity, Text};
use chrono::{DateTime, Utc};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longest a dropped pull may keep its far side waiting.
const CANCEL: Duration = Duration::from_secs(5);

/// Reads in a row, and how much memory they may leave behind.
const READS: usize = 20;
/// The same of child programs: each read begins programs anew, whose memory ends with them.
const READS_OF_PROGRAMS: usize = 4;
const LEFT_BEHIND: u64 = 32 << 20;

/// A secret that no source has.
const WRONG: &str = "bi-mat-khong-dung-9f3e71";

/// Names of settings that hold a secret, whatever stands before them.
const SECRET_NAMES: [&str; 8] =
    ["password", "passphrase", "secret", "token", "api_key", "apikey", "access_key", "private_key"];

/// What came of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds; what was seen.
    Held(Text),
    /// It is broken; how.
    Broken(Text),
    /// It does not concern this connector; why.
    Unconcerned(Text),
}

/// One rule with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its name, which does not change.
    pub rule: &'static str,
    /// What it asks.
    pub asks: Text,
    /// What came of it.
    pub outcome: Outcome,
}

/// Tries every rule on a folder of `connectors/`, on a thread of its own: what is logged meanwhile is read.
///
/// # Errors
/// The manifest or its samples cannot be read.
pub async fn judge(folder: &Path) -> Result<Vec<Verdict>, Findings> {
    judge_as(folder, |connector| connector).await
}

/// What stands between the rules and the connector they are tried on.
type Disguise = fn(Arc<dyn Connector>) -> Arc<dyn Connector>;

async fn judge_as(folder: &Path, disguise: Disguise) -> Result<Vec<Verdict>, Findings> {
    let folder = folder.to_path_buf();
    let alone = move || {
        let log = Log::default();
        let subscriber = {
            let log = log.clone();
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(move || log.clone())
                .finish()
        };
        let listener = tracing::Dispatch::new(subscriber);
        let _listening = tracing::dispatcher::set_default(&listener);
        // Walks over files run in threads of their own, to which a thread's listener does not reach by itself; there
        // it stays until the thread ends with this runtime.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&listener)))
            .build();
        let runtime = runtime.map_err(|error| Findings::from(unable(&crate::error::io_cause(&error))))?;
        runtime.block_on(every_rule(&folder, &log, disguise))
    };
    let outcome = tokio::task::spawn_blocking(alone).await;
    outcome.unwrap_or_else(|_| Err(unable(&Text::new("một lỗi chương trình", "a program error")).into()))
}

fn unable(why: &Text) -> Finding {
    Finding::error(
        "LT-MAN-013",
        Text::new("không chạy được bộ kiểm thử", "the acceptance kit cannot be run").because(why),
        Text::new("gửi nhật ký cho nhóm phát triển", "send the log to the developers"),
    )
}

/// What is logged while the rules are tried.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Ok(mut held) = self.0.lock() {
            held.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        self.0.lock().map(|held| String::from_utf8_lossy(&held).into_owned()).unwrap_or_default()
    }
}

/// Key and hash of records.
type Seen = BTreeMap<String, [u8; 16]>;

/// One walk over a source.
#[derive(Default)]
struct Walk {
    seen: Seen,
    /// Cursors of pages, each with the keys seen up to it.
    cursors: Vec<(Cursor, BTreeSet<String>)>,
    end: Option<Cursor>,
    rejected: usize,
    /// Members of the first record.
    members: Vec<String>,
}

fn request(mode: PullMode, cursor: Option<Cursor>) -> PullRequest {
    // Later than every sample: none of them is half written or of the future.
    PullRequest { mode, cursor, now: DateTime::<Utc>::from_timestamp_nanos(7_258_118_400_000_000_000) }
}

/// Walks to the end, or until so many pages were taken.
async fn walk(
    connector: &dyn Connector,
    mode: PullMode,
    cursor: Option<Cursor>,
    most: usize,
) -> Result<Walk, ConnectorError> {
    let mut pull = connector.pull(request(mode, cursor)).await?;
    let mut walk = Walk::default();
    for _ in 0..most {
        match pull.next_page().await? {
            Step::End(end) => {
                walk.end = end.cursor;
                break;
            }
            Step::Page(page) => {
                walk.rejected += page.rejected.len();
                if let (true, Some(first)) = (walk.members.is_empty(), page.records.first()) {
                    let text = std::str::from_utf8(&first.body).unwrap_or_default();
                    let found = members(text).unwrap_or_default();
                    walk.members = found.into_iter().map(|(name, _)| name.into_owned()).collect();
                }
                walk.seen.extend(page.records.into_iter().map(|record| (record.external_id, record.hash)));
                if let Some(cursor) = page.cursor {
                    walk.cursors.push((cursor, walk.seen.keys().cloned().collect()));
                }
            }
        }
    }
    Ok(walk)
}

fn held(vi: impl Into<String>, en: impl Into<String>) -> Outcome {
    Outcome::Held(Text::new(vi, en))
}

fn broken(vi: impl Into<String>, en: impl Into<String>) -> Outcome {
    Outcome::Broken(Text::new(vi, en))
}

fn unconcerned(vi: &str, en: &str) -> Outcome {
    Outcome::Unconcerned(Text::new(vi, en))
}

fn failed(finding: &Finding) -> Outcome {
    broken(format!("{}: {}", finding.code, finding.what.vi), format!("{}: {}", finding.code, finding.what.en))
}

/// What a rule says of itself where the walk it needs did not come to its end.
async fn judged(rule: impl Future<Output = Result<Outcome, ConnectorError>>) -> Outcome {
    rule.await.unwrap_or_else(|error| failed(&error.finding))
}

async fn every_rule(folder: &Path, log: &Log, disguise: Disguise) -> Result<Vec<Verdict>, Findings> {
    let bench = Bench::new(folder).await?;
    let mut verdicts = Vec::new();
    let mut tell = |rule, vi: &str, en: &str, outcome| {
        verdicts.push(Verdict { rule, asks: Text::new(vi, en), outcome });
    };
    let connector = disguise(bench.connect(None)?);
    let connector = connector.as_ref();
    let first = walk(connector, PullMode::Full, None, usize::MAX).await;
    let first = first.map_err(|error| Findings::from(*error.finding))?;
    tell("secrets_are_marked", "giá trị bí mật được đánh dấu", "secrets are marked as such", secrets(&bench));
    tell(
        "check_succeeds",
        "check thành công khi cấu hình đúng",
        "check succeeds when all is right",
        judged(checks(connector)).await,
    );
    tell(
        "check_fails",
        "check báo lỗi khi mật khẩu sai",
        "check fails with wrong secrets",
        refuses(&bench).await?,
    );
    tell("shows_fields", "cho thấy các trường của bản ghi", "shows the members of its records", {
        let names = first.members.join(", ");
        if names.is_empty() {
            broken("không có trường nào", "there is none")
        } else {
            held(names.clone(), names)
        }
    });
    tell("reads", "đọc được bản ghi", "reads records", {
        let (good, bad) = (first.seen.len(), first.rejected);
        let told =
            Text::new(format!("{good} bản ghi, {bad} bị loại"), format!("{good} records, {bad} refused"));
        if good == 0 { Outcome::Broken(told) } else { Outcome::Held(told) }
    });
    tell("reads_twice_alike", "hai lần đọc toàn bộ giống nhau", "two full reads are equal", {
        judged(async {
            Ok(same(&first.seen, &walk(connector, PullMode::Full, None, usize::MAX).await?.seen))
        })
        .await
    });
    tell(
        "nothing_older",
        "đọc tiếp từ con trỏ cuối không đưa ra bản cũ hơn",
        "going on from the last cursor shows nothing older",
        judged(nothing_older(connector, &first.seen)).await,
    );
    tell(
        "replays_from_every_cursor",
        "đọc tiếp từ con trỏ nào cũng không mất bản ghi",
        "nothing is lost by going on from any cursor",
        judged(from_every_cursor(connector)).await,
    );
    tell(
        "survives_a_kill",
        "bị ngắt giữa chừng rồi chạy lại không mất bản ghi",
        "nothing is lost by dying between two pages",
        judged(after_a_kill(connector)).await,
    );
    tell(
        "takes_earlier_settings",
        "phiên bản trước của manifest vẫn dùng được",
        "earlier versions still read, and ask for no less than this one",
        earlier(folder, &bench),
    );
    tell("waits_when_asked", "chờ khi nguồn yêu cầu (429)", "waits when asked to (429)", {
        judged(throttled(&bench, connector, &first.seen)).await
    });
    tell(
        "ends_when_cancelled",
        "dừng trong 5 giây khi bị hủy",
        "ends within 5 s when it is dropped",
        judged(cancelled(&bench)).await,
    );
    tell(
        "leaves_no_memory",
        "bộ nhớ không tăng qua nhiều lần đọc",
        "memory does not grow over many reads",
        judged(repeated(&bench, connector)).await,
    );
    tell(
        "logs_no_secret",
        "nhật ký không có bí mật, số định danh",
        "no secret and no citizen's number in logs",
        log_is_clean(&bench, &log.text()),
    );
    Ok(verdicts)
}

fn secrets(bench: &Bench) -> Outcome {
    let declared = &bench.loaded.manifest.settings;
    let open = declared.iter().filter(|(name, setting)| {
        !setting.secret && SECRET_NAMES.iter().any(|end| name.to_lowercase().ends_with(end))
    });
    let open: Vec<&str> = open.map(|(name, _)| name.as_str()).collect();
    let count = declared.values().filter(|setting| setting.secret).count();
    match open.is_empty() {
        true => held(format!("{count} giá trị bí mật"), format!("{count} secrets")),
        false => broken(
            format!("thiếu secret = true: {}", open.join(", ")),
            format!("without secret = true: {}", open.join(", ")),
        ),
    }
}

/// A record that is refused is no fault of the source.
async fn checks(connector: &dyn Connector) -> Result<Outcome, ConnectorError> {
    const LOOKED_AT: usize = 1_000;
    let preview = preview(connector, LOOKED_AT, request(PullMode::Full, None).now).await?;
    let refused: BTreeSet<String> = preview
        .seen
        .into_iter()
        .filter_map(|seen| match seen.outcome {
            Becomes::Rejected(finding) => Some(finding.code),
            Becomes::Draft(_) | Becomes::Row(_) | Becomes::Deleted => None,
        })
        .collect();
    let findings = connector.check().await;
    let is_wrong =
        |finding: &&Finding| finding.severity == Severity::Error && !refused.contains(&finding.code);
    Ok(findings.iter().find(is_wrong).map_or_else(|| held("không có lỗi", "no error"), failed))
}

async fn refuses(bench: &Bench) -> Result<Outcome, Findings> {
    if bench.secrets().is_empty() {
        return Ok(unconcerned("không có giá trị bí mật", "there is no secret"));
    }
    if bench.loaded.manifest.kind == Kind::Vxp {
        let why = (
            "khóa bí mật chỉ dùng để ký, mẫu không kiểm chữ ký",
            "its secret only signs, and samples check no signature",
        );
        return Ok(unconcerned(why.0, why.1));
    }
    let findings = bench.connect(Some(WRONG))?.check().await;
    let error = findings.iter().find(|finding| finding.severity == Severity::Error);
    Ok(match error {
        Some(error) => held(error.code.clone(), error.code.clone()),
        None => broken("mật khẩu sai vẫn được chấp nhận", "a wrong secret passes"),
    })
}

fn same(first: &Seen, second: &Seen) -> Outcome {
    if first == second {
        held(format!("{} bản ghi", first.len()), format!("{} records", first.len()))
    } else {
        broken(
            format!("{} và {} bản ghi, khác nhau", first.len(), second.len()),
            format!("{} and {} records, which differ", first.len(), second.len()),
        )
    }
}

fn missing(all: &Seen, seen: &BTreeSet<String>) -> Option<Outcome> {
    let lost = all.keys().find(|key| !seen.contains(*key))?;
    let lost = CitizenId::mask_in(lost);
    Some(broken(format!("mất bản ghi {lost}"), format!("the record {lost} is lost")))
}

const NO_CURSOR: (&str, &str) =
    ("nguồn không có con trỏ: luôn đọc toàn bộ", "the source has no cursor: it is read whole");

async fn nothing_older(connector: &dyn Connector, all: &Seen) -> Result<Outcome, ConnectorError> {
    let once = walk(connector, PullMode::Incremental, None, usize::MAX).await?;
    let Some(end) = once.end.or_else(|| once.cursors.last().map(|(cursor, _)| cursor.clone())) else {
        return Ok(unconcerned(NO_CURSOR.0, NO_CURSOR.1));
    };
    let after = walk(connector, PullMode::Incremental, Some(end), usize::MAX).await?;
    let other = after.seen.iter().find(|(key, hash)| all.get(*key) != Some(hash));
    Ok(match other {
        None => held(format!("{} bản ghi", after.seen.len()), format!("{} records", after.seen.len())),
        Some((key, _)) => {
            let key = CitizenId::mask_in(key);
            broken(format!("bản ghi {key} khác lúc đọc toàn bộ"), format!("the record {key} is another one"))
        }
    })
}

async fn from_every_cursor(connector: &dyn Connector) -> Result<Outcome, ConnectorError> {
    let once = walk(connector, PullMode::Incremental, None, usize::MAX).await?;
    if once.cursors.is_empty() {
        return Ok(unconcerned(NO_CURSOR.0, NO_CURSOR.1));
    }
    for (cursor, before) in &once.cursors {
        let after = walk(connector, PullMode::Incremental, Some(cursor.clone()), usize::MAX).await?;
        let seen: BTreeSet<String> = before.iter().chain(after.seen.keys()).cloned().collect();
        if let Some(lost) = missing(&once.seen, &seen) {
            return Ok(lost);
        }
    }
    Ok(held(format!("{} con trỏ", once.cursors.len()), format!("{} cursors", once.cursors.len())))
}

async fn after_a_kill(connector: &dyn Connector) -> Result<Outcome, ConnectorError> {
    let whole = walk(connector, PullMode::Incremental, None, usize::MAX).await?;
    // Only what stands before a cursor was kept: a page without one is read again.
    let (mut kept, mut cursor, mut deaths) = (BTreeSet::new(), None, 0u32);
    loop {
        let step = walk(connector, PullMode::Incremental, cursor.clone(), 1).await?;
        let next = step.cursors.into_iter().next();
        deaths += 1;
        match next {
            Some((next, seen)) if cursor.as_ref() != Some(&next) && deaths < 100 => {
                kept.extend(seen);
                cursor = Some(next);
            }
            _ => break,
        }
    }
    if cursor.is_none() {
        return Ok(unconcerned(
            "trang không mang con trỏ: chạy lại từ đầu",
            "no page carries a cursor: it begins anew",
        ));
    }
    let rest = walk(connector, PullMode::Incremental, cursor, usize::MAX).await?;
    kept.extend(rest.seen.into_keys());
    Ok(missing(&whole.seen, &kept)
        .unwrap_or_else(|| held(format!("{deaths} lần bị ngắt"), format!("{deaths} deaths"))))
}

fn earlier(folder: &Path, bench: &Bench) -> Outcome {
    let listing = std::fs::read_dir(folder.join("earlier"));
    let files = listing.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "toml")).collect();
    if files.is_empty() {
        return unconcerned(
            "chưa có phiên bản trước (earlier/*.toml)",
            "no earlier version (earlier/*.toml)",
        );
    }
    for file in &files {
        let then = match manifest::load(file) {
            Ok(then) => then.manifest,
            Err(Findings(findings)) => {
                return findings.first().map_or_else(|| broken("không đọc được", "cannot be read"), failed);
            }
        };
        let now = &bench.loaded.manifest.settings;
        let asked = now.iter().find(|(name, setting)| {
            setting.default.is_none()
                && then.settings.get(*name).is_none_or(|known| known.secret != setting.secret)
        });
        let dropped = then.settings.keys().find(|name| !now.contains_key(*name));
        if let Some(name) = asked.map(|(name, _)| name).or(dropped) {
            return broken(
                format!("cấu hình viết cho {} không còn dùng được: {name}", then.version),
                format!("a configuration made for {} does not fit any more: {name}", then.version),
            );
        }
    }
    held(format!("{} phiên bản", files.len()), format!("{} versions", files.len()))
}

async fn throttled(bench: &Bench, connector: &dyn Connector, all: &Seen) -> Result<Outcome, ConnectorError> {
    if bench.loaded.manifest.kind != Kind::Http {
        return Ok(unconcerned("không qua HTTP", "not over HTTP"));
    }
    bench.server.is(Mood::Busy);
    let again = walk(connector, PullMode::Full, None, usize::MAX).await;
    bench.server.is(Mood::Good);
    let (again, waited) = (again?, bench.server.waited());
    Ok(match same(all, &again.seen) {
        Outcome::Held(_) if waited > 0 => {
            held(format!("{waited} lần phải chờ"), format!("asked to wait {waited} times"))
        }
        Outcome::Held(_) => broken("không có yêu cầu nào", "nothing was asked"),
        differs => differs,
    })
}

async fn cancelled(bench: &Bench) -> Result<Outcome, ConnectorError> {
    if bench.loaded.manifest.kind != Kind::Http {
        return Ok(unconcerned("không qua HTTP", "not over HTTP"));
    }
    let Ok(connector) = bench.connect(None) else {
        return Ok(broken("không mở được", "it cannot be opened"));
    };
    bench.server.is(Mood::Silent);
    let pulling =
        tokio::spawn(async move { walk(connector.as_ref(), PullMode::Full, None, 1).await.map(drop) });
    let until = async |taken: bool| {
        while (bench.server.taken() > 0) != taken {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let asked = timeout(CANCEL, until(true)).await.is_ok();
    pulling.abort();
    let ended = timeout(CANCEL, until(false)).await.is_ok();
    bench.server.is(Mood::Good);
    Ok(match (asked, ended) {
        (true, true) => held("kết nối được đóng ngay", "its connection closes"),
        (false, _) => broken("không có yêu cầu nào", "nothing was asked"),
        (true, false) => broken("nguồn vẫn bị giữ sau 5 giây", "the source is still held after 5 s"),
    })
}

async fn repeated(bench: &Bench, connector: &dyn Connector) -> Result<Outcome, ConnectorError> {
    let reads = if bench.loaded.manifest.kind == Kind::Process { READS_OF_PROGRAMS } else { READS };
    for _ in 0..2 {
        walk(connector, PullMode::Full, None, usize::MAX).await?;
    }
    let before = resident();
    for _ in 0..reads {
        walk(connector, PullMode::Full, None, usize::MAX).await?;
    }
    let (Some(before), Some(after)) = (before, resident()) else {
        return Ok(unconcerned("máy này không cho biết", "this machine does not tell"));
    };
    let (grown, kib) = (after.saturating_sub(before), |bytes: u64| bytes / 1024);
    let told = Text::new(
        format!("{reads} lần đọc, thêm {} KiB", kib(grown)),
        format!("{reads} reads, {} KiB more", kib(grown)),
    );
    Ok(if grown <= LEFT_BEHIND { Outcome::Held(told) } else { Outcome::Broken(told) })
}

/// Memory of this process, in bytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn log_is_clean(bench: &Bench, log: &str) -> Outcome {
    // An example that stands in the manifest's addresses as well says nothing.
    let secrets = bench.secrets();
    let secrets = secrets.iter().map(String::as_str).filter(|secret| *secret != "example").chain([WRONG]);
    let leaked = secrets.chain(bench.server.credentials()).any(|secret| log.contains(secret));
    // The number of a request may have twelve digits in a row.
    let numbers = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    let log = numbers.map_or_else(|_| log.into(), |numbers| numbers.replace_all(log, "-"));
    match (leaked, CitizenId::mask_in(&log) != log) {
        (true, _) => broken("có một giá trị bí mật trong nhật ký", "a secret stands in the log"),
        (_, true) => broken("có một số định danh trong nhật ký", "a citizen's number stands in the log"),
        (false, false) => {
            let lines = log.lines().count();
            held(format!("{lines} dòng nhật ký"), format!("{lines} lines of log"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Pull;
    use crate::connector::over::{Layer, Over};
    use async_trait::async_trait;

    /// Says what it should not, in the thread its files are walked over in.
    struct Talkative;

    #[async_trait]
    impl Layer for Talkative {
        async fn pull(
            &self,
            inner: &dyn Connector,
            request: PullRequest,
        ) -> Result<Box<dyn Pull>, ConnectorError> {
            let walk = tokio::task::spawn_blocking(|| tracing::debug!(password = WRONG, "file opened"));
            walk.await.expect("walked");
            inner.pull(request).await
        }
    }

    fn log_of(verdicts: &[Verdict]) -> &Outcome {
        let verdict = verdicts.iter().find(|verdict| verdict.rule == "logs_no_secret");
        &verdict.expect("the rule").outcome
    }

    #[tokio::test]
    async fn secret_that_is_logged_while_files_are_walked_over_is_caught() {
        for name in ["task-sheet", "edxml-folder", "sql-view"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors").join(name);
            let clean = judge(&folder).await.expect("judged");
            assert!(matches!(log_of(&clean), Outcome::Held(_)), "{name}: {:?}", log_of(&clean));
            let spoilt = judge_as(&folder, |connector| Arc::new(Over::new(connector, Talkative)))
                .await
                .expect("judged");
            assert!(matches!(log_of(&spoilt), Outcome::Broken(_)), "{name}: {:?}", log_of(&spoilt));
        }
    }
}
