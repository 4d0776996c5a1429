//! A client that does whatever comes to its mind, and writes down what it was answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use huizong::grpc::{PRINCIPAL_HEADER, problem_of_status};
use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::record::{AGENCIES, Answer, Asked, Call, Question, Review, Standing, Sum, TREE, YEARS, agency, report};
use crate::support;

/// Longest wait for an answer; what takes longer is unknown.
const PATIENCE: Duration = Duration::from_secs(20);
/// Asks for all that any instance has stored: who does not may be answered as of a moment ago.
pub const AT_LEAST_HEADER: &str = "huizong-at-least";
pub const NEWEST: &str = "newest";
/// Pause after a broken connection.
const PAUSE: Duration = Duration::from_millis(50);

/// What all clients have seen, so that they ask for what is there; often it is old by then.
#[derive(Default)]
pub struct Seen {
    etags: Mutex<BTreeMap<String, Vec<String>>>,
    sequence: AtomicU64,
    /// Where the journal stood when all places were there.
    began: u64,
}

impl Seen {
    /// Nothing yet, of a service whose places are all there.
    pub fn since(began: u64) -> Self {
        Self { began, ..Self::default() }
    }

    fn etag(&self, report: &str, random: &mut ChaCha8Rng) -> String {
        let etags = self.etags.lock().unwrap();
        let known = etags.get(report).map_or(&[][..], Vec::as_slice);
        match random.random_range(0..20) {
            0 => String::new(),
            1 => known.choose(random).cloned().unwrap_or_default(),
            _ => known.last().cloned().unwrap_or_default(),
        }
    }

    fn note(&self, asked: &Asked, answer: &Answer) {
        let newest = match (asked, answer) {
            (
                Asked::Submit { report, .. } | Asked::Review { report, .. },
                Answer::Stored { etag, .. } | Answer::Repeated { etag, .. },
            ) => Some((report, etag)),
            (Asked::Read { report }, Answer::Found(Some(standing))) => Some((report, &standing.etag)),
            _ => None,
        };
        if let Some((report, etag)) = newest {
            let mut etags = self.etags.lock().unwrap();
            let known = etags.entry(report.clone()).or_default();
            if known.last() != Some(etag) {
                known.push(etag.clone());
            }
        }
        if let Answer::Stored { sequence, .. } | Answer::Moved { sequence, .. } = answer {
            self.sequence.fetch_max(*sequence, Ordering::SeqCst);
        }
    }
}

pub struct Client {
    pub number: usize,
    pub random: ChaCha8Rng,
    pub began: Instant,
    pub seen: Arc<Seen>,
    /// Where each instance is now; any of them may be asked.
    pub channels: Vec<watch::Receiver<Channel>>,
    pub calls: Vec<Call>,
}

impl Client {
    /// Asks one thing after the other until it is enough.
    pub async fn work(mut self, enough: watch::Receiver<bool>) -> Vec<Call> {
        let mut again: Option<Asked> = None;
        while !*enough.borrow() {
            let asked = match again.take() {
                Some(asked) => asked,
                None => self.think(),
            };
            let answer = self.ask(asked.clone()).await;
            if matches!(answer, Answer::Unknown | Answer::Unavailable) {
                tokio::time::sleep(PAUSE).await;
            }
            // As a careful client does, who wants to know what became of it; now and then for no reason.
            let in_doubt = answer == Answer::Unknown || self.random.random_ratio(1, 20);
            if in_doubt && matches!(asked, Asked::Submit { request_id: Some(_), .. }) {
                again = Some(asked);
            }
        }
        self.calls
    }

