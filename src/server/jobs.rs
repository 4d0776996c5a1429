//! What goes on beside the calls for as long as the service serves.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;
use tonic_health::server::HealthReporter;

use crate::access::CLOCK;
use crate::config::Tls;
use crate::grpc;
use crate::service::{Caller, Service};
use crate::telemetry::metrics;

/// How often rates are tidied up, and refusals left out of the journal are counted in it.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// How often the totals are kept: after a kill, a start follows the journal from there.
const KEEP_INTERVAL: Duration = Duration::from_secs(600);

/// How often the store is asked whether it still takes writes.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);

/// How often the machine's clock is looked at.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

/// A clock that leaves another, which nobody can set, by more than this was set by someone.
const CLOCK_STEP: SignedDuration = SignedDuration::from_secs(60);

/// A clock that is further behind the newest journal entry than this is told of.
const CLOCK_BEHIND: SignedDuration = SignedDuration::from_secs(5);

/// Keeps the totals while they change.
pub(crate) async fn keep_totals(service: Service) {
    let mut interval = tokio::time::interval(KEEP_INTERVAL);
    // The first tick is at once, and they are kept since the start.
    interval.tick().await;
    let mut kept = service.status().position;
    loop {
        interval.tick().await;
        let present = service.status().position;
        if present != kept {
            kept = present;
            let service = service.clone();
            // A panic there has been logged.
            let _ = tokio::task::spawn_blocking(move || service.keep_totals()).await;
        }
    }
}

/// Tidies up what grows with the number of callers.
pub(crate) async fn tidy(service: Service, door: grpc::DoorLayer) {
    let mut interval = tokio::time::interval(TIDY_INTERVAL);
    loop {
        interval.tick().await;
        door.tidy();
        if let Err(problem) = service.record_left_out().await {
            tracing::error!(problem = problem.message.en, "refusals that were left out cannot be counted yet");
        }
    }
}

/// Reports the services as not serving while writes are refused.
pub(crate) async fn watch_health(service: Service, health: HealthReporter) {
    let mut interval = tokio::time::interval(HEALTH_INTERVAL);
    let mut troubled = false;
    loop {
        interval.tick().await;
        let problem = service.status().problem;
        if problem.is_some() != troubled {
            troubled = problem.is_some();
            grpc::set_health(&health, !troubled).await;
            match problem {
                Some(problem) => tracing::error!(problem = problem.en, "writes are refused"),
                None => tracing::info!("writes are taken again"),
            }
        }
    }
}

/// How often it is looked whether this instance must start anew.
const DIVERGED_INTERVAL: Duration = Duration::from_millis(100);

/// Waits until this instance has shown what is not in the journal that it shares: nothing that it holds is to be believed, and
/// its next start makes it anew. Why.
pub(crate) async fn diverged(service: Service) -> String {
    if service.freshness().is_none() {
        // A store of its own shows nothing that it has not.
        return std::future::pending().await;
    }
    let mut interval = tokio::time::interval(DIVERGED_INTERVAL);
    loop {
        interval.tick().await;
        if let Some(why) = service.diverged() {
            return why;
        }
    }
}

/// Compares the running totals with the store from time to time; what differs is logged and shown by the status.
pub(crate) async fn recount(service: Service, every: Duration) {
    metrics::recounts_are_due(every.as_secs_f64());
    if every.is_zero() {
        return;
    }
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once.
    if !service.has_resumed() {
        // The totals have just been counted.
        interval.tick().await;
    }
    loop {
        interval.tick().await;
        match service.recount().await {
            Ok(found) => tracing::info!(found.sequence, found.differences_total, "the totals were recounted"),
            Err(problem) => {
                metrics::recount_failed();
                tracing::error!(reason = problem.message.en, "the totals could not be recounted");
            }
        }
    }
}

/// How often the store is gone through for damage.
const DAMAGE_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Looks for damage in what the store keeps twice, which is mended by that: after the start, and every day.
pub(crate) async fn look_for_damage(service: Service) {
    let mut interval = tokio::time::interval(DAMAGE_INTERVAL);
    loop {
        interval.tick().await;
        match service.look_for_damage().await {
            Ok(entries) => tracing::info!(entries, "the store was gone through for damage"),
            Err(problem) => {
                tracing::error!(reason = problem.message.en, "the store is damaged, and cannot mend itself")
            }
        }
    }
}

/// How often contacts that no longer hold are struck out, where they could not be when they were replaced.
const CONTACTS_INTERVAL: Duration = Duration::from_secs(600);

