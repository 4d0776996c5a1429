//! DOCX: the paragraphs and tables of a word processor's document.

mod property;
mod style;

use quick_xml::events::{BytesStart, Event};

use super::error::ReadError;
use super::flow::{CellSpan, Flow};
use super::inscription::{BOX, Look, Setting, draws_pictures, is_drawn, is_figure};
use super::package::{MAX_DEPTH, Package, attribute, number, referred, xml};
use super::placement::PrintedRow;
use super::{Format, Limits};
use property::{is_far, is_flat, is_on, is_usual, look_within};
use style::{Names, RunStyle, Styles, is_shade};

/// Elements whose text is not printed: the second form of what is already there, and how it was before.
const UNPRINTED: &[&str] = &["Fallback", "sectPr", "rPrChange", "pPrChange", "tcPrChange", "trPrChange"];

/// Characters that are kept of the code of a field.
const MAX_CODE: usize = 64;

/// Reads a document into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`] and the errors of limits.
pub fn read_docx(bytes: &[u8], limits: &Limits) -> Result<Vec<PrintedRow>, ReadError> {
    let mut package = Package::open(bytes, Format::Docx.name(), limits.max_unpacked_bytes)?;
    let part = package.part("word/document.xml")?;
    let part = part.ok_or_else(|| ReadError::damaged(Format::Docx.name(), "word/document.xml is missing"))?;
    let styles = package.part("word/styles.xml")?.map(|part| Styles::parse(&part)).transpose()?.unwrap_or_default();
    let mut body = Body::new(limits.max_cells, styles);
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

/// A picture or a shape while its element is read.
#[derive(Debug, Clone, Copy, Default)]
struct Drawn {
    /// It floats over the text.
    is_over: bool,
    /// It is a box of text.
    has_text: bool,
}

struct Body {
    flow: Flow,
    styles: Styles,
    /// The cell whose properties are being read; it begins with its first content.
    cell: Option<CellSpan>,
    /// Within an element of text: blanks between other elements are none of the document's.
    is_text: bool,
    /// Within the code of a field, and what has been read of it.
    is_code: bool,
    code: String,
    /// The styles of the tables that are open, outermost first.
    tables: Vec<Option<String>>,
    /// The style of the paragraph.
    paragraph: Option<String>,
    /// The style of the run and its own properties.
    run: (Option<String>, RunStyle),
    /// How the run is set, once its properties are read.
    setting: Setting,
    /// Within the properties of a run, and within those of a paragraph, whose mark has properties of its own.
    in_run_properties: bool,
    in_paragraph_properties: bool,
    in_row_properties: bool,
    /// Whether the paragraph says that it is numbered by the program.
    is_numbered: Option<bool>,
    /// The cell continues the one above, and what is written in it is not shown.
    is_continued: bool,
    /// The cell is one with that beside it, or deleted.
    is_strange_cell: bool,
    /// The row is not shown.
    hidden_row: bool,
    /// The lines of the paragraph are lower than a character, or begin far away.
    is_flat: bool,
    /// What the field for a content shows is what stands there until there is one.
    is_placeholder: bool,
    /// A colour lies behind the cell, or the paragraph.
    shaded_cell: bool,
    shaded_paragraph: bool,
    drawn: Option<Drawn>,
    /// Elements that are open, of those that decide how all text within is set.
    around: Vec<Look>,
}

impl Body {
    fn new(max_cells: usize, styles: Styles) -> Self {
        let setting = styles.resolved(RunStyle::default(), Names::default()).setting(false);
        Self {
            flow: Flow::new(max_cells),
            styles,
            cell: None,
            is_text: false,
            is_code: false,
            code: String::new(),
            tables: Vec::new(),
            paragraph: None,
            run: (None, RunStyle::default()),
            setting,
            in_run_properties: false,
            in_paragraph_properties: false,
            in_row_properties: false,
            is_numbered: None,
            is_continued: false,
            is_strange_cell: false,
            hidden_row: false,
            is_flat: false,
            is_placeholder: false,
            shaded_cell: false,
            shaded_paragraph: false,
            drawn: None,
            around: Vec::new(),
        }
    }

    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), ReadError> {
        let name = element.local_name();
        let name = name.as_ref();
        if self.in_run_properties {
            match name {
                "rStyle" => self.run.0 = attribute(element, "val"),
                _ => self.run.1.take(element),
            }
            return Ok(());
        }
        self.around.extend(look_within(name));
        self.draw(name, element);
        match name {
            "tbl" => {
                self.begin_cell()?;
                self.flow.begin_table()?;
                self.tables.push(None);
            }
            "tblStyle" => {
                if let Some(table) = self.tables.last_mut() {
                    *table = attribute(element, "val");
                }
            }
            "tr" => {
                self.hidden_row = false;
                self.flow.begin_row()?;
            }
            // Of a row: those of runs and paragraphs have other names.
            "hidden" => {
                self.hidden_row = !attribute(element, "val").is_some_and(|value| value == "0" || value == "false")
            }
            "trPr" => self.in_row_properties = true,
            "trHeight" => self.hidden_row |= is_flat(element, "val", "hRule"),
            "ind" if self.in_paragraph_properties => self.is_flat |= is_far(element),
            "spacing" if self.in_paragraph_properties => self.is_flat |= is_flat(element, "line", "lineRule"),
            // Deleted while changes were tracked.
            "del" if self.in_row_properties => self.hidden_row = true,
            "gridBefore" => self.flow.skip(number(element, "val").unwrap_or(0)),
            "tc" => {
                self.cell = Some(CellSpan { columns: 1, rows: 1, continued: false });
                (self.shaded_cell, self.is_continued, self.is_strange_cell) = (false, false, false);
            }
            "gridSpan" => {
                if let Some(cell) = &mut self.cell {
                    cell.columns = number(element, "val").unwrap_or(1);
                }
            }
            // Without a value, the cell continues the one above.
            "vMerge" => {
                let begins = attribute(element, "val").is_some_and(|value| value == "restart");
                if let Some(cell) = &mut self.cell {
                    cell.continued = !begins;
                }
                self.is_continued = !begins;
            }
            "hMerge" | "cellDel" | "cellMerge" => self.is_strange_cell = true,
            "shd" if self.in_paragraph_properties => self.shaded_paragraph = is_shade(element),
            "shd" if self.cell.is_some() => self.shaded_cell = is_shade(element),
            "p" => {
                self.begin_cell()?;
                if std::mem::take(&mut self.is_strange_cell) {
                    self.unknown();
                }
                (self.paragraph, self.shaded_paragraph, self.is_flat) = (None, false, false);
                self.begin_run();
            }
            "pPr" => {
                self.in_paragraph_properties = true;
                self.is_numbered = None;
            }
            "numId" => self.is_numbered = Some(attribute(element, "val").is_some_and(|list| list != "0")),
            "pStyle" => {
                self.paragraph = attribute(element, "val");
                self.begin_run();
            }
            "r" => self.begin_run(),
            "rPr" if !self.in_paragraph_properties => self.in_run_properties = true,
            "t" | "delText" => self.is_text = true,
            "br" | "cr" if !self.in_paragraph_properties => self.flow.line_break()?,
            "tab" | "ptab" if !self.in_paragraph_properties => self.flow.text(" ", Look::Plain),
            "instrText" => self.is_code = true,
            // To be made anew when it is opened.
            "fldSimple" | "fldChar" if is_on(element, "dirty") => self.unknown(),
            "fldSimple" => {
                self.code = attribute(element, "instr").unwrap_or_default();
                self.end_code(true);
            }
            "fldChar" => self.end_code(attribute(element, "fldCharType").is_some_and(|kind| kind == "separate")),
            "noBreakHyphen" => self.text_of_run("-"),
            "sym" => self.symbol(element),
            "showingPlcHdr" => self.is_placeholder = true,
            "sdtContent" => {
                self.around.push(if std::mem::take(&mut self.is_placeholder) { Look::Strange } else { Look::Plain });
            }
            // Marks around and before a formula.
            "begChr" | "endChr" | "sepChr" | "chr"
                if attribute(element, "val").is_some_and(|mark| is_figure(&mark)) =>
            {
                self.unknown();
            }
            "contentPart" => self.unknown(),
            // What another file holds, or the program counts.
            "altChunk" | "subDoc" => {
                self.begin_cell()?;
                self.unknown();
            }
            "pgNum" | "dayShort" | "dayLong" | "monthShort" | "monthLong" | "yearShort" | "yearLong" => self.unknown(),
            "Choice" if !is_usual(element) => self.unknown(),
            // Whatever stands in the run is the mark of a note.
            "footnoteReference" | "endnoteReference" if self.setting.look == Look::Plain => {
                self.setting.look = Look::Superscript;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), ReadError> {
        if self.in_run_properties {
            self.run.1.end(name);
            if name == "rPr" {
                self.in_run_properties = false;
                self.set();
            }
            return Ok(());
        }
        if look_within(name).is_some() || name == "sdtContent" {
            self.around.pop();
        }
        match name {
            "tbl" => {
                self.flow.end_table()?;
                self.tables.pop();
            }
            "tr" => self.hidden_row = false,
            "tc" => {
                self.begin_cell()?;
                self.flow.end_cell()?;
            }
            "p" => {
                let of_style = || self.styles.is_numbered(self.paragraph.as_deref());
                if self.flow.in_cell() && self.is_numbered.take().unwrap_or_else(of_style) {
                    self.flow.text(BOX, Look::Numbering);
                }
                self.flow.end_paragraph()?;
            }
            "drawing" | "pict" | "object" => self.end_drawn(),
            "pPr" => self.in_paragraph_properties = false,
            "trPr" => self.in_row_properties = false,
            "t" | "delText" => self.is_text = false,
            "instrText" => self.is_code = false,
            _ => {}
        }
        Ok(())
    }

    /// The code of a field is whole; `has_result` where what it shows follows.
    fn end_code(&mut self, has_result: bool) {
        let code = std::mem::take(&mut self.code);
        // A sum that was never worked out is shown by the program alone.
        let is_open_sum = !has_result && code.trim_start().starts_with('=');
        if is_drawn(&code) || is_open_sum {
            self.unknown();
        }
    }

    /// Something stands here that may be a digit, as far as is known.
    fn unknown(&mut self) {
        if self.flow.in_cell() {
            self.flow.text("①", Setting { look: Look::Strange, ..self.setting });
        }
    }

    /// Takes what an element says of a picture or a shape.
    fn draw(&mut self, name: &str, element: &BytesStart<'_>) {
        let is_over = match name {
            "drawing" | "pict" | "object" => {
                self.drawn = Some(Drawn::default());
                return;
            }
            "anchor" => attribute(element, "behindDoc").is_none_or(|behind| behind == "0" || behind == "false"),
            // Of the older language of drawings.
            "shape" | "rect" | "roundrect" | "oval" | "line" | "group" | "polyline" => {
                let style: String = attribute(element, "style").unwrap_or_default().split(' ').collect();
                style.contains("position:absolute") && !style.contains("z-index:-")
            }
            _ => false,
        };
        if let Some(drawn) = &mut self.drawn {
            drawn.is_over |= is_over;
            drawn.has_text |= name == "txbxContent";
        }
    }

    fn end_drawn(&mut self) {
        let Some(drawn) = self.drawn.take().filter(|drawn| !drawn.has_text) else { return };
        if self.flow.in_cell() {
            self.flow.text(BOX, if drawn.is_over { Look::Cover } else { Look::Picture });
        }
    }

    fn begin_cell(&mut self) -> Result<(), ReadError> {
        self.cell.take().map_or(Ok(()), |span| self.flow.begin_cell(span))
    }

    fn begin_run(&mut self) {
        self.run = (None, RunStyle::default());
        self.set();
    }

    fn set(&mut self) {
        let (style, own) = (&self.run.0, self.run.1);
        let table = self.tables.last().and_then(Option::as_deref);
        let names = Names { run: style.as_deref(), paragraph: self.paragraph.as_deref(), table };
        let is_shaded = self.shaded_cell || self.shaded_paragraph || self.styles.is_shaded(table);
        self.setting = self.styles.resolved(own, names).setting(is_shaded);
    }

    /// A character of a font of pictures: which it is, only its look tells.
    fn symbol(&mut self, element: &BytesStart<'_>) {
        let code = attribute(element, "char").and_then(|code| u32::from_str_radix(&code, 16).ok()).unwrap_or(0) & 0xFF;
        let is_of_pictures = attribute(element, "font").is_some_and(|font| draws_pictures(&font));
        match char::from_u32(code).filter(|character| character.is_ascii_graphic() && !is_of_pictures) {
            Some(character) => {
                self.flow.text(&character.to_string(), Setting { look: Look::Strange, ..self.setting });
            }
            None => self.unknown(),
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_code {
            self.code.extend(text.chars().take(MAX_CODE - self.code.chars().count().min(MAX_CODE)));
        }
        if self.is_text {
            self.text_of_run(text);
        }
    }

    fn text_of_run(&mut self, text: &str) {
        let mut setting = self.setting;
        if self.hidden_row || self.is_continued {
            setting.look = Look::Hidden;
        }
        let in_cell = self.flow.in_cell();
        let table = self.tables.last().and_then(Option::as_deref);
        // Labels stay what they are: a first row of a style is mostly set apart for being a header.
        if setting.look == Look::Plain && in_cell && self.styles.has_parts_apart(table) && is_figure(text) {
            setting.look = Look::Strange;
        }
        // Outside the tables a box of text is a part of the document like any other.
        let counts = |look: &Look| match look {
            Look::Plain => false,
            look => in_cell || !matches!(look, Look::Overlay | Look::Strange),
        };
        let around = self.around.iter().copied().rfind(counts);
        if let Some(look) = around.filter(|_| setting.look != Look::Hidden) {
            setting.look = look;
        }
        if self.is_flat && in_cell && setting.look == Look::Plain {
            setting.look = Look::Strange;
        }
        self.flow.text(text, setting);
    }
}
