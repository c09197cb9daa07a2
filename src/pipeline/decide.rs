//! People's decisions: read back from the evaluation software, judged, taken up by records.
//!
//! Owns the way of an entry from a page of the origin to a decision, and of an approval or classification to a
//! record that follows it. What cannot become a decision (unreadable, about nobody known, not allowed) is kept
//! as received with its reason and read again when people become known or someone orders it; a decision the law
//! does not allow a record to follow is refused, told and not tried again; an approval of a revision that does not
//! exist yet waits for it, a classification for the opinion it lacks; one of an older revision than the one that was approved needs
//! nobody. One bad entry never stops the others.

use super::app::App;
use super::execute::{check_component, check_period};
use super::opinion::is_lacking;
use super::record::{Refused, content_of};
use super::step::{Step, StepReport};
use crate::delivery::Target as _;
use crate::delivery::evaluation::{Entry, EvaluationSoftware, IncomingDecision, Unread};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged as Authored};
use crate::domain::evaluation::GENERAL_ITEMS;
use crate::domain::{Decision, DecisionKind, Period};
use crate::error::{Finding, Place, Text};
use crate::evaluation::{Subject, life};
use crate::scoring::{Criteria, Impossible, check_entries};
use crate::store::{Around, DecisionPage, KeptNew, StoreError, StoredDecision};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Decisions per run.
const BATCH: usize = 500;

/// Pages of the origin per run: an origin that always promises more does not keep the others waiting.
const PAGES: usize = 50;

/// Findings a run tells; the rest is in the list.
const TOLD: usize = 20;

/// Code of an entry about nobody known: it is read again whenever people change.
const UNKNOWN_PERSON: &str = "LT-DLV-009";

/// Reads people's decisions back and lets records follow them.
pub struct Decide(pub Arc<App>);

#[async_trait]
impl Step for Decide {
    fn name(&self) -> &'static str {
        "decide"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn pokes(&self) -> &[&'static str] {
        &["score"]
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let app = &self.0;
        let mut report = StepReport::default();
        app.read_decisions(&mut report).await?;
        let open = app.store.open_decisions(BATCH).await.map_err(|error| error.finding())?;
        report.more |= open.len() == BATCH;
        let directory = app.directory().await?;
        let mut settled = Vec::new();
        for stored in &open {
            if !stored.decision.kind.judges_record() {
                settled.push((stored.id, None));
                continue;
            }
            let decision = &stored.decision;
            // Two that waited for one opinion: the later word counts.
            if let Some(by) = open.iter().find_map(|other| replaced_by(stored, other)) {
                app.settle_as_replaced(stored, &by).await?;
                report.done += 1;
                continue;
            }
            // Before it is judged: an opinion that comes meanwhile has it judged again.
            let around = app.store.around(decision.person, decision.period).await;
            let around = around.map_err(|error| error.finding())?;
            match app.take_up(&directory, stored).await {
                Ok(Some(told)) => {
                    report.done += 1;
                    told.into_iter().for_each(|finding| note(&mut report, finding));
                }
                Ok(None) => settled.push((stored.id, None)),
                Err(Refused::Race) => report.more = true,
                Err(Refused::Waits) => {}
                Err(Refused::Finding(finding)) => match app.replacing(stored, &finding.code).await? {
                    Ok(Some(by)) => {
                        app.settle_as_replaced(stored, &by).await?;
                        report.done += 1;
                    }
                    found => {
                        if let Err(unreadable) = found {
                            tell(&mut report, unreadable);
                        }
                        if app.refuse_decision(stored, &finding, around).await? {
                            tell(&mut report, *finding);
                        }
                    }
                },
            }
        }
        app.store.settle_decisions(&settled).await.map_err(|error| error.finding())?;
        report.done += settled.len() as u64;
        app.settle_replaced(&mut report).await?;
        app.ring_deliveries();
        Ok(report)
    }
}

fn tell(report: &mut StepReport, finding: Finding) {
    report.failed += 1;
    note(report, finding);
}

/// Tells what stopped nothing.
fn note(report: &mut StepReport, finding: Finding) {
    if report.findings.len() < TOLD {
        report.findings.push(finding);
    }
}

