//! The figures of reports once more, as plain tables that SQL can read: made of the journal, by whichever instance, and never the
//! truth. A row says as of which entry they are true. It is locked and moved in the transaction of whoever follows the journal with
//! them, so that two at once do no harm; where the journal does not have that entry, they are made anew.

use std::fmt::Write as _;
use std::time::Duration;

use crate::form::{Kind, catalogue};
use crate::report::{Cell, Figures, ReportKey, ReportState, ReportStatus, Revision};
use crate::store::StoreError;
use crate::store::item::Item;
use crate::store::journal::Position;
use crate::store::log::{FiguresAsOf, LogError, Logged, SharedLog as _};

use super::session::{ANSWER, Session, within};
use super::{Engine, Head, Inner, PostgresLog, hash, number, sql, writer};

/// What the rows say of the journal. Tables of an older layout are made anew, those of a newer one left to newer programs.
pub(super) const LAYOUT: i64 = 1;

/// Transactions that are followed at once.
const PAGE: i64 = 128;

/// Until the rows of so many are written.
const WRITTEN: Duration = Duration::from_secs(60);

/// Follows the journal with the tables up to its end, or from its beginning.
///
/// # Errors
/// Says why not: there are no such tables, the server cannot be reached, or this role may not.
pub fn figures(engine: &Engine, anew: bool) -> Result<FiguresAsOf, String> {
    let log = PostgresLog::open(engine).map_err(|error| error.to_string())?;
    if !log.extras().analysis {
        return Err(
            "there are no tables for analysts, or this role may not use them: make them with huizong store upgrade \
                    --analyst ROLE"
                .to_owned(),
        );
    }
    let mut followed = log.follow_figures(anew).map_err(|error| error.to_string())?;
    while followed.behind > 0 {
        followed = log.follow_figures(false).map_err(|error| error.to_string())?;
    }
    Ok(followed)
}

/// Follows the journal with the tables by one page.
pub(super) async fn follow(inner: &Inner, anew: bool) -> Result<FiguresAsOf, LogError> {
    let session = inner.idle().await.map_err(LogError::from)?;
    let followed = step(inner, &session, anew).await?;
    inner.give_back(session);
    Ok(followed)
}

fn other(why: &str) -> LogError {
    LogError::NotStored(format!("the analysts' tables {why}"))
}

/// Where an error comes back the session is given up, and with it all that was begun.
async fn step(inner: &Inner, session: &Session, anew: bool) -> Result<FiguresAsOf, LogError> {
    let (client, known) = (&session.client, &session.statements);
    within(ANSWER, client.batch_execute(sql::BEGIN)).await.map_err(LogError::from)?;
    let place = within(ANSWER, client.query_opt(sql::LOCK_PLACE, &[])).await.map_err(LogError::from)?;
    let place = place.ok_or_else(|| other("say nothing of where they are"))?;
    let (sequence, chain, epoch, layout): (i64, Vec<u8>, Vec<u8>, i64) =
        (place.get(0), place.get(1), place.get(2), place.get(3));
    if epoch != inner.epoch {
        return Err(other("are of another store: drop the schema huizong_analysis, and make it anew"));
    }
    if layout > LAYOUT {
        return Err(other("are those of a newer program"));
    }
    let there = within(ANSWER, client.query_opt(&known.chain_at, &[&sequence])).await.map_err(LogError::from)?;
    let is_there = sequence == 0 || there.is_some_and(|row| row.get::<_, &[u8]>(0) == chain);
    let mut at = Position { sequence: u64::try_from(sequence).unwrap_or(0), ..Position::default() };
    at.chain = hash(&chain).map_err(|error| other(&format!("cannot be followed: {error}")))?;
    let cells: i64 = within(ANSWER, client.query_one(sql::COUNT_CELLS, &[])).await.map_err(LogError::from)?.get(0);
    let mut text = String::new();
    let anew = anew || !is_there || layout < LAYOUT;
    if anew {
        tracing::info!(sequence, "the analysts' tables are made anew");
        at = Position::default();
        text.push_str(sql::CLEAR_FIGURES);
    }
    if anew || usize::try_from(cells) != Ok(catalogue().cells.len()) {
        text.push_str(&all_cells());
    }
    let (after, end) = (number(at.sequence), i64::MAX);
    let newer = within(WRITTEN, client.query(&known.range, &[&after, &end, &PAGE])).await.map_err(LogError::from)?;
    for logged in writer::in_order(&newer, &at)? {
        rows_of(&logged, &mut text).map_err(|error| other(&format!("cannot be followed: {error}")))?;
        at = logged.position;
    }
    if !text.is_empty() {
        within(WRITTEN, client.batch_execute(&text)).await.map_err(LogError::from)?;
    }
    let (sequence, chain, time) = (number(at.sequence), at.chain.0.to_vec(), at.time.as_microsecond());
    if !newer.is_empty() || !text.is_empty() {
        within(ANSWER, client.execute(sql::MOVE_PLACE, &[&sequence, &chain, &time, &LAYOUT]))
            .await
            .map_err(LogError::from)?;
    }
    let head = within(ANSWER, client.query_opt(&known.head, &[])).await.map_err(LogError::from)?;
    let head = head.map_or(Ok(0), |row| Head::of(&row).map(|head| head.position.sequence));
    let head = head.map_err(|error| other(&format!("cannot be followed: {error}")))?;
    session.commit(inner.engine.options.patience).await.map_err(LogError::from)?;
    Ok(FiguresAsOf { sequence: at.sequence, behind: head.saturating_sub(at.sequence) })
}

