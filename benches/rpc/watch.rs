//! Submissions while so many watch the province, in turns with submissions that nobody watches.

use huizong::pb;
use huizong::pb::rollup_service_client::RollupServiceClient;
use serde_json::json;
use tokio::task::JoinHandle;

use super::load::{ROUNDS, middle};
use super::query::by_requester_type;
use super::scene::{PROVINCE, Scene};
use super::submit::{Corrections, MANY};

const WATCHERS: [usize; 3] = [10, 100, 1000];
/// Watchers that share a connection.
const ON_A_CONNECTION: usize = 100;

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    for watchers in WATCHERS {
        let (mut alone, mut watched) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            alone.push(corrections.rate(MANY).await);
            let watches = watch(scene, watchers).await;
            watched.push(corrections.rate(MANY).await);
            for watch in watches {
                watch.abort();
                // Its place among the watchers is free once it has ended.
                let _ = watch.await;
            }
        }
        let (alone, watched) = (middle(alone), middle(watched));
        let figures = json!({
            "watchers": watchers,
            "in_flight": MANY,
            "per_second": watched,
            "unwatched_per_second": alone,
        });
        scene.add("watch", "SubmitReport, corrections", "huizong", figures);
    }
}

/// Watchers that have had their first answer.
async fn watch(scene: &Scene, watchers: usize) -> Vec<JoinHandle<()>> {
    let query = by_requester_type(scene, PROVINCE);
    let mut watches = Vec::new();
    let mut channel = scene.channel.clone();
    for number in 0..watchers {
        if number % ON_A_CONNECTION == 0 {
            channel = scene.connect().await;
        }
        let pb::QueryRollupRequest { scope, first_year, last_year, measures, group_by, .. } = query.clone();
        let request = pb::WatchRollupRequest { scope, first_year, last_year, measures, group_by, ..Default::default() };
        let mut answers = RollupServiceClient::new(channel.clone()).watch_rollup(request).await.unwrap().into_inner();
        answers.message().await.unwrap().expect("a first answer");
        watches
            .push(tokio::spawn(async move { while answers.message().await.is_ok_and(|answer| answer.is_some()) {} }));
    }
    watches
}
