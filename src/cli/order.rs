//! From parsed arguments to the order they mean.
//!
//! Owns reading the files an order carries and the default author. It must not know how an order is carried
//! out. A file that cannot be read, or an author nobody can name, is a finding and exit code 2.

use super::args::{
    Action, Author, Catalog, Criteria, CriteriaSet, Db, Evidence, Excused, Fact, History, Lateness, Mapping,
    MappingRules, Outbox, PaperFormat, People, Rejected, Report, Retention, Score, Share, SheetFormat,
};
use super::source_action::SourceAction;
use crate::domain::{CatalogVersion, DecisionKind, ServiceFact};
use crate::error::{Finding, Place, Text, io_cause};
use crate::pipeline::command::{
    CatalogRef, Command, InputFile, LifeOrder, MAX_FILE_BYTES, MappingChoice, ProposedTerms, ReportOrder,
    Roster, ShareEntry, TaskRef,
};
use std::io::Read as _;
use std::path::Path;

pub(super) type Ordered = Result<Command, Box<Finding>>;

/// The order a subcommand means. Subcommands that are no orders never come here; they give LT-RUN-005.
pub fn command(action: Action) -> Ordered {
    match action {
        Action::Status => Ok(Command::Status {}),
        Action::Sync { source, full } => Ok(Command::Sync { source, full }),
        Action::Backfill { source, from, to } if from <= to => Ok(Command::Backfill { source, from, to }),
        Action::Backfill { .. } => Err(Box::new(backwards())),
        Action::Source(SourceAction::Show { source }) => Ok(Command::SourceShow { source }),
        Action::Source(SourceAction::Drift { source }) => Ok(Command::SourceDrift { source }),
        Action::Source(SourceAction::AcceptDrift { source, author }) => {
            Ok(Command::SourceAcceptDrift { source, author: name(author)? })
        }
        Action::Source(SourceAction::Accept { source, code, reason, author }) => {
            Ok(Command::SourceAccept { source, code, author: name(author)?, reason })
        }
        Action::Rejected(Rejected::List { source, rows }) => {
            Ok(Command::RejectedList { source, limit: rows.limit })
        }
        Action::Rejected(Rejected::Show { record: (source, id) }) => Ok(Command::RejectedShow { source, id }),
        Action::Evidence(Evidence::Check { rows }) => Ok(Command::EvidenceCheck { limit: rows.limit }),
        Action::Rejected(Rejected::Replay { source: (source, id) }) => {
            Ok(Command::RejectedReplay { source, id })
        }
        Action::People(action) => people(action),
        Action::Catalog(action) => catalog(action),
        Action::Mapping(action) => mapping(action),
        Action::Task(action) => Ok(Command::Task { order: action.order(name)? }),
        Action::Criteria(Criteria::Set(set)) => criteria_set(*set),
        Action::Criteria(Criteria::Template { unit, period, own, out }) => {
            let to = std::path::absolute(&out).map_err(|error| unreadable(&out, &io_cause(&error)))?;
            Ok(Command::Life { order: LifeOrder::CriteriaTemplate { unit, period, own, to } })
        }
        Action::Criteria(Criteria::Import { file, document, trial, author }) => Ok(Command::CriteriaImport {
            file: read(&file)?,
            document,
            author: name(author)?,
            dry_run: trial.dry_run,
        }),
        Action::Score(Score::Show { person, period, unit, view, rows }) => {
            Ok(Command::ScoreShow { period, person, unit, view, limit: rows.limit })
        }
        Action::Score(Score::Explain { person, period, view, revision }) => {
            Ok(Command::ScoreExplain { person, period, view, revision })
        }
        Action::Score(Score::Candidates { person, period, unit, rows }) => {
            Ok(Command::ScoreCandidates { period, person, unit, limit: rows.limit })
        }
        Action::Score(Score::Quota { period, unit }) => Ok(Command::ScoreQuota { period, unit }),
        Action::Fact(action) => fact(action),
        Action::Score(Score::WhatIf { period, rule_set, catalog, unit, view, rows, .. }) => {
            let rule_set = rule_set.as_deref().map(read).transpose()?;
            let catalog = catalog.as_deref().map(catalog_ref).transpose()?;
            Ok(Command::ScoreWhatIf { period, rule_set, catalog, unit, view, limit: rows.limit })
        }
        Action::Score(Score::Verify) => Ok(Command::ScoreVerify {}),
        Action::Record(action) => super::life_order::record(action),
        Action::Organisation(action) => super::life_order::organisation(action),
        Action::Petition(action) => super::life_order::petition(action),
        Action::Period(action) => super::life_order::period(action),
        Action::History(History::Import { file: Some(file), document, trial, author, .. }) => {
            Ok(Command::HistoryImport {
                file: read(&file)?,
                document,
                author: name(author)?,
                dry_run: trial.dry_run,
            })
        }
        Action::History(History::Import { file: None, person, reason, document, trial, author, .. }) => {
            Ok(Command::HistoryEmpty {
                people: person,
                author: name(author)?,
                reason: reason.unwrap_or_default(),
                document,
                dry_run: trial.dry_run,
            })
        }
        Action::Outbox(action) => outbox(action),
        Action::Report(Report::Tasks { by, source, as_of, key, .. }) => {
            Ok(Command::Report { order: ReportOrder::Tasks { by, source, as_of, key } })
        }
        Action::Report(Report::Form { person, period, form, format, revision, out }) => {
            let format = PaperFormat::of(format, &out).office();
            Ok(Command::Report { order: ReportOrder::Form { person, period, form, format, revision } })
        }
        Action::Report(Report::Bundle { unit, period, form, format, out }) => {
            let to = std::path::absolute(&out).map_err(|error| unreadable(&out, &io_cause(&error)))?;
            let format = format.map(Into::into);
            Ok(Command::Report { order: ReportOrder::Bundle { unit, period, forms: form, format, to } })
        }
        Action::Report(Report::Statistics { period, as_of, format, out }) => {
            let workbook = SheetFormat::of(format, out.as_ref()) == Some(SheetFormat::Xlsx);
            Ok(Command::Report { order: ReportOrder::Statistics { period, as_of, workbook } })
        }
        Action::Retention(Retention::Plan) => Ok(Command::RetentionPlan {}),
        Action::Db(Db::Migrate) => Ok(Command::DbMigrate {}),
        Action::Db(Db::Check) => Ok(Command::DbCheck {}),
        Action::Db(Db::Backup { to }) => {
            let to = std::path::absolute(&to).map_err(|error| unreadable(&to, &io_cause(&error)))?;
            Ok(Command::DbBackup { to })
        }
        Action::Db(Db::RotateKey { new, reason, author, .. }) => {
            let absolute = |path: std::path::PathBuf| {
                std::path::absolute(&path).map_err(|error| unreadable(&path, &io_cause(&error)))
            };
            let new = new.map(absolute).transpose()?;
            Ok(Command::DbRotateKey { new, author: name(author)?, reason })
        }
        Action::Run(_)
        | Action::Demo(_)
        | Action::Simulate(_)
        | Action::Check
        | Action::Config(_)
        | Action::Connector(_)
        | Action::Score(_) => Err(Box::new(super::run::not_available())),
    }
}

