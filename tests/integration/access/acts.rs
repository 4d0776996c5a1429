//! What the people do who run the service, and what becomes of it, in the journal of the real program; and how every
//! command stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use clap::CommandFactory as _;
use huizong::access::{AccessChange, METHODS, START, action};
use huizong::live::Live;
use huizong::report::Hash;
use huizong::store::{JournalEntry, NewEntry, Outcome, STARTS_FILE, SledOptions, SledStore, Store, Transaction};

use crate::support::process::{Server, start_with};

fn huizong(arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    for name in ["HUIZONG_TOKEN", "HUIZONG_TOKEN_FILE", "HUIZONG_SERVER", "HUIZONG_CA", "HUIZONG_PRINCIPAL"] {
        command.env_remove(name);
    }
    token.map(|token| command.env("HUIZONG_TOKEN", token));
    command.args(arguments).output().unwrap()
}

fn done(arguments: &[&str], token: Option<&str>) -> String {
    let output = huizong(arguments, token);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn open(folder: &Path) -> SledStore {
    SledStore::open(&SledOptions::new(folder), Arc::<Live>::default()).unwrap()
}

/// The journal of a store that no service has open.
fn journal(folder: &Path) -> Vec<JournalEntry> {
    open(folder).journal(0, 1000).unwrap()
}

async fn stop(mut server: Server) {
    server.terminate();
    assert_eq!(tokio::task::spawn_blocking(move || server.wait()).await.unwrap(), Some(0));
}

fn by_operator() -> String {
    format!("users/{}", rustix::process::getuid().as_raw())
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_stops_and_every_change_of_a_setting_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("settings.toml"));
    let settings = |text: &str| std::fs::write(&config, text).unwrap();
    let arguments = ["--config", text(&config)];
    settings("[access]\nauthentication = true\n");
    done(&["init", "--data", text(&data)], None);
    done(&["credential", "bootstrap", "chief", "--data", text(&data)], None);
    stop(start_with(&data, &arguments).await.0).await;
    // Authentication off, and then an end by force.
    settings("");
    drop(start_with(&data, &arguments).await);
    let (server, _) = start_with(&data, &arguments).await;
    settings("[limits]\ncalls = 100\n");
    assert!(Command::new("kill").arg("-HUP").arg(server.id().to_string()).status().unwrap().success());
    while server.logged("the settings were read again").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop(server).await;
    let entries = journal(&data);
    let told: Vec<_> = entries.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    let service = |action| ("huizong", action);
    assert_eq!(
        told,
        [
            ("bootstrap", "credential.create"),
            ("bootstrap", "access.grant"),
            service("service.start"),
            service("settings.change"),
            service("service.stop"),
            service("service.start"),
            service("settings.change"),
            service("service.start"),
            service("settings.change"),
            service("service.stop"),
        ]
    );
    assert_eq!(entries[0].by, Some(by_operator()));
    let version = format!("version {}\n", env!("CARGO_PKG_VERSION"));
    let says = |at: usize, words: &str| assert!(entries[at].detail.contains(words), "{at}: {}", entries[at].detail);
    for at in [2, 5, 7] {
        says(at, &version);
    }
    says(2, "\nbefore unknown");
    says(3, "\"access.authentication\" = true\n");
    assert!(!entries[3].detail.contains("# was"), "{}", entries[3].detail);
    says(5, "\nbefore stopped");
    says(6, "\"access.authentication\" = false # was true\n");
    assert_eq!(entries[6].detail.matches("# was").count(), 1, "{}", entries[6].detail);
    says(7, "\nbefore ended without stopping");
    says(8, "\"limits.calls\" = 100 # was 8192\n");
    let fingerprint = |at: usize| entries[at].detail.lines().nth(1).unwrap().to_owned();
    assert!(fingerprint(2) != fingerprint(5) && fingerprint(5) == fingerprint(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_started_again_and_again_does_not_fill_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = open(&data);
    for _ in 0..30 {
        let entry = NewEntry {
            actor: "huizong".to_owned(),
            by: String::new(),
            action: START,
            subject: String::new(),
            outcome: Outcome::Accepted,
            detail: String::new(),
            content_hash: Hash::default(),
        };
        store.commit(Transaction::of(Vec::new(), entry)).await.unwrap();
    }
    drop(store);
    for count in ["1", "2"] {
        stop(start_with(&data, &[]).await.0).await;
        assert_eq!(std::fs::read_to_string(data.join(STARTS_FILE)).unwrap(), count);
    }
    let entries = journal(&data);
    let told: Vec<_> = entries[30..].iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["settings.change"], "a setting that became another is told of all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_takes_no_writes_starts_and_stops_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("settings.toml"));
    // No disk has so much room.
    std::fs::write(&config, "[store]\nmin_free_bytes = 9000000000000000000\nballast_bytes = 0\n").unwrap();
    let (server, channel) = start_with(&data, &["--config", text(&config)]).await;
    let mut operations = huizong::pb::operations_service_client::OperationsServiceClient::new(channel);
    operations.get_status(huizong::pb::GetStatusRequest::default()).await.unwrap();
    assert!(!server.logged("what happened is not in the journal yet").is_empty());
    stop(server).await;
    assert!(journal(&data).is_empty());
}

/// A token of somebody whom the one who administers security has enrolled.
fn token(server: &str, chief: &str, whose: &str) -> String {
    let code = done(&["--server", server, "credential", "enrol", whose, "--days", "7"], Some(chief));
    done(&["--server", server, "credential", "exchange", &code], None)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_brings_back_nothing_that_was_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, config, backup) = (path("data"), path("settings.toml"), path("backup"));
    std::fs::write(&config, "[access]\nauthentication = true\n").unwrap();
    let arguments = ["--config", text(&config)];
    let chief = done(&["credential", "bootstrap", "chief", "--data", text(&data)], None);
    let (server, _) = start_with(&data, &arguments).await;
    let url = server.url.clone();
    let as_chief = |arguments: &[&str]| done(&[&["--server", &url], arguments].concat(), Some(&chief));
    as_chief(&["credential", "grant", "--new", "operator", "system-administrator"]);
    as_chief(&["credential", "grant", "--new", "dismissed", "auditor"]);
    let (operator, dismissed) = (token(&url, &chief, "operator"), token(&url, &chief, "dismissed"));
    done(&["--server", &url, "backup", "--output", text(&backup)], Some(&operator));
    // After the backup: one is dismissed, and another comes.
    as_chief(&["credential", "withdraw", "dismissed", "auditor"]);
    let listed = as_chief(&["credential", "list", "dismissed"]);
    let credential = listed.split_whitespace().find(|word| word.starts_with("principals/")).unwrap().to_owned();
    as_chief(&["credential", "revoke", &credential]);
    as_chief(&["credential", "grant", "--new", "successor", "auditor"]);
    stop(server).await;
    let last = journal(&data).len();

    let restore = |target: &Path, options: &[&str]| {
        huizong(&[&["restore", text(&backup), "--data", text(target)], options].concat(), None)
    };
    assert_eq!(restore(&path("asked"), &[]).status.code(), Some(2), "what is to hold is asked for");
    done(&["init", "--data", text(&path("other"))], None);
    let foreign = restore(&path("asked"), &["--access-from", text(&path("other"))]);
    assert!(String::from_utf8_lossy(&foreign.stderr).contains("it is another store"), "{foreign:?}");
    assert!(!path("asked").exists());

    for (name, options, roles_hold, tokens_hold) in [
        ("newer", &["--access-from", text(&data)][..], false, false),
        ("kept", &["--access-from", text(&data), "--keep-tokens"], false, true),
        ("older", &["--accept-older-access"], true, false),
    ] {
        let target = path(name);
        let restored = restore(&target, options);
        assert!(restored.status.success(), "{name}: {}", String::from_utf8_lossy(&restored.stderr));
        let store = open(&target);
        let entry = store.journal(0, 1000).unwrap().pop().unwrap();
        let file = std::fs::read(&backup).unwrap();
        assert_eq!((entry.action.as_str(), entry.actor.as_str()), ("store.restore", "restore"), "{name}");
        assert_eq!((entry.by, entry.content_hash), (Some(by_operator()), Hash::of(&file)), "{name}");
        let sequence = entry.sequence - 1;
        let known = match name {
            "older" => "roles and revocations since the backup are not known and were given up".to_owned(),
            _ => format!("came to sequence {last}\nchanges of access since the backup that hold again 3\n"),
        };
        for words in [format!("file {}\nsequence {sequence}\n", text(&backup)), known] {
            assert!(entry.detail.contains(&words), "{name}: {}", entry.detail);
        }
        // What was withdrawn is withdrawn again, in records of this entry.
        let changes: Vec<_> = store.access().unwrap().into_iter().filter(|(of, _)| *of == entry.sequence).collect();
        let withdrawn = changes.iter().filter(|(_, change)| matches!(change, AccessChange::Withdraw { .. })).count();
        let revoked =
            changes.iter().filter(|(_, change)| matches!(change, AccessChange::RevokeCredential { .. })).count();
        assert_eq!(withdrawn, usize::from(!roles_hold), "{name}");
        // Of three tokens one was revoked by itself.
        assert_eq!(revoked, if tokens_hold { 1 } else { 3 }, "{name}");
        drop(store);
        std::fs::copy(data.join("token-key"), target.join("token-key")).unwrap();
        let (server, _) = start_with(&target, &arguments).await;
        let who =
            |token: &str| huizong(&["--server", &server.url, "credential", "whoami"], Some(token)).status.success();
        assert_eq!((who(&chief), who(&operator), who(&dismissed)), (tokens_hold, tokens_hold, false), "{name}");
    }
}

/// How a command stands in the journal: by its calls, by an act of its own, or not at all.
enum Stands {
    Calls(&'static [&'static str]),
    Acts(&'static [&'static str]),
    Leaves,
}

