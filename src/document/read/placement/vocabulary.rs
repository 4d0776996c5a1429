//! What the printed words of a form mean, derived from the form's description for one edition.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::form::{Column, EDITIONS, Edition, Layout, LineId, LineInfo, Presence, TableInfo, catalogue};

use super::wording::wording;

/// What a printed label can mean. Tables are positions in [`Vocabulary::tables`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The heading of the chapter in which a table stands.
    Title {
        table: usize,
    },
    /// The heading of a chapter that has no table.
    Chapter,
    /// Part of a table's header that names neither line nor column.
    Heading {
        table: usize,
    },
    /// The heading above some lines: a clause of article 20, or 三、本年度办理结果.
    Section {
        table: usize,
    },
    /// A heading of several lines; position in the catalogue's groups.
    Group {
        table: usize,
        group: usize,
    },
    /// A column, by its label: several lines share it.
    Column {
        table: usize,
        label: &'static str,
    },
    /// A column that only another edition has.
    ForeignColumn,
    Line {
        table: usize,
        line: LineId,
    },
}

impl Meaning {
    pub fn table(self) -> Option<usize> {
        match self {
            Self::Title { table }
            | Self::Heading { table }
            | Self::Section { table }
            | Self::Group { table, .. }
            | Self::Column { table, .. }
            | Self::Line { table, .. } => Some(table),
            Self::Chapter | Self::ForeignColumn => None,
        }
    }
}

/// Headings of the chapters without a table.
const TEXT_CHAPTERS: &[&str] = &["总体情况", "存在的主要问题及改进情况", "其他需要报告的事项"];

/// Words of the printed headers that are no part of the form's description, by chapter.
const HEADINGS: &[(u8, &str)] = &[
    (2, "信息内容"),
    (3, "申请人情况"),
    (3, "法人或其他组织"),
    (3, "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"),
    (4, "行政诉讼"),
];

/// One wording of a line.
pub struct LineWords {
    pub line: LineId,
    pub full: Vec<char>,
}

/// The words of one table.
pub struct TableWords {
    pub info: &'static TableInfo,
    /// Its lines in the order of the form, every wording of each.
    pub lines: Vec<LineWords>,
    /// Labels of its columns, each once.
    pub columns: Vec<&'static str>,
    /// Everything printed around the lines, for recognising pieces of broken headers.
    pub surroundings: Vec<String>,
    /// Whether lines differ in their columns, so that each section prints its own header.
    pub has_several_headers: bool,
}

impl TableWords {
    pub fn layout(&self) -> Layout {
        self.info.table.layout
    }

    /// The edition's lines, each once.
    pub fn line_infos(&self) -> impl Iterator<Item = &'static LineInfo> {
        let mut last = None;
        self.lines.iter().map(|words| words.line).filter(move |line| last.replace(*line) != Some(*line)).map(line_info)
    }
}

/// The words of one edition.
pub struct Vocabulary {
    pub edition: &'static Edition,
    pub tables: Vec<TableWords>,
    meanings: HashMap<String, Vec<Meaning>>,
}

fn line_info(line: LineId) -> &'static LineInfo {
    catalogue().line(line)
}

