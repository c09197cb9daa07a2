//! From scores to records, from approvals to approved records, from those to deliveries.
//!
//! Owns the order in which a record grows: a score that says something new becomes a revision and goes to the
//! evaluation software; an approval or classification becomes a revision and, once its period is closed, the
//! person's whole list goes to the national database. Each of these is one transaction. How decisions come in
//! is `decide`'s business.

use super::app::App;
use super::moved::sentence;
use super::results::{Occasion, result_item, start_of};
use super::ruling::{Decided, Ruling};
use super::step::{Step, StepReport};
use crate::delivery::evaluation::{ScoreMessage, ScorePerson};
use crate::delivery::{Target as _, payload_hash};
use crate::directory::Directory;
use crate::domain::rules::{PartyOpinion, RecordSteps};
use crate::domain::{DecisionKind, Level, Period, PersonId, RecordState, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::check_head;
use crate::evaluation::remarks::Signed;
use crate::evaluation::{Change, Content, Held, Part, Situation, Subject, life};
use crate::store::{
    DAEMON, NewRevision, OutboxKind, OutboxNew, Revision, StoreError, StoredDecision, StoredScore,
};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Scores or decisions per run.
const BATCH: usize = 500;

/// Makes revisions of scores.
pub struct Record(pub Arc<App>);

#[async_trait]
impl Step for Record {
    fn name(&self) -> &'static str {
        "record"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(30)
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let scores = self.0.store.scores_without_record(BATCH).await.map_err(|error| error.finding())?;
        let full = scores.len() == BATCH;
        let report = self.follow(scores).await?;
        Ok(StepReport { more: report.more || full, ..report })
    }
}

impl Record {
    /// Lets the records of some people's period follow their scores.
    pub(super) async fn followed(&self, of: Period, people: &[PersonId]) -> Result<StepReport, Finding> {
        let scores = self.0.store.scores_without_record_of(of, people).await;
        self.follow(scores.map_err(|error| error.finding())?).await
    }

    async fn follow(&self, scores: Vec<StoredScore>) -> Result<StepReport, Finding> {
        let app = &self.0;
        if scores.is_empty() {
            return Ok(StepReport::default());
        }
        let directory = app.directory().await?;
        let closed = app.store.closed_periods().await.map_err(|error| error.finding())?;
        let mut units: BTreeMap<Period, BTreeSet<UnitCode>> = BTreeMap::new();
        for score in &scores {
            if let Entry::Vacant(entry) = units.entry(score.period) {
                entry.insert(app.store.closed_units(score.period).await.map_err(|error| error.finding())?);
            }
        }
        let mut report = StepReport::default();
        let mut followed = Vec::with_capacity(scores.len());
        let mut differences = Vec::new();
        for score in scores {
            let mut is_closed = closed.contains(&score.period);
            if let Some(post) = directory.last_post(score.person, score.period) {
                is_closed |= units.get(&score.period).is_some_and(|units| units.contains(&post.unit));
            }
            match app.follow(&directory, &score, is_closed).await {
                Ok(told) => {
                    report.done += 1;
                    if report.findings.len() < 20 {
                        report.findings.extend(told.clone());
                    }
                    differences.push((score.person, score.period, told));
                    followed.push(score);
                }
                Err(Refused::Race | Refused::Waits) => report.more = true,
                Err(Refused::Finding(finding)) => return Err(*finding),
            }
        }
        crate::failpoint!("record::before_followed");
        app.store.record_followed(&followed, &differences).await.map_err(|error| error.finding())?;
        app.ring_deliveries();
        Ok(report)
    }
}

/// Why something did not become a revision.
pub(super) enum Refused {
    /// Somebody else was first; the next run looks again.
    Race,
    /// The figures are being computed or taken up: what is newest in a moment is what it is compared with.
    Waits,
    /// A reason worth telling.
    Finding(Box<Finding>),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Race,
            other => Self::Finding(Box::new(other.finding())),
        }
    }
}

