//! Reading and changing jurisdictions and agencies.

use std::sync::Arc;

use uuid::Uuid;

use crate::live::{Live, State, Unarranged};
use crate::registry::exchange::write_json;
use crate::registry::{Entry, EntryIndex, Registry, RegistryChange, Suspect};
use crate::report::Hash;
use crate::store::{Change, Decision, NewEntry, RequestId, Requested, StoredRequest, Transaction, check_length};

use super::audit::changes_in_words;
use super::caller::Caller;
use super::parts::Service;
use super::problem::Problem;
use super::sum_changes::{SumChange, sum_changes};

const ACTION: &str = "registry.apply";

/// Which entries are others than those that they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// All of the list.
    All,
    /// These, by resource name.
    These(Vec<String>),
}

impl Confirmed {
    fn has(&self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(&entry.to_string()),
        }
    }
}

/// A list of changes that is to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeList {
    /// In order.
    pub changes: Vec<RegistryChange>,
    /// What some of the changes take their entries to be like: the position of the change, and the etag.
    pub etags: Vec<(usize, String)>,
    /// What is another entry than the one that it looks like.
    pub confirmed: Confirmed,
    /// Check only.
    pub validate_only: bool,
    /// For safe retries.
    pub request_id: Option<Uuid>,
}

impl ChangeList {
    /// What stands for the list where its request id comes again.
    fn fingerprint(&self) -> Hash {
        let Self { changes, etags, confirmed, .. } = self;
        Hash::of(format!("{ACTION}\n{}\n{etags:?}\n{confirmed:?}\n", write_json(changes)).as_bytes())
    }
}

/// What a list of changes did, or would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// Changes that took effect, or would.
    pub applied: usize,
    /// Changes that were in force already.
    pub unchanged: usize,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    /// What looks like something else, and was confirmed.
    pub suspects: Vec<Suspect>,
    /// What becomes another sum where the past is put right, at most [`SUM_CHANGES_MAX`](super::sum_changes::SUM_CHANGES_MAX).
    pub sum_changes: Vec<SumChange>,
    /// Beyond these.
    pub sum_changes_omitted: usize,
    /// The request id was known: nothing was changed now.
    pub is_repeated: bool,
}

/// Changes that were planned under the registry's gate, and what the journal says of them.
pub(super) struct Planned {
    changes: Vec<RegistryChange>,
    /// Journal sequence of the registry that they were planned on.
    on: u64,
    action: &'static str,
    subject: String,
    content_hash: Hash,
    /// What else the entry says, after what became of what.
    said: Option<String>,
    request: Option<(RequestId, Hash)>,
}

impl Planned {
    pub(super) fn new(
        changes: Vec<RegistryChange>,
        on: u64,
        action: &'static str,
        subject: String,
        content_hash: Hash,
    ) -> Self {
        Self { changes, on, action, subject, content_hash, said: None, request: None }
    }

    /// The same, of which the entry says this as well.
    pub(super) fn saying(self, said: Option<String>) -> Self {
        Self { said, ..self }
    }
}

/// What became of changes that were to be stored.
pub(super) enum Stored {
    /// They are, by the entry of this sequence.
    Now(u64),
    /// Their request id was known; never where they have none.
    Before(StoredRequest),
}

/// The answer to a request id that is known, for the same `asked` changes.
fn repeated(known: &StoredRequest, fingerprint: Hash, id: RequestId, asked: usize) -> Result<Applied, Problem> {
    let Requested::Registry(applied) = *known.answered(fingerprint, id, None)? else {
        return Err(Problem::internal("a request id of changes of the registry stands for something else"));
    };
    let applied = applied as usize;
    let unchanged = asked.saturating_sub(applied);
    Ok(Applied { applied, unchanged, sequence: known.sequence, is_repeated: true, ..Applied::default() })
}

/// What is foreseen while changes of the registry are on their way.
struct Foresight(Arc<Live>);

impl Drop for Foresight {
    fn drop(&mut self) {
        self.0.forget_foreseen();
    }
}

