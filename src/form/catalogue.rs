//! Every cell of every edition in one index: paths, labels, stable codes, and which edition has what.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::editions::EDITIONS;
use super::model::{CellId, Edition, Group, Kind, Line, LineId, Part, Presence, Sheet, Table};

/// One cell, with everything that can be said of it without a report.
#[derive(Debug)]
pub struct CellInfo {
    /// Its place among [`Catalogue::cells`].
    pub id: CellId,
    /// Path as on the wire, such as `requests.refused.state_secret.total`.
    pub path: String,
    /// Identity in the store: never changes, never reused.
    pub code: u16,
    /// What it holds and in which unit.
    pub kind: Kind,
    /// The column's part within its line.
    pub part: Part,
    /// The line that it stands in.
    pub line: LineId,
    /// Position of the column within the line.
    pub column: usize,
    /// Label for people, from group to column, such as `不予公开·属于国家秘密·总计`.
    pub label_zh: String,
    /// The same in English, such as `refused: state secrets, total`.
    pub label_en: String,
}

/// One line with its cells.
#[derive(Debug)]
pub struct LineInfo {
    /// Its place among [`Catalogue::lines`].
    pub id: LineId,
    /// Path without the column, such as `requests.refused.state_secret`.
    pub path: String,
    /// Position in [`Catalogue::tables`].
    pub table: usize,
    /// Position in [`Catalogue::groups`], for lines that belong to a group.
    pub group: Option<usize>,
    /// As the form describes it.
    pub line: &'static Line,
    cells: Range<u16>,
    /// Label from group to line, without the ordinals.
    pub label_zh: String,
    /// The same in English.
    pub label_en: String,
}

impl LineInfo {
    /// The line's cells in the order of its columns.
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = CellId> + ExactSizeIterator + Clone + use<> {
        self.cells.clone().map(CellId)
    }

    /// The cell in the column at `position`.
    pub fn cell(&self, position: usize) -> Option<CellId> {
        self.cells().nth(position)
    }
}

/// One group of lines, such as `requests.refused`.
#[derive(Debug)]
pub struct GroupInfo {
    /// Path without a line, such as `requests.refused`.
    pub path: String,
    /// As the form describes it.
    pub group: &'static Group,
    /// Its lines in the order of the form.
    pub lines: Vec<LineId>,
}

/// One table with its lines.
#[derive(Debug)]
pub struct TableInfo {
    /// As the form describes it; editions leave lines of it out.
    pub table: &'static Table,
    lines: Range<u16>,
}

impl TableInfo {
    /// The table's lines in the order of [`Table::lines`].
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = LineId> + ExactSizeIterator + Clone + use<> {
        self.lines.clone().map(LineId)
    }
}

/// The index over all tables that any edition uses.
#[derive(Debug)]
pub struct Catalogue {
    /// By [`CellId`]: table by table, line by line, in the order of the form.
    pub cells: Vec<CellInfo>,
    /// By [`LineId`], in the order of the form.
    pub lines: Vec<LineInfo>,
    /// Where [`LineInfo::group`] says.
    pub groups: Vec<GroupInfo>,
    /// Where [`LineInfo::table`] says: each table once, whichever editions use it.
    pub tables: Vec<TableInfo>,
    by_path: HashMap<String, CellId>,
    /// Indexed by store code.
    by_code: Vec<Option<CellId>>,
    /// By edition, few enough to be looked through faster than hashed.
    presence: Vec<(&'static str, Vec<Presence>)>,
}

/// The catalogue; built once.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::build);
    &CATALOGUE
}

impl From<CellId> for u16 {
    fn from(cell: CellId) -> Self {
        cell.0
    }
}

impl TryFrom<u16> for CellId {
    type Error = &'static str;

    /// The cell at a place in the catalogue of the same program.
    fn try_from(place: u16) -> Result<Self, Self::Error> {
        let known = usize::from(place) < catalogue().cells.len();
        if known { Ok(Self(place)) } else { Err("there is no such cell") }
    }
}

