//! A disk that fails or is slow, under load: writes stop and say why, reads go on, nothing acknowledged is lost, and
//! the documented step, a restart, is all that it takes. `tests/integration/full_disk.rs` fills a real file system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::preload;
use crate::program::{self, Settings};
use crate::sample::{self, Sample};
use crate::table::Row;

const CALLERS: usize = 6;
const REPORTS: usize = 1500;
/// Longest time from the fault to the word of it, in s.
const WORD_SECONDS_MAX: u64 = 30;
/// How long the disk is slow, and how long a read may take then.
const SLOW: Duration = Duration::from_secs(2);
const SLOW_READ_MAX: Duration = Duration::from_millis(1000);

/// What is wrong with the disk: the letter of `interposer.c`, and what the service must say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trouble {
    letter: u8,
    words: &'static str,
}

const TROUBLES: [Trouble; 3] = [
    Trouble { letter: b'f', words: "Input/output error" },
    Trouble { letter: b'w', words: "Input/output error" },
    Trouble { letter: b'n', words: "No space left on device" },
];
const SLOW_LETTER: u8 = b's';
const NONE: u8 = b'0';

/// Each round once with every trouble.
pub fn run(seed: u64, rounds: u64) -> Row {
    let mut disk = Disk {
        row: Row::new("disk", seed),
        random: ChaCha8Rng::seed_from_u64(seed),
        sample: Arc::new(Sample::new(seed, REPORTS)),
        looked_at: 0,
        unreadable: 0,
    };
    if let Err(reason) = preload::can_preload() {
        disk.row.complain(format!("skipped: {reason}"));
        return disk.row.done();
    }
    for _ in 0..rounds {
        for trouble in TROUBLES {
            program::block_on(disk.fails(trouble));
            disk.row.rounds += 1;
        }
        program::block_on(disk.is_slow());
        disk.row.rounds += 1;
    }
    let Disk { looked_at, unreadable, .. } = disk;
    let note = format!("{unreadable} of {looked_at} reports could not be read between a failed write and the restart");
    disk.row.notes.push(note);
    disk.row.done()
}

struct Disk {
    row: Row,
    random: ChaCha8Rng,
    sample: Arc<Sample>,
    looked_at: u64,
    unreadable: u64,
}

/// A folder with a store whose disk obeys.
struct Faulty {
    data: PathBuf,
    control: PathBuf,
    settings: Settings,
    _folder: tempfile::TempDir,
}

impl Faulty {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = preload::compile("disk/interposer.c", folder.path()).unwrap();
        let (data, control) = (folder.path().join("data"), folder.path().join("control"));
        std::fs::create_dir(&data).unwrap();
        let environment = vec![
            (preload::VARIABLE, library.into_os_string()),
            ("FAULT_FOLDER", data.clone().into_os_string()),
            ("FAULT_CONTROL", control.clone().into_os_string()),
        ];
        let faulty = Self { data, control, settings: Settings { environment, ..Settings::default() }, _folder: folder };
        std::fs::write(&faulty.control, [NONE]).unwrap();
        faulty
    }

    /// In place, for the program has the file mapped.
    fn set(&self, letter: u8) {
        use std::os::unix::fs::FileExt as _;
        let file = std::fs::OpenOptions::new().write(true).open(&self.control).unwrap();
        file.write_all_at(&[letter], 0).unwrap();
    }
}

/// What callers were told.
#[derive(Default)]
struct Told {
    /// Requests received by agency.
    acknowledged: BTreeMap<String, i64>,
    unknown: BTreeSet<usize>,
    refused: u64,
    strange: Vec<String>,
}

impl Disk {
    fn complain(&mut self, trouble: Trouble, words: impl std::fmt::Display) {
        self.row.complain(format!("{}: {words}", char::from(trouble.letter)));
    }