impl App {
    async fn read_decisions(&self, report: &mut StepReport) -> Result<(), Finding> {
        let directory = self.directory().await?;
        let stamp = self.store.directory_stamp().await.map_err(|error| error.finding())?;
        if *self.entries_read_for.lock().await != Some(stamp) {
            report.done += self.read_kept(Some(UNKNOWN_PERSON), None).await?.0;
            self.store.judge_awaiting_again().await.map_err(|error| error.finding())?;
            *self.entries_read_for.lock().await = Some(stamp);
        }
        let Some(target) = self.evaluation.clone() else { return Ok(()) };
        let origin = target.id().as_str();
        let mut cursor = self.store.decision_cursor(origin).await.map_err(|error| error.finding())?;
        for _ in 0..PAGES {
            let page = match target.decisions(cursor.as_deref(), self.clock.now()).await {
                Ok(page) => page,
                Err(Unread::CursorLost) => {
                    // Everything comes once more; what is known changes nothing.
                    tell(report, cursor_lost(origin));
                    cursor = None;
                    continue;
                }
                Err(Unread::Failed(finding)) => {
                    // The far side is away or does not let us in: what came before is still taken up.
                    tell(report, finding);
                    return Ok(());
                }
            };
            let mut write = DecisionPage { cursor: Some(page.next.clone()), ..DecisionPage::default() };
            for entry in page.entries {
                match self.judge(&directory, &target, &entry, &write.decisions).await? {
                    Judged::Decision(decision) => write.decisions.push(decision),
                    Judged::Known => {}
                    Judged::Not(finding) => {
                        tell(report, finding.clone());
                        write.kept.push(KeptNew { event_id: entry.id, body: entry.body, finding });
                    }
                }
            }
            let same = cursor.as_deref() == Some(page.next.as_str());
            crate::failpoint!("decide::before_keep");
            report.done += self
                .store
                .keep_page(origin, write, self.clock.now())
                .await
                .map_err(|error| error.finding())?;
            crate::failpoint!("decide::after_keep");
            if !page.more || same {
                return Ok(());
            }
            cursor = Some(page.next);
        }
        report.more = true;
        Ok(())
    }

    /// Reads entries that were kept once more: only those kept for one reason, or the one with this number, or all.
    /// Gives how many became decisions and how many still do not.
    pub(super) async fn read_kept(
        &self,
        code: Option<&str>,
        only: Option<i64>,
    ) -> Result<(u64, u64), Finding> {
        let Some(target) = self.evaluation.clone() else { return Ok((0, 0)) };
        let origin = target.id().as_str();
        let directory = self.directory().await?;
        let (mut after, mut read, mut left) = (only.map_or(0, |id| id - 1), 0, 0);
        loop {
            let now = self.clock.now();
            let mut bodies =
                self.store.kept_bodies(origin, code, after, BATCH).await.map_err(|error| error.finding())?;
            bodies.retain(|(id, _)| only.is_none_or(|only| *id == only));
            let Some(last) = bodies.last() else { return Ok((read, left)) };
            after = last.0;
            let mut write = DecisionPage::default();
            for (id, body) in bodies {
                let entry = target.read_again(&body, now);
                match self.judge(&directory, &target, &entry, &write.decisions).await? {
                    Judged::Decision(decision) => {
                        write.decisions.push(decision);
                        write.taken_up.push(id);
                        read += 1;
                    }
                    Judged::Known => write.taken_up.push(id),
                    Judged::Not(finding) => {
                        write.kept.push(KeptNew { event_id: entry.id, body, finding });
                        left += 1;
                    }
                }
            }
            self.store.keep_page(origin, write, now).await.map_err(|error| error.finding())?;
        }
    }

