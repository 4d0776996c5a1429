//! The rules laid out over the cells of one edition: every path resolved, every equation written out, once.
//!
//! Judging a report then follows indexes only.

use std::ops::Range;
use std::sync::LazyLock;

use crate::form::{CellId, CellInfo, EDITIONS, Edition, LineId, LineInfo, Part, Presence, Sheet, TableInfo, catalogue};
use crate::report::Period;

use super::model::{Addend, Check, Equations, Ratio, Relation, Rule, Zero};

/// All rules over one edition.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub tables: Vec<&'static TableInfo>,
    pub lines: Vec<PlannedLine>,
    /// In the order of application.
    pub rules: Vec<PlannedRule>,
}

/// One line of the edition.
#[derive(Debug)]
pub(super) struct PlannedLine {
    pub info: &'static LineInfo,
    pub presence: Presence,
    /// Cells that no other cell of the form adds up to.
    pub leaves: Vec<CellId>,
    pub totals: Vec<CellId>,
    /// The merged line that may be filled in instead of this one.
    pub merged_into: Option<LineId>,
}

/// One rule over one edition.
#[derive(Debug)]
pub(super) struct PlannedRule {
    pub rule: &'static Rule,
    /// For [`Check::Equations`].
    pub equations: Vec<Equation>,
    /// The cells that a check other than equations names, as far as the edition has them.
    pub cells: Vec<CellId>,
}

/// Two sums that must be equal.
#[derive(Debug)]
pub(super) struct Equation {
    pub left: Box<[PlannedTerm]>,
    pub right: Box<[PlannedTerm]>,
    pub subject: Subject,
    /// For a total column: the rule's equations of the columns that it sums, which may say all that is to be said.
    pub parts: Range<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedTerm {
    pub cell: CellId,
    pub period: Period,
    pub negative: bool,
}

/// What an equation is about: that much its terms need not say again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    Line(LineId),
    /// The column of this cell.
    Column(CellId),
}

impl Plan {
    /// The plan for `edition`; one without cells where the edition is not of the catalogue.
    pub(crate) fn of(edition: &Edition) -> &'static Self {
        static PLANS: LazyLock<Vec<(&str, Plan)>> =
            LazyLock::new(|| EDITIONS.iter().map(|edition| (edition.id, Plan::lay_out(edition))).collect());
        PLANS.iter().find(|(id, _)| *id == edition.id).map_or(Self::without_edition(), |(_, plan)| plan)
    }

    /// All rules over no cells.
    pub(crate) fn without_edition() -> &'static Self {
        static PLAN: LazyLock<Plan> = LazyLock::new(|| {
            let rules = super::all_rules().map(|rule| PlannedRule { rule, equations: Vec::new(), cells: Vec::new() });
            Plan { rules: rules.collect(), ..Plan::default() }
        });
        &PLAN
    }

    fn lay_out(edition: &'static Edition) -> Self {
        let catalogue = catalogue();
        let mut tables = Vec::new();
        let mut lines = Vec::new();
        for (sheet, table) in catalogue.sheets(edition) {
            tables.push(table);
            let infos = table.lines().map(|id| catalogue.line(id));
            lines.extend(infos.filter_map(|info| PlannedLine::lay_out(edition, sheet, info)));
        }
        let rules = super::all_rules().map(|rule| PlannedRule::lay_out(rule, edition, &lines)).collect();
        Self { tables, lines, rules }
    }

    /// The line called `id`, where the edition has it.
    pub(crate) fn line(&self, id: LineId) -> Option<&PlannedLine> {
        self.lines.iter().find(|line| line.info.id == id)
    }
}

impl PlannedLine {
    fn lay_out(edition: &Edition, sheet: &Sheet, info: &'static LineInfo) -> Option<Self> {
        let catalogue = catalogue();
        let presence = info.cell(0).map_or(Presence::Absent, |cell| catalogue.presence(edition, cell));
        if presence == Presence::Absent {
            return None;
        }
        let is_total = |cell: &CellId| info.line.part == Part::Total || catalogue.cell(*cell).part == Part::Total;
        let (totals, leaves) = info.cells().partition(is_total);
        let merged = sheet.merged.iter().find(|merged| merged.stands_for.contains(&info.line.field));
        let merged_into =
            merged.and_then(|m| catalogue.line_at(&format!("{}.{}", sheet.table.field, m.line))).map(|line| line.id);
        Some(Self { info, presence, leaves, totals, merged_into })
    }

    fn table(&self) -> &'static str {
        catalogue().tables[self.info.table].table.field
    }
}

