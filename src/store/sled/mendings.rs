//! Counts what was made again, and says what of it the journal has not been told yet.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::access::MEND;
use crate::report::Hash;
use crate::store::Mendings;
use crate::store::evidence::Salt;
use crate::store::journal::{NewEntry, Outcome};
use crate::store::transaction::Transaction;
use crate::telemetry::metrics;

/// As whom the store stands in the journal.
const ACTOR: &str = "huizong";

#[derive(Default)]
struct Counts {
    made: Mendings,
    told: Mendings,
}

/// What was made again since the store was opened.
#[derive(Default)]
pub(super) struct Mended(Mutex<Counts>);

impl Mended {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many entries of the log were put back.
    pub(super) fn log(&self, entries: u64) {
        metrics::mended("log", entries);
        self.counts().made.entries += entries;
    }

    /// A copy was made anew.
    pub(super) fn copy(&self) {
        metrics::mended("copy", 1);
        self.counts().made.copies += 1;
    }

    pub(super) fn all(&self) -> Mendings {
        self.counts().made
    }

    /// What the journal does not say yet; none where it says all.
    pub(super) fn untold(&self) -> Option<Mendings> {
        let counts = self.counts();
        let (made, told) = (counts.made, counts.told);
        let untold = Mendings { entries: made.entries - told.entries, copies: made.copies - told.copies };
        (untold != Mendings::default()).then_some(untold)
    }

    /// So much of it is in the journal now.
    pub(super) fn were_told(&self, of: Mendings) {
        let told = &mut self.counts().told;
        told.entries += of.entries;
        told.copies += of.copies;
    }
}

/// What puts mendings into the journal.
pub(super) fn entry(of: Mendings) -> Transaction {
    let Mendings { entries, copies } = of;
    let entry = NewEntry {
        actor: ACTOR.to_owned(),
        by: String::new(),
        action: MEND,
        subject: String::new(),
        outcome: Outcome::Accepted,
        detail: format!("entries put back into the log {entries}\ncopies made anew {copies}"),
        content_hash: Hash::default(),
    };
    Transaction { salt: Salt::random(), ..Transaction::of(Vec::new(), entry) }
}
