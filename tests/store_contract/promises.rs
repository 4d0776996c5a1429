//! The promises, each against any store.

use std::sync::Arc;

use futures::future::join_all;
use huizong::report::RevisionName;
use huizong::store::{
    Change, Commit, Decision, Effect, Outcome, Position, RECORD_BYTES_MAX, StoreError, StoredRequest,
};

use crate::contents::Contents;
use crate::samples::*;
pub use crate::transfer::promises::*;

pub async fn a_new_store_is_empty(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    assert_eq!(store.position(), Position::default());
    assert_eq!(store.writable(), Ok(()));
    assert_eq!(store.head(&report), Ok(None));
    assert_eq!(store.revisions(&report, None, 10), Ok(vec![]));
    assert_eq!(store.heads(year(2022), None, 10), Ok(vec![]));
    assert_eq!(store.years(), Ok(vec![]));
    assert_eq!(store.request(request_id(1)), Ok(None));
    assert_eq!(store.registry(), Ok(vec![]));
    assert_eq!(store.journal(0, 10), Ok(vec![]));
}

pub async fn a_transaction_becomes_visible_whole(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let id = request_id(1);
    let transaction = submit(&report, 5).with_request(id, "digest").and(Change::Registry(create_agency("agency")));
    let commit = commit(&*store, transaction.clone()).await;

    let stored = store.head(&report).unwrap().unwrap();
    assert_eq!((stored.number, stored.sequence, stored.time), (1, 1, commit.entry.time));
    let given =
        huizong::report::Revision { number: 1, sequence: 1, time: stored.time, ..revision(&report, 5, "sample") };
    assert_eq!(stored, given);
    assert_eq!(store.revision(&stored.name()), Ok(Some(stored.clone())));
    assert_eq!(store.heads(report.year, None, 10), Ok(vec![stored.clone()]));
    assert_eq!(store.registry(), Ok(vec![create_agency("agency")]));
    assert_eq!(store.journal(0, 10), Ok(vec![commit.entry.clone()]));
    assert_eq!(commit.entry.subject, stored.name().to_string());
    assert_eq!(store.position(), commit.entry.position());
    let (_, fingerprint) = transaction.request.unwrap();
    assert_eq!(store.request(id), Ok(Some(StoredRequest { fingerprint, revision: stored.name(), sequence: 1 })));
}

pub async fn several_changes_share_one_journal_entry(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (one, two) = (report("one", 2022), report("two", 2021));
    let also = |report, number| Change::Revision(Box::new(revision(report, number, "also")));
    let commit = commit(&*store, submit(&one, 1).and(also(&two, 2)).and(also(&one, 3))).await;

    assert_eq!(commit.effects.len(), 3);
    assert_eq!(store.position().sequence, 1);
    let numbers = |report| -> Vec<_> {
        store.revisions(report, None, 10).unwrap().iter().map(|revision| (revision.number, revision.sequence)).collect()
    };
    assert_eq!(numbers(&one), [(2, 1), (1, 1)]);
    assert_eq!(numbers(&two), [(1, 1)]);
}

pub async fn sequence_numbers_have_no_gaps_and_the_chain_holds(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for round in 0..10 {
        let head = store.head(&report).unwrap().map(|head| head.number);
        commit(&*store, submit(&report, round).expecting(&report, head)).await;
        assert!(matches!(store.commit(submit(&report, 0).expecting(&report, Some(99))).await, Ok(Decision::Stale)));
        commit(&*store, refuse(&report)).await;
        commit(&*store, refuse(&report).and(Change::Registry(create_jurisdiction("230000")))).await;
    }
    let contents = Contents::read(&*store, &[]);
    assert_eq!(contents.journal.len(), 30);
    contents.assert_chain();
}

pub async fn time_never_runs_backwards(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    join_all((0..200).map(|round| store.commit(submit(&report, round)))).await;
    Contents::read(&*store, &[]).assert_chain();
    let revisions = store.revisions(&report, None, usize::MAX).unwrap();
    assert!(revisions.windows(2).all(|pair| pair[0].time >= pair[1].time));
}

