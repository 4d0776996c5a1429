//! How the formats are told from each other: by their content; a document's name decides only where that does not.

use super::decode::decode;
use super::error::ReadError;
use super::format::{FORMATS, Format, Told, has_ending};
use super::note::shortened;

/// First bytes of a compound file.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

const ZIP: &str = "ZIP";

/// First bytes of formats that are not read.
const FOREIGN_SIGNATURES: &[(&[u8], &str)] = &[
    (COMPOUND, "OLE"),
    (b"\x89PNG", "PNG"),
    (b"\xFF\xD8\xFF", "JPEG"),
    (b"Rar!", "RAR"),
    (b"7z\xBC\xAF\x27\x1C", "7Z"),
    (b"PK\x03\x04", ZIP),
];

/// Endings of texts of another kind, with their names.
const FOREIGN_ENDINGS: &[(&str, &str)] = &[(CSV, "CSV"), ("json", "JSON")];
const CSV: &str = "csv";

/// What an archive of LibreOffice begins with.
const OPEN_DOCUMENT: &[u8] = b"application/vnd.oasis.opendocument";
const OPEN_HEAD_BYTES: usize = 200;

/// Where the signature of a PDF may stand, in bytes from the beginning.
const PDF_HEAD_BYTES: usize = 1024;
/// How much of a text is looked at for tags, in bytes.
const TEXT_HEAD_BYTES: usize = 64 * 1024;
/// Tags that make a text HTML wherever they stand.
const TAGS: &[&str] = &["<!doctype html", "<html", "<body", "<table", "<td", "<p>", "<p ", "<div"];

/// A document whose format is known.
pub struct Detected {
    pub format: Format,
    /// Where it is text, decoded.
    pub text: String,
}

/// Tells the format.
///
/// # Errors
/// [`ReadError::UnsupportedFormat`] for a format that is not read, [`ReadError::NotText`] for none at all.
pub fn detect(bytes: &[u8], file_name: &str) -> Result<Detected, ReadError> {
    let unsupported = |found| ReadError::UnsupportedFormat { name: shortened(file_name), found };
    for info in FORMATS {
        if let Told::ByBytes(is_told) = info.told
            && is_told(bytes)
        {
            return Ok(Detected { format: info.format, text: String::new() });
        }
    }
    if bytes.starts_with(b"PK\x03\x04") && contains(bytes.get(..OPEN_HEAD_BYTES).unwrap_or(bytes), OPEN_DOCUMENT) {
        return Err(unsupported("OpenDocument (ODT, ODS)"));
    }
    if let Some((_, found)) = FOREIGN_SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Err(unsupported(found));
    }
    let text = decode(bytes)?;
    for info in FORMATS {
        let Told::ByText { is_told, or_by_name } = info.told else { continue };
        let is_such = is_told(&text) || or_by_name && has_ending(file_name, info.endings);
        if !is_such {
            continue;
        }
        // As text anything is read, so here its name is asked.
        let foreign = FOREIGN_ENDINGS.iter().find(|(ending, _)| has_ending(file_name, &[ending]));
        return match foreign.filter(|_| info.format == Format::Text) {
            // A sheet with the tables of a report, saved so.
            Some((CSV, _)) if has_chapters(&text) => Ok(Detected { format: Format::Csv, text }),
            Some((CSV, _)) => Err(ReadError::OtherCsv { name: shortened(file_name) }),
            Some((_, found)) => Err(unsupported(found)),
            None => Ok(Detected { format: info.format, text }),
        };
    }
    Err(ReadError::NotText)
}

/// Whether a text names the tables of a report.
fn has_chapters(text: &str) -> bool {
    ["主动公开政府信息情况", "收到和处理政府信息公开申请情况", "行政许可"].iter().any(|words| text.contains(words))
}

/// The name of the format that bytes are in which are neither a workbook nor text. An archive that is nothing else may be a
/// workbook.
pub fn other_than_table(bytes: &[u8]) -> Option<&'static str> {
    let told = FORMATS.iter().find(|info| matches!(info.told, Told::ByBytes(is_told) if is_told(bytes)));
    let foreign =
        || FOREIGN_SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, name)| *name);
    match told {
        Some(info) => (info.format != Format::Xlsx).then_some(info.name),
        None => foreign().filter(|name| *name != ZIP),
    }
}

/// The signature of a PDF may stand somewhat behind the beginning.
pub fn is_pdf(bytes: &[u8]) -> bool {
    contains(bytes.get(..PDF_HEAD_BYTES).unwrap_or(bytes), b"%PDF-")
}

