//! What systemd is told of the service (`Type=notify`): that it is ready, reads its settings again, stops, and is alive.
//! Where nobody asks to be told, nothing is said.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::service::Service;

fn tell(state: &[NotifyState<'_>]) {
    // Without a supervisor that listens this does nothing and succeeds.
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the supervisor cannot be told how the service is");
    }
}

/// Calls are taken.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// The settings are being read again; [`ready`] follows.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the supervisor cannot be told that the settings are read again"),
    }
}

/// Calls under way come to their end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Says for ever that the service is alive: that its tasks run, and that what every call needs is not held by one that
/// does not end. A watchdog that hears nothing starts it anew.
pub(crate) async fn keep_alive(service: Service) {
    let Some(within) = sd_notify::watchdog_enabled() else { return };
    // Twice as often as is asked for, as systemd recommends.
    let mut interval = tokio::time::interval((within / 2).max(Duration::from_millis(1)));
    loop {
        interval.tick().await;
        let service = service.clone();
        // Where the state is held for good this does not come back, and the watchdog hears nothing more.
        if tokio::task::spawn_blocking(move || service.status()).await.is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}
