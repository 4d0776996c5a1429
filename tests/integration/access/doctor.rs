//! The doctor is right: of a sound installation it finds nothing wrong, and of each that is not, what is wrong and
//! nothing else, with what to do.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::SerialNumber;
use serde_json::Value;

use crate::access::certificates::lasting;
use crate::access::guarded::Authority;

/// Depends on where the tests run, and is none of theirs.
const OF_THE_MACHINE: &str = "file_system";

/// An installation in which everything is as it should be, until a test changes something.
struct Installation {
    folder: tempfile::TempDir,
    authority: Authority,
    settings: BTreeMap<&'static str, String>,
}

impl Installation {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("agencies");
        let path = |name: &str| format!("{:?}", folder.path().join(name));
        let settings = [
            ("listen", "\"127.0.0.1:0\"".to_owned()),
            ("admin_listen", "\"127.0.0.1:0\"".to_owned()),
            ("data_directory", path("data")),
            ("access.authentication", "true".to_owned()),
            ("tls.certificate", path("server.pem")),
            ("tls.key", path("server.key")),
            ("tls.client_ca", path("clients.pem")),
            ("tls.client_crl", path("clients.crl")),
        ];
        let installation = Self { folder, authority, settings: settings.into() };
        let (certificate, key) = lasting(&installation.authority, -10, 400);
        let pem = installation.authority.pem.clone();
        let list = list(&installation.authority, 2100);
        for (name, text) in
            [("server.pem", &certificate), ("server.key", &key), ("clients.pem", &pem), ("clients.crl", &list)]
        {
            installation.write(name, text);
        }
        installation.mode("server.key", 0o600);
        assert!(installation.run(&["credential", "bootstrap", "chief"]).status.success());
        installation
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let settings: String = self.settings.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        self.write("config.toml", &settings);
        let config = self.path("config.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
        // Nobody answers there: what a service of this machine says is none of theirs.
        command.env("HUIZONG_SERVER", "http://127.0.0.1:1");
        command.args(arguments).arg("--config").arg(config).output().unwrap()
    }

