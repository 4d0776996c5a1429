//! What a change of the registry does to a state: found beside it, by whoever reads what it takes, and then taken at once.

use crate::registry::{AgencyIndex, Registry, RegistryChange, RegistryError};
use crate::report::{ReportKey, ReportYear};
use crate::rollup::{Part, Relocation, Totals, Tree};
use crate::store::{Store, StoreError};

use super::state::{Share, State};

/// Why it cannot be found what changes of the registry do.
#[derive(Debug, thiserror::Error)]
pub enum Unarranged {
    /// One of them does not apply.
    #[error(transparent)]
    Change(#[from] RegistryError),
    /// Reports of agencies that part from the others cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the changes of the registry in one journal entry do to a state; found beside it.
#[derive(Debug)]
pub struct Rearrangement {
    registry: Registry,
    totals: Rearranged,
    sequence: u64,
}

#[derive(Debug)]
enum Rearranged {
    Parts(Relocation),
    /// They have followed what was committed meanwhile.
    Whole(Totals),
}

impl Rearrangement {
    /// What takes a state to one that [`State::changed_by`] made of it, and that has followed the same commits since.
    pub fn to(changed: State, sequence: u64) -> Self {
        Self { registry: changed.registry, totals: Rearranged::Whole(changed.totals), sequence }
    }
}

impl State {
    /// What the changes of the registry in one journal entry do to this state. Takes long where many agencies are
    /// concerned: nobody should wait for it but who made them.
    ///
    /// # Errors
    /// A change that does not apply; a store that cannot be read.
    pub fn rearrange(
        &self,
        changes: &[&RegistryChange],
        sequence: u64,
        store: &dyn Store,
    ) -> Result<Rearrangement, Unarranged> {
        let mut registry = self.registry.clone();
        let mut concerned = Vec::new();
        for change in changes {
            concerned.extend(registry.affected_agencies(change));
            registry.apply(change)?;
        }
        let first_year = changes.iter().filter_map(|change| change.first_year()).min();
        let created = registry.agency_indices().skip(self.registry.agencies().len());
        concerned.extend(created);
        concerned.sort_unstable();
        concerned.dedup();
        let read = |agency, year| self.read_part(store, agency, year, sequence);
        let first_year = first_year.unwrap_or(ReportYear::LAST);
        let relocation = self.totals.relocation(&self.registry, &registry, concerned.into_iter(), first_year, read)?;
        Ok(Rearrangement { registry, totals: Rearranged::Parts(relocation), sequence })
    }

    /// What one agency's report of a year comes to, read from the store.
    fn read_part(
        &self,
        store: &dyn Store,
        agency: AgencyIndex,
        year: ReportYear,
        as_of: u64,
    ) -> Result<Part, StoreError> {
        let key = ReportKey::of_agency(self.registry.agency(agency).id.clone(), year);
        let standing = store.standing(&key, as_of)?;
        let share = standing.map(|standing| Share::of(&standing, &self.admitted));
        Ok(share.map_or_else(Part::default, |share| Part::of(share.contribution())))
    }

    /// Takes what changes of the registry do; answers what they took the place of, which takes time to be given up.
    pub fn take(&mut self, arranged: Rearrangement) -> (Registry, Option<Totals>) {
        let Rearrangement { registry, totals, sequence } = arranged;
        self.registry_sequence = sequence;
        let totals = match totals {
            Rearranged::Parts(relocation) => {
                self.totals.relocate(relocation);
                None
            }
            Rearranged::Whole(totals) => Some(std::mem::replace(&mut self.totals, totals)),
        };
        (std::mem::replace(&mut self.registry, registry), totals)
    }

    /// This state as it would be if these changes of the registry were made now.
    ///
    /// # Errors
    /// As [`State::rearrange`].
    pub fn changed_by(&self, changes: &[RegistryChange], store: &dyn Store) -> Result<Self, Unarranged> {
        let changes: Vec<&RegistryChange> = changes.iter().collect();
        let arranged = self.rearrange(&changes, self.sequence, store)?;
        let mut changed = self.clone();
        changed.take(arranged);
        // They are not in the journal yet.
        changed.registry_sequence = self.registry_sequence;
        Ok(changed)
    }

    /// This state over the tree of one year, of some years only; made without reading most of the reports.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn over(&self, store: &dyn Store, tree: Tree, years: (ReportYear, ReportYear)) -> Result<Self, StoreError> {
        let read = |agency, year| self.read_part(store, agency, year, self.sequence);
        let totals = self.totals.over(&self.registry, tree, years, read)?;
        Ok(Self { totals, years: Some(years), ..self.clone() })
    }
}
