//! Carrying out what people order.
//!
//! Owns the way from an order to the store and back to something printable, one file per group of orders. It
//! is the same whether the order came over the daemon's socket or was given without a daemon. Every change
//! names its author; what cannot be done comes back as findings, never as a half-done change.

mod candidate;
mod catalog;
mod catalog_diff;
mod check;
mod criteria_file;
mod database;
mod decision_list;
mod decisions;
mod delivery;
mod drift;
pub(crate) mod duplicate;
mod each;
mod effect;
mod ending;
mod entry;
mod evaluation;
mod evidence;
mod exchange;
mod explain;
mod fact;
mod find;
mod gate;
mod handed_out;
mod history;
mod life;
mod mapping;
mod no_score;
mod opinion;
mod organisation;
mod paper;
mod people;
mod period;
mod petition;
mod proposal;
mod proposed;
mod quota;
mod rejected;
mod report;
mod results;
mod retention;
mod roster;
mod rotate;
mod share;
mod shown;
mod signed_table;
mod source;
mod standing;
mod statistics;
mod task_show;
mod trial;
mod unit_approval;
mod waiting;
mod what_if;
mod workshop;

pub use check::check_without_store;
pub(super) use entry::{check_component, check_period};
pub(super) use fact::{closed_told, concerned, overlapping};
pub(super) use people::{Prepared, check_charges, prepare};

use super::app::App;
use super::command::{
    Command, Document, EXIT_CONFIG, EXIT_OK, Executor, Outcome, PersonRef, Progress, Roster, exit_of,
};
use super::reload::nobody_runs;
use crate::domain::{PersonId, SourceId, TargetId, UnitCode};
use crate::error::{Finding, Findings, Place, Text};
use crate::store::Allowance;
use crate::telemetry::name as metric;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// An installation that carries out orders.
pub struct Installation {
    /// Its parts.
    pub app: Arc<App>,
}

/// Code of a change that came second.
const LOST_RACE: &str = "LT-DB-009";

/// What an order comes to: something to show, or findings.
type Answer = Result<Outcome, Refusal>;

/// Why an order was not carried out.
pub(super) struct Refusal(Vec<Finding>);

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

impl From<Box<Finding>> for Refusal {
    fn from(finding: Box<Finding>) -> Self {
        Self(vec![*finding])
    }
}

impl From<Findings> for Refusal {
    fn from(findings: Findings) -> Self {
        Self(findings.0)
    }
}

impl From<crate::store::StoreError> for Refusal {
    fn from(error: crate::store::StoreError) -> Self {
        Self(vec![error.finding()])
    }
}

/// Whether the log calls an order that was not carried out trouble: not where another change of the same data came first,
/// of which whoever ordered is told.
fn is_trouble(outcome: &Outcome) -> bool {
    let lost_race = outcome.findings.first().is_some_and(|first| first.code == LOST_RACE);
    outcome.exit != EXIT_OK && !lost_race
}

#[async_trait]
impl Executor for Installation {
    async fn execute(&self, command: Command, progress: UnboundedSender<Progress>) -> Outcome {
        let name = command.name();
        let outcome = match self.carry_out(command, progress).await {
            Ok(outcome) => outcome,
            Err(Refusal(findings)) => {
                let findings: Vec<Finding> =
                    findings.into_iter().map(|finding| self.app.store.placed(finding)).collect();
                Outcome { exit: exit_of(&findings), findings, document: Document::Nothing }
            }
        };
        let code = outcome.findings.first().map(|first| first.code.as_str()).unwrap_or_default();
        if is_trouble(&outcome) {
            tracing::warn!(order = name, exit = outcome.exit, code, "order failed");
        } else {
            tracing::info!(order = name, exit = outcome.exit, code, "order done");
        }
        metrics::counter!(metric::COMMANDS, "command" => name, "exit" => outcome.exit.to_string())
            .increment(1);
        outcome
    }
}

