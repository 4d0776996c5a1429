//! What happened, in order: the one truth of a store, from which everything else in it can be made again.
//!
//! - [`Log`]: what every log promises; `suite` runs against each.
//! - [`FileLog`]: segments of checksummed frames in a folder. [`MemoryLog`]: the reference.
//! - [`Logged`]: one transaction as a log keeps it.
//!
//! - [`SharedLog`]: what a log that several instances append to promises besides. [`PostgresLog`]: tables of PostgreSQL.

mod file;
mod logged;
mod memory;
mod postgres;
#[cfg(test)]
mod suite;

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;

use crate::report::Hash;

use super::StoreError;
use super::journal::Position;

pub use file::Sizes;
pub(crate) use file::{FOLDER, FileLog, holds_segments};
pub use logged::{Keyed, Logged};
pub(crate) use memory::MemoryLog;
pub(crate) use postgres::PostgresLog;
pub use postgres::{Engine, EngineOptions, EngineStatus, Extras, Roles, figures, init, status, upgrade};

/// Why nothing was appended, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LogError {
    /// The writer does not stand where the log does: another has written. Nothing was appended.
    #[error("the log stands at entry {} and not where its writer does", head.sequence)]
    NotNewest { head: Position },
    /// What was to be appended does not follow the head, entry by entry. Nothing was appended.
    #[error("what was to be appended does not follow entry {after}")]
    NotNext { after: u64 },
    /// The group may or may not be there, as a whole or up to one of its transactions; nothing more is appended until the log
    /// is opened again.
    #[error("{0}")]
    Unknown(String),
    /// Nothing was appended, and the next attempt may succeed.
    #[error("{0}")]
    NotStored(String),
    /// What the writer stands on is not in the log any more: it has gone back behind what was shown, or is another one.
    /// Nothing was appended.
    #[error("{0}")]
    Diverged(String),
}

/// What a log holds after a place, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Transaction(Logged),
    /// Transactions that cannot be read any more, by their sequence numbers.
    Gap(RangeInclusive<u64>),
}

/// What happened, in order.
///
/// Promises:
/// 1. **Durable when answered.** A group that was appended is on disk, or on whatever the log calls durable, when `append`
///    returns.
/// 2. **Each transaction whole, none without those before it.** Of a group whose append did not return, any number of
///    transactions may be there from the first on, each whole.
/// 3. **One order.** Each transaction is chained to the one before; only what follows the head is appended, and only by a
///    writer who knows the head. Two writers never append after the same one.
/// 4. **Nothing is altered** but by [`Log::fill`], which puts back what was there, and by [`Log::replace`], after people's words
///    were struck out.
/// 5. **Damage is told.** What cannot be read as it was written is a [`Piece::Gap`]; what comes after it is read all the same.
pub(crate) trait Log: Send + Sync {
    /// The newest transaction.
    fn head(&self) -> Position;

    /// Appends transactions right after `after`, which must be the head.
    fn append(&self, after: &Position, group: &[Logged]) -> Result<(), LogError>;

    /// Everything after a sequence number and up to the head as it is now, in order.
    fn read(&self, after: u64) -> Box<dyn Iterator<Item = Result<Piece, StoreError>> + Send + '_>;

    /// Puts transactions where a gap is, or a part of one: all of that part, chained to what can be read on either side of
    /// it.
    fn fill(&self, gap: &RangeInclusive<u64>, transactions: &[Logged]) -> Result<(), StoreError>;

    /// Records of these transactions that can still be read by themselves where the transactions cannot: each is whole by
    /// its own checksum, and there may be none.
    fn remains(&self, of: &RangeInclusive<u64>) -> Vec<Keyed>;

    /// Puts a transaction in its own place, with the same chain hashes; people's words are gone from it.
    fn replace(&self, transaction: &Logged) -> Result<(), StoreError>;

    /// The same log, where others append to it as well.
    fn shared(&self) -> Option<&dyn SharedLog> {
        None
    }

    /// Everything that cannot be read any more. Reads the whole log.
    fn gaps(&self) -> Result<Vec<RangeInclusive<u64>>, StoreError> {
        let gaps = self.read(0).filter_map(|piece| match piece {
            Ok(Piece::Transaction(_)) => None,
            Ok(Piece::Gap(gap)) => Some(Ok(gap)),
            Err(error) => Some(Err(error)),
        });
        gaps.collect()
    }
}

