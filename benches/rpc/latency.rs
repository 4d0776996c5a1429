//! How long calls take at fixed rates, as shares of what the service takes at most, beside an echo at the same rate.

use serde_json::json;

use super::echo::{FORM, ROLLUP, SUBMISSION, echoing};
use super::load;
use super::query::{BY_REQUESTER_TYPE, CONSOLIDATED_FORM, by_requester_type, form, form_of, roll_up};
use super::scene::{PROVINCE, Scene};
use super::submit::{CORRECTIONS, Corrections, MANY, payload};

const SHARES: [f64; 3] = [0.25, 0.5, 0.75];

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    let echo = echoing(&scene.echo, SUBMISSION, payload(scene));
    at_fixed_rates(scene, CORRECTIONS, corrections.calls(), echo).await;

    let question = by_requester_type(scene, PROVINCE);
    let answer = roll_up(scene.channel.clone(), question.clone()).await.unwrap();
    let ask = load::calls(&scene.channel, move |channel| roll_up(channel, question.clone()));
    at_fixed_rates(scene, BY_REQUESTER_TYPE, ask, echoing(&scene.echo, ROLLUP, answer)).await;

    let question = form_of(scene);
    let answer = form(scene.channel.clone(), question.clone()).await.unwrap();
    let ask = load::calls(&scene.channel, move |channel| form(channel, question.clone()));
    at_fixed_rates(scene, CONSOLIDATED_FORM, ask, echoing(&scene.echo, FORM, answer)).await;
}

async fn at_fixed_rates<F, G>(
    scene: &Scene,
    name: &str,
    call: impl Fn() -> F + Clone + Send + Sync + 'static,
    echo: impl Fn() -> G + Clone + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
    G: Future<Output = ()> + Send + 'static,
{
    let most = load::closed(MANY, call.clone()).await;
    for share in SHARES {
        let rate = most * share;
        let of_service = load::open(rate, call.clone()).await;
        let of_echo = load::open(rate, echo.clone()).await;
        for (engine, latencies) in [("huizong", of_service), ("echo", of_echo)] {
            let mut figures = latencies.figures(rate);
            figures["share"] = json!(share);
            scene.add("latency", name, engine, figures);
        }
    }
}
