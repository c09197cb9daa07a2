//! Pulling a list of people or units: all of it, or nothing.
//!
//! Owns the way from a source's rows to the import of people and units: every row is collected first, bounded as such a
//! file is, then read as one and written in one transaction by the author "source ID". A list that is not whole, holds a
//! wrong row or suddenly names far fewer or far more is refused: nothing is written, and the run tells every place. What
//! is known already is not written again. People a list no longer names stay as they are, and so do posts (`posts`); who
//! they are is told. It must not know what a column means.

use super::gate::accept_order;
use super::leave;
use super::posts::{self, Ended};
use super::{Progress, PullSummary, count, of_store, place};
use crate::config::Gates;
use crate::connector::{
    Connector, ConnectorError, Cursor, Detailed, Presence, PullEnd, PullMode, PullRequest, RawRecord, Rows,
    Step,
};
use crate::domain::{DirectoryContent, DirectoryImport, ImportedPerson, SourceId, UnitCode};
use crate::error::{Disposition, Finding, Findings, Place, Text};
use crate::pipeline::app::App;
use crate::pipeline::command::InputFile;
use crate::pipeline::execute::{Prepared, prepare};
use crate::sheet::MAX_BYTES;
use crate::store::{
    DirectoryRows, Gate, PageCommit, Proof, RunCounters, RunKind, RunOutcome, Size, Stop, Vault,
};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use tokio::time::Instant;

/// A list that names far fewer than it usually does.
const TOO_FEW: &str = "LT-PPL-030";

/// Good pulls whose middle is a list's usual.
const USUAL_OF: usize = 5;

/// Findings kept of one refused list.
pub(super) const MOST_TOLD: usize = 100;

/// Where a row of the list stood.
type Stood = (String, Option<(Arc<str>, u32)>);

/// The rows of a list on their way into one file.
struct List {
    content: DirectoryContent,
    file: Vec<u8>,
    /// Where the next pull goes on, once the list is imported.
    cursor: Option<String>,
    /// By line of the file, from the second on.
    stood: Vec<Stood>,
    seen: HashSet<[u8; 32]>,
    findings: Vec<Finding>,
    refused: bool,
}

/// Pulls a list once.
pub(super) async fn pull_list(
    app: &App,
    connector: &Arc<dyn Connector>,
    rows: &Rows,
    mode: &PullMode,
    progress: Progress<'_>,
) -> Result<PullSummary, Findings> {
    let source = connector.source().clone();
    if let PullMode::Backfill { .. } = mode {
        return Err(no_backfill(&source).into());
    }
    let _turn = app.turn(&source).await;
    let now = app.clock.now();
    let gate = app.store.gate(&source).await.map_err(|error| error.finding())?;
    let run = app.store.begin_run(&source, RunKind::Full, now).await.map_err(|error| error.finding())?;
    let timer = Instant::now();
    let mut summary = PullSummary::default();
    let outcome = match rows.content() {
        DirectoryContent::Leave => {
            leave::pulled(app, connector, rows, (run, gate.as_ref()), progress, &mut summary).await
        }
        DirectoryContent::People | DirectoryContent::Units => {
            pulled(app, connector, rows, (run, gate.as_ref()), progress, &mut summary).await
        }
    };
    count(&source, &summary.counters, outcome.is_ok(), timer.elapsed());
    let ended = app.clock.now();
    let (word, mut refused) = match outcome {
        Ok(()) => (RunOutcome::Succeeded, Vec::new()),
        Err(Refused { mut findings, disposition, retry_after }) => {
            let finding = Box::new(findings.remove(0));
            (RunOutcome::Failed { finding, disposition, retry_after }, findings)
        }
    };
    refused.extend(summary.findings.iter().cloned());
    let finished = app.store.finish_run(run, &source, &summary.counters, &word, &refused, ended).await;
    finished.map_err(|error| error.finding())?;
    match word {
        RunOutcome::Succeeded => Ok(summary),
        RunOutcome::Failed { finding, .. } => {
            refused.insert(0, *finding);
            Err(Findings(refused))
        }
    }
}

/// Why nothing was written; one finding at least.
pub(super) struct Refused {
    pub(super) findings: Vec<Finding>,
    pub(super) disposition: Disposition,
    pub(super) retry_after: Option<std::time::Duration>,
}

impl From<ConnectorError> for Refused {
    fn from(error: ConnectorError) -> Self {
        Self {
            findings: vec![*error.finding],
            disposition: error.disposition,
            retry_after: error.retry_after,
        }
    }
}

