//! Reading and changing the registry.

use crate::registry::exchange::write_json;
use crate::registry::{Agency, Entry, Jurisdiction, JurisdictionCode, RegistryChange};
use crate::report::{AgencyId, Hash, ReportKey, ReportYear};
use crate::rollup::Marks;
use crate::store::{Change, Decision, NEWEST, NewEntry, Outcome, Transaction};

use super::state::State;
use super::{Caller, Page, Problem, Service};

const ACTION: &str = "registry.apply";

/// What a list of changes did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub applied: usize,
    /// Changes that were in force already.
    pub unchanged: usize,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
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
        let _turn = self.registry_gate.lock().await;
        let (plan, sequence, registry_sequence, expected) = {
            let state = self.present()?;
            let plan = state.registry.plan(&changes).map_err(|(at, error)| Problem::registry(at, &error))?;
            let expected = self.reports_that_must_not_be(&state, &plan.effective)?;
            (plan, state.sequence, state.registry_sequence, expected)
        };
        let (applied, unchanged) = (plan.effective.len(), plan.unchanged);
        if validate_only || applied == 0 {
            return Ok(Applied { applied, unchanged, sequence });
        }
        let subject = match plan.effective.as_slice() {
            [only] => only.subject(),
            many => format!("registry ({} changes)", many.len()),
        };
        let content = write_json(&plan.effective);
        let entry = NewEntry {
            actor: caller.actor(),
            action: ACTION,
            subject,
            outcome: Outcome::Accepted,
            detail: String::new(),
            content_hash: Hash::of(content.as_bytes()),
        };
        let changes = plan.effective.into_iter().map(Change::Registry).collect();
        let transaction =
            Transaction { registry: Some(registry_sequence), expected, ..Transaction::of(changes, entry) };
        match self.store.commit(transaction).await? {
            Decision::Committed(commit) => Ok(Applied { applied, unchanged, sequence: commit.entry.sequence }),
            Decision::Stale => Err(Problem::contended()),
            other => Err(Problem::internal(&format!("the registry was not changed: {other:?}"))),
        }
    }

    /// Reports of agencies for years in which the changes end them: there must be none, or they would be in no sum.
    /// Answers what stands in their places now.
    ///
    /// # Errors
    /// REGISTRY_INVALID naming the reports that are there.
    fn reports_that_must_not_be(
        &self,
        state: &State,
        changes: &[RegistryChange],
    ) -> Result<Vec<(ReportKey, Option<(u32, u64)>)>, Problem> {
        let mut expected = Vec::new();
        let this_year = self.today().year().unsigned_abs();
        for change in changes {
            let Some((entries, first_year)) = change.ends() else { continue };
            for entry in entries {
                let Entry::Agency(id) = entry else { continue };
                let years = (first_year.get()..=this_year).filter_map(|year| ReportYear::new(year).ok());
                for report in years.map(|year| ReportKey::of_agency(id.clone(), year)) {
                    let agency = state.registry.find_agency(id);
                    if agency.is_some_and(|agency| state.totals.marks(agency, report.year) != Marks::default()) {
                        return Err(Problem::report_in_the_way(&change.subject(), first_year, &report));
                    }
                    let standing = self.store.standing(&report, NEWEST)?;
                    expected.push((report, standing.map(|standing| standing.status.version())));
                }
            }
        }
        Ok(expected)
    }

    /// One jurisdiction.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn jurisdiction(&self, code: &JurisdictionCode) -> Result<Jurisdiction, Problem> {
        let state = self.live.read();
        state.registry.jurisdiction_of(code).cloned().ok_or_else(|| Problem::no_jurisdiction(&code.name()))
    }

    /// One agency.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND.
    pub fn agency(&self, id: &AgencyId) -> Result<Agency, Problem> {
        let state = self.live.read();
        state.registry.agency_of(id).cloned().ok_or_else(|| Problem::no_agency(&format!("agencies/{id}")))
    }

    /// Jurisdictions directly below `parent`, or all, after the code `token`, by code.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn jurisdictions(
        &self,
        parent: Option<&JurisdictionCode>,
        size: usize,
        token: &str,
    ) -> Result<Page<Jurisdiction>, Problem> {
        if let Some(parent) = parent {
            self.jurisdiction(parent)?;
        }
        let state = self.live.read();
        let all = state.registry.jurisdictions().iter();
        let wanted = all.filter(|entry| parent.is_none() || entry.parent.as_ref() == parent);
        Ok(page_by_key(wanted, size, token, |entry| entry.code.as_str()))
    }

    /// Agencies of `jurisdiction`, or all, after the id `token`, by id.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn agencies(
        &self,
        jurisdiction: Option<&JurisdictionCode>,
        size: usize,
        token: &str,
    ) -> Result<Page<Agency>, Problem> {
        if let Some(jurisdiction) = jurisdiction {
            self.jurisdiction(jurisdiction)?;
        }
        let state = self.live.read();
        let all = state.registry.agencies().iter();
        let wanted = all.filter(|entry| jurisdiction.is_none_or(|jurisdiction| entry.jurisdiction == *jurisdiction));
        Ok(page_by_key(wanted, size, token, |entry| entry.id.as_str()))
    }
}

/// The page of entries whose keys come after `token`, in order of their keys.
pub(super) fn page_by_key<'a, T: Clone + 'a>(
    entries: impl Iterator<Item = &'a T>,
    size: usize,
    token: &str,
    key: impl Fn(&T) -> &str,
) -> Page<T> {
    let mut rest: Vec<&T> = entries.filter(|entry| token.is_empty() || key(entry) > token).collect();
    if rest.len() > size + 1 {
        rest.select_nth_unstable_by(size, |one, other| key(one).cmp(key(other)));
        rest.truncate(size + 1);
    }
    rest.sort_unstable_by(|one, other| key(one).cmp(key(other)));
    Page::cut(rest.into_iter().cloned().collect(), size, |entry| key(entry).to_owned())
}
