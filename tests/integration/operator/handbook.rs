//! The operator's handbook, tried out from its first command to its last.

use std::time::{Duration, Instant};

use super::documents::{blocks, read};
use super::machine::Machine;

/// What holds when all commands of a section have been run.
type Then = fn(&Machine);

const THEN: [(&str, Then); 5] = [
    ("Powers and tokens", powers_are_kept_apart),
    ("Two persons for a power", powers_are_kept_apart),
    ("Rotation", |machine| {
        let listed = machine.run("huizong --format csv credential list office").unwrap();
        let revoked = |line: &&str| !line.split(',').nth(3).unwrap().is_empty();
        let ended = listed.lines().skip(1).filter(revoked).count();
        assert_eq!((listed.lines().count() - 1, ended), (2, 1), "{listed}");
        machine.run("huizong credential whoami --token-file office.token").unwrap();
    }),
    ("Revocation", |machine| {
        let by_certificate =
            "env -u HUIZONG_TOKEN_FILE huizong credential whoami --certificate bureau.crt --key bureau.key";
        // The roles are gone at once; the certificate follows, for its file is looked at from time to time.
        let began = Instant::now();
        loop {
            let refused = machine.run(by_certificate).unwrap_err();
            if refused.contains("the service ended the connection") {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "the revoked certificate is still taken: {refused}");
            std::thread::sleep(Duration::from_millis(500));
        }
        machine.run("huizong healthcheck").unwrap();
    }),
    ("Loss of a key", powers_are_kept_apart),
];

fn powers_are_kept_apart(machine: &Machine) {
    for (token, may, may_not) in [
        ("chief", "credential principals", "journal --after 0"),
        ("operator", "verify", "credential principals"),
        ("inspector", "journal --after 0", "verify"),
    ] {
        machine.run(&format!("huizong {may} --token-file {token}.token")).unwrap();
        let refused = machine.run(&format!("huizong {may_not} --token-file {token}.token")).unwrap_err();
        assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
    }
}

#[test]
fn every_command_of_the_handbook_works_one_after_another() {
    let handbook = read("docs/operations.md");
    let machine = Machine::new();
    let mut held = 0;
    // A fence of another kind would be no command; there is none, so nothing is left out.
    assert_eq!(handbook.matches("```").count(), 2 * handbook.matches("\n```sh\n").count());
    for section in handbook.split("\n##") {
        for block in blocks(section) {
            machine.run(block).unwrap_or_else(|error| panic!("{error}"));
        }
        let heading = section.trim_start_matches('#').lines().next().unwrap_or_default().trim();
        for (_, then) in THEN.iter().filter(|(after, _)| *after == heading) {
            then(&machine);
            held += 1;
        }
    }
    assert_eq!(held, THEN.len(), "a section is missing");
}

#[test]
fn the_machine_refuses_what_it_does_not_know() {
    let machine = Machine::new();
    for (block, why) in [
        ("frobnicate --all", "frobnicate"),
        ("cat /etc/passwd", "no folder of the machine"),
        ("systemctl start postgresql", "nothing stands in"),
        ("docker run huizong", "nothing stands in"),
        ("kubectl apply -f deploy/kubernetes/missing.yaml", "no file"),
        ("kubectl rollout status statefulset/another --namespace huizong", "no manifest"),
        ("make no-such-target", "no target"),
        ("useradd --system somebody", "the unit does not say"),
        ("false\ntrue", "false"),
    ] {
        let refused = machine.run(block).expect_err(block);
        assert!(refused.contains(why), "{refused}");
    }
}
