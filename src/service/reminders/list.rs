//! The agencies of a place whose report of a year is missing or was returned.

use jiff::Timestamp;

use crate::access::call;
use crate::live::{LastReminder, State};
use crate::registry::Contact;
use crate::report::{AgencyId, JurisdictionCode, ReportOwner, ReportYear};
use crate::rollup::{AgencyFilter, Mark, class_of};
use crate::service::caller::Caller;
use crate::service::deadlines::Deadlines;
use crate::service::messages::Channel;
use crate::service::page::{Page, id_in_token};
use crate::service::parts::Service;
use crate::service::problem::Problem;
use crate::service::target::Target;
use crate::service::view::find;

/// Why an agency is reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No report has come in, or it was withdrawn.
    Missing,
    /// The report was returned.
    Returned,
}

/// An agency to be reminded.
#[derive(Debug, Clone, PartialEq)]
pub struct Reminder {
    /// Whose report it is.
    pub agency: AgencyId,
    /// Its name in the year.
    pub display_name: String,
    /// Where it belongs in the year.
    pub jurisdiction: JurisdictionCode,
    /// The name of that.
    pub jurisdiction_name: String,
    /// Why.
    pub cause: Cause,
    /// When its report is due, and the days left.
    pub due: Option<(Timestamp, i64)>,
    /// Whom to ask, as far as the caller may know.
    pub people: Vec<Contact>,
    /// When it was reminded last.
    pub last: Option<LastReminder>,
    /// How a message would go.
    pub channel: Option<Channel>,
}

impl Service {
    /// Agencies to be reminded, after the id `token`, and how many there are.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub fn reminders(
        &self,
        jurisdiction: &JurisdictionCode,
        year: ReportYear,
        size: usize,
        token: &str,
        caller: &Caller,
    ) -> Result<(Page<Reminder>, usize), Problem> {
        let after: Option<AgencyId> = id_in_token(token)?;
        let all = self.all_reminders(jurisdiction, year, caller)?;
        let total = all.len();
        let rest = all.into_iter().filter(|one| after.as_ref().is_none_or(|after| one.agency > *after));
        let page =
            Page::cut(rest.take(size.saturating_add(1)).collect(), size, |one: &Reminder| one.agency.to_string());
        Ok((page, total))
    }

    /// All agencies to be reminded, by id.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn all_reminders(
        &self,
        jurisdiction: &JurisdictionCode,
        year: ReportYear,
        caller: &Caller,
    ) -> Result<Vec<Reminder>, Problem> {
        let state = self.live.read();
        let scope = find(&state, jurisdiction)?;
        // Who belongs to a system of their own is reminded there.
        let filter = AgencyFilter::default();
        let registry = &state.registry;
        let cause = |agency| {
            let marks = state.totals.marks(agency, year);
            match (marks.has(Mark::Received), marks.has(Mark::Returned)) {
                (false, _) => Some(Cause::Missing),
                (true, true) => Some(Cause::Returned),
                (true, false) => None,
            }
        };
        let mut agencies = state.totals.agencies_below(registry, scope, year);
        agencies.retain(|agency| registry.home(*agency, year).is_some());
        agencies.retain(|agency| filter.admits(class_of(registry, *agency, year)));
        let found = agencies.into_iter().filter_map(|agency| Some((agency, cause(agency)?)));
        let mut found: Vec<Reminder> =
            found.map(|(agency, cause)| self.reminder(&state, (agency, year), cause, caller)).collect();
        found.sort_unstable_by(|one, other| one.agency.cmp(&other.agency));
        Ok(found)
    }

    fn reminder(
        &self,
        state: &State,
        (agency, year): (crate::registry::AgencyIndex, ReportYear),
        cause: Cause,
        caller: &Caller,
    ) -> Reminder {
        let registry = &state.registry;
        let entry = registry.agency_in(agency, year);
        let owner = ReportOwner::Agency(entry.id.clone());
        let deadlines =
            registry.collection(year).and_then(|collection| Deadlines::of(registry, collection, &owner, self.now()));
        let due = deadlines.and_then(|deadlines| Some((deadlines.due?.at, deadlines.days_left?)));
        let place = registry.find_jurisdiction(&entry.jurisdiction);
        let beside = self.live.beside();
        let may_know = self.sees(caller, call::GET_AGENCY_CONTACTS, Target::Owner(&owner, None));
        let people = beside.contacts(&entry.id).filter(|_| may_know);
        let people = people.map(|kept| kept.contacts.people.clone()).unwrap_or_default();
        Reminder {
            last: beside.reminder(&entry.id),
            channel: self.reminding.messenger.as_ref().and_then(|messenger| messenger.channel(&people)),
            jurisdiction_name: place
                .map(|place| registry.jurisdiction_in(place, year).display_name)
                .unwrap_or_default(),
            agency: entry.id,
            display_name: entry.display_name,
            jurisdiction: entry.jurisdiction,
            cause,
            due,
            people,
        }
    }
}
