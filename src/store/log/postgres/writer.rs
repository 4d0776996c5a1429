//! The connection that appends: locks the head, reads what others have appended, and commits within a deadline.

use std::time::{Duration, Instant, SystemTime};

use futures::future::{BoxFuture, join_all, join3, join5};
use futures::{FutureExt as _, TryFutureExt as _};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use crate::store::journal::Position;
use crate::store::log::{LogError, Logged, Seen, Turn};

use super::session::{ANSWER, Session, Trouble, within};
use super::{FORMAT, Head, Inner, body_of, logged_of, number, sql, tables};

/// Transactions of others that are read at once; with more, nothing is locked meanwhile.
const PAGE: i64 = 256;

/// As long as the server lets somebody wait for the lock, and an answer.
const LOCK: Duration = Duration::from_secs(8 + 5);

/// Between two attempts to have the lock.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is no lock.
enum Unlocked {
    Trouble(Trouble),
    Log(LogError),
}

impl From<Trouble> for Unlocked {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<tokio_postgres::Error> for Unlocked {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Trouble(error.into())
    }
}

fn diverged(why: String) -> LogError {
    LogError::Diverged(why)
}

/// The writer's connection; a new one begins with a barrier, so that whatever it sees is durable: after a failure a server may
/// show what it has not handed on to its standby.
async fn session<'a>(inner: &Inner, writer: &'a mut Option<Session>) -> Result<&'a Session, Trouble> {
    if writer.as_ref().is_none_or(|session| session.client.is_closed()) {
        let mut session = Session::open(&inner.engine).await?;
        session.barrier(inner.engine.options.patience).await?;
        session.tells = inner.waking.told_by(&session.client).await?;
        *writer = Some(session);
    }
    writer.as_ref().ok_or_else(|| Trouble::Silent("there is no connection".to_owned()))
}

/// The head, and whether the log still holds what its writer stands on.
fn checked(inner: &Inner, head: Option<&Row>, mine: Option<&Row>, after: &Position) -> Result<Position, LogError> {
    let unreadable = |error: crate::store::StoreError| LogError::NotStored(error.to_string());
    let row = head.ok_or_else(|| diverged("the shared log has no head any more".to_owned()))?;
    let head = Head::of(row).map_err(unreadable)?;
    if head.epoch != inner.epoch {
        return Err(diverged("another store is under the same address".to_owned()));
    }
    if head.format > FORMAT {
        let why = format!("its tables have format {}, and this program knows up to {FORMAT}", head.format);
        return Err(LogError::NotStored(why));
    }
    let there = mine.map(|row| row.get::<_, &[u8]>(0));
    if after.sequence > 0 && there != Some(&after.chain.0[..]) {
        let found = if there.is_some() { "is another one" } else { "is gone" };
        return Err(diverged(format!(
            "journal entry {}, which this instance has shown, {found}: the shared log stands at entry {}",
            after.sequence, head.position.sequence
        )));
    }
    Ok(head.position)
}

/// Transactions of others in their order, without gaps.
pub(super) fn in_order(rows: &[Row], after: &Position) -> Result<Vec<Logged>, LogError> {
    let transactions = (after.sequence + 1..).zip(rows).map(|(sequence, row)| {
        let logged = logged_of(row).filter(|logged| logged.position.sequence == sequence);
        logged.ok_or_else(|| LogError::NotStored(format!("journal entry {sequence} of the shared log cannot be read")))
    });
    transactions.collect()
}

