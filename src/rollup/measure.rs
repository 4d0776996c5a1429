//! What can be asked for: a line, a group of lines, or a cell of the form, by its path.

use crate::form::{CellId, Kind, LineId, Part, catalogue};
use crate::report::Message;

/// Something to be summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Whole path of the line, group or cell.
    pub path: &'static str,
    /// Its label in the form.
    pub label: Message,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Cell(CellId),
    /// Lines of one table, whose figures add up.
    Lines(Vec<LineId>),
}

/// Why a path is nothing that can be summed, or that sums cannot be asked for together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// The form has no such path.
    #[error("{0:?} is no line, group or cell of the form, such as requests.received or requests.refused")]
    Unknown(String),
    /// Without its table, the path is found more than once.
    #[error("{asked:?} may mean {}: name one of them in full", candidates.join(" or "))]
    Ambiguous {
        /// As it was asked for.
        asked: String,
        /// The whole paths that it may mean.
        candidates: Vec<&'static str>,
    },
    /// The table is left out where it has to be named.
    #[error("{asked:?} is no whole path: say {path}")]
    NotWhole {
        /// As it was asked for.
        asked: String,
        /// The whole path.
        path: &'static str,
    },
    /// The path comes twice among the measures.
    #[error("{0} is asked for twice")]
    Twice(&'static str),
    /// The line's columns are no parts of a sum.
    #[error("the columns of {line} do not add up: name one of {}", columns.join(", "))]
    NotAdditive {
        /// Path of the line.
        line: &'static str,
        /// Paths of its cells, each of which can be summed.
        columns: Vec<&'static str>,
    },
}

impl MeasureError {
    /// The error in both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Unknown(asked) => {
                format!(
                    "没有名为“{asked}”的指标；可用指标如本年新收（requests.received）、不予公开（requests.refused）"
                )
            }
            Self::Ambiguous { asked, candidates } => {
                format!("“{asked}”可以指 {}；请写全路径", candidates.join(" 或 "))
            }
            Self::NotWhole { asked, path } => format!("“{asked}”不是完整路径；请写 {path}"),
            Self::Twice(path) => format!("{path} 写了两次"),
            Self::NotAdditive { line, columns } => {
                format!("{line} 的各列不能相加；请写其中一列：{}", columns.join("、"))
            }
        };
        Message::new(zh, self.to_string())
    }
}

/// The path without its table.
fn short(path: &str) -> &str {
    path.split_once('.').map_or(path, |(_, rest)| rest)
}

impl Measure {
    /// Finds the measure with this path; the table may be left out where the rest is unique.
    ///
    /// # Errors
    /// [`MeasureError`], naming what could be meant.
    pub fn find(asked: &str) -> Result<Self, MeasureError> {
        let matching = |matches: fn(&str, &str) -> bool| -> Vec<(&'static str, Vec<LineId>, Option<CellId>)> {
            let catalogue = catalogue();
            let groups = catalogue.groups.iter().filter(|group| matches(&group.path, asked));
            let groups = groups.map(|group| (group.path.as_str(), group.lines.clone(), None));
            let lines = catalogue.lines.iter().filter(|line| matches(&line.path, asked));
            let lines = lines.map(|line| (line.path.as_str(), vec![line.id], None));
            let cells = catalogue.cells.iter().filter(|cell| matches(&cell.path, asked));
            let cells = cells.filter(|cell| catalogue.line(cell.line).path != cell.path);
            let cells = cells.map(|cell| (cell.path.as_str(), Vec::new(), Some(cell.id)));
            groups.chain(lines).chain(cells).collect()
        };
        let mut found = matching(|path, asked| path == asked);
        if found.is_empty() {
            found = matching(|path, asked| short(path) == asked);
        }
        match found.len() {
            0 => Err(MeasureError::Unknown(asked.to_owned())),
            1 => {
                let (path, lines, cell) = found.remove(0);
                Self::of(path, lines, cell)
            }
            _ => Err(MeasureError::Ambiguous {
                asked: asked.to_owned(),
                candidates: found.into_iter().map(|(path, ..)| path).collect(),
            }),
        }
    }

    /// Finds the measures with these whole paths, each once.
    ///
    /// # Errors
    /// [`MeasureError`], with the position of the path at fault.
    pub fn find_all(paths: &[String]) -> Result<Vec<Self>, (usize, MeasureError)> {
        let mut found: Vec<Self> = Vec::with_capacity(paths.len());
        for (position, asked) in paths.iter().enumerate() {
            let measure = Self::find(asked).map_err(|error| (position, error))?;
            if measure.path != asked {
                return Err((position, MeasureError::NotWhole { asked: asked.clone(), path: measure.path }));
            }
            if found.iter().any(|before| before.path == measure.path) {
                return Err((position, MeasureError::Twice(measure.path)));
            }
            found.push(measure);
        }
        Ok(found)
    }

    /// One line as a measure.
    pub fn of_line(line: LineId) -> Result<Self, MeasureError> {
        Self::of(&catalogue().line(line).path, vec![line], None)
    }

    /// The ways of dealing with a request: each group of outcome lines, and each outcome line outside a group.
    pub fn outcomes() -> Vec<Self> {
        let catalogue = catalogue();
        let mut outcomes: Vec<Self> = Vec::new();
        for line in catalogue.lines.iter().filter(|line| line.line.part == Part::Outcome) {
            let measure = match line.group.map(|group| &catalogue.groups[group]) {
                Some(group) => Self::of(&group.path, group.lines.clone(), None),
                None => Self::of(&line.path, vec![line.id], None),
            };
            outcomes.extend(measure.ok().filter(|measure| outcomes.last() != Some(measure)));
        }
        outcomes
    }

