//! Compares records with what the entries of the journal say that they were stored with. Records come in any order.

use std::iter;

use crate::access::AccessChange;
use crate::registry::RegistryChange;
use crate::report::Hash;

use super::evidence::{Evidence, Salt, records_hash};
use super::item::Item;
use super::journal::{Covers, JournalEntry, Position};
use super::log::Logged;
use super::{Store, StoreError};

/// What one record says, as far as it can be hashed without its entry.
pub(crate) enum Says {
    Hash(Hash),
    /// With people's words, or with what they left, which are to be looked at beside its entry.
    Words(Evidence),
}

impl Says {
    /// None for an entry of the journal.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        let evidence = Evidence::of(item)?;
        let needs_entry = evidence.has_words() || evidence.has_struck();
        Some(if needs_entry { Self::Words(evidence) } else { Self::Hash(evidence.hash(Salt::default())) })
    }
}

/// Gathers the hash of every record: some 40 bytes for each, and 56 for each entry.
#[derive(Default)]
pub(crate) struct Covered {
    /// Sequence numbers, in order, with what each covers; none where it is of version 1.
    entries: Vec<(u64, Option<Covers>)>,
    /// Sequence numbers with hashes.
    records: Vec<(u64, Hash)>,
    /// With people's words, which wait for the salt of their entry.
    waiting: Vec<(u64, Evidence)>,
}

impl Covered {
    /// Takes one more record, with what it says.
    pub(crate) fn add(&mut self, item: &Item, says: Option<Says>) {
        match (item, says) {
            (Item::Entry(entry), _) => self.add_entry(entry),
            (_, Some(Says::Hash(hash))) => self.records.push((item.sequence(), hash)),
            (_, Some(Says::Words(evidence))) => self.add_record(item.sequence(), evidence),
            (_, None) => {}
        }
    }

    /// Takes one more entry. They come in order, so that nothing is reserved for numbers that are not there.
    pub(crate) fn add_entry(&mut self, entry: &JournalEntry) {
        if self.entries.last().is_none_or(|(last, _)| *last < entry.sequence) {
            self.entries.push((entry.sequence, entry.covers));
        }
    }

    /// Takes what one more record says, that belongs to an entry.
    pub(crate) fn add_record(&mut self, sequence: u64, evidence: Evidence) {
        let needs_entry = evidence.has_words() || evidence.has_struck();
        let salt = if needs_entry { self.of(sequence).map(|covers| covers.salt) } else { Some(Salt::default()) };
        match salt {
            Some(salt) => self.records.push((sequence, hash_with(&evidence, salt))),
            None => self.waiting.push((sequence, evidence)),
        }
    }

    fn of(&self, sequence: u64) -> Option<Covers> {
        let at = self.entries.binary_search_by_key(&sequence, |(of, _)| *of).ok()?;
        self.entries[at].1
    }

    /// Sequence numbers of entries whose records are others than they were stored with, in order: one was changed or
    /// added, or is gone. Entries of version 1 say nothing of their records.
    pub(crate) fn differing(mut self) -> Vec<u64> {
        for (sequence, evidence) in std::mem::take(&mut self.waiting) {
            if let Some(covers) = self.of(sequence) {
                self.records.push((sequence, hash_with(&evidence, covers.salt)));
            }
        }
        self.records.sort_unstable();
        let mut records = self.records.iter().peekable();
        let mut differing: Vec<u64> = Vec::new();
        let mut covering = false;
        for (sequence, covers) in &self.entries {
            // No entry has these numbers.
            differing.extend(iter::from_fn(|| records.next_if(|(of, _)| of < sequence)).map(|(of, _)| *of));
            let mut hashes = Vec::new();
            while let Some((_, hash)) = records.next_if(|(of, _)| of == sequence) {
                hashes.push(*hash);
            }
            let same = match covers {
                Some(covers) => covers.records == records_hash(hashes),
                // No program goes back to version 1.
                None => !covering,
            };
            covering |= covers.is_some();
            if !same {
                differing.push(*sequence);
            }
        }
        differing.extend(records.map(|(of, _)| *of));
        differing.dedup();
        differing
    }
}

