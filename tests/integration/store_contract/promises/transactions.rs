//! A transaction is stored whole, in its place, and once.

use std::sync::Arc;

use huizong::report::{ReportState, ReviewAction, Revision, RevisionName};
use huizong::store::{
    Change, Decision, NEWEST, Outcome, Position, RECORD_BYTES_MAX, Requested, Standing, StoreError, StoredRequest,
    Transaction,
};

use crate::store_contract::contents::{Contents, OWNERS};
use crate::store_contract::samples::*;

pub async fn a_new_store_is_empty(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    assert_eq!(store.position(), Position::default());
    assert_eq!(store.writable(), Ok(()));
    assert_eq!(store.revisions(&report, None, 10), Ok(vec![]));
    assert_eq!(store.reviews(&report, 1..=u32::MAX), Ok(vec![]));
    for as_of in [0, 1, NEWEST] {
        assert_eq!(store.standing(&report, as_of), Ok(None));
        assert_eq!(store.registry(0, as_of), Ok(vec![]));
        for owners in OWNERS {
            assert_eq!(store.reports(owners, year(2022), None, 10, as_of), Ok(vec![]));
        }
    }
    assert_eq!(OWNERS.map(|owners| store.years(owners)), [Ok(vec![]), Ok(vec![])]);
    assert_eq!(store.request(request_id(1)), Ok(None));
    assert_eq!(store.frozen_forms(&"230000".parse().unwrap(), None, 10), Ok(vec![]));
    assert_eq!(store.journal(0, 10), Ok(vec![]));
}

pub async fn a_transaction_becomes_visible_whole(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let id = request_id(1);
    let transaction = first(&report, 5).with_request(id, "digest").and(Change::Registry(create_agency("agency")));
    let commit = commit(&*store, transaction.clone()).await;

    let stored = newest(&*store, &report).unwrap();
    let given = Revision { number: 1, sequence: 1, time: commit.entry.time, ..revision(&report, 5, "sample") };
    let given = Arc::new(given);
    assert_eq!(stored, Standing { status: given.status(), newest: given.clone(), accepted: Some(given.clone()) });
    assert_eq!(store.revision(&given.name()).unwrap().as_ref(), Some(&*given));
    assert_eq!(store.reports(OWNERS[0], report.year, None, 10, NEWEST), Ok(vec![stored]));
    assert_eq!(store.registry(0, NEWEST), Ok(vec![(1, create_agency("agency"))]));
    assert_eq!(store.journal(0, 10), Ok(vec![commit.entry.clone()]));
    assert_eq!(commit.entry.subject, given.name().to_string());
    assert_eq!(store.position(), commit.entry.position());
    let (_, fingerprint) = transaction.request.unwrap();
    assert_eq!(
        store.request(id),
        Ok(Some(StoredRequest { fingerprint, stored: Requested::Revision(given.name()), sequence: 1 }))
    );
}

pub async fn several_changes_share_one_journal_entry(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (one, two, three) = (report("one", 2022), report("two", 2021), consolidated("230000", 2022));
    commit(&*store, hand_in(&*store, &one, 1)).await;
    let transaction = review(&*store, &one, ReviewAction::Accept)
        .and(one_more(&*store, &two, 2))
        .and(Change::Registry(create_jurisdiction("230000")))
        .and(Change::Freeze(Box::new(frozen("230000", 2022, 1))))
        .and(one_more(&*store, &three, 3))
        .and(Change::Registry(create_agency("one")));
    let commit = commit(&*store, transaction).await;

    assert_eq!(commit.effects.len(), 6);
    assert_eq!(store.position().sequence, 2);
    for report in [&one, &two, &three] {
        let standing = newest(&*store, report).unwrap();
        assert_eq!((standing.status.sequence, standing.status.state), (2, ReportState::Accepted), "{report}");
    }
    let forms = store.frozen_forms(&"230000".parse().unwrap(), None, 10).unwrap();
    assert_eq!(forms.iter().map(|form| form.sequence).collect::<Vec<_>>(), [2]);
    let registered = [(2, create_jurisdiction("230000")), (2, create_agency("one"))];
    assert_eq!(store.registry(0, NEWEST), Ok(registered.to_vec()));
}

pub async fn sequence_numbers_have_no_gaps_and_the_chain_holds(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for round in 0..10 {
        let version = newest(&*store, &report).map(|standing| standing.status.version());
        commit(&*store, hand_in(&*store, &report, round).expecting(&report, version)).await;
        let stale = submit(&*store, &report, 0).expecting(&report, Some((99, 0)));
        assert!(matches!(store.commit(stale).await, Ok(Decision::Stale)));
        commit(&*store, refuse(&report)).await;
        commit(&*store, refuse(&report).and(Change::Registry(create_jurisdiction("230000")))).await;
        commit(&*store, review(&*store, &report, ReviewAction::Return)).await;
    }
    let contents = Contents::read(&*store, &[]);
    assert_eq!(contents.journal.len(), 40);
    contents.assert_chain();
}

