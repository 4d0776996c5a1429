//! A log that several instances share: tables of PostgreSQL, or of one of its kin. Whoever appends holds the head's row.
//!
//! - `address`: where it is. `hosts`: which of them takes writes. `session`: one connection, with deadlines. `sql`: every question.
//! - `writer`: the one connection that locks the head and appends. `reader`: what is read page by page.
//! - `waking`: word of what others append.
//! - `tables`: makes the tables, and tells what is in them.
//! - `lease`: which instance does what one does for all. `analysis`: the figures once more, as plain tables for analysts.
//!
//! A lock is no lease: nothing goes by a clock. A writer that slept finds another chain under the lock, or no lock. What
//! became of a COMMIT without an answer is told by the chain, once the lock is had again: until then whoever sent it may still
//! hold it.

mod address;
mod analysis;
mod hosts;
mod lease;
mod reader;
mod session;
mod sql;
mod tables;
mod waking;
mod writer;

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Row;

use crate::report::Hash;
use crate::store::StoreError;
use crate::store::journal::Position;
use crate::store::loose;

use super::{FiguresAsOf, Keyed, Log, LogError, Logged, Piece, Seen, SharedLog, Turn, fits, is_in_place_of};

use reader::Reader;
use session::{ANSWER, Session, Trouble, within};
use waking::Waking;

pub use address::{Engine, EngineOptions};
pub use analysis::figures;
pub use tables::{EngineStatus, Extras, Roles, init, status, upgrade};

const CHECKSUM_BYTES: usize = 4;

/// Layout of the head and the journal. A program refuses those of a newer one. What is beside them may be there or not
/// ([`Extras`]), and older programs do without: it does not change this.
const FORMAT: i64 = 1;

/// The open log.
pub(crate) struct PostgresLog {
    /// What the connections live on.
    runtime: Background,
    inner: Arc<Inner>,
    /// Held from taking the turn to its end by whoever appends from this process, but for the committer, which is one thread.
    appending: Mutex<()>,
    /// Up to here it is known to whoever has it open: what is read ends here.
    known: RwLock<Position>,
}

/// What its tasks share.
struct Inner {
    engine: Engine,
    epoch: Vec<u8>,
    waking: Waking,
    /// The one that locks the head.
    writer: tokio::sync::Mutex<Option<Session>>,
    /// The one that looks at it.
    watcher: tokio::sync::Mutex<Option<Session>>,
    /// One that nobody uses at the moment, for what is asked beside these two.
    idle: Mutex<Option<Session>>,
    /// As whom this instance takes on what one does for all.
    name: String,
    /// What there is beside the head and the journal.
    extras: Extras,
}

impl Inner {
    /// A connection for whoever needs one now and then.
    async fn idle(&self) -> Result<Session, Trouble> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        match idle {
            Some(session) if !session.client.is_closed() => Ok(session),
            _ => Session::open(&self.engine).await,
        }
    }

    /// For the next one; only where nothing has been begun on it that has not ended.
    fn give_back(&self, session: Session) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }
}

/// As people tell instances apart: the machine, the process, and digits that no other has.
fn own_name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{}/{}", machine.trim(), std::process::id(), uuid::Uuid::new_v4().simple())
}

/// The head's row.
struct Head {
    position: Position,
    epoch: Vec<u8>,
    format: i64,
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("the shared log: {what}"))
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map(Hash).map_err(|_| damaged("a hash has another length"))
}

impl Head {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let (sequence, chain, time): (i64, &[u8], i64) = (row.get(0), row.get(1), row.get(2));
        let position = Position {
            sequence: u64::try_from(sequence).map_err(|_| damaged("its head is below nothing"))?,
            chain: hash(chain)?,
            time: Timestamp::from_microsecond(time).map_err(|_| damaged("its head is at no time"))?,
        };
        Ok(Self { position, epoch: row.get(3), format: row.get(4) })
    }
}

/// A number as the server takes it; there are no larger ones.
fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// The transaction of a row of [`sql::RANGE`], where it is what was written.
fn logged_of(row: &Row) -> Option<Logged> {
    let (sequence, previous, chain, body): (i64, &[u8], &[u8], &[u8]) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let (checksum, records) = body.split_at_checked(CHECKSUM_BYTES)?;
    if *checksum != crc32fast::hash(records).to_le_bytes() {
        return None;
    }
    let logged = Logged::decode(records).ok()?;
    let is_same = number(logged.position.sequence) == sequence
        && logged.previous.0 == *previous
        && logged.position.chain.0 == *chain;
    is_same.then_some(logged)
}

/// What is kept of a transaction in its row: CRC-32 of its records, little-endian, and the records.
fn body_of(logged: &Logged) -> Vec<u8> {
    let mut body = vec![0; CHECKSUM_BYTES];
    logged.encode(&mut body);
    let checksum = crc32fast::hash(&body[CHECKSUM_BYTES..]).to_le_bytes();
    body[..CHECKSUM_BYTES].copy_from_slice(&checksum);
    body
}

