//! The simulated province as it stands: units, people, and the life of every task, from one seed.
//!
//! Owns the truth the rest of the simulator shows in its dialects. Every time is logical (local civil time of
//! Asia/Ho_Chi_Minh), so the same seed gives the same province on any day. Names, numbers and titles are made
//! up; citizen ids carry a prefix that was never issued.

use crate::domain::Period;
use chrono::{NaiveDate, NaiveDateTime};
use std::collections::{BTreeMap, HashMap};

/// How a system of a unit speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The open provincial e-office.
    EOffice,
    /// A task tracker with a cursor.
    Tracker,
    /// A ward's desk with link headers.
    Ward,
    /// A folder of spreadsheets.
    Sheets,
    /// A view in a database.
    View,
}

/// A first-level unit with its system.
#[derive(Debug, Clone)]
pub struct Body {
    /// Unit code.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// `department` or `commune`.
    pub kind: &'static str,
    /// Id of the source.
    pub source: &'static str,
    /// How its system speaks.
    pub dialect: Dialect,
}

/// Fewest people of a body: one of every post.
const LEAST_PER_BODY: usize = 16;
/// People of the smallest province.
pub const LEAST_PEOPLE: usize = LEAST_PER_BODY * BODIES.len();

/// Every body of the province.
pub const BODIES: [Body; 8] = [
    Body {
        code: "SNV", name: "Sở Nội vụ", kind: "department", source: "snv", dialect: Dialect::EOffice
    },
    Body {
        code: "STC", name: "Sở Tài chính", kind: "department", source: "stc", dialect: Dialect::EOffice
    },
    Body {
        code: "SNNMT",
        name: "Sở Nông nghiệp và Môi trường",
        kind: "department",
        source: "snnmt",
        dialect: Dialect::Tracker,
    },
    Body { code: "SYT", name: "Sở Y tế", kind: "department", source: "syt", dialect: Dialect::Tracker },
    Body {
        code: "QUYNHON",
        name: "UBND phường Quy Nhơn",
        kind: "commune",
        source: "quynhon",
        dialect: Dialect::Ward,
    },
    Body {
        code: "PLEIKU",
        name: "UBND phường Pleiku",
        kind: "commune",
        source: "pleiku",
        dialect: Dialect::Ward,
    },
    Body {
        code: "CHUSE",
        name: "UBND xã Chư Sê",
        kind: "commune",
        source: "chuse",
        dialect: Dialect::Sheets,
    },
    Body {
        code: "DAKDOA",
        name: "UBND xã Đak Đoa",
        kind: "commune",
        source: "dakdoa",
        dialect: Dialect::View,
    },
];

/// A person of the province.
#[derive(Debug, Clone)]
pub struct SimPerson {
    /// Staff number.
    pub staff_number: String,
    /// Citizen id with a never-issued prefix.
    pub citizen_id: String,
    /// Full name.
    pub name: String,
    /// Index of the body.
    pub body: usize,
    /// Unit code.
    pub unit: String,
    /// Unit before a transfer in the middle of the closing quarter.
    pub moved_from: Option<String>,
    /// `head`, `deputy`, `staff`, `contract` or `administrator`.
    pub role: &'static str,
    /// Units led, for deputies.
    pub leads: Vec<String>,
    /// Name of the account in the body's system.
    pub account: String,
    /// A second account there, as people keep who changed posts.
    pub second_account: Option<String>,
    /// Staff number of the superior; empty for heads of bodies.
    pub superior: String,
}

/// State of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    New,
    Doing,
    Submitted,
    Returned,
    Done,
    Cancelled,
    Recalled,
}

/// One thing that happened to a task.
#[derive(Debug, Clone)]
pub struct Step {
    /// `submit`, `approve`, `return`, `reopen`, `transfer` …
    pub action: &'static str,
    /// When.
    pub at: NaiveDateTime,
    /// Who had it before a transfer.
    pub from: Option<usize>,
    /// Who has it after.
    pub to: Option<usize>,
}

/// A task of the province.
#[derive(Debug, Clone)]
pub struct SimTask {
    /// Number, unique in the province.
    pub id: u64,
    /// Index of the body.
    pub body: usize,
    /// Title.
    pub title: String,
    /// Document type.
    pub doc_type: &'static str,
    /// The source's category.
    pub category: &'static str,
    /// Index of the present assignee.
    pub person: usize,
    /// Whether its account belongs to nobody in the people file.
    pub ghost: bool,
    /// The catalog product it truly asks for; none outside the catalog or when nobody could say.
    pub product: Option<&'static str>,
    /// When it was assigned.
    pub assigned: NaiveDateTime,
    /// Due day.
    pub due: Option<NaiveDate>,
    /// State.
    pub state: State,
    /// Handed in at.
    pub submitted: Option<NaiveDateTime>,
    /// Accepted at; kept after reopening, as many systems do.
    pub done: Option<NaiveDateTime>,
    /// Last change.
    pub modified: NaiveDateTime,
    /// What happened.
    pub steps: Vec<Step>,
    /// Times it was returned.
    pub returned: u32,
    /// Deleted at its source.
    pub deleted: bool,
}

