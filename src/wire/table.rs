//! Answers as tables for spreadsheets and programs: English headings that stay, exact figures, one row per item; the same over
//! HTTP and of the command line.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::pb::{self, FORM_CELL_PATHS, FormCell, form_cell};
use crate::report::inert;

use super::cell::value_in_words;
use super::rollup::key_in_words;

/// What stands in a cell that does not apply, so that it is told apart from a blank one.
const NOT_APPLICABLE: &str = "n/a";

/// Who reads a table.
pub(crate) struct Reader {
    /// Times are told in it.
    pub zone: TimeZone,
    /// Labels are told in English, else in Chinese.
    pub english: bool,
}

impl Reader {
    /// A program somewhere: times in UTC, labels as the form has them unless it asks for English ones.
    pub(crate) fn program(english: bool) -> Self {
        Self { zone: TimeZone::UTC, english }
    }

    fn label(&self, text: Option<&pb::LocalizedText>) -> String {
        text.map(|text| if self.english { &text.en } else { &text.zh }).cloned().unwrap_or_default()
    }

    /// A time as RFC 3339 has it; nothing where there is none, or it is no time.
    pub(crate) fn time(&self, time: Option<prost_types::Timestamp>) -> String {
        let time = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
        match time {
            None => String::new(),
            Some(time) if self.zone == TimeZone::UTC => time.to_string(),
            Some(time) => time.display_with_offset(self.zone.to_offset(time)).to_string(),
        }
    }
}

/// The answer to a question `Q`, or a page of it, as rows.
pub(crate) trait Table<Q> {
    /// Those of any answer to the question, with rows or without.
    fn headings(asked: &Q) -> Vec<String>;
    fn rows(&self, reader: &Reader) -> Vec<Vec<String>>;
}

/// Writes rows as CSV in which no cell is a formula.
///
/// # Errors
/// Where nothing can be written to.
pub(crate) fn write_csv<'a>(
    to: impl std::io::Write,
    rows: impl IntoIterator<Item = &'a Vec<String>>,
) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(to);
    for row in rows {
        writer.write_record(row.iter().map(|cell| inert::to_cell(cell).into_owned()))?;
    }
    Ok(writer.flush()?)
}

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

impl Table<pb::QueryRollupRequest> for pb::QueryRollupResponse {
    fn headings(asked: &pb::QueryRollupRequest) -> Vec<String> {
        let keys = asked.group_by().flat_map(|dimension| {
            let name = dimension.as_str_name().trim_start_matches("DIMENSION_").to_lowercase();
            [name.clone(), format!("{name}_label")]
        });
        keys.chain(texts(&["measure", "measure_label", "value"])).collect()
    }

    fn rows(&self, reader: &Reader) -> Vec<Vec<String>> {
        let row = |row: &pb::RollupRow| {
            let mut cells: Vec<String> =
                row.keys.iter().flat_map(|key| [key_in_words(key), reader.label(key.label.as_ref())]).collect();
            cells.extend([
                row.measure.clone(),
                reader.label(row.measure_label.as_ref()),
                value_in_words(row.value.as_ref()),
            ]);
            cells
        };
        self.rows.iter().map(row).collect()
    }
}

impl Table<pb::GetCoverageRequest> for pb::GetCoverageResponse {
    fn headings(_: &pb::GetCoverageRequest) -> Vec<String> {
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

    fn rows(&self, reader: &Reader) -> Vec<Vec<String>> {
        let row = |child: &pb::ChildCoverage| {
            let jurisdiction = child.jurisdiction.clone().unwrap_or_default();
            let one = child.coverage.unwrap_or_default();
            let mut row = vec![jurisdiction.name, jurisdiction.display_name];
            row.extend([child.own_agencies.to_string(), child.depth.to_string()]);
            let counts = [one.expected, one.received, one.accepted, one.submitted, one.returned, one.late, one.missing];
            row.extend(counts.map(|count| count.to_string()));
            row.push(reader.time(child.due_time));
            row.push(child.days_left.map(|days| days.to_string()).unwrap_or_default());
            row
        };
        self.children.iter().map(row).collect()
    }
}

impl Table<pb::ListMissingAgenciesRequest> for pb::ListMissingAgenciesResponse {
    fn headings(_: &pb::ListMissingAgenciesRequest) -> Vec<String> {
        texts(&["agency", "display_name", "jurisdiction", "due_time", "days_left", "lock_time"])
    }

