//! Documents made at random, each with what is known to be printed in it: true forms with marks, strikes and hidden
//! text put in, their columns and blocks in other orders, rows dropped, labels damaged, printed in every format that is
//! read. No cell may be read as another figure than the one that is printed. Prints what share is read right.
//!
//! `make documents` reads a million cells, some of them by way of an office suite and a browser where these are there.

mod asides;
mod form;
mod layouts;
mod office;
mod print;
mod written;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use huizong::document::read::{Limits, read_document};
use huizong::form::{Presence, catalogue};
use huizong::report::Cell;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use form::Expected;
use print::Medium;

/// By which this is looked for among other tests.
const NAME: &str = "generated_documents";
/// Cells of a short run, about 200 a document.
const CELLS: u64 = 500_000;
/// Of 1,000 cells, those that a reader must at least read right, of documents in which all can be.
const LEAST: &[(&str, u64)] =
    &[("text", 980), ("markdown", 990), ("html", 980), ("docx", 980), ("xlsx", 980), ("pdf", 970), ("ofd", 970)];

/// Of fewer cells no share is judged: one damaged document would decide.
const JUDGED_CELLS: u64 = 10_000;

/// A document with what is printed in it.
pub struct Made {
    pub name: String,
    /// Where it lies, if it was made by another program.
    pub from: Option<PathBuf>,
    /// What was done to it, for the table and for whoever looks for a fault.
    pub kind: String,
    pub bytes: Vec<u8>,
    pub expected: Expected,
    /// Nothing in it keeps a reader from reading all of it.
    pub is_whole: bool,
}

#[derive(Default, Clone, Copy)]
struct Count {
    documents: u64,
    cells: u64,
    right: u64,
    wrong: u64,
    unread: u64,
}

struct Options {
    cells: u64,
    seed: u64,
    only: Option<u64>,
    office: bool,
    /// Folder for the documents of other programs, to be looked at.
    keep: Option<PathBuf>,
}

fn options() -> Options {
    let mut options = Options { cells: CELLS, seed: 1, only: None, office: false, keep: None };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for pair in arguments.windows(2) {
        let number = pair[1].parse().ok();
        match (pair[0].as_str(), number) {
            ("--cells", Some(cells)) => options.cells = cells,
            ("--seed", Some(seed)) => options.seed = seed,
            ("--only", Some(only)) => options.only = Some(only),
            ("--keep", _) => options.keep = Some(PathBuf::from(&pair[1])),
            _ => {}
        }
    }
    options.office = arguments.iter().any(|argument| argument == "--office");
    options
}

/// The document of a number, the same for the same seed.
fn make(seed: u64, number: u64, medium: Medium) -> Made {
    let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(number));
    // Every third is one of our own writers'.
    if number.is_multiple_of(3) { written::make(&mut random, medium) } else { print::make(&mut random, medium) }
}

/// What is wrong with the reading of a document, and how much of it is right.
fn judge(made: &Made) -> (Count, Vec<String>) {
    let mut count = Count { documents: 1, ..Count::default() };
    let mut wrong = Vec::new();
    match read_document(&made.bytes, &made.name, &Limits::default()) {
        Ok(reading) => {
            for info in catalogue().cells_of(reading.edition) {
                let printed = made.expected.get(&info.id).copied();
                let read = reading.figures.get(info.id);
                count.cells += u64::from(printed.is_some());
                match (read, printed) {
                    (read, Some(printed)) if read == printed => count.right += 1,
                    (Cell::Unread, Some(_)) => count.unread += 1,
                    // A line that is accepted in place of others, and was not found, is not missed.
                    (Cell::Blank, Some(_)) if catalogue().presence(reading.edition, info.id) == Presence::Accepted => {
                        count.unread += 1;
                    }
                    // What is not printed is not there to be read.
                    (Cell::Unread | Cell::Blank, None) => {}
                    (read, printed) => {
                        count.wrong += 1;
                        wrong.push(format!("{}: {read:?}, printed {printed:?}", info.path));
                    }
                }
            }
        }
        Err(error) => wrong.push(format!("not read at all: {error}")),
    }
    (count, wrong)
}

