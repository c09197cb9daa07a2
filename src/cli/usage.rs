//! Help, version and mistakes of the command line itself.
//!
//! Owns where they are printed and the exit code: asked-for help is a result, a mistake is a finding (LT-RUN-009)
//! and ends with 2, in JSON where `--json` stands anywhere. The sentences are made from what clap tells about a
//! mistake; it must not know what commands do.

use super::args::Wrong;
use super::lang;
use super::print::{Printer, Shape};
use crate::error::{Finding, Lang, Text};
use crate::pipeline::command::{EXIT_OK, EXIT_USAGE, Outcome};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Prints what clap has to say and ends.
pub fn end(error: &clap::Error, arguments: &[OsString], language: Lang) -> ExitCode {
    let help = || lang::headings(&error.render().to_string(), language);
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A closed pipe is the reader's business.
        let _closed = std::io::stdout().lock().write_all(help().as_bytes());
        return ExitCode::from(EXIT_OK);
    }
    // What was not understood may be anything: the word alone counts, wherever it stands.
    let json = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    if !json && error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _closed = std::io::stderr().lock().write_all((help() + "\n").as_bytes());
    }
    let shape = if json { Shape::Json } else { Shape::Text };
    ExitCode::from(Printer::new(shape, language).finish(&Outcome::failed(EXIT_USAGE, mistake(error))))
}

/// The mistake as a finding: what is wrong in one sentence, what would be right in the remedy.
fn mistake(error: &clap::Error) -> Finding {
    let told = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    };
    let (argument, value) = (told(ContextKind::InvalidArg), told(ContextKind::InvalidValue));
    let what = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            Text::new("thiếu lệnh", "a command is missing")
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            Text::new(format!("{argument} cần một giá trị"), format!("{argument} needs a value"))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => Text::new(
            format!("giá trị \"{value}\" của {argument} không hợp lệ"),
            format!("the value \"{value}\" of {argument} is not valid"),
        ),
        ErrorKind::UnknownArgument => Text::new(
            format!("không có tùy chọn hoặc tham số {argument}"),
            format!("there is no option or argument {argument}"),
        ),
        ErrorKind::InvalidSubcommand => {
            let command = told(ContextKind::InvalidSubcommand);
            Text::new(format!("không có lệnh \"{command}\""), format!("there is no command \"{command}\""))
        }
        ErrorKind::MissingRequiredArgument => {
            let instead =
                instead_of(&command_of(&told(ContextKind::Usage)), error.get(ContextKind::InvalidArg));
            match instead.is_empty() {
                true => Text::new(format!("thiếu {argument}"), format!("{argument} is missing")),
                false => Text::new(
                    format!("thiếu {argument}, hoặc {instead}"),
                    format!("{argument} is missing, or {instead}"),
                ),
            }
        }
        ErrorKind::ArgumentConflict => {
            let other = told(ContextKind::PriorArg);
            Text::new(
                format!("{argument} không dùng cùng với {other}"),
                format!("{argument} does not go with {other}"),
            )
        }
        _ => Text::new(
            format!("dòng lệnh không đúng {argument}"),
            format!("the command line is wrong {argument}"),
        ),
    };
    let mut remedy = Text::new(String::new(), String::new());
    let mut also = |vi: String, en: String| {
        for (text, more) in [(&mut remedy.vi, vi), (&mut remedy.en, en)] {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&more);
        }
    };
    if let Some(Wrong(why)) = std::error::Error::source(error).and_then(|why| why.downcast_ref::<Wrong>()) {
        also(why.vi.clone(), why.en.clone());
    }
    match std::error::Error::source(error).and_then(|why| range(&why.to_string())) {
        Some((least, i64::MAX)) => {
            also(format!("viết số từ {least} trở lên"), format!("write a number from {least} upwards"));
        }
        Some((least, most)) => {
            also(format!("viết số từ {least} đến {most}"), format!("write a number from {least} to {most}"));
        }
        None => {}
    }
    let choices = told(ContextKind::ValidValue);
    if !choices.is_empty() {
        also(format!("giá trị: {choices}"), format!("values: {choices}"));
    }
    let usage = told(ContextKind::Usage);
    let meant = meant(&usage, &argument).map(str::to_owned);
    let near: Vec<String> = match meant {
        Some(meant) => vec![meant],
        None => [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .map(told)
            .into_iter()
            .filter(|text| !text.is_empty() && (argument.is_empty() || is_near(&argument, text)))
            .collect(),
    };
    if !near.is_empty() {
        also(format!("có phải: {}?", near.join(", ")), format!("did you mean {}?", near.join(", ")));
    }
    if error.kind() == ErrorKind::InvalidSubcommand {
        let command = command_of(&usage);
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let names = names.join(", ");
        also(format!("các lệnh: {names}"), format!("commands: {names}"));
    }
    also("xem hướng dẫn: thêm --help vào lệnh".to_owned(), "add --help to the command".to_owned());
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Clap writes its guess into the usage as well; what it guessed amiss would stand there as the only option.
    let guessed = told(ContextKind::SuggestedArg);
    let usage = line(usage.trim_start_matches("Usage:"));
    // In Vietnamese clap's own words are translated as in the help.
    let usage = match usage.split_once(" -") {
        Some((command, _)) if !guessed.is_empty() && !near.contains(&guessed) => {
            format!("{command} [OPTIONS]")
        }
        _ => usage,
    };
    if !usage.is_empty() {
        also(format!("cách dùng: {}", lang::placeholders(&usage)), format!("usage: {usage}"));
    }
    Finding::error("LT-RUN-009", Text::new(line(&what.vi), line(&what.en)), remedy)
}

