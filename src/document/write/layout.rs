//! The tables of an edition as they are printed: a grid of headings and figures with merged cells, derived from the
//! form. Every format draws this one grid; none knows a table of its own.

use crate::form::{
    CellId, Column, Edition, Headings, Layout, LineInfo, Part, Presence, Sheet, Table, TableInfo, catalogue,
};

/// What stands in a tile, and so how it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A heading over figures, or over other headings.
    ColumnHeading(String),
    /// A heading across the table, above the rows that it covers.
    Band(String),
    /// The label of a row, or of several rows.
    RowHeading(String),
    /// The figure of this cell.
    Figure(CellId),
}

impl Content {
    /// The text of a heading.
    pub fn heading(&self) -> Option<&str> {
        match self {
            Self::ColumnHeading(text) | Self::Band(text) | Self::RowHeading(text) => Some(text),
            Self::Figure(_) => None,
        }
    }
}

/// A rectangle of the grid with one content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Topmost row, from 0.
    pub row: usize,
    /// Leftmost column, from 0.
    pub column: usize,
    /// At least 1, as are `columns`.
    pub rows: usize,
    /// Columns that it covers.
    pub columns: usize,
    /// What stands in it.
    pub content: Content,
}

/// One table, printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// As the form describes it.
    pub table: &'static Table,
    /// Rows, headings included.
    pub rows: usize,
    /// How wide each column is beside the others.
    pub widths: Vec<usize>,
    /// Rows at the top that hold headings only.
    pub heading_rows: usize,
    /// By row, then by column; together they cover the grid without overlap.
    pub tiles: Vec<Tile>,
    /// Lines printed beside those that they stand for: some reports do not tell these apart.
    pub undivided: Vec<&'static str>,
}

impl Grid {
    /// Columns, those of labels included.
    pub fn columns(&self) -> usize {
        self.widths.len()
    }

    /// The tiles that begin in a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = &Tile> {
        self.tiles.iter().filter(move |tile| tile.row == row)
    }

    /// The figures with their places.
    pub fn figures(&self) -> impl Iterator<Item = (&Tile, CellId)> {
        self.tiles.iter().filter_map(|tile| match tile.content {
            Content::Figure(cell) => Some((tile, cell)),
            _ => None,
        })
    }

    fn add(&mut self, (row, column): (usize, usize), (rows, columns): (usize, usize), content: Content) {
        self.tiles.push(Tile { row, column, rows, columns, content });
        self.rows = self.rows.max(row + rows);
    }
}

/// Relative widths: a label beside figures, the ordinal groups of chapter three, a figure.
const LABEL_WIDTH: usize = 30;
const GROUP_WIDTHS: [usize; 3] = [7, 11, 28];
const FIGURE_WIDTH: usize = 10;

/// The printed tables of an edition; `is_filled` says which cells are not blank, because a line that is accepted in
/// place of others is printed only where it is used.
pub fn grids(edition: &'static Edition, is_filled: impl Fn(CellId) -> bool) -> Vec<Grid> {
    let grid = |(sheet, table): (&'static Sheet, &TableInfo)| {
        let printed = printed_lines(edition, sheet, table, &is_filled);
        let mut grid = match table.table.layout {
            Layout::Blocks => blocks(table.table, &printed),
            Layout::Rows if is_uniform(&printed) => one_heading(table.table, &printed),
            Layout::Rows => banded(table.table, &printed),
        };
        grid.undivided = undivided(sheet, &printed);
        grid.tiles.sort_by_key(|tile| (tile.row, tile.column));
        grid
    };
    catalogue().sheets(edition).map(grid).collect()
}

/// The lines that the edition prescribes, and accepted ones that are filled in instead of or beside them.
fn printed_lines(
    edition: &Edition,
    sheet: &Sheet,
    table: &TableInfo,
    is_filled: &impl Fn(CellId) -> bool,
) -> Vec<&'static LineInfo> {
    let lines = || table.lines().map(|line| catalogue().line(line));
    let filled = |line: &LineInfo| line.cells().any(is_filled);
    let is_filled_at = |field: &str| lines().any(|line| line.line.field == field && filled(line));
    let is_printed = |line: &&LineInfo| {
        let replaced = || {
            let mut merged = sheet.merged.iter();
            merged.any(|merged| {
                merged.stands_for.contains(&line.line.field) && {
                    is_filled_at(merged.line) && !merged.stands_for.iter().any(|field| is_filled_at(field))
                }
            })
        };
        match line.cell(0).map(|cell| catalogue().presence(edition, cell)) {
            Some(Presence::Prescribed) => !replaced(),
            Some(Presence::Accepted) => filled(line),
            _ => false,
        }
    };
    lines().filter(is_printed).collect()
}

