//! The parts of an OFD and how they name each other: from the root with `/`, else from the folder of the part that names
//! them, and by some writers from the root without.

use super::super::Format;
use super::super::error::ReadError;
use super::super::package::Package;
use super::element::Element;

/// An OFD that is open.
pub struct Parts<'b> {
    package: Package<'b>,
}

impl<'b> Parts<'b> {
    /// Opens an archive of which at most `limit` bytes are unpacked.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where it is none, [`ReadError::Protected`].
    pub fn open(bytes: &'b [u8], limit: u64) -> Result<Self, ReadError> {
        let package = Package::open(bytes, Format::Ofd.name(), limit)?;
        // What is encrypted (GM/T 0099) has a list of what its parts were.
        if package.names().any(|name| name.to_ascii_lowercase().contains("encrypt")) {
            return Err(ReadError::Protected { format: Format::Ofd.name() });
        }
        Ok(Self { package })
    }

    /// A part with its path, as it is named in another; none where there is no such part.
    ///
    /// # Errors
    /// As [`Package::bytes`] and [`Element::parse`].
    pub fn part(&mut self, from: &str, place: &str) -> Result<Option<(String, Element)>, ReadError> {
        for path in paths(from, place) {
            if let Some(text) = self.package.part(&path)? {
                return Ok(Some((path, Element::parse(&text)?)));
            }
        }
        Ok(None)
    }

    /// A part that has to be there.
    ///
    /// # Errors
    /// As [`Parts::part`]; [`ReadError::Damaged`] where it is not there.
    pub fn required(&mut self, from: &str, place: &str) -> Result<(String, Element), ReadError> {
        let missing = || ReadError::damaged(Format::Ofd.name(), format!("{place} is missing"));
        self.part(from, place)?.ok_or_else(missing)
    }

    /// A part that is no XML.
    ///
    /// # Errors
    /// As [`Package::bytes`].
    pub fn bytes(&mut self, from: &str, place: &str) -> Result<Option<Vec<u8>>, ReadError> {
        for path in paths(from, place) {
            if let Some(bytes) = self.package.bytes(&path)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// Where a part may be that another names.
fn paths(from: &str, place: &str) -> Vec<String> {
    let place = place.trim().replace('\\', "/");
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let from_root = cleaned("", &place);
    match place.starts_with('/') {
        true => vec![from_root],
        false => vec![cleaned(folder, &place), from_root],
    }
}

/// A path in a folder without `.` and `..`.
fn cleaned(folder: &str, place: &str) -> String {
    let mut steps = Vec::new();
    for step in folder.split('/').chain(place.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_from_their_folder_or_from_the_root() {
        assert_eq!(paths("Doc_0/Document.xml", "/Doc_0/P/a.xml"), ["Doc_0/P/a.xml"]);
        assert_eq!(paths("Doc_0/Document.xml", "P/a.xml"), ["Doc_0/P/a.xml", "P/a.xml"]);
        assert_eq!(paths("Doc_0/P/a.xml", "..\\Res.xml")[0], "Doc_0/Res.xml");
        assert_eq!(paths("/", "../../OFD.xml")[0], "OFD.xml");
    }
}
