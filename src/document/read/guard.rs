//! Runs a reader on a thread with a stack deep enough for nested documents, its panics caught. What ends a process
//! (no memory, no end) is for the process that documents are read in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::error::ReadError;

/// Stack of a reading thread, in bytes.
pub const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Runs `read` on such a thread; `format` names the document in errors.
///
/// # Errors
/// What `read` returns; [`ReadError::Damaged`] where it panicked.
pub fn guarded<T: Send>(
    format: &'static str,
    read: impl FnOnce() -> Result<T, ReadError> + Send,
) -> Result<T, ReadError> {
    thread::scope(|scope| {
        let work = move || caught(format, read);
        let spawned =
            thread::Builder::new().name("document".to_owned()).stack_size(STACK_BYTES).spawn_scoped(scope, work);
        // A panic is caught on the thread, so that it ends in order.
        spawned.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| Err(failed(format)))
    })
}

/// Runs `read` on this thread, whose stack is deep enough.
///
/// # Errors
/// As [`guarded`].
pub fn caught<T>(format: &'static str, read: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(failed(format)))
}

fn failed(format: &'static str) -> ReadError {
    ReadError::damaged(format, "the reader failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_is_an_error() {
        let panicked = guarded("PDF", || -> Result<(), _> { panic!("hostile") });
        assert!(matches!(panicked, Err(ReadError::Damaged { format: "PDF", .. })));
        assert_eq!(guarded("PDF", || Ok(7)), Ok(7));
    }
}
