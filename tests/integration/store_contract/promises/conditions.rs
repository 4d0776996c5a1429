//! What a transaction expects is checked at the moment of its commit.

use huizong::report::{ReportState, ReviewAction};
use huizong::store::{Change, Decision, NEWEST, Store, Transaction};

use crate::store_contract::contents::Contents;
use crate::store_contract::samples::*;

async fn assert_stale(store: &dyn Store, transaction: Transaction) {
    let what = format!("{:?}", transaction.entry);
    let decision = store.commit(transaction).await.unwrap();
    assert!(matches!(decision, Decision::Stale), "{decision:?} of {what}");
}

pub async fn a_stale_expectation_stores_nothing(open: &impl OpenStore) {
    let witness = Witness::new();
    let store = open.open(witness.clone());
    let (known, unknown, other) = (report("known", 2022), report("unknown", 2022), report("other", 2022));
    commit(&*store, hand_in(&*store, &known, 1)).await;
    let unreviewed = newest(&*store, &known);
    commit(&*store, review(&*store, &known, ReviewAction::Return)).await;
    commit(&*store, first(&other, 1)).await;
    let id = request_id(1);
    let before = Contents::read(&*store, &[id]);

    // A version that is expected of a report, be it changed or not.
    let versions = [None, Some((2, 0)), Some((0, 0)), Some((1, 0)), Some((1, 1)), Some((1, 3)), Some((2, 2))];
    let of_known = versions.map(|version| (&known, version));
    for (report, expected) in of_known.into_iter().chain([(&unknown, Some((1, 0)))]) {
        for changed in [&known, &unknown, &other] {
            let transaction = submit(&*store, changed, 2).expecting(report, expected).with_request(id, "digest");
            assert_stale(&*store, transaction.and(Change::Registry(create_agency("known")))).await;
        }
    }
    // How a changed report is taken to stand; a standing of another report is no standing of this one.
    let revised = |before| revise(before, ReportState::Accepted, revision(&known, 2, "sample"));
    let standings = [None, unreviewed.clone(), newest(&*store, &other)];
    for change in standings.into_iter().map(revised).chain([reviewing(unreviewed.unwrap(), ReviewAction::Accept, "")]) {
        assert_stale(&*store, refuse(&known).and(change).with_request(id, "digest")).await;
    }
    assert_eq!(Contents::read(&*store, &[id]), before);
    assert_eq!(witness.seen().len(), 3);
    commit(&*store, submit(&*store, &known, 2).expecting(&known, Some((1, 2))).with_request(id, "digest")).await;
    commit(&*store, first(&unknown, 2).expecting(&unknown, None).expecting(&known, Some((2, 0)))).await;
}

pub async fn every_expectation_of_a_transaction_counts(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (one, two) = (report("one", 2022), report("two", 2022));
    commit(&*store, first(&one, 1)).await;
    assert_stale(&*store, submit(&*store, &one, 2).expecting(&one, Some((1, 0))).expecting(&two, Some((1, 0)))).await;
    let also_two = revise(newest(&*store, &one), ReportState::Accepted, revision(&two, 2, "sample"));
    assert_stale(&*store, submit(&*store, &one, 2).and(also_two)).await;
    commit(&*store, submit(&*store, &one, 2).expecting(&one, Some((1, 0))).expecting(&two, None)).await;
}

pub async fn a_report_is_changed_once_in_a_transaction(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    assert_stale(&*store, first(&report, 1).and(one_more(&*store, &report, 2))).await;
    commit(&*store, hand_in(&*store, &report, 1)).await;
    let before = Contents::read(&*store, &[]);
    let accept = || reviewing(newest(&*store, &report).unwrap(), ReviewAction::Accept, "");
    assert_stale(&*store, review(&*store, &report, ReviewAction::Return).and(accept())).await;
    assert_stale(&*store, submit(&*store, &report, 1).and(accept())).await;
    assert_stale(&*store, refuse(&report).and(accept()).and(one_more(&*store, &report, 1))).await;
    assert_eq!(Contents::read(&*store, &[]), before);
}

pub async fn only_the_newest_revision_is_reviewed(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for number in 0..2 {
        commit(&*store, hand_in(&*store, &report, number)).await;
    }
    for number in [0, 1, 3] {
        let mut change = reviewing(newest(&*store, &report).unwrap(), ReviewAction::Accept, "");
        let Change::Review { review, .. } = &mut change else { panic!("a review") };
        review.revision.number = number;
        assert_stale(&*store, refuse(&report).and(change)).await;
    }
    assert_eq!(store.reviews(&report, 1..=u32::MAX), Ok(vec![]));
}

