//! Where the journal is that answers rest on, as callers carry it from one instance to another: an instance that is asked with
//! it waits until it has come as far, or says that it has not.

use std::time::{Duration, Instant};

use crate::report::Message;
use crate::store::Position;

use super::parts::Service;
use super::problem::{Problem, Reason};

/// How long an instance waits until it has come as far as it is asked for.
const WAIT: Duration = Duration::from_secs(5);

/// How long it may take to look at the journal.
const MOMENT: Duration = Duration::from_secs(1);

/// Digits of a chain hash in a place: enough that no other journal has them there.
const CHAIN_DIGITS: usize = 16;

/// Asks for everything that any instance has acknowledged.
const NEWEST: &str = "newest";

/// What a caller asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Newest,
    /// A sequence number, and the first digits of that entry's chain hash where they were given.
    Place(u64, Option<String>),
}

impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        if text == NEWEST {
            return Some(Self::Newest);
        }
        let (sequence, chain) = match text.split_once('-') {
            Some((sequence, chain)) => (sequence, Some(chain)),
            None => (text, None),
        };
        let is_chain = |chain: &str| {
            (1..=64).contains(&chain.len()) && chain.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        if chain.is_some_and(|chain| !is_chain(chain)) {
            return None;
        }
        Some(Self::Place(sequence.parse().ok()?, chain.map(str::to_owned)))
    }
}

/// A place in the journal as it is carried: its sequence number and the beginning of its chain hash.
fn place_of(position: &Position) -> String {
    let chain = position.chain.to_hex();
    format!("{}-{}", position.sequence, chain.get(..CHAIN_DIGITS).unwrap_or_default())
}

fn unavailable(zh: String, en: String) -> Problem {
    let remedy = Message::new("请稍后重试，或改用其他实例", "try again soon, or at another instance");
    Problem::new(Reason::StoreUnavailable, Message::new(zh, en), remedy)
}

impl Service {
    /// The place that everything rests on which is answered by now.
    pub fn place(&self) -> String {
        place_of(&self.store.position())
    }

    /// Waits until this instance has come as far as a caller wants, as a header says it; without one, that it is not too far
    /// behind is all.
    ///
    /// # Errors
    /// A [`Problem`] where it has not come there in time, what the caller has seen is not in the journal any more, or the
    /// header is none.
    pub async fn come_to(&self, wanted: Option<&str>) -> Result<(), Problem> {
        let Some(text) = wanted else { return self.store.check_fresh().map_err(Problem::of_store) };
        let wanted = Wanted::parse(text.trim()).ok_or_else(|| {
            let description = Message::new(
                "应为 newest，或序号，或序号-日志校验值前缀",
                "it must be newest, a sequence number, or one with the beginning of its chain hash after a hyphen",
            );
            Problem::field(Reason::FieldInvalid, "huizong-at-least", description)
        })?;
        let come = async {
            match &wanted {
                Wanted::Newest => self.store.newest().await.map(drop),
                Wanted::Place(sequence, _) => self.store.reached(*sequence).await,
            }
        };
        match tokio::time::timeout(WAIT, come).await {
            Ok(come) => come.map_err(Problem::of_store)?,
            Err(_) => {
                let at = self.store.position().sequence;
                return Err(unavailable(
                    format!("本实例尚在日志第{at}条，未追上所求的 {text}"),
                    format!("this instance stands at journal entry {at}, and has not come to {text}"),
                ));
            }
        }
        if let Wanted::Place(sequence @ 1.., Some(chain)) = wanted {
            self.check_place(sequence, &chain)?;
        }
        self.fresh().await
    }

    /// That this instance is not too far behind; one that slept, and has just been asked, is given a moment to look.
    async fn fresh(&self) -> Result<(), Problem> {
        let until = Instant::now() + MOMENT;
        while self.store.check_fresh().is_err() && Instant::now() < until {
            tokio::time::sleep(MOMENT / 50).await;
        }
        self.store.check_fresh().map_err(Problem::of_store)
    }

    /// That an entry is the one that a caller has seen.
    fn check_place(&self, sequence: u64, chain: &str) -> Result<(), Problem> {
        let entry = self.store.journal(sequence - 1, 1)?.pop();
        if entry.is_some_and(|entry| entry.chain.to_hex().starts_with(chain)) {
            return Ok(());
        }
        Err(unavailable(
            format!("日志第{sequence}条与所见不符：数据库曾回退，或为另一数据库"),
            format!(
                "journal entry {sequence} is not the one that was seen: the store has gone back, or is another one"
            ),
        ))
    }

    /// Why this instance has to start anew; none while it need not.
    pub fn diverged(&self) -> Option<String> {
        self.store.freshness().and_then(|freshness| freshness.diverged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Hash;

    #[test]
    fn a_place_is_read_as_it_is_written_and_nothing_else_is() {
        let position = Position { sequence: 12, chain: Hash::of(b"chain"), ..Position::default() };
        let place = place_of(&position);
        let chain = Hash::of(b"chain").to_hex()[..16].to_owned();
        assert_eq!(Wanted::parse(&place), Some(Wanted::Place(12, Some(chain))));
        assert_eq!(Wanted::parse("12"), Some(Wanted::Place(12, None)));
        assert_eq!(Wanted::parse("newest"), Some(Wanted::Newest));
        for other in ["", "-", "12-", "12-XY", "-12", "1.5", "newer", "18446744073709551616"] {
            assert_eq!(Wanted::parse(other), None, "{other}");
        }
    }
}