    /// What an entry is worth; `before` came on the same page and is not stored yet.
    async fn judge(
        &self,
        directory: &Directory,
        target: &EvaluationSoftware,
        entry: &Entry,
        before: &[Decision],
    ) -> Result<Judged, Finding> {
        let origin = target.id().as_str();
        let incoming = match &entry.read {
            Ok(incoming) => incoming.clone(),
            Err(finding) => return Ok(Judged::Not(finding.clone())),
        };
        let place = || Place::of(format!("target {origin}")).at(format!("event {}", entry.id));
        let Some(person) = directory.by_staff_number(&incoming.staff_number) else {
            return Ok(Judged::Not(unknown_person(incoming.staff_number.as_str()).at(place())));
        };
        let own = directory.person(person).is_some_and(|known| {
            let subject = Subject { staff_number: &known.staff_number, full_name: &known.full_name };
            life::is_own(subject, &incoming.author)
        });
        if let Some(finding) = self.not_allowed(&incoming, own) {
            return Ok(Judged::Not(finding.at(place())));
        }
        // The life of a record judges the others, with the revision at hand.
        let enters = !incoming.kind.judges_record();
        let remarks = matches!(incoming.kind, DecisionKind::Remarks { .. });
        if enters && let Err(finding) = check_period(self, incoming.period, remarks) {
            return Ok(Judged::Not(finding.at(place())));
        }
        if let Err(finding) = check_component(self, person, incoming.period, &incoming.kind).await {
            return Ok(Judged::Not(finding.at(place())));
        }
        let authored = Authored {
            subject: person,
            period: incoming.period,
            duty: Duty::of(&incoming.kind),
            author: &incoming.author,
            at: incoming.at,
            document: incoming.document.as_deref(),
        };
        // One's own approval is refused by the life of the record, with the revision at hand.
        if (!own || authored.duty == Duty::Own)
            && let Err(finding) = directory.check_author(authored)
        {
            return Ok(Judged::Not(finding.at(place())));
        }
        let decision = Decision {
            key: incoming.key,
            person,
            period: incoming.period,
            author: incoming.author,
            at: incoming.at,
            document: incoming.document,
            kind: incoming.kind,
        };
        let held = match before.iter().find(|earlier| earlier.key == decision.key) {
            Some(earlier) => Some(earlier.clone()),
            None => {
                self.store.decision_by_key(origin, &decision.key).await.map_err(|error| error.finding())?
            }
        };
        Ok(match held {
            None => Judged::Decision(decision),
            Some(held)
                if (held.person, held.period) == (decision.person, decision.period)
                    && held.kind.says_the_same(&decision.kind) =>
            {
                Judged::Known
            }
            Some(_) => Judged::Not(other_content(&decision.key).at(place())),
        })
    }

    /// Entries that would be as good as none: impossible values, or a person's own word about their own work.
    fn not_allowed(&self, incoming: &IncomingDecision, own: bool) -> Option<Finding> {
        let (mut criteria, mut components) = (Criteria::default(), BTreeMap::new());
        match &incoming.kind {
            // The life of a record judges these, with the revision at hand.
            DecisionKind::Approval { .. } | DecisionKind::Classification { .. } => return None,
            DecisionKind::SelfAssessment { items } => criteria.own = Some(items.clone()),
            _ if own => return Some(own_record(incoming.period)),
            DecisionKind::GeneralCriteria { items } => criteria.superior = Some(items.clone()),
            DecisionKind::LeaderComponent { component, percent } => {
                components.insert(*component, percent.clone());
            }
            other => return crate::evaluation::criteria::impossible_value(other),
        }
        for items in criteria.own.iter().chain(&criteria.superior) {
            let lacks: Vec<&str> = GENERAL_ITEMS
                .iter()
                .map(|(item, ..)| *item)
                .filter(|item| !items.contains_key(*item))
                .collect();
            if !lacks.is_empty() {
                // Part of the form is not a smaller number of points.
                let lacks = lacks.join(", ");
                return Some(impossible(
                    &format!("thiếu tiêu chí: {lacks}"),
                    &format!("items are missing: {lacks}"),
                ));
            }
        }
        match self.rule_set(incoming.period) {
            Ok(rules) => check_entries(&criteria, &components, rules).first().map(not_of_the_form),
            Err(finding) => Some(finding),
        }
    }

    /// What stands in place of a decision that looked at another revision than the newest: the approval of a newer one,
    /// given no earlier. None where a person has to look; what is wrong where the approved revision cannot be read.
    async fn replacing(
        &self,
        stored: &StoredDecision,
        refused: &str,
    ) -> Result<Result<Option<Finding>, Finding>, Finding> {
        let decision = &stored.decision;
        let seen = match &decision.kind {
            DecisionKind::Approval { revision, .. } => Some(*revision),
            DecisionKind::Classification { revision, .. } => *revision,
            _ => None,
        };
        let Some(seen) = seen.filter(|_| refused == life::OTHER_REVISION) else { return Ok(Ok(None)) };
        let approved = readable(self.store.approved_of(&[decision.person], decision.period).await)?;
        Ok(approved.and_then(|approved| {
            let Some(approved) = approved.get(&decision.person) else { return Ok(None) };
            let ruling = content_of(approved)?.ruling;
            let later = ruling.filter(|ruling| seen < approved.revision && decision.at <= ruling.at);
            Ok(later.map(|ruling| replaced(seen, approved.revision, ruling.decision_no.as_deref())))
        }))
    }

