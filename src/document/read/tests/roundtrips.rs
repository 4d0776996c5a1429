//! The same form is read the same from every format, and no damage to a document does more than make it unreadable.

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{Limits, Password, Place, ReadError, Reading, read_document};
use super::formats::{all, docx_body, docx_of, html, markdown, pdf, xlsx_of, xlsx_parts};
use super::layout::{OTHER_MATTERS, OVERVIEW, PROBLEMS, TITLE, document};
use super::notes;
use super::ofd::{ofd, ofd_of, ofd_page};
use super::properties::figures;
use crate::report::Figures;

/// Reads where a panic is a panic.
fn read_now(bytes: &[u8], name: &str) -> Result<Reading, ReadError> {
    let limits = Limits::default();
    super::super::read_on_this_thread(bytes, name, &Password::default(), &limits)
}

/// One change to the bytes of a document.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    /// A piece stands once more elsewhere.
    Copy(Index, usize, Index),
    /// A number becomes another.
    Number(Index, i64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let words: &[&[u8]] = &[
        b"<",
        b">",
        b"\"",
        b"&#1;",
        b"<table>",
        b"</td>",
        b"<td colspan=99999>",
        b"<w:tbl>",
        b"<w:vMerge/>",
        b"<<",
        b">>",
        b"[",
        b"endobj",
        b" 0 R ",
        b"Do ",
        b"Q ",
        b"q ",
        b"stream\n",
        b"|",
        b"\xff\xfe",
        b"\0",
        b"<c r=\"ZZZ9\">",
    ];
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (at(), 1usize..200).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (at(), prop::sample::select(words)).prop_map(|(at, word)| Mutation::Insert(at, word)),
        (at(), 1usize..2000, at()).prop_map(|(from, length, to)| Mutation::Copy(from, length, to)),
        (at(), prop::sample::select(vec![0, -1, 1, 65_536, i64::from(u32::MAX), i64::MAX]))
            .prop_map(|(at, number)| Mutation::Number(at, number)),
    ]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let end = |start: usize, length: usize| (start + length).min(bytes.len());
        match self {
            Self::Replace(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Remove(at, length) => {
                let start = at.index(bytes.len());
                let end = end(start, *length);
                bytes.drain(start..end);
            }
            Self::Insert(at, word) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, word.iter().copied());
            }
            Self::Copy(from, length, to) => {
                let start = from.index(bytes.len());
                let piece = bytes[start..end(start, *length)].to_vec();
                let to = to.index(bytes.len());
                bytes.splice(to..to, piece);
            }
            Self::Number(at, number) => {
                let from = at.index(bytes.len());
                let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
                let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                bytes.splice(start..start + length, number.to_string().into_bytes());
            }
        }
    }
}

/// A document whose inside can be damaged without its packing being so.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Html,
    Markdown,
    Docx,
    Sheet,
    Strings,
    Pdf,
    DocxFile,
    XlsxFile,
    Ofd,
    OfdFile,
}

const KINDS: &[Kind] = &[
    Kind::Html,
    Kind::Markdown,
    Kind::Docx,
    Kind::Sheet,
    Kind::Strings,
    Kind::Pdf,
    Kind::DocxFile,
    Kind::XlsxFile,
    Kind::Ofd,
    Kind::OfdFile,
];

fn damaged(kind: Kind, figures: &Figures, mutations: &[Mutation]) -> (Vec<u8>, &'static str) {
    let blocks = document(figures);
    let damage = |mut bytes: Vec<u8>| {
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        bytes
    };
    let text = |bytes: String| String::from_utf8_lossy(&damage(bytes.into_bytes())).into_owned();
    match kind {
        Kind::Html => (damage(html(&blocks).into_bytes()), "a.html"),
        Kind::Markdown => (damage(markdown(&blocks).into_bytes()), "a.md"),
        Kind::Docx => (docx_of(&text(docx_body(&blocks))), "a.docx"),
        Kind::Sheet | Kind::Strings => {
            let (sheet, strings) = xlsx_parts(&blocks);
            let is_sheet = matches!(kind, Kind::Sheet);
            let (sheet, strings) = if is_sheet { (text(sheet), strings) } else { (sheet, text(strings)) };
            (xlsx_of(&sheet, &strings), "a.xlsx")
        }
        Kind::Pdf => (damage(pdf(&blocks)), "a.pdf"),
        Kind::DocxFile => (damage(docx_of(&docx_body(&blocks))), "a.docx"),
        Kind::XlsxFile => {
            let (sheet, strings) = xlsx_parts(&blocks);
            (damage(xlsx_of(&sheet, &strings)), "a.xlsx")
        }
        Kind::Ofd => {
            let (page, height) = ofd_page(&blocks);
            (ofd_of(text(String::from_utf8_lossy(&page).into_owned()).into_bytes(), height), "a.ofd")
        }
        Kind::OfdFile => (damage(ofd(&blocks)), "a.ofd"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_form_is_read_back_as_it_was_from_every_format(figures in figures()) {
        for (name, bytes) in all(&document(&figures)) {
            let reading = read_now(&bytes, name).unwrap();
            prop_assert_eq!(notes(&reading), Vec::<String>::new(), "{}", name);
            prop_assert_eq!(&reading.figures, &figures, "{}", name);
            prop_assert_eq!(reading.title.as_deref(), Some(TITLE), "{}", name);
            prop_assert_eq!(reading.narrative.overview.as_deref(), Some(OVERVIEW), "{}", name);
            prop_assert_eq!(reading.narrative.problems.as_deref(), Some(PROBLEMS), "{}", name);
            prop_assert_eq!(reading.narrative.other_matters.as_deref(), Some(OTHER_MATTERS), "{}", name);
            prop_assert!(reading.cells.iter().all(|read| read.place != Place::START), "{}", name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_damage_to_a_document_makes_a_reader_panic(
        figures in figures(),
        kind in prop::sample::select(KINDS),
        mutations in prop::collection::vec(mutation(), 1..12),
    ) {
        let (bytes, name) = damaged(kind, &figures, &mutations);
        if let Ok(reading) = read_now(&bytes, name) {
            for read in &reading.cells {
                prop_assert_eq!(reading.figures.get(read.cell), read.value);
            }
        }
    }

    #[test]
    fn a_document_that_was_cut_off_is_read_or_refused(figures in figures(), kind in prop::sample::select(KINDS), at in any::<Index>()) {
        let (mut bytes, name) = damaged(kind, &figures, &[]);
        bytes.truncate(at.index(bytes.len()));
        let _ = read_now(&bytes, name);
    }
}

#[test]
fn damage_is_an_error_in_both_languages() {
    for (bytes, name) in [(&b"PK\x03\x04 word/document.xml"[..], "a.docx"), (b"%PDF-1.7 nothing", "a.pdf")] {
        let error = read_document(bytes, name, &Limits::default()).unwrap_err();
        assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
        assert!(error.message().zh.contains("损坏"));
    }
}