    fn rows(&self, reader: &Reader) -> Vec<Vec<String>> {
        let deadlines: HashMap<_, _> = self.deadlines.iter().map(|one| (one.owner.as_str(), one)).collect();
        let row = |agency: &pb::Agency| {
            let deadline = deadlines.get(agency.name.as_str()).copied().cloned().unwrap_or_default();
            let days_left = deadline.days_left.map(|days| days.to_string()).unwrap_or_default();
            let [name, display_name, jurisdiction] =
                [&agency.name, &agency.display_name, &agency.jurisdiction].map(Clone::clone);
            let [due, lock] = [deadline.due_time, deadline.lock_time].map(|time| reader.time(time));
            vec![name, display_name, jurisdiction, due, days_left, lock]
        };
        self.agencies.iter().map(row).collect()
    }
}

impl Table<pb::ListRuleFailuresRequest> for pb::ListRuleFailuresResponse {
    fn headings(_: &pb::ListRuleFailuresRequest) -> Vec<String> {
        texts(&["rule", "year", "jurisdiction", "display_name", "reports", "refusals"])
    }

    fn rows(&self, _: &Reader) -> Vec<Vec<String>> {
        let row = |count: &pb::RuleCount| {
            let mut row = vec![count.rule.clone(), count.year.to_string(), count.jurisdiction.clone()];
            row.extend([count.display_name.clone(), count.reports.to_string(), count.refusals.to_string()]);
            row
        };
        self.failures.iter().map(row).collect()
    }
}

impl Table<pb::ListRulesRequest> for pb::ListRulesResponse {
    fn headings(_: &pb::ListRulesRequest) -> Vec<String> {
        texts(&["rule", "severity", "title", "text", "basis", "remedy", "first_year", "last_year"])
    }

    fn rows(&self, reader: &Reader) -> Vec<Vec<String>> {
        let row = |rule: &pb::RuleDescription| {
            let severity = rule.severity().as_str_name().trim_start_matches("SEVERITY_").to_lowercase();
            let texts = [&rule.title, &rule.text, &rule.basis, &rule.remedy].map(|text| reader.label(text.as_ref()));
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

impl Table<pb::GetAgencyContactsRequest> for pb::GetAgencyContactsResponse {
    fn headings(_: &pb::GetAgencyContactsRequest) -> Vec<String> {
        contact_headings()
    }

    fn rows(&self, _: &Reader) -> Vec<Vec<String>> {
        self.contacts.iter().flat_map(contact_rows).collect()
    }
}

impl Table<pb::ListAgencyContactsRequest> for pb::ListAgencyContactsResponse {
    fn headings(_: &pb::ListAgencyContactsRequest) -> Vec<String> {
        contact_headings()
    }

    fn rows(&self, _: &Reader) -> Vec<Vec<String>> {
        self.contacts.iter().flat_map(contact_rows).collect()
    }
}

fn report_headings() -> Vec<String> {
    let facts = texts(&["name", "revision", "edition", "state", "late", "submit_time", "submitter", "content_sha256"]);
    facts.into_iter().chain(texts(&FORM_CELL_PATHS)).collect()
}

fn report_row(report: &pb::Report, reader: &Reader) -> Vec<String> {
    let mut row = vec![
        report.name.clone(),
        report.revision.clone(),
        report.edition().as_str_name().trim_start_matches("EDITION_").to_lowercase(),
        report.state().as_str_name().trim_start_matches("REPORT_STATE_").to_lowercase(),
        report.late.to_string(),
        reader.time(report.submit_time),
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

impl Table<pb::ListReportsRequest> for pb::ListReportsResponse {
    fn headings(_: &pb::ListReportsRequest) -> Vec<String> {
        report_headings()
    }

    fn rows(&self, reader: &Reader) -> Vec<Vec<String>> {
        self.reports.iter().map(|report| report_row(report, reader)).collect()
    }
}

impl Table<pb::GetReportRequest> for pb::GetReportResponse {
    fn headings(_: &pb::GetReportRequest) -> Vec<String> {
        report_headings()
    }

    fn rows(&self, reader: &Reader) -> Vec<Vec<String>> {
        self.report.iter().map(|report| report_row(report, reader)).collect()
    }
}
