//! Which instance does what one of them does for all: a row for each such job, held until a moment by the server's clock. Whoever
//! dies loses it by that; doing a job twice does no harm, and a clock may be wrong.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::report::Hash;
use crate::store::journal::Position;

use super::session::{ANSWER, Trouble, within};
use super::{Inner, hash, number, sql};

/// Takes a job on for a time, or goes on having it: whether it is this instance's.
pub(super) async fn take_on(inner: &Inner, job: &str, time: Duration) -> Result<bool, Trouble> {
    let session = inner.idle().await?;
    let (holder, time) = (&inner.name, i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
    let taken = within(ANSWER, session.client.execute(sql::TAKE_ON, &[&job, holder, &time])).await? > 0;
    let is_new = !taken && within(ANSWER, session.client.query_opt(sql::DONE, &[&job])).await?.is_none();
    let taken = if is_new {
        let nothing = Hash::default().0.to_vec();
        match within(ANSWER, session.client.execute(sql::FIRST_TAKEN_ON, &[&job, holder, &time, &nothing])).await {
            // Another came first.
            Err(Trouble::Said { code, .. }) if code == SqlState::UNIQUE_VIOLATION.code() => false,
            made => made? > 0,
        }
    } else {
        taken
    };
    inner.give_back(session);
    Ok(taken)
}

/// How far whoever had a job has come with it.
pub(super) async fn done(inner: &Inner, job: &str) -> Result<Position, Trouble> {
    let session = inner.idle().await?;
    let row = within(ANSWER, session.client.query_opt(sql::DONE, &[&job])).await?;
    inner.give_back(session);
    let unreadable = |error: crate::store::StoreError| Trouble::Silent(error.to_string());
    row.map_or(Ok(Position::default()), |row| {
        let sequence = u64::try_from(row.get::<_, i64>(0)).unwrap_or(0);
        let chain = hash(row.get(1)).map_err(unreadable)?;
        Ok(Position { sequence, chain, ..Position::default() })
    })
}

/// Notes how far this instance has come with a job that it has; nothing where another has it by now.
pub(super) async fn note_done(inner: &Inner, job: &str, position: &Position) -> Result<(), Trouble> {
    let session = inner.idle().await?;
    let (sequence, chain) = (number(position.sequence), position.chain.0.to_vec());
    within(ANSWER, session.client.execute(sql::NOTE_DONE, &[&job, &inner.name, &sequence, &chain])).await?;
    inner.give_back(session);
    Ok(())
}
