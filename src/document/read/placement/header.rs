//! The header above some lines: which labels it has, over which columns, and in which order a line's values stand.

use crate::form::{Column, ColumnGroup, Part};

use super::printed::Columns;
use super::unit::Unit;

/// What a word of a header is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    /// The label of a column.
    Label(&'static str),
    /// A label that only another edition has.
    Foreign,
    /// A heading over several labels.
    Group(&'static ColumnGroup),
    /// The year whose figures stand below.
    Year(u16),
    /// None of the form's words.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    word: Word,
    unit: Option<&'static Unit>,
    /// Where the format has columns.
    columns: Option<Columns>,
    /// The page that these are counted on, where there are pages.
    page: Option<usize>,
    /// The printed row that it stands in.
    row: usize,
}

/// A header as far as it is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    entries: Vec<Entry>,
    /// Tells headers apart.
    pub number: usize,
    /// The page that is being read. Columns of one page are not those of another, whatever their numbers.
    pub page: Option<usize>,
}

/// In which order the values of a line stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The line's column of each value, from left to right.
    pub listed: Vec<usize>,
    /// The columns of the page over which the label of each of the line's columns stands, where all are known.
    pub placed: Option<Vec<Columns>>,
    /// For each of the line's columns those of the page over which its label stands, as far as they are known: a value that
    /// stands beside them is none of it.
    pub anchors: Vec<Vec<Columns>>,
    /// The header has the labels more than once, so that the place alone tells whose a value is.
    pub only_placed: bool,
    /// The header has words that are none of the form's: columns of something else, perhaps.
    pub has_strangers: bool,
    /// The columns of the page over which these stand, and none of the form's.
    pub strangers: Vec<Columns>,
}

impl Order {
    /// The form's own, where no header says otherwise.
    fn of_the_form(columns: usize) -> Self {
        Self {
            listed: (0..columns).collect(),
            placed: None,
            anchors: Vec::new(),
            only_placed: false,
            has_strangers: false,
            strangers: Vec::new(),
        }
    }
}

/// The column of the page in which a table's corner stands.
const FIRST_COLUMN: usize = 0;

impl Header {
    /// Forgets what was read: another header begins.
    pub fn begin(&mut self) {
        self.entries.clear();
        self.number += 1;
    }

    /// A label, or one of another edition where it is none.
    pub fn label(
        &mut self,
        label: Option<&'static str>,
        unit: Option<&'static Unit>,
        columns: Option<Columns>,
        row: usize,
    ) {
        let (word, page) = (label.map_or(Word::Foreign, Word::Label), self.page);
        self.entries.push(Entry { word, unit, columns, page, row });
    }

    pub fn group(&mut self, group: &'static ColumnGroup, columns: Option<Columns>) {
        self.push(Word::Group(group), columns);
    }

    pub fn year(&mut self, year: u16, columns: Option<Columns>) {
        self.push(Word::Year(year), columns);
    }

    pub fn unknown(&mut self, columns: Option<Columns>) {
        self.push(Word::Unknown, columns);
    }

    fn push(&mut self, word: Word, columns: Option<Columns>) {
        self.entries.push(Entry { word, unit: None, columns, page: self.page, row: 0 });
    }

    /// Whether the labels stand side by side, those under a heading apart: on a page without lines, labels on several lines
    /// are read from top to bottom, whichever stands left.
    fn is_side_by_side(&self) -> bool {
        let group = self.entries.iter().find_map(|entry| match entry.word {
            Word::Group(group) => Some(group),
            _ => None,
        });
        let is_member = |label: &str| {
            group.is_some_and(|group| {
                let members = crate::form::catalogue().lines.iter().flat_map(|line| line.line.columns);
                members.filter(|column| group.columns.contains(&column.field)).any(|column| column.label.zh == label)
            })
        };
        let mut rows: [Option<usize>; 2] = [None; 2];
        self.entries.iter().filter(|entry| entry.page.is_some() && entry.columns.is_none()).all(|entry| {
            let Word::Label(label) = entry.word else { return true };
            let row = &mut rows[usize::from(is_member(label))];
            *row.get_or_insert(entry.row) == entry.row
        })
    }