    /// Findings that are not good: what was looked at, how it is, what is said of it and what to do.
    fn examined(&self) -> Vec<[String; 4]> {
        let output = self.run(&["--format", "json", "doctor"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = report["checks"].as_array().unwrap();
        let found: Vec<_> = all
            .iter()
            .map(|finding| {
                for part in ["message", "remedy"] {
                    assert!(!text(&finding[part]["zh"]).is_empty() && !text(&finding[part]["en"]).is_empty());
                }
                [&finding["check"], &finding["state"], &finding["message"]["en"], &finding["remedy"]["en"]].map(text)
            })
            .filter(|[check, state, ..]| state != "ok" && check != OF_THE_MACHINE)
            .collect();
        let fault = found.iter().any(|[_, state, ..]| state == "fault");
        assert_eq!(output.status.code(), Some(i32::from(fault)), "{found:?}");
        found
    }

    /// That these are found, in this order, and nothing else.
    fn finds(&self, case: &str, expected: &[(&str, &str, &str, &str)]) {
        let found = self.examined();
        assert_eq!(found.len(), expected.len(), "{case}: {found:#?}");
        for ([check, state, message, remedy], (name, how, said, to_do)) in found.iter().zip(expected) {
            assert_eq!((check.as_str(), state.as_str()), (*name, *how), "{case}: {found:#?}");
            assert!(message.contains(said) && remedy.contains(to_do), "{case}: {found:#?}");
        }
    }
}

/// A list of revoked certificates that ends with a year.
fn list(authority: &Authority, year: i32) -> String {
    authority.list(rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2024, 1, 1),
        next_update: rcgen::date_time_ymd(year, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    })
}

#[test]
fn of_a_sound_installation_nothing_is_said() {
    Installation::new().finds("sound", &[]);
}

#[test]
fn whoever_reaches_the_service_is_told_of() {
    let mut installation = Installation::new();
    installation.settings.insert("admin_listen", "\"0.0.0.0:0\"".to_owned());
    installation.finds("open admin port", &[("admin_port", "warning", "0.0.0.0:0", "listen on 127.0.0.1")]);
    installation.settings.remove("admin_listen");
    installation.settings.insert("listen", "\"0.0.0.0:0\"".to_owned());
    installation.finds("public, and protected", &[]);
    installation.settings.retain(|key, _| !key.starts_with("tls."));
    installation.finds("public without TLS", &[("exposure", "fault", "there is no TLS", "tls.certificate")]);
    installation.settings.remove("access.authentication");
    installation.finds(
        "public without anything",
        &[
            ("exposure", "fault", "there is no TLS", "tls.certificate"),
            ("exposure", "fault", "there is no authentication", "access.authentication = true"),
        ],
    );
}

#[test]
fn a_port_that_another_program_has_is_named() {
    let mut installation = Installation::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    installation.settings.insert("listen", format!("\"{address}\""));
    installation.finds("port taken", &[("port", "fault", "listen", &format!("port {} with ss", address.port()))]);
    drop(other);
    installation.finds("port free", &[]);
}

#[test]
fn a_list_of_revocations_that_is_old_or_anothers_is_told_of() {
    let installation = Installation::new();
    installation.write("clients.crl", &list(&installation.authority, 2025));
    installation.finds("expired list", &[("client_crl", "fault", "expired at", "make the list anew")]);
    // Of the same name, and another key.
    installation.write("clients.crl", &list(&Authority::new("agencies"), 2100));
    installation.finds("another's list", &[("client_crl", "fault", "revokes nothing", "put it into")]);
    installation.write("clients.crl", "no list");
    installation.finds("no list", &[("client_crl", "fault", "no list of revoked", "check the path")]);
}

#[test]
fn keys_and_data_that_others_may_read_are_told_of() {
    let installation = Installation::new();
    installation.mode("data", 0o755);
    installation.finds("open folder", &[("privacy", "fault", "data (0755)", "chmod -R go=")]);
    installation.mode("data", 0o700);
    installation.mode("server.key", 0o644);
    installation.finds("open key of TLS", &[("tls_key_privacy", "fault", "server.key", "chmod o=")]);
    installation.mode("server.key", 0o640);
    installation.finds("the group is the service's", &[]);
    installation.mode("data/token-key", 0o644);
    installation.finds(
        "open key of tokens",
        &[("privacy", "fault", "token-key", "chmod -R go="), ("token_key", "fault", "others may read it", "token-key")],
    );
}

#[test]
fn files_of_another_user_are_told_of() {
    let installation = Installation::new();
    let owned = Command::new("chown").arg("12345").arg(installation.path("data/db")).output();
    if !owned.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: only root gives files away");
        return;
    }
    installation.finds("another's file", &[("owner", "fault", "db (uid 12345)", "chown -R 0")]);
}