impl Service {
    /// Applies changes in order, all or none. Changes in force already count as unchanged and are not stored again.
    ///
    /// # Errors
    /// The first change that does not fit, by position; nothing is stored then.
    pub async fn change_registry(
        &self,
        changes: Vec<RegistryChange>,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<Applied, Problem> {
        let list =
            ChangeList { changes, etags: Vec::new(), confirmed: Confirmed::All, validate_only, request_id: None };
        self.change_registry_so(list, caller).await
    }

    /// As [`Service::change_registry`], with what is confirmed of it.
    ///
    /// # Errors
    /// REGISTRY_SUSPECT where something looks like another entry and is not confirmed; ETAG_MISMATCH; REQUEST_ID_REUSED.
    pub async fn change_registry_so(&self, list: ChangeList, caller: &Caller) -> Result<Applied, Problem> {
        let request = list.request_id.map(|id| (id, list.fingerprint()));
        let ChangeList { changes, etags, confirmed, validate_only, .. } = list;
        let count = changes.len();
        // A retry has its first answer, whatever became of the entries since.
        if let Some((id, fingerprint)) = request
            && let Some(known) = self.store.request(id)?
        {
            return repeated(&known, fingerprint, id, count);
        }
        let _turn = self.registry_gate.lock().await;
        let state = self.present()?;
        let (sequence, planned_on) = (state.sequence, state.registry_sequence);
        let changes: Vec<RegistryChange> =
            changes.into_iter().map(|change| self.as_meant(change, &state, &confirmed)).collect();
        for (at, etag) in &etags {
            check_etag(&state.registry, changes.get(*at), etag)?;
        }
        // Of many agencies it takes long.
        let planned = Self::beside(move || {
            let plan = state.registry.plan(&changes);
            let suspects = match (&plan, &confirmed) {
                // What the service does itself is not asked.
                (Err(_), _) | (_, Confirmed::All) => Vec::new(),
                (Ok(plan), _) => state.registry.suspects_of(&plan.effective),
            };
            Ok((plan, suspects, state, changes, confirmed))
        });
        let (plan, suspects, state, changes, confirmed) = planned.await?;
        let plan = plan.map_err(|(at, error)| Problem::registry(at, &error))?;
        self.reports_that_must_not_be(&state, &plan.effective)?;
        let suspects: Vec<(usize, Suspect)> = suspects
            .into_iter()
            .filter_map(|(at, suspect)| {
                let change = plan.effective.get(at)?;
                Some((changes.iter().position(|one| one == change).unwrap_or(at), suspect))
            })
            .collect();
        let (confirmed, asked): (Vec<_>, Vec<_>) = suspects
            .into_iter()
            .partition(|(_, suspect)| confirmed.has(&suspect.entry) || confirmed.has(&suspect.other));
        if !asked.is_empty() {
            return Err(Problem::registry_suspects(&asked));
        }
        for change in &plan.effective {
            check_length(change)?;
        }
        let (applied, unchanged) = (plan.effective.len(), plan.unchanged);
        let (sum_changes, sum_changes_omitted) = self.sum_changes(&state, &plan.effective).await?;
        let told = Applied {
            applied,
            unchanged,
            sequence,
            suspects: confirmed.into_iter().map(|(_, suspect)| suspect).collect(),
            sum_changes,
            sum_changes_omitted,
            is_repeated: false,
        };
        if validate_only || applied == 0 {
            return Ok(told);
        }
        let subject = match plan.effective.as_slice() {
            [only] => only.subject(),
            many => format!("registry ({} changes)", many.len()),
        };
        let content = Hash::of(write_json(&plan.effective).as_bytes());
        let planned = Planned { request, ..Planned::new(plan.effective, planned_on, ACTION, subject, content) };
        match self.store_planned(planned, caller).await? {
            Stored::Now(sequence) => Ok(Applied { sequence, ..told }),
            Stored::Before(known) => {
                let (id, fingerprint) = request.unwrap_or_default();
                repeated(&known, fingerprint, id, count)
            }
        }
    }

    /// A change with codes in upper case, unless they are confirmed as they are; and of a joining the years that nobody
    /// named.
    fn as_meant(&self, change: RegistryChange, state: &State, confirmed: &Confirmed) -> RegistryChange {
        let is_as_written = match &change {
            RegistryChange::CreateAgency(new) => confirmed.has(&Entry::Agency(new.id.clone())),
            _ => false,
        };
        let change = if is_as_written { change } else { change.in_upper_case(&state.registry) };
        match change {
            RegistryChange::Join { agency, into, years, reason } if years.is_empty() => {
                let found = state.registry.find_agency(&agency);
                let years = found.map(|found| state.totals.years_with_reports(found)).unwrap_or_default();
                RegistryChange::Join { agency, into, years, reason }
            }
            other => other,
        }
    }

    /// What changes that put the past right do to the sums, and how many are beyond those told.
    async fn sum_changes(
        &self,
        state: &Arc<State>,
        changes: &[RegistryChange],
    ) -> Result<(Vec<SumChange>, usize), Problem> {
        let rewrites =
            |change: &RegistryChange| change.reason().is_some() || matches!(change, RegistryChange::Reclassify { .. });
        if !changes.iter().any(rewrites) {
            return Ok((Vec::new(), 0));
        }
        let (before, changes) = (state.clone(), changes.to_vec());
        let after = self.blocking(move |store| match before.changed_by(&changes, store) {
            Ok(after) => Ok(Some((before, after))),
            Err(Unarranged::Change(_)) => Ok(None),
            Err(Unarranged::Store(error)) => Err(error),
        });
        Ok(after.await?.map(|(before, after)| sum_changes(&before, &after)).unwrap_or_default())
    }

    /// Stores changes that were planned under the registry's gate.
    pub(super) async fn store_planned(&self, planned: Planned, caller: &Caller) -> Result<Stored, Problem> {
        let Planned { changes, on, action, subject, content_hash, said, request } = planned;
        let changes: Arc<[RegistryChange]> = changes.into();
        let _foreseen = self.foresee(&changes).await?;
        let (expected, registry, detail) = {
            let state = self.present()?;
            let expected = self.reports_that_must_not_be(&state, &changes)?;
            (expected, Some(on), changes_in_words(&state.registry, &changes))
        };
        let detail = [Some(detail), said].into_iter().flatten().collect::<Vec<_>>().join("\n");
        let entry = NewEntry { content_hash, ..caller.accepted(action, subject, detail) };
        let changes = changes.iter().cloned().map(Change::Registry).collect();
        let transaction = Transaction { registry, expected, request, ..Transaction::of(changes, entry) };
        match self.store.commit(transaction).await? {
            Decision::Committed(commit) => Ok(Stored::Now(commit.entry.sequence)),
            Decision::Repeated(known) | Decision::RequestIdReused(known) => Ok(Stored::Before(known)),
            Decision::Stale => Err(Problem::contended()),
        }
    }

    /// Works out what changes of the registry will do to the totals, which takes long where many agencies are concerned,
    /// before the thread that commits comes to them. It is forgotten with what is returned.
    async fn foresee(&self, changes: &Arc<[RegistryChange]>) -> Result<Foresight, Problem> {
        let foresight = Foresight(self.live.clone());
        if !changes.iter().all(RegistryChange::moves_nobody) {
            let (live, changes) = (self.live.clone(), changes.clone());
            self.blocking(move |store| live.foresee(&changes, store)).await?;
        }
        Ok(foresight)
    }
}

/// Checks that an entry is as whoever changes it looked at it.
fn check_etag(registry: &Registry, change: Option<&RegistryChange>, etag: &str) -> Result<(), Problem> {
    let name = match change {
        Some(
            RegistryChange::Correct { entry, .. }
            | RegistryChange::Void { entry, .. }
            | RegistryChange::Restore { entry, .. },
        ) => entry.clone(),
        Some(RegistryChange::Join { agency, .. }) => Entry::Agency(agency.clone()),
        Some(RegistryChange::JoinPlaces { jurisdiction, .. }) => Entry::Jurisdiction(jurisdiction.clone()),
        _ => return Ok(()),
    };
    let present = match registry.find(&name) {
        Some(EntryIndex::Jurisdiction(at)) => registry.jurisdiction_life(at).etag(),
        Some(EntryIndex::Agency(at)) => registry.agency_life(at).etag(),
        // Which is said with more words.
        None => return Ok(()),
    };
    if present == etag { Ok(()) } else { Err(Problem::etag_mismatch(&name.to_string(), Some(&present))) }
}
