//! Works a rule's example: builds the form that it describes and has the engine judge it.

use crate::form::{Presence, catalogue, edition_for_year};
use crate::report::{Cell, DocumentSource, Figures, Finding, Narrative, ReportKey, ReportYear, ReporterNames};

use super::engine::{Case, judge};
use super::model::{Example, Rule};
use super::provenance::Document;
use super::rule_set::rule_set;

/// The agency of the examples.
const GUEST: &str = "example";

/// A worked example of a rule.
#[derive(Debug)]
pub struct Demonstration {
    /// Report year of the example.
    pub year: ReportYear,
    /// The form as filled in, of the edition that the example names.
    pub figures: Figures,
    /// The same agency's form of the year before; none where the rule does not look at it.
    pub previous: Option<Figures>,
    /// Chapters one, five and six; none where the rule does not look at them.
    pub narrative: Option<Narrative>,
    /// The chapters of the same agency's report of the year before.
    pub previous_narrative: Option<Narrative>,
    /// What the document says of itself, where the report was read from one.
    pub source: Option<DocumentSource>,
    /// What the agency is called, where the rule asks.
    pub own_name: Option<&'static str>,
    /// What the rule finds in it.
    pub findings: Vec<Finding>,
}

impl Rule {
    /// The rule's example, judged. None only where the rule's data names a year without a form, which tests rule out.
    pub fn demonstrate(&self) -> Option<Demonstration> {
        let Example { year, form_of, cells, previous, reporter, narrative, previous_narrative, document, today } =
            self.example;
        let year = ReportYear::new(year).ok()?;
        let figures = zero_but_for(form_of, cells)?;
        let previous = match previous {
            Some(cells) => Some(zero_but_for(year.previous()?.get(), cells)?),
            None => None,
        };
        let completed = figures.complete();
        let [narrative, previous_narrative] = [narrative, previous_narrative].map(|chapters| {
            let [overview, problems, other_matters] = chapters?.map(|text| Some(text.to_owned()));
            Some(Narrative { overview, problems, other_matters })
        });
        let agency = GUEST.parse().ok()?;
        let key = ReportKey::of_agency(agency, year.previous()?);
        let others: Vec<_> = previous_narrative.iter().map(|narrative| (&key, narrative)).collect();
        let others_figures: Vec<_> = previous.iter().map(|figures| (&key, figures)).collect();
        let source = document.map(|document| DocumentSource {
            title: document.title.to_owned(),
            years: ReportYear::new(document.year).into_iter().collect(),
            agency: document.agency.to_owned(),
            ..DocumentSource::default()
        });
        let names =
            document.map(|document| ReporterNames { names: vec![document.own_name.to_owned()], places: Vec::new() });
        let case = Case {
            year,
            figures: &figures,
            completed: &completed,
            previous: previous.as_ref(),
            reporter,
            narrative: narrative.as_ref(),
            others: &others,
            others_figures: &others_figures,
            document: source.as_ref().map(|source| Document { source, names: names.as_ref(), agency: Some(GUEST) }),
            today,
        };
        let mut findings = judge(rule_set(year), &case);
        findings.retain(|finding| finding.rule == self.id);
        let own_name = document.map(|document| document.own_name);
        Some(Demonstration { year, figures, previous, narrative, previous_narrative, source, own_name, findings })
    }
}

/// The form of the year with zero in every prescribed cell, but for the places named.
fn zero_but_for(year: u16, places: &[(&str, Cell)]) -> Option<Figures> {
    let catalogue = catalogue();
    let edition = edition_for_year(year)?;
    let mut figures = Figures::blank(edition);
    for cell in catalogue.cells_of(edition) {
        if catalogue.presence(edition, cell.id) == Presence::Prescribed {
            figures.set(cell.id, Cell::Number(0));
        }
    }
    for (place, value) in places {
        let within = |path: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        for cell in catalogue.cells_of(edition).filter(|cell| within(&cell.path)) {
            figures.set(cell.id, *value);
        }
    }
    Some(figures)
}
