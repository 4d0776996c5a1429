//! How long roll-ups take at a fixed rate, alone and beside submissions at half of what the service takes.

use super::load::{self, Latencies};
use super::query::{ask, questions};
use super::scene::Scene;
use super::submit::{Corrections, MANY};

/// Roll-ups per second.
const RATE: f64 = 500.0;

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    let half = corrections.rate(MANY).await / 2.0;
    let [(_, question), ..] = questions(scene);
    let roll_ups = async || {
        let (channel, question) = (scene.channel.clone(), question.clone());
        let call = move || {
            let answer = ask(channel.clone(), question.clone());
            async move { drop(answer.await) }
        };
        load::open(RATE, call).await
    };
    println!("\n{:<52}{:>10}{:>9}{:>9}{:>9}{:>9}", "open load", "calls/s", "p50 ms", "p99 ms", "most ms", "missed");
    let alone = roll_ups().await;
    print("QueryRollup alone", RATE, &alone);
    let submit = move || corrections.clone().correct();
    let (beside, submissions) = tokio::join!(roll_ups(), load::open(half, submit));
    print("QueryRollup beside submissions", RATE, &beside);
    print("SubmitReport, corrections, beside roll-ups", half, &submissions);
    println!("p99 of roll-ups beside submissions ÷ alone: {:.2}", beside.milliseconds(0.99) / alone.milliseconds(0.99));
}

fn print(what: &str, rate: f64, latencies: &Latencies) {
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| latencies.milliseconds(share));
    println!("{what:<52}{rate:>10.0}{half:>9.2}{most:>9.2}{all:>9.2}{:>9}", latencies.missed);
}