    /// Callers hand in reports until they are refused.
    fn load(&self, channel: &Channel, told: &Arc<Mutex<Told>>) -> Vec<tokio::task::JoinHandle<()>> {
        let caller = |caller: usize| {
            let (channel, told, sample) = (channel.clone(), told.clone(), self.sample.clone());
            tokio::spawn(async move {
                for at in (caller..sample.submissions.len()).step_by(CALLERS) {
                    let submission = &sample.submissions[at];
                    let answer = sample::submit(&channel, submission).await;
                    let mut told = told.lock().unwrap();
                    let Err(status) = answer else {
                        told.acknowledged.insert(sample::agency(submission).to_owned(), sample::of(submission));
                        continue;
                    };
                    match reason(&status).as_deref() {
                        Some("OUTCOME_UNKNOWN") => drop(told.unknown.insert(at)),
                        Some("STORE_READ_ONLY") => told.refused += 1,
                        _ => told.strange.push(format!("{status:?}")),
                    }
                    return;
                }
            })
        };
        (0..CALLERS).map(caller).collect()
    }

    async fn fails(&mut self, trouble: Trouble) {
        let faulty = Faulty::new();
        let (mut server, channel) = program::start(&faulty.data, &faulty.settings).await;
        self.sample.register(&channel).await;
        let told = Arc::<Mutex<Told>>::default();
        let callers = self.load(&channel, &told);
        tokio::time::sleep(Duration::from_millis(self.random.random_range(100..700))).await;
        faulty.set(trouble.letter);
        for caller in callers {
            if tokio::time::timeout(Duration::from_secs(WORD_SECONDS_MAX), caller).await.is_err() {
                self.complain(trouble, "a caller was told nothing");
            }
        }
        let told = std::mem::take(&mut *told.lock().unwrap());
        self.row.acknowledged += told.acknowledged.len() as u64;
        self.row.refused += told.refused + told.unknown.len() as u64;
        told.strange.iter().for_each(|status| self.complain(trouble, status));
        if told.unknown.is_empty() {
            self.complain(trouble, "the failed write was told to nobody");
        }
        self.stopped(trouble, &channel, &told).await;
        // The disk is well again: what failed is not known to be whole, and so writes stay refused.
        faulty.set(NONE);
        self.stopped(trouble, &channel, &told).await;
        // A start on a disk that still fails is refused, and changes nothing.
        server.terminate();
        tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
        if trouble.letter == b'f' {
            faulty.set(trouble.letter);
            match program::try_start(&faulty.data, &faulty.settings).await {
                Err(log) if log.contains(trouble.words) => self.row.refused += 1,
                Err(log) => self.complain(trouble, format!("a start says {log}")),
                Ok(_) => self.complain(trouble, "it starts although nothing can be synced"),
            }
            faulty.set(NONE);
        }
        self.restarted(trouble, &faulty, &told).await;
    }

