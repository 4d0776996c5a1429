//! Reviews, consolidated reports and frozen forms.

use std::sync::Arc;

use huizong::report::Owners;
use huizong::report::{ReportState, ReportStatus, ReviewAction};
use huizong::store::{Change, Decision, Effect, NEWEST, Standing};

use crate::store_contract::contents::{Contents, OWNERS};
use crate::store_contract::samples::*;

/// Something done to a report.
#[derive(Debug, Clone, Copy)]
enum Step {
    HandIn,
    Submit,
    Review(ReviewAction),
}

const ACCEPT: Step = Step::Review(ReviewAction::Accept);
const RETURN: Step = Step::Review(ReviewAction::Return);
const WITHDRAW: Step = Step::Review(ReviewAction::Withdraw);

/// What is done, and how the report stands then: newest revision, its state, the revision in the sums.
type Life = &'static [(Step, u32, ReportState, Option<u32>)];

const LIVES: [Life; 4] = {
    use ReportState::{Accepted, Returned, Submitted, Withdrawn};
    use Step::{HandIn, Submit};
    [
        &[(HandIn, 1, Submitted, None), (ACCEPT, 1, Accepted, Some(1)), (WITHDRAW, 1, Withdrawn, None)],
        &[
            (HandIn, 1, Submitted, None),
            (RETURN, 1, Returned, None),
            (HandIn, 2, Submitted, None),
            (ACCEPT, 2, Accepted, Some(2)),
            (HandIn, 3, Submitted, Some(2)),
            (RETURN, 3, Returned, Some(2)),
            (WITHDRAW, 3, Withdrawn, Some(2)),
            (HandIn, 4, Submitted, Some(2)),
            (ACCEPT, 4, Accepted, Some(4)),
        ],
        &[
            (Submit, 1, Accepted, Some(1)),
            (HandIn, 2, Submitted, Some(1)),
            (HandIn, 3, Submitted, Some(1)),
            (WITHDRAW, 3, Withdrawn, Some(1)),
            (Submit, 4, Accepted, Some(4)),
        ],
        &[
            (Submit, 1, Accepted, Some(1)),
            (WITHDRAW, 1, Withdrawn, None),
            (HandIn, 2, Submitted, None),
            (WITHDRAW, 2, Withdrawn, None),
        ],
    ]
};

pub async fn a_report_stands_as_its_reviews_say(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    for (number, life) in (0..).zip(LIVES) {
        for report in [report(&format!("agency-{number}"), 2022), consolidated(&format!("23010{number}"), 2022)] {
            let mut review_sequence = 0;
            for (step, newest_number, state, accepted) in life {
                let before = newest(&*store, &report);
                let commit = match step {
                    Step::HandIn => commit(&*store, hand_in(&*store, &report, 1)).await,
                    Step::Submit => commit(&*store, submit(&*store, &report, 1)).await,
                    Step::Review(action) => commit(&*store, review(&*store, &report, *action)).await,
                };
                let sequence = commit.entry.sequence;
                review_sequence = if matches!(step, Step::Review(_)) { sequence } else { 0 };
                let after = newest(&*store, &report).unwrap();
                let expected = ReportStatus {
                    newest: *newest_number,
                    review: review_sequence,
                    state: *state,
                    accepted: *accepted,
                    late: false,
                    sequence,
                };
                assert_eq!(after.status, expected, "{report} after {step:?}");
                assert_eq!(after.newest.number, *newest_number);
                assert_eq!(after.accepted.as_ref().map(|revision| revision.number), *accepted);
                assert_eq!(commit.effects[0].report(), Some((before.as_ref(), &after)));
                assert_eq!(commit.entry.subject, after.newest.name().to_string());
            }
            let actions = life.iter().filter_map(|(step, ..)| match step {
                Step::Review(action) => Some(*action),
                _ => None,
            });
            let reviews = store.reviews(&report, 1..=u32::MAX).unwrap();
            assert_eq!(reviews.iter().map(|review| review.action).collect::<Vec<_>>(), actions.collect::<Vec<_>>());
            assert!(reviews.last().is_none_or(|last| review_sequence == 0 || last.status.sequence == review_sequence));
        }
    }
}