fn undivided(sheet: &Sheet, printed: &[&'static LineInfo]) -> Vec<&'static str> {
    let has = |field: &str| printed.iter().find(|line| line.line.field == field);
    let merged = sheet.merged.iter().filter(|merged| merged.stands_for.iter().any(|field| has(field).is_some()));
    merged.filter_map(|merged| has(merged.line).map(|line| line.line.label.zh)).collect()
}

/// Whether one heading does for all lines.
fn is_uniform(lines: &[&LineInfo]) -> bool {
    lines.windows(2).all(|pair| pair[0].line.columns == pair[1].line.columns)
}

fn new_grid(table: &'static Table, widths: Vec<usize>) -> Grid {
    Grid { table, rows: 0, widths, heading_rows: 0, tiles: Vec::new(), undivided: Vec::new() }
}

fn label(line: &LineInfo) -> String {
    format!("{}{}", line.line.ordinal, line.line.label.zh)
}

/// Lines that follow one another with the same key, by position.
fn runs<K: PartialEq>(lines: &[&LineInfo], key: impl Fn(&LineInfo) -> K) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if lines.get(run.start).is_some_and(|first| key(first) == key(line)) => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b
}

/// Chapter two: the clause across the table, then headings and lines of its own columns (which fill its width).
fn banded(table: &'static Table, lines: &[&LineInfo]) -> Grid {
    let units = lines.iter().map(|line| line.line.columns.len()).fold(1, least_common_multiple);
    let most = lines.iter().map(|line| line.line.columns.len()).max().unwrap_or(1);
    let mut widths = vec![LABEL_WIDTH];
    widths.extend(std::iter::repeat_n(LABEL_WIDTH * most / units, units));
    let mut grid = new_grid(table, widths);
    for run in runs(lines, |line| (line.line.section, line.line.columns)) {
        let Some((first, lines)) = lines.get(run.start).zip(lines.get(run)) else { continue };
        let columns = first.line.columns;
        let span = units / columns.len().max(1);
        let row = grid.rows;
        grid.add((row, 0), (1, units + 1), Content::Band(first.line.section.to_owned()));
        let corner = table.headings.corner.map(|text| text.zh).unwrap_or_default();
        grid.add((row + 1, 0), (1, 1), Content::ColumnHeading(corner.to_owned()));
        for (position, column) in columns.iter().enumerate() {
            let heading = Content::ColumnHeading(column.label.zh.to_owned());
            grid.add((row + 1, 1 + position * span), (1, span), heading);
        }
        for line in lines {
            let row = grid.rows;
            grid.add((row, 0), (1, 1), Content::RowHeading(label(line)));
            for (position, cell) in line.cells().enumerate() {
                grid.add((row, 1 + position * span), (1, span), Content::Figure(cell));
            }
        }
    }
    grid
}

/// Chapter three: one heading, and the labels of section, group and line beside one another.
fn one_heading(table: &'static Table, lines: &[&LineInfo]) -> Grid {
    let labels = GROUP_WIDTHS.len();
    let columns = lines.first().map_or(&[][..], |line| line.line.columns);
    let mut widths = GROUP_WIDTHS.to_vec();
    widths.extend(std::iter::repeat_n(FIGURE_WIDTH, columns.len()));
    let mut grid = new_grid(table, widths);
    add_heading(&mut grid, columns, labels, &table.headings);
    grid.heading_rows = grid.rows;
    let top = grid.heading_rows;
    for run in runs(lines, |line| line.line.section).into_iter() {
        if let Some(first) = lines.get(run.start).filter(|line| !line.line.section.is_empty()) {
            grid.add((top + run.start, 0), (run.len(), 1), Content::RowHeading(first.line.section.to_owned()));
        }
    }
    // A line that stands for its whole group is no member of it.
    let group = |line: &LineInfo| line.group.filter(|_| group_label(line) != Some(line.line.label.zh));
    for run in runs(lines, group) {
        if let Some(group) = lines.get(run.start).and_then(|line| catalogue().groups.get(group(line)?)) {
            let text = format!("{}{}", group.group.ordinal, group.group.label.zh);
            grid.add((top + run.start, 1), (run.len(), 1), Content::RowHeading(text));
        }
    }
    for (at, line) in lines.iter().enumerate() {
        let before = if group(line).is_some() { 2 } else { usize::from(!line.line.section.is_empty()) };
        grid.add((top + at, before), (1, labels - before), Content::RowHeading(label(line)));
        for (position, cell) in line.cells().enumerate() {
            grid.add((top + at, labels + position), (1, 1), Content::Figure(cell));
        }
    }
    grid
}

fn group_label(line: &LineInfo) -> Option<&'static str> {
    line.group.and_then(|at| catalogue().groups.get(at)).map(|group| group.group.label.zh)
}

