//! The journal: a chain of entries, each hashed with the hash of the one before. Defined in docs/journal.md.

use std::fmt::Write as _;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::report::{Hash, Message, digest_of_struck};

use super::evidence::{Salt, push_line};

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Accepted,
    /// It was not, for the reason in the detail.
    Refused,
}

impl Outcome {
    /// As it is hashed and exported.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }
}

/// An entry before it has its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Who.
    pub actor: String,
    /// What the caller showed: `credentials/ID`, `sessions/ID` or `certificates/SHA256`; empty where it showed nothing.
    pub by: String,
    /// What, such as `report.submit`.
    pub action: &'static str,
    /// Resource name that it is about; filled in with the revision where one was stored.
    pub subject: String,
    /// Whether it was done.
    pub outcome: Outcome,
    /// The rules broken, or the reason given; may be empty.
    pub detail: String,
    /// SHA-256 of the content that it is about; zeros where it is about none.
    pub content_hash: Hash,
}

/// What an entry holds of the records that were stored with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Covers {
    /// Of all of them, see [`super::evidence::records_hash`]; zeros where there are none.
    pub records: Hash,
    /// Hashed before people's words, in the records and in the detail of the entry.
    pub salt: Salt,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// From 1, without gaps.
    pub sequence: u64,
    /// By the store's clock; not before that of the entry before.
    pub time: Timestamp,
    /// Who: a principal, with the address that they called from where there is one.
    pub actor: String,
    /// What the caller showed, see [`NewEntry::by`]; none in an entry of version 1 or 2, which says nothing of that.
    pub by: Option<String>,
    /// What, such as `report.submit`.
    pub action: String,
    /// Resource name that it is about.
    pub subject: String,
    /// Whether it was done.
    pub outcome: Outcome,
    /// The rules broken, or the reason given; may be empty.
    pub detail: String,
    /// SHA-256 of the content that it is about; zeros where it is about none.
    pub content_hash: Hash,
    /// What was stored with it; none in an entry of version 1, which says nothing of that.
    pub covers: Option<Covers>,
    /// Chain hash of the entry before; zeros for the first.
    pub previous: Hash,
    /// Chain hash of this entry.
    pub chain: Hash,
}

/// A place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Sequence number of the newest entry; 0 for an empty journal.
    pub sequence: u64,
    /// Its chain hash; zeros for an empty journal.
    pub chain: Hash,
    /// Its time, so that time never runs backwards in the journal.
    pub time: Timestamp,
}

impl Position {
    /// The time of the next entry: `now` in whole microseconds, and never before the last entry.
    pub fn next_time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_microsecond(now.as_microsecond()).map_or(self.time, |now| now.max(self.time))
    }
}

const HEADER_1: &str = "huizong-journal/1";
const HEADER_2: &str = "huizong-journal/2";
const HEADER_3: &str = "huizong-journal/3";

/// Room for the lines of most entries, in bytes.
const LINES_BYTES: usize = 640;

impl JournalEntry {
    /// Gives an entry the place after `last`.
    pub fn chained(new: NewEntry, covers: Covers, last: &Position, now: Timestamp) -> Self {
        let mut entry = Self {
            sequence: last.sequence + 1,
            time: last.next_time(now),
            actor: new.actor,
            by: Some(new.by),
            action: new.action.to_owned(),
            subject: new.subject,
            outcome: new.outcome,
            detail: new.detail,
            content_hash: new.content_hash,
            covers: Some(covers),
            previous: last.chain,
            chain: Hash::default(),
        };
        entry.chain = entry.compute_chain();
        entry
    }

