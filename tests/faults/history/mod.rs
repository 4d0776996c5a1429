//! Random clients at once against the real program, and a checker that must find an order of their calls that explains
//! every answer; in the long run with the program killed in between. The same at several instances over one journal, each of
//! which may be asked anything.
//!
//! - `record`: what is written down. `served`: the programs that are asked.
//! - `client`: one client.
//! - `model`: what a sequential service would answer.
//! - `check`: whether the history is one of such a service.
//! - `doctored`: that the checker notices histories that are not.

mod check;
mod client;
pub mod doctored;
mod model;
mod record;
mod served;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_change::Change;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use tonic::Request;
use tonic::transport::Channel;

use crate::program;
use crate::support;
use crate::table::Row;
use check::Kind;
use client::{Client, Seen, nanoseconds, unsigned};
pub use record::History;
use record::{AGENCIES, Answer, Asked, Question, REVIEWED_YEAR, Revision, TREE, Update, Watch, YEARS};
pub use served::Served;

const CLIENTS: usize = 12;
const WATCHERS: usize = 4;
/// Longer than the least time between two answers of a watch.
const WATCH_INTERVAL: Duration = Duration::from_millis(1300);

#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub seed: u64,
    pub rounds: u64,
    /// How long clients work in a round.
    pub time: Duration,
    /// How often a program is killed in a round, or something else is done to it.
    pub kills: u32,
    /// How many programs there are over one journal.
    pub instances: usize,
}

/// Records histories and checks them.
pub fn run(options: &Options) -> Row {
    let mut row = Row::new(if options.instances > 1 { "instances" } else { "history" }, options.seed);
    let mut tally = Tally::default();
    for round in 0..options.rounds {
        let options = Options { seed: options.seed + round, ..*options };
        let Some(history) = program::block_on(recorded_by_own(&options)) else {
            row.skip("there is no PostgreSQL on this machine");
            break;
        };
        tally.take(&mut row, &options, &history);
    }
    row.notes.push(tally.to_string());
    row.done()
}

/// What the calls of some histories were answered.
#[derive(Default)]
pub struct Tally {
    calls: u64,
    unknown: u64,
    unavailable: u64,
    sums: u64,
    updates: usize,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { calls, unknown, unavailable, sums, updates } = self;
        write!(f, "{calls} calls, {unknown} without an answer, {unavailable} to be asked again, {sums} sums, ")?;
        write!(f, "{updates} answers of watches")
    }
}

impl Tally {
    /// Counts what a history holds, and checks it.
    pub fn take(&mut self, row: &mut Row, options: &Options, history: &History) {
        row.rounds += 1;
        for call in &history.calls {
            self.calls += 1;
            match &call.answer {
                Answer::Stored { .. } | Answer::Moved { changed: true, .. } => row.acknowledged += 1,
                Answer::Refused(_) => row.refused += 1,
                Answer::Unknown => self.unknown += 1,
                Answer::Unavailable => self.unavailable += 1,
                Answer::Sum(_) => self.sums += 1,
                Answer::Found(_) | Answer::Repeated { .. } | Answer::Moved { changed: false, .. } => {}
            }
        }
        self.updates += history.watches.iter().map(|watch| watch.updates.len()).sum::<usize>();
        let (seed, unknown) = (options.seed, self.unknown);
        if options.kills == 0 && unknown > 0 {
            row.complain(format!("seed {seed}: {unknown} calls without an answer, and nobody was killed"));
        }
        for violation in check::check(history) {
            let count = match violation.kind {
                Kind::Lost => &mut row.lost,
                Kind::Torn => &mut row.torn,
                Kind::Wrong => &mut row.wrong,
            };
            *count += 1;
            row.complain(format!("seed {seed}: {violation}"));
        }
    }
}

/// The longest time in which nothing was stored, while clients worked.
pub fn longest_pause(history: &History) -> Duration {
    let stored = |call: &&record::Call| matches!(call.answer, Answer::Stored { .. });
    let mut stored: Vec<_> = history.calls.iter().filter(stored).map(|call| call.returned).collect();
    stored.sort_unstable();
    // The last are of the end, when one thing is done after the other.
    stored.truncate(stored.len().saturating_sub(2));
    let pauses = stored.windows(2).map(|two| two[1] - two[0]);
    Duration::from_nanos(pauses.max().unwrap_or(0))
}

