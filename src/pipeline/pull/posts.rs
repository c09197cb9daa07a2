//! A list of present posts joined with the posts that are known.
//!
//! Owns what becomes of posts and charges a pulled list does not name: who is known stays known. A post that ended
//! stays, an open one that is followed by a later one ends on the day before, whichever of the two the list names, and
//! a charge goes with its post. Nothing is deleted: only an imported file says that a post never was. It must not know
//! where the list came from. Total; what was ended is told.

use super::place;
use crate::domain::person::spans_overlap;
use crate::domain::{Charge, DirectoryImport, ImportedPerson, Role, SourceId, StaffNumber, UnitCode};
use crate::error::{Finding, Text};
use crate::store::DirectoryRows;
use chrono::NaiveDate;
use std::collections::HashMap;

type Post = (UnitCode, String, Role, NaiveDate, Option<NaiveDate>);
type Charged = (Charge<StaffNumber>, NaiveDate, Option<NaiveDate>);

/// Whose posts were ended because another begins.
#[derive(Default)]
pub(super) struct Ended {
    /// A known post, followed by one of the list.
    known: Vec<StaffNumber>,
    /// A post of the list, followed by one that is known.
    listed: Vec<StaffNumber>,
}

/// What became of a known post.
enum Fate {
    /// The list tells it anew, in this one of its posts.
    Told(usize),
    /// It stays, to this last day.
    Stays(Option<NaiveDate>),
}

/// Joins what a list says with what is known. `tells_charges`: whether its rows say who leads what; without that nobody
/// loses a charge but with their post.
pub(super) fn join(known: &DirectoryRows, import: &mut DirectoryImport, tells_charges: bool) -> Ended {
    let ids: HashMap<&str, _> = known.people.iter().map(|row| (row.staff_number.as_str(), row.id)).collect();
    let mut posts: HashMap<_, Vec<Post>> = HashMap::new();
    for held in &known.memberships {
        let post = (held.unit.clone(), held.post.clone(), held.role, held.from, held.to);
        posts.entry(held.person).or_default().push(post);
    }
    let mut charges: HashMap<_, Vec<Charged>> = HashMap::new();
    for (leader, charge) in known.charges() {
        charges.entry(leader).or_default().push(charge);
    }
    let mut ended = Ended::default();
    for person in &mut import.people {
        let Some(id) = ids.get(person.staff_number.as_str()) else { continue };
        let posts = posts.remove(id).unwrap_or_default();
        let charges = charges.remove(id).unwrap_or_default();
        join_person(person, posts, charges, tells_charges, &mut ended);
    }
    ended
}

fn join_person(
    person: &mut ImportedPerson,
    posts: Vec<Post>,
    charges: Vec<Charged>,
    tells_charges: bool,
    ended: &mut Ended,
) {
    let (mut known_ended, mut listed_ended) = (false, false);
    let mut fates: Vec<(Post, Fate)> = Vec::with_capacity(posts.len());
    for post in posts {
        if let Some(listed) = person.memberships.iter().position(|listed| is_told_by(&post, listed)) {
            fates.push((post, Fate::Told(listed)));
            continue;
        }
        let mut to = post.4;
        for listed in person.memberships.iter().filter(|listed| listed.3 > post.3) {
            if spans_overlap((post.3, to), (listed.3, listed.4)) {
                to = listed.3.pred_opt();
                known_ended = true;
            }
        }
        fates.push((post, Fate::Stays(to)));
    }
    for listed in &mut person.memberships {
        for (post, fate) in &fates {
            if let Fate::Stays(to) = fate
                && post.3 > listed.3
                && spans_overlap((listed.3, listed.4), (post.3, *to))
            {
                listed.4 = post.3.pred_opt();
                listed_ended = true;
            }
        }
    }
    for charge in charges {
        person.leads.extend(kept(charge, &fates, &person.memberships, tells_charges));
    }
    for (post, fate) in fates {
        if let Fate::Stays(to) = fate {
            person.memberships.push((post.0, post.1, post.2, post.3, to));
        }
    }
    if known_ended {
        ended.known.push(person.staff_number.clone());
    }
    if listed_ended {
        ended.listed.push(person.staff_number.clone());
    }
}

/// Whether a post of the list is a known one told anew: it begins on the same day, or is the same post from earlier on.
fn is_told_by(post: &Post, listed: &Post) -> bool {
    let same = (&post.0, &post.1, post.2) == (&listed.0, &listed.1, listed.2);
    listed.3 == post.3 || (same && listed.3 < post.3 && spans_overlap((post.3, post.4), (listed.3, listed.4)))
}

/// A known charge as it stays beside what the list says; it lasts no longer than the post it began in.
fn kept(charge: Charged, fates: &[(Post, Fate)], listed: &[Post], tells_charges: bool) -> Option<Charged> {
    let (over, from, to) = charge;
    let within = |post: &&(Post, Fate)| post.0.3 <= from && post.0.4.is_none_or(|last| from <= last);
    let end = match fates.iter().find(within) {
        Some((_, Fate::Stays(last))) => earlier(to, *last),
        Some((post, Fate::Told(index))) => {
            let told = listed.get(*index).filter(|told| !tells_charges && told.2.is_leader())?;
            // It ends with its post, also where the post is told to last longer now.
            if to == post.4 { told.4 } else { earlier(to, told.4) }
        }
        None if tells_charges && listed.iter().any(|post| spans_overlap((post.3, post.4), (from, to))) => {
            return None;
        }
        None => to,
    };
    end.is_none_or(|end| from <= end).then_some((over, from, end))
}

fn earlier(one: Option<NaiveDate>, other: Option<NaiveDate>) -> Option<NaiveDate> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Ended {
    /// What a run tells of it.
    pub(super) fn findings(&self, source: &SourceId) -> Vec<Finding> {
        let named = |people: &[StaffNumber]| {
            people.iter().take(5).map(StaffNumber::as_str).collect::<Vec<_>>().join(", ")
        };
        let remedy = Text::new(
            "nếu không đúng: nguồn phải ghi ngày kết thúc của từng chức vụ, hoặc nhập đủ các dòng của người đó bằng `people import`",
            "if that is not so: the source has to give the last day of each post, or import all rows of the person with `people import`",
        );
        let mut findings = Vec::new();
        if !self.known.is_empty() {
            let (count, who) = (self.known.len(), named(&self.known));
            let text = Text::new(
                format!(
                    "chức vụ đã biết của {count} người kết thúc vào hôm trước ngày bắt đầu chức vụ mới: {who}"
                ),
                format!("known posts of {count} people end on the day before a later one begins: {who}"),
            );
            findings.push(Finding::warning("LT-PPL-037", text, remedy.clone()).at(place(source)));
        }
        if !self.listed.is_empty() {
            let (count, who) = (self.listed.len(), named(&self.listed));
            let text = Text::new(
                format!("danh sách còn nêu chức vụ cũ của {count} người đã có chức vụ sau đó: {who}"),
                format!("the list still names an earlier post of {count} people who have a later one: {who}"),
            );
            findings.push(Finding::warning("LT-PPL-038", text, remedy).at(place(source)));
        }
        findings
    }
}
