//! Decides what a transaction does, the same for every store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::report::{ReportKey, ReportStatus, digest_of_struck};
use crate::rollup::FrozenFormName;

use super::StoreError;
use super::evidence::{Evidence, records_hash};
use super::item::Item;
use super::journal::{Covers, JournalEntry, NewEntry, Position};
use super::keys;
use super::log::{Keyed, Logged};
use super::strike::{Struck, keys_of_records};
use super::transaction::{
    Change, Commit, Decision, Effect, RequestId, Requested, Standing, StoredRequest, Transaction, Version,
};

/// What was stored before the group of transactions at hand.
pub(crate) trait Stored {
    fn version(&self, report: &ReportKey) -> Result<Option<Version>, StoreError>;
    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError>;
    /// Journal sequence of the newest change of the registry; 0 for none.
    fn registry_sequence(&self) -> Result<u64, StoreError>;
    /// The same of who may do what.
    fn access_sequence(&self) -> Result<u64, StoreError>;
    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError>;
    /// The record under a key.
    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
}

/// A group of transactions decided one after another, to be written together.
pub(crate) struct TransactionGroup<'a, S> {
    stored: &'a S,
    position: Position,
    versions: HashMap<ReportKey, Version>,
    requests: HashMap<RequestId, StoredRequest>,
    /// Journal sequence of the newest change of the registry in the group.
    registry: Option<u64>,
    /// The same of who may do what.
    access: Option<u64>,
    frozen: HashSet<FrozenFormName>,
    commits: Vec<Arc<Commit>>,
    logged: Vec<Logged>,
}

/// A transaction as it would be committed, before the group takes it on.
struct Draft {
    effects: Vec<Effect>,
    items: Vec<Item>,
    /// Records of an earlier entry, without people's words.
    rewritten: Vec<Item>,
    entry: NewEntry,
    request: Option<(RequestId, StoredRequest)>,
}

impl<'a, S: Stored> TransactionGroup<'a, S> {
    /// Begins a group after `position`.
    pub(crate) fn after(position: Position, stored: &'a S) -> Self {
        Self {
            stored,
            position,
            versions: HashMap::new(),
            requests: HashMap::new(),
            registry: None,
            access: None,
            frozen: HashSet::new(),
            commits: Vec::new(),
            logged: Vec::new(),
        }
    }

    /// Where the journal stands after the group.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// The transactions that take effect, in order.
    pub(crate) fn commits(&self) -> &[Arc<Commit>] {
        &self.commits
    }

    /// What is to be written, each transaction with its records.
    pub(crate) fn take_logged(&mut self) -> Vec<Logged> {
        std::mem::take(&mut self.logged)
    }

    /// Decides one transaction at time `now`; an error leaves the group as it was.
    pub(crate) fn decide(&mut self, transaction: Transaction, now: Timestamp) -> Result<Decision, StoreError> {
        if let Some((id, fingerprint)) = transaction.request
            && let Some(known) = self.known_request(id)?
        {
            let same = known.fingerprint == fingerprint;
            return Ok(if same { Decision::Repeated(known) } else { Decision::RequestIdReused(known) });
        }
        if self.is_stale(&transaction)? {
            return Ok(Decision::Stale);
        }
        let salt = transaction.salt;
        let Some(draft) = self.draft(transaction, self.position.next_time(now))? else { return Ok(Decision::Stale) };
        let mut items = draft.items;
        items.extend(draft.request.iter().map(|(id, request)| Item::Request { id: *id, request: request.clone() }));
        let evidence: Vec<Evidence> = items.iter().filter_map(Evidence::of).collect();
        let looks_struck = |record: &Evidence| record.has_struck() && !record.carries_words_over();
        if evidence.iter().any(looks_struck) || digest_of_struck(&draft.entry.detail).is_some() {
            return Err(StoreError::LooksStruck);
        }
        let records = records_hash(evidence.iter().map(|record| record.hash(salt)).collect());
        let entry = JournalEntry::chained(draft.entry, Covers { records, salt }, &self.position, now);
        items.insert(0, Item::Entry(entry.clone()));
        items.extend(draft.rewritten);
        let records = items.iter().map(|item| item.to_record().map(Keyed::from)).collect::<Result<_, _>>()?;
        self.logged.push(Logged { position: entry.position(), previous: self.position.chain, records });
        self.position = entry.position();
        self.requests.extend(draft.request);
        if draft.effects.iter().any(|effect| matches!(effect, Effect::Registry(_))) {
            self.registry = Some(entry.sequence);
        }
        if draft.effects.iter().any(|effect| matches!(effect, Effect::Access(_))) {
            self.access = Some(entry.sequence);
        }
        for effect in &draft.effects {
            if let Some((_, after)) = effect.report() {
                self.versions.insert(after.newest.report.clone(), after.status.version());
            }
            if let Effect::Frozen(form) = effect {
                self.frozen.insert(form.name.clone());
            }
        }
        let commit = Arc::new(Commit { entry, effects: draft.effects });
        self.commits.push(commit.clone());
        Ok(Decision::Committed(commit))
    }

