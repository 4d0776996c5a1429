//! Reading the journal, and how the service is.

use std::collections::BTreeSet;
use std::sync::{LazyLock, PoisonError};

use jiff::Timestamp;
use regex::Regex;

use crate::registry::Registry;
use crate::report::{Message, ReportOwner, ReportYear};
use crate::store::{
    Evidence, Item, JournalEntry, LostEntry, Mendings, Outcome, Position, SignedHead, Store, StoreError, Value,
};

use super::differences::Recount;
use super::page::Page;
use super::parts::Service;
use super::problem::Problem;
use super::sight::contains;
use super::target::Target;

/// Entries read from the store at a time.
const READ: usize = 1000;

/// Entries looked at for one page; where few pass the filter, the page is short.
const LOOKED_AT_MAX: usize = 20 * READ;

/// How the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How far the journal has come.
    pub position: Position,
    /// Why writes are refused; none while they are taken.
    pub problem: Option<Message>,
    /// The head of the journal, signed; none without a key.
    pub head: Option<SignedHead>,
    /// What the newest recount found; none before the first.
    pub recount: Option<Recount>,
    /// This start made the store, for there was none.
    pub is_new_store: bool,
    /// What was damaged in one place and made again from the other since the start.
    pub mended: Mendings,
    /// Entries that no place has any more.
    pub lost: Vec<LostEntry>,
    /// What the clock of the machine says.
    pub machine_time: Timestamp,
}

/// Which entries are wanted; empty or none for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// An action, or what several begin with before a dot.
    pub action: String,
    /// A resource; those below it pass too.
    pub subject: String,
    /// The first time that is early enough.
    pub start: Option<Timestamp>,
    /// The first time that is too late.
    pub end: Option<Timestamp>,
    /// What became of the call.
    pub outcome: Option<Outcome>,
    /// Who did it.
    pub principal: String,
    /// Where from; what ends with `.` or `:` is what addresses begin with.
    pub address: String,
    /// An agency, or a jurisdiction with all below it.
    pub place: Option<ReportOwner>,
}

/// Whether a name is another, or one below it.
fn is_within(name: &str, other: &str, separator: char) -> bool {
    other.is_empty() || name.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

impl JournalFilter {
    fn admits(&self, entry: &JournalEntry) -> bool {
        let (principal, address) = entry.who();
        let begins = self.address.ends_with(['.', ':']) && address.starts_with(&self.address);
        is_within(&entry.action, &self.action, '.')
            && is_within(&entry.subject, &self.subject, '/')
            && (self.principal.is_empty() || principal == self.principal)
            && (self.address.is_empty() || address == self.address || begins)
            && self.start.is_none_or(|start| entry.time >= start)
            && self.end.is_none_or(|end| entry.time < end)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
    }

    /// Whether an entry is about the place, by the tree of the year that it names or the newest one.
    fn is_about(&self, store: &dyn Store, registry: &Registry, entry: &JournalEntry) -> Result<bool, StoreError> {
        let Some(place) = &self.place else { return Ok(true) };
        let there = |(owner, year): (ReportOwner, Option<ReportYear>)| {
            let below = |code| {
                let scope = registry.find_jurisdiction(code);
                scope.is_some_and(|scope| contains(registry, scope, Target::Owner(&owner, year)))
            };
            owner == *place || matches!(place, ReportOwner::Jurisdiction(code) if below(code))
        };
        if owners_named(&entry.subject).any(there) || owners_named(&entry.detail).any(there) {
            return Ok(true);
        }
        if !is_within(&entry.action, "registry", '.') || entry.outcome == Outcome::Refused {
            return Ok(false);
        }
        // A call may change many entries of the registry, which its subject only counts.
        let changes = store.registry(entry.sequence.saturating_sub(1), entry.sequence)?;
        Ok(changes.into_iter().any(|(sequence, change)| {
            let evidence = Evidence::of(&Item::Registry { sequence, position: 0, change });
            let lines = evidence.map(|evidence| evidence.lines).unwrap_or_default();
            lines.iter().any(|(_, value)| matches!(value, Value::Plain(value) if owners_named(value).any(there)))
        }))
    }
}

/// The agencies and jurisdictions that words name, wherever in them, with the year of the report where one follows.
fn owners_named(words: &str) -> impl Iterator<Item = (ReportOwner, Option<ReportYear>)> {
    static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:agencies|jurisdictions)/[^/\s,;:，；：、。（）()]+(?:/reports/(\d{4}))?").ok()
    });
    let found = NAMES.as_ref().map(|names| names.captures_iter(words));
    found.into_iter().flatten().filter_map(|found| {
        let (name, year) = (found.get(0)?.as_str(), found.get(1).map(|year| year.as_str()));
        let owner = name.split("/reports/").next()?;
        let owner = match owner.split_once('/')? {
            ("agencies", id) => ReportOwner::Agency(id.parse().ok()?),
            (_, code) => ReportOwner::Jurisdiction(code.parse().ok()?),
        };
        Some((owner, year.and_then(|year| year.parse().ok())))
    })
}

/// Which way a list of entries goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By rising sequence numbers.
    OldestFirst,
    /// By falling sequence numbers.
    NewestFirst,
}

