//! How values are written on the command line, and what is said when one is not.
//!
//! Owns the readers of single values; it must not know subcommands. A wrong value ends with exit code 2.

use crate::domain::{CatalogScope, Exact, Period, SourceId};
use crate::error::{Lang, Text};
use crate::pipeline::command::{PersonRef, ShareEntry, TaskRef};
use chrono::NaiveDate;
use std::fmt;
/// What is wrong with a value, in both languages; clap prints the English sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong(pub Text);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.en)
    }
}

impl std::error::Error for Wrong {}

pub(in crate::cli) fn wrong(vi: impl Into<String>, en: impl Into<String>) -> Wrong {
    Wrong(Text::new(vi, en))
}

pub(in crate::cli) fn day(text: &str) -> Result<NaiveDate, Wrong> {
    let forms = ["%Y-%m-%d", "%d/%m/%Y"];
    let full_year = text.split(['-', '/']).any(|part| part.len() == 4);
    let parsed = forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    parsed.filter(|_| full_year).ok_or_else(|| {
        wrong("viết ngày như 2026-11-24 hoặc 24/11/2026", "write a day as 2026-11-24 or 24/11/2026")
    })
}

pub(in crate::cli) fn period(text: &str) -> Result<Period, Wrong> {
    text.parse().map_err(|_| wrong("viết kỳ như 2026-Q3 hoặc 2026", "write a period as 2026-Q3 or 2026"))
}

pub(in crate::cli) fn scope(text: &str) -> Result<CatalogScope, Wrong> {
    text.parse().map_err(|_| {
        wrong(
            "viết province, department, commune hoặc unit:MÃ",
            "write province, department, commune or unit:CODE",
        )
    })
}

pub(in crate::cli) fn person(text: &str) -> Result<PersonRef, Wrong> {
    text.parse().map_err(|_| {
        wrong(
            "viết số hiệu cán bộ (1 đến 32 ký tự) hoặc mã trên trang theo dõi",
            "write a staff number (1 to 32 characters) or the id the page shows",
        )
    })
}

/// A number as people write it: `2.5`, and `2,5` as the program prints it.
pub(in crate::cli) fn number(text: &str) -> Result<Exact, Wrong> {
    let point = if text.contains('.') { text.to_owned() } else { text.replacen(',', ".", 1) };
    point.parse().map_err(|_| {
        wrong(
            format!("\"{text}\" không phải số; viết như 2,5 hoặc 2.5"),
            format!("\"{text}\" is no number; write 2.5 or 2,5"),
        )
    })
}

fn percent(text: &str) -> Result<rust_decimal::Decimal, Wrong> {
    ShareEntry::read_percent(text).ok_or_else(|| {
        wrong(
            "viết phần trăm từ 0 đến 100, tối đa 4 chữ số thập phân",
            "write percents from 0 to 100 with at most 4 decimals",
        )
    })
}

pub(in crate::cli) fn person_share(text: &str) -> Result<(PersonRef, rust_decimal::Decimal), Wrong> {
    let (whose, share) = text.rsplit_once('=').ok_or_else(|| {
        wrong("viết SỐ-HIỆU=PHẦN-TRĂM, ví dụ GL-00012=50", "write PERSON=PERCENT, for example GL-00012=50")
    })?;
    Ok((person(whose)?, percent(share)?))
}

pub(in crate::cli) fn period_share(text: &str) -> Result<(Period, rust_decimal::Decimal), Wrong> {
    let form = || {
        wrong(
            "viết QUÝ=PHẦN-TRĂM hoặc THÁNG=PHẦN-TRĂM, ví dụ 2026-Q1=30, 2026-01=10",
            "write QUARTER=PERCENT or MONTH=PERCENT, for example 2026-Q1=30, 2026-01=10",
        )
    };
    let (period, share) = text.rsplit_once('=').ok_or_else(form)?;
    Ok((ShareEntry::read_period(period).ok_or_else(form)?, percent(share)?))
}

pub(in crate::cli) fn task(text: &str) -> Result<TaskRef, Wrong> {
    text.parse().map_err(|_| {
        wrong("viết NGUỒN:MÃ, ví dụ snv-eoffice:1042", "write SOURCE:KEY, for example snv-eoffice:1042")
    })
}

pub(in crate::cli) fn rejected(text: &str) -> Result<(SourceId, Option<i64>), Wrong> {
    let (source, id) = text.split_once(':').map_or((text, None), |(source, id)| (source, Some(id)));
    let id = id.map(|id| id.parse().ok().filter(|id| *id > 0).ok_or(())).transpose();
    match (source.parse(), id) {
        (Ok(source), Ok(id)) => Ok((source, id)),
        _ => Err(wrong(
            "viết tên nguồn, hoặc NGUỒN:SỐ như `rejected list` hiển thị",
            "write a source's name, or SOURCE:ID as `rejected list` shows it",
        )),
    }
}

pub(in crate::cli) fn rejected_one(text: &str) -> Result<(SourceId, i64), Wrong> {
    match rejected(text) {
        Ok((source, Some(id))) => Ok((source, id)),
        _ => Err(wrong(
            "viết NGUỒN:SỐ như `rejected list` hiển thị",
            "write SOURCE:ID as `rejected list` shows it",
        )),
    }
}

pub(in crate::cli) fn language(text: &str) -> Result<Lang, Wrong> {
    match text {
        "vi" => Ok(Lang::Vi),
        "en" => Ok(Lang::En),
        _ => Err(wrong("viết vi hoặc en", "write vi or en")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_the_comma_it_is_printed_with_and_nothing_doubtful() {
        let read = |text: &str| number(text).ok().map(|value| value.to_text());
        assert_eq!(
            (read("2,5"), read("2.5"), read("3")),
            (read("2.5"), Some("2.5".into()), Some("3".into()))
        );
        for bad in ["1.234,5", "1,2,3", "", "hai"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(number("hai").expect_err("refused").0.vi.contains("không phải số"));
    }
}
