//! Who is asked for in a source that shows each user only what is theirs.
//!
//! Owns reading the table of users, or the source's own list of them, and what requests and records get of a user. It
//! must not know their records. A list that cannot be used ends the pull: whom it leaves out nobody would miss. What
//! stands in a table beside names shows in no message, not even in one about the table.

use super::super::expression::value_of;
use super::super::json::Json;
use super::super::rule::{is_key, record_hash};
use super::plan::{ListPlan, UsersFrom, UsersPlan};
use super::walk::{Leg, Walk};
use super::{ConnectorError, Shared, finding};
use crate::domain::CitizenId;
use crate::error::{Disposition, Text, written_cause};
use crate::text;
use bytes::Bytes;
use minijinja::Value;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashSet};

/// Passes over a list of users that moves while it is read.
const PASSES: u32 = 6;

/// One user.
#[derive(Clone)]
pub(super) struct User {
    /// Their account at the source.
    pub(super) name: String,
    /// What messages call them: their place in the list and the account, without numbers of citizens.
    pub(super) shown: String,
    /// Stands for the name where it is kept.
    pub(super) id: i64,
    /// Everything the list says of them, for what lets them in.
    pub(super) values: Value,
    /// The texts of it that are no names.
    pub(super) hidden: Vec<SecretString>,
    /// What requests get.
    pub(super) open: Value,
    /// `"$user":{…}`: what records get.
    pub(super) members: String,
    /// Of everything the list says: another token is another session.
    pub(super) digest: [u8; 32],
}

/// The users of one pull.
pub(super) struct Users {
    pub(super) list: Vec<User>,
    /// Whether the source's list of users was seen whole.
    pub(super) whole: bool,
    pub(super) findings: Vec<crate::error::Finding>,
}

