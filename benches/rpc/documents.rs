//! How long documents take to read, by file: the fixtures, or the files of the folders that are named.

use std::path::{Path, PathBuf};
use std::time::Instant;

use huizong::document::read::{Limits, read_document};
use serde_json::json;

use super::load::middle;
use super::record::Record;

/// Readings of each document; the middle one is told.
const TIMES: usize = 21;

pub fn measure(record: &Record, folders: &[&str]) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    let folders = if folders.is_empty() { vec![fixtures] } else { folders.iter().map(PathBuf::from).collect() };
    for folder in folders {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut files: Vec<_> = paths.filter(|path| path.is_file()).collect();
        files.sort();
        for file in files {
            let bytes = std::fs::read(&file).expect("a document that can be opened");
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Ok(reading) = read_document(&bytes, &name, &Limits::default()) else { continue };
            let times = (0..TIMES).map(|_| {
                let begin = Instant::now();
                let _ = read_document(&bytes, &name, &Limits::default());
                begin.elapsed().as_secs_f64() * 1e3
            });
            let figures = json!({
                "milliseconds": middle(times.collect()),
                "bytes": bytes.len(),
                "cells": reading.cells.len(),
            });
            record.add("documents", &name, "huizong", figures);
        }
    }
}
