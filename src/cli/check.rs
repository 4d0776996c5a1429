//! `huizong check` and `huizong read`: documents offline.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use crate::pb;
use crate::report::ReportYear;
use crate::service::{BEIJING, DocumentReading, read_and_judge};
use crate::wire::reading_to_wire;

use super::client::{diagnoses_text, findings_text};
use super::output::{Listing, print_exactly, to_json, zh};
use super::{Failure, Format, Outcome, both};

#[derive(Args)]
pub struct Check {
    /// Documents.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Report year, where the document does not say it.
    #[arg(long)]
    year: Option<ReportYear>,
}

#[derive(Args)]
pub struct Read {
    /// Documents.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Reads one document, without a service.
pub fn read_file(path: &Path, year: Option<ReportYear>) -> Result<DocumentReading, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let today = BEIJING.to_datetime(Timestamp::now()).date();
    read_and_judge(&bytes, &name, year, today)
        .map_err(|error| format!("{}\n{}", path.display(), both(&error.message())))
}

/// Reads all; those that cannot be read are said on stderr.
fn read_all(files: &[PathBuf], year: Option<ReportYear>) -> (Vec<(&PathBuf, pb::ReadDocumentResponse)>, bool) {
    let mut readings = Vec::new();
    let mut failed = false;
    for file in files {
        match read_file(file, year) {
            Ok(reading) => readings.push((file, reading_to_wire(&reading))),
            Err(text) => {
                eprintln!("{text}");
                failed = true;
            }
        }
    }
    (readings, failed)
}

/// One message, or an array where several files were named.
fn print_readings(readings: &[(&PathBuf, pb::ReadDocumentResponse)], many: bool) -> Outcome {
    let texts: Result<Vec<_>, _> = readings.iter().map(|(_, reading)| to_json(reading)).collect();
    let text = texts?.join(",\n");
    print_exactly(&if many { format!("[{text}]") } else { text })
}

fn print_notes(reading: &pb::ReadDocumentResponse) {
    for note in &reading.notes {
        let message = note.message.clone().unwrap_or_default();
        println!("  ? {}\n      {}\n        {}", note.code, message.zh, message.en);
    }
}

impl Check {
    pub fn run(&self, format: Format) -> Outcome {
        let (readings, mut found) = read_all(&self.files, self.year);
        found |= readings.iter().any(|(_, reading)| !reading.findings.is_empty() || !reading.notes.is_empty());
        match format {
            Format::Json => print_readings(&readings, self.files.len() > 1)?,
            Format::Csv => {
                let mut listing = Listing::new(&["file", "kind", "code", "place", "zh", "en"], &[]);
                for (file, reading) in &readings {
                    let file = file.display().to_string();
                    for note in &reading.notes {
                        let text = note.message.clone().unwrap_or_default();
                        let place = zh(note.place.as_ref());
                        let row = ["note", &note.code, &place, &text.zh, &text.en].map(str::to_owned);
                        listing.rows.push(std::iter::once(file.clone()).chain(row).collect());
                    }
                    for text in reading.diagnoses.iter().filter_map(|diagnosis| diagnosis.message.clone()) {
                        let row = ["suggestion", "", "", &text.zh, &text.en].map(str::to_owned);
                        listing.rows.push(std::iter::once(file.clone()).chain(row).collect());
                    }
                    for finding in &reading.findings {
                        let text = finding.message.clone().unwrap_or_default();
                        let row = [finding.severity().as_str_name(), &finding.rule, "", &text.zh, &text.en];
                        listing.rows.push(std::iter::once(file.clone()).chain(row.map(str::to_owned)).collect());
                    }
                }
                listing.print(format)?;
            }
            Format::Table => {
                for (file, reading) in &readings {
                    println!("{}  {}", file.display(), reading.title);
                    print_notes(reading);
                    print!("{}", diagnoses_text(&reading.diagnoses));
                    print!("{}", findings_text(&reading.findings));
                    if reading.year == 0 && self.year.is_none() {
                        println!(
                            "  未写明年度，未按规则审核；请用 --year 指定\n    no year is printed, so no rule was applied: give --year"
                        );
                    } else if reading.notes.is_empty() && reading.findings.is_empty() {
                        println!("  ✓ 未发现问题 nothing found");
                    }
                }
            }
        }
        if found { Err(Failure::Refused) } else { Ok(()) }
    }
}

impl Read {
    pub fn run(&self, format: Format) -> Outcome {
        let (readings, failed) = read_all(&self.files, None);
        if format == Format::Json {
            print_readings(&readings, self.files.len() > 1)?;
        } else {
            for (file, reading) in &readings {
                if format == Format::Table {
                    println!("{}  {}  {}", file.display(), reading.title, reading.edition().as_str_name());
                }
                let mut listing = Listing::new(&["cell", "单元格", "值 value", "原文 raw", "位置 place"], &[2]);
                for cell in &reading.cells {
                    let value = if cell.not_applicable { Some("不适用".to_owned()) } else { cell.value.clone() };
                    listing.rows.push(vec![
                        cell.cell.clone(),
                        zh(cell.label.as_ref()),
                        value.unwrap_or_default(),
                        cell.raw.clone(),
                        zh(cell.place.as_ref()),
                    ]);
                }
                listing.print(format)?;
                if format == Format::Table {
                    print_notes(reading);
                }
            }
        }
        if failed { Err(Failure::Refused) } else { Ok(()) }
    }
}