impl PlannedRule {
    fn lay_out(rule: &'static Rule, edition: &Edition, lines: &[PlannedLine]) -> Self {
        let equations = match &rule.check {
            Check::Equations { shape: Equations::LineTotals { table }, .. } => {
                lines.iter().filter(|line| line.table() == *table).flat_map(line_totals).collect()
            }
            Check::Equations { shape: Equations::OutcomeTotals { table }, .. } => outcome_totals(table, lines),
            Check::Equations { shape: Equations::Relations(relations), .. } => {
                let mut equations = Vec::new();
                for relation in *relations {
                    add_relation(relation, edition, &mut equations);
                }
                equations
            }
            Check::Range
            | Check::Blank(_)
            | Check::Ratio(_)
            | Check::Zero(_)
            | Check::Context(_)
            | Check::Repeated { .. }
            | Check::Text(_) => Vec::new(),
        };
        let cells = match &rule.check {
            Check::Range | Check::Zero(Zero::Everything) => lines.iter().flat_map(|line| line.info.cells()).collect(),
            Check::Ratio(Ratio::Jump { cells, .. }) | Check::Zero(Zero::BelowCity { cells }) => present(cells, edition),
            Check::Ratio(Ratio::Unit { cell, .. }) => present(&[cell], edition),
            Check::Equations { .. } | Check::Blank(_) | Check::Context(_) | Check::Repeated { .. } | Check::Text(_) => {
                Vec::new()
            }
        };
        Self { rule, equations, cells }
    }
}

fn present(paths: &[&str], edition: &Edition) -> Vec<CellId> {
    let catalogue = catalogue();
    let cells = paths.iter().filter_map(|path| catalogue.cell_at(path));
    cells.filter(|cell| catalogue.presence(edition, *cell) != Presence::Absent).collect()
}

fn added(cell: CellId) -> PlannedTerm {
    PlannedTerm { cell, period: Period::Current, negative: false }
}

fn part(cell: CellId) -> Part {
    catalogue().cell(cell).part
}

/// For each total column of the line: the leaf columns sum to it.
fn line_totals(line: &PlannedLine) -> impl Iterator<Item = Equation> {
    let info = line.info;
    info.cells().filter(|cell| part(*cell) == Part::Total).map(move |total| Equation {
        left: info.cells().filter(|cell| part(*cell) != Part::Total).map(added).collect(),
        right: [added(total)].into(),
        subject: Subject::Line(info.id),
        parts: 0..0,
    })
}

/// For each column: the outcome lines sum to the total line.
fn outcome_totals(table: &str, lines: &[PlannedLine]) -> Vec<Equation> {
    let of_part = |part| lines.iter().filter(move |line| line.table() == table && line.info.line.part == part);
    let mut equations = Vec::new();
    for total in of_part(Part::Total) {
        let side = |lines: Vec<&PlannedLine>| -> Vec<Vec<PlannedTerm>> {
            lines.iter().map(|line| line.info.cells().map(added).collect()).collect()
        };
        add_columns(&side(of_part(Part::Outcome).collect()), &side(vec![total]), &mut equations);
    }
    equations
}

/// The relation's equations, unless the edition lacks one of its cells.
fn add_relation(relation: &Relation, edition: &Edition, equations: &mut Vec<Equation>) {
    let side = |addends: &[Addend]| addends.iter().map(|addend| resolve(addend, edition)).collect::<Option<Vec<_>>>();
    if let (Some(left), Some(right)) = (side(relation.left), side(relation.right)) {
        add_columns(&left, &right, equations);
    }
}

/// The addend's cells, one per column. Last year's edition may be another one: there, absent reads as blank.
fn resolve(addend: &Addend, edition: &Edition) -> Option<Vec<PlannedTerm>> {
    let catalogue = catalogue();
    let cells: Vec<CellId> = match catalogue.cell_at(addend.path) {
        Some(cell) => vec![cell],
        None => catalogue.line_at(addend.path)?.cells().collect(),
    };
    let absent = |cell: &CellId| catalogue.presence(edition, *cell) == Presence::Absent;
    if addend.period == Period::Current && cells.iter().any(absent) {
        return None;
    }
    let term = |cell| PlannedTerm { cell, period: addend.period, negative: addend.negative };
    Some(cells.into_iter().map(term).collect())
}

/// One equation per column; each side is a list of addends, each addend a list of its columns.
fn add_columns(left: &[Vec<PlannedTerm>], right: &[Vec<PlannedTerm>], equations: &mut Vec<Equation>) {
    let Some(first) = left.first() else { return };
    let start = equations.len();
    for (column, lead) in first.iter().enumerate() {
        let at_column =
            |side: &[Vec<PlannedTerm>]| side.iter().filter_map(|cells| cells.get(column).copied()).collect();
        let CellInfo { line, part, .. } = catalogue().cell(lead.cell);
        let subject = if first.len() == 1 { Subject::Line(*line) } else { Subject::Column(lead.cell) };
        let parts = if *part == Part::Total { start..start + column } else { 0..0 };
        equations.push(Equation { left: at_column(left), right: at_column(right), subject, parts });
    }
}
