//! A disk filled to the brim under load: writes are refused in time, reads go on, nothing acknowledged is lost, and the
//! service recovers alone when space returns. Needs leave to mount a small file system in memory; says so where there
//! is none.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::report::ReportYear;
use huizong::simulation::{Parameters, Province};
use huizong::wire::{change_to_wire, figures_to_wire};
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::process::start_with;

const YEAR: u16 = 2023;
const DISK_MIB: u64 = 192;
const MIN_FREE_MIB: u64 = 48;
const BALLAST_MIB: u64 = 16;

/// A file system of its own; it is gone when dropped.
struct Disk(PathBuf, tempfile::TempDir);

impl Disk {
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_MIB}m"), "tmpfs"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        if !mounted.status.success() {
            return Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned());
        }
        Ok(Self(folder.path().to_owned(), folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn submissions() -> (Province, Vec<pb::Report>) {
    let year = ReportYear::new(YEAR).unwrap();
    let parameters =
        Parameters { seed: 13, province: "230000".to_owned(), agencies: 6000, first_year: year, last_year: year };
    let province = Province::simulate(&parameters).unwrap();
    let reports = province
        .unquestioned_reports(year)
        .map(|report| pb::Report {
            name: format!("agencies/{}/reports/{YEAR}", report.agency),
            form: Some(figures_to_wire(&report.figures).into()),
            ..Default::default()
        })
        .collect();
    (province, reports)
}

async fn submit(channel: &Channel, report: &pb::Report) -> Result<(), tonic::Status> {
    let request = huizong::wire::submission_of(report.clone());
    ReportServiceClient::new(channel.clone()).submit_report(request).await.map(drop)
}

async fn read(channel: &Channel, name: &str) -> Result<(), tonic::Status> {
    let request = pb::GetReportRequest { name: name.to_owned(), ..Default::default() };
    ReportServiceClient::new(channel.clone()).get_report(request).await.map(drop)
}

async fn serving(channel: &Channel) -> bool {
    let request = HealthCheckRequest { service: "huizong.v1.ReportService".to_owned() };
    let answer = HealthClient::new(channel.clone()).check(request).await.unwrap().into_inner();
    answer.status() == ServingStatus::Serving
}

/// Waits until something holds, for at most half a minute.
async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..300 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("in vain: {what}");
}

/// Writes until the disk takes no more byte.
fn fill(file: &Path) {
    let mut file = std::fs::File::create(file).unwrap();
    let mut chunk = vec![1; 1 << 20];
    while !chunk.is_empty() {
        if file.write_all(&chunk).is_err() {
            chunk.truncate(chunk.len() / 2);
        }
        // Slowly enough for the service to be writing all the while.
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_filled_under_load_loses_nothing_and_the_service_recovers_alone() {
    let disk = match Disk::mount() {
        Ok(disk) => disk,
        Err(reason) => {
            eprintln!(
                "SKIPPED: no file system can be mounted here ({reason}); store_contract has the same with a told free space"
            );
            return;
        }
    };
    let (data, filler) = (disk.0.join("data"), disk.0.join("filler"));
    let settings = disk.1.path().join("settings.toml");
    let text = format!(
        "[store]\ncache_mib = 16\nmin_free_bytes = {}\nballast_bytes = {}\n",
        MIN_FREE_MIB << 20,
        BALLAST_MIB << 20
    );
    std::fs::write(&settings, text).unwrap();
    let arguments = ["--config", settings.to_str().unwrap()];
    let (server, channel) = start_with(&data, &arguments).await;
    let (province, reports) = submissions();
    let changes = province.changes.iter().map(change_to_wire).collect::<Option<_>>().unwrap();
    let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).apply_registry_changes(request).await.unwrap();

    // Four callers hand in reports until the service refuses, while the disk is filled.
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let refused = Arc::new(AtomicBool::new(false));
    let (mut reports, last) = (reports.clone(), reports.last().unwrap().clone());
    reports.pop();
    let callers: Vec<_> = (0..4)
        .map(|caller| {
            let part: Vec<_> = reports.iter().skip(caller).step_by(4).cloned().collect();
            let (channel, acknowledged, refused) = (channel.clone(), acknowledged.clone(), refused.clone());
            tokio::spawn(async move {
                for report in part {
                    match submit(&channel, &report).await {
                        Ok(()) => drop(acknowledged.lock().unwrap().insert(report.name)),
                        Err(status) => {
                            assert_eq!(status.code(), Code::Unavailable, "{status:?}");
                            let problem = huizong::grpc::problem_of_status(&status).unwrap();
                            assert_eq!(problem.reason().as_str_name(), "STORE_READ_ONLY");
                            assert!(problem.metadata.contains_key("free_bytes"), "{problem:?}");
                            refused.store(true, Ordering::SeqCst);
                            return;
                        }
                    }
                }
            })
        })
        .collect();
    let filling = tokio::task::spawn_blocking({
        let filler = filler.clone();
        move || fill(&filler)
    });
    for caller in callers {
        caller.await.unwrap();
    }
    filling.await.unwrap();
    assert!(refused.load(Ordering::SeqCst), "the reports did not last until the disk was full");
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > 100, "{} is little load", acknowledged.len());

    eventually("health says that writes are refused", || async { !serving(&channel).await }).await;
    for name in &acknowledged {
        read(&channel, name).await.unwrap();
    }
    assert_eq!(submit(&channel, &last).await.unwrap_err().code(), Code::Unavailable);

    // Space returns: nobody does anything else.
    std::fs::remove_file(&filler).unwrap();
    eventually("health says that writes are taken", || serving(&channel)).await;
    submit(&channel, &last).await.unwrap();

    // Full to the brim once more, and killed: the ballast is deleted, and the store opens with all that it had.
    tokio::task::spawn_blocking(move || fill(&filler)).await.unwrap();
    drop((server, channel));
    std::fs::remove_file(data.join("ballast")).unwrap();
    let (_server, channel) = start_with(&data, &arguments).await;
    for name in acknowledged.iter().chain([&last.name]) {
        read(&channel, name).await.unwrap();
    }
    println!("{} acknowledged until the disk was full", acknowledged.len());
}
