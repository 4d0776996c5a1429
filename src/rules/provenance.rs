//! Whether the document is the report that is meant, and the figures are its own.

use std::collections::BTreeSet;

use crate::form::{CellId, catalogue};
use crate::report::{Completed, DocumentSource, Figures, Message, ReportKey, ReportYear, ReporterNames};

use super::engine::Case;

/// The document that a report was read from, and whom the report is of.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// What the document says of itself.
    pub source: &'a DocumentSource,
    /// Names of the agency or government; none where they are not known, as for a document read offline.
    pub names: Option<&'a ReporterNames>,
    /// The id that the report is handed in for, where it is an agency's.
    pub agency: Option<&'a str>,
}

/// Years that the document or its file's name says, where one is not the report's.
pub(super) fn other_year(case: &Case<'_>) -> Option<Message> {
    let source = case.document?.source;
    let printed: BTreeSet<ReportYear> = source.years.iter().copied().collect();
    let is_other = |year: &ReportYear| *year != case.year;
    let file: BTreeSet<ReportYear> = source.file_years().into_iter().collect();
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    let listed = |years: &BTreeSet<ReportYear>, separator| {
        years.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
    };
    if printed.iter().any(is_other) {
        zh.push(format!("文件写明的年度是{}{}", listed(&printed, "、"), titled(source, ["（“", "”）"])));
        en.push(format!("the document says {}{}", listed(&printed, " and "), titled(source, [" (“", "”)"])));
    }
    if file.iter().any(is_other) {
        zh.push(format!("文件名“{}”写的是{}年", source.file_name, listed(&file, "、")));
        en.push(format!("the file's name, “{}”, says {}", source.file_name, listed(&file, " and ")));
    }
    if zh.is_empty() {
        return None;
    }
    let year = case.year;
    Some(Message {
        zh: format!("报送的是{year}年度报告，而{}。", zh.join("，")),
        en: format!("The report is handed in for {year}, but {}.", en.join(" and ")),
    })
}

/// Names of other agencies that the document or its file's name says.
pub(super) fn other_agency(case: &Case<'_>) -> Option<Message> {
    let Document { source, names, agency } = case.document?;
    let printed = Some(&source.agency).filter(|printed| names.is_some_and(|names| !names.may_be(printed)));
    let file = source.file_agency().map(|id| id.to_string());
    let file = file.filter(|id| agency.is_some_and(|agency| !agency.eq_ignore_ascii_case(id)));
    let own = names.and_then(|names| names.names.first()).map_or(agency.unwrap_or_default(), String::as_str);
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    if let Some(printed) = printed {
        zh.push(format!("文件写明的单位是“{printed}”{}", titled(source, ["（“", "”）"])));
        en.push(format!("the document says “{printed}”{}", titled(source, [" (“", "”)"])));
    }
    if let Some(id) = file {
        zh.push(format!("文件名“{}”所写的单位是{id}", source.file_name));
        en.push(format!("the file's name, “{}”, says {id}", source.file_name));
    }
    if zh.is_empty() {
        return None;
    }
    Some(Message {
        zh: format!("报送单位是“{own}”，而{}。", zh.join("，")),
        en: format!("The report is handed in for “{own}”, but {}.", en.join(" and ")),
    })
}

fn titled(source: &DocumentSource, [open, close]: [&str; 2]) -> String {
    if source.title.is_empty() { String::new() } else { format!("{open}{}{close}", source.title) }
}

/// Figures other than zero, blank totals being computed.
fn figures_of(figures: &Figures, completed: &Completed) -> Vec<(CellId, i128)> {
    let cells = catalogue().cells_of(figures.edition()).map(|info| (info.id, completed.value(info.id)));
    cells.filter(|(_, value)| *value != 0).collect()
}

/// A number that equal figures share, other than zero, of which there are `least` or more.
pub fn figures_digest(figures: &Figures, completed: &Completed, least: usize) -> Option<u64> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let figures = figures_of(figures, completed);
    if figures.len() < least {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    figures.hash(&mut hasher);
    Some(hasher.finish())
}

/// The reports all of whose figures, of which there are `least` or more, are this one's; one finding each for the last
/// year's and for this year's.
pub(super) fn reused(case: &Case<'_>, least: usize) -> Vec<Message> {
    if case.figures.unread_cells().next().is_some() {
        return Vec::new();
    }
    let own = figures_of(case.figures, case.completed);
    if own.len() < least {
        return Vec::new();
    }
    let mut years = BTreeSet::new();
    let equal = case.others_figures.iter().filter(|(_, other)| figures_of(other, &other.complete()) == own);
    equal.filter(|(key, _)| years.insert(key.year)).map(|(key, _)| same(key, own.len())).collect()
}

fn same(key: &ReportKey, count: usize) -> Message {
    Message {
        zh: format!("{count}个不为零的数字与{key}全部相同。"),
        en: format!("All {count} figures other than zero are those of {key}."),
    }
}
