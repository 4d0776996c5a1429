//! A filled-in form as it is printed: tables with merged cells, and chapters of text. Renderers of formats start here.

use super::render::{is_printed, text};
use crate::form::{CellId, Layout, LineInfo, TableInfo, catalogue};
use crate::report::Figures;

/// One printed cell.
#[derive(Debug, Clone)]
pub struct Printed {
    pub text: String,
    pub columns: usize,
    pub rows: usize,
}

/// What stands in a document from top to bottom.
pub enum Block {
    Paragraph(String),
    Table(Vec<Vec<Printed>>),
}

pub const TITLE: &str = "示例市数据局2023年政府信息公开工作年度报告";
pub const OVERVIEW: &str = "本局认真执行条例，全年主动公开信息12条。";
pub const PROBLEMS: &str = "公开的时效有待加强。";
pub const OTHER_MATTERS: &str = "没有收取信息处理费。";

fn printed(text: &str, columns: usize, rows: usize) -> Printed {
    Printed { text: text.to_owned(), columns, rows }
}

/// The whole document.
pub fn document(figures: &Figures) -> Vec<Block> {
    let paragraph = |text: &str| Block::Paragraph(text.to_owned());
    let mut blocks = vec![paragraph(TITLE), paragraph("一、总体情况"), paragraph(OVERVIEW)];
    for (sheet, table) in catalogue().sheets(figures.edition()) {
        let ordinal = ["", "一", "二", "三", "四"][usize::from(table.table.chapter)];
        blocks.push(Block::Paragraph(format!("{ordinal}、{}", table.table.title.zh)));
        let lines: Vec<_> =
            table.lines().map(|line| catalogue().line(line)).filter(|line| is_printed(figures, sheet, line)).collect();
        let rows = match table.table.layout {
            Layout::Blocks => side_by_side(figures, table),
            Layout::Rows if lines.iter().any(|line| line.group.is_some()) => grouped(figures, &lines),
            Layout::Rows => by_section(figures, &lines),
        };
        blocks.push(Block::Table(rows));
    }
    blocks.extend([paragraph("五、存在的主要问题及改进情况"), paragraph(PROBLEMS)]);
    blocks.extend([paragraph("六、其他需要报告的事项"), paragraph(OTHER_MATTERS)]);
    blocks
}

fn values(figures: &Figures, cells: impl Iterator<Item = CellId>) -> impl Iterator<Item = Printed> {
    cells.map(|cell| printed(&text(figures, cell), 1, 1))
}

fn widened(mut row: Vec<Printed>, width: usize) -> Vec<Printed> {
    let taken: usize = row.iter().map(|cell| cell.columns).sum();
    row.last_mut().unwrap().columns += width - taken;
    row
}

/// Chapter two: a header for each clause.
fn by_section(figures: &Figures, lines: &[&LineInfo]) -> Vec<Vec<Printed>> {
    let width = 1 + lines.iter().map(|line| line.line.columns.len()).max().unwrap();
    let mut rows = Vec::new();
    let (mut section, mut columns) = ("", None);
    for line in lines {
        if section != line.line.section {
            section = line.line.section;
            rows.push(vec![printed(section, width, 1)]);
            columns = None;
        }
        if columns != Some(line.line.columns) {
            columns = Some(line.line.columns);
            let header = line.line.columns.iter().map(|column| printed(column.label.zh, 1, 1));
            rows.push(widened(std::iter::once(printed("信息内容", 1, 1)).chain(header).collect(), width));
        }
        let label = std::iter::once(printed(line.line.label.zh, 1, 1));
        rows.push(widened(label.chain(values(figures, line.cells())).collect(), width));
    }
    rows
}

/// Chapter three: labels in up to three columns, of which headings cover several rows.
fn grouped(figures: &Figures, lines: &[&LineInfo]) -> Vec<Vec<Printed>> {
    let columns = lines[0].line.columns;
    let mut header = vec![vec![printed("", 3, 3), printed("申请人情况", 7, 1)], Vec::new(), Vec::new()];
    header[1].push(printed(columns[0].label.zh, 1, 2));
    header[1].push(printed("法人或其他组织", 5, 1));
    header[1].push(printed(columns[6].label.zh, 1, 2));
    header[2].extend(columns[1..6].iter().map(|column| printed(column.label.zh, 1, 1)));
    let mut rows = header;
    let (mut section, mut group) = ("", None);
    let heads = |line: &LineInfo| line.line.field.split_once('.').is_some_and(|(_, field)| field != "unspecified");
    for (at, line) in lines.iter().enumerate() {
        let after = &lines[at..];
        let mut row = Vec::new();
        if section != line.line.section {
            section = line.line.section;
            let height = after.iter().take_while(|other| other.line.section == section).count();
            row.extend((!section.is_empty()).then(|| printed(section, 1, height)));
        }
        let mut label_columns = if line.line.section.is_empty() { 3 } else { 2 };
        if heads(line) {
            label_columns -= 1;
            if group != line.group {
                let height = after.iter().take_while(|other| other.group == line.group && heads(other)).count();
                let heading = catalogue().groups[line.group.unwrap()].group;
                row.push(printed(&format!("{}{}", heading.ordinal, heading.label.zh), 1, height));
            }
        }
        group = line.group.filter(|_| heads(line));
        row.push(printed(&format!("{}{}", line.line.ordinal, line.line.label.zh), label_columns, 1));
        row.extend(values(figures, line.cells()));
        rows.push(row);
    }
    rows
}

/// Chapter four: the lines beside each other above one row of figures.
fn side_by_side(figures: &Figures, table: &TableInfo) -> Vec<Vec<Printed>> {
    let lines: Vec<_> = table.lines().map(|line| catalogue().line(line)).collect();
    let first = std::iter::once(printed(lines[0].line.label.zh, 5, 2)).chain([printed("行政诉讼", 10, 1)]);
    let second = lines[1..].iter().map(|line| printed(line.line.label.zh, 5, 1));
    let labels = lines.iter().flat_map(|line| line.line.columns).map(|column| printed(column.label.zh, 1, 1));
    let cells = lines.iter().flat_map(|line| line.cells());
    vec![first.collect(), second.collect(), labels.collect(), values(figures, cells).collect()]
}
