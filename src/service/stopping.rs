//! Word that the service stops: streams end, and what is begun then is to be asked of the one that follows.

use std::time::Duration;

use crate::report::Message;

use super::parts::Service;
use super::problem::{Problem, Reason};

/// When to try again, where a service that stops is started anew.
const RESTART: Duration = Duration::from_secs(2);

impl Service {
    /// Ends every stream, so that a service that is told to stop need not wait for them.
    pub fn end_streams(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the service is told to stop; what is then said to callers.
    pub fn stopping(&self) -> impl Future<Output = Problem> + Send + use<> {
        let mut stopping = self.stopping.subscribe();
        // A busy stream would use up what its task may do at a time before it comes to this, each time anew.
        tokio::task::unconstrained(async move {
            // What tells of it lives as long as the service.
            let _ = stopping.wait_for(|stopping| *stopping).await;
            stops()
        })
    }

    /// # Errors
    /// STOPPING, once the service was told to stop: calls that come then are to be made to the one that follows.
    pub fn check_stopping(&self) -> Result<(), Problem> {
        if *self.stopping.borrow() { Err(stops()) } else { Ok(()) }
    }
}

fn stops() -> Problem {
    let message = Message::new("服务正在停止", "the service is stopping");
    Problem::overload(Reason::Stopping, message, RESTART)
}
