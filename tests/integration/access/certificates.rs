//! What the doctor says of certificates before clients are turned away.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use jiff::tz::Offset;
use rcgen::CertificateParams;
use serde_json::Value;

use crate::access::guarded::Authority;

/// A certificate for the server that begins and ends so many days from now.
pub fn lasting(authority: &Authority, begins: i64, ends: i64) -> (String, String) {
    let day = |days: i64| {
        let at = Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let date = Offset::UTC.to_datetime(at).date();
        let part = |number: i8| u8::try_from(number).unwrap();
        rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (day(begins), day(ends));
    let issued = authority.issue(params);
    (issued.certificate, issued.key)
}

/// An installation with a store and settings for TLS.
struct Installation(tempfile::TempDir);

impl Installation {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let [certificate, key, client_ca] = ["server.pem", "server.key", "clients.pem"].map(path);
        let settings = format!(
            "listen = \"127.0.0.1:0\"\n[tls]\ncertificate = {certificate:?}\nkey = {key:?}\nclient_ca = {client_ca:?}\n"
        );
        std::fs::write(path("config.toml"), settings).unwrap();
        let installation = Self(folder);
        assert!(installation.huizong(&["credential", "bootstrap", "chief"]).0);
        installation
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, pem: &str) {
        std::fs::write(self.path(name), pem).unwrap();
        // A key that everyone may read is a fault of its own.
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Whether the program succeeds, and what it prints.
    fn huizong(&self, arguments: &[&str]) -> (bool, Vec<u8>) {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let output = Command::new(env!("CARGO_BIN_EXE_huizong"))
            .args(arguments)
            .args(["--config", &text(&self.path("config.toml")), "--data", &text(&self.path("data"))])
            .output()
            .unwrap();
        (output.status.success(), output.stdout)
    }

    /// Whether the doctor finds no fault, and its findings, in both languages.
    fn examined(&self) -> (bool, BTreeMap<String, Value>) {
        let (success, printed) = self.huizong(&["--format", "json", "doctor"]);
        let report: Value = serde_json::from_slice(&printed).unwrap();
        let findings = report["checks"].as_array().unwrap().iter().map(|finding| {
            for part in ["message", "remedy"] {
                for language in ["zh", "en"] {
                    assert!(!finding[part][language].as_str().unwrap().is_empty(), "{finding}");
                }
            }
            (finding["check"].as_str().unwrap().to_owned(), finding.clone())
        });
        (success, findings.collect())
    }
}

#[test]
fn the_doctor_tells_of_certificates_before_and_after_they_end_and_what_to_do() {
    let installation = Installation::new();
    let authority = Authority::new("agencies");
    let other = Authority::new("other");
    let (good, key) = lasting(&authority, -10, 400);
    let (_, other_key) = lasting(&authority, -10, 400);
    let (ending, ending_key) = lasting(&authority, -300, 20);
    let (ended, ended_key) = lasting(&authority, -300, -2);
    let (early, early_key) = lasting(&authority, 10, 400);
    let (old_authority, _) = lasting(&other, -300, -2);
    let not_pem = "no certificate".to_owned();
    // Certificate, key, authority of clients; the finding about it, how bad, what is said of it and what to do.
    for (certificate, key, client_ca, finding, state, message, remedy) in [
        (&good, &key, &authority.pem, "tls", "ok", "belong together", "nothing"),
        (&good, &key, &authority.pem, "server_certificate", "ok", "is valid until", "nothing"),
        (&good, &key, &authority.pem, "client_ca", "ok", "CN=agencies is valid until", "nothing"),
        (&ending, &ending_key, &authority.pem, "server_certificate", "warning", "expires at", "put a new certificate"),
        (&ended, &ended_key, &authority.pem, "server_certificate", "fault", "expired at", "put a new certificate"),
        (&early, &early_key, &authority.pem, "server_certificate", "fault", "not valid before", "check the clock"),
        (&good, &other_key, &authority.pem, "tls", "fault", "does not belong", "put the key of the first"),
        (&not_pem, &key, &authority.pem, "tls", "fault", "server.pem", "check the path"),
        (&good, &not_pem, &authority.pem, "tls", "fault", "server.key", "check the path"),
        (&good, &key, &not_pem, "tls", "fault", "clients.pem", "check the path"),
        (&good, &key, &old_authority, "client_ca", "warning", "expired at", "have client certificates issued anew"),
    ] {
        installation.write("server.pem", certificate);
        installation.write("server.key", key);
        installation.write("clients.pem", client_ca);
        let (success, findings) = installation.examined();
        let found = &findings[finding];
        let says = |part: &str, text: &str| found[part]["en"].as_str().unwrap().contains(text);
        assert_eq!(found["state"], state, "{found}");
        assert!(says("message", message) && says("remedy", remedy), "{found}");
        assert_eq!(success, state != "fault", "{findings:#?}");
    }
    std::fs::remove_file(installation.path("server.key")).unwrap();
    let (success, findings) = installation.examined();
    assert!(!success && findings["tls"]["message"]["zh"].as_str().unwrap().contains("server.key"), "{findings:#?}");
}
