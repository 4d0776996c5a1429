//! All SQL. Only what PostgreSQL and its kin have in common: one row locked by its key, inserts, updates by key, ranges by key;
//! `bigint`, `bytea`, `bool`. What is not portable stands apart, and a server that does not know it is used without.

/// Makes the tables, in one transaction. Whoever comes second fails: none of it is `IF NOT EXISTS`.
pub(super) const TABLES: &str = "
CREATE TABLE huizong_head (
    one bool PRIMARY KEY CHECK (one),
    sequence bigint NOT NULL,
    chain bytea NOT NULL,
    time_us bigint NOT NULL,
    epoch bytea NOT NULL,
    format bigint NOT NULL
);
CREATE TABLE huizong_journal (
    sequence bigint PRIMARY KEY,
    previous bytea NOT NULL,
    chain bytea NOT NULL,
    body bytea NOT NULL
);";

/// PostgreSQL's own: the head's row is updated in its page, and transactions stay in theirs as far as they fit. A third more
/// transactions a second were measured with it.
pub(super) const STORAGE: &str = "
ALTER TABLE huizong_head SET (fillfactor = 10);
ALTER TABLE huizong_journal ALTER COLUMN body SET STORAGE MAIN;
ALTER TABLE huizong_journal SET (toast_tuple_target = 8160);";

pub(super) const FIRST_HEAD: &str =
    "INSERT INTO huizong_head (one, sequence, chain, time_us, epoch, format) VALUES (true, 0, $1, 0, $2, $3)";

/// What the role of the instances may do: read, append, move the head, and put a transaction where it was. `{}` is the role.
pub(super) const GRANTS: &str = "
GRANT SELECT, UPDATE ON huizong_head TO {};
GRANT SELECT, INSERT, UPDATE (previous, chain, body) ON huizong_journal TO {};";

/// `BEGIN` as it must be, whatever the server's default is: each question sees what the lock has waited for.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

pub(super) const LOCK_HEAD: &str =
    "SELECT sequence, chain, time_us, epoch, format FROM huizong_head WHERE one FOR UPDATE";
pub(super) const HEAD: &str = "SELECT sequence, chain, time_us, epoch, format FROM huizong_head WHERE one";
pub(super) const CHAIN_AT: &str = "SELECT chain FROM huizong_journal WHERE sequence = $1";
/// After a place, up to a place, so many at the most.
pub(super) const RANGE: &str = "SELECT sequence, previous, chain, body FROM huizong_journal \
                                WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3";
/// So many transactions are appended by one question: the server knows each of these by then.
pub(super) const APPEND_SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// Appends so many transactions.
pub(super) fn append(transactions: usize) -> String {
    let row = |at: usize| format!("(${}, ${}, ${}, ${})", 4 * at + 1, 4 * at + 2, 4 * at + 3, 4 * at + 4);
    let rows = (0..transactions).map(row).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO huizong_journal (sequence, previous, chain, body) VALUES {rows}")
}
pub(super) const PUT: &str = "UPDATE huizong_journal SET previous = $2, chain = $3, body = $4 WHERE sequence = $1";
pub(super) const MOVE_HEAD: &str = "UPDATE huizong_head SET sequence = $1, chain = $2, time_us = $3 WHERE one";
/// Changes nothing, and is committed like a change: what was visible before is durable when it is.
pub(super) const BARRIER: &str = "UPDATE huizong_head SET sequence = sequence WHERE one";
pub(super) const CLOCK: &str = "SELECT clock_timestamp()";

/// What a session says of itself first. The server ends a session that holds the lock and does nothing.
pub(super) const SESSION: &str = "
SET lock_timeout = '8s';
SET idle_in_transaction_session_timeout = '5s';";

/// Of PostgreSQL 14 and later: a session that waits for the lock notices that its client is gone.
pub(super) const NOTICES_ITS_CLIENT: &str = "SET client_connection_check_interval = '2s'";

/// PostgreSQL's own: standbys that follow, and those that commits wait for. A role without `pg_monitor` sees no states.
pub(super) const STANDBYS: &str = "SELECT count(*), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) FROM \
                                   pg_stat_replication";

/// PostgreSQL's own: word to whoever listens. The channel is made of hexadecimal digits.
pub(super) fn listen(channel: &str) -> String {
    format!("LISTEN {channel}")
}
pub(super) fn notify(channel: &str, name: &str) -> String {
    format!("NOTIFY {channel}, '{name}'")
}

/// Whether the server keeps what it acknowledges.
pub(super) const DURABILITY: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
                                     current_setting('synchronous_commit'), \
                                     current_setting('synchronous_standby_names'), pg_is_in_recovery(), version()";
