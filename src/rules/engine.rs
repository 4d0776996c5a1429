//! Judges one report by a rule set. No words here: what is found is put into words by `text`.

use jiff::civil::Date;

use crate::form::{CellId, Kind, LineId, Part, Presence, TableInfo, Text, catalogue, edition_for_year};
use crate::report::{
    Cell, Completed, Figures, Finding, MONEY_SCALE, Message, Narrative, Period, ReportKey, ReportYear, Reporter, Term,
    VALUE_LIMIT,
};

use super::model::{Blank, Check, Context, Ratio, Rule, TextCheck, Zero};
use super::narrative::{self, Remark};
use super::plan::{Equation, Plan, PlannedLine, PlannedRule, PlannedTerm};
use super::provenance::{self, Document};
use super::rule_set::RuleSet;
use super::text;

/// One report with all that is needed to judge it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The year that the report is handed in for; what a document says is in `document`.
    pub year: ReportYear,
    /// As filled in.
    pub figures: &'a Figures,
    /// The same figures completed: [`Figures::complete`].
    pub completed: &'a Completed,
    /// The agency's report of the year before; rules that compare with it are skipped without.
    pub previous: Option<&'a Figures>,
    /// Who reports; rules that depend on it are skipped where that is not known, as for a document read offline.
    pub reporter: Option<Reporter>,
    /// The chapters of text; rules about them are skipped without.
    pub narrative: Option<&'a Narrative>,
    /// Other reports' chapters of text that this one may repeat: the agency's last, and like ones of the year.
    pub others: &'a [(&'a ReportKey, &'a Narrative)],
    /// Other reports whose figures may be the same: the agency's last, and like ones of the year.
    pub others_figures: &'a [(&'a ReportKey, &'a Figures)],
    /// What the report was read from, where it was.
    pub document: Option<Document<'a>>,
    /// The day of the judgement, in Beijing.
    pub today: Date,
}

/// All findings: errors first, then warnings, each in the order of the form.
///
/// A report on a form that does not fit its year is judged by the equations of the form that it uses; only
/// what compares it with last year, or depends on who reports, is left until the form is right.
///
/// Nothing is judged by a cell that was not read: no equation that it enters, and no table that it is of is missing.
pub fn judge(set: &RuleSet, case: &Case<'_>) -> Vec<Finding> {
    let edition = case.figures.edition();
    let plan = Plan::of(edition);
    let mut judgement = Judgement {
        case,
        plan,
        edition_fits: edition_for_year(case.year.get()).is_some_and(|right| right.id == edition.id),
        missing: plan.tables.iter().copied().filter(|table| case.figures.is_table_blank(table)).collect(),
        explained: Vec::new(),
        raised: Vec::new(),
    };
    for planned in &plan.rules {
        if set.has(planned.rule) && planned.rule.years.contain(case.year.get()) {
            judgement.apply(planned);
        }
    }
    judgement.raised.sort_by_key(|raised| (raised.finding.severity, raised.place));
    judgement.raised.into_iter().map(|raised| raised.finding).collect()
}

/// Where on the form a finding stands: chapter, then cell. The report as a whole comes before part 1.
type Place = (u8, usize);

const WHOLE_REPORT: Place = (0, 0);

struct Raised {
    place: Place,
    finding: Finding,
}

struct Judgement<'a> {
    case: &'a Case<'a>,
    plan: &'static Plan,
    edition_fits: bool,
    missing: Vec<&'static TableInfo>,
    /// Cells with a finding that explains whatever else is odd about them.
    explained: Vec<CellId>,
    raised: Vec<Raised>,
}

