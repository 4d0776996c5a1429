//! Roll-ups: what dashboards ask.

use std::time::{Duration, Instant};

use huizong::form::{Presence, catalogue, edition_for_year};
use huizong::pb;
use huizong::pb::cell_value::Value;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::wire::figures_from_wire;
use prost::Message;
use serde_json::json;
use tonic::Status;
use tonic::transport::Channel;

use super::echo::{FORM, ROLLUP, echoing};
use super::load;
use super::scene::{FIRST_YEAR, PROVINCE, Scene};

const IN_FLIGHT: [usize; 3] = [1, 16, 64];
/// Time that the service gets at least to read figures by agency into memory, and for each report, amply.
const WARM_UP: Duration = Duration::from_secs(1);
const READ_A_REPORT: Duration = Duration::from_micros(20);

/// `benches/databases.py` answers the same questions under the same names.
pub const BY_REQUESTER_TYPE: &str = "QueryRollup by requester type, one year";
pub const CONSOLIDATED_FORM: &str = "GetConsolidatedForm, one year";
const BY_YEAR_OF_A_KIND: &str = "QueryRollup by year, one kind of agency";
const BY_AGENCY: &str = "QueryRollup by agency, all years";

/// Sums over a jurisdiction, by requester type of the last year.
pub fn by_requester_type(scene: &Scene, jurisdiction: &str) -> pb::QueryRollupRequest {
    let year = scene.last_year().into();
    pb::QueryRollupRequest {
        scope: Some(pb::Scope { jurisdiction: jurisdiction.to_owned(), include_vertical: true, ..Default::default() }),
        first_year: year,
        last_year: year,
        measures: vec!["requests.received".to_owned()],
        group_by: vec![pb::Dimension::RequesterType.into()],
        ..Default::default()
    }
}

/// Requests received by agency, a first page over all years.
pub fn by_agency(scene: &Scene) -> pb::QueryRollupRequest {
    let group_by = vec![pb::Dimension::Agency.into()];
    pb::QueryRollupRequest { first_year: FIRST_YEAR.into(), group_by, ..by_requester_type(scene, PROVINCE) }
}

fn by_year_of_a_kind(scene: &Scene) -> pb::QueryRollupRequest {
    let mut question = pb::QueryRollupRequest { group_by: vec![pb::Dimension::Year.into()], ..by_agency(scene) };
    question.scope.get_or_insert_default().agency_kinds = vec![pb::AgencyKind::Department.into()];
    question
}

pub fn form_of(scene: &Scene) -> pb::GetConsolidatedFormRequest {
    pb::GetConsolidatedFormRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), include_vertical: true, ..Default::default() }),
        year: scene.last_year().into(),
    }
}

pub async fn roll_up(channel: Channel, question: pb::QueryRollupRequest) -> Result<pb::QueryRollupResponse, Status> {
    Ok(RollupServiceClient::new(channel).query_rollup(question).await?.into_inner())
}

pub async fn form(
    channel: Channel,
    question: pb::GetConsolidatedFormRequest,
) -> Result<pb::GetConsolidatedFormResponse, Status> {
    Ok(RollupServiceClient::new(channel).get_consolidated_form(question).await?.into_inner())
}

pub async fn measure(scene: &Scene) {
    let questions = [
        (BY_REQUESTER_TYPE, by_requester_type(scene, PROVINCE)),
        (BY_YEAR_OF_A_KIND, by_year_of_a_kind(scene)),
        (BY_AGENCY, by_agency(scene)),
    ];
    for (name, question) in questions {
        let begin = Instant::now();
        let answer = roll_up(scene.channel.clone(), question.clone()).await.unwrap();
        take_down(scene, name, begin, answer.encoded_len(), sum_of_rows(&answer));
        if name == BY_AGENCY {
            warm_up(scene).await;
        }
        let call = move |channel| roll_up(channel, question.clone());
        beside_echo(scene, name, ROLLUP, &answer, call).await;
    }
    let question = form_of(scene);
    let begin = Instant::now();
    let answer = form(scene.channel.clone(), question.clone()).await.unwrap();
    take_down(scene, CONSOLIDATED_FORM, begin, answer.encoded_len(), sum_of_cells(scene, &answer));
    let call = move |channel| form(channel, question.clone());
    beside_echo(scene, CONSOLIDATED_FORM, FORM, &answer, call).await;
}

/// Asks by agency while the service reads into memory, beside the calls, what it found in the store for the first of them.
pub async fn warm_up(scene: &Scene) {
    let end = Instant::now() + WARM_UP + READ_A_REPORT * scene.reports;
    while Instant::now() < end {
        roll_up(scene.channel.clone(), by_agency(scene)).await.unwrap();
    }
}

/// Measures a call beside an echo of its own answer.
async fn beside_echo<M, F>(
    scene: &Scene,
    name: &str,
    echo_path: &'static str,
    answer: &M,
    call: impl Fn(Channel) -> F + Clone + Send + Sync + 'static,
) where
    M: Message + Default + Clone + 'static,
    F: Future<Output = Result<M, Status>> + Send + 'static,
{
    let ask = load::calls(&scene.channel, call);
    let echo = echoing(&scene.echo, echo_path, answer.clone());
    for in_flight in IN_FLIGHT {
        scene.add_beside_echo("query", name, in_flight, load::beside(in_flight, ask.clone(), echo.clone()).await);
    }
}

/// Takes down what a first answer took, how large it is, and the sum of all that is in it, which databases must come to,
/// too.
fn take_down(scene: &Scene, name: &str, begin: Instant, bytes: usize, sum: i128) {
    let milliseconds = begin.elapsed().as_secs_f64() * 1e3;
    let figures = json!({ "milliseconds": milliseconds, "bytes": bytes, "sum": sum.to_string() });
    scene.add("answer", name, "huizong", figures);
}

fn sum_of_rows(answer: &pb::QueryRollupResponse) -> i128 {
    let count = |row: &pb::RollupRow| match row.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::Count(count)) => i128::from(*count),
        other => panic!("{other:?} is no count"),
    };
    answer.rows.iter().map(count).sum()
}

/// Amounts count as their number of units.
fn sum_of_cells(scene: &Scene, answer: &pb::GetConsolidatedFormResponse) -> i128 {
    let edition = edition_for_year(scene.last_year()).unwrap();
    let figures = figures_from_wire(answer.form.as_ref().unwrap(), edition, "form").unwrap();
    figures.filled().filter_map(|(_, cell)| cell.number()).map(i128::from).sum()
}

/// The cells that a computed form of the last year is made of, by path.
pub fn cells_of_form(scene: &Scene) -> Vec<&'static str> {
    let edition = edition_for_year(scene.last_year()).unwrap();
    let prescribed = catalogue().cells_of(edition);
    let prescribed = prescribed.filter(|cell| catalogue().presence(edition, cell.id) == Presence::Prescribed);
    prescribed.map(|cell| cell.path.as_str()).collect()
}
