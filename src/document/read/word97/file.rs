//! Where a Word 97 file keeps what (MS-DOC 2.5): its streams, the pieces of its text, and the pages on which the
//! properties of characters and paragraphs stand.

use std::io::{Cursor, Read as _};
use std::ops::Range;

use super::super::Format;
use super::super::error::ReadError;
use super::bytes::{part, place_at, u16_at, u32_at};
use super::damaged;
use super::sprm::Properties;

/// What a file of Word begins with, and the version of Word 97.
const WORD: u16 = 0xA5EC;
const WORD_97: u16 = 193;
/// Bytes of a page of properties.
const PAGE: usize = 512;
/// Properties that say where the others stand.
const ELSEWHERE: [u16; 2] = [0x6645, 0x6646];
/// Most pieces of a text, and most runs of properties.
const MAX_PIECES: usize = 100_000;
const MAX_RUNS: usize = 1_000_000;

/// Some of the places that the head of the file tells, by their number.
pub enum Kept {
    Styles = 1,
    Characters = 12,
    Paragraphs = 13,
    Pieces = 33,
}

/// A file that is open.
pub struct File {
    pub main: Vec<u8>,
    table: Vec<u8>,
    /// Properties that are too many for the others' pages; empty where there are none.
    data: Vec<u8>,
    /// Characters of the text itself: notes, heads and boxes follow them.
    pub length: usize,
}

/// Characters that stand together in the file.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Their numbers in the text.
    pub characters: Range<usize>,
    /// Where the first stands.
    pub at: usize,
    /// One byte each rather than two.
    pub is_narrow: bool,
    /// Properties that were changed last, and where they do not stand here.
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    None,
    Known(Vec<u8>),
    Unknown,
}

/// The properties of what stands between two places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub places: Range<usize>,
    /// Number of the style, of paragraphs.
    pub style: u16,
    pub properties: Vec<u8>,
}