use Stands::{Acts, Calls, Leaves};

/// Every command there is.
const COMMANDS: &[(&str, Stands)] = &[
    (
        "serve",
        Acts(&["service.start", "service.stop", "settings.change", "clock.out_of_line", "totals.differ", "store.mend"]),
    ),
    ("init", Leaves),
    ("demo", Acts(&["service.start", "service.stop", "settings.change", "registry.apply", "report.submit"])),
    ("check", Leaves),
    ("read", Leaves),
    ("template", Calls(&["registry.agency", "report.get"])),
    ("submit", Calls(&["report.submit", "report.get"])),
    ("report accept", Calls(&["report.accept"])),
    ("report accept-many", Calls(&["report.accept", "report.list", "report.get"])),
    ("report compare", Calls(&["report.contrast"])),
    ("report get", Calls(&["report.get"])),
    ("report history", Calls(&["report.events"])),
    ("report list", Calls(&["report.list"])),
    ("report return", Calls(&["report.return"])),
    ("report revisions", Calls(&["report.revisions"])),
    ("report withdraw", Calls(&["report.withdraw"])),
    ("rollup", Calls(&["rollup.query", "rollup.watch"])),
    ("export", Calls(&["report.list"])),
    ("form", Calls(&["form.get"])),
    ("reconcile", Calls(&["report.reconcile"])),
    ("frozen compare", Calls(&["form.compare"])),
    ("frozen freeze", Calls(&["form.freeze"])),
    ("frozen get", Calls(&["form.frozen", "form.render_frozen"])),
    ("frozen list", Calls(&["form.frozen_list"])),
    ("frozen revisions", Calls(&["form.frozen_revisions"])),
    ("anomalies", Calls(&["rollup.anomalies"])),
    ("publish", Calls(&["registry.jurisdictions", "form.frozen_list", "form.render_frozen", "report.get"])),
    ("coverage", Calls(&["coverage.get", "coverage.missing"])),
    ("registry check", Calls(&["registry.suspects"])),
    ("registry correct", Calls(&["registry.apply"])),
    ("registry join", Calls(&["registry.apply"])),
    ("registry reclassify", Calls(&["registry.apply"])),
    ("registry void", Calls(&["registry.apply"])),
    ("registry restore", Calls(&["registry.apply"])),
    ("registry export", Calls(&["registry.changes", "registry.contacts_list"])),
    ("registry import", Calls(&["registry.apply", "registry.contacts"])),
    ("registry show", Calls(&["registry.agencies", "registry.jurisdictions"])),
    ("contacts show", Calls(&["registry.contacts_get"])),
    ("contacts list", Calls(&["registry.contacts_list"])),
    ("contacts set", Calls(&["registry.contacts"])),
    ("contacts clear", Calls(&["registry.contacts"])),
    ("remind list", Calls(&["reminder.list", "reminder.render"])),
    ("remind send", Calls(&["reminder.send"])),
    ("collection grant", Calls(&["collection.grant"])),
    ("collection revoke", Calls(&["collection.revoke"])),
    ("collection lock", Calls(&["collection.get", "collection.update"])),
    ("collection open", Calls(&["collection.open"])),
    ("collection show", Calls(&["collection.get", "collection.list"])),
    ("credential bootstrap", Acts(&["credential.create", "credential.enrol", "access.grant"])),
    ("credential confirm", Calls(&["access.confirm"])),
    ("credential create", Calls(&["credential.create"])),
    ("credential decline", Calls(&["access.decline"])),
    ("credential enrol", Calls(&["credential.enrol"])),
    ("credential exchange", Calls(&["credential.exchange"])),
    ("credential grant", Calls(&["access.grant"])),
    ("credential list", Calls(&["credential.list"])),
    ("credential principals", Calls(&["access.principals"])),
    ("credential proposals", Calls(&["access.proposals"])),
    ("credential revoke", Calls(&["credential.revoke"])),
    ("credential whoami", Calls(&["caller.get"])),
    ("credential withdraw", Calls(&["access.withdraw"])),
    ("journal", Calls(&["journal.list"])),
    ("journal export", Calls(&["status.get", "journal.list"])),
    ("journal head", Calls(&["status.get"])),
    ("journal strike", Calls(&["journal.strike"])),
    ("journal verify", Leaves),
    ("backup", Calls(&["backup.create"])),
    ("store figures", Leaves),
    ("store init", Leaves),
    ("store move", Leaves),
    ("store status", Leaves),
    ("store upgrade", Leaves),
    ("restore", Acts(&["store.restore", "store.mend"])),
    ("verify", Calls(&["store.verify"])),
    ("salvage", Leaves),
    ("doctor", Calls(&["status.get"])),
    ("healthcheck", Calls(&["health.check"])),
    ("explain", Leaves),
    ("sample", Leaves),
    ("completions", Leaves),
    ("manual", Leaves),
];

