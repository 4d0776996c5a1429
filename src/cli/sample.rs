//! `huizong sample`: a report that might be an agency's, as a document to hand in; or one with a mistake, to see it refused.
//! Made up, offline, and the same each time.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::document::write::{self, Document, Figure, write_document};
use crate::form::catalogue;
use crate::report::{AgencyId, Cell, Figures, Hash, Message, ReportYear};
use crate::simulation::{DEFAULT_AGENCIES, DEFAULT_PROVINCE, Parameters, Province};

use super::form::{Target, target};
use super::{Failure, Outcome, both};

/// The cell that a mistake is made in: a sum that no longer is one.
const MISTAKEN: &str = "requests.received.natural_person";

/// Requests received of an agency that is neither idle nor a whole city's.
const TOTAL: &str = "requests.received.total";
const USUAL: std::ops::RangeInclusive<i64> = 20..=400;

#[derive(Args)]
pub(crate) struct Sample {
    /// Agency that is to hand it in; each has figures of its own.
    #[arg(long, value_name = "ID")]
    agency: AgencyId,
    /// Report year.
    #[arg(long, value_name = "Y")]
    year: ReportYear,
    /// The document; its ending says in which format: .docx, .xlsx, .html, .csv or .txt.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The agency's name, for the title; left out, the title names none.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// One number is wrong by a digit.
    #[arg(long)]
    mistake: bool,
}

impl Sample {
    pub(crate) fn run(self) -> Outcome {
        let (path, target) = target(&self.output)?;
        let Target::Document(format) = target else {
            return Err(Failure::Usage("--output：须为文档\n  --output has to be a document".to_owned()));
        };
        let mut figures = figures(&self.agency, self.year)?;
        if self.mistake {
            mistake(&mut figures);
        }
        write(path, format, self.name, self.year, &figures)?;
        let next = format!("huizong submit {} --agency {} --year {}", path.display(), self.agency, self.year);
        let text = Message::new(format!("已写入；报送：{next}"), format!("written; to hand it in: {next}"));
        super::output::print_line(&both(&text))
    }
}

/// Figures that keep every rule, of an agency that might be this one.
fn figures(agency: &AgencyId, year: ReportYear) -> Result<Figures, Failure> {
    let Hash(digest) = Hash::of(agency.as_str().as_bytes());
    let seed = u64::from_be_bytes(digest[..8].try_into().unwrap_or_default());
    let parameters = Parameters {
        seed,
        province: DEFAULT_PROVINCE.to_owned(),
        agencies: DEFAULT_AGENCIES,
        first_year: year,
        last_year: year,
    };
    let province = Province::simulate(&parameters).map_err(|error| Failure::Usage(both(&error.message())))?;
    let total = catalogue().cell_at(TOTAL);
    let mut made = province.unquestioned_reports(year).map(|report| report.figures);
    let usual = |figures: &Figures| {
        total.is_some_and(|cell| figures.get(cell).number().is_some_and(|number| USUAL.contains(&number)))
    };
    made.find(usual).ok_or_else(|| Failure::Usage(format!("{year}：没有规定的报告格式\n  there is no form for {year}")))
}

/// Another last digit: what a slip of the finger makes of it.
fn mistake(figures: &mut Figures) {
    let Some(cell) = catalogue().cell_at(MISTAKEN) else { return };
    let number = figures.get(cell).number().unwrap_or(0);
    figures.set(cell, Cell::Number(number - number % 10 + (number % 10 + 1) % 10));
}

fn write(path: &Path, format: write::Format, name: String, year: ReportYear, figures: &Figures) -> Outcome {
    let document = Document::new(name, year, figures.edition(), |cell| Figure::from(figures.get(cell)));
    let bytes = write_document(&document, format).map_err(|error| Failure::of(&error))?;
    std::fs::write(path, bytes).map_err(|error| Failure::at(path.display(), &error))
}
