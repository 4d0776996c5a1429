//! Syslog over TLS (RFC 5425): each message behind its length.
//!
//! The protocol has no word for "received". A message counts as arrived when the connection that it was written to has
//! lived on for a while; what has not counted yet is sent again over the next connection. So an entry may come twice, and
//! is never left out: its sequence number tells.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};

use crate::config::Syslog;
use crate::outbound::{self, Connection, Trust};
use crate::store::Position;

use super::Target;

/// How long a connection lives on before what was written to it counts as arrived.
const SETTLED: Duration = Duration::from_secs(5);

/// Longest time for a receiver to take what is written.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// Where to connect to.
pub(crate) struct Receiver {
    host: String,
    port: u16,
    trust: Trust,
}

impl Receiver {
    /// None where no receiver is set.
    pub(crate) fn new(settings: &Syslog) -> Option<Self> {
        let (host, port) = settings.target()?;
        let Syslog { address: _, ca, certificate, key } = settings.clone();
        Some(Self { host: host.to_owned(), port, trust: Trust { ca, certificate, key } })
    }

    /// The files are read anew each time.
    pub(crate) async fn connect(&self) -> io::Result<Session> {
        let stream = outbound::connect(&self.host, self.port, Some(self.trust.read()?)).await?;
        let (reader, writer) = split(stream);
        Ok(Session { reader, writer, sent: VecDeque::new() })
    }
}

/// A connection to the receiver.
pub(crate) struct Session {
    reader: ReadHalf<Box<dyn Connection>>,
    writer: WriteHalf<Box<dyn Connection>>,
    /// What was written, and when, and does not count as arrived yet.
    sent: VecDeque<(Instant, Position)>,
}

/// Waits until the other side ends the connection; whatever else it says is of no interest.
async fn until_closed(reader: &mut ReadHalf<Box<dyn Connection>>) -> io::Error {
    let mut said = [0; 256];
    loop {
        match reader.read(&mut said).await {
            Ok(0) => return io::Error::from(io::ErrorKind::ConnectionReset),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

impl Target for Session {
    async fn send(&mut self, messages: Vec<String>, last: Position) -> io::Result<()> {
        let mut frames = Vec::new();
        for message in messages {
            frames.extend_from_slice(format!("{} ", message.len()).as_bytes());
            frames.extend_from_slice(message.as_bytes());
        }
        let write = async {
            self.writer.write_all(&frames).await?;
            self.writer.flush().await
        };
        tokio::select! {
            error = until_closed(&mut self.reader) => return Err(error),
            written = tokio::time::timeout(WRITE_LIMIT, write) => {
                written.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            }
        }
        self.sent.push_back((Instant::now(), last));
        Ok(())
    }

    fn arrived(&mut self) -> Option<Position> {
        let mut arrived = None;
        while self.sent.front().is_some_and(|(at, _)| at.elapsed() >= SETTLED) {
            arrived = self.sent.pop_front().map(|(_, position)| position);
        }
        arrived
    }

    async fn idle(&mut self, at_most: Duration) -> io::Result<()> {
        match tokio::time::timeout(at_most, until_closed(&mut self.reader)).await {
            Ok(error) => Err(error),
            Err(_) => Ok(()),
        }
    }
}