/// The directory of an archive names its parts uncompressed.
fn is_archive_with(bytes: &[u8], part: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") && contains(bytes, part)
}

/// Whether a compound file, as the programs of Office 97 write, has a stream of this name: its directory has it in
/// characters of two bytes, ended by a zero.
pub fn is_compound_with(bytes: &[u8], stream: &str) -> bool {
    let name: Vec<u8> = stream.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    bytes.starts_with(COMPOUND) && contains(bytes, &name)
}

pub fn is_ofd(bytes: &[u8]) -> bool {
    is_archive_with(bytes, b"OFD.xml")
}

pub fn is_docx(bytes: &[u8]) -> bool {
    is_archive_with(bytes, b"word/document")
}

pub fn is_xlsx(bytes: &[u8]) -> bool {
    is_archive_with(bytes, b"xl/workbook.xml")
}

pub fn is_markdown(text: &str) -> bool {
    text.lines().any(is_delimiter_row)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub fn is_html(text: &str) -> bool {
    let end = (0..=TEXT_HEAD_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let head = text.get(..end).unwrap_or_default().to_ascii_lowercase();
    TAGS.iter().any(|tag| head.contains(tag))
}

/// `|---|---|`, the row of a Markdown table below its header.
pub fn is_delimiter_row(line: &str) -> bool {
    line.contains("--") && line.contains('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(bytes: &[u8], name: &str) -> Format {
        detect(bytes, name).unwrap().format
    }

    #[test]
    fn the_content_decides_whatever_the_name() {
        assert_eq!(format(b"\n%PDF-1.7", "a.txt"), Format::Pdf);
        assert_eq!(format(b"PK\x03\x04..word/document.xml", "a.xlsx"), Format::Docx);
        assert_eq!(format(b"PK\x03\x04..xl/workbook.xml", "a"), Format::Xlsx);
        assert_eq!(format(b"\n<!DOCTYPE html>", "a.txt"), Format::Html);
        assert_eq!(format("<TABLE><tr><td>规章".as_bytes(), "a.txt"), Format::Html);
        assert_eq!(format("|规章|1|\n|---|---|".as_bytes(), "a.txt"), Format::Markdown);
        assert_eq!(format("规章\n1".as_bytes(), "a.txt"), Format::Text);
        assert_eq!(format(b"1 < 2", "a.HTM"), Format::Html);
        assert_eq!(format(b"{\\rtf1", "a.doc"), Format::Rtf);
        assert_eq!(format(b"MIME-Version: 1.0\nContent-Type: text/html\n\n", "a.doc"), Format::Mhtml);
    }

    #[test]
    fn a_format_that_is_not_read_is_named() {
        let cases: [(&[u8], &str, &str); 4] = [
            (b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.text", "a.odt", "OpenDocument (ODT, ODS)"),
            (b"PK\x03\x04", "a", "ZIP"),
            (COMPOUND, "a.docx", "OLE"),
            (b"{}", "a.JSON", "JSON"),
        ];
        for (bytes, name, expected) in cases {
            let error = detect(bytes, name).err().unwrap();
            assert!(matches!(&error, ReadError::UnsupportedFormat { found, .. } if *found == expected), "{error}");
            assert!(error.message().zh.contains("DOCX"));
        }
    }

    #[test]
    fn another_csv_than_a_reports_is_not_said_to_be_a_format_that_is_not_read() {
        let error = detect(b"a,b", "a.CSV").err().unwrap();
        assert_eq!(error, ReadError::OtherCsv { name: "a.CSV".to_owned() });
        assert_eq!(format("行政许可,1".as_bytes(), "a.csv"), Format::Csv);
        assert!(error.to_string().contains("`cell`") && error.message().zh.contains("registry import"), "{error}");
    }

    #[test]
    fn what_is_no_table_is_told_from_workbooks_and_text() {
        for (bytes, found) in [
            (&b"PK\x03\x04..word/document.xml"[..], Some("DOCX")),
            (b"PK\x03\x04..xl/workbook.xml", None),
            (b"PK\x03\x04..other.xml", None),
            (COMPOUND, Some("OLE")),
            (b"\x89PNG", Some("PNG")),
            (b"%PDF-1.7", Some("PDF")),
            (b"type,code\n", None),
            (b"{}", None),
        ] {
            assert_eq!(other_than_table(bytes), found);
        }
    }
}
