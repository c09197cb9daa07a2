//! What every step works with: the store, the connected sources and targets, the rules and the caches.
//!
//! Owns the bells between steps and the cached directory, which is read again when it changed. A cache only saves
//! time; whoever finds it empty fills it. What the mappers know is the step's that decides by them (`mappers`); orders only ask them.

use super::day_book::StoredDay;
use super::former::FormerRules;
use super::hook::Hook;
use super::judged::Judging;
use super::mappers::Mappers;
use super::reload::Reload;
use super::scope::{bodies, nearest, scopes_of};
use super::step::{Bell, Failing};
use crate::clock::Clock;
use crate::config::{CronTime, Gates, Retention};
use crate::connector::{Connector, drift};
use crate::delivery::Target;
use crate::delivery::evaluation::EvaluationSoftware;
use crate::delivery::national::NationalDatabase;
use crate::directory::{Directory, Known};
use crate::domain::{
    CatalogScope, CatalogVersion, Period, PersonId, ProductCode, RuleSet, SourceId, TargetId, Unit, UnitCode,
    UnitKind, WorkingCalendar,
};
use crate::error::{Finding, Text};
use crate::mapping::RuleBook;
use crate::store::{DirectoryRows, PersonRow, Store};
use crate::text::Abbreviations;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, RwLock};

/// One connected source.
pub struct Source {
    /// Its connector.
    pub connector: Arc<dyn Connector>,
    /// The unit it belongs to.
    pub unit: UnitCode,
    /// Kind of system, as evidence for mapping (`QLVB`, `NHIEMVU`, `EXCEL`, …).
    pub system: String,
    /// When it is pulled.
    pub schedule: CronTime,
    /// When everything is read again; none = never.
    pub full_schedule: Option<CronTime>,
}

/// What the configuration says about evaluation and delivery.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Rule sets, by the days they govern.
    pub rule_sets: Vec<RuleSet>,
    /// Working days.
    pub calendar: WorkingCalendar,
    /// Month and day from which the year is computed (its classification is due before 15 December).
    pub year_opens: (u32, u32),
    /// Day of a quarter's or month's last month from which its results may be approved (plan V.3).
    pub assessment_opens: u8,
    /// Exact mapping rules.
    pub rule_book: RuleBook,
    /// Short forms titles and searches are read with: the built-in ones and those of this province.
    pub abbreviations: Abbreviations,
    /// Share of automatic text decisions that shall be right.
    pub target_precision: f64,
    /// Whether a decision about products counts only once a second person confirmed it.
    pub four_eyes: bool,
    /// The catalog's product for everything it does not name, by which proposed products may count.
    pub catch_all: Option<ProductCode>,
    /// How long what is kept.
    pub retention: Retention,
    /// Units the configuration names, which is their home.
    pub units: Vec<Unit>,
    /// File with more of them, read anew whenever units are imported.
    pub units_file: Option<PathBuf>,
}

/// Both kinds of target as targets.
pub(super) fn receivers(
    evaluation: Option<Arc<EvaluationSoftware>>,
    national: Option<Arc<NationalDatabase>>,
) -> Vec<Arc<dyn Target>> {
    let mut receivers: Vec<Arc<dyn Target>> = Vec::new();
    if let Some(target) = evaluation {
        receivers.push(target);
    }
    if let Some(target) = national {
        receivers.push(target);
    }
    receivers
}

impl Policy {
    /// The rule set that governs a period: the latest one in force on its first day.
    pub fn rule_set(&self, period: Period) -> Result<&RuleSet, Finding> {
        let in_force = |rules: &&RuleSet| rules.governs(period);
        self.rule_sets.iter().filter(in_force).max_by_key(|rules| rules.valid_from).ok_or_else(|| {
            Finding::error(
                "LT-RUL-010",
                Text::new(
                    format!("không có bộ quy tắc nào có hiệu lực cho kỳ {period}"),
                    format!("no rule set is in force for {period}"),
                ),
                Text::new(
                    "khai báo bộ quy tắc có valid_from phù hợp trong [scoring]; không có bộ đã lưu nào cho kỳ này: kỳ chưa từng được tính, hoặc bộ đã dùng nay được đặt valid_to trước kỳ",
                    "declare a rule set with a fitting valid_from in [scoring]; none is kept for the period: it was never scored, or the set it was scored with now has a valid_to before it",
                ),
            )
        })
    }
}

impl Policy {
    /// Whether a period begins between the first and the last configured set on a day none of them governs.
    pub(super) fn is_in_a_gap(&self, period: Period) -> bool {
        let day = period.first_day();
        let begins = || self.rule_sets.iter().map(|rules| rules.valid_from);
        let within =
            begins().min().is_some_and(|first| first <= day) && begins().max().is_some_and(|last| day < last);
        within && !self.rule_sets.iter().any(|rules| rules.governs(period))
    }
}

