//! Pulling a list of leave: what a personnel system says about days not worked, as facts of service.
//!
//! Owns which records are news: a record that says something else than before is its fact taken back and a new one, one
//! that says it was withdrawn is its fact taken back, one that is listed no more changes nothing. A record that cannot be
//! a fact (nobody's number, days shared with another leave) is told by its key and left out; the others are written in
//! one transaction by the author "source ID". What a person entered or took back outranks the list. It must not know what
//! leave does to a score.

use super::gate::accept_order;
use super::people::{MOST_TOLD, Refused, Taken, judge, nobody, not_whole, proven, stopped, walk};
use super::{Progress, PullSummary, of_store, place};
use crate::connector::{Connector, Rows};
use crate::directory::Directory;
use crate::domain::{FactKind, PersonId, ServiceFact, SourceId, StaffNumber, StoredFact};
use crate::error::{Disposition, Finding, Place, Severity, Text};
use crate::evaluation::service::impossible_fact;
use crate::pipeline::app::App;
use crate::pipeline::execute::{closed_told, concerned, overlapping};
use crate::store::{FactFollowed, FactsFollowed, Gate, RunKind, Stop};
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Far more records are withdrawn than is usual.
const WITHDRAWN: &str = "LT-PPL-042";

/// Most records of one list.
const MOST: usize = 200_000;

/// What one record says.
enum Said {
    /// A leave of whoever has this staff number.
    Leave(StaffNumber, ServiceFact),
    /// Nothing (any more): it was withdrawn, or is of a kind that moves no result.
    Nothing,
}

/// A list as it was read.
#[derive(Default)]
struct List {
    /// By key, in their order; a record that cannot be read says nothing new and keeps what it said.
    said: BTreeMap<String, Option<Said>>,
    digest: Sha256,
    findings: Vec<Finding>,
    rejected: u64,
}

impl List {
    fn refuse(&mut self, finding: Finding) {
        self.rejected += 1;
        if self.findings.len() < MOST_TOLD {
            // The others are written: for the run it is no failure.
            self.findings.push(Finding { severity: Severity::Warning, ..finding });
        }
    }

    fn take(&mut self, source: &SourceId, taken: Taken) {
        let (key, said) = match taken {
            Taken::Refused(finding) => return self.refuse(finding),
            Taken::Deleted(record) => (record.external_id, Ok(Said::Nothing)),
            Taken::Row(record, cells) => {
                for cell in &cells {
                    self.digest.update(cell.as_bytes());
                    self.digest.update([0]);
                }
                (record.external_id, said(&cells))
            }
        };
        let shown = crate::domain::CitizenId::mask_in(&key);
        if self.said.contains_key(&key) {
            let twice = wrong("(record)", "khóa này đã có ở trên", "its key stands above already");
            return self.refuse(twice.at(place(source).at(format!("record {shown}"))));
        }
        let said = said.map_err(|(field, finding)| {
            self.refuse(finding.at(place(source).at(format!("record {shown}, field {field}"))));
        });
        self.said.insert(key, said.ok());
    }
}

fn wrong(field: &str, vi: &str, en: &str) -> Finding {
    Finding::error(
        "LT-SCO-021",
        Text::new(format!("{field}: {vi}"), format!("{field}: {en}")),
        Text::new(
            "sửa quy tắc [row] trong manifest hoặc dữ liệu ở nguồn",
            "correct the rule of [row] in the manifest, or the data at the source",
        ),
    )
}

/// What the cells of a row say, in the order of their columns; else the field that is wrong.
fn said(cells: &[String]) -> Result<Said, (&'static str, Finding)> {
    let cell = |index: usize| cells.get(index).map(|cell| cell.trim()).unwrap_or_default();
    let bad = |field: &'static str, vi: &str, en: &str| (field, wrong(field, vi, en));
    match cell(6) {
        "" | "standing" => {}
        "withdrawn" => return Ok(Said::Nothing),
        _ => return Err(bad("state", "cần standing hoặc withdrawn", "standing or withdrawn is needed")),
    }
    if cell(1) == "ignore" {
        return Ok(Said::Nothing);
    }
    let number = StaffNumber::parse(cell(0));
    let number =
        number.ok_or_else(|| bad("staff_number", "cần 1 đến 32 ký tự", "1 to 32 characters are needed"))?;
    let kind = FactKind::parse(cell(1)).filter(|kind| kind.is_leave()).ok_or_else(|| {
        bad(
            "kind",
            "cần unpaid_leave, sick_leave, maternity_leave hoặc ignore",
            "unpaid_leave, sick_leave, maternity_leave or ignore is needed",
        )
    })?;
    let day = |index: usize| cell(index).parse::<NaiveDate>().ok();
    let from = day(2).ok_or_else(|| bad("from", "cần ngày đầu", "the first day is needed"))?;
    let text = Some(cell(5).to_owned()).filter(|text| !text.is_empty());
    let document = cell(4).to_owned();
    let fact = ServiceFact { kind, from, to: day(3), act_on: None, act: None, text, document };
    match impossible_fact(&fact) {
        Some(finding) => Err(("to", finding)),
        None => Ok(Said::Leave(number, fact)),
    }
}

