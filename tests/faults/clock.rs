//! The clock of the machine is set, forward and back, under the running program: nothing that had expired comes back,
//! time goes on, and it is told of in log, metrics and by the doctor.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use huizong::access::CLOCK;
use huizong::live::Live;
use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::store::{SledOptions, SledStore, Store as _};
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::program::{self, Settings, huizong};
use crate::{preload, support};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// The variable by which the library finds its file.
const FILE: &str = "HUIZONG_TEST_CLOCK";

/// A clock that can be set.
struct Clock {
    folder: tempfile::TempDir,
}

impl Clock {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        preload::compile("clock.c", folder.path()).unwrap();
        let clock = Self { folder };
        clock.set(0);
        clock
    }

    /// Ahead of the true time by so many seconds.
    fn set(&self, seconds: i64) {
        // Exchanged as a whole: the program reads it at any moment.
        let draft = self.folder.path().join("draft");
        std::fs::write(&draft, seconds.to_string()).unwrap();
        std::fs::rename(draft, self.folder.path().join("clock")).unwrap();
    }

    fn environment(&self) -> [(&'static str, std::ffi::OsString); 2] {
        let path = |name: &str| self.folder.path().join(name).into_os_string();
        [(preload::VARIABLE, path("preload.so")), (FILE, path("clock"))]
    }

    fn settings(&self, text: &str) -> Settings {
        let mut settings = Settings::default();
        settings.text.push_str(text);
        settings.environment.extend(self.environment());
        settings
    }

    /// What the doctor says of the clock: how it is, and in words.
    fn examined(&self, data: &Path) -> (String, String) {
        self.examined_online(data, "http://127.0.0.1:1")
    }

    /// The same, where a service may have the store open.
    fn examined_online(&self, data: &Path, server: &str) -> (String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
        command.args(["--server", server, "--format", "json", "doctor", "--data", data.to_str().unwrap()]);
        command.envs(self.environment());
        let report: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let finding = checks.iter().find(|finding| finding["check"] == "clock").unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        (text(&finding["state"]), text(&finding["message"]["en"]))
    }
}

/// Who the service takes the holder of a token to be.
async fn whoami(channel: &Channel, token: &str) -> Result<String, Status> {
    let mut request = Request::new(pb::GetCallerRequest {});
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    Ok(AccessServiceClient::new(channel.clone()).get_caller(request).await?.into_inner().principal)
}

async fn is_expired(channel: &Channel, token: &str) -> bool {
    match whoami(channel, token).await {
        Ok(_) => false,
        Err(status) => support::problem(&status).reason() == pb::ErrorReason::CredentialExpired,
    }
}

pub fn nothing_that_had_expired_comes_back() {
    program::block_on(async {
        let clock = Clock::new();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let made = huizong(&["credential", "bootstrap", "chief", "--days", "1", "--data", data.to_str().unwrap()]);
        let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let settings = clock.settings("[access]\nauthentication = true\n");
        let (server, channel) = program::start(&data, &settings).await;
        assert_eq!(whoami(&channel, &token).await.unwrap(), "chief");
        clock.set(25 * HOUR);
        assert!(is_expired(&channel, &token).await);
        // Back by two hours, to before the token expired.
        clock.set(23 * HOUR);
        assert!(is_expired(&channel, &token).await, "it lives again");
        tokio::time::sleep(Duration::from_secs(3)).await;
        let told = server.logged("the clock of this machine was set");
        assert!(!told.is_empty() && !server.logged("behind the journal").is_empty(), "{told:?}");
        let mut server = server;
        server.terminate();
        tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
        let store = SledStore::open(&SledOptions::new(&data), Arc::<Live>::default()).unwrap();
        let entries = store.journal(0, 1000).unwrap().into_iter();
        let told: Vec<_> = entries.filter(|entry| entry.action == CLOCK).map(|entry| entry.detail).collect();
        for words in ["the clock was set by ", "behind the newest entry"] {
            assert!(told.iter().any(|told| told.contains(words)), "{words}: {told:?}");
        }
        drop(store);
        let (_server, channel) = program::start(&data, &settings).await;
        assert!(is_expired(&channel, &token).await, "it lives again after a start");
    });
}

async fn create(channel: &Channel, code: &str) {
    let jurisdiction = pb::Jurisdiction {
        name: format!("jurisdictions/{code}"),
        display_name: code.to_owned(),
        level: pb::Level::Province.into(),
        first_year: 2019,
        ..Default::default()
    };
    let request =
        pb::CreateJurisdictionRequest { jurisdiction: Some(jurisdiction), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(channel.clone()).create_jurisdiction(request).await.unwrap();
}

pub fn time_goes_on_and_the_doctor_tells_of_it() {
    program::block_on(async {
        let clock = Clock::new();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (mut server, channel) = program::start(&data, &clock.settings("")).await;
        clock.set(DAY);
        create(&channel, "110000").await;
        clock.set(0);
        for code in ["120000", "130000", "140000"] {
            tokio::time::sleep(Duration::from_millis(300)).await;
            create(&channel, code).await;
        }
        let request =
            pb::ListJournalRequest { page_size: 10, action: "registry.apply".to_owned(), ..Default::default() };
        let entries =
            JournalServiceClient::new(channel.clone()).list_journal(request).await.unwrap().into_inner().entries;
        let times: Vec<f64> = entries
            .iter()
            .map(|entry| entry.time.as_ref().unwrap())
            .map(|time| time.seconds as f64 + f64::from(time.nanos) / 1e9)
            .collect();
        for pair in times.windows(2) {
            let later = pair[1] - pair[0];
            assert!(later > 0.25 && later < 30.0, "receipts are dated {times:?}");
        }
        // The service itself says so to the doctor, as the store cannot be looked into.
        let (state, said) = clock.examined_online(&data, &server.url);
        assert_eq!(state, "fault", "{said}");
        server.terminate();
        tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
        let (state, said) = clock.examined(&data);
        assert!(state == "fault" && said.contains("before the newest journal entry"), "{state}: {said}");
        clock.set(DAY + HOUR);
        assert_eq!(clock.examined(&data).0, "ok");
        clock.set(400 * DAY);
        let (state, said) = clock.examined(&data);
        assert!(state == "warning" && said.contains("399 days after"), "{state}: {said}");
    });
}
