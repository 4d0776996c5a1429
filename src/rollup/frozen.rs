//! A computed form frozen for publication, and its canonical content. Defined for outsiders in
//! docs/canonical-content.md.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use jiff::Timestamp;

use crate::form::{CellId, Edition, Kind, Presence, catalogue};
use crate::report::{Hash, JurisdictionCode, ReportYear, RevisionName, format_number};

use super::{AgencyFilter, Coverage, Tree};

/// `jurisdictions/{code}/frozenForms/{year}-{number}`; numbers count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrozenFormName {
    /// Whose sums they are, with all below it.
    pub jurisdiction: JurisdictionCode,
    /// Report year.
    pub year: ReportYear,
    /// From 1, for each jurisdiction and year.
    pub number: u32,
}

/// The sums that a computed form shows, as wide as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSums {
    edition: &'static Edition,
    /// One per cell of the catalogue; none where the form shows nothing.
    sums: Box<[Option<i128>]>,
}

impl ShownSums {
    /// What `sum` gives for each cell that the edition has.
    pub fn of(edition: &'static Edition, sum: impl Fn(CellId) -> Option<i128>) -> Self {
        let is_there = |cell: CellId| catalogue().presence(edition, cell) != Presence::Absent;
        let cells = catalogue().cells.iter().map(|cell| cell.id);
        Self { edition, sums: cells.map(|cell| if is_there(cell) { sum(cell) } else { None }).collect() }
    }

    /// The edition of the report year: it decides which cells there are.
    pub fn edition(&self) -> &'static Edition {
        self.edition
    }

    /// The sum, in the unit of the cell; none where the form shows nothing.
    pub fn get(&self, cell: CellId) -> Option<i128> {
        self.sums[cell.index()]
    }
}

/// A computed form that never changes again.
#[derive(Debug, Clone, PartialEq)]
pub struct FrozenForm {
    /// Its resource name.
    pub name: FrozenFormName,
    /// The jurisdiction's name when it was frozen.
    pub display_name: String,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    /// Whether 垂直管理 agencies are in the sums.
    pub include_vertical: bool,
    /// The sums, in the edition of the year.
    pub sums: ShownSums,
    /// How much of what was expected is in the sums.
    pub coverage: Coverage,
    /// Journal sequence that the sums are true as of.
    pub as_of: u64,
    /// Of the canonical content, which names every revision in the sums.
    pub content_hash: Hash,
    /// What it is for.
    pub note: String,
    /// Who froze it.
    pub actor: String,
    /// When the store took it.
    pub time: Timestamp,
    /// Place in the journal; 0 until it is stored.
    pub sequence: u64,
}

/// A revision in the sums, and the hash of its content.
pub type FrozenRevision = (RevisionName, Hash);

/// The text is no name of a frozen form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name has the form jurisdictions/{{code}}/frozenForms/{{year}}-{{number}}")]
pub struct FrozenFormNameError;

impl fmt::Display for FrozenFormName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/frozenForms/{}-{}", self.jurisdiction.name(), self.year, self.number)
    }
}

impl FromStr for FrozenFormName {
    type Err = FrozenFormNameError;

    fn from_str(text: &str) -> Result<Self, FrozenFormNameError> {
        let (jurisdiction, rest) = text.split_once("/frozenForms/").ok_or(FrozenFormNameError)?;
        let (year, number) = rest.split_once('-').ok_or(FrozenFormNameError)?;
        let name = Self {
            jurisdiction: JurisdictionCode::from_name(jurisdiction).map_err(|_| FrozenFormNameError)?,
            year: year.parse().map_err(|_| FrozenFormNameError)?,
            number: number.parse().map_err(|_| FrozenFormNameError)?,
        };
        // One name for one thing: no signs, no leading zeros.
        if name.number > 0 && name.to_string() == text { Ok(name) } else { Err(FrozenFormNameError) }
    }
}

const HEADER: &str = "huizong-form/1";

impl FrozenForm {
    /// The tree that it is added up over.
    pub fn tree(&self) -> Tree {
        if self.hierarchy_year == self.name.year { Tree::AsReported } else { Tree::Of(self.hierarchy_year) }
    }

    /// The agencies that are counted in it.
    pub fn filter(&self) -> AgencyFilter {
        AgencyFilter { kinds: Vec::new(), include_vertical: self.include_vertical }
    }

    /// UTF-8 lines, each ended by LF: what is summed over which tree as of when, every cell of the edition sorted by
    /// path byte by byte, then each revision in the sums with its hash, sorted by name.
    pub fn canonical_content(&self, revisions: &[FrozenRevision]) -> String {
        let mut content = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(
            content,
            "{HEADER}\nscope={}\nyear={}\nhierarchy={}\nvertical={}\nas_of={}\nedition={}\nexpected={}\nincluded={}",
            self.name.jurisdiction.name(),
            self.name.year,
            self.hierarchy_year,
            if self.include_vertical { "included" } else { "excluded" },
            self.as_of,
            self.sums.edition().id,
            self.coverage.expected,
            revisions.len(),
        );
        let cells = catalogue().cells_of(self.sums.edition());
        let mut cells: Vec<(&str, Kind, i128)> =
            cells.filter_map(|cell| Some((cell.path.as_str(), cell.kind, self.sums.get(cell.id)?))).collect();
        cells.sort_unstable_by_key(|(path, ..)| *path);
        for (path, kind, sum) in cells {
            let _ = writeln!(content, "{path}={}", format_number(kind, sum));
        }
        for (revision, hash) in revisions {
            let _ = writeln!(content, "revision={revision} {hash}");
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition;
    use crate::rollup::Counts;

    #[test]
    fn names_print_as_they_are_read() {
        let name = "jurisdictions/230000/frozenForms/2022-1";
        assert_eq!(name.parse::<FrozenFormName>().unwrap().to_string(), name);
        for bad in ["2022-0", "2022-01", "2022", "22-1", "2022-+1"] {
            assert!(format!("jurisdictions/230000/frozenForms/{bad}").parse::<FrozenFormName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_lines_that_are_hashed_are_as_documented() {
        let year = ReportYear::new(2022).unwrap();
        let sums = ShownSums::of(edition("format_2021").unwrap(), |cell| match catalogue().cell(cell).path.as_str() {
            "requests.received.total" => Some(7),
            "proactive_disclosure.administrative_fees" => Some(1_500_000),
            _ => None,
        });
        let form = FrozenForm {
            name: "jurisdictions/230000/frozenForms/2022-1".parse().unwrap(),
            display_name: "黑龙江省".to_owned(),
            hierarchy_year: year,
            include_vertical: false,
            sums,
            coverage: Coverage { year, expected: 2, vertical_excluded: 0, counts: Counts::default() },
            as_of: 41,
            content_hash: Hash::default(),
            note: String::new(),
            actor: String::new(),
            time: Timestamp::UNIX_EPOCH,
            sequence: 0,
        };
        let revision = "agencies/11341702486344515H/reports/2022/revisions/3".parse().unwrap();
        insta::assert_snapshot!(form.canonical_content(&[(revision, Hash::of(b"content"))]));
    }
}
