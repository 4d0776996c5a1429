//! A watch that is read beside all else, and what its answers must be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use huizong::pb;
use tokio::task::JoinHandle;

use super::answer::{Question, World};
use super::ask::{check_sums, query, same};
use super::door::Door;

/// Longest time that a commit may take to be told of.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Watcher {
    question: Question,
    updates: Arc<Mutex<Vec<pb::WatchRollupResponse>>>,
    task: JoinHandle<()>,
}

impl Watcher {
    pub async fn begin(door: &Door, question: Question) -> Result<Self, String> {
        let request = crate::support::watched(query(&question, 0, 10_000));
        let stream = door.rollups().watch_rollup(request).await.map_err(|status| format!("to watch: {status}"))?;
        let updates = Arc::<Mutex<Vec<_>>>::default();
        let (mut stream, told) = (stream.into_inner(), updates.clone());
        let task = tokio::spawn(async move {
            while let Ok(Some(update)) = stream.message().await {
                told.lock().expect("no panic").push(update);
            }
        });
        Ok(Self { question, updates, task })
    }

    /// The number of answers, once the last one is what holds at the journal sequence `newest`.
    pub async fn end<'a>(self, newest: i64, world: impl Fn(i64) -> Result<&'a World, String>) -> Result<usize, String> {
        let holds = world(newest)?.rows(&self.question);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let last = self.updates.lock().expect("no panic").last().map(|update| update.answer.clone());
            let rows = last.flatten().map(|answer| answer.rows.iter().map(super::ask::row).collect::<Vec<_>>());
            if rows.as_ref() == Some(&holds) {
                break;
            }
            if tokio::time::Instant::now() > deadline {
                return Err(format!("{:?}: the last answer of a watch is {rows:?}, and not {holds:?}", self.question));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.task.abort();
        let updates = std::mem::take(&mut *self.updates.lock().expect("no panic"));
        let mut before = 0;
        for update in &updates {
            same("the answer before", &update.previous_as_of, &before)?;
            let answer = update.answer.as_ref().ok_or("no answer")?;
            before = answer.as_of;
            let verdict = check_sums(world(before)?, &self.question, answer, &answer.rows);
            verdict.map_err(|wrong| format!("{:?}, watched, as of {before}: {wrong}", self.question))?;
        }
        Ok(updates.len())
    }
}
