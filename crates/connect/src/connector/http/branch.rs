//! The parents and partitions below which the tasks of a source stand.
//!
//! Owns walking over the lists of parents and what a record gets from the ones above it: `$parent`, `$partition`, a
//! scope for its key. It must not know tasks. All branches are known before the first task is asked for, so that a
//! pull can tell whether it saw all of them; their number and size are limited. A list of parents that cannot be
//! trusted ends the pull.

use super::super::expression::value_of;
use super::super::json::{Json, members};
use super::super::manifest::http::KeyScope;
use super::super::rule::record_hash;
use super::super::{ConnectorError, RawRecord};
use super::plan::ParentPlan;
use super::walk::{Leg, Walk};
use super::{Shared, excerpt, finding};
use crate::error::{Disposition, Finding, Text, written_cause};
use bytes::Bytes;
use minijinja::Value;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// Passes over a list of parents that moves while it is read.
const PASSES: u32 = 6;

/// What all parents of one pull may weigh together, as text.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// One parent or partition, with everything above it.
#[derive(Debug)]
pub(super) struct Branch {
    /// What stands before a key that is unique below this branch only.
    scope: String,
    /// `"$partition":…,"$parent":…`: what a record gets.
    members: String,
    partition: Option<String>,
    parent_key: Option<String>,
    parent: Value,
    /// Whether keys are unique below this branch only.
    scopes: bool,
    /// Whether a refused list below it is left out instead of ending the pull.
    pub(super) skips: bool,
}

/// Every branch of a source.
#[derive(Debug, Default)]
pub(super) struct Branches {
    /// None is the source itself, where it has no branches.
    pub(super) list: Vec<Option<Arc<Branch>>>,
    /// Whether all parents the source has are among them.
    pub(super) whole: bool,
    pub(super) findings: Vec<Finding>,
    bytes: usize,
}

impl Branch {
    pub(super) fn partition(&self) -> Option<&str> {
        self.partition.as_deref()
    }

    pub(super) fn parent_key(&self) -> Option<&str> {
        self.parent_key.as_deref()
    }

    pub(super) fn parent(&self) -> Value {
        self.parent.clone()
    }

    /// A record's key in the whole source.
    pub(super) fn scoped(&self, key: &str) -> String {
        if self.scopes { format!("{}{key}", self.scope) } else { key.to_owned() }
    }

    /// A record with what it gets from above.
    pub(super) fn adopted(&self, record: &str) -> Bytes {
        let Some(inside) = record.trim_end().strip_suffix('}') else {
            return Bytes::copy_from_slice(record.as_bytes());
        };
        let comma = if inside.trim_end().ends_with('{') { "" } else { "," };
        Bytes::from(format!("{inside}{comma}{}}}", self.members))
    }

    /// The hash of a record that got these members: what comes from above counts as a change too.
    pub(super) fn hash(&self, fingerprint: &[u8; 32], hash: [u8; 16]) -> [u8; 16] {
        joined(fingerprint, hash, &self.members)
    }

    /// What messages call it.
    pub(super) fn shown(&self) -> String {
        excerpt(self.scope.trim_end_matches('/'))
    }
}

fn joined(fingerprint: &[u8; 32], hash: [u8; 16], members: &str) -> [u8; 16] {
    record_hash(fingerprint, &[hash.as_slice(), members.as_bytes()].concat())
}

/// A key as one step of a scope: no two scopes read alike.
fn step(key: &str) -> String {
    format!("{}/", key.replace('%', "%25").replace('/', "%2F"))
}

/// Asks for every branch of a source.
pub(super) async fn all(shared: &Shared) -> Result<Branches, ConnectorError> {
    let plan = shared.plan();
    let mut branches = Branches { list: vec![None], whole: true, ..Branches::default() };
    if !plan.partition.is_empty() {
        branches.list = partitions(shared)?.into_iter().map(Some).collect();
    }
    for parent in &plan.parents {
        let above = std::mem::take(&mut branches.list);
        for above in above {
            below(shared, parent, above, &mut branches).await?;
        }
    }
    Ok(branches)
}

fn partitions(shared: &Shared) -> Result<Vec<Arc<Branch>>, ConnectorError> {
    let mut known = HashSet::new();
    let mut partitions = Vec::new();
    for template in &shared.plan().partition {
        let given = template.render(&shared.settings).map_err(|why| shared.cannot_ask(&why))?;
        let values = given.split([',', ';', '\n']).map(str::trim).filter(|value| !value.is_empty());
        for value in values.filter(|value| known.insert((*value).to_owned())) {
            partitions.push(Arc::new(Branch {
                scope: step(value),
                members: format!("\"$partition\":{}", serde_json::Value::from(value)),
                partition: Some(value.to_owned()),
                parent_key: None,
                parent: Value::from(()),
                scopes: shared.plan().stream.key_scope == KeyScope::Parent,
                skips: false,
            }));
        }
    }
    if partitions.is_empty() {
        return Err(shared.cannot_ask("partition.values gives no value"));
    }
    Ok(partitions)
}

