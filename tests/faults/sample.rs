//! A simulated province whose reports the faults hand in, and what its sum must be.

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::report::ReportYear;
use huizong::simulation::{Parameters, Province};
use huizong::wire::{change_to_wire, figures_to_wire};
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

pub const YEAR: u16 = 2023;
pub const PROVINCE: &str = "jurisdictions/230000";

/// Changes of the registry that the service takes at once.
const CHANGES_MAX: usize = 10_000;

pub struct Sample {
    pub changes: Vec<pb::RegistryChange>,
    /// One report an agency, each with its request id.
    pub submissions: Vec<pb::SubmitReportRequest>,
}

impl Sample {
    pub fn new(seed: u64, agencies: usize) -> Self {
        let year = ReportYear::new(YEAR).unwrap();
        // Fewer would not be a province.
        let agencies = agencies.max(200);
        let parameters =
            Parameters { seed, province: "230000".to_owned(), agencies, first_year: year, last_year: year };
        let province = Province::simulate(&parameters).unwrap();
        let submissions = province.unquestioned_reports(year).map(|report| {
            let agency = report.agency.to_string();
            let mut id = [0; 16];
            id.copy_from_slice(&agency.as_bytes()[..16]);
            pb::SubmitReportRequest {
                name: report_name(&agency),
                form: Some(figures_to_wire(&report.figures).into()),
                request_id: Uuid::new_v8(id).to_string(),
                ..Default::default()
            }
        });
        let submissions = submissions.collect();
        Self { changes: province.changes.iter().map(change_to_wire).collect::<Option<_>>().unwrap(), submissions }
    }

    pub async fn register(&self, channel: &Channel) {
        // Parents come before what is in them.
        for part in self.changes.chunks(CHANGES_MAX) {
            let request =
                pb::ApplyRegistryChangesRequest { changes: part.to_vec(), validate_only: false, ..Default::default() };
            RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();
        }
    }
}

pub fn report_name(agency: &str) -> String {
    format!("agencies/{agency}/reports/{YEAR}")
}

/// The agency's id.
pub fn agency(submission: &pb::SubmitReportRequest) -> &str {
    submission.name.split('/').nth(1).unwrap()
}

/// Requests received, as a form has them.
pub fn received(form: Option<&pb::Form>) -> i64 {
    form.and_then(|form| form.requests.as_ref()?.received?.total).unwrap_or(0)
}

/// Requests received, as a submission has them.
pub fn of(submission: &pb::SubmitReportRequest) -> i64 {
    received(submission.form.as_deref())
}

/// Hands in one report.
pub async fn submit(
    channel: &Channel,
    submission: &pb::SubmitReportRequest,
) -> Result<pb::SubmitReportResponse, Status> {
    let answer = ReportServiceClient::new(channel.clone()).submit_report(submission.clone()).await;
    answer.map(tonic::Response::into_inner)
}

/// Requests received, as the service has an agency's report.
pub async fn read(channel: &Channel, agency: &str) -> Result<i64, Status> {
    let request = pb::GetReportRequest { name: report_name(agency), ..Default::default() };
    let report = ReportServiceClient::new(channel.clone()).get_report(request).await?.into_inner().report;
    Ok(received(report.and_then(|report| report.form).as_deref()))
}

/// The question about requests received in the province, by group.
pub fn question(group_by: &[pb::Dimension]) -> pb::QueryRollupRequest {
    pb::QueryRollupRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        first_year: YEAR.into(),
        measures: vec!["requests.received".to_owned()],
        group_by: group_by.iter().map(|dimension| (*dimension).into()).collect(),
        ..Default::default()
    }
}

/// Requests received in the province.
///
/// # Errors
/// What the service answers instead.
pub async fn sum(channel: &Channel) -> Result<i64, String> {
    let answer = RollupServiceClient::new(channel.clone()).query_rollup(question(&[])).await;
    let answer = answer.map_err(|status| status.to_string())?.into_inner();
    match answer.totals.first().and_then(|total| total.value.clone()?.value) {
        Some(pb::cell_value::Value::Count(count)) => Ok(count),
        other => Err(format!("{other:?} is no count")),
    }
}
