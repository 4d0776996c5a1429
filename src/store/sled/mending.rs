//! Puts back what the log has lost: from its copy, and where that is damaged too, from whatever is whole of either by its own
//! checksum. What is put back is proved: chain and hashes say that it is what was there.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::report::Hash;
use crate::store::StoreError;
use crate::store::covered::covers;
use crate::store::item::Item;
use crate::store::journal::Position;
use crate::store::log::{Keyed, Log, Logged, Piece, follow};
use crate::store::loose;
use crate::store::lost::{LostEntry, LostSubject};

use super::copy::Copy;
use super::durability::DATA_FILE;
use super::mendings::Mended;
use super::retold::Retold;

/// Where to look for what the log has lost.
pub(super) enum Beside<'a> {
    /// In the copy.
    Copy(&'a Copy),
    /// In the bytes of a copy that cannot be opened.
    Bytes(&'a Path),
    /// In these records, and what is left of the log.
    Records(&'a [Keyed]),
}

impl Beside<'_> {
    /// Records of transactions with these numbers, each whole by its own checksum.
    fn remains(&self, of: &RangeInclusive<u64>) -> Vec<Keyed> {
        match self {
            Self::Copy(copy) => copy.remains(of),
            Self::Bytes(directory) => loose::records_in(&directory.join(DATA_FILE), of),
            Self::Records(records) => records.to_vec(),
        }
    }
}

/// Puts back everything that is missing within the log: what is in neither place, entry by entry.
///
/// # Errors
/// Where the log cannot be read or written.
pub(super) fn whole(log: &dyn Log, beside: &Beside<'_>, mended: &Mended) -> Result<Vec<LostEntry>, StoreError> {
    fill_all(log, beside, &log.gaps()?, mended)
}

/// The same of these gaps.
///
/// # Errors
/// Where the log cannot be read or written.
pub(super) fn fill_all(
    log: &dyn Log,
    beside: &Beside<'_>,
    gaps: &[RangeInclusive<u64>],
    mended: &Mended,
) -> Result<Vec<LostEntry>, StoreError> {
    let (Some(first), Some(last)) = (gaps.first(), gaps.last()) else { return Ok(Vec::new()) };
    // Before anything is written again, which takes what is damaged elsewhere in the same file out of it.
    let mut remains = log.remains(&(*first.start()..=*last.end()));
    // Most often the copy has all of it.
    let is_retold = |gap: &&RangeInclusive<u64>| {
        let Beside::Copy(copy) = beside else { return false };
        let told = retold(log, copy, gap);
        if let Err(error) = &told {
            tracing::error!(%error, "the copy does not show all of what the log has lost");
        }
        told.inspect(|()| tell(gap, mended)).is_ok()
    };
    let left: Vec<&RangeInclusive<u64>> = gaps.iter().filter(|gap| !is_retold(gap)).collect();
    if let (Some(first), Some(last)) = (left.first(), left.last()) {
        remains.extend(beside.remains(&(*first.start()..=*last.end())));
    }
    let mut lost = Vec::new();
    for gap in left {
        lost.extend(fill(log, beside, gap, &remains, mended)?);
    }
    Ok(lost)
}

/// Puts back what is missing in one place of the log, of which there are these `remains` here and there.
fn fill(
    log: &dyn Log,
    beside: &Beside<'_>,
    gap: &RangeInclusive<u64>,
    remains: &[Keyed],
    mended: &Mended,
) -> Result<Vec<LostEntry>, StoreError> {
    let mut items: BTreeMap<u64, Vec<(Item, Keyed)>> = BTreeMap::new();
    for record in remains {
        let Ok(item) = Item::decode(&record.key, &record.value) else { continue };
        if !gap.contains(&item.sequence()) {
            continue;
        }
        let of_entry = items.entry(item.sequence()).or_default();
        if !of_entry.iter().any(|(_, known)| known == record) {
            of_entry.push((item, record.clone()));
        }
    }
    let mut proved: BTreeMap<u64, Logged> =
        items.iter().filter_map(|(sequence, records)| Some((*sequence, proved(records)?))).collect();
    let (before, next) = sides(log, gap)?;
    let parts = match beside {
        // Of another store only the chain shows that it is of this journal.
        Beside::Records(_) => chained(&mut proved, gap, before, next),
        Beside::Copy(_) | Beside::Bytes(_) => runs(proved),
    };
    let mut there = Vec::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let range = first.position.sequence..=last.position.sequence;
        match log.fill(&range, part) {
            Ok(()) => {
                tell(&range, mended);
                there.push(range);
            }
            Err(StoreError::Damaged(what)) => {
                tracing::error!(%what, "what is left does not prove what the log has lost")
            }
            Err(error) => return Err(error),
        }
    }
    let is_lost = |sequence: &u64| !there.iter().any(|range| range.contains(sequence));
    Ok(gap.clone().filter(is_lost).map(|sequence| lost(sequence, items.get(&sequence))).collect())
}

fn lost(sequence: u64, items: Option<&Vec<(Item, Keyed)>>) -> LostEntry {
    let subject = LostSubject::of(items.into_iter().flatten().map(|(item, _)| item));
    LostEntry { sequence, subject }
}

fn tell(range: &RangeInclusive<u64>, mended: &Mended) {
    let (first, last) = range.clone().into_inner();
    tracing::error!(first, last, "entries that were damaged in the log were put back");
    mended.log(last - first + 1);
}

