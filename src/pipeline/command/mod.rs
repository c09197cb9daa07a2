//! What people can order: the values the command line parses into, what comes back, and who executes them.
//!
//! Owns the shape of orders and answers, one file per area, the same over the daemon's socket and in process. Files travel
//! with their contents: the daemon need not see the caller's folder. It must not know terminals, sockets or how an order is
//! carried out. An order that fails comes back as an [`Outcome`] with findings.

mod document;
mod life;
mod name;
mod named;
mod outcome;
mod report;
mod share;
mod task;

use crate::domain::{
    CatalogScope, CatalogVersion, DecisionKind, Period, ProductCode, RecordState, ServiceFact, SourceId,
    TargetId, UnitCode,
};
use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

pub use document::{Align, Cells, Column, Document, Field};
pub use life::LifeOrder;
pub use named::{
    CatalogRef, ImportAs, InputFile, MAX_FILE_BYTES, MappingChoice, PersonRef, ProposedTerms, ReportBy,
    ReportKey, Roster, ScoreView, TaskRef,
};
pub use outcome::{
    EXIT_BUSY, EXIT_CONFIG, EXIT_FAILED, EXIT_OK, EXIT_STORE, EXIT_USAGE, Outcome, Progress, exit_of,
};
pub use report::ReportOrder;
pub use share::ShareEntry;
pub use task::TaskOrder;