async fn recorded_by_own(options: &Options) -> Option<History> {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), options.instances).await?;
    Some(record(options, served).await)
}

/// Lets clients work, and writes down everything.
pub async fn record(options: &Options, mut served: Served) -> History {
    let channels = served.channels();
    let channel = channels[0].borrow().clone();
    set_up(&channel).await;
    let mut history = History { began_after: position(&channel).await, ..History::default() };

    let (began, seen) = (Instant::now(), Arc::new(Seen::since(history.began_after)));
    let until = began + options.time;
    let client = |number: usize| Client {
        number,
        random: ChaCha8Rng::seed_from_u64(options.seed.wrapping_mul(1000).wrapping_add(number as u64)),
        began,
        seen: seen.clone(),
        channels: channels.clone(),
        calls: Vec::new(),
    };
    let (enough, is_enough) = watch::channel(false);
    let clients = (0..CLIENTS).map(|number| tokio::spawn(client(number).work(is_enough.clone())));
    let clients: Vec<_> = clients.collect();
    let (over, is_over) = watch::channel(false);
    let watchers: Vec<_> = (0..WATCHERS)
        .map(|number| {
            let channel = channels[number % channels.len()].clone();
            tokio::spawn(follow(watched(number), began, channel, is_over.clone()))
        })
        .collect();

    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    for kill in 0..options.kills {
        // Somewhere in its part of the time.
        let part = options.time.as_secs_f64() / f64::from(options.kills);
        let moment = began + Duration::from_secs_f64(part * (f64::from(kill) + random.random_range(0.2..0.8)));
        tokio::time::sleep_until(moment.into()).await;
        served.disturb(&mut random).await;
    }
    tokio::time::sleep_until(until.into()).await;
    enough.send_replace(true);
    for client in clients {
        history.calls.extend(client.await.unwrap());
    }
    // One change after the other, slowly enough for a watch to name each.
    let mut last = client(CLIENTS);
    for received in [500, 600] {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let report = record::report(0, REVIEWED_YEAR);
        let found = last.ask(Asked::Read { report: report.clone() }).await;
        let Answer::Found(found) = found else { panic!("{found:?}") };
        let etag = found.map(|standing| standing.etag).unwrap_or_default();
        last.ask(Asked::Submit { report, received, etag, request_id: None }).await;
    }
    // Nothing changes any more: everything is looked at once more, and watches come to rest.
    for year in YEARS {
        for agency in 0..AGENCIES {
            last.ask(Asked::Read { report: record::report(agency, year) }).await;
        }
        for (code, _, _) in TREE {
            let question =
                Question { jurisdiction: code.to_owned(), year, hierarchy_year: 0, as_of: 0, by_child: true };
            last.ask(Asked::RollUp(question)).await;
        }
    }
    history.calls.extend(last.calls);
    tokio::time::sleep(2 * WATCH_INTERVAL).await;
    over.send_replace(true);
    for watcher in watchers {
        history.watches.extend(watcher.await.unwrap());
    }
    let channel = channels[0].borrow().clone();
    dump(&channel, &mut history).await;
    served.assert_whole().await;
    history
}

async fn set_up(channel: &Channel) {
    let mut changes: Vec<_> = TREE
        .into_iter()
        .map(|(code, parent, level)| {
            let parent = if parent.is_empty() { String::new() } else { format!("jurisdictions/{parent}") };
            support::change(Change::CreateJurisdiction(pb::Jurisdiction {
                name: format!("jurisdictions/{code}"),
                parent,
                display_name: format!("样例{code}"),
                level: level.into(),
                first_year: 2019,
                ..Default::default()
            }))
        })
        .collect();
    changes.extend((0..AGENCIES).map(|number| {
        let (name, home) = record::agency(number);
        support::change(Change::CreateAgency(pb::Agency {
            display_name: format!("样例局{number}"),
            name,
            jurisdiction: format!("jurisdictions/{home}"),
            kind: pb::AgencyKind::Department.into(),
            first_year: 2019,
            ..Default::default()
        }))
    }));
    let mut registry = RegistryServiceClient::new(channel.clone());
    let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() };
    registry.apply_registry_changes(request).await.unwrap();
    let collection = pb::Collection {
        name: format!("collections/{REVIEWED_YEAR}"),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    registry.create_collection(request).await.unwrap();
}

