//! Who leads whom in a period: charges, subtrees, the order from the bottom up.
//!
//! Owns the reading of plan IV.1 and Decree 335/2025 art. 15.3–4: a head answers for their unit and everything
//! below it, a deputy for the units and people in their charge, on the days on which they held the post and the charge. It
//! must not know scores. Trees are a handful of levels deep; a ring of units, which imports refuse, ends every walk; a ring of
//! leaders is told by [`Directory::ring`].

use super::Directory;
use crate::domain::person::spans_overlap;
use crate::domain::rules::Population;
use crate::domain::{Charge, Membership, Period, PersonId, Role, UnitCode};
use crate::error::{Finding, Text};
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Deepest tree of units walked.
const MAX_DEPTH: u32 = 20;

/// A leader's reach in a period: the units named or headed, and everything below them, and the people named.
struct Reach<'a> {
    led: BTreeSet<&'a UnitCode>,
    units: BTreeSet<&'a UnitCode>,
    people: BTreeSet<PersonId>,
    role: Option<Role>,
    own_unit: Option<&'a UnitCode>,
}

/// Where a body stands in the tree: the deepest come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Reverse<usize>, Option<UnitCode>);

impl Place {
    /// How many bodies stand above it; the same for bodies that cannot lead each other.
    pub fn above(&self) -> usize {
        self.0.0
    }
}

/// Who leads which unit, and whom by name, in a period.
pub struct Leading<'a> {
    directory: &'a Directory,
    period: Period,
    leaders: BTreeMap<&'a UnitCode, Vec<PersonId>>,
    by_name: BTreeMap<PersonId, Vec<PersonId>>,
}

impl Leading<'_> {
    /// The leaders who have or had a person in charge.
    pub fn of(&self, person: PersonId) -> Vec<PersonId> {
        let posts = self.directory.posts(person, self.period).into_iter();
        let units: BTreeSet<&UnitCode> = posts.flat_map(|post| self.directory.above(&post.unit)).collect();
        let leaders = units.iter().filter_map(|unit| self.leaders.get(*unit)).flatten();
        let leaders = leaders.chain(self.by_name.get(&person).into_iter().flatten());
        let leaders: BTreeSet<PersonId> = leaders.copied().filter(|leader| *leader != person).collect();
        leaders.into_iter().collect()
    }
}

/// What somebody answers for.
#[derive(Clone, Copy)]
enum Over<'a> {
    Unit(&'a UnitCode),
    Person(PersonId),
}

impl<'a> From<&'a Charge<PersonId>> for Over<'a> {
    fn from(charge: &'a Charge<PersonId>) -> Self {
        match charge {
            Charge::Unit(unit) => Self::Unit(unit),
            Charge::Person(person) => Self::Person(*person),
        }
    }
}

/// Days on which a leader answered for a unit or person from a post, both ends included.
struct Tenure<'a> {
    over: Over<'a>,
    post: &'a Membership,
    from: NaiveDate,
    to: NaiveDate,
}

impl Reach<'_> {
    /// Whether a post stands below the leader. The head of the unit a deputy sits in never does, whatever the
    /// deputy is in charge of; the heads of the units in charge and of those below them do (art. 15.4).
    fn covers(&self, post: &Membership) -> bool {
        let own_head =
            post.role == Role::Head && self.role == Some(Role::Deputy) && self.own_unit == Some(&post.unit);
        self.units.contains(&post.unit) && !own_head
    }
}

impl Directory {
    /// Everyone in a leader's charge in a period, the whole subtree, without the leader.
    pub fn in_charge(&self, leader: PersonId, period: Period, population: Population) -> Vec<PersonId> {
        let reach = self.reach(leader, period);
        self.candidates(&reach, leader)
            .into_iter()
            .filter(|person| {
                self.last_post(*person, period).is_some_and(|post| {
                    (reach.covers(post) || self.names(&reach, *person, post)) && self.admits(population, post)
                })
            })
            .collect()
    }

