//! Checks what is left in a store against its journal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use huizong::report::Owners;
use huizong::report::{ReportKey, ReportStatus, ReviewAction, RevisionName};
use huizong::store::{JournalEntry, NEWEST, Outcome, Position, Standing, Store};

use super::changes::{self, FREEZE, MEND, REGISTRAR, REVIEW, SUBMIT};
use super::workload::{Told, open};
use crate::support::below::open_below;

/// Length of the keys of revisions; those of their reviews are longer.
const REVISION_KEY_BYTES: usize = 1 + 2 + 40 + 4;

/// What is left in a store.
#[derive(Debug, Default)]
pub struct Found {
    /// Sequence number of the last journal entry.
    pub max: u64,
    /// Acknowledged transactions that are gone.
    pub lost: u64,
    /// Journal entries of which something is missing or another, and reports that stand otherwise than they say.
    pub torn: u64,
    /// Journal entries that do not follow the one before.
    pub holes: u64,
    /// Revisions, reviews, frozen forms, changes of the registry and request ids without a journal entry.
    pub stray: u64,
}

/// What the journal says that there is.
#[derive(Debug, Default)]
struct Said {
    /// How each report stands.
    reports: BTreeMap<ReportKey, ReportStatus>,
    submissions: u64,
    reviews: u64,
    forms: u64,
    /// Entries with a change of the registry.
    registrations: BTreeSet<u64>,
}

impl Said {
    /// Takes in an entry; whether all of it is there.
    fn take(&mut self, store: &dyn Store, entry: &JournalEntry) -> bool {
        if entry.actor == REGISTRAR {
            self.registrations.insert(entry.sequence);
        }
        if entry.action == MEND {
            return true;
        }
        if entry.action == FREEZE {
            self.forms += 1;
            return changes::is_frozen_as_said(store, entry).expect("frozen forms can be read");
        }
        let name: RevisionName = entry.subject.parse().expect("the entry names its revision");
        let before = self.reports.get(&name.report);
        let (whole, status) = match entry.action.as_str() {
            SUBMIT => {
                self.submissions += 1;
                let whole = changes::is_submitted_as_said(store, &name, entry).expect("the revision can be read");
                let revision = store.revision(&name).expect("the revision can be read");
                let accepted_before = before.and_then(|before| before.accepted);
                let fits = revision.as_ref().is_some_and(|found| found.accepted_before == accepted_before);
                (whole && fits, revision.map(|revision| revision.status()))
            }
            REVIEW => {
                self.reviews += 1;
                let whole = changes::is_reviewed_as_said(store, &name, entry).expect("reviews can be read");
                let mut actions = ReviewAction::ALL.into_iter();
                let action = actions.find(|action| format!("{action:?}") == entry.detail).expect("a review");
                let review =
                    |before| ReportStatus { review: entry.sequence, sequence: entry.sequence, ..action.apply(before) };
                (whole, before.map(review))
            }
            other => panic!("an entry of {other:?}"),
        };
        self.reports.extend(status.map(|status| (name.report, status)));
        whole
    }
}

impl Found {
    pub fn is_whole(&self) -> bool {
        self.lost + self.torn + self.holes + self.stray == 0
    }

    /// Checks all that can be read through the store against its journal.
    fn read(store: &dyn Store, acknowledged: i64) -> (Self, Said) {
        let (mut found, mut said) = (Self::default(), Said::default());
        let mut last = Position::default();
        for entry in store.journal(0, usize::MAX).expect("the journal can be read") {
            let follows = entry.sequence == last.sequence + 1 && entry.previous == last.chain;
            found.holes += u64::from(!follows || entry.chain != entry.compute_chain());
            if entry.outcome == Outcome::Accepted {
                found.torn += u64::from(!said.take(store, &entry));
            }
            last = entry.position();
        }
        found.holes += u64::from(store.position() != last);
        found.max = last.sequence;
        found.lost = u64::try_from(acknowledged).unwrap_or(0).saturating_sub(last.sequence);

        let standings = standings(store);
        // Numbers count from 1 without gaps, so the newest tells how many there are.
        let revisions: u64 = standings.iter().map(|standing| u64::from(standing.status.newest)).sum();
        found.stray += revisions.abs_diff(said.submissions);
        let reviews = |standing: &Standing| store.reviews(&standing.newest.report, 1..=u32::MAX).expect("can be read");
        let reviews: usize = standings.iter().map(|standing| reviews(standing).len()).sum();
        found.stray += (reviews as u64).abs_diff(said.reviews);
        let registered = store.registry(0, NEWEST).expect("the registry can be read");
        let registered: Vec<_> = registered.into_iter().map(|(sequence, _)| sequence).collect();
        found.stray += registered.iter().filter(|sequence| !said.registrations.contains(sequence)).count() as u64;
        found.torn += said.registrations.iter().filter(|sequence| !registered.contains(sequence)).count() as u64;

        let stands = |report: &ReportKey| standings.iter().find(|standing| standing.newest.report == *report);
        let as_said =
            said.reports.iter().filter(|(report, status)| stands(report).is_some_and(|it| is_whole(it, status)));
        found.torn += (said.reports.len() - as_said.count()) as u64;
        found.stray += (standings.len() as u64).saturating_sub(said.reports.len() as u64);
        (found, said)
    }

    /// Counts the keys of each kind below the store: as many as the entries that have them.
    fn count_keys(&mut self, folder: &Path, said: &Said) {
        let below = open_below(folder);
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for key in below.iter().keys() {
            let key = key.expect("keys can be read");
            let kind = match (key[0], key.len()) {
                (b'r' | b'c', REVISION_KEY_BYTES) => "revisions",
                (b'r' | b'c', _) => "reviews",
                (b'q', _) => "requests",
                (b'f', _) => "forms",
                (b'g', _) => "registrations",
                (b'j', _) => "entries",
                _ => "others",
            };
            *counts.entry(kind).or_default() += 1;
        }
        for (kind, expected) in [
            ("revisions", said.submissions),
            ("reviews", said.reviews),
            ("requests", said.submissions),
            ("forms", said.forms),
            ("registrations", said.registrations.len() as u64),
            ("entries", self.max),
            // The store's header.
            ("others", 1),
        ] {
            self.stray += counts.get(kind).copied().unwrap_or(0).abs_diff(expected);
        }
    }
}

fn standings(store: &dyn Store) -> Vec<Standing> {
    let of_owners = |owners| -> Vec<Standing> {
        let years = store.years(owners).expect("the years can be read");
        let of_year = |year| store.reports(owners, year, None, usize::MAX, NEWEST).expect("reports can be read");
        years.into_iter().flat_map(of_year).collect()
    };
    [Owners::Agencies, Owners::Jurisdictions].into_iter().flat_map(of_owners).collect()
}

/// Whether a report stands like this, with the revisions that belong to it.
fn is_whole(standing: &Standing, status: &ReportStatus) -> bool {
    let accepted = standing.accepted.as_ref().map(|revision| revision.number);
    standing.status == *status && standing.newest.number == status.newest && accepted == status.accepted
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max, lost, torn, holes, stray } = self;
        write!(f, "max={max} lost={lost} torn={torn} holes={holes} crosstree_bad={stray}")
    }
}

/// Opens what is left, and checks it. Nothing was acknowledged where `acknowledged` is below 1.
pub fn verify(folder: &Path, acknowledged: i64) -> Found {
    let store = open(folder, Arc::new(Told::default())).expect("the store opens");
    let (mut found, said) = Found::read(&store, acknowledged);
    drop(store);
    found.count_keys(folder, &said);
    found
}
