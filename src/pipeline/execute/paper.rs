//! Orders for papers: one of one person, and a unit's whole period as one archive.
//!
//! Owns the archive's order of entries and its way to the disk: under another name until it is whole, one person's
//! papers in memory at a time (a few in the making), what was broken off leaves nothing behind. A single paper travels
//! back to whoever ordered it; an archive is written by whoever has the store.

use super::{Answer, App, Refusal, database, known_source, known_unit, person, report, statistics};
use crate::domain::{Period, PersonId, UnitCode};
use crate::error::{Finding, Lang, Place, Text, io_cause};
use crate::paper::list::{Column, Heading};
use crate::paper::{self, Form, Format};
use crate::pipeline::command::{Document, Field, InputFile, Outcome, PersonRef, Progress, ReportOrder};
use crate::pipeline::paper::{Shelf, Wanted, agency_of, file_name};
use crate::pipeline::whole_file::Growing;
use crate::pipeline::wording::{Words, word};
use crate::store::StoreError;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::UnboundedSender;
use zip::write::SimpleFileOptions;

/// People whose papers are in the making at the same time.
const AT_ONCE: usize = 3;
/// The index; it sorts before everything else.
const INDEX: &str = "00-Muc-luc.xlsx";

/// Carries out an order for something to read or to sign.
pub(super) async fn carry_out(app: &App, order: ReportOrder, progress: UnboundedSender<Progress>) -> Answer {
    match order {
        ReportOrder::Tasks { by, source, as_of, key } => {
            known_source(app, source.as_ref()).await?;
            report::tasks(app, by, source, as_of, key).await
        }
        ReportOrder::Form { person, period, form, format, revision } => {
            self::form(app, &person, period, form, format, revision).await
        }
        ReportOrder::Bundle { unit, period, forms, format, to } => {
            bundle(app, Bundle { unit, period, forms, format, to }, progress).await
        }
        ReportOrder::Statistics { period, as_of, workbook } => {
            statistics::statistics(app, period, as_of, workbook).await
        }
    }
}

/// One paper of one person.
async fn form(
    app: &App,
    whose: &PersonRef,
    period: Period,
    form: Form,
    format: Format,
    revision: Option<u32>,
) -> Answer {
    let person = person(app, whose).await?;
    let shelf = app.shelf(period).await?;
    let wanted = Wanted { person, period, form, revision };
    let (name, bytes) = app.paper_file(&shelf, wanted, format).await?;
    let text = Text::new(format!("văn bản {name}"), format!("paper {name}"));
    let told = Box::new(Document::Message { text });
    Ok(Outcome::ok(Document::File { file: InputFile { name, bytes }, told }))
}

/// What is put into one archive.
struct Bundle {
    /// The unit, with everything below it.
    unit: UnitCode,
    /// Which period.
    period: Period,
    /// Which papers; the usual ones of the period when empty.
    forms: Vec<Form>,
    /// In which format; work sheets are workbooks when none.
    format: Option<Format>,
    /// Absolute path of the archive; must not exist.
    to: PathBuf,
}

/// An archive that takes its name only once it is whole.
struct Archive {
    growing: Growing,
    zip: zip::ZipWriter<BufWriter<File>>,
}

/// What the index tells of one person.
struct Entry {
    staff_number: String,
    row: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
}

/// A unit's period as one archive.
async fn bundle(app: &App, bundle: Bundle, progress: UnboundedSender<Progress>) -> Answer {
    known_unit(app, Some(&bundle.unit)).await?;
    let to = &bundle.to;
    if to.exists() {
        return Err(exists(to).into());
    }
    database::writable(to).map_err(|(what, remedy)| {
        Finding::error("LT-PAP-011", what, remedy).at(Place::of(to.display().to_string()))
    })?;
    let shelf = app.shelf(bundle.period).await?;
    let forms = forms(&bundle)?;
    let people = people(app, &shelf, &bundle)?;
    let total = people.len() as u64;
    let made_at = app.clock.now();
    let mut archive = Archive::begin(to).map_err(|error| unwritable(to, &error))?;
    let (mut rows, mut files, mut without) = (Vec::new(), 0u64, 0u64);
    let mut entries =
        stream::iter(people).map(|person| entry(app, &shelf, &bundle, &forms, person)).buffered(AT_ONCE);
    while let Some(entry) = entries.try_next().await? {
        without += u64::from(entry.files.is_empty());
        files += entry.files.len() as u64;
        for (name, bytes) in &entry.files {
            archive.add(name, bytes, made_at).map_err(|error| unwritable(to, &error))?;
        }
        let number = rows.len() + 1;
        rows.push([vec![number.to_string()], entry.row].concat());
        let note =
            Text::new(format!("người, {}", entry.staff_number), format!("people, {}", entry.staff_number));
        // Nobody may be listening.
        let _nobody = progress.send(Progress { done: rows.len() as u64, total: Some(total), note });
    }
    drop(entries);
    let index = index(&shelf, &bundle, rows, made_at)?;
    archive.add(INDEX, &index, made_at).map_err(|error| unwritable(to, &error))?;
    archive.become_whole().map_err(|error| unwritable(to, &error))?;
    Ok(Outcome::ok(Document::Object {
        title: Text::new("Đã ghi hồ sơ của đơn vị", "The unit's papers are written"),
        fields: vec![
            Field::new("file", "Tệp", "File", to.display().to_string()),
            Field::new("people", "Người", "People", total),
            Field::new("files", "Văn bản", "Papers", files),
            Field::new("without", "Chưa có điểm, không in", "Without a score, not printed", without),
        ],
    }))
}

