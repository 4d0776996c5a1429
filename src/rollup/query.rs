//! A question about sums, and its answer row by row.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::form::{CellId, Kind};
use crate::registry::{AgencyIndex, InTree, JurisdictionIndex, Registry};
use crate::report::{AgencyId, AgencyKind, JurisdictionCode, Message, ReportYear};

use super::{AgencyFilter, Group, Measure, Scope, Sums, Totals, Tree};

/// What rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// The six requester types of chapter three.
    RequesterType,
    /// The six ways of dealing with a request; for the measure `requests.outcomes_total`.
    Outcome,
    /// Each line within the measure.
    Line,
    /// The jurisdictions directly below, and the scope's own agencies.
    ChildJurisdiction,
    /// Each agency.
    Agency,
    /// The kinds of agency.
    AgencyKind,
    /// Each report year.
    Year,
}

/// In which order groups come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// As [`Group::order`].
    #[default]
    Key,
    /// By the sum of the first measure over the group; groups of one size by key.
    LargestFirst,
    /// The other way round; groups of one size by key, too.
    SmallestFirst,
}

impl RowOrder {
    /// Puts groups, which come by key, into this order; `size` is what one is sorted by.
    pub fn sort<T>(self, groups: &mut [T], size: impl Fn(&T) -> i128) {
        match self {
            Self::Key => {}
            Self::LargestFirst => groups.sort_by_key(|group| Reverse(size(group))),
            Self::SmallestFirst => groups.sort_by_key(size),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// The top of the scope.
    pub jurisdiction: JurisdictionIndex,
    /// First and last report year.
    pub years: (ReportYear, ReportYear),
    /// What is summed; each makes rows of its own.
    pub measures: Vec<Measure>,
    /// By what rows are told apart, from the first on; empty for one row a measure.
    pub group_by: Vec<Dimension>,
    /// In which order groups come.
    pub order: RowOrder,
    /// Which agencies count.
    pub filter: AgencyFilter,
}

/// Why dimensions do not go together, or not with a measure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The path of a measure outside chapter three.
    #[error("{0} is not split by requester type: ask for a line of chapter three")]
    NoRequesterTypes(&'static str),
    /// The path of a measure that is no total of outcomes.
    #[error("only requests.outcomes_total is split by outcome, not {0}")]
    NoOutcomes(&'static str),
    /// It would split rows that are split already.
    #[error("a dimension is named twice")]
    DimensionTwice,
    /// Both split the measure into lines.
    #[error("outcome and line both split the measure: name one of them")]
    OutcomeAndLine,
    /// Both split the scope, one into parts and one into agencies.
    #[error("child jurisdiction and agency both split the scope: name one of them")]
    ChildAndAgency,
}

impl QueryError {
    /// The error in both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::NoRequesterTypes(path) => format!("{path} 不按申请人类型细分；请改用第三部分的行"),
            Self::NoOutcomes(path) => format!("只有 requests.outcomes_total 可按办理结果细分，{path} 不可"),
            Self::DimensionTwice => "同一分组维度写了两次".to_owned(),
            Self::OutcomeAndLine => "办理结果与行都细分指标，只能选一个".to_owned(),
            Self::ChildAndAgency => "下级地区与机构都细分范围，只能选一个".to_owned(),
        };
        Message::new(zh, self.to_string())
    }
}

/// One dimension of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The dimension that rows are told apart by.
    pub dimension: Dimension,
    /// Where the row belongs in it.
    pub value: KeyValue,
    /// For people; of an agency or jurisdiction, its name.
    pub label: Message,
}

/// Where a row belongs in one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValue {
    /// The report year.
    Year(ReportYear),
    /// A jurisdiction with all below it.
    Jurisdiction(JurisdictionCode),
    /// The agencies of a jurisdiction without those of any below it.
    OwnAgenciesOf(JurisdictionCode),
    /// One agency's report alone.
    Agency(AgencyId),
    /// Agencies of this kind alone.
    AgencyKind(AgencyKind),
    /// Name of the column of the form.
    RequesterType(&'static str),
    /// Path of the line of the form.
    Line(&'static str),
}

/// One sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// In the order of [`Query::group_by`].
    pub keys: Vec<Key>,
    /// Path of the measure, whole.
    pub measure: &'static str,
    /// The measure's label in the form.
    pub label: Message,
    /// The unit of the value.
    pub kind: Kind,
    /// The exact sum; an amount in units of `report::MONEY_SCALE`.
    pub value: i128,
}

/// A row whose sum is still to be found.
#[derive(Debug, Clone)]
pub struct BlankRow {
    row: Row,
    /// Position of its group.
    group: usize,
    cells: Vec<CellId>,
}

impl BlankRow {
    /// The row; `value` gives the sum of some cells over the group at a position.
    pub fn fill(self, value: impl Fn(usize, &[CellId]) -> i128) -> Row {
        Row { value: value(self.group, &self.cells), ..self.row }
    }
}

/// Rows that measures make when they are split like this.
fn rows_of(splits: &[(&Measure, Vec<Split>)]) -> usize {
    splits.iter().map(|(_, splits)| splits.len()).sum()
}

