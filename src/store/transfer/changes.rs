//! Out of a store's log: its transactions after some sequence, in their order, while writes go on.

use std::ops::ControlFlow;

use prost::Message as _;

use crate::store::{FORMAT_VERSION, Logged, Position, Store, StoreError};

use super::STREAM_VERSION;
use super::export::Part;
use super::frame::{Kind, Writer};
use super::messages::{Beginning, End, TransactionsPart};

/// A frame is closed at this length; the last transaction may go beyond it.
const FRAME_BYTES: usize = 64 << 10;

/// Where a stream begins: the entry before its first transaction.
///
/// # Errors
/// Where the store cannot be read; none where it has no such entry.
pub fn place(store: &dyn Store, sequence: u64) -> Result<Option<Position>, StoreError> {
    let Some(before) = sequence.checked_sub(1) else { return Ok(Some(Position::default())) };
    let entry = store.journal(before, 1)?.pop().filter(|entry| entry.sequence == sequence);
    Ok(entry.map(|entry| entry.position()))
}

/// Sends the transactions of a store after a place, up to the newest of this moment, until `send` breaks off.
///
/// # Errors
/// [`StoreError::Damaged`] where a transaction is lost; where the store cannot be read.
pub fn export_changes(
    store: &dyn Store,
    since: Position,
    mut send: impl FnMut(Part) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let position = store.position();
    let mut writer = Writer::new();
    let mut records = 0;
    let beginning = Beginning {
        stream_version: STREAM_VERSION,
        record_version: FORMAT_VERSION.into(),
        sequence: position.sequence,
        chain: position.chain.0.to_vec(),
        time_microseconds: position.time.as_microsecond(),
        since_sequence: since.sequence,
        since_chain: since.chain.0.to_vec(),
        since_time_microseconds: since.time.as_microsecond(),
    };
    let part = |bytes, records| Part { bytes, records, sequence: position.sequence };
    if send(part(writer.frame(Kind::Beginning, &beginning.encode_to_vec()), 0)).is_break() {
        return Ok(());
    }
    let (mut waiting, mut bytes, mut has_broken_off) = (TransactionsPart::default(), 0, false);
    store.transactions(since.sequence, position.sequence, &mut |logged: Logged| {
        records += logged.records.len() as u64;
        let mut transaction = Vec::new();
        logged.encode(&mut transaction);
        bytes += transaction.len();
        waiting.transactions.push(transaction);
        if bytes < FRAME_BYTES {
            return ControlFlow::Continue(());
        }
        bytes = 0;
        let frame = writer.frame(Kind::Transactions, &std::mem::take(&mut waiting).encode_to_vec());
        let sent = send(part(frame, records));
        has_broken_off = sent.is_break();
        sent
    })?;
    if has_broken_off {
        return Ok(());
    }
    if !waiting.transactions.is_empty()
        && send(part(writer.frame(Kind::Transactions, &waiting.encode_to_vec()), records)).is_break()
    {
        return Ok(());
    }
    let end = End { records, total: writer.total().0.to_vec() };
    let _ = send(part(writer.frame(Kind::End, &end.encode_to_vec()), records));
    Ok(())
}