    /// Writes are refused and say why, health says so, reads go on.
    async fn stopped(&mut self, trouble: Trouble, channel: &Channel, told: &Told) {
        let last = self.sample.submissions.last().unwrap().clone();
        match sample::submit(channel, &last).await {
            Err(status)
                if status.code() == Code::Unavailable && reason(&status).as_deref() == Some("STORE_READ_ONLY") =>
            {
                self.row.refused += 1;
            }
            other => self.complain(trouble, format!("a write is answered {other:?}")),
        }
        let status = OperationsServiceClient::new(channel.clone()).get_status(pb::GetStatusRequest::default()).await;
        let status = status.unwrap().into_inner();
        if status.writable || !status.problem.as_ref().is_some_and(|problem| problem.en.contains(trouble.words)) {
            self.complain(trouble, format!("the status is {status:?}"));
        }
        let began = Instant::now();
        while serving(channel).await {
            if began.elapsed() > Duration::from_secs(WORD_SECONDS_MAX) {
                return self.complain(trouble, "health does not say that writes are refused");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.row.wrong += u64::from(sample::sum(channel).await != Ok(told.acknowledged.values().sum()));
        let mut unreadable = 0;
        for (agency, count) in &told.acknowledged {
            match sample::read(channel, agency).await {
                Ok(found) => self.row.wrong += u64::from(found != *count),
                Err(status) if status.code() == Code::NotFound => self.row.lost += 1,
                Err(_) => unreadable += 1,
            }
        }
        self.unreadable += unreadable;
        self.looked_at += told.acknowledged.len() as u64;
        // After a failed write sled reads only what it has in memory, until it is opened again; sums go on in any case.
        if trouble.letter == b'f' && unreadable > 0 {
            self.complain(trouble, format!("{unreadable} of {} reports cannot be read", told.acknowledged.len()));
        }
    }

    async fn restarted(&mut self, trouble: Trouble, faulty: &Faulty, told: &Told) {
        let (server, channel) = program::start(&faulty.data, &faulty.settings).await;
        let mut naive = 0;
        for (agency, count) in &told.acknowledged {
            match sample::read(&channel, agency).await {
                Ok(found) => self.row.wrong += u64::from(found != *count),
                Err(_) => self.row.lost += 1,
            }
            naive += count;
        }
        let unknown: Vec<_> = told.unknown.iter().map(|at| self.sample.submissions[*at].clone()).collect();
        let mut there = BTreeSet::new();
        for submission in &unknown {
            if sample::read(&channel, sample::agency(submission)).await.is_ok() {
                there.insert(sample::agency(submission));
                naive += sample::of(submission);
            }
        }
        self.row.wrong += u64::from(sample::sum(&channel).await != Ok(naive));
        for submission in &unknown {
            let is_there = there.contains(sample::agency(submission));
            let answer = sample::submit(&channel, submission).await;
            if !answer.as_ref().is_ok_and(|answer| answer.already_stored == is_there) {
                self.complain(trouble, format!("there: {is_there}, and asked again: {answer:?}"));
            }
            naive += if is_there { 0 } else { sample::of(submission) };
        }
        let verification = program::verification(&channel).await.unwrap();
        self.row.torn += u64::try_from(verification.faults_total).unwrap();
        self.row.wrong += u64::from(sample::sum(&channel).await != Ok(naive));
        program::assert_whole(&channel, &faulty.data, server).await;
    }

    /// A slow disk makes writes wait, and nothing else.
    async fn is_slow(&mut self) {
        const TROUBLE: Trouble = Trouble { letter: SLOW_LETTER, words: "" };
        let faulty = Faulty::new();
        let (server, channel) = program::start(&faulty.data, &faulty.settings).await;
        self.sample.register(&channel).await;
        let told = Arc::<Mutex<Told>>::default();
        let first = self.sample.submissions[0].clone();
        sample::submit(&channel, &first).await.unwrap();
        faulty.set(SLOW_LETTER);
        let callers = self.load(&channel, &told);
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        while began.elapsed() < SLOW {
            let asked = Instant::now();
            sample::read(&channel, sample::agency(&first)).await.unwrap();
            sample::sum(&channel).await.unwrap();
            slowest = slowest.max(asked.elapsed());
        }
        let while_slow = told.lock().unwrap().acknowledged.len();
        faulty.set(NONE);
        for caller in callers {
            caller.await.unwrap();
        }
        let told = std::mem::take(&mut *told.lock().unwrap());
        self.row.acknowledged += told.acknowledged.len() as u64;
        if slowest > SLOW_READ_MAX {
            self.complain(TROUBLE, format!("a read took {slowest:?}"));
        }
        if while_slow == 0 || told.acknowledged.len() != self.sample.submissions.len() {
            self.complain(TROUBLE, format!("{while_slow} while it was slow, {} in all", told.acknowledged.len()));
        }
        told.strange.iter().for_each(|status| self.complain(TROUBLE, status));
        self.row.wrong += u64::from(sample::sum(&channel).await != Ok(told.acknowledged.values().sum()));
        program::assert_whole(&channel, &faulty.data, server).await;
    }
}

fn reason(status: &Status) -> Option<String> {
    huizong::grpc::problem_of_status(status).map(|problem| problem.reason().as_str_name().to_owned())
}

async fn serving(channel: &Channel) -> bool {
    let request = HealthCheckRequest { service: "huizong.v1.ReportService".to_owned() };
    let answer = HealthClient::new(channel.clone()).check(request).await.unwrap().into_inner();
    answer.status() == ServingStatus::Serving
}
