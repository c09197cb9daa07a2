//! People, units, posts, accounts, and which tasks belong to whom.
//!
//! Citizen id numbers are sealed; they are found by their keyed index and leave through one function only.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind, update_unchanged_tasks};
use super::db::{Tx, Val, placeholders, vals};
use super::facts::{TASK_COLUMNS, stored_task};
use super::task::StoredTask;
use super::{Store, StoreError};
use crate::domain::{
    AccountKind, AccountRef, Assignment, Charge, DirectoryImport, ImportedPerson, Leadership, Membership,
    Period, PersonId, Role, SourceId, StaffNumber, Unit, UnitCode, UnitKind,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What an import changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DirectoryCounts {
    /// Units written.
    pub units: u64,
    /// People not known before.
    pub new_people: u64,
    /// People known before.
    pub known_people: u64,
    /// Tasks whose person is looked for again.
    pub tasks_due: u64,
}

/// A person without citizen id digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Opaque id.
    pub id: PersonId,
    /// Staff number.
    pub staff_number: StaffNumber,
    /// Keyed index of the citizen id number.
    pub citizen_index: Option<String>,
    /// Full name.
    pub full_name: String,
}

/// Everything about people and units, for building a directory.
#[derive(Debug, Clone, Default)]
pub struct DirectoryRows {
    /// Units.
    pub units: Vec<Unit>,
    /// People.
    pub people: Vec<PersonRow>,
    /// Posts.
    pub memberships: Vec<Membership>,
    /// Who leads what.
    pub leaderships: Vec<Leadership>,
    /// Account aliases.
    pub accounts: Vec<(SourceId, String, PersonId)>,
}

impl DirectoryRows {
    /// Who is in charge of what, people named as a file names them.
    pub fn charges(
        &self,
    ) -> impl Iterator<Item = (PersonId, (Charge<StaffNumber>, NaiveDate, Option<NaiveDate>))> {
        let numbers: HashMap<PersonId, &StaffNumber> =
            self.people.iter().map(|row| (row.id, &row.staff_number)).collect();
        self.leaderships.iter().filter_map(move |held| {
            let over = match &held.over {
                Charge::Unit(unit) => Charge::Unit(unit.clone()),
                Charge::Person(person) => Charge::Person((*numbers.get(person)?).clone()),
            };
            Some((held.leader, (over, held.from, held.to)))
        })
    }
}

/// An account that belongs to nobody we know.
#[derive(Debug, Clone, Serialize)]
pub struct UnknownAccount {
    /// Number.
    pub id: i64,
    /// Source it was seen in.
    pub source: SourceId,
    /// How the source names people.
    pub kind: AccountKind,
    /// The name; an index for citizen id numbers.
    pub account: String,
    /// Display name, only to help a person.
    pub name_hint: Option<String>,
    /// When it was first seen.
    pub first_seen_at: DateTime<Utc>,
    /// Tasks that wait for it.
    pub tasks: u64,
}

impl UnknownAccount {
    /// Where the list goes on after this account.
    pub fn place(&self) -> (u64, i64) {
        (self.tasks, self.id)
    }
}

fn kind_word(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::CitizenId => "citizen_id",
        AccountKind::StaffNumber => "staff_number",
        AccountKind::Account => "account",
    }
}

pub(super) fn kind_of(word: &str) -> AccountKind {
    match word {
        "citizen_id" => AccountKind::CitizenId,
        "staff_number" => AccountKind::StaffNumber,
        _ => AccountKind::Account,
    }
}

pub(super) fn role_of(word: &str) -> Result<Role, StoreError> {
    Role::ALL
        .into_iter()
        .find(|role| role.as_str() == word)
        .ok_or_else(|| StoreError::unexpected(format!("unknown role \"{word}\"")))
}

fn unit_word(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::Province => "province",
        UnitKind::Department => "department",
        UnitKind::Commune => "commune",
        UnitKind::Division => "division",
    }
}

