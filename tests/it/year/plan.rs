//! What happens in the simulated year, drawn from one seed: who works where, what they are given and what becomes of it.
//!
//! Owns the history and nothing else: neither how a source shows it (`house`) nor what it counts (`count`).

use crate::support::dice::Dice;
use chrono::{Datelike as _, Days, NaiveDate};
use lienthong::domain::{FactKind, Role};

/// The year.
pub const YEAR: i32 = 2026;

/// A day of the year; months from 1.
pub fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(YEAR, month, day).expect("a day")
}

/// First and last day of a quarter, 1 to 4.
pub fn span(quarter: u32) -> (NaiveDate, NaiveDate) {
    let next =
        if quarter == 4 { NaiveDate::from_ymd_opt(YEAR + 1, 1, 1) } else { Some(day(quarter * 3 + 1, 1)) };
    (day(quarter * 3 - 2, 1), next.and_then(|next| next.pred_opt()).expect("a day"))
}

/// The quarter a day lies in.
pub fn quarter_of(day: NaiveDate) -> u32 {
    day.month0() / 3 + 1
}

/// Code, name, kind and the unit above.
pub const UNITS: [(&str, &str, &str, &str); 10] = [
    ("UBND", "Ủy ban nhân dân tỉnh", "province", ""),
    ("SNV", "Sở Nội vụ", "department", "UBND"),
    ("SNV-TC", "Phòng Tổ chức", "division", "SNV"),
    ("SNV-CC", "Phòng Công chức", "division", "SNV"),
    ("SYT", "Sở Y tế", "department", "UBND"),
    ("SYT-NV", "Phòng Nghiệp vụ", "division", "SYT"),
    ("SYT-KH", "Phòng Kế hoạch", "division", "SYT"),
    ("XA1", "UBND xã Một", "commune", "UBND"),
    ("XA1-VP", "Văn phòng xã Một", "division", "XA1"),
    ("XA1-KT", "Phòng Kinh tế xã Một", "division", "XA1"),
];

/// The unit above one.
pub fn above(unit: &str) -> &'static str {
    UNITS.iter().find(|known| known.0 == unit).expect("a unit").3
}

/// Whether a unit is another one or stands below it.
pub fn is_within(unit: &str, other: &str) -> bool {
    let mut next = unit;
    while !next.is_empty() {
        if next == other {
            return true;
        }
        next = above(next);
    }
    false
}

/// The department or commune of a unit.
pub fn agency(unit: &str) -> &str {
    if above(unit).is_empty() || above(unit) == "UBND" { unit } else { above(unit) }
}

/// Codes of the products with their coefficients in tenths, in the first and in the second catalog version; the last one
/// is new in the second.
pub const PRODUCTS: [(&str, [i128; 2]); 7] = [
    ("VB-01", [10, 10]),
    ("VB-02", [8, 8]),
    ("VB-03", [16, 20]),
    ("BC-01", [27, 25]),
    ("BC-02", [37, 40]),
    ("KH-01", [80, 80]),
    ("DA-01", [0, 120]),
];

/// From this day on assigned tasks are of the second version.
pub fn second_catalog() -> NaiveDate {
    day(7, 1)
}

/// A post.
#[derive(Debug, Clone)]
pub struct Post {
    pub unit: &'static str,
    pub role: Role,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    /// The unit a deputy answers for.
    pub leads: Option<&'static str>,
}

/// Somebody.
#[derive(Debug, Clone)]
pub struct Somebody {
    pub number: String,
    pub name: String,
    pub posts: Vec<Post>,
    /// The day on which the people file first tells of the last post, or of the end of the only one.
    pub told: Option<NaiveDate>,
}

impl Somebody {
    /// The post held on a day.
    pub fn post_on(&self, day: NaiveDate) -> Option<&Post> {
        self.posts.iter().rfind(|post| post.from <= day && post.to.is_none_or(|to| day <= to))
    }

