//! The life of tasks: what had become of each by this morning, and what goes on happening.
//!
//! Owns the script. Every event has a logical time (local civil time), never one of a clock, so the same seed and
//! the same number of ticks give the same province. What happens follows what the systems allow: a returned
//! task is put back to work before it is handed in again, a deletion takes only tasks nobody began.

use super::titles;
use super::world::{BODIES, Dialect, SimTask, State, Step, World};
use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};

/// Changes tried per tick; most find a task with nothing to do.
const TRIES: usize = 4;
/// A task is created every so many ticks, and one deleted.
const CREATION: u64 = 3;
const DELETION: u64 = 25;

impl World {
    pub(super) fn make_tasks(&mut self, count: usize) {
        let workers: Vec<usize> = (0..self.people.len()).filter(|&p| self.works(p)).collect();
        let open = self.closing.next();
        let closed_days = (self.closing.last_day() - self.closing.first_day()).num_days().unsigned_abs();
        for number in 0..count {
            let person = workers[number % workers.len()];
            // Three of five fall due in the quarter to be closed.
            let closing = number % 5 < 3;
            let due = if closing {
                self.closing.first_day() + Days::new(self.rng.u64(..=closed_days))
            } else {
                (self.today - Days::new(30) + Days::new(self.rng.u64(..50)))
                    .clamp(open.first_day(), open.last_day())
            };
            // Nothing is assigned later than two days ago; many tasks share a moment of creation.
            let day = (due - Days::new(self.rng.u64(4..20))).min(self.today - Days::new(2));
            let assigned =
                day.and_hms_opt(8, 0, 0).unwrap_or_default() + TimeDelta::minutes(self.rng.i64(0..8) * 30);
            let index = self.add(person, assigned, Some(due));
            if due < self.today {
                self.settle_past(index, due);
            } else {
                self.settle_present(index);
            }
            if !closing && self.rng.u32(..50) == 0 {
                self.tasks[index].due = None;
            }
        }
    }

    /// Whether a person is scored and gets tasks.
    fn works(&self, person: usize) -> bool {
        !matches!(self.people[person].role, "administrator" | "contract")
    }

    fn add(&mut self, person: usize, assigned: NaiveDateTime, due: Option<NaiveDate>) -> usize {
        let body = self.people[person].body;
        let title = titles::make(&mut self.rng, BODIES[body].code, BODIES[body].kind == "commune");
        self.tasks.push(SimTask {
            id: self.tasks.len() as u64 + 1,
            body,
            title: title.text,
            doc_type: title.doc_type,
            category: title.category,
            product: title.product,
            person,
            ghost: self.rng.u32(..100) < 3,
            assigned,
            due,
            state: State::New,
            submitted: None,
            done: None,
            modified: assigned,
            steps: Vec::new(),
            returned: 0,
            deleted: false,
        });
        self.tasks.len() - 1
    }

    /// What had become of a task that was due before today.
    fn settle_past(&mut self, index: usize, due: NaiveDate) {
        let yesterday = self.today - Days::new(1);
        let at = |day: NaiveDate, hour: u32| day.min(yesterday).and_hms_opt(hour, 15, 0).unwrap_or_default();
        let early = due - Days::new(self.rng.u64(..3));
        let late = due + Days::new(self.rng.u64(1..=6));
        match self.rng.u32(..100) {
            0..=57 => self.finish(index, at(early, 10)),
            58..=71 => self.finish(index, at(late, 10)),
            72..=77 => {
                self.send_round(index, due - Days::new(2));
                self.finish(index, at(due, 10));
            }
            78..=80 => {
                self.send_round(index, due - Days::new(1));
                self.finish(index, at(late, 10));
            }
            81..=84 => {
                let other = self.colleague(self.tasks[index].person);
                self.transfer(index, other, at(due - Days::new(3), 14));
                self.finish(index, at(due, 15));
            }
            85..=86 => self.end(index, State::Cancelled, at(due - Days::new(1), 11)),
            87..=88 => self.end(index, State::Recalled, at(due - Days::new(1), 11)),
            89..=91 => {
                self.finish(index, at(due - Days::new(1), 9));
                self.reopen(index, at(due - Days::new(1), 16));
                self.finish(index, at(due + Days::new(2), 9));
            }
            92..=93 => {
                // More time was given before the due day, and used.
                let moved = due + Days::new(5);
                self.move_due(index, moved, at(due - Days::new(1), 9));
                self.finish(index, at(moved, 9));
            }
            94..=95 => {
                // More time was given when it was late already.
                let moved = due + Days::new(6);
                self.move_due(index, moved, at(due + Days::new(2), 9));
                self.finish(index, at(moved - Days::new(1), 10));
            }
            // Never done.
            _ => self.tasks[index].state = State::Doing,
        }
    }

