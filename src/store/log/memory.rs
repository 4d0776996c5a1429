//! A log for tests: forgets everything when it is dropped.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use crate::report::Hash;
use crate::store::StoreError;
use crate::store::journal::Position;

use super::{Keyed, Log, LogError, Logged, Piece, fits, follow, is_in_place_of};

/// Transactions in order; none in the place of one that was damaged.
#[derive(Default)]
pub(crate) struct MemoryLog(Mutex<(Position, Vec<Option<Logged>>)>);

impl MemoryLog {
    /// Damages what it holds of a transaction.
    pub(crate) fn damage(&self, sequence: u64) {
        self.0.lock().unwrap().1[usize::try_from(sequence).unwrap() - 1] = None;
    }
}

impl Log for MemoryLog {
    fn head(&self) -> Position {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn append(&self, after: &Position, group: &[Logged]) -> Result<(), LogError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if (after.sequence, after.chain) != (kept.0.sequence, kept.0.chain) {
            return Err(LogError::NotNewest { head: kept.0 });
        }
        if !follow(after, group) {
            return Err(LogError::NotNext { after: after.sequence });
        }
        kept.0 = group.last().map_or(kept.0, |last| last.position);
        kept.1.extend(group.iter().cloned().map(Some));
        Ok(())
    }

    fn read(&self, after: u64) -> Box<dyn Iterator<Item = Result<Piece, StoreError>> + Send + '_> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
        let mut pieces: Vec<Piece> = Vec::new();
        for (sequence, transaction) in (1..).zip(kept).skip(usize::try_from(after).unwrap_or(usize::MAX)) {
            match (transaction, pieces.last_mut()) {
                (Some(transaction), _) => pieces.push(Piece::Transaction(transaction)),
                (None, Some(Piece::Gap(gap))) => *gap = *gap.start()..=sequence,
                (None, _) => pieces.push(Piece::Gap(sequence..=sequence)),
            }
        }
        Box::new(pieces.into_iter().map(Ok))
    }

    fn fill(&self, gap: &RangeInclusive<u64>, transactions: &[Logged]) -> Result<(), StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, end) = (usize::try_from(*gap.start()).unwrap() - 1, usize::try_from(*gap.end()).unwrap());
        let before = match first.checked_sub(1) {
            None => Some(Hash::default()),
            Some(at) => kept.1[at].as_ref().map(|before| before.position.chain),
        };
        let next = match kept.1.get(end) {
            None => Some(kept.0.chain),
            Some(next) => next.as_ref().map(|next| next.previous),
        };
        if !fits(gap, transactions, before, next) {
            return Err(StoreError::Damaged("what is to fill a gap is not what was there".to_owned()));
        }
        kept.1.splice(first..end, transactions.iter().cloned().map(Some));
        Ok(())
    }

    fn remains(&self, _: &RangeInclusive<u64>) -> Vec<Keyed> {
        Vec::new()
    }

    fn replace(&self, transaction: &Logged) -> Result<(), StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(transaction.position.sequence).unwrap() - 1;
        let there = kept.1.get(at).cloned().flatten();
        if !there.is_some_and(|there| is_in_place_of(transaction, &Piece::Transaction(there))) {
            return Err(StoreError::Damaged("it is not in the place of itself".to_owned()));
        }
        kept.1[at] = Some(transaction.clone());
        Ok(())
    }
}
