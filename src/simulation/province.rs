//! The simulated province: its registry, and its reports year by year.

use std::collections::HashSet;

use crate::form::edition_for_year;
use crate::registry::{Agency, RegistryChange};
use crate::report::{AgencyId, Figures, ReportYear};

use super::activity::Agent;
use super::divisions::divisions;
use super::draw::{Purpose, WHOLE, below, generator};
use super::roster::{Member, roster};
use super::sheet::Sheet;
use super::{MAXIMUM_AGENCIES, Parameters, SimulationError};

/// Agencies without a report, in thousandths: in a year that is over, and in the last one.
const MISSING: u64 = 30;
const MISSING_IN_LAST_YEAR: u64 = 70;

/// A province with everything that its reports follow from. Reports are made when asked for, and not kept.
#[derive(Debug)]
pub struct Province {
    /// What makes its registry: jurisdictions with parents before children, then agencies.
    pub changes: Vec<RegistryChange>,
    parameters: Parameters,
    members: Vec<Member>,
    guest: Agency,
    sheets: Vec<Sheet>,
}

/// One agency's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedReport {
    /// Whose report it is.
    pub agency: AgencyId,
    /// All cells of the edition of its year.
    pub figures: Figures,
}

impl Province {
    /// # Errors
    /// [`SimulationError`] where the province is unknown, a year has no edition of the form, or the number of
    /// agencies does not suit the province.
    pub fn simulate(parameters: &Parameters) -> Result<Self, SimulationError> {
        let sheets = sheets(parameters)?;
        if parameters.agencies > MAXIMUM_AGENCIES {
            return Err(SimulationError::TooManyAgencies { asked: parameters.agencies, maximum: MAXIMUM_AGENCIES });
        }
        let divisions = divisions(&parameters.province)?;
        let members = roster(&divisions, parameters)?;
        let Some(guest) = members.iter().find(|member| member.guest).map(|member| member.agency.clone()) else {
            return Err(SimulationError::TooFewAgencies { asked: parameters.agencies, minimum: divisions.len() + 1 });
        };
        let jurisdictions = divisions.iter().map(|division| division.jurisdiction(parameters.first_year));
        let agencies = members.iter().map(|member| member.agency.clone());
        let changes = jurisdictions
            .map(RegistryChange::CreateJurisdiction)
            .chain(agencies.map(RegistryChange::CreateAgency))
            .collect();
        Ok(Self { changes, parameters: parameters.clone(), members, guest, sheets })
    }

    /// The reports of `year`, in the order of the agencies; none outside the simulated years. A few agencies
    /// have not reported, and the guest never has.
    pub fn reports(&self, year: ReportYear) -> impl Iterator<Item = SimulatedReport> {
        let simulated = (self.parameters.first_year..=self.parameters.last_year).contains(&year);
        let sheet = self.sheets.iter().find(|sheet| simulated && sheet.edition.covers(year.get()));
        sheet.into_iter().flat_map(move |sheet| {
            let reporting = self.members.iter().filter(move |member| self.has_reported(member, year));
            reporting.map(move |member| self.report(member, year, sheet))
        })
    }

    /// The reports of `year` but those whose figures happen to be all those of an earlier one: a service asks the reason of
    /// such, and these can be handed in without any.
    pub fn unquestioned_reports(&self, year: ReportYear) -> impl Iterator<Item = SimulatedReport> {
        let mut seen = HashSet::new();
        self.reports(year).filter(move |report| {
            let figures = report.figures.filled().filter(|(_, cell)| cell.number() != Some(0));
            seen.insert(format!("{:?}", figures.collect::<Vec<_>>()))
        })
    }

    /// The agency that is left to a user: it owes reports, and none is simulated.
    pub fn guest(&self) -> &Agency {
        &self.guest
    }

    fn has_reported(&self, member: &Member, year: ReportYear) -> bool {
        let missing = if year == self.parameters.last_year { MISSING_IN_LAST_YEAR } else { MISSING };
        let agency = &member.agency;
        !member.guest && agency.first_year <= year && {
            let mut rng = generator(self.parameters.seed, Purpose::Missing, agency.id.as_str(), year.get());
            below(&mut rng, WHOLE) >= missing
        }
    }

    fn report(&self, member: &Member, year: ReportYear, sheet: &Sheet) -> SimulatedReport {
        let agent = Agent::new(self.parameters.seed, member, self.parameters.first_year.get());
        let activity = agent.year(year.get(), &sheet.outcome_weights);
        SimulatedReport { agency: member.agency.id.clone(), figures: sheet.fill(&activity) }
    }
}

/// One sheet for each edition in use.
fn sheets(parameters: &Parameters) -> Result<Vec<Sheet>, SimulationError> {
    let (first, last) = (parameters.first_year, parameters.last_year);
    if first > last {
        return Err(SimulationError::YearsReversed { first, last });
    }
    let mut sheets: Vec<Sheet> = Vec::new();
    for year in first.get()..=last.get() {
        let edition = edition_for_year(year).ok_or(SimulationError::NoEdition(year))?;
        if !sheets.iter().any(|sheet| sheet.edition == edition) {
            sheets.push(Sheet::new(edition));
        }
    }
    Ok(sheets)
}
