//! An installation from its configuration: store, sources, targets, rules, and what the first start imports.
//!
//! Owns the translation of configuration into engines and nothing else. Everything that is wrong is told at
//! once. It must not start anything: whoever calls it decides what runs.

use super::app::{App, Policy, Source};
use super::execute::check_charges;
use super::hook::Hook;
use crate::clock::Clock;
use crate::config::rule_set::read_rule_sets;
use crate::config::{self, Config, Doubt, Examined, Loaded, SourceEntry, StoreKind, TargetEntry, TargetKind};
use crate::connector::http::SourceLimits;
use crate::connector::{self, OpenSource, drift};
use crate::delivery::Target;
use crate::delivery::evaluation::EvaluationSoftware;
use crate::delivery::national::{FieldMap, NationalDatabase, NationalOptions};
use crate::directory::import::{accounts_elsewhere, read_people, read_units};
use crate::domain::{DirectoryImport, SourceId, TargetId, Unit, UnitCode};
use crate::error::{Finding, Findings, Place, Text, io_cause};
use crate::mapping::{RuleBook, short_forms};
use crate::store::{DirectoryRows, Store, StoreConfig, StoreError, of_file};
use crate::text::Abbreviations;
use crate::transport::{Auth, Client, Expected, Login, Method, Moment, Options, Roots};
use chrono::Datelike as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Author of what the configuration imports.
const CONFIGURATION: &str = "configuration";

/// The clock the configuration asks for.
pub fn clock(config: &Config) -> Clock {
    config.simulation.clock_start.map_or_else(Clock::system, Clock::starting_at)
}

/// Opens the configured store. A database that is gone although its data folder was worked on is not made anew.
///
/// # Errors
/// LT-DB-030; else as [`make_store`].
pub async fn open_store(config: &Config) -> Result<Store, Finding> {
    match config::lost_database(config) {
        Some(lost) => Err(lost),
        None => make_store(config).await,
    }
}

/// Opens the configured store; a SQLite database that is not there is made.
///
/// # Errors
/// The findings of the key and of the opening, about a file with its name.
pub async fn make_store(config: &Config) -> Result<Store, Finding> {
    let credentials = Config::credentials_folder();
    let key = config::field_key(config, credentials.as_deref())?;
    let store = match (config.store.kind, &config.store.url) {
        (StoreKind::Postgres, Some(url)) => StoreConfig::Postgres {
            url: url.read_line(credentials.as_deref())?,
            max_connections: config.store.max_connections,
        },
        _ => StoreConfig::Sqlite(config.database_file()),
    };
    Store::open(&store, &key).await.map_err(|error| match (&store, error) {
        (_, StoreError::OtherKey) => other_key(config),
        (StoreConfig::Sqlite(file), error) => of_file(file, error.finding()),
        (StoreConfig::Postgres { .. }, error) => error.finding(),
    })
}

/// Refuses a configuration whose key is not the one its store is open with.
pub fn require_key(config: &Config, open: &Store) -> Result<(), Finding> {
    let key = config::field_key(config, Config::credentials_folder().as_deref())?;
    if open.is_opened_with(&key) { Ok(()) } else { Err(other_key(config)) }
}

fn other_key(config: &Config) -> Finding {
    StoreError::OtherKey.finding().at(config::field_key_place(config))
}

/// The rules the configuration names.
pub fn policy(config: &Config) -> Result<Policy, Findings> {
    let mut findings = Vec::new();
    let mut keep = |more: Findings| findings.extend(more.0);
    let rule_sets = read_rule_sets(&config.scoring.rule_sets).map_err(&mut keep);
    let holidays = config.holidays().map_err(&mut keep);
    let rule_book = rule_book(config.mapping.rules.as_deref()).map_err(&mut keep);
    let abbreviations = abbreviations(config.mapping.abbreviations.as_deref()).map_err(&mut keep);
    let (Ok(rule_sets), Ok(holidays), Ok(rule_book), Ok(abbreviations)) =
        (rule_sets, holidays, rule_book, abbreviations)
    else {
        return Err(Findings(findings));
    };
    Ok(Policy {
        rule_sets,
        calendar: holidays.calendar,
        year_opens: config.scoring.year_opens(),
        assessment_opens: config.scoring.assessment_opens,
        rule_book,
        abbreviations,
        target_precision: config.mapping.target_precision,
        four_eyes: config.mapping.four_eyes,
        catch_all: config.mapping.catch_all.clone(),
        retention: config.retention,
        units: config.unit.iter().cloned().map(Unit::from).collect(),
        units_file: config.people.units_file.clone(),
    })
}

