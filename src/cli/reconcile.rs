//! `huizong reconcile`: a government's own consolidated report against the computed sum.

use clap::Args;

use crate::pb;
use crate::pb::rollup_service_client::RollupServiceClient;
use crate::wire::value_in_words;

use super::client::{ANSWER_MAX_BYTES, Server, connect, refused};
use super::language::{self, beside, heading, semicolon, told};
use super::output::{Listing, label, print_json, print_line, resource};
use super::rollup::{as_of_text, coverage_text};
use super::{Outcome, OutputFormat};

#[derive(Args)]
pub(crate) struct Reconcile {
    /// jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
    /// Count 垂直管理 agencies, too.
    #[arg(long)]
    include_vertical: bool,
}

/// What explains a difference, in words.
fn explanation_text(one: &pb::Explanation) -> String {
    let how = heading(match one.kind() {
        pb::ExplanationKind::ArrivedSince if one.late => "逾期报送 late",
        pb::ExplanationKind::ArrivedSince => "其后报送 since",
        pb::ExplanationKind::CorrectedSince => "其后更正 corrected",
        pb::ExplanationKind::LeftSince => "其后不再计入 left",
        pb::ExplanationKind::ChildDiffers => "下级自报与汇总不符 child differs",
        pb::ExplanationKind::Unspecified => "",
    });
    format!("{} {how} {}", one.display_name, signed(one.contribution.as_ref()))
}

/// A number with its sign.
fn signed(number: Option<&pb::CellValue>) -> String {
    let number = value_in_words(number);
    if number.starts_with('-') || number == "0" { number } else { format!("+{number}") }
}

/// Differences as a listing.
pub(crate) fn differences(differences: &[pb::CellDifference]) -> Listing {
    let headings = [
        "cell",
        "单元格 label",
        "所给 given",
        "汇总 computed",
        "差额 difference",
        "差额来源 explained by",
        "未查明 rest",
    ];
    let mut listing = Listing::new(&headings, &[2, 3, 4, 6]);
    for one in differences {
        let mut explained: Vec<String> = one.explanations.iter().map(explanation_text).collect();
        if one.explanations_omitted > 0 {
            explained.push(format!("… {}", one.explanations_omitted));
        }
        listing.rows.push(vec![
            one.cell.clone(),
            label(one.label.as_ref()),
            value_in_words(one.given.as_ref()),
            value_in_words(one.computed.as_ref()),
            signed(one.difference.as_ref()),
            explained.join(semicolon()),
            value_in_words(one.unexplained.as_ref()),
        ]);
    }
    listing
}

impl Reconcile {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = RollupServiceClient::new(connect(server).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let name = format!("{}/reports/{}", resource("jurisdictions", &self.jurisdiction), self.year);
        let request = pb::ReconcileReportRequest { name, include_vertical: self.include_vertical };
        let answer = client.reconcile_report(request).await.map_err(|status| refused(&status))?.into_inner();
        if format == OutputFormat::Json {
            return print_json(&answer);
        }
        differences(&answer.differences).print(format)?;
        if format == OutputFormat::Table {
            let (equal, different) = (answer.equal_cells, answer.differences.len());
            let zh = format!("{equal} 格相符，{different} 格不符");
            println!("\n{}\n{}", answer.revision, beside(zh, format!("{equal} cells equal, {different} differ")));
            for part in &answer.missing {
                let place = part.jurisdiction.as_ref().map(|one| one.display_name.clone()).unwrap_or_default();
                let own = if part.own_agencies { language::name("（本级部门）", " (own agencies)") } else { "" };
                let missing = part.coverage.map_or(0, |coverage| coverage.missing);
                print_line(&format!("{}: {place}{own} {missing}", told("未报", "missing", " ")))?;
            }
            if let Some(coverage) = &answer.coverage {
                println!("{}", coverage_text(coverage));
            }
            println!("{}", as_of_text(answer.as_of));
        }
        Ok(())
    }
}
