//! One connection to the server: every question with a deadline, and what the server warns of kept, for a COMMIT that comes with
//! a warning may have been acknowledged without its standby.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{AsyncMessage, Client, Statement};

use super::address::{Engine, described};
use super::hosts;
use super::sql;
use super::waking::Heard;

/// Until an ordinary question has its answer.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server said no, by this code; it goes on taking questions.
    Said { code: String, words: String },
    /// There is no connection, or no answer came in time.
    Silent(String),
    /// The server is not one that may be written to.
    Unfit(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said { words, .. } | Self::Silent(words) | Self::Unfit(words) => f.write_str(words),
        }
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let words = described(&error);
        match error.as_db_error() {
            // A session that was ended says so as its last word.
            Some(told) if !is_fatal(told) => Self::Said { code: told.code().code().to_owned(), words },
            _ => Self::Silent(words),
        }
    }
}

fn is_fatal(told: &DbError) -> bool {
    matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || matches!(told.severity(), "FATAL" | "PANIC")
}

fn is_warning(told: &DbError) -> bool {
    match told.parsed_severity() {
        Some(severity) => severity == Severity::Warning,
        None => told.code().code().starts_with("01"),
    }
}

/// Within a time.
pub(super) async fn within<T>(
    limit: Duration,
    question: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, question).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Trouble::Silent(format!("no answer within {} s", limit.as_secs_f32()))),
    }
}

/// The connection; it ends when this is dropped.
pub(super) struct Session {
    pub client: Client,
    pub statements: Statements,
    /// What tells others of an append, where that is known to be of use.
    pub tells: Option<String>,
    warned: Arc<Mutex<Option<String>>>,
    driver: JoinHandle<()>,
}

/// Questions that the server knows by now.
pub(super) struct Statements {
    pub lock_head: Statement,
    pub head: Statement,
    pub chain_at: Statement,
    pub range: Statement,
    /// With how many transactions each appends, as [`sql::APPEND_SIZES`].
    pub append: Vec<(usize, Statement)>,
    pub put: Statement,
    pub move_head: Statement,
    pub barrier: Statement,
    pub clock: Statement,
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let prepare = |text| client.prepare(text);
        let mut append = Vec::new();
        for transactions in sql::APPEND_SIZES {
            append.push((transactions, client.prepare(&sql::append(transactions)).await?));
        }
        Ok(Self {
            lock_head: prepare(sql::LOCK_HEAD).await?,
            head: prepare(sql::HEAD).await?,
            chain_at: prepare(sql::CHAIN_AT).await?,
            range: prepare(sql::RANGE).await?,
            append,
            put: prepare(sql::PUT).await?,
            move_head: prepare(sql::MOVE_HEAD).await?,
            barrier: prepare(sql::BARRIER).await?,
            clock: prepare(sql::CLOCK).await?,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A connection to a server that may be written to, and the warnings that come on it; what else comes is `heard`.
pub(super) async fn connect(
    engine: &Engine,
    heard: Option<Heard>,
) -> Result<(Client, Arc<Mutex<Option<String>>>, JoinHandle<()>), Trouble> {
    let (client, mut connection) = hosts::connect(engine).await?;
    let warned = Arc::<Mutex<Option<String>>>::default();
    let warnings = warned.clone();
    let driver = tokio::spawn(async move {
        // Before the answer that it belongs to is handed on.
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                AsyncMessage::Notice(notice) if is_warning(&notice) => {
                    tracing::warn!(notice = notice.message(), "the shared log warns");
                    *warnings.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice.message().to_owned());
                }
                AsyncMessage::Notification(word) => heard.iter().for_each(|heard| heard(word.payload())),
                _ => {}
            }
        }
    });
    Ok((client, warned, driver))
}

impl Session {
    /// Connects, and looks whether the server keeps what it acknowledges.
    pub(super) async fn open(engine: &Engine) -> Result<Self, Trouble> {
        Self::open_to_hear(engine, None).await
    }

