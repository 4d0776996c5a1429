//! The time by which things expire and the journal is stamped: that of the machine, and never before a time that was
//! reached already. Knows nothing of what the time is needed for.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use crate::report::whole_microseconds;

/// A clock that does not run backwards, whatever becomes of the machine's.
///
/// Where the machine's clock is set back, time goes on from where it was, at the pace of a clock that nobody can set.
/// A new one starts from the newest journal entry, so that a restart brings back nothing that had expired by then.
#[derive(Debug)]
pub struct Clock {
    machine: fn() -> Timestamp,
    reached: Mutex<Reached>,
}

/// The latest time that the machine's clock or the journal has said, and when that was.
#[derive(Debug, Clone, Copy)]
struct Reached {
    time: Timestamp,
    at: Instant,
}

impl Clock {
    /// A clock over that of the machine.
    pub fn over(machine: fn() -> Timestamp) -> Self {
        Self { machine, reached: Mutex::new(Reached { time: Timestamp::MIN, at: Instant::now() }) }
    }

    /// The present in whole microseconds, as times are kept; not before the journal entry of the time `newest`, nor
    /// before what was said earlier.
    pub fn now(&self, newest: Timestamp) -> Timestamp {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        let since = SignedDuration::try_from(at.duration_since(reached.at)).unwrap_or_default();
        let gone_on = reached.time.saturating_add(since).unwrap_or(reached.time);
        let machine = (self.machine)();
        if machine >= reached.time.max(newest) {
            *reached = Reached { time: machine, at };
        } else if newest > gone_on {
            *reached = Reached { time: newest, at };
        } else {
            return whole_microseconds(gone_on);
        }
        whole_microseconds(reached.time)
    }

    /// What the machine's clock says by itself.
    pub fn machine(&self) -> Timestamp {
        (self.machine)()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn time_goes_on_from_where_it_was_when_the_clock_is_set_back() {
        static SECOND: AtomicI64 = AtomicI64::new(1_000_000);
        let clock = Clock::over(|| Timestamp::from_second(SECOND.load(Ordering::Relaxed)).unwrap());
        assert_eq!(clock.now(Timestamp::MIN), at(1_000_000));
        SECOND.store(1_000_500, Ordering::Relaxed);
        assert_eq!(clock.now(Timestamp::MIN), at(1_000_500));
        SECOND.store(900_000, Ordering::Relaxed);
        let before = clock.now(Timestamp::MIN);
        assert!(before >= at(1_000_500));
        std::thread::sleep(Duration::from_millis(5));
        let after = clock.now(Timestamp::MIN);
        assert!(after > before, "it stands still at {before}");
        assert!(after < at(1_000_600));
        SECOND.store(1_002_000, Ordering::Relaxed);
        assert_eq!(clock.now(Timestamp::MIN), at(1_002_000), "the machine's clock is right again");
    }

    #[test]
    fn time_is_never_before_the_newest_journal_entry() {
        let clock = Clock::over(|| at(50));
        assert_eq!(clock.now(at(40)), at(50));
        assert_eq!(clock.now(at(70)), at(70));
        assert!(clock.now(at(60)) >= at(70));
    }
}
