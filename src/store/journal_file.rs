//! The journal as JSON Lines, for auditors: a first line that says how far it goes, then one line for each entry.
//! Defined in docs/journal.md. A changed, missing or moved line is found at its place.

mod check;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::report::{Hash, digest_of_struck, struck};

use super::evidence::{Evidence, Salt, Value};
use super::journal::{Covers, JournalEntry, Outcome, Position};

pub use check::{Extent, JournalFault, verify_journal, verify_journal_file, verify_journal_file_with};

const FORMAT: &str = "huizong-journal-export/2";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstLine {
    format: String,
    sequence: u64,
    chain: String,
    /// The entry before the first one of the file, and its chain hash; absent where the file begins with the first entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    /// How many lines of records follow the entries: those of all entries, or none where there is no such number.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<u64>,
    /// SHA-256 over the lines of [`FirstLine::digest`].
    sha256: String,
}

impl FirstLine {
    fn of(begin: &Position, end: &Position, records: Option<u64>) -> Self {
        let begins_later = begin.sequence > 0;
        let mut line = Self {
            format: FORMAT.to_owned(),
            sequence: end.sequence,
            chain: end.chain.to_hex(),
            after: begins_later.then_some(begin.sequence),
            previous: begins_later.then(|| begin.chain.to_hex()),
            records,
            sha256: String::new(),
        };
        line.sha256 = line.digest();
        line
    }

    fn digest(&self) -> String {
        let Self { format, sequence, chain, after, previous, records, sha256: _ } = self;
        let mut lines = format!("{format}\nsequence={sequence}\nchain={chain}\n");
        // Writing to a String cannot fail.
        if let (Some(after), Some(previous)) = (after, previous) {
            let _ = write!(lines, "after={after}\nprevious={previous}\n");
        }
        if let Some(records) = records {
            let _ = writeln!(lines, "records={records}");
        }
        Hash::of(lines.as_bytes()).to_hex()
    }

    /// Where the file begins; none where it says that in no way that there is.
    fn begin(&self) -> Option<Position> {
        match (self.after, &self.previous) {
            (None, None) => Some(Position::default()),
            (Some(sequence), Some(previous)) if sequence > 0 && sequence <= self.sequence && self.records.is_none() => {
                Some(Position { sequence, chain: Hash::from_hex(previous)?, ..Position::default() })
            }
            _ => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    sequence: u64,
    time: String,
    actor: String,
    /// Absent in an entry of version 1 or 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    action: String,
    subject: String,
    outcome: String,
    detail: Detail,
    content: String,
    /// Both absent in an entry of version 1, the salt also where it was struck out with the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    previous: String,
    chain: String,
}

/// In words, or the digest that they left.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Detail {
    Words(String),
    Struck { struck: String },
}

impl EntryLine {
    fn of(entry: &JournalEntry) -> Self {
        Self {
            sequence: entry.sequence,
            time: entry.time.to_string(),
            actor: entry.actor.clone(),
            by: entry.by.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            outcome: entry.outcome.word().to_owned(),
            detail: match digest_of_struck(&entry.detail).filter(|_| entry.is_struck()) {
                Some(digest) => Detail::Struck { struck: digest.to_hex() },
                None => Detail::Words(entry.detail.clone()),
            },
            content: entry.content_hash.to_hex(),
            records: entry.covers.map(|covers| covers.records.to_hex()),
            salt: entry.covers.filter(|_| !entry.is_struck()).map(|covers| covers.salt.to_hex()),
            previous: entry.previous.to_hex(),
            chain: entry.chain.to_hex(),
        }
    }