impl From<Vec<Finding>> for Refused {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, disposition: Disposition::NeedsOperator, retry_after: None }
    }
}

async fn pulled(
    app: &App,
    connector: &Arc<dyn Connector>,
    rows: &Rows,
    (run, gate): (i64, Option<&Gate>),
    progress: Progress<'_>,
    summary: &mut PullSummary,
) -> Result<(), Refused> {
    let source = connector.source();
    let mut list = List::read(app, connector, rows, progress, summary).await?;
    let file = InputFile { name: format!("source {source}"), bytes: list.file.clone() };
    let (people, units) = match list.content {
        DirectoryContent::People => (Some(&file), None),
        DirectoryContent::Units | DirectoryContent::Leave => (None, Some(&file)),
    };
    let mut units_named = BTreeSet::new();
    let mut ended = Ended::default();
    let joined = |known: &DirectoryRows, import: &mut DirectoryImport| {
        units_named =
            import.people.iter().flat_map(|one| one.memberships.iter().map(|post| post.0.clone())).collect();
        ended = posts::join(known, import, rows.tells("leads"));
    };
    let Prepared { mut import, known, findings } = match prepare(app, people, units, joined).await {
        Ok(prepared) => prepared,
        Err(Findings(findings)) => {
            let told = findings.into_iter().take(MOST_TOLD).map(|finding| list.placed(source, finding));
            return Err(told.collect::<Vec<_>>().into());
        }
    };
    let listed = (import.people.len() + import.units.len()) as u64;
    let told = |error| Refused::from(of_store(error));
    judge(app, source, (run, gate), listed).await?;
    summary.findings.extend(findings.into_iter().map(|finding| list.placed(source, finding)));
    summary.findings.extend(ended.findings(source));
    summary.findings.extend(no_longer_listed(source, &known, &import, &units_named));
    let known_people: HashSet<&str> = known.people.iter().map(|row| row.staff_number.as_str()).collect();
    only_news(&mut import, &known, app.store.vault());
    let news = (import.people.len() + import.units.len()) as u64;
    let known_units =
        import.units.iter().filter(|unit| known.units.iter().any(|held| held.code == unit.code));
    let known_before = import.people.iter().filter(|one| known_people.contains(one.staff_number.as_str()));
    summary.counters.changed = (known_units.count() + known_before.count()) as u64;
    summary.counters.new = news - summary.counters.changed;
    summary.counters.unchanged = listed - news;
    if news > 0 {
        let author = format!("source {source}");
        let now = app.clock.now();
        app.store.import_directory(&import, &author, None, now).await.map_err(told)?;
        app.ring("identify");
    }
    let digest = Sha256::digest(&list.file).into();
    proven(app, source, (run, gate), (listed, 0, digest), list.cursor.take()).await?;
    summary.complete = true;
    summary.read = "whole";
    Ok(())
}

/// Stops a list that names far fewer or far more than it usually does, unless a person lets it through.
pub(super) async fn judge(
    app: &App,
    source: &SourceId,
    (run, gate): (i64, Option<&Gate>),
    listed: u64,
) -> Result<(), Refused> {
    let told = |error| Refused::from(of_store(error));
    let usual = app.store.usual_seen(source, USUAL_OF).await.map_err(told)?;
    let gates = app.gates.get(source).copied().unwrap_or_default();
    let odd = usual.and_then(|usual| odd(source, &gates, listed, usual));
    let sized = |finding: Finding| {
        let size = (finding.code == TOO_FEW).then(|| Size::of(listed, gates.least_percent.into()));
        Stop { run, kind: RunKind::Full, known_to: 0, finding, size }
    };
    match odd.map(sized) {
        Some(stop) => stopped(app, source, gate, stop).await,
        None => Ok(()),
    }
}

/// Closes the gate for a reason, unless a person lets it through.
pub(super) async fn stopped(
    app: &App,
    source: &SourceId,
    gate: Option<&Gate>,
    stop: Stop,
) -> Result<(), Refused> {
    if gate.is_some_and(|gate| gate.lets(stop.kind, &stop.finding, stop.size)) {
        return Ok(());
    }
    let closed = app.store.close_gate(source, &stop, app.clock.now()).await;
    closed.map_err(|error| Refused::from(of_store(error)))?;
    Err(vec![stop.finding].into())
}

