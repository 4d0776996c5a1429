//! What the labels of a table of blocks name, and from that the line and column of each figure of a row.

use crate::form::{CellId, LineInfo};

use super::super::fill::fit::{Fit, fit};
use super::super::printed::{Columns, PrintedCell};
use super::super::value::Printed;
use super::super::vocabulary::{Meaning, TableWords, Vocabulary};
use super::super::walk::Slot;
use super::super::wording::wording;
use super::broken::{Mended, mended};
use super::{BlockFault, BlockRow};

/// What a label of a table of blocks names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Position among the lines.
    Line(usize),
    /// Position among a line's columns.
    Column(usize),
    /// A heading over several lines.
    Section(&'static str),
    Unknown,
}

/// A label with its place.
pub type Placed = (Part, Option<Columns>);

/// Lines and columns of a table of blocks, which all lines share.
pub struct Form<'v> {
    vocabulary: &'v Vocabulary,
    table: usize,
    pub lines: Vec<&'static LineInfo>,
    columns: usize,
}

pub fn line_of(part: &Part) -> Option<usize> {
    if let Part::Line(line) = part { Some(*line) } else { None }
}

fn number_of(slot: &Slot) -> Option<i128> {
    match &slot.printed {
        Printed::Number { digits, unit: None, remark: false } => digits.parse().ok(),
        _ => None,
    }
}

pub fn column_of(part: &Part) -> Option<usize> {
    if let Part::Column(column) = part { Some(*column) } else { None }
}

impl<'v> Form<'v> {
    pub fn of(vocabulary: &'v Vocabulary, table: usize) -> Option<Self> {
        let words: &TableWords = vocabulary.tables.get(table)?;
        let lines: Vec<_> = words.line_infos().collect();
        let columns = lines.first()?.line.columns;
        let is_shared = lines.iter().all(|line| line.line.columns == columns);
        is_shared.then_some(Self { vocabulary, table, lines, columns: columns.len() })
    }

    /// What a printed label names; several where it holds several between blanks.
    pub fn parts(&self, cell: &PrintedCell) -> Vec<Placed> {
        let whole = self.part(&cell.raw);
        if whole != Some(Part::Unknown) {
            return whole.map(|part| (part, cell.columns)).into_iter().collect();
        }
        let pieces: Vec<_> = cell.raw.split_whitespace().filter_map(|piece| self.part(piece)).collect();
        if pieces.contains(&Part::Unknown) {
            return vec![(Part::Unknown, cell.columns)];
        }
        pieces.into_iter().map(|part| (part, None)).collect()
    }

    /// None for words that say nothing of lines and columns, such as the heading of the chapter.
    fn part(&self, raw: &str) -> Option<Part> {
        let words = wording(raw);
        if words.full.is_empty() {
            return None;
        }
        let known = [&words.full, &words.short].into_iter().flat_map(|text| self.vocabulary.meanings(text));
        let mut known = known.filter(|meaning| meaning.table() == Some(self.table));
        let label_at = |label: &str| self.lines.first()?.line.columns.iter().position(|c| c.label.zh == label);
        match known.next() {
            Some(Meaning::Line { line, .. }) => self.lines.iter().position(|info| info.id == *line).map(Part::Line),
            Some(Meaning::Column { label, .. }) => label_at(label).map(Part::Column),
            Some(Meaning::Section { .. } | Meaning::Heading { .. }) => {
                let mut sections = self.lines.iter().map(|line| line.line.section);
                sections.find(|section| wording(section).full == words.full && !section.is_empty()).map(Part::Section)
            }
            Some(_) => None,
            None => Some(Part::Unknown),
        }
    }

    fn cell(&self, line: usize, column: usize) -> Option<CellId> {
        self.lines.get(line)?.cell(column)
    }

