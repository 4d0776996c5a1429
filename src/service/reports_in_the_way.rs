//! Reports that stand in the way of a change of the registry: of a year in which their agency would not exist, or counted
//! twice.

use crate::live::State;
use crate::registry::{Entry, RegistryChange, RegistryError};
use crate::report::{ReportKey, ReportOwner, ReportYear};
use crate::rollup::Marks;
use crate::store::{NEWEST, Version};

use super::parts::Service;
use super::problem::Problem;

impl Service {
    /// Reports of agencies for years in which the changes end them: there must be none, or they would be in no sum.
    /// Answers what stands in their places now.
    ///
    /// # Errors
    /// REGISTRY_INVALID naming the reports that are there.
    pub(super) fn reports_that_must_not_be(
        &self,
        state: &State,
        changes: &[RegistryChange],
    ) -> Result<Vec<(ReportKey, Option<Version>)>, Problem> {
        let mut expected = Vec::new();
        let this_year = self.today().year().unsigned_abs();
        for change in changes {
            expected.extend(self.reports_of_what_never_was(state, change, this_year)?);
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

    /// Reports of what is voided: there must be none. Of what is joined: none of years that the joining does not name, and
    /// none of the other's in those. Answers what stands in their places now.
    fn reports_of_what_never_was(
        &self,
        state: &State,
        change: &RegistryChange,
        this_year: u16,
    ) -> Result<Vec<(ReportKey, Option<Version>)>, Problem> {
        let mut expected = Vec::new();
        let every_year = || ReportYear::FIRST.through(ReportYear::new(this_year).unwrap_or(ReportYear::LAST));
        let mut standing = |report: ReportKey| -> Result<bool, Problem> {
            let standing = self.store.standing(&report, NEWEST)?;
            let is_received = standing.as_ref().is_some_and(|standing| standing.status.is_received());
            expected.push((report, standing.map(|standing| standing.status.version())));
            Ok(is_received)
        };
        match change {
            RegistryChange::Void { entry, .. } => {
                let owner = match entry {
                    Entry::Agency(id) => ReportOwner::Agency(id.clone()),
                    Entry::Jurisdiction(code) => ReportOwner::Jurisdiction(code.clone()),
                };
                for year in every_year() {
                    let report = ReportKey { owner: owner.clone(), year };
                    if standing(report.clone())? {
                        return Err(Problem::report_of_what_is_voided(&change.subject(), &report));
                    }
                }
            }
            RegistryChange::JoinPlaces { jurisdiction, .. } => {
                for year in every_year() {
                    let report = ReportKey { owner: ReportOwner::Jurisdiction(jurisdiction.clone()), year };
                    if standing(report.clone())? {
                        return Err(Problem::report_of_what_is_voided(&change.subject(), &report));
                    }
                }
            }
            RegistryChange::Correct { entry: Entry::Agency(id), values, .. } => {
                let begins = values.begins.unwrap_or(ReportYear::FIRST);
                for year in every_year().take_while(|year| *year < begins) {
                    let report = ReportKey::of_agency(id.clone(), year);
                    if standing(report.clone())? {
                        return Err(Problem::report_before_it_begins(&change.subject(), begins, &report));
                    }
                }
            }
            RegistryChange::Join { agency, into, years, .. } => {
                for year in every_year() {
                    let own = ReportKey::of_agency(agency.clone(), year);
                    let is_named = years.contains(&year);
                    if standing(own.clone())? && !is_named {
                        return Err(Problem::report_not_named(&change.subject(), &own));
                    }
                    if is_named && standing(ReportKey::of_agency(into.clone(), year))? {
                        let (subject, other) = (change.subject(), format!("agencies/{into}"));
                        let error = RegistryError::JoinCollides { subject, other, year };
                        return Err(Problem::registry_as_a_whole(&error));
                    }
                }
            }
            _ => {}
        }
        // One that has begun to be handed in by then is judged anew.
        debug_assert!(state.sequence <= self.newest_sequence());
        Ok(expected)
    }
}