/// Keeps what a list proved, and where the next pull goes on, once it is stored: in between, the same one comes again and
/// is no news.
pub(super) async fn proven(
    app: &App,
    source: &SourceId,
    (run, gate): (i64, Option<&Gate>),
    (listed, rejected, digest): (u64, u64, [u8; 32]),
    cursor: Option<String>,
) -> Result<(), Refused> {
    let told = |error| Refused::from(of_store(error));
    if let Some(cursor) = cursor {
        let page = PageCommit::cursor_only(source, run, cursor);
        app.store.commit_pages(vec![page]).await.map_err(told)?;
    }
    let proof = Proof {
        run,
        at: app.clock.now(),
        seen: listed,
        held: listed - rejected,
        source_total: None,
        rejected,
        missed: 0,
        gone: 0,
        proven: true,
        digest: digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
        periods: BTreeMap::new(),
    };
    app.store.keep_proof(source, &proof).await.map_err(told)?;
    if gate.is_some() {
        app.store.open_gate(source, (run, RunKind::Full), true).await.map_err(told)?;
    }
    Ok(())
}

/// One record of a list.
pub(super) enum Taken {
    /// Its cells.
    Row(RawRecord, Vec<String>),
    /// It says that it was deleted.
    Deleted(RawRecord),
    /// It cannot be read.
    Refused(Finding),
}

/// Walks over a whole list, record by record; how it ended.
pub(super) async fn walk(
    app: &App,
    connector: &Arc<dyn Connector>,
    rows: &Rows,
    (progress, counters): (Progress<'_>, &mut RunCounters),
    take: &mut (dyn FnMut(Taken) -> Result<(), Refused> + Send),
) -> Result<PullEnd, Refused> {
    let state = app.store.source_state(connector.source()).await;
    let cursor = state.map_err(|error| Refused::from(of_store(error)))?.cursor.map(Cursor);
    let request = PullRequest { mode: PullMode::Full, cursor, now: app.clock.now() };
    let mut pull = connector.pull(request).await?;
    loop {
        let page = match pull.next_page().await? {
            Step::End(end) => return Ok(end),
            Step::Page(page) => page,
        };
        let total = page.total;
        counters.pages += 1;
        counters.records += (page.records.len() + page.rejected.len()) as u64;
        for rejection in page.rejected {
            take(Taken::Refused(rejection.finding))?;
        }
        let mut shown = Vec::with_capacity(page.records.len());
        for record in page.records {
            match record.presence {
                Presence::Shown => shown.push(record),
                Presence::Deleted { .. } | Presence::Recalled { .. } => take(Taken::Deleted(record))?,
            }
        }
        for detailed in connector.detail(shown).await? {
            take(match detailed {
                Detailed::Complete(record) => match rows.read(&record) {
                    Ok(cells) => Taken::Row(record, cells),
                    Err(rejection) => Taken::Refused(rejection.finding),
                },
                // One who was deleted between list and detail is missing from this list alone.
                Detailed::Vanished(finding) => Taken::Refused(*finding),
                Detailed::Rejected(rejection) => Taken::Refused(rejection.finding),
            })?;
        }
        progress(counters, total);
        crate::pipeline::step::alive();
    }
}

impl List {
    /// Reads all rows of the source.
    async fn read(
        app: &App,
        connector: &Arc<dyn Connector>,
        rows: &Rows,
        progress: Progress<'_>,
        summary: &mut PullSummary,
    ) -> Result<Self, Refused> {
        let source = connector.source();
        let mut list = Self {
            content: rows.content(),
            file: Vec::new(),
            cursor: None,
            stood: Vec::new(),
            seen: HashSet::new(),
            findings: Vec::new(),
            refused: false,
        };
        list.line(rows.content().columns().iter().copied());
        let mut take = |taken: Taken| -> Result<(), Refused> {
            match taken {
                Taken::Row(record, cells) => list.row(&record, cells),
                // Whom a list of posts calls deleted stays until a person says otherwise.
                Taken::Deleted(_) => {}
                Taken::Refused(finding) => list.refuse(finding),
            }
            match list.file.len() > MAX_BYTES {
                true => Err(vec![too_large(source)].into()),
                false => Ok(()),
            }
        };
        let end = walk(app, connector, rows, (progress, &mut summary.counters), &mut take).await?;
        summary.counters.rejected = list.findings.len() as u64;
        let whole = end.complete && !end.short;
        let empty = list.stood.is_empty() && !list.refused;
        if !whole || empty {
            // What did not pass by may be all there is.
            let mut findings = vec![if empty && !end.short { nobody(source) } else { not_whole(source) }];
            findings.extend(end.findings);
            return Err(Refused { disposition: Disposition::RetryLater, ..findings.into() });
        }
        if list.refused {
            list.findings.truncate(MOST_TOLD);
            return Err(std::mem::take(&mut list.findings).into());
        }
        summary.findings.extend(end.findings);
        list.cursor = end.cursor.map(|cursor| cursor.0);
        Ok(list)
    }

    fn refuse(&mut self, finding: Finding) {
        self.refused = true;
        if self.findings.len() < MOST_TOLD {
            self.findings.push(finding);
        }
    }

    /// Adds a row, unless the very same one came before.
    fn row(&mut self, record: &RawRecord, cells: Vec<String>) {
        let mut digest = Sha256::new();
        for cell in &cells {
            digest.update(cell.as_bytes());
            digest.update([0]);
        }
        if !self.seen.insert(digest.finalize().into()) {
            return;
        }
        self.line(cells.iter().map(String::as_str));
        let file = record.file.clone().map(|file| (file, record.index));
        self.stood.push((crate::domain::CitizenId::mask_in(&record.external_id), file));
    }

    fn line<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        for (index, cell) in cells.enumerate() {
            if index > 0 {
                self.file.push(b',');
            }
            self.file.push(b'"');
            // A cell is one line of text, whatever the source holds.
            let cell = cell.replace(['\r', '\n'], " ").replace('"', "\"\"");
            self.file.extend_from_slice(cell.as_bytes());
            self.file.push(b'"');
        }
        self.file.push(b'\n');
    }

    /// A finding about a line of the file, told by the record it came from.
    fn placed(&self, source: &SourceId, finding: Finding) -> Finding {
        let Some(place) = &finding.place else { return finding.at(place(source)) };
        let index = place.line.and_then(|line| usize::try_from(line).ok()?.checked_sub(2));
        let Some((key, file)) = index.and_then(|index| self.stood.get(index)) else { return finding };
        let column = place.detail.as_deref().and_then(|detail| detail.strip_prefix("column "));
        let column = column.and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
        let field = column.and_then(|index| self.content.columns().get(index)).copied().unwrap_or("(record)");
        let stands = match file {
            Some((file, line)) => Place::line(&**file, *line),
            None => super::place(source),
        };
        let place = stands.at(format!("record {key}, field {field}"));
        finding.at(place)
    }
}

