//! A client that hands in a report safely: one request id for all attempts, a deadline for each, and a pause before what
//! may be tried again; what is refused is printed with its rule and its remedy.
//!
//! ```sh
//! cargo run --example submit -- http://127.0.0.1:7411 agencies/ID 2022
//! ```

use std::time::Duration;

use huizong::form::{Presence, catalogue, edition_for_year};
use huizong::grpc::problem_of_status;
use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::report::{Cell, Figures};
use huizong::wire::figures_to_wire;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

const DEADLINE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 5;

/// A form of the year with zero in every prescribed cell but for these counts; what is left out is blank, and blank is not
/// zero.
pub fn form(year: u16, counts: &[(&str, i64)]) -> pb::Form {
    let catalogue = catalogue();
    let edition = edition_for_year(year).expect("the form has an edition for the year");
    let mut figures = Figures::blank(edition);
    for cell in catalogue.cells_of(edition) {
        if catalogue.presence(edition, cell.id) == Presence::Prescribed {
            let count = counts.iter().find(|(path, _)| *path == cell.path).map_or(0, |(_, count)| *count);
            figures.set(cell.id, Cell::Number(count));
        }
    }
    figures_to_wire(&figures)
}

/// Whether the same call may be answered otherwise later.
fn is_passing(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted)
}

/// Hands a report in; the receipt is to be kept.
///
/// # Errors
/// The refusal, whole: [`problem_of_status`] reads it. What passes by itself is tried again first.
pub async fn submit(channel: Channel, name: &str, form: pb::Form) -> Result<pb::Receipt, Status> {
    // Kept beside the report until there is an answer: with it a retry is safe.
    let request_id = uuid::Uuid::new_v4().to_string();
    let name = name.to_owned();
    let message = pb::SubmitReportRequest { name, form: Some(form.into()), request_id, ..Default::default() };
    let mut client = ReportServiceClient::new(channel);
    let mut attempt = 0;
    loop {
        let mut request = Request::new(message.clone());
        request.set_timeout(DEADLINE);
        match client.submit_report(request).await {
            Ok(answer) => return Ok(answer.into_inner().receipt.unwrap_or_default()),
            Err(status) if is_passing(&status) && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(200) * 2u32.pow(attempt)).await;
                attempt += 1;
            }
            Err(status) => return Err(status),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, agency, year] = arguments.as_slice() else {
        return Err("give the address of the service, the agency and the year".into());
    };
    let channel = Endpoint::from_shared(url.clone())?.connect().await?;
    // Twelve and three are not sixteen: the service says so.
    let counts = [
        ("requests.received.natural_person", 12),
        ("requests.received.commercial_enterprise", 3),
        ("requests.received.total", 16),
    ];
    let form = form(year.parse()?, &counts);
    match submit(channel, &format!("{agency}/reports/{year}"), form).await {
        Ok(receipt) => println!("{} {}", receipt.revision, receipt.content_sha256),
        Err(status) => match problem_of_status(&status) {
            Some(problem) => {
                println!("{}: {}", problem.reason().as_str_name(), problem.message.clone().unwrap_or_default().en);
                for finding in problem.findings {
                    println!("{}: {}", finding.rule, finding.message.unwrap_or_default().en);
                }
            }
            None => println!("{status}"),
        },
    }
    Ok(())
}
