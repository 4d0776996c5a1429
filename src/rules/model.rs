//! The vocabulary in which rules are written down. No rules here, and no evaluation.

use jiff::civil::Date;

use crate::form::Text;
use crate::report::{Cell, Period, Reporter, Severity};

/// One rule, as a value: what must hold, where that comes from, and what to do when it does not.
#[derive(Debug)]
pub struct Rule {
    /// Stable name, such as `T3-ROW-TOTAL`; stored with findings and answers.
    pub id: &'static str,
    /// Whether its findings refuse the report or are answered.
    pub severity: Severity,
    /// The report years that it judges.
    pub years: Years,
    /// In a few words, for lists.
    pub title: Text,
    /// What must hold, in one or two sentences.
    pub text: Text,
    /// Where the rule comes from.
    pub basis: Text,
    /// What to do when it does not hold.
    pub remedy: Text,
    /// How it is tested.
    pub check: Check,
    /// Whether a cell that this rule reports is left alone by every later rule: one slip, one finding.
    pub explains: bool,
    /// A case that breaks it, shown with the rule and judged by the tests.
    pub example: Example,
}

/// The report years that a rule applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Years {
    /// First report year.
    pub first: u16,
    /// None while the rule is in force.
    pub last: Option<u16>,
}

impl Years {
    /// Every year since 条例 took effect.
    pub const ALL: Self = Self::from(2008);

    /// From this report year on.
    pub const fn from(first: u16) -> Self {
        Self { first, last: None }
    }

    /// Whether reports of this year are judged.
    pub(crate) fn contain(self, year: u16) -> bool {
        self.overlap(year, Some(year))
    }

    /// Whether any year from `first` to `last` is among these.
    pub fn overlap(self, first: u16, last: Option<u16>) -> bool {
        last.is_none_or(|last| self.first <= last) && self.last.is_none_or(|own| first <= own)
    }
}

/// How a rule is tested.
#[derive(Debug)]
pub enum Check {
    /// Sums of cells that must be equal.
    Equations {
        /// Which sums.
        shape: Equations,
        /// What the left side is called in findings.
        left: Text,
        /// What the right side is called.
        right: Text,
    },
    /// Every number lies within the range of its kind of cell.
    Range,
    /// What may not be left blank, or not be filled in.
    Blank(Blank),
    /// How far a number may be from last year's.
    Ratio(Ratio),
    /// What may not be, or not all be, other than zero.
    Zero(Zero),
    /// What the report's year has to agree with.
    Context(Context),
    /// Whether all figures, where as many as `figures_min` are other than zero, are those of another report.
    Repeated {
        /// With fewer, two reports may be alike by chance.
        figures_min: usize,
    },
    /// What the chapters of text say, where they were handed in.
    Text(TextCheck),
}

/// Where the equations of a rule come from.
#[derive(Debug)]
pub enum Equations {
    /// In every line of the table the leaf columns sum to the total column.
    LineTotals {
        /// Field of the table, such as `requests`.
        table: &'static str,
    },
    /// In every column of the table the outcome lines sum to the total line.
    OutcomeTotals {
        /// Field of the table, such as `requests`.
        table: &'static str,
    },
    /// The relations as written; where paths name lines, they hold in each column.
    Relations(&'static [Relation]),
}

/// One equation, or one per column where the paths name lines.
#[derive(Debug)]
pub struct Relation {
    /// Added up; equals the right side.
    pub left: &'static [Addend],
    /// Added up.
    pub right: &'static [Addend],
}

/// One cell or line on one side of a [`Relation`].
#[derive(Debug, Clone, Copy)]
pub struct Addend {
    /// Of a cell, or of a line for one equation a column.
    pub path: &'static str,
    /// Whether it is this year's or last year's.
    pub period: Period,
    /// Subtracted instead of added.
    pub negative: bool,
}

/// This year's cell or line, added.
pub(super) const fn plus(path: &'static str) -> Addend {
    Addend { path, period: Period::Current, negative: false }
}

/// This year's cell or line, subtracted.
pub(super) const fn minus(path: &'static str) -> Addend {
    Addend { path, period: Period::Current, negative: true }
}

/// Last year's cell or line, added.
pub(super) const fn last_year(path: &'static str) -> Addend {
    Addend { path, period: Period::Previous, negative: false }
}

/// What a rule finds blank, or filled in that should not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    /// A whole table is blank.
    Table,
    /// Leaf cells that the edition prescribes are blank.
    Leaf,
    /// Totals are blank and had to be computed.
    Total,
    /// A line is filled in that stands for several.
    Merged,
}