/// The range a number has to lie in, from what clap says of one that does not: `3 is not in 20..=20000`.
fn range(why: &str) -> Option<(i64, i64)> {
    let range = why.split_once(" is not in ")?.1;
    match range.split_once("..=") {
        Some((least, most)) => Some((least.parse().ok()?, most.parse().ok()?)),
        // Without its end.
        None => {
            let (least, end) = range.split_once("..")?;
            Some((least.parse().ok()?, end.parse::<i64>().ok()?.checked_sub(1)?))
        }
    }
}

/// The command a usage line speaks of.
fn command_of(usage: &str) -> clap::Command {
    let mut command = lang::command(Lang::Vi);
    // What an argument is called is settled by then.
    command.build();
    for word in usage.split_whitespace().skip_while(|word| *word != "lienthong").skip(1) {
        let Some(found) = command.find_subcommand(word).cloned() else { break };
        command = found;
    }
    command
}

/// What may be given in place of a missing argument: those that do not go with it.
fn instead_of(command: &clap::Command, missing: Option<&ContextValue>) -> String {
    let missing = match missing {
        Some(ContextValue::Strings(list)) => list.as_slice(),
        _ => return String::new(),
    };
    let [missing] = missing else { return String::new() };
    let Some(argument) = command.get_arguments().find(|known| known.to_string() == *missing) else {
        return String::new();
    };
    let others = command.get_arg_conflicts_with(argument);
    others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Options people look for by another name: the command, what they write, what it is called.
const CALLED: [(&str, &str, &str); 1] = [("report tasks", "--period", "--as-of")];

/// What an option of a command is called that people know by another name.
fn meant(usage: &str, argument: &str) -> Option<&'static str> {
    let called = CALLED.iter().find(|(command, written, _)| {
        usage.contains(&format!(" {command} ")) && argument.split('=').next() == Some(*written)
    });
    called.map(|(.., name)| *name)
}

