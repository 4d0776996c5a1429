//! Published reports, where a folder of them is at hand: nothing read from one may differ from its figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::{Limits, Reading, read_document};
use super::{cell, notes};
use crate::form::catalogue;

/// The collector's names of tables, lines and cells, and the form's. A path is translated prefix by prefix.
const NAMES: &[(&str, &str)] = &[
    ("table2_2019", "proactive_disclosure_trial_2019"),
    ("table2_partial", "proactive_disclosure"),
    ("table2", "proactive_disclosure"),
    ("table3_partial_as_printed", "requests"),
    ("table3_partial", "requests"),
    ("table3", "requests"),
    ("table4", "disputes"),
    ("issued_this_year", "issued"),
    ("repealed_this_year", "repealed"),
    ("currently_effective", "in_force"),
    ("administrative_fees_10k_cny", "administrative_fees"),
    ("made_this_year", "produced"),
    ("newly_disclosed_this_year", "disclosed"),
    ("change_this_year", "change"),
    ("other_external_management_services", "other_public_services"),
    ("government_centralised_procurement", "government_procurement"),
    ("new_received", "received"),
    ("granted", "disclosed"),
    ("partially_granted", "partially_disclosed"),
    ("denied_state_secret", "refused.state_secret"),
    ("denied_other_law", "refused.prohibited_by_law"),
    ("denied_three_securities_one_stability", "refused.security_or_stability"),
    ("denied_third_party", "refused.third_party_rights"),
    ("denied_internal_affairs", "refused.internal_affairs"),
    ("denied_deliberative_process", "refused.deliberative_process"),
    ("denied_enforcement_file", "refused.enforcement_case_file"),
    ("denied_administrative_query", "refused.administrative_query"),
    ("unable_not_held", "unavailable.not_held"),
    ("unable_no_existing_info", "unavailable.needs_creation"),
    ("unable_still_unclear", "unavailable.still_unclear"),
    ("rejected_petition_complaint", "not_processed.petition_or_complaint"),
    ("rejected_duplicate", "not_processed.duplicate"),
    ("rejected_publication", "not_processed.published_material"),
    ("rejected_excessive", "not_processed.excessive_repetition"),
    ("rejected_reconfirm", "not_processed.reconfirmation"),
    ("other_single", "other.unspecified"),
    ("other_overdue_correction", "other.correction_overdue"),
    ("other_overdue_fee", "other.fee_unpaid"),
    ("other_misc", "other.miscellaneous"),
    ("result_total", "outcomes_total"),
    ("public_welfare_org", "public_welfare_organization"),
    ("legal_service_org", "legal_service_institution"),
    ("other_org", "other_organization"),
];

fn ours(name: &str) -> &str {
    NAMES.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours)
}

/// The figures under `value`, by path of the form.
fn collect(path: &str, value: &Value, figures: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let joined = if path.is_empty() { ours(name).to_owned() } else { format!("{path}.{}", ours(name)) };
                collect(&joined, inner, figures);
            }
        }
        Value::Array(items) => {
            let cells = catalogue().line_at(path).into_iter().flat_map(|line| line.cells());
            for (cell, inner) in cells.zip(items) {
                collect(&catalogue().cell(cell).path, inner, figures);
            }
        }
        Value::Number(number) => drop(figures.insert(path.to_owned(), number.to_string())),
        Value::String(text) => drop(figures.insert(path.to_owned(), text.trim_matches('-').to_owned())),
        Value::Null | Value::Bool(_) => drop(figures.insert(path.to_owned(), String::new())),
    }
}

/// The same amount may be written `18.8710`.
fn shortest(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Cells read right, and paths of those left blank and those read wrong.
fn compare(reading: &Reading, figures: &BTreeMap<String, String>) -> (usize, Vec<String>, Vec<String>) {
    let (mut right, mut blank, mut wrong) = (0, Vec::new(), Vec::new());
    for (path, figure) in figures {
        if catalogue().cell_at(path).is_none() {
            continue;
        }
        match (cell(reading, path).as_str(), shortest(figure)) {
            (read, figure) if read == figure => right += 1,
            ("", figure) => blank.push(format!("{path}={figure}")),
            (read, figure) => wrong.push(format!("{path}: {read} for {figure}")),
        }
    }
    let is_invented = |path: &str| !figures.contains_key(path);
    let invented = reading.figures.filled().map(|(id, _)| catalogue().cell(id).path.as_str());
    wrong.extend(
        invented.filter(|path| is_invented(path)).map(|path| format!("{path}: {} for nothing", cell(reading, path))),
    );
    (right, blank, wrong)
}

fn folder() -> Option<PathBuf> {
    let given = std::env::var_os("HUIZONG_SAMPLES").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples"));
    folder.is_dir().then_some(folder)
}

#[test]
fn nothing_read_from_a_published_report_is_wrong() {
    let Some(folder) = folder() else { return };
    let mut wrong_anywhere = Vec::new();
    let mut documents: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.sort();
    println!("{:<36} {:>6} {:>6} {:>6} {:>6}", "document", "right", "blank", "wrong", "notes");
    for document in documents {
        let name = document.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) =
            [".pdftext.txt", ".txt", ".md", ".html", ".pdf"].iter().find_map(|ending| name.strip_suffix(ending))
        else {
            continue;
        };
        let reading = read_document(&fs::read(&document).unwrap(), &name, &Limits::default()).unwrap();
        let Ok(json) = fs::read_to_string(folder.join(format!("{stem}.json"))) else {
            println!(
                "{name:<36} {:>6} cells, {} notes; no figures to compare",
                reading.cells.len(),
                reading.notes.len()
            );
            continue;
        };
        let mut figures = BTreeMap::new();
        collect("", &serde_json::from_str::<Value>(&json).unwrap()["tables"], &mut figures);
        let (right, blank, wrong) = compare(&reading, &figures);
        println!("{name:<36} {right:>6} {:>6} {:>6} {:>6}", blank.len(), wrong.len(), reading.notes.len());
        if std::env::var_os("HUIZONG_SAMPLES_VERBOSE").is_some() {
            println!("  {:?} {:?} {:?}", reading.title, reading.year, reading.edition_evidence);
            println!("  blank {blank:?}\n  {}", notes(&reading).join("\n  "));
        }
        wrong_anywhere.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
    assert!(wrong_anywhere.is_empty(), "{}", wrong_anywhere.join("\n"));
}
