//! Who waits for another's question: submissions and plain roll-ups at a fixed rate, alone and while something large is
//! asked or changed over and over.

use std::os::unix::fs::FileExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use huizong::pb;
use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::frozen_form_service_client::FrozenFormServiceClient;
use huizong::pb::registry_change::Change;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::registry::RegistryChange;
use serde_json::json;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::load::{self, Latencies};
use super::query::{by_requester_type, roll_up};
use super::scene::{FIRST_YEAR, PROVINCE, Scene};
use super::submit::Corrections;

/// Submissions, and roll-ups, a second.
const RATE: f64 = 200.0;
/// Pages written in place and synced, a second.
const DISK_RATE: f64 = 20.0;
/// Rounds last longer than others: what takes seconds must be seen in them.
const ROUNDS_EACH: u32 = 3;
/// Questions about the past that are given up at once, and how long each is waited for.
const GIVEN_UP: usize = 40;
const GIVEN_UP_NAME: &str = "QueryRollup as of the past, 40 given up";
const PATIENCE: Duration = Duration::from_millis(30);
/// Callers of the page of rules.
const READERS: usize = 12;
/// Between two rounds of given-up questions, two openings of the page of rules, and two mergers.
const BREATH: Duration = Duration::from_millis(200);
/// Memory that was taken for given-up work is looked at after this.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// The largest page.
const PAGE: i32 = 1000;
/// Agencies that one list of changes moves.
const MOVED: usize = 500;
const CITIES: [&str; 10] = [
    "jurisdictions/230200",
    "jurisdictions/230300",
    "jurisdictions/230400",
    "jurisdictions/230500",
    "jurisdictions/230600",
    "jurisdictions/230700",
    "jurisdictions/230800",
    "jurisdictions/230900",
    "jurisdictions/231000",
    "jurisdictions/231100",
];
/// Into which they are merged, and agencies are moved; nobody else changes it.
const CITY: &str = "jurisdictions/230100";
const COUNTY: &str = "jurisdictions/230102";

/// Something that is asked or changed, once; the number says how often it was before.
type Disturbance = Arc<dyn Fn(Channel, u64) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

fn disturbance<F>(ask: impl Fn(Channel, u64) -> F + Send + Sync + 'static) -> Disturbance
where
    F: Future<Output = Result<(), Status>> + Send + 'static,
{
    Arc::new(move |channel, number| ask(channel, number).boxed())
}

/// What is measured: a name, how many ask it side by side, and what it is.
fn disturbances(scene: &Scene) -> Vec<(&'static str, usize, Disturbance)> {
    let year = i32::from(scene.last_year());
    let question = by_requester_type(scene, PROVINCE);
    let with = |change: fn(&mut pb::Scope)| {
        let mut asked = question.clone();
        change(asked.scope.get_or_insert_default());
        disturbance(move |channel, _| roll_up(channel, asked.clone()).map(|answer| answer.map(drop)))
    };
    let past = question.clone();
    let newest = AtomicU64::new(u64::from(scene.reports));
    let given_up = disturbance(move |channel, _| {
        let asked = (0..GIVEN_UP).map(|_| {
            let as_of = i64::try_from(newest.fetch_sub(1, Ordering::Relaxed)).unwrap();
            let mut question = past.clone();
            question.scope.get_or_insert_default().as_of = as_of;
            tokio::time::timeout(PATIENCE, roll_up(channel.clone(), question))
        });
        let asked = futures::future::join_all(asked.collect::<Vec<_>>());
        async move {
            drop(asked.await);
            tokio::time::sleep(BREATH).await;
            Ok(())
        }
    });
    let moved: Vec<String> = scene.reports(scene.last_year()).map(|report| report.name).collect();
    let moved: Vec<String> = moved.iter().rev().take(MOVED).filter_map(|name| agency_of(name)).collect();
    let moved = Arc::new(moved);
    let mergers = Arc::new(mergers(scene));
    vec![
        (GIVEN_UP_NAME, 1, given_up),
        ("ListRules, 12 at once", READERS, disturbance(move |channel, _| open_rules(channel, year))),
        ("QueryRollup over the tree of another year", 1, with(|asked| asked.hierarchy_year = FIRST_YEAR.into())),
        (
            "QueryRollup with waiting reports",
            1,
            with(|asked| {
                asked.states = vec![pb::ReportState::Submitted.into(), pb::ReportState::Accepted.into()];
            }),
        ),
        ("ListMissingAgencies, every page", 1, disturbance(move |channel, _| missing(channel, year))),
        ("ListAgencies, every page", 1, disturbance(move |channel, _| agencies(channel, "", year))),
        ("ListAgencies and ListReports of a county", 1, disturbance(move |channel, _| county(channel, year))),
        ("FreezeForm, and a rename", 1, disturbance(move |channel, number| freeze(channel, number, year))),
        ("ListFrozenFormRevisions, every page", 1, disturbance(move |channel, _| revisions(channel, year))),
        (
            "a list of moves of agencies",
            1,
            disturbance(move |channel, number| moves(channel, number, moved.clone(), year)),
        ),
        ("mergers of cities", 1, disturbance(move |channel, number| merge(channel, number, mergers.clone()))),
    ]
}

pub async fn measure(scene: &Scene) {
    let corrections = Corrections::of(scene).await;
    let question = by_requester_type(scene, PROVINCE);
    let ask = load::calls(&scene.channel, move |channel| roll_up(channel, question.clone()));
    // What the filling left to be written would be waited for by the first rounds alone.
    Command::new("sync").status().unwrap();
    drop(loads(scene, &corrections, ask.clone()).await);
    let alone = loads(scene, &corrections, ask.clone()).await;
    take_down(scene, "nothing else", &alone, &[]);
    scene.memory("before the questions");
    for (name, side_by_side, disturb) in disturbances(scene) {
        let stop = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..side_by_side)
            .map(|_| tokio::spawn(over_and_over(scene.connect(), disturb.clone(), stop.clone())))
            .collect();
        let beside = loads(scene, &corrections, ask.clone()).await;
        stop.store(true, Ordering::Relaxed);
        let mut took = Vec::new();
        for caller in callers {
            took.extend(caller.await.unwrap());
        }
        take_down(scene, name, &beside, &took);
        if name == GIVEN_UP_NAME {
            scene.memory("during given-up questions");
            tokio::time::sleep(AFTERWARDS).await;
            scene.memory("5 s after given-up questions");
        }
    }
}

