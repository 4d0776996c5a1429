//! `huizong form`: the computed consolidated form.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::document::write::{self, write_document};
use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;
use crate::wire::document_from_wire;

use super::client::{Server, connect, refused};
use super::language::told;
use super::output::{Listing, print_json, resource, to_json};
use super::perspective::Perspective;
use super::rollup::{as_of_text, coverage_text};
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Args)]
pub(crate) struct Form {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    #[command(flatten)]
    perspective: Perspective,
    /// Where to write it; the ending decides the format: .docx, .html, .xlsx, .csv, .txt or .json.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Form {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let target = self.output.as_deref().map(target).transpose()?;
        let mut client = RollupServiceClient::new(connect(server).await?);
        let request = pb::GetConsolidatedFormRequest {
            scope: self.perspective.scope(resource("jurisdictions", &self.jurisdiction)),
            year: self.year,
        };
        let answer = client.get_consolidated_form(request).await.map_err(|status| refused(&status))?.into_inner();
        if format == OutputFormat::Json && target.is_none() {
            return print_json(&answer);
        }
        let document = document_from_wire(&answer).map_err(|problem| Failure::Failed(both(&problem.message)))?;
        let written = |format| write_document(&document, format).map_err(|error| Failure::of(&error));
        match (target, format) {
            (Some((path, Target::Json)), _) => std::fs::write(path, to_json(&answer)?)?,
            (Some((path, Target::Document(format))), _) => std::fs::write(path, written(format)?)?,
            (None, OutputFormat::Csv) => std::io::stdout().write_all(&written(write::Format::Csv)?)?,
            (None, _) => {
                let mut listing = Listing::new(&["cell", "单元格 label", "值 value"], &[2]);
                listing.rows = document
                    .rows()
                    .into_iter()
                    .map(|[cell, zh, en, value]| vec![cell, told(&zh, &en, "  "), value])
                    .collect();
                listing.print(format)?;
                if let Some(coverage) = &answer.coverage {
                    println!("\n{}\n{}", coverage_text(coverage), as_of_text(answer.as_of));
                }
            }
        }
        Ok(())
    }
}

/// What a file is to hold.
pub(crate) enum Target {
    /// The answer itself, as canonical JSON.
    Json,
    Document(write::Format),
}

/// The target that a file's ending names.
pub(crate) fn target(path: &Path) -> Result<(&Path, Target), Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ending == "json" {
        return Ok((path, Target::Json));
    }
    let format = write::Format::of_ending(ending).map(|format| (path, Target::Document(format)));
    format.ok_or_else(|| {
        let known: Vec<_> = write::Format::ALL.iter().map(|format| format!(".{}", format.ending())).collect();
        let known = known.join(" ");
        Failure::Usage(format!(
            "--output：不支持 .{ending}；可用 {known} .json\n  .{ending} is not written; use one of these"
        ))
    })
}
