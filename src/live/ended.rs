//! Sessions of browsers that somebody has ended before their time, as the journal has it: they end at every instance.
//!
//! What is remembered is bounded. Where more have ended than that, those that ended first are forgotten, and with them every
//! session ends that began before: none that was ended comes back.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::{SignedDuration, Timestamp};

use crate::access::SIGN_OUT;
use crate::store::{JournalEntry, Outcome, Store, StoreError};

/// Sessions that are remembered.
const REMEMBERED: usize = 100_000;

/// Entries of the journal that are read at a time.
const PAGE: usize = 1000;

/// What stands before a session's digits in the subject of its entry, such as `principals/NAME/sessions/0123456789abcdef`.
const SESSIONS: &str = "/sessions/";

/// Ended sessions.
#[derive(Debug, Default)]
pub struct Ended(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    /// By the digits that the journal has of a session: when it ended, in seconds since 1970.
    ended: HashMap<u64, i64>,
    /// As long as a session may last, in seconds.
    longest: i64,
    /// Whatever began before has ended.
    begun_before: i64,
}

/// The session that an entry says has ended.
fn session_of(entry: &JournalEntry) -> Option<u64> {
    let is_end = entry.action == SIGN_OUT && entry.outcome == Outcome::Accepted;
    let (_, digits) = entry.subject.rsplit_once(SESSIONS).filter(|_| is_end)?;
    u64::from_str_radix(digits, 16).ok()
}

impl State {
    fn add(&mut self, session: u64, at: i64, remembered: usize) {
        if self.ended.len() >= remembered {
            self.forget(at.saturating_sub(self.longest), remembered);
        }
        self.ended.insert(session, at);
    }

    /// Forgets what ended before any session that may still be there began; and, where that is not much, half of the rest.
    fn forget(&mut self, over: i64, remembered: usize) {
        self.ended.retain(|_, ended| *ended >= over);
        if self.ended.len() < remembered - remembered / 4 {
            return;
        }
        let mut times: Vec<i64> = self.ended.values().copied().collect();
        let half = times.len() / 2;
        let middle = *times.select_nth_unstable(half).1;
        self.ended.retain(|_, ended| *ended > middle);
        self.begun_before = self.begun_before.max(middle.saturating_add(1));
    }
}

impl Ended {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        // Entries are inserted and removed whole.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how long a session may last: an end that is older is of no use.
    pub fn sessions_last(&self, longest: SignedDuration) {
        self.write().longest = longest.as_secs();
    }

    /// Reads what ended since a time, which other instances may have put there.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn load(&self, store: &dyn Store, since: Timestamp) -> Result<(), StoreError> {
        let newest = store.position().sequence;
        let (mut from, mut to) = (0, newest);
        // The last entry that is older; times never go back in a journal.
        while from < to {
            let middle = from + (to - from) / 2;
            match store.journal(middle, 1)?.first() {
                Some(entry) if entry.time < since => from = middle + 1,
                _ => to = middle,
            }
        }
        while from < newest {
            let entries = store.journal(from, PAGE)?;
            let Some(last) = entries.last() else { return Ok(()) };
            from = last.sequence;
            entries.iter().for_each(|entry| self.follow(entry));
        }
        Ok(())
    }

    /// Takes an entry of the journal.
    pub fn follow(&self, entry: &JournalEntry) {
        if let Some(session) = session_of(entry) {
            self.end(session, entry.time);
        }
    }

    /// Ends a session, by the digits that the journal has of it.
    pub fn end(&self, session: u64, at: Timestamp) {
        self.write().add(session, at.as_second(), REMEMBERED);
    }

    /// Whether a session that began then has ended.
    pub fn has(&self, session: u64, begun: Timestamp) -> bool {
        let state = self.read();
        begun.as_second() < state.begun_before || state.ended.contains_key(&session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_ended_sessions_none_comes_back() {
        let mut state = State { longest: 1_000_000, ..State::default() };
        for session in 0..1000 {
            state.add(session, i64::try_from(session).unwrap(), 100);
            assert!(state.ended.len() <= 100);
        }
        let ended = Ended(RwLock::new(state));
        let at = |second| Timestamp::from_second(second).unwrap();
        for session in 0..1000_i64 {
            assert!(ended.has(u64::try_from(session).unwrap(), at(session)), "{session}");
        }
        assert!(!ended.has(5000, at(1000)), "one that began after them goes on");
    }

    #[test]
    fn ends_that_are_older_than_any_session_are_forgotten() {
        let mut state = State { longest: 10, ..State::default() };
        (0..100).for_each(|session| state.add(session, 0, 100));
        state.add(100, 50, 100);
        assert_eq!((state.ended.len(), state.begun_before), (1, 0));
    }
}
