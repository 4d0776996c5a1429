//! What `verify` finds: nothing in a whole store, and each thing that is missing or changed in another.

use std::sync::Arc;

use huizong::report::{Owners, ReportState};
use huizong::rollup::FrozenForm;
use huizong::store::{Item, NEWEST, Standing, Store, Verification, Visitor, verify};

use crate::contents::OWNERS;
use crate::embedded::{fill, open, open_below};
use crate::samples::*;

#[derive(Default)]
struct Seen {
    reports: Vec<Standing>,
    frozen: usize,
}

impl Visitor for Seen {
    fn report(&mut self, standing: &Standing) {
        self.reports.push(standing.clone());
    }

    fn frozen(&mut self, _: &FrozenForm) {
        self.frozen += 1;
    }

    fn progress(&mut self, _: u64) {}
}

fn verified(store: &dyn Store) -> (Verification, Seen) {
    let mut seen = Seen::default();
    (verify(store, store.position().sequence, &mut seen), seen)
}

fn texts(found: &Verification) -> Vec<String> {
    found.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.message.en)).collect()
}

#[tokio::test]
async fn a_whole_store_has_no_fault() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let (found, seen) = verified(&store);
    assert_eq!(found.faults, []);
    assert_eq!((found.position, found.revisions), (store.position(), 70));
    // 130 entries, 70 revisions with their request ids, 30 reviews, 10 frozen forms, 10 changes of the registry and of access.
    assert_eq!(found.records, 130 + 70 + 70 + 30 + 10 + 10 + 10);
    assert_eq!(seen.frozen, 10);
    // Each report stands for the checks as it does for every reader.
    let of = |owners: Owners| -> Vec<Standing> {
        let years = store.years(owners).unwrap();
        years.into_iter().flat_map(|year| store.reports(owners, year, None, 1000, NEWEST).unwrap()).collect()
    };
    let mut expected: Vec<_> = OWNERS.into_iter().flat_map(of).collect();
    let mut reports = seen.reports;
    for standings in [&mut expected, &mut reports] {
        standings.sort_by(|one, two| one.newest.report.cmp(&two.newest.report));
    }
    assert_eq!(reports, expected);
}

/// Takes the last record that is wanted away, or puts another in its place, and answers what is found then.
async fn after_damage(wanted: impl Fn(&Item) -> bool, damage: impl Fn(Item, &[u8]) -> Option<Vec<u8>>) -> Verification {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let records = store.records(NEWEST, None, 10_000).unwrap();
    let items = records.iter().map(|record| (record, Item::decode(&record.key, &record.value).unwrap()));
    let (record, item) = items.filter(|(_, item)| wanted(item)).last().expect("there is such a record");
    drop(store);
    let below = open_below(folder.path());
    match damage(item, &record.value) {
        Some(value) => below.insert(&record.key, value).unwrap(),
        None => below.remove(&record.key).unwrap(),
    };
    below.flush().unwrap();
    drop(below);
    verified(&open(&folder).unwrap()).0
}

type Wanted = fn(&Item) -> bool;

#[tokio::test]
async fn whatever_is_missing_is_named() {
    let cases: [(&str, Wanted, &str); 6] = [
        ("a journal entry", |item| item.sequence() == 42 && matches!(item, Item::Entry(_)), "journal entry 43"),
        (
            "the first revision of a report",
            |item| matches!(item, Item::Revision(of) if of.number == 1 && of.report == report("agency-0", 2019)),
            "revision 1 before it is missing",
        ),
        (
            "the newest revision of a report",
            |item| matches!(item, Item::Revision(of) if of.report == report("agency-0", 2022)),
            "agencies/agency-0/reports/2022/revisions/2 that it tells of is gone",
        ),
        (
            "a revision that was reviewed",
            |item| matches!(item, Item::Revision(of) if of.report == report("agency-5", 2022)),
            "the revision that it reviews is gone",
        ),
        (
            "a review",
            |item| matches!(item, Item::Review(of) if of.revision.report == consolidated("230000", 2022)),
            "jurisdictions/230000/reports/2022/revisions/2 that it tells of is gone",
        ),
        (
            "a frozen form",
            |item| matches!(item, Item::Frozen(_)),
            "jurisdictions/230100/frozenForms/2022-77 that it tells of is gone",
        ),
    ];
    for (name, wanted, expected) in cases {
        let found = after_damage(wanted, |_, _| None).await;
        let texts = texts(&found);
        assert!(texts.iter().any(|text| text.contains(expected)), "{name}: {texts:?}");
        assert_eq!(found.faults_total as usize, found.faults.len());
    }
}

#[tokio::test]
async fn whatever_is_changed_is_named() {
    let whole = |item: Item| Some(item.to_record().unwrap().value);
    let found = after_damage(
        |item| matches!(item, Item::Request { .. }),
        |_, value| {
            let mut value = value.to_vec();
            *value.last_mut().unwrap() ^= 1;
            Some(value)
        },
    )
    .await;
    assert!(texts(&found)[0].contains("request id"), "{:?}", found.faults);
    let found = after_damage(
        |item| matches!(item, Item::Review(of) if of.status.state == ReportState::Returned),
        |item, _| {
            let Item::Review(mut review) = item else { unreachable!() };
            Arc::make_mut(&mut review).status.accepted = Some(7);
            whole(Item::Review(review))
        },
    )
    .await;
    assert!(texts(&found)[0].contains("does not follow from how the report stood"), "{:?}", found.faults);
    let found = after_damage(
        |item| matches!(item, Item::Revision(of) if of.accepted_before.is_some()),
        |item, _| {
            let Item::Revision(mut revision) = item else { unreachable!() };
            Arc::make_mut(&mut revision).accepted_before = None;
            whole(Item::Revision(revision))
        },
    )
    .await;
    assert!(texts(&found)[0].contains("the accepted revision that it says was before it"), "{:?}", found.faults);
    let found = after_damage(
        |item| matches!(item, Item::Frozen(_)),
        |item, _| {
            let Item::Frozen(mut form) = item else { unreachable!() };
            Arc::make_mut(&mut form).content_hash.0[0] ^= 1;
            whole(Item::Frozen(form))
        },
    )
    .await;
    assert!(texts(&found)[0].contains("its content hash is not that of journal entry"), "{:?}", found.faults);
}

#[tokio::test]
async fn a_record_exchanged_for_an_older_one_of_the_same_kind_is_named() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let report = report("agency", 2022);
    for number in 0..3 {
        commit(&store, submit(&store, &report, number)).await;
    }
    let records = store.records(u64::MAX, None, 100).unwrap();
    let revisions: Vec<_> = records
        .iter()
        .filter_map(|record| match Item::decode(&record.key, &record.value).unwrap() {
            Item::Revision(revision) => Some((record.key.clone(), record.value.clone(), revision)),
            _ => None,
        })
        .collect();
    drop(store);
    let below = open_below(folder.path());
    // Whole, with a checksum of its own, but under the key of another.
    below.insert(&revisions[1].0, revisions[0].1.clone()).unwrap();
    below.flush().unwrap();
    drop(below);
    let (found, _) = verified(&open(&folder).unwrap());
    assert!(found.faults.iter().any(|fault| fault.message.en.contains("another record's key")), "{:?}", found.faults);
    assert!(found.faults_total >= 2, "the revision that is no longer there is missed too: {:?}", found.faults);
}
