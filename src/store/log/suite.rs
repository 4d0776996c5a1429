//! What every log promises, run against each, and what damage does to the one on disk.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::report::Hash;
use crate::store::evidence::Salt;
use crate::store::item::Item;
use crate::store::journal::{Covers, JournalEntry, NewEntry, Outcome, Position};

use super::{FileLog, Keyed, Log, LogError, Logged, MemoryLog, Piece, Sizes};

/// So small that a few transactions fill a segment.
const SMALL: Sizes = Sizes { segment_bytes: 4096, step_bytes: 1024 };

/// The next transaction after `last`, with so many bytes beside its entry.
fn next(last: &Position, bytes: usize) -> Logged {
    let new = NewEntry {
        actor: "somebody".to_owned(),
        by: String::new(),
        action: "report.submit",
        subject: String::new(),
        outcome: Outcome::Accepted,
        detail: format!("after {}", last.sequence),
        content_hash: Hash::default(),
    };
    let covers = Covers { records: Hash::default(), salt: Salt::default() };
    let entry = JournalEntry::chained(new, covers, last, Timestamp::UNIX_EPOCH);
    let record = Item::Entry(entry).to_record().unwrap();
    let other = Keyed { key: b"other".to_vec(), value: vec![last.sequence as u8; bytes] };
    Logged::of(vec![record.into(), other]).unwrap()
}

/// So many transactions after `last`.
fn chain(last: &Position, count: usize) -> Vec<Logged> {
    let mut last = *last;
    let mut made = Vec::new();
    for number in 0..count {
        made.push(next(&last, 100 + number * 37 % 500));
        last = made[number].position;
    }
    made
}

/// Appends in groups of one, two, three …
fn append_all(log: &dyn Log, mut transactions: &[Logged]) {
    for size in 1.. {
        let (group, rest) = transactions.split_at(size.min(transactions.len()));
        log.append(&log.head(), group).unwrap();
        transactions = rest;
        if rest.is_empty() {
            return;
        }
    }
}

fn read(log: &dyn Log, after: u64) -> Vec<Piece> {
    log.read(after).map(Result::unwrap).collect()
}

fn all(transactions: &[Logged]) -> Vec<Piece> {
    transactions.iter().cloned().map(Piece::Transaction).collect()
}

mod postgres;

mod promises {
    use super::*;

    pub(super) fn what_was_appended_is_read_in_its_order(log: &dyn Log) {
        assert_eq!((log.head(), read(log, 0)), (Position::default(), Vec::new()));
        let made = chain(&log.head(), 40);
        append_all(log, &made);
        assert_eq!(log.head(), made[39].position);
        for after in [0, 1, 17, 39, 40, 41, u64::MAX - 1] {
            assert_eq!(read(log, after), all(&made[usize::try_from(after).unwrap_or(40).min(40)..]), "after {after}");
        }
    }

    pub(super) fn a_writer_whose_head_is_not_the_newest_is_refused(log: &dyn Log) {
        let made = chain(&log.head(), 3);
        append_all(log, &made);
        let head = log.head();
        let other = next(&made[1].position, 1);
        let elsewhere = Position { chain: Hash::of(b"another"), ..head };
        for after in [Position::default(), made[1].position, elsewhere] {
            let refused = log.append(&after, &[next(&after, 1)]);
            assert_eq!(refused, Err(LogError::NotNewest { head }));
        }
        for wrong in [vec![other.clone()], vec![next(&head, 1), other]] {
            assert_eq!(log.append(&head, &wrong), Err(LogError::NotNext { after: head.sequence }));
        }
        assert_eq!((log.head(), read(log, 0)), (head, all(&made)));
        log.append(&head, &[]).unwrap();
        log.append(&head, &[next(&head, 1)]).unwrap();
    }