async fn position(channel: &Channel) -> u64 {
    let status = OperationsServiceClient::new(channel.clone()).get_status(pb::GetStatusRequest::default()).await;
    unsigned(status.unwrap().into_inner().as_of)
}

fn watched(number: usize) -> Question {
    Question {
        jurisdiction: TREE[number % 3].0.to_owned(),
        year: YEARS[number % YEARS.len()],
        hierarchy_year: 0,
        as_of: 0,
        by_child: number.is_multiple_of(2),
    }
}

/// Watches until it is over, beginning anew where the program was killed.
async fn follow(
    question: Question,
    began: Instant,
    channel: watch::Receiver<Channel>,
    mut over: watch::Receiver<bool>,
) -> Vec<Watch> {
    let mut watches = Vec::new();
    while !*over.borrow() {
        let invoked = nanoseconds(began);
        let mut request = Request::new(support::watched(client::query(&question)));
        request.metadata_mut().insert(client::AT_LEAST_HEADER, client::NEWEST.parse().unwrap());
        let present = channel.borrow().clone();
        let answer = RollupServiceClient::new(present).watch_rollup(request).await;
        let Ok(answer) = answer else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let mut answers = answer.into_inner();
        let mut watch = Watch { question: question.clone(), invoked, updates: Vec::new(), to_the_end: false };
        loop {
            let message = tokio::select! {
                message = answers.message() => message,
                _ = over.wait_for(|over| *over) => {
                    watch.to_the_end = true;
                    break;
                }
            };
            let Ok(Some(message)) = message else { break };
            let sum = client::sum(&message.answer.unwrap());
            watch.updates.push(Update {
                returned: nanoseconds(began),
                previous_sequence: unsigned(message.previous_as_of),
                sum,
                changed: message.changed_reports,
                resync: message.resync,
            });
        }
        watches.push(watch);
    }
    watches
}

/// The journal and all revisions, as they are now.
async fn dump(channel: &Channel, history: &mut History) {
    let mut journal = JournalServiceClient::new(channel.clone());
    let mut request = pb::ListJournalRequest { page_size: 1000, ..Default::default() };
    loop {
        let page = journal.list_journal(request.clone()).await.unwrap().into_inner();
        history.journal.extend(page.entries);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let mut reports = ReportServiceClient::new(channel.clone()).max_decoding_message_size(64 << 20);
    let names = (0..AGENCIES).flat_map(|agency| YEARS.map(|year| record::report(agency, year)));
    for name in names {
        let mut request =
            pb::ListReportRevisionsRequest { name: name.clone(), page_size: 100, page_token: String::new() };
        let mut found: BTreeMap<(String, u32), Revision> = BTreeMap::new();
        loop {
            let page = match reports.list_report_revisions(request.clone()).await {
                Ok(page) => page.into_inner(),
                // Never handed in.
                Err(status) if status.code() == tonic::Code::NotFound => break,
                Err(status) => panic!("{name}: {status:?}"),
            };
            found.extend(page.reports.iter().map(|report| {
                let revision = Revision {
                    etag: report.etag.clone(),
                    received: client::received(report.form.as_deref()),
                    sequence: unsigned(report.journal_sequence),
                };
                ((name.clone(), client::revision_number(&report.revision)), revision)
            }));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        history.revisions.extend(found);
    }
}

/// A history of the real program, to be doctored.
fn recorded(seed: u64) -> History {
    let options = Options { seed, rounds: 1, time: Duration::from_secs(2), kills: 0, instances: 1 };
    program::block_on(recorded_by_own(&options)).unwrap()
}