#[test]
fn a_token_key_that_is_anothers_or_gone_is_told_of() {
    let (installation, other) = (Installation::new(), Installation::new());
    let key = installation.path("data/token-key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, std::fs::read(other.path("data/token-key")).unwrap()).unwrap();
    installation.finds("another's key", &[("token_key", "fault", "made with another key", "put the token-key")]);
    std::fs::remove_file(&key).unwrap();
    installation.finds("no key", &[("token_key", "fault", "is gone", "put the token-key")]);
    std::fs::write(&key, kept).unwrap();
    installation.mode("data/token-key", 0o600);
    installation.finds("its own key", &[]);
}

#[test]
fn a_store_without_an_administrator_or_without_a_folder_is_told_of() {
    let mut installation = Installation::new();
    let path = installation.path("new");
    installation.settings.insert("data_directory", format!("{path:?}"));
    installation.finds("no folder", &[("folder", "fault", "is not there", "huizong init")]);
    std::fs::create_dir(&path).unwrap();
    installation.finds("empty folder", &[("folder", "fault", "holds no store", "huizong init")]);
    assert!(installation.run(&["init"]).status.success());
    installation.finds("nobody yet", &[("administrators", "fault", "no security administrator", "bootstrap NAME")]);
    std::fs::remove_file(path.join("db")).unwrap();
    std::fs::remove_dir_all(path.join("log")).unwrap();
    installation.finds("remains", &[("folder", "fault", "its copy, db, are gone", "restore a backup")]);
}

#[test]
fn two_persons_are_not_asked_for_where_there_is_but_one() {
    let mut installation = Installation::new();
    installation.settings.insert("access.dual_control", "true".to_owned());
    installation.finds("one alone", &[("second_person", "fault", "there is no second", "--role auditor")]);
    let second = installation.run(&["credential", "bootstrap", "inspector", "--role", "auditor", "--code"]);
    assert!(second.status.success(), "{second:?}");
    installation.finds("two", &[]);
    let again = installation.run(&["credential", "bootstrap", "other", "--role", "auditor"]);
    assert_eq!(again.status.code(), Some(1), "there is one already: {again:?}");
}

#[test]
fn room_and_settings_are_told_of_and_nothing_that_follows_from_bad_ones() {
    let mut installation = Installation::new();
    installation.settings.insert("store.min_free_bytes", i64::MAX.to_string());
    installation.finds("nearly full", &[("disk_space", "fault", "writes are refused", "free or add space")]);
    installation.settings.remove("store.min_free_bytes");
    installation.settings.insert("limits.cals", "1".to_owned());
    installation.finds("unknown key", &[("configuration", "fault", "cals", "config.example.toml")]);
    installation.settings.remove("limits.cals");
    installation.settings.insert("tls.key", format!("{:?}", installation.path("none.key")));
    installation.finds("no key of TLS", &[("tls", "fault", "none.key", "check the path")]);
}

#[test]
fn backups_that_are_not_made_are_told_of() {
    let mut installation = Installation::new();
    let path = installation.path("backups");
    installation.settings.insert("backup.directory", format!("{path:?}"));
    installation.finds("none yet", &[("backups", "warning", "there is none", "why backups fail")]);
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("huizong-20250101T000000Z.backup"), "old").unwrap();
    installation.finds(
        "long ago, and on the same disk",
        &[
            ("backup_disk", "warning", "lie on the disk", "another disk"),
            ("backups", "warning", "2025", "why backups fail"),
        ],
    );
}

#[test]
fn a_store_that_is_cut_or_damaged_is_told_of() {
    type Harm = fn(&mut Vec<u8>, usize);
    let harms: [(&str, Harm); 2] =
        [("cut", |bytes, at| bytes.truncate(at)), ("damaged", |bytes, at| bytes[at] ^= 0x10)];
    for (case, harm) in harms {
        let installation = Installation::new();
        // Without its copy the log is all that there is.
        for name in ["data/db", "data/conf"] {
            std::fs::remove_file(installation.path(name)).unwrap();
        }
        let file = installation.path("data/log/00000000000000000001.log");
        let mut bytes = std::fs::read(&file).unwrap();
        let at = bytes.len() / 2;
        harm(&mut bytes, at);
        std::fs::write(&file, &bytes).unwrap();
        let found = installation.examined();
        let of_store = |[check, state, _, remedy]: &[String; 4]| {
            let is_of_store = check == "store" || check == "records_and_totals";
            is_of_store && state == "fault" && remedy.contains("backup")
        };
        assert!(found.iter().any(of_store), "{case}: {found:#?}");
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "{case}: it stays as it is");
    }
}

#[test]
fn of_a_service_that_runs_the_port_is_its_own() {
    let mut installation = Installation::new();
    let config = installation.path("config.toml");
    installation.settings.remove("admin_listen");
    // Another free port than the one that is listened on: of it nothing is said while the store is in service.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    installation.settings.insert("listen", format!("\"{}\"", other.local_addr().unwrap()));
    installation.run(&["--format", "json", "doctor"]);
    let mut serving = Command::new(env!("CARGO_BIN_EXE_huizong"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(config)
        .env("NO_COLOR", "1")
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = std::io::BufRead::lines(std::io::BufReader::new(serving.stderr.take().unwrap()));
    assert!(log.any(|line| line.unwrap().contains("address=")));
    let found = installation.examined();
    serving.kill().unwrap();
    serving.wait().unwrap();
    let names: Vec<_> = found.iter().map(|[check, state, ..]| (check.as_str(), state.as_str())).collect();
    assert_eq!(names, [("store", "skipped"), ("clock", "skipped")], "{found:#?}");
    assert!(Path::new(&installation.path("data")).exists());
}
