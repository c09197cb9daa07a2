//! A sheet as a workbook (XLSX).
//!
//! Owns the grid: the widest table gives the columns, few wide ones cut into several; everything else is merged across. Numbers are numbers, so
//! that a reader can add them up again; texts are never formulas. It must not know forms. The only instant in the file
//! is the one of printing.

use super::Failed;
use super::layout::{Align, Block, Cell, Paper, Run, Signature, Table};
use super::plain::{clean, file_part};
use rust_xlsxwriter::{
    DocProperties, Format, FormatAlign, FormatBorder, FormatUnderline, Workbook, Worksheet, XlsxError,
};

/// Characters of the standard width that fit on A4 upright, and across.
const PORTRAIT: f64 = 84.0;
const LANDSCAPE: f64 = 130.0;
/// Height of a line of 13 points, in points.
const LINE: f64 = 17.0;
/// Inches of the margins: 20 mm above and below, 30 mm left, 15 mm right (Decree 30/2020 annex I).
const MARGINS: (f64, f64, f64, f64) = (1.181, 0.591, 0.787, 0.787);
/// Columns of a table of few columns are cut to about this many characters, so that what stands beside each other
/// elsewhere finds a border near where it needs one. Tables of many columns stay as they are: people sort them.
const FINE: f64 = 12.0;
const FEW: usize = 5;
/// Longest footer a workbook takes.
const LONGEST_FOOTER: usize = 200;

/// The workbook.
pub(super) fn write(paper: &Paper) -> Result<Vec<u8>, Failed> {
    let mut book = Workbook::new();
    let made = paper.printed_at;
    let about = DocProperties::new()
        .set_title(clean(&paper.title))
        .set_author("Liên Thông")
        .set_creation_datetime(&made.naive_utc().date().and_time(made.naive_utc().time()));
    book.set_properties(&about);
    let sheet = book.add_worksheet();
    set_page(sheet, paper)?;
    let widest = paper.blocks.iter().filter_map(table_of).max_by_key(|table| table.widths.len());
    let parts = widest.map_or_else(|| vec![1; 4], |table| table.widths.clone());
    let mut grid = Grid::new(sheet, &parts, if paper.landscape { LANDSCAPE } else { PORTRAIT })?;
    for block in &paper.blocks {
        let main = table_of(block).is_some_and(|table| Some(table) == widest);
        grid.block(block, main)?;
    }
    Ok(book.save_to_buffer()?)
}

fn table_of(block: &Block) -> Option<&Table> {
    match block {
        Block::Table(table) => Some(table),
        _ => None,
    }
}

fn set_page(sheet: &mut Worksheet, paper: &Paper) -> Result<(), XlsxError> {
    // At most 31 characters, none of []:*?/\ in a sheet's name.
    let name: String = file_part(&paper.title).replace(['[', ']', '\''], "-").chars().take(31).collect();
    sheet.set_name(name.trim_matches('-').trim())?;
    sheet.set_paper_size(9);
    if paper.landscape {
        sheet.set_landscape();
    }
    let (left, right, top, bottom) = MARGINS;
    sheet.set_margins(left, right, top, bottom, 0.4, 0.4);
    sheet.set_print_fit_to_pages(1, 0);
    let line: String = clean(&paper.footer).replace('&', "&&").chars().take(LONGEST_FOOTER).collect();
    sheet.set_footer(format!("&L&\"Times New Roman\"&9{line}&R&\"Times New Roman\"&9Trang &P/&N"));
    sheet.set_screen_gridlines(false);
    Ok(())
}

/// Letters of a size.
fn print(half_points: u32) -> Format {
    Format::new().set_font_name("Times New Roman").set_font_size(f64::from(half_points) / 2.0)
}

/// Letters of a size that go on in the next line.
fn letters(half_points: u32) -> Format {
    print(half_points).set_text_wrap()
}

fn placed(format: Format, align: Align) -> Format {
    let across = match align {
        Align::Left => FormatAlign::Left,
        Align::Centre => FormatAlign::Center,
        Align::Right => FormatAlign::Right,
    };
    format.set_align(across).set_align(FormatAlign::VerticalCenter)
}

/// Rows under construction.
struct Grid<'a> {
    sheet: &'a mut Worksheet,
    /// Width of each column in characters.
    widths: Vec<f64>,
    /// First and last column of each column of the widest table.
    main: Vec<(usize, usize)>,
    row: u32,
}

impl<'a> Grid<'a> {
    fn new(sheet: &'a mut Worksheet, parts: &[u32], whole: f64) -> Result<Self, XlsxError> {
        let total = f64::from(parts.iter().sum::<u32>().max(1));
        let (mut widths, mut main) = (Vec::new(), Vec::new());
        for part in parts {
            let width = f64::from(*part) / total * whole;
            let cut = if parts.len() > FEW { 1.0 } else { (width / FINE).round().max(1.0) };
            let first = widths.len();
            widths.extend(std::iter::repeat_n(width / cut, cut as usize));
            main.push((first, widths.len() - 1));
        }
        for (column, width) in (0u16..).zip(&widths) {
            sheet.set_column_width(column, *width)?;
        }
        Ok(Self { sheet, widths, main, row: 0 })
    }

