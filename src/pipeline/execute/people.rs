//! Orders about people.

use super::trial::preview;
use super::{Answer, App, Refusal, author, known_sources, person};
use crate::directory::Known;
use crate::directory::import::{accounts_elsewhere, read_people, read_units};
use crate::domain::person::spans_overlap;
use crate::domain::{CitizenId, DirectoryImport, Role, SourceId, StaffNumber, Unit};
use crate::error::{Finding, Findings, Place, Text};
use crate::pipeline::app::directory_of;
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome, PersonRef};
use crate::pipeline::pull::NO_CITIZEN_ID;
use crate::pipeline::wording::Words;
use crate::store::{DirectoryRows, Linked, Vault};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a people file and a units file say, checked against what is known.
pub(in crate::pipeline) struct Prepared {
    /// What would be written.
    pub(in crate::pipeline) import: DirectoryImport,
    /// What is known before.
    pub(in crate::pipeline) known: DirectoryRows,
    /// What is told all the same.
    pub(in crate::pipeline) findings: Vec<Finding>,
}

/// Reads people and units, either of which may be missing, and compares them with what is known; `joined` says before that
/// what of the known people in the file stays. Nothing is written.
///
/// # Errors
/// Every finding of both files at once.
pub(in crate::pipeline) async fn prepare(
    app: &App,
    people: Option<&InputFile>,
    units: Option<&InputFile>,
    joined: impl FnOnce(&DirectoryRows, &mut DirectoryImport) + Send,
) -> Result<Prepared, Findings> {
    let told = |error: crate::store::StoreError| Findings::from(error.finding());
    let known = app.store.load_directory().await.map_err(told)?;
    let units = units.map(|units| read_units(&units.name, &units.bytes, &known.units)).transpose();
    let mut units = match units {
        Ok(units) => units.unwrap_or_default(),
        Err(mut wrong) => {
            // Both files are told at once.
            let numbers = numbers_of(&known);
            let more = people.and_then(|file| read_people(&file.name, &file.bytes, None, &numbers).err());
            wrong.0.extend(more.into_iter().flat_map(|more| more.0));
            return Err(wrong);
        }
    };
    let mut findings = keep_configured(&configured_units(app), &mut units);
    let given = |unit: &Unit| units.iter().any(|other| other.code == unit.code);
    let all: Vec<Unit> =
        known.units.iter().filter(|unit| !given(unit)).cloned().chain(units.iter().cloned()).collect();
    let mut import = DirectoryImport::default();
    if let Some(file) = people {
        import = read_people(&file.name, &file.bytes, all.as_slice(), &numbers_of(&known))?;
        hide_numbers(app, &mut import, &file.name).await.map_err(|Refusal(findings)| Findings(findings))?;
        joined(&known, &mut import);
        check_heads(&known, &import, &file.name)?;
        check_charges(&known, &import, &units, (&file.name, app.clock.today()))?;
        findings.extend(moved_accounts(&known, &import, &file.name));
    }
    import.units = units;
    findings.extend(new_root(&known, &import));
    if let Some(file) = people {
        let sources = known_sources(app).await.map_err(|Refusal(findings)| Findings(findings))?;
        findings.extend(accounts_elsewhere(&file.name, &import, &sources));
    }
    Ok(Prepared { import, known, findings })
}

/// Takes numbers of citizens out of the accounts of a file, as `people link` does: before anything is compared, told or
/// written. One number can be typed in several ways: whose it is is one person's all the same.
async fn hide_numbers(app: &App, import: &mut DirectoryImport, file: &str) -> Result<(), Refusal> {
    let mut owners: HashMap<(SourceId, String), StaffNumber> = HashMap::new();
    let mut by_number = BTreeMap::new();
    let mut twice = Vec::new();
    for person in &mut import.people {
        let place = || Place::of(file).at(person.staff_number.as_str());
        let mut accounts = Vec::with_capacity(person.accounts.len());
        for (source, typed) in std::mem::take(&mut person.accounts) {
            let account = written(app, &source, typed, &mut by_number).await;
            let (account, told) = account.map_err(|Refusal(told)| {
                Refusal(told.into_iter().map(|finding| finding.at(place())).collect())
            })?;
            let owner = owners.insert((source.clone(), account.clone()), person.staff_number.clone());
            match owner {
                Some(owner) if owner == person.staff_number => continue,
                Some(owner) => twice.push(claimed_twice((&source, &told), &owner).at(place())),
                None => {}
            }
            accounts.push((source, account));
        }
        person.accounts = accounts;
    }
    if twice.is_empty() { Ok(()) } else { Err(Refusal(twice)) }
}

