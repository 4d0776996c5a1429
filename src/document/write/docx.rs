//! DOCX: A4, the fonts that official documents are set in, merged cells by gridSpan and vMerge, provenance in the footer.
//!
//! Fonts are named and not embedded: an office suite has them or takes its own.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, BorderType, Docx, Footer, HeightRule, LineSpacing, PageMargin, PageNum, Paragraph, Run, RunFonts,
    SpecialIndentType, Style, StyleType, Table, TableBorder, TableBorderPosition, TableBorders, TableCell,
    TableCellMargins, TableLayoutType, TableRow, VAlignType, VMergeType, WidthType,
};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::document::{Chapter, undivided_note};
use super::layout::{Content, Grid, Tile};
use super::{Document, WriteError};

/// A4 and its margins in twentieths of a point.
const PAGE: (u32, u32) = (11_906, 16_838);
const MARGIN: i32 = 1_134;
const TEXT_WIDTH: usize = PAGE.0 as usize - 2 * MARGIN as usize;
/// Between the text of a cell and its border, left and right.
const CELL_PADDING: usize = 40;
const ROW_HEIGHT: f32 = 400.0;

/// Sizes in half points.
const TITLE_SIZE: usize = 40;
const HEADING_SIZE: usize = 32;
const BODY_SIZE: usize = 32;
const TABLE_SIZE: usize = 18;
const FOOTER_SIZE: usize = 15;

const TITLE_FONT: &str = "宋体";
const HEADING_FONT: &str = "黑体";
const BODY_FONT: &str = "仿宋";
const LATIN_FONT: &str = "Times New Roman";

const HEADING_STYLE: &str = "Heading1";

pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let heading_style = Style::new(HEADING_STYLE, StyleType::Paragraph)
        .name("heading 1")
        .fonts(fonts(HEADING_FONT))
        .size(HEADING_SIZE)
        .outline_lvl(0);
    let mut docx = Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(PageMargin {
            top: MARGIN,
            left: MARGIN,
            bottom: MARGIN,
            right: MARGIN,
            header: 600,
            footer: 480,
            gutter: 0,
        })
        .default_fonts(fonts(BODY_FONT))
        .add_style(heading_style)
        .footer(footer(document));
    let title = text(&document.title(), TITLE_FONT, TITLE_SIZE).bold();
    docx = docx.add_paragraph(
        Paragraph::new().align(AlignmentType::Center).add_run(title).line_spacing(LineSpacing::new().after(360)),
    );
    for chapter in document.chapters() {
        docx = match chapter {
            Chapter::Narrative { heading, text } => {
                let mut docx = docx.add_paragraph(chapter_heading(&heading));
                for paragraph in text.into_iter().flat_map(str::lines) {
                    docx = docx.add_paragraph(body(paragraph));
                }
                docx
            }
            Chapter::Table { heading, grid } => {
                let mut docx = docx.add_paragraph(chapter_heading(&heading)).add_table(table(document, &grid));
                for line in &grid.undivided {
                    let run = text(&undivided_note(line), BODY_FONT, TABLE_SIZE);
                    docx = docx.add_paragraph(Paragraph::new().add_run(run));
                }
                docx
            }
        };
    }
    let mut bytes = Cursor::new(Vec::new());
    docx.build().pack(&mut bytes).map_err(WriteError::new)?;
    compressed(bytes).map_err(WriteError::new)
}

/// The same parts compressed, for they come as they are: less than a fifth of the size.
fn compressed(package: Cursor<Vec<u8>>) -> zip::result::ZipResult<Vec<u8>> {
    let mut from = ZipArchive::new(package)?;
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    // Without the time of writing: the same document is the same bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for at in 0..from.len() {
        let mut part = from.by_index(at)?;
        // Folders need no entry of their own.
        if part.is_file() {
            to.start_file(part.name()?.into_owned(), options)?;
            std::io::copy(&mut part, &mut to)?;
        }
    }
    Ok(to.finish()?.into_inner())
}

fn fonts(east_asia: &str) -> RunFonts {
    RunFonts::new().east_asia(east_asia).ascii(LATIN_FONT).hi_ansi(LATIN_FONT).cs(LATIN_FONT)
}

fn text(text: &str, font: &str, size: usize) -> Run {
    // Control characters have no place in XML.
    let printable: String =
        text.chars().filter(|c| !c.is_control() && !('\u{FFFE}'..='\u{FFFF}').contains(c)).collect();
    Run::new().add_text(printable).fonts(fonts(font)).size(size)
}

fn chapter_heading(heading: &str) -> Paragraph {
    Paragraph::new()
        .style(HEADING_STYLE)
        .keep_next(true)
        .line_spacing(LineSpacing::new().before(240).after(120))
        .add_run(text(heading, HEADING_FONT, HEADING_SIZE))
}

