//! A people file from Excel into a real store, and what the directory then knows.

use chrono::{DateTime, NaiveDate, Utc};
use lienthong::directory::import::{read_people, read_units};
use lienthong::directory::{Directory, Known};
use lienthong::domain::{
    AccountKind, AccountRef, CitizenId, DirectoryImport, Period, PersonId, SourceId, StaffNumber,
};
use lienthong::store::{Store, StoreConfig};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

const UNITS: &str = "Mã;Tên;Loại;Đơn vị cấp trên\n\
                     SNV;Sở Nội vụ;Sở;\n\
                     SNV-TC;Phòng Tổ chức;Phòng;SNV\n\
                     SNV-CC;Phòng Công chức;Phòng;SNV\n";

const HEADERS: [&str; 10] = [
    "Số hiệu",
    "Số định danh (CCCD)",
    "Họ và tên",
    "Đơn vị",
    "Chức vụ",
    "Vai trò",
    "Từ ngày",
    "Đến ngày",
    "Phụ trách",
    "Tài khoản",
];

/// A workbook as a personnel officer would send it: a title row, real dates, a number typed where text belongs.
fn people_file(numeric_id: bool) -> Vec<u8> {
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "DANH SÁCH CÔNG CHỨC SỞ NỘI VỤ").expect("cell");
    for (column, header) in (0u16..).zip(HEADERS) {
        sheet.write(2, column, header).expect("cell");
    }
    let rows = [
        [
            "GL-001",
            "099200000001",
            "Trần Thị Bình",
            "SNV",
            "Giám đốc",
            "Người đứng đầu",
            "",
            "",
            "",
            "eoffice=gd",
        ],
        ["GL-002", "099200000002", "Lê Văn Cường", "SNV", "Phó Giám đốc", "Cấp phó", "", "", "SNV-TC", ""],
        [
            "GL-003",
            "",
            "Nguyễn Văn An",
            "SNV-TC",
            "Trưởng phòng",
            "Người đứng đầu",
            "",
            "",
            "",
            "eoffice=an.nv",
        ],
        [
            "GL-004",
            "",
            "Nguyễn Văn An",
            "SNV-TC",
            "Chuyên viên",
            "Công chức",
            "",
            "",
            "",
            "eoffice=an2.nv|kinto=77",
        ],
        ["GL-005", "", "Phạm Thu Dung", "SNV-CC", "Chuyên viên", "Công chức", "", "", "", ""],
    ];
    for (line, row) in (3u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(row) {
            if !cell.is_empty() {
                sheet.write(line, column, cell).expect("cell");
            }
        }
        let from = ExcelDateTime::from_ymd(2026, 1, 1).expect("date");
        sheet.write_datetime_with_format(line, 6, &from, &date).expect("cell");
    }
    if numeric_id {
        sheet.write(3, 1, 99_200_000_001_f64).expect("cell");
    }
    book.save_to_buffer().expect("xlsx")
}

fn import(bytes: &[u8]) -> DirectoryImport {
    let units = read_units("units.csv", UNITS.as_bytes(), &[]).expect("units");
    let people = read_people("people.xlsx", bytes, units.as_slice(), &std::collections::BTreeSet::new())
        .expect("people");
    DirectoryImport { units, ..people }
}

async fn directory(store: &Store) -> Directory {
    let rows = store.load_directory().await.expect("directory");
    let people = rows.people.into_iter().map(|row| Known {
        id: row.id,
        staff_number: row.staff_number,
        citizen_index: row.citizen_index,
        full_name: row.full_name,
    });
    Directory::new(people.collect(), rows.units, rows.memberships, rows.leaderships, rows.accounts)
}

fn number(text: &str) -> StaffNumber {
    StaffNumber::parse(text).expect("number")
}

#[tokio::test]
async fn workbook_becomes_people_who_are_found_by_every_key_but_the_name() {
    let folder = tempfile::tempdir().expect("folder");
    let store = Store::open(&StoreConfig::Sqlite(folder.path().join("p.db")), &[7; 32]).await.expect("store");
    store.migrate().await.expect("schema");
    let now: DateTime<Utc> = "2026-07-01T00:00:00Z".parse().expect("instant");
    let counts =
        store.import_directory(&import(&people_file(false)), "GL-001", None, now).await.expect("import");
    assert_eq!((counts.units, counts.new_people, counts.known_people), (3, 5, 0));
    let again =
        store.import_directory(&import(&people_file(false)), "GL-001", None, now).await.expect("import");
    assert_eq!((again.new_people, again.known_people), (0, 5));

    let directory = directory(&store).await;
    let id = |text: &str| directory.by_staff_number(&number(text)).expect("person");
    let eoffice = SourceId::new("eoffice").expect("source");
    let find = |source: &SourceId, kind, value: &str| {
        directory.identify(source, &AccountRef { kind, value: value.to_owned() })
    };
    let index = store.vault().blind_index(&CitizenId::parse("099200000002").expect("id"));
    assert_eq!(find(&eoffice, AccountKind::CitizenId, &index), Some(id("GL-002")));
    assert_eq!(find(&eoffice, AccountKind::StaffNumber, "GL - 005"), Some(id("GL-005")));
    // Two people of one name have two accounts, and the name finds neither.
    assert_eq!(find(&eoffice, AccountKind::Account, "an.nv"), Some(id("GL-003")));
    assert_eq!(find(&eoffice, AccountKind::Account, "an2.nv"), Some(id("GL-004")));
    assert_eq!(find(&eoffice, AccountKind::Account, "Nguyễn Văn An"), None);
    assert_eq!(find(&eoffice, AccountKind::Account, "77"), None, "an account of another source");

    let quarter = Period::quarter(2026, 3).expect("quarter");
    let population = lienthong::domain::rules::Population::default();
    let direct =
        |leader: &str| -> Vec<PersonId> { directory.direct_subordinates(id(leader), quarter, population) };
    assert_eq!(direct("GL-003"), [id("GL-004")]);
    assert!(direct("GL-001").contains(&id("GL-002")) && direct("GL-001").contains(&id("GL-003")));
    assert!(!direct("GL-002").contains(&id("GL-005")), "a division outside the deputy's charge");
    assert!(directory.in_charge(id("GL-002"), quarter, population).contains(&id("GL-004")));
    let post = directory.last_post(id("GL-004"), quarter).expect("post");
    assert_eq!(post.from, NaiveDate::from_ymd_opt(2026, 1, 1).expect("day"));
    store.close().await;
}

#[test]
fn citizen_id_typed_as_a_number_is_refused_by_cell_and_nothing_is_guessed() {
    let units = read_units("units.csv", UNITS.as_bytes(), &[]).expect("units");
    let found =
        read_people("people.xlsx", &people_file(true), units.as_slice(), &std::collections::BTreeSet::new())
            .expect_err("refused")
            .0;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "LT-PPL-001");
    assert_eq!(found[0].place.as_ref().expect("place").to_string(), "people.xlsx:4 (B4)");
    assert!(!found[0].to_string().contains("9920000"));
}
