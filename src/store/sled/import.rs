//! Takes all records of another store into one that has none.
//!
//! The store's header is taken away first, and put back when everything else is durable: without it the folder is not
//! opened, so that a store of which only a part arrived is never taken for whole.

use sled::Batch;

use crate::store::item::ImportCheck;
use crate::store::record::{StoreHeader, encode};
use crate::store::{Position, Records, StoreError};

use super::durability::DataFile;
use super::watermark::Watermark;
use super::{Shared, keys};

/// Records written together.
const BATCH_RECORDS: usize = 256;

fn unknown(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unknown(error.to_string())
}

/// Writes the records and makes them durable; the caller shows them.
pub fn run(
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
    let mut batch = Batch::default();
    for record in records {
        let record = record?;
        check.next(&record)?;
        batch.insert(record.key, record.value);
        if check.count().is_multiple_of(BATCH_RECORDS as u64) {
            shared.tree.apply_batch(std::mem::take(&mut batch)).map_err(unknown)?;
        }
    }
    check.finish()?;
    shared.tree.apply_batch(batch).map_err(unknown)?;
    sync()?;
    shared.tree.insert(keys::HEADER, encode(&StoreHeader)).map_err(unknown)?;
    sync()?;
    watermark.raise(position).map_err(unknown)?;
    watermark.sync().map_err(unknown)
}
