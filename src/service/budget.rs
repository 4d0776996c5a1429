//! How many entries of the journal a principal makes in a minute beside its changes, so that nobody can flood it. What is
//! beyond is counted by principal and action.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::settings::EntryLimits;

const WINDOW: Duration = Duration::from_secs(60);
/// Accounts that are told apart; more share one budget.
const ACCOUNTS_MAX: usize = 10_000;
const OTHERS: &str = "others";

/// What an entry is of. Each has a budget of its own, so that none hides another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A refused call of whoever showed who it is, or of an address.
    Refusal,
    /// A refused submission or review.
    Submission,
    /// A refused call that takes one of the powers, such as one for a credential or a backup.
    Attempt,
    /// What was accepted and changes no record, such as a sign-in or the journal read. The same again, about the same
    /// subject, has no second entry in a minute.
    Event,
    /// What is not told of one by one, but counted, and told of where there is much of it.
    Glance,
}

struct Window {
    since: Instant,
    recorded: u32,
    /// Events of this minute: action, and what it was about.
    events: HashSet<(&'static str, String)>,
    left_out: BTreeMap<&'static str, u64>,
}

impl Window {
    fn fresh() -> Self {
        Self { since: Instant::now(), recorded: 0, events: HashSet::new(), left_out: BTreeMap::new() }
    }
}

/// What has no entry of its own: of which kind, whose, and how many of each action.
pub(crate) type LeftOut = ((Kind, String), BTreeMap<&'static str, u64>);

/// The budgets of all accounts: principals and addresses.
pub(crate) struct Budgets {
    windows: Mutex<HashMap<(Kind, String), Window>>,
    pub limits: EntryLimits,
}

impl Budgets {
    pub(crate) fn new(limits: EntryLimits) -> Self {
        Self { windows: Mutex::default(), limits }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<(Kind, String), Window>> {
        // Counts cannot be left half-changed.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of a kind have entries; `known` for an account that is a principal.
    fn limit(&self, kind: Kind, known: bool) -> u32 {
        match kind {
            Kind::Attempt if known => self.limits.attempts,
            Kind::Refusal | Kind::Attempt => self.limits.refusals,
            Kind::Submission => self.limits.submissions,
            Kind::Event => self.limits.events,
            Kind::Glance => 0,
        }
    }

    /// Whether there is to be an entry; otherwise it is counted. `account` is that of a principal where it is `known`; an
    /// event is told from others by `what` it was about.
    pub(crate) fn admit(&self, kind: Kind, account: &str, known: bool, action: &'static str, what: &str) -> bool {
        let limit = self.limit(kind, known);
        let mut windows = self.windows();
        let key = (kind, account.to_owned());
        let has_place = windows.contains_key(&key) || windows.len() < ACCOUNTS_MAX;
        let key = if has_place { key } else { (kind, OTHERS.to_owned()) };
        let window = windows.entry(key).or_insert_with(Window::fresh);
        if window.since.elapsed() >= WINDOW {
            // What was left out stays counted until it is taken.
            *window = Window { left_out: std::mem::take(&mut window.left_out), ..Window::fresh() };
        }
        let admitted =
            window.recorded < limit && (kind != Kind::Event || window.events.insert((action, what.to_owned())));
        if admitted {
            window.recorded += 1;
        } else {
            *window.left_out.entry(action).or_default() += 1;
        }
        admitted
    }

    /// Whether an account has no more attempts in this minute.
    pub(crate) fn attempts_are_spent(&self, account: &str) -> bool {
        let windows = self.windows();
        let window = windows.get(&(Kind::Attempt, account.to_owned()));
        window.is_some_and(|window| window.since.elapsed() < WINDOW && window.recorded >= self.limits.attempts)
    }

    /// What was left out since this was asked last.
    pub(crate) fn take_left_out(&self) -> Vec<LeftOut> {
        let mut windows = self.windows();
        let mut taken = Vec::new();
        for (key, window) in windows.iter_mut().filter(|(_, window)| !window.left_out.is_empty()) {
            let mut counts = std::mem::take(&mut window.left_out);
            if key.0 == Kind::Glance {
                counts.retain(|_, count| *count >= self.limits.glances);
            }
            if !counts.is_empty() {
                taken.push((key.clone(), counts));
            }
        }
        windows.retain(|_, window| window.since.elapsed() < WINDOW);
        taken
    }

    /// Counts again what could not be recorded.
    pub(crate) fn put_back(&self, key: (Kind, String), counts: BTreeMap<&'static str, u64>) {
        // The window may have ended since, and been forgotten.
        let mut windows = self.windows();
        let left_out = &mut windows.entry(key).or_insert_with(Window::fresh).left_out;
        for (action, count) in counts {
            *left_out.entry(action).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(limit: u32) -> Budgets {
        let (refusals, submissions, attempts, events) = (limit, limit, limit, limit);
        Budgets::new(EntryLimits { refusals, submissions, attempts, events, glances: 3 })
    }

    fn refuse(budgets: &Budgets, account: &str, action: &'static str) -> bool {
        budgets.admit(Kind::Refusal, account, true, action, "")
    }

    #[test]
    fn what_is_beyond_the_budget_is_counted_by_account_and_action() {
        let budgets = budgets(2);
        let admitted: Vec<bool> = (0..5).map(|_| refuse(&budgets, "principals/a", "report.get")).collect();
        assert_eq!(admitted, [true, true, false, false, false]);
        assert!(!refuse(&budgets, "principals/a", "report.list"));
        assert!(refuse(&budgets, "principals/b", "report.get"), "another has its own budget");
        let key = (Kind::Refusal, "principals/a".to_owned());
        assert_eq!(budgets.take_left_out(), [(key, BTreeMap::from([("report.get", 3), ("report.list", 1)]))]);
        assert_eq!(budgets.take_left_out(), []);
        assert!(!refuse(&budgets, "principals/a", "report.get"), "being counted does not renew the budget");
    }

    #[test]
    fn no_kind_takes_the_place_of_another() {
        let budgets = budgets(1);
        for kind in [Kind::Refusal, Kind::Submission, Kind::Attempt, Kind::Event] {
            assert!(budgets.admit(kind, "principals/a", true, "report.get", ""), "{kind:?}");
        }
        assert!(budgets.attempts_are_spent("principals/a") && !budgets.attempts_are_spent("principals/b"));
    }

    #[test]
    fn the_same_event_has_one_entry_and_another_one_of_its_own() {
        let budgets = budgets(10);
        let read = |subject: &str| budgets.admit(Kind::Event, "principals/a", true, "journal.list", subject);
        assert_eq!(["a", "a", "b", "a"].map(read), [true, false, true, false]);
        assert_eq!(budgets.take_left_out()[0].1, BTreeMap::from([("journal.list", 2)]));
    }

    #[test]
    fn glances_are_told_of_where_there_are_many() {
        let budgets = budgets(10);
        let look = |times| (0..times).any(|_| budgets.admit(Kind::Glance, "principals/a", true, "report.get", ""));
        assert!(!look(2));
        assert_eq!(budgets.take_left_out(), []);
        assert!(!look(3));
        assert_eq!(budgets.take_left_out()[0].1, BTreeMap::from([("report.get", 3)]));
    }

    #[test]
    fn what_could_not_be_told_is_told_later() {
        let budgets = budgets(0);
        assert!(!refuse(&budgets, "principals/a", "report.get"));
        let (key, counts) = budgets.take_left_out().remove(0);
        assert!(!refuse(&budgets, "principals/a", "report.get"));
        budgets.put_back(key.clone(), counts);
        assert_eq!(budgets.take_left_out(), [(key, BTreeMap::from([("report.get", 2)]))]);
    }

    #[test]
    fn many_accounts_share_one_budget_rather_than_memory() {
        let budgets = budgets(1);
        for account in 0..ACCOUNTS_MAX {
            assert!(refuse(&budgets, &account.to_string(), "report.get"));
        }
        assert!(refuse(&budgets, "one more", "report.get"));
        assert!(!refuse(&budgets, "and another", "report.get"));
        let key = (Kind::Refusal, OTHERS.to_owned());
        assert_eq!(budgets.take_left_out(), [(key, BTreeMap::from([("report.get", 1)]))]);
    }
}
