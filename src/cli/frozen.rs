//! `huizong frozen`: computed forms frozen for publication.

use std::path::PathBuf;

use clap::Subcommand;
use uuid::Uuid;

use crate::pb;
use crate::pb::frozen_form_service_client::FrozenFormServiceClient;
use crate::pb::rollup_service_client::RollupServiceClient;
use crate::wire::document_format_to_wire;

use super::client::{ANSWER_MAX_BYTES, Connection, Server, connect, refused};
use super::form::{Target, target};
use super::output::{Listing, print_json, print_line, resource, time_text, to_json};
use super::pages;
use super::reconcile::differences;
use super::rollup::{as_of_text, coverage_text};
use super::{Outcome, OutputFormat};

#[derive(Subcommand)]
pub(crate) enum Frozen {
    /// Freeze the computed form of a jurisdiction and year as it is now.
    Freeze {
        /// jurisdictions/{code}, or the code alone.
        jurisdiction: String,
        #[arg(long, value_name = "Y")]
        year: i32,
        /// Add up over the tree of this year.
        #[arg(long, value_name = "Y", default_value_t = 0, hide_default_value = true)]
        hierarchy_year: i32,
        /// Count 垂直管理 agencies, too.
        #[arg(long)]
        include_vertical: bool,
        /// SHA-256 of the content of the form that was looked at, as `form --format json` tells it; the present one where
        /// it is left out.
        #[arg(long, value_name = "SHA256")]
        expect: Option<String>,
        /// What it is for.
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        /// Check only.
        #[arg(long)]
        dry_run: bool,
    },
    /// Frozen forms of a jurisdiction.
    List {
        /// jurisdictions/{code}, or the code alone.
        jurisdiction: String,
        #[arg(long, value_name = "Y", default_value_t = 0, hide_default_value = true)]
        year: i32,
    },
    /// One frozen form, as JSON or as a document of exactly what was frozen: jurisdictions/{code}/frozenForms/{year}-{number}.
    Get {
        name: String,
        /// Where to write it; the ending decides the format: .docx, .html, .xlsx, .csv, .txt or .json.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// The revisions in a frozen form.
    Revisions { name: String },
    /// How the present sum differs from a frozen form, and through which reports.
    Compare { name: String },
}

fn print(forms: &[pb::FrozenForm], format: OutputFormat) -> Outcome {
    let headings =
        ["name", "地区 display name", "as_of", "计入 included", "应报 expected", "frozen", "creator", "note", "sha256"];
    let mut listing = Listing::new(&headings, &[2, 3, 4]);
    for form in forms {
        let coverage = form.coverage.unwrap_or_default();
        listing.rows.push(vec![
            form.name.clone(),
            form.display_name.clone(),
            form.as_of.to_string(),
            coverage.included.to_string(),
            coverage.expected.to_string(),
            time_text(form.create_time),
            form.creator.clone(),
            form.note.clone(),
            form.content_sha256.clone(),
        ]);
    }
    listing.print(format)
}

impl Frozen {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let channel = connect(server).await?;
        let mut client = FrozenFormServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_MAX_BYTES);
        match self {
            Self::Freeze { jurisdiction, year, hierarchy_year, include_vertical, expect, note, dry_run } => {
                let scope = Some(pb::Scope {
                    jurisdiction: resource("jurisdictions", jurisdiction),
                    hierarchy_year: *hierarchy_year,
                    include_vertical: *include_vertical,
                    ..Default::default()
                });
                let expected_content_sha256 = match expect {
                    Some(hash) => hash.clone(),
                    None => {
                        let present = pb::GetConsolidatedFormRequest { scope: scope.clone(), year: *year };
                        let present = RollupServiceClient::new(channel).get_consolidated_form(present).await;
                        present.map_err(|status| refused(&status))?.into_inner().content_sha256
                    }
                };
                let request = pb::FreezeFormRequest {
                    scope,
                    year: *year,
                    expected_content_sha256,
                    note: note.clone(),
                    request_id: Uuid::new_v4().to_string(),
                    validate_only: *dry_run,
                };
                let answer = client.freeze_form(request).await.map_err(|status| refused(&status))?.into_inner();
                if format == OutputFormat::Json {
                    print_json(&answer)
                } else {
                    print(answer.frozen_form.as_slice(), format)
                }
            }
            Self::List { jurisdiction, year } => list(&mut client, jurisdiction, *year, format).await,
            Self::Get { name, output } => {
                let target = output.as_deref().map(target).transpose()?;
                if let Some((path, Target::Document(format))) = target {
                    let format = document_format_to_wire(format);
                    let request = pb::RenderFrozenFormRequest { name: name.clone(), format };
                    let answer = client.render_frozen_form(request).await.map_err(|status| refused(&status))?;
                    return Ok(std::fs::write(path, answer.into_inner().content)?);
                }
                let request = pb::GetFrozenFormRequest { name: name.clone() };
                let answer = client.get_frozen_form(request).await.map_err(|status| refused(&status))?.into_inner();
                match target {
                    Some((path, _)) => Ok(std::fs::write(path, to_json(&answer)?)?),
                    None => print_json(&answer),
                }
            }
            Self::Revisions { name } => revisions(&mut client, name, format).await,
            Self::Compare { name } => {
                let request = pb::CompareFrozenFormRequest { name: name.clone() };
                let answer = client.compare_frozen_form(request).await.map_err(|status| refused(&status))?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&answer);
                }
                differences(&answer.differences).print(format)?;
                if let (OutputFormat::Table, Some(coverage)) = (format, &answer.coverage) {
                    print_line(&format!("\n{}\n{}", coverage_text(coverage), as_of_text(answer.as_of)))?;
                }
                Ok(())
            }
        }
    }
}

async fn list(
    client: &mut FrozenFormServiceClient<Connection>,
    jurisdiction: &str,
    year: i32,
    format: OutputFormat,
) -> Outcome {
    let parent = resource("jurisdictions", jurisdiction);
    let request = pb::ListFrozenFormsRequest { parent, year, page_size: pages::PAGE_SIZE, ..Default::default() };
    let ask =
        async |page_token| client.list_frozen_forms(pb::ListFrozenFormsRequest { page_token, ..request.clone() }).await;
    let frozen_forms = pages::all(ask, |page| page.frozen_forms).await?;
    let all = pb::ListFrozenFormsResponse { frozen_forms, ..Default::default() };
    if format == OutputFormat::Json { print_json(&all) } else { print(&all.frozen_forms, format) }
}

async fn revisions(client: &mut FrozenFormServiceClient<Connection>, name: &str, format: OutputFormat) -> Outcome {
    let page_size = pages::PAGE_SIZE;
    let request = pb::ListFrozenFormRevisionsRequest { name: name.to_owned(), page_size, ..Default::default() };
    let ask = async |page_token| {
        client.list_frozen_form_revisions(pb::ListFrozenFormRevisionsRequest { page_token, ..request.clone() }).await
    };
    let revisions = pages::all(ask, |page| page.revisions).await?;
    let all = pb::ListFrozenFormRevisionsResponse { revisions, ..Default::default() };
    if format == OutputFormat::Json {
        return print_json(&all);
    }
    let mut listing = Listing::new(&["revision", "sha256"], &[]);
    listing.rows = all.revisions.into_iter().map(|one| vec![one.revision, one.content_sha256]).collect();
    listing.print(format)
}
