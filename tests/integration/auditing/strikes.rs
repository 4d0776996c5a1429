//! People's words struck out of the journal: they go from everything that is served, and nothing that is checked breaks.

use std::path::Path;
use std::process::Command;

use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use tonic::transport::Channel;

use super::program::{complaints, hand_in, huizong, newest, register, succeed, text};
use crate::support::process::start;
use crate::support::{AGENCIES, problem, report, submission};

/// Words that would stand out wherever they are.
const WORDS: &str = "负责人张三丰因病推迟";

async fn journal(channel: &Channel) -> Vec<pb::JournalEntry> {
    let request = pb::ListJournalRequest { page_size: 1000, ..Default::default() };
    JournalServiceClient::new(channel.clone()).list_journal(request).await.unwrap().into_inner().entries
}

async fn strike(channel: &Channel, sequence: i64, reason: &str) -> Result<pb::JournalEntry, tonic::Status> {
    let request = pb::StrikeJournalWordsRequest { sequence, reason: reason.to_owned() };
    let answer = JournalServiceClient::new(channel.clone()).strike_journal_words(request).await?;
    Ok(answer.into_inner().entry.unwrap())
}

/// A correction with such a reason, an exception and a token with such a note; the numbers of their entries.
async fn write_words(channel: &Channel) -> Vec<i64> {
    let mut reports = ReportServiceClient::new(channel.clone());
    let first = hand_in(channel, AGENCIES[0]).await.receipt.unwrap();
    let mut second = submission(report(AGENCIES[0], 4));
    let name = first.revision.rsplit_once("/revisions").unwrap().0.to_owned();
    let stored = reports
        .get_report(pb::GetReportRequest { name, ..Default::default() })
        .await
        .unwrap()
        .into_inner()
        .report
        .unwrap();
    (second.etag, second.correction_reason) = (stored.etag, WORDS.to_owned());
    let correction = reports.submit_report(second).await.unwrap().into_inner().receipt.unwrap().journal_sequence;
    let mut access = AccessServiceClient::new(channel.clone());
    let credential = pb::CreateEnrolmentRequest {
        parent: "principals/bureau".to_owned(),
        credential: Some(pb::Credential {
            note: WORDS.to_owned(),
            expire_time: Some(huizong::wire::timestamp_to_wire(
                jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24),
            )),
            ..Default::default()
        }),
        allow_missing: true,
    };
    access.create_enrolment(credential).await.unwrap();
    vec![correction, newest(channel).await]
}

/// Everything that is served of these: as text.
async fn served(channel: &Channel) -> String {
    let mut reports = ReportServiceClient::new(channel.clone());
    let name = format!("{}/reports/2022", AGENCIES[0]);
    let revisions =
        reports.list_report_revisions(pb::ListReportRevisionsRequest { name: name.clone(), ..Default::default() });
    let revisions = format!("{:?}", revisions.await.unwrap().into_inner());
    let events = reports.list_report_events(pb::ListReportEventsRequest { name: name.clone(), ..Default::default() });
    let events = format!("{:?}", events.await.unwrap().into_inner());
    let newest = format!(
        "{:?}",
        reports.get_report(pb::GetReportRequest { name, ..Default::default() }).await.unwrap().into_inner()
    );
    let credentials = pb::ListCredentialsRequest { parent: "principals/-".to_owned(), ..Default::default() };
    let credentials = AccessServiceClient::new(channel.clone()).list_credentials(credentials).await.unwrap();
    format!("{revisions}{events}{newest}{credentials:?}{:?}", journal(channel).await)
}

