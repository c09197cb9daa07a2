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
    let rpc = is_rpc(&answer);
    let mut rows = Vec::new();
    find_rows(&answer, String::new(), 0, &mut rows);
    let widest = rows.iter().rev().max_by_key(|(_, items)| items.len());
    let (mut shape, items) = match (best, widest) {
        (Some((records, items)), _) => (Shape { records: records.clone(), rpc, ..Shape::default() }, *items),
        (None, Some((records, items))) => {
            let columns = columns(&answer, items);
            (Shape { records: records.clone(), rpc, columns: Some(columns), ..Shape::default() }, *items)
        }
        (None, None) if rpc && holds_numbers(&answer) => {
            return Err(refuse(Text::new(
                "lệnh này chỉ trả về các mã số; dùng câu trả lời của lệnh đọc nội dung (search_read, read …), mã số là khóa để hỏi chi tiết ([[detail]])",
                "this call answers numbers alone; take the answer of the call that reads records (search_read, read …), or ask for each by [[detail]]",
            )));
        }
        (None, None) => {
            return Err(refuse(Text::new("không có danh sách đối tượng nào", "it holds no list of objects")));
        }
    };
    for item in items {
        match (item, &shape.columns) {
            (Json::List(values), Some((names, _))) => {
                for (name, value) in names.clone().into_iter().zip(values) {
                    collect(value, name, 1, &mut shape.members);
                }
            }
            _ => collect(item, String::new(), 0, &mut shape.members),
        }
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

/// Whether an answer is one of JSON-RPC.
fn is_rpc(answer: &Json<'_>) -> bool {
    let Json::Object(members) = answer else { return false };
    let has = |wanted: &str| members.iter().any(|(name, _)| name == wanted);
    has("jsonrpc") || (has("result") && has("id") && members.len() <= 4)
}

/// Whether what was called for answers a list of single values.
fn holds_numbers(answer: &Json<'_>) -> bool {
    let Json::Object(members) = answer else { return false };
    let result = members.iter().find(|(name, _)| name == "result").map(|(_, result)| result);
    matches!(result, Some(Json::List(items)) if !items.is_empty() && items.iter().all(|item| item.scalar().is_some()))
}

/// Lists whose rows are lists of as many values.
fn find_rows<'a, 'j>(
    value: &'a Json<'j>,
    path: String,
    depth: usize,
    found: &mut Vec<(String, &'a Vec<Json<'j>>)>,
) {
    let width = |item: &Json<'_>| match item {
        Json::List(values) => values.len(),
        _ => 0,
    };
    match value {
        Json::List(items) => {
            let first = items.first().map(width).unwrap_or_default();
            if first > 1 && items.iter().all(|item| width(item) == first) {
                found.push((path, items));
            }
        }
        Json::Object(members) if depth < LIST_DEPTH => {
            for (name, member) in members {
                if let Some(path) = joined(&path, name) {
                    find_rows(member, path, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

/// Names of the values of rows: a list of as many texts somewhere in the answer, else numbered ones.
fn columns(answer: &Json<'_>, items: &[Json<'_>]) -> (Vec<String>, bool) {
    fn named(value: &Json<'_>, wide: usize, depth: usize) -> Option<Vec<String>> {
        match value {
            Json::List(items) if items.len() == wide => {
                let names = items.iter().map(|item| match item {
                    Json::Text(text) => joined("", text),
                    _ => None,
                });
                let names: Vec<String> = names.collect::<Option<_>>()?;
                let distinct: HashSet<&String> = names.iter().collect();
                (distinct.len() == wide).then_some(names)
            }
            Json::Object(members) if depth < LIST_DEPTH => {
                members.iter().find_map(|(_, member)| named(member, wide, depth + 1))
            }
            _ => None,
        }
    }
    let wide = match items.first() {
        Some(Json::List(values)) => values.len(),
        _ => 0,
    };
    match named(answer, wide, 0) {
        Some(names) => (names, true),
        None => ((1..=wide).map(|number| format!("c{number}")).collect(), false),
    }
}

/// Members of an object that make a moment: year, month and day, and what of the time of day follows without a gap.
fn parts(inner: &[(std::borrow::Cow<'_, str>, Json<'_>)]) -> Vec<String> {
    const NAMES: [&[&str]; 6] = [
        &["year", "nam"],
        &["month", "thang"],
        &["day", "ngay"],
        &["hour", "gio"],
        &["minute", "phut"],
        &["second", "giay"],
    ];
    let named = |names: &&[&str]| {
        let number = |value: &Json<'_>| matches!(value, Json::Number(_));
        inner.iter().find(|(name, value)| names.contains(&name.as_ref()) && number(value))
    };
    let parts: Vec<String> =
        NAMES.iter().map_while(|names| named(names).map(|(name, _)| name.to_string())).collect();
    if parts.len() < 3 { Vec::new() } else { parts }
}

fn collect(value: &Json<'_>, path: String, depth: usize, members: &mut Vec<Member>) {
    if let Json::Object(inner) = value {
        let parts = parts(inner);
        if !parts.is_empty() && !path.is_empty() {
            let at = place(members, path);
            if let Some(member) = members.get_mut(at) {
                member.filled.0 += 1;
                member.parts = parts;
            }
            return;
        }
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
    let at = place(members, path);
    let scalar = value.scalar().filter(|text| !text.trim().is_empty());
    if let (Some(member), Some(text)) = (members.get_mut(at), scalar) {
        member.filled.0 += 1;
        if member.values.len() < LOOKED_AT {
            member.values.push(text.to_owned());
        }
    }
}

/// The number of the member at a place.
fn place(members: &mut Vec<Member>, path: String) -> usize {
    members.iter().position(|member| member.path == path).unwrap_or_else(|| {
        members.push(Member { path, ..Member::default() });
        members.len() - 1
    })
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