impl Catalogue {
    /// The cell of an id; there is one for each.
    pub fn cell(&self, id: CellId) -> &CellInfo {
        &self.cells[id.index()]
    }

    /// The line of an id; there is one for each.
    pub fn line(&self, id: LineId) -> &LineInfo {
        &self.lines[id.index()]
    }

    /// The cell with this path.
    pub fn cell_at(&self, path: &str) -> Option<CellId> {
        self.by_path.get(path).copied()
    }

    /// The cell with this store code.
    pub fn cell_of_code(&self, code: u16) -> Option<CellId> {
        self.by_code.get(usize::from(code)).copied().flatten()
    }

    /// The line with this path.
    pub fn line_at(&self, path: &str) -> Option<&LineInfo> {
        self.lines.iter().find(|line| line.path == path)
    }

    /// Whether the path is of a cell or a line.
    pub fn has_path(&self, path: &str) -> bool {
        self.cell_at(path).is_some() || self.line_at(path).is_some()
    }

    /// Whether `edition` has the cell.
    pub fn presence(&self, edition: &Edition, cell: CellId) -> Presence {
        // Their addresses tell the same and are compared faster, for this is asked of every cell that is set.
        let of_edition = self.presence.iter().find(|(id, _)| std::ptr::eq(*id, edition.id) || *id == edition.id);
        of_edition.map_or(Presence::Absent, |(_, cells)| cells[cell.index()])
    }

    /// The edition's tables, in the order of the form.
    pub fn sheets(&self, edition: &'static Edition) -> impl Iterator<Item = (&'static Sheet, &TableInfo)> {
        edition.sheets.iter().filter_map(|sheet| {
            self.tables.iter().find(|t| t.table.field == sheet.table.field).map(|table| (sheet, table))
        })
    }

    /// The edition's cells in the order of the form, merged lines included.
    pub fn cells_of(&self, edition: &'static Edition) -> impl Iterator<Item = &CellInfo> {
        self.cells.iter().filter(move |cell| self.presence(edition, cell.id) != Presence::Absent)
    }

    fn build() -> Self {
        let mut this = Self {
            cells: Vec::new(),
            lines: Vec::new(),
            groups: Vec::new(),
            tables: Vec::new(),
            by_path: HashMap::new(),
            by_code: Vec::new(),
            presence: Vec::new(),
        };
        for table in EDITIONS.iter().flat_map(|edition| edition.sheets).map(|sheet| sheet.table) {
            if !this.tables.iter().any(|known| known.table == table) {
                this.add_table(table);
            }
        }
        for edition in EDITIONS {
            let presence = this.cells.iter().map(|cell| this.presence_in(edition, cell)).collect();
            this.presence.push((edition.id, presence));
        }
        this
    }

