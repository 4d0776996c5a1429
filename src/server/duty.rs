//! What one of several instances does for all: it is done for as long as it is this instance's, and by another soon after this one
//! has died or cannot reach the shared journal any more. A service with a store of its own has all of it always.

use std::time::{Duration, Instant};

use crate::service::Service;

/// Keeps asking for a job: until when it is this instance's.
struct Held {
    service: Service,
    job: &'static str,
    lease: Duration,
    until: Option<Instant>,
}

impl Held {
    /// Asks once.
    async fn ask(&mut self) {
        let asked = Instant::now();
        match self.service.take_on(self.job, self.lease).await {
            Ok(true) => self.until = Some(asked + self.lease),
            Ok(false) => self.until = None,
            // Who has it has it for as long as it was told.
            Err(error) => tracing::debug!(job = self.job, %error, "nobody can tell whose job it is"),
        }
    }

    fn is_mine(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Returns when it is this instance's, or is not any more.
    async fn becomes(&mut self, mine: bool) {
        while self.is_mine() != mine {
            // Three times within the lease: once or twice there may be no answer.
            tokio::time::sleep(self.lease / 3).await;
            self.ask().await;
        }
    }
}

/// Has a job done whenever it is this instance's, until it comes to an end by itself.
pub(crate) async fn while_mine<F: Future<Output = ()>>(
    service: Service,
    job: &'static str,
    lease: Duration,
    work: impl Fn() -> F,
) {
    let shares_jobs = service.extras().is_some_and(|extras| extras.leases);
    if !shares_jobs {
        return work().await;
    }
    let mut held = Held { service, job, lease, until: None };
    held.ask().await;
    loop {
        held.becomes(true).await;
        tracing::info!(job, "this instance does it for all");
        tokio::select! {
            () = work() => return,
            () = held.becomes(false) => tracing::warn!(job, "another instance does it from now on, or soon will"),
        }
    }
}