pub(super) fn unit_kind(word: &str) -> Result<UnitKind, StoreError> {
    [UnitKind::Province, UnitKind::Department, UnitKind::Commune, UnitKind::Division]
        .into_iter()
        .find(|kind| unit_word(*kind) == word)
        .ok_or_else(|| StoreError::unexpected(format!("unknown kind of unit \"{word}\"")))
}

/// What became of saying whose an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// It is that person's; it was this one's before.
    Done {
        /// Who lost it.
        from: Option<PersonId>,
        /// Whether it was known before: a task or a people file had named it.
        known: bool,
    },
    /// It belongs to this one, and nobody said that it moves; nothing was changed.
    BelongsTo(PersonId),
}

/// A task, the state it was judged in, and whose it is since when.
pub type Assigned = (i64, DateTime<Utc>, Vec<(Assignment, Option<DateTime<Utc>>)>);

impl Store {
    /// Writes an import in one transaction. Tasks of its people, and those that wait for a name of theirs, are looked at
    /// again; their scores and those of the leaders above their posts, before and after, are computed again. Where the tree
    /// of units changes, all are. A charge over somebody who is neither stored nor in the import is refused.
    pub async fn import_directory(
        &self,
        import: &DirectoryImport,
        author: &str,
        reason: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<DirectoryCounts, StoreError> {
        let mut counts = DirectoryCounts { units: import.units.len() as u64, ..DirectoryCounts::default() };
        let mut tx = self.db.begin().await?;
        let regrown = Self::tree_changes(&mut tx, import).await?;
        for unit in &import.units {
            tx.execute(
                "INSERT INTO unit (code, name, kind, parent, org_code) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (code) DO UPDATE SET \
                 name = excluded.name, kind = excluded.kind, parent = excluded.parent, org_code = excluded.org_code",
                vals![unit.code.as_str(), unit.name.as_str(), unit_word(unit.kind),
                    unit.parent.as_ref().map(|code| code.as_str().to_owned()), unit.org_code.clone()],
            )
            .await?;
        }
        let mut known: HashMap<String, Uuid> = HashMap::new();
        for row in tx.rows("SELECT staff_number, id FROM person", vals![]).await? {
            known.insert(row.text(0)?, row.uid(1)?);
        }
        let mut people = Vec::with_capacity(import.people.len());
        for person in &import.people {
            people.push(match known.get(person.staff_number.as_str()) {
                Some(id) => {
                    counts.known_people += 1;
                    *id
                }
                None => {
                    counts.new_people += 1;
                    Uuid::now_v7()
                }
            });
        }
        let numbers = import.people.iter().map(|person| person.staff_number.as_str().to_owned());
        known.extend(numbers.zip(people.iter().copied()));
        // Before the names are theirs: links take accounts out of those that wait.
        let mut touched = BTreeSet::new();
        if !regrown {
            counts.tasks_due = self.waiting_due(&mut tx, import, &people, &known).await?;
            touched = Self::touched_by(&mut tx, &people).await?;
        }
        let accounts = import.people.iter().flat_map(|person| &person.accounts);
        for source in accounts.map(|(source, _)| source.as_str()).collect::<BTreeSet<&str>>() {
            forget_plain_numbers(&mut tx, source).await?;
        }
        for (person, id) in import.people.iter().zip(&people) {
            self.write_person(&mut tx, *id, person, author, now).await?;
        }
        // Once everybody is there who may be named.
        for (person, id) in import.people.iter().zip(&people) {
            Self::write_charges(&mut tx, *id, person, &known).await?;
        }
        if regrown {
            counts.tasks_due =
                tx.execute("UPDATE task SET identify_due = $1 WHERE NOT identify_due", vals![true]).await?;
            tx.execute(scored_due!("TRUE"), vals![]).await?;
        } else {
            touched.extend(Self::touched_by(&mut tx, &people).await?);
            for person in touched {
                tx.execute(scored_due!("person_id = $1"), vals![person]).await?;
            }
        }
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action: "people_imported",
            object: format!("{} people", import.people.len()),
            detail: format!(
                "units {}, new {}, known {}",
                counts.units, counts.new_people, counts.known_people
            ),
            reason,
        })
        .await?;
        tx.commit().await?;
        Ok(counts)
    }

    async fn write_person(
        &self,
        tx: &mut Tx,
        id: Uuid,
        person: &ImportedPerson,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let index = person.citizen_id.as_ref().map(|number| self.vault.blind_index(number));
        let sealed = person
            .citizen_id
            .as_ref()
            .map(|number| self.vault.seal("citizen", number.reveal().as_bytes()))
            .transpose()?;
        tx.execute(
            "INSERT INTO person (id, staff_number, citizen_index, citizen_sealed, full_name) VALUES ($1,$2,$3,$4,$5) \
             ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name, \
             citizen_index = coalesce(excluded.citizen_index, person.citizen_index), \
             citizen_sealed = coalesce(excluded.citizen_sealed, person.citizen_sealed)",
            vals![id, person.staff_number.as_str(), index, sealed, person.full_name.as_str()],
        )
        .await?;
        tx.execute("DELETE FROM membership WHERE person_id = $1", vals![id]).await?;
        for (unit, post, role, from, to) in &person.memberships {
            tx.execute(
                "INSERT INTO membership (person_id, unit_code, post, role, from_day, to_day) VALUES ($1,$2,$3,$4,$5,$6)",
                vals![id, unit.as_str(), post.as_str(), role.as_str(), *from, *to],
            )
            .await?;
        }
        for (source, account) in &person.accounts {
            if let Some(from) = link(tx, source.as_str(), account, PersonId(id), author).await? {
                tx.audit(moved(source, from, PersonId(id), author, now)).await?;
            }
        }
        Ok(())
    }

    /// Writes what somebody is in charge of; `known` are the ids of everybody by staff number.
    async fn write_charges(
        tx: &mut Tx,
        id: Uuid,
        person: &ImportedPerson,
        known: &HashMap<String, Uuid>,
    ) -> Result<(), StoreError> {
        tx.execute("DELETE FROM leadership WHERE leader_id = $1", vals![id]).await?;
        tx.execute("DELETE FROM person_charge WHERE leader_id = $1", vals![id]).await?;
        for (over, from, to) in &person.leads {
            match over {
                Charge::Unit(unit) => {
                    tx.execute(
                        "INSERT INTO leadership (leader_id, unit_code, from_day, to_day) VALUES ($1,$2,$3,$4)",
                        vals![id, unit.as_str(), *from, *to],
                    )
                    .await?;
                }
                Charge::Person(number) => {
                    let led = known.get(number.as_str()).copied();
                    let led = led.ok_or_else(|| StoreError::unexpected("a charge over nobody known"))?;
                    tx.execute(
                        "INSERT INTO person_charge (leader_id, person_id, from_day, to_day) VALUES ($1,$2,$3,$4)",
                        vals![id, led, *from, *to],
                    )
                    .await?;
                }
            }
        }
        Ok(())
    }

    /// Everything about people and units.
    pub async fn load_directory(&self) -> Result<DirectoryRows, StoreError> {
        let mut rows = DirectoryRows::default();
        for row in
            self.db.rows("SELECT code, name, kind, parent, org_code FROM unit ORDER BY code", vals![]).await?
        {
            rows.units.push(Unit {
                code: row.parsed(0)?,
                name: row.text(1)?,
                kind: unit_kind(&row.text(2)?)?,
                parent: row
                    .opt_text(3)?
                    .map(UnitCode::new)
                    .transpose()
                    .map_err(|e| StoreError::unexpected(e.to_string()))?,
                org_code: row.opt_text(4)?,
            });
        }
        for row in self
            .db
            .rows(
                "SELECT id, staff_number, citizen_index, full_name FROM person ORDER BY staff_number",
                vals![],
            )
            .await?
        {
            rows.people.push(PersonRow {
                id: row.person(0)?,
                staff_number: staff_number(&row.text(1)?)?,
                citizen_index: row.opt_text(2)?,
                full_name: row.text(3)?,
            });
        }
        for row in self.db.rows("SELECT person_id, unit_code, post, role, from_day, to_day FROM membership ORDER BY person_id, from_day", vals![]).await? {
            rows.memberships.push(Membership {
                person: row.person(0)?,
                unit: row.parsed(1)?,
                post: row.text(2)?,
                role: role_of(&row.text(3)?)?,
                from: row.day(4)?,
                to: row.opt_day(5)?,
            });
        }
        for row in self
            .db
            .rows(
                "SELECT leader_id, unit_code, from_day, to_day FROM leadership ORDER BY leader_id, from_day",
                vals![],
            )
            .await?
        {
            rows.leaderships.push(Leadership {
                leader: row.person(0)?,
                over: Charge::Unit(row.parsed(1)?),
                from: row.day(2)?,
                to: row.opt_day(3)?,
            });
        }
        let sql =
            "SELECT leader_id, person_id, from_day, to_day FROM person_charge ORDER BY leader_id, from_day";
        for row in self.db.rows(sql, vals![]).await? {
            rows.leaderships.push(Leadership {
                leader: row.person(0)?,
                over: Charge::Person(row.person(1)?),
                from: row.day(2)?,
                to: row.opt_day(3)?,
            });
        }
        for row in self
            .db
            .rows("SELECT source_id, account, person_id FROM account ORDER BY source_id, account", vals![])
            .await?
        {
            rows.accounts.push((row.parsed(0)?, row.text(1)?, row.person(2)?));
        }
        Ok(rows)
    }

    /// A person by staff number.
    pub async fn person_by_staff_number(&self, number: &StaffNumber) -> Result<Option<PersonId>, StoreError> {
        let row =
            self.db.row("SELECT id FROM person WHERE staff_number = $1", vals![number.as_str()]).await?;
        row.map(|row| row.person(0)).transpose()
    }

    /// A number that grows whenever people, units or accounts change.
    pub async fn directory_stamp(&self) -> Result<u64, StoreError> {
        self.db.count(DIRECTORY_STAMP, vals![]).await
    }

    /// Tasks whose person is to be looked for, oldest first.
    pub async fn tasks_to_identify(&self, limit: usize) -> Result<Vec<StoredTask>, StoreError> {
        let rows = self
            .db
            .rows(
                format!("SELECT {TASK_COLUMNS} FROM task t WHERE t.identify_due ORDER BY t.id LIMIT $1"),
                vals![limit as u64],
            )
            .await?;
        rows.iter().map(stored_task).collect()
    }

    /// Writes whose the given tasks are, and which accounts of nobody known have a stake in which tasks. A task that
    /// changed meanwhile stays due; where people or accounts changed since `stamp`, nothing is written and the answer
    /// is false: what was found out may be out of date.
    pub async fn save_assignments(
        &self,
        stamp: u64,
        assigned: &[Assigned],
        unknown: &[(SourceId, AccountRef, Option<String>, Vec<i64>)],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let (mut rows, mut freed) = (Vec::with_capacity(assigned.len() * 6), 0);
        let mut lost: BTreeSet<PersonId> = BTreeSet::new();
        for chunk in assigned.chunks(200) {
            let places = placeholders(1, chunk.len(), 1);
            let ids = || chunk.iter().map(|(id, ..)| Val::from(*id)).collect();
            let theirs: HashMap<i64, &Assigned> = chunk.iter().map(|one| (one.0, one)).collect();
            let sql = format!("SELECT task_id, person_id FROM task_person WHERE task_id IN {places}");
            for row in tx.rows(sql, ids()).await? {
                let (task, person) = (row.int(0)?, row.person(1)?);
                let keeps = |one: &&Assigned| one.2.iter().any(|(known, _)| known.person == person);
                if !theirs.get(&task).is_some_and(keeps) {
                    lost.insert(person);
                }
            }
            tx.execute(format!("DELETE FROM task_person WHERE task_id IN {places}"), ids()).await?;
            freed +=
                tx.execute(format!("DELETE FROM unknown_stake WHERE task_id IN {places}"), ids()).await?;
            for (id, _, people) in chunk {
                for (ordinal, (person, since)) in people.iter().enumerate() {
                    let (handed_over, taken_over) = (person.handed_over, person.taken_over);
                    rows.extend(vals![*id, ordinal as u64, person.person, *since, handed_over, taken_over]);
                }
            }
        }
        TASK_PEOPLE.insert(&mut tx, rows).await?;
        for person in lost {
            // The others are named by whoever maps the task.
            tx.execute(scored_due!("person_id = $1"), vals![person]).await?;
        }
        let done = assigned.iter().map(|(id, changed_at, _)| (*id, *changed_at));
        update_unchanged_tasks(&mut tx, "identify_due = false, map_due = true", done).await?;
        let mut stakes = Vec::new();
        for (source, account, _, tasks) in unknown {
            for task in tasks {
                stakes.extend(vals![*task, source.as_str(), kind_word(account.kind), account.value.as_str()]);
            }
        }
        UNKNOWN_STAKES.insert(&mut tx, stakes).await?;
        for (source, account, name, _) in unknown {
            tx.execute(
                "INSERT INTO unknown_account (source_id, kind, account, name_hint, first_seen_at, tasks) \
                 VALUES ($1,$2,$3,$4,$5,(SELECT count(*) FROM unknown_stake u \
                 WHERE u.source_id = $1 AND u.account = $3 AND u.kind = $2)) \
                 ON CONFLICT (source_id, kind, account) DO UPDATE SET tasks = excluded.tasks, \
                 name_hint = coalesce(excluded.name_hint, unknown_account.name_hint)",
                vals![source.as_str(), kind_word(account.kind), account.value.as_str(), name.clone(), now],
            )
            .await?;
        }
        if freed > 0 {
            // Known by now, as by a people file that names the staff number: nobody has to link it any more.
            tx.execute(
                "DELETE FROM unknown_account WHERE NOT EXISTS (SELECT 1 FROM unknown_stake u \
                 WHERE u.source_id = unknown_account.source_id AND u.account = unknown_account.account \
                 AND u.kind = unknown_account.kind)",
                vals![],
            )
            .await?;
        }
        // At the end: whoever changed them before our rows were ours has committed by now.
        let seen = tx.row(DIRECTORY_STAMP, vals![]).await?.map(|row| row.int(0)).transpose()?;
        if seen.and_then(|seen| u64::try_from(seen).ok()) != Some(stamp) {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Accounts that belong to nobody we know, most tasks first, after a place in that order.
    pub async fn unknown_accounts(
        &self,
        after: Option<(u64, i64)>,
        limit: usize,
    ) -> Result<Vec<UnknownAccount>, StoreError> {
        let (tasks, id) = after.unwrap_or((i64::MAX.unsigned_abs(), 0));
        let sql = "SELECT source_id, kind, account, name_hint, first_seen_at, tasks, id FROM unknown_account \
                   WHERE tasks < $1 OR (tasks = $1 AND id > $2) ORDER BY tasks DESC, id LIMIT $3";
        let rows = self.db.rows(sql, vals![tasks, id, limit as u64]).await?;
        rows.iter()
            .map(|row| {
                Ok(UnknownAccount {
                    source: row.parsed(0)?,
                    id: row.int(6)?,
                    kind: kind_of(&row.text(1)?),
                    account: row.text(2)?,
                    name_hint: row.opt_text(3)?,
                    first_seen_at: row.at(4)?,
                    tasks: u64::try_from(row.int(5)?).unwrap_or(0),
                })
            })
            .collect()
    }

    /// How many accounts of nobody known have a stake in tasks due in a period; a task without a due date counts
    /// in every period.
    pub async fn unknown_accounts_of(&self, period: Period) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT DISTINCT u.source_id, u.kind, u.account FROM unknown_stake u \
                   JOIN task t ON t.id = u.task_id \
                   WHERE t.due_day IS NULL OR (t.due_day >= $1 AND t.due_day <= $2)) AS accounts";
        self.db.count(sql, vals![period.first_day(), period.last_day()]).await
    }

    /// Whether an account is somebody's or was named by a task of its source, written so.
    pub async fn is_account_known(&self, source: &SourceId, account: &str) -> Result<bool, StoreError> {
        Ok(self.db.row(KNOWN_ACCOUNT, vals![source.as_str(), account]).await?.is_some())
    }

    /// Whether the tasks of a source name people by citizen ids, and nobody by twelve figures as a login: a plain number is
    /// nobody's account there.
    pub async fn names_by_citizen_id(&self, source: &SourceId) -> Result<bool, StoreError> {
        let names = names_by_citizen_id(self.db.is_postgres());
        Ok(self.db.row(format!("SELECT 1 WHERE {names}"), vals![source.as_str()]).await?.is_some())
    }

    /// Says whose an account is; the source's tasks are looked at again. Another person's is taken only when
    /// `moves` says so.
    pub async fn link_account(
        &self,
        source: &SourceId,
        account: &str,
        person: PersonId,
        moves: bool,
        author: &str,
        now: DateTime<Utc>,
    ) -> Result<Linked, StoreError> {
        let mut tx = self.db.begin().await?;
        let known = tx.row(KNOWN_ACCOUNT, vals![source.as_str(), account]).await?.is_some();
        let from = link(&mut tx, source.as_str(), account, person, author).await?;
        if let (Some(from), false) = (from, moves) {
            // Dropped without a commit, the transaction has changed nothing.
            return Ok(Linked::BelongsTo(from));
        }
        tx.execute("UPDATE task SET identify_due = $2 WHERE source_id = $1", vals![source.as_str(), true])
            .await?;
        let linked = AuditNew {
            at: now,
            actor: author,
            action: "account_linked",
            object: format!("source {source}, person {person}"),
            detail: String::new(),
            reason: None,
        };
        tx.audit(from.map_or(linked, |from| moved(source, from, person, author, now))).await?;
        tx.commit().await?;
        Ok(Linked::Done { from, known })
    }

    /// Has these people scored again for these periods.
    pub async fn mark_scores_due(&self, due: &[(PersonId, Period)]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.score_due(due).await?;
        tx.commit().await
    }
}

