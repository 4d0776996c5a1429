//! `huizong anomalies`: figures that deserve a look.

use std::ops::ControlFlow;

use clap::Args;

use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;
use crate::wire::value_in_words;

use super::client::{Server, connect};
use super::output::{Listing, label, print_json, resource};
use super::pages;
use super::{Outcome, OutputFormat};

#[derive(Args)]
pub(crate) struct Anomalies {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    /// Stop after this many.
    #[arg(long, default_value_t = 200)]
    limit: usize,
}

impl Anomalies {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = RollupServiceClient::new(connect(server).await?);
        let request = pb::ListAnomaliesRequest {
            jurisdiction: resource("jurisdictions", &self.jurisdiction),
            year: self.year,
            page_size: pages::PAGE_SIZE,
            ..Default::default()
        };
        let ask =
            async |page_token| client.list_anomalies(pb::ListAnomaliesRequest { page_token, ..request.clone() }).await;
        let mut all = pb::ListAnomaliesResponse::default();
        pages::each(ask, |page| {
            all.anomalies.extend(page.anomalies);
            all.as_of = page.as_of;
            Ok(if all.anomalies.len() >= self.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .await?;
        all.anomalies.truncate(self.limit);
        if format == OutputFormat::Json {
            return print_json(&all);
        }
        let headings = [
            "agency",
            "机构 display name",
            "单元格 label",
            "本年 value",
            "以往中位数 own median",
            "偏离 score",
            "原因 why",
        ];
        let mut listing = Listing::new(&headings, &[3, 4, 5]);
        for one in &all.anomalies {
            let (whole, rest) = (one.score_hundredths / 100, one.score_hundredths % 100);
            listing.rows.push(vec![
                one.agency.clone(),
                one.display_name.clone(),
                label(one.label.as_ref()),
                value_in_words(one.value.as_ref()),
                value_in_words(one.own_median.as_ref()),
                format!("{whole}.{rest:02}"),
                label(one.why.as_ref()),
            ]);
        }
        listing.print(format)
    }
}