/// Two people of one file have an account of one source: typed alike it is told with its cell, when the file is read.
fn claimed_twice((source, account): (&SourceId, &Text), owner: &StaffNumber) -> Finding {
    Finding::error(
        "LT-PPL-001",
        Text::new(
            format!("tài khoản {} của {source} đã thuộc về {owner} trong tệp", account.vi),
            format!("the account {} of {source} belongs to {owner} in this file", account.en),
        ),
        Text::new(
            "sửa cột accounts rồi nhập lại; chưa có gì được ghi",
            "correct the column accounts and import again; nothing was written",
        ),
    )
}

/// Units of the configuration and of its units file as they stand now; a file that cannot be read is told by `check`.
fn configured_units(app: &App) -> Vec<Unit> {
    let mut units = app.policy.units.clone();
    if let Some(path) = &app.policy.units_file
        && let Ok(bytes) = std::fs::read(path)
        && let Ok(more) = read_units(&path.display().to_string(), &bytes, &units)
    {
        units.extend(more);
    }
    units
}

/// What the configuration names is set by the configuration at every start: an import that says something else of such a
/// unit leaves it as it is, and says so.
fn keep_configured(home: &[Unit], units: &mut [Unit]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for unit in units {
        let Some(configured) = home.iter().find(|one| one.code == unit.code && *one != unit) else {
            continue;
        };
        findings.push(set_by_configuration(configured, unit));
        unit.clone_from(configured);
    }
    findings.truncate(100);
    findings
}

fn set_by_configuration(configured: &Unit, given: &Unit) -> Finding {
    let (code, name, other) = (&configured.code, &configured.name, &given.name);
    let (vi, en) = if name == other {
        (format!("loại, cấp trên hoặc mã định danh của {code}"), format!("kind, parent or code of {code}"))
    } else {
        (format!("{code} tên là \"{other}\""), format!("{code} is called \"{other}\""))
    };
    Finding::warning(
        "LT-PPL-039",
        Text::new(
            format!("đơn vị {code} do cấu hình đặt (\"{name}\"); điều danh sách ghi khác ({vi}) không được lấy"),
            format!("unit {code} is set by the configuration (\"{name}\"); what the list says else ({en}) is not taken"),
        ),
        Text::new(
            "sửa [[unit]] trong lienthong.toml, hoặc tệp people.units_file, rồi `config reload`; muốn nhập từ danh sách thì bỏ đơn vị khỏi cấu hình",
            "change [[unit]] in lienthong.toml, or the file of people.units_file, then `config reload`; to let lists set it, take it out of the configuration",
        ),
    )
    .at(Place::of(format!("unit {code}")))
}

pub(super) async fn import(
    app: &App,
    file: InputFile,
    units: Option<InputFile>,
    who: &str,
    dry_run: bool,
) -> Answer {
    let who = author(who)?;
    let Prepared { import, known, findings } = prepare(app, Some(&file), units.as_ref(), |_, _| ()).await?;
    if dry_run {
        let before = |staff: &str| known.people.iter().any(|person| person.staff_number.as_str() == staff);
        let again = import.people.iter().filter(|person| before(person.staff_number.as_str())).count();
        let document = preview(vec![
            Field::new("new_people", "Người mới", "New people", import.people.len() - again),
            Field::new("known_people", "Người đã biết", "Known people", again),
            Field::new("units", "Đơn vị", "Units", import.units.len()),
        ]);
        return Ok(Outcome::with_findings(document, findings));
    }
    let counts = app.store.import_directory(&import, who, None, app.clock.now()).await?;
    app.ring("identify");
    let document = Document::Object {
        title: Text::new("Đã nhập", "Imported"),
        fields: vec![
            Field::new("new_people", "Người mới", "New people", counts.new_people),
            Field::new("known_people", "Người đã biết", "Known people", counts.known_people),
            Field::new("units", "Đơn vị", "Units", counts.units),
            Field::new("tasks_due", "Nhiệm vụ xác định lại", "Tasks looked at again", counts.tasks_due),
        ],
    };
    Ok(Outcome::with_findings(document, findings))
}

