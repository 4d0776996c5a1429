//! The rules as a library, without a server or a store: judges a report made here and prints what is found.
//!
//! ```sh
//! cargo run --example rules
//! ```

use huizong::form::{Presence, catalogue, edition_for_year};
use huizong::report::{Cell, Figures, ReportYear, Severity};
use huizong::rules::{Case, judge, rule_set};

const YEAR: u16 = 2022;

/// A report of which every cell is 0 but for those named by their paths (`huizong form --paths` lists all).
fn report(counts: &[(&str, i64)]) -> Figures {
    let catalogue = catalogue();
    let edition = edition_for_year(YEAR).expect("the form has an edition for the year");
    let mut figures = Figures::blank(edition);
    for cell in catalogue.cells_of(edition) {
        if catalogue.presence(edition, cell.id) == Presence::Prescribed {
            let count = counts.iter().find(|(path, _)| *path == cell.path).map_or(0, |(_, count)| *count);
            figures.set(cell.id, Cell::Number(count));
        }
    }
    figures
}

/// The ids of the rules that these figures break, and each in words.
pub fn errors(figures: &Figures) -> Vec<(String, String)> {
    let year = ReportYear::new(YEAR).expect("a year of reports");
    let case = Case {
        year,
        figures,
        completed: &figures.complete(),
        previous: None,
        reporter: None,
        narrative: None,
        others: &[],
        others_figures: &[],
        document: None,
        // After the year, else the report is early.
        today: jiff::civil::date(2023, 1, 20),
    };
    let findings = judge(rule_set(year), &case).into_iter();
    findings
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| (finding.rule.to_owned(), finding.message.en))
        .collect()
}

fn main() {
    // Twelve and three are not sixteen.
    let wrong = report(&[
        ("requests.received.natural_person", 12),
        ("requests.received.commercial_enterprise", 3),
        ("requests.received.total", 16),
    ]);
    for (rule, words) in errors(&wrong) {
        println!("{rule}: {words}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_that_is_not_the_sum_of_its_parts_is_found_and_a_form_of_zeros_is_in_order() {
        let wrong = report(&[("requests.received.natural_person", 12), ("requests.received.total", 16)]);
        assert!(errors(&wrong).iter().any(|(rule, _)| rule == "T3-ROW-TOTAL"), "{:?}", errors(&wrong));
        assert_eq!(errors(&report(&[])), []);
    }
}
