//! DOCX: A4, the fonts that official documents are set in, merged cells by gridSpan and vMerge, provenance in the footer.
//!
//! Fonts are named and not embedded: an office suite has them or takes its own. Elements come in the order that the schema
//! of WordprocessingML (ECMA-376, Part 1, Annex A) demands.

mod package;

use std::io;

use super::document::{Chapter, undivided_note};
use super::layout::{Content, Grid, Tile};
use super::xml::Xml;
use super::{Document, WriteError};
use package::{FOOTER_ID, Parts, R, W};

/// A4 and its margins in twentieths of a point, as all lengths here.
const PAGE: (usize, usize) = (11_906, 16_838);
const MARGIN: usize = 1_134;
const FOOTER_MARGIN: usize = 480;
const TEXT_WIDTH: usize = PAGE.0 - 2 * MARGIN;
/// Between the text of a cell and its border, left and right.
const CELL_PADDING: usize = 40;
const ROW_HEIGHT: usize = 400;
/// Two characters of a body text.
const FIRST_LINE: usize = 640;

const HEADING_STYLE: &str = "Heading1";

/// What text is set in: the font of its Chinese characters, its size in half points, and its weight.
#[derive(Clone, Copy)]
struct Face {
    font: &'static str,
    size: usize,
    bold: bool,
}

const TITLE: Face = Face { font: "宋体", size: 40, bold: true };
const HEADING: Face = Face { font: "黑体", size: 32, bold: false };
const BODY: Face = Face { font: "仿宋", size: 32, bold: false };
const CELL: Face = Face { font: "宋体", size: 18, bold: false };
const NOTE: Face = Face { font: "仿宋", size: 18, bold: false };
const FOOTER: Face = Face { font: "宋体", size: 15, bold: false };
const LATIN_FONT: &str = "Times New Roman";

/// How a paragraph stands; lengths that are 0 are not said.
#[derive(Clone, Copy, Default)]
struct Layout {
    heading: bool,
    before: usize,
    after: usize,
    line: usize,
    first_line: usize,
    /// Set in on both sides.
    inset: usize,
    alignment: Option<&'static str>,
}

/// # Errors
/// Where the archive cannot be made.
pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let parts = Parts {
        document: body(document).map_err(WriteError::new)?,
        styles: styles().map_err(WriteError::new)?,
        footer: footer(document).map_err(WriteError::new)?,
    };
    package::pack(&parts)
}

fn body(document: &Document) -> io::Result<Vec<u8>> {
    Xml::part("w:document", &[("xmlns:w", W), ("xmlns:r", R)], |xml| {
        xml.element("w:body", &[], |xml| {
            let title = Layout { after: 360, alignment: Some("center"), ..Layout::default() };
            line(xml, title, &document.title(), TITLE)?;
            for chapter in document.chapters() {
                write_chapter(xml, document, &chapter)?;
            }
            section(xml)
        })
    })
}

fn write_chapter(xml: &mut Xml, document: &Document, chapter: &Chapter) -> io::Result<()> {
    let heading_layout = Layout { heading: true, before: 240, after: 120, ..Layout::default() };
    match chapter {
        Chapter::Narrative { heading, text } => {
            line(xml, heading_layout, heading, HEADING)?;
            let layout = Layout { line: 360, first_line: FIRST_LINE, ..Layout::default() };
            text.iter().flat_map(|text| text.lines()).try_for_each(|text| line(xml, layout, text, BODY))
        }
        Chapter::Table { heading, grid } => {
            line(xml, heading_layout, heading, HEADING)?;
            table(xml, document, grid)?;
            grid.undivided.iter().try_for_each(|of| line(xml, Layout::default(), &undivided_note(of), NOTE))
        }
    }
}

/// The page, and what stands below each.
fn section(xml: &mut Xml) -> io::Result<()> {
    xml.element("w:sectPr", &[], |xml| {
        xml.empty("w:footerReference", &[("w:type", "default"), ("r:id", FOOTER_ID)])?;
        xml.empty("w:pgSz", &[("w:w", &PAGE.0.to_string()), ("w:h", &PAGE.1.to_string())])?;
        let margin = MARGIN.to_string();
        let sides = ["w:top", "w:right", "w:bottom", "w:left"].map(|side| (side, margin.as_str()));
        let footer_margin = FOOTER_MARGIN.to_string();
        let rest = [("w:header", footer_margin.as_str()), ("w:footer", &footer_margin), ("w:gutter", "0")];
        xml.empty("w:pgMar", &[&sides[..], &rest[..]].concat())
    })
}