    async fn settle_as_replaced(&self, stored: &StoredDecision, by: &Finding) -> Result<(), Finding> {
        let object = format!("record {} {}", stored.decision.person, stored.decision.period);
        let why = format!("{} {}", by.code, by.what.en);
        self.store
            .note(self.clock.now(), &stored.decision.author, "decision_replaced", object, Some(&why))
            .await
            .map_err(|error| error.finding())?;
        self.store.settle_decisions(&[(stored.id, None)]).await.map_err(|error| error.finding())
    }

    /// Settles what was refused and has been replaced since: each is looked at again once its record has another revision,
    /// whoever made it, and after each start. One that cannot be read is told and left.
    async fn settle_replaced(&self, report: &mut StepReport) -> Result<(), Finding> {
        let mut looked = self.refused_looked.lock().await;
        let refused = self.store.refused_decisions().await.map_err(|error| error.finding())?;
        let mut left = BTreeMap::new();
        for (id, revision) in refused {
            if looked.get(&id) != Some(&revision) {
                match self.settle_refused(id).await? {
                    Ok(true) => {
                        report.done += 1;
                        continue;
                    }
                    Ok(false) => {}
                    Err(unreadable) => tell(report, unreadable.at(Place::of(format!("decision {id}")))),
                }
            }
            left.insert(id, revision);
        }
        *looked = left;
        Ok(())
    }

    /// Whether a refused decision has been replaced, and is settled now; what is wrong where that cannot be read.
    async fn settle_refused(&self, id: i64) -> Result<Result<bool, Finding>, Finding> {
        let (stored, refused) = match readable(self.store.refused_decision(id).await)? {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(Ok(false)),
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        Ok(match self.replacing(&stored, &refused.code).await? {
            Ok(Some(by)) => {
                self.settle_as_replaced(&stored, &by).await?;
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(unreadable) => Err(unreadable),
        })
    }

    /// Keeps why no record follows a decision, or what it waits for; false where the same was told of it before.
    async fn refuse_decision(
        &self,
        stored: &StoredDecision,
        finding: &Finding,
        around: Around,
    ) -> Result<bool, Finding> {
        let told = |error: StoreError| error.finding();
        // One that names no revision is held to none: waiting, it would judge figures nobody saw.
        let names_one =
            matches!(&stored.decision.kind, DecisionKind::Classification { revision: Some(_), .. });
        let lacks_opinion = is_lacking(&finding.code) && names_one;
        let before = if lacks_opinion {
            readable(self.store.refused_decision(stored.id).await)?.ok().flatten()
        } else {
            None
        };
        let new = before.is_none_or(|(_, before)| before.code != finding.code);
        if new {
            let object = format!("record {} {}", stored.decision.person, stored.decision.period);
            let why = format!("{} {}", finding.code, finding.what.en);
            let (now, author) = (self.clock.now(), &stored.decision.author);
            self.store.note(now, author, "decision_refused", object, Some(&why)).await.map_err(told)?;
        }
        match &stored.decision.kind {
            DecisionKind::Approval { revision, .. } if finding.code == life::AWAITS_REVISION => {
                self.store.await_revision(stored.id, *revision, finding).await
            }
            _ if lacks_opinion => self.store.await_opinion(stored.id, around, finding).await,
            _ => self.store.settle_decisions(&[(stored.id, Some(finding.clone()))]).await,
        }
        .map_err(told)?;
        Ok(new)
    }
}

/// Whether another classification of the same record, both of revisions that were seen, came later.
fn replaced_by(stored: &StoredDecision, other: &StoredDecision) -> Option<Finding> {
    let (one, its) = (&stored.decision, &other.decision);
    let DecisionKind::Classification { revision: Some(seen), .. } = one.kind else { return None };
    let DecisionKind::Classification { revision: Some(later), ref decision_no, .. } = its.kind else {
        return None;
    };
    let comes_later = (its.at, other.id) > (one.at, stored.id) && later >= seen;
    let same = (one.person, one.period) == (its.person, its.period);
    (same && comes_later).then(|| replaced(seen, later, decision_no.as_deref()))
}

/// What was read; what is wrong where its content alone cannot be read, so that the others go on.
fn readable<T>(read: Result<T, StoreError>) -> Result<Result<T, Finding>, Finding> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(error) if error.is_of_content() => Ok(Err(error.finding())),
        Err(error) => Err(error.finding()),
    }
}