impl PostgresLog {
    /// Connects to a log that has its tables; what is in it up to now is known.
    ///
    /// # Errors
    /// [`StoreError::Open`] where it cannot be reached, has no tables, or would lose what it acknowledges;
    /// [`StoreError::FormatVersion`] where a newer program made them.
    pub(crate) fn open(engine: &Engine) -> Result<Self, StoreError> {
        let runtime = Background::begin().map_err(|error| StoreError::Open(error.to_string()))?;
        let connected = {
            let engine = engine.clone();
            runtime.wait(async move {
                let session = Session::open(&engine).await?;
                let head = within(ANSWER, session.client.query_opt(&session.statements.head, &[])).await?;
                let extras = tables::extras(&session.client).await?;
                Ok((session, head, extras))
            })
        };
        let open_error =
            |trouble: Trouble| StoreError::Open(format!("{}: {}", engine.url(), tables::advised(&trouble)));
        let (session, head, extras) = connected.map_err(open_error)?;
        let head = Head::of(&head.ok_or_else(|| damaged("it has no head"))?)?;
        if head.format > FORMAT {
            let found = u8::try_from(head.format).unwrap_or(u8::MAX);
            return Err(StoreError::FormatVersion { found, supported: u8::try_from(FORMAT).unwrap_or(u8::MAX) });
        }
        let inner = Inner {
            engine: engine.clone(),
            waking: Waking::new(&head.epoch, engine.options.wake_ups),
            epoch: head.epoch,
            writer: tokio::sync::Mutex::default(),
            watcher: Some(session).into(),
            idle: Mutex::default(),
            name: own_name(),
            extras,
        };
        if !extras.leases {
            tracing::warn!(
                "what one instance could do for all is done by each: there is no table for that yet, or this role may not use it \
                 (huizong store upgrade)"
            );
        }
        Ok(Self { runtime, inner: Arc::new(inner), appending: Mutex::default(), known: RwLock::new(head.position) })
    }

    /// Has something done on the connections, and waits for it, on whatever thread.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, LogError>> + Send + 'static,
    ) -> Result<T, LogError> {
        self.runtime.wait(work)
    }

    fn set_known(&self, position: Position) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = position;
    }

    /// Puts transactions where they belong, whatever stands there.
    fn put(&self, transactions: &[Logged]) -> Result<(), StoreError> {
        let (inner, transactions) = (self.inner.clone(), transactions.to_vec());
        let put = async move { writer::put(&inner, &transactions).await };
        self.wait(put).map_err(|error| StoreError::Read(error.to_string()))
    }

    /// One piece after a place, where there is one.
    fn next_after(&self, sequence: u64) -> Result<Option<Piece>, StoreError> {
        Reader::new(self, sequence, self.head().sequence.min(sequence.saturating_add(1))).next().transpose()
    }
}

/// Why nothing comes back from a task that has panicked.
impl From<mpsc::RecvError> for LogError {
    fn from(_: mpsc::RecvError) -> Self {
        Self::Unknown("a task of the shared log has ended".to_owned())
    }
}

impl From<Trouble> for LogError {
    fn from(trouble: Trouble) -> Self {
        Self::NotStored(tables::advised(&trouble))
    }
}

impl From<mpsc::RecvError> for Trouble {
    fn from(_: mpsc::RecvError) -> Self {
        Self::Silent("a task of the shared log has ended".to_owned())
    }
}

/// A thread on which connections live, whoever asks; none while this is dropped.
struct Background(Option<Runtime>);

impl Background {
    fn begin() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("shared-log").enable_all().build();
        runtime.map(|runtime| Self(Some(runtime)))
    }

    /// Has something done there, and waits for it. Works on threads of another runtime, too, which must not wait in any other way.
    fn wait<T: Send + 'static, E: From<mpsc::RecvError> + Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E> {
        let (done, result) = mpsc::sync_channel(1);
        match &self.0 {
            None => drop(done),
            Some(runtime) => {
                runtime.spawn(async move {
                    // Whoever asked waits for it.
                    let _ = done.send(work.await);
                });
            }
        }
        result.recv()?
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // On a thread of another runtime it may not be waited for.
            runtime.shutdown_background();
        }
    }
}

impl Log for PostgresLog {
    fn head(&self) -> Position {
        *self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, after: &Position, group: &[Logged]) -> Result<(), LogError> {
        let _appending = self.appending.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = match self.lock(after) {
            // It stands elsewhere.
            Err(LogError::Diverged(_)) => return Err(LogError::NotNewest { head: self.head() }),
            locked => locked?,
        };
        let known = turn.newer.last().map_or(*after, |last| last.position);
        if known.sequence > after.sequence {
            if turn.complete {
                self.release();
            }
            self.set_known(known);
            return Err(LogError::NotNewest { head: known });
        }
        if !super::follow(after, group) {
            self.release();
            return Err(LogError::NotNext { after: after.sequence });
        }
        let Some(last) = group.last() else {
            self.release();
            return Ok(());
        };
        match self.append_locked(group) {
            Err(LogError::Unknown(why)) => {
                // Whoever has the lock again knows what became of it.
                let turn = self.lock(after).map_err(|error| LogError::Unknown(format!("{why}; then {error}")))?;
                let is_there = turn.newer.iter().any(|one| one.position.chain == last.position.chain);
                if !is_there {
                    self.release();
                    return Err(LogError::NotStored(why));
                }
                if turn.complete {
                    self.confirm()?;
                }
            }
            appended => appended?,
        }
        self.set_known(last.position);
        Ok(())
    }

