//! Saved web pages (MHT) and mail (EML): the page, or the one document that is attached, taken out of its wrapping.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use encoding_rs::{Encoding, GB18030, UTF_8};

use super::error::ReadError;
use super::format::{Contents, FORMATS, Format, Source, has_ending};
use super::{Limits, html, text, told};

/// Deepest nesting of parts, and most of them.
const MAX_DEPTH: usize = 8;
const MAX_PARTS: usize = 1_000;
/// Longest head of a part, in bytes.
const MAX_HEAD: usize = 256 * 1024;

/// Padding is often lost.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a wrapped document is.
#[derive(Debug, PartialEq, Eq)]
pub enum Unwrapped {
    /// A page, or a plain text.
    Text { text: String, is_html: bool },
    /// A document that is attached, with its name.
    Attached { name: String, bytes: Vec<u8> },
}

/// The head of a part.
#[derive(Debug, Default)]
struct Head {
    kind: String,
    charset: String,
    boundary: String,
    encoding: String,
    /// Of a file.
    name: String,
}

/// Whether a file is a wrapped document: it begins with the lines of a head.
pub fn is_wrapped(bytes: &[u8]) -> bool {
    let (head, _) = split_head(bytes);
    let text = String::from_utf8_lossy(head.get(..MAX_HEAD.min(head.len())).unwrap_or_default()).to_ascii_lowercase();
    let has = |name: &str| text.starts_with(name) || text.contains(&format!("\n{name}"));
    let begins = text.lines().next().is_some_and(|line| {
        line.split_once(':')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    });
    begins && has("mime-version:") && has("content-type:")
}

/// Takes the document out of its wrapping: the only attachment that is one, else the page, else the text.
///
/// # Errors
/// [`ReadError::Damaged`] where there is none, [`ReadError::SeveralDocuments`] where more than one is attached,
/// [`ReadError::TooDeep`].
pub fn unwrap(bytes: &[u8]) -> Result<Unwrapped, ReadError> {
    let mut found = Found::default();
    found.part(bytes, 0)?;
    let Found { mut attached, mut pages, mut texts, .. } = found;
    if attached.len() > 1 {
        return Err(ReadError::SeveralDocuments { names: attached.into_iter().map(|(name, _)| name).collect() });
    }
    if let Some((name, bytes)) = attached.pop() {
        return Ok(Unwrapped::Attached { name, bytes });
    }
    let is_html = !pages.is_empty();
    let first = |list: &mut Vec<String>| if list.is_empty() { None } else { Some(list.remove(0)) };
    match first(&mut pages).or_else(|| first(&mut texts)) {
        Some(text) => Ok(Unwrapped::Text { text, is_html }),
        None => Err(ReadError::damaged(Format::Mhtml.name(), "there is no page in it")),
    }
}

/// Reads what is wrapped.
///
/// # Errors
/// As [`unwrap`], and those of its reader.
pub fn read_wrapped(source: &Source<'_>, limits: &Limits) -> Result<Contents, ReadError> {
    match unwrap(source.bytes)? {
        Unwrapped::Text { text, is_html: true } => html::read_html(&text, limits.max_cells).map(Contents::of_rows),
        Unwrapped::Text { text, is_html: false } => text::read_text(&text, limits.max_cells).map(Contents::of_lines),
        Unwrapped::Attached { name, bytes } => {
            let detected = told::detect(&bytes, &name)?;
            // A mail within a mail was taken out of it already.
            if detected.format == Format::Mhtml {
                return Err(ReadError::TooDeep { limit: MAX_DEPTH });
            }
            (detected.format.info().reader)(
                &Source { bytes: &bytes, text: &detected.text, password: source.password },
                limits,
            )
        }
    }
}

#[derive(Default)]
struct Found {
    attached: Vec<(String, Vec<u8>)>,
    pages: Vec<String>,
    texts: Vec<String>,
    parts: usize,
}