impl From<Finding> for Refused {
    fn from(finding: Finding) -> Self {
        Self::Finding(Box::new(finding))
    }
}

/// The content a stored revision holds.
pub(crate) fn content_of(revision: &Revision) -> Result<Content, Finding> {
    serde_json::from_value(revision.content.clone()).map_err(|_| super::broken("record"))
}

/// Leaves approvals and classifications out that no revision followed: refused, overtaken, or still waiting.
pub(crate) fn retain_followed(decisions: &mut Vec<StoredDecision>, revisions: &[Revision]) {
    let followed = |stored: &StoredDecision, revision: &Revision| {
        let said = |pointer: &str| revision.content.pointer(pointer).and_then(serde_json::Value::as_str);
        let at = said("/ruling/at").and_then(|at| at.parse::<DateTime<Utc>>().ok());
        said("/ruling/by") == Some(stored.decision.author.as_str()) && at == Some(stored.decision.at)
    };
    decisions.retain(|stored| {
        !stored.decision.kind.judges_record() || revisions.iter().any(|revision| followed(stored, revision))
    });
}

/// What stands around a record, as the store knows it.
pub(super) struct Circumstances {
    closed: bool,
    opens: NaiveDate,
    optional: bool,
    lacks_opinion: bool,
    hold: Option<String>,
}

impl Circumstances {
    /// For the life of the record.
    pub(super) fn situation(&self) -> Situation<'_> {
        let Self { closed, opens, optional, lacks_opinion, hold } = self;
        let (closed, opens, optional, lacks_opinion) = (*closed, *opens, *optional, *lacks_opinion);
        Situation { closed, opens, optional, lacks_opinion, hold: hold.as_deref() }
    }
}

impl App {
    /// The content a move starts from: what a revision says, with the texts that were entered apart from a step before
    /// or since. The revision that follows is dated anew, so whatever stands has to be in it.
    pub(super) async fn standing_content(&self, revision: &Revision) -> Result<Content, Finding> {
        let content = content_of(revision)?;
        let decisions = self.store.decisions_of(revision.person, revision.period).await;
        let decisions = decisions.map_err(|error| error.finding())?;
        let all = decisions.iter().map(|stored| &stored.decision);
        let remarks = content.remarks.standing(revision.at, all);
        Ok(Content { remarks, ..content })
    }

