//! What people can order: the values the command line parses into, what comes back, and who executes them.
//!
//! Owns the shape of orders and answers, the same whether they travel over the daemon's socket or are
//! executed in process. Files travel with their contents, because the daemon need not see the folder of
//! whoever calls. It must not know terminals, sockets or how an order is carried out. An order that fails
//! comes back as an [`Outcome`] with findings; there is no other error.

pub use super::document::{Align, Column, Document, Field};
pub use super::life_order::LifeOrder;
use crate::domain::{
    CatalogScope, CatalogVersion, DecisionKind, Period, PersonId, ProductCode, RecordState, ServiceFact,
    SourceId, StaffNumber, TargetId, UnitCode,
};
use crate::error::{Finding, Severity, Text};
use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tokio::sync::mpsc::UnboundedSender;

/// Everything went as ordered.
pub const EXIT_OK: u8 = 0;
/// The order was understood but failed, or a check found errors.
pub const EXIT_FAILED: u8 = 1;
/// The command line itself is wrong.
pub const EXIT_USAGE: u8 = 2;
/// The data folder is in use, or the daemon that holds it does not answer.
pub const EXIT_BUSY: u8 = 3;
/// The store cannot be opened, is newer than this program, full or damaged.
pub const EXIT_STORE: u8 = 4;
/// The configuration or a secret is wrong.
pub const EXIT_CONFIG: u8 = 5;

/// The exit code of an order that failed with these findings.
pub fn exit_of(findings: &[Finding]) -> u8 {
    // Lost races and what a backup or check tells are no failures of the store itself.
    const NO_FAILURE_OF_THE_STORE: [&str; 6] =
        ["LT-DB-009", "LT-DB-012", "LT-DB-013", "LT-DB-014", "LT-DB-015", "LT-DB-017"];
    let store = |finding: &Finding| {
        finding.code.starts_with("LT-DB-") && !NO_FAILURE_OF_THE_STORE.contains(&finding.code.as_str())
    };
    if findings.iter().any(store) { EXIT_STORE } else { EXIT_FAILED }
}

/// Largest file an order may carry, in bytes.
pub const MAX_FILE_BYTES: usize = 32 << 20;

/// A file as the caller sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Name for messages.
    pub name: String,
    /// Contents.
    #[serde(with = "base64_text")]
    pub bytes: Vec<u8>,
}

// Files carry personal data: only the size prints.
impl fmt::Debug for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InputFile({}, {} bytes)", self.name, self.bytes.len())
    }
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map_err(|_| D::Error::custom("not base64"))
    }
}

/// A person as people name one: the staff number, or the opaque id the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PersonRef {
    /// Opaque id.
    Id(PersonId),
    /// Province's staff number.
    Staff(StaffNumber),
}

impl FromStr for PersonRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse::<PersonId>() {
            return Ok(Self::Id(id));
        }
        StaffNumber::parse(text)
            .map(Self::Staff)
            .ok_or_else(|| "not a staff number (1 to 32 characters)".to_owned())
    }
}

impl fmt::Display for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Staff(number) => number.fmt(f),
        }
    }
}

impl TryFrom<String> for PersonRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PersonRef> for String {
    fn from(person: PersonRef) -> String {
        person.to_string()
    }
}

/// A task as people name one: source and the source's key, written `SOURCE:KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    /// The source.
    pub source: SourceId,
    /// The source's key.
    pub external_id: String,
}

impl FromStr for TaskRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "write a task as SOURCE:KEY, for example snv-eoffice:1042".to_owned();
        let (source, key) = text.split_once(':').ok_or_else(wrong)?;
        if key.is_empty() || key.chars().count() > 200 {
            return Err(wrong());
        }
        Ok(Self { source: source.parse().map_err(|_| wrong())?, external_id: key.to_owned() })
    }
}

/// Which view of a score is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ScoreView {
    /// Tasks due up to today.
    ToDate,
    /// Every task of the period.
    #[default]
    FullPeriod,
}

impl ScoreView {
    /// Stable name, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToDate => "to_date",
            Self::FullPeriod => "full_period",
        }
    }
}

/// What `report tasks` has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ReportBy {
    /// One row per person.
    Person,
    /// One row per unit.
    Unit,
}

/// How `report tasks` names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ReportKey {
    /// Staff number; tasks of unidentified accounts under `-`.
    #[default]
    Staff,
    /// The source's own account.
    Account,
}

