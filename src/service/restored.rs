//! What is seen to where a store is made of a backup: who may do what is brought up to what is known to be newer, tokens of
//! before are void, and the journal says so.

use jiff::Timestamp;

use crate::access::{AccessChange, Directory, RESTORE};
use crate::live::Live;
use crate::report::{Hash, Message};
use crate::store::{Change, Decision, NewEntry, Position, Store, StoreError, Transaction};

use super::caller::Caller;

/// Changes of who may do what in one entry; more go into entries of their own.
const CHANGES_MAX: usize = 10_000;

/// What a store was made of.
#[derive(Debug)]
pub struct Restored {
    /// Name of the backup, for people.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Where its journal ended.
    pub position: Position,
    /// What is known of who may do what since then; none where that was given up.
    pub newer: Option<NewerAccess>,
    /// Tokens of before go on to hold.
    pub keep_tokens: bool,
}

/// What the store of before knows that the backup does not.
#[derive(Debug)]
pub struct NewerAccess {
    /// Where its journal ended.
    pub position: Position,
    /// In their order.
    pub changes: Vec<AccessChange>,
}

/// What became of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoredAccess {
    /// Changes since the backup that hold again.
    pub carried: usize,
    /// Codes and proposals that waited, and ended: a code may have been exchanged since the backup.
    pub ended: usize,
    /// Credentials that hold no more.
    pub voided: usize,
}

/// Changes of who may do what that a store has seen since a backup was taken of it.
///
/// # Errors
/// In words, where it is not the store of which the backup was taken; the store's.
pub fn newer_access(store: &dyn Store, backup: &Position) -> Result<Result<NewerAccess, Message>, StoreError> {
    let position = store.position();
    let at_backup = match backup.sequence.checked_sub(1) {
        None => Some(Hash::default()),
        Some(before) => store.journal(before, 1)?.first().map(|entry| entry.chain),
    };
    if at_backup != Some(backup.chain) {
        let sequence = backup.sequence;
        return Ok(Err(Message::new(
            format!("该文件夹的日志第{sequence}条与备份不符：不是所备份的数据库，或已被改动"),
            format!(
                "entry {sequence} of the journal in this folder is not that of the backup: it is another store, or was changed"
            ),
        )));
    }
    let changes = store.access()?.into_iter().filter(|(sequence, _)| *sequence > backup.sequence);
    Ok(Ok(NewerAccess { position, changes: changes.map(|(_, change)| change).collect() }))
}

/// Sees to access in a store that was made of a backup, and puts all of it into the journal.
///
/// # Errors
/// The store's.
pub async fn settle_restored(
    store: &dyn Store,
    restored: &Restored,
    caller: &Caller,
) -> Result<RestoredAccess, StoreError> {
    let mut directory = Live::stored_directory(store)?;
    let mut changes = Vec::new();
    let newer = restored.newer.iter().flat_map(|newer| newer.changes.iter().cloned());
    for change in newer {
        let applied = directory.apply(&change).map_err(|error| StoreError::Damaged(error.to_string()))?;
        changes.extend(applied.then_some(change));
    }
    let carried = changes.len();
    let now = store.position().next_time(Timestamp::now());
    changes.extend(directory.ending_all_that_waits(now));
    let ended = changes.len() - carried;
    if !restored.keep_tokens {
        changes.extend(voided(&directory, now));
    }
    let access = RestoredAccess { carried, ended, voided: changes.len() - carried - ended };
    let mut parts = changes.chunks(CHANGES_MAX);
    // An entry even where nothing changes.
    let mut part = parts.next().unwrap_or_default();
    loop {
        let entry = caller.accepted(RESTORE, String::new(), words(restored, access));
        let entry = NewEntry { content_hash: restored.sha256, ..entry };
        let changes = part.iter().cloned().map(Change::Access).collect();
        match store.commit(Transaction::of(changes, entry)).await? {
            Decision::Committed(_) => {}
            other => return Err(StoreError::Damaged(format!("the restore was not told: {other:?}"))),
        }
        match parts.next() {
            Some(next) => part = next,
            None => return Ok(access),
        }
    }
}

/// What ends every credential that holds.
fn voided(directory: &Directory, now: Timestamp) -> impl Iterator<Item = AccessChange> {
    let good = directory.credentials().filter(move |known| known.is_good(now));
    good.map(move |known| AccessChange::RevokeCredential { id: known.id, at: now })
}

/// What the entry says.
fn words(restored: &Restored, access: RestoredAccess) -> String {
    let Restored { file, sha256: _, position, newer, keep_tokens } = restored;
    let RestoredAccess { carried, ended, voided } = access;
    let known = match newer {
        Some(NewerAccess { position: last, .. }) => format!(
            "the store of before came to sequence {}\nchanges of access since the backup that hold again {carried}",
            last.sequence
        ),
        None => "roles and revocations since the backup are not known and were given up".to_owned(),
    };
    let tokens =
        if *keep_tokens { "tokens of before go on to hold".to_owned() } else { format!("tokens void {voided}") };
    let waiting = format!("codes and proposals that ended {ended}");
    format!("file {file}\nsequence {}\n{known}\n{waiting}\n{tokens}", position.sequence)
}
