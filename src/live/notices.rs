//! Word of commits for who watches: one notice each in a bounded ring, however many watch.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::report::ReportKey;
use crate::store::{Commit, Effect};

/// Commits that are remembered for watchers.
const REMEMBERED: usize = 4096;

/// What a commit was about, for watchers.
#[derive(Debug, Clone)]
pub struct Notice {
    sequence: u64,
    /// One thing; a commit that changed several reports leaves a notice for each.
    pub what: Changed,
}

/// What a commit changed, as far as watchers are told.
#[derive(Debug, Clone)]
pub enum Changed {
    /// Which revision of the report is the newest, or how it stands.
    Report(ReportKey),
    /// An entry or a collection.
    Registry,
}

/// Tells watchers of commits.
#[derive(Default)]
pub struct Notices {
    ring: RwLock<Ring>,
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Ring {
    notices: VecDeque<Notice>,
    /// Everything up to here was forgotten.
    forgotten: u64,
}

impl Notices {
    /// Starts after a journal sequence number.
    pub fn begin(&self, sequence: u64) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).forgotten = sequence;
        self.newest.send_replace(sequence);
    }

    /// Follows the newest journal sequence that there is word of.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Waits until everything in memory has followed the journal up to here: whoever was shown this is shown nothing older by any
    /// state.
    pub async fn told(&self, sequence: u64) {
        if *self.newest.borrow() < sequence {
            // The sender is this.
            let _ = self.subscribe().wait_for(|newest| *newest >= sequence).await;
        }
    }

    /// Takes note of commits, in their order.
    pub fn tell(&self, commits: &[Arc<Commit>]) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        for commit in commits {
            let sequence = commit.entry.sequence;
            for effect in &commit.effects {
                let what = match effect {
                    Effect::Revision { after, .. } => Changed::Report(after.newest.report.clone()),
                    Effect::Review { after, .. } => Changed::Report(after.newest.report.clone()),
                    Effect::Registry(_) => Changed::Registry,
                    // It changes no sum.
                    Effect::Frozen(_) | Effect::Access(_) | Effect::Struck(_) => continue,
                };
                // One notice is enough for a list of changes of the registry.
                let last = ring.notices.back();
                if !last.is_some_and(|last| last.sequence == sequence && matches!(last.what, Changed::Registry)) {
                    ring.notices.push_back(Notice { sequence, what });
                }
            }
        }
        while ring.notices.len() > REMEMBERED {
            if let Some(oldest) = ring.notices.pop_front() {
                ring.forgotten = oldest.sequence;
            }
        }
        drop(ring);
        if let Some(last) = commits.last() {
            self.newest.send_replace(last.entry.sequence);
        }
    }

    /// Notices after a sequence number up to another; none where some are forgotten.
    pub fn between(&self, after: u64, upto: u64) -> Option<Vec<Notice>> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        if after < ring.forgotten {
            return None;
        }
        let start = ring.notices.partition_point(|notice| notice.sequence <= after);
        Some(ring.notices.range(start..).take_while(|notice| notice.sequence <= upto).cloned().collect())
    }
}
