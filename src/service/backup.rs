//! A backup of a running service: the store's stream, true as of one journal sequence, and who was given it.

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::report::Message;
use crate::store::transfer::{Export, Part};

use super::caller::Caller;
use super::parts::{SCANS_MAX, Service};
use super::problem::{Problem, Reason};

/// The journal's word for it.
const ACTION: &str = "backup.create";

/// Parts that may wait for the caller; the reader of the store waits then.
const AHEAD: usize = 4;

impl Service {
    /// Leave for one scan of the whole store.
    pub(super) fn scan_permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.scans.clone().try_acquire_owned().map_err(|_| {
            Problem::new(
                Reason::TooMany,
                Message::new(
                    format!("已有 {SCANS_MAX} 个备份或校验在进行"),
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
    /// TOO_MANY where other scans of the whole store are under way; the store's where it takes no entry: nothing leaves
    /// the service unrecorded.
    pub async fn backup(&self, caller: &Caller) -> Result<mpsc::Receiver<Result<Part, Problem>>, Problem> {
        let permit = self.scan_permit()?;
        self.record(caller.accepted(ACTION, String::new(), String::new())).await?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            for part in Export::of(&*store) {
                if sender.blocking_send(part.map_err(Problem::from)).is_err() {
                    break;
                }
            }
        });
        Ok(receiver)
    }
}