impl Installation {
    async fn carry_out(&self, command: Command, progress: UnboundedSender<Progress>) -> Answer {
        use Command as C;
        let app = &*self.app;
        match command {
            C::Status {} => report::status(app).await,
            C::Check { config } => Ok(check::check(Some(app), &config, Vec::new()).await),
            C::Sync { source, full } => source::sync(app, &source, full, progress).await,
            C::Backfill { source, from, to } => source::backfill(app, &source, from, to, progress).await,
            C::SourceShow { source } => {
                known_source(app, Some(&source)).await?;
                gate::show(app, &source).await
            }
            C::SourceDrift { source } => {
                known_source(app, Some(&source)).await?;
                drift::show(app, &source).await
            }
            C::SourceAcceptDrift { source, author } => {
                known_source(app, Some(&source)).await?;
                drift::accept(app, &source, &author).await
            }
            C::SourceAccept { source, code, author, reason } => {
                known_source(app, Some(&source)).await?;
                gate::accept(app, &source, &code, &author, &reason).await
            }
            C::RejectedList { source, limit } => {
                // Entries of the evaluation software that were refused stand beside records of sources.
                let target =
                    |source: &SourceId| app.targets().iter().any(|id| id.as_str() == source.as_str());
                known_source(app, source.as_ref().filter(|source| !target(source))).await?;
                rejected::list(app, source.as_ref(), limit).await
            }
            C::RejectedShow { source, id } => rejected::show(app, &source, id).await,
            C::EvidenceCheck { limit } => evidence::check(app, limit).await,
            C::RejectedReplay { source, id } => source::replay(app, &source, id, progress).await,
            C::PeopleImport { people, units, author, dry_run } => {
                people::import(app, people, units, &author, dry_run).await
            }
            C::PeopleUnknown { limit } => people::unknown(app, limit).await,
            C::Roster { of: Roster::People { unit, limit } } => {
                known_unit(app, unit.as_ref()).await?;
                roster::people(app, unit.as_ref(), limit).await
            }
            C::Roster { of: Roster::Found { text, limit } } => find::people(app, &text, limit).await,
            C::Roster { of: Roster::One { person } } => roster::one(app, &person).await,
            C::Roster { of: Roster::Units } => roster::units(app).await,
            C::PeopleLink { source, account, person, moves, author } => {
                known_source(app, Some(&source)).await?;
                people::link(app, people::Linking { source, account, person, moves, author }).await
            }
            C::CatalogImport { file, version, valid_from, scope, author, reason, dry_run } => {
                let importing =
                    catalog::Importing { file, version, valid_from, scope, author, reason, dry_run };
                catalog::import(app, importing).await
            }
            C::CatalogPropose { unit, year, at_least, groups } => {
                workshop::propose(app, &unit, year, at_least, groups.as_ref()).await
            }
            C::CatalogCheck { file, groups } => workshop::check(&file, groups.as_ref()).await,
            C::CatalogMerge { files, groups } => workshop::join(app, files, groups.as_ref()).await,
            C::CatalogSettle { file, groups, version, valid_from, scope, author, reason, dry_run } => {
                let settling =
                    workshop::Settling { file, groups, version, valid_from, scope, author, reason, dry_run };
                workshop::settle_draft(app, settling).await
            }
            C::CatalogDiff { file, version, affected } => {
                catalog_diff::compare(app, &file, version, affected).await
            }
            C::CatalogProducts {} => catalog::products(app).await,
            C::CatalogList { version, text, provenance, limit } => {
                catalog::list(app, version, &text, provenance, limit).await
            }
            C::MappingReview { after, limit } => waiting::review(app, after, limit).await,
            C::MappingGroups { limit } => waiting::groups(app, limit).await,
            C::MappingDoubtful { limit } => waiting::doubtful(app, limit).await,
            C::MappingDecide { tasks, group, choice, author, reason, dry_run } => {
                mapping::decide(app, mapping::Deciding { tasks, group, choice, author, reason, dry_run })
                    .await
            }
            C::MappingDecisions { id: Some(id), .. } => decisions::one(app, id).await,
            C::MappingDecisions { id: None, waiting, limit } => decisions::list(app, waiting, limit).await,
            C::MappingRulesTest { file, limit } => exchange::try_rules(app, &file, limit).await,
            C::MappingExport { after, limit } => exchange::export(app, after, limit).await,
            C::MappingImport { file, as_what, origin, author, replace, dry_run } => {
                let order = exchange::Importing { file, as_what, origin, author, replace, dry_run };
                exchange::import(app, order).await
            }
            C::ProductPropose { tasks, group, terms, unit, author, reason, dry_run } => {
                known_unit(app, unit.as_ref()).await?;
                let order = proposal::Proposing { tasks, group, terms, unit, author, reason, dry_run };
                proposal::propose(app, order).await
            }
            C::ProductProposals { all, limit, workbook } => proposed::list(app, all, limit, workbook).await,
            C::ProductAccept { id, code, catalog, author, dry_run } => {
                proposal::accept(app, id, &code, catalog, &author, dry_run).await
            }
            C::ProductWithdraw { id, author, reason } => proposal::withdraw(app, id, &author, &reason).await,
            C::MappingConfirm { id, author } => mapping::confirm(app, id, &author).await,
            C::MappingUndo { id, author, reason, dry_run } => {
                mapping::undo(app, id, &author, &reason, dry_run).await
            }
            C::MappingShare { task, parts, document, author, reason, dry_run } => {
                share::enter(app, &task, &parts, share::Entered { author, document, reason, dry_run }).await
            }
            C::MappingShareFile { file, document, author, reason, dry_run } => {
                share::enter_file(app, &file, share::Entered { author, document, reason, dry_run }).await
            }
            C::CriteriaSet { person, period, decision, document, author } => {
                evaluation::criteria(app, &person, period, decision, document, author).await
            }
            C::CriteriaImport { file, document, author, dry_run } => {
                criteria_file::import(app, &file, (&author, document.as_deref()), dry_run).await
            }
            C::ScoreShow { period, person, unit, view, limit } => {
                known_unit(app, unit.as_ref()).await?;
                evaluation::scores(app, period, person, unit, view, limit).await
            }
            C::ScoreExplain { person, period, view, revision } => {
                explain::explain(app, &person, period, view, revision).await
            }
            C::ScoreCandidates { period, person, unit, limit } => {
                known_unit(app, unit.as_ref()).await?;
                candidate::list(app, person.as_ref(), unit.as_ref(), period, limit).await
            }
            C::ScoreQuota { period, unit } => {
                known_unit(app, unit.as_ref()).await?;
                quota::show(app, unit.as_ref(), period).await
            }
            C::FactAdd { person, fact, author } => fact::enter(app, &person, fact, &author).await,
            C::FactImport { file, author, dry_run } => fact::import(app, &file, &author, dry_run).await,
            C::FactList { person, revoked, limit } => fact::list(app, person.as_ref(), revoked, limit).await,
            C::FactRevoke { id, reason, document, author } => {
                fact::revoke(app, id, (&author, &reason, document.as_deref())).await
            }
            C::ScoreWhatIf { period, rule_set, catalog, unit, view, limit } => {
                known_unit(app, unit.as_ref()).await?;
                let asked = what_if::Asked { period, rule_set, catalog, unit, view, limit };
                what_if::compare(app, asked, progress).await
            }
            C::ScoreVerify {} => evaluation::verify(app).await,
            C::RecordList { state, period, unit, changed, limit } => {
                known_unit(app, unit.as_ref()).await?;
                evaluation::records(app, state, period, unit, changed, limit).await
            }
            C::RecordApprove { person, period, revision, level, decision_no, opinion, author } => {
                let ruling = evaluation::Ruled { revision, level, decision_no, opinion, author };
                evaluation::approve(&self.app, &person, period, ruling).await
            }
            C::RecordCorrect { person, period, revision, level, decision_no, opinion, author, reason } => {
                let ruling = evaluation::Ruled { revision, level, decision_no, opinion, author };
                let order = evaluation::Correcting { person, period, ruling, reason };
                evaluation::correct(&self.app, order).await
            }
            C::Life { order } => life::carry_out(&self.app, order).await,
            C::Task { order } => duplicate::carry_out(app, order).await,
            C::PeriodClose { period, author, reason, document, dry_run } => {
                let unit = None;
                period::close(app, period::Closing { period, unit, author, reason, document, dry_run }).await
            }
            C::HistoryImport { file, document, author, dry_run } => {
                history::import(app, &file, (&author, document.as_deref()), dry_run).await
            }
            C::HistoryEmpty { people, author, reason, document, dry_run } => {
                history::empty(app, &people, (&author, document.as_deref(), &reason), dry_run).await
            }
            C::OutboxList { target, state, limit } => {
                known_target(app, target.as_ref()).await?;
                delivery::list(app, target, state, limit).await
            }
            C::OutboxRetry { id, author } => delivery::retry(app, id, &author).await,
            C::OutboxRetryAll { target, state, author } => {
                known_target(app, target.as_ref()).await?;
                delivery::retry_all(app, target, state, &author).await
            }
            C::OutboxPark { id, author, reason } => delivery::park(app, id, &author, &reason).await,
            C::OutboxAllow { id, author, reason, document } => {
                delivery::allow(app, id, Allowance { author: &author, reason: &reason, document: &document })
                    .await
            }
            C::Report { order } => paper::carry_out(app, order, progress).await,
            C::DbMigrate {} => database::migrate(app).await,
            C::ConfigReload {} => reload(app).await,
            C::DbCheck {} => database::check(app).await,
            C::DbBackup { to } => database::backup(app, &to).await,
            C::DbRotateKey { new: Some(file), author, reason } => {
                rotate::rotate(app, &file, (&author, &reason), progress).await
            }
            C::RetentionPlan {} => retention::plan(app).await,
            C::DbRotateKey { new: None, author, reason } => rotate::retire(app, (&author, &reason)).await,
        }
    }
}