fn rule_book(path: Option<&Path>) -> Result<RuleBook, Findings> {
    let Some(path) = path else { return Ok(RuleBook::default()) };
    let text = config::read_text(path, 4 << 20)?;
    RuleBook::parse(&text, &path.display().to_string())
}

fn abbreviations(path: Option<&Path>) -> Result<Abbreviations, Findings> {
    let Some(path) = path else { return Ok(Abbreviations::default()) };
    let text = config::read_text(path, short_forms::MAX_BYTES)?;
    short_forms::read(text.as_bytes(), &path.display().to_string())
}

/// What is wrong with an entry of a list, by its place in it.
pub type Wrong = (usize, Finding);

/// The configured sources that are enabled and can be opened, each with its connector, and what is wrong with
/// the others. Nothing is connected to.
pub fn sources(loaded: &Loaded) -> (BTreeMap<SourceId, Source>, Vec<Wrong>) {
    let (mut sources, mut findings) = (BTreeMap::new(), Vec::new());
    for (index, entry) in loaded.config.source.iter().enumerate().filter(|(_, entry)| entry.enabled) {
        match source(loaded, entry, index) {
            Ok(source) => {
                sources.insert(entry.id.clone(), source);
            }
            Err(more) => findings.extend(more.0.into_iter().map(|finding| (index, finding))),
        }
    }
    (sources, findings)
}

/// How enabled sources may call, and what is wrong with the others.
fn hooks(loaded: &Loaded) -> (BTreeMap<SourceId, Hook>, Vec<Wrong>) {
    let (mut hooks, mut findings) = (BTreeMap::new(), Vec::new());
    let credentials = Config::credentials_folder();
    for (index, entry) in loaded.config.source.iter().enumerate().filter(|(_, entry)| entry.enabled) {
        let Some(webhook) = &entry.webhook else { continue };
        let secret = webhook.secret.read_line(credentials.as_deref()).map_err(|finding| ("secret", finding));
        match secret.and_then(|secret| Hook::new(webhook, &secret)) {
            Ok(hook) => {
                hooks.insert(entry.id.clone(), hook);
            }
            Err((key, finding)) => {
                let key = format!("source[{index}].webhook.{key}");
                findings.push((index, loaded.places.locate(finding, &key)));
            }
        }
    }
    (hooks, findings)
}

/// One source by its entry and its place in the list, enabled or not. Nothing is connected to.
///
/// # Errors
/// Everything that is wrong with it, each at its own key.
pub fn source(loaded: &Loaded, entry: &SourceEntry, index: usize) -> Result<Source, Findings> {
    let located = |finding: Finding| {
        // A setting of the source stands in the file; what else a detail names does not.
        let detail = finding.place.as_ref().and_then(|place| place.detail.as_deref());
        let setting =
            detail.filter(|detail| detail.starts_with("settings.") || detail.starts_with("secrets."));
        let key =
            setting.map_or_else(|| format!("source[{index}]"), |name| format!("source[{index}].{name}"));
        loaded.places.locate(finding, &key)
    };
    open(loaded, entry, index).map_err(|more| Findings(more.0.into_iter().map(located).collect()))
}

