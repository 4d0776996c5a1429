//! What becomes of instances when PostgreSQL's own machinery fails: its standby hangs, the primary dies and the standby takes over,
//! the disk is full, the tables are made twice at once; and how soon others see what is stored.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use huizong::store::{Decision, Engine, EngineOptions, Roles, Store as _, StoreError, engine as tables};

use super::{alone, of_own, until};
use crate::store_contract::contents::Contents;
use crate::store_contract::samples::*;
use crate::support::postgres::Postgres;

/// A server with a standby that commits wait for, each at a socket of its own; and the address of a schema at both.
fn with_standby() -> Option<(Postgres, String)> {
    let server = Postgres::start("wal_level = replica\nhot_standby = on")?;
    let at = server.folder().display().to_string();
    let (_, schema) = server.schema();
    server.program("pg_basebackup -h {at} -U huizong -D {at}/standby --no-sync -c fast -R");
    server.program(&format!(
        "pg_ctl --version >/dev/null; mkdir {at}/other; printf \"cluster_name = 'standby'\\nunix_socket_directories = \
         '{at}/other'\\n\" >> {at}/standby/postgresql.conf"
    ));
    server.up("standby");
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'; SELECT pg_reload_conf();");
    let began = Instant::now();
    while server.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
        assert!(began.elapsed() < super::PATIENCE, "it follows");
        std::thread::sleep(Duration::from_millis(20));
    }
    let host = |folder: &str| folder.replace('/', "%2F");
    let hosts = format!("{},{}", host(&at), host(&format!("{at}/other")));
    Some((server, format!("postgres://huizong@{hosts}/postgres?options=-c%20search_path%3D{schema}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_primary_that_dies_is_followed_by_its_standby_with_all_that_was_acknowledged() {
    let Some((server, url)) = with_standby() else { return };
    let at = server.folder().display().to_string();
    let options = EngineOptions { url, poll: Duration::from_millis(5), ..alone() };
    let engine = Engine::new(EngineOptions { patience: Duration::from_secs(10), ..options }).unwrap();
    tables::init(&engine, &Roles::default()).unwrap();
    let folders = [new_folder(), new_folder()];
    let stores = folders.each_ref().map(|folder| Arc::new(instance(&engine, folder, Witness::new()).unwrap()));
    let report_of = |writer: u64| report(&format!("agency-{writer}"), 2022);

    // Its standby hangs: what is written waits, and reads go on.
    commit(&*stores[0], submit(&*stores[0], &report_of(0), 1)).await;
    for store in &stores {
        store.reached(1).await.unwrap();
    }
    let standby = |name: &str| {
        let script = format!("p=$(head -1 {at}/standby/postmaster.pid); kill -{name} $p $(pgrep -P $p)");
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    };
    standby("STOP");
    let waiting = {
        let store = stores[0].clone();
        tokio::spawn(async move { store.commit(submit(&*store, &report("agency-0", 2022), 2)).await })
    };
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    until("it waits", || server.sql(waits) == "1").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished() && stores.iter().all(|store| store.check_fresh().is_ok()));
    assert!(stores.iter().all(|store| store.position().sequence == 1), "nobody sees what the standby has not");
    standby("CONT");
    assert!(matches!(waiting.await.unwrap(), Ok(Decision::Committed(_))));

    // The primary dies while both write, and the standby takes over.
    let over = Arc::new(AtomicBool::new(false));
    let writers = (1..=6u64).map(|writer| {
        let (store, over) = (stores[writer as usize % 2].clone(), over.clone());
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let id = request_id((writer * 1_000_000 + number).into());
                let report = report(&format!("agency-{writer}"), 2022);
                match store.commit(submit(&*store, &report, number as i64).with_request(id, "digest")).await {
                    Ok(Decision::Committed(commit)) => acknowledged.push((id, commit.entry.sequence)),
                    Ok(Decision::Stale) | Err(StoreError::Unknown(_)) => {}
                    Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                    other => panic!("{other:?}"),
                }
            }
            acknowledged
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut before = stores[0].position().sequence;
    until("they write", || stores[0].position().sequence > before + 50).await;
    let died = Instant::now();
    server.kill("data");
    server.program("pg_ctl -D {at}/standby promote -w");
    let promoted = died.elapsed();
    before = stores[0].position().sequence;
    until("writes go on", || stores[0].position().sequence > before + 50).await;
    println!("promoted after {promoted:?}, 50 more written after {:?}", died.elapsed());
    over.store(true, Ordering::Relaxed);
    let done: Vec<_> = futures::future::join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
    for store in &stores {
        store.newest().await.unwrap();
        assert_eq!(store.freshness().unwrap().diverged, None);
        for (id, sequence) in &done {
            assert_eq!(store.request(*id).unwrap().map(|request| request.sequence), Some(*sequence), "acknowledged");
        }
    }
    let contents = Contents::read(&*stores[0], &[]);
    contents.assert_chain();
    assert_eq!(Contents::read(&*stores[1], &[]), contents);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_of_the_server_refuses_writes_with_nothing_stored_and_no_longer_than_it_is_full() {
    let Some(server) = Postgres::start("") else { return };
    let at = server.folder().display().to_string();
    let shell = |script: &str| Command::new("sh").args(["-c", script]).output().unwrap();
    let mounted = shell(&format!("mkdir {at}/small && mount -t tmpfs -o size=8m tmpfs {at}/small"));
    if !mounted.status.success() {
        eprintln!("skipped: a small file system cannot be mounted: {}", String::from_utf8_lossy(&mounted.stderr));
        return;
    }
    struct Mounted(String);
    impl Drop for Mounted {
        fn drop(&mut self) {
            let _ = Command::new("umount").args(["-l", &self.0]).status();
        }
    }
    let _mounted = Mounted(format!("{at}/small"));
    assert!(shell(&format!("mkdir {at}/small/tables; chown -R postgres {at}/small")).status.success());
    server.sql(&format!("CREATE TABLESPACE small LOCATION '{at}/small/tables';"));
    let (url, _) = server.schema();
    let url = format!("{url}%20-c%20default_tablespace%3Dsmall");
    let engine = Engine::new(EngineOptions { url, ..alone() }).unwrap();
    tables::init(&engine, &Roles::default()).unwrap();
    let folder = new_folder();
    let store = instance(&engine, &folder, Witness::new()).unwrap();
    let report = report("agency", 2022);
    commit(&store, submit(&store, &report, 0)).await;
    assert!(
        shell(&format!("fallocate -l 7m {at}/small/other || dd if=/dev/zero of={at}/small/other bs=1M count=7"))
            .status
            .success()
    );
    let mut acknowledged = 1;
    let refused = loop {
        match store
            .commit(submit(&store, &report, acknowledged).with_request(request_id(acknowledged as u128), "d"))
            .await
        {
            Ok(Decision::Committed(_)) => acknowledged += 1,
            Err(error) => break error,
            other => panic!("{other:?}"),
        }
        assert!(acknowledged < 20_000, "it is never full");
    };
    assert!(matches!(&refused, StoreError::Unavailable(why) if why.contains("No space left")), "{refused}");
    assert_eq!(store.position().sequence, u64::try_from(acknowledged).unwrap());
    assert_eq!(store.request(request_id(acknowledged as u128)).unwrap(), None, "nothing was stored");
    assert!(store.check_fresh().is_ok(), "reads go on");
    std::fs::remove_file(format!("{at}/small/other")).unwrap();
    commit(&store, submit(&store, &report, acknowledged)).await;
    Contents::read(&store, &[]).assert_chain();
    println!("full after {acknowledged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_that_make_the_tables_at_once_one_does() {
    let Some(server) = Postgres::common() else { return };
    for _ in 0..5 {
        let (url, schema) = server.schema();
        let engine = engine(url);
        let made = (0..4).map(|_| {
            let engine = engine.clone();
            std::thread::spawn(move || tables::init(&engine, &Roles::default()))
        });
        let made: Vec<_> = made.collect::<Vec<_>>().into_iter().map(|made| made.join().unwrap()).collect();
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
        assert!(made.iter().flat_map(|made| made.as_ref().err()).all(|why| why.contains("already")), "{made:?}");
        assert_eq!(server.sql(&format!("SELECT count(*) FROM {schema}.huizong_head")), "1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_stored_is_seen_elsewhere_at_once_where_there_is_word_of_it_and_at_the_next_look_else() {
    let Some(server) = Postgres::common() else { return };
    let poll = Duration::from_millis(50);
    for wake_ups in [true, false] {
        let (engine, folder) = of_own(server, EngineOptions { wake_ups, ..alone() });
        let options = EngineOptions { url: engine.url().to_owned(), poll, wake_ups, ..alone() };
        let engine = Engine::new(options).unwrap();
        let one = instance(&engine, &folder, Witness::new()).unwrap();
        let other_folder = new_folder();
        let other = instance(&engine, &other_folder, Witness::new()).unwrap();
        let report = report("agency", 2022);
        let mut times = Vec::new();
        for number in 0..60 {
            let committed = commit(&one, submit(&one, &report, number)).await;
            let began = Instant::now();
            while other.position().sequence < committed.entry.sequence {
                assert!(began.elapsed() < super::PATIENCE, "it is seen");
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            times.push(began.elapsed());
            tokio::time::sleep(Duration::from_millis(7)).await;
        }
        times.sort_unstable();
        let (middle, late) = (times[30], times[57]);
        println!("word of it: {wake_ups}; seen after {middle:?} in the middle, {late:?} of all but two in sixty");
        // Else that there is word would not be seen from without.
        assert!(!wake_ups || middle < poll / 2, "{times:?}");
        assert!(late < Duration::from_secs(2), "{times:?}");
    }
}

/// Hands connections on to a server's socket; those that were there can be made to hang, with neither end told.
struct Between {
    port: u16,
    taken: Arc<AtomicU64>,
    hung: Arc<tokio::sync::watch::Sender<u64>>,
}

impl Between {
    async fn new(socket: std::path::PathBuf) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hung = Arc::new(tokio::sync::watch::Sender::new(0));
        let taken = Arc::new(AtomicU64::new(0));
        let (told, count) = (hung.clone(), taken.clone());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let of_this = count.fetch_add(1, Ordering::SeqCst) + 1;
                let (mut told, socket) = (told.subscribe(), socket.clone());
                tokio::spawn(async move {
                    let mut far = tokio::net::UnixStream::connect(socket).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = async { drop(told.wait_for(|hung| *hung >= of_this).await) } => {
                            // Open for as long as the test is there, and nothing goes through.
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self { port, taken, hung }
    }

    /// Has all connections hang that there are by now.
    fn hang(&self) {
        self.hung.send_replace(self.taken.load(Ordering::SeqCst));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_hang_half_open_are_given_up_and_nothing_is_stored_twice() {
    let Some(server) = Postgres::start("") else { return };
    let (_, schema) = server.schema();
    let between = Between::new(server.folder().join(".s.PGSQL.5432")).await;
    let port = between.port;
    let url =
        format!("postgres://huizong@127.0.0.1:{port}/postgres?sslmode=disable&options=-c%20search_path%3D{schema}");
    let engine = Engine::new(EngineOptions { url, ..alone() }).unwrap();
    tables::init(&engine, &Roles::default()).unwrap();
    let folder = new_folder();
    let store = Arc::new(instance(&engine, &folder, Witness::new()).unwrap());
    let report = report("agency", 2022);
    commit(&*store, submit(&*store, &report, 1)).await;
    let hung = Instant::now();
    between.hang();
    let asked = {
        let (store, report) = (store.clone(), report.clone());
        tokio::spawn(
            async move { store.commit(submit(&*store, &report, 2).with_request(request_id(2), "digest")).await },
        )
    };
    until("it says that it hears nothing", || store.check_fresh().is_err()).await;
    until("it hears again", || store.check_fresh().is_ok()).await;
    println!("heard again after {:?}", hung.elapsed());
    let outcome = tokio::time::timeout(super::PATIENCE, asked).await.expect("it is answered").unwrap();
    println!("answered after {:?}: {:?}", hung.elapsed(), outcome.as_ref().map(|_| "stored"));
    // Whatever it was, asked again it is stored once.
    match store.commit(submit(&*store, &report, 2).with_request(request_id(2), "digest")).await.unwrap() {
        Decision::Committed(commit) => assert!(outcome.is_err() && commit.entry.sequence == 2, "{outcome:?}"),
        Decision::Repeated(known) => assert_eq!(known.sequence, 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.position().sequence, 2);
    Contents::read(&*store, &[request_id(2)]).assert_chain();
}
