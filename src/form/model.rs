//! The vocabulary in which a form is described. No data here, and no look-ups.

use serde::{Deserialize, Serialize};

/// A text in the two languages that people read at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Chinese; labels are worded as the form prints them.
    pub zh: &'static str,
    /// English, translated by us: the form is in Chinese only.
    pub en: &'static str,
}

/// What a cell holds and in which unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An integer from 0; the unit is one item (件).
    Count,
    /// An integer that may be negative: a change against last year.
    SignedCount,
    /// An amount in 万元 (10,000 yuan), exact to six decimals, from 0.
    Money,
}

/// Whether a line or column is a figure of its own or the sum of its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A figure that no other figure of the same line or column contains.
    Leaf,
    /// A leaf that counts as one way of dealing with a request (chapter three).
    Outcome,
    /// The sum: of the leaf columns of its line, or of the outcome lines of its table.
    Total,
}

/// One column of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in paths and on the wire; empty where a line has a single cell of the line's own name.
    pub field: &'static str,
    /// As it is printed over the column.
    pub label: Text,
    /// What its cells hold and in which unit.
    pub kind: Kind,
    /// Whether it is contained in another column of its line.
    pub part: Part,
}

/// A heading above several lines that carries no figures of its own, such as （三）不予公开.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// First part of the paths of its lines within the table, such as `refused`.
    pub field: &'static str,
    /// Printed before the label, such as `（三）`.
    pub ordinal: &'static str,
    /// As it is printed, without the ordinal.
    pub label: Text,
}

/// One line of a table: the figures that stand beside one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Path within the table, `group.line` where the line belongs to a [`Group`].
    pub field: &'static str,
    /// Printed before the label, such as `1.`; empty where the form prints none.
    pub ordinal: &'static str,
    /// As it is printed, without the ordinal.
    pub label: Text,
    /// Other wordings of the label seen in published reports.
    pub aliases: &'static [&'static str],
    /// The clause of 条例 article 20 above the line (chapter two), or the section heading; may be empty.
    pub section: &'static str,
    /// From left to right.
    pub columns: &'static [Column],
    /// Whether it is contained in another line of its table.
    pub part: Part,
}

/// A heading over some of a table's columns, such as 法人或其他组织.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnGroup {
    /// As it is printed over them.
    pub label: Text,
    /// The columns under it, by field; they stand beside one another.
    pub columns: &'static [&'static str],
}

/// What a table prints besides the labels of its lines and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headings {
    /// Beside the heading of the columns, above the labels of the lines; none where a table has no such labels.
    pub corner: Option<Text>,
    /// Over all columns, such as 申请人情况.
    pub columns: Option<Text>,
    /// From left to right; columns outside them have no second heading.
    pub groups: &'static [ColumnGroup],
}

/// A chapter of running text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chapter {
    /// Chapter of the report: 1, 5 or 6.
    pub number: u8,
    /// As it is printed, without the number.
    pub title: Text,
}

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One printed row per line.
    Rows,
    /// All lines beside one another in a single row of figures (chapter four).
    Blocks,
}

/// One table of the form. Lines are only ever appended: a cell's place here is its identity in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// First part of all its paths, such as `requests`.
    pub field: &'static str,
    /// Store code of the first cell; tables are 1000 apart so that each can grow.
    pub first_code: u16,
    /// Chapter of the report in which the table stands.
    pub chapter: u8,
    /// As it is printed, without the number of the chapter.
    pub title: Text,
    /// How its lines are set.
    pub layout: Layout,
    /// What stands over and beside the figures.
    pub headings: Headings,
    /// Headings over several lines; a line belongs to one by the first part of its field.
    pub groups: &'static [Group],
    /// In the order of the form, those of all editions.
    pub lines: &'static [Line],
}

/// A single line printed where the edition prescribes several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// Field of the line that is printed.
    pub line: &'static str,
    /// Fields of the lines that are prescribed in its place.
    pub stands_for: &'static [&'static str],
}

/// A table as one edition uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// With the lines of every edition that uses it.
    pub table: &'static Table,
    /// Lines of the table that this edition does not have.
    pub without: &'static [&'static str],
    /// Lines that this edition accepts in place of others, with a warning.
    pub merged: &'static [Merged],
}

/// One edition of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// Stable name, such as `format_2021`.
    pub id: &'static str,
    /// As people call it, such as 2021年格式.
    pub title: Text,
    /// Number of the notice that prescribes it.
    pub notice: &'static str,
    /// First report year.
    pub first_year: u16,
    /// Last report year; none while in force.
    pub last_year: Option<u16>,
    /// Its tables in the order of the form.
    pub sheets: &'static [Sheet],
}

impl Edition {
    /// Whether reports of `year` use this edition.
    pub fn covers(&self, year: u16) -> bool {
        year >= self.first_year && self.last_year.is_none_or(|last| year <= last)
    }
}

/// Whether an edition has a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The edition does not have the cell: a value there is an error.
    Absent,
    /// The edition prescribes the cell: blank raises a warning.
    Prescribed,
    /// The cell belongs to a merged line, accepted in place of prescribed ones.
    Accepted,
}

/// Place of a cell in the catalogue: dense, from 0. Not stable across versions; see [`super::CellInfo::code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct CellId(pub(super) u16);

impl CellId {
    /// Position in any array that runs parallel to the catalogue's cells.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Place of a line in the catalogue: dense, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub(super) u16);

impl LineId {
    /// Position in any array that runs parallel to the catalogue's lines.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