fn numbers_of(known: &DirectoryRows) -> BTreeSet<StaffNumber> {
    known.people.iter().map(|row| row.staff_number.clone()).collect()
}

/// Refuses charges that nobody can have once the file is written, beside what is known.
///
/// # Errors
/// LT-PPL-007, LT-PPL-008.
pub(in crate::pipeline) fn check_charges(
    known: &DirectoryRows,
    import: &DirectoryImport,
    units: &[Unit],
    (file, today): (&str, NaiveDate),
) -> Result<(), Findings> {
    let whole = DirectoryImport { units: units.to_vec(), people: import.people.clone() };
    let after = directory_of(known.clone()).after(&whole);
    let findings = after.wrong_charges(import, today, file);
    if findings.is_empty() { Ok(()) } else { Err(Findings(findings)) }
}

/// A head of a unit that has another head on the same days, known before and not replaced by the file. Two heads
/// within one file are told where it is read.
fn check_heads(known: &DirectoryRows, import: &DirectoryImport, file: &str) -> Result<(), Findings> {
    let given: HashMap<_, _> =
        import.people.iter().map(|person| (&person.staff_number, &person.memberships)).collect();
    let rows: HashMap<_, _> = known.people.iter().map(|row| (row.id, row)).collect();
    let mut heads: HashMap<_, Vec<_>> = HashMap::new();
    for post in known.memberships.iter().filter(|post| post.role == Role::Head) {
        let Some(row) = rows.get(&post.person) else { continue };
        let span = match given.get(&row.staff_number) {
            None => Some((post.from, post.to)),
            Some(posts) => posts
                .iter()
                .find(|one| (&one.0, one.2, one.3) == (&post.unit, Role::Head, post.from))
                .map(|one| (one.3, one.4)),
        };
        if let Some(span) = span {
            heads.entry(&post.unit).or_default().push((span, *row));
        }
    }
    let mut findings = Vec::new();
    let mut told = HashSet::new();
    for person in &import.people {
        for (unit, _, _, from, to) in person.memberships.iter().filter(|post| post.2 == Role::Head) {
            let mut stored = heads.get(unit).into_iter().flatten();
            let other = stored.find(|(span, row)| {
                row.staff_number != person.staff_number
                    && spans_overlap(*span, (*from, *to))
                    && !told.contains(&(&row.staff_number, &person.staff_number))
            });
            findings.extend(other.map(|(span, row)| {
                told.insert((&person.staff_number, &row.staff_number));
                let (number, new, before) = (&person.staff_number, days(*from, *to), days(span.0, span.1));
                let (other, name) = (&row.staff_number, &row.full_name);
                Finding::error(
                    "LT-PPL-006",
                    Text::new(
                        format!(
                            "đơn vị {unit} có hai người đứng đầu cùng lúc: {number} ({}) và {other} {name} đã lưu ({})",
                            new.vi, before.vi
                        ),
                        format!(
                            "unit {unit} has two heads at the same time: {number} ({}) and {other} {name}, stored before ({})",
                            new.en, before.en
                        ),
                    ),
                    Text::new(
                        format!(
                            "nếu {other} đã thôi giữ chức, thêm các dòng của {other} vào tệp, có ngày kết thúc, cùng dòng của {number}, rồi nhập lại; chưa có gì được ghi"
                        ),
                        format!(
                            "if {other} has left the post, add the rows of {other} to the file, with the last day, beside those of {number} and import it again; nothing was written"
                        ),
                    ),
                )
                .at(Place::of(file).at(number.as_str()))
            }));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Findings(findings)) }
}

fn days(from: NaiveDate, to: Option<NaiveDate>) -> Text {
    to.map_or_else(
        || Text::new(format!("từ {from}"), format!("from {from}")),
        |to| Text::new(format!("{from} đến {to}"), format!("{from} to {to}")),
    )
}

