//! The directory as an import would leave it, and the charges in it that cannot be.
//!
//! Owns what is refused of charges over people by name and of rings of leaders before anything is written (Decree
//! 335/2025 art. 15.4). It must not know files beyond their name. Whoever is named and unknown was told where the file
//! was read.

use super::{Directory, Known};
use crate::domain::person::spans_overlap;
use crate::domain::{
    Charge, DirectoryImport, Leadership, Membership, Period, PersonId, StaffNumber, Unit, UnitCode,
};
use crate::error::{Finding, Place, Text};
use chrono::{Datelike as _, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Why somebody cannot be in charge of somebody by name.
enum Wrong {
    Oneself,
    OtherAgency,
    NotBelow,
}

impl Directory {
    /// The directory once an import is written, accounts left out. Whoever is new has an id that stands for nobody else.
    pub fn after(&self, import: &DirectoryImport) -> Self {
        let mut units = self.units.clone();
        units.extend(import.units.iter().map(|unit| (unit.code.clone(), unit.clone())));
        let mut ids: BTreeMap<&StaffNumber, PersonId> =
            self.people.values().map(|known| (&known.staff_number, known.id)).collect();
        for (person, number) in import.people.iter().zip(1..) {
            ids.entry(&person.staff_number).or_insert_with(|| PersonId(Uuid::from_u128(number)));
        }
        let told: BTreeSet<PersonId> =
            import.people.iter().filter_map(|person| ids.get(&person.staff_number)).copied().collect();
        let kept = |person: &PersonId| !told.contains(person);
        let mut people: Vec<Known> = self.people.values().filter(|known| kept(&known.id)).cloned().collect();
        let mut memberships: Vec<Membership> =
            self.memberships.values().flatten().filter(|post| kept(&post.person)).cloned().collect();
        let mut leaderships: Vec<Leadership> =
            self.leaderships.values().flatten().filter(|lead| kept(&lead.leader)).cloned().collect();
        for person in &import.people {
            let Some(id) = ids.get(&person.staff_number).copied() else { continue };
            people.push(Known {
                id,
                staff_number: person.staff_number.clone(),
                citizen_index: None,
                full_name: person.full_name.clone(),
            });
            memberships.extend(
                person.memberships.iter().cloned().map(|(unit, post, role, from, to)| Membership {
                    person: id,
                    unit,
                    post,
                    role,
                    from,
                    to,
                }),
            );
            leaderships.extend(person.leads.iter().filter_map(|(over, from, to)| {
                let over = match over {
                    Charge::Unit(unit) => Charge::Unit(unit.clone()),
                    Charge::Person(number) => Charge::Person(*ids.get(number)?),
                };
                Some(Leadership { leader: id, over, from: *from, to: *to })
            }));
        }
        Self::new(people, units.into_values().collect::<Vec<Unit>>(), memberships, leaderships, Vec::new())
    }

    /// What cannot be of the charges an import tells, once it is written: LT-PPL-007 a charge over oneself, over somebody
    /// of another agency or not below, LT-PPL-008 leaders who answer for each other.
    pub fn wrong_charges(&self, import: &DirectoryImport, today: NaiveDate, file: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        // Rings matter where scores are still computed: this year and the last one, and what is to come.
        let since = NaiveDate::from_ymd_opt(today.year() - 1, 1, 1).unwrap_or(today);
        let mut days = BTreeSet::from([today]);
        for person in &import.people {
            let Some(leader) = self.by_staff_number(&person.staff_number) else { continue };
            for (over, from, to) in &person.leads {
                if to.is_none_or(|to| to >= since) {
                    days.insert((*from).max(since));
                }
                let Charge::Person(number) = over else { continue };
                let Some(led) = self.by_staff_number(number) else { continue };
                if let Some(wrong) = self.wrong(leader, led, (*from, *to)) {
                    let place = Place::of(file).at(person.staff_number.as_str());
                    findings.push(told(&wrong, &person.staff_number, number).at(place));
                }
            }
        }
        if import.people.iter().all(|person| person.leads.is_empty()) {
            return findings;
        }
        let named: BTreeSet<PersonId> =
            import.people.iter().filter_map(|person| self.by_staff_number(&person.staff_number)).collect();
        let quarters: BTreeSet<Period> = days.into_iter().map(Period::quarter_of).collect();
        let mut rings = quarters.into_iter().filter_map(|quarter| Some((self.ring(quarter)?, quarter)));
        // A ring that was there before is not this file's, unless it names one of its people.
        let ring = rings.find(|(ring, _)| ring.iter().any(|person| named.contains(person)));
        findings.extend(ring.map(|(ring, quarter)| self.told_ring(&ring, quarter).at(Place::of(file))));
        findings
    }

    fn wrong(&self, leader: PersonId, led: PersonId, span: (NaiveDate, Option<NaiveDate>)) -> Option<Wrong> {
        if leader == led {
            return Some(Wrong::Oneself);
        }
        let posts = |person| {
            let posts = self.memberships.get(&person).into_iter().flatten();
            posts.filter(move |post| spans_overlap((post.from, post.to), span))
        };
        let own: Vec<&UnitCode> =
            posts(leader).filter(|post| post.role.is_leader()).map(|post| &post.unit).collect();
        let (mut same_agency, mut below) = (false, false);
        for post in posts(led) {
            let agency = self.agency_of(&post.unit);
            same_agency |= own.iter().any(|unit| self.agency_of(unit) == agency);
            below |= own.iter().any(|unit| self.may_be_named(unit, post));
        }
        match (same_agency, below) {
            (_, true) => None,
            (true, false) => Some(Wrong::NotBelow),
            (false, false) => Some(Wrong::OtherAgency),
        }
    }
}

fn told(wrong: &Wrong, leader: &StaffNumber, led: &StaffNumber) -> Finding {
    let what = match wrong {
        Wrong::Oneself => {
            Text::new(format!("{leader} phụ trách chính mình"), format!("{leader} is in charge of oneself"))
        }
        Wrong::OtherAgency => Text::new(
            format!("{leader} phụ trách {led}, người không công tác ở cùng cơ quan trong thời gian đó"),
            format!("{leader} is in charge of {led}, who has no post in the same agency on these days"),
        ),
        Wrong::NotBelow => Text::new(
            format!("{leader} phụ trách {led}, người lãnh đạo không thuộc đơn vị cấp dưới"),
            format!("{leader} is in charge of {led}, a leader of no unit below"),
        ),
    };
    let remedy = Text::new(
        "ở cột Phụ trách chỉ ghi số hiệu công chức cùng cơ quan, hoặc người lãnh đạo đơn vị cấp dưới; chưa có gì được ghi",
        "name in the column of charges only staff of the same agency, or leaders of units below; nothing was written",
    );
    Finding::error("LT-PPL-007", what, remedy)
}
