//! Takes all records of another store into one that has none.
//!
//! Records come in order of their keys, and so the copy takes them first, and the log is made from it. The copy's header is taken
//! away before, and put back when everything is durable: without it the folder is not opened, so that a store of which only a
//! part arrived is never taken for whole. With it, a start makes the rest of the log.

use std::ops::ControlFlow;

use sled::Batch;

use crate::store::ahead::{all_cores, in_order};
use crate::store::covered::prove;
use crate::store::item::{Examined, ImportCheck, StoredRecord};
use crate::store::record::Header;
use crate::store::{Position, Records, StoreError, Transactions};

use super::copy::Copy;
use super::grouped::{self, in_groups};
use super::shared::Shared;
use super::watermark::Watermark;
use super::{keys, retold, state};

/// Records written together.
const BATCH_RECORDS: usize = 256;

fn unknown(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unknown(error.to_string())
}

/// A record with what can be told of it alone, or why there is none.
type Checked = Result<(StoredRecord, Result<Examined, StoreError>), StoreError>;

fn examine(batch: Vec<Result<StoredRecord, StoreError>>) -> Vec<Checked> {
    let examine = |record: StoredRecord| {
        let examined = Examined::of(&record.key, &record.value);
        (record, examined)
    };
    batch.into_iter().map(|record| record.map(examine)).collect()
}

/// Writes the records and makes them durable; the caller shows them.
pub(crate) fn run(
    shared: &Shared,
    watermark: &Watermark,
    records: Records,
    position: &Position,
) -> Result<(), StoreError> {
    if shared.durable().sequence > 0 {
        return Err(StoreError::NotEmpty);
    }
    shared.with_copy(|copy| fill(copy, shared, records, position))?;
    watermark.raise(position).map_err(unknown)?;
    watermark.sync().map_err(unknown)?;
    state::opened(&shared.space.directory, &shared.boot).map_err(unknown)
}

/// Appends transactions of another store to the log, and has the copy take them; the caller shows them.
pub(crate) fn follow(
    shared: &Shared,
    watermark: &Watermark,
    transactions: Transactions,
    position: &Position,
) -> Result<(), StoreError> {
    let first = shared.durable();
    shared.with_copy(|copy| {
        state::importing(&shared.space.directory).map_err(unknown)?;
        // Without it the folder is not opened.
        copy.tree.remove(keys::HEADER).map_err(unknown)?;
        copy.sync()?;
        let mut last = first;
        let proved = transactions.map(|logged| {
            let logged = logged?;
            prove(&logged, &last)?;
            last = logged.position;
            Ok(logged)
        });
        in_groups(proved, |group| {
            shared.log.append(&shared.log.head(), &group).map_err(unknown)?;
            copy.take(&group)
        })?;
        if (last.sequence, last.chain) != (position.sequence, position.chain) {
            let text = format!("they end at entry {} instead of {}", last.sequence, position.sequence);
            return Err(StoreError::Damaged(text));
        }
        copy.set_header(&Header::CopyOf(last))?;
        copy.sync()
    })?;
    watermark.raise(position).map_err(unknown)?;
    watermark.sync().map_err(unknown)?;
    state::opened(&shared.space.directory, &shared.boot).map_err(unknown)?;
    // People's words that were struck out by one of these go from the log of earlier ones, too.
    let mut looked_at = 0;
    while looked_at < first.sequence {
        looked_at = shared.look_through(looked_at, grouped::TRANSACTIONS as u64, first.sequence)?;
    }
    Ok(())
}

fn fill(copy: &Copy, shared: &Shared, records: Records, position: &Position) -> Result<(), StoreError> {
    state::importing(&shared.space.directory).map_err(unknown)?;
    copy.tree.remove(keys::HEADER).map_err(unknown)?;
    copy.sync()?;
    let mut check = ImportCheck::up_to(*position);
    let mut records = records.fuse();
    let next_batch = move || {
        let batch: Vec<_> = records.by_ref().take(BATCH_RECORDS).collect();
        (!batch.is_empty()).then_some(batch)
    };
    let failed = in_order(all_cores(), next_batch, examine, |examined| {
        let mut batch = Batch::default();
        for record in examined {
            let checked = record.and_then(|(record, examined)| check.take(&record, examined).map(|_| record));
            match checked {
                Ok(record) => batch.insert(record.key, record.value),
                Err(error) => return ControlFlow::Break(error),
            }
        }
        match copy.tree.apply_batch(batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(unknown(error)),
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    check.finish()?;
    copy.sync()?;
    copy.set_header(&Header::CopyOf(*position))?;
    copy.sync()?;
    retold::retell(&copy.tree, &*shared.log, position.sequence)
}
