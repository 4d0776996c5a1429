//! The service is killed at random moments, also while it starts: whatever it acknowledged is there afterwards, whole,
//! the totals equal the naive sum, and request ids are still known.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use huizong::pb;
use huizong::pb::report_service_client::ReportServiceClient;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::Code;
use tonic::transport::Channel;

use crate::program::{self, Settings};
use crate::sample::{self, Sample};
use crate::table::Row;

/// Reports handed in in a round.
const REPORTS: usize = 10;
/// Earlier reports that are looked at in each round, beside their sum; all of them at the end.
const LOOKED_AT: usize = 10;
/// Longest time that the service is left to work, and to start, in ms.
const WORK_MS: u64 = 80;
const START_MS: u64 = 400;

pub fn run(seed: u64, rounds: u64) -> Row {
    let row = program::block_on(Kill::new(seed, rounds).run(rounds));
    row.done()
}

struct Kill {
    row: Row,
    random: ChaCha8Rng,
    sample: Sample,
    settings: Settings,
    folder: tempfile::TempDir,
    /// Requests received by agency, of reports that are stored for certain.
    stored: BTreeMap<String, i64>,
}

impl Kill {
    fn new(seed: u64, rounds: u64) -> Self {
        // Some of those in a province owe no report for the year.
        let agencies = REPORTS * usize::try_from(rounds).unwrap() * 11 / 10;
        Self {
            row: Row::new("kill", seed),
            random: ChaCha8Rng::seed_from_u64(seed),
            sample: Sample::new(seed, agencies),
            settings: Settings::default(),
            folder: tempfile::tempdir().unwrap(),
            stored: BTreeMap::new(),
        }
    }

    async fn run(mut self, rounds: u64) -> Row {
        let data = self.folder.path().join("data");
        let (mut server, mut channel) = program::start(&data, &self.settings).await;
        self.sample.register(&channel).await;
        let submissions = self.sample.submissions.clone();
        let mut killed_at_start = 0;
        for part in submissions.chunks(REPORTS).take(usize::try_from(rounds).unwrap()) {
            let acknowledged = self.submit_until_killed(&channel, server, part).await;
            if self.random.random_ratio(1, 3) {
                self.kill_at_start();
                killed_at_start += 1;
            }
            (server, channel) = program::start(&data, &self.settings).await;
            self.check(&channel, part, &acknowledged).await;
            let panics = server.logged("panicked");
            if !panics.is_empty() {
                self.row.complain(format!("{panics:?}"));
            }
            self.row.rounds += 1;
        }
        for submission in submissions {
            let agency = sample::agency(&submission);
            if self.stored.contains_key(agency) && self.read(&channel, agency).await != self.stored.get(agency).copied()
            {
                self.row.lost += 1;
            }
        }
        program::assert_whole(&channel, &data, server).await;
        self.row.notes.push(format!("{killed_at_start} more kills while the service was starting"));
        self.row
    }

    /// The agencies whose reports were acknowledged before the kill.
    async fn submit_until_killed(
        &mut self,
        channel: &Channel,
        server: program::Program,
        part: &[pb::SubmitReportRequest],
    ) -> Vec<String> {
        let requests: Vec<_> =
            part.iter().cloned().map(|one| pb::SubmitReportsRequest { submission: Some(one) }).collect();
        let agencies: Vec<String> = part.iter().map(|one| sample::agency(one).to_owned()).collect();
        let mut client = ReportServiceClient::new(channel.clone());
        let collecting = tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            let Ok(answers) = client.submit_reports(tokio_stream::iter(requests)).await else { return acknowledged };
            let mut answers = answers.into_inner();
            for agency in agencies {
                match answers.message().await {
                    Ok(Some(answer)) => {
                        assert!(
                            matches!(answer.result, Some(pb::submit_reports_response::Result::Stored(_))),
                            "{answer:?}"
                        );
                        acknowledged.push(agency);
                    }
                    _ => break,
                }
            }
            acknowledged
        });
        tokio::time::sleep(Duration::from_millis(self.random.random_range(0..WORK_MS))).await;
        drop(server);
        collecting.await.unwrap()
    }

    /// Starts the service and kills it before it has said that it serves, or a moment later.
    fn kill_at_start(&mut self) {
        let mut command = program::command(&self.folder.path().join("data"), &self.settings);
        let mut starting = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(self.random.random_range(0..START_MS)));
        starting.kill().unwrap();
        starting.wait().unwrap();
    }

    async fn read(&self, channel: &Channel, agency: &str) -> Option<i64> {
        let request = pb::GetReportRequest { name: sample::report_name(agency), ..Default::default() };
        match ReportServiceClient::new(channel.clone()).get_report(request).await {
            Ok(answer) => {
                let report = answer.into_inner().report.unwrap();
                assert!(report.revision.ends_with("/revisions/1"), "stored twice: {}", report.revision);
                Some(sample::received(report.form.as_deref()))
            }
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("{agency}: {status:?}"),
        }
    }

    async fn check(&mut self, channel: &Channel, part: &[pb::SubmitReportRequest], acknowledged: &[String]) {
        self.row.acknowledged += acknowledged.len() as u64;
        let mut found = BTreeMap::new();
        for submission in part {
            let agency = sample::agency(submission).to_owned();
            let (handed_in, there) = (sample::of(submission), self.read(channel, &agency).await);
            self.row.lost += u64::from(there.is_none() && acknowledged.contains(&agency));
            self.row.wrong += u64::from(there.is_some_and(|there| there != handed_in));
            found.extend(there.map(|there| (agency, there)));
        }
        let earlier: Vec<_> = self.stored.iter().map(|(agency, count)| (agency.clone(), *count)).collect();
        for _ in 0..LOOKED_AT.min(earlier.len()) {
            let (agency, count) = &earlier[self.random.random_range(0..earlier.len())];
            self.row.lost += u64::from(self.read(channel, agency).await != Some(*count));
        }
        let naive: i64 = self.stored.values().chain(found.values()).sum();
        self.row.wrong += u64::from(sample::sum(channel).await != Ok(naive));
        let verification = program::verification(channel).await.unwrap();
        self.row.torn += u64::try_from(verification.faults_total).unwrap();

        // The whole part again: what was stored is recognised, the rest goes on.
        let mut client = ReportServiceClient::new(channel.clone());
        for submission in part {
            let answer = client.submit_report(submission.clone()).await.unwrap().into_inner();
            let agency = sample::agency(submission);
            if answer.already_stored != found.contains_key(agency) {
                self.row.complain(format!("{agency}: a request id was taken as {}", answer.already_stored));
            }
            self.row.refused += u64::from(answer.already_stored);
            self.row.acknowledged += u64::from(!answer.already_stored);
            self.stored.insert(agency.to_owned(), sample::of(submission));
        }
    }
}
