//! Word of what others append, beside the looks at the head: whoever waits less waits for this, and nothing rests on it. A server
//! that does not know it is used without, and so is a connection that hears nothing.

use std::sync::{Arc, OnceLock};

use tokio_postgres::Client;

use super::session::{ANSWER, Trouble, within};
use super::sql;

/// What is done when somebody else has appended.
pub(super) type Wake = Box<dyn Fn() + Send + Sync>;

/// What a connection that listens does with what it hears.
pub(super) type Heard = Arc<dyn Fn(&str) + Send + Sync>;

/// How word is sent and taken in.
pub(super) struct Waking {
    /// Of this store alone.
    channel: String,
    /// Tells what this instance says from what others say.
    name: String,
    wake: Arc<OnceLock<Wake>>,
    wanted: bool,
}

impl Waking {
    /// Of the store with this epoch.
    pub(super) fn new(epoch: &[u8], wanted: bool) -> Self {
        let name = uuid::Uuid::new_v4().simple().to_string();
        Self { channel: format!("huizong_{}", hex::encode(epoch)), name, wake: Arc::default(), wanted }
    }

    /// Says what is done from now on; once.
    pub(super) fn begin(&self, wake: Wake) {
        // Whoever asks twice is the same store.
        let _ = self.wake.set(wake);
    }

    /// What a connection hears of others; none where nobody wants to know.
    pub(super) fn heard(&self) -> Option<Heard> {
        self.wake.get().filter(|_| self.wanted)?;
        let (own, wake) = (self.name.clone(), self.wake.clone());
        Some(Arc::new(move |name: &str| {
            if name != own
                && let Some(wake) = wake.get()
            {
                wake();
            }
        }))
    }

    /// Has a connection listen, where the server knows that.
    pub(super) async fn listen(&self, client: &Client) -> Result<(), Trouble> {
        if self.wake.get().is_none() || !self.wanted {
            return Ok(());
        }
        known(within(ANSWER, client.batch_execute(&sql::listen(&self.channel))).await).map(drop)
    }

    /// What tells others, where the server knows that: it is asked outside of any transaction, which a refusal would end.
    pub(super) async fn told_by(&self, client: &Client) -> Result<Option<String>, Trouble> {
        let tell = sql::notify(&self.channel, &self.name);
        let is_known = self.wanted && known(within(ANSWER, client.batch_execute(&tell)).await)?;
        Ok(is_known.then_some(tell))
    }
}

fn known(answered: Result<(), Trouble>) -> Result<bool, Trouble> {
    match answered {
        Ok(()) => Ok(true),
        Err(Trouble::Said { words, .. }) => {
            tracing::info!(words, "the server sends no word of what others append; it is looked for");
            Ok(false)
        }
        Err(silent) => Err(silent),
    }
}
