//! `huizong coverage`: what is there and what is missing.

use clap::Args;

use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;

use super::client::{connect, refused};
use super::output::{Listing, print_json, resource};
use super::rollup::coverage_text;
use super::{Format, Outcome};

#[derive(Args)]
pub struct Coverage {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    /// List the agencies that have not reported.
    #[arg(long)]
    missing: bool,
}

impl Coverage {
    pub async fn run(&self, server: &str, format: Format) -> Outcome {
        let mut client = RollupServiceClient::new(connect(server).await?);
        let jurisdiction = resource("jurisdictions", &self.jurisdiction);
        if self.missing {
            return self.list_missing(&mut client, jurisdiction, format).await;
        }
        let request = pb::GetCoverageRequest { jurisdiction, year: self.year };
        let answer = client.get_coverage(request).await.map_err(|status| refused(&status))?.into_inner();
        if format == Format::Json {
            return print_json(&answer);
        }
        let mut listing =
            Listing::new(&["jurisdiction", "地区", "应报 expected", "已报 received", "未报 missing"], &[2, 3, 4]);
        for child in &answer.children {
            let jurisdiction = child.jurisdiction.clone().unwrap_or_default();
            let coverage = child.coverage.unwrap_or_default();
            let own = if child.own_agencies { "（本级机关）" } else { "" };
            listing.rows.push(vec![
                jurisdiction.name,
                format!("{}{own}", jurisdiction.display_name),
                coverage.expected.to_string(),
                coverage.received.to_string(),
                coverage.missing.to_string(),
            ]);
        }
        listing.print(format)?;
        if let (Format::Table, Some(coverage)) = (format, &answer.coverage) {
            println!("\n{}\n截至日志序号 as of journal sequence {}", coverage_text(coverage), answer.sequence);
        }
        Ok(())
    }

    async fn list_missing(
        &self,
        client: &mut RollupServiceClient<tonic::transport::Channel>,
        jurisdiction: String,
        format: Format,
    ) -> Outcome {
        let mut request = pb::ListMissingAgenciesRequest {
            jurisdiction,
            year: self.year,
            page_size: 1000,
            page_token: String::new(),
        };
        let mut all = pb::ListMissingAgenciesResponse::default();
        loop {
            let page = client.list_missing_agencies(request.clone()).await.map_err(|status| refused(&status))?;
            let page = page.into_inner();
            all.agencies.extend(page.agencies);
            all.sequence = page.sequence;
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if format == Format::Json {
            return print_json(&all);
        }
        let mut listing = Listing::new(&["agency", "机构", "jurisdiction"], &[]);
        for agency in all.agencies {
            listing.rows.push(vec![agency.name, agency.display_name, agency.jurisdiction]);
        }
        listing.print(format)
    }
}
