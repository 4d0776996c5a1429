//! `huizong export`: every report of a jurisdiction and of all below it, without loss, for `submit` to take back.

use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;

use crate::document::exchange::ReportWriter;
use crate::pb;
use crate::pb::report_service_client::ReportServiceClient;
use crate::wire::entry_from_wire;

use super::client::{ANSWER_MAX_BYTES, Server, connect};
use super::language::beside;
use super::output::{parse_years, resource, to_json};
use super::pages;
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Args)]
pub(crate) struct Export {
    /// jurisdictions/{code}, the code alone, or `all`; what was below it in the report year is written too.
    jurisdiction: String,
    /// Report years.
    #[arg(long, value_name = "Y[..Y]", value_parser = parse_years)]
    year: (i32, i32),
    /// Where to write; the ending .jsonl or .csv decides the format. Left out: standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reports in a page: with their texts, some 5 MiB at most.
const PAGE_REPORTS: i32 = 100;

/// Where reports go, one after another.
enum Sink {
    JsonLines(Box<dyn Write>),
    Csv(Box<ReportWriter<Box<dyn Write>>>),
}

impl Sink {
    /// The newest revision with all that is known of it. Its etag is left out: handed in elsewhere, the report
    /// replaces nothing there; number and hash stand in `revision` and `content_sha256`.
    fn write(&mut self, mut report: pb::Report) -> Outcome {
        report.etag.clear();
        match self {
            Self::JsonLines(to) => Ok(writeln!(to, "{}", to_json(&report)?)?),
            Self::Csv(writer) => {
                let entry = entry_from_wire(report).map_err(|problem| Failure::Failed(both(&problem.message)))?;
                writer.write(&entry).map_err(|error| Failure::of(&error))
            }
        }
    }

    fn finish(self) -> Outcome {
        match self {
            Self::JsonLines(mut to) => Ok(to.flush()?),
            Self::Csv(writer) => Ok(writer.finish()?),
        }
    }
}

impl Export {
    fn is_csv(&self, format: OutputFormat) -> Result<bool, Failure> {
        let Some(path) = &self.output else { return Ok(format == OutputFormat::Csv) };
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => Ok(true),
            Some("jsonl") => Ok(false),
            _ => Err(Failure::Usage(
                "--output：文件应以 .jsonl 或 .csv 结尾\n  the file's name ends in .jsonl or .csv".to_owned(),
            )),
        }
    }

    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let is_csv = self.is_csv(format)?;
        let channel = connect(server).await?;
        let jurisdiction = match self.jurisdiction.as_str() {
            "all" => String::new(),
            scope => resource("jurisdictions", scope),
        };
        let to: Box<dyn Write> = match &self.output {
            Some(path) => Box::new(BufWriter::new(std::fs::File::create(path)?)),
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        let mut sink = if is_csv {
            let writer = ReportWriter::new(to).map_err(|error| Failure::of(&error))?;
            Sink::Csv(Box::new(writer))
        } else {
            Sink::JsonLines(to)
        };
        let mut client = ReportServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES);
        let bar = ProgressBar::new_spinner();
        let mut written = 0u64;
        for year in self.year.0..=self.year.1 {
            let request = pb::ListReportsRequest {
                parent: "agencies/-".to_owned(),
                year,
                jurisdiction: jurisdiction.clone(),
                page_size: PAGE_REPORTS,
                view: pb::ReportView::Full.into(),
                ..Default::default()
            };
            let ask =
                async |page_token| client.list_reports(pb::ListReportsRequest { page_token, ..request.clone() }).await;
            pages::each(ask, |page| {
                for report in page.reports {
                    sink.write(report)?;
                    written += 1;
                    bar.set_position(written);
                }
                Ok(ControlFlow::Continue(()))
            })
            .await?;
        }
        sink.finish()?;
        bar.finish_and_clear();
        eprintln!("{}", beside(format!("{written} 份报告"), format!("{written} reports")));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::output::from_json;
    use super::*;
    use crate::document::tests::entries::entries;
    use crate::wire::submission_from_entry;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn reports_come_back_from_a_line_of_json_as_they_were(entries in entries()) {
            for entry in entries {
                let handed_in = submission_from_entry(&entry);
                let pb::SubmitReportRequest { name, edition, form, narrative, answers, correction_reason, .. } = handed_in;
                let report =
                    pb::Report { name, edition, form, narrative, answers, correction_reason, ..Default::default() };
                let Ok(line) = to_json(&report) else { panic!("no JSON") };
                prop_assert!(!line.contains('\n'));
                let Ok(report) = from_json::<pb::Report>(&line) else { panic!("{line}") };
                prop_assert_eq!(entry_from_wire(report).unwrap(), entry);
            }
        }
    }
}
