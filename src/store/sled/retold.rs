//! The transactions of a copy in the log's order, each proved: it is chained to the one before, and its records are those that
//! its entry holds the hash of. What a log has lost is put back so, and a store from before there was a log becomes one.

use crate::store::StoreError;
use crate::store::covered::prove;
use crate::store::item::{describe_key, sequence_of};
use crate::store::journal::Position;
use crate::store::keys;
use crate::store::log::{Keyed, Log, Logged};

use super::grouped::in_groups;
use super::shared::read_error;

/// Transactions between two words of progress.
const PROGRESS: u64 = 50_000;

/// The keys of records by the sequence number of their transaction, but for those that are found by it.
#[derive(Default)]
struct Index {
    keys: Vec<u8>,
    /// Sequence number, where its key begins, how long it is.
    places: Vec<(u64, usize, u8)>,
}

impl Index {
    fn of(tree: &sled::Db, after: u64, until: u64) -> Result<Self, StoreError> {
        let mut index = Self::default();
        for entry in tree.iter() {
            let (key, value) = entry.map_err(|error| read_error(&error))?;
            if *key == keys::HEADER || matches!(key.first(), Some(b'j')) {
                continue;
            }
            // What is damaged is missed where its transaction is put together.
            let Some(sequence) = sequence_of(&key, &value).filter(|of| (after + 1..=until).contains(of)) else {
                continue;
            };
            let length = u8::try_from(key.len()).map_err(|_| StoreError::Damaged(describe_key(&key)))?;
            index.places.push((sequence, index.keys.len(), length));
            index.keys.extend_from_slice(&key);
        }
        index.places.sort_unstable();
        Ok(index)
    }

    fn keys_of(&self, sequence: u64) -> impl Iterator<Item = &[u8]> {
        let first = self.places.partition_point(|(of, ..)| *of < sequence);
        let places = self.places[first..].iter().take_while(move |(of, ..)| *of == sequence);
        places.map(|(_, at, length)| &self.keys[*at..*at + usize::from(*length)])
    }
}

/// The transactions of a copy after a place and up to another.
pub(super) struct Retold<'a> {
    tree: &'a sled::Db,
    index: Index,
    last: Position,
    until: u64,
}

impl<'a> Retold<'a> {
    /// # Errors
    /// Where the copy cannot be read.
    pub(super) fn of(tree: &'a sled::Db, after: Position, until: u64) -> Result<Self, StoreError> {
        Ok(Self { tree, index: Index::of(tree, after.sequence, until)?, last: after, until })
    }

    fn transaction(&self, sequence: u64) -> Result<Logged, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("journal entry {sequence}: {what}"));
        let read = |key: &[u8]| -> Result<Keyed, StoreError> {
            let value = self.tree.get(key).map_err(|error| read_error(&error))?;
            let value = value.ok_or_else(|| damaged("one of its records is gone"))?;
            Ok(Keyed { key: key.to_vec(), value: value.to_vec() })
        };
        let keys = self.index.keys_of(sequence);
        let records =
            [read(&keys::journal(sequence))].into_iter().chain(keys.map(&read)).collect::<Result<Vec<_>, _>>()?;
        let logged = Logged::of(records)?;
        prove(&logged, &self.last)?;
        Ok(logged)
    }
}

impl Iterator for Retold<'_> {
    type Item = Result<Logged, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.last.sequence >= self.until {
            return None;
        }
        let made = self.transaction(self.last.sequence + 1);
        match &made {
            Ok(logged) => self.last = logged.position,
            Err(_) => self.until = 0,
        }
        Some(made)
    }
}

/// Appends to a log what it has not of a copy, up to a sequence number.
///
/// # Errors
/// [`StoreError::Damaged`] naming the first entry that cannot be proved; where the log cannot be written.
pub(super) fn retell(tree: &sled::Db, log: &dyn Log, until: u64) -> Result<(), StoreError> {
    let told = Retold::of(tree, log.head(), until)?.inspect(|logged| {
        if let Ok(logged) = logged
            && logged.position.sequence % PROGRESS == 0
        {
            tracing::info!(sequence = logged.position.sequence, until, "the log is made from its copy");
        }
    });
    in_groups(told, |group| log.append(&log.head(), &group).map_err(|error| StoreError::Unknown(error.to_string())))
}
