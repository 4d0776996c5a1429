//! `huizong check` and `huizong read`: documents offline, each printed as soon as those before it are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use futures::StreamExt as _;
use indicatif::ProgressBar;

use crate::document::process::{Read as WasRead, Wanted};
use crate::document::write::UNREAD;
use crate::pb;
use crate::report::{AgencyId, ReportOwner, ReportYear, inert};
use crate::service::Meant;
use crate::wire::{reading_to_wire, value_in_words};

use super::client::{diagnoses_text, findings_text};
use super::documents::{Documents, Unlocking, expand, files_help};
use super::language::{name, term, told};
use super::output::{Listing, label, print_exactly, print_line, to_json};
use super::supply::{Supplied, judge_file, unread_lines, unread_text};
use super::{Failure, Outcome, OutputFormat};

#[derive(Args)]
pub(crate) struct Check {
    #[arg(required = true, help = files_help())]
    files: Vec<PathBuf>,
    /// Report year that the documents are meant for; left out, as each says.
    #[arg(long)]
    year: Option<ReportYear>,
    /// Whose report the documents are meant to be: the agency's id or its name. Offline a name is compared with what the
    /// document says, and an id with the name of its file.
    #[arg(long, value_name = "ID|NAME")]
    agency: Option<String>,
    #[command(flatten)]
    supplied: Supplied,
    #[command(flatten)]
    unlocking: Unlocking,
}

#[derive(Args)]
pub(crate) struct Read {
    #[arg(required = true, help = files_help())]
    files: Vec<PathBuf>,
    #[command(flatten)]
    unlocking: Unlocking,
}

/// What is said of the documents besides.
#[derive(Default)]
struct Said {
    meant: Meant,
    supplied: Supplied,
}

/// Reads and judges one document, without a service.
async fn judged(documents: Documents, file: PathBuf, said: Arc<Said>) -> Result<pb::ReadDocumentResponse, String> {
    match documents.read(&file, Wanted::Reading).await? {
        WasRead::Document(reading) => Ok(reading_to_wire(&judge_file(&file, *reading, &said.meant, &said.supplied)?)),
        WasRead::Workbook(_) => Err(format!("{}: a reading was asked for", file.display())),
    }
}

/// Reads all, and hands each to `print` in the order of the files; those that cannot be read are said on stderr.
/// Whether there were any such.
async fn each(
    files: Vec<PathBuf>,
    many: bool,
    said: Said,
    unlocking: Unlocking,
    mut print: impl FnMut(&Path, &pb::ReadDocumentResponse) -> Outcome,
) -> Result<bool, Failure> {
    let bar = if many { ProgressBar::new(files.len() as u64) } else { ProgressBar::hidden() };
    // It is there before the first document is.
    bar.tick();
    let mut failed = false;
    let documents = Documents::new(unlocking);
    let said = Arc::new(said);
    let readings = documents.each(files, |documents, file| judged(documents, file, said.clone()));
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
        print_line(&format!("  ? {}\n      {}", note.code, told(&message.zh, &message.en, "\n        ")))?;
    }
    Ok(())
}

fn is_clean(reading: &pb::ReadDocumentResponse) -> bool {
    let all_read = reading.form.as_ref().is_none_or(|form| form.unread.is_empty());
    all_read && reading.findings.is_empty() && reading.notes.is_empty()
}

/// Cells that were not read, and so not judged.
fn print_unread(reading: &pb::ReadDocumentResponse) {
    print!("{}", inert::to_terminal(&reading.form.as_ref().map(unread_text).unwrap_or_default()));
}

/// The report that documents are meant to be; an agency that is no id is a name.
fn meant(agency: Option<String>, year: Option<ReportYear>) -> Meant {
    let id = agency.as_deref().map(|agency| agency.strip_prefix("agencies/").unwrap_or(agency).parse::<AgencyId>());
    match id {
        Some(Ok(id)) => Meant { year, owner: Some(ReportOwner::Agency(id)), ..Meant::default() },
        Some(Err(_)) => Meant { year, name: agency, ..Meant::default() },
        None => Meant { year, ..Meant::default() },
    }
}