fn body(paragraph: &str) -> Paragraph {
    Paragraph::new()
        .indent(None, Some(SpecialIndentType::FirstLine(640)), None, None)
        .line_spacing(LineSpacing::new().line(360))
        .add_run(text(paragraph, BODY_FONT, BODY_SIZE))
}

fn footer(document: &Document) -> Footer {
    let mut footer = Footer::new();
    for provenance in &document.provenance {
        let line = format!("{} {}：{}", provenance.label.zh, provenance.label.en, provenance.value);
        footer = footer.add_paragraph(Paragraph::new().add_run(text(&line, TITLE_FONT, FOOTER_SIZE)));
    }
    let dash = || text("— ", TITLE_FONT, FOOTER_SIZE);
    let page = Paragraph::new().align(AlignmentType::Center).add_run(dash()).add_page_num(PageNum::new());
    footer.add_paragraph(page.add_run(text(" —", TITLE_FONT, FOOTER_SIZE)))
}

fn table(document: &Document, grid: &Grid) -> Table {
    let total: usize = grid.widths.iter().sum::<usize>().max(1);
    let widths: Vec<usize> = grid.widths.iter().map(|width| width * TEXT_WIDTH / total).collect();
    let rows = (0..grid.rows).map(|row| {
        let cells = row_cells(grid, row).map(|(tile, is_start)| cell(document, tile, is_start, &widths));
        TableRow::new(cells.collect()).row_height(ROW_HEIGHT).height_rule(HeightRule::AtLeast).cant_split()
    });
    Table::new(rows.collect())
        .set_grid(widths.clone())
        .layout(TableLayoutType::Fixed)
        .width(widths.iter().sum(), WidthType::Dxa)
        .margins(TableCellMargins::new().margin(0, CELL_PADDING, 0, CELL_PADDING))
        .set_borders(borders())
}

fn borders() -> TableBorders {
    use TableBorderPosition::{Bottom, InsideH, InsideV, Left, Right, Top};
    let lines = [Top, Bottom, Left, Right, InsideH, InsideV];
    lines.into_iter().fold(TableBorders::with_empty(), |borders, position| {
        borders.set(TableBorder::new(position).border_type(BorderType::Single).size(4).color("000000"))
    })
}

/// The tiles that lie in a row from left to right, and whether each begins there.
fn row_cells(grid: &Grid, row: usize) -> impl Iterator<Item = (&Tile, bool)> {
    let mut tiles: Vec<_> = grid.tiles.iter().filter(|t| t.row <= row && row < t.row + t.rows).collect();
    tiles.sort_by_key(|tile| tile.column);
    tiles.into_iter().map(move |tile| (tile, tile.row == row))
}

fn cell(document: &Document, tile: &Tile, is_start: bool, widths: &[usize]) -> TableCell {
    let width = widths.iter().skip(tile.column).take(tile.columns).sum();
    let mut cell = TableCell::new().width(width, WidthType::Dxa).vertical_align(VAlignType::Center);
    if tile.columns > 1 {
        cell = cell.grid_span(tile.columns);
    }
    if tile.rows > 1 {
        cell = cell.vertical_merge(if is_start { VMergeType::Restart } else { VMergeType::Continue });
    }
    let (content, alignment) = match &tile.content {
        Content::Figure(cell) => (document.text(*cell), AlignmentType::Center),
        Content::RowHeading(text) => (text.clone(), AlignmentType::Left),
        Content::ColumnHeading(text) | Content::Band(text) => (text.clone(), AlignmentType::Center),
    };
    let mut paragraph = Paragraph::new().align(alignment);
    if matches!(tile.content, Content::ColumnHeading(_)) {
        let inset = even_lines_inset(content.chars().count(), width.saturating_sub(2 * CELL_PADDING));
        paragraph = paragraph.indent(Some(inset), None, Some(inset), None);
    }
    if !is_start {
        return cell.add_paragraph(paragraph);
    }
    cell.add_paragraph(paragraph.add_run(text(&content, TITLE_FONT, TABLE_SIZE)))
}

/// How far a heading is set in on both sides so that its lines are of one length: 结果/维持 rather than 结果维/持.
fn even_lines_inset(characters: usize, width: usize) -> i32 {
    let character = TABLE_SIZE * 10;
    let fitting = (width / character).max(1);
    let lines = characters.div_ceil(fitting).max(1);
    let spare = width.saturating_sub(characters.div_ceil(lines) * character + character / 3);
    if lines == 1 { 0 } else { i32::try_from(spare / 2).unwrap_or_default() }
}
