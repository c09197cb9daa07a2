//! Help, version and mistakes of the command line itself.
//!
//! Owns where they are printed and the exit code: asked-for help is a result, a mistake goes to standard
//! error and ends with 2. Vietnamese sentences are made from what clap tells about a mistake.

use super::args::Wrong;
use super::lang;
use crate::error::Lang;
use crate::pipeline::command::{EXIT_OK, EXIT_USAGE};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::io::Write as _;
use std::process::ExitCode;

/// Prints what clap has to say and ends.
pub fn end(error: &clap::Error, language: Lang) -> ExitCode {
    let (text, asked) = message(error, language);
    // A closed pipe is the reader's business.
    let _closed = if asked {
        std::io::stdout().lock().write_all(text.as_bytes())
    } else {
        std::io::stderr().lock().write_all(text.as_bytes())
    };
    ExitCode::from(if asked { EXIT_OK } else { EXIT_USAGE })
}

/// The text, and whether it was asked for.
fn message(error: &clap::Error, language: Lang) -> (String, bool) {
    let rendered = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (lang::headings(&rendered, language), true),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => (lang::headings(&rendered, language), false),
        _ if language == Lang::En => (rendered, false),
        _ => (vietnamese(error), false),
    }
}

fn vietnamese(error: &clap::Error) -> String {
    let told = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    };
    let (argument, value) = (told(ContextKind::InvalidArg), told(ContextKind::InvalidValue));
    let sentence = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} cần một giá trị"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("giá trị \"{value}\" của {argument} không hợp lệ")
        }
        ErrorKind::UnknownArgument => format!("không có tùy chọn hoặc tham số {argument}"),
        ErrorKind::InvalidSubcommand => format!("không có lệnh \"{}\"", told(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("thiếu {argument}"),
        ErrorKind::ArgumentConflict => {
            format!("{argument} không dùng cùng với {}", told(ContextKind::PriorArg))
        }
        _ => format!("dòng lệnh không đúng {argument}"),
    };
    let mut lines = vec![format!("lỗi: {}", sentence.trim_end())];
    let why = std::error::Error::source(error).and_then(|why| why.downcast_ref::<Wrong>());
    lines.extend(why.map(|Wrong(text)| format!("  {}", text.vi)));
    let choices = told(ContextKind::ValidValue);
    if !choices.is_empty() {
        lines.push(format!("  giá trị: {choices}"));
    }
    let near: Vec<String> =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .map(told)
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
    if !near.is_empty() {
        lines.push(format!("  có phải: {}?", near.join(", ")));
    }
    lines.push("  hướng dẫn: thêm --help vào lệnh".to_owned());
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str, language: Lang) -> (String, bool) {
        let error = lang::command(language).try_get_matches_from(line.split(' ')).expect_err(line);
        message(&error, language)
    }

    #[test]
    fn mistakes_are_told_in_vietnamese_with_the_nearest_name() {
        let (text, asked) = told("lienthong syncc a", Lang::Vi);
        assert!(
            !asked && text.contains("không có lệnh \"syncc\"") && text.contains("có phải: sync"),
            "{text}"
        );
        let (text, _) = told("lienthong backfill a --from 2026-01-01", Lang::Vi);
        assert!(text.contains("thiếu --to"), "{text}");
        let (text, _) = told("lienthong report tasks --by house", Lang::Vi);
        assert!(text.contains("giá trị \"house\"") && text.contains("person, unit"), "{text}");
        let (text, _) = told("lienthong score explain GL-1 2026Q3", Lang::Vi);
        assert!(text.contains("\"2026Q3\"") && text.contains("viết kỳ như 2026-Q3"), "{text}");
        let (text, _) = told("lienthong outbox retry 12", Lang::Vi);
        assert!(text.contains("như `outbox list` hiển thị"), "{text}");
        let (text, _) = told("lienthong mapping decide a:1 --product X --outside", Lang::Vi);
        assert!(text.contains("không dùng cùng với"), "{text}");
    }

    #[test]
    fn asked_for_help_is_a_result_and_missing_words_are_a_mistake() {
        assert!(told("lienthong sync --help", Lang::Vi).1);
        assert!(told("lienthong --version", Lang::Vi).1);
        assert!(!told("lienthong people", Lang::Vi).1);
        let (text, _) = told("lienthong score show --help", Lang::Vi);
        // Lines are wrapped to the terminal.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("[mặc định: full_period]") && text.contains("[giá trị: to_date, full_period]"),
            "{text}"
        );
    }

    /// Every text in the page's sources that begins a command of ours.
    fn suggested() -> Vec<(String, String)> {
        let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut found = Vec::new();
        for folder in [web.clone(), web.join("templates")] {
            for entry in std::fs::read_dir(folder).expect("the page's sources") {
                let path = entry.expect("entry").path();
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                for rest in text.split("lienthong ").skip(1) {
                    // A text ends with its quote, a template's with its tag.
                    let end = rest.find(['"', '<']).unwrap_or(rest.len());
                    let command = rest.get(..end).unwrap_or_default().trim();
                    found.push((command.to_owned(), path.display().to_string()));
                }
            }
        }
        found
    }

    /// A word of a suggestion as a reader fills it in.
    fn filled_in(word: &str) -> String {
        let word = word.trim_matches('\'');
        let example = match word {
            "SỐ" | "ID" => "01a0c3f2-7f0e-7d62-a1c8-2f6d9a9f2b11",
            "{period}" | "KỲ" | "PERIOD" => "2026-Q3",
            "{}:{}" | "NGUỒN:KHÓA" | "SOURCE:KEY" => "snv:1",
            "NGUỒN" | "SOURCE" | "ĐÍCH" | "TARGET" => "snv",
            "{}" | "SỐ_HIỆU" | "STAFF_NUMBER" => "GL-00001",
            word if word.starts_with("--") || word.chars().all(|c| c.is_ascii_lowercase()) => word,
            _ => "X-1",
        };
        example.to_owned()
    }

    #[test]
    fn every_command_the_page_suggests_is_one_the_command_line_takes() {
        let found = suggested();
        let commands: Vec<_> = found.iter().filter(|(command, _)| command != "--help").collect();
        assert!(commands.len() >= 10, "the suggestions were found: {commands:?}");
        for (command, path) in commands {
            let words = std::iter::once("lienthong".to_owned()).chain(command.split(' ').map(filled_in));
            let parsed = lang::command(Lang::En).try_get_matches_from(words);
            if let Err(error) = parsed {
                panic!("{path} suggests `lienthong {command}`: {}", message(&error, Lang::En).0);
            }
        }
    }
}
