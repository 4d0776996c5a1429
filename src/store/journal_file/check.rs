//! Verifies journals: files, without the store or the service, and the one in a store.

use std::io::{BufRead, Read as _};

use serde::{Deserialize, Serialize};

use crate::report::Message;
use crate::store::covered::Covered;
use crate::store::evidence::Evidence;
use crate::store::journal::{JournalEntry, Position};
use crate::store::strike::{Strikes, untold_message};
use crate::store::{Store, StoreError};

use super::{EntryLine, FORMAT, FirstLine, RecordLine};

/// Longest line that is read, in bytes; an entry is shorter than a record, and escapes make it six times as long.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// Entries read from a store at a time.
const PAGE: usize = 1000;

/// What is wrong with a journal, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalFault {
    /// Line of the file, from 1; none in a store.
    pub line: Option<u64>,
    /// The entry that should stand there; 0 for the first line of a file.
    pub sequence: u64,
    /// In words.
    pub what: Message,
}

impl JournalFault {
    /// In words, with the place.
    pub fn message(&self) -> Message {
        let (zh, en) = match self.line {
            Some(line) => (format!("第{line}行"), format!("line {line}")),
            None => (format!("日志第{}条", self.sequence), format!("journal entry {}", self.sequence)),
        };
        Message::new(format!("{zh}：{}", self.what.zh), format!("{en}: {}", self.what.en))
    }
}

/// What a file holds of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The entry before its first one, and its chain hash, with no time; nothing where it begins with the first entry.
    pub begin: Position,
    /// The last entry, and its chain hash.
    pub end: Position,
}

/// Checks a file that begins with the first entry; where its journal ends.
///
/// # Errors
/// The first fault.
pub fn verify_journal_file(from: impl BufRead) -> Result<Position, JournalFault> {
    verify_journal_file_with(from, Some(&Position::default()), |_| {}).map(|extent| extent.end)
}

/// Checks a file, which goes on from `after` where that is said, and shows each entry that stands where it should.
///
/// # Errors
/// The first fault.
pub fn verify_journal_file_with(
    mut from: impl BufRead,
    after: Option<&Position>,
    mut show: impl FnMut(&JournalEntry),
) -> Result<Extent, JournalFault> {
    let first_fault = |what: Message| JournalFault { line: Some(1), sequence: 0, what };
    let first = next_line(&mut from).map_err(first_fault)?;
    let first = first.ok_or_else(|| first_fault(Message::new("文件为空", "the file is empty")))?;
    let head = parse::<FirstLine>(&first).filter(|head| is_written_as(head, &first));
    let head = head.filter(|head| head.format == FORMAT && head.sha256 == head.digest());
    let begin = head.as_ref().and_then(FirstLine::begin);
    let (Some(head), Some(begin)) = (head, begin) else { return Err(first_fault(unlike())) };
    if let Some(after) = after
        && (begin.sequence, begin.chain) != (after.sequence, after.chain)
    {
        return Err(first_fault(Message::new(
            format!("此文件接第{}条，而其前止于第{}条或属另一日志", begin.sequence, after.sequence),
            format!(
                "it goes on from entry {}, and what is before it ends with entry {} or is of another journal",
                begin.sequence, after.sequence
            ),
        )));
    }
    let at = |sequence: u64, what: Message| JournalFault {
        line: Some(sequence.saturating_sub(begin.sequence) + 1),
        sequence,
        what,
    };
    // The same place, and it may know the time.
    let mut last = after.copied().unwrap_or(begin);
    let (mut covered, mut strikes) = (Covered::default(), Strikes::default());
    while last.sequence < head.sequence {
        let wanted = last.sequence + 1;
        let line = next_line(&mut from).map_err(|what| at(wanted, what))?;
        let line = line.ok_or_else(|| at(wanted, missing_entry(head.sequence)))?;
        let entry = parse::<EntryLine>(&line).and_then(EntryLine::into_entry);
        // Digits in capitals, say, make the same entry and another line.
        let entry = entry.filter(|entry| is_written_as(&EntryLine::of(entry), &line));
        let entry = entry.ok_or_else(|| at(wanted, unlike()))?;
        entry.check_follows(&last).map_err(|what| at(wanted, what))?;
        last = entry.position();
        strikes.see(&entry);
        show(&entry);
        if head.records.is_some() {
            covered.add_entry(&entry);
        }
    }
    if let Some(sequence) = strikes.untold() {
        return Err(at(sequence, untold_message()));
    }
    if last.chain.to_hex() != head.chain {
        let text = (
            "与首行所记的日志校验值不符：末条被替换",
            "it is not the entry that the first line names: it was replaced",
        );
        return Err(at(last.sequence, Message::new(text.0, text.1)));
    }
    let records = head.records.unwrap_or_default();
    for number in 1..=records {
        let place = last.sequence + number;
        let line = next_line(&mut from).map_err(|what| at(place, what))?;
        let line = line.ok_or_else(|| at(place, missing_record(records)))?;
        let record = parse::<RecordLine<'_>>(&line).filter(|record| is_written_as(record, &line));
        let RecordLine { sequence, record, lines } = record.ok_or_else(|| at(place, unlike()))?;
        if sequence == 0 || sequence > last.sequence {
            return Err(at(place, Message::new("不属于任何一条日志", "it belongs to no entry")));
        }
        covered.add_record(sequence, Evidence { kind: record.into_owned().into(), lines: lines.into_owned() });
    }
    let place = last.sequence + records + 1;
    if next_line(&mut from).map_err(|what| at(place, what))?.is_some() {
        let text =
            ("多出此行：首行所记到此前为止", "it is one too many: the first line says that the file ends before");
        return Err(at(place, Message::new(text.0, text.1)));
    }
    match covered.differing().first() {
        None => Ok(Extent { begin, end: last }),
        Some(sequence) => {
            let text = (
                "所存记录与该条日志所记不符：有记录被改动、增加或缺失",
                "its records are not those that it was stored with: one was changed or added, or is gone",
            );
            Err(at(*sequence, Message::new(text.0, text.1)))
        }
    }
}

