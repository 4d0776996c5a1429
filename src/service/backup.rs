//! A backup of a running service: the store's stream, true as of one journal sequence, and who was given it.

use std::ops::ControlFlow;

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::report::Message;
use crate::store::transfer::{Export, Part, export_changes, place};

use super::caller::Caller;
use super::parts::{SCANS_MAX, Service};
use super::problem::{Problem, Reason};

/// The journal's word for it.
const ACTION: &str = "backup.create";

/// Parts that may wait for the caller; the reader of the store waits then.
const AHEAD: usize = 4;

/// A backup was asked for since a moment that the journal does not have.
fn no_such_entry(sequence: u64) -> Problem {
    Problem::field(
        Reason::AsOfInvalid,
        "since",
        Message::new(format!("日志没有第{sequence}条"), format!("the journal has no entry {sequence}")),
    )
}

impl Service {
    /// Leave for one scan of the whole store.
    pub(super) fn scan_permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.scans.clone().try_acquire_owned().map_err(|_| {
            Problem::new(
                Reason::TooMany,
                Message::new(
                    format!("已有{SCANS_MAX}个备份或校验在进行"),
                    format!("{SCANS_MAX} backups or verifications are under way"),
                ),
                Message::new("请待其完成后重试", "try again when they have ended"),
            )
        })
    }

    /// A backup, part by part. It ends when the receiver is dropped. That it was begun, and by whom, is in the journal
    /// before the first part is given away, and so in the backup.
    ///
    /// # Errors
    /// TOO_MANY where other scans of the whole store are under way; AS_OF_INVALID where there is no entry `since`; the store's
    /// where it takes no entry: nothing leaves the service unrecorded.
    pub async fn backup(
        &self,
        caller: &Caller,
        since: Option<u64>,
    ) -> Result<mpsc::Receiver<Result<Part, Problem>>, Problem> {
        let permit = self.scan_permit()?;
        let since = match since {
            None => None,
            Some(sequence) => Some(place(&*self.store, sequence)?.ok_or_else(|| no_such_entry(sequence))?),
        };
        self.record(caller.accepted(ACTION, String::new(), String::new())).await?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let Some(since) = since else {
                for part in Export::of(&*store) {
                    if sender.blocking_send(part.map_err(Problem::from)).is_err() {
                        break;
                    }
                }
                return;
            };
            let send = |part| match sender.blocking_send(Ok(part)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            if let Err(error) = export_changes(&*store, since, send) {
                // The caller may have gone; there is nobody to tell then.
                let _ = sender.blocking_send(Err(Problem::from(error)));
            }
        });
        Ok(receiver)
    }
}