/// Whether a guess looks like a slip of what was written, and not like any other word.
fn is_near(written: &str, guess: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches('-').split(['=', ' ']).next().unwrap_or("").to_owned();
    strsim::normalized_damerau_levenshtein(&bare(written), &bare(guess)) >= 0.6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> clap::Error {
        lang::command(Lang::Vi).try_get_matches_from(line.split(' ')).expect_err(line)
    }

    fn told(line: &str, language: Lang) -> String {
        mistake(&error(line)).render(language)
    }

    #[test]
    fn mistakes_are_told_in_vietnamese_with_the_nearest_name() {
        let text = told("lienthong syncc a", Lang::Vi);
        assert!(text.starts_with("LT-RUN-009 không có lệnh \"syncc\""), "{text}");
        assert!(text.contains("có phải: sync"), "{text}");
        let text = told("lienthong backfill a --from 2026-01-01", Lang::Vi);
        assert!(text.contains("thiếu --to"), "{text}");
        let text = told("lienthong report tasks --by house", Lang::Vi);
        assert!(text.contains("giá trị \"house\"") && text.contains("person, unit"), "{text}");
        let text = told("lienthong score explain GL-1 2026Q3", Lang::Vi);
        assert!(text.contains("\"2026Q3\"") && text.contains("viết kỳ như 2026-Q3"), "{text}");
        let text = told("lienthong outbox retry 12", Lang::Vi);
        assert!(text.contains("như `outbox list` hiển thị"), "{text}");
        let text = told("lienthong mapping decide a:1 --product X --outside", Lang::Vi);
        assert!(text.contains("không dùng cùng với"), "{text}");
    }

    #[test]
    fn an_option_known_by_another_name_is_named_and_a_far_guess_is_not_told() {
        let text = told("lienthong report tasks --period 2026-Q3", Lang::En);
        assert!(text.contains("did you mean --as-of?") && !text.contains("--version"), "{text}");
        let text = told("lienthong score show --periode 2026-Q3", Lang::En);
        assert!(text.contains("did you mean --period?"), "{text}");
        let text = told("lienthong status --period 2026-Q3", Lang::En);
        assert!(!text.contains("did you mean") && !text.contains("--version"), "{text}");
        assert!(text.contains("usage: lienthong status [OPTIONS]"), "{text}");
    }

    #[test]
    fn a_number_out_of_its_range_is_told_the_range() {
        for (line, range) in [
            ("lienthong demo --people 3", "20 to 20000"),
            ("lienthong demo --port 99999", "0 to 65535"),
            ("lienthong record list --limit 0", "1 to 100000"),
            ("lienthong organisation list 1999", "2000 to 2999"),
        ] {
            let text = told(line, Lang::En);
            assert!(text.contains(&format!("write a number from {range}")), "{text}");
        }
        let text = told("lienthong demo --people 3", Lang::Vi);
        assert!(text.contains("viết số từ 20 đến 20000"), "{text}");
    }

    #[test]
    fn usage_is_told_in_the_language_and_common_options_stand_under_a_heading_of_their_own() {
        let text = told("lienthong status --period 2026-Q3", Lang::Vi);
        assert!(text.contains("cách dùng: lienthong status [TÙY CHỌN]"), "{text}");
        let text = told("lienthong syncc", Lang::Vi);
        assert!(!text.contains("OPTIONS") && !text.contains("COMMAND"), "{text}");
        for (line, own, common) in [
            ("lienthong demo --help", "Options:", "Common options:"),
            ("lienthong organisation revoke --help", "Options:", "Common options:"),
        ] {
            let help = error(line).render().to_string();
            let english = lang::command(Lang::En).try_get_matches_from(line.split(' ')).expect_err(line);
            let english = english.render().to_string();
            let (of_command, of_all) = english.split_once(common).expect("a heading of their own");
            assert!(of_command.contains(own) && !of_command.contains("--data-dir"), "{english}");
            assert!(of_all.contains("--data-dir") && of_all.contains("--help"), "{english}");
            let help = lang::headings(&help, Lang::Vi);
            assert!(help.contains("Tùy chọn chung:") && !help.contains("options:"), "{help}");
        }
        // Options of one step are offered by that step alone.
        let help = |step: &str| error(&format!("lienthong organisation {step} --help")).render().to_string();
        for (step, has, has_not) in [
            ("assess", "--item", "--exception"),
            ("appraise", "--level", "--reason"),
            ("recognise", "--exception", "--item"),
            ("revoke", "--reason", "--level"),
        ] {
            assert!(help(step).contains(has) && !help(step).contains(has_not), "{}", help(step));
        }
        let help = lang::headings(&error("lienthong people --help").render().to_string(), Lang::Vi);
        assert!(help.contains("[TÙY CHỌN] <LỆNH>") && !help.contains("COMMAND"), "{help}");
    }

    #[test]
    fn what_may_stand_in_place_of_a_missing_option_and_the_commands_there_are_are_told() {
        let text = told("lienthong mapping decide desk:1", Lang::En);
        assert!(text.contains("is missing, or --outside"), "{text}");
        let text = told("lienthong score list", Lang::En);
        assert!(text.contains("commands: show, explain"), "{text}");
    }

    #[test]
    fn alternatives_can_be_asked_of_every_argument() {
        let mut root = lang::command(Lang::Vi);
        root.build();
        let mut commands = vec![root];
        let mut asked = 0;
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let missing = ContextValue::Strings(vec![argument.to_string()]);
                asked += usize::from(!instead_of(&command, Some(&missing)).is_empty());
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(asked > 5, "{asked}");
    }

    #[test]
    fn both_languages_tell_a_mistake_in_one_sentence_with_the_usage_as_remedy() {
        let text = told("lienthong sync", Lang::En);
        assert!(text.starts_with("LT-RUN-009 <SOURCE> is missing\n"), "{text}");
        assert!(text.contains("usage: lienthong sync"), "{text}");
        for line in ["lienthong people", "lienthong"] {
            assert!(told(line, Lang::En).contains("a command is missing"), "{line}");
            assert!(told(line, Lang::Vi).contains("thiếu lệnh"), "{line}");
        }
    }

    #[test]
    fn asked_for_help_is_told_in_the_language_with_choices_and_defaults() {
        assert_eq!(error("lienthong sync --help").kind(), ErrorKind::DisplayHelp);
        assert_eq!(error("lienthong --version").kind(), ErrorKind::DisplayVersion);
        let text = lang::headings(&error("lienthong score show --help").render().to_string(), Lang::Vi);
        // Lines are wrapped to the terminal.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("[mặc định: 100]") && text.contains("[giá trị: to_date, full_period]"),
            "{text}"
        );
    }

    /// Every text in the page's sources that begins a command of ours.
    fn suggested() -> Vec<(String, String)> {
        // Compiled by the package of the tests, a folder below the root.
        let web = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/web");
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
            "{task}" | "{}:{}" | "NGUỒN:MÃ" | "SOURCE:KEY" | "NGUỒN:SỐ" | "SOURCE:ID" | "ĐÍCH:SỐ"
            | "TARGET:ID" => "snv:1",
            "NGUỒN" | "SOURCE" | "ĐÍCH" | "TARGET" => "snv",
            "{}" | "SỐ_HIỆU" | "STAFF_NUMBER" => "GL-00001",
            word if word.starts_with("--") || word.chars().all(|c| c.is_ascii_lowercase() || c == '-') => {
                word
            }
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
                panic!("{path} suggests `lienthong {command}`: {}", mistake(&error));
            }
        }
    }
}