    fn columns(&self) -> usize {
        self.widths.len()
    }

    fn block(&mut self, block: &Block, main: bool) -> Result<(), XlsxError> {
        match block {
            Block::Letterhead { superior, agency, form, year } => {
                self.letterhead(superior.as_deref(), agency, form.as_deref(), *year)
            }
            Block::Title { text, sub, mark } => {
                self.row += 1;
                let centre = |format: Format| placed(format, Align::Centre);
                self.across(text, &centre(letters(28)).set_bold())?;
                self.across(sub, &centre(letters(26)).set_italic())?;
                if let Some(mark) = mark {
                    let framed = centre(letters(24)).set_bold().set_border(FormatBorder::Medium);
                    self.across(mark, &framed)?;
                }
                self.row += 1;
                Ok(())
            }
            Block::Heading(text) => {
                self.row += 1;
                self.across(text, &placed(letters(26), Align::Left).set_bold())
            }
            Block::Line(runs) => self.line(runs),
            Block::Entry { label, text, dots } => self.entry(label, text.as_deref(), *dots),
            Block::Table(table) => self.table(table, main),
            Block::Choice(options) => self.choice(options),
            Block::Signatures(signatures) => self.signatures(signatures),
        }
    }

    /// A text over some columns of a row.
    fn merged(
        &mut self,
        row: u32,
        (first, last): (usize, usize),
        text: &str,
        format: &Format,
    ) -> Result<(), XlsxError> {
        let column = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let text = clean(text);
        if first >= last {
            self.sheet.write_string_with_format(row, column(first), text, format)?;
        } else {
            self.sheet.merge_range(row, column(first), row, column(last), &text, format)?;
        }
        Ok(())
    }

    /// A text over the whole width in a row of its own, high enough for it: merged cells do not grow by themselves.
    fn across(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        let whole: f64 = self.widths.iter().sum();
        self.sheet.set_row_height(self.row, LINE * lines(text, whole))?;
        self.merged(self.row, (0, self.columns().saturating_sub(1)), text, format)?;
        self.row += 1;
        Ok(())
    }

    /// Columns for parts of equal width side by side, or of the widths given.
    fn parts(&self, parts: &[u32]) -> Vec<(usize, usize)> {
        let (whole, columns): (f64, usize) = (self.widths.iter().sum(), self.columns());
        let total = f64::from(parts.iter().sum::<u32>().max(1));
        let (mut bounds, mut wanted) = (Vec::new(), 0.0);
        let mut first = 0;
        for (index, part) in parts.iter().enumerate() {
            wanted += f64::from(*part) / total * whole;
            let rest = parts.len() - index - 1;
            let mut last = first;
            let mut reached: f64 = self.widths.iter().take(first + 1).sum();
            while last + 1 + rest < columns
                && (rest == 0 || reached + self.widths.get(last + 1).copied().unwrap_or(0.0) / 2.0 < wanted)
            {
                last += 1;
                reached += self.widths.get(last).copied().unwrap_or(0.0);
            }
            bounds.push((first, last));
            first = (last + 1).min(columns.saturating_sub(1));
        }
        bounds
    }

