//! Any bytes as the page of an OFD, or as the whole of it.
#![no_main]

use huizong_fuzz::{package, read};
use libfuzzer_sys::fuzz_target;

const ENTRY: &[u8] = b"<OFD><DocBody><DocRoot>Document.xml</DocRoot></DocBody></OFD>";
const DOCUMENT: &[u8] = b"<Document><Pages><Page ID=\"1\" BaseLoc=\"Page.xml\"/></Pages></Document>";

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        read(bytes, "report.ofd");
    } else {
        read(&package(&[("OFD.xml", ENTRY), ("Document.xml", DOCUMENT), ("Page.xml", bytes)]), "report.ofd");
    }
});