enum Judged {
    Decision(Decision),
    /// The same decision came before.
    Known,
    /// Kept with its reason.
    Not(Finding),
}

/// Nobody decides about their own record (art. 10).
pub(super) fn own_record(period: Period) -> Finding {
    Finding::error(
        "LT-REC-004",
        Text::new(
            format!("không ai được tự quyết định trên hồ sơ kỳ {period} của chính mình"),
            format!("nobody decides about their own record of {period}"),
        ),
        Text::new(
            "người có thẩm quyền theo Điều 10 thực hiện",
            "the competent person of art. 10 has to do it",
        ),
    )
}

/// A value the law does not know.
pub(super) fn not_of_the_form(wrong: &Impossible) -> Finding {
    let entry = entry(&wrong.entry);
    impossible(&format!("{}: {}", entry.vi, wrong.vi), &format!("{}: {}", entry.en, wrong.en))
}

/// What the calculator's key of an entry means on form 01.
fn entry(key: &str) -> Text {
    if let Some(item) = key.strip_prefix("criteria.self.") {
        return Text::new(format!("điểm tự chấm tiêu chí {item}"), format!("own points of item {item}"));
    }
    if let Some(item) = key.strip_prefix("criteria.superior.") {
        return Text::new(format!("điểm tiêu chí {item}"), format!("points of item {item}"));
    }
    match key {
        "components.unit_result" => Text::new("phần trăm của d", "percent of d"),
        "components.implementation_ability" => Text::new("phần trăm của đ", "percent of đ"),
        "components.unity_ability" => Text::new("phần trăm của e", "percent of e"),
        other => Text::new(other, other),
    }
}

fn impossible(vi: &str, en: &str) -> Finding {
    Finding::error(
        "LT-CRI-010",
        Text::new(format!("giá trị không được phép: {vi}"), format!("a value that is not allowed: {en}")),
        Text::new(
            "điểm tiêu chí theo mức tối đa của mẫu số 01 và bước điểm gen_step của bộ quy tắc; d, đ và e theo leader_levels (docs/SCORING.md); sửa giá trị rồi nhập lại, chưa có gì được ghi",
            "items have the maxima of form 01 and the step gen_step of the rule set, d, đ and e the levels of leader_levels (docs/SCORING.md); correct the value and enter it again, nothing was entered",
        ),
    )
}

/// A decision in whose place another one stands.
fn replaced(seen: u32, approved: u32, decision_no: Option<&str>) -> Finding {
    let by = decision_no.map(|number| format!(" {number}")).unwrap_or_default();
    Finding::info(
        "LT-REC-090",
        Text::new(
            format!(
                "quyết định về bản {seen} đã được thay bằng quyết định{by}: bản {approved} được phê duyệt"
            ),
            format!(
                "the decision about revision {seen} is replaced by decision{by}: revision {approved} is approved"
            ),
        ),
        Text::new("không cần làm gì", "nothing to do"),
    )
}

fn unknown_person(staff_number: &str) -> Finding {
    Finding::warning(
        UNKNOWN_PERSON,
        Text::new(
            format!("quyết định cho số hiệu {staff_number} không có trong danh sách công chức"),
            format!("a decision about staff number {staff_number}, who is not in the people list"),
        ),
        Text::new(
            "nhập người này bằng `people import`; quyết định được giữ và tự áp dụng sau đó",
            "import the person with `people import`; the decision is kept and taken up by itself then",
        ),
    )
}

fn other_content(key: &str) -> Finding {
    Finding::error(
        "LT-DLV-012",
        Text::new(
            format!("mã quyết định {key} đã dùng cho nội dung khác; nội dung đến trước được giữ"),
            format!("the id {key} was used for another content before; what came first stands"),
        ),
        Text::new(
            "phần mềm đánh giá phải cấp mã mới cho mỗi quyết định",
            "the evaluation software has to give every decision an id of its own",
        ),
    )
}

fn cursor_lost(origin: &str) -> Finding {
    Finding::warning(
        "LT-DLV-013",
        Text::new(
            "phần mềm đánh giá không còn biết vị trí đọc; đọc lại từ đầu, quyết định đã biết không đổi gì",
            "the evaluation software does not know our cursor any more; reading begins anew and known decisions change nothing",
        ),
        Text::new(
            "nếu phần mềm vừa được khôi phục từ bản sao lưu, đối chiếu các quyết định gần đây",
            "if it was restored from a backup, compare the latest decisions",
        ),
    )
    .at(Place::of(format!("target {origin}")))
}