    fn of(path: &'static str, lines: Vec<LineId>, cell: Option<CellId>) -> Result<Self, MeasureError> {
        let catalogue = catalogue();
        if let Some(cell) = cell {
            let info = catalogue.cell(cell);
            let label = Message::new(info.label_zh.clone(), info.label_en.clone());
            return Ok(Self { path, label, what: What::Cell(cell) });
        }
        for id in &lines {
            let line = catalogue.line(*id);
            if line.cells().len() > 1 && total_cell(*id).is_none() {
                let columns = line.cells().map(|cell| catalogue.cell(cell).path.as_str()).collect();
                return Err(MeasureError::NotAdditive { line: &line.path, columns });
            }
        }
        let group = catalogue.groups.iter().find(|group| group.path == path).map(|group| group.group.label);
        let label = match (group, lines.first()) {
            (Some(label), _) => Message::new(label.zh, label.en),
            (None, Some(line)) => {
                let line = catalogue.line(*line);
                Message::new(line.label_zh.clone(), line.label_en.clone())
            }
            (None, None) => Message::new(path, path),
        };
        Ok(Self { path, label, what: What::Lines(lines) })
    }

    /// The unit of its sums.
    pub fn kind(&self) -> Kind {
        let cell = match &self.what {
            What::Cell(cell) => Some(*cell),
            What::Lines(lines) => lines.first().and_then(|line| catalogue().line(*line).cell(0)),
        };
        cell.map_or(Kind::Count, |cell| catalogue().cell(cell).kind)
    }

    /// Whether it is the sum of all outcomes.
    pub fn is_outcomes_total(&self) -> bool {
        matches!(&self.what, What::Lines(lines) if lines.iter().all(|line| catalogue().line(*line).line.part == Part::Total))
    }

    /// Its lines; none for a single cell.
    pub fn lines(&self) -> &[LineId] {
        match &self.what {
            What::Cell(_) => &[],
            What::Lines(lines) => lines,
        }
    }

    /// Its leaf lines as measures of their own; for the sum of all outcomes, every outcome line.
    pub fn split_by_line(&self) -> Vec<Self> {
        let lines = match &self.what {
            What::Cell(_) => return vec![self.clone()],
            What::Lines(_) if self.is_outcomes_total() => {
                Self::outcomes().iter().flat_map(|outcome| outcome.lines().to_vec()).collect()
            }
            What::Lines(lines) => lines.clone(),
        };
        lines.into_iter().filter_map(|line| Self::of_line(line).ok()).collect()
    }

    /// The cells whose sum it is.
    pub fn cells(&self) -> Vec<CellId> {
        match &self.what {
            What::Cell(cell) => vec![*cell],
            What::Lines(lines) => lines.iter().filter_map(|line| total_cell(*line)).collect(),
        }
    }

    /// For lines by type of requester: each leaf column with the cells whose sum it is. None for other measures.
    pub fn cells_by_requester(&self) -> Option<Vec<(&'static crate::form::Column, Vec<CellId>)>> {
        let catalogue = catalogue();
        let lines: Vec<_> = self.lines().iter().map(|line| catalogue.line(*line)).collect();
        let first = lines.first().filter(|line| catalogue.tables[line.table].table.chapter == REQUEST_CHAPTER)?;
        let leaves = first.line.columns.iter().enumerate().filter(|(_, column)| column.part == Part::Leaf);
        Some(leaves.map(|(at, column)| (column, lines.iter().filter_map(|line| line.cell(at)).collect())).collect())
    }
}

/// The chapter whose columns are types of requester.
const REQUEST_CHAPTER: u8 = 3;

/// The cell that holds a line's sum: its total column, or its only cell.
fn total_cell(line: LineId) -> Option<CellId> {
    let catalogue = catalogue();
    let cells = catalogue.line(line).cells();
    if cells.len() == 1 {
        return cells.clone().next();
    }
    cells.clone().find(|cell| catalogue.cell(*cell).part == Part::Total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_short_path_is_enough() {
        assert_eq!(Measure::find("received").unwrap().path, "requests.received");
        assert_eq!(Measure::find("refused").unwrap().path, "requests.refused");
        assert_eq!(Measure::find("refused").unwrap().lines().len(), 8);
        assert_eq!(Measure::find("reconsideration.upheld").unwrap().path, "disputes.reconsideration.upheld");
    }

    #[test]
    fn what_is_unclear_is_refused_with_what_could_be_meant() {
        assert!(matches!(Measure::find("applications"), Err(MeasureError::Unknown(_))));
        let Err(MeasureError::Ambiguous { candidates, .. }) = Measure::find("administrative_permits") else { panic!() };
        assert_eq!(candidates.len(), 2);
        let Err(MeasureError::NotAdditive { columns, .. }) = Measure::find("proactive_disclosure.rules") else {
            panic!()
        };
        assert_eq!(columns[0], "proactive_disclosure.rules.issued");
    }

    #[test]
    fn there_are_six_ways_of_dealing_with_a_request() {
        let paths: Vec<_> = Measure::outcomes().iter().map(|outcome| short(outcome.path)).collect();
        assert_eq!(paths, ["disclosed", "partially_disclosed", "refused", "unavailable", "not_processed", "other"]);
    }

    #[test]
    fn every_outcome_line_is_in_the_split_of_the_outcomes_total() {
        assert_eq!(Measure::find("outcomes_total").unwrap().split_by_line().len(), 22);
        assert_eq!(Measure::find("other").unwrap().split_by_line().len(), 4);
    }
}