impl Judgement<'_> {
    fn apply(&mut self, planned: &PlannedRule) {
        let rule = planned.rule;
        if rule.check.looks_beyond_the_sheet() && !self.edition_fits {
            return;
        }
        match &rule.check {
            Check::Context(Context::EditionOfYear) => self.check_edition(rule),
            Check::Context(Context::YearEnded) => self.check_year_ended(rule),
            Check::Blank(Blank::Table) => self.check_tables(rule),
            Check::Blank(blank) => self.check_lines(rule, *blank),
            Check::Range => self.check_range(rule, &planned.cells),
            Check::Equations { left, right, .. } => self.check_equations(planned, [*left, *right]),
            Check::Ratio(ratio) => self.check_ratio(rule, ratio, &planned.cells),
            Check::Zero(Zero::BelowCity { .. }) => self.check_authority(rule, &planned.cells),
            Check::Zero(Zero::Everything) => self.check_activity(rule, &planned.cells),
            Check::Context(Context::DocumentYear) => {
                provenance::other_year(self.case).into_iter().for_each(|message| self.raise_whole(rule, message));
            }
            Check::Context(Context::DocumentAgency) => {
                provenance::other_agency(self.case).into_iter().for_each(|message| self.raise_whole(rule, message));
            }
            Check::Repeated { figures_min } => {
                let messages = provenance::reused(self.case, *figures_min);
                messages.into_iter().for_each(|message| self.raise_whole(rule, message));
            }
            Check::Text(check) => self.check_text(rule, check),
        }
    }

    fn raise_whole(&mut self, rule: &'static Rule, message: Message) {
        self.raise(rule, WHOLE_REPORT, Sides::default(), message);
    }

    fn check_edition(&mut self, rule: &'static Rule) {
        if !self.edition_fits {
            let message = text::edition(self.case.year, self.case.figures.edition());
            self.raise(rule, WHOLE_REPORT, Sides::default(), message);
        }
    }

    fn check_year_ended(&mut self, rule: &'static Rule) {
        if i32::from(self.case.today.year()) <= i32::from(self.case.year.get()) {
            self.raise(rule, WHOLE_REPORT, Sides::default(), text::year_open(self.case.year, self.case.today));
        }
    }

    fn check_tables(&mut self, rule: &'static Rule) {
        for table in self.missing.clone() {
            let first = table.lines().next().and_then(|line| catalogue().line(line).cell(0));
            let place = first.map_or(WHOLE_REPORT, place_of);
            self.raise(rule, place, Sides::default(), text::table_missing(table.table));
        }
    }

    fn check_lines(&mut self, rule: &'static Rule, blank: Blank) {
        for line in &self.plan.lines {
            let cells: Vec<CellId> = match blank {
                Blank::Leaf if line.presence == Presence::Prescribed => self.blank(&line.leaves),
                // What is blank and was not computed belongs to a line that was not used.
                Blank::Total => {
                    let blank = self.blank(&line.totals);
                    blank.into_iter().filter(|cell| self.case.completed.is_computed(*cell)).collect()
                }
                Blank::Merged if line.presence == Presence::Accepted && !self.is_unread(line) => self.filled(line),
                Blank::Leaf | Blank::Merged | Blank::Table => continue,
            };
            let Some(first) = cells.first() else { continue };
            if self.is_missing(line) || self.is_covered(line) {
                continue;
            }
            let terms: Vec<Term> = cells.iter().map(|cell| self.current(*cell)).collect();
            let message = match blank {
                Blank::Merged => text::merged(line, &self.plan.lines),
                Blank::Total => text::blank_totals(line, &terms),
                Blank::Leaf | Blank::Table => text::blank_cells(line, &terms),
            };
            self.raise(rule, place_of(*first), Sides::only(terms), message);
        }
    }

    fn check_range(&mut self, rule: &'static Rule, cells: &[CellId]) {
        for &cell in cells {
            let Cell::Number(number) = self.case.figures.get(cell) else { continue };
            let (lowest, highest) = range_of(catalogue().cell(cell).kind);
            if number < lowest || number > highest {
                let limit = if number < lowest { lowest } else { highest };
                let term = self.current(cell);
                self.raise(rule, place_of(cell), Sides::only(vec![term]), text::out_of_range(&term, limit));
            }
        }
        if !self.explained.is_empty() {
            self.explain_computed_totals();
        }
    }

    /// A total computed from a number out of range is as wrong as the number.
    fn explain_computed_totals(&mut self) {
        let sums_to_a_total =
            |equation: &&Equation| matches!(*equation.right, [PlannedTerm { period: Period::Current, .. }]);
        // Twice, for the total column of the total line is computed from cells that are computed themselves.
        for _ in 0..2 {
            for equation in self.plan.rules.iter().flat_map(|rule| &rule.equations).filter(sums_to_a_total) {
                let Some(total) = equation.right.first() else { continue };
                let tainted = equation.left.iter().any(|term| self.is_explained(term));
                if tainted && !self.is_explained(total) && self.case.completed.is_computed(total.cell) {
                    self.explained.push(total.cell);
                }
            }
        }
    }

    fn check_equations(&mut self, planned: &PlannedRule, names: [Text; 2]) {
        let beyond = planned.rule.check.looks_beyond_the_sheet();
        for equation in &planned.equations {
            let Some(difference) = self.difference(equation, beyond).filter(|difference| *difference != 0) else {
                continue;
            };
            if self.all_terms(equation).any(|term| self.is_explained(term))
                || self.is_implied(equation, difference, planned, beyond)
            {
                continue;
            }
            let side = |terms: &[PlannedTerm]| terms.iter().map(|term| self.term(term)).collect::<Vec<_>>();
            let (left, right) = (side(&equation.left), side(&equation.right));
            let message = text::equation(names, equation.subject, &left, &right, difference);
            let place = left.first().map_or(WHOLE_REPORT, |term| place_of(term.cell));
            self.raise(planned.rule, place, Sides { left, right, difference: Some(difference) }, message);
        }
    }

    /// Left minus right; none where a cell was not read, or where the equation compares with another year and a cell on
    /// either side is no number.
    fn difference(&self, equation: &Equation, beyond: bool) -> Option<i128> {
        if self.all_terms(equation).any(|term| self.is_unknown(term)) {
            return None;
        }
        if beyond && self.all_terms(equation).any(|term| self.cell(term).number().is_none()) {
            return None;
        }
        // At most a few hundred 64-bit numbers: far within 128 bits.
        let sum = |terms: &[PlannedTerm]| -> i128 {
            let value = |term: &PlannedTerm| if term.negative { -self.value(term) } else { self.value(term) };
            terms.iter().map(value).sum()
        };
        Some(sum(&equation.left) - sum(&equation.right))
    }

    /// Whether the difference of a total column only repeats those of the columns that it sums: every line concerned
    /// adds up, so each unit of difference comes from a column that is judged by itself.
    fn is_implied(&self, equation: &Equation, difference: i128, planned: &PlannedRule, beyond: bool) -> bool {
        let Some(parts) = planned.equations.get(equation.parts.clone()).filter(|parts| !parts.is_empty()) else {
            return false;
        };
        let of_parts: i128 = parts.iter().filter_map(|part| self.difference(part, beyond)).sum();
        of_parts == difference && self.all_terms(equation).all(|total| self.adds_up(total))
    }

    /// Whether the line of the total cell sums to it.
    fn adds_up(&self, total: &PlannedTerm) -> bool {
        let catalogue = catalogue();
        let leaves = catalogue.line(catalogue.cell(total.cell).line).cells();
        let leaves = leaves.filter(|cell| catalogue.cell(*cell).part != Part::Total);
        let leaves = leaves.map(|cell| PlannedTerm { cell, ..*total });
        let unknown = leaves.clone().any(|leaf| self.is_unknown(&leaf));
        let sum: i128 = leaves.map(|leaf| self.value(&leaf)).sum();
        !unknown && sum == self.value(total)
    }

    fn check_ratio(&mut self, rule: &'static Rule, ratio: &Ratio, cells: &[CellId]) {
        for &cell in cells {
            let now = PlannedTerm { cell, period: Period::Current, negative: false };
            let before = PlannedTerm { period: Period::Previous, ..now };
            let Some(number) = self.cell(&now).number().map(i128::from) else { continue };
            let previous = self.cell(&before).number().map(i128::from);
            let scale = i128::from(unit_scale(catalogue().cell(cell).kind));
            if self.is_explained(&now) {
                continue;
            }
            let (left, right) = (vec![self.term(&now)], vec![self.term(&before)]);
            match (ratio, previous) {
                (Ratio::Jump { factor, floor, .. }, Some(previous)) => {
                    let (small, large) = (number.min(previous), number.max(previous));
                    if large >= i128::from(*floor) * scale && large >= i128::from(*factor) * small {
                        let message = text::jump(cell, number, previous, *factor);
                        self.raise(rule, place_of(cell), Sides { left, right, difference: None }, message);
                    }
                }
                (Ratio::Unit { units, suspect: (from, to), ceiling_below_city, .. }, previous) => {
                    let suspect = i128::from(*from)..=i128::from(*to);
                    let ceiling = i128::from(*ceiling_below_city);
                    let below_city = self.case.reporter.is_some_and(|reporter| reporter.is_below_city());
                    let grown = |previous: &i128| {
                        *previous > 0 && (suspect.start() * previous..=suspect.end() * previous).contains(&number)
                    };
                    if let Some(previous) = previous.filter(grown) {
                        let message = text::unit_against_last_year(cell, number, previous, *units);
                        self.raise(rule, place_of(cell), Sides { left, right, difference: None }, message);
                    } else if below_city && number > ceiling * scale {
                        let message = text::unit_above_ceiling(cell, number, ceiling * scale, *units);
                        self.raise(rule, place_of(cell), Sides::only(left), message);
                    }
                }
                (Ratio::Jump { .. }, None) => {}
            }
        }
    }

    fn check_authority(&mut self, rule: &'static Rule, cells: &[CellId]) {
        if !self.case.reporter.is_some_and(|reporter| reporter.is_below_city()) {
            return;
        }
        let terms = cells.iter().map(|cell| self.current(*cell));
        let terms: Vec<Term> = terms
            .filter(|term| term.value.number().is_some_and(|number| number != 0))
            .filter(|term| !self.explained.contains(&term.cell))
            .collect();
        if let Some(first) = terms.first() {
            let message = text::no_authority(&terms);
            self.raise(rule, place_of(first.cell), Sides::only(terms), message);
        }
    }

    /// A missing table is an error already, and what it would have said is not known.
    fn check_activity(&mut self, rule: &'static Rule, cells: &[CellId]) {
        let expected = |reporter: Reporter| reporter.is_active_by_nature();
        if !self.missing.is_empty() || !self.case.reporter.is_some_and(expected) {
            return;
        }
        if cells.iter().any(|cell| self.case.figures.get(*cell) == Cell::Unread) {
            return;
        }
        let mut numbers = cells.iter().filter_map(|cell| self.case.figures.get(*cell).number()).peekable();
        if numbers.peek().is_some() && numbers.all(|number| number == 0) {
            self.raise(rule, WHOLE_REPORT, Sides::default(), text::all_zero());
        }
    }

    fn check_text(&mut self, rule: &'static Rule, check: &TextCheck) {
        for Remark { chapter, cells, message } in narrative::remarks(check, self.case) {
            let terms = cells.into_iter().map(|cell| self.current(cell)).collect();
            self.raise(rule, (chapter, 0), Sides::only(terms), message);
        }
    }

    fn raise(&mut self, rule: &'static Rule, place: Place, sides: Sides, message: Message) {
        let finding = Finding {
            rule: rule.id.to_owned(),
            severity: rule.severity,
            left: sides.left,
            right: sides.right,
            difference: sides.difference,
            message,
            remedy: Message::new(rule.remedy.zh, rule.remedy.en),
        };
        if rule.explains {
            self.explained.extend(finding.cells());
        }
        self.raised.push(Raised { place, finding });
    }
}

