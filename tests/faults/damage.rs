//! Bits that flip and files that end early, anywhere in a store. What is kept twice, in the log and in its copy, is mended
//! from the other, and everything is answered as before. Where both are damaged at once, and in what is kept once, it is
//! noticed at opening or by `huizong verify` and never served as a figure; the doctor says what to do, and a backup brings
//! everything back.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use huizong::pb;
use huizong::pb::frozen_form_service_client::FrozenFormServiceClient;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::store::copy_closed;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::Status;
use tonic::transport::Channel;

use crate::program::{self, Settings, huizong};
use crate::sample::{PROVINCE, Sample, YEAR, question, submit};
use crate::table::Row;

const REPORTS: usize = 160;
/// A backup is restored after each so many damages.
const RESTORE_EVERY: u64 = 25;
/// Bytes that go bad together: those of a disk's sector.
const SECTOR_BYTES: usize = 512;
/// So many of the answers are figures; the others are lists of what is there.
const FIGURES: usize = 6;

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
pub enum Harm {
    Flip { at: usize, bit: u8 },
    Zero { at: usize },
    Truncate { to: usize },
    Remove,
}

impl Harm {
    pub fn random(content: &[u8], random: &mut ChaCha8Rng) -> Self {
        // Most of the data file is room that is not used yet.
        let used = content.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
        let end = if random.random_ratio(9, 10) { used } else { content.len().max(1) };
        let at = random.random_range(0..end);
        match random.random_range(0..20) {
            0..12 => Self::Flip { at, bit: random.random_range(0..8) },
            12..15 => Self::Zero { at: at / SECTOR_BYTES * SECTOR_BYTES },
            15..19 => Self::Truncate { to: at },
            _ => Self::Remove,
        }
    }

    /// The same to a file that somebody has open, and may be writing to.
    pub fn inflict_in_place(self, path: &Path) {
        let Ok(file) = std::fs::OpenOptions::new().read(true).write(true).open(path) else { return };
        let length = file.metadata().unwrap().len();
        match self {
            Self::Flip { at, bit } => {
                let mut byte = [0];
                if file.read_exact_at(&mut byte, at as u64).is_ok() {
                    file.write_all_at(&[byte[0] ^ 1 << bit], at as u64).unwrap();
                }
            }
            Self::Zero { at } => {
                let bytes = (length.saturating_sub(at as u64)).min(SECTOR_BYTES as u64);
                file.write_all_at(&vec![0; bytes as usize], at as u64).unwrap();
            }
            Self::Truncate { to } => file.set_len(to as u64).unwrap(),
            Self::Remove => std::fs::remove_file(path).unwrap(),
        }
    }

    fn inflict(self, path: &Path, mut content: Vec<u8>) {
        match self {
            Self::Flip { at, bit } => content.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit),
            Self::Zero { at } => content.iter_mut().skip(at).take(SECTOR_BYTES).for_each(|byte| *byte = 0),
            Self::Truncate { to } => content.truncate(to),
            Self::Remove => return std::fs::remove_file(path).unwrap(),
        }
        std::fs::write(path, content).unwrap();
    }
}

pub fn run(seed: u64, rounds: u64) -> Row {
    let mut row = Row::new("damage", seed);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::make(folder.path(), seed);
    row.acknowledged = store.sample.submissions.len() as u64;
    let mut tally = Tally::default();
    for round in 0..rounds {
        store.damage(&mut random, &mut row, &mut tally);
        if round % RESTORE_EVERY == 0 {
            store.restore(&mut row);
        }
        row.rounds += 1;
    }
    row.refused = tally.at_opening + tally.by_verification;
    let Tally { mended, at_opening, by_verification, harmless, unchanged, lost } = tally;
    row.notes.push(format!(
        "{mended} in the log or in its copy, mended; else {at_opening} noticed at opening, {by_verification} by \
         verification ({lost} of them with the entries that are in neither named), {harmless} of no consequence, {unchanged} changed nothing on disk"
    ));
    row.done()
}

