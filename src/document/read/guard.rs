//! Runs a reader so that a document can neither crash nor hold up whoever reads it: on a thread of its own, with a
//! limit on time, its panics caught.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use super::error::ReadError;

/// Stack of a reading thread, in bytes.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// Most readers at work, those included that were given up and have not ended: a thread cannot be stopped.
const READERS: usize = 64;

static AT_WORK: AtomicUsize = AtomicUsize::new(0);

/// Counts a reader for as long as it lives.
struct AtWork;

impl AtWork {
    fn begin() -> Result<Self, ReadError> {
        let this = Self;
        // Dropping takes the count back, where there are too many.
        if AT_WORK.fetch_add(1, Ordering::Relaxed) >= READERS { Err(ReadError::Busy) } else { Ok(this) }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs `read` for at most `limit`; `format` names the document in errors.
///
/// # Errors
/// What `read` returns; [`ReadError::TooSlow`], [`ReadError::Busy`], and [`ReadError::Damaged`] where it panicked.
pub fn guarded<T: Send + 'static>(
    format: &'static str,
    limit: Duration,
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    let at_work = AtWork::begin()?;
    let (sender, receiver) = sync_channel(1);
    let work = move || {
        let _at_work = at_work;
        let result = catch_unwind(AssertUnwindSafe(read));
        // Nobody listens any more where the time is over.
        let _ = sender.send(result);
    };
    let spawned = thread::Builder::new().name("document".to_owned()).stack_size(STACK_BYTES).spawn(work);
    spawned.map_err(|_| ReadError::Busy)?;
    match receiver.recv_timeout(limit) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(ReadError::damaged(format, "the reader failed")),
        Err(RecvTimeoutError::Timeout) => Err(ReadError::TooSlow { seconds: limit.as_secs() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_or_never_ends_is_an_error() {
        let panicked = guarded("PDF", Duration::from_secs(60), || -> Result<(), _> { panic!("hostile") });
        assert!(matches!(panicked, Err(ReadError::Damaged { format: "PDF", .. })));
        let (_never, wait) = sync_channel::<()>(1);
        let endless = guarded("PDF", Duration::ZERO, move || -> Result<(), _> {
            let _ = wait.recv();
            Ok(())
        });
        assert_eq!(endless, Err(ReadError::TooSlow { seconds: 0 }));
        assert_eq!(guarded("PDF", Duration::from_secs(60), || Ok(7)), Ok(7));
    }
}