/// The papers that are printed; those asked for must fit the period.
fn forms(bundle: &Bundle) -> Result<Vec<(Form, Format)>, Refusal> {
    let year = bundle.period.is_year();
    let asked: Vec<Form> = if bundle.forms.is_empty() {
        Form::ALL.into_iter().filter(|form| form.fits(year)).collect()
    } else {
        let mut forms = bundle.forms.clone();
        forms.sort_unstable();
        forms.dedup();
        forms
    };
    if let Some(form) = asked.iter().find(|form| !form.fits(year)) {
        return Err(crate::pipeline::paper::other_period(*form, bundle.period).into());
    }
    let usual = |form| if form == Form::WorkSheet { Format::Xlsx } else { Format::Docx };
    Ok(asked.into_iter().map(|form| (form, bundle.format.unwrap_or_else(|| usual(form)))).collect())
}

/// Everyone of the unit who is evaluated in the period, unit by unit.
fn people(app: &App, shelf: &Shelf, bundle: &Bundle) -> Result<Vec<PersonId>, Refusal> {
    let population = app.rule_set(bundle.period)?.population_filter;
    let directory = &shelf.directory;
    let units = directory.subtree(&bundle.unit);
    let mut people: Vec<_> = directory
        .people()
        .filter_map(|known| {
            let post = directory.last_post(known.id, bundle.period)?;
            let wanted =
                units.contains(&post.unit) && directory.is_scored(known.id, bundle.period, population);
            wanted.then(|| (post.unit.clone(), known.staff_number.clone(), known.id))
        })
        .collect();
    people.sort_unstable_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    if people.is_empty() {
        return Err(nobody(&bundle.unit, bundle.period).into());
    }
    Ok(people.into_iter().map(|(.., id)| id).collect())
}

async fn entry(
    app: &App,
    shelf: &Shelf,
    bundle: &Bundle,
    forms: &[(Form, Format)],
    person: PersonId,
) -> Result<Entry, Finding> {
    let period = bundle.period;
    let directory = &shelf.directory;
    let told = |error: StoreError| error.finding();
    let (number, name) = directory
        .person(person)
        .map(|known| (known.staff_number.to_string(), known.full_name.clone()))
        .unwrap_or_default();
    let post = directory.last_post(person, period);
    let unit = post.map(|post| post.unit.to_string()).unwrap_or_default();
    let mut files = Vec::new();
    for (form, format) in forms {
        let wanted = Wanted { person, period, form: *form, revision: None };
        match app.paper_file(shelf, wanted, *format).await {
            Ok((_, bytes)) => {
                let inside = format!("{}/{}", paper::file_part(&unit), file_name(shelf, wanted, *format));
                files.push((inside, bytes));
            }
            // Whoever has no score stands in the index, with a blank where the papers would be.
            Err(finding) if finding.code == "LT-PAP-001" => {}
            Err(finding) => return Err(finding.at(Place::of(format!("record {number} {period}")))),
        }
    }
    let approved = app.store.approved_of(&[person], period).await.map_err(told)?.remove(&person);
    let shown = match approved {
        Some(approved) => Some(approved),
        None => app.store.latest_revision(person, period).await.map_err(told)?,
    };
    let text = |pointer: &str| -> String {
        let found = shown.as_ref().and_then(|revision| revision.content.pointer(pointer)?.as_str());
        found.map(str::to_owned).unwrap_or_default()
    };
    let state = shown.as_ref().map(|revision| revision.state.as_str()).unwrap_or_default();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let row = vec![
        number.clone(),
        name,
        post.and_then(|post| directory.unit(&post.unit)).map_or(unit, |unit| unit.name.clone()),
        post.map(|post| post.post.clone()).unwrap_or_default(),
        if files.is_empty() {
            "chưa có điểm".to_owned()
        } else {
            word(Words::RecordState, state, Lang::Vi).into_owned()
        },
        text("/parts/total/printed"),
        word(Words::Level, &text("/level"), Lang::Vi).into_owned(),
        shown.as_ref().map(|revision| revision.revision.to_string()).unwrap_or_default(),
        shown.as_ref().map(|revision| revision.content_hash.chars().take(12).collect()).unwrap_or_default(),
        names.join("; "),
    ];
    Ok(Entry { staff_number: number, row, files })
}

