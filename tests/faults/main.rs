//! Faults: what may go wrong around the service, and whether it keeps its promises then.
//!
//! `cargo test` runs each for a short time. At length, all or some, with other numbers where wanted (`make faults`):
//!
//! ```text
//! cargo test --test faults -- long [FAULT…] [--rounds N] [--seconds N] [--soak-seconds N] [--seed N]
//! ```
//!
//! One file a fault; each ends with its line of the table. The same program is also the one whose power is cut: `child
//! FOLDER FIRST` writes until it is killed and prints the sequence number of each acknowledged transaction; `verify
//! FOLDER ACKNOWLEDGED` says what is left of them; `fill FOLDER` writes until the store refuses.

mod clock;
mod connections;
mod damage;
mod disk;
mod history;
mod input;
mod kill;
mod patroni;
mod power_cut;
mod preload;
mod program;
mod sample;
mod soak;
mod stops;
// Shared with other tests, which use the rest of it.
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
mod table;
mod wounds;
mod write_limit;

use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};

use patroni::Mishap;
use power_cut::{Options, Report};
use table::Row;

/// Where nothing else is said.
const SEED: u64 = 1;

/// What is asked of a long run.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    seed: Option<u64>,
    rounds: Option<u64>,
    seconds: Option<u64>,
    soak_seconds: Option<u64>,
}

impl Wanted {
    fn seed(&self) -> u64 {
        self.seed.unwrap_or(SEED)
    }
}