fn people(action: People) -> Ordered {
    Ok(match action {
        People::Import { file, units, trial, author } => Command::PeopleImport {
            people: read(&file)?,
            units: units.as_deref().map(read).transpose()?,
            author: name(author)?,
            dry_run: trial.dry_run,
        },
        People::Data { person, out, reason, document, author } => {
            let to = std::path::absolute(&out).map_err(|error| unreadable(&out, &io_cause(&error)))?;
            let author = name(author)?;
            Command::Life { order: LifeOrder::PersonData { person, to, reason, document, author } }
        }
        People::List { unit, rows } => Command::Roster { of: Roster::People { unit, limit: rows.limit } },
        People::Show { person } => Command::Roster { of: Roster::One { person } },
        People::Units => Command::Roster { of: Roster::Units },
        People::Find { text, rows } => {
            Command::Roster { of: Roster::Found { text: text.join(" "), limit: rows.limit } }
        }
        People::Unknown { rows } => Command::PeopleUnknown { limit: rows.limit },
        People::Link { source, account, person, moves, author } => {
            Command::PeopleLink { source, account, person, moves, author: name(author)? }
        }
    })
}

fn catalog(action: Catalog) -> Ordered {
    let groups = |path: Option<std::path::PathBuf>| path.as_deref().map(read).transpose();
    Ok(match action {
        Catalog::Import { file, name: version, valid_from, scope, reason, trial, author } => {
            let (file, author, dry_run) = (read(&file)?, name(author)?, trial.dry_run);
            Command::CatalogImport { file, version, valid_from, scope, author, reason, dry_run }
        }
        Catalog::Propose { unit, year, at_least, groups: path, .. } => {
            Command::CatalogPropose { unit, year, at_least, groups: groups(path)? }
        }
        Catalog::Check { file, groups: path } => {
            Command::CatalogCheck { file: read(&file)?, groups: groups(path)? }
        }
        Catalog::Merge {
            settled: Some(file),
            name: Some(version),
            valid_from: Some(valid_from),
            scope,
            reason,
            groups: path,
            dry_run,
            author,
            ..
        } => Command::CatalogSettle {
            file: read(&file)?,
            groups: groups(path)?,
            version,
            valid_from,
            scope,
            author: name(author)?,
            reason: reason.unwrap_or_default(),
            dry_run,
        },
        Catalog::Merge { files, groups: path, .. } => {
            let files: Vec<InputFile> = files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
            let size: usize = files.iter().map(|file| file.bytes.len()).sum();
            if let Some(last) = files.last().filter(|_| size > MAX_FILE_BYTES) {
                let why =
                    Text::new("các tệp cộng lại lớn hơn 32 MiB", "the files together are larger than 32 MiB");
                return Err(unreadable(Path::new(&last.name), &why));
            }
            Command::CatalogMerge { files, groups: groups(path)? }
        }
        Catalog::Diff { file, name, affected } => {
            Command::CatalogDiff { file: read(&file)?, version: name, affected }
        }
        Catalog::List { text, name, provenance, rows } => {
            Command::CatalogList { version: name, text: text.join(" "), provenance, limit: rows.limit }
        }
    })
}

