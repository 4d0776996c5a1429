//! Everything that can be read from a store, to be compared.

use huizong::registry::RegistryChange;
use huizong::report::{Hash, Revision};
use huizong::store::{JournalEntry, Position, RequestId, Store, StoredRequest};

#[derive(Debug, PartialEq, Eq)]
pub struct Contents {
    pub position: Position,
    pub journal: Vec<JournalEntry>,
    pub years: Vec<u16>,
    /// Newest revisions, year by year.
    pub heads: Vec<Revision>,
    /// All revisions of every report, newest first.
    pub revisions: Vec<Revision>,
    pub registry: Vec<RegistryChange>,
    pub requests: Vec<Option<StoredRequest>>,
}

impl Contents {
    /// Reads everything, and what is kept of the given request ids.
    pub fn read(store: &dyn Store, requests: &[RequestId]) -> Self {
        let years = store.years().unwrap();
        let heads: Vec<_> = years.iter().flat_map(|year| store.heads(*year, None, usize::MAX).unwrap()).collect();
        let revisions: Vec<_> =
            heads.iter().flat_map(|head| store.revisions(&head.report, None, usize::MAX).unwrap()).collect();
        for revision in &revisions {
            assert_eq!(store.revision(&revision.name()).unwrap().as_ref(), Some(revision));
        }
        for head in &heads {
            assert_eq!(store.head(&head.report).unwrap().as_ref(), Some(head));
        }
        Self {
            position: store.position(),
            journal: store.journal(0, usize::MAX).unwrap(),
            years: years.into_iter().map(|year| year.get()).collect(),
            heads,
            revisions,
            registry: store.registry().unwrap(),
            requests: requests.iter().map(|id| store.request(*id).unwrap()).collect(),
        }
    }

    /// Without what differs between two stores that were told the same: time, and the hashes that include it.
    pub fn without_time(mut self) -> Self {
        self.position = Position { sequence: self.position.sequence, ..Position::default() };
        for entry in &mut self.journal {
            (entry.time, entry.previous, entry.chain) = (jiff::Timestamp::UNIX_EPOCH, Hash::default(), Hash::default());
        }
        for revision in self.heads.iter_mut().chain(&mut self.revisions) {
            revision.time = jiff::Timestamp::UNIX_EPOCH;
        }
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