/// The person somebody names.
async fn person(app: &App, named: &PersonRef) -> Result<PersonId, Refusal> {
    let directory = app.directory().await?;
    let found = match named {
        PersonRef::Id(id) => directory.person(*id).map(|person| person.id),
        PersonRef::Staff(number) => directory.by_staff_number(number),
    };
    found.ok_or_else(|| {
        Finding::error(
            "LT-PPL-020",
            Text::new(format!("không có người \"{named}\""), format!("there is no person \"{named}\"")),
            Text::new(
                "kiểm tra số hiệu, hoặc nhập bằng `people import`",
                "check the staff number, or import the person with `people import`",
            ),
        )
        .into()
    })
}

/// A source that is named must be configured now, or have been when its tasks were pulled.
async fn known_source(app: &App, source: Option<&SourceId>) -> Result<(), Refusal> {
    let Some(source) = source.filter(|source| !app.sources.contains_key(*source)) else { return Ok(()) };
    let known = known_sources(app).await?;
    if known.contains(source) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    Err(super::source::no_such_source(source.as_str(), &known).into())
}

/// Sources that are configured now, or were when their tasks were pulled.
/// Has the configuration read again; the answer comes before the daemon begins anew with it.
async fn reload(app: &App) -> Answer {
    match app.reload.ask().await {
        None => Err(nobody_runs().into()),
        Some(Err(Findings(findings))) => {
            Ok(Outcome { exit: EXIT_CONFIG, findings, document: Document::Nothing })
        }
        Some(Ok(())) => Ok(Outcome::done(
            "Đã đọc lại cấu hình; dịch vụ chạy tiếp với cấu hình mới.",
            "The configuration was read again; the daemon goes on with it.",
        )),
    }
}

