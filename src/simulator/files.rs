//! The sources that are files: a folder of spreadsheets and a database with a view.
//!
//! Owns writing them the way units do: titles above the header, a total row, text dates beside real ones, one
//! row nobody can read, later sheets that repeat and change rows. A file appears whole or not at all.

use super::dialects::{external_id, ward_status};
use super::world::{BODIES, Dialect, SimTask, World};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::io;
use std::path::Path;

const HEADER: [&str; 12] = [
    "Mã nhiệm vụ",
    "Nội dung",
    "Người thực hiện (mã CB)",
    "Đơn vị",
    "Ngày giao",
    "Hạn hoàn thành",
    "Ngày hoàn thành",
    "Trạng thái",
    "Loại công việc",
    "Số lượng",
    "Ghi chú",
    "Nguồn giao",
];

/// Writes a sheet named by the tick it was made at: everything for the first one, afterwards what happened since
/// this morning, so later sheets repeat and change rows of earlier ones. A sheet that stands there stays.
pub fn write_sheet(world: &World, folder: &Path) -> io::Result<()> {
    let name = format!("theo-doi-nhiem-vu-{:06}.xlsx", world.ticks);
    let (path, partial) = (folder.join(&name), folder.join(format!("{name}.part")));
    let body = BODIES.iter().position(|body| body.dialect == Dialect::Sheets).unwrap_or(0);
    let morning = world.this_morning();
    let whole = world.ticks == 0;
    let tasks: Vec<&SimTask> = world.of_body(body).filter(|task| whole || task.modified >= morning).collect();
    if tasks.is_empty() || path.exists() {
        return Ok(());
    }
    let bytes = sheet(world, &tasks, world.ticks).map_err(io::Error::other)?;
    std::fs::write(&partial, bytes)?;
    std::fs::rename(partial, path)
}

fn sheet(world: &World, tasks: &[&SimTask], number: u64) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write(0, 0, "BẢNG THEO DÕI NHIỆM VỤ UBND XÃ CHƯ SÊ")?;
    for (column, title) in (0u16..).zip(HEADER) {
        sheet.write(2, column, title)?;
    }
    let mut row = 3;
    for task in tasks {
        sheet.write(row, 0, external_id(task))?;
        sheet.write(row, 1, &task.title)?;
        sheet.write(row, 2, world.account(task))?;
        sheet.write(row, 3, &world.people[task.person].unit)?;
        sheet.write_datetime_with_format(row, 4, task.assigned.date(), &day)?;
        if let Some(due) = task.due {
            if task.id % 3 == 0 {
                sheet.write(row, 5, due.format("%d/%m/%Y").to_string())?;
            } else {
                sheet.write_datetime_with_format(row, 5, due, &day)?;
            }
        }
        if let Some(done) = task.submitted.filter(|_| task.done.is_some()) {
            sheet.write_datetime_with_format(row, 6, done.date(), &day)?;
        }
        sheet.write(row, 7, ward_status(task))?;
        sheet.write(row, 8, task.doc_type)?;
        sheet.write(row, 9, 1)?;
        sheet.write(row, 11, task.category)?;
        row += 1;
    }
    // A row whose due date nobody can read: it is to be rejected, alone.
    sheet.write(row, 0, format!("CS-LOI-{number}"))?;
    sheet.write(row, 1, "Dòng nhập dở")?;
    sheet.write(row, 5, "cuối tháng sau")?;
    sheet.write(row, 7, "Đang xử lý")?;
    sheet.write(row + 1, 0, "Tổng cộng")?;
    sheet.write(row + 1, 9, tasks.len() as u32)?;
    book.save_to_buffer()
}

/// Opens the database of the view, empty.
pub async fn open_view(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS nhiem_vu (task_id INTEGER PRIMARY KEY, title TEXT, officer_code TEXT, unit_code TEXT, \
         assigned_on TEXT, due_on TEXT, status TEXT, finished_at TEXT, updated_at TEXT, doc_type TEXT, category TEXT)",
    )
    .execute(&pool)
    .await?;
    sqlx::query("CREATE VIEW IF NOT EXISTS v_nhiem_vu AS SELECT * FROM nhiem_vu").execute(&pool).await?;
    Ok(pool)
}

/// What is to change in the view: rows to write and keys to remove.
pub struct ViewChanges {
    rows: Vec<[String; 11]>,
    removed: Vec<String>,
}

/// Brings the view up to date with the province, all at once.
pub async fn write_view(changes: ViewChanges, pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    for row in changes.rows {
        let mut query = sqlx::query(
            "INSERT OR REPLACE INTO nhiem_vu VALUES ($1,$2,$3,$4,$5,nullif($6,''),$7,nullif($8,''),$9,nullif($10,''),nullif($11,''))",
        );
        for cell in row {
            query = query.bind(cell);
        }
        query.execute(&mut *tx).await?;
    }
    for key in changes.removed {
        sqlx::query("DELETE FROM nhiem_vu WHERE task_id = $1").bind(key).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// What changed in the view since a moment; everything without one.
pub fn view_changes(world: &World, since: Option<chrono::NaiveDateTime>) -> ViewChanges {
    let body = BODIES.iter().position(|body| body.dialect == Dialect::View).unwrap_or(0);
    let changed = |task: &&SimTask| task.body == body && since.is_none_or(|since| task.modified >= since);
    let changed: Vec<&SimTask> = world.tasks.iter().filter(changed).collect();
    ViewChanges {
        rows: changed.iter().filter(|task| !task.deleted).map(|task| view_row(world, task)).collect(),
        removed: changed.iter().filter(|task| task.deleted).map(|task| external_id(task)).collect(),
    }
}

fn view_row(world: &World, task: &SimTask) -> [String; 11] {
    let done = task.submitted.filter(|_| task.done.is_some());
    [
        external_id(task),
        task.title.clone(),
        world.account(task),
        world.people[task.person].unit.clone(),
        task.assigned.format("%Y-%m-%d").to_string(),
        task.due.map(|due| due.to_string()).unwrap_or_default(),
        format!("{:?}", task.state).to_uppercase(),
        done.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default(),
        task.modified.format("%Y-%m-%d %H:%M:%S").to_string(),
        task.doc_type.to_owned(),
        task.category.to_owned(),
    ]
}