impl Found {
    fn part(&mut self, bytes: &[u8], depth: usize) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(ReadError::damaged(Format::Mhtml.name(), format!("more than {MAX_PARTS} parts")));
        }
        let (head, body) = split_head(bytes);
        let head = Head::of(head);
        if head.kind.starts_with("multipart/") && !head.boundary.is_empty() {
            return parts_of(body, &head.boundary).into_iter().try_for_each(|part| self.part(part, depth + 1));
        }
        if head.kind == "message/rfc822" {
            return self.part(&head.decoded(body), depth + 1);
        }
        // Pictures and styles of a page have names as well.
        let is_text = matches!(head.kind.as_str(), "text/html" | "text/plain" | "");
        if is_text && !is_document(&head.name) {
            let text = head.text(body);
            if head.kind == "text/html" { self.pages.push(text) } else { self.texts.push(text) }
        } else if is_document(&head.name) {
            self.attached.push((head.name.clone(), head.decoded(body)));
        }
        Ok(())
    }
}

/// Whether a file's name is that of a document.
fn is_document(name: &str) -> bool {
    FORMATS.iter().any(|info| has_ending(name, info.endings))
}

/// The lines before the first empty one, and what follows.
fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let line = bytes.get(start..at).unwrap_or_default();
        if line.is_empty() || line == b"\r" {
            return (bytes.get(..start).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default());
        }
        if at > MAX_HEAD {
            break;
        }
        start = at + 1;
    }
    (bytes.get(..MAX_HEAD).unwrap_or(bytes), &[])
}

/// The parts between lines of a boundary.
fn parts_of<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let line = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    let mut at = 0;
    while at < body.len() && parts.len() <= MAX_PARTS {
        let rest = body.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let this = rest.get(..length).unwrap_or_default();
        if this.starts_with(line.as_bytes()) {
            if let Some(from) = begun.take() {
                parts.extend(body.get(from..at));
            }
            let is_last = this.get(line.len()..).is_some_and(|after| after.starts_with(b"--"));
            if is_last {
                return parts;
            }
            begun = Some(at + length);
        }
        at += length;
    }
    parts.extend(begun.and_then(|from| body.get(from..)));
    parts
}

impl Head {
    fn of(bytes: &[u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => GB18030.decode_without_bom_handling(bytes).0.into_owned(),
        };
        // A line that begins with a blank goes on with the one before.
        let unfolded = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
        let mut head = Self::default();
        for (name, value) in unfolded.lines().filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "content-type" => {
                    head.kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                    head.charset = parameter(value, "charset").unwrap_or_default();
                    head.boundary = parameter(value, "boundary").unwrap_or_default();
                    if head.name.is_empty() {
                        head.name = parameter(value, "name").unwrap_or_default();
                    }
                }
                "content-transfer-encoding" => head.encoding = value.to_ascii_lowercase(),
                "content-disposition" => {
                    if let Some(name) = parameter(value, "filename") {
                        head.name = name;
                    }
                }
                _ => {}
            }
        }
        head
    }

    fn decoded(&self, body: &[u8]) -> Vec<u8> {
        match self.encoding.as_str() {
            "base64" => {
                let digits: Vec<u8> =
                    body.iter().copied().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).collect();
                BASE64.decode(digits).unwrap_or_default()
            }
            "quoted-printable" => quoted(body),
            _ => body.to_vec(),
        }
    }

    fn text(&self, body: &[u8]) -> String {
        let bytes = self.decoded(body);
        let named = Encoding::for_label(self.charset.as_bytes()).map(wider);
        let encoding = named.unwrap_or_else(|| if std::str::from_utf8(&bytes).is_ok() { UTF_8 } else { GB18030 });
        encoding.decode(&bytes).0.into_owned()
    }
}

/// GB2312 and GBK are read as what contains them.
fn wider(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == encoding_rs::GBK { GB18030 } else { encoding }
}

/// `a=3D=` and a line that goes on.
fn quoted(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'=' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = rest.get(2..).unwrap_or_default();
        } else if let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
        } else {
            bytes.push(b'=');
        }
    }
    bytes
}

/// A parameter of a field, such as `charset` in `text/html; charset="utf-8"`; also in the ways that carry other
/// characters than ASCII: `filename*=UTF-8''…` and `=?GBK?B?…?=`.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut pieces = value.split(';').skip(1).filter_map(|piece| piece.split_once('='));
    let lower = |name: &str| name.trim().to_ascii_lowercase();
    let (name, found) = pieces.find(|(name, _)| {
        let name = lower(name);
        name == wanted || name.strip_suffix('*') == Some(wanted)
    })?;
    let found = found.trim().trim_matches('"');
    if lower(name).ends_with('*') {
        let mut parts = found.splitn(3, '\'');
        let (charset, text) = (parts.next()?, parts.nth(1)?);
        return Some(decoded_as(charset, &percent(text)));
    }
    Some(encoded_words(found))
}

