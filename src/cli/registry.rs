//! `huizong registry`: jurisdictions and agencies.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::registry::RegistryChange;
use crate::registry::exchange::{read_csv, read_json, write_csv, write_json};
use crate::wire;

use super::client::{Connection, Server, connect, refused};
use super::output::{Listing, print_json, read_text, resource};
use super::pages;
use super::{Failure, Outcome, OutputFormat, both};

/// Changes sent at a time; a longer file is applied in parts, and can be sent again after an interruption.
const PART: usize = 10_000;

#[derive(Subcommand)]
pub(crate) enum Registry {
    /// Create what the file lists; what is there already is left as it is.
    Import {
        /// .csv or .json
        file: PathBuf,
        /// Check only.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write everything to a file, to be imported elsewhere.
    Export {
        /// .csv or .json
        file: PathBuf,
    },
    /// A jurisdiction with its children and agencies; left out, the roots.
    Show {
        jurisdiction: Option<String>,
        /// Everything with this in one of its names, present or former; below the jurisdiction only, where one is given.
        #[arg(long, value_name = "TEXT")]
        query: Option<String>,
        /// As it is in this report year; left out, everything that was or is, with its newest values.
        #[arg(long, value_name = "Y")]
        year: Option<i32>,
    },
}

type Client = RegistryServiceClient<Connection>;

fn is_json(file: &Path) -> Result<bool, Failure> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(true),
        Some("csv") => Ok(false),
        _ => Err(Failure::Usage(format!("{}: 须为 .csv 或 .json / must end in .csv or .json", file.display()))),
    }
}

impl Registry {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        match self {
            Self::Import { file, dry_run } => import(server, file, *dry_run).await,
            Self::Export { file } => export(server, file).await,
            Self::Show { jurisdiction, query, year } => {
                let search = Search {
                    parent: jurisdiction.as_deref().map(|id| resource("jurisdictions", id)).unwrap_or_default(),
                    query: query.clone().unwrap_or_default(),
                    year: year.unwrap_or_default(),
                };
                search.show(server, format).await
            }
        }
    }
}

async fn import(server: &Server, file: &Path, dry_run: bool) -> Outcome {
    let json = is_json(file)?;
    let text = read_text(file).map_err(Failure::Failed)?;
    let changes = if json { read_json(&text) } else { read_csv(&text) };
    let changes = changes.map_err(|error| Failure::Failed(both(&error.message())))?;
    if dry_run && changes.len() > PART {
        return Err(Failure::Usage(format!("--dry-run takes at most {PART} entries at a time")));
    }
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let (mut applied, mut unchanged) = (0, 0);
    for part in changes.chunks(PART) {
        let request = pb::ApplyRegistryChangesRequest {
            changes: part.iter().filter_map(wire::change_to_wire).collect(),
            validate_only: dry_run,
        };
        let answer = client.apply_registry_changes(request).await.map_err(|status| refused(&status))?.into_inner();
        applied += answer.applied;
        unchanged += answer.unchanged;
    }
    println!("登记 {applied} 项，已有 {unchanged} 项  {applied} applied, {unchanged} unchanged");
    Ok(())
}

/// What is looked for; everything by default.
#[derive(Default)]
struct Search {
    parent: String,
    query: String,
    year: i32,
}

