//! The life of an entry with ids in place of indices, to be shown to people and programs.

use crate::report::ReportYear;

use super::timeline::{Ending, Timeline, successors};
use super::{AgencyIndex, Entry, JurisdictionCode, JurisdictionIndex, Registry};

/// How an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndingKind {
    Abolished,
    Merged,
    Split,
}

/// The end of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeEnd {
    /// First report year in which it no longer exists.
    pub year: ReportYear,
    pub kind: EndingKind,
    /// What it passed into.
    pub successors: Vec<Entry>,
}

/// All that an entry was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Each name with its first year, oldest first.
    pub names: Vec<(ReportYear, String)>,
    /// Each parent with its first year, oldest first; none for a root.
    pub parents: Vec<(ReportYear, Option<JurisdictionCode>)>,
    pub end: Option<LifeEnd>,
}

impl Registry {
    pub fn jurisdiction_life(&self, index: JurisdictionIndex) -> Life {
        let time = self.jurisdiction_timeline(index);
        life(time, |parent| self.code(*parent), |at| Entry::Jurisdiction(self.jurisdiction(at).code.clone()))
    }

    pub fn agency_life(&self, index: AgencyIndex) -> Life {
        let time = self.agency_timeline(index);
        life(time, |home| self.code(Some(*home)), |at| Entry::Agency(self.agency(at).id.clone()))
    }

    fn code(&self, of: Option<JurisdictionIndex>) -> Option<JurisdictionCode> {
        of.map(|of| self.jurisdiction(of).code.clone())
    }
}

fn life<P, I: Copy>(
    time: &Timeline<P, I>,
    parent: impl Fn(&P) -> Option<JurisdictionCode>,
    entry: impl Fn(I) -> Entry,
) -> Life {
    Life {
        names: time.names.iter().map(|(year, name)| (year, name.clone())).collect(),
        parents: time.parents.iter().map(|(year, at)| (year, parent(at))).collect(),
        end: time.end.as_ref().map(|end| LifeEnd {
            year: end.year,
            kind: match end.how {
                Ending::Abolished => EndingKind::Abolished,
                Ending::Merged(_) => EndingKind::Merged,
                Ending::Split(_) => EndingKind::Split,
            },
            successors: successors(&end.how).iter().map(|at| entry(*at)).collect(),
        }),
    }
}