impl Judgement<'_> {
    fn all_terms<'e>(&self, equation: &'e Equation) -> impl Iterator<Item = &'e PlannedTerm> + use<'e> {
        equation.left.iter().chain(&equation.right)
    }

    fn is_explained(&self, term: &PlannedTerm) -> bool {
        term.period == Period::Current && self.explained.contains(&term.cell)
    }

    fn is_missing(&self, line: &PlannedLine) -> bool {
        self.missing.iter().any(|table| table.lines().any(|id| id == line.info.id))
    }

    /// Whether the line was left out because one that stands for it is filled in.
    fn is_covered(&self, line: &PlannedLine) -> bool {
        let is_used = |id: LineId| self.plan.line(id).is_some_and(|line| !self.filled(line).is_empty());
        line.merged_into.is_some_and(is_used) && self.filled(line).is_empty()
    }

    fn is_unread(&self, line: &PlannedLine) -> bool {
        line.info.cells().any(|cell| self.case.figures.get(cell) == Cell::Unread)
    }

    /// Whether it is not known what the term is.
    fn is_unknown(&self, term: &PlannedTerm) -> bool {
        match term.period {
            Period::Current => self.case.completed.is_unknown(term.cell),
            Period::Previous => self.cell(term) == Cell::Unread,
        }
    }

    fn filled(&self, line: &PlannedLine) -> Vec<CellId> {
        line.info.cells().filter(|cell| self.case.figures.get(*cell) != Cell::Blank).collect()
    }

    fn blank(&self, cells: &[CellId]) -> Vec<CellId> {
        cells.iter().copied().filter(|cell| self.case.figures.get(*cell) == Cell::Blank).collect()
    }

    /// As filled in; blank where there is no report of last year.
    fn cell(&self, term: &PlannedTerm) -> Cell {
        match term.period {
            Period::Current => self.case.figures.get(term.cell),
            Period::Previous => self.case.previous.map_or(Cell::Blank, |previous| previous.get(term.cell)),
        }
    }

    /// As it enters equations; last year's blanks count as zero and are not completed.
    fn value(&self, term: &PlannedTerm) -> i128 {
        match term.period {
            Period::Current => self.case.completed.value(term.cell),
            Period::Previous => self.cell(term).number().map_or(0, i128::from),
        }
    }

    fn term(&self, term: &PlannedTerm) -> Term {
        let computed = term.period == Period::Current && self.case.completed.is_computed(term.cell);
        let value = match i64::try_from(self.value(term)) {
            Ok(number) if computed => Cell::Number(number),
            _ => self.cell(term),
        };
        Term { negative: term.negative, period: term.period, cell: term.cell, value, computed }
    }

    fn current(&self, cell: CellId) -> Term {
        self.term(&PlannedTerm { cell, period: Period::Current, negative: false })
    }
}

/// The two sides of a finding.
#[derive(Default)]
struct Sides {
    left: Vec<Term>,
    right: Vec<Term>,
    difference: Option<i128>,
}

impl Sides {
    fn only(left: Vec<Term>) -> Self {
        Self { left, ..Self::default() }
    }
}

fn place_of(cell: CellId) -> Place {
    let catalogue = catalogue();
    let table = catalogue.line(catalogue.cell(cell).line).table;
    (catalogue.tables[table].table.chapter, cell.index())
}

/// Units of the stored number per unit that the form prints.
fn unit_scale(kind: Kind) -> i64 {
    match kind {
        Kind::Count | Kind::SignedCount => 1,
        Kind::Money => MONEY_SCALE,
    }
}

/// Lowest and highest number that a cell may hold.
pub(super) fn range_of(kind: Kind) -> (i64, i64) {
    // The limit on amounts, a million million millions, is below 2^63.
    let highest = VALUE_LIMIT.saturating_mul(unit_scale(kind));
    (if kind == Kind::SignedCount { -highest } else { 0 }, highest)
}