    pub(super) fn of_writers_at_once_one_appends_after_each_head(log: &dyn Log) {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut appended = 0;
                    while appended < 10 {
                        let head = log.head();
                        match log.append(&head, &[next(&head, 10)]) {
                            Ok(()) => appended += 1,
                            Err(error) => assert!(matches!(error, LogError::NotNewest { .. }), "{error}"),
                        }
                    }
                });
            }
        });
        let pieces = read(log, 0);
        assert!(pieces.len() == 40 && log.gaps().unwrap().is_empty());
    }

    pub(super) fn damage_is_told_and_only_what_was_there_is_put_back(log: &dyn Log, damage: &dyn Fn(u64)) {
        let made = chain(&log.head(), 30);
        append_all(log, &made);
        for gap in [5..=5, 11..=13, 1..=2] {
            gap.clone().for_each(damage);
            let at = |sequence: u64| usize::try_from(sequence).unwrap();
            let (before, after) = (&made[..at(*gap.start()) - 1], &made[at(*gap.end())..]);
            let expected = [all(before), vec![Piece::Gap(gap.clone())], all(after)].concat();
            assert_eq!((read(log, 0), log.gaps().unwrap()), (expected, vec![gap.clone()]));
            let there = &made[at(*gap.start()) - 1..at(*gap.end())];
            let others = [&there[1..], &there[..there.len() - 1], &chain(&made[0].position, there.len())];
            for other in others {
                log.fill(&gap, other).unwrap_err();
            }
            log.fill(&gap, there).unwrap();
            assert_eq!(read(log, 0), all(&made));
        }
        log.append(&log.head(), &[next(&log.head(), 1)]).unwrap();
        assert_eq!(read(log, 0).len(), 31);
    }

    pub(super) fn a_transaction_is_replaced_by_itself_without_words_only(log: &dyn Log) {
        let made = chain(&log.head(), 30);
        append_all(log, &made);
        let mut expected = made.clone();
        for at in [0, 13, 29] {
            let mut struck = made[at].clone();
            struck.records[1].value.clear();
            log.replace(&struck).unwrap();
            expected[at] = struck;
            assert_eq!(read(log, 0), all(&expected));
            let others = [Logged { previous: Hash::of(b"another"), ..made[at].clone() }, next(&log.head(), 1)];
            for other in others {
                log.replace(&other).unwrap_err();
            }
        }
        log.append(&log.head(), &[next(&log.head(), 1)]).unwrap();
        assert_eq!(read(log, 0)[..30], all(&expected));
    }
}

mod memory {
    use super::*;

    #[test]
    fn a_transaction_is_replaced_by_itself_without_words_only() {
        promises::a_transaction_is_replaced_by_itself_without_words_only(&MemoryLog::default());
    }

    #[test]
    fn what_was_appended_is_read_in_its_order() {
        promises::what_was_appended_is_read_in_its_order(&MemoryLog::default());
    }

    #[test]
    fn a_writer_whose_head_is_not_the_newest_is_refused() {
        promises::a_writer_whose_head_is_not_the_newest_is_refused(&MemoryLog::default());
    }

    #[test]
    fn of_writers_at_once_one_appends_after_each_head() {
        promises::of_writers_at_once_one_appends_after_each_head(&MemoryLog::default());
    }

    #[test]
    fn damage_is_told_and_only_what_was_there_is_put_back() {
        let log = MemoryLog::default();
        promises::damage_is_told_and_only_what_was_there_is_put_back(&log, &|sequence| log.damage(sequence));
    }
}

mod file {
    use super::*;

    #[test]
    fn a_transaction_is_replaced_by_itself_without_words_only() {
        promises::a_transaction_is_replaced_by_itself_without_words_only(&open(&folder()));
    }

    #[test]
    fn what_was_appended_is_read_in_its_order() {
        let folder = folder();
        promises::what_was_appended_is_read_in_its_order(&open(&folder));
    }

    #[test]
    fn a_writer_whose_head_is_not_the_newest_is_refused() {
        promises::a_writer_whose_head_is_not_the_newest_is_refused(&open(&folder()));
    }

    #[test]
    fn of_writers_at_once_one_appends_after_each_head() {
        promises::of_writers_at_once_one_appends_after_each_head(&open(&folder()));
    }

