//! A folder without a store is not silently a new one, what is left of a store is told of, and nobody but its owner
//! reads it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::program::Program;

const JSON: &str = "[log]\njson = true\n";
const MUST_EXIST: &str = "[store]\nmust_exist = true\n";

fn huizong(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What `serve` says where it does not start.
fn refused(folder: &Path, settings: &str) -> String {
    let config = folder.with_extension("toml");
    std::fs::write(&config, settings).unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--config", text(&config), "--data", text(folder)];
    let output = huizong(&arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_store_is_refused_where_one_must_exist_until_init_makes_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("store");
    let missing = refused(&data, MUST_EXIST);
    assert!(missing.contains("huizong init") && missing.contains("没有数据库"), "{missing}");
    assert!(!data.exists(), "nothing is made");
    std::fs::create_dir(&data).unwrap();
    assert!(refused(&data, MUST_EXIST).contains("store.must_exist"));
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0, "nothing is made");
    let made = huizong(&["init", "--data", text(&data)]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    assert!(String::from_utf8_lossy(&made.stdout).contains("a new store was made"));
    let again = huizong(&["init", "--data", text(&data)]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing was changed"), "{again:?}");
    let program = Program::configured(folder, &format!("{MUST_EXIST}{JSON}"), "127.0.0.1:0", &[]);
    assert!(!program.log().iter().any(|line| line.contains("a new store was made")));
    assert!(program.get("/metrics").1.contains("huizong_store_new 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_store_is_announced_in_log_status_and_metrics() {
    let program = Program::configured(TempDir::new().unwrap(), JSON, "127.0.0.1:0", &[]);
    assert!(program.log().iter().any(|line| line.contains("a new store was made")));
    assert!(program.get("/metrics").1.contains("huizong_store_new 1"));
    let mut operations = OperationsServiceClient::new(program.channel().await);
    let status = operations.get_status(pb::GetStatusRequest::default()).await.unwrap().into_inner();
    assert!(status.new_store && status.clock_time.is_some());
}

#[test]
fn what_is_left_of_a_store_without_its_data_is_never_taken_for_a_new_one() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("store");
    assert!(huizong(&["init", "--data", text(&data)]).status.success());
    // The log has no file yet.
    std::fs::remove_file(data.join("db")).unwrap();
    let files = || std::fs::read_dir(&data).unwrap().count();
    let before = files();
    let said = refused(&data, "");
    for part in ["token-key", "acknowledged", "restore a backup", "日志 log 与其副本 db 均已不在"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(huizong(&["init", "--data", text(&data)]).status.code(), Some(1));
    assert_eq!(files(), before, "nothing is made");
    for name in ["totals", "token-key"] {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join(name), "left").unwrap();
        assert!(refused(&data, "").contains(name));
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn nobody_but_its_owner_reads_a_store_or_a_backup_whatever_the_shell_allows() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("store");
    let program = env!("CARGO_BIN_EXE_huizong");
    let with_open_hand = |command: String| {
        let ended = Command::new("sh").args(["-c", &format!("umask 000; {command}")]).status().unwrap();
        assert!(ended.success(), "{command}");
    };
    with_open_hand(format!("{program} init --data {}", text(&data)));
    let all_private = |folder: &Path| {
        assert_eq!(mode(folder), 0o700);
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{}", path.display());
        }
    };
    all_private(&data);
    // A store that was made when more was allowed.
    for name in ["db", "conf", "acknowledged"] {
        std::fs::set_permissions(data.join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    with_open_hand(format!("{program} init --data {}", text(&data)));
    all_private(&data);
    let serving = Program::configured(folder, JSON, "127.0.0.1:0", &[]);
    let backup = serving.folder().join("a.backup");
    let server = format!("http://127.0.0.1:{}", serving.port());
    with_open_hand(format!("{program} --server {server} backup --output {}", text(&backup)));
    assert_eq!(mode(&backup), 0o600);
    let restored = serving.folder().join("restored");
    with_open_hand(format!("{program} restore {} --accept-older-access --data {}", text(&backup), text(&restored)));
    all_private(&restored);
}

/// Makes a token, with the service asking nobody who they are.
async fn make_token(program: &Program) {
    let expires = Timestamp::now().checked_add(SignedDuration::from_hours(24)).unwrap();
    let credential =
        pb::Credential { expire_time: Some(huizong::wire::timestamp_to_wire(expires)), ..Default::default() };
    let request = pb::CreateEnrolmentRequest {
        parent: "principals/operator".to_owned(),
        credential: Some(credential),
        allow_missing: true,
    };
    let mut operations = AccessServiceClient::new(program.channel().await);
    let code = operations.create_enrolment(request).await.unwrap().into_inner().code;
    operations.exchange_enrolment(pb::ExchangeEnrolmentRequest { code, ..Default::default() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_key_that_was_lost_or_exchanged_is_told_of_at_the_start() {
    let told = |program: &Program| program.log().iter().any(|line| line.contains("another token-key are refused"));
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    assert!(huizong(&["init", "--data", text(other.path())]).status.success());
    let program = Program::configured(folder, JSON, "127.0.0.1:0", &[]);
    make_token(&program).await;
    let folder = program.stop();
    let program = Program::configured(folder, JSON, "127.0.0.1:0", &[]);
    assert!(!told(&program), "nothing is amiss");
    let folder = program.stop();
    let key = folder.path().join("store/token-key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let program = Program::configured(folder, JSON, "127.0.0.1:0", &[]);
    assert!(told(&program), "it was lost");
    assert!(program.get("/metrics").1.contains("huizong_tokens_of_another_key 1"));
    let folder = program.stop();
    std::fs::copy(other.path().join("token-key"), &key).unwrap();
    let program = Program::configured(folder, JSON, "127.0.0.1:0", &[]);
    assert!(told(&program), "it was exchanged");
    let folder = program.stop();
    std::fs::write(&key, kept).unwrap();
    assert!(!told(&Program::configured(folder, JSON, "127.0.0.1:0", &[])), "it was put back");
}

async fn create(program: &Program, code: &str) -> Result<(), tonic::Status> {
    let jurisdiction = pb::Jurisdiction {
        name: format!("jurisdictions/{code}"),
        display_name: code.to_owned(),
        level: pb::Level::Province.into(),
        first_year: 2019,
        ..Default::default()
    };
    let request =
        pb::CreateJurisdictionRequest { jurisdiction: Some(jurisdiction), validate_only: false, ..Default::default() };
    RegistryServiceClient::new(program.channel().await).create_jurisdiction(request).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_file_that_is_deleted_under_the_service_is_said_to_be_gone_and_how_to_get_it_back() {
    let program = Program::configured(TempDir::new().unwrap(), JSON, "127.0.0.1:0", &[]);
    create(&program, "110000").await.unwrap();
    let file = program.folder().join("store/log").read_dir().unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(&file).unwrap();
    create(&program, "120000").await.unwrap_err();
    let mut operations = OperationsServiceClient::new(program.channel().await);
    let status = operations.get_status(pb::GetStatusRequest::default()).await.unwrap().into_inner();
    let problem = status.problem.clone().unwrap_or_default().en;
    assert!(!status.writable && problem.contains("was deleted"), "{status:?}");
    let open = problem.split_whitespace().find(|word| word.starts_with("/proc/")).unwrap();
    std::fs::copy(open, &file).unwrap();
    let program = Program::configured(program.stop(), JSON, "127.0.0.1:0", &[]);
    let mut registry = RegistryServiceClient::new(program.channel().await);
    let request = pb::GetJurisdictionRequest { name: "jurisdictions/110000".to_owned() };
    registry.get_jurisdiction(request).await.unwrap();
    create(&program, "130000").await.unwrap();
}