    /// Whether something stands otherwise than the transaction takes it to.
    fn is_stale(&self, transaction: &Transaction) -> Result<bool, StoreError> {
        if let Some(expected) = transaction.registry
            && expected != self.registry.map_or_else(|| self.stored.registry_sequence(), Ok)?
        {
            return Ok(true);
        }
        if let Some(expected) = transaction.access
            && expected != self.access.map_or_else(|| self.stored.access_sequence(), Ok)?
        {
            return Ok(true);
        }
        for (report, expected) in &transaction.expected {
            if self.version(report)? != *expected {
                return Ok(true);
            }
        }
        // What one transaction changes twice, it knows only as it stood before: the second change would be in the
        // place of the first.
        let (mut reports, mut forms) = (HashSet::new(), HashSet::new());
        for change in &transaction.changes {
            let fits = match change {
                Change::Registry(_) | Change::Access(_) | Change::Strike(_) => true,
                Change::Freeze(form) => forms.insert(&form.name) && !self.is_frozen(&form.name)?,
                Change::Revision { before, revision } => {
                    reports.insert(&revision.report) && self.stands(&revision.report, before.as_ref())?
                }
                Change::Review { before, review } => {
                    let report = &review.revision.report;
                    let newest = review.revision.number == before.status.newest;
                    newest && reports.insert(report) && self.stands(report, Some(before))?
                }
            };
            if !fits {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a report stands like this.
    fn stands(&self, report: &ReportKey, standing: Option<&Standing>) -> Result<bool, StoreError> {
        let of_report = standing.is_none_or(|standing| standing.newest.report == *report);
        Ok(of_report && self.version(report)? == standing.map(|standing| standing.status.version()))
    }

    /// Gives the changes their numbers; none where words are to go that are not there.
    fn draft(&self, transaction: Transaction, time: Timestamp) -> Result<Option<Draft>, StoreError> {
        let sequence = self.position.sequence + 1;
        let (effects, items, rewritten) = (Vec::new(), Vec::new(), Vec::new());
        let mut draft = Draft { effects, items, rewritten, entry: transaction.entry, request: None };
        let requested =
            |stored| transaction.request.map(|(id, fingerprint)| (id, StoredRequest { fingerprint, stored, sequence }));
        for (position, change) in (0..).zip(transaction.changes) {
            let (item, effect) = match change {
                Change::Strike(of) => {
                    let Some(struck) = Struck::of(self.stored_with(of)?) else { return Ok(None) };
                    draft.rewritten.extend(struck.after.iter().cloned());
                    draft.effects.push(Effect::Struck(Arc::new(struck)));
                    continue;
                }
                Change::Registry(change) => {
                    // A report or a form that is stored with it is what was asked for.
                    let of_registry = |known: &StoredRequest| matches!(known.stored, Requested::Registry(_));
                    if draft.request.as_ref().is_none_or(|(_, known)| of_registry(known)) {
                        draft.request = requested(Requested::Registry(position + 1));
                    }
                    (Item::Registry { sequence, position, change: change.clone() }, Effect::Registry(change))
                }
                Change::Access(change) => {
                    (Item::Access { sequence, position, change: change.clone() }, Effect::Access(change))
                }
                Change::Freeze(mut form) => {
                    form.time = time;
                    form.sequence = sequence;
                    draft.request = requested(Requested::FrozenForm(form.name.clone()));
                    let form = Arc::from(form);
                    (Item::Frozen(Arc::clone(&form)), Effect::Frozen(form))
                }
                Change::Revision { before, mut revision } => {
                    revision.number = before.as_ref().map_or(1, |before| before.status.newest + 1);
                    revision.accepted_before = before.as_ref().and_then(|before| before.status.accepted);
                    revision.sequence = sequence;
                    revision.time = time;
                    let name = revision.name();
                    draft.entry.subject = name.to_string();
                    draft.request = requested(Requested::Revision(name));
                    let revision = Arc::from(revision);
                    let after = Standing::after_revision(before.as_ref(), Arc::clone(&revision));
                    (Item::Revision(revision), Effect::Revision { before, after })
                }
                Change::Review { before, mut review } => {
                    review.time = time;
                    review.status = ReportStatus { review: sequence, sequence, ..review.action.apply(&before.status) };
                    draft.entry.subject = review.revision.to_string();
                    draft.request = requested(Requested::Review(review.revision.clone()));
                    let review = Arc::from(review);
                    let after = Box::new(before.after_review(&review));
                    (Item::Review(Arc::clone(&review)), Effect::Review { before, review, after })
                }
            };
            draft.items.push(item);
            draft.effects.push(effect);
        }
        Ok(Some(draft))
    }

    /// An entry from before the group, and what was stored with it that may have people's words; nothing where there is no
    /// such entry.
    fn stored_with(&self, sequence: u64) -> Result<Vec<Item>, StoreError> {
        let find = |key: &[u8]| -> Result<Option<Item>, StoreError> {
            let record = self.stored.record(key)?;
            let item = record.map(|record| Item::decode(key, &record)).transpose()?;
            Ok(item.filter(|item| item.sequence() == sequence))
        };
        let Some(entry) = find(&keys::journal(sequence))? else { return Ok(Vec::new()) };
        let named = if let Item::Entry(entry) = &entry { keys_of_records(entry) } else { Vec::new() };
        let mut items = vec![entry];
        for key in named {
            items.extend(find(&key)?);
        }
        for at in 0.. {
            let numbered = [keys::registry(sequence, at), keys::access(sequence, at)];
            let found = numbered.iter().map(|key| find(key)).collect::<Result<Vec<_>, _>>()?;
            let before = items.len();
            items.extend(found.into_iter().flatten());
            if items.len() == before {
                break;
            }
        }
        Ok(items)
    }

    fn version(&self, report: &ReportKey) -> Result<Option<Version>, StoreError> {
        match self.versions.get(report) {
            Some(version) => Ok(Some(*version)),
            None => self.stored.version(report),
        }
    }

    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError> {
        Ok(self.frozen.contains(name) || self.stored.is_frozen(name)?)
    }

    fn known_request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        match self.requests.get(&id) {
            Some(known) => Ok(Some(known.clone())),
            None => self.stored.request(id),
        }
    }
}