/// A measure split as far as is asked.
struct Split {
    outcome_or_line: Option<Key>,
    requester: Option<Key>,
    cells: Vec<CellId>,
}

impl Query {
    /// # Errors
    /// [`QueryError`] where the dimensions do not go together or not with a measure.
    pub fn check(&self) -> Result<(), QueryError> {
        let asked = |dimension| self.group_by.contains(&dimension);
        if (1..self.group_by.len()).any(|at| self.group_by[..at].contains(&self.group_by[at])) {
            return Err(QueryError::DimensionTwice);
        }
        if asked(Dimension::Outcome) && asked(Dimension::Line) {
            return Err(QueryError::OutcomeAndLine);
        }
        if asked(Dimension::ChildJurisdiction) && asked(Dimension::Agency) {
            return Err(QueryError::ChildAndAgency);
        }
        for measure in &self.measures {
            if asked(Dimension::RequesterType) && measure.cells_by_requester().is_none() {
                return Err(QueryError::NoRequesterTypes(measure.path));
            }
            if asked(Dimension::Outcome) && !measure.is_outcomes_total() {
                return Err(QueryError::NoOutcomes(measure.path));
            }
        }
        Ok(())
    }

    /// Whether the answer needs the figures of single agencies, which the totals do not keep.
    pub fn needs_agencies(&self) -> bool {
        self.group_by.contains(&Dimension::Agency)
    }

    /// Rows that each group makes, at least one.
    pub fn rows_per_group(&self) -> usize {
        rows_of(&self.splits()).max(1)
    }