fn checked_by_others(file: &Path) -> Result<(), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/verify_journal.py");
    let output = Command::new("python3").arg("-B").arg(script).arg(file).output().expect("python3 is there");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn struck_words_are_gone_and_every_check_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (server, channel) = start(&file("data")).await;
    let command = |arguments: &[&str]| {
        let all: Vec<String> =
            ["--server", &server.url].into_iter().chain(arguments.iter().copied()).map(str::to_owned).collect();
        async move { succeed(&all.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    register(&channel).await;
    let sequences = write_words(&channel).await;
    let before = journal(&channel).await;
    assert!(served(&channel).await.matches(WORDS).count() >= 4);
    let (old, head) = (file("old.jsonl"), file("head.json"));
    command(&["journal", "export", "--output", text(&old)]).await;
    command(&["journal", "head", "--output", text(&head)]).await;

    for sequence in &sequences {
        let entry = strike(&channel, *sequence, "依申请删除个人信息").await.unwrap();
        assert!(entry.salt.bytes().all(|digit| digit == b'0'), "the salt goes with the words: {entry:?}");
        assert_eq!(strike(&channel, *sequence, "再次").await.unwrap(), entry, "the same again changes nothing");
    }
    assert_eq!(served(&channel).await.matches(WORDS).count(), 0);
    // The chain is what it was, and goes on with an entry for each.
    let after = journal(&channel).await;
    let chains =
        |entries: &[pb::JournalEntry]| entries.iter().map(|entry| entry.chain_sha256.clone()).collect::<Vec<_>>();
    assert_eq!(chains(&after)[..before.len()], chains(&before));
    let told: Vec<(&str, &str)> = after[before.len()..].iter().map(|entry| (&*entry.action, &*entry.subject)).collect();
    let expected: Vec<String> = sequences.iter().map(|sequence| format!("journal/{sequence}")).collect();
    assert_eq!(told, expected.iter().map(|name| ("journal.strike", &**name)).collect::<Vec<_>>());
    let told = after.last().unwrap();
    assert_eq!((&*told.detail, &told.content_sha256), ("依申请删除个人信息", &before[before.len() - 1].chain_sha256));

    // Also after a restart, in exports, in backups, and in what is restored.
    let backup = file("backup");
    command(&["verify"]).await;
    command(&["backup", "--output", text(&backup)]).await;
    let (new, full) = (file("new.jsonl"), file("full.jsonl"));
    command(&["journal", "export", "--output", text(&new)]).await;
    succeed(&["journal", "verify", text(&new), "--extends", text(&old), "--head", text(&head)]).await;
    succeed(&["journal", "export", "--backup", text(&backup), "--output", text(&full)]).await;
    for export in [&new, &full] {
        assert!(!std::fs::read_to_string(export).unwrap().contains(WORDS));
        checked_by_others(export).unwrap();
    }
    assert!(!String::from_utf8_lossy(&std::fs::read(&backup).unwrap()).contains(WORDS));
    drop((server, channel));
    let (server, channel) = start(&file("data")).await;
    assert_eq!(served(&channel).await.matches(WORDS).count(), 0);
    drop((server, channel));
    succeed(&["verify", "--data", text(&file("data"))]).await;
    succeed(&["restore", text(&backup), "--data", text(&file("restored")), "--accept-older-access"]).await;
    succeed(&["verify", "--data", text(&file("restored"))]).await;
    let files = std::fs::read_dir(file("restored")).unwrap().map(|entry| entry.unwrap().path());
    for path in files.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(WORDS.len()).any(|part| part == WORDS.as_bytes()), "{} has them", path.display());
    }

    // Words that are gone without an entry that tells of it are found by both programs.
    let whole = std::fs::read_to_string(&new).unwrap();
    let without: Vec<&str> = whole.lines().take_while(|line| !line.contains("journal.strike")).collect();
    let last: serde_json::Value = serde_json::from_str(without.last().unwrap()).unwrap();
    let (sequence, chain) = (&last["sequence"], last["chain"].as_str().unwrap());
    let lines = format!("huizong-journal-export/2\nsequence={sequence}\nchain={chain}\n");
    let digest = huizong::report::Hash::of(lines.as_bytes());
    let first = format!(
        r#"{{"format":"huizong-journal-export/2","sequence":{sequence},"chain":"{chain}","sha256":"{digest}"}}"#
    );
    let forged = file("forged.jsonl");
    std::fs::write(&forged, [&[&*first], &without[1..]].concat().join("\n") + "\n").unwrap();
    let refused = huizong(&["journal", "verify", text(&forged)]).await;
    assert!(complaints(&refused).contains("no entry after it tells of that"), "{}", complaints(&refused));
    assert!(checked_by_others(&forged).unwrap_err().contains("no entry tells of that"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_peoples_words_is_not_struck_out_and_nobody_writes_as_if_it_were() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, channel) = start(&folder.path().join("data")).await;
    register(&channel).await;
    let sequences = write_words(&channel).await;
    let refused = async |sequence, reason: &str| {
        problem(&strike(&channel, sequence, reason).await.unwrap_err()).reason().as_str_name()
    };
    assert_eq!(refused(99, "依申请").await, "FIELD_INVALID");
    assert_eq!(refused(0, "依申请").await, "FIELD_INVALID");
    assert_eq!(refused(sequences[0], " ").await, "FIELD_REQUIRED");
    let mut wrong = submission(report(AGENCIES[1], 3));
    wrong.form.as_mut().unwrap().requests.as_mut().unwrap().received.as_mut().unwrap().total = Some(9999);
    ReportServiceClient::new(channel.clone()).submit_report(wrong).await.unwrap_err();
    let last = |entries: Vec<pb::JournalEntry>| entries.last().unwrap().clone();
    let rules = last(journal(&channel).await);
    assert_eq!((&*rules.action, rules.outcome()), ("report.submit", pb::JournalOutcome::Refused));
    assert_eq!(refused(rules.sequence, "依申请").await, "FIELD_INVALID", "rules are counted by it");
    let struck = strike(&channel, sequences[0], "依申请").await.unwrap();
    let told = journal(&channel).await.into_iter().rfind(|entry| entry.action == "journal.strike").unwrap();
    assert_eq!(refused(told.sequence, "依申请").await, "FIELD_INVALID", "why it was done stays");
    let imitated = pb::StrikeJournalWordsRequest { sequence: sequences[1], reason: struck.detail.clone() };
    let refused = JournalServiceClient::new(channel.clone()).strike_journal_words(imitated).await.unwrap_err();
    assert_eq!(problem(&refused).reason().as_str_name(), "FIELD_INVALID");

    // An exception's reason goes from the collection as it is, too.
    let mut registry = RegistryServiceClient::new(channel.clone());
    let time = |days: i64| {
        Some(huizong::wire::timestamp_to_wire(jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)))
    };
    let due = pb::DueTime { level: pb::Level::City.into(), due_time: time(10) };
    let collection = pb::Collection {
        name: "collections/2022".to_owned(),
        due_times: vec![due],
        lock_time: time(20),
        review_policy: pb::ReviewPolicy::JurisdictionOffice.into(),
        ..Default::default()
    };
    registry
        .create_collection(pb::CreateCollectionRequest { collection: Some(collection), ..Default::default() })
        .await
        .unwrap();
    let exception = pb::CollectionException {
        agency: AGENCIES[0].to_owned(),
        due_time: time(15),
        decided_by: "principals/office".to_owned(),
        reason: WORDS.to_owned(),
        ..Default::default()
    };
    let grant = pb::GrantCollectionExceptionRequest {
        name: "collections/2022".to_owned(),
        exception: Some(exception),
        ..Default::default()
    };
    registry.grant_collection_exception(grant).await.unwrap();
    let granted = last(journal(&channel).await).sequence;
    strike(&channel, granted, "依申请").await.unwrap();
    let present = registry
        .get_collection(pb::GetCollectionRequest { name: "collections/2022".to_owned(), ..Default::default() })
        .await
        .unwrap();
    assert!(!format!("{present:?}").contains(WORDS), "{present:?}");
    assert!(format!("{present:?}").contains("struck out"), "{present:?}");
}