/// How long submissions, roll-ups and the disk by itself took.
struct Took {
    submissions: Latencies,
    questions: Latencies,
    disk: Latencies,
}

/// Submissions and roll-ups side by side, for some rounds; and beside them the disk, so that what it is slow by itself is
/// told from what anybody waits for.
async fn loads(
    scene: &Scene,
    corrections: &Corrections,
    ask: impl Fn() -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static,
) -> Took {
    let time = load::round() * ROUNDS_EACH;
    let file = Arc::new(tempfile::tempfile_in(scene.store()).unwrap());
    let write = move || {
        let file = file.clone();
        let write = move || {
            file.write_all_at(&[1; 4096], 0).unwrap();
            file.sync_data().unwrap();
        };
        async move { tokio::task::spawn_blocking(write).await.unwrap() }
    };
    let (submissions, questions, disk) = tokio::join!(
        load::open_for(time, RATE, corrections.calls()),
        load::open_for(time, RATE, ask),
        load::open_for(time, DISK_RATE, write),
    );
    Took { submissions, questions, disk }
}

/// Asks again and again until it is told to stop; how long each took.
async fn over_and_over(
    channel: impl Future<Output = Channel>,
    disturb: Disturbance,
    stop: Arc<AtomicBool>,
) -> Vec<Duration> {
    let channel = channel.await;
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        disturb(channel.clone(), took.len() as u64).await.expect("an answer");
        took.push(begin.elapsed());
    }
    took
}

fn take_down(scene: &Scene, name: &str, Took { submissions, questions, disk }: &Took, took: &[Duration]) {
    let call = (!took.is_empty()).then(|| load::middle(took.iter().map(|took| took.as_secs_f64() * 1e3).collect()));
    scene.add(
        "pauses",
        name,
        "huizong",
        json!({
            "rate_each": RATE,
            "submit_p99_ms": submissions.milliseconds(0.99),
            "submit_most_ms": submissions.milliseconds(1.0),
            "query_p99_ms": questions.milliseconds(0.99),
            "query_most_ms": questions.milliseconds(1.0),
            "disk_p99_ms": disk.milliseconds(0.99),
            "disk_most_ms": disk.milliseconds(1.0),
            "call_ms": call,
            "calls": took.len(),
        }),
    );
}

fn agency_of(report: &str) -> Option<String> {
    report.split_once("/reports/").map(|(agency, _)| agency.to_owned())
}

/// Opens the page of rules, and reads.
async fn open_rules(channel: Channel, year: i32) -> Result<(), Status> {
    let mut client = FormServiceClient::new(channel.clone());
    client.list_rules(pb::ListRulesRequest { page_size: PAGE, ..Default::default() }).await?;
    let jurisdiction = PROVINCE.to_owned();
    let request = pb::ListRuleFailuresRequest { jurisdiction, first_year: year, ..Default::default() };
    RollupServiceClient::new(channel).list_rule_failures(request).await?;
    tokio::time::sleep(BREATH).await;
    Ok(())
}

async fn missing(channel: Channel, year: i32) -> Result<(), Status> {
    let mut client = RollupServiceClient::new(channel);
    let mut request = pb::ListMissingAgenciesRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        // A year in which nobody has reported yet, so that all are missing.
        year: year + 1,
        page_size: PAGE,
        ..Default::default()
    };
    loop {
        let page = client.list_missing_agencies(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(());
        }
    }
}

