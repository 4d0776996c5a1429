//! The formats that documents are read in, one row each: what it is called, how it is told, and what reads it. What is told to
//! people, the endings that programs offer and what is tested all follow from here.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::error::ReadError;
use super::form_csv::{is_form_csv, read_form_csv};
use super::placement::PrintedRow;
use super::workbook::read_workbook;
use super::{
    Limits, Password, Printed, Reading, docx, html, markdown, mime, ofd, pdf, rtf, sheet_csv, told, word97, xls, xlsx,
};

/// The format that a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// A PDF whose text is text and no picture.
    Pdf,
    /// GB/T 33190.
    Ofd,
    /// Word since 2007, and WPS of the same making.
    Docx,
    /// Excel since 2007, and ET of the same making.
    Xlsx,
    /// Word 97 to 2003, and WPS of the same making.
    Doc,
    /// Excel 97 to 2003, and ET of the same making.
    Xls,
    /// Of WordPad and of most word processors.
    Rtf,
    /// A saved web page or a mail, of which the page or the attached document is read.
    Mhtml,
    /// One row for each cell of the form, as it is written here, or a sheet with its tables that was saved so.
    Csv,
    /// A web page.
    Html,
    /// Plain text with tables of `|`.
    Markdown,
    /// Plain text: one cell per line, or rows divided by `|`, tabs or blanks.
    Text,
}

/// A document as its reader is given it.
pub(super) struct Source<'s> {
    pub bytes: &'s [u8],
    /// Where it is text, decoded.
    pub text: &'s str,
    /// What opens it, where it is locked in a way that is read.
    pub password: &'s Password,
}

/// What a reader makes of a document.
pub(super) enum Contents {
    /// What is printed, in which the cells of the form are found.
    Printed(Printed),
    /// Of a layout that is known, all.
    Whole(Box<Reading>),
}

/// How a format is told from others.
pub(super) enum Told {
    ByBytes(fn(&[u8]) -> bool),
    /// By the text, else by the ending of the name where that may decide.
    ByText {
        is_told: fn(&str) -> bool,
        or_by_name: bool,
    },
}

type Reader = fn(&Source<'_>, &Limits) -> Result<Contents, ReadError>;

/// One format.
pub struct FormatInfo {
    /// The one that this row is of.
    pub format: Format,
    /// Stable name for programs.
    pub id: &'static str,
    /// Name for people, the same in both languages.
    pub name: &'static str,
    /// Endings of file names, without the dot, the usual one first.
    pub endings: &'static [&'static str],
    /// What it is, in Chinese and English.
    pub about: (&'static str, &'static str),
    pub(super) told: Told,
    pub(super) reader: Reader,
}