fn unlike() -> Message {
    Message::new("不是导出时的样子：内容或格式被改动", "it is not as it was exported: something in it was changed")
}

fn missing_entry(expected: u64) -> Message {
    Message::new(
        format!("文件在此结束，而日志应至第{expected}条：其后缺失"),
        format!("the file ends here, and the journal goes to entry {expected}: the rest is missing"),
    )
}

fn missing_record(expected: u64) -> Message {
    Message::new(
        format!("文件在此结束，而记录应有{expected}条：其后缺失"),
        format!("the file ends here, and there should be {expected} records: the rest is missing"),
    )
}

/// The next line without its end; none at the end of the file.
fn next_line(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, Message> {
    let mut line = Vec::new();
    let read = from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
    read.map_err(|error| Message::new(format!("无法读取：{error}"), format!("it cannot be read: {error}")))?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(Message::new("此行不完整", "the line is not whole")),
    }
}

/// What a line holds.
fn parse<T: for<'a> Deserialize<'a>>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

/// Whether a line is, byte for byte, as it would be written.
fn is_written_as(value: &impl Serialize, line: &[u8]) -> bool {
    serde_json::to_vec(value).is_ok_and(|written| written == line)
}

/// Checks the journal in a store; where it ends.
///
/// # Errors
/// The first fault.
pub fn verify_journal(store: &dyn Store) -> Result<Position, JournalFault> {
    let end = store.position();
    let (mut last, mut strikes) = (Position::default(), Strikes::default());
    while last.sequence < end.sequence {
        // Where a page cannot be read, the entry at fault is found one by one.
        let page = store.journal(last.sequence, PAGE).or_else(|_| store.journal(last.sequence, 1));
        let fault = |what| JournalFault { line: None, sequence: last.sequence + 1, what };
        let unreadable = |error: StoreError| Message::new(format!("无法读取：{error}"), error.to_string());
        let page = page.map_err(|error| fault(unreadable(error)))?;
        if page.is_empty() {
            return Err(fault(Message::new("缺失", "it is missing")));
        }
        for entry in &page {
            let wanted = last.sequence + 1;
            entry.check_follows(&last).map_err(|what| JournalFault { line: None, sequence: wanted, what })?;
            last = entry.position();
            strikes.see(entry);
        }
    }
    match strikes.untold() {
        None => Ok(last),
        Some(sequence) => Err(JournalFault { line: None, sequence, what: untold_message() }),
    }
}