/// Longer than a change takes to become visible, shorter than a daemon that stops waits for its orders.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running installation.
pub struct App {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Name of this replica in leases.
    pub owner: String,
    /// Connected sources.
    pub sources: BTreeMap<SourceId, Source>,
    /// When what a source shows cannot be true; the usual limits for a source that is not here.
    pub gates: BTreeMap<SourceId, Gates>,
    /// Sources that say by themselves when something changed.
    pub hooks: BTreeMap<SourceId, Hook>,
    /// What happens when records of a source change their shape; the usual for a source that is not here.
    pub drift: BTreeMap<SourceId, drift::Policy>,
    /// Every source the configuration names, those that are not enabled included.
    pub configured: BTreeSet<SourceId>,
    /// The evaluation software, when there is one.
    pub evaluation: Option<Arc<EvaluationSoftware>>,
    /// The national database, when there is one.
    pub national: Option<Arc<NationalDatabase>>,
    /// Targets nothing may be sent to yet, and why.
    pub withheld: BTreeMap<TargetId, Finding>,
    /// Rules.
    pub policy: Policy,
    /// Rules of earlier configurations.
    pub(super) former: FormerRules,
    /// Bells of the steps, by name.
    pub bells: BTreeMap<String, Bell>,
    /// Steps whose last run failed.
    pub failing: Arc<Failing>,
    /// How long an order waits for figures that are being computed.
    pub patience: Duration,
    /// Orders to read the configuration again.
    pub reload: Reload,
    /// By what this process judges periods.
    pub(super) judging: Mutex<Judging>,
    /// What the mapping step has learned; orders ask it what they would teach. Held for a turn of the step at most.
    pub(super) mappers: Arc<Mutex<Mappers>>,
    /// Whoever asks what an order would teach holds it: one copy of a mapper at a time.
    pub(super) foreseeing: Mutex<()>,
    turns: BTreeMap<SourceId, Mutex<()>>,
    /// When sources that showed no change were last seen to show what is held of them.
    pub(super) looked: Mutex<BTreeMap<SourceId, DateTime<Utc>>>,
    directory: RwLock<Option<(u64, Arc<Directory>)>>,
    /// Hashes of the rule sets and working days this process has kept in the store.
    pub(super) kept_rules: Mutex<BTreeSet<String>>,
    /// State of the directory for which kept entries about unknown people were read again.
    pub(super) entries_read_for: Mutex<Option<u64>>,
    /// Refused decisions this process looked at, each with the revision its record had then.
    pub(super) refused_looked: Mutex<BTreeMap<i64, i64>>,
}

impl App {
    /// An installation from its parts.
    pub fn new(
        store: Store,
        clock: Clock,
        owner: String,
        sources: BTreeMap<SourceId, Source>,
        targets: (Option<Arc<EvaluationSoftware>>, Option<Arc<NationalDatabase>>),
        policy: Policy,
    ) -> Self {
        let mut names: Vec<String> =
            ["identify", "map", "score", "record", "decide"].map(str::to_owned).to_vec();
        names.extend(sources.keys().map(|source| format!("pull:{source}")));
        let (evaluation, national) = targets;
        names.extend(evaluation.iter().map(|target| format!("deliver:{}", target.id())));
        names.extend(national.iter().map(|target| format!("deliver:{}", target.id())));
        for (id, source) in &sources {
            source.connector.counts_in(Arc::new(StoredDay {
                store: store.clone(),
                clock,
                source: id.clone(),
            }));
        }
        let bells = names.into_iter().map(|name| (name, Bell::default())).collect();
        Self {
            store,
            clock,
            owner,
            turns: sources.keys().map(|source| (source.clone(), Mutex::default())).collect(),
            looked: Mutex::default(),
            configured: sources.keys().cloned().collect(),
            sources,
            gates: BTreeMap::new(),
            hooks: BTreeMap::new(),
            drift: BTreeMap::new(),
            evaluation,
            national,
            withheld: BTreeMap::new(),
            policy,
            former: FormerRules::default(),
            judging: Mutex::default(),
            mappers: Arc::default(),
            foreseeing: Mutex::default(),
            bells,
            failing: Arc::default(),
            patience: PATIENCE,
            reload: Reload::default(),
            directory: RwLock::default(),
            kept_rules: Mutex::default(),
            entries_read_for: Mutex::default(),
            refused_looked: Mutex::default(),
        }
    }

