//! What is left after the power is cut, or the disk is full, while the store is written to.
//!
//! `cargo test` runs a short power cut test and a full disk. At length, with other numbers where wanted:
//!
//! ```text
//! cargo test --test crash -- power-cut [--rounds N] [--cuts N] [--seconds N] [--seed N]
//! ```
//!
//! The same program is the one whose power is cut: `child FOLDER FIRST` writes until it is killed and prints the
//! sequence number of each acknowledged transaction; `verify FOLDER ACKNOWLEDGED` says what is left of them; `fill
//! FOLDER` writes until the store refuses.

mod changes;
mod full_disk;
mod power_cut;
mod verify;
mod workload;

use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use libtest_mimic::{Arguments, Trial};

use power_cut::{Options, Report};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["child", folder, first] => workload::write_until_killed(Path::new(folder), number(first)),
        ["verify", folder, acknowledged] => {
            let found = verify::verify(Path::new(folder), number(acknowledged));
            println!("{found}");
            if found.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        ["fill", folder] => {
            println!("acknowledged={}", workload::write_until_refused(Path::new(folder)));
            ExitCode::SUCCESS
        }
        ["power-cut", ref options @ ..] => {
            let report = power_cut::run(&power_cut_options(options));
            println!("{report}");
            if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => libtest_mimic::run(&Arguments::from_args(), tests()).exit_code(),
    }
}

fn number<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

fn power_cut_options(arguments: &[&str]) -> Options {
    let mut options = Options { rounds: 20, cuts: 40, seconds: 0.3, ..Options::default() };
    for pair in arguments.chunks(2) {
        match *pair {
            ["--rounds", value] => options.rounds = number(value),
            ["--cuts", value] => options.cuts = number(value),
            ["--seconds", value] => options.seconds = number(value),
            ["--seed", value] => options.seed = number(value),
            _ => panic!("unknown option {pair:?}"),
        }
    }
    options
}

fn tests() -> Vec<Trial> {
    let can_record = power_cut::can_record();
    if let Err(reason) = &can_record {
        eprintln!("the power cut tests are skipped: {reason}");
    }
    let power_cut = |name, test: fn(Report) -> Result<(), libtest_mimic::Failed>, options: Options| {
        Trial::test(name, move || test(power_cut::run(&options))).with_ignored_flag(can_record.is_err())
    };
    let short = Options { rounds: 2, cuts: 8, seconds: 0.5, ..Options::default() };
    vec![
        power_cut("what_is_acknowledged_survives_a_power_cut", expect_whole, short),
        power_cut("a_disk_that_ignores_syncs_is_noticed", expect_loss, Options { disk_ignores_syncs: true, ..short }),
        Trial::test("a_failed_write_stops_writes_and_loses_nothing", || {
            full_disk::test();
            Ok(())
        }),
    ]
}

fn expect_whole(report: Report) -> Result<(), libtest_mimic::Failed> {
    println!("{report}");
    if report.is_whole() { Ok(()) } else { Err(report.to_string().into()) }
}

/// The test itself is tested: where syncs do nothing, data must be missing.
fn expect_loss(report: Report) -> Result<(), libtest_mimic::Failed> {
    println!("{report}");
    if report.is_whole() { Err(format!("nothing was noticed: {report}").into()) } else { Ok(()) }
}