/// The commands that do something themselves, with those above them.
fn leaves(command: &clap::Command, above: &str) -> Vec<String> {
    let below: Vec<_> = command.get_subcommands().filter(|below| !below.is_hide_set()).collect();
    let name = |below: &clap::Command| format!("{above} {}", below.get_name()).trim().to_owned();
    let mut found: Vec<_> = below.iter().flat_map(|below| leaves(below, &name(below))).collect();
    if below.is_empty() || (!command.is_subcommand_required_set() && !above.is_empty()) {
        found.push(above.to_owned());
    }
    found
}

#[test]
fn every_command_has_its_place_in_the_journal() {
    let commands: BTreeSet<String> = leaves(&huizong::cli::Arguments::command(), "").into_iter().collect();
    let table: BTreeMap<&str, &Stands> = COMMANDS.iter().map(|(name, stands)| (*name, stands)).collect();
    assert_eq!(table.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), commands);
    for (name, stands) in table {
        let (Calls(actions) | Acts(actions)) = stands else { continue };
        for word in *actions {
            assert!(action(word).is_some(), "{name}: {word}");
            let of_method = METHODS.iter().any(|method| method.action == *word);
            assert!(of_method || matches!(stands, Acts(_)), "{name}: {word} is no call");
        }
    }
}
