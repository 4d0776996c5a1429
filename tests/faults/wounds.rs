//! Damage in any one file of the log or of its copy while reports are handed in: a flipped bit, a page of zeros, a file cut
//! short or deleted, under a service that is running. Nothing that was acknowledged is lost, no other figure is answered, and
//! the service goes on or comes back by a restart.
//!
//! The test is tested: with [`Hit::Both`] one damage hits the log and the copy at once, at the same entry, which nothing can
//! mend, and [`test_of_the_test`] fails unless that is noticed by the same questions. With `Shared::mend` or `mending::fill_all`
//! broken on purpose, so that they do nothing, three and four of `store_contract::embedded` were seen to fail, among them
//! `of_what_is_damaged_in_both_exactly_that_is_lost`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::transport::Channel;

use crate::damage::Harm;
use crate::program::{self, Settings};
use crate::sample::{self, Sample};
use crate::table::Row;

/// Reports handed in in a round, while the damage is done.
const REPORTS: usize = 6;
/// Earlier reports that are asked for after each round.
const LOOKED_AT: usize = 8;
/// Whatever the copy was given is in its file after this long.
const WRITTEN: Duration = Duration::from_millis(700);

/// What is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// One file.
    One,
    /// The log and the copy at once, in a way that nothing can mend.
    Both,
}

pub fn run(seed: u64, rounds: u64) -> Row {
    program::block_on(Wounds::new(seed, rounds).run(rounds, Hit::One)).done()
}

/// Damage of both is noticed.
pub fn test_of_the_test(seed: u64) -> Result<(), String> {
    let row = program::block_on(Wounds::new(seed, 3).run(3, Hit::Both)).done();
    if row.is_good() { Err(format!("nothing was noticed: {row}")) } else { Ok(()) }
}

struct Wounds {
    row: Row,
    random: ChaCha8Rng,
    sample: Sample,
    settings: Settings,
    folder: tempfile::TempDir,
    /// Reports that are stored for certain, with requests received.
    stored: Vec<(String, i64)>,
    restarts: u64,
    stops: u64,
}

impl Wounds {
    fn new(seed: u64, rounds: u64) -> Self {
        let agencies = REPORTS * usize::try_from(rounds).unwrap() * 11 / 10;
        Self {
            row: Row::new("wounds", seed),
            random: ChaCha8Rng::seed_from_u64(seed),
            sample: Sample::new(seed, agencies),
            settings: Settings::default(),
            folder: tempfile::tempdir().unwrap(),
            stored: Vec::new(),
            restarts: 0,
            stops: 0,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn run(mut self, rounds: u64, hit: Hit) -> Row {
        let (mut server, mut channel) = program::start(&self.data(), &self.settings).await;
        self.sample.register(&channel).await;
        let submissions = self.sample.submissions.clone();
        let mut parts = submissions.chunks(REPORTS).cycle();
        let mut mended = 0;
        for round in 0..rounds {
            let part = parts.next().unwrap();
            let before = self.row.complaints.len();
            let case = self.wound(&channel, part, hit).await;
            // What was damaged in the log may be in the copy alone, and is in its file after a moment.
            tokio::time::sleep(WRITTEN).await;
            let writable = self.status(&channel).await.is_some_and(|status| status.writable);
            // What the copy has in memory is read from its file again by the next start only: until then damage of it is not
            // seen, and damage of the log beside it would be damage of both.
            let is_of_copy = !case.starts_with("log/");
            if !writable || is_of_copy || self.random.random_ratio(1, 3) {
                self.stops += u64::from(!writable);
                self.restarts += 1;
                mended += self.mended(&channel).await;
                server.terminate();
                tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
                match program::try_start(&self.data(), &self.settings).await {
                    Ok(started) => (server, channel) = started,
                    Err(log) => {
                        self.row.complain(format!("{case}: it does not start: {log}"));
                        return self.row;
                    }
                }
            }
            self.check(&case, &channel, part).await;
            let panics: Vec<_> = server.logged("panicked");
            if !panics.is_empty() {
                self.row.complain(format!("{case}: {panics:?}"));
            }
            self.row.rounds = round + 1;
            if self.row.complaints.len() > before && hit == Hit::Both {
                return self.row;
            }
        }
        mended += self.mended(&channel).await;
        for (agency, count) in self.stored.clone() {
            self.row.lost += u64::from(sample::read(&channel, &agency).await.ok() != Some(count));
        }
        if hit == Hit::One {
            program::assert_whole(&channel, &self.data(), server).await;
        }
        let Self { restarts, stops, .. } = self;
        self.row
            .notes
            .push(format!("{mended} mendings, {restarts} restarts, {stops} of them because writes had stopped"));
        self.row
    }

    async fn status(&self, channel: &Channel) -> Option<pb::GetStatusResponse> {
        let status = OperationsServiceClient::new(channel.clone()).get_status(pb::GetStatusRequest::default()).await;
        status.ok().map(tonic::Response::into_inner)
    }

    async fn mended(&self, channel: &Channel) -> i64 {
        let status = self.status(channel).await.and_then(|status| status.mended);
        status.map_or(0, |mended| mended.log_entries.min(1) + mended.copies)
    }

    /// Hands in reports, and damages something meanwhile; what.
    async fn wound(&mut self, channel: &Channel, part: &[pb::SubmitReportRequest], hit: Hit) -> String {
        let (requests, to) = (part.to_vec(), channel.clone());
        let handing_in = tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for request in &requests {
                // What is refused or fails is asked for again after the round.
                if sample::submit(&to, request).await.is_ok() {
                    acknowledged.push((sample::agency(request).to_owned(), sample::of(request)));
                }
            }
            acknowledged
        });
        tokio::time::sleep(Duration::from_millis(self.random.random_range(0..20))).await;
        let case = match hit {
            Hit::One => self.harm(),
            Hit::Both => {
                // So that both have it, and then neither.
                tokio::time::sleep(WRITTEN).await;
                both(&self.data())
            }
        };
        let acknowledged = handing_in.await.unwrap();
        self.row.acknowledged += acknowledged.len() as u64;
        for report in acknowledged {
            if !self.stored.contains(&report) {
                self.stored.push(report);
            }
        }
        case
    }

