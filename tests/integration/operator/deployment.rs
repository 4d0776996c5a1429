//! What is deployed: settings in images and manifests, and that the program serves with them.

use std::path::Path;
use std::process::{Command, Output};

use clap::Parser as _;
use huizong::cli::Arguments;
use huizong::config::Config;
use tempfile::TempDir;

use super::documents::{read, root};
use super::program::Program;

/// The manifest that every overlay builds on, and what comes with it.
const MANIFEST: &str = "deploy/kubernetes/base/huizong.yaml";
const BACKUPS: &str = "deploy/kubernetes/components/backups/backups.yaml";
const SERVICE_MONITOR: &str = "deploy/kubernetes/components/service-monitor/service-monitor.yaml";
/// Several of them over one journal.
const INSTANCES: &str = "deploy/kubernetes/overlays/instances/instances.yaml";
const OVERLAYS: [&str; 3] = [
    "deploy/kubernetes/overlays/trial",
    "deploy/kubernetes/overlays/production",
    "deploy/kubernetes/overlays/instances",
];

/// The folder of certificates and the folder of the store in images.
const CERTIFICATES: &str = "/etc/huizong/tls/";
const STORE: &str = "/var/lib/huizong/store";

/// The settings in the manifest's ConfigMap.
fn config_map() -> String {
    let manifest = read(MANIFEST);
    let config = manifest.split("config.toml: |\n").nth(1).unwrap().split("---").next().unwrap();
    config.lines().map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn settings_in_deployments_are_settings_there_are() {
    let manifest = read(MANIFEST);
    for settings in [read("deploy/container.toml"), config_map()] {
        let config = toml::from_str::<Config>(&settings).unwrap();
        assert_eq!(config.data_directory, Path::new(STORE));
        for file in [&config.tls.certificate, &config.tls.key] {
            let name = file.to_str().unwrap().strip_prefix(CERTIFICATES).unwrap();
            assert!(manifest.contains(&format!("path: tls/{name}\n")), "{name} is not mounted");
        }
        for port in [config.listen.port(), config.admin_listen.unwrap().port()] {
            assert!(manifest.contains(&format!("containerPort: {port}\n")), "{port}");
            for image in ["deploy/Dockerfile", "deploy/Dockerfile.scratch"] {
                let exposed = |line: &str| line.starts_with("EXPOSE ") && line.contains(&port.to_string());
                assert!(read(image).lines().any(exposed), "{image}: {port}");
            }
        }
    }
    assert!(read("deploy/prometheus/prometheus.yml").contains("huizong:7412"));
}

#[test]
fn settings_of_several_instances_are_settings_there_are_and_their_files_are_mounted() {
    let (overlay, manifest) = (read("deploy/kubernetes/overlays/instances/kustomization.yaml"), read(INSTANCES));
    let config = overlay.split("value: |\n").nth(1).unwrap().split("\n  #").next().unwrap();
    let config: String = config.lines().map(|line| format!("{}\n", line.trim())).collect();
    let config = toml::from_str::<Config>(&config).unwrap();
    assert!(config.store.is_shared() && config.access.authentication);
    let keys = ["token-key", "signing-key"].map(|key| config.store.keys_directory.join(key));
    let files = [&config.tls.certificate, &config.tls.key, &config.store.password_file, &config.store.ca];
    for file in files.into_iter().chain(&keys) {
        let name = file.strip_prefix("/etc/huizong").unwrap().to_str().unwrap();
        assert!(manifest.contains(&format!("path: {name}\n")), "{name} is not mounted");
    }
}

/// A folder with a certificate for this machine, and its key.
fn with_certificate() -> TempDir {
    let folder = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    folder
}

/// Serves with settings of a deployment, to every address as there; certificates are in `folder`.
fn serve(settings: &str, folder: TempDir) -> Program {
    let of_folder = format!("{}/", folder.path().display());
    let data = folder.path().join("store");
    let made = Command::new(env!("CARGO_BIN_EXE_huizong")).args(["init", "--data"]).arg(&data).status().unwrap();
    assert!(made.success());
    Program::configured(folder, &settings.replace(CERTIFICATES, &of_folder), "0.0.0.0:0", &[])
}

/// Runs a command as someone beside the service.
fn huizong(program: &Program, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    for name in ["HUIZONG_TOKEN", "HUIZONG_TOKEN_FILE", "HUIZONG_PRINCIPAL"] {
        command.env_remove(name);
    }
    command.env("HUIZONG_SERVER", format!("https://localhost:{}", program.port()));
    command.env("HUIZONG_CA", program.folder().join("tls.crt"));
    command.args(arguments).output().unwrap()
}

/// Probes, health checks and metrics work, and calls are protected.
fn is_ready_and_protected(program: &Program) {
    assert_eq!(program.get("/readyz"), (200, "ok\n".to_owned()));
    assert!(program.get("/metrics").1.contains("huizong_store_writable 1"));
    let probe = huizong(program, &["healthcheck", "--admin", program.admin()]);
    assert_eq!((probe.status.code(), String::from_utf8_lossy(&probe.stdout).trim()), (Some(0), "200 OK"));
    let health = huizong(program, &["healthcheck"]);
    assert_eq!((health.status.code(), String::from_utf8_lossy(&health.stdout).trim()), (Some(0), "SERVING"));
    let refused = huizong(program, &["credential", "whoami"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CREDENTIALS_REQUIRED"));
    assert!(!program.log().iter().any(|line| line.contains("INSECURE")));
}

#[test]
fn the_settings_of_the_images_serve_protected_and_ready() {
    let program = serve(&read("deploy/container.toml"), with_certificate());
    is_ready_and_protected(&program);
    let admin = program.admin().to_owned();
    drop(program);
    let ended = Command::new(env!("CARGO_BIN_EXE_huizong")).args(["healthcheck", "--admin", &admin]).output();
    assert_eq!(ended.unwrap().status.code(), Some(3));
}

#[test]
fn the_settings_of_the_config_map_serve_protected_and_ready() {
    is_ready_and_protected(&serve(&config_map(), with_certificate()));
}

/// What follows `before` as a list in JSON, in every line of a file.
fn lists(file: &str, before: &str) -> Vec<Vec<String>> {
    let text = read(file);
    let of_line = |line: &str| serde_json::from_str(&line[line.find(before)? + before.len()..]).ok();
    text.lines().filter_map(of_line).collect()
}

#[test]
fn what_images_and_manifests_run_are_commands_of_ours() {
    let mut commands: Vec<Vec<String>> = Vec::new();
    for image in ["deploy/Dockerfile", "deploy/Dockerfile.scratch"] {
        commands.extend(lists(image, "CMD ").into_iter().map(|mut words| {
            words.retain(|word| !word.ends_with("/huizong"));
            words
        }));
    }
    for manifest in [MANIFEST, BACKUPS, INSTANCES, "deploy/kubernetes/bootstrap.yaml"] {
        commands.extend(lists(manifest, "args: "));
    }
    assert_eq!(commands.len(), 11);
    for words in commands {
        let arguments = std::iter::once("huizong".to_owned()).chain(words.clone());
        assert!(Arguments::try_parse_from(arguments).is_ok(), "{words:?}");
    }
}

#[test]
fn images_ask_the_admin_port_whether_they_are_healthy() {
    let config = toml::from_str::<Config>(&read("deploy/container.toml")).unwrap();
    let port = config.admin_listen.unwrap().port();
    for image in ["deploy/Dockerfile", "deploy/Dockerfile.scratch"] {
        let asked = format!("\"healthcheck\", \"--admin\", \"127.0.0.1:{port}\"]");
        assert!(read(image).contains(&asked), "{image}");
        assert!(read(image).contains(STORE.trim_end_matches("/store")), "{image}");
    }
    assert!(read("deploy/compose.yaml").contains(&format!(":{}:ro", CERTIFICATES.trim_end_matches('/'))));
}

/// Runs a checker that not every machine has; what it said where it found faults.
fn checked_by(tool: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("{output:#?}")),
        Err(error) => {
            eprintln!("skipped: {tool}: {error}");
            None
        }
    }
}

#[test]
fn the_configuration_of_prometheus_is_valid_where_promtool_is_installed() {
    let folder = root().join("deploy/prometheus");
    for (kind, file) in [("config", "prometheus.yml"), ("rules", "alerts.yml")] {
        assert_eq!(checked_by("promtool", &["check", kind, folder.join(file).to_str().unwrap()]), None);
    }
}

/// Installs promtool where it is missing and can be had; whether it is there.
fn promtool_is_there() -> bool {
    let is_there = || Command::new("promtool").arg("--version").output().is_ok_and(|output| output.status.success());
    if is_there() {
        return true;
    }
    eprintln!("installing prometheus, for promtool");
    for arguments in [&["update", "-q"][..], &["install", "-y", "-q", "prometheus"]] {
        let _ = Command::new("apt-get").args(arguments).output();
    }
    is_there()
}

#[test]
fn every_alert_fires_and_clears_where_promtool_can_be_had() {
    let (rules, tests) = (read("deploy/prometheus/alerts.yml"), read("deploy/prometheus/alerts.test.yml"));
    for alert in rules.split("- alert: ").skip(1).filter_map(|rest| rest.lines().next()) {
        let asked = |samples: &str| {
            let of_alert = |part: &&str| part.contains(&format!("alertname=\"{alert}\",alertstate"));
            tests.split("- expr: ").filter(of_alert).any(|part| part.contains(samples))
        };
        assert!(asked("value: 1") && asked("exp_samples: []"), "no test in which {alert} fires, and clears");
    }
    if !promtool_is_there() {
        eprintln!("skipped: promtool is not to be had");
        return;
    }
    let folder = root().join("deploy/prometheus");
    let output =
        Command::new("promtool").args(["test", "rules", "alerts.test.yml"]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:#?}");
}

#[test]
fn overlays_are_built_where_kubectl_is_installed() {
    for overlay in OVERLAYS {
        let folder = root().join(overlay);
        assert_eq!(checked_by("kubectl", &["kustomize", folder.to_str().unwrap()]), None, "{overlay}");
    }
}

#[test]
fn what_looks_at_the_service_and_what_backs_it_up_names_what_is_there() {
    let (manifest, monitor, backups) = (read(MANIFEST), read(SERVICE_MONITOR), read(BACKUPS));
    for line in ["app.kubernetes.io/name: huizong\n", "namespace: huizong\n"] {
        assert!(manifest.contains(line) && monitor.contains(line), "{line}");
    }
    assert!(monitor.contains("- port: admin\n") && manifest.contains("- name: admin\n      port: 7412\n"));
    // The rules know the service by this.
    assert!(
        monitor.contains("replacement: huizong\n")
            && read("deploy/prometheus/prometheus.yml").contains("job_name: huizong\n")
    );
    // It is let in by the network policy.
    let label = "app.kubernetes.io/name: huizong-backup\n";
    assert!(backups.contains(label) && manifest.contains(label));
    assert!(manifest.contains("kind: PodDisruptionBudget\n") && manifest.contains("ephemeral-storage: 2Gi"));
}

/// Tenths of systemd's measure of exposure, from 0 to 100, which the unit stays under.
const EXPOSURE_MAX: u32 = 15;

#[test]
fn the_unit_is_valid_and_little_exposed_where_systemd_is_installed() {
    let folder = TempDir::new().unwrap();
    let unit = folder.path().join("huizong.service");
    // The program need not be installed for that.
    let text = read("deploy/systemd/huizong.service").replace("/usr/local/bin/huizong", env!("CARGO_BIN_EXE_huizong"));
    std::fs::write(&unit, text).unwrap();
    let unit = unit.to_str().unwrap();
    assert_eq!(checked_by("systemd-analyze", &["verify", "--recursive-errors=no", unit]), None);
    let threshold = format!("--threshold={EXPOSURE_MAX}");
    assert_eq!(checked_by("systemd-analyze", &["security", "--offline=true", &threshold, unit]), None);
}