/// That the tasks of source `$1` name people by citizen ids (their index), and by twelve figures never.
fn names_by_citizen_id(postgres: bool) -> String {
    let (indexed, plain) = if postgres {
        ("facts::text LIKE '%\"c:%'".to_owned(), "facts::text ~ '\"[as]:[0-9]{12}\"'".to_owned())
    } else {
        let figures = "[0-9]".repeat(12);
        ("facts GLOB '*\"c:*'".to_owned(), format!("facts GLOB '*\"[as]:{figures}\"*'"))
    };
    format!(
        "EXISTS (SELECT 1 FROM task WHERE source_id = $1 AND {indexed}) \
         AND NOT EXISTS (SELECT 1 FROM task WHERE source_id = $1 AND {plain})"
    )
}

/// Takes away plain numbers that were linked to people of a source before it named anybody by citizen ids.
async fn forget_plain_numbers(tx: &mut Tx, source: &str) -> Result<(), StoreError> {
    let names = names_by_citizen_id(tx.is_postgres());
    let is_number = if tx.is_postgres() {
        "account ~ '^[0-9]{12}$'".to_owned()
    } else {
        format!("account GLOB '{}'", "[0-9]".repeat(12))
    };
    let sql = format!("DELETE FROM account WHERE source_id = $1 AND {is_number} AND {names}");
    tx.execute(sql, vals![source]).await.map(|_| ())
}