async fn known_sources(app: &App) -> Result<BTreeSet<SourceId>, Refusal> {
    let held = app.store.overview().await?.sources.into_keys();
    Ok(app.configured.iter().cloned().chain(held.filter_map(|source| source.parse().ok())).collect())
}

/// The same for a target.
async fn known_target(app: &App, target: Option<&TargetId>) -> Result<(), Refusal> {
    let configured = app.targets();
    let Some(target) = target.filter(|target| !configured.contains(target)) else { return Ok(()) };
    let held = app.store.overview().await?.targets;
    if held.contains_key(target.as_str()) {
        return Ok(());
    }
    let known: BTreeSet<String> =
        configured.iter().map(ToString::to_string).chain(held.into_keys()).collect();
    let list = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(Finding::error(
        "LT-DLV-025",
        Text::new(
            format!("không có đích \"{target}\"; các đích: {list}"),
            format!("there is no target \"{target}\"; targets: {list}"),
        ),
        Text::new("kiểm tra [[target]] trong tệp cấu hình", "check [[target]] in the configuration"),
    )
    .at(Place::of("--target"))
    .into())
}

/// A unit that is named must be known.
async fn known_unit(app: &App, unit: Option<&UnitCode>) -> Result<(), Refusal> {
    let directory = app.directory().await?;
    let Some(unit) = unit.filter(|unit| directory.unit(unit).is_none()) else { return Ok(()) };
    Err(Finding::error(
        "LT-PPL-023",
        Text::new(format!("không có đơn vị \"{unit}\""), format!("there is no unit \"{unit}\"")),
        Text::new(
            "xem mã ở `report tasks --by unit`, hoặc nhập đơn vị bằng `people import --units`",
            "look for the code in `report tasks --by unit`, or import the unit with `people import --units`",
        ),
    )
    .at(Place::of("--unit"))
    .into())
}

/// An author is a name people can be asked about.
fn author(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if (2..=200).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(Finding::error(
        "LT-RUN-020",
        Text::new("thiếu tên người thực hiện", "the name of whoever does this is missing"),
        Text::new("ghi --author \"Họ tên hoặc số hiệu\"", "give --author \"name or staff number\""),
    )
    .at(Place::of("--author"))
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_came_second_is_no_trouble_and_one_that_failed_is() {
        let failed =
            |code: &str| Outcome::failed(1, Finding::error(code, Text::new("", ""), Text::new("", "")));
        assert!(is_trouble(&failed("LT-CAT-023")) && !is_trouble(&failed(LOST_RACE)));
        assert!(!is_trouble(&Outcome::done("xong", "done")));
    }
}
