//! Exports that go on where the last one ended.

use std::path::Path;
use std::process::Command;

use super::program::{complaints, hand_in, huizong, newest, register, succeed, text};
use crate::support::AGENCIES;
use crate::support::process::start;

/// What the checks of `conformance/` say, which share no code with the program.
fn checked_by_others(files: &[&Path]) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/verify_journal.py");
    let output = Command::new("python3").arg("-B").arg(script).args(files).output().expect("python3 is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_goes_on_where_the_last_one_ended_and_only_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (server, channel) = start(&file("data")).await;
    let export = async |output: &str, after: Option<&str>| {
        let output = file(output);
        let mut arguments = vec!["--server", &server.url, "journal", "export", "--output", text(&output)];
        arguments.extend(after.into_iter().flat_map(|after| ["--after", after]));
        huizong(&arguments).await
    };
    let good = |output: std::process::Output| assert!(output.status.success(), "{}", complaints(&output));
    // What a start tells of comes first.
    let base = newest(&channel).await;
    register(&channel).await;
    let receipt = hand_in(&channel, AGENCIES[0]).await;
    std::fs::write(file("receipt.json"), huizong::wire::to_json(&receipt).unwrap()).unwrap();
    good(export("one.jsonl", None).await);
    hand_in(&channel, AGENCIES[1]).await;
    hand_in(&channel, AGENCIES[2]).await;
    good(export("two.jsonl", Some(text(&file("one.jsonl")))).await);
    good(export("nothing.jsonl", Some(text(&file("two.jsonl")))).await);
    hand_in(&channel, AGENCIES[3]).await;
    good(export("three.jsonl", Some(&(base + 4).to_string())).await);
    good(export("all.jsonl", None).await);
    let lines = |name: &str| {
        std::fs::read_to_string(file(name)).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let parts: Vec<String> =
        ["one.jsonl", "two.jsonl", "nothing.jsonl", "three.jsonl"].into_iter().flat_map(lines).collect();
    assert_eq!(parts, lines("all.jsonl"));
    assert_eq!(lines("two.jsonl").len(), 2);

    let paths = ["one.jsonl", "two.jsonl", "nothing.jsonl", "three.jsonl"].map(file);
    let names: Vec<&str> = paths.iter().map(|path| text(path)).collect();
    let receipt = file("receipt.json");
    let whole = succeed(&[&["journal", "verify"], &names[..], &["--receipt", text(&receipt)]].concat()).await;
    assert!(whole.contains("✓") && !whole.contains("goes on from"), "{whole}");
    let all: Vec<&Path> = paths.iter().map(|path| &**path).collect();
    assert!(checked_by_others(&all).unwrap().starts_with(&format!("{} entries, ", base + 5)));
    assert!(checked_by_others(&all[1..2]).unwrap().starts_with(&format!("2 entries after {}, ", base + 2)));
    assert!(checked_by_others(&[all[0], all[3]]).is_err());

    // One part alone says what it does not know, and is held to the one before.
    let part = succeed(&["journal", "verify", names[1], "--extends", names[0]]).await;
    assert!(part.contains(&format!("it goes on from entry {}", base + 2)) && part.contains("✓"), "{part}");
    let refused = async |arguments: &[&str], complaint: &str| {
        let output = huizong(&[&["journal", "verify"], arguments].concat()).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &complaints(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(complaint), "{arguments:?}: {said}");
    };
    refused(&[names[0], names[3]], &format!("it goes on from entry {}", base + 4)).await;
    refused(&[names[1], names[0]], "it goes on from entry 0").await;
    refused(&[names[3], "--extends", names[0]], "begins after this entry").await;
    refused(&[names[3], "--receipt", text(&receipt)], "begins after this entry").await;

    // Another journal does not go on from this one.
    let (other, channel) = start(&file("other")).await;
    register(&channel).await;
    hand_in(&channel, AGENCIES[1]).await;
    hand_in(&channel, AGENCIES[0]).await;
    let output = file("foreign.jsonl");
    let foreign =
        huizong(&["--server", &other.url, "journal", "export", "--output", text(&output), "--after", names[0]]).await;
    assert_eq!(foreign.status.code(), Some(1));
    assert!(
        complaints(&foreign).contains("does not") || complaints(&foreign).contains("replaced"),
        "{}",
        complaints(&foreign)
    );
    let output = file("shorter.jsonl");
    let shorter =
        huizong(&["--server", &other.url, "journal", "export", "--output", text(&output), "--after", names[3]]).await;
    assert!(complaints(&shorter).contains(&format!("before entry {}", base + 5)), "{}", complaints(&shorter));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_told_in_the_zone_of_the_machine_with_its_offset_or_in_utc() {
    let folder = tempfile::tempdir().unwrap();
    let (server, channel) = start(&folder.path().join("data")).await;
    register(&channel).await;
    let listed = |zone: &'static str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
        command.args(["--server", &server.url, "--format", "csv", "journal"]).args(arguments).env("TZ", zone);
        let output = command.output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let row =
            printed.lines().nth(1).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr))).to_owned();
        row.split(',').nth(1).unwrap().to_owned()
    };
    let (local, utc) = (listed("Asia/Shanghai", &[]), listed("Asia/Shanghai", &["--utc"]));
    assert!(local.ends_with("+08:00") && utc.ends_with('Z'), "{local} {utc}");
    assert_eq!(local.parse::<jiff::Timestamp>().unwrap(), utc.parse::<jiff::Timestamp>().unwrap());
    drop(channel);
}
