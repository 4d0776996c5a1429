//! In which languages people are told what a command found: both, unless they said otherwise or their locale does. What
//! machines read is the same in all of them.

use std::env;
use std::ffi::OsString;
use std::sync::OnceLock;

use clap::ValueEnum;

use crate::report::system_in_chinese;

use super::terms::{HEADINGS, WORDS};

/// The languages that are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Zh,
    En,
    Both,
}

/// Set once, before anything is printed.
static SPOKEN: OnceLock<Language> = OnceLock::new();

/// Variables of a locale, the first that is set being the one that holds.
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// Set once, before anything is printed: tables are for programs.
static FOR_PROGRAMS: OnceLock<()> = OnceLock::new();

/// The option that says the language, and the variable.
const OPTION: &str = "--lang";
pub(crate) const VARIABLE: &str = "HUIZONG_LANG";

/// From now on people are told in the languages that the arguments ask for, before these are looked at any closer, so that
/// what is wrong with them is told so, too. Where none is asked for, as the locale says; a table for programs is the same for
/// everybody.
pub(crate) fn listen(arguments: impl IntoIterator<Item = OsString>) {
    let arguments: Vec<String> = arguments.into_iter().map(|one| one.to_string_lossy().into_owned()).collect();
    let option = |wanted: &str| {
        arguments.iter().enumerate().find_map(|(at, one)| {
            let rest = one.strip_prefix(wanted)?;
            if rest.is_empty() { arguments.get(at + 1).cloned() } else { rest.strip_prefix('=').map(str::to_owned) }
        })
    };
    let asked = option(OPTION).or_else(|| env::var(VARIABLE).ok());
    let asked = asked.and_then(|word| Language::from_str(&word, false).ok());
    let locale = VARIABLES.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let is_table = option("--format").is_some_and(|format| format == "csv");
    if is_table {
        let _ = FOR_PROGRAMS.set(());
    }
    let unsaid = || if is_table { Language::Both } else { of_locale(&locale.unwrap_or_default()) };
    let _ = SPOKEN.set(asked.unwrap_or_else(unsaid));
}

/// The languages of a locale such as `zh_CN.UTF-8`. What images without one have, `C.UTF-8`, was chosen by nobody.
fn of_locale(locale: &str) -> Language {
    let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
    match language.to_ascii_lowercase().as_str() {
        "zh" => Language::Zh,
        "en" => Language::En,
        "c" | "posix" if locale.len() == language.len() => Language::En,
        _ => Language::Both,
    }
}

fn spoken() -> Language {
    *SPOKEN.get().unwrap_or(&Language::Both)
}

/// What to say of two texts, with `between` where it is both. What the system says in the Chinese one is Chinese.
pub(crate) fn told(zh: &str, en: &str, between: &str) -> String {
    match spoken() {
        Language::Zh => system_in_chinese(zh),
        Language::En => en.to_owned(),
        Language::Both => format!("{}{between}{en}", system_in_chinese(zh)),
    }
}

/// Two texts of one line.
pub(crate) fn beside(zh: impl AsRef<str>, en: impl AsRef<str>) -> String {
    told(zh.as_ref(), en.as_ref(), "  ")
}

/// A name that stands alone, such as that of a cell: Chinese, as the form has it, unless English alone is told.
pub(crate) fn name<'a>(zh: &'a str, en: &'a str) -> &'a str {
    if is_english() && !en.is_empty() { en } else { zh }
}

fn has_chinese(text: &str) -> bool {
    text.chars()
        .any(|letter| ('\u{3000}'..='\u{9fff}').contains(&letter) || ('\u{ff00}'..='\u{ffef}').contains(&letter))
}

/// Whether English alone is told.
pub(crate) fn is_english() -> bool {
    spoken() == Language::En
}

/// Whether Chinese alone is told.
pub(crate) fn is_chinese() -> bool {
    spoken() == Language::Zh
}

/// Between the items of a list on one line.
pub(crate) fn comma() -> &'static str {
    if is_english() { ", " } else { "、" }
}

/// As [`comma()`], where the items have commas themselves.
pub(crate) fn semicolon() -> &'static str {
    if is_english() { "; " } else { "；" }
}

/// A word of the contract, such as the state of a report, for people: where Chinese alone is told, in Chinese. Tables for
/// programs keep it.
pub(crate) fn term(word: &str) -> String {
    let known = WORDS.iter().find(|(english, _)| *english == word && is_chinese() && FOR_PROGRAMS.get().is_none());
    known.map_or(word, |(_, chinese)| chinese).to_owned()
}

/// The name of a column for programs, the same in all languages: of `剩余天数 days left`, `days_left`.
pub(crate) fn field(heading: &str) -> String {
    let english = match heading.split_once(' ') {
        Some((zh, en)) if has_chinese(zh) && !has_chinese(en) => en,
        _ => heading,
    };
    english.replace([' ', '/'], "_").to_lowercase()
}

/// One of a heading such as `值 value`; one in English alone stays, unless Chinese alone is told.
pub(crate) fn heading(text: &str) -> &str {
    match text.split_once(' ') {
        Some((zh, en)) if has_chinese(zh) && !has_chinese(en) => match spoken() {
            Language::Zh => zh,
            Language::En => en,
            Language::Both => text,
        },
        _ if is_chinese() => HEADINGS.iter().find(|(english, _)| *english == text).map_or(text, |(_, chinese)| chinese),
        _ => text,
    }
}

/// Lines of which an English one follows its Chinese one.
pub(crate) fn lines(text: &str) -> String {
    let told = in_language(spoken(), text);
    if is_chinese() { system_in_chinese(&told) } else { told }
}

/// How wide a text is at a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|letter| if has_chinese(letter.encode_utf8(&mut [0; 4])) { 2 } else { 1 }).sum()
}

fn in_language(language: Language, text: &str) -> String {
    let all: Vec<&str> = text.lines().collect();
    let is_translation = |at: usize| at > 0 && has_chinese(all[at - 1]) && !has_chinese(all[at]);
    let is_told = |at: usize| match language {
        Language::Both => true,
        Language::Zh => !is_translation(at),
        Language::En => at + 1 == all.len() || !is_translation(at + 1),
    };
    let told: Vec<&str> = (0..all.len()).filter(|at| is_told(*at)).map(|at| all[at]).collect();
    told.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_its_language_and_one_that_nobody_chose_says_none() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Zh),
            ("zh", Language::Zh),
            ("en_GB.UTF-8", Language::En),
            ("C", Language::En),
            ("POSIX", Language::En),
            ("C.UTF-8", Language::Both),
            ("", Language::Both),
            ("fr_FR", Language::Both),
        ] {
            assert_eq!(of_locale(locale), language, "{locale}");
        }
    }

    #[test]
    fn of_two_lines_that_say_the_same_one_is_told() {
        let text = "无法连接 a\n  a cannot be reached\nREASON";
        assert_eq!(in_language(Language::Zh, text), "无法连接 a\nREASON");
        assert_eq!(in_language(Language::En, text), "  a cannot be reached\nREASON");
        assert_eq!(in_language(Language::Both, text), text);
    }
}
