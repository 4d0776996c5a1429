//! The observer, and many callers at once.

use std::sync::Arc;

use futures::future::join_all;
use huizong::report::Owners;
use huizong::report::{ReportKey, ReviewAction};
use huizong::store::{Change, Commit, Effect, NEWEST, Outcome, Standing, Transaction, commits};

use crate::store_contract::contents::Contents;
use crate::store_contract::samples::*;

pub async fn the_observer_is_told_before_the_acknowledgement(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let writers = (0..16).map(|writer| {
        let (store, witness) = (store.clone(), witness.clone());
        tokio::spawn(async move {
            let report = report(&format!("agency-{writer}"), 2022);
            for number in 0..20 {
                let commit = commit(&*store, submit(&*store, &report, number)).await;
                assert!(witness.has_seen(commit.entry.sequence));
                assert!(store.position().sequence >= commit.entry.sequence);
            }
        })
    });
    join_all(writers).await.into_iter().for_each(Result::unwrap);
}

pub async fn the_observer_is_told_in_order_and_of_how_reports_stood(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let reports: Vec<_> = (0..5).map(|agency| report(&format!("agency-{agency}"), 2022)).collect();
    for number in 0..40 {
        let transactions = reports.iter().map(|report| match number % 4 {
            1 => review(&*store, report, ReviewAction::Return),
            3 => review(&*store, report, ReviewAction::Accept),
            _ => hand_in(&*store, report, number),
        });
        offer(&*store, transactions.collect()).await;
    }
    let seen = witness.seen();
    assert_eq!(seen.len(), 200);
    assert_eq!(seen.iter().map(|commit| commit.entry.clone()).collect::<Vec<_>>(), store.journal(0, 1000).unwrap());
    for commit in &seen {
        let [effect] = &commit.effects[..] else { panic!("one change each") };
        let (before, after) = effect.report().expect("a change of a report");
        let (report, sequence) = (&after.newest.report, commit.entry.sequence);
        assert_eq!(store.standing(report, sequence).unwrap().as_ref(), Some(after));
        assert_eq!(store.standing(report, sequence - 1).unwrap().as_ref(), before);
    }
}

