//! Several instances over one journal in PostgreSQL: the stores of each, with real servers that are killed, and hang.

mod analysis;
mod cluster;
mod compose;
mod duties;
mod failover;
mod program;
mod service;
mod sessions;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use huizong::report::ReviewAction;
use huizong::store::{
    Change, Decision, Engine, EngineOptions, NEWEST, Roles, SledStore, Store, StoreError, engine as tables,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use crate::store_contract::contents::Contents;
use crate::store_contract::samples::*;
use crate::support::postgres::Postgres;

/// Long enough for whatever is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Instances over one journal, each with its folder.
struct Instances {
    open: OpenShared,
    _folders: Vec<TempDir>,
    stores: Vec<SledStore>,
    witnesses: Vec<Arc<Witness>>,
}

impl Instances {
    fn new(count: usize) -> Option<Self> {
        Some(Self::over(OpenShared::new()?, count))
    }

    fn over(open: OpenShared, count: usize) -> Self {
        let folders: Vec<_> = (0..count).map(|_| new_folder()).collect();
        let witnesses: Vec<_> = (0..count).map(|_| Witness::new()).collect();
        let stores = folders.iter().zip(&witnesses);
        let stores = stores.map(|(folder, witness)| instance(&open.engine, folder, witness.clone()).unwrap()).collect();
        Self { open, _folders: folders, stores, witnesses }
    }

    fn head(&self) -> u64 {
        self.stores.iter().map(|store| store.position().sequence).max().unwrap()
    }

    /// Waits until all have come as far as any.
    async fn settle(&self) {
        let head = self.head();
        for store in &self.stores {
            tokio::time::timeout(PATIENCE, store.reached(head)).await.expect("it is followed").unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_instance_stores_is_seen_and_told_at_the_others_as_it_was() {
    let Some(all) = Instances::new(3) else { return };
    let (one, two) = (&all.stores[0], &all.stores[1]);
    crate::store_contract::embedded::fill(one).await;
    let other = report("other", 2022);
    commit(one, refuse(&other).and(Change::Strike(3))).await;
    two.reached(one.position().sequence).await.unwrap();
    // Goes on at the second, by what the first has stored, and back.
    commit(two, submit(two, &other, 1).with_request(request_id(7000), "digest")).await;
    commit(two, review(two, &other, ReviewAction::Accept)).await;
    one.newest().await.unwrap();
    let again = one.commit(submit(one, &other, 1).with_request(request_id(7000), "digest")).await.unwrap();
    assert!(matches!(again, Decision::Repeated(_)), "{again:?}");
    all.settle().await;
    let ids: Vec<_> = (0..100).map(request_id).chain([request_id(7000)]).collect();
    let contents = Contents::read(one, &ids);
    contents.assert_chain();
    for (store, witness) in all.stores.iter().zip(&all.witnesses) {
        assert_eq!(Contents::read(store, &ids), contents);
        let (told, first) = (witness.seen(), all.witnesses[0].seen());
        assert_eq!(format!("{told:?}"), format!("{first:?}"), "each is told of the same commits");
    }
    // A new one fills its copy by itself, and one that was away comes back to it.
    let folder = new_folder();
    for _ in 0..2 {
        let late = instance(&all.open.engine, &folder, Witness::new()).unwrap();
        assert_eq!(Contents::read(&late, &ids), Contents::read(one, &ids));
        drop(late);
        commit(one, submit(one, &other, 5)).await;
    }
    assert_eq!(one.look_for_damage(0, 1000), Ok(one.position().sequence));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_what_two_instances_do_at_once_one_order_comes_and_conditions_hold_in_it() {
    let Some(all) = Instances::new(3) else { return };
    let all = Arc::new(all);
    let writers = (0..12u64).map(|writer| {
        let all = all.clone();
        tokio::spawn(async move {
            let (mut chance, mut acknowledged, mut stale) = (ChaCha8Rng::seed_from_u64(writer), Vec::new(), 0);
            for number in 0..40u64 {
                let store = &all.stores[chance.random_range(0..3)];
                let report = report(&format!("agency-{}", chance.random_range(0..4)), 2022);
                let id = request_id((writer * 1000 + number).into());
                let offered = submit(store, &report, number as i64).with_request(id, "digest");
                match store.commit(offered).await.unwrap() {
                    Decision::Committed(commit) => {
                        assert!(store.position().sequence >= commit.entry.sequence, "it is read where it was written");
                        acknowledged.push((commit.entry.sequence, id));
                    }
                    Decision::Stale => stale += 1,
                    other => panic!("{other:?}"),
                }
            }
            (acknowledged, stale)
        })
    });
    let done: Vec<_> = futures::future::join_all(writers).await.into_iter().map(Result::unwrap).collect();
    all.settle().await;
    let mut acknowledged: Vec<_> = done.iter().flat_map(|(acknowledged, _)| acknowledged.clone()).collect();
    acknowledged.sort_unstable();
    let stale: u64 = done.iter().map(|(_, stale)| stale).sum();
    // Every number once, and nothing besides: whatever was not acknowledged was not stored.
    let expected: Vec<_> = (1..=480 - stale).collect();
    assert_eq!(acknowledged.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), expected);
    assert!(stale > 0, "some were decided by what another instance had stored since");
    let ids: Vec<_> = acknowledged.iter().map(|(_, id)| *id).collect();
    let contents = Contents::read(&all.stores[0], &ids);
    contents.assert_chain();
    for (store, witness) in all.stores.iter().zip(&all.witnesses) {
        assert_eq!(Contents::read(store, &ids), contents);
        let told: Vec<_> = witness.seen().iter().map(|commit| commit.entry.sequence).collect();
        assert_eq!(told, expected);
    }
}

/// An instance over a server of the test's own.
fn of_own(server: &Postgres, options: EngineOptions) -> (Engine, TempDir) {
    let (url, _) = server.schema();
    let options = EngineOptions { url, poll: Duration::from_millis(5), ..options };
    let engine = Engine::new(options).unwrap();
    tables::init(&engine, &Roles::default()).unwrap();
    (engine, new_folder())
}

fn alone() -> EngineOptions {
    EngineOptions { without_standby: true, patience: Duration::from_secs(3), ..EngineOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let Some(server) = Postgres::start("") else { return };
    let (engine, _) = of_own(&server, alone());
    let folders = [new_folder(), new_folder()];
    let stores: Vec<_> =
        folders.iter().map(|folder| Arc::new(instance(&engine, folder, Witness::new()).unwrap())).collect();
    let over = Arc::new(AtomicBool::new(false));
    let writers = (0..8u64).map(|writer| {
        let (store, over) = (stores[writer as usize % 2].clone(), over.clone());
        tokio::spawn(async move {
            let (mut acknowledged, mut unknown, mut refused) = (Vec::new(), Vec::new(), Vec::new());
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let id = request_id((writer * 1_000_000 + number).into());
                let report = report(&format!("agency-{writer}"), 2022);
                match store.commit(submit(&*store, &report, number as i64).with_request(id, "digest")).await {
                    Ok(Decision::Committed(commit)) => acknowledged.push((id, commit.entry.sequence)),
                    Ok(Decision::Stale) => {}
                    Ok(other) => panic!("{other:?}"),
                    Err(StoreError::Unknown(_)) => unknown.push(id),
                    Err(StoreError::Unavailable(_)) => {
                        refused.push(id);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            (acknowledged, unknown, refused)
        })
    });
    let writers: Vec<_> = writers.collect();
    for round in 0..4 {
        tokio::time::sleep(Duration::from_millis(300 + 37 * round)).await;
        server.kill("data");
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.up("data");
        let before = stores[0].position().sequence;
        until("writes go on", || stores[0].position().sequence > before + 5).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut told = (0, 0, 0);
    for done in futures::future::join_all(writers).await {
        let (acknowledged, unknown, refused) = done.unwrap();
        told = (told.0 + acknowledged.len(), told.1 + unknown.len(), told.2 + refused.len());
        for store in &stores {
            store.newest().await.unwrap();
            for (id, sequence) in &acknowledged {
                let there = store.request(*id).unwrap().map(|request| request.sequence);
                assert_eq!(there, Some(*sequence), "acknowledged and lost, or stored twice");
            }
            for id in &refused {
                assert_eq!(store.request(*id).unwrap(), None, "nothing was stored, it was said");
            }
        }
    }
    assert!(told.0 > 20, "{told:?}");
    println!("acknowledged, unknown, refused: {told:?}");
    let contents = Contents::read(&*stores[0], &[]);
    contents.assert_chain();
    assert_eq!(Contents::read(&*stores[1], &[]), contents);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wait_for_a_standby_that_is_cancelled_is_no_acknowledgement() {
    let Some(server) = Postgres::start("") else { return };
    let options = EngineOptions { patience: Duration::from_secs(2), ..alone() };
    let (engine, folder) = of_own(&server, options);
    let store = Arc::new(instance(&engine, &folder, Witness::new()).unwrap());
    let report = report("agency", 2022);
    commit(&*store, submit(&*store, &report, 1)).await;
    // From now on a commit waits for a standby that is not there.
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'; SELECT pg_reload_conf();");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let id = request_id(1);
    let waiting = {
        let (store, report) = (store.clone(), report.clone());
        tokio::spawn(async move { store.commit(submit(&*store, &report, 2).with_request(id, "digest")).await })
    };
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    until("it waits", || server.sql(waits) != "0").await;
    assert_eq!(store.position().sequence, 1, "and is not seen meanwhile");
    assert!(store.check_fresh().is_ok(), "reads go on");
    // An administrator ends the wait: the server says that it was committed, and warns.
    server.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished(), "it is not acknowledged before the standby has it");
    server.sql("ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();");
    let Ok(Decision::Committed(committed)) = waiting.await.unwrap() else { panic!("it was settled") };
    assert_eq!(committed.entry.sequence, 2);
    let Ok(Decision::Repeated(known)) = store.commit(submit(&*store, &report, 2).with_request(id, "digest")).await
    else {
        panic!("it is known")
    };
    assert_eq!(known.sequence, 2);
    Contents::read(&*store, &[id]).assert_chain();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_holder_of_the_turn_that_hangs_loses_it_and_holds_nobody_up() {
    let Some(all) = Instances::new(2) else { return };
    let server = Postgres::common().unwrap();
    let report = report("agency", 2022);
    commit(&all.stores[0], submit(&all.stores[0], &report, 1)).await;
    all.settle().await;
    // As somebody whose process was stopped after it had locked the head: its session does nothing, until it is let go on.
    let schema = &all.open.schema;
    let name = format!("hangs-{schema}");
    let mut holder = server.psql(&format!(
        "SET application_name = '{name}'; SET idle_in_transaction_session_timeout = '2s'; SET search_path = {schema}; \
         BEGIN; SELECT sequence FROM huizong_head WHERE one FOR UPDATE;\n"
    ));
    let holds = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'");
    until("it holds the head", || server.sql(&format!("{holds} AND state = 'idle in transaction'")) == "1").await;
    commit(&all.stores[1], submit(&all.stores[1], &report, 2)).await;
    assert_eq!(server.sql(&holds), "0", "its session was ended");
    let _ = holder.stdin.take().unwrap().write_all(b"COMMIT;\n");
    assert!(!holder.wait().unwrap().success(), "and it is told so");
    all.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_has_lost_what_was_shown_is_noticed_and_what_was_lost_is_kept() {
    let Some(server) = Postgres::start("wal_level = replica\nhot_standby = on\nwal_log_hints = on") else { return };
    let (engine, folder) = of_own(&server, alone());
    let store = Arc::new(instance(&engine, &folder, Witness::new()).unwrap());
    let report = report("agency", 2022);
    for number in 1..=3 {
        commit(&*store, submit(&*store, &report, number)).await;
    }
    // A standby that has this, and nothing after it: nobody waits for it.
    server.program("pg_basebackup -h {at} -U huizong -D {at}/standby --no-sync -c fast");
    for number in 4..=6 {
        commit(&*store, submit(&*store, &report, number)).await;
    }
    let shown = Contents::read(&*store, &[]);
    server.kill("data");
    // It takes over: as if nothing had been after it.
    server.up("standby");
    until("it is noticed", || store.freshness().unwrap().diverged.is_some()).await;
    let refused = store.commit(refuse(&report)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Stopped(why) if why.contains("journal entry 6")), "{refused}");
    assert!(matches!(store.check_fresh(), Err(StoreError::Unavailable(_))), "nothing is answered from it");
    drop(store);
    let store = instance(&engine, &folder, Witness::new()).unwrap();
    assert_eq!(store.position().sequence, 3, "the copy is made anew");
    let kept: Vec<_> = folder
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("lost-"))
        .collect();
    let lines = std::fs::read_to_string(&kept[0]).unwrap();
    let sequences: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| (line["sequence"].as_u64().unwrap(), line["chain"].as_str().unwrap().to_owned()))
        .collect();
    let expected: Vec<_> = shown.journal[3..].iter().map(|entry| (entry.sequence, entry.chain.to_hex())).collect();
    assert_eq!((kept.len(), sequences), (1, expected));
    commit(&store, submit(&store, &report, 7)).await;
    Contents::read(&store, &[]).assert_chain();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_instance_that_hears_nothing_says_so_and_goes_on_when_it_does() {
    let Some(server) = Postgres::start("") else { return };
    let options = EngineOptions { stale: Duration::from_millis(500), patience: Duration::from_millis(300), ..alone() };
    let (engine, folder) = of_own(&server, options);
    let store = instance(&engine, &folder, Witness::new()).unwrap();
    let report = report("agency", 2022);
    commit(&store, submit(&store, &report, 1)).await;
    assert_eq!((store.check_fresh(), store.writable()), (Ok(()), Ok(())));
    server.kill("data");
    until("it says so", || store.check_fresh().is_err()).await;
    assert!(matches!(store.writable(), Err(StoreError::Unavailable(_))));
    let refused = store.commit(refuse(&report)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(store.standing(&report, NEWEST).unwrap().is_some(), "what is here can be read by whoever may be behind");
    server.up("data");
    until("it goes on", || store.check_fresh().is_ok() && store.writable().is_ok()).await;
    commit(&store, submit(&store, &report, 2)).await;
}

#[tokio::test]
async fn a_folder_is_a_store_or_a_copy_and_never_taken_for_the_other() {
    let Some(open) = OpenShared::new() else { return };
    let (own, copy) = (new_folder(), new_folder());
    drop(SledStore::open(&sled_options(&own), Witness::new()).unwrap());
    drop(instance(&open.engine, &copy, Witness::new()).unwrap());
    let error = instance(&open.engine, &own, Witness::new()).err().unwrap().to_string();
    assert!(error.contains("huizong store move"), "{error}");
    let error = SledStore::open(&sled_options(&copy), Witness::new()).err().unwrap().to_string();
    assert!(error.contains("copy of a shared store"), "{error}");
    let other = OpenShared::new().unwrap();
    let error = instance(&other.engine, &copy, Witness::new()).err().unwrap().to_string();
    assert!(error.contains("copy of another shared store"), "{error}");
}

#[tokio::test]
async fn a_server_that_would_lose_what_it_acknowledges_is_refused() {
    let Some(server) = Postgres::start("fsync = off") else { return };
    let (engine, folder) = of_own(&server, alone());
    let error = instance(&engine, &folder, Witness::new()).err().unwrap().to_string();
    assert!(error.contains("fsync is off"), "{error}");
    let status = tables::status(&engine).unwrap();
    assert!(status.fault.unwrap().contains("fsync"));
    server.sql("ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();");
    until("it is taken", || instance(&engine, &new_folder(), Witness::new()).is_ok()).await;
    let with_standby = Engine::new(EngineOptions { url: engine.url().to_owned(), ..EngineOptions::default() }).unwrap();
    let error = instance(&with_standby, &folder, Witness::new()).err().unwrap().to_string();
    assert!(error.contains("synchronous_standby_names"), "{error}");
}
