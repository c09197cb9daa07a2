//! The shape of a list, seen in one answer of the system.
//!
//! Owns finding the list among everything an answer holds and collecting the values of its members. An answer without
//! a list of objects is refused with a reason.

use super::{LOOKED_AT, Member, Shape, joined, unfit};
use crate::connector::json::Json;
use crate::error::{Finding, Text};
use std::collections::HashSet;

/// How deep single values of a record are looked for.
const DEPTH: usize = 3;
/// How deep the list is looked for.
const LIST_DEPTH: usize = 5;

/// The shape of the list in one JSON answer.
///
/// # Errors
/// LT-MAN-022 the text is no JSON, or holds no list of objects.
pub fn from_sample(file: &str, text: &str) -> Result<Shape, Box<Finding>> {
    let refuse = |what| Box::new(unfit(file, what));
    let answer = Json::parse(text).map_err(|why| refuse(why.told()))?;
    let mut lists = Vec::new();
    find_lists(&answer, String::new(), 0, &mut lists);
    // The list with the most records; of equals the one that is nearest.
    let best = lists.iter().rev().max_by_key(|(path, items)| (items.len(), std::cmp::Reverse(path.len())));
    let Some((records, items)) = best else {
        return Err(refuse(Text::new("không có danh sách đối tượng nào", "it holds no list of objects")));
    };
    let mut shape = Shape { records: records.clone(), ..Shape::default() };
    for item in *items {
        collect(item, String::new(), 0, &mut shape.members);
    }
    // What is an object in one record and null in another is the object.
    let objects: HashSet<String> =
        shape.members.iter().filter_map(|member| Some(member.path.rsplit_once('.')?.0.to_owned())).collect();
    shape.members.retain(|member| !objects.contains(&member.path));
    shape.members.iter_mut().for_each(|member| member.filled.1 = items.len());
    beside(&answer, String::new(), 0, &mut shape.beside);
    Ok(shape)
}

fn find_lists<'a, 'j>(
    value: &'a Json<'j>,
    path: String,
    depth: usize,
    found: &mut Vec<(String, &'a Vec<Json<'j>>)>,
) {
    match value {
        Json::List(items) if items.iter().any(|item| matches!(item, Json::Object(_))) => {
            found.push((path, items))
        }
        Json::Object(members) if depth < LIST_DEPTH => {
            for (name, member) in members {
                if let Some(path) = joined(&path, name) {
                    find_lists(member, path, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

fn collect(value: &Json<'_>, path: String, depth: usize, members: &mut Vec<Member>) {
    if let Json::Object(inner) = value {
        for (name, member) in inner.iter().filter(|_| depth < DEPTH) {
            if let Some(path) = joined(&path, name) {
                collect(member, path, depth + 1, members);
            }
        }
        return;
    }
    if matches!(value, Json::List(_)) || path.is_empty() {
        return;
    }
    let at = members.iter().position(|member| member.path == path).unwrap_or_else(|| {
        members.push(Member { path, ..Member::default() });
        members.len() - 1
    });
    let scalar = value.scalar().filter(|text| !text.trim().is_empty());
    if let (Some(member), Some(text)) = (members.get_mut(at), scalar) {
        member.filled.0 += 1;
        if member.values.len() < LOOKED_AT {
            member.values.push(text.to_owned());
        }
    }
}

fn beside(value: &Json<'_>, path: String, depth: usize, found: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) if depth < LIST_DEPTH => {
            for (name, member) in members {
                if let Some(path) = joined(&path, name) {
                    beside(member, path, depth + 1, found);
                }
            }
        }
        Json::Object(_) | Json::List(_) => {}
        scalar => found.extend(scalar.scalar().map(|text| (path, text.to_owned()))),
    }
}
