//! A document of paragraphs and tables as HTML and DOCX have it: what a parser reports, piece by piece, becomes
//! printed rows in reading order.
//!
//! A table that contains another is layout: its cells are paragraphs, and only the innermost tables are tables.

use super::error::ReadError;
use super::grid::Grid;
use super::inscription::{Inscription, Setting, Settled};
use super::note::{Place, Spot};
use super::placement::{Extent, PrintedCell, PrintedRow};

/// Deepest nesting of tables.
const MAX_DEPTH: usize = 32;

/// The places that a cell covers, and whether it only continues the one above.
#[derive(Debug, Clone, Copy)]
pub struct CellSpan {
    pub columns: usize,
    pub rows: usize,
    pub continued: bool,
}

/// A table that is being read.
#[derive(Default)]
struct OpenTable {
    grid: Grid,
    /// The cell being read with its text; paragraphs are divided by blanks.
    cell: Option<(CellSpan, Inscription)>,
    /// Texts of the cells before, for when the table turns out to be layout.
    texts: Vec<Settled>,
    is_layout: bool,
}

/// The document as far as it is read.
pub struct Flow {
    rows: Vec<PrintedRow>,
    tables: Vec<OpenTable>,
    paragraph: Inscription,
    cells: usize,
    max_cells: usize,
    paragraphs: usize,
    tables_ended: usize,
}

impl Flow {
    pub fn new(max_cells: usize) -> Self {
        Self {
            rows: Vec::new(),
            tables: Vec::new(),
            paragraph: Inscription::default(),
            cells: 0,
            max_cells,
            paragraphs: 0,
            tables_ended: 0,
        }
    }

    /// Text of the paragraph or cell being read.
    pub fn text(&mut self, text: &str, setting: impl Into<Setting>) {
        self.current().push(text, setting);
    }

    /// What was written elsewhere, into the paragraph or cell being read.
    pub fn append(&mut self, text: Inscription) {
        self.current().append(text);
    }

    /// A break within a paragraph.
    pub fn line_break(&mut self) -> Result<(), ReadError> {
        if self.in_cell() {
            self.current().blank();
        } else {
            self.end_paragraph()?
        }
        Ok(())
    }

    /// The end of a paragraph, or of a block within a cell.
    pub fn end_paragraph(&mut self) -> Result<(), ReadError> {
        if self.in_cell() {
            self.current().blank();
            return Ok(());
        }
        let text = std::mem::take(&mut self.paragraph);
        self.push_paragraph(text.settle())
    }

    pub fn begin_table(&mut self) -> Result<(), ReadError> {
        if self.tables.len() >= MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        self.become_layout()?;
        self.end_paragraph()?;
        self.tables.push(OpenTable::default());
        Ok(())
    }

    pub fn begin_row(&mut self) -> Result<(), ReadError> {
        self.end_cell()?;
        // A row without cells takes room too.
        self.count()?;
        if let Some(table) = self.tables.last_mut() {
            table.grid.begin_row();
        }
        Ok(())
    }

    /// Leaves places of the row empty.
    pub fn skip(&mut self, columns: usize) {
        if let Some(table) = self.tables.last_mut() {
            table.grid.skip(columns);
        }
    }

    pub fn begin_cell(&mut self, span: CellSpan) -> Result<(), ReadError> {
        self.end_cell()?;
        self.count()?;
        if let Some(table) = self.tables.last_mut() {
            table.cell = Some((span, Inscription::default()));
        }
        Ok(())
    }

    pub fn end_cell(&mut self) -> Result<(), ReadError> {
        let Some(table) = self.tables.last_mut() else { return Ok(()) };
        let Some((span, text)) = table.cell.take() else { return Ok(()) };
        if table.is_layout {
            return self.end_paragraph();
        }
        let text = text.settle();
        table.texts.push(text.clone());
        if span.continued && text == Settled::default() {
            table.grid.continued(span.columns);
        } else {
            table.grid.cell(span.columns, span.rows, text);
        }
        Ok(())
    }

    pub fn end_table(&mut self) -> Result<(), ReadError> {
        self.end_cell()?;
        let Some(table) = self.tables.pop() else { return Ok(()) };
        if table.is_layout || table.grid.row_count() == 0 {
            return self.end_paragraph();
        }
        self.tables_ended += 1;
        let (table_number, before) = (self.tables_ended, self.rows.len());
        self.rows.extend(table.grid.printed_rows(|row, column| Place {
            order: before + row + 1,
            spot: Spot::Table { table: table_number, row: row + 1 },
            cell: column + 1,
        }));
        Ok(())
    }

    /// The rows of the whole document.
    pub fn finish(mut self) -> Result<Vec<PrintedRow>, ReadError> {
        while !self.tables.is_empty() {
            self.end_table()?;
        }
        self.end_paragraph()?;
        Ok(self.rows)
    }

    /// Within a cell of a table that is one.
    pub fn in_cell(&self) -> bool {
        self.tables.last().is_some_and(|table| !table.is_layout && table.cell.is_some())
    }

    fn current(&mut self) -> &mut Inscription {
        match self.tables.last_mut() {
            Some(OpenTable { is_layout: false, cell: Some((_, text)), .. }) => text,
            _ => &mut self.paragraph,
        }
    }

    /// What was read of the innermost table becomes paragraphs.
    fn become_layout(&mut self) -> Result<(), ReadError> {
        let Some(table) = self.tables.last_mut().filter(|table| !table.is_layout) else { return Ok(()) };
        table.is_layout = true;
        table.grid = Grid::default();
        let mut texts = std::mem::take(&mut table.texts);
        texts.extend(table.cell.as_mut().map(|(_, text)| std::mem::take(text).settle()));
        texts.into_iter().try_for_each(|text| self.push_paragraph(text))
    }

    fn push_paragraph(&mut self, text: Settled) -> Result<(), ReadError> {
        if text.text.is_empty() {
            return Ok(());
        }
        self.count()?;
        self.paragraphs += 1;
        let spot = Spot::Paragraph(self.paragraphs);
        let place = Place { order: self.rows.len() + 1, spot, cell: 1 };
        self.rows.push(PrintedRow { cells: vec![PrintedCell::alone(text, place)], extent: Extent::Unknown });
        Ok(())
    }

    fn count(&mut self) -> Result<(), ReadError> {
        self.cells += 1;
        if self.cells > self.max_cells { Err(ReadError::TooManyCells { limit: self.max_cells }) } else { Ok(()) }
    }
}