/// Whoever appends to a shared log has the turn, and all that others have appended.
#[derive(Debug)]
pub(crate) struct Turn {
    /// What others have appended, in order.
    pub newer: Vec<Logged>,
    /// It is all of it. Otherwise there is more, and the turn was not taken: follow this first, and ask again.
    pub complete: bool,
    /// The time, by the clock of the log.
    pub now: Timestamp,
}

/// What there is to be seen in a shared log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing that is not known.
    Same,
    /// It stands at this sequence number.
    Newer(u64),
}

/// How far the plain tables for analysts have followed the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiguresAsOf {
    /// They are true as of this entry.
    pub sequence: u64,
    /// Entries that are still to be followed.
    pub behind: u64,
}

/// A log that other instances append to as well.
///
/// Promises, besides those of [`Log`]:
/// 1. **One at a time.** Between [`SharedLog::lock`] and the end of the turn nobody else appends, and what whoever takes it is
///    handed is all that there is. The turn of one that hangs ends without it.
/// 2. **What is unknown is settled by whoever has the turn next.** Once it is had again, what was appended in the turn before is
///    there, or never will be.
/// 3. **What is gone is noticed.** Where the entry that a caller stands on is not there, every question says so
///    ([`LogError::Diverged`]).
/// 4. **Nothing is read beyond what is known** ([`SharedLog::advance`]): what others append does not appear by itself.
pub(crate) trait SharedLog: Log {
    /// Takes the turn, for a writer that stands at `after`.
    fn lock(&self, after: &Position) -> Result<Turn, LogError>;

    /// Appends transactions that follow the head, and ends the turn.
    fn append_locked(&self, group: &[Logged]) -> Result<(), LogError>;

    /// Ends the turn without appending; everything that was found in it is durable then.
    fn confirm(&self) -> Result<(), LogError>;

    /// Ends the turn.
    fn release(&self);

    /// What others have appended after a place, as far as one answer goes, and the head; takes no turn.
    fn newer(&self, after: &Position) -> Result<(Vec<Logged>, Position), LogError>;

    /// Looks at the head, beside whoever has the turn.
    fn look(&self, after: &Position) -> Result<Seen, LogError>;

    /// Says what to do when somebody else has appended, as far as there is word of it: nothing may rest on that.
    fn when_appended(&self, wake: Box<dyn Fn() + Send + Sync>);

    /// Everything up to here is known.
    fn advance(&self, to: Position);

    /// Tells this log from any other, in hexadecimal.
    fn epoch(&self) -> String;

    /// What there is beside the journal.
    fn extras(&self) -> Extras;

    /// Takes a job on for a time that one instance does for all, or goes on having it: whether it is this instance's. Doing it
    /// twice does no harm: a clock may be wrong, and one that slept may not know yet that it has lost it.
    fn take_on(&self, job: &str, time: Duration) -> Result<bool, LogError>;

    /// How far whoever had a job has come with it.
    fn done(&self, job: &str) -> Result<Position, LogError>;

    /// Notes how far this instance has come with a job that it has.
    fn note_done(&self, job: &str, position: &Position) -> Result<(), LogError>;

    /// Follows the journal by one page with the plain tables for analysts; `anew` from its beginning.
    fn follow_figures(&self, anew: bool) -> Result<FiguresAsOf, LogError>;
}

/// Whether one transaction may stand in the place of another.
pub(crate) fn is_in_place_of(one: &Logged, other: &Piece) -> bool {
    matches!(other, Piece::Transaction(other) if (one.position, one.previous) == (other.position, other.previous))
}

/// Whether transactions may fill a part of a gap: all of it, each chained to the one before, and to what is known to stand on
/// either side. `before` and `next` are the chain hash before the part and the one that what comes after it names.
pub(crate) fn fits(
    part: &RangeInclusive<u64>,
    transactions: &[Logged],
    before: Option<Hash>,
    next: Option<Hash>,
) -> bool {
    let (Some(first), Some(last)) = (transactions.first(), transactions.last()) else { return false };
    let start = Position { sequence: part.start() - 1, chain: first.previous, ..Position::default() };
    follow(&start, transactions)
        && last.position.sequence == *part.end()
        && before.is_none_or(|before| before == first.previous)
        && next.is_none_or(|next| next == last.position.chain)
}

/// Whether transactions follow a place one after the other.
pub(crate) fn follow(after: &Position, group: &[Logged]) -> bool {
    let mut last = (after.sequence, after.chain);
    group.iter().all(|next| {
        let follows = (next.position.sequence, next.previous) == (last.0 + 1, last.1);
        last = (next.position.sequence, next.position.chain);
        follows
    })
}