/// What a person decides about a task's product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingChoice {
    /// This product of the catalog version in force at assignment.
    Product(ProductCode),
    /// The task is outside the catalog.
    Outside,
}

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
    /// Lets the next pull of a stopped source through.
    SourceAccept {
        /// The source.
        source: SourceId,
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
    },
    /// Compares a catalog file with a stored version.
    CatalogDiff {
        /// The file.
        file: InputFile,
        /// The stored version; the newest one when none.
        version: Option<CatalogVersion>,
    },
    /// Products of a catalog version.
    CatalogList {
        /// The stored version; the one in force today when none.
        version: Option<CatalogVersion>,
        /// Words of code, name or field; all when empty.
        text: String,
        /// Most rows.
        limit: u32,
    },
    /// Tasks whose product a person has to choose.
    MappingReview {
        /// Tasks with a number above this one.
        after: i64,
        /// Most rows.
        limit: u32,
    },
    /// A person's choice.
    MappingDecide {
        /// The task.
        task: TaskRef,
        /// The choice.
        choice: MappingChoice,
        /// Who chooses.
        author: String,
        /// Why.
        reason: Option<String>,
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
    },
    /// Scores of a period.
    ScoreShow {
        /// The period; the present quarter when none.
        period: Option<Period>,
        /// Of this person only.
        person: Option<PersonRef>,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Which view.
        view: ScoreView,
        /// Most rows.
        limit: u32,
    },
    /// One score with everything it was made of.
    ScoreExplain {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// Which view.
        view: ScoreView,
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
        /// Who takes it back.
        author: String,
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
    /// Freezes a period.
    PeriodClose {
        /// Which period.
        period: Period,
        /// Who closes.
        author: String,
        /// Close although the checklist has open points, for this reason.
        reason: Option<String>,
        /// Only show the checklist.
        dry_run: bool,
    },
    /// Imports earlier classifications.
    HistoryImport {
        /// History file, CSV or XLSX.
        file: InputFile,
        /// Who imports.
        author: String,
    },
    /// Signs off that people have no earlier classification.
    HistoryEmpty {
        /// These people; everyone whose history is neither imported nor signed off when empty.
        people: Vec<PersonRef>,
        /// Who signs.
        author: String,
        /// On what ground.
        reason: String,
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
    /// How many tasks of whom are done, late, open and overdue.
    ReportTasks {
        /// What a row is.
        by: ReportBy,
        /// Of this source only.
        source: Option<SourceId>,
        /// Day that decides what is overdue; today when none.
        as_of: Option<NaiveDate>,
        /// How people are named.
        key: ReportKey,
    },
    /// Brings the schema up to date.
    DbMigrate {},
    /// Checks the store's integrity.
    DbCheck {},
    /// Reads the configuration again, in the daemon that runs.
    ConfigReload {},
    /// Copies the store.
    DbBackup {
        /// Absolute path of the copy; must not exist.
        to: std::path::PathBuf,
    },
}

impl Command {
    /// Stable name for logs; says nothing about people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status {} => "status",
            Self::Check { .. } => "check",
            Self::Sync { .. } => "sync",
            Self::Backfill { .. } => "backfill",
            Self::SourceShow { .. } => "source show",
            Self::SourceDrift { .. } => "source drift",
            Self::SourceAcceptDrift { .. } => "source accept-drift",
            Self::SourceAccept { .. } => "source accept",
            Self::RejectedList { .. } => "rejected list",
            Self::EvidenceCheck { .. } => "evidence check",
            Self::RejectedReplay { .. } => "rejected replay",
            Self::PeopleImport { .. } => "people import",
            Self::PeopleUnknown { .. } => "people unknown",
            Self::PeopleLink { .. } => "people link",
            Self::CatalogImport { .. } => "catalog import",
            Self::CatalogPropose { .. } => "catalog propose",
            Self::CatalogCheck { .. } => "catalog check",
            Self::CatalogMerge { .. } | Self::CatalogSettle { .. } => "catalog merge",
            Self::CatalogDiff { .. } => "catalog diff",
            Self::CatalogList { .. } => "catalog list",
            Self::MappingReview { .. } => "mapping review",
            Self::MappingDecide { .. } => "mapping decide",
            Self::CriteriaSet { .. } => "criteria set",
            Self::CriteriaImport { .. } => "criteria import",
            Self::ScoreShow { .. } => "score show",
            Self::ScoreExplain { .. } => "score explain",
            Self::ScoreVerify {} => "score verify",
            Self::ScoreCandidates { .. } => "score candidates",
            Self::ScoreQuota { .. } => "score quota",
            Self::FactAdd { .. } => "fact add",
            Self::FactImport { .. } => "fact import",
            Self::FactList { .. } => "fact list",
            Self::FactRevoke { .. } => "fact revoke",
            Self::RecordList { .. } => "record list",
            Self::RecordApprove { .. } => "record approve",
            Self::RecordCorrect { .. } => "record correct",
            Self::Life { order } => order.name(),
            Self::PeriodClose { .. } => "period close",
            Self::HistoryImport { .. } => "history import",
            Self::HistoryEmpty { .. } => "history empty",
            Self::OutboxList { .. } => "outbox list",
            Self::OutboxRetry { .. } | Self::OutboxRetryAll { .. } => "outbox retry",
            Self::OutboxPark { .. } => "outbox park",
            Self::OutboxAllow { .. } => "outbox allow",
            Self::ReportTasks { .. } => "report tasks",
            Self::DbMigrate {} => "db migrate",
            Self::DbCheck {} => "db check",
            Self::ConfigReload {} => "config reload",
            Self::DbBackup { .. } => "db backup",
        }
    }

    /// Whether the order needs the network and may therefore run long.
    pub fn shows_progress(&self) -> bool {
        matches!(
            self,
            Self::Sync { .. } | Self::Backfill { .. } | Self::RejectedReplay { .. } | Self::DbBackup { .. }
        )
    }
}