    /// How far a task is that is not due yet.
    fn settle_present(&mut self, index: usize) {
        let at = |hour: u32| (self.today - Days::new(1)).and_hms_opt(hour, 15, 0).unwrap_or_default();
        let (morning, noon, afternoon) = (at(9), at(11), at(14));
        match self.rng.u32(..100) {
            0..=24 => self.finish(index, morning),
            25..=26 => self.end(index, State::Cancelled, noon),
            27..=28 => self.end(index, State::Recalled, noon),
            29..=33 => self.submit(index, afternoon),
            34..=36 => {
                self.submit(index, morning);
                self.send_back(index, afternoon);
            }
            37..=69 => self.tasks[index].state = State::Doing,
            _ => {}
        }
    }

    /// Handed in, sent back and put back to work, all on one day.
    fn send_round(&mut self, index: usize, day: NaiveDate) {
        let at = |hour: u32| day.and_hms_opt(hour, 0, 0).unwrap_or_default();
        let (morning, noon, afternoon) = (at(9), at(11), at(13));
        self.submit(index, morning);
        self.send_back(index, noon);
        self.put_back(index, afternoon);
    }

    fn colleague(&mut self, person: usize) -> usize {
        let body = self.people[person].body;
        let others: Vec<usize> = (0..self.people.len())
            .filter(|&p| p != person && self.people[p].body == body && self.people[p].role == "staff")
            .collect();
        others[self.rng.usize(..others.len())]
    }

    fn step(&mut self, index: usize, action: &'static str, at: NaiveDateTime) {
        let task = &mut self.tasks[index];
        task.steps.push(Step { action, at, from: None, to: None });
        task.modified = at;
    }

    fn submit(&mut self, index: usize, at: NaiveDateTime) {
        self.step(index, "submit", at);
        self.tasks[index].state = State::Submitted;
        self.tasks[index].submitted = Some(at);
    }

    fn send_back(&mut self, index: usize, at: NaiveDateTime) {
        self.step(index, "return", at);
        self.tasks[index].state = State::Returned;
        self.tasks[index].returned += 1;
    }

    /// A returned task goes back to work.
    fn put_back(&mut self, index: usize, at: NaiveDateTime) {
        self.step(index, "change_status:1", at);
        self.tasks[index].state = State::Doing;
    }

    fn accept(&mut self, index: usize, at: NaiveDateTime) {
        self.step(index, "approve", at);
        self.tasks[index].state = State::Done;
        self.tasks[index].done = Some(at);
    }

    fn finish(&mut self, index: usize, at: NaiveDateTime) {
        self.submit(index, at);
        self.accept(index, at + TimeDelta::hours(5));
    }

    /// The completion date of a reopened task stays where it was: the state alone tells.
    fn reopen(&mut self, index: usize, at: NaiveDateTime) {
        self.step(index, "reopen", at);
        self.tasks[index].state = State::Doing;
    }

    fn transfer(&mut self, index: usize, to: usize, at: NaiveDateTime) {
        let from = self.tasks[index].person;
        self.step(index, "transfer", at);
        if let Some(step) = self.tasks[index].steps.last_mut() {
            (step.from, step.to) = (Some(from), Some(to));
        }
        self.tasks[index].person = to;
    }

    /// Edits leave no step behind: no system here keeps a history of them.
    fn move_due(&mut self, index: usize, due: NaiveDate, at: NaiveDateTime) {
        self.tasks[index].due = Some(due);
        self.tasks[index].modified = at;
    }

    fn end(&mut self, index: usize, state: State, at: NaiveDateTime) {
        self.tasks[index].state = state;
        self.tasks[index].modified = at;
    }

    /// One step of life in the open quarter, at this morning's eight o'clock plus a second per tick.
    pub fn tick(&mut self) {
        self.ticks += 1;
        let at = self.this_morning() + TimeDelta::seconds(i64::try_from(self.ticks).unwrap_or(0));
        for _ in 0..TRIES {
            let index = self.rng.usize(..self.tasks.len());
            if self.is_live(index, at) {
                self.happen(index, at);
            }
        }
        if self.ticks.is_multiple_of(CREATION) {
            let person = self.rng.usize(..self.people.len());
            if self.works(person) {
                self.add(person, at, Some(self.today + Days::new(5)));
            }
        }
        if self.ticks.is_multiple_of(DELETION) {
            self.delete_one(at);
        }
    }

    /// Tasks of the open quarter live on; those of the quarter to be closed rest.
    fn is_live(&self, index: usize, at: NaiveDateTime) -> bool {
        let task = &self.tasks[index];
        let first = self.closing.next().first_day();
        task.due.is_none_or(|due| due >= first) && !task.deleted && task.assigned < at
    }