/// A fault by its name, at length.
type Fault = (&'static str, fn(Wanted) -> Row);

/// The faults of a long run, in its order.
const FAULTS: &[Fault] = &[
    ("history", |wanted| {
        history::run(&history::Options {
            seed: wanted.seed(),
            rounds: wanted.rounds.unwrap_or(20),
            time: Duration::from_secs(wanted.seconds.unwrap_or(15)),
            kills: 3,
            instances: 1,
        })
    }),
    ("instances", |wanted| {
        history::run(&history::Options {
            seed: wanted.seed(),
            rounds: wanted.rounds.unwrap_or(20),
            time: Duration::from_secs(wanted.seconds.unwrap_or(20)),
            kills: 8,
            instances: 3,
        })
    }),
    ("switchover", |wanted| patroni::run(Mishap::Switchover, wanted.seed(), wanted.rounds.unwrap_or(20))),
    ("node-loss", |wanted| patroni::run(Mishap::Loss, wanted.seed(), wanted.rounds.unwrap_or(20))),
    ("partition", |wanted| patroni::run(Mishap::Partition, wanted.seed(), wanted.rounds.unwrap_or(20))),
    ("stops", |wanted| stops::run(wanted.seed(), wanted.rounds.unwrap_or(200))),
    ("kill", |wanted| kill::run(wanted.seed(), wanted.rounds.unwrap_or(500))),
    ("power-cut", |wanted| power_cut::long(wanted.seed(), wanted.rounds.unwrap_or(500))),
    ("disk", |wanted| disk::run(wanted.seed(), wanted.rounds.unwrap_or(25))),
    ("damage", |wanted| damage::run(wanted.seed(), wanted.rounds.unwrap_or(500))),
    ("wounds", |wanted| wounds::run(wanted.seed(), wanted.rounds.unwrap_or(1000))),
    ("input", |wanted| input::run(wanted.seed(), wanted.rounds.unwrap_or(500))),
    ("connections", |wanted| connections::run(wanted.seed(), wanted.rounds.unwrap_or(10_000))),
    ("soak", |wanted| soak::run(wanted.seed(), wanted.soak_seconds.unwrap_or(3600))),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["child", folder, first] => power_cut::workload::write_until_killed(Path::new(folder), number(first)),
        ["verify", folder, acknowledged] => {
            let found = power_cut::verify::verify(Path::new(folder), number(acknowledged));
            println!("{found}");
            if found.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        ["fill", folder] => {
            println!("acknowledged={}", power_cut::workload::write_until_refused(Path::new(folder)));
            ExitCode::SUCCESS
        }
        ["long", ref rest @ ..] => long(rest),
        _ => libtest_mimic::run(&Arguments::from_args(), tests()).exit_code(),
    }
}

fn number<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

/// Runs faults at length, and prints the table.
fn long(arguments: &[&str]) -> ExitCode {
    let options = arguments.iter().position(|argument| argument.starts_with("--")).unwrap_or(arguments.len());
    let (names, options) = arguments.split_at(options);
    let mut wanted = Wanted::default();
    for pair in options.chunks(2) {
        match *pair {
            ["--rounds", value] => wanted.rounds = Some(number(value)),
            ["--seconds", value] => wanted.seconds = Some(number(value)),
            ["--soak-seconds", value] => wanted.soak_seconds = Some(number(value)),
            ["--seed", value] => wanted.seed = Some(number(value)),
            _ => panic!("unknown option {pair:?}"),
        }
    }
    for name in names {
        assert!(FAULTS.iter().any(|(known, _)| known == name), "there is no fault {name:?}");
    }
    let mut rows = Vec::new();
    for (name, run) in FAULTS.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        eprintln!("{name} …");
        let row = run(wanted);
        eprintln!("{row}");
        rows.push(row);
    }
    println!("\n{}", table::TITLE);
    rows.iter().for_each(|row| println!("{row}"));
    if rows.iter().all(Row::is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tests() -> Vec<Trial> {
    let can_preload = preload::can_preload();
    if let Err(reason) = &can_preload {
        eprintln!("the tests of power cuts, of failing disks and of the clock are skipped: {reason}");
    }
    let power_cut = |name, test: fn(Report) -> Result<(), Failed>, options: Options| {
        Trial::test(name, move || test(power_cut::run(&options))).with_ignored_flag(can_preload.is_err())
    };
    let short = Options { rounds: 2, cuts: 8, seconds: 0.5, recoveries_of: 4, ..Options::default() };
    vec![
        fault("concurrent_calls_are_as_if_made_one_after_the_other", || {
            history::run(&history::Options {
                seed: SEED,
                rounds: 1,
                time: Duration::from_secs(4),
                kills: 1,
                instances: 1,
            })
        }),
        fault("concurrent_calls_at_three_instances_are_as_if_made_one_after_the_other", || {
            history::run(&history::Options {
                seed: SEED,
                rounds: 1,
                time: Duration::from_secs(8),
                kills: 4,
                instances: 3,
            })
        }),
        Trial::test("a_doctored_history_is_noticed", || Ok(history::doctored::test(SEED)?)),
        fault("nothing_acknowledged_is_lost_when_the_process_is_killed", || kill::run(SEED, 50)),
        fault("a_busy_service_stops_without_an_error_that_is_not_retryable", || stops::run(SEED, 12)),
        power_cut("what_is_acknowledged_survives_a_power_cut", expect_whole, short),
        power_cut("a_disk_that_ignores_syncs_is_noticed", expect_loss, Options { disk_ignores_syncs: true, ..short }),
        fault("a_failing_disk_stops_writes_until_a_restart_and_a_slow_one_stops_nothing", || disk::run(SEED, 1))
            .with_ignored_flag(can_preload.is_err()),
        Trial::test("a_clock_that_is_set_back_brings_nothing_back", || {
            clock::nothing_that_had_expired_comes_back();
            Ok(())
        })
        .with_ignored_flag(can_preload.is_err()),
        Trial::test("time_goes_on_when_the_clock_is_set_back_and_the_doctor_tells_of_it", || {
            clock::time_goes_on_and_the_doctor_tells_of_it();
            Ok(())
        })
        .with_ignored_flag(can_preload.is_err()),
        fault("damage_anywhere_in_a_store_is_mended_or_noticed_and_never_served", || damage::run(SEED, 30)),
        fault("damage_under_load_is_mended_and_the_service_goes_on", || wounds::run(SEED, 12)),
        Trial::test("damage_of_both_at_once_is_noticed", || Ok(wounds::test_of_the_test(SEED)?)),
        fault("silent_slow_and_oversized_clients_keep_nobody_else_out", || connections::run(SEED, 300)),
        fault("whatever_is_sent_is_answered_as_the_contract_says", || input::run(SEED, 10)),
        Trial::test("a_failed_write_stops_writes_and_loses_nothing", || {
            write_limit::test();
            Ok(())
        }),
    ]
}

/// A short run of a fault.
fn fault(name: &str, run: fn() -> Row) -> Trial {
    Trial::test(name, move || {
        let row = run();
        println!("{}\n{row}", table::TITLE);
        if row.is_good() { Ok(()) } else { Err(row.to_string().into()) }
    })
}

fn expect_whole(report: Report) -> Result<(), Failed> {
    println!("{report}");
    if report.is_whole() { Ok(()) } else { Err(report.to_string().into()) }
}

/// The test itself is tested: where syncs do nothing, data must be missing.
fn expect_loss(report: Report) -> Result<(), Failed> {
    println!("{report}");
    if report.is_whole() { Err(format!("nothing was noticed: {report}").into()) } else { Ok(()) }
}