    fn read(&self, after: u64) -> Box<dyn Iterator<Item = Result<Piece, StoreError>> + Send + '_> {
        Box::new(Reader::new(self, after, self.head().sequence))
    }

    fn fill(&self, gap: &RangeInclusive<u64>, transactions: &[Logged]) -> Result<(), StoreError> {
        let before = match gap.start() - 1 {
            0 => Some(Hash::default()),
            before => match self.next_after(before - 1)? {
                Some(Piece::Transaction(before)) => Some(before.position.chain),
                _ => None,
            },
        };
        let next = match self.next_after(*gap.end())? {
            Some(Piece::Transaction(next)) => Some(next.previous),
            Some(Piece::Gap(_)) => None,
            None => Some(self.head().chain),
        };
        if !fits(gap, transactions, before, next) {
            return Err(damaged("what is to fill a gap is not what was there"));
        }
        self.put(transactions)
    }

    fn remains(&self, of: &RangeInclusive<u64>) -> Vec<Keyed> {
        let bodies = reader::bodies(self, of).unwrap_or_default();
        bodies.iter().flat_map(|body| loose::records(body, of)).collect()
    }

    fn replace(&self, transaction: &Logged) -> Result<(), StoreError> {
        let sequence = transaction.position.sequence;
        let there = self.next_after(sequence.saturating_sub(1))?;
        if !there.is_some_and(|there| is_in_place_of(transaction, &there)) {
            return Err(damaged(&format!("entry {sequence} is not what would take its place")));
        }
        self.put(std::slice::from_ref(transaction))
    }

    fn shared(&self) -> Option<&dyn SharedLog> {
        Some(self)
    }
}

impl SharedLog for PostgresLog {
    fn lock(&self, after: &Position) -> Result<Turn, LogError> {
        let (inner, after) = (self.inner.clone(), *after);
        self.wait(async move { writer::lock(&inner, &after).await })
    }

    fn append_locked(&self, group: &[Logged]) -> Result<(), LogError> {
        let (inner, group) = (self.inner.clone(), group.to_vec());
        self.wait(async move { writer::append(&inner, &group).await })
    }

    fn confirm(&self) -> Result<(), LogError> {
        let inner = self.inner.clone();
        self.wait(async move { writer::confirm(&inner).await })
    }

    fn release(&self) {
        let inner = self.inner.clone();
        let released = self.wait(async move {
            writer::release(&inner).await;
            Ok(())
        });
        if let Err(error) = released {
            tracing::warn!(%error, "the head of the shared log may stay locked until its session ends");
        }
    }

    fn newer(&self, after: &Position) -> Result<(Vec<Logged>, Position), LogError> {
        let (inner, after) = (self.inner.clone(), *after);
        self.wait(async move { writer::newer(&inner, &after).await })
    }

    fn look(&self, after: &Position) -> Result<Seen, LogError> {
        let (inner, after) = (self.inner.clone(), *after);
        self.wait(async move { writer::look(&inner, &after).await })
    }

    fn when_appended(&self, wake: Box<dyn Fn() + Send + Sync>) {
        let inner = self.inner.clone();
        inner.waking.begin(wake);
        let began = self.wait(async move {
            // The next one listens.
            *inner.watcher.lock().await = None;
            Ok(())
        });
        if let Err(error) = began {
            tracing::warn!(%error, "nothing is heard of what others append; it is looked for");
        }
    }

    fn advance(&self, to: Position) {
        self.set_known(to);
    }

    fn epoch(&self) -> String {
        hex::encode(&self.inner.epoch)
    }

    fn extras(&self) -> Extras {
        self.inner.extras
    }

    fn take_on(&self, job: &str, time: Duration) -> Result<bool, LogError> {
        let (inner, job) = (self.inner.clone(), job.to_owned());
        self.wait(async move { lease::take_on(&inner, &job, time).await.map_err(LogError::from) })
    }

    fn done(&self, job: &str) -> Result<Position, LogError> {
        let (inner, job) = (self.inner.clone(), job.to_owned());
        self.wait(async move { lease::done(&inner, &job).await.map_err(LogError::from) })
    }

    fn note_done(&self, job: &str, position: &Position) -> Result<(), LogError> {
        let (inner, job, position) = (self.inner.clone(), job.to_owned(), *position);
        self.wait(async move { lease::note_done(&inner, &job, &position).await.map_err(LogError::from) })
    }

    fn follow_figures(&self, anew: bool) -> Result<FiguresAsOf, LogError> {
        let inner = self.inner.clone();
        self.wait(async move { analysis::follow(&inner, anew).await })
    }
}