    /// Whether it stands right after `last`: by number, time, the hash of the one before, and its own hash.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check_follows(&self, last: &Position) -> Result<(), Message> {
        let wanted = last.sequence + 1;
        if self.sequence != wanted {
            return Err(Message::new(
                format!("此处应为第{wanted}条，实为第{}条：有缺失、多出或次序颠倒", self.sequence),
                format!("entry {} stands where entry {wanted} belongs: one is missing, added or moved", self.sequence),
            ));
        }
        if self.chain != self.compute_chain() {
            return Err(Message::new(
                "内容与其日志校验值不符：已被改动",
                "it is not what its chain hash says: it was changed",
            ));
        }
        if self.previous != last.chain {
            return Err(Message::new(
                "所记上一条的哈希与上一条不符：此条或上一条被替换",
                "it names another hash than that of the entry before: this or the one before was replaced",
            ));
        }
        if self.time < last.time {
            return Err(Message::new("时间早于上一条", "its time is before that of the entry before"));
        }
        Ok(())
    }

    /// The principal and the address of its actor; no address where it has none.
    pub fn who(&self) -> (&str, &str) {
        let split = self.actor.rsplit_once(' ').filter(|(_, address)| address.parse::<IpAddr>().is_ok());
        split.unwrap_or((&self.actor, ""))
    }

    /// Whether people's words were struck out of it and of its records.
    pub fn is_struck(&self) -> bool {
        self.covers.is_some_and(|covers| covers.salt == Salt::STRUCK) && digest_of_struck(&self.detail).is_some()
    }

    /// How far the journal had come with it.
    pub fn position(&self) -> Position {
        Position { sequence: self.sequence, chain: self.chain, time: self.time }
    }

    /// SHA-256 over the entry's lines, of which the last is the hash of the entry before.
    pub fn compute_chain(&self) -> Hash {
        Hash::of(self.canonical_lines().as_bytes())
    }

    /// UTF-8 lines, each ended by LF; a backslash, LF or CR in a value is escaped.
    fn canonical_lines(&self) -> String {
        let mut lines = String::with_capacity(LINES_BYTES);
        let header = match (&self.by, self.covers) {
            (Some(_), _) => HEADER_3,
            (None, Some(_)) => HEADER_2,
            (None, None) => HEADER_1,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{header}\nsequence={}\ntime={}", self.sequence, self.time);
        push_line(&mut lines, "actor", &self.actor);
        if let Some(by) = &self.by {
            push_line(&mut lines, "by", by);
        }
        for (key, value) in
            [("action", self.action.as_str()), ("subject", &self.subject), ("outcome", self.outcome.word())]
        {
            push_line(&mut lines, key, value);
        }
        match self.covers {
            Some(covers) => {
                let _ = writeln!(lines, "detail={}", covers.salt.commit(&self.detail));
            }
            None => push_line(&mut lines, "detail", &self.detail),
        }
        let _ = writeln!(lines, "content={}", self.content_hash);
        if let Some(covers) = self.covers {
            let _ = writeln!(lines, "records={}", covers.records);
        }
        let _ = writeln!(lines, "previous={}", self.previous);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::evidence::records_hash;

    fn entry() -> JournalEntry {
        let new = NewEntry {
            actor: "city-bureau 127.0.0.1".to_owned(),
            by: "credentials/0123456789abcdef".to_owned(),
            action: "report.submit",
            subject: "agencies/11341702486344515H/reports/2022".to_owned(),
            outcome: Outcome::Refused,
            detail: "T3-ROW-TOTAL\nT3-COL-OUTCOMES".to_owned(),
            content_hash: Hash::of(b"content"),
        };
        let covers = Covers { records: records_hash(vec![Hash::of(b"one"), Hash::of(b"two")]), salt: Salt([7; 16]) };
        JournalEntry::chained(new, covers, &Position::default(), "2023-01-17T08:30:00.123456Z".parse().unwrap())
    }

    #[test]
    fn the_lines_that_are_hashed_are_as_documented() {
        insta::assert_snapshot!(entry().canonical_lines());
        // As `sha256sum` prints it for those lines.
        assert_eq!(entry().chain.to_hex(), "a86055f3fe07d75005967987e97990df11baa38a8310aba29c8881854a5d3a9f");
    }

    #[test]
    fn a_change_of_any_part_changes_the_chain_hash() {
        let covers = |e: &mut JournalEntry, change: fn(&mut Covers)| change(e.covers.as_mut().unwrap());
        let changes: [&dyn Fn(&mut JournalEntry); 13] = [
            &|e: &mut JournalEntry| e.sequence += 1,
            &|e: &mut JournalEntry| e.time += jiff::SignedDuration::from_micros(1),
            &|e: &mut JournalEntry| e.actor.push('x'),
            &|e: &mut JournalEntry| e.by.as_mut().unwrap().push('x'),
            &|e: &mut JournalEntry| e.by = None,
            &|e: &mut JournalEntry| e.action.push('x'),
            &|e: &mut JournalEntry| e.subject.push('x'),
            &|e: &mut JournalEntry| e.detail = e.detail.replace('\n', "\\n"),
            &|e: &mut JournalEntry| e.content_hash.0[31] ^= 1,
            &|e: &mut JournalEntry| e.previous.0[0] ^= 1,
            &|e: &mut JournalEntry| covers(e, |covers| covers.records.0[3] ^= 1),
            &|e: &mut JournalEntry| covers(e, |covers| covers.salt.0[0] ^= 1),
            &|e: &mut JournalEntry| e.covers = None,
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.compute_chain(), entry().chain, "change {index}");
        }
    }

    #[test]
    fn time_never_runs_backwards() {
        let first = entry();
        let earlier: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
        let new = NewEntry {
            actor: String::new(),
            by: String::new(),
            action: "report.submit",
            subject: String::new(),
            outcome: Outcome::Accepted,
            detail: String::new(),
            content_hash: Hash::default(),
        };
        let second = JournalEntry::chained(new, Covers::default(), &first.position(), earlier);
        assert_eq!((second.sequence, second.time, second.previous), (2, first.time, first.chain));
    }
}