impl Check {
    pub(crate) async fn run(self, format: OutputFormat) -> Outcome {
        let Self { files, year, agency, supplied, unlocking } = self;
        let (files, many) = expand(&files)?;
        if many && !supplied.is_empty() {
            return Err(Failure::Usage("--set：只能用于一个文件\n  --set is for one document only".to_owned()));
        }
        let mut found = false;
        let mut json = Json { many, printed: false };
        if format == OutputFormat::Csv {
            Listing::new(&["file", "kind", "code", "place", "zh", "en"], &[]).print(format)?;
        }
        let said = Said { meant: meant(agency, year), supplied };
        let failed = each(files, many, said, unlocking, |file, reading| {
            found |= !is_clean(reading);
            match format {
                OutputFormat::Json => json.print(reading),
                OutputFormat::Csv => rows(file, reading).print_rows(),
                OutputFormat::Table | OutputFormat::Xlsx => print_found(file, reading, year.is_some()),
            }
        });
        found |= failed.await?;
        if format == OutputFormat::Json {
            json.end()?;
        }
        if found { Err(Failure::Refused) } else { Ok(()) }
    }
}

/// All that there is to say of a document; without a year of its own or one that is said, it is not judged.
fn print_found(file: &Path, reading: &pb::ReadDocumentResponse, year_said: bool) -> Outcome {
    print_line(&format!("{}  {}", file.display(), reading.title))?;
    print_notes(reading)?;
    print!("{}", inert::to_terminal(&diagnoses_text(&reading.diagnoses)));
    print!("{}", inert::to_terminal(&findings_text(&reading.findings)));
    print_unread(reading);
    if reading.year == 0 && !year_said {
        let told = told(
            "未写明年度，未按规则审核；请用 --year 指定",
            "no year is printed, so no rule was applied: give --year",
            "\n    ",
        );
        print_line(&format!("  {told}"))?;
    } else if is_clean(reading) {
        print_line(&format!("  ✓ {}", told("未发现问题", "nothing found", " ")))?;
    }
    Ok(())
}

/// What there is to say of a document, a row each.
fn rows(file: &Path, reading: &pb::ReadDocumentResponse) -> Listing {
    let mut listing = Listing::new(&[], &[]);
    let mut row = |kind: &str, code: &str, place: &str, text: &pb::LocalizedText| {
        let file = file.display().to_string();
        listing.rows.push([&file, kind, code, place, &text.zh, &text.en].map(str::to_owned).into());
    };
    for note in &reading.notes {
        row("note", &note.code, &label(note.place.as_ref()), &note.message.clone().unwrap_or_default());
    }
    for (path, zh, en) in reading.form.iter().flat_map(unread_lines) {
        row("unread", "", &path, &pb::LocalizedText { zh, en });
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
    pub(crate) async fn run(self, format: OutputFormat) -> Outcome {
        let (files, many) = expand(&self.files)?;
        let mut json = Json { many, printed: false };
        let failed = each(files, many, Said::default(), self.unlocking, |file, reading| {
            if format == OutputFormat::Json { json.print(reading) } else { print_cells(file, reading, format) }
        });
        let failed = failed.await?;
        if format == OutputFormat::Json {
            json.end()?;
        }
        if failed { Err(Failure::Refused) } else { Ok(()) }
    }
}

fn print_cells(file: &Path, reading: &pb::ReadDocumentResponse, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Table {
        print_line(&format!("{}  {}  {}", file.display(), reading.title, term(reading.edition().as_str_name())))?;
    }
    let mut listing = Listing::new(&["cell", "单元格 label", "值 value", "原文 raw", "位置 place"], &[2]);
    for cell in &reading.cells {
        let value = match cell.certainty() {
            pb::Certainty::Unread => name(UNREAD, "unread").to_owned(),
            _ => term(&value_in_words(cell.value.as_ref())),
        };
        listing.rows.push(vec![
            cell.cell.clone(),
            label(cell.label.as_ref()),
            value,
            cell.raw.clone(),
            label(cell.place.as_ref()),
        ]);
    }
    listing.print(format)?;
    if format == OutputFormat::Table {
        print_notes(reading)?;
        print_unread(reading);
    }
    Ok(())
}