pub async fn commits_are_read_back_as_the_observer_was_told_of_them(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let entry = |subject: &str| entry(subject, Outcome::Accepted);
    let registry = ["230000", "230100"].map(|code| Change::Registry(create_jurisdiction(code)));
    commit(&*store, Transaction::of(registry.into(), entry("registry (2 changes)"))).await;
    let reports: Vec<_> = (0..3).map(|agency| report(&format!("agency-{agency}"), 2022)).collect();
    for number in 0..8 {
        for report in &reports {
            let transaction = match number % 4 {
                1 => review(&*store, report, ReviewAction::Return),
                3 => review(&*store, report, ReviewAction::Accept),
                _ => hand_in(&*store, report, number),
            };
            let told = commit(&*store, transaction).await;
            // Who reads a report is told of under its name, and changes nothing.
            commit(&*store, Transaction::of(Vec::new(), entry(&told.entry.subject))).await;
            commit(&*store, refuse(report)).await;
        }
    }
    let seen = witness.seen();
    let read = commits(&*store, 0, NEWEST, usize::MAX).unwrap();
    assert_eq!(read.len(), seen.len());
    for (read, told) in read.iter().zip(&seen) {
        assert_eq!(read.entry, told.entry);
        let reports = |commit: &Commit| commit.effects.iter().filter_map(Effect::report).map(owned).collect::<Vec<_>>();
        assert_eq!(reports(read), reports(told), "{:?}", told.entry);
        assert!(read.registry_changes().eq(told.registry_changes()), "{:?}", told.entry);
    }
    let reviews = |commits: &[Commit]| {
        let effects = commits.iter().flat_map(|commit| commit.effects.clone());
        effects.filter(|effect| matches!(effect, Effect::Review { .. })).count()
    };
    assert_eq!(reviews(&read), 4 * reports.len());
    let page = commits(&*store, 2, 5, 2).unwrap();
    assert_eq!(page.iter().map(|commit| commit.entry.sequence).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(commits(&*store, 2, 3, 2).unwrap().len(), 1, "nothing after what was asked for");
}

fn owned((before, after): (Option<&Standing>, &Standing)) -> (Option<Standing>, Standing) {
    (before.cloned(), after.clone())
}

pub async fn the_observer_may_read_what_it_is_told_of(open: &impl OpenStore) {
    let observer = Arc::new(ReadingObserver::default());
    let store = open.open(observer.clone());
    assert!(observer.store.set(Arc::downgrade(&store)).is_ok());
    let report_of = |number| report(&format!("agency-{number}"), 2022);
    offer(&*store, (0..50).map(|number| hand_in(&*store, &report_of(number), number)).collect()).await;
    let reviews = (0..50).map(|number| review(&*store, &report_of(number), ReviewAction::Accept)).collect();
    offer(&*store, reviews).await;
    assert_eq!(store.position().sequence, 100);
    assert_eq!(*observer.missing.lock().unwrap(), [0; 0]);
}

pub async fn concurrent_writers_lose_nothing(open: &impl OpenStore) {
    const WRITERS: u128 = 64;
    const SHARED: u128 = 16;
    const TRANSACTIONS: u128 = 20;
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let own = report(&format!("agency-{writer}"), 2022);
            let shared = report(&format!("shared-{}", writer % SHARED), 2022);
            let mut commits: Vec<Arc<Commit>> = Vec::new();
            for number in 0..TRANSACTIONS {
                let id = request_id(writer * TRANSACTIONS + number);
                // Others change the shared report in between: then it is read anew.
                let transaction = || {
                    let version = newest(&*store, &own).map(|standing| standing.status.version());
                    assert_eq!(version, (number > 0).then_some((number as u32, 0)));
                    let of_own = submit(&*store, &own, number as i64).expecting(&own, version);
                    of_own.with_request(id, "digest").and(one_more(&*store, &shared, number as i64))
                };
                commits.push(commit_in_turn(&*store, transaction).await);
            }
            commits
        })
    });
    let commits: Vec<_> = join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();

    let ids: Vec<_> = (0..WRITERS * TRANSACTIONS).map(request_id).collect();
    let contents = Contents::read(&*store, &ids);
    contents.assert_chain();
    assert_eq!(contents.journal.len(), ids.len());
    assert_eq!(contents.revisions.len(), 2 * ids.len());
    assert_eq!(contents.standings.len(), (WRITERS + SHARED) as usize);
    assert_eq!(witness.seen().len(), ids.len());
    // Every revision has a number of its own, in the order of the journal, and every entry stored a shared one.
    let mut shared_sequences = Vec::new();
    for number in 0..SHARED {
        let shared = store.revisions(&report(&format!("shared-{number}"), 2022), None, usize::MAX).unwrap();
        let numbers: Vec<_> = shared.iter().rev().map(|revision| revision.number).collect();
        assert_eq!(numbers, (1..=(WRITERS / SHARED * TRANSACTIONS) as u32).collect::<Vec<_>>());
        assert!(shared.iter().rev().is_sorted_by_key(|revision| revision.sequence));
        shared_sequences.extend(shared.iter().map(|revision| revision.sequence));
    }
    shared_sequences.sort_unstable();
    assert!(shared_sequences.into_iter().eq(1..=ids.len() as u64));
    for (commit, request) in commits.iter().zip(&contents.requests) {
        let request = request.as_ref().expect("the request is kept");
        assert_eq!(request.sequence, commit.entry.sequence);
        assert_eq!(contents.journal[commit.entry.sequence as usize - 1], commit.entry);
    }
}

pub async fn what_a_read_shows_is_journalled(open: &impl OpenStore) {
    const REPORTS: u64 = 10;
    const ROUNDS: u64 = 60;
    let store = open.open(Witness::new());
    let reports: Vec<ReportKey> = (0..REPORTS).map(|agency| report(&format!("agency-{agency}"), 2022)).collect();
    let reader = tokio::task::spawn_blocking({
        let (store, reports) = (store.clone(), reports.clone());
        move || {
            let mut seen = 0;
            // Until the last change of the last report.
            for report in reports.iter().rev().cycle() {
                let Some(standing) = newest(&*store, report) else { continue };
                let status = standing.status;
                let entries = store.journal(status.sequence - 1, 1).unwrap();
                assert_eq!(entries[0].subject, standing.newest.name().to_string());
                if status.review == 0 {
                    assert!(store.request(request_id(status.sequence.into())).unwrap().is_some());
                } else {
                    let reviews = store.reviews(report, 1..=u32::MAX).unwrap();
                    assert!(reviews.iter().any(|review| review.status == status), "{status:?}");
                }
                assert_eq!(store.years(Owners::Agencies).unwrap(), [report.year]);
                if *report == reports[REPORTS as usize - 1] {
                    assert!(status.sequence >= seen, "what was read has disappeared");
                    seen = status.sequence;
                }
                // What is read as of now is what is read as of then.
                assert_eq!(store.standing(report, status.sequence).unwrap(), Some(standing));
                if seen == REPORTS * ROUNDS {
                    break;
                }
            }
        }
    });
    for round in 0..ROUNDS {
        let transactions = (1..).zip(&reports).map(|(place, report)| match round % 2 {
            0 => hand_in(&*store, report, 1).with_request(request_id((round * REPORTS + place).into()), "digest"),
            _ => review(&*store, report, ReviewAction::Accept),
        });
        offer(&*store, transactions.collect()).await;
    }
    assert_eq!(store.reports(Owners::Agencies, year(2022), None, usize::MAX, NEWEST).unwrap().len(), reports.len());
    reader.await.unwrap();
}
