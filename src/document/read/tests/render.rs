//! Renders figures as a text with one cell per line, as publishing systems dump a form.

use crate::form::{CellId, Layout, LineInfo, Presence, Sheet, TableInfo, catalogue};
use crate::report::{Cell, Figures, format_number};

/// The lines that a label and its values make.
pub type PrintRow = fn(String, Vec<String>) -> Vec<String>;

/// A document with every value of the form printed; `-` for blank.
pub fn render(figures: &Figures, separator: &str) -> String {
    render_rows(figures, separator, |label, values| [vec![label], values].concat())
}

/// The same with the rows of its tables as `print` has them.
pub fn render_rows(figures: &Figures, separator: &str, print: PrintRow) -> String {
    let mut lines = vec!["示例市数据局2022年政府信息公开工作年度报告".to_owned(), "一、总体情况".to_owned()];
    lines.push("本年度受理申请3件，予以公开2件；行政许可详见下表。".to_owned());
    for (sheet, table) in catalogue().sheets(figures.edition()) {
        lines.push(format!("、{}", table.table.title.zh));
        match table.table.layout {
            Layout::Rows => rows(figures, sheet, table, print, &mut lines),
            Layout::Blocks => blocks(figures, table, &mut lines),
        }
    }
    lines.push("五、存在的主要问题及改进情况".to_owned());
    lines.push("3".to_owned());
    lines.join(separator)
}

fn rows(figures: &Figures, sheet: &Sheet, table: &TableInfo, print: PrintRow, lines: &mut Vec<String>) {
    let (mut section, mut columns, mut group) = ("", None, None);
    for line in table.lines().map(|line| catalogue().line(line)).filter(|line| is_printed(figures, sheet, line)) {
        if section != line.line.section {
            section = line.line.section;
            lines.extend((!section.is_empty()).then(|| section.to_owned()));
        }
        if columns != Some(line.line.columns) {
            columns = Some(line.line.columns);
            lines.extend(line.line.columns.iter().map(|column| column.label.zh.to_owned()));
        }
        if group != line.group && line.line.field.split_once('.').is_some_and(|(_, field)| field != "unspecified") {
            let heading = line.group.map(|group| catalogue().groups[group].group);
            lines.extend(heading.map(|group| format!("{}{}", group.ordinal, group.label.zh)));
        }
        group = line.group;
        let label = format!("{}{}", line.line.ordinal, line.line.label.zh);
        lines.extend(print(label, line.cells().map(|cell| text(figures, cell)).collect()));
    }
}

/// The lines that the edition prescribes; accepted ones only instead of those they stand for.
pub fn is_printed(figures: &Figures, sheet: &Sheet, line: &LineInfo) -> bool {
    let is_filled = |path: &str| {
        let line = catalogue().lines.iter().find(|l| l.table == line.table && l.line.field == path);
        line.is_some_and(|line| line.cells().any(|cell| figures.get(cell) != Cell::Blank))
    };
    let replaced = sheet.merged.iter().any(|m| m.stands_for.contains(&line.line.field) && is_filled(m.line));
    match line.cell(0).map(|cell| catalogue().presence(figures.edition(), cell)) {
        Some(Presence::Prescribed) => !replaced,
        Some(Presence::Accepted) => is_filled(line.line.field),
        _ => false,
    }
}

fn blocks(figures: &Figures, table: &TableInfo, lines: &mut Vec<String>) {
    for line in table.lines().map(|line| catalogue().line(line)) {
        lines.push(line.line.label.zh.to_owned());
        lines.extend(line.line.columns.iter().map(|column| column.label.zh.to_owned()));
    }
    lines.extend(table.lines().flat_map(|line| catalogue().line(line).cells()).map(|cell| text(figures, cell)));
}

pub fn text(figures: &Figures, cell: CellId) -> String {
    match figures.get(cell) {
        Cell::Blank => "-".to_owned(),
        Cell::NotApplicable => "不适用".to_owned(),
        Cell::Unread => "约5".to_owned(),
        Cell::Number(number) => format_number(catalogue().cell(cell).kind, number.into()),
    }
}
