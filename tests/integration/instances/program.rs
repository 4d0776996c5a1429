//! The program as several processes over one PostgreSQL: asked through their doors, killed, stopped, moved in and out.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::pb::{self, registry_service_client::RegistryServiceClient};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::store_contract::samples::{OpenShared, new_folder};
use crate::support::postgres::Postgres;
use crate::support::process::{Server, command, launch};
use crate::support::{AGENCIES, PROVINCE, YEAR, count, problem, question, report, small_registry, submission};

pub(super) fn program(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).env("HUIZONG_LANG", "en").output();
    output.unwrap()
}

pub(super) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A shared store with its keys.
pub(super) struct Shared {
    pub(super) url: String,
    pub(super) keys: TempDir,
}

impl Shared {
    pub(super) fn new(server: &Postgres) -> Self {
        let ((url, _), keys) = (server.schema(), new_folder());
        let made = program(&["store", "init", &url, "--keys", keys.path().to_str().unwrap()]);
        assert!(made.status.success(), "{}", said(&made));
        Self { url, keys }
    }

    pub(super) fn settings(&self) -> String {
        format!(
            "[store]\nurl = \"{}\"\nkeys_directory = \"{}\"\nwithout_standby = true\npoll_ms = 20\nmin_free_bytes = \
             0\nballast_bytes = 0\npatience_seconds = 4\n",
            self.url,
            self.keys.path().display()
        )
    }

    /// An instance in a process of its own.
    pub(super) async fn serve(&self, folder: &Path) -> Result<Instance, String> {
        self.serve_with(folder, "").await
    }

    /// The same with further settings.
    pub(super) async fn serve_with(&self, folder: &Path, settings: &str) -> Result<Instance, String> {
        let config = folder.join("config.toml");
        std::fs::write(&config, self.settings() + settings).unwrap();
        let data = folder.join("copy");
        let (process, channel) = launch(&mut command(&data, &["--config", config.to_str().unwrap()])).await?;
        Ok(Instance { process, channel })
    }
}

pub(super) struct Instance {
    pub(super) process: Server,
    pub(super) channel: Channel,
}

impl Instance {
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.process.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Hands in a report; the position that the answer tells.
    pub(super) async fn submit(&self, agency: &str, requests: i64) -> Result<String, Status> {
        let request = submission(report(agency, requests));
        let answer = ReportServiceClient::new(self.channel.clone()).submit_report(request).await?;
        Ok(position(answer.metadata()))
    }

    /// Requests received in the province, as of that position at least, and the one that the answer tells.
    pub(super) async fn received(&self, at_least: &str) -> Result<(i64, String), Status> {
        let mut request = Request::new(question(PROVINCE, YEAR, "requests.received", &[]));
        request.metadata_mut().insert("huizong-at-least", at_least.parse().unwrap());
        let answer = RollupServiceClient::new(self.channel.clone()).query_rollup(request).await?;
        let at = position(answer.metadata());
        Ok((count(&answer.into_inner().totals[0]), at))
    }
}

pub(super) fn position(metadata: &tonic::metadata::MetadataMap) -> String {
    metadata.get("huizong-position").expect("every answer tells it").to_str().unwrap().to_owned()
}