/// What stands for a name where it is kept.
pub(super) fn id_of(name: &str) -> i64 {
    let digest = Sha256::digest(name.as_bytes());
    i64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

impl User {
    /// The user of a row or record, the `number`th of its list.
    fn of(plan: &UsersPlan, text: &str, number: usize) -> Result<Self, Text> {
        let json = Json::parse(text).map_err(|error| error.told())?;
        let (mut open, mut shown) = (BTreeMap::new(), serde_json::Map::new());
        let mut name = String::new();
        for (index, (_, path)) in plan.open.iter().enumerate() {
            let value = json.at(path);
            if index == 0 {
                name = value.and_then(Json::scalar).unwrap_or_default().trim().to_owned();
            }
            let (Some(last), Some(value)) = (path.steps().last(), value) else { continue };
            open.insert(last.to_owned(), value_of(value));
            let written = value.scalar().map_or(serde_json::Value::Null, serde_json::Value::from);
            shown.insert(last.to_owned(), written);
        }
        if !is_key(&name) {
            return Err(Text::new(
                format!("người thứ {number} không có \"{}\"", plan.name),
                format!("user {number} has no \"{}\"", plan.name),
            ));
        }
        let kept: Vec<&str> = shown.values().filter_map(serde_json::Value::as_str).collect();
        let mut hidden = Vec::new();
        texts(&json, &mut |text| {
            if !kept.contains(&text) {
                hidden.push(SecretString::from(text.to_owned()));
            }
        });
        Ok(Self {
            shown: format!("user {number} {}", masked(&name)),
            id: id_of(&name),
            values: value_of(&json),
            hidden,
            open: Value::from(open),
            members: format!("\"$user\":{}", serde_json::Value::Object(shown)),
            digest: Sha256::digest(text.as_bytes()).into(),
            name,
        })
    }

    /// A record with what it gets of the user it was shown to.
    pub(super) fn adopted(&self, body: &Bytes) -> Bytes {
        let text = String::from_utf8_lossy(body);
        let Some(inside) = text.trim_end().strip_suffix('}') else { return body.clone() };
        let comma = if inside.trim_end().ends_with('{') { "" } else { "," };
        Bytes::from(format!("{inside}{comma}{}}}", self.members))
    }
}

/// The hash of a record that got these members. Where no rule reads them, one task is the same whoever is shown it.
pub(super) fn hash_with(plan: &UsersPlan, fingerprint: &[u8; 32], hash: [u8; 16], members: &str) -> [u8; 16] {
    match plan.read {
        true => record_hash(fingerprint, &[hash.as_slice(), members.as_bytes()].concat()),
        false => hash,
    }
}

/// An account as messages show it: it may be somebody's number.
fn masked(name: &str) -> String {
    let masked = text::mask::mask(&CitizenId::mask_in(name), &HashSet::new());
    super::excerpt(&masked)
}

fn texts(json: &Json<'_>, take: &mut impl FnMut(&str)) {
    match json {
        Json::Object(members) => members.iter().for_each(|(_, value)| texts(value, take)),
        Json::List(items) => items.iter().for_each(|item| texts(item, take)),
        single => single.scalar().into_iter().for_each(take),
    }
}

/// Everybody who is to be asked for. `context` is what the templates of the table may name.
pub(super) async fn all(shared: &Shared, plan: &UsersPlan, context: &Value) -> Result<Users, ConnectorError> {
    let unfit = |why: &Text| ConnectorError {
        finding: Box::new(finding::users_unfit(why).at(shared.place("users"))),
        disposition: Disposition::NeedsOperator,
        retry_after: None,
    };
    let mut users = Users { list: Vec::new(), whole: true, findings: Vec::new() };
    let rows = match &plan.from {
        UsersFrom::Table(template) => {
            let table = template.render(context).map_err(|why| shared.cannot_ask(&why))?;
            rows(&table).map_err(|why| unfit(&why))?
        }
        UsersFrom::Stream(list) => records(shared, list, plan.max, &mut users).await?,
    };
    let mut names = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        if !wanted(plan, row).map_err(|why| unfit(&why))? {
            continue;
        }
        let user = User::of(plan, row, index + 1).map_err(|why| unfit(&why))?;
        if !names.insert(user.name.clone()) {
            let number = index + 1;
            return Err(unfit(&Text::new(
                format!("người thứ {number} đã có ở trên"),
                format!("user {number} stands above already"),
            )));
        }
        users.list.push(user);
        if users.list.len() > plan.max as usize {
            let max = plan.max;
            return Err(unfit(&Text::new(
                format!("có hơn {max} người (users.max)"),
                format!("there are more than {max} users (users.max)"),
            )));
        }
    }
    match users.list.is_empty() {
        true => Err(unfit(&Text::new("không có ai trong danh sách", "nobody is in the list"))),
        false => Ok(users),
    }
}

fn wanted(plan: &UsersPlan, row: &str) -> Result<bool, Text> {
    let Some(when) = &plan.when else { return Ok(true) };
    let json = Json::parse(row).map_err(|error| error.told())?;
    let context = minijinja::context!(record => value_of(&json));
    let value = when.evaluate(&context).map_err(|why| written_cause(&why))?;
    Ok(value.is_some_and(|value| value.is_true()))
}

/// The records of the source's own list of users.
async fn records(
    shared: &Shared,
    list: &ListPlan,
    max: u32,
    users: &mut Users,
) -> Result<Vec<String>, ConnectorError> {
    // Somebody who slipped over a page's border would take all their tasks along.
    let mut walk = Walk::new(list, Leg::default(), true, list.way.is_counted());
    let (mut known, mut records) = (HashSet::new(), Vec::new());
    while !walk.is_over() && records.len() <= max as usize {
        let listed = walk.ask(shared, list).await.map_err(|refused| refused.error)?;
        walk.take(shared, list, &listed)?;
        if let Some(rejection) = listed.rejected.first() {
            return Err(ConnectorError {
                finding: Box::new(rejection.finding.clone()),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            });
        }
        for record in walk.note(listed.records) {
            if known.insert(record.external_id.clone()) {
                records.push(String::from_utf8_lossy(&record.body).into_owned());
            }
        }
        walk.again(list, PASSES);
    }
    let verdict = walk.verdict();
    users.whole = verdict.complete;
    users.findings.extend(verdict.findings.into_iter().map(|finding| finding.at(shared.place("users"))));
    Ok(records)
}