/// Adds the parents of one list.
async fn below(
    shared: &Shared,
    plan: &ParentPlan,
    above: Option<Arc<Branch>>,
    branches: &mut Branches,
) -> Result<(), ConnectorError> {
    let place = match &above {
        None => shared.place(&format!("parent {}", plan.name)),
        Some(above) => shared.place(&format!("parent {} below {}", plan.name, above.shown())),
    };
    let fail = |finding: Finding| ConnectorError {
        finding: Box::new(finding.at(place.clone())),
        disposition: Disposition::NeedsOperator,
        retry_after: None,
    };
    let mut known = HashSet::new();
    // A parent that slipped over a page's border would take all its tasks along: its list is read until passes agree.
    let shifting = plan.list.way.is_counted();
    let mut walk = Walk::new(&plan.list, Leg { branch: above.clone(), ..Leg::default() }, true, shifting);
    while !walk.is_over() {
        let listed = walk.ask(shared, &plan.list).await.map_err(|refused| refused.error)?;
        walk.take(shared, &plan.list, &listed)?;
        let records = walk.note(listed.records);
        if let Some(rejection) = listed.rejected.into_iter().next() {
            // Its tasks cannot be asked for.
            return Err(ConnectorError {
                finding: Box::new(rejection.finding),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            });
        }
        for record in records {
            if !known.insert(record.external_id.clone()) {
                continue;
            }
            let Some(branch) = branch(shared, plan, above.as_deref(), &record)
                .map_err(|why| fail(finding::parent_unreadable(&plan.name, &why)))?
            else {
                continue;
            };
            // Templates may name any of its members: the whole record is kept.
            branches.bytes += branch.members.len() + record.body.len();
            branches.list.push(Some(Arc::new(branch)));
            if branches.list.len() > plan.max as usize || branches.bytes > MOST_BYTES {
                return Err(fail(finding::too_many_parents(&plan.name, plan.max)));
            }
        }
        walk.again(&plan.list, PASSES);
    }
    let verdict = walk.verdict();
    branches.whole &= verdict.complete;
    branches.findings.extend(verdict.findings.into_iter().map(|finding| finding.at(place.clone())));
    Ok(())
}

/// The branch of one parent; none where its records are not wanted.
fn branch(
    shared: &Shared,
    plan: &ParentPlan,
    above: Option<&Branch>,
    record: &RawRecord,
) -> Result<Option<Branch>, Text> {
    let text = std::str::from_utf8(&record.body).map_err(|error| written_cause(&error))?;
    let value = value_of(&Json::parse(text).map_err(|error| error.told())?);
    if let Some(when) = &plan.when {
        let context = minijinja::context!(record => value.clone());
        let wanted = when.evaluate(&context).map_err(|why| written_cause(&why))?;
        if !wanted.is_some_and(|wanted| wanted.is_true()) {
            return Ok(None);
        }
    }
    let mut given = String::new();
    let partition = above.and_then(Branch::partition);
    if let Some(partition) = partition {
        // Writing to a String cannot fail.
        let _ = write!(given, "\"$partition\":{},", serde_json::Value::from(partition));
    }
    given.push_str("\"$parent\":");
    given.push_str(&kept(text, &plan.keep).map_err(|error| error.told())?);
    Ok(Some(Branch {
        scope: format!("{}{}", above.map_or("", |above| &above.scope), step(&record.external_id)),
        members: given,
        partition: partition.map(str::to_owned),
        parent_key: Some(record.external_id.clone()),
        parent: value,
        scopes: shared.plan().stream.key_scope == KeyScope::Parent,
        skips: plan.skips || above.is_some_and(|above| above.skips),
    }))
}

/// The members of a parent its records get; those from above it always.
fn kept(text: &str, keep: &[String]) -> Result<String, super::super::json::JsonError> {
    if keep.is_empty() {
        return Ok(text.trim().to_owned());
    }
    let wanted = members(text)?.into_iter().filter(|(name, _)| {
        keep.iter().any(|keep| keep == name) || matches!(name.as_ref(), "$parent" | "$partition")
    });
    let wanted: Vec<String> =
        wanted.map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_ref()))).collect();
    Ok(format!("{{{}}}", wanted.join(",")))
}

/// Records of a kept page as they stood below their branch, which only what was kept beside the page tells.
pub(super) fn again(
    fingerprint: &[u8; 32],
    records: Vec<RawRecord>,
    details: &Bytes,
) -> Option<Vec<RawRecord>> {
    let text = std::str::from_utf8(details).ok()?;
    let listed: HashMap<&str, &RawRecord> =
        records.iter().map(|record| (record.external_id.as_str(), record)).collect();
    let mut found = Vec::new();
    for (id, body) in members(text).ok()? {
        // The key is what stands behind one of the scope's steps.
        let suffixes = id.match_indices('/').filter_map(|(at, _)| id.get(at + 1..));
        let Some(record) = std::iter::once(id.as_ref()).chain(suffixes).find_map(|key| listed.get(key))
        else {
            continue;
        };
        let given: Vec<String> = members(body)
            .ok()?
            .into_iter()
            .filter(|(name, _)| matches!(name.as_ref(), "$parent" | "$partition"))
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        found.push(RawRecord {
            external_id: id.into_owned(),
            hash: joined(fingerprint, record.hash, &given.join(",")),
            body: details.slice_ref(body.as_bytes()),
            ..(*record).clone()
        });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_scopes_read_alike() {
        assert_ne!(format!("{}{}", step("a/b"), "c"), format!("{}{}", step("a"), "b/c"));
        assert_eq!(step("100%"), "100%25/");
    }

    #[test]
    fn parent_gives_what_is_kept_of_it_and_what_it_got_from_above() {
        let text = r#"{"id":7,"name":"Sở Nội vụ","tasks":12,"$parent":{"id":1}}"#;
        let keep = ["id".to_owned()];
        assert_eq!(kept(text, &keep).expect("kept"), r#"{"id":7,"$parent":{"id":1}}"#);
        assert_eq!(kept(text, &[]).expect("kept"), text);
    }
}