    fn letterhead(
        &mut self,
        superior: Option<&str>,
        agency: &str,
        form: Option<&str>,
        year: i32,
    ) -> Result<(), XlsxError> {
        if let Some(form) = form {
            self.across(form, &placed(letters(26), Align::Right).set_bold().set_italic())?;
        }
        let halves = self.parts(&[36, 64]);
        let [left, right] = halves.as_slice() else { return Ok(()) };
        let centre = |half_points| placed(letters(half_points), Align::Centre);
        // Name and motto of the state stand in one line each, whatever the columns below leave them.
        let one_line = |half_points| placed(print(half_points), Align::Centre).set_shrink().set_bold();
        let (bold, state) = (centre(24).set_bold(), one_line(24));
        let line = one_line(26).set_underline(FormatUnderline::Single);
        let dated = format!("……………, ngày …… tháng …… năm {year}");
        let agency = agency.to_uppercase();
        let first =
            superior.map_or_else(|| (agency.clone(), bold.clone()), |name| (name.to_uppercase(), centre(24)));
        let second = superior.map_or_else(|| (String::new(), centre(24)), |_| (agency, bold.clone()));
        let rows = [
            (first, ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM".to_owned(), state)),
            (second, ("Độc lập - Tự do - Hạnh phúc".to_owned(), line)),
            ((String::new(), centre(24)), (dated, centre(26).set_italic())),
        ];
        for ((at_left, of_left), (at_right, of_right)) in rows {
            self.sheet.set_row_height(self.row, LINE * lines(&at_left, self.width(*left)))?;
            self.merged(self.row, *left, &at_left, &of_left)?;
            self.merged(self.row, *right, &at_right, &of_right)?;
            self.row += 1;
        }
        Ok(())
    }

    fn width(&self, (first, last): (usize, usize)) -> f64 {
        self.widths.iter().skip(first).take(last + 1 - first).sum()
    }

    fn line(&mut self, runs: &[Run]) -> Result<(), XlsxError> {
        let text: String = runs.iter().map(|run| run.text.as_str()).collect();
        let all = |of: fn(&Run) -> bool| !runs.is_empty() && runs.iter().all(of);
        let mut format = placed(letters(26), Align::Left);
        if all(|run| run.bold) {
            format = format.set_bold();
        }
        if all(|run| run.italic) {
            format = format.set_italic();
        }
        self.across(&text, &format)
    }

    fn entry(&mut self, label: &str, text: Option<&str>, dots: usize) -> Result<(), XlsxError> {
        let format = placed(letters(26), Align::Left);
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            return self.across(&format!("{label} {text}"), &format);
        }
        self.across(label, &format)?;
        let whole: f64 = self.widths.iter().sum();
        for _ in 1..dots.max(2) {
            self.across(&".".repeat(whole as usize), &format)?;
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, main: bool) -> Result<(), XlsxError> {
        let places = if main { self.main.clone() } else { self.parts(&table.widths) };
        let first = self.row;
        for row in table.head.iter().chain(&table.rows) {
            self.table_row(row, &places, table.half_points)?;
        }
        if main && !table.head.is_empty() {
            let last = first + u32::try_from(table.head.len()).unwrap_or(1);
            self.sheet.set_repeat_rows(first, last - 1)?;
        }
        self.row += 1;
        Ok(())
    }

    fn table_row(
        &mut self,
        row: &[Cell],
        places: &[(usize, usize)],
        half_points: u32,
    ) -> Result<(), XlsxError> {
        let (mut next, mut needed) = (0, 1.0f64);
        for cell in row {
            let from = places.get(next).copied().unwrap_or((0, 0)).0;
            let to = places.get(next + cell.more_columns).copied().unwrap_or((from, from)).1;
            next += cell.more_columns + 1;
            let format = placed(letters(half_points), cell.align).set_border(FormatBorder::Thin);
            let format = if cell.bold { format.set_bold() } else { format };
            let text = if cell.note.is_empty() {
                cell.text.clone()
            } else {
                format!("{} [{}]", cell.text, cell.note)
            };
            // Smaller letters need less room.
            let room = self.width((from, to)) * 26.0 / f64::from(half_points.max(1)) * 0.95;
            needed = needed.max(lines(&text, room));
            match text.parse::<f64>() {
                // A workbook knows no other numbers; what is computed and kept never passes through here.
                Ok(value) if cell.number => {
                    let digits = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                    let shown =
                        if digits == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(digits)) };
                    let format = format.set_num_format(shown);
                    if from < to {
                        self.merged(self.row, (from, to), "", &format)?;
                    }
                    let column = u16::try_from(from).unwrap_or(u16::MAX);
                    self.sheet.write_number_with_format(self.row, column, value, &format)?;
                }
                _ => self.merged(self.row, (from, to), &text, &format)?,
            }
        }
        // 409 points is the highest row there is.
        let high = (needed * f64::from(half_points) / 2.0 * 1.3 + 2.0).min(409.0);
        self.sheet.set_row_height(self.row, high)?;
        self.row += 1;
        Ok(())
    }

    fn choice(&mut self, options: &[(String, bool)]) -> Result<(), XlsxError> {
        let table = Table {
            widths: vec![1; options.len()],
            head: vec![options.iter().map(|(name, _)| Cell::head(name)).collect()],
            rows: vec![
                options
                    .iter()
                    .map(|(_, chosen)| Cell::centre(if *chosen { "X" } else { "" }).bold())
                    .collect(),
            ],
            half_points: 24,
            ..Table::default()
        };
        self.table(&table, false)
    }

    fn signatures(&mut self, signatures: &[Signature]) -> Result<(), XlsxError> {
        self.row += 1;
        let places = self.parts(&vec![1; signatures.len()]);
        let centre = placed(letters(26), Align::Centre);
        for (signature, place) in signatures.iter().zip(places) {
            self.merged(self.row, place, &signature.title, &centre.clone().set_bold())?;
            self.merged(self.row + 1, place, &signature.hint, &centre.clone().set_italic())?;
            // Room for a signature and a seal.
            let name = signature.name.as_deref().unwrap_or("");
            self.merged(self.row + 6, place, name, &centre.clone().set_bold())?;
            let needed = lines(&signature.title, self.width(place));
            if needed > 1.0 {
                self.sheet.set_row_height(self.row, LINE * needed)?;
            }
        }
        self.row += 8;
        Ok(())
    }
}

/// How many lines a text needs in so many characters of width; at least one, at most what a row can be high.
fn lines(text: &str, width: f64) -> f64 {
    let per_line = width.max(1.0);
    let longest_word = text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    // Words are not cut where they can be moved: part of each line stays empty.
    let lost = 1.0 + (longest_word as f64 / per_line).min(0.25);
    let count = text.chars().count() as f64;
    (count * lost / per_line).ceil().clamp(1.0, 24.0)
}
