//! Verification with the sums: a store with every kind of record is whole, and a form frozen for publication that is
//! not what it was computed from is named.

use std::sync::Arc;

use futures::future::join_all;
use huizong::form::{CellId, catalogue};
use huizong::live::Live;
use huizong::report::{Hash, ReportKey, ReportYear, ReviewAction};
use huizong::rollup::{FrozenForm, FrozenFormName, ShownSums};
use huizong::service::{Asker, Caller, FreezeRequest, ReviewRequest, Service, Settings, Submission, check_store};
use huizong::simulation::{Parameters, Province};
use huizong::store::{
    Covers, Evidence, Item, JournalEntry, MemoryStore, NEWEST, NewEntry, Outcome, Position, Store, Verification,
    records_hash,
};

const YEAR: u16 = 2023;

fn year() -> ReportYear {
    ReportYear::new(YEAR).unwrap()
}

fn check(store: &dyn Store) -> Verification {
    check_store(store, None, &mut |_| {})
}

fn freezing(include_vertical: bool, hierarchy_year: Option<ReportYear>) -> FreezeRequest {
    FreezeRequest {
        jurisdiction: "230000".parse().unwrap(),
        year: year(),
        hierarchy_year,
        include_vertical,
        expected_content: Hash::default(),
        note: "公布".to_owned(),
        request_id: None,
        validate_only: false,
    }
}

async fn freeze(service: &Service, request: FreezeRequest, caller: &Caller) {
    let asker = Asker::internal(caller);
    let request = crate::support::looked_at(service, request, &asker).await;
    service.freeze_form(&request, &asker).await.unwrap();
}

/// A store with reports, some of them taken back, and forms frozen before and after that.
async fn filled() -> (Arc<MemoryStore>, Service) {
    let parameters =
        Parameters { seed: 5, province: "230000".to_owned(), agencies: 200, first_year: year(), last_year: year() };
    let province = Province::simulate(&parameters).unwrap();
    let live = Arc::<Live>::default();
    let store = Arc::new(MemoryStore::new(live.clone()));
    let service = Service::start(store.clone(), live, Settings::default()).unwrap();
    let caller = Caller::internal("sample");
    service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
    let reports = province.reports(year());
    let submissions: Vec<_> =
        reports.map(|report| Submission::first(ReportKey::of_agency(report.agency, year()), report.figures)).collect();
    join_all(submissions.iter().map(|submission| service.submit(submission, &caller))).await;
    freeze(&service, freezing(false, None), &caller).await;
    for submission in submissions.iter().step_by(9) {
        let withdrawal = ReviewRequest {
            report: submission.report.clone(),
            action: ReviewAction::Withdraw,
            etag: service.report(&submission.report).unwrap().etag(),
            reason: "撤回".to_owned(),
            comments: Vec::new(),
            request_id: None,
            validate_only: false,
        };
        service.review(&withdrawal, &caller).await.unwrap();
    }
    freeze(&service, freezing(true, Some(year())), &caller).await;
    (store, service)
}

#[tokio::test]
async fn a_store_with_frozen_forms_and_reports_taken_back_is_whole() {
    let (store, service) = filled().await;
    assert_eq!(check(&*store).faults, []);
    let recount = service.recount().await.unwrap();
    assert_eq!(recount.differences, []);
}

/// The same store with the last frozen form changed, and the journal written anew to fit it.
async fn with_other_form(store: &MemoryStore, change: impl Fn(&mut FrozenForm)) -> MemoryStore {
    let mut items: Vec<Item> = Vec::new();
    for record in store.records(NEWEST, None, usize::MAX).unwrap() {
        items.push(Item::decode(&record.key, &record.value).unwrap());
    }
    let (mut sequence, mut content_hash) = (0, Hash::default());
    if let Some(Item::Frozen(form)) = items.iter_mut().rfind(|item| matches!(item, Item::Frozen(_))) {
        let form = Arc::make_mut(form);
        change(form);
        (sequence, content_hash) = (form.sequence, form.content_hash);
    }
    let mut last = Position::default();
    let stored = items.clone();
    for item in &mut items {
        if let Item::Entry(entry) = item {
            let hash = if entry.sequence == sequence { content_hash } else { entry.content_hash };
            *entry = rechained(entry, hash, &stored, &last);
            last = entry.position();
        }
    }
    let other = MemoryStore::new(Arc::<Live>::default());
    let records: Vec<_> = items.iter().map(Item::to_record).collect();
    other.import(Box::new(records.into_iter()), last).await.unwrap();
    other
}

/// The entry with all hashes made right again, as whoever writes a whole new chain makes them.
fn rechained(entry: &JournalEntry, content_hash: Hash, stored: &[Item], last: &Position) -> JournalEntry {
    let salt = entry.covers.expect("it is of the newest version").salt;
    let own = stored.iter().filter(|item| item.sequence() == entry.sequence);
    let records = records_hash(own.filter_map(Evidence::of).map(|record| record.hash(salt)).collect());
    let covers = Covers { records, salt };
    let new = NewEntry {
        actor: entry.actor.clone(),
        by: entry.by.clone().expect("it is of the newest version"),
        action: "sample",
        subject: entry.subject.clone(),
        outcome: Outcome::Accepted,
        detail: entry.detail.clone(),
        content_hash,
    };
    JournalEntry::chained(new, covers, last, entry.time)
}

#[tokio::test]
async fn a_frozen_form_that_is_not_the_sum_of_its_revisions_is_named() {
    let (store, service) = filled().await;
    let name = "jurisdictions/230000/frozenForms/2023-2".parse::<FrozenFormName>().unwrap();
    let revisions = service
        .frozen_revisions(&name, usize::MAX, "", &Asker::internal(&Caller::internal("sample")))
        .await
        .unwrap()
        .items;
    assert!(revisions.len() > 100, "{} revisions are in the form", revisions.len());
    let total = catalogue().cell_at("requests.received.total").unwrap();
    let with_one = |form: &FrozenForm, total: CellId| {
        ShownSums::of(form.sums.edition(), |cell| if cell == total { Some(1) } else { form.sums.get(cell) })
    };
    let untouched = with_other_form(&store, |_| {}).await;
    assert_eq!(check(&untouched).faults, []);
    let hash = with_other_form(&store, |form| form.content_hash = Hash::of(b"another")).await;
    let as_of = with_other_form(&store, |form| form.as_of -= 3).await;
    let figures = with_other_form(&store, |form| {
        form.sums = with_one(form, total);
    })
    .await;
    let sums = with_other_form(&store, |form| {
        form.sums = with_one(form, total);
        form.content_hash = Hash::of(form.canonical_content(&revisions).as_bytes());
    })
    .await;
    let other_content = "not what its content hash says";
    for (case, store, expected) in [
        ("hash", hash, other_content),
        ("as_of", as_of, other_content),
        ("figures", figures, other_content),
        ("sums", sums, "requests.received.total is not the sum of the revisions in it"),
    ] {
        let faults = check(&store).faults;
        assert_eq!(faults.len(), 1, "{case}: {faults:?}");
        assert_eq!(faults[0].place, name.to_string());
        assert!(faults[0].message.en.contains(expected), "{case}: {faults:?}");
    }
}