    fn into_entry(self) -> Option<JournalEntry> {
        let (covers, detail) = match (self.records, self.salt, self.detail) {
            (Some(records), Some(salt), Detail::Words(words)) => {
                (Some(Covers { records: Hash::from_hex(&records)?, salt: Salt::from_hex(&salt)? }), words)
            }
            (Some(records), None, Detail::Struck { struck: digest }) => {
                let covers = Covers { records: Hash::from_hex(&records)?, salt: Salt::STRUCK };
                (Some(covers), struck(Hash::from_hex(&digest)?))
            }
            (None, None, Detail::Words(words)) => (None, words),
            _ => return None,
        };
        if self.by.is_some() && covers.is_none() {
            return None;
        }
        Some(JournalEntry {
            sequence: self.sequence,
            time: self.time.parse().ok()?,
            actor: self.actor,
            by: self.by,
            action: self.action,
            subject: self.subject,
            outcome: [Outcome::Accepted, Outcome::Refused].into_iter().find(|known| known.word() == self.outcome)?,
            detail,
            content_hash: Hash::from_hex(&self.content)?,
            covers,
            previous: Hash::from_hex(&self.previous)?,
            chain: Hash::from_hex(&self.chain)?,
        })
    }
}

/// What a record says, and the entry that it was stored with.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordLine<'a> {
    sequence: u64,
    record: Cow<'a, str>,
    lines: Cow<'a, [(String, Value)]>,
}

/// Writes a journal, or the end of one, entry by entry.
pub struct JournalWriter<W>(W);

impl<W: Write> JournalWriter<W> {
    /// # Errors
    /// What the writer reports.
    pub fn begin(to: W, position: &Position) -> std::io::Result<Self> {
        Self::begin_with(to, position, None)
    }

    /// The entries after `begin`, up to `end`.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn begin_after(mut to: W, begin: &Position, end: &Position) -> std::io::Result<Self> {
        write_line(&mut to, &FirstLine::of(begin, end, None))?;
        Ok(Self(to))
    }

    /// A journal with that many records, which come after all entries.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn begin_with(mut to: W, position: &Position, records: Option<u64>) -> std::io::Result<Self> {
        write_line(&mut to, &FirstLine::of(&Position::default(), position, records))?;
        Ok(Self(to))
    }

    /// # Errors
    /// What the writer reports.
    pub fn entry(&mut self, entry: &JournalEntry) -> std::io::Result<()> {
        write_line(&mut self.0, &EntryLine::of(entry))
    }

    /// # Errors
    /// What the writer reports.
    pub fn record(&mut self, sequence: u64, record: &Evidence) -> std::io::Result<()> {
        let Evidence { kind, lines } = record;
        write_line(&mut self.0, &RecordLine { sequence, record: Cow::Borrowed(kind), lines: Cow::Borrowed(lines) })
    }

    /// # Errors
    /// What the writer reports.
    pub fn finish(mut self) -> std::io::Result<W> {
        self.0.flush()?;
        Ok(self.0)
    }
}