    /// Waits for the turn to pull a source: a step and an order of one process never do so at the same time.
    pub(super) async fn turn(&self, source: &SourceId) -> Option<MutexGuard<'_, ()>> {
        let turn = self.turns.get(source)?;
        Some(turn.lock().await)
    }

    /// Makes a step run soon.
    pub fn ring(&self, step: &str) {
        if let Some(bell) = self.bells.get(step) {
            bell.ring();
        }
    }

    /// The configured targets, withheld ones included.
    pub fn receivers(&self) -> Vec<Arc<dyn Target>> {
        receivers(self.evaluation.clone(), self.national.clone())
    }

    /// Their names.
    pub fn targets(&self) -> Vec<TargetId> {
        self.receivers().iter().map(|target| target.id().clone()).collect()
    }

    /// Makes the delivering steps run soon.
    pub fn ring_deliveries(&self) {
        self.bells.iter().filter(|(name, _)| name.starts_with("deliver:")).for_each(|(_, bell)| bell.ring());
    }

    /// The rule set that governs a period: the configured one, or else the one the period was scored with while a
    /// configuration still named it. A set the configuration still names ends when the configuration says so.
    pub fn rule_set(&self, period: Period) -> Result<&RuleSet, Finding> {
        let ended = |kept: &RuleSet| {
            // Of sets with one name only an end among the days of the kept one is an end of it.
            let ends = |to: NaiveDate| kept.valid_from <= to && to < period.first_day();
            self.policy.rule_sets.iter().any(|now| now.id == kept.id && now.valid_to.is_some_and(ends))
        };
        self.policy
            .rule_set(period)
            .or_else(|none| self.former.of(period).filter(|kept| !ended(kept)).ok_or(none))
    }

    /// People, units and posts, fresh.
    pub async fn directory(&self) -> Result<Arc<Directory>, Finding> {
        let stamp = self.store.directory_stamp().await.map_err(|error| error.finding())?;
        if let Some((known, directory)) = &*self.directory.read().await
            && *known == stamp
        {
            return Ok(directory.clone());
        }
        let rows = self.store.load_directory().await.map_err(|error| error.finding())?;
        let directory = Arc::new(directory_of(rows));
        *self.directory.write().await = Some((stamp, directory.clone()));
        Ok(directory)
    }

    /// The catalog version in force on a day for the nearest of some scopes; the oldest version for days before all of
    /// them; none while no catalog was imported.
    pub(super) async fn catalog_for(
        &self,
        day: NaiveDate,
        scopes: &[CatalogScope],
    ) -> Result<Option<CatalogVersion>, Finding> {
        let heads = self.store.catalogs().await.map_err(|error| error.finding())?;
        Ok(nearest(&heads, day, scopes, |head| (head.valid_from, &head.scope))
            .map(|head| head.version.clone()))
    }

    /// Rules that lead to a product of no catalog that is in force today for a body in the rule's scopes, for any body
    /// where it names none (LT-MAP-005).
    pub(super) async fn astray(&self, book: &RuleBook) -> Result<Vec<Finding>, Finding> {
        let heads = self.store.catalogs().await.map_err(|error| error.finding())?;
        let directory = self.directory().await?;
        let named = heads.iter().map(|head| &head.scope).chain(book.scopes()).cloned();
        let mut in_force: BTreeMap<&CatalogVersion, BTreeSet<CatalogScope>> = BTreeMap::new();
        for scopes in bodies(&directory, named) {
            let head = nearest(&heads, self.clock.today(), &scopes, |head| (head.valid_from, &head.scope));
            if let Some(head) = head {
                in_force.entry(&head.version).or_default().extend(scopes);
            }
        }
        let mut catalogs: Vec<(BTreeSet<CatalogScope>, BTreeSet<ProductCode>)> = Vec::new();
        for (version, scopes) in in_force {
            let products = self.store.catalog_products(version).await.map_err(|error| error.finding())?;
            catalogs.push((scopes, products.into_iter().map(|product| product.code).collect()));
        }
        Ok(book.check(|scopes, code| {
            catalogs.iter().any(|(of, codes)| {
                codes.contains(code) && (scopes.is_empty() || scopes.iter().any(|scope| of.contains(scope)))
            })
        }))
    }

    /// The scopes of a task, the nearest first: those of the unit of the first person it has on the day, else of the unit
    /// its source belongs to.
    pub(super) fn scopes_of_task(
        &self,
        directory: &Directory,
        (source, people): (&SourceId, &[PersonId]),
        day: NaiveDate,
    ) -> Vec<CatalogScope> {
        let of_people = people.iter().find_map(|person| directory.unit_on(*person, day));
        let unit = of_people.or_else(|| self.sources.get(source).map(|source| &source.unit));
        scopes_of(directory, unit)
    }

    /// Name and kind of the body a task belongs to, as evidence for mapping: of the first person it has on the day, else of
    /// its source. One e-office may serve a whole province.
    pub(super) fn body_of_task(
        &self,
        directory: &Directory,
        (source, people): (&SourceId, &[PersonId]),
        day: NaiveDate,
    ) -> (String, Option<UnitKind>) {
        let of_people = people.iter().find_map(|person| directory.unit_on(*person, day));
        let unit = of_people
            .and_then(|unit| directory.agency_of(unit))
            .or_else(|| self.sources.get(source).map(|source| &source.unit))
            .and_then(|unit| directory.unit(unit));
        unit.map_or((String::new(), None), |unit| (unit.name.clone(), Some(unit.kind)))
    }
}

/// The directory of what is stored about people and units.
pub(super) fn directory_of(rows: DirectoryRows) -> Directory {
    let known = |row: PersonRow| Known {
        id: row.id,
        staff_number: row.staff_number,
        citizen_index: row.citizen_index,
        full_name: row.full_name,
    };
    let people = rows.people.into_iter().map(known).collect();
    Directory::new(people, rows.units, rows.memberships, rows.leaderships, rows.accounts)
}
