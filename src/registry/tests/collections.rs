//! Due, lock and exception: a time inside the window is never refused, and after it only an exception helps.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

fn exception(agency: &str, due: Option<i64>, lock: Option<i64>, until: Option<i64>) -> Exception {
    Exception {
        agency: agency.parse().unwrap(),
        due: due.map(at),
        lock: lock.map(at),
        granted_by: "省政府办公厅".to_owned(),
        reason: "机构改革".to_owned(),
        until: until.map(at),
    }
}

fn collection() -> Collection {
    Collection {
        year: year(2022),
        edition: "format_2021".to_owned(),
        due: [(Level::County, at(10)), (Level::City, at(20))].into(),
        lock: Some(at(30)),
        review: ReviewPolicy::JurisdictionOffice,
        exceptions: vec![exception("one", Some(15), Some(40), Some(35))],
    }
}

#[test]
fn due_lock_and_exception_are_told_apart() {
    let collection = collection();
    let (one, two) = ("one".parse().unwrap(), "two".parse().unwrap());
    let set_by = |deadline: Option<Deadline<'_>>| {
        deadline.map(|deadline| (deadline.at, matches!(deadline.set_by, SetBy::Exception(_))))
    };
    assert_eq!(set_by(collection.due(Level::County, &two, at(12))), Some((at(10), false)));
    assert_eq!(set_by(collection.due(Level::County, &one, at(12))), Some((at(15), true)));
    // The later of the two holds.
    assert_eq!(set_by(collection.due(Level::City, &one, at(12))), Some((at(20), false)));
    assert_eq!(collection.due(Level::Province, &one, at(12)), None);
    assert!(collection.is_late(Level::County, &two, at(11)) && !collection.is_late(Level::County, &two, at(10)));
    assert!(collection.admits(&two, at(29)).is_ok(), "late, and taken");
    assert_eq!(set_by(collection.admits(&two, at(30)).err()), Some((at(30), false)));
    assert!(collection.admits(&one, at(34)).is_ok());
    // The exception has run out.
    assert_eq!(set_by(collection.admits(&one, at(35)).err()), Some((at(30), false)));
    let mut lasting = collection.clone();
    lasting.exceptions[0].until = None;
    assert_eq!(set_by(lasting.admits(&one, at(40)).err()), Some((at(40), true)));
}

#[test]
fn collections_that_contradict_themselves_are_refused_in_words() {
    let base = collection();
    let with = |exception: Exception| Collection { exceptions: vec![exception], ..base.clone() };
    let cases = [
        Collection { edition: "trial_2019".to_owned(), ..base.clone() },
        Collection { edition: "format_2030".to_owned(), ..base.clone() },
        Collection { lock: Some(at(19)), ..base.clone() },
        with(exception("none", Some(15), None, None)),
        with(Exception { reason: " ".to_owned(), ..exception("one", Some(15), None, None) }),
        with(Exception { granted_by: String::new(), ..exception("one", Some(15), None, None) }),
        with(exception("one", None, None, None)),
        with(exception("one", Some(31), None, None)),
        with(exception("one", Some(41), Some(40), None)),
    ];
    let mut registry = province();
    let words = cases.map(|case| {
        let message = registry.apply(&RegistryChange::PutCollection(case)).unwrap_err().message();
        format!("{}\n{}\n", message.zh, message.en)
    });
    insta::assert_snapshot!(words.join("\n"));
}

#[test]
fn a_collection_is_put_in_place_of_the_one_of_its_year_and_every_value_is_in_its_digest() {
    let mut registry = province();
    let put = |collection: &Collection| RegistryChange::PutCollection(collection.clone());
    assert_eq!(registry.apply(&put(&collection())), Ok(true));
    assert_eq!(registry.apply(&put(&collection())), Ok(false));
    let other = Collection { lock: None, ..collection() };
    assert_eq!(registry.apply(&put(&other)), Ok(true));
    assert_eq!(registry.collection(year(2022)), Some(&other));
    assert_eq!(registry.collections().count(), 1);
    let mut variants = vec![collection(), other];
    variants.push(Collection { review: ReviewPolicy::None, ..collection() });
    variants.push(Collection { due: [(Level::County, at(10))].into(), ..collection() });
    let excepted = [
        exception("two", Some(15), Some(40), Some(35)),
        exception("one", Some(16), Some(40), Some(35)),
        exception("one", Some(15), Some(41), Some(35)),
        exception("one", Some(15), Some(40), None),
        Exception { reason: "迟".to_owned(), ..exception("one", Some(15), Some(40), Some(35)) },
        Exception { granted_by: "市".to_owned(), ..exception("one", Some(15), Some(40), Some(35)) },
    ];
    variants.extend(excepted.map(|exception| Collection { exceptions: vec![exception], ..collection() }));
    let digests: std::collections::HashSet<_> = variants.iter().map(Collection::digest).collect();
    assert_eq!(digests.len(), variants.len());
}

fn some_exception() -> impl Strategy<Value = Exception> {
    let hours = || prop::option::of(0..100_i64);
    (prop::sample::select(vec!["one", "two"]), hours(), hours(), hours())
        .prop_map(|(agency, due, lock, until)| exception(agency, due, lock, until))
}

proptest! {
    #[test]
    fn a_time_inside_the_window_is_never_refused_and_one_after_it_only_taken_by_exception(
        due in 0..100_i64,
        lock in prop::option::of(0..100_i64),
        exceptions in prop::collection::vec(some_exception(), 0..5),
        now in 0..100_i64,
    ) {
        let collection = Collection {
            due: [(Level::County, at(due))].into(),
            lock: lock.map(at),
            exceptions: exceptions.clone(),
            ..collection()
        };
        let (one, now_at) = ("one".parse().unwrap(), at(now));
        let in_force = |exception: &&Exception| {
            exception.agency == one && exception.until.is_none_or(|until| now_at < until)
        };
        let helped = exceptions.iter().filter(in_force).any(|exception| exception.lock.is_some_and(|lock| now_at < lock));
        let inside = lock.is_none_or(|lock| now < lock);
        prop_assert_eq!(collection.admits(&one, now_at).is_ok(), inside || helped);
        let more = exceptions.iter().filter(in_force).any(|exception| exception.due.is_some_and(|due| now_at <= due));
        prop_assert_eq!(collection.is_late(Level::County, &one, now_at), now > due && !more);
    }
}
