//! How cost grows: with agencies, with years, with the depth of the tree. With watchers: see `watch`.

use serde_json::json;

use super::load;
use super::query::{by_agency, by_requester_type, form, form_of, roll_up, warm_up};
use super::record::Record;
use super::scene::Scene;
use super::start;
use super::submit::{Corrections, MANY};

/// Provinces that differ in their agencies alone, and in their years alone.
const PROVINCES: [(usize, u16); 10] = [
    (500, 2),
    (1_000, 2),
    (2_000, 2),
    (5_000, 2),
    (10_000, 2),
    (20_000, 2),
    (2_000, 1),
    (2_000, 4),
    (2_000, 8),
    (2_000, 16),
];
/// The province whose tree is looked at level by level.
const OF_DEPTH: (usize, u16) = (2_000, 2);
/// A jurisdiction of each level, below one another, and how the credit codes of its own agencies begin.
const LEVELS: [(&str, &str); 3] = [
    ("jurisdictions/230000", "agencies/11230000"),
    ("jurisdictions/230100", "agencies/11230100"),
    ("jurisdictions/230102", "agencies/11230102"),
];
const IN_FLIGHT: usize = 16;

pub async fn measure(record: &Record) {
    for (agencies, years) in PROVINCES {
        let record = record.clone().about(json!({ "growing": true }));
        let mut scene = Scene::set(record, agencies, years).await;
        start::measure(&mut scene).await;
        of_province(&scene).await;
        if (agencies, years) == OF_DEPTH {
            of_levels(&scene).await;
        }
    }
}

async fn of_province(scene: &Scene) {
    let add = |call: &str, in_flight: usize, rate: f64| {
        scene.add("growth", call, "huizong", json!({ "in_flight": in_flight, "per_second": rate }));
    };
    let question = by_agency(scene);
    warm_up(scene).await;
    let ask = load::calls(&scene.channel, move |channel| roll_up(channel, question.clone()));
    add("QueryRollup by agency", IN_FLIGHT, load::closed(IN_FLIGHT, ask).await);
    let question = form_of(scene);
    let ask = load::calls(&scene.channel, move |channel| form(channel, question.clone()));
    add("GetConsolidatedForm", IN_FLIGHT, load::closed(IN_FLIGHT, ask).await);
    let question = by_requester_type(scene, LEVELS[0].0);
    let ask = load::calls(&scene.channel, move |channel| roll_up(channel, question.clone()));
    add("QueryRollup by requester type", IN_FLIGHT, load::closed(IN_FLIGHT, ask).await);
    add("SubmitReport", MANY, Corrections::of(scene).await.rate(MANY).await);
}

async fn of_levels(scene: &Scene) {
    for (depth, (jurisdiction, agencies)) in (1..).zip(LEVELS) {
        let question = by_requester_type(scene, jurisdiction);
        let ask = load::calls(&scene.channel, move |channel| roll_up(channel, question.clone()));
        let asked = load::closed(IN_FLIGHT, ask).await;
        let corrections = Corrections::among(scene, |name| name.starts_with(agencies)).await;
        let submitted = corrections.rate(IN_FLIGHT).await;
        for (call, rate) in [("QueryRollup by requester type", asked), ("SubmitReport", submitted)] {
            scene.add("depth", call, "huizong", json!({ "depth": depth, "per_second": rate }));
        }
    }
}
