//! The journal on its way to whoever watches over security: as syslog over TLS, or to a file, in the form of RFC 5424.
//!
//! It is read from the store, behind everything that is answered: however slow a receiver is, or gone, nothing waits for
//! it, and what it has not had yet is sent when it takes it again.
//!
//! - `message`: an entry as a message.
//! - `mark`: how far a receiver has had it, over restarts.
//! - `syslog`, `file`: the ways there.

mod file;
mod mark;
mod message;
mod syslog;

use std::time::Duration;

use jiff::Timestamp;

use crate::config::Config;
use crate::report::Message;
use crate::service::{FILE, JournalFilter, SYSLOG, Service};
use crate::store::{JournalEntry, Position};
use crate::telemetry::metrics;

use file::AppendedFile;
use mark::Mark;
use message::Writer;
use syslog::Receiver;

/// Entries sent before it is looked at how far that is.
const BATCH: u64 = 200;

/// Entries that may be under way at most. Where a connection ends before anything has arrived it goes down to one, and up
/// again with what arrives: so even a receiver that ends each connection after some messages gets all.
const UNDER_WAY_MAX: u64 = 10_000;

/// How often it is looked for new entries.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long a receiver that failed is left alone, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Somewhere to send messages to.
trait Target {
    /// Sends messages, each a line without its end, up to an entry.
    async fn send(&mut self, messages: Vec<String>, last: Position) -> std::io::Result<()>;
    /// How far what was sent has arrived, as far as that can be known; none for nothing new.
    fn arrived(&mut self) -> Option<Position>;
    /// Returns when there is something to be told: new entries are looked for every now and then, and a receiver may go.
    async fn idle(&mut self, at_most: Duration) -> std::io::Result<()>;
}

/// What is the same for all ways.
struct Shipping {
    /// As metrics, log and the other instances call it.
    to: &'static str,
    service: Service,
    writer: Writer,
    mark: Mark,
    /// Entries that may be under way now.
    under_way: u64,
    /// Sending failed, and not all has arrived since.
    troubled: bool,
}

/// Sends the journal as syslog for ever, or until this is given up, where a receiver is set.
pub async fn to_syslog(service: Service, config: Config) {
    let Some(receiver) = Receiver::new(&config.journal.syslog) else { return };
    let shipping = Shipping::new(SYSLOG, service, &config);
    shipping.forever(|| receiver.connect()).await;
}

/// Appends the journal to a file for ever, or until this is given up, where one is set.
pub async fn to_file(service: Service, config: Config) {
    let path = config.journal.file.path.clone();
    if path.as_os_str().is_empty() {
        return;
    }
    let shipping = Shipping::new(FILE, service, &config);
    shipping.forever(|| AppendedFile::open(path.clone())).await;
}

/// Where the journal is sent, and the sequence number of the newest entry that has arrived there, 0 for none; nothing where
/// another instance sends it.
pub fn arrivals(config: &Config, service: &Service) -> Vec<(Message, Option<u64>)> {
    let arrived = |to: &str| {
        let arrived = || Mark::new(&config.data_directory, to).read().map_or(0, |position| position.sequence);
        (!service.is_done_elsewhere(to)).then(arrived)
    };
    let mut found = Vec::new();
    if config.journal.syslog.target().is_some() {
        let address = &config.journal.syslog.address;
        found.push((Message::new(format!("日志服务器 {address}"), format!("to {address}")), arrived(SYSLOG)));
    }
    let path = &config.journal.file.path;
    if !path.as_os_str().is_empty() {
        let path = path.display();
        found.push((Message::new(format!("文件 {path}"), format!("to {path}")), arrived(FILE)));
    }
    found
}

/// Whoever sends it no more has nothing that waits.
impl Drop for Shipping {
    fn drop(&mut self) {
        metrics::journal_shipped(self.to, 0, None);
    }
}

impl Shipping {
    fn new(to: &'static str, service: Service, config: &Config) -> Self {
        let writer = Writer::new(&config.journal.host_name, config.journal.enterprise);
        let mark = Mark::new(&config.data_directory, to);
        Self { to, service, writer, mark, under_way: UNDER_WAY_MAX, troubled: false }
    }

