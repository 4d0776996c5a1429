//! How the reports stand that were read or changed last: a submission is judged by them, and a moment later the committer
//! asks whether they still stand so.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::report::ReportKey;
use crate::store::transaction::Standing;

/// Reports that are remembered; each takes some kilobytes and the length of its texts.
const REPORTS_MAX: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Standings as of the newest durable journal entry; none for a report that is not there.
pub(crate) struct Recent {
    kept: Mutex<LruCache<ReportKey, Option<Standing>>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { kept: Mutex::new(LruCache::new(REPORTS_MAX)) }
    }
}

impl Recent {
    fn kept(&self) -> MutexGuard<'_, LruCache<ReportKey, Option<Standing>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest durable entry, and how a report stood as of that, where it is remembered: both of one moment.
    pub(crate) fn get(&self, report: &ReportKey, newest: impl FnOnce() -> u64) -> (u64, Option<Option<Standing>>) {
        let mut kept = self.kept();
        (newest(), kept.get(report).cloned())
    }

    /// Remembers what was read, if `is_newest` says that nothing became durable meanwhile: asked while nobody else can
    /// put anything here.
    pub(crate) fn note_read(&self, report: &ReportKey, standing: Option<&Standing>, is_newest: impl FnOnce() -> bool) {
        let mut kept = self.kept();
        if is_newest() {
            kept.put(report.clone(), standing.cloned());
        }
    }

    /// Remembers changes as they become durable, and before anyone is told: whoever asks finds both or neither.
    pub(crate) fn note_changes<'a>(&self, become_durable: impl FnOnce(), changed: impl Iterator<Item = &'a Standing>) {
        let mut kept = self.kept();
        become_durable();
        for standing in changed {
            kept.put(standing.newest.report.clone(), Some(standing.clone()));
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }

    /// Forgets everything as something else becomes durable.
    pub(crate) fn clear_when(&self, become_durable: impl FnOnce()) {
        let mut kept = self.kept();
        become_durable();
        kept.clear();
    }
}
