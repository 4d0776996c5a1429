//! Archives of many documents: ZIP, and TAR packed with gzip or not. Their files are handed out one by one; each is
//! unpacked only when it is asked for, and no further than a document may be large.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::Path;

use encoding_rs::GB18030;
use flate2::read::GzDecoder;
use zip::ZipArchive;

use super::read::{Limits, ReadError};

/// Most files of an archive.
const MAX_MEMBERS: usize = 20_000;
/// Bytes of a block of a TAR, and the longest name in it.
const BLOCK: usize = 512;
const MAX_NAME: u64 = 4_096;
/// Most bytes that a TAR is unpacked to.
const MAX_TAR_BYTES: u64 = 8 << 30;
/// Parts of the documents that are archives themselves.
const DOCUMENTS: &[&str] = &["[Content_Types].xml", "OFD.xml", "mimetype"];

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// With its folders, divided by `/`.
    pub name: String,
    /// Where in the archive it is.
    number: usize,
}

/// An archive that is open.
pub enum Archive {
    /// A ZIP, with the files in it.
    Zip(Box<ZipArchive<BufReader<File>>>, Vec<Member>),
    /// A TAR, packed with gzip or not.
    Tar(Tar),
}

/// What an archive by its name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    TarGz,
}

fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let kinds = [(".zip", Kind::Zip), (".tar", Kind::Tar), (".tar.gz", Kind::TarGz), (".tgz", Kind::TarGz)];
    kinds.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, kind)| kind)
}

/// Endings of archives, for people.
pub const ENDINGS: &[&str] = &["zip", "tar", "tar.gz", "tgz"];

/// Whether a file is an archive of documents, by its name.
pub fn is_archive(path: &Path) -> bool {
    kind(path).is_some()
}

fn damaged(error: impl ToString) -> ReadError {
    ReadError::damaged("ZIP/TAR", error)
}

impl Archive {
    /// Opens an archive.
    ///
    /// # Errors
    /// Where it cannot be read, is none, or holds too many files.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(damaged)?;
        match kind(path) {
            Some(Kind::Tar) => Tar::open(file, false).map(Self::Tar),
            Some(Kind::TarGz) => Tar::open(file, true).map(Self::Tar),
            _ => {
                let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
                if archive.len() > MAX_MEMBERS {
                    return Err(too_many());
                }
                let members = members(&mut archive)?;
                Ok(Self::Zip(Box::new(archive), members))
            }
        }
    }

    /// Its files in order, without folders and hidden ones. None of a document that is an archive itself.
    pub fn members(&self) -> &[Member] {
        match self {
            Self::Zip(_, members) => members,
            Self::Tar(tar) => &tar.members,
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] beyond what a document may have, [`ReadError::Protected`], [`ReadError::Damaged`].
    pub fn read(&mut self, member: &Member, limits: &Limits) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Zip(archive, _) => {
                let file = archive.by_index(member.number).map_err(|error| match error {
                    zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                        ReadError::Protected { format: "ZIP" }
                    }
                    error => damaged(error),
                })?;
                bounded(file, limits)
            }
            Self::Tar(tar) => tar.read(member, limits),
        }
    }
}

fn too_many() -> ReadError {
    damaged(format!("more than {MAX_MEMBERS} files"))
}

/// What is read, up to what a document may have.
fn bounded(from: impl Read, limits: &Limits) -> Result<Vec<u8>, ReadError> {
    let limit = limits.max_bytes;
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() > limit { Err(ReadError::TooLarge { bytes: bytes.len(), limit }) } else { Ok(bytes) }
}

fn members(archive: &mut ZipArchive<BufReader<File>>) -> Result<Vec<Member>, ReadError> {
    let mut members = Vec::new();
    for number in 0..archive.len() {
        let file = archive.by_index_raw(number).map_err(damaged)?;
        let name = name_of(file.name_raw());
        if DOCUMENTS.contains(&name.as_str()) {
            return Ok(Vec::new());
        }
        if !file.is_dir() && is_shown(&name) {
            members.push(Member { name, number });
        }
    }
    Ok(members)
}

