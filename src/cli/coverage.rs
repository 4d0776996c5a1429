//! `huizong coverage`: what is there and what is missing.

use clap::Args;
use std::ops::ControlFlow;

use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;
use crate::wire::Table;

use super::client::{Connection, Server, connect};
use super::language::name;
use super::output::{Listing, print_csv, print_json, reader, resource, time_text};
use super::pages;
use super::perspective::Perspective;
use super::rollup::{as_of_text, coverage_text};
use super::{Outcome, OutputFormat};

#[derive(Args)]
pub(crate) struct Coverage {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    /// Levels below the jurisdiction to list.
    #[arg(long, default_value_t = 1, value_name = "LEVELS")]
    depth: i32,
    /// List the agencies that have not reported, to be reminded (催报).
    #[arg(long)]
    missing: bool,
    #[command(flatten)]
    perspective: Perspective,
}

impl Coverage {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = RollupServiceClient::new(connect(server).await?);
        let jurisdiction = resource("jurisdictions", &self.jurisdiction);
        if self.missing {
            return self.list_missing(&mut client, jurisdiction, format).await;
        }
        let request = pb::GetCoverageRequest {
            scope: self.perspective.scope(jurisdiction),
            year: self.year,
            depth: self.depth,
            page_size: pages::ROWS,
            ..Default::default()
        };
        let mut whole: Option<pb::GetCoverageResponse> = None;
        let ask =
            async |page_token| client.get_coverage(pb::GetCoverageRequest { page_token, ..request.clone() }).await;
        pages::each(ask, |page| {
            match &mut whole {
                Some(whole) => whole.children.extend(page.children),
                None => whole = Some(page),
            }
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        let answer = whole.unwrap_or_default();
        match format {
            OutputFormat::Json => return print_json(&answer),
            OutputFormat::Csv => return print_csv(&request, &answer),
            OutputFormat::Table | OutputFormat::Xlsx => {}
        }
        let headings = [
            "jurisdiction",
            "地区 name",
            "应报 expected",
            "已报 received",
            "已通过 accepted",
            "待审 submitted",
            "退回 returned",
            "逾期 late",
            "未报 missing",
            "截止 due",
            "剩余天数 days left",
        ];
        let mut listing = Listing::new(&headings, &[2, 3, 4, 5, 6, 7, 8, 10]);
        for child in &answer.children {
            let jurisdiction = child.jurisdiction.clone().unwrap_or_default();
            let one = child.coverage.unwrap_or_default();
            let own = if child.own_agencies { name("（本级部门）", " (own agencies)") } else { "" };
            let indent = name("　", "  ").repeat(usize::try_from(child.depth.max(1) - 1).unwrap_or(0));
            let counts = [one.expected, one.received, one.accepted, one.submitted, one.returned, one.late, one.missing];
            let mut row = vec![jurisdiction.name, format!("{indent}{}{own}", jurisdiction.display_name)];
            row.extend(counts.map(|count| count.to_string()));
            row.push(time_text(child.due_time));
            row.push(child.days_left.map(|days| days.to_string()).unwrap_or_default());
            listing.rows.push(row);
        }
        listing.print(format)?;
        if let (OutputFormat::Table, Some(coverage)) = (format, &answer.coverage) {
            println!("\n{}\n{}", coverage_text(coverage), as_of_text(answer.as_of));
        }
        Ok(())
    }

    async fn list_missing(
        &self,
        client: &mut RollupServiceClient<Connection>,
        jurisdiction: String,
        format: OutputFormat,
    ) -> Outcome {
        let request = pb::ListMissingAgenciesRequest {
            scope: self.perspective.scope(jurisdiction),
            year: self.year,
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let mut all = pb::ListMissingAgenciesResponse::default();
        let ask = async |page_token| {
            client.list_missing_agencies(pb::ListMissingAgenciesRequest { page_token, ..request.clone() }).await
        };
        pages::each(ask, |page| {
            all.agencies.extend(page.agencies);
            all.deadlines.extend(page.deadlines);
            all.as_of = page.as_of;
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        match format {
            OutputFormat::Json => return print_json(&all),
            OutputFormat::Csv => return print_csv(&request, &all),
            OutputFormat::Table | OutputFormat::Xlsx => {}
        }
        let headings = ["agency", "机构 name", "jurisdiction", "截止 due", "剩余天数 days left", "停止接收 lock"];
        Listing { rows: all.rows(&reader()), ..Listing::new(&headings, &[4]) }.print(format)
    }
}
