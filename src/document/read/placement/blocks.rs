//! Chapter four: one row of figures under a header of three blocks. Its place is the only thing that names a
//! figure, so the header must be there in full, and the figures in number.

use super::printed::PrintedCell;
use super::vocabulary::{Meaning, TableWords, Vocabulary};
use super::walk::Slot;
use super::wording::wording;

/// The header and the figures of a table of blocks, as printed.
#[derive(Debug, Clone)]
pub struct Block {
    pub table: usize,
    pub header: Vec<PrintedCell>,
    pub values: Vec<Slot>,
}

/// What the header of a block proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockHeader {
    /// Every label in the order of the form.
    Exact,
    /// Labels broken over lines, whose characters together are those of the whole header.
    Broken,
    /// Not the header of the form, or not all of it.
    Wanting,
}

impl Block {
    pub fn new(table: usize) -> Self {
        Self { table, header: Vec::new(), values: Vec::new() }
    }

    /// The header as printed.
    pub fn header_raw(&self) -> String {
        self.header.iter().map(|cell| cell.raw.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Compares the printed header with the form's.
    pub fn header(&self, vocabulary: &Vocabulary) -> BlockHeader {
        let Some(words) = vocabulary.tables.get(self.table) else { return BlockHeader::Wanting };
        if self.is_exact(vocabulary, words) {
            BlockHeader::Exact
        } else if self.has_all_characters(words) {
            BlockHeader::Broken
        } else {
            BlockHeader::Wanting
        }
    }

    /// The column labels once per line, the line labels once, both in the form's order.
    fn is_exact(&self, vocabulary: &Vocabulary, words: &TableWords) -> bool {
        let mut columns = Vec::new();
        let mut lines = Vec::new();
        for cell in &self.header {
            let known = vocabulary.meanings(&wording(&cell.raw).full);
            for meaning in known.iter().filter(|meaning| meaning.table() == Some(self.table)) {
                match meaning {
                    Meaning::Column { label, .. } => columns.push(*label),
                    Meaning::Line { line, .. } => lines.push(*line),
                    _ => {}
                }
            }
        }
        let expected = words.line_infos().flat_map(|line| line.line.columns).map(|column| column.label.zh);
        columns.into_iter().eq(expected) && lines.into_iter().eq(words.line_infos().map(|line| line.id))
    }

    fn has_all_characters(&self, words: &TableWords) -> bool {
        let mut sections: Vec<_> = words.line_infos().map(|line| line.line.section).collect();
        sections.dedup();
        let lines = words.line_infos().flat_map(|line| {
            std::iter::once(line.line.label.zh).chain(line.line.columns.iter().map(|column| column.label.zh))
        });
        let expected = characters(sections.into_iter().chain(lines));
        characters(self.header.iter().map(|cell| cell.raw.as_str())) == expected
    }
}

/// The characters of all texts, sorted.
fn characters<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<char> {
    let mut all: Vec<char> = texts.flat_map(|text| wording(text).full.chars().collect::<Vec<_>>()).collect();
    all.sort_unstable();
    all
}
