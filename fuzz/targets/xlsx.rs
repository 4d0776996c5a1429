//! Any bytes as a sheet of an XLSX and as its texts, or as the whole of it.
#![no_main]

use huizong_fuzz::{package, read};
use libfuzzer_sys::fuzz_target;

const WORKBOOK: &[u8] = br#"<workbook><sheets><sheet name="a" r:id="r1"/></sheets></workbook>"#;
const RELATIONS: &[u8] = br#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>"#;

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        return read(bytes, "report.xlsx");
    }
    let parts = [
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", bytes),
        ("xl/worksheets/sheet1.xml", bytes),
    ];
    read(&package(&parts), "report.xlsx");
});
