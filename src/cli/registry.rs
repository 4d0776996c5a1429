//! `huizong registry`: jurisdictions and agencies.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::registry::RegistryChange;
use crate::registry::exchange::{read_csv, read_json, write_csv, write_json};
use crate::wire;

use super::client::{connect, refused};
use super::output::{Listing, print_json, resource};
use super::{Failure, Format, Outcome, both};

/// Changes sent at a time; a longer file is applied in parts, and can be sent again after an interruption.
const PART: usize = 10_000;

#[derive(Subcommand)]
pub enum Registry {
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
    Show { jurisdiction: Option<String> },
}

type Client = RegistryServiceClient<tonic::transport::Channel>;

fn is_json(file: &Path) -> Result<bool, Failure> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(true),
        Some("csv") => Ok(false),
        _ => Err(Failure::Usage(format!("{}: 须为 .csv 或 .json / must end in .csv or .json", file.display()))),
    }
}

impl Registry {
    pub async fn run(&self, server: &str, format: Format) -> Outcome {
        match self {
            Self::Import { file, dry_run } => import(server, file, *dry_run).await,
            Self::Export { file } => export(server, file).await,
            Self::Show { jurisdiction } => show(server, jurisdiction.as_deref(), format).await,
        }
    }
}

async fn import(server: &str, file: &Path, dry_run: bool) -> Outcome {
    let json = is_json(file)?;
    let text = std::fs::read_to_string(file)?;
    let changes = if json { read_json(&text) } else { read_csv(&text) };
    let changes = changes.map_err(|error| Failure::Failed(both(&error.message())))?;
    if dry_run && changes.len() > PART {
        return Err(Failure::Usage(format!("--dry-run takes at most {PART} entries at a time")));
    }
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let (mut applied, mut unchanged) = (0, 0);
    for part in changes.chunks(PART) {
        let request = pb::ApplyRegistryChangesRequest {
            changes: part.iter().map(wire::change_to_wire).collect(),
            validate_only: dry_run,
        };
        let answer = client.apply_registry_changes(request).await.map_err(|status| refused(&status))?.into_inner();
        applied += answer.applied;
        unchanged += answer.unchanged;
    }
    println!("登记 {applied} 项，已有 {unchanged} 项  {applied} applied, {unchanged} unchanged");
    Ok(())
}

pub(super) async fn jurisdictions(client: &mut Client, parent: &str) -> Result<Vec<pb::Jurisdiction>, Failure> {
    let mut all = Vec::new();
    let mut request = pb::ListJurisdictionsRequest { parent: parent.to_owned(), page_size: 1000, ..Default::default() };
    loop {
        let page = client.list_jurisdictions(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        all.extend(page.jurisdictions);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(all);
        }
    }
}

pub(super) async fn agencies(client: &mut Client, jurisdiction: &str) -> Result<Vec<pb::Agency>, Failure> {
    let mut all = Vec::new();
    let mut request =
        pb::ListAgenciesRequest { jurisdiction: jurisdiction.to_owned(), page_size: 1000, ..Default::default() };
    loop {
        let page = client.list_agencies(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        all.extend(page.agencies);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(all);
        }
    }
}

async fn export(server: &str, file: &Path) -> Outcome {
    let json = is_json(file)?;
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let unreadable = |problem: crate::service::Problem| Failure::Failed(both(&problem.message));
    let mut changes: Vec<RegistryChange> = Vec::new();
    for jurisdiction in jurisdictions(&mut client, "").await? {
        changes.push(wire::jurisdiction_from_wire(jurisdiction, "jurisdiction").map_err(unreadable)?);
    }
    for agency in agencies(&mut client, "").await? {
        changes.push(wire::agency_from_wire(agency, "agency").map_err(unreadable)?);
    }
    std::fs::write(file, if json { write_json(&changes) } else { write_csv(&changes) })?;
    println!("{} 项已写入 entries written to {}", changes.len(), file.display());
    Ok(())
}

async fn show(server: &str, jurisdiction: Option<&str>, format: Format) -> Outcome {
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let parent = jurisdiction.map(|id| resource("jurisdictions", id)).unwrap_or_default();
    let mut below = jurisdictions(&mut client, &parent).await?;
    if parent.is_empty() {
        below.retain(|entry| entry.parent.is_empty());
    }
    let own = if parent.is_empty() { Vec::new() } else { agencies(&mut client, &parent).await? };
    if format == Format::Json {
        print_json(&pb::ListJurisdictionsResponse { jurisdictions: below, next_page_token: String::new() })?;
        return print_json(&pb::ListAgenciesResponse { agencies: own, next_page_token: String::new() });
    }
    let mut listing = Listing::new(&["name", "名称", "level/kind", "first_year"], &[]);
    for entry in below {
        let level = entry.level().as_str_name().trim_start_matches("LEVEL_").to_lowercase();
        listing.rows.push(vec![entry.name, entry.display_name, level, entry.first_year.to_string()]);
    }
    for entry in own {
        let kind = entry.kind().as_str_name().trim_start_matches("AGENCY_KIND_").to_lowercase();
        listing.rows.push(vec![entry.name, entry.display_name, kind, entry.first_year.to_string()]);
    }
    listing.print(format)
}
