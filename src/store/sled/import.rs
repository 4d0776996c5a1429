//! Takes all records of another store into one that has none.
//!
//! The store's header is taken away first, and put back when everything else is durable: without it the folder is not
//! opened, so that a store of which only a part arrived is never taken for whole.

use std::ops::ControlFlow;

use sled::Batch;

use crate::store::ahead::{all_cores, in_order};
use crate::store::item::{Examined, ImportCheck, StoredRecord};
use crate::store::record::{StoreHeader, encode};
use crate::store::{Position, Records, StoreError};

use super::durability::DataFile;
use super::keys;
use super::shared::Shared;
use super::watermark::Watermark;

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
    data_file: &DataFile,
    watermark: &Watermark,
    records: Records,
    position: &Position,
) -> Result<(), StoreError> {
    if shared.durable().sequence > 0 {
        return Err(StoreError::NotEmpty);
    }
    let sync = || {
        shared.tree.flush().map_err(unknown)?;
        data_file.sync().map_err(unknown)
    };
    shared.tree.remove(keys::HEADER).map_err(unknown)?;
    sync()?;
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
        match shared.tree.apply_batch(batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(unknown(error)),
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    check.finish()?;
    sync()?;
    shared.tree.insert(keys::HEADER, encode(&StoreHeader)).map_err(unknown)?;
    sync()?;
    watermark.raise(position).map_err(unknown)?;
    watermark.sync().map_err(unknown)
}
