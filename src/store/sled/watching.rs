//! Looks at a shared log again and again, beside the committer, and tells it when there is something to follow; so does word of
//! the log itself, where it has any.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::WeakSender;

use crate::store::log::{LogError, Seen};

use super::committer::Job;
use super::shared::Shared;

/// The thread that looks; it ends when this is dropped.
pub(super) struct Watcher {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Looks every so often, from now on.
    ///
    /// # Errors
    /// Where there can be no thread.
    pub(super) fn begin(shared: Arc<Shared>, jobs: WeakSender<Job>, every: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        if let Some(log) = shared.log.shared() {
            // Not held: the log is a part of what it wakes.
            let (woken, jobs) = (Arc::downgrade(&shared), jobs.clone());
            log.when_appended(Box::new(move || {
                if let Some(shared) = woken.upgrade() {
                    catch_up(&shared, &jobs);
                }
            }));
        }
        let watch = move || {
            while stopped.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
                look(&shared, &jobs);
            }
        };
        let thread = std::thread::Builder::new().name("store-watcher".to_owned()).spawn(watch)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that looks at the shared log panicked");
        }
    }
}

/// Has the committer follow.
fn catch_up(shared: &Shared, jobs: &WeakSender<Job>) {
    if let (Some(jobs), Some(following)) = (jobs.upgrade(), &shared.following) {
        following.ask(&jobs);
    }
}

fn look(shared: &Shared, jobs: &WeakSender<Job>) {
    let (Some(log), asked, known) = (shared.log.shared(), Instant::now(), shared.durable()) else { return };
    match log.look(&known) {
        Ok(Seen::Same) => shared.confirm(asked),
        Ok(Seen::Newer(sequence)) => {
            shared.is_behind(sequence.saturating_sub(known.sequence));
            catch_up(shared, jobs);
        }
        // The committer may have come further than what was asked about; it sees for itself.
        Err(LogError::Diverged(_)) => catch_up(shared, jobs),
        Err(error) => shared.trouble(error.to_string()),
    }
}
