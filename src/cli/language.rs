//! In which languages people are told what a command found: both, unless they said otherwise or their locale does. What
//! machines read is the same in all of them.

use std::env;
use std::sync::OnceLock;

use clap::ValueEnum;

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

/// From now on people are told in these languages; where none was asked for, as the locale says.
pub(crate) fn speak(asked: Option<Language>) {
    let locale = VARIABLES.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let _ = SPOKEN.set(asked.unwrap_or_else(|| of_locale(&locale.unwrap_or_default())));
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

/// What to say of two texts, with `between` where it is both.
pub(crate) fn told(zh: &str, en: &str, between: &str) -> String {
    match spoken() {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
        Language::Both => format!("{zh}{between}{en}"),
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

/// The name of a column for programs, the same in all languages: of `剩余天数 days left`, `days_left`.
pub(crate) fn field(heading: &str) -> String {
    let english = match heading.split_once(' ') {
        Some((zh, en)) if has_chinese(zh) && !has_chinese(en) => en,
        _ => heading,
    };
    english.replace([' ', '/'], "_").to_lowercase()
}

/// One of a heading such as `值 value`; a heading in one language stays.
pub(crate) fn heading(text: &str) -> &str {
    match text.split_once(' ') {
        Some((zh, en)) if has_chinese(zh) && !has_chinese(en) => match spoken() {
            Language::Zh => zh,
            Language::En => en,
            Language::Both => text,
        },
        _ => text,
    }
}

/// Lines of which an English one follows its Chinese one.
pub(crate) fn lines(text: &str) -> String {
    in_language(spoken(), text)
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