/// Leaves what is known already out of an import.
fn only_news(import: &mut DirectoryImport, known: &DirectoryRows, vault: &Vault) {
    import.units.retain(|unit| !known.units.contains(unit));
    let people: HashMap<&str, _> = known.people.iter().map(|row| (row.staff_number.as_str(), row)).collect();
    let mut posts: HashMap<_, Vec<_>> = HashMap::new();
    for held in &known.memberships {
        let post = (held.unit.clone(), held.post.clone(), held.role, held.from, held.to);
        posts.entry(held.person).or_default().push(post);
    }
    let mut leads: HashMap<_, Vec<_>> = HashMap::new();
    for (leader, charge) in known.charges() {
        leads.entry(leader).or_default().push(charge);
    }
    let accounts: HashMap<_, _> = known
        .accounts
        .iter()
        .map(|(source, account, person)| ((source, account.as_str()), *person))
        .collect();
    import.people.retain(|person: &ImportedPerson| {
        let Some(row) = people.get(person.staff_number.as_str()) else { return true };
        let index = person.citizen_id.as_ref().map(|number| vault.blind_index(number));
        let same_posts = posts.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let same_leads = leads.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let same = row.full_name == person.full_name
            && (index.is_none() || index == row.citizen_index)
            && alike(same_posts, &person.memberships)
            && alike(same_leads, &person.leads)
            && person
                .accounts
                .iter()
                .all(|(source, account)| accounts.get(&(source, account.as_str())) == Some(&row.id));
        !same
    });
}

/// Whether both hold the same, in whatever order.
fn alike<T: PartialEq>(held: &[T], given: &[T]) -> bool {
    held.len() == given.len() && given.iter().all(|one| held.contains(one))
}