fn open(loaded: &Loaded, entry: &SourceEntry, index: usize) -> Result<Source, Findings> {
    let manifest = config::manifest::find(&entry.manifest, &loaded.folder)
        .map_err(|finding| loaded.places.locate(finding, &format!("source[{index}].manifest")))?;
    let credentials = Config::credentials_folder();
    let (mut secrets, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (name, reference) in &entry.secrets {
        match reference.read(credentials.as_deref()) {
            Ok(secret) => {
                secrets.insert(name.clone(), secret);
            }
            Err(finding) => {
                let key = format!("source[{index}].secrets.{name}");
                unreadable.push(loaded.places.locate(finding, &key));
                // Stands in until the rest of the source has been looked at; nothing is opened with it.
                secrets.insert(name.clone(), SecretString::from("-"));
            }
        }
    }
    let opened = connector::open(OpenSource {
        id: entry.id.clone(),
        manifest_name: manifest.name,
        manifest: manifest.text,
        settings: entry.settings.clone(),
        secrets,
        folder: loaded.folder.clone(),
        ca_file: entry.ca_file.clone(),
        allow_http: entry.allow_http,
        limits: SourceLimits {
            answer_mib: loaded.config.limits.answer_mib.into(),
            exchange: Duration::from_secs(loaded.config.limits.exchange_s.into()),
            parallel_details: loaded.config.limits.parallel_details.into(),
        },
    });
    let opened = match opened {
        Ok(opened) if unreadable.is_empty() => opened,
        Ok(_) => return Err(Findings(unreadable)),
        Err(more) => return Err(Findings(unreadable.into_iter().chain(more.0).collect())),
    };
    Ok(Source {
        connector: opened.connector,
        unit: entry.unit.clone(),
        system: entry.system.clone().unwrap_or(opened.system),
        schedule: entry.schedule.clone(),
        full_schedule: entry.full_schedule.clone(),
    })
}

/// The configured targets.
#[derive(Default)]
pub struct Targets {
    /// The evaluation software, where there is one.
    pub evaluation: Option<Arc<EvaluationSoftware>>,
    /// The national database, where there is one.
    pub national: Option<Arc<NationalDatabase>>,
    /// Targets nothing may be sent to yet, and why. Results for them are kept with their deadlines.
    pub withheld: BTreeMap<TargetId, Finding>,
}

impl Targets {
    /// Both kinds as targets.
    pub fn receivers(&self) -> Vec<Arc<dyn Target>> {
        super::app::receivers(self.evaluation.clone(), self.national.clone())
    }
}

/// Clients of the configured targets, and what is wrong with those that have none. Nothing is connected to.
/// A national database that is not simulated and whose lists nobody confirmed is withheld.
pub fn targets(loaded: &Loaded) -> (Targets, Vec<Wrong>) {
    let (mut targets, mut findings) = (Targets::default(), Vec::new());
    for (index, entry) in loaded.config.target.iter().enumerate() {
        let key = format!("target[{index}]");
        if !entry.is_released() {
            let finding = loaded.places.locate(not_released(entry), &format!("{key}.id"));
            targets.withheld.insert(entry.id.clone(), finding);
        }
        match (client(&loaded.config, entry), entry.kind) {
            (Err(more), _) => {
                let located =
                    |(name, finding)| (index, loaded.places.locate(finding, &format!("{key}.{name}")));
                findings.extend(more.into_iter().map(located));
            }
            (Ok(client), TargetKind::Evaluation) => {
                targets.evaluation = Some(Arc::new(EvaluationSoftware::new(entry.id.clone(), client)));
            }
            (Ok(client), TargetKind::National) => match national_options(entry) {
                Some(options) => targets.national = Some(Arc::new(NationalDatabase::new(options, client))),
                None => findings.push((index, loaded.places.locate(not_released(entry), &key))),
            },
        }
    }
    (targets, findings)
}

/// The client of a target, or what is wrong with it, by the keys of its entry.
fn client(config: &Config, entry: &TargetEntry) -> Result<Client, Vec<(&'static str, Finding)>> {
    let credentials = Config::credentials_folder();
    let mut wrong = Vec::new();
    let password = entry.password.read_line(credentials.as_deref()).unwrap_or_else(|finding| {
        wrong.push(("password", finding));
        // Stands in until the rest of the target has been looked at; nothing is opened with it.
        SecretString::from("-")
    });
    let mut options = Options::new(format!("target {}", entry.id), entry.base_url.clone());
    options.allow_http = entry.allow_http;
    if let Some(path) = &entry.ca_file {
        options.roots = Roots::File(path.clone());
    }
    options.max_answer = u64::from(config.limits.answer_mib) << 20;
    options.timeouts.total = Duration::from_secs(config.limits.exchange_s.into());
    let body = serde_json::json!({ "username": entry.username, "password": password.expose_secret() });
    let login = |path: &str, token: &str, lifetime_s: u64| Login {
        method: Method::Post,
        path: path.into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: body.to_string().into(),
        form: false,
        token: token.into(),
        header: "Authorization".into(),
        carry: None,
        prefix: "Bearer ".into(),
        token_type: None,
        lifetime: Duration::from_secs(lifetime_s),
        expires_in: None,
        expires_at: None,
        success: Vec::new(),
        error_text: None,
        refresh: None,
    };
    options.auth = Auth::login(match entry.kind {
        TargetKind::Evaluation => {
            Login { expires_in: Some("/expires_in".into()), ..login("/login", "/token", 3_600) }
        }
        // Interoperability facts 4.3: bad credentials come as HTTP 200 with err_code 1, tokens live 5 hours where
        // the answer does not say until when.
        TargetKind::National => Login {
            expires_at: Some(Moment { pointer: "/expired_time".into(), format: "%H:%M:%S %d-%m-%Y".into() }),
            success: vec![Expected { pointer: "/err_code".into(), one_of: vec!["0".into()] }],
            error_text: Some("/message".into()),
            ..login("/ApiAuth/oauth/login", "/access_token", 5 * 3_600)
        },
    });
    match Client::new(options) {
        Ok(client) if wrong.is_empty() => Ok(client),
        Ok(_) => Err(wrong),
        Err(finding) => {
            wrong.push(("base_url", *finding));
            Err(wrong)
        }
    }
}

fn national_options(entry: &TargetEntry) -> Option<NationalOptions> {
    let (codes, names) = (entry.code_list.as_ref()?, entry.field_map.as_ref()?);
    Some(NationalOptions {
        id: entry.id.clone(),
        org_code: entry.org_code.clone()?,
        sender_code: entry.sender_code.clone()?,
        path: entry.path.clone().unwrap_or_else(|| "/apisyncmsg/syncmsg/servicem0006".to_owned()),
        codes: codes.codes(),
        no_level_code: codes.no_level.clone(),
        fields: FieldMap {
            level: names.level.clone(),
            year: names.year.clone(),
            period: names.period.clone(),
            score: names.score.clone(),
            decided_on: names.decided_on.clone(),
            decision_no: names.decision_no.clone(),
            quarters: names.quarters.clone(),
            halves: names.halves.clone(),
            whole_year: names.whole_year.clone(),
        },
    })
}

fn not_released(entry: &TargetEntry) -> Finding {
    Finding::warning(
        "LT-DLV-011",
        Text::new(
            format!("đích {} không phải mô phỏng nhưng danh mục mã hoặc tên trường chưa được xác nhận", entry.id),
            format!("target {} is not simulated and its code list or field map is not confirmed", entry.id),
        ),
        Text::new(
            "đối chiếu với tài liệu của bên nhận, rồi đặt confirmed = true cho code_list và field_map",
            "compare both with the receiver's documents, then set confirmed = true in code_list and field_map",
        ),
    )
    .at(Place::of(format!("target {}", entry.id)))
}

/// Sources something is wrong with keep nobody from the others: each stays in the list and says why nothing of it can be
/// pulled.
fn set_aside(loaded: &Loaded, sources: &mut BTreeMap<SourceId, Source>, wrong: impl Iterator<Item = Wrong>) {
    let mut of_entry: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for (index, finding) in wrong {
        of_entry.entry(index).or_default().push(finding);
    }
    for (index, why) in of_entry {
        let Some(entry) = loaded.config.source.get(index) else { continue };
        for finding in &why {
            tracing::error!(source = %entry.id, code = finding.code, "the source is set aside: {finding}");
        }
        let connector = Arc::new(connector::Unopened::new(entry.id.clone(), Findings(why)));
        sources.insert(
            entry.id.clone(),
            Source {
                connector,
                unit: entry.unit.clone(),
                system: entry.system.clone().unwrap_or_default(),
                schedule: entry.schedule.clone(),
                full_schedule: entry.full_schedule.clone(),
            },
        );
    }
}

/// The whole installation over an open, migrated store. A source that cannot be opened is set aside and told, the
/// others go on.
///
/// # Errors
/// Everything that is wrong with rules and targets.
pub async fn assemble(loaded: &Loaded, store: Store, owner: String) -> Result<App, Findings> {
    let policy = policy(&loaded.config);
    let (mut sources, of_sources) = sources(loaded);
    let (targets, of_targets) = targets(loaded);
    let (hooks, of_hooks) = hooks(loaded);
    let findings: Vec<Finding> = of_targets.into_iter().map(|(_, finding)| finding).collect();
    set_aside(loaded, &mut sources, of_sources.into_iter().chain(of_hooks));
    match policy {
        Ok(policy) if findings.is_empty() => {
            let Targets { evaluation, national, withheld } = targets;
            let receivers = (evaluation, national);
            let mut app = App::new(store, clock(&loaded.config), owner, sources, receivers, policy);
            app.withheld = withheld;
            app.gates = loaded.config.source.iter().map(|entry| (entry.id.clone(), entry.gates)).collect();
            app.hooks = hooks;
            app.drift = drift_policies(loaded);
            app.configured = configured_sources(&loaded.config);
            Ok(app.with_former_rules().await?)
        }
        Ok(_) => Err(Findings(findings)),
        Err(more) => Err(Findings(more.0.into_iter().chain(findings).collect())),
    }
}

/// What the manifests that can be opened say about records that change their shape.
fn drift_policies(loaded: &Loaded) -> BTreeMap<SourceId, drift::Policy> {
    let enabled = loaded.config.source.iter().filter(|entry| entry.enabled);
    let policy = |entry: &SourceEntry| {
        let manifest = config::manifest::find(&entry.manifest, &loaded.folder).ok()?;
        Some((entry.id.clone(), drift::Policy::of_manifest(&manifest.name, &manifest.text).ok()?))
    };
    enabled.filter_map(policy).collect()
}

/// The store and the rules alone: no source, no target.
pub fn without_far_sides(loaded: &Loaded, store: Store, owner: String) -> Result<App, Findings> {
    let policy = policy(&loaded.config)?;
    Ok(App::new(store, clock(&loaded.config), owner, BTreeMap::new(), (None, None), policy))
}

/// Everything that is wrong with a configuration and with what it names, as far as it can be read, in the order in
/// which the files are mended.
pub fn all_findings(examined: &Examined) -> Vec<Finding> {
    let mut findings = examined.findings.clone();
    let further = examined.usable.iter().flat_map(|loaded| self::findings(loaded, &examined.doubt));
    Findings::add_new(&mut findings, further);
    findings
        .sort_by_cached_key(|finding| finding.place.as_ref().map(|place| (place.what.clone(), place.line)));
    findings
}

/// Everything that is wrong with what the configuration names: rules, manifests, secrets, people, units and
/// catalog, but for what may only follow from a doubtful key. Nothing is connected to and nothing is kept.
pub fn findings(loaded: &Loaded, doubt: &Doubt) -> Vec<Finding> {
    let config = &loaded.config;
    let mut findings = policy(config).err().map(|more| more.0).unwrap_or_default();
    findings.extend(loaded.secret_findings(Config::credentials_folder().as_deref()));
    // Sources and targets repeat what is wrong with their secrets.
    let (_, of_sources) = sources(loaded);
    let (_, of_hooks) = hooks(loaded);
    let (_, of_targets) = targets(loaded);
    let follows = |list: &str, index: usize, finding: &Finding| {
        let keys: &[&str] = match finding.code.as_str() {
            "LT-CFG-025" => &["allow_http"],
            "LT-DLV-011" => &["simulated"],
            "LT-MAN-009" | "LT-SRC-040" => &["settings", "secrets"],
            _ => &[],
        };
        keys.iter().any(|key| doubt.about(&format!("{list}[{index}].{key}")))
    };
    let of_sources = of_sources.into_iter().filter(|(index, finding)| !follows("source", *index, finding));
    let of_targets = of_targets.into_iter().filter(|(index, finding)| !follows("target", *index, finding));
    Findings::add_new(
        &mut findings,
        of_sources.chain(of_hooks).chain(of_targets).map(|(_, finding)| finding),
    );
    // What is wrong with the file itself was told with the policy.
    if let Ok(holidays) = config.holidays() {
        findings.extend(holidays.gap(clock(config).today().year()));
    }
    let mut keep = |more: Findings| findings.extend(more.0);
    let units = configured_units(loaded).map_err(&mut keep);
    // Without units of its own a configuration builds on those of the database.
    if let (Some(path), Ok(units)) = (&config.people.file, units)
        && !units.is_empty()
        && !["people", "unit"].iter().any(|key| doubt.about(key))
    {
        let mut known = configured_sources(config);
        known.extend(doubt.left_out().cloned());
        let people = read_bytes(path).and_then(|bytes| {
            let import = read_people(&shown(path), &bytes, units.as_slice(), &BTreeSet::new())?;
            let today = clock(config).today();
            check_charges(&DirectoryRows::default(), &import, &units, (&shown(path), today))?;
            Ok(import)
        });
        match people {
            Ok(import) => keep(Findings(accounts_elsewhere(&shown(path), &import, &known))),
            Err(more) => keep(more),
        }
    }
    if let Some(path) = &config.catalog.file {
        let products = read_bytes(path).and_then(|bytes| crate::catalog::read(&bytes, &shown(path)));
        let _read = products.map_err(&mut keep);
    }
    findings
}

/// Takes over from earlier processes of this data folder, whose lock the caller holds; gives the name this
/// process has in leases. The folder's name in them is a random number kept in it: replicas on one database
/// must never be started from copies of one folder.
pub async fn take_over(loaded: &Loaded, store: &Store) -> Result<String, Findings> {
    let replica = replica(&loaded.config.replica_file())?;
    let owner = format!("{replica}/{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
    let now = clock(&loaded.config).now();
    let items = store.take_back(&replica, &owner, now).await.map_err(|error| error.finding())?;
    if items > 0 {
        tracing::warn!(items, "deliveries taken back from a process that ended without giving them back");
    }
    let cut_off = store.close_cut_off_runs(&cut_off(), now).await.map_err(|error| error.finding())?;
    if cut_off > 0 {
        tracing::warn!(cut_off, "pulls of a process that was killed; what they stored stays");
    }
    Ok(owner)
}

/// A pull whose process was killed.
fn cut_off() -> Finding {
    Finding::warning(
        "LT-RUN-040",
        Text::new(
            "tiến trình bị dừng đột ngột trong lần lấy này; những trang đã lưu vẫn giữ, số lượng của lần này không được ghi",
            "the process was killed during this pull; the pages it stored stay, its counts were not written",
        ),
        Text::new(
            "không mất gì: lần lấy tới đi tiếp từ chỗ đã lưu; muốn ngay thì `lienthong sync NGUỒN`",
            "nothing is lost: the next pull goes on from what is stored; at once with `lienthong sync SOURCE`",
        ),
    )
}

fn replica(path: &Path) -> Result<String, Findings> {
    let known = std::fs::read_to_string(path).unwrap_or_default();
    if let Ok(known) = known.trim().parse::<uuid::Uuid>() {
        return Ok(known.simple().to_string());
    }
    // Missing, or cut off by a kill at the first start: nothing is held under a name nobody could read.
    let new = uuid::Uuid::now_v7().simple().to_string();
    std::fs::write(path, format!("{new}\n")).map_err(|error| {
        Findings::from(
            Finding::error(
                "LT-RUN-004",
                Text::new("không dùng được thư mục dữ liệu", "the data folder cannot be used")
                    .because(&io_cause(&error)),
                Text::new(
                    "kiểm tra đường dẫn, quyền ghi và dung lượng đĩa",
                    "check the path, the right to write and the space on the disk",
                ),
            )
            .at(Place::of(shown(path))),
        )
    })?;
    Ok(new)
}

/// Imports what the configuration names while nothing of the kind is known: units always (the configuration
/// is their home), people and catalog once.
pub async fn first_imports(loaded: &Loaded, store: &Store) -> Result<(), Findings> {
    let config = &loaded.config;
    let clock = clock(config);
    let known = store.load_directory().await.map_err(|error| error.finding())?;
    let units = configured_units(loaded)?;
    let changed: Vec<Unit> = units.into_iter().filter(|unit| !known.units.contains(unit)).collect();
    if !changed.is_empty() {
        let import = DirectoryImport { units: changed, people: Vec::new() };
        store
            .import_directory(&import, CONFIGURATION, None, clock.now())
            .await
            .map_err(|error| error.finding())?;
    }
    if let (true, Some(path)) = (known.people.is_empty(), &config.people.file) {
        let rows = store.load_directory().await.map_err(|error| error.finding())?;
        let import = read_people(&shown(path), &read_bytes(path)?, rows.units.as_slice(), &BTreeSet::new())?;
        check_charges(&rows, &import, &[], (&shown(path), clock.today()))?;
        store
            .import_directory(&import, CONFIGURATION, None, clock.now())
            .await
            .map_err(|error| error.finding())?;
    }
    let catalogs = store.catalogs().await.map_err(|error| error.finding())?;
    if let (true, Some(path), Some(version), Some(valid_from)) =
        (catalogs.is_empty(), &config.catalog.file, &config.catalog.version, config.catalog.valid_from)
    {
        let bytes = read_bytes(path)?;
        let products = crate::catalog::read(&bytes, &shown(path))?;
        store
            .import_catalog(
                version,
                valid_from,
                &products,
                &Sha256::digest(&bytes),
                CONFIGURATION,
                clock.now(),
            )
            .await
            .map_err(|error| error.finding())?;
    }
    Ok(())
}

/// Every source of the configuration, those that are not enabled included.
fn configured_sources(config: &Config) -> BTreeSet<SourceId> {
    config.source.iter().map(|source| source.id.clone()).collect()
}

/// Units of the configuration and of its units file.
///
/// # Errors
/// The findings of the file; LT-CFG-021 a unit of the configuration stands below one that is in neither.
pub fn configured_units(loaded: &Loaded) -> Result<Vec<Unit>, Findings> {
    let config = &loaded.config;
    let mut units: Vec<Unit> = config.unit.iter().cloned().map(Unit::from).collect();
    let Some(path) = &config.people.units_file else { return Ok(units) };
    units.extend(read_units(&shown(path), &read_bytes(path)?, &units)?);
    let known = |code: &UnitCode| units.iter().any(|unit| unit.code == *code);
    let unknown = config.unit.iter().enumerate().filter_map(|(index, unit)| {
        let parent = unit.parent.as_ref().filter(|parent| !known(parent))?;
        Some(loaded.places.locate(config::no_such_unit(parent), &format!("unit[{index}].parent")))
    });
    let unknown: Vec<Finding> = unknown.collect();
    if unknown.is_empty() { Ok(units) } else { Err(Findings(unknown)) }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn read_bytes(path: &PathBuf) -> Result<Vec<u8>, Findings> {
    std::fs::read(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            return config::no_such_file(path).at(Place::of(shown(path))).into();
        }
        Finding::error(
            "LT-CFG-003",
            Text::new("không đọc được tệp", "the file cannot be read").because(&io_cause(&error)),
            Text::new("kiểm tra đường dẫn và quyền đọc", "check the path and its permissions"),
        )
        .at(Place::of(shown(path)))
        .into()
    })
}
