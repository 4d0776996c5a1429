//! All SQL. Only what PostgreSQL and its kin have in common: one row locked by its key, inserts, updates by key, ranges by key;
//! `bigint`, `bytea`, `bool`, `text`, `numeric`. What is not portable stands apart, and a server that does not know it is used without.

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

/// Jobs that one of the instances does for all: who has each, until when (microseconds since 1970 by the server's clock), and how far
/// it has come. The older layout is without it, and instances do without, too.
pub(super) const LEASE_TABLE: &str = "
CREATE TABLE huizong_lease (
    job text PRIMARY KEY,
    holder text NOT NULL,
    until_us bigint NOT NULL,
    sequence bigint NOT NULL,
    chain bytea NOT NULL
);";
pub(super) const HAS_LEASES: &str = "SELECT job FROM huizong_lease WHERE false";

pub(super) const TAKE_ON: &str = "\
UPDATE huizong_lease SET holder = $2, until_us = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint) + $3 \
WHERE job = $1 AND (holder = $2 OR until_us < CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint))";
pub(super) const FIRST_TAKEN_ON: &str = "\
INSERT INTO huizong_lease (job, holder, until_us, sequence, chain) \
VALUES ($1, $2, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint) + $3, 0, $4)";
pub(super) const DONE: &str = "SELECT sequence, chain FROM huizong_lease WHERE job = $1";
pub(super) const NOTE_DONE: &str = "UPDATE huizong_lease SET sequence = $3, chain = $4 WHERE job = $1 AND holder = $2";

/// Plain tables for analysts, and what they see of them: `analysis.rs` keeps them. A figure is of a revision, by the sequence number
/// that stored it; of a report its newest revision is kept, and the accepted one that is in the sums.
pub(super) const ANALYSIS: &str = "
CREATE SCHEMA huizong_analysis;
CREATE TABLE huizong_analysis.place (
    one bool PRIMARY KEY CHECK (one),
    sequence bigint NOT NULL,
    chain bytea NOT NULL,
    time_us bigint NOT NULL,
    epoch bytea NOT NULL,
    layout bigint NOT NULL
);
CREATE TABLE huizong_analysis.cell (
    code bigint PRIMARY KEY,
    path text NOT NULL,
    label_zh text NOT NULL,
    label_en text NOT NULL,
    unit text NOT NULL,
    one numeric NOT NULL
);
CREATE TABLE huizong_analysis.standing (
    year bigint NOT NULL,
    owner text NOT NULL,
    newest bigint NOT NULL,
    state text NOT NULL,
    accepted bigint,
    late bool NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (year, owner)
);
CREATE TABLE huizong_analysis.kept (
    sequence bigint PRIMARY KEY,
    year bigint NOT NULL,
    owner text NOT NULL,
    revision bigint NOT NULL,
    edition text NOT NULL,
    time_us bigint NOT NULL,
    content text NOT NULL
);
CREATE INDEX ON huizong_analysis.kept (year, owner);
CREATE TABLE huizong_analysis.figure (
    sequence bigint NOT NULL,
    code bigint NOT NULL,
    value bigint,
    computed bool NOT NULL,
    PRIMARY KEY (sequence, code)
);
CREATE VIEW huizong_analysis.as_of AS
SELECT sequence AS journal_sequence, encode(chain, 'hex') AS chain_sha256,
       TIMESTAMP WITH TIME ZONE 'epoch' + time_us * INTERVAL '1 microsecond' AS time
FROM huizong_analysis.place;
CREATE VIEW huizong_analysis.report AS
SELECT s.owner, s.year, k.edition, s.newest AS revision, s.state, s.late, s.accepted AS accepted_revision,
       TIMESTAMP WITH TIME ZONE 'epoch' + k.time_us * INTERVAL '1 microsecond' AS submit_time,
       k.content AS content_sha256, s.sequence AS journal_sequence
