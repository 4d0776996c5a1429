//! Tables of a page by the lines drawn around their cells: which cell a point is in, whatever is merged.

use super::drawing::Stroke;
use super::geometry::{self, Point};

/// How far apart two lines are that are one, and how far a line may fall short of another, in points.
const SAME: f64 = 2.0;
const REACH: f64 = 3.0;
/// Shortest line, in points.
const SHORTEST: f64 = 3.0;
/// Most pairs of lines that are compared, and most columns and rows of a table.
const MAX_PAIRS: usize = 4_000_000;
const MAX_COLUMNS: usize = 128;
const MAX_ROWS: usize = 512;

/// A line along one axis: where it lies on the other, and from where to where it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    at: f64,
    from: f64,
    to: f64,
}

/// A table; y grows upwards, rows are counted from the top.
#[derive(Debug)]
pub struct Table {
    /// Edges of the columns from the left, of the rows from the top.
    columns: Vec<f64>,
    rows: Vec<f64>,
    /// The cell of each place, row by row: its first place.
    cells: Sets,
}

/// A cell of a table with the places that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub row: usize,
    pub column: usize,
    pub rows: usize,
    pub columns: usize,
}

/// Finds the tables of a page: lines that meet, with at least two cells between them.
pub fn find_tables(strokes: &[Stroke]) -> Vec<Table> {
    let (mut across, mut down) = (Vec::new(), Vec::new());
    for Stroke { from, to, .. } in strokes {
        let line = |at: f64, one: f64, other: f64| Line { at, from: one.min(other), to: one.max(other) };
        if (from.y - to.y).abs() < 1.0 {
            across.push(line((from.y + to.y) / 2.0, from.x, to.x));
        } else if (from.x - to.x).abs() < 1.0 {
            down.push(line((from.x + to.x) / 2.0, from.y, to.y));
        }
    }
    let (across, down) = (joined(across), joined(down));
    if across.len().saturating_mul(down.len()) > MAX_PAIRS {
        return Vec::new();
    }
    let mut groups = Sets::new(across.len() + down.len());
    for (a, line) in across.iter().enumerate() {
        for (d, other) in down.iter().enumerate() {
            if meets(line, other) {
                groups.join(a, across.len() + d);
            }
        }
    }
    let mut tables = Vec::new();
    for group in groups.all() {
        let of_across: Vec<Line> = group.iter().filter_map(|at| across.get(*at)).copied().collect();
        let of_down =
            group.iter().filter_map(|at| down.get(at.checked_sub(across.len())?)).copied().collect::<Vec<_>>();
        tables.extend(Table::of(&of_across, &of_down));
    }
    tables
}

fn meets(across: &Line, down: &Line) -> bool {
    let within = |line: &Line, at: f64| (line.from - REACH..=line.to + REACH).contains(&at);
    within(across, down.at) && within(down, across.at)
}

/// Lines on each other are one.
fn joined(mut lines: Vec<Line>) -> Vec<Line> {
    lines.retain(|line| line.at.is_finite() && line.from.is_finite() && line.to.is_finite());
    let edges = edges(lines.iter().map(|line| line.at).collect());
    for line in &mut lines {
        line.at = edges.get(nearest(&edges, line.at)).copied().unwrap_or(line.at);
    }
    lines.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.from.total_cmp(&b.from)));
    let mut result: Vec<Line> = Vec::new();
    for line in lines {
        match result.last_mut().filter(|last| last.at == line.at && line.from <= last.to + REACH) {
            Some(last) => last.to = last.to.max(line.to),
            None => result.push(line),
        }
    }
    result.retain(|line| line.to - line.from >= SHORTEST);
    result
}

/// Distinct positions in ascending order.
fn edges(mut positions: Vec<f64>) -> Vec<f64> {
    positions.sort_by(f64::total_cmp);
    positions.dedup_by(|next, kept| *next - *kept <= SAME);
    positions
}

fn nearest(edges: &[f64], at: f64) -> usize {
    let after = edges.partition_point(|edge| *edge < at);
    let distance = |index: usize| edges.get(index).map_or(f64::INFINITY, |edge| (edge - at).abs());
    match after.checked_sub(1) {
        Some(before) if distance(before) <= distance(after) => before,
        _ => after,
    }
}

impl Table {
    fn of(across: &[Line], down: &[Line]) -> Option<Self> {
        // A table that goes on overleaf has no line at the end of the page: it ends where the others end.
        let ends = |lines: &[Line]| {
            let from = lines.iter().map(|line| line.from).min_by(f64::total_cmp);
            let to = lines.iter().map(|line| line.to).max_by(f64::total_cmp);
            from.into_iter().chain(to)
        };
        let columns = edges(down.iter().map(|line| line.at).chain(ends(across)).collect());
        let mut rows = edges(across.iter().map(|line| line.at).chain(ends(down)).collect());
        rows.reverse();
        let (width, height) = (columns.len().checked_sub(1)?, rows.len().checked_sub(1)?);
        if width * height < 2 || width > MAX_COLUMNS || height > MAX_ROWS {
            return None;
        }
        let mut table = Self { columns, rows, cells: Sets::new(width * height) };
        table.merge(across, down);
        Some(table)
    }

    fn width(&self) -> usize {
        self.columns.len().saturating_sub(1)
    }