/// The whole province.
#[derive(Debug)]
pub struct World {
    /// People.
    pub people: Vec<SimPerson>,
    /// Tasks, by index `id - 1`.
    pub tasks: Vec<SimTask>,
    /// Units: code, name, kind, parent.
    pub units: Vec<(String, String, &'static str, Option<String>)>,
    /// Today.
    pub today: NaiveDate,
    /// The quarter that is to be closed.
    pub closing: Period,
    /// Life that has happened.
    pub ticks: u64,
    pub(super) rng: fastrand::Rng,
    by_number: HashMap<String, usize>,
}

const FAMILY: [&str; 16] = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Siu",
    "Rơ Châm",
    "Ksor",
    "Đinh",
];
const MIDDLE: [&str; 10] = ["Văn", "Thị", "Hữu", "Minh", "Thanh", "Ngọc", "Quốc", "Thu", "Đức", "Mai"];
const GIVEN: [&str; 20] = [
    "An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Hạnh", "Hòa", "Hùng", "Lan", "Linh", "Long", "Nam", "Nga",
    "Phúc", "Quân", "Sơn", "Thảo", "Trang", "Tuấn",
];
const DIVISIONS: [&str; 4] = ["Văn phòng", "Phòng Nghiệp vụ", "Phòng Kế hoạch", "Phòng Tổng hợp"];
impl World {
    /// A province from a seed; `people` and `tasks` are rounded up to what the units need.
    pub fn generate(seed: u64, today: NaiveDate, people: usize, tasks: usize) -> Self {
        let closing = Period::quarter_of(today).previous();
        let mut world = Self {
            people: Vec::new(),
            tasks: Vec::new(),
            units: Vec::new(),
            today,
            closing,
            ticks: 0,
            rng: fastrand::Rng::with_seed(seed),
            by_number: HashMap::new(),
        };
        world.make_people(people);
        world.by_number =
            world.people.iter().enumerate().map(|(at, person)| (person.staff_number.clone(), at)).collect();
        world.make_tasks(tasks);
        world
    }

    fn make_people(&mut self, count: usize) {
        self.units.push(("UBNDT".into(), "UBND tỉnh Gia Lai".into(), "province", None));
        let per_body = count.div_ceil(BODIES.len()).max(LEAST_PER_BODY);
        for (index, body) in BODIES.iter().enumerate() {
            self.units.push((body.code.into(), body.name.into(), body.kind, Some("UBNDT".into())));
            let divisions: Vec<String> =
                (1..=DIVISIONS.len()).map(|n| format!("{}-P{n}", body.code)).collect();
            for (code, name) in divisions.iter().zip(DIVISIONS) {
                self.units.push((
                    code.clone(),
                    format!("{name} ({})", body.name),
                    "division",
                    Some(body.code.into()),
                ));
            }
            let head = self.person(index, body.code, "head", "");
            let deputies: Vec<String> = divisions
                .chunks(2)
                .map(|led| {
                    let number = self.person(index, body.code, "deputy", &head);
                    if let Some(person) = self.people.last_mut() {
                        person.leads = led.to_vec();
                    }
                    number
                })
                .collect();
            let heads: Vec<String> =
                divisions.iter().map(|unit| self.person(index, unit, "head", &head)).collect();
            for n in 0..per_body.saturating_sub(1 + deputies.len() + heads.len()) {
                let role = if n == 0 {
                    "administrator"
                } else if n == 1 {
                    "contract"
                } else {
                    "staff"
                };
                let (unit, superior) =
                    (divisions[n % divisions.len()].clone(), heads[n % heads.len()].clone());
                self.person(index, &unit, role, &superior);
                let dialect = body.dialect;
                if let Some(person) = self.people.last_mut() {
                    if n == 5 {
                        person.moved_from = Some(divisions[(n + 1) % divisions.len()].clone());
                    }
                    if n == 7 {
                        person.second_account = second_account(dialect, &person.account);
                    }
                }
            }
        }
        // Two people share a full name: nobody may be told apart by it.
        if let [.., before, last] = self.people.as_mut_slice() {
            last.name = before.name.clone();
        }
    }