FROM huizong_analysis.standing s
JOIN huizong_analysis.kept k ON k.year = s.year AND k.owner = s.owner AND k.revision = s.newest;
CREATE VIEW huizong_analysis.report_figure AS
SELECT k.owner, k.year, k.edition, k.revision,
       CASE WHEN k.revision = s.newest THEN s.state ELSE 'accepted' END AS state,
       s.accepted IS NOT NULL AND k.revision = s.accepted AND k.owner LIKE 'agencies/%' AS counts,
       c.path AS cell, c.label_zh, c.label_en, c.unit,
       CASE WHEN f.value IS NULL THEN 'na' WHEN f.computed THEN 'computed' ELSE 'value' END AS kind,
       f.value * c.one AS value
FROM huizong_analysis.figure f
JOIN huizong_analysis.kept k ON k.sequence = f.sequence
JOIN huizong_analysis.standing s ON s.year = k.year AND s.owner = k.owner
JOIN huizong_analysis.cell c ON c.code = f.code;";
pub(super) const HAS_ANALYSIS: &str = "SELECT one FROM huizong_analysis.place WHERE false";
pub(super) const FIRST_PLACE: &str = "INSERT INTO huizong_analysis.place (one, sequence, chain, time_us, epoch, layout) \
                                      SELECT true, 0, CAST($1 AS bytea), 0, epoch, CAST($2 AS bigint) FROM huizong_head WHERE one";
pub(super) const LOCK_PLACE: &str =
    "SELECT sequence, chain, epoch, layout FROM huizong_analysis.place WHERE one FOR UPDATE";
pub(super) const MOVE_PLACE: &str =
    "UPDATE huizong_analysis.place SET sequence = $1, chain = $2, time_us = $3, layout = $4 WHERE one";
pub(super) const CLEAR_FIGURES: &str = "
DELETE FROM huizong_analysis.figure;
DELETE FROM huizong_analysis.kept;
DELETE FROM huizong_analysis.standing;\n";
pub(super) const COUNT_CELLS: &str = "SELECT count(*) FROM huizong_analysis.cell";
pub(super) const DELETE_CELLS: &str = "DELETE FROM huizong_analysis.cell;\n";
pub(super) const INSERT_CELLS: &str =
    "INSERT INTO huizong_analysis.cell (code, path, label_zh, label_en, unit, one) VALUES ";
pub(super) const INSERT_FIGURES: &str = "INSERT INTO huizong_analysis.figure (sequence, code, value, computed) VALUES ";

/// What the role of an analyst may do: read the views. `{}` is the role.
pub(super) const ANALYST_GRANTS: &str = "
GRANT USAGE ON SCHEMA huizong_analysis TO {};
GRANT SELECT ON huizong_analysis.as_of, huizong_analysis.report, huizong_analysis.report_figure TO {};";

pub(super) const FIRST_HEAD: &str =
    "INSERT INTO huizong_head (one, sequence, chain, time_us, epoch, format) VALUES (true, 0, $1, 0, $2, $3)";

/// What the role of the instances may do: read, append, move the head, and put a transaction where it was. `{}` is the role.
pub(super) const GRANTS: &str = "
GRANT SELECT, UPDATE ON huizong_head TO {};
GRANT SELECT, INSERT, UPDATE (previous, chain, body) ON huizong_journal TO {};";

pub(super) const LEASE_GRANTS: &str = "
GRANT SELECT, INSERT, UPDATE ON huizong_lease TO {};";
/// They keep the analysts' tables, which are made of the journal at any time.
pub(super) const ANALYSIS_GRANTS: &str = "
GRANT USAGE ON SCHEMA huizong_analysis TO {};
GRANT SELECT, INSERT, UPDATE, DELETE ON huizong_analysis.cell, huizong_analysis.standing, huizong_analysis.kept,
      huizong_analysis.figure TO {};
GRANT SELECT, UPDATE ON huizong_analysis.place TO {};";

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