/// Headings over the figures, with the corner above the labels.
fn add_heading(grid: &mut Grid, columns: &[Column], labels: usize, headings: &Headings) {
    let above = usize::from(headings.columns.is_some());
    let depth = above + 1 + usize::from(!headings.groups.is_empty());
    if let Some(corner) = headings.corner {
        grid.add((0, 0), (depth, labels), Content::ColumnHeading(corner.zh.to_owned()));
    }
    if let Some(over) = headings.columns {
        grid.add((0, labels), (1, columns.len()), Content::ColumnHeading(over.zh.to_owned()));
    }
    for (position, column) in columns.iter().enumerate() {
        let group = headings.groups.iter().find(|group| group.columns.contains(&column.field));
        let below = usize::from(group.is_some());
        if let Some(group) = group.filter(|group| group.columns.first() == Some(&column.field)) {
            let heading = Content::ColumnHeading(group.label.zh.to_owned());
            grid.add((above, labels + position), (1, group.columns.len()), heading);
        }
        let heading = Content::ColumnHeading(column.label.zh.to_owned());
        grid.add((above + below, labels + position), (depth - above - below, 1), heading);
    }
}

/// Chapter four: all lines beside one another over a single row of figures.
fn blocks(table: &'static Table, lines: &[&LineInfo]) -> Grid {
    let columns: usize = lines.iter().map(|line| line.line.columns.len()).sum();
    let mut grid = new_grid(table, vec![FIGURE_WIDTH; columns]);
    let depth = 2 + usize::from(lines.iter().any(|line| !line.line.section.is_empty()));
    let mut left = 0;
    for run in runs(lines, |line| line.line.section) {
        let Some((first, lines)) = lines.get(run.start).zip(lines.get(run)) else { continue };
        let below = usize::from(!first.line.section.is_empty());
        let width = lines.iter().map(|line| line.line.columns.len()).sum();
        if below > 0 {
            grid.add((0, left), (1, width), Content::ColumnHeading(first.line.section.to_owned()));
        }
        for line in lines {
            grid.add((below, left), (1, line.line.columns.len()), Content::ColumnHeading(label(line)));
            for (column, cell) in line.line.columns.iter().zip(line.cells()) {
                let heading = Content::ColumnHeading(column.label.zh.to_owned());
                grid.add((below + 1, left), (depth - below - 1, 1), heading);
                grid.add((depth, left), (1, 1), Content::Figure(cell));
                left += 1;
            }
        }
    }
    grid.heading_rows = depth;
    grid
}

/// Whether a cell is the sum of others, and not filled in by hand.
pub fn is_total(cell: CellId) -> bool {
    let info = catalogue().cell(cell);
    info.part == Part::Total || catalogue().line(info.line).line.part == Part::Total
}

/// The cells whose sum a total is: of its line, or of the outcomes above it.
pub fn addends(grid: &Grid, total: CellId) -> Vec<CellId> {
    let info = catalogue().cell(total);
    let cells = grid.figures().map(|(_, cell)| cell);
    let is_addend = |cell: &CellId| {
        let other = catalogue().cell(*cell);
        if info.part == Part::Total {
            other.line == info.line && other.part != Part::Total
        } else {
            other.column == info.column && catalogue().line(other.line).line.part == Part::Outcome
        }
    };
    cells.filter(is_addend).collect()
}
