//! Random things to do to a store, made into transactions by how its reports stand.

use huizong::report::{ReportKey, ReportState, ReviewAction};
use huizong::store::{Change, NEWEST, Outcome, RECORD_BYTES_MAX, Standing, Store, Transaction};
use proptest::prelude::*;

use crate::store_contract::contents::JURISDICTIONS;
use crate::store_contract::samples::*;

pub const YEARS: [u16; 2] = [2021, 2022];
pub const REQUESTS: u128 = 4;

/// Every report that a plan may be about.
pub fn reports() -> Vec<ReportKey> {
    let own = ["agency", "agency-2", "11341702486344515H"].map(|agency| YEARS.map(|of| report(agency, of)));
    let of_governments = JURISDICTIONS.map(|code| YEARS.map(|of| consolidated(code, of)));
    own.into_iter().chain(of_governments).flatten().collect()
}

/// One change to be made. Of sequence numbers that are given, `None` is the newest.
#[derive(Debug, Clone)]
enum Action {
    /// After how the report stood at a sequence number.
    Revise {
        report: ReportKey,
        seen: Option<u64>,
        number: i64,
        state: ReportState,
    },
    /// Of how the report stood at a sequence number, unless it could not follow.
    Review {
        report: ReportKey,
        seen: Option<u64>,
        action: ReviewAction,
    },
    Register(u8),
    Authorize(u8),
    Freeze {
        jurisdiction: &'static str,
        of: u16,
        number: u32,
    },
    TooLong,
}

/// One transaction to be made.
#[derive(Debug, Clone)]
pub struct Plan {
    about: ReportKey,
    actions: Vec<Action>,
    request: Option<(u128, &'static str)>,
    /// The version that a report had at a sequence number.
    expected: Option<(ReportKey, Option<u64>)>,
    /// Whether the registry is to be as it is, or as it was at a sequence number.
    registry: Option<Option<u64>>,
}

fn any_report() -> impl Strategy<Value = ReportKey> {
    prop::sample::select(reports())
}

/// Mostly the newest.
fn any_sequence() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![6 => Just(None), 1 => (0..30u64).prop_map(Some)]
}

fn any_action() -> impl Strategy<Value = Action> {
    let states = prop::sample::select(&[ReportState::Submitted, ReportState::Accepted][..]);
    let revise = (any_report(), any_sequence(), 0..3i64, states)
        .prop_map(|(report, seen, number, state)| Action::Revise { report, seen, number, state });
    let review = (any_report(), any_sequence(), prop::sample::select(&ReviewAction::ALL[..]))
        .prop_map(|(report, seen, action)| Action::Review { report, seen, action });
    let freeze = (prop::sample::select(&JURISDICTIONS[..]), prop::sample::select(&YEARS[..]), 1..4u32)
        .prop_map(|(jurisdiction, of, number)| Action::Freeze { jurisdiction, of, number });
    prop_oneof![
        24 => revise,
        24 => review,
        8 => (0..5u8).prop_map(Action::Register),
        6 => freeze,
        4 => (0..11u8).prop_map(Action::Authorize),
        1 => Just(Action::TooLong),
    ]
}

pub fn any_plan() -> impl Strategy<Value = Plan> {
    let request = prop::option::weighted(0.3, (0..REQUESTS, prop::sample::select(&["one", "another"][..])));
    let expected = prop::option::weighted(0.2, (any_report(), any_sequence()));
    let registry = prop::option::weighted(0.2, any_sequence());
    let actions = prop::collection::vec(any_action(), 0..3);
    (any_report(), actions, request, expected, registry)
        .prop_map(|(about, actions, request, expected, registry)| Plan { about, actions, request, expected, registry })
}

impl Plan {
    /// The transaction that a caller would make of it now.
    pub fn transaction(&self, store: &dyn Store) -> Transaction {
        let changes = self.actions.iter().filter_map(|action| action.change(store)).collect();
        let mut transaction = Transaction::of(changes, entry(&self.about.to_string(), Outcome::Accepted));
        if let Some((report, seen)) = &self.expected {
            let standing = stood(store, report, *seen);
            transaction = transaction.expecting(report, standing.map(|standing| standing.status.version()));
        }
        if let Some(seen) = self.registry {
            let changes = store.registry(0, seen.unwrap_or(NEWEST)).unwrap();
            transaction = transaction.expecting_registry(changes.last().map_or(0, |(sequence, _)| *sequence));
        }
        match self.request {
            Some((id, digest)) => transaction.with_request(request_id(id), digest),
            None => transaction,
        }
    }
}

fn stood(store: &dyn Store, report: &ReportKey, seen: Option<u64>) -> Option<Standing> {
    store.standing(report, seen.unwrap_or(NEWEST)).unwrap()
}

impl Action {
    fn change(&self, store: &dyn Store) -> Option<Change> {
        match self {
            Self::Revise { report, seen, number, state } => {
                Some(revise(stood(store, report, *seen), *state, revision(report, *number, "any")))
            }
            Self::Review { report, seen, action } => {
                let before = stood(store, report, *seen)?;
                action.follows().contains(&before.status.state).then(|| reviewing(before, *action, "any"))
            }
            Self::Register(number) => Some(Change::Registry(create_agency(&format!("agency-{number}")))),
            Self::Authorize(number) => Some(Change::Access(authorize(*number))),
            Self::Freeze { jurisdiction, of, number } => {
                Some(Change::Freeze(Box::new(frozen(jurisdiction, *of, *number))))
            }
            Self::TooLong => {
                let report = report("agency", 2023);
                let text = "x".repeat(RECORD_BYTES_MAX);
                Some(revise(None, ReportState::Accepted, revision(&report, 0, &text)))
            }
        }
    }
}
