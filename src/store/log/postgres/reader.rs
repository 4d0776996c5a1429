//! Reads the shared log page by page, on a connection of its own.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Row;

use crate::store::StoreError;
use crate::store::log::{LogError, Piece};

use super::session::{Trouble, within};
use super::{Inner, PostgresLog, logged_of, number};

/// Transactions of a page.
const PAGE: i64 = 256;

/// Until a page is here.
const PAGE_ANSWER: Duration = Duration::from_secs(30);

/// A page, where the server has it.
async fn page(inner: Arc<Inner>, after: u64, until: u64) -> Result<Vec<Row>, Trouble> {
    let session = inner.idle().await?;
    let (after, until) = (number(after), number(until));
    let rows = within(PAGE_ANSWER, session.client.query(&session.statements.range, &[&after, &until, &PAGE])).await?;
    inner.give_back(session);
    Ok(rows)
}

fn rows(log: &PostgresLog, after: u64, until: u64) -> Result<Vec<Row>, StoreError> {
    let inner = log.inner.clone();
    let asked = async move {
        // A connection that was idle may have ended meanwhile.
        match page(inner.clone(), after, until).await {
            Err(Trouble::Silent(_)) => page(inner, after, until).await,
            asked => asked,
        }
        .map_err(|trouble| LogError::NotStored(trouble.to_string()))
    };
    log.wait(asked).map_err(|error| StoreError::Read(error.to_string()))
}

/// The transactions after a place and up to another, and what is missing of them.
pub(super) struct Reader<'a> {
    log: &'a PostgresLog,
    after: u64,
    until: u64,
    pieces: VecDeque<Piece>,
    failed: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(log: &'a PostgresLog, after: u64, until: u64) -> Self {
        Self { log, after, until, pieces: VecDeque::new(), failed: false }
    }

    /// Takes what cannot be read up to a place into a gap.
    fn gap_to(&mut self, end: u64) {
        if end <= self.after {
            return;
        }
        let start = self.after + 1;
        match self.pieces.back_mut() {
            Some(Piece::Gap(gap)) => *gap = *gap.start()..=end,
            _ => self.pieces.push_back(Piece::Gap(start..=end)),
        }
        self.after = end;
    }

    /// Reads on until there is a piece that is whole; a gap may go on with the next page.
    fn fill(&mut self) -> Result<(), StoreError> {
        while self.after < self.until && matches!(self.pieces.back(), None | Some(Piece::Gap(_))) {
            let rows = rows(self.log, self.after, self.until)?;
            if rows.is_empty() {
                self.gap_to(self.until);
            }
            for row in rows {
                let sequence = u64::try_from(row.get::<_, i64>(0)).unwrap_or(0);
                self.gap_to(sequence.saturating_sub(1));
                match logged_of(&row) {
                    Some(logged) => {
                        self.pieces.push_back(Piece::Transaction(logged));
                        self.after = sequence;
                    }
                    None => self.gap_to(sequence),
                }
            }
        }
        Ok(())
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Piece, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        // The last piece may be a gap that goes on.
        if self.pieces.len() <= 1
            && let Err(error) = self.fill()
        {
            self.failed = true;
            return Some(Err(error));
        }
        self.pieces.pop_front().map(Ok)
    }
}

/// What stands in the place of these transactions, whatever it is.
pub(super) fn bodies(log: &PostgresLog, of: &RangeInclusive<u64>) -> Result<Vec<Vec<u8>>, StoreError> {
    let (mut after, mut bodies) = (of.start() - 1, Vec::new());
    loop {
        let rows = rows(log, after, *of.end())?;
        let Some(last) = rows.last() else { return Ok(bodies) };
        after = u64::try_from(last.get::<_, i64>(0)).unwrap_or(u64::MAX);
        bodies.extend(rows.iter().map(|row| row.get::<_, Vec<u8>>(3)));
    }
}
