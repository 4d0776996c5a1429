//! The running totals against a count from the store: the same sums, the same registry, or it is said where not.

use std::sync::PoisonError;

use crate::access::RECOUNT;
use crate::live::{Effort, State};
use crate::store::{Store, StoreError};

use super::differences::{Recount, column_differences, differences};
use super::parts::Service;
use super::problem::Problem;

/// Differences that are kept in words; the others are counted.
const DIFFERENCES_MAX: usize = 20;

impl Service {
    /// Counts the totals anew, compares, and keeps what was found for the status. Takes its time.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn recount(&self) -> Result<Recount, Problem> {
        let live = self.live.clone();
        let found = self
            .blocking(move |store| {
                let present = live.present();
                let running = &present.state;
                let columns = column_differences(running, &present.columns);
                let counted = count(store, running.sequence, Effort::resting())?;
                let mut found = differences(running, &counted);
                found.extend(columns);
                Ok((running.sequence, found))
            })
            .await?;
        let recount = Recount {
            sequence: found.0,
            time: self.now(),
            differences_total: found.1.len(),
            differences: found.1.into_iter().take(DIFFERENCES_MAX).collect(),
        };
        for difference in &recount.differences {
            tracing::error!(
                sequence = recount.sequence,
                total = recount.differences_total,
                difference = difference.en,
                "the running totals differ from a recount"
            );
        }
        if !recount.differences.is_empty() {
            let named: Vec<&str> = recount.differences.iter().map(|difference| difference.en.as_str()).collect();
            let (sequence, total) = (recount.sequence, recount.differences_total);
            self.note_own(RECOUNT, format!("sequence {sequence}\ndifferences {total}\n{}", named.join("\n"))).await;
        }
        *self.recounted.write().unwrap_or_else(PoisonError::into_inner) = Some(recount.clone());
        let service = self.clone();
        self.blocking(move |_| {
            service.keep_totals();
            Ok(())
        })
        .await?;
        Ok(recount)
    }
}

/// The registry and the totals at a journal sequence, counted from the store.
pub(super) fn count(store: &dyn Store, as_of: u64, effort: Effort) -> Result<State, StoreError> {
    State::replay(store, as_of, &State::default(), effort)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::live::Live;
    use crate::registry::{Jurisdiction, RegistryChange};
    use crate::report::{Level, ReportYear};
    use crate::service::Settings;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn totals_that_differ_are_told_of_in_the_journal() {
        let live = Arc::<Live>::default();
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, Settings::default()).unwrap();
        assert_eq!(service.recount().await.unwrap().differences_total, 0);
        assert_eq!(service.store.position().sequence, 0, "what is as it should be is not told of");
        let sequence = service.newest_sequence();
        let province = RegistryChange::CreateJurisdiction(Jurisdiction {
            code: "230000".parse().unwrap(),
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: ReportYear::new(2022).unwrap(),
        });
        service.live.change(|running, _| running.registry.apply(&province).unwrap());
        let found = service.recount().await.unwrap();
        let entries = service.store.journal(0, 10).unwrap();
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("huizong", RECOUNT));
        let words =
            format!("sequence {sequence}\ndifferences {}\n{}", found.differences_total, found.differences[0].en);
        assert!(found.differences_total > 0 && entry.detail.starts_with(&words), "{}", entry.detail);
    }
}
