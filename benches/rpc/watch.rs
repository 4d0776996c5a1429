//! Submissions while so many watch the province, beside submissions that nobody watches.

use huizong::pb;
use huizong::pb::rollup_service_client::RollupServiceClient;

use super::query::questions;
use super::scene::Scene;
use super::submit::{Corrections, MANY};
use super::table;

const WATCHERS: [usize; 3] = [10, 100, 1000];

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    let [(_, query), ..] = questions(scene);
    for watchers in WATCHERS {
        let alone = corrections.rate(MANY).await;
        let request = pb::WatchRollupRequest { query: Some(query.clone()) };
        let watches = (0..watchers).map(|_| {
            let (mut client, request) = (RollupServiceClient::new(scene.channel.clone()), request.clone());
            tokio::spawn(async move {
                let mut answers = client.watch_rollup(request).await.unwrap().into_inner();
                while answers.message().await.is_ok_and(|answer| answer.is_some()) {}
            })
        });
        let watches: Vec<_> = watches.collect();
        let rate = corrections.rate(MANY).await;
        watches.iter().for_each(tokio::task::JoinHandle::abort);
        let what = format!("SubmitReport with {watchers} watchers");
        table::line(&what, MANY, rate, ("no watcher", alone));
    }
}