/// Accounts the file takes from one person and gives to another: the file is the personnel office's word, and
/// whoever imports it is told.
fn moved_accounts(known: &DirectoryRows, import: &DirectoryImport, file: &str) -> Vec<Finding> {
    let numbers: HashMap<_, _> = known.people.iter().map(|row| (row.id, &row.staff_number)).collect();
    let held: HashMap<_, _> = known
        .accounts
        .iter()
        .filter_map(|(source, account, owner)| Some(((source, account.as_str()), *numbers.get(owner)?)))
        .collect();
    let mut findings = Vec::new();
    for person in &import.people {
        for (source, account) in &person.accounts {
            let before =
                held.get(&(source, account.as_str())).filter(|before| ***before != person.staff_number);
            let shown = shown_account(account);
            findings.extend(before.map(|before| {
                let number = &person.staff_number;
                Finding::warning(
                    "LT-PPL-011",
                    Text::new(
                        format!("tài khoản {} của {source} chuyển từ {before} sang {number}", shown.vi),
                        format!("account {} of {source} moves from {before} to {number}", shown.en),
                    ),
                    Text::new(
                        "đúng thì không cần làm gì; sai thì sửa tệp và nhập lại: nhiệm vụ theo tài khoản",
                        "nothing if that is right; else correct the file and import it again: tasks follow the account",
                    ),
                )
                .at(Place::of(file).at(number.as_str()))
            }));
        }
    }
    findings
}

/// An account of the store as it is told: never a number of a citizen, nor its index.
fn shown_account(account: &str) -> Text {
    if account.starts_with(Vault::INDEX_MARK) {
        return Text::new("số định danh (đã che)", "citizen id (masked)");
    }
    let masked = CitizenId::mask_in(account);
    Text::new(masked.clone(), masked)
}

/// A further unit with nothing above it. Several trees are as good as one; nobody but an office with a document
/// judges the head of each, and a parent that was forgotten looks just the same.
fn new_root(known: &DirectoryRows, import: &DirectoryImport) -> Option<Finding> {
    let is_root = |unit: &&Unit| unit.parent.is_none();
    let given = |unit: &&Unit| import.units.iter().any(|other| other.code == unit.code);
    let names =
        |units: Vec<&Unit>| units.iter().map(|unit| unit.code.as_str()).collect::<Vec<_>>().join(", ");
    let was_root = |unit: &&Unit| known.units.iter().filter(is_root).any(|other| other.code == unit.code);
    let new: Vec<&Unit> = import.units.iter().filter(is_root).filter(|unit| !was_root(unit)).collect();
    let kept = known.units.iter().filter(is_root).filter(|unit| !given(unit));
    let roots: Vec<&Unit> = kept.chain(import.units.iter().filter(is_root)).collect();
    if new.is_empty() || roots.len() < 2 {
        return None;
    }
    let (new, roots) = (names(new), names(roots));
    Some(Finding::warning(
        "LT-PPL-009",
        Text::new(
            format!("đơn vị gốc mới: {new}; các đơn vị không có cấp trên: {roots}"),
            format!("new units with nothing above them: {new}; all of these: {roots}"),
        ),
        Text::new(
            "đúng nếu các cơ quan độc lập với nhau; nếu thiếu cấp trên thì ghi cột parent rồi nhập lại tệp đơn vị",
            "right where bodies are independent; if a parent is missing, fill in the column parent and import the units again",
        ),
    ))
}

pub(super) async fn unknown(app: &App, limit: u32) -> Answer {
    let accounts = app.store.unknown_accounts(None, limit as usize).await?;
    let rows = accounts
        .into_iter()
        .map(|account| {
            vec![
                json!(account.source),
                json!(account.kind),
                json!(account.account),
                json!(account.name_hint),
                json!(account.tasks),
                json!(account.first_seen_at),
            ]
        })
        .collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Tài khoản chưa biết của ai", "Accounts that belong to nobody known"),
        columns: vec![
            Column::left("source", "Nguồn", "Source"),
            Column::words("kind", "Loại", "Kind", Words::Account),
            Column::left("account", "Tài khoản", "Account"),
            Column::left("name_hint", "Tên hiển thị", "Display name"),
            Column::right("tasks", "Nhiệm vụ", "Tasks"),
            Column::left("first_seen_at", "Từ lúc", "Since"),
        ],
        rows,
    }))
}

/// An account may come later, and a slip in its name looks just the same.
fn never_seen(source: &SourceId, account: &Text) -> Finding {
    Finding::warning(
        "LT-PPL-012",
        Text::new(
            format!("chưa nhiệm vụ nào của {source} mang tài khoản {}; vẫn đã ghi", account.vi),
            format!("no task of {source} has named the account {} so far; it was linked all the same", account.en),
        ),
        Text::new(
            "gõ sai thì xem `people unknown` rồi gán lại đúng tài khoản; tài khoản sẽ có sau thì không cần làm gì",
            "if it is a slip, look at `people unknown` and link the right one; nothing if the account is to come",
        ),
    )
    .at(Place::of(format!("source {source}")).at(account.en.as_str()))
}

