//! What is not there: tables and rows that were not found.

use std::collections::HashSet;

use crate::form::{LineId, LineInfo, catalogue};
use crate::report::Cell;

use super::super::super::note::{NoteCode, ReaderNote};
use super::super::vocabulary::{TableWords, Vocabulary};
use super::Filler;

/// Lines that a note about missing ones names.
const MISSING_NAMED: usize = 4;

impl Filler {
    pub fn missing_tables(&mut self, vocabulary: &Vocabulary, found: &HashSet<usize>) {
        let is_read =
            |table: usize| self.cells.iter().any(|r| catalogue().line(catalogue().cell(r.cell).line).table == table);
        let position = |words: &TableWords| words.line_infos().next().map(|line| line.table);
        let missing: Vec<_> = vocabulary
            .tables
            .iter()
            .filter(|words| position(words).is_some_and(|table| !found.contains(&table) && !is_read(table)))
            .map(|words| words.info.table.title)
            .collect();
        if missing.len() == vocabulary.tables.len() {
            self.notes.push(ReaderNote::about_document(
                NoteCode::NoTables,
                "",
                "文中没有找到年度报告的任何表格；请确认是否为政府信息公开工作年度报告，表格是否为图片",
                "no table of the annual report is found; is it such a report, and are its tables text rather than pictures?",
            ));
            return;
        }
        for title in missing {
            self.notes.push(ReaderNote::about_document(
                NoteCode::TableNotFound,
                title.zh,
                format!("没有读到“{}”表格的数据；请核对原文并手工填写", title.zh),
                format!("nothing is read of the table {:?}; check the document and fill it in", title.en),
            ));
        }
    }

    /// Lines of a table that was found whose label stands nowhere in it: one note for each table.
    pub fn missing_lines(&mut self, vocabulary: &Vocabulary, seen: &HashSet<LineId>, found: &HashSet<usize>) {
        for words in &vocabulary.tables {
            let is_missing = |line: &&LineInfo| {
                !seen.contains(&line.id) && line.cells().all(|cell| self.figures.get(cell) == Cell::Unread)
            };
            let is_found = words.line_infos().any(|line| found.contains(&line.table) && seen.contains(&line.id));
            let missing: Vec<_> = words.line_infos().filter(|_| is_found).filter(is_missing).collect();
            if missing.is_empty() {
                continue;
            }
            let labels = |label: fn(&LineInfo) -> &String, separator: &str| {
                missing.iter().take(MISSING_NAMED).map(|line| label(line).as_str()).collect::<Vec<_>>().join(separator)
            };
            let (zh, en) = (labels(|line| &line.label_zh, "、"), labels(|line| &line.label_en, ", "));
            let count = missing.len();
            let (more_zh, more_en) = match count.saturating_sub(MISSING_NAMED) {
                0 => (String::new(), String::new()),
                more => ("等".to_owned(), format!(" and {more} more")),
            };
            let title = words.info.table.title;
            self.notes.push(ReaderNote {
                cells: missing.iter().flat_map(|line| line.cells()).collect(),
                ..ReaderNote::about_document(
                    NoteCode::RowNotFound,
                    title.zh,
                    format!("“{}”中有{count}行没有找到（{zh}{more_zh}），其数字未读取；请核对原文后填写", title.zh),
                    format!(
                        "{count} row(s) of {:?} are not found ({en}{more_en}); their figures are not read; check the document and fill them in",
                        title.en
                    ),
                )
            });
        }
    }
}