fn write_line(to: &mut impl Write, line: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NewEntry;
    use jiff::Timestamp;

    fn exported(entries: u8) -> (Vec<u8>, Position) {
        let mut last = Position::default();
        let mut all = Vec::new();
        for number in 0..entries {
            let new = NewEntry {
                actor: "anonymous 127.0.0.1".to_owned(),
                by: String::new(),
                action: "report.submit",
                subject: format!("agencies/样例-{number}/reports/2022"),
                outcome: if number % 3 == 2 { Outcome::Refused } else { Outcome::Accepted },
                detail: "一行\n\"另一行\"\\".to_owned(),
                content_hash: Hash::of(&[number]),
            };
            let time = "2023-01-17T08:30:00.5Z".parse().unwrap();
            let covers = Covers { records: Hash::of(&[number, 1]), salt: Salt([number; 16]) };
            let entry = JournalEntry::chained(new, covers, &last, time);
            last = entry.position();
            all.push(entry);
        }
        let mut writer = JournalWriter::begin(Vec::new(), &last).unwrap();
        all.iter().for_each(|entry| writer.entry(entry).unwrap());
        (writer.finish().unwrap(), last)
    }

    #[test]
    fn the_end_of_a_journal_goes_on_from_what_was_exported_before_and_from_nothing_else() {
        let (whole, end) = exported(7);
        let (before, middle) = exported(4);
        let mut writer = JournalWriter::begin_after(Vec::new(), &middle, &end).unwrap();
        for line in &lines(&whole)[5..] {
            writer.0.extend_from_slice(line);
        }
        let rest = writer.finish().unwrap();
        let begin = Position { time: Timestamp::UNIX_EPOCH, ..middle };
        let verify = |bytes: &[u8], after: Option<&Position>| verify_journal_file_with(bytes, after, |_| {});
        assert_eq!(verify(&rest, None), Ok(Extent { begin, end }));
        assert_eq!(verify(&rest, Some(&verify_journal_file(&before[..]).unwrap())), Ok(Extent { begin, end }));
        let elsewhere = [exported(3).1, Position { chain: Hash::of(b"another"), ..middle }, Position::default()];
        for after in &elsewhere {
            assert_eq!(verify(&rest, Some(after)).unwrap_err().line, Some(1));
        }
        for at in 0..rest.len() {
            let line = 1 + rest[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
            let mut changed = rest.clone();
            changed[at] ^= 1;
            assert_eq!(verify(&changed, None).expect_err("not noticed").line, Some(line), "byte {at}");
        }
    }

    fn lines(bytes: &[u8]) -> Vec<&[u8]> {
        bytes.split_inclusive(|byte| *byte == b'\n').collect()
    }

    #[test]
    fn what_was_exported_is_whole() {
        for entries in [0, 1, 7] {
            let (bytes, position) = exported(entries);
            assert_eq!(verify_journal_file(&bytes[..]), Ok(position));
        }
    }

    #[test]
    fn one_flipped_bit_anywhere_is_located() {
        let (bytes, _) = exported(7);
        for at in 0..bytes.len() {
            let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                let fault = verify_journal_file(&bytes[..]).expect_err("a flipped bit was not noticed");
                assert_eq!(fault.line, Some(line), "byte {at} bit {bit}: {fault:?}");
            }
        }
    }

    #[test]
    fn a_missing_added_or_moved_line_is_located() {
        let (bytes, _) = exported(7);
        let lines = lines(&bytes);
        let check = |order: &[usize]| {
            let bytes: Vec<u8> = order.iter().flat_map(|at| lines[*at]).copied().collect();
            verify_journal_file(&bytes[..]).map_err(|fault| fault.line.unwrap())
        };
        assert!(check(&[0, 1, 2, 3, 4, 5, 6, 7]).is_ok());
        for (order, line) in [
            (&[0, 1, 2, 4, 5, 6, 7][..], 4),
            (&[0, 1, 2, 3, 3, 4, 5, 6, 7], 5),
            (&[0, 1, 3, 2, 4, 5, 6, 7], 3),
            (&[0, 1, 2, 3, 4, 5, 6], 8),
            (&[0], 2),
            (&[1, 2, 3, 4, 5, 6, 7], 1),
        ] {
            assert_eq!(check(order), Err(line), "{order:?}");
        }
    }

    #[test]
    fn a_journal_written_anew_is_not_the_one_that_the_first_line_names() {
        let (bytes, _) = exported(7);
        let (other, _) = exported(6);
        let mut mixed = lines(&bytes);
        let other = lines(&other);
        // An entry with a chain of its own that holds, in place of the last.
        let changed = {
            let mut entry = serde_json::from_slice::<EntryLine>(mixed[7]).unwrap().into_entry().unwrap();
            entry.actor = "another".to_owned();
            entry.chain = entry.compute_chain();
            let mut writer = JournalWriter(Vec::new());
            writer.entry(&entry).unwrap();
            writer.0
        };
        assert_eq!(other[3], mixed[3], "the same entries make the same lines");
        mixed[7] = &changed;
        assert_eq!(verify_journal_file(&mixed.concat()[..]).unwrap_err().line, Some(8));
    }
}