/// The rows of a table as JSON objects. Its first line names the columns; what stands between quotes may hold anything.
pub(in crate::connector) fn rows(table: &str) -> Result<Vec<String>, Text> {
    let table = table.trim_start_matches('\u{feff}');
    let head = table.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = ['\t', ';', ','].into_iter().find(|sign| head.contains(*sign)).unwrap_or(',');
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for (index, line) in table.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = index + 1;
        let odd =
            |vi: &str, en: &str| Text::new(format!("dòng {number}: {vi}"), format!("line {number}: {en}"));
        let cells =
            cells(line, delimiter).ok_or_else(|| odd("dấu nháy không đóng", "a quote that never closes"))?;
        let Some(columns) = &columns else {
            if cells.iter().any(String::is_empty) || cells.iter().collect::<HashSet<_>>().len() < cells.len()
            {
                return Err(odd(
                    "cột không tên hoặc trùng tên",
                    "a column without a name, or two of one name",
                ));
            }
            columns = Some(cells);
            continue;
        };
        if cells.len() != columns.len() {
            return Err(odd("số ô khác dòng tiêu đề", "another number of cells than in the header"));
        }
        let row: serde_json::Map<String, serde_json::Value> =
            columns.iter().cloned().zip(cells.into_iter().map(serde_json::Value::from)).collect();
        rows.push(serde_json::Value::Object(row).to_string());
    }
    Ok(rows)
}

/// The cells of a line; none where a quote never closes.
fn cells(line: &str, delimiter: char) -> Option<Vec<String>> {
    let (mut cells, mut rest) = (Vec::new(), line);
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() && c != delimiter);
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (mut cell, mut left) = (String::new(), quoted);
                loop {
                    let (before, after) = left.split_once('"')?;
                    cell.push_str(before);
                    match after.strip_prefix('"') {
                        Some(more) => {
                            cell.push('"');
                            left = more;
                        }
                        None => {
                            break (
                                cell,
                                after.trim_start_matches(|c: char| c.is_whitespace() && c != delimiter),
                            );
                        }
                    }
                }
            }
            None => {
                let end = rest.find(delimiter).unwrap_or(rest.len());
                (rest.get(..end)?.trim().to_owned(), rest.get(end..)?)
            }
        };
        cells.push(cell);
        match after.strip_prefix(delimiter) {
            Some(more) => rest = more,
            None if after.is_empty() => return Some(cells),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_users_is_read_with_quotes_and_any_usual_delimiter() {
        let table = "\u{feff}account;password\r\nan.nv;\"a;\"\"b\"\r\n\r\nbinh.tt; c d \n";
        let rows = rows(table).expect("rows");
        assert_eq!(
            rows,
            [r#"{"account":"an.nv","password":"a;\"b"}"#, r#"{"account":"binh.tt","password":"c d"}"#]
        );
    }

    #[test]
    fn what_is_wrong_with_a_table_is_told_by_its_line_and_without_its_cells() {
        for (table, line) in [
            ("account,token\nan.nv", "line 2"),
            ("account,token\nan.nv,\"hidden", "line 2"),
            ("account,account\nan.nv,hidden", "line 1"),
            ("account,token\n\nan.nv,hidden,more", "line 3"),
        ] {
            let why = rows(table).expect_err(table);
            assert!(why.en.starts_with(line) && !why.en.contains("hidden"), "{why:?}");
        }
    }

    #[test]
    fn account_that_is_a_number_of_a_citizen_is_masked() {
        assert_eq!(masked("an.nv"), "an.nv");
        assert!(!masked("079080001234").contains("80001"), "{}", masked("079080001234"));
        assert!(!masked("0905123456").contains("5123456"), "{}", masked("0905123456"));
    }
}