/// Where a document is found, else its name.
fn place(made: &Made) -> String {
    made.from.as_ref().map_or_else(|| made.name.clone(), |path| path.display().to_string())
}

fn add(counts: &mut BTreeMap<(String, String), Count>, made: &Made, count: Count) {
    let reader = made.name.rsplit('.').next().unwrap_or_default();
    let reader = match reader {
        "txt" => "text",
        "md" => "markdown",
        other => other,
    };
    for kind in [made.kind.as_str(), if made.is_whole { "whole" } else { "all else" }] {
        let sum = counts.entry((reader.to_owned(), kind.to_owned())).or_default();
        sum.documents += count.documents;
        sum.cells += count.cells;
        sum.right += count.right;
        sum.wrong += count.wrong;
        sum.unread += count.unread;
    }
}

fn main() -> ExitCode {
    let options = options();
    // Where a test is looked for by its name, this is not it.
    let is_for_others = |argument: &String| !argument.starts_with("--") && !NAME.contains(argument.as_str());
    if std::env::args().nth(1).is_some_and(|first| first == "--list" || is_for_others(&first)) {
        return ExitCode::SUCCESS;
    }
    let (next, read) = (AtomicU64::new(0), AtomicU64::new(0));
    let counts = Mutex::new(BTreeMap::new());
    let faults = Mutex::new(Vec::new());
    let work = || {
        loop {
            let number = options.only.unwrap_or_else(|| next.fetch_add(1, Ordering::Relaxed));
            if read.load(Ordering::Relaxed) >= options.cells {
                return;
            }
            let made = make(options.seed, number, Medium::File);
            let (count, wrong) = judge(&made);
            read.fetch_add(count.cells.max(1), Ordering::Relaxed);
            add(&mut counts.lock().unwrap(), &made, count);
            if options.only.is_some() {
                let name = std::env::temp_dir().join(format!("generated-{number}-{}", made.name));
                std::fs::write(&name, &made.bytes).unwrap();
                println!("{} {}: {} cells, {} right", name.display(), made.kind, count.cells, count.right);
            }
            if !wrong.is_empty() {
                let shown: Vec<_> = wrong.iter().take(4).cloned().collect();
                let fault = format!(
                    "document {number} of seed {} ({} {}): {}",
                    options.seed,
                    made.name,
                    made.kind,
                    shown.join("; ")
                );
                faults.lock().unwrap().push(fault);
            }
            if options.only.is_some() {
                return;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(4);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    if options.office {
        for made in office::make(options.seed, options.keep.as_deref()) {
            let (count, wrong) = judge(&made);
            add(&mut counts.lock().unwrap(), &made, count);
            faults
                .lock()
                .unwrap()
                .extend(wrong.iter().take(1).map(|wrong| format!("{} {}: {wrong}", place(&made), made.kind)));
        }
    }
    let (counts, faults) = (counts.into_inner().unwrap(), faults.into_inner().unwrap());
    let few = report(&counts, options.only.is_none());
    for fault in faults.iter().take(20) {
        println!("{fault}");
    }
    if faults.is_empty() && few.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the table, and gives the readers that read less than they must.
fn report(counts: &BTreeMap<(String, String), Count>, with_least: bool) -> Vec<String> {
    println!(
        "{:<10} {:<28} {:>6} {:>9} {:>8} {:>7} {:>6}",
        "reader", "documents", "", "cells", "right", "unread", "wrong"
    );
    let mut few = Vec::new();
    for ((reader, kind), count) in counts {
        let share = count.right * 1000 / count.cells.max(1);
        let Count { documents, cells, wrong, unread, .. } = count;
        let right = format!("{}.{}%", share / 10, share % 10);
        println!("{reader:<10} {kind:<28} {documents:>6} {cells:>9} {right:>8} {unread:>7} {wrong:>6}");
        let least = LEAST.iter().find(|(name, _)| name == reader).map(|(_, least)| *least);
        if kind == "whole" && with_least && *cells >= JUDGED_CELLS && least.is_some_and(|least| share < least) {
            few.push(format!(
                "{reader}: {right} of what can be read is read right, at least {least:?} of 1000 must be"
            ));
        }
    }
    few.iter().for_each(|line| println!("{line}"));
    few
}
