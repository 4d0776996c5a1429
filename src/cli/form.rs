//! `huizong form`: the computed consolidated form.

use std::path::PathBuf;

use clap::Args;

use crate::form::catalogue;
use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;

use super::client::{connect, refused};
use super::output::{Listing, print_json, resource, to_json};
use super::rollup::coverage_text;
use super::{Failure, Format, Outcome};

#[derive(Args)]
pub struct Form {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    /// Where to write it; the ending .json or .csv decides the format.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn rows(form: &pb::Form) -> Vec<Vec<String>> {
    let cells = pb::FORM_CELL_PATHS.iter().enumerate();
    let filled = cells.filter_map(|(index, path)| {
        let value = match pb::form_cell(form, index)? {
            pb::FormCell::Count(count) => count.to_string(),
            pb::FormCell::Amount(amount) => amount.to_owned(),
        };
        let info = catalogue().cell(catalogue().cell_at(path)?);
        Some(vec![(*path).to_owned(), info.label_zh.clone(), info.label_en.clone(), value])
    });
    filled.collect()
}

impl Form {
    pub async fn run(&self, server: &str, format: Format) -> Outcome {
        let ending =
            self.output.as_ref().map(|path| path.extension().and_then(|e| e.to_str()).unwrap_or("").to_owned());
        let format = match ending.as_deref() {
            None => format,
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some(other) => return Err(Failure::Usage(format!("--output: .{other} is not written; use .json or .csv"))),
        };
        let mut client = RollupServiceClient::new(connect(server).await?);
        let request = pb::GetConsolidatedFormRequest {
            jurisdiction: resource("jurisdictions", &self.jurisdiction),
            year: self.year,
        };
        let answer = client.get_consolidated_form(request).await.map_err(|status| refused(&status))?.into_inner();
        let form = answer.form.clone().unwrap_or_default();
        let listing = Listing { rows: rows(&form), ..Listing::new(&["cell", "单元格", "label", "值 value"], &[3]) };
        if let Some(path) = &self.output {
            let text = if format == Format::Json { to_json(&answer)? } else { csv_text(&listing)? };
            std::fs::write(path, text)?;
            return Ok(());
        }
        if format == Format::Json {
            return print_json(&answer);
        }
        listing.print(format)?;
        if let (Format::Table, Some(coverage)) = (format, &answer.coverage) {
            println!("\n{}\n截至日志序号 as of journal sequence {}", coverage_text(coverage), answer.sequence);
        }
        Ok(())
    }
}

fn csv_text(listing: &Listing) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(&listing.headings).chain(&listing.rows) {
        writer.write_record(row).map_err(|error| Failure::Failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::Failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Failure::Failed(error.to_string()))
}
