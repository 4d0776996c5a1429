//! Any bytes as the text of a DOCX, or as the whole of it.
#![no_main]

use huizong_fuzz::{package, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        read(bytes, "report.docx");
    } else {
        read(&package(&[("word/document.xml", bytes)]), "report.docx");
    }
});
