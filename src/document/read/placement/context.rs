//! What a label means where it stands: the same word is a column in one place, a line in another, and a damaged
//! label is recognised only where its place leaves one possibility.

use std::collections::HashSet;

use crate::form::{ColumnGroup, Kind, Layout, LineId, catalogue};

use super::header::Header;
use super::nearness::{edits_within, tolerated_edits};
use super::period::Period;
use super::printed::PrintedRow;
use super::unit::{Unit, unit_stated, units_said};
use super::value::has_digit;
use super::vocabulary::{LineWords, Meaning, TableWords, Vocabulary};
use super::wording::{Wording, is_turned_by, wording};

/// Whether header or lines are being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Header,
    Body,
}

/// The place in the form that the walk has reached.
pub struct Context<'v> {
    pub vocabulary: &'v Vocabulary,
    pub table: Option<usize>,
    /// Within a table rather than in text around it.
    pub inside: bool,
    pub zone: Zone,
    /// Group of the lines being read; position in the catalogue's groups.
    pub group: Option<usize>,
    pub header: Header,
    /// The year in the document's title.
    pub year: Option<u16>,
    /// The unit stated last above a table, and whether figures have come since.
    unit: Option<&'static Unit>,
    is_unit_used: bool,
    /// What says above a table that its figures are of another period.
    period: Option<String>,
    is_period_used: bool,
    /// It heads more than one table.
    is_period_lasting: bool,
    /// What says that the whole document is of a part of a year.
    part: Option<String>,
    /// Units that sentences state of all figures.
    said: Vec<&'static Unit>,
    landmarks: Landmarks,
}

/// Shortest beginning of a label that can stand for it, in characters, and that of one with a number before it.
const BEGINNING_CHARACTERS: usize = 4;
const NUMBERED_CHARACTERS: usize = 3;
/// Words of a heading above a whole form.
const HEADS_ALL: [&str; 4] = ["附", "年度报告", "年报", "统计表"];
/// Longest wording that is compared with labels for likeness, in characters.
const LIKENESS_CHARACTERS: usize = 64;
/// Most blank-separated pieces of one printed label.
const PIECES: usize = 32;

/// A line recognised by a label that is not exactly the form's.
pub struct Likely {
    pub line: LineId,
    pub table: usize,
    /// What is missing at the end of the label, where it is a beginning.
    pub remainder: Option<String>,
    /// Lines of which it has words that the label does not have: then it is as well one of theirs.
    pub rivals: Vec<LineId>,
}

impl<'v> Context<'v> {
    pub fn new(vocabulary: &'v Vocabulary, rows: &[PrintedRow], year: Option<u16>, part: Option<String>) -> Self {
        Self {
            vocabulary,
            table: None,
            inside: false,
            zone: Zone::Header,
            group: None,
            header: Header::default(),
            year,
            unit: None,
            is_unit_used: false,
            period: None,
            is_period_used: false,
            is_period_lasting: false,
            part,
            said: units_said(rows),
            landmarks: Landmarks::of(vocabulary, rows),
        }
    }

    /// A heading or a line above a table may state the unit, and the period, of all that is below. `heads_all` where it may
    /// head a whole form.
    pub fn states(&mut self, raw: &str, heads_all: bool) {
        if let Some(unit) = unit_stated(raw) {
            (self.unit, self.is_unit_used) = (Some(unit), false);
        }
        let period = Period::of(raw);
        if period.is_stated() && self.year.is_some() {
            self.period = period.is_other_than(self.year).then(|| raw.trim().to_owned());
            self.is_period_used = false;
            self.is_period_lasting = heads_all && HEADS_ALL.iter().any(|word| raw.contains(word));
        }
    }

    /// Other text stands between what was stated and whatever comes, unless that is a part of what it was stated of.
    pub fn goes_on(&mut self) {
        self.period = self.period.take().filter(|_| self.is_period_lasting || self.is_period_used);
    }

    /// What says that the figures that are read here are of another period.
    pub fn period(&mut self) -> Option<String> {
        self.is_period_used = true;
        self.period.clone().or_else(|| self.part.clone())
    }