    /// Everyone in a leader's charge with the days on which they were: with `split`, the days on which a post of theirs in
    /// a led unit met the leader's own post and charge (who moved away is answered for until then, and who came to lead
    /// answers from then on), else the whole period.
    pub fn charge(
        &self,
        leader: PersonId,
        period: Period,
        split: bool,
        population: Population,
    ) -> Vec<(PersonId, Vec<(NaiveDate, NaiveDate)>)> {
        if !split {
            let whole = vec![(period.first_day(), period.last_day())];
            let people = self.in_charge(leader, period, population);
            return people.into_iter().map(|person| (person, whole.clone())).collect();
        }
        let mut charge: BTreeMap<PersonId, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
        for Tenure { over, post, from, to } in self.tenures(leader, period) {
            let (led, units, people) = match over {
                Over::Unit(unit) => (BTreeSet::from([unit]), self.subtree(unit), BTreeSet::new()),
                Over::Person(person) => (BTreeSet::new(), BTreeSet::new(), BTreeSet::from([person])),
            };
            let reach = Reach { led, units, people, role: Some(post.role), own_unit: Some(&post.unit) };
            for person in self.candidates(&reach, leader) {
                let posts = self.posts(person, period).into_iter();
                let posts = posts.filter(|post| {
                    (reach.covers(post) || self.names(&reach, person, post)) && self.admits(population, post)
                });
                let spans = posts
                    .map(|post| (post.from.max(from), post.to.unwrap_or(NaiveDate::MAX).min(to)))
                    .filter(|(from, to)| from <= to);
                let spans: Vec<_> = spans.collect();
                if !spans.is_empty() {
                    charge.entry(person).or_default().extend(spans);
                }
            }
        }
        charge.into_iter().collect()
    }

    /// The people a leader's component d looks at: those directly below (plan IV.1: members of the led units
    /// and the heads of the units under them), and those in charge by name.
    pub fn direct_subordinates(
        &self,
        leader: PersonId,
        period: Period,
        population: Population,
    ) -> Vec<PersonId> {
        let reach = self.reach(leader, period);
        self.candidates(&reach, leader)
            .into_iter()
            .filter(|person| {
                let Some(post) = self.last_post(*person, period) else { return false };
                let parent = self.unit(&post.unit).and_then(|unit| unit.parent.as_ref());
                let head_below =
                    post.role == Role::Head && parent.is_some_and(|unit| reach.led.contains(unit));
                let below = reach.covers(post) && (reach.led.contains(&post.unit) || head_below);
                self.admits(population, post) && (below || self.names(&reach, *person, post))
            })
            .collect()
    }

    /// Everyone whose score depends on a person's: the leaders who have or had them in charge.
    pub fn leaders_of(&self, person: PersonId, period: Period) -> Vec<PersonId> {
        self.leading(period).of(person)
    }

