//! The parts of a workbook and how they belong together: by the relations it states, not by the parts' usual names.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::super::Format;
use super::super::Limits;
use super::super::error::ReadError;
use super::super::package::{Package, attribute};
use super::sheet::Sheet;
use super::style::Styles;
use super::text::{RichText, shared_texts};
use super::{damaged, events};

/// Most sheets of a workbook.
const MAX_SHEETS: usize = 64;
/// Where the workbook is, by its usual name.
const WORKBOOK: &str = "xl/workbook.xml";

/// A sheet that was not read yet.
pub struct SheetPart {
    pub name: String,
    path: String,
    pub is_visible: bool,
}

/// A workbook that is open.
pub struct Book<'b> {
    package: Package<'b>,
    /// In the order of the workbook.
    pub sheets: Vec<SheetPart>,
    texts: Vec<RichText>,
    styles: Styles,
    /// What formulas give is computed when it is opened, whatever is kept of it.
    is_computed_anew: bool,
    /// Cells that may still be read.
    left: usize,
    max_cells: usize,
}

impl<'b> Book<'b> {
    /// Opens a workbook.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] and the errors of limits.
    pub fn open(bytes: &'b [u8], limits: &Limits) -> Result<Self, ReadError> {
        let mut package = Package::open(bytes, Format::Xlsx.name(), limits.max_unpacked_bytes)?;
        let main = relations(&mut package, "_rels/.rels", "")?;
        let main = main.into_values().find(|relation| relation.is("officeDocument"));
        let main = main.map_or_else(|| WORKBOOK.to_owned(), |relation| relation.path);
        let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let file = main.rsplit_once('/').map_or(main.as_str(), |(_, file)| file);
        let parts = relations(&mut package, &format!("{folder}/_rels/{file}.rels"), &folder)?;
        let book = package.part(&main)?.ok_or_else(|| damaged(format!("{main} is missing")))?;
        let path = |kind: &str, usual: &str| {
            let stated = parts.values().find(|relation| relation.is(kind)).map(|relation| relation.path.clone());
            stated.unwrap_or_else(|| format!("{folder}/{usual}"))
        };
        let texts = package.part(&path("sharedStrings", "sharedStrings.xml"))?;
        let texts = texts.map(|part| shared_texts(&part)).transpose()?.unwrap_or_default();
        let styles = package.part(&path("styles", "styles.xml"))?;
        let styles = styles.map(|part| Styles::parse(&part)).transpose()?.unwrap_or_default();
        let sheets = sheets(&book, &parts)?;
        let is_computed_anew = is_computed_anew(&book)?;
        Ok(Self {
            package,
            sheets,
            texts,
            styles,
            is_computed_anew,
            left: limits.max_cells,
            max_cells: limits.max_cells,
        })
    }

    /// Doubts of a sheet what programs write that compute nothing: nought, to be computed when it is opened.
    pub fn doubt_uncomputed(&self, sheet: &mut Sheet) {
        if self.is_computed_anew {
            sheet.doubt_noughts_of_formulas();
        }
    }

    /// The cells of a sheet by its number from 0; none where its part is not there.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn sheet(&mut self, number: usize) -> Result<Option<Sheet>, ReadError> {
        let Some(part) = self.sheets.get(number) else { return Ok(None) };
        let Some(part) = self.package.part(&part.path)? else { return Ok(None) };
        Sheet::parse(&part, &self.texts, &self.styles, &mut self.left, self.max_cells).map(Some)
    }
}

/// Whether a workbook has formulas computed when it is opened.
fn is_computed_anew(book: &str) -> Result<bool, ReadError> {
    let mut found = false;
    events(book, |event| {
        if let Event::Start(element) = &event
            && element.local_name().as_ref() == "calcPr"
        {
            found |= attribute(element, "fullCalcOnLoad").is_some_and(|value| value == "1" || value == "true");
        }
        Ok(())
    })?;
    Ok(found)
}

/// What a part refers to.
struct Relation {
    kind: String,
    path: String,
}

impl Relation {
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

fn relations(package: &mut Package<'_>, name: &str, folder: &str) -> Result<HashMap<String, Relation>, ReadError> {
    let mut found = HashMap::new();
    let Some(part) = package.part(name)? else { return Ok(found) };
    events(&part, |event| {
        if let Event::Start(element) = &event
            && let (Some(id), Some(target)) = (attribute(element, "Id"), attribute(element, "Target"))
        {
            let kind = attribute(element, "Type").unwrap_or_default();
            found.insert(id, Relation { kind, path: resolved(folder, &target) });
        }
        Ok(())
    })?;
    Ok(found)
}

/// The path of a part that is named from within a folder.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let whole = target.strip_prefix('/').map_or_else(|| format!("{folder}/{target}"), str::to_owned);
    let mut path: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

fn sheets(book: &str, parts: &HashMap<String, Relation>) -> Result<Vec<SheetPart>, ReadError> {
    let mut sheets = Vec::new();
    events(book, |event| {
        if let Event::Start(element) = &event
            && element.local_name().as_ref() == "sheet"
            && let Some(relation) = attribute(element, "id").and_then(|id| parts.get(&id))
        {
            sheets.push(SheetPart {
                name: attribute(element, "name").unwrap_or_default(),
                path: relation.path.clone(),
                is_visible: attribute(element, "state").is_none_or(|state| state == "visible"),
            });
        }
        match sheets.len() > MAX_SHEETS {
            true => Err(damaged(format!("more than {MAX_SHEETS} sheets"))),
            false => Ok(()),
        }
    })?;
    Ok(sheets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_from_the_part_that_names_them() {
        for (folder, target, path) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/strings.xml", "xl/strings.xml"),
            ("xl", "../a\\b.xml", "a/b.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
        ] {
            assert_eq!(resolved(folder, target), path);
        }
    }
}