pub async fn a_stale_expectation_stores_nothing(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let known = report("known", 2022);
    commit(&*store, submit(&known, 1)).await;
    let id = request_id(1);
    let before = Contents::read(&*store, &[id]);

    let unknown = report("unknown", 2022);
    for (report, expected) in [(&known, None), (&known, Some(2)), (&known, Some(0)), (&unknown, Some(1))] {
        let transaction = submit(report, 2).expecting(report, expected).with_request(id, "digest");
        let transaction = transaction.and(Change::Registry(create_agency("known")));
        let decision = store.commit(transaction).await.unwrap();
        assert!(matches!(decision, Decision::Stale), "{report} expected at {expected:?}");
    }
    assert_eq!(Contents::read(&*store, &[id]), before);
    assert_eq!(witness.seen().len(), 1);
    commit(&*store, submit(&known, 2).expecting(&known, Some(1)).with_request(id, "digest")).await;
    commit(&*store, submit(&unknown, 2).expecting(&unknown, None)).await;
}

pub async fn every_expectation_of_a_transaction_counts(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (one, two) = (report("one", 2022), report("two", 2022));
    commit(&*store, submit(&one, 1)).await;
    let wrong = submit(&one, 2).expecting(&one, Some(1)).expecting(&two, Some(1));
    assert!(matches!(store.commit(wrong).await, Ok(Decision::Stale)));
    commit(&*store, submit(&one, 2).expecting(&one, Some(1)).expecting(&two, None)).await;
}

pub async fn of_transactions_that_expect_the_same_head_one_wins(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for round in 1..=20u32 {
        let expected = (round > 1).then_some(round - 1);
        // Offered at once, so that they meet in one group of the committer.
        let offers = (0..8).map(|number| store.commit(submit(&report, number).expecting(&report, expected)));
        let decisions = join_all(offers).await;
        let winners: Vec<_> = decisions.into_iter().filter_map(|decision| committed(decision.unwrap())).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let head = store.head(&report).unwrap().unwrap();
        assert_eq!((head.number, head.sequence), (round, winners[0].entry.sequence));
    }
    assert_eq!(store.position().sequence, 20);
}

