//! `huizong form`: the computed consolidated form.

use std::path::PathBuf;

use clap::Args;

use crate::form::catalogue;
use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;

use super::client::{Server, connect, refused};
use super::output::{Listing, print_json, resource, to_json};
use super::perspective::Perspective;
use super::rollup::coverage_text;
use super::{Failure, Format, Outcome};

#[derive(Args)]
pub struct Form {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    #[command(flatten)]
    perspective: Perspective,
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
    pub async fn run(&self, server: &Server, format: Format) -> Outcome {
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
            hierarchy_year: self.perspective.hierarchy_year,
            as_of: self.perspective.as_of,
            include_vertical: self.perspective.include_vertical,
            ..Default::default()
        };
        let answer = client.get_consolidated_form(request).await.map_err(|status| refused(&status))?.into_inner();
        let form = answer.form.clone().unwrap_or_default();
        let listing = Listing { rows: rows(&form), ..Listing::new(&["cell", "单元格", "label", "值 value"], &[3]) };
        if let Some(path) = &self.output {
            return match format {
                Format::Json => Ok(std::fs::write(path, to_json(&answer)?)?),
                Format::Table | Format::Csv => listing.write_csv(std::fs::File::create(path)?),
            };
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
