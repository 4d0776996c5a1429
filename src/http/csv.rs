//! Answers as tables for spreadsheets: English headings that stay, exact figures, one row per item.

use crate::pb::{self, FORM_CELL_PATHS, FormCell, form_cell};
use crate::report::inert;
use crate::wire::{key_in_words, value_in_words};

/// What stands in a cell that does not apply, so that it is told apart from a blank one.
const NOT_APPLICABLE: &str = "n/a";

/// An answer, or a page of one, as rows.
pub(crate) trait Table {
    fn headings(&self) -> Vec<String>;
    fn rows(&self) -> Vec<Vec<String>>;
}

/// Writes rows as CSV.
///
/// # Errors
/// Never for rows in memory; the library does not know.
pub(crate) fn write<'a>(rows: impl IntoIterator<Item = &'a Vec<String>>) -> Result<Vec<u8>, String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| inert::to_cell(cell).into_owned()))
            .map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

fn label(text: Option<&pb::LocalizedText>) -> String {
    text.map(|text| text.zh.clone()).unwrap_or_default()
}

impl Table for pb::QueryRollupResponse {
    fn headings(&self) -> Vec<String> {
        let keys = self.rows.first().map(|row| row.keys.as_slice()).unwrap_or_default();
        let keys = keys.iter().flat_map(|key| {
            let name = key.dimension().as_str_name().trim_start_matches("DIMENSION_").to_lowercase();
            [name.clone(), format!("{name}_label")]
        });
        keys.chain(texts(&["measure", "measure_label", "value"])).collect()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |row: &pb::RollupRow| {
            let mut cells: Vec<String> =
                row.keys.iter().flat_map(|key| [key_in_words(key), label(key.label.as_ref())]).collect();
            cells.extend([row.measure.clone(), label(row.measure_label.as_ref()), value_in_words(row.value.as_ref())]);
            cells
        };
        self.rows.iter().map(row).collect()
    }
}

impl Table for pb::GetCoverageResponse {
    fn headings(&self) -> Vec<String> {
        texts(&[
            "jurisdiction",
            "display_name",
            "own_agencies",
            "depth",
            "expected",
            "received",
            "accepted",
            "submitted",
            "returned",
            "late",
            "missing",
            "due_time",
            "days_left",
        ])
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |child: &pb::ChildCoverage| {
            let jurisdiction = child.jurisdiction.clone().unwrap_or_default();
            let one = child.coverage.unwrap_or_default();
            let mut row = vec![jurisdiction.name, jurisdiction.display_name];
            row.extend([child.own_agencies.to_string(), child.depth.to_string()]);
            let counts = [one.expected, one.received, one.accepted, one.submitted, one.returned, one.late, one.missing];
            row.extend(counts.map(|count| count.to_string()));
            row.push(child.due_time.as_ref().and_then(time_in_words).unwrap_or_default());
            row.push(child.days_left.map(|days| days.to_string()).unwrap_or_default());
            row
        };
        self.children.iter().map(row).collect()
    }
}

impl Table for pb::ListMissingAgenciesResponse {
    fn headings(&self) -> Vec<String> {
        texts(&["agency", "display_name", "jurisdiction"])
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row =
            |agency: &pb::Agency| vec![agency.name.clone(), agency.display_name.clone(), agency.jurisdiction.clone()];
        self.agencies.iter().map(row).collect()
    }
}

impl Table for pb::ListRuleFailuresResponse {
    fn headings(&self) -> Vec<String> {
        texts(&["rule", "year", "jurisdiction", "display_name", "reports", "refusals"])
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |count: &pb::RuleCount| {
            let mut row = vec![count.rule.clone(), count.year.to_string(), count.jurisdiction.clone()];
            row.extend([count.display_name.clone(), count.reports.to_string(), count.refusals.to_string()]);
            row
        };
        self.failures.iter().map(row).collect()
    }
}

impl Table for pb::ListRulesResponse {
    fn headings(&self) -> Vec<String> {
        texts(&["rule", "severity", "title", "text", "basis", "remedy", "first_year", "last_year"])
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |rule: &pb::RuleDescription| {
            let severity = rule.severity().as_str_name().trim_start_matches("SEVERITY_").to_lowercase();
            let texts = [&rule.title, &rule.text, &rule.basis, &rule.remedy].map(|text| label(text.as_ref()));
            let last = if rule.last_year == 0 { String::new() } else { rule.last_year.to_string() };
            [rule.id.clone(), severity].into_iter().chain(texts).chain([rule.first_year.to_string(), last]).collect()
        };
        self.rules.iter().map(row).collect()
    }
}

fn contact_headings() -> Vec<String> {
    texts(&["agency", "name", "duty", "telephone", "email"])
}

/// One row a person.
fn contact_rows(contacts: &pb::AgencyContacts) -> Vec<Vec<String>> {
    let agency = contacts.name.trim_end_matches("/contacts");
    let row = |person: &pb::Contact| {
        let fields = [&person.name, &person.duty, &person.telephone, &person.email].map(Clone::clone);
        std::iter::once(agency.to_owned()).chain(fields).collect()
    };
    contacts.people.iter().map(row).collect()
}

impl Table for pb::GetAgencyContactsResponse {
    fn headings(&self) -> Vec<String> {
        contact_headings()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        self.contacts.iter().flat_map(contact_rows).collect()
    }
}

impl Table for pb::ListAgencyContactsResponse {
    fn headings(&self) -> Vec<String> {
        contact_headings()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        self.contacts.iter().flat_map(contact_rows).collect()
    }
}

/// A time as RFC 3339 has it.
fn time_in_words(time: &prost_types::Timestamp) -> Option<String> {
    jiff::Timestamp::new(time.seconds, time.nanos).ok().map(|time| time.to_string())
}

fn report_headings() -> Vec<String> {
    let facts = texts(&["name", "revision", "edition", "state", "late", "submit_time", "submitter", "content_sha256"]);
    facts.into_iter().chain(texts(&FORM_CELL_PATHS)).collect()
}

fn report_row(report: &pb::Report) -> Vec<String> {
    let time = report.submit_time.as_ref().and_then(time_in_words);
    let mut row = vec![
        report.name.clone(),
        report.revision.clone(),
        report.edition().as_str_name().trim_start_matches("EDITION_").to_lowercase(),
        report.state().as_str_name().trim_start_matches("REPORT_STATE_").to_lowercase(),
        report.late.to_string(),
        time.unwrap_or_default(),
        report.submitter.clone(),
        report.content_sha256.clone(),
    ];
    let form = report.form.clone().unwrap_or_default();
    row.extend(FORM_CELL_PATHS.iter().enumerate().map(|(index, path)| match form_cell(&form, index) {
        Some(FormCell::Count(count)) => count.to_string(),
        Some(FormCell::Amount(amount)) => amount.to_owned(),
        None if form.not_applicable.iter().any(|cell| cell == path) => NOT_APPLICABLE.to_owned(),
        None => String::new(),
    }));
    row
}

impl Table for pb::ListReportsResponse {
    fn headings(&self) -> Vec<String> {
        report_headings()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        self.reports.iter().map(report_row).collect()
    }
}

impl Table for pb::GetReportResponse {
    fn headings(&self) -> Vec<String> {
        report_headings()
    }

    fn rows(&self) -> Vec<Vec<String>> {
        self.report.iter().map(report_row).collect()
    }
}
