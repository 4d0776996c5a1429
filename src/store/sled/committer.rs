//! The one thread that writes: takes waiting transactions, decides them in order, appends them to the log together, has the
//! copy take them, tells the observer, and only then answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::store::ledger::TransactionGroup;
use crate::store::transaction::{Commit, Decision, Effect, Observer, Transaction};
use crate::store::{Clock, Item, Position, Records, StoreError, Transactions};
use crate::telemetry::metrics;

use super::copy::Copy;
use super::following::Following;
use super::import;
use super::mendings;
use super::shared::Shared;
use super::state;
use super::watermark::Watermark;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What became of a transaction, with what became of the others of its group: whoever gets it hands these on, so that the
/// committer wakes one thread for a group and not one for each.
pub(crate) struct Answered {
    pub decision: Result<Decision, StoreError>,
    pub others: Others,
}

/// Answers that are handed on when this is dropped, whoever holds it then.
#[derive(Default)]
pub(crate) struct Others(Vec<(oneshot::Sender<Answered>, Result<Decision, StoreError>)>);

impl Drop for Others {
    fn drop(&mut self) {
        for (answer, decision) in self.0.drain(..) {
            // The caller may have gone; there is nobody to tell then.
            let _ = answer.send(Answered { decision, others: Self::default() });
        }
    }
}

/// Answers all of a group.
pub(super) fn answer(mut answers: Vec<(oneshot::Sender<Answered>, Result<Decision, StoreError>)>) {
    if let Some((first, decision)) = answers.pop() {
        // Where nobody waits for it, it comes back, and the others are answered all the same.
        let _ = first.send(Answered { decision, others: Others(answers) });
    }
}

/// What is to be written, and where to answer.
pub(crate) enum Job {
    Commit {
        transaction: Box<Transaction>,
        answer: oneshot::Sender<Answered>,
    },
    Import {
        records: Records,
        position: Position,
        answer: Answer<()>,
    },
    Follow {
        transactions: Transactions,
        position: Position,
        answer: Answer<()>,
    },
    /// Others have appended to the log.
    CatchUp,
}

pub(crate) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) watermark: Watermark,
    pub(super) observer: Arc<dyn Observer>,
    group_transactions: usize,
    clock: Clock,
}

impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        watermark: Watermark,
        observer: Arc<dyn Observer>,
        group_transactions: usize,
    ) -> Self {
        let clock = Clock::over(Timestamp::now);
        Self { shared, watermark, observer, group_transactions, clock }
    }

    /// Works until every sender is gone.
    pub(crate) fn run(self, mut waiting: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(self.group_transactions);
        let mut transactions = Vec::with_capacity(self.group_transactions);
        // What was found beside transactions while the turn was waited for.
        let mut later = Vec::new();
        // What comes while a group is written makes the next one; waiting for more gains nothing.
        while !jobs.is_empty() || waiting.blocking_recv_many(&mut jobs, self.group_transactions) > 0 {
            let mut catch_up = false;
            for job in jobs.drain(..) {
                match job {
                    Job::Commit { transaction, answer } => transactions.push((*transaction, answer)),
                    Job::Import { records, position, answer } => {
                        // The caller may have gone; there is nobody to tell then.
                        let _ =
                            answer.send(self.import(&position, |shared, watermark| {
                                import::run(shared, watermark, records, &position)
                            }));
                    }
                    Job::Follow { transactions, position, answer } => {
                        let _ = answer.send(self.import(&position, |shared, watermark| {
                            import::follow(shared, watermark, transactions, &position)
                        }));
                    }
                    Job::CatchUp => {
                        self.shared.following.iter().for_each(Following::begins);
                        catch_up = true;
                    }
                }
            }
            metrics::transactions_taken(transactions.len());
            // Those that are to be committed follow by themselves.
            if let Some(log) = self.shared.log.shared().filter(|_| catch_up && transactions.is_empty())
                && self.shared.stopped().is_none()
            {
                self.catch_up(log);
            }
            let refused = match self.shared.stopped() {
                Some(reason) => Err(StoreError::Stopped(reason)),
                None => self.shared.space.check(),
            };
            if let Err(error) = refused {
                answer(transactions.drain(..).map(|(_, answer)| (answer, Err(error.clone()))).collect());
            } else if let Some(log) = self.shared.log.shared() {
                self.commit_in_turn(log, &mut transactions, &mut waiting, &mut later);
                jobs.append(&mut later);
            } else {
                self.commit(transactions.drain(..));
            }
        }
        if let Err(error) = self.watermark.sync() {
            tracing::warn!(%error, "the watermark could not be synced; after a power cut it may be behind");
        }
    }

    /// Takes the records of another store; no write is taken after one that did not succeed.
    fn import(
        &self,
        position: &Position,
        run: impl FnOnce(&Shared, &Watermark) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(reason) = self.shared.stopped() {
            return Err(StoreError::Stopped(reason));
        }
        let sequences = |copy: &Copy| Ok((copy.registry_sequence()?, copy.access_sequence()?));
        let imported = run(&self.shared, &self.watermark).and_then(|()| self.shared.reading(sequences));
        match &imported {
            Ok((registry_sequence, access_sequence)) => {
                self.shared.registry_sequence.store(*registry_sequence, Ordering::Release);
                self.shared.access_sequence.store(*access_sequence, Ordering::Release);
                self.shared.recent.clear_when(|| self.shared.set_durable(*position));
                self.shared.told();
            }
            Err(StoreError::NotEmpty) => {}
            Err(error) => self.shared.stop(error.to_string()),
        }
        imported.map(|_| ())
    }

    fn commit(&self, jobs: impl Iterator<Item = (Transaction, oneshot::Sender<Answered>)>) {
        let began = Instant::now();
        let durable = self.shared.durable();
        let mut group = TransactionGroup::after(durable, &*self.shared);
        let now = self.clock.now(durable.time);
        let untold = self.shared.mended.untold();
        if let Some(mended) = untold
            && let Err(error) = group.decide(mendings::entry(mended), now)
        {
            tracing::error!(%error, "what was mended is not in the journal");
        }
        let mut answers: Vec<_> = jobs.map(|(transaction, answer)| (answer, group.decide(transaction, now))).collect();
        let written = self.write(&mut group);
        if let Err(reason) = &written {
            tracing::error!(%reason, "a write failed; writes are stopped");
            self.shared.stop(reason.clone());
            // What failed for one file may have failed for another.
            state::doubted(&self.shared.space.directory);
        } else {
            self.become_durable(group.position(), group.commits());
            self.strike(group.commits());
            untold.into_iter().for_each(|mended| self.shared.mended.were_told(mended));
            self.observer.committed(group.commits());
        }
        metrics::committed(answers.len(), began.elapsed());
        if let Err(reason) = &written {
            // Whatever was decided after an earlier job of the group rests on what was not made durable.
            answers.iter_mut().for_each(|(_, decision)| *decision = Err(StoreError::Unknown(reason.clone())));
        }
        answer(answers);
    }

    /// Shows what was committed, with what is remembered of the store at one and the same moment.
    pub(super) fn become_durable(&self, position: Position, commits: &[Arc<Commit>]) {
        let effects = || commits.iter().flat_map(|commit| &commit.effects);
        let changed = effects().filter_map(Effect::report).map(|(_, after)| after);
        self.shared.recent.note_changes(|| self.shared.set_durable(position), changed);
        if effects().any(|effect| effect.struck().is_some()) {
            // Reports are remembered with their words.
            self.shared.recent.clear();
        }
        if let Some(commit) = commits.iter().rfind(|commit| commit.changes_registry()) {
            self.shared.registry_sequence.store(commit.entry.sequence, Ordering::Release);
        }
        if let Some(commit) = commits.iter().rfind(|commit| commit.changes_access()) {
            self.shared.access_sequence.store(commit.entry.sequence, Ordering::Release);
        }
    }

    /// Takes people's words that commits struck out out of the log, too; another instance has seen to that of its own.
    pub(super) fn strike(&self, commits: &[Arc<Commit>]) {
        for struck in commits.iter().flat_map(|commit| &commit.effects).filter_map(Effect::struck) {
            let Some(sequence) = struck.after.first().map(Item::sequence) else { continue };
            if let Err(error) = self.shared.look_for_damage(sequence.saturating_sub(1), 1) {
                tracing::error!(sequence, %error, "words that were struck out stay in the log until it is gone through again");
            }
        }
    }

    /// Appends a group to the log, and has the copy take it; nothing to do where every transaction was turned down.
    fn write(&self, group: &mut TransactionGroup<'_, Shared>) -> Result<(), String> {
        let logged = group.take_logged();
        if logged.is_empty() {
            return Ok(());
        }
        self.shared.log.append(&self.shared.durable(), &logged).map_err(|error| error.to_string())?;
        // From here on it is durable, and the next start shows it even where the copy does not take it.
        self.shared.apply(&logged).map_err(|error| error.to_string())?;
        self.watermark.raise(&group.position()).map_err(|error| error.to_string())
    }
}