    /// The cells that the answer is made of, each once.
    pub fn cells(&self) -> Vec<CellId> {
        let splits = self.splits().into_iter().flat_map(|(_, splits)| splits);
        let shown = splits.flat_map(|split| split.cells);
        shown.chain(self.sorted_by()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The cells that groups are sorted by; none where they come by key.
    pub fn sorted_by(&self) -> Vec<CellId> {
        match self.order {
            RowOrder::Key => Vec::new(),
            RowOrder::LargestFirst | RowOrder::SmallestFirst => {
                self.measures.first().map(Measure::cells).unwrap_or_default()
            }
        }
    }

    /// The years asked for, in order.
    pub fn each_year(&self) -> impl Iterator<Item = ReportYear> + use<> {
        self.years.0.through(self.years.1)
    }

    /// The groups of a query that needs no single agencies, by key, with their sums, from the running totals.
    ///
    /// A group is there where, and only where, a report is in its sums: so it does not matter what was there before.
    pub fn groups(&self, registry: &Registry, totals: &Totals) -> Vec<(Group, Sums)> {
        let by = |dimension| self.group_by.contains(&dimension);
        let is_grouped = [Dimension::ChildJurisdiction, Dimension::AgencyKind, Dimension::Year].into_iter().any(by);
        let mut groups = BTreeMap::new();
        if !is_grouped {
            // Without groups there is one answer even where nothing is in it.
            groups.insert(Group::default().order(registry), (Group::default(), Sums::default()));
        }
        for year in self.each_year() {
            let scopes: Vec<Scope> = if by(Dimension::ChildJurisdiction) {
                let below = totals.children(registry, self.jurisdiction, year).into_iter().map(Scope::Subtree);
                std::iter::once(Scope::Own(self.jurisdiction)).chain(below).collect()
            } else {
                vec![Scope::Subtree(self.jurisdiction)]
            };
            for scope in scopes {
                for (class, sums) in totals.sums_by_class(scope, year, &self.filter) {
                    if sums.reports == 0 {
                        continue;
                    }
                    let group = Group {
                        year: by(Dimension::Year).then_some(year),
                        scope: by(Dimension::ChildJurisdiction).then_some(scope),
                        agency: None,
                        kind: by(Dimension::AgencyKind).then_some(class.kind),
                    };
                    let known = groups.entry(group.order(registry)).or_insert_with(|| (group, Sums::default()));
                    known.1.merge(sums);
                }
            }
        }
        groups.into_values().collect()
    }

    /// The rows of the groups, in their order, with their keys and without their sums.
    pub fn blank_rows(&self, registry: &Registry, tree: Tree, groups: &[Group]) -> Vec<BlankRow> {
        let splits = self.splits();
        let mut rows = Vec::with_capacity(groups.len() * rows_of(&splits));
        for (position, group) in groups.iter().enumerate() {
            for (measure, splits) in &splits {
                rows.extend(splits.iter().map(|split| BlankRow {
                    row: Row {
                        keys: self.keys(registry, tree, group, split),
                        measure: measure.path,
                        label: measure.label.clone(),
                        kind: measure.kind(),
                        value: 0,
                    },
                    group: position,
                    cells: split.cells.clone(),
                }));
            }
        }
        rows
    }

    /// Each measure over everything in scope.
    pub fn totals(&self, total: &Sums) -> Vec<Row> {
        let row = |measure: &Measure| Row {
            keys: Vec::new(),
            measure: measure.path,
            label: measure.label.clone(),
            kind: measure.kind(),
            value: total.of_cells(&measure.cells()),
        };
        self.measures.iter().map(row).collect()
    }

    fn keys(&self, registry: &Registry, tree: Tree, group: &Group, split: &Split) -> Vec<Key> {
        let keys = self.group_by.iter().filter_map(|dimension| match dimension {
            Dimension::RequesterType => split.requester.clone(),
            Dimension::Outcome | Dimension::Line => split.outcome_or_line.clone(),
            Dimension::ChildJurisdiction => group.scope.map(|scope| scope_key(registry, tree, scope)),
            Dimension::Agency => group.agency.map(|agency| agency_key(registry, tree, agency)),
            Dimension::AgencyKind => group.kind.map(kind_key),
            Dimension::Year => group.year.map(year_key),
        });
        keys.collect()
    }

    /// Each measure with the parts that it is split into.
    fn splits(&self) -> Vec<(&Measure, Vec<Split>)> {
        self.measures.iter().map(|measure| (measure, self.split(measure))).collect()
    }

    fn split(&self, measure: &Measure) -> Vec<Split> {
        let by = |dimension| self.group_by.contains(&dimension);
        let parts = if by(Dimension::Outcome) {
            Measure::outcomes()
        } else if by(Dimension::Line) {
            measure.split_by_line()
        } else {
            vec![measure.clone()]
        };
        let dimension = if by(Dimension::Outcome) {
            Some(Dimension::Outcome)
        } else {
            by(Dimension::Line).then_some(Dimension::Line)
        };
        let mut splits = Vec::new();
        for part in parts {
            let key = dimension.map(|dimension| Key {
                dimension,
                value: KeyValue::Line(part.path),
                label: part.label.clone(),
            });
            match part.cells_by_requester().filter(|_| by(Dimension::RequesterType)) {
                Some(columns) => splits.extend(columns.into_iter().map(|(column, cells)| Split {
                    outcome_or_line: key.clone(),
                    requester: Some(Key {
                        dimension: Dimension::RequesterType,
                        value: KeyValue::RequesterType(column.field),
                        label: Message::new(column.label.zh, column.label.en),
                    }),
                    cells,
                })),
                None => splits.push(Split { outcome_or_line: key, requester: None, cells: part.cells() }),
            }
        }
        splits
    }
}

fn scope_key(registry: &Registry, tree: Tree, scope: Scope) -> Key {
    let (index, mut zh, mut en) = match scope {
        Scope::Subtree(index) => (index, String::new(), String::new()),
        Scope::Own(index) => (index, "（本级部门）".to_owned(), " (agencies at this level)".to_owned()),
    };
    let jurisdiction = registry.jurisdiction(index);
    if let Tree::Of(year) = tree
        && !registry.jurisdiction_timeline(index).exists_in(year)
    {
        zh.push_str(&format!("（{year}年无此建制）"));
        en.push_str(&format!(" (not there in {year})"));
    }
    let name = &jurisdiction.display_name;
    let code = jurisdiction.code.clone();
    let value = match scope {
        Scope::Subtree(_) => KeyValue::Jurisdiction(code),
        Scope::Own(_) => KeyValue::OwnAgenciesOf(code),
    };
    Key {
        dimension: Dimension::ChildJurisdiction,
        value,
        label: Message::new(format!("{name}{zh}"), format!("{name}{en}")),
    }
}

/// An agency that is not there in the year whose tree is used is shown as such.
fn agency_key(registry: &Registry, tree: Tree, agency: AgencyIndex) -> Key {
    let entry = registry.agency(agency);
    let standing = match tree {
        Tree::AsReported => InTree::Present,
        Tree::Of(year) => registry.place(agency, year).standing,
    };
    let (zh, en) = match standing {
        // What was merged has no row of its own.
        InTree::Present | InTree::Successor(_) => ("", ""),
        InTree::Ended => ("（已撤销或分设）", " (abolished or split)"),
        InTree::NotYet => ("（当时尚未设立）", " (not yet set up)"),
    };
    let name = &entry.display_name;
    Key {
        dimension: Dimension::Agency,
        value: KeyValue::Agency(entry.id.clone()),
        label: Message::new(format!("{name}{zh}"), format!("{name}{en}")),
    }
}

fn year_key(year: ReportYear) -> Key {
    Key {
        dimension: Dimension::Year,
        value: KeyValue::Year(year),
        label: Message::new(format!("{year}年"), year.to_string()),
    }
}

fn kind_key(kind: AgencyKind) -> Key {
    let (zh, en) = match kind {
        AgencyKind::GovernmentOffice => ("政府办公厅（室）", "government offices"),
        AgencyKind::Department => ("部门", "departments"),
        AgencyKind::Township => ("乡镇、街道", "townships and streets"),
        AgencyKind::DispatchedOffice => ("派出机构", "dispatched offices"),
    };
    Key { dimension: Dimension::AgencyKind, value: KeyValue::AgencyKind(kind), label: Message::new(zh, en) }
}
