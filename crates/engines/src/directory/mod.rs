//! Who is who: people, units, posts by date, who leads whom, and whose a task is.
//!
//! Owns identification (by linked account, citizen id index or staff number, never by name), the stakes several
//! people have in a task that was handed over (Decree 335/2025 art. 18.1.d), and the tree of leaders. It
//! must not know what tasks are worth. Who cannot be identified is a reason, not an error.

pub mod entitled;
pub mod import;
mod leading;
mod projected;

use crate::domain::person::spans_overlap;
use crate::domain::rules::Population;
use crate::domain::{
    AccountKind, AccountRef, Assignment, CanonicalTask, Charge, Leadership, Membership, Period, PersonId,
    SourceId, StaffNumber, Unit, UnitCode, UnitKind,
};
use crate::text::mention;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use leading::{Leading, Place};

/// A person as the directory knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Opaque id.
    pub id: PersonId,
    /// Staff number.
    pub staff_number: StaffNumber,
    /// Keyed index of the citizen id number.
    pub citizen_index: Option<String>,
    /// Full name.
    pub full_name: String,
}

/// A person's stake in a task and since when.
pub type Stake = (Assignment, Option<DateTime<Utc>>);

/// People, units and posts at hand.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    people: BTreeMap<PersonId, Known>,
    by_staff_number: HashMap<String, PersonId>,
    /// The same by what is left of a number when only its letters and digits count; none = several people share it.
    by_letters: HashMap<String, Option<PersonId>>,
    by_index: HashMap<String, PersonId>,
    by_account: HashMap<(String, String), PersonId>,
    units: BTreeMap<UnitCode, Unit>,
    memberships: BTreeMap<PersonId, Vec<Membership>>,
    /// Units directly below a unit.
    children: BTreeMap<UnitCode, Vec<UnitCode>>,
    /// Everyone who has or had a post in a unit.
    members: BTreeMap<UnitCode, BTreeSet<PersonId>>,
    /// Charges over units and people by leader.
    leaderships: BTreeMap<PersonId, Vec<Leadership>>,
    /// Everyone who has or had a post as head or deputy.
    leaders: BTreeSet<PersonId>,
    /// The days on which somebody begins to answer for a unit, or no longer does.
    handovers: BTreeMap<UnitCode, BTreeSet<NaiveDate>>,
    /// The same of people in somebody's charge by name.
    handovers_by_name: BTreeMap<PersonId, BTreeSet<NaiveDate>>,
}

impl Directory {
    /// A directory from what is stored.
    pub fn new(
        people: Vec<Known>,
        units: Vec<Unit>,
        memberships: Vec<Membership>,
        leaderships: Vec<Leadership>,
        accounts: Vec<(SourceId, String, PersonId)>,
    ) -> Self {
        let mut directory = Self::default();
        for unit in units {
            if let Some(parent) = &unit.parent {
                directory.children.entry(parent.clone()).or_default().push(unit.code.clone());
            }
            directory.units.insert(unit.code.clone(), unit);
        }
        for membership in memberships {
            directory.members.entry(membership.unit.clone()).or_default().insert(membership.person);
            if membership.role.is_leader() {
                directory.leaders.insert(membership.person);
            }
            directory.memberships.entry(membership.person).or_default().push(membership);
        }
        for leadership in leaderships {
            directory.leaderships.entry(leadership.leader).or_default().push(leadership);
        }
        for (source, account, person) in accounts {
            directory.by_account.insert((source.as_str().to_owned(), account), person);
        }
        for person in people {
            directory.by_staff_number.insert(person.staff_number.as_str().to_owned(), person.id);
            let letters = mention::key(person.staff_number.as_str());
            let several = |held: &mut Option<PersonId>| *held = held.filter(|held| *held == person.id);
            directory.by_letters.entry(letters).and_modify(several).or_insert(Some(person.id));
            if let Some(index) = &person.citizen_index {
                directory.by_index.insert(index.clone(), person.id);
            }
            directory.people.insert(person.id, person);
        }
        directory.note_handovers();
        directory
    }

    fn note_handovers(&mut self) {
        let (mut of_units, mut of_people) = (BTreeMap::new(), BTreeMap::new());
        let ends = |from: NaiveDate, to: Option<NaiveDate>| {
            [Some(from), to.and_then(|to| to.succ_opt())].into_iter().flatten()
        };
        let mut note = |over: &Charge<PersonId>, from: NaiveDate, to: Option<NaiveDate>| {
            let days: &mut BTreeSet<NaiveDate> = match over {
                Charge::Unit(unit) => of_units.entry(unit.clone()).or_default(),
                Charge::Person(person) => of_people.entry(*person).or_default(),
            };
            days.extend(ends(from, to));
        };
        for leader in &self.leaders {
            let charges = self.leaderships.get(leader).map(Vec::as_slice).unwrap_or_default();
            charges.iter().for_each(|lead| note(&lead.over, lead.from, lead.to));
            let posts = self.memberships.get(leader).into_iter().flatten();
            for post in posts.filter(|post| post.role.is_leader()) {
                charges.iter().for_each(|lead| note(&lead.over, post.from, post.to));
                note(&Charge::Unit(post.unit.clone()), post.from, post.to);
            }
        }
        (self.handovers, self.handovers_by_name) = (of_units, of_people);
    }