/// Two ways in which a number can be out of proportion.
#[derive(Debug)]
pub enum Ratio {
    /// A cell grew or shrank by `factor` or more, the larger value being `floor` or more.
    Jump {
        /// Least ratio of the larger value to the smaller one.
        factor: i64,
        /// In the unit that the form prints: items, or 万元.
        floor: i64,
        /// Paths of cells, or of lines for all their cells.
        cells: &'static [&'static str],
    },
    /// An amount looks as if entered in a smaller unit.
    Unit {
        /// Path of the cell.
        cell: &'static str,
        /// How many of the smaller unit make one of the printed unit.
        units: i64,
        /// From how many times last year's amount on, and up to how many times, a slip of the unit is suspected.
        suspect: (i64, i64),
        /// Highest amount that is plausible below city level, in the printed unit.
        ceiling_below_city: i64,
    },
}

/// Where a rule looks at zeros.
#[derive(Debug)]
pub enum Zero {
    /// Cells that an agency below city level cannot have anything to report in.
    BelowCity {
        /// Paths of cells, or of lines for all their cells.
        cells: &'static [&'static str],
    },
    /// The whole report says zero, for a government office or a large department.
    Everything,
}

/// What a rule holds against something outside the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The edition of the form is the one of the report year.
    EditionOfYear,
    /// The report year has ended.
    YearEnded,
    /// The document says no other report year.
    DocumentYear,
    /// The document names no other agency.
    DocumentAgency,
}

/// What a rule looks for in the chapters of text.
#[derive(Debug)]
pub enum TextCheck {
    /// Figures in the text are those of the tables.
    Figures(&'static [Statement]),
    /// The text speaks of the report year.
    Year,
    /// Chapter five has `characters_min` characters or more.
    Thin {
        /// Fewest characters; marks and spaces do not count.
        characters_min: usize,
    },
    /// No more than `percent_max` of the text stands in another report too; passages shorter than `passage`
    /// characters do not count, nor do texts of less than `characters_min`.
    Reused {
        /// Largest share of the text's characters, in percent.
        percent_max: usize,
        /// Shortest passage that counts, in characters.
        passage: usize,
        /// Fewest characters of a text that is looked at.
        characters_min: usize,
    },
}

/// A way in which texts state a figure of the tables.
#[derive(Debug)]
pub struct Statement {
    /// Regular expression over a clause; its first group is the number, and where it has none the number is zero. A
    /// second group is the unit of an amount, 元 or 万元.
    pub pattern: &'static str,
    /// One of these stands in the sentence; empty where none is needed.
    pub context: &'static [&'static str],
    /// Where one of these stands in the clause the number is one of something else.
    pub silent: &'static [&'static str],
    /// What the number may mean: each is a list of cells, lines or groups of lines; of lines the totals are added up.
    pub meanings: &'static [&'static [&'static str]],
}

impl Check {
    /// Whether the check needs more than the sheet itself: last year's report, or who reports.
    pub fn looks_beyond_the_sheet(&self) -> bool {
        match self {
            Check::Equations { shape: Equations::Relations(relations), .. } => relations
                .iter()
                .flat_map(|relation| relation.left.iter().chain(relation.right))
                .any(|addend| addend.period == Period::Previous),
            Check::Ratio(_) | Check::Zero(_) | Check::Text(TextCheck::Reused { .. }) => true,
            Check::Repeated { .. } => true,
            Check::Equations { .. } | Check::Range | Check::Blank(_) | Check::Context(_) | Check::Text(_) => false,
        }
    }
}

/// A case that breaks its rule: a form with zero in every prescribed cell, but for the cells named.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Report year of the case.
    pub year: u16,
    /// The form of this year is filled in.
    pub form_of: u16,
    /// Paths of cells, lines or tables, later ones overriding earlier ones, and what stands in them.
    pub cells: &'static [(&'static str, Cell)],
    /// Last year's report, where the rule compares with it.
    pub previous: Option<&'static [(&'static str, Cell)]>,
    /// Who reports; none where the rule does not ask.
    pub reporter: Option<Reporter>,
    /// Chapters one, five and six.
    pub narrative: Option<[&'static str; 3]>,
    /// The same chapters of last year's report, where the rule compares with it.
    pub previous_narrative: Option<[&'static str; 3]>,
    /// What the document says of itself, where the report was read from one.
    pub document: Option<ExampleDocument>,
    /// The day of the submission, in Beijing.
    pub today: Date,
}

/// What the document of an example says of itself.
#[derive(Debug, Clone, Copy)]
pub struct ExampleDocument {
    /// Its printed title.
    pub title: &'static str,
    /// The report year that it prints.
    pub year: u16,
    /// Whose report it says it is.
    pub agency: &'static str,
    /// What the agency is called.
    pub own_name: &'static str,
}