    fn think(&mut self) -> Asked {
        let random = &mut self.random;
        let (number, year) = (random.random_range(0..AGENCIES), YEARS[random.random_range(0..YEARS.len())]);
        let report = report(number, year);
        match random.random_range(0..100) {
            0..30 => {
                let request_id = random.random_ratio(1, 2).then(|| Uuid::from_u128(random.random()).to_string());
                // Within a factor of ten, so that no rule asks for a reason.
                let received = random.random_range(100..900);
                Asked::Submit { etag: self.seen.etag(&report, random), report, received, request_id }
            }
            30..50 => {
                let actions = [Review::Accept, Review::Accept, Review::Return, Review::Withdraw];
                let action = actions[random.random_range(0..actions.len())];
                Asked::Review { etag: self.seen.etag(&report, random), report, action }
            }
            50..53 => Asked::Move {
                agency: agency(number).0,
                parent: TREE[random.random_range(0..TREE.len())].0.to_owned(),
                first_year: random.random_range(YEARS[0]..=YEARS[YEARS.len() - 1] + 1),
            },
            53..70 => Asked::Read { report },
            _ => Asked::RollUp(self.question(year)),
        }
    }

    fn question(&mut self, year: u16) -> Question {
        let random = &mut self.random;
        let (began, newest) = (self.seen.began, self.seen.sequence.load(Ordering::SeqCst));
        Question {
            jurisdiction: TREE[random.random_range(0..TREE.len())].0.to_owned(),
            year,
            hierarchy_year: if random.random_ratio(1, 4) { YEARS[random.random_range(0..YEARS.len())] } else { 0 },
            as_of: if newest > began && random.random_ratio(1, 8) { random.random_range(began..=newest) } else { 0 },
            by_child: random.random_ratio(1, 3),
        }
    }

    /// Asks, and writes it down.
    pub async fn ask(&mut self, asked: Asked) -> Answer {
        let principal = format!("client-{}-{}", self.number, self.calls.len());
        let channel = self.channels[self.random.random_range(0..self.channels.len())].borrow().clone();
        let invoked = nanoseconds(self.began);
        let answer = match tokio::time::timeout(PATIENCE, send(channel, &principal, &asked)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(status)) => refusal(&asked, &status),
            Err(_) => Answer::Unknown,
        };
        self.seen.note(&asked, &answer);
        let returned = nanoseconds(self.began);
        let answered = answer.clone();
        self.calls.push(Call { principal, invoked, returned, asked, answer });
        answered
    }
}

pub fn nanoseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_nanos()).unwrap()
}

fn refusal(asked: &Asked, status: &Status) -> Answer {
    match problem_of_status(status).map(|problem| problem.reason().as_str_name().to_owned()) {
        Some(reason) if reason == "OUTCOME_UNKNOWN" => Answer::Unknown,
        Some(reason) if reason == "STORE_UNAVAILABLE" => Answer::Unavailable,
        Some(reason) if reason == "REPORT_NOT_FOUND" && matches!(asked, Asked::Read { .. }) => Answer::Found(None),
        Some(reason) => Answer::Refused(reason),
        None => Answer::Unknown,
    }
}

fn by<T>(principal: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(PRINCIPAL_HEADER, principal.parse().unwrap());
    request.metadata_mut().insert(AT_LEAST_HEADER, NEWEST.parse().unwrap());
    request
}

