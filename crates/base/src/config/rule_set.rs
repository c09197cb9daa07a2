//! Rule set files of scoring.
//!
//! Owns reading them with every finding at its line: unknown switches with the nearest known name, values the
//! law does not know, and values this version does not implement. It must not know what a switch does.

use super::file::{read_text, read_toml};
use super::tree::{MAX_BYTES, Node};
use crate::domain::RuleSet;
use crate::error::{Finding, Findings, Text};
use std::path::{Path, PathBuf};

/// The set that is compiled in: Decree 335/2025 with Gia Lai's proposed switches.
pub const BUILT_IN: &str = include_str!("../../../../config/rule-sets/decree-335-2025.toml");

/// Reads the given files; none given = the built-in set.
///
/// # Errors
/// Every finding: LT-CFG-nnn with line for what cannot be read, LT-RUL-001 for values not implemented,
/// LT-RUL-002 for two sets that govern the same days.
pub fn read_rule_sets(files: &[PathBuf]) -> Result<Vec<RuleSet>, Findings> {
    if files.is_empty() {
        return Ok(vec![read_rule_set("config/rule-sets/decree-335-2025.toml", BUILT_IN)?]);
    }
    let (mut sets, mut findings) = (Vec::new(), Vec::new());
    for path in files {
        match read_file(path) {
            Ok(set) => sets.push(set),
            Err(more) => findings.extend(more.0),
        }
    }
    for (index, set) in sets.iter().enumerate() {
        if let Some(other) = sets.iter().skip(index + 1).find(|other| other.valid_from == set.valid_from) {
            findings.push(Finding::error(
                "LT-RUL-002",
                Text::new(
                    format!(
                        "hai bộ quy tắc \"{}\" và \"{}\" cùng bắt đầu ngày {}",
                        set.id, other.id, set.valid_from
                    ),
                    format!("rule sets \"{}\" and \"{}\" both begin on {}", set.id, other.id, set.valid_from),
                ),
                Text::new("đặt valid_from khác nhau", "give them different valid_from"),
            ));
        }
    }
    if findings.is_empty() { Ok(sets) } else { Err(Findings(findings)) }
}

/// Days between two sets on which none is in force, as warnings: a period that begins on one of them is not scored.
pub fn gaps(sets: &[RuleSet]) -> Vec<Finding> {
    let mut sorted: Vec<&RuleSet> = sets.iter().collect();
    sorted.sort_by_key(|set| set.valid_from);
    let mut findings = Vec::new();
    let mut ends = sorted.first().and_then(|set| set.valid_to);
    for set in sorted.into_iter().skip(1) {
        // A set without an end leaves no gap after it.
        let Some(last) = ends else { break };
        if let (Some(from), Some(to)) = (last.succ_opt(), set.valid_from.pred_opt())
            && from <= to
        {
            findings.push(Finding::warning(
                "LT-RUL-003",
                Text::new(
                    format!("từ ngày {from} đến ngày {to} không có bộ quy tắc nào (trước bộ \"{}\")", set.id),
                    format!("no rule set is in force from {from} to {to} (before set \"{}\")", set.id),
                ),
                Text::new(
                    "sửa valid_to hoặc valid_from; kỳ bắt đầu trong khoảng này không được tính điểm",
                    "change valid_to or valid_from; a period that begins on one of these days is not scored",
                ),
            ));
        }
        ends = set.valid_to.map(|to| to.max(last));
    }
    findings
}

fn read_file(path: &Path) -> Result<RuleSet, Findings> {
    read_rule_set(&path.display().to_string(), &read_text(path, MAX_BYTES)?)
}

