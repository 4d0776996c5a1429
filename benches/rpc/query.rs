//! Roll-ups: what dashboards ask.

use huizong::pb;
use huizong::pb::rollup_service_client::RollupServiceClient;
use prost::Message;
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
    for (name, question) in questions(scene) {
        let call = move |channel| ask(channel, question.clone());
        beside_echo(scene, name, ROLLUP, call).await;
    }
    let form = form_of(scene);
    let call = move |channel| {
        let form = form.clone();
        async move { RollupServiceClient::new(channel).get_consolidated_form(form).await.unwrap().into_inner() }
    };
    beside_echo(scene, CONSOLIDATED_FORM, FORM, call).await;
}

/// Measures a call beside an echo of its own answer.
async fn beside_echo<M, F>(
    scene: &Scene,
    name: &str,
    echo_path: &'static str,
    call: impl Fn(Channel) -> F + Clone + Send + Sync + 'static,
) where
    M: Message + Default + Clone + 'static,
    F: Future<Output = M> + Send + 'static,
{
    let answer = call(scene.channel.clone()).await;
    for in_flight in IN_FLIGHT {
        let (channel, answer) = (scene.channel.clone(), answer.clone());
        let base = load::closed(in_flight, move || echo(channel.clone(), echo_path, answer.clone())).await;
        let (channel, call) = (scene.channel.clone(), call.clone());
        let rate = load::closed(in_flight, move || {
            let answer = call(channel.clone());
            async move { drop(answer.await) }
        });
        table::line(name, in_flight, rate.await, ("echo", base));
    }
}
