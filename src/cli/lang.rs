//! Which language people are spoken to in, and the Vietnamese form of the help.
//!
//! Owns the choice (`--lang`, else the locale variables) and the translation of the command line's tree of
//! help texts. It must not know what commands do. A text without translation stays English; a test makes
//! sure there is none.

use super::args::Cli;
use super::help_vi;
use crate::error::Lang;
use clap::CommandFactory as _;
use std::ffi::OsString;

/// The language: `--lang` wherever it stands, else the first locale variable that says anything.
pub fn choose(arguments: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Lang {
    let mut words = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--lang") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('='),
            None => continue,
        };
        match value {
            Some("vi") => return Lang::Vi,
            Some("en") => return Lang::En,
            _ => {}
        }
    }
    let locale =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
    match locale {
        Some(locale) if locale.to_lowercase().starts_with("vi") => Lang::Vi,
        _ => Lang::En,
    }
}

/// The command line with its help in a language.
pub fn command(lang: Lang) -> clap::Command {
    match lang {
        Lang::En => Cli::command(),
        Lang::Vi => translated(Cli::command(), ""),
    }
}

fn translated(command: clap::Command, path: &str) -> clap::Command {
    let command = match help_vi::about(path) {
        Some(about) => command.about(about).long_about(None::<&str>),
        None => command,
    };
    let command = command.mut_args(|arg| {
        let Some(help) = help_vi::argument(path, arg.get_id().as_str()) else { return arg };
        if !arg.get_action().takes_values() {
            return arg.help(help).long_help(None::<&str>);
        }
        let help = format!("{help}{}{}", choices(&arg), default(&arg));
        arg.help(help).long_help(None::<&str>).hide_possible_values(true).hide_default_value(true)
    });
    command.mut_subcommands(|sub| {
        let below =
            if path.is_empty() { sub.get_name().to_owned() } else { format!("{path} {}", sub.get_name()) };
        translated(sub, &below)
    })
}

fn choices(arg: &clap::Arg) -> String {
    let names: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if names.is_empty() { String::new() } else { format!(" [giá trị: {}]", names.join(", ")) }
}

fn default(arg: &clap::Arg) -> String {
    let values: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if values.is_empty() { String::new() } else { format!(" [mặc định: {}]", values.join(", ")) }
}

/// Rendered help with clap's own words in a language.
pub fn headings(text: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return text.to_owned();
    }
    let line = |line: &str| match line {
        "Options:" => "Tùy chọn:".to_owned(),
        "Common options:" => "Tùy chọn chung:".to_owned(),
        "Commands:" => "Lệnh:".to_owned(),
        "Arguments:" => "Tham số:".to_owned(),
        _ => match line.strip_prefix("Usage:") {
            Some(usage) => format!("Cách dùng:{}", placeholders(usage)),
            None => line.to_owned(),
        },
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// A usage line with clap's own words in Vietnamese.
pub fn placeholders(usage: &str) -> String {
    usage.replace("[OPTIONS]", "[TÙY CHỌN]").replace("<COMMAND>", "<LỆNH>").replace("[COMMAND]", "[LỆNH]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(arguments: &[&str], locale: &[(&str, &str)]) -> Lang {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        choose(&arguments, |name| {
            locale.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn an_option_outweighs_the_locale_and_lc_all_outweighs_lang() {
        assert_eq!(chosen(&["lienthong", "status"], &[("LANG", "vi_VN.UTF-8")]), Lang::Vi);
        assert_eq!(chosen(&["lienthong"], &[("LANG", "vi_VN.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(chosen(&["lienthong", "status", "--lang", "vi"], &[("LANG", "C")]), Lang::Vi);
        assert_eq!(chosen(&["lienthong", "--lang=en"], &[("LANG", "vi_VN")]), Lang::En);
        assert_eq!(chosen(&["lienthong", "--", "--lang=vi"], &[]), Lang::En);
        assert_eq!(chosen(&["lienthong"], &[("LC_ALL", ""), ("LANG", "vi")]), Lang::Vi);
    }

    fn walk(command: &clap::Command, path: &str, seen: &mut Vec<String>) {
        seen.push(path.to_owned());
        assert!(command.get_about().is_some(), "\"{path}\" has no English help");
        assert!(help_vi::about(path).is_some(), "\"{path}\" has no Vietnamese help");
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            assert!(arg.get_help().is_some(), "\"{path}\" {id} has no English help");
            assert!(help_vi::argument(path, id).is_some(), "\"{path}\" {id} has no Vietnamese help");
            seen.push(format!("{path}.{id}"));
        }
        for sub in command.get_subcommands() {
            let below = if path.is_empty() {
                sub.get_name().to_owned()
            } else {
                format!("{path} {}", sub.get_name())
            };
            walk(sub, &below, seen);
        }
    }

    #[test]
    fn every_command_and_argument_has_help_in_both_languages() {
        let mut seen = Vec::new();
        walk(&Cli::command(), "", &mut seen);
        assert!(seen.len() > 120, "{}", seen.len());
        for known in help_vi::keys() {
            let used = seen
                .iter()
                .any(|key| key == known || known.strip_prefix('*').is_some_and(|id| key.ends_with(id)));
            assert!(used, "help for \"{known}\" belongs to nothing");
        }
    }

    #[test]
    fn the_tree_of_commands_is_sound() {
        Cli::command().debug_assert();
        command(Lang::Vi).debug_assert();
    }

    #[test]
    fn vietnamese_help_has_no_english_heading() {
        let mut help = command(Lang::Vi);
        let text = headings(&help.render_help().to_string(), Lang::Vi);
        assert!(text.contains("Cách dùng: lienthong [TÙY CHỌN] <LỆNH>"), "{text}");
        for word in ["Usage", "Options:", "Commands:", "Print", "[default"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}