    fn labelled<'h>(&'h self, column: &'h Column) -> impl Iterator<Item = &'h Entry> {
        self.entries.iter().filter(|entry| entry.word == Word::Label(column.label.zh))
    }

    /// From the first to the last of the page's columns over which the header has these labels, all of them.
    pub fn reach(&self, columns: &[Column]) -> Option<Columns> {
        if self.entries.iter().any(|entry| entry.page != self.page) {
            return None;
        }
        let over: Vec<Columns> =
            columns.iter().map(|column| self.labelled(column).last()?.columns).collect::<Option<_>>()?;
        let first = over.iter().map(|columns| columns.first).min()?;
        Some(Columns { first, last: over.iter().map(|columns| columns.last).max()? })
    }

    /// The unit that the header states for each of these columns.
    pub fn units(&self, columns: &[Column]) -> Vec<Option<&'static Unit>> {
        columns.iter().map(|column| self.labelled(column).last().and_then(|entry| entry.unit)).collect()
    }

    /// The order of a line's values; none where the header is not one for them, or does not tell.
    ///
    /// `year` is the one whose figures are meant, where the header has those of several.
    pub fn order(&self, columns: &[Column], year: Option<u16>) -> Option<Order> {
        let found = columns.iter().filter(|column| self.labelled(column).next().is_some()).count();
        let count = |word: Word| self.entries.iter().filter(|entry| entry.word == word).count();
        let missing = columns.len() - found;
        if missing > 0 && count(Word::Foreign) > 0 {
            return None;
        }
        // As many words as labels that are not known: they may be these, in any order.
        if missing > 1 && count(Word::Unknown) >= missing {
            return None;
        }
        // A column of something else stands where the form's own is not: alone, or beside the corner.
        let is_beside = |entry: &&Entry| {
            entry.word == Word::Unknown && entry.columns.is_some_and(|columns| columns.first > FIRST_COLUMN)
        };
        let strangers = self.entries.iter().filter(is_beside).count();
        if missing > 0 && (strangers >= missing || (found == 0 && count(Word::Unknown) > 0)) {
            return None;
        }
        let years = || self.entries.iter().filter(|entry| matches!(entry.word, Word::Year(_)));
        if years().next().is_some() && year.is_some_and(|year| years().all(|entry| entry.word != Word::Year(year))) {
            return None;
        }
        let labels = || self.entries.iter().filter(|entry| matches!(entry.word, Word::Label(_)));
        let page = labels().next().and_then(|entry| entry.page);
        // A header that begins on one page and ends on the next has its columns counted in two ways.
        let has_places = labels().all(|entry| entry.columns.is_some() && entry.page == page);
        // A label in the place of another: which of the two is meant is not known.
        if !self.is_side_by_side() || (missing > 0 && columns.iter().any(|column| self.places(column).len() > 1)) {
            return None;
        }
        let order =
            if has_places && missing == 0 { self.by_place(columns, year) } else { self.by_sequence(columns, missing) };
        order.map(|order| Order {
            has_strangers: count(Word::Unknown) > 0,
            strangers: self.strangers(),
            anchors: self.anchors(columns),
            placed: order.placed.filter(|_| page == self.page),
            ..order
        })
    }

    /// The columns of the page over which words stand that are none of the form's, beside all that are.
    fn strangers(&self) -> Vec<Columns> {
        let columns_of = |is_known: bool| {
            let such = self.entries.iter().filter(move |entry| (entry.word != Word::Unknown) == is_known);
            such.filter(|entry| entry.page == self.page).filter_map(|entry| entry.columns)
        };
        let is_apart = |own: &Columns| own.first == own.last && !columns_of(true).any(|known| known.overlaps(*own));
        columns_of(false).filter(is_apart).collect()
    }

    /// The columns of the page that is being read over which a label stands.
    fn places(&self, column: &Column) -> Vec<Columns> {
        let here = self.labelled(column).filter(|entry| entry.page == self.page);
        let mut places: Vec<Columns> = here.filter_map(|entry| entry.columns).collect();
        places.dedup();
        places
    }

    /// The places of the labels of each column; none where labels stand above each other, which tells no value's column.
    fn anchors(&self, columns: &[Column]) -> Vec<Vec<Columns>> {
        let anchors: Vec<Vec<Columns>> = columns.iter().map(|column| self.places(column)).collect();
        let mut all: Vec<Columns> = anchors.iter().flatten().copied().collect();
        all.sort_by_key(|place| place.first);
        let is_apart = all.windows(2).all(|pair| matches!(pair, [left, right] if left.last < right.first));
        if is_apart { anchors } else { Vec::new() }
    }

    /// By the places of the labels, all of which are there.
    fn by_place(&self, columns: &[Column], year: Option<u16>) -> Option<Order> {
        let below = |entry: &Entry| {
            let years = self.entries.iter().filter(|other| matches!(other.word, Word::Year(_)));
            let covers =
                |over: &Entry| matches!((over.columns, entry.columns), (Some(over), Some(own)) if over.overlaps(own));
            years.filter(|over| covers(over)).any(|over| year.is_some_and(|year| over.word == Word::Year(year)))
        };
        let mut placed = Vec::new();
        let mut only_placed = false;
        for column in columns {
            let mut places: Vec<Columns> = self.labelled(column).filter_map(|entry| entry.columns).collect();
            places.dedup();
            if places.len() > 1 {
                only_placed = true;
                places = self.labelled(column).filter(|entry| below(entry)).filter_map(|entry| entry.columns).collect();
                places.dedup();
            }
            let [place] = places[..] else { return None };
            placed.push(place);
        }
        let mut listed: Vec<usize> = (0..columns.len()).collect();
        listed.sort_by_key(|column| placed.get(*column).map(|place| place.first));
        let is_apart = listed.windows(2).all(|pair| match pair {
            [left, right] => placed.get(*left).map(|place| place.last) < placed.get(*right).map(|place| place.first),
            _ => true,
        });
        // The columns of one heading stand side by side: another's between them, and the header is not over its figures.
        let groups = self.entries.iter().filter_map(|entry| match entry.word {
            Word::Group(group) => Some(group),
            _ => None,
        });
        let is_divided = |group: &ColumnGroup| {
            let is_member = |at: &usize| columns.get(*at).is_some_and(|column| group.columns.contains(&column.field));
            let parts = listed.chunk_by(|one, other| is_member(one) == is_member(other));
            parts.filter(|part| part.first().is_some_and(is_member)).count() > 1
        };
        if is_apart && groups.into_iter().any(is_divided) {
            return None;
        }
        // One above the other: as good as a sequence.
        if is_apart {
            Some(Order {
                listed,
                placed: Some(placed),
                anchors: Vec::new(),
                only_placed,
                has_strangers: false,
                strangers: Vec::new(),
            })
        } else {
            self.by_sequence(columns, 0)
        }
    }

    /// By the sequence in which the labels are read. A heading over several labels stands where these stand, though
    /// they are read after all that is beside it.
    fn by_sequence(&self, columns: &[Column], missing: usize) -> Option<Order> {
        let mut before: Vec<usize> = Vec::new();
        let mut group: Option<(&ColumnGroup, Vec<usize>)> = None;
        let mut behind: Vec<usize> = Vec::new();
        let mut only_once = true;
        for entry in &self.entries {
            match entry.word {
                Word::Group(heading) => {
                    if heading
                        .columns
                        .iter()
                        .any(|field| before.iter().any(|at| field_of(columns, *at) == Some(*field)))
                    {
                        return None;
                    }
                    group.get_or_insert((heading, Vec::new()));
                }
                Word::Label(label) => {
                    let Some(at) = columns.iter().position(|column| column.label.zh == label) else { continue };
                    let read = before.iter().chain(&behind).chain(group.iter().flat_map(|(_, members)| members));
                    if read.into_iter().any(|other| *other == at) {
                        only_once = false;
                        continue;
                    }
                    match &mut group {
                        Some((heading, members))
                            if field_of(columns, at).is_some_and(|f| heading.columns.contains(&f)) =>
                        {
                            members.push(at);
                        }
                        Some(_) => behind.push(at),
                        None => before.push(at),
                    }
                }
                Word::Foreign | Word::Year(_) | Word::Unknown => {}
            }
        }
        let has_group = group.is_some();
        let members = group.map(|(_, members)| members).unwrap_or_default();
        let listed: Vec<usize> = before.into_iter().chain(members).chain(behind).collect();
        let is_total = |at: usize| columns.get(at).is_some_and(|column| column.part == Part::Total);
        if missing > 0 || listed.is_empty() {
            // Broken or lost in part: good for the form's own order, where nothing speaks against it.
            let leaves: Vec<usize> = listed.into_iter().filter(|at| !is_total(*at)).collect();
            return leaves.is_sorted().then(|| Order::of_the_form(columns.len()));
        }
        // A total amid the others is read so where a heading beside it is lost: then nobody knows where that stood.
        let total = listed.iter().position(|at| is_total(*at));
        if !has_group && total.is_some_and(|at| at > 0 && at + 1 < listed.len()) {
            return None;
        }
        Some(Order {
            listed,
            placed: None,
            anchors: Vec::new(),
            only_placed: !only_once && columns.len() > 1,
            has_strangers: false,
            strangers: Vec::new(),
        })
    }
}

