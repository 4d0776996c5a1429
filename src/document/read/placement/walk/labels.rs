//! What a label does to the walk: it opens a line, heads a column, names a group, or ends a table.

use crate::form::{Column, Layout, LineId, catalogue};

use super::super::super::chapters::{Chapter, chapter};
use super::super::context::{Likely, Zone};
use super::super::printed::PrintedCell;
use super::super::unit::{Unit, unit_stated};
use super::super::value::has_digit;
use super::super::vocabulary::Meaning;
use super::super::wording::{Wording, turns, wording};
use super::{DEBRIS_PIECES, LabelledRow, Open, Unknown, Walk};

impl Walk<'_> {
    /// Takes words as label or header; says whether they are any.
    pub fn words(&mut self, cell: &PrintedCell, row: usize, followed: bool) -> bool {
        let words = wording(&cell.raw);
        if (words.full.is_empty() && !has_digit(&cell.raw)) || self.continues_label(&words) {
            return true;
        }
        if let Some(meaning) = self.context.meaning(&words, followed) {
            return self.act(meaning, cell, &words, followed);
        }
        if !followed && chapter(&cell.raw).is_some_and(|chapter| !matches!(chapter, Chapter::Table(_))) {
            return self.act(Meaning::Chapter, cell, &words, followed);
        }
        if self.collects_block_header(cell, &words) {
            return true;
        }
        if let Some(year) = self.year_of(&words).filter(|_| !followed && self.context.awaits_header()) {
            // Above a table, and none of its columns.
            if cell.columns.is_none() {
                self.context.states(&cell.raw, false);
            }
            self.context.header.year(year, cell.columns);
            return true;
        }
        if let Some(headers) = self.context.headers(&cell.raw) {
            for (piece, meaning) in headers {
                let cell = PrintedCell { raw: piece, ..cell.clone() };
                self.act(meaning, &cell, &wording(&cell.raw), false);
            }
            return true;
        }
        self.likely_words(cell, &words, row, followed)
    }

    /// Words that are only nearly a label, or a piece of one.
    fn likely_words(&mut self, cell: &PrintedCell, words: &Wording, row: usize, followed: bool) -> bool {
        if !self.context.inside {
            return false;
        }
        if let Some(label) = self.context.likely_column(words).filter(|_| !followed) {
            if turns(&words.full, label) {
                self.push_header(None, cell);
                return true;
            }
            self.note_inexact(cell, Vec::new(), label, label);
            self.push_header(Some(label), cell);
            return true;
        }
        if let Some((rest, words)) = self.without_debris(&cell.raw, row, followed) {
            let cell = PrintedCell { raw: rest, ..cell.clone() };
            if let Some(meaning) = self.context.meaning(&words, followed) {
                return self.act(meaning, &cell, &words, followed);
            }
            let likely = self.context.likely_line(&words, row);
            if let Some(likely) = likely.filter(|one| !turns(&words.full, &catalogue().line(one.line).label_zh)) {
                if !likely.rivals.is_empty() {
                    self.torn_label(&cell, &likely);
                    return true;
                }
                // （六）其他处理 is a heading, or one line where the form has three: values behind it tell.
                if let Some(heading) = self.context.heading_like(likely.line).filter(|_| !followed) {
                    return self.act(heading, &cell, &words, followed);
                }
                self.open_line(likely.table, likely.line, &cell, likely.remainder, true);
                return true;
            }
        }
        !followed && self.context.is_debris(&cell.raw)
    }

    /// Words of one line's label and of another's: whose figures follow cannot be told.
    fn torn_label(&mut self, cell: &PrintedCell, likely: &Likely) {
        self.enter(likely.table);
        self.context.zone = Zone::Body;
        let mut lines = vec![likely.line];
        lines.extend(&likely.rivals);
        self.found.torn.extend(&lines);
        self.unknown = Some(Unknown { lines, ..Unknown::new(cell, true) });
    }

    /// The year that a word of a header names: 2024年, 本年度, 上年.
    fn year_of(&self, words: &Wording) -> Option<u16> {
        let text = words.full.strip_suffix('度').unwrap_or(&words.full);
        let name = text.strip_suffix('年')?;
        match name {
            "本" | "今" => self.context.year,
            "上" | "去" => self.context.year.and_then(|year| year.checked_sub(1)),
            digits => digits.parse().ok().filter(|year| (2000..2100).contains(year)),
        }
    }

    /// The label behind pieces of a heading that was printed down the side, such as 三 in `三 2.其他法律…`.
    fn without_debris(&self, raw: &str, row: usize, followed: bool) -> Option<(String, Wording)> {
        let pieces: Vec<_> = raw.split_whitespace().take(DEBRIS_PIECES + 1).collect();
        if pieces.len() > DEBRIS_PIECES {
            return None;
        }
        let splits: Vec<_> = (0..pieces.len())
            .map(|first| pieces.split_at(first))
            .take_while(|(debris, _)| debris.iter().all(|piece| self.context.is_debris(piece)))
            .map(|(_, label)| (label.join(" "), wording(&label.join(" "))))
            .collect();
        // A label that is the form's goes before one that is only like it.
        let is_exact = |words: &Wording| matches!(self.context.meaning(words, followed), Some(Meaning::Line { .. }));
        let exact = splits.iter().find(|(_, words)| is_exact(words)).cloned();
        exact.or_else(|| splits.into_iter().find(|(_, words)| self.context.likely_line(words, row).is_some()))
    }

    /// Whether the words carry on the label that is open; then they are taken.
    pub fn continues_label(&mut self, words: &Wording) -> bool {
        let Some(open) = &mut self.open else { return false };
        let Some(rest) = open.remainder.as_deref().and_then(|remainder| remainder.strip_prefix(words.full.as_str()))
        else {
            return false;
        };
        if words.full.is_empty() {
            return false;
        }
        if !open.held.is_empty() && open.row.values.is_empty() {
            open.row.values = std::mem::take(&mut open.held);
        }
        open.inexact = !rest.is_empty();
        if rest.is_empty() {
            self.divided.label_is_whole();
        }
        open.remainder = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        true
    }

    /// Does what a meaning asks for; false where the words have it but not here.
    fn act(&mut self, meaning: Meaning, cell: &PrintedCell, words: &Wording, followed: bool) -> bool {
        match meaning {
            Meaning::Line { table, line } => return self.line(table, line, cell, words, followed),
            Meaning::Title { table } => self.title(table, cell),
            Meaning::Chapter => {
                self.leave();
                self.context.begin_chapter();
                self.context.goes_on();
                self.context.states(&cell.raw, self.has_read());
                self.context.table = None;
            }
            // In text a group's name is a word like any other.
            Meaning::Group { .. } if !self.context.inside => return false,
            // A group carries no figures of its own.
            Meaning::Group { .. } | Meaning::Heading { .. } | Meaning::Section { .. } if followed => return false,
            Meaning::Group { table, group } => {
                self.enter(table);
                self.context.states(&cell.raw, false);
                self.context.group = Some(group);
            }
            Meaning::Heading { table } => {
                self.enter(table);
                self.context.states(&cell.raw, false);
                self.collects_block_header(cell, words);
                if self.context.zone == Zone::Body {
                    self.context.begin_header();
                }
                if let Some(group) = self.context.column_group(words) {
                    self.context.header.group(group, cell.columns);
                }
            }
            Meaning::Section { table } => {
                self.enter(table);
                self.context.states(&cell.raw, false);
                self.collects_block_header(cell, words);
                self.context.group = None;
                if self.context.words().is_some_and(|words| words.has_several_headers) {
                    self.context.begin_header();
                }
            }
            // The figures of a table of blocks follow its header; elsewhere a label stands between.
            Meaning::Column { table, .. } if self.is_blocks(table) => {
                self.enter(table);
                return self.collects_block_header(cell, words);
            }
            Meaning::Column { .. } | Meaning::ForeignColumn if followed => return false,
            Meaning::ForeignColumn => self.push_header(None, cell),
            Meaning::Column { table, label } => {
                self.enter(table);
                self.push_header(Some(label), cell);
            }
        }
        true
    }

    fn title(&mut self, table: usize, cell: &PrintedCell) {
        self.leave();
        self.end_block();
        self.context.begin_chapter();
        self.context.states(&cell.raw, false);
        self.context.enter(table);
        self.context.begin_header();
        self.context.group = None;
        // Elsewhere the words of a title are also a heading of the text; chapter four has no other beginning.
        self.context.inside = self.is_blocks(table);
    }

    fn is_blocks(&self, table: usize) -> bool {
        self.context.vocabulary.tables.get(table).is_some_and(|words| words.layout() == Layout::Blocks)
    }

    fn line(&mut self, table: usize, line: LineId, cell: &PrintedCell, words: &Wording, followed: bool) -> bool {
        let here = self.context.inside && self.context.table == Some(table);
        if self.is_blocks(table) {
            return here && self.collects_block_header(cell, words);
        }
        if !here && !followed {
            return false;
        }
        self.open_line(table, line, cell, None, false);
        true
    }

    fn open_line(&mut self, table: usize, line: LineId, cell: &PrintedCell, remainder: Option<String>, inexact: bool) {
        self.enter(table);
        let info = catalogue().line(line);
        self.early.label_begins(self.context.header.number, self.context.zone == Zone::Header);
        self.context.zone = Zone::Body;
        self.context.group = info.group;
        let own = unit_stated(&cell.raw);
        let of_header = self.context.header.units(info.line.columns).into_iter();
        let above = self.context.unit();
        // Of several that are stated, the one that is not the form's: what contradicts itself is not read.
        let unit = |(of_column, column): (Option<&'static Unit>, &Column)| {
            let above = above.filter(|unit| unit.measures(column.kind));
            let stated = || [own, of_column, above].into_iter().flatten().chain(self.context.units_said(column.kind));
            stated().find(|unit| !unit.is_own(column.kind)).or_else(|| stated().next())
        };
        let units = of_header.zip(info.line.columns).map(unit).collect();
        self.found.seen.insert(line);
        let row = LabelledRow {
            line,
            raw: cell.raw.clone(),
            place: cell.place,
            values: Vec::new(),
            keeps_blanks: false,
            order: self.context.header.order(info.line.columns, self.context.year),
            header: self.context.header.number,
            units,
            period: self.context.period(),
        };
        let remainder = remainder.filter(|remainder| !remainder.is_empty());
        self.label_begins(line, cell, !inexact);
        self.open = Some(Open { row, remainder, held: Vec::new(), inexact, is_whole: false });
    }

    fn push_header(&mut self, label: Option<&'static str>, cell: &PrintedCell) {
        self.close();
        if self.context.zone == Zone::Body {
            self.context.begin_header();
        }
        self.early.forget();
        self.context.inside = self.context.table.is_some();
        self.context.header.label(label, unit_stated(&cell.raw), cell.columns, cell.place.order);
    }
}