fn styles() -> io::Result<Vec<u8>> {
    Xml::part("w:styles", &[("xmlns:w", W)], |xml| {
        xml.element("w:docDefaults", &[], |xml| {
            xml.element("w:rPrDefault", &[], |xml| xml.element("w:rPr", &[], |xml| fonts(xml, BODY)))
        })?;
        xml.element("w:style", &[("w:type", "paragraph"), ("w:styleId", HEADING_STYLE)], |xml| {
            xml.value("w:name", "heading 1")?;
            xml.element("w:pPr", &[], |xml| xml.value("w:outlineLvl", "0"))?;
            xml.element("w:rPr", &[], |xml| face(xml, HEADING))
        })
    })
}

fn footer(document: &Document) -> io::Result<Vec<u8>> {
    Xml::part("w:ftr", &[("xmlns:w", W)], |xml| {
        for provenance in &document.provenance {
            let text = format!("{}：{}", provenance.label, provenance.value);
            line(xml, Layout::default(), &text, FOOTER)?;
        }
        let layout = Layout { alignment: Some("center"), ..Layout::default() };
        paragraph(xml, layout, |xml| {
            run(xml, "— ", FOOTER)?;
            // The office suite puts the page's number in the place of this one.
            xml.element("w:fldSimple", &[("w:instr", "PAGE")], |xml| run(xml, "1", FOOTER))?;
            run(xml, " —", FOOTER)
        })
    })
}

fn fonts(xml: &mut Xml, face: Face) -> io::Result<()> {
    let latin = ["w:ascii", "w:hAnsi", "w:cs"].map(|name| (name, LATIN_FONT));
    xml.empty("w:rFonts", &[&latin[..], &[("w:eastAsia", face.font)]].concat())
}

fn face(xml: &mut Xml, face: Face) -> io::Result<()> {
    fonts(xml, face)?;
    if face.bold {
        xml.empty("w:b", &[])?;
        xml.empty("w:bCs", &[])?;
    }
    let size = face.size.to_string();
    xml.value("w:sz", &size)?;
    xml.value("w:szCs", &size)
}

fn run(xml: &mut Xml, text: &str, of: Face) -> io::Result<()> {
    xml.element("w:r", &[], |xml| {
        xml.element("w:rPr", &[], |xml| face(xml, of))?;
        xml.element("w:t", &[("xml:space", "preserve")], |xml| xml.text(text))
    })
}

/// A paragraph of one text.
fn line(xml: &mut Xml, layout: Layout, text: &str, face: Face) -> io::Result<()> {
    paragraph(xml, layout, |xml| run(xml, text, face))
}

fn paragraph(xml: &mut Xml, layout: Layout, content: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    xml.element("w:p", &[], |xml| {
        xml.element("w:pPr", &[], |xml| {
            if layout.heading {
                xml.value("w:pStyle", HEADING_STYLE)?;
                xml.empty("w:keepNext", &[])?;
            }
            let Layout { before, after, line, first_line, inset, .. } = layout;
            lengths(xml, "w:spacing", &[("w:before", before), ("w:after", after), ("w:line", line)])?;
            lengths(xml, "w:ind", &[("w:left", inset), ("w:right", inset), ("w:firstLine", first_line)])?;
            layout.alignment.map_or(Ok(()), |alignment| xml.value("w:jc", alignment))
        })?;
        content(xml)
    })
}

/// An element of those lengths that are not 0, where there is one.
fn lengths(xml: &mut Xml, name: &str, lengths: &[(&str, usize)]) -> io::Result<()> {
    let said: Vec<_> =
        lengths.iter().filter(|(_, length)| *length > 0).map(|(of, length)| (*of, length.to_string())).collect();
    if said.is_empty() {
        return Ok(());
    }
    let said: Vec<_> = said.iter().map(|(of, length)| (*of, length.as_str())).collect();
    xml.empty(name, &said)
}

