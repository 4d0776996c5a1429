//! Out and back is identity; what is not understood is refused by line.

use proptest::prelude::*;

use super::{ExchangeError, ReportEntry, ReportReader, ReportWriter};
use crate::document::tests::entries::entries;
use crate::form::{catalogue, edition};
use crate::report::{Cell, Figures};

fn read_reports(bytes: &[u8]) -> Result<Vec<ReportEntry>, ExchangeError> {
    ReportReader::new(bytes)?.collect()
}

fn written(entries: &[ReportEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ReportWriter::new(&mut bytes).unwrap();
    for entry in entries {
        writer.write(entry).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reports_come_back_from_csv_as_they_were(entries in entries()) {
        prop_assert_eq!(read_reports(written(&entries).as_slice()).unwrap(), entries);
    }

    #[test]
    fn no_bytes_make_the_reader_of_csv_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), begin in any::<bool>()) {
        let mut text = if begin { b"owner,year,edition,kind,cell,value,rule\n".to_vec() } else { Vec::new() };
        text.extend(bytes);
        let _ = read_reports(text.as_slice());
    }
}

fn small() -> ReportEntry {
    let mut figures = Figures::blank(edition("format_2021").unwrap());
    let cell = |path: &str| catalogue().cell_at(path).unwrap();
    figures.set(cell("proactive_disclosure.rules.issued"), Cell::Number(0));
    figures.set(cell("proactive_disclosure.rules.repealed"), Cell::NotApplicable);
    ReportEntry {
        narrative: None,
        report: "agencies/example/reports/2022".parse().unwrap(),
        figures,
        answers: Vec::new(),
        reason: String::new(),
    }
}

#[test]
fn blank_zero_and_not_applicable_are_told_apart() {
    let text = String::from_utf8(written(&[small()])).unwrap();
    for line in [
        "agencies/example,2022,format_2021,value,proactive_disclosure.rules.issued,0,",
        "agencies/example,2022,format_2021,na,proactive_disclosure.rules.repealed,,",
        "agencies/example,2022,format_2021,blank,proactive_disclosure.rules.in_force,,",
    ] {
        assert!(text.lines().any(|of| of == line), "{line}");
    }
    assert_eq!(text.lines().count(), 1 + 200, "every prescribed cell, and the headings");
}

#[test]
fn what_is_not_understood_is_refused_by_its_line() {
    let text = String::from_utf8(written(&[small()])).unwrap();
    let issued = "agencies/example,2022,format_2021,value,proactive_disclosure.rules.issued,0,";
    let refused = |from: &str, to: &str| {
        let text = text.replace(from, to);
        read_reports(text.as_bytes()).unwrap_err()
    };
    let line = text.lines().position(|of| of == issued).unwrap() as u64 + 1;
    for replaced in [
        "agencies/example,2022,format_2021,value,proactive_disclosure.rules.issued,1.5,",
        "agencies/example,2022,format_2021,value,proactive_disclosure.rules.issued,,",
        "agencies/example,2022,format_2021,blank,proactive_disclosure.rules.issued,0,",
        "agencies/example,2022,format_2021,number,proactive_disclosure.rules.issued,0,",
        "agencies/example,2022,format_2021,value,proactive_disclosure.rules.ussued,0,",
        "agencies/example,2022,trial_2019,value,proactive_disclosure.rules.issued,0,",
        "agencies/example,22,format_2021,value,proactive_disclosure.rules.issued,0,",
        "?,2022,format_2021,value,proactive_disclosure.rules.issued,0,",
        "agencies/example,2022,format_2021,value,proactive_disclosure_trial_2019.rules.produced,0,",
    ] {
        let ExchangeError { line: found, message } = refused(issued, replaced);
        assert_eq!(found, line, "{replaced}");
        assert!(!message.zh.is_empty() && !message.en.is_empty());
    }
    assert_eq!(refused(issued, &format!("{issued}\n{issued}")).line, line + 1);
    assert_eq!(refused("owner,year", "year,agency").line, 1);
    let other = issued.replace("agencies/example,", "agencies/other,");
    assert_eq!(refused(issued, &format!("{issued}\n{other}")).line, line + 2, "rows of one report stand together");
}

#[test]
fn a_mark_of_the_encoding_is_passed_over() {
    let mut bytes = "\u{FEFF}".as_bytes().to_vec();
    bytes.extend(written(&[small()]));
    assert_eq!(read_reports(bytes.as_slice()).unwrap(), [small()]);
}
