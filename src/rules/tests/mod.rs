//! What the rules promise, by subject.

mod answers;
mod catalogue;
mod figures;
mod noise;
mod unread;
mod years;

use jiff::civil::date;

use crate::form::{CellId, Edition, catalogue as form, edition_for_year};
use crate::report::{AgencyKind, Cell, Figures, Finding, Level, ReportYear, Reporter};

use super::valid::valid_figures;
use super::{Case, judge, rule_set};

const COUNTY: Reporter = Reporter { level: Level::County, kind: AgencyKind::Department, large: false };
const CITY: Reporter = Reporter { level: Level::City, kind: AgencyKind::Department, large: false };

fn cell(path: &str) -> CellId {
    form().cell_at(path).unwrap_or_else(|| panic!("no cell {path}"))
}

fn of_year(year: u16) -> &'static Edition {
    edition_for_year(year).unwrap()
}

/// A valid report of the year's edition: small numbers that differ from cell to cell, and no administrative rules.
fn report(year: u16) -> Figures {
    let mut next = 0;
    let mut figures = valid_figures(of_year(year), || {
        next = (next * 7 + 3) % 23;
        next
    });
    for path in ["issued", "repealed", "in_force"].map(|column| format!("proactive_disclosure.rules.{column}")) {
        figures.set(cell(&path), Cell::Number(0));
    }
    figures
}

/// Zero in every prescribed cell.
fn zero(year: u16) -> Figures {
    valid_figures(of_year(year), || 0)
}

/// The report with some cells (or all cells of a line or table) changed.
fn with(mut figures: Figures, changes: &[(&str, Cell)]) -> Figures {
    for (place, value) in changes {
        let within = |path: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let cells: Vec<_> = form().cells_of(figures.edition()).filter(|c| within(&c.path)).map(|c| c.id).collect();
        assert!(!cells.is_empty(), "no place {place}");
        for cell in cells {
            figures.set(cell, *value);
        }
    }
    figures
}

/// The report with a number added to one cell.
fn plus(mut figures: Figures, path: &str, number: i64) -> Figures {
    let old = figures.get(cell(path)).number().unwrap();
    figures.set(cell(path), Cell::Number(old + number));
    figures
}

fn judged(year: u16, figures: &Figures, previous: Option<&Figures>, reporter: Option<Reporter>) -> Vec<Finding> {
    let year = ReportYear::new(year).unwrap();
    let completed = figures.complete();
    let today = date(2025, 6, 1);
    let case = Case {
        year,
        figures,
        completed: &completed,
        previous,
        reporter,
        narrative: None,
        others: &[],
        others_figures: &[],
        document: None,
        today,
    };
    judge(rule_set(year), &case)
}

/// Findings for 2023, nothing else known.
fn found(figures: &Figures) -> Vec<Finding> {
    judged(2023, figures, None, None)
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// Rule, first cell, difference.
fn gist(findings: &[Finding]) -> Vec<(&str, &str, Option<i128>)> {
    let first = |f: &Finding| f.cells().next().map_or("", |id| form().cell(id).path.as_str());
    findings.iter().map(|f| (f.rule.as_str(), first(f), f.difference)).collect()
}