pub(super) async fn register(instance: &Instance) {
    let request =
        pb::ApplyRegistryChangesRequest { changes: small_registry(), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(instance.channel.clone()).apply_registry_changes(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_brings_a_position_reads_it_at_any_instance_and_one_that_dies_is_not_missed() {
    let Some(server) = Postgres::common() else { return };
    let (shared, folders) = (Shared::new(server), [new_folder(), new_folder()]);
    let one = shared.serve(folders[0].path()).await.unwrap();
    let two = shared.serve(folders[1].path()).await.unwrap();
    register(&one).await;
    let mut total = 0;
    for (round, agency) in AGENCIES[..4].iter().enumerate() {
        let (at, other) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let stored = at.submit(agency, round as i64 * 10 + 1).await.unwrap();
        total += round as i64 * 10 + 1;
        let (received, seen) = other.received(&stored).await.unwrap();
        assert_eq!(received, total, "{agency}");
        assert_eq!(at.received(&seen).await.unwrap().0, total);
        assert_eq!(one.received("newest").await.unwrap().0, two.received("newest").await.unwrap().0);
    }
    // What was never there is waited for and then told; what is another entry is told at once.
    let later = one.received("999999").await.unwrap_err();
    assert_eq!((later.code(), problem(&later).reason().as_str_name()), (Code::Unavailable, "STORE_UNAVAILABLE"));
    let other = one.received("1-0000000000000000").await.unwrap_err();
    assert_eq!(problem(&other).reason().as_str_name(), "STORE_UNAVAILABLE");
    let none = one.received("yesterday").await.unwrap_err();
    assert_eq!(none.code(), Code::InvalidArgument);
    // One is killed: the other goes on at once, and it comes back to the same.
    one.signal("KILL");
    let stored = two.submit("agencies/province-office", 7).await.unwrap();
    total += 7;
    assert_eq!(two.received(&stored).await.unwrap().0, total);
    drop(one);
    let one = shared.serve(folders[0].path()).await.unwrap();
    assert_eq!(one.received(&stored).await.unwrap().0, total);
    // One is stopped in its tracks: it holds nobody up, and answers what is true when it goes on.
    one.signal("STOP");
    let stored = two.submit("agencies/province-bureau", 5).await.unwrap();
    total += 5;
    one.signal("CONT");
    assert_eq!(one.received(&stored).await.unwrap().0, total);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_has_shown_what_is_gone_ends_and_starts_anew() {
    let Some(server) = Postgres::start("") else { return };
    let (shared, folder) = (Shared::new(&server), new_folder());
    let mut one = shared.serve(folder.path()).await.unwrap();
    register(&one).await;
    let stored = one.submit("agencies/city-office", 3).await.unwrap();
    server.program("pg_basebackup -h {at} -U huizong -D {at}/older --no-sync -c fast");
    one.submit("agencies/county-office", 4).await.unwrap();
    server.kill("data");
    server.up("older");
    let mut one_process = one.process;
    let ended = tokio::task::spawn_blocking(move || (one_process.wait(), one_process));
    let (code, process) = tokio::time::timeout(Duration::from_secs(60), ended).await.expect("it ends").unwrap();
    assert_eq!(code, Some(1), "{:?}", process.logged("must be started anew"));
    one = shared.serve(folder.path()).await.unwrap();
    assert_eq!(one.received(&stored).await.unwrap().0, 3, "what the journal has");
    assert!(!one.process.logged("they are kept in a file").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_without_the_common_keys_or_the_tables_says_what_to_do() {
    let Some(open) = OpenShared::new() else { return };
    let folder = new_folder();
    let shared = Shared { url: open.engine.url().to_owned(), keys: new_folder() };
    let log = shared.serve(folder.path()).await.err().expect("it has no keys");
    assert!(log.contains("huizong store init --keys"), "{log}");
    let (url, _) = Postgres::common().unwrap().schema();
    let status = program(&["store", "status", &url, "--without-standby"]);
    assert!(!status.status.success() && said(&status).contains("huizong store init"), "{}", said(&status));
    let made = program(&["store", "init", &url]);
    let again = program(&["store", "init", &url]);
    assert!(made.status.success() && !again.status.success(), "{}", said(&again));
    let status = program(&["store", "status", &url, "--without-standby", "--format", "json"]);
    assert!(status.status.success() && said(&status).contains("\"sequence\":0"), "{}", said(&status));
    let status = program(&["store", "status", &url]);
    assert!(said(&status).contains("synchronous_standby_names is empty") && !status.status.success());
    let refused = program(&["store", "status", "postgres://huizong:sesame@127.0.0.1/huizong"]);
    assert!(refused.status.code() == Some(2) && !said(&refused).contains("sesame"), "{}", said(&refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_moved_to_a_shared_one_and_back_with_all_that_is_in_it() {
    let Some(server) = Postgres::common() else { return };
    let (own, back, folder) = (new_folder(), new_folder(), new_folder());
    let data = own.path().to_str().unwrap();
    {
        let (process, channel) = crate::support::process::start(own.path()).await;
        let one = Instance { process, channel };
        register(&one).await;
        one.submit("agencies/city-office", 3).await.unwrap();
        one.process.terminate();
        let mut process = one.process;
        tokio::task::spawn_blocking(move || process.wait()).await.unwrap();
    }
    let shared = Shared::new(server);
    let moved = program(&["store", "move", data, &shared.url, "--without-standby"]);
    assert!(moved.status.success(), "{}", said(&moved));
    let again = program(&["store", "move", data, &shared.url, "--without-standby"]);
    assert!(!again.status.success() && said(&again).contains("is not empty"), "{}", said(&again));
    let one = shared.serve(folder.path()).await.unwrap();
    let stored = one.submit("agencies/county-office", 4).await.unwrap();
    assert_eq!(one.received(&stored).await.unwrap().0, 7);
    drop(one);
    let there = back.path().join("store");
    let moved = program(&["store", "move", &shared.url, there.to_str().unwrap(), "--without-standby"]);
    assert!(moved.status.success(), "{}", said(&moved));
    let (process, channel) = crate::support::process::start(&there).await;
    let one = Instance { process, channel };
    assert_eq!(one.received(&stored).await.unwrap().0, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_looks_at_a_shared_store_and_says_what_is_wrong() {
    let Some(server) = Postgres::common() else { return };
    let (shared, folder) = (Shared::new(server), new_folder());
    let (config, copy) = (folder.path().join("config.toml"), folder.path().join("copy"));
    let doctor = |settings: &str| -> BTreeMap<String, (String, String)> {
        std::fs::write(&config, settings).unwrap();
        let arguments = ["doctor", "--config", config.to_str().unwrap(), "--data", copy.to_str().unwrap()];
        let done = program(&[&arguments[..], &["--format", "json"]].concat());
        let told: serde_json::Value =
            serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", said(&done)));
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let checks = told["checks"].as_array().unwrap().iter();
        let told: BTreeMap<_, _> = checks
            .map(|one| {
                let words = format!("{} {}", text(&one["message"]["en"]), text(&one["remedy"]["en"]));
                (text(&one["check"]), (text(&one["state"]), words))
            })
            .collect();
        let has_fault = told.values().any(|(state, _)| state == "fault");
        assert_eq!(done.status.success(), !has_fault, "{told:?}");
        told
    };
    let expect = |told: &BTreeMap<String, (String, String)>, check: &str, state: &str, words: &str| {
        let (found, said) = &told[check];
        assert!(found == state && said.contains(words), "{check}: {found} {said}");
    };
    let settings = shared.settings();
    let told = doctor(&settings);
    expect(&told, "shared_store", "ok", "ends at entry 0");
    expect(&told, "shared_store_durability", "warning", "synchronous_standby_names");
    expect(&told, "shared_keys", "ok", "the same everywhere");
    let told = doctor(&settings.replace("without_standby = true", "without_standby = false"));
    expect(&told, "shared_store_durability", "fault", "synchronous_standby_names is empty");
    expect(&told, "shared_store_standbys", "warning", "every write waits");
    let told = doctor(&settings.replace("keys_directory = \"", "keys_directory = \"/nowhere"));
    expect(&told, "shared_keys", "fault", "lacks token-key, signing-key");
    let (other, _) = server.schema();
    let told = doctor(&settings.replace(&shared.url, &other));
    expect(&told, "shared_store", "fault", "huizong store init");
    // A copy in the folder, or a service that has it open, changes nothing of that.
    let one = shared.serve(folder.path()).await.unwrap();
    register(&one).await;
    let told = doctor(&settings);
    assert!(told.values().all(|(state, _)| state != "fault"), "{told:?}");
    let conditions = pb::GetStatusRequest { with_conditions: true };
    let status = OperationsServiceClient::new(one.channel.clone()).get_status(conditions).await.unwrap().into_inner();
    let shared = status.conditions.iter().find(|condition| condition.check == "shared_store").expect("it says so");
    assert_eq!(shared.state(), pb::ConditionState::Good, "{shared:?}");
}