#[derive(Default)]
struct Tally {
    /// In the log or in its copy: everything is answered as before, and verification finds nothing.
    mended: u64,
    at_opening: u64,
    by_verification: u64,
    /// Everything is answered as before, and verification finds nothing: what was hit is not in use.
    harmless: u64,
    /// Zeros that were zeros before.
    unchanged: u64,
    /// Of those noticed by verification: entries that neither has are named, and everything else is answered.
    lost: u64,
}

/// A store in order, its backup, and what it answers.
struct Store {
    folder: PathBuf,
    sample: Sample,
    settings: Settings,
    truth: Vec<Result<String, String>>,
}

impl Store {
    fn make(folder: &Path, seed: u64) -> Self {
        let mut sample = Sample::new(seed, REPORTS);
        sample.submissions.truncate(REPORTS);
        let mut store = Self { folder: folder.to_owned(), sample, settings: Settings::default(), truth: Vec::new() };
        let (data, backup) = (store.path("whole"), store.path("backup"));
        // Filled in two lives, so that there is a snapshot and a log after it.
        for life in 0..2 {
            program::block_on(async {
                let (mut server, channel) = program::start(&data, &store.settings).await;
                if life == 0 {
                    store.sample.register(&channel).await;
                }
                for submission in store.sample.submissions.iter().skip(life).step_by(2) {
                    submit(&channel, submission).await.unwrap();
                }
                crate::support::freeze(&channel, PROVINCE, YEAR, "").await.unwrap();
                if life == 1 {
                    let (url, backup) = (server.url.clone(), backup.clone());
                    let made = tokio::task::spawn_blocking(move || {
                        huizong(&["--server", &url, "backup", "--output", backup.to_str().unwrap()])
                    });
                    assert!(made.await.unwrap().status.success());
                    // The backup contains its own journal entry.
                    store.truth = answers(&channel).await;
                }
                server.terminate();
                tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
            });
        }
        assert!(store.truth.iter().all(Result::is_ok), "{:?}", store.truth);
        store
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Damages a copy somewhere, and sees what is made of it.
    fn damage(&self, random: &mut ChaCha8Rng, row: &mut Row, tally: &mut Tally) {
        let damaged = self.path("damaged");
        let _ = std::fs::remove_dir_all(&damaged);
        copy_closed(&self.path("whole"), &damaged).unwrap();
        let mut logs = files(&damaged.join("log"));
        let data_file = damaged.join("db");
        let any = files(&damaged);
        let (log, any) = (logs.swap_remove(random.random_range(0..logs.len())), any.choose(random).unwrap());
        // One time in ten both at once.
        let hit: Vec<&PathBuf> = match random.random_range(0..10) {
            0..3 => vec![&data_file],
            3..6 => vec![&log],
            6..9 => vec![any],
            _ => vec![&data_file, &log],
        };
        let mut case = String::new();
        let mut is_changed = false;
        for file in &hit {
            let content = std::fs::read(file).unwrap();
            let harm = Harm::random(&content, random);
            harm.inflict(file, content.clone());
            is_changed |= std::fs::read(file).map_or(true, |now| now != content);
            let name = file.strip_prefix(&damaged).unwrap().display();
            case.push_str(&format!("{name}: {harm:?} "));
        }
        if !is_changed {
            tally.unchanged += 1;
            return;
        }
        if let [file] = hit[..]
            && is_kept_twice(file.strip_prefix(&damaged).unwrap())
        {
            tally.mended += 1;
            return self.is_mended(&case, &damaged, row);
        }
        let data = damaged.to_str().unwrap();
        let verified = huizong(&["--format", "json", "verify", "--data", data]);
        said_well(&case, &verified, row);
        let doctor = huizong(&["--format", "json", "doctor", "--data", data]);
        said_well(&case, &doctor, row);

        let answered = program::block_on(async {
            let (server, channel) = program::try_start(&damaged, &self.settings).await?;
            let answers = answers(&channel).await;
            let status = OperationsServiceClient::new(channel).get_status(pb::GetStatusRequest::default()).await;
            let lost = status.map_or_else(|_| Vec::new(), |status| status.into_inner().lost_entries);
            let panics = server.logged("panicked");
            Ok::<_, String>((answers, lost, panics))
        });
        let (answers, lost, panics) = match answered {
            Ok(answered) => answered,
            Err(log) => {
                tally.at_opening += 1;
                if log.contains("panicked") || log.trim().is_empty() {
                    row.complain(format!("{case}: it does not open and says {log:?}"));
                }
                return check_doctor(&case, &doctor, row);
            }
        };
        let other = |(now, truth): (&Result<String, String>, &Result<String, String>)| now.is_ok() && now != truth;
        // Where entries are lost, lists of what is there lack them; no figure may be another.
        let asked = if lost.is_empty() { answers.len() } else { FIGURES };
        if let Some(at) = answers.iter().zip(&self.truth).take(asked).position(other) {
            row.wrong += 1;
            eprintln!("{case}: question {at} was answered otherwise than before");
        }
        tally.lost += u64::from(!lost.is_empty());
        if !panics.is_empty() {
            row.complain(format!("{case}: {panics:?}"));
        }
        if verified.status.success() {
            tally.harmless += 1;
            if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) {
                row.complain(format!("{case}: verification finds nothing, and yet: {error}"));
            }
        } else {
            tally.by_verification += 1;
            check_doctor(&case, &doctor, row);
        }
    }