fn decoded_as(charset: &str, bytes: &[u8]) -> String {
    let encoding = Encoding::for_label(charset.as_bytes()).map_or(UTF_8, wider);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn percent(text: &str) -> Vec<u8> {
    let marked = text.replace('=', "=3D").replace('%', "=");
    quoted(marked.as_bytes())
}

/// A text with its words in other characters, `=?charset?B?…?=` or `=?charset?Q?…?=`.
fn encoded_words(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("=?") {
        let mut parts = after.splitn(4, '?');
        let word = (|| {
            let (charset, kind, inside, behind) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let bytes = match kind {
                "B" | "b" => BASE64.decode(inside.trim_end_matches('=')).ok()?,
                "Q" | "q" => quoted(inside.replace('_', " ").as_bytes()),
                _ => return None,
            };
            Some((decoded_as(charset, &bytes), behind.strip_prefix('=')?))
        })();
        let Some((word, behind)) = word else { break };
        // Blanks between two such words are none of the text's.
        if !before.trim().is_empty() || result.is_empty() {
            result.push_str(before);
        }
        result.push_str(&word);
        rest = behind;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_page_is_taken_out_of_its_parts() {
        let page = "From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\"; boundary=\"--B\"\r\n\r\n\
            ----B\r\nContent-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=B9=E6=\r\n=D5=C2 a=3D1</p>\r\n\
            ----B\r\nContent-Type: image/png\r\nContent-Location: a.png\r\n\r\nxx\r\n----B--\r\n";
        assert!(is_wrapped(page.as_bytes()));
        let text = "<p>规章 a=1</p>\r\n".to_owned();
        assert_eq!(unwrap(page.as_bytes()), Ok(Unwrapped::Text { text, is_html: true }));
    }

    #[test]
    fn the_document_that_a_mail_carries_is_the_document() {
        let part = |name: &str| {
            format!(
                "--b\nContent-Type: application/octet-stream; name=\"{name}\"\nContent-Transfer-Encoding: base64\n\nUEsD\nBA==\n"
            )
        };
        let mail = |parts: &str| {
            format!(
                "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n请查收。\n{parts}--b--\n"
            )
        };
        let one = mail(&part("=?GBK?B?xOqxqC5kb2N4?="));
        let expected = Unwrapped::Attached { name: "年报.docx".to_owned(), bytes: b"PK\x03\x04".to_vec() };
        assert_eq!(unwrap(one.as_bytes()), Ok(expected));
        let several = mail(&(part("a.docx") + &part("b.xlsx")));
        let names = vec!["a.docx".to_owned(), "b.xlsx".to_owned()];
        assert_eq!(unwrap(several.as_bytes()), Err(ReadError::SeveralDocuments { names }));
        let text = "请查收。\n".to_owned();
        assert_eq!(unwrap(mail("").as_bytes()), Ok(Unwrapped::Text { text, is_html: false }));
    }

    #[test]
    fn names_in_other_characters_are_read() {
        for (field, name) in [
            ("attachment; filename=\"a.docx\"", "a.docx"),
            ("attachment; filename*=UTF-8''%E5%B9%B4%E6%8A%A5.docx", "年报.docx"),
            ("attachment; filename=\"=?utf-8?Q?=E5=B9=B4?= =?utf-8?Q?=E6=8A=A5?=.pdf\"", "年报.pdf"),
        ] {
            assert_eq!(parameter(field, "filename").as_deref(), Some(name), "{field}");
        }
    }

    #[test]
    fn what_is_no_wrapping_is_none() {
        for text in ["规章\n1\n", "a: b\n\nMIME-Version: 1.0\nContent-Type: x", "", "<html>"] {
            assert!(!is_wrapped(text.as_bytes()), "{text}");
        }
        let bomb = "Content-Type: message/rfc822\n\n".repeat(100);
        assert!(matches!(unwrap(bomb.as_bytes()), Err(ReadError::TooDeep { .. })));
    }
}