/// Locks the head, however often the connection has to be made for that.
pub(super) async fn lock(inner: &Inner, after: &Position) -> Result<Turn, LogError> {
    let mut writer = inner.writer.lock().await;
    let until = Instant::now() + inner.engine.options.patience;
    loop {
        let trouble = match try_lock(inner, &mut writer, after).await {
            Ok(turn) => return Ok(turn),
            Err(Unlocked::Log(error)) => {
                roll_back(&mut writer).await;
                return Err(error);
            }
            Err(Unlocked::Trouble(trouble)) => trouble,
        };
        // What the session has begun ends with it.
        *writer = None;
        if Instant::now() >= until {
            return Err(LogError::NotStored(tables::advised(&trouble)));
        }
        tracing::warn!(%trouble, "the head of the shared log cannot be locked yet");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn try_lock(inner: &Inner, writer: &mut Option<Session>, after: &Position) -> Result<Turn, Unlocked> {
    let session = session(inner, writer).await?;
    // Of what was before nobody asks any more.
    session.check_unwarned().ok();
    let (client, known) = (&session.client, &session.statements);
    let (sequence, end) = (number(after.sequence), i64::MAX);
    let (of_mine, of_newer): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 3]) =
        ([&sequence], [&sequence, &end, &PAGE]);
    // One round trip: they are sent in this order, and each sees what the lock has waited for.
    let flight = join5(
        client.batch_execute(sql::BEGIN),
        client.query_opt(&known.lock_head, &[]),
        client.query_opt(&known.chain_at, &of_mine),
        client.query(&known.range, &of_newer),
        client.query_one(&known.clock, &[]),
    );
    let (begun, head, mine, newer, clock) = within(LOCK, flight.map(Ok)).await?;
    begun?;
    let (head, mine, newer, clock) = (head?, mine?, newer?, clock?);
    let head = checked(inner, head.as_ref(), mine.as_ref(), after).map_err(Unlocked::Log)?;
    let newer = in_order(&newer, after).map_err(Unlocked::Log)?;
    let complete = newer.last().map_or(after.sequence, |last| last.position.sequence) == head.sequence;
    let now = Timestamp::try_from(clock.get::<_, SystemTime>(0)).unwrap_or(after.time);
    if !complete {
        roll_back(writer).await;
    }
    Ok(Turn { newer, complete, now })
}

/// Gives the lock back; a connection that does not answer is given up, and the server gives it back.
async fn roll_back(writer: &mut Option<Session>) {
    if let Some(session) = writer.as_ref()
        && within(ANSWER, session.client.batch_execute(sql::ROLLBACK)).await.is_err()
    {
        *writer = None;
    }
}

pub(super) async fn release(inner: &Inner) {
    roll_back(&mut *inner.writer.lock().await).await;
}

/// A row to be written.
struct New {
    sequence: i64,
    previous: Vec<u8>,
    chain: Vec<u8>,
    body: Vec<u8>,
}

impl New {
    fn of(logged: &Logged) -> Self {
        Self {
            sequence: number(logged.position.sequence),
            previous: logged.previous.0.to_vec(),
            chain: logged.position.chain.0.to_vec(),
            body: body_of(logged),
        }
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.sequence, &self.previous, &self.chain, &self.body]
    }
}

/// Writes a group, moves the head and commits, in one round trip.
pub(super) async fn append(inner: &Inner, group: &[Logged]) -> Result<(), LogError> {
    let mut writer = inner.writer.lock().await;
    let Some(last) = group.last() else { return Ok(()) };
    let lost = || LogError::NotStored("the lock was lost with its connection".to_owned());
    let session = writer.as_ref().ok_or_else(lost)?;
    let (client, known) = (&session.client, &session.statements);
    let rows: Vec<New> = group.iter().map(New::of).collect();
    let (sequence, time) = (number(last.position.sequence), last.position.time.as_microsecond());
    let chain = last.position.chain.0.to_vec();
    let head: [&(dyn ToSql + Sync); 3] = [&sequence, &chain, &time];
    let mut flight: Vec<BoxFuture<'_, Result<(), tokio_postgres::Error>>> = Vec::new();
    let mut rest = &rows[..];
    for (size, statement) in &known.append {
        while rest.len() >= *size {
            let (these, others) = rest.split_at(*size);
            flight.push(
                async move {
                    let values: Vec<_> = these.iter().flat_map(New::values).collect();
                    client.execute(statement, &values).await.map(drop)
                }
                .boxed(),
            );
            rest = others;
        }
    }
    flight.push(client.execute(&known.move_head, &head).map_ok(drop).boxed());
    flight.extend(session.tells.iter().map(|tell| client.batch_execute(tell).boxed()));
    flight.push(client.batch_execute(sql::COMMIT).boxed());
    // So few that they are asked in this order: the COMMIT is the last that is sent.
    debug_assert!(flight.len() <= 30, "{} questions at once", flight.len());
    let answered = within(inner.engine.options.patience, join_all(flight).map(Ok)).await;
    let outcome = outcome(answered).and_then(|()| session.check_unwarned().map_err(unknown));
    if outcome.is_err() {
        *writer = None;
    }
    outcome
}

fn unknown(trouble: Trouble) -> LogError {
    LogError::Unknown(trouble.to_string())
}

/// What became of a group by the answers to its questions.
fn outcome(answered: Result<Vec<Result<(), tokio_postgres::Error>>, Trouble>) -> Result<(), LogError> {
    let mut silent = None;
    for answer in answered.map_err(unknown)? {
        match answer.map_err(Trouble::from) {
            Ok(()) => {}
            // The server has ended the transaction by that, and a COMMIT after it takes nothing on.
            Err(Trouble::Said { code, words }) if code == SqlState::UNIQUE_VIOLATION.code() => {
                return Err(diverged(format!("what would be appended is there already: {words}")));
            }
            Err(Trouble::Said { words, .. }) => return Err(LogError::NotStored(words)),
            Err(trouble) => silent = silent.or(Some(trouble)),
        }
    }
    silent.map_or(Ok(()), |trouble| Err(unknown(trouble)))
}