    fn height(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// Joins neighbouring places between which no line is drawn.
    fn merge(&mut self, across: &[Line], down: &[Line]) {
        let (width, height) = (self.width(), self.height());
        let is_between = |lines: &[Line], at: f64, middle: f64| {
            lines.iter().any(|line| (line.at - at).abs() <= SAME && (line.from..=line.to).contains(&middle))
        };
        for row in 0..height {
            for column in 0..width {
                let place = row * width + column;
                let (middle_x, middle_y) = (middle(&self.columns, column), middle(&self.rows, row));
                let edge = |edges: &[f64], at: usize| edges.get(at).copied().unwrap_or(f64::NAN);
                if column + 1 < width && !is_between(down, edge(&self.columns, column + 1), middle_y) {
                    self.cells.join(place, place + 1);
                }
                if row + 1 < height && !is_between(across, edge(&self.rows, row + 1), middle_x) {
                    self.cells.join(place, place + width);
                }
            }
        }
    }

    /// The cell in which a point lies, as a number.
    pub fn cell_at(&self, point: Point) -> Option<usize> {
        let column = self.columns.partition_point(|edge| *edge <= point.x).checked_sub(1)?;
        let row = self.rows.partition_point(|edge| *edge >= point.y).checked_sub(1)?;
        (column < self.width() && row < self.height()).then(|| self.cells.first_of(row * self.width() + column))
    }

    /// The places of the sides of a cell on the page.
    pub fn sides_of(&self, area: Area) -> geometry::Area {
        let edge = |edges: &[f64], at: usize| edges.get(at).copied().unwrap_or(f64::NAN);
        geometry::Area {
            left: edge(&self.columns, area.column),
            bottom: edge(&self.rows, area.row + area.rows),
            right: edge(&self.columns, area.column + area.columns),
            top: edge(&self.rows, area.row),
        }
    }

    /// The top of the table.
    pub fn top(&self) -> f64 {
        self.rows.first().copied().unwrap_or(f64::NAN)
    }

    /// The bottom of the table.
    pub fn bottom(&self) -> f64 {
        self.rows.last().copied().unwrap_or(f64::NAN)
    }

    /// All cells by number, in reading order.
    pub fn areas(&self) -> Vec<(usize, Area)> {
        let width = self.width().max(1);
        let mut areas: Vec<_> = self
            .cells
            .all()
            .into_iter()
            .filter_map(|places| {
                let first = *places.first()?;
                let rows = || places.iter().map(|place| place / width);
                let columns = || places.iter().map(|place| place % width);
                let (row, column) = (rows().min()?, columns().min()?);
                let (rows, columns) = (rows().max()? - row + 1, columns().max()? - column + 1);
                Some((first, Area { row, column, rows, columns }))
            })
            .collect();
        areas.sort_by_key(|(_, area)| (area.row, area.column));
        areas
    }

    pub fn row_count(&self) -> usize {
        self.height()
    }
}

fn middle(edges: &[f64], at: usize) -> f64 {
    let edge = |at: usize| edges.get(at).copied().unwrap_or(f64::NAN);
    (edge(at) + edge(at + 1)) / 2.0
}

/// Numbers joined into sets, each known by its least.
#[derive(Debug)]
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn first_of(&self, mut member: usize) -> usize {
        // Every member points to a lesser one or to itself.
        while let Some(lesser) = self.0.get(member).copied().filter(|lesser| *lesser < member) {
            member = lesser;
        }
        member
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first_of(one), self.first_of(other));
        if let Some(root) = self.0.get_mut(one.max(other)) {
            *root = one.min(other);
        }
    }

    /// The sets, by their least member.
    fn all(&self) -> Vec<Vec<usize>> {
        let mut sets: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
        for member in 0..self.0.len() {
            sets.entry(self.first_of(member)).or_default().push(member);
        }
        sets.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x1: f64, y1: f64, x2: f64, y2: f64) -> Stroke {
        Stroke { from: Point { x: x1, y: y1 }, to: Point { x: x2, y: y2 }, is_seen: true }
    }

    #[test]
    fn cells_are_what_lines_surround() {
        // Two rows and two columns; the first column is merged, and there is no line below.
        let strokes = [
            line(0.0, 100.0, 60.0, 100.0),
            line(30.0, 80.5, 60.0, 79.8),
            line(0.0, 100.0, 0.0, 60.0),
            line(29.7, 100.0, 29.7, 80.0),
            line(30.2, 80.0, 30.2, 60.0),
            line(60.0, 100.0, 60.0, 60.0),
        ];
        let [table] = &find_tables(&strokes)[..] else { panic!("one table") };
        let areas: Vec<_> = table.areas().into_iter().map(|(_, area)| area).collect();
        let area = |row, column, rows| Area { row, column, rows, columns: 1 };
        assert_eq!(areas, [area(0, 0, 2), area(0, 1, 1), area(1, 1, 1)]);
        let at = |x, y| table.cell_at(Point { x, y });
        assert_eq!(at(10.0, 90.0), at(10.0, 70.0));
        assert_ne!(at(50.0, 90.0), at(50.0, 70.0));
        assert_eq!((at(70.0, 90.0), at(10.0, 50.0)), (None, None));
    }

    #[test]
    fn a_frame_is_no_table() {
        let frame =
            [line(0.0, 0.0, 9.0, 0.0), line(0.0, 9.0, 9.0, 9.0), line(0.0, 0.0, 0.0, 9.0), line(9.0, 0.0, 9.0, 9.0)];
        assert!(find_tables(&frame).is_empty());
    }
}