/// Whose an account is said to be.
pub(super) struct Linking {
    pub source: SourceId,
    pub account: String,
    pub person: PersonRef,
    pub moves: bool,
    pub author: String,
}

/// An account as the store has it and as it is told. Of a citizen id number the store has the index alone, and nothing
/// shows it; a source that writes twelve figures as a login is known by them. `by_number` keeps which sources name people by
/// citizen ids: of those a plain number that was linked once, before they were known to, leads to nobody's tasks.
async fn written(
    app: &App,
    source: &SourceId,
    typed: String,
    by_number: &mut BTreeMap<SourceId, bool>,
) -> Result<(String, Text), Refusal> {
    if typed == NO_CITIZEN_ID {
        return Err(nobodys(source).into());
    }
    let number = CitizenId::parse(&typed.split_whitespace().collect::<String>());
    let Some(number) = number else { return Ok((typed.clone(), Text::new(typed.clone(), typed))) };
    let names_citizens = match by_number.get(source) {
        Some(known) => *known,
        None => app.store.names_by_citizen_id(source).await?,
    };
    by_number.insert(source.clone(), names_citizens);
    let account = if !names_citizens && app.store.is_account_known(source, &typed).await? {
        typed
    } else {
        app.store.vault().blind_index(&number)
    };
    Ok((account, Text::new("số định danh (đã che)", "citizen id (masked)")))
}

/// All numbers of a source that are none stand under one name: whoever it were linked to would have the tasks of all.
fn nobodys(source: &SourceId) -> Finding {
    Finding::error(
        "LT-PPL-045",
        Text::new(
            format!("\"{NO_CITIZEN_ID}\" của {source} đứng thay mọi số định danh không hợp lệ; không gán cho ai được"),
            format!("\"{NO_CITIZEN_ID}\" of {source} stands for every citizen id that is none; it is nobody's"),
        ),
        Text::new(
            "sửa số định danh ở hệ thống nguồn; lần lấy sau sẽ nhận ra người",
            "correct the citizen id in the source system; the next pull knows the person",
        ),
    )
    .at(Place::of(format!("source {source}")))
}

pub(super) async fn link(app: &App, order: Linking) -> Answer {
    let Linking { source, account, person: whose, moves, author: who } = order;
    let who = author(&who)?;
    let id = person(app, &whose).await?;
    let (account, told) = written(app, &source, account, &mut BTreeMap::new()).await?;
    let Text { vi: account_vi, en: account_en } = &told;
    let linked = app.store.link_account(&source, &account, id, moves, who, app.clock.now()).await?;
    let directory = app.directory().await?;
    let shown = |known: &Known| format!("{} {}", known.staff_number, known.full_name);
    let name = |id| directory.person(id).map_or_else(|| id.to_string(), shown);
    match linked {
        Linked::BelongsTo(other) => {
            let other = name(other);
            Err(Finding::error(
                "LT-PPL-011",
                Text::new(
                    format!("tài khoản {account_vi} của {source} đang thuộc về {other}; chưa thay đổi gì"),
                    format!("account {account_en} of {source} belongs to {other}; nothing was changed"),
                ),
                Text::new(
                    "nếu tài khoản thật sự đổi người, thêm --move: nhiệm vụ của nó sẽ theo người mới",
                    "if it really is somebody else's now, add --move: its tasks follow the new person",
                ),
            )
            .at(Place::of(format!("source {source}")).at(account_en.as_str()))
            .into())
        }
        Linked::Done { from, known } => {
            app.ring("identify");
            let to = name(id);
            let mut outcome = match from.map(name) {
                None => Outcome::done(
                    format!("tài khoản {account_vi} của {source} là của {to}"),
                    format!("account {account_en} of {source} belongs to {to}"),
                ),
                Some(from) => Outcome::done(
                    format!("tài khoản {account_vi} của {source} chuyển từ {from} sang {to}"),
                    format!("account {account_en} of {source} moved from {from} to {to}"),
                ),
            };
            if !known {
                outcome.findings.push(never_seen(&source, &told));
            }
            Ok(outcome)
        }
    }
}
