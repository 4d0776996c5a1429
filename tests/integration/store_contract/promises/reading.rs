//! Reads: by pages, in order, and of the past.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use huizong::report::Owners;
use huizong::report::{ReportOwner, ReviewAction, RevisionName};
use huizong::store::{Change, NEWEST, Standing};

use crate::store_contract::samples::*;

pub async fn earlier_revisions_are_never_altered(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let (mut stored, mut reviews) = (Vec::new(), Vec::new());
    for number in 0..30 {
        commit(&*store, hand_in(&*store, &report, number)).await;
        stored.insert(0, (*newest(&*store, &report).unwrap().newest).clone());
        if number % 3 > 0 {
            commit(&*store, review(&*store, &report, ReviewAction::Accept)).await;
            reviews.push(store.reviews(&report, 1..=u32::MAX).unwrap().pop().unwrap());
        }
        assert_eq!(store.revisions(&report, None, usize::MAX).as_ref(), Ok(&stored));
        assert_eq!(store.reviews(&report, 1..=u32::MAX).as_ref(), Ok(&reviews));
    }
}

pub async fn revisions_are_read_newest_first_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    // Neighbours in the order of keys must not appear, nor must reviews.
    for (agency, of) in [("agency", 2021), ("agency", 2023), ("agency-2", 2022), ("agenc", 2022)] {
        commit(&*store, first(&crate::store_contract::samples::report(agency, of), 0)).await;
    }
    for number in 0..7 {
        commit(&*store, hand_in(&*store, &report, number)).await;
        for action in &[ReviewAction::Return, ReviewAction::Withdraw][..number as usize % 3] {
            commit(&*store, review(&*store, &report, *action)).await;
        }
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

fn owner_of(standing: &Standing) -> &ReportOwner {
    &standing.newest.report.owner
}

pub async fn reports_are_read_in_order_of_their_owners_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let mut as_of = Vec::new();
    for agency in (0..9).rev() {
        let report = report(&format!("agency-{agency}"), 2022);
        for number in 0..=i64::from(agency) % 3 {
            commit(&*store, hand_in(&*store, &report, number)).await;
            commit(&*store, review(&*store, &report, ReviewAction::Return)).await;
        }
        as_of.push((store.position().sequence, 9 - agency as usize));
    }
    commit(&*store, first(&report("agency-3", 2021), 0)).await;
    commit(&*store, first(&report("agency-4", 2023), 0)).await;
    commit(&*store, first(&consolidated("230000", 2022), 0)).await;

    let read = |after: Option<&ReportOwner>, limit, as_of| {
        store.reports(Owners::Agencies, year(2022), after, limit, as_of).unwrap()
    };
    for (as_of, count) in as_of.into_iter().chain([(NEWEST, 9)]) {
        for size in 1..=10 {
            let mut found: Vec<Standing> = Vec::new();
            loop {
                let page = read(found.last().map(owner_of), size, as_of);
                assert!(page.len() <= size);
                if page.is_empty() {
                    break;
                }
                found.extend(page);
            }
            let names: Vec<_> =
                found.iter().map(|standing| (owner_of(standing).id().to_owned(), standing.status.newest)).collect();
            let agencies = 9 - count as u32..9;
            let expected: Vec<_> = agencies.map(|agency| (format!("agency-{agency}"), agency % 3 + 1)).collect();
            assert_eq!(names, expected, "as of {as_of} in pages of {size}");
        }
        assert_eq!(read(None, 0, as_of), []);
        assert_eq!(read(Some(&report("agency-0", 2022).owner), 0, as_of), []);
    }
    let between = read(Some(&report("agency-44", 2022).owner), 1, NEWEST);
    assert_eq!(owner_of(&between[0]).id(), "agency-5");
}

