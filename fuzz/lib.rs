//! What the fuzz targets share: reading, and what must hold of everything that is read.

use std::io::{Cursor, Write};

use huizong::document::read::{Limits, read_document};
use zip::write::{SimpleFileOptions, ZipWriter};

/// Reads a document. A panic of a reader ends the process although the reader's guard catches it: the fuzzer's hook
/// comes first.
pub fn read(bytes: &[u8], file_name: &str) {
    let Ok(reading) = read_document(bytes, file_name, &Limits::default()) else { return };
    for read in &reading.cells {
        assert_eq!(reading.figures.get(read.cell), read.value, "a figure and its provenance agree");
    }
}

/// An archive of parts, so that the fuzzer writes XML rather than archives.
pub fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(*name, options).expect("a part can be begun in memory");
        writer.write_all(content).expect("a part can be written in memory");
    }
    writer.finish().expect("an archive can be ended in memory").into_inner()
}
