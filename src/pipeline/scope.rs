//! Which catalog is in force for a unit on a day (plan V.6).
//!
//! Owns the order of scopes: the unit itself and those above it up to its body, the kind of that body, what stands
//! above it, then the province.
//! The nearest scope that has a version valid by the day decides; a version of a narrower scope that begins later changes
//! nothing before. Which catalogs are in force for a scope follows from the bodies in it. It must not know products or tasks.

use crate::directory::Directory;
use crate::domain::{CatalogScope, UnitCode, UnitKind};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Deepest chain of units walked upwards.
const MAX_DEPTH: usize = 20;

/// The scopes of a unit, the nearest first; the province's alone where the unit is not known.
pub(super) fn scopes_of(directory: &Directory, unit: Option<&UnitCode>) -> Vec<CatalogScope> {
    let mut scopes = Vec::new();
    let mut next = unit.and_then(|code| directory.unit(code));
    for _ in 0..MAX_DEPTH {
        let Some(unit) = next else { break };
        scopes.push(CatalogScope::Unit(unit.code.clone()));
        match unit.kind {
            UnitKind::Department => scopes.push(CatalogScope::Department),
            UnitKind::Commune => scopes.push(CatalogScope::Commune),
            UnitKind::Province | UnitKind::Division => {}
        }
        next = unit.parent.as_ref().and_then(|parent| directory.unit(parent));
    }
    scopes.push(CatalogScope::Province);
    scopes
}

/// The lists of scopes by which bodies look for their catalog: of every unit, of no unit, and of a body in each of
/// these scopes that no unit is in.
pub(super) fn bodies(
    directory: &Directory,
    named: impl Iterator<Item = CatalogScope>,
) -> BTreeSet<Vec<CatalogScope>> {
    let mut bodies: BTreeSet<Vec<CatalogScope>> =
        directory.units().map(|unit| scopes_of(directory, Some(&unit.code))).collect();
    bodies.insert(scopes_of(directory, None));
    let met: BTreeSet<CatalogScope> = bodies.iter().flatten().cloned().collect();
    bodies
        .extend(named.filter(|scope| !met.contains(scope)).map(|scope| vec![scope, CatalogScope::Province]));
    bodies
}

/// The version in force: of the nearest scope that has one valid by the day, the latest; else the oldest of the
/// province, else the oldest of any of these scopes.
pub(super) fn nearest<'a, T>(
    versions: &'a [T],
    day: NaiveDate,
    scopes: &[CatalogScope],
    of: impl Fn(&T) -> (NaiveDate, &CatalogScope),
) -> Option<&'a T> {
    let in_scope = |scope: &CatalogScope| {
        let scope = scope.clone();
        let of = &of;
        versions.iter().filter(move |version| *of(version).1 == scope)
    };
    let valid = scopes.iter().find_map(|scope| {
        in_scope(scope).filter(|version| of(version).0 <= day).max_by_key(|version| of(version).0)
    });
    valid
        .or_else(|| scopes.iter().rev().find_map(|scope| in_scope(scope).min_by_key(|version| of(version).0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Unit;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("day")
    }

    fn unit(code: &str, kind: UnitKind, parent: Option<&str>) -> Unit {
        let named = |text: &str| UnitCode::new(text).expect("code");
        Unit { code: named(code), name: String::new(), kind, parent: parent.map(named), org_code: None }
    }

    #[test]
    fn nearest_scope_with_a_version_valid_by_the_day_decides() {
        let units = vec![
            unit("T", UnitKind::Province, None),
            unit("SNV", UnitKind::Department, Some("T")),
            unit("SNV-CC", UnitKind::Division, Some("SNV")),
            unit("IAKHA", UnitKind::Commune, Some("T")),
        ];
        let directory = Directory::new(Vec::new(), units, Vec::new(), Vec::new(), Vec::new());
        let scopes = |code: &str| scopes_of(&directory, Some(&UnitCode::new(code).expect("code")));
        let text =
            |scopes: &[CatalogScope]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(text(&scopes("SNV-CC")), "unit:SNV-CC unit:SNV department unit:T province");
        assert_eq!(text(&scopes_of(&directory, None)), "province");
        let versions: Vec<(&str, NaiveDate, CatalogScope)> = [
            ("common", "2026-01-01", "province"),
            ("common-2", "2026-07-01", "province"),
            ("communes", "2026-04-01", "commune"),
            ("home", "2026-03-01", "unit:SNV"),
        ]
        .into_iter()
        .map(|(name, from, scope)| (name, day(from), scope.parse().expect("scope")))
        .collect();
        let in_force = |unit: &str, on: &str| {
            nearest(&versions, day(on), &scopes(unit), |version| (version.1, &version.2))
                .map(|version| version.0)
        };
        assert_eq!(in_force("SNV-CC", "2026-08-01"), Some("home"));
        assert_eq!(in_force("SNV-CC", "2026-02-28"), Some("common"), "not valid yet");
        assert_eq!(in_force("IAKHA", "2026-03-31"), Some("common"));
        assert_eq!(in_force("IAKHA", "2026-08-01"), Some("communes"));
        assert_eq!(in_force("T", "2026-08-01"), Some("common-2"));
        assert_eq!(in_force("T", "2025-01-01"), Some("common"), "the oldest for days before all of them");
        let named = ["commune", "unit:SNV", "unit:NEW"].map(|scope| scope.parse().expect("scope"));
        let bodies = bodies(&directory, named.into_iter());
        assert_eq!(
            bodies.iter().map(|scopes| text(scopes)).collect::<BTreeSet<_>>(),
            [
                "province",
                "unit:T province",
                "unit:IAKHA commune unit:T province",
                "unit:NEW province",
                "unit:SNV department unit:T province",
                "unit:SNV-CC unit:SNV department unit:T province",
            ]
            .map(str::to_owned)
            .into()
        );
    }
}
