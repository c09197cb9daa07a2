//! The short form of all tasks of a person that `person_tasks` keeps: what a score reads of them, without names of fields.
//!
//! Owns how a task, its mapping and its stake stand in it; a change of any of them is another version of the form. It must
//! not know when it is read or filled. What it was made from is read back equal, to the nanosecond; what is damaged is an
//! error, never other tasks.

use super::StoreError;
use super::facts::{Hour, Moment, ScoredForm, ScoredTask};
use super::mapping::MappingState;
use super::packed::Packed;
use super::person_tasks::{Held, TaskProduct};
use super::proposal::PendingProduct;
use crate::domain::{Due, ProductCode, TaskStatus};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Timelike as _, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Version of the form: to be raised whenever what is read of a task changes.
pub(super) const FORM: i64 = 2;

/// An instant: seconds since 1970 and what is finer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct At(i64, u32);

/// A day, counted from the first of the common era.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Day(i32);

/// A time of day: seconds and what is finer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Time(u32, u32);

/// A decimal: its digits and how many of them stand behind the point.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Digits(i128, u32);

/// A due date and when it was granted.
type Granted = (Option<(Day, Option<Time>)>, At);

/// A product that is proposed: its code, its coefficient, and the catch-all with its own.
type Pending<'a> = (&'a str, Option<Digits>, Option<(&'a str, Digits)>);

#[derive(Debug, Serialize, Deserialize)]
struct Product<'a> {
    state: MappingState,
    #[serde(borrow)]
    product: Option<&'a str>,
    coefficient: Option<Digits>,
    #[serde(borrow)]
    pending: Option<Pending<'a>>,
    leadership: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Short<'a> {
    id: i64,
    source: &'a str,
    external_id: &'a str,
    status: TaskStatus,
    title: &'a str,
    due_day: Option<Day>,
    changed_at: At,
    assigned_at: Option<At>,
    due_hour: Option<Time>,
    completed_at: Option<At>,
    quantity: Option<Digits>,
    unplanned: bool,
    due_changes: Option<Vec<Granted>>,
    returned_count: u32,
    accepted_submission_at: Option<At>,
    shown_last: Option<TaskStatus>,
    first_seen_at: Option<At>,
    last_changed_at: Option<At>,
    #[serde(borrow)]
    mapping: Option<Product<'a>>,
    since: Option<At>,
    handed_over: bool,
    taken_over: bool,
    counts_as: Option<(&'a str, &'a str)>,
}

fn broken() -> StoreError {
    StoreError::unexpected("tasks kept in short say what no task can")
}

impl From<DateTime<Utc>> for At {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp(), at.timestamp_subsec_nanos())
    }
}

impl At {
    fn at(self) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp(self.0, self.1).ok_or_else(broken)
    }

    fn moment(self) -> Result<Moment, StoreError> {
        self.at().map(Moment)
    }
}

impl From<NaiveDate> for Day {
    fn from(day: NaiveDate) -> Self {
        Self(day.num_days_from_ce())
    }
}

impl Day {
    fn day(self) -> Result<NaiveDate, StoreError> {
        NaiveDate::from_num_days_from_ce_opt(self.0).ok_or_else(broken)
    }
}

impl From<NaiveTime> for Time {
    fn from(time: NaiveTime) -> Self {
        Self(time.num_seconds_from_midnight(), time.nanosecond())
    }
}

impl Time {
    fn time(self) -> Result<NaiveTime, StoreError> {
        NaiveTime::from_num_seconds_from_midnight_opt(self.0, self.1).ok_or_else(broken)
    }
}

impl From<Decimal> for Digits {
    fn from(value: Decimal) -> Self {
        Self(value.mantissa(), value.scale())
    }
}

impl Digits {
    fn decimal(self) -> Result<Decimal, StoreError> {
        Decimal::try_from_i128_with_scale(self.0, self.1).map_err(|_| broken())
    }
}

fn code(text: &str) -> Result<ProductCode, StoreError> {
    ProductCode::new(text).map_err(|_| broken())
}

impl<'a> From<&'a TaskProduct> for Product<'a> {
    fn from(product: &'a TaskProduct) -> Self {
        let pending = product.pending.as_ref().map(|pending| {
            let catch_all = pending.catch_all.as_ref().map(|(code, k)| (code.as_str(), Digits::from(*k)));
            (pending.code.as_str(), pending.coefficient.map(Digits::from), catch_all)
        });
        Self {
            state: product.state,
            product: product.product.as_ref().map(ProductCode::as_str),
            coefficient: product.coefficient.map(Digits::from),
            pending,
            leadership: product.leadership,
        }
    }
}