fn field_of(columns: &[Column], at: usize) -> Option<&'static str> {
    columns.get(at).map(|column| column.field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::catalogue;

    /// Natural persons first, then the heading over five kinds of organizations, then the total; the five kinds below.
    fn order(break_after: Option<usize>) -> Option<Order> {
        let cell = catalogue().cell_at("requests.received.total").unwrap();
        let info = catalogue().line(catalogue().cell(cell).line);
        let columns = info.line.columns;
        let group = catalogue().tables[info.table].table.headings.groups.first().unwrap();
        let label = |field: &str| columns.iter().find(|column| column.field == field).unwrap().label.zh;
        let mut header = Header { page: Some(1), ..Header::default() };
        let at = |first, last| Some(Columns { first, last });
        header.label(Some(label("natural_person")), None, at(1, 1), 1);
        header.group(group, if break_after.is_some() { at(2, 2) } else { at(2, 6) });
        header.label(Some(label("total")), None, if break_after.is_some() { at(3, 3) } else { at(7, 7) }, 1);
        header.page = Some(break_after.unwrap_or(1));
        for (place, field) in group.columns.iter().enumerate() {
            // Below, the page has more columns to the left.
            let place = place + if break_after.is_some() { 5 } else { 2 };
            header.label(Some(label(field)), None, at(place, place), 2);
        }
        header.order(columns, None)
    }

    #[test]
    fn a_header_that_goes_on_overleaf_is_read_as_one_that_does_not() {
        let (whole, broken) = (order(None).unwrap(), order(Some(2)).unwrap());
        assert!(whole.placed.is_some());
        assert_eq!((broken.listed, broken.placed), (whole.listed, None));
    }

    #[test]
    fn labels_on_several_lines_of_a_page_without_lines_are_in_no_order() {
        let cell = catalogue().cell_at("proactive_disclosure.rules.issued").unwrap();
        let columns = catalogue().line(catalogue().cell(cell).line).line.columns;
        let order = |page: Option<usize>, rows: [usize; 3]| {
            let mut header = Header { page, ..Header::default() };
            for (column, row) in columns.iter().zip(rows) {
                header.label(Some(column.label.zh), None, None, row);
            }
            header.order(columns, None).map(|order| order.listed)
        };
        assert_eq!(order(Some(1), [4, 4, 4]), Some(vec![0, 1, 2]));
        assert_eq!(order(Some(1), [4, 5, 4]), None, "which stands left is not known");
        assert_eq!(order(None, [4, 5, 6]), Some(vec![0, 1, 2]), "a text with a cell a line");
    }
}
