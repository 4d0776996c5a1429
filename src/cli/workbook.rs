//! A filled workbook on its way in, and the same workbook with its findings on the way back.

use std::path::{Path, PathBuf};

use crate::document::exchange::ReportEntry;
use crate::document::template::{Mark, Returned, write_with_marks};
use crate::pb;
use crate::report::{AgencyId, ReportKey, ReportYear};
use crate::wire::{finding_from_wire, submission_from_entry};

use super::both;
use super::documents::archive_of;
use super::failure::said_at;
use super::language::told;

/// Between a file's own name and the number of its copy.
const SUFFIX: &str = ".findings";

/// A workbook that was read, and where it lies.
pub(crate) struct Workbook {
    path: PathBuf,
    returned: Returned,
}

impl Workbook {
    /// Takes a workbook that was read, and makes its report. `agency` and `year`, where given, must be the workbook's own.
    ///
    /// Cells that hold no figure are marked in a copy, and the copy is named.
    pub(crate) fn take(
        path: &Path,
        returned: Returned,
        agency: Option<&AgencyId>,
        year: Option<ReportYear>,
    ) -> Result<(Self, pb::SubmitReportRequest), String> {
        let place = path.display();
        let template = &returned.template;
        let is_meant = agency.is_none_or(|id| *id == template.agency) && year.is_none_or(|year| year == template.year);
        if !is_meant {
            let (agency, year) = (&template.agency, template.year);
            let why = told(
                &format!("工作簿属于 {agency} 的{year}年度报告，与所给 --agency、--year 不符"),
                &format!("the workbook is for {agency}, {year}, and not as --agency and --year say"),
                "\n  ",
            );
            return Err(format!("{place}: {why}"));
        }
        let entry = ReportEntry {
            report: ReportKey::of_agency(template.agency.clone(), template.year),
            figures: returned.figures.clone(),
            answers: returned.answers.clone(),
            narrative: returned.narrative.clone(),
            reason: String::new(),
        };
        let workbook = Self { path: path.to_owned(), returned };
        if workbook.returned.faults.is_empty() {
            return Ok((workbook, submission_from_entry(&entry)));
        }
        let marks: Vec<Mark> = workbook.returned.faults.iter().map(Mark::from).collect();
        let faults: Vec<_> = workbook.returned.faults.iter().map(|fault| both(&fault.message)).collect();
        Err(format!("{place}\n{}\n{}", faults.join("\n"), workbook.give_back(&marks)))
    }

    /// Writes the copy with the findings of a refusal; says where it is.
    pub(crate) fn refused(&self, problem: &pb::Problem) -> Option<String> {
        let findings: Vec<_> = problem.findings.iter().filter_map(finding_from_wire).collect();
        let marks: Vec<_> = findings.iter().map(Mark::from).collect();
        (!marks.is_empty()).then(|| self.give_back(&marks))
    }

    fn give_back(&self, marks: &[Mark]) -> String {
        // One from an archive is laid beside that.
        let own = match (archive_of(&self.path), self.path.file_name()) {
            (Some(archive), Some(name)) => archive.with_file_name(name),
            _ => self.path.clone(),
        };
        let path = copy_path(&own);
        let written = write_with_marks(&self.returned, marks).map_err(|error| said_at(path.display(), &error));
        match written.and_then(|bytes| std::fs::write(&path, bytes).map_err(|error| said_at(path.display(), &error))) {
            Ok(()) => {
                let path = path.display();
                format!("  {}: {path}\n", told("标出问题的工作簿", "the workbook with its findings marked", " "))
            }
            Err(text) => format!("  {text}\n"),
        }
    }
}

/// `filled.findings.xlsx` for `filled.xlsx`, and `filled.findings-2.xlsx` for that one: what was handed in stays.
fn copy_path(path: &Path) -> PathBuf {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = match stem.rsplit_once(SUFFIX) {
        Some((own, "")) => format!("{own}{SUFFIX}-2"),
        Some((own, number)) => match number.strip_prefix('-').and_then(|number| number.parse::<u32>().ok()) {
            Some(number) => format!("{own}{SUFFIX}-{}", number.saturating_add(1)),
            None => format!("{stem}{SUFFIX}"),
        },
        None => format!("{stem}{SUFFIX}"),
    };
    path.with_file_name(format!("{name}.xlsx"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_never_takes_the_name_of_what_was_handed_in() {
        for (name, copy) in [
            ("a/filled.xlsx", "a/filled.findings.xlsx"),
            ("filled.findings.xlsx", "filled.findings-2.xlsx"),
            ("filled.findings-2.xlsx", "filled.findings-3.xlsx"),
            ("x.findings-old.xlsx", "x.findings-old.findings.xlsx"),
        ] {
            assert_eq!(copy_path(Path::new(name)), Path::new(copy));
        }
    }
}