pub async fn a_review_is_kept_as_it_was_given(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    let mut given = Vec::new();
    for round in 0..5 {
        commit(&*store, hand_in(&*store, &report, round)).await;
        let before = newest(&*store, &report).unwrap();
        let change = reviewing(before.clone(), ReviewAction::Return, &format!("第{round}次：请更正\n第二行"));
        let Change::Review { review, .. } = &change else { panic!("a review") };
        let mut review = (**review).clone();
        let commit = commit(&*store, refuse(&report).and(change)).await;
        let sequence = commit.entry.sequence;
        review.time = commit.entry.time;
        review.status = ReportStatus { review: sequence, sequence, ..ReviewAction::Return.apply(&before.status) };
        let [Effect::Review { review: told, .. }] = &commit.effects[..] else { panic!("{:?}", commit.effects) };
        assert_eq!(**told, review);
        given.push(review);
    }
    assert_eq!(store.reviews(&report, 1..=u32::MAX).as_ref(), Ok(&given));
    assert_eq!(store.reviews(&report, 2..=3).as_deref(), Ok(&given[1..3]));
    assert_eq!(store.reviews(&report, 6..=9), Ok(vec![]));
    assert_eq!(store.revisions(&report, None, usize::MAX).unwrap().len(), 5);
}

pub async fn a_review_is_visible_as_of_its_sequence_and_not_before(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let (reviewed, other) = (report("agency", 2022), report("agency-2", 2022));
    commit(&*store, hand_in(&*store, &reviewed, 1)).await;
    commit(&*store, first(&other, 1)).await;
    commit(&*store, review(&*store, &reviewed, ReviewAction::Accept)).await;
    commit(&*store, submit(&*store, &other, 2)).await;
    commit(&*store, review(&*store, &reviewed, ReviewAction::Withdraw)).await;
    use ReportState::{Accepted, Submitted, Withdrawn};
    let states = [None, Some(Submitted), Some(Submitted), Some(Accepted), Some(Accepted), Some(Withdrawn)];
    for (sequence, state) in (0..).zip(states).chain([(6, Some(Withdrawn)), (NEWEST, Some(Withdrawn))]) {
        let standing = store.standing(&reviewed, sequence).unwrap();
        assert_eq!(standing.as_ref().map(|standing| standing.status.state), state, "as of {sequence}");
        let in_the_sums = standing.as_ref().and_then(|standing| standing.accepted.as_ref());
        assert_eq!(in_the_sums.is_some(), state == Some(Accepted), "as of {sequence}");
        let reports = store.reports(Owners::Agencies, year(2022), None, 10, sequence).unwrap();
        let listed = reports.into_iter().find(|standing| standing.newest.report == reviewed);
        assert_eq!(listed, standing, "as of {sequence}");
    }
}

pub async fn consolidated_reports_are_apart_from_own_ones(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    // An agency's id may look like a jurisdiction's code.
    let (own, of_government) = (report("230000", 2022), consolidated("230000", 2022));
    commit(&*store, first(&own, 1)).await;
    assert_eq!(newest(&*store, &of_government), None);
    assert_eq!(store.years(Owners::Jurisdictions), Ok(vec![]));
    commit(&*store, hand_in(&*store, &of_government, 2)).await;
    commit(&*store, review(&*store, &of_government, ReviewAction::Return)).await;
    commit(&*store, hand_in(&*store, &consolidated("230100", 2021), 3)).await;
    commit(&*store, first(&report("agency", 2023), 4)).await;

    assert_eq!(newest(&*store, &own).unwrap().status.version(), (1, 0));
    assert_eq!(newest(&*store, &of_government).unwrap().status.version(), (1, 3));
    assert_eq!(
        (store.reviews(&own, 1..=u32::MAX).unwrap().len(), store.reviews(&of_government, 1..=u32::MAX).unwrap().len()),
        (0, 1)
    );
    let names = |owners, of| -> Vec<String> {
        let reports = store.reports(owners, year(of), None, usize::MAX, NEWEST).unwrap();
        reports.iter().map(|standing| standing.newest.name().to_string()).collect()
    };
    assert_eq!(names(Owners::Agencies, 2022), ["agencies/230000/reports/2022/revisions/1"]);
    assert_eq!(names(Owners::Jurisdictions, 2022), ["jurisdictions/230000/reports/2022/revisions/1"]);
    assert_eq!(names(Owners::Agencies, 2021), [""; 0]);
    assert_eq!(names(Owners::Jurisdictions, 2021), ["jurisdictions/230100/reports/2021/revisions/1"]);
    assert_eq!(names(Owners::Jurisdictions, 2023), [""; 0]);
    assert_eq!(OWNERS.map(|owners| store.years(owners).unwrap()), [[2022, 2023].map(year), [2021, 2022].map(year)]);
    // The same version of the one is not the other's.
    let swapped = revise(newest(&*store, &own), ReportState::Accepted, revision(&of_government, 5, "sample"));
    assert!(matches!(store.commit(refuse(&own).and(swapped)).await, Ok(Decision::Stale)));
}