pub async fn of_transactions_that_expect_the_same_head_one_wins(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    for round in 1..=20u32 {
        let version = newest(&*store, &report).map(|standing| standing.status.version());
        // Half of them state what they expect once more, the others by what they take to be the newest revision.
        let plain = (0..4).map(|number| submit(&*store, &report, number));
        let stated = (4..8).map(|number| submit(&*store, &report, number).expecting(&report, version));
        let winner = offer_rivals(&*store, stated.chain(plain).collect()).await;
        let standing = newest(&*store, &report).unwrap();
        assert_eq!((standing.status.newest, standing.status.sequence), (round, winner.entry.sequence));
        assert_eq!(store.revisions(&report, None, usize::MAX).unwrap().len(), round as usize);
    }
    assert_eq!(store.position().sequence, 20);
}

pub async fn a_transaction_that_rests_on_a_report_is_stale_once_that_has_changed(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (basis, resting) = (report("basis", 2021), report("resting", 2022));
    commit(&*store, hand_in(&*store, &basis, 1)).await;
    for number in 0..10 {
        let version = Some(newest(&*store, &basis).unwrap().status.version());
        let change = if number % 2 == 0 {
            review(&*store, &basis, ReviewAction::Accept)
        } else {
            hand_in(&*store, &basis, number)
        };
        let dependent = submit(&*store, &resting, number).expecting(&basis, version);
        let decisions = offer(&*store, vec![change, dependent]).await;
        assert!(matches!(decisions[..], [Decision::Committed(_), Decision::Stale]), "{decisions:?}");
    }
    assert_eq!(newest(&*store, &resting), None);
}

pub async fn of_reviews_and_revisions_offered_at_once_one_wins(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let (mut revisions, mut reviews) = (0, 0);
    for round in 0..20 {
        commit(&*store, hand_in(&*store, &report, round)).await;
        revisions += 1;
        let mut rivals = vec![
            review(&*store, &report, ReviewAction::Accept),
            review(&*store, &report, ReviewAction::Return),
            hand_in(&*store, &report, round),
            review(&*store, &report, ReviewAction::Withdraw),
            hand_in(&*store, &report, -1),
        ];
        rivals.rotate_left(round as usize % 5);
        let winner = offer_rivals(&*store, rivals).await;
        let standing = newest(&*store, &report).unwrap();
        assert_eq!(standing.status.sequence, winner.entry.sequence);
        if standing.status.review == 0 {
            revisions += 1
        } else {
            reviews += 1
        }
        assert_eq!(store.revisions(&report, None, usize::MAX).unwrap().len(), revisions);
        assert_eq!(store.reviews(&report, 1..=u32::MAX).unwrap().len(), reviews);
    }
    assert!(reviews > 0 && revisions > 20);
}

pub async fn a_changed_registry_makes_a_transaction_stale(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let none = report("agency", 2022);
    let register = |id: &str| refuse(&none).and(Change::Registry(create_agency(id)));
    commit(&*store, register("first").expecting_registry(0)).await;
    commit(&*store, first(&none, 1).expecting_registry(1)).await;
    for sequence in [0, 2, 3, NEWEST] {
        assert_stale(&*store, register("late").expecting_registry(sequence)).await;
        assert_stale(&*store, submit(&*store, &none, 2).expecting_registry(sequence)).await;
    }
    // Of those that rest on the same registry and change it one wins; the rest go on where nothing has changed it.
    for round in 0..10 {
        let (before, _) = *store.registry(0, NEWEST).unwrap().last().unwrap();
        let rivals = (0..8).map(|rival| register(&format!("agency-{round}-{rival}")).expecting_registry(before));
        let winner = offer_rivals(&*store, rivals.collect()).await;
        let now = winner.entry.sequence;
        assert_eq!(store.registry(0, NEWEST).unwrap().last().map(|(sequence, _)| *sequence), Some(now));
        let resting = |sequence| submit(&*store, &none, 1).expecting_registry(sequence);
        let decisions = offer(&*store, vec![resting(before), resting(now), register("more"), resting(now)]).await;
        use Decision::{Committed, Stale};
        assert!(matches!(decisions[..], [Stale, Committed(_), Committed(_), Stale]), "{decisions:?}");
    }
    assert_eq!(store.registry(0, NEWEST).unwrap().len(), 21);
}

pub async fn a_retry_is_answered_although_its_expectation_has_become_stale(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let transaction = first(&report, 1).expecting(&report, None).expecting_registry(0);
    let transaction = transaction.with_request(request_id(1), "digest");
    commit(&*store, transaction.clone()).await;
    commit(&*store, refuse(&report).and(Change::Registry(create_agency("agency")))).await;
    assert!(matches!(store.commit(transaction).await, Ok(Decision::Repeated(_))));
}