/// Reads one set from its text.
///
/// # Errors
/// As [`read_rule_sets`].
pub fn read_rule_set(name: &str, text: &str) -> Result<RuleSet, Findings> {
    let set: RuleSet = read_toml(name, text)?;
    let tree = Node::parse(name, Path::new("."), text).map_err(Findings)?;
    let refused: Vec<Finding> = set
        .refusals()
        .into_iter()
        .map(|(switch, values)| {
            let place = tree.nearest(switch).origin.place(switch);
            not_implemented(&set, switch, values).at(place)
        })
        .collect();
    if refused.is_empty() { Ok(set) } else { Err(Findings(refused)) }
}

/// A switch of a set has a value this version does not implement.
pub fn not_implemented(set: &RuleSet, switch: &str, values: &str) -> Finding {
    let value = value_of(set, switch);
    Finding::error(
        "LT-RUL-001",
        Text::new(
            format!("phiên bản này chưa hỗ trợ {switch} = {value}; hỗ trợ: {values}"),
            format!("this version does not implement {switch} = {value}; it implements: {values}"),
        ),
        Text::new("đặt một trong các giá trị được hỗ trợ", "set one of the values it implements"),
    )
}

/// What a dotted switch is set to, as a file writes it; long lists are cut.
fn value_of(set: &RuleSet, switch: &str) -> String {
    let written = serde_json::to_value(set).unwrap_or_default();
    let value = written.pointer(&format!("/{}", switch.replace('.', "/"))).map(ToString::to_string);
    let value = value.unwrap_or_default();
    if value.chars().count() <= 80 { value } else { value.chars().take(80).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_set_names_every_switch_and_equals_the_defaults() {
        let set = read_rule_set("built in", BUILT_IN).expect("built-in set");
        let defaults = RuleSet { id: set.id.clone(), ..RuleSet::default() };
        assert_eq!(set, defaults);
        let written: toml::Table = BUILT_IN.parse().expect("toml");
        let known = serde_json::to_value(&defaults).expect("json");
        for switch in known.as_object().expect("object").keys().filter(|key| *key != "valid_to") {
            assert!(written.contains_key(switch), "the built-in set must name \"{switch}\"");
        }
    }

    #[test]
    fn gap_between_two_sets_is_told_with_its_days_and_none_where_they_meet_or_overlap() {
        let set = |id: &str, from: &str, to: Option<&str>| {
            let to = to.map(|to| format!("valid_to = \"{to}\"\n")).unwrap_or_default();
            let text = format!("id = \"{id}\"\nvalid_from = \"{from}\"\n{to}");
            read_rule_set("r.toml", &text).unwrap_or_else(|findings| panic!("{findings}"))
        };
        let first = set("a", "2026-01-01", Some("2026-06-30"));
        let met = [set("b", "2026-07-01", None), first.clone()];
        assert_eq!(gaps(&met), Vec::new());
        let told = gaps(&[set("b", "2026-10-01", None), first.clone()]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].code, "LT-RUL-003");
        assert!(told[0].what.en.contains("from 2026-07-01 to 2026-09-30"), "{}", told[0].what.en);
        let long = set("c", "2026-02-01", Some("2026-12-31"));
        assert_eq!(gaps(&[first, long, set("d", "2027-01-01", None)]), Vec::new());
    }

    #[test]
    fn unknown_switch_names_its_line_and_the_nearest_known_one() {
        let findings =
            read_rule_set("r.toml", "id = \"x\"\nlate_units = \"occurrence\"\n").expect_err("refused");
        let told = findings.to_string();
        assert!(told.contains("r.toml:2") && told.contains("late_unit"), "{told}");
    }

    #[test]
    fn value_not_implemented_is_refused_by_name() {
        let findings = read_rule_set("r.toml", "id = \"x\"\nquota_percent = 30\n").expect_err("refused");
        assert_eq!(findings.0[0].code, "LT-RUL-001");
        let told = findings.to_string();
        assert!(told.contains("r.toml:2 (column 17, quota_percent)"), "{told}");
        assert!(told.contains("quota_percent = 30; it implements: 20, 25"), "{told}");
    }
}
