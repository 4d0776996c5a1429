//! Resource names of reports and revisions: `agencies/{id}/reports/{year}/revisions/{number}` for an agency's own
//! report, `jurisdictions/{code}/reports/{year}/…` for the consolidated report that a government publishes.

use std::fmt;
use std::str::FromStr;

use super::{AgencyId, AgencyIdError, JurisdictionCode, JurisdictionCodeError, Message, ReportYear, YearError};

/// Whose report it is. The two are different things: a consolidated report is never added to a sum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReportOwner {
    /// An agency reports its own figures.
    Agency(AgencyId),
    /// A government publishes the consolidated figures of its jurisdiction.
    Jurisdiction(JurisdictionCode),
}

impl ReportOwner {
    /// Its sort.
    pub fn sort(&self) -> Owners {
        match self {
            Self::Agency(_) => Owners::Agencies,
            Self::Jurisdiction(_) => Owners::Jurisdictions,
        }
    }

    /// The agency's id or the jurisdiction's code.
    pub fn id(&self) -> &str {
        match self {
            Self::Agency(id) => id.as_str(),
            Self::Jurisdiction(code) => code.as_str(),
        }
    }
}

/// Whose reports: the sort of their owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owners {
    /// Own reports of agencies.
    Agencies,
    /// Consolidated reports of governments.
    Jurisdictions,
}

/// Which report: one owner's, of one year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey {
    /// Who reports.
    pub owner: ReportOwner,
    /// What the report is about, not when it is published.
    pub year: ReportYear,
}

impl ReportKey {
    /// An agency's own report.
    pub fn of_agency(agency: AgencyId, year: ReportYear) -> Self {
        Self { owner: ReportOwner::Agency(agency), year }
    }

    /// A government's consolidated report.
    pub fn of_jurisdiction(code: JurisdictionCode, year: ReportYear) -> Self {
        Self { owner: ReportOwner::Jurisdiction(code), year }
    }

    /// The agency whose own report it is.
    pub fn agency(&self) -> Option<&AgencyId> {
        match &self.owner {
            ReportOwner::Agency(id) => Some(id),
            ReportOwner::Jurisdiction(_) => None,
        }
    }

    /// The jurisdiction whose consolidated report it is.
    pub fn jurisdiction(&self) -> Option<&JurisdictionCode> {
        match &self.owner {
            ReportOwner::Agency(_) => None,
            ReportOwner::Jurisdiction(code) => Some(code),
        }
    }
}

/// One revision of a report; numbers count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionName {
    /// The report that it is of.
    pub report: ReportKey,
    /// From 1, without gaps.
    pub number: u32,
}

/// Why a text is no resource name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has not the form of a report's name.
    #[error("a report is named agencies/{{agency}}/reports/{{year}} or jurisdictions/{{code}}/reports/{{year}}")]
    Report,
    /// It has not the form of a revision's name, or its number is none.
    #[error("a revision is named like its report, followed by /revisions/{{number}}")]
    Revision,
    /// It does not begin with `agencies/`.
    #[error("an agency is named agencies/{{agency}}")]
    AgencyName,
    /// The form is right, and the agency's id is none.
    #[error(transparent)]
    Agency(#[from] AgencyIdError),
    /// The form is right, and the jurisdiction's code is none.
    #[error(transparent)]
    Jurisdiction(#[from] JurisdictionCodeError),
    /// The form is right, and the year is none.
    #[error(transparent)]
    Year(#[from] YearError),
}

impl NameError {
    /// In both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Report => "报告名称形如 agencies/{agency}/reports/{year} 或 jurisdictions/{code}/reports/{year}",
            Self::Revision => "版本名称为报告名称后接 /revisions/{number}",
            Self::AgencyName => "机构名称形如 agencies/{agency}",
            Self::Agency(error) => return error.message(),
            Self::Jurisdiction(error) => return error.message(),
            Self::Year(error) => return error.message(),
        };
        Message::new(zh, self.to_string())
    }
}

impl fmt::Display for ReportOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agency(id) => write!(f, "agencies/{id}"),
            Self::Jurisdiction(code) => f.write_str(&code.name()),
        }
    }
}

impl fmt::Display for ReportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/reports/{}", self.owner, self.year)
    }
}

impl FromStr for ReportKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts: Vec<_> = text.split('/').collect();
        let (owner, year) = match parts[..] {
            ["agencies", agency, "reports", year] => (ReportOwner::Agency(agency.parse()?), year),
            ["jurisdictions", code, "reports", year] => (ReportOwner::Jurisdiction(code.parse()?), year),
            _ => return Err(NameError::Report),
        };
        Ok(Self { owner, year: year.parse()? })
    }
}

impl fmt::Display for RevisionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/revisions/{}", self.report, self.number)
    }
}

impl FromStr for RevisionName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (report, number) = text.split_once("/revisions/").ok_or(NameError::Revision)?;
        match number.parse() {
            Ok(parsed) if parsed > 0 && !number.starts_with(['0', '+']) => {
                Ok(Self { report: report.parse()?, number: parsed })
            }
            _ => Err(NameError::Revision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_they_are_read() {
        for name in [
            "agencies/abc/reports/2022/revisions/3",
            "agencies/11341702486344515H/reports/2022/revisions/1",
            "jurisdictions/230100/reports/2022/revisions/2",
        ] {
            assert_eq!(name.parse::<RevisionName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for name in
            ["", "agencies/abc", "agencies/abc/reports/22", "agencies//reports/2022", "agencies/abc/reports/2022/x"]
        {
            assert!(name.parse::<ReportKey>().is_err(), "{name}");
        }
        for number in ["0", "01", "+1", "-1", "x", ""] {
            assert!(format!("agencies/abc/reports/2022/revisions/{number}").parse::<RevisionName>().is_err());
        }
    }

    #[test]
    fn what_is_wrong_with_a_name_is_told_in_each_language_alone() {
        let no_word =
            |text: &str| text.split(|c: char| !c.is_ascii_alphabetic()).all(|word| word != "the" && word != "a");
        for name in [
            "agencies/abc",
            "agencies/A/reports/2022",
            "agencies/11341702486344515O/reports/2022",
            "agencies/11341702486344515J/reports/2022",
            "agencies/113417024863445150/reports/2022",
            "jurisdictions/23/reports/2022",
            "agencies/abc/reports/22",
            "agencies/abc/reports/2022/revisions/0",
        ] {
            let error = name.parse::<ReportKey>().err().or_else(|| name.parse::<RevisionName>().err());
            let message = error.expect(name).message();
            assert!(no_word(&message.zh) && !message.zh.is_ascii(), "{name}: {}", message.zh);
            assert!(message.en.is_ascii(), "{name}: {}", message.en);
        }
    }
}
