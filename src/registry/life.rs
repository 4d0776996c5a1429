//! The life of an entry with ids in place of indices, to be shown to people and programs.

use crate::report::{Hash, ReportYear};

use super::timeline::{Ending, Timeline, successors};
use super::{AgencyIndex, Entry, JurisdictionCode, JurisdictionIndex, Nature, Registry};

/// How an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndingKind {
    /// Nothing followed it.
    Abolished,
    /// It passed into one successor, with its members and its earlier figures.
    Merged,
    /// Several followed it; its earlier figures stay with it.
    Split,
    /// It was another one all along.
    Joined,
    /// It never existed.
    Voided,
}

/// The end of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeEnd {
    /// First report year in which it no longer exists.
    pub year: ReportYear,
    /// How.
    pub kind: EndingKind,
    /// What it passed into.
    pub successors: Vec<Entry>,
}

/// All that an entry was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Each name that it ever had with its first year, oldest first.
    pub names: Vec<(ReportYear, String)>,
    /// Each parent that it ever belonged to with its first year, oldest first; none for a root.
    pub parents: Vec<(ReportYear, Option<JurisdictionCode>)>,
    /// Each nature that an agency ever had with its first year, oldest first.
    pub natures: Vec<(ReportYear, Nature)>,
    /// Years in which an agency that was joined to this one stands for it.
    pub stood_for: Vec<ReportYear>,
    /// None while it exists.
    pub end: Option<LifeEnd>,
}

impl Life {
    /// A text that is another one once anything of the entry is.
    pub fn etag(&self) -> String {
        // Written for comparison only: nothing is ever read back from it.
        let mut digest = Hash::of(format!("{self:?}").as_bytes()).to_string();
        digest.truncate(ETAG_CHARACTERS);
        digest
    }
}

const ETAG_CHARACTERS: usize = 16;

impl Registry {
    /// All that a jurisdiction was.
    pub(crate) fn jurisdiction_life(&self, index: JurisdictionIndex) -> Life {
        let time = self.jurisdiction_timeline(index);
        life(time, |parent| self.code(*parent), |at| Entry::Jurisdiction(self.jurisdiction(at).code.clone()))
    }

    /// All that an agency was.
    pub(crate) fn agency_life(&self, index: AgencyIndex) -> Life {
        let time = self.agency_timeline(index);
        let life = life(time, |home| self.code(Some(*home)), |at| Entry::Agency(self.agency(at).id.clone()));
        let natures = self.natures(index).iter().filter(|(year, _)| time.ended_by(*year).is_none());
        Life {
            natures: natures.map(|(year, nature)| (year, *nature)).collect(),
            stood_for: time.stood_for.iter().copied().collect(),
            ..life
        }
    }

    fn code(&self, of: Option<JurisdictionIndex>) -> Option<JurisdictionCode> {
        of.map(|of| self.jurisdiction(of).code.clone())
    }
}

fn life<P: PartialEq, I: Copy>(
    time: &Timeline<P, I>,
    parent: impl Fn(&P) -> Option<JurisdictionCode>,
    entry: impl Fn(I) -> Entry,
) -> Life {
    // What was to hold from the year of the end on never comes into force.
    let lives = |year: ReportYear| time.ended_by(year).is_none();
    let names = time.names.iter().filter(|(year, _)| lives(*year));
    let parents = time.parents.iter().filter(|(year, _)| lives(*year));
    Life {
        names: names.map(|(year, name)| (year, name.clone())).collect(),
        parents: parents.map(|(year, at)| (year, parent(at))).collect(),
        natures: Vec::new(),
        stood_for: Vec::new(),
        end: time.end.as_ref().map(|end| LifeEnd {
            year: end.year,
            kind: match end.how {
                _ if time.joined.is_some() => EndingKind::Joined,
                _ if time.is_void() => EndingKind::Voided,
                Ending::Abolished => EndingKind::Abolished,
                Ending::Merged(_) => EndingKind::Merged,
                Ending::Split(_) => EndingKind::Split,
            },
            successors: successors(&end.how).iter().map(|at| entry(*at)).collect(),
        }),
    }
}