    fn person(&mut self, body: usize, unit: &str, role: &'static str, superior: &str) -> String {
        let number = self.people.len() + 1;
        let staff_number = format!("GL-{number:05}");
        let pick = |rng: &mut fastrand::Rng, of: &[&'static str]| of[rng.usize(..of.len())];
        let name = format!(
            "{} {} {}",
            pick(&mut self.rng, &FAMILY),
            pick(&mut self.rng, &MIDDLE),
            pick(&mut self.rng, &GIVEN)
        );
        let account = match BODIES[body].dialect {
            Dialect::EOffice => format!("{}", 1000 + number),
            Dialect::Tracker => format!("u{number:04}"),
            Dialect::Ward => format!("CB{number:04}"),
            // Sheets and the view name people by staff number.
            Dialect::Sheets | Dialect::View => staff_number.clone(),
        };
        self.people.push(SimPerson {
            citizen_id: format!("099{:09}", 200_000_000 + number),
            staff_number: staff_number.clone(),
            name,
            body,
            unit: unit.to_owned(),
            moved_from: None,
            role,
            leads: Vec::new(),
            account,
            second_account: None,
            superior: superior.to_owned(),
        });
        staff_number
    }

    /// Earlier results of everyone scored: staff number, period, score.
    pub fn history(&self) -> Vec<(String, Period, String)> {
        let quarters: Vec<Period> =
            Period::Year(self.closing.year()).quarters().into_iter().filter(|q| *q < self.closing).collect();
        let mut rows = Vec::new();
        for (index, person) in self.people.iter().enumerate() {
            if matches!(person.role, "administrator" | "contract") {
                continue;
            }
            for quarter in &quarters {
                let cents =
                    7_000 + (index * 37 + usize::from(quarter.quarter_number().unwrap_or(0)) * 411) % 2_800;
                rows.push((
                    person.staff_number.clone(),
                    *quarter,
                    format!("{}.{:02}", cents / 100, cents % 100),
                ));
            }
        }
        rows
    }

    /// Tasks a source shows: those of its body that were not deleted.
    pub fn of_body(&self, body: usize) -> impl Iterator<Item = &SimTask> {
        self.tasks.iter().filter(move |task| task.body == body && !task.deleted)
    }

    /// The account a task's assignee has in its system.
    pub fn account(&self, task: &SimTask) -> String {
        let person = &self.people[task.person];
        if task.ghost {
            return format!("{}9", person.account);
        }
        let second = person.second_account.as_ref().filter(|_| task.id.is_multiple_of(3));
        second.unwrap_or(&person.account).clone()
    }

    /// Eight o'clock of today, when life begins.
    pub fn this_morning(&self) -> NaiveDateTime {
        self.today.and_hms_opt(8, 0, 0).unwrap_or_default()
    }

    /// Name of a unit.
    pub fn unit_name(&self, code: &str) -> &str {
        self.units.iter().find(|(known, ..)| known == code).map_or("", |(_, name, ..)| name)
    }

    /// A person by staff number.
    pub fn person_of(&self, staff_number: &str) -> Option<&SimPerson> {
        self.by_number.get(staff_number).map(|&at| &self.people[at])
    }

    /// Name and staff number of whoever decides about a person.
    pub fn superior(&self, staff_number: &str) -> String {
        let above = self.person_of(staff_number).and_then(|person| self.person_of(&person.superior));
        above.map_or_else(
            || "Chủ tịch UBND tỉnh".to_owned(),
            |above| format!("{} {}", above.staff_number, above.name),
        )
    }

    /// Name and staff number of whoever classifies a person: the head of the body, of heads the chair.
    pub fn classifier(&self, staff_number: &str) -> String {
        let mut below = staff_number.to_owned();
        while let Some(above) = self.person_of(&below).map(|person| person.superior.clone())
            && !above.is_empty()
            && self.person_of(&above).is_some_and(|above| !above.superior.is_empty())
        {
            below = above;
        }
        self.superior(&below)
    }

    /// Numbers of what each source holds, counted here.
    pub fn totals(&self) -> BTreeMap<&'static str, usize> {
        BODIES.iter().enumerate().map(|(index, body)| (body.source, self.of_body(index).count())).collect()
    }
}

/// A second account in a system's own style; sheets and views name people by staff number and have none.
fn second_account(dialect: Dialect, account: &str) -> Option<String> {
    match dialect {
        Dialect::EOffice => Some(format!("5{account}")),
        Dialect::Tracker => Some(format!("{account}b")),
        Dialect::Ward => Some(format!("{account}B")),
        Dialect::Sheets | Dialect::View => None,
    }
}