pub async fn owners_are_in_order_whatever_the_length_of_their_ids(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let longest = format!("agency{}", "z".repeat(34));
    let agencies = [
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
    let jurisdictions = ["230000", "990000", "230000001", "230000000", "230000001001", "110000"];
    let own = agencies.map(|id| report(id, 2022));
    let of_governments = jurisdictions.map(|code| consolidated(code, 2022));
    for (owners, mut reports) in [(Owners::Agencies, own.to_vec()), (Owners::Jurisdictions, of_governments.to_vec())] {
        for report in &reports {
            commit(&*store, hand_in(&*store, report, 1)).await;
            commit(&*store, review(&*store, report, ReviewAction::Return)).await;
            commit(&*store, submit(&*store, report, 2)).await;
        }
        reports.sort_by(|one, other| one.owner.id().cmp(other.owner.id()));
        let standings = store.reports(owners, year(2022), None, usize::MAX, NEWEST).unwrap();
        assert_eq!(standings.iter().map(|standing| standing.newest.report.clone()).collect::<Vec<_>>(), reports);
        for (position, standing) in standings.iter().enumerate() {
            let rest = store.reports(owners, year(2022), Some(owner_of(standing)), usize::MAX, NEWEST).unwrap();
            assert_eq!(rest, standings[position + 1..], "after {}", owner_of(standing));
            assert_eq!(store.revisions(&standing.newest.report, None, 10).unwrap().len(), 2);
        }
    }
}

pub async fn years_are_in_order(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    for (of, of_government) in [(2023, 2022), (2019, 2998), (2999, 2020), (2021, 2022), (2023, 2024)] {
        for agency in ["zzz", "aaa"] {
            commit(&*store, submit(&*store, &report(agency, of), 1)).await;
        }
        commit(&*store, submit(&*store, &consolidated("230000", of_government), 1)).await;
    }
    assert_eq!(store.years(Owners::Agencies), Ok([2019, 2021, 2023, 2999].map(year).to_vec()));
    assert_eq!(store.years(Owners::Jurisdictions), Ok([2020, 2022, 2024, 2998].map(year).to_vec()));
}

pub async fn registry_changes_are_in_the_order_in_which_they_were_made(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let none = report("agency", 2022);
    let mut made = Vec::new();
    for batch in 0..12 {
        let mut transaction = refuse(&none);
        for position in (0..5).rev() {
            let change = create_agency(&format!("agency-{}-{position}", batch * 7 % 12));
            made.push((2 * batch + 1, change.clone()));
            transaction = transaction.and(Change::Registry(change));
        }
        commit(&*store, transaction).await;
        commit(&*store, submit(&*store, &none, 1)).await;
    }
    assert_eq!(store.registry(0, NEWEST).as_ref(), Ok(&made));
    for as_of in 0..=24 {
        let known: Vec<_> = made.iter().filter(|(sequence, _)| *sequence <= as_of).cloned().collect();
        assert_eq!(store.registry(0, as_of), Ok(known), "as of {as_of}");
    }
}

pub async fn changes_of_access_are_in_the_order_in_which_they_were_made(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let none = report("agency", 2022);
    let mut made = Vec::new();
    for (sequence, batch) in (1..).zip((0..40).rev()) {
        let mut transaction = refuse(&none);
        for position in 0..3 {
            let change = authorize(batch * 3 + position);
            made.push((sequence, change.clone()));
            transaction = transaction.and(Change::Access(change));
        }
        commit(&*store, transaction).await;
    }
    assert_eq!(store.access().as_ref(), Ok(&made));
    assert_eq!(store.registry(0, NEWEST), Ok(Vec::new()), "they are apart from changes of the registry");
}

pub async fn the_journal_is_read_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    for number in 0..300 {
        // Beyond 256, so that the order of bytes in keys matters.
        commit(&*store, submit(&*store, &report(&format!("agency-{}", number % 30), 2022), number)).await;
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

pub async fn what_is_read_as_of_a_moment_knows_nothing_of_what_is_committed_meanwhile(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    commit(&*store, first(&report, 1)).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (store, report, is_done) = (store.clone(), report.clone(), is_done.clone());
            std::thread::spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    // The newest there is, so that the next commit comes as near as it can.
                    let moment = store.position().sequence;
                    let standing = store.standing(&report, moment).unwrap().unwrap();
                    assert_eq!(standing.newest.sequence, moment);
                }
            })
        })
        .collect();
    for number in 2..400 {
        commit(&*store, submit(&*store, &report, number)).await;
    }
    is_done.store(true, Ordering::Relaxed);
    readers.into_iter().for_each(|reader| reader.join().unwrap());
}
