//! `huizong rollup`: sums.

use clap::{Args, ValueEnum};

use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;

use super::client::{ANSWER_MAX_BYTES, connect, refused};
use super::output::{Listing, parse_years, print_json, resource, zh};
use super::{Format, Outcome};

#[derive(Args)]
pub struct Rollup {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    /// Report year, or years such as 2019..2022.
    #[arg(long, value_name = "Y[..Y]", value_parser = parse_years)]
    year: (i32, i32),
    /// Line, group or cell of the form, such as received or refused; may be repeated.
    #[arg(long = "measure", value_name = "LINE")]
    measures: Vec<String>,
    /// What to group by; may be repeated.
    #[arg(long = "by", value_enum)]
    group_by: Vec<By>,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    RequesterType,
    Outcome,
    Line,
    Child,
    Agency,
    AgencyKind,
    Year,
}

impl By {
    fn wire(self) -> pb::Dimension {
        match self {
            Self::RequesterType => pb::Dimension::RequesterType,
            Self::Outcome => pb::Dimension::Outcome,
            Self::Line => pb::Dimension::Line,
            Self::Child => pb::Dimension::ChildJurisdiction,
            Self::Agency => pb::Dimension::Agency,
            Self::AgencyKind => pb::Dimension::AgencyKind,
            Self::Year => pb::Dimension::Year,
        }
    }
}

pub fn coverage_text(coverage: &pb::Coverage) -> String {
    format!(
        "{0}年度：应报 {1}，已报 {2}，未报 {3}  {0}: {2} of {1} received, {3} missing",
        coverage.year, coverage.expected, coverage.received, coverage.missing
    )
}

fn value(row: &pb::RollupRow) -> String {
    match &row.value {
        Some(pb::rollup_row::Value::Count(count)) => count.to_string(),
        Some(pb::rollup_row::Value::Amount(amount)) => amount.clone(),
        None => String::new(),
    }
}

impl Rollup {
    pub async fn run(&self, server: &str, format: Format) -> Outcome {
        let mut client = RollupServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let mut request = pb::QueryRollupRequest {
            jurisdiction: resource("jurisdictions", &self.jurisdiction),
            first_year: self.year.0,
            last_year: self.year.1,
            measures: self.measures.clone(),
            group_by: self.group_by.iter().map(|by| by.wire().into()).collect(),
            agency_kinds: Vec::new(),
            page_size: 10_000,
            page_token: String::new(),
        };
        let mut answer = client.query_rollup(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        while !answer.next_page_token.is_empty() {
            request.page_token = std::mem::take(&mut answer.next_page_token);
            let page = client.query_rollup(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
            answer.rows.extend(page.rows);
            answer.next_page_token = page.next_page_token;
        }
        if format == Format::Json {
            return print_json(&answer);
        }
        let keys = self.group_by.len();
        let mut headings: Vec<String> = Vec::new();
        for by in &self.group_by {
            let name = by.wire().as_str_name().trim_start_matches("DIMENSION_").to_lowercase();
            headings.push(name.clone());
            headings.push(format!("{name}_label"));
        }
        headings.extend(["measure", "指标", "值 value"].map(str::to_owned));
        let mut listing = Listing { numbers: vec![headings.len() - 1], headings, rows: Vec::new() };
        for row in &answer.rows {
            let mut cells: Vec<String> =
                row.keys.iter().flat_map(|key| [key.value.clone(), zh(key.label.as_ref())]).collect();
            cells.extend([row.measure.clone(), zh(row.measure_label.as_ref()), value(row)]);
            listing.rows.push(cells);
        }
        if format == Format::Table && keys > 0 {
            for row in &answer.totals {
                let mut cells = vec![String::new(); keys * 2];
                if let Some(first) = cells.first_mut() {
                    "合计 total".clone_into(first);
                }
                cells.extend([row.measure.clone(), zh(row.measure_label.as_ref()), value(row)]);
                listing.rows.push(cells);
            }
        }
        listing.print(format)?;
        if format == Format::Table {
            println!();
            for coverage in &answer.coverage {
                println!("{}", coverage_text(coverage));
            }
            println!("截至日志序号 as of journal sequence {}", answer.sequence);
        }
        Ok(())
    }
}