/// A name in UTF-8, or as Chinese programs write it.
fn name_of(bytes: &[u8]) -> String {
    let name = match std::str::from_utf8(bytes) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    };
    name.replace('\\', "/")
}

/// Whether a file is meant: no hidden one, and none that a system adds.
fn is_shown(name: &str) -> bool {
    let is_hidden = |step: &str| step.starts_with('.') || step == "__MACOSX";
    !name.is_empty() && !name.ends_with('/') && !name.split('/').any(is_hidden)
}

/// A TAR, of which the files are found once and read again when they are asked for.
pub struct Tar {
    file: File,
    is_packed: bool,
    members: Vec<Member>,
    /// Read up to the file of this number: what is asked for in order is unpacked once.
    open: Option<(usize, Entries)>,
}

impl Tar {
    fn open(file: File, is_packed: bool) -> Result<Self, ReadError> {
        let mut tar = Self { file, is_packed, members: Vec::new(), open: None };
        let mut entries = Entries::of(tar.unpacked()?);
        let mut number = 0;
        while let Some(entry) = entries.next()? {
            if entry.is_file && is_shown(&entry.name) {
                tar.members.push(Member { name: entry.name, number });
            }
            number += 1;
            if number > MAX_MEMBERS {
                return Err(too_many());
            }
        }
        Ok(tar)
    }

    fn unpacked(&mut self) -> Result<Box<dyn Read + Send>, ReadError> {
        self.file.rewind().map_err(damaged)?;
        let file = BufReader::new(self.file.try_clone().map_err(damaged)?);
        let unpacked: Box<dyn Read + Send> =
            if self.is_packed { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
        Ok(Box::new(unpacked.take(MAX_TAR_BYTES)))
    }

    fn read(&mut self, member: &Member, limits: &Limits) -> Result<Vec<u8>, ReadError> {
        let (mut number, mut entries) = match self.open.take() {
            Some((number, entries)) if number <= member.number => (number, entries),
            _ => (0, Entries::of(self.unpacked()?)),
        };
        while entries.next()?.is_some() {
            number += 1;
            if number > member.number {
                let mut content = (&mut entries.from).take(entries.left);
                let bytes = bounded(&mut content, limits);
                entries.left = content.limit();
                self.open = Some((number, entries));
                return bytes;
            }
        }
        Err(damaged(format!("{} is not there any more", member.name)))
    }
}

struct Entry {
    name: String,
    is_file: bool,
}

/// The files of a TAR as they come (POSIX 1003.1, ustar and pax; longer names as GNU writes them).
struct Entries {
    from: Box<dyn Read + Send>,
    /// Bytes of the file that were not read, and those that fill its last block.
    left: u64,
    filling: u64,
}

impl Entries {
    fn of(from: Box<dyn Read + Send>) -> Self {
        Self { from, left: 0, filling: 0 }
    }

    fn next(&mut self) -> Result<Option<Entry>, ReadError> {
        let mut longer: Option<String> = None;
        loop {
            let rest = self.left + self.filling;
            io::copy(&mut (&mut self.from).take(rest), &mut io::sink()).map_err(damaged)?;
            (self.left, self.filling) = (0, 0);
            let mut head = [0; BLOCK];
            match self.from.read_exact(&mut head) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(damaged(error)),
            }
            if head.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let field = |from: usize, to: usize| {
                let field = head.get(from..to).unwrap_or_default();
                field.split(|byte| *byte == 0).next().unwrap_or_default()
            };
            if !is_head(&head) {
                return Err(damaged("no TAR"));
            }
            self.left = number(field(124, 136)).ok_or_else(|| damaged("a size that is none"))?;
            self.filling = self.left.next_multiple_of(BLOCK as u64) - self.left;
            match head.get(156) {
                // A longer name for what follows.
                Some(b'L') => longer = Some(name_of(trimmed(&self.content()?))),
                Some(b'x') => longer = pax_name(&self.content()?).or(longer),
                Some(b'g' | b'K') => drop(self.content()?),
                kind => {
                    let is_file = matches!(kind, Some(b'0' | 0 | b'7'));
                    let (name, prefix) =
                        (field(0, 100), if field(257, 262) == b"ustar" { field(345, 500) } else { &[] });
                    let whole = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
                    return Ok(Some(Entry { name: longer.unwrap_or_else(|| name_of(&whole)), is_file }));
                }
            }
        }
    }