const KNOWN_ACCOUNT: &str = "SELECT 1 FROM account WHERE source_id = $1 AND account = $2 \
     UNION ALL SELECT 1 FROM unknown_account WHERE source_id = $1 AND account = $2 LIMIT 1";

/// Writes whose an account is; gives whose it was, when it was another person's. A link counts for names of every kind, so
/// that nothing the source writes so waits any more.
async fn link(
    tx: &mut Tx,
    source: &str,
    account: &str,
    person: PersonId,
    author: &str,
) -> Result<Option<PersonId>, StoreError> {
    let sql = "SELECT person_id FROM account WHERE source_id = $1 AND account = $2";
    let before = tx.row(sql, vals![source, account]).await?.map(|row| row.person(0)).transpose()?;
    tx.execute(
        "INSERT INTO account (source_id, account, person_id, linked_by) VALUES ($1,$2,$3,$4) \
         ON CONFLICT (source_id, account) DO UPDATE SET person_id = excluded.person_id, linked_by = excluded.linked_by",
        vals![source, account, person, author],
    )
    .await?;
    for table in ["unknown_account", "unknown_stake"] {
        let sql = format!("DELETE FROM {table} WHERE source_id = $1 AND account = $2");
        tx.execute(sql, vals![source, account]).await?;
    }
    Ok(before.filter(|before| *before != person))
}

