//! An entry of the journal as a message of RFC 5424.

use std::fmt::Write as _;

use crate::report::inert;
use crate::store::{JournalEntry, Outcome};

/// Facility "log audit".
const FACILITY: u8 = 13;
/// Severities: what was done is informational, what was refused is a warning.
const INFORMATIONAL: u8 = 6;
const WARNING: u8 = 4;

/// Longest value of structured data, in bytes, and longest words; a message is shorter than the 8,192 bytes that every
/// receiver should take (RFC 5425, 4.3.1).
const VALUE_BYTES_MAX: usize = 512;
const WORDS_BYTES_MAX: usize = 4096;

/// Longest name of the machine, and of what happened, in characters.
const HOST_MAX: usize = 255;
const KIND_MAX: usize = 32;

pub(crate) struct Writer {
    host: String,
    enterprise: u32,
    process: u32,
}

impl Writer {
    /// `host`: empty for the machine's own name. `enterprise`: private enterprise number for structured data.
    pub(crate) fn new(host: &str, enterprise: u32) -> Self {
        let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = header(if host.is_empty() { &own } else { host }, HOST_MAX);
        Self { host, enterprise, process: std::process::id() }
    }

    /// On one line, without its end.
    pub(crate) fn message(&self, entry: &JournalEntry) -> String {
        let (principal, address) = entry.who();
        let severity = if entry.outcome == Outcome::Accepted { INFORMATIONAL } else { WARNING };
        let (priority, kind) = (FACILITY * 8 + severity, header(&entry.action, KIND_MAX));
        let Self { host, enterprise, process } = self;
        let mut message = format!("<{priority}>1 {} {host} huizong {process} {kind} [journal@{enterprise}", entry.time);
        for (name, value) in [
            ("sequence", entry.sequence.to_string().as_str()),
            ("principal", principal),
            ("address", address),
            ("by", entry.by.as_deref().unwrap_or_default()),
            ("action", &entry.action),
            ("subject", &entry.subject),
            ("outcome", entry.outcome.word()),
            ("content", &entry.content_hash.to_hex()),
            ("chain", &entry.chain.to_hex()),
        ] {
            // Writing to a String cannot fail.
            let _ = write!(message, " {name}=\"{}\"", parameter(value));
        }
        // The mark says that what follows is UTF-8.
        message.push_str("] \u{feff}");
        let outcome = entry.outcome.word();
        let (action, subject) = (one_line(&entry.action, KIND_MAX), one_line(&entry.subject, VALUE_BYTES_MAX));
        let _ = write!(message, "{} {action} {subject} {outcome}", one_line(&entry.actor, VALUE_BYTES_MAX));
        if !entry.detail.is_empty() {
            let _ = write!(message, ": {}", one_line(&entry.detail, WORDS_BYTES_MAX));
        }
        message
    }
}

/// A field of the header: printable ASCII, and `-` for nothing.
fn header(value: &str, most: usize) -> String {
    let value: String = value.chars().filter(char::is_ascii_graphic).take(most).collect();
    if value.is_empty() { "-".to_owned() } else { value }
}

/// A value of structured data, with `"`, `\` and `]` escaped.
fn parameter(value: &str) -> String {
    let mut escaped = String::new();
    for one in one_line(value, VALUE_BYTES_MAX).chars() {
        if matches!(one, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        escaped.push(one);
    }
    escaped
}

/// Words on one line, with nothing in them that moves a cursor, cut to so many bytes.
fn one_line(words: &str, most: usize) -> String {
    let words = inert::to_line(words);
    if words.len() <= most {
        return words.into_owned();
    }
    let cut = words.char_indices().map(|(at, _)| at).take_while(|at| at + '…'.len_utf8() <= most).last();
    format!("{}…", &words[..cut.unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Hash;
    use crate::store::{Covers, NewEntry, Position};
    use proptest::prelude::*;

    fn entry(actor: &str, subject: &str, detail: &str, outcome: Outcome) -> JournalEntry {
        let new = NewEntry {
            actor: actor.to_owned(),
            by: "credentials/0123456789abcdef".to_owned(),
            action: "report.submit",
            subject: subject.to_owned(),
            outcome,
            detail: detail.to_owned(),
            content_hash: Hash::of(b"content"),
        };
        let time = "2023-01-17T08:30:00.5Z".parse().unwrap();
        JournalEntry::chained(new, Covers::default(), &Position::default(), time)
    }

    #[test]
    fn an_entry_is_a_message_as_documented() {
        let writer = Writer { host: "host".to_owned(), enterprise: 32473, process: 7 };
        let refused = entry("office 192.0.2.1", "agencies/样例]\"\\", "T3-ROW-TOTAL\n一行\u{1b}[2J", Outcome::Refused);
        let (content, chain) = (refused.content_hash, refused.chain);
        let expected = format!(
            "<108>1 2023-01-17T08:30:00.5Z host huizong 7 report.submit [journal@32473 sequence=\"1\" principal=\"office\" \
             address=\"192.0.2.1\" by=\"credentials/0123456789abcdef\" action=\"report.submit\" subject=\"agencies/样例\\]\\\"\\\\\" outcome=\"refused\" \
             content=\"{content}\" chain=\"{chain}\"] \u{feff}office 192.0.2.1 report.submit agencies/样例]\"\\ refused: \
             T3-ROW-TOTAL␊一行␛[2J"
        );
        assert_eq!(writer.message(&refused), expected);
    }

    proptest! {
        #[test]
        fn whatever_people_write_a_message_is_one_short_line(actor in ".{0,600}", subject in ".{0,600}", detail in "(.|\n){0,3000}") {
            let writer = Writer::new("", 32473);
            let message = writer.message(&entry(&actor, &subject, &detail, Outcome::Accepted));
            prop_assert!(message.len() <= 8192, "{}", message.len());
            prop_assert!(!message.chars().any(char::is_control));
        }
    }
}