fn index(
    shelf: &Shelf,
    bundle: &Bundle,
    rows: Vec<Vec<String>>,
    printed_at: DateTime<Utc>,
) -> Result<Vec<u8>, Finding> {
    let (agency, superior) = agency_of(&shelf.directory, &bundle.unit);
    let unit = shelf.directory.unit(&bundle.unit).map(|unit| unit.name.clone());
    let heading = Heading {
        superior: superior.map(|unit| unit.name.clone()),
        agency: agency.map(|unit| unit.name.clone()).unwrap_or_default(),
        title: "MỤC LỤC HỒ SƠ ĐÁNH GIÁ".to_owned(),
        sub: format!("{}, {}", unit.unwrap_or_default(), paper::period_in_words(bundle.period)),
        mark: None,
        lines: Vec::new(),
        year: bundle.period.year(),
        printed_at,
    };
    let columns = [
        Column::numbers("TT", 6),
        Column::words("Số hiệu", 13),
        Column::words("Họ và tên", 24),
        Column::words("Đơn vị", 24),
        Column::words("Chức vụ, chức danh", 20),
        Column::words("Trạng thái", 20),
        Column::numbers("Tổng điểm", 10),
        Column::words("Mức", 20),
        Column::numbers("Phiên bản", 9),
        Column::words("Mã nội dung", 15),
        Column::words("Tệp", 40),
    ];
    let list = paper::list::paper(heading, &columns, rows);
    paper::render(&list, Format::Xlsx).map_err(|failed| crate::pipeline::paper::not_rendered(&failed))
}

impl Archive {
    fn begin(to: &Path) -> std::io::Result<Self> {
        let (growing, file) = Growing::begin(to)?;
        Ok(Self { growing, zip: zip::ZipWriter::new(BufWriter::new(file)) })
    }

    /// Papers are packed already: stored as they are.
    fn add(&mut self, name: &str, bytes: &[u8], at: DateTime<Utc>) -> std::io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .last_modified_time(stamp(at))
            .unix_permissions(0o600);
        self.zip.start_file(name, options)?;
        self.zip.write_all(bytes)
    }

    /// Writes the directory of the archive and gives the file its name.
    fn become_whole(self) -> std::io::Result<()> {
        let file = self.zip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        self.growing.become_whole(&file)
    }
}

/// The instant of printing in local time, as archives keep it.
fn stamp(at: DateTime<Utc>) -> zip::DateTime {
    use chrono::{Datelike as _, Timelike as _};
    let local = at.with_timezone(&crate::domain::local_offset());
    let small = |value: u32| u8::try_from(value).unwrap_or(0);
    zip::DateTime::from_date_and_time(
        u16::try_from(local.year()).unwrap_or(1980),
        small(local.month()),
        small(local.day()),
        small(local.hour()),
        small(local.minute()),
        small(local.second()),
    )
    .unwrap_or_default()
}

fn exists(to: &Path) -> Finding {
    Finding::error(
        "LT-PAP-010",
        Text::new("tệp đã tồn tại; không ghi đè", "the file exists already; it is not overwritten"),
        Text::new("chọn tên khác", "choose another name"),
    )
    .at(Place::of(to.display().to_string()))
}

fn unwritable(to: &Path, error: &std::io::Error) -> Finding {
    Finding::error(
        "LT-PAP-011",
        Text::new("không ghi được tệp", "the file cannot be written").because(&io_cause(error)),
        Text::new(
            "kiểm tra chỗ trống và quyền ghi; không có tệp dở dang nào để lại",
            "check free space and the right to write; nothing unfinished was left",
        ),
    )
    .at(Place::of(to.display().to_string()))
}

fn nobody(unit: &UnitCode, period: Period) -> Finding {
    Finding::error(
        "LT-PAP-012",
        Text::new(
            format!("đơn vị {unit} không có ai thuộc diện đánh giá trong kỳ {period}"),
            format!("unit {unit} has nobody who is evaluated in {period}"),
        ),
        Text::new(
            "kiểm tra kỳ, mã đơn vị và ngày giữ chức vụ trong danh sách công chức",
            "check the period, the unit's code and the days of the posts in the people list",
        ),
    )
    .at(Place::of("--unit"))
}