fn mapping(action: Mapping) -> Ordered {
    match action {
        Mapping::Review { groups: true, rows, .. } => Ok(Command::MappingGroups { limit: rows.limit }),
        Mapping::Review { after, rows, .. } => Ok(Command::MappingReview { after, limit: rows.limit }),
        Mapping::Doubtful { rows } => Ok(Command::MappingDoubtful { limit: rows.limit }),
        Mapping::Decide { tasks, group, product, trial, reason, author, .. } => {
            let choice = product.map_or(MappingChoice::Outside, MappingChoice::Product);
            let (author, dry_run) = (name(author)?, trial.dry_run);
            Ok(Command::MappingDecide { tasks, group, choice, author, reason, dry_run })
        }
        Mapping::Decisions { id, waiting, rows } => {
            Ok(Command::MappingDecisions { id, waiting, limit: rows.limit })
        }
        Mapping::ProposeProduct {
            tasks,
            tasks_of,
            code,
            name: called,
            group,
            coefficient,
            field,
            measure,
            unit,
            reason,
            trial,
            author,
        } => {
            let field = field.unwrap_or_default();
            let measure = measure.unwrap_or_default();
            let terms = ProposedTerms { code, name: called, group, coefficient, field, measure };
            let (author, dry_run) = (name(author)?, trial.dry_run);
            Ok(Command::ProductPropose { tasks, group: tasks_of, terms, unit, author, reason, dry_run })
        }
        Mapping::Proposals { all, format, out, rows } => {
            let workbook = SheetFormat::of(format, out.as_ref()) == Some(SheetFormat::Xlsx);
            Ok(Command::ProductProposals { all, limit: rows.limit, workbook })
        }
        Mapping::AcceptProduct { id, code, catalog, trial, author } => {
            let (author, dry_run) = (name(author)?, trial.dry_run);
            Ok(Command::ProductAccept { id, code, catalog, author, dry_run })
        }
        Mapping::WithdrawProduct { id, reason, author } => {
            Ok(Command::ProductWithdraw { id, author: name(author)?, reason })
        }
        Mapping::Rules(MappingRules::Test { file, rows }) => {
            Ok(Command::MappingRulesTest { file: read(&file)?, limit: rows.limit })
        }
        Mapping::Export { after, limit, .. } => Ok(Command::MappingExport { after, limit }),
        Mapping::Import { file, as_what, origin, replace, trial, author } => {
            let (file, author, dry_run) = (read(&file)?, name(author)?, trial.dry_run);
            Ok(Command::MappingImport { file, as_what, origin, author, replace, dry_run })
        }
        Mapping::Confirm { id, author } => Ok(Command::MappingConfirm { id, author: name(author)? }),
        Mapping::Undo { id, reason, trial, author } => {
            Ok(Command::MappingUndo { id, author: name(author)?, reason, dry_run: trial.dry_run })
        }
        Mapping::Share(share) => shares(*share),
        Mapping::Evaluate(_) | Mapping::Model(_) => Err(Box::new(super::run::not_available())),
    }
}