pub async fn a_repeated_request_gets_the_first_answer(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let report = report("agency", 2022);
    let id = request_id(1);
    let first = commit(&*store, submit(&report, 1).with_request(id, "digest")).await;
    commit(&*store, submit(&report, 2)).await;
    let before = Contents::read(&*store, &[id]);
    for _ in 0..3 {
        match store.commit(submit(&report, 1).with_request(id, "digest")).await.unwrap() {
            Decision::Repeated(known) => {
                let revision = RevisionName { report: report.clone(), number: 1 };
                assert_eq!((known.revision, known.sequence), (revision, first.entry.sequence));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(Contents::read(&*store, &[id]), before);
    assert_eq!(witness.seen().len(), 2);
}

pub async fn a_retry_is_answered_although_its_expectation_has_become_stale(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let transaction = submit(&report, 1).expecting(&report, None).with_request(request_id(1), "digest");
    commit(&*store, transaction.clone()).await;
    assert!(matches!(store.commit(transaction).await, Ok(Decision::Repeated(_))));
}

pub async fn a_request_id_with_another_digest_is_refused(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let id = request_id(1);
    commit(&*store, submit(&report, 1).with_request(id, "digest")).await;
    let before = Contents::read(&*store, &[id]);
    match store.commit(submit(&report, 2).with_request(id, "another digest")).await.unwrap() {
        Decision::RequestIdReused(known) => assert_eq!(Some(known), store.request(id).unwrap()),
        other => panic!("{other:?}"),
    }
    assert_eq!(Contents::read(&*store, &[id]), before);
}

pub async fn of_concurrent_duplicates_one_is_committed(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for round in 0..20 {
        let offers = (0..8).map(|_| store.commit(submit(&report, 1).with_request(request_id(round), "digest")));
        let decisions: Vec<_> = join_all(offers).await.into_iter().map(Result::unwrap).collect();
        let winners: Vec<_> = decisions.iter().cloned().filter_map(committed).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        for decision in decisions {
            match decision {
                Decision::Committed(_) => {}
                Decision::Repeated(known) => assert_eq!(known.sequence, winners[0].entry.sequence),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(store.position().sequence, 20);
}

pub async fn a_refusal_is_journalled_and_changes_nothing(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let report = report("agency", 2022);
    commit(&*store, submit(&report, 1)).await;
    let before = Contents::read(&*store, &[]);
    let refusal = commit(&*store, refuse(&report)).await;
    let after = Contents::read(&*store, &[]);

    assert_eq!(
        (refusal.entry.outcome, refusal.entry.subject.as_str()),
        (Outcome::Refused, "agencies/agency/reports/2022")
    );
    assert!(refusal.effects.is_empty());
    assert_eq!(after.journal, [before.journal.as_slice(), std::slice::from_ref(&refusal.entry)].concat());
    assert_eq!(after.revisions, before.revisions);
    assert!(witness.has_seen(refusal.entry.sequence));
}

pub async fn a_refused_request_may_be_made_again(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let id = request_id(1);
    commit(&*store, refuse(&report).with_request(id, "digest")).await;
    assert_eq!(store.request(id), Ok(None));
    commit(&*store, submit(&report, 1).with_request(id, "digest")).await;
}

pub async fn a_record_that_is_too_long_stores_nothing(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let text = "长".repeat(RECORD_BYTES_MAX / 3);
    let long = Change::Revision(Box::new(revision(&report, 1, &text)));
    let mut long_entry = submit(&report, 1);
    long_entry.entry.detail = "x".repeat(RECORD_BYTES_MAX);
    for transaction in [submit(&report, 1).and(long), long_entry] {
        let error = store.commit(transaction).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { limit_bytes: RECORD_BYTES_MAX, .. }), "{error}");
        assert_eq!(store.position(), Position::default());
        assert_eq!(store.head(&report), Ok(None));
    }
    assert_eq!(store.writable(), Ok(()));
    let fits = Change::Revision(Box::new(revision(&report, 1, &text[..text.len() - 3 * 1024])));
    commit(&*store, submit(&report, 1).and(fits)).await;
}

pub async fn earlier_revisions_are_never_altered(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let mut stored = Vec::new();
    for number in 0..30 {
        commit(&*store, submit(&report, number)).await;
        stored.insert(0, store.head(&report).unwrap().unwrap());
        assert_eq!(store.revisions(&report, None, usize::MAX).as_ref(), Ok(&stored));
    }
}

pub async fn revisions_are_read_newest_first_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    // Neighbours in the order of keys must not appear.
    for (agency, of) in [("agency", 2021), ("agency", 2023), ("agency-2", 2022), ("agenc", 2022)] {
        commit(&*store, submit(&crate::samples::report(agency, of), 0)).await;
    }
    for number in 0..7 {
        commit(&*store, submit(&report, number)).await;
    }
    let numbers = |before, limit| -> Vec<u32> {
        store.revisions(&report, before, limit).unwrap().iter().map(|revision| revision.number).collect()
    };
    assert_eq!(numbers(None, 3), [7, 6, 5]);
    assert_eq!(numbers(Some(5), 3), [4, 3, 2]);
    assert_eq!(numbers(Some(2), 3), [1]);
    assert_eq!(numbers(Some(1), 3), [0; 0]);
    assert_eq!(numbers(Some(100), usize::MAX), [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(numbers(None, 0), [0; 0]);
    assert_eq!(store.revision(&RevisionName { report: report.clone(), number: 8 }), Ok(None));
}

pub async fn heads_are_read_in_order_of_agencies_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    for agency in (0..9).rev() {
        let report = report(&format!("agency-{agency}"), 2022);
        for number in 0..=i64::from(agency) % 3 {
            commit(&*store, submit(&report, number)).await;
        }
    }
    commit(&*store, submit(&report("agency-3", 2021), 0)).await;
    commit(&*store, submit(&report("agency-4", 2023), 0)).await;

    let mut found = Vec::new();
    loop {
        let after = found.last().map(|head: &huizong::report::Revision| &head.report.agency);
        let page = store.heads(year(2022), after, 4).unwrap();
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    let names: Vec<_> = found.iter().map(|head| (head.report.agency.to_string(), head.number)).collect();
    let expected: Vec<_> = (0..9).map(|agency| (format!("agency-{agency}"), agency % 3 + 1)).collect();
    assert_eq!(names, expected);
    assert_eq!(store.heads(year(2022), None, 0), Ok(vec![]));
    let between = store.heads(year(2022), Some(&"agency-44".parse().unwrap()), 1).unwrap();
    assert_eq!(between[0].report.agency.as_str(), "agency-5");
}

pub async fn agencies_are_in_order_whatever_the_length_of_their_ids(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let longest = format!("agency{}", "z".repeat(34));
    let mut ids = vec![
        "11341702486344515H",
        "12620600MB0523338C",
        "000",
        "---",
        "zzz",
        "agency",
        "agency-",
        "agency0",
        "agency-0",
        "agency00",
        "agencyz",
        &longest,
        &longest[..39],
    ];
    for id in &ids {
        commit(&*store, submit(&report(id, 2022), 1)).await;
        commit(&*store, submit(&report(id, 2022), 2)).await;
    }
    ids.sort_unstable();
    let heads = store.heads(year(2022), None, usize::MAX).unwrap();
    assert_eq!(heads.iter().map(|head| head.report.agency.as_str()).collect::<Vec<_>>(), ids);
    for (position, head) in heads.iter().enumerate() {
        let rest = store.heads(year(2022), Some(&head.report.agency), usize::MAX).unwrap();
        assert_eq!(rest, heads[position + 1..], "after {}", head.report.agency);
        assert_eq!(store.revisions(&head.report, None, 10).unwrap().len(), 2);
    }
}

pub async fn years_are_in_order(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    for of in [2023, 2019, 2999, 2021, 2023] {
        for agency in ["zzz", "aaa"] {
            commit(&*store, submit(&report(agency, of), 1)).await;
        }
    }
    assert_eq!(store.years(), Ok([2019, 2021, 2023, 2999].map(year).to_vec()));
}

pub async fn registry_changes_are_in_the_order_in_which_they_were_made(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let none = report("agency", 2022);
    let mut made = Vec::new();
    for batch in 0..12 {
        let mut transaction = refuse(&none);
        for position in (0..5).rev() {
            let change = create_agency(&format!("agency-{}-{position}", batch * 7 % 12));
            made.push(change.clone());
            transaction = transaction.and(Change::Registry(change));
        }
        commit(&*store, transaction).await;
        commit(&*store, submit(&none, 1)).await;
    }
    assert_eq!(store.registry(), Ok(made));
}

pub async fn the_journal_is_read_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    for number in 0..300 {
        // Beyond 256, so that the order of bytes in keys matters.
        join_all([store.commit(submit(&report("agency", 2022), number))]).await;
    }
    let sequences = |after, limit| -> Vec<u64> {
        store.journal(after, limit).unwrap().iter().map(|entry| entry.sequence).collect()
    };
    assert_eq!(sequences(0, 3), [1, 2, 3]);
    assert_eq!(sequences(254, 4), [255, 256, 257, 258]);
    assert_eq!(sequences(298, 10), [299, 300]);
    assert_eq!(sequences(300, 10), [0; 0]);
    assert_eq!(sequences(u64::MAX, 10), [0; 0]);
    assert_eq!(sequences(0, 0), [0; 0]);
    assert_eq!(sequences(0, usize::MAX), (1..=300).collect::<Vec<_>>());
}

pub async fn the_observer_is_told_before_the_acknowledgement(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let writers = (0..16).map(|writer| {
        let (store, witness) = (store.clone(), witness.clone());
        tokio::spawn(async move {
            for number in 0..20 {
                let commit = commit(&*store, submit(&report(&format!("agency-{writer}"), 2022), number)).await;
                assert!(witness.has_seen(commit.entry.sequence));
                assert!(store.position().sequence >= commit.entry.sequence);
            }
        })
    });
    join_all(writers).await.into_iter().for_each(Result::unwrap);
}

pub async fn the_observer_is_told_in_order_and_of_what_was_replaced(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    join_all((0..200).map(|number| store.commit(submit(&report(&format!("agency-{}", number % 3), 2022), number))))
        .await;
    let seen = witness.seen();
    assert_eq!(seen.iter().map(|commit| commit.entry.clone()).collect::<Vec<_>>(), store.journal(0, 1000).unwrap());
    for commit in &seen {
        let [Effect::Revision { new, replaced }] = &commit.effects[..] else { panic!("one revision each") };
        assert_eq!(store.revision(&new.name()).unwrap().as_ref(), Some(&**new));
        let before = RevisionName { report: new.report.clone(), number: new.number - 1 };
        assert_eq!(store.revision(&before).unwrap().as_ref(), replaced.as_deref());
    }
}

pub async fn the_observer_may_read_what_it_is_told_of(open: &impl OpenStore) {
    let observer = Arc::new(ReadingObserver::default());
    let store = open.open(observer.clone());
    assert!(observer.store.set(Arc::downgrade(&store)).is_ok());
    join_all((0..100).map(|number| store.commit(submit(&report("agency", 2022), number)))).await;
    assert_eq!(*observer.missing.lock().unwrap(), [0; 0]);
}

pub async fn concurrent_writers_lose_nothing(open: &impl OpenStore) {
    const WRITERS: u128 = 64;
    const TRANSACTIONS: u128 = 20;
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let own = report(&format!("agency-{writer}"), 2022);
            let mut commits: Vec<Arc<Commit>> = Vec::new();
            for number in 0..TRANSACTIONS {
                let head = (number > 0).then_some(number as u32);
                let id = request_id(writer * TRANSACTIONS + number);
                let shared = Change::Revision(Box::new(revision(&report("shared", 2022), number as i64, "shared")));
                let transaction =
                    submit(&own, number as i64).expecting(&own, head).with_request(id, "digest").and(shared);
                commits.push(commit(&*store, transaction).await);
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
    assert_eq!(contents.heads.len(), WRITERS as usize + 1);
    assert_eq!(witness.seen().len(), ids.len());
    // Every shared revision has a number of its own, in the order of the journal.
    let shared = store.revisions(&report("shared", 2022), None, usize::MAX).unwrap();
    let numbers = shared.iter().rev().map(|revision| (u64::from(revision.number), revision.sequence));
    assert!(numbers.eq((1..=ids.len() as u64).map(|number| (number, number))));
    for (commit, request) in commits.iter().zip(&contents.requests) {
        assert_eq!(request.as_ref().map(|request| request.sequence), Some(commit.entry.sequence));
        assert_eq!(contents.journal[commit.entry.sequence as usize - 1], commit.entry);
    }
}

pub async fn what_a_read_shows_is_journalled(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let reader = tokio::task::spawn_blocking({
        let (store, report) = (store.clone(), report.clone());
        move || {
            let mut newest = 0;
            while newest < 300 {
                let Some(head) = store.head(&report).unwrap() else { continue };
                assert!(head.number >= newest, "a revision that was read has disappeared");
                newest = head.number;
                let entries = store.journal(head.sequence - 1, 1).unwrap();
                assert_eq!(entries[0].subject, head.name().to_string());
                assert!(store.request(request_id(head.sequence.into())).unwrap().is_some());
                assert_eq!(store.years().unwrap(), [report.year]);
            }
        }
    });
    for chunk in 0..30 {
        let ids = (chunk * 10 + 1)..=(chunk * 10 + 10);
        join_all(ids.map(|id| store.commit(submit(&report, 1).with_request(request_id(id), "digest")))).await;
    }
    reader.await.unwrap();
}