impl Search {
    async fn jurisdictions(&self, client: &mut Client) -> Result<Vec<pb::Jurisdiction>, Failure> {
        let request = pb::ListJurisdictionsRequest {
            parent: self.parent.clone(),
            query: self.query.clone(),
            year: self.year,
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let ask = async |page_token| {
            client.list_jurisdictions(pb::ListJurisdictionsRequest { page_token, ..request.clone() }).await
        };
        pages::all(ask, |page| page.jurisdictions).await
    }

    async fn agencies(&self, client: &mut Client) -> Result<Vec<pb::Agency>, Failure> {
        let request = pb::ListAgenciesRequest {
            jurisdiction: self.parent.clone(),
            query: self.query.clone(),
            year: self.year,
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let ask =
            async |page_token| client.list_agencies(pb::ListAgenciesRequest { page_token, ..request.clone() }).await;
        pages::all(ask, |page| page.agencies).await
    }

    async fn show(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = RegistryServiceClient::new(connect(server).await?);
        let roots_only = self.parent.is_empty() && self.query.is_empty();
        let mut below = self.jurisdictions(&mut client).await?;
        if roots_only {
            below.retain(|entry| entry.parent.is_empty());
        }
        let own = if roots_only { Vec::new() } else { self.agencies(&mut client).await? };
        if format == OutputFormat::Json {
            print_json(&pb::ListJurisdictionsResponse { jurisdictions: below, next_page_token: String::new() })?;
            return print_json(&pb::ListAgenciesResponse { agencies: own, next_page_token: String::new() });
        }
        let headings = ["name", "名称", "level/kind", "first_year", "end_year", "successors", "曾用名 former names"];
        let mut listing = Listing::new(&headings, &[]);
        for entry in below {
            let level = entry.level().as_str_name().trim_start_matches("LEVEL_").to_lowercase();
            let former = former_names(&entry.names, &entry.display_name);
            let end = if entry.end_year == 0 { String::new() } else { entry.end_year.to_string() };
            let successors = entry.successors.join(" ");
            let first_year = entry.first_year.to_string();
            listing.rows.push(vec![entry.name, entry.display_name, level, first_year, end, successors, former]);
        }
        for entry in own {
            let kind = entry.kind().as_str_name().trim_start_matches("AGENCY_KIND_").to_lowercase();
            let former = former_names(&entry.names, &entry.display_name);
            let end = if entry.end_year == 0 { String::new() } else { entry.end_year.to_string() };
            let successors = entry.successors.join(" ");
            let first_year = entry.first_year.to_string();
            listing.rows.push(vec![entry.name, entry.display_name, kind, first_year, end, successors, former]);
        }
        listing.print(format)
    }
}

/// Names other than the one shown, each with the first year that it was borne in.
fn former_names(names: &[pb::DatedName], shown: &str) -> String {
    let others = names.iter().filter(|name| name.display_name != shown);
    others.map(|name| format!("{} ({})", name.display_name, name.first_year)).collect::<Vec<_>>().join("; ")
}

/// Times that an export begins anew where the registry changes under it.
const EXPORT_ATTEMPTS: usize = 3;

async fn export(server: &Server, file: &Path) -> Outcome {
    let json = is_json(file)?;
    let mut client = RegistryServiceClient::new(connect(server).await?);
    for _ in 0..EXPORT_ATTEMPTS {
        let Some(changes) = all_changes(&mut client).await? else { continue };
        std::fs::write(file, if json { write_json(&changes) } else { write_csv(&changes) })?;
        println!("{} 项已写入 entries written to {}", changes.len(), file.display());
        return Ok(());
    }
    Err(Failure::Failed("登记簿正在变动；请稍后重试\n  the registry is being changed; try again later".to_owned()))
}

/// All changes that make the registry; none where it changed meanwhile.
async fn all_changes(client: &mut Client) -> Result<Option<Vec<RegistryChange>>, Failure> {
    let unreadable = |problem: crate::service::Problem| Failure::Failed(both(&problem.message));
    let mut changes = Vec::new();
    let mut total = None;
    let mut changed_meanwhile = false;
    let ask = async |page_token| {
        let request = pb::ListRegistryChangesRequest { page_size: pages::PAGE_SIZE, page_token };
        client.list_registry_changes(request).await
    };
    pages::each(ask, |page| {
        if *total.get_or_insert(page.total_size) != page.total_size {
            changed_meanwhile = true;
            return Ok(ControlFlow::Break(()));
        }
        for change in page.changes {
            changes.push(wire::change_from_wire(change, "change").map_err(unreadable)?);
        }
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok((!changed_meanwhile).then_some(changes))
}
