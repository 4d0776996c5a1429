//! What is written is read back as it was: one row in a table for each format that has a reader.

use proptest::prelude::*;

use super::figures::figures;
use crate::document::read::{Limits, ReaderNote, read_document};
use crate::document::write::{Document, Format, write_document};
use crate::report::{Figures, ReportKey};

/// Every format that is written, with a file name of each.
const READ: &[(Format, &str)] = &[
    (Format::Text, "report.txt"),
    (Format::Docx, "report.docx"),
    (Format::Html, "report.html"),
    (Format::Xlsx, "report.xlsx"),
    (Format::Csv, "report.csv"),
];

/// A document with figures in its running text, which are not the form's.
fn document(figures: &Figures) -> Document {
    let report: ReportKey = format!("agencies/example/reports/{}", figures.edition().first_year).parse().unwrap();
    let mut document =
        Document::of_report("示例市数据局".to_owned(), &report, figures, None, &format!("{report}/revisions/1"), 1);
    document.narratives = vec![
        (1, "本年度受理申请3件，予以公开2件；行政许可详见下表。\n主动公开信息1284条。".to_owned()),
        (5, "存在的主要问题是公开时效有待提高。".to_owned()),
        (6, "本年度收取信息处理费0元。".to_owned()),
    ];
    document
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_written_document_is_read_back_as_it_was(figures in figures()) {
        let document = document(&figures);
        for (format, file_name) in READ {
            let bytes = write_document(&document, *format).unwrap();
            let reading = read_document(&bytes, file_name, &Limits::default()).unwrap();
            prop_assert_eq!(&reading.notes, &Vec::<ReaderNote>::new(), "{:?}", format);
            // A list of cells says nothing of the year.
            prop_assert_eq!(reading.year, Some(document.year).filter(|_| *format != Format::Csv));
            prop_assert!(reading.figures == figures, "{:?} {}", format, String::from_utf8_lossy(&bytes));
        }
    }
}
