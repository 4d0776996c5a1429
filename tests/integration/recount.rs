//! The recount of the running totals: no difference while reports stream in, and a real one is found, named and kept.

use std::path::Path;
use std::sync::Arc;

use huizong::live::Live;
use huizong::report::{ReportKey, ReportYear, ReviewAction};
use huizong::service::{Caller, ReviewRequest, Service, Settings, Submission};
use huizong::simulation::{Parameters, Province};
use huizong::store::{CheckpointFile, Commit, Effect, MemoryStore, Observer, Store};

const YEAR: u16 = 2023;

/// Tells of each revision twice, as a defect of ours might.
struct Twice {
    live: Arc<Live>,
    twice: bool,
}

impl Observer for Twice {
    fn committed(&self, commits: &[Arc<Commit>]) {
        self.live.committed(commits);
        let revision = |commit: &&Arc<Commit>| commit.effects.iter().any(|e| matches!(e, Effect::Revision { .. }));
        if self.twice {
            self.live.committed(&commits.iter().filter(revision).cloned().collect::<Vec<_>>());
        }
    }
}

/// A service that keeps its totals in a folder, and submissions to it.
async fn service(twice: bool, folder: &Path) -> (Service, Arc<dyn Store>, Vec<Submission>) {
    let year = ReportYear::new(YEAR).unwrap();
    let parameters =
        Parameters { seed: 5, province: "230000".to_owned(), agencies: 600, first_year: year, last_year: year };
    let province = Province::simulate(&parameters).unwrap();
    let live = Arc::<Live>::default();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(Twice { live: live.clone(), twice })));
    let kept = CheckpointFile::new(folder);
    let service = Service::start(store.clone(), live, Settings { kept: Some(kept), ..Settings::default() }).unwrap();
    let caller = Caller::internal("sample");
    service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
    let reports = province.reports(year);
    let submissions =
        reports.map(|report| Submission::first(ReportKey::of_agency(report.agency, year), report.figures)).collect();
    (service, store, submissions)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recount_finds_no_difference_while_reports_stream_in() {
    let folder = tempfile::tempdir().unwrap();
    let (service, _, submissions) = service(false, folder.path()).await;
    assert_eq!(service.status().recount, None);
    let expected = submissions.len();
    let writer = tokio::spawn({
        let service = service.clone();
        async move {
            let caller = Caller::internal("sample");
            let mut number = 0;
            for submission in submissions {
                let mut correction = submission.clone();
                service.submit(&submission, &caller).await.unwrap();
                // Each is corrected at once and some are taken back, so that what counts changes while it is counted.
                correction.etag = Some(service.report(&submission.report).unwrap().etag());
                correction.reason = "更正".to_owned();
                correction.allow_unchanged = true;
                let receipt = service.submit(&correction, &caller).await.unwrap().receipt.unwrap();
                number += 1;
                if number % 3 == 0 {
                    let withdrawal = ReviewRequest {
                        report: submission.report,
                        action: ReviewAction::Withdraw,
                        etag: receipt.etag,
                        reason: "撤回".to_owned(),
                        comments: Vec::new(),
                        request_id: None,
                        validate_only: false,
                    };
                    service.review(&withdrawal, &caller).await.unwrap();
                }
            }
        }
    });
    let mut recounts = Vec::new();
    while !writer.is_finished() {
        recounts.push(service.recount().await.unwrap());
    }
    writer.await.unwrap();
    recounts.push(service.recount().await.unwrap());
    assert!(recounts.iter().all(|recount| recount.differences_total == 0), "{recounts:?}");
    let middle = recounts.iter().filter(|recount| recount.sequence > 1 && (recount.sequence as usize) < expected);
    assert!(middle.count() > 0, "no recount ran while reports were stored");
    assert_eq!(service.status().recount, recounts.pop());
    let kept = CheckpointFile::new(folder.path()).read().expect("a recount keeps the totals that it found right");
    assert_eq!(kept.sequence, service.status().position.sequence);
}

#[tokio::test]
async fn a_wrong_total_is_found_named_and_kept_for_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let (service, _, submissions) = service(true, folder.path()).await;
    service.keep_totals();
    assert!(CheckpointFile::new(folder.path()).read().is_some());
    service.submit(&submissions[0], &Caller::internal("sample")).await.unwrap();
    let found = service.recount().await.unwrap();
    assert!(found.differences_total > 0);
    let text = &found.differences[0];
    assert!(text.en.contains("2 reports in the running sum, 1 in the recount"), "{text:?}");
    assert!(text.zh.contains("累计2份，重算1份"), "{text:?}");
    assert_eq!(service.status().recount, Some(found));
    service.keep_totals();
    assert!(CheckpointFile::new(folder.path()).read().is_none(), "the next start must count anew");
}

#[tokio::test]
async fn totals_of_another_journal_are_not_started_from() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, _, submissions) = service(false, folder.path()).await;
    let (two, store, _) = service(false, other.path()).await;
    let caller = Caller::internal("sample");
    for submission in &submissions[..2] {
        one.submit(submission, &caller).await.unwrap();
    }
    for submission in &submissions[1..3] {
        two.submit(submission, &caller).await.unwrap();
    }
    one.keep_totals();
    let kept = CheckpointFile::new(folder.path());
    let restarted =
        Service::start(store, Arc::default(), Settings { kept: Some(kept), ..Settings::default() }).unwrap();
    assert!(!restarted.has_resumed());
    assert_eq!(restarted.recount().await.unwrap().differences, []);
}
