//! Any bytes as a document of this kind; its content may say that it is of another.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| huizong_fuzz::read(bytes, "report.doc"));