/// Strikes out contacts that were replaced while that could not be done, such as during a backup.
pub(crate) async fn strike_contacts(service: Service) {
    let mut interval = tokio::time::interval(CONTACTS_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        service.strike_superseded(&Caller::internal("huizong")).await;
    }
}

/// How often it is looked whether the plain tables for analysts lack something, and how long they are left alone after a failure.
const FIGURES_INTERVAL: Duration = Duration::from_millis(500);
const FIGURES_PAUSE: Duration = Duration::from_secs(10);

/// Follows the journal with the plain tables that analysts read.
pub(crate) async fn keep_figures(service: Service) {
    let mut there = None;
    let mut troubled = false;
    loop {
        let newest = service.status().position.sequence;
        if there.is_some_and(|there| there >= newest) {
            tokio::time::sleep(FIGURES_INTERVAL).await;
            continue;
        }
        match service.follow_figures().await {
            Ok(None) => return,
            Ok(Some(followed)) => {
                there = Some(followed.sequence);
                metrics::figures_followed(followed.behind);
                if std::mem::take(&mut troubled) {
                    tracing::info!(followed.sequence, "the tables for analysts are followed again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut troubled, true) {
                    tracing::error!(%error, "the tables for analysts cannot be followed now; it is tried again, and nothing waits for it");
                }
                tokio::time::sleep(FIGURES_PAUSE).await;
            }
        }
    }
}

/// Says so where the machine's clock is set, or is behind what the journal says already.
pub(crate) async fn watch_clock(service: Service) {
    let mut interval = tokio::time::interval(CLOCK_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut expected, mut at) = (service.machine_time(), Instant::now());
    let mut behind = false;
    loop {
        interval.tick().await;
        let (now, since) = (service.machine_time(), SignedDuration::try_from(at.elapsed()).unwrap_or_default());
        expected = expected.saturating_add(since).unwrap_or(expected);
        let step = now.duration_since(expected);
        if step.abs() > CLOCK_STEP {
            metrics::clock_was_set();
            tracing::error!(
                %now, seconds = step.as_secs(),
                "the clock of this machine was set: due times, expiry and new receipts go by it; see huizong doctor"
            );
            service.note_own(CLOCK, format!("the clock was set by {} s, to {now}", step.as_secs())).await;
        }
        (expected, at) = (now, Instant::now());
        let newest = service.status().position.time;
        let is_behind = newest.duration_since(now) > CLOCK_BEHIND;
        if is_behind != behind {
            behind = is_behind;
            if behind {
                tracing::error!(
                    %now, %newest,
                    "the clock of this machine is behind the journal: time goes on from the newest entry; see huizong doctor"
                );
                service.note_own(CLOCK, format!("the clock says {now}, behind the newest entry, {newest}")).await;
            } else {
                service.note_own(CLOCK, format!("the clock says {now}, no longer behind the journal")).await;
                tracing::info!(%now, "the clock of this machine is no longer behind the journal");
            }
        }
    }
}

/// Says where the clock is so far ahead of the journal that one of them is likely to be wrong; in words.
pub(crate) fn far_clock(service: &Service) -> Option<String> {
    let (now, position) = (service.machine_time(), service.status().position);
    let far = position.sequence > 0 && now.duration_since(position.time) > CLOCK_FAR;
    far.then(|| format!("the clock says {now}, far ahead of the newest entry, {}", position.time))
}

/// Nothing happened for so long, or the clock is wrong.
const CLOCK_FAR: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Measures when certificates and lists of revoked ones end, of the files as they are now.
pub(crate) async fn measure_certificates(tls: Tls) {
    if !tls.is_on() {
        return;
    }
    let mut interval = tokio::time::interval(CERTIFICATE_INTERVAL);
    loop {
        interval.tick().await;
        let tls = tls.clone();
        // What cannot be read is told of by those who need it.
        let _ = tokio::task::spawn_blocking(move || {
            for (setting, path) in [("tls.certificate", &tls.certificate), ("tls.client_ca", &tls.client_ca)] {
                let ends = grpc::validities(path).ok().and_then(|all| all.iter().map(|one| one.ends).min());
                if let Some(ends) = ends {
                    metrics::certificate_ends(setting, ends.as_duration().as_secs_f64());
                }
            }
            let lists = grpc::revocations(&tls.client_crl, &tls.client_ca).unwrap_or_default();
            if let Some(ends) = lists.iter().filter_map(|list| list.ends).min() {
                metrics::revocations_end(ends.as_duration().as_secs_f64());
            }
        })
        .await;
    }
}

/// How often that is done.
const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(60);
