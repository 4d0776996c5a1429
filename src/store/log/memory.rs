//! The reference log: forgets everything when it is dropped.

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
    #[cfg(test)]
    pub(crate) fn damage(&self, sequence: u64) {
        self.0.lock().unwrap().1[usize::try_from(sequence).unwrap() - 1] = None;
    }
}

/// Where a transaction is.
fn at(sequence: u64) -> usize {
    sequence.checked_sub(1).and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX)
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
        let first = usize::try_from(after).unwrap_or(usize::MAX);
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).1.get(first..).map(<[_]>::to_vec);
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, transaction) in kept.unwrap_or_default().into_iter().enumerate() {
            let sequence = after + 1 + at as u64;
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
        let (first, end) = (at(*gap.start()), at(*gap.end()).saturating_add(1));
        let before = match first.checked_sub(1) {
            None => Some(Hash::default()),
            Some(at) => kept.1.get(at).and_then(Option::as_ref).map(|before| before.position.chain),
        };
        let next = match kept.1.get(end) {
            None => Some(kept.0.chain),
            Some(next) => next.as_ref().map(|next| next.previous),
        };
        if end > kept.1.len() || !fits(gap, transactions, before, next) {
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
        let there = kept.1.get_mut(at(transaction.position.sequence));
        let same = |there: &Option<Logged>| {
            there.clone().is_some_and(|there| is_in_place_of(transaction, &Piece::Transaction(there)))
        };
        match there.filter(|there| same(there)) {
            Some(there) => *there = Some(transaction.clone()),
            None => return Err(StoreError::Damaged("it is not in the place of itself".to_owned())),
        }
        Ok(())
    }
}