impl Product<'_> {
    fn product(self) -> Result<TaskProduct, StoreError> {
        let pending = self.pending.map(|(proposed, coefficient, catch_all)| {
            let catch_all = catch_all.map(|(other, k)| Ok::<_, StoreError>((code(other)?, k.decimal()?)));
            Ok::<_, StoreError>(PendingProduct {
                code: code(proposed)?,
                coefficient: coefficient.map(Digits::decimal).transpose()?,
                catch_all: catch_all.transpose()?,
            })
        });
        Ok(TaskProduct {
            state: self.state,
            product: self.product.map(code).transpose()?,
            coefficient: self.coefficient.map(Digits::decimal).transpose()?,
            pending: pending.transpose()?,
            leadership: self.leadership,
        })
    }
}

impl<'a> From<&'a Held> for Short<'a> {
    fn from(held: &'a Held) -> Self {
        let (task, form) = (&held.task, &held.task.form);
        let moment = |moment: Option<Moment>| moment.map(|at| At::from(at.0));
        let due = |due: Due| (Day::from(due.day), due.time.map(Time::from));
        let granted = |changes: &'a Vec<_>| -> Vec<Granted> {
            let one = |(was, at): &(Option<_>, Moment)| (was.map(Due::from).map(due), At::from(at.0));
            changes.iter().map(one).collect()
        };
        Self {
            id: task.id,
            source: &task.source,
            external_id: &task.external_id,
            status: task.status,
            title: &task.title,
            due_day: task.due_day.map(Day::from),
            changed_at: task.changed_at.into(),
            assigned_at: moment(form.assigned_at),
            due_hour: form.due_hour.and_then(Hour::time).map(Time::from),
            completed_at: moment(form.completed_at),
            quantity: form.quantity.map(Digits::from),
            unplanned: form.unplanned,
            due_changes: form.due_changes.as_ref().map(granted),
            returned_count: form.returned_count,
            accepted_submission_at: moment(form.accepted_submission_at),
            shown_last: form.shown_last,
            first_seen_at: moment(form.first_seen_at),
            last_changed_at: moment(form.last_changed_at),
            mapping: held.mapping.as_ref().map(Product::from),
            since: moment(held.since),
            handed_over: held.handed_over,
            taken_over: held.taken_over,
            counts_as: held.counts_as.as_ref().map(|(source, id)| (source.as_str(), id.as_str())),
        }
    }
}

impl Short<'_> {
    fn held(self) -> Result<Held, StoreError> {
        let moment = |at: Option<At>| at.map(At::moment).transpose();
        let time = |time: Option<Time>| time.map(Time::time).transpose();
        let granted = |(was, at): Granted| {
            let due = |(day, hour): (Day, _)| Ok::<_, StoreError>(Due { day: day.day()?, time: time(hour)? });
            Ok::<_, StoreError>((was.map(due).transpose()?.map(Into::into), at.moment()?))
        };
        let due_changes = self.due_changes.map(|all| all.into_iter().map(granted).collect());
        Ok(Held {
            task: ScoredTask {
                id: self.id,
                source: self.source.to_owned(),
                external_id: self.external_id.to_owned(),
                status: self.status,
                title: self.title.to_owned(),
                due_day: self.due_day.map(Day::day).transpose()?,
                changed_at: self.changed_at.at()?,
                form: ScoredForm {
                    assigned_at: moment(self.assigned_at)?,
                    due_hour: time(self.due_hour)?.map(Hour::of),
                    completed_at: moment(self.completed_at)?,
                    quantity: self.quantity.map(Digits::decimal).transpose()?,
                    unplanned: self.unplanned,
                    due_changes: due_changes.transpose()?,
                    returned_count: self.returned_count,
                    accepted_submission_at: moment(self.accepted_submission_at)?,
                    shown_last: self.shown_last,
                    first_seen_at: moment(self.first_seen_at)?,
                    last_changed_at: moment(self.last_changed_at)?,
                },
            },
            mapping: self.mapping.map(Product::product).transpose()?,
            since: moment(self.since)?,
            handed_over: self.handed_over,
            taken_over: self.taken_over,
            counts_as: self.counts_as.map(|(source, id)| (source.to_owned(), id.to_owned())),
        })
    }
}

/// The form of some tasks.
///
/// # Errors
/// When the compressor has no memory left.
pub(super) fn packed(tasks: &[Held]) -> Result<Packed, StoreError> {
    let tasks: Vec<Short<'_>> = tasks.iter().map(Short::from).collect();
    let bytes = postcard::to_allocvec(&tasks).map_err(|error| StoreError::unexpected(error.to_string()))?;
    Packed::of(&bytes)
}

