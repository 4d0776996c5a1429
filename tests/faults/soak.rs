//! Hours of work at half of the rate that was measured: memory and the data file must not grow beyond what the reports
//! need. Prints both as time goes by.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use huizong::pb;
use huizong::pb::rollup_service_client::RollupServiceClient;
use tokio::time::MissedTickBehavior;
use tonic::Status;
use tonic::transport::Channel;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::damage::Harm;
use crate::program::{self, Program, Settings};
use crate::sample::{self, PROVINCE, Sample, YEAR};
use crate::table::Row;

const CALLERS: usize = 16;
const REPORTS: usize = 2000;
/// Of so many calls one changes something: mostly, people look.
const CALLS_PER_WRITE: u64 = 20;
const SAMPLES: u32 = 40;
/// From one damage to the next.
const DAMAGE_SECONDS: u64 = 60;
/// Memory may be so much larger at the end than after the first quarter: by a part, and by some MiB.
const GROWTH_PERCENT_MAX: u64 = 30;
const GROWTH_MIB_MAX: u64 = 32;
/// A revision with its request id and journal entry may take so much of the disk, in bytes, beside what is taken ahead.
const REVISION_BYTES_MAX: u64 = 32 << 10;
const AHEAD_BYTES: u64 = 128 << 20;

pub fn run(seed: u64, seconds: u64) -> Row {
    let mut row = Row::new("soak", seed);
    program::block_on(soak(&mut row, seed, Duration::from_secs(seconds)));
    row.rounds = seconds;
    row.done()
}

/// What the callers have done.
#[derive(Default)]
struct Done {
    calls: AtomicU64,
    writes: AtomicU64,
    wrong: AtomicU64,
    failed: AtomicU64,
    over: AtomicBool,
}

async fn soak(row: &mut Row, seed: u64, time: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (server, channel) = program::start(&data, &Settings::default()).await;
    let mut province = Sample::new(seed, REPORTS);
    province.register(&channel).await;
    province.submissions.truncate(REPORTS);
    let province = Arc::new(province);
    let mut etags = Vec::new();
    for submission in &province.submissions {
        etags.push(sample::submit(&channel, submission).await.unwrap().receipt.unwrap().etag);
    }

    // As fast as it goes, to know what half of that is.
    let measuring = (time / 20).clamp(Duration::from_secs(2), Duration::from_secs(30));
    let done = Arc::<Done>::default();
    let callers = work(&channel, &province, etags, &done, None);
    tokio::time::sleep(measuring).await;
    done.over.store(true, Ordering::SeqCst);
    let etags = finish(callers).await;
    let rate = done.calls.load(Ordering::SeqCst) as f64 / measuring.as_secs_f64();
    let measured = done.writes.load(Ordering::SeqCst);
    println!("soak: {rate:.0} calls/s measured, one in {CALLS_PER_WRITE} a correction; {:.0} from now on", rate / 2.0);

    let done = Arc::<Done>::default();
    let interval = Duration::from_secs_f64(2.0 * CALLERS as f64 / rate.max(1.0));
    let callers = work(&channel, &province, etags, &done, Some(interval));
    let began = Instant::now();
    let harming = tokio::spawn(harm(data.clone(), seed, done.clone()));
    let mut memory = Vec::new();
    println!("soak:  seconds      calls  corrections  memory (MiB)  data (MiB)");
    for sample in 1..=SAMPLES {
        tokio::time::sleep_until((began + time / SAMPLES * sample).into()).await;
        let mib = program::memory_kib(&server) >> 10;
        let (calls, writes) = (done.calls.load(Ordering::SeqCst), done.writes.load(Ordering::SeqCst));
        let seconds = began.elapsed().as_secs();
        println!("soak: {seconds:>8} {calls:>10} {writes:>12} {mib:>13} {:>11}", disk_bytes(&data) >> 20);
        memory.push(mib);
    }
    done.over.store(true, Ordering::SeqCst);
    finish(callers).await;
    let damages = harming.await.unwrap();
    row.notes.push(format!("{damages} damages of the log or of its copy, one a minute"));
    judge(row, &done, &memory, (&server, &data), measured + REPORTS as u64);
    let calls = done.calls.load(Ordering::SeqCst);
    // The old connection is about to be closed for its age, and what goes on over it is cut off after a while.
    let channel = Channel::from_shared(server.url.clone()).unwrap().connect().await.unwrap();
    row.notes
        .push(format!("{:.0} calls/s, half of the {rate:.0} measured", calls as f64 / began.elapsed().as_secs_f64()));
    let naive: i64 = province.submissions.iter().map(sample::of).sum();
    row.wrong += u64::from(sample::sum(&channel).await != Ok(naive));
    println!("soak: {} acknowledged, {} wrong figures; verifying what was stored", row.acknowledged, row.wrong);
    program::assert_whole(&channel, &data, server).await;
}

/// Damages the log or its copy once a minute, as a disk does that goes bad; how often.
async fn harm(data: std::path::PathBuf, seed: u64, done: Arc<Done>) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut damages = 0;
    loop {
        for _ in 0..DAMAGE_SECONDS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if done.over.load(Ordering::Relaxed) {
                return damages;
            }
        }
        let mut files: Vec<_> = data.join("log").read_dir().unwrap().flatten().map(|entry| entry.path()).collect();
        files.sort();
        // Half of the time the copy.
        let at = random.random_range(0..files.len() * 2);
        let file = files.get(at).cloned().unwrap_or_else(|| data.join("db"));
        let Ok(content) = std::fs::read(&file) else { continue };
        // A file that is cut off or deleted under the service stops its writes, which `wounds` tries.
        let harm = loop {
            match Harm::random(&content, &mut random) {
                Harm::Truncate { .. } | Harm::Remove => {}
                harm => break harm,
            }
        };
        println!("soak: {}: {harm:?}", file.display());
        harm.inflict_in_place(&file);
        damages += 1;
    }
}

