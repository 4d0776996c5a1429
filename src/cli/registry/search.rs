//! `huizong registry show` and `find`: what is registered.

use crate::cli::client::{Server, connect};
use crate::cli::language::term;
use crate::cli::output::{Listing, print_json};
use crate::cli::pages;
use crate::cli::{Failure, Outcome, OutputFormat};
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;

use super::Client;

/// What is looked for; everything by default.
#[derive(Default)]
pub(super) struct Search {
    pub parent: String,
    pub query: String,
    pub year: i32,
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

    pub(super) async fn show(&self, server: &Server, format: OutputFormat) -> Outcome {
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
        let headings =
            ["name", "名称 display name", "level/kind", "first_year", "end_year", "successors", "曾用名 former names"];
        let mut listing = Listing::new(&headings, &[]);
        for entry in below {
            let level = term(&entry.level().as_str_name().trim_start_matches("LEVEL_").to_lowercase());
            let former = former_names(&entry.names, &entry.display_name);
            let end = if entry.end_year == 0 { String::new() } else { entry.end_year.to_string() };
            let successors = entry.successors.join(" ");
            let first_year = entry.first_year.to_string();
            listing.rows.push(vec![entry.name, entry.display_name, level, first_year, end, successors, former]);
        }
        for entry in own {
            let kind = term(&entry.kind().as_str_name().trim_start_matches("AGENCY_KIND_").to_lowercase());
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