    /// What stands around a record.
    pub(super) async fn circumstances(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<Circumstances, Finding> {
        let hold = self.store.open_hold(person, period).await.map_err(|error| error.finding())?;
        let closed = self.is_closed(person, period).await?;
        let hold = hold.map(|hold| match hold.document {
            Some(document) => format!("{} ({document})", hold.reason),
            None => hold.reason,
        });
        let opens = self.assessed_from(&*self.directory().await?, person, period);
        let asked = self.rule_set(period).is_ok_and(|rules| rules.party_opinion == PartyOpinion::Required);
        let lacks_opinion = asked && self.lacks_party_opinion(person, period).await?;
        Ok(Circumstances { closed, opens, optional: !self.steps_required(period), lacks_opinion, hold })
    }

    /// Whether a head's level stays at or below the organisation's (art. 20.6); what could not be compared is told.
    pub(super) async fn check_cap(
        &self,
        directory: &Directory,
        person: PersonId,
        period: Period,
        level: Level,
    ) -> Result<Result<Option<Finding>, Box<Finding>>, Finding> {
        let Some(post) = directory.last_post(person, period) else { return Ok(Ok(None)) };
        let revisions = self
            .store
            .organisation_revisions(&post.unit, period.year())
            .await
            .map_err(|error| error.finding())?;
        let recognised = revisions.last().filter(|newest| newest.state == "recognised");
        let cap = recognised.and_then(|newest| newest.level);
        Ok(check_head(&post.unit, period.year(), post.role, level, cap))
    }

    /// Whether the year of a person's organisation may be classified until 15 January (art. 19.2).
    pub(super) async fn has_special_date(
        &self,
        directory: &Directory,
        person: PersonId,
        period: Period,
    ) -> Result<bool, Finding> {
        let mut code = directory.last_post(person, period).map(|post| post.unit.clone());
        for _ in 0..20 {
            let Some(unit) = code else { break };
            let facts =
                self.store.organisation_facts(&unit, period.year()).await.map_err(|error| error.finding())?;
            if let Some(fact) = facts.get("special_date") {
                return Ok(fact.value == Some(true));
            }
            code = directory.unit(&unit).and_then(|known| known.parent.clone());
        }
        Ok(false)
    }

    /// Whether a person's record of a period is frozen: the period is closed, or the part of the unit of their post
    /// at its end.
    pub(super) async fn is_closed(&self, person: PersonId, period: Period) -> Result<bool, Finding> {
        if self.store.period_close(period).await.map_err(|error| error.finding())?.is_some() {
            return Ok(true);
        }
        let units = self.store.closed_units(period).await.map_err(|error| error.finding())?;
        let directory = self.directory().await?;
        Ok(directory.last_post(person, period).is_some_and(|post| units.contains(&post.unit)))
    }

    /// Whether the record of an open period has yet to follow its score, or that, or of a mean a quarter's, waits to be computed: then nobody knows
    /// whether the figures are still those that were looked at.
    pub(super) async fn is_to_follow(
        &self,
        latest: &Revision,
        around: &Circumstances,
    ) -> Result<bool, Finding> {
        let (person, period) = (latest.person, latest.period);
        if around.closed || !latest.state.is_open() {
            return Ok(false);
        }
        if self.store.is_unsettled(person, period).await.map_err(|error| error.finding())? {
            return Ok(true);
        }
        // A mean is made of results that stand, and a quarter that is about to move may be another result by tomorrow.
        Ok(period.is_mean() && self.parts_due(Some(person), period).await?.contains(&person))
    }

    /// Of whose quarters and months inside a half-year or year a score waits to be computed again.
    pub(super) async fn parts_due(
        &self,
        person: Option<PersonId>,
        period: Period,
    ) -> Result<BTreeSet<PersonId>, Finding> {
        let due = self.store.to_be_computed_again(person).await.map_err(|error| error.finding())?;
        let today = self.clock.today();
        let moves = |due: Period| due != period && due.has_begun(today) && period.depends_on(due);
        Ok(due.into_iter().filter(|(_, due)| moves(*due)).map(|(person, _)| person).collect())
    }

    /// Whether anything of what a person's score of a period depends on waits to be computed: a correction takes the score
    /// itself, whatever its record says.
    pub(super) async fn has_figures_due(&self, person: PersonId, period: Period) -> Result<bool, Finding> {
        let due = self.store.periods_due(person).await.map_err(|error| error.finding())?;
        let today = self.clock.today();
        Ok(due.into_iter().any(|due| due.has_begun(today) && period.depends_on(due)))
    }

    /// Whether the rule set asks for every step before an approval; of a period without one nothing is asked.
    pub(super) fn steps_required(&self, period: Period) -> bool {
        self.rule_set(period).is_ok_and(|rules| rules.record_steps == RecordSteps::Required)
    }

    /// The person's own assessment that came as a decision, where the steps are asked for.
    async fn own_word(&self, person: PersonId, period: Period) -> Result<Option<Signed>, Finding> {
        if !self.steps_required(period) {
            return Ok(None);
        }
        let decisions = self.store.decisions_of(person, period).await.map_err(|error| error.finding())?;
        let own = decisions.into_iter().rev().map(|stored| stored.decision);
        let mut own = own.filter(|decision| matches!(decision.kind, DecisionKind::SelfAssessment { .. }));
        Ok(own.next().map(|decision| Signed { by: decision.author, at: decision.at }))
    }

    async fn follow(
        &self,
        directory: &Directory,
        score: &StoredScore,
        closed: bool,
    ) -> Result<Option<Finding>, Refused> {
        let mut computed: Content =
            serde_json::from_value(score.summary.clone()).map_err(|_| super::broken("score"))?;
        computed.remarks.own = self.own_word(score.person, score.period).await?;
        let latest = self.store.latest_revision(score.person, score.period).await?;
        // Whoever is not evaluated has a score to look at and no record; one that was begun says so.
        if latest.is_none() && !computed.is_evaluated() {
            return Ok(None);
        }
        let held_content = match &latest {
            Some(latest) => Some(self.standing_content(latest).await?),
            None => None,
        };
        let held = latest.as_ref().zip(held_content.as_ref()).map(|(revision, content)| Held {
            revision: revision.revision,
            state: revision.state,
            content,
            content_hash: &revision.content_hash,
            situation: Situation::default(),
        });
        match life::next_revision(held, &computed, closed) {
            Change::Nothing => Ok(None),
            Change::NeedsCorrection { mut finding, .. } => {
                let of = (score.person, score.period, score.scope.as_str());
                let causes = match &held_content {
                    Some(content) => self.why_moved(of, content).await?,
                    None => Vec::new(),
                };
                if let Some(why) = sentence(&causes) {
                    let what = &finding.what;
                    finding.what =
                        Text::new(format!("{}; {}", what.vi, why.vi), format!("{}; {}", what.en, why.en));
                }
                let name = directory
                    .person(score.person)
                    .map(|known| known.staff_number.to_string())
                    .unwrap_or_default();
                Ok(Some(finding.at(Place::of(name))))
            }
            Change::Revision { state, content, summary } => {
                let number = latest.map_or(0, |revision| revision.revision) + 1;
                let revision = self.revision(
                    score.person,
                    number,
                    state,
                    &content,
                    &summary,
                    DAEMON,
                    None,
                    self.clock.now(),
                )?;
                let outbox = self.score_message(directory, &revision, &content)?.into_iter().collect();
                let new = NewRevision { revision, outbox, settles: Vec::new(), due: Vec::new() };
                crate::failpoint!("record::before_commit");
                self.store.append_revision(&new).await?;
                crate::failpoint!("record::after_commit");
                Ok(None)
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a revision has that many parts")]
    pub(super) fn revision<T: serde::Serialize>(
        &self,
        person: PersonId,
        number: u32,
        state: RecordState,
        content: &Content,
        summary: &T,
        author: &str,
        reason: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<Revision, Finding> {
        Ok(Revision {
            person,
            period: content.period,
            revision: number,
            state,
            unit: content.unit.clone(),
            content: serde_json::to_value(content).map_err(|_| super::broken("record"))?,
            content_hash: content.hash(),
            summary: serde_json::to_value(summary).map_err(|_| super::broken("record"))?,
            author: author.to_owned(),
            reason: reason.map(str::to_owned),
            at,
        })
    }

    /// The message that tells the evaluation software of a revision.
    pub(super) fn score_message(
        &self,
        directory: &Directory,
        revision: &Revision,
        content: &Content,
    ) -> Result<Option<OutboxNew>, Finding> {
        let Some(target) = &self.evaluation else { return Ok(None) };
        let Some(person) = directory.person(revision.person) else { return Ok(None) };
        let printed = |part: Part| content.parts.get(&part).map(|figure| figure.printed.clone());
        let message = ScoreMessage {
            external_key: format!(
                "{}.{}.{}.r{}",
                revision.person, revision.period, content.rule_set, revision.revision
            ),
            person: ScorePerson {
                staff_number: person.staff_number.to_string(),
                unit: content.unit.to_string(),
            },
            period: revision.period,
            rule_set: content.rule_set.clone(),
            revision: revision.revision,
            state: revision.state.as_str().to_owned(),
            task_part: printed(Part::TaskPart),
            general: printed(Part::General),
            total: printed(Part::Total),
            level: content.level,
            missing: content.missing.clone(),
            components: content
                .parts
                .iter()
                .filter(|(part, _)| **part < Part::TaskPart)
                .map(|(part, figure)| (part.as_str().to_owned(), figure.printed.clone()))
                .collect::<BTreeMap<_, _>>(),
            content_hash: revision.content_hash.clone(),
        };
        let payload = serde_json::to_vec(&message).map_err(|_| super::broken("score message"))?;
        Ok(Some(OutboxNew {
            target: target.id().clone(),
            kind: OutboxKind::Score,
            person: revision.person,
            period: revision.period,
            revision: revision.revision,
            payload_hash: payload_hash(&payload),
            payload,
            list_len: 1,
            covers: Vec::new(),
            deadline_at: None,
            deadlines: serde_json::Value::Null,
            at: revision.at,
            allowed: None,
        }))
    }
}

impl App {
    /// Lets a record follow an approval or classification, and gives what is allowed and still worth telling; none when the
    /// record says so already.
    pub(super) async fn take_up(
        &self,
        directory: &Directory,
        stored: &StoredDecision,
    ) -> Result<Option<Vec<Finding>>, Refused> {
        let decision = &stored.decision;
        let Some(known) = directory.person(decision.person) else { return Ok(None) };
        let subject = Subject { staff_number: &known.staff_number, full_name: &known.full_name };
        let Some(latest) = self.store.latest_revision(decision.person, decision.period).await? else {
            return Err(match &decision.kind {
                DecisionKind::Approval { revision, content_hash: Some(_), .. } => {
                    life::no_such_revision(subject, decision.period, *revision)
                }
                _ => nothing_to_approve(known.staff_number.as_str(), decision.period),
            }
            .into());
        };
        let around = self.circumstances(decision.person, decision.period).await?;
        if self.is_to_follow(&latest, &around).await? {
            return Err(Refused::Waits);
        }
        let held_content = self.standing_content(&latest).await?;
        let held = Held {
            revision: latest.revision,
            state: latest.state,
            content: &held_content,
            content_hash: &latest.content_hash,
            situation: around.situation(),
        };
        let Some(ruling) = Ruling::of(decision) else { return Ok(None) };
        let judged = self.judge_ruling(directory, (&latest, held), ruling).await?;
        let Some(Decided { mut new, told }) = judged.map_err(Refused::Finding)? else { return Ok(None) };
        new.settles = vec![stored.id];
        crate::failpoint!("decide::before_commit");
        self.store.append_revision(&new).await?;
        crate::failpoint!("decide::after_commit");
        // Nobody ordered it for this person here: whose record it is about stands with each.
        let about = || Place::of(format!("record {} {}", known.staff_number, decision.period));
        let placed = |finding: Finding| if finding.place.is_some() { finding } else { finding.at(about()) };
        Ok(Some(told.into_iter().map(placed).collect()))
    }

    /// What an approved revision sends: a year at once, a quarter once its period is closed.
    pub(super) async fn results_of_approval(
        &self,
        directory: &Directory,
        revision: &Revision,
        content: &Content,
    ) -> Result<Vec<OutboxNew>, Finding> {
        let closed = self.store.period_close(revision.period).await.map_err(|error| error.finding())?;
        if start_of(revision.period, revision.at, closed.map(|close| close.at)).is_none() {
            return Ok(Vec::new());
        }
        let occasion = Occasion::Approved(revision, content, None);
        Ok(result_item(self, directory, revision.person, occasion).await?.into_iter().collect())
    }
}

fn nothing_to_approve(staff_number: &str, period: Period) -> Finding {
    Finding::error(
        "LT-REC-020",
        Text::new(
            format!("chưa có hồ sơ kỳ {period} của {staff_number} để phê duyệt"),
            format!("there is no record of {period} for {staff_number} to approve"),
        ),
        Text::new(
            "xem `score show`; hồ sơ được lập khi có điểm",
            "look at `score show`; a record follows from a score",
        ),
    )
}