impl File {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ReadError::Protected`], [`ReadError::Damaged`].
    pub fn open(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(damaged)?;
        let stream = |file: &mut cfb::CompoundFile<Cursor<&[u8]>>, name: &str| {
            let mut content = Vec::new();
            // What the file says of a length is not trusted.
            let read =
                file.open_stream(name).and_then(|stored| stored.take(bytes.len() as u64).read_to_end(&mut content));
            read.map(|_| content).map_err(damaged)
        };
        let main = stream(&mut file, "WordDocument")?;
        let flags = u16_at(&main, 0x0A);
        if u16_at(&main, 0) != WORD || u16_at(&main, 2) < WORD_97 {
            return Err(damaged("it is older than Word 97"));
        }
        if flags & 0x0100 != 0 {
            return Err(ReadError::Protected { format: Format::Doc.name() });
        }
        let table = stream(&mut file, if flags & 0x0200 != 0 { "1Table" } else { "0Table" })?;
        let data = if file.is_stream("Data") { stream(&mut file, "Data")? } else { Vec::new() };
        let length = place_at(&main, 0x4C);
        Ok(Self { main, table, data, length })
    }

    /// What is kept in the table stream.
    pub fn kept(&self, kept: Kept) -> &[u8] {
        let at = 0x9A + 8 * (kept as usize);
        part(&self.table, place_at(&self.main, at), place_at(&self.main, at + 4))
    }

    /// The pieces of the text in order.
    ///
    /// # Errors
    /// [`ReadError::Damaged`].
    pub fn pieces(&self) -> Result<Vec<Piece>, ReadError> {
        let mut rest = self.kept(Kept::Pieces);
        let mut changes: Vec<&[u8]> = Vec::new();
        while rest.first() == Some(&1) {
            let length = usize::from(u16_at(rest, 1));
            changes.push(part(rest, 3, length));
            rest = rest.get(3 + length..).unwrap_or_default();
        }
        if rest.first() != Some(&2) {
            return Err(damaged("the pieces of its text are not there"));
        }
        let list = part(rest, 5, place_at(rest, 1));
        let count = list.len().saturating_sub(4) / 12;
        if count > MAX_PIECES {
            return Err(damaged(format!("more than {MAX_PIECES} pieces")));
        }
        let piece = |number: usize| {
            let place = 4 * (count + 1) + 8 * number;
            let (at, change) = (u32_at(list, place + 2), u16_at(list, place + 6));
            let is_narrow = at & 0x4000_0000 != 0;
            let at = usize::try_from(at & 0x3FFF_FFFF).unwrap_or(usize::MAX);
            Piece {
                characters: place_at(list, 4 * number)..place_at(list, 4 * number + 4).min(self.length),
                at: if is_narrow { at / 2 } else { at },
                is_narrow,
                change: match change {
                    0 => Change::None,
                    // By the number of a list of properties.
                    change if change & 1 != 0 => changes
                        .get(usize::from(change >> 1))
                        .map_or(Change::Unknown, |list| Change::Known((*list).to_vec())),
                    _ => Change::Unknown,
                },
            }
        };
        Ok((0..count).map(piece).collect())
    }

    /// Properties of which there are too many for a page stand elsewhere, and a property says where.
    fn followed(&self, run: Run) -> Run {
        let elsewhere = Properties(&run.properties).find(|property| ELSEWHERE.contains(&property.kind));
        let Some(at) = elsewhere.map(|property| usize::try_from(property.u32()).unwrap_or(usize::MAX)) else {
            return run;
        };
        let length = usize::from(u16_at(self.data.get(at..).unwrap_or_default(), 0));
        Run { properties: part(&self.data, at.saturating_add(2), length).to_vec(), ..run }
    }

    /// The properties of characters, or of paragraphs, by place.
    ///
    /// # Errors
    /// [`ReadError::Damaged`].
    pub fn runs(&self, kept: Kept) -> Result<Vec<Run>, ReadError> {
        let is_paragraphs = matches!(kept, Kept::Paragraphs);
        let list = self.kept(kept);
        let count = list.len().saturating_sub(4) / 8;
        let mut runs = Vec::new();
        for number in 0..count {
            let page = u32_at(list, 4 * (count + 1) + 4 * number) & 0x003F_FFFF;
            let at = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(PAGE);
            let page = part(&self.main, at, PAGE);
            let own = if is_paragraphs { paragraphs(page) } else { characters(page) };
            runs.extend(own.into_iter().map(|run| self.followed(run)));
            if runs.len() > MAX_RUNS {
                return Err(damaged(format!("more than {MAX_RUNS} runs")));
            }
        }
        runs.sort_by_key(|run| run.places.start);
        Ok(runs)
    }
}

fn places(page: &[u8], number: usize) -> Range<usize> {
    place_at(page, 4 * number)..place_at(page, 4 * number + 4)
}

/// The properties of characters on a page.
fn characters(page: &[u8]) -> Vec<Run> {
    let count = usize::from(page.last().copied().unwrap_or(0));
    let run = |number: usize| {
        let at = 2 * usize::from(page.get(4 * (count + 1) + number).copied().unwrap_or(0));
        let length = usize::from(page.get(at).copied().unwrap_or(0));
        let properties = if at == 0 { &[] } else { part(page, at + 1, length) };
        Run { places: places(page, number), style: 0, properties: properties.to_vec() }
    };
    (0..count).map(run).collect()
}

/// The properties of paragraphs on a page.
fn paragraphs(page: &[u8]) -> Vec<Run> {
    let count = usize::from(page.last().copied().unwrap_or(0));
    let run = |number: usize| {
        let at = 2 * usize::from(page.get(4 * (count + 1) + 13 * number).copied().unwrap_or(0));
        let words = usize::from(page.get(at).copied().unwrap_or(0));
        let (from, length) = match words {
            // Then the next byte says how many words there are.
            0 => (at + 2, 2 * usize::from(page.get(at + 1).copied().unwrap_or(0))),
            words => (at + 1, 2 * words - 1),
        };
        let all = if at == 0 { &[] } else { part(page, from, length) };
        Run {
            places: places(page, number),
            style: u16_at(all, 0),
            properties: all.get(2..).unwrap_or_default().to_vec(),
        }
    };
    (0..count).map(run).collect()
}

/// The run that a place lies in.
pub fn run_at(runs: &[Run], place: usize) -> Option<&Run> {
    let after = runs.partition_point(|run| run.places.start <= place);
    runs.get(after.checked_sub(1)?).filter(|run| run.places.contains(&place))
}