/// One order. Each variant is one subcommand; `author` is who answers for the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Sources, steps, deadlines, what needs a person.
    Status {},
    /// Tries a whole configuration against the world; changes nothing.
    Check {
        /// Absolute path of the configuration file, as it stands now.
        config: std::path::PathBuf,
    },
    /// Pulls a source now.
    Sync {
        /// The source.
        source: SourceId,
        /// Read everything again instead of what changed.
        full: bool,
    },
    /// Pulls a span of time again without moving the cursor.
    Backfill {
        /// The source.
        source: SourceId,
        /// First local day.
        from: NaiveDate,
        /// Last local day, included.
        to: NaiveDate,
    },
    /// What stops a source, and what its full pulls proved.
    SourceShow {
        /// The source.
        source: SourceId,
    },
    /// What is known of the shape of a source's records, and what of it waits for a person.
    SourceDrift {
        /// The source.
        source: SourceId,
    },
    /// Calls what changed in the shape of a source's records known.
    SourceAcceptDrift {
        /// The source.
        source: SourceId,
        /// Who answers for it.
        author: String,
    },
    /// Lets the next pull of a stopped source through for the reason that is named.
    SourceAccept {
        /// The source.
        source: SourceId,
        /// Code of what stopped it.
        code: String,
        /// Who answers for it.
        author: String,
        /// Why what it shows is true.
        reason: String,
    },
    /// Records that could not be read.
    RejectedList {
        /// Of this source only.
        source: Option<SourceId>,
        /// Most rows.
        limit: u32,
    },
    /// One record that could not be read, as it came.
    RejectedShow {
        /// The source.
        source: SourceId,
        /// Its number.
        id: i64,
    },
    /// Tasks that evidence contradicts.
    EvidenceCheck {
        /// Most rows.
        limit: u32,
    },
    /// Reads rejected records again with the present manifest.
    RejectedReplay {
        /// The source.
        source: SourceId,
        /// Only the one with this number.
        id: Option<i64>,
    },
    /// Imports people, and units where given; all or nothing.
    PeopleImport {
        /// People file, CSV or XLSX.
        people: InputFile,
        /// Units file.
        units: Option<InputFile>,
        /// Who imports.
        author: String,
        /// Only report what would change.
        dry_run: bool,
    },
    /// Accounts no person is known for.
    PeopleUnknown {
        /// Most rows.
        limit: u32,
    },
    /// Who is known: people, one person, units.
    Roster {
        /// Whom.
        of: Roster,
    },
    /// Says whose an account is.
    PeopleLink {
        /// The source.
        source: SourceId,
        /// The account as the source writes it.
        account: String,
        /// Whose it is.
        person: PersonRef,
        /// Take it from whoever it belongs to now.
        moves: bool,
        /// Who says so.
        author: String,
    },
    /// Imports a catalog version.
    CatalogImport {
        /// Catalog file, CSV or XLSX.
        file: InputFile,
        /// Name of the version.
        version: CatalogVersion,
        /// First day on which assigned tasks use it.
        valid_from: NaiveDate,
        /// For which bodies it holds.
        scope: CatalogScope,
        /// Who imports.
        author: String,
        /// Why, where it was said.
        reason: Option<String>,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Groups a unit's year into candidate products: the form people edit.
    CatalogPropose {
        /// The unit; those below it belong to it.
        unit: UnitCode,
        /// The year.
        year: i32,
        /// Fewest tasks of a candidate.
        at_least: u64,
        /// Another scale of points.
        groups: Option<InputFile>,
    },
    /// Checks a form that came back.
    CatalogCheck {
        /// The form.
        file: InputFile,
        /// Another scale of points.
        groups: Option<InputFile>,
    },
    /// Joins units' forms into one draft to decide in.
    CatalogMerge {
        /// The forms.
        files: Vec<InputFile>,
        /// Another scale of points.
        groups: Option<InputFile>,
    },
    /// Makes a catalog version of a decided draft.
    CatalogSettle {
        /// The draft.
        file: InputFile,
        /// Another scale of points.
        groups: Option<InputFile>,
        /// Name of the version.
        version: CatalogVersion,
        /// First day on which assigned tasks use it.
        valid_from: NaiveDate,
        /// For which bodies it holds.
        scope: CatalogScope,
        /// Who answers for it.
        author: String,
        /// Why: the decision that approves it.
        reason: String,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Compares a catalog file with a stored version.
    CatalogDiff {
        /// The file.
        file: InputFile,
        /// The stored version; the province's in force today when none.
        version: Option<CatalogVersion>,
        /// Whether the lines and scores concerned are looked for.
        affected: bool,
    },
    /// Products of a catalog version.
    CatalogList {
        /// The stored version; the one in force today when none.
        version: Option<CatalogVersion>,
        /// Words of code, name or field; all when empty.
        text: String,
        /// Who proposed them, in the place of what they are.
        #[serde(default)]
        provenance: bool,
        /// Most rows.
        limit: u32,
    },
    /// Every product of the catalog version in force today, as a program reads it.
    CatalogProducts {},
    /// Tasks whose product a person has to choose.
    MappingReview {
        /// Tasks with a number above this one.
        after: i64,
        /// Most rows.
        limit: u32,
    },
    /// The same, alike tasks together.
    MappingGroups {
        /// Most rows.
        limit: u32,
    },
    /// Tasks text mapped that the present mapper would decide otherwise.
    MappingDoubtful {
        /// Most rows.
        limit: u32,
    },
    /// A person's choice for some tasks, or for a group of waiting ones.
    MappingDecide {
        /// The tasks.
        tasks: Vec<TaskRef>,
        /// Or the group, as [`Command::MappingGroups`] names it.
        group: Option<String>,
        /// The choice.
        choice: MappingChoice,
        /// Who chooses.
        author: String,
        /// Why; a group needs a reason, of single tasks a standard one is recorded where none is given.
        reason: Option<String>,
        /// Only show whose scores would move.
        dry_run: bool,
    },
    /// Choices made so far, newest first; or one of them with its tasks and effect.
    MappingDecisions {
        /// This one.
        id: Option<i64>,
        /// Those that wait for a second person only.
        waiting: bool,
        /// Most rows.
        limit: u32,
    },
    /// The second person's word, where the configuration asks for one.
    MappingConfirm {
        /// Number of the decision.
        id: i64,
        /// The second person.
        author: String,
    },
    /// Takes a choice back.
    MappingUndo {
        /// Number of the decision.
        id: i64,
        /// Who takes it back.
        author: String,
        /// Why.
        reason: String,
        /// Only show whose scores would move.
        dry_run: bool,
    },
    /// A product no catalog has, with the tasks it covers.
    ProductPropose {
        /// The tasks.
        tasks: Vec<TaskRef>,
        /// Or a group of waiting ones.
        group: Option<String>,
        /// What is proposed.
        terms: ProposedTerms,
        /// The unit that proposes it.
        unit: Option<UnitCode>,
        /// Who proposes.
        author: String,
        /// Why.
        reason: String,
        /// Only show whose scores would move.
        dry_run: bool,
    },
    /// Proposals.
    ProductProposals {
        /// Those that were withdrawn or accepted as well.
        all: bool,
        /// Most rows.
        limit: u32,
        /// As a workbook.
        #[serde(default)]
        workbook: bool,
    },
    /// A catalog version has the product now.
    ProductAccept {
        /// Number of the proposal.
        id: i64,
        /// Its code in the catalog.
        code: ProductCode,
        /// The version; the newest one that has the code when none.
        catalog: Option<CatalogVersion>,
        /// Who says so.
        author: String,
        /// Only show whose scores would move.
        dry_run: bool,
    },
    /// Takes a proposal back.
    ProductWithdraw {
        /// Number of the proposal.
        id: i64,
        /// Who takes it back.
        author: String,
        /// Why.
        reason: String,
    },
    /// Tries mapping rules on every task there is; changes nothing.
    MappingRulesTest {
        /// Rules file, TOML.
        file: InputFile,
        /// Most differences shown.
        limit: u32,
    },
    /// Decisions of people as rows that may leave the installation.
    MappingExport {
        /// Tasks with a number above this one.
        after: i64,
        /// Most rows.
        limit: u32,
    },
    /// Decisions from a file another installation wrote; all or nothing.
    MappingImport {
        /// The file, CSV, XLSX or JSON lines.
        file: InputFile,
        /// What as.
        as_what: ImportAs,
        /// Where examples come from; the file's name when none.
        origin: Option<String>,
        /// Who answers for it.
        author: String,
        /// Replace decisions made here otherwise.
        replace: bool,
        /// Only show what would happen.
        dry_run: bool,
    },
    /// Shares of one product among people and quarters; none = the task is whole again.
    MappingShare {
        /// The task.
        task: TaskRef,
        /// The parts.
        parts: Vec<ShareEntry>,
        /// The document it cites.
        document: Option<String>,
        /// Who shares it.
        author: String,
        /// Why.
        reason: String,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Shares of many tasks from a file; all or nothing.
    MappingShareFile {
        /// File of shares, CSV or XLSX.
        file: InputFile,
        /// The document it cites.
        document: Option<String>,
        /// Who shares them.
        author: String,
        /// Why.
        reason: String,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// One decision about a person's evaluation: criteria, đ, e, an excuse, failures, a quantity.
    CriteriaSet {
        /// Whose evaluation.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// What is decided.
        decision: DecisionKind,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Who decides.
        author: String,
    },
    /// Criteria of many people from a file; all or nothing.
    CriteriaImport {
        /// Criteria file, CSV or XLSX.
        file: InputFile,
        /// The document its rows cite.
        document: Option<String>,
        /// Who answers for rows that name nobody.
        author: String,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Scores of a period.
    ScoreShow {
        /// The period; the present quarter when none.
        period: Option<Period>,
        /// Of this person only.
        person: Option<PersonRef>,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Which view; the one that is shown when none.
        view: Option<ScoreView>,
        /// Most rows.
        limit: u32,
    },
    /// One score with everything it was made of.
    ScoreExplain {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// Which view; the one that is shown when none.
        view: Option<ScoreView>,
        /// What this revision of the record stands in, in place of the present score.
        #[serde(default)]
        revision: Option<u32>,
    },
    /// Candidate failures of a period: returns and lateness, with what was decided about them.
    ScoreCandidates {
        /// Which period.
        period: Period,
        /// Of this person only.
        person: Option<PersonRef>,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Most rows.
        limit: u32,
    },
    /// How many may be Excellent, by agency and group of similar tasks.
    ScoreQuota {
        /// The year; a month or quarter where the rule set says so.
        period: Period,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
    },
    /// Enters a dated fact of a person's service.
    FactAdd {
        /// Whose.
        person: PersonRef,
        /// What.
        fact: ServiceFact,
        /// Who enters it.
        author: String,
    },
    /// Enters facts from a file; all or nothing.
    FactImport {
        /// The file.
        file: InputFile,
        /// Who enters them.
        author: String,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Facts of service.
    FactList {
        /// Of this person only.
        person: Option<PersonRef>,
        /// Also those that were taken back.
        revoked: bool,
        /// Most rows.
        limit: u32,
    },
    /// Takes a fact back.
    FactRevoke {
        /// Number of the fact.
        id: i64,
        /// Why.
        reason: String,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Who takes it back.
        author: String,
    },
    /// A quarter under another rule set or catalog; nothing of it is stored.
    ScoreWhatIf {
        /// Which quarter.
        period: Period,
        /// Another rule set.
        rule_set: Option<InputFile>,
        /// Another catalog.
        catalog: Option<CatalogRef>,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Which view; the one that is shown when none.
        view: Option<ScoreView>,
        /// Most rows.
        limit: u32,
    },
    /// Derives tasks and scores again from what is stored, checks kept answers, and compares.
    ScoreVerify {},
    /// Evaluation records.
    RecordList {
        /// In this state only.
        state: Option<RecordState>,
        /// Of this period only.
        period: Option<Period>,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Only those whose figures moved on after the approval or close, with the causes.
        #[serde(default)]
        changed: bool,
        /// Most rows.
        limit: u32,
    },
    /// Approves the newest revision of a quarter's record, or classifies a year.
    RecordApprove {
        /// Whose record.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read; refused when a newer one exists.
        revision: u32,
        /// Level decided; years only.
        level: Option<crate::domain::Level>,
        /// Decision number.
        decision_no: Option<String>,
        /// Document with the provincial chair's prior opinion; years of deputies only.
        opinion: Option<String>,
        /// Who approves.
        author: String,
    },
    /// Opens a closed or approved record for the present score, with a reason.
    RecordCorrect {
        /// Whose record.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that is corrected.
        revision: u32,
        /// Corrected level; years only.
        level: Option<crate::domain::Level>,
        /// Decision number of the correction.
        decision_no: Option<String>,
        /// Document with the provincial chair's prior opinion; years of deputies only.
        opinion: Option<String>,
        /// Who corrects.
        author: String,
        /// Why.
        reason: String,
    },
    /// A step in the life of a record or an organisation, and what stands around it.
    Life {
        /// Which.
        order: LifeOrder,
    },
    /// Which tasks there are, and which are one.
    Task {
        /// What.
        order: TaskOrder,
    },
    /// Freezes a period.
    PeriodClose {
        /// Which period.
        period: Period,
        /// Who closes.
        author: String,
        /// Close although the checklist has open points, for this reason.
        reason: Option<String>,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Only show the checklist.
        dry_run: bool,
    },
    /// Imports earlier classifications.
    HistoryImport {
        /// History file, CSV or XLSX.
        file: InputFile,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Who imports.
        author: String,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Signs off that people have no earlier classification.
    HistoryEmpty {
        /// These people; everyone whose history is neither imported nor signed off when empty.
        people: Vec<PersonRef>,
        /// Who signs.
        author: String,
        /// On what ground.
        reason: String,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Only show what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Deliveries.
    OutboxList {
        /// To this target only.
        target: Option<TargetId>,
        /// In this state only.
        state: Option<String>,
        /// Most rows.
        limit: u32,
    },
    /// Makes a delivery due now.
    OutboxRetry {
        /// Number of the item.
        id: uuid::Uuid,
        /// Who orders it.
        author: String,
    },
    /// Makes every delivery due that waits for a person, but what a person parked.
    OutboxRetryAll {
        /// To this target only.
        target: Option<TargetId>,
        /// In this state only; parked and rejected ones when none.
        state: Option<String>,
        /// Who orders it.
        author: String,
    },
    /// Takes a delivery out of the queue until someone retries it.
    OutboxPark {
        /// Number of the item.
        id: uuid::Uuid,
        /// Who orders it.
        author: String,
        /// Why.
        reason: String,
    },
    /// Lets a list that lacks what was acknowledged before go out as it is.
    OutboxAllow {
        /// Number of the item.
        id: uuid::Uuid,
        /// Who answers for it.
        author: String,
        /// Why.
        reason: String,
        /// The document that annuls what the list lacks.
        document: String,
    },
    /// Something to read or to sign.
    Report {
        /// What.
        order: ReportOrder,
    },
    /// Brings the schema up to date.
    DbMigrate {},
    /// Checks the store's integrity.
    DbCheck {},
    /// What would go by the configured times, and what stays.
    RetentionPlan {},
    /// Seals everything again with another key, or lets the old one go.
    DbRotateKey {
        /// Absolute path of the new key's file, read by whoever carries the order out; none = the old key is retired.
        new: Option<std::path::PathBuf>,
        /// Who answers for it.
        author: String,
        /// Why.
        reason: String,
    },
    /// Reads the configuration again, in the daemon that runs.
    ConfigReload {},
    /// Copies the store.
    DbBackup {
        /// Absolute path of the copy; must not exist.
        to: std::path::PathBuf,
    },
}

/// Carries out orders. Implemented by the installation; used by the socket and by the command line alike.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Carries out one order. Progress may be sent any number of times; nobody may be listening.
    async fn execute(&self, command: Command, progress: UnboundedSender<Progress>) -> Outcome;
}

#[cfg(test)]
mod tests;