    /// Every account that belongs to someone: source and account.
    pub fn accounts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_account.keys().map(|(source, account)| (source.as_str(), account.as_str()))
    }

    /// A person by id.
    pub fn person(&self, id: PersonId) -> Option<&Known> {
        self.people.get(&id)
    }

    /// Every person.
    pub fn people(&self) -> impl Iterator<Item = &Known> {
        self.people.values()
    }

    /// A unit by code.
    pub fn unit(&self, code: &UnitCode) -> Option<&Unit> {
        self.units.get(code)
    }

    /// Every unit.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// A person by staff number.
    pub fn by_staff_number(&self, number: &StaffNumber) -> Option<PersonId> {
        self.by_staff_number.get(number.as_str()).copied()
    }

    /// Whose a name of a source is; none when nobody's. What a person said of that name comes first, of whatever kind it
    /// is: a source may write a staff number that is nobody's, or somebody else's by now.
    pub fn identify(&self, source: &SourceId, account: &AccountRef) -> Option<PersonId> {
        let linked =
            |name: &str| self.by_account.get(&(source.as_str().to_owned(), name.to_owned())).copied();
        linked(&account.value).or_else(|| match account.kind {
            AccountKind::CitizenId => self.by_index.get(&account.value).copied(),
            AccountKind::StaffNumber => {
                let number = StaffNumber::parse(&account.value)?;
                linked(number.as_str()).or_else(|| self.by_staff_number(&number))
            }
            AccountKind::Account => None,
        })
    }

    /// Everyone with a stake in a task, and the names that belong to nobody. A person who had it and gave
    /// it away keeps the assignment; the one who has it now took it over.
    pub fn stakes(&self, source: &SourceId, task: &CanonicalTask) -> (Vec<Stake>, Vec<AccountRef>) {
        let mut stakes: Vec<Stake> = Vec::new();
        let mut unknown = Vec::new();
        let last = task.assignees.len().saturating_sub(1);
        for (index, (account, since)) in task.assignees.iter().enumerate() {
            let Some(person) = self.identify(source, account) else {
                if !unknown.contains(account) {
                    unknown.push(account.clone());
                }
                continue;
            };
            // Back to an earlier holder: one stake, held again.
            if let Some((known, _)) = stakes.iter_mut().find(|(stake, _)| stake.person == person) {
                known.handed_over = index != last;
                continue;
            }
            let stake = Assignment { person, handed_over: index != last, taken_over: index > 0 };
            stakes.push((stake, *since));
        }
        (stakes, unknown)
    }

    /// A person's posts that touch a period, oldest first.
    pub fn posts(&self, person: PersonId, period: Period) -> Vec<&Membership> {
        let mut posts: Vec<&Membership> = self.posts_in(person, period).collect();
        posts.sort_by_key(|post| post.from);
        posts
    }

    fn posts_in(&self, person: PersonId, period: Period) -> impl Iterator<Item = &Membership> {
        let span = (period.first_day(), Some(period.last_day()));
        let posts = self.memberships.get(&person).into_iter().flatten();
        posts.filter(move |post| spans_overlap((post.from, post.to), span))
    }

    /// The post at the end of a period: the one that scores (scoring rules, `transfer_policy`).
    pub fn last_post(&self, person: PersonId, period: Period) -> Option<&Membership> {
        self.posts_in(person, period).max_by_key(|post| (post.to.unwrap_or(NaiveDate::MAX), post.from))
    }

    /// The post held last, whenever that was.
    pub fn newest_post(&self, person: PersonId) -> Option<&Membership> {
        let posts = self.memberships.get(&person).into_iter().flatten();
        posts.max_by_key(|post| (post.to.unwrap_or(NaiveDate::MAX), post.from))
    }

    /// The unit a person belongs to on a day; the latest post where several cover it.
    pub fn unit_on(&self, person: PersonId, day: NaiveDate) -> Option<&UnitCode> {
        let posts = self.memberships.get(&person).into_iter().flatten();
        let held = posts.filter(|post| post.from <= day && post.to.is_none_or(|to| day <= to));
        held.max_by_key(|post| post.from).map(|post| &post.unit)
    }

    /// The using agency a unit belongs to: the department, commune or province above it, or itself.
    pub fn agency_of<'a>(&'a self, unit: &'a UnitCode) -> Option<&'a UnitCode> {
        self.above(unit)
            .into_iter()
            .find(|code| self.unit(code).is_some_and(|unit| unit.kind != UnitKind::Division))
    }

    /// The agency a unit belongs to, or the topmost unit known above it where there is none.
    pub fn serving<'a>(&'a self, unit: &'a UnitCode) -> &'a UnitCode {
        self.agency_of(unit).or_else(|| self.above(unit).last().copied()).unwrap_or(unit)
    }

    /// Whether a person is in the evaluated population in a period (switch `population_filter`).
    pub fn is_scored(&self, person: PersonId, period: Period, population: Population) -> bool {
        self.last_post(person, period).is_some_and(|post| self.admits(population, post))
    }

    /// Whether a post belongs to the population.
    fn admits(&self, population: Population, post: &Membership) -> bool {
        population.admits(post.role, self.unit(&post.unit).map(|unit| unit.kind))
    }
}

#[cfg(test)]
mod tests;