/// A file where there is one of the name, else a stored version.
fn catalog_ref(named: &Path) -> Result<CatalogRef, Box<Finding>> {
    let version = named.to_str().and_then(|name| CatalogVersion::new(name).ok());
    match version.filter(|_| !named.exists()) {
        Some(version) => Ok(CatalogRef::Stored(version)),
        None => read(named).map(CatalogRef::File),
    }
}

fn shares(share: Share) -> Ordered {
    let Share { task, person, period, support, whole, file, document, reason, trial, author } = share;
    let (author, dry_run) = (name(author)?, trial.dry_run);
    if let Some(file) = file {
        return Ok(Command::MappingShareFile { file: read(&file)?, document, author, reason, dry_run });
    }
    let mut parts = Vec::new();
    let of_people = person.into_iter().map(|(person, percent)| (Some(person), None, Some(percent)));
    let of_periods = period.into_iter().map(|(period, percent)| (None, Some(period), Some(percent)));
    let of_support = support.into_iter().map(|person| (Some(person), None, None));
    for (person, period, percent) in of_people.chain(of_periods).chain(of_support) {
        parts.push(ShareEntry { person, period, percent });
    }
    match task {
        Some(task) if whole || !parts.is_empty() => {
            Ok(Command::MappingShare { task, parts, document, author, reason, dry_run })
        }
        _ => Err(Box::new(incomplete("--person, --period, --support, --whole"))),
    }
}

fn criteria_set(set: CriteriaSet) -> Ordered {
    let CriteriaSet {
        person,
        period,
        item,
        own,
        component,
        percent,
        task,
        excuse,
        failures,
        late,
        support,
        quantity,
        reason,
        document,
        strengths,
        weaknesses,
        comment,
        minutes,
        author,
    } = set;
    let about = |task: Option<TaskRef>| task.ok_or_else(|| Box::new(incomplete("--task")));
    let why = |reason: Option<String>| reason.ok_or_else(|| Box::new(incomplete("--reason")));
    let decision = if let (Some(component), Some(percent)) = (component, percent) {
        DecisionKind::LeaderComponent { component: component.into(), percent }
    } else if let Ok(percents) = <[_; 3]>::try_from(support) {
        DecisionKind::SupportPercents { own, percents }
    } else if let Some(late) = late {
        let TaskRef { source, external_id } = about(task)?;
        let counts = late == Lateness::Counts;
        DecisionKind::Lateness { source: source.into(), external_id, counts, reason: why(reason)? }
    } else if let Some(covers) = excuse {
        let TaskRef { source, external_id } = about(task)?;
        let covers = match covers {
            Excused::Late => "late",
            Excused::Quality => "quality",
            Excused::None => "none",
        };
        DecisionKind::Excuse {
            source: source.into(),
            external_id,
            covers: covers.to_owned(),
            reason: why(reason)?,
        }
    } else if let Some(count) = failures {
        let TaskRef { source, external_id } = about(task)?;
        DecisionKind::QualityFailures { source: source.into(), external_id, count, reason: why(reason)? }
    } else if let Some(quantity) = quantity {
        let TaskRef { source, external_id } = about(task)?;
        DecisionKind::CompletedQuantity { source: source.into(), external_id, quantity }
    } else if [&strengths, &weaknesses, &comment, &minutes].into_iter().any(Option::is_some) {
        DecisionKind::Remarks { strengths, weaknesses, comment, minutes }
    } else {
        let given = item.len();
        let items: std::collections::BTreeMap<_, _> = item.into_iter().collect();
        if items.len() != given {
            return Err(Box::new(incomplete("--item")));
        }
        if own { DecisionKind::SelfAssessment { items } } else { DecisionKind::GeneralCriteria { items } }
    };
    Ok(Command::CriteriaSet { person, period, decision, document, author: name(author)? })
}