/// Reads a list and follows it.
pub(super) async fn pulled(
    app: &App,
    connector: &Arc<dyn Connector>,
    rows: &Rows,
    (run, gate): (i64, Option<&Gate>),
    progress: Progress<'_>,
    summary: &mut PullSummary,
) -> Result<(), Refused> {
    let source = connector.source();
    let mut list = List::default();
    let mut take = |taken: Taken| -> Result<(), Refused> {
        list.take(source, taken);
        if list.said.len() > MOST { Err(vec![too_long(source)].into()) } else { Ok(()) }
    };
    let end = walk(app, connector, rows, (progress, &mut summary.counters), &mut take).await?;
    let List { said, digest, findings, rejected } = list;
    summary.counters.rejected = rejected;
    if !end.complete || end.short || said.is_empty() {
        let mut told = vec![if said.is_empty() && !end.short { nobody(source) } else { not_whole(source) }];
        told.extend(findings);
        told.extend(end.findings);
        return Err(Refused { disposition: Disposition::RetryLater, ..told.into() });
    }
    let listed = said.len() as u64;
    judge(app, source, (run, gate), listed).await?;
    summary.findings.extend(findings);
    summary.findings.extend(end.findings);
    let told = |error| Refused::from(of_store(error));
    let facts = app.store.service_facts(None, true).await.map_err(told)?;
    let directory = app.directory().await.map_err(|finding| vec![finding])?;
    let mut news = News::of(source, &directory, facts);
    news.follow(said);
    if let Some(stop) = news.too_many_withdrawn(app, run) {
        stopped(app, source, gate, stop).await?;
    }
    summary.findings.extend(news.findings);
    summary.counters.rejected += news.rejected;
    summary.counters.unchanged = news.unchanged;
    summary.counters.changed = news.records.iter().filter(|record| record.before.is_some()).count() as u64;
    summary.counters.new = news.records.len() as u64 - summary.counters.changed;
    if !news.records.is_empty() {
        let moved = news.records.iter().flat_map(|record| {
            let before = record.before.iter().map(|before| (before.person, &before.fact));
            before.chain(record.now.iter().map(|(person, fact)| (*person, fact)))
        });
        let moved: Vec<(PersonId, &ServiceFact)> = moved.collect();
        let due = concerned(app, &directory, &moved).await.map_err(|finding| vec![finding])?;
        let closed = closed_told(app, &directory, &moved).await.map_err(|finding| vec![finding])?;
        summary.findings.extend(closed.map(|finding| finding.at(place(source))));
        let followed = FactsFollowed { source, records: &news.records, at: app.clock.now(), due: &due };
        app.store.follow_facts(followed).await.map_err(told)?;
        app.ring("score");
    }
    let cursor = end.cursor.map(|cursor| cursor.0);
    let counts = (listed, summary.counters.rejected.min(listed), digest.finalize().into());
    proven(app, source, (run, gate), counts, cursor).await?;
    summary.complete = true;
    summary.read = "whole";
    Ok(())
}

/// What a list says anew.
struct News<'a> {
    source: &'a SourceId,
    directory: &'a Directory,
    /// Facts of this source that stand, by the record that says so.
    known: BTreeMap<String, StoredFact>,
    /// What people took back of it, by record.
    taken_back: BTreeMap<String, Vec<(PersonId, ServiceFact)>>,
    /// How many stood when the run began.
    stood: u64,
    /// All leave that stands, with the record of this source that says so.
    standing: Vec<(Option<String>, PersonId, ServiceFact)>,
    records: Vec<FactFollowed>,
    unchanged: u64,
    rejected: u64,
    findings: Vec<Finding>,
}

