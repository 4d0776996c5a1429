//! Resource names of reports and revisions: `agencies/{agency}/reports/{year}/revisions/{number}`.

use std::fmt;
use std::str::FromStr;

use super::{AgencyId, AgencyIdError, ReportYear, YearError};

/// Which report: one agency's, of one year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey {
    pub agency: AgencyId,
    pub year: ReportYear,
}

/// One revision of a report; numbers count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionName {
    pub report: ReportKey,
    pub number: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("the name has the form {0}")]
    Shape(&'static str),
    #[error(transparent)]
    Agency(#[from] AgencyIdError),
    #[error(transparent)]
    Year(#[from] YearError),
}

impl fmt::Display for ReportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agencies/{}/reports/{}", self.agency, self.year)
    }
}

impl FromStr for ReportKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let shape = NameError::Shape("agencies/{agency}/reports/{year}");
        let parts: Vec<_> = text.split('/').collect();
        let ["agencies", agency, "reports", year] = parts[..] else { return Err(shape) };
        Ok(Self { agency: agency.parse()?, year: year.parse()? })
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
        let shape = NameError::Shape("agencies/{agency}/reports/{year}/revisions/{number}");
        let Some((report, number)) = text.split_once("/revisions/") else { return Err(shape) };
        match number.parse() {
            Ok(parsed) if parsed > 0 && !number.starts_with(['0', '+']) => {
                Ok(Self { report: report.parse()?, number: parsed })
            }
            _ => Err(shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_they_are_read() {
        for name in ["agencies/abc/reports/2022/revisions/3", "agencies/11341702486344515H/reports/2022/revisions/1"] {
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
}