async fn send(channel: Channel, principal: &str, asked: &Asked) -> Result<Answer, Status> {
    let mut reports = ReportServiceClient::new(channel.clone());
    let reason = "as the hour commands".to_owned();
    match asked {
        Asked::Submit { report, received, etag, request_id } => {
            let request = pb::SubmitReportRequest {
                name: report.clone(),
                form: Some(support::form(*received).into()),
                etag: etag.clone(),
                correction_reason: reason,
                request_id: request_id.clone().unwrap_or_default(),
                ..Default::default()
            };
            let answer = reports.submit_report(by(principal, request)).await?.into_inner();
            let receipt = answer.receipt.clone().unwrap();
            let (sequence, etag) = (unsigned(receipt.journal_sequence), receipt.etag);
            Ok(if answer.already_stored {
                Answer::Repeated { sequence, etag }
            } else {
                Answer::Stored { sequence, etag, state: answer.state() }
            })
        }
        Asked::Review { report: name, action, etag } => {
            let (name, etag) = (name.clone(), etag.clone());
            let outcome = match action {
                Review::Accept => {
                    let request = pb::AcceptReportRequest { name, etag, reason, ..Default::default() };
                    reports.accept_report(by(principal, request)).await?.into_inner().outcome
                }
                Review::Return => {
                    let request = pb::ReturnReportRequest { name, etag, reason, ..Default::default() };
                    reports.return_report(by(principal, request)).await?.into_inner().outcome
                }
                Review::Withdraw => {
                    let request = pb::WithdrawReportRequest { name, etag, reason, ..Default::default() };
                    reports.withdraw_report(by(principal, request)).await?.into_inner().outcome
                }
            };
            let outcome = outcome.unwrap();
            let receipt = outcome.receipt.clone().unwrap();
            Ok(Answer::Stored {
                sequence: unsigned(receipt.journal_sequence),
                etag: receipt.etag,
                state: outcome.state(),
            })
        }
        Asked::Move { agency, parent, first_year } => {
            let change = pb::registry_change::Move {
                entry: agency.clone(),
                parent: format!("jurisdictions/{parent}"),
                first_year: i32::from(*first_year),
            };
            let changes = vec![support::change(pb::registry_change::Change::Move(change))];
            let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() };
            let mut registry = RegistryServiceClient::new(channel);
            let answer = registry.apply_registry_changes(by(principal, request)).await?.into_inner();
            Ok(Answer::Moved { sequence: unsigned(answer.as_of), changed: answer.applied > 0 })
        }
        Asked::Read { report } => {
            let request = pb::GetReportRequest { name: report.clone(), ..Default::default() };
            let report = reports.get_report(by(principal, request)).await?.into_inner().report.unwrap();
            Ok(Answer::Found(Some(Standing {
                number: revision_number(&report.revision),
                etag: report.etag.clone(),
                received: received(report.form.as_deref()),
                state: report.state(),
                accepted: (!report.accepted_revision.is_empty()).then(|| revision_number(&report.accepted_revision)),
            })))
        }
        Asked::RollUp(question) => {
            let request = by(principal, query(question));
            Ok(Answer::Sum(sum_of(RollupServiceClient::new(channel).query_rollup(request).await?)))
        }
    }
}

/// A question as it is sent.
pub fn query(question: &Question) -> pb::QueryRollupRequest {
    let jurisdiction = format!("jurisdictions/{}", question.jurisdiction);
    let group_by: &[pb::Dimension] = if question.by_child { &[pb::Dimension::ChildJurisdiction] } else { &[] };
    support::in_scope(support::question(&jurisdiction, question.year, "requests.received", group_by), |scope| {
        scope.hierarchy_year = question.hierarchy_year.into();
        scope.as_of = question.as_of.try_into().unwrap();
    })
}

fn sum_of(answer: Response<pb::QueryRollupResponse>) -> Sum {
    sum(&answer.into_inner())
}

/// The sums of an answer.
pub fn sum(answer: &pb::QueryRollupResponse) -> Sum {
    let children = answer.rows.iter().filter_map(|row| {
        let key = row.keys.first()?;
        let key = huizong::wire::key_in_words(key);
        let code = key.trim_start_matches("jurisdictions/").trim_end_matches("/ownAgencies");
        // A jurisdiction without anything in it may have a row or not.
        Some((code.to_owned(), support::count(row))).filter(|(_, count)| *count != 0)
    });
    let coverage = &answer.coverage[0];
    Sum {
        sequence: unsigned(answer.as_of),
        total: support::count(&answer.totals[0]),
        expected: coverage.expected.into(),
        received: coverage.received.into(),
        included: coverage.included.into(),
        children: children.collect(),
    }
}

/// The content of a report: requests received.
pub fn received(form: Option<&pb::Form>) -> i64 {
    form.and_then(|form| form.requests.as_ref()?.received?.total).unwrap_or(-1)
}

pub fn revision_number(name: &str) -> u32 {
    name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{name} is no revision"))
}

pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap()
}