    #[test]
    fn damage_is_told_and_only_what_was_there_is_put_back() {
        let folder = folder();
        let damage = |sequence| {
            let mark = format!("after {}", sequence - 1);
            // A longer number begins alike.
            for path in segments(folder.path()) {
                let mut bytes = std::fs::read(&path).unwrap();
                let is_here =
                    |at: &usize| bytes[*at..].starts_with(mark.as_bytes()) && !bytes[at + mark.len()].is_ascii_digit();
                let found = (0..bytes.len() - mark.len()).find(is_here);
                if let Some(at) = found {
                    bytes[at] ^= 1;
                    std::fs::write(path, bytes).unwrap();
                }
            }
        };
        promises::damage_is_told_and_only_what_was_there_is_put_back(&open(&folder), &damage);
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &TempDir) -> FileLog {
    FileLog::open(folder.path(), SMALL).unwrap()
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn a_log_is_the_same_after_opening_again_and_goes_on() {
    let folder = folder();
    let mut made = Vec::new();
    for _ in 0..8 {
        let log = open(&folder);
        assert_eq!(read(&log, 0), all(&made));
        let more = chain(&log.head(), 9);
        append_all(&log, &more);
        made.extend(more);
    }
    assert!(segments(folder.path()).len() > 3, "several segments");
}

#[test]
fn a_second_writer_is_kept_out_by_the_lock() {
    let folder = folder();
    let _first = open(&folder);
    let error = FileLog::open(folder.path(), SMALL).err().unwrap().to_string();
    assert!(error.contains("another process has it open"), "{error}");
}

#[test]
fn a_newer_layout_is_refused_by_its_version() {
    let folder = folder();
    append_all(&open(&folder), &chain(&Position::default(), 2));
    let path = &segments(folder.path())[0];
    let mut bytes = std::fs::read(path).unwrap();
    bytes[12] = b'2';
    let checksum = crc32fast::hash(&bytes[..24]).to_le_bytes();
    bytes[24..28].copy_from_slice(&checksum);
    std::fs::write(path, bytes).unwrap();
    let error = FileLog::open(folder.path(), SMALL).err();
    assert_eq!(error, Some(crate::store::StoreError::FormatVersion { found: 2, supported: 1 }));
}

#[test]
fn a_newest_file_that_was_deleted_stops_the_log() {
    let folder = folder();
    let log = open(&folder);
    append_all(&log, &chain(&log.head(), 2));
    std::fs::remove_file(segments(folder.path()).last().unwrap()).unwrap();
    for _ in 0..2 {
        let refused = log.append(&log.head(), &[next(&log.head(), 1)]);
        assert!(matches!(&refused, Err(LogError::Unknown(reason)) if reason.contains("was deleted")), "{refused:?}");
    }
}

/// A log in which the last group has three transactions.
fn with_a_last_group(folder: &TempDir) -> Vec<Logged> {
    let log = open(folder);
    let made = chain(&log.head(), 12);
    append_all(&log, &made[..4]);
    log.append(&log.head(), &made[4..9]).unwrap();
    log.append(&log.head(), &made[9..]).unwrap();
    made
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A group that was not acknowledged may be there in any part: it is taken up to what is missing, and the log goes on
    /// from there as if nothing of the rest had ever been.
    #[test]
    fn what_a_power_cut_leaves_of_a_group_is_taken_up_to_what_is_missing(
        pages in proptest::collection::vec(any::<bool>(), 16),
        page_bytes in prop::sample::select(vec![64usize, 256, 512]),
        again in 1..6usize,
    ) {
        let folder = folder();
        let made = with_a_last_group(&folder);
        let path = segments(folder.path()).pop().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        prop_assert_eq!(read(&open(&folder), 0), all(&made));
        // The last group begins where the first of its frames says so.
        let begins = frame_starts(&bytes)[frame_starts(&bytes).len() - 3];
        for (at, there) in (begins..bytes.len()).step_by(page_bytes).zip(pages.iter().cycle()) {
            let end = (at + page_bytes).min(bytes.len());
            if !there {
                bytes[at..end].fill(0);
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        let log = open(&folder);
        let there = read(&log, 0);
        prop_assert!((9..=12).contains(&there.len()) && there == all(&made[..there.len()]), "{}", there.len());
        let more = chain(&log.head(), again);
        log.append(&log.head(), &more).unwrap();
        drop(log);
        let log = open(&folder);
        prop_assert_eq!(read(&log, 0), [there, all(&more)].concat());
    }

    /// Whatever happens to one file, all that is not in the damaged place is read, nothing else is, and what is known from
    /// elsewhere is put back.
    #[test]
    fn after_any_damage_to_a_file_the_rest_is_read_and_what_is_missing_can_be_put_back(
        file in 0..4usize,
        place in 0.0..1.0f64,
        harm in 0..4u8,
        more in 1..4usize,
    ) {
        let folder = folder();
        let log = open(&folder);
        let made = chain(&log.head(), 30);
        append_all(&log, &made);
        let paths = segments(folder.path());
        let path = &paths[file.min(paths.len() - 1)];
        let mut bytes = std::fs::read(path).unwrap();
        let at = ((bytes.len() - 1) as f64 * place) as usize;
        match harm {
            0 => bytes[at] ^= 4,
            1 => { let end = (at + 512).min(bytes.len()); bytes[at..end].fill(0) }
            2 => bytes.truncate(at),
            _ => {}
        }
        if harm == 3 { std::fs::remove_file(path).unwrap() } else { std::fs::write(path, bytes).unwrap() }
        // Beside a copy that has everything: what is missing within is filled, what is missing at the end appended. First
        // while the log is open, then after it was opened again.
        let reopened = more % 2 == 0;
        let log = if reopened { drop(log); open(&folder) } else { log };
        for piece in read(&log, 0) {
            if let Piece::Transaction(one) = piece {
                prop_assert_eq!(&one, &made[usize::try_from(one.position.sequence).unwrap() - 1]);
            }
        }
        for gap in log.gaps().unwrap() {
            let (first, end) = (usize::try_from(*gap.start()).unwrap() - 1, usize::try_from(*gap.end()).unwrap());
            log.fill(&gap, &made[first..end]).unwrap();
        }
        let head = usize::try_from(log.head().sequence).unwrap();
        log.append(&log.head(), &made[head..]).unwrap();
        prop_assert_eq!(read(&log, 0), all(&made));
        let rest = chain(&log.head(), more);
        log.append(&log.head(), &rest).unwrap();
        drop(log);
        prop_assert_eq!(read(&open(&folder), 0), [all(&made), all(&rest)].concat());
    }
}

/// Where the frames of a segment begin, by their lengths.
fn frame_starts(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut starts) = (32, Vec::new());
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        if length == 0 {
            break;
        }
        starts.push(at);
        at += (24 + length).next_multiple_of(8);
    }
    starts
}
