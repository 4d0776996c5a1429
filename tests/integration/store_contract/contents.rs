//! Everything that can be read from a store, to be compared.

use std::sync::Arc;

use huizong::access::AccessChange;
use huizong::registry::RegistryChange;
use huizong::report::Owners;
use huizong::report::{Hash, ReportKey, ReportYear, Review, Revision};
use huizong::rollup::FrozenForm;
use huizong::store::{JournalEntry, NEWEST, Position, RequestId, Standing, Store, StoredRequest};

/// Jurisdictions of the samples, of which frozen forms are looked for.
pub const JURISDICTIONS: [&str; 2] = ["230000", "230100"];

/// Own reports first.
pub const OWNERS: [Owners; 2] = [Owners::Agencies, Owners::Jurisdictions];

#[derive(Debug, PartialEq)]
pub struct Contents {
    pub position: Position,
    pub journal: Vec<JournalEntry>,
    pub years: [Vec<ReportYear>; 2],
    /// How reports stand, own ones first, year by year.
    pub standings: Vec<Standing>,
    /// All revisions of every report, newest first.
    pub revisions: Vec<Revision>,
    /// All reviews of every report, oldest first.
    pub reviews: Vec<Review>,
    pub registry: Vec<(u64, RegistryChange)>,
    pub frozen: Vec<FrozenForm>,
    pub access: Vec<(u64, AccessChange)>,
    pub requests: Vec<Option<StoredRequest>>,
}

impl Contents {
    /// Reads everything, and what is kept of the given request ids.
    pub fn read(store: &dyn Store, requests: &[RequestId]) -> Self {
        let years = OWNERS.map(|owners| store.years(owners).unwrap());
        let of_owners = |(owners, years): (_, &Vec<ReportYear>)| -> Vec<Standing> {
            years.iter().flat_map(|year| store.reports(owners, *year, None, usize::MAX, NEWEST).unwrap()).collect()
        };
        let standings: Vec<_> = OWNERS.into_iter().zip(&years).flat_map(of_owners).collect();
        let reports: Vec<&ReportKey> = standings.iter().map(|standing| &standing.newest.report).collect();
        let revisions: Vec<_> =
            reports.iter().flat_map(|report| store.revisions(report, None, usize::MAX).unwrap()).collect();
        for revision in &revisions {
            assert_eq!(store.revision(&revision.name()).unwrap().as_ref(), Some(revision));
        }
        for standing in &standings {
            assert_eq!(store.standing(&standing.newest.report, NEWEST).unwrap().as_ref(), Some(standing));
            assert_whole(standing);
        }
        let frozen = |code: &str| store.frozen_forms(&code.parse().unwrap(), None, usize::MAX).unwrap();
        Self {
            position: store.position(),
            journal: store.journal(0, usize::MAX).unwrap(),
            revisions,
            reviews: reports.iter().flat_map(|report| store.reviews(report, 1..=u32::MAX).unwrap()).collect(),
            registry: store.registry(0, NEWEST).unwrap(),
            frozen: JURISDICTIONS.into_iter().flat_map(frozen).collect(),
            access: store.access().unwrap(),
            requests: requests.iter().map(|id| store.request(*id).unwrap()).collect(),
            standings,
            years,
        }
    }

    /// Without what differs between two stores that were told the same: time, and the hashes that include it.
    pub fn without_time(mut self) -> Self {
        const NO_TIME: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;
        self.position = Position { sequence: self.position.sequence, ..Position::default() };
        for entry in &mut self.journal {
            (entry.time, entry.previous, entry.chain) = (NO_TIME, Hash::default(), Hash::default());
            entry.covers = None;
        }
        for standing in &mut self.standings {
            Arc::make_mut(&mut standing.newest).time = NO_TIME;
            if let Some(accepted) = &mut standing.accepted {
                Arc::make_mut(accepted).time = NO_TIME;
            }
        }
        self.revisions.iter_mut().for_each(|revision| revision.time = NO_TIME);
        self.reviews.iter_mut().for_each(|review| review.time = NO_TIME);
        self.frozen.iter_mut().for_each(|form| form.time = NO_TIME);
        self
    }

    /// The journal counts from 1 without gaps, each entry is chained to the one before, and time never runs backwards.
    pub fn assert_chain(&self) {
        let mut last = Position::default();
        for entry in &self.journal {
            assert_eq!(entry.sequence, last.sequence + 1);
            assert_eq!(entry.previous, last.chain);
            assert_eq!(entry.chain, entry.compute_chain());
            assert!(entry.time >= last.time);
            last = entry.position();
        }
        assert_eq!(self.position, last);
    }
}

/// The status names the revisions that come with it.
fn assert_whole(standing: &Standing) {
    assert_eq!(standing.status.newest, standing.newest.number);
    assert_eq!(standing.status.accepted, standing.accepted.as_ref().map(|accepted| accepted.number));
    let of_report = |revision: &Arc<Revision>| revision.report == standing.newest.report;
    assert!(standing.accepted.as_ref().is_none_or(of_report));
}
