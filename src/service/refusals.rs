//! How many refusals of one address, and refused submissions of one principal, go into the journal, so that nobody can
//! flood it; the others are counted.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::report::Hash;
use crate::store::{NewEntry, Outcome, Transaction};

use super::{Caller, Problem, Service};

const WINDOW: Duration = Duration::from_secs(60);
/// Addresses or principals that are told apart; more share one budget.
const OWNERS_MAX: usize = 10_000;
const OTHERS: &str = "others";

struct Window {
    since: Instant,
    recorded: u32,
    left_out: u64,
}

/// The budgets of all owners: addresses, or principals.
pub struct Refusals {
    windows: Mutex<HashMap<String, Window>>,
    per_minute: u32,
}

impl Refusals {
    /// Refusals that are recorded for one owner in a minute.
    pub fn new(per_minute: u32) -> Self {
        Self { windows: Mutex::default(), per_minute }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<String, Window>> {
        // Counts cannot be left half-changed.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a refusal of this owner is to be recorded; otherwise it is counted.
    pub fn admit(&self, owner: &str) -> bool {
        let mut windows = self.windows();
        let known = windows.contains_key(owner) || windows.len() < OWNERS_MAX;
        let owner = if known { owner } else { OTHERS };
        let fresh = || Window { since: Instant::now(), recorded: 0, left_out: 0 };
        let window = windows.entry(owner.to_owned()).or_insert_with(fresh);
        if window.since.elapsed() >= WINDOW {
            // What was left out stays counted until it is taken.
            *window = Window { left_out: window.left_out, ..fresh() };
        }
        if window.recorded < self.per_minute {
            window.recorded += 1;
            true
        } else {
            window.left_out += 1;
            false
        }
    }

    /// How many were left out since this was asked last, by owner.
    fn take_left_out(&self) -> Vec<(String, u64)> {
        let mut windows = self.windows();
        let left_out = windows.iter_mut().filter(|(_, window)| window.left_out > 0);
        let taken = left_out.map(|(owner, window)| (owner.clone(), std::mem::take(&mut window.left_out))).collect();
        windows.retain(|_, window| window.since.elapsed() < WINDOW);
        taken
    }

    /// Counts again what could not be recorded.
    fn put_back(&self, owner: &str, count: u64) {
        // The window may have ended since, and been forgotten.
        let fresh = || Window { since: Instant::now(), recorded: 0, left_out: 0 };
        self.windows().entry(owner.to_owned()).or_insert_with(fresh).left_out += count;
    }
}

impl Service {
    /// Records how many refusals were left out of the journal, one entry for each address and each principal. To be
    /// called every minute or so, and at the end.
    ///
    /// # Errors
    /// Where the store takes no writes.
    pub async fn record_left_out(&self) -> Result<(), Problem> {
        let budgets = [
            (&self.refusals, "refusals of this address"),
            (&self.refused_submissions, "refused submissions and reviews of this principal"),
        ];
        for (refusals, what) in budgets {
            for (owner, count) in refusals.take_left_out() {
                let entry = NewEntry {
                    actor: Caller::internal("huizong").actor(),
                    action: "refusals.left_out",
                    subject: owner.clone(),
                    outcome: Outcome::Refused,
                    detail: format!("{count} {what} were left out of the journal"),
                    content_hash: Hash::default(),
                };
                if let Err(error) = self.store.commit(Transaction::of(Vec::new(), entry)).await {
                    refusals.put_back(&owner, count);
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_beyond_the_budget_are_counted_by_address() {
        let refusals = Refusals::new(2);
        let admitted: Vec<bool> = (0..5).map(|_| refusals.admit("192.0.2.1")).collect();
        assert_eq!(admitted, [true, true, false, false, false]);
        assert!(refusals.admit("192.0.2.2"), "another address has its own budget");
        assert_eq!(refusals.take_left_out(), [("192.0.2.1".to_owned(), 3)]);
        assert_eq!(refusals.take_left_out(), []);
        assert!(!refusals.admit("192.0.2.1"), "being counted does not renew the budget");
    }

    #[test]
    fn many_addresses_share_one_budget_rather_than_memory() {
        let refusals = Refusals::new(1);
        for address in 0..OWNERS_MAX {
            assert!(refusals.admit(&address.to_string()));
        }
        assert!(refusals.admit("one more"));
        assert!(!refusals.admit("and another"));
        assert_eq!(refusals.take_left_out(), [(OTHERS.to_owned(), 1)]);
    }
}