    /// Damages one file of the log or of the copy.
    fn harm(&mut self) -> String {
        let data = self.data();
        let logs = files(&data.join("log"));
        let copies: Vec<_> =
            ["db", "conf"].into_iter().map(|name| data.join(name)).filter(|path| path.exists()).collect();
        let of = if self.random.random_bool(0.5) { &logs } else { &copies };
        let Some(file) = of.choose(&mut self.random).cloned() else { return "nothing".to_owned() };
        let Ok(content) = std::fs::read(&file) else { return "nothing".to_owned() };
        let harm = Harm::random(&content, &mut self.random);
        harm.inflict_in_place(&file);
        format!("{}: {harm:?}", file.strip_prefix(&data).unwrap().display())
    }

    /// All is answered as before, and both are whole again.
    async fn check(&mut self, case: &str, channel: &Channel, part: &[pb::SubmitReportRequest]) {
        for _ in 0..LOOKED_AT.min(self.stored.len()) {
            let (agency, count) = self.stored.choose(&mut self.random).cloned().unwrap();
            match sample::read(channel, &agency).await {
                Ok(there) if there == count => {}
                Ok(_) => self.row.wrong += 1,
                Err(status) => {
                    self.row.lost += 1;
                    self.row.complain(format!("{case}: {agency}: {status}"));
                }
            }
        }
        // Those of the round once more: what was stored is recognised, the rest goes on.
        for submission in part {
            match sample::submit(channel, submission).await {
                Ok(answer) => {
                    let report = (sample::agency(submission).to_owned(), sample::of(submission));
                    let known = self.stored.contains(&report);
                    if known && !answer.already_stored {
                        self.row.lost += 1;
                    }
                    if !known {
                        self.stored.push(report);
                    }
                }
                Err(status) => self.row.complain(format!("{case}: {}: {status}", submission.name)),
            }
        }
        let naive: i64 = self.stored.iter().map(|(_, count)| count).sum();
        match sample::sum(channel).await {
            Ok(sum) if sum == naive => {}
            Ok(_) => self.row.wrong += 1,
            Err(error) => self.row.complain(format!("{case}: {error}")),
        }
        // This mends what nobody came by.
        match program::verification(channel).await {
            Ok(found) if found.faults_total == 0 => {}
            Ok(found) => self.row.complain(format!("{case}: {:?}", found.faults)),
            Err(status) => self.row.complain(format!("{case}: {status}")),
        }
    }
}

/// Zeros where the records of one report stand, in the log and in the copy.
fn both(data: &Path) -> String {
    let log = files(&data.join("log")).pop().unwrap();
    // The rules that a revision was judged by, as it names them.
    let mark = b"format_2021/";
    for file in [log, data.join("db")] {
        let content = std::fs::read(&file).unwrap();
        let hit: Vec<usize> = (0..content.len() - mark.len()).filter(|at| content[*at..].starts_with(mark)).collect();
        assert!(!hit.is_empty(), "{}: nothing is hit", file.display());
        hit.into_iter().for_each(|at| Harm::Zero { at }.inflict_in_place(&file));
    }
    "both".to_owned()
}

/// The files in a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    found.sort();
    found
}