/// All of a gap from the copy.
fn retold(log: &dyn Log, copy: &Copy, gap: &RangeInclusive<u64>) -> Result<(), StoreError> {
    let before = match gap.start() - 1 {
        0 => Position::default(),
        before => match log.read(before - 1).next().transpose()? {
            Some(Piece::Transaction(before)) => before.position,
            _ => return Err(StoreError::Damaged(format!("journal entry {before} is damaged, too"))),
        },
    };
    let there = Retold::of(&copy.tree, before, *gap.end())?.collect::<Result<Vec<_>, _>>()?;
    log.fill(gap, &there)
}

/// The chain hash of what stands before a gap, and the one that what comes after it names, where these can be read.
fn sides(log: &dyn Log, gap: &RangeInclusive<u64>) -> Result<(Option<Hash>, Option<Hash>), StoreError> {
    let before = match gap.start() - 1 {
        0 => Some(Hash::default()),
        before => match log.read(before - 1).next().transpose()? {
            Some(Piece::Transaction(before)) => Some(before.position.chain),
            _ => None,
        },
    };
    let next = match log.read(*gap.end()).next().transpose()? {
        Some(Piece::Transaction(next)) => Some(next.previous),
        Some(Piece::Gap(_)) => None,
        None => Some(log.head().chain),
    };
    Ok((before, next))
}

/// Most ways in which records are put together until they are given up.
const TRIES_MAX: usize = 1_024;

/// A transaction of which the entry says that these are all its records, each once.
pub(super) fn proved(records: &[(Item, Keyed)]) -> Option<Logged> {
    let mut places: BTreeMap<&[u8], Vec<&(Item, Keyed)>> = BTreeMap::new();
    for record in records {
        // A transaction has one request at most; a value found loose may have stood behind another's key.
        let place = if matches!(record.0, Item::Request { .. }) { b"q" } else { record.1.key.as_slice() };
        places.entry(place).or_default().push(record);
    }
    let known: Vec<Vec<&(Item, Keyed)>> = places.into_values().collect();
    // Of what was kept twice, and is not the same, either may be what it was: words may be struck out of one of them.
    let [first, last] =
        [<[_]>::first, <[_]>::last].map(|one| known.iter().filter_map(|known| one(known).copied()).collect());
    [first, last]
        .into_iter()
        .chain(choices(&known).skip(1).take(TRIES_MAX))
        .find_map(|chosen: Vec<_>| proved_of(&chosen))
}

/// Every way to take one of each, the first of all before any other.
fn choices<'a, T>(known: &'a [Vec<&'a T>]) -> impl Iterator<Item = Vec<&'a T>> {
    let of = |mut number: usize| -> Option<Vec<&'a T>> {
        let chosen = known.iter().map(|known| {
            let one = known[number % known.len()];
            number /= known.len();
            one
        });
        let chosen = chosen.collect();
        (number == 0).then_some(chosen)
    };
    (0..).map_while(of)
}

/// The transaction of exactly these records, if its entry says so.
fn proved_of(records: &[&(Item, Keyed)]) -> Option<Logged> {
    let entry = records.iter().find_map(|(item, record)| match item {
        Item::Entry(entry) => Some((entry, record)),
        _ => None,
    })?;
    let others = || records.iter().filter(|(item, _)| !matches!(item, Item::Entry(_)));
    let items: Vec<Item> = others().map(|(item, _)| item.clone()).collect();
    if entry.0.compute_chain() != entry.0.chain || !covers(entry.0, &items) {
        return None;
    }
    Logged::of(std::iter::once(entry.1).chain(others().map(|(_, record)| record)).cloned().collect()).ok()
}

/// Transactions that stand together, each chained to the one before.
fn runs(proved: BTreeMap<u64, Logged>) -> Vec<Vec<Logged>> {
    let mut runs: Vec<Vec<Logged>> = Vec::new();
    for next in proved.into_values() {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| follow(&last.position, std::slice::from_ref(&next))) => {
                run.push(next)
            }
            _ => runs.push(vec![next]),
        }
    }
    runs
}

/// What is chained to either side of a gap.
fn chained(
    proved: &mut BTreeMap<u64, Logged>,
    gap: &RangeInclusive<u64>,
    before: Option<Hash>,
    next: Option<Hash>,
) -> Vec<Vec<Logged>> {
    let mut one = before.map(|before| forwards(proved, gap, before)).unwrap_or_default();
    let mut other = next.map(|next| backwards(proved, gap, next)).unwrap_or_default();
    // What is chained to both sides is one part.
    if let (Some(last), Some(first)) = (one.last(), other.first())
        && last.position.sequence + 1 == first.position.sequence
    {
        one.append(&mut other);
    }
    vec![one, other]
}

/// What follows from the beginning of a gap on.
fn forwards(proved: &mut BTreeMap<u64, Logged>, gap: &RangeInclusive<u64>, before: Hash) -> Vec<Logged> {
    let (mut part, mut last) = (Vec::new(), before);
    for sequence in gap.clone() {
        let Some(next) = proved.get(&sequence).filter(|next| next.previous == last) else { break };
        last = next.position.chain;
        part.extend(proved.remove(&sequence));
    }
    part
}

/// What leads up to the end of a gap.
fn backwards(proved: &mut BTreeMap<u64, Logged>, gap: &RangeInclusive<u64>, next: Hash) -> Vec<Logged> {
    let (mut part, mut wanted) = (Vec::new(), next);
    for sequence in gap.clone().rev() {
        let Some(last) = proved.get(&sequence).filter(|last| last.position.chain == wanted) else { break };
        wanted = last.previous;
        part.extend(proved.remove(&sequence));
    }
    part.reverse();
    part
}