/// Text as a literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// All cells of all editions, in the place of those that are there.
fn all_cells() -> String {
    let row = |info: &crate::form::CellInfo| {
        let (unit, one) = match info.kind {
            Kind::Count | Kind::SignedCount => ("件", "1"),
            Kind::Money => ("万元", "0.000001"),
        };
        let texts = [&info.path[..], &info.label_zh, &info.label_en, unit].map(quoted).join(", ");
        format!("({}, {texts}, {one})", info.code)
    };
    let rows: Vec<_> = catalogue().cells.iter().map(row).collect();
    format!("{}{}{};", sql::DELETE_CELLS, sql::INSERT_CELLS, rows.join(", "))
}

/// What a transaction changes in the tables, appended as SQL. What it rewrote of an earlier one has the same figures.
fn rows_of(logged: &Logged, text: &mut String) -> Result<(), StoreError> {
    for record in &logged.records {
        match Item::decode(&record.key, &record.value)? {
            Item::Revision(revision) if revision.sequence == logged.position.sequence => {
                standing(&revision.report, &revision.status(), text);
                kept(&revision, text);
            }
            Item::Review(review) if review.status.sequence == logged.position.sequence => {
                standing(&review.revision.report, &review.status, text);
            }
            _ => {}
        }
    }
    Ok(())
}

fn state(state: ReportState) -> &'static str {
    match state {
        ReportState::Submitted => "submitted",
        ReportState::Accepted => "accepted",
        ReportState::Returned => "returned",
        ReportState::Withdrawn => "withdrawn",
    }
}

/// How a report stands from now on; revisions that are neither the newest nor the accepted one go.
fn standing(report: &ReportKey, status: &ReportStatus, text: &mut String) {
    let (year, owner) = (report.year, quoted(&report.owner.to_string()));
    let ReportStatus { newest, accepted, late, sequence, .. } = status;
    let accepted_too = accepted.map_or_else(|| "NULL".to_owned(), |number| number.to_string());
    let gone = format!(
        "year = {year} AND owner = {owner} AND revision <> {newest} AND revision <> {}",
        accepted.unwrap_or(*newest)
    );
    let state = quoted(state(status.state));
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "DELETE FROM huizong_analysis.standing WHERE year = {year} AND owner = {owner};
         INSERT INTO huizong_analysis.standing (year, owner, newest, state, accepted, late, sequence) VALUES ({year}, {owner}, {newest}, {state}, {accepted_too}, {late}, {sequence});
         DELETE FROM huizong_analysis.figure WHERE sequence IN (SELECT sequence FROM huizong_analysis.kept WHERE {gone});
         DELETE FROM huizong_analysis.kept WHERE {gone};\n"
    );
}

/// The figures of a revision as they are in sums, with blank totals computed; a blank cell that is none has no row.
fn kept(revision: &Revision, text: &mut String) {
    let Revision { report, number, figures, sequence, .. } = revision;
    let (year, owner, edition) = (report.year, quoted(&report.owner.to_string()), quoted(figures.edition().id));
    let (time, content) = (revision.time.as_microsecond(), quoted(&revision.content_hash.to_hex()));
    let _ = writeln!(
        text,
        "INSERT INTO huizong_analysis.kept (sequence, year, owner, revision, edition, time_us, content) VALUES ({sequence}, {year}, {owner}, {number}, {edition}, {time}, {content});"
    );
    let rows = rows_of_figures(figures);
    if !rows.is_empty() {
        text.push_str(sql::INSERT_FIGURES);
        for (at, (code, value, computed)) in rows.into_iter().enumerate() {
            let value = value.map_or_else(|| "NULL".to_owned(), |value| value.to_string());
            let _ = write!(text, "{}({sequence}, {code}, {value}, {computed})", if at == 0 { "" } else { ", " });
        }
        text.push_str(";\n");
    }
}

/// Cells by their codes: the number, none for 不适用, and whether it was computed.
fn rows_of_figures(figures: &Figures) -> Vec<(u16, Option<i128>, bool)> {
    let completed = figures.complete();
    let row = |info: &crate::form::CellInfo| match figures.get(info.id) {
        Cell::Number(number) => Some((info.code, Some(i128::from(number)), false)),
        Cell::NotApplicable => Some((info.code, None, false)),
        Cell::Blank | Cell::Unread => {
            completed.is_computed(info.id).then(|| (info.code, Some(completed.value(info.id)), true))
        }
    };
    catalogue().cells_of(figures.edition()).filter_map(row).collect()
}
