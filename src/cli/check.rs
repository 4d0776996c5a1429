//! `huizong check` and `huizong read`: documents offline, each printed as soon as those before it are.

use std::path::{Path, PathBuf};

use clap::Args;
use futures::StreamExt as _;
use indicatif::ProgressBar;
use jiff::Timestamp;

use crate::document::process::{Read as WasRead, Wanted};
use crate::pb;
use crate::report::{ReportYear, inert};
use crate::service::{BEIJING, judge_alone};
use crate::wire::reading_to_wire;

use super::client::{diagnoses_text, findings_text};
use super::documents::{Documents, expand};
use super::output::{Listing, print_exactly, print_line, to_json, zh};
use super::{Failure, Format, Outcome};

#[derive(Args)]
pub struct Check {
    /// Documents, or folders of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Report year, where the document does not say it.
    #[arg(long)]
    year: Option<ReportYear>,
}

#[derive(Args)]
pub struct Read {
    /// Documents, or folders of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Reads and judges one document, without a service.
async fn judged(
    documents: Documents,
    file: PathBuf,
    year: Option<ReportYear>,
) -> Result<pb::ReadDocumentResponse, String> {
    let today = BEIJING.to_datetime(Timestamp::now()).date();
    match documents.read(&file, Wanted::Reading).await? {
        WasRead::Document(reading) => Ok(reading_to_wire(&judge_alone(*reading, year, today))),
        WasRead::Workbook(_) => Err(format!("{}: a reading was asked for", file.display())),
    }
}

/// Reads all, and hands each to `print` in the order of the files; those that cannot be read are said on stderr.
/// Whether there were any such.
async fn each(
    files: Vec<PathBuf>,
    many: bool,
    year: Option<ReportYear>,
    mut print: impl FnMut(&Path, &pb::ReadDocumentResponse) -> Outcome,
) -> Result<bool, Failure> {
    let bar = if many { ProgressBar::new(files.len() as u64) } else { ProgressBar::hidden() };
    // It is there before the first document is.
    bar.tick();
    let mut failed = false;
    let documents = Documents::new();
    let readings = documents.each(files, |documents, file| judged(documents, file, year));
    let mut readings = std::pin::pin!(readings);
    while let Some((file, reading)) = readings.next().await {
        bar.inc(1);
        bar.suspend(|| match reading {
            Ok(reading) => print(&file, &reading),
            Err(text) => {
                eprintln!("{}", inert::to_terminal(&text));
                failed = true;
                Ok(())
            }
        })?;
    }
    bar.finish_and_clear();
    Ok(failed)
}

/// The documents as one message, or as an array of them where there may be several.
struct Json {
    many: bool,
    printed: bool,
}

impl Json {
    fn print(&mut self, reading: &pb::ReadDocumentResponse) -> Outcome {
        let begin = match (self.many, std::mem::replace(&mut self.printed, true)) {
            (false, _) => "",
            (true, false) => "[",
            (true, true) => ",",
        };
        print_exactly(&format!("{begin}{}", to_json(reading)?))
    }

    fn end(&self) -> Outcome {
        match (self.many, self.printed) {
            (false, _) => Ok(()),
            (true, printed) => print_exactly(if printed { "]" } else { "[]" }),
        }
    }
}

fn print_notes(reading: &pb::ReadDocumentResponse) -> Outcome {
    for note in &reading.notes {
        let message = note.message.clone().unwrap_or_default();
        print_line(&format!("  ? {}\n      {}\n        {}", note.code, message.zh, message.en))?;
    }
    Ok(())
}

impl Check {
    pub async fn run(self, format: Format) -> Outcome {
        let (files, many) = expand(&self.files)?;
        let mut found = false;
        let mut json = Json { many, printed: false };
        if format == Format::Csv {
            Listing::new(&["file", "kind", "code", "place", "zh", "en"], &[]).print(format)?;
        }
        let failed = each(files, many, self.year, |file, reading| {
            found |= !reading.findings.is_empty() || !reading.notes.is_empty();
            match format {
                Format::Json => json.print(reading),
                Format::Csv => rows(file, reading).print_rows(),
                Format::Table => self.print(file, reading),
            }
        });
        found |= failed.await?;
        if format == Format::Json {
            json.end()?;
        }
        if found { Err(Failure::Refused) } else { Ok(()) }
    }

    fn print(&self, file: &Path, reading: &pb::ReadDocumentResponse) -> Outcome {
        print_line(&format!("{}  {}", file.display(), reading.title))?;
        print_notes(reading)?;
        print!("{}", inert::to_terminal(&diagnoses_text(&reading.diagnoses)));
        print!("{}", inert::to_terminal(&findings_text(&reading.findings)));
        if reading.year == 0 && self.year.is_none() {
            print_line(
                "  未写明年度，未按规则审核；请用 --year 指定\n    no year is printed, so no rule was applied: give --year",
            )?;
        } else if reading.notes.is_empty() && reading.findings.is_empty() {
            print_line("  ✓ 未发现问题 nothing found")?;
        }
        Ok(())
    }
}

/// What there is to say of a document, a row each.
fn rows(file: &Path, reading: &pb::ReadDocumentResponse) -> Listing {
    let mut listing = Listing::new(&[], &[]);
    let mut row = |kind: &str, code: &str, place: &str, text: &pb::LocalizedText| {
        let file = file.display().to_string();
        listing.rows.push([&file, kind, code, place, &text.zh, &text.en].map(str::to_owned).into());
    };
    for note in &reading.notes {
        row("note", &note.code, &zh(note.place.as_ref()), &note.message.clone().unwrap_or_default());
    }
    for text in reading.diagnoses.iter().filter_map(|diagnosis| diagnosis.message.as_ref()) {
        row("suggestion", "", "", text);
    }
    for finding in &reading.findings {
        let text = finding.message.clone().unwrap_or_default();
        row(finding.severity().as_str_name(), &finding.rule, "", &text);
    }
    listing
}

impl Read {
    pub async fn run(self, format: Format) -> Outcome {
        let (files, many) = expand(&self.files)?;
        let mut json = Json { many, printed: false };
        let failed = each(files, many, None, |file, reading| {
            if format == Format::Json { json.print(reading) } else { print_cells(file, reading, format) }
        });
        let failed = failed.await?;
        if format == Format::Json {
            json.end()?;
        }
        if failed { Err(Failure::Refused) } else { Ok(()) }
    }
}

fn print_cells(file: &Path, reading: &pb::ReadDocumentResponse, format: Format) -> Outcome {
    if format == Format::Table {
        print_line(&format!("{}  {}  {}", file.display(), reading.title, reading.edition().as_str_name()))?;
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
    if format == Format::Table { print_notes(reading) } else { Ok(()) }
}
