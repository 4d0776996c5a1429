//! Moments of the journal: which entry was the newest at a time, and when an entry was made.

use jiff::Timestamp;

use crate::store::{JournalEntry, Store, StoreError};

use super::parts::Service;
use super::problem::Problem;

/// What names a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The newest entry that is not later.
    Time(Timestamp),
    /// Of an entry.
    Sequence(u64),
}

fn entry(store: &dyn Store, sequence: u64) -> Result<Option<JournalEntry>, StoreError> {
    let Some(before) = sequence.checked_sub(1) else { return Ok(None) };
    Ok(store.journal(before, 1)?.into_iter().next().filter(|entry| entry.sequence == sequence))
}

/// The newest entry that is no later than a time, among the first `newest`. Times never go back in a journal.
fn newest_at(store: &dyn Store, time: Timestamp, newest: u64) -> Result<Option<JournalEntry>, StoreError> {
    let (mut found, mut from, mut to) = (None, 1, newest);
    while from <= to {
        let middle = from + (to - from) / 2;
        match entry(store, middle)? {
            Some(entry) if entry.time <= time => {
                found = Some(entry);
                from = middle + 1;
            }
            _ => to = middle - 1,
        }
    }
    Ok(found)
}

impl Service {
    /// The entry of a moment, with when it was made; none where there is none, or was none yet.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn find_moment(&self, moment: Moment) -> Result<Option<(u64, Timestamp)>, Problem> {
        let newest = self.newest_sequence();
        let found = self.blocking(move |store| match moment {
            Moment::Time(time) => newest_at(store, time, newest),
            Moment::Sequence(sequence) => entry(store, sequence.min(newest.saturating_add(1))),
        });
        Ok(found.await?.map(|entry| (entry.sequence, entry.time)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::live::Live;
    use crate::service::{Caller, Settings};
    use crate::simulation::{Parameters, Province};
    use crate::store::MemoryStore;

    /// Seconds since the beginning of the clock.
    static SECONDS: AtomicI64 = AtomicI64::new(0);

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000 + SECONDS.load(Ordering::Relaxed)).unwrap()
    }

    #[tokio::test]
    async fn a_time_finds_the_newest_entry_of_then_and_an_entry_its_time() {
        let parameters = Parameters {
            seed: 1,
            province: "230000".to_owned(),
            agencies: 160,
            first_year: crate::report::ReportYear::new(2022).unwrap(),
            last_year: crate::report::ReportYear::new(2022).unwrap(),
        };
        let province = Province::simulate(&parameters).unwrap();
        let live = Arc::<Live>::default();
        let settings = Settings { clock: now, ..Settings::default() };
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, settings).unwrap();
        assert_eq!(service.find_moment(Moment::Time(Timestamp::MAX)).await.unwrap(), None);
        let mut made = Vec::new();
        for change in province.changes.into_iter().take(9) {
            SECONDS.fetch_add(10, Ordering::Relaxed);
            service.change_registry(vec![change], false, &Caller::internal("sample")).await.unwrap();
            made.push(service.newest_sequence());
        }
        assert_eq!(made.len(), 9);
        for sequence in 1..=*made.last().unwrap() {
            let (found, time) = service.find_moment(Moment::Sequence(sequence)).await.unwrap().unwrap();
            assert_eq!(found, sequence);
            let (newest, of_then) = service.find_moment(Moment::Time(time)).await.unwrap().unwrap();
            assert!(newest >= sequence && of_then == time);
            let before = Moment::Time(time - jiff::SignedDuration::from_secs(1));
            let before = service.find_moment(before).await.unwrap().map_or(0, |(sequence, _)| sequence);
            assert!(before < sequence, "{before} {sequence}");
        }
        let beyond = Moment::Sequence(made.last().unwrap() + 1);
        assert_eq!(service.find_moment(beyond).await.unwrap(), None);
    }
}