    /// The last post of a span.
    pub fn last_post(&self, (first, last): (NaiveDate, NaiveDate)) -> Option<&Post> {
        self.posts.iter().rfind(|post| post.from <= last && post.to.is_none_or(|to| first <= to))
    }
}

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Done,
    Late,
    /// Late, and somebody confirmed an objective cause.
    LateExcused,
    Never,
    /// Never done, but a superior confirmed 0.8 of it.
    Partly,
    /// Done after its quarter was over.
    TooLate,
    Cancelled,
    /// Moved before it was due, and done by then.
    Moved(NaiveDate),
    /// Moved after it had been due.
    MovedTooLate(NaiveDate),
    /// Given to somebody else, who did it in time.
    HandedOver(usize),
    /// Sent back once and done in time; what the superior said.
    Returned(Said),
}

/// What a superior says of a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Nothing,
    Confirmed,
    Rejected,
    ConfirmedAndExcused,
}

/// One task.
#[derive(Debug, Clone)]
pub struct Job {
    pub key: String,
    pub who: usize,
    pub product: usize,
    pub quantity: i128,
    pub assigned: NaiveDate,
    pub due: NaiveDate,
    pub done: Option<NaiveDate>,
    pub unplanned: bool,
    pub fate: Fate,
}

/// A dated fact of somebody's service.
#[derive(Debug, Clone)]
pub struct Fact {
    pub who: usize,
    pub kind: FactKind,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    pub act_on: Option<NaiveDate>,
    pub act: Option<&'static str>,
}

/// The whole year.
pub struct Plan {
    pub people: Vec<Somebody>,
    pub jobs: Vec<Job>,
    pub facts: Vec<Fact>,
    /// General criteria in half points, by person and quarter.
    pub criteria: Vec<[i128; 4]>,
    /// đ of leaders: whether it is 100.
    pub able: Vec<[bool; 4]>,
    /// Who plays which part of the story.
    pub cast: Cast,
}

/// Those of whom something is told by name, by place in the list of people.
pub struct Cast {
    /// A lateness of theirs in the first quarter is excused after the close.
    pub excused_after_close: usize,
    /// Their petition of the second quarter is upheld.
    pub petitioner: usize,
    /// Their third quarter is annulled and made anew.
    pub revoked: usize,
    /// On maternity leave from June to December.
    pub maternity: usize,
    /// On unpaid leave from May on: less than six months worked.
    pub long_leave: usize,
    /// Recruited in September.
    pub recruit: usize,
    /// Disciplined for an act of office.
    pub disciplined: [usize; 2],
}

