//! How long documents take to read, by file: `cargo bench --bench read [FOLDER…]`; without a folder, the fixtures.

use std::path::{Path, PathBuf};
use std::time::Instant;

use huizong::document::read::{Limits, read_document};

/// Readings of each document; the middle one is told.
const TIMES: usize = 21;

fn main() {
    let given: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    let fixtures = || vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents")];
    println!("{:<44} {:>9} {:>9} {:>9}", "document", "bytes", "cells", "ms");
    for folder in if given.is_empty() { fixtures() } else { given } {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        for file in files {
            let bytes = std::fs::read(&file).expect("a document that can be opened");
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Ok(reading) = read_document(&bytes, &name, &Limits::default()) else { continue };
            let mut times: Vec<_> = (0..TIMES)
                .map(|_| {
                    let begin = Instant::now();
                    let _ = read_document(&bytes, &name, &Limits::default());
                    begin.elapsed()
                })
                .collect();
            times.sort();
            let middle = times[TIMES / 2].as_secs_f64() * 1000.0;
            println!("{name:<44} {:>9} {:>9} {middle:>9.2}", bytes.len(), reading.cells.len());
        }
    }
}