    /// The service starts by itself, answers as before, and leaves a store of which both parts are whole.
    fn is_mended(&self, case: &str, damaged: &Path, row: &mut Row) {
        for life in 0..2 {
            let answered = program::block_on(async {
                let (mut server, channel) = program::try_start(damaged, &self.settings).await?;
                let answers = answers(&channel).await;
                server.terminate();
                tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
                Ok::<_, String>(answers)
            });
            let answers = match answered {
                Ok(answers) => answers,
                Err(log) => return row.complain(format!("{case}: in life {life} it does not open and says {log}")),
            };
            if let Some(at) = answers.iter().zip(&self.truth).position(|(now, truth)| now != truth) {
                if answers[at].is_ok() {
                    row.wrong += 1;
                }
                row.complain(format!("{case}: in life {life} question {at} was answered otherwise than before"));
            }
        }
        let verified = huizong(&["--format", "json", "verify", "--data", damaged.to_str().unwrap()]);
        if !verified.status.success() {
            row.complain(format!("{case}: verification says {}", String::from_utf8_lossy(&verified.stdout)));
        }
    }

    /// The documented way out: a new folder from the backup.
    fn restore(&self, row: &mut Row) {
        let restored = self.path("restored");
        let _ = std::fs::remove_dir_all(&restored);
        let backup = self.path("backup");
        let (backup, restored_to) = (backup.to_str().unwrap(), restored.to_str().unwrap());
        let made = huizong(&["restore", backup, "--data", restored_to, "--accept-older-access"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let answers = program::block_on(async {
            let (_server, channel) = program::start(&restored, &self.settings).await;
            answers(&channel).await
        });
        if let Some(at) = answers.iter().zip(&self.truth).position(|(now, truth)| now != truth) {
            row.wrong += 1;
            eprintln!("restored: question {at} was answered otherwise than before: {:?}", answers[at]);
        }
    }
}

/// Whether a file is the log's or its copy's.
fn is_kept_twice(file: &Path) -> bool {
    let name = file.to_str().unwrap();
    ["log/", "blobs/", "snap."].iter().any(|beginning| name.starts_with(beginning))
        || ["db", "conf", "copy-state"].contains(&name)
}

/// A refusal is one of ours, in words.
fn said_well(case: &str, output: &Output, row: &mut Row) {
    if !matches!(output.status.code(), Some(0 | 1)) {
        row.complain(format!("{case}: {} and says {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
}

/// The doctor finds a fault and says what to do.
fn check_doctor(case: &str, doctor: &Output, row: &mut Row) {
    let checks: serde_json::Value = serde_json::from_slice(&doctor.stdout).unwrap_or_default();
    let checks = checks["checks"].as_array().cloned().unwrap_or_default();
    let mut faults = checks.iter().filter(|check| check["state"] == "fault");
    let remedy = |check: &serde_json::Value| {
        let remedy = check["remedy"]["en"].as_str().unwrap_or_default();
        ["restore", "delete snap", "put the token-key", "put the signing-key"].iter().any(|way| remedy.contains(way))
    };
    if doctor.status.code() != Some(1) || !faults.any(remedy) {
        row.complain(format!("{case}: the doctor says {checks:?}"));
    }
}

/// What the service answers to all that a figure may be asked by.
async fn answers(channel: &Channel) -> Vec<Result<String, String>> {
    fn told<T: std::fmt::Debug>(answer: Result<tonic::Response<T>, Status>) -> Result<String, String> {
        answer.map(|answer| format!("{:?}", answer.into_inner())).map_err(|status| status.to_string())
    }
    let mut reports = ReportServiceClient::new(channel.clone()).max_decoding_message_size(64 << 20);
    let mut rollups = RollupServiceClient::new(channel.clone());
    let mut frozen_forms = FrozenFormServiceClient::new(channel.clone());
    let mut journal = JournalServiceClient::new(channel.clone());
    let mut operations = OperationsServiceClient::new(channel.clone());
    let mut registry = RegistryServiceClient::new(channel.clone());
    // Each start, and a restore, is one entry more.
    let status = operations.get_status(pb::GetStatusRequest::default()).await.map(tonic::Response::into_inner);
    let newest = format!("as_of: {}", status.map_or(0, |status| status.as_of));
    let of_year = pb::ListReportsRequest {
        parent: "agencies/-".to_owned(),
        year: YEAR.into(),
        page_size: 1000,
        view: pb::ReportView::Full.into(),
        ..Default::default()
    };
    let by_child = question(&[pb::Dimension::ChildJurisdiction, pb::Dimension::RequesterType]);
    let by_agency = question(&[pb::Dimension::Agency]);
    let form = pb::GetConsolidatedFormRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        year: YEAR.into(),
    };
    let earlier = crate::support::in_scope(by_child.clone(), |scope| {
        scope.as_of = REPORTS as i64 / 2;
    });
    let coverage = pb::GetCoverageRequest {
        scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
        year: YEAR.into(),
        depth: 2,
        ..Default::default()
    };
    let frozen = pb::ListFrozenFormsRequest { parent: PROVINCE.to_owned(), ..Default::default() };
    let entries = pb::ListJournalRequest { page_size: 1000, ..Default::default() };
    let changes = pb::ListRegistryChangesRequest { page_size: 1000, page_token: String::new() };
    let sums = [
        told(reports.list_reports(of_year).await),
        told(rollups.query_rollup(by_child).await),
        told(rollups.query_rollup(by_agency).await),
        told(rollups.query_rollup(earlier).await),
        told(rollups.get_consolidated_form(form).await),
        told(rollups.get_coverage(coverage).await),
        told(frozen_forms.list_frozen_forms(frozen).await),
    ];
    let sums = sums.into_iter().map(|answer| answer.map(|answer| answer.replace(&newest, "as_of: newest")));
    let records = [
        told(journal.list_journal(entries).await.map(changes_only)),
        told(registry.list_registry_changes(changes).await),
    ];
    sums.chain(records).collect()
}

/// The journal without what it says of the service itself.
fn changes_only(page: tonic::Response<pb::ListJournalResponse>) -> tonic::Response<pb::ListJournalResponse> {
    let mut page = page.into_inner();
    let own = ["service.", "settings.", "store.", "totals."];
    page.entries.retain(|entry| !own.iter().any(|own| entry.action.starts_with(own)));
    tonic::Response::new(page)
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