impl Plan {
    /// The year of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut people = staffed();
        let staff: Vec<usize> =
            (0..people.len()).filter(|who| people[*who].posts[0].role == Role::Staff).collect();
        moves(&mut people, &staff);
        let facts = facts(&staff);
        let cast = Cast {
            excused_after_close: staff[1],
            petitioner: staff[9],
            revoked: staff[17],
            maternity: staff[6],
            long_leave: staff[25],
            recruit: people.len() - 1,
            disciplined: [staff[4], staff[11]],
        };
        let mut plan = Self { people, jobs: Vec::new(), facts, criteria: Vec::new(), able: Vec::new(), cast };
        let weak = [staff[18], staff[35]];
        for who in 0..plan.people.len() {
            for quarter in 1..=4 {
                plan.work(&mut dice, who, quarter, weak.contains(&who));
            }
            let points = |dice: &mut Dice| 60 - i128::from(dice.roll(9));
            plan.criteria.push([(); 4].map(|()| points(&mut dice)));
            plan.able.push([(); 4].map(|()| dice.roll(5) > 0));
        }
        plan.story();
        plan
    }

    /// Somebody's days away in a span, as facts say.
    pub fn is_away(&self, who: usize, on: NaiveDate) -> bool {
        let mut facts = self.facts.iter().filter(|fact| fact.who == who && fact.kind.is_leave());
        facts.any(|fact| fact.from <= on && fact.to.is_none_or(|to| on <= to))
    }

    /// Whether somebody worked on a day.
    pub fn works(&self, who: usize, on: NaiveDate) -> bool {
        self.people[who].post_on(on).is_some() && !self.is_away(who, on)
    }

    /// Somebody's tasks of a quarter; at least one, where they worked long enough for it.
    fn work(&mut self, dice: &mut Dice, who: usize, quarter: u32, weak: bool) {
        let leads = self.people[who].posts[0].role.is_leader();
        let jobs = if leads { 1 + dice.roll(2) } else { 4 + dice.roll(3) };
        let (start, end) = span(quarter);
        let mut first = true;
        for number in 0..jobs {
            let month = quarter * 3 - 2 + u32::try_from(dice.roll(3)).expect("small");
            let assigned = day(month, 2 + u32::try_from(dice.roll(8)).expect("small"));
            let due = day(month, 16 + u32::try_from(dice.roll(7)).expect("small"));
            if !(self.works(who, assigned) && self.works(who, due)) {
                continue;
            }
            let mut job = self.job(dice, who, (quarter, number), (assigned, due));
            let stays = self.works(who, end.min(due + Days::new(35)));
            if weak && quarter == 3 {
                (job.fate, job.done) = (Fate::Never, None);
            } else if !std::mem::take(&mut first) && stays {
                self.befalls(dice, &mut job, quarter);
            }
            self.jobs.push(job);
        }
        let theirs = |job: &&Job| job.who == who && quarter_of(job.assigned) == quarter;
        if self.jobs.iter().find(theirs).is_none() {
            let week =
                |assigned: &NaiveDate| (0..=9).all(|later| self.works(who, *assigned + Days::new(later)));
            let begins = start.iter_days().take_while(|assigned| *assigned + Days::new(9) <= end).find(week);
            if let Some(assigned) = begins {
                let job = self.job(dice, who, (quarter, 9), (assigned, assigned + Days::new(9)));
                self.jobs.push(job);
            }
        }
    }

    fn job(
        &self,
        dice: &mut Dice,
        who: usize,
        (quarter, number): (u32, u64),
        (assigned, due): (NaiveDate, NaiveDate),
    ) -> Job {
        let products = if assigned < second_catalog() { 6 } else { 7 };
        Job {
            key: format!("NV-{who:03}-{quarter}{number}"),
            who,
            product: dice.place(products),
            quantity: 1 + i128::from(dice.roll(6) / 4),
            assigned,
            due,
            done: Some(due - Days::new(dice.roll(4))),
            unplanned: false,
            fate: Fate::Done,
        }
    }

    fn befalls(&self, dice: &mut Dice, job: &mut Job, quarter: u32) {
        let month = job.assigned.month();
        let has_next_month = quarter_of(job.assigned) == quarter && !month.is_multiple_of(3);
        let late = Some(job.due + Days::new(1 + dice.roll(5)));
        match dice.roll(24) {
            0..=1 => (job.fate, job.done) = (Fate::Late, late),
            2 => (job.fate, job.done) = (Fate::LateExcused, late),
            3 => (job.fate, job.done) = (Fate::Never, None),
            4 => (job.fate, job.done) = (Fate::Partly, None),
            5 if !has_next_month => {
                (job.fate, job.done) = (Fate::TooLate, Some(span(quarter).1 + Days::new(2)))
            }
            6 => (job.fate, job.done) = (Fate::Cancelled, None),
            7 | 8 => job.unplanned = true,
            9 if has_next_month => {
                job.due = day(month + 1, 20);
                (job.fate, job.done) = (Fate::Moved(day(month + 1, 28)), Some(day(month + 1, 26)));
            }
            10 if has_next_month => {
                (job.fate, job.done) = (Fate::MovedTooLate(day(month + 1, 20)), Some(day(month + 1, 2)));
            }
            11 | 12 if has_next_month => {
                job.due = day(month + 1, 20);
                job.done = Some(day(month + 1, 18));
                let unit = self.people[job.who].post_on(job.assigned).expect("a post").unit;
                let heir = (0..self.people.len()).find(|heir| {
                    let there = |on| self.people[*heir].post_on(on).is_some_and(|post| post.unit == unit);
                    *heir != job.who
                        && there(job.assigned)
                        && there(day(month + 1, 20))
                        && self.works(*heir, job.due)
                });
                if let Some(heir) = heir {
                    job.fate = Fate::HandedOver(heir);
                }
            }
            13 | 14 => {
                let said = [Said::Nothing, Said::Confirmed, Said::Rejected, Said::ConfirmedAndExcused];
                job.fate = Fate::Returned(said[dice.place(4)]);
                job.due = day(month, 22);
                job.done = Some(day(month, 20));
            }
            _ => {}
        }
    }

    /// What the story needs, whatever the dice said.
    fn story(&mut self) {
        let named = [
            (self.cast.excused_after_close, 1, Fate::Late),
            (self.cast.petitioner, 2, Fate::Returned(Said::Confirmed)),
        ];
        for (who, quarter, fate) in named {
            let theirs =
                |job: &&mut Job| job.who == who && quarter_of(job.due) == quarter && job.fate == Fate::Done;
            let job = self.jobs.iter_mut().find(theirs).expect("a task");
            job.unplanned = false;
            job.due = day(job.assigned.month(), 22);
            job.done =
                Some(if fate == Fate::Late { job.due + Days::new(3) } else { day(job.due.month(), 20) });
            job.fate = fate;
        }
    }

    /// The task of the story of one of the cast.
    pub fn told_of(&self, who: usize, quarter: u32) -> &Job {
        let told = |job: &&Job| {
            let fits = matches!(job.fate, Fate::Late | Fate::Returned(Said::Confirmed));
            job.who == who && quarter_of(job.due) == quarter && fits
        };
        self.jobs.iter().find(told).expect("a task")
    }
}