/// The tasks of a form.
///
/// # Errors
/// When it is damaged.
pub(super) fn unpacked(form: &Packed) -> Result<Vec<Held>, StoreError> {
    let bytes = form.text()?;
    let (tasks, rest) = postcard::take_from_bytes::<Vec<Short<'_>>>(&bytes)
        .map_err(|error| StoreError::unexpected(format!("tasks kept in short: {error}")))?;
    if !rest.is_empty() {
        return Err(broken());
    }
    tasks.into_iter().map(Short::held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::facts::DueForm;
    use sha2::{Digest as _, Sha256};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("instant")
    }

    /// A task in which everything is told.
    fn full() -> Held {
        let due = Due { day: "2026-11-20".parse().expect("day"), time: "17:00:00.5".parse().ok() };
        let moment = |text: &str| Some(Moment(at(text)));
        Held {
            task: ScoredTask {
                id: 7,
                source: "snv".to_owned(),
                external_id: "nv-1".to_owned(),
                status: TaskStatus::Done,
                title: "Báo cáo".to_owned(),
                due_day: "2026-11-25".parse().ok(),
                changed_at: at("2026-11-20T08:00:00.123456789Z"),
                form: ScoredForm {
                    assigned_at: moment("2026-11-01T00:00:00Z"),
                    due_hour: Some(Hour::Second(61_200)),
                    completed_at: moment("2026-11-19T23:59:60.25Z"),
                    quantity: "-0.80".parse().ok(),
                    unplanned: true,
                    due_changes: Some(vec![
                        (Some(DueForm::from(due)), Moment(at("2026-11-01T00:00:00Z"))),
                        (None, Moment(at("1969-12-31T23:59:59.999Z"))),
                    ]),
                    returned_count: 2,
                    accepted_submission_at: moment("2026-11-18T00:00:00Z"),
                    shown_last: Some(TaskStatus::Gone),
                    first_seen_at: moment("2026-11-02T00:00:00Z"),
                    last_changed_at: moment("2026-11-03T00:00:00.001Z"),
                },
            },
            mapping: Some(TaskProduct {
                state: MappingState::Proposed,
                product: Some(code("SP-1").expect("code")),
                coefficient: "1.20".parse().ok(),
                pending: Some(PendingProduct {
                    code: code("SP-9").expect("code"),
                    coefficient: "2".parse().ok(),
                    catch_all: Some((code("SP-0").expect("code"), Decimal::ONE)),
                }),
                leadership: true,
            }),
            since: moment("2026-11-04T00:00:00Z"),
            handed_over: true,
            taken_over: true,
            counts_as: Some(("khdt".to_owned(), "8".to_owned())),
        }
    }

    #[test]
    fn whatever_a_task_holds_is_read_back_to_the_nanosecond() {
        let mut plain = full();
        plain.task.form = serde_json::from_str("{}").expect("nothing");
        (plain.task.due_day, plain.mapping, plain.since, plain.counts_as) = (None, None, None, None);
        let tasks = vec![full(), plain];
        let again = unpacked(&packed(&tasks).expect("packed")).expect("unpacked");
        assert_eq!(format!("{again:?}"), format!("{tasks:?}"));
    }

    /// Tasks in which every state stands once, the first of them with everything told.
    fn every_state() -> Vec<Held> {
        use MappingState::{Mapped, Outside, Proposed, Review};
        use TaskStatus::{
            Cancelled, Done, Gone, InProgress, Open, Paused, Recalled, Refused, Returned, Submitted,
        };
        let states = [Mapped, Review, Outside, Proposed].into_iter().cycle();
        let statuses =
            [Open, InProgress, Submitted, Done, Returned, Refused, Paused, Cancelled, Recalled, Gone];
        let of = |(status, state)| {
            let mut task = full();
            (task.task.status, task.task.form.shown_last) = (status, None);
            task.mapping = Some(TaskProduct {
                state,
                product: None,
                coefficient: None,
                pending: None,
                leadership: false,
            });
            task
        };
        std::iter::once(full()).chain(statuses.into_iter().zip(states).map(of)).collect()
    }

    /// Whoever changes what is written here raises [`FORM`]: what is kept would be read as something else.
    #[test]
    fn short_form_of_this_version_is_what_it_was() {
        assert_eq!(FORM, 2);
        let bytes = packed(&every_state()).and_then(|packed| packed.text()).expect("packed");
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let known = "e274e3ad10ec08678d0f1e5c745a49a6db4edf41ae32c84ce1f1ef2568550727";
        assert_eq!((bytes.len(), digest.as_str()), (1544, known));
    }

    #[test]
    fn form_that_is_cut_or_changed_is_an_error_and_never_other_tasks() {
        let form = packed(&[full(), full()]).expect("packed");
        let (whole, bytes) = (format!("{:?}", unpacked(&form)), form.into_bytes());
        for at in 0..bytes.len() {
            assert!(
                unpacked(&Packed::kept(bytes.get(..at).unwrap_or_default().to_vec())).is_err(),
                "cut at {at}"
            );
            let mut other = bytes.clone();
            if let Some(byte) = other.get_mut(at) {
                *byte ^= 0x10;
            }
            // One bit of a frame's head says nothing.
            let read = unpacked(&Packed::kept(other));
            assert!(read.is_err() || format!("{read:?}") == whole, "changed at {at}: {read:?}");
        }
    }
}
