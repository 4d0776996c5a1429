//! What `deploy/compose.instances.yaml` runs, run here without containers: roles, tables and keys, and two instances with their
//! settings.

use std::path::Path;
use std::process::Command;

use clap::Parser as _;
use huizong::cli::Arguments;
use huizong::config::Config;

use super::program::{program, said};
use crate::store_contract::samples::new_folder;
use crate::support::postgres::Postgres;
use crate::support::process::{command, launch};

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

const COMPOSE: &str = "deploy/compose.instances.yaml";

/// The command that makes tables and keys.
fn init() -> Vec<String> {
    let text = read(COMPOSE);
    let line = text.lines().find_map(|line| line.trim().strip_prefix("command: ")).unwrap();
    serde_json::from_str(line).unwrap()
}

#[test]
fn what_the_compose_file_names_is_there() {
    let text = read(COMPOSE);
    let config = toml::from_str::<Config>(&read("deploy/instances.toml")).unwrap();
    assert!(config.store.is_shared() && config.access.authentication && config.store.without_standby);
    let arguments = std::iter::once("huizong".to_owned()).chain(init());
    assert!(Arguments::try_parse_from(arguments).is_ok(), "{:?}", init());
    let has = |part: &str| assert!(text.contains(part), "{part}");
    // Both instances are mounted what the settings name.
    let (keys, certificates) = (config.store.keys_directory.display(), config.tls.certificate.parent().unwrap());
    for (mount, times) in [
        (format!("keys:{keys}:ro"), 2),
        (format!("./certificates:{}:ro", certificates.display()), 2),
        ("./instances.toml:/etc/huizong/config.toml:ro".to_owned(), 2),
        (format!(":{}\n", config.data_directory.parent().unwrap().display()), 3),
        (format!(":{}\"", config.listen.port()), 2),
    ] {
        assert_eq!(text.matches(&mount).count(), times, "{mount}");
    }
    let secret = config.store.password_file.strip_prefix("/run/secrets").unwrap().display().to_string();
    has(&format!("secrets: [{secret}]"));
    has(&format!("file: ./secrets/{secret}"));
    // Where the settings look for PostgreSQL, it is; and every image but ours says its version.
    has(&format!("\n  {}:\n", config.store.url.split('@').nth(1).unwrap().split('/').next().unwrap()));
    let images = text.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    assert!(
        images
            .filter(|image| *image != "huizong")
            .all(|image| image.split(':').nth(1).is_some_and(|tag| tag.contains('.')))
    );
    for file in ["deploy/postgres/roles.sh", "deploy/Dockerfile"] {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_compose_file_runs_makes_two_instances_and_an_analyst() {
    let Some(server) = Postgres::start("") else { return };
    let (folder, at) = (new_folder(), server.folder().display().to_string());
    // Its first role has the name that the roles of the image's database have.
    server.sql("CREATE ROLE owner SUPERUSER LOGIN; CREATE DATABASE huizong;");
    assert!(server.answer("huizong", "owner", "ALTER ROLE huizong RENAME TO first").is_some());
    let secrets = folder.path().join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    for role in ["owner", "huizong", "analyst"] {
        std::fs::write(secrets.join(format!("{role}-password")), format!("sesame of {role}\n")).unwrap();
    }
    let mut roles = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postgres/roles.sh"));
    let path = format!("{}:{}", server.programs(), std::env::var("PATH").unwrap_or_default());
    roles
        .env("PATH", path)
        .env("PGHOST", &at)
        .env("SECRETS", &secrets)
        .env("POSTGRES_USER", "owner")
        .env("POSTGRES_DB", "huizong");
    let made = roles.output().unwrap();
    assert!(made.status.success(), "{}", said(&made));

    let host = at.replace('/', "%2F");
    let here = |text: &str| {
        let text = text.replace("@postgres/", &format!("@{host}/")).replace("/run/secrets", secrets.to_str().unwrap());
        text.replace("/var/lib/huizong", folder.path().to_str().unwrap())
    };
    let words: Vec<_> = init().iter().map(|word| here(word)).collect();
    let made = program(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(made.status.success(), "{}", said(&made));

    let mut instances = Vec::new();
    for name in ["first", "second"] {
        let data = folder.path().join(name);
        let settings = here(&read("deploy/instances.toml"));
        // Without certificates, which no test of this looks at, and with a log that tells the port.
        let (before, rest) = settings.split_once("[tls]").unwrap();
        let settings = format!("{before}[access]{}", rest.split_once("[access]").unwrap().1)
            .replace("/etc/huizong/keys", folder.path().to_str().unwrap())
            .replace("0.0.0.0:7412", "127.0.0.1:0")
            .replace("json = true", "json = false");
        let config = folder.path().join(format!("{name}.toml"));
        std::fs::write(&config, settings).unwrap();
        let served = launch(&mut command(&data, &["--config", config.to_str().unwrap()])).await;
        instances.push(served.map(|(server, _)| server).unwrap_or_else(|log| panic!("{name}: {log}")));
    }
    let positions = server.answer("huizong", "analyst", "SELECT journal_sequence >= 0 FROM huizong_analysis.as_of");
    assert_eq!(positions.as_deref(), Some("t"));
    assert_eq!(server.answer("huizong", "analyst", "CREATE TEMPORARY TABLE mine (one bool)"), None);
    assert_eq!(server.answer("huizong", "huizong", "DELETE FROM huizong_journal"), None);
}
