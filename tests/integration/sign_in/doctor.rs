//! The doctor says whether people can sign in with the provider.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use super::set_up::SetUp;

/// What the doctor finds of the provider: what was looked at, how it is, and what is said.
fn found(set_up: &SetUp) -> Vec<(String, String, String)> {
    let config = set_up.program.folder().join("config.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_huizong"))
        .args(["--format", "json", "doctor", "--config", config.to_str().unwrap()])
        .env("HUIZONG_SERVER", format!("http://127.0.0.1:{}", set_up.program.port()))
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let checks = report["checks"].as_array().unwrap().iter();
    let of_provider = checks.filter(|check| check["check"].as_str().unwrap().starts_with("identity"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_provider.map(|check| (text(&check["check"]), text(&check["state"]), text(&check["message"]["en"]))).collect()
}

#[test]
fn the_doctor_asks_the_provider_and_looks_at_its_secret() {
    let set_up = SetUp::start();
    let secret = set_up.program.folder().join("secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    let of = |check: &str, state: &str| {
        let found = found(&set_up);
        let one = found.iter().find(|(name, ..)| name == check).cloned();
        let (_, how, message) = one.unwrap_or_else(|| panic!("no {check} among {found:?}"));
        assert_eq!(how, state, "{message}");
        message
    };
    of("identity_provider", "ok");
    assert_eq!(found(&set_up).len(), 1);
    set_up.provider.conduct().document = json!({"issuer": "https://other.example"});
    assert!(of("identity_provider", "fault").contains("https://other.example"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(of("identity_secret_privacy", "fault").contains("secret"));
    std::fs::remove_file(&secret).unwrap();
    assert!(of("identity_provider", "fault").contains("client_secret_file"));
}