    fn add_table(&mut self, table: &'static Table) {
        let first_group = self.groups.len();
        for group in table.groups {
            let path = format!("{}.{}", table.field, group.field);
            self.groups.push(GroupInfo { path, group, lines: Vec::new() });
        }
        let first_line = self.lines.len() as u16;
        let mut code = table.first_code;
        for line in table.lines {
            let id = LineId(self.lines.len() as u16);
            let group = line.field.split_once('.').and_then(|(prefix, _)| {
                table.groups.iter().position(|group| group.field == prefix).map(|at| first_group + at)
            });
            let (label_zh, label_en) = match group {
                // The merged line repeats its group's label; once is enough.
                Some(at) if self.groups[at].group.label.zh != line.label.zh => {
                    let label = self.groups[at].group.label;
                    (format!("{}·{}", label.zh, line.label.zh), format!("{}: {}", label.en, line.label.en))
                }
                _ => (line.label.zh.to_owned(), line.label.en.to_owned()),
            };
            if let Some(at) = group {
                self.groups[at].lines.push(id);
            }
            let path = format!("{}.{}", table.field, line.field);
            let first_cell = self.cells.len() as u16;
            for (position, column) in line.columns.iter().enumerate() {
                let cell = CellId(self.cells.len() as u16);
                let single = column.field.is_empty();
                let cell_path = if single { path.clone() } else { format!("{path}.{}", column.field) };
                self.by_path.insert(cell_path.clone(), cell);
                self.by_code.resize(self.by_code.len().max(usize::from(code) + 1), None);
                self.by_code[usize::from(code)] = Some(cell);
                self.cells.push(CellInfo {
                    id: cell,
                    path: cell_path,
                    code,
                    kind: column.kind,
                    part: column.part,
                    line: id,
                    column: position,
                    label_zh: if single { label_zh.clone() } else { format!("{label_zh}·{}", column.label.zh) },
                    label_en: if single { label_en.clone() } else { format!("{label_en}, {}", column.label.en) },
                });
                code += 1;
            }
            self.lines.push(LineInfo {
                id,
                path,
                table: self.tables.len(),
                group,
                line,
                cells: first_cell..self.cells.len() as u16,
                label_zh,
                label_en,
            });
        }
        self.tables.push(TableInfo { table, lines: first_line..self.lines.len() as u16 });
    }

    fn presence_in(&self, edition: &Edition, cell: &CellInfo) -> Presence {
        let line = self.line(cell.line);
        let table = self.tables[line.table].table;
        let Some(sheet) = edition.sheets.iter().find(|sheet| sheet.table == table) else {
            return Presence::Absent;
        };
        if sheet.without.contains(&line.line.field) {
            Presence::Absent
        } else if sheet.merged.iter().any(|merged| merged.line == line.line.field) {
            Presence::Accepted
        } else {
            Presence::Prescribed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Kind, edition};

    fn count(edition_id: &str, presence: Presence, chapter: u8) -> usize {
        let edition = edition(edition_id).unwrap();
        let catalogue = catalogue();
        catalogue
            .cells
            .iter()
            .filter(|cell| catalogue.tables[catalogue.line(cell.line).table].table.chapter == chapter)
            .filter(|cell| catalogue.presence(edition, cell.id) == presence)
            .count()
    }

    #[test]
    fn editions_have_the_cells_that_the_notices_print() {
        for (id, chapter, prescribed, accepted) in [
            ("format_2021", 2, 10, 0),
            ("format_2021", 3, 175, 7),
            ("format_2021", 4, 15, 0),
            ("trial_2019", 2, 22, 0),
            ("trial_2019", 3, 161, 0),
            ("trial_2019", 4, 15, 0),
        ] {
            assert_eq!(count(id, Presence::Prescribed, chapter), prescribed, "{id} chapter {chapter}");
            assert_eq!(count(id, Presence::Accepted, chapter), accepted, "{id} chapter {chapter}");
        }
    }

    #[test]
    fn paths_and_codes_are_unique() {
        let catalogue = catalogue();
        assert_eq!(catalogue.by_path.len(), catalogue.cells.len());
        assert_eq!(catalogue.by_code.iter().flatten().count(), catalogue.cells.len());
        for cell in &catalogue.cells {
            assert_eq!(catalogue.cell_at(&cell.path), Some(cell.id));
            assert_eq!(catalogue.cell_of_code(cell.code), Some(cell.id));
        }
    }

    #[test]
    fn only_the_trial_edition_has_signed_cells() {
        let catalogue = catalogue();
        let signed: Vec<_> = catalogue.cells.iter().filter(|c| c.kind == Kind::SignedCount).collect();
        assert!(signed.iter().all(|cell| cell.path.ends_with(".change")));
        assert_eq!(signed.len(), 5);
    }

    #[test]
    fn store_codes_never_change() {
        let listing: String = catalogue().cells.iter().map(|c| format!("{} {}\n", c.code, c.path)).collect();
        insta::assert_snapshot!(listing);
    }
}
