//! What one of several instances does for all: backups, and the journal on its way to a file. All have the same settings; one does
//! it, and another goes on when that one has died.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::{Instance, Shared, register};
use crate::store_contract::samples::new_folder;
use crate::support::AGENCIES;
use crate::support::postgres::Postgres;

const PATIENCE: Duration = Duration::from_secs(30);

fn backups(folder: &Path) -> Vec<PathBuf> {
    let found = folder.join("backups").read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
    found.filter(|path| path.extension().is_some_and(|extension| extension == "backup")).collect()
}

/// Sequence numbers of the entries in a file.
fn shipped(folder: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(folder.join("journal.log")).unwrap_or_default();
    let number = |line: &str| line.split("sequence=\"").nth(1)?.split('"').next()?.parse().ok();
    text.lines().filter_map(number).collect()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn serve(shared: &Shared, folder: &TempDir) -> Instance {
    let at = folder.path().display();
    std::fs::create_dir_all(folder.path().join("backups")).unwrap();
    let settings = format!(
        "lease_seconds = 3\n[backup]\ndirectory = \"{at}/backups\"\n[journal.file]\npath = \"{at}/journal.log\"\n"
    );
    shared.serve_with(folder.path(), &settings).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_instance_makes_backups_and_sends_the_journal_and_another_goes_on_when_it_dies() {
    let Some(server) = Postgres::common() else { return };
    let (shared, folders) = (Shared::new(server), [new_folder(), new_folder()]);
    let one = serve(&shared, &folders[0]).await;
    register(&one).await;
    let at = folders.each_ref().map(|folder| folder.path().to_owned());
    until("the first makes a backup", || backups(&at[0]).len() == 1).await;
    let two = serve(&shared, &folders[1]).await;
    for round in 0..3 {
        for (instance, agency) in [(&one, AGENCIES[round]), (&two, AGENCIES[round + 3])] {
            instance.submit(agency, 3).await.unwrap();
        }
        // In all, longer than either may have it without asking anew.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let by = |folder: usize| (backups(&at[folder]).len(), shipped(&at[folder]));
    let newest: u64 = two.received("newest").await.unwrap().1.split('-').next().unwrap().parse().unwrap();
    until("all is sent", || shipped(&at[0]).last() >= Some(&newest)).await;
    let (made, first) = by(0);
    assert_eq!((made, by(1)), (1, (0, Vec::new())), "the second does nothing that the first does");
    assert!(first.windows(2).all(|two| two[1] == two[0] + 1) && first.first() == Some(&1), "{first:?}");
    assert_eq!(one.process.logged("this instance does it for all").len(), 2);

    // The one that does it is killed: the other does it soon after, and goes on where the first has come to.
    one.signal("KILL");
    let began = Instant::now();
    let stored = two.submit(AGENCIES[0], 5).await;
    assert!(stored.is_err(), "it takes the etag of before: {stored:?}");
    until("the second makes a backup", || backups(&at[1]).len() == 1).await;
    println!("taken over within {:?}", began.elapsed());
    until("and sends the journal", || !shipped(&at[1]).is_empty()).await;
    let newest: u64 = two.received("newest").await.unwrap().1.split('-').next().unwrap().parse().unwrap();
    until("all of it", || shipped(&at[1]).last() >= Some(&newest)).await;
    let second = shipped(&at[1]);
    let (last, next) = (*first.last().unwrap(), second[0]);
    // The first may have sent something that it could not tell of any more.
    assert!(next > 1 && next <= last + 1, "{first:?}, then {second:?}");
    assert!(second.windows(2).all(|two| two[1] == two[0] + 1), "{second:?}");
    drop(one);
    // It comes back, and lets the other go on.
    let one = serve(&shared, &folders[0]).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!((backups(&at[0]).len(), backups(&at[1]).len()), (1, 1));
    assert!(one.process.logged("this instance does it for all").is_empty());
}
