//! What a document says of which report it is: compared with the report that it is handed in for, never taken for it.

use super::year::years_in;
use super::{AgencyId, ReportYear};

/// What a document and the name of its file say of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentSource {
    /// Without folders; empty where it is not known.
    pub file_name: String,
    /// As printed; empty where there is none.
    pub title: String,
    /// Every report year that is printed: in the title, the opening sentences, the period of the figures.
    pub years: Vec<ReportYear>,
    /// Whose report it is, as the title or the opening sentence says; empty where they do not.
    pub agency: String,
}

impl DocumentSource {
    /// The year that the file's name says, or both of a range: `…2022年…`, `2021-2022年`, `AGENCY-2022`, or the only number of it. A date is none,
    /// for it is that of publication.
    pub fn file_years(&self) -> Vec<ReportYear> {
        let stem = self.file_stem();
        if let Some((_, year)) = self.file_key() {
            return vec![year];
        }
        // 2023年1月 is when it was published.
        let years = years_in(stem, |after| after.starts_with(|c: char| c.is_ascii_digit()));
        if years.is_empty() { only_number(stem).into_iter().collect() } else { years }
    }

    /// The agency whose id the file's name begins with, where it is called `AGENCY-YEAR…`.
    pub fn file_agency(&self) -> Option<AgencyId> {
        self.file_key().map(|(agency, _)| agency)
    }

    fn file_key(&self) -> Option<(AgencyId, ReportYear)> {
        let (agency, rest) = self.file_stem().split_once('-').filter(|(agency, _)| agency.len() >= AGENCY_BYTES_MIN)?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some((agency.parse().ok()?, rest.get(..digits)?.parse().ok()?))
    }

    fn file_stem(&self) -> &str {
        self.file_name.rsplit_once('.').map_or(&*self.file_name, |(stem, _)| stem)
    }
}

/// The year that is the only number of a text: in a name with several, one may be of a date or a version.
fn only_number(text: &str) -> Option<ReportYear> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let number = numbers.next().filter(|digits| digits.len() == 4)?;
    if numbers.next().is_some() { None } else { number.parse().ok() }
}

/// Shortest beginning of a file's name that is taken for an agency's id: a unified social credit code. Shorter ones are
/// words as often as ids.
const AGENCY_BYTES_MIN: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(file_name: &str) -> DocumentSource {
        DocumentSource { file_name: file_name.to_owned(), ..DocumentSource::default() }
    }

    #[test]
    fn the_files_name_says_a_year_where_it_names_one_and_no_date() {
        for (name, year) in [
            ("市财政局2022年政府信息公开工作年度报告.docx", &[2022][..]),
            ("2022年度报告.pdf", &[2022]),
            ("市财政局2021-2022年报告.pdf", &[2021, 2022]),
            ("2021年至2022年报告.pdf", &[2021, 2022]),
            ("11341702486344515H-2021.docx", &[2021]),
            ("11341702486344515H-2021-2.docx", &[2021]),
            ("2023年1月发布.docx", &[]),
            ("2023-01-15报告.docx", &[]),
            ("20230115.html", &[]),
            ("市财政局-2022.pdf", &[2022]),
            ("2022.pdf", &[2022]),
            ("附件2-2022.pdf", &[]),
            ("会议室1203.pdf", &[]),
            ("年报.docx", &[]),
            ("22年.docx", &[]),
            ("", &[]),
        ] {
            let years: Vec<u16> = named(name).file_years().into_iter().map(ReportYear::get).collect();
            assert_eq!(years, year, "{name}");
        }
        assert_eq!(named("11341702486344515H-2021.docx").file_agency().unwrap().to_string(), "11341702486344515H");
        assert_eq!(named("annual-2021.docx").file_agency(), None);
    }
}
