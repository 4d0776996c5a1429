//! Backups that the service makes by itself: one each interval, verified after it was written; the newest stay.

use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use crate::config::Backup;
use crate::service::{Caller, Service};
use crate::store::transfer::{Kept, KeptBackup};
use crate::telemetry::metrics;

/// How long to wait after a backup that failed.
const RETRY: Duration = Duration::from_secs(600);

/// How often it is looked at the least whether one is due: the clock may be set meanwhile.
const LOOK: Duration = Duration::from_secs(10);

/// As whom the journal has it.
const ACTOR: &str = "backup.schedule";

/// Whoever makes none any more has none that could be too old.
struct Due;

impl Drop for Due {
    fn drop(&mut self) {
        metrics::backups_are_due(0.0);
    }
}

/// Makes backups for ever, or until this is given up.
pub(crate) async fn keep(service: Service, settings: Backup) {
    let _due = Due;
    let every = SignedDuration::from_hours(i64::try_from(settings.every_hours).unwrap_or(i64::MAX / 3600));
    metrics::backups_are_due(every.as_secs_f64());
    let changes_every = SignedDuration::from_mins(i64::try_from(settings.changes_minutes).unwrap_or(i64::MAX / 60));
    let kept = Kept::new(&settings.directory, settings.keep);
    let mut newest = None;
    match kept.list() {
        Ok(backups) => newest = backups.into_iter().next_back(),
        Err(error) => tracing::error!(%error, "the backups of before cannot be looked at"),
    }
    tell(newest.as_ref());
    // A service that is restarted over and over has backups all the same.
    let mut changes_made = newest_of_all(&kept).unwrap_or_else(Timestamp::now);
    loop {
        let now = Timestamp::now();
        // One that seems to be of the future is none to rely on.
        let is_due = newest.as_ref().is_none_or(|backup| backup.made > now || now.duration_since(backup.made) >= every);
        if !is_due {
            let are_changes_due = settings.changes_minutes > 0
                && (changes_made > now || now.duration_since(changes_made) >= changes_every)
                && newest.is_some();
            if are_changes_due {
                changes_made = now;
                match make_changes(&service, &kept).await {
                    Ok(Some(changes)) => {
                        tracing::debug!(path = %changes.path.display(), bytes = changes.bytes, "what changed was backed up");
                    }
                    Ok(None) => {}
                    Err(error) => {
                        metrics::backup_failed();
                        tracing::error!(error = format!("{error:#}"), "what changed could not be backed up");
                    }
                }
            }
            let until_due = changes_every - Timestamp::now().duration_since(changes_made);
            let is_sooner = settings.changes_minutes > 0 && until_due.is_positive();
            tokio::time::sleep(if is_sooner { until_due.unsigned_abs().min(LOOK) } else { LOOK }).await;
            continue;
        }
        match make(&service, &kept, 0).await {
            Ok(backup) => {
                changes_made = now;
                tracing::info!(path = %backup.path.display(), bytes = backup.bytes, "a backup was made and verified");
                tell(Some(&backup));
                newest = Some(backup);
            }
            Err(error) => {
                metrics::backup_failed();
                tracing::error!(error = format!("{error:#}"), "no backup could be made; those of before stay");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// When the newest in the folder was begun, be it whole or what was stored since another.
fn newest_of_all(kept: &Kept) -> Option<Timestamp> {
    let newest = |backups: Result<Vec<KeptBackup>, _>| backups.ok()?.pop().map(|backup| backup.made);
    newest(kept.list()).max(newest(kept.list_changes()))
}

fn tell(newest: Option<&KeptBackup>) {
    if let Some(backup) = newest {
        metrics::backed_up(backup.made.as_duration().as_secs_f64(), backup.bytes);
    }
}

/// Backs up what was stored since the newest backup; none where that is nothing but the journal's word of the last one.
async fn make_changes(service: &Service, kept: &Kept) -> anyhow::Result<Option<KeptBackup>> {
    let last = kept.newest_position()?.context("there is no backup to go on from")?;
    if service.status().position.sequence <= last.sequence {
        return Ok(None);
    }
    make(service, kept, last.sequence).await.map(Some)
}

/// Backs up what was stored since a sequence number; 0 for all of it.
async fn make(service: &Service, kept: &Kept, since: u64) -> anyhow::Result<KeptBackup> {
    let parts = service.backup(&Caller::internal(ACTOR), Some(since)).await;
    let mut parts = parts.map_err(|problem| anyhow::anyhow!(problem.message.en))?;
    let kept = kept.clone();
    let written = tokio::task::spawn_blocking(move || -> anyhow::Result<KeptBackup> {
        let mut draft = if since == 0 { kept.begin(Timestamp::now())? } else { kept.begin_changes(Timestamp::now())? };
        while let Some(part) = parts.blocking_recv() {
            let part = part.map_err(|problem| anyhow::anyhow!(problem.message.en))?;
            draft.write(&part.bytes)?;
        }
        Ok(kept.finish(draft)?.0)
    });
    written.await.context("the backup was given up")?
}
