//! How long roll-ups take at a fixed rate, alone and beside submissions at half of what the service takes.

use serde_json::json;

use super::load;
use super::query::{by_requester_type, roll_up};
use super::scene::{PROVINCE, Scene};
use super::submit::{Corrections, MANY};

/// Roll-ups per second.
const RATE: f64 = 500.0;

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    let half = corrections.rate(MANY).await / 2.0;
    let question = by_requester_type(scene, PROVINCE);
    let ask = load::calls(&scene.channel, move |channel| roll_up(channel, question.clone()));
    let (mut alone_p99, mut beside_p99) = (Vec::new(), Vec::new());
    for _ in 0..load::ROUNDS {
        let alone = load::open(RATE, ask.clone()).await;
        let (beside, submissions) = tokio::join!(load::open(RATE, ask.clone()), load::open(half, corrections.calls()));
        scene.add("mixed", "QueryRollup alone", "huizong", alone.figures(RATE));
        scene.add("mixed", "QueryRollup beside submissions", "huizong", beside.figures(RATE));
        scene.add("mixed", "SubmitReport beside roll-ups", "huizong", submissions.figures(half));
        alone_p99.push(alone.milliseconds(0.99));
        beside_p99.push(beside.milliseconds(0.99));
    }
    let ratio = load::middle(beside_p99) / load::middle(alone_p99);
    scene.add("mixed", "p99 beside ÷ p99 alone", "huizong", json!({ "ratio": ratio }));
}