/// What cannot be true of a list that usually names so many.
fn odd(source: &SourceId, gates: &Gates, listed: u64, usual: u64) -> Option<Finding> {
    let (least, times) = (u64::from(gates.least_percent), u64::from(gates.most_times));
    if usual < u64::from(gates.from_tasks) {
        return None;
    }
    let (code, vi, en) = if listed * 100 < usual * least {
        (TOO_FEW, "chỉ nêu", "names only")
    } else if times >= 2 && listed > usual * times {
        ("LT-PPL-031", "nêu đến", "names as many as")
    } else {
        return None;
    };
    let accept = accept_order(source, code);
    let finding = Finding::error(
        code,
        Text::new(
            format!("danh sách của nguồn {source} {vi} {listed}, thường có {usual}; đã dừng, không ghi gì"),
            format!(
                "the list of source {source} {en} {listed}, usually {usual}; stopped, nothing was written"
            ),
        ),
        Text::new(
            format!("kiểm tra tài khoản và bộ lọc của nguồn; nếu đúng là như vậy: {accept}"),
            format!("check the account and the filter of the source; if it is true: {accept}"),
        ),
    );
    Some(finding.at(place(source)))
}

/// People with a post that lasts, in units the list speaks of, whom it does not name.
fn no_longer_listed(
    source: &SourceId,
    known: &DirectoryRows,
    import: &DirectoryImport,
    units: &BTreeSet<UnitCode>,
) -> Option<Finding> {
    let named: HashSet<&str> = import.people.iter().map(|person| person.staff_number.as_str()).collect();
    let lasting: HashSet<_> = known
        .memberships
        .iter()
        .filter(|post| post.to.is_none() && units.contains(&post.unit))
        .map(|post| post.person)
        .collect();
    let mut missing = known
        .people
        .iter()
        .filter(|row| lasting.contains(&row.id) && !named.contains(row.staff_number.as_str()))
        .map(|row| row.staff_number.as_str());
    let first: Vec<&str> = missing.by_ref().take(5).collect();
    let count = first.len() + missing.count();
    if count == 0 {
        return None;
    }
    let shown = first.join(", ");
    let finding = Finding::warning(
        "LT-PPL-036",
        Text::new(
            format!("{count} người đang giữ chức vụ ở các đơn vị này không có trong danh sách: {shown}"),
            format!("{count} people with a post in these units are not in the list: {shown}"),
        ),
        Text::new(
            "chức vụ của họ được giữ nguyên; người đã thôi việc thì nguồn phải ghi ngày kết thúc, hoặc nhập bằng `people import`",
            "their posts stay as they are; for somebody who left, the source has to give the last day, or import it with `people import`",
        ),
    );
    Some(finding.at(place(source)))
}

fn no_backfill(source: &SourceId) -> Finding {
    let finding = Finding::error(
        "LT-PPL-035",
        Text::new(
            format!("nguồn {source} là danh sách người hoặc đơn vị: không có khoảng ngày để lấy lại"),
            format!("source {source} is a list of people or units: there is no span of days to pull again"),
        ),
        Text::new(format!("chạy `lienthong sync {source}`"), format!("run `lienthong sync {source}`")),
    );
    finding.at(place(source))
}

pub(super) fn not_whole(source: &SourceId) -> Finding {
    let finding = Finding::error(
        "LT-PPL-033",
        Text::new(
            format!("chưa chứng minh được danh sách của nguồn {source} là đầy đủ; không ghi gì"),
            format!("the list of source {source} is not proven whole; nothing was written"),
        ),
        Text::new(
            "xem các lỗi kèm theo; khai total trong manifest, hoặc chờ tệp được ghi xong",
            "see what is told beside it; declare total in the manifest, or wait until the file is written",
        ),
    );
    finding.at(place(source))
}

pub(super) fn nobody(source: &SourceId) -> Finding {
    let finding = Finding::error(
        "LT-PPL-032",
        Text::new(
            format!("danh sách của nguồn {source} không có dòng nào; không ghi gì"),
            format!("the list of source {source} has no row; nothing was written"),
        ),
        Text::new(
            "kiểm tra tài khoản, bộ lọc và records trong manifest",
            "check the account, the filter and records in the manifest",
        ),
    );
    finding.at(place(source))
}

fn too_large(source: &SourceId) -> Finding {
    let finding = Finding::error(
        "LT-PPL-034",
        Text::new(
            format!("danh sách của nguồn {source} dài hơn 32 MiB; không ghi gì"),
            format!("the list of source {source} is longer than 32 MiB; nothing was written"),
        ),
        Text::new(
            "chia thành nhiều nguồn, mỗi nguồn một nhóm đơn vị",
            "split it into several sources, each for some units",
        ),
    );
    finding.at(place(source))
}
