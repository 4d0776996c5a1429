//! The service beside a naive model of it: a registry as a table for each year, reports as lists, sums added up one by
//! one. Random histories go through the real door: submissions, corrections, reviews, changes of the registry, pages with
//! writes and restarts between them, questions as of any moment, watches, retries; each answer must be the model's.
//!
//! The model shares no code with what it is about. `cargo test` runs a few histories; `MODEL_HISTORIES`, `MODEL_STEPS` and
//! `MODEL_SEED` say how many, how long, and from which seed on (`make faults`).

mod answer;
mod ask;
mod chance;
mod door;
mod happen;
mod history;
mod questions;
mod registry;
mod reports;
mod watcher;
mod wire;

use huizong::pb;
use huizong::pb::cell_value::Value;

use history::{Doctor, Done, run};

const HISTORIES: u64 = 8;
const STEPS: u64 = 120;
const SEED: u64 = 1;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |value| value.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_that_of_the_model_whatever_happens() {
    let (histories, steps) = (number("MODEL_HISTORIES", HISTORIES), number("MODEL_STEPS", STEPS) as usize);
    let first = number("MODEL_SEED", SEED);
    let mut done = Done::default();
    for seed in first..first + histories {
        done.add(run(seed, steps, None).await.unwrap_or_else(|wrong| panic!("{wrong}")));
    }
    println!("{histories} histories: {done:?}");
    let Done { reports, changes, questions, pagings, restarts, updates, retries, doctored: _ } = done;
    for (what, count) in [
        ("reports", reports),
        ("changes", changes),
        ("questions", questions),
        ("pagings", pagings),
        ("restarts", restarts),
        ("updates", updates),
        ("retries", retries),
    ] {
        assert!(count > 0, "no {what} in any history: {done:?}");
    }
}

/// Falsified answers, each as a service that is wrong might give it.
const DOCTORED: [(&str, Doctor); 4] = [
    ("a row is lost", |rows| rows.pop().is_some()),
    ("a row of nought is there that was not", |rows| {
        let Some(last) = rows.last().filter(|row| !row.keys.is_empty()).cloned() else { return false };
        rows.push(pb::RollupRow { value: Some(pb::CellValue { value: Some(Value::Count(0)) }), ..last });
        true
    }),
    ("a sum is one more", |rows| match rows.last_mut().and_then(|row| row.value.as_mut()?.value.as_mut()) {
        Some(Value::Count(count)) => {
            *count += 1;
            true
        }
        _ => false,
    }),
    ("two rows have changed places", |rows| {
        let differ = rows.len() > 1 && rows[0] != rows[1];
        if differ {
            rows.swap(0, 1);
        }
        differ
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_doctored_answer_is_noticed() {
    for (what, doctor) in DOCTORED {
        // Not in every history is there an answer that can be falsified so.
        for seed in SEED.. {
            match run(seed, STEPS as usize, Some(doctor)).await {
                Ok(done) => assert_eq!(done.doctored, 0, "{what}, and nobody noticed"),
                Err(wrong) => {
                    assert!(wrong.contains("rows"), "{what}: {wrong}");
                    break;
                }
            }
        }
    }
}