pub async fn time_never_runs_backwards(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let reports: Vec<_> = (0..10).map(|agency| report(&format!("agency-{agency}"), 2022)).collect();
    for round in 0..20 {
        let submissions = reports.iter().map(|report| hand_in(&*store, report, round)).collect();
        assert!(offer(&*store, submissions).await.into_iter().all(|decision| committed(decision).is_some()));
        let reviews = reports.iter().map(|report| review(&*store, report, ReviewAction::Accept)).collect();
        assert!(offer(&*store, reviews).await.into_iter().all(|decision| committed(decision).is_some()));
    }
    Contents::read(&*store, &[]).assert_chain();
    for report in &reports {
        let revisions = store.revisions(report, None, usize::MAX).unwrap();
        let reviews = store.reviews(report, 1..=u32::MAX).unwrap();
        assert_eq!((revisions.len(), reviews.len()), (20, 20));
        // A review lies between its revision and the next.
        let times: Vec<_> =
            revisions.iter().rev().zip(&reviews).flat_map(|(one, other)| [one.time, other.time]).collect();
        assert!(times.is_sorted());
        let entries: Vec<_> = store.journal(0, usize::MAX).unwrap();
        let journalled = |sequence: u64| entries[sequence as usize - 1].time;
        assert!(revisions.iter().all(|revision| revision.time == journalled(revision.sequence)));
        assert!(reviews.iter().all(|review| review.time == journalled(review.status.sequence)));
    }
}

pub async fn a_repeated_request_gets_the_first_answer(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let report = report("agency", 2022);
    let id = request_id(1);
    let first = commit(&*store, submit(&*store, &report, 1).with_request(id, "digest")).await;
    commit(&*store, submit(&*store, &report, 2)).await;
    let before = Contents::read(&*store, &[id]);
    for _ in 0..3 {
        match store.commit(submit(&*store, &report, 1).with_request(id, "digest")).await.unwrap() {
            Decision::Repeated(known) => {
                let revision = RevisionName { report: report.clone(), number: 1 };
                assert_eq!((known.stored, known.sequence), (Requested::Revision(revision), first.entry.sequence));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(Contents::read(&*store, &[id]), before);
    assert_eq!(witness.seen().len(), 2);
}

pub async fn a_request_id_with_another_digest_is_refused(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let id = request_id(1);
    commit(&*store, first(&report, 1).with_request(id, "digest")).await;
    let before = Contents::read(&*store, &[id]);
    match store.commit(submit(&*store, &report, 2).with_request(id, "another digest")).await.unwrap() {
        Decision::RequestIdReused(known) => assert_eq!(Some(known), store.request(id).unwrap()),
        other => panic!("{other:?}"),
    }
    assert_eq!(Contents::read(&*store, &[id]), before);
}

pub async fn of_concurrent_duplicates_one_is_committed(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for round in 0..20 {
        let one = submit(&*store, &report, 1).with_request(request_id(round), "digest");
        let decisions = offer(&*store, vec![one; 8]).await;
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
    commit(&*store, hand_in(&*store, &report, 1)).await;
    commit(&*store, review(&*store, &report, ReviewAction::Accept)).await;
    let before = Contents::read(&*store, &[]);
    let refusal = commit(&*store, refuse(&report)).await;
    let after = Contents::read(&*store, &[]);

    assert_eq!(
        (refusal.entry.outcome, refusal.entry.subject.as_str()),
        (Outcome::Refused, "agencies/agency/reports/2022")
    );
    assert!(refusal.effects.is_empty());
    assert_eq!(after.journal, [before.journal.as_slice(), std::slice::from_ref(&refusal.entry)].concat());
    assert_eq!(after, Contents { position: after.position, journal: after.journal.clone(), ..before });
    assert!(witness.has_seen(refusal.entry.sequence));
}

pub async fn a_refused_request_may_be_made_again(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let id = request_id(1);
    commit(&*store, refuse(&report).with_request(id, "digest")).await;
    assert_eq!(store.request(id), Ok(None));
    commit(&*store, first(&report, 1).with_request(id, "digest")).await;
}

pub async fn a_record_that_is_too_long_stores_nothing(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (known, report) = (report("known", 2022), report("agency", 2022));
    commit(&*store, hand_in(&*store, &known, 1)).await;
    let before = Contents::read(&*store, &[]);
    let text = "长".repeat(RECORD_BYTES_MAX / 3);
    let revision_of = |text: &str| revise(None, ReportState::Accepted, revision(&report, 1, text));
    let review_of = |text: &str| reviewing(newest(&*store, &known).unwrap(), ReviewAction::Return, text);
    let form_of = |text: &str| {
        let mut form = frozen("230000", 2022, 1);
        form.note = text.to_owned();
        Change::Freeze(Box::new(form))
    };
    let refused = |change| refuse(&known).and(Change::Registry(create_agency("agency"))).and(change);
    let mut long_entry = first(&report, 1);
    long_entry.entry.detail = "x".repeat(RECORD_BYTES_MAX);
    let long: [Transaction; 4] =
        [refused(revision_of(&text)), refused(review_of(&text)), refused(form_of(&text)), long_entry];
    for transaction in long {
        let error = store.commit(transaction).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { limit_bytes: RECORD_BYTES_MAX, .. }), "{error}");
        assert_eq!(Contents::read(&*store, &[]), before);
    }
    assert_eq!(store.writable(), Ok(()));
    let fits = &text[..text.len() - 3 * 1024];
    commit(&*store, refused(revision_of(fits)).and(review_of(fits)).and(form_of(fits))).await;
}
