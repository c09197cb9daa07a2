//! Printing: results on standard output, findings and progress on standard error.
//!
//! Owns the three forms of a result (text for people, JSON, CSV) in the chosen language, and the exit code.
//! It must not know what a result means. A reader who closes the pipe early is no error.

use super::layout::{self, Cells, width};
use crate::error::{Finding, Lang, Severity};
use crate::pipeline::command::{Align, Column, Document, EXIT_FAILED, Field, Outcome, Progress};
use crate::pipeline::wording::{self, Words, word};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For spreadsheets; what is no table falls back to JSON.
    Csv,
    /// A table as people of another office read it: CSV in Vietnamese, whatever the language of the terminal, marked as
    /// UTF-8; what is no table falls back to JSON.
    Sheet,
    /// One JSON object for each row of a table; what is no table falls back to JSON.
    Lines,
}

/// Prints outcomes in one form and language.
#[derive(Debug, Clone)]
pub struct Printer {
    /// Form of results.
    pub shape: Shape,
    /// Language of everything for people.
    pub lang: Lang,
}

impl Printer {
    /// A printer.
    pub fn new(shape: Shape, lang: Lang) -> Self {
        Self { shape, lang }
    }

    /// Prints an outcome; returns the exit code. In JSON a result without document becomes
    /// `{"findings": […]}`; otherwise findings go to standard error.
    pub fn finish(&self, outcome: &Outcome) -> u8 {
        let bare = matches!(outcome.document, Document::Nothing);
        let in_json = self.shape != Shape::Text && bare;
        if !in_json {
            self.findings(&outcome.findings);
        }
        let text = match self.shape {
            _ if in_json => pretty(&json!({ "findings": outcome.findings })),
            Shape::Text => text(&outcome.document, self.lang, layout::terminal()),
            Shape::Json => pretty(&outcome.document.to_json(self.lang)),
            Shape::Lines => match outcome.document.to_json(self.lang) {
                Value::Array(rows) => rows.iter().map(|row| format!("{row}\n")).collect(),
                other => pretty(&other),
            },
            Shape::Csv => {
                csv(&outcome.document).unwrap_or_else(|| pretty(&outcome.document.to_json(self.lang)))
            }
            Shape::Sheet => {
                sheet(&outcome.document).unwrap_or_else(|| pretty(&outcome.document.to_json(self.lang)))
            }
        };
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => outcome.exit.max(EXIT_FAILED),
            _ => outcome.exit,
        }
    }

    /// Prints findings to standard error.
    pub fn findings(&self, findings: &[Finding]) {
        let mut lines = String::new();
        for finding in findings {
            let word = match (finding.severity, self.lang) {
                (Severity::Error, Lang::Vi) => "lỗi",
                (Severity::Error, Lang::En) => "error",
                (Severity::Warning, Lang::Vi) => "cảnh báo",
                (Severity::Warning, Lang::En) => "warning",
                (Severity::Info, Lang::Vi) => "thông tin",
                (Severity::Info, Lang::En) => "info",
            };
            let _infallible = writeln!(lines, "{word} {}", finding.render(self.lang));
        }
        // Without standard error nobody could be told of a failure to write to it.
        let _nobody = std::io::stderr().lock().write_all(lines.as_bytes());
    }

    /// Prints a line for people to standard error.
    pub fn note(&self, line: &str) {
        let _nobody = writeln!(std::io::stderr().lock(), "{line}");
    }

    /// A progress bar; invisible unless wanted and on a terminal.
    pub fn progress(&self, wanted: bool) -> Bar {
        let visible = wanted && std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Bar { bar: ProgressBar::with_draw_target(None, target), lang: self.lang }
    }
}

/// A progress bar on a terminal.
pub struct Bar {
    bar: ProgressBar,
    lang: Lang,
}