fn fact(action: Fact) -> Ordered {
    Ok(match action {
        Fact::Add(add) => Command::FactAdd {
            person: add.person,
            fact: ServiceFact {
                kind: add.kind,
                from: add.from,
                to: add.to,
                act_on: add.act_on,
                act: add.act,
                text: add.text,
                document: add.document,
            },
            author: name(add.author)?,
        },
        Fact::Import { file, trial, author } => {
            Command::FactImport { file: read(&file)?, author: name(author)?, dry_run: trial.dry_run }
        }
        Fact::List { person, revoked, rows } => Command::FactList { person, revoked, limit: rows.limit },
        Fact::Revoke { id, reason, document, author } => {
            Command::FactRevoke { id, reason, document, author: name(author)? }
        }
    })
}

fn outbox(action: Outbox) -> Ordered {
    Ok(match action {
        Outbox::List { target, state, rows } => Command::OutboxList { target, state, limit: rows.limit },
        Outbox::Retry { id: Some(id), author, .. } => Command::OutboxRetry { id, author: name(author)? },
        Outbox::Retry { id: None, target, state, author, .. } => {
            Command::OutboxRetryAll { target, state, author: name(author)? }
        }
        Outbox::Park { id, reason, author } => Command::OutboxPark { id, author: name(author)?, reason },
        Outbox::Allow { id, reason, document, author } => {
            Command::OutboxAllow { id, author: name(author)?, reason, document }
        }
    })
}

/// The named author, else the login name.
pub(super) fn name(author: Author) -> Result<String, Box<Finding>> {
    let login = || ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = author.author.or_else(login).or_else(account).map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty() && name.chars().count() <= 200)
        .ok_or_else(|| Box::new(incomplete("--author")))
}

/// The account this process runs under, where no variable names it.
fn account() -> Option<String> {
    let own = rustix::process::getuid().as_raw().to_string();
    let known = std::fs::read_to_string("/etc/passwd").ok()?;
    known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next()?, fields.nth(1)?);
        (uid == own).then(|| name.to_owned())
    })
}

/// Reads a file an order carries.
pub(super) fn read(path: &Path) -> Result<InputFile, Box<Finding>> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &io_cause(&error)))?;
    take(path, file)
}

/// Reads a file, or standard input for `-`.
pub fn read_or_stdin(path: &Path) -> Result<InputFile, Box<Finding>> {
    if path == Path::new("-") { take(path, std::io::stdin()) } else { read(path) }
}

fn take(path: &Path, from: impl std::io::Read) -> Result<InputFile, Box<Finding>> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &io_cause(&error)))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(unreadable(path, &Text::new("lớn hơn 32 MiB", "larger than 32 MiB")));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(InputFile { name, bytes })
}

pub(super) fn unreadable(path: &Path, why: &Text) -> Box<Finding> {
    Box::new(
        Finding::error(
            "LT-RUN-008",
            Text::new("không đọc được tệp", "the file cannot be read").because(why),
            Text::new("kiểm tra đường dẫn và quyền đọc", "check the path and the right to read it"),
        )
        .at(Place::of(path.display().to_string())),
    )
}

pub(super) fn incomplete(option: &str) -> Finding {
    Finding::error(
        "LT-RUN-009",
        Text::new(
            format!("tùy chọn {option} thiếu hoặc bị lặp"),
            format!("option {option} is missing or stands twice"),
        ),
        Text::new("xem --help của lệnh", "see the command's --help"),
    )
}

fn backwards() -> Finding {
    Finding::error(
        "LT-RUN-009",
        Text::new("--from sau --to", "--from lies after --to"),
        Text::new("đổi chỗ hai ngày", "swap the two days"),
    )
}