    async fn forever<T: Target, F: Future<Output = std::io::Result<T>>>(mut self, connect: impl Fn() -> F) {
        metrics::journal_is_shipped(self.to);
        let (first, longest) = PAUSE;
        let mut pause = first;
        loop {
            let before = self.arrived().await;
            let error = match connect().await {
                Ok(target) => self.until_it_fails(target).await,
                Err(error) => error,
            };
            metrics::journal_not_shipped(self.to);
            if !std::mem::replace(&mut self.troubled, true) {
                tracing::error!(to = self.to, %error, "the journal cannot be sent; it is tried again, and nothing waits for it");
            }
            if self.arrived().await.sequence > before.sequence {
                pause = first;
            } else {
                self.under_way = 1;
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(longest);
        }
    }

    /// How far it was sent from here, or by whichever instance.
    async fn marked(&self) -> Option<Position> {
        let everywhere = self.service.done(self.to).await.filter(|mark| mark.sequence > 0);
        self.mark.read().into_iter().chain(everywhere).max_by_key(|mark| mark.sequence)
    }

    async fn mark(&self, arrived: &Position) {
        if let Err(error) = self.mark.write(arrived) {
            tracing::error!(to = self.to, %error, "how far the journal was sent cannot be kept: it is sent again after a restart");
        }
        self.service.note_done(self.to, *arrived).await;
    }

    /// How far it has arrived; measured.
    async fn arrived(&self) -> Position {
        let position = match self.marked().await {
            Some(mark) if self.is_of_this_journal(&mark).await => mark,
            Some(mark) => {
                // A backup was restored since.
                tracing::warn!(
                    to = self.to,
                    mark.sequence,
                    "the journal is another than was sent; it is sent from its beginning"
                );
                Position::default()
            }
            None => Position::default(),
        };
        self.measure(&position).await;
        position
    }

    /// Where that cannot be read it is taken to be.
    async fn is_of_this_journal(&self, mark: &Position) -> bool {
        let Some(before) = mark.sequence.checked_sub(1) else { return true };
        let entries = self.entries(before, 1).await;
        entries.map_or(true, |entries| entries.first().is_some_and(|entry| entry.chain == mark.chain))
    }

    async fn entries(&self, after: u64, at_most: u64) -> std::io::Result<Vec<JournalEntry>> {
        let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
        let page = self.service.journal(after, at_most, JournalFilter::default()).await;
        page.map(|page| page.items).map_err(|problem| std::io::Error::other(problem.message.en))
    }

    /// Tells since when entries wait that have not arrived.
    async fn measure(&self, arrived: &Position) {
        let waiting = if self.service.newest_sequence() > arrived.sequence {
            let next = self.entries(arrived.sequence, 1).await.unwrap_or_default();
            next.first().map(|entry| entry.time)
        } else {
            None
        };
        let seconds = |time: Timestamp| time.as_duration().as_secs_f64();
        metrics::journal_shipped(self.to, arrived.sequence, waiting.map(seconds));
    }

    async fn until_it_fails<T: Target>(&mut self, mut target: T) -> std::io::Error {
        let mut arrived = self.arrived().await;
        let mut sent = arrived;
        loop {
            let room = self.under_way.saturating_sub(sent.sequence - arrived.sequence).min(BATCH);
            let entries = if room > 0 { self.entries(sent.sequence, room).await } else { Ok(Vec::new()) };
            let step = match entries.as_ref().map(|entries| entries.last().map(JournalEntry::position)) {
                Err(_) => Ok(()),
                Ok(None) => target.idle(INTERVAL).await,
                Ok(Some(last)) => {
                    sent = last;
                    let messages = entries.iter().flatten().map(|entry| self.writer.message(entry)).collect();
                    target.send(messages, last).await
                }
            };
            if let Err(error) = step.and(entries.map(|_| ())) {
                return error;
            }
            if let Some(position) = target.arrived() {
                arrived = position;
                self.under_way = (2 * self.under_way).min(UNDER_WAY_MAX);
                self.mark(&arrived).await;
            }
            if sent.sequence == arrived.sequence && std::mem::take(&mut self.troubled) {
                tracing::info!(to = self.to, arrived.sequence, "the journal is sent again");
            }
            self.measure(&arrived).await;
        }
    }
}