    /// What stands in an entry that is about another.
    fn content(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut content = Vec::new();
        let taken = self.left.min(MAX_NAME);
        (&mut self.from).take(taken).read_to_end(&mut content).map_err(damaged)?;
        self.left -= taken;
        Ok(content)
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Whether the sum of a head is as it says.
fn is_head(head: &[u8; BLOCK]) -> bool {
    let stated = number(head.get(148..156).unwrap_or_default());
    let sum: u64 =
        head.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    stated == Some(sum)
}

/// A number in digits of eight.
fn number(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(trimmed(field)).ok()?.trim();
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// The name in an entry of `length key=value` lines.
fn pax_name(content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    let mut lines = text.lines().filter_map(|line| line.split_once(' ')?.1.split_once('='));
    lines.find(|(key, _)| *key == "path").map(|(_, path)| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// An entry of a TAR.
    fn entry(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
        let mut head = [0; BLOCK];
        head[..name.len()].copy_from_slice(name);
        head[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        head[148..156].fill(b' ');
        head[156] = kind;
        let sum: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
        head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let filling = content.len().next_multiple_of(BLOCK) - content.len();
        [&head[..], content, &vec![0; filling]].concat()
    }

    fn contents(path: &Path) -> Vec<(String, Vec<u8>)> {
        let mut archive = Archive::open(path).unwrap();
        let members = archive.members().to_vec();
        members.into_iter().map(|one| (one.name.clone(), archive.read(&one, &Limits::default()).unwrap())).collect()
    }

    #[test]
    fn the_files_of_a_tar_are_handed_out_packed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let long = "年".repeat(60) + ".txt";
        let (name, _, _) = GB18030.encode("甲/年报.txt");
        let tar = [
            entry(b"d/", b'5', b""),
            entry(&name, b'0', b"one"),
            entry(b"././@LongLink", b'L', long.as_bytes()),
            entry(b"cut", b'0', &[b'x'; 700]),
            entry(b"pax", b'x', "21 path=b/乙.txt\n".as_bytes()),
            entry(b"b", b'0', b"three"),
            entry(b".hidden", b'0', b"four"),
            vec![0; 1024],
        ];
        let expected = [("甲/年报.txt", b"one".to_vec()), (&long, vec![b'x'; 700]), ("b/乙.txt", b"three".to_vec())];
        let expected = expected.map(|(name, content)| (name.to_owned(), content));
        let path = folder.path().join("a.tar");
        std::fs::write(&path, tar.concat()).unwrap();
        assert_eq!(contents(&path), expected);
        let path = folder.path().join("a.TAR.GZ");
        let mut packed = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        packed.write_all(&tar.concat()).unwrap();
        packed.finish().unwrap();
        assert_eq!(contents(&path), expected);
        std::fs::write(folder.path().join("b.tar"), [1; 2048]).unwrap();
        assert!(Archive::open(&folder.path().join("b.tar")).is_err());
    }

    #[test]
    fn a_file_larger_than_a_document_is_refused_and_the_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut writer = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, size) in [("large.txt", 2_000), ("small.txt", 10)] {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&vec![b'1'; size]).unwrap();
        }
        writer.finish().unwrap();
        let mut archive = Archive::open(&path).unwrap();
        let limits = Limits { max_bytes: 1_000, ..Limits::default() };
        let [large, small] = &archive.members().to_vec()[..] else { panic!("two files") };
        assert_eq!(archive.read(large, &limits), Err(ReadError::TooLarge { bytes: 1_001, limit: 1_000 }));
        assert_eq!(archive.read(small, &limits).unwrap().len(), 10);
    }

    #[test]
    fn a_document_that_is_an_archive_itself_is_no_archive_of_documents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut writer = zip::ZipWriter::new(File::create(&path).unwrap());
        writer.start_file("[Content_Types].xml", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap();
        assert!(Archive::open(&path).unwrap().members().is_empty());
    }
}
