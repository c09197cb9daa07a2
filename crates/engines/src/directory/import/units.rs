//! The units file: codes, names, kinds and what stands above what.
//!
//! Owns the words for kinds of bodies and the check that no unit stands below itself. A parent may stand in the
//! file or be known to the caller already; whether it is known is the store's to say.

use super::MAX_FINDINGS;
use crate::domain::{Unit, UnitCode, UnitKind};
use crate::error::{Finding, Findings, Text};
use crate::sheet::{Column, Table, TableRow};
use crate::text::fold;
use crate::text::fold::clean;
use std::collections::BTreeMap;

const COLUMNS: &[Column] = &[
    Column { name: "code", synonyms: &["Mã", "Mã đơn vị"], required: true },
    Column { name: "name", synonyms: &["Tên", "Tên đơn vị"], required: true },
    Column { name: "kind", synonyms: &["Loại", "Loại đơn vị"], required: true },
    Column { name: "parent", synonyms: &["Đơn vị cấp trên", "Trực thuộc"], required: false },
    Column { name: "org_code", synonyms: &["Mã định danh"], required: false },
];

/// Reads a units file. `others` are the units known besides; the file's word about one of them counts.
///
/// # Errors
/// Every finding at once: LT-PPL-004 a wrong cell, a code twice or a parent nobody knows, LT-PPL-005 a unit below
/// itself; LT-TAB-nnn when it is no table.
pub fn read_units(name: &str, bytes: &[u8], others: &[Unit]) -> Result<Vec<Unit>, Findings> {
    let table = Table::read(name, bytes, COLUMNS)?;
    let mut findings = Vec::new();
    let mut units: BTreeMap<UnitCode, (Unit, TableRow<'_>)> = BTreeMap::new();
    for row in table.rows() {
        if findings.len() >= MAX_FINDINGS {
            break;
        }
        match read_unit(row) {
            Ok(unit) if units.contains_key(&unit.code) => {
                findings.push(wrong(row, "code", "mã đơn vị bị trùng", "the unit code stands twice"));
            }
            Ok(unit) => {
                units.insert(unit.code.clone(), (unit, row));
            }
            Err(finding) => findings.push(*finding),
        }
    }
    // What a cell that cannot be read leaves unsaid would be told as unknown parents.
    if findings.is_empty() {
        let mut parents: BTreeMap<&UnitCode, Option<&UnitCode>> =
            others.iter().map(|unit| (&unit.code, unit.parent.as_ref())).collect();
        parents.extend(units.values().map(|(unit, _)| (&unit.code, unit.parent.as_ref())));
        for (unit, row) in units.values() {
            if unit.parent.as_ref().is_some_and(|parent| !parents.contains_key(parent)) {
                findings.push(wrong(*row, "parent", "không có đơn vị này", "there is no such unit"));
            } else if stands_below_itself(&unit.code, &parents) {
                findings.push(below_itself(unit, *row));
            }
        }
        findings.truncate(MAX_FINDINGS);
    }
    if findings.is_empty() {
        Ok(units.into_values().map(|(unit, _)| unit).collect())
    } else {
        Err(Findings(findings))
    }
}

fn stands_below_itself(unit: &UnitCode, parents: &BTreeMap<&UnitCode, Option<&UnitCode>>) -> bool {
    let mut above = parents.get(unit).copied().flatten();
    for _ in 0..=parents.len() {
        match above {
            None => return false,
            Some(code) if code == unit => return true,
            Some(code) => above = parents.get(code).copied().flatten(),
        }
    }
    // A ring further up: told for the units that stand in it.
    false
}

fn below_itself(unit: &Unit, row: TableRow<'_>) -> Finding {
    let code = &unit.code;
    Finding::error(
        "LT-PPL-005",
        Text::new(format!("đơn vị {code} nằm dưới chính nó"), format!("unit {code} stands below itself")),
        Text::new("sửa cột parent", "correct the column parent"),
    )
    .at(row.place("parent"))
}

fn read_unit(row: TableRow<'_>) -> Result<Unit, Box<Finding>> {
    let refuse = |column, vi, en| Box::new(wrong(row, column, vi, en));
    let not_a_code = |column| refuse(column, "mã không hợp lệ", "not a valid code");
    let code = UnitCode::new(row.get("code")).map_err(|_| not_a_code("code"))?;
    let kind = match fold(row.get("kind")).as_str() {
        "province" | "tinh" => UnitKind::Province,
        "department" | "so" | "so, nganh" => UnitKind::Department,
        "commune" | "xa" | "phuong" | "xa, phuong" => UnitKind::Commune,
        "division" | "phong" | "phong, ban" | "chi cuc" => UnitKind::Division,
        _ => {
            return Err(refuse(
                "kind",
                "chỉ nhận province (tỉnh), department (sở), commune (xã, phường), division (phòng)",
                "one of province, department, commune, division",
            ));
        }
    };
    let parent = match row.get("parent") {
        "" => None,
        text => Some(UnitCode::new(text).map_err(|_| not_a_code("parent"))?),
    };
    let name = clean(row.get("name"));
    if !(1..=200).contains(&name.chars().count()) {
        return Err(refuse("name", "cần 1 đến 200 ký tự", "1 to 200 characters are needed"));
    }
    let org_code = Some(row.get("org_code").to_owned()).filter(|code| !code.is_empty());
    Ok(Unit { code, name, kind, parent, org_code })
}

fn wrong(row: TableRow<'_>, column: &str, vi: &str, en: &str) -> Finding {
    let title = row.title(column);
    let value: String = row.get(column).chars().filter(|c| !c.is_control()).take(60).collect();
    Finding::error(
        "LT-PPL-004",
        Text::new(
            format!("cột {title}, giá trị \"{value}\": {vi}"),
            format!("column {title}, value \"{value}\": {en}"),
        ),
        Text::new(
            "sửa ô này rồi nhập lại; chưa có gì được ghi",
            "correct the cell and import again; nothing was written",
        ),
    )
    .at(row.place(column))
}