    /// Who leads which unit in a period, on some of its days or at its end, to ask it about many people.
    pub fn leading(&self, period: Period) -> Leading<'_> {
        let mut leaders: BTreeMap<&UnitCode, Vec<PersonId>> = BTreeMap::new();
        let mut by_name: BTreeMap<PersonId, Vec<PersonId>> = BTreeMap::new();
        for leader in self.leaders.iter().copied().filter(|leader| self.is_leader(*leader, period)) {
            let (mut units, mut people) = self.led(leader, period);
            for tenure in self.tenures(leader, period) {
                match tenure.over {
                    Over::Unit(unit) => units.insert(unit),
                    Over::Person(person) => people.insert(person),
                };
            }
            for unit in units {
                leaders.entry(unit).or_default().push(leader);
            }
            for person in people {
                by_name.entry(person).or_default().push(leader);
            }
        }
        Leading { directory: self, period, leaders, by_name }
    }

    /// Whether somebody began or ceased within a period to answer for a unit a person had a post in, or one above it, or
    /// for them by name: then a leader may answer for them on some of its days alone.
    pub fn changes_hands(&self, person: PersonId, period: Period) -> bool {
        let within = |day: &NaiveDate| period.first_day() < *day && *day <= period.last_day();
        let units = self.posts_in(person, period).flat_map(|post| self.above(&post.unit));
        let of_units = units.filter_map(|unit| self.handovers.get(unit)).flatten();
        of_units.chain(self.handovers_by_name.get(&person).into_iter().flatten()).any(within)
    }

    /// In which order scores are computed: bodies (departments, communes) from the bottom up, whoever belongs to one
    /// together, in it by rank.
    pub fn order(&self, person: PersonId, period: Period) -> (Place, u32) {
        let unit = self.last_post(person, period).map(|post| &post.unit);
        let body = unit.and_then(|unit| self.agency_of(unit).or(Some(unit)));
        let depth = body.map_or(0, |body| self.above(body).len());
        (Place(Reverse(depth), body.cloned()), self.rank(person, period))
    }

    /// Whether a person leads anything in a period.
    pub fn is_leader(&self, person: PersonId, period: Period) -> bool {
        self.last_post(person, period).is_some_and(|post| post.role.is_leader())
    }

    /// How far up a person stands: 0 for staff, leaders above everyone they lead. Scores are computed in
    /// this order.
    pub fn rank(&self, person: PersonId, period: Period) -> u32 {
        self.rank_within(person, period, 0)
    }

    fn rank_within(&self, person: PersonId, period: Period, level: u32) -> u32 {
        let Some(post) = self.last_post(person, period) else { return 0 };
        if !post.role.is_leader() || level > MAX_DEPTH {
            return 0;
        }
        let reach = self.reach(person, period);
        let highest = reach.led.iter().map(|unit| self.depth_below(unit, 0)).max().unwrap_or(0);
        let depth = highest.max(self.depth_below(&post.unit, 0));
        let own = depth * 2 + if post.role == Role::Head { 2 } else { 1 };
        let named = reach
            .people
            .iter()
            .filter(|led| self.last_post(**led, period).is_some_and(|post| self.names(&reach, **led, post)));
        named.map(|led| self.rank_within(*led, period, level + 1) + 1).fold(own, u32::max)
    }

    /// Leaders who answer for each other in a ring, so that nobody's d can be computed first; one ring at most.
    pub(super) fn ring(&self, period: Period) -> Option<Vec<PersonId>> {
        let mut below: BTreeMap<PersonId, Vec<PersonId>> = BTreeMap::new();
        for leader in self.leaders.iter().copied().filter(|leader| self.is_leader(*leader, period)) {
            let mut leaders = self.direct_subordinates(leader, period, Population::default());
            leaders.retain(|person| self.is_leader(*person, period));
            below.insert(leader, leaders);
        }
        // Whoever leads no leader who is still in is taken out; what remains stands in rings or above them.
        loop {
            let settled: Vec<PersonId> = below
                .iter()
                .filter(|(_, led)| !led.iter().any(|person| below.contains_key(person)))
                .map(|(leader, _)| *leader)
                .collect();
            if settled.is_empty() {
                break;
            }
            settled.iter().for_each(|leader| {
                below.remove(leader);
            });
        }
        let mut path: Vec<PersonId> = below.keys().next().copied().into_iter().collect();
        while let Some(next) = path.last().and_then(|last| {
            below.get(last).and_then(|led| led.iter().find(|person| below.contains_key(person)).copied())
        }) {
            if let Some(start) = path.iter().position(|person| *person == next) {
                return Some(path.split_off(start));
            }
            path.push(next);
        }
        None
    }

    /// What is told of a ring: LT-PPL-008.
    pub(super) fn told_ring(&self, ring: &[PersonId], period: Period) -> Finding {
        let names: Vec<String> = ring
            .iter()
            .filter_map(|id| self.person(*id))
            .map(|known| known.staff_number.to_string())
            .collect();
        let names = names.join(" → ");
        Finding::error(
            "LT-PPL-008",
            Text::new(
                format!("trong kỳ {period} những người sau phụ trách lẫn nhau: {names}"),
                format!("in {period} these leaders answer for each other: {names}"),
            ),
            Text::new(
                "sửa cột Phụ trách trong tệp nhân sự để có thứ tự từ dưới lên",
                "correct the column of led units in the people file, so that there is an order from the bottom up",
            ),
        )
    }

    /// Every unit and person a leader answered for in a period, with the post and the days: their own unit as its head,
    /// what was in their charge while they held a post as head or deputy.
    fn tenures(&self, leader: PersonId, period: Period) -> Vec<Tenure<'_>> {
        let mut tenures = Vec::new();
        let charges = self.leaderships.get(&leader).map(Vec::as_slice).unwrap_or_default();
        for post in self.posts_in(leader, period).filter(|post| post.role.is_leader()) {
            let own = (post.role == Role::Head).then_some((Over::Unit(&post.unit), post.from, post.to));
            let charges = charges.iter().map(|lead| (Over::from(&lead.over), lead.from, lead.to));
            for (over, from, to) in own.into_iter().chain(charges) {
                let from = from.max(post.from).max(period.first_day());
                let to = [to, post.to].into_iter().flatten().fold(period.last_day(), NaiveDate::min);
                if from <= to {
                    tenures.push(Tenure { over, post, from, to });
                }
            }
        }
        tenures
    }

    fn reach(&self, leader: PersonId, period: Period) -> Reach<'_> {
        let (led, people) = self.led(leader, period);
        let mut units = BTreeSet::new();
        led.iter().for_each(|unit| self.add_subtree(unit, &mut units));
        let post = self.last_post(leader, period);
        Reach { led, units, people, role: post.map(|post| post.role), own_unit: post.map(|post| &post.unit) }
    }

    /// Whether a post of somebody named stands below the leader who names them.
    fn names(&self, reach: &Reach<'_>, person: PersonId, post: &Membership) -> bool {
        reach.people.contains(&person) && reach.own_unit.is_some_and(|own| self.may_be_named(own, post))
    }

    /// Whether whoever leads from a unit may have the holder of a post in charge by name: somebody on the staff of the
    /// same agency, or a leader of a unit below.
    pub(super) fn may_be_named(&self, own: &UnitCode, post: &Membership) -> bool {
        let agency = self.agency_of(own);
        let below = *own != post.unit && self.above(&post.unit).contains(&own);
        agency.is_some() && agency == self.agency_of(&post.unit) && (below || !post.role.is_leader())
    }

    /// Everyone with a post, past or present, in a leader's reach.
    fn candidates(&self, reach: &Reach<'_>, leader: PersonId) -> BTreeSet<PersonId> {
        let members = reach.units.iter().filter_map(|unit| self.members.get(*unit)).flatten();
        members.chain(&reach.people).copied().filter(|person| *person != leader).collect()
    }

    /// The units and people a leader answers for at a period's end: what the people file names then, or last in it beside
    /// the post held then, and the head's own unit. What somebody was in charge of in a former post is not theirs any more.
    fn led(&self, leader: PersonId, period: Period) -> (BTreeSet<&UnitCode>, BTreeSet<PersonId>) {
        let post = self.last_post(leader, period);
        let end = post.and_then(|post| post.to).map_or(period.last_day(), |to| to.min(period.last_day()));
        let within = |span| {
            let leaderships = self.leaderships.get(&leader).into_iter().flatten();
            leaderships.filter(move |lead| spans_overlap((lead.from, lead.to), span)).map(|lead| &lead.over)
        };
        let mut charges: Vec<&Charge<PersonId>> = within((end, Some(end))).collect();
        if charges.is_empty() {
            let since = post.map_or(period.first_day(), |post| post.from.max(period.first_day()));
            charges = within((since, Some(end))).collect();
        }
        let (mut units, mut people) = (BTreeSet::new(), BTreeSet::new());
        for over in charges.into_iter().map(Over::from) {
            match over {
                Over::Unit(unit) => units.insert(unit),
                Over::Person(person) => people.insert(person),
            };
        }
        if let Some(post) = post.filter(|post| post.role == Role::Head) {
            units.insert(&post.unit);
        }
        (units, people)
    }

    /// A unit and every unit below it.
    pub fn subtree<'a>(&'a self, root: &'a UnitCode) -> BTreeSet<&'a UnitCode> {
        let mut found = BTreeSet::new();
        self.add_subtree(root, &mut found);
        found
    }

    /// A unit with everything below it.
    fn add_subtree<'a>(&'a self, root: &'a UnitCode, found: &mut BTreeSet<&'a UnitCode>) {
        if found.insert(root) {
            self.children.get(root).into_iter().flatten().for_each(|child| self.add_subtree(child, found));
        }
    }

    /// A unit and everything above it.
    pub fn above<'a>(&'a self, unit: &'a UnitCode) -> Vec<&'a UnitCode> {
        let mut chain = vec![unit];
        let mut next = self.unit(unit).and_then(|unit| unit.parent.as_ref());
        while let Some(code) = next {
            if chain.contains(&code) {
                break;
            }
            chain.push(code);
            next = self.unit(code).and_then(|unit| unit.parent.as_ref());
        }
        chain
    }

    fn depth_below(&self, unit: &UnitCode, level: u32) -> u32 {
        if level > MAX_DEPTH {
            return 0;
        }
        let children = self.children.get(unit).into_iter().flatten();
        children.map(|child| 1 + self.depth_below(child, level + 1)).max().unwrap_or(0)
    }
}