/// How far an order has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Items handled.
    pub done: u64,
    /// Items altogether, where known.
    pub total: Option<u64>,
    /// What is being done.
    pub note: Text,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Exit code of the process that ordered, one of the `EXIT_…` constants.
    pub exit: u8,
    /// What went wrong or is worth knowing.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What there is to show.
    #[serde(default)]
    pub document: Document,
}

impl Outcome {
    /// Success with something to show.
    pub fn ok(document: Document) -> Self {
        Self { exit: EXIT_OK, findings: Vec::new(), document }
    }

    /// Success with a sentence.
    pub fn done(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::ok(Document::Message { text: Text::new(vi, en) })
    }

    /// Failure with one finding.
    pub fn failed(exit: u8, finding: Finding) -> Self {
        Self { exit, findings: vec![finding], document: Document::Nothing }
    }

    /// A document with findings: exit 1 when one of them is an error.
    pub fn with_findings(document: Document, findings: Vec<Finding>) -> Self {
        let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
        Self { exit: if failed { EXIT_FAILED } else { EXIT_OK }, findings, document }
    }
}

/// Carries out orders. Implemented by the installation; used by the socket and by the command line alike.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Carries out one order. Progress may be sent any number of times; nobody may be listening.
    async fn execute(&self, command: Command, progress: UnboundedSender<Progress>) -> Outcome;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_with_a_file_survives_the_wire_and_debug_hides_the_contents() {
        let command = Command::CriteriaImport {
            file: InputFile { name: "tiêu chí.csv".into(), bytes: b"staff_number,\xff\x00".to_vec() },
            document: None,
            author: "Trần Thị B".into(),
        };
        let wire = serde_json::to_string(&command).expect("serialises");
        assert!(wire.contains(r#""command":"criteria_import""#), "{wire}");
        assert_eq!(serde_json::from_str::<Command>(&wire).expect("reads back"), command);
        assert!(!format!("{command:?}").contains("staff_number"));
    }

    #[test]
    fn an_order_with_an_unknown_field_is_refused() {
        assert!(serde_json::from_str::<Command>(r#"{"command":"sync","source":"a","full":false}"#).is_ok());
        assert!(
            serde_json::from_str::<Command>(r#"{"command":"sync","source":"a","full":false,"x":1}"#).is_err()
        );
        assert!(serde_json::from_str::<Command>(r#"{"command":"status","x":1}"#).is_err());
    }

    #[test]
    fn a_person_is_named_by_uuid_or_staff_number_and_a_task_by_source_and_key() {
        let id = "0190c3d0-0000-7000-8000-000000000001";
        assert!(matches!(id.parse(), Ok(PersonRef::Id(_))));
        assert!(
            matches!("GL - 00012".parse(), Ok(PersonRef::Staff(number)) if number.as_str() == "GL-00012")
        );
        assert!("".parse::<PersonRef>().is_err());
        let task: TaskRef = "snv-eoffice:10:42".parse().expect("a task");
        assert_eq!((task.source.as_str(), task.external_id.as_str()), ("snv-eoffice", "10:42"));
        assert!("snv-eoffice".parse::<TaskRef>().is_err());
    }

    #[test]
    fn a_warning_is_no_failure_but_an_error_is() {
        let text = || Text::new("a", "a");
        let warning = Finding::warning("LT-CFG-001", text(), text());
        assert_eq!(Outcome::with_findings(Document::Nothing, vec![warning.clone()]).exit, EXIT_OK);
        let error = Finding::error("LT-CFG-001", text(), text());
        assert_eq!(Outcome::with_findings(Document::Nothing, vec![warning, error]).exit, EXIT_FAILED);
    }
}
