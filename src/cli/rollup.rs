//! `huizong rollup`: sums.

use clap::{Args, ValueEnum};
use std::ops::ControlFlow;

use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;
use crate::report::Message;
use crate::rollup::Measure;
use crate::wire::{Table, value_in_words};

use super::client::{ANSWER_MAX_BYTES, Connection, Server, connect, refused};
use super::language::{beside, told};
use super::output::{Listing, label, parse_years, print_csv, print_json, print_line, reader, resource};
use super::pages;
use super::perspective::Perspective;
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Args)]
pub(crate) struct Rollup {
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
    #[command(flatten)]
    perspective: Perspective,
    /// Count only agencies that have a report in the sum in every year, so that like is compared with like.
    #[arg(long, conflicts_with = "watch")]
    comparable: bool,
    /// Groups by the sum of the first measure.
    #[arg(long, value_enum, conflicts_with_all = ["watch", "comparable"])]
    order_by: Option<OrderBy>,
    /// Go on, and print the sums anew with each change; Ctrl-C ends it.
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum OrderBy {
    LargestFirst,
    SmallestFirst,
}

impl OrderBy {
    fn wire(self) -> pb::RollupOrder {
        match self {
            Self::LargestFirst => pb::RollupOrder::LargestFirst,
            Self::SmallestFirst => pb::RollupOrder::SmallestFirst,
        }
    }
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

pub(crate) fn coverage_text(coverage: &pb::Coverage) -> String {
    let pb::Coverage { year, expected, included, submitted, returned, late, missing, .. } = coverage;
    let mut text = format!("{year}年度：应报 {expected}，计入 {included}，未报 {missing}");
    let mut english = format!("{year}: {included} of {expected} in the sum, {missing} missing");
    for (count, zh, en) in [(submitted, "待审", "waiting"), (returned, "退回", "returned"), (late, "逾期", "late")]
    {
        if *count > 0 {
            text.push_str(&format!("，{zh} {count}"));
            english.push_str(&format!(", {count} {en}"));
        }
    }
    if coverage.hierarchy_year != *year {
        text.push_str(&format!("（按{}年度隶属关系）", coverage.hierarchy_year));
        english.push_str(&format!(" (tree of {})", coverage.hierarchy_year));
    }
    beside(text, english)
}

/// What an answer is true as of.
pub(crate) fn as_of_text(sequence: i64) -> String {
    format!("{} {sequence}", told("数据截至流水号", "as of journal sequence", " "))
}

impl Rollup {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = RollupServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let request = pb::QueryRollupRequest {
            scope: self.perspective.scope(resource("jurisdictions", &self.jurisdiction)),
            first_year: self.year.0,
            last_year: self.year.1,
            measures: self.measures()?,
            group_by: self.group_by.iter().map(|by| by.wire().into()).collect(),
            page_size: pages::ROWS,
            comparable: self.comparable,
            order_by: self.order_by.map_or(0, |order| order.wire().into()),
            ..Default::default()
        };
        if self.watch {
            return self.follow(client, request, format).await;
        }
        let mut whole: Option<pb::QueryRollupResponse> = None;
        let ask =
            async |page_token| client.query_rollup(pb::QueryRollupRequest { page_token, ..request.clone() }).await;
        pages::each(ask, |page| {
            match &mut whole {
                Some(whole) => whole.rows.extend(page.rows),
                None => whole = Some(page),
            }
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        self.print(&request, &whole.unwrap_or_default(), format)
    }

    /// Whole paths of the measures; the table may be left out where the rest is unique.
    fn measures(&self) -> Result<Vec<String>, Failure> {
        if self.measures.is_empty() {
            return Ok(vec!["requests.received".to_owned()]);
        }
        let whole = |asked: &String| match Measure::find(asked) {
            Ok(measure) => Ok(measure.path.to_owned()),
            Err(error) => {
                let Message { zh, en } = error.message();
                let text = Message::new(format!("--measure：{zh}"), format!("--measure: {en}"));
                Err(Failure::Usage(both(&text)))
            }
        };
        self.measures.iter().map(whole).collect()
    }

    async fn follow(
        &self,
        mut client: RollupServiceClient<Connection>,
        query: pb::QueryRollupRequest,
        format: OutputFormat,
    ) -> Outcome {
        let pb::QueryRollupRequest { scope, first_year, last_year, measures, group_by, .. } = query.clone();
        let request = pb::WatchRollupRequest { scope, first_year, last_year, measures, group_by, ..Default::default() };
        let mut answers = client.watch_rollup(request).await.map_err(|status| refused(&status))?.into_inner();
        while let Some(update) = answers.message().await.map_err(|status| refused(&status))? {
            if format == OutputFormat::Json {
                print_json(&update)?;
                continue;
            }
            for report in &update.changed_reports {
                print_line(&format!("+ {report}"))?;
            }
            self.print(&query, &update.answer.unwrap_or_default(), format)?;
            print_line("")?;
        }
        Ok(())
    }

    fn print(&self, asked: &pb::QueryRollupRequest, answer: &pb::QueryRollupResponse, format: OutputFormat) -> Outcome {
        match format {
            OutputFormat::Json => return print_json(answer),
            OutputFormat::Csv => return print_csv(asked, answer),
            OutputFormat::Table | OutputFormat::Xlsx => {}
        }
        let keys = self.group_by.len();
        let mut headings = pb::QueryRollupResponse::headings(asked);
        let words = ["measure", "指标 measure", "值 value"].map(str::to_owned);
        headings.splice(keys * 2.., words);
        let rows = answer.rows(&reader());
        let mut listing = Listing { numbers: vec![headings.len() - 1], headings, rows };
        if format == OutputFormat::Table && keys > 0 {
            for row in &answer.totals {
                let mut cells = vec![String::new(); keys * 2];
                if let Some(first) = cells.first_mut() {
                    *first = told("合计", "total", " ");
                }
                cells.extend([
                    row.measure.clone(),
                    label(row.measure_label.as_ref()),
                    value_in_words(row.value.as_ref()),
                ]);
                listing.rows.push(cells);
            }
        }
        listing.print(format)?;
        if format == OutputFormat::Table {
            println!();
            for coverage in &answer.coverage {
                println!("{}", coverage_text(coverage));
            }
            if self.comparable {
                let agencies = answer.comparable_agencies;
                let zh = format!("可比口径：各年度均计入的{agencies}家单位");
                println!("{}", beside(zh, format!("like for like: {agencies} agencies counted in every year")));
            }
            println!("{}", as_of_text(answer.as_of));
        }
        Ok(())
    }
}