impl<'a> News<'a> {
    fn of(source: &'a SourceId, directory: &'a Directory, facts: Vec<StoredFact>) -> Self {
        let mut news = Self {
            source,
            directory,
            known: BTreeMap::new(),
            taken_back: BTreeMap::new(),
            stood: 0,
            standing: Vec::new(),
            records: Vec::new(),
            unchanged: 0,
            rejected: 0,
            findings: Vec::new(),
        };
        let author = format!("source {source}");
        for stored in facts.into_iter().filter(|stored| stored.fact.kind.is_leave()) {
            let own = stored.record.as_ref().filter(|record| record.source == source.as_str());
            let key = own.map(|record| record.key.clone());
            match (&stored.revoked, key) {
                (Some(word), Some(key)) if word.by != author => {
                    news.taken_back.entry(key).or_default().push((stored.person, stored.fact));
                }
                (Some(_), _) => {}
                (None, key) => {
                    news.standing.push((key.clone(), stored.person, stored.fact.clone()));
                    if let Some(key) = key {
                        news.known.insert(key, stored);
                    }
                }
            }
        }
        news.stood = news.known.len() as u64;
        news
    }

    fn follow(&mut self, said: BTreeMap<String, Option<Said>>) {
        let listed: BTreeSet<String> = said.keys().cloned().collect();
        let mut first: Option<NaiveDate> = None;
        let mut waiting = Vec::new();
        for (key, said) in said {
            match said {
                Some(Said::Nothing) => self.withdraw(key),
                Some(Said::Leave(number, fact)) => {
                    first = Some(first.map_or(fact.from, |first| first.min(fact.from)));
                    match self.directory.by_staff_number(&number) {
                        Some(person) => waiting.push((key, person, fact)),
                        None => self.refuse(&key, "staff_number", nobody_has(&number)),
                    }
                }
                // What it said stands until it can be read.
                None => {}
            }
        }
        // One that makes room for another goes first, in whatever order they are listed.
        loop {
            let before = waiting.len();
            waiting.retain(|(key, person, fact)| !self.enter(key, *person, fact));
            if waiting.len() == before {
                break;
            }
        }
        for (key, person, fact) in waiting {
            let others = self.others(&key);
            if let Some(finding) = overlapping(self.directory, &others, person, &fact) {
                self.refuse(&key, "from", finding);
            }
        }
        self.not_listed(&listed, first);
    }

    fn withdraw(&mut self, key: String) {
        let Some(before) = self.known.remove(&key) else { return };
        self.standing.retain(|(of, _, _)| of.as_ref() != Some(&key));
        self.records.push(FactFollowed { key, before: Some(before), now: None });
    }

    /// Leave that stands beside what this record said.
    fn others(&self, key: &str) -> Vec<(PersonId, ServiceFact)> {
        let others = self.standing.iter().filter(|(of, _, _)| of.as_deref() != Some(key));
        others.map(|(_, person, fact)| (*person, fact.clone())).collect()
    }

    /// Whether what a record says is settled: it is known, a person's word stands against it, or it is news that can be.
    fn enter(&mut self, key: &str, person: PersonId, fact: &ServiceFact) -> bool {
        let said = (person, fact.clone());
        let known = self.known.get(key);
        if known.is_some_and(|known| known.person == person && known.fact == *fact) {
            self.unchanged += 1;
            return true;
        }
        if known.is_none() {
            // Somebody entered it by hand: it counts once.
            let same = |(_, of, other): &(_, PersonId, ServiceFact)| {
                *of == person && (other.kind, other.from, other.to) == (fact.kind, fact.from, fact.to)
            };
            if self.standing.iter().any(same) {
                self.unchanged += 1;
                return true;
            }
            if self.taken_back.get(key).is_some_and(|back| back.contains(&said)) {
                self.unchanged += 1;
                self.tell(taken_back(), key, "(record)");
                return true;
            }
        }
        if overlapping(self.directory, &self.others(key), person, fact).is_some() {
            return false;
        }
        let before = self.known.remove(key);
        self.standing.retain(|(of, _, _)| of.as_deref() != Some(key));
        self.standing.push((Some(key.to_owned()), person, fact.clone()));
        self.records.push(FactFollowed { key: key.to_owned(), before, now: Some(said) });
        true
    }

    fn refuse(&mut self, key: &str, field: &str, finding: Finding) {
        self.rejected += 1;
        self.tell(Finding { severity: Severity::Warning, ..finding }, key, field);
    }