    pub fn row<'s>(
        &self,
        header: &[Placed],
        line: Option<usize>,
        column: Option<usize>,
        row: &'s BlockRow,
    ) -> Result<Vec<(CellId, &'s Slot)>, BlockFault> {
        let wanted = self.listed(header, line, column);
        if let Some(placed) = self.by_place(header, line, column, row) {
            return Ok(placed);
        }
        let wanted = wanted.ok_or(BlockFault::Header)?;
        match fit(wanted.len(), &row.values, row.keeps_blanks) {
            Fit::Placed(placement) => {
                let placed = placement.into_iter().filter_map(|(at, value)| {
                    let (line, column) = *wanted.get(at)?;
                    Some((self.cell(line, column)?, row.values.get(value)?))
                });
                Ok(placed.collect())
            }
            _ => Err(BlockFault::Count(wanted.len())),
        }
    }

    /// By what stands above each figure; none where the format has no columns, or something is not clear.
    fn by_place<'s>(
        &self,
        header: &[Placed],
        line: Option<usize>,
        column: Option<usize>,
        row: &'s BlockRow,
    ) -> Option<Vec<(CellId, &'s Slot)>> {
        let lines: Vec<_> = header.iter().filter_map(|(part, place)| Some((line_of(part)?, *place))).collect();
        let columns: Vec<_> = header.iter().filter_map(|(part, place)| Some((column_of(part)?, *place))).collect();
        // A line that is named outside the table is that of the whole table.
        let alone = match lines[..] {
            [(line, None)] => Some(line),
            _ => None,
        };
        let above = |named: &[(usize, Option<Columns>)], place: Columns| {
            let over = |own: &Columns| own.first <= place.first && place.last <= own.last;
            let mut found: Vec<usize> =
                named.iter().filter(|(_, own)| own.as_ref().is_some_and(over)).map(|(at, _)| *at).collect();
            found.dedup();
            if let [one] = found[..] { Some(one) } else { None }
        };
        let mut placed: Vec<(CellId, &Slot)> = Vec::new();
        for slot in &row.values {
            let place = slot.columns?;
            let found = line
                .or(alone)
                .or_else(|| above(&lines, place))
                .zip(column.or_else(|| above(&columns, place)))
                .and_then(|(line, column)| self.cell(line, column));
            match found {
                Some(cell) if placed.iter().any(|(other, _)| *other == cell) => return None,
                Some(cell) => placed.push((cell, slot)),
                None if slot.printed == Printed::Empty && slot.asides.is_empty() => {}
                None => return None,
            }
        }
        let expected = match (line.or(alone), column) {
            (Some(_), Some(_)) => 1,
            (Some(_), None) => self.columns,
            (None, Some(_)) => lines.len(),
            (None, None) => lines.len() * self.columns,
        };
        (placed.len() == expected).then_some(placed)
    }

    /// By the sequence of the labels: the line and column of each figure from left to right.
    fn listed(&self, header: &[Placed], line: Option<usize>, column: Option<usize>) -> Option<Vec<(usize, usize)>> {
        let parts: Vec<Part> = header.iter().map(|(part, _)| *part).collect();
        if let (Some(line), Some(column)) = (line, column) {
            return Some(vec![(line, column)]);
        }
        if parts.contains(&Part::Unknown) {
            return None;
        }
        let columns: Vec<usize> = parts.iter().filter_map(column_of).collect();
        let lines = line.map_or_else(|| self.lines_in_order(&parts), |line| Some(vec![line]))?;
        if let Some(column) = column {
            return Some(lines.into_iter().map(|line| (line, column)).collect());
        }
        let is_whole =
            |chunk: &[usize]| chunk.len() == self.columns && (0..self.columns).all(|column| chunk.contains(&column));
        // Results that are named once are those of every line.
        let chunks: Vec<&[usize]> = columns.chunks(self.columns.max(1)).collect();
        if lines.is_empty() || !chunks.iter().all(|chunk| is_whole(chunk)) {
            return None;
        }
        let chunks = match (chunks.len(), lines.len()) {
            (1, _) if line.is_some() || lines.len() == 1 => chunks,
            (found, wanted) if found == wanted => chunks,
            _ => return None,
        };
        let pairs = |line: &usize, chunk: &[usize]| chunk.iter().map(|column| (*line, *column)).collect::<Vec<_>>();
        let each_before_its_own = || {
            let mut open: Option<(usize, usize)> = None;
            let mut order = Vec::new();
            for part in &parts {
                match (part, &mut open) {
                    (Part::Line(line), None | Some((_, 0))) => {
                        order.push(*line);
                        open = Some((*line, self.columns));
                    }
                    (Part::Column(_), Some((_, left))) if *left > 0 => *left -= 1,
                    (Part::Section(_), None | Some((_, 0))) => {}
                    _ => return None,
                }
            }
            Some(order)
        };
        if let Some(order) = each_before_its_own().filter(|order| order.len() == chunks.len() && lines.len() > 1) {
            return Some(order.iter().zip(chunks).flat_map(|(line, chunk)| pairs(line, chunk)).collect());
        }
        // Elsewhere it is not told whose results are read first, so they must stand alike.
        let is_alike = chunks.windows(2).all(|pair| pair.first() == pair.get(1));
        is_alike.then(|| lines.iter().zip(chunks).flat_map(|(line, chunk)| pairs(line, chunk)).collect())
    }

    /// By labels that are broken over lines, where each can be put together; where a total stands, which is read apart
    /// from the others, the figures themselves must prove.
    pub fn mended<'s>(&self, header: &[PrintedCell], row: &'s BlockRow) -> Option<Vec<(CellId, &'s Slot)>> {
        let columns = self.lines.first()?.line.columns;
        let labels: Vec<String> = columns.iter().map(|column| wording(column.label.zh).full).collect();
        let is_line = |cell: &&PrintedCell| {
            self.parts(cell).iter().all(|(part, _)| matches!(part, Part::Line(_) | Part::Section(_)))
        };
        let (named, broken): (Vec<_>, Vec<_>) = header.iter().partition(is_line);
        let parts: Vec<Part> = named.iter().flat_map(|cell| self.parts(cell)).map(|(part, _)| part).collect();
        let lines = self.lines_in_order(&parts)?;
        let pieces = |cell: &&PrintedCell| -> Vec<String> {
            cell.raw.split_whitespace().map(|piece| wording(piece).full).filter(|piece| !piece.is_empty()).collect()
        };
        let Mended { columns: found, whole } = mended(&broken.iter().map(pieces).collect::<Vec<_>>(), &labels)?;
        let total = *whole.first()?;
        let others: Vec<&[usize]> = found.chunks(self.columns.checked_sub(1).filter(|count| *count > 0)?).collect();
        let first = *others.first()?;
        let is_whole = (0..self.columns).all(|column| (column == total) != first.contains(&column));
        let is_alike = others.iter().all(|chunk| *chunk == first) && whole.iter().all(|column| *column == total);
        let numbers: Option<Vec<i128>> = row.values.iter().map(number_of).collect();
        let numbers = numbers.filter(|numbers| numbers.len() == lines.len() * self.columns)?;
        if !(is_whole && is_alike) || others.len() != lines.len() || whole.len() != lines.len() {
            return None;
        }
        let possible = (0..self.columns).filter(|at| {
            numbers.chunks(self.columns).all(|block| {
                let sum: i128 = block.iter().sum();
                block.get(*at).is_some_and(|total| sum - total == *total)
            })
        });
        let mut possible = possible.map(|at| {
            let mut order = first.to_vec();
            order.insert(at, total);
            lines
                .iter()
                .flat_map(|line| order.iter().map(|column| (*line, *column)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        });
        let taken = possible.next()?;
        let value_of = |order: &[(usize, usize)], wanted: &(usize, usize)| {
            order.iter().position(|pair| pair == wanted).and_then(|at| numbers.get(at).copied())
        };
        // Several ways are as good as one where all give the same figures.
        if !possible.all(|other| taken.iter().all(|pair| value_of(&other, pair) == value_of(&taken, pair))) {
            return None;
        }
        let placed = taken.iter().zip(&row.values);
        placed.map(|((line, column), slot)| Some((self.cell(*line, *column)?, slot))).collect()
    }

    /// The lines from left to right: those below a heading stand where it stands. Each once, else none.
    fn lines_in_order(&self, parts: &[Part]) -> Option<Vec<usize>> {
        let mut order: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
        let section_of = |line: usize| self.lines.get(line).map_or("", |info| info.line.section);
        for part in parts {
            match part {
                Part::Section(section) if order.iter().any(|(own, _)| *own == Some(*section)) => return None,
                Part::Section(section) => order.push((Some(section), Vec::new())),
                Part::Line(line) => match order.iter_mut().find(|(own, _)| *own == Some(section_of(*line))) {
                    Some((_, members)) => members.push(*line),
                    None => order.push((None, vec![*line])),
                },
                Part::Column(_) | Part::Unknown => {}
            }
        }
        let has_sections = order.iter().any(|(section, _)| section.is_some());
        let lines: Vec<usize> = order.into_iter().flat_map(|(_, members)| members).collect();
        let is_once = lines.iter().enumerate().all(|(at, line)| !lines.iter().take(at).any(|other| other == line));
        // Without its heading it is not told where a line of a section stands beside others.
        let is_told = has_sections || lines.len() == 1 || self.follows_at_once(parts);
        (is_once && is_told).then_some(lines)
    }

    /// Whether every line is followed by its own results, or lines alone are named, all in one row.
    fn follows_at_once(&self, parts: &[Part]) -> bool {
        let lines = parts.iter().filter(|part| matches!(part, Part::Line(_))).count();
        let led = parts.windows(2).filter(|pair| matches!(pair, [Part::Line(_), Part::Column(_)])).count();
        let columns = parts.iter().filter(|part| matches!(part, Part::Column(_))).count();
        led == lines || columns == 0
    }
}