/// The hash of a record beside its entry; one that is of no record where words are gone that the entry still has the salt
/// of.
fn hash_with(evidence: &Evidence, salt: Salt) -> Hash {
    let may_be_gone = salt == Salt::STRUCK || evidence.carries_words_over();
    if evidence.has_struck() && !may_be_gone { Hash::default() } else { evidence.hash(salt) }
}

/// Whether items are those that an entry was stored with, all of them; an entry of version 1 says nothing of that.
pub(crate) fn covers(entry: &JournalEntry, items: &[Item]) -> bool {
    let Some(covers) = entry.covers else { return true };
    let evidence = items.iter().filter_map(Evidence::of);
    records_hash(evidence.map(|record| hash_with(&record, covers.salt)).collect()) == covers.records
}

/// A transaction in clear, if it is what stood after `last`: its entry is chained to it, and its records are those that the entry holds
/// the hash of. Entries of version 1 say nothing of their records.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::FormatVersion`].
pub(crate) fn prove(logged: &Logged, last: &Position) -> Result<Vec<Item>, StoreError> {
    let sequence = logged.position.sequence;
    let damaged = |what: &str| StoreError::Damaged(format!("journal entry {sequence}: {what}"));
    let items = logged.records.iter().map(|record| Item::decode(&record.key, &record.value));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let Some((Item::Entry(entry), others)) = items.split_first() else { return Err(damaged("it is no entry")) };
    entry.check_follows(last).map_err(|what| damaged(&what.en))?;
    if entry.chain != logged.position.chain {
        return Err(damaged("it is another entry"));
    }
    let own: Vec<_> = others.iter().filter(|item| item.sequence() == sequence).cloned().collect();
    if !covers(entry, &own) {
        return Err(damaged("its records are not those that it was stored with"));
    }
    Ok(items)
}

/// What is said where records are others than they were stored with.
pub(crate) fn differing_error(sequence: u64) -> StoreError {
    StoreError::Damaged(format!(
        "the records of journal entry {sequence} are not those that it was stored with: one was changed or added, or is \
         gone"
    ))
}

/// Whether the stored changes of the registry and of who may do what, all of them, are those that their entries were stored
/// with: what is added up and who may look rests on them.
///
/// # Errors
/// [`StoreError::Damaged`] naming the first entry of which they are not; where the store cannot be read.
pub fn check_changes(
    store: &dyn Store,
    registry: &[(u64, RegistryChange)],
    access: &[(u64, AccessChange)],
) -> Result<(), StoreError> {
    let registry = registry.iter().cloned();
    let registry = registry.map(|(sequence, change)| Item::Registry { sequence, position: 0, change });
    let access = access.iter().cloned();
    let access = access.map(|(sequence, change)| Item::Access { sequence, position: 0, change });
    check_groups(store, registry)?;
    check_groups(store, access)
}

/// Checks changes, those of one entry after another, which have no place in their entry yet.
fn check_groups(store: &dyn Store, changes: impl Iterator<Item = Item>) -> Result<(), StoreError> {
    let mut changes = changes.peekable();
    while let Some(sequence) = changes.peek().map(Item::sequence) {
        let of_entry = iter::from_fn(|| changes.next_if(|change| change.sequence() == sequence));
        let evidence: Vec<Evidence> =
            (0..).zip(of_entry).filter_map(|(at, change)| Evidence::of(&change.at(at))).collect();
        let before = sequence.checked_sub(1).ok_or_else(|| differing_error(sequence))?;
        let entry = store.journal(before, 1)?.into_iter().find(|entry| entry.sequence == sequence);
        let Some(covers) = entry.ok_or_else(|| differing_error(sequence))?.covers else { continue };
        if records_hash(evidence.iter().map(|change| change.hash(covers.salt)).collect()) != covers.records {
            return Err(differing_error(sequence));
        }
    }
    Ok(())
}