/// Commits under the lock, without appending anything: whatever was found under it is durable then.
pub(super) async fn confirm(inner: &Inner) -> Result<(), LogError> {
    let mut writer = inner.writer.lock().await;
    let lost = || LogError::Unknown("the lock was lost with its connection".to_owned());
    let session = writer.as_ref().ok_or_else(lost)?;
    let confirmed = async {
        session.barrier(ANSWER).await?;
        session.commit(inner.engine.options.patience).await
    };
    let confirmed = confirmed.await.map_err(unknown);
    if confirmed.is_err() {
        *writer = None;
    }
    confirmed
}

/// What others have appended, as far as a page goes, and where the head is; nothing is locked.
pub(super) async fn newer(inner: &Inner, after: &Position) -> Result<(Vec<Logged>, Position), LogError> {
    let mut writer = inner.writer.lock().await;
    let asked = async {
        let session = session(inner, &mut writer).await?;
        let (client, known) = (&session.client, &session.statements);
        let (sequence, end) = (number(after.sequence), i64::MAX);
        let (of_mine, of_newer): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 3]) =
            ([&sequence], [&sequence, &end, &PAGE]);
        let flight = join3(
            client.query_opt(&known.head, &[]),
            client.query_opt(&known.chain_at, &of_mine),
            client.query(&known.range, &of_newer),
        );
        let (head, mine, newer) = within(ANSWER, flight.map(Ok)).await?;
        Ok::<_, Trouble>((head?, mine?, newer?))
    };
    match asked.await {
        Ok((head, mine, newer)) => {
            let head = checked(inner, head.as_ref(), mine.as_ref(), after)?;
            Ok((in_order(&newer, after)?, head))
        }
        Err(trouble) => {
            *writer = None;
            Err(LogError::NotStored(tables::advised(&trouble)))
        }
    }
}

/// Where the head is, on a connection that waits for nobody.
pub(super) async fn look(inner: &Inner, after: &Position) -> Result<Seen, LogError> {
    let mut watcher = inner.watcher.lock().await;
    let asked = async {
        if watcher.as_ref().is_none_or(|session| session.client.is_closed()) {
            let session = Session::open_to_hear(&inner.engine, inner.waking.heard()).await?;
            inner.waking.listen(&session.client).await?;
            *watcher = Some(session);
        }
        let Some(session) = watcher.as_ref() else { return Err(Trouble::Silent("there is no connection".to_owned())) };
        let sequence = number(after.sequence);
        let of_mine: [&(dyn ToSql + Sync); 1] = [&sequence];
        let flight = futures::future::join(
            session.client.query_opt(&session.statements.head, &[]),
            session.client.query_opt(&session.statements.chain_at, &of_mine),
        );
        let (head, mine) = within(ANSWER, flight.map(Ok)).await?;
        Ok((head?, mine?))
    };
    match asked.await {
        Ok((head, mine)) => {
            let head = checked(inner, head.as_ref(), mine.as_ref(), after)?;
            Ok(if head.sequence == after.sequence { Seen::Same } else { Seen::Newer(head.sequence) })
        }
        Err(trouble) => {
            *watcher = None;
            Err(LogError::NotStored(tables::advised(&trouble)))
        }
    }
}

/// Puts transactions where they belong, whatever stands there; the head is locked meanwhile.
pub(super) async fn put(inner: &Inner, transactions: &[Logged]) -> Result<(), LogError> {
    let put = async {
        // Not the writer's: it may have the turn.
        let session = Session::open(&inner.engine).await?;
        let (client, known) = (&session.client, &session.statements);
        within(ANSWER, client.batch_execute(sql::BEGIN)).await?;
        within(LOCK, client.query_opt(&known.lock_head, &[])).await?;
        let append = known.append.iter().find(|(size, _)| *size == 1).map(|(_, statement)| statement);
        for row in transactions.iter().map(New::of) {
            let there = within(ANSWER, client.execute(&known.put, &row.values())).await?;
            if let Some(append) = append.filter(|_| there == 0) {
                within(ANSWER, client.execute(append, &row.values())).await?;
            }
        }
        session.commit(inner.engine.options.patience).await
    };
    put.await.map_err(unknown)
}
