//! What is printed: the figures of one report or of one sum, its title, its chapters, and where the figures are from.

use crate::form::{CellId, Edition, NARRATIVE_CHAPTERS, Text, catalogue};
use crate::report::{Cell, Figures, Hash, Narrative, ReportKey, ReportYear, content_hash, format_number};

use super::layout::{Grid, grids};

/// How a cell that does not apply is printed, in every format.
pub const NOT_APPLICABLE: &str = "不适用";

/// How a cell that was not read is printed, in every format; readers take it for no value.
pub const UNREAD: &str = "未读取";

/// A figure to print. Sums of amounts do not fit 64 bits, so it is no [`Cell`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Figure {
    /// Nothing is printed.
    #[default]
    Blank,
    /// 不适用
    NotApplicable,
    /// It could not be read in the document that the figures are from.
    Unread,
    /// A count, or an amount in units of `report::MONEY_SCALE`.
    Number(i128),
}

impl From<Cell> for Figure {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Blank => Self::Blank,
            Cell::NotApplicable => Self::NotApplicable,
            Cell::Unread => Self::Unread,
            Cell::Number(number) => Self::Number(number.into()),
        }
    }
}

/// Something to be said about the figures as a whole, such as their content hash; in Chinese, as all of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What it is, such as 流水号.
    pub label: &'static str,
    /// As it is printed behind the label.
    pub value: String,
}

/// A document to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Whose figures they are, in Chinese.
    pub name: String,
    /// Report year.
    pub year: ReportYear,
    /// The edition whose tables are printed.
    pub edition: &'static Edition,
    /// One for each cell of the catalogue.
    pub figures: Box<[Figure]>,
    /// Texts of the narrative chapters by chapter number; paragraphs are divided by line feeds.
    pub narratives: Vec<(u8, String)>,
    /// Lines below the chapters, in order; empty for none.
    pub provenance: Vec<Provenance>,
}

/// One chapter of a document.
pub enum Chapter<'a> {
    /// Paragraphs; none where no text is given.
    Narrative {
        heading: String,
        text: Option<&'a str>,
    },
    Table {
        heading: String,
        grid: Grid,
    },
}

const NUMERALS: [&str; 10] = ["〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// `二、主动公开政府信息情况`
pub fn chapter_heading(number: u8, title: &Text) -> String {
    let numeral = NUMERALS.get(usize::from(number)).map_or_else(|| number.to_string(), |text| (*text).to_owned());
    format!("{numeral}、{}", title.zh)
}

impl Document {
    /// The document of a report, which says its revision, journal sequence and content hash.
    pub fn of_report(
        name: String,
        report: &ReportKey,
        figures: &Figures,
        narrative: Option<&Narrative>,
        revision: &str,
        sequence: i64,
    ) -> Self {
        let mut document = Self::new(name, report.year, figures.edition(), |cell| figures.get(cell).into());
        document.provenance = vec![
            Provenance { label: "版本", value: revision.to_owned() },
            Provenance { label: "流水号", value: sequence.to_string() },
            content_hash_line(content_hash(report, figures, narrative)),
        ];
        let chapters = narrative.iter().flat_map(|narrative| narrative.chapters());
        document.narratives = chapters.filter_map(|chapter| Some((chapter.number, chapter.text?.to_owned()))).collect();
        document
    }

    /// A document without narrative chapters and provenance.
    pub fn new(name: String, year: ReportYear, edition: &'static Edition, figure: impl Fn(CellId) -> Figure) -> Self {
        let figures = catalogue().cells.iter().map(|cell| figure(cell.id)).collect();
        Self { name, year, edition, figures, narratives: Vec::new(), provenance: Vec::new() }
    }

    /// `示例市2022年政府信息公开工作年度报告`
    pub fn title(&self) -> String {
        format!("{}{}年政府信息公开工作年度报告", self.name, self.year)
    }

    /// Blank for a cell that the edition does not have.
    pub fn figure(&self, cell: CellId) -> Figure {
        self.figures.get(cell.index()).copied().unwrap_or_default()
    }

    /// The figure as it is printed: nothing for blank.
    pub fn text(&self, cell: CellId) -> String {
        match self.figure(cell) {
            Figure::Blank => String::new(),
            Figure::NotApplicable => NOT_APPLICABLE.to_owned(),
            Figure::Unread => UNREAD.to_owned(),
            Figure::Number(number) => format_number(catalogue().cell(cell).kind, number),
        }
    }

    /// The tables as they are printed.
    pub fn grids(&self) -> Vec<Grid> {
        grids(self.edition, |cell| self.figure(cell) != Figure::Blank)
    }

    /// All chapters in their order.
    pub fn chapters(&self) -> Vec<Chapter<'_>> {
        let mut chapters: Vec<(u8, Chapter<'_>)> = Vec::new();
        for chapter in NARRATIVE_CHAPTERS {
            let text = self.narratives.iter().find(|(number, _)| *number == chapter.number);
            let text = text.map(|(_, text)| text.as_str());
            let heading = chapter_heading(chapter.number, &chapter.title);
            chapters.push((chapter.number, Chapter::Narrative { heading, text }));
        }
        for grid in self.grids() {
            let heading = chapter_heading(grid.table.chapter, &grid.table.title);
            chapters.push((grid.table.chapter, Chapter::Table { heading, grid }));
        }
        chapters.sort_by_key(|(number, _)| *number);
        chapters.into_iter().map(|(_, chapter)| chapter).collect()
    }
}

/// The line that names a content hash.
pub fn content_hash_line(hash: Hash) -> Provenance {
    Provenance { label: "内容校验值（SHA-256）", value: hash.to_hex() }
}

/// What is printed below a table whose group has both a line of its own and the lines that it stands for.
pub fn undivided_note(line: &str) -> String {
    format!("注：“{line}”单列一行的数字，来自未分列其各项的报告。")
}