    fn tell(&mut self, finding: Finding, key: &str, field: &str) {
        if self.findings.len() < MOST_TOLD {
            let key = crate::domain::CitizenId::mask_in(key);
            self.findings.push(finding.at(place(self.source).at(format!("record {key}, field {field}"))));
        }
    }

    /// Leave the list no longer names although it reaches back to its days: it stays, and is told.
    fn not_listed(&mut self, listed: &BTreeSet<String>, first: Option<NaiveDate>) {
        let Some(first) = first else { return };
        let missing = self
            .known
            .iter()
            .filter(|(key, known)| !listed.contains(*key) && known.fact.to.is_none_or(|to| to >= first));
        let missing: Vec<&String> = missing.map(|(key, _)| key).collect();
        if missing.is_empty() {
            return;
        }
        let shown: Vec<String> =
            missing.iter().take(5).map(|key| crate::domain::CitizenId::mask_in(key)).collect();
        let (count, shown) = (missing.len(), shown.join(", "));
        let finding = Finding::warning(
            "LT-PPL-043",
            Text::new(
                format!("{count} đợt nghỉ đã ghi không còn trong danh sách: {shown}"),
                format!("{count} leaves that stand are not in the list any more: {shown}"),
            ),
            Text::new(
                "chúng được giữ nguyên; đợt nghỉ đã hủy thì nguồn phải nêu là đã hủy (state), hoặc thu hồi bằng `fact revoke`",
                "they stay as they are; of one that was cancelled the source has to say so (state), or take it back with `fact revoke`",
            ),
        );
        self.findings.push(finding.at(place(self.source)));
    }

    /// A list that withdraws more than it may at once.
    fn too_many_withdrawn(&self, app: &App, run: i64) -> Option<Stop> {
        let gates = app.gates.get(self.source).copied().unwrap_or_default();
        let withdrawn = self.records.iter().filter(|record| record.now.is_none()).count() as u64;
        let stands = self.stood;
        let most = 100_u64.saturating_sub(gates.least_percent.into());
        if stands < u64::from(gates.from_tasks) || withdrawn * 100 <= stands * most {
            return None;
        }
        let (source, accept) = (self.source, accept_order(self.source, WITHDRAWN));
        let finding = Finding::error(
            WITHDRAWN,
            Text::new(
                format!(
                    "nguồn {source} rút {withdrawn} trong {stands} đợt nghỉ đã ghi; đã dừng, không ghi gì"
                ),
                format!(
                    "source {source} withdraws {withdrawn} of {stands} leaves; stopped, nothing was written"
                ),
            ),
            Text::new(
                format!("kiểm tra quy tắc state trong manifest; nếu đúng là như vậy: {accept}"),
                format!("check the rule of state in the manifest; if it is true: {accept}"),
            ),
        );
        let finding = finding.at(Place::of(format!("source {source}")));
        Some(Stop { run, kind: RunKind::Full, known_to: 0, finding, size: None })
    }
}

fn nobody_has(number: &StaffNumber) -> Finding {
    Finding::error(
        "LT-SCO-022",
        Text::new(format!("không có người \"{number}\""), format!("there is no person \"{number}\"")),
        Text::new(
            "kiểm tra số hiệu, hoặc nhập người này trước; lần đọc sau ghi đợt nghỉ của họ",
            "check the staff number, or import the person first; the next pull enters their leave",
        ),
    )
}

fn taken_back() -> Finding {
    Finding::warning(
        "LT-PPL-044",
        Text::new(
            "đợt nghỉ này đã được người có thẩm quyền thu hồi nhưng nguồn vẫn nêu; không ghi lại",
            "this leave was taken back by a person and the source still lists it; it is not entered again",
        ),
        Text::new(
            "sửa ở nguồn; nếu việc thu hồi là nhầm, ghi lại bằng `fact enter`",
            "correct it at the source; if it was taken back by mistake, enter it with `fact enter`",
        ),
    )
}

fn too_long(source: &SourceId) -> Finding {
    let finding = Finding::error(
        "LT-PPL-034",
        Text::new(
            format!("danh sách của nguồn {source} có hơn {MOST} bản ghi; không ghi gì"),
            format!("the list of source {source} has more than {MOST} records; nothing was written"),
        ),
        Text::new(
            "chia thành nhiều nguồn, mỗi nguồn một nhóm đơn vị",
            "split it into several sources, each for some units",
        ),
    );
    finding.at(place(source))
}