pub async fn frozen_forms_are_kept_and_read_page_by_page(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let code = "230000".parse().unwrap();
    let mut kept = Vec::new();
    for (of, number) in [(2022, 1), (2021, 1), (2022, 300), (2022, 2), (2023, 1), (2021, 2)] {
        // A longer code that begins with this one is another jurisdiction's.
        for jurisdiction in ["230000", "230000001", "230100"] {
            let commit = commit(&*store, freeze(frozen(jurisdiction, of, number))).await;
            let mut form = frozen(jurisdiction, of, number);
            (form.sequence, form.time) = (commit.entry.sequence, commit.entry.time);
            let [Effect::Frozen(told)] = &commit.effects[..] else { panic!("{:?}", commit.effects) };
            assert_eq!(**told, form);
            if jurisdiction == "230000" {
                kept.push(form);
            }
        }
    }
    kept.sort_by_key(|form| (form.name.year, form.name.number));
    assert_eq!(store.frozen_forms(&code, None, usize::MAX).as_ref(), Ok(&kept));
    let mut read = Vec::new();
    while let [.., last] = &store.frozen_forms(&code, read.last().copied(), 1).unwrap()[..] {
        read.push((last.name.year, last.name.number));
    }
    assert_eq!(read, kept.iter().map(|form| (form.name.year, form.name.number)).collect::<Vec<_>>());
    assert_eq!(store.frozen_forms(&code, Some((year(2022), 2)), 10).as_deref(), Ok(&kept[4..]));
    assert_eq!(store.frozen_forms(&code, Some((year(2021), u32::MAX)), 2).as_deref(), Ok(&kept[2..4]));
    assert_eq!(store.frozen_forms(&code, None, 0), Ok(vec![]));
    assert_eq!(store.frozen_forms(&"110000".parse().unwrap(), None, 10), Ok(vec![]));
}

pub async fn a_frozen_form_is_never_replaced(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    // All take the next number to be theirs, as callers that freeze at the same time would.
    let rivals = (0..8).map(|rival| {
        let mut form = frozen("230000", 2022, 1);
        form.note = format!("rival {rival}");
        freeze(form)
    });
    offer_rivals(&*store, rivals.collect()).await;
    let before = Contents::read(&*store, &[]);
    let again = freeze(frozen("230000", 2022, 1)).and(Change::Registry(create_agency("agency")));
    assert!(matches!(store.commit(again).await, Ok(Decision::Stale)));
    let twice = freeze(frozen("230000", 2022, 2)).and(Change::Freeze(Box::new(frozen("230000", 2022, 2))));
    assert!(matches!(store.commit(twice).await, Ok(Decision::Stale)));
    assert_eq!(Contents::read(&*store, &[]), before);
    commit(&*store, freeze(frozen("230000", 2022, 2))).await;
}

pub async fn the_accepted_revision_is_the_one_that_was_accepted(open: &impl OpenStore) {
    let store = open.open(Witness::new());
    let report = report("agency", 2022);
    commit(&*store, first(&report, 1)).await;
    let accepted = newest(&*store, &report).unwrap().accepted;
    // What a caller says about the past is not believed.
    let mut change = revise(newest(&*store, &report), ReportState::Submitted, revision(&report, 2, "sample"));
    let Change::Revision { revision, .. } = &mut change else { panic!("a revision") };
    revision.accepted_before = None;
    let commit = commit(&*store, refuse(&report).and(change)).await;
    let standing = newest(&*store, &report).unwrap();
    assert_eq!((standing.status.accepted, &standing.accepted), (Some(1), &accepted));
    let [Effect::Revision { after, .. }] = &commit.effects[..] else { panic!("{:?}", commit.effects) };
    assert_eq!(*after, Standing { status: standing.status, newest: Arc::clone(&standing.newest), accepted });
}