fn width(xml: &mut Xml, name: &str, width: usize) -> io::Result<()> {
    xml.empty(name, &[("w:w", &width.to_string()), ("w:type", "dxa")])
}

fn table(xml: &mut Xml, document: &Document, grid: &Grid) -> io::Result<()> {
    let total: usize = grid.widths.iter().sum::<usize>().max(1);
    let widths: Vec<usize> = grid.widths.iter().map(|width| width * TEXT_WIDTH / total).collect();
    xml.element("w:tbl", &[], |xml| {
        xml.element("w:tblPr", &[], |xml| {
            width(xml, "w:tblW", widths.iter().sum())?;
            xml.element("w:tblBorders", &[], |xml| {
                ["w:top", "w:left", "w:bottom", "w:right", "w:insideH", "w:insideV"].iter().try_for_each(|side| {
                    xml.empty(side, &[("w:val", "single"), ("w:sz", "4"), ("w:space", "0"), ("w:color", "000000")])
                })
            })?;
            xml.empty("w:tblLayout", &[("w:type", "fixed")])?;
            xml.element("w:tblCellMar", &[], |xml| {
                width(xml, "w:left", CELL_PADDING)?;
                width(xml, "w:right", CELL_PADDING)
            })
        })?;
        xml.element("w:tblGrid", &[], |xml| {
            widths.iter().try_for_each(|width| xml.empty("w:gridCol", &[("w:w", &width.to_string())]))
        })?;
        (0..grid.rows).try_for_each(|row| {
            xml.element("w:tr", &[], |xml| {
                xml.element("w:trPr", &[], |xml| {
                    xml.empty("w:cantSplit", &[])?;
                    xml.empty("w:trHeight", &[("w:val", &ROW_HEIGHT.to_string()), ("w:hRule", "atLeast")])
                })?;
                row_cells(grid, row).try_for_each(|(tile, is_start)| cell(xml, document, tile, is_start, &widths))
            })
        })
    })
}

/// The tiles that lie in a row from left to right, and whether each begins there.
fn row_cells(grid: &Grid, row: usize) -> impl Iterator<Item = (&Tile, bool)> {
    let mut tiles: Vec<_> = grid.tiles.iter().filter(|t| t.row <= row && row < t.row + t.rows).collect();
    tiles.sort_by_key(|tile| tile.column);
    tiles.into_iter().map(move |tile| (tile, tile.row == row))
}

fn cell(xml: &mut Xml, document: &Document, tile: &Tile, is_start: bool, widths: &[usize]) -> io::Result<()> {
    let cell_width: usize = widths.iter().skip(tile.column).take(tile.columns).sum();
    let (content, alignment) = match &tile.content {
        Content::Figure(cell) => (document.text(*cell), "center"),
        Content::RowHeading(text) => (text.clone(), "left"),
        Content::ColumnHeading(text) | Content::Band(text) => (text.clone(), "center"),
    };
    let inset = match tile.content {
        Content::ColumnHeading(_) => {
            even_lines_inset(content.chars().count(), cell_width.saturating_sub(2 * CELL_PADDING))
        }
        _ => 0,
    };
    xml.element("w:tc", &[], |xml| {
        xml.element("w:tcPr", &[], |xml| {
            width(xml, "w:tcW", cell_width)?;
            if tile.columns > 1 {
                xml.value("w:gridSpan", &tile.columns.to_string())?;
            }
            if tile.rows > 1 {
                xml.value("w:vMerge", if is_start { "restart" } else { "continue" })?;
            }
            xml.value("w:vAlign", "center")
        })?;
        let layout = Layout { inset, alignment: Some(alignment), ..Layout::default() };
        paragraph(xml, layout, |xml| if is_start { run(xml, &content, CELL) } else { Ok(()) })
    })
}

/// How far a heading is set in on both sides so that its lines are of one length: 结果/维持 rather than 结果维/持.
fn even_lines_inset(characters: usize, width: usize) -> usize {
    let character = CELL.size * 10;
    let fitting = (width / character).max(1);
    let lines = characters.div_ceil(fitting).max(1);
    let spare = width.saturating_sub(characters.div_ceil(lines) * character + character / 3);
    if lines == 1 { 0 } else { spare / 2 }
}
