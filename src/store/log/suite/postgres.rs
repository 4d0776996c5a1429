//! The same promises of the log that instances share, and those besides; over a real server.

use super::super::{Engine, EngineOptions, PostgresLog, Roles, Seen, SharedLog as _, init, status};
use super::*;

/// The tests of the whole program start their server in the same way.
#[allow(dead_code, unreachable_pub)]
#[path = "../../../../tests/support/postgres.rs"]
mod server;

use server::Postgres;

/// A log in a schema of its own, with the name of that; none where there is no PostgreSQL.
fn shared() -> Option<(Engine, String)> {
    let server = Postgres::common()?;
    let (url, schema) = server.schema();
    let engine = Engine::new(EngineOptions { url, without_standby: true, ..EngineOptions::default() }).unwrap();
    init(&engine, &Roles::default()).unwrap();
    Some((engine, schema))
}

fn log() -> Option<PostgresLog> {
    shared().map(|(engine, _)| PostgresLog::open(&engine).unwrap())
}

#[test]
fn a_transaction_is_replaced_by_itself_without_words_only() {
    log().iter().for_each(|log| promises::a_transaction_is_replaced_by_itself_without_words_only(log));
}

#[test]
fn what_was_appended_is_read_in_its_order() {
    log().iter().for_each(|log| promises::what_was_appended_is_read_in_its_order(log));
}

#[test]
fn a_writer_whose_head_is_not_the_newest_is_refused() {
    log().iter().for_each(|log| promises::a_writer_whose_head_is_not_the_newest_is_refused(log));
}

#[test]
fn of_writers_at_once_one_appends_after_each_head() {
    log().iter().for_each(|log| promises::of_writers_at_once_one_appends_after_each_head(log));
}

#[test]
fn damage_is_told_and_only_what_was_there_is_put_back() {
    let Some((engine, schema)) = shared() else { return };
    let log = PostgresLog::open(&engine).unwrap();
    let server = Postgres::common().unwrap();
    let damage = |sequence: u64| {
        // One is gone, one has another byte, one is another's.
        let table = format!("{schema}.huizong_journal");
        server.sql(&match sequence % 3 {
            0 => format!("DELETE FROM {table} WHERE sequence = {sequence};"),
            1 => format!(
                "UPDATE {table} SET body = set_byte(body, 60, get_byte(body, 60) # 1) WHERE sequence = {sequence};"
            ),
            _ => format!("UPDATE {table} SET chain = previous WHERE sequence = {sequence};"),
        });
    };
    promises::damage_is_told_and_only_what_was_there_is_put_back(&log, &damage);
}

#[test]
fn what_one_instance_appends_the_others_are_handed_with_the_turn() {
    let Some((engine, _)) = shared() else { return };
    let [one, other] = [(); 2].map(|()| PostgresLog::open(&engine).unwrap());
    // More than are handed over at once.
    let made = chain(&Position::default(), 600);
    for group in made.chunks(200) {
        one.append(&one.head(), group).unwrap();
    }
    assert_eq!(other.look(&Position::default()), Ok(Seen::Newer(600)));
    assert_eq!(read(&other, 0), [], "it does not know of them yet");
    let mut known = Position::default();
    let mut handed = Vec::new();
    loop {
        let turn = other.lock(&known).unwrap();
        known = turn.newer.last().map_or(known, |last| last.position);
        handed.extend(turn.newer);
        if turn.complete {
            break;
        }
    }
    assert_eq!(handed, made);
    let more = [next(&known, 10)];
    other.append_locked(&more).unwrap();
    assert_eq!(one.look(&one.head()), Ok(Seen::Newer(601)));
    assert_eq!(one.newer(&one.head()).unwrap(), (more.to_vec(), more[0].position));
    assert_eq!(one.append(&one.head(), &[next(&one.head(), 1)]), Err(LogError::NotNewest { head: more[0].position }));
    assert_eq!(read(&one, 600), all(&more), "it knows now");
}

#[test]
fn what_is_gone_or_another_is_noticed_by_every_question() {
    let Some((engine, schema)) = shared() else { return };
    let log = PostgresLog::open(&engine).unwrap();
    append_all(&log, &chain(&log.head(), 5));
    let head = log.head();
    let elsewhere = Position { chain: Hash::of(b"another"), ..head };
    let beyond = Position { sequence: 9, ..head };
    let is_noticed = |after: &Position| {
        let told = [log.lock(after).err(), log.newer(after).err(), log.look(after).err()];
        assert!(told.iter().all(|told| matches!(told, Some(LogError::Diverged(_)))), "{told:?}");
    };
    is_noticed(&elsewhere);
    is_noticed(&beyond);
    log.append(&head, &[next(&head, 1)]).unwrap();
    let table = format!("{schema}.huizong_head");
    Postgres::common().unwrap().sql(&format!("UPDATE {table} SET epoch = 'another';"));
    is_noticed(&head);
}

#[test]
fn tables_are_made_once_by_one_of_those_who_try_at_the_same_time() {
    let Some(server) = Postgres::common() else { return };
    let (url, _) = server.schema();
    let engine = Engine::new(EngineOptions { url, without_standby: true, ..EngineOptions::default() }).unwrap();
    let error = PostgresLog::open(&engine).err().unwrap().to_string();
    assert!(error.contains("huizong store init"), "{error}");
    let made = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..6).map(|_| scope.spawn(|| init(&engine, &Roles::default()))).collect();
        tries.into_iter().map(|tried| tried.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    assert!(made.iter().flat_map(|made| made.as_ref().err()).all(|error| error.contains("there is a store already")));
    append_all(&PostgresLog::open(&engine).unwrap(), &chain(&Position::default(), 3));
    init(&engine, &Roles::default()).unwrap_err();
    assert_eq!(status(&engine).unwrap().position.sequence, 3, "nothing was changed");
}

#[test]
fn a_role_with_the_rights_of_an_instance_can_do_what_an_instance_does_and_deletes_nothing() {
    let Some(server) = Postgres::common() else { return };
    let (url, schema) = server.schema();
    let engine = |url| Engine::new(EngineOptions { url, without_standby: true, ..EngineOptions::default() }).unwrap();
    server.sql(&format!("CREATE ROLE instance_{schema} LOGIN; GRANT USAGE ON SCHEMA {schema} TO instance_{schema};"));
    let role = format!("instance_{schema}");
    init(&engine(url.clone()), &Roles { instances: Some(role), analyst: None }).unwrap();
    let log = PostgresLog::open(&engine(url.replace("huizong@", &format!("instance_{schema}@")))).unwrap();
    promises::a_transaction_is_replaced_by_itself_without_words_only(&log);
    for change in
        ["DELETE FROM huizong_journal", "TRUNCATE huizong_journal", "UPDATE huizong_journal SET sequence = 99"]
    {
        let refused = std::panic::catch_unwind(|| {
            server.sql(&format!("SET search_path = {schema}; SET ROLE instance_{schema}; {change};"))
        });
        assert!(refused.is_err(), "{change}");
    }
}