impl Service {
    /// Entries after a sequence number that pass the filter, oldest first. A page with few entries, or none, is the
    /// last only where it names no next one.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn journal(&self, after: u64, size: usize, filter: JournalFilter) -> Result<Page<JournalEntry>, Problem> {
        self.journal_in(Order::OldestFirst, after, None, size, filter).await
    }

    /// As [`Service::journal`], in either order: those after a sequence number, beyond the one that the page before
    /// ended with, where there is one.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn journal_in(
        &self,
        order: Order,
        after: u64,
        beyond: Option<u64>,
        size: usize,
        filter: JournalFilter,
    ) -> Result<Page<JournalEntry>, Problem> {
        let state = self.live.read();
        self.blocking(move |store| {
            let search = Search { store, registry: &state.registry, filter: &filter, size };
            match order {
                Order::OldestFirst => search.forwards(beyond.unwrap_or(after)),
                Order::NewestFirst => search.backwards(after, beyond),
            }
        })
        .await
    }

    /// The agencies and jurisdictions that an entry names, as they are called now.
    pub fn names_in(&self, entry: &JournalEntry) -> Vec<(String, String)> {
        let state = self.live.read();
        let registry = &state.registry;
        let owners = owners_named(&entry.subject).chain(owners_named(&entry.detail)).map(|(owner, _)| owner);
        let owners: BTreeSet<ReportOwner> = owners.collect();
        let named = owners.into_iter().filter_map(|owner| {
            let display_name = match &owner {
                ReportOwner::Agency(id) => registry.agency_of(id)?.display_name.clone(),
                ReportOwner::Jurisdiction(code) => registry.jurisdiction_of(code)?.display_name.clone(),
            };
            Some((owner.to_string(), display_name))
        });
        named.collect()
    }

    /// How far the journal has come, and whether writes are taken.
    pub fn status(&self) -> Status {
        let position = self.store.position();
        let head = self.signing_key.as_ref().map(|key| key.sign(&position, self.now()));
        let problem = self.store.writable().err().map(|error| Problem::of_store(error).message);
        let recount = self.recounted.read().unwrap_or_else(PoisonError::into_inner).clone();
        Status {
            position,
            problem,
            head,
            recount,
            is_new_store: self.is_new_store,
            mended: self.store.mendings(),
            lost: self.store.lost(),
            machine_time: self.machine_time(),
        }
    }
}

/// What is looked for, and where.
struct Search<'a> {
    store: &'a dyn Store,
    registry: &'a Registry,
    filter: &'a JournalFilter,
    /// Entries on the page at most.
    size: usize,
}

impl Search<'_> {
    fn admits(&self, entry: &JournalEntry) -> Result<bool, StoreError> {
        Ok(self.filter.admits(entry) && self.filter.is_about(self.store, self.registry, entry)?)
    }

    fn forwards(&self, after: u64) -> Result<Page<JournalEntry>, StoreError> {
        let mut last = match self.filter.start {
            Some(start) => last_before(self.store, after, start)?,
            None => after,
        };
        let mut found = Vec::new();
        let mut looked_at = 0;
        while looked_at < LOOKED_AT_MAX {
            let entries = self.store.journal(last, READ)?;
            let end = entries.len() < READ;
            looked_at += entries.len();
            for entry in entries {
                if self.filter.end.is_some_and(|end| entry.time >= end) {
                    return Ok(Page { items: found, next: None });
                }
                let before = std::mem::replace(&mut last, entry.sequence);
                if self.admits(&entry)? {
                    if found.len() == self.size {
                        return Ok(Page { items: found, next: Some(before.to_string()) });
                    }
                    found.push(entry);
                }
            }
            if end {
                return Ok(Page { items: found, next: None });
            }
        }
        Ok(Page { items: found, next: Some(last.to_string()) })
    }

    /// Entries after `after` from the one before `before`, or else from the newest one, downwards.
    fn backwards(&self, after: u64, before: Option<u64>) -> Result<Page<JournalEntry>, StoreError> {
        let newest = self.store.position().sequence;
        let mut end = before.unwrap_or(u64::MAX).min(newest.saturating_add(1));
        if let Some(late) = self.filter.end {
            end = end.min(last_before(self.store, after, late)?.saturating_add(1));
        }
        let after = match self.filter.start {
            Some(start) => last_before(self.store, after, start)?,
            None => after,
        };
        let mut found = Vec::new();
        let mut looked_at = 0;
        while end > after.saturating_add(1) {
            if looked_at >= LOOKED_AT_MAX {
                return Ok(Page { items: found, next: Some(end.to_string()) });
            }
            let first = after.max(end.saturating_sub(1 + READ as u64));
            let entries = self.store.journal(first, usize::try_from(end - first - 1).unwrap_or(READ))?;
            looked_at += entries.len();
            for entry in entries.into_iter().rev() {
                if self.admits(&entry)? {
                    if found.len() == self.size {
                        return Ok(Page { items: found, next: Some(end.to_string()) });
                    }
                    end = entry.sequence;
                    found.push(entry);
                }
            }
            end = first.saturating_add(1);
        }
        Ok(Page { items: found, next: None })
    }
}

/// The last entry not before `after` that is before a time; as time never runs backwards, it is found by halving.
fn last_before(store: &dyn Store, after: u64, time: Timestamp) -> Result<u64, StoreError> {
    let (mut before, mut not_before) = (after, store.position().sequence.saturating_add(1));
    while not_before.saturating_sub(before) > 1 {
        let middle = before + (not_before - before) / 2;
        let entries = store.journal(middle - 1, 1)?;
        if entries.first().is_some_and(|entry| entry.time < time) {
            before = middle;
        } else {
            not_before = middle;
        }
    }
    Ok(before)
}
