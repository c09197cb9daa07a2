//! What a change of people and units makes worth looking at again.
//!
//! Owns which tasks may be somebody else's after an import, and whose scores it can move: those of its people and of the
//! leaders who stand above a post or a charge of theirs, before the import and after it. It must not know why anything
//! was changed. In doubt more is marked: what comes out the same is not written again.

use super::db::{Tx, placeholders, vals};
use super::directory::{kind_of, role_of, unit_kind};
use super::{Store, StoreError};
use crate::domain::{AccountKind, DirectoryImport, PersonId, StaffNumber};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// People asked about by one statement.
const AT_ONCE: usize = 200;

impl Store {
    /// Whether an import changes a unit or brings one: then everything above and below anybody may be another.
    pub(super) async fn tree_changes(tx: &mut Tx, import: &DirectoryImport) -> Result<bool, StoreError> {
        let mut held = BTreeMap::new();
        for row in tx.rows("SELECT code, name, kind, parent, org_code FROM unit", vals![]).await? {
            let rest = (row.text(1)?, unit_kind(&row.text(2)?)?, row.opt_text(3)?, row.opt_text(4)?);
            held.insert(row.text(0)?, rest);
        }
        Ok(import.units.iter().any(|unit| {
            held.get(unit.code.as_str()).is_none_or(|(name, kind, parent, org_code)| {
                let same_parent = parent.as_deref() == unit.parent.as_ref().map(|code| code.as_str());
                (name, *kind, org_code) != (&unit.name, unit.kind, &unit.org_code) || !same_parent
            })
        }))
    }

    /// Has the tasks looked at again whose people an import may change, and gives how many: those of its people and of whoever
    /// loses an account to them or was meant by one so far as by a staff number, and those that wait for a name that becomes
    /// theirs. `known` are the ids of everybody by staff number.
    pub(super) async fn waiting_due(
        &self,
        tx: &mut Tx,
        import: &DirectoryImport,
        people: &[Uuid],
        known: &HashMap<String, Uuid>,
    ) -> Result<u64, StoreError> {
        let mut holders: BTreeSet<PersonId> = people.iter().copied().map(PersonId).collect();
        let mut numbers: HashSet<&str> = HashSet::new();
        let mut indexes: HashSet<String> = HashSet::new();
        let mut accounts: HashSet<(&str, &str)> = HashSet::new();
        for person in &import.people {
            numbers.insert(person.staff_number.as_str());
            indexes.extend(person.citizen_id.as_ref().map(|number| self.vault().blind_index(number)));
            accounts
                .extend(person.accounts.iter().map(|(source, account)| (source.as_str(), account.as_str())));
        }
        let mut held = HashMap::new();
        for row in tx.rows("SELECT source_id, account, person_id FROM account", vals![]).await? {
            held.insert((row.text(0)?, row.text(1)?), row.person(2)?);
        }
        let holder =
            |source: &str, account: &str| held.get(&(source.to_owned(), account.to_owned())).copied();
        for (person, id) in import.people.iter().zip(people) {
            for (source, account) in &person.accounts {
                let before = holder(source.as_str(), account);
                holders.extend(before);
                // A link goes before a staff number, however that is written.
                if before != Some(PersonId(*id))
                    && let Some(number) = StaffNumber::parse(account)
                {
                    holders.extend(known.get(number.as_str()).copied().map(PersonId));
                    holders.extend(holder(source.as_str(), number.as_str()));
                }
            }
        }
        let mut due = 0;
        for some in holders.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
            let places = placeholders(1, some.len(), 2);
            let sql = format!(
                "UPDATE task SET identify_due = $1 WHERE NOT identify_due AND id IN \
                 (SELECT task_id FROM task_person WHERE person_id IN {places})"
            );
            let mut values = vals![true];
            values.extend(some.iter().flat_map(|person| vals![*person]));
            due += tx.execute(sql, values).await?;
        }
        let waiting = tx.rows("SELECT DISTINCT source_id, kind, account FROM unknown_stake", vals![]).await?;
        for row in waiting {
            let (source, kind, account) = (row.text(0)?, row.text(1)?, row.text(2)?);
            let theirs = match kind_of(&kind) {
                AccountKind::CitizenId => indexes.contains(&account),
                AccountKind::StaffNumber => StaffNumber::parse(&account).is_some_and(|number| {
                    numbers.contains(number.as_str())
                        || accounts.contains(&(source.as_str(), number.as_str()))
                }),
                AccountKind::Account => false,
            };
            // A link counts for names of every kind.
            if theirs || accounts.contains(&(source.as_str(), account.as_str())) {
                due += tx
                    .execute(
                        "UPDATE task SET identify_due = $1 WHERE NOT identify_due AND id IN (SELECT task_id \
                         FROM unknown_stake WHERE source_id = $2 AND kind = $3 AND account = $4)",
                        vals![true, source, kind, account],
                    )
                    .await?;
            }
        }
        Ok(due)
    }

    /// People whose scores depend on the posts and charges of these as they stand: they themselves, every leader of a
    /// unit they have or had a post or charge in, or of one above it, and whoever has or had them in charge by name.
    pub(super) async fn touched_by(tx: &mut Tx, people: &[Uuid]) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut touched: BTreeSet<PersonId> = people.iter().copied().map(PersonId).collect();
        let mut above = BTreeMap::new();
        for row in tx.rows("SELECT code, parent FROM unit WHERE parent IS NOT NULL", vals![]).await? {
            above.insert(row.text(0)?, row.text(1)?);
        }
        let (mut posts, mut leaders) = (Vec::new(), Vec::new());
        for row in tx.rows("SELECT person_id, unit_code, role FROM membership", vals![]).await? {
            let (person, unit) = (row.person(0)?, row.text(1)?);
            if role_of(&row.text(2)?)?.is_leader() {
                leaders.push((person, unit.clone()));
            }
            posts.push((person, unit));
        }
        for row in tx.rows("SELECT leader_id, unit_code FROM leadership", vals![]).await? {
            let charge = (row.person(0)?, row.text(1)?);
            leaders.push(charge.clone());
            posts.push(charge);
        }
        let mut units: HashSet<&str> = HashSet::new();
        for (_, unit) in posts.iter().filter(|(person, _)| touched.contains(person)) {
            let mut next = Some(unit);
            // A unit that was there before has everything above it as well.
            while let Some(unit) = next.filter(|unit| units.insert(unit.as_str())) {
                next = above.get(unit);
            }
        }
        let mut by_name = Vec::new();
        for row in tx.rows("SELECT leader_id, person_id FROM person_charge", vals![]).await? {
            let (leader, person) = (row.person(0)?, row.person(1)?);
            by_name.extend(touched.contains(&person).then_some(leader));
        }
        touched.extend(by_name);
        touched.extend(leaders.iter().filter(|(_, unit)| units.contains(unit.as_str())).map(|one| one.0));
        Ok(touched)
    }
}