fn moved<'a>(
    source: &SourceId,
    from: PersonId,
    to: PersonId,
    author: &'a str,
    now: DateTime<Utc>,
) -> AuditNew<'a> {
    AuditNew {
        at: now,
        actor: author,
        action: "account_moved",
        object: format!("source {source}, person {to}"),
        detail: format!("from person {from}"),
        reason: None,
    }
}

impl Tx {
    /// Marks scores as due in this transaction; marking twice raises the stamp, so that a computation
    /// already under way does not clear the mark.
    pub(super) async fn score_due(&mut self, due: &[(PersonId, Period)]) -> Result<(), StoreError> {
        let mut unique: Vec<(PersonId, Period)> = due.to_vec();
        unique.sort();
        unique.dedup();
        let marks = unique.iter().flat_map(|(person, period)| vals![*person, *period, 1i64]).collect();
        SCORE_MARKS.insert(self, marks).await?;
        Ok(())
    }
}

/// Grows whenever people, units or accounts change; by an index of its own.
const DIRECTORY_STAMP: &str =
    "SELECT count(*) FROM audit WHERE action IN ('people_imported', 'account_linked', 'account_moved')";

static TASK_PEOPLE: Bulk = Bulk::new(
    "task_person",
    &[
        ("task_id", Kind::Int),
        ("ordinal", Kind::Int),
        ("person_id", Kind::Id),
        ("since", Kind::At),
        ("handed_over", Kind::Bool),
        ("taken_over", Kind::Bool),
    ],
    "",
);

static UNKNOWN_STAKES: Bulk = Bulk::new(
    "unknown_stake",
    &[("task_id", Kind::Int), ("source_id", Kind::Text), ("kind", Kind::Text), ("account", Kind::Text)],
    "ON CONFLICT (task_id, kind, account) DO NOTHING",
);

static SCORE_MARKS: Bulk = Bulk::new(
    "score_due",
    &[("person_id", Kind::Id), ("period", Kind::Text), ("stamp", Kind::Int)],
    due_again!(),
);

pub(super) fn staff_number(text: &str) -> Result<StaffNumber, StoreError> {
    StaffNumber::parse(text).ok_or_else(|| StoreError::unexpected("an unreadable staff number"))
}
