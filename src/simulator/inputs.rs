//! What the personnel office of the simulated province hands over: people, units, earlier results, secrets.
//!
//! Owns those files in the documented import formats. A file appears whole or not at all; passwords are readable
//! by their owner alone. It must not know who reads them.

use super::SECRETS;
use super::world::{BODIES, SimPerson, World};
use chrono::Days;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes every input into a folder.
pub fn write(world: &World, folder: &Path) -> io::Result<()> {
    put(folder, "people.csv", &people(world)?, 0o644)?;
    put(folder, "units.csv", &units(world)?, 0o644)?;
    put(folder, "history.csv", &history(world)?, 0o644)?;
    for (name, secret) in SECRETS {
        put(folder, &format!("{name}.secret"), secret.as_bytes(), 0o600)?;
    }
    Ok(())
}

fn put(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let partial = folder.join(format!("{name}.part"));
    let mut file =
        std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&partial)?;
    file.write_all(bytes)?;
    drop(file);
    std::fs::rename(partial, folder.join(name))
}

fn table() -> csv::Writer<Vec<u8>> {
    csv::Writer::from_writer(Vec::new())
}

fn done(table: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    table.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn people(world: &World) -> io::Result<Vec<u8>> {
    let mut table = table();
    table.write_record([
        "staff_number",
        "citizen_id",
        "full_name",
        "unit",
        "post",
        "role",
        "from",
        "to",
        "leads",
        "accounts",
    ])?;
    let start = format!("{}-01-01", world.closing.year());
    // A transfer in the middle of the quarter to be closed.
    let moved_on = world.closing.first_day() + Days::new(45);
    let (last_day, first_day) = ((moved_on - Days::new(1)).to_string(), moved_on.to_string());
    for person in &world.people {
        let (accounts, leads) = (accounts(person), person.leads.join("|"));
        let mut row = |unit: &str, from: &str, to: &str| {
            table.write_record([
                &person.staff_number,
                &person.citizen_id,
                &person.name,
                unit,
                post(person.role),
                person.role,
                from,
                to,
                &leads,
                &accounts,
            ])
        };
        match &person.moved_from {
            Some(before) => {
                row(before, &start, &last_day)?;
                row(&person.unit, &first_day, "")?;
            }
            None => row(&person.unit, &start, "")?,
        }
    }
    done(table)
}

fn post(role: &str) -> &'static str {
    match role {
        "head" => "Người đứng đầu",
        "deputy" => "Cấp phó",
        "administrator" => "Quản trị hệ thống",
        "contract" => "Nhân viên hợp đồng",
        _ => "Chuyên viên",
    }
}

/// Accounts as `source=name`, separated by bars; nothing where the system names people by staff number.
fn accounts(person: &SimPerson) -> String {
    let source = BODIES[person.body].source;
    let named: Vec<String> = std::iter::once(&person.account)
        .chain(&person.second_account)
        .filter(|account| **account != person.staff_number)
        .map(|account| format!("{source}={account}"))
        .collect();
    named.join("|")
}

fn units(world: &World) -> io::Result<Vec<u8>> {
    let mut table = table();
    table.write_record(["code", "name", "kind", "parent", "org_code"])?;
    for (code, name, kind, parent) in &world.units {
        table.write_record([code, name, *kind, parent.as_deref().unwrap_or(""), ""])?;
    }
    done(table)
}

fn history(world: &World) -> io::Result<Vec<u8>> {
    let mut table = table();
    table.write_record(["staff_number", "period", "score", "level", "decision_no", "decided_on"])?;
    for (staff, period, score) in world.history() {
        let decided = period.last_day() + Days::new(5);
        table.write_record([&staff, &period.to_string(), &score, "", "12/QĐ-UBND", &decided.to_string()])?;
    }
    done(table)
}
