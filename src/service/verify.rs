//! Everything that can be checked about a store, its sums included.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::report::{Message, ReportYear, Revision};
use crate::rollup::Sums;
use crate::store::{Store, Verification, Visitor, verify};

use super::live::State;
use super::recount::{differences, root_sums, unlike};
use super::{Problem, Service};

/// Records between two messages about progress.
const PROGRESS_RECORDS: u64 = 10_000;

/// Messages that may wait for the caller.
const AHEAD: usize = 4;

/// What is said while a store is verified.
#[derive(Debug, Clone)]
pub enum VerifyProgress {
    /// Records looked at so far.
    Records(u64),
    Done(Box<Verification>),
}

/// Adds up the newest revisions in the plainest way: one sum for each year.
struct PlainSums<'a> {
    years: BTreeMap<ReportYear, Sums>,
    progress: &'a mut dyn FnMut(u64),
}

impl Visitor for PlainSums<'_> {
    fn head(&mut self, revision: &Revision) {
        self.years.entry(revision.report.year).or_default().add(&revision.figures.complete());
    }

    fn progress(&mut self, records: u64) {
        (self.progress)(records);
    }
}

/// Checks records, chain and pointers; then counts the totals as a start of the service does, and compares them with a
/// plain sum of all reports and, where the service runs, with its running totals.
pub fn check_store(store: &dyn Store, running: Option<&State>, progress: &mut dyn FnMut(u64)) -> Verification {
    let as_of = running.map_or_else(|| store.position().sequence, |running| running.sequence);
    let mut plain = PlainSums { years: BTreeMap::new(), progress };
    let mut found = verify(store, as_of, &mut plain);
    let counted = match State::read(store, as_of, Duration::ZERO) {
        Ok(counted) => counted,
        Err(error) => {
            found.fault(
                "totals",
                Message::new(format!("无法重算：{error}"), format!("they cannot be counted: {error}")),
            );
            return found;
        }
    };
    for (year, plain) in &plain.years {
        let sums = root_sums(&counted, *year);
        if sums != *plain {
            found.fault(format!("totals of {year}"), unlike(&sums, plain));
        }
    }
    for difference in running.map(|running| differences(running, &counted)).into_iter().flatten() {
        found.fault("totals", difference);
    }
    found
}

impl Service {
    /// Verifies the store while the service goes on, true as of the moment of the call.
    ///
    /// # Errors
    /// TOO_MANY where other scans of the whole store are under way.
    pub fn verify_store(&self) -> Result<mpsc::Receiver<VerifyProgress>, Problem> {
        let permit = self.scan_permit()?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (store, live) = (self.store.clone(), self.live.clone());
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let running = live.read().clone();
            let mut told = 0;
            let found = check_store(&*store, Some(&running), &mut |records| {
                if records / PROGRESS_RECORDS > told {
                    told = records / PROGRESS_RECORDS;
                    // A caller who does not listen misses it.
                    let _ = sender.try_send(VerifyProgress::Records(records));
                }
            });
            for fault in &found.faults {
                tracing::error!(place = fault.place, fault = fault.message.en, "the store is not as it should be");
            }
            // The caller may have gone; there is nobody to tell then.
            let _ = sender.blocking_send(VerifyProgress::Done(Box::new(found)));
        });
        Ok(receiver)
    }
}