/// All of them, in the order in which it is asked whether a document is one.
pub static FORMATS: &[FormatInfo] = &[
    FormatInfo {
        format: Format::Pdf,
        id: "pdf",
        name: "PDF",
        endings: &["pdf"],
        about: ("带文字层的PDF；扫描件须先转为文字", "a PDF whose text is text; of a scan there is none"),
        told: Told::ByBytes(told::is_pdf),
        reader: |source, limits| pdf::read_pdf(source.bytes, source.password, limits).map(Contents::Printed),
    },
    FormatInfo {
        format: Format::Ofd,
        id: "ofd",
        name: "OFD",
        endings: &["ofd"],
        about: (
            "版式公文（GB/T 33190），文字须为文字",
            "the state's format for official documents (GB/T 33190), as far as its text is text",
        ),
        told: Told::ByBytes(told::is_ofd),
        reader: |source, limits| ofd::read_ofd(source.bytes, limits).map(Contents::Printed),
    },
    FormatInfo {
        format: Format::Docx,
        id: "docx",
        name: "DOCX",
        endings: &["docx"],
        about: ("Word 2007及以后的文档", "documents of Word 2007 and later"),
        told: Told::ByBytes(told::is_docx),
        reader: |source, limits| docx::read_docx(source.bytes, limits).map(Contents::of_rows),
    },
    FormatInfo {
        format: Format::Xlsx,
        id: "xlsx",
        name: "XLSX",
        endings: &["xlsx"],
        about: ("Excel 2007及以后的工作簿", "workbooks of Excel 2007 and later"),
        told: Told::ByBytes(told::is_xlsx),
        reader: |source, limits| match read_workbook(source.bytes) {
            Some(reading) => reading.map(Box::new).map(Contents::Whole),
            None => xlsx::read_xlsx(source.bytes, limits).map(Contents::Printed),
        },
    },
    FormatInfo {
        format: Format::Doc,
        id: "doc",
        name: "DOC/WPS",
        endings: &["doc", "wps"],
        about: ("Word 97—2003和WPS文字的文档", "documents of Word 97 to 2003, and of WPS Writer"),
        told: Told::ByBytes(|bytes| told::is_compound_with(bytes, "WordDocument")),
        reader: |source, limits| word97::read_doc(source.bytes, limits).map(Contents::of_rows),
    },
    FormatInfo {
        format: Format::Xls,
        id: "xls",
        name: "XLS/ET",
        endings: &["xls", "et"],
        about: ("Excel 97—2003和WPS表格的工作簿", "workbooks of Excel 97 to 2003, and of WPS Spreadsheets"),
        told: Told::ByBytes(|bytes| told::is_compound_with(bytes, "Workbook") || told::is_compound_with(bytes, "Book")),
        reader: |source, limits| xls::read_xls(source.bytes, limits).map(Contents::Printed),
    },
    FormatInfo {
        format: Format::Rtf,
        id: "rtf",
        name: "RTF",
        endings: &["rtf"],
        about: ("写字板和各种文字处理软件的文档", "documents of WordPad and of most word processors"),
        told: Told::ByBytes(|bytes| bytes.starts_with(b"{\\rtf")),
        reader: |source, limits| rtf::read_rtf(source.bytes, limits).map(Contents::of_rows),
    },
    FormatInfo {
        format: Format::Mhtml,
        id: "mhtml",
        name: "MHT/EML",
        endings: &["mht", "mhtml", "eml"],
        about: (
            "单文件网页；邮件，读取其唯一的附件或正文",
            "a web page saved as one file; a mail, of which the one document attached is read, or the text",
        ),
        told: Told::ByBytes(mime::is_wrapped),
        reader: mime::read_wrapped,
    },
    FormatInfo {
        format: Format::Csv,
        id: "csv",
        name: "CSV",
        endings: &["csv"],
        about: (
            "本软件写出的单张表格，或电子表格另存的各表",
            "a form as it is written here, or its tables as a spreadsheet saves them",
        ),
        told: Told::ByText { is_told: is_form_csv, or_by_name: false },
        reader: |source, limits| match is_form_csv(source.text) {
            true => read_form_csv(source.text, limits).map(Box::new).map(Contents::Whole),
            false => sheet_csv::read_sheet_csv(source.text, limits).map(Contents::of_rows),
        },
    },
    FormatInfo {
        format: Format::Html,
        id: "html",
        name: "HTML",
        endings: &["html", "htm"],
        about: ("网页，及办公软件另存的网页", "web pages, and what office suites save as such"),
        told: Told::ByText { is_told: told::is_html, or_by_name: true },
        reader: |source, limits| html::read_html(source.text, limits.max_cells).map(Contents::of_rows),
    },
    FormatInfo {
        format: Format::Markdown,
        id: "markdown",
        name: "Markdown",
        endings: &["md", "markdown"],
        about: ("带表格的Markdown", "Markdown with its tables"),
        told: Told::ByText { is_told: told::is_markdown, or_by_name: true },
        reader: |source, limits| markdown::read_markdown(source.text, limits.max_cells).map(Contents::of_lines),
    },
    FormatInfo {
        format: Format::Text,
        id: "text",
        name: "TXT",
        endings: &["txt"],
        about: (
            "纯文本：一行一格，或以竖线、制表符、空格分列",
            "plain text: a cell a line, or cells divided by bars, tabs or blanks",
        ),
        told: Told::ByText { is_told: |_| true, or_by_name: false },
        reader: |source, limits| super::text::read_text(source.text, limits.max_cells).map(Contents::of_lines),
    },
];

impl Contents {
    pub(super) fn of_rows(rows: Vec<PrintedRow>) -> Self {
        Self::Printed(Printed { rows, ..Printed::default() })
    }

    /// Rows of a text whose lines end amid a sentence.
    pub(super) fn of_lines(rows: Vec<PrintedRow>) -> Self {
        Self::Printed(Printed { rows, is_lines: true, ..Printed::default() })
    }
}

impl Format {
    /// What there is to know of it.
    pub fn info(self) -> &'static FormatInfo {
        // Every format has its row, which a test sees to.
        FORMATS.iter().find(|info| info.format == self).unwrap_or(&FORMATS[0])
    }

    /// Its name for people, the same in both languages.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Its stable name for programs.
    pub fn id(self) -> &'static str {
        self.info().id
    }
}

/// The names of all formats, for people: `PDF, DOCX, …`.
pub fn names() -> &'static str {
    static NAMES: LazyLock<String> =
        LazyLock::new(|| FORMATS.iter().map(|info| info.name).collect::<Vec<_>>().join(", "));
    &NAMES
}

/// The endings of all formats, as a choice of files offers them: `.pdf,.docx,…`.
pub fn endings() -> String {
    let endings = FORMATS.iter().flat_map(|info| info.endings).map(|ending| format!(".{ending}"));
    endings.collect::<Vec<_>>().join(",")
}

/// The rows of a table in Markdown, with their heading.
pub fn table() -> String {
    let row = |info: &FormatInfo| {
        let endings = info.endings.iter().map(|ending| format!("`.{ending}`")).collect::<Vec<_>>().join(", ");
        format!("| {} | {endings} | {} |\n", info.name, info.about.1)
    };
    FORMATS.iter().map(row).fold("| format | endings | what it is |\n|---|---|---|\n".to_owned(), |all, row| all + &row)
}

/// Whether a file's name ends as a document's.
pub fn has_ending(file_name: &str, endings: &[&str]) -> bool {
    let name = file_name.to_ascii_lowercase();
    endings.iter().any(|ending| name.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_one_row() {
        for format in
            [Format::Pdf, Format::Docx, Format::Xlsx, Format::Csv, Format::Html, Format::Markdown, Format::Text]
        {
            assert_eq!(FORMATS.iter().filter(|info| info.format == format).count(), 1, "{format:?}");
        }
        let mut endings: Vec<_> = FORMATS.iter().flat_map(|info| info.endings).collect();
        endings.sort_unstable();
        let count = endings.len();
        endings.dedup();
        assert_eq!(endings.len(), count);
    }
}