impl Vocabulary {
    /// The words of an edition, put together once.
    pub fn of(edition: &'static Edition) -> &'static Self {
        static ALL: LazyLock<Vec<Vocabulary>> =
            LazyLock::new(|| EDITIONS.iter().map(Vocabulary::put_together).collect());
        let position = EDITIONS.iter().position(|other| other.id == edition.id);
        // Every edition is one of the list, whose newest entry is checked when the program is compiled.
        position.and_then(|at| ALL.get(at)).unwrap_or_else(|| &ALL[0])
    }

    fn put_together(edition: &'static Edition) -> Self {
        let tables = catalogue().sheets(edition).map(|(_, info)| TableWords::of(edition, info)).collect();
        let mut this = Self { edition, tables, meanings: HashMap::new() };
        for position in 0..this.tables.len() {
            this.add_table(position);
        }
        for chapter in TEXT_CHAPTERS {
            this.add(chapter, Meaning::Chapter);
        }
        let own: HashSet<_> = this.tables.iter().flat_map(|table| table.columns.iter().copied()).collect();
        for label in EDITIONS.iter().flat_map(columns_of).filter(|column| !own.contains(column.label.zh)) {
            this.add(label.label.zh, Meaning::ForeignColumn);
        }
        this
    }

    /// What a wording can mean, whatever the context.
    pub fn meanings(&self, words: &str) -> &[Meaning] {
        self.meanings.get(words).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, label: &str, meaning: Meaning) {
        let words = wording(label);
        for key in [words.full, words.short].into_iter().filter(|key| !key.is_empty()) {
            let known = self.meanings.entry(key).or_default();
            if !known.contains(&meaning) {
                known.push(meaning);
            }
        }
    }

    fn add_exactly(&mut self, label: &str, meaning: Meaning) {
        let known = self.meanings.entry(wording(label).full).or_default();
        if !known.contains(&meaning) {
            known.push(meaning);
        }
    }

    fn add_table(&mut self, position: usize) {
        let Some(words) = self.tables.get(position) else { return };
        let (table, columns) = (words.info.table, words.columns.clone());
        let lines: Vec<_> = words.line_infos().collect();
        self.add(table.title.zh, Meaning::Title { table: position });
        for (_, heading) in HEADINGS.iter().filter(|(chapter, _)| *chapter == table.chapter) {
            self.add_exactly(heading, Meaning::Heading { table: position });
        }
        for label in columns {
            self.add(label, Meaning::Column { table: position, label });
        }
        for line in lines {
            for label in line_labels(line) {
                self.add(label, Meaning::Line { table: position, line: line.id });
            }
            if !line.line.section.is_empty() {
                self.add_exactly(line.line.section, Meaning::Section { table: position });
            }
            if let Some(group) = line.group {
                let label = catalogue().groups.get(group).map_or("", |info| info.group.label.zh);
                self.add(label, Meaning::Group { table: position, group });
            }
        }
    }
}

impl TableWords {
    fn of(edition: &'static Edition, info: &'static TableInfo) -> Self {
        let is_used =
            |line: &&LineInfo| line.cell(0).is_some_and(|c| catalogue().presence(edition, c) != Presence::Absent);
        let used: Vec<_> = info.lines().map(line_info).filter(is_used).collect();
        let mut columns = Vec::new();
        for column in used.iter().flat_map(|line| line.line.columns) {
            if !columns.contains(&column.label.zh) {
                columns.push(column.label.zh);
            }
        }
        let groups = info.table.groups.iter().map(|group| group.label.zh);
        let sections = used.iter().map(|line| line.line.section);
        let headings = HEADINGS.iter().filter(|(chapter, _)| *chapter == info.table.chapter).map(|(_, text)| *text);
        let surroundings = columns.iter().copied().chain(groups).chain(sections).chain(headings);
        Self {
            info,
            surroundings: surroundings.map(|text| wording(text).full).filter(|text| !text.is_empty()).collect(),
            lines: used
                .iter()
                .flat_map(|line| line_labels(line).map(|label| (line.id, label)))
                .map(|(line, label)| LineWords { line, full: wording(label).full.chars().collect() })
                .collect(),
            has_several_headers: used.windows(2).any(|pair| matches!(pair, [a, b] if a.line.columns != b.line.columns)),
            columns,
        }
    }
}

/// The label of a line and its other wordings.
pub fn line_labels(line: &LineInfo) -> impl Iterator<Item = &'static str> + use<> {
    std::iter::once(line.line.label.zh).chain(line.line.aliases.iter().copied())
}

/// All columns of an edition, some more than once.
pub fn columns_of(edition: &Edition) -> impl Iterator<Item = &'static Column> + use<'_> {
    edition.sheets.iter().flat_map(|sheet| sheet.table.lines).flat_map(|line| line.columns)
}