    fn happen(&mut self, index: usize, at: NaiveDateTime) {
        match (self.tasks[index].state, self.rng.u32(..12)) {
            (State::New, _) => self.end(index, State::Doing, at),
            (State::Doing, 0..=6) => self.submit(index, at),
            (State::Doing, 7) => {
                let other = self.colleague(self.tasks[index].person);
                self.transfer(index, other, at);
            }
            (State::Doing, 8) => self.end(index, State::Recalled, at),
            (State::Doing, 9) => {
                if let Some(due) = self.tasks[index].due {
                    self.move_due(index, due + Days::new(3), at);
                }
            }
            (State::Submitted, 0..=8) => self.accept(index, at),
            (State::Submitted, _) => self.send_back(index, at),
            (State::Returned, 0) => self.end(index, State::Cancelled, at),
            (State::Returned, _) => self.put_back(index, at),
            (State::Done, 0) => self.reopen(index, at),
            _ => {}
        }
    }

    /// Somebody deletes a task nobody began, where the system allows it and every listing is a whole one.
    fn delete_one(&mut self, at: NaiveDateTime) {
        let start = self.rng.usize(..self.tasks.len());
        let count = self.tasks.len();
        let found = (0..count).map(|step| (start + step) % count).find(|&index| {
            let task = &self.tasks[index];
            let whole = matches!(BODIES[task.body].dialect, Dialect::EOffice | Dialect::View);
            whole && task.state == State::New && task.assigned.date() < self.today && self.is_live(index, at)
        });
        if let Some(index) = found {
            self.tasks[index].deleted = true;
            self.tasks[index].modified = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn world(seed: u64) -> World {
        World::generate(seed, NaiveDate::from_ymd_opt(2026, 12, 7).expect("a day"), 128, 2_000)
    }

    #[test]
    fn same_seed_and_ticks_give_the_same_province() {
        let (mut one, mut two, mut other) = (world(3), world(3), world(4));
        for _ in 0..200 {
            one.tick();
            two.tick();
            other.tick();
        }
        assert_eq!(format!("{:?}", one.tasks), format!("{:?}", two.tasks));
        assert_ne!(format!("{:?}", one.tasks), format!("{:?}", other.tasks));
    }

    #[test]
    fn nothing_happens_in_the_future_or_before_its_assignment() {
        let mut world = world(5);
        let now = world.today.and_hms_opt(8, 0, 0).expect("a time");
        for task in &world.tasks {
            assert!(task.modified < now && task.assigned <= task.modified, "{task:?}");
            assert!(task.steps.iter().all(|step| step.at >= task.assigned), "{task:?}");
            assert!(task.steps.is_sorted_by_key(|step| step.at), "{task:?}");
        }
        (0..300).for_each(|_| world.tick());
        assert!(world.tasks.iter().all(|task| task.steps.is_sorted_by_key(|step| step.at)));
    }

    #[test]
    fn every_fate_occurs() {
        let mut world = world(6);
        (0..400).for_each(|_| world.tick());
        let mut actions: BTreeMap<&str, u32> = BTreeMap::new();
        for step in world.tasks.iter().flat_map(|task| &task.steps) {
            *actions.entry(step.action).or_default() += 1;
        }
        for action in ["submit", "approve", "return", "change_status:1", "reopen", "transfer"] {
            assert!(actions.contains_key(action), "{action} never happened: {actions:?}");
        }
        let has = |test: &dyn Fn(&SimTask) -> bool| world.tasks.iter().any(test);
        for state in
            [State::New, State::Doing, State::Submitted, State::Done, State::Cancelled, State::Recalled]
        {
            assert!(has(&|task| task.state == state), "{state:?} never happened");
        }
        assert!(has(&|task| task.deleted), "nothing was deleted");
        assert!(has(&|task| task.ghost), "every account is known");
        assert!(has(&|task| task.due.is_none()), "every task has a due day");
        assert!(has(&|task| task.state == State::Doing && task.done.is_some()), "nothing stayed reopened");
        assert!(has(&|task| task.product.is_none()), "every task has a product");
    }

    #[test]
    fn quarter_to_be_closed_rests_while_life_goes_on() {
        let mut world = world(7);
        let closing = world.closing;
        let resting = |world: &World| {
            let tasks = world.tasks.iter().filter(|task| task.due.is_some_and(|due| closing.contains(due)));
            tasks.map(|task| format!("{task:?}")).collect::<Vec<_>>()
        };
        let before = resting(&world);
        (0..400).for_each(|_| world.tick());
        assert_eq!(before, resting(&world));
    }
}