    /// The same, for what comes unasked.
    pub(super) async fn open_to_hear(engine: &Engine, heard: Option<Heard>) -> Result<Self, Trouble> {
        let (client, warned, driver) = connect(engine, heard).await?;
        // Whatever happens from here on, the connection ends with this.
        struct Ends(Option<JoinHandle<()>>);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.iter().for_each(JoinHandle::abort);
            }
        }
        let mut ends = Ends(Some(driver));
        let begin = async {
            client.batch_execute(sql::SESSION).await?;
            let durability = client.query_one(sql::DURABILITY, &[]).await?;
            Ok::<_, tokio_postgres::Error>(settings(&durability))
        };
        let said = within(ANSWER, begin).await?;
        if let Some(fault) = unfit(&said, engine.options.without_standby) {
            return Err(Trouble::Unfit(fault));
        }
        // Where the server does not know it, nothing is lost by that.
        if let Err(silent @ Trouble::Silent(_)) = within(ANSWER, client.batch_execute(sql::NOTICES_ITS_CLIENT)).await {
            return Err(silent);
        }
        let statements = within(ANSWER, Statements::prepare(&client)).await?;
        let Some(driver) = ends.0.take() else { return Err(Trouble::Silent("it has ended".to_owned())) };
        Ok(Self { client, statements, tells: None, warned, driver })
    }

    /// Ends the transaction, and is certain of it only where the server warned of nothing.
    pub(super) async fn commit(&self, limit: Duration) -> Result<(), Trouble> {
        within(limit, self.client.batch_execute(sql::COMMIT)).await?;
        self.check_unwarned()
    }

    /// Whether there was no warning since this was asked last.
    pub(super) fn check_unwarned(&self) -> Result<(), Trouble> {
        match self.warned.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(words) => Err(Trouble::Silent(format!("the server warned: {words}"))),
        }
    }

    /// Everything that can be seen now is durable when this returns.
    pub(super) async fn barrier(&self, limit: Duration) -> Result<(), Trouble> {
        self.check_unwarned().ok();
        within(limit, self.client.execute(&self.statements.barrier, &[])).await?;
        self.check_unwarned()
    }
}

/// What [`sql::DURABILITY`] is answered with, as text.
pub(super) fn settings(row: &tokio_postgres::Row) -> Vec<String> {
    let text = |at| {
        row.try_get::<_, String>(at).unwrap_or_else(|_| row.try_get::<_, bool>(at).is_ok_and(|yes| yes).to_string())
    };
    (0..row.len()).map(text).collect()
}

/// What of the server's settings would lose what it acknowledged: as [`sql::DURABILITY`] asks.
pub(super) fn unfit(said: &[String], without_standby: bool) -> Option<String> {
    let [fsync, pages, commit, standbys, recovery, _] = said else {
        return Some("it does not tell its settings".to_owned());
    };
    let fault = if fsync != "on" {
        format!("fsync is {fsync}: a power cut would lose what was acknowledged")
    } else if pages != "on" {
        format!("full_page_writes is {pages}: a power cut could damage what is stored")
    } else if !["on", "remote_apply"].contains(&commit.as_str()) {
        format!(
            "synchronous_commit is {commit}: a failure would lose what was acknowledged; it must be on or remote_apply"
        )
    } else if standbys.is_empty() && !without_standby {
        "synchronous_standby_names is empty: where a standby takes over, what was acknowledged last would be lost. Set it, or, \
         where this server has no standby, say store.without_standby"
            .to_owned()
    } else if recovery == "true" {
        "it is a standby".to_owned()
    } else {
        return None;
    };
    Some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_would_lose_something_is_refused_saying_which_setting() {
        let said = |at: usize, value: &str| {
            let mut said = ["on", "on", "on", "standby", "false", "PostgreSQL"].map(str::to_owned);
            value.clone_into(&mut said[at]);
            said
        };
        for commit in ["on", "remote_apply"] {
            assert_eq!(unfit(&said(2, commit), false), None);
        }
        for (at, value, named) in [
            (0, "off", "fsync"),
            (1, "off", "full_page_writes"),
            (2, "off", "synchronous_commit"),
            (2, "local", "synchronous_commit"),
            (2, "remote_write", "synchronous_commit"),
            (3, "", "synchronous_standby_names"),
            (4, "true", "standby"),
        ] {
            let fault = unfit(&said(at, value), false).unwrap();
            assert!(fault.contains(named), "{fault}");
        }
        assert_eq!(unfit(&said(3, ""), true), None, "there is none, and that was said");
    }
}