async fn agencies(channel: Channel, below: &str, year: i32) -> Result<(), Status> {
    let mut client = RegistryServiceClient::new(channel);
    let mut request = pb::ListAgenciesRequest {
        jurisdiction: below.to_owned(),
        below: !below.is_empty(),
        year,
        page_size: PAGE,
        ..Default::default()
    };
    loop {
        let page = client.list_agencies(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(());
        }
    }
}

/// What the page of a county's progress asks.
async fn county(channel: Channel, year: i32) -> Result<(), Status> {
    agencies(channel.clone(), COUNTY, year).await?;
    let mut client = ReportServiceClient::new(channel);
    let mut request = pb::ListReportsRequest {
        parent: "agencies/-".to_owned(),
        jurisdiction: COUNTY.to_owned(),
        year,
        view: pb::ReportView::Standing.into(),
        page_size: PAGE,
        ..Default::default()
    };
    loop {
        let page = client.list_reports(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(());
        }
    }
}

async fn apply(channel: Channel, changes: Vec<Change>) -> Result<(), Status> {
    let changes = changes.into_iter().map(|change| pb::RegistryChange { change: Some(change) }).collect();
    let request = pb::ApplyRegistryChangesRequest { changes, ..Default::default() };
    RegistryServiceClient::new(channel).apply_registry_changes(request).await.map(drop)
}

async fn freeze(channel: Channel, number: u64, year: i32) -> Result<(), Status> {
    let scope = Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() });
    let mut rollups = RollupServiceClient::new(channel.clone());
    let mut client = FrozenFormServiceClient::new(channel.clone());
    let rename = Change::Rename(pb::registry_change::Rename {
        entry: COUNTY.to_owned(),
        display_name: format!("区{number}"),
        first_year: year + i32::try_from(number).unwrap(),
    });
    // What was looked at may be corrected by the submissions beside before it is frozen: then it is looked at again.
    let freeze = async {
        loop {
            let looked_at = pb::GetConsolidatedFormRequest { scope: scope.clone(), year };
            let request = pb::FreezeFormRequest {
                scope: scope.clone(),
                year,
                expected_content_sha256: rollups.get_consolidated_form(looked_at).await?.into_inner().content_sha256,
                note: "measuring".to_owned(),
                ..Default::default()
            };
            match client.freeze_form(request).await {
                Err(status) if status.code() == Code::Aborted => {}
                frozen => return frozen.map(drop),
            }
        }
    };
    let (frozen, renamed) = tokio::join!(freeze, apply(channel, vec![rename]));
    frozen.and(renamed)
}

/// Of the first form that was frozen.
async fn revisions(channel: Channel, year: i32) -> Result<(), Status> {
    let mut client = FrozenFormServiceClient::new(channel);
    let name = format!("{PROVINCE}/frozenForms/{year}-1");
    let mut request = pb::ListFrozenFormRevisionsRequest { name, page_size: PAGE, ..Default::default() };
    loop {
        let page = client.list_frozen_form_revisions(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(());
        }
    }
}

/// Moves agencies with their reports of the last year; only the first list changes anything.
async fn moves(channel: Channel, number: u64, agencies: Arc<Vec<String>>, year: i32) -> Result<(), Status> {
    let share = agencies.len().div_ceil(16);
    let agencies = agencies.chunks(share.max(1)).nth(usize::try_from(number).unwrap()).unwrap_or_default();
    let moved = agencies.iter().map(|name| {
        Change::Move(pb::registry_change::Move { entry: name.clone(), parent: CITY.to_owned(), first_year: year })
    });
    let moved: Vec<Change> = moved.collect();
    if !moved.is_empty() {
        apply(channel, moved).await?;
    }
    tokio::time::sleep(BREATH).await;
    Ok(())
}

/// For each city: what moves its agencies that begin later, which no merger can take along, and what merges it.
fn mergers(scene: &Scene) -> Vec<Vec<Change>> {
    let year = scene.last_year();
    let merger = |city: &&str| {
        let late = scene.province.changes.iter().filter_map(|change| match change {
            RegistryChange::CreateAgency(agency)
                if agency.jurisdiction.name() == **city && agency.first_year.get() > year =>
            {
                Some(Change::Move(pb::registry_change::Move {
                    entry: agency.name(),
                    parent: CITY.to_owned(),
                    first_year: agency.first_year.get().into(),
                }))
            }
            _ => None,
        });
        let merger = pb::registry_change::Merge {
            entries: vec![(*city).to_owned()],
            into: CITY.to_owned(),
            first_year: year.into(),
        };
        late.chain([Change::Merge(merger)]).collect()
    };
    CITIES.iter().map(merger).collect()
}

/// Merges the next city with its reports of the last year.
async fn merge(channel: Channel, number: u64, mergers: Arc<Vec<Vec<Change>>>) -> Result<(), Status> {
    if let Some(changes) = mergers.get(usize::try_from(number).unwrap()) {
        apply(channel, changes.clone()).await?;
    }
    tokio::time::sleep(BREATH).await;
    Ok(())
}
