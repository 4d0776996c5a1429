//! DOCX: the paragraphs and tables of a word processor's document.

use quick_xml::events::{BytesStart, Event};

use super::error::ReadError;
use super::flow::{CellSpan, Flow};
use super::package::{MAX_DEPTH, Package, number, referred, xml};
use super::placement::PrintedRow;
use super::{Format, Limits};

/// Elements whose text is not printed: what was deleted, codes of fields, the second form of what is already there.
const UNPRINTED: &[&str] = &["del", "moveFrom", "instrText", "delText", "Fallback", "rPr", "pPr", "sectPr"];

/// Reads a document into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`] and the errors of limits.
pub fn read_docx(bytes: &[u8], limits: &Limits) -> Result<Vec<PrintedRow>, ReadError> {
    let mut package = Package::open(bytes, Format::Docx.name(), limits.max_unpacked_bytes)?;
    let part = package.part("word/document.xml")?;
    let part = part.ok_or_else(|| ReadError::damaged(Format::Docx.name(), "word/document.xml is missing"))?;
    let mut body = Body { flow: Flow::new(limits.max_cells), cell: None, is_text: false };
    let mut reader = xml(&part);
    let mut depth = 0;
    // Depth of the element whose inside is passed over.
    let mut passing: Option<usize> = None;
    loop {
        let event = reader.read_event().map_err(|error| ReadError::damaged(Format::Docx.name(), error))?;
        match event {
            Event::Eof => return body.flow.finish(),
            Event::Start(element) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(ReadError::TooDeep { limit: MAX_DEPTH });
                }
                if passing.is_none() {
                    if UNPRINTED.contains(&element.local_name().as_ref()) {
                        passing = Some(depth);
                    } else {
                        body.begin(&element)?;
                    }
                }
            }
            Event::Empty(element) if passing.is_none() => {
                body.begin(&element)?;
                body.end(element.local_name().as_ref())?;
            }
            Event::End(element) => {
                match passing {
                    None => body.end(element.local_name().as_ref())?,
                    Some(from) if from >= depth => passing = None,
                    Some(_) => {}
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(text) if passing.is_none() => body.text(&text.xml10_content()),
            Event::CData(text) if passing.is_none() => body.text(&text.xml10_content()),
            Event::GeneralRef(reference) if passing.is_none() => body.text(&referred(&reference)),
            _ => {}
        }
    }
}

struct Body {
    flow: Flow,
    /// The cell whose properties are being read; it begins with its first content.
    cell: Option<CellSpan>,
    /// Within an element of text: blanks between other elements are none of the document's.
    is_text: bool,
}

impl Body {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), ReadError> {
        match element.local_name().as_ref() {
            "tbl" => {
                self.begin_cell()?;
                self.flow.begin_table()?;
            }
            "tr" => self.flow.begin_row()?,
            "gridBefore" => self.flow.skip(number(element, "val").unwrap_or(0)),
            "tc" => self.cell = Some(CellSpan { columns: 1, rows: 1, continued: false }),
            "gridSpan" => {
                if let Some(cell) = &mut self.cell {
                    cell.columns = number(element, "val").unwrap_or(1);
                }
            }
            // Without a value, the cell continues the one above.
            "vMerge" => {
                let begins = super::package::attribute(element, "val").is_some_and(|value| value == "restart");
                if let Some(cell) = &mut self.cell {
                    cell.continued = !begins;
                }
            }
            "p" => self.begin_cell()?,
            "t" => self.is_text = true,
            "br" | "cr" => self.flow.line_break()?,
            "tab" => self.flow.text(" "),
            "noBreakHyphen" => self.flow.text("-"),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), ReadError> {
        match name {
            "tbl" => self.flow.end_table()?,
            "tc" => {
                self.begin_cell()?;
                self.flow.end_cell()?;
            }
            "p" => self.flow.end_paragraph()?,
            "t" => self.is_text = false,
            _ => {}
        }
        Ok(())
    }

    fn begin_cell(&mut self) -> Result<(), ReadError> {
        self.cell.take().map_or(Ok(()), |span| self.flow.begin_cell(span))
    }

    fn text(&mut self, text: &str) {
        if self.is_text {
            self.flow.text(text);
        }
    }
}