    /// The unit of the figures that are read here, as it is stated above them.
    pub fn unit(&mut self) -> Option<&'static Unit> {
        self.is_unit_used = true;
        self.unit
    }

    /// Units that sentences of the document state of figures of a kind.
    pub fn units_said(&self, kind: Kind) -> impl Iterator<Item = &'static Unit> {
        self.said.iter().copied().filter(move |unit| unit.measures(kind))
    }

    /// A chapter begins: what was stated above other figures is not said of those that follow.
    pub fn begin_chapter(&mut self) {
        self.unit = self.unit.filter(|_| !self.is_unit_used);
        self.period = self.period.take().filter(|_| self.is_period_lasting || !self.is_period_used);
    }

    pub fn words(&self) -> Option<&'v TableWords> {
        self.table.and_then(|table| self.vocabulary.tables.get(table))
    }

    /// Within a table that prints all its lines in one row of figures.
    pub fn in_blocks(&self) -> bool {
        self.inside && self.words().is_some_and(|words| words.layout() == Layout::Blocks)
    }

    /// Moves to a table; its header comes next.
    pub fn enter(&mut self, table: usize) {
        if self.table != Some(table) {
            self.table = Some(table);
            self.begin_header();
            self.group = None;
        }
        self.inside = true;
    }

    /// A header begins: what was known of the one before no longer counts.
    pub fn begin_header(&mut self) {
        self.zone = Zone::Header;
        self.header.begin();
    }

    /// Within a table before its first line.
    pub fn awaits_header(&self) -> bool {
        self.table.is_some() && self.zone == Zone::Header
    }

    /// The heading over several columns of the table that these words are.
    pub fn column_group(&self, words: &Wording) -> Option<&'static ColumnGroup> {
        let groups = self.words()?.info.table.headings.groups;
        groups.iter().find(|group| wording(group.label.zh).full == words.full)
    }

    /// What a label that is exactly the form's means here; `followed` says whether a value stands behind it.
    pub fn meaning(&self, words: &Wording, followed: bool) -> Option<Meaning> {
        let exact = self.vocabulary.meanings(&words.full);
        // A sentence may begin with a label and go on in brackets; a label is no sentence. What stands in brackets may make
        // something else of it.
        let is_other = words.unclosed || words.sentence || self.is_turned(words);
        let loose = if is_other { &[] } else { self.vocabulary.meanings(&words.short) };
        [exact, loose]
            .into_iter()
            .filter(|known| !known.is_empty())
            .find_map(|known| self.choose(known, words, followed))
    }

    /// Whether the words in brackets say that figures are of something else than the label's, or of another period.
    fn is_turned(&self, words: &Wording) -> bool {
        let is_of_last_year = words.short.contains("上年") || words.short.contains("上一年");
        let is_other_period = !is_of_last_year && Period::of(&words.aside).is_other_than(self.year);
        is_turned_by(&words.aside, &words.short) || is_other_period
    }

    fn choose(&self, known: &[Meaning], words: &Wording, followed: bool) -> Option<Meaning> {
        let here: Vec<_> = known.iter().copied().filter(|meaning| meaning.table() == self.table).collect();
        let candidates = if here.is_empty() { known } else { &here };
        if let [only] = candidates {
            return Some(*only);
        }
        // A word of several meanings does not lead to another table.
        if here.is_empty() {
            return None;
        }
        let line = candidates.iter().copied().find_map(|meaning| match meaning {
            Meaning::Line { line, .. } => Some((meaning, catalogue().line(line).group)),
            _ => None,
        });
        let other = candidates.iter().copied().find(|meaning| !matches!(meaning, Meaning::Line { .. }))?;
        let (line, group) = line?;
        match other {
            // （六）其他处理 is a heading, or one line where the form has three: values behind it tell.
            Meaning::Group { .. } => Some(if followed { line } else { other }),
            // 其他 and 总计 head columns, and are lines: 其他 only under （六）其他处理.
            // Values right behind the header are those of a line whose label is lost.
            _ if !words.numbered && self.zone == Zone::Header => Some(other).filter(|_| !followed),
            _ if group.is_none_or(|group| self.group == Some(group)) => Some(line),
            _ if !followed && !words.numbered => Some(other),
            _ => None,
        }
    }

    /// The line whose label this can only be: the beginning of one, or one that is a few characters off.
    /// Lines whose label stands elsewhere as it should, and those out of the form's order here, are no candidates.
    pub fn likely_line(&self, words: &Wording, row: usize) -> Option<Likely> {
        let table = self.table?;
        let characters: Vec<char> = words.full.chars().collect();
        let shortest = if words.numbered { NUMBERED_CHARACTERS } else { BEGINNING_CHARACTERS };
        if characters.len() < shortest || characters.len() > LIKENESS_CHARACTERS || words.sentence {
            return None;
        }
        let possible = || {
            let lines = &self.vocabulary.tables.get(table)?.lines;
            Some(lines.iter().filter(move |words| self.landmarks.admits(table, words.line, row)))
        };
        let beginning = only(possible()?.filter(|label| label.full.starts_with(&characters)).map(|label| label.line));
        if let Some(line) = beginning {
            let label = possible()?.find(|label| label.line == line && label.full.starts_with(&characters))?;
            let remainder = label.full.get(characters.len()..).map(|rest| rest.iter().collect());
            return Some(Likely { line, table, remainder, rivals: Vec::new() });
        }
        let bound = |label: &[char]| tolerated_edits(label.len());
        let near = possible()?.filter(|label| edits_within(&characters, &label.full, bound(&label.full)).is_some());
        let line = only(near.map(|label| label.line))?;
        Some(Likely { line, table, remainder: None, rivals: self.rivals(table, line, &characters) })
    }

    /// The heading over several lines whose words are those of this one, which stands in their place.
    pub fn heading_like(&self, line: LineId) -> Option<Meaning> {
        let words = wording(catalogue().line(line).line.label.zh);
        self.vocabulary.meanings(&words.full).iter().copied().find(|meaning| matches!(meaning, Meaning::Group { .. }))
    }

    /// The lines whose labels have the characters that are not in this line's.
    fn rivals(&self, table: usize, line: LineId, printed: &[char]) -> Vec<LineId> {
        let Some(words) = self.vocabulary.tables.get(table) else { return Vec::new() };
        let own = || words.lines.iter().filter(|label| label.line == line);
        let strange: Vec<char> =
            printed.iter().copied().filter(|c| !own().any(|label| label.full.contains(c))).collect();
        // Two characters beside each other that are another's count as its words; one alone only where it is all.
        let is_rival = |label: &&LineWords| {
            label.line != line
                && strange.iter().any(|character| {
                    label.full.contains(character)
                        && printed
                            .windows(2)
                            .filter(|pair| pair.contains(character))
                            .any(|pair| label.full.windows(2).any(|other| other == pair))
                })
        };
        let mut rivals: Vec<LineId> = words.lines.iter().filter(is_rival).map(|label| label.line).collect();
        rivals.dedup();
        rivals
    }

    /// The column of the header being read whose label this can only be.
    pub fn likely_column(&self, words: &Wording) -> Option<&'static str> {
        let table = self.words().filter(|_| self.inside && self.zone == Zone::Header)?;
        let characters: Vec<char> = words.full.chars().collect();
        if characters.len() < BEGINNING_CHARACTERS || characters.len() > LIKENESS_CHARACTERS {
            return None;
        }
        only(table.columns.iter().copied().filter(|label| {
            let label: Vec<char> = wording(label).short.chars().collect();
            edits_within(&characters, &label, tolerated_edits(label.len())).is_some()
        }))
    }

    /// Whether every piece is part of what is printed around the table's lines: a broken header or heading.
    pub fn is_debris(&self, raw: &str) -> bool {
        let Some(table) = self.words() else { return false };
        raw.split_whitespace().enumerate().all(|(position, piece)| {
            let words = wording(piece).full;
            let is_number = words.is_empty() && has_digit(piece);
            position < PIECES && !is_number && table.surroundings.iter().any(|text| text.contains(&words))
        })
    }

    /// The pieces of a label that is several headers on one line, where each is one.
    pub fn headers(&self, raw: &str) -> Option<Vec<(String, Meaning)>> {
        let pieces: Vec<_> = raw.split_whitespace().take(PIECES + 1).collect();
        if pieces.len() < 2 || pieces.len() > PIECES {
            return None;
        }
        let header = |piece: &str| {
            let meaning = self.meaning(&wording(piece), false)?;
            let is_header = matches!(
                meaning,
                Meaning::Heading { .. } | Meaning::Section { .. } | Meaning::Column { .. } | Meaning::ForeignColumn
            );
            is_header.then(|| (piece.to_owned(), meaning))
        };
        pieces.into_iter().map(header).collect()
    }
}

