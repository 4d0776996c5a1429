//! The names that an entry and the places above it are known by, to be compared with what documents print.

use crate::report::{ReportKey, ReportOwner, ReporterNames};

use super::{JurisdictionIndex, Registry};

impl Registry {
    /// Present and former names of the owner of a report, and of the places that it belongs to; none where it is not
    /// registered.
    pub fn names_of(&self, report: &ReportKey) -> ReporterNames {
        let names =
            |timeline: &super::Dated<String>| timeline.iter().map(|(_, name)| name.clone()).rev().collect::<Vec<_>>();
        let place = |index: JurisdictionIndex| names(&self.jurisdiction_timeline(index).names);
        let (own, home) = match &report.owner {
            ReportOwner::Agency(id) => {
                let Some(index) = self.find_agency(id) else { return ReporterNames::default() };
                let timeline = self.agency_timeline(index);
                (names(&timeline.names), *timeline.parent_near(report.year))
            }
            ReportOwner::Jurisdiction(code) => {
                let Some(index) = self.find_jurisdiction(code) else { return ReporterNames::default() };
                // A government's report is printed under the government's name, or that of its office.
                let governments = place(index).into_iter().map(|name| format!("{name}人民政府"));
                (governments.collect(), index)
            }
        };
        ReporterNames { names: own, places: self.path_up(home, report.year).map(place).collect() }
    }
}