impl Bar {
    /// Shows how far an order has come.
    pub fn show(&self, progress: &Progress) {
        if let Some(total) = progress.total {
            self.bar.set_length(total);
        }
        if let Ok(style) = ProgressStyle::with_template(template(progress)) {
            self.bar.set_style(style);
        }
        self.bar.set_position(progress.done);
        self.bar.set_message(progress.note.get(self.lang).to_owned());
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar where there is an end to it, else a counter.
fn template(progress: &Progress) -> &'static str {
    match progress.total {
        Some(_) => "{bar:30} {pos}/{len} {msg} ({per_sec}, {eta})",
        None => "{spinner} {pos} {msg} ({per_sec})",
    }
}

fn pretty(value: &Value) -> String {
    // Values of ours always serialise: keys are texts.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// A document for people, its tables within so many columns where there is a bound.
pub fn text(document: &Document, lang: Lang, bound: Option<usize>) -> String {
    let mut out = String::new();
    write_text(&mut out, document, lang, bound);
    out
}

fn write_text(out: &mut String, document: &Document, lang: Lang, bound: Option<usize>) {
    match document {
        Document::Nothing => {}
        Document::File { told, .. } => write_text(out, told, lang, bound),
        Document::Table { title, columns, rows } => {
            heading(out, title.get(lang), lang);
            table(out, columns, rows, lang, bound);
        }
        Document::Object { title, fields } => {
            heading(out, title.get(lang), lang);
            object(out, fields, lang);
        }
        Document::Parts { parts } => {
            for (_, part) in parts {
                let shown = text(part, lang, bound);
                if !shown.trim().is_empty() && !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&shown);
            }
        }
        Document::Json { text, .. } | Document::Message { text } => {
            out.push_str(text.get(lang));
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
}

fn heading(out: &mut String, title: &str, lang: Lang) {
    if !title.is_empty() {
        let _infallible = writeln!(out, "{}", wording::days(title, lang));
    }
}

fn table(out: &mut String, columns: &[Column], rows: &[Vec<Value>], lang: Lang, bound: Option<usize>) {
    if rows.is_empty() {
        let none = match lang {
            Lang::Vi => "(không có)",
            Lang::En => "(none)",
        };
        let _infallible = writeln!(out, "{none}");
        return;
    }
    let heads: Vec<String> = columns.iter().map(|column| column.title.get(lang).to_owned()).collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().zip(columns).map(|(value, of)| shown(value, of, lang)).collect())
        .collect();
    let right = columns.iter().map(|column| column.align == Align::Right).collect();
    layout::table(out, &Cells { heads, right, rows: cells }, bound);
}

fn object(out: &mut String, fields: &[Field], lang: Lang) {
    let wide = fields.iter().map(|field| width(field.title.get(lang))).max().unwrap_or(0);
    for field in fields {
        let title = field.title.get(lang);
        let pad = " ".repeat(wide.saturating_sub(width(title)));
        let value = told(&field.value, field.words, lang);
        let _infallible = writeln!(out, "{title}{pad}  {value}");
    }
}

/// A cell of a column as people read it.
fn shown(value: &Value, column: &Column, lang: Lang) -> String {
    // What stands to the right is a figure.
    let figures = (column.align == Align::Right).then_some(Words::Number);
    told(value, column.words.or(figures), lang)
}

/// A value as people read it: tokens by what they are called.
fn told(value: &Value, words: Option<Words>, lang: Lang) -> String {
    match (words, value) {
        (Some(words), Value::String(token))
            if words != Words::Number || wording::local_time(token, lang).is_none() =>
        {
            word(words, token, lang).into_owned()
        }
        (Some(_), Value::Array(list)) => {
            list.iter().map(|value| told(value, words, lang)).collect::<Vec<_>>().join(", ")
        }
        _ => cell(value, lang),
    }
}

/// A value as people read it, on one line. Two-language values are objects with `vi` and `en`.
fn cell(value: &Value, lang: Lang) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => {
            // A day, or a span of days; within words it may be part of an order to be typed.
            let days_alone = !text.chars().any(char::is_alphabetic);
            let days = || if days_alone { wording::days(text, lang) } else { text.clone() };
            wording::local_time(text, lang).unwrap_or_else(days)
        }
        Value::Bool(true) => match lang {
            Lang::Vi => "có".to_owned(),
            Lang::En => "yes".to_owned(),
        },
        Value::Bool(false) => match lang {
            Lang::Vi => "không".to_owned(),
            Lang::En => "no".to_owned(),
        },
        Value::Array(list) => list.iter().map(|value| cell(value, lang)).collect::<Vec<_>>().join(", "),
        Value::Object(object) => {
            let key = match lang {
                Lang::Vi => "vi",
                Lang::En => "en",
            };
            match object.get(key) {
                Some(Value::String(text)) => text.clone(),
                _ => value.to_string(),
            }
        }
        Value::Number(number) if number.is_f64() => {
            wording::decimal(&format!("{:.4}", number.as_f64().unwrap_or_default()), lang)
        }
        Value::Number(number) => number.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A table as CSV with its keys as head, of several parts the last one; none for other documents.
pub fn csv(document: &Document) -> Option<String> {
    if let Document::Parts { parts } = document {
        return parts.last().and_then(|(_, part)| csv(part));
    }
    let Document::Table { columns, rows, .. } = document else { return None };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.key.as_str())).ok()?;
    for row in rows {
        writer.write_record(row.iter().map(|value| guarded(&plain(value)))).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

/// A table as CSV for Vietnamese readers: heads, states and times as they know them; none for other documents.
pub fn sheet(document: &Document) -> Option<String> {
    let Document::Table { columns, rows, .. } = document else { return None };
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(columns.iter().map(|column| column.title.get(Lang::Vi))).ok()?;
    for row in rows {
        let cells = row.iter().zip(columns).map(|(value, of)| guarded(&shown(value, of, Lang::Vi)));
        writer.write_record(cells).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

/// A value as programs read it: instants and numbers stay exact.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        Value::Number(number) => number.to_string(),
        other => cell(other, Lang::En),
    }
}

/// A spreadsheet would run a cell that begins like a formula; an apostrophe makes it text.
fn guarded(text: &str) -> String {
    let risky = text.len() > 1 && text.starts_with(['=', '+', '-', '@']);
    if risky && text.parse::<rust_decimal::Decimal>().is_err() { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Text;

    fn sample() -> Document {
        Document::Table {
            title: Text::new("Công việc", "Tasks"),
            columns: vec![Column::left("person", "Cán bộ", "Person"), Column::right("done", "Xong", "Done")],
            rows: vec![
                vec![json!("Nguyễn Thị Hồng"), json!(12)],
                vec![json!("-"), json!(3)],
                vec![json!("=1+1"), json!(-5)],
            ],
        }
    }

    #[test]
    fn columns_line_up_under_vietnamese_letters_in_either_normal_form() {
        let text = text(&sample(), Lang::Vi, None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Công việc");
        assert_eq!(lines[1], "Cán bộ           Xong");
        assert_eq!(lines[2], "Nguyễn Thị Hồng    12");
    }

    #[test]
    fn csv_has_stable_keys_and_no_cell_a_spreadsheet_would_run() {
        assert_eq!(csv(&sample()).expect("a table"), "person,done\nNguyễn Thị Hồng,12\n-,3\n'=1+1,-5\n");
        assert!(csv(&Document::Nothing).is_none());
    }

    #[test]
    fn control_characters_of_outside_text_never_reach_the_terminal() {
        assert_eq!(cell(&json!("a\u{1b}[31mb\nc"), Lang::En), "a [31mb c");
    }

    #[test]
    fn instants_are_local_for_people_and_exact_for_programs() {
        assert_eq!(cell(&json!("2026-12-07T02:00:42.573Z"), Lang::En), "2026-12-07 09:00:42");
        assert_eq!(plain(&json!("2026-12-07T02:00:42.573Z")), "2026-12-07T02:00:42.573Z");
        assert_eq!(cell(&json!("2026-12-07T02:00:42.573Z"), Lang::Vi), "09:00:42 07/12/2026");
        assert_eq!(cell(&json!("2026-12-07"), Lang::En), "2026-12-07");
        assert_eq!(cell(&json!("2026-12-07"), Lang::Vi), "07/12/2026");
        assert_eq!(cell(&json!("2026-10-15 – 2026-12-31"), Lang::Vi), "15/10/2026 – 31/12/2026");
        assert_eq!(
            cell(&json!("backfill snv --from 2026-10-15"), Lang::Vi),
            "backfill snv --from 2026-10-15"
        );
        assert_eq!(plain(&json!("2026-12-07")), "2026-12-07");
        assert_eq!(cell(&json!(0.734_964_440_042), Lang::En), "0.7350");
    }

    #[test]
    fn bar_has_an_end_where_the_total_is_known_and_is_a_counter_where_it_is_not() {
        let bar = Printer::new(Shape::Text, Lang::Vi).progress(false);
        let show = |done, total| {
            let progress = Progress { done, total, note: Text::new("bản ghi đã đọc", "records read") };
            bar.show(&progress);
            (template(&progress).contains("{bar"), bar.bar.position(), bar.bar.message())
        };
        assert_eq!(show(20, Some(40)), (true, 20, "bản ghi đã đọc".to_owned()));
        assert_eq!(bar.bar.length(), Some(40));
        assert_eq!(show(50, None), (false, 50, "bản ghi đã đọc".to_owned()));
    }

    /// A terminal that keeps what is written to it.
    #[derive(Debug, Clone, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<String>>);

    impl Kept {
        fn put(&self, text: &str) -> std::io::Result<()> {
            self.0.lock().expect("lock").push_str(text);
            Ok(())
        }

        fn taken(&self) -> String {
            std::mem::take(&mut *self.0.lock().expect("lock"))
        }
    }

    impl indicatif::TermLike for Kept {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.put(text)?;
            self.put("\n")
        }

        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.put(text)
        }

        fn clear_line(&self) -> std::io::Result<()> {
            self.put("\r")
        }

        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn bar_is_drawn_with_how_many_of_how_many_and_taken_away_at_the_end() {
        let terminal = Kept::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar = Bar { bar: ProgressBar::with_draw_target(None, target), lang: Lang::Vi };
        for (done, number) in [(1, "GL-1"), (2, "GL-2"), (3, "GL-3")] {
            let note = Text::new(format!("người, {number}"), format!("people, {number}"));
            bar.show(&Progress { done, total: Some(3), note });
            bar.bar.force_draw();
            let drawn = terminal.taken();
            assert!(drawn.contains(&format!("{done}/3 người, {number}")), "{drawn:?}");
            assert!(drawn.contains('█') || drawn.contains('░'), "a bar: {drawn:?}");
        }
        bar.clear();
        let left = terminal.taken();
        assert!(!left.contains("3/3"), "{left:?}");
    }

    #[test]
    fn tokens_are_words_for_people_and_stay_tokens_for_programs() {
        let table = Document::Table {
            title: Text::new("Gửi đi", "Deliveries"),
            columns: vec![
                Column::words("state", "Trạng thái", "State", Words::Delivery),
                Column::words("missing", "Còn thiếu", "Missing", Words::Missing),
            ],
            rows: vec![vec![json!("parked"), json!(["unit_result", "new_part"])]],
        };
        assert!(text(&table, Lang::Vi, None).contains("Chờ người xử lý  d (kết quả đơn vị), new_part"));
        assert!(text(&table, Lang::En, None).contains("Waits for a person  d (unit result), new_part"));
        assert_eq!(table.to_json(Lang::Vi)[0]["state"], "parked");
        assert_eq!(csv(&table).expect("a table"), "state,missing\nparked,\"unit_result, new_part\"\n");
    }

    #[test]
    fn figures_have_a_decimal_comma_in_vietnamese_tables_and_stay_as_they_are_for_programs() {
        let table = Document::Table {
            title: Text::new("Điểm đến ngày 2026-09-30", "Scores as of 2026-09-30"),
            columns: vec![
                Column::left("version", "Phiên bản", "Version"),
                Column::right("total", "Tổng", "Total"),
                Column::right("share", "Phần", "Share"),
            ],
            rows: vec![vec![json!("2026.1"), json!("88.50"), json!(0.5)]],
        };
        let vi = text(&table, Lang::Vi, None);
        assert!(vi.starts_with("Điểm đến ngày 30/09/2026\n"), "{vi}");
        assert!(vi.contains("2026.1") && vi.contains("88,50") && vi.contains("0,5000"), "{vi}");
        let en = text(&table, Lang::En, None);
        assert!(en.contains("2026-09-30") && en.contains("88.50") && en.contains("0.5000"), "{en}");
        assert_eq!(csv(&table).expect("a table"), "version,total,share\n2026.1,88.50,0.5\n");
        let one = Document::Object {
            title: Text::new("", ""),
            fields: vec![
                Field::words("state", "Trạng thái", "State", Words::Organisation, "appraised"),
                Field::words("total", "Tổng", "Total", Words::Number, "90.25"),
            ],
        };
        assert_eq!(text(&one, Lang::Vi, None), "Trạng thái  Đã thẩm định\nTổng        90,25\n");
        assert_eq!(one.to_json(Lang::Vi), json!({ "state": "appraised", "total": "90.25" }));
    }

    #[test]
    fn sheet_for_another_office_is_vietnamese_whatever_the_terminal_speaks() {
        let table = Document::Table {
            title: Text::new("", ""),
            columns: vec![
                Column::words("state", "Trạng thái", "State", Words::Proposal),
                Column::left("at", "Lúc", "At"),
                Column::left("name", "Tên", "Name"),
            ],
            rows: vec![vec![json!("open"), json!("2026-12-07T02:00:42.573Z"), json!("=cmd")]],
        };
        let text = sheet(&table).expect("a table");
        assert_eq!(text, "\u{feff}Trạng thái,Lúc,Tên\nChờ bổ sung danh mục,09:00:42 07/12/2026,'=cmd\n");
    }

    #[test]
    fn an_empty_table_says_so() {
        let empty = Document::Table { title: Text::new("", ""), columns: Vec::new(), rows: Vec::new() };
        assert_eq!(text(&empty, Lang::Vi, None), "(không có)\n");
        assert_eq!(empty.to_json(Lang::Vi), json!([]));
    }
}