fn judge(row: &mut Row, done: &Done, memory: &[u64], (server, data): (&Program, &Path), before: u64) {
    let writes = done.writes.load(Ordering::SeqCst);
    row.acknowledged += writes + before;
    row.wrong += done.wrong.load(Ordering::SeqCst);
    let failed = done.failed.load(Ordering::SeqCst);
    if failed > 0 {
        row.complain(format!("{failed} calls failed"));
    }
    let quarter = memory.len() / 4;
    let first = memory[quarter..2 * quarter].iter().max().copied().unwrap_or(0);
    let last = memory[memory.len() - quarter..].iter().max().copied().unwrap_or(0);
    row.notes.push(format!("memory {first} MiB in the second quarter, {last} MiB in the last"));
    if last > first * (100 + GROWTH_PERCENT_MAX) / 100 + GROWTH_MIB_MAX {
        row.complain("memory grows");
    }
    let bytes = disk_bytes(data);
    let each = bytes / (writes + before);
    row.notes.push(format!("data {} MiB, {each} bytes a revision", bytes >> 20));
    if bytes > (writes + before) * REVISION_BYTES_MAX + AHEAD_BYTES {
        row.complain("the data file grows beyond what the revisions need");
    }
    if !server.logged("panicked").is_empty() {
        row.complain("the service panicked");
    }
}

/// Bytes on disk below a folder.
fn disk_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    // sled removes a file now and then.
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    });
    sizes.sum()
}

type Callers = Vec<tokio::task::JoinHandle<Vec<(usize, String)>>>;

/// Callers, each with reports of its own; each knows the etags of its reports.
fn work(
    channel: &Channel,
    province: &Arc<Sample>,
    etags: Vec<String>,
    done: &Arc<Done>,
    interval: Option<Duration>,
) -> Callers {
    let mut parts: Vec<Vec<(usize, String)>> = vec![Vec::new(); CALLERS];
    etags.into_iter().enumerate().for_each(|(at, etag)| parts[at % CALLERS].push((at, etag)));
    let caller = |mut part: Vec<(usize, String)>| {
        let (channel, province, done) = (channel.clone(), province.clone(), done.clone());
        tokio::spawn(async move {
            // At full speed the pause is none.
            let mut pace = tokio::time::interval(interval.unwrap_or(Duration::from_nanos(1)));
            pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let mut calls: u64 = 0;
            while !done.over.load(Ordering::Relaxed) {
                if interval.is_some() {
                    pace.tick().await;
                }
                let turn = usize::try_from(calls).unwrap() % part.len();
                let (at, etag) = &mut part[turn];
                let submission = &province.submissions[*at];
                let answer = if calls.is_multiple_of(CALLS_PER_WRITE) {
                    let corrected = correct(&channel, submission, etag).await;
                    done.writes.fetch_add(u64::from(corrected.is_ok()), Ordering::Relaxed);
                    corrected.map(|next| {
                        *etag = next;
                        true
                    })
                } else {
                    look(&channel, submission, calls).await
                };
                match answer {
                    Ok(true) => {}
                    Ok(false) => drop(done.wrong.fetch_add(1, Ordering::Relaxed)),
                    Err(status) => {
                        eprintln!("soak: {status:?}");
                        done.failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
                done.calls.fetch_add(1, Ordering::Relaxed);
                calls += 1;
            }
            part
        })
    };
    parts.into_iter().map(caller).collect()
}

/// The etags, in the order of the reports.
async fn finish(callers: Callers) -> Vec<String> {
    let mut etags = Vec::new();
    for caller in callers {
        etags.extend(caller.await.unwrap());
    }
    etags.sort_unstable();
    etags.into_iter().map(|(_, etag)| etag).collect()
}

async fn correct(channel: &Channel, submission: &pb::SubmitReportRequest, etag: &str) -> Result<String, Status> {
    let mut submission = submission.clone();
    submission.request_id = uuid::Uuid::new_v4().to_string();
    submission.etag = etag.to_owned();
    submission.correction_reason = "as time goes by".to_owned();
    // Reports are corrected over and over, to what they were.
    submission.allow_unchanged = true;
    let receipt = sample::submit(channel, &submission).await?.receipt;
    Ok(receipt.map(|receipt| receipt.etag).unwrap_or_default())
}

/// Looks at something; whether it is as it must be.
async fn look(channel: &Channel, submission: &pb::SubmitReportRequest, turn: u64) -> Result<bool, Status> {
    let mut rollups = RollupServiceClient::new(channel.clone());
    match turn % 4 {
        0 => Ok(sample::read(channel, sample::agency(submission)).await? == sample::of(submission)),
        1 => {
            let request = pb::GetCoverageRequest {
                scope: Some(pb::Scope { jurisdiction: PROVINCE.to_owned(), ..Default::default() }),
                year: YEAR.into(),
                ..Default::default()
            };
            let coverage = rollups.get_coverage(request).await?.into_inner().coverage;
            Ok(coverage.is_some_and(|coverage| coverage.received == coverage.included))
        }
        2 => {
            // Watched for a moment, as by whoever opens a page and leaves it.
            let request = crate::support::watched(sample::question(&[]));
            let mut answers = rollups.watch_rollup(request).await?.into_inner();
            Ok(answers.message().await?.is_some_and(|answer| answer.answer.is_some()))
        }
        _ => {
            let query = sample::question(&[pb::Dimension::ChildJurisdiction]);
            Ok(!rollups.query_rollup(query).await?.into_inner().rows.is_empty())
        }
    }
}