const SURNAMES: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Rơ Châm", "Siu", "Ksor", "Đinh"];
const GIVEN: [&str; 8] = ["An", "Bình", "Cường", "Dung", "Giang", "H'Lan", "Khôi", "Minh"];

fn staffed() -> Vec<Somebody> {
    let mut people: Vec<Somebody> = Vec::new();
    let mut join = |unit: &'static str, role, leads, from| {
        let place = people.len();
        people.push(Somebody {
            number: format!("GL-{:05}", place + 1),
            name: format!("{} Thử {}", SURNAMES[place % 8], GIVEN[place / 8 % 8]),
            posts: vec![Post { unit, role, from, to: None, leads }],
            told: None,
        });
    };
    let start = day(1, 1);
    for (unit, _, kind, _) in UNITS {
        join(unit, Role::Head, None, start);
        if unit == "SNV" {
            join(unit, Role::Deputy, Some("SNV-TC"), start);
        }
        if kind == "division" {
            (0..8).for_each(|_| join(unit, Role::Staff, None, start));
        }
    }
    join("SYT-KH", Role::Staff, None, day(4, 1));
    join("XA1-VP", Role::Staff, None, day(5, 18));
    join("SNV-CC", Role::Staff, None, day(9, 1));
    people
}

/// Transfers and a departure: some are told late, with the day on which they took effect.
fn moves(people: &mut [Somebody], staff: &[usize]) {
    let moved = [
        (staff[2], "SNV-CC", day(5, 16), day(6, 2)),
        (staff[11], "SYT-NV", day(8, 1), day(8, 1)),
        (staff[29], "XA1-KT", day(11, 10), day(11, 10)),
    ];
    for (who, unit, from, told) in moved {
        let somebody = &mut people[who];
        somebody.posts[0].to = from.pred_opt();
        somebody.posts.push(Post { unit, role: Role::Staff, from, to: None, leads: None });
        somebody.told = Some(told);
    }
    people[staff[19]].posts[0].to = Some(day(6, 30));
    people[staff[19]].told = Some(day(7, 1));
}

fn facts(staff: &[usize]) -> Vec<Fact> {
    let fact = |who: usize, kind, from, to| Fact { who: staff[who], kind, from, to, act_on: None, act: None };
    let mut facts = vec![
        fact(14, FactKind::SickLeave, day(2, 2), Some(day(2, 27))),
        fact(6, FactKind::MaternityLeave, day(6, 10), Some(day(12, 9))),
        fact(40, FactKind::UnpaidLeave, day(3, 1), Some(day(8, 31))),
        fact(25, FactKind::UnpaidLeave, day(5, 1), Some(day(12, 31))),
        fact(4, FactKind::Discipline, day(8, 20), None),
        fact(4, FactKind::Discipline, day(11, 5), None),
        fact(11, FactKind::Discipline, day(10, 15), None),
        fact(32, FactKind::DisciplineUnrelated, day(9, 9), None),
    ];
    for twice in [4, 5] {
        facts[twice].act = Some("vụ 12");
    }
    // Done before the transfer, at the department that was left.
    facts[6].act_on = Some(day(3, 10));
    facts
}
