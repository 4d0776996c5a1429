//! Roll-ups: what dashboards ask.

use huizong::pb;
use huizong::pb::rollup_service_client::RollupServiceClient;
use tonic::transport::Channel;

use super::echo::{FORM, ROLLUP, echo};
use super::load;
use super::scene::{FIRST_YEAR, PROVINCE, Scene};
use super::table;

const IN_FLIGHT: [usize; 3] = [1, 16, 64];

const BY_REQUESTER_TYPE: &str = "QueryRollup by requester type, 1 year";
const BY_AGENCY: &str = "QueryRollup by agency, all years";
const BY_YEAR_OF_A_KIND: &str = "QueryRollup by year, one kind";
const CONSOLIDATED_FORM: &str = "GetConsolidatedForm, 1 year";

pub fn questions(scene: &Scene) -> [(&'static str, pb::QueryRollupRequest); 3] {
    let question = |group: pb::Dimension| pb::QueryRollupRequest {
        jurisdiction: PROVINCE.to_owned(),
        first_year: FIRST_YEAR.into(),
        last_year: scene.last_year().into(),
        group_by: vec![group.into()],
        include_vertical: true,
        ..Default::default()
    };
    let year = scene.last_year().into();
    [
        (
            BY_REQUESTER_TYPE,
            pb::QueryRollupRequest { first_year: year, last_year: year, ..question(pb::Dimension::RequesterType) },
        ),
        (
            BY_YEAR_OF_A_KIND,
            pb::QueryRollupRequest {
                agency_kinds: vec![pb::AgencyKind::Department.into()],
                ..question(pb::Dimension::Year)
            },
        ),
        (BY_AGENCY, question(pb::Dimension::Agency)),
    ]
}

fn form_of(scene: &Scene) -> pb::GetConsolidatedFormRequest {
    pb::GetConsolidatedFormRequest {
        jurisdiction: PROVINCE.to_owned(),
        year: scene.last_year().into(),
        include_vertical: true,
        ..Default::default()
    }
}

pub async fn ask(channel: Channel, question: pb::QueryRollupRequest) -> pb::QueryRollupResponse {
    RollupServiceClient::new(channel).query_rollup(question).await.unwrap().into_inner()
}

pub async fn measure(scene: &Scene) {
    let to = || scene.channel.clone();
    for (name, question) in questions(scene) {
        let answer = ask(to(), question.clone()).await;
        for in_flight in IN_FLIGHT {
            let (channel, answer) = (to(), answer.clone());
            let base = load::closed(in_flight, move || echo(channel.clone(), ROLLUP, answer.clone())).await;
            let (channel, question) = (to(), question.clone());
            let call = move || {
                let answer = ask(channel.clone(), question.clone());
                async move { drop(answer.await) }
            };
            table::line(name, in_flight, load::closed(in_flight, call).await, ("echo", base));
        }
    }
    let get_form = async |channel: Channel| {
        RollupServiceClient::new(channel).get_consolidated_form(form_of(scene)).await.unwrap().into_inner()
    };
    let answer = get_form(to()).await;
    for in_flight in IN_FLIGHT {
        let (channel, answer) = (to(), answer.clone());
        let base = load::closed(in_flight, move || echo(channel.clone(), FORM, answer.clone())).await;
        let (channel, request) = (to(), form_of(scene));
        let call = move || {
            let (mut client, request) = (RollupServiceClient::new(channel.clone()), request.clone());
            async move { drop(client.get_consolidated_form(request).await.unwrap()) }
        };
        table::line(CONSOLIDATED_FORM, in_flight, load::closed(in_flight, call).await, ("echo", base));
    }
}