/// The only distinct item, if there is exactly one.
fn only<T: PartialEq>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.all(|other| other == first).then_some(first)
}

/// Lines whose label stands in the document exactly as in the form, and where.
struct Landmarks {
    /// By table: row and position among the table's lines, in the order of the document.
    by_table: Vec<Vec<(usize, LineId)>>,
    lines: HashSet<LineId>,
}

impl Landmarks {
    fn of(vocabulary: &Vocabulary, rows: &[PrintedRow]) -> Self {
        let mut this = Self { by_table: vec![Vec::new(); vocabulary.tables.len()], lines: HashSet::new() };
        for (row, cell) in
            rows.iter().enumerate().flat_map(|(row, printed)| printed.cells.iter().map(move |c| (row, c)))
        {
            let words = wording(&cell.raw);
            if let [Meaning::Line { table, line }] = vocabulary.meanings(&words.full)
                && let Some(landmarks) = this.by_table.get_mut(*table)
            {
                landmarks.push((row, *line));
                this.lines.insert(*line);
            }
        }
        this
    }

    /// Whether `line` can be the one at `row`: not labelled elsewhere, and between its neighbours.
    fn admits(&self, table: usize, line: LineId, row: usize) -> bool {
        let Some(landmarks) = self.by_table.get(table).filter(|_| !self.lines.contains(&line)) else { return false };
        let after = landmarks.partition_point(|(at, _)| *at <= row);
        let before = after.checked_sub(1).and_then(|at| landmarks.get(at));
        before.is_none_or(|(_, previous)| *previous < line) && landmarks.get(after).is_none_or(|(_, next)| line < *next)
    }
}
